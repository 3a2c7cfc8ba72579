"""A sync from its creation to its end: what the functions answer, what the states are, what a role sees."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import remote_rows
from harness.syncs import NEVER, Syncs
from harness.thorough import PROVIDERS, by_turns

from servers.process import wait_until
from servers.remote import Remote
from servers.remote_postgres import PostgresRemote

pytestmark = by_turns("one_remote", *PROVIDERS)

TABLE = "goods"
GOES_ON = "a run of this sync goes on already"

# The attributes of the seeds, in their order.
ATTRIBUTES = (
    "data_import id name interval url state user_id created_at updated_at run_at ran_at modified_at etag checksum log_id "
    "error_code error_message retried_times service_name service_item_id type_guessing quoted_fields_guessing "
    "content_guessing visualization_id from_external_source"
).split()


@pytest.fixture
def table(one_remote: Remote) -> Iterator[Remote]:
    with remote_rows(one_remote, TABLE, 100):
        yield one_remote


def test_attributes(syncs: Syncs, table: Remote) -> None:
    connector = table.connector(table=TABLE)
    created = syncs.create(connector, interval="15 minutes")
    assert list(created)[: len(ATTRIBUTES)] == ATTRIBUTES
    assert created["state"] == "created" and created["interval"] == 900 and created["name"] == TABLE
    assert created["service_name"] == "connector" and created["retried_times"] == 0 and created["checksum"] == ""
    assert created["run_at"] == created["created_at"], "the first run is due at once"
    assert created["ran_at"] is None and created["error_code"] is None and created["from_external_source"] is False
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", created["created_at"])
    shown = json.loads(created["service_item_id"])
    assert shown["connection"].pop("password") == "********"
    assert {**shown["connection"], "password": connector["connection"]["password"]} == connector["connection"]
    assert syncs.status(created["id"]) == created
    assert not table.sessions(), "nothing is contacted"


def test_forms_and_intervals(syncs: Syncs, table: Remote) -> None:
    connector = table.connector(table=TABLE)
    for form, interval, seconds in (
        (connector, None, 3600),
        (connector, "900", 900),
        (connector, "1 day", 86400),
        ({"connector": connector, "interval": 900}, None, 900),
        ({"connector": connector, "interval": "30 minutes"}, None, 1800),
        ({"connector": connector, "interval": 900}, "2 hours", 7200),
        (connector, "1 month", 30 * 86400),
    ):
        id = syncs.create(form, interval=interval)["id"]
        assert syncs.status(id)["interval"] == seconds
        syncs.database.execute("SELECT cdb_sync_delete(%s)", id)
    for form, interval in (
        (connector, "899"),
        (connector, "-1 day"),
        (connector, "200 years"),
        ({"connector": connector, "interval": 60}, None),
        ({"connector": connector, "interval": "soon"}, None),
        ({**connector, "tabel": "x"}, None),
        ({**connector, "sync": {"mode": "append"}}, None),
        ({**connector, "target_schema": "nowhere"}, None),
    ):
        with fails(secrets=(str(connector["connection"]["password"]),)):
            syncs.create(form, interval=interval)
    assert syncs.database.value("SELECT count(*) FROM connector.syncs") == 0
    syncs.database.execute("SET connector.min_sync_interval = 60")
    assert syncs.create(connector, interval="1 minute")["interval"] == 60
    syncs.database.execute("RESET connector.min_sync_interval")


def test_first_run_and_refresh(syncs: Syncs, table: Remote) -> None:
    """The first run creates the table by the import's rules, the next ones keep its OID and what hangs on it."""
    db = syncs.database
    db.execute(f"CREATE TABLE {TABLE} (other text)")
    created = syncs.create(table.connector(table=TABLE))
    assert db.value("SELECT cdb_import_status(%s)", created["data_import"]["item_queue_id"])["state"] == "enqueued"
    answer = syncs.now(created["id"], wait=True)
    assert answer == {"enqueued": True, "synchronization_id": created["id"], "state": "success"}
    assert db.rows("SELECT * FROM connector.progress") == []
    status = syncs.status(created["id"])
    assert status["state"] == "success" and status["name"] == f"{TABLE}_1" and status["schema"] == "public"
    assert status["ran_at"] is not None and status["run_at"] > status["ran_at"]
    imported = db.value("SELECT cdb_import_status(%s)", created["data_import"]["item_queue_id"])
    assert imported["state"] == "complete" and imported["synchronization_id"] == created["id"] and imported["rows"] == 100

    oid = db.value(f"SELECT '{TABLE}_1'::regclass::oid")
    db.execute(f"CREATE VIEW seen AS SELECT count(*) AS n FROM {TABLE}_1")
    table.create_rows(TABLE, 99)
    assert syncs.now(created["id"], wait=True)["state"] == "success"
    assert db.value(f"SELECT '{TABLE}_1'::regclass::oid") == oid
    assert db.value("SELECT n FROM seen") == 99
    runs = db.rows("SELECT state, rows, mode, error_code FROM connector.runs WHERE sync_id = %s ORDER BY started_at", created["id"])
    assert [run[:2] for run in runs] == [("success", 100), ("success", 99)] and runs[0][2] == "import"
    assert status["log_id"] != syncs.status(created["id"])["log_id"]
    db.execute("DROP VIEW seen")


