"""Several connections read one table, and something fails: nothing is left here or there, and the next run works."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from harness.database import Database
from harness.dialects import dialect_of
from harness.faults import CANCELED, TIMED_OUT, backend_is_gone, fails_cleanly
from harness.parted import ROWS, TABLE, Reading, create_parted, no_sessions, reading
from harness.scratch import drop_tables
from harness.thorough import MYSQL_OR_POSTGRES, by_turns

from servers.process import wait_until
from servers.proxy import Fault, Proxy
from servers.remote import Remote

pytestmark = by_turns("parted", MYSQL_OR_POSTGRES)


@pytest.fixture(params=["mariadb", "postgres15"])
def parted(request: pytest.FixtureRequest) -> Iterator[Remote]:
    """One server of each provider from which several connections can read, with a table whose rows take their time."""
    found: Remote = request.getfixturevalue(request.param)
    found.server.start()
    create_parted(found, width=200)
    yield found
    found.drop(TABLE)


def bytes_of_login(db: Database, remote: Remote) -> int:
    """About as many bytes come from the server until a session is there."""
    with Proxy(remote.server.port) as proxy:
        db.value("SELECT cdb_connector_check(%s)", json.dumps(remote.connector(connection=remote.connection(port=proxy.port))))
        return proxy.from_server - 50  # the answer to the statement that is tried has some more


def imports_again(db: Database, remote: Remote) -> None:
    """The next run has all rows."""
    with db.another() as session:
        result = session.import_table(remote.connector(table=TABLE, import_as="again", readers=4))
        assert (result["readers"], result["rows"]) == (4, ROWS)
        drop_tables(session)
    no_sessions(remote)


def kill_one(reads: Reading) -> None:
    reads.remote.kill_session(reads.remote.statements(TABLE)[-1].number)


def cut_all(reads: Reading) -> None:
    reads.proxy.cut(reset=True)


@pytest.mark.parametrize("fail", [kill_one, cut_all])
def test_connections_are_lost(db: Database, parted: Remote, fail: Callable[[Reading], None]) -> None:
    # Of a part more must be left than all buffers on the way take.
    create_parted(parted, width=1000)
    words = dialect_of(parted).words["lost"]
    with reading(db, parted, bytes_per_second=2_000_000) as reads:
        # One that is killed may be told why.
        message = words.message if fail is cut_all else ""
        with fails_cleanly(reads.job.database, None, message, detail=f"Provider {parted.provider}, phase"):
            with reads.job as job:
                reads.wait()
                fail(reads)
                job.result()
    no_sessions(parted)
    imports_again(db, parted)


def test_one_connection_is_silent(db: Database, parted: Remote) -> None:
    """The others have much to say meanwhile."""
    with db.another() as session, Proxy(parted.server.port) as proxy:
        session.execute("SET connector.read_timeout = '2s'")
        # The first connection does not read.
        proxy.next(Fault(), Fault(bytes_per_second=300_000), Fault(stall_after=100_000))
        proxy.every(Fault(bytes_per_second=300_000))
        connector = parted.connector(connection=parted.connection(port=proxy.port), table=TABLE, readers=4)
        with fails_cleanly(session, None, "has sent nothing for 2 seconds in the middle of its answer", number=6673) as failure:
            session.import_table(connector)
        assert f"Provider {parted.provider}" in failure.detail and "rows had come" in failure.detail
    no_sessions(parted)
    imports_again(db, parted)


@pytest.mark.parametrize(("kind", "limit"), [("mysql56", 1), ("mariadb", 1), ("postgres15", 10)])
def test_one_connection_does_not_come_to_the_state(db: Database, request: pytest.FixtureRequest, kind: str, limit: int) -> None:
    """It gets no answer: the others give up soon, before the remote's locks do, and one of them reads alone."""
    remote: Remote = request.getfixturevalue(kind)
    remote.server.start()
    create_parted(remote)
    with db.another() as session, Proxy(remote.server.port) as proxy:
        proxy.next(Fault(), Fault(), Fault(stall_after=bytes_of_login(db, remote)))
        result = session.import_table(remote.connector(connection=remote.connection(port=proxy.port), table=TABLE, readers=4))
        assert proxy.accepted >= 5
        assert (result["readers"], result["rows"]) == (1, ROWS)
        reason = f"read by one connection instead of 4: the connections did not come to one state within {limit} s"
        assert result["warnings"]["fewer_readers"].startswith(reason)
        drop_tables(session)
    imports_again(db, remote)
    remote.drop(TABLE)


