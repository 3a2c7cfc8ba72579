"""Every type of SQL Server with its extremes, as the server shows them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pytest
import pytds
from harness.database import Database
from harness.errors import fails
from harness.skipping import host_lacks, needs_xml
from harness.sources import Read
from harness.sums import assert_as_different, of_each_row, snapshots

from servers.fake_sqlserver import FakeSqlServer
from servers.remote_sqlserver import SqlServerRemote
from servers.tds.faults import Mode


@dataclass(frozen=True)
class Kind:
    """A column's declaration, the local type, and values: T-SQL and what PostgreSQL prints of the import."""

    declaration: str
    local: str
    values: tuple[tuple[str, str], ...]
    not_in_babelfish: bool = False

    @property
    def name(self) -> str:
        return self.declaration


def same(*texts: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"'{text}'", text) for text in texts)


NINES = "9" * 38
KINDS = [
    Kind("bit", "boolean", (("1", "true"), ("0", "false"))),
    Kind("tinyint", "smallint", (("0", "0"), ("255", "255"))),
    Kind("smallint", "smallint", (("-32768", "-32768"), ("32767", "32767"))),
    Kind("int", "integer", (("-2147483648", "-2147483648"), ("2147483647", "2147483647"))),
    Kind("bigint", "bigint", (("-9223372036854775808", "-9223372036854775808"), ("9223372036854775807", "9223372036854775807"))),
    Kind("decimal(38,0)", "numeric(38,0)", ((NINES, NINES), ("-" + NINES, "-" + NINES), ("0", "0"))),
    Kind("decimal(38,38)", "numeric(38,38)", (("0." + NINES, "0." + NINES), ("-0." + "0" * 37 + "1", "-0." + "0" * 37 + "1"))),
    Kind("numeric(9,2)", "numeric(9,2)", (("1234567.89", "1234567.89"), ("-0.05", "-0.05"), ("10", "10.00"))),
    Kind("numeric(19,4)", "numeric(19,4)", (("123456789012345.6789", "123456789012345.6789"),)),
    Kind(
        "money",
        "numeric(19,4)",
        (("-922337203685477.5808", "-922337203685477.5808"), ("922337203685477.5807", "922337203685477.5807"), ("0.0001", "0.0001")),
    ),
    Kind("smallmoney", "numeric(10,4)", (("-214748.3648", "-214748.3648"), ("214748.3647", "214748.3647"))),
    Kind("float", "double precision", (("1.7976931348623157E308", "1.7976931348623157e+308"), ("2.2250738585072014E-308", "2.2250738585072014e-308"), ("-0.1", "-0.1"))),
    Kind("real", "real", (("3.4028235E38", "3.4028235e+38"), ("-1.5", "-1.5"), ("0.1", "0.1"))),
    Kind("date", "date", same("0001-01-01", "9999-12-31", "2024-02-29")),
    Kind("time(7)", "time(6) without time zone", (("'00:00:00'", "00:00:00"), ("'12:34:56.1234560'", "12:34:56.123456"), ("'23:59:59.999999'", "23:59:59.999999"))),
    Kind("time(0)", "time without time zone", same("23:59:59")),
    Kind(
        "datetime",
        "timestamp(6) without time zone",
        (("'1753-01-01 00:00:00'", "1753-01-01 00:00:00"), ("'9999-12-31 23:59:59.997'", "9999-12-31 23:59:59.997"), ("'2020-01-01 00:00:00.003'", "2020-01-01 00:00:00.003")),
    ),
    Kind("smalldatetime", "timestamp(6) without time zone", (("'1900-01-01 00:00'", "1900-01-01 00:00:00"), ("'2079-06-06 23:59'", "2079-06-06 23:59:00"))),
    Kind(
        "datetime2(6)",
        "timestamp(6) without time zone",
        same("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "2020-02-29 12:34:56.123456"),
    ),
    Kind("datetime2(3)", "timestamp(3) without time zone", same("2020-02-29 12:34:56.123")),
    Kind("datetime2(0)", "timestamp(0) without time zone", same("2020-02-29 12:34:56")),
    Kind(
        "datetimeoffset(6)",
        "timestamp(6) with time zone",
        (
            ("'2020-02-29 12:34:56.123456 +05:30'", "2020-02-29 07:04:56.123456+00"),
            ("'2020-02-29 12:34:56 -14:00'", "2020-03-01 02:34:56+00"),
        ),
    ),
    Kind("uniqueidentifier", "uuid", same("00112233-4455-6677-8899-aabbccddeeff", "00000000-0000-0000-0000-000000000000")),
    Kind("char(10)", "character(10)", (("''", ""), ("'ab'", "ab"))),
    Kind("varchar(20)", "character varying(20)", same("", "ab ", "it")),
    Kind("varchar(8000)", "character varying(8000)", (("REPLICATE('x', 8000)", "x" * 8000),)),
    Kind("varchar(max)", "text", (("''", ""), ("REPLICATE(CAST('ab' AS varchar(max)), 4608)", "ab" * 4608))),
    Kind("nchar(10)", "character(10)", (("N''", ""), ("N'日本ж'", "日本ж"))),
    Kind("nvarchar(20)", "character varying(20)", (("N''", ""), ("N'astral 😀'", "astral 😀"), ("N'é '", "é "))),
    Kind("nvarchar(max)", "text", (("N''", ""), ("REPLICATE(CAST(N'ж' AS nvarchar(max)), 4608)", "ж" * 4608))),
    Kind("text", "text", (("''", ""), ("REPLICATE(CAST('ab' AS varchar(max)), 4608)", "ab" * 4608))),
    Kind("ntext", "text", (("N''", ""), ("REPLICATE(CAST(N'日' AS nvarchar(max)), 4608)", "日" * 4608))),
    Kind("binary(4)", "bytea", (("0x01020304", r"\x01020304"), ("0x00", r"\x00000000"))),
    Kind("varbinary(8)", "bytea", (("0x", r"\x"), ("0x00ff00", r"\x00ff00"))),
    Kind("varbinary(max)", "bytea", (("0x", r"\x"), ("0x0a0b", r"\x0a0b"))),
    Kind("image", "bytea", (("0x", r"\x"), ("0x00ff", r"\x00ff"))),
    Kind("xml", "xml", (("N'<a>é<b/>😀</a>'", "<a>é<b/>😀</a>"), ("N'<a/><b/>'", "<a/><b/>"))),
    # what Babelfish has not, or has otherwise
    Kind(
        "time(7) ",
        "time(6) without time zone",
        (("'12:34:56.1234564'", "12:34:56.123456"), ("'12:34:56.1234565'", "12:34:56.123457"), ("'23:59:59.9999999'", "00:00:00")),
        not_in_babelfish=True,
    ),
    Kind(
        "datetime2(7)",
        "timestamp(6) without time zone",
        (
            ("'2020-02-29 12:34:56.1234565'", "2020-02-29 12:34:56.123457"),
            ("'2019-12-31 23:59:59.9999999'", "2020-01-01 00:00:00"),
            ("'9999-12-31 23:59:59.9999999'", "9999-12-31 23:59:59.999999"),
        ),
        not_in_babelfish=True,
    ),
    Kind(
        "datetimeoffset(7)",
        "timestamp(6) with time zone",
        (("'0001-01-01 00:00:00 +00:00'", "0001-01-01 00:00:00+00"), ("'2020-02-29 12:34:56.1234565 +00:00'", "2020-02-29 12:34:56.123457+00")),
        not_in_babelfish=True,
    ),
    Kind("hierarchyid", "text", (("'/1/2/'", "/1/2/"), ("'/'", "/")), not_in_babelfish=True),
    Kind(
        "varchar(40) COLLATE Latin1_General_100_CI_AS_SC_UTF8",
        "character varying(40)",
        (("N'é日😀'", "é日😀"),),
        not_in_babelfish=True,
    ),
    Kind("json", "jsonb", (("N'{\"a\": [1, null, \"é😀\"]}'", '{"a": [1, null, "é😀"]}'), ("'[]'", "[]")), not_in_babelfish=True),
    Kind("vector(3)", "text", (("'[0.1, -2, 3e10]'", "[1.0000000e-001,-2.0000000e+000,3.0000001e+010]"),), not_in_babelfish=True),
    Kind("varchar(20) COLLATE Latin1_General_CI_AS", "character varying(20)", (("N'é€'", "é€"),)),
    Kind("varchar(20) COLLATE Latin1_General_CS_AS", "character varying(20)", (("CAST(0x81618d AS varchar(20))", "\x81a\x8d"),), not_in_babelfish=True),
    Kind("varchar(20) COLLATE Vietnamese_CI_AS", "character varying(20)", (("N'a\u0300'", "a\u0300"),)),
    Kind("varchar(20) COLLATE Cyrillic_General_CI_AS", "character varying(20)", (("N'жЖё'", "жЖё"),)),
    Kind("varchar(20) COLLATE Japanese_CI_AS", "character varying(20)", (("N'日本ｱ'", "日本ｱ"),)),
    Kind("nvarchar(20) COLLATE Cyrillic_General_CI_AS", "character varying(20)", (("N'ж日'", "ж日"),)),
]


def is_missing(sqlserver: SqlServerRemote, kind: Kind) -> bool:
    return kind.not_in_babelfish and sqlserver.is_babelfish


def create(sqlserver: SqlServerRemote, kind: Kind) -> None:
    sqlserver.execute("DROP TABLE IF EXISTS typed", f"CREATE TABLE typed (id int NOT NULL PRIMARY KEY, v {kind.declaration} NULL)")
    for number, (value, _) in enumerate(kind.values):
        sqlserver.execute(f"INSERT INTO typed VALUES ({number}, {value})")
    sqlserver.execute(f"INSERT INTO typed VALUES ({len(kind.values)}, NULL)")


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[needs_xml] if kind.local == "xml" else []) for kind in KINDS], ids=lambda kind: kind.name
)
def test_kind(db: Database, sqlserver: SqlServerRemote, kind: Kind) -> None:
    """In a table, and in a query."""
    if is_missing(sqlserver, kind):
        pytest.skip("Babelfish has it not, or with fewer digits")
    create(sqlserver, kind)
    db.execute("SET TIME ZONE 'UTC'")
    expected = [*(text for _, text in kind.values), None]
    for request in ({"table": "typed"}, {"sql_query": "SELECT id, v FROM typed", "import_as": "typed"}):
        result = db.import_table(sqlserver.connector(**request))
        assert result["skipped_columns"] == []
        assert db.value("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'typed'::regclass AND attname = 'v'") in (
            kind.local,
            kind.local.replace("time without", "time(0) without"),
        )
        assert [value for (value,) in db.rows("SELECT v::text FROM typed ORDER BY id")] == expected
        db.execute("DROP TABLE typed")
    sqlserver.drop("typed")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_value_has_a_checksum_of_its_own(tds: SqlServerRemote, read: Read, kind: Kind) -> None:
    create(tds, kind)
    tds.execute("DROP TABLE IF EXISTS needed", f"CREATE TABLE needed (id int NOT NULL PRIMARY KEY, v {kind.declaration} NOT NULL)")
    tds.execute("INSERT INTO needed SELECT id, v FROM typed WHERE v IS NOT NULL")
    with snapshots(tds):
        (sums,) = of_each_row(read, tds, len(kind.values) + 1, ["v"], table="typed")
        (sums_of_needed,) = of_each_row(read, tds, len(kind.values), ["v"], table="needed")
    assert_as_different(sums, [*(text for text, _ in kind.values), None], kind.name)
    assert_as_different(sums_of_needed, [text for text, _ in kind.values], kind.name)
    tds.drop("typed")
    tds.drop("needed")


