"""Refreshes that ask the remote for less: append by a cursor, skip_unchanged. From MariaDB and PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.refreshing import Refreshed, assert_nothing_left
from harness.syncs import Syncs

from servers.process import wait_until
from servers.remote import Remote

TABLE = "events"


@pytest.fixture
def source(mysql_or_postgres: Remote, db: Database) -> Iterator[Remote]:
    yield mysql_or_postgres
    Syncs(db).clean()
    mysql_or_postgres.drop(TABLE)


def is_mysql(remote: Remote) -> bool:
    return remote.provider == "mysql"


def create(remote: Remote, columns: str, *rows: str) -> None:
    remote.execute(f"DROP TABLE IF EXISTS {TABLE}", f"CREATE TABLE {TABLE} ({columns})")
    add(remote, *rows)


def add(remote: Remote, *rows: str) -> None:
    if rows:
        remote.execute(f"INSERT INTO {TABLE} VALUES " + ", ".join(f"({row})" for row in rows))


def appended(sync: Refreshed) -> int:
    run = sync.run("append")
    assert run["updated"] == run["deleted"] == 0
    count = run["inserted"]
    assert isinstance(count, int)
    return count


def test_append_by_number(db: Database, source: Remote) -> None:
    create(source, "id bigint, what varchar(20)", *(f"{i}, 'event {i}'" for i in range(1, 51)))
    sync = Refreshed(db, source.connector(table=TABLE), mode="append", cursor="id")
    assert appended(sync) == 0
    add(source, "51, 'new'", "52, NULL")
    run = sync.run("append")
    assert (run["inserted"], run["rows"]) == (2, 3), "the remote is asked from the last value on"
    assert db.rows(f"SELECT id, what FROM {TABLE} WHERE id >= 50 ORDER BY id") == [(50, "event 50"), (51, "new"), (52, None)]
    source.execute(f"UPDATE {TABLE} SET what = 'old' WHERE id = 1", f"DELETE FROM {TABLE} WHERE id = 2")
    assert appended(sync) == 0
    assert db.value(f"SELECT count(*) FROM {TABLE} WHERE what = 'event 1' OR id = 2") == 2
    assert_nothing_left(db)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("date", ["'2024-01-31'", "'2024-02-01'", "'2024-02-29'"]),
        ("timestamp", ["'2024-01-01 00:00:00'", "'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:01.5'"]),
        ("timestamptz", ["'2024-03-31 00:59:59.5'", "'2024-03-31 01:00:00'", "'2024-10-27 01:30:00'"]),
        ("numeric(30,10)", ["-1.5", "0.0000000001", "12345678901234567890.0000000001"]),
        ("double precision", ["-0.1", "0.1", "0.30000000000000004"]),
        ("real", ["-0.1", "0.1", "16777216"]),
        ("varchar(20)", ["'A'", "'a'", "'é'"]),
    ],
)
def test_cursor_types(db: Database, source: Remote, kind: str, values: list[str]) -> None:
    """The next value by the order that both sides share; one just before the last is not read again."""
    spelt = kind
    if is_mysql(source):
        spelt = {"timestamp": "datetime(6)", "timestamptz": "timestamp(6)", "real": "float", "varchar(20)": "varchar(20) COLLATE utf8mb4_general_ci"}.get(kind, kind)
    db.execute("SET datestyle = 'German, DMY'; SET timezone = 'Asia/Kolkata'; SET extra_float_digits = 0")
    create(source, f"c {spelt}, n int", f"{values[0]}, 1", f"{values[1]}, 2")
    sync = Refreshed(db, source.connector(table=TABLE), mode="append", cursor="c")
    assert appended(sync) == 0
    add(source, f"{values[1]}, 3", f"{values[0]}, 4", f"{values[2]}, 5")
    run = sync.run("append")
    assert (run["inserted"], run["rows"]) == (2, 3), "the boundary's rows once more, and none before it"
    assert [n for (n,) in db.rows(f"SELECT n FROM {TABLE} ORDER BY n")] == [1, 2, 3, 5]
    assert appended(sync) == 0
    db.execute("RESET ALL")


def test_append_nulls_and_empty(db: Database, source: Remote) -> None:
    create(source, "id int, what varchar(20)")
    sync = Refreshed(db, source.connector(table=TABLE), mode="append", cursor="id")
    assert appended(sync) == 0
    add(source, "NULL, 'none'", "NULL, 'none at all'")
    assert appended(sync) == 2
    assert appended(sync) == 0
    add(source, "1, 'one'", "NULL, 'late'")
    assert appended(sync) == 2
    add(source, "NULL, 'too late'", "2, 'two'")
    assert appended(sync) == 1


def test_append_with_a_key(db: Database, source: Remote) -> None:
    """The cursor tells what has changed: such rows are updated."""
    create(source, "id int PRIMARY KEY, what varchar(20), at int", "1, 'a', 10", "2, 'b', 20")
    sync = Refreshed(db, source.connector(table=TABLE), mode="append", cursor="at", key="id")
    source.execute(f"UPDATE {TABLE} SET what = 'changed', at = 30 WHERE id = 1", f"UPDATE {TABLE} SET what = 'same time' WHERE id = 2")
    add(source, "3, 'c', 31")
    run = sync.run("append")
    assert (run["inserted"], run["updated"], run["deleted"]) == (1, 2, 0)
    assert db.rows(f"SELECT * FROM {TABLE} ORDER BY id") == [(1, "changed", 30), (2, "same time", 20), (3, "c", 31)]


def test_append_by_steps(db: Database, source: Remote) -> None:
    """A limit cuts in the cursor's order, so that the next run goes on where the last one ended."""
    create(source, "id int, what varchar(20)", *(f"{(i * 7) % 30}, 'x'" for i in range(30)))
    sync = Refreshed(db, source.connector(table=TABLE, max_rows=12), mode="append", cursor="id")
    assert db.rows(f"SELECT min(id), max(id), count(*) FROM {TABLE}") == [(0, 11, 12)]
    assert [appended(sync) for _ in range(3)] == [11, 7, 0]
    assert db.rows(f"SELECT count(*), count(DISTINCT id) FROM {TABLE}") == [(30, 30)]


