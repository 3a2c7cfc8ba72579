"""Random queries of several tables, or of groups, as they are drawn, before they are SQL."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .columns import Column
from .conditions import Comparison, Condition, smaller
from .copies import IMPORTED_PLACE, KEYS, Copies
from .groups import SelectList, SelectLists
from .relations import JOINS, SEMI_JOINS, Link, Linking, Relation, beside, constants, relation

# What surrounds a query, and how often; composed.py knows how each is written.
SURROUNDINGS = {
    "plain": 40,
    "prepared": 12,
    "lateral": 7,
    "subplan": 4,
    "cursor": 6,
    "cte": 4,
    "above": 5,
    "union": 5,
    "for update": 4,
    "insert": 3,
    "update": 3,
    "delete": 3,
    "merge": 3,
}

_NO_LOCAL_JOINS = ("enable_hashjoin = off", "enable_mergejoin = off", "enable_nestloop = off")
_SETTINGS = (
    _NO_LOCAL_JOINS,
    _NO_LOCAL_JOINS,
    ("enable_hashjoin = off", "enable_mergejoin = off"),
    ("enable_hashjoin = off", "enable_nestloop = off"),
    ("enable_mergejoin = off", "enable_nestloop = off"),
    ("enable_material = off", "enable_memoize = off"),
    ("enable_hashagg = off",),
    ("enable_sort = off",),
    ("enable_partitionwise_join = on", "enable_partitionwise_aggregate = on"),
    ("enable_async_append = off",),
    ("join_collapse_limit = 1",),
    ("geqo_threshold = 2",),
    ("work_mem = '64kB'",),
    ("min_parallel_table_scan_size = 0", "parallel_setup_cost = 0", "parallel_tuple_cost = 0"),
)


@dataclass(frozen=True)
class OrderItem:
    number: int  # of the output column, from 0 on
    behind: str


@dataclass(frozen=True)
class Composition:
    """A query to be. Tables are called t1, t2 and so on, those of subqueries s1, s2."""

    schema: str  # of the table that it is drawn for
    first: Relation
    links: tuple[Link, ...]  # joins and then semi-joins
    is_bushy: bool  # the second and the third table are joined first
    commas: bool  # inner joins are written as lists
    where: tuple[Condition, ...]
    top: SelectList
    order: tuple[OrderItem, ...]
    limit: int | None
    offset: int
    settings: tuple[str, ...]
    is_first: bool  # it is asked over new connections, which know of no table yet
    surrounding: str
    target: tuple[Column, Column] | None  # of UPDATE, DELETE and MERGE: a column of local keys, and one that is equal
    variant: int  # of the surrounding: a number that composed.py divides

    @property
    def form(self) -> str:
        """For people: what is counted."""
        kinds = sorted({link.kind for link in self.links})
        return f"{'groups' if self.top.is_grouped else 'distinct' if self.top.distinct else 'rows'} of {', '.join(kinds) or 'one table'}"

    @property
    def relations(self) -> list[Relation]:
        """All of them, those of semi-joins, too."""
        return [self.first, *(link.relation for link in self.links)]

    @property
    def is_total(self) -> bool:
        """Whether the order leaves no two rows in either order."""
        distinguishing = self.top.distinguishing
        return distinguishing > 0 and {item.number for item in self.order} >= set(range(distinguishing))

    def in_total_order(self) -> Composition:
        """With all that is missing in its order; without a limit if it can't have one."""
        missing = [OrderItem(n, "") for n in range(self.top.distinguishing) if all(item.number != n for item in self.order)]
        ordered = replace(self, order=(*self.order, *missing))
        return ordered if ordered.is_total else replace(ordered, limit=None, offset=0)

    def smaller(self) -> Iterator[Composition]:
        """Drafts with less in them."""
        if self.settings:
            yield replace(self, settings=())
        if self.is_first:
            yield replace(self, is_first=False)
        if self.surrounding not in ("plain", "update", "delete", "merge"):
            yield replace(self, surrounding="plain")
        if self.limit is not None:
            yield replace(self, limit=None, offset=0)
        if self.offset:
            yield replace(self, offset=0)
        for number in range(len(self.order)):
            if self.limit is None or not self.is_total:
                yield replace(self, order=self.order[:number] + self.order[number + 1 :])
        if self.is_bushy or self.commas:
            yield replace(self, is_bushy=False, commas=False)
        yield from self._with_fewer_tables()
        yield from (replace(self, top=less, order=()) for less in self.top.smaller())
        for number, one in enumerate(self.where):
            before, behind = self.where[:number], self.where[number + 1 :]
            yield replace(self, where=before + behind)
            yield from (replace(self, where=(*before, less, *behind)) for less in smaller(one))
        for number, link in enumerate(self.links):
            for less_of_it in link.smaller():
                yield replace(self, links=(*self.links[:number], less_of_it, *self.links[number + 1 :]))

    def _with_fewer_tables(self) -> Iterator[Composition]:
        """Semi-joins can always be left out, the last join if nothing else speaks of its table."""
        for number in range(len(self.links)):
            without = replace(self, links=self.links[:number] + self.links[number + 1 :], is_bushy=False)
            if not mentions(without, self.links[number].relation.alias):
                yield without


