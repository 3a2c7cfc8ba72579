"""Merges that compare ranges of the key: what they read, what they keep, and when they trust nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.ranges import KINDS, TABLE, Ranged, assert_equal, create_items, stored_ranges
from harness.refreshing import assert_nothing_left, counts
from harness.syncs import Syncs
from harness.thorough import by_turns

from servers.process import wait_until
from servers.proxy import NO_FAULT, Fault, Proxy
from servers.remote import Remote

pytestmark = [pytest.mark.usefixtures("snapshots_of_sqlserver"), by_turns("source", ("mariadb", "postgres15", "tds"))]

ROWS = 200
BY_RANGES = {"mode": "merge", "key": "id", "compare": "ranges"}


@pytest.fixture(params=["mariadb", "postgres15", "tds"])
def source(request: pytest.FixtureRequest, db: Database) -> Iterator[Remote]:
    """Each provider whose remotes compute checksums, with 200 rows; ranges have about ten."""
    remote: Remote = request.getfixturevalue(request.param)
    remote.server.start()
    create_items(remote, ROWS)
    db.execute("SET connector.range_rows = 10")
    yield remote
    Syncs(db).clean()
    db.execute("RESET connector.range_rows")
    remote.drop(TABLE)


def settled(db: Database, source: Remote, **keys: object) -> Ranged:
    sync = Ranged(db, source.connector(table=TABLE, **keys))
    sync.settle()
    return sync


# what is read
def test_ranges_are_kept_by_the_first_run_that_compares(db: Database, source: Remote) -> None:
    sync = Ranged(db, source.connector(table=TABLE))
    assert stored_ranges(db) == []
    sync.by_rows("from now on")
    kept = [count or 0 for count in stored_ranges(db)]
    assert sum(kept) == ROWS and len(kept) > 5, kept
    assert counts(sync.reading(0)) == (0, 0, 0)
    assert_equal(db, source)
    assert_nothing_left(db)


def test_a_run_without_a_change_asks_for_no_row(db: Database, source: Remote) -> None:
    """What comes from the remote is but a small part of what the rows take."""
    create_items(source, 5000)
    db.execute("SET connector.range_rows = 1000")
    with Proxy(source.server.port) as proxy:
        sync = Ranged(db, source.connector(table=TABLE, connection=source.connection(port=proxy.port)))
        sync.settle()
        request = source.connector(table=TABLE, connection=source.connection(port=proxy.port), max_rows=100_000)
        sync.syncs.call("cdb_sync_update", sync.id, None, {**request, "sync": BY_RANGES})
        before = proxy.from_server
        sync.comparing_all(5000)  # as the request is another one
        all_rows = proxy.from_server - before
        assert sync.reading(0)["rows"] == 0
        assert proxy.from_server - before - all_rows < all_rows / 4
    assert_equal(db, source)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("UPDATE item SET n = 100 WHERE id = 990", (0, 1, 0)),
        ("DELETE FROM item WHERE id = 1000", (0, 0, 1)),
        ("INSERT INTO item (id, word, n, amount) VALUES (1001, NULL, NULL, NULL)", (1, 0, 0)),
        ("INSERT INTO item (id, word, n, amount) VALUES (-5, 'first', 1, 0)", (1, 0, 0)),
        ("INSERT INTO item (id, word, n, amount) VALUES (90000, 'last', 1, 0)", (1, 0, 0)),
        ("UPDATE item SET word = NULL WHERE id = 990", (0, 1, 0)),
        ("UPDATE item SET word = '' WHERE id = 990", (0, 1, 0)),
        ("UPDATE item SET word = 'WORD 990' WHERE id = 990", (0, 1, 0)),
    ],
)
def test_one_changed_row_reads_one_range(db: Database, source: Remote, change: str, expected: tuple[int, int, int]) -> None:
    sync = settled(db, source)
    source.execute(change)
    run = sync.reading(1)
    assert counts(run) == expected and 0 < run["rows"] + run["deleted"] < 60, run
    assert_equal(db, source)
    sync.reading(0)


def test_rows_that_exchange_one_column(db: Database, source: Remote) -> None:
    """In one range, in two, and so that each column's values are the same as before: sums of values would not see it."""
    sync = settled(db, source)
    source.execute("UPDATE item SET word = CASE id WHEN 990 THEN 'word 1000' ELSE 'word 990' END WHERE id IN (990, 1000)")
    assert counts(sync.by_ranges()) == (0, 2, 0)
    source.execute("UPDATE item SET word = CASE id WHEN 20 THEN 'word 1900' ELSE 'word 20' END WHERE id IN (20, 1900)")
    assert counts(sync.reading(2)) == (0, 2, 0)
    source.execute("UPDATE item SET n = n + CASE id WHEN 500 THEN 1 ELSE -1 END, amount = amount - CASE id WHEN 500 THEN 1 ELSE -1 END WHERE id IN (500, 510)")
    assert counts(sync.by_ranges()) == (0, 2, 0)
    assert_equal(db, source)


