"""One table per server with every type it has, at the extremes: compared with what the server itself prints."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from harness.database import Database
from harness.mysql_columns import COLUMNS, Column

from servers.catalog import MYSQL_KINDS
from servers.remote_mysql import MySqlRemote

TABLE = "every_type"
EACH_COLUMN = pytest.mark.parametrize(
    "mysql, column",
    [pytest.param(kind, column, id=f"{kind}-{column}") for kind in MYSQL_KINDS for column in COLUMNS if kind in column.kinds],
    indirect=["mysql"],
)


class EveryType:
    """The table on one server, imported once; a row per literal, the columns' names being c0, c1, …"""

    def __init__(self, db: Database, remote: MySqlRemote) -> None:
        self.db = db
        self.remote = remote
        self.columns = [column for column in COLUMNS if remote.kind in column.kinds]
        self.table = f"{TABLE}_{remote.kind}"
        self.row_count = max(len(column.literals) for column in self.columns) + 1  # and a last row of NULLs
        remote.drop(TABLE)
        definitions = [f"{self.name(column)} {column.definition}" for column in self.columns]
        remote.execute(
            "SET sql_mode = 'STRICT_ALL_TABLES'",
            f"CREATE TABLE {TABLE} (id int PRIMARY KEY, {', '.join(definitions)}) CHARACTER SET utf8mb4",
            *(self._insert(row) for row in range(self.row_count)),
        )
        self.result = db.import_table(remote.connector(table=TABLE, import_as=self.table))
        self.types = {name: local for name, local, _ in db.columns(self.table)}

    def _insert(self, row: int) -> str:
        values = [column.literals[row] if row < len(column.literals) else "NULL" for column in self.columns]
        return f"INSERT INTO {TABLE} VALUES ({row}, {', '.join(values)})"

    def name(self, column: Column) -> str:
        return f"c{self.columns.index(column)}"

    def there(self, column: Column) -> list[Any]:
        """The texts the server prints."""
        rows = self.remote.rows(f"SELECT {column.remote.format(self.name(column))} FROM {TABLE} ORDER BY id")
        return [None if value is None else value.decode() if isinstance(value, bytes) else str(value) for (value,) in rows]

    def here(self, column: Column, table: str | None = None) -> list[Any]:
        expression = column.here.format(self.name(column))
        return [value for (value,) in self.db.rows(f"SELECT {expression} FROM {table or self.table} ORDER BY id")]


@pytest.fixture(scope="module")
def tables() -> dict[str, EveryType]:
    return {}


@pytest.fixture
def every_type(db: Database, mysql: MySqlRemote, tables: dict[str, EveryType]) -> EveryType:
    if mysql.kind not in tables:
        tables[mysql.kind] = EveryType(db, mysql)
    return tables[mysql.kind]


def assert_same(column: Column, there: Sequence[Any], here: Sequence[Any]) -> None:
    assert len(there) == len(here)
    wrong = [
        (remote, local)
        for remote, local in zip(there, here)
        if (remote is None) != (local is None) or (remote is not None and not column.same(remote, local))
    ]
    shown = [(str(remote)[:200], str(local)[:200]) for remote, local in wrong]
    assert not wrong, f"{column}: on the server, and here: {shown}"


def test_import_is_complete(every_type: EveryType) -> None:
    result = every_type.result
    assert result["rows"] == every_type.row_count
    assert result["skipped_columns"] == []
    assert result["warnings"] is None
    assert len(every_type.types) == len(every_type.columns) + 1


@EACH_COLUMN
def test_local_type(every_type: EveryType, column: Column) -> None:
    assert every_type.types[every_type.name(column)] == column.local


@EACH_COLUMN
def test_values(every_type: EveryType, column: Column) -> None:
    there = every_type.there(column)
    assert sum(value is not None for value in there) == len(column.literals), "the server kept what was put in"
    assert_same(column, there, every_type.here(column))


def test_query_gives_the_same_values(db: Database, every_type: EveryType) -> None:
    """Through a query, whose metadata come from elsewhere, every value is the same as through the table."""
    table = every_type.table + "_query"
    query = f"SELECT * FROM {TABLE}"
    db.import_table(every_type.remote.connector(sql_query=query, import_as=table))
    for column in every_type.columns:
        assert_same(column, every_type.there(column), every_type.here(column, table))


def test_expressions_give_the_same_values(db: Database, every_type: EveryType) -> None:
    """Behind a UNION and a derived table, where columns are no table's any more: still every value."""
    table = every_type.table + "_union"
    columns = [column for column in every_type.columns if "json /*" not in column.definition]
    names = ", ".join(every_type.name(column) for column in columns)
    query = (
        f"SELECT id, {names} FROM (SELECT * FROM {TABLE} WHERE id % 2 = 0) even "
        f"UNION ALL SELECT id, {names} FROM {TABLE} WHERE id % 2 = 1"
    )
    db.import_table(every_type.remote.connector(sql_query=query, import_as=table))
    for column in columns:
        assert_same(column, every_type.there(column), every_type.here(column, table))


def test_time_zone_of_the_server_does_not_matter(db: Database, every_type: EveryType) -> None:
    """timestamp is a moment: it arrives in UTC, and datetime as it stands, whatever zone the server lives in."""
    server = every_type.remote.server
    columns = [column for column in every_type.columns if column.definition.startswith(("timestamp", "datetime"))]
    table = every_type.table + "_zone"
    reset = partial(server.sql, "SET GLOBAL time_zone = '+00:00'")
    server.sql("SET GLOBAL time_zone = '+05:30'")
    try:
        db.import_table(every_type.remote.connector(table=TABLE, import_as=table))
    finally:
        reset()
    for column in columns:
        assert_same(column, every_type.there(column), every_type.here(column, table))
