"""Tables that a test has for a while, here and on a remote server, whether it passes or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from servers.remote import Remote

from .database import Database

R = TypeVar("R", bound=Remote)


@contextmanager
def remote_rows(remote: R, table: str, count: int) -> Iterator[R]:
    """A table as `create_rows` makes it. Sessions that the test left are ended first, as they may hold a lock on it."""
    remote.server.start()
    remote.create_rows(table, count)
    yield remote
    for session in remote.sessions():
        remote.kill_session(session.number)
    remote.drop(table)


def drop_tables(database: Database) -> None:
    """Drops all tables and what depends on them, but for those of extensions."""
    database.execute("ROLLBACK")
    for (name,) in database.rows(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE ALL ('{pg\\_%,information\\_schema}') AND NOT EXISTS "
        "(SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"
    ):
        database.execute(f"DROP TABLE IF EXISTS {name} CASCADE")
