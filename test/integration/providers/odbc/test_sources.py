"""Tables and queries by ODBC: names, keys, comments, limits, chosen columns, listing, with each driver."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness.database import Database
from harness.errors import fails
from harness.odbc_types import COMBINING, EMOJI
from harness.traces import no_remote_sessions, nothing_left_behind

from servers import odbc_drivers
from servers.remote import Remote
from servers.remote_odbc import OdbcRemote, SqliteRemote
from servers.workspace import Workspace

pytestmark = pytest.mark.usefixtures("tidy")

# The numbers in a column of SQLite's may have any digits, whatever was declared; psqlodbc tells the same digits of a
# numeric(28,6) and of one without any.
AMOUNT = {"odbc_postgres15": "numeric", "odbc_mariadb": "numeric(12,2)", "odbc_tds": "numeric(12,2)", "odbc_sqlite": "numeric"}
DEFAULT_SCHEMA = {"odbc_postgres15": "public", "odbc_mariadb": "testdb", "odbc_tds": "dbo", "odbc_sqlite": None}


def behind(remote: Remote) -> str:
    return remote.behind.provider if isinstance(remote, OdbcRemote) else "sqlite"


def of_rows(result: dict[str, Any]) -> dict[str, Any]:
    """The warnings of an import but for the driver's own: MariaDB's always has one, that it keeps whole results."""
    return {name: value for name, value in (result["warnings"] or {}).items() if name != "remote_warnings"}


def listed(db: Database, connector: dict[str, Any]) -> list[tuple[Any, ...]]:
    return db.rows("SELECT schema, name, kind FROM cdb_connector_tables(%s)", json.dumps(connector))


def test_check(db: Database, odbc: Remote) -> None:
    assert db.value("SELECT cdb_connector_check(%s)", json.dumps(odbc.connector())) == {"connected": True}
    no_remote_sessions(odbc)


def test_table(db: Database, odbc: Remote) -> None:
    """More rows than an array of the driver holds; key and NOT NULL come along."""
    odbc.create_rows("smoke", 2500)
    with nothing_left_behind(db, odbc):
        db.execute("BEGIN")
        result = db.import_table(odbc.connector(table="smoke"))
        assert (result["table_name"], result["rows"], result["skipped_columns"]) == ("smoke", 2500, [])
        assert db.columns("smoke") == [
            ("id", "bigint", True),
            ("word", "text", False),
            ("amount", AMOUNT[odbc.kind], False),
        ]
        assert db.rows("SELECT count(*), count(DISTINCT word), sum(amount)::numeric(12,2)::text, min(word), max(id) FROM smoke") == [
            (2500, 2500, "781562.50", "word 1 é............", 2500)
        ]
        keys = db.rows("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'smoke'::regclass AND contype = 'p'")
        assert keys == [("PRIMARY KEY (id)",)]
        db.execute("ROLLBACK")
    odbc.drop("smoke")


def test_key_of_several_columns(db: Database, odbc: Remote) -> None:
    """In the key's order where the driver tells it: those of MariaDB and SQLite number its columns as the table does."""
    odbc.drop("keyed")
    odbc.execute("CREATE TABLE keyed (v int, b int NOT NULL, a int NOT NULL, PRIMARY KEY (a, b))", "INSERT INTO keyed VALUES (NULL, 1, 2)")
    db.import_table(odbc.connector(table="keyed"))
    assert [(name, not_null) for name, _, not_null in db.columns("keyed")] == [("v", False), ("b", True), ("a", True)]
    key = db.value("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'keyed'::regclass AND contype = 'p'")
    told = odbc.kind in ("odbc_postgres15", "odbc_tds")
    assert key == ("PRIMARY KEY (a, b)" if told else "PRIMARY KEY (b, a)")
    odbc.drop("keyed")


