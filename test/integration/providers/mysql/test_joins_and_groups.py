"""Joins, groups and aggregates of MySQL and MariaDB through the driver alone: what comes is what Python computes from the
rows as they are read without them."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from harness.pauses import opened
from harness.sources import Read
from harness.thorough import VERSIONS_OF_MYSQL, by_turns
from runner.unit import BUILD

from servers.remote_mysql import MySqlRemote
from servers.workspace import Workspace

pytestmark = by_turns("mysql", VERSIONS_OF_MYSQL)

Row = tuple[Any, ...]

TEXTS = (
    "", "a", "A", "a ", "á", "é", "e\u0301", "ß", "ss", "ÿ", "?", "??", "it's", "tab\tbed", "tab", "ch", "'", "  ", "i", "I", "€",
)  # fmt: skip

# of both sides
COLLATIONS = (
    ("utf8mb4_general_ci", "utf8mb4_general_ci"),
    ("utf8mb4_unicode_ci", "utf8mb4_general_ci"),
    ("utf8mb4_bin", "utf8mb4_czech_ci"),
    ("latin1_swedish_ci", "latin1_swedish_ci"),
    ("latin1_general_cs", "latin1_bin"),
    ("latin1_swedish_ci", "utf8mb4_general_ci"),
    ("utf8_general_ci", "utf8mb4_general_ci"),
    ("utf8_unicode_ci", "utf8_bin"),
    ("utf16_general_ci", "utf16_general_ci"),
    ("sjis_japanese_ci", "sjis_japanese_ci"),
    ("armscii8_general_ci", "armscii8_general_ci"),
)


def scans(read: Read, connector: dict[str, object], *requests: dict[str, Any]) -> list[dict[str, Any]]:
    """What the driver makes of scans, one after the other over one connection."""
    return [json.loads(line) for line in read(connector, *("scan:" + json.dumps(request) for request in requests))]


def scan(read: Read, mysql: MySqlRemote, connector: dict[str, object] | None = None, /, **request: object) -> dict[str, Any]:
    """Of the table `a`."""
    (found,) = scans(read, connector or mysql.connector(table="a"), request)
    return found


def rows_of(answer: dict[str, Any]) -> list[Row]:
    assert "rows" in answer, answer
    return sorted((tuple(row) for row in answer["rows"]), key=repr)


def all_rows(read: Read, mysql: MySqlRemote, table: str, columns: Sequence[str], **more: object) -> list[Row]:
    return rows_of(scan(read, mysql, mysql.connector(table=table, **more), columns=columns))


def in_remote(text: str | None) -> str:
    if text is None:
        return "NULL"
    return f"_utf8mb4 x'{text.encode().hex()}'" if text else "''"


def create(mysql: MySqlRemote, table: str, definition: str, rows: Sequence[str]) -> None:
    """A table of an `id` and what is defined; a row is its values in SQL."""
    mysql.drop(table)
    mysql.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, {definition}) CHARACTER SET utf8mb4")
    if rows:
        mysql.execute("SET sql_mode = ''", f"INSERT IGNORE INTO {table} VALUES " + ", ".join(f"({i}, {row})" for i, row in enumerate(rows)))


def joined(kind: str, left: Sequence[Row], right: Sequence[Row], on: Callable[[Row, Row], bool]) -> list[Row]:
    """The first columns of both sides, or of the left one alone, as PostgreSQL joins them."""
    found: list[Row] = []
    for one in left:
        partners = [other for other in right if on(one, other)]
        if kind in ("semi", "anti"):
            found += [(one[0],)] if bool(partners) == (kind == "semi") else []
        else:
            found += [(one[0], other[0]) for other in partners]
            if kind == "left" and not partners:
                found.append((one[0], None))
    return sorted(found, key=repr)


def check_joins(
    read: Read, mysql: MySqlRemote, left: str, right: str, comparisons: dict[str, Callable[[Any, Any], bool]], **more: object
) -> None:
    """The columns `left` of a and `right` of b, in every kind of join, by comparisons of values that are not NULL."""
    b = all_rows(read, mysql, "b", ["id", right], **more)
    requests: list[dict[str, Any]] = [{"columns": ["id", left]}]
    cases = [(word, kind) for word in comparisons for kind in ("inner", "left", "semi", "anti")]
    for word, kind in cases:
        columns = ["r0.id"] if kind in ("semi", "anti") else ["r0.id", "r1.id"]
        on = [word, f"r0.{left}", {"column": f"r1.{right}"}]
        requests.append({"parts": [{"table": "b", **more}], "joins": [[kind, on]], "columns": columns})
    answers = scans(read, mysql.connector(table="a", **more), *requests)
    a = rows_of(answers.pop(0))
    for (word, kind), answer in zip(cases, answers, strict=True):

        def pairs(one: Row, other: Row, word: str = word) -> bool:
            if one[1] is None or other[1] is None:
                both = one[1] is None and other[1] is None
                return word in ("distinct", "not_distinct") and both == (word == "not_distinct")
            return comparisons[word](one[1], other[1])

        assert rows_of(answer) == joined(kind, a, b, pairs), (word, kind, answer["statement"])


EQUALITY: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: bool(one == other),
    "<>": lambda one, other: bool(one != other),
    "distinct": lambda one, other: bool(one != other),
    "not_distinct": lambda one, other: bool(one == other),
}


@pytest.mark.parametrize("collations", COLLATIONS, ids="-".join)
def test_joins_of_texts(mysql: MySqlRemote, read: Read, collations: tuple[str, str]) -> None:
    """By their bytes, whatever the collations find equal."""
    for table, collation, kind in zip("ab", collations, ("varchar(40)", "char(40)"), strict=True):
        charset = collation.split("_", maxsplit=1)[0]
        rows = [in_remote(text) for text in (*TEXTS, "a", None)]
        create(mysql, table, f"v {kind} CHARACTER SET {charset} COLLATE {collation}, KEY (v)", rows)
    check_joins(read, mysql, "v", "v", EQUALITY | {"<": lambda one, other: one.encode() < other.encode()})


def test_groups_of_texts(mysql: MySqlRemote, read: Read) -> None:
    for collation in sorted({collation for pair in COLLATIONS for collation in pair}):
        charset = collation.split("_", maxsplit=1)[0]
        rows = [in_remote(text) for text in (*TEXTS, *TEXTS[::2], None, None)]
        create(mysql, "a", f"v varchar(40) CHARACTER SET {charset} COLLATE {collation}, KEY (v)", rows)
        check_groups(read, mysql, "v")


def check_groups(read: Read, mysql: MySqlRemote, name: str, table: str = "a", **more: object) -> None:
    """Groups by a column and how many rows they have; how many values there are, and different ones."""
    rows, groups, counts = scans(
        read, mysql.connector(table=table, **more),
        {"columns": ["id", name]},
        {"columns": [name], "grouped": True, "aggregates": [["count_rows"]]},
        {"grouped": True, "aggregates": [["count_rows"], ["count", name], ["count_distinct", name]]},
    )  # fmt: skip
    values = [value for _, value in rows_of(rows)]
    assert rows_of(groups) == sorted(((value, str(count)) for value, count in Counter(values).items()), key=repr), name
    there = [value for value in values if value is not None]
    assert rows_of(counts) == [(str(len(values)), str(len(there)), str(len(set(there))))], name
    assert [kind for _, kind, _ in counts["columns"]] == ["bigint"] * 3


# a column of each type that can be a key, and values of it that servers might not tell apart
KEYS = {
    "tinyint": ("-128", "0", "127", "1"),
    "int": ("-2147483648", "0", "2147483647", "1", "128"),
    "bigint": ("-9223372036854775808", "-1", "0", "9223372036854775807", "1"),
    "tinyint unsigned": ("0", "1", "128", "255"),
    "int unsigned": ("0", "1", "2147483648", "4294967295"),
    "bigint unsigned": ("0", "1", "9223372036854775807", "9223372036854775808", "18446744073709551615"),
    "decimal(10,2)": ("0", "-0.00", "1.10", "1.1", "-1.10", "99999999.99"),
    "decimal(65,30)": ("0", "1.1", "1.100000000000000000000000000001", "9" * 35),
    "year": ("0", "1901", "1999", "2155"),
    "bit(1)": ("b'0'", "b'1'"),
    "bit(5)": ("b'0'", "b'1'", "b'11111'", "b'10000'"),
    "bit(64)": ("0", "1", "9223372036854775808", "18446744073709551615"),
    "time": ("'10:00:00'", "'00:00:00'", "'24:00:00'", "'9:59:59'"),
    "time(6)": ("'10:00:00.123456'", "'10:00:00.123457'", "'23:59:59.999999'"),
    "date": ("'2024-02-29'", "'1000-01-01'", "'9999-12-31'"),
    "datetime(3)": ("'2001-01-01 00:00:00.123'", "'2001-01-01 00:00:00.124'", "'1000-01-01'"),
    "timestamp(3) NULL": ("'2001-01-01 00:00:00.123'", "'2001-01-01 00:00:00.124'", "'2038-01-19 03:14:07'"),
    "varbinary(9)": ("x''", "x'00'", "x'6100'", "x'61'", "x'ff'", "x'41'", "x'6120'"),
    "binary(3)": ("x''", "x'61'", "x'616161'", "x'ffffff'", "x'6100'"),
    "tinyblob": ("x''", "x'61'", "x'6100'"),
    "tinytext": ("''", "'a'", "'A'", "'a '"),
    "enum('b','a','B2','')": ("'a'", "'b'", "''", "'wrong'", "'b2'"),
    "set('b','a')": ("'a'", "'b'", "'a,b'", "''"),
}


@pytest.mark.parametrize("kind", KEYS)
def test_values(mysql: MySqlRemote, read: Read, kind: str) -> None:
    """Keys of each type: groups, and joins of a table with itself. Zero dates are an error, so that dates can be keys."""
    rows = [*KEYS[kind], *KEYS[kind][::2], "NULL", "NULL"]
    for table in "ab":
        create(mysql, table, f"v {kind}, KEY ({'v(20)' if kind.startswith('tiny') and 'int' not in kind else 'v'})", rows)
    check_groups(read, mysql, "v", zero_dates="error")
    check_joins(read, mysql, "v", "v", EQUALITY, zero_dates="error")


INTEGERS = ("int", "bigint unsigned", "tinyint unsigned", "bigint", "mediumint")


@pytest.mark.parametrize("left", INTEGERS)
def test_joins_of_integers(mysql: MySqlRemote, read: Read, left: str) -> None:
    """Of different types, by indexes: what one can't have is no other value of it."""
    values = ("-9223372036854775808", "-1", "0", "1", "127", "128", "255", "256", "2147483647", "2147483648", "8388607",
              "4294967295", "9223372036854775807", "9223372036854775808", "18446744073709551615", "NULL")  # fmt: skip
    create(mysql, "a", f"v {left}, KEY (v)", values)
    for right in INTEGERS:
        create(mysql, "b", f"v {right}, KEY (v)", values)
        check_joins(read, mysql, "v", "v", EQUALITY | {"<": lambda one, other: int(one) < int(other)})


