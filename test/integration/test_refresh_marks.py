"""skip_unchanged: a source that may have changed without a trace is never called unchanged."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.refreshing import Refreshed

from servers.postgres import Postgres
from servers.process import wait_until
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote
from servers.workspace import Workspace

TABLE = "marked"


@pytest.fixture(autouse=True)
def tidy(db: Database) -> Iterator[None]:
    yield
    for (name,) in db.rows("SELECT id FROM connector.syncs"):
        db.execute("SELECT cdb_sync_delete(%s)", name)
    db.execute(f"DROP TABLE IF EXISTS {TABLE}")


def settled(sync: Refreshed) -> None:
    """Waits until the source counts as unchanged."""
    wait_until(lambda: sync.run()["mode"] == "unchanged", limit=60, what="a source that is known not to change")


def never_unchanged(sync: Refreshed) -> None:
    time.sleep(3)  # younger changes are not looked at in any case
    assert [sync.run()["mode"] for _ in range(2)] == ["swap", "swap"]


def create(remote: MySqlRemote, definition: str, name: str = TABLE) -> None:
    remote.drop(name)
    remote.execute(f"CREATE TABLE {name} {definition}", f"INSERT INTO {name} VALUES (1), (2), (3)")


def test_truncated_table(db: Database, mysql: MySqlRemote) -> None:
    create(mysql, "(id int PRIMARY KEY) ENGINE = InnoDB")
    sync = Refreshed(db, mysql.connector(table=TABLE), skip_unchanged=True)
    settled(sync)
    mysql.execute(f"TRUNCATE TABLE {TABLE}")
    assert sync.run("swap")["rows"] == 0
    mysql.drop(TABLE)


def test_table_that_changed_places_with_a_partition(db: Database, mysql: MySqlRemote) -> None:
    create(mysql, "(id int) ENGINE = InnoDB")
    create(mysql, "(id int) ENGINE = InnoDB PARTITION BY RANGE (id) (PARTITION p VALUES LESS THAN (100))", "parted")
    mysql.execute("INSERT INTO parted VALUES (4)")
    sync = Refreshed(db, mysql.connector(table=TABLE), skip_unchanged=True)
    settled(sync)
    mysql.execute(f"ALTER TABLE parted EXCHANGE PARTITION p WITH TABLE {TABLE}")
    assert sync.run("swap")["rows"] == 4
    mysql.drop(TABLE)
    mysql.drop("parted")


def test_rows_deleted_by_a_foreign_key(db: Database, mysql: MySqlRemote) -> None:
    mysql.drop(TABLE)
    create(mysql, "(id int PRIMARY KEY) ENGINE = InnoDB", "parents")
    create(mysql, "(id int PRIMARY KEY, FOREIGN KEY (id) REFERENCES parents (id) ON DELETE CASCADE) ENGINE = InnoDB")
    sync = Refreshed(db, mysql.connector(table=TABLE), skip_unchanged=True)
    settled(sync)
    time.sleep(1.1)  # the clock of the mark has seconds
    mysql.execute("DELETE FROM parents WHERE id = 1")
    assert sync.run("swap")["rows"] == 2
    mysql.drop(TABLE)
    mysql.drop("parents")


def test_partitioned_table(db: Database, mysql: MySqlRemote) -> None:
    """Partitions are emptied and exchanged without a trace."""
    create(mysql, "(id int) ENGINE = InnoDB PARTITION BY HASH (id) PARTITIONS 2")
    never_unchanged(Refreshed(db, mysql.connector(table=TABLE), skip_unchanged=True))
    mysql.drop(TABLE)


def test_aria_table(db: Database, mariadb: MySqlRemote) -> None:
    """Aria writes the time of a change when it flushes the table."""
    create(mariadb, "(id int) ENGINE = Aria")
    never_unchanged(Refreshed(db, mariadb.connector(table=TABLE), skip_unchanged=True))
    mariadb.drop(TABLE)


def test_rows_that_policies_choose(db: Database, postgres15: PostgresRemote) -> None:
    """A policy may show other rows without a write."""
    postgres15.execute(
        f"DROP TABLE IF EXISTS {TABLE}", f"CREATE TABLE {TABLE} AS SELECT 1 AS id", f"GRANT SELECT ON {TABLE} TO PUBLIC",
        f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY", f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY", f"CREATE POLICY p ON {TABLE} USING (true)",
    )  # fmt: skip
    sync = Refreshed(db, postgres15.connector(table=TABLE), skip_unchanged=True)
    sync.run("swap")
    postgres15.execute(f"DROP POLICY p ON {TABLE}")
    assert sync.run("swap")["rows"] == 0
    postgres15.drop(TABLE)


def test_counts_that_a_crash_lost(db: Database, workspace: Workspace) -> None:
    """The server's counts of writes are gone with the process that made them, and those of all others are reset."""
    with Postgres(workspace) as server:
        remote = PostgresRemote(server)
        remote.execute(f"CREATE TABLE {TABLE} AS SELECT 1 AS id", f"GRANT SELECT ON {TABLE} TO PUBLIC")
        crash(remote)
        sync = Refreshed(db, remote.connector(table=TABLE), skip_unchanged=True)
        settled(sync)
        crash(remote, f"INSERT INTO {TABLE} VALUES (2)")
        assert sync.run("swap")["rows"] == 2


def crash(remote: PostgresRemote, *statements: str) -> None:
    """Kills a session as soon as its statements are committed: the server restarts by itself."""
    session = remote.server.connect(remote.database)
    with session.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    os.kill(session.get_backend_pid(), signal.SIGKILL)

    def is_gone() -> bool:
        try:
            with session.cursor() as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.Error:
            return True
        return False

    def answers() -> bool:
        try:
            remote.server.connect(remote.database).close()
        except psycopg2.OperationalError:
            return False
        return True

    wait_until(is_gone, limit=60, what="the end of the killed session")
    wait_until(answers, limit=60, what="the server's restart")
