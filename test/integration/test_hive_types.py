"""Every type of Hive with its extremes, read as a table and by a query, as the server prints them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from harness.database import Database
from harness.errors import fails

from servers.remote_hive import HiveRemote


@dataclass(frozen=True)
class Kind:
    """A column's type, the local type, and values: HiveQL and what PostgreSQL prints of the import."""

    declaration: str
    local: str
    values: tuple[tuple[str, str], ...]
    typed: str = ""  # some value of the type, where CAST makes none of a NULL; `values` have the type by themselves


def same(*texts: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"'{text}'", text) for text in texts)


NINES = "9" * 38
STORED = [
    Kind("boolean", "boolean", (("true", "true"), ("false", "false"))),
    Kind("tinyint", "smallint", (("-128", "-128"), ("127", "127"))),
    Kind("smallint", "smallint", (("-32768", "-32768"), ("32767", "32767"))),
    Kind("int", "integer", (("-2147483648", "-2147483648"), ("2147483647", "2147483647"))),
    Kind("bigint", "bigint", (("'-9223372036854775808'", "-9223372036854775808"), ("9223372036854775807", "9223372036854775807"))),
    Kind("float", "real", (("'3.4028235E38'", "3.4028235e+38"), ("'-1.5'", "-1.5"), ("'0.1'", "0.1"), ("'NaN'", "NaN"), ("'Infinity'", "Infinity"))),
    Kind(
        "double",
        "double precision",
        (
            ("'1.7976931348623157E308'", "1.7976931348623157e+308"),
            ("'4.9E-324'", "5e-324"),
            ("'-0.1'", "-0.1"),
            ("'NaN'", "NaN"),
            ("'-Infinity'", "-Infinity"),
        ),
    ),
    Kind("decimal(38,0)", "numeric(38,0)", ((f"'{NINES}'", NINES), (f"'-{NINES}'", "-" + NINES), ("'0'", "0"))),
    Kind("decimal(38,38)", "numeric(38,38)", ((f"'0.{NINES}'", "0." + NINES), ("'-0." + "0" * 37 + "1'", "-0." + "0" * 37 + "1"))),
    Kind("decimal(9,2)", "numeric(9,2)", (("'1234567.89'", "1234567.89"), ("'-0.05'", "-0.05"), ("'10'", "10.00"))),
    Kind("decimal(10,0)", "numeric(10,0)", same("9999999999", "-1")),
    Kind("date", "date", same("0001-01-01", "1582-10-15", "2024-02-29", "9999-12-31")),
    Kind(
        "timestamp",
        "timestamp without time zone",
        (
            ("'0001-01-01 00:00:00'", "0001-01-01 00:00:00"),
            ("'9999-12-31 23:59:59.999999'", "9999-12-31 23:59:59.999999"),
            ("'2020-02-29 12:34:56.1'", "2020-02-29 12:34:56.1"),
            ("'1969-12-31 23:59:59.000001'", "1969-12-31 23:59:59.000001"),
        ),
    ),
    Kind(
        "timestamp with local time zone",
        "timestamp with time zone",
        (
            ("CAST('2020-02-29 12:34:56.5 UTC' AS timestamp with local time zone)", "2020-02-29 12:34:56.5+00"),
            ("CAST('2020-02-29 12:00:00 Asia/Kolkata' AS timestamp with local time zone)", "2020-02-29 06:30:00+00"),
        ),
        "CAST('2020-02-29' AS timestamp with local time zone)",
    ),
    Kind("char(5)", "character(5)", (("''", ""), ("'ab'", "ab"), ("'日本ж'", "日本ж"))),
    Kind("varchar(20)", "character varying(20)", (("''", ""), ("'é '", "é "), ("'astral 😀'", "astral 😀"))),
    Kind(
        "string",
        "text",
        (
            ("''", ""),
            (r"'line\nline\ttab'", "line\nline\ttab"),
            (r"""'it\'s "quoted" \\ back'""", 'it\'s "quoted" \\ back'),
            ("'ж日😀'", "ж日😀"),
            ("repeat('ab', 40000)", "ab" * 40000),
        ),
    ),
    Kind("binary", "bytea", (("unhex('')", r"\x"), ("unhex('00ff0a0d5c27')", r"\x00ff0a0d5c27"))),
    Kind("array<int>", "jsonb", (("array(1, 2, 3)", "[1, 2, 3]"), ("array(-5)", "[-5]")), "array(1)"),
    Kind("array<string>", "jsonb", (("""array('a"b', 'é')""", r'["a\"b", "é"]'),), "array('')"),
    Kind("map<string,int>", "jsonb", (("map('b', 2, 'a', 1)", '{"a": 1, "b": 2}'),), "map('', 1)"),
    Kind(
        "struct<x:int,y:array<string>>",
        "jsonb",
        (("named_struct('x', 1, 'y', array('p', 'q'))", '{"x": 1, "y": ["p", "q"]}'),),
        "named_struct('x', 1, 'y', array(''))",
    ),
]

