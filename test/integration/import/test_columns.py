"""`columns` and its types, and what is kept of the remote table: NOT NULL, key, comments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from harness.database import Database
from harness.errors import fails
from harness.skipping import needs_xml
from harness.thorough import VERSIONS_OF_MYSQL, by_turns
from harness.traces import nothing_left_behind

from servers.remote_mysql import MySqlRemote

pytestmark = [pytest.mark.usefixtures("tidy"), by_turns("mysql", VERSIONS_OF_MYSQL)]


@pytest.fixture
def source(mysql: MySqlRemote) -> Iterator[str]:
    """A table whose column names need quotes, in no order that anything else has."""
    mysql.drop("source")
    mysql.execute(
        "CREATE TABLE source (`b, c` varchar(20), a int, `Num` decimal(10,2), id int PRIMARY KEY, flag tinyint(1)) "
        "CHARACTER SET utf8mb4",
        "INSERT INTO source VALUES ('x', 1, 1.50, 7, 1), (NULL, NULL, NULL, 8, 0)",
    )
    yield "source"
    mysql.drop("source")


FORMS: tuple[tuple[object, list[tuple[str, str]]], ...] = (
    (["a", "id"], [("a", "integer"), ("id", "integer")]),
    (["id", "a"], [("id", "integer"), ("a", "integer")]),
    (["b, c"], [("b_c", "character varying(20)")]),
    ({"Num": "text", "a": None}, [("num", "text"), ("a", "integer")]),
    ({"b, c": "text"}, [("b_c", "text")]),
    ({"Num": "numeric(12,4)"}, [("num", "numeric(12,4)")]),
    ({"Num": "pg_catalog.float8"}, [("num", "double precision")]),
    ("a, id", [("a", "integer"), ("id", "integer")]),
    ("a text, Num numeric(12,3)", [("a", "text"), ("num", "numeric(12,3)")]),
    ('"b, c" varchar(30), flag boolean', [("b_c", "character varying(30)"), ("flag", "boolean")]),
    ("a double precision", [("a", "double precision")]),
    ("", [("b_c", "character varying(20)"), ("a", "integer"), ("num", "numeric(10,2)"), ("id", "integer"), ("flag", "smallint")]),
)


@pytest.mark.parametrize("columns, expected", FORMS, ids=lambda value: str(value)[:30])
@pytest.mark.parametrize("from_query", [False, True], ids=["table", "query"])
def test_forms(
    db: Database, mysql: MySqlRemote, source: str, from_query: bool, columns: object, expected: list[tuple[str, str]]
) -> None:
    """A list, an object, and the original's string; order is that of the request."""
    what = {"sql_query": f"SELECT * FROM {source}"} if from_query else {"table": source}
    result = db.import_table(mysql.connector(import_as="chosen", columns=columns, **what))
    found = [(name, kind) for name, kind, _ in db.columns("chosen")]
    assert found == expected
    assert result["rows"] == 2
    [first] = db.rows("SELECT row_to_json(chosen) FROM chosen LIMIT 1")
    values = {"b_c": "x", "a": 1, "num": 1.5, "id": 7, "flag": 1}
    for name, kind in expected:
        assert str(first[0][name]) in (str(values[name]), f"{values[name]}0", "True" if kind == "boolean" else "")


@pytest.mark.parametrize("from_query", [False, True], ids=["table", "query"])
@pytest.mark.parametrize("column_names", ["normalize", "verbatim"])
def test_names_in_other_case(db: Database, mysql: MySqlRemote, source: str, from_query: bool, column_names: str) -> None:
    """Column names of MySQL know no case; a column is called here as the request calls it."""
    what = {"sql_query": f"SELECT * FROM {source}"} if from_query else {"table": source}
    columns = {"ID": "bigint", "nUm": None, "a": None}
    db.import_table(mysql.connector(import_as="chosen", columns=columns, column_names=column_names, **what))
    names = ["ID", "nUm", "a"] if column_names == "verbatim" else ["id", "num", "a"]
    assert [(name, kind) for name, kind, _ in db.columns("chosen")] == list(
        zip(names, ["bigint", "numeric(10,2)", "integer"], strict=True)
    )
    assert sorted(db.rows("SELECT * FROM chosen"))[0][0] == 7
    key = db.value("SELECT count(*) FROM pg_index WHERE indrelid = 'chosen'::regclass AND indisprimary")
    assert key == (0 if from_query else 1)


