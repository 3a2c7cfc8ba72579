"""What clients ask after the login: SQL batches and RPCs [MS-TDS 2.2.6.7, 2.2.6.6], with the values of parameters."""

from __future__ import annotations

import json
import struct
import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from . import collations as known_collations
from . import wire_types as wire
from .packets import ProtocolError
from .sql.procedures import Parameter
from .temporal import DAY, Moment, clock_text, day_text, to_storage
from .types import MAX, SqlType, full_name

# Numbers of procedures [MS-TDS 2.2.6.6]
_PROCEDURES = {
    1: "sp_cursor",
    2: "sp_cursoropen",
    3: "sp_cursorprepare",
    4: "sp_cursorexecute",
    5: "sp_cursorprepexec",
    6: "sp_cursorunprepare",
    7: "sp_cursorfetch",
    8: "sp_cursoroption",
    9: "sp_cursorclose",
    10: "sp_executesql",
    11: "sp_prepare",
    12: "sp_execute",
    13: "sp_prepexec",
    14: "sp_prepexecrpc",
    15: "sp_unprepare",
}
_BY_REFERENCE, _DEFAULT = 0x01, 0x02
_EPOCH_1900 = date(1900, 1, 1).toordinal()


@dataclass(frozen=True)
class Call:
    """One procedure call of an RPC request."""

    procedure: tuple[str, ...]
    parameters: tuple[Parameter, ...]


