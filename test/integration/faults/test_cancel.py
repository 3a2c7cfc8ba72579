"""Stopping an import in each phase: it ends soon, nothing is left on either side, and the session can go on."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg2.errors
import pytest
from harness.database import Database, Job
from harness.errors import fails
from harness.faults import CANCELED, TIMED_OUT, assert_unseen, backend_is_gone, clean, reach, secrets_of
from harness.stalls import ROWS, STALLS, TABLE, Stall
from harness.thorough import PROVIDERS, always, by_turns
from harness.traces import no_remote_sessions, relations

from servers import odbc_drivers
from servers.postgres import Postgres
from servers.remote import Remote
from servers.staging import staged
from servers.workspace import Workspace

pytestmark = by_turns("one_remote", *PROVIDERS)

SOON = 20.0  # seconds: generous; what it really takes is printed
_latencies: list[tuple[str, str, str, float]] = []


@pytest.fixture(scope="module", autouse=True)
def shown_latencies(request: pytest.FixtureRequest) -> Iterator[None]:
    """Prints how long each stop took."""
    yield
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\nmilliseconds from the request to stop until the end of the import:")
        for kind, way, phase, seconds in _latencies:
            print(f"  {kind:8} {way:10} {phase:14} {seconds * 1000:7.0f}")


def record(remote: Remote, way: str, phase: str, start: float) -> None:
    took = time.monotonic() - start
    _latencies.append((remote.kind, way, phase, took))
    assert took < SOON


@contextmanager
def importing(db: Database, remote: Remote, stall: Stall, **settings: object) -> Iterator[Job]:
    """The import in a session of its own, which takes any number of rows. What the block does to it leaves nothing."""
    job = db.import_in_background(stall.connector)
    # A statement that is stopped while it loads the library is logged as it is (docs/roles-and-limits.md).
    job.database.value("SELECT cdb_connectors() IS NOT NULL")
    for name, value in {"connector.max_rows": 0, **settings}.items():
        job.database.execute("SELECT set_config(%s, %s, false)", name.replace("__", "."), str(value))
    with ExitStack() as stack, clean(job.database, remote, secrets_of(stall.connector)):
        yield stack.enter_context(job)


@pytest.fixture
def table(one_remote: Remote) -> Iterator[Remote]:
    remote = one_remote
    remote.create_rows(TABLE, ROWS, width=60)
    yield remote
    remote.drop(TABLE)


def works_again(session: Database, remote: Remote) -> None:
    """The session that was interrupted imports something."""
    session.execute("BEGIN")
    assert session.import_table(remote.connector(table=TABLE, import_as="works_again"))["rows"] == ROWS
    session.execute("ROLLBACK")


@pytest.mark.parametrize("phase", STALLS)
def test_cancel(db: Database, table: Remote, phase: str) -> None:
    with STALLS[phase](db, table) as stall, importing(db, table, stall) as job:
        stall.wait(job)
        start = time.monotonic()
        job.cancel()
        with fails("canceling statement due to user request", sqlstate=CANCELED):
            job.result()
        record(table, "cancel", phase, start)
        no_remote_sessions(table)
    with db.another() as session:
        works_again(session, table)


def test_session_goes_on_after_cancel(db: Database, table: Remote) -> None:
    """The backend that was interrupted in the middle of the rows imports the next table."""
    with STALLS["fetch"](db, table) as stall, importing(db, table, stall) as job:
        stall.wait(job)
        job.cancel()
        with fails("canceling statement", sqlstate=CANCELED):
            job.result()
        works_again(job.database, table)


@pytest.mark.parametrize("phase", always(("execute", "fetch", "load"), STALLS))
def test_terminate(db: Database, table: Remote, phase: str) -> None:
    with STALLS[phase](db, table) as stall, importing(db, table, stall) as job:
        stall.wait(job)
        start = time.monotonic()
        job.terminate()
        with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
            job.result()
        backend_is_gone(db, job.pid)
        record(table, "terminate", phase, start)
        no_remote_sessions(table)


@pytest.mark.parametrize("phase", always(("connect", "fetch"), STALLS))
def test_statement_timeout(db: Database, table: Remote, phase: str) -> None:
    def attempt(timeout: int) -> bool:
        with STALLS[phase](db, table) as stall:
            with importing(db, table, stall, statement_timeout=timeout) as job:
                reached = was_reached(stall, job)
                with fails("canceling statement due to statement timeout", sqlstate=CANCELED):
                    job.result()
            return reached

    reach(attempt)


@pytest.mark.parametrize("phase", always(("connect", "fetch"), [phase for phase in STALLS if phase != "index"]))  # no remote any more
def test_run_timeout(db: Database, table: Remote, phase: str) -> None:
    """connector.statement_timeout ends the run with an error of its own."""

    def attempt(timeout: int) -> bool:
        with STALLS[phase](db, table) as stall:
            with importing(db, table, stall, connector__statement_timeout=timeout // 1000) as job:
                reached = was_reached(stall, job)
                with fails("longer than connector.statement_timeout", sqlstate=TIMED_OUT, number=6667, detail=f"Provider {table.provider}, phase"):
                    job.result()
            return reached

    reach(attempt, first=1000)


def was_reached(stall: Stall, job: Job) -> bool:
    """Whether the import came to its halt before it ended."""
    while job.running():
        if stall.reached(job.pid):
            return True
    return False


@pytest.mark.parametrize("phase", ["execute", "fetch", "lock"])
def test_cancel_on_each_server(db: Database, remote: Remote, phase: str) -> None:
    """The statement is stopped on the remote, whatever server it is."""
    remote.create_rows(TABLE, ROWS, width=60)
    with STALLS[phase](db, remote) as stall, importing(db, remote, stall) as job:
        stall.wait(job)
        start = time.monotonic()
        job.cancel()
        with fails("canceling statement", sqlstate=CANCELED):
            job.result()
        record(remote, "cancel", phase, start)
        no_remote_sessions(remote)
    remote.drop(TABLE)


def test_client_goes_away(db: Database, table: Remote) -> None:
    """With client_connection_check_interval a query whose client is gone ends, and its remote statement too."""
    with STALLS["execute"](db, table) as stall:
        with importing(db, table, stall, client_connection_check_interval=100) as job:
            stall.wait(job)
            with socket.socket(fileno=os.dup(job.database.connection.fileno())) as connection:
                connection.shutdown(socket.SHUT_RDWR)
            backend_is_gone(db, job.pid)
            no_remote_sessions(table)


@pytest.fixture(scope="module")
def own_cluster(workspace: Workspace) -> Iterator[Postgres]:
    """A cluster that a test may stop."""
    with Postgres(workspace, stage=staged(workspace), settings=odbc_drivers.SETTINGS) as server:
        server.create_database("stopping", "connector")
        yield server


@pytest.mark.parametrize("phase", always(("execute", "fetch"), STALLS))
def test_fast_shutdown(own_cluster: Postgres, table: Remote, phase: str) -> None:
    server = own_cluster.start()
    with Database(server, "stopping") as db, STALLS[phase](db, table) as stall:
        before = relations(db)
        with db.import_in_background(stall.connector) as job:
            stall.wait(job)
            db.close()
            position, start = server.log_size(), time.monotonic()
            server.stop()
            record(table, "shutdown", phase, start)
            with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
                job.result()
        log = server.log_since(position)
        assert "database system is shut down" in log
        assert "immediate shutdown" not in log
        assert_unseen(log, secrets_of(stall.connector))
        no_remote_sessions(table)
        server.start()
        assert relations(db) == before


@pytest.mark.parametrize("phase", ["lock", "execute", "fetch"])
def test_postmaster_dies(own_cluster: Postgres, table: Remote, phase: str) -> None:
    """SIGKILL for the postmaster only: the backends end themselves, without an error that could be caught."""
    server = own_cluster.start()
    with Database(server, "stopping") as db, STALLS[phase](db, table) as stall:
        with db.import_in_background(stall.connector) as job:
            stall.wait(job)
            db.close()
            server.kill()
            with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
                job.result()
        no_remote_sessions(table)
    server.start()
