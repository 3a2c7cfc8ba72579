"""What runs tell of themselves: in the views, in JSON, in the server's log, while they go on and afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import remote_rows
from harness.syncs import Syncs, wait_for_process

from servers.process import wait_until
from servers.proxy import Fault, Proxy
from servers.remote import Remote

TABLE = "goods"


@pytest.fixture
def table(mariadb: Remote) -> Iterator[Remote]:
    with remote_rows(mariadb, TABLE, 100):
        yield mariadb


def log_lines(db: Database, position: int) -> list[str]:
    """Reports of runs, each with its DETAIL and HINT, as they stand in the server's log."""
    found = []
    for line in db.server.log_since(position).splitlines():
        if re.search(r" (LOG|WARNING):  \w{5}: (sync \"|import [0-9a-f]{8}-)", line):
            found.append(line)
        elif found and re.search(r" (DETAIL|HINT): ", line):
            found[-1] += "\n" + line
        elif found and line.startswith("\t"):
            found[-1] += "\n" + line
    return found


def view(db: Database, id: str) -> dict[str, Any]:
    row = db.value("SELECT to_json(s) FROM connector.syncs s WHERE id = %s", id)
    assert isinstance(row, dict)
    return row


def test_failure(syncs: Syncs, table: Remote) -> None:
    """What failed, since when, why, what to do, and what comes next: in the view, the JSON and the log."""
    db = syncs.database
    id = syncs.create(table.connector(connection=table.connection(port=1), table=TABLE, schema="shop"))["id"]
    db.execute("SET connector.max_retries = 2")
    position = db.server.log_size()
    before = db.value("SELECT now()")
    db.execute("CALL cdb_run_due_syncs()")
    row = view(db, id)
    assert row["name"] == "public.goods" and row["table_name"] == TABLE and row["schema"] == "public"
    assert row["server"] == "127.0.0.1:1" and row["source"] == "shop.goods"
    assert row["state"] == "failure" and row["error_code"] == 1012 and row["sqlstate"] == "HV00N"
    assert "could not connect" in row["error_message"] and "Provider mysql, phase connect" in row["error_detail"]
    assert datetime.fromisoformat(row["failing_since"]) >= before and row["ran_at"] is None
    assert row["gave_up"] is False and row["run_at"] is not None
    (line,) = log_lines(db, position)
    assert f'LOG:  HV00N: sync "public.goods" ({id}) of table "public"."goods" failed: could not connect' in line
    assert 'Source: mysql server "127.0.0.1:1", "shop.goods".' in line
    assert "first failure in a row; the next try is at 20" in line
    syncs.make_due(id)
    position = db.server.log_size()
    db.execute("CALL cdb_run_due_syncs()")
    (line,) = log_lines(db, position)
    assert "failed and gave up: could not connect" in line and "failure 2 in a row; the sync is not tried again" in line
    assert re.search(rf"HINT: .*SELECT cdb_sync_now\('{id}'\)", line)
    later = view(db, id)
    assert later["failing_since"] == row["failing_since"] and later["gave_up"] is True and later["retried_times"] == 2
    db.execute("RESET connector.max_retries")
    status = syncs.status(id)
    for key in ("server", "source", "error_detail", "error_hint", "sqlstate", "gave_up", "warnings", "schema_changes"):
        assert status[key] == later[key], key
    assert status["sync_name"] == later["name"]
    # Repaired: nothing of it is left.
    syncs.call("cdb_sync_update", id, None, table.connector(table=TABLE))
    position = db.server.log_size()
    assert syncs.now(id, wait=True)["state"] == "success"
    row = view(db, id)
    assert row["ran_at"] is not None and log_lines(db, position) == []
    for key in ("failing_since", "error_code", "error_message", "error_detail", "error_hint", "sqlstate", "warnings"):
        assert row[key] is None, key


