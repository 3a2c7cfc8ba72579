"""HiveServer2 as a remote database."""

from __future__ import annotations

from typing import Any, ClassVar

from .hive.server import OWNER, HiveServer
from .remote import Remote, Session


class HiveRemote(Remote):
    """Hive's database `testdb`. Whoever connects may read and write everything: Hive has no rights of its own."""

    provider: ClassVar[str] = "hive"
    server: HiveServer

    def __init__(self, server: HiveServer) -> None:
        self.server = server

    def connection(self, **more: object) -> dict[str, object]:
        return self.server.connection(**more)

    def execute(self, *statements: str) -> None:
        self.server.sql(*statements, database="testdb")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.server.sql(query, database="testdb")

    def quote(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def create_rows(self, table: str, count: int, *, width: int = 20) -> None:
        self.drop(table)
        kind = f"varchar({width})" if width <= 1000 else "string"
        self.execute(f"CREATE TABLE {self.quote(table)} (id bigint, word {kind}, amount decimal(12,2)){TEXT_FILE}")
        lines = (
            f"{number}\t{f'word {number} é'.ljust(width, '.')[:width]}\t{number // 4}.{number % 4 * 25:02}\n"
            for number in range(1, count + 1)
        )
        self.server.put(table, "".join(lines).encode())

    def slow_query(self, seconds: int) -> str:
        return f"SELECT testdb.snooze({seconds}) AS slept, count(*) AS n FROM (SELECT 1 AS one) a GROUP BY one"

    def endless_query(self, table: str) -> str:
        """Some forty million rows: those of one row of the table are made at once, so there must not be more of them."""
        return f"SELECT a.id, a.word FROM {self.quote(table)} a LATERAL VIEW explode(split(space(2000), ' ')) b AS c"

    def sessions(self) -> list[Session]:
        found = []
        for line in self.server.control("sessions"):
            number, user, statement = line.split("\t")
            if user != OWNER:
                found.append(Session(int(number), statement))
        return found

    def kill_session(self, number: int) -> None:
        self.server.control(f"kill {number}")


TEXT_FILE = " ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' STORED AS TEXTFILE"