def test_joins_of_doubles_and_decimals(mysql: MySqlRemote, read: Read) -> None:
    doubles = ("0e0", "-0e0", "0.1e0", "1.5e0", "1e308", "NULL", "3.14e0")
    create(mysql, "a", "f double, d decimal(10,2), KEY (f), KEY (d)", [f"{value}, {i} / 4" for i, value in enumerate(doubles)])
    create(mysql, "b", "f float, d decimal(20,5), KEY (f), KEY (d)", [f"{value}, {i} / 8" for i, value in enumerate(doubles[:4])])
    equal = {"=": lambda one, other: float(one) == float(other)}
    check_joins(read, mysql, "d", "d", equal)
    a, b = all_rows(read, mysql, "a", ["id", "f"]), all_rows(read, mysql, "b", ["id", "f"])
    answer = scan(read, mysql, parts=[{"table": "b"}], joins=[["inner", ["=", "r0.f", {"column": "r1.f"}]]], columns=["r0.id", "r1.id"])
    # 0.1 as a float is another number.
    assert ("2", "2") not in rows_of(answer)
    assert {("0", "0"), ("0", "1"), ("1", "0"), ("1", "1"), ("3", "3")} == set(rows_of(answer))
    assert len(a) == 7 and len(b) == 4


def test_sums(mysql: MySqlRemote, read: Read) -> None:
    """At the extremes of their types, with another width than the display has, grouped (in a table of the server's own) and
    not; with the scale of the column."""
    columns = {
        "t": ("tinyint(1)", "127"), "u": ("tinyint unsigned", "255"), "i": ("int(1)", "-2147483648"), "b": ("bigint(1)", "9223372036854775807"),
        "bu": ("bigint(1) unsigned", "18446744073709551615"), "y": ("year", "2155"), "d": ("decimal(10,2)", "99999999.99"),
        "wide": ("decimal(43,30)", "9" * 13 + "." + "9" * 30), "n": ("decimal(3,0)", "-999"), "nothing": ("int", "NULL"),
    }  # fmt: skip
    row = ", ".join(value for _, value in columns.values())
    create(mysql, "a", ", ".join(f"{name} {kind}" for name, (kind, _) in columns.items()) + ", g int", [f"{row}, {i % 2}" for i in range(200)])
    sums = [["sum", name] for name in columns]

    def total(value: str, rows: int) -> str | None:
        if value == "NULL":
            return None
        digits = str(abs(int(value.replace(".", ""))) * rows)
        scale = len(value.partition(".")[2])
        return ("-" if value.startswith("-") else "") + (f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits)

    answer = scan(read, mysql, grouped=True, aggregates=sums)
    assert rows_of(answer) == [tuple(total(value, 200) for _, value in columns.values())]
    assert answer["columns"][6][1] == "numeric(32,2)" and answer["columns"][7][1] == "numeric(65,30)"
    grouped = scan(read, mysql, columns=["g"], grouped=True, aggregates=sums)
    assert rows_of(grouped) == [(str(g), *(total(value, 100) for _, value in columns.values())) for g in range(2)]
    mysql.execute("DELETE FROM a")
    assert rows_of(scan(read, mysql, grouped=True, aggregates=[["count_rows"], *sums])) == [("0", *(None for _ in sums))]
    assert rows_of(scan(read, mysql, columns=["g"], grouped=True, aggregates=sums)) == []


