"""Appends go on from what they read themselves, whatever others write into the table. From MariaDB and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from harness.database import Database
from harness.refreshing import Refreshed, assert_nothing_left
from harness.syncs import Syncs

from servers.process import wait_until
from servers.remote import Remote
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote

TABLE = "flow"


@pytest.fixture
def source(mysql_or_postgres: Remote, db: Database) -> Iterator[Remote]:
    yield mysql_or_postgres
    Syncs(db).clean()
    mysql_or_postgres.drop(TABLE)


def create(remote: Remote, columns: str, *rows: str) -> None:
    remote.execute(f"DROP TABLE IF EXISTS {TABLE}", f"CREATE TABLE {TABLE} ({columns})")
    add(remote, *rows)


def add(remote: Remote, *rows: str) -> None:
    remote.execute(f"INSERT INTO {TABLE} VALUES " + ", ".join(f"({row})" for row in rows))


def words(db: Database) -> list[str]:
    return [word for (word,) in db.rows(f"SELECT word FROM {TABLE} ORDER BY word")]


CURSORS = {
    "int": ("1", "2", "3", "1000"),
    "numeric(30,10)": ("0.5", "0.5000000001", "1e9", "1e12"),
    "double precision": ("-0.1", "0.1", "0.30000000000000004", "1e300"),
    "date": ("'2024-01-31'", "'2024-02-01'", "'2024-02-29'", "'3000-01-01'"),
    "varchar(20)": ("'A'", "'a'", "'é'", "'\u4e00'"),
}


@pytest.mark.parametrize("kind", list(CURSORS))
@pytest.mark.parametrize("key", ["", "word"])
def test_rows_that_others_add_hide_none(db: Database, source: Remote, kind: str, key: str) -> None:
    """They may lie beyond all that was read."""
    first, second, third, beyond = CURSORS[kind]
    db.execute("SET datestyle = 'German, DMY'; SET extra_float_digits = 0")
    create(source, f"c {kind}, word varchar(20)", f"{first}, 'a'")
    sync = Refreshed(db, source.connector(table=TABLE), mode="append", cursor="c", **({"key": key} if key else {}))
    db.execute(f"INSERT INTO {TABLE} VALUES ({beyond}, 'mine')")
    add(source, f"{second}, 'b'")
    assert sync.run("append")["inserted"] == 1
    assert sync.run("append")["inserted"] == 0
    add(source, f"{third}, 'c'", f"{third}, 'd'")
    run = sync.run("append")
    assert (run["inserted"], run["rows"]) == (2, 3), "the remote is asked from what was read last"
    assert words(db) == ["a", "b", "c", "d", "mine"]
    assert sync.run("append")["inserted"] == 0
    assert_nothing_left(db)
    db.execute("RESET ALL")


@pytest.mark.parametrize("key", ["", "word"])
def test_rows_that_others_add_during_the_run(db: Database, postgres15: PostgresRemote, key: str) -> None:
    postgres15.server.start()
    create(postgres15, "c int, word text", "1, 'a'")
    query = f"SELECT f.* FROM {TABLE} f, (SELECT pg_advisory_lock_shared(77)) AS waits"
    sync = Refreshed(db, postgres15.connector(sql_query=query, import_as=TABLE), mode="append", cursor="c", **({"key": key} if key else {}))
    add(postgres15, "2, 'b'")
    with ExitStack() as stack:
        with closing(postgres15.server.connect(postgres15.database)) as holder:
            holder.cursor().execute("SELECT pg_advisory_lock(77)")
            job = stack.enter_context(db.in_background("SELECT cdb_sync_now(%s, true)", sync.id))
            waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            wait_until(lambda: bool(postgres15.rows(waiting)) or not job.running(), limit=60, what="a run that reads")
            db.execute(f"INSERT INTO {TABLE} VALUES (1000, 'mine')")
        job.result()
    add(postgres15, "3, 'c'")
    assert sync.run("append")["inserted"] == 1
    assert words(db) == ["a", "b", "c", "mine"]
    Syncs(db).clean()
    postgres15.drop(TABLE)


def test_rows_that_are_here_already_do_not_come_twice(db: Database, source: Remote) -> None:
    """Somebody brought them by hand."""
    create(source, "c int, word varchar(20)", "1, 'a'")
    sync = Refreshed(db, source.connector(table=TABLE), mode="append", cursor="c")
    add(source, "2, 'b'", "3, 'c'", "4, 'd'")
    db.execute(f"INSERT INTO {TABLE} VALUES (2, 'b'), (3, 'c')")
    assert sync.run("append")["inserted"] == 1
    assert words(db) == ["a", "b", "c", "d"]


def test_an_emptied_table_is_filled_again(db: Database, source: Remote) -> None:
    create(source, "c int, word varchar(20)", "1, 'a'", "2, 'b'", "3, 'c'")
    sync = Refreshed(db, source.connector(table=TABLE), mode="append", cursor="c")
    db.execute(f"DELETE FROM {TABLE} WHERE c > 1")
    assert sync.run("append")["inserted"] == 2
    db.execute(f"TRUNCATE {TABLE}")
    assert sync.run("append")["inserted"] == 3
    assert words(db) == ["a", "b", "c"]


def test_position_after_a_first_run_that_overwrites(db: Database, source: Remote) -> None:
    create(source, "c int, word varchar(20)", "1, 'a'", "2, 'b'")
    db.execute(f"CREATE TABLE {TABLE} (c int, word varchar(20)); INSERT INTO {TABLE} VALUES (1000, 'old')")
    sync = Refreshed(db, source.connector(table=TABLE, collision_strategy="overwrite"), mode="append", cursor="c")
    db.execute(f"INSERT INTO {TABLE} VALUES (1000, 'mine')")
    add(source, "3, 'c'")
    assert sync.run("append")["inserted"] == 1
    assert words(db) == ["a", "b", "c", "mine"]


def test_another_request_begins_at_the_table_again(db: Database, source: Remote) -> None:
    """What was read last belongs to the source and the cursor that it came from."""
    create(source, "c int, word varchar(20), d int", "1, 'a', 30", "2, 'b', 20")
    sync = Refreshed(db, source.connector(table=TABLE), mode="append", cursor="c")
    Syncs(db).call("cdb_sync_update", sync.id, None, {**source.connector(table=TABLE), "sync": {"mode": "append", "cursor": "d"}})
    add(source, "3, 'c', 10", "1, 'd', 40")
    assert sync.run("append")["inserted"] == 1
    assert words(db) == ["a", "b", "d"]
    db.execute(f"INSERT INTO {TABLE} VALUES (0, 'mine', 1000)")
    add(source, "0, 'e', 50")
    assert sync.run("append")["inserted"] == 1
    assert words(db) == ["a", "b", "d", "e", "mine"]


def test_cursor_column_that_gets_another_type(db: Database, source: Remote) -> None:
    create(source, "c int, word varchar(20)", "1, 'a'", "2, 'b'")
    sync = Refreshed(db, source.connector(table=TABLE), mode="append", cursor="c")
    source.execute(f"ALTER TABLE {TABLE} " + ("MODIFY c bigint" if source.provider == "mysql" else "ALTER c TYPE bigint"))
    add(source, "3000000000, 'c'")
    assert sync.run("append")["inserted"] == 1
    db.execute(f"INSERT INTO {TABLE} VALUES (4000000000, 'mine')")
    add(source, "3000000001, 'd'")
    assert sync.run("append")["inserted"] == 1
    db.execute(f"ALTER TABLE {TABLE} ALTER c TYPE numeric")
    add(source, "4000000001, 'e'")
    assert sync.run("append")["inserted"] == 1
    assert words(db) == ["a", "b", "c", "d", "e", "mine"]


def test_a_limit_goes_on_where_nothing_has_changed(db: Database, source: Remote) -> None:
    """What lies behind the limit is still to be read: skip_unchanged must not stop it."""
    create(source, "c int, word varchar(20)", *(f"{i}, '{i}'" for i in range(1, 8)))
    settling = Refreshed(db, source.connector(table=TABLE, import_as="settling"), skip_unchanged=True)
    wait_until(lambda: settling.run()["mode"] == "unchanged", limit=60, what="a source that is known not to change")
    sync = Refreshed(db, source.connector(table=TABLE, max_rows=3), mode="append", cursor="c", skip_unchanged=True)
    assert [sync.run()["inserted"] for _ in range(3)] == [2, 2, 0]
    assert len(words(db)) == 7
    assert sync.run()["mode"] == "unchanged"


@pytest.mark.parametrize("kind", ["char(4)", "varchar(4)"])
def test_text_is_a_position_as_a_whole(db: Database, source: Remote, kind: str) -> None:
    create(source, f"c {kind}, word varchar(20)", *(f"'b{letter}', '{letter}'" for letter in "abcdefg"))
    sync = Refreshed(db, source.connector(table=TABLE, max_rows=3), mode="append", cursor="c")
    assert [sync.run("append")["inserted"] for _ in range(3)] == [2, 2, 0]
    add(source, "'bh', 'h'")
    run = sync.run("append")
    assert (run["inserted"], run["rows"]) == (1, 2)
    assert words(db) == list("abcdefgh")


def test_columns_that_come(db: Database, source: Remote) -> None:
    """Rows that are here have no value in them, and are the same rows even so; also where the new one is the cursor."""
    create(source, "c int, word varchar(20)", "1, 'a'", "2, 'b'")
    sync = Refreshed(db, source.connector(table=TABLE), mode="append", cursor="c")
    db.execute(f"INSERT INTO {TABLE} VALUES (1000, 'mine')")
    source.execute(f"ALTER TABLE {TABLE} ADD extra int DEFAULT 7")
    add(source, "3, 'c', 8")
    assert sync.run("append")["inserted"] == 1
    assert db.rows(f"SELECT c, word, extra FROM {TABLE} ORDER BY c") == [(1, "a", None), (2, "b", None), (3, "c", 8), (1000, "mine", None)]
    source.execute(f"ALTER TABLE {TABLE} ADD at int", f"UPDATE {TABLE} SET extra = NULL", f"UPDATE {TABLE} SET at = c")
    db.execute(f"UPDATE {TABLE} SET extra = NULL")
    Syncs(db).call("cdb_sync_update", sync.id, None, {**source.connector(table=TABLE), "sync": {"mode": "append", "cursor": "at"}})
    add(source, "4, 'd', 9, 4")
    assert sync.run("append")["inserted"] == 1
    assert words(db) == ["a", "b", "c", "d", "mine"]
    assert sync.run("append")["inserted"] == 0


def test_result_of_show(db: Database, mariadb: MySqlRemote) -> None:
    """It is no table expression: all rows come, and those that are here stay away."""
    mariadb.server.start()
    mariadb.drop("flow_b")
    sync = Refreshed(db, mariadb.connector(sql_query="SHOW TABLE STATUS LIKE 'flow%'", import_as=TABLE, columns=["Name"]), mode="append", cursor="name")
    assert sync.run("append")["inserted"] == 0
    mariadb.execute("CREATE TABLE flow_b (a int)")
    assert sync.run("append")["inserted"] == 1
    assert sync.run("append")["inserted"] == 0
    mariadb.drop("flow_b")
    Syncs(db).clean()


def test_a_request_that_is_changed_during_a_run(db: Database, postgres15: PostgresRemote) -> None:
    """What the run has read says nothing of the new request."""
    postgres15.server.start()
    create(postgres15, "c int, word text", "1, 'a'", "2, 'b'")
    settling = Refreshed(db, postgres15.connector(table=TABLE, import_as="settling"), skip_unchanged=True)
    wait_until(lambda: settling.run()["mode"] == "unchanged", limit=60, what="a source that is known not to change")
    connector = postgres15.connector(table=TABLE)
    sync = Refreshed(db, connector, mode="append", cursor="c", skip_unchanged=True)
    db.execute(f"ALTER TABLE {TABLE} ADD CHECK (pg_advisory_xact_lock_shared(78) IS NOT NULL)")
    add(postgres15, "3, 'c'")
    with db.another() as holder, db.another() as other, ExitStack() as stack:
        holder.execute("SELECT pg_advisory_lock(78)")
        Syncs(other).now(sync.id)
        job = stack.enter_context(db.in_background("CALL cdb_run_due_syncs()"))
        waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 78 AND NOT granted"
        wait_until(lambda: bool(other.rows(waiting)) or not job.running(), limit=60, what="a run that checks a row")
        Syncs(other).call("cdb_sync_update", sync.id, None, {**connector, "sync": {"mode": "merge", "key": "c", "skip_unchanged": True}})
        holder.execute("SELECT pg_advisory_unlock_all()")
        job.result()
    assert words(db) == ["a", "b", "c"]
    assert Syncs(db).status(sync.id)["checksum"] == ""
    assert db.value("SELECT position FROM connector.sync WHERE id = %s", sync.id) is None
    Syncs(db).clean()
    postgres15.drop(TABLE)
