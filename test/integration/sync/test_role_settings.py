"""What ALTER ROLE … SET gives the owner of a sync holds for its runs, whoever's session they are in."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.remote import Remote

TABLE = "readings"
LOCAL = "connector.allow_local_addresses"


@pytest.fixture
def table(mariadb: Remote) -> Iterator[Remote]:
    with remote_rows(mariadb, TABLE, 10):
        yield mariadb


@pytest.fixture
def id(syncs: Syncs, alice: Database, table: Remote) -> str:
    """A sync of alice's, of a server on this machine."""
    found = Syncs(alice).create(table.connector(table=TABLE))["id"]
    assert isinstance(found, str)
    return found


def give(db: Database, value: str, setting: str = "connector.allowed_hosts", where: str = "") -> None:
    db.execute(f"ALTER ROLE alice {where} SET {setting} = '{value}'")


@pytest.mark.parametrize("where", ["", "IN DATABASE {}"])
def test_a_superuser_runs_it_as_the_clock_does(syncs: Syncs, id: str, where: str) -> None:
    db = syncs.database
    db.execute("ALTER ROLE alice RESET ALL")
    assert syncs.now(id, wait=True)["error_code"] == 1012, "this machine is for nobody"
    give(db, "on", LOCAL, where.format(db.name))
    assert syncs.now(id, wait=True)["state"] == "success"
    assert db.value(f"SHOW {LOCAL}") == "off"
    syncs.make_due(id)
    db.execute("CALL cdb_run_due_syncs()")
    assert (syncs.state(id), syncs.run_count(id)) == ("success", 3)
    assert db.value(f"SHOW {LOCAL}") == "off"


def test_the_database_counts_more_than_the_role(syncs: Syncs, id: str) -> None:
    db = syncs.database
    give(db, "10.0.0.0/8", where=f"IN DATABASE {db.name}")
    assert syncs.now(id, wait=True)["error_code"] == 1012
    db.execute(f"ALTER ROLE alice IN DATABASE {db.name} RESET connector.allowed_hosts")
    assert syncs.now(id, wait=True)["state"] == "success"


@pytest.mark.parametrize("way", ["SELECT cdb_sync_now('{}', true)", "CALL cdb_run_due_syncs()"])
def test_the_owners_list_of_hosts_binds_it(syncs: Syncs, id: str, way: str) -> None:
    """Who may be anywhere lends that to nobody."""
    db = syncs.database
    db.execute(f"SET {LOCAL} = on; SET connector.allowed_hosts = '127.0.0.1'")
    give(db, "10.0.0.0/8")
    syncs.make_due(id)
    db.execute(way.format(id))
    assert syncs.status(id)["error_code"] == 1012
    assert db.value("SHOW connector.allowed_hosts") == "127.0.0.1"
    db.execute("RESET connector.allowed_hosts")
    syncs.make_due(id)
    db.execute(way.format(id))
    assert syncs.status(id)["error_code"] == 1012
    db.execute(f"RESET {LOCAL}")


def test_limits_are_the_owners(syncs: Syncs, id: str) -> None:
    db = syncs.database
    before = db.value("SHOW connector.max_rows")
    give(db, "4", "connector.max_rows")
    answer = syncs.now(id, wait=True)
    assert answer["state"] == "success"
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 4
    assert db.value("SHOW connector.max_rows") == before


def test_a_session_of_the_owners_has_its_own(syncs: Syncs, alice: Database, id: str) -> None:
    """What it has set itself counts, and what a superuser sets after SET ROLE is the superuser's."""
    give(syncs.database, "9", "connector.max_rows")
    mine = Syncs(alice)
    assert mine.now(id, wait=True)["state"] == "success"
    assert alice.value(f"SELECT count(*) FROM {TABLE}") == 10, "logged in before"
    alice.close()
    assert mine.now(id, wait=True)["state"] == "success"
    assert alice.value(f"SELECT count(*) FROM {TABLE}") == 9


def test_a_setting_that_is_none_any_more(syncs: Syncs, id: str) -> None:
    """As at a login: a WARNING, and all else goes on."""
    db = syncs.database
    db.execute(
        "UPDATE pg_db_role_setting SET setconfig = setconfig || '{connector.of_another_release=1}'::text[] "
        "WHERE setrole = 'alice'::regrole"
    )
    assert syncs.now(id, wait=True)["state"] == "success"
    assert any("connector.of_another_release" in notice for notice in db.notices)


def test_settings_of_the_database_bind_it(syncs: Syncs, id: str) -> None:
    """They hold for everybody but the superuser who is exempted. What the role has counts more."""
    db = syncs.database
    db.execute(
        f"ALTER ROLE alice SET {LOCAL} = on; ALTER ROLE alice RESET connector.allowed_hosts; "
        f"ALTER DATABASE {db.name} SET connector.allowed_hosts = '10.0.0.0/8'; "
        f"ALTER ROLE CURRENT_USER IN DATABASE {db.name} SET connector.allowed_hosts = ''"
    )
    try:
        with db.another() as exempted:
            assert exempted.value("SHOW connector.allowed_hosts") == ""
            assert Syncs(exempted).now(id, wait=True)["error_code"] == 1012
            give(db, "127.0.0.1")
            assert Syncs(exempted).now(id, wait=True)["state"] == "success"
    finally:
        db.execute(f"ALTER DATABASE {db.name} RESET ALL; ALTER ROLE CURRENT_USER IN DATABASE {db.name} RESET ALL")