def test_what_counts_as_no_failure(syncs: Syncs, table: Remote) -> None:
    """A denied login and a cancel are told as what they are."""
    db = syncs.database
    denied = table.connector(connection=table.connection(password="wrong"), table=TABLE)
    slow = table.connector(sql_query=table.slow_query(600), import_as="slow")
    for connector, told in ((slow, "was cancelled: canceling statement"), (denied, "failed: could not connect")):
        id = syncs.create(connector)["id"]
        position = db.server.log_size()
        with db.in_background("CALL cdb_run_due_syncs()") as job:
            if connector is slow:
                syncs.wait_for_remote(table, job)
                db.value("SELECT cdb_sync_cancel(%s)", id)
            job.result()
        (line,) = log_lines(db, position)
        assert told in line and "This counts as no failure of the sync; the next try is at 20" in line, line
        db.execute("SELECT cdb_sync_delete(%s)", id)


def test_a_killed_worker_names_its_sync(clock: Syncs, table: Remote) -> None:
    db = clock.database
    id = clock.create(table.connector(sql_query=table.slow_query(600), import_as="slow"))["id"]
    clock.wait_for_remote(table)
    (worker,) = wait_for_process(db, "worker")
    position = db.server.log_size()
    db.execute("SELECT pg_terminate_backend(%s)", worker)
    clock.wait_for(id, "failure")
    log = db.server.log_since(position)
    assert re.search(rf"FATAL: .*terminating background worker.*\n.*CONTEXT:  connector sync {id}", log), log


def test_failing_since_lasts(syncs: Syncs, table: Remote) -> None:
    """While it is tried again, and after somebody asked for a run, the failures in a row still count from the first."""
    db = syncs.database
    id = syncs.create(table.connector(connection=table.connection(port=1), table=TABLE))["id"]
    syncs.now(id, wait=True)
    since = view(db, id)["failing_since"]
    assert since is not None
    syncs.now(id)
    assert view(db, id)["failing_since"] == since and view(db, id)["error_message"] is None
    syncs.now(id, wait=True)
    assert view(db, id)["failing_since"] == since


def test_what_counts_as_no_failure(syncs: Syncs, table: Remote) -> None:
    """A cancelled run and a denied login are told without a count, and of a paused sync no next try."""
    db = syncs.database
    id = syncs.create(table.connector(sql_query=table.slow_query(600), import_as=TABLE))["id"]
    position = db.server.log_size()
    with db.in_background("CALL cdb_run_due_syncs()") as job:
        syncs.wait_for_remote(table, job)
        assert db.value("SELECT cdb_sync_cancel(%s)", id)["cancelled"] is True
        job.result()
    (line,) = log_lines(db, position)
    assert "This counts as no failure of the sync; the next try is at 20" in line
    syncs.call("cdb_sync_update", id, None, table.connector(table=TABLE, connection=table.connection(password="wrong")))
    position = db.server.log_size()
    db.execute("CALL cdb_run_due_syncs()")
    (line,) = log_lines(db, position)
    assert "was denied" in line or "denied for user" in line
    assert "This counts as no failure of the sync; the next try is at 20" in line
    syncs.call("cdb_sync_update", id, None, table.connector(table=TABLE, connection=table.connection(port=1)))
    syncs.call("cdb_sync_pause", id)
    syncs.now(id)
    position = db.server.log_size()
    db.execute("CALL cdb_run_due_syncs()")
    (line,) = log_lines(db, position)
    assert "first failure in a row; the sync is paused" in line


def test_no_warnings(syncs: Syncs, table: Remote) -> None:
    """What has none is no case for `warnings IS NOT NULL`."""
    syncs.database.import_table(table.connector(table=TABLE))
    syncs.now(syncs.create(table.connector(table=TABLE))["id"], wait=True)
    for name in ("imports", "runs", "syncs"):
        assert syncs.database.value(f"SELECT count(*) > 0 AND count(warnings) = 0 FROM connector.{name}"), name


