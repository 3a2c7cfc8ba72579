"""In group `style`: the scripts of pg_regress call every function of the extension, and `make installcheck` runs them all."""

from __future__ import annotations

import re

from .context import ROOT
from .database import regress_tests
from .result import Result, add

_CREATED = re.compile(r"^CREATE (?:FUNCTION|PROCEDURE) (?:@extschema@|connector)\.(\w+)", re.MULTILINE)


def run_scripts() -> Result:
    """One test for each."""
    called = "".join((ROOT / "sql" / f"{name}.sql").read_text() for name in regress_tests())
    functions = set(_CREATED.findall((ROOT / "sql" / "connector.sql").read_text()))
    missing = sorted(name for name in functions if not re.search(rf"\b{name}\s*\(", called))
    listed = re.search(r"^REGRESS = (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    result = Result()
    add(result, f"no script in sql/ calls {', '.join(missing)}", "failed" if missing or not functions else "passed")
    same = listed is not None and sorted(listed[1].split()) == regress_tests()
    add(result, "REGRESS in Makefile does not list the scripts in sql/", "passed" if same else "failed")
    return result
