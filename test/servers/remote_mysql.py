"""MySQL and MariaDB as remote databases."""

from __future__ import annotations

from typing import Any, ClassVar

import pymysql

from .mysql_family import MySqlFamily
from .remote import Remote, Session


class MySqlRemote(Remote):
    """A server of the MySQL family."""

    provider: ClassVar[str] = "mysql"
    server: MySqlFamily

    def __init__(self, server: MySqlFamily) -> None:
        self.server = server

    def connection(self, **more: object) -> dict[str, object]:
        return self.server.connection(**more)

    def execute(self, *statements: str) -> None:
        self.server.sql(*statements)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.server.sql(query)

    def quote(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def create_rows(self, table: str, count: int, *, width: int = 20) -> None:
        name = self.quote(table)
        kind = f"varchar({width})" if width <= 1000 else "longtext"
        self.execute(
            f"DROP TABLE IF EXISTS {name}",
            f"CREATE TABLE {name} (id bigint NOT NULL PRIMARY KEY, word {kind}, amount decimal(12,2)) CHARACTER SET utf8mb4",
        )
        values = f"rpad(concat('word ', {{id}}, ' é'), {width}, '.'), {{id}} / 4"
        done = 0
        statements = []
        while done < count:  # doubles what is there
            if done == 0:
                statements.append(f"INSERT INTO {name} SELECT 1, {values.format(id=1)}")
                done = 1
                continue
            more = min(done, count - done)
            new = f"(id + {done})"
            statements.append(f"INSERT INTO {name} SELECT {new}, {values.format(id=new)} FROM {name} WHERE id <= {more}")
            done += more
        self.execute(*statements)

    def slow_query(self, seconds: int) -> str:
        return f"SELECT sleep({seconds}) AS slept"

    def endless_query(self, table: str) -> str:
        name = self.quote(table)
        return f"SELECT a.id, a.word FROM {name} a, {name} b, {name} c, {name} d, {name} e"

    def sessions(self) -> list[Session]:
        return [
            Session(number, "" if command == "Sleep" else statement)
            for number, _, command, statement in self.server.sessions()
        ]

    def kill_session(self, number: int) -> None:
        try:
            self.server.sql(f"KILL {number}", database=None)
        except pymysql.err.OperationalError as error:
            if error.args[0] != 1094:  # ER_NO_SUCH_THREAD: it has ended by itself
                raise
