"""Random queries as they are drawn, before they are SQL, so that one with a difference can be made smaller."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .columns import Column
from .conditions import Condition, Conditions, smaller

# What surrounds a condition, and how often; statements.py knows how each is written.
FORMS = {
    "select": 30,
    "count": 10,
    "prepared": 12,
    "plpgsql": 6,
    "lateral": 6,
    "join with keys": 5,
    "correlated": 6,
    "cursor": 6,
    "aggregate": 6,
    "group": 5,
    "distinct": 4,
    "set operation": 5,
    "self join": 4,
    "nested": 4,
}

_ALWAYS_ORDERED = {"plpgsql", "cursor", "distinct", "nested"}

_SETTINGS = (
    ("enable_hashjoin = off", "enable_mergejoin = off"),
    ("enable_material = off", "enable_hashjoin = off", "enable_mergejoin = off"),
    ("enable_sort = off",),
    ("enable_hashagg = off",),
    ("cursor_tuple_fraction = 1",),
    ("plan_cache_mode = force_generic_plan",),
    ("plan_cache_mode = force_custom_plan",),
)


@dataclass(frozen=True)
class Order:
    column: Column
    behind: str  # DESC NULLS LAST and the like
    collation: str  # empty for the column's own


@dataclass(frozen=True)
class Draft:
    """A query to be. The table's alias is t, of a second one u."""

    form: str
    output: tuple[str, ...]  # the select list; empty = count(*)
    where: Condition | None
    other: Condition | None  # a second condition, for forms that have two
    order: tuple[Order, ...]
    by_id: bool  # the order ends with the key, so that it is total
    limit: int | None
    offset: int
    settings: tuple[str, ...]
    column: Column  # that is grouped by, joined on, aggregated
    variant: int  # of the form: a number that statements.py divides

    def smaller(self) -> Iterator[Draft]:
        """Drafts with less in them."""
        if self.form != "select":
            yield replace(self, form="select")
        if self.settings:
            yield replace(self, settings=())
        if self.other is not None:
            yield replace(self, other=None)
            yield from (replace(self, other=less) for less in smaller(self.other))
        if self.limit is not None:
            yield replace(self, limit=None, offset=0)
        if self.offset:
            yield replace(self, offset=0)
        for number in range(len(self.order)):
            yield replace(self, order=self.order[:number] + self.order[number + 1 :])
        if self.by_id and self.limit is None:
            yield replace(self, by_id=False)
        if len(self.output) > 1:
            yield replace(self, output=("t.id",))
        if self.where is not None:
            yield replace(self, where=None)
            yield from (replace(self, where=less) for less in smaller(self.where))


def draft(random: random.Random, columns: Sequence[Column], collations: Sequence[str], ordered: float) -> Draft:
    """Any query. This part of the queries has an order, if its form lets it choose."""
    conditions = Conditions(random, columns, collations)
    forms = FORMS if ordered > 0.5 else {form: often for form, often in FORMS.items() if form not in _ALWAYS_ORDERED}
    (form,) = random.choices(list(forms), list(forms.values()))
    is_ordered = random.random() < ordered
    limit = random.choice((0, 1, 2, 3, 5, 10, 1000)) if random.random() < 0.35 else None
    return Draft(
        form=form,
        output=_output(random, columns),
        where=conditions.tree(random.choice((1, 1, 2, 2, 3, 4))) if random.random() < 0.93 else None,
        other=conditions.tree(random.choice((1, 2))) if random.random() < 0.6 else None,
        order=_order(random, columns, collations) if is_ordered and random.random() < 0.75 else (),
        by_id=is_ordered and random.random() < 0.8,
        limit=limit,
        offset=random.choice((0, 0, 1, 4)) if limit is not None else 0,
        settings=random.choice(_SETTINGS) if random.random() < 0.4 else (),
        column=random.choice([column for column in columns if column.ordered]),
        variant=random.randrange(10_000),
    )


def _output(random: random.Random, columns: Sequence[Column]) -> tuple[str, ...]:
    kind = random.random()
    if kind < 0.45:
        return ("t.id",)
    if kind < 0.6:
        return ("t.*",)
    if kind < 0.68:
        return ("t",)
    if kind < 0.72:
        return ("1",)
    chosen = random.sample(list(columns), random.randint(1, min(3, len(columns))))
    return (*(str(column) for column in chosen), "t.id")[random.randint(0, 1) :] or ("t.id",)


def _order(random: random.Random, columns: Sequence[Column], collations: Sequence[str]) -> tuple[Order, ...]:
    chosen = random.sample([column for column in columns if column.ordered], k=1 if len(columns) < 2 else random.choice((1, 1, 2)))
    behind = ("", "", " ASC", " DESC", " NULLS FIRST", " DESC NULLS LAST", " DESC NULLS FIRST", " ASC NULLS LAST")
    return tuple(
        Order(column, random.choice(behind), random.choice(list(collations)) if column.collatable and random.random() < 0.25 else "")
        for column in chosen
    )
