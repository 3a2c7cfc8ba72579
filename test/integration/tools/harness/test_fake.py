"""The harness itself: the fake servers convince real clients, and really misbehave."""

from __future__ import annotations

import io
import subprocess

import psycopg2
import pymysql
import pytest

from servers.fake_mysql import FakeMySql, Mode
from servers.fake_postgres import FakePostgres, PgMode
from servers.server import executable

_STALLS = [
    Mode.SILENT,
    Mode.HUGE_GREETING,
    Mode.STALL_AFTER_GREETING,
    Mode.STALL_AFTER_AUTH,
    Mode.STALL_ON_QUERY,
    Mode.STALL_AFTER_COLUMNS,
    Mode.STALL_MID_ROWS,
]
_ENDLESS = [Mode.ENDLESS_ROW]
# What a lenient client may take for success.
_HARMLESS = [Mode.WELL_BEHAVED, Mode.LOCAL_INFILE, Mode.TLS_LIE, Mode.CLEAR_PASSWORD]


def connect(fake: FakeMySql, **more: object) -> pymysql.connections.Connection:
    return pymysql.connect(host="127.0.0.1", port=fake.port, user="somebody", password="pw", **more)


def test_well_behaved() -> None:
    with FakeMySql(Mode.WELL_BEHAVED) as fake:
        client = connect(fake)
        with client.cursor() as cursor:
            cursor.execute("SELECT anything")
            assert cursor.fetchall() == ((1, "één"), (2, "two"))
        client.close()
        fake.wait_until_left()
        assert "SELECT anything" in fake.statements
        assert b"SELECT anything" in fake.received


def test_prepared_statements_of_a_real_client() -> None:
    """The command line client speaks the text protocol only; PREPARE through libmariadb is in the drivers' tests."""
    with FakeMySql(Mode.WELL_BEHAVED) as fake:
        result = subprocess.run(
            [executable("mariadb", "mysql"), "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", f"--port={fake.port}"]
            + ["--user=x", "--password=y", "--batch", "--skip-ssl", "--execute=SELECT 1"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.stdout == "id\tword\n1\téén\n2\ttwo\n", result.stderr


def test_local_infile_is_asked_for() -> None:
    with FakeMySql(Mode.LOCAL_INFILE) as fake:
        client = connect(fake, local_infile=True)
        client.cursor().execute("LOAD anything")
        client.close()
        fake.wait_until_left()
        # pymysql obeys a server that asks, so the proof that nothing was sent can fail
        assert b"root:" in fake.received


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode not in _HARMLESS + _ENDLESS], ids=lambda mode: mode.name)
def test_misbehaves(mode: Mode) -> None:
    with FakeMySql(mode) as fake:
        try:
            client = connect(fake, connect_timeout=1, read_timeout=1)
            with client.cursor() as cursor:
                cursor.execute("SELECT anything")
                rows = cursor.fetchall()
            assert rows != ((1, "één"), (2, "two"))
            client.close()
        except Exception:  # whatever it is: pymysql has no words for most of this
            pass
        assert fake.lingering or mode not in _STALLS
        assert fake.accepted == 1


def test_trigger() -> None:
    with FakeMySql(Mode.ODD_ERROR, trigger="danger") as fake:
        client = connect(fake)
        with client.cursor() as cursor:
            cursor.execute("SELECT harmless")
            with pytest.raises(pymysql.err.Error, match="odd"):
                cursor.execute("SELECT danger")
        client.close()


def test_fake_postgres() -> None:
    with FakePostgres(PgMode.WELL_BEHAVED) as fake:
        client = psycopg2.connect(host="127.0.0.1", port=fake.port, user="x", password="pw", dbname="y", sslmode="disable")
        client.autocommit = True
        with client.cursor() as cursor, io.BytesIO() as copied:
            cursor.execute("SELECT 1")
            assert cursor.fetchall() == [("t",)]
            cursor.copy_expert("COPY (SELECT anything) TO STDOUT (FORMAT binary)", copied)
            assert copied.getvalue().startswith(b"PGCOPY") and b"two" in copied.getvalue()
        client.close()
        fake.wait_until_left()
        assert "COPY (SELECT anything) TO STDOUT (FORMAT binary)" in fake.statements
