"""Values of a connection are values: whatever is in them, no other server is asked, and no other driver loaded."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import ignore_errors

from servers.remote_mysql import MySqlRemote
from servers.remote_odbc import OdbcRemote
from servers.remote_postgres import PostgresRemote

pytestmark = pytest.mark.usefixtures("tidy")


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    """A port that nobody may ask."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def was_asked(trap: socket.socket) -> bool:
    return bool(select.select([trap], [], [], 0)[0])


def attacks(port: int) -> list[str]:
    more = f"Server=127.0.0.1;Servername=127.0.0.1;Port={port}"
    return [
        f"x;{more}",
        f"x;{more};Driver=/tmp/evil.so",
        f"x}};{more};Q={{",
        f"{{x}};{more}",
        f"x\n;{more}",
        f"x';{more};'",
        f'x";{more};"',
        f"}};{more}",
        f"}}}};{more}",
        f"{{;{more}",
        f"x=;{more}",
        f"x\u0001;{more}",
        f"x％3B{more}",
        f" ;{more}",
        f"\\;{more}",
        f"x;\u200b{more}",
    ]


@pytest.mark.parametrize("kind", ["odbc_postgres15", "odbc_mariadb", "odbc_tds"])
@pytest.mark.parametrize("key", ["username", "password", "database", "server", "description", "token", "connect_timeout", "port"])
def test_values(db: Database, request: pytest.FixtureRequest, trap: socket.socket, kind: str, key: str) -> None:
    """Each key of a connection in turn, a secret and an attribute of the driver among them."""
    remote: OdbcRemote = request.getfixturevalue(kind)
    remote.server.start()
    for attack in attacks(trap.getsockname()[1]):
        connection = remote.connection(**{"connect_timeout": 5, key: attack})
        ignore_errors(lambda: db.value("SELECT cdb_connector_check(%s)", json.dumps({"provider": "odbc", "connection": connection})))
        assert not was_asked(trap), f"{key} = {attack!r} led to another server"
        assert db.value("SELECT 1") == 1


@pytest.mark.parametrize("name", ["a;port", "a=b;port", "port}", "{port", "a\nport", "x;driver", " port", "port ", "ключ", "a\u0000b", "driver=x;y"])
def test_names(db: Database, odbc_postgres15: OdbcRemote, trap: socket.socket, name: str) -> None:
    """What is no name of an attribute is refused before anything is contacted."""
    connection = odbc_postgres15.connection(**{name: str(trap.getsockname()[1])})
    with pytest.raises(psycopg2.Error) as caught:
        db.value("SELECT cdb_connector_check(%s)", json.dumps({"provider": "odbc", "connection": connection}))
    assert not was_asked(trap)
    if "\0" not in name:
        assert "1502" in str(caught.value.diag.message_detail), caught.value


def test_nul(db: Database, odbc_mariadb: OdbcRemote) -> None:
    for key in ("username", "password", "database", "server", "description"):
        with pytest.raises(psycopg2.Error):
            db.value("SELECT cdb_connector_check(%s)", json.dumps(odbc_mariadb.connector(connection=odbc_mariadb.connection(**{key: "a\0b"}))))


ODD_PASSWORDS = ["a;b", "a}b", "{a}", "{a", "a}}b{{", "a=b", "a'b", 'a"b', "a\\b", "a b", " a", "é日😀", "a;PORT=1;", "};PORT=1;{", "%41", "a\tb", "?@[]()!*,"]


@pytest.mark.parametrize("password", ODD_PASSWORDS)
def test_odd_passwords_of_mariadb(db: Database, mariadb: MySqlRemote, odbc_mariadb: OdbcRemote, password: str) -> None:
    """MariaDB's driver takes any value in braces, but for blanks at its begin."""
    word = password.replace("\\", "\\\\").replace("'", "\\'")
    mariadb.server.sql("DROP USER IF EXISTS odd", f"CREATE USER odd IDENTIFIED BY '{word}'", "GRANT SELECT ON testdb.* TO odd")
    connection = odbc_mariadb.connection(username="odd", password=password)
    call = ("SELECT cdb_connector_check(%s)", json.dumps({"provider": "odbc", "connection": connection}))
    if password.startswith(" "):
        with fails("Access denied", number=1012):
            db.value(*call)
    else:
        assert db.value(*call) == {"connected": True}
    mariadb.server.sql("DROP USER odd")


@pytest.mark.parametrize("password", ODD_PASSWORDS)
def test_odd_passwords_of_postgres(db: Database, postgres15: PostgresRemote, odbc_postgres15: OdbcRemote, password: str) -> None:
    """psqlodbc takes braces off its password, too, and off nothing else."""
    word = password.replace("'", "''")
    postgres15.execute("DROP ROLE IF EXISTS odd", f"CREATE ROLE odd LOGIN PASSWORD '{word}'")
    connection = odbc_postgres15.connection(username="odd", password=password)
    try:
        assert db.value("SELECT cdb_connector_check(%s)", json.dumps({"provider": "odbc", "connection": connection})) == {"connected": True}
    finally:
        postgres15.execute("DROP ROLE odd")


def test_values_that_a_driver_can_not_be_told(db: Database, odbc_postgres15: OdbcRemote, odbc_mariadb: OdbcRemote) -> None:
    """Refused before anything is contacted: psqlodbc ends all but a password at a semicolon, MariaDB's driver the attributes that it does not know."""
    for remote, key in ((odbc_postgres15, "username"), (odbc_postgres15, "database"), (odbc_mariadb, "token"), (odbc_mariadb, "unheard_of")):
        with fails(f'value of "{key}" can.t be told', number=1502):
            db.value("SELECT cdb_connector_check(%s)", json.dumps(remote.connector(connection=remote.connection(**{key: "x;Port=1"}))))
