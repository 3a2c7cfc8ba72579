"""Group `regress`: the scripts of pg_regress against a throw-away cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .context import ROOT, Context
from .result import Result, failure, read_regress
from .shell import run, show_tail


def regress_tests() -> list[str]:
    """Scripts in sql/ that are no part of the extension itself."""
    return sorted(path.stem for path in (ROOT / "sql").glob("*.sql") if (ROOT / "expected" / f"{path.stem}.out").exists())


def _ended_early(tests: list[str], results: Path) -> Iterator[str]:
    """Tests whose result is that of a server which is no remote of its own, as expected/<test>_1.out has it: ours is one."""
    for name in tests:
        actual, other = results / f"{name}.out", ROOT / "expected" / f"{name}_1.out"
        if actual.exists() and other.exists() and actual.read_bytes() == other.read_bytes():
            yield name


def run_regress(context: Context) -> Result:
    tests = regress_tests()
    if not tests:
        return Result()
    log = context.logs / "regress.log"
    log.unlink(missing_ok=True)
    with context.postgres() as server:
        output = context.build / "regress"
        output.mkdir(parents=True, exist_ok=True)
        status = run(
            [
                Path(server.config("pkglibdir")) / "pgxs/src/test/regress/pg_regress",
                f"--inputdir={ROOT}",
                f"--outputdir={output}",
                f"--bindir={server.config('bindir')}",
                f"--host={server.folder}",
                f"--port={server.port}",
                "--user=postgres",
                "--dbname=contrib_regression",
                "--encoding=UTF8",
                *tests,
            ],
            log,
            cwd=output,
            env=server.client_environment(),
        )
    result = read_regress(log.read_text(errors="replace"))
    if result.total != len(tests) or (status != 0 and result.failed == 0):
        result += failure(f"pg_regress: status {status}, {result.total} of {len(tests)} tests ran")
    for name in _ended_early(tests, output / "results"):
        result += failure(f"{name}: the result is that of a server that lacks something")
    if result.failed:
        differences = output / "regression.diffs"
        show_tail(differences if differences.exists() and differences.stat().st_size else log, 60)
    return result
