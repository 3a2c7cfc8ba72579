"""cdb_imports() and cdb_syncs(): what they tell, whom, in which order, and a page at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from harness.database import Database
from harness.errors import fails
from harness.syncs import NEVER, Syncs, person

REQUEST = json.dumps(
    {"provider": "mysql", "table": "t", "connection": {"server": "127.0.0.1", "port": 1, "username": "u", "password": "p"}}
)


@pytest.fixture(autouse=True)
def clean(db: Database) -> Iterator[None]:
    yield
    Syncs(db).clean()


@pytest.fixture
def alice(db: Database) -> Iterator[Database]:
    yield from person(db, "alice")


@pytest.fixture
def bob(db: Database) -> Iterator[Database]:
    yield from person(db, "bob")


def new_import(role: Database) -> str:
    id = role.value("SELECT connector.import_without_source()")
    assert isinstance(id, str)
    return id


def new_sync(role: Database, name: str) -> str:
    id = role.value("SELECT cdb_sync_connector(%s, '1 hour', %s) ->> 'id'", REQUEST, name)
    assert isinstance(id, str)
    return id


def listed(role: Database, call: str, *args: object) -> list[dict[str, Any]]:
    return [found for (found,) in role.rows(f"SELECT * FROM {call}", *args)]


def ids(role: Database, call: str, *args: object) -> list[str]:
    return [found["id"] for found in listed(role, call, *args)]


def test_objects_are_those_of_the_single_calls(alice: Database) -> None:
    imports = [new_import(alice) for _ in range(3)]
    assert listed(alice, "cdb_imports()") == [alice.value("SELECT cdb_import_status(%s)", id) for id in reversed(imports)]
    syncs = [new_sync(alice, name) for name in ("a", "b", "c")]
    assert listed(alice, "cdb_syncs()") == [alice.value("SELECT cdb_sync_status(%s::uuid)", id) for id in reversed(syncs)]
    # The text is the same, too, and a set may be asked for in the list of columns.
    assert alice.rows("SELECT cdb_syncs()::text") == [
        row for id in reversed(syncs) for row in alice.rows("SELECT cdb_sync_status(%s::uuid)::text", id)
    ]
    # The first runs of syncs are imports.
    assert {found["synchronization_id"] for found in listed(alice, "cdb_imports(3)")} == set(syncs)


def test_pages(alice: Database) -> None:
    """One that comes while pages are turned moves nothing."""
    for call, make in (("cdb_imports", new_import), ("cdb_syncs", lambda role: new_sync(role, f"n{len(made)}"))):
        made: list[str] = []
        for _ in range(5):
            made.append(make(alice))
        assert ids(alice, f"{call}(2)") == [made[4], made[3]]
        made.append(make(alice))
        assert ids(alice, f"{call}(2, %s::uuid)", made[3]) == [made[2], made[1]]
        assert ids(alice, f"{call}(2, %s::uuid)", made[1]) == [made[0]]
        assert ids(alice, f"{call}(2, %s::uuid)", made[0]) == []
        assert ids(alice, f"{call}(NULL)") == made[::-1]
        assert ids(alice, f"{call}(2147483647, before => %s::uuid)", made[4]) == made[3::-1]


def test_syncs_of_the_same_moment_have_an_order(db: Database, alice: Database) -> None:
    made = {new_sync(alice, f"s{n}") for n in range(6)}
    db.execute("UPDATE connector.sync SET created_at = '2026-01-01'")
    seen: list[str] = []
    while page := ids(alice, "cdb_syncs(2, %s::uuid)", seen[-1] if seen else None):
        seen += page
    assert len(seen) == 6 and set(seen) == made


def test_unfinished(db: Database, alice: Database) -> None:
    """Those that wait or run, if they were asked for in the last 24 hours."""
    new_import(alice)
    for name in ("waits", "runs", "old", "done"):
        new_sync(alice, name)
    assert len(listed(alice, "cdb_imports(unfinished => true)")) == 4
    by_name = dict(alice.rows("SELECT name, item_queue_id::text FROM connector.syncs"))
    db.execute("UPDATE connector.import SET state = 'uploading' WHERE item_queue_id = %s", by_name["runs"])
    db.execute("UPDATE connector.import SET created_at = now() - interval '25 hours' WHERE item_queue_id = %s", by_name["old"])
    db.execute("UPDATE connector.import SET state = 'complete', ended_at = now() WHERE item_queue_id = %s", by_name["done"])
    assert ids(alice, "cdb_imports(unfinished => true)") == [by_name["runs"], by_name["waits"]]
    assert ids(alice, "cdb_imports(1, unfinished => true)") == [by_name["runs"]]
    assert ids(alice, "cdb_imports(1, %s::uuid, true)", by_name["runs"]) == [by_name["waits"]]
    assert len(listed(alice, "cdb_imports()")) == 5


def test_whose(db: Database, alice: Database, bob: Database) -> None:
    """One's own and those of roles one is a member of; members of pg_read_all_stats all: as in the views."""
    imports = {role.role: new_import(role) for role in (alice, bob)}
    syncs = {role.role: new_sync(role, "s") for role in (alice, bob)}
    first_runs = dict(db.rows("SELECT role_name, item_queue_id::text FROM connector.syncs"))
    for role in (alice, bob):
        assert ids(role, "cdb_imports()") == [first_runs[role.role], imports[role.role]]
        assert ids(role, "cdb_syncs()") == [syncs[role.role]]
    for call, other in (("cdb_imports", imports["bob"]), ("cdb_syncs", syncs["bob"])):
        with fails(f"id {other}", number=1502, detail="belong to another role"):
            listed(alice, f"{call}(10, %s::uuid)", other)
        with fails(f"id {NEVER}", number=1502):
            listed(alice, f"{call}(10, %s::uuid)", NEVER)
    db.execute("GRANT bob TO alice")
    assert ids(alice, "cdb_syncs()") == [syncs["bob"], syncs["alice"]]
    assert ids(alice, "cdb_imports(2, %s::uuid)", first_runs["alice"]) == [imports["bob"], imports["alice"]]
    db.execute("REVOKE bob FROM alice")
    assert ids(alice, "cdb_syncs()") == [syncs["alice"]]
    db.execute("GRANT pg_read_all_stats TO alice")
    assert len(ids(alice, "cdb_imports()")) == 4 and len(ids(alice, "cdb_syncs()")) == 2
    # Without the role's inheritance nothing is seen before SET ROLE, as in the view.
    db.execute("REVOKE pg_read_all_stats FROM alice; CREATE ROLE keeper; GRANT keeper TO alice; ALTER ROLE alice NOINHERIT")
    try:
        db.execute("UPDATE connector.sync SET owner = 'keeper'::regrole WHERE id = %s", syncs["bob"])
        for role in (alice, bob, db):
            assert set(ids(role, "cdb_syncs()")) == {id for (id,) in role.rows("SELECT id::text FROM connector.syncs")}
            assert set(ids(role, "cdb_imports()")) == {id for (id,) in role.rows("SELECT item_queue_id::text FROM connector.imports")}
    finally:
        db.execute("UPDATE connector.sync SET owner = 'bob'::regrole WHERE owner = 'keeper'::regrole; DROP ROLE keeper")


