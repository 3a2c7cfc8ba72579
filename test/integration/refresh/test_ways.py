"""Which way a refresh goes, and refreshes through the executor: merge by key, DELETE and INSERT."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.refreshing import Refreshed, assert_nothing_left, check_integrity, counts
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.process import wait_until
from servers.remote import Remote

TABLE = "source"
ROWS = 300


@pytest.fixture(autouse=True)
def source(mysql_or_postgres: Remote, db: Database) -> Iterator[Remote]:
    with remote_rows(mysql_or_postgres, TABLE, ROWS):
        yield mysql_or_postgres
        Syncs(db).clean()


@pytest.fixture
def sync(db: Database, source: Remote) -> Refreshed:
    return Refreshed(db, source.connector(table=TABLE))


def change(remote: Remote) -> None:
    remote.execute(
        f"DELETE FROM {TABLE} WHERE id <= 10",
        f"UPDATE {TABLE} SET word = 'new' WHERE id BETWEEN 11 AND 30",
        f"INSERT INTO {TABLE} (id, word, amount) VALUES (1001, 'more', 1), (1002, NULL, NULL)",
    )


DIFFERENCE = (2, 20, 10)
EVERYTHING = (ROWS - 8, 0, ROWS)


def same(db: Database, remote: Remote, table: str = TABLE) -> bool:
    return db.rows(f"SELECT id, word, amount FROM {table} ORDER BY id") == [
        (id, word, amount) for id, word, amount in remote.rows(f"SELECT id, word, amount FROM {TABLE} ORDER BY id")
    ]


def expect(db: Database, remote: Remote, sync: Refreshed, mode: str, reason: str) -> None:
    change(remote)
    run = sync.run(mode)
    assert reason in (run["reason"] or ""), run
    assert counts(run) == (DIFFERENCE if mode == "merge" else EVERYTHING)
    assert same(db, remote, sync.table)
    assert_nothing_left(db)
    assert counts(sync.run(mode)) == ((0, 0, 0) if mode == "merge" else (ROWS - 8, 0, ROWS - 8))


def test_triggers(db: Database, source: Remote, sync: Refreshed) -> None:
    """They fire for what changes; disabled ones don't matter."""
    db.execute("CREATE TABLE log (what text, id bigint)")
    db.execute(
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO public.log VALUES (TG_OP, COALESCE(NEW.id, OLD.id)); RETURN NULL; END $$"
    )
    db.execute(f"CREATE TRIGGER noting AFTER INSERT OR UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION note()")
    expect(db, source, sync, "merge", "triggers")
    assert db.rows("SELECT what, count(*) FROM log GROUP BY 1 ORDER BY 1") == [("DELETE", 10), ("INSERT", 2), ("UPDATE", 20)]
    db.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER noting")
    sync.run("swap")
    db.execute("DROP TABLE log; DROP FUNCTION note CASCADE")


def test_without_a_key(db: Database, source: Remote, sync: Refreshed) -> None:
    db.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_pkey")
    db.execute("CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$")
    db.execute(f"CREATE TRIGGER t BEFORE INSERT ON {TABLE} FOR EACH ROW EXECUTE FUNCTION nothing()")
    expect(db, source, sync, "delete and insert", "triggers")
    db.execute("DROP FUNCTION nothing CASCADE")


def test_own_key(db: Database, source: Remote, sync: Refreshed) -> None:
    """A primary key that the user added tells nothing of the source's rows."""
    db.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_pkey, ADD COLUMN own serial PRIMARY KEY")
    db.execute("CREATE TABLE child (own int)")
    db.execute(f"CREATE PUBLICATION p FOR TABLE {TABLE}")
    expect(db, source, sync, "delete and insert", "publication")
    assert db.value(f"SELECT count(DISTINCT own) FROM {TABLE}") == ROWS - 8
    db.execute("DROP PUBLICATION p; DROP TABLE child")


def test_foreign_keys(db: Database, source: Remote, sync: Refreshed) -> None:
    """Both ways. Rows that others refer to can't go, and their own references must hold."""
    db.execute(f"CREATE TABLE child (id bigint REFERENCES {TABLE}); INSERT INTO child VALUES (100)")
    expect(db, source, sync, "merge", "foreign keys")
    source.execute(f"DELETE FROM {TABLE} WHERE id = 100")
    sync.fail(2001, "child")
    db.execute("DELETE FROM child")
    sync.run("merge")
    db.execute("DROP TABLE child")
    db.execute(f"CREATE TABLE words (word text PRIMARY KEY); INSERT INTO words SELECT DISTINCT word FROM {TABLE} WHERE word IS NOT NULL")
    db.execute(f"ALTER TABLE {TABLE} ADD FOREIGN KEY (word) REFERENCES words DEFERRABLE INITIALLY DEFERRED")
    sync.run("merge")
    source.execute(f"UPDATE {TABLE} SET word = 'unknown' WHERE id = 50")
    with pytest.raises(Exception, match="foreign key"):  # at the commit
        sync.run()
    db.execute("INSERT INTO words VALUES ('unknown')")
    sync.run("merge")
    db.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_word_fkey; DROP TABLE words")


