"""The T-SQL of the TDS test server: values, types, tables, the catalog."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytds
import pytest

from servers.process import wait_until
from servers.tds.server import DATABASE, PASSWORD, USER, TdsServer


class Client:
    """One session for all tests of the module."""

    def __init__(self, server: TdsServer) -> None:
        self.server = server
        self.connection = pytds.connect(
            "127.0.0.1", DATABASE, USER, PASSWORD, port=server.port, autocommit=True, timeout=60
        )

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        """The last result set of a batch."""
        with self.connection.cursor() as cursor:
            cursor.execute(text)
            found: list[tuple[Any, ...]] = []
            while True:
                if cursor.description:
                    found = [tuple(row) for row in cursor.fetchall()]
                if not cursor.nextset():
                    return found

    def value(self, expression: str) -> Any:
        ((value,),) = self.rows(f"SELECT {expression}")
        return value

    def types(self, text: str) -> list[tuple[str, str, bool]]:
        """Name, type and nullability of a query's columns, from its description."""
        quoted = text.replace("'", "''")
        described = self.rows(f"EXEC sp_describe_first_result_set N'{quoted}', NULL, 0")
        return [(row[2], row[5] or row[13], row[3]) for row in described]


@pytest.fixture(scope="module")
def sql() -> Iterator[Client]:
    with TdsServer() as server:
        yield Client(server)
        assert server.problems == []


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("7/2", 3),
        ("-7/2", -3),
        ("-7%3", -1),
        ("2*3.5", Decimal("7.0")),
        ("10.0/3", Decimal("3.333333")),
        ("CAST(1.5 AS money)*2", Decimal("3.0000")),
        ("1e0/4", 0.25),
        ("5 ^ 3", 6),
        ("~CAST(1 AS bit)", False),
        ("CAST(1.005 AS decimal(5,2))", Decimal("1.01")),
        ("CAST(-1.5 AS int)", -1),
        ("CAST(CAST(12.5 AS money) AS int)", 13),
        ("CAST(0.5 AS bit)", True),
        ("CAST('true' AS bit)", True),
        ("CAST(123456 AS varchar(3))", "*"),
        ("CAST('abc' AS char(2))", "ab"),
        ("CAST(12 AS char(5)) + '|'", "12   |"),
        ("CAST(123456.789e0 AS varchar(30))", "123457"),
        ("CAST(1.5e10 AS varchar(30))", "1.5e+010"),
        ("CONVERT(varchar(40), 0.1e0, 3)", "1.0000000000000001e-001"),
        ("CAST(CAST(1234.5678 AS money) AS varchar(20))", "1234.57"),
        ("CONVERT(varchar(20), CAST(1234567.8912 AS money), 1)", "1,234,567.89"),
        ("CONVERT(varchar(20), CAST(1234.5678 AS money), 2)", "1234.5678"),
        ("CONVERT(varchar(30), CAST('2024-02-29T12:34:56.789' AS datetime), 121)", "2024-02-29 12:34:56.790"),
        ("CONVERT(varchar(30), CAST('2024-02-29T12:34:56.789' AS datetime))", "Feb 29 2024 12:34PM"),
        (
            "CAST(CAST('2024-02-29T12:34:56.789+01:00' AS datetimeoffset(3)) AS varchar(40))",
            "2024-02-29 12:34:56.789 +01:00",
        ),
        (
            "CAST(CAST('2024-02-29T12:34:56.787' AS datetime) AS datetime2(7))",
            datetime.datetime(2024, 2, 29, 12, 34, 56, 786666),
        ),
        ("CAST('2024-02-29T23:59:30' AS smalldatetime)", datetime.datetime(2024, 3, 1)),
        ("CAST('23:59:59.996' AS time(2))", datetime.time(0, 0)),
        ("CAST('2024-02-29' AS datetime) + 1.5", datetime.datetime(2024, 3, 1, 12)),
        ("DATEADD(month, 1, CAST('2024-01-31' AS date))", datetime.date(2024, 2, 29)),
        ("DATEDIFF(hour, '2024-01-01T00:59:00', '2024-01-01T01:01:00')", 1),
        ("DATENAME(month, '2024-02-29')", "February"),
        ("CAST(0xFF AS int)", 255),
        ("CAST(258 AS varbinary(4))", b"\0\0\1\2"),
        ("CAST(258 AS binary(2))", b"\1\2"),
        ("CAST(N'ab' AS varbinary(10))", b"a\0b\0"),
        ("CONVERT(varchar(20), 0xCAFE, 1)", "0xCAFE"),
        ("CONVERT(varbinary(4), 'CAFE', 2)", b"\xca\xfe"),
        ("0x0102 + 0x03", b"\1\2\3"),
        ("LEN('abc  ')", 3),
        ("DATALENGTH(N'abc ')", 8),
        ("LEN(N'😀')", 2),
        ("SUBSTRING(N'😀x', 3, 1)", "x"),
        ("RIGHT('abc', 2)", "bc"),
        ("REPLICATE('ab', 3)", "ababab"),
        ("LEN(REPLICATE('ab', 8000))", 8000),
        ("LEN(REPLICATE(CAST('ab' AS varchar(max)), 8000))", 16000),
        ("REPLACE('aBa', 'b', 'x')", "axa"),
        ("STUFF('abcdef', 2, 3, 'X')", "aXef"),
        ("CONCAT('a', NULL, 1, N'ж')", "a1ж"),
        ("'x' + NULL", None),
        ("QUOTENAME('a]b')", "[a]]b]"),
        ("FLOOR(CAST(-1.5 AS money))", Decimal("-2.0000")),
        ("CEILING(1.2)", Decimal("2")),
        ("ROUND(1.257, 2)", Decimal("1.260")),
        ("POWER(2, 10)", 1024),
        ("CASE WHEN 'a ' = 'A' THEN 1 ELSE 0 END", 1),
        ("CASE WHEN 'a' = 'A' COLLATE Latin1_General_CS_AS THEN 1 ELSE 0 END", 0),
        ("CASE WHEN 'é' = 'e' COLLATE Latin1_General_CI_AI THEN 1 ELSE 0 END", 1),
        ("CASE WHEN 'abc' LIKE '[a-c]b_' THEN 1 ELSE 0 END", 1),
        ("CASE WHEN 10 > 9.5 AND '10' = 10 THEN 1 ELSE 0 END", 1),
        ("CASE WHEN CAST(9 AS decimal(9,1)) < CAST(10 AS decimal(9,1)) THEN 1 ELSE 0 END", 1),
        ("TRY_CAST('x' AS int)", None),
        ("(SELECT MAX(v) FROM (VALUES (3), (1)) AS t(v))", 3),
        ("CAST(CAST(5 AS sql_variant) AS int)", 5),
        ("CAST(SQL_VARIANT_PROPERTY(CAST(1.5 AS money), 'BaseType') AS nvarchar(20))", "money"),
        ("CAST(N'<?xml version=\"1.0\"?><a>é</a>' AS xml)", "<a>é</a>"),
        ("hierarchyid::Parse('/1/2/').GetLevel()", 2),
        ("geometry::STGeomFromText('LINESTRING (0 0, 1 1 5)', 0).ToString()", "LINESTRING (0 0, 1 1 5)"),
        ("geography::Point(47.5, -122.25, 4326).Long", -122.25),
        ("geometry::STGeomFromWKB(0x0101000000000000000000F03F0000000000000040, 7).STSrid", 7),
        ("CONVERT(int, 0x00000010) & 24", 16),
        ("ISNULL(CAST(NULL AS varchar(2)), 'abcdef')", "ab"),
    ],
)
def test_values(sql: Client, expression: str, value: object) -> None:
    found = sql.value(expression)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("1", "int"),
        ("3000000000", "numeric(10,0)"),
        ("1.50", "numeric(3,2)"),
        ("1e0", "float"),
        ("'abc'", "varchar(3)"),
        ("N''", "nvarchar(1)"),
        ("0x0102", "varbinary(2)"),
        ("NULL", "int"),
        ("CAST(1 AS tinyint) + CAST(1 AS smallint)", "smallint"),
        ("CAST(1 AS decimal(10,2)) + CAST(1 AS decimal(5,4))", "decimal(13,4)"),
        ("CAST(1 AS decimal(10,2)) * CAST(1 AS decimal(5,4))", "decimal(16,6)"),
        ("CAST(1 AS decimal(38,10)) / CAST(1 AS decimal(38,10))", "decimal(38,6)"),
        ("'a' + N'b'", "nvarchar(2)"),
        ("CAST('a' AS varchar(max)) + 'b'", "varchar(max)"),
        ("CASE WHEN 1 = 1 THEN 1 ELSE 2.5 END", "numeric(11,1)"),
        ("COUNT(*)", "int"),
        ("COUNT_BIG(*)", "bigint"),
        ("SUM(CAST(1 AS tinyint))", "int"),
        ("SUM(CAST(1 AS decimal(10,2)))", "decimal(38,2)"),
        ("AVG(CAST(1 AS decimal(10,2)))", "decimal(38,6)"),
        ("CAST('a' AS nvarchar)", "nvarchar(30)"),
        ("SYSDATETIMEOFFSET()", "datetimeoffset(7)"),
        ("geometry::Point(1, 2, 0)", "geometry"),
    ],
)
def test_types(sql: Client, expression: str, kind: str) -> None:
    assert [found for _, found, _ in sql.types(f"SELECT {expression}")] == [kind]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1 AS a UNION SELECT 1 UNION SELECT 2 ORDER BY a DESC", [(2,), (1,)]),
        ("SELECT 1 UNION ALL SELECT 2.5", [(Decimal("1.0"),), (Decimal("2.5"),)]),
        ("SELECT 1 EXCEPT SELECT 2", [(1,)]),
        (
            "SELECT a.v, b.v FROM (VALUES (1),(2)) a(v) FULL JOIN (VALUES (2),(3)) b(v) ON a.v = b.v ORDER BY 1, 2",
            [(None, 3), (1, None), (2, 2)],
        ),
        ("SELECT TOP 2 v FROM (VALUES (3),(1),(2)) a(v) ORDER BY v", [(1,), (2,)]),
        ("SELECT v FROM (VALUES (3),(1),(2)) a(v) ORDER BY v OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY", [(2,)]),
        ("SELECT v, COUNT(*) AS n FROM (VALUES ('b'),('A'),('a')) a(v) GROUP BY v HAVING COUNT(*) > 1", [("A", 2)]),
        ("SELECT DISTINCT v FROM (VALUES (N'ж'),(N'Ж')) a(v)", [("ж",)]),
        (
            "SELECT v, ROW_NUMBER() OVER (ORDER BY v DESC) FROM (VALUES ('b'),('A')) t(v) ORDER BY v",
            [("A", 2), ("b", 1)],
        ),
        (
            "SELECT v FROM (VALUES (CAST(10 AS decimal(9,1))),(9),(-1)) a(v) ORDER BY v",
            [(Decimal(-1),), (Decimal(9),), (Decimal(10),)],
        ),
        ("SELECT SUM(v), AVG(v), MIN(v), COUNT(v), COUNT(*) FROM (VALUES (1),(2),(NULL)) t(v)", [(3, 1, 1, 2, 3)]),
        (
            "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n OPTION (MAXRECURSION 0)",
            [(1,), (2,), (3,)],
        ),
        ("SELECT value FROM GENERATE_SERIES(1, 5, 2)", [(1,), (3,), (5,)]),
        (
            "DECLARE @i int = 0; WHILE @i < 3 SET @i = @i + 1; IF @i = 3 SELECT 'three' ELSE SELECT 'other'",
            [("three",)],
        ),
        ("DECLARE @s nvarchar(10); SELECT @s = N'x' + v FROM (VALUES (N'y')) t(v); SELECT @s", [("xy",)]),
        ("DECLARE @q nvarchar(100) = N'SELECT @p + 1'; EXEC sp_executesql @q, N'@p int', 41", [(42,)]),
        ("EXEC('SELECT ' + '7')", [(7,)]),
    ],
)
def test_queries(sql: Client, text: str, expected: list[tuple[Any, ...]]) -> None:
    assert sql.rows(text) == expected