def test_log_level(syncs: Syncs, etl: Database, table: Remote) -> None:
    db = syncs.database
    id = syncs.create(table.connector(connection=table.connection(port=1), table=TABLE))["id"]
    for level, found in (("off", 0), ("debug1", 0), ("warning", 1), ("log", 1)):
        db.execute(f"SET connector.log_runs = {level}")
        syncs.make_due(id)
        position = db.server.log_size()
        db.execute("CALL cdb_run_due_syncs()")
        assert len(log_lines(db, position)) == found, level
    db.execute("RESET connector.log_runs")
    etl.value("SELECT cdb_connectors()")  # loads the library
    with fails("permission denied", sqlstate="42501"):
        etl.execute("SET connector.log_runs = off")


def test_cut_and_changed(syncs: Syncs, table: Remote) -> None:
    """A run that was cut, or followed the source's columns, succeeds, and says so."""
    db = syncs.database
    id = syncs.create({**table.connector(table=TABLE), "sync": {"mode": "merge", "key": "id"}})["id"]
    syncs.now(id, wait=True)
    table.execute(
        f"ALTER TABLE {TABLE} ADD COLUMN extra int, DROP COLUMN word, MODIFY COLUMN amount decimal(30,3)",
    )
    position = db.server.log_size()
    db.execute("SET connector.max_rows = 10")
    assert syncs.now(id, wait=True)["state"] == "success"
    db.execute("RESET connector.max_rows")
    cut, changed = log_lines(db, position)
    assert "was cut after 10 rows" in cut and "connector.max_rows" in cut
    assert "followed a change of the source's columns" in changed
    for text in ('column "extra" of type integer was added', 'column "word" of type', 'column "amount" of type'):
        assert text in changed, changed
    row = view(db, id)
    assert row["warnings"] == {"max_rows_per_connection": 10}
    changes = {change["name"]: change for change in row["schema_changes"]}
    assert changes["extra"] == {"change": "column added", "name": "extra", "to": "integer"}
    assert changes["word"]["change"] == "column dropped" and changes["word"]["from"].startswith(("text", "character"))
    assert changes["amount"]["change"] == "type changed" and changes["amount"]["to"] == "numeric(30,3)"
    assert syncs.status(id)["schema_changes"] == row["schema_changes"]
    assert db.value("SELECT schema_changes FROM connector.runs WHERE id = %s", row["log_id"]) == row["schema_changes"]
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 100, "a merge that was cut deletes nothing"
    syncs.now(id, wait=True)
    assert view(db, id)["warnings"] is None and view(db, id)["schema_changes"] is None, "of the last run"


def test_waiting_call(syncs: Syncs, table: Remote) -> None:
    """cdb_sync_now(wait => true) shows the hint; raise => true makes the failure an error, which leaves no record."""
    db = syncs.database
    id = syncs.create(table.connector(table=TABLE))["id"]
    syncs.now(id, wait=True)
    db.execute(f"CREATE VIEW words AS SELECT word FROM {TABLE}")
    table.execute(f"ALTER TABLE {TABLE} DROP COLUMN word")
    assert syncs.now(id, wait=True)["state"] == "failure"
    (warning,) = [notice for notice in db.notices if notice.startswith("WARNING:")]
    assert "view public.words" in warning and "HINT:  Drop or change the dependents" in warning
    assert syncs.run_count(id) == 2
    position = db.server.log_size()
    with fails("the sync failed: .*can't follow", sqlstate="2BP01", hint="Drop or change", detail="view public.words", number=2013):
        db.value("SELECT cdb_sync_now(%s, wait => true, raise => true)", id)
    assert syncs.run_count(id) == 2 and log_lines(db, position) == []
    caught = (
        "CREATE FUNCTION caught(id uuid) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM cdb_sync_now(id, true, true); "
        "RETURN 'success'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$"
    )
    db.execute(caught)
    assert db.value("SELECT caught(%s)", id) == "2BP01"
    db.execute("DROP VIEW words")
    assert db.value("SELECT caught(%s)", id) == "success"
    assert syncs.run_count(id) == 3
    db.execute("DROP FUNCTION caught")
    with fails("raise needs wait", number=1502):
        db.value("SELECT cdb_sync_now(%s, raise => true)", id)
    for argument in ("wait", "raise"):
        with fails(f"argument {argument} must not be NULL", number=1502):
            db.value(f"SELECT cdb_sync_now(%s, {argument} => NULL)", id)
    for call in ("cdb_import_connector(NULL)", "cdb_import_connector('{}', wait => NULL)", "cdb_sync_connector(NULL)"):
        with fails("must not be NULL", number=1502):
            db.value(f"SELECT {call}")


