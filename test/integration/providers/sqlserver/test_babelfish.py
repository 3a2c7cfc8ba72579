"""Babelfish, and whoever describes statements as wrongly: the result itself tells its columns, and is asked for once."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from harness.database import Database
from harness.errors import fails
from harness.syncs import Syncs
from harness.traces import no_remote_sessions, nothing_left_behind

from servers.remote_sqlserver import SqlServerRemote
from servers.sqlserver_double import SqlServerDouble
from servers.tds.server import TdsServer
from servers.tds.sql.babelfish import Product
from servers.workspace import Workspace


@pytest.fixture(scope="module")
def double(workspace: Workspace) -> Iterator[SqlServerRemote]:
    """The test server with Babelfish's ways."""
    with SqlServerDouble(workspace, settings={"product": "BABELFISH"}) as server:
        yield SqlServerRemote(server)


@pytest.fixture(params=["double", *(["real_sqlserver"] if os.environ.get("CONNECTOR_TEST_SQLSERVER") else [])])
def babelfish(request: pytest.FixtureRequest) -> SqlServerRemote:
    found: SqlServerRemote = request.getfixturevalue(request.param)
    if not found.is_babelfish:
        pytest.skip("CONNECTOR_TEST_SQLSERVER is no Babelfish")
    return found


BATCHES = [
    "WITH c AS (SELECT 1 AS a) SELECT a FROM c",
    "SET NOCOUNT ON; SELECT 1 AS a",
    "PRINT N'x'; SELECT 1 AS a; PRINT N'y'",
    "DECLARE @n int = 1; SELECT @n AS a",
    "-- a comment\nDECLARE @n int; SET @n = 1; SELECT @n AS a",
    "EXEC('SELECT 1 AS a')",
    "EXEC sp_executesql N'SELECT 1 AS a'",
    "IF 1 = 1 SELECT 1 AS a",
    "CREATE TABLE #t (a int); INSERT INTO #t VALUES (1); SELECT a FROM #t",
    "SELECT 1 AS a INTO #u; SELECT a FROM #u",
    "DELETE FROM batches; SELECT 1 AS a",
    "USE testdb; SELECT 1 AS a",
    f"SELECT 1 AS a /* {'long ' * 2000} */ WHERE 1 = 1",
    "SELECT 1 AS a ORDER BY a -- last words",
]


@pytest.mark.parametrize("query", BATCHES, ids=lambda query: query[:40])
def test_batches_yield_their_rows(db: Database, babelfish: SqlServerRemote, query: str) -> None:
    babelfish.create_rows("batches", 3)
    assert db.import_table(babelfish.connector(sql_query=query, import_as="batch"))["rows"] == 1
    assert db.columns("batch") == [("a", "integer", False)]
    assert db.rows("SELECT a FROM batch") == [(1,)]
    db.execute("DROP TABLE batch")
    no_remote_sessions(babelfish)
    assert babelfish.rows("SELECT count(*) FROM batches")[0][0] == 3
    babelfish.drop("batches")


def test_queries_are_sent_once_and_never_described(db: Database) -> None:
    with TdsServer(product=Product.BABELFISH) as server:
        for query in BATCHES:
            if "FROM batches" in query:
                continue  # there is no such table
            db.import_table({"provider": "sqlserver", "connection": server.connection(), "sql_query": query, "import_as": "once"})
            assert server.statements.count(query) == 1
            db.execute("DROP TABLE once")
        assert not any("describe" in statement for statement in server.statements)
        assert server.crashes == 0


def test_queries_without_rows_are_refused(db: Database, babelfish: SqlServerRemote) -> None:
    for query in ("-- nothing", "PRINT N'x'", "DECLARE @n int = 3"):
        with nothing_left_behind(db, babelfish), fails("yields no rows", number=1502):
            db.import_table(babelfish.connector(sql_query=query, import_as="none"))


