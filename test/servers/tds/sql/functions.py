"""What the engine adds to SQLite: the functions tsql_…, aggregates and collations."""

from __future__ import annotations

import functools
import re
import sqlite3
import uuid
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal, DivisionByZero, InvalidOperation
from functools import lru_cache
from typing import Any

from .. import collations, conversions, temporal
from ..errors import SqlError, error
from ..types import INTEGER_RANGES, SqlType, parse
from . import methods
from .binder import conversions_fit
from .scalar_functions import SCALARS


class Failures:
    """Carries errors through SQLite, which has no words for them."""

    def __init__(self) -> None:
        self.pending: SqlError | None = None

    def guard(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def guarded(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except SqlError as failure:
                self.pending = failure
                raise

        return guarded

    def translate(self, problem: sqlite3.Error) -> Exception:
        """The SqlError behind SQLite's error, or that error itself."""
        pending, self.pending = self.pending, None
        return pending or problem


def install(connection: sqlite3.Connection, failures: Failures) -> None:
    """Teaches a connection all of it."""
    for kind in collations.SQLITE_COLLATIONS:
        connection.create_collation(kind, functools.partial(collations.compare, kind))
    connection.create_collation("tsql_number", _compare_numbers)
    plain: dict[str, Callable[..., Any]] = {
        "tsql_convert": _convert,
        "tsql_try_convert": _try_convert,
        "tsql_assign": _assign,
        "tsql_integer": _integer,
        "tsql_float": _float,
        "tsql_exact": _exact,
        "tsql_join_bytes": lambda left, right: None if None in (left, right) else left + right,
        # bytes are compared as if the shorter ones had zeros behind them
        "tsql_padded": lambda value: None if value is None else value.rstrip(b"\0"),
        "tsql_like": _like,
        "tsql_method": methods.call_method,
        "tsql_make_shape": methods.make_shape,
        "tsql_one_row": _one_row,
        "tsql_add_days": _add_days,
    }
    for name, entry in SCALARS.items():
        plain[f"tsql_{name.lower()}"] = entry.run if entry.keeps_null else _null_in_null_out(entry.run)
    for name, function in plain.items():
        connection.create_function(name, -1, failures.guard(function), deterministic=True)
    connection.create_function("tsql_newid", 0, lambda: str(uuid.uuid4()).upper())
    for name, average in (("tsql_sum", False), ("tsql_avg", True)):
        connection.create_aggregate(name, 2, _aggregate(failures, average=average))


def _null_in_null_out(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        return None if None in arguments else function(*arguments)

    return run


def _compare_numbers(left: str, right: str) -> int:
    a, b = Decimal(left), Decimal(right)
    return (a > b) - (a < b)


def _convert(value: Any, source: str, target: str, style: int | None) -> Any:
    return conversions.convert(value, parse(source), parse(target), style)


def _try_convert(value: Any, source: str, target: str, style: int | None) -> Any:
    try:
        return conversions.convert(value, parse(source), parse(target), style)
    except SqlError as failure:
        if failure.number == 529:
            raise
        return None


def _assign(value: Any, source: str, target: str, table: str, column: str) -> Any:
    return conversions_fit(value, parse(source), parse(target), table, column)


def _one_row(count: int, value: Any) -> Any:
    if count > 1:
        raise error(512)
    return value


def _add_days(value: str | None, days: float | None, kind: str) -> str | None:
    if value is None or days is None:
        return None
    target = parse(kind)
    moment = temporal.from_storage(value, target)
    more, ticks = divmod(moment.ticks + round(days * temporal.DAY), temporal.DAY)
    try:
        return temporal.to_storage(temporal.Moment(moment.day + more, ticks), target)
    except (ValueError, OverflowError):
        raise error(8115, "expression", kind) from None


def _integer(operator: str, left: int | None, right: int | None, kind: str) -> int | None:
    if left is None or right is None:
        return None
    if operator in "/%":
        if right == 0:
            raise error(8134)
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        result = quotient if operator == "/" else left - quotient * right
    else:
        result = left + right if operator == "+" else left - right if operator == "-" else left * right
    low, high = INTEGER_RANGES[kind]
    if not low <= result <= high:
        raise error(8115, "expression", kind)
    return result


def _float(operator: str, left: float | None, right: float | None, kind: str) -> float | None:
    if left is None or right is None:
        return None
    if operator == "/":
        if right == 0:
            raise error(8134)
        result = left / right
    else:
        result = left + right if operator == "+" else left - right if operator == "-" else left * right
    return float(conversions.convert(result, SqlType("float"), parse(kind)))


def _exact(operator: str, left: Any, right: Any, kind: str) -> str | None:
    if left is None or right is None:
        return None
    a, b = Decimal(left), Decimal(right)
    math = conversions.EXACT_MATH
    try:
        if operator == "+":
            result = math.add(a, b)
        elif operator == "-":
            result = math.subtract(a, b)
        elif operator == "*":
            result = math.multiply(a, b)
        elif operator == "/":
            result = math.divide(a, b)
        else:
            result = a - (a / b).quantize(Decimal(1), ROUND_DOWN) * b
    except (DivisionByZero, InvalidOperation):
        raise error(8134) from None
    target = parse(kind)
    if operator == "/":  # quotients are cut, not rounded
        result = result.quantize(Decimal(1).scaleb(-conversions.exact_scale(target)), ROUND_DOWN, math)
    return str(conversions.convert(str(result), _exact_kind(target), target))


def _exact_kind(target: SqlType) -> SqlType:
    return target if target.name in ("money", "smallmoney") else SqlType("decimal", precision=38, scale=target.scale)


def _aggregate(failures: Failures, *, average: bool) -> type:
    class Total:
        def __init__(self) -> None:
            self.total: Any = 0
            self.count = 0
            self.kind = ""

        def step(self, value: Any, kind: str) -> None:
            self.kind = kind
            if value is not None:
                self.count += 1
                self.total += Decimal(value) if isinstance(value, str) else value

        def finalize(self) -> Any:
            if not self.count:
                return None
            return failures.guard(self._result)()

        def _result(self) -> Any:
            target = parse(self.kind)
            if target.is_integer:
                return _integer("/" if average else "+", int(self.total), self.count if average else 0, self.kind)
            if target.name == "float":
                return float(self.total) / (self.count if average else 1)
            return _exact("/" if average else "+", str(self.total), str(self.count if average else 0), self.kind)

    return Total


def _like(text: str | None, pattern: str | None, escape: str | None, folds: int) -> int | None:
    if text is None or pattern is None:
        return None
    return int(like_pattern(pattern, escape, folds).fullmatch(text) is not None)


@lru_cache(maxsize=256)
def like_pattern(pattern: str, escape: str | None, folds: int) -> re.Pattern[str]:
    """LIKE's pattern as a regular expression: % _ [a-z] [^a]."""
    parts, index = [], 0
    while index < len(pattern):
        letter = pattern[index]
        index += 1
        if escape and letter == escape and index < len(pattern):
            parts.append(re.escape(pattern[index]))
            index += 1
        elif letter == "%":
            parts.append(".*")
        elif letter == "_":
            parts.append(".")
        elif letter == "[" and (end := pattern.find("]", index + 1)) > 0:
            body = pattern[index:end].replace("\\", "\\\\").replace("[", "\\[")
            parts.append(f"[{body}]")
            index = end + 1
        else:
            parts.append(re.escape(letter))
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if folds else 0))
