"""Binds queries: FROM, SELECT lists, set operations, common table expressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..errors import SqlError, error, refused
from ..tokens import Column
from ..types import BIGINT, INT, SqlType
from . import nodes, typing_rules
from .binder import ExpressionBinder
from .bound import Bound, BoundQuery, Scope, Source, identifier
from .calls import AGGREGATES
from .permissions import Permissions


class QueryBinder(ExpressionBinder):
    """Binds whole queries for a session."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._ctes: list[dict[str, tuple[str, tuple[Column, ...]]]] = []
        self._count = 0
        self._in_view = 0  # what a view reads is its owner's business
        self.uses_temporary_table = False

    def _new_name(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    # entries
    def query(self, node: nodes.Query, outer: Scope | None = None) -> BoundQuery:
        self._ctes.append({})
        try:
            with_text = self._with(node.ctes, outer)
            if isinstance(node.body, nodes.Select):
                found = self._select(node.body, outer, node)
            else:
                found = self._ordered(self._body(node.body, outer), node, outer)
            return replace(found, sql=with_text + found.sql)
        finally:
            self._ctes.pop()

    def _inner(self, node: nodes.Query, outer: Scope | None) -> BoundQuery:
        """A query within another: its order means nothing, so it may have one only to choose rows."""
        is_cut = node.offset is not None or (isinstance(node.body, nodes.Select) and node.body.top is not None)
        if node.order and not is_cut:
            raise SqlError(
                1033,
                "The ORDER BY clause is invalid in views, inline functions, derived tables, subqueries, and common table"
                " expressions, unless TOP, OFFSET or FOR XML is also specified.",
                severity=15,
            )
        return self.query(node, outer)

    def scalar_query(self, query: nodes.Query, scope: Scope) -> tuple[str, SqlType]:
        found = self._inner(query, scope)
        if len(found.columns) != 1:
            raise error(116)
        return found.sql, found.columns[0].kind

    def _bind_scalar(self, node: nodes.Scalar, scope: Scope) -> Bound:
        text, kind = self.scalar_query(node.query, scope)
        # more than one row is an error, where SQLite would take the first
        return Bound(f"(SELECT tsql_one_row(COUNT(*) OVER (), q.c1) FROM ({text}) AS q LIMIT 1)", kind)

    def exists_query(self, query: nodes.Query, scope: Scope) -> str:
        return self._inner(query, scope).sql

    # WITH
    def _with(self, ctes: Sequence[nodes.Cte], outer: Scope | None) -> str:
        texts = []
        for cte in ctes:
            name = self._new_name("w")
            body = cte.query.body
            if isinstance(body, nodes.SetOperation) and _mentions(body.right, cte.name):
                text, columns = self._recursive(cte, body, name, outer)
            else:
                found = self._inner(cte.query, outer)
                text, columns = found.sql, _renamed(found.columns, cte.columns, cte.name)
            self._ctes[-1][cte.name.lower()] = (name, columns)
            heads = ", ".join(f"c{index + 1}" for index in range(len(columns)))
            texts.append(f"{name}({heads}) AS ({text})")
        return f"WITH RECURSIVE {', '.join(texts)} " if texts else ""

    def _recursive(
        self, cte: nodes.Cte, body: nodes.SetOperation, name: str, outer: Scope | None
    ) -> tuple[str, tuple[Column, ...]]:
        if body.operator != "UNION ALL":
            raise SqlError(
                252, f"Recursive common table expression '{cte.name}' does not contain a top-level UNION ALL operator."
            )
        anchor = self._body(body.left, outer)
        columns = tuple(replace(column, nullable=True) for column in _renamed(anchor.columns, cte.columns, cte.name))
        self._ctes[-1][cte.name.lower()] = (name, columns)
        step = self._body(body.right, outer)
        if len(step.columns) != len(columns):
            raise error(205)
        for index, (column, other) in enumerate(zip(columns, step.columns, strict=True)):
            if column.kind != other.kind and str(column.kind) != str(other.kind):
                raise SqlError(
                    240,
                    f'Types don\'t match between the anchor and the recursive part in column "{column.name}" of'
                    f' recursive query "{cte.name}".',
                    state=index + 1,
                )
        return f"{anchor.sql} UNION ALL {step.sql}", columns

    # set operations
    def _body(self, node: nodes.Node, outer: Scope | None) -> BoundQuery:
        if isinstance(node, nodes.Select):
            found = self._select(node, outer, nodes.Query(node))
            # SQLite takes LIMIT only behind the whole
            return replace(found, sql=f"SELECT * FROM ({found.sql})") if node.top is not None else found
        if isinstance(node, nodes.Values):
            return self._values(node, outer)
        assert isinstance(node, nodes.SetOperation)
        left, right = self._body(node.left, outer), self._body(node.right, outer)
        if len(left.columns) != len(right.columns):
            raise error(205)
        columns = tuple(
            Column(a.name, _unified(a, b), nullable=a.nullable or b.nullable)
            for a, b in zip(left.columns, right.columns, strict=True)
        )
        distinct = node.operator != "UNION ALL"
        texts = [self._as_columns(side, columns, distinct) for side in (left, right)]
        return BoundQuery(f"{texts[0]} {node.operator} {texts[1]}", columns)

    def _as_columns(self, side: BoundQuery, columns: Sequence[Column], distinct: bool) -> str:
        """A side with its columns in the types of the whole; UNION and the like compare by our collations."""
        texts = []
        for index, (have, want) in enumerate(zip(side.columns, columns, strict=True)):
            bound = self.converted(Bound(f"c{index + 1}", have.kind), want.kind)
            texts.append(f"{bound.sql} {self.order_by(want.kind) if distinct else ''} AS c{index + 1}")
        return f"SELECT {', '.join(texts)} FROM ({side.sql})"

    def _values(self, node: nodes.Values, outer: Scope | None) -> BoundQuery:
        scope = Scope(outer=outer)
        rows = [[self.bind(one, scope) for one in row] for row in node.rows]
        if len({len(row) for row in rows}) != 1:
            raise SqlError(10709, "The number of columns for each row in a table value constructor must be the same.")
        columns = []
        for index in range(len(rows[0])):
            cells = [row[index] for row in rows]
            columns.append(Column("", self.common(cells), nullable=any(cell.nullable for cell in cells)))
        lists = [
            ", ".join(self.converted(cell, column.kind).sql for cell, column in zip(row, columns, strict=True))
            for row in rows
        ]
        heads = ", ".join(f"column{index + 1} AS c{index + 1}" for index in range(len(columns)))
        text = f"SELECT {heads} FROM (VALUES {', '.join(f'({one})' for one in lists)})"
        return BoundQuery(text, tuple(columns))

    def _ordered(self, found: BoundQuery, node: nodes.Query, outer: Scope | None) -> BoundQuery:
        """ORDER BY and OFFSET of a set operation: by names and positions of its columns."""
        keys, numbers = [], []
        for item in node.order:
            position = _position(item.expression, [column.name for column in found.columns])
            if position is None:
                raise SqlError(
                    104,
                    "ORDER BY items must appear in the select list if the statement contains a UNION, INTERSECT or EXCEPT operator.",
                )
            numbers.append(position)
            kind = found.columns[position - 1].kind
            keys.append(f"{position} {self.order_by(kind)}{' DESC' if item.descending else ''}")
        text = found.sql
        if keys:
            text = f"SELECT * FROM ({text}) ORDER BY {', '.join(keys)}"
        return replace(found, sql=text + self._limit(node, Scope(outer=outer), None), order=tuple(numbers))

    def _limit(self, node: nodes.Query, scope: Scope, top: nodes.Node | None) -> str:
        text = ""
        if top is not None:
            text = f" LIMIT {self._row_count(top, scope)}"
        if node.offset is not None:
            fetch = self._row_count(node.fetch, scope) if node.fetch is not None else "-1"
            if fetch == "0":
                raise error(10744)
            text = f" LIMIT {fetch} OFFSET {self._row_count(node.offset, scope)}"
        return text

    def _row_count(self, node: nodes.Node, scope: Scope) -> str:
        bound = self.converted(self.bind(node, scope), BIGINT)
        if bound.constant and isinstance(bound.value, int) and bound.value < 0:
            raise SqlError(
                1060, "The number of rows provided for a TOP or FETCH clauses row count parameter must be an integer."
            )
        return bound.sql

    # SELECT
    def _select(self, node: nodes.Select, outer: Scope | None, whole: nodes.Query) -> BoundQuery:
        scope = Scope(outer=outer)
        from_text = " FROM " + self._source(node.source, scope) if node.source is not None else ""
        items = self._items(node.items, scope)
        keys = [self.bind(one, scope) for one in node.group]
        if node.group or any(_aggregates(item.expression) for item in node.items):
            for item in node.items:
                self._check_grouped(item.expression, {key.sql for key in keys}, scope)
        columns = tuple(column for _, column, _ in items)
        texts = []
        for index, (bound, column, _) in enumerate(items):
            collate = self.order_by(column.kind) if node.distinct else ""
            texts.append(f"{bound.sql} {collate} AS c{index + 1}")
        text = f"SELECT {'DISTINCT ' if node.distinct else ''}{', '.join(texts)}{from_text}"
        if node.where is not None:
            text += f" WHERE {self.condition(node.where, scope)}"
        if node.group:
            text += " GROUP BY " + ", ".join(f"{key.sql} {self.order_by(key.type)}" for key in keys)
        if node.having is not None:
            text += f" HAVING {self.condition(node.having, scope)}"
        order, numbers = self._order(whole.order, columns, scope)
        text += order + self._limit(whole, scope, node.top)
        return BoundQuery(text, columns, numbers, tuple(variable for _, _, variable in items))

    def _check_grouped(self, node: object, keys: set[str], scope: Scope) -> None:
        """Raises where a column has more than one value in a group."""
        if isinstance(node, nodes.Star):
            raise refused("* in a query with groups")
        if isinstance(node, nodes.Name):
            if self.bind(node, scope).sql not in keys:
                raise SqlError(
                    8120,
                    f"Column '{'.'.join(node.parts)}' is invalid in the select list because it is not contained in either"
                    " an aggregate function or the GROUP BY clause.",
                )
        elif isinstance(node, tuple):
            for one in node:
                self._check_grouped(one, keys, scope)
        elif isinstance(node, nodes.Node) and not isinstance(node, nodes.Scalar | nodes.Exists):
            if _is_aggregate(node) or self._is_key(node, keys, scope):
                return
            for part in vars(node).values():
                self._check_grouped(part, keys, scope)

    def _is_key(self, node: nodes.Node, keys: set[str], scope: Scope) -> bool:
        """Whether an expression is one of GROUP BY."""
        try:
            return self.bind(node, scope).sql in keys
        except SqlError:
            return False  # a part of an expression that is none by itself

    def select_items(self, items: Sequence[nodes.Item], scope: Scope) -> list[tuple[Bound, Column]]:
        """The columns that a list of items gives: of OUTPUT."""
        return [(bound, column) for bound, column, _ in self._items(items, scope)]

    def _items(self, items: Sequence[nodes.Item], scope: Scope) -> list[tuple[Bound, Column, str | None]]:
        found: list[tuple[Bound, Column, str | None]] = []
        for item in items:
            if isinstance(item.expression, nodes.Star):
                found += [(bound, column, None) for bound, column in self._star(item.expression, scope)]
                continue
            bound = self.bind(item.expression, scope)
            name = item.alias if item.alias is not None else bound.column.name if bound.column is not None else ""
            if bound.column is not None:
                column = replace(bound.column, name=name, kind=bound.type)
            else:
                column = Column(name, bound.type, nullable=bound.nullable)
            found.append((bound, column, item.variable))
        return found

    def _star(self, star: nodes.Star, scope: Scope) -> list[tuple[Bound, Column]]:
        from .binder import _is_called

        sources = [source for source in scope.sources if _is_called(source, star.qualifier)]
        if not sources:
            raise (
                error(4104, ".".join((*star.qualifier, "*")))
                if star.qualifier
                else SqlError(263, "Must specify table to select from.")
            )
        for source in sources:
            for column in source.columns:
                if (refusal := source.refusal(column.name)) is not None:
                    raise refusal
        return [
            (Bound(text, column.kind, column.nullable, column), column)
            for source in sources
            for column, text in zip(source.columns, source.texts, strict=True)
        ]

    def _order(
        self, items: Sequence[nodes.OrderItem], columns: Sequence[Column], scope: Scope
    ) -> tuple[str, tuple[int, ...]]:
        keys, numbers = [], []
        if len({item.expression for item in items}) < len(items):
            raise error(169)
        for item in items:
            position = _position(item.expression, [column.name for column in columns])
            if position is not None:
                if not 1 <= position <= len(columns):
                    raise SqlError(
                        108,
                        f"The ORDER BY position number {position} is out of range of the number of items in the select list.",
                    )
                text, kind = str(position), columns[position - 1].kind
            elif isinstance(item.expression, nodes.Scalar):
                continue  # ORDER BY (SELECT NULL)
            else:
                bound = self.bind(item.expression, scope)
                text, kind = bound.sql, bound.type
            numbers.append(position or 0)
            keys.append(f"{text} {self.order_by(kind)}{' DESC' if item.descending else ''}")
        return (" ORDER BY " + ", ".join(keys) if keys else ""), tuple(numbers)

    # FROM
    def _source(self, node: nodes.Node, scope: Scope) -> str:
        if isinstance(node, nodes.Join):
            return self._join(node, scope)
        if isinstance(node, nodes.TableName):
            return self._table(node, scope)
        if isinstance(node, nodes.Derived):
            found = (
                self._inner(node.query, None)
                if not isinstance(node.query.body, nodes.Values)
                else self._values(node.query.body, None)
            )
            columns = _renamed(found.columns, node.columns, node.alias)
            return self._add(scope, node.alias, columns, f"({found.sql})")
        if isinstance(node, nodes.TableFunction):
            return self._table_function(node, scope)
        raise refused(f"{type(node).__name__} in FROM")

    def _add(
        self, scope: Scope, name: str, columns: Sequence[Column], text: str, qualifiers: tuple[str, ...] = ()
    ) -> str:
        """A source whose columns SQLite knows as c1, c2, …"""
        alias = self._new_name("s")
        texts = [f"{alias}.c{index + 1}" for index in range(len(columns))]
        scope.sources.append(Source(name, columns, texts, qualifiers))
        return f"{text} AS {alias}"

    def _join(self, node: nodes.Join, scope: Scope) -> str:
        start = len(scope.sources)
        left = self._source(node.left, scope)
        middle = len(scope.sources)
        if node.kind.endswith("APPLY"):
            return self._apply(node, left, scope)
        right = self._source(node.right, scope)
        text = f"{left} {node.kind} JOIN {right}"
        if node.condition is not None:
            text += f" ON {self.condition(node.condition, scope)}"
        if node.kind in ("RIGHT", "FULL"):
            _make_nullable(scope.sources[start:middle])
        if node.kind in ("LEFT", "FULL"):
            _make_nullable(scope.sources[middle:])
        return text if node.kind != "CROSS" else f"({text})" if start else text

    def _apply(self, node: nodes.Join, left: str, scope: Scope) -> str:
        """APPLY of sys.dm_exec_sql_text: a join, since the handle is in the view of requests."""
        right = node.right
        if not isinstance(right, nodes.TableFunction) or right.parts[-1].lower() != "dm_exec_sql_text":
            raise refused("APPLY of anything but sys.dm_exec_sql_text")
        (handle,) = (self.bind(one, scope) for one in right.arguments)
        view, columns = self.catalog.materialised_view("dm_exec_sql_text")
        text = self._add(
            scope, right.alias or right.parts[-1], columns[1:], f"(SELECT c1 AS handle, c2 AS c1 FROM {view})"
        )
        _make_nullable(scope.sources[-1:])
        alias = text.rsplit(" ", 1)[1]
        kind = "LEFT" if node.kind == "OUTER APPLY" else "INNER"
        return f"{left} {kind} JOIN {text} ON {alias}.handle = {handle.sql}"

    def _table(self, node: nodes.TableName, scope: Scope) -> str:
        name = node.alias or node.parts[-1]
        if len(node.parts) == 1:
            for ctes in reversed(self._ctes):
                if node.parts[0].lower() in ctes:
                    text, columns = ctes[node.parts[0].lower()]
                    return self._add(scope, name, columns, text)
        system = self.catalog.system_view(node.parts)
        if system is not None and node.sample is not None:
            raise error(494)
        if system is not None:
            text, columns = system
            qualifiers = () if node.alias else tuple(node.parts[:-1])
            return self._add(scope, name, columns, text, qualifiers)
        table = self.catalog.table(node.parts)
        if table is None:
            raise error(208, ".".join(node.parts))
        self.environment.wait_for(table)
        readable = None if self._in_view else self.environment.readable(table)
        qualifiers = () if node.alias else (table.database, table.schema)
        if table.view_text is not None:
            if node.sample is not None:
                raise error(494)
            query = self.catalog.view_query(table)
            self._in_view += 1
            found = self._inner(query, None)
            self._in_view -= 1
            names = table.view_columns or tuple(column.name for column in found.columns)
            return self._add(scope, name, _renamed(found.columns, names, name), f"({found.sql})", qualifiers)
        self.uses_temporary_table |= table.temporary
        alias = self._new_name("s")
        columns = table.columns_shown()
        texts = []
        for column, definition in zip(columns, table.columns, strict=True):
            if definition.computed is None:
                texts.append(f"{alias}.{identifier(column.name)}")
            else:
                texts.append(definition.computed.replace("\0", alias))

        def refusal(column: str) -> SqlError | None:
            allowed = readable is None or column.lower() in readable
            return None if allowed else Permissions.denied(table, "SELECT", column)

        scope.sources.append(Source(name, columns, texts, qualifiers, refusal))
        if node.sample is not None:
            chosen = f"random() / 9223372036854775808.0 * 50 + 50 < {node.sample}"
            return f"(SELECT * FROM {table.sqlite_name} WHERE {chosen}) AS {alias}"
        return f"{table.sqlite_name} AS {alias}"

    def _table_function(self, node: nodes.TableFunction, scope: Scope) -> str:
        name = node.parts[-1].lower()
        alias = node.alias or node.parts[-1]
        arguments = [self.bind(one, scope) for one in node.arguments]
        if name == "generate_series" and len(node.parts) == 1:
            return self._add(scope, alias, *self._series(arguments))
        if name == "dm_exec_describe_first_result_set":
            view, columns = self.catalog.described(arguments)
            return self._add(scope, alias, columns, view)
        if name == "fn_listextendedproperty":
            raise refused("fn_listextendedproperty: read sys.extended_properties")
        raise error(208, ".".join(node.parts))

    def _series(self, arguments: list[Bound]) -> tuple[Sequence[Column], str]:
        if not 2 <= len(arguments) <= 3 or not all(one.type.is_integer for one in arguments):
            raise refused("GENERATE_SERIES over anything but two or three integers")
        kind = self.common(arguments)
        first, last = arguments[0].sql, arguments[1].sql
        step = arguments[2].sql if len(arguments) == 3 else "1"
        text = (
            f"(WITH RECURSIVE g(c1) AS (SELECT {first} WHERE {first} <= {last} UNION ALL"
            f" SELECT c1 + {step} FROM g WHERE c1 + {step} <= {last}) SELECT c1 FROM g)"
        )
        if len(arguments) == 3 and not (arguments[2].constant and arguments[2].value > 0):
            raise refused("GENERATE_SERIES with a step that is not a positive constant")
        return (Column("value", kind, nullable=False),), text


def _unified(a: Column, b: Column) -> SqlType:
    return typing_rules.unify(a.kind, b.kind)


def _renamed(columns: Sequence[Column], names: Sequence[str], table: str) -> tuple[Column, ...]:
    """Columns of a derived table: each needs a name, and no two may be equal."""
    if names and len(names) != len(columns):
        more = len(columns) > len(names)
        raise SqlError(
            8158 if more else 8159,
            f"'{table}' has {'more' if more else 'fewer'} columns than were specified in the column list.",
        )
    found = (
        tuple(replace(column, name=name) for column, name in zip(columns, names, strict=True))
        if names
        else tuple(columns)
    )
    seen: set[str] = set()
    for index, column in enumerate(found):
        if not column.name:
            raise error(8155, index + 1, table)
        if column.name.lower() in seen:
            raise SqlError(8156, f"The column '{column.name}' was specified multiple times for '{table}'.")
        seen.add(column.name.lower())
    return found


def _make_nullable(sources: Sequence[Source]) -> None:
    for source in sources:
        source.columns = [replace(column, nullable=True) for column in source.columns]


def _position(expression: nodes.Node, names: Sequence[str]) -> int | None:
    """The column of the result that an ORDER BY item means by number or name, from 1."""
    if isinstance(expression, nodes.Literal) and expression.kind == INT:
        return int(expression.value)
    if isinstance(expression, nodes.Name) and len(expression.parts) == 1:
        wanted = expression.parts[0].lower()
        found = [index for index, name in enumerate(names) if name.lower() == wanted]
        if len(found) > 1:
            raise error(209, expression.parts[0])
        return found[0] + 1 if found else None
    return None


def _is_aggregate(node: object) -> bool:
    return isinstance(node, nodes.Call) and node.window is None and node.name.removeprefix("SYS.") in AGGREGATES


def _aggregates(node: object) -> bool:
    """Whether an expression has an aggregate in it, other than in a query of its own."""
    if isinstance(node, nodes.Scalar | nodes.Exists):
        return False
    if isinstance(node, nodes.Node):
        return _is_aggregate(node) or any(_aggregates(value) for value in vars(node).values())
    return isinstance(node, tuple) and any(_aggregates(one) for one in node)


def _mentions(node: object, name: str) -> bool:
    """Whether a tree names a table."""
    if isinstance(node, nodes.TableName):
        return len(node.parts) == 1 and node.parts[0].lower() == name.lower()
    if isinstance(node, nodes.Node):
        return any(_mentions(value, name) for value in vars(node).values())
    return isinstance(node, tuple) and any(_mentions(one, name) for one in node)
