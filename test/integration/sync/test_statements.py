"""`on_success` and `on_failure`: as whom they run, what they may do, and what becomes of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import remote_rows
from harness.syncs import Syncs, person

from servers.process import wait_until
from servers.remote import Remote
from servers.workspace import Workspace

TABLE = "orders"
TOLD = "INSERT INTO public.told SELECT '{what}', current_user, session_user, current_setting('search_path')"
WAYS = ("owner waits", "superuser waits", "owner calls", "superuser calls")
OF_OTHERS = ("superuser waits", "superuser calls")
OF_OWN = ("owner waits", "owner calls")


@pytest.fixture
def table(mariadb: Remote) -> Iterator[Remote]:
    with remote_rows(mariadb, TABLE, 10):
        yield mariadb


@pytest.fixture
def syncs(syncs: Syncs) -> Iterator[Syncs]:
    """As a superuser, who may be at loopback."""
    syncs.database.execute("RESET ALL; SET connector.allowed_hosts = '127.0.0.0/8'")
    yield syncs
    syncs.database.execute("RESET ALL")


@pytest.fixture
def alice(alice: Database) -> Database:
    make_told(alice)
    return alice


def make_told(role: Database) -> None:
    role.execute("CREATE TABLE told (what text, who name, session name, path text)")


def told(syncs: Syncs) -> list[str]:
    return [what for (what,) in syncs.database.rows("SELECT what FROM told ORDER BY what")]


def created(role: Database, table: Remote, **sync: object) -> str:
    id = Syncs(role).create(table.connector(table=TABLE, sync=sync))["id"]
    assert isinstance(id, str)
    return id


def run(way: str, syncs: Syncs, owner: Database, id: str) -> dict[str, object]:
    """One run; gives what is recorded of it."""
    session = owner if way.startswith("owner") else syncs.database
    if way.endswith("waits"):
        Syncs(session).now(id, wait=True)
    else:
        syncs.make_due(id)
        session.execute("CALL cdb_run_due_syncs()")
    return last_run(syncs, id)


def last_run(syncs: Syncs, id: str) -> dict[str, object]:
    found = syncs.database.value(
        "SELECT json_build_object('state', state, 'error', statement_error) FROM connector.runs WHERE sync_id = %s ORDER BY started_at DESC LIMIT 1", id
    )
    assert isinstance(found, dict)
    return found


SUCCESS: dict[str, object] = {"state": "success", "error": None}


@pytest.mark.parametrize("way", WAYS)
def test_after_each_run_as_who_gave_it(syncs: Syncs, alice: Database, table: Remote, way: str) -> None:
    id = created(alice, table, on_success=TOLD.format(what="it went well") + " FROM public.orders;", on_failure=TOLD.format(what="it failed"))
    assert run(way, syncs, alice, id) == SUCCESS
    session = "alice" if way in OF_OWN else "postgres"
    assert syncs.database.rows("SELECT * FROM told") == [("it went well", "alice", session, "pg_catalog, pg_temp")] * 10
    table.drop(TABLE)
    assert run(way, syncs, alice, id) == {"state": "failure", "error": None}
    assert syncs.database.rows("SELECT * FROM told WHERE what = 'it failed'") == [("it failed", "alice", session, "pg_catalog, pg_temp")]


def test_in_a_worker(clock: Syncs, table: Remote) -> None:
    """There the session is the owner's own, and what fails is in the server's log."""
    db = clock.database
    db.execute("DROP ROLE IF EXISTS alice")
    for alice in person(db, "alice"):
        make_told(alice)
        # Waits in a deferred trigger's table, too: it fires before the transaction ends.
        alice.execute(
            "CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.told VALUES ('fired', current_user, session_user); "
            "RETURN NULL; END $$; CREATE TABLE later (x int); CREATE CONSTRAINT TRIGGER fires AFTER INSERT ON later DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION fires()"
        )
        mine = Syncs(alice)
        id = created(alice, table, on_success="INSERT INTO public.later SELECT count(*) FROM public.orders", on_failure=TOLD.format(what="failed"))
        mine.wait_for(id, "success")
        wait_until(lambda: told(clock) == ["fired"], limit=60, what="the statement after the run")
        assert db.rows("SELECT what, who, session FROM told") == [("fired", "alice", "alice")]
        # A materialized view, read by others meanwhile.
        alice.execute("CREATE MATERIALIZED VIEW word_counts AS SELECT id, word FROM orders; CREATE UNIQUE INDEX ON word_counts (id)")
        mine.call("cdb_sync_update", id, None, table.connector(table=TABLE, sync={"on_success": "REFRESH MATERIALIZED VIEW CONCURRENTLY public.word_counts"}))
        table.create_rows(TABLE, 20)
        mine.now(id)
        wait_until(lambda: alice.value("SELECT count(*) FROM word_counts") == 20, limit=60, what="the materialized view to follow")
        mine.call("cdb_sync_update", id, None, table.connector(table=TABLE, sync={"on_success": "SELECT 1 / 0"}))
        mine.now(id)
        wait_until(lambda: last_run(clock, id) == {"state": "success", "error": "division by zero"}, limit=60, what="a statement that fails")
        log = db.server.log
        wait_until(lambda: f'on_success of sync "public.{TABLE}" ({id}) failed: division by zero' in log.read_text(errors="replace"), limit=60, what="a line in the log")
        table.drop(TABLE)
        mine.call("cdb_sync_update", id, None, table.connector(table=TABLE, sync={"on_failure": TOLD.format(what="failed")}))
        mine.now(id)
        wait_until(lambda: "failed" in told(clock), limit=60, what="the statement after a failure")
        assert mine.status(id)["state"] == "failure"
        # The end of its own sync.
        table.create_rows(TABLE, 5)
        mine.call("cdb_sync_update", id, None, table.connector(table=TABLE, sync={"on_success": f"SELECT public.cdb_sync_delete('{id}')"}))
        wait_until(lambda: not db.rows("SELECT 1 FROM connector.sync"), limit=60, what="the sync to delete itself")
        assert db.value(f"SELECT count(*) FROM {TABLE}") == 5


def stop_remote(table: Remote, syncs: Syncs) -> None:
    table.server.stop()


def drop_remote_table(table: Remote, syncs: Syncs) -> None:
    table.drop(TABLE)


def forbid(table: Remote, syncs: Syncs) -> None:
    syncs.database.execute("INSERT INTO connector.role_limits (role_name, max_syncs) VALUES ('alice', 0)")


def drop_table(table: Remote, syncs: Syncs) -> None:
    syncs.database.execute(f"DROP TABLE {TABLE}")


def break_trigger(table: Remote, syncs: Syncs) -> None:
    syncs.database.execute(
        "SET ROLE alice; CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$; "
        f"CREATE TRIGGER no AFTER INSERT ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION no(); RESET ROLE"
    )


def make_slow(table: Remote, syncs: Syncs) -> None:
    syncs.database.execute(
        "SET ROLE alice; CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1000); END $$; "
        f"CREATE TRIGGER slow AFTER INSERT ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION slow(); RESET ROLE; SET connector.statement_timeout = '1s'"
    )


def fail_at_commit(table: Remote, syncs: Syncs) -> None:
    syncs.database.execute(
        "SET ROLE alice; CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$; "
        f"CREATE CONSTRAINT TRIGGER no AFTER INSERT ON {TABLE} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no(); RESET ROLE"
    )


@pytest.mark.parametrize("failure", [stop_remote, drop_remote_table, forbid, drop_table, break_trigger, make_slow, fail_at_commit])
def test_after_each_kind_of_failure(syncs: Syncs, alice: Database, table: Remote, failure: Callable[[Remote, Syncs], None]) -> None:
    id = created(alice, table, on_success=TOLD.format(what="1 success"), on_failure=TOLD.format(what="2 failure"))
    run("superuser calls", syncs, alice, id)
    table.create_rows(TABLE, 12)
    failure(table, syncs)
    assert run("superuser calls", syncs, alice, id) == {"state": "failure", "error": None}
    assert told(syncs) == ["1 success", "2 failure"]
    table.server.start()
    syncs.database.execute("DELETE FROM connector.role_limits")


def test_after_a_first_run_that_fails(syncs: Syncs, alice: Database, table: Remote) -> None:
    table.drop(TABLE)
    id = created(alice, table, on_failure=TOLD.format(what="failure"))
    assert run("superuser calls", syncs, alice, id) == {"state": "failure", "error": None}
    assert told(syncs) == ["failure"]


@pytest.mark.parametrize("key", ["on_success", "on_failure"])
@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("SELECT 1; SELECT 2", "It has 2 of them"),
        ("-- nothing", "It has 0 of them"),
        ("SELEC 1", "syntax error at or near"),
        ("SELECT 'open", "unterminated quoted string"),
        (r"SELECT '\'; COMMIT; --'", "It has 2 of them"),
        ("COMMIT", "COMMIT is not allowed"),
        ("BEGIN", "BEGIN is not allowed"),
        ("ROLLBACK", "ROLLBACK is not allowed"),
        ("SAVEPOINT a", "SAVEPOINT is not allowed"),
        ("PREPARE TRANSACTION 'a'", "PREPARE TRANSACTION is not allowed"),
        ("START TRANSACTION", "START TRANSACTION is not allowed"),
        ("VACUUM public.orders", "can't run inside a transaction"),
        ("CREATE DATABASE a", "can't run inside a transaction"),
        ("DROP DATABASE a", "can't run inside a transaction"),
        ("ALTER SYSTEM SET work_mem = 1", "can't run inside a transaction"),
        ("CREATE INDEX CONCURRENTLY ON public.orders (id)", "can't run inside a transaction"),
        ("DROP INDEX CONCURRENTLY public.i", "can't run inside a transaction"),
        ("REINDEX INDEX CONCURRENTLY public.i", "can't run inside a transaction"),
        ("REINDEX SCHEMA public", "can't run inside a transaction"),
        ("DISCARD ALL", "can't run inside a transaction"),
        ("COPY public.orders FROM STDIN", "a client"),
        ("COPY public.orders TO STDOUT", "a client"),
    ],
)  # fmt: skip
def test_what_is_refused_at_once(syncs: Syncs, alice: Database, table: Remote, key: str, statement: str, why: str) -> None:
    # However the session reads texts.
    alice.execute("SET standard_conforming_strings = off; SET escape_string_warning = off")
    for call in ("SELECT cdb_sync_connector(%s)", "SELECT cdb_sync_update('00000000-0000-4000-8000-000000000000', connector => %s)"):
        if "update" in call:
            id = created(alice, table)
            call = call.replace("00000000-0000-4000-8000-000000000000", id)
        with fails(f'"sync.{key}"', number=1502, detail=why, hint="DO block"):
            alice.value(call, json.dumps(table.connector(table=TABLE, sync={key: statement})))


def test_others_can_not_give_it(syncs: Syncs, alice: Database, bob: Database, table: Remote) -> None:
    """It would run with the owner's rights. A member becomes the owner first."""
    db = syncs.database
    id = created(alice, table)
    connector = json.dumps(table.connector(table=TABLE, sync={"on_success": TOLD.format(what="x")}))
    db.execute("GRANT alice TO bob")
    for role in (db, bob):
        with fails("sync.on_success", number=1502, detail="can only be the owner", hint="SET ROLE"):
            role.value("SELECT cdb_sync_update(%s, connector => %s)", id, connector)
    bob.execute("SET ROLE alice")
    bob.value("SELECT cdb_sync_update(%s, connector => %s)", id, connector)
    run("superuser calls", syncs, alice, id)
    assert db.rows("SELECT what, who FROM told") == [("x", "alice")]


