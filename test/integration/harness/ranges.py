"""A table that a merge by ranges keeps, as the tests see it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from servers.remote import Remote

from .database import Database
from .refreshing import Refreshed

TABLE = "item"

# Types of an integer, a decimal and a text, as each provider calls them.
KINDS: Mapping[str, Mapping[str, str]] = {
    "postgres": {"int": "integer", "decimal": "numeric(12,2)", "text": "varchar(40)"},
    "mysql": {"int": "int", "decimal": "decimal(12,2)", "text": "varchar(40)"},
    "sqlserver": {"int": "int", "decimal": "decimal(12,2)", "text": "nvarchar(40)"},
}


class Ranged(Refreshed):
    """Its sync compares ranges. `database` is a superuser's, as the tests look into tables of the extension's own."""

    def __init__(self, database: Database, connector: Mapping[str, object], *, key: str | Sequence[str] = "id", **sync: object) -> None:
        self.figures: Mapping[str, float] = {}
        super().__init__(database, connector, mode="merge", key=key, compare="ranges", **sync)

    def attempt(self) -> dict[str, Any]:
        """One run, for which earlier ones have cost what `figures` says, in seconds for a row, by step. What is not in it is
        not known: what runs really took would decide now so, now so on a busy machine."""
        figures = json.dumps({"share_read": 0, **self.figures})
        self.database.execute("UPDATE connector.sync_comparison SET figures = %s WHERE sync_id = %s", figures, self.id)
        return super().attempt()

    def by_ranges(self) -> dict[str, Any]:
        """One run that compares ranges."""
        row = self.run("merge")
        assert row["ranges_compared"] is not None and row["ranges_read"] is not None, row
        assert 0 <= row["ranges_read"] <= row["ranges_compared"], row
        return row

    def reading(self, ranges: int) -> dict[str, Any]:
        """One run that reads so many ranges, and not all there are."""
        row = self.by_ranges()
        assert row["ranges_read"] == ranges < row["ranges_compared"], row
        return row

    def by_rows(self, *words: str) -> dict[str, Any]:
        """One run that compares rows, and says why in these words."""
        row = self.run("merge")
        assert row["ranges_compared"] is None and row["ranges_read"] is None, row
        for word in words:
            assert word in (row["reason"] or ""), row
        return row

    def settle(self) -> None:
        """Runs until the ranges are known; the run after that finds nothing."""
        self.run("merge")
        row = self.by_ranges()
        assert row["ranges_read"] == 0 and row["rows"] == 0, row

    def comparing_all(self, rows: int) -> dict[str, Any]:
        """One run that reads all rows, of which the source has so many: it trusts no range."""
        row = self.run("merge")
        assert row["rows"] == rows, row
        assert row["ranges_read"] is None or row["ranges_read"] >= row["ranges_compared"] - 1, row  # one of NULL keys has no rows
        return row


def create_items(remote: Remote, count: int, *, more: str = "") -> None:
    """The remote's table (id, word, n, amount), with ids from 10 to ten times `count`, and further columns."""
    kinds = KINDS[remote.provider]
    remote.drop(TABLE)
    remote.execute(
        f"CREATE TABLE {TABLE} (id {kinds['int']} NOT NULL PRIMARY KEY, word {kinds['text']}, n {kinds['int']}, amount {kinds['decimal']}{more})"
    )
    numbers = [number * 10 for number in range(1, count + 1)]
    for begin in range(0, count, 500):
        rows = ", ".join(f"({id}, 'word {id}', {id % 7}, {id}.5)" for id in numbers[begin : begin + 500])
        remote.execute(f"INSERT INTO {TABLE} (id, word, n, amount) VALUES {rows}")


def stored_ranges(database: Database) -> list[int | None]:
    """Rows of the ranges that are kept of the one sync there is, by number; None where a range was split and is to be read
    (superuser only)."""
    return [rows for (rows,) in database.rows("SELECT remote_rows FROM connector.sync_range ORDER BY number")]


def assert_equal(database: Database, remote: Remote, columns: str = "id, word, n, amount") -> None:
    """The table here has the source's rows."""
    here = database.rows(f"SELECT {columns} FROM {TABLE} ORDER BY id")
    there = [tuple(row) for row in remote.rows(f"SELECT {columns} FROM {TABLE} ORDER BY id")]
    assert here == there
