"""Statements on foreign tables that are stopped, wherever they are: they end, the remote's session ends, and the session here goes on."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database, Job
from harness.errors import fails
from harness.faults import CANCELED, backend_is_gone
from harness.foreign import options_of
from harness.stalls import ROWS, STALLS, TABLE, Stall
from harness.traces import no_remote_sessions, nothing_left_behind
from harness.thorough import PROVIDERS, always, by_turns

from servers.process import wait_until
from servers.remote import Remote

pytestmark = by_turns("one_remote", *PROVIDERS)

# Where a foreign table can come to a halt: the rest is of imports.
PHASES = [phase for phase in STALLS if phase not in ("index", "lock", "columns")]
BEFORE_DESCRIBING = ("connect", "silence", "authenticate")
STATEMENTS = {
    "select": ("SELECT word FROM stalling", PHASES),
    "plan": ("EXPLAIN SELECT * FROM stalling", (*BEFORE_DESCRIBING, "describe")),
    "analyze": ("ANALYZE stalling", ("connect", "describe", "fetch")),
    "import": ("IMPORT FOREIGN SCHEMA testdb FROM SERVER stalling INTO public", BEFORE_DESCRIBING),
}
CASES = [pytest.param(statement, phase, id=f"{name}-{phase}") for name, (statement, phases) in STATEMENTS.items() for phase in phases]


@pytest.fixture
def table(one_remote: Remote) -> Iterator[Remote]:
    one_remote.create_rows(TABLE, ROWS, width=60)
    yield one_remote
    one_remote.drop(TABLE)


@pytest.fixture
def server(db: Database) -> Iterator[Database]:
    yield db
    db.execute("DROP SERVER IF EXISTS stalling CASCADE")


def create(db: Database, stall: Stall) -> None:
    """The foreign table `stalling`, of the request that comes to a halt."""
    connection = dict(stall.connector["connection"])
    login = {key: connection.pop(key) for key in ("username", "password") if key in connection}
    connection.pop("session", None)
    query = stall.connector.get("sql_query")
    table = {"query": query} if query else {"table_name": stall.connector["table"]}
    word = "slept" if query and "slept" in query else "word"
    db.execute(
        f"CREATE SERVER stalling FOREIGN DATA WRAPPER connector {options_of({'provider': stall.connector['provider'], **connection})}; "
        f"CREATE USER MAPPING FOR CURRENT_USER SERVER stalling {options_of(login)}; "
        f"CREATE FOREIGN TABLE stalling (word text {options_of({'column_name': word})}) SERVER stalling {options_of(table)}"
    )


def begun(db: Database, statement: str) -> Job:
    job = db.in_background(statement)
    job.database.execute("SELECT cdb_connectors()")  # loads the library before descriptors are counted
    return job


def assert_stopped(session: Database, remote: Remote) -> None:
    """Nothing runs there. A connection whose statement could be stopped may be kept, but nothing uses it."""
    wait_until(lambda: not any(there.statement for there in remote.sessions()), limit=60, what="the end of our statements on the remote")
    assert session.value("SELECT count(*) FROM cdb_foreign_connections() WHERE in_use OR in_transaction") == 0
    session.execute("SELECT cdb_foreign_disconnect()")
    no_remote_sessions(remote)


@pytest.mark.parametrize(("statement", "phase"), CASES)
def test_cancel(server: Database, table: Remote, statement: str, phase: str) -> None:
    if table.provider == "sqlserver" and statement.startswith("EXPLAIN") and phase == "describe":
        pytest.skip("the stall begins behind the description of the table there, which is all that a plan asks for")
    with STALLS[phase](server, table) as stall:
        create(server, stall)
        with nothing_left_behind(server, table), begun(server, statement) as job:
            stall.wait(job)
            job.cancel()
            with fails("canceling statement due to user request", sqlstate=CANCELED):
                job.result()
            assert_stopped(job.database, table)


@pytest.mark.parametrize("phase", PHASES)
def test_terminate(server: Database, table: Remote, phase: str) -> None:
    with STALLS[phase](server, table) as stall:
        create(server, stall)
        with nothing_left_behind(server, table), begun(server, "SELECT word FROM stalling") as job:
            stall.wait(job)
            job.terminate()
            with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
                job.result()
            backend_is_gone(server, job.pid)
            no_remote_sessions(table)


@pytest.mark.parametrize("phase", always(["fetch"], ["connect", "describe", "execute", "fetch"]))
def test_statement_timeout(server: Database, table: Remote, phase: str) -> None:
    with STALLS[phase](server, table) as stall, server.another() as session:
        create(server, stall)
        session.execute("SET statement_timeout = '2s'")
        with nothing_left_behind(server, table):
            with fails("canceling statement due to statement timeout", sqlstate=CANCELED):
                session.execute("SELECT word FROM stalling")
            assert_stopped(session, table)