def test_of_a_dropped_role(db: Database, alice: Database) -> None:
    """Its imports are those of no role: who sees all sees them still."""
    doomed = db.create_role("doomed")
    left = new_import(doomed)
    doomed.close()
    db.drop_role("doomed")
    assert ids(db, "cdb_imports()") == [left]
    assert ids(alice, "cdb_imports()") == []


def test_wrong_arguments(alice: Database) -> None:
    for call in ("cdb_imports(0)", "cdb_imports(-1)", "cdb_syncs(0)", "cdb_syncs(-2147483648)"):
        with fails('"limit" must be at least 1', number=1502):
            listed(alice, call)
    with fails("unfinished must not be NULL", number=1502):
        listed(alice, "cdb_imports(unfinished => NULL)")


def test_empty_and_as_a_query_sees_it(alice: Database) -> None:
    assert listed(alice, "cdb_imports()") == [] and listed(alice, "cdb_syncs()") == []
    with alice.another() as other:
        alice.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        new_import(other)
        new_sync(other, "later")
        assert listed(alice, "cdb_imports()") == [] and listed(alice, "cdb_syncs()") == []
        alice.execute("COMMIT; BEGIN READ ONLY")
        assert len(listed(alice, "cdb_imports()")) == 2 and len(listed(alice, "cdb_syncs()")) == 1
        alice.execute("COMMIT")


