"""What the server's catalog says of a table is heard: of the right table, and of each of its columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from harness.database import Database
from harness.errors import fails

from servers.remote_mysql import MySqlRemote

pytestmark = pytest.mark.usefixtures("tidy")


@contextmanager
def table(remote: MySqlRemote, name: str, definition: str, *statements: str) -> Iterator[str]:
    remote.drop(name)
    remote.execute(f"CREATE TABLE {remote.quote(name)} {definition}", *statements)
    try:
        yield name
    finally:
        remote.drop(name)


def key_of(db: Database, name: str) -> list[str]:
    return [
        column
        for (column,) in db.rows(
            "SELECT a.attname FROM pg_index i JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k (number, place) ON true "
            "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number "
            "WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY k.place",
            name,
        )
    ]


def comments_of(db: Database, name: str) -> dict[str | None, str]:
    """By column; None is the table's own."""
    return dict(
        db.rows(
            "SELECT a.attname, d.description FROM pg_description d LEFT JOIN pg_attribute a ON a.attrelid = d.objoid "
            "AND a.attnum = d.objsubid AND d.objsubid > 0 WHERE d.objoid = %s::regclass",
            name,
        )
    )


def test_key_of_the_table_that_was_asked_for(db: Database, mysql: MySqlRemote) -> None:
    """Beside another one whose name differs in case only."""
    with (
        table(mysql, "things", "(a int COMMENT 'small', b int, PRIMARY KEY (a))", "INSERT INTO things VALUES (1, 1), (2, 1)"),
        table(mysql, "Things", "(a int, b int COMMENT 'LARGE', PRIMARY KEY (b))", "INSERT INTO Things VALUES (1, 1), (1, 2)"),
        table(mysql, "THINGS", "(a int, b int)", "INSERT INTO THINGS VALUES (1, 1), (1, 1)"),
    ):
        for name, key, comments in (("things", ["a"], {"a": "small"}), ("Things", ["b"], {"b": "LARGE"}), ("THINGS", [], {})):
            db.import_table(mysql.connector(table=name, import_as="here", collision_strategy="overwrite"))
            assert (key_of(db, "here"), comments_of(db, "here")) == (key, comments), name
            db.execute("DROP TABLE here")


def test_key_of_the_schema_that_was_asked_for(db: Database, mysql: MySqlRemote) -> None:
    for schema, key in (("cases", "a"), ("CASES", "b")):
        mysql.execute(
            f"DROP DATABASE IF EXISTS {schema}", f"CREATE DATABASE {schema}", f"GRANT SELECT ON {schema}.* TO '{mysql.server.user}'@'%'",
            f"CREATE TABLE {schema}.t (a int, b int, PRIMARY KEY ({key}))",
        )  # fmt: skip
    try:
        for schema, key in (("cases", "a"), ("CASES", "b")):
            db.import_table(mysql.connector(table="t", schema=schema, import_as=f"t_{key}"))
            assert key_of(db, f"t_{key}") == [key]
    finally:
        mysql.execute("DROP DATABASE cases", "DROP DATABASE CASES")


def test_names_in_other_letters(db: Database, mysql: MySqlRemote) -> None:
    """Key and comment belong to the column, however the request writes its name."""
    with table(mysql, "letters", "(`Öl` int PRIMARY KEY COMMENT 'dicker', `Ärger` varchar(5) COMMENT 'k')"):
        db.import_table(mysql.connector(table="letters", columns=["öl", "ärger"], column_names="verbatim"))
        assert key_of(db, "letters") == ["öl"]
        assert comments_of(db, "letters") == {"öl": "dicker", "ärger": "k"}


