"""Parses expressions and conditions."""

from __future__ import annotations

import math

from ..errors import error
from ..types import MAX, SqlType
from . import nodes
from .cursor import RESERVED, Cursor
from .lexer import Kind

_COMPARISONS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!<": ">=", "!>": "<="}
# Functions whose names are reserved words.
_WORD_FUNCTIONS = ("LEFT", "RIGHT", "COALESCE", "NULLIF")
_BARE_FUNCTIONS = ("CURRENT_TIMESTAMP", "CURRENT_USER", "SESSION_USER", "SYSTEM_USER", "USER")


def number_literal(text: str) -> nodes.Literal:
    """int, numeric or float, by the look of it."""
    if "e" in text.lower():
        value = float(text)
        if math.isinf(value):
            raise error(168, text)
        return nodes.Literal(value, SqlType("float"))
    whole, _, fraction = text.partition(".")
    if "." not in text and int(text) < 1 << 31:
        return nodes.Literal(int(text), SqlType("int"))
    digits = whole.lstrip("0")
    precision = max(len(digits) + len(fraction), 1)
    if precision > 38:
        raise error(1007, text)
    shown = f"{digits or '0'}.{fraction}" if fraction else digits or "0"
    return nodes.Literal(shown, SqlType("numeric", precision=precision, scale=len(fraction)))


def text_literal(text: str, *, national: bool) -> nodes.Literal:
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2 if national else len(text)
    longest = 4000 if national else 8000
    length = MAX if units > longest else max(units, 1)
    return nodes.Literal(text, SqlType("nvarchar" if national else "varchar", length))


