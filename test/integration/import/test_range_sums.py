"""Checksums of ranges, computed by the remote: they tell every value from every other, and count rows as SQL does."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import struct
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from harness.mysql_columns import COLUMNS
from harness.pauses import opened
from harness.postgres_types import TYPES, USER_TYPES
from harness.sources import Read
from harness.sums import TABLE, assert_as_different, of_each_row, snapshots, step, sums_of
from runner.unit import BUILD

from servers.remote import Remote
from servers.remote_mysql import MySqlRemote
from servers.remote_sqlserver import SqlServerRemote
from servers.workspace import Workspace

MYSQL = ("mariadb", "mysql56", "mysql9")
POSTGRES = ("postgres15", "postgres17")
SERVERS = (*MYSQL, *POSTGRES, "tds")


@pytest.fixture(params=SERVERS)
def source(request: pytest.FixtureRequest) -> Iterator[Remote]:
    found: Remote = request.getfixturevalue(request.param)
    found.server.start()
    with snapshots(found):
        yield found


@pytest.mark.parametrize("kind", POSTGRES)
def test_each_value_of_postgres(kind: str, request: pytest.FixtureRequest, read: Read) -> None:
    remote: Remote = request.getfixturevalue(kind)
    columns = ", ".join(f"c{i} {name}" for i, name in enumerate(TYPES))
    remote.execute("DROP SCHEMA IF EXISTS sums CASCADE", "CREATE SCHEMA sums", "GRANT USAGE ON SCHEMA sums TO PUBLIC")
    path = "SET search_path = sums, public; "
    remote.execute(*(path + statement for statement in USER_TYPES if "EXTENSION" not in statement))
    remote.execute(*(statement for statement in USER_TYPES if "EXTENSION" in statement))
    remote.execute(f"{path}CREATE TABLE sums.types (gone text, id int PRIMARY KEY, {columns}); ALTER TABLE sums.types DROP gone")
    remote.execute("GRANT SELECT ON ALL TABLES IN SCHEMA sums TO PUBLIC")
    count = max(len(values) for _, values in TYPES.values()) + 1
    for number in range(count):
        values = [
            "NULL" if number >= len(texts) else "'" + texts[number].replace("'", "''") + f"'::{name}"
            for name, (_, texts) in TYPES.items()
        ]
        remote.execute(f"{path}INSERT INTO sums.types VALUES ({number}, {', '.join(values)})")
    names = [f"c{i}" for i in range(len(TYPES))]
    bounds = [str(number) for number in range(1, count)]
    requests: list[dict[str, Any]] = [{"columns": [name], "bounds": bounds} for name in names]
    answers = sums_of(read, remote, *requests, {"bounds": bounds}, table="types", schema="sums")
    for name, column, answer in zip(TYPES, names, answers, strict=False):
        texts = [value for (value,) in remote.rows(f"SET extra_float_digits = 3; SELECT {column}::text FROM sums.types ORDER BY id")]
        assert_as_different([sums for _, sums in answer[:-1]], texts, name)
    assert len({sums for _, sums in answers[-1][:-1]}) == count
    remote.execute("DROP SCHEMA sums CASCADE")


@pytest.mark.parametrize("kind", POSTGRES)
def test_what_equals_in_postgres_and_is_not_the_same(kind: str, request: pytest.FixtureRequest, read: Read) -> None:
    remote: Remote = request.getfixturevalue(kind)
    remote.drop(TABLE)
    pairs = {
        "numeric": ("1.0", "1.00"),
        "double precision": ("0", "-0"),
        "real": ("0", "-0"),
        "citext": ("a", "A"),
        "interval": ("1 mon", "30 days"),
        "timetz": ("12:00+00", "13:00+01"),
        "money": ("0.01", "0.02"),
        "point": ("(0,0)", "(0,-0)"),
        "json": ('{"a":1}', '{"a": 1}'),
        "xml": ("<a/>", "<a></a>"),
        "text": ("a", "a "),
        "bpchar": ("a", "a "),
        "varbit": ("0", "00"),
        "jsonb": ("1.0", "1.00"),
        "inet": ("10.0.0.1", "10.0.0.1/31"),
    }
    remote.execute(
        "CREATE EXTENSION IF NOT EXISTS citext",
        f"CREATE TABLE {TABLE} (id int, " + ", ".join(f"c{i} {name}" for i, name in enumerate(pairs)) + ")",
        *(f"INSERT INTO {TABLE} VALUES ({row}, " + ", ".join(f"'{pair[row]}'" for pair in pairs.values()) + ")" for row in (0, 1)),
    )
    found = of_each_row(read, remote, 2, *([f"c{i}"] for i in range(len(pairs))))
    for name, sums in zip(pairs, found, strict=True):
        assert sums[0] != sums[1], name
    remote.drop(TABLE)


@pytest.mark.parametrize("kind", MYSQL)
def test_each_value_of_mysql(kind: str, request: pytest.FixtureRequest, read: Read) -> None:
    remote: Remote = request.getfixturevalue(kind)
    columns = [column for column in COLUMNS if kind in column.kinds]
    count = max(len(column.literals) for column in columns) + 1
    remote.drop(TABLE)
    remote.execute(
        "SET sql_mode = 'STRICT_ALL_TABLES'",
        f"CREATE TABLE {TABLE} (id int PRIMARY KEY, {', '.join(f'c{i} {column.definition}' for i, column in enumerate(columns))})"
        " CHARACTER SET utf8mb4 ENGINE = InnoDB ROW_FORMAT = DYNAMIC",
        *(
            f"INSERT INTO {TABLE} VALUES ({row}, "
            + ", ".join(column.literals[row] if row < len(column.literals) else "NULL" for column in columns)
            + ")"
            for row in range(count)
        ),
    )
    bounds = [str(number) for number in range(1, count)]
    requests: list[dict[str, Any]] = [{"columns": [f"c{i}"], "bounds": bounds} for i in range(len(columns))]
    answers = sums_of(read, remote, *requests, {"bounds": bounds})
    for i, (column, answer) in enumerate(zip(columns, answers, strict=False)):
        values: list[object] = []
        for (value,) in remote.rows(f"SELECT {column.remote.format(f'c{i}')} FROM {TABLE} ORDER BY id"):
            text = value.decode() if isinstance(value, bytes) else value
            values.append(float(text).hex() if text is not None and "* 1e0" in column.remote else text)
        assert_as_different([sums for _, sums in answer[:-1]], values, column.definition)
    assert len({sums for _, sums in answers[-1][:-1]}) == count
    remote.drop(TABLE)


@pytest.mark.parametrize("kind", MYSQL)
def test_what_equals_in_mysql_and_is_not_the_same(kind: str, request: pytest.FixtureRequest, read: Read) -> None:
    """Letter case, accents and blanks at the end under collations that know none; floats beyond the digits they print."""
    remote: Remote = request.getfixturevalue(kind)
    remote.drop(TABLE)
    pairs = {
        "varchar(10) COLLATE utf8mb4_general_ci": ("'a'", "'A'"),
        "text COLLATE utf8mb4_unicode_ci": ("'a'", "'á'"),
        "varchar(9) CHARACTER SET latin1": ("'a'", "'a '"),
        "varchar(9) CHARACTER SET ucs2": ("'é'", "'e'"),
        "longtext": ("'a'", "'a '"),
        "varbinary(9)": ("x'00'", "x'0000'"),
        "float": ("16777215", "16777214"),
        "float /* small differences */": ("1.0000001", "1"),
        "float(7,3)": ("1234.5678", "1234.5679"),
        "double(10,2)": ("0e0", "-0e0"),
        "double": ("0.1", "0.10000000000000002"),
        "timestamp(6) NULL": ("'2020-01-01 00:00:00.000001'", "'2020-01-01 00:00:00'"),
        "bit(9)": ("b'100000001'", "b'000000001'"),
        "point": ("ST_GeomFromText('POINT(1 1)')", "ST_GeomFromText('POINT(1 1.0000000000000002)')"),
        "geometry": ("ST_GeomFromText('POINT(1 1)', 4326)", "ST_GeomFromText('POINT(1 1)', 0)"),
    }
    remote.execute(
        f"CREATE TABLE {TABLE} (id int, {', '.join(f'c{i} {name}' for i, name in enumerate(pairs))}) ENGINE = InnoDB",
        *(f"INSERT INTO {TABLE} VALUES ({row}, {', '.join(pair[row] for pair in pairs.values())})" for row in (0, 1)),
    )
    found = of_each_row(read, remote, 2, *([f"c{i}"] for i in range(len(pairs))))
    for i, (name, sums) in enumerate(zip(pairs, found, strict=True)):
        column = f"c{i} * 1e0" if name.startswith(("float", "double")) else f"HEX(c{i})"
        prints = [str(value) for (value,) in remote.rows(f"SELECT {column} FROM {TABLE} ORDER BY id")]
        is_same = prints[0] == prints[1]  # what the table does not keep apart: 1234.5678 in a float(7,3)
        assert (sums[0] == sums[1]) == is_same, f"{name}: {prints}"
    remote.drop(TABLE)


def test_what_equals_in_sql_server_and_is_not_the_same(tds: SqlServerRemote, read: Read) -> None:
    pairs = {
        "varchar(10) COLLATE Latin1_General_CI_AS": ("'a'", "'A'"),
        "nvarchar(10)": ("N'a'", "N'a '"),
        "nvarchar(max)": ("N'a'", "N'A'"),
        "varbinary(9)": ("0x00", "0x0000"),
        "real": ("16777215", "16777214"),
        "float": ("0.1", "0.10000000000000002"),
        "money": ("0.0001", "0.0002"),
        "decimal(38,38)": ("0." + "1" * 38, "0." + "1" * 37 + "2"),
        "datetime": ("'2020-01-01 00:00:00.003'", "'2020-01-01 00:00:00.007'"),
        "datetime2(7)": ("'2020-01-01 00:00:00.0000001'", "'2020-01-01 00:00:00.0000002'"),
        "time(7)": ("'00:00:00.0000001'", "'00:00:00.0000002'"),
        "datetimeoffset(7)": ("'2020-01-01 00:00:00.0000001 +00:00'", "'2020-01-01 00:00:00.0000002 +00:00'"),
        "sql_variant": ("CAST(0x41 AS varbinary(9))", "'A'"),
        "geometry": ("geometry::STGeomFromText('POINT (1 1)', 0)", "geometry::STGeomFromText('POINT (1 1)', 4326)"),
        "int": ("0", "NULL"),
        "varchar(9)": ("''", "NULL"),
    }
    tds.drop(TABLE)
    tds.execute(
        f"CREATE TABLE {TABLE} (id int, {', '.join(f'c{i} {name} NULL' for i, name in enumerate(pairs))})",
        *(f"INSERT INTO {TABLE} VALUES ({row}, {', '.join(pair[row] for pair in pairs.values())})" for row in (0, 1)),
    )
    with snapshots(tds):
        found = of_each_row(read, tds, 2, *([f"c{i}"] for i in range(len(pairs))))
    for name, sums in zip(pairs, found, strict=True):
        assert sums[0] != sums[1], name
    tds.drop(TABLE)


def text_literal(value: str | None) -> str:
    return "NULL" if value is None else f"'{value}'"


def test_values_side_by_side(source: Remote, read: Read) -> None:
    """What stands in which column counts, and whether it is NULL, empty or a word."""
    pairs: list[tuple[str | None, str | None]] = [
        ("a", "bc"), ("ab", "c"), ("abc", ""), ("", "abc"), ("abc", None), (None, "abc"), (None, None), ("", ""), (None, ""),
        ("", None), ("NULL", ""), ("NULL", None), ("a ", "bc"), ("A", "bc"), ("0", "0"), ("1", "0"), ("-", ""), (":", "1:"),
        ("x" * 255, "x"), ("x" * 256, ""), ("x", "x" * 255),
    ]  # fmt: skip
    source.drop(TABLE)
    source.execute(
        f"CREATE TABLE {TABLE} (id int NOT NULL PRIMARY KEY, a varchar(2000), b varchar(2000))",
        *(f"INSERT INTO {TABLE} VALUES ({row}, {text_literal(a)}, {text_literal(b)})" for row, (a, b) in enumerate(pairs)),
    )
    both, swapped, a = of_each_row(read, source, len(pairs), ["a", "b"], ["b", "a"], ["a"])
    assert_as_different(both, pairs, "a, b")
    assert_as_different(swapped, pairs, "b, a")
    assert_as_different(a, [pair[0] for pair in pairs], "a")
    source.drop(TABLE)


def test_what_is_summed(source: Remote, read: Read) -> None:
    """Both halves of the hash of each row, in full."""
    source.drop(TABLE)
    source.execute(
        f"CREATE TABLE {TABLE} (id int NOT NULL PRIMARY KEY, word varchar(20))",
        *(f"INSERT INTO {TABLE} VALUES ({i}, {text_literal(word)})" for i, word in enumerate(["a,b", "", None, "x"])),
    )
    forms = {
        "postgres": [
            b"\0\0\0\2\0\0\0\x17\0\0\0\4" + struct.pack(">i", i) + b"\0\0\x04\x13" + word
            for i, word in enumerate([b"\0\0\0\3a,b", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1x"])
        ],
        "mysql": [b"0,3,a,b", b"1,0,", b"2,,", b"3,1,x"],
        "sqlserver": [
            struct.pack(">i", i) + word
            for i, word in enumerate([b"\0\0\0\3a,b", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1x"])
        ],
    }[source.provider]
    code = ">QQ" if source.provider == "mysql" else ">qq"
    digest = hashlib.sha256 if source.kind == "mysql9" else hashlib.md5
    if source.provider == "postgres":  # two hashes of its own
        hashes = ", ".join(f"hashtextextended('{{0}}' COLLATE \"C\", {seed})" for seed in (0, 1))
        halves = [source.rows("SELECT " + hashes.format(form.hex()))[0] for form in forms]
    else:
        halves = [struct.unpack(code, digest(form).digest()[:16]) for form in forms]
    (answer,) = sums_of(read, source, {"bounds": ["1"]})
    assert answer == [[1, f"{halves[0][0]} {halves[0][1]}"], [3, " ".join(str(sum(half)) for half in zip(*halves[1:], strict=True))], [0, ""]]
    source.drop(TABLE)


def test_two_rows_exchange_a_value(source: Remote, read: Read) -> None:
    source.drop(TABLE)
    source.execute(f"CREATE TABLE {TABLE} (id int NOT NULL PRIMARY KEY, place int, a varchar(20), n int)")
    rows = [(0, 1, "x", 1), (1, 2, "y", 2), (10, 1, "x", 2), (11, 2, "y", 1), (20, 1, "x", 1), (21, 2, "y", 2)]
    source.execute(*(f"INSERT INTO {TABLE} VALUES ({i}, {place}, '{a}', {n})" for i, place, a, n in rows))
    (answer,) = sums_of(read, source, {"columns": ["place", "a", "n"], "bounds": ["10", "20"]})
    assert [count for count, _ in answer] == [2, 2, 2, 0]
    assert answer[0] == answer[2] != answer[1]
    source.drop(TABLE)


def test_the_same_rows_again(source: Remote, read: Read) -> None:
    """In the same session, in another one, and after rows were written again in another order."""
    source.create_rows(TABLE, 500)
    request = {"bounds": ["100", "200", "450"]}
    first, second = sums_of(read, source, request, request)
    (other,) = sums_of(read, source, request)
    name = source.quote(TABLE)
    rows = sorted(source.rows(f"SELECT id, word, amount FROM {name}"), reverse=True)
    national = "N" if source.provider == "sqlserver" else ""
    values = ", ".join(f"({row[0]}, {national}'{row[1]}', {row[2]})" for row in rows)
    source.execute(f"DELETE FROM {name}", f"INSERT INTO {name} VALUES {values}")
    (rewritten,) = sums_of(read, source, request)
    source.execute(f"UPDATE {name} SET amount = amount + 1 WHERE id = 300")
    (changed,) = sums_of(read, source, request)
    assert first == second == other == rewritten
    assert [count for count, _ in first] == [99, 100, 250, 51, 0]
    assert [one == two for one, two in zip(first, changed, strict=True)] == [True, True, False, True, True]
    source.drop(TABLE)


@pytest.mark.parametrize("kind", POSTGRES)
def test_a_query_of_postgres(kind: str, request: pytest.FixtureRequest, read: Read) -> None:
    """It has the sums of the table that it reads, in the types and in the order of its columns."""
    remote: Remote = request.getfixturevalue(kind)
    remote.create_rows(TABLE, 50)
    wanted = {"bounds": ["10", "40"]}
    (of_table,) = sums_of(read, remote, wanted)
    query = f"SELECT id, word, amount FROM {TABLE} ORDER BY word -- all"
    lines = read(remote.connector(sql_query=query, import_as="t"), "hold", step("sums", **wanted), "all", step("sums", **wanted))
    assert json.loads(lines[1]) == json.loads(lines[3]) == of_table
    assert sorted(map(int, lines[2].split())) == list(range(1, 51))
    remote.drop(TABLE)


def test_rows_are_counted_as_sql_counts_them(source: Remote, read: Read) -> None:
    """By integers and dates, with keys on bounds and between them, NULLs, and ranges and tables without rows."""
    luck = random.Random(17)
    numbers = [luck.choice([None, luck.randint(-1000, 1000)]) if luck.random() < 0.1 else luck.randint(-50, 50) for _ in range(400)]
    days = [None if luck.random() < 0.1 else f"20{luck.randint(10, 14)}-0{luck.randint(1, 9)}-1{luck.randint(0, 9)}" for _ in range(400)]
    source.drop(TABLE)
    source.execute(f"CREATE TABLE {TABLE} (id int NOT NULL PRIMARY KEY, number int, day date)")
    values = ", ".join(
        f"({i}, {'NULL' if number is None else number}, {text_literal(day)})"
        for i, (number, day) in enumerate(zip(numbers, days, strict=True))
    )
    empty = sums_of(read, source, {"key": "number", "bounds": ["1"]})
    assert empty == [[[0, ""], [0, ""], [0, ""]]]
    source.execute(f"INSERT INTO {TABLE} VALUES {values}")
    requests: list[dict[str, Any]] = []
    expected: list[list[int]] = []
    for size in (0, 1, 2, 3, 5, 8, 100, 1023, 1024, 1500):
        bounds = sorted(luck.sample(range(-2000, 2000), size))
        since = luck.choice([None, luck.randint(-20, 20)])
        counts = [0] * (size + 2)
        for number in numbers:
            if number is not None and (since is None or number >= since):
                counts[sum(bound <= number for bound in bounds)] += 1
        counts[-1] = numbers.count(None) if since is None else 0
        requests.append({"key": "number", "bounds": [str(bound) for bound in bounds], **({} if since is None else {"from": str(since)})})
        expected.append(counts)
    found = sums_of(read, source, *requests)
    assert [[rows for rows, _ in answer] for answer in found] == expected
    bounds = sorted({day for day in luck.sample(days, 7) if day})
    zero_dates = {"zero_dates": "error"} if source.provider == "mysql" else {}
    (answer,) = sums_of(read, source, {"key": "day", "bounds": bounds}, **zero_dates)
    counts = [sum(1 for day in days if day and sum(bound <= day for bound in bounds) == place) for place in range(len(bounds) + 1)]
    assert [rows for rows, _ in answer] == [*counts, days.count(None)]
    source.drop(TABLE)


def test_texts_are_ordered_by_their_bytes(source: Remote, read: Read) -> None:
    if source.provider == "sqlserver":
        pytest.skip("SQL Server orders no text as PostgreSQL does")
    words = ["", "A", "B", "a", "aa", "b", "ä", "z", "é", "€", "\U0001f600", "~", None]
    charset = " CHARACTER SET utf8mb4" if source.provider == "mysql" else ""
    source.drop(TABLE)
    source.execute(
        f"CREATE TABLE {TABLE} (id int NOT NULL PRIMARY KEY, word varchar(20){charset})",
        *(f"INSERT INTO {TABLE} VALUES ({i}, {text_literal(word)})" for i, word in enumerate(words)),
    )
    bounds = sorted((word for word in words if word is not None), key=str.encode)
    (answer,) = sums_of(read, source, {"key": "word", "bounds": bounds})
    assert [rows for rows, _ in answer] == [0] + [1] * (len(words) - 1) + [1]
    source.drop(TABLE)


def test_one_state(source: Remote, read: Read, workspace: Workspace) -> None:
    """Others commit changes between two sums, and between those and the rows: nothing of it is seen."""
    del read  # it has built the program
    source.create_rows(TABLE, 20)
    name = source.quote(TABLE)
    pipe = workspace.subfolder("sums") / "pause"
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    sums = step("sums", bounds=["10"])
    program = [str(BUILD / "read_source"), "hold", sums, f"pause:{pipe}", sums, "all", sums, "all"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as probe:
        assert probe.stdin is not None and probe.stdout is not None
        probe.stdin.write(json.dumps(source.connector(table=TABLE)))
        probe.stdin.close()
        writer = opened(pipe, lambda: probe.poll() is None)
        source.execute(f"UPDATE {name} SET amount = -1 WHERE id = 5", f"DELETE FROM {name} WHERE id = 6")
        source.execute(f"INSERT INTO {name} VALUES (100, 'new', 1)")
        os.close(writer)
        lines = [line.strip() for line in probe.stdout]
    assert probe.returncode == 0
    held, first, paused, second, rows, third, again = lines
    assert (held, paused) == ("held", "paused")
    assert json.loads(first)[0][0] == 9
    assert first == second == third
    assert sorted(map(int, rows.split())) == sorted(map(int, again.split())) == list(range(1, 21))
    source.drop(TABLE)


def test_what_is_refused(source: Remote, read: Read) -> None:
    """A key that is not compared as here, and what can't be read twice of one state; with words that say so."""
    source.drop(TABLE)
    kind = {"postgres": "json", "mysql": "geometry", "sqlserver": "varchar(10)"}[source.provider]
    source.execute(f"CREATE TABLE {TABLE} (id int NOT NULL PRIMARY KEY, odd {kind})")
    why, form, other_form = read(
        source.connector(table=TABLE), step("why", key="odd"), step("form", columns=["id"]), step("form", columns=["id", "odd"])
    )
    assert why == 'the remote does not compare column "odd" as PostgreSQL does'
    assert re.search("md5|sha2|record_send", form, re.IGNORECASE) and form != other_form
    query = {"sql_query": f"SELECT id FROM {TABLE}", "import_as": "t"}
    (why_no_query,) = read(source.connector(**query), step("why"))
    assert (why_no_query == "") == (source.provider == "postgres")
    source.drop(TABLE)