def test_invisible_columns_are_told(db: Database, mysql: MySqlRemote) -> None:
    if mysql.kind == "mysql56":
        pytest.skip("MySQL 5.6 has no invisible columns")
    with table(mysql, "hidden", "(id int PRIMARY KEY, a int, secret int INVISIBLE COMMENT 'not shown')", "INSERT INTO hidden (id, secret) VALUES (1, 7)"):
        result = db.import_table(mysql.connector(table="hidden"))
        [skipped] = result["skipped_columns"]
        assert skipped["name"] == "secret" and "INVISIBLE" in skipped["reason"] and skipped["type"].startswith("int")
        assert any('column "secret" of type int' in notice and "is left out" in notice for notice in db.notices)
        assert key_of(db, "hidden") == ["id"]
        assert [name for name, _, _ in db.columns("hidden")] == ["id", "a"]
        shown = db.dry_run(mysql.connector(table="hidden"))
        assert "INVISIBLE" in str(shown)
        db.import_table(mysql.connector(table="hidden", import_as="all_of_it", columns=["id", "secret"]))
        assert db.rows("SELECT id, secret FROM all_of_it") == [(1, 7)]
        assert comments_of(db, "all_of_it") == {"secret": "not shown"}


def test_invisible_key(db: Database, mysql9: MySqlRemote) -> None:
    """Made by the server: told, and to be had by name. Where it hides such keys from its catalog, too."""
    for shown in ("ON", "OFF"):
        mysql9.execute(f"SET GLOBAL show_gipk_in_create_table_and_information_schema = {shown}")
        try:
            with table(mysql9, "keyless", "(a int)"):
                mysql9.execute("DROP TABLE keyless", "SET sql_generate_invisible_primary_key = ON", "CREATE TABLE keyless (a int)", "INSERT INTO keyless VALUES (5)")
                result = db.import_table(mysql9.connector(table="keyless"))
                assert [column["name"] for column in result["skipped_columns"]] == ["my_row_id"]
                assert key_of(db, "keyless") == []
                db.import_table(mysql9.connector(table="keyless", import_as="keyed", columns=["my_row_id", "a"]))
                assert db.rows("SELECT my_row_id, a FROM keyed") == [(1, 5)]
                assert key_of(db, "keyed") == ["my_row_id"]
                db.execute("DROP TABLE keyless, keyed")
        finally:
            mysql9.execute("SET GLOBAL show_gipk_in_create_table_and_information_schema = ON")


VERSIONED = (
    ("(id int PRIMARY KEY) COMMENT 'kept' WITH SYSTEM VERSIONING", ["id"]),
    (
        "(id int, x int, rs TIMESTAMP(6) GENERATED ALWAYS AS ROW START INVISIBLE, re TIMESTAMP(6) GENERATED ALWAYS AS ROW END INVISIBLE, "
        "PERIOD FOR SYSTEM_TIME (rs, re), PRIMARY KEY (id)) COMMENT 'kept' WITH SYSTEM VERSIONING",
        ["id"],
    ),
    (
        "(id int PRIMARY KEY, rs TIMESTAMP(6) GENERATED ALWAYS AS ROW START, re TIMESTAMP(6) GENERATED ALWAYS AS ROW END, "
        "PERIOD FOR SYSTEM_TIME (rs, re)) COMMENT 'kept' WITH SYSTEM VERSIONING",
        ["id"],
    ),
    (
        "(id int, d1 date, d2 date, PERIOD FOR p (d1, d2), PRIMARY KEY (id, p WITHOUT OVERLAPS)) COMMENT 'kept' WITH SYSTEM VERSIONING",
        ["id", "d2", "d1"],
    ),
    ("(id int, d1 date, d2 date, PERIOD FOR p (d1, d2), PRIMARY KEY (id, p WITHOUT OVERLAPS)) COMMENT 'kept'", ["id", "d2", "d1"]),
)


@pytest.mark.parametrize("definition, key", VERSIONED, ids=["plain", "invisible", "visible", "bitemporal", "application time"])
def test_versioned_tables_keep_key_and_comment(db: Database, mariadb: MySqlRemote, definition: str, key: list[str]) -> None:
    name = "versioned"
    with table(mariadb, name, definition):
        result = db.import_table(mariadb.connector(table=name))
        assert key_of(db, name) == key
        assert comments_of(db, name) == {None: "kept"}
        hidden = re.findall(r"(\w+) TIMESTAMP[^,]*INVISIBLE", definition)
        assert [column["name"] for column in result["skipped_columns"]] == hidden


