"""Foreign tables by ODBC: their answers are those of an imported table, whatever the dialect sends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.foreign import create_foreign_table, create_server, remote_sql

from servers.remote import Remote

TABLE = "orders"
# Declarations of a text, a number with digits behind the point, a date and a moment.
DECLARED = {
    "odbc_postgres15": ("varchar(20)", "numeric(10,2)", "date", "timestamp"),
    "odbc_mariadb": ("varchar(20)", "decimal(10,2)", "date", "datetime(6)"),
    "odbc_tds": ("nvarchar(20)", "decimal(10,2)", "date", "datetime2(6)"),
    "odbc_sqlite": ("varchar(20)", "decimal(10,2)", "date", "timestamp"),
}
TEXTS = ["a", "A", "á", "a ", "", "b'c", "a_b", "a%b", "Ж", "back\\slash"]


@pytest.fixture(params=list(DECLARED), scope="module")
def here(request: pytest.FixtureRequest, db: Database) -> Iterator[tuple[Database, Remote]]:
    """The foreign table `live` beside `imported`: each text, numbers around zero, dates, and NULLs."""
    remote: Remote = request.getfixturevalue(request.param)
    remote.server.start()
    text, number, date, moment = DECLARED[request.param]
    remote.drop(TABLE)
    null = " NULL"
    if request.param in ("odbc_postgres15", "odbc_sqlite"):
        null = ""
    remote.execute(
        f"CREATE TABLE {TABLE} (id int NOT NULL PRIMARY KEY, i bigint{null}, t {text}{null}, n {number}{null}, d {date}{null}, m {moment}{null})"
    )
    prefix = "N" if request.param == "odbc_tds" else ""
    for row in range(60):
        word = TEXTS[row % len(TEXTS)].replace("'", "''")
        if request.param == "odbc_mariadb":
            word = word.replace("\\", "\\\\")
        values = [
            "NULL" if row % 7 == 3 else str((row - 30) * 10_000_000_000),
            "NULL" if row % 11 == 5 else f"{prefix}'{word}'",
            "NULL" if row % 13 == 6 else f"{(row - 30) / 4:.2f}",
            "NULL" if row % 5 == 4 else f"'20{row:02}-02-{row % 28 + 1:02}'",
            "NULL" if row % 9 == 4 else f"'19{row + 40:02}-12-31 23:59:{row % 60:02}'",
        ]
        remote.execute(f"INSERT INTO {TABLE} VALUES ({row}, {', '.join(values)})")
    create_server(db, remote)
    db.import_table(remote.connector(table=TABLE, import_as="imported"))
    create_foreign_table(db, "imported", "live", table_name=TABLE)
    yield db, remote
    db.execute("DROP SERVER remote CASCADE; DROP TABLE imported; SELECT cdb_foreign_disconnect()")
    remote.drop(TABLE)


CONDITIONS = [
    *[f"id {operator} 30" for operator in ("=", "<>", "<", "<=", ">", ">=")],
    *[f"i {operator} {value}" for operator in ("=", "<", ">=") for value in ("0", "-10000000000", "9223372036854775807")],
    "i = 1.5",
    "id IN (1, 2, 59, 100)",
    "id BETWEEN 5 AND 10 OR i IS NULL",
    "NOT (id < 30)",
    *[f"t {operator} 'a'" for operator in ("=", "<>", "<", ">")],
    *[f"t = '{text}'" for text in ("A", "a ", "á", "", "b''c", "a_b", "Ж", "back\\slash")],
    't COLLATE "C" < \'b\'',
    "t LIKE 'a%'",
    "t LIKE 'a\\_b'",
    "t IS NULL",
    "t IS DISTINCT FROM 'a'",
    *[f"n {operator} 0.25" for operator in ("=", "<", ">=")],
    "n = 0.251",
    "n IN (-7.5, 7.25)",
    *[f"d {operator} '2024-02-25'" for operator in ("=", "<", ">=")],
    "d > 'infinity'",
    "d >= '4000-01-01 BC'",
    *[f"m {operator} '1970-12-31 23:59:30'" for operator in ("=", "<", ">")],
    "m > '1970-12-31 23:59:30.5'",
    "m IS NOT NULL AND d IS NULL AND id > 3",
    "i IS NULL",
]


def test_conditions(here: tuple[Database, Remote]) -> None:
    db, _ = here
    wrong = []
    for condition in CONDITIONS:
        live, imported = (sorted(db.rows(f"SELECT x::text FROM {name} x WHERE {condition}")) for name in ("live", "imported"))
        if live != imported:
            wrong.append(f"{condition}: {live} instead of {imported}; sent: {remote_sql(db, f'SELECT * FROM live WHERE {condition}')}")
    assert not wrong, "\n".join(wrong)


def test_orders_and_limits(here: tuple[Database, Remote]) -> None:
    db, _ = here
    for order in ("id", "id DESC", "i, id", "i DESC, id", "i NULLS FIRST, id", "n DESC NULLS LAST, id", "d, id", "m DESC, id", 't COLLATE "C", id'):
        for limit in ("", "LIMIT 7", "LIMIT 7 OFFSET 5"):
            query = f"SELECT id FROM {{}} ORDER BY {order} {limit}"
            assert db.rows(query.format("live")) == db.rows(query.format("imported")), f"{order} {limit}"


def test_integer_conditions_are_sent(here: tuple[Database, Remote]) -> None:
    db, _ = here
    (statement,) = remote_sql(db, "SELECT t FROM live WHERE id > 57 AND i IS NOT NULL")
    assert "57" in statement
    assert db.value("SELECT count(*) FROM live WHERE id > 57") == 2


def test_only_asked_columns_are_read(here: tuple[Database, Remote]) -> None:
    db, _ = here
    (statement,) = remote_sql(db, "SELECT n FROM live")
    assert "n" in statement and "*" not in statement
    assert len(statement) < len(remote_sql(db, "SELECT * FROM live")[0])


def test_joins_prepared_and_left_early(here: tuple[Database, Remote]) -> None:
    db, _ = here
    query = "SELECT a.id, b.t FROM {0} a JOIN {0} b ON b.id = a.id + 1 WHERE a.id < 20 ORDER BY a.id"
    assert db.rows(query.format("live")) == db.rows(query.format("imported"))
    db.execute("DEALLOCATE ALL")
    db.execute("PREPARE by_id(int) AS SELECT count(*) FROM live WHERE id < $1; SET plan_cache_mode = force_generic_plan")
    assert [db.value(f"EXECUTE by_id({number})") for number in (0, 10, 60)] == [0, 10, 60]
    db.execute("DEALLOCATE ALL; RESET plan_cache_mode")
    db.execute("BEGIN; DECLARE c CURSOR FOR SELECT * FROM live")
    assert len(db.rows("FETCH 3 FROM c")) == 3
    db.execute("CLOSE c; COMMIT")
    assert db.value("SELECT count(*) FROM live") == 60


def test_joins_groups_and_aggregates(here: tuple[Database, Remote]) -> None:
    """What goes out of them by ODBC has PostgreSQL's answers, as what stays here."""
    db, remote = here
    queries = [
        "SELECT count(*), count(t), sum(i), avg(n), min(id), max(n), min(d), max(m), count(DISTINCT i) FROM {0}",
        "SELECT count(*) FROM {0} WHERE id < 31",
        "SELECT i, count(*), avg(i) FROM {0} GROUP BY i ORDER BY i",
        "SELECT t, sum(n) FROM {0} GROUP BY t ORDER BY t COLLATE \"C\"",
        "SELECT DISTINCT d FROM {0} ORDER BY d",
        "SELECT a.id, b.t FROM {0} a JOIN {0} b ON b.i = a.i WHERE a.id > 40 ORDER BY a.id",
        "SELECT a.id, b.id FROM {0} a LEFT JOIN {0} b ON b.t = a.t AND b.id > 50 ORDER BY a.id, b.id",
        "SELECT a.id FROM {0} a WHERE NOT EXISTS (SELECT FROM {0} b WHERE b.n = a.n AND b.id > 9) ORDER BY a.id",
    ]
    for query in queries:
        assert db.rows(query.format("live")) == db.rows(query.format("imported")), query
    (counted,) = remote_sql(db, "SELECT count(*) FROM live WHERE id = 31")
    assert "COUNT" in counted
    if remote.kind != "odbc_sqlite":
        (joined,) = remote_sql(db, "SELECT count(*), sum(a.n) FROM live a JOIN live b ON b.id = a.id")
        assert "INNER JOIN" in joined and "SUM" in joined