def test_a_key_that_changes(db: Database, source: Remote) -> None:
    """The row leaves one range and comes into another one."""
    sync = settled(db, source)
    source.execute("UPDATE item SET id = 1555 WHERE id = 50")
    assert counts(sync.reading(2)) == (1, 0, 1)
    source.execute("UPDATE item SET id = id + 1")
    assert counts(sync.by_ranges())[:1] == (ROWS,)
    assert_equal(db, source)
    sync.reading(0)


def test_ranges_split_and_join(db: Database, source: Remote) -> None:
    """As the table grows from nothing to 20,000 rows and shrinks again they have about as many rows as the setting says.
    Parts of a range that was split are read once more."""
    source.execute(f"DELETE FROM {TABLE}")
    db.execute("SET connector.range_rows = 500")
    sync = Ranged(db, source.connector(table=TABLE))
    for count in (0, 1, 700, 5000, 20000, 20000, 3000, 0, 100):
        create_items(source, count)
        for _ in range(2):
            sync.run("merge")
        assert sync.by_ranges()["ranges_read"] == 0
        kept = [rows or 0 for rows in stored_ranges(db)]
        assert sum(kept) == count and len(kept) <= 3 + 4 * count // 500 and max(kept) <= 4 * 500, kept
        assert db.value(f"SELECT count(*) FROM {TABLE}") == count
    assert_equal(db, source)


def test_another_size_of_ranges(db: Database, source: Remote) -> None:
    """It is heeded by and by, and nothing is wrong meanwhile."""
    sync = settled(db, source)
    for rows in (1, 3, 1000, 40):
        db.execute(f"SET connector.range_rows = {rows}")
        for turn in range(3):
            source.execute(f"UPDATE item SET n = {rows * 10 + turn} WHERE id IN (50, 1000, 1900)")
            assert counts(sync.run("merge")) == (0, 3, 0)
            assert_equal(db, source)
        assert sync.by_ranges()["ranges_read"] == 0
        kept = [count or 0 for count in stored_ranges(db)]
        assert sum(kept) == ROWS and max(kept) <= 4 * rows and len(kept) <= 3 + 4 * ROWS // rows, kept


def test_a_key_of_two_columns(db: Database, source: Remote) -> None:
    kinds = KINDS[source.provider]
    source.drop(TABLE)
    source.execute(
        f"CREATE TABLE {TABLE} (id {kinds['int']} NOT NULL, n {kinds['int']} NOT NULL, word {kinds['text']}, PRIMARY KEY (id, n))",
        f"INSERT INTO {TABLE} VALUES " + ", ".join(f"({i // 3}, {i % 3}, 'word {i}')" for i in range(300)),
    )
    sync = Ranged(db, source.connector(table=TABLE), key=["id", "n"])
    sync.settle()
    source.execute(f"UPDATE {TABLE} SET word = 'changed' WHERE id = 50 AND n = 1", f"DELETE FROM {TABLE} WHERE id = 60 AND n = 2")
    source.execute(f"INSERT INTO {TABLE} VALUES (7, 9, 'new')")
    assert counts(sync.by_ranges()) == (1, 1, 1)
    order = f"SELECT id, n, word FROM {TABLE} ORDER BY id, n"
    assert db.rows(order) == [tuple(row) for row in source.rows(order)]
    sync.reading(0)


