"""Joins, groups and aggregates that SQL Server computes, beside those of the imported tables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.database import Database
from harness.many_scans import OPERATORS, ManyScans, join, on
from harness.remote_scans import Request, local_sql
from harness.sources import Read

from servers.remote_sqlserver import SqlServerRemote

# Of each column: its type there, its values, and what can be asked: c(ompared), g(rouped), s(ummed), m(inimum and maximum).
COLUMNS: dict[str, tuple[str, list[str], str]] = {
    "tiny": ("tinyint", ["0", "255"], "cgsm"),
    "small": ("smallint", ["-32768", "0", "7"], "cgsm"),
    "number": ("int", ["-2147483648", "2147483647", "7"], "cgsm"),
    "big": ("bigint", ["-9223372036854775808", "9223372036854775807", "7", "2147483647"], "cgsm"),
    "flag": ("bit", ["0", "1"], "cg"),
    "price": ("decimal(12,2)", ["-0.01", "0", "10.50", "9999999999.99"], "cgsm"),
    "exact": ("decimal(20,4)", ["10.5000", "10.5001", "9999999999999999.9999"], "cgsm"),
    "whole": ("decimal(38,0)", ["0", "1", "99999999999999999999999999999999999999"], "cgm"),
    "fraction": ("decimal(38,38)", ["0", "0.00000000000000000000000000000000000001"], "cgm"),
    "coin": ("money", ["-0.0001", "10.5", "922337203685477.5807"], "cgsm"),
    "change": ("smallmoney", ["10.5", "-214748.3648"], "cgsm"),
    "day": ("date", ["'0001-01-01'", "'2020-02-29'", "'9999-12-31'"], "cgm"),
    "moment": ("datetime2(3)", ["'2020-01-01 00:00:00.001'", "'2020-01-01'", "'0001-01-01'"], "cgm"),
    "finer": ("datetime2(6)", ["'2020-01-01 00:00:00.000001'", "'2020-01-01'"], "cgm"),
    "minute": ("smalldatetime", ["'2020-01-01 10:20'", "'1900-01-01'"], "cgm"),
    "clock": ("time(3)", ["'00:00:00'", "'23:59:59.999'"], "cgm"),
    "zoned": ("datetimeoffset(3)", ["'2020-01-01 00:00:00 +00:00'", "'2020-01-01 02:00:00 +02:00'", "'2019-12-31 23:00:00 -02:00'"], "cm"),
    "fine": ("datetime2(7)", ["'2020-01-01 00:00:00.0000005'", "'2020-01-01 00:00:00.0000001'"], ""),
    "ticks": ("datetime", ["'2020-01-01 00:00:00.003'", "'2020-01-01 00:00:00.007'"], ""),
    "ratio": ("float", ["0e0", "0.1e0", "-1e300"], ""),
    "single": ("real", ["0.1e0", "3.14e0"], ""),
    "guid": ("uniqueidentifier", ["'00000000-0000-0000-0000-010000000000'", "'ffffffff-ffff-ffff-ffff-000000000000'"], ""),
    "bytes": ("varbinary(8)", ["0x", "0x00", "0x0000"], ""),
    "word": ("nvarchar(20)", ["N'a'", "N'A'", "N'a '", "N'ß'", "N'ss'"], ""),
    "page": ("varchar(20)", ["'a'", "'A'", "'a '"], ""),
    "padded": ("nchar(3)", ["N'a'", "N'A'"], ""),
    "long_text": ("nvarchar(max)", ["N'a'", "N''"], ""),
    "old_text": ("ntext", ["N'a'", "N''"], ""),
    "variant": ("sql_variant", ["1", "N'a'", "0x01"], ""),
    "document": ("xml", ["N'<a/>'"], ""),
}


def create(remote: SqlServerRemote, table: str, rows: int, step: int) -> None:
    kinds = ", ".join(f"{name} {kind}" for name, (kind, _, _) in COLUMNS.items())
    remote.drop(table)
    remote.execute(f"CREATE TABLE {table} (id int NOT NULL, {kinds})")
    for row in range(rows):
        values = [([*texts, "NULL"])[row * step % (len(texts) + 1)] for _, texts, _ in COLUMNS.values()]
        remote.execute(f"INSERT INTO {table} VALUES ({row}, {', '.join(values)})")


@pytest.fixture(scope="module", params=["tds", *(["real_sqlserver"] if os.environ.get("CONNECTOR_TEST_SQLSERVER") else [])])
def scans(db: Database, read: Read, request: pytest.FixtureRequest) -> Iterator[ManyScans]:
    remote: SqlServerRemote = request.getfixturevalue(request.param)
    create(remote, "a", 11, 1)
    create(remote, "b", 12, 5)
    db.execute("SET timezone = 'UTC'")
    for table in ("a", "b"):
        db.import_table(remote.connector(table=table))
    yield ManyScans(read, db, remote)
    db.execute("DROP TABLE a, b")
    for table in ("a", "b"):
        remote.drop(table)


def test_columns_of_one_type(scans: ManyScans) -> None:
    comparable = [name for name, (_, _, can) in COLUMNS.items() if "c" in can]
    scans.check("a", *(join("inner", on(operator, name), "r0.id", "r1.id") for name in comparable for operator in OPERATORS))
    for name in COLUMNS.keys() - comparable:
        answers = scans.ask("a", *(join("inner", on(operator, name), "r0.id", "r1.id") for operator in OPERATORS))
        assert {answer.get("refused") for answer in answers} == {"joins 0"}, name


def test_columns_of_two_types(scans: ManyScans) -> None:
    """Only what is compared without losing a digit."""
    alike = [("tiny", "big"), ("big", "number"), ("small", "number"), ("price", "exact"), ("exact", "price"), ("coin", "change")]
    scans.check("a", *(join("inner", on(operator, *pair), "r0.id", "r1.id") for pair in alike for operator in ("=", "<>", "<")))
    others = [("whole", "fraction"), ("whole", "price"), ("number", "price"), ("coin", "exact"), ("moment", "finer"), ("day", "moment"),
              ("moment", "zoned"), ("minute", "moment"), ("flag", "tiny"), ("word", "page"), ("number", "ratio")]  # fmt: skip
    answers = scans.ask("a", *(join("inner", on("=", *pair), "r0.id", "r1.id") for pair in others))
    assert {answer.get("refused") for answer in answers} == {"joins 0"}


def test_each_kind_of_join(scans: ManyScans) -> None:
    """With columns that are read in another form."""
    for condition in (
        on("=", "number", "big"),
        ["and", on("=", "price"), on("<", "small")],
        ["or", on("=", "day"), ["is_null", "r0.word"]],
        ["and", on("=", "flag"), ["in", "r1.number", "7", "2147483647", None]],
    ):
        scans.check(
            "a",
            *(join(kind, condition, "r0.id", "r0.word", "r1.id", "r1.variant", "r1.document") for kind in ("inner", "left")),
            *(join(kind, condition, "r0.id", "r0.variant", where=["is_not_null", "r0.price"]) for kind in ("semi", "anti")),
        )


def test_three_parts_and_groups_above(scans: ManyScans) -> None:
    parts: Request = {"parts": [{"table": "b"}, {"table": "a"}]}
    joins = [["left", on("=", "number", "big")], ["inner", ["=", "r2.day", {"column": "r0.day"}]]]
    scans.check(
        "a",
        {**parts, "joins": joins, "columns": ["r2.id", "r1.id", "r0.word"]},
        {**parts, "joins": joins, "columns": ["r1.flag", "r2.price"], "grouped": True,
         "aggregates": [["count_rows"], ["sum", "r0.coin"], ["minimum", "r1.big"]]},
        {**parts, "joins": [joins[0], ["anti", ["=", "r2.id", {"column": "r0.tiny"}]]], "columns": ["r0.id", "r1.id"]},
        {**parts, "joins": [joins[0], ["semi", ["=", "r2.small", {"column": "r1.small"}]]],
         "aggregates": [["count_rows"], ["sum", "r1.small"]], "grouped": True},
    )


def test_groups(scans: ManyScans) -> None:

    def groups_by(name: str) -> Request:
        return {"columns": [name], "grouped": True, "aggregates": [["count_rows"], ["count", name], ["count", "old_text"]]}

    possible = [name for name, (_, _, can) in COLUMNS.items() if "g" in can]
    scans.check("a", *(groups_by(name) | some for name in possible for some in ({}, {"where": ["<", "id", "5"]})))
    others = [name for name in COLUMNS if name not in possible]
    assert [answer.get("refused") for answer in scans.ask("a", *map(groups_by, others))] == [f"group {name}" for name in others]


def test_aggregates(scans: ManyScans) -> None:
    """Also of no rows, and sums that no type of their columns has."""
    checked: list[Request] = []
    refused: list[Request] = []
    for name, (_, _, can) in COLUMNS.items():
        possible = {"count": True, "count_distinct": "g" in can, "sum": "s" in can, "minimum": "m" in can, "maximum": "m" in can}
        for function, is_possible in possible.items():
            request: Request = {"grouped": True, "columns": [], "aggregates": [[function, name]]}
            if is_possible:
                checked += [request, {**request, "where": ["<", "id", "0"]}]
            else:
                refused.append(request)
    scans.check("a", *checked)
    for request, answer in zip(refused, scans.ask("a", *refused), strict=True):
        assert answer.get("refused") == "aggregate 0", request


def test_queries(scans: ManyScans) -> None:
    """Those that can stand in another one, also behind their own order."""
    query = "SELECT number, small AS number, id FROM a ORDER BY id -- the end"
    request: Request = {"parts": [{"table": "b"}], "joins": [["left", ["=", "r0.number", {"column": "r1.big"}]]], "columns": ["r0.id", "r1.id"]}
    of_query: Request = {"sql_query": query, "import_as": "q"}
    grouped: Request = {"columns": ["number"], "grouped": True, "aggregates": [["maximum", "id"]]}
    scans.db.execute("CREATE VIEW of_query AS SELECT number, id FROM a")
    scans.check(of_query, request, tables=("of_query", "b"))
    scans.check(of_query, grouped, tables=("of_query",))
    turned = {"parts": [{"sql_query": query}], "joins": [["semi", ["=", "r0.big", {"column": "r1.number"}]]], "columns": ["r0.id"]}
    scans.check("b", turned, tables=("b", "of_query"))
    scans.db.execute("DROP VIEW of_query")
    with_names = {**turned, "parts": [{"sql_query": "WITH n AS (SELECT number FROM a) SELECT number FROM n"}]}
    assert scans.ask("b", with_names) == [{"refused": "join"}]


def test_orders_and_limits_above_joins(scans: ManyScans) -> None:
    request = join("left", on("=", "number", "big"), "r0.price", "r1.id", order_by=["r0.price", ["r1.id", "desc"], "r0.id"], limit=7)
    (answer,) = scans.ask("a", request)
    wanted = scans.db.rows(f"{local_sql(request, ['a', 'b'])} ORDER BY r0.price, r1.id DESC NULLS LAST, r0.id LIMIT 7")
    assert answer["rows"] == [list(row) for row in wanted]
    answer, offset = scans.ask("a", {"columns": ["number"], "grouped": True, "limit": 2}, {"columns": ["number"], "grouped": True, "limit": 9, "offset": 3})
    assert (len(answer["rows"]), len(offset["rows"])) == (2, 1)


CHANGES: list[tuple[str, str, Request]] = [
    ("n", "decimal(9,2)", {"parts": [{"table": "a"}], "joins": [["semi", on("=", "n", "number")]], "columns": ["r0.id"]}),
    ("n", "decimal(9,2)", {"parts": [{"table": "a"}], "joins": [["inner", on("=", "n", "number")]], "columns": ["r1.id"]}),
    ("n", "decimal(9,2)", {"grouped": True, "columns": [], "aggregates": [["sum", "n"]]}),
    ("n", "bigint", {"grouped": True, "columns": ["n"]}),
    ("moment", "datetime2(7)", {"grouped": True, "columns": [], "aggregates": [["count_rows"]], "where": ["=", "moment", "2020-01-01 00:00:00"]}),
]


@pytest.mark.parametrize(("column", "kind", "request_"), CHANGES)
def test_a_column_that_changes_is_an_error(scans: ManyScans, column: str, kind: str, request_: Request, tmp_path: Path) -> None:
    """Also one that is not read: it would be compared or added up in another way."""
    remote = scans.remote
    remote.drop("other")
    remote.execute("CREATE TABLE other (id int, n int, moment datetime2(6))", "INSERT INTO other VALUES (1, 7, '2020-01-01')")
    with pytest.raises(AssertionError, match="changed"):
        scans.ask_changed("other", f"ALTER TABLE other ALTER COLUMN {column} {kind}", request_, tmp_path)
    remote.drop("other")
