"""connector.import_without_source(): a request that names no source is an import that failed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.syncs import Syncs, person

from servers.process import wait_until

CALL = "SELECT connector.import_without_source()"


@pytest.fixture(autouse=True)
def clean(db: Database) -> Iterator[None]:
    yield
    Syncs(db).clean()


@pytest.fixture
def alice(db: Database) -> Iterator[Database]:
    yield from person(db, "alice")


def test_what_is_told_of_it(db: Database, alice: Database) -> None:
    id = alice.value(CALL)
    status = alice.value("SELECT cdb_import_status(%s)", id)
    expected = {
        "id": id, "item_queue_id": id, "queue_id": id, "user_id": "alice", "state": "failure", "success": False, "error_code": 1502,
        "sqlstate": "HV024", "error_message": "the request has no connector", "error_detail": "Connector error 1502.",
        "table_name": None, "table_id": None, "schema": "public", "rows": 0, "synchronization_id": None, "tables_created_count": 0,
    }  # fmt: skip
    assert {key: status[key] for key in expected} == expected
    assert "connector" in status["error_hint"] and status["ended_at"] >= status["started_at"]
    assert status["get_error_text"] == alice.value(
        "SELECT json_build_object('title', title, 'what_about', what_to_do, 'source', who) FROM cdb_error_codes() WHERE error_code = 1502"
    )
    view = "SELECT provider, server, source, table_name, schema, request::text, state, batch_id FROM connector.imports"
    assert alice.rows(view) == [(None, None, None, None, "public", "{}", "failure", None)]
    assert db.value("SELECT count(*) FROM connector.import_secret") == 0
    assert alice.value("SELECT cdb_import_cancel(%s) ->> 'cancelled'", id) == "false"
    # The query of the monitoring.
    monitored = "SELECT i.state, count(*) FROM connector.imports i WHERE i.synchronization_id IS NULL GROUP BY i.state"
    assert alice.rows(monitored) == [("failure", 1)]


def test_others_are_told(db: Database, alice: Database) -> None:
    position = db.server.log_size()
    db.execute("LISTEN connector")
    alice.execute(f"BEGIN; {CALL}; ROLLBACK")
    id = alice.value(CALL)

    def told() -> bool:
        db.connection.poll()
        return bool(db.connection.notifies)

    wait_until(told, limit=60, what="the notification")
    assert [json.loads(told.payload) for told in db.connection.notifies] == [{"kind": "import", "id": id, "state": "failure"}]
    db.execute("UNLISTEN connector")
    del db.connection.notifies[:]
    assert f"import {id} failed: the request has no connector" in db.server.log_since(position)


def test_the_table_is_not_filled(db: Database, alice: Database) -> None:
    """They are forgotten as any other import."""
    db.execute("ALTER ROLE alice SET connector.keep_runs = 5")
    with alice.another() as session:
        ids = [session.value(CALL) for _ in range(12)]
    assert [id for (id,) in db.rows("SELECT item_queue_id::text FROM connector.import ORDER BY id")] == ids[-5:]


def test_who_could_queue_none(db: Database, alice: Database) -> None:
    """What is refused to any import with wait => false is refused here."""
    db.execute("REVOKE USAGE ON FOREIGN DATA WRAPPER connector FROM alice")
    with fails("permission denied for foreign-data wrapper connector", sqlstate="42501", hint="name a foreign server"):
        alice.execute(CALL)
    db.execute("CREATE SERVER shop FOREIGN DATA WRAPPER connector OPTIONS (provider 'mysql', server 'h')")
    db.execute("GRANT USAGE ON FOREIGN SERVER shop TO alice")
    alice.execute(CALL)
    db.execute("DROP SERVER shop CASCADE; GRANT USAGE ON FOREIGN DATA WRAPPER connector TO alice")
    db.execute("REVOKE CREATE ON SCHEMA public FROM alice")
    with fails("permission denied for schema public", sqlstate="42501"):
        alice.execute(CALL)
    alice.execute("SET search_path = nosuch")
    with fails("no schema has been selected", number=2001):
        alice.execute(CALL)
    alice.execute("RESET search_path")
    db.execute("GRANT CREATE ON SCHEMA public TO alice; INSERT INTO connector.role_limits (role_name, enabled) VALUES ('alice', false)")
    try:
        with fails("no provider is enabled for this role", number=1501):
            alice.execute(CALL)
    finally:
        db.execute("DELETE FROM connector.role_limits")
    alice.execute("BEGIN READ ONLY")
    with fails("read-only transaction", sqlstate="25006"):
        alice.execute(CALL)
    alice.execute("ROLLBACK")
    assert db.value("SELECT count(*) FROM connector.import") == 1
