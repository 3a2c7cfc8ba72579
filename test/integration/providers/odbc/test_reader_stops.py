"""A driver that hangs is stopped, whatever it does and wherever; a reader ends with what it works for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import psycopg2
import pytest
from harness import hostile as hostile_driver
from harness.database import Database, Job
from harness.errors import fails
from harness.faults import CANCELED, TIMED_OUT, assert_unseen, backend_is_gone
from harness.hostile import PASSWORD, Marks, crashed_backends, halted, request, request_for
from harness.readers import no_reader_left, processes_of, reader_of, wait_until_gone
from harness.versions import come_back

from servers.postgres import Postgres
from servers.process import wait_until
from servers.workspace import Workspace

PLACES = ("connect", "info", "prepare", "execute", "describe", "fetch", "getdata", "tables", "columns", "keys", "cancel", "free")
_latencies: list[tuple[str, str, float]] = []


@pytest.fixture(scope="module", autouse=True)
def shown_latencies(request: pytest.FixtureRequest) -> Iterator[None]:
    """Prints how long each stop took."""
    yield
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        slowest = sorted(_latencies, key=lambda entry: -entry[2])[:12]
        print("\nmilliseconds from the request to stop until the statement's end, the slowest:")
        for way, what, seconds in slowest:
            print(f"  {way:10} {what:24} {seconds * 1000:7.0f}")


@pytest.fixture(scope="module")
def db(hostile: Postgres) -> Iterator[Database]:
    """No server process may crash meanwhile, and no password may be logged."""
    postmaster, position = hostile.pid, hostile.log_size()
    hostile.create_database("stops", "connector")
    with Database(hostile, "stops") as db:
        yield db
    assert hostile.pid == postmaster and hostile.running()
    log = hostile.log_since(position)
    assert crashed_backends(log) == []
    assert_unseen(log, (PASSWORD,))


@pytest.fixture(scope="module")
def marks(hostile: Postgres) -> Marks:
    return Marks(hostile)


def ends(job: Job, way: str, what: str, message: str, sqlstate: str) -> None:
    """The statement ends with the error, and leaves a session that works, without a reader."""
    started = time.monotonic()
    with fails(message, sqlstate=sqlstate, secrets=(PASSWORD,)):
        job.result(limit=60)
    _latencies.append((way, what, time.monotonic() - started))
    assert job.database.value("SELECT pg_backend_pid()") == job.pid
    assert processes_of(job.pid) == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("what", ["hang", "stop"])
def test_cancel(db: Database, marks: Marks, place: str, what: str) -> None:
    """It heeds no SQLCancel, or nothing at all."""
    with halted(db, marks, place, what) as job:
        job.cancel()
        ends(job, "cancel", f"{what} at {place}", "canceling statement due to user request", CANCELED)


@pytest.mark.parametrize("place", ["execute", "fetch"])
def test_cancel_that_the_driver_heeds(db: Database, marks: Marks, place: str) -> None:
    with halted(db, marks, place, "hang_until_cancel") as job:
        job.cancel()
        ends(job, "cancel", f"heeded at {place}", "canceling statement due to user request", CANCELED)


@pytest.mark.parametrize("crash", ["segfault", "exit0", "throw", "handlers", "close_fds", "write_fds"])
def test_cancel_that_does_harm(db: Database, marks: Marks, crash: str) -> None:
    with halted(db, marks, "cancel", crash) as job:
        job.cancel()
        ends(job, "cancel", f"{crash} by it", "canceling statement due to user request", CANCELED)


def test_cancel_of_a_process_that_takes_no_signals(db: Database, marks: Marks) -> None:
    with halted(db, marks, "connect,execute", "handlers,spin") as job:
        job.cancel()
        ends(job, "cancel", "no signals taken", "canceling statement due to user request", CANCELED)


@pytest.mark.parametrize("place", PLACES)
def test_statement_timeout(db: Database, marks: Marks, place: str) -> None:
    with halted(db, marks, place, "hang", "statement_timeout = '2s'") as job:
        ends(job, "timeout", f"hang at {place}", "canceling statement due to statement timeout", CANCELED)


@pytest.mark.parametrize("place", ["connect", "execute", "fetch"])
def test_timeout_of_the_run(db: Database, marks: Marks, place: str) -> None:
    with halted(db, marks, place, "hang", "connector.statement_timeout = '2s'") as job:
        ends(job, "run", f"hang at {place}", "longer than connector.statement_timeout", TIMED_OUT)


def test_timeout_of_the_connection(db: Database) -> None:
    with no_reader_left(db), fails("did not answer in time", number=6667, secrets=(PASSWORD,)):
        db.import_table(request(at="connect", what="hang", connect_timeout=1))


@pytest.mark.parametrize("place", ["connect", "execute", "fetch", "free"])
def test_terminate(db: Database, marks: Marks, place: str) -> None:
    with halted(db, marks, place) as job:
        reader = reader_of(job.pid)
        job.terminate()
        with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
            job.result(limit=60)
        backend_is_gone(db, job.pid)
        wait_until_gone(reader)


@pytest.mark.parametrize("place", PLACES)
def test_reader_is_killed(db: Database, marks: Marks, place: str) -> None:
    with halted(db, marks, place) as job:
        os.kill(reader_of(job.pid), signal.SIGKILL)
        with fails("the reader process ended", detail=r"signal 9 \(Killed\)", secrets=(PASSWORD,)):
            job.result(limit=60)
        assert job.database.value("SELECT pg_backend_pid()") == job.pid
        assert processes_of(job.pid) == []


def test_reader_is_killed_while_rows_come(db: Database) -> None:
    job = db.import_in_background(request(lie="endless_rows"))
    job.database.execute("SET connector.max_rows = 0")
    with job:
        wait_until(lambda: bool(db.rows("SELECT 1 FROM connector.progress WHERE pid = %s AND rows > 5000", job.pid)), what="rows", pause=0.01)
        os.kill(reader_of(job.pid), signal.SIGKILL)
        with fails("the reader process ended", detail=r"signal 9 \(Killed\)"):
            job.result(limit=60)
        assert processes_of(job.pid) == []


# what a reader works for
@pytest.fixture(scope="module")
def own_cluster(workspace: Workspace) -> Iterator[Postgres]:
    """A cluster that a test may stop."""
    with hostile_driver.cluster(workspace, synchronous_commit="on") as server:
        server.create_database("stopping", "connector")
        yield server


# The driver hangs; it also has taken off what ends the process with its parent, and does not come back from SQLCancel.
HANGS = {
    "hang": ("execute", "hang"),
    "heeds": ("execute", "hang_until_cancel"),
    "fetch": ("fetch", "hang"),
    "connect": ("connect", "hang"),
    "handlers": ("connect,execute", "handlers,hang"),
    "handlers, cancel": ("connect,execute,cancel", "handlers,hang,hang"),
}


@pytest.mark.parametrize("how", HANGS)
def test_backend_is_killed(own_cluster: Postgres, how: str) -> None:
    own_cluster.start()
    with Database(own_cluster, "stopping") as db, halted(db, Marks(own_cluster), *HANGS[how]) as job:
        reader = reader_of(job.pid)
        os.kill(job.pid, signal.SIGKILL)
        wait_until_gone(reader, "the end of the reader")
        with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
            job.result(limit=60)
        come_back(db)
        assert processes_of(job.pid) == []


@pytest.mark.parametrize("how", HANGS)
def test_postmaster_is_killed(own_cluster: Postgres, how: str) -> None:
    """Alone: the backend ends itself."""
    own_cluster.start()
    with Database(own_cluster, "stopping") as db, halted(db, Marks(own_cluster), *HANGS[how]) as job:
        reader = reader_of(job.pid)
        os.kill(own_cluster.pid, signal.SIGKILL)
        wait_until_gone(job.pid, "the end of the backend")
        wait_until_gone(reader, "the end of the reader")
        with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
            job.result(limit=60)
        own_cluster.kill()


def test_fast_shutdown(own_cluster: Postgres) -> None:
    own_cluster.start()
    with Database(own_cluster, "stopping") as db, halted(db, Marks(own_cluster), "execute", "hang") as job:
        reader, position = reader_of(job.pid), own_cluster.log_size()
        db.close()
        own_cluster.stop()
        wait_until_gone(reader)
        assert "database system is shut down" in own_cluster.log_since(position)
        assert "immediate shutdown" not in own_cluster.log_since(position)


# limits
def set_for_all(server: Postgres, db: Database, name: str, value: str) -> None:
    server.configure({name: value})
    server.reload()
    wait_until(lambda: db.value(f"SHOW {name}") == value, what=f"{name} = {value}")


def test_most_processes_of_the_cluster(hostile: Postgres, db: Database, marks: Marks) -> None:
    set_for_all(hostile, db, "connector.max_reader_processes", "2")
    try:
        with halted(db, marks, "execute") as first, halted(db, marks, "connect"):
            with no_reader_left(db), fails("too many reader processes", number=6669, detail="connector.max_reader_processes allows 2"):
                db.import_table(request())
            first.cancel()
            with fails("canceling"):
                first.result()
            assert db.import_table(request())["rows"] == 100
            db.execute("DROP TABLE from_hostile")
    finally:
        set_for_all(hostile, db, "connector.max_reader_processes", "64")


def test_most_processes_of_a_role(db: Database, marks: Marks) -> None:
    other = db.create_role("other_super")
    db.execute("ALTER ROLE other_super SUPERUSER")
    with db.another() as limited, other, halted(db, marks, "execute") as first:
        for session in (limited, other):
            session.execute("SET connector.max_readers_per_role = 1")
        with no_reader_left(limited), fails("too many reader processes of this role", number=6669, detail="connector.max_readers_per_role allows 1"):
            limited.import_table(request())
        assert other.import_table(request(), import_as="of_other")["rows"] == 100
        os.kill(reader_of(first.pid), signal.SIGKILL)  # its place is free again, however it ended
        with fails("the reader process ended"):
            first.result()
        assert limited.import_table(request())["rows"] == 100
        db.execute("DROP TABLE from_hostile, of_other")
    db.drop_role("other_super")


# foreign tables
def test_foreign_tables(db: Database) -> None:
    """A connection that is kept, a scan that is left early, a reader that dies between two statements and within one."""
    options = ", ".join(f"{name} '{value}'" for name, value in request(rows=5000)["connection"].items() if name not in ("username", "password"))
    db.execute(f"CREATE SERVER hostile FOREIGN DATA WRAPPER connector OPTIONS (provider 'odbc', {options})")
    db.execute(f"CREATE USER MAPPING FOR CURRENT_USER SERVER hostile OPTIONS (username 'somebody', password '{PASSWORD}')")
    db.execute("CREATE FOREIGN TABLE away (id integer, word text, amount numeric) SERVER hostile OPTIONS (table_name 'things')")
    with db.another() as session:
        count = "SELECT count(*), sum(amount)::text FROM away"
        expected = session.rows(count)
        assert expected[0][0] == 5000
        assert session.rows("SELECT id FROM away ORDER BY id LIMIT 2") == [(1,), (2,)]
        assert session.rows("SELECT id FROM away LIMIT 1") == [(1,)]
        kept = reader_of(session.pid)
        os.kill(kept, signal.SIGKILL)
        assert session.rows(count) == expected, "a connection that has ended is made anew"
        assert reader_of(session.pid) != kept
        session.execute("BEGIN; DECLARE rows CURSOR FOR SELECT id FROM away")
        assert session.rows("FETCH 1 FROM rows") == [(1,)]
        os.kill(reader_of(session.pid), signal.SIGKILL)
        with fails("the reader process ended", detail="signal 9"):
            session.rows("FETCH ALL FROM rows")
        session.execute("ROLLBACK")
        assert session.rows(count) == expected
        session.execute("SELECT cdb_foreign_disconnect()")
        assert processes_of(session.pid) == []
        for what in ("segfault", "exit1", "hang"):
            db.execute(f"ALTER SERVER hostile OPTIONS (ADD at 'fetch', ADD what '{what}', ADD after '2')")
            session.execute("SET statement_timeout = '2s'")
            with fails("canceling statement" if what == "hang" else "the reader process ended"):
                session.rows(count)
            assert processes_of(session.pid) == []
            session.execute("RESET statement_timeout")
            db.execute("ALTER SERVER hostile OPTIONS (DROP at, DROP what, DROP after)")
            assert session.rows(count) == expected
        session.execute("SELECT cdb_foreign_disconnect()")
        assert processes_of(session.pid) == []
    db.execute("DROP SERVER hostile CASCADE")
