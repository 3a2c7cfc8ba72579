"""cdb_import_tables(): imports and syncs of many tables by one call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from harness.database import Database
from harness.errors import fails
from harness.syncs import Syncs, wait_for_batch

from servers.process import wait_until
from servers.remote_mysql import MySqlRemote

SCHEMA = "many_tables"


class Source:
    """A schema of the remote with tables of its own."""

    def __init__(self, remote: MySqlRemote) -> None:
        self.remote = remote

    def create(self, *names: str, rows: int = 3) -> None:
        values = ", ".join(f"({row}, 'row {row}')" for row in range(1, rows + 1))
        for name in names:
            table = f"{SCHEMA}.{self.remote.quote(name)}"
            self.remote.execute(
                f"CREATE TABLE {table} (id int PRIMARY KEY, word varchar(20))", f"INSERT INTO {table} VALUES {values}"
            )

    def request(self, **keys: object) -> str:
        return json.dumps({"provider": "mysql", "connection": self.remote.connection(), "schema": SCHEMA, **keys})


@pytest.fixture
def source(mariadb: MySqlRemote) -> Iterator[Source]:
    user = mariadb.connection()["username"]
    mariadb.execute(
        f"DROP DATABASE IF EXISTS {SCHEMA}", f"CREATE DATABASE {SCHEMA}", f"GRANT ALL ON {SCHEMA}.* TO '{user}'@'%'"
    )
    yield Source(mariadb)
    mariadb.execute(f"DROP DATABASE {SCHEMA}")


@pytest.fixture(params=["preloaded", "plain"])
def local(request: pytest.FixtureRequest) -> Iterator[Database]:
    """With the scheduler and without; the tables get into a schema of their own."""
    found: Database = (
        request.getfixturevalue("clock").database if request.param == "preloaded" else request.getfixturevalue("db")
    )
    found.execute("CREATE SCHEMA imported; SET search_path = imported, public")
    yield found
    Syncs(found).clean()
    found.execute("DROP SCHEMA imported CASCADE; RESET search_path")


def call(database: Database, request: str, tables: list[str] | None = None, interval: str | None = None) -> list[dict[str, Any]]:
    rows = database.rows(
        "SELECT row_to_json(t) FROM cdb_import_tables(%s, %s, %s::interval) t", request, tables, interval
    )
    return [row for (row,) in rows]


def problems(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["name"]: row["problem"] for row in rows if row["problem"]}


def test_thirty_tables_and_a_bad_one(local: Database, source: Source) -> None:
    """Each by itself; one notification tells the end, beside those of the imports."""
    names = [f"t{number:02}" for number in range(30)]
    source.create(*names)
    source.remote.execute(
        f"CREATE TABLE {SCHEMA}.bad (id int PRIMARY KEY, v time)", f"INSERT INTO {SCHEMA}.bad VALUES (1, '25:00:00')"
    )
    with local.another() as listener:
        listener.execute("LISTEN connector")
        rows = call(local, source.request())
        assert [row["name"] for row in rows] == ["bad", *names]
        assert not problems(rows)
        batch = rows[0]["batch_id"]
        assert batch and {row["batch_id"] for row in rows} == {batch}
        assert all(row["item_queue_id"] and row["synchronization_id"] is None for row in rows)
        assert {(row["schema"], row["table_name"]) for row in rows} == {(SCHEMA, row["name"]) for row in rows}
        wait_for_batch(local, batch)

        def notified() -> list[dict[str, Any]]:
            listener.connection.poll()
            return [json.loads(notification.payload) for notification in listener.connection.notifies]

        wait_until(lambda: any(told["kind"] == "batch" for told in notified()), limit=60, what="a notification")
        told = [one for one in notified() if one["kind"] == "batch"]
        assert told == [{"kind": "batch", "id": batch, "state": "failure"}]
    states = dict(local.rows("SELECT source, state FROM connector.imports WHERE batch_id = %s", batch))
    assert states == {f"{SCHEMA}.bad": "failure", **{f"{SCHEMA}.{name}": "complete" for name in names}}
    assert local.value("SELECT error_message FROM connector.imports WHERE source = %s", f"{SCHEMA}.bad")
    assert {local.value(f"SELECT count(*) FROM imported.{name}") for name in names} == {3}
    assert local.value("SELECT count(*) FROM connector.import_secret") == 0


def there_is(name: str) -> str:
    """The problem of a table whose local name is taken."""
    return f'there is "{name}" in schema "imported" already ("collision_strategy" can be "rename" or "overwrite")'


def test_the_same_call_twice_changes_nothing(local: Database, source: Source) -> None:
    source.create("a", "b")
    first = call(local, source.request())
    # While they wait or run, and when they are there.
    again = call(local, source.request())
    assert all("is under way" in row["problem"] or "already" in row["problem"] for row in again)
    assert not any(row["batch_id"] for row in again)
    wait_for_batch(local, first[0]["batch_id"])
    later = call(local, source.request())
    assert problems(later) == {name: there_is(name) for name in ("a", "b")}
    assert not any(row["item_queue_id"] or row["batch_id"] for row in later)
    assert local.value("SELECT count(*) FROM connector.imports") == 2
    # A table that was added meanwhile.
    source.create("c")
    added = [row for row in call(local, source.request()) if not row["problem"]]
    assert [row["name"] for row in added] == ["c"]
    wait_for_batch(local, added[0]["batch_id"])
    assert local.value("SELECT count(*) FROM imported.c") == 3


def test_syncs(local: Database, source: Source) -> None:
    source.create("a", "b")
    rows = call(local, source.request(), None, "1 hour")
    assert not problems(rows) and all(row["synchronization_id"] and row["batch_id"] for row in rows)
    names = local.rows("SELECT name, \"interval\"::text FROM connector.syncs ORDER BY name")
    assert names == [("imported.a", "01:00:00"), ("imported.b", "01:00:00")]
    source.create("c")
    again = call(local, source.request(), None, "2 hours")
    assert [row["synchronization_id"] for row in again[:2]] == [row["synchronization_id"] for row in rows]
    assert [row["batch_id"] for row in again[:2]] == [None, None] and again[2]["batch_id"]
    assert not problems(again)
    assert local.value("SELECT count(*) FROM connector.syncs WHERE \"interval\" = '1 hour'") == 2
    local.execute("CALL cdb_run_due_syncs()")
    for batch in (rows[0]["batch_id"], again[2]["batch_id"]):
        wait_for_batch(local, batch)
    assert [local.value(f"SELECT count(*) FROM imported.{name}") for name in "abc"] == [3, 3, 3]
    assert [row["problem"] for row in call(local, source.request(), None, "1 hour")] == [None] * 3
    assert local.value("SELECT count(*) FROM connector.syncs") == 3


def test_which_tables(db: Database, source: Source) -> None:
    source.create("orders", "orders_old", "order_lines", "customers", "Customers2", "what?", "!x", "naïve")
    source.remote.execute(f"CREATE VIEW {SCHEMA}.order_view AS SELECT * FROM {SCHEMA}.orders", f"CREATE SEQUENCE {SCHEMA}.numbers")
    db.execute("CREATE SCHEMA imported; SET search_path = imported")

    def chosen(*tables: str) -> list[str]:
        db.execute("BEGIN")
        try:
            return [row["name"] for row in call_all(db, source.request(), list(tables))]
        finally:
            db.execute("ROLLBACK")

    def call_all(database: Database, request: str, tables: list[str]) -> list[dict[str, Any]]:
        return [row for (row,) in database.rows("SELECT row_to_json(t) FROM public.cdb_import_tables(%s, %s) t", request, tables)]

    try:
        assert chosen("orders") == ["orders"]
        assert chosen("order*", "!*_old") == ["order_lines", "order_view", "orders"]
        assert chosen("!order*", "!*ustomers*") == ["!x", "naïve", "what?"]
        assert chosen("what?") == ["what?"]
        assert chosen("na?ve") == ["naïve"]
        assert chosen("!x") == [name for name in chosen("*")]
        # What is no table is meant only if it is named.
        assert "numbers" not in chosen("*") and chosen("numbers") == ["numbers"]
        assert chosen("nothing*") == []
        assert chosen("no_such_table", "orders") == ["orders", "no_such_table"]
        assert chosen() == []
        assert call_all(db, source.request(), ["nothing*"]) == []
        assert any("cdb_connector_tables()" in text for text in db.notices)
        row = call_all(db, source.request(), ["no_such_table"])[0]
        assert "no table or view of this name" in row["problem"] and row["table_name"] is None
    finally:
        db.execute("DROP SCHEMA imported; RESET search_path")


def test_tables_with_the_same_local_name(local: Database, source: Source) -> None:
    source.create("Orders", "orders", "ORDERS")
    rows = call(local, source.request())
    assert problems(rows) == {name: 'table "ORDERS" of this call has the same local name' for name in ("Orders", "orders")}
    wait_for_batch(local, rows[0]["batch_id"])
    assert local.value("SELECT count(*) FROM imported.orders") == 3
    rows = call(local, source.request(collision_strategy="rename"), ["orders", "Orders"])
    assert not problems(rows)
    wait_for_batch(local, rows[0]["batch_id"])
    assert {name for (name,) in local.rows("SELECT table_name FROM connector.imports")} == {"orders", "orders_1", "orders_2"}


def test_what_is_in_the_way(local: Database, source: Source) -> None:
    source.create("a", "b", "c", "d")
    local.execute("CREATE TABLE imported.a (x int); CREATE VIEW imported.b AS SELECT 1; CREATE DOMAIN imported.c AS text")
    expected = {name: there_is(name) for name in "abc"}
    assert problems(call(local, source.request(collision_strategy="error"))) == expected
    rows = call(local, source.request())
    # By now it may be there.
    there = there_is("d")
    assert [row["problem"] for row in rows[3:]] in (['an import into "d" in schema "imported" is under way'], [there])
    assert problems(call(local, source.request(), None, "1 hour")).keys() >= {"a", "b", "c"}


def test_another_sync_fills_the_table(local: Database, source: Source) -> None:
    source.create("a")
    local.execute("SELECT cdb_sync_connector(%s)", source.request(sql_query=f"SELECT 1 AS one", import_as="a"))
    assert problems(call(local, source.request(), None, "1 hour")) == {"a": 'another sync fills "a" in schema "imported"'}


def test_refused(db: Database, source: Source) -> None:
    for keys, interval, word in (
        ({"table": "a"}, None, '"table"'),
        ({"sql_query": "SELECT 1"}, None, '"sql_query"'),
        ({"import_as": "x"}, None, '"import_as"'),
        ({"columns": ["a"]}, None, '"columns"'),
        ({"keep": ["foreign_keys"]}, "1 hour", '"keep"'),
        ({"keep": ["keys"]}, None, '"keep"'),
        ({"keep": "indexes"}, None, '"keep"'),
        ({"sync": {"mode": "merge"}}, None, '"sync"'),
        ({"interval": 900}, None, '"interval"'),
    ):
        with fails("invalid connector parameters", number=1502, detail=word):
            call(db, source.request(**keys), None, interval)
    with fails("an element of .tables. is NULL", number=1502):
        db.rows("SELECT * FROM cdb_import_tables(%s, %s)", source.request(), [None])
    with fails("NULL", number=1502):
        db.rows("SELECT * FROM cdb_import_tables(NULL)")
    assert db.value("SELECT count(*) FROM connector.import_batch") == 0


def test_an_interval_in_the_request(db: Database, source: Source, syncs: Syncs) -> None:
    source.create("in_the_request")
    request = {"connector": json.loads(source.request()), "interval": 1800}
    (row,) = call(db, json.dumps(request))
    assert row["synchronization_id"] and syncs.status(row["synchronization_id"])["interval"] == 1800
    with fails(number=1502, detail='"keep"'):
        request["connector"]["keep"] = ["foreign_keys"]
        call(db, json.dumps(request))


def test_rolled_back(local: Database, source: Source) -> None:
    """All in one transaction."""
    source.create("a", "b")
    local.execute("BEGIN")
    assert len(call(local, source.request())) == 2
    local.execute("ROLLBACK")
    assert local.value("SELECT count(*) FROM connector.import") == 0
    assert local.value("SELECT count(*) FROM connector.import_batch") == 0


def test_limits_of_the_role(local: Database, source: Source) -> None:
    """No more run at the same time than the role may have, and all get done."""
    source.create(*(f"t{number}" for number in range(8)), rows=200)
    local.execute("ALTER ROLE postgres SET connector.max_imports_per_role = 2; SET connector.max_imports_per_role = 2")
    try:
        rows = call(local, source.request())
        most = 0
        batch = rows[0]["batch_id"]

        def ended() -> bool:
            nonlocal most
            most = max(most, local.value("SELECT count(*) FROM connector.progress WHERE kind = 'import'"))
            return bool(local.value("SELECT ended_at IS NOT NULL FROM connector.import_batch WHERE id = %s", batch))

        wait_until(ended, limit=120, what="the end of the batch")
        assert most <= 2
        assert local.value("SELECT count(*) FROM connector.imports WHERE state = 'complete'") == 8
    finally:
        local.execute("ALTER ROLE postgres RESET connector.max_imports_per_role; RESET connector.max_imports_per_role")


def test_a_large_batch_is_remembered_as_a_whole(local: Database, source: Source) -> None:
    """connector.keep_runs counts it once."""
    source.create(*(f"t{number}" for number in range(6)))
    local.execute("ALTER SYSTEM SET connector.keep_runs = 2")
    local.execute("SELECT pg_reload_conf()")
    wait_until(lambda: local.value("SHOW connector.keep_runs") == "2", limit=60, what="the setting")
    try:
        batches = []
        for strategy in ("skip", "rename", "rename"):
            rows = call(local, source.request(collision_strategy=strategy))
            batches.append(rows[0]["batch_id"])
            wait_for_batch(local, batches[-1])
        kept = local.rows("SELECT batch_id::text, count(*) FROM connector.imports GROUP BY 1")
        assert sorted(kept) == sorted((batch, 6) for batch in batches[1:])
    finally:
        local.execute("ALTER SYSTEM RESET connector.keep_runs")
        local.execute("SELECT pg_reload_conf()")


def test_cancelled_before_they_begin(local: Database, source: Source) -> None:
    """The batch ends all the same."""
    source.create("a", "b")
    local.execute("BEGIN")
    rows = call(local, source.request())
    for row in rows:
        assert local.value("SELECT cdb_import_cancel(%s)", row["item_queue_id"])["cancelled"] is True
    local.execute("COMMIT")
    if not local.value("SELECT current_setting('shared_preload_libraries') LIKE '%%connector%%'"):
        local.execute("CALL cdb_run_due_syncs()")
    wait_for_batch(local, rows[0]["batch_id"])
    assert local.rows("SELECT DISTINCT state, error_code FROM connector.imports") == [("failure", 6672)]


def test_a_batch_ends_where_more_is_due_than_may_run(db: Database, source: Source, syncs: Syncs) -> None:
    """CALL cdb_run_due_syncs(1) from pg_cron, again and again."""
    source.create("a", "b", "c")
    db.execute("SELECT cdb_sync_connector(%s)", source.request(table="a", import_as="x"))
    db.execute("SELECT cdb_sync_connector(%s)", source.request(table="a", import_as="y"))
    db.execute("BEGIN")
    rows = call(db, source.request(), ["b"])
    db.value("SELECT cdb_import_cancel(%s)", rows[0]["item_queue_id"])
    db.execute("COMMIT")
    db.execute("CALL cdb_run_due_syncs(1)")
    wait_for_batch(db, rows[0]["batch_id"])  # a worker that was started for the import may be at it
    assert db.value("SELECT count(*) FROM connector.runs") == 1
    db.execute("DROP TABLE IF EXISTS x, y")


def family(source: Source) -> None:
    """A table and five that refer to it."""
    source.create("parent")
    for number in range(5):
        table = f"{SCHEMA}.child{number}"
        source.remote.execute(
            f"CREATE TABLE {table} (id int PRIMARY KEY, parent int, FOREIGN KEY (parent) REFERENCES {SCHEMA}.parent (id))",
            f"INSERT INTO {table} VALUES (1, 1)",
        )


def number_of_foreign_keys(database: Database) -> int:
    found: int = database.value("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'imported'::regnamespace")
    return found


def test_a_role_whose_transactions_are_serializable(local: Database, source: Source) -> None:
    """By default: workers that record their jobs side by side don't fail by it."""
    family(source)
    role = local.create_role("strict")
    local.execute(
        "ALTER ROLE strict SET connector.allow_local_addresses = on; ALTER ROLE strict SET default_transaction_isolation = 'serializable';"
        "GRANT USAGE, CREATE ON SCHEMA imported TO strict; CREATE TABLE public.levels (level text); GRANT INSERT ON public.levels TO strict;"
        "CREATE FUNCTION public.note_level() RETURNS event_trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO public.levels VALUES (current_setting('transaction_isolation')); END $$;"
        "CREATE EVENT TRIGGER note_level ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.note_level()"
    )
    role.close()
    role = Database(local.server, local.name, "strict")
    try:
        rows = call(role, source.request(keep=["foreign_keys"], target_schema="imported"))
        wait_for_batch(local, rows[0]["batch_id"])
        assert local.rows("SELECT DISTINCT state, error_message, problem FROM connector.imports") == [("complete", None, None)]
        assert number_of_foreign_keys(local) == 5
        assert local.rows("SELECT level, count(*) FROM levels GROUP BY level") == [("read committed", 6)]
    finally:
        local.execute("DROP EVENT TRIGGER note_level; DROP FUNCTION public.note_level(); DROP TABLE public.levels")
        role.close()
        Syncs(local).clean()
        local.drop_role("strict")


