"""What a random query must know of a column here."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FAMILIES = {
    "smallint": "integer",
    "integer": "integer",
    "bigint": "integer",
    "numeric": "decimal",
    "real": "float",
    "double precision": "float",
    "text": "text",
    "character varying": "text",
    "character": "text",
    "bpchar": "text",
    "name": "text",
    "citext": "text",
    "date": "date",
    "timestamp without time zone": "moment",
    "timestamp with time zone": "moment",
    "time without time zone": "clock",
    "boolean": "boolean",
    "bytea": "bytes",
    "bit": "bits",
    "bit varying": "bits",
    "jsonb": "document",
    "uuid": "uuid",
}

# Equal values of these types may print differently, so it is not sure which of them a group shows.
_LOOSE = {"real", "double precision", "character", "bpchar", "citext", "interval", "jsonb", "inet"}


@dataclass(frozen=True)
class Column:
    """A column of the imported table and of the foreign ones."""

    name: str
    type: str  # as PostgreSQL prints it, with its modifier
    not_null: bool
    ordered: bool  # whether its type has an order
    values: tuple[str, ...]  # those of the table, as PostgreSQL prints them
    alias: str = "t"  # of the table in the query
    collation: str = ""  # of a text column; empty = the database's

    @property
    def base(self) -> str:
        """The type without a modifier."""
        return re.sub(r"\(.*?\)", "", self.type)

    @property
    def family(self) -> str:
        """What kind of conditions it can have."""
        return _FAMILIES.get(self.base, "other")

    @property
    def collatable(self) -> bool:
        return self.family == "text"

    @property
    def prints_alike(self) -> bool:
        """Whether equal values print the same."""
        return self.ordered and self.base not in _LOOSE and not self.type.endswith("[]") and (self.base != "numeric" or self.type != "numeric")

    def __str__(self) -> str:
        return f"{self.alias}.{self.name}"
