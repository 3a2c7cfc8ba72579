"""Keys that stand for the password of a role: whose they are, who sees what of them, and what is left of a dropped role."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest
from harness.database import Database
from harness.errors import fails
from harness.syncs import NEVER

from servers.postgres import Postgres
from servers.process import run_to_end, wait_until
from servers.staging import staged
from servers.standby import Standby
from servers.workspace import Workspace

HASH = bytes(range(32))
SEALED = b"\x00\xffsealed\\"


@pytest.fixture
def alice(db: Database) -> Iterator[Database]:
    yield from _role(db, "alice")


@pytest.fixture
def bob(db: Database) -> Iterator[Database]:
    yield from _role(db, "bob")


@pytest.fixture
def program(db: Database) -> Iterator[Database]:
    """The role of the program that issues keys."""
    for role in _role(db, "program"):
        db.execute("GRANT EXECUTE ON FUNCTION connector.sealed_api_key(uuid) TO program")
        yield role


def _role(db: Database, name: str) -> Iterator[Database]:
    role = db.create_role(name)
    yield role
    role.close()
    db.execute("DELETE FROM connector.api_key")
    db.drop_role(name)


def add(role: Database, label: str = "a key", *, expires: str | None = None, id: str | None = None) -> str:
    id = id or str(uuid.uuid4())
    role.execute("SELECT connector.add_api_key(%s, %s, %s, %s, now() + %s::interval)", id, label, HASH, SEALED, expires)
    return id


def listed(role: Database) -> list[str]:
    return [id for (id,) in role.rows("SELECT id::text FROM cdb_api_keys()")]


def sealed(program: Database, id: str) -> list[tuple[Any, ...]]:
    rows = program.rows("SELECT * FROM connector.sealed_api_key(%s)", id)
    return [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in rows]


def expire(db: Database, id: str) -> None:
    db.execute("UPDATE connector.api_key SET expires_at = now() - interval '1 second' WHERE id = %s", id)


def test_life_of_a_key(db: Database, alice: Database, program: Database) -> None:
    id = add(alice, "Grüße 'x'", expires="1 day")
    ((name, secret_hash, blob, expires),) = sealed(program, id)
    assert (name, secret_hash, blob) == ("alice", HASH, SEALED) and isinstance(expires, datetime)
    ((listed_id, role, label, created, listed_expires, used),) = alice.rows("SELECT * FROM cdb_api_keys()")
    assert (listed_id, role, label, listed_expires, used) == (id, "alice", "Grüße 'x'", expires, None)
    assert created == db.value("SELECT created_at FROM connector.api_key")
    assert alice.value("SELECT connector.api_key_used(%s)", id) is True
    assert alice.value("SELECT last_used_at = date_trunc('minute', last_used_at) AND last_used_at <= now() FROM cdb_api_keys()")
    assert alice.value("SELECT cdb_api_key_revoke(%s) IS NOT NULL", id) is True
    assert listed(alice) == [] and sealed(program, id) == []
    assert alice.value("SELECT connector.api_key_used(%s)", id) is False
    with fails(f"no API key with id {id}", number=1502):
        alice.execute("SELECT cdb_api_key_revoke(%s)", id)


def test_formats_of_the_session_do_not_matter(alice: Database, program: Database) -> None:
    alice.execute("SET datestyle = 'SQL, DMY'; SET timezone = 'Asia/Kolkata'; SET bytea_output = 'escape'")
    program.execute("SET datestyle = 'German'; SET timezone = 'America/St_Johns'; SET bytea_output = 'escape'")
    id = str(uuid.uuid4())
    alice.execute("SELECT connector.add_api_key(%s, '', %s, %s, '2100-03-04 05:06:07.089+00')", id, HASH, SEALED)
    assert program.value("SELECT expires_at = '2100-03-04T05:06:07.089Z' AND sealed = %s FROM connector.sealed_api_key(%s)", SEALED, id)
    assert alice.value("SELECT expires_at = '2100-03-04T05:06:07.089Z' FROM cdb_api_keys()")


def test_another_roles_keys(db: Database, alice: Database, bob: Database) -> None:
    ids = {role.role: add(role) for role in (alice, bob)}
    assert listed(alice) == [ids["alice"]] and listed(bob) == [ids["bob"]]
    for id in (ids["bob"], NEVER):
        with fails(f"no API key with id {id}", number=1502, detail="belong to another role"):
            alice.execute("SELECT cdb_api_key_revoke(%s)", id)
        assert alice.value("SELECT connector.api_key_used(%s)", id) is False
    assert db.value("SELECT count(*) FROM connector.api_key WHERE last_used_at IS NOT NULL") == 0
    # An id is taken, whoever has it.
    with fails("already", number=1502):
        add(alice, id=ids["bob"])
    # Members have the privileges of the role; who reads statistics sees all and changes nothing.
    db.execute("GRANT pg_read_all_stats TO alice")
    assert set(listed(alice)) == set(ids.values())
    with fails(number=1502):
        alice.execute("SELECT cdb_api_key_revoke(%s)", ids["bob"])
    db.execute("REVOKE pg_read_all_stats FROM alice; GRANT bob TO alice")
    assert set(listed(alice)) == set(ids.values())
    assert alice.value("SELECT connector.api_key_used(%s)", ids["bob"]) is False
    alice.execute("SELECT cdb_api_key_revoke(%s)", ids["bob"])
    assert listed(bob) == []


def test_nobody_reads_the_table(db: Database, alice: Database, bob: Database) -> None:
    id = add(bob)
    for _ in range(20):
        add(bob)
    db.execute("ANALYZE connector.api_key; GRANT pg_read_all_data TO alice")
    assert alice.rows("SELECT * FROM connector.api_key") == []
    assert db.value("SELECT reltoastrelid FROM pg_class WHERE oid = 'connector.api_key'::regclass") == 0
    assert {name for (name,) in db.rows("SELECT attname FROM pg_stats WHERE schemaname = 'connector' AND tablename = 'api_key'")} == {
        "id", "owner", "created_at", "expires_at", "last_used_at", "role_name"}  # fmt: skip
    with fails("permission denied for function sealed_api_key", sqlstate="42501"):
        alice.execute("SELECT * FROM connector.sealed_api_key(%s)", id)
    db.execute("REVOKE pg_read_all_data FROM alice")
    for statement in ("SELECT FROM connector.api_key", "DELETE FROM connector.api_key"):
        with fails("permission denied for table api_key", sqlstate="42501"):
            alice.execute(statement)


def test_wrong_arguments(db: Database, alice: Database) -> None:
    def attempt(id: str | None = NEVER, label: str | None = "", hash: bytes | None = HASH, blob: bytes | None = b"x") -> None:
        alice.execute("SELECT connector.add_api_key(%s, %s, %s, %s, NULL)", id, label, hash, blob)

    for name, call in {
        "id": lambda: attempt(id=None), "label": lambda: attempt(label=None), "secret_hash": lambda: attempt(hash=None),
        "sealed": lambda: attempt(blob=None),
    }.items():  # fmt: skip
        with fails(f"argument {name} must not be NULL", number=1502):
            call()
    for message, call in {
        "label must have at most 200 characters": lambda: attempt(label="ä" * 201),
        "secret_hash must have 32 bytes": lambda: attempt(hash=HASH[:31]),
        "secret_hash must have 32": lambda: attempt(hash=HASH + b"x"),
        "sealed must have 1 to 4096 bytes": lambda: attempt(blob=b""),
        "sealed must have 1 to": lambda: attempt(blob=bytes(4097)),
        "expires_at must be in the future": lambda: add(alice, expires="0 s"),
        "expires_at must be in the": lambda: add(alice, expires="-1 year"),
    }.items():
        with fails(message, number=1502):
            call()
    for call in ("connector.api_key_used(NULL)", "cdb_api_key_revoke(NULL)"):
        with fails("argument id must not be NULL", number=1502):
            alice.execute(f"SELECT {call}")
    with fails("argument id must not be NULL", number=1502):
        db.execute("SELECT connector.sealed_api_key(NULL)")
    assert listed(db) == []
    attempt(label="ä" * 200, blob=os.urandom(4096))
    assert listed(alice) == [NEVER]


def test_expiry(db: Database, alice: Database, program: Database) -> None:
    id, other = add(alice, expires="1 hour"), add(alice)
    expire(db, id)
    assert sealed(program, id) == [] and sealed(program, other) != []
    assert alice.value("SELECT connector.api_key_used(%s)", id) is False
    assert listed(alice) == [other, id]
    last = add(alice)
    assert listed(alice) == [last, other]


def test_a_hundred_keys(db: Database, alice: Database, bob: Database) -> None:
    ids = [add(alice, expires="1 hour") for _ in range(100)]
    with fails("already has 100 API keys", number=6669, hint="cdb_api_key_revoke"):
        add(alice)
    add(bob)
    expire(db, ids[0])
    add(alice)
    with fails(number=6669):
        add(alice)
    alice.execute("SELECT cdb_api_key_revoke(%s)", ids[1])
    add(alice)
    assert len(listed(alice)) == 100


def test_two_sessions_add_the_hundredth(alice: Database, bob: Database) -> None:
    """Sessions of a role wait for each other, also where they would see nothing of it; another role does not."""
    for _ in range(99):
        add(alice)
    call = "SELECT connector.add_api_key(gen_random_uuid(), '', sha256(''), 'x', NULL)"
    for level in ("READ COMMITTED", "REPEATABLE READ"):
        with alice.another() as other:
            alice.execute(f"BEGIN; {call}")
            with other.in_background(f"BEGIN ISOLATION LEVEL {level}; SELECT 1; {call}") as job:
                job.wait_for_lock()
                add(bob)
                alice.execute("COMMIT")
                with fails("already has 100", number=6669):
                    job.result()
        alice.execute("SELECT cdb_api_key_revoke(%s)", listed(alice)[0])


def test_whose_password_it_is(db: Database, alice: Database, bob: Database) -> None:
    """The session's role has the password, whatever role it has become; and no code of another role adds a key."""
    db.execute("GRANT bob TO alice")
    alice.execute("SET ROLE bob")
    id = add(alice)
    assert alice.rows("SELECT id::text, role_name FROM cdb_api_keys()") == [(id, "alice")]
    assert alice.value("SELECT connector.api_key_used(%s)", id) is True
    assert listed(bob) == []
    with fails(number=1502):
        bob.execute("SELECT cdb_api_key_revoke(%s)", id)
    bob.execute(
        "CREATE FUNCTION public.plant(statement text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER "
        "AS $$ BEGIN EXECUTE statement; END $$; "
        "CREATE FUNCTION public.look() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.cdb_api_keys()'"
    )
    alice.execute("RESET ROLE")
    with fails("by the session itself", number=1501, sqlstate="42501"):
        alice.execute("SELECT public.plant($$SELECT connector.add_api_key(gen_random_uuid(), '', sha256(''), 'x', NULL)$$)")
    with fails(number=1502):
        alice.execute("SELECT public.plant(%s)", f"SELECT cdb_api_key_revoke('{id}')")
    assert alice.value("SELECT public.look()") == 0
    alice.execute("SET ROLE bob; SELECT cdb_api_key_revoke(%s)", id)
    assert listed(db) == []


