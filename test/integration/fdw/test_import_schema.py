"""IMPORT FOREIGN SCHEMA makes foreign tables of what is there: names, types, NOT NULL and comments as imports have them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.foreign import create_server
from harness.samples import NAMES, mysql_sample, postgres_sample

from servers.remote import Remote
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote

LIVE = "live"
COPIES = "copies"
CONTENT = "SELECT md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM {} t"


@pytest.fixture
def home(db: Database) -> Iterator[Database]:
    db.execute(f"CREATE SCHEMA {LIVE}; CREATE SCHEMA {COPIES}")
    yield db
    db.execute(f"DROP SCHEMA {LIVE}, {COPIES} CASCADE")
    db.execute("DROP SERVER IF EXISTS remote CASCADE")


def foreign_tables(db: Database) -> list[str]:
    return [name for (name,) in db.rows(f"SELECT relname FROM pg_class WHERE relkind = 'f' AND relnamespace = '{LIVE}'::regnamespace ORDER BY 1")]


def warnings_of(db: Database, schema: str, rest: str = "") -> list[str]:
    """The WARNINGs of an import. `rest`: LIMIT TO or EXCEPT, and behind a bar the options."""
    before, _, behind = rest.partition("|")
    db.execute(f'IMPORT FOREIGN SCHEMA "{schema}" {before} FROM SERVER remote INTO {LIVE} {behind}')
    return [notice for notice in db.notices if notice.startswith("WARNING:")]


def import_schema(db: Database, schema: str, rest: str = "") -> list[str]:
    """Imports without a WARNING; all foreign tables that are there then."""
    assert warnings_of(db, schema, rest) == []
    return foreign_tables(db)


def check_against_imports(db: Database, remote: Remote, schema: str) -> None:
    """Columns and rows are those that an import brings. Of the imported table's NOT NULLs those of dates may be missing."""
    assert import_schema(db, schema)
    for table in foreign_tables(db):
        request = remote.connector(schema=schema, table=table, import_as="copy", target_schema=COPIES, column_names="verbatim")
        db.import_table(request, collision_strategy="overwrite" if db.value(f"SELECT to_regclass('{COPIES}.copy') IS NOT NULL") else "error")
        live, copy = f'{LIVE}."{table}"', f"{COPIES}.copy"
        there, here = db.columns(live), db.columns(copy)
        assert [column[:2] for column in there] == [column[:2] for column in here], table
        for (name, kind, promised), (_, _, not_null) in zip(there, here, strict=True):
            may_be_null = remote.provider == "mysql" and kind.startswith(("date", "timestamp"))
            assert promised == (not_null and not may_be_null), f"{table}.{name}"
        comments = "SELECT objsubid, description FROM pg_description WHERE classoid = 'pg_class'::regclass AND objoid = %s::regclass ORDER BY 1"
        assert db.rows(comments, live) == db.rows(comments, copy), table
        assert db.value(CONTENT.format(live)) == db.value(CONTENT.format(copy)), table
        db.execute(f"DROP TABLE {copy}")


@pytest.mark.parametrize("name", NAMES)
def test_samples_of_mysql(home: Database, mariadb: MySqlRemote, name: str) -> None:
    create_server(home, mariadb)
    with mysql_sample(mariadb, name) as schema:
        check_against_imports(home, mariadb, schema)


@pytest.mark.parametrize("name", NAMES)
def test_samples_of_postgres(home: Database, postgres15: PostgresRemote, name: str) -> None:
    create_server(home, postgres15)
    with postgres_sample(postgres15, name) as schema:
        check_against_imports(home, postgres15, schema)