def test_names_that_differ_in_case_only(db: Database, mysql: MySqlRemote) -> None:
    request = mysql.connector(sql_query="SELECT 1 AS x, 2 AS X, 3 AS y", import_as="chosen")
    db.import_table(request, columns=["X", "x", "Y"], column_names="verbatim")
    assert db.rows('SELECT "X", x, "Y" FROM chosen') == [(2, 1, 3)]
    query = mysql.connector(sql_query="SELECT 1 AS Ab, 2 AS aB", import_as="chosen")
    with nothing_left_behind(db, mysql), fails('more than one column "ab" but for case', number=1502, hint="as the query has it"):
        db.import_table(query, columns=["ab"])
    with nothing_left_behind(db, mysql), fails('column "y" twice', number=1502):
        db.import_table(request, columns=["y", "Y"])


@pytest.mark.parametrize("columns", [["nothing"], {"a": None, "nothing": "text"}, "a, nothing int"])
def test_missing_column(db: Database, mysql: MySqlRemote, source: str, columns: object) -> None:
    for what in ({"table": source}, {"sql_query": f"SELECT * FROM {source}"}):
        with nothing_left_behind(db, mysql), fails("nothing"):
            db.import_table(mysql.connector(import_as="chosen", columns=columns, **what))


@pytest.mark.parametrize(
    "remote_type, wanted",
    [("bit(64)", "bigint"), ("bit(8)", "boolean"), ("bit(8)", "date"), ("bit(8)", "jsonb"), ("int", "bit(8)"), ("int", "varbit")],
)
def test_conversions_that_would_mislead(db: Database, mysql: MySqlRemote, remote_type: str, wanted: str) -> None:
    """Bits that would be read as decimal digits: refused before any row is read."""
    mysql.execute("DROP TABLE IF EXISTS misled", f"CREATE TABLE misled (v {remote_type})", "INSERT INTO misled VALUES (5)")
    with nothing_left_behind(db, mysql), fails('column "v" of type .* can\'t be imported as', sqlstate="HV024", number=1502):
        db.import_table(mysql.connector(table="misled", columns={"v": wanted}))
    mysql.drop("misled")


@pytest.mark.parametrize("kind", ["no_such_type", "record", "anyelement", "int; DROP TABLE x", "int[", "void", "setof int"])
def test_wrong_type(db: Database, mysql: MySqlRemote, source: str, kind: str) -> None:
    with nothing_left_behind(db, mysql), fails('column "a"', sqlstate="HV024", number=1502):
        db.import_table(mysql.connector(table=source, columns={"a": kind}))


