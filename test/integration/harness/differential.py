"""A case of the comparisons of values: an expression, and the way in which a statement leads to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Case:
    expression: str
    way: str

    def __str__(self) -> str:
        return f"{self.expression}, {self.way}"


def all_cases(expressions: Iterable[str], ways: Iterable[str]) -> list[Case]:
    """Each expression in each way."""
    ways = list(ways)
    return [Case(expression, way) for expression in expressions for way in ways]


def some_cases(expressions: Iterable[str], ways: Iterable[str]) -> list[Case]:
    """Each expression once, and each way once."""
    return [*(Case(expression, "query") for expression in expressions), *(Case("coalesce", way) for way in ways if way != "query")]


def taken(names: Sequence[str], runs: Callable[[Sequence[str]], bool]) -> list[str]:
    """The columns with which a statement runs: mostly all of them do together, so that is tried first."""
    return list(names) if runs(names) else [name for name in names if runs([name])]


def selected(expression: str, table: str, names: Sequence[str], *, grouped: bool) -> tuple[str, str]:
    """Select list and FROM clause for the expression of each of the columns."""
    listed = ", ".join(["t.id AS id", *(f"{expression.format(name, table)} AS {name}" for name in names)])
    return listed, f"{table} t" + (" GROUP BY t.id" if grouped else "")


def differences(
    case: Case, there: Sequence[Row], here: Sequence[Row], kinds: Sequence[str], same: Callable[[Any, Any, int], bool]
) -> list[str]:
    """What differs in rows of an id and values, both in its order. `kinds` says what each value is; `same` knows its number."""
    wrong = [f"{case}: {len(here)} rows here, {len(there)} there"] if len(there) != len(here) else []
    for theirs, ours in zip(there, here, strict=False):
        wrong += [
            f"{case}: {kind}: {str(b)[:100]!r} here, {str(a)[:100]!r} there"
            for number, (kind, a, b) in enumerate(zip(kinds, theirs[1:], ours[1:], strict=True))
            if not same(a, b, number)
        ]
    return wrong
