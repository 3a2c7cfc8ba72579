"""Random conditions: trees of AND, OR and NOT over comparisons of every kind."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .columns import Column
from .values import Constant, constant, pattern


@dataclass(frozen=True)
class Comparison:
    """SQL with constants between its parts."""

    parts: tuple[str | Constant, ...]


@dataclass(frozen=True)
class Negation:
    of: Condition


@dataclass(frozen=True)
class Combination:
    word: str  # AND or OR
    of: tuple[Condition, ...]


Condition = Comparison | Negation | Combination
WriteConstant = Callable[[Constant], str]


def written(condition: Condition, constant: WriteConstant) -> str:
    """Its SQL; `constant` writes the constants."""
    if isinstance(condition, Comparison):
        return "".join(part if isinstance(part, str) else constant(part) for part in condition.parts)
    if isinstance(condition, Negation):
        return f"NOT ({written(condition.of, constant)})"
    return "(" + f" {condition.word} ".join(written(part, constant) for part in condition.of) + ")"


def smaller(condition: Condition) -> Iterator[Condition]:
    """Conditions with less in them: parts of it, and it without a part."""
    if isinstance(condition, Negation):
        yield condition.of
        yield from (Negation(part) for part in smaller(condition.of))
    if isinstance(condition, Combination):
        yield from condition.of
        for number, part in enumerate(condition.of):
            before, behind = condition.of[:number], condition.of[number + 1 :]
            if len(condition.of) > 2:
                yield Combination(condition.word, before + behind)
            yield from (Combination(condition.word, (*before, less, *behind)) for less in smaller(part))


class Conditions:
    """Makes conditions on the columns of a table, which is called t. `collations` are names that exist here."""

    def __init__(self, random: random.Random, columns: Sequence[Column], collations: Sequence[str]) -> None:
        self.random = random
        self.columns = columns
        self.collations = collations

    def tree(self, depth: int) -> Condition:
        """A condition of so many levels at most."""
        if depth <= 1 or self.random.random() < 0.25:
            return self.comparison(self.random.choice(self.columns))
        if self.random.random() < 0.2:
            return Negation(self.tree(depth - 1))
        return Combination(self.random.choice(("AND", "AND", "OR")), tuple(self.tree(depth - 1) for _ in range(self.random.randint(2, 3))))

    def comparison(self, column: Column) -> Comparison:
        """Of one column, or of one with another."""
        if not column.ordered:
            return self._any([self._null_test, self._as_text], column)
        common = [
            *(self._operator, self._operator, self._operator, self._operator, self._list, self._list, self._between),
            *(self._list if column.type.endswith("[]") else self._array, self._null_test, self._distinct, self._other_column, self._row, self._wrapped),
        ]
        own = {
            "text": [self._like, self._like, self._like, self._like, self._text_function, self._text_function],
            "integer": [self._integer_function, self._as_text],
            "decimal": [self._decimal_function, self._as_text],
            "float": [self._float_function],
            "date": [self._date_function],
            "moment": [self._moment_function],
            "clock": [self._clock_function],
            "boolean": [self._truth] * 12,
            "bytes": [self._bytes_function, self._as_text],
            "uuid": [self._as_text],
            "bits": [self._as_text],
            "document": [self._document_function, self._as_text],
        }.get(column.family, [self._as_text])
        return self._any(common + own, column)

    def _any(self, kinds: Sequence[Callable[[Column], Comparison]], column: Column) -> Comparison:
        return self.random.choice(kinds)(column)

    def _constant(self, column: Column) -> Constant:
        return constant(self.random, column)

    def _collated(self, column: Column) -> str:
        if column.collatable and self.random.random() < 0.15:
            return f"{column} COLLATE {self.random.choice(self.collations)}"
        return str(column)

    def _operator(self, column: Column) -> Comparison:
        word = self.random.choice((" = ", " = ", " <> ", " < ", " <= ", " > ", " >= "))
        first, second = self._collated(column), self._constant(column)
        return Comparison((first, word, second) if self.random.random() < 0.8 else (second, word, first))

    def _list(self, column: Column) -> Comparison:
        one = self._constant(column)
        parts: list[str | Constant] = [f"{self._collated(column)} {self.random.choice(('IN', 'IN', 'NOT IN'))} (", one]
        for _ in range(self.random.choice((0, 1, 2, 3, 8))):
            another = constant(self.random, column, null=0.1)
            parts += [", ", another] if another.type == one.type else []  # else a conversion of constants may fail
        return Comparison((*parts, ")"))

    def _array(self, column: Column) -> Comparison:
        """An array of constants, or one constant that is an array."""
        word = self.random.choice(("= ANY", "= ANY", "<> ALL", "< ANY", ">= ALL", "<> ANY", "= ALL"))
        members = [constant(self.random, column, null=0.1) for _ in range(self.random.choice((0, 1, 2, 4)))]
        kind = column.type if column.base == "bit" else {"character": "bpchar"}.get(column.base, column.base)
        members = [member for member in members if member.type == kind]
        if self.random.random() < 0.5:
            parts: list[str | Constant] = [f"{column} {word} (ARRAY["]
            for member in members:
                parts += [", "] * (len(parts) > 1) + [member]
            return Comparison((*parts, f"]::{kind}[])"))
        texts = ("{" + ",".join(_element(member.texts[turn]) for member in members) + "}" for turn in range(3))
        whole = (None, *list(texts)[1:]) if self.random.random() < 0.05 else tuple(texts)
        return Comparison((f"{column} {word} (", Constant(whole, f"{kind}[]"), ")"))

    def _between(self, column: Column) -> Comparison:
        word = self.random.choice(("BETWEEN", "BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC"))
        return Comparison((f"{self._collated(column)} {word} ", self._constant(column), " AND ", self._constant(column)))

    def _null_test(self, column: Column) -> Comparison:
        return Comparison((f"{column} IS {self.random.choice(('', 'NOT '))}NULL",))

    def _distinct(self, column: Column) -> Comparison:
        word = self.random.choice((" IS DISTINCT FROM ", " IS NOT DISTINCT FROM "))
        return Comparison((self._collated(column), word, constant(self.random, column, null=0.2)))

    def _other_column(self, column: Column) -> Comparison:
        others = [other for other in self.columns if other.base == column.base]
        word = self.random.choice((" = ", " <> ", " < ", " >= ", " IS DISTINCT FROM "))
        return Comparison((f"{column}{word}{self.random.choice(others)}",))

    def _row(self, column: Column) -> Comparison:
        other = self.random.choice([other for other in self.columns if other.ordered])
        word = self.random.choice((" = ", " < ", " >= ", " <> "))
        return Comparison((f"({column}, {other}){word}(", self._constant(column), ", ", self._constant(other), ")"))

    def _wrapped(self, column: Column) -> Comparison:
        """The column within an expression that has its type."""
        kind = self.random.randrange(5)
        typed = Constant(self._constant_of_own_type(column).texts, self._own_type(column))
        if kind == 0:
            return Comparison((f"COALESCE({column}, ", typed, ") = ", self._constant(column)))
        if kind == 1:
            return Comparison((f"NULLIF({column}, ", typed, ") IS NULL"))
        if kind == 2:
            return Comparison((f"CASE WHEN {column} = ", typed, f" THEN 1 WHEN {column} IS NULL THEN 2 ELSE 3 END IN (1, 2)"))
        if kind == 3:
            return Comparison((f"GREATEST({column}, ", typed, f") = {column}"))
        return Comparison((f"({column} = ", typed, f") IS {self.random.choice(('TRUE', 'NOT TRUE', 'FALSE', 'NOT FALSE', 'UNKNOWN', 'NOT UNKNOWN'))}"))

    def _own_type(self, column: Column) -> str:
        return {"bit": column.type, "character": "bpchar"}.get(column.base, column.base)

    def _constant_of_own_type(self, column: Column) -> Constant:
        while (found := self._constant(column)).type != self._own_type(column):
            pass
        return found

    def _as_text(self, column: Column) -> Comparison:
        texts = tuple(pattern(self.random, column) for _ in range(3))
        word = self.random.choice((" LIKE ", " NOT LIKE ", " = ", " < "))
        return Comparison((f"{column}::text{word}", Constant(texts, "text")))

    def _like(self, column: Column) -> Comparison:
        texts = tuple(pattern(self.random, column) for _ in range(3))
        word = self.random.choice((" LIKE ", " LIKE ", " LIKE ", " NOT LIKE ", " NOT LIKE ", " ILIKE ", " NOT ILIKE "))
        behind = self.random.choice(("", "", "", "", " ESCAPE ''", " ESCAPE 'a'"))
        left = str(column) if self.random.random() < 0.85 else f"{column} COLLATE {self.collations[0]}"
        return Comparison((left, word, Constant(texts, "text", self.random.choice(("typed", "untyped"))), behind))

    def _text_function(self, column: Column) -> Comparison:
        one = self._constant(column)
        kind = self.random.randrange(9)
        forms: list[tuple[str | Constant, ...]] = [
            (f"lower({column}) = lower(", one, ")"),
            (f"length({column}) {self.random.choice(('=', '<', '>'))} {self.random.randint(0, 4)}",),
            (f"{column} || 'x' = ", one, " || 'x'"),
            (f"left({column}, 1) = left(", one, ", 1)"),
            (f"{column} ~ '{self.random.choice(('^a', 'a$', '^[[:alpha:]]+$', '[%_]', '^$'))}'",),
            (f"starts_with({column}, ", one, ")"),
            (f"{column}::varchar(1) = ", one),
            (f"octet_length({column}::text) > length({column}::text)",),
            (f"position('a' in {column}) > 0",),
        ]
        parts = forms[kind]
        return Comparison(tuple(Constant(part.texts, part.type) if isinstance(part, Constant) else part for part in parts))

    def _integer_function(self, column: Column) -> Comparison:
        forms: list[tuple[str | Constant, ...]] = [
            (f"{column}::numeric + 1 = ", self._constant(column)),
            (f"{column} % 2 = {self.random.randint(0, 1)}",),
            (f"abs({column}::numeric) >= ", self._constant(column)),
            (f"{column}::double precision = ", self._constant(column)),
            (f"{column}::boolean",) if column.base == "integer" else (f"{column} <> 0",),
        ]
        return Comparison(self.random.choice(forms))

    def _decimal_function(self, column: Column) -> Comparison:
        forms: list[tuple[str | Constant, ...]] = [
            (f"round({column}, 1) = ", self._constant(column)),
            (f"trunc({column}) < ", self._constant(column)),
            (f"{column}::double precision >= ", self._constant(column)),
            (f"-{column} = ", self._constant(column)),
        ]
        return Comparison(self.random.choice(forms))

    def _float_function(self, column: Column) -> Comparison:
        forms: list[tuple[str | Constant, ...]] = [
            (f"abs({column}) = ", self._constant(column)),
            (f"-{column} < ", self._constant(column)),
            (f"{column}::double precision = ", self._constant(column)),
            (f"{column}::text = '-0'",),
            (f"{column} = 'NaN'",),
        ]
        return Comparison(self.random.choice(forms))

    def _date_function(self, column: Column) -> Comparison:
        forms: list[tuple[str | Constant, ...]] = [
            (f"extract(year FROM {column}) = {self.random.choice((1, 1999, 2024, 9999))}",),
            (f"to_char({column}, 'MM-DD') = '02-29'",),
            (f"{column} < current_date",),
            (f"{column} >= now()",),
            (f"isfinite({column})",),
        ]
        return Comparison(self.random.choice(forms))

    def _moment_function(self, column: Column) -> Comparison:
        forms: list[tuple[str | Constant, ...]] = [
            (f"{column}::date = '2024-02-29'",),
            (f"date_trunc('day', {column}) = ", self._constant(column)),
            (f"extract(hour FROM {column}) = {self.random.choice((0, 2, 12))}",),
            (f"{column} < now()",),
            (f"{column} >= current_date",),
        ]
        return Comparison(self.random.choice(forms))

    def _clock_function(self, column: Column) -> Comparison:
        return Comparison((f"extract(hour FROM {column}) = {self.random.choice((0, 12, 24))}",))

    def _truth(self, column: Column) -> Comparison:
        words = ("", " IS TRUE", " IS NOT TRUE", " IS FALSE", " IS NOT FALSE", " IS UNKNOWN", " IS NOT UNKNOWN", " = true", " = false", " <> true")
        return Comparison((self.random.choice(("", "NOT ")) + str(column) + self.random.choice(words),))

    def _bytes_function(self, column: Column) -> Comparison:
        forms: list[tuple[str | Constant, ...]] = [
            (f"length({column}) = {self.random.randint(0, 4)}",),
            (f"{column} || '\\x00' = ", self._constant(column)),
            (f"substring({column}, 1, 1) = '\\x61'",),
            (f"{column} LIKE '\\x6125'::bytea",),
        ]
        return Comparison(self.random.choice(forms))

    def _document_function(self, column: Column) -> Comparison:
        forms = (f"{column} @> '{{\"a\": 1}}'", f"{column} ->> 'a' = '1'", f"{column} ? 'a'", f"jsonb_typeof({column}) = 'null'")
        return Comparison((self.random.choice(forms),))


class PlainConditions(Conditions):
    """Such as remotes can be asked for: a column beside a constant."""

    def comparison(self, column: Column) -> Comparison:
        if not column.ordered:
            return self._null_test(column)
        kinds = [self._operator, self._operator, self._list, self._between, self._null_test, self._distinct]
        return self._any([*kinds, *([self._like] if column.family == "text" else [])], column)

    def _collated(self, column: Column) -> str:
        return str(column)


def _element(text: str | None) -> str:
    """An element of an array as PostgreSQL reads it."""
    return "NULL" if text is None else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
