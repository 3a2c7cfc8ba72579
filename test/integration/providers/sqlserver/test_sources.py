"""Tables and queries of SQL Server: describe, import, keys, names, and what a query may not do."""

from __future__ import annotations

import json
from decimal import Decimal

import pytds
import pytest
from harness.database import Database
from harness.errors import fails
from harness.syncs import Syncs
from harness.traces import no_remote_sessions, nothing_left_behind

from servers.remote_sqlserver import SqlServerRemote


def test_check(db: Database, sqlserver: SqlServerRemote) -> None:
    assert db.value("SELECT cdb_connector_check(%s)", json.dumps(sqlserver.connector())) == {"connected": True}
    no_remote_sessions(sqlserver)


def test_table(db: Database, sqlserver: SqlServerRemote) -> None:
    sqlserver.create_rows("smoke", 2500)
    result = db.import_table(sqlserver.connector(table="smoke", import_as="smoke_table"))
    assert (result["schema"], result["table_name"], result["rows"]) == ("public", "smoke_table", 2500)
    assert db.columns("smoke_table") == [
        ("id", "bigint", True),
        ("word", "character varying(20)", False),
        ("amount", "numeric(12,2)", False),
    ]
    expected = sqlserver.rows("SELECT id, word, amount FROM smoke ORDER BY id")
    assert db.rows("SELECT id, word, amount FROM smoke_table ORDER BY id") == [tuple(row) for row in expected]
    assert db.value("SELECT count(*) FROM pg_index WHERE indrelid = 'smoke_table'::regclass AND indisprimary") == 1
    no_remote_sessions(sqlserver)
    db.execute("DROP TABLE smoke_table")
    sqlserver.drop("smoke")


def test_row_limit_is_pushed(db: Database, sqlserver: SqlServerRemote) -> None:
    sqlserver.create_rows("limited", 50)
    result = db.import_table(sqlserver.connector(table="limited", max_rows=10))
    assert (result["rows"], result["warnings"]) == (10, {"max_rows_per_connection": 10})
    db.execute("DROP TABLE limited")
    assert db.import_table(sqlserver.connector(table="limited", max_rows=50))["warnings"] is None
    db.execute("DROP TABLE limited")
    sqlserver.drop("limited")


def test_query(db: Database, sqlserver: SqlServerRemote) -> None:
    query = "SELECT 1 AS one, N'é😀' AS letter, CAST(1.50 AS decimal(5,2)) AS price, NULL AS nothing"
    assert db.import_table(sqlserver.connector(sql_query=query, import_as="smoke_query"))["rows"] == 1
    assert db.rows("SELECT one, letter, price, nothing FROM smoke_query") == [(1, "é😀", Decimal("1.50"), None)]
    db.execute("DROP TABLE smoke_query")


def test_temporary_table_runs_once(db: Database, sqlserver: SqlServerRemote) -> None:
    """What the server can't describe is run to learn its columns, once."""
    sqlserver.execute("DROP TABLE IF EXISTS counted", "CREATE TABLE counted (a int)")
    query = "CREATE TABLE #t (a int, b nvarchar(5)); INSERT INTO #t VALUES (1, N'ж'), (2, NULL); SELECT * FROM #t"
    request = sqlserver.connector(sql_query=query, import_as="from_temporary")
    assert db.import_table(request)["rows"] == 2
    assert db.rows("SELECT a, b FROM from_temporary ORDER BY a") == [(1, "ж"), (2, None)]
    db.execute("DROP TABLE from_temporary")
    sqlserver.drop("counted")


def test_dry_run_and_list(db: Database, sqlserver: SqlServerRemote) -> None:
    sqlserver.create_rows("listed", 12)
    sqlserver.execute("DROP VIEW IF EXISTS listed_view", "CREATE VIEW listed_view AS SELECT id FROM listed")
    plan = db.dry_run(sqlserver.connector(table="listed"))
    assert [(c["remote_name"], c["remote_type"].partition("(")[0]) for c in plan["columns"]] == [
        ("id", "bigint"),
        ("word", "nvarchar"),
        ("amount", "decimal"),
    ]
    listed = db.rows("SELECT schema, name, kind FROM cdb_connector_tables(%s)", json.dumps(sqlserver.connector()))
    assert ("dbo", "listed", "table") in listed
    assert ("dbo", "listed_view", "view") in listed
    sqlserver.execute("DROP VIEW listed_view")
    sqlserver.drop("listed")


def test_odd_names(db: Database, sqlserver: SqlServerRemote) -> None:
    if sqlserver.is_babelfish:
        pytest.skip("Babelfish knows no closing bracket in a name")
    table = "odd ] [name'"
    name = sqlserver.quote(table)
    sqlserver.execute(f"DROP TABLE IF EXISTS {name}", f"CREATE TABLE {name} ([a]] b'] int, [Ж] int, [CamelCase] int)")
    sqlserver.execute(f"INSERT INTO {name} VALUES (1, 2, 3)")
    connector = sqlserver.connector(table=table, import_as="odd_names", column_names="verbatim")
    db.import_table(connector)
    assert db.rows('SELECT "a] b\'", "Ж", "CamelCase" FROM odd_names') == [(1, 2, 3)]
    db.execute("DROP TABLE odd_names")
    db.import_table({**connector, "columns": ["CamelCase", "a] b'"]})
    assert db.rows("SELECT * FROM odd_names") == [(3, 1)]
    db.execute("DROP TABLE odd_names")
    sqlserver.execute(f"DROP TABLE {name}")


