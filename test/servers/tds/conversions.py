"""CAST and CONVERT between storage forms."""

from __future__ import annotations

import json
import math
import re
import struct
import uuid
import xml.parsers.expat
from dataclasses import replace
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

from . import hierarchy, spatial, temporal
from .errors import SqlError, error, refused
from .types import APPROXIMATE, EXACT, INTEGER_RANGES, MAX, SqlType, full_name, parse

EXACT_MATH = Context(prec=90)
_MONEY_RANGES = {"money": (1 << 63) - 1, "smallmoney": (1 << 31) - 1}
_INTEGER_TEXT = re.compile(r"\s*[+-]?\s*\d+\s*")
_NUMBER_TEXT = re.compile(r"\s*[+-]?\s*(?:\d+\.?\d*|\.\d+)\s*")
_FLOAT_TEXT = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")


def convert(value: Any, source: SqlType, target: SqlType, style: int | None = None) -> Any:
    """A value of one type as another, or an error of SQL Server's. NULL stays NULL."""
    if value is None:
        return None
    if source.name == "sql_variant" and target.name != "sql_variant":
        stored = json.loads(value)
        inner = parse(stored["type"])
        plain = bytes.fromhex(stored["value"]) if inner.is_binary else stored["value"]
        return convert(plain, inner, target, style)
    return _TARGETS[target.name](value, source, target, style)


def exact_scale(kind: SqlType) -> int:
    """Digits behind the point of a number without rounding errors."""
    return 4 if kind.name in ("money", "smallmoney") else kind.scale


def _no(source: SqlType, target: SqlType) -> SqlError:
    return error(529, source.name, target.name)


# Numbers


