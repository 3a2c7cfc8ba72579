"""pgspot, a part of the group `style`: what an attacker could slip under the extension's scripts, as pgspot sees it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from servers.registries import python_packages
from servers.server import Unavailable

from .context import ROOT, Context
from .result import Result, failure
from .shell import run, show_tail

_REQUIREMENTS = ("pgspot==0.9.4", "pglast==7.21")

# An update script may replace functions and views: PostgreSQL, since 15, refuses to replace in a script what is not the
# extension's own.
_REPLACING = ("--ignore=PS002", "--ignore=PS015")

# A script that pgspot must find fault with: else it looked at nothing.
_UNSAFE = "CREATE VIEW public.planted AS SELECT 1::pg_catalog.int8 * interval '1 second' AS a;\n"


def readable(script: str) -> str:
    """The script as pgspot can read it: the body of an SQL-standard function becomes a statement of its own."""
    return re.sub(
        r"LANGUAGE sql\b([^;]*?)\nBEGIN ATOMIC\n(.*?)\nEND;",
        lambda match: f"LANGUAGE c{match[1]} AS 'body';\n{match[2]}",
        script,
        flags=re.DOTALL,
    )


def run_pgspot(context: Context) -> Result:
    """One test for each script, and one that pgspot finds anything at all."""
    try:
        library = python_packages(*_REQUIREMENTS)
    except Unavailable as reason:
        return failure(str(reason))
    result = Result()
    for path in sorted((ROOT / "sql").glob("connector*.sql")):
        result += _checked(context, library, path.stem, readable(path.read_text()), clean=True)
    return result + _checked(context, library, "unsafe", _UNSAFE, clean=False)


def _checked(context: Context, library: Path, name: str, script: str, *, clean: bool) -> Result:
    folder = context.build / "pgspot"
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"{name}.sql"
    copy.write_text(script)
    log = context.logs / f"pgspot-{name}.log"
    log.unlink(missing_ok=True)
    status = run([sys.executable, "-m", "pgspot", *(_REPLACING if "--" in name.removeprefix("connector--") else ()), copy], log, cwd=folder, env={"PYTHONPATH": str(library)})
    if status == (0 if clean else 1):
        return Result(passed=1)
    show_tail(log)
    return failure(f"{name}: pgspot finds " + ("fault" if clean else "no fault"))
