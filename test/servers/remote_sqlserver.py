"""SQL Server, or what speaks its protocol, as a remote database."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

import pytds

from .remote import Remote, Session
from .server import Unavailable

READER = "connector_reader"


class SqlServer(Protocol):
    """What a server must tell: where it listens, and an account that may do anything."""

    kind: str
    port: int
    user: str
    password: str

    def start(self) -> Any: ...
    def running(self) -> bool: ...


@dataclass
class RealSqlServer:
    """The server that CONNECTOR_TEST_SQLSERVER=host:port:user:password names. It is neither started nor stopped."""

    host: str
    port: int
    user: str
    password: str
    kind: str = "sqlserver"

    @classmethod
    def from_environment(cls) -> RealSqlServer:
        text = os.environ.get("CONNECTOR_TEST_SQLSERVER", "")
        found = re.fullmatch(r"([^:]+):(\d+):([^:]+):(.*)", text)
        if found is None:
            raise Unavailable("CONNECTOR_TEST_SQLSERVER=host:port:user:password names no server")
        host, port, user, password = found.groups()
        return cls(host, int(port), user, password)

    def start(self) -> RealSqlServer:
        return self

    def running(self) -> bool:
        return True


class SqlServerRemote(Remote):
    """One database of a server, `testdb`, made anew."""

    provider: ClassVar[str] = "sqlserver"
    server: Any

    def __init__(self, server: SqlServer, database: str = "testdb") -> None:
        self.server = server
        self.database = database
        self.tells_statements = bool(self._run("master", "SELECT OBJECT_ID('sys.dm_exec_requests')")[0][0])
        self._run("master", f"IF DB_ID('{database}') IS NOT NULL DROP DATABASE {database}", f"CREATE DATABASE {database}")

    @property
    def kind(self) -> str:
        return str(self.server.kind)

    @cached_property
    def is_babelfish(self) -> bool:
        return "Babelfish" in str(self._run("master", "SELECT @@VERSION")[0][0])

    def connection(self, **more: object) -> dict[str, object]:
        return {
            "server": getattr(self.server, "host", "127.0.0.1"),
            "port": self.server.port,
            "database": self.database,
            "username": self.server.user,
            "password": self.server.password,
            **more,
        }

    def connect(self, database: str | None = None) -> Any:
        """A session of the test itself."""
        return pytds.connect(
            dsn=getattr(self.server, "host", "127.0.0.1"),
            port=self.server.port,
            user=self.server.user,
            password=self.server.password,
            database=database or self.database,
            autocommit=True,
            appname="test",
            login_timeout=120,
        )

    def _run(self, database: str, *statements: str) -> list[tuple[Any, ...]]:
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                rows: list[tuple[Any, ...]] = []
                for statement in statements:
                    cursor.execute(statement)
                    rows = list(cursor.fetchall()) if cursor.description else []
                return rows
        finally:
            connection.close()

    def execute(self, *statements: str) -> None:
        self._run(self.database, *statements)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._run(self.database, query)

    def quote(self, name: str) -> str:
        return "[" + name.replace("]", "]]") + "]"

    def drop(self, table: str) -> None:
        self.execute(f"DROP TABLE IF EXISTS {self.quote(table)}")

    def create_rows(self, table: str, count: int, *, width: int = 20) -> None:
        name = self.quote(table)
        kind = f"nvarchar({width})" if width <= 1000 else "nvarchar(max)"
        self.execute(
            f"DROP TABLE IF EXISTS {name}",
            f"CREATE TABLE {name} (id bigint NOT NULL PRIMARY KEY, word {kind}, amount decimal(12,2))",
        )

        def word(number: str) -> str:
            text = f"N'word ' + CAST({number} AS nvarchar(20)) + N' é'"
            return f"LEFT({text} + REPLICATE(CAST(N'.' AS nvarchar(max)), {width}), {width})"

        done = 0
        statements = []
        while done < count:  # doubles what is there
            if done == 0:
                statements.append(f"INSERT INTO {name} VALUES (1, {word('1')}, 0.25)")
                done = 1
                continue
            more = min(done, count - done)
            new = f"(id + {done})"
            statements.append(f"INSERT INTO {name} SELECT {new}, {word(new)}, {new} / 4.0 FROM {name} WHERE id <= {more}")
            done += more
        self.execute(*statements)

    def slow_query(self, seconds: int) -> str:
        hours, rest = divmod(seconds, 3600)
        return f"WAITFOR DELAY '{hours:02}:{rest // 60:02}:{rest % 60:02}'; SELECT 1 AS slept"

    def endless_query(self, table: str) -> str:
        name = self.quote(table)
        return f"SELECT a.id, a.word FROM {name} a, {name} b, {name} c, {name} d, {name} e"

    def sessions(self) -> list[Session]:
        """Those that call themselves `connector`."""
        if not self.tells_statements:
            found = self._run("master", f"SELECT session_id, status FROM sys.dm_exec_sessions WHERE {_OURS}")
            return [Session(number, "" if status == "idle" else UNTOLD) for number, status in found]
        found = self._run(
            "master",
            "SELECT s.session_id, t.text FROM sys.dm_exec_sessions s LEFT JOIN sys.dm_exec_requests r "
            f"ON r.session_id = s.session_id OUTER APPLY sys.dm_exec_sql_text(r.sql_handle) t WHERE s.{_OURS}",
        )
        return [Session(number, text or "") for number, text in found]

    def statements(self, fragment: str) -> list[Session]:
        return [session for session in self.sessions() if fragment in session.statement or session.statement == UNTOLD]

    def kill_session(self, number: int) -> None:
        try:
            self._run("master", f"KILL {number}")
        except pytds.Error as error:  # it may have ended by itself
            if "not an active process" not in str(error):
                raise


UNTOLD = "(a statement)"  # Babelfish has no sys.dm_exec_requests
_OURS = "program_name = 'connector'"
