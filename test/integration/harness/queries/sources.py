"""All tables of a remote server and their copies here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.database import Database
from harness.skipping import host_lacks

from servers.remote import Remote
from servers.remote_hive import HiveRemote
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote
from servers.remote_sqlserver import SqlServerRemote

from . import hive_tables, mysql_tables, postgres_tables, sqlserver_tables
from .copies import Copies, add_foreign_tables, copy_with_c, create_server, import_copy
from .tables import RemoteTable


def create_tables(remote: Remote) -> list[RemoteTable]:
    """Makes the tables there."""
    if isinstance(remote, PostgresRemote):
        postgres_tables.create_types(remote)
    tables = [table.for_server(remote.kind) for table in _tables_of(remote)]
    for table in tables:
        create_table(remote, table)
    return tables


def create_table(remote: Remote, table: RemoteTable) -> None:
    if isinstance(remote, MySqlRemote):
        mysql_tables.create_table(remote, table)
    elif isinstance(remote, PostgresRemote):
        postgres_tables.create_table(remote, table)
    elif isinstance(remote, SqlServerRemote):
        sqlserver_tables.create_table(remote, table)
    elif isinstance(remote, HiveRemote):
        hive_tables.create_table(remote, table)


def _tables_of(remote: Remote) -> Sequence[RemoteTable]:
    if isinstance(remote, MySqlRemote):
        return mysql_tables.TABLES
    if isinstance(remote, PostgresRemote):
        return postgres_tables.TABLES
    return sqlserver_tables.TABLES if isinstance(remote, SqlServerRemote) else hive_tables.TABLES


def collations_here(db: Database) -> list[str]:
    """Names of collations for queries: C first; one that is not of bytes, and one that is not deterministic."""
    if host_lacks("ICU"):
        return ['"C"']
    db.execute("CREATE COLLATION IF NOT EXISTS blind (provider = icu, locale = 'und-u-ks-level1', deterministic = false)")
    return ['"C"', '"en-x-icu"', "public.blind"]


def copies_of(db: Database, remote: Remote, tables: Sequence[RemoteTable], name: str) -> Iterator[Copies]:
    """The copies of the tables; `name` is that of the server, and what the schemas' names begin with."""
    db.execute("SET timezone = 'UTC'")
    create_server(db, remote, name)
    for table in tables:
        copies = import_copy(db, remote, table, f"{name}_{table.name}")
        shapes = [copies]
        if any(column.collatable for column in copies.columns):
            shapes.append(copy_with_c(db, copies))
        for shape in shapes:
            add_foreign_tables(db, shape, name, remote, table)
            yield shape