@pytest.mark.parametrize("way", [f"ALTER TABLE {TABLE} OWNER TO bob", "REASSIGN OWNED BY alice TO bob"])
def test_another_owner_switches_it_off(syncs: Syncs, alice: Database, bob: Database, table: Remote, way: str) -> None:
    db = syncs.database
    statements = {f"on_{end}": TOLD.format(what=end) for end in ("success", "failure")}
    id = created(alice, table, **statements)
    assert run("superuser calls", syncs, alice, id) == SUCCESS
    db.execute(f"{way}; GRANT INSERT ON told TO alice, bob; DELETE FROM told")
    off = "is switched off"
    assert off in str(run("superuser calls", syncs, bob, id)["error"]), "nobody has taken it over"
    assert off in str(run("owner waits", syncs, bob, id)["error"]), "taken over, without a password"
    Syncs(bob).call("cdb_sync_update", id, "1 day")
    assert off in str(run("owner calls", syncs, bob, id)["error"])
    assert told(syncs) == []
    Syncs(bob).call("cdb_sync_update", id, None, table.connector(table=TABLE, sync=statements))
    assert run("superuser calls", syncs, bob, id) == SUCCESS
    assert db.rows("SELECT what, who FROM told") == [("success", "bob")]
    # Back again: that was bob's, and is no more.
    db.execute(f"ALTER TABLE {TABLE} OWNER TO alice; DELETE FROM told")
    assert off in str(run("superuser calls", syncs, alice, id)["error"])
    assert off in str(run("owner waits", syncs, alice, id)["error"])
    assert told(syncs) == []


