"""TLS of the MySQL family: what each sslmode takes and refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.database import Database
from harness.faults import fails_cleanly

from servers.mariadb import MariaDb
from servers.remote_mysql import MySqlRemote
from servers.tls import Authority, Certificate
from servers.workspace import Workspace

MODES = ["disable", "prefer", "require", "verify-ca", "verify-full"]
QUERY = "SELECT variable_value AS cipher FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'"


class Side:
    """A server with certificates, of whom one at a time is in use."""

    def __init__(self, workspace: Workspace) -> None:
        self.authority = Authority(workspace, "our-authority")
        self.stranger = Authority(workspace, "another-authority")
        self.server = MariaDb(workspace)
        self.right = self.authority.server(self.server.account)
        self.wrong = self.authority.wrong_host(self.server.account)
        self.server.tls = self.right
        self.remote = MySqlRemote(self.server.start())

    def use(self, certificate: Certificate | None) -> None:
        if self.server.tls != certificate:
            self.server.tls = certificate
            self.server.restart()


@pytest.fixture(scope="module")
def side(workspace: Workspace) -> Iterator[Side]:
    side = Side(workspace)
    yield side
    side.server.stop()


def cipher(db: Database, side: Side, **connection: object) -> str:
    """Imports over such a connection; gives the cipher, empty without TLS."""
    connector = side.remote.connector(connection=side.remote.connection(**connection), sql_query=QUERY, import_as="tls")
    db.import_table({**connector, "collision_strategy": "rename"})
    found = db.value("SELECT cipher FROM tls")
    db.execute("DROP TABLE tls")
    assert isinstance(found, str)
    return found


def refused(db: Database, side: Side, message: str = "", **connection: object) -> str:
    connector = side.remote.connector(connection=side.remote.connection(**connection), sql_query=QUERY, import_as="tls")
    expected = {"number": 1012, "detail": "phase (connect|authenticate)", "secrets": (side.server.password,)}
    with fails_cleanly(db, side.remote, message, **expected) as failure:
        db.import_table(connector)
    return failure.hint


@pytest.mark.parametrize("mode", MODES)
def test_right_certificate(db: Database, side: Side, mode: str) -> None:
    side.use(side.right)
    root = {"sslrootcert": str(side.authority.certificate)} if mode.startswith("verify") else {}
    for server in ("127.0.0.1", "localhost"):
        assert (cipher(db, side, server=server, sslmode=mode, **root) != "") is (mode != "disable")


def test_default_is_prefer(db: Database, side: Side) -> None:
    side.use(side.right)
    assert cipher(db, side) != ""


@pytest.mark.parametrize("mode", MODES)
def test_unknown_authority(db: Database, side: Side, mode: str) -> None:
    side.use(side.right)
    if mode.startswith("verify"):
        hint = refused(db, side, sslmode=mode, sslrootcert=str(side.stranger.certificate))
        assert "sslrootcert" in hint
        # the system's store does not have it either
        assert "sslrootcert" in refused(db, side, sslmode=mode)
    else:
        assert (cipher(db, side, sslmode=mode) != "") is (mode != "disable")


@pytest.mark.parametrize("mode", MODES)
def test_wrong_host(db: Database, side: Side, mode: str) -> None:
    """A good certificate of somebody else: only verify-full minds."""
    side.use(side.wrong)
    root = {"sslrootcert": str(side.authority.certificate)} if mode.startswith("verify") else {}
    if mode == "verify-full":
        for server in ("127.0.0.1", "localhost"):
            assert "name" in refused(db, side, sslmode=mode, server=server, **root)
    else:
        assert (cipher(db, side, sslmode=mode, **root) != "") is (mode != "disable")


@pytest.mark.parametrize("mode", MODES)
def test_server_without_tls(db: Database, mariadb: MySqlRemote, side: Side, mode: str) -> None:
    """disable and prefer do without, the others refuse and name sslmode."""
    mariadb.server.start()
    root = {"sslrootcert": str(side.authority.certificate)} if mode.startswith("verify") else {}
    connection = mariadb.connection(sslmode=mode, **root)
    connector = mariadb.connector(connection=connection, sql_query=QUERY, import_as="plain")
    if mode in ("disable", "prefer"):
        db.import_table(connector)
        assert db.value("SELECT cipher FROM plain") == ""
        db.execute("DROP TABLE plain")
    else:
        secrets = (mariadb.server.password,)
        with fails_cleanly(db, mariadb, number=1012, hint="sslmode", secrets=secrets):
            db.import_table(connector)


def test_client_certificate(db: Database, side: Side, workspace: Workspace) -> None:
    side.use(side.right)
    side.server.create_user("certified", "pw-of-certified", require="REQUIRE X509")
    login = {"username": "certified", "password": "pw-of-certified"}
    client = side.authority.client("certified", db.server.account)
    other = side.stranger.client("certified", db.server.account)
    readable(client, other)
    given = {"sslcert": str(client.certificate), "sslkey": str(client.key)}
    assert cipher(db, side, sslmode="require", **login, **given) != ""
    refused(db, side, "Access denied", sslmode="require", **login)
    refused(db, side, sslmode="require", **login, sslcert=str(other.certificate), sslkey=str(other.key))
    refused(db, side, "sslkey", sslmode="require", **login, sslcert=str(client.certificate), sslkey="/no/such/file")


def readable(*certificates: Certificate) -> None:
    for certificate in certificates:
        certificate.certificate.chmod(0o644)
        Path(certificate.certificate).parent.chmod(0o755)


def test_account_that_needs_tls(db: Database, side: Side) -> None:
    side.use(side.right)
    side.server.create_user("secure", "pw-of-secure", require="REQUIRE SSL")
    login = {"username": "secure", "password": "pw-of-secure"}
    assert cipher(db, side, **login) != ""
    refused(db, side, sslmode="disable", **login)


def test_garbage_as_authority(db: Database, side: Side, workspace: Workspace) -> None:
    side.use(side.right)
    garbage = workspace.subfolder("garbage", mode=0o755) / "ca.pem"
    garbage.write_text("no certificate at all\n")
    refused(db, side, sslmode="verify-full", sslrootcert=str(garbage))
    refused(db, side, "could not read file", sslmode="verify-full", sslrootcert="/no/such/file")


def test_compression(db: Database, side: Side) -> None:
    """With and without TLS the same rows."""
    side.use(side.right)
    side.remote.create_rows("pressed", 5000, width=100)
    found = []
    for options in ({}, {"compression": True}, {"compression": True, "sslmode": "disable"}, {"sslmode": "disable"}):
        connection = side.remote.connection(**options)
        result = db.import_table(side.remote.connector(connection=connection, table="pressed", import_as="pressed"))
        found.append(db.rows(f"SELECT count(*), md5(string_agg(p::text, ',' ORDER BY id)) FROM {result['table_name']} p"))
        db.execute(f"DROP TABLE {result['table_name']}")
    assert found[0][0][0] == 5000
    assert all(rows == found[0] for rows in found)
