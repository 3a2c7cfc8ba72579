"""Gives names and types to expressions and turns them into SQLite's text.

Values stay in storage form (see `types`); whatever SQLite can't do right on it becomes a call of a function of
`functions` (all named tsql_…). Comparisons happen in the type of higher precedence, with a collation of the engine.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import collations, conversions
from ..collations import UnknownCollation
from ..errors import SqlError, error, refused
from ..types import INT, MAX, SqlType, full_name
from . import nodes, typing_rules
from .bound import Bound, Parameters, Scope, Source, quoted
from .methods import bind_method, bind_static

if TYPE_CHECKING:
    from .catalog import Catalog
    from .environment import Environment

_COMPARED_AS_TEXT = ("text", "ntext", "image", "xml", "geometry", "geography")


class ExpressionBinder:
    """Binds expressions in a scope. `queries` comes from the subclass that binds queries."""

    def __init__(self, catalog: Catalog, environment: Environment) -> None:
        self.catalog = catalog
        self.environment = environment
        self.parameters = Parameters()

    def scalar_query(self, query: nodes.Query, scope: Scope) -> tuple[str, SqlType]:
        raise NotImplementedError

    def exists_query(self, query: nodes.Query, scope: Scope) -> str:
        raise NotImplementedError

    # conversions
    def constant(self, value: Any, kind: SqlType | None) -> Bound:
        return Bound(self.parameters.constant(value), kind, value is None, constant=True, value=value)

    def converted(self, bound: Bound, target: SqlType, style: int | None = None, *, attempt: bool = False) -> Bound:
        """CAST."""
        source = bound.kind
        if source is None:
            return replace(bound, kind=target)
        if source == target and not attempt:
            return bound
        if bound.constant:
            try:
                return self.constant(conversions.convert(bound.value, source, target, style), target)
            except SqlError:
                if attempt:
                    return self.constant(None, target)
                # the error comes when the statement runs, and only if it gets there
        if _same_form(source, target) and not attempt:
            return Bound(bound.sql, target, bound.nullable)
        function = "tsql_try_convert" if attempt else "tsql_convert"
        text = f"{function}({bound.sql}, {quoted(full_name(source))}, {quoted(full_name(target))}, {_shown(style)})"
        return Bound(text, target, bound.nullable or attempt)

    def implicit(self, bound: Bound, target: SqlType) -> Bound:
        """A conversion that nobody asked for: some are refused."""
        if bound.kind is not None:
            typing_rules.implicit(bound.kind, target)
        return self.converted(bound, target)

    def assigned(self, bound: Bound, target: SqlType, table: str, column: str) -> Bound:
        """A value on its way into a column: what does not fit is an error, not cut."""
        if bound.kind is None:
            return replace(bound, kind=target)
        typing_rules.implicit(bound.kind, target)
        if bound.kind == target:
            return bound
        if bound.constant:
            fitted = conversions_fit(bound.value, bound.kind, target, table, column)
            return self.constant(fitted, target)
        words = ", ".join(quoted(word) for word in (full_name(bound.kind), full_name(target), table, column))
        return Bound(f"tsql_assign({bound.sql}, {words})", target, bound.nullable)

    # expressions
    def bind(self, node: nodes.Node, scope: Scope) -> Bound:
        """The expression in a scope."""
        method = getattr(self, f"_bind_{type(node).__name__.lower()}", None)
        if method is None:
            raise refused(f"{type(node).__name__} as a value")
        bound: Bound = method(node, scope)
        return bound

    def _bind_literal(self, node: nodes.Literal, scope: Scope) -> Bound:
        kind = node.kind
        if kind is not None and kind.is_text:
            kind = kind.with_collation(self.catalog.database_collation())
            if not kind.is_unicode:
                return self.constant(conversions.clip(node.value, kind), kind)
        return self.constant(node.value, kind)

    def _bind_variable(self, node: nodes.Variable, scope: Scope) -> Bound:
        if node.name.startswith("@@"):
            value, kind = self.environment.global_value(node.name)
        else:
            value, kind = self.environment.variable(node.name)
        return self.constant(value, kind)

    def _bind_name(self, node: nodes.Name, scope: Scope) -> Bound:
        found = self._look_up(node.parts, scope)
        if found is not None:
            return found
        if len(node.parts) > 1:  # geometry columns have properties: t.g.STSrid
            target = self._look_up(node.parts[:-1], scope)
            if target is not None and target.type.is_udt:
                return bind_method(self, target, node.parts[-1], None)
            raise error(4104, ".".join(node.parts))
        raise error(207, node.parts[0])

    def _look_up(self, parts: tuple[str, ...], scope: Scope) -> Bound | None:
        name = parts[-1].lower()
        looked: Scope | None = scope
        while looked is not None:
            found = [
                (source, index)
                for source in looked.sources
                if _is_called(source, parts[:-1])
                for index, column in enumerate(source.columns)
                if column.name.lower() == name
            ]
            if len(found) > 1:
                raise error(209, parts[-1])
            if found:
                source, index = found[0]
                column = source.columns[index]
                if (refusal := source.refusal(column.name)) is not None:
                    raise refusal
                return Bound(source.texts[index], column.kind, column.nullable, column)
            looked = looked.outer
        return None

    def _bind_unary(self, node: nodes.Unary, scope: Scope) -> Bound:
        operand = self.bind(node.operand, scope)
        if node.operator == "~":
            if not operand.type.is_integer:
                raise error(402, operand.type.name, operand.type.name, "~")
            inverse = f"(1 - {operand.sql})" if operand.type.name == "bit" else f"(~{operand.sql})"
            return Bound(inverse, operand.type, operand.nullable)
        zero = self.constant(0, INT)
        return (
            self._arithmetic("-", zero, operand)
            if operand.kind is None or not operand.constant
            else self._negated(operand)
        )

    def _negated(self, operand: Bound) -> Bound:
        value = operand.value
        if value is None:
            return operand
        if isinstance(value, str):
            if operand.type.is_text:
                return self._arithmetic("-", self.constant(0, INT), operand)
            flipped = value[1:] if value.startswith("-") else value if not value.strip("0.") else "-" + value
            if flipped == "-2147483648":
                return self.constant(-2147483648, INT)
            return self.constant(flipped, operand.type)
        return self.constant(-value, operand.type)

    def _bind_binary(self, node: nodes.Binary, scope: Scope) -> Bound:
        left, right = self.bind(node.left, scope), self.bind(node.right, scope)
        if node.operator == "+" and (_stringy(left) and _stringy(right)):
            return self._concatenation(left, right)
        return self._arithmetic(node.operator, left, right)

    def _concatenation(self, left: Bound, right: Bound) -> Bound:
        kind = typing_rules.concatenated(left.kind or right.type, right.kind or left.type)
        nullable = left.nullable or right.nullable
        if kind.is_text:
            text = f"({left.sql} || {right.sql})"
        else:
            text = f"tsql_join_bytes({left.sql}, {right.sql})"
        if kind.length != MAX and kind.length in (4000, 8000):
            text = (
                f"tsql_convert({text}, {quoted(full_name(replace(kind, length=MAX)))}, {quoted(full_name(kind))}, NULL)"
            )
        return Bound(text, kind, nullable)

    def _arithmetic(self, operator: str, left: Bound, right: Bound) -> Bound:
        left_kind, right_kind = left.kind or right.type, right.kind or left.type
        nullable = left.nullable or right.nullable
        if operator in "&|^":
            if not (left_kind.is_integer and right_kind.is_integer):
                raise error(402, left_kind.name, right_kind.name, operator)
            kind = typing_rules.unify(left_kind, right_kind)
            text = f"(({left.sql} | {right.sql}) - ({left.sql} & {right.sql}))" if operator == "^" else ""
            return Bound(text or f"({left.sql} {operator} {right.sql})", kind, nullable)
        if (
            operator in "+-"
            and left_kind.name in ("datetime", "smalldatetime")
            and right_kind.name in typing_rules.NUMERIC
        ):
            days = self.converted(right, SqlType("float"))
            text = f"tsql_add_days({left.sql}, {days.sql if operator == '+' else f'-{days.sql}'}, {quoted(left_kind.name)})"
            return Bound(text, left_kind, nullable)
        # an integer constant beside a decimal has as many digits as it shows
        left_kind, right_kind = _as_digits(left, left_kind, right_kind), _as_digits(right, right_kind, left_kind)
        kind = typing_rules.arithmetic(operator, left_kind, right_kind)
        if kind.is_integer or kind.name in ("real", "float"):
            a, b = self.converted(left, kind), self.converted(right, kind)
            family = "tsql_integer" if kind.is_integer else "tsql_float"
        else:
            # each side in its own scale: the function works on exact numbers
            a, b = self._exact(left, kind), self._exact(right, kind)
            family = "tsql_exact"
        return Bound(f"{family}({quoted(operator)}, {a.sql}, {b.sql}, {quoted(str(kind))})", kind, nullable)

    def _exact(self, bound: Bound, result: SqlType) -> Bound:
        return self.converted(bound, result) if bound.type.is_text else bound

    def _bind_cast(self, node: nodes.Cast, scope: Scope) -> Bound:
        style = None
        if node.style is not None:
            bound_style = self.bind(node.style, scope)
            if not bound_style.constant:
                raise refused("a style that is no constant")
            style = bound_style.value
        operand = self.bind(node.operand, scope)
        target = node.kind
        if target.is_text:
            collation = operand.type.collation if operand.type.is_text else ""
            target = target.with_collation(collation or self.catalog.database_collation())
        return self.converted(operand, target, style, attempt=node.attempt)

    def _bind_collate(self, node: nodes.Collate, scope: Scope) -> Bound:
        operand = self.bind(node.operand, scope)
        try:
            collations.collation(node.collation)
        except UnknownCollation:
            raise error(448, node.collation) from None
        if not operand.type.is_text:
            raise SqlError(447, f"Expression type {operand.type.name} is invalid for COLLATE clause.")
        kind = operand.type.with_collation(node.collation)
        moved = operand if operand.type.is_unicode else self.converted(replace(operand, constant=False), kind)
        return replace(moved, kind=kind, constant=False, column=None, explicit_collation=True)

    def _bind_case(self, node: nodes.Case, scope: Scope) -> Bound:
        results = [self.bind(result, scope) for _, result in node.branches]
        results.append(self.bind(node.default, scope) if node.default is not None else self.constant(None, None))
        kind = self.common(results)
        texts = [self.converted(one, kind).sql for one in results]
        text = "CASE"
        for (condition, _), result in zip(node.branches, texts, strict=False):
            tested = condition if node.operand is None else nodes.Compare("=", node.operand, condition)
            text += f" WHEN {self.condition(tested, scope)} THEN {result}"
        return Bound(f"({text} ELSE {texts[-1]} END)", kind, any(one.nullable for one in results))

    def common(self, bounds: list[Bound]) -> SqlType:
        """The type of all of them."""
        kind: SqlType | None = None
        for bound in bounds:
            if bound.kind is not None:
                kind = bound.kind if kind is None else typing_rules.unify(kind, bound.kind)
        return kind or INT

    def _bind_call(self, node: nodes.Call, scope: Scope) -> Bound:
        from .calls import bind_call

        return bind_call(self, node, scope)

    def _bind_method(self, node: nodes.Method, scope: Scope) -> Bound:
        if node.arguments is not None and isinstance(node.target, nodes.Name):
            target = self._look_up(node.target.parts, scope)
            if target is None:  # perhaps a function of the user's, which there are none of
                raise error(4104, ".".join((*node.target.parts, node.name)))
        else:
            target = self.bind(node.target, scope)
        arguments = None if node.arguments is None else [self.bind(one, scope) for one in node.arguments]
        return bind_method(self, target, node.name, arguments)

    def _bind_static(self, node: nodes.Static, scope: Scope) -> Bound:
        arguments = None if node.arguments is None else [self.bind(one, scope) for one in node.arguments]
        return bind_static(self, node.kind, node.name, arguments)

    def _bind_scalar(self, node: nodes.Scalar, scope: Scope) -> Bound:
        text, kind = self.scalar_query(node.query, scope)
        return Bound(f"({text})", kind)

    # conditions
    def condition(self, node: nodes.Node, scope: Scope) -> str:
        """A condition as SQLite's text."""
        if isinstance(node, nodes.Logical):
            operator, first, rest = node.operator, node.left, [self.condition(node.right, scope)]
            while isinstance(first, nodes.Logical) and first.operator == operator:
                rest.append(self.condition(first.right, scope))
                first = first.left
            return joined([self.condition(first, scope), *reversed(rest)], operator)
        if isinstance(node, nodes.Not):
            return f"(NOT {self.condition(node.operand, scope)})"
        if isinstance(node, nodes.Compare):
            return self.comparison(node.operator, self.bind(node.left, scope), self.bind(node.right, scope))
        if isinstance(node, nodes.IsNull):
            return f"({self.bind(node.operand, scope).sql} IS {'NOT ' if node.negated else ''}NULL)"
        if isinstance(node, nodes.Like):
            return self._like(node, scope)
        if isinstance(node, nodes.In):
            return self._in(node, scope)
        if isinstance(node, nodes.Exists):
            return f"EXISTS ({self.exists_query(node.query, scope)})"
        raise SqlError(
            4145, "An expression of non-boolean type specified in a context where a condition is expected.", severity=15
        )

    def comparison(self, operator: str, left: Bound, right: Bound) -> str:
        kind = self.common([left, right])
        for bound in (left, right):
            if bound.kind is not None and bound.kind.name in _COMPARED_AS_TEXT:
                raise error(402, left.type.name, right.type.name, {"=": "equal to"}.get(operator, operator))
        a, b = self.converted(left, kind), self.converted(right, kind)
        explicit = next((one.type.collation for one in (left, right) if one.explicit_collation), "")
        column = next((one.type.collation for one in (left, right) if one.column is not None and one.type.is_text), "")
        left_text, right_text = (f"tsql_padded({one.sql})" if kind.is_binary else one.sql for one in (a, b))
        return f"({left_text} {operator} {right_text} {self.order_by(kind, explicit or column)})"

    def order_by(self, kind: SqlType, collation: str = "") -> str:
        """The COLLATE clause that makes SQLite order a type right."""
        return f"COLLATE {sqlite_collation(kind.with_collation(collation) if collation else kind)}"

    def _like(self, node: nodes.Like, scope: Scope) -> str:
        left, pattern = self.bind(node.operand, scope), self.bind(node.pattern, scope)
        wide = SqlType("nvarchar", MAX, collation=left.type.collation if left.type.is_text else "")
        a, b = self.converted(left, wide), self.converted(pattern, wide)
        folds = wide.collated().sqlite in ("tsql_ci", "tsql_ci_ai")
        text = f"tsql_like({a.sql}, {b.sql}, {self.parameters.constant(node.escape)}, {int(folds)})"
        return f"(NOT {text})" if node.negated else text

    def _in(self, node: nodes.In, scope: Scope) -> str:
        operand = self.bind(node.operand, scope)
        if node.query is not None:
            text, kind = self.scalar_query(node.query, scope)
            if sqlite_collation(kind) != sqlite_collation(operand.type):
                operand = self.converted(operand, kind)
            return f"({operand.sql} {self.order_by(kind)} {'NOT ' if node.negated else ''}IN ({text}))"
        tests = [self.comparison("=", operand, self.bind(item, scope)) for item in node.items]
        return f"({'NOT ' if node.negated else ''}{joined(tests, 'OR')})"


