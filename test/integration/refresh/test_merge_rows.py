"""What a merge finds to be different, and what it does beside others: keys, limits, other sessions, surroundings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.refreshing import Refreshed, assert_nothing_left, counts
from harness.skipping import needs_icu
from harness.syncs import Syncs

from servers.process import wait_until
from servers.remote import Remote


@pytest.fixture
def source(postgres15: Remote, db: Database) -> Iterator[Remote]:
    postgres15.server.start()
    yield postgres15
    Syncs(db).clean()
    postgres15.execute("DROP TABLE IF EXISTS item")


def items(db: Database, source: Remote, definitions: str, *rows: str, key: str | list[str] = "id", **connector: object) -> Refreshed:
    source.execute(f"CREATE TABLE item ({definitions})")
    source.execute("INSERT INTO item VALUES " + ", ".join(f"({row})" for row in rows))
    return Refreshed(db, source.connector(table="item", **connector), mode="merge", key=key)


EQUAL = {
    "numeric": ("1.0", "1.00"),
    "double precision": ("'0'", "'-0'"),
    "public.citext": ("'web'", "'WEB'"),
    "text": ("'a'", "'b'"),
    "interval": ("'1 day'", "'24 hours'"),
    "jsonb": ("'1.0'", "'1.00'"),
    "timestamptz": ("'2024-01-01 00:00+00'", "'2024-01-01 00:00:00.000001+00'"),
    "numeric(5,2)[]": ("'{1}'", "'[2:2]={1}'"),
}


@pytest.mark.parametrize("kind", EQUAL)
def test_keys_that_are_equal_but_not_the_same(db: Database, source: Remote, kind: str) -> None:
    """They are taken over, and no row is deleted or inserted for that; keys that differ are."""
    db.execute("CREATE EXTENSION IF NOT EXISTS citext")
    remote_kind = "text" if "citext" in kind else kind
    before, after = EQUAL[kind]
    sync = items(db, source, f"id {remote_kind} PRIMARY KEY, n int", f"{before}, 1", columns={"id": kind, "n": None})
    db.execute("ALTER TABLE item ADD COLUMN own int; UPDATE item SET own = 1")
    same = db.value(f"SELECT CAST({before} AS {kind}) = CAST({after} AS {kind})")
    source.execute(f"UPDATE item SET id = {after}")
    assert counts(sync.run("merge")) == ((0, 1, 0) if same else (1, 0, 1))
    assert db.rows("SELECT id::text, own FROM item") == [(shown, 1 if same else None) for (shown,) in source.rows("SELECT id::text FROM item")]
    assert counts(sync.run("merge")) == (0, 0, 0)


@needs_icu
def test_key_under_a_collation_that_ignores_case(db: Database, source: Remote) -> None:
    """Equality of keys is that of the column here."""
    db.execute("CREATE COLLATION IF NOT EXISTS any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    sync = items(db, source, "id text, n int", "'a', 1", "'b', 2")
    db.execute("ALTER TABLE item ALTER id TYPE text COLLATE any_case, ADD PRIMARY KEY (id), ADD COLUMN own int; UPDATE item SET own = n")
    source.execute("UPDATE item SET id = upper(id)")
    assert counts(sync.run("merge")) == (0, 2, 0)
    assert db.rows("SELECT id, own FROM item ORDER BY own") == [("A", 1), ("B", 2)]
    source.execute("INSERT INTO item VALUES ('a', 3)")
    sync.fail(2001, "the same values twice")


@pytest.mark.parametrize("way", ["merge", "replace"])
def test_a_run_that_was_cut_deletes_nothing(db: Database, source: Remote, way: str) -> None:
    """Rows that were not read are no reason to."""
    source.execute("CREATE TABLE item (id int PRIMARY KEY, word text)", "INSERT INTO item SELECT i, 'word' FROM generate_series(1, 5) i")
    sync = Refreshed(db, source.connector(table="item", max_rows=5), **({"mode": "merge", "key": "id"} if way == "merge" else {}))
    db.execute("CREATE TABLE note (id int REFERENCES item ON DELETE CASCADE); INSERT INTO note VALUES (5)")
    source.execute("UPDATE item SET word = 'new' WHERE id = 1", "INSERT INTO item VALUES (0, 'zero')", "CLUSTER item USING item_pkey")
    run = sync.run("merge")
    assert run["deleted"] == 0 and run["warnings"]["max_rows_per_connection"] == 5
    assert db.value("SELECT count(*) FROM item WHERE id = 5") == 1 and db.rows("SELECT id FROM note") == [(5,)]
    source.execute("DELETE FROM item WHERE id IN (0, 5)")
    assert sync.run("merge")["deleted"] > 0
    assert db.rows("SELECT id, word FROM item ORDER BY id") == source.rows("SELECT id, word FROM item ORDER BY id")


def test_rows_here_that_share_a_key(db: Database, source: Remote) -> None:
    """One of them is the source's row; others, and those without a key, go."""
    sync = items(db, source, "a int, b text, n int", "1, 'x', 1", "2, 'y', 2", "3, 'z', 3", key=["a", "b"])
    db.execute("INSERT INTO item VALUES (1, 'x', 1), (1, 'x', 7), (2, 'y', 7), (NULL, 'y', 2), (2, NULL, 2), (4, 'x', 1), (4, 'x', 1)")
    assert counts(sync.run("merge")) == (0, 0, 7)
    assert db.rows("SELECT * FROM item ORDER BY a") == [(1, "x", 1), (2, "y", 2), (3, "z", 3)]
    assert counts(sync.run("merge")) == (0, 0, 0)


