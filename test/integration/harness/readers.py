"""Processes `connector-reader` of a backend, and what may be left of them."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.process import identify, wait_until

from .database import Database
from .traces import descriptors

PROGRAM = "connector-reader"


def processes_of(backend: int) -> list[int]:
    """All processes that began as a reader of this backend, or as a child of one, and its own children: zombies as well."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = Path(f"/proc/{entry}/stat").read_text()
            words = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
        except OSError:  # it has ended
            continue
        parent = int(stat[stat.rindex(")") + 2 :].split()[1])
        began_as_one = words[:2] == [PROGRAM.encode(), str(backend).encode()]
        if parent == backend or began_as_one:
            found.append(int(entry))
    return found


def reader_of(backend: int) -> int:
    """The one reader of a backend, waited for."""
    wait_until(lambda: len(processes_of(backend)) == 1, limit=60, what="one reader process", pause=0.01)
    return processes_of(backend)[0]


def wait_until_gone(pid: int, what: str = "the end of a process") -> None:
    wait_until(lambda: identify(pid) is None, limit=60, what=what, pause=0.01)


def shared_mappings(backend: int) -> list[str]:
    """Mappings of shared files in memory, in a backend, that PostgreSQL itself has none of."""
    return re.findall(r"^.*memfd:.*$", Path(f"/proc/{backend}/maps").read_text(), re.MULTILINE)


@contextmanager
def no_reader_left(database: Database) -> Iterator[None]:
    """Around what a reader does: the backend is the same one afterwards and works, and has no process, descriptor or mapping
    more than before."""
    backend, before = database.pid, descriptors(database)
    yield
    assert database.value("SELECT pg_backend_pid()") == backend, "the backend is another one"
    assert processes_of(backend) == [], "processes left behind"
    assert shared_mappings(backend) == [], "mappings left behind"
    more = descriptors(database) - before
    assert more == Counter(), f"descriptors left behind: {more}"