def test_a_superusers_rights_are_out_of_reach(syncs: Syncs, alice: Database, table: Remote, workspace: Workspace) -> None:
    """A program on the server: not in a superuser's session, not by a table that becomes a superuser's."""
    db = syncs.database
    proof = workspace.subfolder("proof", mode=0o777) / "proof"
    statement = f"COPY (SELECT 1) TO PROGRAM 'cat > {proof}'"
    id = created(alice, table, on_success=statement, on_failure=statement)
    for way in WAYS:
        assert "to COPY to or from an external program" in str(run(way, syncs, alice, id)["error"])
    db.execute("REASSIGN OWNED BY alice TO postgres")
    for way in OF_OTHERS:
        assert "switched off" in str(run(way, syncs, alice, id)["error"])
    syncs.call("cdb_sync_resume", id)
    syncs.call("cdb_sync_update", id, "1 day")
    syncs.call("cdb_sync_update", id, None, table.connector(table=TABLE))
    assert run("superuser calls", syncs, alice, id) == SUCCESS
    assert not proof.exists()
    # Given by the superuser it is a superuser's.
    syncs.call("cdb_sync_update", id, None, table.connector(table=TABLE, sync={"on_success": statement}))
    assert run("superuser calls", syncs, alice, id) == SUCCESS
    assert proof.read_text() == "1\n"


