"""The TDS test server misbehaves as told, towards a client that is none of ours."""

from __future__ import annotations

import random
import time

import pytds
import pytest
from harness.tds_client import TdsClient

from servers.fake_sqlserver import FakeSqlServer
from servers.tds import packets
from servers.tds.faults import MANY, Mode
from servers.tds.prelogin import Encryption
from servers.tds.server import DATABASE, PASSWORD, USER, TdsServer
from servers.tls import Authority
from servers.workspace import Workspace

_BEFORE_LOGIN = [mode for mode in Mode if Mode.WELL_BEHAVED.value < mode.value <= Mode.TLS_CLOSE.value]
_TLS = [Mode.TLS_LIE, Mode.TLS_STALL, Mode.TLS_CLOSE]
_LOGIN = [mode for mode in Mode if Mode.STALL_ON_LOGIN.value <= mode.value <= Mode.STALL_AFTER_LOGIN.value]
_QUERY = [mode for mode in Mode if Mode.STALL_ON_QUERY.value <= mode.value]
_STALLS = [
    Mode.SILENT,
    Mode.STALL_ON_PRELOGIN,
    Mode.HUGE_PRELOGIN,
    Mode.STALL_ON_LOGIN,
    Mode.STALL_AFTER_LOGIN,
    Mode.STALL_ON_QUERY,
    Mode.STALL_AFTER_COLUMNS,
    Mode.STALL_MID_ROWS,
    Mode.IGNORES_ATTENTION,
]
_WITHOUT_END = [Mode.ENDLESS_ROWS, Mode.ENDLESS_VALUE, Mode.ENDLESS_MESSAGES]
_GOOD_ROWS = [(1, "één"), (2, "two")]
# Text that is no text, and an acknowledgement of a version that nobody asked for: a lenient client goes on.
_HARMLESS = [Mode.ODD_TEXT, Mode.ODD_CODE_PAGE, Mode.ODD_LOGIN_VERSION, Mode.CLOSES_ON_ATTENTION, Mode.LYING_PRELOGIN]


# For what is not answered, in seconds.
_SHORTLY = {"login_timeout": 1, "timeout": 1}


def run(server: TdsServer, text: str, **more: object) -> list[tuple[object, ...]]:
    settings = {
        "user": USER,
        "password": PASSWORD,
        "database": DATABASE,
        "autocommit": True,
        "login_timeout": 60,
        "timeout": 60,
    }
    with pytds.connect("127.0.0.1", port=server.port, **(settings | more)) as connection, connection.cursor() as cursor:
        cursor.execute(text)
        return [tuple(row) for row in cursor.fetchall()]


@pytest.mark.parametrize(
    "mode", [mode for mode in _BEFORE_LOGIN if mode not in _TLS + _HARMLESS], ids=lambda mode: mode.name
)
def test_before_login(mode: Mode) -> None:
    with TdsServer(mode) as server:
        with pytest.raises(Exception):  # noqa: B017, PT011 -- pytds has no one word for these
            run(server, "SELECT 1", **_SHORTLY)
        server.wait_until_left()
        assert server.accepted >= 1
        assert not server.logins
        assert bool(server.lingering) == (mode in _STALLS or mode is Mode.GARBAGE_PRELOGIN)


@pytest.mark.parametrize("mode", _TLS, ids=lambda mode: mode.name)
def test_tls(workspace: Workspace, mode: Mode) -> None:
    from servers.accounts import server_account

    made = Authority(workspace).server(server_account(()))
    with TdsServer(mode, certificate=made.certificate, key=made.key, encryption=Encryption.REQUIRED) as server:
        with pytest.raises(Exception):  # noqa: B017, PT011
            run(server, "SELECT 1", cafile=str(made.authority), **_SHORTLY)
        server.wait_until_left()
        assert not server.logins


@pytest.mark.parametrize("mode", [mode for mode in _LOGIN if mode not in _HARMLESS], ids=lambda mode: mode.name)
def test_login(mode: Mode) -> None:
    """The mode comes with the user's name."""
    with TdsServer() as server:
        with pytest.raises(Exception):  # noqa: B017, PT011
            run(server, "SELECT 1", user=f"{USER}!{mode.name}", **_SHORTLY)
        assert run(server, "SELECT 1") == [(1,)]
        server.wait_until_left()
        assert bool(server.lingering) == (mode in _STALLS or mode is Mode.GARBAGE_LOGIN)


