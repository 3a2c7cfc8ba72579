"""Syncs by ODBC: replace, merge, and append by a number and by a moment, where the dialect can order and compare."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.refreshing import Refreshed, counts
from harness.syncs import Syncs

from servers.remote import Remote

TABLE = "kept"


@pytest.fixture
def source(db: Database, odbc: Remote) -> Iterator[Remote]:
    odbc.drop(TABLE)
    yield odbc
    Syncs(db).clean()
    odbc.drop(TABLE)


def rows_here(db: Database) -> list[tuple[object, ...]]:
    return db.rows(f"SELECT id, word FROM {TABLE} ORDER BY id")


def test_replace(db: Database, source: Remote) -> None:
    source.create_rows(TABLE, 300)
    sync = Refreshed(db, source.connector(table=TABLE))
    source.execute(f"UPDATE {TABLE} SET word = 'changed' WHERE id = 7", f"DELETE FROM {TABLE} WHERE id > 200")
    sync.run()
    found = rows_here(db)
    assert (len(found), dict(found)[7], db.value("SELECT %s::regclass::oid::int8", TABLE)) == (200, "changed", sync.oid)


def test_merge(db: Database, source: Remote) -> None:
    source.create_rows(TABLE, 1500)
    sync = Refreshed(db, source.connector(table=TABLE), mode="merge", key="id")
    source.execute(
        f"UPDATE {TABLE} SET word = 'changed' WHERE id = 7",
        f"DELETE FROM {TABLE} WHERE id > 1400",
        f"INSERT INTO {TABLE} VALUES (3000, 'new', 1.25)",
    )
    assert counts(sync.run("merge")) == (1, 1, 100)
    found = dict(rows_here(db))
    assert (len(found), found[7], found[3000]) == (1401, "changed", "new")
    assert counts(sync.run("merge")) == (0, 0, 0)


CURSORS = {
    "integer": ("bigint", ["1", "2", "9007199254740993", "9007199254740994"]),
    "timestamp": ("timestamp", ["'1969-12-31 23:59:59'", "'2024-02-29 12:34:56'", "'2024-02-29 12:34:57'", "'9999-12-31 23:59:59'"]),
}


@pytest.mark.parametrize("kind", list(CURSORS))
def test_append(db: Database, source: Remote, kind: str) -> None:
    """Only what lies beyond the last value is read."""
    declared, values = CURSORS[kind]
    if kind == "timestamp":
        declared = {"odbc_mariadb": "datetime", "odbc_tds": "datetime2(6)"}.get(source.kind, declared)
    source.execute(f"CREATE TABLE {TABLE} (id int NOT NULL PRIMARY KEY, word varchar(10), c {declared} NOT NULL)")
    first, second, third, fourth = values
    source.execute(f"INSERT INTO {TABLE} VALUES (1, 'a', {first})", f"INSERT INTO {TABLE} VALUES (2, 'b', {second})")
    sync = Refreshed(db, source.connector(table=TABLE), mode="append", cursor="c")
    source.execute(f"UPDATE {TABLE} SET word = 'other' WHERE id = 1", f"INSERT INTO {TABLE} VALUES (3, 'c', {third})")
    assert sync.run("append")["inserted"] == 1
    assert sync.run("append")["inserted"] == 0
    source.execute(f"INSERT INTO {TABLE} VALUES (4, 'd', {fourth})")
    assert sync.run("append")["inserted"] == 1
    assert [(int(str(id)), word) for id, word in rows_here(db)] == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


def test_changed_columns_are_followed(db: Database, source: Remote) -> None:
    source.create_rows(TABLE, 3)
    sync = Refreshed(db, source.connector(table=TABLE))
    source.execute(f"ALTER TABLE {TABLE} ADD {'' if source.kind == 'odbc_tds' else 'COLUMN'} extra varchar(10)", f"UPDATE {TABLE} SET extra = 'x'")
    sync.run()
    assert db.rows(f"SELECT DISTINCT extra FROM {TABLE}") == [("x",)]