def test_a_restore_switches_it_off(syncs: Syncs, alice: Database, table: Remote) -> None:
    db = syncs.database
    connector = table.connector(table=TABLE, sync={"on_success": TOLD.format(what="success")})
    id = created(alice, table, on_success=TOLD.format(what="success"))
    assert run("owner calls", syncs, alice, id) == SUCCESS
    db.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM connector.sync; CREATE TEMPORARY TABLE secrets AS SELECT * FROM connector.sync_secret")
    db.execute("DELETE FROM connector.sync; INSERT INTO connector.sync SELECT * FROM kept; INSERT INTO connector.sync_secret SELECT * FROM secrets")
    db.execute("DROP TABLE kept; DROP TABLE secrets; DELETE FROM told")
    Syncs(alice).call("cdb_sync_resume", id)
    assert "switched off" in str(run("owner calls", syncs, alice, id)["error"])
    assert told(syncs) == []
    Syncs(alice).call("cdb_sync_update", id, None, connector)
    assert run("owner calls", syncs, alice, id) == SUCCESS and told(syncs) == ["success"]


ROLES = "DO $$ BEGIN {change}; INSERT INTO public.told VALUES ('as ' || current_user); END $$"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("statement", "error"),
    [
        (ROLES.format(change="SET ROLE postgres"), "cannot set parameter \"role\""),
        (ROLES.format(change="RESET ROLE"), "cannot set parameter \"role\""),
        (ROLES.format(change="SET SESSION AUTHORIZATION DEFAULT"), "cannot set parameter \"session_authorization\""),
        (ROLES.format(change="PERFORM set_config('role', 'none', false)"), "cannot set parameter \"role\""),
        ("SET ROLE none", "cannot set parameter \"role\""),
        ("DO $$ BEGIN INSERT INTO public.told VALUES ('x'); COMMIT; END $$", "invalid transaction termination"),
        ("DO $$ BEGIN INSERT INTO public.told VALUES ('x'); ROLLBACK; END $$", "invalid transaction termination"),
        ("CALL public.commits()", "invalid transaction termination"),
        ("SELECT 1 / 0", "division by zero"),
        ("INSERT INTO public.told SELECT * FROM public.nothing", 'relation "public.nothing" does not exist'),
        ("SELECT * FROM orders", 'relation "orders" does not exist'),
        ("CALL public.cdb_run_due_syncs()", "cannot run inside a transaction block or a function"),
        ("DO $$ BEGIN RAISE query_canceled; END $$", "query_canceled"),
    ],
)  # fmt: skip
def test_what_fails_harms_nothing(syncs: Syncs, alice: Database, table: Remote, way: str, statement: str, error: str) -> None:
    alice.execute("CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.told VALUES ('x'); COMMIT; END $$")
    id = created(alice, table, on_success=statement)
    session = alice if way in OF_OWN else syncs.database
    ended = run(way, syncs, alice, id)
    assert ended["state"] == "success" and error in str(ended["error"])
    assert syncs.state(id) == "success" and told(syncs) == []
    assert error in str(alice.value("SELECT statement_error FROM connector.syncs"))
    # Told when it happened; the answer of cdb_sync_now() has it, too.
    if way.endswith("waits"):
        assert error in str(Syncs(session).now(id, wait=True)["statement_error"])
    else:
        syncs.make_due(id)
        session.execute("CALL cdb_run_due_syncs()")
    assert any("WARNING" in notice and f'on_success of sync "public.{TABLE}" ({id}) failed' in notice for notice in session.notices)
    assert session.value("SELECT current_user || ' ' || session_user") == ("alice alice" if way in OF_OWN else "postgres postgres")


