"""Merges by ranges see each change of a value, also one by which it stays equal, or looks the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.ranges import TABLE, Ranged
from harness.refreshing import counts
from harness.skipping import host_lacks
from harness.syncs import Syncs
from harness.thorough import always

from servers.remote import Remote
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote
from servers.remote_sqlserver import SqlServerRemote

pytestmark = pytest.mark.usefixtures("snapshots_of_sqlserver")

# By the type of the column: a value, and what it becomes.
Values = dict[str, tuple[str, str]]

POSTGRES: Values = {
    "numeric": ("1.0", "1.00"),
    "double precision": ("'0'", "'-0'"),
    "real": ("'0'", "'-0'"),
    "double precision[]": ("'{0.1}'", "'{0.10000000000000002}'"),
    "citext": ("'a'", "'A'"),
    "text": ("NULL", "''"),
    'text COLLATE "C"': ("'NULL'", "NULL"),
    "varchar(10)": ("'a'", "'a '"),
    "character(4)": ("'a'", "'b'"),
    "bytea": ("'\\x00'", "'\\x0000'"),
    "boolean": ("true", "false"),
    "bit(9)": ("B'000000001'", "B'100000001'"),
    "bit varying(9)": ("B'1'", "B'01'"),
    "json": ("""'{"a": 1}'""", """'{"a":1}'"""),
    "jsonb": ("'1.0'", "'1.00'"),
    "xml": ("'<a/>'", "'<a></a>'"),
    "point": ("'(0,1)'", "'(-0,1)'"),
    "box": ("'(1,1),(0,0)'", "'(1,1),(0,-0)'"),
    "money": ("'1.00'", "'1.01'"),
    "interval": ("'1 day'", "'24 hours'"),
    "timestamptz": ("'2024-01-01 00:00+00'", "'2024-01-01 00:00:00.000001+00'"),
    "timestamp": ("'infinity'", "'-infinity'"),
    "time": ("'00:00'", "'24:00'"),
    "timetz": ("'01:00+01'", "'00:00+00'"),
    "date": ("'2024-02-28'", "'2024-02-29'"),
    "uuid": ("'00000000-0000-0000-0000-000000000000'", "'00000000-0000-0000-0000-000000000001'"),
    "inet": ("'10.0.0.1'", "'10.0.0.1/24'"),
    "macaddr": ("'00:00:00:00:00:00'", "'00:00:00:00:00:01'"),
    "numeric(5,2)[]": ("'{1}'", "'[2:2]={1}'"),
    "int4range": ("'[1,2)'", "'[1,3)'"),
    "tsvector": ("'a:1'", "'a:2'"),
    "pg_lsn": ("'0/0'", "'0/1'"),
    "jsonpath": ("'$.a'", "'$.b'"),
    "range_mood": ("'sad'", "'glad'"),
}

MYSQL: Values = {
    "float": ("1", "1.00000012"),
    "float(7,3)": ("1234.001", "1234.002"),
    "double": ("0.1", "0.10000000000000002"),
    "double(10,2)": ("1.01", "1.02"),
    "decimal(20,6)": ("1.000000", "1.000001"),
    "bit(9)": ("b'1'", "b'100000001'"),
    "bit(1)": ("b'0'", "b'1'"),
    "tinyint(1)": ("1", "2"),
    "bigint unsigned": ("18446744073709551614", "18446744073709551615"),
    "json": ("""'{"a": 1}'""", """'{"a": 2}'"""),
    "point": ("ST_GeomFromText('POINT(0 1)')", "ST_GeomFromText('POINT(1 0)')"),
    "varchar(20) COLLATE utf8mb4_general_ci": ("'a'", "'A'"),
    "varchar(20)": ("'a'", "'a '"),
    "text": ("NULL", "''"),
    "longtext": ("repeat('a', 100000)", "concat(repeat('a', 99999), 'b')"),
    "char(4) CHARACTER SET latin1": ("'é'", "'è'"),
    "varbinary(8)": ("'a'", "'a\\0'"),
    "blob": ("''", "NULL"),
    "enum('NULL', 'a', 'b')": ("'NULL'", "NULL"),
    "set('a', 'b')": ("'a'", "'a,b'"),
    "year": ("2000", "2001"),
    "date": ("'2024-02-28'", "'2024-02-29'"),
    "time(6)": ("'10:00:00'", "'10:00:00.000001'"),
    "datetime(6)": ("'2024-01-01 00:00:00'", "'2024-01-01 00:00:00.000001'"),
    "timestamp(6) NULL": ("'2024-01-01 00:00:00'", "'2024-01-01 00:00:00.000001'"),
}

# MariaDB stores 0 for -0, and json as a text.
MYSQL9: Values = {**MYSQL, "double": ("0e0", "-0e0"), "float": ("0e0", "-0e0")}

SQLSERVER: Values = {
    "float": ("0e0", "1.0000000000000002e0"),
    "real": ("1e0", "1.0000001e0"),
    "decimal(20,6)": ("1.000000", "1.000001"),
    "money": ("1.0000", "1.0001"),
    "smallmoney": ("1.0000", "1.0001"),
    "bit": ("0", "1"),
    "tinyint": ("0", "255"),
    "bigint": ("9223372036854775806", "9223372036854775807"),
    "nvarchar(20) COLLATE Latin1_General_CI_AS": ("N'a'", "N'A'"),
    "varchar(20)": ("'a'", "'a '"),
    "nvarchar(max)": ("REPLICATE(CAST(N'a' AS nvarchar(max)), 50000)", "REPLICATE(CAST(N'a' AS nvarchar(max)), 49999) + N'b'"),
    "char(4)": ("'a'", "'b'"),
    "text": ("NULL", "''"),
    "varbinary(8)": ("0x00", "0x0000"),
    "varbinary(max)": ("0x", "NULL"),
    "xml": ("'<a/>'", "'<b/>'"),
    "uniqueidentifier": ("'00000000-0000-0000-0000-000000000000'", "'00000000-0000-0000-0000-000000000001'"),
    "date": ("'2024-02-28'", "'2024-02-29'"),
    "time(6)": ("'10:00:00'", "'10:00:00.000001'"),
    "datetime": ("'2024-01-01 00:00:00'", "'2024-01-01 00:00:00.003'"),
    "datetime2(6)": ("'2024-01-01 00:00:00'", "'2024-01-01 00:00:00.000001'"),
    "datetimeoffset(6)": ("'2024-01-01 00:00:00 +00:00'", "'2024-01-01 00:00:00.000001 +00:00'"),
}


@pytest.fixture(autouse=True)
def tidy_up(db: Database) -> Iterator[None]:
    db.execute("SET connector.range_rows = 5")
    yield
    Syncs(db).clean()
    db.execute("RESET connector.range_rows")


def change_is_seen(db: Database, source: Remote, kind: str, values: tuple[str, str], **keys: object) -> None:
    """Twenty rows, of which one gets the other value, then back; then two rows exchange it."""
    before, after = values
    source.drop(TABLE)
    source.execute(f"CREATE TABLE {TABLE} (id int NOT NULL PRIMARY KEY, v {kind}, n int)")
    source.execute(f"INSERT INTO {TABLE} (id, v, n) VALUES " + ", ".join(f"({i}, {before}, {i})" for i in range(20)))
    try:
        sync = Ranged(db, source.connector(table=TABLE, **keys))
        sync.settle()

        def shown() -> list[tuple[object, ...]]:
            return db.rows(f"SELECT id, v::text, v IS NULL FROM {TABLE} ORDER BY id")

        first = shown()
        source.execute(f"UPDATE {TABLE} SET v = {after} WHERE id = 11")
        assert counts(sync.reading(1)) == (0, 1, 0)
        second = shown()
        assert [new[0] for old, new in zip(first, second, strict=True) if old != new] == [11]
        sync.reading(0)
        source.execute(f"UPDATE {TABLE} SET v = {before} WHERE id = 11", f"UPDATE {TABLE} SET v = {after} WHERE id = 3")
        assert counts(sync.reading(2)) == (0, 2, 0)
        assert shown()[11] == first[11] and shown()[3][1:] == second[11][1:]
        source.execute(f"UPDATE {TABLE} SET v = {before} WHERE id = 3")
        assert counts(sync.reading(1)) == (0, 1, 0)
        assert shown() == first
        # Here somebody does the same: the checksums of the rows here see as much.
        db.execute(f"UPDATE {TABLE} SET v = %s WHERE id = 7", second[11][1])
        assert counts(sync.reading(1)) == (0, 1, 0)
        assert shown() == first
        sync.reading(0)
    finally:
        source.drop(TABLE)


@pytest.mark.parametrize("kind", POSTGRES)
def test_postgres(db: Database, postgres15: PostgresRemote, kind: str) -> None:
    if kind == "xml" and host_lacks("libxml"):
        pytest.skip("PostgreSQL on this host was built without libxml")
    postgres15.server.start()
    postgres15.execute("CREATE EXTENSION IF NOT EXISTS citext", "DROP TYPE IF EXISTS range_mood CASCADE", "CREATE TYPE range_mood AS ENUM ('sad', 'glad')")
    db.execute("CREATE EXTENSION IF NOT EXISTS citext")
    change_is_seen(db, postgres15, kind, POSTGRES[kind])


@pytest.mark.parametrize("kind", MYSQL)
def test_mariadb(db: Database, mariadb: MySqlRemote, kind: str) -> None:
    mariadb.server.start()
    change_is_seen(db, mariadb, kind, MYSQL[kind])


@pytest.mark.parametrize("kind", always(["double", "float", "json", "point"], MYSQL9))
def test_mysql9(db: Database, mysql9: MySqlRemote, kind: str) -> None:
    mysql9.server.start()
    change_is_seen(db, mysql9, kind, MYSQL9[kind])


@pytest.mark.parametrize("kind", SQLSERVER)
def test_sqlserver(db: Database, tds: SqlServerRemote, kind: str) -> None:
    tds.server.start()
    change_is_seen(db, tds, kind, SQLSERVER[kind])


def test_values_of_another_type_here(db: Database, postgres15: PostgresRemote) -> None:
    """The remote's value changes, and what the column here makes of it does not."""
    postgres15.server.start()
    postgres15.drop(TABLE)
    postgres15.execute(f"CREATE TABLE {TABLE} (id int PRIMARY KEY, v numeric)", f"INSERT INTO {TABLE} SELECT i, 1.25 FROM generate_series(1, 20) i")
    sync = Ranged(db, postgres15.connector(table=TABLE, columns={"id": None, "v": "numeric(5,1)"}))
    sync.settle()
    postgres15.execute(f"UPDATE {TABLE} SET v = 1.26 WHERE id = 11")
    assert counts(sync.reading(1)) == (0, 0, 0)
    sync.reading(0)
    postgres15.execute(f"UPDATE {TABLE} SET v = 1.36 WHERE id = 11")
    assert counts(sync.reading(1)) == (0, 1, 0)
    postgres15.drop(TABLE)


def test_columns_that_are_not_wanted(db: Database, postgres15: PostgresRemote) -> None:
    """Their values change nothing."""
    postgres15.server.start()
    postgres15.drop(TABLE)
    postgres15.execute(
        f"CREATE TABLE {TABLE} (id int PRIMARY KEY, v int, other int)", f"INSERT INTO {TABLE} SELECT i, i, i FROM generate_series(1, 20) i"
    )
    sync = Ranged(db, postgres15.connector(table=TABLE, columns=["id", "v"]))
    sync.settle()
    postgres15.execute(f"UPDATE {TABLE} SET other = -1")
    sync.reading(0)
    postgres15.drop(TABLE)
