"""Whose credentials a named server gives: the role's own mapping, else that of PUBLIC."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import drop_tables

from servers.remote_mysql import MySqlRemote

WHO = {"provider": "mysql", "connection": "shop", "sql_query": "SELECT CURRENT_USER() AS who", "import_as": "who"}


@pytest.fixture
def shop(db: Database, etl: Database, mariadb: MySqlRemote) -> Iterator[Database]:
    """A server with a mapping for PUBLIC, seen by a plain role that may use it."""
    for name in ("everybody", "etl_only", "overruled"):
        mariadb.server.create_user(name, f"secret-of-{name}")
    db.execute(
        f"CREATE SERVER shop FOREIGN DATA WRAPPER connector OPTIONS (provider 'mysql', server '127.0.0.1', "
        f"port '{mariadb.server.port}', database 'testdb')"
    )
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.1'")
    db.execute("REVOKE USAGE ON FOREIGN DATA WRAPPER connector FROM etl")
    db.execute("GRANT USAGE ON FOREIGN SERVER shop TO etl")
    _map(db, "PUBLIC", "everybody")
    yield etl
    drop_tables(db)
    db.execute("DROP SERVER shop CASCADE")


def _map(db: Database, role: str, account: str) -> None:
    db.execute(f"CREATE USER MAPPING FOR {role} SERVER shop OPTIONS (username '{account}', password 'secret-of-{account}')")


def _who(role: Database) -> str:
    name = role.import_table(WHO)["table_name"]
    return str(role.value(f"SELECT who FROM {name}"))


def test_mapping_of_public(db: Database, shop: Database) -> None:
    assert _who(shop) == "everybody@%"
    assert _who(db) == "everybody@%"


def test_own_mapping_wins(db: Database, shop: Database) -> None:
    _map(db, "etl", "etl_only")
    assert _who(shop) == "etl_only@%"
    assert _who(db) == "everybody@%"
    db.execute("DROP USER MAPPING FOR etl SERVER shop")
    assert _who(shop) == "everybody@%"


def test_own_mapping_is_not_mixed_with_that_of_public(db: Database, shop: Database) -> None:
    """A mapping without a password gets none from PUBLIC's."""
    db.execute("CREATE USER MAPPING FOR etl SERVER shop OPTIONS (username 'everybody')")
    with fails("using password: NO", number=1012, secrets=("secret-of-everybody",)):
        _who(shop)


def test_mapping_is_that_of_the_current_role(db: Database, shop: Database) -> None:
    """Inside a SECURITY DEFINER function it is the function's owner."""
    _map(db, "postgres", "overruled")
    db.execute(
        "CREATE FUNCTION as_owner() RETURNS text LANGUAGE sql SECURITY DEFINER "
        "AS $$ SELECT cdb_import_connector('{\"provider\": \"mysql\", \"connection\": \"shop\", "
        "\"sql_query\": \"SELECT CURRENT_USER() AS who\", \"import_as\": \"by_owner\"}') ->> 'table_name' $$"
    )
    assert shop.value("SELECT as_owner()") == "by_owner"
    assert db.value("SELECT who FROM by_owner") == "overruled@%"
    assert _who(shop) == "everybody@%"
    db.execute("DROP FUNCTION as_owner()")


def test_mapping_wins_over_the_server(db: Database, shop: Database) -> None:
    db.execute("ALTER SERVER shop OPTIONS (ADD username 'overruled')")
    assert _who(shop) == "everybody@%"


def test_without_a_mapping(db: Database, shop: Database) -> None:
    db.execute("DROP USER MAPPING FOR PUBLIC SERVER shop")
    with fails("username", number=1502):
        _who(shop)
