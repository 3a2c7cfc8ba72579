"""Imports in the background, and what is seen of runs while they go on."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import remote_rows
from harness.syncs import Syncs, processes, wait_for_process

from servers.process import wait_until
from servers.remote import Remote

TABLE = "parcels"


@pytest.fixture
def table(mariadb: Remote) -> Iterator[Remote]:
    """Any provider will do: this is about the local side."""
    with remote_rows(mariadb, TABLE, 100):
        yield mariadb


@pytest.fixture(params=["preloaded", "plain"])
def local(request: pytest.FixtureRequest) -> Iterator[Database]:
    """With the scheduler and without."""
    if request.param == "preloaded":
        clock: Syncs = request.getfixturevalue("clock")
        yield clock.database
        return
    plain: Database = request.getfixturevalue("db")
    yield plain
    Syncs(plain).clean()


def enqueue(database: Database, connector: dict[str, object]) -> str:
    result = database.value("SELECT cdb_import_connector(%s, wait => false)", json.dumps(connector))
    assert result["success"] is True and result["state"] == "enqueued" and result["table_name"] is None
    return str(result["item_queue_id"])


def wait_for(database: Database, id: str, state: str) -> dict[str, object]:
    wait_until(lambda: database.value("SELECT cdb_import_status(%s)", id)["state"] == state, limit=60, what=f"state {state}")
    status = database.value("SELECT cdb_import_status(%s)", id)
    assert isinstance(status, dict)
    return status


def test_queued_import(local: Database, table: Remote) -> None:
    """Runs after the commit; the status tells all; NOTIFY at the end; the secret is gone."""
    with local.another() as listener:
        listener.execute("LISTEN connector")
        local.connection.autocommit = False
        id = enqueue(local, table.connector(table=TABLE))
        assert not table.sessions()
        local.connection.commit()
        local.connection.autocommit = True
        status = wait_for(local, id, "complete")
        assert status["table_name"] == TABLE and status["rows"] == 100 and status["success"] is True
        wait_until(lambda: listener.connection.poll() or listener.connection.notifies, limit=60, what="a notification")
        payload = json.loads(listener.connection.notifies[0].payload)
        assert payload == {"kind": "import", "id": id, "state": "complete"}
    assert local.value(f"SELECT count(*) FROM {TABLE}") == 100
    assert local.value("SELECT count(*) FROM connector.import_secret") == 0
    id = enqueue(local, table.connector(table="no_such_table"))
    status = wait_for(local, id, "failure")
    assert status["error_code"] == 1011 and status["success"] is False
    assert "no_such_table" in local.value("SELECT error_message FROM connector.imports WHERE item_queue_id = %s", id)


def test_refused_at_once(local: Database, table: Remote) -> None:
    """All that can be checked is checked before the import is accepted."""
    for connector in (
        {**table.connector(table=TABLE), "tabel": 1},
        table.connector(table=TABLE, target_schema="nowhere"),
        {"provider": "nothing", "connection": {}, "table": TABLE},
    ):
        with fails():
            enqueue(local, connector)
    assert local.value("SELECT count(*) FROM connector.imports") == 0


def test_rollback(local: Database, table: Remote) -> None:
    local.connection.autocommit = False
    enqueue(local, table.connector(table=TABLE))
    local.connection.rollback()
    kept = enqueue(local, table.connector(table=TABLE, import_as="kept"))
    local.execute("SAVEPOINT s")
    enqueue(local, table.connector(table=TABLE, import_as="undone"))
    local.execute("ROLLBACK TO s")
    local.connection.commit()
    local.connection.autocommit = True
    wait_for(local, kept, "complete")
    wait_until(lambda: not any(processes(local, "worker")), limit=60, what="the end of the workers")
    assert local.rows("SELECT table_name FROM connector.imports") == [("kept",)]
    assert local.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == [("kept",)]


def test_lost_import(local: Database, table: Remote) -> None:
    id = enqueue(local, table.connector(sql_query=table.slow_query(600), import_as="slow"))
    wait_for(local, id, "uploading")
    (worker,) = wait_for_process(local, "worker")
    local.execute("SELECT pg_terminate_backend(%s)", worker)
    wait_for_process(local, "worker", 0)
    local.execute("CALL cdb_run_due_syncs()")
    assert wait_for(local, id, "failure")["error_code"] == 6671
    assert local.value("SELECT count(*) FROM connector.import_secret") == 0


def test_limit_of_the_role(clock: Syncs, table: Remote) -> None:
    """The others wait."""
    db = clock.database
    ids = [enqueue(db, table.connector(sql_query=table.slow_query(600), import_as=f"slow_{i}")) for i in range(5)]
    expected_states = ["uploading"] * 3 + ["enqueued"] * 2
    wait_until(
        lambda: [db.value("SELECT cdb_import_status(%s)", id)["state"] for id in ids] == expected_states, limit=60, what="three runs"
    )
    assert len(processes(db, "worker")) == 3
    # Syncs have places of their own.
    sync = clock.create(table.connector(table=TABLE))["id"]
    clock.wait_for(sync, "success")
    states = "SELECT count(*) FILTER (WHERE state = 'failure'), count(*) FILTER (WHERE state = 'uploading') FROM connector.imports"
    for failed, running in ((3, 2), (5, 0)):
        for pid in processes(db, "worker"):
            db.execute("SELECT pg_cancel_backend(%s)", pid)
        wait_until(  # a cancel that comes before the run begins would be lost
            lambda: db.rows(states) == [(failed, running)] and len(processes(db, "worker")) == running,
            limit=60,
            what="the end of those that were cancelled, and the start of the others",
        )


def test_places_are_those_of_other_imports(db: Database, table: Remote) -> None:
    """Whether an import runs in a session or in the background."""
    others = [db.another() for _ in range(3)]
    try:
        for number, other in enumerate(others):
            other.execute("BEGIN")
            other.import_table(table.connector(table=TABLE, import_as=f"held_{number}"))
        id = enqueue(db, table.connector(table=TABLE, import_as="later"))
        db.execute("CALL cdb_run_due_syncs()")
        wait_for_process(db, "worker", 0)
        assert db.value("SELECT cdb_import_status(%s)", id)["state"] == "enqueued"
    finally:
        for other in others:
            other.close()
    db.execute("CALL cdb_run_due_syncs()")
    wait_for(db, id, "complete")
    db.execute("DROP TABLE later")
    Syncs(db).clean()


def test_progress(db: Database, etl: Database, table: Remote) -> None:
    """Phase, rows, bytes and rate of runs of every kind, seen by their owner and by pg_read_all_stats."""
    assert db.rows("SELECT * FROM connector.progress") == []
    big = "progress"
    table.create_rows(big, 200_000, width=100)
    connector = table.connector(sql_query=f"SELECT a.* FROM {table.quote(big)} a, {table.quote(big)} b", import_as="endless", max_rows=0)
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.0/8'")
    db.execute("ALTER ROLE etl SET connector.max_rows = 0")
    etl.close()
    with etl.import_in_background(connector) as job:
        seen = "SELECT kind, phase, rows, bytes, rows_per_second, role_name FROM connector.progress WHERE pid = %s AND rows > %s"
        wait_until(lambda: etl.rows(seen, job.pid, 0), limit=60, what="rows")
        ((kind, phase, rows, size, rate, role),) = etl.rows(seen, job.pid, 0)
        assert (kind, phase, role) == ("import", "loading", "etl") and size > rows and rate > 0
        wait_until(lambda: etl.rows(seen, job.pid, rows), limit=60, what="more rows")
        assert db.rows(seen, job.pid, 0), "a superuser sees it"
        other = db.create_role("other")
        assert other.rows("SELECT * FROM connector.progress") == []
        db.execute("GRANT pg_read_all_stats TO other")
        assert len(other.rows("SELECT * FROM connector.progress")) == 1
        other.close()
        job.cancel()
        with fails("canceling"):
            job.result()
        assert db.rows("SELECT * FROM connector.progress WHERE pid = %s", job.pid) == []
    db.drop_role("other")
    table.drop(big)


def test_progress_of_a_sync(clock: Syncs, table: Remote) -> None:
    db = clock.database
    id = clock.create(table.connector(sql_query=table.slow_query(600), import_as="slow"))["id"]
    clock.wait_for(id, "syncing")
    wait_until(lambda: db.rows("SELECT 1 FROM connector.progress"), limit=60, what="progress")
    ((pid, kind, shown, role, rows),) = db.rows("SELECT pid, kind, id, role_name, rows FROM connector.progress")
    assert (kind, shown, role, rows) == ("sync", id, "postgres", 0)
    assert [pid] == processes(db, "worker")
    db.execute("SELECT pg_cancel_backend(%s)", pid)
    clock.wait_for(id, "failure")
    assert db.rows("SELECT 1 FROM connector.progress") == []
