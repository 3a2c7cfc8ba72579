"""Names of syncs: who gets which, what a second call does, and how functions find a sync by its name."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import remote_rows
from harness.syncs import NEVER, Syncs

from servers.remote import Remote

TABLE = "goods"


@pytest.fixture
def table(mariadb: Remote) -> Iterator[Remote]:
    with remote_rows(mariadb, TABLE, 10), remote_rows(mariadb, "wares", 10):
        yield mariadb


def named(db: Database, connector: dict[str, object], name: str | None, interval: str | None = None) -> dict[str, object]:
    answer = db.value("SELECT cdb_sync_connector(%s, %s, name => %s)", json.dumps(connector), interval, name)
    assert isinstance(answer, dict)
    return answer


def test_default_names(syncs: Syncs, table: Remote) -> None:
    """By schema and table, made unique; the table's name is not the sync's."""
    db = syncs.database
    first = syncs.create(table.connector(table=TABLE))
    second = syncs.create(table.connector(table="wares", import_as=TABLE))
    assert [sync["sync_name"] for sync in (first, second)] == ["public.goods", "public.goods_1"]
    assert first["name"] == second["name"] == TABLE, "the table that is wanted"
    for sync in (first, second):
        assert syncs.now(sync["id"], wait=True)["state"] == "success"
    assert [syncs.status(sync["id"])["name"] for sync in (first, second)] == [TABLE, f"{TABLE}_1"]
    assert db.rows("SELECT name, table_name FROM connector.syncs ORDER BY name") == [
        ("public.goods", "goods"),
        ("public.goods_1", "goods_1"),
    ]


def test_a_table_of_that_name_is_there(syncs: Syncs, table: Remote) -> None:
    """Made by an import, say: the caller is told, as the first run is in the background."""
    db = syncs.database

    def created(**keys: object) -> tuple[str, list[str]]:
        id = syncs.create(table.connector(table=TABLE, **keys))["id"]
        return id, [notice for notice in db.notices if "already exists" in notice]

    db.value("SELECT cdb_import_connector(%s)", json.dumps(table.connector(table=TABLE)))
    id, (told,) = created()
    assert f'relation "{TABLE}" already exists' in told and "a number behind that name" in told and "overwrite" in told
    assert syncs.now(id, wait=True)["state"] == "success"
    assert syncs.status(id)["name"] == f"{TABLE}_1"
    db.execute("CREATE TABLE there ()")
    for strategy in ("skip", "error"):
        id, (told,) = created(collision_strategy=strategy, import_as="there")
        assert "will fail" in told
        assert syncs.now(id, wait=True)["state"] == "failure"
        db.execute(f"SELECT cdb_sync_delete('{id}')")
    assert created(import_as="another")[1] == []
    assert created(collision_strategy="overwrite", import_as="there")[1] == []


def test_same_source_and_table(syncs: Syncs, table: Remote) -> None:
    """A script that runs twice makes one sync, and changes nothing; another source never takes it over."""
    db = syncs.database
    connector = table.connector(table=TABLE)
    first = syncs.create(connector, interval="1 hour")
    again = syncs.create(connector, interval="2 hours")
    assert again == first
    (notice,) = [notice for notice in db.notices if "already" in notice]
    assert first["id"] in notice and "name" in notice
    port = {**connector, "connection": {**connector["connection"], "port": str(table.connection()["port"])}}
    assert syncs.create(port)["id"] == first["id"], "the port as a text"
    assert syncs.create({**connector, "connection": {**connector["connection"], "password": "other"}})["id"] == first["id"]
    for other in (
        {**connector, "connection": {**connector["connection"], "port": 1}},
        {**connector, "connection": {**connector["connection"], "username": "other"}},
        {**connector, "import_as": "elsewhere"},
        {**connector, "table": "wares", "import_as": TABLE},
        table.connector(sql_query=f"SELECT * FROM {TABLE}", import_as=TABLE),
    ):
        assert syncs.create(other)["id"] != first["id"], other
    assert syncs.status(first["id"]) == first


def test_second_sync_of_the_same_by_name(syncs: Syncs, table: Remote) -> None:
    """Whoever gives a name makes a new sync, and is told of the one that reads the same into the same table."""
    db = syncs.database
    first = syncs.create(table.connector(table=TABLE))
    second = named(db, table.connector(table=TABLE), "mine")
    assert second["id"] != first["id"] and second["sync_name"] == "mine"
    (notice,) = [notice for notice in db.notices if "another sync of this source and table" in notice]
    assert '"public.goods"' in notice and first["id"] in notice and "cdb_sync_update()" in notice
    db.notices.clear()
    named(db, table.connector(table=TABLE), "mine", "2 hours")
    assert not [notice for notice in db.notices if "another sync" in notice], "that one is changed"


def test_a_dropped_table_is_made_anew(syncs: Syncs, table: Remote) -> None:
    """Who dropped the table and sends the request again gets a new sync, not the one that rests."""
    first = syncs.create(table.connector(table=TABLE))["id"]
    syncs.now(first, wait=True)
    syncs.database.execute(f"DROP TABLE {TABLE}")
    second = syncs.create(table.connector(table=TABLE))["id"]
    assert second != first and syncs.now(second, wait=True)["state"] == "success"


def test_call_by_name_changes(syncs: Syncs, etl: Database, table: Remote) -> None:
    """cdb_sync_connector() with the name of a sync that the role has changes that one, and no other role's."""
    db = syncs.database
    first = named(db, table.connector(table=TABLE), "nightly", "1 hour")
    assert first["sync_name"] == "nightly"
    syncs.now(str(first["id"]), wait=True)
    changed = named(db, table.connector(table="wares", import_as=TABLE), "nightly", "2 hours")
    assert changed["id"] == first["id"] and changed["interval"] == 7200 and changed["source"].endswith("wares")
    assert named(db, table.connector(table="wares"), "nightly")["interval"] == 7200, "no interval: as it is"
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.0/8'")
    etl.close()
    other = named(etl, table.connector(table=TABLE, import_as="theirs"), "nightly", "3 hours")
    assert other["id"] != first["id"] and other["user_id"] == "etl"
    assert named(db, table.connector(table=TABLE), "nightly")["id"] == first["id"], "a superuser's call is about his own"
    assert db.value("SELECT count(*) FROM connector.syncs") == 2
    # Its own first, for a superuser; by the id where nothing is his.
    assert db.value("SELECT cdb_sync_status('nightly')")["id"] == first["id"]
    assert etl.value("SELECT cdb_sync_status('nightly')")["id"] == other["id"]
    db.execute("SELECT cdb_sync_delete('nightly')")
    assert db.value("SELECT cdb_sync_status('nightly')")["id"] == other["id"]


