"""The types of Hive, with their extremes."""

from __future__ import annotations

from dataclasses import dataclass

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
