"""Rooms, a part of the group `style`: the folders of src are a house in which includes only run down.

A file may include its own folder and those that stand below it in _STOREYS; no file includes itself by way of others (a
header and its source count as one file). ARCHITECTURE.md says what lives where.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from .context import ROOT, Context
from .result import Result, failure

# Top to bottom. Folders of one line don't include each other.
_STOREYS = (
    ("api",),
    ("scheduler",),
    ("fdw",),
    ("fdw/lookup",),
    ("fdw/scan",),
    ("fdw/plan",),
    ("fdw/table",),
    ("fdw/connect",),
    ("jobs",),
    ("load/refresh",),
    ("load/swap", "load/merge", "load/ranges"),
    ("load/table",),
    ("load/stream",),
    ("load/read",),
    ("load/write",),
    ("store",),
    ("shmem",),
    ("settings",),
    ("pg",),
    # The wall: nothing below includes postgres.h (the include paths of the Makefile see to that).
    ("http/program",),
    ("http/server",),
    ("http/routes",),
    ("http/page",),
    ("http/events",),
    ("http/keys",),
    ("http/database",),
    ("http/message",),
    ("http",),
    ("reader/program",),
    ("reader",),
    ("drivers",),
    ("core/request",),
    ("core/remote",),
    ("core/rows", "core/net"),
    ("core/schedule",),
    ("core/base",),
)
# Each driver is a room of its own.
_DRIVERS = "drivers"
_INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def run_rooms(context: Context) -> Result:
    """Two tests: that no include runs up, and that no files go round in a circle."""
    includes = read_includes(ROOT / "src")
    result = Result()
    for name, found in (("includes that run up", upward(includes)), ("circles of files", circles(includes))):
        lines = list(found)
        for line in lines:
            print(line, file=sys.stderr)
        result += failure(name) if lines else Result(passed=1)
    (context.logs / "style-rooms.log").write_text("".join(f"{line}\n" for line in _sizes(ROOT / "src", includes)))
    return result


def read_includes(source: Path) -> dict[str, list[str]]:
    """The project's own headers that each file below `source` includes; all names are relative to it."""
    names = sorted(str(path.relative_to(source)) for path in source.rglob("*") if path.suffix in {".cpp", ".hpp", ".h"})
    known = set(names)
    return {name: [header for header in _INCLUDE.findall((source / name).read_text()) if header in known] for name in names}


def upward(includes: Mapping[str, list[str]]) -> Iterator[str]:
    """A line for each file outside the rooms, and for each include that runs up."""
    for name, headers in includes.items():
        storey, room = _place(name)
        if storey is None:
            yield f"src/{name} is in no room: see test/runner/rooms.py"
            continue
        for header in headers:
            below, other = _place(header)
            if below is None or other == room or below > storey:
                continue
            yield f"src/{name} includes {header}, which is {'above it' if below < storey else 'beside it'}"


def circles(includes: Mapping[str, list[str]]) -> Iterator[str]:
    """A line for each group of files that include each other in a circle."""
    graph: dict[str, set[str]] = {}
    for name, headers in includes.items():
        graph.setdefault(_unit(name), set()).update(_unit(header) for header in headers if _unit(header) != _unit(name))
    reached = {unit: _reachable(graph, unit) for unit in graph}
    seen: set[str] = set()
    for unit in sorted(graph):
        group = {other for other in reached[unit] if unit in reached.get(other, set())}
        if unit in group and unit not in seen:
            seen |= group
            yield "a circle of includes: " + ", ".join(sorted(group))


def _reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = list(graph.get(start, ()))
    while waiting:
        unit = waiting.pop()
        if unit not in found:
            found.add(unit)
            waiting.extend(graph.get(unit, ()))
    return found


def _unit(name: str) -> str:
    return name.rsplit(".", 1)[0]


def _place(name: str) -> tuple[int | None, str]:
    """The storey, counted from the top, and the room of a file."""
    for storey, rooms in enumerate(_STOREYS):
        for room in rooms:
            if name.startswith(f"{room}/"):
                parts = name.split("/")
                return storey, "/".join(parts[:2]) if room == _DRIVERS and len(parts) > 2 else room
    return None, ""


def _sizes(source: Path, includes: Mapping[str, list[str]]) -> Iterator[str]:
    """Files and lines of each room, for who wonders whether one is too full."""
    rooms: dict[str, list[int]] = {}
    for name in includes:
        rooms.setdefault(_place(name)[1], []).append(len((source / name).read_text().splitlines()))
    for room, lines in sorted(rooms.items()):
        yield f"{room}: {len(lines)} files, {sum(lines)} lines, the longest {max(lines)}"
