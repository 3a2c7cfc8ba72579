"""What the process costs that reads by an ODBC driver: its start, and the memory of backend and process."""

from __future__ import annotations

import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from . import peers_odbc, shapes
from .contenders import Arena
from .figures import append_figures
from .memory import Peak, status
from .shapes import Shape
from .sources import OdbcSource

_PROGRAM = "connector-reader"
_STARTS = 21


class ReaderPeak:
    """Samples what the reader of a backend has in memory at most (VmHWM: the driver's libraries and the memory that it
    shares with the backend are in it)."""

    def __init__(self, backend: int) -> None:
        self._backend = backend
        self.highest = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def _sample(self) -> None:
        while not self._ended.is_set():
            for pid in _readers_of(self._backend):
                try:
                    self.highest = max(self.highest, status(pid, "VmHWM"))
                except OSError:
                    continue  # it ended in between
            time.sleep(0.01)

    def __enter__(self) -> ReaderPeak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def _readers_of(backend: int) -> list[int]:
    """The process ids of the backend's readers."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            called = Path(f"/proc/{name}/comm").read_text().strip()
            if called == _PROGRAM[:15] and status(int(name), "PPid") == backend:
                found.append(int(name))
        except OSError:
            continue
    return found


def measure_readers(arena: Arena, rows: int) -> None:
    """Prints the start of a connection, and the memory that an import takes; appends to the file that FIGURES names."""
    sizes = [max(rows // 10, 1), rows]
    tables = [shapes.mixed(count, f"memory_{count}") for count in sizes] + [shapes.fat(max(rows // 50, 1))]
    one_row = shapes.narrow(1)
    for table in (*tables, one_row):
        arena.source.create(table)
    _starts(arena, one_row)
    _memory(arena, tables)


def _starts(arena: Arena, shape: Shape) -> None:
    source = arena.source
    assert isinstance(source, OdbcSource)
    own = {"provider": source.behind.provider, "connection": source.behind.connection(), "table": shape.name}
    ways: dict[str, Callable[[], object]] = {
        "check by odbc": lambda: arena.sql("SELECT cdb_connector_check(%s)", arena.request(shape, "x")),
        f"check by {source.behind.provider}": lambda: arena.sql("SELECT cdb_connector_check(%s)", json.dumps(own)),
        "dry run of one row by odbc": lambda: arena.sql("SELECT cdb_connector_dry_run(%s)", arena.request(shape, "x")),
        "a bare program that reads it": lambda: peers_odbc.raw_fetch(arena, f"SELECT * FROM {shape.name}", "wide"),
    }
    print(f"\nstart of a connection: a table of one row, median of {_STARTS}")
    for name, way in ways.items():
        way()  # what is loaded once is not measured
        times = []
        for _ in range(_STARTS):
            started = time.perf_counter()
            way()
            times.append(time.perf_counter() - started)
        median = statistics.median(times)
        print(f"  {name:<32} {median * 1000:8.1f} ms ({min(times) * 1000:.1f} - {max(times) * 1000:.1f})")
        append_figures([{"provider": source.provider, "behind": source.behind.provider, "start": name, "seconds": median}])
    sys.stdout.flush()


def _memory(arena: Arena, tables: list[Shape]) -> None:
    source = arena.source
    assert isinstance(source, OdbcSource)
    print("\nmemory of an import at its peak: growth of the backend (RssAnon), all of the reader (VmHWM)")
    for shape in tables:
        session = arena.local.connect("bench")
        fresh = Arena(source, arena.local, session, arena.folder)
        fresh.sql("SELECT cdb_connector_check(%s)", arena.request(shape, "x"))
        fresh.sql("SET connector.max_rows = 0")
        backend = session.get_backend_pid()
        with Peak(backend) as peak, ReaderPeak(backend) as reader:
            fresh.sql("SELECT cdb_import_connector(%s)", arena.request(shape, "memory_probe"))
        fresh.sql("DROP TABLE memory_probe")
        session.close()
        if reader.highest == 0:
            raise RuntimeError(f"no process {_PROGRAM} was seen below backend {backend}")
        print(
            f"  {shape.name:<14} {shape.rows:>10,} rows   backend {peak.growth / 1024:8.1f} MB   reader {reader.highest / 1024:8.1f} MB",
            flush=True,
        )
        append_figures(
            [
                {
                    "provider": source.provider,
                    "behind": source.behind.provider,
                    "table": shape.name,
                    "rows": shape.rows,
                    "backend_kb": peak.growth,
                    "reader_kb": reader.highest,
                }
            ]
        )