def test_due_syncs(syncs: Syncs, table: Remote) -> None:
    """Each in a transaction of its own: one that fails does not touch the others."""
    db = syncs.database
    good = syncs.create(table.connector(table=TABLE, import_as="good"))["id"]
    bad = syncs.create(table.connector(table="no_such_table", import_as="bad"))["id"]
    late = syncs.create(table.connector(table=TABLE, import_as="late"))["id"]
    db.execute("CALL cdb_run_due_syncs(1)")
    assert [syncs.state(id) for id in (good, bad, late)] == ["success", "created", "created"], "oldest first, one"
    db.execute("CALL cdb_run_due_syncs()")
    assert [syncs.state(id) for id in (good, bad, late)] == ["success", "failure", "success"]
    status = syncs.status(bad)
    assert status["error_code"] == 1011 and "no_such_table" in status["error_message"] and status["retried_times"] == 1
    assert status["run_at"] is None, "trying again brings no table"
    imported = db.value("SELECT cdb_import_status(%s)", status["data_import"]["item_queue_id"])
    assert imported["state"] == "failure" and imported["error_code"] == 1011 and imported["success"] is False
    db.execute("CALL cdb_run_due_syncs()")
    assert syncs.run_count(good) == 1, "not due"
    syncs.make_due(good)
    db.execute("CALL cdb_run_due_syncs(NULL)")
    assert syncs.run_count(good) == 2
    with fails("transaction block", sqlstate="2D000"):
        db.execute("DO $$ BEGIN PERFORM 1; CALL cdb_run_due_syncs(); END $$; SELECT 1")


def test_pause_resume_update_delete(syncs: Syncs, table: Remote) -> None:
    db = syncs.database
    id = syncs.create(table.connector(table=TABLE))["id"]
    assert syncs.call("cdb_sync_pause", id)["paused"] is True
    db.execute("CALL cdb_run_due_syncs()")
    assert syncs.state(id) == "created"
    assert syncs.now(id)["enqueued"] is True  # an explicit wish counts
    assert syncs.state(id) == "queued"
    db.execute("CALL cdb_run_due_syncs()")
    assert syncs.state(id) == "success" and syncs.status(id)["paused"] is True
    assert syncs.call("cdb_sync_resume", id)["paused"] is False
    assert syncs.call("cdb_sync_update", id, "1 day")["interval"] == 86400
    with fails("at least 900 seconds", number=1502):
        syncs.call("cdb_sync_update", id, "1 minute")
    db.execute("SELECT cdb_sync_delete(%s)", id)
    with fails("no sync", number=1502):
        syncs.status(id)
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 100, "the table stays"
    assert db.value("SELECT count(*) FROM connector.sync_secret") == 0
    for function in ("cdb_sync_now", "cdb_sync_pause", "cdb_sync_resume", "cdb_sync_delete"):
        with fails("no sync", number=1502):
            db.value(f"SELECT {function}(%s)", NEVER)


def test_a_deleted_sync_takes_its_announced_import_along(syncs: Syncs, table: Remote) -> None:
    """The first run is shown as an import that will come; one that never comes is not to be waited for."""
    created = syncs.create(table.connector(table=TABLE))
    shown = "SELECT count(*) FROM connector.imports WHERE synchronization_id = %s"
    assert syncs.database.value(shown, created["id"]) == 1
    syncs.database.execute("SELECT cdb_sync_delete(%s)", created["id"])
    assert syncs.database.value(shown, created["id"]) == 0


