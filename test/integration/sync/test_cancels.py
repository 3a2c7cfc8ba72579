"""cdb_sync_cancel() and cdb_import_cancel(): one run is ended, wherever it goes on, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from harness.database import Database, Job
from harness.errors import fails
from harness.scratch import remote_rows
from harness.syncs import NEVER, Syncs, processes, wait_for_process

from servers.process import wait_until
from servers.remote import Remote

TABLE = "tickets"


@pytest.fixture
def table(mariadb: Remote) -> Iterator[Remote]:
    """Any provider will do: this is about the local side."""
    with remote_rows(mariadb, TABLE, 10):
        yield mariadb


def slow(table: Remote, name: str = "slow") -> dict[str, object]:
    return table.connector(sql_query=table.slow_query(600), import_as=name)


def enqueue(database: Database, connector: dict[str, object]) -> str:
    return str(database.value("SELECT cdb_import_connector(%s, wait => false)", json.dumps(connector))["item_queue_id"])


def cancel_sync(database: Database, id: str) -> dict[str, Any]:
    answer = database.value("SELECT cdb_sync_cancel(%s)", id)
    assert isinstance(answer, dict)
    return answer


def cancel_import(database: Database, id: str) -> dict[str, Any]:
    answer = database.value("SELECT cdb_import_cancel(%s)", id)
    assert isinstance(answer, dict)
    return answer


def comes_back_at_its_time(syncs: Syncs, id: str) -> None:
    status = syncs.status(id)
    assert (status["state"], status["error_code"], status["retried_times"]) == ("failure", 6672, 0)
    later = "SELECT run_at > clock_timestamp() + interval '50 minutes' FROM connector.syncs WHERE id = %s"
    assert syncs.database.value(later, id), "who cancels does not want it back in a minute"


def no_statement_there(table: Remote) -> None:
    wait_until(lambda: not any(session.statement for session in table.sessions()), limit=60, what="the end of the statement there")


def test_a_sync_in_a_worker(clock: Syncs, table: Remote) -> None:
    db = clock.database
    id = clock.create(slow(table))["id"]
    clock.wait_for(id, "syncing")
    clock.wait_for_remote(table)
    assert cancel_sync(db, id) == {"cancelled": True, "synchronization_id": id, "state": "failure"}
    comes_back_at_its_time(clock, id)
    assert db.rows("SELECT error_code, sqlstate FROM connector.runs WHERE sync_id = %s", id) == [(6672, "57014")]
    no_statement_there(table)
    wait_for_process(db, "worker", 0)
    assert cancel_sync(db, id) == {"cancelled": False, "synchronization_id": id, "state": "failure"}
    assert any("nothing was running" in notice for notice in db.notices)


def test_a_sync_in_a_call_that_goes_on_with_the_next(syncs: Syncs, alice: Database, table: Remote) -> None:
    """The owner ends his own run in a session of somebody else's, and holds nobody up by that."""
    db = syncs.database
    mine = Syncs(alice).create(slow(table))["id"]
    other = syncs.create(table.connector(table=TABLE, import_as="other"))["id"]
    db.execute(f"ALTER DATABASE {db.name} SET connector.allowed_hosts = '127.0.0.0/8'")
    with db.in_background("CALL cdb_run_due_syncs()") as job:
        syncs.wait_for_remote(table, job)
        assert cancel_sync(alice, mine)["cancelled"] is True
        job.result()
    db.execute(f"ALTER DATABASE {db.name} RESET connector.allowed_hosts")
    comes_back_at_its_time(syncs, mine)
    assert syncs.state(other) == "success"
    no_statement_there(table)


def test_a_sync_that_a_session_waits_for(syncs: Syncs, table: Remote) -> None:
    db = syncs.database
    id = syncs.create(slow(table))["id"]
    with db.in_background("SELECT cdb_sync_now(%s, true)", id) as job:
        syncs.wait_for_remote(table, job)
        with db.another() as other:
            assert cancel_sync(other, id)["cancelled"] is True
        with fails("canceling statement", sqlstate="57014"):
            job.result()
    assert syncs.state(id) == "created", "all of it was rolled back"
    no_statement_there(table)


