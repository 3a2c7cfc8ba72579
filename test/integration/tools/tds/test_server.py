"""The TDS test server, seen by clients that are none of ours: pytds, and tsql of FreeTDS."""

from __future__ import annotations

import datetime
import os
import subprocess
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytds
import pytest

from servers.accounts import Account
from servers.process import wait_until
from servers.sqlserver_double import SqlServerDouble
from servers.tds.login import scramble
from servers.tds.prelogin import Encryption
from servers.tds.server import DATABASE, PASSWORD, USER, TdsServer
from servers.tls import Authority
from servers.workspace import Workspace


@pytest.fixture(scope="module")
def server() -> Iterator[TdsServer]:
    with TdsServer() as server:
        yield server


def connect(server: TdsServer, **more: Any) -> pytds.Connection:
    settings = {
        "user": USER,
        "password": PASSWORD,
        "database": DATABASE,
        "autocommit": True,
        "login_timeout": 20,
        "timeout": 60,
    }
    return pytds.connect("127.0.0.1", port=server.port, **(settings | more))


def results(server: TdsServer, text: str, **more: Any) -> list[list[tuple[Any, ...]]]:
    """The result sets of a batch."""
    with connect(server, **more) as connection, connection.cursor() as cursor:
        cursor.execute(text)
        found = []
        while True:
            if cursor.description:
                found.append([tuple(row) for row in cursor.fetchall()])
            if not cursor.nextset():
                return found


def rows(server: TdsServer, text: str, **more: Any) -> list[tuple[Any, ...]]:
    return results(server, text, **more)[0]


def tsql(
    server: TdsServer, text: str, folder: Path, *, version: str = "7.4", settings: str = ""
) -> subprocess.CompletedProcess[str]:
    """FreeTDS's own client."""
    configuration = folder / "freetds.conf"
    configuration.write_text(
        f"[double]\nhost = 127.0.0.1\nport = {server.port}\ntds version = {version}\nclient charset = UTF-8\n{settings}\n"
    )
    return subprocess.run(
        ["tsql", "-S", "double", "-U", USER, "-P", PASSWORD, "-D", DATABASE, "-o", "fhq"],
        input=f"{text}\nGO\nEXIT\n",
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": os.environ["PATH"], "FREETDSCONF": str(configuration), "LC_ALL": "C.UTF-8", "HOME": str(folder)},
        check=False,
    )


# logins


def test_login(server: TdsServer) -> None:
    assert rows(server, "SELECT DB_NAME(), SUSER_SNAME()") == [(DATABASE, USER)]


@pytest.mark.parametrize(("user", "password"), [(USER, "wrong"), ("nobody", PASSWORD), (USER, "")])
def test_wrong_login(server: TdsServer, user: str, password: str) -> None:
    with pytest.raises(pytds.Error, match=f"Login failed for user '{user}'"):
        connect(server, user=user, password=password)


def test_unknown_database(server: TdsServer, tmp_path: Path) -> None:
    with pytest.raises(pytds.Error, match="nowhere"):
        connect(server, database="nowhere", login_timeout=5)  # for so long it is tried again


@pytest.mark.parametrize("version", ["7.0", "7.1", "7.2", "7.3", "7.4"])
def test_versions(server: TdsServer, tmp_path: Path, version: str) -> None:
    text = "SELECT 1 AS a, N'één ж' AS b, CAST('2024-02-29' AS date) AS c, CAST(7 AS bigint) AS d, CAST(N'x' AS nvarchar(max)) AS e"
    result = tsql(server, text, tmp_path, version=version)
    shown = "2024-02-29" if version < "7.3" else "Feb 29 2024"
    if version == "7.0":  # no collation on the wire, but nvarchar needs none
        assert "1|één ж|2024-02-29|7|x" in result.stdout.replace("\t", "|"), result
    else:
        line = result.stdout.splitlines()[-1].split("\t")
        assert (line[0], line[1], line[3], line[4]) == ("1", "één ж", "7", "x"), result
        assert line[2].startswith(shown)


def test_lower_version_is_told(server: TdsServer) -> None:
    with connect(server, tds_version=pytds.tds_base.TDS73B) as connection:
        assert connection.tds_version == pytds.tds_base.TDS73B


# encryption


@pytest.fixture(scope="module")
def authority(workspace: Workspace) -> Authority:
    return Authority(workspace)


@pytest.mark.parametrize(
    ("server_side", "client_side", "outcome"),
    [
        (Encryption.OFF, "off", "plain"),
        (Encryption.OFF, "request", "plain"),  # the login alone is encrypted
        (Encryption.OFF, "require", "encrypted"),
        (Encryption.ON, "request", "encrypted"),
        (Encryption.ON, "require", "encrypted"),
        (Encryption.ON, "off", "encrypted"),  # FreeTDS gives in to a server that insists
        (Encryption.REQUIRED, "request", "encrypted"),
        (Encryption.NOT_SUPPORTED, "request", "plain"),
        (Encryption.NOT_SUPPORTED, "require", "refused"),
    ],
)
def test_encryption(
    authority: Authority, tmp_path: Path, server_side: Encryption, client_side: str, outcome: str
) -> None:
    made = authority.server(_myself(), name=f"tds-{server_side.name}-{client_side}")
    with TdsServer(certificate=made.certificate, key=made.key, encryption=server_side) as server:
        server.records = True
        text = "SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID"
        result = tsql(server, text, tmp_path, settings=f"encryption = {client_side}")
        if outcome == "refused":
            assert result.returncode != 0
            assert not server.statements
            return
        assert result.stdout.split()[-1] == {"plain": "FALSE", "encrypted": "TRUE"}[outcome], result
        seen = "encrypt_option".encode("utf-16-le") in server.received
        assert seen == (outcome == "plain")
        # the password's disguise is a fixed one: it must not be readable where anything was encrypted
        has_tls = outcome == "encrypted" or (server_side is Encryption.OFF and client_side == "request")
        assert (scramble(PASSWORD) in server.received) == (not has_tls)