def test_comments_and_names(sql: Client) -> None:
    found = sql.rows('/* a /* nested */ comment */ SELECT 1 AS [a ]] b], 2 "q""x" -- the end')
    assert found == [(1, 2)]
    assert [name for name, _, _ in sql.types("SELECT 1 AS [a ]] b], x = 2, 3 AS 'text'")] == ["a ] b", "x", "text"]


def test_tables(sql: Client) -> None:
    """Identity, defaults, computed columns, row versions, changes, keys."""
    sql.rows(
        """CREATE TABLE things (id int IDENTITY(10, 5) NOT NULL, name nvarchar(5) NOT NULL DEFAULT N'none', price money NULL,
           twice AS price * 2, version rowversion, CONSTRAINT things_key PRIMARY KEY (id), UNIQUE (name))"""
    )
    sql.rows(
        "INSERT INTO things (price) VALUES (1.5) INSERT things (name, price) SELECT N'b', 2 UNION ALL SELECT N'c', NULL"
    )
    assert sql.value("@@IDENTITY") == 20
    expected = [(10, "none", Decimal("1.5"), Decimal(3)), (15, "b", Decimal(2), Decimal(4)), (20, "c", None, None)]
    assert sql.rows("SELECT id, name, price, twice FROM things ORDER BY id") == expected
    ((before,),) = sql.rows("SELECT version FROM things WHERE id = 15")
    assert sql.rows("UPDATE things SET price = price + 1 WHERE name = N'B'; SELECT @@ROWCOUNT") == [(1,)]
    ((after, price),) = sql.rows("SELECT version, price FROM things WHERE id = 15")
    assert (after > before, price) == (True, Decimal(3))
    for text, number in (
        ("INSERT INTO things (name) VALUES (N'b')", 2627),
        ("INSERT INTO things (name) VALUES (NULL)", 515),
        ("INSERT INTO things (name) VALUES (N'too long')", 2628),
        ("INSERT INTO things (id, name) VALUES (1, N'x')", 544),
        ("INSERT INTO things VALUES (N'x')", 109),
        ("UPDATE things SET nothing = 1", 207),
        ("CREATE TABLE things (a int)", 2714),
        ("INSERT INTO things (price) VALUES ('x')", 235),
    ):
        with pytest.raises(pytds.Error) as caught:
            sql.rows(text)
        assert caught.value.msg_no == number, text
    sql.rows(
        "DELETE FROM things WHERE id > 10; ALTER TABLE things ADD more date NULL; ALTER TABLE things DROP COLUMN price"
    )
    assert sql.rows("SELECT id, name, more FROM things") == [(10, "none", None)]
    sql.rows("TRUNCATE TABLE things; INSERT INTO things (name) VALUES (N'new')")
    assert sql.rows("SELECT id FROM things") == [(10,)]
    sql.rows("DROP TABLE things")
    sql.rows("DROP TABLE IF EXISTS things")