def test_unnamed_and_equal_columns(db: Database, sqlserver: SqlServerRemote) -> None:
    db.import_table(sqlserver.connector(sql_query="SELECT 1, 2 AS a, 3 AS a", import_as="unnamed"))
    columns = [name for name, _, _ in db.columns("unnamed")]
    assert len(set(columns)) == 3
    assert db.rows("SELECT * FROM unnamed") == [(1, 2, 3)]
    db.execute("DROP TABLE unnamed")


def test_key_and_comments(db: Database, sqlserver: SqlServerRemote) -> None:
    sqlserver.execute(
        "DROP TABLE IF EXISTS keyed",
        "CREATE TABLE keyed (v nvarchar(5) NULL, b int NOT NULL, a int NOT NULL, CONSTRAINT keyed_pk PRIMARY KEY (a, b))",
        "INSERT INTO keyed VALUES (N'x', 1, 2)",
    )
    comment = "EXEC sys.sp_addextendedproperty N'MS_Description', N'{}', N'SCHEMA', N'dbo', N'TABLE', N'keyed'"
    sqlserver.execute(comment.format("of the table"), comment.format("of ж") + ", N'COLUMN', N'v'")
    db.import_table(sqlserver.connector(table="keyed"))
    assert db.columns("keyed") == [("v", "character varying(5)", False), ("b", "integer", True), ("a", "integer", True)]
    key = db.value("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'keyed'::regclass AND contype = 'p'")
    assert key == "PRIMARY KEY (a, b)"
    assert db.value("SELECT obj_description('keyed'::regclass)") == "of the table"
    assert db.value("SELECT col_description('keyed'::regclass, 1)") == "of ж"
    db.execute("DROP TABLE keyed")
    sqlserver.drop("keyed")


def test_failures_leave_nothing(db: Database, sqlserver: SqlServerRemote) -> None:
    password = str(sqlserver.connection()["password"])
    with nothing_left_behind(db, sqlserver), fails("no_such_table", detail="describe", number=1011, secrets=(password,)):
        db.import_table(sqlserver.connector(table="no_such_table"))
    wrong = sqlserver.connection(password="wrong-password")
    with nothing_left_behind(db, sqlserver), fails(detail="authenticate", number=1012, secrets=("wrong-password",)) as failure:
        db.import_table(sqlserver.connector(connection=wrong, table="smoke"))
    assert "native error 18456" in failure.detail
    with nothing_left_behind(db, sqlserver), fails("[Dd]ivi(sion|de) by zero", number=1011) as failure:
        db.import_table(sqlserver.connector(sql_query="SELECT 1 / 0 AS a", import_as="zero"))
    assert "native error 8134" in failure.detail


def test_all_messages_are_shown(db: Database, sqlserver: SqlServerRemote) -> None:
    """Not only the last one."""
    query = "PRINT N'first words'; SELECT 1 / 0 AS a"
    with fails("[Dd]ivi(sion|de) by zero") as failure:
        db.import_table(sqlserver.connector(sql_query=query, import_as="printed"))
    assert "first words" in failure.detail, failure.everything


@pytest.mark.parametrize("query", ["UPDATE kept SET amount = 0", "DELETE FROM kept OUTPUT deleted.id", "DROP TABLE kept"])
def test_queries_change_nothing(db: Database, sqlserver: SqlServerRemote, query: str) -> None:
    sqlserver.create_rows("kept", 3)
    try:
        db.import_table(sqlserver.connector(sql_query=query, import_as="changed"))
    except Exception:  # noqa: BLE001, S110: refused, or undone
        pass
    no_remote_sessions(sqlserver)
    assert [tuple(row) for row in sqlserver.rows("SELECT count(*), sum(amount) FROM kept")] == [(3, Decimal("1.50"))]
    db.execute("DROP TABLE IF EXISTS changed")
    sqlserver.drop("kept")


def test_several_results(db: Database, sqlserver: SqlServerRemote) -> None:
    with nothing_left_behind(db, sqlserver), fails("more than one result"):
        db.import_table(sqlserver.connector(sql_query="SELECT 1 AS a; SELECT 2 AS b", import_as="two"))


def test_append_by_rowversion(db: Database, sqlserver: SqlServerRemote) -> None:
    """The usual cursor there: eight bytes that grow with each change."""
    try:
        sqlserver.execute("DROP TABLE IF EXISTS versions", "CREATE TABLE versions (a int NOT NULL PRIMARY KEY, v rowversion)")
    except pytds.Error as error:
        pytest.skip(f"the server has no rowversion: {error}")
    syncs = Syncs(db)
    id = syncs.create(sqlserver.connector(table="versions", sync={"mode": "append", "cursor": "v"}))["id"]
    for count in (1, 2, 300):
        sqlserver.execute(*(f"INSERT INTO versions (a) VALUES ({count * 1000 + number})" for number in range(count)))
        syncs.now(id, wait=True)
        assert syncs.state(id) == "success", syncs.status(id)
        expected = [(a, bytes(v)) for a, v in sqlserver.rows("SELECT a, CAST(v AS binary(8)) FROM versions ORDER BY a")]
        assert [(a, bytes(v)) for a, v in db.rows("SELECT a, v FROM versions ORDER BY a")] == expected
    syncs.clean()
    sqlserver.drop("versions")


def test_rollback(db: Database, sqlserver: SqlServerRemote) -> None:
    sqlserver.create_rows("rolled_back", 100)
    with nothing_left_behind(db, sqlserver):
        db.execute("BEGIN")
        db.import_table(sqlserver.connector(table="rolled_back"))
        db.execute("ROLLBACK")
    sqlserver.drop("rolled_back")
