"""The types of databases that are read by ODBC, with their extremes: what their values are, not what a driver makes of them.

A column has a definition there, the type that it gets here, and values: SQL literals there, and the text that PostgreSQL
prints for the value here. NULL is added to each column. Texts have no length here: what drivers tell of it may be wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

from .skipping import host_lacks


@dataclass(frozen=True)
class Column:
    definition: str
    local: str
    values: tuple[tuple[str, str], ...]
    in_queries: str | None = None  # the type in a query, where another one than in a table


def same(*texts: str) -> tuple[tuple[str, str], ...]:
    """Values whose literal, between quotes, is what is expected."""
    return tuple((f"'{text}'", text) for text in texts)


def plain(*texts: str) -> tuple[tuple[str, str], ...]:
    """Numbers, which need no quotes."""
    return tuple((text, text) for text in texts)


EMOJI = "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467"  # beyond the first plane, and one that is joined of three
COMBINING = "e\u0301 \u0928\u093f"  # not to be put together
NINES = "9" * 38

# The driver tells the same of a numeric with 28 digits as of one without any, and of json, arrays and others nothing but text.
POSTGRES = [
    Column("boolean", "boolean", (("true", "true"), ("false", "false"))),
    Column("smallint", "smallint", plain("-32768", "0", "32767")),
    Column("integer", "integer", plain("-2147483648", "0", "2147483647")),
    Column("bigint", "bigint", plain("-9223372036854775808", "0", "9223372036854775807")),
    Column("real", "real", same("0", "-0", "3.4028235e+38", "-3.4028235e+38", "1e-45", "0.1", "NaN", "Infinity")),
    Column("double precision", "double precision", same("0", "-0", "5e-324", "1.7976931348623157e+308", "0.1", "NaN", "Infinity", "-Infinity")),
    Column(
        "numeric",
        "numeric",
        same("0", "0.00", "-1", "0.0001", "1" + "0" * 999, "-" + "9" * 1000, "0." + "0" * 999 + "1", f"-{NINES}.{NINES}", "NaN", "Infinity"),
    ),
    Column("numeric(10,2)", "numeric", same("-99999999.99", "0.01", "99999999.99", "1.10")),
    Column("numeric(38,0)", "numeric", same(NINES, "-" + NINES)),
    Column("numeric(1000,500)", "numeric", same("9" * 500 + "." + "9" * 500, "-" + "0." + "0" * 499 + "1")),
    Column("text", "text", same("", " a ", EMOJI, COMBINING, "tab\tline\nend", "x" * 100_000, "é" * 70_000) + (("'it''s'", "it's"),)),
    Column("varchar(10)", "text", same("", "é23456789ß", "a  ")),
    Column("varchar", "text", same("", "word", "w" * 9000)),
    Column("character(5)", "text", (("''", "     "), ("'é'", "é    "), ("'12345'", "12345"))),
    Column("bytea", "bytea", same("\\x", "\\x00", "\\x00ff80270a", "\\x" + "ab" * 100_000)),
    Column("date", "date", same("0001-01-01", "1582-10-15", "2024-02-29", "9999-12-31")),
    Column("time", "time(6) without time zone", same("00:00:00", "12:34:56.789", "23:59:59.999999", "24:00:00")),
    Column(
        "timestamp",
        "timestamp(6) without time zone",
        same(
            "0001-01-01 00:00:00",
            "2024-02-29 23:59:59.999999",
            "1969-12-31 23:59:59.000001",
            "9999-12-31 23:59:59.999999",
            "0044-03-15 01:02:03 BC",
        ),
    ),
    Column(
        "timestamp with time zone",
        "timestamp(6) with time zone",
        (("'2024-06-30 12:00:00.123456+05:30'", "2024-06-30 06:30:00.123456+00"), ("'1970-01-01 00:00:00+00'", "1970-01-01 00:00:00+00")),
    ),
    Column("uuid", "uuid", same("00000000-0000-0000-0000-000000000000", "00112233-4455-6677-8899-aabbccddeeff")),
    Column("json", "text", same("null", ' {"a": [1, 2.50, "é"], "a": 1} ', "[]")),
    Column("jsonb", "text", same("null", '{"a": [1, 2.50, "é"], "b": null}', '"' + "j" * 9000 + '"')),
    *([] if host_lacks("libxml") else [Column("xml", "xml", same("<a>é</a>", "<a/><b/>"))]),
    Column("integer[]", "text", same("{}", "{1,NULL,3}", "{{1,2},{3,4}}")),
    Column("text[]", "text", same("{}", '{"a b",NULL,"",é}')),
    Column("bit(10)", "text", same("1010101010", "0000000000")),
    Column("bit varying", "text", same("", "101")),
    Column("inet", "text", same("192.168.1.7/24", "::1")),
    Column("interval", "text", same("00:00:00", "1 year 2 mons -3 days +04:05:06.789")),
    Column("int4range", "text", same("empty", "[1,10)")),
    Column("point", "text", same("(1,2)")),
    Column("time with time zone", "text", same("23:59:59.123456+05:30")),
    Column("oid", "bigint", plain("0", "4294967295")),
]

MARIADB = [
    Column("tinyint", "smallint", plain("-128", "0", "127")),
    Column("tinyint unsigned", "smallint", plain("0", "255")),
    Column("smallint", "smallint", plain("-32768", "32767")),
    Column("smallint unsigned", "integer", plain("0", "65535")),
    Column("mediumint", "integer", plain("-8388608", "8388607")),
    Column("int", "integer", plain("-2147483648", "2147483647")),
    Column("int unsigned", "bigint", plain("0", "4294967295")),
    Column("bigint", "bigint", plain("-9223372036854775808", "9223372036854775807")),
    Column("bigint unsigned", "numeric(20,0)", plain("0", "18446744073709551615")),
    Column("decimal(65,30)", "numeric(65,30)", plain("9" * 35 + "." + "9" * 30, "-" + "0." + "0" * 29 + "1")),
    Column("decimal(10,2)", "numeric(10,2)", plain("-99999999.99", "0.01", "1.10")),
    Column("float", "real", plain("0", "-1.5", "0.1")),
    Column("double", "double precision", (("1.7976931348623157e308", "1.7976931348623157e+308"), ("0.1", "0.1"), ("-2.2250738585072014e-308", "-2.2250738585072014e-308"))),
    Column("date", "date", same("1000-01-01", "2024-02-29", "9999-12-31")),
    Column("time(6)", "time(6) without time zone", (("'00:00:00'", "00:00:00"), ("'23:59:59.999999'", "23:59:59.999999"))),
    Column("datetime(6)", "timestamp(6) without time zone", (("'1000-01-01 00:00:00'", "1000-01-01 00:00:00"), ("'9999-12-31 23:59:59.999999'", "9999-12-31 23:59:59.999999"))),
    Column("datetime", "timestamp(0) without time zone", same("2024-02-29 12:34:56")),
    Column("year", "integer", plain("1901", "2155")),
    Column("char(5)", "text", (("''", ""), ("'é'", "é"), ("'12345'", "12345"))),
    Column("varchar(40)", "text", same("", EMOJI, COMBINING, "a  ")),
    Column("text", "text", same("", EMOJI, "x" * 60_000)),
    Column("longtext", "text", same("", "é" * 100_000)),
    Column("enum('a', 'é')", "text", same("a", "é")),
    Column("set('a', 'b')", "text", same("", "a,b")),
    Column("json", "text", same('{"a": [1, null, "é"]}')),
    Column("binary(4)", "bytea", (("x'00ff0a27'", "\\x00ff0a27"), ("x''", "\\x00000000"))),
    Column("varbinary(20)", "bytea", (("x''", "\\x"), ("x'00ff00'", "\\x00ff00"))),
    Column("longblob", "bytea", (("x''", "\\x"), ("repeat(x'00ff', 100000)", "\\x" + "00ff" * 100_000))),
    Column("bit(1)", "boolean", (("b'1'", "true"), ("b'0'", "false"))),
    Column("bit(10)", "bit(10)", (("b'1010101010'", "1010101010"), ("0", "0000000000"))),
    Column("timestamp(6)", "timestamp(6) with time zone", (("'2024-02-29 12:34:56.123456'", "2024-02-29 12:34:56.123456+00"),)),
    Column("uuid", "text", same("00112233-4455-6677-8899-aabbccddeeff")),
]

SQLSERVER = [
    Column("bit", "boolean", (("1", "true"), ("0", "false"))),
    Column("tinyint", "smallint", plain("0", "255")),
    Column("smallint", "smallint", plain("-32768", "32767")),
    Column("int", "integer", plain("-2147483648", "2147483647")),
    Column("bigint", "bigint", plain("-9223372036854775808", "9223372036854775807")),
    Column("decimal(38,0)", "numeric(38,0)", plain(NINES, "-" + NINES, "0")),
    Column("decimal(38,38)", "numeric(38,38)", plain("0." + NINES, "-0." + "0" * 37 + "1")),
    Column("numeric(9,2)", "numeric(9,2)", plain("1234567.89", "-0.05", "10.00")),
    Column("money", "numeric(19,4)", plain("-922337203685477.5808", "922337203685477.5807", "0.0001")),
    Column("smallmoney", "numeric(10,4)", plain("-214748.3648", "214748.3647")),
    Column("float", "double precision", (("1.7976931348623157E308", "1.7976931348623157e+308"), ("-0.1", "-0.1"))),
    Column("real", "real", (("3.4028235E38", "3.4028235e+38"), ("0.1", "0.1"))),
    Column("datetime", "timestamp(3) without time zone", same("1753-01-01 00:00:00", "9999-12-31 23:59:59.997", "2020-01-01 00:00:00.003")),
    Column("smalldatetime", "timestamp(0) without time zone", same("1900-01-01 00:00:00", "2079-06-06 23:59:00")),
    Column("date", "date", same("0001-01-01", "9999-12-31", "2024-02-29")),
    Column("datetime2(6)", "timestamp(6) without time zone", same("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "2020-02-29 12:34:56.123456")),
    Column("time(6)", "time(6) without time zone", same("00:00:00", "23:59:59.999999")),
    Column(
        "datetimeoffset(6)",
        "timestamp(6) with time zone",
        (("'2020-02-29 12:34:56.123456 +05:30'", "2020-02-29 07:04:56.123456+00"), ("'2020-02-29 12:34:56 -14:00'", "2020-03-01 02:34:56+00")),
    ),
    Column("uniqueidentifier", "uuid", same("00112233-4455-6677-8899-aabbccddeeff", "00000000-0000-0000-0000-000000000000")),
    Column("char(10)", "text", (("''", " " * 10), ("'ab'", "ab        "))),
    Column("varchar(20)", "text", same("", "ab ", "it")),
    Column("varchar(8000)", "text", (("REPLICATE('x', 8000)", "x" * 8000),)),
    Column("varchar(max)", "text", (("''", ""), ("REPLICATE(CAST('ab' AS varchar(max)), 50000)", "ab" * 50_000))),
    Column("nchar(10)", "text", (("N''", " " * 10), ("N'日本ж'", "日本ж       "))),
    Column("nvarchar(20)", "text", (("N''", ""), ("N'astral 😀'", "astral 😀"), (f"N'{COMBINING}'", COMBINING))),
    Column("nvarchar(max)", "text", (("N''", ""), ("REPLICATE(CAST(N'ж' AS nvarchar(max)), 50000)", "ж" * 50_000))),
    Column("ntext", "text", (("N''", ""), ("N'日本😀'", "日本😀"))),
    Column("text", "text", (("''", ""), ("'ab'", "ab"))),
    Column("binary(4)", "bytea", (("0x01020304", r"\x01020304"), ("0x00", r"\x00000000"))),
    Column("varbinary(8)", "bytea", (("0x", r"\x"), ("0x00ff00", r"\x00ff00"))),
    Column("varbinary(max)", "bytea", (("0x", r"\x"), ("CAST(REPLICATE(CAST('ab' AS varchar(max)), 50000) AS varbinary(max))", r"\x" + "6162" * 50_000))),
    Column("image", "bytea", (("0x", r"\x"), ("0x00ff", r"\x00ff"))),
]

# What a value is in SQLite goes by the value; the driver goes by what the column was declared as. An integer has 64 bits
# whatever its column was declared as. Of a double the driver gives 15 digits.
SQLITE = [
    Column("integer", "bigint", plain("-9223372036854775808", "0", "9223372036854775807")),
    Column("bigint", "bigint", plain("-9223372036854775808", "0", "9223372036854775807")),
    Column("real", "double precision", (("0.1", "0.1"), ("-1.5e300", "-1.5e+300"), ("1e-300", "1e-300"))),
    Column("double", "double precision", (("1.25e308", "1.25e+308"), ("0.5", "0.5"))),
    Column("text", "text", same("", EMOJI, COMBINING, "x" * 100_000, "é" * 70_000) + (("'it''s'", "it's"),)),
    Column("varchar(20)", "text", same("", "é23456789ß", EMOJI)),
    Column("blob", "bytea", (("x''", "\\x"), ("x'00ff0a27'", "\\x00ff0a27"), ("zeroblob(100000)", "\\x" + "00" * 100_000))),
    Column("date", "date", same("0001-01-01", "2024-02-29", "9999-12-31")),
    Column("timestamp", "timestamp without time zone", same("2024-02-29 12:34:56", "1970-01-01 00:00:00")),
    Column("boolean", "boolean", (("1", "true"), ("0", "false"))),
    Column("smallint", "bigint", plain("-32768", "32767", "70000")),
]

# Written by test/servers/access/WriteAccess.java: name, local type, values. The driver tells no digits of a number.
ACCESS = [
    ("id", "integer", ["1", "2", "3", "4"]),
    ("yes_no", "boolean", ["true", "false", "false", "true"]),
    ("small", "smallint", ["255", "0", None, "1"]),
    ("short", "smallint", ["-32768", "32767", None, "1"]),
    ("long", "integer", ["-2147483648", "2147483647", None, "1"]),
    ("money", "numeric", ["-922337203685477.5808", "922337203685477.5807", None, "1.0000"]),
    ("single", "real", ["-3.4028235e+38", "1.5", None, "0"]),
    ("real", "double precision", ["-1.7976931348623157e+308", "0.1", None, "0"]),
    ("moment", "timestamp without time zone", ["1900-01-01 00:00:00", "4000-12-31 23:59:59", None, "2024-02-29 12:34:56"]),
    ("word", "text", ["é 日本 ж", 'it\'s "so"', None, "x"]),
    ("memo", "text", ["first line\r\nsecond ж", "m" * 16000, None, ""]),
    ("number", "numeric", ["-123456789012345678901234.5678", "0.0001", None, "0.0000"]),
    ("guid", "uuid", ["00112233-4455-6677-8899-aabbccddeeff", "ffffffff-ffff-ffff-ffff-ffffffffffff", None, "00000000-0000-0000-0000-000000000000"]),
    ("ole", "bytea", ["\\x000a0080", "\\x07", None, "\\x"]),
]
