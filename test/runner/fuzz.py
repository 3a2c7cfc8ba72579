"""Group `fuzz`: every libFuzzer target for a while. Runs beside the integration tests, which mostly wait."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

from .context import ROOT, Context, cores
from .result import Result, failure
from .shell import Tool, show_tail, wait_or_stop


def fuzz_targets() -> list[str]:
    return sorted(path.stem for path in (ROOT / "test" / "fuzz").glob("*.cpp"))


def run_fuzz(context: Context, alone: bool, stop: threading.Event) -> Result:
    """`alone`: all cores are ours. `stop` ends it early, what has been started included."""
    targets = fuzz_targets()
    if not targets:
        return Result()
    compiler = os.environ.get("FUZZ_CXX", "clang++-14")
    if shutil.which(compiler) is None:
        return Result(skipped=len(targets), reasons=[f"{compiler} is not installed"])
    log = context.logs / "fuzz-build.log"
    build = ROOT / "build" / "fuzz"
    for argv in (
        ["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={compiler}"]
        + ["-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DSANITIZE=ON", "-DFUZZ=ON"],
        ["ninja", "-C", build, *targets],
    ):
        if wait_or_stop(Tool(_humbly(argv), log, cwd=ROOT), 1800, stop) != 0:
            show_tail(log)
            return failure("fuzzers: build")
    at_once = cores() if alone else max(1, cores() - 1)
    seconds = int(os.environ.get("FUZZ_SECONDS") or 10)
    result = Result()
    waiting, running = list(targets), dict[str, Tool]()
    try:
        while (waiting and not stop.is_set()) or running:
            while waiting and len(running) < at_once:
                target = waiting.pop(0)
                running[target] = _start(context, build, target, seconds)
            target, tool = next(iter(running.items()))
            status = wait_or_stop(tool, seconds * 3 + 300, stop)
            del running[target]
            if status == 0:
                result.passed += 1
            elif not stop.is_set():
                result.one_failed(f"{target} (status {status}; inputs in build/fuzz/artifacts)")
                show_tail(tool.log, 60)
    except BaseException:
        for tool in running.values():
            tool.end()
        raise
    return result


def _humbly(argv: list[str | Path]) -> list[str | Path]:
    return ["nice", "-n", "19", *argv]


def _start(context: Context, build: Path, target: str, seconds: int) -> Tool:
    """New inputs go to a corpus in the build folder; the one in the repository is only read."""
    found = build / "corpus" / target
    artifacts = build / "artifacts"
    found.mkdir(parents=True, exist_ok=True)
    artifacts.mkdir(parents=True, exist_ok=True)
    log = context.logs / f"fuzz-{target}.log"
    log.unlink(missing_ok=True)
    argv: list[str | Path] = [
        build / target,
        f"-max_total_time={seconds}",
        "-timeout=30",
        "-rss_limit_mb=3072",
        "-print_final_stats=1",
        "-verbosity=1",
        f"-artifact_prefix={artifacts}/{target}-",
    ]
    dictionary = ROOT / "test" / "fuzz" / f"{target}.dict"
    if dictionary.exists():
        argv.append(f"-dict={dictionary}")
    argv.append(found)
    seeds = ROOT / "test" / "fuzz" / "corpus" / target
    if seeds.is_dir():
        argv.append(seeds)
    return Tool(_humbly(argv), log, cwd=build, env={"UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"})
