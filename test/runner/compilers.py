"""Group `compilers`: the extension is built by each compiler, where a warning is an error. Only if asked for."""

from __future__ import annotations

from pathlib import Path

from servers.hosts import in_suite, suite_tools

from .context import ROOT, Context, cores
from .result import Result, failure
from .shell import run, show_tail

# Debian 13's stand beside Debian 13's PostgreSQL and libraries.
_OWN = ("g++-12", "clang++-14")
_TRIXIE = ("g++-14", "clang++-19")
_TRIXIE_PG_CONFIG = "/usr/lib/postgresql/17/bin/pg_config"


def run_compilers(context: Context) -> Result:
    """One test for each."""
    result = Result()
    for compiler in _OWN:
        result += _built(context, compiler, ["make", "PG_CONFIG=pg_config"])
    make = context.workspace.folder / "make-trixie"
    make.write_text(in_suite(suite_tools(), f'make "$@" PG_CONFIG={_TRIXIE_PG_CONFIG}'))
    make.chmod(0o755)
    for compiler in _TRIXIE:
        result += _built(context, compiler, [make])
    return result


def _built(context: Context, compiler: str, make: list[str | Path]) -> Result:
    log = context.logs / f"compilers-{compiler}.log"
    log.unlink(missing_ok=True)
    if run([*make, "-s", f"-j{cores()}", f"CXX={compiler}", f"BUILD=build/{compiler}"], log, cwd=ROOT, limit=3600) == 0:
        return Result(passed=1)
    show_tail(log)
    return failure(compiler)
