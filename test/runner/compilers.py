"""Group `compilers`: the extension is built by each compiler, where a warning is an error. Only if asked for."""

from __future__ import annotations

from pathlib import Path

from servers.hosts import in_suite, suite_tools

from .context import ROOT, Context, cores
from .result import Result, failure
from .shell import run, show_tail

# Each with the folder of its objects. What is there already from tests is not built again.
_OWN = {"g++-12": "build/release", "clang++-14": "build/clang++-14"}
# Debian 13's come with Debian 13's PostgreSQL and libraries.
_TRIXIE = {"g++-14": "build/g++-14", "clang++-19": "build/clang++-19"}
_TRIXIE_PG_CONFIG = "/usr/lib/postgresql/17/bin/pg_config"


def run_compilers(context: Context) -> Result:
    """One test for each."""
    result = Result()
    for compiler, folder in _OWN.items():
        result += _built(context, compiler, folder, ["make", "PG_CONFIG=pg_config"])
    make = context.workspace.folder / "make-trixie"
    make.write_text(in_suite(suite_tools(), f'make "$@" PG_CONFIG={_TRIXIE_PG_CONFIG}'))
    make.chmod(0o755)
    for compiler, folder in _TRIXIE.items():
        result += _built(context, compiler, folder, [make])
    return result


def _built(context: Context, compiler: str, folder: str, make: list[str | Path]) -> Result:
    log = context.logs / f"compilers-{compiler}.log"
    log.unlink(missing_ok=True)
    if run([*make, "-s", f"-j{cores()}", f"CXX={compiler}", f"BUILD={folder}"], log, cwd=ROOT, limit=3600) == 0:
        return Result(passed=1)
    show_tail(log)
    return failure(compiler)
