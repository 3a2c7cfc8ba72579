"""Whose a sync is: the table's owner's, and it runs for nobody but the role whose request it is."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.postgres import Postgres
from servers.remote import Remote

TABLE = "orders"


@pytest.fixture
def table(mariadb: Remote) -> Iterator[Remote]:
    with remote_rows(mariadb, TABLE, 10):
        yield mariadb


@pytest.fixture
def syncs(syncs: Syncs) -> Syncs:
    """As a superuser, who may be at loopback; in a database with two plain roles, alice and bob."""
    syncs.database.execute("SET connector.allowed_hosts = '127.0.0.0/8'")
    return syncs


def run_due(syncs: Syncs, id: str) -> dict[str, object]:
    """As the clock does it."""
    syncs.make_due(id)
    syncs.database.execute("CALL cdb_run_due_syncs()")
    return syncs.status(id)


def started(syncs: Syncs, role: Database, table: Remote, **keys: object) -> str:
    """A sync of the role's, with its table."""
    mine = Syncs(role)
    id = mine.create(table.connector(table=TABLE, **keys))["id"]
    answer = mine.now(id, wait=True)
    assert answer["state"] == "success", answer
    assert isinstance(id, str)
    return id


@pytest.mark.parametrize("way", [f"ALTER TABLE {TABLE} OWNER TO bob", "REASSIGN OWNED BY alice TO bob"])
def test_a_table_with_another_owner_rests_until_he_takes_it_over(
    syncs: Syncs, alice: Database, bob: Database, table: Remote, way: str
) -> None:
    """The sync goes along; the former owner's request and password do not run for the new one unasked."""
    db = syncs.database
    id = started(syncs, alice, table)
    db.execute(way)
    table.create_rows(TABLE, 99)
    status = run_due(syncs, id)
    assert status["state"] == "failure" and status["run_at"] is None and status["error_code"] == 1502
    assert "another owner" in str(status["error_message"])
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 10 and not table.sessions()
    with fails("no sync"):
        Syncs(alice).status(id)
    # Asked for by the new owner, it is his; the password is not.
    his = Syncs(bob)
    assert "password of this sync is missing" in his.now(id, wait=True)["error_message"]
    assert db.value("SELECT count(*) FROM connector.sync_secret") == 0
    assert db.value("SELECT owner::text FROM connector.sync") == "bob"
    his.call("cdb_sync_update", id, None, table.connector(table=TABLE))
    assert run_due(syncs, id)["state"] == "success" and bob.value(f"SELECT count(*) FROM {TABLE}") == 99


def test_a_table_given_to_a_superuser_does_not_run_as_one(syncs: Syncs, alice: Database, table: Remote) -> None:
    """Not by the clock, and not by a word for all syncs at once before he took this one over."""
    db = syncs.database
    alice.execute("CREATE TABLE told (who text)")
    alice.execute(
        "CREATE FUNCTION tell(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.told VALUES (current_user); RETURN true; END $$;"
        "CREATE DOMAIN evil AS int CHECK (public.tell(value))"
    )
    id = started(syncs, alice, table, columns={"id": "public.evil"})
    assert db.rows("SELECT DISTINCT who FROM told") == [("alice",)]
    db.execute("REASSIGN OWNED BY alice TO postgres")
    assert run_due(syncs, id)["state"] == "failure"
    assert db.rows("SELECT DISTINCT who FROM told") == [("alice",)]
    db.execute("DROP TABLE told CASCADE; DROP TABLE orders; DROP DOMAIN evil; DROP FUNCTION tell")


