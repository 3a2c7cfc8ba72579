"""What a remote is asked, by its own log and its own counters: keys by lists, and not row by row or by reading all of it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.foreign import create_foreign_table, create_server, plan_of

from servers.process import wait_until
from servers.remote import Remote
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import READER, PostgresRemote

TABLE = "many_rows"
ROWS = 100_000
KEYS = 2_500
BATCH = 1_000  # so many keys are in one statement, at most; in the first ones fewer
STATEMENTS = 5  # 50, 200, 800, 1,000, and the rest

# Joins of the local table `keys` that need the rows of its keys, each of which is there.
LOOKUPS = {
    "inner": "SELECT count(*), sum(t.amount) FROM keys k JOIN many_rows t ON t.id = k.id",
    "left": "SELECT count(*), sum(t.amount) FROM keys k LEFT JOIN many_rows t ON t.id = k.id",
    "semi": "SELECT count(*) FROM keys k WHERE EXISTS (SELECT FROM many_rows t WHERE t.id = k.id)",
    "anti": "SELECT count(*) FROM keys k WHERE NOT EXISTS (SELECT FROM many_rows t WHERE t.id = k.id)",
}

# What is one statement with these words.
ONE = {
    "SELECT amount, count(*), sum(id) FROM many_rows WHERE id < 50 GROUP BY amount": "GROUP BY",
    "SELECT count(*), max(id) FROM many_rows": "COUNT(",
    "SELECT a.id, b.id FROM many_rows a JOIN many_rows b ON a.id = b.id WHERE a.id < 50": "JOIN",
    "SELECT a.id FROM many_rows a WHERE a.id < 50 AND NOT EXISTS (SELECT FROM many_rows b WHERE b.id = a.id AND b.id < 10)": "NOT EXISTS",
}


class Log(ABC):
    """What a server logs of the reader's statements, and how many rows of the table it has read for them."""

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def stop(self) -> None: ...

    @abstractmethod
    def statements(self) -> list[str]:
        """All since the start, in order."""

    @abstractmethod
    def rows_read(self) -> int:
        """By all sessions that have ended."""

    def of(self, db: Database, remote: Remote, query: str) -> tuple[list[str], int]:
        """The statements on the table that a query sends, and the rows that were read for them."""
        db.rows(f"EXPLAIN {query}")  # the first one in a session asks for the table's columns, too
        before, known = self.rows_read(), len(self.statements())
        db.rows(query)
        found = [statement for statement in self.statements()[known:] if TABLE in statement and "SELECT" in statement]
        db.execute("SELECT cdb_foreign_disconnect()")
        wait_until(lambda: not remote.sessions(), what="the end of the remote sessions")
        return found, self.rows_read() - before


class MariaDbLog(Log):
    """The general query log, and the statistics of tables."""

    def __init__(self, remote: MySqlRemote) -> None:
        self._remote = remote

    def start(self) -> None:
        ((self._output,),) = self._remote.server.sql("SELECT @@log_output")
        self._remote.server.sql(
            *("SET GLOBAL log_output = 'TABLE'", "TRUNCATE TABLE mysql.general_log", "SET GLOBAL general_log = ON", "SET GLOBAL userstat = ON")
        )

    def stop(self) -> None:
        self._remote.server.sql(
            *("SET GLOBAL userstat = OFF", "SET GLOBAL general_log = OFF", f"SET GLOBAL log_output = '{self._output}'", "TRUNCATE TABLE mysql.general_log")
        )

    def statements(self) -> list[str]:
        rows = self._remote.rows(
            "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE command_type IN ('Execute', 'Query') "
            f"AND user_host LIKE '{self._remote.connection()['username']}[%' ORDER BY event_time"
        )
        return [str(text) for (text,) in rows]

    def rows_read(self) -> int:
        ((count,),) = self._remote.rows(f"SELECT COALESCE(SUM(rows_read), 0) FROM information_schema.table_statistics WHERE table_name = '{TABLE}'")
        return int(count)