def test_a_sync_that_waits_for_its_turn(syncs: Syncs, table: Remote) -> None:
    """On record as a run that was cancelled, first run or not."""
    db = syncs.database
    created = syncs.create(table.connector(table=TABLE))
    id = created["id"]
    assert cancel_sync(db, id) == {"cancelled": True, "synchronization_id": id, "state": "failure"}
    comes_back_at_its_time(syncs, id)
    assert db.value("SELECT cdb_import_status(%s)", created["data_import"]["item_queue_id"])["error_code"] == 6672
    assert syncs.now(id, wait=True)["state"] == "success"
    assert cancel_sync(db, id)["cancelled"] is False, "it is not due"
    assert syncs.now(id)["enqueued"] is True
    assert cancel_sync(db, id)["cancelled"] is True
    comes_back_at_its_time(syncs, id)
    db.execute("CALL cdb_run_due_syncs()")
    assert syncs.state(id) == "failure", "nothing is due"


def test_a_paused_sync_stays_paused_when_its_run_ends(clock: Syncs, table: Remote) -> None:
    db = clock.database
    id = clock.create(slow(table))["id"]
    clock.wait_for(id, "syncing")
    clock.wait_for_remote(table)
    assert clock.call("cdb_sync_pause", id)["paused"] is True
    assert any("a run of it goes on" in notice for notice in db.notices)
    assert cancel_sync(db, id)["cancelled"] is True
    clock.make_due(id)
    db.execute("CALL cdb_run_due_syncs()")
    status = clock.status(id)
    assert status["paused"] is True and status["state"] == "failure" and clock.run_count(id) == 1


def test_a_deleted_sync_leaves_no_table(syncs: Syncs, table: Remote) -> None:
    """A session that runs it goes on, which is told, and keeps nothing."""
    db = syncs.database
    id = syncs.create(table.connector(sql_query=table.slow_query(3), import_as="orphan"))["id"]
    with db.in_background("CALL cdb_run_due_syncs()") as job:
        syncs.wait_for_remote(table, job)
        db.execute("SELECT cdb_sync_delete(%s)", id)
        assert any("a session runs this sync right now" in notice for notice in db.notices)
        job.result()
    assert db.value("SELECT to_regclass('public.orphan')") is None
    with fails("no sync", number=1502):
        cancel_sync(db, id)


def test_an_import_that_waits(syncs: Syncs, table: Remote) -> None:
    """It fails at once, with a notification, and no worker takes it up."""
    db = syncs.database
    with db.another() as listener:
        listener.execute("LISTEN connector")
        db.connection.autocommit = False
        id = enqueue(db, table.connector(table=TABLE))
        assert cancel_import(db, id) == {"cancelled": True, "item_queue_id": id, "state": "failure"}
        db.connection.commit()
        db.connection.autocommit = True
        wait_until(lambda: listener.connection.poll() or listener.connection.notifies, limit=60, what="a notification")
        assert json.loads(listener.connection.notifies[0].payload) == {"kind": "import", "id": id, "state": "failure"}
    wait_for_process(db, "worker", 0)
    db.execute("CALL cdb_run_due_syncs()")
    assert db.value("SELECT cdb_import_status(%s)", id)["error_code"] == 6672
    assert db.value("SELECT count(*) FROM connector.import_secret") == 0
    assert db.value(f"SELECT to_regclass('public.{TABLE}')") is None
    assert cancel_import(db, id)["cancelled"] is False


def test_an_import_in_a_worker(syncs: Syncs, table: Remote) -> None:
    db = syncs.database
    id = enqueue(db, slow(table))
    syncs.wait_for_remote(table)
    assert cancel_import(db, id) == {"cancelled": True, "item_queue_id": id, "state": "failure"}
    status = db.value("SELECT cdb_import_status(%s)", id)
    assert status["error_code"] == 6672 and status["get_error_text"]["title"] == "Cancelled"
    assert db.value("SELECT count(*) FROM connector.import_secret") == 0
    no_statement_there(table)
    assert db.value("SELECT to_regclass('public.slow')") is None


def id_of(db: Database, job: Job) -> str:
    """Of an import that a session waits for: only the view of what runs has it."""
    seen = "SELECT id FROM connector.progress WHERE pid = %s"
    wait_until(lambda: bool(db.rows(seen, job.pid)), limit=60, what="the import in connector.progress")
    return str(db.value(seen, job.pid))