def test_a_named_server_needs_no_new_request(syncs: Syncs, alice: Database, bob: Database, table: Remote) -> None:
    """Each role has its own user mapping there: whoever has none, or no right to the server, can't go on."""
    db = syncs.database
    connection = table.connection()
    login = ", ".join(f"{key} '{connection.pop(key)}'" for key in ("username", "password"))
    db.execute("CREATE SERVER shop FOREIGN DATA WRAPPER connector OPTIONS (" + ", ".join(f"{k} '{v}'" for k, v in connection.items()) + ")")
    db.execute("GRANT USAGE ON FOREIGN SERVER shop TO alice, bob")
    db.execute(f"CREATE USER MAPPING FOR alice SERVER shop OPTIONS ({login})")
    mine = Syncs(alice)
    id = mine.create({"provider": table.provider, "connection": "shop", "table": TABLE})["id"]
    answer = mine.now(id, wait=True)
    assert answer["state"] == "success", answer
    db.execute(f"ALTER TABLE {TABLE} OWNER TO bob")
    his = Syncs(bob)
    his.call("cdb_sync_pause", id)
    assert db.value("SELECT owner::text FROM connector.sync") == "alice", "that asks for no run"
    his.call("cdb_sync_resume", id)
    assert run_due(syncs, id)["state"] == "failure", "no user mapping"
    db.execute(f"CREATE USER MAPPING FOR bob SERVER shop OPTIONS ({login})")
    assert his.now(id, wait=True)["state"] == "success"
    db.execute("DROP SERVER shop CASCADE")


def test_a_dropped_table_stays_with_its_last_owner(syncs: Syncs, alice: Database, bob: Database, table: Remote) -> None:
    """It does not fall back to the first one, with the second one's password."""
    db = syncs.database
    id = started(syncs, alice, table)
    db.execute(f"ALTER TABLE {TABLE} OWNER TO bob")
    Syncs(bob).call("cdb_sync_update", id, None, table.connector(table=TABLE))
    bob.execute(f"DROP TABLE {TABLE}")
    with fails("no sync"):
        Syncs(alice).status(id)
    for call in ("cdb_sync_now", "cdb_sync_resume"):
        with fails("no sync"):
            alice.value(f"SELECT {call}(%s)", id)
    assert Syncs(bob).status(id)["user_id"] == "bob"
    # A table of that name that somebody else makes is none of the sync's.
    alice.execute(f"CREATE TABLE {TABLE} (precious text)")
    assert "dropped" in str(run_due(syncs, id)["error_message"])
    assert Syncs(bob).now(id, wait=True)["state"] == "success"
    assert Syncs(bob).status(id)["name"] == f"{TABLE}_1"
    assert db.columns(TABLE) == [("precious", "text", False)]


def test_a_table_that_is_given_and_dropped_before_it_was_taken_over(syncs: Syncs, alice: Database, bob: Database, table: Remote) -> None:
    """Then nothing of the new owner's is in it: it is the first one's again."""
    id = started(syncs, alice, table)
    syncs.database.execute(f"ALTER TABLE {TABLE} OWNER TO bob")
    bob.execute(f"DROP TABLE {TABLE}")
    with fails("no sync"):
        Syncs(bob).status(id)
    assert Syncs(alice).now(id, wait=True)["state"] == "success"


def test_a_first_run_into_a_table_of_a_role_that_one_is_a_member_of(syncs: Syncs, alice: Database, bob: Database, table: Remote) -> None:
    """It was asked for: the next runs are the table's owner's."""
    db = syncs.database
    db.execute("GRANT bob TO alice")
    bob.import_table(table.connector(table=TABLE))
    id = started(syncs, alice, table, collision_strategy="overwrite")
    assert syncs.status(id)["user_id"] == "bob" and syncs.status(id)["name"] == TABLE
    table.create_rows(TABLE, 12)
    assert run_due(syncs, id)["state"] == "success" and bob.value(f"SELECT count(*) FROM {TABLE}") == 12
    db.execute("REVOKE bob FROM alice")
    assert run_due(syncs, id)["state"] == "success", "it is bob's now"


def test_drop_owned(syncs: Syncs, alice: Database, bob: Database, table: Remote) -> None:
    """The table is gone, the sync rests as its last owner's."""
    db = syncs.database
    id = started(syncs, alice, table)
    db.execute(f"ALTER TABLE {TABLE} OWNER TO bob")
    Syncs(bob).call("cdb_sync_update", id, None, table.connector(table=TABLE))
    db.execute("DROP OWNED BY bob CASCADE")
    assert syncs.status(id)["user_id"] == "bob" and "dropped" in str(run_due(syncs, id)["error_message"])
    with fails("no sync"):
        Syncs(alice).status(id)