EXPRESSIONS = ["SUM(amt)", "AVG(amt)", "MIN(amt * 2)", "MAX(amt / 3)", "MIN(ROUND(amt, 1))", "MIN(ABS(amt))", "MAX(COALESCE(amt, 0))", "MIN(CASE WHEN amt > 0 THEN amt ELSE 1.5 END)", "MIN(10 / 4.0)", "MIN(1.0 / 3)"]


def test_decimals_fit_in_their_columns(db: Database, babelfish: SqlServerRemote) -> None:
    """What the result says of its decimals holds, so that a dump can be restored."""
    babelfish.execute(
        "DROP TABLE IF EXISTS s",
        "CREATE TABLE s (amt decimal(10,2), qty smallint, disc decimal(3,2), cost AS (amt * (1.0 - disc) * qty))",
        "INSERT INTO s VALUES (-3.25, 7, 0.15), (12345678.90, -32768, 0.99), (0, 0, 0)",
    )
    query = "SELECT " + ", ".join(f"{expression} AS c{number}" for number, expression in enumerate(EXPRESSIONS)) + " FROM s"
    for request in ({"sql_query": query, "import_as": "decimals"}, {"table": "s", "import_as": "decimals"}):
        db.import_table(babelfish.connector(**request))
        columns = [(name, kind) for name, kind, _ in db.columns("decimals") if kind.startswith("numeric")]
        assert len(columns) >= 3
        for name, kind in columns:
            assert db.value(f"SELECT bool_and({name}::text::{kind}::text = {name}::text) FROM decimals"), (name, kind)
        db.execute("DROP TABLE decimals")
    found = babelfish.rows("SELECT SUM(amt) FROM s")[0][0]
    db.import_table(babelfish.connector(sql_query="SELECT SUM(amt) AS total FROM s", import_as="decimals"))
    assert db.columns("decimals") == [("total", "numeric(38,2)", False)]
    assert db.value("SELECT total FROM decimals") == found
    db.execute("DROP TABLE decimals")
    babelfish.drop("s")


LONG = "a name of more than sixty-three bytes, as the local server has them: Ж"


def test_names_are_exact(db: Database, babelfish: SqlServerRemote) -> None:
    """Those of its catalog are in lower case, and all letters beyond ASCII are question marks there."""
    babelfish.execute(
        "DROP TABLE IF EXISTS cn",
        "CREATE TABLE cn (Id int NOT NULL, dropped int, [日本] int NOT NULL, [ORDER] int, [表表] int, [Odd Name] int, Straße nvarchar(10), "
        "PRIMARY KEY ([日本], Id))",
        "ALTER TABLE cn DROP COLUMN dropped",
        "INSERT INTO cn VALUES (1, 2, 3, 4, 5, N'6')",
        "EXEC sys.sp_addextendedproperty N'MS_Description', N'two', N'SCHEMA', N'dbo', N'TABLE', N'cn', N'COLUMN', N'表表'",
    )
    names = ["Id", "日本", "ORDER", "表表", "Odd Name", "Straße"]
    for request in ({"table": "cn"}, {"sql_query": "SELECT * FROM cn"}):
        asked = babelfish.connector(**request, import_as="names", column_names="verbatim")
        db.import_table(asked)
        assert [name for name, _, _ in db.columns("names")] == names
        assert db.rows("SELECT * FROM names") == [(1, 2, 3, 4, 5, "6")]
        if "table" in request:
            assert [needed for _, _, needed in db.columns("names")] == [True, True, False, False, False, False]
            key = db.value("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'names'::regclass AND contype = 'p'")
            assert key == 'PRIMARY KEY ("日本", "Id")'
            assert db.value("SELECT col_description('names'::regclass, 4)") == "two"
        db.execute("DROP TABLE names")
        db.import_table({**asked, "columns": ["Odd Name", "日本"]})
        assert db.rows("SELECT * FROM names") == [(5, 2)]
        db.execute("DROP TABLE names")
    babelfish.drop("cn")


