"""The tables of MySQL and MariaDB."""

from __future__ import annotations

from servers.remote_mysql import MySqlRemote

from .tables import WORDS, RemoteColumn, RemoteTable, quoted

MARIADB = ("mariadb",)
MYSQL9 = ("mysql9",)
NOT_56 = ("mariadb", "mysql9")


def _texts(
    name: str,
    kind: str,
    collation: str,
    python: str = "utf-8",
    *,
    longest: int = 40,
    sixteen_bits: bool = False,
    servers: tuple[str, ...] = (),
) -> RemoteColumn:
    """The words that the character set has, by their bytes in utf8mb4, which the server converts."""
    words = [word for word in WORDS if len(word) <= longest and not (sixteen_bits and any(ord(c) > 0xFFFF for c in word))]
    known = [word for word in words if word.encode(python, "ignore").decode(python) == word]
    charset = collation.split("_")[0]
    base, _, behind = kind.partition(" ")
    declaration = f"{base} CHARACTER SET {charset} COLLATE {collation} {behind}".strip()
    return RemoteColumn(name, declaration, tuple(f"_utf8mb4 x'{word.encode().hex()}'" for word in known), servers)


NUMBERS = RemoteTable(
    "numbers",
    (
        RemoteColumn("ti", "tinyint", ("-128", "-1", "0", "1", "127")),
        RemoteColumn("tu", "tinyint unsigned", ("0", "1", "128", "255")),
        RemoteColumn("mu", "mediumint unsigned", ("0", "1", "16777215")),
        RemoteColumn("i", "int", ("-2147483648", "-1", "0", "1", "2", "2147483647")),
        RemoteColumn("ni", "int NOT NULL", ("-1", "0", "1", "2", "3")),
        RemoteColumn("iu", "int unsigned", ("0", "1", "2147483648", "4294967295")),
        RemoteColumn("zf", "int(6) unsigned zerofill", ("0", "42", "1234567")),
        RemoteColumn("b", "bigint", ("-9223372036854775808", "-1", "0", "1", "9007199254740992", "9007199254740993", "9223372036854775807")),
        RemoteColumn("bu", "bigint unsigned", ("0", "1", "9223372036854775807", "9223372036854775808", "18446744073709551614", "18446744073709551615")),
        RemoteColumn("yr", "year", ("0", "1901", "2000", "2155")),
        RemoteColumn("d0", "decimal(20,0)", ("-1", "0", "1", "99999999999999999999", "9007199254740993", "-99999999999999999999")),
        RemoteColumn("d2", "decimal(12,2)", ("-0.01", "0", "0.01", "0.10", "1.50", "9999999999.99", "-9999999999.99")),
        RemoteColumn("du", "decimal(5,1) unsigned", ("0", "0.1", "9999.9")),
        RemoteColumn("d18", "decimal(18,18)", ("0", "0.1", "0.100000000000000001", "0.999999999999999999", "-0.1")),
        RemoteColumn(
            "d30",
            "decimal(65,30)",
            ("0", "0." + "0" * 29 + "1", "-0." + "0" * 29 + "1", "1." + "3" * 30, "9" * 35 + "." + "9" * 30, "-" + "9" * 35, "1"),
        ),
        RemoteColumn(
            "f",
            "float",
            ("0e0", "-0e0", "0.1e0", "3.14e0", "-1.5e0", "16777216e0", "16777218e0", "1e-40", "1.4e-45", "3.4028234663852886e38", "-3.4028234663852886e38", "1e20"),
        ),
        RemoteColumn("f74", "float(7,4)", ("0e0", "0.0001e0", "999.9999e0", "1.5e0")),
        RemoteColumn(
            "r",
            "double",
            ("0e0", "-0e0", "0.1e0", "0.30000000000000004e0", "0.3e0", "1e308", "1.7976931348623157e308", "-1.7976931348623157e308", "5e-324")
            + ("-5e-324", "2.2250738585072014e-308", "1e22", "9007199254740993e0", "3.14e0", "1e16", "123456789.12345679e0", "1e0"),
        ),
        RemoteColumn("nr", "double NOT NULL", ("0e0", "-0e0", "1e0", "0.1e0", "-1e300")),
        RemoteColumn("r3", "double(12,3)", ("0e0", "0.001e0", "-999999999.999e0")),
        RemoteColumn("yes", "bit(1)", ("b'0'", "b'1'")),
        RemoteColumn("b5", "bit(5)", ("b'0'", "b'1'", "b'10000'", "b'11111'")),
        RemoteColumn("b64", "bit(64)", ("b'0'", "b'1'", "b'" + "1" * 64 + "'", "b'1" + "0" * 63 + "'")),
    ),
    indexes=("i", "bu", "d2", "r", "f"),
)