def test_renamed_role(db: Database, alice: Database, program: Database) -> None:
    """Its number and what its password is checked by stay."""
    db.execute("ALTER ROLE alice PASSWORD 'secret'")
    id = add(alice)
    db.execute("ALTER ROLE alice RENAME TO alicia")
    try:
        assert sealed(program, id)[0][0] == "alicia"
        assert db.rows("SELECT id::text, role_name FROM cdb_api_keys()") == [(id, "alicia")]
        # The first use makes the new name the one that is known: then the password may get another form, too.
        renamed = Database(db.server, db.name, "alicia")
        assert renamed.value("SELECT connector.api_key_used(%s)", id) is True
        db.execute("ALTER ROLE alicia PASSWORD 'secret'")
        assert listed(renamed) == [id] and sealed(program, id)[0][0] == "alicia"
        renamed.close()
    finally:
        db.execute("ALTER ROLE alicia RENAME TO alice")


def test_dropped_role_and_a_number_that_is_another_ones(db: Database, alice: Database, bob: Database, program: Database) -> None:
    doomed = db.create_role("doomed")
    db.execute("ALTER ROLE doomed PASSWORD 'one'; ALTER ROLE alice PASSWORD 'other'")
    id, second = add(doomed), add(doomed)
    doomed.close()
    db.drop_role("doomed")
    for owner in ("0", "'alice'::regrole", "'bob'::regrole"):  # bob has no password
        db.execute(f"UPDATE connector.api_key SET owner = {owner} WHERE id = %s", id)
        for role in (alice, bob, db):
            assert listed(role) == []
            assert role.value("SELECT connector.api_key_used(%s)", id) is False
            with fails(number=1502):
                role.execute("SELECT cdb_api_key_revoke(%s)", id)
        assert sealed(program, id) == []
    # They count for nobody, and the next key that is added removes them.
    db.execute("UPDATE connector.api_key SET owner = 'alice'::regrole WHERE id = %s", second)
    added = add(alice)
    assert db.rows("SELECT id::text FROM connector.api_key") == [(added,)]


