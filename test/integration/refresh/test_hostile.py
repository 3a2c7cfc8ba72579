"""Tables whose own code (policies, index expressions, checks) turns against the refresh that runs it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.refreshing import Refreshed, assert_nothing_left, check_integrity, contents
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.remote import Remote

TABLE = "vic"
ROWS = 50

# Code for whoever runs it: takes over a superuser if it can.
BOOM = """
CREATE TABLE hostile.ran_as (what text, role name);
CREATE TABLE hostile.bomb (x int);
CREATE FUNCTION hostile.boom() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO hostile.ran_as VALUES ('deferred trigger', current_user);
  IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN EXECUTE 'ALTER ROLE mallory SUPERUSER'; END IF;
  RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER b AFTER INSERT ON hostile.bomb DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION hostile.boom();
CREATE TABLE hostile.armed (x int);
CREATE FUNCTION hostile.arm() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$ BEGIN
  IF EXISTS (SELECT FROM hostile.armed) THEN INSERT INTO hostile.bomb VALUES (1); END IF; RETURN true; END $$;
CREATE FUNCTION hostile.quietly(x bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
  PERFORM hostile.arm(); RETURN x; END $$;
"""


@pytest.fixture(autouse=True)
def source(db: Database, mariadb: Remote) -> Iterator[Remote]:
    with remote_rows(mariadb, TABLE, ROWS):
        yield mariadb
        Syncs(db).clean()


@pytest.fixture
def mallory(db: Database) -> Iterator[Database]:
    """An ordinary role that may open connections, with a schema of its own."""
    role = db.create_role("mallory")
    for who in ("mallory", "postgres"):
        db.execute(f"ALTER ROLE {who} IN DATABASE {db.name} SET connector.allowed_hosts = '127.0.0.1'")
    db.close()
    db.execute("CREATE SCHEMA hostile AUTHORIZATION mallory")
    role.execute(BOOM)
    yield role
    role.close()
    db.execute("ALTER ROLE mallory NOSUPERUSER")
    db.execute("DROP SCHEMA hostile CASCADE")
    db.drop_role("mallory")


def is_superuser(db: Database) -> bool:
    found = db.value("SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'")
    assert isinstance(found, bool)
    return found


def run_as_superuser(db: Database, how: str, sync: Refreshed) -> None:
    if how == "call":
        Syncs(db).make_due(sync.id)
        db.execute("CALL cdb_run_due_syncs()")
    else:
        Syncs(db).now(sync.id, wait=True)


@pytest.mark.parametrize("how", ["call", "now"])
@pytest.mark.parametrize("mode", ["append", "merge", "replace"])
@pytest.mark.parametrize("plant", ["policy", "index"])
def test_planted_deferred_triggers_get_nobody(
    db: Database, mallory: Database, source: Remote, how: str, mode: str, plant: str
) -> None:
    """An event that the owner's code queues while a superuser runs the sync never fires as the superuser."""
    options = {"append": {"cursor": "id"}, "merge": {"key": ["id"]}, "replace": {}}[mode]
    sync = Refreshed(mallory, source.connector(table=TABLE), mode=mode, **options)
    if plant == "policy":
        mallory.execute(f"CREATE POLICY p ON {TABLE} USING (hostile.arm())")
        mallory.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    else:
        mallory.execute(f"CREATE INDEX ON {TABLE} ((id + hostile.quietly(1)))")
    mallory.execute("INSERT INTO hostile.armed VALUES (1)")
    source.execute(f"UPDATE {TABLE} SET word = 'new' WHERE id = 1")
    source.execute(f"INSERT INTO {TABLE} (id, word, amount) VALUES (1001, 'more', 1)")
    run_as_superuser(db, how, sync)
    assert not is_superuser(db)
    assert db.rows("SELECT role FROM hostile.ran_as WHERE role <> 'mallory'") == []


HONEST_KEYS = {
    "from the table": "ALTER TABLE vic ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES hostile.others DEFERRABLE INITIALLY DEFERRED",
    "to the table": "ALTER TABLE hostile.others ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES vic DEFERRABLE INITIALLY DEFERRED",
    "behind a cascade": "ALTER TABLE hostile.others ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES vic ON DELETE CASCADE DEFERRABLE INITIALLY "
    "DEFERRED; CREATE TABLE hostile.further (id bigint CONSTRAINT k REFERENCES hostile.others DEFERRABLE INITIALLY DEFERRED)",
}


@pytest.mark.parametrize("key", HONEST_KEYS)
@pytest.mark.parametrize("how", ["call", "now"])
def test_honest_deferred_keys_work(db: Database, mallory: Database, source: Remote, how: str, key: str) -> None:
    """Also where the session is not the owner's, in which PostgreSQL would refuse to let anything wait."""
    sync = Refreshed(mallory, source.connector(table=TABLE))
    mallory.execute(f"CREATE TABLE hostile.others AS SELECT id FROM {TABLE}")
    mallory.execute("ALTER TABLE hostile.others ADD PRIMARY KEY (id)")
    mallory.execute(HONEST_KEYS[key])
    source.execute(f"UPDATE {TABLE} SET word = 'new' WHERE id <= 10")
    if key == "behind a cascade":
        source.execute(f"DELETE FROM {TABLE} WHERE id = {ROWS}")
    run_as_superuser(db, how, sync)
    assert sync.syncs.state(sync.id) == "success", sync.syncs.status(sync.id)
    assert mallory.value(f"SELECT count(*) FROM {TABLE} WHERE word = 'new'") == 10
    # And a key that the rows break is the run's failure, told as such.
    if key == "from the table":
        source.execute(f"INSERT INTO {TABLE} (id, word, amount) VALUES (2000, 'alone', 1)")
        run_as_superuser(db, how, sync)
        status = sync.syncs.status(sync.id)
        assert status["state"] == "failure" and 'foreign key constraint "k"' in status["error_message"], status


def test_what_waits_for_the_callers_commit_stays_his(db: Database, mallory: Database, source: Remote) -> None:
    """Events of the caller's fire at his commit, as he; a constraint of the table that has some is no constraint to
    check early, so the run is refused."""
    sync = Refreshed(mallory, source.connector(table=TABLE))
    mallory.execute(f"CREATE TABLE hostile.child (id bigint CONSTRAINT c REFERENCES {TABLE} DEFERRABLE INITIALLY DEFERRED)")
    source.execute(f"UPDATE {TABLE} SET word = 'new' WHERE id = 1")
    mallory.execute("GRANT USAGE ON SCHEMA hostile TO PUBLIC")
    mallory.execute("GRANT INSERT ON hostile.bomb, hostile.ran_as TO PUBLIC")
    db.execute("BEGIN")
    db.execute("CREATE TABLE own (x int)")
    db.execute("CREATE TABLE own_log (role name)")
    db.execute(
        "CREATE FUNCTION own_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.own_log VALUES (current_user); RETURN NULL; END $$"
    )
    db.execute("CREATE CONSTRAINT TRIGGER n AFTER INSERT ON own DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION own_note()")
    db.execute("INSERT INTO own VALUES (1)")
    Syncs(db).now(sync.id, wait=True)
    assert db.value("SELECT count(*) FROM own_log") == 0
    db.execute("COMMIT")
    assert db.rows("SELECT role FROM own_log") == [("postgres",)]
    db.execute("DROP FUNCTION own_note CASCADE")
    assert sync.syncs.state(sync.id) == "success"

    mallory.execute("BEGIN")
    mallory.execute("INSERT INTO hostile.child VALUES (1)")
    refused = sync.attempt()
    assert refused["state"] == "failure" and "have yet to fire" in refused["error_message"], refused
    mallory.execute("COMMIT")
    assert sync.attempt()["state"] == "success"
    # What was made immediate is deferred again.
    mallory.execute("BEGIN")
    sync.attempt()
    mallory.execute("INSERT INTO hostile.child VALUES (4711)")
    mallory.execute("DELETE FROM hostile.child WHERE id = 4711")
    mallory.execute("COMMIT")


SELF_CHANGES = {
    "another type": "ALTER TABLE public.vic ALTER COLUMN word TYPE bytea USING 'x'",
    "another index": "CREATE INDEX sneaky ON public.vic (id)",
    "another column": "ALTER TABLE public.vic ADD COLUMN sneaky text",
    "a dropped column": "ALTER TABLE public.vic DROP COLUMN word",
    "another name": "ALTER TABLE public.vic RENAME TO moved; CREATE TABLE public.vic (id bigint, word bytea, amount text)",
    "another schema": "ALTER TABLE public.vic SET SCHEMA hostile",
    "other storage": "TRUNCATE public.vic",
    "a rule for rows": "ALTER TABLE public.vic ADD CHECK (id > 1000) NOT VALID",
    "a dropped index": "DROP INDEX public.i",
    "a new index file": "REINDEX INDEX public.i",
}


@pytest.mark.parametrize("change", SELF_CHANGES)
@pytest.mark.parametrize("where", ["index", "check", "default"])
def test_table_changed_by_its_own_code(db: Database, mallory: Database, source: Remote, change: str, where: str) -> None:
    """The new rows never get into a table that is not the one they were made for: the run fails, nothing is harmed."""
    sync = Refreshed(mallory, source.connector(table=TABLE))
    mallory.execute(f"CREATE INDEX i ON {TABLE} (word)")
    mallory.execute(
        "CREATE FUNCTION hostile.strike() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$ BEGIN "
        "IF EXISTS (SELECT FROM hostile.armed) THEN DELETE FROM hostile.armed; "
        f"{SELF_CHANGES[change]}; INSERT INTO hostile.ran_as VALUES ('strike', current_user); END IF; RETURN 1; END $$"
    )
    mallory.execute(
        "CREATE FUNCTION hostile.innocent(x bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN hostile.strike(); END $$"
    )
    mallory.execute(
        {
            "index": f"CREATE INDEX evil ON {TABLE} (hostile.innocent(id))",
            "check": f"ALTER TABLE {TABLE} ADD CHECK (hostile.innocent(id) = 1)",
            "default": f"ALTER TABLE {TABLE} ADD COLUMN own bigint DEFAULT hostile.strike()",
        }[where]
    )
    mallory.execute("INSERT INTO hostile.armed VALUES (1)")
    before = contents(db, TABLE)
    row = sync.attempt()
    assert row["state"] == "failure" and row["mode"] is None, row
    mallory.execute("DELETE FROM hostile.armed")
    assert contents(db, TABLE) == before
    assert_nothing_left(db)
    check_integrity(db, TABLE)
    sync.run("swap")
    check_integrity(db, TABLE)


def test_a_check_that_drops_itself(db: Database, mallory: Database, source: Remote) -> None:
    """Dropping the function that a constraint needs takes the constraint along, while it is being checked."""
    # By a query, which has neither key nor NOT NULL: the constraints are all there is.
    sync = Refreshed(mallory, source.connector(sql_query=f"SELECT id, word, amount FROM {TABLE}", import_as=TABLE))
    mallory.execute("CREATE FUNCTION hostile.gone(bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'")
    mallory.execute(
        "CREATE FUNCTION hostile.drop_it() RETURNS void LANGUAGE plpgsql VOLATILE AS $$ BEGIN "
        "IF EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conname = 'c_evil') THEN "
        "DROP FUNCTION hostile.gone(bigint) CASCADE; END IF; END $$"
    )
    mallory.execute(
        "CREATE FUNCTION hostile.c(bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM hostile.drop_it(); RETURN true; END $$"
    )
    mallory.execute(f"ALTER TABLE {TABLE} ADD CONSTRAINT c_evil CHECK (hostile.gone(id) AND hostile.c(id)) NOT VALID")
    row = sync.attempt()
    assert row["state"] == "failure", row
    assert db.value("SELECT count(*) FROM pg_constraint WHERE conname = 'c_evil'") == 1
    sync.syncs.state(sync.id)  # the server is still there


def test_names_that_others_take(db: Database, mallory: Database, source: Remote) -> None:
    """Whoever may create in the schema of a table can't keep its refreshes from working."""
    sync = Refreshed(db, source.connector(table=TABLE))
    index = db.value(f"SELECT indexrelid::int8 FROM pg_index WHERE indrelid = '{TABLE}'::regclass")
    for name in (f"pg_temp_refresh_{sync.oid}", f"pg_temp_{sync.oid}", f"refreshed_{sync.oid}", f"pg_temp_index_{index}"):
        mallory.execute(f'CREATE TABLE public."{name}" (x int)')
    mallory.execute(f"CREATE INDEX refreshed_index_{index} ON hostile.bomb (x)")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        mallory.execute("CREATE TABLE connector.mine (x int)")
    source.execute(f"UPDATE {TABLE} SET word = 'new' WHERE id = 1")
    run = sync.attempt()
    assert (run["state"], run["mode"]) == ("success", "swap"), run
    assert db.value(f"SELECT word FROM {TABLE} WHERE id = 1") == "new"


STRIKES = {
    "a column of the staging table": "ALTER TABLE pg_temp.connector_staging_{0} ALTER word TYPE int USING 77",
    "one more in the staging table": "ALTER TABLE pg_temp.connector_staging_{0} ADD COLUMN more text",
    "the key among the differences": "ALTER TABLE pg_temp.connector_difference_{0} ALTER k1 TYPE text USING 'x'",
    "bytes among the differences": "ALTER TABLE pg_temp.connector_difference_{0} ALTER k1 TYPE bytea USING NULL",
    "one more among the differences": "ALTER TABLE pg_temp.connector_difference_{0} ADD COLUMN more text",
    "none among the differences": "ALTER TABLE pg_temp.connector_difference_{0} DROP COLUMN replaced",
    "a view of the differences": 'CREATE RULE "_RETURN" AS ON SELECT TO pg_temp.connector_difference_{0} DO INSTEAD '
    "SELECT NULL::oid AS part, NULL::tid AS old, NULL::tid AS new, true AS moved, true AS replaced, NULL::bigint AS k1",
    "an index of the differences": "CREATE INDEX ON pg_temp.connector_difference_{0} (k1)",
    "storage of the staging table": "TRUNCATE pg_temp.connector_staging_{0}",
}


@pytest.mark.parametrize("strike", STRIKES)
def test_policies_that_alter_the_tables_of_a_merge(db: Database, mallory: Database, source: Remote, strike: str) -> None:
    """The planner calls their functions before the tables are read: nothing is read as what it is no longer."""
    sync = Refreshed(mallory, source.connector(table=TABLE), mode="merge", key="id")
    statement = STRIKES[strike].format(sync.oid)
    mallory.execute(
        "INSERT INTO hostile.armed VALUES (1); CREATE FUNCTION hostile.strike() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$ BEGIN "
        f"IF pg_catalog.to_regclass('pg_temp.connector_difference_{sync.oid}') IS NOT NULL AND EXISTS (SELECT FROM hostile.armed) THEN "
        f"DELETE FROM hostile.armed; EXECUTE $x${statement}$x$; END IF; RETURN true; END $$; "
        "CREATE FUNCTION hostile.innocent() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM hostile.strike(); RETURN true; END $$; "
        f"CREATE POLICY p ON {TABLE} USING (hostile.innocent()); ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
    )
    source.execute(f"UPDATE {TABLE} SET word = 'changed' WHERE id = 2")
    started = db.value("SELECT pg_postmaster_start_time()")
    row = sync.attempt()
    if strike == "storage of the staging table":  # harms its own rows
        assert row["state"] == "success"
    else:  # PostgreSQL 16 and later refuse to make a view of a table
        assert row["state"] == "failure" and ("altered" in row["error_message"] or "view" in strike), row
    assert db.value("SELECT pg_postmaster_start_time()") == started
    mallory.execute(f"ALTER TABLE {TABLE} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")
    assert sync.run("merge")
    assert mallory.rows(f"SELECT id, word FROM {TABLE} ORDER BY id") == source.rows(f"SELECT id, word FROM {TABLE} ORDER BY id")
