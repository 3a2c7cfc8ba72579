"""Reads a server's log and finds what must never stand there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# The log is written with log_error_verbosity = verbose and the prefix of servers.postgres.
_ENTRY = re.compile(
    r"^\d{4}-\d\d-\d\d \S+ \S+ \[(?P<pid>\d+)\] .*?(?P<level>PANIC|FATAL|ERROR|WARNING|NOTICE|LOG|DETAIL|HINT|CONTEXT|STATEMENT|LOCATION|QUERY):  "
    r"(?:(?P<state>[0-9A-Z]{5}): )?(?P<text>.*)$"
)
_PARTS = frozenset({"DETAIL", "HINT", "CONTEXT", "STATEMENT", "LOCATION", "QUERY"})

# What no process may ever say, in whatever form.
_CRASH = re.compile(
    r"terminated by signal|ERROR: AddressSanitizer|runtime error:|\bTRAP:|stuck spinlock|double free|corrupted size|free\(\): invalid"
)
_BAD_EXIT = re.compile(r"exited with exit code (?!1$)\d+")

# WARNINGs of PostgreSQL about what the caller asked for. All others are about PostgreSQL's own affairs: resources that
# leaked, locks that nobody owns, snapshots that are still active.
_ORDINARY_WARNINGS = re.compile(
    "|".join(
        (
            r"there is (?:no|already a) transaction in progress",
            r"SET LOCAL can only be used in transaction blocks",
            r"terminating connection because of crash of another server process",
            r"no privileges (?:were|could be)|not all privileges",
            r"permission denied to (?:analyze|vacuum)|only .* can (?:analyze|vacuum)",
            r"relation .* (?:does not exist|already exists|no longer exists)",
            r"skipping (?:vacuum|analyze)",
            r"PID \d+ is not a PostgreSQL backend process",
        )
    )
)

# Internal errors of PostgreSQL that it is known to raise by itself when sessions change the same objects at once: by the
# C function that raises them.
_EXPLAINED = {
    "simple_heap_update": "two sessions changed one catalog row",
    "simple_heap_delete": "two sessions deleted one catalog row",
    "ReindexRelationConcurrently": "an index that a cancelled REINDEX CONCURRENTLY left is passed over",
}


@dataclass
class Entry:
    """One message: `parts` holds DETAIL, STATEMENT, LOCATION and so on."""

    pid: int
    level: str
    state: str
    text: str
    parts: dict[str, str]

    @property
    def location(self) -> str:
        return self.parts.get("LOCATION", "")

    def shown(self) -> str:
        parts = "".join(f"\n    {name}: {text[:400]}" for name, text in self.parts.items())
        return f"[{self.pid}] {self.level}: {self.state}: {self.text[:400]}{parts}"


def entries(lines: Iterable[str]) -> Iterator[Entry]:
    """The messages of a log, in order; lines that belong to no message are messages of level RAW."""
    current: Entry | None = None
    part = ""
    for line in lines:
        line = line.rstrip("\n")
        match = _ENTRY.match(line)
        if match is None:
            if current is not None and line.startswith("\t"):
                if part:
                    current.parts[part] += "\n" + line[1:]
                else:
                    current.text += "\n" + line[1:]
                continue
            yield Entry(0, "RAW", "", line, {})
            continue
        pid, level, words = int(match["pid"]), match["level"], match["text"]
        if level in _PARTS and current is not None and current.pid == pid:
            part = level
            current.parts[level] = words
            continue
        if current is not None:
            yield current
        part = ""
        current = Entry(pid, level, match["state"] or "", words, {})
    if current is not None:
        yield current


def _fault(entry: Entry, kills: bool) -> str:
    """What is wrong with a message, empty if nothing is. `kills`: processes were killed by SIGKILL on purpose."""
    if entry.level == "PANIC":
        return "PANIC"
    if entry.level == "RAW" or entry.level == "LOG":
        crash = _CRASH.search(entry.text)
        if crash and not (kills and "terminated by signal 9" in entry.text):
            return "crash"
        return "" if kills or not _BAD_EXIT.search(entry.text) else "exit"
    ours = ".cpp:" in entry.location
    if entry.level == "WARNING" and not ours and entry.state[:2] == "01" and not _ORDINARY_WARNINGS.search(entry.text):
        # Functions of tests that RAISE WARNING are PL/pgSQL's.
        return "" if "exec_stmt_raise" in entry.location else "WARNING of PostgreSQL"
    if entry.level in ("ERROR", "FATAL", "WARNING") and entry.state[:2] in ("XX", "58"):
        return "" if any(name in entry.location for name in _EXPLAINED) else "internal error"
    return ""


def faults(lines: Iterable[str], *, kills: bool = False, explained: Iterable[re.Pattern[str]] = ()) -> list[str]:
    """Messages of a log, an open file or its lines, that tell of a crash, a PANIC, a WARNING of PostgreSQL about its own affairs, or an internal
    error; `explained` are patterns of whole messages, with all their parts, that a test knows the reason of."""
    found: dict[tuple[str, ...], list[str]] = {}
    for entry in entries(lines):
        what = _fault(entry, kills)
        if what and not any(pattern.search(entry.shown()) for pattern in explained):
            alike = (what, entry.location, re.sub(r"\d+|\"[^\"]*\"", "", entry.text))
            found.setdefault(alike, []).append(f"{what}: {entry.shown()}")
    return [shown[0] + (f"\n    ({len(shown)} like this)" if len(shown) > 1 else "") for shown in found.values()]
