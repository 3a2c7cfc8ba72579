"""Databases as SQLite files in one folder, and the records of the objects in them.

A table `schema.name` of T-SQL is the SQLite table "schema.name" in the file of its database; a temporary table is one
in SQLite's schema temp. Beside them stand the records from which the catalog answers.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..tokens import Column
from ..types import SqlType, parse
from .binder import sqlite_collation
from .bound import identifier, path

SYSTEM_DATABASES = ("master", "tempdb", "model", "msdb")

_RECORDS = (
    "CREATE TABLE {0}.sys$objects (object_id INTEGER PRIMARY KEY, schema TEXT, name TEXT, record TEXT, created TEXT)",
    "CREATE TABLE {0}.sys$schemas (schema_id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE UNIQUE)",
    "CREATE TABLE {0}.sys$properties (object_id INTEGER, column_id INTEGER, name TEXT, value TEXT,"
    " PRIMARY KEY (object_id, column_id, name))",
    "CREATE TABLE {0}.sys$counters (name TEXT PRIMARY KEY, value INTEGER)",
    "CREATE TABLE {0}.sys$settings (name TEXT PRIMARY KEY, value TEXT)",
    "CREATE TABLE {0}.sys$logins (name TEXT COLLATE NOCASE PRIMARY KEY, password TEXT)",
    "CREATE TABLE {0}.sys$users (name TEXT COLLATE NOCASE PRIMARY KEY, login TEXT COLLATE NOCASE)",
    "CREATE TABLE {0}.sys$grants (user TEXT COLLATE NOCASE, object_id INTEGER, permission TEXT, columns TEXT)",
    "INSERT INTO {0}.sys$schemas VALUES (1, 'dbo'), (2, 'guest'), (3, 'INFORMATION_SCHEMA'), (4, 'sys')",
)
_FIRST_OBJECT = 245575913  # user objects have numbers of this size


@dataclass
class ColumnRecord:
    """A column as declared. `computed` is SQLite's text with NUL where the table's alias belongs."""

    name: str
    type_name: str
    nullable: bool = True
    identity: tuple[int, int] | None = None
    default: str | None = None
    computed: str | None = None

    @property
    def kind(self) -> SqlType:
        return parse(self.type_name)


@dataclass
class KeyRecord:
    """A primary key, a unique constraint or an index; columns by number from 1."""

    name: str
    columns: list[tuple[int, bool]]
    primary: bool = False
    unique: bool = False
    constraint: bool = False
    included: list[int] = field(default_factory=list)
    filter: str | None = None


@dataclass
class ForeignKeyRecord:
    """A foreign key, of which nobody takes care: rows may break it. Columns by number from 1."""

    name: str
    columns: list[int]
    referenced_object: int
    referenced_columns: list[int]
    on_delete: str
    on_update: str


@dataclass
class Table:
    """A table or a view."""

    database: str
    schema: str
    name: str
    columns: list[ColumnRecord] = field(default_factory=list)
    keys: list[KeyRecord] = field(default_factory=list)
    view_text: str | None = None
    view_columns: list[str] = field(default_factory=list)
    temporary: bool = False
    object_id: int = 0
    created: str = ""
    foreign_keys: list[ForeignKeyRecord] = field(default_factory=list)

    @property
    def sqlite_name(self) -> str:
        return path("temp" if self.temporary else file_alias(self.database), f"{self.schema}.{self.name}")

    @property
    def full_name(self) -> str:
        return f"{self.database}.{self.schema}.{self.name}"

    @property
    def identity_counter(self) -> str:
        return f"identity {self.object_id}"

    def columns_shown(self) -> list[Column]:
        """The columns as a result shows them."""
        keys = {number for key in self.keys if key.primary for number, _ in key.columns}
        return [
            Column(
                column.name,
                column.kind,
                nullable=column.nullable,
                identity=column.identity is not None,
                computed=column.computed is not None or column.kind.name == "timestamp",
                updatable=True,
                table=(self.schema, self.name) if not self.temporary else (self.name,),
                key=number in keys,
            )
            for number, column in enumerate(self.columns, 1)
        ]

    def column(self, name: str) -> int | None:
        """The number of a column, from 0."""
        wanted = name.lower()
        return next((index for index, column in enumerate(self.columns) if column.name.lower() == wanted), None)


def file_alias(database: str) -> str:
    return f"db_{database.lower()}"


class Storage:
    """The folder of a server. `names` are its databases in the order of their making."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def databases(self) -> list[str]:
        made = [file.name.removesuffix(".sqlite") for file in self.folder.glob("*.sqlite")]
        return [*SYSTEM_DATABASES, *sorted(name for name in made if name not in SYSTEM_DATABASES)]

    def find(self, name: str) -> str | None:
        """The database's name as it was written, or None."""
        return next((known for known in self.databases() if known.lower() == name.lower()), None)

    def create(self, name: str, collation: str) -> None:
        """A new database."""
        connection = sqlite3.connect(self.folder / f"{name}.sqlite", isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            for statement in _RECORDS:
                connection.execute(statement.format("main"))
            connection.execute("INSERT INTO main.sys$settings VALUES ('collation', ?)", (collation,))
        finally:
            connection.close()

    def password_of(self, login: str) -> str | None:
        """The password of a login made by CREATE LOGIN; None if there is none."""
        connection = sqlite3.connect(self.folder / "master.sqlite", isolation_level=None)
        try:
            row = connection.execute("SELECT password FROM sys$logins WHERE name = ?", (login,)).fetchone()
            return None if row is None else str(row[0])
        finally:
            connection.close()

    def is_login(self, login: str) -> bool:
        return self.password_of(login) is not None

    def drop(self, name: str) -> None:
        for file in (f"{name}.sqlite", f"{name}.sqlite-wal", f"{name}.sqlite-shm"):
            (self.folder / file).unlink(missing_ok=True)


class Records:
    """Reads and writes records through a session's connection."""

    def __init__(self, storage: Storage, connection: sqlite3.Connection) -> None:
        self.storage = storage
        self.connection = connection
        self._attached: set[str] = set()
        for statement in _RECORDS:
            connection.execute(statement.format("temp"))

    def attach(self, database: str) -> str:
        """SQLite's name for a database, attached if need be."""
        alias = file_alias(database)
        if alias not in self._attached:
            file = self.storage.folder / f"{database}.sqlite"
            self.connection.execute(f"ATTACH ? AS {identifier(alias)}", (str(file),))
            self.connection.execute(f"PRAGMA {identifier(alias)}.synchronous = OFF")
            self._attached.add(alias)
        return alias

    def detach(self, database: str) -> None:
        alias = file_alias(database)
        if alias in self._attached:
            self.connection.execute(f"DETACH {identifier(alias)}")
            self._attached.discard(alias)

    def _place(self, database: str, temporary: bool) -> str:
        return "temp" if temporary else identifier(self.attach(database))

    def setting(self, database: str, name: str) -> str:
        rows = self.connection.execute(
            f"SELECT value FROM {self._place(database, False)}.sys$settings WHERE name = ?", (name,)
        )
        return str(next(rows)[0])

    def allows_snapshots(self, database: str) -> bool:
        rows = self.connection.execute(
            f"SELECT value FROM {self._place(database, False)}.sys$settings WHERE name = 'snapshots'"
        )
        return rows.fetchone() == ("1",)

    def allow_snapshots(self, database: str, allowed: bool) -> None:
        place = self._place(database, False)
        self.connection.execute(f"INSERT OR REPLACE INTO {place}.sys$settings VALUES ('snapshots', ?)", (str(int(allowed)),))

    # schemas
    def schemas(self, database: str) -> list[tuple[int, str]]:
        return list(self.connection.execute(f"SELECT schema_id, name FROM {self._place(database, False)}.sys$schemas"))

    def add_schema(self, database: str, name: str) -> None:
        self.connection.execute(f"INSERT INTO {self._place(database, False)}.sys$schemas (name) VALUES (?)", (name,))

    def drop_schema(self, database: str, name: str) -> None:
        self.connection.execute(f"DELETE FROM {self._place(database, False)}.sys$schemas WHERE name = ?", (name,))

    # objects
    def tables(self, database: str, *, temporary: bool = False) -> list[Table]:
        rows = self.connection.execute(
            f"SELECT object_id, schema, name, record, created FROM {self._place(database, temporary)}.sys$objects ORDER BY object_id"
        )
        return [_table(database, temporary, row) for row in rows]

    def table(self, database: str, schema: str, name: str, *, temporary: bool = False) -> Table | None:
        wanted = (schema.lower(), name.lower())
        for row in self.connection.execute(
            f"SELECT object_id, schema, name, record, created FROM {self._place(database, temporary)}.sys$objects"
        ):
            if (row[1].lower(), row[2].lower()) == wanted:
                return _table(database, temporary, row)
        return None

    def save(self, table: Table) -> None:
        """Writes a record; a new table gets its number."""
        place = self._place(table.database, table.temporary)
        record = json.dumps(
            {
                "columns": [asdict(column) for column in table.columns],
                "keys": [asdict(key) for key in table.keys],
                "foreign_keys": [asdict(key) for key in table.foreign_keys],
                "view_text": table.view_text,
                "view_columns": table.view_columns,
            }
        )
        if not table.object_id:
            (newest,) = next(self.connection.execute(f"SELECT max(object_id) FROM {place}.sys$objects"))
            table.object_id = (newest or _FIRST_OBJECT) + 16
            if table.temporary:
                table.object_id = -abs((newest or -_FIRST_OBJECT) - 16) if newest else -_FIRST_OBJECT
        self.connection.execute(
            f"INSERT OR REPLACE INTO {place}.sys$objects VALUES (?, ?, ?, ?, strftime('%Y-%m-%d %H:%M:%f', 'now'))",
            (table.object_id, table.schema, table.name, record),
        )

    def forget(self, table: Table) -> None:
        place = self._place(table.database, table.temporary)
        for name in ("sys$objects", "sys$properties", "sys$grants"):
            self.connection.execute(f"DELETE FROM {place}.{name} WHERE object_id = ?", (table.object_id,))
        self.connection.execute(f"DELETE FROM {place}.sys$counters WHERE name = ?", (table.identity_counter,))

    # extended properties
    def properties(self, database: str) -> list[tuple[int, int, str, str]]:
        return list(
            self.connection.execute(
                f"SELECT object_id, column_id, name, value FROM {self._place(database, False)}.sys$properties"
            )
        )

    def set_property(self, table: Table, column: int, name: str, value: str | None) -> None:
        place = self._place(table.database, table.temporary)
        self.connection.execute(
            f"INSERT OR REPLACE INTO {place}.sys$properties VALUES (?, ?, ?, ?)", (table.object_id, column, name, value)
        )

    # principals
    def add_login(self, name: str, password: str) -> None:
        self.connection.execute(
            f"INSERT INTO {self._place('master', False)}.sys$logins VALUES (?, ?)", (name, password)
        )

    def drop_login(self, name: str) -> None:
        self.connection.execute(f"DELETE FROM {self._place('master', False)}.sys$logins WHERE name = ?", (name,))

    def logins(self) -> list[str]:
        return [
            name for (name,) in self.connection.execute(f"SELECT name FROM {self._place('master', False)}.sys$logins")
        ]

    def users(self, database: str) -> list[tuple[str, str]]:
        """Users and their logins."""
        return list(self.connection.execute(f"SELECT name, login FROM {self._place(database, False)}.sys$users"))

    def add_user(self, database: str, name: str, login: str) -> None:
        self.connection.execute(f"INSERT INTO {self._place(database, False)}.sys$users VALUES (?, ?)", (name, login))

    def drop_user(self, database: str, name: str) -> None:
        for table, column in (("sys$users", "name"), ("sys$grants", "user")):
            self.connection.execute(f"DELETE FROM {self._place(database, False)}.{table} WHERE {column} = ?", (name,))

    def grants(self, database: str) -> list[tuple[str, int, str, str | None]]:
        """User, object (0 for the database), permission, columns as JSON or None for all."""
        place = self._place(database, False)
        return list(self.connection.execute(f"SELECT user, object_id, permission, columns FROM {place}.sys$grants"))

    def add_grant(self, database: str, user: str, object_id: int, permission: str, columns: str | None) -> None:
        place = self._place(database, False)
        self.connection.execute(
            f"INSERT INTO {place}.sys$grants VALUES (?, ?, ?, ?)", (user, object_id, permission, columns)
        )

    def revoke(self, database: str, user: str, object_id: int, permission: str) -> None:
        place = self._place(database, False)
        self.connection.execute(
            f"DELETE FROM {place}.sys$grants WHERE user = ? AND object_id = ? AND permission = ?",
            (user, object_id, permission),
        )

    # counters: identity values by object, row versions by database
    def counter(self, table: Table, name: str, first: int) -> int:
        place = self._place(table.database, table.temporary)
        row = self.connection.execute(f"SELECT value FROM {place}.sys$counters WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else first

    def set_counter(self, table: Table, name: str, value: int) -> None:
        place = self._place(table.database, table.temporary)
        self.connection.execute(f"INSERT OR REPLACE INTO {place}.sys$counters VALUES (?, ?)", (name, value))


def _table(database: str, temporary: bool, row: Sequence[object]) -> Table:
    object_id, schema, name, text, created = row
    record = json.loads(str(text))
    return Table(
        database,
        str(schema),
        str(name),
        [
            ColumnRecord(**(column | {"identity": tuple(column["identity"]) if column["identity"] else None}))
            for column in record["columns"]
        ],
        [KeyRecord(**(key | {"columns": [tuple(one) for one in key["columns"]]})) for key in record["keys"]],
        record["view_text"],
        record["view_columns"],
        temporary,
        int(str(object_id)),
        str(created),
        [ForeignKeyRecord(**key) for key in record["foreign_keys"]],
    )


def storage_type(kind: SqlType) -> str:
    """How SQLite is told to keep a type: only the collation and the affinity matter."""
    if kind.is_integer:
        return "INTEGER"
    if kind.name in ("real", "float"):
        return "REAL"
    return f"BLOB COLLATE {sqlite_collation(kind)}"
