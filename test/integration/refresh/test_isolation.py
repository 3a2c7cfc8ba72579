"""Refreshes that begin while other sessions are at work on the table: who waits, who wins, and that nobody is the worse for it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database, Job
from harness.refreshing import Refreshed, assert_nothing_left, check_integrity, stalled_run
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.process import wait_until
from servers.remote_mysql import MySqlRemote

TABLE = "shared"
ROWS = 3000
NOW = "SELECT cdb_sync_now(%s, true)"


@pytest.fixture(autouse=True)
def source(db: Database, mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    with remote_rows(mariadb, TABLE, ROWS):
        mariadb.execute(f"UPDATE {TABLE} SET amount = 0")
        yield mariadb
        Syncs(db).clean()


@pytest.fixture
def sync(db: Database, source: MySqlRemote) -> Refreshed:
    return Refreshed(db, source.connector(table=TABLE))


def waits_for(db: Database, job: Job, mode: str) -> bool:
    return bool(db.rows("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted AND mode = %s", job.pid, mode))


def wait_for_request(db: Database, job: Job, mode: str) -> None:
    wait_until(lambda: waits_for(db, job, mode), limit=60, what=f"a request for {mode}", pause=0.002)


WEAK = "ShareUpdateExclusiveLock"
STRONG = "AccessExclusiveLock"


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
@pytest.mark.parametrize(
    ("statement", "lock"),
    [
        ("UPDATE {t} SET word = 'theirs' WHERE id = 1", STRONG),
        ("INSERT INTO {t} (id) VALUES (-1)", STRONG),
        ("SELECT * FROM {t} WHERE id = 1 FOR UPDATE", STRONG),
        ("LOCK TABLE {t} IN ACCESS SHARE MODE", STRONG),
        ("ALTER TABLE {t} ADD COLUMN more int DEFAULT 5", WEAK),
        ("CREATE INDEX later ON {t} (word)", WEAK),
        ("CREATE UNIQUE INDEX later ON {t} (id, word)", WEAK),
        ("ALTER TABLE {t} DROP CONSTRAINT {t}_pkey", WEAK),
        ("TRUNCATE {t}", WEAK),
        ("CLUSTER {t} USING {t}_pkey", WEAK),
        ("DROP TABLE {t}", WEAK),
    ],
)
def test_after_a_transaction(db: Database, source: MySqlRemote, sync: Refreshed, statement: str, lock: str, end: str) -> None:
    """It began before the refresh: the refresh sees what it left, and others read meanwhile unless it keeps them out itself."""
    source.execute(f"UPDATE {TABLE} SET amount = 1")
    with db.another() as other, db.another() as reader:
        other.execute("BEGIN; " + statement.format(t=TABLE))
        with db.in_background(NOW, sync.id) as job:
            if lock == WEAK:
                wait_for_request(db, job, lock)
            else:
                job.wait_for_exchange()
                for _ in range(10):
                    assert reader.value(f"SELECT amount FROM {TABLE} WHERE id = 5") == 0
            other.execute(end)
            answer = job.result()[0][0]
    if statement.startswith("DROP TABLE") and end == "COMMIT":
        assert answer["state"] == "failure" and "does not exist any more" in answer["error_message"], answer
        assert db.rows("SELECT 1 FROM pg_class WHERE relname = %s", TABLE) == []
        return
    assert answer["state"] == "success", answer
    assert db.rows(f"SELECT count(*), min(amount), max(amount), min(id) FROM {TABLE}") == [(ROWS, 1, 1, 1)]
    assert db.value(f"SELECT count(*) FROM {TABLE} WHERE word = 'theirs'") == 0
    if "ADD COLUMN" in statement and end == "COMMIT":
        assert db.value(f"SELECT count(*) FROM {TABLE} WHERE more = 5") == ROWS
    if "INDEX later" in statement:
        db.execute("SET enable_seqscan = off")
        assert len(db.rows("SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('later') AND indisvalid")) == (end == "COMMIT")
        assert db.value(f"SELECT count(*) FROM {TABLE} WHERE word >= ''") == ROWS
        db.execute("RESET enable_seqscan")
    check_integrity(db, TABLE)
    assert_nothing_left(db)


def test_beside_a_concurrent_index(db: Database, source: MySqlRemote, sync: Refreshed) -> None:
    """CREATE INDEX CONCURRENTLY holds the weak lock and waits for all older snapshots, the refresh's included. It wins."""
    source.execute(f"UPDATE {TABLE} SET amount = 1")
    with db.another() as writer:
        writer.execute(f"BEGIN; INSERT INTO {TABLE} (id) VALUES (-1)")
        with db.in_background(f"CREATE INDEX CONCURRENTLY later ON {TABLE} (word)") as index:
            wait_until(
                lambda: bool(db.rows("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", index.pid)), limit=60, what="its wait"
            )
            with db.in_background(NOW, sync.id) as job:
                wait_for_request(db, job, WEAK)
                writer.execute("COMMIT")
                index.result()
                answer = job.result()[0][0]
    assert answer["state"] == "failure" and "changed or refreshed by others" in answer["error_message"]
    assert db.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'later'::regclass") is True
    sync.run("swap")
    check_integrity(db, TABLE)
    assert_nothing_left(db)


