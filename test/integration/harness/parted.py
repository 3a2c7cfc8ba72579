"""Tables that are read by several connections, and imports of them that are under way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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


@contextmanager
def reading(db: Database, remote: Remote, readers: int = 4, **keys: Any) -> Iterator[tuple[Job, Proxy]]:
    """An import whose connections all read, slowly, through a proxy."""
    with Proxy(remote.server.port) as proxy:
        proxy.every(Fault(bytes_per_second=100_000))
        connector = remote.connector(connection=remote.connection(port=proxy.port), table=TABLE, readers=readers, **keys)
        job = db.in_background("SELECT cdb_import_connector(%s)", json.dumps(connector))
        job.database.execute("SELECT 1")
        with job:
            wait_until(lambda: reads(remote, readers) or not job.running(), limit=60, what=f"{readers} connections that read")
            if not job.running():
                raise AssertionError(f"the import ended with {job.result()}")
            yield job, proxy


def reads(remote: Remote, readers: int) -> bool:
    """Whether so many connections read parts of the table, beside the one that does not."""
    return len(remote.sessions()) == readers + 1 and len(remote.statements(TABLE)) >= readers


def no_sessions(remote: Remote) -> None:
    """Waits until the remote has no session of the account's."""
    wait_until(lambda: not remote.sessions(), what="the end of all sessions at the remote")