@pytest.mark.parametrize("kind", [kind for kind in KEYS if "int" in kind or kind.startswith(("dec", "date", "time", "year"))])
def test_extremes(mysql: MySqlRemote, read: Read, kind: str) -> None:
    rows = [f"{value}, {i % 2}" for i, value in enumerate([*KEYS[kind], "NULL"])]
    create(mysql, "a", f"v {kind}, g int, KEY (v)", rows)
    connector = mysql.connector(table="a", zero_dates="error")
    number: Callable[[str], Any] = Decimal if "int" in kind or kind.startswith("dec") else str
    found = all_rows(read, mysql, "a", ["g", "v"], zero_dates="error")
    extremes = [["minimum", "v"], ["maximum", "v"]]

    def expected(values: list[Any]) -> tuple[Any, Any]:
        there = sorted((value for value in values if value is not None), key=number)
        return (there[0], there[-1]) if there else (None, None)

    assert rows_of(scan(read, mysql, connector, grouped=True, aggregates=extremes)) == [expected([value for _, value in found])]
    of_groups = rows_of(scan(read, mysql, connector, columns=["g"], grouped=True, aggregates=extremes))
    assert of_groups == [(g, *expected([value for group, value in found if group == g])) for g in ("0", "1")]


def test_what_is_refused(mysql: MySqlRemote, read: Read) -> None:
    """What the server may group, sum or compare otherwise than PostgreSQL."""
    create(
        mysql, "a",
        "f double, long_text text, wide varchar(1025), d date, d65 decimal(65,0), d44 decimal(44,2), b blob, v varchar(1024), k varchar(9), e decimal(9,2)",
        [f"1, '{'x' * 1025}{i}', '', '0000-00-00', 1, 1, '', '', '', 1" for i in range(3)],
    )  # fmt: skip
    for name in ("f", "long_text", "wide", "d", "b"):
        assert scan(read, mysql, columns=[name], grouped=True) == {"refused": f"group {name}"}
        assert scan(read, mysql, grouped=True, aggregates=[["count_distinct", name]]) == {"refused": "aggregate 0"}
    for name in ("f", "d", "d65", "d44", "v"):
        assert scan(read, mysql, grouped=True, aggregates=[["count_rows"], ["sum", name]]) == {"refused": "aggregate 1"}
    for name in ("f", "d", "v"):
        assert scan(read, mysql, grouped=True, aggregates=[["minimum", name]]) == {"refused": "aggregate 0"}
    assert scan(read, mysql, grouped=True, aggregates=[["count", "d"]]) == {"refused": "aggregate 0"}
    for name in ("long_text", "wide", "b"):
        assert scan(read, mysql, columns=["id"], order_by=[name]) == {"refused": f"order_by {name}"}
    assert len(rows_of(scan(read, mysql, columns=["id"], order_by=["v"], limit=2))) == 2
    on = [["inner", ["=", "r0.d", {"column": "r1.d"}]]]
    assert scan(read, mysql, parts=[{"table": "a"}], joins=on, columns=["r0.id"]) == {"refused": "joins 0"}
    on = [["inner", ["=", "r0.k", {"column": "r1.k"}]]]
    for other in ({"encoding": "WIN1251"}, {"zero_dates": "error"}, {"encoding": "LATIN1"}):
        assert scan(read, mysql, parts=[{"table": "a", **other}], joins=on, columns=["r0.id"]) == {"refused": "join"}
    assert scan(read, mysql, parts=[{"sql_query": "SHOW TABLES"}], joins=on, columns=["r0.id"]) == {"refused": "join"}