@pytest.mark.parametrize("way", OF_OTHERS)
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TEMPORARY TABLE left_behind (x int)",
        "DECLARE left_behind CURSOR WITH HOLD FOR SELECT 1",
        "PREPARE left_behind AS SELECT 1",
        "LISTEN left_behind",
        "UNLISTEN *",
        "DISCARD TEMP",
        "DEALLOCATE ALL",
        "CLOSE ALL",
        "INSERT INTO public.later VALUES (1)",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY public.numbers",
    ],
)
def test_a_session_of_others_is_left_as_it_was(syncs: Syncs, alice: Database, table: Remote, way: str, statement: str) -> None:
    db = syncs.database
    db.execute("LISTEN mine; PREPARE mine AS SELECT 1; CREATE TEMPORARY TABLE mine (x int); DECLARE mine CURSOR WITH HOLD FOR SELECT 1")
    alice.execute(
        "CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.told VALUES (current_user); RETURN NULL; END $$; "
        "CREATE TABLE later (x int); CREATE CONSTRAINT TRIGGER fires AFTER INSERT ON later DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        "EXECUTE FUNCTION fires(); CREATE MATERIALIZED VIEW numbers AS SELECT 1 AS n; CREATE UNIQUE INDEX ON numbers (n)"
    )
    id = created(alice, table, on_success=statement)
    ended = run(way, syncs, alice, id)
    assert ended["state"] == "success" and "within security-restricted operation" in str(ended["error"])
    assert db.rows("SELECT * FROM pg_listening_channels()") == [("mine",)]
    assert db.rows("SELECT name FROM pg_prepared_statements UNION ALL SELECT name FROM pg_cursors WHERE is_holdable") == [("mine",), ("mine",)]
    assert db.rows("SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relname IN ('mine', 'left_behind')") == [("mine",)]
    assert told(syncs) == []
    db.execute("CLOSE mine; DROP TABLE mine; DEALLOCATE mine; UNLISTEN mine")


