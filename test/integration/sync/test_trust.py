"""A stored request that comes to belong to another role runs with the lesser of both roles' trust."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.remote_postgres import PostgresRemote

TABLE = "lent"
MISSING = "the password of this sync is missing"  # it stays with the role that gave it
REFUSED = "is not allowed"


@pytest.fixture
def table(postgres15: PostgresRemote) -> Iterator[PostgresRemote]:
    """On this machine, which only superusers may connect to."""
    with remote_rows(postgres15, TABLE, 10):
        yield postgres15


def run(syncs: Syncs, id: str) -> tuple[str, str]:
    """State and error of a run that the superuser asks for."""
    answer = syncs.now(id, wait=True)
    return answer["state"], answer.get("error_message", "")


def test_a_request_gains_no_trust_by_a_new_owner(syncs: Syncs, etl: Database, table: PostgresRemote) -> None:
    db = syncs.database
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.0/8'")
    etl.close()
    id = Syncs(etl).create(table.connector(table=TABLE))["id"]
    assert Syncs(etl).now(id, wait=True)["state"] == "success"
    db.execute("ALTER ROLE etl RESET connector.allowed_hosts")
    db.execute("REASSIGN OWNED BY etl TO CURRENT_USER")
    assert syncs.status(id)["user_id"] == "postgres"
    state, message = run(syncs, id)
    assert state == "failure" and MISSING in message
    # a change of the interval gives no request
    syncs.call("cdb_sync_update", id, "1 day")
    assert run(syncs, id)[0] == "failure"
    syncs.call("cdb_sync_update", id, None, table.connector(table=TABLE))
    assert run(syncs, id) == ("success", "")


def test_a_request_loses_trust_with_its_owner(syncs: Syncs, etl: Database, table: PostgresRemote) -> None:
    """Given by a superuser, who then gives the table away; and back."""
    db = syncs.database
    id = syncs.create(table.connector(table=TABLE))["id"]
    assert run(syncs, id) == ("success", "")
    db.execute(f"ALTER TABLE {TABLE} OWNER TO etl")
    state, message = run(syncs, id)
    assert state == "failure" and MISSING in message
    # a superuser who gives it for another role lends no trust either
    syncs.call("cdb_sync_update", id, None, table.connector(table=TABLE))
    state, message = run(syncs, id)
    assert state == "failure" and REFUSED in message
    db.execute(f"ALTER TABLE {TABLE} OWNER TO CURRENT_USER")
    assert MISSING in run(syncs, id)[1]
    syncs.call("cdb_sync_update", id, None, table.connector(table=TABLE))
    assert run(syncs, id) == ("success", "")


def test_the_new_owner_needs_the_right_to_connect(syncs: Syncs, table: PostgresRemote) -> None:
    """USAGE on the wrapper is asked of whoever owns the table now."""
    db = syncs.database
    other = db.create_role("other", may_connect=False)
    id = syncs.create(table.connector(table=TABLE))["id"]
    assert run(syncs, id) == ("success", "")
    db.execute(f"ALTER TABLE {TABLE} OWNER TO other")
    assert MISSING in run(syncs, id)[1]
    syncs.call("cdb_sync_update", id, None, table.connector(table=TABLE))
    state, message = run(syncs, id)
    assert state == "failure" and "permission denied for foreign-data wrapper" in message
    with fails("no sync with id"):
        Syncs(other).status("00000000-0000-4000-8000-000000000000")
    other.close()
    db.execute(f"DROP TABLE {TABLE}")
    db.drop_role("other")
