"""The password of a sync: in one table that nobody can read, and nowhere else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import assert_unseen
from harness.scratch import remote_rows
from harness.syncs import Syncs, wait_for_process
from harness.thorough import PROVIDERS, by_turns

from servers.process import wait_until
from servers.remote import Remote
from servers.remote_postgres import PostgresRemote

pytestmark = by_turns("one_remote", *PROVIDERS)

TABLE = "vault"


@pytest.fixture
def table(one_remote: Remote) -> Iterator[Remote]:
    with remote_rows(one_remote, TABLE, 100):
        yield one_remote


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
    assert db.value("SELECT count(*) FROM connector.sync_secret WHERE secrets::text LIKE %s", f"%{secret}%") == 3
    assert db.value("SELECT count(*) FROM connector.import_secret WHERE secrets::text LIKE %s", f"%{secret}%") == 1
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
    held = "SELECT count(*) FROM connector.sync_secret WHERE secrets::text LIKE %s"
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


@pytest.fixture
def one_table(postgres15: PostgresRemote) -> Iterator[Remote]:
    """For what is the same for each provider."""
    with remote_rows(postgres15, TABLE, 100):
        yield postgres15


def test_a_long_request_is_in_no_toast_table(clock: Syncs, one_table: Remote) -> None:
    """The secret tables hold the secrets only, and all of them in their own pages, where row security counts."""
    db = clock.database
    secret = password_of(one_table)
    remark = " OR ".join(f"1 = {i}" for i in range(2_000))
    request = one_table.connector(sql_query=f"SELECT * FROM {TABLE} WHERE {remark}", import_as=TABLE)
    id = clock.create(request)["id"]
    clock.wait_for(id, "success")
    clock.call("cdb_sync_pause", id)
    with db.another() as session:  # queued, and taken by no worker before it was looked at
        session.execute("BEGIN")
        session.value("SELECT cdb_import_connector(%s, false)", json.dumps({**request, "import_as": "later"}))
        rows = session.rows("SELECT secrets::text FROM connector.import_secret UNION ALL SELECT secrets::text FROM connector.sync_secret")
        session.execute("ROLLBACK")
    assert len(rows) == 2 and all(json.loads(text)[0][1] == secret for (text,) in rows)
    tables = "'connector.sync_secret'::regclass, 'connector.import_secret'::regclass"
    assert db.rows(f"SELECT reltoastrelid::int, relrowsecurity FROM pg_class WHERE oid IN ({tables})") == [(0, True)] * 2
    assert db.rows(f"SELECT attstorage FROM pg_attribute WHERE attname = 'secrets' AND attrelid IN ({tables})") == [("p",)] * 2
    db.execute("ANALYZE connector.sync_secret")
    reader = db.create_role("clock_reader", may_connect=False)
    db.execute("GRANT pg_read_all_data TO clock_reader")
    shown = everything_readable(reader)
    assert "1999" in shown and secret not in shown
    reader.close()
    db.drop_role("clock_reader")


def test_secrets_that_are_too_long_are_refused(clock: Syncs, one_table: Remote) -> None:
    """When the request is given, with the limit; the longest allowed one is kept."""
    db = clock.database
    longest = 4000 - len('[[3,""]]')
    with fails("secrets of the request are too long", number=1502, detail="4000", secrets=("xxx",)):
        clock.create(one_table.connector(connection=one_table.connection(password="x" * 4000), table=TABLE))
    connection = {"password": "ü" * (longest // 2), "server": "127.0.0.1", "username": "u", "database": "d"}
    id = clock.create({"provider": one_table.provider, "connection": connection, "table": TABLE})["id"]
    clock.call("cdb_sync_pause", id)
    assert db.value("SELECT length(secrets::text) FROM connector.sync_secret WHERE sync_id = %s", id) > longest // 2
    db.execute("SELECT cdb_sync_delete(%s)", id)


def test_odd_secrets_reach_the_remote(clock: Syncs, postgres15: PostgresRemote) -> None:
    """What is put together again is what was given: a password with every kind of quote, one that begins with the mask,
    and an empty one; with a table that is called like the mask. The mask itself is nobody's password in a request."""
    db = clock.database
    postgres15.server.start()
    mask = "********"
    postgres15.execute(f'CREATE TABLE "{mask}" AS SELECT 1 AS a')
    for number, password in enumerate((mask + "!", "a\"b'c\\d\u20ac{}[]", "")):
        name = f"odd_{number}"
        postgres15.execute(f"CREATE ROLE {name} LOGIN PASSWORD " + ("NULL" if not password else "$p$" + password + "$p$"))
        postgres15.execute(f'GRANT SELECT ON "{mask}" TO {name}', f"GRANT CONNECT ON DATABASE {postgres15.database} TO {name}")
        connector = postgres15.connector(connection=postgres15.connection(username=name, password=password), table=mask, import_as=name)
        id = clock.create(connector)["id"]
        status = clock.wait_for(id, "success", "failure")
        if password:
            assert status["state"] == "success", status
        else:
            assert "assword" in status["error_message"], status
        assert json.loads(status["service_item_id"])["connection"]["password"] == mask
        assert db.value("SELECT has_secret FROM connector.sync WHERE id = %s", id) is True
        db.execute("SELECT cdb_sync_delete(%s)", id)
        postgres15.execute(f"DROP OWNED BY {name}", f"DROP ROLE {name}")
    with fails("is the mask of a secret", number=1502):
        clock.create(postgres15.connector(connection=postgres15.connection(password=mask), table=mask))
    postgres15.execute(f'DROP TABLE "{mask}"')