def mentions(composition: Composition, alias: str) -> bool:
    """Whether anything but its own FROM speaks of a table."""
    told = f"{composition.top} {composition.where} {composition.target} {composition.links}"
    return any(f"{before}{alias}{behind}" in told for before in " ('" for behind in (".", " IS", "'"))


class Composing:
    """Draws queries around one table."""

    def __init__(self, random: random.Random, copies: Copies, collations: Sequence[str], *, plain: bool) -> None:
        self.random = random
        self.copies = copies
        self.collations = collations
        self.plain = plain or random.random() < 0.6  # made of what remotes can be asked for, or of anything
        self.linking = Linking(random, collations, plain=self.plain)

    def composition(self) -> Composition:
        """Any query; of remotes whose queries take seconds one that is asked once."""
        random = self.random
        is_slow = self.copies.ordered < 0.5
        count = random.choices((1, 2, 3), (35, 50, 15))[0]
        relations = [self._relation(f"t{number + 1}", first=number == 0) for number in range(count)]
        if count > 1 and random.random() < 0.3:  # a local table on the outer side
            relations[0], relations[1] = replace_alias(relations[1], "t1"), replace_alias(relations[0], "t2")
        is_bushy = count == 3 and random.random() < 0.25
        links = [self._join(relations[:number], relations[number], relations, is_bushy) for number in range(1, count)]
        semi_joins = random.choices((0, 1, 2), (70, 26, 4) if count > 1 else (60, 34, 6))[0]
        links += [self._semi_join(relations, f"s{number + 1}") for number in range(semi_joins)]
        top = self._top(relations)
        (surrounding,) = random.choices(list(SURROUNDINGS), list(SURROUNDINGS.values()))
        if is_slow and surrounding in ("prepared", "lateral", "subplan", "cursor"):
            surrounding = "plain"
        limit = random.choice((0, 1, 2, 3, 5, 10, 1000)) if random.random() < 0.25 else None
        drawn = Composition(
            schema=self.copies.schema,
            first=relations[0],
            links=tuple(links),
            is_bushy=is_bushy,
            commas=random.random() < 0.2,
            where=self._where(relations),
            top=top,
            order=self._order(top) if random.random() < 0.4 else (),
            limit=limit,
            offset=random.choice((0, 0, 1, 4)) if limit is not None else 0,
            settings=random.choice(_SETTINGS) if random.random() < 0.5 and not is_slow else (),
            is_first=random.random() < 0.1 and not is_slow,
            surrounding=surrounding,
            target=None,
            variant=random.randrange(10_000),
        )
        return self._fitting(drawn)

    def _fitting(self, drawn: Composition) -> Composition:
        """Without what its surrounding can't have."""
        if drawn.surrounding == "for update" and (drawn.top.is_grouped or drawn.top.distinct or any(" OVER " in str(item.sql) for item in drawn.top.items)):
            drawn = replace(drawn, surrounding="plain")
        if drawn.surrounding in ("update", "delete", "merge"):
            keys = relation(self.copies, "k", KEYS)
            pair = self.linking.pair(keys.others, drawn.first.columns)
            pair = pair if pair and pair[0].base == pair[1].base else (keys.columns[0], drawn.first.columns[0])
            drawn = replace(drawn, target=pair, order=(), limit=None, offset=0)
        told = str(drawn.top)
        if any(f"{link.relation.alias}.{column}" in told for link in drawn.links for column in ("ctid", "tableoid")):
            drawn = replace(drawn, links=tuple(replace(link, inner=None, computed=()) if link.kind in JOINS else link for link in drawn.links))
        if any(item.rough for item in drawn.top.items):
            # What is rough is compared at its place, and with the other columns of its row.
            drawn = replace(drawn, surrounding=drawn.surrounding if drawn.surrounding in ("prepared",) else "plain", limit=None, offset=0)
        return drawn

    def _relation(self, alias: str, *, first: bool) -> Relation:
        """Mostly foreign tables of one server."""
        random = self.random
        if first:
            place = random.choices(("live", "second", "parted"), (88, 2, 10))[0]
            return relation(self.copies, alias, place if place in self.copies.places else "live")
        places = {"live": 200 if self.plain else 60, "second": 8, "parted": 4, IMPORTED_PLACE: 9, KEYS: 10, "constants": 9}
        (place,) = random.choices(list(places), list(places.values()))
        if place == "constants":
            return constants(random, [column for column in self.copies.columns if column.ordered], alias)
        beside = self.copies if random.random() < 0.6 else random.choice(self.copies.beside(place))
        return relation(beside, alias, place if place in beside.places or place in (IMPORTED_PLACE, KEYS) else "live")

    def _join(self, before: Sequence[Relation], added: Relation, all_relations: Sequence[Relation], is_bushy: bool) -> Link:
        random = self.random
        kind = random.choice(JOINS)
        # In `t1 JOIN (t2 JOIN t3 ON …) ON …` the inner condition knows t2 and t3 only.
        seen = [all_relations[1]] if is_bushy and added is all_relations[2] else list(before)
        left = random.choice(seen)
        if kind == "FULL" or random.random() < 0.5:
            on: list[Condition] = [self.linking.equal(left.columns, added.columns)]
        else:
            on = [self.linking.on(left.columns, added.columns)]
            if not self._is_selective(on[0]):  # or there are too many pairs
                on.append(Comparison((f"abs({left.key} - {added.key}) < 4",)) if random.random() < 0.5 and not self.plain else self.linking.equal(left.columns, added.columns))
        if kind != "FULL":
            if random.random() < 0.25:
                on.append(self.linking.condition(self._comparable(added), random.choice((1, 1, 2))))
            if random.random() < 0.15:
                on.append(self.linking.condition(self._comparable(left), 1))
        inner: Condition | None = None
        computed: tuple[tuple[str, Comparison], ...] = ()
        if random.random() < (0.04 if self.plain else 0.12) and added.place != "constants":
            inner = self.linking.condition(added.columns, 1) if random.random() < 0.7 else None
            computed = self._computed(added)
        return Link(kind, added, tuple(on), inner, computed)

    @staticmethod
    def _is_selective(condition: Condition) -> bool:
        return isinstance(condition, Comparison) and len(condition.parts) == 1 and " = " in str(condition.parts[0]) and "1 = 1" not in str(condition.parts[0])

    def _computed(self, added: Relation) -> tuple[tuple[str, Comparison], ...]:
        """Values that are computed below an outer join, where a NULL would be one of its own."""
        column = self.random.choice(added.columns)
        return (("computed_one", Comparison(("1",))), ("computed_text", Comparison((f"coalesce({column}::text, 'none')",))))

    def _semi_join(self, outer: Sequence[Relation], alias: str) -> Link:
        random = self.random
        kind = random.choice(SEMI_JOINS)
        added = self._relation(alias, first=random.random() < 0.6)
        left = random.choice(list(outer))
        inner = self.linking.condition(self._comparable(added), random.choice((1, 1, 2))) if random.random() < 0.5 else None
        if kind in ("IN", "NOT IN"):
            pair = self.linking.pair(left.columns, added.columns)
            one, other = pair or (left.columns[0], added.columns[0])
            correlated = (self.linking.equal(left.columns, added.columns),) if random.random() < 0.15 else ()
            return Link(kind, added, correlated, inner, tested=(beside(one, other), str(other)))
        on = [self.linking.equal(left.columns, added.columns) if random.random() < 0.7 else self.linking.on(left.columns, added.columns)]
        if random.random() < 0.2:
            on.append(self.linking.on(left.columns, added.columns))
        return Link(kind, added, tuple(on), inner)

    def _top(self, relations: Sequence[Relation]) -> SelectList:
        lists = SelectLists(self.random, relations, self.collations, plain=self.plain)
        kind = self.random.random()
        if kind < (0.9 if len(relations) == 1 else 0.35):
            return lists.groups() if self.random.random() < 0.85 else lists.distinct()
        return lists.rows()

    def _comparable(self, added: Relation) -> Sequence[Column]:
        return added.others or added.columns

    def _where(self, relations: Sequence[Relation]) -> tuple[Condition, ...]:
        random = self.random
        found: list[Condition] = []
        for one in relations:
            if random.random() < (0.6 if len(relations) == 1 else 0.3) * (0.5 if self.plain else 1):
                found.append(self.linking.condition(self._comparable(one), random.choice((1, 1, 2, 3))))
            elif random.random() < 0.1:
                found.append(Comparison((f"{one.key} {random.choice(('IS NULL', 'IS NOT NULL', '> 3', '< 0', '= 5', 'IN (1, 2, 3, 5, 8)'))}",)))
        if len(relations) > 1 and random.random() < 0.12:
            found.append(self.linking.on(relations[0].columns, relations[-1].columns))
        return tuple(found)

    def _order(self, top: SelectList) -> tuple[OrderItem, ...]:
        """By items that have an order, mostly by all that distinguish rows."""
        random = self.random
        numbers = [number for number, item in enumerate(top.items) if item.is_order]
        random.shuffle(numbers)
        if top.is_grouped and random.random() < 0.3:
            numbers = [number for number, item in enumerate(top.items) if str(item.sql.parts[0]) == "count(*)"][:1] + numbers
        chosen = numbers if random.random() < 0.7 else numbers[: random.randint(0, len(numbers))]
        behind = ("", "", " ASC", " DESC", " NULLS FIRST", " DESC NULLS LAST", " DESC NULLS FIRST", " ASC NULLS LAST")
        return tuple(OrderItem(number, random.choice(behind)) for number in chosen)


def replace_alias(one: Relation, alias: str) -> Relation:
    """The same table by another alias."""
    return replace(one, alias=alias, columns=tuple(replace(column, alias=alias) for column in one.columns))