THIRDS = {
    "query": "SELECT id, e, e / 3 AS third FROM a",
    "derived table": "SELECT id, e, third FROM (SELECT id, e, e / 3 AS third FROM a) AS inner_one",
    "view": "SELECT id, e, third FROM thirds",
    "view of a view": "SELECT * FROM thirds_again",
}


@pytest.mark.parametrize("source", [*THIRDS, "table view", "table view of a view"])
def test_decimals_of_expressions(mysql: MySqlRemote, read: Read, source: str) -> None:
    """They have more digits there than arrive: third = 0.3333 finds nothing there."""
    create(mysql, "a", "e decimal(9,2), n int", ["1, 1"] * 3)
    mysql.execute("CREATE OR REPLACE VIEW thirds AS SELECT id, e, e / 3 AS third FROM a", "CREATE OR REPLACE VIEW thirds_again AS SELECT * FROM thirds")
    try:
        if source in THIRDS:
            connector = mysql.connector(sql_query=THIRDS[source], import_as="q")
        else:
            connector = mysql.connector(table="thirds" if source == "table view" else "thirds_again")
        assert rows_of(scan(read, mysql, connector, columns=["third"])) == [("0.333333",)] * 3
        for operator in ("=", "<", "in", "distinct", "is_null"):
            condition = [operator, "third"] if operator == "is_null" else [operator, "third", "0.333333"]
            assert scan(read, mysql, connector, columns=["id"], where=condition) == {"refused": "where"}
        assert scan(read, mysql, connector, columns=["id"], order_by=["third"]) == {"refused": "order_by third"}
        assert scan(read, mysql, connector, columns=["third"], grouped=True) == {"refused": "group third"}
        for function in ("sum", "maximum", "count_distinct"):
            assert scan(read, mysql, connector, grouped=True, aggregates=[[function, "third"]]) == {"refused": "aggregate 0"}
        on = [["inner", ["=", "r0.third", {"column": "r1.e"}]]]
        assert scan(read, mysql, connector, parts=[{"table": "a"}], joins=on, columns=["r0.id"]) == {"refused": "joins 0"}
        counted = scan(read, mysql, connector, grouped=True, aggregates=[["sum", "e"], ["count_rows"]], where=["=", "e", "1.00"])
        if source == "derived table" and mysql.kind == "mysql56":  # which tells nothing of the columns behind such a table
            assert counted == {"refused": "where"}
        else:
            assert rows_of(counted) == [("3.00", "3")]
    finally:
        mysql.execute("DROP VIEW thirds_again", "DROP VIEW thirds")


