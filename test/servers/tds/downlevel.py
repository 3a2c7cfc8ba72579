"""What a client of an older protocol version gets for a type that its version does not know.

[MS-TDS 1.7, 2.2.5.4] and the tables of down-level conversion in SQL Server's documentation of its native clients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from . import conversions
from .login import TDS_71, TDS_72, TDS_73A
from .types import MAX, SqlType


@dataclass(frozen=True)
class Shown:
    """The type that the client sees, and how a value in storage form becomes one of it (None: it is one)."""

    kind: SqlType
    convert: Callable[[Any], Any] | None = None


@lru_cache(maxsize=1024)
def for_client(kind: SqlType, version: int) -> Shown:
    """How a client with this protocol version sees a type."""
    name = kind.name
    if name in ("json", "vector"):  # whoever does not ask for their features in the login sees text
        return for_client(SqlType("nvarchar", MAX), version)
    if version < TDS_73A and name in ("date", "time", "datetime2", "datetimeoffset"):
        # wide enough for seven digits, however many the column has
        return _converted(
            kind, SqlType("nvarchar", {"date": 10, "time": 16, "datetime2": 27, "datetimeoffset": 34}[name])
        )
    if version < TDS_72:
        if name == "xml" or (name == "nvarchar" and kind.length == MAX):
            return Shown(SqlType("ntext", collation=kind.collation))
        if name == "varchar" and kind.length == MAX:
            return Shown(SqlType("text", collation=kind.collation))
        if kind.is_udt or (name == "varbinary" and kind.length == MAX):
            return Shown(SqlType("image"))
    if version < TDS_71:
        if name == "bigint":
            return _converted(kind, SqlType("numeric", precision=19))
        if name == "sql_variant":
            return _converted(kind, SqlType("nvarchar", 4000))
    return Shown(kind)


def _converted(source: SqlType, target: SqlType) -> Shown:
    return Shown(target, lambda value: conversions.convert(value, source, target))
