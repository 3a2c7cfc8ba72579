"""The local tables that show one remote table: imported, and foreign with each way of sending conditions."""

from __future__ import annotations

import psycopg2
import psycopg2.extensions
from harness.database import Database
from harness.foreign import options_of

from servers.remote import Remote

from .columns import Column
from .tables import RemoteTable

WAYS = ("on", "exact", "off")


class Copies:
    """In a schema of their own: `imported` and, for each way of sending conditions, `live_on` and so on.

    `ordered` is the part of the queries that is to have an order. `shape` is "c" if the collation of all text columns is C, so that ranges and orders of text may be sent.
    """

    def __init__(self, db: Database, schema: str, shape: str = "") -> None:
        self.schema = schema
        self.shape = shape
        self.ordered = 0.8
        self.imported = f"{schema}.imported"
        self.live: dict[str, str] = {}
        self.columns = [_column(db, self.imported, *described) for described in db.columns(self.imported) if described[0] != "id"]

    def __str__(self) -> str:
        return self.schema


def import_copy(db: Database, remote: Remote, table: RemoteTable, schema: str) -> Copies:
    """Imports the table into a new schema."""
    db.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    db.execute(f"CREATE SCHEMA {schema}")
    result = db.import_table(remote.connector(table=table.name, import_as="imported", target_schema=schema, **table.keys))
    assert result["rows"] == len(table.rows()) and not result["skipped_columns"], result
    copies = Copies(db, schema)
    assert [column.name for column in copies.columns] == [column.name for column in table.columns], "names that an import changes"
    return copies


def copy_with_c(db: Database, copies: Copies) -> Copies:
    """The same rows in a schema beside it, text in the collation C."""
    schema = copies.schema + "_c"
    db.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    db.execute(f"CREATE SCHEMA {schema}")
    db.execute(f"CREATE TABLE {schema}.imported ({_definitions(db, copies.imported, in_c=True)})")
    db.execute(f"INSERT INTO {schema}.imported SELECT * FROM {copies.imported}")
    db.execute(f"ANALYZE {schema}.imported")
    return Copies(db, schema, "c")


def add_foreign_tables(db: Database, copies: Copies, server: str, remote: Remote, table: RemoteTable) -> None:
    """The foreign tables, with the columns of the imported one."""
    connection = remote.connection()
    place = {"mysql": connection.get("database"), "hive": connection.get("database")}.get(remote.provider)
    if remote.provider == "hive":
        copies.ordered = 0.05  # each order that is sent is a job there, which takes seconds
    for way in WAYS:
        options = {"table_name": table.name, **({"schema_name": place} if place else {}), "pushdown": way, **table.keys}
        columns = _definitions(db, copies.imported, in_c=copies.shape == "c")
        db.execute(f"CREATE FOREIGN TABLE {copies.schema}.live_{way} ({columns}) SERVER {server} {options_of(options)}")
        copies.live[way] = f"{copies.schema}.live_{way}"


def _definitions(db: Database, table: str, *, in_c: bool) -> str:
    return ", ".join(
        f'"{name}" {kind}'
        + (' COLLATE "C"' if in_c and _column(db, table, name, kind, not_null).collatable else "")
        + (" NOT NULL" if not_null else "")
        for name, kind, not_null in db.columns(table)
    )


def _column(db: Database, table: str, name: str, kind: str, not_null: bool) -> Column:
    values = tuple(value for (value,) in db.rows(f'SELECT DISTINCT "{name}"::text FROM {table} WHERE "{name}" IS NOT NULL ORDER BY 1'))
    try:
        db.execute(f'SELECT 1 FROM {table} GROUP BY "{name}" ORDER BY "{name}" LIMIT 0')
        is_ordered = True
    except psycopg2.errors.UndefinedFunction:
        is_ordered = False
    return Column(name, kind, not_null, is_ordered, values)