def test_floats_of_expressions(mysql: MySqlRemote, read: Read) -> None:
    """To MySQL a float or else a bigint is a float, but it computes with the bigint that it is."""
    create(mysql, "a", "g float, l bigint", ["NULL, 16777217"])
    query = mysql.connector(sql_query="SELECT id, COALESCE(g, l) AS v FROM a", import_as="q")
    ((_, kind, _),) = scan(read, mysql, query, columns=["v"])["columns"]
    found = scan(read, mysql, query, columns=["id"], where=["=", "v", "16777217"])
    if kind == "real":
        assert found == {"refused": "where"}
    else:
        assert kind == "double precision" and rows_of(found) == [("0",)]


def test_floats_with_decimals(mysql: MySqlRemote, read: Read) -> None:
    """0.1 of both types is one number to servers if both have decimals, and 0.1000001 is 0.1 to their indexes."""
    create(mysql, "a", "f float(10,2), d double(10,3), p double, q float, KEY (d)", ["0.1, 0.1, 0.1, 0.1", "1.5, 1.5, 1.5, 1.5"])
    query = {"sql_query": "SELECT id, f, d, p, q FROM a"}
    for part in ({"table": "a"}, query):
        for left, right in (("f", "d"), ("d", "f"), ("f", "p"), ("p", "d"), ("d", "d")):
            on = [["inner", ["=", f"r0.{left}", {"column": f"r1.{right}"}]]]
            assert scan(read, mysql, parts=[part], joins=on, columns=["r0.id"]) == {"refused": "joins 0"}
        answer = scan(read, mysql, parts=[part], joins=[["inner", ["=", "r0.p", {"column": "r1.q"}]]], columns=["r0.id"])
        assert rows_of(answer) == [("1",)]
    for left, right in (("f", {"column": "d"}), ("d", {"column": "p"}), ("d", "0.1000001"), ("f", "0.1")):
        assert scan(read, mysql, columns=["id"], where=["=", left, right]) == {"refused": "where"}


