"""Group `packages`: what test/releases shows, in a fresh Debian. Only if asked for, by `make check-packages`."""

from __future__ import annotations

import os
import shlex

from .context import ROOT, Context
from .result import Result, add, failure, read_junit
from .shell import run, show_tail


def run_packages(context: Context) -> Result:
    """One test for each of pytest's."""
    log = context.logs / "packages.log"
    report = context.logs / "packages.xml"
    for path in (log, report):
        path.unlink(missing_ok=True)
    argv = ["/usr/bin/python3", "-m", "pytest", f"--junitxml={report}", *shlex.split(os.environ.get("PYTEST_ARGS", ""))]
    environment = {"CONNECTOR_TEST_LOGS": str(context.logs), "PYTHONDONTWRITEBYTECODE": "1"}
    status = run(argv, log, cwd=ROOT / "test" / "releases", env=environment, limit=14400)
    result = Result()
    if report.exists():
        for owner, name, outcome, reason in read_junit(report):
            add(result, f"{owner}.{name}", outcome, reason)
    if status not in (0, 1) or (status == 1 and not result.failed):
        result += failure(f"pytest ended with status {status}")
    if result.failed:
        show_tail(log, 120)
    return result