def test_functions_take_names(syncs: Syncs, table: Remote) -> None:
    db = syncs.database
    id = named(db, table.connector(table=TABLE), "a name, with 'quotes'")["id"]
    name = "a name, with 'quotes'"
    for which in (name, id, str(id).upper(), "{" + str(id) + "}"):
        assert db.value("SELECT cdb_sync_status(%s)", which)["id"] == id
    assert db.value("SELECT cdb_sync_status(%s::uuid)", id)["id"] == id
    assert db.value("SELECT cdb_sync_now(%s, wait => true)", name)["state"] == "success"
    assert db.value("SELECT cdb_sync_pause(%s)", name)["paused"] is True
    assert db.value("SELECT cdb_sync_resume(%s)", name)["paused"] is False
    assert db.value("SELECT cdb_sync_update(%s, '1 day', name => 'short')", name)["sync_name"] == "short"
    for call in ("status", "now", "pause", "resume", "update", "delete"):
        with fails('there is no sync with name "a name', number=1502, hint="connector.syncs"):
            db.value(f"SELECT cdb_sync_{call}(%s)", name)
        with fails("there is no sync with id", number=1502):
            db.value(f"SELECT cdb_sync_{call}(%s)", NEVER)
        if call != "status":
            for kind in ("uuid", "text"):
                with fails("argument id must not be NULL", number=1502):
                    db.value(f"SELECT cdb_sync_{call}(NULL::{kind})")
    db.execute("SELECT cdb_sync_delete('short')")
    assert db.value("SELECT count(*) FROM connector.syncs") == 0