@pytest.mark.parametrize("way", WAYS)
def test_settings_end_with_it(syncs: Syncs, alice: Database, table: Remote, way: str) -> None:
    session = alice if way in OF_OWN else syncs.database
    settings = ("work_mem", "search_path", "lock_timeout", "statement_timeout", "datestyle", "client_min_messages", "application_name", "default_transaction_read_only")

    def present() -> list[str]:
        return [session.value(f"SHOW {name}") for name in settings]

    id = created(
        alice, table,
        on_success="DO $$ BEGIN SET work_mem = '123MB'; SET search_path = public; SET lock_timeout = 12345; SET datestyle = 'German'; "
        "PERFORM set_config('statement_timeout', '54321', false); SET client_min_messages = error; SET application_name = 'changed'; "
        "SET default_transaction_read_only = on; SET planted.setting = 'x'; "
        "INSERT INTO public.told VALUES (current_setting('work_mem')); END $$",
        on_failure="SET work_mem = '123MB'",
    )  # fmt: skip
    session.execute("SET lock_timeout = 777")
    before = present()
    assert run(way, syncs, alice, id) == SUCCESS
    assert told(syncs) == ["123MB"] and present() == before
    assert session.value("SELECT coalesce(current_setting('planted.setting', true), '')") == ""
    table.drop(TABLE)
    assert run(way, syncs, alice, id) == {"state": "failure", "error": None}
    assert present() == before


@pytest.mark.parametrize("way", ["owner calls", "superuser calls"])
def test_advisory_locks_end_with_it(syncs: Syncs, alice: Database, table: Remote, way: str) -> None:
    session = alice if way in OF_OWN else syncs.database
    held = "SELECT classid, objid, objsubid, mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY 1, 2, 3, 4"
    session.execute("SELECT pg_advisory_lock(99), pg_advisory_lock_shared(-1, 2)")
    before = session.rows(held)
    id = created(
        alice, table,
        on_success="SELECT pg_advisory_lock(-1), pg_advisory_lock(-1), pg_advisory_lock_shared(3), pg_advisory_lock(-5, 6), pg_advisory_lock_shared(4000000000), "
        "pg_advisory_xact_lock(7), pg_advisory_lock_shared(8, -9)",
    )  # fmt: skip
    assert run(way, syncs, alice, id) == SUCCESS
    assert session.rows(held) == before
    session.execute("SELECT pg_advisory_unlock_all()")


@pytest.mark.parametrize("way", ["owner calls", "superuser calls"])
def test_very_many_advisory_locks(syncs: Syncs, alice: Database, table: Remote, way: str) -> None:
    """They are released about as fast as they were taken: connector.statement_timeout does not count then."""
    session = alice if way in OF_OWN else syncs.database
    id = created(alice, table, on_success="SELECT count(pg_advisory_lock(7)) FROM generate_series(1, 1000000)")
    before = time.monotonic()
    assert run(way, syncs, alice, id) == SUCCESS
    assert time.monotonic() - before < 30
    assert session.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()") == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("statement", ["SELECT pg_sleep(1000)", "DO $$ BEGIN LOOP END LOOP; END $$", "SELECT count(*) FROM generate_series(1, 1000000000000)"])