def test_foreign_rows_that_share_a_key(db: Database, source: Remote) -> None:
    """There a row has no address that a statement could use."""
    sync = items(db, source, "id int, n int", "1, 1", "2, 2")
    db.execute("CREATE EXTENSION IF NOT EXISTS postgres_fdw")
    db.execute(f"CREATE SERVER back FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{db.server.folder}', port '{db.server.port}', dbname '{db.name}')")
    db.execute("CREATE USER MAPPING FOR postgres SERVER back OPTIONS (user 'postgres')")
    db.execute("ALTER TABLE item RENAME TO behind; CREATE FOREIGN TABLE item (id int, n int) SERVER back OPTIONS (table_name 'behind')")
    db.execute("UPDATE connector.sync SET relation = 'item'::regclass; INSERT INTO behind VALUES (1, 1), (1, 5), (NULL, 3), (9, 9)")
    source.execute("UPDATE item SET n = 20 WHERE id = 2", "INSERT INTO item VALUES (3, 3)")
    assert counts(sync.run("merge")) == (2, 1, 5)
    assert db.rows("SELECT * FROM item ORDER BY id") == [(1, 1), (2, 20), (3, 3)]
    assert counts(sync.run("merge")) == (0, 0, 0)
    db.execute("DROP FOREIGN TABLE item; DROP TABLE behind; DROP SERVER back CASCADE; DROP EXTENSION postgres_fdw")


def test_partitions_by_row(db: Database, source: Remote) -> None:
    """Rows of several partitions have the same address; one moves to another partition."""
    sync = items(db, source, "id int, part int, n int", *(f"{i}, {i % 3}, {i}" for i in range(1, 31)))
    db.execute("ALTER TABLE item RENAME TO plain; CREATE TABLE item (id int, part int, n int) PARTITION BY LIST (part)")
    for part in range(3):
        db.execute(f"CREATE TABLE item{part} PARTITION OF item FOR VALUES IN ({part})")
    db.execute("INSERT INTO item SELECT * FROM plain; UPDATE connector.sync SET relation = 'item'::regclass; DROP TABLE plain")
    source.execute("UPDATE item SET part = 2 WHERE id IN (3, 4)", "UPDATE item SET n = -n WHERE id > 25", "DELETE FROM item WHERE id = 1", "INSERT INTO item VALUES (31, 0, 31)")
    assert counts(sync.run("merge")) == (1, 7, 1)
    assert db.rows("SELECT * FROM item ORDER BY id") == source.rows("SELECT * FROM item ORDER BY id")
    db.execute("INSERT INTO item VALUES (5, 0, 5), (5, 1, 5)")
    assert sync.run("merge")["deleted"] == 2
    assert db.rows("SELECT * FROM item ORDER BY id") == source.rows("SELECT * FROM item ORDER BY id")


def test_only_columns_that_differ_are_set(db: Database, source: Remote) -> None:
    """A trigger for the update of a column fires when it is updated."""
    sync = items(db, source, "id int PRIMARY KEY, a int, b int", "1, 1, 1", "2, 2, 2")
    db.execute(
        "CREATE TABLE log (what text); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO public.log VALUES (TG_ARGV[0]); RETURN NEW; END $$;"
        "CREATE TRIGGER a BEFORE UPDATE OF a ON item FOR EACH ROW EXECUTE FUNCTION note('a');"
        "CREATE TRIGGER b BEFORE UPDATE OF b, id ON item FOR EACH ROW EXECUTE FUNCTION note('b')"
    )
    source.execute("UPDATE item SET a = 5 WHERE id = 1")
    assert counts(sync.run("merge")) == (0, 1, 0)
    assert db.rows("SELECT what FROM log") == [("a",)]
    db.execute("DROP FUNCTION note CASCADE")