def test_who_finds_a_name(syncs: Syncs, table: Remote) -> None:
    """A role finds its own and what it may see: a monitor looks at all, and changes none."""
    db = syncs.database
    id = named(db, table.connector(table=TABLE), "nightly")["id"]
    stranger, watcher = db.create_role("stranger"), db.create_role("watcher")
    db.execute("GRANT pg_read_all_stats TO watcher")
    assert watcher.value("SELECT cdb_sync_status('nightly')")["id"] == id
    for role, calls in ((stranger, ("status", "now", "pause", "delete")), (watcher, ("now", "pause", "delete"))):
        for call in calls:
            with fails("there is no sync with name", number=1502):
                role.value(f"SELECT cdb_sync_{call}('nightly')")
    for role in (stranger, watcher):
        role.close()
        db.drop_role(role.role)


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("", "blank"),
        (" \t", "blank"),
        ("x" * 201, "longer than 200 bytes"),
        ("a\nb", "control character"),
        (NEVER, "looks like a uuid"),
        (NEVER.replace("-", "").upper(), "looks like a uuid"),
        ("{" + NEVER + "}", "looks like a uuid"),
    ],
)
def test_bad_names(syncs: Syncs, table: Remote, name: str, detail: str) -> None:
    with fails("invalid name of a sync", number=1502, detail=detail):
        named(syncs.database, table.connector(table=TABLE), name)
    id = syncs.create(table.connector(table=TABLE))["id"]
    with fails("invalid name of a sync", number=1502, detail=detail):
        syncs.database.value("SELECT cdb_sync_update(%s, name => %s)", id, name)


def test_name_of_another(syncs: Syncs, table: Remote) -> None:
    db = syncs.database
    named(db, table.connector(table=TABLE), "one")
    other = named(db, table.connector(table="wares"), "two")["id"]
    with fails('there is another sync with name "one"', number=1502):
        db.value("SELECT cdb_sync_update(%s, name => 'one')", other)
    assert db.value("SELECT cdb_sync_update(%s, name => 'two')", other)["sync_name"] == "two"
    db.execute("UPDATE connector.sync SET state = 'failure', run_at = NULL WHERE id = %s", other)
    assert db.value("SELECT cdb_sync_update(%s, name => 'zwei')", other)["gave_up"] is True, "a name is no reason to run"
    assert db.value("SELECT cdb_sync_update(%s, name => 'Zwei · 二')", other)["sync_name"] == "Zwei · 二"


def test_two_at_once(syncs: Syncs, table: Remote) -> None:
    """The second call waits for the first, and finds its sync, with a name and without."""
    db = syncs.database
    for name in ("same", None):
        with db.another() as first, db.another() as second:
            first.connection.autocommit = False
            made = named(first, table.connector(table=TABLE, import_as=f"t_{name}"), name)
            query = "SELECT cdb_sync_connector(%s, NULL, %s)"
            with second.in_background(query, json.dumps(table.connector(table=TABLE, import_as=f"t_{name}")), name) as job:
                job.wait_for_lock()
                first.connection.commit()
                ((found,),) = job.result()
            assert found["id"] == made["id"]


def test_new_owner_has_the_name(syncs: Syncs, etl: Database, table: Remote) -> None:
    """Whoever takes a sync over keeps his own names: the one that comes gets another."""
    db = syncs.database
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.0/8'")
    etl.close()
    named(etl, table.connector(table=TABLE, import_as="theirs"), "nightly")
    mine = named(db, table.connector(table=TABLE), "nightly")["id"]
    syncs.now(str(mine), wait=True)
    db.execute(f"ALTER TABLE {TABLE} OWNER TO etl")
    with fails("there are 2 syncs", number=1502, detail=str(mine)):
        etl.value("SELECT cdb_sync_status('nightly')")
    assert etl.value("SELECT cdb_sync_resume(%s)", mine)["sync_name"] == "nightly_1"
    assert etl.value("SELECT cdb_sync_status('nightly')")["id"] != mine


def test_same_table_and_a_server_that_is_gone(syncs: Syncs, table: Remote) -> None:
    """A sync that can't be read any more is in nobody's way."""
    db = syncs.database
    connection = table.connection()
    options = ", ".join(f"{key} '{connection[key]}'" for key in ("server", "port", "database"))
    db.execute(f"CREATE SERVER gone FOREIGN DATA WRAPPER connector OPTIONS (provider '{table.provider}', {options})")
    db.execute(f"CREATE USER MAPPING FOR postgres SERVER gone OPTIONS (username '{connection['username']}', password '{connection['password']}')")
    syncs.create({"connection": "gone", "table": TABLE})
    db.execute("DROP SERVER gone CASCADE")
    assert syncs.create(table.connector(table=TABLE))["sync_name"] == f"public.{TABLE}_1"
