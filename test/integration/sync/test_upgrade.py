"""What outlives the extension's version, the database and the server: updates, dumps, a standby that is promoted."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from harness.database import Database
from harness.older_version import OLDER, WRONG, current_version, installed, real_versions
from harness.scratch import remote_rows
from harness.syncs import Syncs, processes, wait_for_process

from servers import process
from servers.postgres import Postgres
from servers.process import wait_until
from servers.proxy import Proxy
from servers.remote import Remote
from servers.staging import staged
from servers.standby import Standby
from servers.workspace import Workspace, free_port

TABLE = "stock"

# Everything that belongs to the extension, as text without OIDs.
CATALOG = """
WITH objects AS (
    SELECT classid, objid FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid
    WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'connector'),
relations AS (SELECT c.* FROM pg_class c JOIN objects o ON o.classid = 'pg_class'::regclass AND o.objid = c.oid)
SELECT 'object', pg_describe_object(classid, objid, 0), NULL FROM objects
UNION ALL SELECT 'function', p.oid::regprocedure::text, concat_ws(' ', p.prosrc, p.provolatile, p.proparallel, p.proisstrict,
    p.prosecdef, p.proacl, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), obj_description(p.oid, 'pg_proc'),
    pg_get_function_sqlbody(p.oid))
    FROM pg_proc p JOIN objects o ON o.classid = 'pg_proc'::regclass AND o.objid = p.oid
UNION ALL SELECT 'relation', c.oid::regclass::text, concat_ws(' ', c.relkind, c.relacl, c.relrowsecurity, c.reloptions) FROM relations c
UNION ALL SELECT 'view', c.oid::regclass::text, pg_get_viewdef(c.oid) FROM relations c WHERE c.relkind = 'v'
UNION ALL SELECT 'column', c.oid::regclass || '.' || a.attname, concat_ws(' ', a.attnum, format_type(a.atttypid, a.atttypmod),
    a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid))
    FROM relations c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
UNION ALL SELECT 'constraint', c.oid::regclass || '.' || k.conname, pg_get_constraintdef(k.oid)
    FROM relations c JOIN pg_constraint k ON k.conrelid = c.oid
UNION ALL SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM relations c JOIN pg_index i ON i.indrelid = c.oid
UNION ALL SELECT 'trigger', t.tgname, pg_get_triggerdef(t.oid) FROM relations c JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal
UNION ALL SELECT 'dumped', c.oid::regclass::text, e.extcondition[array_position(e.extconfig, c.oid)]
    FROM relations c JOIN pg_extension e ON e.extname = 'connector' AND c.oid = ANY (e.extconfig)
ORDER BY 1, 2, 3
"""


@pytest.fixture
def table(mariadb: Remote) -> Iterator[Remote]:
    with remote_rows(mariadb, TABLE, 100):
        yield mariadb


@pytest.fixture(scope="module", autouse=True)
def older_version(pg: Postgres) -> Iterator[None]:
    """The made-up older version is there to be installed. All clusters of a session share the scripts."""
    with installed(pg):
        yield


@contextmanager
def fresh(pg: Postgres, name: str) -> Iterator[Database]:
    pg.create_database(name)
    with Database(pg, name) as db:
        yield db
    with Database(pg, "postgres") as server:
        server.execute(f"DROP DATABASE {name}")


@pytest.fixture(scope="module")
def installed_catalog(pg: Postgres) -> list[tuple[str, ...]]:
    """What CREATE EXTENSION makes today."""
    with fresh(pg, "installed") as db:
        db.execute("CREATE EXTENSION connector")
        catalog = db.rows(CATALOG)
    assert len(catalog) > 100
    return catalog


@pytest.mark.parametrize("version", [OLDER, *real_versions()])
def test_update_of_the_extension(pg: Postgres, installed_catalog: list[tuple[str, ...]], version: str) -> None:
    """Both ways, installing and updating, end in the same catalog, and data survives."""
    with fresh(pg, "updated") as db:
        db.execute(f"CREATE EXTENSION connector VERSION '{version}'")
        db.execute("INSERT INTO connector.role_limits (provider, max_rows) VALUES ('hive', 7)")
        db.execute(
            "INSERT INTO connector.import (item_queue_id, owner, provider, request, state, schema_name, target_table, server, source, "
            "row_count, byte_count, result, started_at, ended_at, created_at) "
            "SELECT gen_random_uuid(), oid, 'mysql', '{}', 'complete', 'public', 't', 's', 't', 1, 1, '{}', "
            "'2020-01-01', '2020-01-01', '2020-01-01' FROM pg_roles WHERE rolname = current_user"
        )
        db.execute("ALTER EXTENSION connector UPDATE")
        assert db.value("SELECT max_rows FROM connector.role_limits WHERE provider = 'hive'") == 7
        assert db.value("SELECT state FROM connector.imports WHERE created_at = '2020-01-01'") == "complete"
        assert db.value("SELECT extversion FROM pg_extension WHERE extname = 'connector'") == current_version()
        assert db.rows(CATALOG) == installed_catalog


def test_an_update_that_forgets_something_is_noticed(pg: Postgres, installed_catalog: list[tuple[str, ...]]) -> None:
    """The comparison above sees a single comment that is missing."""
    with fresh(pg, "updated") as db:
        db.execute(f"CREATE EXTENSION connector VERSION '{OLDER}'")
        db.execute(f"ALTER EXTENSION connector UPDATE TO '{WRONG}'")
        missing = set(installed_catalog) - set(db.rows(CATALOG))
    assert len(missing) == 1 and "cdb_sync_now" in str(missing)


def test_scheduler_and_an_older_version(clock: Syncs, table: Remote) -> None:
    """A database whose extension was not updated yet is none of the scheduler's business, until it is."""
    db = clock.database
    log = db.server.log
    before = log.stat().st_size
    db.execute(f"DROP EXTENSION connector; CREATE EXTENSION connector VERSION '{OLDER}'")
    (launcher,) = wait_for_process(db, "launcher")
    db.execute("SELECT pg_terminate_backend(%s)", launcher)
    wait_until(lambda: processes(db, "launcher") not in ([], [launcher]), limit=60, what="a new launcher, which looks everywhere")
    db.execute("ALTER EXTENSION connector UPDATE")
    clock.wait_for(clock.create(table.connector(table=TABLE))["id"], "success")
    with log.open("rb") as lines:
        lines.seek(before)
        assert b"does not exist" not in lines.read()


