"""What the binder makes: SQLite's text with T-SQL's types beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..tokens import Column
from ..types import SqlType

INLINE = 300  # longer constants are bound as parameters


@dataclass(frozen=True)
class Bound:
    """An expression. `kind` is None for a bare NULL; `column` where it is a table's column and nothing else."""

    sql: str
    kind: SqlType | None
    nullable: bool = True
    column: Column | None = None
    constant: bool = False
    value: Any = None  # of a constant
    explicit_collation: bool = False

    @property
    def type(self) -> SqlType:
        """The type; of a bare NULL it is int."""
        return self.kind or SqlType("int")


@dataclass(frozen=True)
class BoundQuery:
    """A query: SQLite's text, the columns of its result, the columns of its ORDER BY (from 1)."""

    sql: str
    columns: tuple[Column, ...]
    order: tuple[int, ...] = ()
    variables: tuple[str | None, ...] = ()  # SELECT @x = …


class Parameters:
    """Constants that are bound, by name: not each of them ends up in the text."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def add(self, value: Any) -> str:
        name = f"p{len(self.values) + 1}"
        self.values[name] = value
        return f":{name}"

    def constant(self, value: Any) -> str:
        """A constant in storage form as SQLite's text."""
        if value is None:
            return "NULL"
        if isinstance(value, bool | int):
            return str(int(value)) if value != -(1 << 63) else self.add(value)
        if isinstance(value, str) and len(value) <= INLINE and "\0" not in value:
            return quoted(value)
        if isinstance(value, bytes) and len(value) <= INLINE:
            return f"x'{value.hex()}'"
        return self.add(value)


def quoted(text: str) -> str:
    """A text constant."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name, quoted for SQLite."""
    return '"' + name.replace('"', '""') + '"'


def path(*parts: str) -> str:
    return ".".join(identifier(part) for part in parts)


@dataclass
class Source:
    """Something in FROM: its name and its columns, each with SQLite's text for it."""

    name: str
    columns: Sequence[Column]
    texts: Sequence[str]
    qualifiers: tuple[str, ...] = ()  # database and schema it can be called by
    refusal: Callable[[str], Exception | None] = lambda name: None  # why a column may not be read


@dataclass
class Scope:
    """What names mean in a query; `outer` for the queries around it."""

    sources: list[Source] = field(default_factory=list)
    outer: Scope | None = None