def test_queue_of_others(db: Database, source: MySqlRemote, sync: Refreshed) -> None:
    """A reader holds the table; behind it somebody waits to empty it, and behind that one everybody: the refresh neither
    blocks anybody further nor is a deadlock. What waits longest comes first."""
    source.execute(f"UPDATE {TABLE} SET amount = 1")
    with db.another() as holder, stalled_run(sync, source, 50_000) as (proxy, job):
        holder.execute("BEGIN")
        holder.value(f"SELECT count(*) FROM {TABLE}")
        with db.in_background(f"TRUNCATE {TABLE}") as other:
            wait_for_request(db, other, STRONG)
            with db.in_background(f"SELECT count(*) FROM {TABLE}") as reader:
                wait_for_request(db, reader, "AccessShareLock")
                proxy.resume()
                job.wait_for_exchange()
                holder.execute("COMMIT")
                assert job.result()[0][0]["state"] == "success"
                other.result()
                assert reader.result() in ([(0,)], [(ROWS,)])
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 0
    Syncs(db).call("cdb_sync_update", sync.id, None, source.connector(table=TABLE))
    sync.run("swap")
    check_integrity(db, TABLE)
    assert_nothing_left(db)


def test_files_that_stay(db: Database, sync: Refreshed) -> None:
    """Of the files on the list of new storage, a refresh removes those only that nobody can want any more."""
    (base,) = (db.server.data / "base" / str(db.value("SELECT oid::int8 FROM pg_database WHERE datname = current_database()")),)
    numbers = {"lost": 4_000_000_001, "running": 4_000_000_002, "elsewhere": 4_000_000_003, "unlisted": 4_000_000_004}
    files = {name: base / str(number) for name, number in numbers.items()}
    for path in files.values():
        path.write_bytes(b"\0" * 8192)
        db.server.account.give(path)
    db.execute("CREATE TABLE mine AS SELECT generate_series(1, 100) AS i")
    owned = db.value("SELECT pg_relation_filenode('mine')::int8")
    listed = "INSERT INTO connector.new_storage SELECT system_identifier + %s, %s, 0, %s FROM pg_control_system()"

    def left() -> set[str]:
        db.execute("CHECKPOINT")
        return {name for name, path in files.items() if path.exists()}

    with db.another() as other:
        other.execute("BEGIN")
        running = other.value("SELECT pg_current_xact_id()::text")
        ended = db.value("SELECT pg_current_xact_id()::text")
        for system, transaction, filenode in (
            (0, "3", numbers["lost"]), (0, "3", owned), (0, running, numbers["running"]), (0, ended, numbers["running"]),
            (1, "3", numbers["elsewhere"]),
        ):  # fmt: skip
            db.execute(listed, system, transaction, filenode)
        sync.run("swap")
        assert left() == {"running", "elsewhere", "unlisted"}
        assert db.value("SELECT count(*) FROM mine") == 100
        assert sorted(db.rows("SELECT transaction::text FROM connector.new_storage")) == sorted([(running,), (ended,)])
    sync.run("swap")
    assert left() == {"elsewhere", "unlisted"}
    assert db.rows("SELECT 1 FROM connector.new_storage") == []
    for name in left():
        files[name].unlink()


def test_a_long_reader_costs_no_transaction_ids(db: Database, source: MySqlRemote, sync: Refreshed) -> None:
    """A request for the strong lock takes one each time: while the same transaction holds the table there is none."""
    next_id = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::int8"
    db.execute("ALTER SYSTEM SET autovacuum = off")
    db.server.reload()
    vacuuming = "SELECT 1 FROM pg_stat_activity WHERE backend_type LIKE 'autovacuum%%'"
    wait_until(lambda: not db.rows(vacuuming), limit=60, what="the end of those who take transaction ids, too")
    try:
        with db.another() as reader, db.another() as other:
            reader.execute("BEGIN")
            reader.value(f"SELECT count(*) FROM {TABLE}")
            with db.in_background(NOW, sync.id) as job:
                job.wait_for_exchange()
                other.value(f"SELECT count(*) FROM {TABLE}")
                before = db.value(next_id)
                time.sleep(2)
                assert db.value(next_id) <= before + 1
                reader.execute("COMMIT")
                assert job.result()[0][0]["state"] == "success"
    finally:
        db.execute("ALTER SYSTEM RESET autovacuum")
        db.server.reload()


def test_serializable_transactions(db: Database, source: MySqlRemote, sync: Refreshed) -> None:
    """What a serializable transaction looked for by an index and did not find, it has read of the table: a swap between
    does not hide that another one puts it there."""
    db.execute("CREATE TABLE other_side (id bigint PRIMARY KEY, note text)")
    db.execute("INSERT INTO other_side VALUES (1, 'old')")
    with db.another() as first, db.another() as second:
        for session in (first, second):
            session.execute("SET enable_seqscan = off; BEGIN ISOLATION LEVEL SERIALIZABLE")
        assert second.value("SELECT note FROM other_side WHERE id = 1") == "old"
        assert first.rows(f"SELECT 1 FROM {TABLE} WHERE id = 999999") == []
        first.execute("UPDATE other_side SET note = 'new' WHERE id = 1")
        first.execute("COMMIT")
        # More rows: the page of the index that was looked at is another one afterwards.
        source.execute(f"INSERT INTO {TABLE} (id, word, amount) SELECT id + {ROWS}, word, amount FROM {TABLE}")
        with db.in_background(NOW, sync.id) as job:
            assert job.result()[0][0]["state"] == "success"
        with pytest.raises(psycopg2.errors.SerializationFailure):
            second.execute(f"INSERT INTO {TABLE} (id) VALUES (999999)")
            second.execute("COMMIT")
