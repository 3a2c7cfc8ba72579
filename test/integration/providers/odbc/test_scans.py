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
from harness.thorough import BY_ODBC, by_turns

from servers.remote import Remote

pytestmark = by_turns("scans", BY_ODBC)

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
    return {"odbc_postgres15": ["id", "i", "b", "s", "d", "o"], "odbc_mariadb": ["id", "i", "b", "d", "t", "m"], "odbc_tds": ["id", "i", "b", "d", "t", "o"]}[
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
        # Without groups and joins the statement itself may fail, before its result tells.
        message = "columns are others" if "grouped" in request or "parts" in request else "columns are others|operator does not exist"
        with pytest.raises(AssertionError, match=message):
            reading.result()
    remote.drop("changing")
    remote.drop("changing_too")


@pytest.fixture
def mariadb_scans(db: Database, read: Read, odbc_mariadb: Remote) -> Iterator[RemoteScans]:
    odbc_mariadb.server.start()
    yield RemoteScans(read, db, odbc_mariadb, "reader")
    odbc_mariadb.drop("special")
    db.execute("DROP TABLE IF EXISTS special")


def create_special(scans: RemoteScans, columns: str, *rows: str) -> None:
    """A table that is imported, too."""
    scans.remote.drop("special")
    scans.remote.execute(f"CREATE TABLE special (id int NOT NULL PRIMARY KEY, {columns})", f"INSERT INTO special VALUES {', '.join(rows)}")
    scans.db.import_table(scans.remote.connector(table="special"))


@pytest.mark.parametrize("kind", ["semi", "anti"])
def test_answers_that_mariadb_remembers(mariadb_scans: RemoteScans, kind: str) -> None:
    """Of rows whose texts differ in case only."""
    create_special(mariadb_scans, "i int, s varchar(9)", *(f"({i}, {i % 2}, '{text}')" for i, text in enumerate(["a", "a", "A", "A", "a", "á"] * 3)))
    for text in "aAá":
        on = ["and", ["=", "r0.i", {"column": "r1.i"}], ["or", ["=", "r0.s", text], [">", "r1.id", "90"]]]
        mariadb_scans.check("special", {"parts": [{"table": "special"}], "joins": [[kind, on]], "columns": ["r0.id"]})


def test_texts_that_are_equal_beside_another_column(mariadb_scans: RemoteScans) -> None:
    """For the other column there may be an index."""
    create_special(mariadb_scans, "i int, s varchar(9)", *(f"({i}, {i % 2}, '{text}')" for i, text in enumerate(["a", "a", "A", "A", "a", "á"] * 3)))
    part: Request = {"parts": [{"table": "special"}], "columns": ["r0.id"]}
    assert mariadb_scans.refused("special", {**part, "joins": [["inner", equal("s")]]}) == "joins 0"
    for kind in ("inner", "left", "semi", "anti"):
        mariadb_scans.check("special", {**part, "joins": [[kind, ["and", equal("s"), ["=", "r0.i", {"column": "r1.id"}]]]]})


def test_decimals_that_mysql_computes(mariadb_scans: RemoteScans) -> None:
    """It computes with more digits than it sends."""
    create_special(mariadb_scans, "e decimal(9,2), f double, b bigint unsigned", *(f"({i}, 1, 1, {i})" for i in range(3)))
    mariadb_scans.remote.execute("CREATE OR REPLACE VIEW thirds AS SELECT id, e / 3 AS third, f / 3 AS f, b FROM special")
    try:
        for source in ({"table": "thirds"}, {"sql_query": "SELECT id, e / 3 AS third, f / 3 AS f, b FROM special", "import_as": "asked"}):
            assert mariadb_scans.ask(source, {"columns": ["third"]})["rows"] == [["0.333333"]] * 3
            assert mariadb_scans.ask(source, {"columns": ["id"], "where": ["=", "third", "0.333333"]}) == {"refused": "where"}
            for name in ("third", "f"):
                assert mariadb_scans.ask(source, {"columns": ["id"], "order_by": [name]}) == {"refused": f"order_by {name}"}
            assert mariadb_scans.ask(source, {"columns": ["third"], "grouped": True}) == {"refused": "group third"}
            for function in ("sum", "maximum", "count_distinct"):
                assert mariadb_scans.ask(source, {"grouped": True, "aggregates": [[function, "third"]]}) == {"refused": "aggregate 0"}
            on = [["inner", ["=", "r0.third", {"column": "r1.e"}]]]
            assert mariadb_scans.ask(source, {"parts": [{"table": "special"}], "joins": on, "columns": ["r0.id"]}) == {"refused": "joins 0"}
            assert mariadb_scans.ask(source, {"grouped": True, "aggregates": [["sum", "b"]], "where": [">", "id", "0"]})["rows"] == [["3"]]
    finally:
        mariadb_scans.remote.execute("DROP VIEW thirds")
    mariadb_scans.check("special", {"grouped": True, "columns": ["e"], "aggregates": [["sum", "e"]], "where": ["=", "e", "1.00"]})


def test_sums_of_narrow_integers(mariadb_scans: RemoteScans) -> None:
    """The width of the display is not that of the values."""
    row = "1, 9223372036854775807, 18446744073709551615"
    create_special(mariadb_scans, "g int, b bigint(1), u bigint(1) unsigned", *(f"({i}, {row})" for i in range(200)))
    sums = [["sum", "b"], ["sum", "u"]]
    mariadb_scans.check("special", {"grouped": True, "aggregates": sums})
    mariadb_scans.check("special", {"grouped": True, "aggregates": sums, "columns": ["g"]})


def test_decimals_with_more_digits_than_the_column(mariadb_scans: RemoteScans) -> None:
    """An index of MariaDB finds 0.10 for 0.101."""
    create_special(mariadb_scans, "d decimal(9,2), n decimal(9,0), KEY (d), KEY (n)", *(f"({i}, {i} / 10, {i})" for i in range(100)))
    for condition in (["=", "d", "0.101"], ["=", "d", "0.100"], ["in", "d", "0.101", "0.2"], ["<>", "d", "0.101"], ["<", "d", "0.101"], ["=", "n", "1.4"]):
        mariadb_scans.check("special", {"columns": ["id"], "where": condition})


def test_long_texts_in_an_order(mariadb_scans: RemoteScans) -> None:
    """MySQL sorts by so many bytes only."""
    smiles = "\U0001f600" * 1023
    texts = [smiles + last for last in ("\U0001f602", "\U0001f601", "\U0001f603", "\U0001f601")]
    create_special(mariadb_scans, "v varchar(1024) CHARACTER SET utf8mb4, w varchar(1025)", *(f"({i}, '{text}', '')" for i, text in enumerate(texts)))
    rows = mariadb_scans.ask("special", {"columns": ["id"], "order_by": ["v", "id"], "limit": 4})["rows"]
    assert rows == [["1"], ["3"], ["0"], ["2"]]
    assert mariadb_scans.refused("special", {"columns": ["id"], "order_by": ["w"]}) == "order_by w"


def test_dates_of_mysql_that_are_null(mariadb_scans: RemoteScans) -> None:
    """To IS NULL a zero date would be NULL."""
    create_special(mariadb_scans, "d date NOT NULL, t timestamp(3) NULL", "(0, '2020-01-01', NULL)")
    mariadb_scans.remote.execute("SET sql_mode = ''", "INSERT INTO special VALUES (1, '0000-00-00', '2020-01-01')")
    assert mariadb_scans.ask("special", {"columns": ["id"], "where": ["is_null", "d"]})["rows"] == []
    assert mariadb_scans.ask("special", {"columns": ["id"], "where": ["is_null", "t"]})["rows"] == [["0"]]