def test_import_in_background(syncs: Syncs, table: Remote) -> None:
    """A failure is told by cdb_import_status(), the view and the log."""
    db = syncs.database
    position = db.server.log_size()
    queued = db.value("SELECT cdb_import_connector(%s, wait => false)", json.dumps(table.connector(table="gone")))
    id = queued["item_queue_id"]
    wait_until(lambda: db.value("SELECT cdb_import_status(%s)", id)["state"] == "failure", limit=60, what="the import's end")
    status = db.value("SELECT cdb_import_status(%s)", id)
    assert status["success"] is False and status["item_queue_id"] == id and status["table_name"] is None
    assert "gone" in status["error_message"] and "phase" in status["error_detail"] and status["sqlstate"] == "HV00L"
    row = db.value("SELECT to_json(i) FROM connector.imports i WHERE item_queue_id = %s", id)
    assert row["table_name"] == "gone" and row["source"] == "gone" and row["server"].startswith("127.0.0.1:")
    for key in ("error_message", "error_detail", "error_hint", "sqlstate"):
        assert row[key] == status[key], key
    wait_until(lambda: bool(log_lines(db, position)), limit=60, what="a line in the log")
    (line,) = log_lines(db, position)
    assert f'import {id} of table "public"."gone" failed: ' in line


def test_success_is_unknown_meanwhile(syncs: Syncs, table: Remote) -> None:
    """Whoever polls until `success` is there does not stop too early."""
    db = syncs.database
    slow = table.connector(sql_query=table.slow_query(600), import_as="slow")
    id = db.value("SELECT cdb_import_connector(%s, wait => false)", json.dumps(slow))["item_queue_id"]
    syncs.wait_for_remote(table)
    assert db.value("SELECT cdb_import_status(%s)", id)["success"] is None
    (live,) = db.rows("SELECT pid, kind, schema, table_name, source FROM connector.progress WHERE id = %s", id)
    assert live[1:] == ("import", "public", "slow", slow["sql_query"])
    db.execute("SELECT pg_cancel_backend(%s)", live[0])
    wait_until(lambda: db.value("SELECT cdb_import_status(%s)", id)["success"] is False, limit=60, what="the import's end")


@pytest.mark.parametrize("kind", ["import", "first run", "refresh"])
def test_progress_names(syncs: Syncs, table: Remote, kind: str) -> None:
    """A run that goes on has its table's name, also before anything is committed."""
    db = syncs.database
    with Proxy(table.server.port) as proxy:
        connector = table.connector(table=TABLE, connection=table.connection(port=proxy.port))
        if kind == "import":
            query, argument = "SELECT cdb_import_connector(%s)", json.dumps(connector)
        else:
            query, argument = "SELECT cdb_sync_now(%s, true)", syncs.create(connector)["id"]
        name = TABLE
        if kind == "refresh":
            syncs.now(argument, wait=True)
            db.execute(f"ALTER TABLE {TABLE} RENAME TO renamed")
            name = "renamed"
        proxy.every(Fault(stall_after=1000))
        with db.in_background(query, argument) as job:
            proxy.wait_until_stalled()
            ((schema, found, server, source),) = db.rows(
                "SELECT schema, table_name, server, source FROM connector.progress WHERE pid = %s", job.pid
            )
            assert (schema, found, source) == ("public", name, TABLE) and server == f"127.0.0.1:{proxy.port}"
            job.cancel()
            with fails("canceling statement"):
                job.result()
    assert db.rows("SELECT * FROM connector.progress") == []