def joined(conditions: list[str], operator: str) -> str:
    """Conditions with AND or OR, in brackets that keep the expression from getting deeper than SQLite takes it."""
    if len(conditions) == 1:
        return conditions[0]
    middle = len(conditions) // 2
    return f"({joined(conditions[:middle], operator)} {operator} {joined(conditions[middle:], operator)})"


def conversions_fit(value: Any, source: SqlType, target: SqlType, table: str, column: str) -> Any:
    """A value as a column takes it, or error 2628 or 8152 where it would be cut."""
    if value is None:
        return None
    found = conversions.convert(value, source, target)
    if target.length in (0, MAX) or not (target.is_text or target.is_binary):
        return found
    if target.is_text:
        whole = conversions.text_of(value, source, target, None)
        unlimited = replace(target, name="nvarchar" if target.is_unicode else "varchar", length=MAX)
        if conversions.clip(whole, unlimited).rstrip(" ") != found.rstrip(" "):
            raise error(2628, table, column, found)
    elif source.is_binary and value[target.length :].strip(b"\0"):
        raise error(2628, table, column, "")
    return found


def sqlite_collation(kind: SqlType) -> str:
    """The comparison that orders a type's storage form."""
    if kind.is_text:
        return kind.collated().sqlite
    special = {"datetimeoffset": "tsql_moment", "uniqueidentifier": "tsql_guid"}
    return "tsql_number" if kind.is_exact else special.get(kind.name, "BINARY")


