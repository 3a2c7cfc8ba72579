"""Refreshes beside readers, writers, DDL and each other: who sees what, and who waits for whom."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from harness.database import Database, Job
from harness.refreshing import Refreshed, assert_nothing_left, check_integrity, orphan_files, stalled_run
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.process import wait_until
from servers.proxy import Fault, Proxy
from servers.remote_mysql import MySqlRemote

TABLE = "watched"
ROWS = 20000


@pytest.fixture(autouse=True)
def source(db: Database, mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    with remote_rows(mariadb, TABLE, ROWS):
        mariadb.execute(f"UPDATE {TABLE} SET amount = 0")
        yield mariadb
        db.execute("DROP PUBLICATION IF EXISTS later")
        Syncs(db).clean()


@pytest.fixture
def sync(db: Database, source: MySqlRemote) -> Refreshed:
    return Refreshed(db, source.connector(table=TABLE))


NOW = "SELECT cdb_sync_now(%s, true)"


def waits_for_lock(db: Database, job: Job) -> bool:
    return bool(db.rows("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted AND locktype = 'relation'", job.pid))


class Loop:
    """A client that does the same again and again, in a thread and session of its own."""

    def __init__(self, database: Database, work: Callable[[Database], None]) -> None:
        self.errors: list[BaseException] = []
        self.rounds = 0
        self._stop = threading.Event()
        self._database = database.another()
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)

    def _run(self, work: Callable[[Database], None]) -> None:
        try:
            while not self._stop.is_set():
                work(self._database)
                self.rounds += 1
        except BaseException as error:
            self.errors.append(error)

    def __enter__(self) -> Loop:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)
        self._database.close()


def test_readers_see_whole_versions(db: Database, source: MySqlRemote, sync: Refreshed) -> None:
    """Twenty refreshes of a table with four indexes under clients of all kinds: each answer is one version, whole."""
    for statement in ("(word)", "(amount) WHERE id % 2 = 0", "(lower(word))"):
        db.execute(f"CREATE INDEX ON {TABLE} {statement}")
    seen: set[int] = set()

    def check(rows: list[tuple[Any, ...]]) -> None:
        ((low, high, count, total),) = rows
        assert low == high and count == ROWS and total == ROWS * (ROWS + 1) // 2, rows
        seen.add(int(low))

    whole = f"SELECT min(amount), max(amount), count(*), sum(id) FROM {TABLE}"

    def short(client: Database) -> None:
        ((amount,),) = client.rows(f"SELECT amount FROM {TABLE} WHERE id = 77")
        assert amount is not None

    def long(client: Database) -> None:
        check(client.rows(whole))

    def by_index(client: Database) -> None:
        client.execute("SET enable_seqscan = off")
        assert client.value(f"SELECT count(*) FROM {TABLE} WHERE lower(word) >= 'word'") == ROWS
        assert client.value(f"SELECT count(*) FROM {TABLE} WHERE amount >= 0 AND id % 2 = 0") == ROWS // 2

    def prepared(client: Database) -> None:
        if not client.rows("SELECT 1 FROM pg_prepared_statements"):
            client.execute(f"PREPARE p AS {whole}")
        check(client.rows("EXECUTE p"))

    def cursor(client: Database) -> None:
        client.execute(f"BEGIN; DECLARE c CURSOR FOR SELECT amount FROM {TABLE}")
        amounts = set(client.rows("FETCH 100 FROM c"))
        time.sleep(0.05)
        amounts |= set(client.rows("FETCH ALL FROM c"))
        client.execute("COMMIT")
        assert len(amounts) == 1
        time.sleep(0.03)

    def transaction(client: Database) -> None:
        client.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        first = client.rows(whole)
        time.sleep(0.02)
        assert client.rows(whole) == first
        client.execute("COMMIT")
        check(first)
        time.sleep(0.03)

    loops = [Loop(db, work) for work in (short, short, long, by_index, prepared, cursor, transaction)]
    for loop in loops:
        loop.__enter__()
    try:
        for version in range(1, 21):
            source.execute(f"UPDATE {TABLE} SET amount = {version}")
            sync.run("swap")
    finally:
        for loop in loops:
            loop.__exit__()
    assert [loop.errors for loop in loops] == [[]] * len(loops)
    assert all(loop.rounds > 0 for loop in loops)
    assert len(seen) > 3
    check_integrity(db, TABLE)
    assert_nothing_left(db)


def test_no_queue_behind_a_long_reader(db: Database, source: MySqlRemote, sync: Refreshed) -> None:
    """Somebody holds the table: the refresh waits, and other readers and writers go on all the while."""
    source.execute(f"UPDATE {TABLE} SET amount = 1")
    with db.another() as holder, db.another() as other:
        holder.execute("BEGIN")
        holder.value(f"SELECT count(*) FROM {TABLE}")
        with db.in_background(NOW, sync.id) as job:
            job.wait_for_exchange()
            for number in range(50):
                assert other.value(f"SELECT amount FROM {TABLE} WHERE id = 5") == 0
                other.execute(f"INSERT INTO {TABLE} (id) VALUES (%s)", 10**6 + number)
            assert job.running()
            holder.execute("COMMIT")
            assert job.result()[0][0]["state"] == "success"
    assert db.rows(f"SELECT count(*), min(amount) FROM {TABLE}") == [(ROWS, 1)]


def test_lock_timeout(db: Database, sync: Refreshed) -> None:
    """The session's lock_timeout bounds the attempts as a whole."""
    with db.another() as holder:
        holder.execute("BEGIN")
        holder.value(f"SELECT count(*) FROM {TABLE}")
        db.execute("SET lock_timeout = '1s'")
        sync.fail(2001, "always in use", "lock_timeout")
        assert db.value("SHOW lock_timeout") == "1s"
        db.execute("RESET lock_timeout")
        holder.execute("COMMIT")
    sync.run("swap")


