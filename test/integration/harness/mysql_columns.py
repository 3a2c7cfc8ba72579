"""Every column type of the MySQL family, with values at its extremes: a table that is read as documentation.

A column names what the server itself prints for a value (an expression without any part of ours) and the local
expression that must give the same text.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

ALL = ("mariadb", "mysql56", "mysql9")
NOT_56 = ("mariadb", "mysql9")
MARIADB = ("mariadb",)
MYSQL9 = ("mysql9",)


def equal(remote: str, local: str) -> bool:
    return remote == local


def equal_float(remote: str, local: str) -> bool:
    """The same bits: tells 0 from -0, and every last digit."""
    return float(remote).hex() == float(local).hex()


def equal_json(remote: str, local: str) -> bool:
    """The same document: jsonb has its own order of keys and spacing, but loses no digit."""

    def read(text: str) -> object:
        return json.loads(text, parse_float=Decimal, parse_int=Decimal)

    return read(remote) == read(local)


def equal_address(remote: str, local: str) -> bool:
    return ipaddress.ip_address(remote) == ipaddress.ip_address(local)


@dataclass(frozen=True)
class Column:
    """A remote column type, the local type it must become, and values (SQL literals of MySQL) besides NULL."""

    definition: str
    local: str
    literals: tuple[str, ...]
    remote: str = "CAST({0} AS CHAR)"
    here: str = "{0}::text"
    same: Callable[[str, str], bool] = equal
    kinds: tuple[str, ...] = ALL

    def __str__(self) -> str:
        return self.definition


def integer(definition: str, local: str, low: int, high: int) -> Column:
    return Column(definition, local, (str(low), "0", "1", str(high)), remote="CAST({0} + 0 AS CHAR)")


INTEGERS = (
    integer("tinyint", "smallint", -(2**7), 2**7 - 1),
    integer("tinyint unsigned", "smallint", 0, 2**8 - 1),
    integer("tinyint(3) unsigned zerofill", "smallint", 0, 2**8 - 1),
    integer("tinyint(1)", "smallint", -(2**7), 2**7 - 1),
    integer("bool", "smallint", 0, 1),
    integer("smallint", "smallint", -(2**15), 2**15 - 1),
    integer("smallint unsigned", "integer", 0, 2**16 - 1),
    integer("smallint(5) unsigned zerofill", "integer", 0, 2**16 - 1),
    integer("mediumint", "integer", -(2**23), 2**23 - 1),
    integer("mediumint unsigned", "integer", 0, 2**24 - 1),
    integer("mediumint(8) unsigned zerofill", "integer", 0, 2**24 - 1),
    integer("int", "integer", -(2**31), 2**31 - 1),
    integer("int unsigned", "bigint", 0, 2**32 - 1),
    integer("int(10) unsigned zerofill", "bigint", 0, 2**32 - 1),
    integer("bigint", "bigint", -(2**63), 2**63 - 1),
    integer("bigint unsigned", "numeric(20,0)", 2**63, 2**64 - 1),
    integer("bigint(20) unsigned zerofill", "numeric(20,0)", 10**19, 2**64 - 1),
    integer("year", "smallint", 1901, 2155),
)


def decimal(definition: str, local: str, digits: int, scale: int, *, signed: bool = True) -> Column:
    """All nines, one in the last place, and zero, with both signs."""
    whole, part = "9" * (digits - scale) or "0", "9" * scale
    high = whole + ("." + part if part else "")
    tiny = "1" if scale == 0 else "0." + "1".zfill(scale)
    return Column(definition, local, (high, tiny, "0", *(("-" + high, "-" + tiny) if signed else ())))


DECIMALS = (
    decimal("decimal(1,0)", "numeric(1,0)", 1, 0),
    decimal("decimal(10,0)", "numeric(10,0)", 10, 0),
    decimal("decimal(10,0) unsigned", "numeric(10,0)", 10, 0, signed=False),
    decimal("decimal(5,5)", "numeric(5,5)", 5, 5),
    decimal("decimal(12,2)", "numeric(12,2)", 12, 2),
    decimal("decimal(12,2) unsigned", "numeric(12,2)", 12, 2, signed=False),
    decimal("decimal(17,1)", "numeric(17,1)", 17, 1),
    decimal("decimal(18,0)", "numeric(18,0)", 18, 0),
    decimal("decimal(18,18)", "numeric(18,18)", 18, 18),
    decimal("decimal(19,0)", "numeric(19,0)", 19, 0),
    decimal("decimal(37,18)", "numeric(37,18)", 37, 18),
    decimal("decimal(38,0)", "numeric(38,0)", 38, 0),
    decimal("decimal(39,0)", "numeric(39,0)", 39, 0),
    decimal("decimal(65,0)", "numeric(65,0)", 65, 0),
    decimal("decimal(65,30)", "numeric(65,30)", 65, 30),
    decimal("decimal(30,30)", "numeric(30,30)", 30, 30),
)

# As a double, a float's own text having six digits; not through CAST, which cuts long texts; not + 0, which loses -0.
FLOAT = "{0} * 1e0"
_SMALL = ("0", "0.1", "-1.5", "16777216", "1e-20")


def floating(definition: str, local: str, *literals: str) -> Column:
    return Column(definition, local, literals, FLOAT, "{0}::double precision::text", equal_float)


FLOATS = (
    floating("float", "real", *_SMALL, "-0e0", "3.4028234663852886e38", "-3.4028234663852886e38"),
    floating("float /* tiny */", "real", "1.1754943508222875e-38", "-1.1754943508222875e-38", "1e-40", "1.4e-45"),
    floating("float unsigned", "real", "0", "0.3", "3.4028234663852886e38"),
    floating("float(7,4)", "real", "0", "-999.9999", "0.0001"),
    floating("float(53)", "double precision", "0.1", "1e300"),
    floating("double", "double precision", *_SMALL, "-0e0", "1.7976931348623157e308", "-1.7976931348623157e308"),
    floating("double /* tiny */", "double precision", "2.2250738585072014e-308", "5e-324", "-5e-324", "1e-310"),
    floating("double unsigned", "double precision", "0", "0.30000000000000004", "1.7976931348623157e308"),
    floating("double(12,3)", "double precision", "0", "-999999999.999", "0.001"),
    floating("real", "double precision", "0.1", "123456789.123456789"),
)


def temporal(definition: str, local: str, remote: str, here: str, *literals: str) -> Column:
    return Column(definition, local, tuple(f"'{literal}'" for literal in literals), remote, here)


_DATE = ("DATE_FORMAT({0}, '%Y-%m-%d')", "to_char({0}, 'YYYY-MM-DD')")
_MOMENT = ("DATE_FORMAT({0}, '%Y-%m-%d %H:%i:%s.%f')", "to_char({0}, 'YYYY-MM-DD HH24:MI:SS.US')")
_UTC = (_MOMENT[0], "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')")
_CLOCK = ("TIME_FORMAT({0}, '%H:%i:%s.%f')", "to_char({0}, 'HH24:MI:SS.US')")


def moments(digits: int) -> tuple[Column, Column, Column]:
    """datetime, timestamp and time with so many digits behind the second."""
    fraction = "." + "9" * digits if digits else ""
    few = "." + "1".zfill(digits) if digits else ""
    size = f"({digits})"
    return (
        temporal(
            "datetime" + size,
            f"timestamp{size} without time zone",
            *_MOMENT,
            "0001-01-01 00:00:00",
            "1000-01-01 00:00:00" + few,
            "1582-10-10 12:00:00",
            "1969-12-31 23:59:59" + fraction,
            "1999-12-31 23:59:59" + fraction,
            "2000-01-01 00:00:00",
            "2024-02-29 12:34:56" + few,
            "9999-12-31 23:59:59" + fraction,
        ),
        temporal(
            f"timestamp{size} NULL",
            f"timestamp{size} with time zone",
            *_UTC,
            "1970-01-01 00:00:01",
            "1999-12-31 23:59:59" + fraction,
            "2024-03-31 01:30:00" + few,
            "2038-01-19 03:14:07" + fraction,
        ),
        temporal(
            "time" + size,
            f"time{size} without time zone",
            *_CLOCK,
            "00:00:00",
            "00:00:00" + few,
            "12:34:56" + few,
            "23:59:59" + fraction,
            "24:00:00",
        ),
    )


TEMPORALS = (
    temporal(
        "date", "date", *_DATE, "0001-01-01", "1000-01-01", "1582-10-10", "1970-01-01", "2000-02-29", "9999-12-31"
    ),
    *(column for digits in range(7) for column in moments(digits)),
)

_TEXT = ("HEX(CONVERT({0} USING utf8mb4))", "upper(encode(convert_to({0}::text, 'UTF8'), 'hex'))")
_BYTES = ("HEX({0})", "upper(encode({0}, 'hex'))")
_WORDS = ("''", "'a'", "'  é€😀'", r"'a\'\"`\\b\n\t'", "'NULL'")


def text(definition: str, local: str, *literals: str, kinds: tuple[str, ...] = ALL) -> Column:
    return Column(definition, local, literals, *_TEXT, kinds=kinds)


def binary(definition: str, *literals: str, kinds: tuple[str, ...] = ALL) -> Column:
    return Column(definition, "bytea", literals, *_BYTES, kinds=kinds)


TEXTS = (
    text("char(30)", "character varying(30)", *_WORDS, "'tail   '"),
    text("char(255)", "character varying(255)", "''", "REPEAT('é', 255)"),
    text("char(0)", "text", "''"),
    text("varchar(1)", "character varying(1)", "''", "'😀'"),
    text("varchar(30)", "character varying(30)", *_WORDS, "'tail   '"),
    text("varchar(300)", "character varying(300)", "''", "REPEAT('😀', 300)"),
    text("varchar(30) COLLATE utf8mb4_bin", "character varying(30)", *_WORDS),
    text("text COLLATE utf8mb4_bin", "text", *_WORDS),
    text("national varchar(30)", "character varying(30)", "'é€'", "''"),
    text("tinytext", "text", *_WORDS, "REPEAT('x', 255)"),
    text("text", "text", *_WORDS, "REPEAT('é', 32767)"),
    text("mediumtext", "text", *_WORDS, "REPEAT('é', 40000)"),
    text("longtext", "text", *_WORDS, "REPEAT('é', 40000)"),
    text("enum('a','it''s','x,y','\"q\"','','é😀')", "text", "'a'", "'it''s'", "'x,y'", "'\"q\"'", "''", "'é😀'"),
    text("set('a','it''s','\"q\"','é😀')", "text", "'a'", "''", "'a,é😀'", "'it''s,\"q\"'", "'a,it''s,\"q\",é😀'"),
    text("varchar(50) COMPRESSED", "character varying(50)", *_WORDS, kinds=MARIADB),
    text("longtext COMPRESSED", "text", *_WORDS, "REPEAT('é', 5000)", kinds=MARIADB),
)

BINARIES = (
    binary("binary(4)", "''", "'a'", "x'00ff'", "x'ffffffff'", "x'00000000'"),
    binary("varbinary(20)", "''", "'a  '", "x'00'", "x'0001fe00ff'"),
    binary("varchar(20) CHARACTER SET binary", "''", "x'00ff'"),
    binary("tinyblob", "''", "x'00'", "REPEAT(x'ff', 255)"),
    binary("blob", "''", "x'00'", "REPEAT(x'00ff', 32767)"),
    binary("mediumblob", "''", "x'00'", "REPEAT(x'00ff', 40000)"),
    binary("longblob", "''", "x'00'", "REPEAT(x'00ff', 40000)"),
    binary("blob COMPRESSED", "''", "REPEAT(x'00ff', 5000)", kinds=MARIADB),
    binary("vector(3)", "STRING_TO_VECTOR('[1,2.5,-3e-20]')", "STRING_TO_VECTOR('[0]')", kinds=MYSQL9),
)

_TRUE = "CAST({0} + 0 AS CHAR)"


def bits(size: int, *literals: str) -> Column:
    return Column(f"bit({size})", f"bit({size})", literals, f"LPAD(BIN({{0}} + 0), {size}, '0')")


BITS = (
    Column("bit", "boolean", ("b'0'", "b'1'"), _TRUE, "{0}::integer::text"),
    Column("bit(1)", "boolean", ("b'0'", "b'1'"), _TRUE, "{0}::integer::text"),
    bits(2, "b'0'", "b'1'", "b'10'", "b'11'"),
    bits(5, "b'0'", "b'1'", "b'10000'", "b'11111'"),
    bits(8, "b'0'", "b'10000001'", "b'11111111'"),
    bits(9, "b'0'", "b'100000001'", "b'111111111'"),
    bits(63, "b'0'", "b'1'", f"b'{'10' * 31}1'", f"b'{'1' * 63}'"),
    bits(64, "b'0'", "b'1'", f"b'{'10' * 32}'", f"b'{'1' * 64}'"),
)

_DOCUMENTS = (
    """'{"a": [1, 2.50, null, true], "é": "😀", "": {}}'""",
    "'[]'",
    "'null'",
    "'\"x\"'",
    "'18446744073709551615'",
    "'-1.5e10'",
    r"""'"\\u00e9 \\" \\\\ \\/"'""",
    """CONCAT('["', REPEAT('é', 40000), '"]')""",
)

OTHERS = (
    Column("json", "jsonb", _DOCUMENTS, same=equal_json, kinds=NOT_56),
    Column(
        "json /* values without a JSON type */",
        "jsonb",
        (
            "CAST(TIMESTAMP'2024-02-29 12:34:56.789' AS JSON)",
            "CAST(x'cafe' AS JSON)",
            "CAST(1.10 AS JSON)",
            "JSON_ARRAY(1e300, 5e-324, 0.1e0, CAST(99999999999999999999.5 AS DECIMAL(30,5)))",
        ),
        same=equal_json,
        kinds=MYSQL9,
    ),
    Column("uuid", "uuid", ("'00000000-0000-0000-0000-000000000000'", "'123E4567-e89b-12d3-a456-426655440000'"), kinds=MARIADB),
    Column("inet4", "inet", ("'0.0.0.0'", "'255.255.255.255'"), here="host({0})", same=equal_address, kinds=MARIADB),
    Column(
        "inet6", "inet", ("'::'", "'2001:db8::ff00:42:8329'", "'::ffff:1.2.3.4'"),
        here="host({0})", same=equal_address, kinds=MARIADB,
    ),
    Column("point", "bytea", ("ST_GeomFromText('POINT(1 -2.5)')",), "HEX(ST_AsBinary({0}))", _BYTES[1]),
)  # fmt: skip

COLUMNS = (*INTEGERS, *DECIMALS, *FLOATS, *TEMPORALS, *TEXTS, *BINARIES, *BITS, *OTHERS)
