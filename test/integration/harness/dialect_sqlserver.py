"""What the tests of faults and limits must know of SQL Server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from servers.remote import Remote
from servers.remote_sqlserver import SqlServerRemote

from .dialect import Dialect, Words


class SqlServerDialect(Dialect):
    """SQL Server, and what speaks its protocol."""

    provider = "sqlserver"
    placeholder = "@p1"
    stops_by_second_connection = False
    words: Mapping[str, Words] = {
        **Dialect.words,
        "password": Words("could not connect.*[Ll]ogin failed", "authenticate", 1012),
        "database": Words("could not connect.*([Cc]annot open database|does not exist|[Ll]ogin failed)", "authenticate|connect", 1012),
        "table": Words("could not read table.*([Ii]nvalid object name|does not exist)", "describe", 1011),
        "schema": Words("could not read table.*([Ii]nvalid object name|does not exist)", "describe", 1011),
        "table_privilege": Words("could not read table.*permission", "describe|execute", 1011),
        "column_privilege": Words("could not read table.*permission", "describe|execute", 1011),
        "late_error": Words("[Dd]ivi(de|sion) by zero", "fetch", 1011),
        "no_query": Words("syntax|yields no rows", "describe", 0),
        "several": Words("more than one result|syntax|yields no rows", "describe|fetch", 0),
        "placeholder": Words("[Ss]yntax|[Mm]ust declare", "describe", 1011),
        "write": Words("yields no rows|more than one result|[Ss]yntax|permission", "describe|execute|fetch", 0),
    }

    def late_failure(self, table: str, rows: int) -> str:
        return f"SELECT TOP (1000000000) id, 1 / ({rows} + 1 - id) AS x FROM {table} ORDER BY id"

    def first_rows(self, query: str, rows: int) -> str:
        return query.replace("TOP (1000000000)", f"TOP ({rows})")

    def writing_function(self, remote: Remote, name: str, table: str) -> None:
        pytest.skip("functions of T-SQL can't write")

    def file_writes(self, table: str) -> list[str]:
        return []

    def create_schema(self, remote: Remote, name: str, tables: list[str]) -> str:
        remote.execute(f"CREATE SCHEMA {name}", *[f"CREATE TABLE {name}.{table} (a int)" for table in tables])
        return name

    def drop_schema(self, remote: Remote, name: str) -> None:
        tables = remote.rows(f"SELECT t.name FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id WHERE s.name = '{name}'")
        remote.execute(*[f"DROP TABLE {name}.{table}" for (table,) in tables], f"DROP SCHEMA {name}")

    def writes(self, table: str) -> Mapping[str, str]:
        return {
            "insert": f"INSERT INTO {table} VALUES (99, 'x', 1)",
            "insert_output": f"INSERT INTO {table} OUTPUT inserted.id VALUES (99, 'x', 1)",
            "update": f"UPDATE {table} SET word = 'changed'",
            "delete": f"DELETE FROM {table} OUTPUT deleted.id",
            "truncate": f"TRUNCATE TABLE {table}",
            "drop": f"DROP TABLE {table}",
            "create": "CREATE TABLE created_by_import (a int)",
            "into": f"SELECT * INTO created_by_import FROM {table}",
            "commented": f"/* SELECT */ DELETE FROM {table}",
            "dynamic": f"EXEC('DELETE FROM {table} OUTPUT deleted.id')",
        }

    def incompressible(self, table: str) -> str:
        parts = " + ".join(f"CONVERT(varchar(128), HASHBYTES('SHA2_512', CONCAT(id, '-{n}')), 2)" for n in range(40))
        return f"SELECT id, CAST({parts} AS varchar(max)) AS word FROM {table}"

    def several_statements(self, table: str) -> str:
        return f"SELECT 1 AS one; SELECT id FROM {table}"

    @contextmanager
    def locked(self, remote: Remote, table: str) -> Iterator[None]:
        assert isinstance(remote, SqlServerRemote)
        connection = remote.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute("BEGIN TRANSACTION")
                cursor.execute(f"ALTER TABLE {remote.quote(table)} ADD locked_by_test int")
            yield
        finally:
            connection.close()