def test_deadlock_is_the_refreshs_loss(db: Database, source: MySqlRemote, sync: Refreshed) -> None:
    """A transaction that read the table and then alters it waits for the refresh, which would wait for it."""
    with stalled_run(sync, source, 200_000) as (proxy, job):
        reads_and_alters = f"DO $$ BEGIN PERFORM count(*) FROM {TABLE}; ALTER TABLE {TABLE} ADD COLUMN more int; END $$"
        with db.in_background(reads_and_alters) as other:
            wait_until(lambda: waits_for_lock(db, other), limit=60, what="the ALTER TABLE to wait")
            proxy.resume()
            assert job.result()[0][0]["state"] == "failure"
            other.result()
    assert "waits for this refresh" in db.value("SELECT error_detail FROM connector.runs ORDER BY started_at DESC LIMIT 1")
    Syncs(db).call("cdb_sync_update", sync.id, None, source.connector(table=TABLE))
    sync.run("swap")
    assert_nothing_left(db)


@pytest.mark.parametrize(
    ("statement", "waits"),
    [
        ("SELECT count(*) FROM {t}", False),
        ("UPDATE {t} SET word = 'lost' WHERE id = 1", False),
        ("GRANT SELECT ON {t} TO public", False),
        ("ALTER TABLE {t} ADD COLUMN more int", True),
        ("CREATE INDEX later ON {t} (word)", True),
        ("CREATE INDEX CONCURRENTLY later ON {t} (word)", True),
        ("CREATE STATISTICS later ON id, word FROM {t}", True),
        ("REINDEX INDEX {t}_pkey", True),
        ("ALTER INDEX {t}_pkey SET TABLESPACE pg_default", True),
        ("VACUUM {t}", True),
        ("VACUUM FULL {t}", True),
        ("CLUSTER {t} USING {t}_pkey", True),
        ("TRUNCATE {t}", True),
        ("CREATE PUBLICATION later FOR TABLE {t}", True),
        ("ALTER TABLE {t} RENAME TO other", True),
        ("DROP TABLE {t}", True),
    ],
)
def test_beside_other_statements(db: Database, source: MySqlRemote, sync: Refreshed, statement: str, waits: bool) -> None:
    """What would change the table under a refresh waits for it; what only uses the table does not."""
    with stalled_run(sync, source, 200_000) as (proxy, job):
        with db.in_background(statement.format(t=TABLE)) as other:
            if waits:
                wait_until(lambda: waits_for_lock(db, other), limit=60, what="the statement to wait")
            else:
                other.result()
            proxy.resume()
            assert job.result()[0][0]["state"] == "success"
            other.result()
    if statement.startswith("DROP TABLE"):
        assert db.rows("SELECT 1 FROM pg_class WHERE relname = %s", TABLE) == []
    elif "RENAME" not in statement:
        assert db.value(f"SELECT count(*) FROM {TABLE}") == (0 if "TRUNCATE" in statement else ROWS)
        assert db.value(f"SELECT count(*) FROM {TABLE} WHERE word = 'lost'") == 0
        check_integrity(db, TABLE)
    assert_nothing_left(db)
    db.execute("DROP PUBLICATION IF EXISTS later")


