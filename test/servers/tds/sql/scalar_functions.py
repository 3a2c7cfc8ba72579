"""T-SQL's built-in scalar functions: what they do with values in storage form, and which type comes out.

Each entry: the Python function; what its arguments are converted to (`text` any character type, `int`, `any` as it is,
a type's name; the last repeats); how the result's type follows from the arguments' types.
NULL in any argument gives NULL, unless `keeps_null`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from .. import temporal
from ..conversions import EXACT_MATH, convert, exact_scale
from ..errors import SqlError, error, refused
from ..types import BIGINT, INT, MAX, SqlType, parse

Rule = Callable[[Sequence[SqlType]], SqlType]


@dataclass(frozen=True)
class Scalar:
    """A function. `takes_types`: the Python function gets the arguments' types as a first argument, `a;b;c`."""

    run: Callable[..., Any]
    arguments: tuple[str, ...]
    result: Rule
    least: int
    most: int
    keeps_null: bool = False
    takes_types: bool = False


def _same(kinds: Sequence[SqlType]) -> SqlType:
    return kinds[0]


def _always(kind: SqlType) -> Rule:
    return lambda kinds: kind


def _text_like(kinds: Sequence[SqlType], length: int | None = None) -> SqlType:
    """varchar or nvarchar as the first argument, of its length or another."""
    first = kinds[0]
    size = first.length if length is None else length
    if first.name in ("text", "ntext"):
        size = MAX
    if first.is_binary:
        return SqlType("varbinary", size)
    return SqlType("nvarchar" if first.is_unicode else "varchar", size, collation=first.collation)


def _wide(kinds: Sequence[SqlType]) -> SqlType:
    """The longest text of the first argument's kind that is no (max), unless that is (max)."""
    return _text_like(kinds, MAX if kinds[0].length == MAX else 4000 if kinds[0].is_unicode else 8000)


