"""The pytest groups: folders of test/integration, all in one run. Its workers share the files among themselves (pytest-xdist),
since most tests wait most of the time; each worker starts the servers that it needs once."""

from __future__ import annotations

import os
import shlex
from pathlib import Path, PurePath

from .context import ROOT, Context, cores
from .result import Result, add, failure, read_junit, read_seconds
from .shell import run, show_tail

FOLDER = ROOT / "test" / "integration"


def group_of(path: PurePath) -> str:
    """A file belongs to the group that its folder is called after: providers/mysql/test_types.py to `mysql`."""
    return path.parent.name


def integration_groups() -> dict[str, list[PurePath]]:
    """Test files by group, relative to FOLDER."""
    groups: dict[str, list[PurePath]] = {}
    for path in sorted(FOLDER.rglob("test_*.py")):
        groups.setdefault(group_of(path), []).append(path.relative_to(FOLDER))
    return groups


def run_integration(context: Context, chosen: dict[str, list[PurePath]]) -> dict[str, Result]:
    """Runs the chosen groups and counts each for itself."""
    log = context.logs / "integration.log"
    log.unlink(missing_ok=True)
    report = context.logs / "integration.xml"
    report.unlink(missing_ok=True)
    environment = {
        "CONNECTOR_TEST_STAGE": str(context.stage()),
        "CONNECTOR_TEST_LOGS": str(context.logs),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    argv: list[str | Path] = [
        "/usr/bin/python3",
        "-m",
        "pytest",
        f"--junitxml={report}",
        # One more than cores, as they wait for a third of the time. Each has a HiveServer2 and a dozen clusters: about 3 GB.
        *["-n", str(min(3, cores() + 1)), "--dist", "loadfile"],
        *shlex.split(os.environ.get("PYTEST_ARGS", "")),
        # Those that build the extension again take longest: no worker shall be left alone with them at the end.
        *sorted((str(path) for paths in chosen.values() for path in paths), key=lambda path: not path.startswith("tools/")),
    ]
    status = run(argv, log, cwd=FOLDER, env=environment, limit=4000)
    results = {group + context.label: Result() for group in chosen}
    if report.exists():
        for owner, name, outcome, reason in read_junit(report):
            # The file as a module's name; a file that can't be imported is reported as a test case of that name.
            group = group_of(PurePath(*(owner or name).split(".")))
            add(results.setdefault((group or "integration") + context.label, Result()), f"{owner}.{name}", outcome, reason)
        for owner, seconds in read_seconds(report).items():
            group = group_of(PurePath(*owner.split("."))) + context.label
            if group in results:
                results[group].seconds[owner + context.label] = seconds
    if status not in (0, 1, 5) or (status == 1 and not any(result.failed for result in results.values())):
        name = "integration" + context.label
        results[name] = results.get(name, Result()) + failure(f"pytest ended with status {status}")
    if any(result.failed for result in results.values()):
        show_tail(log, 120)
    return results