def test_an_import_that_a_session_waits_for(syncs: Syncs, alice: Database, table: Remote) -> None:
    db = syncs.database
    other = db.create_role("other")
    helper = db.create_role("helper")
    db.execute("GRANT pg_signal_backend TO helper")
    try:
        for who in (alice, helper, db):
            with alice.import_in_background(slow(table)) as job:
                syncs.wait_for_remote(table, job)
                id = id_of(db, job)
                with fails("no import", number=1502):
                    cancel_import(other, id)
                with who.another() as session:
                    assert cancel_import(session, id) == {"cancelled": True, "item_queue_id": id, "state": None}
                with fails("canceling statement", sqlstate="57014"):
                    job.result()
            no_statement_there(table)
        with db.import_in_background(slow(table)) as job:
            syncs.wait_for_remote(table, job)
            id = id_of(db, job)
            with fails("no import", number=1502):
                cancel_import(helper, id)  # as pg_cancel_backend: not a superuser's
            assert job.running()
            assert cancel_import(db, id)["cancelled"] is True
            with fails("canceling statement"):
                job.result()
    finally:
        for role in (other, helper):
            role.close()
            db.drop_role(role.role)


def test_who_may(syncs: Syncs, alice: Database, table: Remote) -> None:
    db = syncs.database
    other = db.create_role("other")
    id = syncs.create(table.connector(table=TABLE))["id"]
    queued = Syncs(alice).create(table.connector(table=TABLE, import_as="hers"))["id"]
    try:
        for sync in (id, queued, NEVER):
            with fails("no sync", number=1502):
                cancel_sync(other, sync)
            with fails("no import", number=1502):
                cancel_import(other, sync)
        # Its first run: who has nothing to do with it learns no id of a sync.
        first = str(db.value("SELECT item_queue_id FROM connector.sync WHERE id = %s", queued))
        with fails(f"no import with id {first}", number=1502):
            cancel_import(other, first)
        with fails("no import", number=1502):
            cancel_import(other, NEVER)
        with fails("read-only transaction"):
            alice.execute("BEGIN READ ONLY; SELECT cdb_sync_cancel(%s)", queued)
        alice.execute("ROLLBACK")
        db.execute("GRANT alice TO other")
        assert cancel_sync(other, queued)["cancelled"] is True
    finally:
        other.close()
        db.drop_role("other")


def test_a_cancel_that_comes_too_late_hits_nobody(syncs: Syncs, table: Remote) -> None:
    """Two sessions: one imports one small table after the other, one cancels whatever it sees. Nothing but imports is
    ended, and what runs between two imports never is."""
    db = syncs.database
    with db.another() as canceller, db.another() as importer:
        canceller.execute(
            "CREATE FUNCTION public.cancel_what_runs() RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE seen uuid; n bigint := 0; "
            "BEGIN FOR i IN 1..200 LOOP PERFORM pg_stat_clear_snapshot(); SELECT id INTO seen FROM connector.progress; "
            "IF seen IS NOT NULL THEN BEGIN n := n + (cdb_import_cancel(seen) ->> 'cancelled')::boolean::int; "
            "EXCEPTION WHEN OTHERS THEN NULL; END; ELSE PERFORM pg_sleep(0.005); END IF; END LOOP; RETURN n; END $$"
        )
        connector = json.dumps(table.connector(table=TABLE, collision_strategy="overwrite"))
        with db.in_background("SELECT public.cancel_what_runs()") as job:
            between = cancelled = 0
            while job.running():
                for statement, args in (("SELECT cdb_import_connector(%s)", (connector,)), ("SELECT sum(g) FROM generate_series(1, 20000) g", ())):
                    try:
                        importer.execute(statement, *args)
                    except Exception as error:  # noqa: BLE001: any error counts
                        assert "canceling statement" in str(error)
                        if args:
                            cancelled += 1
                        else:
                            between += 1
            job.result()
        assert cancelled > 0, "the test did nothing"
        assert between == 0
        canceller.execute("DROP FUNCTION public.cancel_what_runs()")
    assert processes(db, "worker") == []