def test_failed_statement_changes_nothing(sql: Client) -> None:
    sql.rows("CREATE TABLE whole (a tinyint)")
    with pytest.raises(pytds.Error, match="overflow"):
        sql.rows("INSERT INTO whole SELECT value FROM GENERATE_SERIES(250, 260)")
    assert sql.rows("SELECT COUNT(*) FROM whole") == [(0,)]
    sql.rows("BEGIN TRANSACTION INSERT INTO whole VALUES (1) ROLLBACK")
    assert sql.rows("SELECT COUNT(*), @@TRANCOUNT FROM whole") == [(0, 0)]
    sql.rows("DROP TABLE whole")


def test_temporary_tables_are_private(sql: Client) -> None:
    sql.rows("CREATE TABLE #mine (a int); INSERT INTO #mine VALUES (1)")
    assert sql.rows("SELECT a FROM #mine") == [(1,)]
    with pytest.raises(pytds.Error, match="Invalid object name '#mine'"):
        Client(sql.server).rows("SELECT a FROM #mine")
    with pytest.raises(pytds.Error) as caught:
        sql.types("SELECT a FROM #mine")
    assert caught.value.msg_no == 11526
    with pytest.raises(pytds.Error) as caught:
        sql.types("CREATE TABLE #other (a int); INSERT INTO #other VALUES (1); SELECT a FROM #other")
    assert caught.value.msg_no == 11526
    sql.rows("DROP TABLE #mine")