def test_a_deletion_that_is_taken_back_during_the_first_run(syncs: Syncs, postgres15: PostgresRemote) -> None:
    """Then the announced import does not stay announced: the run fails, or its end is on record."""
    db = syncs.database
    postgres15.server.start()
    # The run waits first at the remote, then for a deferred trigger of what a trigger of its table writes.
    db.execute(
        f"CREATE TABLE {TABLE} (id bigint, word text); CREATE TABLE after_all (a int);"
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.after_all VALUES (1); RETURN NULL; END $$;"
        "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(78); RETURN NULL; END $$;"
        f"CREATE TRIGGER tell AFTER INSERT ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION tell();"
        "CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON after_all DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold()"
    )
    query = "SELECT 1::bigint AS id, 'x'::text AS word FROM (SELECT pg_advisory_lock_shared(77)) AS waits"
    id = syncs.create(postgres15.connector(sql_query=query, import_as=TABLE, collision_strategy="overwrite"))["id"]
    waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
    with db.another() as holder, db.another() as deleting:
        holder.execute("SELECT pg_advisory_lock(78)")
        with ExitStack() as stack:
            with closing(postgres15.server.connect(postgres15.database)) as reader:
                reader.cursor().execute("SELECT pg_advisory_lock(77)")
                job = stack.enter_context(db.in_background("CALL cdb_run_due_syncs()"))
                wait_until(lambda: bool(postgres15.rows(waiting % 77)) or not job.running(), limit=60, what="a run that reads")
                deleting.execute("BEGIN")
                deleting.execute("SELECT cdb_sync_delete(%s)", id)
            wait_until(lambda: bool(db.rows(waiting % 78)) or not job.running(), limit=60, what="a run at its end")
            deleting.execute("ROLLBACK")
            holder.execute("SELECT pg_advisory_unlock_all()")
            job.result()
    again = syncs.now(id, wait=True)
    assert again["state"] == "success", again
    assert db.rows("SELECT state, table_name FROM connector.imports WHERE synchronization_id = %s", id) == [("complete", TABLE)]
    db.execute("DROP FUNCTION tell, hold CASCADE")


def test_retries(syncs: Syncs, table: Remote) -> None:
    """Backoff, then rest; a request starts anew, success forgets."""
    db = syncs.database
    connection = table.connection(port=1)
    id = syncs.create(table.connector(connection=connection, table=TABLE))["id"]
    db.execute("SET connector.max_retries = 3")
    for failures in (1, 2):
        db.execute("CALL cdb_run_due_syncs()")
        status = syncs.status(id)
        assert status["state"] == "failure" and status["retried_times"] == failures and status["error_code"] == 1012
        assert status["run_at"] is not None
        delay = db.value("SELECT extract(epoch FROM run_at - clock_timestamp()) FROM connector.syncs WHERE id = %s", id)
        assert 0 < delay <= 60 * 2 ** (failures - 1) * 1.25
        syncs.make_due(id)
    db.execute("CALL cdb_run_due_syncs()")
    assert syncs.status(id)["run_at"] is None, "it rests"
    db.execute("RESET connector.max_retries")
    assert syncs.now(id)["enqueued"] is True
    status = syncs.status(id)
    assert status["retried_times"] == 0 and status["error_code"] is None and status["state"] == "queued"
    assert syncs.now(id, wait=True)["state"] == "failure"
    assert syncs.call("cdb_sync_update", id, None, table.connector(table=TABLE))["state"] == "failure"
    db.execute("CALL cdb_run_due_syncs()")
    status = syncs.status(id)
    assert status["state"] == "success" and status["retried_times"] == 0 and status["error_message"] is None


def test_denied_login(syncs: Syncs, table: Remote) -> None:
    """Is tried again after some minutes, as an account may be locked after too many tries, and not counted as a failure of
    this sync alone. A new password wakes it."""
    wrong = table.connector(connection=table.connection(password="wrong"), table=TABLE)
    id = syncs.create(wrong)["id"]
    syncs.now(id, wait=True)
    status = syncs.status(id)
    assert status["error_code"] == 1012 and status["failing_since"] is not None and status["retried_times"] == 0
    delay = "SELECT extract(epoch FROM run_at - clock_timestamp()) FROM connector.syncs WHERE id = %s"
    assert 60 < syncs.database.value(delay, id) <= 300
    syncs.call("cdb_sync_update", id, None, table.connector(table=TABLE))
    syncs.database.execute("CALL cdb_run_due_syncs()")
    assert syncs.state(id) == "success"