def _units(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _cut(text: str, start: int, count: int) -> str:
    """Part of a text, in UTF-16 units."""
    if text.isascii():
        return text[start : start + count]
    return _units(text)[2 * start : 2 * (start + count)].decode("utf-16-le", "ignore")


def _length(text: str) -> int:
    return len(text.rstrip(" ")) if text.isascii() else len(_units(text.rstrip(" "))) // 2


def _data_length(types: str, value: Any) -> int:
    kind = parse(types.split(";")[0])
    if isinstance(value, bytes):
        return len(value)
    if kind.is_unicode or kind.name == "xml":
        return len(_units(value))
    if kind.is_text:
        return len(kind.collated().encode(value))
    if kind.name == "sql_variant":
        raise refused("DATALENGTH of sql_variant")
    return kind.max_length if kind.name != "date" else 3


def _substring(value: Any, start: int, count: int) -> Any:
    if count < 0:
        raise SqlError(537, "Invalid length parameter passed to the LEFT or SUBSTRING function.")
    first, last = max(start - 1, 0), max(start - 1 + count, 0)
    return value[first:last] if isinstance(value, bytes) else _cut(value, first, last - first)


def _substring_type(kinds: Sequence[SqlType]) -> SqlType:
    return _text_like(kinds)


def _left(text: str, count: int) -> str:
    return _substring(text, 1, count)


def _right(text: str, count: int) -> str:
    if count < 0:
        raise SqlError(536, "Invalid length parameter passed to the RIGHT function.")
    units = _units(text)
    return units[max(len(units) - 2 * count, 0) :].decode("utf-16-le", "ignore")


def _replicate(types: str, text: str, count: int) -> str | None:
    if count < 0:
        return None
    kind = parse(types.split(";")[0])
    if kind.length == MAX:
        return text * count
    # what is not (max) ends at 8000 bytes, as everybody finds out once
    whole = text * min(count, 8001)
    return _cut(whole, 0, 4000) if kind.is_unicode else whole[:8000]


def _replace(text: str, old: str, new: str) -> str:
    return re.sub(re.escape(old), lambda match: new, text, flags=re.IGNORECASE) if old else text


def _charindex(sought: str, text: str, start: int = 1) -> int:
    return text.casefold().find(sought.casefold(), max(start - 1, 0)) + 1 if sought else 0


def _stuff(text: str, start: int, count: int, new: str) -> str | None:
    if start < 1 or start > len(text) or count < 0:
        return None
    return text[: start - 1] + new + text[start - 1 + count :]


def _char(code: int) -> str | None:
    return bytes([code]).decode("cp1252", "replace") if 0 <= code <= 255 else None


def _nchar(code: int) -> str | None:
    if 0xD800 <= code <= 0xDFFF:
        raise refused("lone surrogates")
    return chr(code) if 0 <= code <= 0x10FFFF else None


def _quotename(text: str, mark: str = "[") -> str | None:
    closing = {"[": "]", "]": "]", '"': '"', "'": "'"}.get(mark)
    if closing is None or len(text) > 128:
        return None
    return ("[" if closing == "]" else closing) + text.replace(closing, closing * 2) + closing


def _concat(*parts: str | None) -> str:
    return "".join(part or "" for part in parts)


def _concat_type(kinds: Sequence[SqlType]) -> SqlType:
    wide = any(kind.is_unicode for kind in kinds)
    largest = any(kind.length == MAX for kind in kinds if kind.is_text)
    collation = next((kind.collation for kind in kinds if kind.collation), "")
    return SqlType("nvarchar" if wide else "varchar", MAX if largest else 4000 if wide else 8000, collation=collation)


def _absolute(value: Any) -> Any:
    return value.lstrip("-") if isinstance(value, str) else abs(value)


def _without_fraction(kinds: Sequence[SqlType]) -> SqlType:
    first = kinds[0]
    return SqlType(first.name, precision=first.precision) if first.name in ("decimal", "numeric") else first


def _whole(types: str, value: Any, rounding: str) -> Any:
    """FLOOR and CEILING of a number in storage form."""
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return float(Decimal(value).to_integral_value(rounding))
    whole = str(Decimal(value).quantize(Decimal(1), rounding, EXACT_MATH))
    return convert(whole, SqlType("decimal", precision=38), _without_fraction([parse(types.split(";")[0])]))


def _round(types: str, value: Any, digits: int) -> Any:
    kind = parse(types.split(";")[0])
    unit = Decimal(1).scaleb(-digits)
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    rounded = (exact / unit).quantize(Decimal(1), ROUND_HALF_UP, EXACT_MATH) * unit
    if isinstance(value, float):
        return float(rounded)
    if isinstance(value, int):
        return convert(str(int(rounded)), SqlType("decimal", precision=38), kind)
    return convert(f"{rounded:f}", SqlType("decimal", precision=38, scale=exact_scale(kind)), kind)


def _power(types: str, base: Any, exponent: float) -> Any:
    kind = parse(types.split(";")[0])
    try:
        result = float(base) ** exponent
    except (OverflowError, ZeroDivisionError):
        raise error(8115, "expression", kind.name) from None
    if isinstance(result, complex):
        raise SqlError(3623, "An invalid floating point operation occurred.")
    return convert(result, SqlType("float"), kind)


def _square_root(value: float) -> float:
    if value < 0:
        raise SqlError(3623, "An invalid floating point operation occurred.")
    return float(value**0.5)


# Dates

_PARTS = {
    **dict.fromkeys(("year", "yy", "yyyy"), "year"),
    **dict.fromkeys(("quarter", "qq", "q"), "quarter"),
    **dict.fromkeys(("month", "mm", "m"), "month"),
    **dict.fromkeys(("day", "dd", "d"), "day"),
    **dict.fromkeys(("week", "wk", "ww"), "week"),
    **dict.fromkeys(("hour", "hh"), "hour"),
    **dict.fromkeys(("minute", "mi", "n"), "minute"),
    **dict.fromkeys(("second", "ss", "s"), "second"),
    **dict.fromkeys(("millisecond", "ms"), "millisecond"),
    **dict.fromkeys(("microsecond", "mcs"), "microsecond"),
    **dict.fromkeys(("nanosecond", "ns"), "nanosecond"),
}
_TICKS = {"hour": 36_000_000_000, "minute": 600_000_000, "second": 10_000_000, "millisecond": 10_000, "microsecond": 10}
_MONTHS = {"year": 12, "quarter": 3, "month": 1}
_DAYS = {"day": 1, "week": 7}


def _part(name: str) -> str:
    if name not in _PARTS:
        raise SqlError(155, f"'{name}' is not a recognized datepart option.", severity=15)
    return _PARTS[name]


def _dateadd(types: str, part: str, count: int, value: str) -> str:
    kind = parse(types.split(";")[2])
    if kind.is_text:
        kind = SqlType("datetime")
        value = temporal.to_storage(temporal.parse_text(value, kind), kind)
    name = _part(part)
    moment = temporal.from_storage(value, kind)
    try:
        if name in _MONTHS:
            day = date.fromordinal(moment.day)
            months = day.year * 12 + day.month - 1 + count * _MONTHS[name]
            first = date(months // 12, months % 12 + 1, 1)
            length = (date(first.year + first.month // 12, first.month % 12 + 1, 1) - first).days
            moved = temporal.Moment(first.toordinal() + min(day.day, length) - 1, moment.ticks, moment.offset)
        elif name in _DAYS:
            moved = temporal.Moment(moment.day + count * _DAYS[name], moment.ticks, moment.offset)
        else:
            ticks = moment.ticks + (count * _TICKS[name] if name in _TICKS else count // 100)
            moved = temporal.Moment(moment.day + ticks // temporal.DAY, ticks % temporal.DAY, moment.offset)
        return temporal.to_storage(moved, kind)
    except (ValueError, OverflowError):
        raise SqlError(517, f"Adding a value to a '{kind.name}' column caused an overflow.") from None


def _dateadd_type(kinds: Sequence[SqlType]) -> SqlType:
    return SqlType("datetime") if kinds[2].is_text else kinds[2]


def _moment(value: str, kind: SqlType) -> temporal.Moment:
    if kind.is_text:
        return temporal.parse_text(value, SqlType("datetime2", scale=7))
    return temporal.from_storage(value, kind)


def _datediff(types: str, part: str, first: str, second: str) -> int:
    _, a, b = (parse(one) for one in types.split(";"))
    name = _part(part)
    start, end = _moment(first, a), _moment(second, b)
    if name in _MONTHS:
        days = date.fromordinal(start.day), date.fromordinal(end.day)
        return (days[1].year * 12 + days[1].month - 1) // _MONTHS[name] - (
            days[0].year * 12 + days[0].month - 1
        ) // _MONTHS[name]
    if name in _DAYS:
        return end.day // _DAYS[name] - start.day // _DAYS[name]
    totals = [moment.day * temporal.DAY + moment.ticks for moment in (start, end)]
    if name == "nanosecond":
        return (totals[1] - totals[0]) * 100
    return totals[1] // _TICKS[name] - totals[0] // _TICKS[name]


def _datepart(types: str, part: str, value: str) -> int:
    moment = _moment(value, parse(types.split(";")[1]))
    day = date.fromordinal(moment.day)
    name = _part(part)
    if name in ("year", "month", "day"):
        return int(getattr(day, name))
    if name == "quarter":
        return (day.month + 2) // 3
    if name == "week":
        first = date(day.year, 1, 1)
        return (day - first + timedelta(days=first.isoweekday() % 7)).days // 7 + 1
    if name == "nanosecond":
        return moment.ticks % 10_000_000 * 100
    unit = moment.ticks // _TICKS[name]
    return unit % {"hour": 24, "minute": 60, "second": 60, "millisecond": 1000, "microsecond": 1_000_000}[name]


def _datename(types: str, part: str, value: str) -> str:
    if part in ("weekday", "dw", "w"):
        return date.fromordinal(_moment(value, parse(types.split(";")[1])).day).strftime("%A")
    number = _datepart(types, part, value)
    return date(2000, number, 1).strftime("%B") if _part(part) == "month" else str(number)


def _date_from_parts(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise SqlError(
            289, "Cannot construct data type date, some of the arguments have values which are not valid."
        ) from None


_HASHES = {"md5": "md5", "sha1": "sha1", "sha": "sha1", "sha2_256": "sha256", "sha2_512": "sha512"}


def _hash_bytes(types: str, name: str, value: Any) -> bytes | None:
    if name.lower() not in _HASHES:
        return None
    return hashlib.new(_HASHES[name.lower()], convert(value, parse(types.split(";")[1]), _BYTES)).digest()


def _variant_property(value: str, name: str) -> str | None:
    """SQL_VARIANT_PROPERTY: a variant that holds a sysname or a number."""
    stored = json.loads(value)
    kind = parse(stored["type"])
    found: dict[str, tuple[Any, str]] = {
        "basetype": (kind.name, "nvarchar(128)"),
        "precision": (kind.catalog_precision, "int"),
        "scale": (kind.catalog_scale, "int"),
        "maxlength": (kind.max_length, "int"),
        "collation": (kind.collation or None, "nvarchar(128)"),
    }
    shown, shown_kind = found.get(name.lower(), (None, "int"))
    return None if shown is None else json.dumps({"type": shown_kind, "value": shown})


_VARCHAR = SqlType("varchar", 8000)
_BYTES = SqlType("varbinary", MAX)
_NVARCHAR1 = SqlType("nvarchar", 1)

SCALARS: dict[str, Scalar] = {
    "LEN": Scalar(_length, ("text",), lambda kinds: BIGINT if kinds[0].length == MAX else INT, 1, 1),
    "DATALENGTH": Scalar(
        _data_length, ("any",), lambda kinds: BIGINT if kinds[0].is_large else INT, 1, 1, takes_types=True
    ),
    "UPPER": Scalar(str.upper, ("text",), _text_like, 1, 1),
    "LOWER": Scalar(str.lower, ("text",), _text_like, 1, 1),
    "LTRIM": Scalar(lambda text: text.lstrip(" "), ("text",), _text_like, 1, 1),
    "RTRIM": Scalar(lambda text: text.rstrip(" "), ("text",), _text_like, 1, 1),
    "TRIM": Scalar(lambda text: text.strip(" "), ("text",), _text_like, 1, 1),
    "REVERSE": Scalar(lambda text: text[::-1], ("text",), _text_like, 1, 1),
    "LEFT": Scalar(_left, ("text", "int"), _text_like, 2, 2),
    "RIGHT": Scalar(_right, ("text", "int"), _text_like, 2, 2),
    "SUBSTRING": Scalar(_substring, ("text or bytes", "int"), _substring_type, 3, 3),
    "REPLICATE": Scalar(_replicate, ("text", "int"), _wide, 2, 2, takes_types=True),
    "REPLACE": Scalar(_replace, ("text",), _wide, 3, 3),
    "SPACE": Scalar(lambda count: " " * min(count, 8000) if count >= 0 else None, ("int",), _always(_VARCHAR), 1, 1),
    "STUFF": Scalar(_stuff, ("text", "int", "int", "text"), _wide, 4, 4),
    "CHARINDEX": Scalar(_charindex, ("text", "text", "int"), _always(INT), 2, 3),
    "CHAR": Scalar(_char, ("int",), _always(SqlType("char", 1)), 1, 1),
    "NCHAR": Scalar(_nchar, ("int",), _always(_NVARCHAR1), 1, 1),
    "UNICODE": Scalar(
        lambda text: int.from_bytes(_units(text)[:2], "little") if text else None, ("text",), _always(INT), 1, 1
    ),
    "ASCII": Scalar(lambda text: text.encode("cp1252", "replace")[0] if text else None, ("text",), _always(INT), 1, 1),
    "QUOTENAME": Scalar(_quotename, ("nvarchar",), _always(SqlType("nvarchar", 258)), 1, 2),
    "CONCAT": Scalar(_concat, ("text",), _concat_type, 2, 254, keeps_null=True),
    "HASHBYTES": Scalar(
        _hash_bytes, ("text", "text or bytes"), _always(SqlType("varbinary", 8000)), 2, 2, takes_types=True
    ),
    "SQL_VARIANT_PROPERTY": Scalar(_variant_property, ("variant", "nvarchar"), _always(SqlType("sql_variant")), 2, 2),
    "ABS": Scalar(_absolute, ("number",), _same, 1, 1),
    "SIGN": Scalar(lambda value: (value > 0) - (value < 0), ("float",), _always(INT), 1, 1),
    "FLOOR": Scalar(
        lambda types, value: _whole(types, value, ROUND_FLOOR), ("number",), _without_fraction, 1, 1, takes_types=True
    ),
    "CEILING": Scalar(
        lambda types, value: _whole(types, value, ROUND_CEILING), ("number",), _without_fraction, 1, 1, takes_types=True
    ),
    "ROUND": Scalar(_round, ("number", "int"), _same, 2, 2, takes_types=True),
    "POWER": Scalar(_power, ("number", "float"), _same, 2, 2, takes_types=True),
    "SQRT": Scalar(_square_root, ("float",), _always(SqlType("float")), 1, 1),
    "DATEADD": Scalar(_dateadd, ("any", "int", "any"), _dateadd_type, 3, 3, takes_types=True),
    "DATEDIFF": Scalar(_datediff, ("any",), _always(INT), 3, 3, takes_types=True),
    "DATEDIFF_BIG": Scalar(_datediff, ("any",), _always(BIGINT), 3, 3, takes_types=True),
    "DATEPART": Scalar(_datepart, ("any",), _always(INT), 2, 2, takes_types=True),
    "DATENAME": Scalar(_datename, ("any",), _always(SqlType("nvarchar", 30)), 2, 2, takes_types=True),
    "DATEFROMPARTS": Scalar(_date_from_parts, ("int",), _always(SqlType("date")), 3, 3),
}