class Reader:
    """Reads fields one after another; whatever does not fit is a ProtocolError."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def at_end(self) -> bool:
        return self.position >= len(self.data)

    def take(self, count: int) -> bytes:
        found = self.data[self.position : self.position + count]
        if len(found) != count:
            raise ProtocolError("a request ends early")
        self.position += count
        return found

    def unpack(self, form: str) -> int:
        (value,) = struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))
        return int(value)

    def text(self, characters: int) -> str:
        return self.take(2 * characters).decode("utf-16-le", "surrogatepass")


def skip_headers(data: bytes) -> bytes:
    """What stands behind ALL_HEADERS [MS-TDS 2.2.5.3], which every request has since TDS 7.2."""
    (length,) = struct.unpack_from("<I", data) if len(data) >= 4 else (0,)
    if not 4 <= length <= len(data):
        raise ProtocolError(f"ALL_HEADERS of {length} bytes")
    return data[length:]


def batch_text(data: bytes) -> str:
    return data.decode("utf-16-le", "surrogatepass")


def transaction_text(data: bytes) -> str:
    """A transaction manager request [MS-TDS 2.2.6.9] as the statements that do the same."""
    if len(data) < 2:
        raise ProtocolError("an empty transaction manager request")
    (kind,) = struct.unpack_from("<H", data)
    if kind == 5:
        return "BEGIN TRANSACTION"
    if kind not in (7, 8) or len(data) < 4:
        raise ProtocolError(f"transaction manager request {kind}")
    begins_another = data[3 + data[2]] & 1  # behind the name
    return ("COMMIT" if kind == 7 else "ROLLBACK") + (" BEGIN TRANSACTION" if begins_another else "")


def calls(data: bytes, *, collations: bool) -> list[Call]:
    """The calls of an RPC request."""
    reader = Reader(data)
    found = []
    while not reader.at_end():
        length = reader.unpack("H")
        if length == 0xFFFF:
            number = reader.unpack("H")
            if number not in _PROCEDURES:
                raise ProtocolError(f"procedure number {number}")
            name: tuple[str, ...] = (_PROCEDURES[number],)
        else:
            name = tuple(part.strip("[]") for part in reader.text(length).split("."))
        reader.unpack("H")  # options
        parameters = []
        while not reader.at_end():
            if reader.data[reader.position] in (0x80, 0xFF):  # the next call
                reader.take(1)
                break
            parameters.append(_parameter(reader, collations))
        found.append(Call(name, tuple(parameters)))
    return found


def _parameter(reader: Reader, collations: bool) -> Parameter:
    name = reader.text(reader.unpack("B"))
    status = reader.unpack("B")
    if status & _DEFAULT:
        raise ProtocolError("a parameter with its default value")
    value, kind = typed_value(reader, collations)
    return Parameter(name, value, kind, bool(status & _BY_REFERENCE))


_INTEGERS = {1: "tinyint", 2: "smallint", 4: "int", 8: "bigint"}
_FIXED = {
    wire.INT1: ("tinyint", 1),
    wire.BIT: ("bit", 1),
    wire.INT2: ("smallint", 2),
    wire.INT4: ("int", 4),
    wire.INT8: ("bigint", 8),
    wire.FLT4: ("real", 4),
    wire.FLT8: ("float", 8),
    wire.MONEY: ("money", 8),
    wire.MONEY4: ("smallmoney", 4),
    wire.DATETIME: ("datetime", 8),
    wire.DATETIM4: ("smalldatetime", 4),
}
_NULLABLE = {
    wire.INTN: _INTEGERS,
    wire.BITN: {1: "bit"},
    wire.FLTN: {4: "real", 8: "float"},
    wire.MONEYN: {4: "smallmoney", 8: "money"},
    wire.DATETIMN: {4: "smalldatetime", 8: "datetime"},
}
_TEXTS = {wire.BIGVARCHAR: "varchar", wire.BIGCHAR: "char", wire.NVARCHAR: "nvarchar", wire.NCHAR: "nchar"}
_BYTES = {wire.BIGVARBINARY: "varbinary", wire.BIGBINARY: "binary"}
_LONG = {wire.TEXT: "varchar", wire.NTEXT: "nvarchar", wire.IMAGE: "varbinary"}


def typed_value(reader: Reader, collations: bool) -> tuple[Any, SqlType]:
    """A TYPE_INFO and the value behind it, in storage form."""
    token = reader.unpack("B")
    if token in _FIXED:
        name, size = _FIXED[token]
        return _fixed(name, reader.take(size)), SqlType(name)
    if token in _NULLABLE:
        names = _NULLABLE[token]
        widest = reader.unpack("B")
        size = reader.unpack("B")
        if widest not in names or size not in (0, widest):
            raise ProtocolError(f"a value of {size} bytes for type {token:#x}")
        kind = SqlType(names[widest])
        return (_fixed(kind.name, reader.take(size)) if size else None), kind
    if token in (wire.DECIMALN, wire.NUMERICN):
        reader.unpack("B")
        kind = SqlType(
            "decimal" if token == wire.DECIMALN else "numeric", precision=reader.unpack("B"), scale=reader.unpack("B")
        )
        data = reader.take(reader.unpack("B"))
        return (_decimal(data, kind) if data else None), kind
    if token == wire.GUID:
        reader.unpack("B")
        data = reader.take(reader.unpack("B"))
        return (str(uuid.UUID(bytes_le=data)).upper() if data else None), SqlType("uniqueidentifier")
    if token == wire.DATEN:
        data = reader.take(reader.unpack("B"))
        return (day_text(int.from_bytes(data, "little") + 1) if data else None), SqlType("date")
    if token in (wire.TIMEN, wire.DATETIME2N, wire.DATETIMEOFFSETN):
        names_by_token = {wire.TIMEN: "time", wire.DATETIME2N: "datetime2", wire.DATETIMEOFFSETN: "datetimeoffset"}
        kind = SqlType(names_by_token[token], scale=reader.unpack("B"))
        data = reader.take(reader.unpack("B"))
        return (_scaled(data, kind) if data else None), kind
    if token in _TEXTS or token in _BYTES:
        return _sized(reader, token, collations)
    if token in _LONG:
        return _long(reader, token, collations)
    if token == wire.XML:
        if reader.unpack("B"):
            raise ProtocolError("xml with a schema")
        data_or_none = _plp(reader)
        text = None if data_or_none is None else data_or_none.decode("utf-16-le").lstrip("\ufeff")
        return text, SqlType("xml")
    if token == wire.SSVARIANT:
        reader.unpack("I")
        return _variant(reader), SqlType("sql_variant")
    raise ProtocolError(f"a parameter of type {token:#x}")


def _fixed(name: str, data: bytes) -> Any:
    if name in ("real", "float"):
        return float(struct.unpack("<f" if name == "real" else "<d", data)[0])
    if name == "money":
        high, low = struct.unpack("<iI", data)
        return _point(high << 32 | low, 4)
    if name == "smallmoney":
        return _point(struct.unpack("<i", data)[0], 4)
    if name == "datetime":
        day, thirds = struct.unpack("<iI", data)
        ticks = thirds * 100_000 // 3
        return to_storage(
            Moment(day + _EPOCH_1900, min(ticks + (1 if thirds % 3 else 0), DAY - 1)), SqlType("datetime")
        )
    if name == "smalldatetime":
        day, minutes = struct.unpack("<HH", data)
        return f"{day_text(day + _EPOCH_1900)} {clock_text(minutes * 600_000_000, 0)}"
    return int.from_bytes(data, "little", signed=name not in ("tinyint", "bit"))


def _point(unscaled: int, scale: int) -> str:
    digits = f"{abs(unscaled):0{scale + 1}d}"
    shown = f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits
    return f"-{shown}" if unscaled < 0 else shown


def _decimal(data: bytes, kind: SqlType) -> str:
    unscaled = int.from_bytes(data[1:], "little")
    return _point(unscaled if data[0] else -unscaled, kind.scale)


def _scaled(data: bytes, kind: SqlType) -> str:
    offset = 0
    if kind.name == "datetimeoffset":
        (offset,) = struct.unpack("<h", data[-2:])
        data = data[:-2]
    day = 1
    if kind.name != "time":
        day = int.from_bytes(data[-3:], "little") + 1
        data = data[:-3]
    moment = Moment(day, int.from_bytes(data, "little") * 10 ** (7 - kind.scale), offset)
    return to_storage(moment.moved(offset), kind)


def _collation_of(data: bytes) -> str:
    """The codec of a collation's five bytes: by its LCID, or UTF-8."""
    bits = int.from_bytes(data[:4], "little")
    for name, (lcid, _) in known_collations.WINDOWS.items():
        if lcid == bits & 0xFFFFF:
            return f"{name}_100_CI_AS_SC_UTF8" if bits >> 26 & 1 else f"{name}_CI_AS"
    return known_collations.DEFAULT