def test_dropped_table(syncs: Syncs, table: Remote) -> None:
    """The clock does not bring back what the user dropped; the user's word does."""
    db = syncs.database
    id = syncs.create(table.connector(table=TABLE))["id"]
    syncs.now(id, wait=True)
    db.execute(f"ALTER TABLE {TABLE} RENAME TO wares")
    assert syncs.status(id)["name"] == "wares"
    db.execute("CREATE SCHEMA elsewhere", )
    db.execute("ALTER TABLE wares SET SCHEMA elsewhere")
    assert syncs.now(id, wait=True)["state"] == "success"
    assert syncs.status(id)["schema"] == "elsewhere"
    db.execute("DROP SCHEMA elsewhere CASCADE")
    syncs.make_due(id)
    db.execute("CALL cdb_run_due_syncs()")
    status = syncs.status(id)
    assert status["state"] == "failure" and "dropped" in status["error_message"] and status["run_at"] is None
    syncs.now(id, wait=True)
    assert syncs.status(id)["name"] == TABLE and db.value(f"SELECT count(*) FROM {TABLE}") == 100


def test_cancel(syncs: Syncs, table: Remote) -> None:
    """A cancelled procedure records what happened; a cancelled call in a transaction leaves no trace."""
    db = syncs.database
    id = syncs.create(table.connector(sql_query=table.slow_query(600), import_as="slow"))["id"]
    for query, state in (("SELECT cdb_sync_now(%s, true)", "created"), ("CALL cdb_run_due_syncs()", "failure")):
        with db.in_background(query, *((id,) if "%s" in query else ())) as job:
            syncs.wait_for_remote(table, job)
            if "CALL" in query:
                assert syncs.state(id) == "syncing", "the start is on record"
                with db.another() as other:
                    assert Syncs(other).now(id)["enqueued"] is False, "it runs"
                    assert any(GOES_ON in notice for notice in other.notices)
                    other.execute("CALL cdb_run_due_syncs()")
            job.cancel()
            with fails("canceling statement", sqlstate="57014"):
                job.result()
        assert syncs.state(id) == state
    status = syncs.status(id)
    assert "canceling statement" in status["error_message"] and status["error_code"] == 6672
    assert status["retried_times"] == 0
    later = "SELECT run_at > created_at + interval '59 minutes' FROM connector.syncs WHERE id = %s"
    assert db.value(later, id), "not in a minute: somebody did not want it"
    codes = "SELECT r.error_code, r.sqlstate FROM connector.runs r WHERE r.sync_id = %s"
    assert db.rows(codes, id) == [(6672, "57014")]
    assert syncs.run_count(id) == 1


def test_waits_for_a_run(syncs: Syncs, table: Remote) -> None:
    """Somebody who wants the rows as they are now gets them, whatever goes on already."""
    db = syncs.database
    id = syncs.create(table.connector(table=TABLE))["id"]
    syncs.now(id, wait=True)
    now = f"SELECT cdb_sync_now('{id}', true)"
    with db.another() as reader, db.another() as hasty:
        reader.execute(f"BEGIN; SELECT count(*) FROM {TABLE}")
        syncs.make_due(id)
        with db.in_background("CALL cdb_run_due_syncs()") as first:
            first.wait_for_exchange()
            # The run waits for this session.
            assert reader.value(now)["enqueued"] is False
            assert any("has not waited for it" in notice for notice in reader.notices)
            hasty.execute("BEGIN; CREATE TEMPORARY TABLE written ()")
            assert hasty.value(now)["enqueued"] is False, "what is written may be in the way of the run"
            hasty.execute("ROLLBACK; SET lock_timeout = '100ms'")
            with fails("lock timeout", sqlstate="55P03"):
                hasty.execute(now)
            with db.in_background(now) as second, db.in_background(now) as cancelled:
                second.wait_for_lock()
                cancelled.wait_for_lock()
                cancelled.cancel()
                with fails("canceling statement", sqlstate="57014"):
                    cancelled.result()
                assert syncs.state(id) == "syncing" and first.running()
                table.create_rows(TABLE, 50)
                reader.execute("COMMIT")
                first.result()
                ((answer,),) = second.result()
                assert answer["enqueued"] is True and answer["state"] == "success"
                assert any(GOES_ON in notice and "once more" in notice for notice in second.database.notices)
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 50
    assert syncs.run_count(id) == 3


