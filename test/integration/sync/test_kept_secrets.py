"""A sync that is changed by what its view shows of it keeps its password, but never for another connection."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import assert_unseen
from harness.scratch import remote_rows
from harness.syncs import Syncs
from harness.thorough import PROVIDERS, by_turns

from servers.remote import Remote

pytestmark = by_turns("one_remote", *PROVIDERS)

TABLE = "orders"
MASK = "********"
HELD = "SELECT secrets::text FROM connector.sync_secret"


@pytest.fixture
def table(one_remote: Remote) -> Iterator[Remote]:
    with remote_rows(one_remote, TABLE, 10):
        yield one_remote


@pytest.fixture
def mine(db: Database, syncs: Syncs, plain: Database) -> Syncs:
    """Syncs of a plain role."""
    return Syncs(plain)


def started(mine: Syncs, table: Remote) -> tuple[str, dict[str, object]]:
    """A sync that has run, and its request as the view shows it."""
    id = str(mine.create(table.connector(table=TABLE))["id"])
    assert mine.now(id, wait=True)["state"] == "success"
    request = mine.database.value("SELECT request FROM connector.syncs WHERE id = %s", id)
    assert request["connection"]["password"] == MASK
    return id, request


def test_a_sync_is_changed_by_its_own_view(db: Database, mine: Syncs, table: Remote) -> None:
    id, _ = started(mine, table)
    held = db.value(HELD)
    mine.database.execute("SELECT cdb_sync_update(id, connector => request::json) FROM connector.syncs WHERE id = %s", id)
    assert db.value(HELD) == held
    mine.call(
        "cdb_sync_update", id, None,
        {"connector": {**table.connector(connection=table.connection(password=MASK), table=TABLE), "max_rows": 4}, "interval": 1800},
    )
    assert mine.status(id)["interval"] == 1800
    assert mine.now(id, wait=True)["state"] == "success"
    assert mine.database.value(f"SELECT count(*) FROM {TABLE}") == 4


def test_it_goes_nowhere_else(db: Database, mine: Syncs, table: Remote) -> None:
    """Each other connection is refused, nothing is changed, and no message or line of the log tells the password."""
    id, request = started(mine, table)
    secret = str(table.connection()["password"])
    before, held = db.rows("SELECT request::text, updated_at FROM connector.sync"), db.value(HELD)
    position = db.server.log_size()
    connection = dict(request["connection"])  # type: ignore[call-overload]
    others = [{**connection, key: value} for key, value in (
        ("server", "localhost"), ("port", 9), ("database", "elsewhere"), ("username", "mallory"),
        ("sslmode", "verify-full"), ("connect_timeout", 3),
    )]
    for other in others:
        with fails("can't be kept", number=1502, detail="differs in", hint="Give the password again", secrets=(secret,)):
            mine.call("cdb_sync_update", id, None, {**request, "connection": other})
    with fails("can't be kept", number=1502, secrets=(secret,)):
        provider = "mysql" if table.provider == "hive" else "hive"
        minimal = {key: connection[key] for key in ("server", "port", "database", "username", "password")}
        mine.call("cdb_sync_update", id, None, {**request, "provider": provider, "connection": minimal})
    assert db.rows("SELECT request::text, updated_at FROM connector.sync") == before and db.value(HELD) == held
    assert mine.now(id, wait=True)["state"] == "success"
    assert_unseen(db.server.log_since(position), (secret,))


def test_another_owner_keeps_nothing(db: Database, mine: Syncs, table: Remote) -> None:
    """Neither a new owner of the table, nor anybody after a restore has the former role's password."""
    id, request = started(mine, table)
    bob = db.create_role("bob")
    try:
        db.execute("ALTER ROLE bob SET connector.allowed_hosts = '127.0.0.0/8'")
        db.execute(f"ALTER TABLE {TABLE} OWNER TO bob")
        for _ in range(2):  # the first call takes the sync over, and is rolled back
            with fails("can't be kept", number=1502, detail="No secret of this role", hint="Give the password again"):
                Syncs(bob).call("cdb_sync_update", id, None, request)
        with fails("there is no sync"):
            mine.call("cdb_sync_update", id, None, request)
        db.execute(f"ALTER TABLE {TABLE} OWNER TO etl")
        db.execute("DELETE FROM connector.sync_secret")  # a dump does not have it
        with fails("can't be kept", number=1502, detail="No secret of this role"):
            mine.call("cdb_sync_update", id, None, request)
        mine.call("cdb_sync_update", id, None, table.connector(table=TABLE))
        assert mine.now(id, wait=True)["state"] == "success"
    finally:
        bob.close()
        db.execute(f"ALTER TABLE {TABLE} OWNER TO etl")
        db.drop_role("bob")