class Expressions(Cursor):
    """The part of the parser for expressions; `query` comes from a subclass."""

    def query(self, *, with_ctes: bool = False) -> nodes.Query:
        raise NotImplementedError

    def order_items(self) -> tuple[nodes.OrderItem, ...]:
        raise NotImplementedError

    # conditions
    def condition(self) -> nodes.Node:
        left = self._conjunction()
        while self.take("OR"):
            left = nodes.Logical("OR", left, self._conjunction())
        return left

    def _conjunction(self) -> nodes.Node:
        left = self._negation()
        while self.take("AND"):
            left = nodes.Logical("AND", left, self._negation())
        return left

    def _negation(self) -> nodes.Node:
        if self.take("NOT"):
            return nodes.Not(self._negation())
        if self.take("EXISTS"):
            self.expect("(")
            query = self.query()
            self.expect(")")
            return nodes.Exists(query)
        if self.at("(") and not self._parenthesis_is_value():
            self.next()
            inner = self.condition()
            self.expect(")")
            return inner
        return self._predicate()

    def _parenthesis_is_value(self) -> bool:
        """Whether the parenthesis here holds a value or a query, and not a condition: tries the condition's reading."""
        if self.ahead().word == "SELECT":
            return True
        start = self.index
        try:
            self.next()
            self.condition()
            return not self.at(")")
        except Exception:  # whatever it is: it is no condition
            return True
        finally:
            self.index = start

    def _predicate(self) -> nodes.Node:
        left = self.expression()
        for symbol, operator in _COMPARISONS.items():
            if self.take(symbol):
                if self.at_any("ALL", "ANY", "SOME"):
                    raise self.refuse("ALL, ANY and SOME")
                return nodes.Compare(operator, left, self.expression())
        if self.take("IS"):
            negated = self.take("NOT")
            self.expect("NULL")
            return nodes.IsNull(left, negated)
        negated = self.take("NOT")
        if self.take("LIKE"):
            pattern = self.expression()
            escape = self.next().text if self.take("ESCAPE") else None
            return nodes.Like(left, pattern, escape, negated)
        if self.take("BETWEEN"):
            low = self.expression()
            self.expect("AND")
            both = nodes.Logical("AND", nodes.Compare(">=", left, low), nodes.Compare("<=", left, self.expression()))
            return nodes.Not(both) if negated else both
        if self.take("IN"):
            self.expect("(")
            if self.at("SELECT"):
                found: nodes.Node = nodes.In(left, (), self.query(), negated)
            else:
                found = nodes.In(left, self.expressions(), None, negated)
            self.expect(")")
            return found
        raise self.unexpected()

    # values
    def expressions(self) -> tuple[nodes.Node, ...]:
        found = [self.expression()]
        while self.take(","):
            found.append(self.expression())
        return tuple(found)

    def expression(self) -> nodes.Node:
        left = self._term()
        while self.at_any("+", "-", "&", "|", "^"):
            operator = self.next().text
            left = nodes.Binary(operator, left, self._term())
        return left

    def _term(self) -> nodes.Node:
        left = self._factor()
        while self.at_any("*", "/", "%"):
            operator = self.next().text
            left = nodes.Binary(operator, left, self._factor())
        return left

    def _factor(self) -> nodes.Node:
        if self.at_any("-", "+", "~"):
            operator = self.next().text
            operand = self._factor()
            if operator == "+":
                return operand
            if (
                operator == "-"
                and isinstance(operand, nodes.Literal)
                and operand.kind
                and operand.kind.name in ("int", "float")
            ):
                return nodes.Literal(-operand.value, operand.kind)
            return nodes.Unary(operator, operand)
        return self._postfix(self._primary())

    def _postfix(self, operand: nodes.Node) -> nodes.Node:
        while True:
            if self.take("COLLATE"):
                operand = nodes.Collate(operand, self.name())
            elif self.at(".") and not isinstance(operand, nodes.Literal):
                self.next()
                name = self.name()
                operand = nodes.Method(operand, name, self._arguments() if self.at("(") else None)
            elif self.at("AT") and self.ahead().word == "TIME":
                raise self.refuse("AT TIME ZONE")
            else:
                return operand

    def _arguments(self) -> tuple[nodes.Node, ...]:
        self.expect("(")
        if self.take(")"):
            return ()
        found = self.expressions()
        self.expect(")")
        return found

    def _primary(self) -> nodes.Node:
        token = self.token
        if token.kind is Kind.NUMBER:
            self.next()
            return number_literal(token.text)
        if token.kind in (Kind.TEXT, Kind.NATIONAL):
            self.next()
            return text_literal(token.text, national=token.kind is Kind.NATIONAL)
        if token.kind is Kind.BINARY:
            self.next()
            data = bytes.fromhex("0" * (len(token.text) % 2) + token.text)
            return nodes.Literal(data, SqlType("varbinary", MAX if len(data) > 8000 else max(len(data), 1)))
        if token.kind is Kind.VARIABLE:
            self.next()
            return nodes.Variable(token.text)
        if self.take("("):
            if self.at("SELECT"):
                query = self.query()
                self.expect(")")
                return nodes.Scalar(query)
            inner = self.expression()
            self.expect(")")
            return inner
        if self.take("NULL"):
            return nodes.Literal(None, None)
        if self.take("CASE"):
            return self._case()
        if token.word in _BARE_FUNCTIONS and self.ahead().text != "(":
            self.next()
            return nodes.Call(token.word, ())
        if token.kind is Kind.WORD and self.ahead().text == "(" and (special := self._special_call(token.word)):
            return special
        if self.at_static_type():
            return self._static()
        if token.word in _WORD_FUNCTIONS and self.ahead().text == "(":
            self.next()
            return nodes.Call(token.word, self._arguments())
        if self.take("*"):
            return nodes.Star()
        return self._name_or_call()

    def _case(self) -> nodes.Node:
        operand = None if self.at("WHEN") else self.expression()
        branches = []
        while self.take("WHEN"):
            condition = self.condition() if operand is None else self.expression()
            self.expect("THEN")
            branches.append((condition, self.expression()))
        default = self.expression() if self.take("ELSE") else None
        self.expect("END")
        if not branches:
            raise self.unexpected()
        return nodes.Case(operand, tuple(branches), default)

    def _special_call(self, word: str) -> nodes.Node | None:
        """Functions with a grammar of their own."""
        if word in ("CAST", "TRY_CAST"):
            self.next()
            self.expect("(")
            operand = self.expression()
            self.expect("AS")
            kind = self.type_name(cast=True)
            self.expect(")")
            return nodes.Cast(operand, kind, attempt=word == "TRY_CAST")
        if word in ("CONVERT", "TRY_CONVERT"):
            self.next()
            self.expect("(")
            kind = self.type_name(cast=True)
            self.expect(",")
            operand = self.expression()
            style = self.expression() if self.take(",") else None
            self.expect(")")
            return nodes.Cast(operand, kind, style, attempt=word == "TRY_CONVERT")
        if word == "IIF":
            self.next()
            self.expect("(")
            condition = self.condition()
            self.expect(",")
            yes = self.expression()
            self.expect(",")
            no = self.expression()
            self.expect(")")
            return nodes.Case(None, ((condition, yes),), no)
        if word in ("DATEADD", "DATEDIFF", "DATEPART", "DATENAME", "DATEDIFF_BIG"):
            self.next()
            self.expect("(")
            part = nodes.Literal(self.name().lower(), SqlType("varchar", 30))
            self.expect(",")
            arguments = self.expressions()
            self.expect(")")
            return nodes.Call(word, (part, *arguments))
        return None

    def _static(self) -> nodes.Node:
        kind = self.next().text.lower()
        self.expect("::")
        if self.at_name() or self.token.word == "NULL":
            name = self.next().text
            return nodes.Static(kind, name, self._arguments() if self.at("(") else None)
        raise self.unexpected()

    def _name_or_call(self) -> nodes.Node:
        parts = [self.name()]
        while self.at("."):
            if self.ahead().text == "*":
                self.next()
                self.next()
                return nodes.Star(tuple(parts))
            self.next()
            parts.append("" if self.at(".") else self._any_name())
            if self.at("(") and len(parts) > 1:
                break
        if not self.at("("):
            return nodes.Name(tuple(parts))
        if len(parts) > 1 and parts[0].lower() not in ("sys", "dbo"):
            return nodes.Method(nodes.Name(tuple(parts[:-1])), parts[-1], self._arguments())
        return self._call(".".join(parts).upper())

    def _any_name(self) -> str:
        if self.token.kind is Kind.WORD and self.token.word in RESERVED - {"NULL"}:
            return self.next().text
        return self.name()

    def _call(self, name: str) -> nodes.Node:
        self.expect("(")
        distinct = self.take("DISTINCT")
        arguments: tuple[nodes.Node, ...] = ()
        if not self.at(")"):
            arguments = self.expressions()
        self.expect(")")
        window = None
        if self.take("WITHIN"):
            raise self.refuse("WITHIN GROUP")
        if self.take("OVER"):
            self.expect("(")
            partition: tuple[nodes.Node, ...] = ()
            order: tuple[nodes.OrderItem, ...] = ()
            if self.take("PARTITION", "BY"):
                partition = self.expressions()
            if self.take("ORDER", "BY"):
                order = self.order_items()
            self.expect(")")
            window = nodes.Window(partition, order)
        return nodes.Call(name, arguments, distinct, window)
