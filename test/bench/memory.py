"""Peak memory of the backend that imports."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from .contenders import Arena
from .shapes import Shape


def status(pid: int, field: str) -> int:
    """One kB figure of /proc/<pid>/status."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    return 0


class Peak:
    """Samples a process's private memory (RssAnon: shared buffers don't count) every few milliseconds."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.before = status(pid, "RssAnon")
        self.highest = self.before
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def _sample(self) -> None:
        while not self._ended.is_set():
            self.highest = max(self.highest, status(self._pid, "RssAnon"))
            time.sleep(0.003)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def growth(self) -> int:
        return self.highest - self.before


def measure_memory(arena: Arena, shapes: list[Shape]) -> None:
    """Prints the growth of a fresh backend's private memory while it imports each shape."""
    print("\nprivate memory of the importing backend (RssAnon), growth at its peak")
    for shape in shapes:
        session = arena.local.connect("bench")
        fresh = Arena(arena.source, arena.local, session, arena.folder)
        fresh.sql("SELECT cdb_connector_check(%s)", arena.request(shape, "x"))  # libraries are loaded, caches warm
        fresh.sql("SET connector.max_rows = 0")
        with Peak(session.get_backend_pid()) as peak:
            fresh.sql("SELECT cdb_import_connector(%s)", arena.request(shape, "memory_probe"))
        fresh.sql("DROP TABLE memory_probe")
        session.close()
        print(f"  {shape.name:<14} {shape.rows:>10,} rows   {peak.growth / 1024:8.1f} MB", flush=True)