def test_a_role_that_takes_the_number(workspace: Workspace) -> None:
    """In truth: the next role that is made gets the number of one that was dropped."""
    with Postgres(workspace, stage=staged(workspace)) as server:
        server.create_database("numbers")
        with Database(server, "numbers") as db:
            db.execute("CREATE EXTENSION connector; CREATE ROLE old LOGIN PASSWORD 'old'")
            number = db.value("SELECT 'old'::regrole::oid::bigint")
            with Database(server, "numbers", "old") as old:
                id = add(old)
            db.execute("DROP ROLE old")
            db.execute("VACUUM pg_authid")  # as long as the row is anywhere, the number is not given away
        server.stop()
        run_to_end(
            [server.program("pg_resetwal"), "--next-oid", str(number), "-D", str(server.data)],
            log=server.log, account=server.account, env=server.environment(),
        )  # fmt: skip
        server.start()
        with Database(server, "numbers") as db:
            db.execute("CREATE ROLE new LOGIN PASSWORD 'new'")
            assert db.value("SELECT 'new'::regrole::oid::bigint") == number
            with Database(server, "numbers", "new") as new:
                assert listed(new) == [] and new.value("SELECT connector.api_key_used(%s)", id) is False
                assert db.rows("SELECT * FROM connector.sealed_api_key(%s)", id) == []
            db.execute("CALL cdb_run_due_syncs()")
            assert db.value("SELECT count(*) FROM connector.api_key") == 0