def test_the_worker_of_the_end_is_terminated(local: Database, source: Source) -> None:
    """With the scheduler the keys are given up; without, CALL adds them."""
    family(source)
    preloaded = local.value("SELECT current_setting('shared_preload_libraries') LIKE '%%connector%%'")
    with local.another() as holder:
        local.execute("CREATE TABLE imported.gate (x int)")
        local.execute(
            "CREATE FUNCTION public.waits() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF EXISTS (SELECT FROM connector.progress WHERE kind = 'batch') THEN LOCK TABLE imported.gate; END IF; END $$;"
            "CREATE EVENT TRIGGER waits ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION public.waits()"
        )
        try:
            holder.execute("BEGIN; LOCK TABLE imported.gate")
            batch = call(local, source.request(keep=["foreign_keys"]))[0]["batch_id"]
            working = "SELECT pid FROM connector.progress WHERE kind = 'batch' AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = progress.pid AND NOT granted)"
            wait_until(lambda: bool(local.rows(working)), limit=60, what="the end's work")
            pid = local.value(working)
            local.execute("SELECT pg_terminate_backend(%s)", pid)
            wait_until(lambda: not local.rows("SELECT 1 FROM pg_stat_activity WHERE pid = %s", pid), limit=60, what="its end")
            holder.execute("COMMIT")
            if not preloaded:
                local.execute("CALL cdb_run_due_syncs()")
            wait_for_batch(local, batch)
        finally:
            local.execute("DROP EVENT TRIGGER waits; DROP FUNCTION public.waits()")
    found = {problem for (problem,) in local.rows("SELECT DISTINCT problem FROM connector.imports WHERE source <> %s", f"{SCHEMA}.parent")}
    lost = "no foreign key was added: the worker did not start, or was terminated"
    assert found == ({lost} if preloaded else {None})
    assert number_of_foreign_keys(local) == (0 if preloaded else 5)


