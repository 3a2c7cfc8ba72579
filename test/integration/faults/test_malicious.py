"""A server that means harm: the backend gives a clean error every time, and nothing of this machine gets out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import Enum
from typing import Any

import psycopg2
import pytest
from harness.database import Database
from harness.errors import fails
from harness.fakes import FAKES, Fake
from harness.faults import clean, fails_cleanly, resident, secrets_of
from harness.memory import assert_grown_less
from harness.traces import descriptors

from servers.fake_mysql import ASKED_FILE, FakeMySql, Mode
from servers.fake_server import FakeServer

PASSWORD = "a-secret-password"
ROWS = [(1, "één"), (2, "two")]
PROVIDERS = pytest.mark.parametrize("kind", FAKES.values(), ids=list(FAKES))


def each(choose: Callable[[Fake], Iterable[Enum]]) -> pytest.MarkDecorator:
    """Parametrises a test over modes of each kind of server."""
    chosen = [(name, kind, mode) for name, kind in FAKES.items() for mode in choose(kind)]
    return pytest.mark.parametrize(
        ("kind", "mode"), [pytest.param(kind, mode, id=f"{name}-{mode.name}") for name, kind, mode in chosen]
    )


def request(fake: FakeServer, **connection: object) -> dict[str, Any]:
    return {
        "provider": fake.provider,
        "connection": fake.connection(**{"password": PASSWORD, "connect_timeout": 1, **connection}),
        "sql_query": "SELECT misbehave",
        "import_as": "from_fake",
    }


@pytest.fixture
def hasty(db: Database) -> Database:
    """A session that does not wait long, and that no limit of rows ends before."""
    session = db.another()
    session.execute("SET connector.statement_timeout = '2s'")
    session.execute("SET connector.max_rows = 0")
    session.value("SELECT cdb_connectors()")  # the library is loaded before descriptors are counted
    return session


@PROVIDERS
def test_well_behaved(db: Database, kind: Fake) -> None:
    """The fake server is good enough for a client, so what the tests below see is the misdeed's doing."""
    with kind.make(kind.modes["WELL_BEHAVED"], trigger="misbehave") as fake:
        assert db.import_table(request(fake))["rows"] == 2
        assert db.rows("SELECT id, word FROM from_fake ORDER BY id") == ROWS
        db.execute("DROP TABLE from_fake")
        fake.wait_until_left()


@each(lambda kind: kind.bad)
def test_misbehaves(hasty: Database, kind: Fake, mode: Enum) -> None:
    with hasty, kind.make(mode, trigger="misbehave") as fake:
        with fails_cleanly(hasty, None, secrets=(PASSWORD,)) as failure:
            hasty.import_table(request(fake, **kind.keys(mode)))
        print(f"{mode.name}: {failure.message}\n    {failure.detail!r}\n    {failure.hint}")
        assert re.search(r"Connector error (1011|1012|6667|2001|2006)\.", failure.detail), failure.everything
        assert failure.sqlstate not in ("XX000", "53200"), failure.everything
        if mode in kind.before_login:
            assert "could not connect" in failure.message or "timed out" in failure.message, failure.everything
            assert re.search("phase (connect|authenticate)", failure.detail), failure.everything
        assert hasty.value("SELECT 1") == 1
        fake.wait_until_left()


@PROVIDERS
def test_answers_of_the_catalog_have_too_few_columns(hasty: Database, kind: Fake) -> None:
    """It gives the same two columns whatever it is asked. What was meant for MySQL's catalog ended the whole cluster."""
    with hasty, kind.make(kind.modes["WELL_BEHAVED"]) as fake:
        if isinstance(fake, FakeMySql):  # else it has an answer for the catalog
            fake.answers = {"information_schema": [["7", "fake:3306"]]}
        pid = hasty.pid
        connector = json.dumps({**request(fake), "sql_query": None, "table": "things"})
        for query in ("cdb_import_connector(%s)", "cdb_connector_dry_run(%s)", "count(*) FROM cdb_connector_tables(%s)"):
            with suppress(psycopg2.Error):
                hasty.execute(f"SELECT {query}", connector)
            assert hasty.pid == pid and hasty.value("SELECT 1") == 1
        if isinstance(fake, FakeMySql):
            with fails("too few columns", detail="Connector error 1011"):
                hasty.execute("SELECT cdb_import_connector(%s)", connector)
        hasty.execute("DROP TABLE IF EXISTS things, from_fake")


@each(lambda kind: sorted(kind.harmless, key=lambda mode: mode.name))
def test_harmless(hasty: Database, kind: Fake, mode: Enum) -> None:
    """An error or the right rows, nothing else."""
    with hasty, kind.make(mode, trigger="misbehave") as fake:
        hasty.execute("BEGIN")
        try:
            hasty.import_table(request(fake, connect_timeout=20))
            assert hasty.rows("SELECT * FROM from_fake ORDER BY id") == ROWS
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


@PROVIDERS
def test_odd_error_text(hasty: Database, kind: Fake) -> None:
    """Format directives, invalid UTF-8 and control characters of a remote message do no harm, and stay readable."""
    with hasty, kind.make(kind.modes["ODD_ERROR"], trigger="misbehave") as fake:
        with fails_cleanly(hasty, None, r"odd %s%n", number=1011) as failure:
            hasty.import_table(request(fake))
        assert "back\\slash" in failure.message
        assert "\x1b" not in failure.message


@PROVIDERS
def test_tls_lie_is_not_downgraded(hasty: Database, kind: Fake) -> None:
    """A server that offers TLS and then fails gets no password without it, in any mode but disable."""
    for sslmode in ("prefer", "require") if kind.negotiates_tls else ("require",):
        with kind.make(kind.modes["TLS_LIE"]) as fake:
            with fails(detail=r"phase connect.*Connector error (1012|6667)\."):  # garbage, or the start of something long
                hasty.import_table(request(fake, sslmode=sslmode))
            fake.wait_until_left()
            assert fake.accepted == 1
            assert b"somebody" not in fake.received
    hasty.close()


@PROVIDERS
def test_many_times_in_one_session(db: Database, kind: Fake) -> None:
    """A dozen bad servers in a row, again and again, cost neither memory nor descriptors once the caches are filled."""
    modes = [mode for mode in kind.bad if mode not in kind.slow]
    modes = modes[:: max(1, len(modes) // 12)]
    with db.another() as session:
        session.execute("SET connector.statement_timeout = '1s'")  # any error will do, that of endless ones too
        grown: list[int] = []
        with clean(session, None, (PASSWORD,)):
            for _ in range(4):
                for mode in modes:
                    with kind.make(mode, trigger="misbehave") as fake:
                        connector = request(fake, connect_timeout=20, **kind.keys(mode))
                        with fails(secrets=secrets_of(connector)):
                            session.import_table(connector)
                grown.append(resident(session.pid))
        assert descriptors(session)
        assert_grown_less(grown[-1] - grown[1], 500_000, grown)
