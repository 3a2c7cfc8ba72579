"""Chooses the groups, runs them, sums up."""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from servers.hosts import HOSTS, Host18
from servers.server import ServerError, Unavailable
from servers.staging import BuildError, sanitized
from servers.workspace import TOLD, Workspace

from .ahead import compile_objects
from .compilers import run_compilers
from .context import ROOT, Context, group_keys, names_in, thorough
from .database import run_regress
from .fuzz import run_fuzz
from .integration import integration_groups, run_integration
from .packages import run_packages
from .pgtap import run_pgtap
from .result import Result, failure
from .style import run_style
from .unit import run_unit

_SIMPLE: dict[str, Callable[[Context], Result]] = {
    "style": run_style,
    "unit": run_unit,
    "regress": run_regress,
    "pgtap": run_pgtap,
    "compilers": run_compilers,
    "packages": run_packages,
}
_ON_REQUEST = {"compilers", "packages"}

# The groups in which the version of the host counts.
_ON_EVERY_HOST = ("regress", "pgtap", "boundary", "refresh", "sync", "security", "faults", "import", "fdw", "mysql", "postgres")
# What a run without HOST does on another host as well if THOROUGH is set or ONLY names it. Of `refresh` those files that
# are about the exchange of storage, which writes the catalogs itself, and of `fdw` neither the generated queries nor the
# faults of remotes, and no remote that is slow to ask: all of it would take too long.
_SECOND, _SECOND_HOST, _ON_SECOND_HOST = "host18", Host18, ("boundary", "refresh", "fdw")
_SECOND_REMOTES = "mariadb postgres15 postgres18"
_SECOND_FILES = re.compile(r"boundary/|refresh/test_(?:cluster|halts|schema|swap)\.py|fdw/(?!test_(?:answers|faults)\.py)")

_SHOWN = 25  # failures that the summary names, for each group
_SLOWEST = 25  # files of tests that it names


def main() -> int:
    os.chdir(ROOT)
    known = {*_SIMPLE, *integration_groups(), "fuzz", _SECOND}
    hosts = sorted(names_in("CONNECTOR_TEST_HOST"))
    if unknown := [name for name in hosts if name not in HOSTS]:
        print(f"unknown HOST: {', '.join(unknown)} (known: {', '.join(HOSTS)})")
        print(failure("").counts())
        return 2
    only, skip = group_keys(names_in("ONLY")), group_keys(names_in("SKIP"))
    if unknown := sorted((only | skip) - group_keys(known)):
        print(f"unknown groups in ONLY or SKIP: {', '.join(unknown)} (known: {', '.join(sorted(known))})")
        print(failure("").counts())
        return 2
    results: dict[str, Result] = {}
    took: dict[str, float] = {}
    try:
        with Workspace() as workspace:
            for context in _parts(workspace, hosts, only, skip):
                shutil.rmtree(context.logs, ignore_errors=True)
                context.logs.mkdir(parents=True)
                with _environment(CONNECTOR_TEST_HOST=context.host, **context.environment):
                    _run_groups(context, results, took)
            logs = Context(workspace, only, skip, sanitized()).logs
    except KeyboardInterrupt as interrupt:
        print(f"interrupted {interrupt}".rstrip())
        return 130
    total = sum(results.values(), Result())
    _summary(results, total, took, str(logs.relative_to(ROOT)))
    print(total.counts(), flush=True)
    return 0 if total.passed and not total.failed else 1


def _parts(workspace: Workspace, hosts: list[str], only: set[str], skip: set[str]) -> Iterator[Context]:
    """The parts of a run, one for each host."""
    if not hosts:
        first = Context(workspace, only, skip, sanitized())
        yield first
        if _wants_second(first):
            remotes = {"CONNECTOR_TEST_REMOTES": os.environ.get("CONNECTOR_TEST_REMOTES") or _SECOND_REMOTES}
            yield Context(workspace, group_keys(set(_ON_SECOND_HOST)), skip, False, _SECOND_HOST.name, _SECOND_FILES, remotes)
    for host in hosts:
        yield Context(workspace, only or group_keys(set(_ON_EVERY_HOST)), skip, sanitized(), host)


def _wants_second(context: Context) -> bool:
    is_asked_for = bool(context.only) or thorough()
    return is_asked_for and context.wants(_SECOND) and not context.sanitize


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Sets variables, and puts everything back afterwards, what was set in between included."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _run_groups(context: Context, results: dict[str, Result], took: dict[str, float]) -> None:
    for group, runner in _SIMPLE.items():
        if context.wants(group) and (context.only or group not in _ON_REQUEST):
            name = group + context.label
            results |= _guarded(took, name, lambda runner=runner, name=name: {name: runner(context)})
    chosen = {group: context.of_interest(files) for group, files in integration_groups().items() if context.wants(group)}
    stop = threading.Event()
    with ThreadPoolExecutor(1) as beside:
        try:
            # What comes later is compiled while the tests wait.
            if chosen and not context.host and _wants_second(context):
                beside.submit(compile_objects, context, _SECOND_HOST(), stop)
            fuzz = None
            if context.wants("fuzz"):
                fuzz = beside.submit(_guarded, took, "fuzz", lambda: {"fuzz": run_fuzz(context, not chosen, stop)})
            if chosen:
                results |= _guarded(took, "integration" + context.label, lambda: run_integration(context, chosen))
            if fuzz is not None:
                results |= fuzz.result()
        except BaseException:
            stop.set()
            raise


def _guarded(took: dict[str, float], name: str, work: Callable[[], dict[str, Result]]) -> dict[str, Result]:
    """Runs one part, and says how it went and how many seconds it took; an exception is a failure of that part."""
    started = time.monotonic()
    try:
        results = work()
    except (BuildError, ServerError, Unavailable) as error:
        print(error)
        results = {name: failure(f"{name}: {type(error).__name__}")}
    except Exception:
        traceback.print_exc(file=sys.stdout)
        results = {name: failure(f"{name}: the runner failed")}
    took[name] = time.monotonic() - started
    for group, result in results.items():
        if result.total:
            print(f"{group:<15} {result.counts()}  ({name}: {took[name]:.0f} s)", flush=True)
    return results


def _summary(results: dict[str, Result], total: Result, took: dict[str, float], logs: str) -> None:
    for group, result in results.items():
        for name in result.failures[:_SHOWN]:
            print(f"FAILED {group}: {name}")
        if (more := len(result.failures) - _SHOWN) > 0:
            print(f"FAILED {group}: and {more} more")
        for reason in sorted(set(result.reasons)):
            print(f"skipped {result.reasons.count(reason)} in {group}: {reason}")
    print("parts: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in took.items()))
    if slowest := total.seconds.most_common(_SLOWEST):
        print("slowest files: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in slowest))
    if total.total == 0:
        print("no test ran")
    told = ROOT / logs / TOLD
    if told.exists():
        print(told.read_text(), end="")
    print("not run here, as it takes long: make check THOROUGH=1 (more of the same, and PostgreSQL 18), make check-hosts")
    print("not run here, as it takes hours: make soak; FUZZ_SECONDS=3600 make check ONLY=fuzz")
    print("not run here, as it takes long and downloads a Debian: make check-packages")
    print(f"logs: {logs}")
