"""Failures that must be clean: the right words, nothing left on either side, no secret anywhere."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.errors

from servers.process import wait_until
from servers.remote import Remote

from .database import Database
from .errors import Failure, fails
from .traces import nothing_left_behind

CANCELED = "57014"
TIMED_OUT = "HYT00"  # ours: code of PL/pgSQL can catch it


def secrets_of(connector: dict[str, Any]) -> tuple[str, ...]:
    """The password of a connector."""
    connection = connector.get("connection")
    password = connection.get("password", "") if isinstance(connection, dict) else ""
    return (str(password),) if password else ()


def locks(observer: Database, pid: int) -> list[tuple[Any, ...]]:
    """Locks of a backend other than those of its own transaction id."""
    return observer.rows(
        "SELECT locktype, relation::regclass::text, mode FROM pg_locks WHERE pid = %s AND locktype <> 'virtualxid'", pid
    )


def import_count(observer: Database) -> int:
    """How many imports are remembered, whoever ran them."""
    return int(observer.value("SELECT count(*) FROM connector.imports"))


def assert_unseen(log: str, secrets: tuple[str, ...]) -> None:
    """No line of a log holds a secret."""
    for secret in secrets:
        lines = [line for line in log.splitlines() if secret in line]
        assert not lines, "the server's log shows a secret:\n" + "\n".join(lines)


@contextmanager
def clean(database: Database, remote: Remote | None = None, secrets: tuple[str, ...] = ()) -> Iterator[None]:
    """Around something that fails: nothing is left here or there, nothing was recorded, and neither the block's
    exception nor the server's log shows a secret."""
    server = database.server
    observer = Database(server, database.name)
    try:
        before, position = import_count(observer), server.log_size()
        with nothing_left_behind(database, remote):
            yield
        assert locks(observer, database.pid) == [], "locks left behind"
        assert import_count(observer) == before, "a failed import was recorded"
        assert_unseen(server.log_since(position), secrets)
    finally:
        observer.close()


@contextmanager
def fails_cleanly(
    database: Database,
    remote: Remote | None = None,
    message: str = "",
    *,
    secrets: tuple[str, ...] = (),
    **expected: Any,
) -> Iterator[Failure]:
    """`fails` and `clean` together."""
    with clean(database, remote, secrets), fails(message, secrets=secrets, **expected) as failure:
        yield failure


def import_fails(
    database: Database, remote: Remote | None, connector: dict[str, Any], message: str = "", **expected: Any
) -> Failure:
    """Runs an import that must fail cleanly, by a usable session; gives the parts of the error."""
    with fails_cleanly(database, remote, message, secrets=secrets_of(connector), **expected) as failure:
        database.import_table(connector)
    assert database.value("SELECT 1") == 1
    return failure


def reach(
    attempt: Callable[[int], bool], *, first: int = 500, limit: int = 60_000
) -> None:
    """Calls `attempt` with a timeout in milliseconds, doubled until it says that its goal was reached in time."""
    timeout = first
    while not attempt(timeout):
        timeout *= 2
        assert timeout <= limit, "the goal was never reached within the timeout"


def resident(pid: int) -> int:
    """Memory of a process that is its own, in bytes: shared buffers and libraries don't count."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return (int(fields[1]) - int(fields[2])) * resource.getpagesize()


def backend_is_gone(observer: Database, pid: int) -> None:
    """Waits until a backend has ended."""
    wait_until(
        lambda: not observer.rows("SELECT 1 FROM pg_stat_activity WHERE pid = %s", pid), what="the end of a backend"
    )


def waits_for(observer: Database, pid: int, event: str) -> None:
    """Waits until a backend stands in a wait event."""
    wait_until(
        lambda: observer.rows("SELECT wait_event FROM pg_stat_activity WHERE pid = %s", pid) == [(event,)],
        what=f"wait event {event}",
    )


def ignore_errors(function: Callable[[], object]) -> None:
    """Calls it, whatever PostgreSQL says."""
    with suppress(psycopg2.Error):
        function()