def test_what_earlier_runs_have_cost_decides(db: Database, source: Remote) -> None:
    """What is kept stays true meanwhile: the range that the rows have changed in is read once more."""
    sync = settled(db, source)
    source.execute("UPDATE item SET n = 50 WHERE id = 990")
    sync.figures = {"remote_sum": 1, "local_sum": 0.1, "read": 0.001, "apply": 0.001}
    assert counts(sync.by_rows("about 0.4 s", "ranges 220.0 s", "checksums 200.0 s")) == (0, 1, 0)
    assert db.value("SELECT (figures ->> 'share_read')::float8 BETWEEN 0.01 AND 0.2 FROM connector.sync_comparison")
    sync.figures = {}
    assert counts(sync.reading(1)) == (0, 0, 0)
    source.execute("UPDATE item SET n = 51 WHERE id = 990")
    for figures in (
        {"remote_sum": 1, "local_sum": 0.1, "read": 0.001},  # not all is known
        {"remote_sum": 0.001, "local_sum": 0.001, "read": 0.0001, "apply": 0.0001},  # less than a second
        {"remote_sum": 1, "local_sum": 0.1, "read": 1, "apply": 0.1},  # as much
        {"remote_sum": 0.001, "local_sum": 0.001, "read": 1, "apply": 1, "share_read": 1},  # but for the little that sums take
    ):
        sync.figures = figures
        assert "ranges were compared" in sync.by_ranges()["reason"]
    sync.figures = {"remote_sum": 0.1, "local_sum": 0.01, "read": 0.1, "apply": 0.1, "share_read": 1}
    sync.by_rows("about 40.0 s", "ranges 62.0 s")
    assert_equal(db, source)


# what happens here
HERE = {
    "insert": "INSERT INTO item (id, word) VALUES (1001, 'mine')",
    "insert below all": "INSERT INTO item (id, word) VALUES (-1000, 'mine')",
    "update": "UPDATE item SET n = -1 WHERE id = 990",
    "update of a key": "UPDATE item SET id = 991 WHERE id = 990",
    "exchange": "UPDATE item i SET word = j.word FROM item j WHERE i.id IN (990, 1000) AND j.id IN (990, 1000) AND i.id <> j.id",
    "delete": "DELETE FROM item WHERE id = 990",
    "delete one and insert another": "DELETE FROM item WHERE id = 990; INSERT INTO item (id, word, n, amount) VALUES (989, 'word 990', 3, 990.5)",
    "truncate": "TRUNCATE item",
}


@pytest.mark.parametrize("change", HERE)
def test_what_others_change_here_is_put_right(db: Database, source: Remote, change: str) -> None:
    sync = settled(db, source)
    db.execute(HERE[change])
    sync.run("merge")
    assert_equal(db, source)
    sync.run("merge")
    sync.reading(0)


def test_values_here_that_are_equal_but_not_the_same(db: Database, source: Remote) -> None:
    sync = Ranged(db, source.connector(table=TABLE))
    db.execute("ALTER TABLE item ALTER amount TYPE numeric")
    sync.settle()
    db.execute("UPDATE item SET amount = '990.500' WHERE id = 990")
    assert counts(sync.reading(1)) == (0, 1, 0)
    assert db.value("SELECT amount::text FROM item WHERE id = 990") == "990.50"