def test_the_password_is_changed_meanwhile(db: Database, parted: Remote) -> None:
    """Behind the login of the first connection: of the others one tries, so that no account is locked."""
    account, password = parted.connection()["username"], str(parted.connection()["password"])
    change = f"ALTER USER '{account}'@'%' IDENTIFIED BY '{{}}'" if parted.provider == "mysql" else f"ALTER ROLE {account} PASSWORD '{{}}'"
    with Proxy(parted.server.port) as proxy:
        proxy.next(Fault(stall_after=bytes_of_login(db, parted)))
        connector = parted.connector(connection=parted.connection(port=proxy.port), table=TABLE, readers=4)
        job = db.import_in_background(connector)
        try:
            with fails_cleanly(job.database, None, "could not connect", secrets=(password,), number=1012), job:
                proxy.wait_until_stalled()
                parted.execute(change.format("another"))
                proxy.resume()
                job.result()
        finally:
            parted.execute(change.format(password))
        assert proxy.accepted == 2
    no_sessions(parted)
    imports_again(db, parted)


def test_it_is_cancelled(db: Database, parted: Remote) -> None:
    with reading(db, parted) as reads, fails_cleanly(reads.job.database, None, sqlstate=CANCELED), reads.job as job:
        reads.wait()
        job.cancel()
        job.result(limit=6)
    no_sessions(parted)
    imports_again(db, parted)


def test_the_backend_is_terminated(db: Database, parted: Remote) -> None:
    with reading(db, parted) as reads, reads.job as job:
        reads.wait()
        job.terminate()
        backend_is_gone(db, job.pid)
        no_sessions(parted)
    assert db.rows("SELECT 1 FROM pg_class WHERE relname = %s", TABLE) == []
    imports_again(db, parted)


def test_it_is_cancelled_while_nothing_passes(db: Database, parted: Remote) -> None:
    """No connection carries anything any more, new ones included: a cancel ends the run all the same."""
    with reading(db, parted) as reads, fails_cleanly(reads.job.database, None, sqlstate=CANCELED), reads.job as job:
        reads.wait()
        reads.proxy.every(Fault(stall_after=0))
        reads.proxy.stall()
        job.cancel()
        job.result(limit=6)
    no_sessions(parted)
    imports_again(db, parted)


@pytest.mark.parametrize("setting", ["statement_timeout", "connector.statement_timeout"])
def test_it_takes_too_long(db: Database, parted: Remote, setting: str) -> None:
    with db.another() as session, Proxy(parted.server.port) as proxy:
        proxy.every(Fault(bytes_per_second=100_000))
        session.execute(f"SET {setting} = '3s'")
        connector = parted.connector(connection=parted.connection(port=proxy.port), table=TABLE, readers=4)
        with fails_cleanly(session, None, sqlstate=TIMED_OUT if setting.startswith("connector") else CANCELED):
            session.import_table(connector)
    no_sessions(parted)
    imports_again(db, parted)


def test_the_remote_has_no_place_for_all(db: Database, parted: Remote) -> None:
    """Then there are fewer connections, and a NOTICE says so."""
    account = parted.connection()["username"]
    limit = f"ALTER USER '{account}'@'%' WITH MAX_USER_CONNECTIONS {{}}" if parted.provider == "mysql" else f"ALTER ROLE {account} CONNECTION LIMIT {{}}"
    parted.execute(limit.format(3))
    try:
        with db.another() as session:
            result = session.import_table(parted.connector(table=TABLE, readers=4))
            assert (result["readers"], result["rows"]) == (2, ROWS), result
            assert result["warnings"]["fewer_readers"].startswith("read by 2 connections instead of 4: ")
            assert sum("read by 2 connections instead of 4" in notice for notice in session.notices) == 1
            drop_tables(session)
    finally:
        parted.execute(limit.format(0 if parted.provider == "mysql" else -1))
    no_sessions(parted)


def test_a_value_that_can_not_be_held(db: Database, parted: Remote) -> None:
    """In the middle of one part: the words are those of one connection."""
    with db.another() as session:
        connector = parted.connector(table=TABLE, columns={"id": "smallint", "word": None})
        messages = []
        for readers in (1, 4):
            with fails_cleanly(session, parted) as failure:
                session.import_table(connector, readers=readers)
            messages.append(failure)
        one, several = messages
        assert (one.sqlstate, one.detail) == (several.sqlstate, several.detail)
        assert several.message.startswith('column "id", row ')


def test_a_column_is_changed_meanwhile(db: Database, parted: Remote) -> None:
    """Whoever wants to do that waits until the rows are read, or the read begins anew by one connection."""
    with db.another() as session:
        request = json.dumps(parted.connector(table=TABLE, import_as="changed", readers=4))
        job = session.in_background("SELECT cdb_import_connector(%s)", request)
        with job:
            for number in range(5):
                parted.execute(f"ALTER TABLE {TABLE} ADD COLUMN more_{number} int")
            wait_until(lambda: not job.running(), limit=60, what="the end of the import")
            try:
                assert job.result()[0][0]["rows"] == ROWS
            except Exception as error:  # an error is as good, if it says what has happened
                assert "changed" in str(error) or "definition" in str(error), error
        drop_tables(session)
    no_sessions(parted)
