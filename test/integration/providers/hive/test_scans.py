"""Joins, groups and aggregates of Hive's: what its servers compute otherwise than PostgreSQL does, and what they are not asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness.database import Database
from harness.remote_scans import RemoteScans, Request
from harness.sources import Read
from harness.thorough import always

from servers.remote_hive import HiveRemote

TEXTS = ("a", "a ", "A", "á", "", "b'c", "__HIVE_DEFAULT_PARTITION__", "\ue000x", "\uffff", "\U0001d11e", "\U0001f600")
NUMBERS = ("NULL", "-2147483648", "2147483647", "0", "7", "7")
BIGS = ("9223372036854775807", "NULL", "-9223372036854775808", "9223372036854775806", "1", "1")
DECIMALS = ("NULL", "99999999.99", "-99999999.99", "1.50", "1.5", "0")
DAYS = ("'2024-02-29'", "NULL", "'0001-01-01'", "'9999-12-31'", "'1582-10-04'", "'2024-02-29'")


def in_hex(text: str) -> str:
    return f"CAST(unhex('{text.encode().hex()}') AS STRING)"


def row(number: int) -> str:
    text = "CAST(NULL AS STRING)" if number % 13 == 12 else in_hex(TEXTS[number % len(TEXTS)])
    values = {
        "id": f"CAST({number} AS int)",
        "i": f"CAST({NUMBERS[number % 6]} AS int)",
        "b": f"CAST('{BIGS[number // 2 % 6]}' AS bigint)" if BIGS[number // 2 % 6] != "NULL" else "CAST(NULL AS bigint)",
        "s": text,
        "d": f"CAST({DECIMALS[number // 3 % 6]} AS decimal(10,2))",
        "w": f"CAST({DECIMALS[number % 6]} AS decimal(28,4))",
        "t": f"CAST({DAYS[number % 6]} AS date)",
    }
    return ", ".join(f"{value} AS {name}" for name, value in values.items())


COLUMNS = "id int, i int, b bigint, s string, d decimal(10,2), w decimal(28,4), t date"


def make_table(hive: HiveRemote, name: str, columns: str, rows: Sequence[str], more: str = "STORED AS ORC") -> None:
    hive.drop(name)
    hive.execute(f"CREATE TABLE {name} ({columns}) {more}", f"INSERT INTO {name} {' UNION ALL '.join(f'SELECT {row}' for row in rows)}")


@pytest.fixture(scope="module")
def scans(db: Database, hive: HiveRemote, read: Read) -> Iterator[RemoteScans]:
    """The tables `scanned`, of ORC, and `others`, of text: NULLs, equal values of several types, the ends of types."""
    hive.server.start()
    make_table(hive, "scanned", COLUMNS, [row(number) for number in range(40)])
    make_table(hive, "others", COLUMNS, [row(number) for number in range(30, 56)], "STORED AS TEXTFILE")
    for table in ("scanned", "others"):
        db.import_table(hive.connector(table=table))
    yield RemoteScans(read, db, hive)
    db.execute("DROP TABLE scanned, others")
    hive.drop("scanned")
    hive.drop("others")


ALL_AGGREGATES = [
    ["count_rows"],
    *(["count", name] for name in ("i", "b", "d", "t")),
    ["count_distinct", "s"],
    *([function, name] for function in ("minimum", "maximum") for name in ("i", "b", "d", "w", "t")),
    *(["sum", name] for name in ("i", "b", "d", "w")),
]


def test_aggregates(scans: RemoteScans) -> None:
    """Sums beyond 64 bits; types as they were told."""
    answer = scans.check("scanned", {"grouped": True, "aggregates": ALL_AGGREGATES})
    assert [column[1] for column in answer["columns"][:1]] == ["bigint"]
    assert answer["columns"][-1][1] == "numeric(38,4)"
    scans.check("scanned", {"grouped": True, "aggregates": ALL_AGGREGATES, "where": ["<", "id", "-5"]})
    scans.check("scanned", {"grouped": True, "aggregates": [["count_rows"]], "where": ["and", ["in", "s", "a", "A"], [">", "i", "0"]]})
    for name in ("i", "d", "t"):
        scans.check("scanned", {"grouped": True, "aggregates": [["count_distinct", name], ["sum", name]] if name != "t" else [["count_distinct", name]]})
    assert scans.refused("scanned", {"grouped": True, "aggregates": [["count", "s"]]}) == "aggregate 0"
    assert scans.refused("scanned", {"grouped": True, "aggregates": [["maximum", "s"]]}) == "aggregate 0"


def test_different_values_of_several_columns(scans: RemoteScans, hive: HiveRemote) -> None:
    """With hive.groupby.skewindata the server takes those of one column only."""
    connection = {**hive.connection(), "session": {"hive.groupby.skewindata": "true"}}
    keys = {"table": "scanned", "connection": connection}
    one: Request = {"grouped": True, "aggregates": [["count_distinct", "i"], ["count_distinct", "i"], ["sum", "i"]]}
    scans.check("scanned", one, keys)
    assert scans.refused("scanned", {"grouped": True, "aggregates": [["count_distinct", "i"], ["count_distinct", "b"]]}) == "scan"


@pytest.mark.parametrize("keys", always([["s", "d"], ["t", "i", "b"]], [["i"], ["b"], ["s"], ["d"], ["t"], ["s", "d"], ["t", "i", "b"]]), ids="-".join)
def test_groups(scans: RemoteScans, keys: list[str]) -> None:
    """NULL is one group; blanks, letters' case and what is behind U+FFFF make texts differ."""
    request: Request = {"columns": keys, "grouped": True, "aggregates": [["count_rows"], ["sum", "b"], ["maximum", "t"], ["count_distinct", "i"]]}
    scans.check("scanned", request)
    scans.check("scanned", {"columns": keys, "grouped": True, "where": ["and", ["is_not_null", "i"], ["<>", "t", "2024-02-29"]]})