def _to_integer(value: Any, source: SqlType, target: SqlType, style: int | None) -> int:
    low, high = INTEGER_RANGES[target.name]
    if target.name == "bit" and (source.is_integer or source.name in EXACT or source.name in APPROXIMATE):
        return int(Decimal(value) != 0)
    if source.is_integer:
        number = value
    elif source.name in EXACT:
        exact = Decimal(value)
        # money rounds, decimal is cut
        number = int(exact.quantize(Decimal(1), ROUND_HALF_UP)) if "money" in source.name else int(exact)
    elif source.name in APPROXIMATE:
        number = int(value)
    elif source.is_text:
        if target.name == "bit" and value.strip().lower() in ("true", "false"):
            return int(value.strip().lower() == "true")
        if not value.strip():
            return 0
        if not _INTEGER_TEXT.fullmatch(value):
            raise error(245, source.name, value, target.name)
        number = int(value.replace(" ", ""))
        if target.name != "bit" and not low <= number <= high:
            raise error(248, source.name, value) if target.name == "int" else error(8114, source.name, target.name)
    elif source.name in ("binary", "varbinary", "timestamp"):
        size = {"bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}[target.name]
        number = int.from_bytes(value[-size:].rjust(size, b"\0"), "big", signed=target.name not in ("tinyint", "bit"))
    elif source.name == "datetime" or source.name == "smalldatetime":
        moment = temporal.from_storage(value, source)
        number = moment.day - 693596 + (1 if moment.ticks >= temporal.DAY // 2 else 0)
    else:
        raise _no(source, target)
    if target.name == "bit":
        return int(number != 0)
    if not low <= number <= high:
        if source.is_integer and target.name in ("tinyint", "smallint"):
            raise error(220, target.name, number)
        raise error(8115, "expression" if source.is_integer else source.name, target.name)
    return number


def _decimal_of(value: Any, source: SqlType, target: SqlType) -> Decimal:
    if source.is_integer:
        return Decimal(value)
    if source.name in EXACT:
        return Decimal(value)
    if source.name in APPROXIMATE:
        return Decimal(value)
    if source.is_text:
        text = value.replace("$", "").replace(",", "") if "money" in target.name else value
        if "money" in target.name and not text.strip():
            return Decimal(0)
        if not _NUMBER_TEXT.fullmatch(text):
            raise error(8114, source.name, target.name) if "money" not in target.name else _money_text(source, target)
        return Decimal(text.replace(" ", ""))
    if source.name in ("datetime", "smalldatetime"):
        moment = temporal.from_storage(value, source)
        return Decimal(moment.day - 693596) + Decimal(moment.ticks) / temporal.DAY
    if source.name in ("binary", "varbinary") and "money" in target.name:
        size = 8 if target.name == "money" else 4
        return Decimal(int.from_bytes(value[-size:].rjust(size, b"\0"), "big", signed=True)) / 10000
    raise _no(source, target)


def _money_text(source: SqlType, target: SqlType) -> SqlError:
    return SqlError(235, "Cannot convert a char value to money. The char value has incorrect syntax.")


def fixed_text(number: Decimal, scale: int) -> str:
    """Plain digits, exactly `scale` behind the point, no negative zero."""
    rounded = number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, EXACT_MATH)
    return f"{rounded if rounded else abs(rounded):f}"


def _to_decimal(value: Any, source: SqlType, target: SqlType, style: int | None) -> str:
    try:
        text = fixed_text(_decimal_of(value, source, target), target.scale)
    except InvalidOperation:
        raise error(8115, source.name, target.name) from None
    if len(text.lstrip("-").replace(".", "").lstrip("0")) > target.precision:
        raise error(8115, source.name, target.name)
    return text


def _to_money(value: Any, source: SqlType, target: SqlType, style: int | None) -> str:
    text = fixed_text(_decimal_of(value, source, target), 4)
    units, most = int(text.replace(".", "")), _MONEY_RANGES[target.name]
    if not -most - 1 <= units <= most:
        raise error(8115, source.name, target.name)
    return text


def _to_float(value: Any, source: SqlType, target: SqlType, style: int | None) -> float:
    if source.is_integer or source.name in EXACT or source.name in APPROXIMATE:
        number = float(value)
    elif source.is_text:
        if value.strip() and not _FLOAT_TEXT.fullmatch(value):
            raise error(8114, source.name, target.name)
        number = float(value) if value.strip() else 0.0
    elif source.name in ("datetime", "smalldatetime"):
        number = float(_decimal_of(value, source, target))
    else:
        raise _no(source, target)
    if math.isinf(number):
        raise error(8115, source.name, target.name)
    if target.name == "real":
        try:
            number = struct.unpack("<f", struct.pack("<f", number))[0]
        except OverflowError:
            raise error(8115, source.name, target.name) from None
    return number


# Text


def show_float(value: float, kind: SqlType, style: int) -> str:
    """float and real as text: six digits by default, all of them in style 3."""
    if style in (1, 2, 3):
        digits = {1: 8, 2: 16, 3: 17 if kind.name == "float" else 9}[style]
        return re.sub(r"e([+-])(\d\d)$", r"e\g<1>0\2", f"{value:.{digits - 1}e}")
    text = f"{value:.6g}"
    return re.sub(r"e([+-])(\d\d)$", r"e\g<1>0\2", text)


def text_of(value: Any, source: SqlType, target: SqlType, style: int | None) -> str:
    """A value as text, before it is cut or padded."""
    name = source.name
    if source.is_text:
        return value
    if source.is_integer or name in ("decimal", "numeric"):
        return str(value)
    if name in ("money", "smallmoney"):
        shown = fixed_text(Decimal(value), 4 if style == 2 else 2)
        if style == 1:
            shown = f"{Decimal(shown):,f}"
        return shown
    if name in APPROXIMATE:
        return show_float(value, source, style or 0)
    if source.is_temporal:
        return temporal.show(value, source, style or 0)
    if name == "uniqueidentifier":
        return value
    if name in ("xml", "json", "vector"):
        return value
    if source.is_binary:
        if style == 1:
            return "0x" + value.hex().upper()
        if style == 2:
            return value.hex().upper()
        if target.is_unicode:
            return value[: len(value) // 2 * 2].decode("utf-16-le", "surrogatepass")
        return target.collated().decode(value)
    if name == "hierarchyid":
        return hierarchy.to_text(value)
    if name in ("geometry", "geography"):
        return spatial.to_wkt(spatial.read(value, name))
    raise _no(source, target)


def clip(text: str, kind: SqlType) -> str:
    """Text cut, or padded, to a character type's length; the code page's bytes count."""
    if not kind.is_unicode and kind.collated().codec != "utf-8":
        # what the code page does not have
        text = kind.collated().decode(kind.collated().encode(text))
    if kind.length == MAX or kind.name in ("text", "ntext"):
        return text
    if kind.is_unicode:
        if len(text) * 2 > kind.length * 2 or not text.isascii():
            text = text.encode("utf-16-le", "surrogatepass")[: 2 * kind.length].decode("utf-16-le", "ignore")
        if kind.name == "nchar":
            text += " " * (kind.length - len(text.encode("utf-16-le", "surrogatepass")) // 2)
        return text
    data = kind.collated().encode(text)
    if len(data) > kind.length:
        text = kind.collated().cut(text, kind.length)
        data = kind.collated().encode(text)
    return text + " " * (kind.length - len(data)) if kind.name == "char" else text


def _to_text(value: Any, source: SqlType, target: SqlType, style: int | None) -> str:
    if target.name in ("text", "ntext") and not (source.is_text or source.name in ("xml",)):
        raise _no(source, target)
    text = text_of(value, source, target, style)
    cut = clip(text, target)
    if not source.is_text and not source.is_binary and len(cut.rstrip()) < len(text.rstrip()):
        # numbers that don't fit; integers become a star in char and varchar
        if source.is_integer and source.name != "bigint" and not target.is_unicode:
            return clip("*", target)
        if source.is_integer or source.name in EXACT or source.name in APPROXIMATE:
            raise error(8115, source.name, target.name)
        if source.name == "uniqueidentifier":
            raise SqlError(8170, "Insufficient result space to convert uniqueidentifier value to char.")
    return cut


# Bytes


def _to_binary(value: Any, source: SqlType, target: SqlType, style: int | None) -> bytes:
    data = _bytes_of(value, source, target, style)
    if target.name == "timestamp":
        return data[:8].ljust(8, b"\0")
    if target.length == MAX or target.name == "image":
        return data
    # numbers keep their last bytes, everything else its first
    cut = data[-target.length :] if source.is_integer else data[: target.length]
    if target.name != "binary":
        return cut
    return cut.rjust(target.length, b"\0") if source.is_integer else cut.ljust(target.length, b"\0")


def _bytes_of(value: Any, source: SqlType, target: SqlType, style: int | None) -> bytes:
    if source.is_binary or source.is_udt:
        return value
    if source.is_text:
        if style in (1, 2):
            digits = value[2:] if style == 1 and value[:2].lower() == "0x" else value if style == 2 else "?"
            try:
                return bytes.fromhex(digits)
            except ValueError:
                raise error(8114, source.name, target.name) from None
        if source.is_unicode:
            return value.encode("utf-16-le", "surrogatepass")
        return source.collated().encode(value)
    if source.is_integer:
        size = {"bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}[source.name]
        return (value & ((1 << 8 * size) - 1)).to_bytes(size, "big")
    if source.name == "uniqueidentifier":
        return uuid.UUID(value).bytes_le
    if source.name == "float":
        return struct.pack(">d", value)
    if source.name == "real":
        return struct.pack(">f", value)
    if source.name in ("money", "smallmoney"):
        return struct.pack(">q" if source.name == "money" else ">i", int(value.replace(".", "")))
    raise refused(f"the conversion of {source.name} to {target.name}")


# The rest


def _to_temporal(value: Any, source: SqlType, target: SqlType, style: int | None) -> str:
    if source.is_text:
        if style not in (None, 0, 20, 21, 23, 25, 112, 120, 121, 126, 127):
            raise refused(f"style {style} for the conversion of text to {target.name}")
        moment = temporal.parse_text(value, target, source=source.name)
    elif source.is_temporal:
        if {source.name, target.name} == {"date", "time"}:
            raise _no(source, target)
        moment = temporal.from_storage(value, source)
        if target.name in ("datetime", "smalldatetime") and source.name == "time":
            moment = replace(moment, day=693596)
    elif target.name in ("datetime", "smalldatetime") and (source.is_integer or source.name in APPROXIMATE + EXACT):
        ticks = Decimal(value) * temporal.DAY
        days, rest = divmod(int(ticks), temporal.DAY)
        if not 1 <= days + 693596 <= 3652059:
            raise error(8115, "expression", target.name)
        moment = temporal.Moment(days + 693596, rest)
    else:
        raise _no(source, target)
    return temporal.to_storage(moment, target, source=source.name)


def _to_guid(value: Any, source: SqlType, target: SqlType, style: int | None) -> str:
    if source.name == "uniqueidentifier":
        return value
    if source.is_text:
        match = re.fullmatch(r"(\{)?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?(1)\}).*", value, re.DOTALL)
        if match is None:
            raise error(8169)
        return match[2].upper()
    if source.name in ("binary", "varbinary"):
        return str(uuid.UUID(bytes_le=value[:16].ljust(16, b"\0"))).upper()
    raise _no(source, target)


def _to_xml(value: Any, source: SqlType, target: SqlType, style: int | None) -> str:
    if source.name == "xml":
        return value
    if source.is_text:
        text = value
    elif source.is_binary:
        text = value.decode("utf-16" if value[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
    else:
        raise _no(source, target)
    return checked_xml(text)


def checked_xml(text: str) -> str:
    """An XML fragment, well formed; its declaration is dropped, as the server does."""
    body = re.sub(r"^\ufeff?\s*<\?xml[^>]*\?>", "", text)
    parser = xml.parsers.expat.ParserCreate("utf-8")
    try:
        parser.Parse(b"<r>" + body.encode("utf-8", "surrogatepass") + b"</r>", True)
    except xml.parsers.expat.ExpatError as problem:
        raise error(9400, problem.lineno, problem.offset, xml.parsers.expat.ErrorString(problem.code)) from None
    return body


def _from_json(value: Any, source: SqlType, target: SqlType) -> Any:
    if not (source.is_text or source.name in ("json", "vector")):
        raise _no(source, target)
    try:
        return json.loads(value)
    except json.JSONDecodeError as problem:
        shown = value[problem.pos : problem.pos + 1] or "."
        raise SqlError(
            13609,
            f"JSON text is not properly formatted. Unexpected character '{shown}' is found at position {problem.pos}.",
        ) from None


def _to_json(value: Any, source: SqlType, target: SqlType, style: int | None) -> str:
    return json.dumps(_from_json(value, source, target), ensure_ascii=False, separators=(",", ":"))


def _to_vector(value: Any, source: SqlType, target: SqlType, style: int | None) -> str:
    numbers = _from_json(value, source, target)
    if not isinstance(numbers, list) or len(numbers) != target.length:
        found = len(numbers) if isinstance(numbers, list) else 0
        raise SqlError(42204, f"The vector dimensions {found} and {target.length} do not match.")
    singles = (struct.unpack("<f", struct.pack("<f", number))[0] for number in numbers)
    return "[" + ",".join(re.sub(r"e([+-])(\d\d)$", r"e\g<1>0\2", f"{single:.7e}") for single in singles) + "]"


def _to_variant(value: Any, source: SqlType, target: SqlType, style: int | None) -> str:
    if source.name == "sql_variant":
        return value
    if source.length == MAX or source.is_udt or source.name in ("text", "ntext", "image", "timestamp", "xml", "json", "vector"):
        raise error(206, source.name, "sql_variant")
    return json.dumps({"type": full_name(source), "value": value.hex() if source.is_binary else value})


def _to_udt(value: Any, source: SqlType, target: SqlType, style: int | None) -> bytes:
    if source.name == target.name:
        return value
    if target.name == "hierarchyid":
        if source.is_text:
            return hierarchy.from_text(value)
        if source.is_binary:
            hierarchy.to_text(value)  # checks it
            return value
    elif source.is_text:
        return spatial.write(spatial.from_wkt(value, 4326 if target.name == "geography" else 0), target.name)
    elif source.is_binary:
        spatial.read(value, target.name)
        return value
    raise _no(source, target)


_TARGETS = {
    **dict.fromkeys(INTEGER_RANGES, _to_integer),
    **dict.fromkeys(("decimal", "numeric"), _to_decimal),
    **dict.fromkeys(("money", "smallmoney"), _to_money),
    **dict.fromkeys(APPROXIMATE, _to_float),
    **dict.fromkeys(("char", "varchar", "text", "nchar", "nvarchar", "ntext"), _to_text),
    **dict.fromkeys(("binary", "varbinary", "image", "timestamp"), _to_binary),
    **dict.fromkeys(("date", "time", "datetime", "smalldatetime", "datetime2", "datetimeoffset"), _to_temporal),
    **dict.fromkeys(("hierarchyid", "geometry", "geography"), _to_udt),
    "uniqueidentifier": _to_guid,
    "xml": _to_xml,
    "json": _to_json,
    "vector": _to_vector,
    "sql_variant": _to_variant,
}
