"""Saved servers: made, changed and dropped as the caller, with passwords that go nowhere but into user mappings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import assert_unseen
from harness.scratch import drop_tables

from servers.remote_mysql import MySqlRemote

SECRET = "Geheim4711"
NAMES = ['Größe "ü"', "with 'quotes'", "a.b", 'drop"; SELECT 1', "mit Leerzeichen ", "a=b@c", "$$", "x" * 63, "SELECT"]


@pytest.fixture
def owner(db: Database) -> Iterator[Database]:
    """A role that may make servers."""
    yield from _role(db, "owner_of_servers", may_connect=True)


@pytest.fixture
def user(db: Database) -> Iterator[Database]:
    """A role that may not."""
    yield from _role(db, "user_of_servers", may_connect=False)


def _role(db: Database, name: str, *, may_connect: bool) -> Iterator[Database]:
    role = db.create_role(name, may_connect=may_connect)
    yield role
    role.close()
    db.execute("SELECT cdb_sync_delete(id) FROM connector.syncs")
    db.drop_role(name)


def save(role: Database, name: str, *, provider: str | None = "mysql", **connection: object) -> dict[str, Any]:
    connector = {"connection": connection} | ({"provider": provider} if provider is not None else {})
    saved = role.value("SELECT cdb_server_save(%s, %s)", name, json.dumps(connector))
    assert isinstance(saved, dict)
    return saved


def servers(role: Database) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for (row,) in role.rows("SELECT row_to_json(s) FROM cdb_servers() s")}


def mappings(db: Database, server: str) -> dict[str, dict[str, str]]:
    """The options of the user mappings, by role."""
    found = db.rows("SELECT usename::text, umoptions FROM pg_user_mappings WHERE srvname = %s", server)
    return {role: dict(option.split("=", 1) for option in options) for role, options in found}


def test_an_import_uses_what_was_saved(db: Database, owner: Database, mariadb: MySqlRemote) -> None:
    mariadb.create_rows("hotels", 3)
    db.execute("ALTER ROLE owner_of_servers SET connector.allowed_hosts = '127.0.0.1'")
    owner.close()
    given = mariadb.connection()
    saved = save(owner, "shop", **given)
    assert saved == servers(owner)["shop"]
    assert (saved["provider"], saved["owner"], saved["may_change"], saved["used_by"]) == ("mysql", owner.role, True, 0)
    shown = {**given, "password": "********"}
    assert {name: str(value) for name, value in saved["connection"].items()} == {n: str(v) for n, v in shown.items()}
    assert isinstance(saved["connection"]["port"], int)
    assert owner.import_table({"connection": "shop", "table": "hotels"})["rows"] == 3
    # What is shown can be saved again, and changes nothing.
    assert save(owner, "shop", provider=None, **saved["connection"]) == saved
    assert owner.import_table({"connection": "shop", "table": "hotels"})["rows"] == 3
    drop_tables(db)


@pytest.mark.parametrize("name", NAMES)
def test_any_name(owner: Database, name: str) -> None:
    assert save(owner, name, server="db", username="ana", password=SECRET)["name"] == name
    assert save(owner, name, provider=None, server="db", username="ana", password="x" * 8)["name"] == name
    assert set(servers(owner)) == {name}
    owner.execute("SELECT cdb_server_drop(%s)", name)
    assert servers(owner) == {}


def test_it_takes_what_postgresql_wants_for_it(db: Database, owner: Database, user: Database) -> None:
    with fails("permission denied for foreign-data wrapper connector", sqlstate="42501"):
        save(user, "mine", server="db")
    save(owner, "shop", server="db", port=3307, username="ana", password=SECRET)
    assert servers(user) == {}
    change = "SELECT cdb_server_save('shop', '{\"connection\": {\"password\": \"x\"}}')"
    for statement in ("SELECT cdb_server_drop('shop')", change):
        with fails("permission denied for foreign server shop", sqlstate="42501", hint="GRANT USAGE ON FOREIGN SERVER shop"):
            user.execute(statement)
    db.execute("GRANT USAGE ON FOREIGN SERVER shop TO user_of_servers")
    # Nothing of the owner's login is seen.
    (seen,) = servers(user).values()
    assert seen["connection"] == {"server": "db", "port": 3307} and not seen["may_change"] and seen["owner"] == owner.role
    assert save(user, "shop", username="ben", password="other")["connection"]["username"] == "ben"
    own = {"username": "ben", "password": "********"}
    assert save(user, "shop", server="db", port="3307", **own)["connection"] == {"server": "db", "port": 3307, **own}
    for change in ({"server": "evil"}, {"port": 1}, {"sslmode": "disable"}, {"database": "x"}):
        with fails("must be owner of foreign server shop", sqlstate="42501", detail=owner.role, hint="username and a password"):
            save(user, "shop", **{"username": "ben", "password": "new", **change})
    with fails("must be owner of foreign server shop", sqlstate="42501", detail=owner.role):
        user.execute("SELECT cdb_server_drop('shop')")
    assert mappings(db, "shop") == {
        owner.role: {"username": "ana", "password": SECRET},
        user.role: {"username": "ben", "password": "other"},
    }
    # The owner's change reaches all, and he can drop all of it.
    save(owner, "shop", server="db2", username="ana", password="given anew")
    assert servers(user)["shop"]["connection"] == {"server": "db2", **own}
    owner.execute("SELECT cdb_server_drop('shop')")
    assert db.value("SELECT count(*) FROM pg_user_mappings") == 0


def test_servers_of_other_wrappers(db: Database, owner: Database) -> None:
    db.execute("CREATE FOREIGN DATA WRAPPER other; CREATE SERVER theirs FOREIGN DATA WRAPPER other")
    try:
        assert servers(db) == {}
        save_it = "cdb_server_save('theirs', '{\"provider\": \"mysql\", \"connection\": {}}')"
        for statement in ("cdb_server_drop('theirs')", save_it):
            with fails("is not one of foreign-data wrapper connector"):
                db.execute(f"SELECT {statement}")
    finally:
        db.execute("DROP FOREIGN DATA WRAPPER other CASCADE")


def test_files_and_drivers_are_superusers(db: Database, owner: Database) -> None:
    for key in ("sslrootcert", "sslcert", "sslkey"):
        with fails(f'only superusers may set option "{key}"', number=1501):
            save(owner, "shop", server="db", **{key: "/etc/passwd"})
    with fails("only superusers may make or change a foreign server", number=1501):
        save(owner, "shop", provider="odbc", driver="SQLite3", database="/etc/passwd")
    saved = save(db, "files", provider="odbc", driver="Simba", warehouse="w1", username="ana", password=SECRET, token="t")
    assert saved["connection"] == {
        "driver": "Simba", "username": "ana", "password": "********", "token": "********", "warehouse": "w1"
    }  # fmt: skip
    # Any attribute of a driver may say where it dials.
    with fails('stored secret "connection.password" can\'t be kept', detail="connection.warehouse"):
        save(db, "files", driver="Simba", provider=None, warehouse="w2", username="ana")
    with fails("can't be kept", detail="given anew or removed", secrets=(SECRET,)):
        save(db, "files", driver="Simba", provider=None, warehouse="w1", username="ana", token="other")
    assert save(db, "files", driver="Simba", provider=None, warehouse="w1", username="ana")["connection"] == saved["connection"]
    db.execute("SELECT cdb_server_drop('files')")


@pytest.mark.parametrize(
    "change",
    [
        {"server": "evil"},
        {"port": 1},
        {"username": "other"},
        {"database": "other"},
        {"sslmode": "disable"},
        {"connect_timeout": 5},
    ],
)
@pytest.mark.parametrize("mask", [{}, {"password": "********"}])
def test_a_kept_password_goes_nowhere_else(owner: Database, change: dict[str, object], mask: dict[str, object]) -> None:
    connection = {"server": "db", "port": 3307, "username": "ana", "sslmode": "verify-full"}
    before = save(owner, "shop", **connection, password=SECRET)
    (key,) = change
    with fails(
        'the stored secret "connection.password" can\'t be kept', number=1502, detail=f'"connection.{key}"', hint="again"
    ):
        save(owner, "shop", **{**connection, **change, **mask})
    assert servers(owner)["shop"] == before
    assert save(owner, "shop", **{**connection, **change, "password": "new"})["connection"][key] == change[key]


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_password_is_removed(db: Database, owner: Database, nothing: str | None) -> None:
    save(owner, "shop", server="db", username="ana", password=SECRET)
    assert "password" not in save(owner, "shop", server="elsewhere", username="ana", password=nothing)["connection"]
    assert mappings(db, "shop") == {owner.role: {"username": "ana"}}
    with fails("can't be kept", detail="No secret of this role is stored"):
        save(owner, "shop", server="elsewhere", username="ana", password="********")
    with fails("can't be kept", detail="No secret of this role is stored"):
        save(owner, "new", server="elsewhere", username="ana", password="********")


def test_mapping_of_public(db: Database, owner: Database, user: Database) -> None:
    """Who may use it need not be shown it, and gets nothing of it into a mapping of his own."""
    save(owner, "shop", server="db")
    db.execute(f"CREATE USER MAPPING FOR PUBLIC SERVER shop OPTIONS (username 'all', password '{SECRET}')")
    db.execute("GRANT USAGE ON FOREIGN SERVER shop TO user_of_servers")
    assert servers(user)["shop"]["connection"] == {"server": "db"}
    assert servers(owner)["shop"]["connection"] == {"server": "db", "username": "all", "password": "********"}
    assert save(owner, "shop", server="db", username="all", password="********")["connection"]["password"] == "********"
    assert save(user, "shop", server="db")["connection"] == {"server": "db"}
    for role in (owner, user):
        with fails("can't be kept", secrets=(SECRET,)):
            save(role, "shop", server="db", username="other", password="********")
    assert set(mappings(db, "shop")) == {"public"}
    save(user, "shop", server="db", username="ben", password="own")
    assert mappings(db, "shop") == {
        "public": {"username": "all", "password": SECRET},
        user.role: {"username": "ben", "password": "own"},
    }
    owner.execute("SELECT cdb_server_drop('shop')")


def test_what_uses_it_is_told_to_who_sees_it(db: Database, owner: Database, etl: Database) -> None:
    save(owner, "shop", server="192.0.2.1", username="ana", password=SECRET)
    save(owner, "a=b", server="192.0.2.1", username="ana", password=SECRET)
    db.execute(f"GRANT USAGE ON FOREIGN SERVER shop, \"a=b\" TO etl")
    save(etl, "shop", username="ben", password="other")
    make = "SELECT cdb_sync_connector(%s, %s, name => %s) ->> 'id'"
    for i in range(12):
        owner.value(make, json.dumps({"Connection": "shop", "table": f"t{i}"}), "1 hour", f"sync {i:02}")
    etl.value(make, json.dumps({"connection": "shop", "table": "t", "provider": "mysql"}), "1 hour", "etl's own")
    owner.value(make, json.dumps({"connection": "a=b", "table": "t20"}), "1 hour", "odd name")
    assert (servers(owner)["shop"]["used_by"], servers(etl)["shop"]["used_by"], servers(db)["shop"]["used_by"]) == (12, 1, 13)
    assert servers(owner)["a=b"]["used_by"] == 1
    with fails(
        'foreign server "shop" is used by 13 syncs', number=2013, sqlstate="2BP01", hint="cdb_sync_delete", secrets=("etl's own",)
    ) as told:
        owner.execute("SELECT cdb_server_drop('shop')")
    assert '"sync 00", ' in told.detail and '"sync 09" and 2 more.' in told.detail
    with fails('"a=b" is used by 1 sync$', detail='Syncs: "odd name".'):
        owner.execute("SELECT cdb_server_drop('a=b')")
    db.execute("SELECT cdb_sync_delete(id) FROM connector.syncs WHERE role_name = 'etl'")
    with fails("is used by 12 syncs"):
        owner.execute("SELECT cdb_server_drop('shop')")
    owner.execute("SELECT cdb_sync_delete(id) FROM connector.syncs")
    owner.execute("SELECT cdb_server_drop('shop'), cdb_server_drop('a=b')")


def test_what_postgresql_knows_of_keeps_it_too(db: Database, owner: Database) -> None:
    save(owner, "shop", server="db", username="ana", password=SECRET)
    db.execute("CREATE FOREIGN TABLE far (a int) SERVER shop OPTIONS (table_name 'x')")
    with fails("cannot drop server shop because other objects depend on it", sqlstate="2BP01", detail="foreign table far"):
        owner.execute("SELECT cdb_server_drop('shop')")
    assert mappings(db, "shop")[owner.role] == {"username": "ana", "password": SECRET}
    db.execute("DROP FOREIGN TABLE far")
    owner.execute("SELECT cdb_server_drop('shop')")


def test_passwords_are_in_no_log(db: Database, owner: Database) -> None:
    """With every log on that there is: what a statement says that has no password in its own text, nor do those inside."""
    db.execute(
        "CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE LOG 'ddl % in %', tg_tag, current_query(); END $$; "
        "CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION note(); "
        "CREATE TABLE given (number int, name text, connector json); GRANT SELECT ON given TO PUBLIC"
    )
    good = {"server": "db", "username": "ana", "password": SECRET}
    changes = ({}, {"port": 3308, "password": SECRET + "2"}, {"port": 3308, "password": "********"}, {"sslkey": "/x"})
    for number, change in enumerate(changes):
        connector = {"provider": "mysql", "connection": {**good, **change}}
        db.execute("INSERT INTO given VALUES (%s, 'shop', %s)", number, json.dumps(connector))
    call = "SELECT cdb_server_save(name, connector) FROM given WHERE number = "
    position = db.server.log_size()
    try:
        with db.another() as session:
            session.execute(
                "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; "
                "SET log_statement = 'all'; SET log_min_duration_statement = 0; SET log_min_messages = 'debug1'; "
                f"SET log_error_verbosity = 'verbose'; SET SESSION AUTHORIZATION {owner.role}"
            )
            for number in range(3):
                session.execute(f"{call}{number}")
                session.execute(f"DO $do$ BEGIN PERFORM {call.removeprefix('SELECT ')}{number}; END $do$")
            with fails('only superusers may set option "sslkey"', secrets=(SECRET,)):
                session.execute(f"{call}3")
            with fails('only superusers may set option "sslkey"', secrets=(SECRET,)) as failure:
                session.execute(f"DO $do$ BEGIN EXECUTE '{call}3'; END $do$")
            assert "SQL statement" in failure.context
        log = db.server.log_since(position)
        for word in ("ddl CREATE SERVER", "ddl CREATE USER MAPPING", "ddl ALTER SERVER", "ddl ALTER USER MAPPING", "Query Text"):
            assert word in log
        assert_unseen(log, (SECRET,))
    finally:
        db.execute("DROP EVENT TRIGGER note; DROP FUNCTION note(); DROP TABLE given")
    assert mappings(db, "shop")[owner.role] == {"username": "ana", "password": f"{SECRET}2"}


@pytest.mark.parametrize("name", ["new", "x" * 64, "a://b", "theirs"])
@pytest.mark.parametrize(
    "statement", ["SELECT cdb_server_save('{}', '{}')", "DO $do$ BEGIN PERFORM cdb_server_save('{}', '{}'); END $do$"]
)
def test_a_failing_statement_is_logged_without_it(
    db: Database, owner: Database, user: Database, name: str, statement: str
) -> None:
    save(owner, "theirs", server="db")
    position = db.server.log_size()
    wrong_places = ({"server": "db", "passwort": SECRET}, {"server": f"ana:{SECRET}@db"})
    for connection in ({"server": "db", "password": SECRET}, *wrong_places):
        connector = json.dumps({"provider": "mysql", "connection": connection, "table": "t"})
        with fails(secrets=(SECRET,)):
            user.execute(statement.format(name, connector))
    assert_unseen(db.server.log_since(position), (SECRET,))


def test_it_is_done_as_the_caller(db: Database, owner: Database) -> None:
    """In a function of somebody else's it is that role whose server and mapping it becomes."""
    db.execute(
        "CREATE FUNCTION as_superuser() RETURNS json LANGUAGE sql SECURITY DEFINER AS $$ SELECT cdb_server_save('shop', "
        "'{\"provider\": \"mysql\", \"connection\": {\"server\": \"db\", \"username\": \"u\", \"password\": \"p\"}}') $$"
    )
    assert owner.value("SELECT as_superuser()")["owner"] == "postgres"
    assert set(mappings(db, "shop")) == {"postgres"}
    assert servers(owner) == {}
    db.execute("DROP FUNCTION as_superuser(); SELECT cdb_server_drop('shop')")
    with fails("cannot execute cdb_server_save.. in a read-only transaction", sqlstate="25006"):
        owner.execute("BEGIN READ ONLY; SELECT cdb_server_save('x', '{}')")
    owner.execute("ROLLBACK")
    with fails("cannot execute cdb_server_drop.. in a read-only transaction", sqlstate="25006"):
        owner.execute("BEGIN READ ONLY; SELECT cdb_server_drop('x')")
    owner.execute("ROLLBACK")
    owner.execute("BEGIN")
    save(owner, "gone", server="db")
    owner.execute("ROLLBACK")
    assert servers(owner) == {}


def test_two_who_change_it_wait_for_each_other(db: Database, owner: Database) -> None:
    """ALTER SERVER alone would fail with "tuple concurrently updated", or lose a change."""
    save(owner, "shop", server="db", username="ana", password=SECRET)
    owner.execute("BEGIN")
    save(owner, "shop", server="first", username="ana", password="first")
    connector = json.dumps({"connection": {"server": "second", "username": "ana", "password": "second"}})
    with owner.in_background("SELECT cdb_server_save('shop', %s)", connector) as waiting:
        waiting.wait_for_lock()
        owner.execute("COMMIT")
        waiting.result()
    assert servers(owner)["shop"]["connection"]["server"] == "second"
    assert mappings(db, "shop")[owner.role] == {"username": "ana", "password": "second"}
