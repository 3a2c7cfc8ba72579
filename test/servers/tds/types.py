"""T-SQL types as declared, and what the catalog says about them. Their bytes on the wire are in `wire_types`.

The engine keeps a value of each type in one form (its *storage form*), chosen so that SQLite orders most of them right:

| types | storage form |
|---|---|
| bit … bigint | int |
| real, float | float |
| decimal, numeric, money, smallmoney | text with exactly `scale` digits behind the point |
| date, time, datetime, smalldatetime, datetime2 | ISO text, seconds with exactly the type's digits |
| datetimeoffset | ISO text of the UTC time, a space, the offset as +hh:mm |
| uniqueidentifier | text, upper case |
| character types, xml, json | text |
| vector | text, as the server shows it |
| binary types, timestamp, geometry, geography, hierarchyid | bytes as they are sent |
| sql_variant | JSON text: the type of the value, the value (binary in hexadecimal) |
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from . import collations

MAX = -1  # length of (max)
LONGEST_VECTOR = 1998


@dataclass(frozen=True)
class SqlType:
    """A type with its arguments. `length` is in characters for n-types, else in bytes."""

    name: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    collation: str = ""

    def __str__(self) -> str:
        """As sys.dm_exec_describe_first_result_set names it."""
        if self.name in SIZED:
            return f"{self.name}({'max' if self.length == MAX else self.length})"
        if self.name in ("decimal", "numeric"):
            return f"{self.name}({self.precision},{self.scale})"
        if self.name in SCALED:
            return f"{self.name}({self.scale})"
        if self.name == "vector":
            return f"vector({self.length})"
        return self.name

    @property
    def is_text(self) -> bool:
        return self.name in TEXTUAL

    @property
    def is_unicode(self) -> bool:
        return self.name in ("nchar", "nvarchar", "ntext")

    @property
    def is_binary(self) -> bool:
        return self.name in BINARY

    @property
    def is_integer(self) -> bool:
        return self.name in INTEGERS

    @property
    def is_exact(self) -> bool:
        return self.name in EXACT

    @property
    def is_temporal(self) -> bool:
        return self.name in TEMPORAL

    @property
    def is_udt(self) -> bool:
        return self.name in UDTS

    @property
    def is_large(self) -> bool:
        """Whether values go as PLP [MS-TDS 2.2.5.2.3]."""
        return self.length == MAX or self.name == "xml" or self.is_udt

    def with_collation(self, name: str) -> SqlType:
        return replace(self, collation=name) if self.is_text else self

    def collated(self) -> collations.Collation:
        return collations.collation(self.collation or collations.DEFAULT)

    # the catalog's columns
    @property
    def system_type_id(self) -> int:
        return _IDS[self.name][0]

    @property
    def user_type_id(self) -> int:
        return _IDS[self.name][1]

    @property
    def max_length(self) -> int:
        """Bytes, -1 for (max)."""
        if self.name in ("text", "ntext", "image"):
            return 16
        if self.name in SIZED:
            return MAX if self.length == MAX else self.length * (2 if self.is_unicode else 1)
        if self.name in ("decimal", "numeric"):
            return decimal_bytes(self.precision)
        if self.name in SCALED:
            extra = {"time": 0, "datetime2": 3, "datetimeoffset": 5}[self.name]
            return time_bytes(self.scale) + extra
        if self.name == "vector":
            return 8 + 4 * self.length
        return _FIXED[self.name][0]

    @property
    def catalog_precision(self) -> int:
        if self.name in ("decimal", "numeric"):
            return self.precision
        if self.name in SCALED:
            bare = {"time": 8, "datetime2": 19, "datetimeoffset": 26}[self.name]
            return bare + (self.scale + 1 if self.scale else 0)
        return _FIXED[self.name][1] if self.name in _FIXED else 0

    @property
    def catalog_scale(self) -> int:
        if self.name in ("decimal", "numeric") or self.name in SCALED:
            return self.scale
        return _FIXED[self.name][2] if self.name in _FIXED else 0


SIZED = ("char", "varchar", "nchar", "nvarchar", "binary", "varbinary")
TEXTUAL = ("char", "varchar", "text", "nchar", "nvarchar", "ntext")
BINARY = ("binary", "varbinary", "image", "timestamp")
INTEGERS = ("bit", "tinyint", "smallint", "int", "bigint")
EXACT = ("decimal", "numeric", "money", "smallmoney")
APPROXIMATE = ("real", "float")
SCALED = ("time", "datetime2", "datetimeoffset")
TEMPORAL = ("date", "datetime", "smalldatetime", *SCALED)
UDTS = ("hierarchyid", "geometry", "geography")

INTEGER_RANGES = {
    "bit": (0, 1),
    "tinyint": (0, 255),
    "smallint": (-(1 << 15), (1 << 15) - 1),
    "int": (-(1 << 31), (1 << 31) - 1),
    "bigint": (-(1 << 63), (1 << 63) - 1),
}

# sys.types: system_type_id, user_type_id
_IDS = {
    "image": (34, 34),
    "text": (35, 35),
    "uniqueidentifier": (36, 36),
    "date": (40, 40),
    "time": (41, 41),
    "datetime2": (42, 42),
    "datetimeoffset": (43, 43),
    "tinyint": (48, 48),
    "smallint": (52, 52),
    "int": (56, 56),
    "smalldatetime": (58, 58),
    "real": (59, 59),
    "money": (60, 60),
    "datetime": (61, 61),
    "float": (62, 62),
    "sql_variant": (98, 98),
    "ntext": (99, 99),
    "bit": (104, 104),
    "decimal": (106, 106),
    "numeric": (108, 108),
    "smallmoney": (122, 122),
    "bigint": (127, 127),
    "hierarchyid": (240, 128),
    "geometry": (240, 129),
    "geography": (240, 130),
    "varbinary": (165, 165),
    "varchar": (167, 167),
    "binary": (173, 173),
    "char": (175, 175),
    "timestamp": (189, 189),
    "nvarchar": (231, 231),
    "nchar": (239, 239),
    "xml": (241, 241),
    "json": (244, 244),
    "vector": (255, 255),
}
NAMES = tuple(_IDS)

# sys.types: max_length, precision, scale of types without arguments
_FIXED = {
    "bit": (1, 1, 0),
    "tinyint": (1, 3, 0),
    "smallint": (2, 5, 0),
    "int": (4, 10, 0),
    "bigint": (8, 19, 0),
    "real": (4, 24, 0),
    "float": (8, 53, 0),
    "money": (8, 19, 4),
    "smallmoney": (4, 10, 4),
    "date": (3, 10, 0),
    "datetime": (8, 23, 3),
    "smalldatetime": (4, 16, 0),
    "uniqueidentifier": (16, 0, 0),
    "timestamp": (8, 0, 0),
    "sql_variant": (8016, 0, 0),
    "xml": (MAX, 0, 0),
    "json": (MAX, 0, 0),
    "hierarchyid": (892, 0, 0),
    "geometry": (MAX, 0, 0),
    "geography": (MAX, 0, 0),
}

_SYNONYMS = {
    "integer": "int",
    "dec": "decimal",
    "rowversion": "timestamp",
    "double precision": "float",
    "character": "char",
    "character varying": "varchar",
    "char varying": "varchar",
    "national char": "nchar",
    "national character": "nchar",
    "national char varying": "nvarchar",
    "national character varying": "nvarchar",
    "national text": "ntext",
    "binary varying": "varbinary",
}


class UnknownType(ValueError):
    """The message is the type's name."""