def test_views_schemas_databases(sql: Client) -> None:
    sql.rows("CREATE SCHEMA other")
    sql.rows("CREATE TABLE other.t (a int NOT NULL, b nvarchar(3)); INSERT INTO other.t VALUES (1, N'x'), (2, NULL)")
    sql.rows("CREATE VIEW dbo.v (first, second) AS WITH w AS (SELECT a, b FROM other.t) SELECT * FROM w WHERE a = 2")
    assert sql.rows(f"SELECT first, second FROM [{DATABASE}].[dbo].[v]") == [(2, None)]
    assert sql.types("SELECT * FROM v") == [("first", "int", False), ("second", "nvarchar(3)", True)]
    sql.rows("CREATE DATABASE second COLLATE Cyrillic_General_CI_AS; CREATE TABLE second.dbo.t (v varchar(5))")
    sql.rows("INSERT INTO second.dbo.t VALUES (N'ж日')")
    assert sql.rows("SELECT v FROM second..t") == [("ж?",)]
    assert sql.rows("USE second; SELECT DB_NAME(), DATABASEPROPERTYEX('second', 'Collation')") == [
        ("second", "Cyrillic_General_CI_AS")
    ]
    sql.rows(f"USE {DATABASE}; DROP DATABASE second; DROP VIEW v; DROP TABLE other.t; DROP SCHEMA other")
    assert sql.rows("SELECT DB_ID('second')") == [(None,)]


