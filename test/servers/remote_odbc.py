"""The other remote databases, read through their ODBC drivers."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, ClassVar

from .odbc_drivers import MICROSOFT, library_of
from .remote import Remote, Session
from .workspace import Workspace


class OdbcRemote(Remote):
    """A remote database that has a provider of its own, by way of a driver of unixODBC."""

    provider: ClassVar[str] = "odbc"

    def __init__(self, behind: Remote, driver: str, attributes: Mapping[str, object] | None = None) -> None:
        library_of(driver)
        self.behind = behind
        self.driver = driver
        self.attributes = dict(attributes or {})
        self.server = behind.server

    @property
    def kind(self) -> str:
        return f"odbc_{self.behind.kind}"

    def connection(self, **more: object) -> dict[str, object]:
        places = ("server", "port", "database", "username", "password")
        known = {key: value for key, value in self.behind.connection().items() if key in places}
        told = {"driver": self.driver, **known, **self.attributes, **more}
        if self.driver == MICROSOFT:  # which has no attribute for a port
            told["server"] = f"{told['server']},{told.pop('port')}"
        return told

    def execute(self, *statements: str) -> None:
        self.behind.execute(*statements)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.behind.rows(query)

    def quote(self, name: str) -> str:
        return self.behind.quote(name)

    def create_rows(self, table: str, count: int, *, width: int = 20) -> None:
        self.behind.create_rows(table, count, width=width)

    def drop(self, table: str) -> None:
        self.behind.drop(table)

    def slow_query(self, seconds: int) -> str:
        return self.behind.slow_query(seconds)

    def endless_query(self, table: str) -> str:
        return self.behind.endless_query(table)

    def sessions(self) -> list[Session]:
        return self.behind.sessions()

    def kill_session(self, number: int) -> None:
        self.behind.kill_session(number)

    def statements(self, fragment: str) -> list[Session]:
        return self.behind.statements(fragment)


class SqliteFile:
    """In the place of a server: a database file that every account may read, and nobody needs to start."""

    kind = "odbc_sqlite"
    port = 0

    def __init__(self, workspace: Workspace) -> None:
        self.path = workspace.subfolder("sqlite", mode=0o755) / "test.db"
        self.connect().close()
        self.path.chmod(0o644)

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    def start(self) -> SqliteFile:
        return self

    def running(self) -> bool:
        return True


class SqliteRemote(Remote):
    """A file of SQLite's. It has no sessions."""

    provider: ClassVar[str] = "odbc"
    driver = "SQLite"
    server: Any

    def __init__(self, workspace: Workspace) -> None:
        library_of(self.driver)
        self.server = SqliteFile(workspace)

    def connection(self, **more: object) -> dict[str, object]:
        return {"driver": self.driver, "database": str(self.server.path), **more}

    def execute(self, *statements: str) -> None:
        connection = self.server.connect()
        try:
            for statement in statements:
                connection.execute(statement)
        finally:
            connection.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = self.server.connect()
        try:
            return list(connection.execute(query).fetchall())
        finally:
            connection.close()

    def quote(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def create_rows(self, table: str, count: int, *, width: int = 20) -> None:
        name = self.quote(table)
        kind = f"varchar({width})" if width <= 1000 else "text"
        padded = f"substr('word ' || i || ' é' || replace(hex(zeroblob({width})), '00', '.'), 1, {width})"
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
        self.execute(
            f"DROP TABLE IF EXISTS {name}",
            f"CREATE TABLE {name} (id bigint NOT NULL PRIMARY KEY, word {kind}, amount decimal(12,2))",
            f"INSERT INTO {name} {numbers} SELECT i, {padded}, i / 4.0 FROM n",
        )

    def slow_query(self, seconds: int) -> str:
        """There is no SLEEP: rows are counted for longer than any test lives."""
        return f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {seconds} * 100000000) SELECT count(*) FROM n"

    def endless_query(self, table: str) -> str:
        name = self.quote(table)
        return f"SELECT a.id, a.word FROM {name} a, {name} b, {name} c, {name} d, {name} e"

    def sessions(self) -> list[Session]:
        return []

    def kill_session(self, number: int) -> None:
        raise NotImplementedError("SQLite has no sessions")