def _decoded(data: bytes, kind: SqlType) -> Any:
    if kind.is_unicode:
        return data.decode("utf-16-le", "surrogatepass")
    if kind.is_text:
        return kind.collated().decode(data)
    return data


def _sized(reader: Reader, token: int, collations: bool) -> tuple[Any, SqlType]:
    size = reader.unpack("H")
    name = _TEXTS.get(token) or _BYTES[token]
    is_text = token in _TEXTS
    collation = _collation_of(reader.take(5)) if is_text and collations else ""
    unit = 2 if name in ("nvarchar", "nchar") else 1
    if size == 0xFFFF:
        kind = SqlType(name, MAX, collation=collation)
        data = _plp(reader)
    else:
        kind = SqlType(name, max(size // unit, 1), collation=collation)
        length = reader.unpack("H")
        data = None if length == 0xFFFF else reader.take(length)
    return (None if data is None else _decoded(data, kind)), kind


def _long(reader: Reader, token: int, collations: bool) -> tuple[Any, SqlType]:
    reader.unpack("I")
    collation = _collation_of(reader.take(5)) if token != wire.IMAGE and collations else ""
    kind = SqlType(_LONG[token], MAX, collation=collation)
    length = reader.unpack("i")
    return (None if length < 0 else _decoded(reader.take(length), kind)), kind


def _plp(reader: Reader) -> bytes | None:
    total = reader.unpack("Q")
    if total == 0xFFFFFFFFFFFFFFFF:
        return None
    parts = []
    while size := reader.unpack("I"):
        parts.append(reader.take(size))
    return b"".join(parts)


def _variant(reader: Reader) -> str | None:
    length = reader.unpack("I")
    if not length:
        return None
    inner = Reader(reader.take(length))
    token, properties = inner.unpack("B"), inner.unpack("B")
    if token not in _FIXED and token not in _TEXTS:
        raise ProtocolError(f"a sql_variant of type {token:#x}")
    if token in _FIXED:
        kind = SqlType(_FIXED[token][0])
        value = _fixed(kind.name, inner.take(_FIXED[token][1]))
    else:
        described = inner.take(properties)
        unit = 2 if token in (wire.NVARCHAR, wire.NCHAR) else 1
        size = struct.unpack("<H", described[5:7])[0]
        kind = SqlType(_TEXTS[token], max(size // unit, 1), collation=_collation_of(described[:5]))
        value = _decoded(inner.data[inner.position :], kind)
    return json.dumps({"type": full_name(kind), "value": value})
