"""What goes wrong on the way by ODBC: logins, hosts, drivers, connections that are cut, statements that are stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import CANCELED, TIMED_OUT, fails_cleanly, secrets_of
from harness.stalls import unanswering
from harness.thorough import BY_ODBC, by_turns
from harness.traces import no_remote_sessions, nothing_left_behind

from servers.process import descendants, wait_until
from servers.proxy import Fault, Proxy
from servers.remote import Remote
from servers.remote_odbc import OdbcRemote
from servers.workspace import free_port

pytestmark = [pytest.mark.usefixtures("tidy"), by_turns("served", BY_ODBC)]

WITH_A_SERVER = ("odbc_postgres15", "odbc_mariadb", "odbc_tds")


@pytest.fixture(params=WITH_A_SERVER)
def served(request: pytest.FixtureRequest) -> Iterator[OdbcRemote]:
    found: OdbcRemote = request.getfixturevalue(request.param)
    found.server.start()
    yield found
    for session in found.sessions():
        found.kill_session(session.number)


def no_readers(pid: int) -> None:
    """Until the backend has no process below it."""
    wait_until(lambda: not descendants(pid), limit=60, what="the end of the backend's processes")


def test_wrong_password(db: Database, served: OdbcRemote) -> None:
    connector = served.connector(connection=served.connection(password="Wrong-and-secret-4711"), table="t")
    with fails_cleanly(db, served, "could not connect", number=1012, detail="Provider odbc, phase authenticate", secrets=secrets_of(connector)):
        db.import_table(connector)
    no_readers(db.pid)


def test_no_such_host(db: Database, served: OdbcRemote) -> None:
    # A label may have 63 characters: no name server of this machine is asked.
    connector = served.connector(connection=served.connection(server="x" * 64 + ".example"), table="t")
    with fails_cleanly(db, served, "could not connect", number=1012, detail="Provider odbc, phase connect", secrets=secrets_of(connector)):
        db.import_table(connector)


def test_refused_port(db: Database, served: OdbcRemote) -> None:
    connector = served.connector(connection=served.connection(port=free_port()), table="t")
    with fails_cleanly(db, served, "could not connect", number=1012, detail="Provider odbc, phase connect", secrets=secrets_of(connector)):
        db.import_table(connector)


def test_no_such_database(db: Database, served: OdbcRemote) -> None:
    connector = served.connector(connection=served.connection(database="no_such_database"), table="t")
    with fails_cleanly(db, served, "could not connect", number=1012, secrets=secrets_of(connector)) as failure:
        db.import_table(connector)
    assert "no_such_database" in failure.everything


def test_no_such_table(db: Database, served: OdbcRemote) -> None:
    with fails_cleanly(db, served, "no_such_table", number=1011, detail="Provider odbc, phase describe"):
        db.import_table(served.connector(table="no_such_table"))


def test_wrong_query(db: Database, odbc: Remote) -> None:
    with fails_cleanly(db, odbc, "SELEC|syntax|does not know", number=1011, detail="Provider odbc, phase (describe|execute)"):
        db.import_table(odbc.connector(sql_query="SELEC 1", import_as="wrong"))


def test_no_such_file(db: Database) -> None:
    """SQLite's driver would make it; mdbtools says nothing in its diagnostics, so the words are from its standard error."""
    for connection in ({"driver": "SQLite", "database": "/tmp/no-such-folder/no.db"}, {"driver": "MDBTools", "dbq": "/tmp/no-such-folder/no.accdb"}):
        with fails_cleanly(db, None, "could not connect", number=1012):
            db.import_table({"provider": "odbc", "connection": connection, "table": "t"})


def test_no_file_is_made(db: Database, odbc_sqlite: Remote) -> None:
    missing = str(odbc_sqlite.server.path.parent / "missing.db")
    with fails("", number=None):
        db.import_table(odbc_sqlite.connector(connection=odbc_sqlite.connection(database=missing), table="t"))
    assert [path.name for path in odbc_sqlite.server.path.parent.iterdir()] == ["test.db"]