TEXTS = RemoteTable(
    "texts",
    (
        _texts("general", "varchar(40)", "utf8mb4_general_ci"),
        _texts("uca", "varchar(40)", "utf8mb4_unicode_ci"),
        _texts("bin", "varchar(40)", "utf8mb4_bin"),
        _texts("nopad", "varchar(40)", "utf8mb4_nopad_bin", servers=MARIADB),
        _texts("ai", "varchar(40)", "utf8mb4_0900_ai_ci", servers=MYSQL9),
        _texts("cs", "varchar(40)", "utf8mb4_0900_as_cs", servers=MYSQL9),
        _texts("latin", "varchar(40)", "latin1_swedish_ci", "latin-1"),
        _texts("german", "varchar(40)", "latin1_german2_ci", "latin-1"),
        _texts("cyrillic", "varchar(40)", "cp1251_general_ci", "cp1251"),
        _texts("japanese", "varchar(40)", "ujis_japanese_ci", "ascii"),
        _texts("plain", "varchar(40)", "ascii_general_ci", "ascii"),
        _texts("three", "varchar(40)", "utf8_general_ci", sixteen_bits=True),
        _texts("wide", "varchar(40)", "utf16_general_ci"),
        _texts("needed", "varchar(40) NOT NULL", "utf8mb4_general_ci"),
        _texts("padded", "char(10)", "utf8mb4_general_ci", longest=10),
        _texts("padbin", "char(10)", "utf8mb4_bin", longest=10),
        _texts("longer", "text", "utf8mb4_general_ci"),
        _texts("longbin", "longtext", "utf8mb4_bin"),
        RemoteColumn("choice", "enum('z','a','B','b','é','100%','') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", quoted(["z", "a", "B", "b", "é", "100%", ""])),
        RemoteColumn("several", "set('z','a','B') CHARACTER SET utf8mb4", quoted(["", "z", "a", "z,a", "z,a,B", "B"])),
    ),
    indexes=("general", "uca", "bin", "latin", "plain", "needed", "padded", "choice"),
)

_DATES = quoted("0001-01-01|1000-01-01|1582-10-10|1969-12-31|1970-01-01|1999-12-31|2000-02-29|2024-03-31|9999-12-31")
_ZERO_DATES = quoted("0000-00-00|2024-00-00|2024-02-00|0000-01-01")
_MOMENTS = quoted(
    "0001-01-01 00:00:00|1582-10-10 12:00:00.5|1969-12-31 23:59:59.999999|2024-03-31 02:30:00|2024-10-27 02:30:00.000001"
    "|2024-10-27 01:30:00|2024-02-29 12:34:56.123456|2024-02-29 12:34:56|9999-12-31 23:59:59.999999"
)
_WHOLE_MOMENTS = quoted("0001-01-01 00:00:00|1582-10-10 12:00:00|2024-03-31 02:30:00|2024-02-29 12:34:56|9999-12-31 23:59:59")
_ZERO_MOMENTS = quoted("0000-00-00 00:00:00|2024-00-00 00:00:00|2024-02-00 12:34:56")
_STAMPS = quoted("1970-01-01 00:00:01|2024-03-31 01:30:00|2024-03-31 02:30:00|2024-10-27 00:30:00.000001|2038-01-19 03:14:07.999999")
_CLOCKS = quoted("00:00:00|00:00:00.000001|12:34:56|12:34:56.5|23:59:59.999999|24:00:00")


def _moments(name: str, keys: dict[str, str], dates: tuple[str, ...], moments: tuple[str, ...], stamps: tuple[str, ...]) -> RemoteTable:
    return RemoteTable(
        name,
        (
            RemoteColumn("d", "date", _DATES + dates),
            RemoteColumn("nd", "date NOT NULL", _DATES[3:] + dates),
            RemoteColumn("dt", "datetime(6)", _MOMENTS + moments),
            RemoteColumn("ndt", "datetime(6) NOT NULL", _MOMENTS[3:] + moments),
            RemoteColumn("dt0", "datetime", _WHOLE_MOMENTS + moments),
            RemoteColumn("ts", "timestamp(6) NULL DEFAULT NULL", _STAMPS + stamps),
            RemoteColumn("ts0", "timestamp NULL DEFAULT NULL", _STAMPS[:3] + stamps),
            RemoteColumn("tm", "time(6)", _CLOCKS),
            RemoteColumn("tm0", "time", quoted("00:00:00|12:34:56|23:59:59|24:00:00")),
        ),
        keys,
        ("d", "nd", "dt", "ts"),
    )


