"""A table whose rows all carry the number of its version, so that a mixture of two would show; and crashes beside it."""

from __future__ import annotations

import psycopg2

from servers.process import wait_until
from servers.remote_mysql import MySqlRemote

from .database import Database

TABLE = "precious"
ROWS = 5000


def create_version(source: MySqlRemote) -> None:
    """Version 0."""
    source.create_rows(TABLE, ROWS)
    source.execute(f"ALTER TABLE {TABLE} ADD COLUMN body longtext")
    next_version(source, 0)


def next_version(source: MySqlRemote, version: int) -> None:
    """The number is in each row; some rows are large."""
    source.execute(
        f"UPDATE {TABLE} SET amount = {version}, body = CASE WHEN id % 500 = 0 THEN repeat('v{version}-', 30000) END"
    )


def version_of(db: Database, table: str = TABLE) -> int:
    """The one version that all rows are of, by several ways of reading."""
    ((low, high, count),) = db.rows(f"SELECT min(amount), max(amount), count(*) FROM {table}")
    assert low == high and count == ROWS, (low, high, count)
    version = int(low)
    assert db.rows(f"SELECT DISTINCT length(body), left(body, 20) FROM {table} WHERE body IS NOT NULL") == [
        (len(f"v{version}-") * 30000, (f"v{version}-" * 20)[:20])
    ]
    db.execute("SET enable_seqscan = off")
    assert db.value(f"SELECT amount FROM {table} WHERE id = 4321") == version
    db.execute("RESET enable_seqscan")
    return version


def is_cut_off(observer: Database) -> bool:
    """PostgreSQL ends all sessions when a process of it crashes."""
    try:
        observer.connection.cursor().execute("SELECT 1")
        return False
    except psycopg2.Error:
        return True


def come_back(db: Database) -> None:
    """Waits until the database can be used again after a crash."""

    def back() -> bool:
        try:
            db.close()
            return db.value("SELECT 1") == 1
        except psycopg2.Error:
            return False

    wait_until(back, limit=120, what="the cluster")
