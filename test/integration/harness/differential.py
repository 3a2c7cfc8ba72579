"""A case of the comparisons of values: an expression, and the way in which a statement leads to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    expression: str
    way: str

    def __str__(self) -> str:
        return f"{self.expression}, {self.way}"