@pytest.mark.parametrize(
    "before",
    [
        "SELECT count(*) FROM another",
        "SELECT pg_advisory_xact_lock(7)",
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    ],
)
def test_does_not_wait_where_that_must_fail(syncs: Syncs, table: Remote, before: str) -> None:
    """What the owner's code in the run waits for, or a snapshot that can't see the run's end."""
    db = syncs.database
    id = syncs.create(table.connector(table=TABLE))["id"]
    db.execute("CREATE TABLE another ()")
    with db.another() as runner, db.another() as caller:
        runner.execute(f"BEGIN; SELECT cdb_sync_now('{id}', true)")
        caller.execute(f"BEGIN; {before}")
        assert caller.value(f"SELECT cdb_sync_now('{id}', true)")["enqueued"] is False
        caller.execute("ROLLBACK")
        runner.execute("ROLLBACK")
    db.execute("DROP TABLE another")


def test_does_not_wait_for_ever(syncs: Syncs, table: Remote) -> None:
    db = syncs.database
    id = syncs.create(table.connector(table=TABLE))["id"]
    with db.another() as runner, db.another() as caller:
        runner.execute(f"BEGIN; SELECT cdb_sync_now('{id}', true)")
        caller.execute("SET connector.statement_timeout = '1s'")
        assert caller.value(f"SELECT cdb_sync_now('{id}', true)")["enqueued"] is False
        assert any("as long as connector.statement_timeout allows" in notice for notice in caller.notices)
        assert caller.value("SELECT count(*) FROM connector.syncs WHERE id = %s", id) == 1, "the session goes on"
        runner.execute("ROLLBACK")


def test_limits_that_change_during_the_wait_count(syncs: Syncs, alice: Database, table: Remote) -> None:
    db = syncs.database
    mine = Syncs(alice)
    id = mine.create(table.connector(table=TABLE))["id"]
    mine.now(id, wait=True)
    with db.another() as runner:
        runner.execute(f"BEGIN; SELECT cdb_sync_now('{id}', true)")
        with alice.in_background(f"SELECT cdb_sync_now('{id}', true)") as waiting:
            waiting.wait_for_lock()
            db.execute("INSERT INTO connector.role_limits (role_name, enabled, max_syncs) VALUES ('alice', false, 0)")
            runner.execute("COMMIT")
            ((answer,),) = waiting.result()
            assert answer["error_code"] == 1501, answer
    db.execute("DELETE FROM connector.role_limits")


def test_nobody_else_waits_for_a_run(syncs: Syncs, alice: Database, table: Remote) -> None:
    db = syncs.database
    id = syncs.create(table.connector(table=TABLE))["id"]
    with db.another() as runner:
        runner.execute(f"BEGIN; SELECT cdb_sync_now('{id}', true)")
        with fails("there is no sync with id"):
            alice.execute(f"SELECT cdb_sync_now('{id}', true)")
        runner.execute("ROLLBACK")


def test_lost_run(syncs: Syncs, table: Remote) -> None:
    """A session that dies in the middle: whoever comes next puts it on record."""
    db = syncs.database
    id = syncs.create(table.connector(sql_query=table.slow_query(600), import_as="slow"))["id"]
    with db.in_background("CALL cdb_run_due_syncs()") as job:
        syncs.wait_for_remote(table, job)
        job.terminate()
        with fails():
            job.result()
    assert syncs.state(id) == "syncing"
    db.execute("CALL cdb_run_due_syncs()")
    status = syncs.status(id)
    assert status["state"] == "failure" and status["error_code"] == 6671 and status["retried_times"] == 1
    assert db.rows("SELECT state, error_code FROM connector.runs WHERE sync_id = %s", id) == [("failure", 6671)]


def test_notify_and_history(syncs: Syncs, table: Remote) -> None:
    db = syncs.database
    id = syncs.create(table.connector(table=TABLE))["id"]
    with db.another() as listener:
        listener.execute("LISTEN connector")
        db.execute("SET connector.keep_runs = 3")
        for _ in range(5):
            syncs.now(id, wait=True)
        db.execute("RESET connector.keep_runs")
        wait_until(lambda: listener.connection.poll() or len(listener.connection.notifies) >= 5, limit=60, what="notifications")
        payloads = [json.loads(notify.payload) for notify in listener.connection.notifies]
    assert payloads == [{"kind": "sync", "id": id, "state": "success"}] * 5
    assert syncs.run_count(id) == 3


