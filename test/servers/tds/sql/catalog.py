"""What a session finds under a name: tables, views, system views, in its current database or another."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import error, refused
from ..tokens import Column
from . import nodes
from .bound import Bound, path
from .statements import parse_query
from .storage import Records, Storage, Table, storage_type
from .system_views import VIEWS

if TYPE_CHECKING:
    from .environment import Environment


class Catalog:
    """The catalog as one session sees it."""

    def __init__(self, storage: Storage, connection: sqlite3.Connection, environment: Environment) -> None:
        self.storage = storage
        self.connection = connection
        self.environment = environment
        self.records = Records(storage, connection)
        self.database = "master"
        self._views = 0

    def use(self, name: str) -> str:
        """Makes a database the current one; gives the one before."""
        found = self.storage.find(name)
        if found is None:
            raise error(911, name)
        before, self.database = self.database, found
        self.records.attach(found)
        return before

    def collation_of(self, database: str) -> str:
        return self.records.setting(database, "collation")

    def database_collation(self) -> str:
        return self.environment.collation_of(self.database)

    def schema_id(self, database: str, schema: str) -> int:
        return next(number for number, name in self.records.schemas(database) if name.lower() == schema.lower())

    # names
    def resolve(self, parts: Sequence[str]) -> tuple[str, str, str, bool]:
        """Database, schema, name, and whether it is a temporary table."""
        if len(parts) > 4 or (len(parts) == 4 and parts[0]):
            raise refused("names with four parts: linked servers")
        name = parts[-1]
        if name.startswith("#"):
            if name.startswith("##"):
                raise refused("global temporary tables")
            return "tempdb", "dbo", name, True
        schema = parts[-2] if len(parts) > 1 and parts[-2] else "dbo"
        database = parts[-3] if len(parts) > 2 and parts[-3] else self.database
        found = self.storage.find(database)
        if found is None:
            raise error(208, ".".join(parts))
        return found, schema, name, False

    def table(self, parts: Sequence[str]) -> Table | None:
        database, schema, name, temporary = self.resolve(parts)
        return self.records.table(database, schema, name, temporary=temporary)

    @staticmethod
    def system_view_number(parts: Sequence[str]) -> int | None:
        """The object_id of a system view; such numbers are negative."""
        names = list(VIEWS)
        name = ".".join(parts[-2:]).lower()
        return -1 - names.index(name) if name in names else None

    def system_view(self, parts: Sequence[str]) -> tuple[str, Sequence[Column]] | None:
        """A system view as a table in SQLite, filled now."""
        if len(parts) < 2:
            return None
        name = f"{parts[-2]}.{parts[-1]}".lower()
        if name not in VIEWS:
            if parts[-2].lower() in ("sys", "information_schema"):
                raise refused(f"the system view {'.'.join(parts)}")
            return None
        database = parts[-3] if len(parts) > 2 and parts[-3] else self.database
        found = self.storage.find(database)
        if found is None:
            raise error(208, ".".join(parts))
        return self.materialised_view(name, found)

    def materialised_view(self, name: str, database: str = "") -> tuple[str, Sequence[Column]]:
        columns, make_rows = VIEWS[name]
        return self.materialised(list(make_rows(self, database or self.database)), columns), columns

    def materialised(self, rows: Sequence[Sequence[object]], columns: Sequence[Column]) -> str:
        """Rows as a temporary table of SQLite with columns c1, c2, …; lives until the batch ends."""
        self._views += 1
        name = path("temp", f"view${self._views}")
        heads = ", ".join(f"c{number} {storage_type(column.kind)}" for number, column in enumerate(columns, 1))
        self.connection.execute(f"CREATE TABLE {name} ({heads})")
        marks = ", ".join("?" * len(columns))
        fitted = [tuple(_fitted(value, column) for value, column in zip(row, columns, strict=True)) for row in rows]
        self.connection.executemany(f"INSERT INTO {name} VALUES ({marks})", fitted)
        return name

    def forget_views(self) -> None:
        while self._views:
            self.connection.execute(f"DROP TABLE IF EXISTS {path('temp', f'view${self._views}')}")
            self._views -= 1

    # views
    def view_query(self, table: Table) -> nodes.Query:
        assert table.view_text is not None
        return parse_query(table.view_text)

    def columns_of(self, table: Table) -> Sequence[Column]:
        """Columns of a table, or of a view: those of its query."""
        if table.view_text is None:
            return table.columns_shown()
        return self.environment.view_columns(table)

    def described(self, arguments: Sequence[Bound]) -> tuple[str, Sequence[Column]]:
        """sys.dm_exec_describe_first_result_set."""
        rows, columns = self.environment.describe(*(one.value for one in arguments))
        return self.materialised(rows, columns), columns

    def count_rows(self, table: Table) -> int:
        return int(self.connection.execute(f"SELECT count(*) FROM {table.sqlite_name}").fetchone()[0])


def _fitted(value: object, column: Column) -> object:
    """A value of a system view in its column's storage form: variants are made here."""
    if value is not None and column.kind.name == "sql_variant":
        return json.dumps({"type": "nvarchar(4000)", "value": value})
    return value