def test_long_texts_with_an_order(mysql: MySqlRemote, read: Read) -> None:
    """Texts that differ behind the first thousand bytes."""
    texts = [("x" * 1020) + word for word in ("b", "a", "ab", "B")]
    create(mysql, "a", "v varchar(1024)", [in_remote(text) for text in (*texts, *texts)])
    found = scan(read, mysql, columns=["id"], order_by=["v"], limit=4)["rows"]
    assert [int(number) % 4 for (number,) in found] == [3, 3, 1, 1]
    check_groups(read, mysql, "v")


def test_the_longest_values_that_are_sorted(mysql: MySqlRemote, read: Read) -> None:
    """4096 bytes that differ in the last one."""
    texts = [("\U0001f600" * 1023) + last for last in ("\U0001f602", "\U0001f601", "\U0001f603", "\U0001f601")]
    values = [f"CONCAT(REPEAT('x', 4095), '{last}')" for last in "baca"]
    create(mysql, "a", "b varbinary(4096), v varchar(1024), n int", [f"{value}, {in_remote(text)}, 1" for value, text in zip(values, texts, strict=True)])
    for name in "bv":
        for item, expected in ((name, ["1", "3", "0", "2"]), ([name, "desc"], ["2", "0", "1", "3"])):
            found = scan(read, mysql, columns=["id"], order_by=[item, "id"], limit=4)["rows"]
            assert [number for (number,) in found] == expected, item
        check_groups(read, mysql, name)
    grouped = scan(read, mysql, columns=["b", "v", "n"], grouped=True, aggregates=[["count_rows"]])
    assert sorted(row[3] for row in rows_of(grouped)) == ["1", "1", "2"]


def test_dates_that_are_not_null(mysql: MySqlRemote, read: Read) -> None:
    """They are compared and grouped if their zero dates are errors. To IS NULL a zero date would be NULL."""
    create(mysql, "a", "d date NOT NULL, t datetime(3) NOT NULL, n int, KEY (d)", ["'2020-01-01', '2020-01-01', 1", "'2020-01-02', '2020-01-01', 2"])
    connector = mysql.connector(table="a", zero_dates="error")
    assert rows_of(scan(read, mysql, connector, columns=["d"], grouped=True)) == [("2020-01-01",), ("2020-01-02",)]
    assert rows_of(scan(read, mysql, connector, grouped=True, aggregates=[["maximum", "d"], ["count_distinct", "t"]])) == [("2020-01-02", "1")]
    on = [["left", ["=", "r0.d", {"column": "r1.d"}]]]
    request: dict[str, Any] = {"parts": [{"table": "a", "zero_dates": "error"}], "joins": on, "columns": ["r0.id"]}
    assert rows_of(scan(read, mysql, connector, **request)) == [("0",), ("1",)]
    mysql.execute("SET sql_mode = ''", "INSERT INTO a VALUES (2, '0000-00-00', '0000-00-00', 3)")
    for name in "dt":
        assert rows_of(scan(read, mysql, connector, columns=["id"], where=["is_null", name])) == []
        assert len(rows_of(scan(read, mysql, connector, columns=["id"], where=["is_not_null", name]))) == 3
        # the row without a partner, and not the one whose partner has a zero date
        on = [["left", ["=", "r0.id", {"column": "r1.n"}]]]
        alone = scan(read, mysql, connector, **{**request, "joins": on}, where=["is_null", f"r1.{name}"])
        assert rows_of(alone) == [("0",)]


def test_extremes_by_an_index(mysql: MySqlRemote, read: Read) -> None:
    """The rows are not read for the least and the greatest value."""
    create(mysql, "a", "n int, KEY (n)", [str(i) for i in range(100)])
    mysql.rows("ANALYZE TABLE a")
    requests: list[dict[str, Any]] = [
        {"grouped": True, "aggregates": [["minimum", "id"], ["maximum", "id"]]},
        {"grouped": True, "aggregates": [["maximum", "n"]], "where": ["<", "n", "50"]},
    ]
    answers = scans(read, mysql.connector(table="a"), *requests)
    assert [answer["rows"] for answer in answers] == [[["0", "99"]], [["49"]]]
    for answer in answers:
        plan = str(mysql.rows("EXPLAIN FORMAT=TRADITIONAL " + answer["statement"]))
        assert "Select tables optimized away" in plan, (answer["statement"], plan)


