"""Groups `regress` and `pgtap`: SQL scripts against a throw-away cluster."""

from __future__ import annotations

from pathlib import Path

from servers.postgres import Postgres

from .context import ROOT, Context
from .result import Result, failure, read_regress, read_tap
from .shell import run, show_tail


def regress_tests() -> list[str]:
    """Scripts in sql/ that are no part of the extension itself."""
    return sorted(path.stem for path in (ROOT / "sql").glob("*.sql") if (ROOT / "expected" / f"{path.stem}.out").exists())


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
    if result.failed:
        differences = output / "regression.diffs"
        show_tail(differences if differences.exists() and differences.stat().st_size else log, 60)
    return result


def run_pgtap(context: Context) -> Result:
    scripts = sorted((ROOT / "test" / "pgtap").glob("*.sql"))
    if not scripts:
        return Result()
    result = Result()
    with context.postgres() as server:
        for script in scripts:
            result += _tap_script(context, server, script)
    return result


def _tap_script(context: Context, server: Postgres, script: Path) -> Result:
    """Each script gets a database of its own, with pgtap and the extension."""
    log = context.logs / f"pgtap-{script.stem}.log"
    log.unlink(missing_ok=True)
    server.create_database("pgtap", "pgtap", "connector")
    argv = [server.program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", script]
    status = run(argv, log, cwd=ROOT, env=server.client_environment("pgtap"), limit=600)
    result = read_tap(script.stem, log.read_text(errors="replace"))
    if status != 0:
        result.one_failed(f"{script.stem}: psql ended with status {status}")
    if result.failed:
        show_tail(log)
    return result