def test_not_null_of_a_view_is_not_believed(db: Database, mysql: MySqlRemote) -> None:
    with table(mysql, "strict", "(id int NOT NULL PRIMARY KEY, a int NOT NULL)", "INSERT INTO strict VALUES (1, 2)"):
        mysql.execute("CREATE OR REPLACE VIEW lax AS SELECT * FROM strict")
        db.import_table(mysql.connector(table="lax"))
        db.import_table(mysql.connector(table="strict"))
        mysql.execute("DROP VIEW lax")
    assert [not_null for _, _, not_null in db.columns("lax")] == [False, False]
    assert [not_null for _, _, not_null in db.columns("strict")] == [True, True]


def test_texts_longer_than_a_view_says(db: Database, mysql: MySqlRemote) -> None:
    """Metadata of expressions are guesses: the type here takes what arrives."""
    with table(mysql, "base", "(a varchar(10), b varchar(10))", "INSERT INTO base VALUES ('xxxxxxxxxx', 'b')"):
        mysql.execute("CREATE OR REPLACE VIEW longer AS SELECT REPLACE(a, 'x', 'yyyy') AS a, b FROM base")
        try:
            for keys in ({"table": "longer"}, {"sql_query": "SELECT * FROM longer"}, {"sql_query": "SELECT REPLACE(a, 'x', 'yyyy') AS a, b FROM base"}):
                db.import_table(mysql.connector(import_as="here", **keys))
                assert db.rows("SELECT length(a), a = repeat('y', 40) FROM here") == [(40, True)]
                assert [kind for _, kind, _ in db.columns("here")] == ["text", "character varying(10)"]
                db.execute("CREATE TABLE copied (LIKE here)")
                db.execute("INSERT INTO copied SELECT * FROM here")  # as a dump would
                db.execute("DROP TABLE here, copied")
        finally:
            mysql.execute("DROP VIEW longer")


DOCUMENT = '{"b":1, "a":2, "a":3, "nul": "\\\\u0000"}'


def test_documents_as_they_are(db: Database, mariadb: MySqlRemote) -> None:
    """json and text keep a document's own letters; jsonb would rewrite it."""
    with table(mariadb, "documents", "(d json, e json, f json)", f"INSERT INTO documents VALUES ('{DOCUMENT}', '{DOCUMENT}', '{{}}')"):
        [(there, *_)] = mariadb.rows("SELECT d FROM documents")
        for what in ({"table": "documents"}, {"sql_query": "SELECT * FROM documents"}):
            columns = {"d": "text", "e": "json", "f": None}
            db.import_table(mariadb.connector(import_as="here", columns=columns, **what))
            assert [kind for _, kind, _ in db.columns("here")] == ["text", "json", "jsonb"]
            assert db.rows("SELECT d, e::text FROM here") == [(there, there)]
            db.execute("DROP TABLE here")


def test_documents_of_mysql_as_they_are(db: Database, mysql9: MySqlRemote) -> None:
    with table(mysql9, "documents", "(d json, e json)", "INSERT INTO documents VALUES ('[1, {\"a\": \"\\\\u0000\"}]', '{\"a\": 1.10}')"):
        there = mysql9.rows("SELECT CAST(d AS CHAR), CAST(e AS CHAR) FROM documents")
        db.import_table(mysql9.connector(table="documents", columns={"d": "json", "e": "varchar(50)"}))
        assert db.rows("SELECT d::text, e FROM documents") == there


