"""Types and values as bytes: TYPE_INFO [MS-TDS 2.2.5.6] and TYPE_VARBYTE [MS-TDS 2.2.5.2.3, 2.2.5.5].

Values come in their storage form (see `types`). Every encoder takes a value that is not NULL; what NULL looks like is
`Encoding.null`.
"""

from __future__ import annotations

import json
import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from .types import MAX, SCALED, SqlType, decimal_bytes, parse, time_bytes

# Type tokens [MS-TDS 2.2.5.4]
IMAGE, TEXT, GUID, INTN = 0x22, 0x23, 0x24, 0x26
DATEN, TIMEN, DATETIME2N, DATETIMEOFFSETN = 0x28, 0x29, 0x2A, 0x2B
INT1, BIT, INT2, INT4, DATETIM4, FLT4, MONEY, DATETIME, FLT8, MONEY4, INT8 = (
    0x30, 0x32, 0x34, 0x38, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x7A, 0x7F,
)  # fmt: skip
SSVARIANT, NTEXT, BITN, DECIMALN, NUMERICN, FLTN, MONEYN, DATETIMN = 0x62, 0x63, 0x68, 0x6A, 0x6C, 0x6D, 0x6E, 0x6F
BIGVARBINARY, BIGVARCHAR, BIGBINARY, BIGCHAR, NVARCHAR, NCHAR, UDT, XML = 0xA5, 0xA7, 0xAD, 0xAF, 0xE7, 0xEF, 0xF0, 0xF1

# Fixed-length types: token when NOT NULL, token when nullable, bytes.
_FIXED = {
    "bit": (BIT, BITN, 1),
    "tinyint": (INT1, INTN, 1),
    "smallint": (INT2, INTN, 2),
    "int": (INT4, INTN, 4),
    "bigint": (INT8, INTN, 8),
    "real": (FLT4, FLTN, 4),
    "float": (FLT8, FLTN, 8),
    "money": (MONEY, MONEYN, 8),
    "smallmoney": (MONEY4, MONEYN, 4),
    "datetime": (DATETIME, DATETIMN, 8),
    "smalldatetime": (DATETIM4, DATETIMN, 4),
}
_SIZED = {
    "char": BIGCHAR,
    "varchar": BIGVARCHAR,
    "nchar": NCHAR,
    "nvarchar": NVARCHAR,
    "binary": BIGBINARY,
    "varbinary": BIGVARBINARY,
    "timestamp": BIGBINARY,
}
_LONG = {"text": (TEXT, 0x7FFFFFFF), "ntext": (NTEXT, 0x7FFFFFFE), "image": (IMAGE, 0x7FFFFFFF)}
_SCALED = {"time": TIMEN, "datetime2": DATETIME2N, "datetimeoffset": DATETIMEOFFSETN}

_PLP_NULL = b"\xff" * 8
_PLP_UNKNOWN_LENGTH = b"\xfe" + b"\xff" * 7
_PLP_END = bytes(4)
_PLP_CHUNK = 8000
_TEXT_POINTER = (
    b"\x10" + b"dummy textptr\0\0\0" + b"dummyTS\0"
)  # pointer and timestamp, as SQL Server itself fills them

_ASSEMBLY = "Microsoft.SqlServer.Types, Version=11.0.0.0, Culture=neutral, PublicKeyToken=89845dcd8080cc91"
_CLASSES = {"hierarchyid": "SqlHierarchyId", "geometry": "SqlGeometry", "geography": "SqlGeography"}

Encoder = Callable[..., bytes]


@dataclass(frozen=True)
class Encoding:
    """How the values of one column are written."""

    type_info: bytes
    value: Encoder
    null: bytes