@contextmanager
def restored(pg: Postgres, source: str, target: str) -> Iterator[Database]:
    """A database with the dump of another one."""
    dump = subprocess.run(
        [pg.program("pg_dump")], env=pg.client_environment(source), capture_output=True, check=True, text=True
    ).stdout
    pg.create_database(target)
    subprocess.run(
        [pg.program("psql"), "-qXv", "ON_ERROR_STOP=1"], env=pg.client_environment(target), input=dump, check=True, text=True,
        capture_output=True,
    )  # fmt: skip
    try:
        with Database(pg, target) as copy:
            yield copy
    finally:
        with Database(pg, "postgres") as server:
            server.execute(f"DROP DATABASE {target} WITH (FORCE)")


def test_a_dump_has_no_number_of_what_was_dropped(
    pg: Postgres, syncs: Syncs, alice: Database, bob: Database, table: Remote
) -> None:
    """Syncs whose tables are gone, or whose owners, are not in it; limits of roles that are gone, neither."""
    db = syncs.database
    kept = started(syncs, alice, table)
    waiting = Syncs(alice).create(table.connector(table=TABLE, import_as="later"))["id"]
    for i in range(12):
        started(syncs, alice, table, import_as=f"gone_{i}")
        db.execute(f"DROP TABLE gone_{i}")
    db.execute("CREATE ROLE passing; INSERT INTO connector.role_limits (role_name, max_syncs) VALUES ('passing', 0), ('alice', 7)")
    db.execute("INSERT INTO connector.sync SELECT (jsonb_populate_record(s, '{\"id\": \"00000000-0000-4000-8000-000000000001\", \"owner\": \"passing\", "
               "\"relation\": null}')).* FROM connector.sync s WHERE id = %s", waiting)
    db.execute("DROP ROLE passing")
    for i in range(30):
        bob.execute(f"CREATE TABLE precious_{i} (id int); INSERT INTO precious_{i} VALUES (42)")
    with restored(pg, db.name, "copied") as copy:
        assert copy.rows("SELECT id::text, owner::text, relation::text, paused FROM connector.sync ORDER BY relation") == [
            (kept, "alice", TABLE, True), (waiting, "alice", None, True)
        ]  # fmt: skip
        assert copy.rows("SELECT role_name::text, max_syncs FROM connector.role_limits") == [("alice", 7)]
        copy.rows("SELECT cdb_sync_resume(id) FROM connector.syncs")
        copy.execute("SET connector.allowed_hosts = '127.0.0.0/8'")
        copy.execute("CALL cdb_run_due_syncs()")
        for i in range(30):
            assert copy.rows(f"SELECT id FROM precious_{i}") == [(42,)]
    db.execute("DELETE FROM connector.role_limits")
    for i in range(30):
        db.execute(f"DROP TABLE precious_{i}")


@pytest.mark.parametrize("what", ["table", "view", "index", "nothing"])
def test_a_restored_row_with_another_roles_table_loses_it(
    syncs: Syncs, alice: Database, bob: Database, table: Remote, what: str
) -> None:
    """As an older dump may have it: the number of a dropped table is another relation's now."""
    db = syncs.database
    id = started(syncs, alice, table)
    bob.execute("CREATE TABLE precious (id int PRIMARY KEY)")
    alice.execute("CREATE VIEW alices AS SELECT 1 AS id")
    number = {"table": "'precious'::regclass", "view": "'alices'::regclass", "index": "'precious_pkey'::regclass", "nothing": "4294967295"}
    db.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM connector.sync")
    db.execute("DELETE FROM connector.sync")
    db.execute(f"UPDATE kept SET relation = {number[what]}::oid")
    db.execute("INSERT INTO connector.sync SELECT * FROM kept")
    assert any("comes back without its table" in notice for notice in db.notices)
    assert db.rows("SELECT relation, checksum, layout, paused, owner::text FROM connector.sync") == [(None, "", None, True, "alice")]
    with fails("no sync"):
        Syncs(bob).status(id)
    # Replication, where ordinary triggers do not fire, brings no other rows.
    db.execute("DELETE FROM connector.sync; UPDATE kept SET paused = false")
    db.execute("SET session_replication_role = replica; INSERT INTO connector.sync SELECT * FROM kept; RESET session_replication_role")
    assert db.rows("SELECT relation, paused FROM connector.sync") == [(None, True)]
    db.execute("DROP TABLE kept; DROP TABLE precious; DROP VIEW alices")