def both(kind: str, condition: list[object], **more: object) -> Request:
    return {"parts": [{"table": "others"}], "joins": [[kind, condition]], **more}


def equal(name: str) -> list[object]:
    return ["=", f"r0.{name}", {"column": f"r1.{name}"}]


# A query takes a second and more there.
JOINS = [*(("inner", name) for name in ("id", "i", "b", "s", "d", "w", "t")), *((kind, name) for kind in ("left", "semi", "anti") for name in ("i", "s", "t"))]


@pytest.mark.parametrize("join", always([("inner", "s"), ("left", "i"), ("semi", "t"), ("anti", "s")], JOINS), ids="-".join)
def test_joins(scans: RemoteScans, join: tuple[str, str]) -> None:
    kind, name = join
    columns = ["r0.id", "r0.s"] + (["r1.id", f"r1.{name}"] if kind in ("inner", "left") else [])
    scans.check("scanned", both(kind, equal(name), columns=columns))


@pytest.mark.parametrize("kind", always(["anti"], ["inner", "left", "semi", "anti"]))
def test_joins_with_more_conditions(scans: RemoteScans, kind: str) -> None:
    on = ["and", ["=", "r0.i", {"column": "r1.b"}], ["=", "r1.s", {"column": "r0.s"}], [">=", "r1.id", "33"], ["or", ["is_null", "r1.d"], ["<", "r1.d", "1.6"]]]
    scans.check("scanned", both(kind, on, columns=["r0.id"], where=["<>", "r0.id", "3"]))
    scans.check("scanned", both(kind, ["and", equal("t"), ["is_null", "r1.i"]], columns=["r0.id"]))
    scans.check("scanned", both(kind, ["=", "r0.d", {"column": "r1.w"}], columns=["r0.id", "r0.d"]))


@pytest.mark.thorough
def test_several_parts_and_groups_above_them(scans: RemoteScans) -> None:
    parts = [{"table": "others"}, {"table": "scanned"}, {"table": "others"}]
    joins = [["left", equal("id")], ["inner", ["=", "r2.id", {"column": "r0.id"}]], ["anti", ["and", ["=", "r3.i", {"column": "r2.i"}], [">", "r3.id", "40"]]]]
    request: Request = {"parts": parts, "joins": joins}
    scans.check("scanned", {**request, "columns": ["r0.id", "r1.id", "r2.t"]})
    grouped = {"grouped": True, "aggregates": [["count_rows"], ["count", "r1.id"], ["sum", "r2.b"], ["maximum", "r1.t"]]}
    scans.check("scanned", {**request, **grouped, "columns": ["r1.i", "r0.s"]})
    scans.check("scanned", {**request, **grouped})
    scans.check("scanned", both("semi", equal("s"), grouped=True, columns=["r0.s"], aggregates=[["count_rows"], ["sum", "r0.d"]]))