class PostgresLog(Log):
    """The server's log, and its statistics of the table."""

    def __init__(self, remote: PostgresRemote) -> None:
        self._remote = remote
        self._from = 0

    def start(self) -> None:
        self._remote.execute(f"ALTER ROLE {READER} SET log_statement = 'all'")
        self._from = self._remote.server.log.stat().st_size

    def stop(self) -> None:
        self._remote.execute(f"ALTER ROLE {READER} RESET log_statement")

    def statements(self) -> list[str]:
        text = self._remote.server.log.read_bytes()[self._from :].decode(errors="replace")
        entries = re.split(r"^(?=\d{4}-\d\d-\d\d )", text, flags=re.MULTILINE)
        found = (re.search(rf" {READER}@\S+ LOG:  00000: (?:statement|execute [^:]*): (.*)", entry, re.DOTALL) for entry in entries)
        return [match[1] for match in found if match]

    def rows_read(self) -> int:
        indexes = f"SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = '{TABLE}'"
        ((count,),) = self._remote.rows(f"SELECT seq_tup_read + ({indexes}) FROM pg_stat_user_tables WHERE relname = '{TABLE}'")
        return int(count)


@pytest.fixture(params=["mariadb", "postgres15"])
def logged(db: Database, request: pytest.FixtureRequest) -> Iterator[tuple[Remote, Log]]:
    """A remote with the table, whose log is written; here a foreign table, and local keys that lie apart, in any order."""
    remote: Remote = request.getfixturevalue(request.param)
    remote.server.start()
    remote.create_rows(TABLE, ROWS)
    remote.execute(f"ANALYZE TABLE {TABLE}" if isinstance(remote, MySqlRemote) else f"VACUUM ANALYZE {TABLE}")
    create_server(db, remote)
    db.execute(f"CREATE TABLE shape (id bigint NOT NULL, word varchar(20), amount numeric(12,2)); CREATE TABLE keys AS SELECT n * {ROWS // KEYS} AS id "
               f"FROM generate_series(1, {KEYS}) AS n ORDER BY md5(n::text); ANALYZE keys")  # fmt: skip
    create_foreign_table(db, "shape", TABLE, table_name=TABLE)
    log: Log
    if isinstance(remote, MySqlRemote):
        log = MariaDbLog(remote)
    else:
        assert isinstance(remote, PostgresRemote)
        log = PostgresLog(remote)
    log.start()
    yield remote, log
    log.stop()
    db.execute("DROP SERVER remote CASCADE; DROP TABLE shape, keys; SELECT cdb_foreign_disconnect()")
    remote.drop(TABLE)


def keys_in(statement: str, keys: set[int]) -> set[int]:
    """The keys that a statement asks for."""
    return {int(number) for number in re.findall(r"\d+", statement)} & keys


@pytest.mark.parametrize("kind", LOOKUPS)
def test_keys_are_looked_up_by_lists(db: Database, logged: tuple[Remote, Log], kind: str) -> None:
    remote, log = logged
    plan = plan_of(db, LOOKUPS[kind])
    assert "Connector Key Lookup" in plan, plan
    keys = {key for (key,) in db.rows("SELECT id FROM keys")}
    statements, read = log.of(db, remote, LOOKUPS[kind])
    asked = [keys_in(statement, keys) for statement in statements]
    sizes = [len(some) for some in asked]
    assert len(sizes) <= STATEMENTS and max(sizes) <= BATCH, [statement[:200] for statement in statements]
    assert set().union(*asked) == keys and sum(sizes) == KEYS, sizes
    # An index finds the rows: each is read once, or twice where the server looks whether there is another one.
    assert KEYS <= read <= 2 * KEYS, f"{read} rows of {ROWS}"


def test_one_statement_does_it(db: Database, logged: tuple[Remote, Log]) -> None:
    remote, log = logged
    for query, words in ONE.items():
        statements, _ = log.of(db, remote, query)
        assert len(statements) == 1, f"{query}: {statements}"
        assert words in statements[0]