def test_addresses_and_times_as_text(db: Database, mysql: MySqlRemote) -> None:
    """As the server prints them: an inet as text would have a netmask, and a time of 26 hours is none here."""
    definition = "a time, b time(3), c time(6)"
    values = "'26:30:00', '-838:59:59.000', '00:00:00.5'"
    columns = {"a": "text", "b": "varchar(20)", "c": "text"}
    if mysql.kind == "mariadb":
        definition += ", d inet4, e inet6"
        values += ", '10.0.0.1', '::1'"
        columns |= {"d": "text", "e": "text"}
    with table(mysql, "printed", f"({definition})", f"INSERT INTO printed VALUES ({values})"):
        [there] = mysql.rows("SELECT " + ", ".join(f"CAST({name} AS CHAR)" for name in columns) + " FROM printed")
        db.import_table(mysql.connector(table="printed", columns=columns))
        assert db.rows("SELECT * FROM printed") == [there]


def test_numbers_from_floats_keep_their_digits(db: Database, mysql: MySqlRemote) -> None:
    with table(mysql, "floats", "(f float, d double)", "INSERT INTO floats VALUES (16777216, 1234567890.1234567), (0.1, 1e300)"):
        db.import_table(mysql.connector(table="floats", columns={"f": "numeric", "d": "numeric"}))
        assert db.rows("SELECT f::text, d::text FROM floats") == [("16777216", "1234567890.1234567"), ("0.1", "1" + "0" * 300)]
        with fails('column "d", row 2', number=2001):
            db.import_table(mysql.connector(table="floats", columns={"f": None, "d": "numeric(20,2)"}, import_as="small"))


def test_bits_where_a_query_cannot_be_asked_for_numbers(db: Database, mysql: MySqlRemote) -> None:
    """Two columns of one name: what is sure arrives, what can't be told from digits is an invalid value.

    The bits of COALESCE are digits on each server.
    """
    with table(mysql, "flags", "(a bit(1), b bit(8))", "INSERT INTO flags VALUES (b'0', 200)", "INSERT INTO flags VALUES (b'1', 5)"):
        query = "SELECT COALESCE(a) AS v, COALESCE(b) AS v FROM flags WHERE b {} 100"
        db.import_table(mysql.connector(sql_query=query.format(">"), import_as="sure"))
        assert db.rows("SELECT v, v_1::text FROM sure") == [(False, "11001000")]
        with fails("does not tell whether these are the bits", number=2001, detail="convert"):
            db.import_table(mysql.connector(sql_query=query.format("<"), import_as="unsure"))


def test_bits_of_a_query_with_a_comment_at_its_end(db: Database, mysql: MySqlRemote) -> None:
    with table(mysql, "flags", "(a bit(16))", "INSERT INTO flags VALUES (12593)"):  # x'3131', which is '11', too
        db.import_table(mysql.connector(sql_query="SELECT COALESCE(a) AS v, a FROM flags -- all;", import_as="commented"))
        assert db.rows("SELECT v::int, a::int FROM commented") == [(12593, 12593)]


@pytest.mark.parametrize("kind, bad", [("regclass", "no_such_table"), ("regprocedure", "no_such()"), ("regconfig", "klingon"), ("tsquery", "a b")])
def test_names_that_mean_nothing_here(db: Database, mariadb: MySqlRemote, kind: str, bad: str) -> None:
    """An invalid value as any other: named by column and row, or NULL and counted."""
    query = f"SELECT 1 AS id, NULL AS n UNION SELECT 2, '{bad}'"
    request = mariadb.connector(sql_query=query, import_as="named", columns={"id": None, "n": kind})
    with fails('column "n", row 2', number=2001):
        db.import_table(request)
    assert db.import_table(request, invalid_values="null")["warnings"]["invalid_values"] == {"n": 1}


def test_more_digits_than_there_are(db: Database, mariadb: MySqlRemote) -> None:
    """PostgreSQL says so when a type is asked for that it cuts."""
    request = mariadb.connector(sql_query="SELECT TIMESTAMP'2020-01-01 00:00:00.123456' AS t", import_as="cut", columns={"t": "timestamp(9)"})
    db.import_table(request)
    assert any("precision reduced to maximum allowed, 6" in notice for notice in db.notices)
    assert db.columns("cut") == [("t", "timestamp(6) without time zone", False)]