def test_import_foreign_schema(here: tuple[Database, Remote]) -> None:
    db, remote = here
    schema = {"odbc_postgres15": "public", "odbc_mariadb": "testdb", "odbc_tds": "dbo"}.get(remote.kind, "main")
    db.execute("CREATE SCHEMA there")
    try:
        db.execute(f'IMPORT FOREIGN SCHEMA "{schema}" LIMIT TO ({TABLE}) FROM SERVER remote INTO there')
        assert [column[:2] for column in db.columns(f"there.{TABLE}")] == [column[:2] for column in db.columns("imported")]
        assert db.columns(f"there.{TABLE}")[0][2] is True
        content = "SELECT x::text FROM {} x ORDER BY 1"
        assert db.rows(content.format(f"there.{TABLE}")) == db.rows(content.format("imported"))
    finally:
        db.execute("DROP SCHEMA there CASCADE")


def test_query_as_foreign_table(here: tuple[Database, Remote]) -> None:
    db, remote = here
    db.execute(f"CREATE FOREIGN TABLE asked (id int, n numeric) SERVER remote OPTIONS (query 'SELECT id, n FROM {TABLE} WHERE id < 10')")
    try:
        assert db.rows("SELECT id FROM asked WHERE id > 6 ORDER BY id") == [(7,), (8,), (9,)]
    finally:
        db.execute("DROP FOREIGN TABLE asked")


