"""Group `unit`: GoogleTest on core and drivers, with ASan and UBSan, without PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from .context import ROOT, Context
from .result import Result, add, failure, read_junit
from .shell import run, show_tail


BUILD = ROOT / "build" / "unit"


def build_targets(log: Path, *targets: str) -> bool:
    """Builds targets of CMakeLists.txt in BUILD; false, with the log's end shown, if that fails."""
    for argv in (
        ["cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DSANITIZE=ON"],
        ["ninja", "-C", BUILD, *targets],
    ):
        if run(argv, log, cwd=ROOT) != 0:
            show_tail(log)
            return False
    return True


def run_unit(context: Context) -> Result:
    if not list((ROOT / "test" / "unit").glob("*.cpp")):
        return Result()
    log = context.logs / "unit.log"
    report = context.logs / "unit.xml"
    report.unlink(missing_ok=True)
    if not build_targets(context.logs / "unit-build.log", "unit_tests", "read_source"):
        return failure("unit tests: build")
    # Leaks are looked for here, where no PostgreSQL keeps memory on purpose.
    options = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
    status = run(
        [BUILD / "unit_tests", f"--gtest_output=xml:{report}", "--gtest_brief=1", "--gtest_color=no"],
        log,
        cwd=ROOT,
        env=options,
        limit=900,
    )
    result = Result()
    if report.exists():
        for group, name, outcome, reason in read_junit(report):
            add(result, f"{group}.{name}", outcome, reason)
    if status != 0 and result.failed == 0:
        result.one_failed(f"unit tests: status {status} (crash, leak or time-out)")
    if result.failed:
        show_tail(log, 60)
    return result
