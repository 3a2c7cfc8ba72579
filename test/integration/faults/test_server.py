"""The remote server dies, or the network between fails, while an import runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness.database import Database
from harness.dialects import dialect_of
from harness.errors import fails
from harness.faults import fails_cleanly, import_fails, secrets_of
from harness.stalls import ROWS, STALLS, TABLE, Stall
from harness.thorough import PROVIDERS, by_turns

from servers.process import wait_until
from servers.proxy import Fault, Proxy
from servers.remote import Remote
from servers.server import Server

pytestmark = by_turns("one_remote", *PROVIDERS)


@pytest.fixture
def table(one_remote: Remote) -> Iterator[Remote]:
    one_remote.create_rows(TABLE, ROWS, width=60)
    yield one_remote
    one_remote.server.start()
    one_remote.drop(TABLE)


def may_be_killed(remote: Remote) -> None:
    """Skips the test where a server is not ours, or takes too long to come back."""
    if not isinstance(remote.server, Server):
        pytest.skip("the server that CONNECTOR_TEST_SQLSERVER names is not ours to be killed")
    if not dialect_of(remote).starts_soon:
        pytest.skip(f"{remote.kind} takes too long to start again")


@contextmanager
def slow_rows(db: Database, remote: Remote) -> Iterator[Stall]:
    """Rows trickle in, without end."""
    with Proxy(remote.server.port) as proxy:
        proxy.every(Fault(bytes_per_second=3_000_000))
        connection, query = remote.connection(port=proxy.port), remote.endless_query(TABLE)
        connector = remote.connector(connection=connection, sql_query=query, import_as="trickling")
        yield Stall(connector, lambda pid: proxy.from_server > 200_000)


@pytest.mark.parametrize("phase", ["lock", "execute", "slow", "load"])
def test_server_is_killed(db: Database, table: Remote, phase: str) -> None:
    """SIGKILL before the first row, between rows, and while rows come as fast as they can."""
    may_be_killed(table)
    words = dialect_of(table).words["lost"]
    with (slow_rows if phase == "slow" else STALLS[phase])(db, table) as stall:
        job = db.import_in_background(stall.connector)
        job.database.execute("SET connector.max_rows = 0")
        expected = {"number": words.number, "detail": f"phase ({words.phase})", "secrets": secrets_of(stall.connector)}
        with fails_cleanly(job.database, None, words.message, **expected) as failure:
            with job:
                stall.wait(job)
                table.server.kill()
                job.result()
        assert failure.hint
    table.server.start()
    table.create_rows(TABLE, 10)  # what it had not flushed is gone
    assert db.import_table(table.connector(table=TABLE, import_as=f"after_{phase}"))["rows"] == 10


def test_silence_in_the_middle_of_an_answer(db: Database, table: Remote) -> None:
    """It ends after connector.read_timeout; a query that takes longer until its first row is let be."""
    with db.another() as session:
        session.execute("LOAD 'connector'; SET connector.read_timeout = '1s'")
        told = f"Provider {table.provider}, phase fetch.\n[0-9]+ rows had come"
        assert session.import_table(table.connector(sql_query=table.slow_query(3), import_as="patient"))["rows"] == 1
        with fails_cleanly(session, table, "has sent nothing for 1 second ", number=6673, sqlstate="08006", hint="connector.read_timeout", detail=told):
            with Proxy(table.server.port) as proxy:  # a session there ends with it at the latest
                proxy.every(Fault(stall_after=1_000_000))
                session.import_table(table.connector(connection=table.connection(port=proxy.port), table=TABLE))
        session.execute("DROP TABLE patient")


def test_server_is_killed_at_connect(db: Database, table: Remote) -> None:
    """The kernel takes the connection for a server that stands still, and then is no more."""
    may_be_killed(table)
    words = dialect_of(table).words["closed"]
    server = table.server
    server.freeze()
    job = db.import_in_background(table.connector(table=TABLE))
    with fails_cleanly(job.database, None, words.message, number=words.number, detail="phase connect"):
        with job:
            wait_until(
                lambda: bool(db.rows("SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Extension'", job.pid)),
                what="the wait for the greeting",
            )
            server.kill()
            job.result()


def test_server_is_gone(db: Database, table: Remote) -> None:
    may_be_killed(table)
    words = dialect_of(table).words["refused"]
    table.server.kill()
    import_fails(db, None, table.connector(table=TABLE), words.message, number=words.number, detail="phase connect")


# How many bytes of the server pass: nothing, half a greeting, the login, the first rows, half of the rows.
CUTS = {"at once": 0, "greeting": 30, "describe": 1_500, "first rows": 20_000, "half way": 700_000}


@pytest.mark.parametrize("reset", [False, True], ids=["FIN", "RST"])
@pytest.mark.parametrize("after", CUTS)
def test_connection_is_cut(db: Database, table: Remote, after: str, reset: bool) -> None:
    words = dialect_of(table).words
    with Proxy(table.server.port) as proxy:
        proxy.every(Fault(cut_after=CUTS[after], reset=reset))
        connector = table.connector(connection=table.connection(port=proxy.port), table=TABLE)
        expected = words["closed" if after in ("at once", "greeting") else "lost"]
        failure = import_fails(db, table, connector, expected.message, number=expected.number)
        assert "phase" in failure.detail
        wait_until(lambda: proxy.open == 0, what="the end of all connections")


def test_cut_before_the_end_is_no_short_table(db: Database, table: Remote) -> None:
    """Wherever the connection breaks in the last bytes, there is no table with too few rows."""
    with Proxy(table.server.port) as proxy:
        connector = table.connector(connection=table.connection(port=proxy.port), table=TABLE, import_as="whole")
        sizes = []
        for _ in range(4):  # what a server says of itself may be a byte shorter or longer, as a time of day
            before = proxy.from_server
            assert db.import_table(connector)["rows"] == ROWS
            sizes.append(proxy.from_server - before)
            db.execute("DROP TABLE whole")
        total = min(sizes) - dialect_of(table).goodbye
        for missing in (1, 5, 9, 100):
            cut, before, failed = total - missing, proxy.from_server, False
            while not failed:
                proxy.next(Fault(cut_after=cut))
                try:
                    import_fails(db, table, connector, dialect_of(table).words["lost"].message)
                    failed = True
                except pytest.fail.Exception:  # the answers were shorter this time, so that nothing was cut
                    assert proxy.from_server - before <= cut
                    before = proxy.from_server
                    db.execute("DROP TABLE whole")


def test_dribbling_server(db: Database, table: Remote) -> None:
    """A slow network changes nothing but the time."""
    with Proxy(table.server.port) as proxy:
        proxy.every(Fault(bytes_per_second=2_000_000))
        connector = table.connector(connection=table.connection(port=proxy.port), table=TABLE, import_as="slowly")
        assert db.import_table(connector)["rows"] == ROWS
    assert db.rows("SELECT count(*), min(id), max(id) FROM slowly") == [(ROWS, 1, ROWS)]


def test_stall_and_resume(db: Database, table: Remote) -> None:
    """Silence alone is no error."""
    with STALLS["fetch"](db, table) as stall, Proxy(table.server.port) as proxy:
        proxy.next(Fault(stall_after=500_000))
        connector = {**stall.connector, "connection": table.connection(port=proxy.port), "import_as": "resumed"}
        with db.import_in_background(connector) as job:
            proxy.wait_until_stalled()
            proxy.resume()
            assert job.result()[0][0]["rows"] == ROWS


def test_session_is_killed(db: Database, table: Remote) -> None:
    """An administrator of the remote ends our session."""
    words = dialect_of(table).words["lost"]
    with STALLS["execute"](db, table) as stall:
        job = db.import_in_background(stall.connector)
        with fails_cleanly(job.database, table, words.message, number=words.number, detail=f"phase ({words.phase})"):
            with job:
                stall.wait(job)
                for session in table.sessions():
                    table.kill_session(session.number)
                job.result()


def test_local_error_stops_a_server_that_is_writing(db: Database, table: Remote) -> None:
    """An error of ours, while the server has far more rows in hand than the network takes: it must not sit there."""
    table.create_rows(TABLE, 200_000, width=200)
    connector = table.connector(table=TABLE, columns={"id": "smallint", "word": None})
    import_fails(db, table, connector, "column \"id\", row 32768", number=2001, detail="[Pp]hase convert")


def timers(port: int) -> list[str]:
    """Kinds of the timers that the kernel runs for connections to a local port (proc_net_tcp.txt)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row[5].partition(":")[0] for row in rows if row[3] == "01" and int(row[2].rpartition(":")[2], 16) == port]