@pytest.mark.parametrize("rewrite", ["VACUUM FULL item", "CLUSTER item USING item_pkey", "ALTER TABLE item ALTER n TYPE bigint"])
def test_another_storage(db: Database, source: Remote, rewrite: str) -> None:
    """What is kept is of rows in the storage of then."""
    sync = settled(db, source)
    db.execute("UPDATE item SET n = -1 WHERE id = 990")
    db.execute(rewrite)
    sync.comparing_all(ROWS)
    assert_equal(db, source)
    sync.settle()


def test_a_column_of_the_users(db: Database, source: Remote) -> None:
    """It stays as it is, and its values are nobody's concern."""
    sync = settled(db, source)
    db.execute("ALTER TABLE item ADD COLUMN own int; UPDATE item SET own = id")
    sync.run("merge")
    sync.settle()
    db.execute("UPDATE item SET own = -id")
    sync.reading(0)
    source.execute("UPDATE item SET n = 55 WHERE id = 990")
    assert counts(sync.reading(1)) == (0, 1, 0)
    assert db.value("SELECT count(*) FROM item WHERE own = -id") == ROWS


def test_a_column_of_the_source_that_is_new(db: Database, source: Remote) -> None:
    sync = settled(db, source)
    source.execute(f"ALTER TABLE item ADD {'' if source.provider == 'sqlserver' else 'COLUMN '}later {KINDS[source.provider]['int']}")
    source.execute("UPDATE item SET later = 5 WHERE id = 990")
    sync.comparing_all(ROWS)
    assert_equal(db, source, "id, word, n, amount, later")
    sync.settle()
    source.execute("UPDATE item SET later = 6 WHERE id = 990")
    assert counts(sync.reading(1)) == (0, 1, 0)


def test_another_table(db: Database, source: Remote) -> None:
    """What is kept is of the table that it was computed for."""
    sync = settled(db, source)
    db.execute("ALTER TABLE item RENAME TO former; CREATE TABLE item (LIKE former INCLUDING ALL); INSERT INTO item SELECT * FROM former")
    db.execute("UPDATE item SET n = -1 WHERE id = 990; UPDATE connector.sync SET relation = 'item'::regclass")
    sync.comparing_all(ROWS)
    assert_equal(db, source)


def test_another_owner(db: Database, source: Remote, plain: Database) -> None:
    """The new owner's request may show other rows."""
    connection = source.connection()
    login = ", ".join(f"{key} '{connection.pop(key)}'" for key in ("username", "password"))
    db.execute("CREATE SERVER shop FOREIGN DATA WRAPPER connector OPTIONS (" + ", ".join(f"{k} '{v}'" for k, v in connection.items()) + ")")
    db.execute(f"GRANT USAGE ON FOREIGN SERVER shop TO etl; CREATE USER MAPPING FOR etl SERVER shop OPTIONS ({login})")
    db.execute(f"CREATE USER MAPPING FOR postgres SERVER shop OPTIONS ({login})")
    try:
        sync = Ranged(db, {"provider": source.provider, "connection": "shop", "table": TABLE})
        sync.settle()
        db.execute("ALTER TABLE item OWNER TO etl")
        sync.syncs = Syncs(plain)
        sync.syncs.call("cdb_sync_resume", sync.id)
        sync.comparing_all(ROWS)
        sync.settle()
    finally:
        Syncs(db).clean()
        db.execute("DROP SERVER shop CASCADE")


# when nothing is trusted
def test_after_a_failure(db: Database, source: Remote) -> None:
    sync = settled(db, source)
    db.execute("ALTER TABLE item ADD CHECK (n < 1000)")
    sync.run("merge")
    sync.settle()
    source.execute("UPDATE item SET n = 2000 WHERE id = 990")
    sync.fail(2001)
    source.execute("UPDATE item SET n = 1 WHERE id = 990")
    sync.comparing_all(ROWS)
    assert_equal(db, source)
    sync.reading(0)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_after_a_run_that_was_killed(db: Database, source: Remote, share: float) -> None:
    with Proxy(source.server.port) as proxy:
        sync = Ranged(db, source.connector(table=TABLE, connection=source.connection(port=proxy.port)))
        sync.settle()
        source.execute("UPDATE item SET n = 77")
        before = proxy.from_server
        sync.by_ranges()
        size = proxy.from_server - before
        source.execute("UPDATE item SET n = 78")
        proxy.every(Fault(stall_after=int(size * share)))
        with db.in_background("SELECT cdb_sync_now(%s, true)", sync.id) as job:
            proxy.wait_until_stalled()
            job.terminate()
            proxy.every(NO_FAULT)
            proxy.cut()
            with pytest.raises(psycopg2.Error):
                job.result()
        sync.comparing_all(ROWS)
        assert_equal(db, source)
        sync.reading(0)


