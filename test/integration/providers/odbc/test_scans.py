"""Joins, groups and aggregates by ODBC, as each database computes them, beside PostgreSQL on imported tables. The drivers
run in a process of their own, as in PostgreSQL."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness.database import Database
from harness.remote_scans import RemoteScans, Request
from harness.sources import Read

from servers.remote import Remote

# Declarations of a text, a decimal, a date, a moment and a boolean.
DECLARED = {
    "odbc_postgres15": ("varchar(20)", "numeric(10,2)", "date", "timestamp", "boolean"),
    "odbc_mariadb": ("varchar(20)", "decimal(10,2)", "date", "datetime(6)", "bit(1)"),
    "odbc_tds": ("nvarchar(20)", "decimal(10,2)", "date", "datetime2(6)", "bit"),
    "odbc_sqlite": ("varchar(20)", "decimal(10,2)", "date", "timestamp", "boolean"),
}
COMPUTING = ("odbc_postgres15", "odbc_mariadb", "odbc_tds")
TEXTS = ["a", "A", "á", "a ", "", "b'c", "a_b", "Ж", "ß", "ss", "back\\slash"]
NUMBERS = ["NULL", "2147483647", "-2147483648", "0", "7", "7"]
BIGS = ["9223372036854775807", "9223372036854775806", "NULL", "-9223372036854775808", "1"]
DECIMALS = ["99999999.99", "-99999999.99", "NULL", "1.50", "1.5", "0"]
DAYS = ["'2024-02-29'", "NULL", "'0001-01-01'", "'9999-12-31'", "'1582-10-04'", "'2024-02-29'"]
MOMENTS = ["'1970-01-01 00:00:00'", "NULL", "'1970-01-01 00:00:00.000001'", "'9999-12-31 23:59:58.5'"]


def row(kind: str, number: int) -> str:
    text = TEXTS[number % len(TEXTS)].replace("'", "''")
    if kind == "odbc_mariadb":
        text = text.replace("\\", "\\\\")
    truth = ("true", "false") if kind == "odbc_postgres15" else ("1", "0")
    values = [
        str(number),
        NUMBERS[number % 6],
        BIGS[number // 2 % 5],
        "NULL" if number % 13 == 12 else f"{'N' if kind == 'odbc_tds' else ''}'{text}'",
        DECIMALS[number // 3 % 6],
        DAYS[number % 6],
        MOMENTS[number // 5 % 4],
        "NULL" if number % 5 == 4 else truth[number % 2],
    ]
    return f"({', '.join(values)})"


@pytest.fixture(params=list(DECLARED), scope="module")
def scans(request: pytest.FixtureRequest, db: Database, read: Read) -> Iterator[RemoteScans]:
    """The tables `scanned` and `others`: NULLs, equal values, the ends of types, texts that collations find equal."""
    kind: str = request.param
    remote: Remote = request.getfixturevalue(kind)
    remote.server.start()
    null = "" if kind in ("odbc_postgres15", "odbc_sqlite") else " NULL"
    text, decimal, date, moment, truth = DECLARED[kind]
    kinds = {"i": "int", "b": "bigint", "s": text, "d": decimal, "t": date, "m": moment, "o": truth}
    columns = ", ".join(f"{name} {one}{null}" for name, one in kinds.items())
    for table, numbers in (("scanned", range(40)), ("others", range(30, 56))):
        remote.drop(table)
        remote.execute(f"CREATE TABLE {table} (id int NOT NULL PRIMARY KEY, {columns})")
        for number in numbers:
            remote.execute(f"INSERT INTO {table} VALUES {row(kind, number)}")
        db.import_table(remote.connector(table=table))
    yield RemoteScans(read, db, remote, "reader")
    db.execute("DROP TABLE scanned, others")
    remote.drop("scanned")
    remote.drop("others")


@pytest.fixture
def computing(scans: RemoteScans) -> RemoteScans:
    if scans.remote.kind not in COMPUTING:
        pytest.skip("it is asked for counts only")
    return scans


def test_counts(scans: RemoteScans) -> None:
    counts = [["count_rows"], *(["count", name] for name in ("id", *"ibsdtmo"))]
    scans.check("scanned", {"grouped": True, "aggregates": counts})
    scans.check("scanned", {"grouped": True, "aggregates": counts, "where": ["=", "id", "-5"]})
    scans.check("scanned", {"grouped": True, "aggregates": [["count_rows"]], "where": ["in", "id", "3", "4", "99"]})


def test_what_sqlite_is_not_asked_for(scans: RemoteScans) -> None:
    if scans.remote.kind in COMPUTING:
        pytest.skip("it is asked for")
    assert scans.refused("scanned", {"grouped": True, "columns": ["i"]}) == "group i"
    for function in ("sum", "minimum", "maximum", "count_distinct"):
        assert scans.refused("scanned", {"grouped": True, "aggregates": [[function, "i"]]}) == "aggregate 0"
    assert scans.refused("scanned", both("inner", equal("i"), columns=["r0.id"])) == "join"


def extremes_of(scans: RemoteScans) -> str:
    """Columns whose least and greatest value are asked for."""
    return {"odbc_postgres15": "ib", "odbc_mariadb": "ibdtm", "odbc_tds": "ibdtm"}[scans.remote.kind]


def test_aggregates(computing: RemoteScans) -> None:
    aggregates = [[function, name] for function in ("minimum", "maximum") for name in extremes_of(computing)]
    aggregates += [["sum", name] for name in "ibd"] + [["count_distinct", name] for name in "ib"]
    computing.check("scanned", {"grouped": True, "aggregates": aggregates})
    computing.check("scanned", {"grouped": True, "aggregates": aggregates, "where": ["<", "id", "-5"]})
    computing.check("scanned", {"grouped": True, "aggregates": aggregates, "columns": ["i"], "where": [">", "id", "3"]})


def groups_of(scans: RemoteScans) -> list[str]:
    return {"odbc_postgres15": ["i", "b", "s", "o"], "odbc_mariadb": ["i", "b", "d", "t", "m"], "odbc_tds": ["i", "b", "d", "t", "o"]}[scans.remote.kind]


def test_groups(computing: RemoteScans) -> None:
    """NULL is one group; what a collation finds equal is not."""
    names = groups_of(computing)
    for keys in (*([name] for name in names), names, names[:2]):
        computing.check("scanned", {"grouped": True, "columns": keys, "aggregates": [["count_rows"], ["sum", "b"]]})
    for name in {"i", "b", "s", "d", "t", "m", "o"} - set(names):
        assert computing.refused("scanned", {"grouped": True, "columns": [name]}) == f"group {name}"


def both(kind: str, condition: list[object], **more: object) -> Request:
    return {"parts": [{"table": "others"}], "joins": [[kind, condition]], **more}


def equal(name: str) -> list[object]:
    return ["=", f"r0.{name}", {"column": f"r1.{name}"}]


def joining_of(scans: RemoteScans) -> list[str]:
    return {"odbc_postgres15": ["id", "i", "b", "s", "d", "o"], "odbc_mariadb": ["id", "i", "b", "s", "d", "t", "m"], "odbc_tds": ["id", "i", "b", "d", "t", "o"]}[
        scans.remote.kind
    ]


@pytest.mark.parametrize("kind", ["inner", "left", "semi", "anti"])
def test_joins(computing: RemoteScans, kind: str) -> None:
    names = joining_of(computing)
    for name in names:
        columns = ["r0.id", "r0.s"] + (["r1.id", f"r1.{name}"] if kind in ("inner", "left") else [])
        computing.check("scanned", both(kind, equal(name), columns=columns))
    for name in {"i", "b", "s", "d", "t", "m", "o"} - set(names):
        assert computing.refused("scanned", both(kind, equal(name), columns=["r0.id"])) == "joins 0"
    on = ["and", ["<", "r0.i", {"column": "r1.b"}], ["or", ["is_null", "r1.d"], [">", "r1.id", "40"]]]
    computing.check("scanned", both(kind, on, columns=["r0.id"], where=["<>", "r0.id", "3"]))
    if computing.remote.kind != "odbc_tds":
        computing.check("scanned", both(kind, ["not_distinct", "r0.i", {"column": "r1.i"}], columns=["r0.id"]))


def test_several_parts_and_groups_above_them(computing: RemoteScans) -> None:
    parts = [{"table": "others"}, {"table": "scanned"}, {"table": "others"}]
    joins = [["left", equal("id")], ["inner", ["=", "r2.id", {"column": "r0.id"}]], ["anti", ["and", ["=", "r3.i", {"column": "r2.i"}], [">", "r3.id", "40"]]]]
    request: Request = {"parts": parts, "joins": joins}
    computing.check("scanned", {**request, "columns": ["r0.id", "r1.id", "r2.b"]})
    grouped = {"grouped": True, "aggregates": [["count_rows"], ["count", "r1.id"], ["sum", "r2.b"], ["maximum", "r1.b"]]}
    computing.check("scanned", {**request, **grouped, "columns": ["r1.i", "r0.b"]})
    computing.check("scanned", {**request, **grouped})
    computing.check("scanned", both("semi", equal("b"), grouped=True, columns=["r0.i"], aggregates=[["count_rows"], ["sum", "r0.d"]]))


def test_orders_and_limits_of_joins(computing: RemoteScans) -> None:
    """What has no partner has no NOT NULL: NULL stands where it was asked for."""
    request = both("left", equal("id"), columns=["r0.id", "r1.id"], order_by=["r1.id"], limit=28)
    for nulls, first in (("first", [None, None]), ("last", ["30", "31"])):
        rows = computing.ask("scanned", {**request, "nulls": nulls})["rows"]
        assert len(rows) == 28 and [row[1] for row in rows[:2]] == first
    rows = computing.ask("scanned", both("inner", equal("id"), columns=["r0.id"], order_by=[["r0.id", "desc"]], limit=2, offset=1))["rows"]
    assert rows == [["38"], ["37"]]
    assert len(computing.ask("scanned", {"columns": ["i"], "grouped": True, "limit": 3})["rows"]) == 3


def test_dates_that_may_be_null_here(computing: RemoteScans) -> None:
    """What is NULL here is not so there: it is neither counted nor grouped nor joined there."""
    keys: Request = {"table": "scanned", "invalid_values": "null"}
    assert computing.ask(keys, {"grouped": True, "aggregates": [["count_rows"]]})["rows"] == [["40"]]
    if computing.remote.kind == "odbc_mariadb":
        for one in ("count", "maximum", "count_distinct"):
            assert computing.ask(keys, {"grouped": True, "aggregates": [[one, "t"]]})["refused"] == "aggregate 0"
        assert computing.ask(keys, {"grouped": True, "columns": ["t"]})["refused"] == "group t"


def test_queries_as_parts(computing: RemoteScans) -> None:
    query = {"sql_query": "SELECT id, b FROM others WHERE id > 35 -- some", "import_as": "asked"}
    request: Request = {"parts": [{"table": "scanned"}], "joins": [["inner", equal("id")]], "columns": ["r0.id", "r1.i"]}
    answer = computing.ask(query, request)
    expected = computing.db.rows("SELECT a.id::text, b.i::text FROM others a JOIN scanned b USING (id) WHERE a.id > 35")
    assert sorted(answer["rows"], key=repr) == sorted(map(list, expected), key=repr), answer["statement"]
    (row,) = computing.ask(query, {"grouped": True, "aggregates": [["count_rows"], ["sum", "b"]]})["rows"]
    assert tuple(row) == computing.db.rows("SELECT count(*)::text, sum(b)::text FROM others WHERE id > 35")[0]


CHANGING: list[Request] = [
    {"columns": ["id"], "where": ["=", "n", "5"]},
    {"columns": ["id"], "order_by": ["n"]},
    {"columns": ["n"], "grouped": True},
    {"grouped": True, "aggregates": [["count_rows"]], "where": ["=", "n", "5"]},
    {"grouped": True, "aggregates": [["maximum", "n"]]},
    {"grouped": True, "aggregates": [["sum", "n"]]},
    both("inner", ["=", "r0.id", {"column": "r1.i"}], columns=["r1.id"]),
    both("semi", ["=", "r0.id", {"column": "r1.n"}], columns=["r0.id"]),
]


@pytest.mark.parametrize("number", range(len(CHANGING)))
def test_a_column_that_has_changed_is_noticed(computing: RemoteScans, number: int, tmp_path: Path) -> None:
    """Of what is in conditions, groups, aggregates and joins, too."""
    remote = computing.remote
    for table in ("changing", "changing_too"):
        remote.drop(table)
        remote.execute(f"CREATE TABLE {table} (id int NOT NULL, n int, i int)", f"INSERT INTO {table} VALUES (5, 5, 5)")
    request = dict(CHANGING[number])
    changing = "changing"
    if "parts" in request:
        request["parts"] = [{"table": "changing_too"}]
        changing = "changing_too"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    request["pause"] = str(pipe)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(computing.ask, "changing", request)
        with pipe.open("w"):  # once it was decided what to ask
            for name in ("n", "i"):
                remote.execute(
                    {
                        "odbc_postgres15": f"ALTER TABLE {changing} ALTER {name} TYPE varchar(9)",
                        "odbc_mariadb": f"ALTER TABLE {changing} MODIFY {name} varchar(9)",
                        "odbc_tds": f"ALTER TABLE {changing} ALTER COLUMN {name} varchar(9)",
                    }[remote.kind]
                )
        with pytest.raises(AssertionError, match="columns are others|no support|does not exist|invalid for sum|operator"):
            reading.result()
    remote.drop("changing")
    remote.drop("changing_too")