@pytest.mark.parametrize(
    ("connection", "number"),
    [
        ({"driver": "Microsoft Access"}, 1501),  # not in connector.odbc_drivers
        ({"driver": "/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so"}, 1501),
        ({"driver": "../PostgreSQL"}, 1501),
        ({"driver": "PostgreSQL}"}, 1501),
        ({"driver": "postgresql;SERVER=x"}, 1501),
        ({"driver": ""}, 1502),
        ({}, 1502),
        ({"dsn": "no such source"}, None),
        ({"dsn": "x;Driver=/tmp/evil.so"}, 1502),
        ({"dsn": "{x}"}, 1502),
        ({"driver": "PostgreSQL", "dsn": "x"}, 1502),
        ({"driver": "PostgreSQL", "filedsn": "/etc/passwd"}, 1502),
        ({"driver": "PostgreSQL", "savefile": "/tmp/saved"}, 1502),
        ({"driver": "PostgreSQL", "uid": "x"}, 1502),
        ({"driver": "PostgreSQL", "pwd": "x"}, 1502),
    ],
    ids=str,
)
def test_what_is_no_driver_or_data_source(db: Database, connection: dict[str, object], number: int | None) -> None:
    with fails_cleanly(db, None, number=number):
        db.import_table({"provider": "odbc", "connection": {"server": "127.0.0.1", **connection}, "table": "t"})
    no_readers(db.pid)


def test_allowed_drivers(db: Database, odbc_postgres15: OdbcRemote) -> None:
    """Nobody uses a driver that the administrator has not named."""
    odbc_postgres15.create_rows("allowed", 1)
    with db.another() as session:
        session.execute("SET connector.odbc_drivers = 'SQLite, MariaDB'")
        with fails('"PostgreSQL" is not allowed', detail="connector.odbc_drivers", number=1501):
            session.import_table(odbc_postgres15.connector(table="allowed"))
        session.execute("SET connector.odbc_drivers = ''")
        with fails('"PostgreSQL" is not allowed', detail="connector.odbc_drivers", number=1501):
            session.import_table(odbc_postgres15.connector(table="allowed"))
        session.execute("RESET connector.odbc_drivers")
        assert session.import_table(odbc_postgres15.connector(table="allowed"))["rows"] == 1
    odbc_postgres15.drop("allowed")


@pytest.mark.parametrize("after", [0, 200, 150_000], ids=["at once", "in the login", "in the rows"])
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_connection_that_is_cut(db: Database, served: OdbcRemote, after: int, reset: bool) -> None:
    served.create_rows("cut", 20_000, width=60)
    # psqlodbc 13.02 itself crashes in SQLFetch when a cursor's connection is lost: its process ends, and nothing else.
    words = "could not|the reader process ended" if served.kind == "odbc_postgres15" and after > 200 else "could not"
    with Proxy(served.server.port) as proxy:
        proxy.every(Fault(cut_after=after, reset=reset))
        connector = served.connector(connection=served.connection(port=proxy.port), table="cut")
        with fails_cleanly(db, served, words, number=1011 if after > 200 else None, secrets=secrets_of(connector)):
            db.import_table(connector)
    no_readers(db.pid)
    served.drop("cut")


def test_a_session_that_is_killed_in_the_rows(db: Database, served: OdbcRemote) -> None:
    served.create_rows("killed", 2000)
    with Proxy(served.server.port) as proxy:
        query = served.endless_query("killed")
        connector = served.connector(connection=served.connection(port=proxy.port), sql_query=query, import_as="killed")
        with db.import_in_background({**connector, "max_rows": 0}) as job:
            wait_until(lambda: proxy.from_server > 300_000 or not job.running(), what="rows")
            for session in served.sessions():
                served.kill_session(session.number)
            with fails("could not (read|run)", number=1011):
                job.result()
            no_readers(job.pid)
    served.drop("killed")