def test_comments(db: Database, odbc_mariadb: OdbcRemote) -> None:
    """MariaDB's driver tells those of columns and tables."""
    odbc_mariadb.drop("commented")
    odbc_mariadb.execute("CREATE TABLE commented (a int COMMENT 'of ж ''quoted''', b int) COMMENT 'of the table'")
    db.import_table(odbc_mariadb.connector(table="commented"))
    assert db.value("SELECT col_description('commented'::regclass, 1)") == "of ж 'quoted'"
    assert db.value("SELECT col_description('commented'::regclass, 2)") is None
    odbc_mariadb.drop("commented")


def test_query(db: Database, odbc: Remote) -> None:
    """With a semicolon behind it, equal names, names in two scripts, and an expression without a name."""
    quote = odbc.quote
    query = f"SELECT 1 AS {quote('a b')}, 2 AS {quote('Ж')}, 3 AS a, 4 AS a, 'it''s' AS word, NULL AS nil;"
    result = db.import_table(odbc.connector(sql_query=query, import_as="asked"))
    assert result["rows"] == 1
    columns = [name for name, _, _ in db.columns("asked")]
    assert (len(columns), len(set(columns))) == (6, 6)
    assert [tuple(map(str, row)) for row in db.rows("SELECT * FROM asked")] == [("1", "2", "3", "4", "it's", "None")]


def test_verbatim_names_of_a_query(db: Database, odbc: Remote) -> None:
    last = "Ж日" if behind(odbc) == "mysql" else "Ж日" + EMOJI  # MariaDB has no names beyond the first plane of Unicode
    query = f"SELECT 1 AS {odbc.quote('a b')}, 2 AS {odbc.quote(last)}"
    db.import_table(odbc.connector(sql_query=query, import_as="asked", column_names="verbatim"))
    assert [name for name, _, _ in db.columns("asked")] == ["a b", last]


@pytest.mark.parametrize("query", ["SELECT * FROM nothing_in_it", "SELECT 1 AS a WHERE 1 = 0", None])
def test_empty_results(db: Database, odbc: Remote, query: str | None) -> None:
    odbc.drop("nothing_in_it")
    odbc.execute("CREATE TABLE nothing_in_it (id int NOT NULL PRIMARY KEY, word varchar(20))")
    keys = {"sql_query": query} if query else {"table": "nothing_in_it"}
    result = db.import_table(odbc.connector(import_as="empty", **keys))
    assert (result["rows"], of_rows(result)) == (0, {})
    assert len(db.columns("empty")) == (1 if query and "WHERE" in query else 2)
    odbc.drop("nothing_in_it")


NAMES = ["odd ' name", 'double "quote"', "back`tick", "semi;colon -- x", "Ж日 é", "CamelCase", COMBINING, "percent % under_score"]


@pytest.mark.parametrize("name", [*NAMES, EMOJI])
def test_names_of_tables_and_columns(db: Database, odbc: Remote, name: str) -> None:
    if behind(odbc) == "mysql" and name == EMOJI:
        pytest.skip("MariaDB has no names beyond the first plane of Unicode")
    table = odbc.quote(name)
    odbc.drop(name)
    odbc.execute(f"CREATE TABLE {table} ({odbc.quote(name)} int, {odbc.quote(name + ' 2')} varchar(20))", f"INSERT INTO {table} VALUES (1, 'x')")
    connector = odbc.connector(table=name, import_as="odd_names", column_names="verbatim")
    db.import_table(connector)
    assert [column for column, _, _ in db.columns("odd_names")] == [name, name + " 2"]
    assert [tuple(map(str, row)) for row in db.rows("SELECT * FROM odd_names")] == [("1", "x")]
    db.execute("DROP TABLE odd_names")
    db.import_table({**connector, "columns": [name + " 2"]})
    assert db.rows("SELECT * FROM odd_names") == [("x",)]
    assert name in [row[1] for row in listed(db, odbc.connector())]
    odbc.drop(name)