def test_not_null_is_kept_of_tables(db: Database, sqlserver: SqlServerRemote) -> None:
    sqlserver.execute("DROP TABLE IF EXISTS needed", "CREATE TABLE needed (a int NOT NULL, b int NULL)", "INSERT INTO needed VALUES (1, NULL)")
    db.import_table(sqlserver.connector(table="needed"))
    assert db.columns("needed") == [("a", "integer", True), ("b", "integer", False)]
    db.execute("DROP TABLE needed")
    sqlserver.drop("needed")


def test_rowversion(db: Database, sqlserver: SqlServerRemote) -> None:
    try:
        sqlserver.execute("DROP TABLE IF EXISTS versioned", "CREATE TABLE versioned (a int, v rowversion)", "INSERT INTO versioned (a) VALUES (1)")
    except pytds.Error as error:
        pytest.skip(f"the server has no rowversion: {error}")
    db.import_table(sqlserver.connector(table="versioned"))
    assert db.columns("versioned")[1][:2] == ("v", "bytea")
    (expected,) = sqlserver.rows("SELECT CAST(v AS binary(8)) FROM versioned")[0]
    assert bytes(db.value("SELECT v FROM versioned")) == bytes(expected)
    db.execute("DROP TABLE versioned")
    sqlserver.drop("versioned")