@pytest.mark.parametrize(
    "mode", [mode for mode in _QUERY if mode not in _WITHOUT_END + _HARMLESS], ids=lambda mode: mode.name
)
def test_query(mode: Mode) -> None:
    with TdsServer(mode, trigger="misbehave") as server:
        assert run(server, "SELECT 1 AS id, N'good' AS word") == [(1, "good")]
        try:
            found = run(server, "SELECT id, word FROM misbehave", timeout=1)
        except Exception:  # noqa: BLE001 -- whatever it is
            found = []
        server.wait_until_left()
        assert found != _GOOD_ROWS
        assert "SELECT id, word FROM misbehave" in server.statements
        if mode in _STALLS:
            assert server.lingering


@pytest.mark.parametrize("mode", _WITHOUT_END, ids=lambda mode: mode.name)
def test_without_end(mode: Mode) -> None:
    """More comes than anybody could want; closing the connection ends it."""
    with TdsServer(mode, trigger="misbehave") as server:
        client = TdsClient("127.0.0.1", server.port, USER, PASSWORD, DATABASE)
        with client:
            client.start("SELECT id, word FROM misbehave")
            assert sum(len(client.packet()) for _ in range(1000)) > 1_000_000
        server.wait_until_left()


def test_errors() -> None:
    with TdsServer(Mode.MANY_ERRORS, trigger="misbehave") as server:
        client = TdsClient("127.0.0.1", server.port, USER, PASSWORD, DATABASE)
        with client:
            client.start("SELECT misbehave")
            data = b""
            while b"\xfd" + bytes([2]) not in data:
                data += client.packet()
            assert data.count("error number".encode("utf-16-le")) == MANY


def test_attention_without_answer() -> None:
    with TdsServer(Mode.IGNORES_ATTENTION, trigger="misbehave") as server:
        with TdsClient("127.0.0.1", server.port, USER, PASSWORD, DATABASE, limit=5) as client:
            client.start("SELECT misbehave")
            server.wait_until_lingering()
            with pytest.raises(TimeoutError):
                client.send(packets.ATTENTION, b"")
        assert server.attentions == 0


def test_routing() -> None:
    """A server that sends its clients elsewhere."""
    with TdsServer() as there, TdsServer() as here:
        here.routes_to = ("127.0.0.1", there.port)
        assert run(here, "SELECT 7") == [(7,)]
        assert (here.statements.count("SELECT 7"), there.statements.count("SELECT 7")) == (0, 1)


def test_trigger_in_descriptions() -> None:
    """A description is answered well unless asked otherwise."""
    text = "EXEC sp_describe_first_result_set N'SELECT 1 AS misbehave', NULL, 0"
    with TdsServer(Mode.CLOSE_ON_QUERY, trigger="misbehave") as server:
        assert run(server, text)[0][2] == "misbehave"
        server.trigger_describes = True
        with pytest.raises(Exception):  # noqa: B017, PT011
            run(server, text)


def test_fake() -> None:
    """As the tests of the providers use it: anybody may come in, and gets two rows."""
    with FakeSqlServer(Mode.WELL_BEHAVED, trigger="misbehave") as server:
        assert run(server, "SELECT misbehave", user="somebody", password="anything") == _GOOD_ROWS
        described = run(
            server, "EXEC sp_describe_first_result_set N'SELECT misbehave', NULL, 0", user="x", password="y"
        )
        assert [(row[2], row[5]) for row in described] == [("id", "bigint"), ("word", "nvarchar(20)")]
        server.wait_until_left()
        assert "SELECT misbehave".encode("utf-16-le") in server.received
    with FakeSqlServer(Mode.TLS_LIE) as server, pytest.raises(Exception):  # noqa: B017, PT011
        run(server, "SELECT 1", **_SHORTLY)


def test_garbage_from_clients() -> None:
    """What is no TDS ends the connection, and nothing else."""
    numbers = random.Random(7)
    with TdsServer() as server:
        for kind in (
            packets.PRELOGIN,
            packets.LOGIN7,
            packets.SQL_BATCH,
            packets.RPC,
            packets.TRANSACTION_MANAGER,
            0x55,
        ):
            for _ in range(10):
                with TdsClient("127.0.0.1", server.port, USER, PASSWORD, DATABASE, limit=10) as client:
                    try:
                        client.send(kind, numbers.randbytes(numbers.randrange(200)))
                    except (EOFError, ConnectionError):
                        pass
        server.wait_until_left()
        assert run(server, "SELECT 1") == [(1,)]


def test_nothing_is_left() -> None:
    """Sessions that stall end with the server."""
    started = time.monotonic()
    with TdsServer(Mode.STALL_AFTER_LOGIN) as server:
        clients = [TdsClient("127.0.0.1", server.port, USER, PASSWORD, DATABASE) for _ in range(5)]
        assert server.open_sessions() == 5
    assert server.open_sessions() == 0
    for client in clients:
        client.close()
    assert time.monotonic() - started < 60
