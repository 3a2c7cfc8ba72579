"""What stands in FROM of a random query: foreign tables of one server or of two, local ones, and how they are joined."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .columns import Column
from .conditions import Combination, Comparison, Condition, Conditions, PlainConditions, smaller
from .copies import Copies
from .values import Constant, constant

JOINS = ("INNER", "INNER", "INNER", "LEFT", "LEFT", "RIGHT", "FULL")
SEMI_JOINS = ("EXISTS", "EXISTS", "NOT EXISTS", "NOT EXISTS", "IN", "NOT IN")

# Values of columns can be compared across the types of one of these.
_COMPARABLE = ({"integer", "decimal", "float"}, {"text"}, {"date", "moment"})


@dataclass(frozen=True)
class Relation:
    """A table with its alias, which its columns have, too; `id` is one of them.

    `place` says which of the tables of the schema it is: `live`, `second` and `parted` are foreign ones, `imported` and
    `keys` local, and `constants` a local table of values that are no column's own.
    """

    alias: str
    place: str
    schema: str
    columns: tuple[Column, ...]
    constants: tuple[Constant, ...] = ()  # of each column but the first
    is_view: bool = False  # it has no system columns

    @property
    def key(self) -> str:
        """What no two rows have in common."""
        return str(self.columns[0])

    @property
    def is_foreign(self) -> bool:
        return self.place in ("live", "second", "parted")

    @property
    def others(self) -> list[Column]:
        return list(self.columns[1:])

    def __str__(self) -> str:
        """As it is written in FROM; a placeholder stands for a foreign table, see Copies.written()."""
        if self.place == "constants":
            return f"many_{self.alias} {self.alias}"
        table = f"@{self.place}:{self.schema}@" if self.is_foreign else f"{self.schema}.{self.place}"
        return f"{table} {self.alias}"


@dataclass(frozen=True)
class Link:
    """How a relation is joined with those before it, or asked for in EXISTS or IN."""

    kind: str  # of JOINS or SEMI_JOINS
    relation: Relation
    on: tuple[Condition, ...]
    inner: Condition | None = None  # a condition within the subquery that the relation then is
    computed: tuple[tuple[str, Comparison], ...] = ()  # columns that the subquery computes: names and expressions
    tested: tuple[str, str] | None = None  # what is in what, of IN

    def smaller(self) -> Iterator[Link]:
        """With less in it."""
        if self.computed:
            yield replace(self, computed=())
        if self.inner is not None:
            yield replace(self, inner=None)
            yield from (replace(self, inner=less) for less in smaller(self.inner))
        for number, one in enumerate(self.on):
            before, behind = self.on[:number], self.on[number + 1 :]
            if before or behind:
                yield replace(self, on=before + behind)
            yield from (replace(self, on=(*before, less, *behind)) for less in smaller(one))


def relation(copies: Copies, alias: str, place: str) -> Relation:
    key = Column("id", "integer", True, True, tuple(str(n) for n in range(1, 12)), alias)
    columns = (key, *(replace(column, alias=alias) for column in copies.columns))
    return Relation(alias, place, copies.schema, columns, is_view=place == "live" and not copies.server)


def constants(random: random.Random, beside: Sequence[Column], alias: str) -> Relation:
    """A table of a few constants to compare these columns with."""
    chosen = random.sample(list(beside), min(len(beside), random.choice((1, 1, 2, 3))))
    found = [constant(random, column, null=0.1) for column in chosen]
    columns = [Column("n", "integer", True, True, ("1", "2", "3"), alias)]
    for number, (column, value) in enumerate(zip(chosen, found, strict=True), start=1):
        texts = tuple(text for text in value.texts if text is not None)
        columns.append(Column(f"v{number}", value.type, False, column.ordered, texts, alias))
    return Relation(alias, "constants", "", tuple(columns), tuple(found))


class Linking:
    """Draws conditions of tables and between them; plain ones are such as remotes can be asked for."""

    def __init__(self, random: random.Random, collations: Sequence[str], *, plain: bool) -> None:
        self.random = random
        self.collations = collations
        self.plain = plain

    def condition(self, columns: Sequence[Column], depth: int) -> Condition:
        """Of columns of one table."""
        kind = PlainConditions if self.plain else Conditions
        return kind(self.random, columns, self.collations).tree(depth)

    def pair(self, left: Sequence[Column], right: Sequence[Column]) -> tuple[Column, Column] | None:
        """Two columns that can be compared, mostly of one type."""
        lefts = [column for column in left if column.ordered]
        self.random.shuffle(lefts)
        for one in lefts:
            found = [other for other in right if other.ordered and is_comparable(one, other)]
            alike = [other for other in found if other.type == one.type]
            if alike and self.random.random() < (0.85 if self.plain else 0.6):
                found = alike
            if found:
                return one, self.random.choice(found)
        return None

    def equal(self, left: Sequence[Column], right: Sequence[Column]) -> Comparison:
        """An equality, which all kinds of join can have."""
        pair = self.pair(left, right)
        return Comparison(compared(*pair, " = ")) if pair else Comparison((f"{left[0]} = {right[0]}",))

    def on(self, left: Sequence[Column], right: Sequence[Column]) -> Condition:
        """Any condition between two tables."""
        pair = self.pair(left, right)
        if not pair or self.random.random() < 0.55:
            return Comparison(compared(*pair, " = ")) if pair else self.equal(left, right)
        one, other = pair
        kind = self.random.randrange(3 if self.plain else 12)
        if kind == 0:
            return Comparison(compared(one, other, self.random.choice((" < ", " <= ", " > ", " >= "))))
        if kind == 1:
            return Comparison(compared(one, other, " <> "))
        if kind == 2:
            return Comparison(compared(one, other, self.random.choice((" IS NOT DISTINCT FROM ", " IS NOT DISTINCT FROM ", " IS DISTINCT FROM "))))
        if kind == 3:
            return Combination("OR", (Comparison(compared(one, other, " = ")), self.equal(left, right)))
        if kind == 4:
            return Combination(
                "OR",
                (Comparison(compared(one, other, " = ")), Combination("AND", (Comparison((f"{one} IS NULL",)), Comparison((f"{other} IS NULL",))))),
            )
        if kind == 5:
            return Comparison((self.random.choice(("true", "1 = 1", "false", "NULL::boolean", "current_date > '2000-01-01'")),))
        if kind == 6:
            more = self.equal(left, right)
            return Comparison(("(", *compared(one, other, " = "), " AND ", *more.parts, ") IS NOT FALSE"))
        if kind == 7:
            alike = [column for column in right if column.type == other.type]
            return Comparison((f"{beside(one, other)} IN ({other}, {self.random.choice(alike)})",))
        if kind == 8:
            alike = [column for column in right if column.type == other.type]
            return Comparison((f"{beside(one, other)} BETWEEN {other} AND {self.random.choice(alike)}",))
        if kind == 9 and one.family == "text" == other.family:
            return Comparison((self.random.choice((f"lower({beside(one, other)}) = lower({other})", f"{beside(one, other)} LIKE {other}", f"{one} || '' = {beside(other, one)} || ''")),))
        if kind == 10 and one.collatable and other.collatable:
            return Comparison((f"{one} = {other} COLLATE {self.random.choice(self.collations)}",))
        if kind == 11 and one.type == other.type:
            return Comparison((f"COALESCE({one}, {other}) = {other}",) if self.random.random() < 0.5 else (f"({one} = {other}) IS TRUE",))
        return Combination("AND", (Comparison(compared(one, other, " = ")), self.equal(left, right)))


def is_comparable(one: Column, other: Column) -> bool:
    if one.base == other.base:
        return True
    return any(one.family in families and other.family in families for families in _COMPARABLE)


def beside(one: Column, other: Column) -> str:
    """The column, with a collation if that of the other one is another one."""
    return f'{one} COLLATE "C"' if one.collatable and other.collatable and one.collation != other.collation else str(one)


def compared(one: Column, other: Column, word: str) -> tuple[str | Constant, ...]:
    """The parts of a comparison of two columns."""
    return (f"{beside(one, other)}{word}{other}",)