def test_dump_and_restore(clock: Syncs, table: Remote) -> None:
    """Syncs come back paused, with their tables. Those of named servers need but cdb_sync_resume(), the others their password."""
    db = clock.database
    connection = table.connection()
    login = ", ".join(f"{key} '{connection.pop(key)}'" for key in ("username", "password"))
    db.execute("CREATE SERVER shop FOREIGN DATA WRAPPER connector OPTIONS (" + ", ".join(f"{k} '{v}'" for k, v in connection.items()) + ")")
    db.execute(f"CREATE USER MAPPING FOR CURRENT_USER SERVER shop OPTIONS ({login})")
    named = clock.create({"provider": table.provider, "connection": "shop", "table": TABLE, "import_as": "named"})["id"]
    inline = clock.create(table.connector(table=TABLE, import_as="inline"))["id"]
    for id in (named, inline):
        clock.wait_for(id, "success")
    db.execute("CREATE VIEW seen AS SELECT count(*) AS n FROM named")
    dump = subprocess.run(
        [db.server.program("pg_dump"), "--format=custom"], env=db.server.client_environment("clock"), capture_output=True, check=True
    ).stdout
    db.server.create_database("restored")
    subprocess.run(
        [db.server.program("pg_restore"), "--exit-on-error", "--dbname=restored"],
        env=db.server.client_environment("restored"), input=dump, check=True,
    )
    restored = Syncs(Database(db.server, "restored"))
    for id in (named, inline):
        status = restored.status(id)
        assert status["paused"] is True and status["state"] == "success" and status["user_id"] == "postgres"
        restored.make_due(id)
        restored.call("cdb_sync_resume", id)
    wait_until(lambda: restored.run_count(named) == 1 and restored.state(named) == "success", limit=60, what="a run")
    assert restored.status(named)["name"] == "named"
    failed = restored.wait_for(inline, "failure")
    assert "password of this sync is missing" in failed["error_message"] and failed["run_at"] is None and failed["error_code"] == 1502
    restored.call("cdb_sync_update", inline, None, table.connector(table=TABLE, import_as="inline"))
    restored.wait_for(inline, "success")
    assert restored.database.value("SELECT n FROM seen") == 100
    assert clock.run_count(named) == 1, "the original goes on by itself"
    restored.database.close()
    with Database(db.server, "postgres") as server:
        server.execute("DROP DATABASE restored")