def test_read_only(alice: Database) -> None:
    id = add(alice)
    alice.execute("BEGIN READ ONLY")
    assert alice.value("SELECT connector.api_key_used(%s)", id) is True
    assert alice.value("SELECT last_used_at FROM cdb_api_keys()") is None
    for call in (f"connector.add_api_key('{NEVER}', '', sha256(''), 'x', NULL)", f"cdb_api_key_revoke('{id}')"):
        with fails("read-only transaction", sqlstate="25006"):
            alice.execute(f"SELECT {call}")
        alice.execute("ROLLBACK; BEGIN READ ONLY")
    alice.execute("COMMIT")


def test_standby(workspace: Workspace) -> None:
    """There keys can be used, and nothing of it is written."""
    with Postgres(workspace, stage=staged(workspace), settings={"wal_level": "replica"}) as server:
        server.create_database("keys")
        with Database(server, "keys") as db:
            db.execute("CREATE EXTENSION connector; CREATE ROLE alice LOGIN")
            with Database(server, "keys", "alice") as alice:
                id = add(alice)
        with Standby(workspace, server, stage=staged(workspace)) as standby, Database(standby, "keys") as db:
            standby.catch_up()
            assert sealed(db, id) != []
            with Database(standby, "keys", "alice") as alice:
                assert alice.value("SELECT connector.api_key_used(%s)", id) is True
                assert listed(alice) == [id]
                for call in (f"connector.add_api_key('{NEVER}', '', sha256(''), 'x', NULL)", f"cdb_api_key_revoke('{id}')"):
                    with fails("read-only transaction", sqlstate="25006"):
                        alice.execute(f"SELECT {call}")