def _as_digits(bound: Bound, kind: SqlType, other: SqlType) -> SqlType:
    if not (bound.constant and kind.is_integer and other.name in ("decimal", "numeric") and bound.value is not None):
        return kind
    return SqlType("numeric", precision=len(str(abs(bound.value))))


def _same_form(source: SqlType, target: SqlType) -> bool:
    """Whether every value of one type is one of the other, in the same storage form."""
    if source.is_integer and target.is_integer:
        sizes = ("bit", "tinyint", "smallint", "int", "bigint")
        return sizes.index(source.name) <= sizes.index(target.name)
    if source.name == "real" and target.name == "float":
        return True
    wider = target.length == MAX or (source.length != MAX and source.length <= target.length)
    if source.is_text and target.name in ("varchar", "nvarchar"):
        same_page = target.is_unicode or (source.is_unicode is False and source.collation == target.collation)
        if source.name in ("text", "ntext"):
            wider = target.length == MAX
        return wider and same_page
    return source.name in ("binary", "varbinary") and target.name == "varbinary" and wider


def _stringy(bound: Bound) -> bool:
    return bound.kind is None or bound.kind.is_text or bound.kind.is_binary


def _shown(style: int | None) -> str:
    return "NULL" if style is None else str(int(style))


def _is_called(source: Source, qualifier: tuple[str, ...]) -> bool:
    """Whether `a.b.` in front of a column means this source."""
    if not qualifier:
        return True
    names = (*source.qualifiers, source.name)
    wanted = qualifier[-len(names) :]
    tail = names[-len(wanted) :]
    return all(not want or want.lower() == name.lower() for want, name in zip(wanted, tail, strict=True))
