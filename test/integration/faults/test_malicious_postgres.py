"""A PostgreSQL server that means harm, in ways that only PostgreSQL's protocol has."""

from __future__ import annotations

import json
import time
from typing import Any

import psycopg2.extensions
import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import CANCELED, clean, fails_cleanly

from servers import fake_postgres
from servers.fake_postgres import FakePostgres, PgMode
from servers.hosts import chosen
from servers.process import wait_until
from servers.tls import Authority, Certificate

PASSWORD = "a-secret-password"
FOR_EVER = {"connect_timeout": 900}
SOON = 20.0
# Of the libpq that the extension is linked with: the machine's own, but on the host 17, which has Debian 13's.
NEW_LIBRARY = chosen().name == "17" or psycopg2.extensions.libpq_version() >= 160000


def request(fake: FakePostgres, **connection: object) -> dict[str, Any]:
    return {
        "provider": "postgres",
        "connection": fake.connection(**{"connect_timeout": 20, **connection}),
        "sql_query": "SELECT misbehave",
        "import_as": "from_fake",
    }


@pytest.fixture(scope="module")
def certificate(authority: Authority, db: Database) -> Certificate:
    return authority.server(db.server.account)


# TLS


def test_tls_of_the_fake_server(db: Database, certificate: Certificate) -> None:
    """It really speaks TLS, so the next test fails for the right reason."""
    with FakePostgres(PgMode.WELL_BEHAVED, tls=certificate) as fake:
        assert db.value("SELECT cdb_connector_check(%s)", json.dumps(without_query(request(fake, sslmode="require"))))


def without_query(connector: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in connector.items() if key in ("provider", "connection")}


@pytest.mark.parametrize("sslmode", ["prefer", "require"])
def test_bytes_behind_the_answer_to_the_tls_request(db: Database, certificate: Certificate, sslmode: str) -> None:
    """What somebody in between put there in clear must not count as said by the server (CVE-2021-23222)."""
    with FakePostgres(PgMode.TLS_STUFFED, tls=certificate) as fake:
        with fails_cleanly(db, None, "could not connect.*unencrypted data", number=1012, secrets=(PASSWORD,)):
            db.import_table(request(fake, sslmode=sslmode))
        fake.wait_until_left()
        assert PASSWORD.encode() not in fake.received and fake.statements == []


def test_nothing_is_told_without_tls(db: Database) -> None:
    """By default a server without TLS learns neither the role's name nor the password."""
    with FakePostgres(PgMode.WELL_BEHAVED, asks="cleartext") as fake:
        connector = request(fake)
        del connector["connection"]["sslmode"]
        with fails_cleanly(db, None, "could not connect.*SSL", number=1012, hint="sslmode", secrets=(PASSWORD,)):
            db.import_table(connector)
        fake.wait_until_left()
        assert b"somebody" not in fake.received and PASSWORD.encode() not in fake.received


def test_error_in_place_of_tls_is_not_the_servers(db: Database) -> None:
    """Words of an error in clear may be anybody's: they are not shown (CVE-2024-10977), and do not pass for a refusal
    of the password."""
    with FakePostgres(PgMode.TLS_ERROR) as fake, fails("could not connect", number=1012) as failure:
        db.import_table(request(fake, sslmode="require"))
    assert "somebody in between" not in failure.everything and "28P01" not in failure.everything


# passwords


def test_clear_password(db: Database, certificate: Certificate) -> None:
    """As with all of libpq's programs a server gets the password in clear if it asks so; TLS keeps it from others."""
    with FakePostgres(PgMode.WELL_BEHAVED, asks="cleartext", trigger="misbehave") as fake:
        assert db.import_table(request(fake, sslmode="disable"))["rows"] == 2
        assert PASSWORD.encode() in fake.received
    db.execute("DROP TABLE from_fake")


def test_server_that_wants_no_password(db: Database, plain: Database) -> None:
    """A role that is no superuser gets nowhere with it: no statement is sent."""
    with FakePostgres(PgMode.WELL_BEHAVED, asks="nothing", trigger="misbehave") as fake:
        with fails_cleanly(plain, None, "did not ask for the password", number=1501, secrets=(PASSWORD,)):
            plain.import_table(request(fake))
        fake.wait_until_left()
        assert fake.statements == []
        assert db.import_table(request(fake, password=""))["rows"] == 2  # a superuser may
    db.execute("DROP TABLE from_fake")