def test_patterns_in_names_are_no_patterns(db: Database, odbc: Remote) -> None:
    """`_` and `%` stand for themselves: columns of other tables are never taken for those of the one that is asked for."""
    for name, column in (("p_t", "mine"), ("pxt", "other_one"), ("p%t", "third")):
        odbc.drop(name)
        odbc.execute(f"CREATE TABLE {odbc.quote(name)} ({column} int NOT NULL PRIMARY KEY)", f"INSERT INTO {odbc.quote(name)} VALUES (1)")
    for name, column in (("p_t", "mine"), ("p%t", "third")):
        db.import_table(odbc.connector(table=name, import_as="found"))
        assert db.columns("found") == [(column, db.columns("found")[0][1], True)]
        assert db.value("SELECT count(*) FROM pg_index WHERE indrelid = 'found'::regclass AND indisprimary") == 1
        db.execute("DROP TABLE found")
    for name in ("p_t", "pxt", "p%t"):
        odbc.drop(name)


def test_listing(db: Database, odbc: Remote) -> None:
    odbc.execute("DROP VIEW IF EXISTS seen")
    odbc.create_rows("listed", 3)
    odbc.execute("CREATE VIEW seen AS SELECT id FROM listed")
    schema = DEFAULT_SCHEMA[odbc.kind]
    found = listed(db, odbc.connector())
    assert ("listed", "table") in [row[1:] for row in found if row[0] in (schema, "")] or (schema, "listed", "table") in found
    assert ("seen", "view") in [row[1:] for row in found]
    assert not [row for row in found if str(row[1]).lower().startswith(("pg_", "sqlite_", "sysobjects"))]
    db.execute("SET connector.max_listed_tables = 1")
    try:
        assert len(listed(db, odbc.connector())) == 1
        assert any("WARNING" in notice for notice in db.notices)
    finally:
        db.execute("RESET connector.max_listed_tables")
    odbc.execute("DROP VIEW seen")
    odbc.drop("listed")


def test_listing_of_a_schema(db: Database, odbc_postgres15: OdbcRemote) -> None:
    """Whose name has wildcards of SQLTables in it."""
    odbc_postgres15.execute(
        "DROP SCHEMA IF EXISTS s_1, sx1, \"s%\" CASCADE",
        'CREATE SCHEMA s_1; CREATE SCHEMA sx1; CREATE SCHEMA "s%"',
        'CREATE TABLE s_1.one (a int); CREATE TABLE sx1.two (a int); CREATE TABLE "s%".three (a int)',
        'GRANT USAGE ON SCHEMA s_1, sx1, "s%" TO PUBLIC',
    )
    for schema, name in (("s_1", "one"), ("s%", "three")):
        assert listed(db, odbc_postgres15.connector(schema=schema)) == [(schema, name, "table")]
        assert db.import_table(odbc_postgres15.connector(schema=schema, table=name))["rows"] == 0
    odbc_postgres15.execute('DROP SCHEMA s_1, sx1, "s%" CASCADE')


def test_dry_run(db: Database, odbc: Remote) -> None:
    odbc.create_rows("tried", 12)
    plan = db.dry_run(odbc.connector(table="tried"))
    assert [(column["remote_name"], column["type"]) for column in plan["columns"]] == [
        ("id", "bigint"),
        ("word", "text"),
        ("amount", AMOUNT[odbc.kind]),
    ]
    assert len(plan["rows"]) == 10
    assert db.rows("SELECT 1 FROM pg_class WHERE relname = 'tried'") == []
    odbc.drop("tried")


def test_row_limit(db: Database, odbc: Remote) -> None:
    odbc.create_rows("limited", 50)
    result = db.import_table(odbc.connector(table="limited", max_rows=10))
    assert (result["rows"], of_rows(result)) == (10, {"max_rows_per_connection": 10})
    result = db.import_table(odbc.connector(table="limited", max_rows=50, import_as="all_of_it"))
    assert (result["rows"], of_rows(result)) == (50, {})
    query = f"SELECT * FROM {odbc.quote('limited')}"
    result = db.import_table(odbc.connector(sql_query=query, max_rows=10, import_as="of_a_query"))
    assert (result["rows"], of_rows(result)) == (10, {"max_rows_per_connection": 10})
    odbc.drop("limited")