def test_only_innodb_in_mysql(mariadb: Remote, read: Read) -> None:
    mariadb.drop(TABLE)
    mariadb.execute("DROP VIEW IF EXISTS seen", f"CREATE TABLE {TABLE} (id int NOT NULL PRIMARY KEY) ENGINE = MyISAM")
    (of_table,) = read(mariadb.connector(table=TABLE), step("why"))
    mariadb.drop(TABLE)
    mariadb.execute(f"CREATE TABLE {TABLE} (id int NOT NULL PRIMARY KEY) ENGINE = InnoDB", f"CREATE VIEW seen AS SELECT * FROM {TABLE}")
    (of_view,) = read(mariadb.connector(table="seen"), step("why"))
    (of_innodb,) = read(mariadb.connector(table=TABLE), step("why"))
    assert of_table == of_view == "only a table of InnoDB can be read several times of one state"
    assert of_innodb == ""
    mariadb.execute("DROP VIEW seen")
    mariadb.drop(TABLE)


def test_a_row_that_is_longer_than_a_packet(mariadb: MySqlRemote, read: Read) -> None:
    """MySQL's CONCAT_WS() is NULL then: no sum may be made of the other rows alone."""
    del read  # it has built the program
    columns = [f"c{i}" for i in range(30)]
    mariadb.drop(TABLE)
    mariadb.execute(
        f"CREATE TABLE {TABLE} (id int NOT NULL PRIMARY KEY, {', '.join(f'{name} varchar(200) NOT NULL' for name in columns)})",
        f"INSERT INTO {TABLE} VALUES (1{', REPEAT(0x78, 200)' * 30}), (2{', 0x78' * 30})",
    )
    before = mariadb.server.sql("SELECT @@global.max_allowed_packet")[0][0]
    mariadb.server.sql("SET GLOBAL max_allowed_packet = 4096")
    try:
        done = subprocess.run(
            [str(BUILD / "read_source"), step("sums")],
            input=json.dumps(mariadb.connector(table=TABLE)),
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        mariadb.server.sql(f"SET GLOBAL max_allowed_packet = {before}")
    assert done.returncode == 1 and done.stdout == ""
    assert "the server gives no checksum for 1 of the rows" in done.stderr
    mariadb.drop(TABLE)


def test_sql_server_without_snapshots(tds: SqlServerRemote, read: Read) -> None:
    tds.create_rows(TABLE, 3)
    (why,) = read(tds.connector(table=TABLE), step("why"))
    assert why == "the database does not allow snapshots: ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION ON does that"
    tds.drop(TABLE)