def test_the_owner_of_an_overwritten_table_keeps_nothing(db: Database, mine: Syncs, table: Remote) -> None:
    """A sync of a member's that overwrites a table of the group's becomes the group's, and runs with the member's
    password; the others of the group do not read other things with it."""
    db.execute("CREATE ROLE crew; GRANT CREATE ON SCHEMA public TO crew; GRANT USAGE ON FOREIGN DATA WRAPPER connector TO crew; GRANT crew TO etl")
    carol = db.create_role("carol")
    try:
        db.execute("ALTER ROLE carol SET connector.allowed_hosts = '127.0.0.0/8'; GRANT crew TO carol")
        carol.execute("SET ROLE crew")
        carol.import_table(table.connector(table=TABLE))
        id = str(mine.create(table.connector(table=TABLE, collision_strategy="overwrite"))["id"])
        mine.database.execute("CALL cdb_run_due_syncs()")
        assert db.rows("SELECT role_name, state FROM connector.syncs") == [("crew", "success")]
        request = db.value("SELECT request FROM connector.syncs")
        for role in (carol, mine.database):
            with fails("can't be kept", number=1502, detail="No secret of this role", hint="Give the password again"):
                Syncs(role).call("cdb_sync_update", id, None, request)
        assert Syncs(carol).now(id, wait=True)["state"] == "success"
        carol.value("SELECT cdb_sync_update(%s, connector => %s)", id, json.dumps(table.connector(table=TABLE)))
        Syncs(carol).call("cdb_sync_update", id, None, request)  # the crew's own
    finally:
        carol.close()
        db.execute("DELETE FROM connector.sync")
        db.drop_role("carol")
        db.execute("DROP OWNED BY crew CASCADE; DROP ROLE crew")


def test_a_request_without_masks_does_not_ask_for_the_stored_one(db: Database, syncs: Syncs, mariadb: Remote) -> None:
    """Which may be readable no more."""
    db.execute("CREATE SERVER gone FOREIGN DATA WRAPPER connector OPTIONS (provider 'mysql', server '127.0.0.1', username 'u')")
    id = str(syncs.create({"connection": "gone", "schema": "s", "table": TABLE})["id"])
    db.execute("DROP SERVER gone")
    syncs.call("cdb_sync_update", id, None, mariadb.connector(table=TABLE))
    assert syncs.status(id)["id"] == id


@pytest.mark.parametrize(
    "call",
    [
        "cdb_import_connector(%s)",
        "cdb_import_connector(%s, false)",
        "cdb_sync_connector(%s)",
        "cdb_connector_check(%s)",
        "cdb_connector_dry_run(%s)",
        "cdb_connector_tables(%s)",
    ],
)
def test_a_mask_is_no_password(mine: Syncs, mariadb: Remote, call: str) -> None:
    """Where nothing is stored."""
    keys = {} if "tables" in call or "check" in call else {"table": TABLE}
    request = json.dumps(mariadb.connector(connection=mariadb.connection(password=MASK), **keys))
    with fails('"connection.password" is the mask of a secret', number=1502, hint="Give the password itself"):
        mine.database.value(f"SELECT {call}", request)