def test_catalog(sql: Client) -> None:
    sql.rows(
        "CREATE TABLE listed (b decimal(12,3) NOT NULL, a nvarchar(7) COLLATE Greek_CI_AS NULL, c datetime2(3), PRIMARY KEY (b))"
    )
    sql.rows(
        """EXEC sys.sp_addextendedproperty N'MS_Description', N'the ж', N'SCHEMA', N'dbo', N'TABLE', N'listed', N'COLUMN', N'a';
           CREATE INDEX listed_a ON listed (a DESC, c)"""
    )
    columns = """SELECT c.name, t.name, c.max_length, c.precision, c.scale, c.collation_name, c.is_nullable FROM sys.columns c
        JOIN sys.types t ON t.user_type_id = c.user_type_id WHERE c.object_id = OBJECT_ID(N'dbo.listed') ORDER BY c.column_id"""
    assert sql.rows(columns) == [
        ("b", "decimal", 9, 12, 3, None, False),
        ("a", "nvarchar", 14, 0, 0, "Greek_CI_AS", True),
        ("c", "datetime2", 7, 23, 3, None, True),
    ]
    keys = """SELECT i.name, i.is_primary_key, c.name, ic.is_descending_key FROM sys.indexes i
        JOIN sys.index_columns ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id
        JOIN sys.columns c ON c.object_id = ic.object_id AND c.column_id = ic.column_id
        WHERE i.object_id = OBJECT_ID('listed') ORDER BY i.index_id, ic.key_ordinal"""
    found = sql.rows(keys)
    assert [row[1:] for row in found] == [(True, "b", False), (False, "a", True), (False, "c", False)]
    properties = """SELECT c.name, CAST(p.value AS nvarchar(100)) FROM sys.extended_properties p
        LEFT JOIN sys.columns c ON c.object_id = p.major_id AND c.column_id = p.minor_id WHERE p.class = 1"""
    assert sql.rows(properties) == [("a", "the ж")]
    information = "SELECT COLUMN_NAME, DATA_TYPE, NUMERIC_PRECISION, IS_NULLABLE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'LISTED'"
    assert sql.rows(information) == [
        ("b", "decimal", 12, "NO"),
        ("a", "nvarchar", None, "YES"),
        ("c", "datetime2", None, "YES"),
    ]
    sql.rows("DROP TABLE listed")
    assert sql.rows("SELECT * FROM sys.extended_properties") == []


def test_procedures_of_the_catalog(sql: Client) -> None:
    """By which ODBC drivers read it: names are patterns, in which brackets take the meaning away."""
    sql.rows("CREATE TABLE cat_a (id int NOT NULL, w nvarchar(20), d datetime2(3), m varchar(max), CONSTRAINT cat_key PRIMARY KEY (id))")
    sql.rows("CREATE TABLE catxa (n decimal(10,2) NOT NULL)")
    sql.rows("CREATE VIEW cat_view AS SELECT id FROM cat_a")
    named = sql.rows("EXEC sp_tables @table_name = N'cat_a', @table_owner = N'dbo'")
    assert [row[1:4] for row in named] == [("dbo", "cat_a", "TABLE"), ("dbo", "catxa", "TABLE")]
    assert [row[2] for row in sql.rows("EXEC sp_tables N'cat[_]a'")] == ["cat_a"]
    views = sql.rows("EXEC sp_tables N'cat%', NULL, NULL, N'''VIEW'''")
    assert [row[2:4] for row in views] == [("cat_view", "VIEW")]
    columns = sql.rows("EXEC sp_columns_100 N'cat[_]a', @ODBCVer = 3")
    assert [(row[3], row[4], row[5], row[6], row[10], row[16]) for row in columns] == [
        ("id", 4, "int", 10, 0, 1),
        ("w", -9, "nvarchar", 20, 1, 2),
        ("d", 93, "datetime2", 23, 1, 3),
        ("m", 12, "varchar", 0, 1, 4),
    ]
    assert [row[4] for row in sql.rows("EXEC sp_columns N'cat[_]a'")] == [4, -9, -9, -1]
    assert [row[2:] for row in sql.rows("EXEC sp_pkeys N'cat_a'")] == [("cat_a", "id", 1, "cat_key")]
    assert [row[3:9] for row in sql.rows("EXEC sp_statistics N'cat_a'")] == [
        (None, None, None, 0, None, None),
        (0, "cat_a", "cat_key", 3, 1, "id"),
    ]
    sql.rows("DROP VIEW cat_view")
    sql.rows("DROP TABLE cat_a, catxa")


