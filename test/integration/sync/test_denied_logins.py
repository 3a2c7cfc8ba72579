"""Syncs whose login is denied: the remote sees few attempts, and all go on when the password is repaired."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from harness.database import Database
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.process import wait_until
from servers.remote import Remote

TABLE = "stock"
ACCOUNT = "denied_reader"
SYNCS = 12


@dataclass
class Account:
    """An account of the remote whose password changes."""

    remote: Remote
    set_password: Callable[[str], None]
    denials: Callable[[], int]  # attempts to log in that were denied, as the server counts them

    def connector(self, password: str, **keys: object) -> dict[str, object]:
        return self.remote.connector(connection=self.remote.connection(username=ACCOUNT, password=password), table=TABLE, **keys)


def mariadb_account(remote: Remote) -> Account:
    def set_password(password: str) -> None:
        remote.execute(f"ALTER USER {ACCOUNT} IDENTIFIED BY '{password}'")

    def denials() -> int:
        ((_, count),) = remote.rows("SHOW GLOBAL STATUS LIKE 'Access_denied_errors'")
        return int(count)

    remote.execute(f"CREATE OR REPLACE USER {ACCOUNT} IDENTIFIED BY 'right'", f"GRANT SELECT ON *.* TO {ACCOUNT}")
    return Account(remote, set_password, denials)


def postgres_account(remote: Remote) -> Account:
    log = remote.server.log  # type: ignore[attr-defined]

    def set_password(password: str) -> None:
        remote.execute(f"ALTER ROLE {ACCOUNT} PASSWORD '{password}'")

    def denials() -> int:
        return log.read_text(errors="replace").count(f'password authentication failed for user "{ACCOUNT}"')

    if not remote.rows(f"SELECT 1 FROM pg_roles WHERE rolname = '{ACCOUNT}'"):
        remote.execute(f"CREATE ROLE {ACCOUNT} LOGIN")
    set_password("right")
    # Other tests take CONNECT from PUBLIC.
    database = remote.connection()["database"]
    remote.execute(f"GRANT pg_read_all_data TO {ACCOUNT}", f"GRANT CONNECT ON DATABASE {database} TO {ACCOUNT}")
    return Account(remote, set_password, denials)


@pytest.fixture(params=["mariadb", "postgres15"])
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    remote: Remote = request.getfixturevalue(request.param)
    with remote_rows(remote, TABLE, 10):
        yield (mariadb_account if request.param == "mariadb" else postgres_account)(remote)


def time_passes(db: Database) -> None:
    """All that waits is due (superuser only)."""
    db.execute("UPDATE connector.denied_login SET next_try = clock_timestamp() - interval '1 second'")
    db.execute("UPDATE connector.sync SET run_at = clock_timestamp() - interval '1 second' WHERE run_at IS NOT NULL")


def test_twelve_syncs_of_an_account(clock: Syncs, account: Account) -> None:
    db = clock.database
    before = account.denials()
    ids = [clock.create(account.connector("wrong", import_as=f"t{i}"), interval="1 hour")["id"] for i in range(SYNCS)]
    for id in ids:
        status = clock.wait_for(id, "failure")
        assert (status["error_code"], status["retried_times"]) == (1012, 0) and status["run_at"] is not None
    most = 4  # workers: those that had begun before the first was denied
    assert 1 <= account.denials() - before <= most
    held = [status for status in map(clock.status, ids) if "is not tried again before" in status["error_message"]]
    assert len(held) >= SYNCS - most
    (hint,) = db.rows("SELECT DISTINCT error_hint FROM connector.runs WHERE error_message LIKE '%not tried again%'")
    assert "cdb_sync_now()" in hint[0]
    assert db.value("SELECT denials FROM connector.denied_login") == 1, "at the same time is once"

    # The pause is over: one tries for all.
    before = account.denials()
    time_passes(db)
    runs = {id: clock.run_count(id) for id in ids}
    db.execute("CALL cdb_run_due_syncs()")
    for id in ids:
        wait_until(lambda id=id: clock.run_count(id) > runs[id] and clock.state(id) == "failure", limit=60, what="a run")
    assert account.denials() - before == 1
    assert db.value("SELECT denials FROM connector.denied_login") == 2

    # Repaired there: nobody has to help.
    account.set_password("wrong")
    time_passes(db)
    db.execute("CALL cdb_run_due_syncs()")
    wait_until(lambda: any(clock.state(id) == "success" for id in ids), limit=60, what="the trial")
    wait_until(lambda: db.value("SELECT count(*) FROM connector.denied_login") == 0, limit=60, what="the end of the pause")
    db.execute("UPDATE connector.sync SET run_at = clock_timestamp() WHERE state = 'failure'")
    db.execute("CALL cdb_run_due_syncs()")
    for id in ids:
        clock.wait_for(id, "success")


def test_who_repairs_it_here_need_not_wait(syncs: Syncs, account: Account) -> None:
    """cdb_sync_now(), cdb_sync_update() and a changed user mapping count at once."""
    db = syncs.database
    first = syncs.create(account.connector("wrong", import_as="first"))["id"]
    second = syncs.create(account.connector("wrong", import_as="second"))["id"]
    db.execute("CALL cdb_run_due_syncs()")
    assert "is not tried again" in syncs.status(second)["error_message"]
    syncs.call("cdb_sync_update", second, None, account.connector("right", import_as="second"))
    db.execute("CALL cdb_run_due_syncs()")
    assert syncs.state(second) == "success"

    db.execute("CALL cdb_run_due_syncs()")
    account.set_password("other")
    syncs.now(second)
    db.execute("CALL cdb_run_due_syncs()")
    assert "is not tried again" not in syncs.status(second)["error_message"], "a person asked"
    account.set_password("right")
    syncs.now(second)
    db.execute("CALL cdb_run_due_syncs()")
    assert syncs.state(second) == "success" and db.rows("SELECT * FROM connector.denied_login") == []
    db.execute("SELECT cdb_sync_delete(%s)", first)

    connection = account.remote.connection()
    options = ", ".join(f"{key} '{connection[key]}'" for key in ("server", "port", "database", "sslmode") if key in connection)
    db.execute(f"CREATE SERVER shop FOREIGN DATA WRAPPER connector OPTIONS (provider '{account.remote.provider}', {options})")
    db.execute(f"CREATE USER MAPPING FOR postgres SERVER shop OPTIONS (username '{ACCOUNT}', password 'wrong')")
    named = account.remote.connector(connection="shop", table=TABLE, import_as="named")
    third = syncs.create(named)["id"]
    db.execute("CALL cdb_run_due_syncs()")
    syncs.make_due(third)
    db.execute("CALL cdb_run_due_syncs()")
    assert "is not tried again" in syncs.status(third)["error_message"]
    db.execute("ALTER USER MAPPING FOR postgres SERVER shop OPTIONS (SET password 'right')")
    syncs.make_due(third)
    db.execute("CALL cdb_run_due_syncs()")
    assert syncs.state(third) == "success"
    db.execute("DROP SERVER shop CASCADE")


def test_other_roles_and_sessions_are_not_held_up(syncs: Syncs, alice: Database, account: Account) -> None:
    """Another role's wrong password says nothing of this one's, and neither do those of syncs of what a session does."""
    db = syncs.database
    db.execute("SET connector.allowed_hosts = '127.0.0.0/8'")
    hers = Syncs(alice).create(account.connector("wrong", import_as="hers"))["id"]
    mine = syncs.create(account.connector("right", import_as="mine"))["id"]
    db.execute("CALL cdb_run_due_syncs()")
    assert syncs.state(hers) == "failure" and syncs.state(mine) == "success"
    alice.execute("SELECT cdb_import_connector(%s)", json.dumps(account.connector("right", import_as="now")))
    with_another = Syncs(alice).create({**account.connector("wrong", import_as="another"), "connection": account.remote.connection()})["id"]
    db.execute("CALL cdb_run_due_syncs()")
    assert syncs.state(with_another) == "success", "another account of the same server"
    assert alice.value("SELECT has_table_privilege('connector.denied_login', 'SELECT')") is False
    secrets = db.value("SELECT string_agg(d::text, ' ') FROM connector.denied_login d")
    assert ACCOUNT in secrets and "wrong" not in secrets


def test_who_keeps_a_shared_account_locked(syncs: Syncs, alice: Database, account: Account) -> None:
    """All roles may have one user mapping, and one of them a transaction open: others' runs hardly wait for that."""
    db = syncs.database
    connection = account.remote.connection()
    options = ", ".join(f"{key} '{connection[key]}'" for key in ("server", "port", "database", "sslmode") if key in connection)
    db.execute(f"CREATE SERVER shared FOREIGN DATA WRAPPER connector OPTIONS (provider '{account.remote.provider}', {options})")
    db.execute(f"CREATE USER MAPPING FOR PUBLIC SERVER shared OPTIONS (username '{ACCOUNT}', password 'wrong')")
    db.execute("GRANT USAGE ON FOREIGN SERVER shared TO alice")
    hers = Syncs(alice).create(account.remote.connector(connection="shared", table=TABLE, import_as="hers"))["id"]
    mine = syncs.create(account.remote.connector(connection="shared", table=TABLE, import_as="mine"))["id"]

    def seconds_of_a_run() -> float:
        syncs.make_due(mine)
        before = time.monotonic()
        db.execute("CALL cdb_run_due_syncs(1)")
        return time.monotonic() - before

    db.execute("UPDATE connector.sync SET run_at = now() + interval '1 day' WHERE id = %s", hers)
    alice.execute("BEGIN")
    assert Syncs(alice).now(hers, wait=True)["error_code"] == 1012
    assert seconds_of_a_run() < 5, "hers is not committed"
    alice.execute("COMMIT")
    time_passes(db)
    db.execute("UPDATE connector.sync SET run_at = now() + interval '1 day' WHERE id = %s", hers)
    alice.execute("BEGIN")
    Syncs(alice).call("cdb_sync_update", hers, "1 day")
    assert seconds_of_a_run() < 5
    assert syncs.status(mine)["error_code"] == 1012
    alice.execute("ROLLBACK")
    db.execute("SELECT cdb_sync_delete(id) FROM connector.syncs; DROP SERVER shared CASCADE")
