"""Launcher, schedulers and workers: with connector in shared_preload_libraries."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import remote_rows
from harness.syncs import Syncs, processes, wait_for_process
from harness.versions import come_back, is_cut_off

from servers.process import wait_until
from servers.remote import Remote

TABLE = "goods"


@pytest.fixture
def table(mariadb: Remote) -> Iterator[Remote]:
    """Any provider will do: this is about the local side."""
    with remote_rows(mariadb, TABLE, 100):
        yield mariadb


def slow(remote: Remote, seconds: int = 600, name: str = "slow") -> dict[str, object]:
    return remote.connector(sql_query=remote.slow_query(seconds), import_as=name)


def test_runs_by_itself(clock: Syncs, table: Remote) -> None:
    """From the commit of its creation on; again when it is due; at once when asked."""
    db = clock.database
    wait_for_process(db, "launcher")
    id = clock.create(table.connector(table=TABLE), interval="2 seconds")["id"]
    assert not [notice for notice in db.notices if "by itself" in notice]
    clock.wait_for(id, "success")
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 100
    wait_until(lambda: clock.run_count(id) >= 3, limit=60, what="three runs")
    assert db.value("SELECT count(*) FROM connector.runs WHERE state = 'failure'") == 0
    due = db.rows("SELECT started_at FROM connector.runs ORDER BY started_at")
    assert due == sorted(due)
    clock.call("cdb_sync_update", id, "1 day")
    wait_until(lambda: clock.state(id) == "success", limit=60, what="the last run")
    count = clock.run_count(id)
    assert clock.now(id)["enqueued"] is True
    wait_until(lambda: clock.run_count(id) == count + 1 and clock.state(id) == "success", limit=60, what="a run")


def test_rollback_and_savepoint(clock: Syncs, table: Remote) -> None:
    """Nothing runs before the commit, and nothing after a rollback."""
    db = clock.database
    db.connection.autocommit = False
    id = clock.create(table.connector(table=TABLE))["id"]
    db.connection.rollback()
    db.connection.autocommit = True
    with fails("no sync"):
        clock.status(id)
    other = clock.create(table.connector(table=TABLE))["id"]
    clock.wait_for(other, "success")
    assert db.value("SELECT count(*) FROM connector.runs") == 1


def test_runs_as_owner(clock: Syncs, table: Remote) -> None:
    db = clock.database
    etl = db.create_role("clock_etl")
    db.execute("ALTER ROLE clock_etl SET connector.allowed_hosts = '127.0.0.0/8'")
    etl.close()
    mine = Syncs(etl)
    running = mine.create(slow(table))["id"]
    mine.wait_for(running, "syncing")
    (worker,) = wait_for_process(db, "worker")
    shown = db.rows("SELECT usename, query FROM pg_stat_activity WHERE pid = %s", worker)
    assert shown == [("clock_etl", f"connector: sync {running}")]
    db.execute("SELECT pg_cancel_backend(%s)", worker)
    assert "canceling statement" in mine.wait_for(running, "failure")["error_message"]
    # A role that can't log in: before 17 no worker can connect as it.
    db.execute("SELECT cdb_sync_delete(%s)", running)
    id = mine.create(table.connector(table=TABLE), interval="1 day")["id"]
    mine.wait_for(id, "success")
    db.execute("ALTER ROLE clock_etl NOLOGIN")
    clock.now(id)
    status = clock.wait_for(id, "success", "failure")
    if db.server.major < 17:
        assert status["state"] == "failure" and "cannot log in" in status["error_message"] and status["run_at"] is None
        assert status["error_code"] == 1501
    else:
        assert status["state"] == "success"
    db.execute("ALTER ROLE clock_etl LOGIN")
    db.execute("REVOKE CONNECT ON DATABASE clock FROM PUBLIC")
    clock.now(id)
    status = clock.wait_for(id, "failure")
    assert status["error_code"] == 6671 and "did not start" in status["error_message"] and status["run_at"] is not None
    db.execute("GRANT CONNECT ON DATABASE clock TO PUBLIC")
    etl.close()
    # The owner goes, with all that is his.
    db.drop_role("clock_etl")
    with fails():
        mine.status(id)
    position = db.server.log_size()
    clock.call("cdb_sync_resume", id)
    wait_until(lambda: not db.rows("SELECT 1 FROM connector.sync WHERE id = %s", id), limit=60, what="the end of the sync")
    assert db.rows("SELECT 1 FROM connector.sync_secret") == []
    assert "connector has deleted the sync" in db.server.log_since(position) and id in db.server.log_since(position)
    clock.clean()


def test_limits(clock: Syncs, table: Remote) -> None:
    """max_workers and max_syncs_per_role; the others wait for their turn."""
    db = clock.database
    ids = [clock.create(slow(table, name=f"slow_{i}"))["id"] for i in range(6)]
    wait_until(lambda: len(table.statements(slow_marker(table))) == 3, limit=60, what="three runs of a role")
    assert len(processes(db, "worker")) == 3
    other = db.create_role("clock_other")
    db.execute("ALTER ROLE clock_other SET connector.allowed_hosts = '127.0.0.0/8'")
    other.close()
    for i in range(4):
        ids.append(Syncs(other).create(slow(table, name=f"other_{i}"))["id"])
    wait_until(lambda: len(table.statements(slow_marker(table))) == 4, limit=60, what="four workers")
    states = db.value("SELECT json_object_agg(state, n) FROM (SELECT state, count(*) AS n FROM connector.syncs GROUP BY 1) s")
    assert states == {"created": 6, "syncing": 4}
    assert len(processes(db, "worker")) == 4
    # What ALTER ROLE says of the owner counts, as it does in the worker.
    db.execute("ALTER ROLE clock_other SET connector.max_syncs_per_role = 1")
    db.execute("ALTER ROLE clock_other IN DATABASE clock SET connector.max_syncs_per_role = 4")
    db.execute("UPDATE connector.sync SET paused = true WHERE owner = 'postgres'::regrole")
    workers = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'connector worker' AND usename = %s"
    for (pid,) in db.rows(workers, "postgres"):
        db.execute("SELECT pg_cancel_backend(%s)", pid)
    wait_until(lambda: len(db.rows(workers, "clock_other")) == 4, limit=60, what="four workers of that role")
    for id in ids:
        db.execute("SELECT cdb_sync_delete(%s)", id)
    for pid in processes(db, "worker"):
        db.execute("SELECT pg_cancel_backend(%s)", pid)
    wait_for_process(db, "worker", 0)
    assert db.value("SELECT count(*) FROM connector.runs") == 0
    other.close()
    db.drop_role("clock_other")


def slow_marker(remote: Remote) -> str:
    return remote.slow_query(600)[:16]


def test_many_due_at_once(clock: Syncs, table: Remote) -> None:
    """None lost, none twice, caps kept."""
    db = clock.database
    connector = table.connector(table=TABLE)
    db.execute("SET connector.max_syncs_per_role = 3")
    db.rows(
        "SELECT count(cdb_sync_connector(c::json, '1 day')) FROM (SELECT jsonb_set(%s::jsonb, '{import_as}', "
        "to_jsonb('many_' || i)) AS c FROM generate_series(1, 100) i) s",
        json.dumps(connector),
    )
    most = 0

    def done() -> bool:
        nonlocal most
        most = max(most, len(processes(db, "worker")))
        return db.value("SELECT count(*) FROM connector.syncs WHERE state = 'success'") == 100

    wait_until(done, limit=240, what="a hundred syncs")
    assert most <= 4
    assert db.value("SELECT count(*) FROM connector.runs") == 100
    assert db.value("SELECT count(DISTINCT table_name) FROM connector.syncs") == 100


@pytest.mark.parametrize("victim", ["worker", "scheduler", "launcher", "postmaster"])
def test_kill(clock: Syncs, table: Remote, victim: str) -> None:
    """SIGKILL in the middle of a run: it is on record as lost, nothing stays syncing, and all goes on."""
    db = clock.database
    steady = clock.create(table.connector(table=TABLE), interval="1 day")["id"]
    clock.wait_for(steady, "success")
    id = clock.create(slow(table))["id"]
    clock.wait_for(id, "syncing")
    (scheduler,) = processes(db, "scheduler")
    db.close()
    if victim == "postmaster":
        db.server.kill()
        db.server.start()
    else:
        with Database(db.server, "postgres") as observer:
            query = "SELECT pid FROM pg_stat_activity WHERE backend_type = %s"
            pids = observer.rows(query, f"connector {victim}")
            # Another database's scheduler of this server is none of ours.
            (pid,) = (scheduler,) if victim == "scheduler" else pids[0]
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: is_cut_off(observer), limit=60, what="the restart of the cluster")
    come_back(db)
    status = clock.wait_for(id, "failure")
    assert status["error_code"] == 6671 and status["retried_times"] == 1 and status["run_at"] is not None
    count = clock.run_count(steady)
    clock.now(steady)
    wait_until(lambda: clock.run_count(steady) == count + 1 and clock.state(steady) == "success", limit=60, what="a run")
    wait_for_process(db, "launcher")
    assert len(wait_for_process(db, "scheduler")) == 1
    assert db.value("SELECT count(*) FROM pg_class WHERE relname = 'slow'") == 0


@pytest.mark.parametrize("victim", ["worker", "scheduler", "launcher"])
def test_terminate(clock: Syncs, table: Remote, victim: str) -> None:
    """pg_terminate_backend: the others go on, and the one that ended is replaced."""
    db = clock.database
    id = clock.create(slow(table))["id"]
    clock.wait_for(id, "syncing")
    (worker,) = wait_for_process(db, "worker")
    (pid,) = wait_for_process(db, victim)
    db.execute("SELECT pg_terminate_backend(%s)", pid)
    if victim == "worker":
        status = clock.wait_for(id, "failure")
        assert status["error_code"] == 6671
    else:
        wait_until(lambda: processes(db, victim) not in ([], [pid]), limit=60, what=f"a new {victim}")
        assert processes(db, "worker") == [worker], "the run goes on"
        other = clock.create(table.connector(table=TABLE))["id"]
        clock.wait_for(other, "success")
        db.execute("SELECT pg_terminate_backend(%s)", worker)
        assert clock.wait_for(id, "failure")["error_code"] == 6671


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_shutdown(clock: Syncs, table: Remote, how: str) -> None:
    db = clock.database
    id = clock.create(slow(table))["id"]
    clock.wait_for(id, "syncing")
    db.close()
    if how == "fast":
        db.server.stop()
    else:
        os.kill(db.server.pid, signal.SIGQUIT)
        wait_until(lambda: not db.server.running(), limit=60, what="the end of the server")
    db.server.start()
    status = clock.wait_for(id, "failure")
    assert status["error_code"] == 6671


def test_no_syncs_no_scheduler(clock: Syncs, table: Remote) -> None:
    """A database without syncs costs no process, and neither does one that lost its extension."""
    db = clock.database
    wait_for_process(db, "launcher")
    assert processes(db, "scheduler") == []
    id = clock.create(table.connector(table=TABLE))["id"]
    clock.wait_for(id, "success")
    wait_for_process(db, "scheduler")
    db.execute("SELECT cdb_sync_delete(%s)", id)
    clock.create(slow(table))
    wait_for_process(db, "worker")
    clock.wait_for_remote(table)  # and holds no lock for which DROP EXTENSION would wait
    db.execute("DROP EXTENSION connector")
    wait_for_process(db, "scheduler", 0)
    for pid in processes(db, "worker"):
        db.execute("SELECT pg_terminate_backend(%s)", pid)
    wait_for_process(db, "worker", 0)
    assert db.value("SELECT count(*) FROM pg_class WHERE relname = 'slow'") == 0
    db.execute("CREATE EXTENSION connector")
    id = clock.create(table.connector(table=TABLE, import_as="again"))["id"]
    clock.wait_for(id, "success")


def test_locked_rows_hold_up_nobody(clock: Syncs, table: Remote) -> None:
    """A session that changed a sync and does not commit."""
    db = clock.database
    held = clock.create(table.connector(table=TABLE, import_as="held"), interval="1 day")["id"]
    free = clock.create(table.connector(table=TABLE, import_as="free"), interval="1 day")["id"]
    for id in (held, free):
        clock.wait_for(id, "success")
    with db.another() as other:
        other.connection.autocommit = False
        other.execute("SELECT cdb_sync_update(%s, '2 days')", held)
        clock.make_due(free)
        clock.now(free)
        wait_until(lambda: clock.run_count(free) == 2 and clock.state(free) == "success", limit=60, what="a run")
        other.connection.rollback()


def test_databases(clock: Syncs, table: Remote) -> None:
    """RENAME, TEMPLATE and DROP work while syncs run; after the first two they go on."""
    db = clock.database
    id = clock.create(slow(table))["id"]
    clock.wait_for(id, "syncing")
    db.close()
    with Database(db.server, "postgres") as server:
        for statement in ("DROP DATABASE IF EXISTS moved", "ALTER DATABASE clock RENAME TO moved", "CREATE DATABASE clock TEMPLATE moved"):
            server.execute(statement)
        moved = Syncs(Database(db.server, "moved"))
        assert moved.wait_for(id, "failure")["error_code"] == 6671
        moved.now(id)
        moved.wait_for(id, "syncing")
        # The copy has syncs of its own, which run as soon as somebody wakes its scheduler.
        other = clock.create(table.connector(table=TABLE))["id"]
        clock.wait_for(other, "success")
        moved.now(id)
        moved.database.close()
        with moved.database.another() as user:
            user.execute("SELECT 1")
            with fails("accessed by other users"):
                server.execute("DROP DATABASE moved")
        syncs_again = Syncs(moved.database)
        assert syncs_again.wait_for(id, "failure")["error_code"] == 6671, "it has a scheduler again"
        moved.database.close()
        server.execute("DROP DATABASE moved")
        assert server.value("SELECT count(*) FROM pg_stat_activity WHERE datname = 'moved'") == 0


@pytest.mark.parametrize("end", ["statement_timeout", "cancel", "terminate"])
def test_a_drop_database_that_is_cancelled_leaves_the_syncs_running(clock: Syncs, table: Remote, end: str) -> None:
    """At once, not when the session ends or an hour later; and the end of the session is one way to be cancelled."""
    db = clock.database
    id = clock.create(slow(table))["id"]
    clock.wait_for(id, "syncing")
    (worker,) = wait_for_process(db, "worker")
    db.close()
    with Database(db.server, "postgres") as observer, Database(db.server, "postgres") as dropper:
        os.kill(worker, signal.SIGSTOP)  # DROP DATABASE waits for it
        try:
            if end == "statement_timeout":
                dropper.execute("SET statement_timeout = '200ms'")
                with fails("statement timeout"):
                    dropper.execute("DROP DATABASE clock")
            else:
                with observer.in_background("DROP DATABASE clock") as job:
                    held = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'connector scheduler' AND datname = 'clock'"
                    wait_until(lambda: observer.value(held) == 0, limit=60, what="the end of the scheduler")
                    job.cancel() if end == "cancel" else job.terminate()
                    with fails():
                        job.result()
        finally:
            os.kill(worker, signal.SIGCONT)
        assert clock.wait_for(id, "failure")["error_code"] == 6671, "a scheduler is there again"
        other = clock.create(table.connector(table=TABLE))["id"]
        clock.wait_for(other, "success")


def test_databases_beyond_the_room_for_them_are_told_of(clock: Syncs) -> None:
    """In the log, once. They are rows without a folder: making hundreds of real ones takes minutes."""
    db = clock.database
    (launcher,) = wait_for_process(db, "launcher")
    position = db.server.log_size()
    db.execute(
        "INSERT INTO pg_database SELECT (jsonb_populate_record(d, jsonb_build_object('oid', 4200000000 + i, 'datname', 'beyond_' || i))).* "
        "FROM pg_database d, generate_series(1, 270) AS i WHERE d.datname = 'clock'"
    )
    try:
        db.execute("SELECT pg_terminate_backend(%s)", launcher)  # the next one looks at all databases
        told = "connector runs syncs by itself in 256 databases only"
        wait_until(lambda: told in db.server.log_since(position), limit=150, what="the message")
    finally:
        db.execute("DELETE FROM pg_database WHERE datname LIKE 'beyond_%%'")
    (launcher,) = wait_for_process(db, "launcher")
    db.execute("SELECT pg_terminate_backend(%s)", launcher)
    wait_until(lambda: processes(db, "launcher") not in ([], [launcher]), limit=60, what="a launcher without them")
    assert db.server.log_since(position).count(told) == 1


def test_idle(clock: Syncs, table: Remote) -> None:
    """Ten thousand syncs that are not due cost nothing: neither process wakes up."""
    db = clock.database
    id = clock.create(table.connector(table=TABLE), interval="1 day")["id"]
    clock.wait_for(id, "success")
    db.execute(
        "INSERT INTO connector.sync SELECT (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid(), "
        "'item_queue_id', gen_random_uuid(), 'run_at', now() + interval '1 day'))).* "
        "FROM connector.sync s, generate_series(1, 10000)"
    )
    db.execute("UPDATE connector.sync SET paused = false")
    assert clock.now(id)["enqueued"] is True
    clock.wait_for(id, "success")
    wait_for_process(db, "worker", 0)
    (pid,) = processes(db, "scheduler")
    wait_until(lambda: _sleeps(pid), limit=60, what="an idle scheduler")
    before = _switches(pid)
    db.execute("SELECT pg_sleep(3)")
    assert _switches(pid) == before


def _switches(pid: int) -> int:
    """How often the process has been waiting: a process that never wakes up stays where it is."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("voluntary_ctxt_switches"))


def _sleeps(pid: int) -> bool:
    before = _switches(pid)
    signal.sigtimedwait([], 0.5)
    return _switches(pid) == before