def test_notification(db: Database, alice: Database) -> None:
    """When the transaction that revokes a key commits, all are told; not if it is rolled back."""
    id, other = add(alice), add(alice)
    db.execute("LISTEN connector")
    alice.execute("BEGIN; SELECT cdb_api_key_revoke(%s)", other)
    alice.execute("ROLLBACK; BEGIN; SELECT cdb_api_key_revoke(%s)", id)
    db.execute("SELECT 1")
    assert db.connection.notifies == []
    alice.execute("COMMIT")

    def told() -> bool:
        db.connection.poll()
        return bool(db.connection.notifies)

    wait_until(told, limit=60, what="the notification")
    assert [json.loads(told.payload) for told in db.connection.notifies] == [{"kind": "api_key", "id": id, "state": "revoked"}]
    db.execute("UNLISTEN connector")
    del db.connection.notifies[:]


def test_use_waits_for_nobody(db: Database, alice: Database) -> None:
    """And writes once in a minute."""
    id = add(alice)
    with alice.another() as other:
        other.execute("BEGIN; SELECT cdb_api_key_revoke(%s)", id)
        assert alice.value("SELECT connector.api_key_used(%s)", id) is True
        other.execute("ROLLBACK")
        assert alice.value("SELECT last_used_at FROM cdb_api_keys()") is None
        # Both at once under REPEATABLE READ: the one that comes later leaves it.
        other.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        assert alice.value("SELECT connector.api_key_used(%s)", id) is True
        assert other.value("SELECT connector.api_key_used(%s)", id) is True
        other.execute("COMMIT")
    # What is on record for this minute is not written again: the minute may be another one meanwhile, but not each time.
    db.execute("UPDATE connector.api_key SET last_used_at = date_trunc('minute', now()) + interval '1 hour'")
    before = db.value("SELECT ctid::text FROM connector.api_key")
    for _ in range(50):
        assert alice.value("SELECT connector.api_key_used(%s)", id) is True
    assert db.value("SELECT ctid::text FROM connector.api_key") == before
    db.execute("UPDATE connector.api_key SET last_used_at = last_used_at - interval '2 hours'")
    assert alice.value("SELECT connector.api_key_used(%s)", id) is True
    assert db.value("SELECT last_used_at > now() - interval '2 minutes' FROM connector.api_key")


def test_many_sessions_use_a_key_at_once(db: Database, alice: Database) -> None:
    id = add(alice)
    query = (
        "DO $$ BEGIN FOR i IN 1 .. 200 LOOP IF connector.api_key_used('{0}') IS NOT TRUE THEN RAISE 'not used'; END IF; COMMIT; "
        "END LOOP; END $$"
    ).format(id)
    with ExitStack() as stack:
        jobs = [stack.enter_context(alice.in_background(query)) for _ in range(4)]
        while any(job.running() for job in jobs):
            db.execute("UPDATE connector.api_key SET last_used_at = NULL")
        for job in jobs:
            job.result()
    assert alice.value("SELECT connector.api_key_used(%s)", id) is True
    assert db.value("SELECT count(*) FROM connector.api_key WHERE last_used_at IS NOT NULL") == 1


def test_expired_key_that_is_in_use_is_left(db: Database, alice: Database) -> None:
    id = add(alice, expires="1 hour")
    with db.another() as other:
        expire(db, id)
        other.execute("BEGIN; SELECT FROM connector.api_key WHERE id = %s FOR UPDATE", id)
        added = add(alice)
        assert listed(alice) == [added, id]
        other.execute("ROLLBACK")


def test_no_part_of_a_dump(db: Database, alice: Database) -> None:
    add(alice, "not to be dumped")
    dump = subprocess.run(
        [db.server.program("pg_dump"), "--inserts"], env=db.server.client_environment(db.name), capture_output=True, check=True
    ).stdout
    assert b"CREATE EXTENSION" in dump
    assert b"not to be dumped" not in dump and b"api_key" not in dump and SEALED.hex().encode() not in dump