def test_a_left_join_and_null(scans: RemoteScans, hive: HiveRemote, db: Database) -> None:
    """Hive 4 makes an anti join of it, which loses the row whose partner has NULL there (HIVE-29176)."""
    make_table(hive, "asking", "id int", ["1 AS id", "2", "3"], "STORED AS ORC")
    make_table(hive, "answering", "id int, x int, y boolean", ["1 AS id, CAST(NULL AS int) AS x, CAST(NULL AS boolean) AS y", "2, 5, true"], "STORED AS ORC")
    lossy = "SELECT r0.id FROM asking r0 LEFT JOIN answering r1 ON r0.id = r1.id WHERE r1.y IS NULL GROUP BY r0.id"
    assert hive.rows(lossy) == [(3,)], "the server loses no row: the test has no point"
    for table in ("asking", "answering"):
        db.import_table(hive.connector(table=table))
    request: Request = {"parts": [{"table": "answering"}], "joins": [["left", equal("id")]], "where": ["is_null", "r1.x"]}
    scans.check("asking", {**request, "columns": ["r0.id"]})
    scans.check("asking", {**request, "columns": ["r0.id", "r1.id"]})
    scans.check("asking", {**request, "grouped": True, "aggregates": [["count_rows"]]})
    scans.check("asking", {**request, "where": ["is_null", "r1.y"], "grouped": True, "columns": ["r0.id"]})
    # What the session was told before does not matter.
    keys = {"table": "asking", "connection": {**hive.connection(), "session": {"hive.auto.convert.anti.join": "true"}}}
    scans.check("asking", {**request, "columns": ["r0.id"]}, keys)
    db.execute("DROP TABLE asking, answering")
    hive.drop("asking")
    hive.drop("answering")


@pytest.mark.thorough
def test_several_times_exists(scans: RemoteScans) -> None:
    """Older servers take one only."""
    parts: Request = {"parts": [{"table": "others"}, {"table": "others"}], "columns": ["r0.id"]}
    second = ["=", "r0.id", {"column": "r2.id"}]
    for kinds in (("semi", "semi"), ("semi", "anti"), ("anti", "anti")):
        assert scans.refused("scanned", {**parts, "joins": [[kinds[0], equal("id")], [kinds[1], second]]}) == "scan"
    scans.check("scanned", {**parts, "joins": [["left", equal("id")], ["anti", second]]})


def test_orders_and_limits_of_joins(scans: RemoteScans) -> None:
    on = both("left", equal("id"), columns=["r0.id", "r1.id"], order_by=[["r0.id", "desc"]], limit=5)
    rows = scans.ask("scanned", on)["rows"]
    assert rows == [[str(number), str(number) if number >= 30 else None] for number in range(39, 34, -1)]
    by_other = both("inner", equal("id"), columns=["r0.s"], order_by=["r1.id"], limit=2, offset=1)
    assert len(scans.ask("scanned", by_other)["rows"]) == 2
    assert len(scans.ask("scanned", {"columns": ["t"], "grouped": True, "limit": 3})["rows"]) == 3