def test_roles(syncs: Syncs, etl: Database, table: Remote) -> None:
    """A role sees and changes its own; pg_read_all_stats sees all and changes nothing."""
    db = syncs.database
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.0/8'")
    etl.close()
    other = db.create_role("other")
    watcher = db.create_role("watcher")
    db.execute("GRANT pg_read_all_stats TO watcher")
    mine = Syncs(etl)
    id = mine.create(table.connector(table=TABLE))["id"]
    assert mine.now(id, wait=True)["state"] == "success"
    assert db.value(f"SELECT tableowner FROM pg_tables WHERE tablename = '{TABLE}'") == "etl"
    for role in (other, watcher):
        for call in ("cdb_sync_now", "cdb_sync_pause", "cdb_sync_resume", "cdb_sync_delete"):
            with fails("no sync", number=1502):
                role.value(f"SELECT {call}(%s)", id)
    with fails("no sync"):
        Syncs(other).status(id)
    assert other.rows("SELECT * FROM connector.syncs") == [] and other.rows("SELECT * FROM connector.runs") == []
    assert Syncs(watcher).status(id)["user_id"] == "etl"
    assert watcher.value("SELECT count(*) FROM connector.runs") == 1
    for relation in ("sync", "sync_secret", "run"):
        for role in (etl, other, watcher):
            with fails("permission denied"):
                role.rows(f"SELECT * FROM connector.{relation}")
    # Another's run as its owner: the superuser's call makes nobody a superuser.
    syncs.make_due(id)
    other.execute("CALL cdb_run_due_syncs()")
    assert syncs.run_count(id) == 1
    db.execute("SET connector.allowed_hosts = '127.0.0.0/8'")
    db.execute("CALL cdb_run_due_syncs()")
    db.execute("RESET connector.allowed_hosts")
    assert syncs.run_count(id) == 2 and syncs.state(id) == "success"
    # The table's owner is the sync's.
    db.execute(f"ALTER TABLE {TABLE} OWNER TO other")
    assert Syncs(other).status(id)["user_id"] == "other"
    with fails("no sync"):
        mine.status(id)
    for role in (other, watcher):
        role.close()
    syncs.clean()
    for name in ("other", "watcher"):
        db.drop_role(name)


def test_rights_are_checked_at_each_run(syncs: Syncs, etl: Database, table: Remote) -> None:
    db = syncs.database
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.0/8'")
    etl.close()
    mine = Syncs(etl)
    id = mine.create(table.connector(table=TABLE))["id"]
    db.execute("REVOKE USAGE ON FOREIGN DATA WRAPPER connector FROM etl")
    answer = mine.now(id, wait=True)
    assert answer["state"] == "failure" and "permission denied" in answer["error_message"]
    assert mine.status(id)["run_at"] is None, "permanent"
    db.execute("GRANT USAGE ON FOREIGN DATA WRAPPER connector TO etl")
    db.execute("INSERT INTO connector.role_limits (role_name, max_syncs) VALUES ('etl', 0)")
    assert "may not sync" in mine.now(id, wait=True)["error_message"]
    with fails("may not sync", number=1501):
        mine.create(table.connector(table=TABLE))
    db.execute("DELETE FROM connector.role_limits")
    assert mine.now(id, wait=True)["state"] == "success"
    syncs.clean()


def test_two_first_runs_at_once(syncs: Syncs, mariadb: Remote) -> None:
    """The second one waits for the first, and refreshes the table that this one made."""
    db = syncs.database
    with remote_rows(mariadb, TABLE, 10), db.another() as first:
        id = syncs.create(mariadb.connector(table=TABLE))["id"]
        first.connection.autocommit = False
        Syncs(first).now(id, wait=True)
        with db.in_background("SELECT cdb_sync_now(%s, true)", id) as second:
            second.wait_for_lock()
            first.connection.commit()
            ((answer,),) = second.result()
        assert answer["state"] == "success" and syncs.run_count(id) == 2
        assert db.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == [(TABLE,)]


def test_run_that_waited_for_a_new_password(syncs: Syncs, mariadb: Remote) -> None:
    """A call that waited for another one sees all that this one changed."""
    db = syncs.database
    with remote_rows(mariadb, TABLE, 10), db.another() as other:
        keys = mariadb.connection()
        without = {key: value for key, value in keys.items() if key != "password"}
        id = syncs.create(mariadb.connector(table=TABLE, connection=without))["id"]
        other.connection.autocommit = False
        Syncs(other).call("cdb_sync_update", id, None, mariadb.connector(table=TABLE))
        with db.in_background("SELECT cdb_sync_now(%s, true)", id) as job:
            job.wait_for_lock()
            other.connection.commit()
            ((answer,),) = job.result()
        assert answer["state"] == "success", answer