def encoding(kind: SqlType, *, nullable: bool = True, collations: bool = True) -> Encoding:
    """The encoding of a column. TDS 7.0 knows no `collations`."""
    name = kind.name
    if name in _FIXED:
        return _fixed(name, nullable)
    collation = kind.collated().wire if kind.is_text and collations else b""
    if name in ("decimal", "numeric"):
        size = decimal_bytes(kind.precision)
        info = bytes([DECIMALN if name == "decimal" else NUMERICN, size, kind.precision, kind.scale])
        return Encoding(info, _decimal(size), b"\0")
    if name == "date":
        return Encoding(bytes([DATEN]), lambda value: b"\3" + _days(value), b"\0")
    if name in SCALED:
        return Encoding(bytes([_SCALED[name], kind.scale]), _scaled(kind), b"\0")
    if name == "uniqueidentifier":
        return Encoding(bytes([GUID, 16]), lambda value: b"\x10" + uuid.UUID(value).bytes_le, b"\0")
    if name in _LONG:
        token, longest = _LONG[name]
        return Encoding(struct.pack("<BI", token, longest) + collation, _long(to_bytes(kind)), b"\0")
    if name == "xml":
        return Encoding(bytes([XML, 0]), _plp(to_bytes(kind), known=False), _PLP_NULL)
    if name == "sql_variant":
        return Encoding(struct.pack("<BI", SSVARIANT, 8009), _variant, bytes(4))
    if kind.is_udt:
        return Encoding(_udt_info(kind), _plp(bytes), _PLP_NULL)
    token = _SIZED[name]
    if kind.length == MAX:
        return Encoding(struct.pack("<BH", token, 0xFFFF) + collation, _plp(to_bytes(kind)), _PLP_NULL)
    return Encoding(struct.pack("<BH", token, kind.max_length) + collation, _short(to_bytes(kind)), b"\xff\xff")


def to_bytes(kind: SqlType) -> Callable[..., bytes]:
    """How a character or binary value becomes bytes."""
    if kind.is_unicode or kind.name == "xml":
        return lambda value: value.encode("utf-16-le", "surrogatepass")
    if kind.is_text:
        return kind.collated().encode
    return bytes


def _udt_info(kind: SqlType) -> bytes:
    """UDT_INFO_IN_COLMETADATA [MS-TDS 2.2.5.5.2]. System types live in the schema sys of every database."""

    def b_varchar(text: str) -> bytes:
        return bytes([len(text)]) + text.encode("utf-16-le")

    assembly = f"Microsoft.SqlServer.Types.{_CLASSES[kind.name]}, {_ASSEMBLY}"
    size = 892 if kind.name == "hierarchyid" else 0xFFFF
    return (
        struct.pack("<BH", UDT, size)
        + b_varchar("master")
        + b_varchar("sys")
        + b_varchar(kind.name)
        + struct.pack("<H", len(assembly))
        + assembly.encode("utf-16-le")
    )


# Fixed-length types


def _fixed(name: str, nullable: bool) -> Encoding:
    token, token_nullable, size = _FIXED[name]
    raw = FIXED_VALUES[name]
    if not nullable:
        return Encoding(bytes([token]), raw, b"")
    head = bytes([size])
    return Encoding(bytes([token_nullable, size]), lambda value: head + raw(value), b"\0")


def _packed(form: str) -> Encoder:
    return struct.Struct(form).pack


def _money(value: str) -> bytes:
    """Ten-thousandths, the high half first [MS-TDS 2.2.5.5.1.2]."""
    amount = int(value.replace(".", "")) & 0xFFFFFFFFFFFFFFFF
    return struct.pack("<II", amount >> 32, amount & 0xFFFFFFFF)


def _smallmoney(value: str) -> bytes:
    return struct.pack("<i", int(value.replace(".", "")))


_EPOCH_1900 = date(1900, 1, 1).toordinal()


@lru_cache(maxsize=4096)
def _ordinal(text: str) -> int:
    return date(int(text[:4]), int(text[5:7]), int(text[8:10])).toordinal()