VARIANTS = [
    ("CAST(42 AS int)", "42"),
    ("CAST(1.10 AS decimal(5,2))", "1.10"),
    ("CAST(0.1 AS float)", None),
    ("CAST(1.0001 AS money)", "1.0001"),
    ("CAST('2020-02-29 12:34:56.123' AS datetime)", "2020-02-29 12:34:56.123"),
    ("CAST(0x01ff AS varbinary(4))", "0x01FF"),
    ("CAST(0x41420043 AS varbinary(4))", "0x41420043"),
    ("CAST(0x AS varbinary(4))", "0x"),
    ("CAST(0xff AS binary(2))", "0xFF00"),
    ("CAST(N'ж日' AS nvarchar(10))", "ж日"),
    ("CAST('plain' AS varchar(10))", "plain"),
    ("CAST(REPLICATE('long', 2000) AS varchar(8000))", "long" * 2000),
    ("CAST(REPLICATE('long', 2000) AS varbinary(8000))", "0x" + b"long".hex().upper() * 2000),
    ("CAST(-214748.3648 AS smallmoney)", "-214748.3648"),
    ("CAST('2020-02-29 12:34:56.123456 +05:30' AS datetimeoffset(6))", "2020-02-29 12:34:56.123456 +05:30"),
    ("CAST('00112233-4455-6677-8899-AABBCCDDEEFF' AS uniqueidentifier)", "00112233-4455-6677-8899-AABBCCDDEEFF"),
    ("NULL", None),
]