QUERIED = [
    Kind("interval year to month", "interval", (("interval '1-2' year to month", "1 year 2 mons"), ("interval '-178956970-7' year to month", "-178956970 years -7 mons"))),
    Kind(
        "interval day to second",
        "interval",
        (("interval '1 2:3:4.5' day to second", "1 day 02:03:04.5"), ("interval '-1 0:0:0.000001' day to second", "-1 days -00:00:00.000001")),
    ),
    Kind("uniontype<int,string>", "jsonb", (("create_union(0, 7, 'a')", '{"0": 7}'), ("create_union(1, 7, 'a')", '{"1": "a"}'))),
    Kind("void", "text", (("NULL", ""),)),
]


def typed(kind: Kind, value: str) -> str:
    """HiveQL of a value, or of a NULL."""
    if kind.typed:
        return value or f"if(rand() > 2, {kind.typed}, NULL)"
    return f"CAST({value or 'NULL'} AS {kind.declaration})"


def create_every_type(hive: HiveRemote, table: str) -> None:
    """A table with a column of each type, and a last row of NULLs."""
    count = max(len(kind.values) for kind in STORED) + 1
    rows = [
        [str(number)] + [typed(kind, kind.values[number][0] if number < len(kind.values) else "") for kind in STORED]
        for number in range(count)
    ]
    columns = ", ".join(["id int"] + [f"c{number} {kind.declaration}" for number, kind in enumerate(STORED)])
    hive.drop(table)
    parts = " ".join(f"UNION ALL SELECT {', '.join(row)}" for row in rows).removeprefix("UNION ALL ")
    # of Hive's formats this one takes every type, and line ends in texts
    serde = "org.apache.hadoop.hive.serde2.lazybinary.LazyBinarySerDe"
    hive.execute(f"CREATE TABLE {table} ({columns}) ROW FORMAT SERDE '{serde}' STORED AS SEQUENCEFILE", f"INSERT INTO {table} {parts}")


@pytest.fixture(scope="module")
def every(hive: HiveRemote) -> Iterator[str]:
    create_every_type(hive, "every_type")
    yield "every_type"
    hive.drop("every_type")


@pytest.fixture(scope="module")
def imported(db: Database, hive: HiveRemote, every: str) -> dict[str, str]:
    """The table, imported; local types by column."""
    db.execute("SET TimeZone = 'UTC'")
    result = db.import_table(hive.connector(table=every))
    assert result["skipped_columns"] in (None, [])
    return {name: kind for name, kind, _ in db.columns(every)}


@pytest.mark.parametrize("number", range(len(STORED)), ids=[kind.declaration for kind in STORED])
def test_stored(db: Database, imported: dict[str, str], number: int) -> None:
    kind = STORED[number]
    assert imported[f"c{number}"] == kind.local
    cast = "::text" if kind.local != "character(5)" else "::varchar::text"
    found = [value for (value,) in db.rows(f"SELECT c{number}{cast} FROM every_type ORDER BY id")]
    expected: list[str | None] = [shown for _, shown in kind.values]
    assert found == expected + [None] * (len(found) - len(expected))
    assert found[-1] is None


