"""Connecting to SQL Server: TLS, redirected logins, instances, intents; stopping; and that nothing grows."""

from __future__ import annotations

import glob
import json
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import resident
from harness.memory import assert_grown_less
from harness.traces import descriptors

from servers.accounts import server_account
from servers.process import wait_until
from servers.tds.prelogin import Encryption
from servers.tds.server import PASSWORD, TdsServer
from servers.tls import Authority
from servers.workspace import Workspace

ENCRYPTED = "SELECT encrypt_option AS encrypted FROM sys.dm_exec_connections WHERE session_id = @@SPID"
MODES = ["disable", "prefer", "require", "verify-ca", "verify-full"]


def request(double: TdsServer, query: str = "SELECT 1 AS a", /, **connection: object) -> dict[str, Any]:
    return {
        "provider": "sqlserver",
        "connection": double.connection(**connection),
        "sql_query": query,
        "import_as": "from_double",
    }


def imported(db: Database, double: TdsServer, query: str = "SELECT 1 AS a", /, **connection: object) -> Any:
    """The first value of the query."""
    db.import_table(request(double, query, **connection))
    value = db.rows("SELECT * FROM from_double")[0][0]
    db.execute("DROP TABLE from_double")
    return value


@pytest.fixture(scope="module")
def ours(workspace: Workspace) -> Authority:
    return Authority(workspace, "tds-authority")


@pytest.fixture(scope="module")
def stranger(workspace: Workspace) -> Authority:
    return Authority(workspace, "tds-stranger")


@contextmanager
def with_tls(authority: Authority, *, right: bool = True, encryption: Encryption | None = None) -> Iterator[TdsServer]:
    account = server_account(())
    certificate = authority.server(account) if right else authority.wrong_host(account)
    with TdsServer(certificate=certificate.certificate, key=certificate.key, encryption=encryption) as server:
        yield server


@pytest.mark.parametrize("mode", MODES)
def test_right_certificate(db: Database, ours: Authority, mode: str) -> None:
    root = {"sslrootcert": str(ours.certificate)} if mode.startswith("verify") else {}
    with with_tls(ours) as server:
        for name in ("127.0.0.1", "localhost"):
            encrypted = imported(db, server, ENCRYPTED, server=name, sslmode=mode, **root)
            assert (encrypted == "TRUE") is (mode not in ("disable", "prefer"))


@pytest.mark.parametrize("mode", MODES)
def test_server_that_insists(db: Database, ours: Authority, mode: str) -> None:
    root = {"sslrootcert": str(ours.certificate)} if mode.startswith("verify") else {}
    with with_tls(ours, encryption=Encryption.REQUIRED) as server:
        assert imported(db, server, ENCRYPTED, sslmode=mode, **root) == "TRUE"


@pytest.mark.parametrize("mode", MODES)
def test_server_without_tls(db: Database, ours: Authority, mode: str) -> None:
    root = {"sslrootcert": str(ours.certificate)} if mode.startswith("verify") else {}
    with TdsServer() as server:
        if mode in ("disable", "prefer"):
            assert imported(db, server, sslmode=mode) == 1
            return
        with fails("could not connect", number=1012, hint="sslmode", secrets=(PASSWORD,)):
            imported(db, server, sslmode=mode, **root)
        assert server.logins == []


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
def test_unknown_authority(db: Database, ours: Authority, stranger: Authority, mode: str) -> None:
    with with_tls(ours) as server:
        with fails("could not connect", number=1012, hint="vouches", secrets=(PASSWORD,)):
            imported(db, server, sslmode=mode, sslrootcert=str(stranger.certificate))
        with fails("could not connect", number=1012, hint="vouches", secrets=(PASSWORD,)):
            imported(db, server, sslmode=mode)  # the system's store
        assert server.logins == []


def test_wrong_name(db: Database, ours: Authority) -> None:
    root = str(ours.certificate)
    with with_tls(ours, right=False) as server:
        assert imported(db, server, ENCRYPTED, sslmode="verify-ca", sslrootcert=root) == "TRUE"
        with fails("could not connect", number=1012, hint="made out", secrets=(PASSWORD,)):
            imported(db, server, sslmode="verify-full", sslrootcert=root)


def test_redirected_login(db: Database) -> None:
    with TdsServer() as first, TdsServer() as second:
        first.routes_to = ("localhost", second.port)
        assert imported(db, first) == 1
        assert (len(first.logins), len(second.logins)) == (1, 1)


