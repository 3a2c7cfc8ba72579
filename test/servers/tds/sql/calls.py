"""Binds function calls: scalar functions by their table, aggregates, windows, and what asks the session or the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import SqlError, error, refused
from ..types import BIGINT, INT, MAX, SqlType, full_name
from . import nodes, typing_rules
from .bound import Bound, Scope, quoted
from .scalar_functions import SCALARS

if TYPE_CHECKING:
    from .binder import ExpressionBinder

AGGREGATES = ("COUNT", "COUNT_BIG", "SUM", "AVG", "MIN", "MAX", "STRING_AGG")
_RANKINGS = ("ROW_NUMBER", "RANK", "DENSE_RANK")


def bind_call(binder: ExpressionBinder, node: nodes.Call, scope: Scope) -> Bound:
    name = node.name.removeprefix("SYS.")
    if name in AGGREGATES:
        return _aggregate(binder, node, scope)
    if name in _RANKINGS and node.window is not None:
        return Bound(f"{name}() {_window(binder, node.window, scope)}", BIGINT)
    if node.window is not None or node.distinct:
        raise refused(f"{name} with OVER or DISTINCT")
    arguments = [binder.bind(one, scope) for one in node.arguments]
    if name in ("COALESCE", "ISNULL"):
        return _first_of(binder, name, arguments)
    if name == "NULLIF":
        return _null_if(binder, arguments)
    if name == "NEWID" and not arguments:
        return Bound("tsql_newid()", SqlType("uniqueidentifier"))  # another one for each row
    if name in SCALARS:
        return _scalar(binder, name, arguments)
    found = binder.environment.function(name, arguments, binder.catalog)
    if found is None:
        raise error(195, node.name.lower())
    value, kind = found
    return binder.constant(value, kind)


def count_check(name: str, arguments: Sequence[object], least: int, most: int) -> None:
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        failure = error(102, ")")
        failure.number = 174 if least == most else 189
        failure.text = f"The {name.lower()} function requires {wanted} argument(s)."
        raise failure


def _scalar(binder: ExpressionBinder, name: str, arguments: list[Bound]) -> Bound:
    entry = SCALARS[name]
    count_check(name, arguments, entry.least, entry.most)
    wanted = [entry.arguments[min(index, len(entry.arguments) - 1)] for index in range(len(arguments))]
    bounds = [_as(binder, bound, want) for bound, want in zip(arguments, wanted, strict=True)]
    kinds = [bound.type for bound in bounds]
    result = entry.result(kinds)
    texts = [bound.sql for bound in bounds]
    if entry.takes_types:
        texts.insert(0, quoted(";".join(full_name(kind) for kind in kinds)))
    return Bound(f"tsql_{name.lower()}({', '.join(texts)})", result, not entry.keeps_null)


def _as(binder: ExpressionBinder, bound: Bound, want: str) -> Bound:
    """An argument as the function wants it."""
    kind = bound.type
    if want == "any" or (want == "text or bytes" and (kind.is_text or kind.is_binary)):
        return bound
    if want == "variant":
        return binder.converted(bound, SqlType("sql_variant"))
    if want == "number":
        return bound if kind.name in typing_rules.NUMERIC else binder.converted(bound, SqlType("float"))
    if want == "int":
        return bound if kind.is_integer else binder.converted(bound, BIGINT)
    if want in ("text", "text or bytes"):
        if kind.is_text:
            return bound
        size = {"uniqueidentifier": 36}.get(kind.name, 100)
        if kind.name in ("xml", "geometry", "geography") or kind.is_binary:
            size = MAX
        return binder.converted(bound, SqlType("varchar", size, collation=binder.catalog.database_collation()))
    if want == "nvarchar":
        return binder.converted(bound, SqlType("nvarchar", 4000))
    return binder.converted(bound, SqlType(want))


def _first_of(binder: ExpressionBinder, name: str, arguments: list[Bound]) -> Bound:
    if len(arguments) < 2 or (name == "ISNULL" and len(arguments) != 2):
        count_check(name, arguments, 2, 2)
    kind = binder.common(arguments)
    if name == "ISNULL" and arguments[0].kind is not None:
        kind = arguments[0].kind  # the replacement is cut to it
    texts = ", ".join(binder.converted(one, kind).sql for one in arguments)
    return Bound(f"COALESCE({texts})", kind, all(one.nullable for one in arguments))


def _null_if(binder: ExpressionBinder, arguments: list[Bound]) -> Bound:
    count_check("NULLIF", arguments, 2, 2)
    left, right = arguments
    return Bound(f"CASE WHEN {binder.comparison('=', left, right)} THEN NULL ELSE {left.sql} END", left.kind)


# Aggregates


def _aggregate(binder: ExpressionBinder, node: nodes.Call, scope: Scope) -> Bound:
    name = node.name
    over = "" if node.window is None else " " + _window(binder, node.window, scope)
    distinct = "DISTINCT " if node.distinct else ""
    if name in ("COUNT", "COUNT_BIG"):
        kind = INT if name == "COUNT" else BIGINT
        if len(node.arguments) == 1 and isinstance(node.arguments[0], nodes.Star):
            return Bound(f"COUNT(*){over}", kind)
        count_check(name, node.arguments, 1, 1)
        counted = binder.bind(node.arguments[0], scope)
        if counted.type.name in ("text", "ntext", "image"):
            raise _invalid_operand(counted.type, name)
        return Bound(f"COUNT({distinct}{counted.sql} {binder.order_by(counted.type)}){over}", kind)
    arguments = [binder.bind(one, scope) for one in node.arguments]
    if name == "STRING_AGG":
        count_check(name, arguments, 2, 2)
        kind = SqlType("nvarchar" if arguments[0].type.is_unicode else "varchar", MAX)
        return Bound(f"group_concat({_as(binder, arguments[0], 'text').sql}, {arguments[1].sql}){over}", kind)
    count_check(name, arguments, 1, 1)
    (operand,) = arguments
    if name in ("MIN", "MAX"):
        if operand.type.name in ("bit", "text", "ntext", "image", "xml"):
            raise _invalid_operand(operand.type, name)
        return Bound(f"{name}({operand.sql} {binder.order_by(operand.type)}){over}", operand.kind)
    kind = operand.type
    if kind.name not in typing_rules.NUMERIC or kind.name == "bit":
        raise _invalid_operand(kind, name)
    result = _sum_type(kind, average=name == "AVG")
    text = f"tsql_{name.lower()}({distinct}{operand.sql}, {quoted(str(result))}){over}"
    if node.distinct:
        raise refused(f"{name}(DISTINCT …)")
    return Bound(text, result)


def _invalid_operand(kind: SqlType, name: str) -> SqlError:
    return SqlError(8117, f"Operand data type {kind.name} is invalid for {name.lower()} operator.")


def _sum_type(kind: SqlType, *, average: bool) -> SqlType:
    if kind.name in ("tinyint", "smallint"):
        return INT
    if kind.name in ("decimal", "numeric"):
        return replace(kind, precision=38, scale=max(kind.scale, 6) if average else kind.scale)
    if kind.name == "smallmoney":
        return SqlType("money")
    return SqlType("float") if kind.name == "real" else kind


def _window(binder: ExpressionBinder, window: nodes.Window, scope: Scope) -> str:
    parts = []
    if window.partition:
        bounds = [binder.bind(one, scope) for one in window.partition]
        parts.append("PARTITION BY " + ", ".join(f"{one.sql} {binder.order_by(one.type)}" for one in bounds))
    if window.order:
        keys = []
        for item in window.order:
            if isinstance(item.expression, nodes.Scalar):  # ORDER BY (SELECT NULL): no order at all
                continue
            bound = binder.bind(item.expression, scope)
            keys.append(f"{bound.sql} {binder.order_by(bound.type)}{' DESC' if item.descending else ''}")
        if keys:
            parts.append("ORDER BY " + ", ".join(keys))
    return f"OVER ({' '.join(parts)})"