def test_sql_variant(db: Database, sqlserver: SqlServerRemote) -> None:
    """Read as text, in a table and in a query, ordered or not."""
    sqlserver.execute("DROP TABLE IF EXISTS variants", "CREATE TABLE variants (id int NOT NULL PRIMARY KEY, v sql_variant)")
    for number, (value, _) in enumerate(VARIANTS):
        sqlserver.execute(f"INSERT INTO variants VALUES ({number}, {value})")
    for request in (
        {"table": "variants"},
        {"sql_query": "SELECT id, v FROM variants -- a comment", "import_as": "variants"},
        {"sql_query": "SELECT id, v FROM variants ORDER BY id", "import_as": "variants"},
    ):
        db.import_table(sqlserver.connector(**request))
        assert db.columns("variants")[1][:2] == ("v", "text")
        for (found,), (value, expected) in zip(db.rows("SELECT v FROM variants ORDER BY id"), VARIANTS, strict=True):
            if "float" in value:
                assert float(found) == 0.1
            else:
                assert found == expected, value
        db.execute("DROP TABLE variants")
    sqlserver.drop("variants")


def test_unwrappable_query_leaves_the_column_out(db: Database, sqlserver: SqlServerRemote) -> None:
    sqlserver.execute("DROP TABLE IF EXISTS variants", "CREATE TABLE variants (id int, v sql_variant)", "INSERT INTO variants VALUES (1, 2)")
    query = "DECLARE @id int = 1; SELECT id, v FROM variants WHERE id = @id"
    result = db.import_table(sqlserver.connector(sql_query=query, import_as="unwrappable"))
    assert "convert them in the query" in str(result["skipped_columns"])
    assert [name for name, _, _ in db.columns("unwrappable")] == ["id"]
    db.execute("DROP TABLE unwrappable")
    sqlserver.drop("variants")


