"""The local tables that show one remote table: imported, and foreign with each way of sending conditions."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import psycopg2
import psycopg2.extensions

from harness.database import Database
from harness.foreign import options_of
from servers.remote import Remote

from .columns import Column
from .query import IMPORTED, TABLE
from .tables import RemoteTable

WAYS = ("on", "exact", "off")

# Tables of a schema that are no foreign ones.
IMPORTED_PLACE = "imported"
KEYS = "keys"

_PLACE = re.compile(r"@(\w+):(\w+)@")


class Copies:
    """In a schema of their own: `imported` and, for each way of sending conditions, `live_on` and so on.

    Of the same rows: `second_on` on another server, `parted_on`, whose partitions are foreign tables of both servers and
    a local one, and local `keys` that have some of the values, NULLs, and values several times.
    `ordered` is the part of the queries that is to have an order. `shape` is "c" if the collation of all text columns is C, so that ranges and orders of text may be sent.
    """

    def __init__(self, db: Database, schema: str, shape: str = "") -> None:
        self.schema = schema
        self.shape = shape
        self.ordered = 0.8
        self.server = ""
        self.imported = f"{schema}.imported"
        self.live: dict[str, str] = {}
        self.places: dict[str, dict[str, str]] = {"live": self.live}
        self.all: dict[str, Copies] = {schema: self}  # of all tables, by their schemas
        self.columns = [_column(db, self.imported, *described, shape) for described in db.columns(self.imported) if described[0] != "id"]

    def written(self, statement: str, way: str) -> str:
        """The statement for one of the ways, or for the imported tables."""

        def table(found: re.Match[str]) -> str:
            copies = self.all[found[2]]
            return copies.imported if way == IMPORTED_PLACE else copies.places[found[1]][way]

        own = self.imported if way == IMPORTED_PLACE else self.live[way]
        return _PLACE.sub(table, statement.replace(TABLE, own).replace(IMPORTED, self.imported))

    def beside(self, place: str) -> list[Copies]:
        """Those whose tables of this kind can be joined with these: foreign ones of the same server, and any others."""
        return [copies for copies in self.all.values() if place != "live" or copies.server == self.server]

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
    """The foreign tables, with the columns of the imported one, and the local keys."""
    connection = remote.connection()
    place = {"mysql": connection.get("database"), "hive": connection.get("database")}.get(remote.provider)
    if remote.provider == "hive":
        copies.ordered = 0.05  # each order that is sent is a job there, which takes seconds
    copies.server = server
    columns = _definitions(db, copies.imported, in_c=copies.shape == "c")
    options = {"table_name": table.name, **({"schema_name": place} if place else {}), **table.keys}
    for way in WAYS:
        for which, on_server in (("live", server), ("second", second_server(server))):
            name = f"{copies.schema}.{which}_{way}"
            db.execute(f"CREATE FOREIGN TABLE {name} ({columns}) SERVER {on_server} {options_of({**options, 'pushdown': way})}")
            copies.places.setdefault(which, {})[way] = name
        _add_parted(db, copies, way, columns, remote, table)
    add_keys(db, copies)


def second_server(server: str) -> str:
    """The name of the other server that leads to the same remote."""
    return f"{server}_2"


def _add_parted(db: Database, copies: Copies, way: str, columns: str, remote: Remote, table: RemoteTable) -> None:
    """A table whose partitions are a query of each server, and a local table."""
    name = f"{copies.schema}.parted_{way}"
    db.execute(f"CREATE TABLE {name} ({columns}) PARTITION BY RANGE (id)")
    for number, (server, bounds, condition) in enumerate(
        ((copies.server, "(MINVALUE) TO (6)", "id < 6"), (second_server(copies.server), "(6) TO (15)", "id >= 6 AND id < 15"))
    ):
        query = f"SELECT * FROM {remote.quote(table.name)} WHERE {condition}"
        options = options_of({"query": query, "pushdown": way, **table.keys})
        db.execute(f"CREATE FOREIGN TABLE {name}_{number} PARTITION OF {name} FOR VALUES FROM {bounds} SERVER {server} {options}")
    db.execute(f"CREATE TABLE {name}_here PARTITION OF {name} FOR VALUES FROM (15) TO (MAXVALUE)")
    db.execute(f"INSERT INTO {name}_here SELECT * FROM {copies.imported} WHERE id >= 15")
    copies.places.setdefault("parted", {})[way] = name


def add_keys(db: Database, copies: Copies) -> None:
    """Values of each column that are there, in any order, some of them several times, and NULL."""
    choice = random.Random(copies.schema)
    columns = ", ".join(f"{column.name} {column.type}{' COLLATE ' + column.collation if column.collation else ''}" for column in copies.columns)
    rows: list[list[str | int | None]] = []
    for number in range(1, 15):
        values = (choice.choice([None, *column.values, *column.values]) if number < 13 else rows[0][at] for at, column in enumerate(copies.columns, 1))
        rows.append([number, *values])
    db.execute(f"CREATE TABLE {copies.schema}.{KEYS} (id integer PRIMARY KEY, {columns})")
    for row in rows:
        db.execute(f"INSERT INTO {copies.schema}.{KEYS} VALUES ({', '.join(['%s'] * len(row))})", *row)
    db.execute(f"ANALYZE {copies.schema}.{KEYS}")


def _definitions(db: Database, table: str, *, in_c: bool) -> str:
    return ", ".join(
        f'"{name}" {kind}'
        + (' COLLATE "C"' if in_c and _column(db, table, name, kind, not_null).collatable else "")
        + (" NOT NULL" if not_null else "")
        for name, kind, not_null in db.columns(table)
    )


def _column(db: Database, table: str, name: str, kind: str, not_null: bool, shape: str = "") -> Column:
    values = tuple(value for (value,) in db.rows(f'SELECT DISTINCT "{name}"::text FROM {table} WHERE "{name}" IS NOT NULL ORDER BY 1'))
    try:
        db.execute(f'SELECT 1 FROM {table} GROUP BY "{name}" ORDER BY "{name}" LIMIT 0')
        is_ordered = True
    except psycopg2.errors.UndefinedFunction:
        is_ordered = False
    column = Column(name, kind, not_null, is_ordered, values)
    return replace(column, collation='"C"') if column.collatable and shape == "c" else column