@pytest.fixture
def nest(home: Database, mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    """A schema with tables of odd names."""
    create_server(home, mariadb)
    user = mariadb.connection()["username"]
    mariadb.server.sql("DROP DATABASE IF EXISTS nest", "CREATE DATABASE nest CHARACTER SET utf8mb4", f"GRANT SELECT, SHOW VIEW ON nest.* TO '{user}'@'%'", database=None)
    mariadb.server.sql(
        "CREATE TABLE nest.`plain` (id int NOT NULL PRIMARY KEY COMMENT 'the key''s', born date NOT NULL, word varchar(10) DEFAULT 'it''s') COMMENT 'a table'",
        "CREATE TABLE nest.`Two Words` (`Größe \"x\"` int, `o'clock` int)",
        "CREATE VIEW nest.seen AS SELECT id FROM nest.plain",
        database=None,
    )
    yield mariadb
    mariadb.server.sql("DROP DATABASE nest", database=None)


def test_limit_and_except(home: Database, nest: MySqlRemote) -> None:
    assert import_schema(home, "nest", 'LIMIT TO ("Two Words", seen)') == ["Two Words", "seen"]
    home.execute(f"DROP SCHEMA {LIVE} CASCADE; CREATE SCHEMA {LIVE}")
    assert import_schema(home, "nest", "EXCEPT (plain)") == ["Two Words", "seen"]
    home.execute(f"DROP SCHEMA {LIVE} CASCADE; CREATE SCHEMA {LIVE}")
    (told,) = warnings_of(home, "nest", "LIMIT TO (plian)")
    assert foreign_tables(home) == []
    assert 'schema "nest" has no table or view "plian"' in told


def test_what_is_not_there(home: Database, nest: MySqlRemote) -> None:
    (told,) = warnings_of(home, "Nest that is none")
    assert foreign_tables(home) == []
    assert 'schema "Nest that is none" has no table or view that can be seen there' in told


def test_names_are_quoted(home: Database, nest: MySqlRemote) -> None:
    import_schema(home, "nest")
    nest.server.sql("INSERT INTO nest.`Two Words` VALUES (1, 2)", database=None)
    assert home.columns(f'{LIVE}."Two Words"') == [('Größe "x"', "integer", False), ("o'clock", "integer", False)]
    assert home.value(f'SELECT "o\'clock" FROM {LIVE}."Two Words"') == 2


def test_options(home: Database, nest: MySqlRemote) -> None:
    """Comments and NOT NULL come unless they are not wanted, defaults if they are, and views can be left out."""
    comment = f"SELECT obj_description('{LIVE}.plain'::regclass)"
    default = f"SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = '{LIVE}.plain'::regclass"
    assert import_schema(home, "nest") == ["Two Words", "plain", "seen"]
    assert home.value(comment) == "a table"
    assert home.value(f"SELECT col_description('{LIVE}.plain'::regclass, 1)") == "the key's"
    # A date there may be 0000-00-00, which is NULL here.
    assert home.columns(f"{LIVE}.plain") == [("id", "integer", True), ("born", "date", False), ("word", "character varying(10)", False)]
    assert home.rows(default) == []
    home.execute(f"DROP SCHEMA {LIVE} CASCADE; CREATE SCHEMA {LIVE}")
    options = "OPTIONS (import_comments 'off', import_not_null 'false', import_default 'on', import_views 'off', import_collate 'on', import_generated 'on')"
    assert import_schema(home, "nest", f"|{options}") == ["Two Words", "plain"]
    assert home.value(comment) is None
    assert home.columns(f"{LIVE}.plain")[0] == ("id", "integer", False)
    assert home.value(default) == "'it''s'::character varying"


def test_unknown_option(home: Database, nest: MySqlRemote) -> None:
    with fails('invalid options of IMPORT FOREIGN SCHEMA: "import_defaults"', number=1502, detail='did you mean "import_default"?'):
        import_schema(home, "nest", "|OPTIONS (import_defaults 'on')")
    with fails("import_views requires a Boolean value"):
        import_schema(home, "nest", "|OPTIONS (import_views 'some')")


def test_long_and_equal_names(home: Database, mariadb: MySqlRemote, postgres15: PostgresRemote) -> None:
    """Names of more than 63 bytes are cut, and the options hold the true ones; of two that are equal then one is left out."""
    create_server(home, mariadb)
    user = mariadb.connection()["username"]
    long = "é" * 40  # 80 bytes
    mariadb.server.sql("DROP DATABASE IF EXISTS nest", "CREATE DATABASE nest CHARACTER SET utf8mb4", f"GRANT SELECT ON nest.* TO '{user}'@'%'", database=None)
    try:
        mariadb.server.sql(
            f"CREATE TABLE nest.`{long}` (`{long}` int, `{long}x` int, ctid int)", f"CREATE TABLE nest.`{long}y` (a int)",
            f"INSERT INTO nest.`{long}` VALUES (1, 2, 3)", database=None,
        )  # fmt: skip
        cut = "é" * 31
        told = warnings_of(home, "nest")
        assert foreign_tables(home) == [cut]
        assert len(told) == 2 and f'2 parts of table "{long}" are left out' in told[0] and f'table "{long}y" is left out' in told[1]
        assert "system column of this name" in told[0]
        assert home.value(f'SELECT "{cut}" FROM {LIVE}."{cut}"') == 1
    finally:
        mariadb.server.sql("DROP DATABASE nest", database=None)


def test_partitions_only_by_name(home: Database, postgres15: PostgresRemote) -> None:
    create_server(home, postgres15)
    user = postgres15.connection()["username"]
    postgres15.execute(
        "DROP SCHEMA IF EXISTS nest CASCADE", "CREATE SCHEMA nest", f"GRANT USAGE ON SCHEMA nest TO {user}",
        "CREATE TABLE nest.whole (a int) PARTITION BY LIST (a)", "CREATE TABLE nest.part PARTITION OF nest.whole DEFAULT",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA nest TO {user}",
    )  # fmt: skip
    try:
        assert import_schema(home, "nest") == ["whole"]
        assert import_schema(home, "nest", "LIMIT TO (part)") == ["part", "whole"]
    finally:
        postgres15.execute("DROP SCHEMA nest CASCADE")


def test_comments_stay_where_they_belong(home: Database, nest: MySqlRemote) -> None:
    """An import that fails in the middle, and what is made by hand after it, leave no comment behind."""
    home.execute(f"CREATE VIEW {LIVE}.seen AS SELECT 1 AS one")
    with fails('relation "seen" already exists'):
        import_schema(home, "nest")
    assert foreign_tables(home) == []
    home.execute(f"CREATE FOREIGN TABLE {LIVE}.plain (id int) SERVER remote OPTIONS (schema_name 'nest', table_name 'plain')")
    assert home.value(f"SELECT obj_description('{LIVE}.plain'::regclass)") is None
    assert import_schema(home, "nest", "LIMIT TO (\"Two Words\")") == ["Two Words", "plain"]
    assert home.value("SELECT count(*) FROM pg_description WHERE objoid IN (SELECT oid FROM pg_class WHERE relkind = 'f')") == 0


def test_event_triggers_see_the_comments(home: Database, nest: MySqlRemote) -> None:
    """They come behind the whole import."""
    home.execute(
        f"CREATE TABLE {COPIES}.seen (tag text, comment text); CREATE FUNCTION {COPIES}.look() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"INSERT INTO {COPIES}.seen SELECT tg_tag, obj_description('{LIVE}.plain'::regclass); END $$; "
        f"CREATE EVENT TRIGGER look ON ddl_command_end EXECUTE FUNCTION {COPIES}.look()"
    )
    try:
        import_schema(home, "nest")
        assert home.rows(f"SELECT tag, comment FROM {COPIES}.seen") == [("IMPORT FOREIGN SCHEMA", "a table")]
    finally:
        home.execute("DROP EVENT TRIGGER look")


def test_rights(home: Database, guest: Database, nest: MySqlRemote) -> None:
    """USAGE on the server, and a mapping of one's own, as an import needs them."""
    home.execute(f"GRANT USAGE, CREATE ON SCHEMA {LIVE} TO guest; ALTER ROLE guest SET connector.allowed_hosts = '127.0.0.1'")
    guest.close()
    statement = f"IMPORT FOREIGN SCHEMA nest FROM SERVER remote INTO {LIVE}"
    with fails("permission denied for foreign server remote"):
        guest.execute(statement)
    home.execute("GRANT USAGE ON FOREIGN SERVER remote TO guest")
    with fails('no user mapping for "guest" on server "remote"', number=1502):
        guest.execute(statement)
    login = nest.connection()
    home.execute(f"CREATE USER MAPPING FOR guest SERVER remote OPTIONS (username '{login['username']}', password '{login['password']}')")
    home.execute("INSERT INTO connector.role_limits (role_name, enabled) VALUES ('guest', false)")
    with fails('provider "mysql" is disabled for this role', number=1501):
        guest.execute(statement)
    home.execute("DELETE FROM connector.role_limits")
    guest.execute(statement)
    assert foreign_tables(home) == ["Two Words", "plain", "seen"]
