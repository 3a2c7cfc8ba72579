"""The runner behind `make soak`: every module of test/soak as a program of its own, as many at once as there are cores.

ONLY= and SKIP= choose among them by name. Logs are in build/soak-logs. The last line is `N passed, N failed, N skipped`.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import time

from servers.staging import BuildError, install_into, sanitized
from servers.workspace import Workspace

from .context import ROOT, cores, group_keys, names_in
from .result import Result, failure
from .shell import Tool, show_tail

_FOLDER = ROOT / "test" / "soak"
_LOGS = ROOT / "build" / "soak-logs"
_COUNTS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.MULTILINE)


def soak_modules() -> list[str]:
    """Names of the long tests."""
    return sorted(path.stem for path in _FOLDER.glob("*.py") if not path.stem.startswith("_"))


def main() -> int:
    os.chdir(ROOT)
    only, skip = group_keys(names_in("ONLY")), group_keys(names_in("SKIP"))
    if unknown := sorted((only | skip) - group_keys(set(soak_modules()))):
        print(f"unknown names in ONLY or SKIP: {', '.join(unknown)} (known: {', '.join(soak_modules())})")
        print(failure("").counts())
        return 2
    chosen = [name for name in soak_modules() if (not only or group_keys({name}) & only) and not group_keys({name}) & skip]
    try:
        with Workspace() as workspace:
            shutil.rmtree(_LOGS, ignore_errors=True)
            _LOGS.mkdir(parents=True)
            total = _run_all(workspace, chosen)
    except BuildError as error:
        print(error)
        total = failure("build")
    except KeyboardInterrupt as interrupt:
        print(f"interrupted {interrupt}".rstrip())
        return 130
    print(f"logs: {_LOGS.relative_to(ROOT)}")
    print(total.counts(), flush=True)
    return 0 if total.passed and not total.failed else 1


def _run_all(workspace: Workspace, names: list[str]) -> Result:
    stage = install_into(workspace, _LOGS / "build.log", sanitize=sanitized())
    environment = {
        "CONNECTOR_TEST_STAGE": str(stage),
        "CONNECTOR_TEST_LOGS": str(_LOGS),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": f"{ROOT / 'test'}:{ROOT / 'test' / 'integration'}",
    }
    waiting, running, total = list(names), dict[str, tuple[Tool, float]](), Result()
    try:
        while waiting or running:
            while waiting and len(running) < cores():
                name = waiting.pop(0)
                print(f"{name}: begins", flush=True)
                tool = Tool([sys.executable, "-m", f"soak.{name}"], _LOGS / f"{name}.log", cwd=ROOT / "test", env=environment)
                running[name] = (tool, time.monotonic())
            time.sleep(0.5)
            for name, (tool, started) in list(running.items()):
                if (status := tool.poll()) is not None:
                    del running[name]
                    total += _outcome(name, tool, status, time.monotonic() - started)
    except BaseException:
        for tool, _ in running.values():
            tool.end()
        raise
    return total


def _outcome(name: str, tool: Tool, status: int, seconds: float) -> Result:
    """What a module's closing line says; its exit status counts as well."""
    text = tool.log.read_text(errors="replace")
    result = Result(passed=int(status == 0))
    if counted := _COUNTS.findall(text):
        passed, failed, skipped = (int(number) for number in counted[-1])
        result = Result(passed, failed, skipped)
    if status != 0 and not result.failed:
        result.one_failed(f"{name}: status {status}")
    if result.failed:
        show_tail(tool.log, 80)
    else:
        print("\n".join(line for line in text.splitlines()[1:] if line)[-4000:])
    print(f"{name:<24} {result.counts()}  ({seconds:.0f} s)", flush=True)
    return result