def test_publication_of_all_tables_meanwhile(db: Database, source: MySqlRemote, sync: Refreshed) -> None:
    """It takes no lock on the table, so the exchange looks again, and rather fails than keep rows from subscribers."""
    with stalled_run(sync, source, 200_000) as (proxy, job):
        db.execute("CREATE PUBLICATION later FOR ALL TABLES")
        proxy.resume()
        assert job.result()[0][0]["state"] == "failure"
    assert "publication" in db.value("SELECT error_message FROM connector.runs ORDER BY started_at DESC LIMIT 1")
    assert_nothing_left(db)
    Syncs(db).call("cdb_sync_update", sync.id, None, source.connector(table=TABLE))
    sync.run("merge")
    db.execute("DROP PUBLICATION later")


def test_two_refreshes(db: Database, source: MySqlRemote, sync: Refreshed) -> None:
    """Two syncs of one table: one after the other."""
    second = Refreshed(db, source.connector(table=TABLE, import_as="other"))
    db.execute("UPDATE connector.sync SET relation = %s::regclass WHERE id = %s", TABLE, second.id)
    db.execute("SET connector.max_syncs_per_role = 0")
    with db.in_background(NOW, sync.id) as first, db.in_background(NOW, second.id) as other:
        assert first.result()[0][0]["state"] == other.result()[0][0]["state"] == "success"
    assert db.value(f"SELECT count(*) FROM {TABLE}") == ROWS
    check_integrity(db, TABLE)
    db.execute("DROP TABLE other; RESET connector.max_syncs_per_role")


def test_serializable_reader(db: Database, source: MySqlRemote, sync: Refreshed) -> None:
    """Its locks on rows of the old storage go on to count for the table."""
    source.execute(f"UPDATE {TABLE} SET amount = 9")
    with db.another() as first, db.another() as second:
        for client in (first, second):
            client.execute("BEGIN ISOLATION LEVEL SERIALIZABLE")
        first.value(f"SELECT sum(amount) FROM {TABLE} WHERE id < 10")
        first.execute("COMMIT; BEGIN ISOLATION LEVEL SERIALIZABLE")
        second.value("SELECT 1")
        sync.run("swap")
        first.value(f"SELECT count(*) FROM {TABLE}")
        first.execute("COMMIT")
        second.execute("COMMIT")


@pytest.mark.parametrize("end", ["cancel", "terminate"])
@pytest.mark.parametrize("moment", ["rows", "lock"])
def test_stopped(db: Database, source: MySqlRemote, sync: Refreshed, end: str, moment: str) -> None:
    """In the middle of the rows, or of the wait for the strong lock: the old data stays, and nothing else."""
    source.execute(f"UPDATE {TABLE} SET amount = 1")
    with Proxy(source.server.port) as proxy, db.another() as holder:
        connector = source.connector(table=TABLE, connection=source.connection(port=proxy.port))
        Syncs(db).call("cdb_sync_update", sync.id, None, connector)
        if moment == "rows":
            proxy.every(Fault(stall_after=200_000))
        else:
            holder.execute("BEGIN")
            holder.value(f"SELECT count(*) FROM {TABLE}")
        with db.in_background(NOW, sync.id) as job:
            if moment == "rows":
                proxy.wait_until_stalled()
            else:
                job.wait_for_exchange()
            getattr(job, end)()
            with pytest.raises(Exception):  # noqa: B017  # whatever the driver makes of it
                job.result()
    assert db.rows(f"SELECT count(*), max(amount) FROM {TABLE}") == [(ROWS, 0)]
    assert_nothing_left(db)
    assert orphan_files(db) == []
    check_integrity(db, TABLE)
    Syncs(db).call("cdb_sync_update", sync.id, None, source.connector(table=TABLE))
    sync.run("swap")
    assert db.value(f"SELECT min(amount) FROM {TABLE}") == 1
