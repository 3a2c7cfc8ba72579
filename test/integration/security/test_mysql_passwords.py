"""Passwords and authentication plugins of the MySQL family."""

from __future__ import annotations

import psycopg2
import pytest
from harness.database import Database
from harness.dialects import dialect_of
from harness.errors import fails
from harness.faults import fails_cleanly
from harness.thorough import VERSIONS_OF_MYSQL, by_turns

from servers.remote_mysql import MySqlRemote

pytestmark = by_turns("mysql", VERSIONS_OF_MYSQL)

PASSWORDS = {
    "plain": "simple",
    "quotes": "it's \"quoted\" `so`",
    "backslashes": "back\\slash\\\\n",
    "spaces": "  two  spaces  ",
    "utf8": "pässwörd-č",
    "emoji": "key 🔑 and 🐘",
    "percent": "%s%n%%",
    "long": "x" * 79,
    "json": '{"a": "b"}',
    "semicolon": "a;b--c/*d*/#e",
}


def check(db: Database, remote: MySqlRemote, username: str, password: str | None, **more: object) -> None:
    connection = remote.connection(username=username, password=password, **more)
    connector = remote.connector(connection=connection, sql_query="SELECT 1 AS one", import_as="logged_in")
    assert db.import_table(connector)["rows"] == 1
    db.execute("DROP TABLE logged_in")


def create(remote: MySqlRemote, name: str, password: str, plugin: str | None = None) -> None:
    quoted = password.replace("\\", "\\\\").replace("'", "\\'")
    if plugin is None:
        dialect_of(remote).account(remote, name, quoted, ["ALL ON testdb.*"])
    else:
        remote.server.create_user(name, quoted, plugin=plugin)


@pytest.mark.parametrize("kind", PASSWORDS)
def test_odd_passwords(db: Database, mysql: MySqlRemote, kind: str) -> None:
    password = PASSWORDS[kind]
    create(mysql, "odd", password)
    check(db, mysql, "odd", password)
    with fails_cleanly(db, mysql, "Access denied", number=1012, secrets=(password + "x",)):
        check(db, mysql, "odd", password + "x")


def test_empty_password(db: Database, mysql: MySqlRemote) -> None:
    """Given as empty, as null, or not at all; and wrong where there is one."""
    create(mysql, "open_door", "")
    check(db, mysql, "open_door", "")
    check(db, mysql, "open_door", None)
    with fails("Access denied", number=1012):
        check(db, mysql, mysql.server.user, "")
    with fails("Access denied", number=1012):
        check(db, mysql, mysql.server.user, None)


@pytest.mark.parametrize("password", ["secret-1", "pässwörd 🔑"])
@pytest.mark.parametrize("plugin", ["mysql_native_password", "ed25519"])
def test_mariadb_plugins(db: Database, mariadb: MySqlRemote, plugin: str, password: str) -> None:
    mariadb.server.start()
    create(mariadb, "plugged", password, plugin)
    check(db, mariadb, "plugged", password)
    with fails_cleanly(db, mariadb, "Access denied", number=1012, secrets=("wrong-" + password,)):
        check(db, mariadb, "plugged", "wrong-" + password)


@pytest.mark.parametrize("plugin", ["caching_sha2_password", "sha256_password"])
def test_mysql_plugins(db: Database, mysql9: MySqlRemote, plugin: str) -> None:
    """With TLS they work. Without, the full exchange works by RSA or says what to do, and the fast one works once the
    server knows the password."""
    mysql9.server.start()
    if not mysql9.rows(f"SELECT 1 FROM information_schema.plugins WHERE plugin_name = '{plugin}' AND plugin_status = 'ACTIVE'"):
        pytest.skip(f"this server has no {plugin}")
    create(mysql9, "hashed", "secret-of-hashed", plugin)
    mysql9.execute("FLUSH PRIVILEGES")  # forgets fast logins
    wrong = "wrong-secret"
    try:
        check(db, mysql9, "hashed", "secret-of-hashed", sslmode="disable")
    except psycopg2.Error as error:
        assert "sslmode" in str(error)
        assert "secret-of-hashed" not in str(error)
    check(db, mysql9, "hashed", "secret-of-hashed")
    check(db, mysql9, "hashed", "secret-of-hashed", sslmode="require")
    if plugin == "caching_sha2_password":
        check(db, mysql9, "hashed", "secret-of-hashed", sslmode="disable")  # the fast way now
    for mode in ("require", "disable"):
        with fails_cleanly(db, mysql9, "", number=1012, detail="authenticate", secrets=(wrong,)):
            check(db, mysql9, "hashed", wrong, sslmode=mode)
