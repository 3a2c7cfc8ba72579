"""A server that means harm: the backend gives a clean error every time, and nothing of this machine gets out."""

from __future__ import annotations

import re
from typing import Any

import psycopg2
import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import clean, fails_cleanly, resident, secrets_of
from harness.traces import descriptors

from servers.fake_mysql import ASKED_FILE, FakeMySql, Mode

PASSWORD = "a-secret-password"
BEFORE_LOGIN = {
    Mode.SILENT,
    Mode.CLOSES_AT_ONCE,
    Mode.GARBAGE_GREETING,
    Mode.HUGE_GREETING,
    Mode.TRUNCATED_GREETING,
    Mode.STALL_AFTER_GREETING,
    Mode.TLS_LIE,
    Mode.CLEAR_PASSWORD,
    Mode.UNKNOWN_PLUGIN,
    Mode.ERROR_GREETING,
    Mode.STALL_AFTER_AUTH,
}
# The client library does not mind, and need not: TCP keeps the order.
HARMLESS = {Mode.BAD_SEQUENCE}
# These make the client wait: the test lets it run into its timeout.
STALLS = {
    Mode.SILENT,
    Mode.HUGE_GREETING,
    Mode.STALL_AFTER_GREETING,
    Mode.STALL_AFTER_AUTH,
    Mode.STALL_ON_QUERY,
    Mode.STALL_AFTER_COLUMNS,
    Mode.STALL_MID_ROWS,
    Mode.HUGE_COLUMN_COUNT,
    Mode.TLS_LIE,
    Mode.LOCAL_INFILE,
}
BAD = [mode for mode in Mode if mode is not Mode.WELL_BEHAVED and mode not in HARMLESS]


def request(fake: FakeMySql, **connection: object) -> dict[str, Any]:
    return {
        "provider": "mysql",
        "connection": fake.connection(password=PASSWORD, connect_timeout=1, **connection),
        "sql_query": "SELECT misbehave",
        "import_as": "from_fake",
    }


@pytest.fixture
def hasty(db: Database) -> Database:
    """A session that does not wait long."""
    session = db.another()
    session.execute("SET connector.statement_timeout = '2s'")
    session.value("SELECT cdb_connectors()")  # the library is loaded before descriptors are counted
    return session


def test_well_behaved(db: Database) -> None:
    """The fake server is good enough for a client, so what the tests below see is the misdeed's doing."""
    with FakeMySql(Mode.WELL_BEHAVED, trigger="misbehave") as fake:
        assert db.import_table(request(fake))["rows"] == 2
        assert db.rows("SELECT id, word FROM from_fake ORDER BY id") == [(1, "één"), (2, "two")]
        db.execute("DROP TABLE from_fake")
        fake.wait_until_left()


@pytest.mark.parametrize("mode", BAD, ids=lambda mode: mode.name)
def test_misbehaves(hasty: Database, mode: Mode) -> None:
    with hasty, FakeMySql(mode, trigger="misbehave") as fake:
        with fails_cleanly(hasty, None, secrets=(PASSWORD,)) as failure:
            hasty.import_table(request(fake))
        assert re.search(r"Connector error (1011|1012|6667|2001|2006)\.", failure.detail), failure.everything
        assert failure.sqlstate not in ("XX000", "53200"), failure.everything
        if mode in BEFORE_LOGIN:
            assert "could not connect" in failure.message or "timed out" in failure.message, failure.everything
        assert hasty.value("SELECT 1") == 1
        fake.wait_until_left()


@pytest.mark.parametrize("mode", HARMLESS, ids=lambda mode: mode.name)
def test_harmless(hasty: Database, mode: Mode) -> None:
    """An error or the right rows, nothing else."""
    with hasty, FakeMySql(mode, trigger="misbehave") as fake:
        hasty.execute("BEGIN")
        try:
            hasty.import_table(request(fake))
            assert hasty.rows("SELECT id, word FROM from_fake ORDER BY id") == [(1, "één"), (2, "two")]
        except psycopg2.Error as error:
            assert "Connector error" in (error.diag.message_detail or "")
        hasty.execute("ROLLBACK")
        fake.wait_until_left()


@pytest.mark.parametrize("armed", ["misbehave", "CONNECTION_ID", "information_schema", "SELECT"])
def test_local_infile(hasty: Database, armed: str) -> None:
    """No byte of a file goes to a server that asks for one, in answer to whatever statement."""
    with hasty, FakeMySql(Mode.LOCAL_INFILE, trigger=armed) as fake:
        connector = request(fake)
        if armed == "information_schema":
            connector = {**connector, "table": "t"}
            del connector["sql_query"]
        with fails_cleanly(hasty, None, secrets=(PASSWORD,)):
            hasty.import_table(connector)
        fake.wait_until_left()
        received = fake.received
    assert b"root:" not in received and b"/bin/" not in received
    assert ASKED_FILE not in received


def test_password_is_not_sent_in_clear(hasty: Database) -> None:
    """To a server that asks for it without TLS."""
    with hasty, FakeMySql(Mode.CLEAR_PASSWORD) as fake:
        with fails_cleanly(hasty, None, "", number=1012, secrets=(PASSWORD,)) as failure:
            hasty.import_table(request(fake))
        fake.wait_until_left()
        assert PASSWORD.encode() not in fake.received
        assert failure.hint


def test_plugin_path_is_not_loaded(hasty: Database) -> None:
    with hasty, FakeMySql(Mode.UNKNOWN_PLUGIN) as fake:
        with fails_cleanly(hasty, None, "", number=1012, detail="authenticate"):
            hasty.import_table(request(fake))


def test_odd_error_text(hasty: Database) -> None:
    """Format directives, invalid UTF-8 and control characters of a remote message do no harm, and stay readable."""
    with hasty, FakeMySql(Mode.ODD_ERROR, trigger="misbehave") as fake:
        with fails_cleanly(hasty, None, r"odd %s%n", number=1011) as failure:
            hasty.import_table(request(fake))
        assert "back\\slash" in failure.message
        assert "\x1b" not in failure.message


def test_tls_lie_is_not_downgraded(hasty: Database) -> None:
    """A server that offers TLS and then fails gets no password without it, in any mode but disable."""
    for mode in ("prefer", "require"):
        with FakeMySql(Mode.TLS_LIE) as fake:
            with fails(detail=r"phase connect.*Connector error (1012|6667)\."):  # garbage, or the start of something long
                hasty.import_table(request(fake, sslmode=mode))
            fake.wait_until_left()
            assert fake.accepted == 1
            assert b"somebody" not in fake.received
    hasty.close()


def test_many_times_in_one_session(db: Database) -> None:
    """200 bad servers in a row cost neither memory nor descriptors."""
    modes = [mode for mode in BAD if mode not in STALLS and mode is not Mode.ENDLESS_ROW]
    with db.another() as session:
        session.execute("SET connector.statement_timeout = '20s'")
        grown: list[int] = []
        with clean(session, None, (PASSWORD,)):
            for number in range(200):
                with FakeMySql(modes[number % len(modes)], trigger="misbehave") as fake:
                    connector = request(fake)
                    connector["connection"]["connect_timeout"] = 20
                    with fails(secrets=secrets_of(connector)):
                        session.import_table(connector)
                if number % len(modes) == len(modes) - 1:
                    grown.append(resident(session.pid))
        assert descriptors(session)
        assert grown[-1] - grown[0] < 2_000_000, f"the backend grew: {grown}"