MOMENTS = _moments("moments", {"zero_dates": "error"}, (), (), ())
ZERO_MOMENTS = _moments("zero_moments", {}, _ZERO_DATES, _ZERO_MOMENTS, ("'0000-00-00 00:00:00'",))

# What is no value of PostgreSQL's types becomes NULL.
INVALID = RemoteTable(
    "invalid",
    (
        RemoteColumn("tm", "time(6)", _CLOCKS + quoted("-00:00:01|25:00:00|838:59:59|-838:59:59")),
        RemoteColumn("ntm", "time NOT NULL", quoted("00:00:00|12:34:56|25:00:00|-00:00:01")),
        RemoteColumn("v", "varchar(20) CHARACTER SET utf8mb4", ("'a'", "'A'", "''", "x'610062'", "x'00'", "x'6100'", "'ab'")),
        RemoteColumn("nv", "varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL", ("'a'", "''", "x'610062'", "x'00'")),
        RemoteColumn("d", "date", _DATES + _ZERO_DATES),
        RemoteColumn("i", "int", ("-1", "0", "1", "2")),
    ),
    {"invalid_values": "null"},
)

BYTES = RemoteTable(
    "bytes",
    (
        RemoteColumn("fixed", "binary(4)", ("''", "'a'", "'a '", "'A'", "x'00'", "x'61000000'", "x'ffffffff'", "x'00000001'")),
        RemoteColumn("vb", "varbinary(12)", ("''", "'a'", "'a '", "'A'", "x'00'", "x'0000'", "x'6100'", "x'ff'", "x'5c27'", "x'c3a4'")),
        RemoteColumn("bl", "blob", ("''", "'a'", "'a '", "x'00'", "x'6100'", "x'00ff0a0d5c27'")),
        RemoteColumn("js", "json", ("'{\"a\": 1, \"b\": [1, 2.50]}'", "'[]'", "'null'", "'\"x\"'", "'1'", "'1.0'", "'{\"b\": [1, 2.50], \"a\": 1}'"), NOT_56),
        RemoteColumn("u", "uuid", quoted("00000000-0000-0000-0000-000000000000|123e4567-e89b-12d3-a456-426655440000|00000000-0000-0000-0000-000000000001|10000000-0000-4000-8000-000000000000|ffffffff-ffff-ffff-ffff-ffffffffffff"), MARIADB),
        RemoteColumn("ip4", "inet4", quoted("0.0.0.0|10.0.0.1|255.255.255.255"), MARIADB),
        RemoteColumn("ip6", "inet6", quoted("::|2001:db8::1|::ffff:1.2.3.4"), MARIADB),
        RemoteColumn("i", "int", ("-1", "0", "1", "2")),
    ),
    indexes=("fixed", "vb"),
)  # fmt: skip

TRUTH = RemoteTable(
    "truth",
    (
        RemoteColumn("t", "tinyint(1)", ("-128", "-1", "0", "1", "2", "127")),
        RemoteColumn("nt", "tinyint(1) NOT NULL", ("-1", "0", "1", "2")),
        RemoteColumn("small", "tinyint", ("-1", "0", "1")),
    ),
    {"tinyint1": "boolean"},
    ("t",),
)

# Columns that are declared latin1 and hold text of another encoding: the character of two bytes was stored as two.
MISLABELLED = RemoteTable(
    "mislabelled",
    (
        _texts("really", "varchar(60)", "latin1_swedish_ci", "ascii"),
        RemoteColumn("bytes", "varchar(60) CHARACTER SET latin1", ("x'c3a4'", "x'c384'", "x'61'", "x'41'", "x'6120'", "x'c39f'", "x'7373'", "''", "x'e697a5'")),
        RemoteColumn("i", "int", ("-1", "0", "1", "2")),
    ),
    {"encoding": "UTF8"},
    ("bytes",),
)

TABLES = (NUMBERS, TEXTS, MOMENTS, ZERO_MOMENTS, INVALID, BYTES, TRUTH, MISLABELLED)


def create_table(remote: MySqlRemote, table: RemoteTable) -> None:
    name = remote.quote(table.name)
    remote.drop(table.name)
    remote.execute(
        "SET sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'",
        f"{table.create(name)} CHARACTER SET utf8mb4",
        *(f"CREATE INDEX by_{index} ON {name} ({index})" for index in table.indexes),
        table.insert(name),
    )