def test_keepalives(db: Database, table: Remote) -> None:
    """The kernel asks for a peer that is silent for long: without it one that vanished is waited for for ever."""
    keepalive = "02"
    with STALLS["execute"](db, table) as stall, db.import_in_background(stall.connector) as job:
        stall.wait(job)
        wait_until(lambda: timers(table.server.port) == [keepalive], limit=30, what="the keepalive timer")
        job.cancel()


def test_a_loop_goes_on_behind_a_server_that_is_silent(db: Database, table: Remote) -> None:
    """WHEN OTHERS of PL/pgSQL catches a time-out of ours; a statement_timeout stays a cancel, which it leaves out."""
    loop = """
        CREATE FUNCTION public.import_all(requests json[]) RETURNS text[] LANGUAGE plpgsql AS $$
        DECLARE request json; told text[] := '{}';
        BEGIN
          FOREACH request IN ARRAY requests LOOP
            BEGIN
              told := told || (cdb_import_connector(request) ->> 'state');
            EXCEPTION WHEN OTHERS THEN
              told := told || sqlstate;
            END;
          END LOOP;
          RETURN told;
        END $$"""
    db.execute(loop)
    with Proxy(table.server.port) as proxy:
        proxy.every(Fault(stall_after=0))
        silent = json.dumps(table.connector(connection=table.connection(port=proxy.port, connect_timeout=1), table=TABLE))
        good = json.dumps(table.connector(table=TABLE, import_as="behind"))
        told = db.value("SELECT public.import_all(ARRAY[%s, %s]::json[])", silent, good)
        assert told == ["HYT00", "complete"]
        with fails("canceling statement due to statement timeout", sqlstate="57014"):
            db.execute("BEGIN; SET LOCAL statement_timeout = '300ms'; SELECT public.import_all(ARRAY[%s]::json[])", silent)
        db.execute("ROLLBACK")
    db.execute("DROP FUNCTION public.import_all(json[]); DROP TABLE behind")