def test_after_the_request_has_changed(db: Database, source: Remote) -> None:
    sync = settled(db, source)
    request = {**source.connector(table=TABLE, max_rows=100_000), "sync": BY_RANGES}
    sync.syncs.call("cdb_sync_update", sync.id, None, request)
    sync.comparing_all(ROWS)
    sync.reading(0)


def test_after_runs_that_compared_rows(db: Database, source: Remote) -> None:
    """Ranges that were kept before them are gone."""
    sync = settled(db, source)
    rows = {**source.connector(table=TABLE), "sync": {"mode": "merge", "key": "id"}}
    sync.syncs.call("cdb_sync_update", sync.id, None, rows)
    source.execute("UPDATE item SET n = 12 WHERE id = 990")
    assert counts(sync.by_rows()) == (0, 1, 0)
    sync.syncs.call("cdb_sync_update", sync.id, None, {**rows, "sync": BY_RANGES})
    source.execute("UPDATE item SET n = 6 WHERE id = 990")
    sync.comparing_all(ROWS)
    assert_equal(db, source)


def test_a_limit_of_rows(db: Database, source: Remote) -> None:
    """A run that was cut deletes nothing, and what it left is found as soon as the limit allows."""
    create_items(source, 50)
    sync = settled(db, source, max_rows=100)
    create_items(source, ROWS)
    run = sync.run("merge")
    assert run["deleted"] == 0 and run["warnings"]["max_rows_per_connection"] == 100, run
    request = {**source.connector(table=TABLE), "sync": BY_RANGES}
    sync.syncs.call("cdb_sync_update", sync.id, None, request)
    sync.run("merge")
    assert_equal(db, source)


def test_a_dump_has_no_ranges(db: Database, source: Remote) -> None:
    settled(db, source)
    dump = subprocess.run(
        [db.server.program("pg_dump")], env=db.server.client_environment(db.name), capture_output=True, check=True, text=True
    ).stdout
    assert "COPY connector.sync " in dump and "sync_range" not in dump


def test_runs_of_workers(clock: Syncs, source: Remote) -> None:
    """The same by themselves, in the background, after a crash of the cluster as well."""
    db = clock.database
    db.execute("ALTER ROLE postgres SET connector.range_rows = 10")
    try:
        request = {**source.connector(table=TABLE), "sync": BY_RANGES}
        id = clock.create(request, interval="1 day")["id"]
        clock.wait_for(id, "success")

        def run() -> dict[str, object]:
            count = clock.run_count(id)
            clock.now(id)
            wait_until(lambda: clock.run_count(id) > count, what="the next run")
            assert clock.wait_for(id, "success", "failure")["state"] == "success"
            ((row,),) = db.rows("SELECT to_jsonb(r) FROM connector.runs r WHERE sync_id = %s ORDER BY started_at DESC LIMIT 1", id)
            assert isinstance(row, dict)
            return row

        run()
        source.execute("UPDATE item SET n = 5 WHERE id = 990")
        assert (row := run())["ranges_read"] == 1, row
        db.server.kill()
        db.server.start()
        db.close()
        source.execute("UPDATE item SET n = 6 WHERE id = 990")
        run()
        assert db.value("SELECT n FROM item WHERE id = 990") == 6
    finally:
        db.execute("ALTER ROLE postgres RESET connector.range_rows")
