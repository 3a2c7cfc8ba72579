"""The local side of a test: one database of the cluster that has the extension, seen by one role."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import psycopg2
import psycopg2.errors
import psycopg2.extensions
from harness.skipping import skip_where_missing

from servers.postgres import Postgres
from servers.process import wait_until


class Database:
    """One role's view of one database; a connection of its own, in autocommit mode."""

    def __init__(self, server: Postgres, name: str, role: str = "postgres") -> None:
        self.server = server
        self.name = name
        self.role = role
        self._connection: psycopg2.extensions.connection | None = None

    @property
    def connection(self) -> psycopg2.extensions.connection:
        """The connection, opened anew if it was lost."""
        if self._connection is None or self._connection.closed:
            self._connection = self.server.connect(self.name, self.role)
        return self._connection

    @property
    def pid(self) -> int:
        """The backend's process id."""
        return self.connection.get_backend_pid()

    @property
    def notices(self) -> list[str]:
        """Messages since the last statement of `rows` or `execute` began, NOTICE: and WARNING: included."""
        return list(self.connection.notices)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # statements
    def rows(self, query: str, *args: object) -> list[tuple[Any, ...]]:
        """Runs a statement and gives its rows, [] if it has none."""
        with self.connection.cursor() as cursor:
            del self.connection.notices[:]
            try:
                cursor.execute(query, args or None)
            except psycopg2.errors.FeatureNotSupported as error:
                skip_where_missing(error)
                raise
            return list(cursor.fetchall()) if cursor.description else []

    def execute(self, query: str, *args: object) -> None:
        self.rows(query, *args)

    def value(self, query: str, *args: object) -> Any:
        """The one value of a query."""
        rows = self.rows(query, *args)
        assert len(rows) == 1 and len(rows[0]) == 1, f"not one value: {rows!r}"
        return rows[0][0]

    def columns(self, table: str) -> list[tuple[str, str, bool]]:
        """Name, type and NOT NULL of the columns of a table."""
        return [
            (name, kind, not_null)
            for name, kind, not_null in self.rows(
                "SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute "
                "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
                table,
            )
        ]

    # the extension
    def import_table(self, connector: Mapping[str, object] | None = None, /, **keys: object) -> dict[str, Any]:
        """`cdb_import_connector` of the connector, with the keys added."""
        result = self.value("SELECT cdb_import_connector(%s)", json.dumps({**(connector or {}), **keys}))
        assert isinstance(result, dict)
        return result

    def dry_run(self, connector: Mapping[str, object] | None = None, /, **keys: object) -> dict[str, Any]:
        """`cdb_connector_dry_run` of the connector."""
        result = self.value("SELECT cdb_connector_dry_run(%s)", json.dumps({**(connector or {}), **keys}))
        assert isinstance(result, dict)
        return result

    # roles
    def create_role(self, name: str, *, may_connect: bool = True) -> Database:
        """A plain role that may create tables here and, if `may_connect`, open connections; gives its view."""
        self.drop_role(name)
        self.execute(f'CREATE ROLE "{name}" LOGIN')
        self.execute(f'GRANT CREATE ON SCHEMA public TO "{name}"')
        if may_connect:
            self.execute(f'GRANT USAGE ON FOREIGN DATA WRAPPER connector TO "{name}"')
        return Database(self.server, self.name, name)

    def drop_role(self, name: str) -> None:
        if self.rows("SELECT 1 FROM pg_roles WHERE rolname = %s", name):
            self.execute(f'DROP OWNED BY "{name}" CASCADE')
            self.execute(f'DROP ROLE "{name}"')

    def another(self) -> Database:
        """Another session of the same role."""
        return Database(self.server, self.name, self.role)

    def in_background(self, query: str, *args: object) -> Job:
        """Runs a statement in a session and thread of its own: a context manager."""
        return Job(self, query, args)

    def import_in_background(self, connector: Mapping[str, object], **keys: object) -> Job:
        return self.in_background("SELECT cdb_import_connector(%s)", json.dumps({**connector, **keys}))


class Job:
    """A statement that runs beside the test. Leaving it cancels what still runs."""

    def __init__(self, database: Database, query: str, args: tuple[object, ...]) -> None:
        self._observer = database
        self.database = database.another()
        self.pid = self.database.pid
        self._error: BaseException | None = None
        self._rows: list[tuple[Any, ...]] = []
        self._thread = threading.Thread(target=self._work, args=(query, args), daemon=True)

    def _work(self, query: str, args: tuple[object, ...]) -> None:
        try:
            self._rows = self.database.rows(query, *args)
        except BaseException as error:  # handed to whoever asks for the result
            self._error = error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.running():
            self.terminate()
            self._thread.join(60)
        self.database.close()

    def wait_for_exchange(self) -> None:
        """Until the refresh has its rows and wants the table for itself: it asks when those who hold it have changed."""
        phase = "SELECT 1 FROM connector.progress WHERE pid = %s AND phase = 'waiting for lock' AND rows > 0"
        wait_until(lambda: bool(self._observer.rows(phase, self.pid)), limit=60, what="a refresh that wants the table for itself")

    def wait_for_lock(self) -> None:
        """Until it waits for a lock that another session has."""
        waits = "SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted"
        wait_until(lambda: bool(self._observer.rows(waits, self.pid)), limit=60, what="a statement that waits for a lock")

    def running(self) -> bool:
        return self._thread.is_alive()

    def cancel(self) -> None:
        """Ctrl-C."""
        self._observe("SELECT pg_cancel_backend(%s)")

    def terminate(self) -> None:
        self._observe("SELECT pg_terminate_backend(%s)")

    def _observe(self, query: str) -> None:
        connection = self._observer.server.connect(self._observer.name)
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, (self.pid,))
        finally:
            connection.close()

    def result(self, limit: float = 120) -> list[tuple[Any, ...]]:
        """Waits for the end; gives the rows, or raises what the statement raised."""
        wait_until(lambda: not self.running(), limit=limit, what="the end of a statement")
        if self._error is not None:
            raise self._error
        return self._rows