def test_chosen_columns_and_types(db: Database, odbc: Remote) -> None:
    odbc.create_rows("chosen", 3)
    db.import_table(odbc.connector(table="chosen", columns={"amount": "text", "id": "numeric"}))
    assert [(name, kind) for name, kind, _ in db.columns("chosen")] == [("amount", "text"), ("id", "numeric")]
    assert db.rows("SELECT amount::numeric(12,2)::text, id::text FROM chosen ORDER BY id") == [("0.25", "1"), ("0.50", "2"), ("0.75", "3")]
    with fails("no_such_column"):
        db.import_table(odbc.connector(table="chosen", columns=["id", "no_such_column"], import_as="none"))
    odbc.drop("chosen")


def test_invalid_values(db: Database, odbc: Remote) -> None:
    """What the local type can't hold: an error that names column, row and value, or NULL and a count."""
    odbc.drop("invalid")
    odbc.execute("CREATE TABLE invalid (id int NOT NULL PRIMARY KEY, word varchar(20))", "INSERT INTO invalid VALUES (1, '1')",
                 "INSERT INTO invalid VALUES (2, 'two')", "INSERT INTO invalid VALUES (3, NULL)")
    connector = odbc.connector(table="invalid", columns={"id": None, "word": "integer"})
    with fails("word.*two|two.*word", number=2001) as failure:
        db.import_table(connector)
    assert "2" in failure.everything
    result = db.import_table(connector, invalid_values="null")
    assert result["warnings"]["invalid_values"] == {"word": 1}
    assert db.rows("SELECT word FROM invalid ORDER BY id") == [(1,), (None,), (None,)]
    odbc.drop("invalid")


def test_text_that_is_no_utf8(db: Database, odbc_sqlite: SqliteRemote) -> None:
    """SQLite keeps whatever it was given: bytes of Latin-1, which are told, and read with `encoding`."""
    odbc_sqlite.drop("bytes")
    odbc_sqlite.execute("CREATE TABLE bytes (id int, word text)", "INSERT INTO bytes VALUES (1, CAST(x'e974e9' AS text))")
    connector = odbc_sqlite.connector(table="bytes")
    db.import_table(connector, encoding="LATIN1")
    assert db.rows("SELECT word FROM bytes") == [("été",)]
    odbc_sqlite.drop("bytes")


def test_access_tables(db: Database, odbc_access: dict[str, object]) -> None:
    """Names, an empty table, more rows than a page holds; system tables are listed as such."""
    connector = {"provider": "odbc", "connection": odbc_access}
    names = sorted(name for _, name, kind in listed(db, connector) if kind != "system table")
    assert names == ["empty", "lost", "many", "odd ' näme Ж", "types"]
    result = db.import_table({**connector, "table": "many"})
    assert result["rows"] == 3000
    assert db.rows("SELECT count(DISTINCT word), sum(id), max(word) FROM many") == [(3000, 4501500, "word 999")]
    assert db.import_table({**connector, "table": "empty"})["rows"] == 0
    db.import_table({**connector, "sql_query": "SELECT id, word FROM many WHERE id < 3", "import_as": "few"})
    assert db.rows("SELECT * FROM few ORDER BY id") == [(1, "word 1"), (2, "word 2")]


def test_data_source(db: Database, workspace: Workspace, odbc_postgres15: OdbcRemote) -> None:
    """By its name in odbc.ini; what the request says goes before what is there."""
    odbc_postgres15.create_rows("by_name", 3)
    there = odbc_postgres15.connection()
    odbc_drivers.add_data_source(
        workspace,
        "warehouse",
        {"Driver": "PostgreSQL", "Servername": there["server"], "Port": there["port"], "Database": there["database"]},
    )
    connection = {"dsn": "warehouse", "username": there["username"], "password": there["password"]}
    assert db.import_table({"provider": "odbc", "connection": connection, "table": "by_name"})["rows"] == 3
    with fails("no_such_database", number=1012):
        db.import_table({"provider": "odbc", "connection": {**connection, "database": "no_such_database"}, "table": "by_name"})
    odbc_postgres15.drop("by_name")
