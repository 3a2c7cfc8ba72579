"""Foreign tables of SQL Server: what is compared otherwise there, beside the imported table."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.foreign import create_foreign_table, create_server, plan_of, remote_sql

from servers.remote_sqlserver import SqlServerRemote

VALUES = {
    "word": ("nvarchar(20)", ["N'a'", "N'A'", "N'a '", "N'á'", "N'ß'", "N'ss'", "N''", "N'a😀b'", "N'a\\b'", "N'[a]'", "NULL"]),
    "page": ("varchar(20)", ["'a'", "'A'", "'a '", "N'é'", "''", "NULL"]),
    "padded": ("nchar(4)", ["N'a'", "N'A'", "N''", "NULL"]),
    "long_text": ("nvarchar(max)", ["N'a'", "N'A'", "NULL"]),
    "guid": ("uniqueidentifier", ["'00000000-0000-0000-0000-010000000000'", "'ffffffff-ffff-ffff-ffff-000000000000'", "NULL"]),
    "bytes": ("varbinary(8)", ["0x", "0x01", "0x0100", "0x0001", "NULL"]),
    "flag": ("bit", ["0", "1", "NULL"]),
    "number": ("bigint", ["-9223372036854775808", "-1", "0", "2147483648", "NULL"]),
    "price": ("decimal(12, 2)", ["-0.01", "0", "10.50", "9999999999.99", "NULL"]),
    "coin": ("money", ["-0.0001", "0.1", "922337203685477.5807", "NULL"]),
    "ratio": ("float", ["0.1e0", "0.30000000000000004e0", "0.3e0", "-1e300", "0e0", "NULL"]),
    "small": ("real", ["3.14e0", "0.1e0", "NULL"]),
    "day": ("date", ["'0001-01-01'", "'2020-02-29'", "'9999-12-31'", "NULL"]),
    "ticks": ("datetime", ["'2020-01-01 00:00:00.003'", "'2020-01-01 00:00:00.007'", "'1753-01-01'", "'9999-12-31 23:59:59.997'", "NULL"]),
    "minute": ("smalldatetime", ["'2020-01-01 10:20'", "'1900-01-01'", "NULL"]),
    "moment": ("datetime2(6)", ["'2020-01-01 00:00:00.000001'", "'2020-01-01 00:00:00'", "'0001-01-01'", "NULL"]),
    "fine": (
        "datetime2(7)",
        ["'2020-01-01 00:00:00.0000005'", "'2020-01-01 00:00:00.0000014'", "'2019-12-31 23:59:59.9999995'", "'9999-12-31 23:59:59.9999999'", "NULL"],
    ),
    "zoned": ("datetimeoffset(3)", ["'2020-01-01 00:00:00 +00:00'", "'2020-01-01 02:00:00 +02:00'", "'2019-12-31 23:00:00 -02:00'", "NULL"]),
    "clock": ("time(7)", ["'00:00:00'", "'23:59:59.9999997'", "'10:20:30.1234567'", "NULL"]),
}


@pytest.fixture(scope="module", params=["tds", *(["real_sqlserver"] if os.environ.get("CONNECTOR_TEST_SQLSERVER") else [])])
def server(request: pytest.FixtureRequest) -> SqlServerRemote:
    found: SqlServerRemote = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def values(db: Database, server: SqlServerRemote) -> Iterator[Database]:
    """A foreign table `f_…` and an imported one `i_…` for each type."""
    create_server(db, server)
    for name, (kind, rows) in VALUES.items():
        server.drop(name)
        server.execute(
            f"CREATE TABLE {name} (id int NOT NULL, v {kind})",
            f"INSERT INTO {name} VALUES {', '.join(f'({number}, {value})' for number, value in enumerate(rows))}",
        )
        db.import_table(server.connector(table=name, import_as=f"i_{name}"))
        create_foreign_table(db, f"i_{name}", f"f_{name}", table_name=name)
    yield db
    db.execute("DROP SERVER remote CASCADE; SELECT cdb_foreign_disconnect()")
    for name in VALUES:
        db.execute(f"DROP TABLE i_{name}")
        server.drop(name)


def same_answers(db: Database, name: str, condition: str) -> None:
    wanted = db.rows(f"SELECT id FROM i_{name} WHERE {condition} ORDER BY id")
    assert db.rows(f"SELECT id FROM f_{name} WHERE {condition} ORDER BY id") == wanted, condition


@pytest.mark.parametrize("name", VALUES)
def test_each_value_is_found(values: Database, name: str) -> None:
    """By every comparison with every value that the column has, and by NULL."""
    db = values
    kind = next(kind for column, kind, _ in db.columns(f"i_{name}") if column == "v")
    literals = [row[0] for row in db.rows(f"SELECT DISTINCT quote_literal(v::text) || '::{kind}' FROM i_{name} WHERE v IS NOT NULL")]
    for literal in literals:
        for operation in ("=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"):
            same_answers(db, name, f"v {operation} {literal}")
    same_answers(db, name, f"v IN ({', '.join(literals)}, NULL)")
    same_answers(db, name, f"v NOT IN ({', '.join(literals[1:])})")
    same_answers(db, name, f"v = {literals[0]} OR v IS NULL")
    for test in ("IS NULL", "IS NOT NULL"):
        same_answers(db, name, f"v {test}")


@pytest.mark.parametrize("name", ["flag", "number", "price", "coin", "ratio", "small", "day", "minute", "moment", "zoned"])
def test_nulls_stand_where_they_do_here(values: Database, name: str) -> None:
    for order in ("", "DESC", "NULLS FIRST", "DESC NULLS LAST"):
        clause = f"ORDER BY v {order}, id"
        assert "ORDER BY" in remote_sql(values, f"SELECT v FROM f_{name} {clause} LIMIT 3")[0]
        for more in ("LIMIT 3", "LIMIT 2 OFFSET 1", ""):
            wanted = values.rows(f"SELECT v FROM i_{name} {clause} {more}")
            assert values.rows(f"SELECT v FROM f_{name} {clause} {more}") == wanted


@pytest.mark.parametrize("name", ["word", "padded", "guid", "bytes", "ticks", "fine", "clock"])
def test_other_orders_are_made_here(values: Database, name: str) -> None:
    collation = 'COLLATE "C"' if name in ("word", "padded") else ""
    query = f"SELECT v FROM {{}}_{name} ORDER BY v {collation}, id LIMIT 3"
    assert "ORDER BY" not in remote_sql(values, query.format("f"))[0]
    assert values.rows(query.format("f")) == values.rows(query.format("i"))


@pytest.mark.parametrize("pattern", ["a%", "A%", "a", "a %", "[a]%", "[%", "%b", "a_b", "á%", "a\\\\b", "a😀%", "ß%"])
def test_patterns(values: Database, pattern: str) -> None:
    for name in ("word", "page", "long_text"):
        same_answers(values, name, f"v LIKE '{pattern}'")
        same_answers(values, name, f"v NOT LIKE '{pattern}'")


def test_what_is_sent(values: Database) -> None:
    sent = {
        "word": ("v = 'a'", "[v] = N'a'"),
        "page": ("v = 'a'", "[v] = 'a'"),
        "flag": ("v", "[v] = 1"),
        "price": ("v > 10.505", "[v] > CAST(10.505 AS decimal(13, 3))"),
        "ticks": ("v = '2020-01-01 00:00:00.003'", "[v] BETWEEN CAST(N'2019-12-31T23:59:59.993' AS datetime)"),
        "fine": ("v < '2020-01-01'", "[v] <= CAST(N'2020-01-01T00:00:00.0000009' AS datetime2(7))"),
    }
    for name, (condition, sql) in sent.items():
        assert sql in remote_sql(values, f"SELECT id FROM f_{name} WHERE {condition}")[0]
    # No value there is equal to these.
    for name, value in {"day": "infinity", "price": "NaN", "coin": "0.00001"}.items():
        assert remote_sql(values, f"SELECT id FROM f_{name} WHERE v = '{value}'")[0].endswith("WHERE 1 = 0"), name
    for name, condition in {
        "page": "v = 'é'",
        "word": "v > 'a' COLLATE \"C\"",
        "ratio": "v = 'NaN'",
        "guid": "v > '00000000-0000-0000-0000-010000000000'",
    }.items():
        assert "WHERE" not in remote_sql(values, f"SELECT id FROM f_{name} WHERE {condition}")[0], name


def test_long_lists_stay_here(values: Database) -> None:
    query = "SELECT id FROM f_number WHERE v = ANY (ARRAY(SELECT generate_series(-1, {})::bigint)) ORDER BY id"
    assert values.rows(query.format(5)) == values.rows(query.format(5000)) == [(1,), (2,)]


def test_a_column_that_has_changed_is_an_error(db: Database, server: SqlServerRemote) -> None:
    """Also one that only a condition is about."""
    server.drop("changing")
    server.execute("CREATE TABLE changing (id int, v datetime2(6), n int)", "INSERT INTO changing VALUES (1, '2020-01-01', 7)")
    create_server(db, server, "changes")
    db.execute("CREATE FOREIGN TABLE changing (id int, v timestamp(6), n int) SERVER changes OPTIONS (table_name 'changing')")
    query = "SELECT id FROM changing WHERE v = '2020-01-01'"
    assert db.rows(query) == [(1,)]
    server.execute("ALTER TABLE changing ALTER COLUMN v datetime2(7)")
    with fails("columns have changed"):
        db.rows(query)
    db.execute("DROP SERVER changes CASCADE; SELECT cdb_foreign_disconnect()")
    server.drop("changing")


QUERIES = {
    "SELECT id, v FROM number": True,
    "SELECT id, v FROM number -- the end": True,
    "SELECT id, v FROM number ORDER BY id": True,
    "WITH n AS (SELECT id, v FROM number) SELECT id, v FROM n": False,
    "DECLARE @id int = 1; SELECT id, v FROM number": False,
    "CREATE TABLE #n (id int, v bigint); INSERT INTO #n SELECT id, v FROM number; SELECT id, v FROM #n": False,
}


@pytest.mark.parametrize("query", QUERIES)
def test_queries(values: Database, server: SqlServerRemote, query: str) -> None:
    """Conditions come to those that can stand in another query."""
    create_server(values, server, "queries")
    create_foreign_table(values, "i_number", "q_number", "queries", query=query)
    asked = "SELECT v FROM q_number WHERE id = 3"
    assert ("WHERE q.c0 = 3" in plan_of(values, asked)) is QUERIES[query]
    for _ in range(2):
        assert values.rows(asked) == [(2147483648,)]
        assert values.rows("SELECT id FROM q_number ORDER BY v DESC NULLS LAST LIMIT 2") == [(3,), (2,)]
    values.execute("DROP SERVER queries CASCADE; SELECT cdb_foreign_disconnect()")
