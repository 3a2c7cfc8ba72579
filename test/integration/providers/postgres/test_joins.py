"""Joins, groups and aggregates that PostgreSQL servers compute, beside those of the imported tables."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from harness.database import Database
from harness.many_scans import OPERATORS, ManyScans, join, on
from harness.remote_scans import Request, local_sql
from harness.sources import Read
from harness.thorough import VERSIONS_OF_POSTGRES, by_turns

from servers.remote_postgres import PostgresRemote

pytestmark = by_turns("scans", VERSIONS_OF_POSTGRES)

# Of each column: its type there, its values, and what can be asked: c(ompared), g(rouped), s(ummed), m(inimum and maximum).
COLUMNS: dict[str, tuple[str, list[str], str]] = {
    "small": ("smallint", ["-32768", "0", "32767"], "cgsm"),
    "number": ("integer", ["-2147483648", "0", "7", "2147483647"], "cgsm"),
    "big": ("bigint", ["-9223372036854775808", "0", "7", "9223372036854775807"], "cgsm"),
    "price": ("numeric(9,2)", ["-1.00", "0", "1.00", "1234567.89", "NaN"], "cgsm"),
    "amount": ("numeric", ["1.0", "1.00", "-7", "12345678901234567890.123456789"], "cs"),
    "single": ("real", ["0", "-0", "1.5", "NaN", "Infinity"], "c"),
    "ratio": ("double precision", ["0", "-0", "1.5", "NaN", "-Infinity"], "c"),
    "flag": ("boolean", ["true", "false"], "cg"),
    "word": ("text", ["", "a", "a ", "A", "á", "á", "ß", "ss", "\U0001f600"], "cgm"),
    "plain": ('text COLLATE "C"', ["", "a", "a ", "A", "á", "ss"], "cgm"),
    "loose": ("varchar(9) COLLATE loose", ["", "a", "a ", "A", "á", "á", "ß", "ss"], "cgm"),
    "padded": ("char(3) COLLATE loose", ["", "a", "A", "á"], "cg"),
    "unpadded": ("bpchar", ["a", "a  ", "b"], "c"),
    "mood": ("mood", ["sad", "happy", "SAD"], "cgm"),
    "short": ("short", ["", "seven", "Seven"], "cgm"),
    "pair": ("pair", ['(1,"x,y")', "(,)", "(1,)"], "cgm"),
    "nobody": ("citext", ["CaSe", "case"], ""),
    "day": ("date", ["0044-03-15 BC", "2020-02-29", "infinity"], "cgm"),
    "clock": ("time", ["00:00:00", "24:00:00", "12:34:56.789"], "cgm"),
    "zoned_clock": ("timetz", ["12:00:00+00", "13:00:00+01", "11:00:00-01"], "cgm"),
    "moment": ("timestamp", ["2020-01-01", "-infinity", "2020-01-01 00:00:00.000001"], "cgm"),
    "zoned": ("timestamptz", ["2020-01-01 00:00+00", "2020-01-01 02:00+02", "infinity"], "cgm"),
    "span": ("interval", ["1 day", "24:00:00", "1 mon", "30 days"], "c"),
    "days": ("interval day to second(3)", ["1 day", "24:00:00"], "c"),
    "guid": ("uuid", ["00000000-0000-0000-0000-000000000001", "ffffffff-ffff-ffff-ffff-ffffffffffff"], "cg"),
    "bytes": ("bytea", ["\\x", "\\x00", "\\x0000", "\\xff"], "cg"),
    "bits": ("bit(3)", ["000", "101"], "cg"),
    "some_bits": ("bit varying", ["", "0", "00", "1"], "cg"),
    "host": ("inet", ["10.0.0.1", "10.0.0.1/8", "10.0.0.2/8", "::1"], "cg"),
    "net": ("cidr", ["10.0.0.0/8", "10.0.0.0/16"], "cg"),
    "mac": ("macaddr", ["00:00:00:00:00:01", "ff:ff:ff:ff:ff:ff"], "cg"),
    "place": ("pg_lsn", ["0/1", "FFFFFFFF/0"], "cg"),
    "object": ("oid", ["1", "4294967295"], "cg"),
    "coin": ("money", ["1.50", "-2.00"], ""),
    "list": ("integer[]", ["{1,2}", "{}"], ""),
    "document": ("jsonb", ['{"a": 1}', "1", "1.0"], ""),
    "record": ("json", ["{}", "{ }"], ""),
}  # fmt: skip

USER_TYPES = [
    "CREATE EXTENSION IF NOT EXISTS citext",
    "DROP TABLE IF EXISTS a, b, other",
    "DROP TYPE IF EXISTS mood, pair",
    "DROP DOMAIN IF EXISTS short",
    "DROP COLLATION IF EXISTS loose CASCADE",
    "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false)",
    "CREATE TYPE mood AS ENUM ('sad', 'happy', 'SAD')",
    "CREATE TYPE pair AS (a int, b text)",
    "CREATE DOMAIN short AS varchar(7)",
]

# What values look like that are received: by the function that PostgreSQL sends them with.
SENT = {
    "timetz": "timetz_send", "bit(3)": "bit_send", "bit varying": "varbit_send", "inet": "inet_send", "cidr": "cidr_send",
    "macaddr": "macaddr_send", "pg_lsn": "pg_lsn_send", "oid": "oidsend",
}  # fmt: skip


def shown(value: str, kind: str) -> str:
    """A value of the type in SQL, as it arrives."""
    if kind in SENT:
        return f"'\\x' || encode({SENT[kind]}({value}), 'hex')"
    return f"rpad({value}, 3)" if kind.startswith("char(3)") else f"({value})::text"


def create(remote: PostgresRemote, table: str, rows: int, step: int) -> None:
    kinds = ", ".join(f"{name} {kind}" for name, (kind, _, _) in COLUMNS.items())
    remote.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, {kinds})")
    for row in range(rows):
        values = []
        for kind, texts, _ in COLUMNS.values():
            number = row * step % (len(texts) + 1)
            text = "" if number == len(texts) else texts[number].replace("'", "''")
            values.append("NULL" if number == len(texts) else f"'{text}'::{kind.split(' COLLATE')[0]}")
        remote.execute(f"INSERT INTO {table} VALUES ({row}, {', '.join(values)})")


@pytest.fixture(scope="module", params=["postgres15", "postgres17", "postgres18"])
def scans(db: Database, read: Read, request: pytest.FixtureRequest) -> Iterator[ManyScans]:
    remote = PostgresRemote(request.getfixturevalue(request.param).server, request.param, "joins", create="TEMPLATE template0")
    remote.execute(*USER_TYPES)
    create(remote, "a", 13, 1)
    create(remote, "b", 12, 5)
    db.execute("SET timezone = 'UTC'; SET extra_float_digits = 1")
    for table in ("a", "b"):
        db.import_table(remote.connector(table=table))
    yield ManyScans(read, db, remote)
    db.execute("DROP TABLE a, b")


def test_columns_of_one_type(scans: ManyScans) -> None:
    comparable = [name for name, (_, _, can) in COLUMNS.items() if "c" in can]
    scans.check("a", *(join("inner", on(operator, name), "r0.id", "r1.id") for name in comparable for operator in OPERATORS))
    for name in COLUMNS.keys() - comparable:
        answers = scans.ask("a", *(join("inner", on(operator, name), "r0.id", "r1.id") for operator in OPERATORS))
        assert {answer.get("refused") for answer in answers} == {"joins 0"}, name


def test_columns_of_two_types(scans: ManyScans) -> None:
    """Integers of all sizes, floats and texts; none whose comparison means something else."""
    alike = [("small", "big"), ("number", "small"), ("single", "ratio"), ("price", "amount"), ("word", "loose"), ("plain", "word"),
             ("mood", "word"), ("short", "plain"), ("padded", "unpadded"), ("loose", "mood"), ("pair", "word")]  # fmt: skip
    scans.check("a", *(join("inner", on(operator, *pair), "r0.id", "r1.id") for pair in alike for operator in ("=", "<>", "<")))
    others = [("number", "amount"), ("number", "ratio"), ("day", "moment"), ("moment", "zoned"), ("padded", "word"), ("host", "net"),
              ("object", "big"), ("flag", "number"), ("clock", "zoned_clock"), ("span", "days"), ("number", "word")]  # fmt: skip
    answers = scans.ask("a", *(join("inner", on("=", *pair), "r0.id", "r1.id") for pair in others))
    assert {answer.get("refused") for answer in answers} == {"joins 0"}


def test_each_kind_of_join(scans: ManyScans) -> None:
    for condition in (
        on("=", "number"),
        ["and", on("=", "loose"), on("<", "price")],
        ["or", on("=", "word", "plain"), ["is_null", "r0.day"]],
        ["and", on("=", "number"), ["in", "r1.word", "a", "á", None]],
    ):
        scans.check(
            "a",
            *(join(kind, condition, "r0.id", "r0.word", "r1.id", "r1.price", "r1.pair") for kind in ("inner", "left")),
            *(join(kind, condition, "r0.id", "r0.loose", where=["is_not_null", "r0.word"]) for kind in ("semi", "anti")),
        )


def test_three_parts_and_groups_above(scans: ManyScans) -> None:
    parts: Request = {"parts": [{"table": "b"}, {"table": "a"}]}
    joins = [["left", on("=", "mood", "word")], ["inner", ["=", "r2.number", {"column": "r0.number"}]]]
    scans.check(
        "a",
        {**parts, "joins": joins, "columns": ["r2.id", "r1.id", "r0.id"]},
        {**parts, "joins": joins, "columns": ["r1.loose", "r2.price"], "grouped": True,
         "aggregates": [["count_rows"], ["sum", "r0.price"], ["minimum", "r1.word"]]},
        {**parts, "joins": [joins[0], ["anti", ["=", "r2.id", {"column": "r0.number"}]]], "columns": ["r0.id", "r1.id"]},
        {**parts, "joins": [joins[0], ["semi", ["=", "r2.number", {"column": "r1.number"}]]],
         "aggregates": [["count_rows"], ["sum", "r1.big"]], "grouped": True},
    )


def test_groups(scans: ManyScans) -> None:
    """Equal values of a type that is grouped look alike; of the others a group would show any of them."""

    def groups_by(name: str) -> Request:
        return {"columns": [name], "grouped": True, "aggregates": [["count_rows"], ["count", name], ["count", "document"]]}

    answers = scans.ask("a", *map(groups_by, COLUMNS))
    for (name, (kind, _, can)), answer in zip(COLUMNS.items(), answers, strict=True):
        if "g" not in can:
            assert answer.get("refused") == f"group {name}"
            continue
        value = shown(name, kind)
        wanted = scans.db.rows(f"SELECT {value}, count(*)::text, count({name})::text, count(document)::text FROM a GROUP BY {name}")
        assert sorted(answer["rows"], key=repr) == sorted(map(list, wanted), key=repr), answer["statement"]


def test_aggregates(scans: ManyScans) -> None:
    """Also of no rows."""
    checked: list[Request] = []
    for name, (kind, _, can) in COLUMNS.items():
        possible = {"count": True, "count_distinct": "g" in can, "sum": "s" in can, "minimum": "m" in can, "maximum": "m" in can}
        requests: dict[str, Request] = {function: {"grouped": True, "columns": [], "aggregates": [[function, name]]} for function in possible}
        for function, answer in zip(possible, scans.ask("a", *requests.values()), strict=True):
            if not possible[function]:
                assert answer.get("refused") == "aggregate 0", f"{function} {name}"
            elif function.endswith("imum"):
                assert answer["rows"] == [[scans.db.value(f"SELECT {shown(f'{function[:3]}({name})', kind)} FROM a")]]
            else:
                checked += [requests[function], {**requests[function], "where": ["<", "id", "0"]}]
    scans.check("a", *checked)


def test_queries_as_parts(scans: ManyScans) -> None:
    """Those that can stand in another one, whatever their columns are called."""
    query = "SELECT number, number, word || loose, id FROM b -- the end"
    request: Request = {
        "parts": [{"sql_query": query}],
        "joins": [["left", ["=", "r0.number", {"column": "r1.number"}]]],
        "columns": ["r0.id", "r1.id"],
    }
    scans.db.execute("CREATE VIEW of_query AS SELECT number, id FROM b")
    scans.check("a", request, tables=("a", "of_query"))
    scans.db.execute("DROP VIEW of_query")
    # A text of two collations has none.
    mixed = {**request, "joins": [["semi", ["=", "r0.word", {"column": "r1.mixed"}]]], "columns": ["r0.id"]}
    mixed["parts"] = [{"sql_query": "SELECT plain || loose AS mixed FROM b"}]
    (answer,) = scans.ask("a", mixed)
    assert "rows" in answer
    (answer,) = scans.ask("a", {**request, "parts": [{"sql_query": "SHOW server_version"}], "joins": [["inner", ["is_not_null", "r0.id"]]]})
    assert answer == {"refused": "join"}


def test_orders_and_limits_above_joins(scans: ManyScans) -> None:
    request = join("left", on("=", "number"), "r0.word", "r1.id", order_by=["r0.word", ["r1.id", "desc"], "r0.id"], limit=7)
    (answer,) = scans.ask("a", request)
    order = 'ORDER BY r0.word COLLATE "C", r1.id DESC NULLS LAST, r0.id LIMIT 7'
    wanted = scans.db.rows(f"{local_sql(request, ['a', 'b'])} {order}")
    assert answer["rows"] == [list(row) for row in wanted]
    (answer,) = scans.ask("a", {"columns": ["number"], "grouped": True, "limit": 2})
    assert len(answer["rows"]) == 2


def served_by(remote: PostgresRemote, statement: str) -> list[str]:
    """The indexes in which the plan of the statement looks values up, wherever it can."""
    settings = "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET enable_bitmapscan = off"
    plan = [str(row[0]) for row in remote.rows(f"{settings}; EXPLAIN (COSTS OFF) {statement}")]
    return [above.split("using ")[1].split()[0] for above, line in pairwise(plan) if "Index Cond:" in line]


COLLATIONS = [("default", "default"), ("C", "C"), ("default", "C"), ("C", "default"), ("POSIX", "C"), ("default", "und-x-icu")]


@pytest.mark.parametrize(("left", "right"), COLLATIONS)
def test_an_index_serves_texts(scans: ManyScans, left: str, right: str) -> None:
    """That of the second table, but if its collation is the default beside another one."""
    scans.remote.execute(
        "DROP TABLE IF EXISTS l, r",
        f'CREATE TABLE l (id int, word text COLLATE "{left}" UNIQUE)',
        f'CREATE TABLE r (id int, word varchar(9) COLLATE "{right}" UNIQUE)',
        "INSERT INTO l SELECT i, 'w' || i FROM generate_series(1, 1000) i",
        "INSERT INTO r SELECT i, 'w' || i FROM generate_series(1, 1000) i",
        "ANALYZE l, r",
    )
    (answer,) = scans.ask("l", {"parts": [{"table": "r"}], "joins": [["inner", on("=", "word")]], "columns": ["r0.id", "r1.id"]})
    assert len(answer["rows"]) == 1000
    assert served_by(scans.remote, answer["statement"]) == ["l_word_key" if (left, right) == ("C", "default") else "r_word_key"]


@pytest.mark.parametrize("kind", ["inner", "semi", "anti"])
def test_a_column_that_changes_is_an_error(scans: ManyScans, kind: str, tmp_path: Path) -> None:
    """Also one that is not read: its values would be compared in another way."""
    scans.remote.execute("DROP TABLE IF EXISTS other", "CREATE TABLE other (id int, word text)", "INSERT INTO other VALUES (1, 'a')")
    request = {"parts": [{"table": "a"}], "joins": [[kind, on("=", "id")]], "columns": ["r0.word"]}
    with pytest.raises(AssertionError, match="changed"):
        scans.ask_changed("other", "ALTER TABLE other ALTER id TYPE date USING date '2020-01-01' + id", request, tmp_path)
