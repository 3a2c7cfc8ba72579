"""The pytest groups: folders of test/integration, all in one run. Its workers share the files among themselves (pytest-xdist),
since most tests wait most of the time; each worker starts the servers that it needs once."""

from __future__ import annotations

import os
import shlex
from pathlib import Path, PurePath

from .context import ROOT, Context, cores, free_memory
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


def _workers() -> int:
    """Two for each core, as they wait for a third of the time. Each has a HiveServer2 and a dozen clusters."""
    return max(1, min(4, 2 * cores(), free_memory() // (4 << 30)))


def run_integration(context: Context, chosen: dict[str, list[PurePath]]) -> dict[str, Result]:
    """Runs the chosen groups and counts each for itself."""
    log = context.logs / "integration.log"
    log.unlink(missing_ok=True)
    report = context.logs / "integration.xml"
    report.unlink(missing_ok=True)
    environment = {
        "CONNECTOR_TEST_STAGE": str(context.stage()),
        "CONNECTOR_TEST_LOGS": str(context.logs),
        "PYTHONPYCACHEPREFIX": str(ROOT / "build" / "pycache"),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    pytest = ["/usr/bin/python3", "-m", "pytest"]
    # Those that build the extension again take longest: no worker shall be left alone with them at the end.
    files = sorted((str(path) for paths in chosen.values() for path in paths), key=lambda path: not path.startswith("tools/"))
    # What pytest makes of all the asserts takes 20 s: it is made once, and not by each worker.
    run([*pytest, "--collect-only", "-qq", *files], context.logs / "collect.log", cwd=FOLDER, env=environment, limit=600)
    argv: list[str | Path] = [
        *pytest,
        f"--junitxml={report}",
        *["-n", str(_workers()), "--dist", "loadfile"],
        *shlex.split(os.environ.get("PYTEST_ARGS", "")),
        *files,
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