def test_foreign_tables_are_not_written_to(here: tuple[Database, Remote]) -> None:
    db, _ = here
    with fails(""):
        db.execute("DELETE FROM live")


def test_a_role_that_owns_no_superuser_server(here: tuple[Database, Remote], etl: Database) -> None:
    """Through the superuser's server with a mapping of its own; not with a connection of its own, nor a server of its own."""
    db, remote = here
    with fails("", number=None) as failure:
        etl.import_table(remote.connector(table=TABLE))
    assert "superuser" in failure.everything
    login = {key: value for key, value in remote.connection().items() if key in ("username", "password")}
    options = ", ".join(f"{key} '{value}'" for key, value in login.items())
    db.execute(f"GRANT USAGE ON FOREIGN SERVER remote TO etl; CREATE USER MAPPING FOR etl SERVER remote {f'OPTIONS ({options})' if options else ''}")
    assert etl.import_table({"connection": "remote", "table": TABLE, "import_as": "of_etl"})["rows"] == 60
    db.execute("GRANT USAGE ON FOREIGN DATA WRAPPER connector TO etl")
    own = ", ".join(f"{key} '{value}'" for key, value in remote.connection().items() if key not in ("username", "password"))
    with fails("") as failure:
        etl.execute(f"CREATE SERVER own FOREIGN DATA WRAPPER connector OPTIONS (provider 'odbc', {own})")
        etl.execute(f"CREATE USER MAPPING FOR etl SERVER own {f'OPTIONS ({options})' if options else ''}")
        etl.import_table({"connection": "own", "table": TABLE, "import_as": "of_own"})
    assert "superuser" in failure.everything
    db.execute("DROP USER MAPPING FOR etl SERVER remote; DROP TABLE of_etl; DROP SERVER IF EXISTS own CASCADE")
