"""PostgreSQL as a remote database."""

from __future__ import annotations

from typing import Any, ClassVar

from .postgres import Postgres
from .remote import Remote, Session

READER = "reader"


class PostgresRemote(Remote):
    """One database of a cluster, read by a plain role that may read every table there."""

    provider: ClassVar[str] = "postgres"
    server: Postgres

    def __init__(self, server: Postgres, kind: str = "postgres15", database: str = "testdb", *, create: str = "") -> None:
        self.server = server
        self.database = database
        self._kind = kind
        self.tls = server.settings.get("ssl") == "on"
        admin = _Admin(server, "postgres")
        if not admin.rows(f"SELECT 1 FROM pg_roles WHERE rolname = '{READER}'"):
            admin.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{server.password}'")
        admin.execute(f'DROP DATABASE IF EXISTS "{database}"', f'CREATE DATABASE "{database}" {create}')
        self.execute(f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {READER}")

    @property
    def kind(self) -> str:
        return self._kind

    def connection(self, **more: object) -> dict[str, object]:
        return {
            "server": "127.0.0.1",
            "port": self.server.port,
            "database": self.database,
            "username": READER,
            "password": self.server.password,
            **({} if self.tls else {"sslmode": "disable"}),
            **more,
        }

    def execute(self, *statements: str) -> None:
        _Admin(self.server, self.database).execute(*statements)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return _Admin(self.server, self.database).rows(query)

    def quote(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def create_rows(self, table: str, count: int, *, width: int = 20) -> None:
        name = self.quote(table)
        kind = f"varchar({width})" if width <= 1000 else "text"
        self.execute(
            f"DROP TABLE IF EXISTS {name}",
            f"CREATE TABLE {name} (id bigint PRIMARY KEY, word {kind}, amount numeric(12,2))",
            f"INSERT INTO {name} SELECT i, rpad('word ' || i || ' é', {width}, '.'), i / 4.0 FROM generate_series(1, {count}) i",
            f"ANALYZE {name}",
        )

    def slow_query(self, seconds: int) -> str:
        return f"SELECT pg_sleep({seconds})::text AS slept"

    def endless_query(self, table: str) -> str:
        name = self.quote(table)
        return f"SELECT a.id, a.word FROM {name} a, {name} b, {name} c, {name} d, {name} e"

    def sessions(self) -> list[Session]:
        return [
            Session(number, statement if state == "active" else "")
            for number, state, statement in self.rows(
                f"SELECT pid, state, query FROM pg_stat_activity WHERE usename = '{READER}'"
            )
        ]

    def kill_session(self, number: int) -> None:
        self.rows(f"SELECT pg_terminate_backend({number})")


class _Admin:
    """The superuser, for one call."""

    def __init__(self, server: Postgres, database: str) -> None:
        self._server = server
        self._database = database

    def execute(self, *statements: str) -> None:
        for statement in statements:
            self._run(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._run(query)

    def _run(self, statement: str) -> list[tuple[Any, ...]]:
        connection = self._server.connect(self._database)
        try:
            connection.set_client_encoding("UTF8")
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()