@pytest.mark.parametrize("kind", ["geometry", "geography"])
def test_spatial(db: Database, sqlserver: SqlServerRemote, kind: str) -> None:
    """WKB where PostGIS is not installed, else with its SRID; Z and M are kept."""
    try:
        sqlserver.execute(
            "DROP TABLE IF EXISTS spatial",
            f"CREATE TABLE spatial (id int, g {kind})",
            f"INSERT INTO spatial VALUES (1, {kind}::STGeomFromText('POINT (1 2)', 4326)), (2, NULL), "
            f"(3, {kind}::STGeomFromText('LINESTRING (1 2 3 4, 5 6 7 8)', 4326))",
        )
    except pytds.Error as error:
        pytest.skip(f"the server has no {kind}: {error}")
    for request in ({"table": "spatial"}, {"sql_query": "SELECT id, g FROM spatial", "import_as": "spatial"}):
        db.import_table(sqlserver.connector(**request))
        point = "0101000000000000000000f03f0000000000000040"
        assert db.rows("SELECT encode(g, 'hex') FROM spatial WHERE id < 3 ORDER BY id") == [(point,), (None,)]
        db.execute("DROP TABLE spatial")
        db.execute("CREATE EXTENSION postgis")
        db.import_table(sqlserver.connector(**request))
        assert db.rows("SELECT ST_AsEWKT(g::geometry) FROM spatial ORDER BY id") == [
            ("SRID=4326;POINT(1 2)",),
            (None,),
            ("SRID=4326;LINESTRING(1 2 3 4,5 6 7 8)",),
        ]
        db.execute("DROP TABLE spatial")
        db.execute("DROP EXTENSION postgis")
    sqlserver.drop("spatial")