def test_append_from_a_query(db: Database, source: Remote) -> None:
    create(source, "id int, what varchar(20)", "1, 'a'", "2, 'b'")
    connector = source.connector(sql_query=f"SELECT what, id * 2 AS twice FROM {TABLE} -- all", import_as=TABLE)
    sync = Refreshed(db, connector, mode="append", cursor="twice")
    add(source, "3, 'c'", "1, 'late'")
    run = sync.run("append")
    assert (run["inserted"], run["rows"]) == (1, 2)
    assert db.rows(f"SELECT what, twice FROM {TABLE} ORDER BY twice") == [("a", 2), ("b", 4), ("c", 6)]


def test_append_where_the_remote_cannot(db: Database, source: Remote) -> None:
    """A cursor of another type than the remote's own is compared here; but then nothing may be cut."""
    create(source, "c varchar(20), n int", "'9', 1", "'10', 2")
    sync = Refreshed(db, source.connector(table=TABLE, columns={"c": "integer", "n": None}), mode="append", cursor="c")
    add(source, "'11', 3", "'8', 4")
    run = sync.run("append")
    assert (run["inserted"], run["rows"]) == (1, 4)
    db.execute("SET connector.max_rows = 2")
    sync.fail(2001, "cursor")
    db.execute("RESET connector.max_rows")


def test_cursors_that_are_none(db: Database, source: Remote) -> None:
    """The first run tells."""
    create(source, "id int, flag boolean, box json", "1, true, '[]'")
    syncs = Syncs(db)
    cursors = {"nothing": "does not exist", "box": "can't be a cursor"} | ({} if is_mysql(source) else {"flag": "can't be a cursor"})
    for cursor, words in cursors.items():
        # MySQL's is text, as far as the server knows.
        columns = {"columns": {"box": "jsonb"}} if cursor == "box" and is_mysql(source) else {}
        connector = source.connector(table=TABLE, import_as=f"by_{cursor}", **columns)
        row = syncs.create({**connector, "sync": {"mode": "append", "cursor": cursor}})
        assert syncs.now(row["id"], wait=True)["state"] == "failure"
        status = syncs.status(row["id"])
        assert status["error_code"] == 1502 and words in status["error_message"]


def test_cursor_of_bytes(db: Database, source: Remote) -> None:
    """They have an order; the remote is not asked for it."""
    create(source, f"c {'varbinary(8)' if is_mysql(source) else 'bytea'}, n int", "'a', 1", "'b', 2")
    sync = Refreshed(db, source.connector(table=TABLE), mode="append", cursor="c")
    assert appended(sync) == 0
    add(source, "'a2', 3", "'b', 4", "'b2', 5")
    assert appended(sync) == 2
    assert [n for (n,) in db.rows(f"SELECT n FROM {TABLE} ORDER BY n")] == [1, 2, 4, 5]