def test_a_list_that_can_not_be_read_binds(syncs: Syncs, alice: Database, id: str) -> None:
    """It allows nothing in alice's sessions, and in no other one either."""
    db = syncs.database
    db.execute(
        "UPDATE pg_db_role_setting SET setconfig = setconfig || '{connector.allowed_hosts=10.0.0.0/99}'::text[] "
        "WHERE setrole = 'alice'::regrole"
    )
    alice.close()
    assert Syncs(alice).now(id, wait=True)["state"] == "failure"
    refused = syncs.status(id)["error_code"]
    answer = syncs.now(id, wait=True)
    assert (answer["state"], answer["error_code"]) == ("failure", refused)


def elsewhere(table: Remote) -> str:
    """An import from an address at which nobody is, as an SQL literal."""
    connection = {**table.connection(), "server": "192.0.2.1", "connect_timeout": 1}
    return "'" + json.dumps(table.connector(table=TABLE, import_as="stolen", target_schema="public", connection=connection)) + "'"


def test_a_statement_after_the_run_has_them(syncs: Syncs, alice: Database, table: Remote) -> None:
    db = syncs.database
    give(db, "127.0.0.0/8")
    statement = f"SELECT public.cdb_import_connector({elsewhere(table)})"
    id = Syncs(alice).create(table.connector(table=TABLE, sync={"on_success": statement}))["id"]
    answer = syncs.now(id, wait=True)
    assert answer["state"] == "success" and "not allowed" in answer["statement_error"], answer


def test_code_of_the_owner_can_not_shake_them_off(syncs: Syncs, alice: Database, table: Remote) -> None:
    """RESET ALL brings the settings of the superuser's login back."""
    db = syncs.database
    give(db, "127.0.0.0/8")
    mine = Syncs(alice)
    id = mine.create(table.connector(table=TABLE, sync={"mode": "merge"}))["id"]
    mine.now(id, wait=True)
    alice.execute(
        f"""CREATE FUNCTION public.free() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          EXECUTE 'RESET ALL';
          PERFORM public.cdb_import_connector({elsewhere(table)});
          RETURN new;
        END $$;
        CREATE TRIGGER free BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION public.free()"""
    )
    table.execute(f"UPDATE {TABLE} SET word = 'changed' WHERE id = 1")
    assert syncs.now(id, wait=True)["state"] == "failure"
    told = syncs.status(id)
    assert "192.0.2.1" in told["error_message"] + (told["error_detail"] or "") and "allowed" in told["error_message"], told
    alice.execute("DROP FUNCTION public.free() CASCADE")


def test_the_owners_limit_of_time_holds(syncs: Syncs, alice: Database, table: Remote) -> None:
    """His code can keep nobody's session for longer."""
    db = syncs.database
    mine = Syncs(alice)
    id = mine.create(table.connector(table=TABLE, sync={"mode": "merge"}))["id"]
    mine.now(id, wait=True)
    alice.execute(
        f"""CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_sleep(200); RETURN new; END $$;
        CREATE TRIGGER slow BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION public.slow()"""
    )
    table.execute(f"UPDATE {TABLE} SET word = 'changed' WHERE id = 1")
    give(db, "1s", "connector.statement_timeout")
    db.execute("SET connector.statement_timeout = 0")
    assert syncs.now(id, wait=True)["error_code"] == 6667
    db.execute("RESET connector.statement_timeout")
    alice.execute("DROP FUNCTION public.slow() CASCADE")


def test_set_session_authorization(syncs: Syncs, id: str) -> None:
    """The settings are those of the login still."""
    db = syncs.database
    give(db, "10.0.0.0/8")
    with db.another() as session:
        session.execute(f"SET {LOCAL} = on; SET SESSION AUTHORIZATION alice")
        assert Syncs(session).now(id, wait=True)["error_code"] == 1012


def test_imports_that_wait(syncs: Syncs, alice: Database, table: Remote) -> None:
    """Those that no worker takes are run by a CALL."""
    db = syncs.database
    connector = table.connector(table=TABLE, import_as="waiting")
    give(db, "10.0.0.0/8")
    import_id = alice.value("SELECT cdb_import_connector(%s, wait => false)", json.dumps(connector))["item_queue_id"]
    db.execute("CALL cdb_run_due_syncs()")
    told = "SELECT state, error_code FROM connector.imports WHERE item_queue_id = %s"
    assert db.rows(told, import_id) == [("failure", 1012)]
