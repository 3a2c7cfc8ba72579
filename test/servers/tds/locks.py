"""Table locks, as far as tests need them: who changes a table in a transaction keeps others from reading it."""

from __future__ import annotations

import threading


class Locks:
    """Exclusive locks by table, shared by the sessions of a server."""

    def __init__(self) -> None:
        self._holders: dict[str, int] = {}
        self._lock = threading.Lock()

    def take(self, table: str, spid: int) -> bool:
        """Locks a table for a session; False if another session holds it."""
        with self._lock:
            return self._holders.setdefault(table.lower(), spid) == spid

    def is_free(self, table: str, spid: int) -> bool:
        """Whether no other session holds the table."""
        with self._lock:
            return self._holders.get(table.lower(), spid) == spid

    def release(self, spid: int) -> None:
        """Frees all that a session holds."""
        with self._lock:
            self._holders = {table: holder for table, holder in self._holders.items() if holder != spid}