def test_owners(clock: Syncs, table: Remote) -> None:
    """REASSIGN OWNED and DROP OWNED: the table decides whose sync it is, and the new owner gives his own request."""
    db = clock.database
    first, second = db.create_role("clock_first"), db.create_role("clock_second")
    for name in ("clock_first", "clock_second"):
        db.execute(f"ALTER ROLE {name} SET connector.allowed_hosts = '127.0.0.0/8'")
    first.close()
    id = Syncs(first).create(table.connector(table=TABLE))["id"]
    clock.wait_for(id, "success")
    db.execute("REASSIGN OWNED BY clock_first TO clock_second")
    assert Syncs(second).status(id)["user_id"] == "clock_second"
    first.close()
    db.drop_role("clock_first")
    second.close()
    Syncs(second).call("cdb_sync_update", id, None, table.connector(table=TABLE))
    Syncs(second).now(id)
    wait_until(lambda: clock.run_count(id) == 2 and clock.state(id) == "success", limit=60, what="a run")
    assert db.value(f"SELECT tableowner FROM pg_tables WHERE tablename = '{TABLE}'") == "clock_second"
    db.execute("ALTER ROLE clock_second RENAME TO clock_renamed")
    clock.now(id)
    wait_until(lambda: clock.run_count(id) == 3 and clock.state(id) == "success", limit=60, what="a run")
    second.close()
    db.execute("DROP OWNED BY clock_renamed")
    clock.make_due(id)
    clock.call("cdb_sync_update", id, "1 day")
    db.execute("SELECT cdb_sync_delete(%s)", id)
    db.drop_role("clock_renamed")


def test_standby_and_failover(clock: Syncs, table: Remote, preloaded: Postgres, workspace: Workspace) -> None:
    """Nothing runs on a standby; after its promotion all goes on there."""
    db = clock.database
    good = clock.create(table.connector(table=TABLE), interval="1 day")["id"]
    clock.wait_for(good, "success")
    running = clock.create(table.connector(sql_query=table.slow_query(600), import_as="slow"))["id"]
    clock.wait_for(running, "syncing")
    settings = {name: value for name, value in preloaded.settings.items() if name != "unix_socket_directories"}
    standby = Standby(workspace, preloaded, stage=staged(workspace), settings=settings)
    with standby:
        copy = Syncs(Database(standby, "clock"))
        assert copy.database.value("SELECT pg_is_in_recovery()") is True
        assert copy.state(running) == "syncing"
        assert copy.database.value("SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'connector%'") == 0
        with pytest.raises(Exception, match="read-only|recovery"):
            copy.now(good)
        db.close()
        preloaded.kill()
        copy.database.execute("SELECT pg_promote()")
        assert copy.wait_for(running, "failure")["error_code"] == 6671
        copy.now(good)
        wait_until(lambda: copy.run_count(good) == 2 and copy.state(good) == "success", limit=60, what="a run")
        wait_for_process(copy.database, "launcher")
        copy.database.close()


def test_pg_upgrade(workspace: Workspace, table: Remote) -> None:
    """Nothing runs while pg_upgrade has the cluster; afterwards syncs go on where they were, passwords included."""
    settings = {"shared_preload_libraries": "connector", "max_worker_processes": "8", "connector.min_sync_interval": "1s"}
    old, new = (Postgres(workspace, stage=staged(workspace), settings=settings) for _ in range(2))
    with Proxy(table.server.port) as proxy:
        with old:
            old.create_database("clock", "connector")
            before = Syncs(Database(old, "clock"))
            connector = table.connector(table=TABLE, connection=table.connection(port=proxy.port))
            id = before.create(connector, interval="1 day")["id"]
            before.wait_for(id, "success")
            before.database.execute(f"CREATE VIEW seen AS SELECT count(*) AS n FROM {TABLE}")
            oid = before.database.value("SELECT %s::regclass::oid::int8", TABLE)
            before.make_due(id)  # nobody is told
            before.database.execute("SELECT connector.add_api_key(%s, 'kept', sha256(''), 'x', NULL)", id)
            before.database.close()
        assert proxy.accepted == 1
        new.start()
        new.stop()
        process.run_to_end(
            [
                old.program("pg_upgrade"), "--link", "--no-sync", f"--old-bindir={old.config('bindir')}",
                f"--old-datadir={old.data}", f"--new-datadir={new.data}", "--username=postgres", f"--socketdir={new.folder}",
                f"--old-port={free_port()}", f"--new-port={free_port()}",
            ],
            log=new.log, account=new.account, env=new.environment(), cwd=new.folder,
        )  # fmt: skip
        assert proxy.accepted == 1, "the sync was due all the time"
        table.execute(f"INSERT INTO {TABLE} (id, word, amount) VALUES (101, 'new', 1)")
        with new:
            after = Syncs(Database(new, "clock"))
            wait_until(lambda: after.run_count(id) == 2 and after.state(id) == "success", limit=60, what="a run")
            assert after.status(id)["paused"] is False
            assert after.database.value("SELECT n FROM seen") == 101
            assert after.database.rows("SELECT id::text, role_name, label FROM cdb_api_keys()") == [(id, "postgres", "kept")]
            assert after.database.value("SELECT %s::regclass::oid::int8", TABLE) == oid
            after.database.close()
