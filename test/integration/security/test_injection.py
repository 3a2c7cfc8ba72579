"""Names, types and texts from requests and remotes that try to become SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.dialects import dialect_of
from harness.faults import ignore_errors
from harness.stalls import TABLE
from harness.thorough import PROVIDERS, by_turns

from servers.remote import Remote

pytestmark = by_turns("one_remote", *PROVIDERS)

# Each would make or drop something if it ever ran as SQL, here or there, whatever quote it has to break.
ATTACKS = [
    "x; CREATE TABLE pwned (a int); --",
    'x"; CREATE TABLE pwned (a int); --',
    'x" (a int); DROP TABLE canary; --',
    "x'; CREATE TABLE pwned (a int); --",
    "x\\'; CREATE TABLE pwned (a int); --",
    "x`; CREATE TABLE pwned (a int); -- ",
    "$$; CREATE TABLE pwned (a int); --",
    "x]; CREATE TABLE pwned (a int); --",
    "int); DROP TABLE canary; --",
    "int DEFAULT pwn()",
    "int; CREATE TABLE pwned (a int)",
    "int CHECK (pwn() IS NULL)",
    "text COLLATE \"C\"); CREATE TABLE pwned (a int); --",
    "%s%n%x",
    "x\ny\r\n; CREATE TABLE pwned (a int);",
    "../../etc/passwd",
]
KEYS = ["table", "schema", "import_as", "target_schema", "columns", "column_type", "columns_text", "encoding", "sql_query",
        "collision_strategy", "server", "database", "username", "password", "provider"]


@pytest.fixture
def victim(db: Database) -> Iterator[Database]:
    """A database with something to lose."""
    db.execute("CREATE TABLE canary AS SELECT 1 AS a")
    db.execute("CREATE FUNCTION pwn() RETURNS int LANGUAGE plpgsql AS 'BEGIN CREATE TABLE pwned (a int); RETURN 1; END'")
    yield db
    db.execute("DROP FUNCTION pwn()")
    for (name,) in db.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        db.execute('DROP TABLE "{}"'.format(name.replace('"', '""')))


@pytest.fixture(autouse=True)
def canaries(request: pytest.FixtureRequest) -> Iterator[None]:
    """The same on the remote."""
    remote: Remote = request.getfixturevalue("remote" if "remote" in request.fixturenames else "one_remote")
    remote.create_rows(TABLE, 3)
    remote.create_rows("canary", 1)
    yield
    remote.drop("canary")
    remote.drop(TABLE)


def assert_untouched(db: Database, remote: Remote) -> None:
    assert db.rows("SELECT relname FROM pg_class WHERE relname = 'pwned'") == []
    assert db.value("SELECT count(*) FROM canary") == 1
    assert ("pwned",) not in remote.rows(dialect_of(remote).table_names)
    assert len(remote.rows("SELECT * FROM canary")) == 1


@pytest.mark.parametrize("key", KEYS)
def test_request(victim: Database, one_remote: Remote, key: str) -> None:
    """Whatever becomes of the request, nothing of it runs, but for the query, and that on the remote only."""
    for attack in ATTACKS:
        connector = one_remote.connector(table=TABLE, import_as="attacked")
        if key in ("server", "database", "username", "password"):
            connector["connection"] = one_remote.connection(**{key: attack, "connect_timeout": 5})
        elif key == "columns":
            connector["columns"] = [attack]
        elif key == "column_type":
            connector["columns"] = {"id": attack}
        elif key == "columns_text":
            connector["columns"] = f"id {attack}"
        elif key == "sql_query":
            del connector["table"]
            connector["sql_query"] = f"SELECT '1' AS {one_remote.quote(attack)}"
        else:
            connector[key] = attack
        with victim.another() as session:
            session.execute("BEGIN")
            ignore_errors(lambda: session.import_table(connector))
            session.execute("COMMIT")
            ignore_errors(lambda: session.dry_run({k: v for k, v in connector.items() if k != "collision_strategy"}))
    assert_untouched(victim, one_remote)


@pytest.mark.parametrize("column_names", ["normalize", "verbatim"])
def test_remote_names_and_comments(victim: Database, remote: Remote, column_names: str) -> None:
    """Names and comments of the remote are kept as they are, or made harmless."""
    dialect = dialect_of(remote)
    names = [attack for attack in ATTACKS if len(attack) <= 60 and not attack.endswith(" ") and "\n" not in attack]
    remote.drop("hostile")
    remote.execute(*dialect.commented_table(remote, "hostile", {name: f"{name} -- {name}" for name in names}, ATTACKS[1]))
    result = victim.import_table(
        remote.connector(table="hostile", column_names=column_names, import_as=f"hostile_{remote.kind}")
    )
    table = result["table_name"]
    assert len(victim.columns(table)) == len(names)
    comments = victim.rows(
        "SELECT a.attname, col_description(a.attrelid, a.attnum) FROM pg_attribute a "
        "WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
        table,
    )
    assert [comment for _, comment in comments] == [f"{name} -- {name}" for name in names]
    if column_names == "verbatim":
        assert [name for name, _ in comments] == names
    assert victim.value("SELECT obj_description(%s::regclass)", table) == ATTACKS[1]
    assert_untouched(victim, remote)
    victim.execute(f"DROP TABLE {table}")
    remote.drop("hostile")


def test_table_name_with_quotes(victim: Database, one_remote: Remote) -> None:
    """A remote table that is really called so is read, and no other."""
    for attack in ATTACKS[:9]:
        name = attack[:60].rstrip()
        one_remote.create_rows(name, 2)
        result = victim.import_table(one_remote.connector(table=name))
        assert result["rows"] == 2
        victim.execute(f'DROP TABLE "{result["table_name"]}"')
        one_remote.drop(name)
    assert_untouched(victim, one_remote)


@pytest.mark.parametrize("superuser", [True, False])
def test_hostile_search_path(victim: Database, one_remote: Remote, superuser: bool) -> None:
    """Functions, operators, types and tables that shadow the catalog's, first in the path, are never used: neither
    with the caller's rights nor, above all, with those of the extension's owner."""
    db = victim
    role = db.create_role("mallory")
    db.execute("ALTER ROLE mallory SET connector.allowed_hosts = '127.0.0.1'")
    db.execute("CREATE SCHEMA evil AUTHORIZATION mallory")
    role.execute("SET search_path = evil, public")
    body = "LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''shadow used''; END'"
    for signature, result in {
        "gen_random_uuid()": "uuid",
        "statement_timestamp()": "timestamptz",
        "clock_timestamp()": "timestamptz",
        "pg_has_role(name, text)": "boolean",
        "pg_has_role(oid, text)": "boolean",
        "pg_get_userbyid(oid)": "name",
        "json_build_object(text, text)": "json",
        "json_to_recordset(json)": "SETOF record",
        "oid_eq(oid, oid)": "boolean",
        "text_eq(text, text)": "boolean",
        "any_eq(bigint, bigint)": "boolean",
        "coalesce_oid(oid, oid)": "oid",
    }.items():
        role.execute(f"CREATE FUNCTION evil.{signature} RETURNS {result} {body}")
    for function, kind in (("oid_eq", "oid"), ("text_eq", "text"), ("any_eq", "bigint")):
        for operator in ("=", "<=", "<>"):
            role.execute(
                f"CREATE OPERATOR evil.{operator} (LEFTARG = {kind}, RIGHTARG = {kind}, FUNCTION = evil.{function})"
            )
    for name in ("pg_trigger", "pg_constraint", "pg_class", "pg_extension", "import", "role_limits", "imports"):
        role.execute(f"CREATE TABLE evil.{name} (a int)")
    for name in ("bigint", "varchar", "numeric", "text", "int8"):
        role.execute(f'CREATE DOMAIN evil."{name}" AS pg_catalog.text CHECK (false)')
    for shadow in ("connector", "pg_catalog_of_mine"):
        role.execute(f"CREATE FUNCTION evil.{shadow}(json) RETURNS json {body}")
    one_remote.create_rows("canary_texts", 1, width=2000)
    session = db.another() if superuser else role
    # pg_catalog named behind: the schema's own things win wherever a name is not qualified
    session.execute("SET search_path = evil, pg_catalog, public")
    connector = one_remote.connector(table=TABLE)
    result = session.import_table(connector)
    assert (result["schema"], result["rows"]) == ("evil", 3)
    types = [kind for _, kind, _ in db.columns(f"evil.{result['table_name']}")]
    assert types == ["bigint", "character varying(20)", "numeric(12,2)"]
    wide = session.import_table({**connector, "table": "canary_texts"})
    assert [kind for _, kind, _ in db.columns(f"evil.{wide['table_name']}")][:2] == ["bigint", "text"]
    again = session.import_table({**connector, "collision_strategy": "overwrite"})
    assert again["rows"] == 3
    assert session.import_table({**connector, "columns": {"id": "numeric", "word": "varchar"}})["rows"] == 3
    text = json.dumps(one_remote.connector())
    status = session.rows("SELECT cdb_import_status(%s)", result["item_queue_id"])
    assert len(status) == 1
    assert session.rows("SELECT cdb_connector_check(%s)", text)
    assert len(session.rows("SELECT * FROM cdb_connector_tables(%s)", text)) >= 2
    assert session.rows("SELECT cdb_connector_dry_run(%s)", json.dumps(connector))
    assert session.rows("SELECT * FROM cdb_error_codes()") and session.rows("SELECT cdb_connectors()")
    assert session.rows("SELECT * FROM connector.imports")
    session.close()
    role.close()
    one_remote.drop("canary_texts")
    db.execute("DROP SCHEMA evil CASCADE")
    db.drop_role("mallory")


def test_event_trigger_and_default_privileges_of_others(victim: Database, one_remote: Remote) -> None:
    """A failing event trigger fails the import cleanly."""
    victim.execute(
        "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no tables today''; END'"
    )
    victim.execute("CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION refuse()")
    try:
        with pytest.raises(psycopg2.Error, match="no tables today"):
            victim.import_table(one_remote.connector(table=TABLE))
    finally:
        victim.execute("DROP EVENT TRIGGER refuse")
        victim.execute("DROP FUNCTION refuse()")
    assert victim.rows("SELECT 1 FROM pg_tables WHERE tablename = %s", TABLE) == []
