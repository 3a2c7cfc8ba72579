"""One role's failure, code or lock is its own: the others' runs go on."""

from __future__ import annotations

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
    with remote_rows(mariadb, TABLE, 10):
        yield mariadb


def no_lock_warnings(database: Database, position: int) -> None:
    log = database.server.log_since(position)
    assert "own a lock" not in log and "WARNING:  there is already" not in log


@pytest.mark.parametrize(
    ("code", "sqlstate"),
    [
        ("RAISE EXCEPTION 'canceling statement due to user request' USING ERRCODE = '57014'", "57014"),
        ("RAISE EXCEPTION 'terminating connection' USING ERRCODE = '57P01'", "57P01"),
        ("RAISE EXCEPTION USING MESSAGE = repeat('x', 5000000)", "P0001"),
        ("RAISE EXCEPTION USING MESSAGE = repeat('ä', 100000), DETAIL = repeat('ö', 100000), HINT = repeat('ü', 100000)", "P0001"),
        ("PERFORM 1/0", "22012"),
    ],
    ids=["cancel", "shutdown", "huge", "long", "error"],
)  # fmt: skip
def test_an_error_of_a_roles_code_ends_its_own_run_only(
    syncs: Syncs, alice: Database, table: Remote, code: str, sqlstate: str
) -> None:
    """Whatever SQLSTATE it raises."""
    db = syncs.database
    alice.execute(
        f"CREATE FUNCTION fail(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN {code}; RETURN true; END $$;"
        "CREATE DOMAIN failing AS int CHECK (public.fail(value))"
    )
    mine = Syncs(alice)
    bad = mine.create(table.connector(table=TABLE, import_as="bad", columns={"id": "public.failing"}))["id"]
    good = syncs.create(table.connector(table=TABLE, import_as="good"))["id"]
    db.execute("SET connector.allowed_hosts = '127.0.0.0/8'")
    position = db.server.log_size()
    db.execute("CALL cdb_run_due_syncs()")
    assert syncs.state(bad) == "failure" and syncs.state(good) == "success"
    assert db.rows("SELECT sqlstate, state FROM connector.runs WHERE sync_id = %s", bad) == [(sqlstate, "failure")]
    assert db.value("SELECT length(error_message) < 70000 FROM connector.sync WHERE id = %s", bad) is True
    no_lock_warnings(db, position)
    answer = mine.now(bad, wait=True)
    assert answer["state"] == "failure", "no cancel there either"
    alice.execute("DROP DOMAIN failing; DROP FUNCTION fail")


@pytest.mark.parametrize("code", ["PERFORM pg_sleep(300)", "LOOP BEGIN PERFORM pg_sleep(300); EXCEPTION WHEN query_canceled THEN EXIT; END; END LOOP; LOOP END LOOP"])
def test_a_roles_code_runs_no_longer_than_a_run_may(syncs: Syncs, alice: Database, table: Remote, code: str) -> None:
    """Not even if it catches a cancel. The others' turn comes, and the session goes on."""
    db = syncs.database
    alice.execute(
        f"CREATE FUNCTION stay(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN {code}; RETURN true; END $$;"
        "CREATE DOMAIN staying AS int CHECK (public.stay(value))"
    )
    bad = Syncs(alice).create(table.connector(table=TABLE, import_as="bad", columns={"id": "public.staying"}))["id"]
    good = syncs.create(table.connector(table=TABLE, import_as="good"))["id"]
    db.execute("SET connector.allowed_hosts = '127.0.0.0/8'; SET connector.statement_timeout = '1s'")
    db.execute("CALL cdb_run_due_syncs()")
    db.execute("RESET connector.statement_timeout")
    assert db.value("SELECT count(*) FROM pg_sleep(1.5)") == 1, "no cancel comes late"
    status = syncs.status(bad)
    assert status["state"] == "failure" and status["error_code"] == 6667 and status["run_at"] is not None
    assert syncs.state(good) == "success"
    alice.execute("DROP DOMAIN staying; DROP FUNCTION stay")


def breaking(role: Database, table: Remote) -> str:
    """A sync whose next run merges a row that a deferred constraint of the table refuses."""
    mine = Syncs(role)
    id = mine.create(table.connector(table=TABLE, import_as="held", sync={"mode": "merge", "key": "id"}))["id"]
    if role.name == "clock":
        mine.wait_for(id, "success")
    else:
        assert mine.now(id, wait=True)["state"] == "success"
    role.execute("CREATE TABLE allowed (id int PRIMARY KEY); INSERT INTO allowed SELECT id FROM held")
    role.execute("ALTER TABLE held ADD FOREIGN KEY (id) REFERENCES allowed DEFERRABLE INITIALLY DEFERRED")
    table.create_rows(TABLE, 11)
    assert isinstance(id, str)
    return id


