"""Places where an import stands still until it is stopped: one for each phase on its way."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from servers.process import wait_until
from servers.proxy import Fault, Proxy
from servers.remote import Remote

from .database import Database, Job
from .dialects import dialect_of
from .fakes import FAKES

TABLE = "stalling"
ROWS = 20_000
FOR_EVER = 900  # seconds, longer than any test lives
PATIENCE = {"connect_timeout": FOR_EVER}


@dataclass(frozen=True)
class Stall:
    """A request that comes to a halt, and how to see that the import run by a backend did."""

    connector: dict[str, Any]
    reached: Callable[[int], bool]

    def wait(self, job: Job) -> None:
        wait_until(lambda: self.reached(job.pid) or not job.running(), what="the import's halt")
        if not job.running():
            raise AssertionError(f"the import ended with {job.result()}")


def _waits(db: Database, pid: int, event: str = "Extension") -> bool:
    # From PostgreSQL 17 on an extension's waits have names of their own.
    return bool(db.rows("SELECT 1 FROM pg_stat_activity WHERE pid = %s AND %s IN (wait_event_type, wait_event)", pid, event))


@contextmanager
def unanswering() -> Iterator[int]:
    """A port that drops every attempt to connect, as an unroutable address does: its queue is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        queued = [socket.socket() for _ in range(8)]
        for client in queued:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        try:
            yield port
        finally:
            for client in queued:
                client.close()


@contextmanager
def at_connect(db: Database, remote: Remote) -> Iterator[Stall]:
    """The TCP connection is not answered."""
    with unanswering() as port:
        connector = remote.connector(connection=remote.connection(port=port, **PATIENCE), table=TABLE)
        yield Stall(connector, lambda pid: _waits(db, pid))


@contextmanager
def at_silence(db: Database, remote: Remote) -> Iterator[Stall]:
    """The server takes the connection and says nothing."""
    with Proxy(remote.server.port) as proxy:
        proxy.every(Fault(stall_after=0))
        connector = remote.connector(connection=remote.connection(port=proxy.port, **PATIENCE), table=TABLE)
        yield Stall(connector, lambda pid: proxy.accepted > 0 and _waits(db, pid))


def at_fake(phase: str) -> Callable[[Database, Remote], AbstractContextManager[Stall]]:
    """A server that speaks so far and no further."""

    @contextmanager
    def at(db: Database, remote: Remote) -> Iterator[Stall]:
        kind = FAKES[remote.provider]
        with kind.make(kind.stalls[phase], trigger="stall_here") as fake:
            connector = {
                "provider": remote.provider,
                "connection": fake.connection(**PATIENCE),
                "sql_query": "SELECT stall_here",
                "import_as": "stalled",
            }
            yield Stall(connector, lambda pid: fake.lingering > 0 and _waits(db, pid))
            fake.wait_until_left()

    return at


@contextmanager
def at_lock(db: Database, remote: Remote) -> Iterator[Stall]:
    """Another session of the remote holds a lock on the table."""
    with dialect_of(remote).locked(remote, TABLE):
        yield Stall(remote.connector(table=TABLE), lambda pid: bool(remote.statements(TABLE)) and _waits(db, pid))


@contextmanager
def at_execute(db: Database, remote: Remote) -> Iterator[Stall]:
    """The query takes its time before the first row."""
    query = remote.slow_query(FOR_EVER)
    connector = remote.connector(sql_query=query, import_as="stalled")
    yield Stall(connector, lambda pid: bool(remote.statements(query)) and _waits(db, pid))


@contextmanager
def at_fetch(db: Database, remote: Remote) -> Iterator[Stall]:
    """Rows stop coming half way; a second connection gets through, or else the first still carries something."""
    fault = Fault(stall_after=400_000) if dialect_of(remote).stops_by_second_connection else Fault(bytes_per_second=100_000)
    with Proxy(remote.server.port) as proxy:
        proxy.next(fault)
        connector = remote.connector(connection=remote.connection(port=proxy.port), table=TABLE)
        yield Stall(connector, lambda pid: (proxy.stalled() or proxy.from_server > 100_000) and _waits(db, pid))


@contextmanager
def at_fetch_cut_off(db: Database, remote: Remote) -> Iterator[Stall]:
    """Rows stop coming half way, and a second connection gets no answer."""
    if not dialect_of(remote).stops_by_second_connection:
        pytest.skip("the remote can't learn of a stop by a connection that carries nothing")
    with Proxy(remote.server.port) as proxy:
        proxy.next(Fault(stall_after=400_000))
        proxy.every(Fault(stall_after=0))
        connector = remote.connector(connection=remote.connection(port=proxy.port), table=TABLE)
        yield Stall(connector, lambda pid: proxy.stalled() and _waits(db, pid))


@contextmanager
def at_load(db: Database, remote: Remote) -> Iterator[Stall]:
    """No halt: rows come and are loaded without end."""
    with Proxy(remote.server.port) as proxy:
        connection = remote.connection(port=proxy.port)
        query = remote.endless_query(TABLE)
        connector = remote.connector(connection=connection, sql_query=query, import_as="stalled")
        yield Stall(connector, lambda pid: proxy.from_server > 3_000_000)


@contextmanager
def at_index(db: Database, remote: Remote) -> Iterator[Stall]:
    """The rows are in; building the key waits for us."""
    if not dialect_of(remote).has_keys:
        pytest.skip(f"tables of {remote.kind} have no keys")
    holder = db.another()
    db.execute(
        "CREATE FUNCTION hold() RETURNS event_trigger LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_advisory_xact_lock(4711); END'"
    )
    db.execute("CREATE EVENT TRIGGER hold ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION hold()")
    holder.execute("SELECT pg_advisory_lock(4711)")
    try:
        yield Stall(remote.connector(table=TABLE), lambda pid: _waits(db, pid, "advisory"))
    finally:
        holder.close()
        db.execute("DROP EVENT TRIGGER hold")
        db.execute("DROP FUNCTION hold()")


STALLS: Mapping[str, Callable[[Database, Remote], AbstractContextManager[Stall]]] = {
    "connect": at_connect,
    "silence": at_silence,
    "authenticate": at_fake("authenticate"),
    "describe": at_fake("describe"),
    "lock": at_lock,
    "execute": at_execute,
    "columns": at_fake("columns"),
    "fetch": at_fetch,
    "fetch_cut_off": at_fetch_cut_off,
    "load": at_load,
    "index": at_index,
}
