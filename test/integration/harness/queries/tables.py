"""A remote table of values that are hard to compare."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

ANY_SERVER: tuple[str, ...] = ()

ROWS = 100  # more than any of the tables has


@dataclass(frozen=True)
class RemoteColumn:
    """A column's name, its declaration and values as SQL literals of the remote; NULL is added unless it is NOT NULL."""

    name: str
    declaration: str
    literals: tuple[str, ...]
    servers: tuple[str, ...] = ANY_SERVER  # the kinds of server that know the type; none = all

    @property
    def takes_null(self) -> bool:
        return "NOT NULL" not in self.declaration


@dataclass(frozen=True)
class RemoteTable:
    """Columns behind `id`, a key. `keys` are keys of a connector and options of a foreign table alike (zero_dates, …)."""

    name: str
    columns: tuple[RemoteColumn, ...]
    keys: Mapping[str, str] = field(default_factory=dict)
    indexes: tuple[str, ...] = ()  # names of columns that have an index

    def for_server(self, kind: str) -> RemoteTable:
        """The table without the columns that this kind of server has not."""
        known = tuple(column for column in self.columns if not column.servers or kind in column.servers)
        names = {column.name for column in known}
        return RemoteTable(self.name, known, self.keys, tuple(index for index in self.indexes if index in names))

    def rows(self) -> list[list[str]]:
        """Literals of each row behind its id, from 1 on: each value at least once, NULLs, and values that come again.

        The rows are the same in each run.
        """
        choice = random.Random(self.name)
        count = max(len(column.literals) for column in self.columns) + 3
        chosen = []
        for column in self.columns:
            values = [*column.literals, *(["NULL"] if column.takes_null else [])]
            values += choice.choices(values, k=count - len(values)) if count > len(values) else []
            choice.shuffle(values)
            chosen.append(values[:count])
        return [list(row) for row in zip(*chosen, strict=True)]

    def create(self, quoted: str) -> str:
        """CREATE TABLE in the words that MySQL, PostgreSQL and SQL Server have in common."""
        columns = "".join(f", {column.name} {column.declaration}" for column in self.columns)
        return f"CREATE TABLE {quoted} (id int NOT NULL PRIMARY KEY{columns})"

    def insert(self, quoted: str) -> str:
        """INSERT of all rows, likewise."""
        rows = (f"({number}, {', '.join(row)})" for number, row in enumerate(self.rows(), start=1))
        return f"INSERT INTO {quoted} VALUES {', '.join(rows)}"


def quoted(texts: str | list[str] | tuple[str, ...], form: str = "'{}'") -> tuple[str, ...]:
    """SQL literals of texts without quotes and backslashes; a string is split at `|`."""
    return tuple(form.format(text) for text in (texts.split("|") if isinstance(texts, str) else texts))


# Texts that collations, blanks, patterns and encodings make equal or order each in their own way.
WORDS = (
    *("", " ", "a", "A", "a ", "a  ", " a", "á", "Á", "a\u0301", "ä", "ae", "aa", "ab", "aB", "Ab", "AB", "abc", "abd", "z", "Z"),
    *("ß", "ss", "SS", "ẞ", "straße", "strasse", "STRASSE", "é", "e", "E", "É", "ñ", "n", "ﬁ", "fi", "ı", "i", "I", "İ", "ς", "σ", "Σ"),
    *("%", "_", "a%", "a_b", "axb", "100%", "\\", "\\%", "a\\b", "\\_", "'", "it's", '"q"', "`", "?", "??", "$1", ":x", "@x", "[a]", "^", "#"),
    *("a\tb", "a\nb", "a\n", "\t", "\u00a0", "\u3000", "\u200b", "a\u200b", "\ue000", "\uffee", "😀", "😀😀", "𝄞", "日本", "ж", "Ж"),
    *("NULL", "null", "0", "00", "1", "01", "1x", "1.0", "1e0", "-1", "true", "0x61", "--", "/*", "a--b"),
)