def test_publications(db: Database, source: Remote, sync: Refreshed) -> None:
    for publication in (f"FOR TABLE {TABLE}", "FOR ALL TABLES", "FOR TABLES IN SCHEMA public"):
        db.execute(f"CREATE PUBLICATION p {publication}")
        assert "publication" in sync.run("merge")["reason"]
        db.execute("DROP PUBLICATION p")
    sync.run("swap")
    db.execute(f"CREATE PUBLICATION p FOR TABLE {TABLE}")
    expect(db, source, sync, "merge", "publication")
    db.execute("DROP PUBLICATION p")


def test_publication_of_rows_that_cannot_be_told_apart(db: Database, source: Remote, sync: Refreshed) -> None:
    """PostgreSQL deletes no such rows: that is said before any is read."""
    db.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_pkey; CREATE PUBLICATION p FOR ALL TABLES")
    assert sync.fail(2001, "replica identity", "REPLICA IDENTITY FULL")["rows"] == 0
    db.execute("ALTER PUBLICATION p SET (publish = 'insert')")
    sync.run("delete and insert")
    db.execute(f"ALTER PUBLICATION p SET (publish = 'insert, delete'); ALTER TABLE {TABLE} REPLICA IDENTITY FULL")
    sync.run("delete and insert")
    db.execute("DROP PUBLICATION p")


def test_partitions(db: Database, source: Remote, sync: Refreshed) -> None:
    """The table of the sync becomes a partition, or is replaced by a partitioned one under its name."""
    db.execute(f"CREATE TABLE whole (LIKE {TABLE} INCLUDING ALL) PARTITION BY RANGE (id)")
    db.execute(f"ALTER TABLE whole ATTACH PARTITION {TABLE} FOR VALUES FROM (0) TO (2000)")
    expect(db, source, sync, "merge", "partition")
    source.execute(f"INSERT INTO {TABLE} (id) VALUES (5000)")
    sync.fail(2001, "partition")


def test_partitioned_table(db: Database, source: Remote) -> None:
    db.execute(f"CREATE TABLE {TABLE} (id bigint, word varchar(20), amount numeric(12,2)) PARTITION BY LIST ((id % 3))")
    for part in range(3):
        db.execute(f"CREATE TABLE part{part} PARTITION OF {TABLE} FOR VALUES IN ({part})")
    source_sync = Refreshed(db, source.connector(table=TABLE, import_as="other"))
    db.execute("UPDATE connector.sync SET relation = %s::regclass", TABLE)
    db.execute(f"INSERT INTO {TABLE} SELECT * FROM other; DROP TABLE other")
    source_sync.table = TABLE
    expect(db, source, source_sync, "delete and insert", "partitioned")
    assert db.value("SELECT count(*) FROM part1 WHERE id % 3 = 1") > 50


def test_foreign_table(db: Database, source: Remote, sync: Refreshed) -> None:
    db.execute("CREATE EXTENSION IF NOT EXISTS postgres_fdw")
    db.execute(
        f"CREATE SERVER back FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{db.server.folder}', port '{db.server.port}', dbname '{db.name}')"
    )
    db.execute("CREATE USER MAPPING FOR postgres SERVER back OPTIONS (user 'postgres')")
    db.execute(f"ALTER TABLE {TABLE} RENAME TO behind")
    db.execute(
        f"CREATE FOREIGN TABLE {TABLE} (id bigint, word varchar(20), amount numeric(12,2)) SERVER back OPTIONS (table_name 'behind')"
    )
    db.execute("UPDATE connector.sync SET relation = %s::regclass", TABLE)
    expect(db, source, sync, "delete and insert", "foreign")
    db.execute(f"DROP FOREIGN TABLE {TABLE}; DROP TABLE behind; DROP SERVER back CASCADE; DROP EXTENSION postgres_fdw")


def test_row_security(db: Database, source: Remote, etl: Database) -> None:
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.1'")
    sync = Refreshed(etl, source.connector(table=TABLE))
    etl.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON {TABLE} USING (true) WITH CHECK (id < 2000)")
    sync.run("swap")
    etl.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
    expect(etl, source, sync, "merge", "row security")
    source.execute(f"INSERT INTO {TABLE} (id) VALUES (5000)")
    row = sync.attempt()
    assert row["state"] == "failure" and "row-level security" in row["error_message"]
    Syncs(db).clean()


