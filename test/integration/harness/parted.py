"""Tables that are read by several connections, and imports of them that are under way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from servers.process import wait_until
from servers.proxy import Fault, Proxy
from servers.remote import Remote

from .database import Database, Job

TABLE = "parted"
ROWS = 120_000  # enough for several parts


def analyze(remote: Remote, table: str = TABLE) -> None:
    """Has the remote know how many rows there are."""
    remote.execute(f"ANALYZE {'TABLE ' if remote.provider == 'mysql' else ''}{remote.quote(table)}")


def create_parted(remote: Remote, *, rows: int = ROWS, width: int = 20) -> None:
    remote.create_rows(TABLE, rows, width=width)
    analyze(remote)


def differing_rows(db: Database, one: str, other: str) -> int:
    """Rows that one of two tables has and the other has not, or not as often."""
    rows = [f"SELECT t::text FROM {name} t" for name in (one, other)]
    return int(
        db.value(
            f"SELECT count(*) FROM (({rows[0]} EXCEPT ALL {rows[1]}) UNION ALL ({rows[1]} EXCEPT ALL {rows[0]})) d"
        )
    )


@dataclass(frozen=True)
class Reading:
    """An import whose connections all read, slowly, through a proxy, as soon as its job has begun."""

    job: Job
    proxy: Proxy
    remote: Remote
    readers: int

    def wait(self) -> None:
        """Until they do."""
        wait_until(
            lambda: reads(self.remote, self.readers) or not self.job.running(),
            limit=60,
            what=f"{self.readers} connections that read",
        )
        if not self.job.running():
            raise AssertionError(f"the import ended with {self.job.result()}")


@contextmanager
def reading(db: Database, remote: Remote, readers: int = 4, bytes_per_second: int = 100_000) -> Iterator[Reading]:
    with Proxy(remote.server.port) as proxy:
        proxy.every(Fault(bytes_per_second=bytes_per_second))
        connector = remote.connector(connection=remote.connection(port=proxy.port), table=TABLE, readers=readers)
        yield Reading(db.import_in_background(connector), proxy, remote, readers)


def reads(remote: Remote, readers: int) -> bool:
    """Whether so many connections read parts of the table, beside the one that does not."""
    return len(remote.sessions()) == readers + 1 and len(remote.statements(TABLE)) >= readers


def no_sessions(remote: Remote) -> None:
    """Waits until the remote has no session of the account's."""
    wait_until(lambda: not remote.sessions(), what="the end of all sessions at the remote")