@pytest.mark.parametrize("mode", [PgMode.AUTH_GSS, PgMode.AUTH_SSPI, PgMode.AUTH_KERBEROS, PgMode.SASL_UNKNOWN])
def test_ways_in_without_the_password(plain: Database, mode: PgMode) -> None:
    with FakePostgres(mode) as fake:
        # From libpq 16 on, the library itself refuses other ways than those by password.
        if NEW_LIBRARY and mode is not PgMode.SASL_UNKNOWN:
            expected: dict[str, Any] = {"message": "did not ask for the password", "number": 1501, "hint": "pg_hba.conf"}
        else:
            expected = {"message": "could not connect", "number": 1012, "hint": "by password"}
        with fails_cleanly(plain, None, detail="authenticate", **expected):
            plain.import_table(request(fake))
        fake.wait_until_left()
        assert PASSWORD.encode() not in fake.received


# the catalog


@pytest.mark.parametrize("name", [b"w\xff", b"w" * 1_000_000, b"", b"a\nb", b"\xc3\xa9" * 40], ids=lambda name: name[:4].hex())
def test_names_of_columns(db: Database, name: bytes) -> None:
    """A name that is none is an error; any other is cut and cleaned like every name."""
    with FakePostgres(PgMode.WELL_BEHAVED, column_name=name) as fake:
        connector = {**request(fake), "table": "t"}
        del connector["sql_query"]
        with db.another() as session:
            session.execute("BEGIN")
            if b"\xff" in name:
                with fails("column name", number=2006):
                    session.import_table(connector)
            else:
                assert session.import_table(connector)["rows"] == 2
                assert [len(column.encode()) <= 63 for column, _, _ in session.columns("from_fake")] == [True, True]
                assert max(map(len, session.notices), default=0) < 2000
        fake.wait_until_left()


def test_nul_in_a_name(db: Database) -> None:
    """It would cut the name short wherever it is a C string."""
    with FakePostgres(PgMode.WELL_BEHAVED, column_name=b"w\0x") as fake:
        connector = {**request(fake), "table": "t"}
        del connector["sql_query"]
        with fails_cleanly(db, None, "column name", number=2006):
            db.import_table(connector)
        fake.wait_until_left()


# stopping


@pytest.mark.parametrize(
    "mode",
    [PgMode.OLD_ERROR_GREETING, PgMode.PARAMETER_FLOOD, PgMode.NOTICE_FLOOD_AT_LOGIN],
    ids=lambda mode: mode.name,
)
def test_login_without_end(db: Database, mode: PgMode) -> None:
    """However much time there is: the library keeps what comes, so there must be an end to it."""
    with FakePostgres(mode) as fake:
        # From libpq 16 on, the library puts an end to old errors itself.
        is_ended = NEW_LIBRARY and mode is PgMode.OLD_ERROR_GREETING
        message = "received invalid error message" if is_ended else "talks without end"
        with fails_cleanly(db, None, message, number=1012, secrets=(PASSWORD,)):
            db.import_table(request(fake, **FOR_EVER))
        fake.wait_until_left()


@pytest.mark.parametrize(
    "mode",
    [
        PgMode.OLD_ERROR_GREETING,
        PgMode.PARAMETER_FLOOD,
        PgMode.NOTICE_FLOOD_AT_LOGIN,
        PgMode.NOTICE_FLOOD,
        PgMode.NOTIFICATION_FLOOD,
        PgMode.PARAMETER_FLOOD_MID_ROWS,
        PgMode.ENDLESS_ROWS,
    ],
    ids=lambda mode: mode.name,
)
def test_cancel_in_a_flood(db: Database, mode: PgMode) -> None:
    """A server that never stops talking can be left at any time, or is left for it."""
    with FakePostgres(mode, trigger="misbehave") as fake:
        job = db.import_in_background({**request(fake, **FOR_EVER), "max_rows": 2_000_000_000})
        job.database.execute("SET connector.max_rows = 0")
        with clean(job.database, None, (PASSWORD,)), job:
            wait_until(lambda: fake.sent > 2_000_000 or not job.running(), what="the flood")
            start = time.monotonic()
            job.cancel()
            with fails("canceling statement|without end|not asked for" + ("|received invalid error message" if NEW_LIBRARY else "")) as failure:
                job.result()
            assert failure.sqlstate == CANCELED or "Connector error 101" in failure.detail
            assert time.monotonic() - start < SOON
        fake.wait_until_left()


def test_words_without_end(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says is kept and logged with each run, and so has an end."""
    monkeypatch.setattr(fake_postgres, "ODD_MESSAGE", b"on and on, " * 200_000)
    position = db.server.log_size()
    with FakePostgres(PgMode.ODD_ERROR, trigger="misbehave") as fake:
        id = db.value("SELECT cdb_sync_connector(%s) ->> 'id'", json.dumps(request(fake)))
        db.execute("CALL cdb_run_due_syncs()")
    message = db.value("SELECT error_message FROM connector.syncs WHERE id = %s", id)
    assert "on and on, on and on" in message and message.endswith("...")
    assert len(message) < 70_000 and db.server.log_size() - position < 200_000
    db.execute("SELECT cdb_sync_delete(%s)", id)