@pytest.mark.parametrize("way", ["cancel", "terminate", "statement_timeout", "run_timeout"])
def test_a_silent_statement_is_stopped(db: Database, served: OdbcRemote, way: str) -> None:
    """Here, and over there, too: these drivers tell their servers."""
    query = served.slow_query(900)
    connector = served.connector(sql_query=query, import_as="stopped")
    with nothing_left_behind(db, served), db.import_in_background(connector) as job:
        if way == "cancel" or way == "terminate":
            wait_until(lambda: bool(served.statements(query)) or not job.running(), what="the statement there")
            job.cancel() if way == "cancel" else job.terminate()
        else:
            setting = {"statement_timeout": "statement_timeout", "run_timeout": "connector.statement_timeout"}[way]
            wait_until(lambda: bool(served.statements(query)) or not job.running(), what="the statement there")
            job.terminate()
            with db.another() as session:
                session.execute(f"SET {setting} = '2s'")
                state, number = (CANCELED, None) if way == "statement_timeout" else (TIMED_OUT, 6667)
                with fails("", sqlstate=state, number=number):
                    session.import_table(connector)
                no_readers(session.pid)
                assert session.value("SELECT 1") == 1
        if way == "cancel":
            with fails("canceling statement due to user request", sqlstate=CANCELED):
                job.result()
            no_readers(job.pid)
            assert job.database.value("SELECT 1") == 1
        no_remote_sessions(served)


def test_a_busy_driver_is_stopped(db: Database, odbc_sqlite: Remote) -> None:
    """SQLite computes within the process of the driver."""
    connector = odbc_sqlite.connector(sql_query=odbc_sqlite.slow_query(900), import_as="stopped")
    with db.import_in_background(connector) as job:
        wait_until(lambda: bool(descendants(job.pid)) or not job.running(), what="the reader")
        job.cancel()
        with fails("canceling statement due to user request", sqlstate=CANCELED):
            job.result()
        no_readers(job.pid)


@pytest.mark.parametrize("place", ["unanswered", "silent"])
def test_a_login_that_hangs_is_stopped(db: Database, served: OdbcRemote, place: str) -> None:
    """No driver can be stopped there: the process ends."""
    with unanswering() as deaf, Proxy(served.server.port) as proxy:
        proxy.every(Fault(stall_after=0))
        connection = served.connection(port=deaf if place == "unanswered" else proxy.port, connect_timeout=600)
        with db.import_in_background(served.connector(connection=connection, table="t")) as job:
            wait_until(lambda: bool(descendants(job.pid)) or not job.running(), what="the reader")
            if place == "silent":
                wait_until(lambda: proxy.accepted > 0 or not job.running(), what="the login")
            job.cancel()
            with fails("canceling statement due to user request", sqlstate=CANCELED):
                job.result()
            no_readers(job.pid)
            assert job.database.value("SELECT 1") == 1


def test_connect_timeout(db: Database, served: OdbcRemote) -> None:
    with Proxy(served.server.port) as proxy:
        proxy.every(Fault(stall_after=0))
        connection = served.connection(port=proxy.port, connect_timeout=1)
        with fails("could not connect|did not answer in time", detail="phase connect", number=6667):
            db.value("SELECT cdb_connector_check(%s)", json.dumps(served.connector(connection=connection)))
    no_readers(db.pid)


def test_a_server_that_ends_in_the_rows(db: Database, odbc_postgres15: OdbcRemote) -> None:
    remote = odbc_postgres15
    remote.create_rows("ending", 2000)
    with Proxy(remote.server.port) as proxy:
        query = remote.endless_query("ending")
        connector = remote.connector(connection=remote.connection(port=proxy.port), sql_query=query, import_as="ending")
        with db.import_in_background({**connector, "max_rows": 0}) as job:
            wait_until(lambda: proxy.from_server > 300_000 or not job.running(), what="rows")
            remote.server.kill()
            with fails("could not (read|run)", number=1011):
                job.result()
            no_readers(job.pid)
    remote.server.start()
    remote.drop("ending")