@pytest.mark.parametrize("size", [9_000, 1_000_000, 64_000_000])
def test_large_values(db: Database, sqlserver: SqlServerRemote, size: int) -> None:
    """Complete: TEXTSIZE would cut them."""
    sqlserver.execute("DROP TABLE IF EXISTS large", "CREATE TABLE large (id int, n nvarchar(max), v varchar(max), b varbinary(max))")
    sqlserver.execute(
        f"INSERT INTO large VALUES (1, REPLICATE(CAST(N'ж' AS nvarchar(max)), {size // 2}), "
        f"REPLICATE(CAST('ab' AS varchar(max)), {size // 2}), CAST(REPLICATE(CAST('ab' AS varchar(max)), {size // 2}) AS varbinary(max)))"
    )
    db.import_table(sqlserver.connector(table="large"))
    narrow = hashlib.md5(b"ab" * (size // 2)).hexdigest()  # noqa: S324
    wide = hashlib.md5("ж".encode() * (size // 2)).hexdigest()  # noqa: S324
    assert db.rows("SELECT md5(n), md5(v), md5(b) FROM large") == [(wide, narrow, narrow)]
    db.execute("DROP TABLE large")
    sqlserver.drop("large")


LARGE = {
    "text": "ab",
    "ntext": "ж",
    "image": "",
    "xml": "<a>é</a>",
    # the library converts pieces of 4096 bytes: here characters lie across their borders
    "nvarchar(max)": "😀",
    "varchar(max) COLLATE Japanese_CI_AS": "日",
    "varchar(max) COLLATE Latin1_General_100_CI_AS_SC_UTF8": "é",
}


@pytest.mark.parametrize("size", [9_000, 1_000_000])
def test_large_values_of_other_kinds(db: Database, sqlserver: SqlServerRemote, size: int) -> None:
    kinds = {kind: text for kind, text in LARGE.items() if not (sqlserver.is_babelfish and ("UTF8" in kind or kind == "xml"))}
    if host_lacks("libxml"):
        kinds.pop("xml", None)
    columns = ", ".join(f"c{number} {kind}" for number, kind in enumerate(kinds))
    repeated = "CONCAT(CAST(N'a' AS nvarchar(max)), REPLICATE(CAST(N'{text}' AS nvarchar(max)), {count}))"
    values = [
        f"CAST(REPLICATE(CAST('ab' AS varchar(max)), {size // 2}) AS varbinary(max))"
        if kind == "image"
        else repeated.format(text=text, count=size // len(text.encode()))
        for kind, text in kinds.items()
    ]
    sqlserver.execute("DROP TABLE IF EXISTS large", f"CREATE TABLE large ({columns})", f"INSERT INTO large VALUES ({', '.join(values)})")
    db.import_table(sqlserver.connector(table="large"))
    found = db.rows("SELECT " + ", ".join(f"md5(c{number}{'' if kind == 'image' else '::text'})" for number, kind in enumerate(kinds)) + " FROM large")
    whole = [
        b"ab" * (size // 2) if kind == "image" else ("a" + text * (size // len(text.encode()))).encode() for kind, text in kinds.items()
    ]
    assert found == [tuple(hashlib.md5(value).hexdigest() for value in whole)]  # noqa: S324
    db.execute("DROP TABLE large")
    sqlserver.drop("large")


def test_encoding(db: Database, sqlserver: SqlServerRemote) -> None:
    """Text of code pages is taken as it is stored, and converted here; Unicode is what it is."""
    if sqlserver.is_babelfish:
        pytest.skip("Babelfish stores no bytes of code pages: test_babelfish.py")
    sqlserver.execute(
        "DROP TABLE IF EXISTS coded",
        "CREATE TABLE coded (v varchar(10) COLLATE Latin1_General_CI_AS, m varchar(max) COLLATE Latin1_General_CI_AS, n nvarchar(10))",
        "INSERT INTO coded VALUES (CAST(0xe6c6 AS varchar(10)), CAST(0xe6 AS varchar(max)), N'ж')",
    )
    for request in ({"table": "coded"}, {"sql_query": "SELECT * FROM coded", "import_as": "coded"}):
        db.import_table(sqlserver.connector(**request))
        assert db.rows("SELECT v, m, n FROM coded") == [("æÆ", "æ", "ж")]
        db.execute("DROP TABLE coded")
        db.import_table(sqlserver.connector(encoding="WIN1251", **request))
        assert db.rows("SELECT v, m, n FROM coded") == [("жЖ", "ж", "ж")]
        db.execute("DROP TABLE coded")
    sqlserver.drop("coded")


@pytest.mark.parametrize("version", ["7.1", "7.2", "7.3", "7.4"])
def test_protocol_versions(db: Database, sqlserver: SqlServerRemote, version: str) -> None:
    """Before 7.3 the new date types come as text; the result is the same."""
    if version < "7.3" and sqlserver.is_babelfish:
        pytest.skip("Babelfish fails at (max) types and new dates of old protocols")
    query = (
        "SELECT CAST('2020-02-29' AS date) AS d, CAST('12:34:56.123456' AS time(6)) AS t, "
        "CAST('2020-02-29 12:34:56.123456' AS datetime2(6)) AS m, "
        "CAST('2020-02-29 12:34:56.123456 +01:00' AS datetimeoffset(6)) AS o, CAST(1.25 AS decimal(5,2)) AS n, "
        "CAST(N'ж' AS nvarchar(max)) AS x"
    )
    db.execute("SET TIME ZONE 'UTC'")
    db.import_table(sqlserver.connector(connection=sqlserver.connection(tds_version=version), sql_query=query, import_as="versions"))
    assert db.rows("SELECT d::text, t::text, m::text, o::text, n::text, x FROM versions") == [
        ("2020-02-29", "12:34:56.123456", "2020-02-29 12:34:56.123456", "2020-02-29 11:34:56.123456+00", "1.25", "ж")
    ]
    db.execute("DROP TABLE versions")


@pytest.mark.parametrize("mode", [Mode.ODD_TEXT, Mode.ODD_CODE_PAGE], ids=lambda mode: mode.name)
def test_text_that_is_none_is_told(db: Database, mode: Mode) -> None:
    """Its row and column, and it can be left out."""
    with FakeSqlServer(mode, trigger="odd") as server:
        request = {"provider": "sqlserver", "connection": server.connection(), "sql_query": "SELECT id, word FROM odd", "import_as": "odd"}
        with fails(r'column "word", row 1: has a character that can.t be converted.*\\xff', number=2006, hint="invalid_values"):
            db.import_table(request)
        result = db.import_table({**request, "invalid_values": "null"})
        assert "word" in str(result["warnings"])
        assert db.rows("SELECT id, word FROM odd ORDER BY id") == [(1, None), (2, "two")]
        db.execute("DROP TABLE odd")


def test_text_that_has_no_equivalent_is_told(db: Database, sqlserver: SqlServerRemote) -> None:
    """A NUL can't stand in PostgreSQL's text."""
    if sqlserver.is_babelfish:
        pytest.skip("nor in Babelfish's")
    with fails(r"U\+0000", number=2001):
        db.import_table(sqlserver.connector(sql_query="SELECT CAST(0x610000006200 AS nvarchar(5)) AS v", import_as="with_nul"))