def test_an_endless_one_ends_by_the_timeout(syncs: Syncs, alice: Database, table: Remote, way: str, statement: str) -> None:
    id = created(alice, table, on_success=statement)
    syncs.database.execute("SET connector.statement_timeout = '1s'; ALTER ROLE alice SET connector.statement_timeout = '1s'")
    alice.close()
    ended = run(way, syncs, alice, id)
    assert ended["state"] == "success" and "the statement took longer than connector.statement_timeout allows" in str(ended["error"])


def test_a_deferred_trigger_fires_inside_it(syncs: Syncs, alice: Database, table: Remote) -> None:
    """In the owner's own session; one that fails is the statement's failure."""
    alice.execute(
        "CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.x < 0 THEN RAISE 'negative'; END IF; "
        "INSERT INTO public.told VALUES ('fired', current_user); RETURN NULL; END $$; "
        "CREATE TABLE later (x int); CREATE CONSTRAINT TRIGGER fires AFTER INSERT ON later DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        "EXECUTE FUNCTION fires()"
    )
    id = created(alice, table, on_success="INSERT INTO public.later VALUES (1)")
    assert run("owner calls", syncs, alice, id) == SUCCESS
    assert syncs.database.rows("SELECT what, who FROM told") == [("fired", "alice")]
    Syncs(alice).call("cdb_sync_update", id, None, table.connector(table=TABLE, sync={"on_success": "INSERT INTO public.later VALUES (-1)"}))
    ended = run("owner calls", syncs, alice, id)
    assert ended["state"] == "success" and "negative" in str(ended["error"])
    assert syncs.database.value("SELECT count(*) FROM later") == 1


@pytest.mark.parametrize("way", WAYS)
def test_the_end_of_its_own_sync(syncs: Syncs, alice: Database, table: Remote, way: str) -> None:
    id = created(alice, table, on_success="SELECT public.cdb_sync_delete(id) FROM connector.syncs")
    session = alice if way in OF_OWN else syncs.database
    if way.endswith("waits"):
        assert "statement_error" not in Syncs(session).now(id, wait=True)
    else:
        session.execute("CALL cdb_run_due_syncs()")
    assert syncs.database.value("SELECT count(*) FROM connector.sync") == 0
    assert syncs.database.value(f"SELECT count(*) FROM {TABLE}") == 10


@pytest.mark.parametrize("way", WAYS)
def test_runs_of_syncs_in_it(syncs: Syncs, alice: Database, table: Remote, way: str) -> None:
    """Another sync, or the same once more; their statements are left out, or it would never end."""
    db = syncs.database
    id = created(alice, table, on_success=f"{TOLD.format(what='x')} FROM connector.syncs s, LATERAL (SELECT public.cdb_sync_now(s.id, true) AS answer) a "
                 "WHERE a.answer ->> 'state' = 'success'")  # fmt: skip
    other = Syncs(alice).create(table.connector(table=TABLE, import_as="more", sync={"on_success": TOLD.format(what="never")}))["id"]
    db.execute("UPDATE connector.sync SET run_at = now() + interval '1 day'")
    assert run(way, syncs, alice, id)["state"] == "success"
    assert told(syncs) == ["x", "x"]
    assert syncs.run_count(id) == 2 and syncs.run_count(other) == 1
    assert "such a statement" in str(last_run(syncs, other)["error"])
    assert db.value("SELECT count(*) FROM more") == 10
    assert not db.rows("SELECT 1 FROM connector.syncs WHERE state <> 'success'")


