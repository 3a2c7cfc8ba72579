"""What the tests of faults and limits must know of PostgreSQL as a remote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from servers.remote import Remote
from servers.remote_postgres import READER, PostgresRemote

from .dialect import Dialect, Words


class PostgresDialect(Dialect):
    """PostgreSQL 9.3 and later."""

    provider = "postgres"
    placeholder = "$1"
    words: Mapping[str, Words] = {
        **Dialect.words,
        "password": Words("could not connect.*password authentication failed", "authenticate", 1012),
        "database": Words("could not connect.*(does not exist|permission denied for database)", "connect", 1012),
        "table": Words("could not read table.*does not exist", "describe", 1011),
        "schema": Words("could not read table.*does not exist", "describe", 1011),
        "table_privilege": Words("could not read table.*permission denied for", "describe", 1011),
        "column_privilege": Words("could not read table.*permission denied for", "describe|execute", 1011),
        "late_error": Words("more than one row", "fetch", 1011),
        "no_query": Words("syntax|unterminated", "describe", 1011),
        "several": Words("multiple commands", "describe", 1011),
    }

    def writes(self, table: str) -> Mapping[str, str]:
        return {
            "insert": f"INSERT INTO {table} VALUES (99, 'x', 1)",
            "insert_returning": f"INSERT INTO {table} VALUES (99, 'x', 1) RETURNING id",
            "update": f"UPDATE {table} SET word = 'changed'",
            "delete": f"DELETE FROM {table} RETURNING id",
            "with": f"WITH gone AS (DELETE FROM {table} RETURNING id) SELECT * FROM gone",
            "truncate": f"TRUNCATE TABLE {table}",
            "drop": f"DROP TABLE {table}",
            "create": "CREATE TABLE created_by_import (a int)",
            "create_as": f"CREATE TABLE created_by_import AS SELECT * FROM {table}",
            "into": f"SELECT * INTO created_by_import FROM {table}",
            "commented": f"/* SELECT */ DELETE FROM {table}",
            "start": "START TRANSACTION READ WRITE",
            "commit": "COMMIT",
            "copy": f"COPY {table} FROM '/etc/passwd'",
            "program": f"SELECT 1) TO PROGRAM 'rm {table}' --",
        }

    def incompressible(self, table: str) -> str:
        parts = " || ".join(f"encode(sha512((id || '-{number}')::bytea), 'hex')" for number in range(80))
        return f"SELECT id, {parts} AS word FROM {table}"

    def file_writes(self, table: str) -> list[str]:
        return [
            f"COPY {table} TO '/tmp/connector-test-outfile'",
            f"COPY {table} TO PROGRAM 'cat > /tmp/connector-test-outfile'",
            "SELECT lo_export(1, '/tmp/connector-test-outfile')",
        ]

    def writing_function(self, remote: Remote, name: str, table: str) -> None:
        self.drop_function(remote, name)
        remote.execute(
            f"CREATE FUNCTION {name}() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS "
            f"$$ BEGIN UPDATE {table} SET amount = amount + 1; RETURN 1; END $$"
        )

    def drop_function(self, remote: Remote, name: str) -> None:
        remote.execute(f"DROP FUNCTION IF EXISTS {name}()")

    def commented_table(self, remote: Remote, name: str, columns: Mapping[str, str], comment: str) -> list[str]:
        def text(value: str) -> str:
            return "'" + value.replace("'", "''") + "'"

        table = remote.quote(name)
        listed = ", ".join(f"{remote.quote(column)} text" for column in columns)
        comments = [f"COMMENT ON COLUMN {table}.{remote.quote(c)} IS {text(words)}" for c, words in columns.items()]
        return [f"CREATE TABLE {table} ({listed})", *comments, f"COMMENT ON TABLE {table} IS {text(comment)}"]

    def create_schema(self, remote: Remote, name: str, tables: list[str]) -> str:
        remote.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE", f"CREATE SCHEMA {name}", f"GRANT USAGE ON SCHEMA {name} TO {READER}")
        for table in tables:
            self.create_table_in(remote, name, table)
        return name

    def drop_schema(self, remote: Remote, name: str) -> None:
        remote.execute(f"DROP SCHEMA {name} CASCADE")

    def account(self, remote: Remote, name: str, password: str, grants: list[str]) -> None:
        """Without grants it may not even connect."""
        assert isinstance(remote, PostgresRemote)
        self.drop_account(remote, name)
        remote.execute(
            f"CREATE ROLE {name} LOGIN PASSWORD '{password}'",
            f"REVOKE CONNECT ON DATABASE {remote.database} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {remote.database} TO {READER}",
        )
        for grant in grants:
            remote.execute(
                f"GRANT {grant.replace('testdb.', 'public.')} TO {name}",
                f"GRANT CONNECT ON DATABASE {remote.database} TO {name}",
            )

    def drop_account(self, remote: Remote, name: str) -> None:
        if remote.rows(f"SELECT 1 FROM pg_roles WHERE rolname = '{name}'"):
            remote.execute(f"DROP OWNED BY {name}", f"DROP ROLE {name}")
        # account() took it from all; other files of tests use the same server.
        remote.execute(f"GRANT CONNECT ON DATABASE {remote.database} TO PUBLIC")

    @contextmanager
    def locked(self, remote: Remote, table: str) -> Iterator[None]:
        assert isinstance(remote, PostgresRemote)
        connection = remote.server.connect(remote.database)
        try:
            with connection.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute(f"LOCK TABLE {remote.quote(table)} IN ACCESS EXCLUSIVE MODE")
            yield
        finally:
            connection.close()
