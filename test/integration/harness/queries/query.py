"""A random query as it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# What stands for the table that is asked, and for the imported one.
TABLE = "@table@"
IMPORTED = "@imported@"


@dataclass(frozen=True)
class Query:
    """Statements around TABLE. The rows of `asks` are the answer."""

    asks: tuple[str, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    is_ordered: bool = False  # the rows have one order
    all_rows: str = ""  # not empty: any of the rows of this statement are right, if they are as many
    ordered_by: tuple[int, ...] = ()  # output columns whose values have one order, even if the rows have several
    rough: Mapping[int, float] = field(default_factory=dict)  # how far the numbers of output columns may be off
    may_overflow: bool = False  # it may depend on the order of rows whether a number is out of range
    explained: str = ""  # what EXPLAIN is asked for, if not the only one of `asks`

    def __str__(self) -> str:
        return "; ".join((*self.before, *self.asks))