def test_nobodys_path_counts(db: Database, alice: Database) -> None:
    """Functions and operators on the caller's path are not those of the lists."""
    made = new_sync(alice, "s")
    db.execute("CREATE SCHEMA trap AUTHORIZATION alice")
    alice.execute(
        "CREATE FUNCTION trap.no(uuid, uuid) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$; "
        "CREATE OPERATOR trap.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = trap.no); SET search_path = trap, pg_catalog, public"
    )
    assert ids(alice, "cdb_syncs()") == [made]
    assert len(ids(alice, "cdb_imports(before => NULL)")) == 1
    alice.execute("RESET search_path")
    db.execute("DROP SCHEMA trap CASCADE")


READ = "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint FROM pg_stat_xact_all_tables WHERE relid = %s::regclass"


def page_reads(role: Database, table: str, call: str, *args: object) -> tuple[list[str], int]:
    """The ids on a page, and how many rows of the table were read for it."""
    role.execute("BEGIN")
    before = role.value(READ, table)  # of earlier transactions, which are not told to others yet
    found = ids(role, call, *args)
    read = role.value(READ, table) - before
    role.execute("COMMIT")
    return found, read


def test_many_imports(db: Database, alice: Database, bob: Database) -> None:
    """A page of ten thousand reads by the indexes, and of no other role's."""
    db.execute(
        "INSERT INTO connector.import (item_queue_id, owner, provider, request, state, schema_name, target_table, server, source, "
        "started_at, ended_at) SELECT gen_random_uuid(), r.oid, 'mysql', '{}', 'complete', 'public', 't', 's', 't', now(), now() "
        "FROM generate_series(1, 10000), pg_roles r WHERE r.rolname IN ('alice', 'bob')"
    )
    db.execute("ANALYZE connector.import")
    newest = "SELECT item_queue_id::text FROM connector.import WHERE owner = 'alice'::regrole::oid ORDER BY id DESC"
    mine = [id for (id,) in db.rows(newest)]
    for before, expected in ((None, mine[:100]), (mine[4999], mine[5000:5100])):
        found, read = page_reads(alice, "connector.import", "cdb_imports(100, %s::uuid)", before)
        assert found == expected and 200 <= read < 500
        found, read = page_reads(alice, "connector.import", "cdb_imports(100, %s::uuid, true)", before)
        assert found == [] and read < 10
    assert ids(alice, "cdb_imports(NULL)") == mine


def test_many_syncs(db: Database, alice: Database) -> None:
    new_sync(alice, "s")
    columns = ", ".join(name for (name, *_) in db.columns("connector.sync") if name not in ("id", "created_at"))
    db.execute(
        f"INSERT INTO connector.sync (id, created_at, {columns}) SELECT gen_random_uuid(), created_at + n * interval '1 s', {columns} "
        "FROM connector.sync, generate_series(1, 10000) n"
    )
    db.execute("ANALYZE connector.sync")
    mine = [id for (id,) in db.rows("SELECT id::text FROM connector.sync ORDER BY created_at DESC")]
    for before, expected in ((None, mine[:100]), (mine[4999], mine[5000:5100])):
        found, read = page_reads(alice, "connector.sync", "cdb_syncs(100, %s::uuid)", before)
        assert found == expected and 200 <= read < 500
    assert ids(alice, "cdb_syncs()") == mine
