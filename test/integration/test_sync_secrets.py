"""The password of a sync: in one table that nobody can read, and nowhere else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.faults import assert_unseen
from harness.syncs import Syncs, wait_for_process

from servers.process import wait_until
from servers.remote import Remote

TABLE = "vault"


@pytest.fixture
def table(one_remote: Remote) -> Iterator[Remote]:
    one_remote.create_rows(TABLE, 100)
    yield one_remote
    one_remote.drop(TABLE)


def password_of(remote: Remote) -> str:
    return str(remote.connection()["password"])


def everything_readable(role: Database) -> str:
    """All rows of all relations that the role may read, and all that its functions tell."""
    shown = []
    for (name,) in role.rows(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'v', 'm', 't', 'p') AND has_table_privilege(c.oid, 'SELECT') "
        "AND n.nspname <> 'information_schema' AND c.relname NOT IN ('pg_authid', 'pg_shadow')"
    ):
        try:
            shown += [str(row) for row in role.rows(f"SELECT x::text FROM {name} x")]
        except Exception as error:  # a view whose functions are not for everybody
            shown.append(str(error))
    return "\n".join(shown)


def test_nowhere_else(clock: Syncs, table: Remote) -> None:
    """Views, JSON, the log at debug5, pg_stat_activity, errors: with good runs, failed ones, and one that goes on."""
    db = clock.database
    secret = password_of(table)
    db.execute("ALTER DATABASE clock SET log_min_messages = debug5")
    db.execute("ALTER DATABASE clock SET log_statement = 'none'")
    db.close()
    position = db.server.log_size()
    good = clock.create(table.connector(table=TABLE))["id"]
    clock.wait_for(good, "success")
    wrong = clock.create(table.connector(connection=table.connection(username="nobody"), table=TABLE))["id"]
    clock.wait_for(wrong, "failure")
    slow = clock.create(table.connector(sql_query=table.slow_query(600), import_as="slow"))["id"]
    clock.wait_for(slow, "syncing")
    db.value("SELECT cdb_import_connector(%s, false)", json.dumps(table.connector(sql_query=table.slow_query(600), import_as="slow_too")))
    wait_for_process(db, "worker", 2)
    told = [json.dumps(clock.status(id)) for id in (good, wrong, slow)] + [json.dumps(clock.now(good))]
    assert '********' in told[0]
    assert secret not in "\n".join(told)

    # Superusers can read the one table; all others, and those who may read all, nothing.
    assert db.value("SELECT count(*) FROM connector.sync_secret WHERE request::text LIKE %s", f"%{secret}%") == 3
    assert db.value("SELECT count(*) FROM connector.import_secret WHERE request::text LIKE %s", f"%{secret}%") == 1
    for name, grants in (("clock_plain", ""), ("clock_reader", "pg_read_all_data"), ("clock_monitor", "pg_monitor")):
        role = db.create_role(name, may_connect=False)
        if grants:
            db.execute(f"GRANT {grants} TO {name}")
        assert secret not in everything_readable(role)
        role.close()
    as_superuser = [str(row) for row in db.rows("SELECT a::text FROM pg_stat_activity a WHERE pid <> pg_backend_pid()")]
    for relation in ("sync", "run", "import"):
        as_superuser += [str(row) for row in db.rows(f"SELECT x::text FROM connector.{relation} x")]
    assert secret not in "\n".join(as_superuser)

    # A dump by those who may read all has neither table; it is complete otherwise.
    dump = subprocess.run(
        [db.server.program("pg_dump")], env=db.server.client_environment("clock", "clock_reader"), capture_output=True, text=True, check=True
    ).stdout
    assert good in dump and secret not in dump
    for pid in wait_for_process(db, "worker", 2):
        db.execute("SELECT pg_cancel_backend(%s)", pid)
    clock.wait_for(slow, "failure")
    wait_for_process(db, "worker", 0)
    log = db.server.log_since(position)
    assert "DEBUG" in log
    assert_unseen(log, (secret,))
    for name in ("clock_plain", "clock_reader", "clock_monitor"):
        db.drop_role(name)


def test_life_of_a_password(clock: Syncs, table: Remote) -> None:
    """It follows an update, dies with the sync, and with the import's end."""
    db = clock.database
    secret = password_of(table)
    held = "SELECT count(*) FROM connector.sync_secret WHERE request::text LIKE %s"
    id = clock.create(table.connector(connection=table.connection(password="old-secret"), table=TABLE))["id"]
    clock.wait_for(id, "failure")
    assert db.value(held, "%old-secret%") == 1
    clock.call("cdb_sync_update", id, None, table.connector(table=TABLE))
    assert db.value(held, "%old-secret%") == 0 and db.value(held, f"%{secret}%") == 1
    clock.wait_for(id, "success")
    # A named server needs none.
    connection = table.connection()
    login = {key: connection.pop(key) for key in ("username", "password")}
    options = ", ".join(f"{key} '{value}'" for key, value in connection.items())
    mapping = ", ".join(f"{key} '{value}'" for key, value in login.items())
    db.execute(f"CREATE SERVER shop FOREIGN DATA WRAPPER connector OPTIONS ({options})")
    db.execute(f"CREATE USER MAPPING FOR CURRENT_USER SERVER shop OPTIONS ({mapping})")
    clock.call("cdb_sync_update", id, None, {"provider": table.provider, "connection": "shop", "table": TABLE})
    assert db.value("SELECT count(*) FROM connector.sync_secret") == 0
    clock.now(id)
    wait_until(lambda: clock.run_count(id) == 3 and clock.state(id) == "success", limit=60, what="a run by the named server")
    other = clock.create(table.connector(table=TABLE))["id"]
    db.execute("SELECT cdb_sync_delete(%s)", other)
    assert db.value("SELECT count(*) FROM connector.sync_secret") == 0
    db.execute("SELECT cdb_sync_delete(%s)", id)