def test_several_parts(mysql: MySqlRemote, read: Read) -> None:
    """Joins one after the other with conditions, an order and a limit; tables and queries, groups of what is joined; as
    often as one likes."""
    create(mysql, "a", "n int, w varchar(9)", [f"{i % 7}, 'w{i % 3}'" for i in range(40)])
    create(mysql, "b", "n int NOT NULL, m int NOT NULL", [f"{i}, {i % 3}" for i in range(2, 9)])
    create(mysql, "c", "m int", ["0", "2", "NULL"])
    a, b, c = (all_rows(read, mysql, table, names) for table, names in (("a", ["id", "n", "w"]), ("b", ["id", "n", "m"]), ("c", ["id", "m"])))
    equal_n, equal_m = ["=", "r0.n", {"column": "r1.n"}], ["=", "r1.m", {"column": "r2.m"}]
    parts: list[dict[str, object]] = [{"table": "b"}, {"sql_query": "SELECT id, m FROM c -- the last one"}]
    pairs = [(one, other) for one in a for other in b if one[1] == other[1]]
    matches = [(one, other) for one, other in pairs if other[2] in [third[1] for third in c]]

    expected = sorted(((one[0], other[0], one[2]) for one, other in matches), key=repr)
    inner = scan(read, mysql, parts=parts, joins=[["inner", equal_n], ["inner", equal_m]], columns=["r0.id", "r1.id", "r0.w"], again=3)
    semi = scan(read, mysql, parts=parts, joins=[["inner", equal_n], ["semi", equal_m]], columns=["r0.id", "r1.id", "r0.w"], again=2)
    assert rows_of(inner) == rows_of(semi) == expected

    request = {"parts": parts, "joins": [["left", equal_n], ["anti", equal_m]], "columns": ["r0.id", "r1.m"]}
    with_partner = {one[0] for one, _ in pairs}
    expected = [(one[0], other[2]) for one, other in pairs if (one, other) not in matches]
    expected += [(one[0], None) for one in a if one[0] not in with_partner]
    assert rows_of(scan(read, mysql, **request)) == sorted(expected, key=repr)

    # NULL is last, also in a column that is NOT NULL where it is
    ordered = scan(read, mysql, **request, order_by=["r1.m", "r0.id"], where=["or", ["<", "r0.id", "30"], ["=", "r0.w", "w1"]])["rows"]
    kept = [row for row in expected if int(row[0]) < 30 or int(row[0]) % 3 == 1]
    assert [tuple(row) for row in ordered] == sorted(kept, key=lambda row: (row[1] is None, int(row[1] or 0), int(row[0])))
    limited = scan(read, mysql, **request, order_by=["r1.m", "r0.id"], limit=5, offset=2)["rows"]
    assert [tuple(row) for row in limited] == sorted(expected, key=lambda row: (row[1] is None, int(row[1] or 0), int(row[0])))[2:7]

    grouped = scan(
        read, mysql, parts=parts, joins=[["left", equal_n], ["left", equal_m]], columns=["r0.w"], grouped=True,
        aggregates=[["count_rows"], ["count", "r2.id"], ["sum", "r1.n"], ["minimum", "r1.m"], ["count_distinct", "r1.n"]],
    )  # fmt: skip
    groups = []
    for word in ("w0", "w1", "w2"):
        here = [(one, other) for one, other in pairs if one[2] == word]
        alone = [one for one in a if one[2] == word and one[0] not in with_partner]
        found = [pair for pair in here if pair in matches]
        groups.append(
            (word, str(len(here) + len(alone)), str(len(found)), str(sum(int(other[1]) for _, other in here)),
             str(min(int(other[2]) for _, other in here)), str(len({other[1] for _, other in here})))
        )  # fmt: skip
    assert rows_of(grouped) == groups


def test_numbers_that_are_looked_up(mysql: MySqlRemote, read: Read) -> None:
    """A condition on an integer beside a join and in front of groups, again and again."""
    create(mysql, "a", "n int", ["1", "2", "2", "NULL"])
    for value, ids in (("2", ["1", "2"]), ("1", ["0"]), ("300000000000", [])):
        joined_rows = scan(read, mysql, parts=[{"table": "a"}], joins=[["semi", ["=", "r0.n", {"column": "r1.n"}]]],
                           columns=["r0.id"], where=["=", "r0.n", value], again=2)  # fmt: skip
        assert rows_of(joined_rows) == [(number,) for number in ids]
        counted = scan(read, mysql, grouped=True, aggregates=[["count_rows"]], where=["=", "n", value], again=2)
        assert rows_of(counted) == [(str(len(ids)),)]