def test_long_names(db: Database, babelfish: SqlServerRemote) -> None:
    """Results have only their first 63 bytes."""
    babelfish.execute("DROP TABLE IF EXISTS ln", f"CREATE TABLE ln (a int, [{LONG}] int)", "INSERT INTO ln VALUES (1, 2)")
    assert [column["remote_name"] for column in db.dry_run(babelfish.connector(table="ln"))["columns"]] == ["a", LONG]
    db.import_table(babelfish.connector(table="ln"))
    assert db.rows("SELECT * FROM ln") == [(1, 2)]
    db.execute("DROP TABLE ln")
    babelfish.drop("ln")


def test_equal_and_missing_names(db: Database, babelfish: SqlServerRemote) -> None:
    db.import_table(babelfish.connector(sql_query="SELECT 1, 2 AS a, 3 AS a, 4", import_as="unnamed"))
    assert len({name for name, _, _ in db.columns("unnamed")}) == 4
    assert db.rows("SELECT * FROM unnamed") == [(1, 2, 3, 4)]
    db.execute("DROP TABLE unnamed")


@contextmanager
def reader(remote: SqlServerRemote, right: str) -> Iterator[dict[str, object]]:
    """The connection of a login that has this right and no other."""
    password = "Reader-12345678"  # noqa: S105
    remote.execute(
        f"CREATE LOGIN connector_reads WITH PASSWORD = '{password}'",
        "CREATE USER connector_reads FOR LOGIN connector_reads",
        f"GRANT {right} TO connector_reads",
    )
    try:
        yield remote.connection(username="connector_reads", password=password)
    finally:
        remote.execute(f"REVOKE {right} FROM connector_reads", "DROP USER connector_reads", "DROP LOGIN connector_reads")


@pytest.mark.parametrize("right", ["SELECT ON readable", "SELECT ON SCHEMA::dbo"])
def test_a_login_that_can_only_read(db: Database, babelfish: SqlServerRemote, right: str) -> None:
    babelfish.create_rows("readable", 10)
    babelfish.create_rows("hidden", 1)
    with reader(babelfish, right) as connection:
        for request in ({"table": "readable"}, {"sql_query": "SELECT id, word FROM readable", "import_as": "readable"}):
            assert db.import_table(babelfish.connector(connection=connection, **request))["rows"] == 10
            assert db.columns("readable")[0] == ("id", "bigint", "table" in request)
            db.execute("DROP TABLE readable")
        if "SCHEMA" not in right:
            with fails("hidden", number=1011, hint="SELECT permission"):
                db.import_table(babelfish.connector(connection=connection, table="hidden"))
        no_remote_sessions(babelfish)
    babelfish.drop("readable")
    babelfish.drop("hidden")


def test_variants_in_queries(db: Database, babelfish: SqlServerRemote) -> None:
    """They are converted there, where the query can stand in another one."""
    babelfish.execute("DROP TABLE IF EXISTS v", "CREATE TABLE v (id int, v sql_variant)", "INSERT INTO v VALUES (1, CAST(1.50 AS decimal(5,2))), (2, 0x0102), (3, N'ж日')")
    for query in ("SELECT id, v FROM v -- all", "SELECT id, v FROM v ORDER BY id"):
        db.import_table(babelfish.connector(sql_query=query, import_as="variants"))
        assert db.rows("SELECT v FROM variants ORDER BY id") == [("1.50",), ("0x0102",), ("ж日",)]
        db.execute("DROP TABLE variants")
    query = "DECLARE @id int = 1; SELECT id, v FROM v WHERE id = @id"
    result = db.import_table(babelfish.connector(sql_query=query, import_as="variants"))
    assert "convert them in the query" in str(result["skipped_columns"])
    db.execute("DROP TABLE variants")
    babelfish.drop("v")