def test_text_size(sql: Client) -> None:
    client = Client(sql.server)
    text = "SELECT REPLICATE(CAST(N'ж' AS nvarchar(max)), 10), REPLICATE('a', 10), CAST(0x01020304 AS varbinary(max))"
    client.rows("SET TEXTSIZE 5")
    assert client.rows(text) == [("жж", "a" * 10, b"\1\2\3\4")]
    assert client.rows("SET TEXTSIZE 2147483647; SELECT @@TEXTSIZE") == [(2147483647,)]
    assert client.rows(text) == [("ж" * 10, "a" * 10, b"\1\2\3\4")]


@pytest.mark.parametrize("size", [8000, 1_000_000, 16_000_000])
def test_large_values(sql: Client, size: int) -> None:
    sql.rows(
        "DROP TABLE IF EXISTS large; CREATE TABLE large (v varchar(max), n nvarchar(max), b varbinary(max), t text)"
    )
    piece = f"REPLICATE(CAST('ab' AS varchar(max)), {size // 2})"
    sql.rows(f"INSERT INTO large SELECT {piece}, {piece}, CAST({piece} AS varbinary(max)), {piece}")
    assert sql.rows("SELECT v, n, b, t FROM large") == [
        ("ab" * (size // 2), "ab" * (size // 2), b"ab" * (size // 2), "ab" * (size // 2))
    ]
    assert sql.rows("SELECT DATALENGTH(n), LEN(v) FROM large") == [(2 * size, size)]
    sql.rows("DROP TABLE large")


def test_transaction_manager(sql: Client) -> None:
    """A client without autocommit begins and ends transactions by requests of their own."""
    client = pytds.connect("127.0.0.1", DATABASE, USER, PASSWORD, port=sql.server.port, autocommit=False, timeout=60)
    with client.cursor() as cursor:
        cursor.execute("CREATE TABLE managed (a int)")
        client.commit()
        cursor.execute("INSERT INTO managed VALUES (1)")
        client.rollback()
        cursor.execute("INSERT INTO managed VALUES (2)")
        client.commit()
        cursor.execute("SELECT a FROM managed")
        assert cursor.fetchall() == [(2,)]
    client.close()
    sql.rows("DROP TABLE managed")


def test_cross_join_is_lazy(sql: Client) -> None:
    """Rows come as they are made: the first of very many at once."""
    with sql.connection.cursor() as cursor:
        cursor.execute("SELECT a.value FROM GENERATE_SERIES(1, 1000000) a, GENERATE_SERIES(1, 1000000) b")
        assert cursor.fetchone() == (1,)
        cursor.cancel()
    assert sql.value("1") == 1


def test_output(sql: Client) -> None:
    sql.rows("CREATE TABLE told (id int IDENTITY, a int, twice AS a * 2)")
    assert sql.rows("INSERT INTO told (a) OUTPUT inserted.id, inserted.twice AS t VALUES (5), (6)") == [
        (1, 10),
        (2, 12),
    ]
    assert sql.rows("UPDATE told SET a = 7 OUTPUT inserted.* WHERE id = 2") == [(2, 7, 14)]
    assert sql.types("DELETE FROM told OUTPUT deleted.a") == [("a", "int", True)]
    assert sql.rows("DELETE FROM told OUTPUT deleted.a WHERE id = 1") == [(5,)]
    assert sql.rows("SELECT id FROM told") == [(2,)]
    sql.rows("DROP TABLE told")


def test_locks(sql: Client) -> None:
    """Who changes a table in a transaction keeps others from reading it; an attention ends the wait."""
    sql.rows("ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON")
    sql.rows("CREATE TABLE guarded (a int); INSERT INTO guarded VALUES (1)")
    other = Client(sql.server)
    other.rows("BEGIN TRANSACTION; ALTER TABLE guarded ADD b int")
    with pytest.raises(pytds.Error) as caught:
        sql.rows("SET LOCK_TIMEOUT 50; SELECT a FROM guarded")
    assert caught.value.msg_no == 1222
    assert sql.rows("SET LOCK_TIMEOUT -1; SET TRANSACTION ISOLATION LEVEL SNAPSHOT; SELECT * FROM guarded") == [(1,)]
    sql.rows("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
    waiting = Client(sql.server)
    text = "SELECT a FROM guarded WHERE 5 = 5"
    with waiting.connection.cursor() as cursor:
        cursor._session.submit_plain_query(text)  # noqa: SLF001
        found = f"SELECT r.status FROM sys.dm_exec_requests r CROSS APPLY sys.dm_exec_sql_text(r.sql_handle) t WHERE t.text = '{text}'"
        wait_until(lambda: sql.rows(found) == [("suspended",)], what="the wait for the lock")
        cursor._session.cancel_if_pending()  # noqa: SLF001
        cursor.execute("SELECT 1")
        assert cursor.fetchall() == [(1,)]
    read: list[tuple[Any, ...]] = []
    reader = threading.Thread(target=lambda: read.extend(waiting.rows(text)))
    reader.start()
    wait_until(lambda: sql.rows(found) == [("suspended",)], what="the wait for the lock")
    other.rows("ROLLBACK")
    reader.join()
    assert read == [(1,)]
    sql.rows("DROP TABLE guarded; ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION OFF")


def test_hashes_and_ids(sql: Client) -> None:
    assert sql.value("CONVERT(varchar(40), HASHBYTES('MD5', 'a'), 2)") == "0CC175B9C0F1B6A831C399E269772661"
    assert sql.rows("SELECT COUNT(DISTINCT NEWID()) FROM GENERATE_SERIES(1, 20)") == [(20,)]


def test_accounts(sql: Client) -> None:
    """A login of its own, with nothing but what was granted."""
    sql.rows("CREATE TABLE shown (a int, b int); INSERT INTO shown VALUES (1, 2); CREATE TABLE hidden (a int)")
    sql.rows("CREATE VIEW through AS SELECT a FROM hidden")
    sql.rows("CREATE LOGIN [lim] WITH PASSWORD = N'l''im', CHECK_POLICY = OFF")

    def limited(text: str) -> list[tuple[Any, ...]]:
        client = pytds.connect(
            "127.0.0.1", DATABASE, "lim", "l'im", port=sql.server.port, autocommit=True, timeout=60, login_timeout=2
        )
        with client, client.cursor() as cursor:
            cursor.execute(text)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    with pytest.raises(pytds.Error, match="Cannot open database"):
        limited("SELECT 1")
    sql.rows(
        "CREATE USER lim FOR LOGIN lim; GRANT SELECT ON shown (a) TO lim; GRANT SELECT ON OBJECT::dbo.through TO lim"
    )
    assert limited("SELECT a FROM shown") == [(1,)]
    assert limited("SELECT COUNT(*) FROM through") == [(0,)]
    for text, number in (
        ("SELECT b FROM shown", 230),
        ("SELECT * FROM shown", 230),
        ("SELECT a FROM hidden", 229),
        ("INSERT INTO shown VALUES (1, 2)", 229),
        ("DROP TABLE shown", 262),
        ("CREATE TABLE mine (a int)", 262),
        ("CREATE LOGIN other WITH PASSWORD = 'x'", 262),
    ):
        with pytest.raises(pytds.Error) as caught:
            limited(text)
        assert caught.value.msg_no == number, text
    assert limited("CREATE TABLE #mine (a int); INSERT INTO #mine VALUES (1); SELECT a FROM #mine") == []
    sql.rows("ALTER ROLE db_datareader ADD MEMBER lim")
    assert limited("SELECT b FROM shown") == [(2,)]
    assert sql.rows("SELECT SUSER_ID('lim'), SUSER_ID('nobody')") == [(256, None)]
    sql.rows("DROP USER IF EXISTS lim; DROP LOGIN lim; DROP VIEW through; DROP TABLE shown, hidden")
    with pytest.raises(pytds.Error, match="Login failed"):
        limited("SELECT 1")


@pytest.mark.parametrize(
    "condition",
    [
        "CAST(N'2020-01-01T00:00:00+00:00' AS datetimeoffset) = CAST(N'2020-01-01T02:00:00+02:00' AS datetimeoffset(3))",
        "CAST(N'2020-01-01T00:00:00+00:00' AS datetimeoffset) < CAST(N'2019-12-31T23:00:00-02:00' AS datetimeoffset)",
        "CAST(N'2020-01-01T00:00:00.003' AS datetime) <> CAST(N'2020-01-01T00:00:00.003' AS datetime2)",
        "CAST(N'2020-01-01T00:00:00' AS smalldatetime) = CAST(N'2020-01-01T00:00:00.0000000' AS datetime2(7))",
        "N'a' = N'A  ' AND N'a' <> N'á' AND N'a' COLLATE Latin1_General_CI_AI = N'á'",
        "N'a' COLLATE Latin1_General_BIN2 <> N'A' AND N'a' COLLATE Latin1_General_BIN2 = N'a '",
        "N'Ab' LIKE N'aB%' AND N'Ab' COLLATE Latin1_General_BIN2 NOT LIKE N'aB%' AND N'a[b' LIKE N'a~[%' ESCAPE '~'",
        "0x01 = 0x0100 AND 0x01 <> 0x0001",
        "CAST(0.1 AS decimal(10, 1)) = CAST(0.10 AS decimal(38, 37)) AND CAST(1 AS bit) = 1",
        # the last group of bytes decides first
        "CAST(N'00000000-0000-0000-0000-010000000000' AS uniqueidentifier)"
        " > CAST(N'ffffffff-ffff-ffff-ffff-000000000000' AS uniqueidentifier)",
    ],
)
def test_comparisons(sql: Client, condition: str) -> None:
    assert sql.value(f"CASE WHEN {condition} THEN 1 ELSE 0 END") == 1


def test_what_a_select_may_not_say(sql: Client) -> None:
    sql.rows("CREATE TABLE chosen (a int, b int); INSERT INTO chosen SELECT value, 1 FROM GENERATE_SERIES(1, 1000)")
    sql.rows("CREATE VIEW chosen_view AS SELECT a FROM chosen")
    for number, query in {
        169: "SELECT a FROM chosen ORDER BY a, b, a DESC",
        10744: "SELECT a FROM chosen ORDER BY a OFFSET 1 ROWS FETCH NEXT 0 ROWS ONLY",
        494: "SELECT a FROM chosen_view TABLESAMPLE SYSTEM (10 PERCENT)",
    }.items():
        with pytest.raises(pytds.Error) as failure:
            sql.rows(query)
        assert failure.value.number == number
    assert len(sql.rows("SELECT c.a FROM chosen c TABLESAMPLE (50.0 PERCENT)")) not in (0, 1000)
    assert len(sql.rows("SELECT a FROM chosen TABLESAMPLE SYSTEM (100.0 PERCENT)")) == 1000
    sql.rows("DROP VIEW chosen_view; DROP TABLE chosen")


def test_snapshots(sql: Client) -> None:
    """Allowed by the database or an error; they show what was there when the transaction first read."""
    reader, writer = Client(sql.server), Client(sql.server)
    writer.rows("CREATE TABLE kept_still (n int NOT NULL)")
    writer.rows("INSERT INTO kept_still VALUES (1)")
    state = f"SELECT snapshot_isolation_state FROM sys.databases WHERE name = '{DATABASE}'"
    assert writer.rows(state) == [(0,)]
    reader.rows("SET TRANSACTION ISOLATION LEVEL SNAPSHOT")
    with pytest.raises(pytds.Error, match="snapshot isolation is not allowed"):
        reader.rows("SELECT n FROM kept_still")
    writer.rows("ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON")
    assert writer.rows(state) == [(1,)]
    reader.rows("BEGIN TRANSACTION")
    assert reader.rows("SELECT n FROM kept_still") == [(1,)]
    writer.rows("UPDATE kept_still SET n = 2")
    assert reader.rows("SELECT n FROM kept_still") == [(1,)]
    reader.rows("COMMIT")
    assert reader.rows("SELECT n FROM kept_still") == [(2,)]
    with pytest.raises(pytds.Error, match="not allowed within multi-statement transaction"):
        writer.rows(f"BEGIN TRANSACTION; ALTER DATABASE {DATABASE} SET ALLOW_SNAPSHOT_ISOLATION OFF")
    writer.rows(f"IF @@TRANCOUNT > 0 ROLLBACK; ALTER DATABASE {DATABASE} SET ALLOW_SNAPSHOT_ISOLATION OFF; DROP TABLE kept_still")
    assert writer.rows(state) == [(0,)]