def test_stalled(syncs: Syncs, mariadb: Remote) -> None:
    """Nothing comes any more: the time of the last row stands still, and the rate becomes 0."""
    db = syncs.database
    look = "SELECT rows, rows_per_second, last_row_at, now() FROM connector.progress WHERE pid = %s AND rows > 0"
    with remote_rows(mariadb, "many", 100_000), Proxy(mariadb.server.port) as proxy:
        connector = mariadb.connector(table="many", connection=mariadb.connection(port=proxy.port))
        proxy.every(Fault(stall_after=1_000_000))
        with db.in_background("SELECT cdb_import_connector(%s)", json.dumps(connector)) as job:
            proxy.wait_until_stalled()
            wait_until(lambda: bool(db.rows(look, job.pid)), limit=60, what="rows")
            ((rows, rate, last, _),) = db.rows(look, job.pid)
            assert 0 < rows < 100_000 and rate > 0
            wait_until(lambda: db.rows(look, job.pid)[0][1] == 0, limit=60, what="a rate of 0")
            ((rows_then, _, last_then, now),) = db.rows(look, job.pid)
            assert rows_then >= rows and last_then >= last and now - last_then >= timedelta(seconds=10)
            job.cancel()
            with fails("canceling statement"):
                job.result()


def test_blocked_by(syncs: Syncs, table: Remote) -> None:
    """Who is in the way of a refresh: of its exchange, and of an ordinary lock; and in the error when it gives up."""
    db = syncs.database
    id = syncs.create(table.connector(table=TABLE))["id"]
    syncs.now(id, wait=True)
    look = "SELECT blocked_by FROM connector.progress WHERE pid = %s"
    with db.another() as holder:
        holder.execute("BEGIN")
        holder.value(f"SELECT count(*) FROM {TABLE}")
        with db.in_background("SELECT cdb_sync_now(%s, true)", id) as job:
            job.wait_for_exchange()
            wait_until(lambda: db.rows(look, job.pid) == [([holder.pid],)], limit=60, what="the holder's process id")
            holder.execute("COMMIT")
            ((answer,),) = job.result()
            assert answer["state"] == "success"
        holder.execute("BEGIN")
        holder.value(f"SELECT count(*) FROM {TABLE}")
        db.execute("SET lock_timeout = '500ms'")
        syncs.now(id, wait=True)
        db.execute("RESET lock_timeout")
        row = view(db, id)
        assert "always in use" in row["error_message"] and f"process {holder.pid}" in row["error_detail"], row
        holder.execute("COMMIT")


def test_one_style_of_json(syncs: Syncs, table: Remote) -> None:
    db = syncs.database
    id = syncs.create(table.connector(table=TABLE))["id"]
    imported = db.value("SELECT cdb_import_connector(%s)::text", json.dumps(table.connector(table=TABLE, import_as="one")))
    texts = [imported, db.value("SELECT cdb_sync_status(%s)::text", id), db.value("SELECT cdb_sync_now(%s)::text", id)]
    texts.append(db.value("SELECT cdb_import_status(%s)::text", json.loads(imported)["item_queue_id"]))
    for text in texts:
        assert text == json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)


def test_comments(db: Database) -> None:
    """Everything that the extension makes says what it is, each column of a view or of a table to fill in, too."""
    without = db.rows(
        "SELECT pg_describe_object(d.classid, d.objid, 0) FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid "
        "WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'connector' "
        "AND d.classid <> 'pg_type'::regclass AND obj_description(d.objid, d.classid::regclass::name) IS NULL "
        "AND NOT (d.classid = 'pg_class'::regclass AND EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = d.objid "
        "AND c.relkind IN ('i', 'S')))"
    )
    assert without == []
    columns = db.rows(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
        "AND NOT a.attisdropped WHERE c.relnamespace = 'connector'::regnamespace "
        "AND (c.relkind = 'v' OR c.relname = 'role_limits') AND col_description(c.oid, a.attnum) IS NULL"
    )
    assert columns == []
    inner = db.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'connector'::regnamespace AND relkind = 'r' "
        "AND relname <> 'role_limits' AND obj_description(oid, 'pg_class') NOT LIKE 'internal: %%'"
    )
    assert inner == []
