"""Refreshes and what happens to whole clusters: crashes, standbys, subscribers, full disks."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.refreshing import Refreshed, assert_nothing_left, check_integrity, contents
from harness.syncs import Syncs
from harness.versions import ROWS, TABLE, come_back, create_version, is_cut_off, next_version, version_of

from servers.postgres import Postgres
from servers.process import wait_until
from servers.proxy import Fault, Proxy
from servers.remote_mysql import MySqlRemote
from servers.staging import sanitized, sanitizer_environment, staged
from servers.standby import Standby
from servers.workspace import Workspace

NOW = "SELECT cdb_sync_now(%s, true)"


@pytest.fixture(autouse=True)
def source(mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    mariadb.server.start()
    create_version(mariadb)
    yield mariadb
    mariadb.drop(TABLE)


def cluster(workspace: Workspace, **settings: str) -> Postgres:
    environment = sanitizer_environment(workspace) if sanitized() else {}
    return Postgres(workspace, stage=staged(workspace), environment=environment, settings=settings)


def own_database(server: Postgres) -> Database:
    server.create_database("life", "connector")
    return Database(server, "life")


@pytest.mark.parametrize("skip_threshold", ["0", "1GB"])
def test_crash_under_minimal_wal(workspace: Workspace, source: MySqlRemote, skip_threshold: str) -> None:
    """Without WAL for new storage: it is complete on disk at the commit, or was written to WAL after all."""
    with cluster(workspace, wal_level="minimal", max_wal_senders="0", wal_skip_threshold=skip_threshold) as server:
        db = own_database(server)
        sync = Refreshed(db, source.connector(table=TABLE))
        db.execute(f"CREATE INDEX ON {TABLE} (word); CREATE INDEX spaced ON {TABLE} USING gin (to_tsvector('simple', word))")
        folder = server.folder / "space"
        folder.mkdir()
        server.account.give(folder)
        db.execute(f"CREATE TABLESPACE elsewhere LOCATION '{folder}'")
        db.execute(f"ALTER TABLE {TABLE} SET TABLESPACE elsewhere; ALTER INDEX spaced SET TABLESPACE elsewhere")
        db.execute("CHECKPOINT")
        for version in (1, 2):
            next_version(source, version)
            db.execute("BEGIN")
            sync.run("swap")
            db.execute(f"UPDATE {TABLE} SET word = 'later' WHERE id = 1")
            db.execute("COMMIT")
            db.close()
            server.kill()
            server.start()
            assert version_of(db) == version
            assert db.value(f"SELECT word FROM {TABLE} WHERE id = 1") == "later"
            check_integrity(db, TABLE)
        db.execute(f"TRUNCATE {TABLE}")
        sync.run("swap")
        db.close()
        server.kill()
        server.start()
        assert version_of(db) == 2
        check_integrity(db, TABLE)
        db.close()


def test_unlogged_crash(workspace: Workspace, source: MySqlRemote) -> None:
    """An unlogged table is empty after a crash, and whole after a shutdown; its indexes agree."""
    with cluster(workspace) as server:
        db = own_database(server)
        sync = Refreshed(db, source.connector(table=TABLE))
        db.execute(f"ALTER TABLE {TABLE} SET UNLOGGED; CREATE INDEX ON {TABLE} (word)")
        sync.run("swap")
        db.close()
        server.restart()
        assert version_of(db) == 0
        db.close()
        server.kill()
        server.start()
        assert db.value(f"SELECT count(*) FROM {TABLE}") == 0
        check_integrity(db, TABLE)
        sync.run("swap")
        assert version_of(db) == 0
        check_integrity(db, TABLE)
        db.close()


def test_kills(workspace: Workspace, source: MySqlRemote) -> None:
    """SIGKILL at twenty moments spread over refreshes: the table is the old or the new version, whole, and goes on."""
    moments = random.Random(6)
    with cluster(workspace) as server:
        db = own_database(server)
        sync = Refreshed(db, source.connector(table=TABLE))
        db.execute(f"CREATE INDEX ON {TABLE} (word); CREATE INDEX ON {TABLE} (lower(word))")
        start = time.monotonic()
        sync.run("swap")
        usual = time.monotonic() - start
        seen = []
        before = 0
        for version in range(1, 21):
            next_version(source, version)
            job = db.in_background(NOW, sync.id)
            with job:
                time.sleep(moments.uniform(0, usual * 1.2))
                db.close()
                if version % 4:
                    with Database(server, "postgres") as observer:
                        observer.execute("SELECT 1")
                        os.kill(job.pid, signal.SIGKILL)
                        wait_until(lambda: is_cut_off(observer), limit=60, what="the restart of the cluster")
                else:
                    server.kill()
                    server.start()
                wait_until(lambda: not job.running(), limit=120, what="the end of the killed statement")
                come_back(db)
            found = version_of(db)
            assert found in (before, version)
            seen.append(found == version)
            before = found
            assert_nothing_left(db)
            check_integrity(db, TABLE)
        assert not all(seen)
        sync.run("swap")
        assert version_of(db) == 20
        db.close()


def test_standby(workspace: Workspace, source: MySqlRemote) -> None:
    """A hot standby shows whole versions only, and is right after its promotion."""
    with cluster(workspace, wal_level="replica", max_standby_streaming_delay="-1") as server:
        db = own_database(server)
        sync = Refreshed(db, source.connector(table=TABLE))
        db.execute(f"CREATE INDEX ON {TABLE} (word)")
        environment = sanitizer_environment(workspace) if sanitized() else {}
        standby = Standby(
            workspace, server, stage=staged(workspace), environment=environment, settings={"max_standby_streaming_delay": "-1"}
        )
        with standby:
            standby.catch_up()
            there = Database(standby, "life")
            assert version_of(there) == 0
            with there.another() as reader:
                reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
                reader.value(f"SELECT count(*) FROM {TABLE}")
                next_version(source, 1)
                sync.run("swap")
                assert db.value(f"SELECT max(amount) FROM {TABLE}") == 1
                # Its lock keeps the exchange from being replayed, as max_standby_streaming_delay says.
                assert reader.value(f"SELECT max(amount) FROM {TABLE}") == 0
                reader.execute("COMMIT")
            standby.catch_up()
            assert version_of(there) == 1
            for version in (2, 3):
                next_version(source, version)
                sync.run("swap")
            standby.catch_up()
            assert version_of(there) == 3
            # With a limit it is the reader who goes, and comes back to a whole version.
            standby.configure({"max_standby_streaming_delay": "100ms"})
            standby.reload()
            with there.another() as reader:
                wait_until(lambda: reader.value("SHOW max_standby_streaming_delay") == "100ms", limit=60, what="the setting")
                reader.execute("BEGIN")
                reader.value(f"SELECT count(*) FROM {TABLE}")
                sync.run("swap")
                standby.catch_up()
                with pytest.raises(psycopg2.Error):
                    reader.value("SELECT 1")
                assert "conflict with recovery" in standby.log.read_text(errors="replace")
                assert version_of(there) == 3
            db.close()
            server.stop()
            there.value("SELECT pg_promote()")
            check_integrity(there, TABLE)
            next_version(source, 4)
            sync_there = sync
            sync_there.database = there
            sync_there.syncs = Syncs(there)
            sync_there.run("swap")
            assert version_of(there) == 4
            there.close()


def test_subscriber(workspace: Workspace, source: MySqlRemote) -> None:
    """A published table is not swapped, so that its subscribers get every change."""
    with cluster(workspace, wal_level="logical") as server, cluster(workspace) as other:
        db = own_database(server)
        sync = Refreshed(db, source.connector(table=TABLE))
        db.execute(f"CREATE PUBLICATION p FOR TABLE {TABLE}")
        db.execute("SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
        there = own_database(other)
        there.execute(f"CREATE TABLE {TABLE} (id bigint PRIMARY KEY, word varchar(20), amount numeric(12,2), body text)")
        there.execute(
            f"CREATE SUBSCRIPTION s CONNECTION 'host={server.folder} port={server.port} user=postgres dbname=life' "
            "PUBLICATION p WITH (create_slot = false, slot_name = 's')"
        )
        wait_until(lambda: there.value(f"SELECT count(*) FROM {TABLE}") == ROWS, limit=120, what="the first copy")
        next_version(source, 1)
        source.execute(f"DELETE FROM {TABLE} WHERE id <= 100", f"INSERT INTO {TABLE} (id, amount) VALUES (9001, 1), (9002, NULL)")
        run = sync.run("merge")
        assert "publication" in run["reason"]
        wait_until(lambda: contents(there, TABLE) == contents(db, TABLE), limit=120, what="the changes")
        # The same through DELETE and INSERT, as there is no key to compare by.
        db.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_pkey, REPLICA IDENTITY FULL")
        source.execute(f"UPDATE {TABLE} SET word = 'again'")
        sync.run("delete and insert")
        wait_until(lambda: contents(there, TABLE) == contents(db, TABLE), limit=120, what="the changes")
        there.execute("ALTER SUBSCRIPTION s DISABLE; ALTER SUBSCRIPTION s SET (slot_name = NONE)")
        there.execute("DROP SUBSCRIPTION s")
        db.close()
        there.close()


def test_remote_ends_in_the_middle(db: Database, source: MySqlRemote) -> None:
    """The connection is lost, the server stalls past the time limit: the old rows stay."""
    sync = Refreshed(db, source.connector(table=TABLE))
    next_version(source, 1)
    with Proxy(source.server.port) as proxy:
        connector = source.connector(table=TABLE, connection=source.connection(port=proxy.port))
        Syncs(db).call("cdb_sync_update", sync.id, None, connector)
        for limit in (1, 20_000, 150_000):
            proxy.every(Fault(cut_after=limit))
            row = sync.attempt()
            assert row["state"] == "failure" and row["error_code"] in (1011, 1012), row
            assert version_of(db) == 0
        proxy.every(Fault(stall_after=150_000))
        db.execute("SET connector.statement_timeout = '2s'")
        sync.fail(6667)
        db.execute("RESET connector.statement_timeout")
        proxy.every(Fault())
        sync.run("swap")
    assert version_of(db) == 1
    Syncs(db).clean()


def test_two_phase_commit(workspace: Workspace, source: MySqlRemote) -> None:
    """An import that overwrites can be prepared, and is there after a crash. A run of a sync can't, as it notifies."""
    with cluster(workspace, max_prepared_transactions="2") as server:
        db = own_database(server)
        connector = source.connector(table=TABLE, collision_strategy="overwrite")
        sync = Refreshed(db, source.connector(table=TABLE, import_as="synced"))
        db.import_table(connector)
        db.execute(f"CREATE INDEX ON {TABLE} (word)")
        next_version(source, 1)
        db.execute("BEGIN")
        db.import_table(connector)
        db.execute("PREPARE TRANSACTION 'overwrite'")
        db.close()
        server.kill()
        server.start()
        with db.another() as reader:
            reader.execute("SET lock_timeout = '100ms'")
            with pytest.raises(psycopg2.errors.LockNotAvailable):
                reader.value(f"SELECT count(*) FROM {TABLE}")
        db.execute("COMMIT PREPARED 'overwrite'")
        assert version_of(db) == 1
        check_integrity(db, TABLE)
        before = contents(db, "synced")
        db.execute("BEGIN")
        sync.run("swap")
        with pytest.raises(psycopg2.errors.FeatureNotSupported, match="NOTIFY"):
            db.execute("PREPARE TRANSACTION 'run'")
        assert contents(db, "synced") == before
        sync.run("swap")
        assert_nothing_left(db)
        db.close()