# Remote type, SQL literals, type asked for, and per literal the text here, or None where the value is invalid.
OVERRIDES: tuple[tuple[str, str, str, list[tuple[str, str | None]]], ...] = (
    ("int", "text", "text", [("-5", "-5")]),
    ("int", "boolean", "boolean", [("0", "false"), ("1", "true"), ("2", None)]),
    ("tinyint(1)", "boolean", "boolean", [("0", "false"), ("1", "true"), ("-1", None)]),
    ("int", "smallint", "smallint", [("32767", "32767"), ("32768", None)]),
    ("bigint unsigned", "bigint", "bigint", [("9223372036854775807", "9223372036854775807"), ("9223372036854775808", None)]),
    ("bigint unsigned", "numeric", "numeric", [("18446744073709551615", "18446744073709551615")]),
    ("decimal(10,2)", "text", "text", [("1.50", "1.50"), ("-0.01", "-0.01")]),
    ("decimal(10,2)", "numeric(4,2)", "numeric(4,2)", [("99.99", "99.99"), ("100", None)]),
    ("decimal(10,2)", "jsonb", "jsonb", [("1.50", "1.50")]),
    ("varchar(20)", "integer", "integer", [("'42'", "42"), ("' 7 '", "7"), ("'x'", None), ("''", None), ("'1.5'", None)]),
    ("varchar(20)", "numeric", "numeric", [("'1e3'", "1000"), ("'1,5'", None)]),
    ("varchar(20)", "date", "date", [("'2024-02-29'", "2024-02-29"), ("'2024-02-30'", None), ("'infinity'", "infinity")]),
    ("varchar(20)", "timestamptz", "timestamp with time zone", [("'2024-02-29 12:00+02'", "2024-02-29 10:00:00+00")]),
    ("varchar(40)", "uuid", "uuid", [("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), ("'x'", None)]),
    ("varchar(20)", "boolean", "boolean", [("'yes'", "true"), ("'F'", "false"), ("'maybe'", None)]),
    ("varchar(20)", "inet", "inet", [("'10.0.0.0/8'", "10.0.0.0/8"), ("'10.0.0.0/33'", None)]),
    ("varchar(20)", "varchar(5)", "character varying(5)", [("'12345'", "12345"), ("'é€你😀x'", "é€你😀x"), ("'123456'", None)]),
    ("text", "varchar(5)", "character varying(5)", [("'12345'", "12345"), ("'123456'", None)]),
    ("varchar(20)", "char(5)", "character(5)", [("'123'", "123"), ("'123456'", None)]),
    ("varchar(20)", "name", "name", [("'abc'", "abc")]),
    ("text", "json", "json", [("'{\"a\":1}'", '{"a":1}'), ("'{'", None)]),
    ("text", "jsonb", "jsonb", [("'{\"a\":1}'", '{"a": 1}'), ("'{'", None), (r"""'"\\u0000"'""", None)]),
    ("text", "xml", "xml", [("'<a/>'", "<a/>"), ("'<a>'", None)]),
    ("text", "integer[]", "integer[]", [("'{1,2}'", "{1,2}"), ("'1,2'", None)]),
    ("varchar(20)", "bytea", "bytea", [("'a'", "\\x61")]),
    ("varbinary(20)", "text", "text", [("x'616263'", "\\x616263")]),
    ("binary(16)", "uuid", "uuid", [("x'a0eebc999c0b4ef8bb6d6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")]),
    ("varbinary(20)", "uuid", "uuid", [("x'a0eebc999c0b4ef8bb6d6bb9bd380a'", None)]),
    ("double", "text", "text", [("0.1", "0.1"), ("1e300", "1e+300")]),
    ("double", "real", "real", [("1.5", "1.5"), ("1e300", None)]),
    ("double", "integer", "integer", [("7", "7"), ("1e300", None)]),
    ("date", "timestamp", "timestamp without time zone", [("'2024-02-29'", "2024-02-29 00:00:00")]),
    ("date", "text", "text", [("'2024-02-29'", "2024-02-29")]),
    ("datetime", "timestamptz", "timestamp with time zone", [("'2024-02-29 12:00:00'", "2024-02-29 12:00:00+00")]),
    ("datetime", "date", "date", [("'2024-02-29 12:00:00'", "2024-02-29")]),
    ("time", "interval", "interval", [("'-26:30:00'", "-26:30:00")]),
    ("time", "text", "text", [("'12:30:00'", "12:30:00")]),
    ("year", "integer", "integer", [("2024", "2024")]),
    ("bit(8)", "varbit", "bit varying", [("b'101'", "00000101")]),
    ("bit(8)", "integer", "integer", [("b'101'", "5")]),
    ("bit(63)", "bigint", "bigint", [(f"b'{'1' * 63}'", str(2**63 - 1))]),
    ("bit(40)", "numeric", "numeric", [(f"b'{'1' * 40}'", str(2**40 - 1))]),
    ("bit(40)", "integer", "integer", [(f"b'{'1' * 31}'", str(2**31 - 1)), (f"b'{'1' * 32}'", None)]),
    ("bit(8)", "text", "text", [("b'101'", "00000101")]),
    ("bit(8)", "bit(4)", "bit(4)", [("b'101'", None)]),
    ("bit(1)", "integer", "integer", [("b'1'", "1"), ("b'0'", "0")]),
    ("bit(1)", "smallint", "smallint", [("b'1'", "1"), ("b'0'", "0")]),
    ("bit(1)", "text", "text", [("b'1'", "true")]),
    ("enum('a','b')", "varchar(1)", "character varying(1)", [("'a'", "a")]),
)  # fmt: skip


@pytest.mark.parametrize(
    "remote_type, wanted, local_type, values",
    [pytest.param(*case, id=f"{case[0]}-{case[1]}", marks=[needs_xml] if case[1] == "xml" else []) for case in OVERRIDES],
)
def test_override(
    db: Database, mysql: MySqlRemote, remote_type: str, wanted: str, local_type: str, values: list[tuple[str, str | None]]
) -> None:
    """Every value arrives as the type asked for, or is told: an error with its row, or NULL and counted."""
    mysql.drop("overrides")
    rows = ", ".join(f"({number}, {literal})" for number, (literal, _) in enumerate(values, 2))
    mysql.execute(
        f"CREATE TABLE overrides (id int PRIMARY KEY, v {remote_type}) CHARACTER SET utf8mb4",
        f"INSERT INTO overrides VALUES (1, NULL), {rows}",
    )
    request = mysql.connector(table="overrides", columns={"id": None, "v": wanted})
    invalid = [number for number, (_, text) in enumerate(values, 2) if text is None]
    if invalid:
        with nothing_left_behind(db, mysql), fails(f'column "v", row {invalid[0]}: ', sqlstate="22000", number=2001):
            db.import_table(request)
    result = db.import_table(request, invalid_values="null")
    assert result["warnings"] == ({"invalid_values": {"v": len(invalid)}} if invalid else None)
    assert db.columns("overrides")[1][1] == local_type
    assert [text for (text,) in db.rows("SELECT v::text FROM overrides ORDER BY id")] == [None, *(text for _, text in values)]
    mysql.drop("overrides")


@pytest.mark.parametrize("rule", ["NOT NULL", "CHECK (VALUE IS NOT NULL)"])
@pytest.mark.parametrize("policy", ["error", "null"])
def test_domain_that_refuses_null(db: Database, mysql: MySqlRemote, rule: str, policy: str) -> None:
    mysql.execute("DROP TABLE IF EXISTS shown", "CREATE TABLE shown (v int)", "INSERT INTO shown VALUES (1), (NULL)")
    db.execute(f"CREATE DOMAIN filled AS integer {rule}")
    try:
        with fails('^column "v", row 2: ', detail="local type filled", number=2001):
            db.import_table(mysql.connector(table="shown", columns="v filled", invalid_values=policy))
        mysql.execute("DELETE FROM shown WHERE v IS NULL")
        assert db.import_table(mysql.connector(table="shown", columns="v filled"))["rows"] == 1
    finally:
        db.execute("DROP TABLE IF EXISTS shown; DROP DOMAIN filled")
    mysql.drop("shown")


def test_key_of_a_type_without_order(db: Database, mysql: MySqlRemote) -> None:
    mysql.execute("DROP TABLE IF EXISTS shown", "CREATE TABLE shown (v varchar(20) PRIMARY KEY)", "INSERT INTO shown VALUES ('[1]')")
    assert db.import_table(mysql.connector(table="shown", columns="v json"))["rows"] == 1
    assert any("the primary key is not kept" in text for text in db.notices)
    mysql.drop("shown")


def test_invalid_value_is_shown(db: Database, mysql: MySqlRemote) -> None:
    mysql.execute("DROP TABLE IF EXISTS shown", "CREATE TABLE shown (v varchar(200))", "INSERT INTO shown VALUES ('forty-two')")
    where = "^Provider mysql, phase convert, local type integer[.]"
    with fails('column "v", row 1: .*forty-two', detail=where, hint="invalid_values"):
        db.import_table(mysql.connector(table="shown", columns="v int"))
    mysql.drop("shown")


def test_invalid_values_in_a_long_stream(db: Database, mysql: MySqlRemote) -> None:
    """Over many batches, at their ends and side by side; in a NOT NULL column, too."""
    mysql.create_rows("stream", 5000)
    bad = (1, 999, 1000, 1001, 1002, 2000, 4999, 5000)
    mysql.execute(
        "ALTER TABLE stream MODIFY word varchar(20) NOT NULL",
        "UPDATE stream SET word = id",
        f"UPDATE stream SET word = 'bad' WHERE id IN {bad}",
    )
    request = mysql.connector(table="stream", columns={"id": None, "word": "int"})
    result = db.import_table(request, invalid_values="null")
    assert any("NOT NULL is not kept" in text for text in db.notices)
    assert (result["rows"], result["warnings"]) == (5000, {"invalid_values": {"word": len(bad)}})
    assert db.columns("stream") == [("id", "bigint", True), ("word", "integer", False)]
    assert db.rows("SELECT id FROM stream WHERE word IS NULL ORDER BY id") == [(number,) for number in bad]
    assert db.value("SELECT count(*) FROM stream WHERE word = id") == 5000 - len(bad)
    mysql.execute("DELETE FROM stream WHERE id < 4999")
    with fails('column "word", row 1: '):
        db.import_table(request)
    mysql.drop("stream")


def constraint(db: Database, table: str) -> Any:
    rows = db.rows("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'p'", table)
    return rows[0][0] if rows else None


def test_key_not_null_and_comments(db: Database, mysql: MySqlRemote) -> None:
    """A composite key in another order than the columns; also when some columns are left out or renamed."""
    mysql.drop("kept")
    mysql.execute(
        "CREATE TABLE kept (a int NOT NULL, `B b` varchar(10) NOT NULL COMMENT 'it''s \\\\ b', c int, d int NOT NULL DEFAULT 3, "
        "PRIMARY KEY (d, `B b`), UNIQUE (a), KEY (c)) COMMENT 'the \"table\"' CHARACTER SET utf8mb4",
        "INSERT INTO kept VALUES (1, 'x', NULL, 2)",
    )
    db.import_table(mysql.connector(table="kept"))
    assert [(name, not_null) for name, _, not_null in db.columns("kept")] == [("a", True), ("b_b", True), ("c", False), ("d", True)]
    assert constraint(db, "kept") == "PRIMARY KEY (d, b_b)"
    comments = "SELECT objsubid, description FROM pg_description WHERE objoid = %s::regclass ORDER BY 1"
    assert db.rows(comments, "kept") == [(0, 'the "table"'), (2, "it's \\ b")]
    db.import_table(mysql.connector(table="kept", import_as="reordered", columns=["B b", "d", "c"]))
    assert constraint(db, "reordered") == "PRIMARY KEY (d, b_b)"
    assert db.rows(comments, "reordered") == [(0, 'the "table"'), (1, "it's \\ b")]
    db.import_table(mysql.connector(table="kept", import_as="without", columns=["a", "d"]))
    assert constraint(db, "without") is None
    db.import_table(mysql.connector(sql_query="SELECT * FROM kept", import_as="queried"))
    assert [not_null for _, _, not_null in db.columns("queried")] == [False] * 4
    assert constraint(db, "queried") is None
    mysql.drop("kept")


def test_key_whose_values_are_not_unique_here(db: Database, mysql: MySqlRemote) -> None:
    """A type asked for that makes equal what was not: told, and nothing left."""
    mysql.drop("rounded")
    mysql.execute("CREATE TABLE rounded (k decimal(5,2) PRIMARY KEY)", "INSERT INTO rounded VALUES (1.01), (1.02)")
    with nothing_left_behind(db, mysql), fails(sqlstate="23505"):
        db.import_table(mysql.connector(table="rounded", columns="k int"))
    mysql.drop("rounded")


def test_key_of_long_text(db: Database, mysql: MySqlRemote) -> None:
    """MySQL's keys may hold only the beginning of a text that is too long for a btree here: no reason to fail."""
    mysql.drop("prefixed")
    incompressible = "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(300))
    mysql.execute(
        "CREATE TABLE prefixed (t text NOT NULL, n int NOT NULL, PRIMARY KEY (t(10), n)) CHARACTER SET utf8mb4",
        f"INSERT INTO prefixed VALUES ('{incompressible}', 1)",
    )
    result = db.import_table(mysql.connector(table="prefixed"))
    assert any("primary key is not kept" in text for text in db.notices)
    assert result["rows"] == 1
    assert [not_null for _, _, not_null in db.columns("prefixed")] == [True, True]
    assert constraint(db, "prefixed") is None
    assert db.rows("SELECT t FROM prefixed") == [(incompressible,)]
    mysql.drop("prefixed")


def test_view(db: Database, mysql: MySqlRemote) -> None:
    """A view has no key; its comment is none."""
    mysql.execute(
        "DROP VIEW IF EXISTS looked_at",
        "DROP TABLE IF EXISTS looked",
        "CREATE TABLE looked (id int PRIMARY KEY COMMENT 'number', w varchar(5))",
        "INSERT INTO looked VALUES (1, 'x')",
        "CREATE VIEW looked_at AS SELECT id, w, id + 1 AS more FROM looked",
    )
    result = db.import_table(mysql.connector(table="looked_at"))
    assert result["rows"] == 1
    assert [kind for _, kind, _ in db.columns("looked_at")] == ["integer", "character varying(5)", "bigint"]
    assert constraint(db, "looked_at") is None
    assert db.rows("SELECT 1 FROM pg_description WHERE objoid = 'looked_at'::regclass AND objsubid = 0") == []
    mysql.execute("DROP VIEW looked_at", "DROP TABLE looked")


def test_generated_and_automatic_columns(db: Database, mysql: MySqlRemote) -> None:
    """What the server makes by itself arrives as plain values."""
    generated = "" if mysql.kind == "mysql56" else ", v int AS (a * 2) VIRTUAL, s int AS (a * 3) STORED"
    mysql.drop("made")
    mysql.execute(
        f"CREATE TABLE made (id int unsigned zerofill NOT NULL AUTO_INCREMENT PRIMARY KEY, a int{generated}, "
        "t timestamp DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)",
        "INSERT INTO made (id, a) VALUES (4294967294, 5), (NULL, 6)",
    )
    db.import_table(mysql.connector(table="made"))
    there = mysql.rows(f"SELECT id + 0, a{', v, s' if generated else ''} FROM made ORDER BY id")
    assert db.rows(f"SELECT id, a{', v, s' if generated else ''} FROM made ORDER BY id") == there
    assert db.columns("made")[0] == ("id", "bigint", True)
    assert db.rows("SELECT 1 FROM pg_attribute WHERE attrelid = 'made'::regclass AND (attgenerated <> '' OR attidentity <> '')") == []
    mysql.drop("made")


@pytest.mark.parametrize("mysql", ["mariadb", "mysql9"], indirect=True)
def test_invisible_columns(db: Database, mysql: MySqlRemote) -> None:
    """Left out as SELECT * leaves them out, and there when they are named."""
    mysql.drop("seen")
    mysql.execute("CREATE TABLE seen (a int, b int INVISIBLE)", "INSERT INTO seen (a, b) VALUES (1, 2)")
    db.import_table(mysql.connector(table="seen"))
    assert [name for name, _, _ in db.columns("seen")] == ["a"]
    db.import_table(mysql.connector(table="seen", import_as="all_seen", columns=["a", "b"]))
    assert db.rows("SELECT a, b FROM all_seen") == [(1, 2)]
    mysql.drop("seen")