def test_a_role_that_is_gone(syncs: Syncs, alice: Database, table: Remote) -> None:
    """Before the first run nothing holds it."""
    db = syncs.database
    db.execute("CREATE ROLE passing LOGIN; GRANT USAGE ON FOREIGN DATA WRAPPER connector TO passing; GRANT CREATE ON SCHEMA public TO passing; "
               "GRANT INSERT ON told TO passing; SET ROLE passing")  # fmt: skip
    id = syncs.create(table.connector(table=TABLE, sync={"on_failure": TOLD.format(what="x"), "on_success": TOLD.format(what="y")}))["id"]
    db.execute("RESET ROLE; DROP OWNED BY passing; DROP ROLE passing")
    with pytest.raises(Exception):  # noqa: B017 - whatever PostgreSQL says of it
        syncs.now(id, wait=True)
        raise RuntimeError("it ran")
    assert told(syncs) == []


def test_a_role_that_can_not_log_in(syncs: Syncs, alice: Database, table: Remote) -> None:
    id = created(alice, table, on_success=TOLD.format(what="x"))
    syncs.database.execute("ALTER ROLE alice NOLOGIN")
    assert run("superuser calls", syncs, alice, id) == SUCCESS
    assert syncs.database.rows("SELECT what, who FROM told") == [("x", "alice")]
    syncs.database.execute("ALTER ROLE alice LOGIN")


def test_a_cancel_ends_the_call(syncs: Syncs, alice: Database, table: Remote) -> None:
    id = created(alice, table, on_success="SELECT pg_sleep(1000)")
    syncs.make_due(id)
    with alice.in_background("CALL cdb_run_due_syncs()") as job:
        wait_until(lambda: syncs.state(id) == "success", limit=60, what="the run to be settled")
        job.cancel()
        with fails("canceling statement due to user request"):
            job.result()
    assert last_run(syncs, id) == {"state": "success", "error": "canceling statement due to user request"}
    with alice.in_background("SELECT cdb_sync_now(%s, true)", id) as job:
        wait_until(lambda: bool(syncs.database.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")), limit=60, what="the statement")
        job.cancel()
        with fails("canceling statement due to user request"):
            job.result()
    assert syncs.run_count(id) == 1, "the caller's transaction was rolled back"


def test_it_is_seen_and_cancelled(syncs: Syncs, alice: Database, table: Remote) -> None:
    """As the run before it. Who cancels it does not end the CALL that has others to run."""
    id = created(alice, table, on_success="SELECT pg_sleep(1000)")
    other = Syncs(alice).create(table.connector(table=TABLE, import_as="more"))["id"]
    syncs.database.execute("UPDATE connector.sync SET run_at = run_at + interval '1 millisecond' WHERE id = %s", other)
    with alice.in_background("CALL cdb_run_due_syncs()") as job:
        phase = "SELECT phase FROM connector.progress WHERE id = %s"
        wait_until(lambda: syncs.database.rows(phase, id) == [("statement",)], limit=60, what="the statement")
        assert syncs.state(id) == "success"
        assert syncs.call("cdb_sync_cancel", id)["cancelled"] is True
        job.result()
    assert last_run(syncs, id) == {"state": "success", "error": "canceling statement due to user request"}
    assert syncs.state(other) == "success" and syncs.database.rows(phase, id) == []


def test_many_rows_take_no_memory(syncs: Syncs, alice: Database, table: Remote) -> None:
    """Nobody reads what a statement returns: 1000 TB would not fit."""
    id = created(alice, table, on_success="SELECT n FROM generate_series(1, 10000000) AS n")
    assert run("owner calls", syncs, alice, id) == SUCCESS


def test_the_same_rights_as_its_role(syncs: Syncs, alice: Database, bob: Database, table: Remote) -> None:
    bob.execute("CREATE TABLE private (x int)")
    id = created(alice, table, on_success="INSERT INTO public.private VALUES (1)")
    for way in WAYS:
        assert "permission denied for table private" in str(run(way, syncs, alice, id)["error"])
    assert syncs.database.value("SELECT count(*) FROM private") == 0
