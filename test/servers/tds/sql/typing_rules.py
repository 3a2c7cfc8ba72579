"""Which type an expression has: precedence, arithmetic, unions. From the T-SQL reference's rules."""

from __future__ import annotations

from ..errors import SqlError, error
from ..types import APPROXIMATE, INTEGERS, MAX, SqlType

# Data type precedence, highest first.
_PRECEDENCE = """hierarchyid geometry geography sql_variant xml datetimeoffset datetime2 datetime smalldatetime date time
float real decimal numeric money smallmoney bigint int smallint tinyint bit ntext text image timestamp uniqueidentifier
nvarchar nchar varchar char varbinary binary""".split()
_RANK = {name: len(_PRECEDENCE) - index for index, name in enumerate(_PRECEDENCE)}
_INTEGER_DIGITS = {"bit": 1, "tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
NUMERIC = (*INTEGERS, *APPROXIMATE, "decimal", "numeric", "money", "smallmoney")


def decimal_shape(kind: SqlType) -> tuple[int, int]:
    """Precision and scale of a number when it meets a decimal."""
    if kind.is_integer:
        return _INTEGER_DIGITS[kind.name], 0
    if kind.name == "money":
        return 19, 4
    if kind.name == "smallmoney":
        return 10, 4
    return kind.precision, kind.scale


def _longest(left: int, right: int) -> int:
    return MAX if MAX in (left, right) else max(left, right)


def unify(left: SqlType, right: SqlType) -> SqlType:
    """The type of UNION, CASE and COALESCE over two types; comparisons happen in it."""
    if left == right:
        return left
    high, low = (left, right) if _RANK[left.name] >= _RANK[right.name] else (right, left)
    if high.name in ("decimal", "numeric") and low.name in NUMERIC:
        (p1, s1), (p2, s2) = decimal_shape(left), decimal_shape(right)
        scale = max(s1, s2)
        whole = max(p1 - s1, p2 - s2)
        if whole + scale > 38:
            scale = max(38 - whole, 0)
        return SqlType(high.name, precision=min(whole + scale, 38), scale=scale)
    if high.is_text and low.is_text:
        length = _longest(left.length, right.length)
        if high.name in ("text", "ntext"):
            return high
        name = high.name
        if high.length != low.length or "var" in low.name:  # char of another length is as good as varchar
            name = "nvarchar" if high.is_unicode else "varchar"
        if name == "nvarchar" and length != MAX and length > 4000:
            length = MAX
        collation = left.collation or right.collation
        return SqlType(name, length, collation=collation)
    if high.is_binary and low.is_binary and high.name != "timestamp":
        return SqlType("varbinary", _longest(left.length, right.length))
    if high.name == low.name and high.name in ("time", "datetime2", "datetimeoffset"):
        return SqlType(high.name, scale=max(left.scale, right.scale))
    if high.name in ("datetime2", "datetimeoffset") and low.name in ("time", "datetime2", "datetime"):
        return SqlType(high.name, scale=max(high.scale, 3 if low.name == "datetime" else low.scale))
    return high


def arithmetic(operator: str, left: SqlType, right: SqlType) -> SqlType:
    """The type of + - * / % over two types."""
    for kind, other in ((left, right), (right, left)):
        if kind.name not in NUMERIC and not (kind.is_text and other.name in NUMERIC):
            raise _incompatible(operator, left, right)
    if left.is_text:
        left = right
    if right.is_text:
        right = left
    high = left if _RANK[left.name] >= _RANK[right.name] else right
    if high.name in APPROXIMATE:
        if operator == "%":
            raise _incompatible("modulo", left, right)
        return high
    if high.name not in ("decimal", "numeric"):
        return high if high.name != "bit" else SqlType("int")
    (p1, s1), (p2, s2) = decimal_shape(left), decimal_shape(right)
    if operator in "+-":
        scale = max(s1, s2)
        precision = scale + max(p1 - s1, p2 - s2) + 1
    elif operator == "*":
        scale, precision = s1 + s2, p1 + p2 + 1
    elif operator == "/":
        scale = max(6, s1 + p2 + 1)
        precision = p1 - s1 + s2 + scale
    else:
        scale = max(s1, s2)
        precision = min(p1 - s1, p2 - s2) + scale
    if precision > 38:
        whole = precision - scale
        if operator in "*/":
            # the scale gives way, but not below 6
            scale = min(scale, max(38 - whole, 6)) if whole > 32 else 38 - whole
        else:
            scale = max(38 - whole, 0)
        precision = 38
    return SqlType(high.name, precision=precision, scale=min(scale, 38))


def concatenated(left: SqlType, right: SqlType) -> SqlType:
    """The type of + over texts or over bytes."""
    text = left.is_text and right.is_text
    if not text and not (left.is_binary and right.is_binary):
        raise _incompatible("add", left, right)
    if {"text", "ntext", "image"} & {left.name, right.name}:
        raise _incompatible("add", left, right)
    wide = left.is_unicode or right.is_unicode
    name = "varbinary" if not text else "nvarchar" if wide else "varchar"
    if MAX in (left.length, right.length):
        return SqlType(name, MAX, collation=left.collation or right.collation)
    left_length = 8 if left.name == "timestamp" else left.length
    right_length = 8 if right.name == "timestamp" else right.length
    return SqlType(
        name, min(left_length + right_length, 4000 if wide else 8000), collation=left.collation or right.collation
    )


def _incompatible(operator: str, left: SqlType, right: SqlType) -> SqlError:
    word = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo"}.get(operator, operator)
    return error(402, left.name, right.name, word)


def implicit(source: SqlType, target: SqlType) -> None:
    """Raises where a value is not converted without being asked to."""
    if source.name == target.name:
        return
    text_to_bytes = source.is_text and target.is_binary
    from_special = source.name == "xml" or source.is_udt or source.name == "sql_variant"
    guid = {source.name, target.name} & {"uniqueidentifier"} and not (
        source.is_text or source.is_binary or target.is_text or target.is_binary or target.name == "sql_variant"
    )
    if (
        text_to_bytes
        or (source.name == "sql_variant")
        or (from_special and target.name != "sql_variant" and not target.is_binary)
    ):
        raise error(257, source.name, target.name)
    if (
        guid
        or (source.is_temporal and target.name in NUMERIC)
        or (target.name in ("text", "ntext") and not source.is_text)
    ):
        raise error(206, source.name, target.name)
    if source.name in NUMERIC and target.is_temporal and target.name not in ("datetime", "smalldatetime"):
        raise error(206, source.name, target.name)