@pytest.mark.thorough
def test_partitions_without_a_value(scans: RemoteScans, db: Database) -> None:
    """They are read as a text, which joins nothing there, and can't be told apart in a view. Partitions without rows are no groups."""
    hive = scans.remote
    hive.execute(
        "DROP VIEW IF EXISTS seen",
        "DROP TABLE IF EXISTS parts",
        "CREATE TABLE parts (id int, s string) PARTITIONED BY (p string, i int) STORED AS ORC",
        "SET hive.exec.dynamic.partition.mode=nonstrict",
        "INSERT INTO parts PARTITION (p, i) SELECT 0, 'a', CAST(NULL AS string), CAST(NULL AS int) UNION ALL SELECT 1, 'x', 'x', 5",
        "ALTER TABLE parts ADD PARTITION (p = 'empty', i = 9)",
        "CREATE VIEW seen AS SELECT * FROM parts",
    )
    for table in ("parts", "seen"):
        db.import_table(hive.connector(table=table))
    for session in ({}, {"hive.optimize.metadataonly": "true"}):
        keys = {"table": "parts", "connection": {**hive.connection(), "session": session}}
        for columns in (["p"], ["i"], ["i", "p"]):
            grouped: Request = {"grouped": True, "columns": columns, "aggregates": [["count_distinct", "p"], ["maximum", "i"]]}
            scans.check("parts", grouped, keys)
    itself = {"parts": [{"table": "parts"}], "columns": ["r0.id"]}
    scans.check("parts", {**itself, "joins": [["inner", equal("i")]]})
    scans.check("parts", {**itself, "joins": [["inner", ["=", "r0.s", {"column": "r1.s"}]]]})
    for pair in (("p", "p"), ("p", "s"), ("s", "p")):
        assert scans.refused("parts", {**itself, "joins": [["inner", ["=", f"r0.{pair[0]}", {"column": f"r1.{pair[1]}"}]]]}) == "joins 0"
    assert scans.refused("seen", {"parts": [{"table": "parts"}], "columns": ["r0.id"], "joins": [["inner", equal("s")]]}) == "joins 0"
    db.execute("DROP TABLE parts, seen")
    hive.execute("DROP VIEW seen", "DROP TABLE parts")


def test_statistics_are_not_asked(scans: RemoteScans, hive: HiveRemote) -> None:
    """A file that comes by another way than Hive's own changes the rows, and not what its catalog knows of them."""
    make_table(hive, "known", "id int", ["1 AS id", "2"], "STORED AS TEXTFILE")
    hive.execute("ALTER TABLE known SET TBLPROPERTIES ('EXTERNAL' = 'FALSE')", "ANALYZE TABLE known COMPUTE STATISTICS", "ANALYZE TABLE known COMPUTE STATISTICS FOR COLUMNS")
    hive.server.put("known", b"3\n", name="more")
    assert hive.rows("SELECT COUNT(*) FROM known") == [(2,)], "the catalog's numbers are not used: the test has no point"
    request: Request = {"grouped": True, "aggregates": [["count_rows"], ["count", "id"], ["maximum", "id"]]}
    assert scans.ask("known", request)["rows"] == [["3", "3", "3"]]
    query: Request = {"sql_query": "SELECT id FROM known", "import_as": "asked"}
    assert scans.ask(query, request)["rows"] == [["3", "3", "3"]]
    hive.drop("known")


def test_a_column_that_has_changed_is_noticed(scans: RemoteScans, hive: HiveRemote, tmp_path: Path) -> None:
    """Of groups, aggregates, and of what is in the condition alone, where the servers would compare a number with a text."""
    for request in (
        {"grouped": True, "columns": ["n"]},
        {"grouped": True, "aggregates": [["maximum", "n"]]},
        {"grouped": True, "aggregates": [["sum", "n"]]},
        {"grouped": True, "aggregates": [["count_rows"]], "where": ["=", "n", "5"]},
    ):
        make_table(hive, "changing", "id int, n int", ["1 AS id, 5 AS n"], "STORED AS TEXTFILE")
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(scans.read, hive.connector(table="changing"), f"pause:{pipe}", "scan:" + json.dumps(request))
            with pipe.open("w"):  # once the table was described
                hive.execute("ALTER TABLE changing CHANGE n n string")
            with pytest.raises(AssertionError, match="columns have changed|Wrong arguments"):
                reading.result()
        pipe.unlink()
    hive.drop("changing")


def test_what_is_not_joined(scans: RemoteScans) -> None:
    for on in (
        ["<", "r0.id", {"column": "r1.id"}],
        ["or", equal("id"), equal("i")],
        ["and", equal("id"), ["<", "r0.i", {"column": "r1.i"}]],
        ["and", equal("id"), [">", "r0.i", "5"]],
        [">", "r1.id", "5"],
        ["not_distinct", "r0.i", {"column": "r1.i"}],
        ["=", "r0.i", {"column": "r1.d"}],
    ):
        assert scans.refused("scanned", both("inner", on, columns=["r0.id"])) == "joins 0", on