def test_inheritance(db: Database, source: Remote, sync: Refreshed) -> None:
    """A child's rows are none of the sync's."""
    db.execute(f"CREATE TABLE kid () INHERITS ({TABLE}); INSERT INTO kid VALUES (7, 'kid', 0)")
    sync.run("swap")
    db.execute(f"CREATE PUBLICATION p FOR TABLE ONLY {TABLE}")
    for mode in ("merge", "delete and insert"):
        sync.run(mode)
        assert db.rows("SELECT id, word FROM kid") == [(7, "kid")]
        assert db.value(f"SELECT count(*) FROM ONLY {TABLE}") == ROWS
        db.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT IF EXISTS {TABLE}_pkey, REPLICA IDENTITY FULL")
    db.execute("DROP PUBLICATION p; DROP TABLE kid")


def test_merge(db: Database, source: Remote) -> None:
    """The mode of the request: only what differs is written."""
    sync = Refreshed(db, source.connector(table=TABLE), mode="merge", key=["id"])
    db.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_pkey, ADD COLUMN note text")
    db.execute(f"UPDATE {TABLE} SET note = 'mine'")
    change(source)
    before = db.rows(f"SELECT id, ctid FROM {TABLE} WHERE id BETWEEN 31 AND {ROWS} ORDER BY id")
    run = sync.run("merge")
    assert counts(run) == DIFFERENCE and run["rows"] == ROWS - 8 and not run["reason"]
    assert same(db, source)
    assert db.rows(f"SELECT id, ctid FROM {TABLE} WHERE id BETWEEN 31 AND {ROWS} ORDER BY id") == before, "not written"
    assert db.value(f"SELECT count(*) FROM {TABLE} WHERE note = 'mine'") == ROWS - 10, "what the user keeps beside stays"
    assert_nothing_left(db)
    check_integrity(db, TABLE)


def test_merge_keys(db: Database, source: Remote) -> None:
    name = source.quote("keyed")
    source.execute(f"DROP TABLE IF EXISTS {name}", f"CREATE TABLE {name} (a varchar(10), b int, c varchar(10))")
    source.execute(f"INSERT INTO {name} VALUES ('x', 1, 'one'), ('x', 2, 'two'), ('y', 1, 'three')")
    sync = Refreshed(db, source.connector(table="keyed"), mode="merge", key=["a", "b"])
    source.execute(f"UPDATE {name} SET c = 'other' WHERE b = 2", f"DELETE FROM {name} WHERE a = 'y'", f"INSERT INTO {name} VALUES ('z', 9, NULL)")
    assert counts(sync.run("merge")) == (1, 1, 1)
    assert db.rows("SELECT a, b, c FROM keyed ORDER BY a, b") == [("x", 1, "one"), ("x", 2, "other"), ("z", 9, None)]
    source.execute(f"INSERT INTO {name} VALUES ('x', 1, 'again')")
    sync.fail(2001, "(a, b)", "twice", "Key (a, b)=(x, 1)")
    source.execute(f"DELETE FROM {name} WHERE c = 'again'", f"INSERT INTO {name} VALUES ('x', NULL, 'none')")
    sync.fail(2001, "(a, b)", "NULL", "Key (a, b)=(x, null)")
    source.execute(f"DELETE FROM {name} WHERE b IS NULL")
    db.execute("INSERT INTO keyed VALUES (NULL, 1, 'stray')")
    assert counts(sync.run("merge")) == (0, 0, 1)
    source.drop("keyed")


def test_merge_compares_what_is_stored(db: Database, source: Remote) -> None:
    """Types without equality, and values that are equal but not the same."""
    text = "json" if source.provider == "mysql" else "jsonb"
    name = source.quote("forms")
    source.execute(f"DROP TABLE IF EXISTS {name}", f"CREATE TABLE {name} (id int PRIMARY KEY, document {text}, n varchar(10), d double precision)")
    source.execute(f"INSERT INTO {name} VALUES (1, '{{\"a\": 1}}', '1.0', 0.1), (2, NULL, NULL, NULL), (3, '[]', '2', 1e300)")
    connector = source.connector(table="forms", columns={"id": None, "document": "json", "n": "numeric", "d": None})
    sync = Refreshed(db, connector, mode="merge", key=["id"])
    assert counts(sync.run("merge")) == (0, 0, 0)
    source.execute(f"UPDATE {name} SET n = '1.00' WHERE id = 1", f"UPDATE {name} SET document = '[1]' WHERE id = 3")
    assert counts(sync.run("merge")) == (0, 2, 0)
    assert [str(n) for (n,) in db.rows("SELECT n FROM forms WHERE id = 1")] == ["1.00"]
    source.drop("forms")