def decimal_bytes(precision: int) -> int:
    """Bytes of a decimal on the wire, sign included [MS-TDS 2.2.5.5.1.6]."""
    return 5 if precision <= 9 else 9 if precision <= 19 else 13 if precision <= 28 else 17


def time_bytes(scale: int) -> int:
    """Bytes of a time on the wire [MS-TDS 2.2.5.4.2]."""
    return 3 if scale <= 2 else 4 if scale <= 4 else 5


def make(name: str, arguments: tuple[int, ...] = (), *, cast: bool = False) -> SqlType:
    """A type from its name and arguments (MAX for `max`). Without a length it is 1 in a declaration, 30 in a cast."""
    known = " ".join(name.lower().split())
    known = _SYNONYMS.get(known, known)
    if known == "sysname":
        return SqlType("nvarchar", 128)
    if known not in _IDS:
        raise UnknownType(name)
    first = arguments[0] if arguments else None
    if known in ("decimal", "numeric"):
        precision = 18 if first is None else first
        scale = arguments[1] if len(arguments) > 1 else 0
        _require(1 <= precision <= 38 and 0 <= scale <= precision, name)
        return SqlType(known, precision=precision, scale=scale)
    if known == "float":
        _require(first is None or 1 <= first <= 53, name)
        return SqlType("real" if first is not None and first <= 24 else "float")
    _require(len(arguments) <= 1, name)
    if known in SCALED:
        scale = 7 if first is None else first
        _require(0 <= scale <= 7, name)
        return SqlType(known, scale=scale)
    if known == "vector":
        _require(first is not None and 1 <= first <= LONGEST_VECTOR, name)
        return SqlType(known, first or 0)
    if known in SIZED:
        length = (30 if cast else 1) if first is None else first
        most = 4000 if known in ("nchar", "nvarchar") else 8000
        _require(1 <= length <= most or (length == MAX and "var" in known), name)
        return SqlType(known, length)
    _require(first is None, name)
    return SqlType(known)


def _require(condition: bool, name: str) -> None:
    if not condition:
        raise UnknownType(name)


@lru_cache(maxsize=1024)
def parse(text: str, *, cast: bool = False) -> SqlType:
    """A type from text such as `decimal(10, 2)`, `nvarchar(max)`; a collation may follow the type after `|`."""
    text, _, collation = text.partition("|")
    match = re.fullmatch(r"\s*([a-z][a-z0-9_ ]*?)\s*(?:\(\s*(\d+|max)\s*(?:,\s*(\d+)\s*)?\))?\s*", text, re.IGNORECASE)
    if match is None:
        raise UnknownType(text)
    arguments = tuple(MAX if part.lower() == "max" else int(part) for part in match.groups()[1:] if part is not None)
    return make(match[1], arguments, cast=cast).with_collation(collation)


def full_name(kind: SqlType) -> str:
    """Text that `parse` reads back, collation included."""
    return f"{kind}|{kind.collation}" if kind.collation else str(kind)


INT = SqlType("int")
BIGINT = SqlType("bigint")
BIT = SqlType("bit")
FLOAT = SqlType("float")
NVARCHAR_MAX = SqlType("nvarchar", MAX)
SYSNAME = SqlType("nvarchar", 128)
