"""Select lists of random queries: columns, or groups and aggregates."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .columns import Column
from .conditions import Combination, Comparison, Condition, Conditions, smaller
from .relations import Relation
from .tables import ROWS
from .values import Constant

# An aggregate with nothing around it.
_ONE_CALL = re.compile(r"\w+\([^()]*\)")


@dataclass(frozen=True)
class Item:
    """An output column.

    `rough`: it is a sum of floating-point numbers, which depends on the order of the rows; so far it may be off.
    Everything else must be the same to the letter.
    """

    sql: Comparison
    is_order: bool = False  # rows can be put in an order by it that is always the same
    rough: float = 0
    may_overflow: bool = False  # whether the sum passes the type's limit may depend on the order, too


@dataclass(frozen=True)
class SelectList:
    """What stands before FROM, and the groups. The first `distinguishing` items are different in each row, if not 0."""

    items: tuple[Item, ...]
    distinguishing: int = 0
    keys: tuple[str, ...] = ()  # GROUP BY
    sets: str = ""  # ROLLUP, CUBE, or GROUPING SETS
    is_grouped: bool = False
    having: Condition | None = None
    distinct: bool = False

    def smaller(self) -> Iterator[SelectList]:
        """With less in it."""
        if self.having is not None:
            yield replace(self, having=None)
            yield from (replace(self, having=less) for less in smaller(self.having))
        if self.sets:
            yield replace(self, sets="")
        if self.distinct:
            yield replace(self, distinct=False)
        for number in range(self.distinguishing, len(self.items)):
            if len(self.items) > 1:
                yield replace(self, items=self.items[:number] + self.items[number + 1 :])


def flattened(condition: Condition) -> tuple[str | Constant, ...]:
    """The SQL of a condition as the parts of one comparison."""
    if isinstance(condition, Comparison):
        return condition.parts
    if isinstance(condition, Combination):
        parts: list[str | Constant] = ["("]
        for number, part in enumerate(condition.of):
            parts += [f" {condition.word} "] * (number > 0) + list(flattened(part))
        return (*parts, ")")
    return ("NOT (", *flattened(condition.of), ")")


def determined(column: Column, expression: str) -> tuple[str, bool]:
    """An expression over a value of the column that prints the same for all values that are equal to it, and whether it
    differs where these do. PostgreSQL may show any of the equal values of a group, as 0 and -0, or 1.0 and 1.00.
    """
    if column.base in ("real", "double precision"):
        return f"({expression} + 0)", True
    if column.type == "numeric":
        return f"trim_scale({expression})", True
    if column.base in ("character", "bpchar"):
        return f"rtrim({expression}::text)", True
    if column.base == "citext":
        return f"lower({expression}::text)", True
    if column.base == "interval":
        return f"({expression} > '1 day')", False
    if column.base == "jsonb":
        return f"jsonb_typeof({expression})", False
    if column.base == "inet":
        return f"host({expression})", False
    if column.type.endswith("[]"):
        return f"cardinality({expression})", False
    return expression, True


class SelectLists:
    """Draws select lists over columns of some relations; plain ones are such as remotes can be asked for."""

    def __init__(self, random: random.Random, relations: Sequence[Relation], collations: Sequence[str], *, plain: bool) -> None:
        self.random = random
        self.plain = plain
        self.relations = relations
        self.collations = collations
        self.columns = [column for relation in relations for column in relation.columns]
        self.ordered = [column for column in self.columns if column.ordered]

    def rows(self) -> SelectList:
        """Rows as they are: the keys of all tables, and some of their columns."""
        keys = [Item(Comparison((relation.key,)), is_order=True) for relation in self.relations]
        more = [Item(Comparison((self._output(),))) for _ in range(self.random.choice((0, 0, 1, 2, 5)))]
        return SelectList((*keys, *more), len(keys))

    def distinct(self) -> SelectList:
        """DISTINCT of some columns."""
        items = []
        sure = True
        for column in self._some(self.random.choice((1, 1, 2, 3))):
            shown, is_sure = determined(column, str(column))
            items.append(Item(Comparison((shown,)), is_order=True))
            sure = sure and is_sure
        return SelectList(tuple(items), len(items), distinct=True)

    def groups(self) -> SelectList:
        """Groups by none to three columns or expressions, and their aggregates."""
        keys: list[str] = []
        items: list[Item] = []
        sure = True
        for column in self._some(self.random.choice((0, 0, 1, 1, 1, 1, 2, 2, 3))):
            key, shown, is_sure = self._key(column)
            keys.append(key)
            sure = sure and is_sure
            if shown:
                items.append(Item(Comparison((shown,)), is_order=True))
        sets = self.random.choice(("ROLLUP", "CUBE", "GROUPING SETS")) if keys and self.random.random() < 0.12 and not self.plain else ""
        distinguishing = len(items) if keys and sure and not sets and len(items) == len(keys) else 0
        if sets:
            items.append(Item(Comparison((f"grouping({', '.join(keys)})",)), is_order=True))
        items += [self.aggregate() for _ in range(self.random.choice((1, 1, 1, 2) if self.plain else (1, 1, 2, 3, 5)))]
        if self.random.random() < 0.12 and not self.plain:
            items.append(self._window(keys))
        if keys and self.random.random() < 0.08:
            items = [item for item in items if item.is_order] or items
        return SelectList(
            tuple(items),
            distinguishing,
            tuple(keys),
            sets,
            is_grouped=True,
            having=self._having(keys) if self.random.random() < 0.3 else None,
            distinct=self.random.random() < 0.04 and not any(item.rough for item in items),
        )

    def _some(self, count: int) -> list[Column]:
        return self.random.sample(self.ordered, min(count, len(self.ordered)))

    def _key(self, column: Column) -> tuple[str, str, bool]:
        """What is grouped by, what is shown of it, and whether that is different in each group."""
        if self.plain or self.random.random() < 0.75:
            shown, is_sure = determined(column, str(column))
            return str(column), shown, is_sure
        forms = [f"{column} IS NULL", f"CASE WHEN {column} IS NULL THEN 'none' ELSE 'some' END"]
        if column.family == "integer":
            forms += [f"{column} % 3", f"{column}::numeric", f"({column}::numeric + 1)", f"({column} > 1)"]
        elif column.family == "text":
            forms += [f"lower({column})", f"length({column}::text)", f"left({column}::text, 1)", f"({column}::text || 'x')"]
            if column.collatable and column.base not in ("citext", "name"):
                # Of values that a collation calls equal any one may be shown.
                return f"{column} COLLATE {self.random.choice(self.collations)}", "", False
        elif column.family in ("date", "moment"):
            forms += [f"extract(month FROM {column})", f"({column} > '2000-01-01')"]
        elif column.family == "decimal":
            forms += [f"round({column}, 0)", f"({column} > 0)"]
        form = self.random.choice(forms)
        return form, form if not form.startswith("round") else f"trim_scale({form})", True

    def aggregate(self) -> Item:
        """Any aggregate, also within an expression, and over some of the rows."""
        if self.plain:
            return self._plain(self.random.choice(self.ordered))
        item = self._of(self.random.choice(self.ordered))
        (sql,) = item.sql.parts
        if self.random.random() < 0.1 and isinstance(sql, str) and _ONE_CALL.fullmatch(sql):
            condition = Conditions(self.random, [self.random.choice(self.columns)], self.collations).tree(1)
            return replace(item, sql=Comparison((f"{sql} FILTER (WHERE ", *flattened(condition), ")")))
        return item

    def _plain(self, column: Column) -> Item:
        words = ["count", "count(DISTINCT"]
        if column.family in ("integer", "decimal"):
            words += ["sum", "sum", "avg", "avg", "min", "max"]
        elif column.family in ("text", "date", "moment", "clock"):
            words += ["min", "max"]
        word = self.random.choice(["count(*)", *words])
        if word == "count(*)":
            return _exact(word)
        call = f"{word} {column})" if "(" in word else f"{word}({column})"
        return _exact(determined(column, call)[0] if word in ("min", "max") else call)

    def _of(self, column: Column) -> Item:
        kind = self.random.random()
        name = str(column)
        if kind < 0.2:
            return _exact("count(*)")
        if kind < 0.3:
            return _exact(f"count({name})")
        if kind < 0.4:
            return _exact(f"count(DISTINCT {name})")
        if column.family in ("integer", "decimal"):
            return self._of_number(column)
        if column.family == "float" and kind < 0.7:
            return self._of_float(column)
        has_extremes = column.family in ("text", "date", "moment", "clock", "float") or column.base in ("interval", "money", "pg_lsn", "oid")
        if has_extremes and kind < 0.85:
            return _exact(determined(column, f"{self.random.choice(('min', 'max'))}({name})")[0])
        if column.family == "boolean":
            return _exact(f"{self.random.choice(('bool_and', 'bool_or', 'every'))}({name})")
        one = self.relations[0].key
        return _exact(
            self.random.choice(
                (
                    f"count({name}) * 2 + count(*)",
                    f"array_agg({one} ORDER BY {one})",
                    f"string_agg({one}::text, ',' ORDER BY {one} DESC)",
                    f"count(({name}, {one}))",
                    f"count(DISTINCT ({name}, {one}))",
                    f"max({one}) - min({one})",
                    f"sum({one})",
                    f"avg({one})",
                )
            )
        )

    def _of_number(self, column: Column) -> Item:
        name, wide = str(column), f"{column}::numeric"
        forms = [
            *(f"sum({name})", f"sum({name})", f"avg({name})", f"avg({name})", f"min({name})", f"max({name})"),
            *(f"sum({name}) + 1", f"round(avg({name}), 2)", f"coalesce(sum({name}), 0)"),
            *(f"sum({wide} + 1)", f"max({wide}) - min({wide})", f"sum({name})::numeric / nullif(count({name}), 0)"),
            *(f"sum(DISTINCT {name})", f"avg(DISTINCT {name})", f"sum({wide}) - avg({name})", f"avg({name}) + count(*)"),
            *(f"max({name}) IS NULL", f"sum({name}) > avg({name})", f"greatest(min({name}), max({name}))"),
            *(f"stddev_samp({name})", f"var_pop({name})", f"abs(sum({wide}))", f"count(*) FILTER (WHERE {name} > 0)"),
        ]
        if column.base in ("smallint", "integer"):
            forms += [f"avg({name})::int", f"avg({name})::{column.base}"]
        form = self.random.choice(forms)
        if column.type == "numeric" and ("min(" in form or "max(" in form) and "IS NULL" not in form:
            form = f"trim_scale({form})"
        return _exact(form)

    def _of_float(self, column: Column) -> Item:
        """Sums of a few rows only: of those of a join nothing would be left to compare."""
        if len(self.relations) > 1:
            return _exact(f"(max({column}) + 0)")
        word = self.random.choice(("sum", "avg"))
        digit = 2.0**-23 if column.base == "real" and word == "sum" else 2.0**-52
        greatest = max((abs(float(value)) for value in column.values if math.isfinite(float(value))), default=0)
        # Each addition rounds by half a digit of what there is so far, at most all rows of the greatest value.
        return Item(Comparison((f"{word}({column})",)), rough=digit * greatest * ROWS**2, may_overflow=True)

    def _window(self, keys: Sequence[str]) -> Item:
        forms = ["sum(count(*)) OVER ()", "rank() OVER (ORDER BY count(*))", "max(count(*)) OVER (ORDER BY count(*) DESC)"]
        if keys:
            forms.append(f"count(*) OVER (PARTITION BY {keys[0]})")
        return _exact(self.random.choice(forms))

    def _having(self, keys: Sequence[str]) -> Condition:
        column = self.random.choice(self.ordered)
        one = self.relations[0].key
        forms = [
            *("count(*) > 1", "count(*) = 1", f"count({column}) = 0", f"count(DISTINCT {column}) > 1", f"min({one}) < 9", "count(*) > 1000"),
            *("false", "true", f"max({one}) - min({one}) > 3", f"avg({one}) > 7", f"sum({one}) > 9 AND count(*) < 5", f"NOT count({column}) > 2"),
        ]
        if keys:
            forms += [f"{keys[0]} IS NOT NULL", f"{keys[-1]} IS NULL OR count(*) > 1"]
        return Comparison((self.random.choice(forms),))

    def _output(self) -> str:
        """A column, a row, or something that tells of them."""
        relation = self.random.choice(self.relations)
        column = self.random.choice(relation.columns)
        kind = self.random.random()
        if kind < 0.6:
            return str(column)
        if kind < 0.72:
            return relation.alias
        if kind < 0.8:
            return f"{relation.alias} IS NULL"
        if kind < 0.86 and not relation.is_view:
            return f"{relation.alias}.ctid IS NULL"
        if kind < 0.92 and not relation.is_view and relation.place in ("live", "second", "imported"):
            return f"{relation.alias}.tableoid = '{str(relation).rpartition(' ')[0]}'::regclass"
        if kind < 0.96:
            return f"count(*) OVER (PARTITION BY {relation.key})"
        return self.random.choice(("1", "NULL", f"{column} IS NOT NULL", f"coalesce({column}::text, 'none')"))


def _exact(sql: str) -> Item:
    return Item(Comparison((sql,)))