def test_a_run_does_not_cancel_itself(syncs: Syncs, alice: Database, table: Remote) -> None:
    """Code of an owner's must not end the CALL of somebody else's, with the runs that were to come."""
    db = syncs.database
    db.execute(f"ALTER DATABASE {db.name} SET connector.allowed_hosts = '127.0.0.0/8'")
    itself = "DO $$ BEGIN PERFORM public.cdb_sync_cancel(id) FROM connector.progress; END $$"
    after = Syncs(alice).create(table.connector(table=TABLE, sync={"on_success": itself}))["id"]
    during = Syncs(alice).create(table.connector(table=TABLE, import_as="triggered"))["id"]
    later = syncs.create(table.connector(table=TABLE, import_as="later"))["id"]
    assert Syncs(alice).now(during, wait=True)["state"] == "success"
    alice.execute(
        f"CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.cdb_sync_cancel('{during}'::uuid); RETURN NULL; END $$; "
        "CREATE TRIGGER stop AFTER DELETE ON triggered EXECUTE FUNCTION stop(); INSERT INTO triggered (id) VALUES (1000)"
    )
    db.execute("UPDATE connector.sync SET run_at = now() - interval '1 hour' WHERE id <> %s", later)
    with db.another() as caller:
        caller.execute("CALL cdb_run_due_syncs()")
    db.execute(f"ALTER DATABASE {db.name} RESET connector.allowed_hosts")
    told = "SELECT state, coalesce(statement_error, error_message) FROM connector.runs WHERE sync_id = %s ORDER BY started_at DESC LIMIT 1"
    assert syncs.state(later) == "success"
    for id, state in ((after, "success"), (during, "failure")):
        ((ended, why),) = db.rows(told, id)
        assert ended == state and "can't be cancelled by what runs in it" in why


@pytest.mark.parametrize(
    ("call", "answer"),
    [("cdb_sync_now('{id}')", '"enqueued":false'), ("cdb_sync_now('{id}', true)", '"enqueued":false'), ("cdb_sync_update('{id}', '1 day')", '"syncing"')],
)
def test_a_run_is_not_lost_to_its_own_code(syncs: Syncs, table: Remote, call: str, answer: str) -> None:
    db = syncs.database
    id = syncs.create(table.connector(table=TABLE))["id"]
    syncs.now(id, wait=True)
    db.execute(
        "CREATE TABLE answers (answer text); "
        f"CREATE OR REPLACE FUNCTION asks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.answers SELECT public.{call.format(id=id)}; RETURN NULL; END $$; "
        f"CREATE TRIGGER asks AFTER DELETE ON {TABLE} EXECUTE FUNCTION asks(); INSERT INTO {TABLE} (id) VALUES (1000)"
    )
    syncs.make_due(id)
    db.execute("CALL cdb_run_due_syncs()")
    assert db.rows("SELECT state, error_message FROM connector.runs WHERE sync_id = %s", id) == [("success", None)] * 2
    assert answer in db.value("SELECT answer FROM answers")


def test_a_run_in_a_run(syncs: Syncs, alice: Database, table: Remote) -> None:
    """It is part of the outer one, which is what others see and cancel, before it, with it and after it."""
    db = syncs.database
    db.execute(f"ALTER DATABASE {db.name} SET connector.allowed_hosts = '127.0.0.0/8'")
    inner = Syncs(alice).create(slow(table, "inner"))["id"]
    quick = Syncs(alice).create(table.connector(table=TABLE, import_as="quick"))["id"]
    db.execute("UPDATE connector.sync SET run_at = now() + interval '1 day'")
    statement = f"DO $$ BEGIN PERFORM public.cdb_sync_now('{quick}', true); PERFORM pg_sleep(600); END $$"
    others = [Syncs(alice).create(table.connector(table=TABLE, import_as="slept", sync={"on_success": statement}))["id"]]
    statement = f"SELECT public.cdb_sync_now('{inner}', true)"
    others.append(Syncs(alice).create(table.connector(table=TABLE, import_as="read", sync={"on_success": statement}))["id"])
    with db.another() as caller, caller.in_background("CALL cdb_run_due_syncs()") as job:
        for id, waits in zip(others, ("PgSleep", None), strict=True):
            if waits:
                wait_until(lambda: bool(db.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")), limit=60, what="the statement")
            else:
                syncs.wait_for_remote(table, job)
                assert cancel_sync(alice, inner) == {"cancelled": False, "synchronization_id": inner, "state": None}
                assert any("the run goes on" in notice for notice in alice.notices)
            seen = db.rows("SELECT id::text, phase, table_name FROM connector.progress")
            assert seen == [(id, "statement", "slept" if waits else "read")]
            assert cancel_sync(alice, id)["cancelled"] is True
        job.result()
    db.execute(f"ALTER DATABASE {db.name} RESET connector.allowed_hosts")
    assert db.rows("SELECT * FROM connector.progress") == []
    no_statement_there(table)