@pytest.mark.parametrize(("hosts", "accepted"), [(["127.0.0.1"], True), (["elsewhere.invalid"], False)])
def test_certificate_is_checked(authority: Authority, tmp_path: Path, hosts: list[str], accepted: bool) -> None:
    made = authority.server(_myself(), hosts, name=f"tds-{hosts[0]}")
    with TdsServer(certificate=made.certificate, key=made.key) as server:
        settings = f"encryption = require\nca file = {made.authority}\ncheck certificate hostname = yes"
        result = tsql(server, "SELECT 42 AS answer", tmp_path, settings=settings)
        assert ("42" in result.stdout) == accepted, result


def _myself() -> Account:
    return Account("me", os.geteuid(), os.getegid())


# statements, messages, results


def test_result_sets(server: TdsServer) -> None:
    assert results(server, "SELECT 1 SELECT 2, N'ж'; DECLARE @x int = 5 SELECT @x + 1") == [[(1,)], [(2, "ж")], [(6,)]]


def test_messages(server: TdsServer, tmp_path: Path) -> None:
    text = "PRINT N'first'; RAISERROR('second %d', 10, 2, 7); RAISERROR('third %s', 16, 3, N'ж'); SELECT 8 AS after"
    result = tsql(server, text, tmp_path)
    output = result.stdout + result.stderr
    for expected in ("first", "second 7", "Msg 50000 (severity 16, state 3)", "third ж"):
        assert expected in output, output
    assert result.stdout.split()[-1] == "8"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("SELECT * FROM missing", 208),
        ("SELECT missing FROM sys.tables", 207),
        ("SELEC 1", 2812),
        ("SELECT 1 FROM", 102),
        ("SELECT 'open", 105),
        ("SELECT 1/0", 8134),
        ("SELECT CAST('x' AS int)", 245),
        ("SELECT CAST('2024-13-01' AS date)", 241),
        ("SELECT CAST(300 AS tinyint)", 220),
        ("SELECT CAST(1e30 AS int)", 8115),
        ("SELECT CAST('no' AS uniqueidentifier)", 8169),
        ("SELECT @missing", 137),
        ("SELECT MISSING(1)", 195),
        ("THROW 51234, N'mine', 1", 51234),
        ("USE nowhere", 911),
        ("DROP TABLE missing", 3701),
    ],
)
def test_errors(server: TdsServer, text: str, number: int) -> None:
    with pytest.raises(pytds.Error) as caught:
        rows(server, text)
    assert caught.value.msg_no == number


def test_what_is_not_known_is_refused(server: TdsServer) -> None:
    for text in (
        "SELECT * FROM sys.nothing",
        "SELECT * FROM sys.tables FOR XML AUTO",
        "CREATE TRIGGER x",
        "SET SHOWPLAN_TEXT ON",
    ):
        with pytest.raises(pytds.Error, match="The TDS test server does not know"):
            rows(server, text)


def test_error_amid_rows(server: TdsServer) -> None:
    with connect(server) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 10 / (3 - value) FROM GENERATE_SERIES(1, 5)")
        assert cursor.fetchone() == (5,)
        assert cursor.fetchone() == (10,)
        with pytest.raises(pytds.Error, match="Divide by zero"):
            cursor.fetchall()


def test_parameters(server: TdsServer) -> None:
    """RPC: sp_executesql with values of several types."""
    values = (5, 2**40, "ж😀", 1.5, None, Decimal("-12.345"), datetime.date(2024, 2, 29), uuid.UUID(int=7), "x" * 9000)
    with connect(server) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(["%s"] * len(values)), values)
        assert cursor.fetchone() == values


def test_attention(server: TdsServer) -> None:
    """A waiting statement, an endless one, and one that was over: the session goes on after each."""
    with connect(server) as connection, connection.cursor() as cursor:
        before = server.attentions
        for text in (
            "WAITFOR DELAY '01:00:00'",
            "SELECT a.value FROM GENERATE_SERIES(1, 100000) a, GENERATE_SERIES(1, 100000) b",
        ):
            cursor._session.submit_plain_query(text)
            wait_until(
                lambda text=text: any(one.statement == text for one in server.logged_in()), what="the statement to run"
            )
            cursor._session.cancel_if_pending()
        assert server.attentions == before + 2
        cursor.execute("SELECT 'alive'")
        assert cursor.fetchall() == [("alive",)]


def test_kill(server: TdsServer) -> None:
    with connect(server) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@SPID")
        number = cursor.fetchone()[0]
        found = f"SELECT 1 FROM sys.dm_exec_sessions WHERE session_id = {number} AND session_id <> @@SPID"
        assert rows(server, found) == [(1,)]
        text = "WAITFOR DELAY '01:00:00'"
        cursor._session.submit_plain_query(text)
        wait_until(lambda: any(one.statement == text for one in server.logged_in()), what="the statement to run")
        with connect(server) as killer, killer.cursor() as other:
            other.execute(f"KILL {number}")
        with pytest.raises(pytds.Error, match="kill state"):
            cursor._session.process_simple_request()
        wait_until(lambda: rows(server, found) == [])


def test_process(workspace: Workspace) -> None:
    """As a process of its own it starts, keeps its data through a kill, and stops."""
    double = SqlServerDouble(workspace)
    with double:
        double.sql("CREATE TABLE kept (a int)", "INSERT INTO kept VALUES (7)")
        double.kill()
        double.start()
        assert double.sql("SELECT a FROM kept") == [(7,)]
    assert not double.running()