def test_merge_without_a_key(db: Database, source: Remote) -> None:
    """The first run says so, before it makes a table."""
    syncs = Syncs(db)
    id = syncs.create({**source.connector(table=TABLE), "sync": {"mode": "merge", "key": ["nothing"]}})["id"]
    syncs.now(id, wait=True)
    status = syncs.status(id)
    assert status["error_code"] == 1502 and 'column "nothing" of the key' in status["error_message"]
    assert db.value("SELECT to_regclass(%s)", TABLE) is None


def test_merge_and_readers(db: Database, source: Remote) -> None:
    """A reader in the middle of a transaction keeps its version, and nobody waits."""
    sync = Refreshed(db, source.connector(table=TABLE), mode="merge", key=["id"])
    change(source)
    with db.another() as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        assert reader.value(f"SELECT count(*) FROM {TABLE}") == ROWS
        sync.run("merge")
        assert reader.value(f"SELECT count(*) FROM {TABLE}") == ROWS
        reader.execute("COMMIT")
        assert reader.value(f"SELECT count(*) FROM {TABLE}") == ROWS - 8


def test_dry_run_tells_the_way(db: Database, source: Remote, sync: Refreshed) -> None:
    connector = source.connector(table=TABLE)
    assert db.dry_run({**connector, "import_as": "nothing_yet"})["refresh"] is None
    assert db.dry_run(connector)["refresh"] == {"mode": "swap", "reason": None}
    assert db.dry_run({**connector, "sync": {"mode": "append", "cursor": "id"}})["refresh"]["mode"] == "append"
    db.execute(f"CREATE PUBLICATION p FOR TABLE {TABLE}")
    assert db.dry_run(connector)["refresh"] == {"mode": "merge", "reason": "the table is in a publication"}
    db.execute(f"DROP PUBLICATION p; ALTER TABLE {TABLE} SET SCHEMA information_schema")
    assert db.dry_run({**connector, "target_schema": "information_schema"})["refresh"]["mode"] == "swap"
    db.execute(f"ALTER TABLE information_schema.{TABLE} SET SCHEMA public")


def test_weak_lock(db: Database, source: Remote, sync: Refreshed) -> None:
    """Somebody alters the table for long: the wait can be cancelled, and ends with lock_timeout."""
    with db.another() as holder:
        holder.execute(f"BEGIN; LOCK TABLE {TABLE} IN SHARE UPDATE EXCLUSIVE MODE")
        db.execute("SET lock_timeout = '1500ms'")
        sync.fail(2001, "being changed or refreshed by others")
        db.execute("RESET lock_timeout")
        with db.in_background("SELECT cdb_sync_now(%s, true)", sync.id) as job:
            wait_until(
                lambda: bool(db.rows("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", job.pid)), what="the wait for the lock"
            )
            job.cancel()
            with pytest.raises(Exception, match="cancel"):
                job.result()
        holder.execute("COMMIT")
    sync.run("swap")


@pytest.mark.parametrize("mode", ["merge", "delete and insert"])
def test_owner_code_is_restricted(db: Database, source: Remote, etl: Database, mode: str) -> None:
    """Triggers of the owner that a superuser's session runs can't get at that session; the staging table can be made."""
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.1'")
    db.execute("SET connector.allowed_hosts = '127.0.0.1'")
    sync = Refreshed(etl, source.connector(table=TABLE))
    if mode == "delete and insert":
        etl.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_pkey")
    etl.execute("CREATE TABLE seen (who name, restricted boolean)")
    etl.execute(
        "CREATE FUNCTION probe() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE restricted boolean := false; BEGIN "
        "BEGIN CREATE TEMP TABLE trap (a int); DROP TABLE trap; EXCEPTION WHEN insufficient_privilege THEN restricted := true; END; "
        "INSERT INTO public.seen VALUES (current_user, restricted); RETURN NULL; END $$"
    )
    etl.execute(f"CREATE TRIGGER t AFTER INSERT OR DELETE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION probe()")
    change(source)
    sync.run(mode)
    assert etl.rows("SELECT DISTINCT who, restricted FROM seen") == [("etl", False)]
    etl.execute("DELETE FROM seen")
    source.execute(f"DELETE FROM {TABLE} WHERE id = 100")
    assert Syncs(db).now(sync.id, wait=True)["state"] == "success", Syncs(db).status(sync.id)["error_message"]
    assert etl.rows("SELECT DISTINCT who, restricted FROM seen") == [("etl", True)]
    assert_nothing_left(db)
    db.execute("RESET connector.allowed_hosts")
    Syncs(db).clean()
    db.execute("DROP FUNCTION probe CASCADE")