@pytest.mark.parametrize("kind", QUERIED, ids=[kind.declaration for kind in QUERIED])
def test_queried(db: Database, hive: HiveRemote, kind: Kind) -> None:
    """Types that no table can have, or few."""
    listed = ", ".join(f"{value} AS c{number}" for number, (value, _) in enumerate(kind.values))
    db.import_table(hive.connector(sql_query=f"SELECT {listed}", import_as="queried"))
    try:
        assert {local for _, local, _ in db.columns("queried")} == {kind.local}
        shown = db.rows("SELECT " + ", ".join(f"coalesce(c{n}::text, '')" for n in range(len(kind.values))) + " FROM queried")
        assert list(shown[0]) == [text for _, text in kind.values]
    finally:
        db.execute("DROP TABLE queried")


def test_many_nulls(db: Database, hive: HiveRemote) -> None:
    """The bitmap of NULLs at the edges of its bytes and of the server's blocks."""
    hive.drop("gaps")
    hive.execute("CREATE TABLE gaps (id int, odd bigint, text string, flag boolean) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t'")
    lines = [
        f"{n}\t{n if n % 2 else chr(92) + 'N'}\t{'t' + str(n) if n % 8 else chr(92) + 'N'}\t{'true' if n % 3 else chr(92) + 'N'}\n"
        for n in range(5001)
    ]
    hive.server.put("gaps", "".join(lines).encode())
    db.import_table(hive.connector(table="gaps"))
    wrong = db.rows(
        "SELECT id FROM gaps WHERE odd IS DISTINCT FROM (CASE WHEN id % 2 = 1 THEN id END) "
        "OR text IS DISTINCT FROM (CASE WHEN id % 8 <> 0 THEN 't' || id END) "
        "OR flag IS DISTINCT FROM (CASE WHEN id % 3 <> 0 THEN true END)"
    )
    assert wrong == []
    assert db.value("SELECT count(*) FROM gaps") == 5001
    db.execute("DROP TABLE gaps")
    hive.drop("gaps")


def test_nanoseconds(db: Database, hive: HiveRemote) -> None:
    """PostgreSQL has microseconds: what is finer is rounded."""
    query = "SELECT CAST('2020-02-29 23:59:59.999999500' AS timestamp) AS t, CAST('2020-02-29 12:34:56.1234564' AS timestamp) AS u"
    db.import_table(hive.connector(sql_query=query, import_as="fine"))
    assert db.rows("SELECT t::text, u::text FROM fine") == [("2020-03-01 00:00:00", "2020-02-29 12:34:56.123456")]
    db.execute("DROP TABLE fine")


def test_chosen_types(db: Database, hive: HiveRemote) -> None:
    """`columns` asks for other local types, and complex values can be had as the server prints them."""
    query = "SELECT 5 AS a, array(1, 2) AS b, '2020-02-29' AS c, '1.50' AS d"
    db.import_table(
        hive.connector(sql_query=query, import_as="chosen", columns={"a": "text", "b": "text", "c": "date", "d": "numeric"})
    )
    assert [kind for _, kind, _ in db.columns("chosen")] == ["text", "text", "date", "numeric"]
    assert db.rows("SELECT a, b, c::text, d::text FROM chosen") == [("5", "[1,2]", "2020-02-29", "1.50")]
    db.execute("DROP TABLE chosen")


def test_invalid_values(db: Database, hive: HiveRemote) -> None:
    """A value that the local type can't hold stops the import and is named, or becomes NULL."""
    query = "SELECT 'no number' AS a"
    connector = hive.connector(sql_query=query, import_as="invalid", columns={"a": "integer"})
    with fails("no number", number=2001):
        db.import_table(connector)
    result = db.import_table({**connector, "invalid_values": "null"})
    assert result["rows"] == 1
    assert db.rows("SELECT a FROM invalid") == [(None,)]
    db.execute("DROP TABLE invalid")