def test_a_commit_that_fails_is_the_runs_failure(syncs: Syncs, alice: Database, table: Remote) -> None:
    """In the loop of CALL, which goes on with the next one."""
    db = syncs.database
    bad = breaking(alice, table)
    syncs.make_due(bad)
    good = Syncs(alice).create(table.connector(table=TABLE, import_as="good"))["id"]
    position = db.server.log_size()
    alice.execute("CALL cdb_run_due_syncs()")
    status = syncs.status(bad)
    assert status["state"] == "failure" and "foreign key" in status["error_message"] and status["run_at"] is not None
    assert db.value("SELECT sqlstate FROM connector.runs WHERE sync_id = %s AND state = 'failure'", bad) == "23503"
    assert alice.value("SELECT count(*) FROM held") == 10
    assert syncs.state(good) == "success"
    no_lock_warnings(db, position)
    # Its lock is free, and the next try is an ordinary one.
    alice.execute("INSERT INTO allowed VALUES (11)")
    with alice.another() as other:
        syncs.make_due(bad)
        other.execute("CALL cdb_run_due_syncs()")
    assert syncs.state(bad) == "success" and alice.value("SELECT count(*) FROM held") == 11
    alice.execute("DROP TABLE held, allowed")


def test_a_commit_that_fails_in_a_worker(clock: Syncs, table: Remote) -> None:
    """It is that error that is recorded, not a lost worker."""
    db = clock.database
    role = db.create_role("clock_alice")
    db.execute("ALTER ROLE clock_alice SET connector.allowed_hosts = '127.0.0.0/8'")
    id = breaking(role, table)
    position = db.server.log_size()
    Syncs(role).now(id)
    wait_until(lambda: clock.state(id) == "failure", limit=60, what="the failure")
    status = clock.status(id)
    assert status["error_code"] == 2001 and "foreign key" in status["error_message"]
    no_lock_warnings(db, position)
    role.execute("INSERT INTO allowed VALUES (11)")
    Syncs(role).now(id)
    clock.wait_for(id, "success")
    role.close()
    db.drop_role("clock_alice")


def test_a_cancel_at_the_commit_is_a_cancel(syncs: Syncs, alice: Database, table: Remote) -> None:
    """It ends CALL, is on record, and leaves no lock behind."""
    db = syncs.database
    mine = Syncs(alice)
    id = mine.create(table.connector(table=TABLE, import_as="held", sync={"mode": "merge", "key": "id"}))["id"]
    mine.now(id, wait=True)
    alice.execute(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(300); RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER dawdles AFTER INSERT ON held DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()"
    )
    table.create_rows(TABLE, 11)
    syncs.make_due(id)
    position = db.server.log_size()
    with alice.in_background("CALL cdb_run_due_syncs()") as job:
        sleeping = "SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = %s"
        wait_until(lambda: db.value(sleeping, job.pid), limit=60, what="the trigger")
        job.cancel()
        with fails("canceling statement", sqlstate="57014"):
            job.result()
    status = syncs.status(id)
    assert status["state"] == "failure" and "canceling statement" in status["error_message"]
    no_lock_warnings(db, position)
    alice.execute("DROP TRIGGER dawdles ON held")
    assert mine.now(id, wait=True)["state"] == "success"
    alice.execute("DROP TABLE held; DROP FUNCTION dawdle")


def test_a_session_that_locks_its_syncs_holds_no_worker(clock: Syncs, table: Remote) -> None:
    """The runs end, and what they left is settled when the rows are free: nothing stays syncing."""
    db = clock.database
    numbers = {"SELECT cdb_sync_pause(%s)": 1011, "SELECT cdb_sync_delete(%s)": 6671}  # deleted: nothing can be put on record
    ids = {
        statement: clock.create(table.connector(sql_query=table.slow_query(600), import_as=f"slow_{number}"))["id"]
        for statement, number in numbers.items()
    }
    for id in ids.values():
        clock.wait_for(id, "syncing")
    wait_until(lambda: sum(bool(session.statement) for session in table.sessions()) == 2, limit=60, what="both statements")
    with db.another() as other:
        other.connection.autocommit = False
        for statement, id in ids.items():
            other.execute(statement, id)
        for session in table.sessions():
            table.kill_session(session.number)
        wait_for_process(db, "worker", 0)
        assert [clock.state(id) for id in ids.values()] == ["syncing", "syncing"]
        other.connection.rollback()
    for statement, id in ids.items():
        assert clock.wait_for(id, "failure")["error_code"] == numbers[statement]


