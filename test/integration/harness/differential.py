"""A case of the comparisons of values: an expression, and the way in which a statement leads to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


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
