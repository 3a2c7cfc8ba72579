"""skip_unchanged: a source that may have changed without a trace is never called unchanged."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack

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


def settled(*syncs: Refreshed) -> None:
    """Waits until the sources count as unchanged."""
    for sync in syncs:
        wait_until(lambda sync=sync: sync.run()["mode"] == "unchanged", limit=60, what="a source that is known not to change")


def create(remote: MySqlRemote, name: str, definition: str) -> None:
    remote.drop(name)
    remote.execute(f"CREATE TABLE {name} {definition}", f"INSERT INTO {name} VALUES (1), (2), (3)")


def test_changes_without_a_time(db: Database, mysql: MySqlRemote) -> None:
    """TRUNCATE, partitions that are exchanged, rows deleted by a foreign key, engines that write the time late. (That a
    whole table is exchanged for a partition shows only when the server counts its rows anew.)"""
    if mysql.kind == "mysql56":
        pytest.skip("InnoDB of MySQL 5.6 tells no time of a change: nothing is ever called unchanged")
    parted = "ENGINE = InnoDB PARTITION BY RANGE (id) (PARTITION p VALUES LESS THAN (100))"
    mysql.drop("marked_child")  # refers to marked_parent
    create(mysql, "marked", "(id int PRIMARY KEY) ENGINE = InnoDB")
    create(mysql, "other", "(id int) ENGINE = InnoDB")
    create(mysql, "marked_partitions", f"(id int) {parted}")
    create(mysql, "marked_parent", "(id int PRIMARY KEY) ENGINE = InnoDB")
    create(mysql, "marked_child", "(id int PRIMARY KEY, FOREIGN KEY (id) REFERENCES marked_parent (id) ON DELETE CASCADE) ENGINE = InnoDB")
    mysql.execute("INSERT INTO marked_partitions VALUES (4)")
    names = ["marked", "marked_child", "marked_partitions"]
    if mysql.kind == "mariadb":
        create(mysql, "marked_aria", "(id int) ENGINE = Aria")
        names.append("marked_aria")
    syncs = {name: Refreshed(db, mysql.connector(table=name), skip_unchanged=True) for name in names}
    settled(*(syncs[name] for name in names[:2]))
    time.sleep(1.1)  # the clock of the mark has seconds
    for name in names[2:]:  # older than any change that is looked at
        assert [syncs[name].run()["mode"] for _ in range(2)] == ["swap", "swap"], name
    mysql.execute(
        "TRUNCATE TABLE marked",
        "ALTER TABLE marked_partitions EXCHANGE PARTITION p WITH TABLE other",
        "DELETE FROM marked_parent WHERE id = 1",
    )
    assert [syncs[name].run("swap")["rows"] for name in names[:3]] == [0, 2, 3]
    for name in [*names, "marked_parent", "other"]:
        mysql.drop(name)
        db.execute(f"DROP TABLE IF EXISTS {name}")


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
    remote.execute("CHECKPOINT")
    session = remote.server.connect(remote.database)
    checkpointer = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
    ((former,),) = remote.rows(checkpointer)
    with session.cursor() as cursor:
        for statement in ("SET synchronous_commit = on", *statements):
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
        """Not for the last time before it notices the crash."""
        try:
            return [pid for (pid,) in remote.rows(checkpointer)] not in ([], [former])
        except psycopg2.OperationalError:
            return False

    wait_until(is_gone, limit=60, what="the end of the killed session")
    wait_until(answers, limit=60, what="the server's restart")


def test_rows_that_others_change_while_they_are_merged(db: Database, postgres15: PostgresRemote) -> None:
    """They are left to the next run, which is not skipped."""
    postgres15.execute(f"DROP TABLE IF EXISTS {TABLE}", f"CREATE TABLE {TABLE} AS SELECT i AS id, 'word' AS word FROM generate_series(1, 3) i")
    settled(Refreshed(db, postgres15.connector(table=TABLE, import_as="marked_too"), skip_unchanged=True))
    sync = Refreshed(db, postgres15.connector(table=TABLE), skip_unchanged=True, mode="merge", key="id")
    db.execute(f"UPDATE {TABLE} SET word = 'mine' WHERE id = 1")
    with db.another() as other, ExitStack() as stack:
        other.execute("BEGIN")
        other.execute(f"UPDATE {TABLE} SET word = 'still mine' WHERE id = 1")
        job = stack.enter_context(db.in_background("SELECT cdb_sync_now(%s, true)", sync.id))
        blocked = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
        wait_until(lambda: bool(db.rows(blocked, job.pid)) or not job.running(), limit=60, what="a merge that waits for a row")
        other.execute("COMMIT")
        job.result()
    assert db.value(f"SELECT word FROM {TABLE} WHERE id = 1") == "still mine"
    assert sync.run("merge")["updated"] == 1
    assert sync.run("unchanged")["rows"] == 0
    db.execute("DROP TABLE marked_too")
    postgres15.drop(TABLE)


def test_values_that_change_without_a_write(db: Database, postgres15: PostgresRemote) -> None:
    """Names of an enum's values, also inside other types; names that stand for OIDs are looked at each time."""
    postgres15.execute(
        "DROP TABLE IF EXISTS marked, marked_names, marked_plain", "DROP DOMAIN IF EXISTS marked_domain", "DROP TYPE IF EXISTS marked_pair, marked_mood",
        "CREATE TYPE marked_mood AS ENUM ('sad', 'glad')", "CREATE DOMAIN marked_domain AS marked_mood[]",
        "CREATE TYPE marked_pair AS (a int, b marked_domain)", "CREATE TABLE marked_plain (id int)",
        "CREATE TABLE marked AS SELECT 1 AS id, ROW(1, ARRAY['sad']::marked_domain)::marked_pair AS pair",
        "CREATE TABLE marked_names AS SELECT 'marked_plain'::regclass AS name",
    )  # fmt: skip
    sync, names = (Refreshed(db, postgres15.connector(table=name), skip_unchanged=True) for name in ("marked", "marked_names"))
    settled(sync)
    assert names.run()["mode"] == names.run()["mode"] == "swap"
    postgres15.execute("ALTER TYPE marked_mood RENAME VALUE 'sad' TO 'blue'", "ALTER TABLE marked_plain RENAME TO marked_other")
    sync.run("swap")
    assert db.value("SELECT pair::text FROM marked") == "(1,{blue})"
    names.run("swap")
    assert db.value("SELECT name::text FROM marked_names") == "marked_other"
    db.execute("DROP TABLE marked_names")
    postgres15.execute("DROP TABLE marked, marked_names, marked_other", "DROP TYPE marked_pair", "DROP DOMAIN marked_domain", "DROP TYPE marked_mood")