def test_a_role_that_loses_login(clock: Syncs, source: Source) -> None:
    """Its batch ends all the same, where no worker can work for it."""
    db = clock.database
    source.create("a", "b")
    role = db.create_role("leaver")
    db.execute("ALTER ROLE leaver SET connector.allow_local_addresses = on")
    role.close()
    role = Database(db.server, db.name, "leaver")
    try:
        role.execute("BEGIN")
        batch = call(role, source.request())[0]["batch_id"]
        db.execute("ALTER ROLE leaver NOLOGIN")
        role.execute("COMMIT")
        wait_for_batch(db, batch)
        found = db.rows("SELECT DISTINCT state, error_message, error_code FROM connector.imports")
        if db.server.major < 17:
            assert found == [("failure", "the role of this import cannot log in", 1501)]
        else:
            assert found == [("complete", None, None)]
    finally:
        role.close()
        clock.clean()
        db.drop_role("leaver")


def test_two_sessions_at_once(db: Database, source: Source, syncs: Syncs) -> None:
    """REPEATABLE READ, too: a sync that another session has just made is seen."""
    source.create("a")
    with db.another() as other:
        for level in ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"):
            other.execute(f"BEGIN ISOLATION LEVEL {level}")
            other.value("SELECT count(*) FROM pg_class")
            first = call(db, source.request(), None, "1 hour")
            second = call(other, source.request(), None, "1 hour")
            other.execute("COMMIT")
            assert [row["synchronization_id"] for row in first] == [row["synchronization_id"] for row in second]
            assert second[0]["batch_id"] is None
            named = db.value("SELECT count(*) FROM connector.syncs")
            assert named == 1
            syncs.clean()
