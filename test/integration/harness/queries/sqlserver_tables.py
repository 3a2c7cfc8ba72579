"""The tables of SQL Server."""

from __future__ import annotations

from servers.remote_sqlserver import SqlServerRemote

from .tables import WORDS, RemoteColumn, RemoteTable, quoted


def _words(python: str = "utf-8", longest: int = 40) -> tuple[str, ...]:
    known = (word for word in WORDS if len(word) <= longest and word.encode(python, "ignore").decode(python) == word)
    return tuple("N'" + word.replace("'", "''") + "'" for word in known)


NUMBERS = RemoteTable(
    "numbers",
    (
        RemoteColumn("ti", "tinyint", ("0", "1", "255")),
        RemoteColumn("si", "smallint", ("-32768", "-1", "0", "1", "32767")),
        RemoteColumn("i", "int", ("-2147483648", "-1", "0", "1", "2", "2147483647")),
        RemoteColumn("ni", "int NOT NULL", ("-1", "0", "1", "2", "3")),
        RemoteColumn("b", "bigint", ("-9223372036854775808", "-1", "0", "1", "9007199254740992", "9007199254740993", "9223372036854775807")),
        RemoteColumn("d0", "decimal(38,0)", ("-1", "0", "1", "9" * 38, "9007199254740993")),
        RemoteColumn("d2", "decimal(12,2)", ("-0.01", "0", "0.01", "0.10", "1.50", "9999999999.99")),
        RemoteColumn("d30", "decimal(38,30)", ("0", "1", "0." + "0" * 29 + "1", "-0." + "0" * 29 + "1", "1." + "3" * 30)),
        RemoteColumn("m", "money", ("-0.01", "0", "0.0001", "922337203685477.5807")),
        RemoteColumn("sm", "smallmoney", ("-0.01", "0", "0.0001", "214748.3647")),
        RemoteColumn("f", "real", ("0e0", "0.1e0", "3.14e0", "-1.5e0", "16777216e0", "1e-40", "3.4028234663852886e38")),
        RemoteColumn("r", "float", ("0e0", "0.1e0", "0.30000000000000004e0", "0.3e0", "1e308", "1.7976931348623157e308", "2.2250738585072014e-308", "1e22", "9007199254740993e0")),
        RemoteColumn("yes", "bit", ("0", "1")),
        RemoteColumn("nyes", "bit NOT NULL", ("0", "1")),
    ),
)  # fmt: skip

TEXTS = RemoteTable(
    "texts",
    (
        RemoteColumn("v", "nvarchar(40)", _words()),
        RemoteColumn("nv", "nvarchar(40) NOT NULL", _words()),
        RemoteColumn("ai", "nvarchar(40) COLLATE Latin1_General_CI_AI", _words()),
        RemoteColumn("bin", "nvarchar(40) COLLATE Latin1_General_BIN2", _words()),
        RemoteColumn("page", "varchar(40) COLLATE Latin1_General_CI_AS", _words("cp1252")),
        RemoteColumn("pagecs", "varchar(40) COLLATE Latin1_General_CS_AS", _words("cp1252")),
        RemoteColumn("cyrillic", "varchar(40) COLLATE Cyrillic_General_CI_AS", _words("cp1251")),
        RemoteColumn("padded", "nchar(10)", _words(longest=10)),
        RemoteColumn("padpage", "char(10) COLLATE Latin1_General_CI_AS", _words("cp1252", 10)),
        RemoteColumn("longer", "nvarchar(max)", _words()),
        RemoteColumn("oldest", "ntext", _words()),
        RemoteColumn("oldpage", "text", _words("ascii")),
    ),
)

_MOMENTS = quoted("0001-01-01 00:00:00|2024-03-31 02:30:00|2024-02-29 12:34:56|9999-12-31 23:59:59")
MOMENTS = RemoteTable(
    "moments",
    (
        RemoteColumn("d", "date", quoted("0001-01-01|1582-10-10|1999-12-31|2000-02-29|2024-03-31|9999-12-31")),
        RemoteColumn("dt", "datetime", quoted("1753-01-01 00:00:00|2024-02-29 12:34:56|2024-02-29 12:34:56.003|2024-02-29 12:34:56.007|9999-12-31 23:59:59.997")),
        RemoteColumn("sdt", "smalldatetime", quoted("1900-01-01 00:00|2024-02-29 12:34|2079-06-06 23:59")),
        RemoteColumn("d6", "datetime2(6)", _MOMENTS + quoted("2024-02-29 12:34:56.123456|2024-02-29 12:34:56.123457")),
        RemoteColumn("d7", "datetime2(7)", _MOMENTS + quoted("2024-02-29 12:34:56.1234565|2024-02-29 12:34:56.1234564|2024-02-29 12:34:56.1234570|2019-12-31 23:59:59.9999999")),
        RemoteColumn("d0", "datetime2(0)", _MOMENTS),
        RemoteColumn("o", "datetimeoffset(6)", quoted("2024-02-29 12:34:56.123456 +05:30|2024-02-29 12:34:56 +00:00|2024-02-29 14:34:56 +02:00|2024-10-27 02:30:00 +02:00")),
        RemoteColumn("o7", "datetimeoffset(7)", quoted("2024-02-29 12:34:56.1234565 +05:30|2024-02-29 12:34:56.1234564 +00:00|2024-02-29 12:34:56 +00:00")),
        RemoteColumn("tm", "time(6)", quoted("00:00|12:34:56|12:34:56.123456|23:59:59.999999")),
        RemoteColumn("tm7", "time(7)", quoted("00:00|12:34:56.1234564|12:34:56.1234565|23:59:59.9999999")),
        RemoteColumn("nd", "date NOT NULL", quoted("1999-12-31|2000-02-29|2024-03-31")),
    ),
)  # fmt: skip

OTHERS = RemoteTable(
    "others",
    (
        RemoteColumn("u", "uniqueidentifier", quoted("00000000-0000-0000-0000-000000000000|123e4567-e89b-12d3-a456-426655440000|00000000-0000-0000-0000-000000000001|10000000-0000-0000-0000-000000000000|ffffffff-ffff-ffff-ffff-ffffffffffff")),
        RemoteColumn("fixed", "binary(4)", ("0x", "0x61", "0x6120", "0x41", "0x00000001", "0xffffffff")),
        RemoteColumn("vb", "varbinary(8)", ("0x", "0x61", "0x6120", "0x6100", "0x00", "0x0000", "0xff")),
        RemoteColumn("mb", "varbinary(max)", ("0x", "0x61", "0x6100")),
        RemoteColumn("x", "xml", ("N'<a/>'", "N'<a>b</a>'")),
        RemoteColumn("var", "sql_variant", ("N'a'", "1", "CAST(1.5 AS decimal(5,2))")),
        RemoteColumn("i", "int", ("-1", "0", "1", "2")),
    ),
)  # fmt: skip

# Bytes of one code page in columns of another.
MISLABELLED = RemoteTable(
    "mislabelled",
    (
        RemoteColumn("v", "varchar(20) COLLATE Latin1_General_CI_AS", ("'a'", "'A'", "''", "'a '", "CAST(0xe6 AS varchar(20))", "CAST(0xc6 AS varchar(20))")),
        RemoteColumn("i", "int", ("-1", "0", "1", "2")),
    ),
    {"encoding": "WIN1251"},
)

TABLES = (NUMBERS, TEXTS, MOMENTS, OTHERS, MISLABELLED)


def create_table(remote: SqlServerRemote, table: RemoteTable) -> None:
    name = remote.quote(table.name)
    remote.drop(table.name)
    remote.execute(table.create(name), table.insert(name))