def test_redirected_login_meets_the_host_rules(db: Database) -> None:
    """The address that is really dialled is what counts."""
    with TdsServer() as first, TdsServer() as second:
        first.routes_to = ("127.0.0.2", second.port)
        with db.another() as session:
            session.execute("SET connector.allowed_hosts = '127.0.0.1'")
            with fails("127.0.0.2", hint="allowed_hosts", number=1012, secrets=(PASSWORD,)):
                imported(session, first)
            first.routes_to = ("127.0.0.1", second.port)
            assert imported(session, first) == 1
        assert len(second.logins) == 1


def test_redirection_to_a_silent_server_can_be_cancelled(db: Database) -> None:
    with socket.socket() as silent, TdsServer() as first:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        first.routes_to = ("127.0.0.1", silent.getsockname()[1])
        with db.import_in_background(request(first, connect_timeout=900)) as job:
            peer, _ = silent.accept()
            with peer:
                job.cancel()
                with fails("canceling statement due to user request"):
                    job.result()


def test_application_intent(db: Database) -> None:
    with TdsServer() as server:
        imported(db, server)
        imported(db, server, application_intent="ReadOnly")
        assert [login.read_only for login in server.logins] == [False, True]


def test_cancel_sends_an_attention(db: Database) -> None:
    with TdsServer() as server:
        with db.import_in_background(request(server, "WAITFOR DELAY '00:10:00'; SELECT 1 AS a")) as job:
            wait_until(lambda: any("WAITFOR" in text for text in server.statements), what="the statement")
            wait_until(lambda: db.rows("SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Extension'", job.pid), what="the wait")
            job.cancel()
            with fails("canceling statement"):
                job.result()
        server.wait_until_left()
        assert server.attentions == 1


@contextmanager
def browser(answer: bytes) -> Iterator[list[bytes]]:
    """What listens at UDP port 1434, and what it was asked."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        try:
            udp.bind(("127.0.0.1", 1434))
        except OSError as error:
            pytest.skip(f"UDP port 1434 is taken: {error}")

        def serve() -> None:
            while True:
                question, peer = udp.recvfrom(2000)
                if not question:
                    return
                asked.append(question)
                if answer:
                    udp.sendto(answer, peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield asked
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", 1434))
        thread.join(30)


def svr_resp(text: str) -> bytes:
    return b"\x05" + len(text).to_bytes(2, "little") + text.encode()


def test_instance(db: Database) -> None:
    with TdsServer() as server:
        text = f"ServerName;HERE;InstanceName;SQL2019;IsClustered;No;Version;15.0.0.1;tcp;{server.port};;"
        with browser(svr_resp(text)) as asked:
            assert imported(db, server, server="127.0.0.1\\sql2019", port=1433) == 1
            assert asked == [b"\x04sql2019\0"]
            assert imported(db, server, server=f"127.0.0.1\\other,{server.port}", port=1433) == 1  # a port says more
            assert len(asked) == 1
        with browser(b""):
            with db.import_in_background(request(server, server="127.0.0.1\\silent", port=1433, connect_timeout=900)) as job:
                wait_until(lambda: db.rows("SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Extension'", job.pid), what="the wait")
                job.cancel()
                with fails("canceling statement"):
                    job.result()
            with fails("instance.*no answer", number=6667, hint="1434"):
                imported(db, server, server="127.0.0.1\\silent", port=1433, connect_timeout=1)
        with fails("instance.*[Rr]efused", number=1012, hint="1434"):
            imported(db, server, server="127.0.0.1\\nobody", port=1433, connect_timeout=5)


def test_nothing_grows(db: Database) -> None:
    """Connections, and failures to connect, leave neither memory nor descriptors nor files: CONNECTOR_TEST_CONNECTS of
    each."""
    count = int(os.environ.get("CONNECTOR_TEST_CONNECTS") or 60)
    signal.alarm(max(300, count))  # many take longer than a test may
    with TdsServer() as server, db.another() as session:
        good = json.dumps({"provider": "sqlserver", "connection": server.connection()})
        wrong = json.dumps({"provider": "sqlserver", "connection": server.connection(password="wrong")})

        def round_trip() -> None:
            session.value("SELECT cdb_connector_check(%s)", good)
            with pytest.raises(psycopg2.Error):
                session.value("SELECT cdb_connector_check(%s)", wrong)

        for _ in range(20):
            round_trip()
        before, open_before = resident(session.pid), descriptors(session)
        for _ in range(count):
            round_trip()
        assert descriptors(session) == open_before
        assert glob.glob(f"{tempfile.gettempdir()}/connector.{session.pid}.*") == []
        assert_grown_less(resident(session.pid) - before, 512 * 1024)
