"""Counts of one group, and how to read them from what the test tools leave behind."""

from __future__ import annotations

import re
import xml.etree.ElementTree as xml
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Result:
    """What happened in one group."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)  # names, for the summary
    reasons: list[str] = field(default_factory=list)  # why tests were skipped
    seconds: Counter[str] = field(default_factory=Counter)  # that the tests of each file took

    def __add__(self, other: Result) -> Result:
        return Result(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.failures + other.failures,
            self.reasons + other.reasons,
            self.seconds + other.seconds,
        )

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.skipped

    def counts(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

    def one_failed(self, name: str) -> None:
        self.failed += 1
        self.failures.append(name)

    def one_skipped(self, reason: str) -> None:
        self.skipped += 1
        self.reasons.append(reason)


def failure(name: str) -> Result:
    """A group that could not even run."""
    return Result(failed=1, failures=[name])


def read_junit(path: Path) -> Iterable[tuple[str, str, str, str]]:
    """Test cases of a JUnit or GoogleTest XML file: class, name, passed/failed/skipped, reason of a skip."""
    for case in xml.parse(path).iter("testcase"):
        outcome, reason = "passed", ""
        if case.find("failure") is not None or case.find("error") is not None:
            outcome = "failed"
        elif (skip := case.find("skipped")) is not None or case.get("status") == "notrun":
            outcome, reason = "skipped", (skip.get("message") or "") if skip is not None else "disabled"
        yield case.get("classname") or "", case.get("name") or "", outcome, reason


def read_seconds(path: Path) -> Counter[str]:
    """How long the tests of each class in a JUnit XML file took, together."""
    seconds: Counter[str] = Counter()
    for case in xml.parse(path).iter("testcase"):
        seconds[case.get("classname") or ""] += float(case.get("time") or 0)  # type: ignore[assignment]
    return seconds


def add(result: Result, name: str, outcome: str, reason: str = "") -> None:
    """Counts one test."""
    if outcome == "passed":
        result.passed += 1
    elif outcome == "failed":
        result.one_failed(name)
    else:
        result.one_skipped(reason)


def read_regress(output: str) -> Result:
    """pg_regress's own output, in the format before version 16 and in TAP since."""
    result = Result()
    for line in output.splitlines():
        if match := re.match(r"^(?:test )?\s*(\S+)\s+\.\.\. (ok|FAILED)", line):
            add(result, match[1], "passed" if match[2] == "ok" else "failed")
        elif match := re.match(r"^(not )?ok \d+\s+[-+] (\S+)", line):
            add(result, match[2], "failed" if match[1] else "passed")
    return result


def read_tap(name: str, output: str) -> Result:
    """TAP of one script; a plan that was not kept is a failure."""
    result = Result()
    planned: int | None = None
    for line in output.splitlines():
        line = line.strip()
        if match := re.match(r"^1\.\.(\d+)", line):
            planned = int(match[1])
        elif match := re.match(r"^(not )?ok\b\s*\d*\s*-?\s*(.*)$", line):
            directive = re.search(r"#\s*(skip|todo)\b\s*(.*)", match[2], re.IGNORECASE)
            if directive:
                result.one_skipped(directive[2])
            else:
                add(result, f"{name}: {match[2]}", "failed" if match[1] else "passed")
    if planned is None or planned != result.total:
        result.one_failed(f"{name}: planned {planned}, ran {result.total}")
    return result
