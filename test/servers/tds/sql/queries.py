"""Parses queries."""

from __future__ import annotations

from . import nodes
from .expressions import Expressions
from .lexer import Kind


class Queries(Expressions):
    """The part of the parser for SELECT."""

    def query(self, *, with_ctes: bool = False) -> nodes.Query:
        ctes: list[nodes.Cte] = []
        if with_ctes and self.take("WITH"):
            while True:
                name = self.name()
                columns = self.name_list() if self.at("(") else ()
                self.expect("AS", "(")
                ctes.append(nodes.Cte(name, columns, self.query()))
                self.expect(")")
                if not self.take(","):
                    break
        body = self._unions()
        order: tuple[nodes.OrderItem, ...] = ()
        offset = fetch = None
        if self.take("ORDER", "BY"):
            order = self.order_items()
            if self.take("OFFSET"):
                offset = self.expression()
                self.next()  # ROW, ROWS
                if self.take("FETCH"):
                    self.next()  # FIRST, NEXT
                    fetch = self.expression()
                    self.next()
                    self.expect("ONLY")
        if self.at("FOR"):
            raise self.refuse("FOR XML, FOR JSON and FOR BROWSE")
        if self.take("OPTION"):
            self._skip_parenthesis()
        return nodes.Query(body, order, offset, fetch, tuple(ctes))

    def order_items(self) -> tuple[nodes.OrderItem, ...]:
        found = []
        while True:
            expression = self.expression()
            descending = self.take("DESC")
            if not descending:
                self.take("ASC")
            found.append(nodes.OrderItem(expression, descending))
            if not self.take(","):
                return tuple(found)

    def _skip_parenthesis(self) -> None:
        """Hints, which change no result."""
        self.expect("(")
        depth = 1
        while depth:
            if self.at_end():
                raise self.unexpected()
            depth += {"(": 1, ")": -1}.get(self.token.text if self.token.kind is Kind.SYMBOL else "", 0)
            self.next()

    def _unions(self) -> nodes.Node:
        left = self._intersections()
        while self.at_any("UNION", "EXCEPT"):
            operator = self.next().word
            if operator == "UNION" and self.take("ALL"):
                operator = "UNION ALL"
            left = nodes.SetOperation(operator, left, self._intersections())
        return left

    def _intersections(self) -> nodes.Node:
        left = self._query_term()
        while self.take("INTERSECT"):
            left = nodes.SetOperation("INTERSECT", left, self._query_term())
        return left

    def _query_term(self) -> nodes.Node:
        if self.take("("):
            inner = self._unions()
            self.expect(")")
            return inner
        return self._select()

    def _select(self) -> nodes.Select:
        self.expect("SELECT")
        distinct = self.take("DISTINCT")
        if not distinct:
            self.take("ALL")
        top = None
        if self.take("TOP"):
            if self.take("("):
                top = self.expression()
                self.expect(")")
            else:
                top = nodes.Literal(self.integer(), nodes.SqlType("int"))
            if self.at("PERCENT") or self.at("WITH", "TIES"):
                raise self.refuse("TOP … PERCENT and WITH TIES")
        items = [self._item()]
        while self.take(","):
            items.append(self._item())
        into = self.names() if self.take("INTO") else None
        source = self._sources() if self.take("FROM") else None
        where = self.condition() if self.take("WHERE") else None
        group: tuple[nodes.Node, ...] = ()
        if self.take("GROUP", "BY"):
            if self.at_any("ROLLUP", "CUBE", "GROUPING"):
                raise self.refuse("ROLLUP, CUBE and GROUPING SETS")
            group = self.expressions()
        having = self.condition() if self.take("HAVING") else None
        return nodes.Select(tuple(items), source, where, group, having, distinct, top, into)

    def _item(self) -> nodes.Item:
        if self.token.kind is Kind.VARIABLE and self.ahead().text == "=":
            name = self.next().text
            self.next()
            return nodes.Item(self.expression(), variable=name)
        if self.at_name() and self.ahead().text == "=" and self.ahead().kind is Kind.SYMBOL:
            alias = self.name()
            self.next()
            return nodes.Item(self.expression(), alias)
        expression = self.expression()
        return nodes.Item(expression, self._alias(text_too=True))

    def _alias(self, *, text_too: bool = False) -> str | None:
        explicit = self.take("AS")
        if text_too and self.token.kind in (Kind.TEXT, Kind.NATIONAL):
            return self.next().text
        if explicit or self.at_name():
            return self.name()
        return None

    # FROM
    def _sources(self) -> nodes.Node:
        left = self._joined()
        while self.take(","):
            left = nodes.Join("CROSS", left, self._joined())
        return left

    def _joined(self) -> nodes.Node:
        left = self._source()
        while (kind := self._join_kind()) is not None:
            right = self._source()
            condition = None
            if kind not in ("CROSS", "CROSS APPLY", "OUTER APPLY"):
                self.expect("ON")
                condition = self.condition()
            left = nodes.Join(kind, left, right, condition)
        return left

    def _join_kind(self) -> str | None:
        if self.take("CROSS", "APPLY"):
            return "CROSS APPLY"
        if self.take("OUTER", "APPLY"):
            return "OUTER APPLY"
        if self.take("CROSS", "JOIN"):
            return "CROSS"
        for kind in ("LEFT", "RIGHT", "FULL"):
            if self.take(kind):
                self.take("OUTER")
                self.expect("JOIN")
                return kind
        if self.take("INNER"):
            self.expect("JOIN")
            return "INNER"
        return "INNER" if self.take("JOIN") else None

    def _source(self) -> nodes.Node:
        if self.take("("):
            if self.at("VALUES"):
                inner = nodes.Query(self.values())
            elif self.at("SELECT") or self.at("("):
                inner = self.query()
            elif self.at("WITH"):
                raise self.unexpected()  # it stands at the beginning of a statement only
            else:
                joined = self._joined()
                self.expect(")")
                return joined
            self.expect(")")
            self.take("AS")
            alias = self.name()
            return nodes.Derived(inner, alias, self.name_list() if self.at("(") else ())
        parts = self.names()
        if self.at("(") and not (self.ahead().word in ("NOLOCK", "READUNCOMMITTED") and self.ahead(2).text == ")"):
            self.next()
            arguments = () if self.at(")") else self.expressions()
            self.expect(")")
            return nodes.TableFunction(parts, arguments, self._alias())
        alias = self._alias()
        sample = self._sample() if self.take("TABLESAMPLE") else None
        if self.take("WITH") or self.at("(", "NOLOCK"):
            self._skip_parenthesis()
        return nodes.TableName(parts, alias, sample)

    def _sample(self) -> float:
        self.take("SYSTEM")
        self.expect("(")
        percent = float(self.next().text)
        if not self.take("PERCENT"):
            raise self.refuse("TABLESAMPLE of a number of rows")
        self.expect(")")
        return percent

    def values(self) -> nodes.Values:
        """VALUES (…), (…)."""
        self.expect("VALUES")
        rows = []
        while True:
            self.expect("(")
            rows.append(self._value_list())
            self.expect(")")
            if not self.take(","):
                return nodes.Values(tuple(rows))

    def _value_list(self) -> tuple[nodes.Node, ...]:
        found = []
        while True:
            if self.take("DEFAULT"):
                found.append(nodes.Name(("DEFAULT",)))
            else:
                found.append(self.expression())
            if not self.take(","):
                return tuple(found)