def test_append_that_stands_still(db: Database, source: Remote) -> None:
    """More rows with one value than the limit lets through: nothing beyond them would ever arrive."""
    create(source, "id int PRIMARY KEY, at int", *(f"{i}, 10" for i in range(1, 6)), "6, 11")
    sync = Refreshed(db, source.connector(table=TABLE, max_rows=2), mode="append", cursor="at")
    sync.fail(2001, '"at"', "max_rows")
    db.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_pkey")
    sync.fail(2001, '"at"', "max_rows")
    db.execute("SET connector.max_rows = 1")
    sync.fail(2001, '"at"', "max_rows")
    db.execute("RESET connector.max_rows")
    source.execute(f"UPDATE {TABLE} SET at = 10 + id")
    while sync.run("append")["inserted"] > 0:
        pass
    assert db.value(f"SELECT max(at) FROM {TABLE}") == 16


@pytest.mark.parametrize("cursor", ["id", "at"])
def test_append_of_rows_that_change(db: Database, source: Remote, cursor: str) -> None:
    """The primary key came along: rows that are here already are updated. Without it no error repeats for ever in silence."""
    create(source, "id int PRIMARY KEY, at int, what varchar(20)", "1, 1, 'a'", "2, 2, 'b'")
    sync = Refreshed(db, source.connector(table=TABLE), mode="append", cursor=cursor)
    source.execute(f"UPDATE {TABLE} SET what = 'changed', at = 3 WHERE id = 2")
    add(source, "3, 4, 'c'")
    run = sync.run("append")
    assert (run["inserted"], run["updated"], run["deleted"]) == (1, 1, 0)
    assert db.rows(f"SELECT * FROM {TABLE} ORDER BY id") == [(1, 1, "a"), (2, 3, "changed"), (3, 4, "c")]


def test_append_hints_at_a_key(db: Database, source: Remote) -> None:
    create(source, "id int, at int, what varchar(20)", "1, 1, 'a'", "2, 2, 'b'")
    sync = Refreshed(db, source.connector(table=TABLE), mode="append", cursor="at")
    db.execute(f"ALTER TABLE {TABLE} ADD UNIQUE (id)")
    source.execute(f"UPDATE {TABLE} SET at = 3 WHERE id = 2")
    sync.fail(2001, "(id)=(2)", '"key"')


def test_skip_unchanged(db: Database, source: Remote) -> None:
    create(source, "id int, what varchar(20)", "1, 'a'")
    sync = Refreshed(db, source.connector(table=TABLE), skip_unchanged=True)
    # The mark counts once it is some seconds old, resp. once the server's processes have told their counts.
    wait_until(lambda: sync.run()["mode"] == "unchanged", limit=60, what="a source that is known not to change")
    assert Syncs(db).status(sync.id)["checksum"]
    assert sync.run("unchanged")["rows"] == 0
    db.execute(f"INSERT INTO {TABLE} VALUES (-1, 'mine')")
    sync.run("unchanged")
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 2
    for statement in (f"INSERT INTO {TABLE} VALUES (2, 'b')", f"UPDATE {TABLE} SET what = 'c'", f"DELETE FROM {TABLE} WHERE id = 1"):
        time.sleep(1.1)  # the clock of UPDATE_TIME has seconds
        source.execute(statement)
        wait_until(lambda: sync.run()["mode"] == "swap", limit=60, what="the change to be seen")
        assert db.rows(f"SELECT * FROM {TABLE} ORDER BY 1") == source.rows(f"SELECT * FROM {TABLE} ORDER BY 1")
        wait_until(lambda: sync.run()["mode"] == "unchanged", limit=60, what="quiet")
    source.execute(f"ALTER TABLE {TABLE} ADD COLUMN more int")
    wait_until(lambda: sync.run()["mode"] == "swap", limit=60, what="the new column to be seen")
    assert [name for name, _, _ in db.columns(TABLE)] == ["id", "what", "more"]


def test_skip_unchanged_where_nobody_knows(db: Database, source: Remote) -> None:
    create(source, "id int, what varchar(20)", "1, 'a'")
    source.execute(f"CREATE VIEW {TABLE}_view AS SELECT * FROM {TABLE}")
    for connector in (source.connector(table=f"{TABLE}_view"), source.connector(sql_query=f"SELECT * FROM {TABLE}", import_as="q")):
        sync = Refreshed(db, connector, skip_unchanged=True)
        sync.run("swap")
        sync.run("swap")
    source.execute(f"DROP VIEW {TABLE}_view")