def _datetime(value: str) -> bytes:
    """Days since 1900 and three-hundredths of a second [MS-TDS 2.2.5.5.1.8]; the milliseconds end in 0, 3 or 7."""
    milliseconds = (int(value[11:13]) * 3600 + int(value[14:16]) * 60 + int(value[17:19])) * 1000 + int(value[20:23])
    return struct.pack("<iI", _ordinal(value[:10]) - _EPOCH_1900, (milliseconds * 3 + 5) // 10)


def _smalldatetime(value: str) -> bytes:
    return struct.pack("<HH", _ordinal(value[:10]) - _EPOCH_1900, int(value[11:13]) * 60 + int(value[14:16]))


FIXED_VALUES: dict[str, Encoder] = {
    "bit": _packed("<B"),
    "tinyint": _packed("<B"),
    "smallint": _packed("<h"),
    "int": _packed("<i"),
    "bigint": _packed("<q"),
    "real": _packed("<f"),
    "float": _packed("<d"),
    "money": _money,
    "smallmoney": _smallmoney,
    "datetime": _datetime,
    "smalldatetime": _smalldatetime,
}


# Numbers and times of variable length


def _decimal(size: int) -> Encoder:
    head = bytes([size])

    def encode(value: str) -> bytes:
        unscaled = int(value.replace(".", ""))
        return head + (b"\0" if unscaled < 0 else b"\1") + abs(unscaled).to_bytes(size - 1, "little")

    return encode


def _days(value: str) -> bytes:
    """Days since 0001-01-01 in three bytes."""
    return (_ordinal(value[:10]) - 1).to_bytes(3, "little")


def _ticks(value: str, scale: int) -> bytes:
    """`hh:mm:ss.f…` as a number of 10^-scale seconds."""
    seconds = int(value[:2]) * 3600 + int(value[3:5]) * 60 + int(value[6:8])
    fraction = int(value[9 : 9 + scale]) if scale else 0
    return (seconds * 10**scale + fraction).to_bytes(time_bytes(scale), "little")


def raw_scaled(kind: SqlType, value: str) -> bytes:
    """time, datetime2, datetimeoffset without their length [MS-TDS 2.2.5.5.1.9]: time, date, minutes of offset."""
    if kind.name == "time":
        return _ticks(value, kind.scale)
    data = _ticks(value[11:], kind.scale) + _days(value)
    if kind.name == "datetimeoffset":
        offset = value[-6:]
        minutes = int(offset[1:3]) * 60 + int(offset[4:6])
        data += struct.pack("<h", -minutes if offset[0] == "-" else minutes)
    return data


def _scaled(kind: SqlType) -> Encoder:
    head = bytes([kind.max_length])
    return lambda value: head + raw_scaled(kind, value)


# Strings


def _short(convert: Callable[..., bytes]) -> Encoder:
    def encode(value: object) -> bytes:
        data = convert(value)
        return len(data).to_bytes(2, "little") + data

    return encode


def _long(convert: Callable[..., bytes]) -> Encoder:
    def encode(value: object) -> bytes:
        data = convert(value)
        return _TEXT_POINTER + len(data).to_bytes(4, "little") + data

    return encode


def plp(data: bytes, *, known: bool = True) -> bytes:
    """A PLP_BODY [MS-TDS 2.2.5.2.3]: total length or "unknown", chunks, terminator."""
    head = len(data).to_bytes(8, "little") if known else _PLP_UNKNOWN_LENGTH
    if len(data) <= _PLP_CHUNK:
        return head + (len(data).to_bytes(4, "little") + data if data else b"") + _PLP_END
    parts = [head]
    for start in range(0, len(data), _PLP_CHUNK):
        piece = data[start : start + _PLP_CHUNK]
        parts += (len(piece).to_bytes(4, "little"), piece)
    return b"".join([*parts, _PLP_END])


def _plp(convert: Callable[..., bytes], *, known: bool = True) -> Encoder:
    return lambda value: plp(convert(value), known=known)


# sql_variant


def _variant(value: str) -> bytes:
    """Base type, properties, value [MS-TDS 2.2.5.5.4]; from the storage form's JSON."""
    stored = json.loads(value)
    kind = parse(stored["type"])
    data = stored["value"]
    if kind.is_binary:
        data = bytes.fromhex(data)
    name = kind.name
    if name in _FIXED:
        token, properties, raw = _FIXED[name][0], b"", FIXED_VALUES[name](data)
    elif name == "uniqueidentifier":
        token, properties, raw = GUID, b"", uuid.UUID(data).bytes_le
    elif name == "date":
        token, properties, raw = DATEN, b"", _days(data)
    elif name in SCALED:
        token, properties, raw = _SCALED[name], bytes([kind.scale]), raw_scaled(kind, data)
    elif name in ("decimal", "numeric"):
        token = DECIMALN if name == "decimal" else NUMERICN
        properties, raw = bytes([kind.precision, kind.scale]), _decimal(decimal_bytes(kind.precision))(data)[1:]
    else:
        token, raw = _SIZED[name], to_bytes(kind)(data)
        properties = (kind.collated().wire if kind.is_text else b"") + struct.pack("<H", kind.max_length)
    body = bytes([token, len(properties)]) + properties + raw
    return struct.pack("<I", len(body)) + body
