"""Whose credentials a named server gives: the role's own mapping, else that of PUBLIC."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import assert_unseen
from harness.scratch import drop_tables
from harness.syncs import Syncs

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
    """Superusers meet it, too."""
    db.execute("DROP USER MAPPING FOR PUBLIC SERVER shop")
    for role in (shop, db):
        with fails(
            f'no user mapping for "{role.role}" on server "shop"', number=1502, hint=f"CREATE USER MAPPING FOR {role.role} SERVER shop"
        ):
            _who(role)
    # A login of the server's own, and a mapping that says too little, are other cases.
    db.execute("CREATE USER MAPPING FOR etl SERVER shop OPTIONS (password 'x')")
    with fails('"username"', number=1502, detail="Missing key"):
        _who(shop)
    db.execute("DROP USER MAPPING FOR etl SERVER shop")
    db.execute("ALTER SERVER shop OPTIONS (ADD username 'everybody')")
    with fails("using password: NO", number=1012):
        _who(shop)


def test_the_server_supplies_the_provider(db: Database, shop: Database) -> None:
    request = {key: value for key, value in WHO.items() if key != "provider"}
    assert shop.value(f"SELECT who FROM {shop.import_table(request)['table_name']}") == "everybody@%"
    assert shop.value("SELECT provider FROM connector.imports WHERE state = 'complete' ORDER BY created_at DESC LIMIT 1") == "mysql"
    assert shop.value("SELECT cdb_connector_check(%s)", json.dumps({"connection": "shop"})) == {"connected": True}
    with fails('foreign server "shop" is for provider "mysql", not "postgres"', number=1502, hint="Leave"):
        shop.import_table(WHO, provider="postgres")
    db.execute("ALTER SERVER shop OPTIONS (DROP provider)")
    with fails('"provider"', number=1502, detail='Missing key "provider". The foreign server has no option "provider".'):
        shop.import_table(request)
    assert _who(shop) == "everybody@%"


def test_a_sync_without_a_provider_follows_the_server(db: Database, shop: Database) -> None:
    """The role's limits are those of the provider that the server names when it runs."""
    syncs = Syncs(shop)
    id = syncs.create({key: value for key, value in WHO.items() if key != "provider"})["id"]
    assert syncs.now(id, wait=True)["state"] == "success"
    db.execute("ALTER SERVER shop OPTIONS (SET provider 'hive')")
    db.execute("INSERT INTO connector.role_limits (role_name, provider, max_syncs) VALUES ('etl', 'hive', 0)")
    try:
        assert 'may not sync with provider "hive"' in syncs.now(id, wait=True)["error_message"]
    finally:
        db.execute("DELETE FROM connector.role_limits")
        Syncs(db).clean()


SECRET = "uxsecret"


@pytest.mark.parametrize(
    ("connection", "message"),
    [
        (f"mysql://ana:{SECRET}@127.0.0.1:3307/shop", '"connection"'),
        (f"host=127.0.0.1 user=ana password={SECRET}", "not the name of a foreign server"),
        (f"ana:{SECRET}@127.0.0.1/shop", "not the name of a foreign server"),
    ],
)
@pytest.mark.parametrize("keys", [{"provider": "mysql"}, {}])
def test_a_connection_text_is_not_shown(db: Database, shop: Database, connection: str, message: str, keys: dict[str, str]) -> None:
    """Neither to the client nor in any line of the server's log."""
    request = json.dumps({**keys, "connection": connection, "table": "t"})
    position = db.server.log_size()
    for call in ("cdb_import_connector", "cdb_sync_connector", "cdb_connector_check", "cdb_connector_dry_run"):
        with fails(message, hint="(?i)foreign server", secrets=(SECRET,)):
            shop.value(f"SELECT {call}('{request}')")
    log = db.server.log_since(position)
    assert "STATEMENT" in log
    assert_unseen(log, (SECRET,))


def test_a_server_that_is_not_there(shop: Database) -> None:
    with fails('foreign server "shopp" does not exist', sqlstate="42704", hint=r"\\des"):
        shop.import_table(WHO, connection="shopp")
    with fails('foreign server "shopp" does not exist', sqlstate="42704", hint=r"\\des"):
        shop.import_table({"connection": "shopp", "table": "t"})
