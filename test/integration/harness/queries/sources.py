"""All tables of a remote server and their copies here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from harness.database import Database
from harness.foreign import create_server
from harness.skipping import host_lacks
from servers.remote import Remote
from servers.remote_hive import HiveRemote
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote
from servers.remote_sqlserver import SqlServerRemote

from . import hive_tables, mysql_tables, postgres_tables, sqlserver_tables
from .copies import Copies, add_foreign_tables, copy_with_c, import_copy, second_server
from .tables import RemoteTable


def create_table(remote: Remote, table: RemoteTable) -> None:
    """Makes a table there."""
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


@contextmanager
def copies_of(db: Database, remote: Remote, name: str) -> Iterator[list[Copies]]:
    """Makes all tables there and their copies here, and drops them in the end.

    `name` begins the names of servers and schemas.
    """
    db.execute("SET timezone = 'UTC'")
    with ExitStack() as made:
        found = []
        for place, tables in _places(remote):
            server = f"{name}_{place.database}" if isinstance(place, PostgresRemote) and place is not remote else name
            for one in (server, second_server(server)):
                create_server(db, place, one)
                made.callback(db.execute, f"DROP SERVER {one} CASCADE")
            for table in tables:
                create_table(place, table)
                made.callback(place.drop, table.name)
                shown = list(_copies_of_table(db, place, table, server))
                for copies in shown:
                    made.callback(db.execute, f"DROP SCHEMA {copies} CASCADE")
                found += shown
        db.execute("RESET timezone")
        for copies in found:
            copies.all = {one.schema: one for one in found}
        yield found
        db.execute("SELECT cdb_foreign_disconnect()")


def _places(remote: Remote) -> Iterator[tuple[Remote, list[RemoteTable]]]:
    """The databases there, with their tables."""
    yield remote, [table.for_server(remote.kind) for table in _tables_of(remote)]
    if isinstance(remote, PostgresRemote):
        for encoding, tables in (("LATIN1", postgres_tables.LATIN_TABLES), ("SQL_ASCII", postgres_tables.ASCII_TABLES)):
            create = f"TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
            yield PostgresRemote(remote.server, remote.kind, encoding.lower(), create=create), tables


def _copies_of_table(db: Database, remote: Remote, table: RemoteTable, server: str) -> Iterator[Copies]:
    copies = import_copy(db, remote, table, f"{server}_{table.name}")
    shapes = [copies]
    if any(column.collatable for column in copies.columns):
        shapes.append(copy_with_c(db, copies))
    for shape in shapes:
        add_foreign_tables(db, shape, server, remote, table)
        yield shape
