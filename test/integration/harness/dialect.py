"""What the tests of faults and limits must know of a provider: its words, and the SQL that provokes a fault.

A further provider adds a class to dialects.py; the tests stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pymysql

from servers.remote import Remote
from servers.remote_mysql import MySqlRemote


@dataclass(frozen=True)
class Words:
    """Regular expressions for the message, the phase it names, and the connector error number."""

    message: str
    phase: str
    number: int


class Dialect:
    """MySQL and MariaDB; others derive from it or replace it."""

    provider = "mysql"
    placeholder = "?"
    stops_by_second_connection = True  # else the first one must carry the message
    has_keys = True
    starts_soon = True  # else it is not killed
    goodbye = 0  # bytes of the server behind the end of the rows
    table_names = "SELECT table_name FROM information_schema.tables WHERE table_schema IN ('testdb', 'public')"
    words: Mapping[str, Words] = {
        "unresolvable": Words("could not (connect|resolve).*resol", "connect", 1012),
        "refused": Words("could not connect.*[Rr]efused", "connect", 1012),
        "silent": Words("could not connect.*timed out", "connect", 6667),
        "closed": Words("could not connect", "connect", 1012),
        "password": Words("could not connect.*Access denied", "authenticate", 1012),
        "database": Words("could not connect.*(Access denied|Unknown database)", "authenticate|connect", 1012),
        "table": Words("could not read table.*doesn't exist", "describe", 1011),
        "schema": Words("could not read table.*(doesn't exist|denied|Unknown database)", "describe", 1011),
        "table_privilege": Words("could not read table.*SELECT command denied", "describe", 1011),
        "column_privilege": Words("could not read table.*SELECT command denied", "describe", 1011),
        "column": Words("(could not read table|has no column|does not exist).*", "describe|request", 1011),
        "lost": Words("could not (read|run|query|connect)", "describe|execute|fetch", 1011),
        "late_error": Words("more than 1 row", "fetch", 1011),
        "no_query": Words("syntax", "describe", 1011),
        "several": Words("syntax", "describe", 1011),
        "placeholder": Words("placeholder", "describe", 1502),
        "read_only": Words("READ ONLY|read.only", "execute|fetch", 1011),
    }

    # statements
    def empty(self, table: str) -> str:
        """A statement that takes a table's rows away."""
        return f"DELETE FROM {table}"

    def ordered(self, table: str) -> str:
        """A query for all of a table, by id."""
        return f"SELECT * FROM {table} ORDER BY id"

    def late_failure(self, table: str, rows: int) -> str:
        """A query over `table` (ids from 1) that gives `rows` rows and then fails."""
        return (
            f"SELECT id, CASE WHEN id > {rows} THEN (SELECT 1 UNION ALL SELECT {rows} - id) ELSE 0 END AS x "
            f"FROM {table} ORDER BY id"
        )

    def first_rows(self, query: str, rows: int) -> str:
        """The query that `late_failure` gave, without the rows behind so many."""
        return f"{query} LIMIT {rows}"

    def writes(self, table: str) -> Mapping[str, str]:
        """Statements that would change the remote, by a name."""
        return {
            "insert": f"INSERT INTO {table} VALUES (99, 'x', 1)",
            "update": f"UPDATE {table} SET word = 'changed'",
            "delete": f"DELETE FROM {table}",
            "truncate": f"TRUNCATE TABLE {table}",
            "drop": f"DROP TABLE {table}",
            "create": "CREATE TABLE created_by_import (a int)",
            "create_as": f"CREATE TABLE created_by_import AS SELECT * FROM {table}",
            "replace": f"REPLACE INTO {table} VALUES (1, 'x', 1)",
            "commented": f"/* SELECT */ DELETE FROM {table}",
            "grant": "SET PASSWORD = ''",
            "start": "START TRANSACTION READ WRITE",
            "local_infile": f"LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE {table}",
        }

    def incompressible(self, table: str) -> str:
        """A query for rows of 10 kB that don't become smaller."""
        parts = ", ".join(f"sha2(concat(id, '-', {number}), 512)" for number in range(80))
        return f"SELECT id, concat({parts}) AS word FROM {table}"

    def file_writes(self, table: str) -> list[str]:
        """Queries that write files on the remote."""
        return [
            f"SELECT * FROM {table} INTO OUTFILE '/tmp/connector-test-outfile'",
            f"SELECT word FROM {table} LIMIT 1 INTO DUMPFILE '/tmp/connector-test-outfile'",
            f"SELECT id INTO @x FROM {table} LIMIT 1",
        ]

    def writing_function(self, remote: Remote, name: str, table: str) -> None:
        """A function without arguments that changes the table and may be called in a query."""
        self.drop_function(remote, name)
        remote.execute(
            f"CREATE FUNCTION {name}() RETURNS int MODIFIES SQL DATA NOT DETERMINISTIC "
            f"BEGIN UPDATE {table} SET amount = amount + 1; RETURN 1; END"
        )

    def drop_function(self, remote: Remote, name: str) -> None:
        remote.execute(f"DROP FUNCTION IF EXISTS {name}")

    def several_statements(self, table: str) -> str:
        return f"SELECT 1 AS one; DELETE FROM {table}"

    def wide_table(self, name: str, columns: int) -> str:
        """CREATE TABLE with columns c1, c2, …"""
        return f"CREATE TABLE {name} ({', '.join(f'c{i} int' for i in range(1, columns + 1))})"

    def commented_table(self, remote: Remote, name: str, columns: Mapping[str, str], comment: str) -> list[str]:
        """Statements that create a table of texts whose columns, by name, and which itself have comments."""

        def text(value: str) -> str:
            return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"

        listed = ", ".join(f"{remote.quote(column)} text COMMENT {text(words)}" for column, words in columns.items())
        return [f"CREATE TABLE {remote.quote(name)} ({listed}) COMMENT {text(comment)}"]

    # schemas beside the test database
    def create_schema(self, remote: Remote, name: str, tables: list[str]) -> str:
        """A schema that the connector's account may read, with tables; gives the value of the key "schema"."""
        assert isinstance(remote, MySqlRemote)
        remote.execute(
            f"DROP DATABASE IF EXISTS {name}",
            f"CREATE DATABASE {name}",
            f"GRANT SELECT ON {name}.* TO '{remote.server.user}'@'%'",
            *[f"CREATE TABLE {name}.{table} (a int) ENGINE = MEMORY" for table in tables],
        )
        return name

    def create_table_in(self, remote: Remote, schema: str, table: str) -> None:
        remote.execute(f"CREATE TABLE {schema}.{table} (a int)")

    def drop_schema(self, remote: Remote, name: str) -> None:
        remote.execute(f"DROP DATABASE {name}")

    # accounts and locks
    def account(self, remote: Remote, name: str, password: str, grants: list[str]) -> None:
        """An account with nothing but the grants, `SELECT ON t` or `SELECT (a, b) ON t`."""
        remote.execute(
            *self.drop_account_statements(remote, name), f"CREATE USER '{name}'@'%' IDENTIFIED BY '{password}'"
        )
        for grant in grants:
            remote.execute(f"GRANT {grant} TO '{name}'@'%'")

    def drop_account(self, remote: Remote, name: str) -> None:
        remote.execute(*self.drop_account_statements(remote, name))

    def drop_account_statements(self, remote: Remote, name: str) -> list[str]:
        if remote.kind == "mysql56":  # knows no IF EXISTS here: GRANT makes what DROP needs
            return [f"GRANT USAGE ON *.* TO '{name}'@'%'", f"DROP USER '{name}'@'%'"]
        return [f"DROP USER IF EXISTS '{name}'@'%'"]

    @contextmanager
    def locked(self, remote: Remote, table: str) -> Iterator[None]:
        """Holds a lock under which the table can't be read."""
        assert isinstance(remote, MySqlRemote)
        connection: pymysql.connections.Connection[pymysql.cursors.Cursor] = remote.server.connect("testdb")
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLES {remote.quote(table)} WRITE")
            yield
        finally:
            connection.close()
