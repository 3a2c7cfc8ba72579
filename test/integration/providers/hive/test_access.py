"""The ways into HiveServer2: each authentication and transport, and what is said of a wrong one."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import import_fails

from servers.hive.server import READER, password_of
from servers.kerberos import REALM, Kdc
from servers.postgres import Postgres
from servers.remote_hive import HiveRemote
from servers.staging import staged
from servers.tls import Authority
from servers.workspace import Workspace

N = 2500  # more than one answer

WAYS: dict[str, tuple[str, dict[str, object]]] = {
    "plain": ("none", {"auth": "plain", "password": "whatever"}),
    "plain without password": ("none", {"password": ""}),
    "checked": ("", {}),
    "ldap": ("", {"auth": "ldap"}),
    "nosasl": ("nosasl", {"auth": "nosasl"}),
    "http": ("http", {"transport": "http", "password": "whatever"}),
    "http path": ("http", {"transport": "http", "http_path": "/cliservice"}),
    "http checked": ("http_custom", {"transport": "http", "http_path": "gateway/hive", "auth": "ldap"}),
    "tls": ("tls", {"sslmode": "require"}),
    "tls prefer": ("tls", {"sslmode": "prefer"}),
    "prefer without tls": ("", {"sslmode": "prefer"}),
    "https": ("https", {"sslmode": "require", "transport": "http", "http_path": "gateway/hive"}),
}


@pytest.fixture(scope="module", autouse=True)
def table(hive: HiveRemote) -> Iterator[None]:
    hive.create_rows("entered", N)
    yield
    hive.drop("entered")


def enter(db: Database, hive: HiveRemote, connection: dict[str, object]) -> None:
    """Imports the table: a handful of calls, and several answers of rows."""
    result = db.import_table(hive.connector(connection=connection, table="entered"))
    assert result["rows"] == N
    assert db.value("SELECT sum(id) FROM entered") == N * (N + 1) // 2
    db.execute("DROP TABLE entered")
    assert hive.sessions() == []


@pytest.mark.parametrize("way", WAYS)
def test_way_in(db: Database, hive: HiveRemote, way: str) -> None:
    door, keys = WAYS[way]
    enter(db, hive, hive.connection(door=door, **keys))


@pytest.mark.parametrize("door", ["tls", "https"])
def test_certificate_is_verified(db: Database, hive: HiveRemote, authority: Authority, workspace: Workspace, door: str) -> None:
    http = {"transport": "http", "http_path": "gateway/hive"} if door == "https" else {}
    trusted = {"sslmode": "verify-full", "sslrootcert": str(authority.certificate), **http}
    enter(db, hive, hive.connection(door=door, **trusted))
    stranger = Authority(workspace, "stranger")
    connection = hive.connection(door=door, **{**trusted, "sslrootcert": str(stranger.certificate)})
    import_fails(db, hive, hive.connector(connection=connection, table="entered"), "certificate", number=1012)


# The server's door, the keys of a connection that does not fit it, and words of message or hint that say so.
MISFITS: dict[str, tuple[str, dict[str, object], str]] = {
    "wrong password": ("", {"password": "not-the-password"}, "Error validating the login.*Check username and password"),
    "no password": ("", {"password": ""}, "Error validating the login"),
    "nosasl to sasl": ("", {"auth": "nosasl"}, 'auth.*"plain"'),
    "sasl to nosasl": ("nosasl", {}, '"nosasl"'),
    "http to binary": ("", {"transport": "http"}, 'transport.*"binary"'),
    "binary to http": ("http", {}, 'transport.*"http"'),
    "nosasl to http": ("http", {"auth": "nosasl"}, 'transport.*"http"'),
    "plain text to tls": ("tls", {}, 'sslmode'),
    "plain http to tls": ("https", {"transport": "http"}, "sslmode|TLS"),
    "tls to plain text": ("", {"sslmode": "require"}, "sslmode|TLS"),
    "http wrong password": ("http_custom", {"transport": "http", "http_path": "gateway/hive", "password": "not-the-password"}, "401"),
    "http wrong path": ("http_custom", {"transport": "http", "http_path": "elsewhere"}, "http_path"),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_misfit(db: Database, hive: HiveRemote, misfit: str) -> None:
    """The error says what to try: no "read 0 bytes"."""
    door, keys, words = MISFITS[misfit]
    connection = hive.connection(door=door, connect_timeout=10, **keys)
    failure = import_fails(db, hive, hive.connector(connection=connection, table="entered"), "could not connect|timed out")
    said = failure.everything
    assert "Connector error 1012." in failure.detail or "Connector error 6667." in failure.detail, said
    assert re.search(words, said, re.DOTALL), said


class Listener:
    """Passes connections on to a port, and keeps what the server says."""

    def __init__(self, target: int) -> None:
        self.heard = b""
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Listener:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(30)

    def _start(self, work: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=work, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            self._start(lambda client=client, server=server: self._pass(client, server, False))
            self._start(lambda client=client, server=server: self._pass(server, client, True))

    def _pass(self, source: socket.socket, target: socket.socket, keep: bool) -> None:
        try:
            while data := source.recv(65536):
                if keep:
                    self.heard += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other way has ended first


class _WithTickets(Postgres):
    """A cluster whose account has a Kerberos ticket."""

    kdc: Kdc

    def environment(self) -> dict[str, str]:
        return super().environment() | {"KRB5_CONFIG": str(self.kdc.config), "KRB5CCNAME": f"FILE:{self.cache}"}

    def prepare(self) -> None:
        self.cache = self.kdc.ticket(READER, self.account)
        super().prepare()


@pytest.fixture(scope="module")
def holder(workspace: Workspace, kdc: Kdc | None, hive: HiveRemote) -> Iterator[Database]:
    """A superuser of a cluster with a ticket."""
    if kdc is None:
        pytest.skip("no Kerberos KDC is installed (krb5-kdc)")
    server = _WithTickets(workspace, stage=staged(workspace))
    server.kdc = kdc
    with server:
        server.create_database("tickets", "connector")
        with Database(server, "tickets") as database:
            yield database


def kerberos(hive: HiveRemote, protection: str = "auth", **more: object) -> dict[str, object]:
    keys = {"server": "localhost", "auth": "kerberos", "password": "", "username": READER, **more}
    return hive.connection(door=f"kerberos_{protection}", **keys)


@pytest.mark.parametrize(("protection", "readable"), [("auth", True), ("auth-int", True), ("auth-conf", False)])
def test_kerberos_protects(holder: Database, hive: HiveRemote, protection: str, readable: bool) -> None:
    """With auth-conf nothing of a table can be read on the way."""
    with Listener(hive.server.doors[f"kerberos_{protection}"]) as listener:
        enter(holder, hive, kerberos(hive, protection, port=listener.port))
    assert (b"word 17" in listener.heard) == readable


def test_kerberos_misfits(db: Database, holder: Database, hive: HiveRemote) -> None:
    def fails_as(database: Database, connection: dict[str, object], words: str) -> None:
        failure = import_fails(database, None, hive.connector(connection=connection, table="entered"), "could not connect")
        assert words in failure.everything, failure.everything

    # a password where tickets are asked for (a server that has a keytab takes tickets at all its doors)
    fails_as(db, hive.connection(door="kerberos_auth"), '"kerberos"')
    # another service than the one the server has the key of
    fails_as(holder, kerberos(hive, kerberos_service_name="impala"), "kerberos_service_name")
    # a cluster without a ticket
    fails_as(db, kerberos(hive), "kinit")
    assert REALM in str(hive.server.settings()["hive.server2.authentication.kerberos.principal"])


def test_kerberos_for_other_roles(holder: Database, hive: HiveRemote) -> None:
    """The server's ticket is a superuser's to lend: through a foreign server that a superuser owns, and only so."""
    role = holder.create_role("lent")
    holder.execute("ALTER ROLE lent SET connector.allowed_hosts = '127.0.0.0/8, ::1'")
    options = {key: value for key, value in kerberos(hive).items() if key not in ("username", "password")}
    listed = ", ".join(f"{key} '{value}'" for key, value in options.items())
    for owner, server in ((holder, "ticket"), (role, "own")):
        owner.execute(f"CREATE SERVER {server} FOREIGN DATA WRAPPER connector OPTIONS (provider 'hive', {listed})")
    with fails("permission denied for foreign server"):
        role.value("SELECT cdb_connector_check(%s)", json.dumps({"provider": "hive", "connection": "ticket"}))
    holder.execute("GRANT USAGE ON FOREIGN SERVER ticket TO lent")
    assert role.value("SELECT cdb_connector_check(%s)", json.dumps({"provider": "hive", "connection": "ticket"})) == {"connected": True}
    for connection in ("own", kerberos(hive)):
        with fails("kerberos", number=1501, hint="a superuser owns"):
            role.value("SELECT cdb_connector_check(%s)", json.dumps({"provider": "hive", "connection": connection}))
    # What a superuser no longer owns is no superuser's word any more.
    holder.execute("ALTER SERVER ticket OWNER TO lent")
    with fails("kerberos", number=1501):
        role.value("SELECT cdb_connector_check(%s)", json.dumps({"provider": "hive", "connection": "ticket"}))
    role.close()
    holder.execute("DROP SERVER ticket CASCADE; DROP SERVER own CASCADE")
    holder.drop_role("lent")


def test_passwords_and_names(db: Database, hive: HiveRemote) -> None:
    """Punctuation arrives. (What is not ASCII is mangled by Hive itself, byte by byte.)"""
    user = "a: \"b\" c'd\\e@f/g"
    connection = hive.connection(username=user, password=password_of(user))
    enter(db, hive, connection)