def test_encoding_is_refused(db: Database, babelfish: SqlServerRemote) -> None:
    """Its texts are Unicode, and the bytes of a code page can't be had."""
    babelfish.execute(
        "DROP TABLE IF EXISTS coded", "CREATE TABLE coded (v varchar(10) COLLATE Cyrillic_General_CI_AS)", "INSERT INTO coded VALUES (N'Привет')"
    )
    with fails("encoding.*Babelfish", number=1502, hint="Leave it out"):
        db.import_table(babelfish.connector(table="coded", encoding="WIN1251"))
    db.import_table(babelfish.connector(table="coded"))
    assert db.rows("SELECT v FROM coded") == [("Привет",)]
    db.execute("DROP TABLE coded")
    babelfish.drop("coded")


def test_errors_have_their_hints(db: Database, babelfish: SqlServerRemote) -> None:
    with nothing_left_behind(db, babelfish), fails("nowhere", number=1011, detail="describe.*33557097", hint="Check schema and table"):
        db.import_table(babelfish.connector(table="nowhere"))
    with nothing_left_behind(db, babelfish), fails("nowhere", number=1011, detail="33557097", hint="Check schema and table"):
        db.import_table(babelfish.connector(sql_query="SELECT * FROM nowhere", import_as="nowhere"))
    with fails("could not connect", number=1012, detail="authenticate.*911", hint="Check the database name"):
        db.value("SELECT cdb_connector_check(%s)", json.dumps(babelfish.connector(connection=babelfish.connection(database="no_such"))))


def test_syncs_rest_after_what_lasts(db: Database, babelfish: SqlServerRemote) -> None:
    """A login that was denied may be let in again."""
    syncs = Syncs(db)
    for request, rests in (
        ({"connection": babelfish.connection(database="no_such"), "table": "t"}, True),
        ({"table": "no_such"}, True),
        ({"sql_query": "SELECT no_such FROM sys.databases", "import_as": "t"}, True),
        ({"connection": babelfish.connection(password="wrong"), "table": "t"}, False),
    ):
        id = syncs.create(babelfish.connector(**request))["id"]
        status = syncs.now(id, wait=True) and syncs.status(id)
        assert (status["state"], status["run_at"] is None) == ("failure", rests), status
    syncs.clean()


@contextmanager
def nameless() -> Iterator[TdsServer]:
    with TdsServer(product=Product.NAMELESS) as server:
        yield server


def imported(db: Database, server: TdsServer, query: str) -> None:
    db.import_table({"provider": "sqlserver", "connection": server.connection(), "sql_query": query, "import_as": "told"})


@pytest.mark.parametrize(
    ("query", "difference"),
    [
        ("SELECT 1 / 3.0 AS x", r'"x" was described as decimal\(38,38\) and comes as '),
        ("SELECT 1 AS Ж", r'"\?" comes as "Ж"'),
        ("SELECT 1 AS Upper", r'"upper" comes as "Upper"'),
    ],
)
def test_a_wrong_description_is_noticed(db: Database, query: str, difference: str) -> None:
    """Of a server that does not tell that it is Babelfish: nothing wrong is stored."""
    with nameless() as server, fails("columns have changed since", number=1011, detail=difference):
        imported(db, server, query)
    assert db.value("SELECT to_regclass('told')") is None


@pytest.mark.parametrize(
    "query",
    [
        "WITH c AS (SELECT 1 AS a) SELECT a FROM c",  # described as without a result
        f"SELECT 1 AS a /* {'long ' * 2000} */ WHERE 1 = 1",  # its description fails
        "SELECT 1 AS a, 2 AS a",
    ],
    ids=lambda query: query[:40],
)
def test_what_is_not_described_is_run(db: Database, query: str) -> None:
    with nameless() as server:
        imported(db, server, query)
        assert server.statements.count(query) == 1
    assert db.value("SELECT a FROM told") == 1
    db.execute("DROP TABLE told")
