"""Calls of the Import API that take as long as a test wants."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import psycopg2.extensions

from servers.process import wait_until

from .database import Database

# A call that waits as long as calls are held, by a role whose password is in it, with a space as %20.
PATH = "/api/v1/synchronizations/11111111-1111-1111-1111-111111111111"
ALICE = f"/user/alice{PATH}?api_key=alice%20password"
REQUEST = f"GET {ALICE} HTTP/1.1\r\nHost: h\r\n\r\n"  # whose answer is 404 at last


class HeldCalls:
    """As long as this is open, or until release(), every call about a sync waits for a lock in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._locker: psycopg2.extensions.connection = database.server.connect(database.name)

    def waiting(self) -> int:
        """How many statements of alice's calls wait."""
        return int(
            self._database.value(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = 'alice' AND state = 'active' AND wait_event_type = 'Lock'"
            )
        )

    def wait_for(self, count: int) -> None:
        wait_until(lambda: self.waiting() == count, what=f"{count} calls that wait")

    def release(self) -> None:
        self._locker.rollback()

    def __enter__(self) -> Self:
        self._locker.autocommit = False
        self._locker.cursor().execute("LOCK TABLE connector.sync")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._locker.close()