def test_a_lock_is_waited_for_no_longer_than_ten_seconds(syncs: Syncs, table: Remote) -> None:
    """By pause and delete too; a shorter lock_timeout of the session counts."""
    db = syncs.database
    id = syncs.create(table.connector(table=TABLE))["id"]
    with db.another() as other:
        other.connection.autocommit = False
        other.execute("SELECT cdb_sync_pause(%s)", id)
        with db.in_background("SELECT cdb_sync_delete(%s)", id) as job:
            db.execute("SET lock_timeout = '50ms'")
            for call in ("cdb_sync_pause", "cdb_sync_delete", "cdb_sync_now", "cdb_sync_resume", "cdb_sync_update"):
                with fails("lock timeout", sqlstate="55P03"):
                    db.value(f"SELECT {call}(%s)", id)
            db.execute("RESET lock_timeout")
            with fails("lock timeout", sqlstate="55P03"):
                job.result(limit=60)
        other.connection.rollback()
    assert db.value("SHOW lock_timeout") == "0"
    db.execute("SELECT cdb_sync_delete(%s)", id)


def test_deleting_a_sync_ends_its_run(clock: Syncs, table: Remote) -> None:
    """That of a background worker, at the commit; the table stays as it was."""
    db = clock.database
    query = f"SELECT id, SLEEP({{}}) AS slept FROM {TABLE}"
    id = clock.create(table.connector(sql_query=query.format(0), import_as="kept"))["id"]
    clock.wait_for(id, "success")
    clock.call("cdb_sync_update", id, None, table.connector(sql_query=query.format(600), import_as="kept"))
    clock.now(id)
    clock.wait_for(id, "syncing")
    clock.wait_for_remote(table)
    with db.another() as other:
        other.connection.autocommit = False
        other.execute("SAVEPOINT s")
        other.execute("SELECT cdb_sync_delete(%s)", id)
        other.execute("ROLLBACK TO s")
        other.connection.commit()
        assert clock.state(id) == "syncing" and len(processes(db, "worker")) == 1
        other.execute("SELECT cdb_sync_delete(%s)", id)
        assert not other.notices
        assert len(processes(db, "worker")) == 1
        other.connection.commit()
    wait_for_process(db, "worker", 0)
    wait_until(lambda: not table.sessions(), limit=60, what="the end over there")
    assert db.value("SELECT count(*) FROM kept") == 10


def test_deleting_a_sync_that_a_session_runs_says_so(syncs: Syncs, table: Remote) -> None:
    """Nothing of that run is kept, and CALL goes on."""
    db = syncs.database
    slow = syncs.create(table.connector(sql_query=table.slow_query(2), import_as="slow"))["id"]
    good = syncs.create(table.connector(table=TABLE, import_as="good"))["id"]
    with db.in_background("CALL cdb_run_due_syncs()") as job:
        syncs.wait_for_remote(table, job)
        db.execute("SELECT cdb_sync_delete(%s)", slow)
        assert any("a session runs this sync" in notice for notice in db.notices)
        job.result()
    assert syncs.state(good) == "success"
    assert db.value("SELECT count(*) FROM pg_class WHERE relname = 'slow'") == 0
    assert db.value("SELECT count(*) FROM connector.runs WHERE sync_id = %s", slow) == 0


def test_a_role_has_no_end_of_syncs(syncs: Syncs, alice: Database, table: Remote) -> None:
    db = syncs.database
    mine = Syncs(alice)
    db.execute("ALTER ROLE alice SET connector.max_stored_syncs_per_role = 2")
    alice.close()
    ids = [mine.create(table.connector(table=TABLE, import_as=name))["id"] for name in ("first", "second")]
    with fails("may not have more than 2 syncs", number=6669):
        mine.create(table.connector(table=TABLE))
    syncs.create(table.connector(table=TABLE))
    alice.execute("SELECT cdb_sync_delete(%s)", ids[0])
    mine.create(table.connector(table=TABLE))
    with fails("permission denied"):
        alice.execute("SET connector.max_stored_syncs_per_role = 0")


def test_call_inside_a_subtransaction(syncs: Syncs) -> None:
    """It can't commit there, and says so before it runs anything."""
    db = syncs.database
    db.execute("CREATE PROCEDURE inside() LANGUAGE plpgsql AS $$ BEGIN BEGIN CALL cdb_run_due_syncs(); EXCEPTION WHEN no_data_found THEN NULL; END; END $$")
    with fails("cannot run inside a transaction block", sqlstate="2D000"):
        db.execute("CALL inside()")
    db.execute("CREATE PROCEDURE outside() LANGUAGE plpgsql AS $$ BEGIN CALL cdb_run_due_syncs(); END $$; ")
    db.execute("CALL outside()")
    db.execute("DROP PROCEDURE inside; DROP PROCEDURE outside")