@pytest.mark.parametrize("indexed", [True, False])
def test_rows_that_others_change_meanwhile(db: Database, source: Remote, indexed: bool) -> None:
    """The run waits for them; what comes out is put right by the next one, and no row is there twice."""
    sync = items(db, source, "id int PRIMARY KEY, n int", *(f"{i}, {i}" for i in range(1, 9)))
    if not indexed:
        db.execute("ALTER TABLE item DROP CONSTRAINT item_pkey")
    source.execute("UPDATE item SET n = 100 + id WHERE id <= 4", "DELETE FROM item WHERE id IN (5, 6)", "INSERT INTO item VALUES (20, 20)")
    with db.another() as other:
        other.execute("BEGIN; UPDATE item SET n = -1 WHERE id IN (1, 5, 7); UPDATE item SET id = 30 WHERE id = 2; DELETE FROM item WHERE id IN (3, 6)")
        with db.in_background("SELECT cdb_sync_now(%s, true)", sync.id) as job:
            wait_until(lambda: bool(db.rows("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", job.pid)), what="the wait for a row")
            other.execute("INSERT INTO item VALUES (21, 21); COMMIT")
            job.result()
    assert Syncs(db).status(sync.id)["state"] == "success", Syncs(db).status(sync.id)["error_message"]
    sync.run("merge")
    assert db.rows("SELECT id, n FROM item ORDER BY id") == source.rows("SELECT id, n FROM item ORDER BY id")


def test_snapshots_that_are_too_old(db: Database, source: Remote) -> None:
    """Under REPEATABLE READ the conflict is PostgreSQL's own."""
    sync = items(db, source, "id int PRIMARY KEY, n int", "1, 1", "2, 2")
    source.execute("UPDATE item SET n = 3")
    with db.another() as caller:
        caller.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM item")
        db.execute("UPDATE item SET n = 4 WHERE id = 1")
        status = Syncs(caller).now(sync.id, wait=True)
        assert status["state"] == "failure"
        assert "could not serialize" in Syncs(caller).status(sync.id)["error_message"]
        caller.execute("ROLLBACK")
    assert counts(sync.run("merge")) == (0, 2, 0)


def test_without_the_right_to_temporary_tables(db: Database, source: Remote, etl: Database) -> None:
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.1'")
    source.execute("CREATE TABLE item (id int PRIMARY KEY)", "INSERT INTO item VALUES (1)")
    sync = Refreshed(etl, source.connector(table="item"), mode="merge", key="id")
    db.execute(f"REVOKE TEMPORARY ON DATABASE {db.name} FROM PUBLIC")
    row = sync.attempt()
    assert (row["state"], row["rows"]) == ("failure", 0), "nothing is read first"
    assert "temporary tables" in row["error_message"] and "GRANT TEMPORARY ON DATABASE" in row["error_hint"]
    db.execute(f"GRANT TEMPORARY ON DATABASE {db.name} TO PUBLIC")
    sync.run("merge")
    Syncs(db).clean()


def test_event_triggers_have_no_say_in_our_own_tables(db: Database, source: Remote) -> None:
    """Those that forbid or change tables are for the user's."""
    sync = items(db, source, "id int PRIMARY KEY, n int", "1, 1", "2, 2")
    db.execute(
        "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not here'; END $$;"
        "CREATE EVENT TRIGGER a ON ddl_command_start EXECUTE FUNCTION refuse();"
        "CREATE EVENT TRIGGER b ON sql_drop EXECUTE FUNCTION refuse()"
    )
    try:
        source.execute("UPDATE item SET n = 5 WHERE id = 1")
        assert counts(sync.run("merge")) == (0, 1, 0)
        assert_nothing_left(db)
    finally:
        db.execute("DROP EVENT TRIGGER a; DROP EVENT TRIGGER b; DROP FUNCTION refuse")


def test_several_runs_in_one_transaction(db: Database, source: Remote) -> None:
    """Each leaves no temporary table behind; such a transaction can't be prepared, as PostgreSQL says."""
    sync = items(db, source, "id int PRIMARY KEY, n int", "1, 1")
    db.execute("BEGIN")
    for n in (2, 3):
        source.execute(f"UPDATE item SET n = {n}")
        assert counts(sync.run("merge")) == (0, 1, 0)
        assert_nothing_left(db)
    db.execute("COMMIT")
    assert db.rows("SELECT * FROM item") == [(1, 3)]


@pytest.mark.parametrize("named", [True, False])
def test_no_sync_of_a_temporary_table(db: Database, source: Remote, named: bool) -> None:
    """Other sessions, which run it, have no such schema."""
    source.execute("CREATE TABLE item (id int PRIMARY KEY)")
    db.execute("CREATE TEMPORARY TABLE other (a int)")
    schema = db.value("SELECT pg_my_temp_schema()::regnamespace::text")
    db.execute(f"SET search_path = {'public' if named else schema}, pg_catalog, public")
    with pytest.raises(Exception, match="can't fill a temporary table"):
        Syncs(db).create(source.connector(table="item", **({"target_schema": schema} if named else {})))
    db.execute("DROP TABLE other; RESET search_path")