def test_a_run_that_takes_too_long_tells_how_far_it_came(db: Database, mariadb: Remote) -> None:
    """And the advice fits: a remote that is silent needs other help than one that sends too much.

    Any provider will do: what ends the wait is the same for all.
    """
    table = mariadb
    table.create_rows(TABLE, ROWS, width=60)
    with db.another() as session:
        session.execute("LOAD 'connector'; SET connector.statement_timeout = '5s'; SET connector.max_rows = 0")
        told = f"Provider {table.provider}, phase fetch.\n[0-9]+ rows had come. The remote server had sent nothing for the last [0-9]+ second"
        with fails_cleanly(session, table, "longer than connector.statement_timeout", number=6667, detail=told, hint="stalled"):
            with Proxy(table.server.port) as proxy:
                proxy.every(Fault(stall_after=1_000_000))
                session.import_table(table.connector(connection=table.connection(port=proxy.port), table=TABLE))
        with fails_cleanly(session, table, number=6667, detail="phase (describe|execute).\nNo row had come", hint="first row"):
            session.import_table(table.connector(sql_query=table.slow_query(600), import_as="late"))
        with fails_cleanly(session, table, number=6667, detail="phase fetch.\n[0-9]+ rows had come", hint="max_rows"):
            session.import_table(table.connector(sql_query=table.endless_query(TABLE), import_as="endless"))
    table.drop(TABLE)