def test_indexes_serve(mysql: MySqlRemote, read: Read) -> None:
    """A join by integers, decimals, dates and texts of one character set looks its rows up."""
    kinds = {"n": "int", "d": "decimal(10,2)", "k": "varchar(20) COLLATE utf8mb4_general_ci", "l": "varchar(20) CHARACTER SET latin1", "t": "datetime"}
    for table in "ab":
        definition = ", ".join(f"{name} {kind}, KEY {name}_key ({name})" for name, kind in kinds.items())
        if table == "b":
            definition = definition.replace("int,", "bigint unsigned,").replace("general", "unicode")
        create(mysql, table, definition, [f"{i}, {i}.5, 'é{i}', 'é{i}', '2020-01-01' + INTERVAL {i} DAY" for i in range(500)])
        mysql.rows(f"ANALYZE TABLE {table}")
    cases = [(name, kind) for name in kinds for kind in ("inner", "left", "semi", "anti")]
    requests = [
        {
            "parts": [{"table": "b", "zero_dates": "error"}],
            "joins": [[kind, ["=", f"r0.{name}", {"column": f"r1.{name}"}]]],
            "columns": ["r0.id"] if kind in ("semi", "anti") else ["r0.id", "r1.id"],
            "where": ["<", "r0.id", "4"],
        }
        for name, kind in cases
    ]
    answers = scans(read, mysql.connector(table="a", zero_dates="error"), *requests)
    for (name, kind), answer in zip(cases, answers, strict=True):
        assert len(answer["rows"]) == (0 if kind == "anti" else 4)
        # a setting of MariaDB's stands in front
        plan = mysql.rows("EXPLAIN FORMAT=TRADITIONAL " + answer["statement"].removeprefix(SETTING))
        assert f"{name}_key" in str(plan), (name, kind, plan)


SETTING = "SET STATEMENT optimizer_switch = 'subquery_cache=off' FOR "

CHANGES = {
    "the key of a group": ("n", {"columns": ["n"], "grouped": True}),
    "what is summed": ("n", {"grouped": True, "aggregates": [["sum", "n"]]}),
    "what is different": ("n", {"grouped": True, "aggregates": [["count_distinct", "n"]]}),
    "a condition before groups": ("n", {"grouped": True, "aggregates": [["count_rows"]], "where": [">", "n", "0"]}),
    "one side": ("n", {"parts": [{"table": "b"}], "joins": [["inner", ["=", "r0.n", {"column": "r1.n"}]]], "columns": ["r1.id"]}),
    "bits": ("bits", {"columns": ["bits"], "grouped": True}),
}
OTHER_SIDES = {
    kind: {"parts": [{"table": "a"}], "joins": [[kind, ["=", "r0.n", {"column": "r1.n"}]]], "columns": ["r0.id"]}
    for kind in ("left", "semi", "anti")
}


@pytest.mark.parametrize("what", [*CHANGES, *OTHER_SIDES])
def test_changed_tables(mysql: MySqlRemote, read: Read, workspace: Workspace, what: str) -> None:
    """A column that a join or a group relies on has become a text, or a number, since the table was described."""
    del read  # it has built the program
    for table in "ab":
        create(mysql, table, "n int, bits bit(5)", ["1, 1", "2, 2"])
    name, request = CHANGES.get(what, ("n", OTHER_SIDES.get(what, {})))
    folder = workspace.subfolder("joins")
    pipe = folder / "pause"
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    source = mysql.connector(table="b" if what in OTHER_SIDES else "a")
    program = [str(BUILD / "read_source"), "scan:" + json.dumps({**request, "pause": str(pipe)})]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as probe:
        assert probe.stdin is not None and probe.stdout is not None and probe.stderr is not None
        probe.stdin.write(json.dumps(source))
        probe.stdin.close()
        writer = opened(pipe, lambda: probe.poll() is None)
        mysql.execute(f"ALTER TABLE a MODIFY {name} {'int' if name == 'bits' else 'varchar(20)'}")
        os.close(writer)
        printed, failure = probe.stdout.read(), probe.stderr.read()
    assert probe.returncode == 1 and printed == ""
    assert "its columns have changed since it was described" in failure
