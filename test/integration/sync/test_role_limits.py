"""What a role may do, what it is told of that, and what is left of one that is dropped."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.postgres import Postgres
from servers.process import wait_until
from servers.remote import Remote
from servers.staging import staged
from servers.workspace import Workspace

TABLE = "bounded"


@pytest.fixture
def table(mariadb: Remote) -> Iterator[Remote]:
    """Any provider will do: this is about the local side."""
    with remote_rows(mariadb, TABLE, 10):
        yield mariadb


@pytest.fixture
def alice(db: Database, alice: Database) -> Iterator[Database]:
    yield alice
    db.execute("DELETE FROM connector.role_limits")


def test_a_role_sees_its_own_limits(db: Database, alice: Database) -> None:
    enabled = "SELECT cdb_connectors() -> 'hive' ->> 'enabled'"
    mine = "SELECT * FROM connector.my_limits ORDER BY 1"
    assert alice.value(enabled) == "true"
    assert alice.rows(mine) == [
        (provider, True, 1_000_000, 256, 3, 10_000, 3, 10_000) for provider in ("hive", "mysql", "odbc", "postgres", "sqlserver")
    ]
    db.execute("INSERT INTO connector.role_limits (role_name, provider, enabled) VALUES ('alice', 'hive', false)")
    db.execute("INSERT INTO connector.role_limits (role_name, max_rows, max_syncs) VALUES ('alice', 50, 0)")
    db.execute("SET connector.max_imports_per_role = 0")
    assert alice.value(enabled) == "false" and db.value(enabled) == "true"
    limits = {provider: (is_enabled, rows, syncs) for provider, is_enabled, rows, _, syncs, *_ in alice.rows(mine)}
    assert limits["mysql"] == (True, 50, 0) and limits["hive"] == (False, 1_000_000, 3)
    assert db.value("SELECT max_imports FROM connector.my_limits WHERE provider = 'mysql'") is None
    db.execute("RESET connector.max_imports_per_role")
    with fails("permission denied"):
        alice.rows("SELECT * FROM connector.role_limits")


def test_imports_that_wait_are_counted(db: Database, table: Remote) -> None:
    """Within a transaction, so that none is begun."""
    request = json.dumps(table.connector(table=TABLE))
    full = fails("this role has 2 imports that wait", number=6669, hint="max_queued_imports_per_role")
    try:
        db.execute("BEGIN; SET LOCAL connector.max_queued_imports_per_role = 2")
        queued = [db.value("SELECT cdb_import_connector(%s, wait => false)", request)["item_queue_id"] for _ in range(2)]
        db.execute("SAVEPOINT before")
        with full:
            db.value("SELECT cdb_import_connector(%s, wait => false)", request)
        db.execute("ROLLBACK TO before")
        whole = json.dumps(table.connector(collision_strategy="rename"))
        [(problem, item)] = db.rows("SELECT problem, item_queue_id FROM cdb_import_tables(%s, %s)", whole, [TABLE])
        assert "this role has 2 imports that wait" in problem and item is None
        db.value("SELECT cdb_import_cancel(%s::uuid)", queued[0])
        assert db.value("SELECT cdb_import_connector(%s, wait => false)", request)["success"] is True
        db.execute("SET LOCAL connector.max_queued_imports_per_role = 0")
        assert db.value("SELECT problem FROM cdb_import_tables(%s, %s)", whole, [TABLE]) is None
    finally:
        db.execute("ROLLBACK")


def test_a_provider_that_is_none_is_refused(db: Database) -> None:
    with fails(sqlstate="23514"):
        db.execute("INSERT INTO connector.role_limits (provider, enabled) VALUES ('mysqll', false)")


def test_a_role_that_cannot_log_in_is_told(clock: Syncs, table: Remote) -> None:
    """Of its sync, as no worker can run it before PostgreSQL 17."""
    db = clock.database
    db.execute("CREATE ROLE team NOLOGIN; GRANT USAGE ON FOREIGN DATA WRAPPER connector TO team; GRANT CREATE ON SCHEMA public TO team")
    try:
        db.execute("SET ROLE team")
        clock.create(table.connector(table=TABLE))
        told = [notice for notice in db.notices if notice.startswith("WARNING:")]
        assert any("its owner cannot log in" in notice for notice in told) is (db.server.major < 17)
    finally:
        db.execute("RESET ROLE")
        db.drop_role("team")


def test_no_free_worker_process(workspace: Workspace, table: Remote) -> None:
    """Who creates a sync is told that nothing will run it."""
    settings = {"shared_preload_libraries": "connector", "max_worker_processes": "2"}
    with Postgres(workspace, stage=staged(workspace), settings=settings) as server:
        server.create_database("narrow", "connector")
        wait_until(lambda: "connector cannot start a scheduler" in server.log.read_text(errors="replace"), limit=60, what="the log's line")
        with Database(server, "narrow") as db:
            Syncs(db).create(table.connector(table=TABLE))
            assert any("found no free worker process" in notice for notice in db.notices)
            assert db.value("SELECT connector.has_scheduler()") is False
            db.execute("CALL cdb_run_due_syncs()")
            assert db.value(f"SELECT count(*) FROM {TABLE}") == 10


def test_syncs_of_a_dropped_role_go(syncs: Syncs, alice: Database, table: Remote) -> None:
    """With their passwords; one whose table is another role's by now loses its password only."""
    db = syncs.database
    db.execute("ALTER ROLE alice SET connector.allowed_hosts = '127.0.0.0/8'")
    alice.close()
    mine = Syncs(alice)
    kept = mine.create(table.connector(table=TABLE, import_as="kept"))["id"]
    mine.now(kept, wait=True)
    gone = mine.create(table.connector(table=TABLE, import_as="gone"))["id"]
    db.execute("ALTER TABLE kept OWNER TO postgres")
    alice.close()
    db.drop_role("alice")
    position = db.server.log_size()
    db.execute("CALL cdb_run_due_syncs()")
    assert [id for (id,) in db.rows("SELECT id FROM connector.sync")] == [kept]
    assert db.rows("SELECT 1 FROM connector.sync_secret") == []
    log = db.server.log_since(position)
    assert f"({gone}), whose owner was dropped" in log and f"({kept})" not in log
