"""A merge that compares the source's rows as they come: where it is done so, and that it finds what other merges find.

That rows were not staged is told by EXPLAIN of the call: by the pages of temporary tables that it made dirty.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2.errors
import pytest
from harness.database import Database
from harness.memory import assert_grown_less, private_memory
from harness.refreshing import Refreshed, assert_nothing_left, counts, stalled_run
from harness.syncs import Syncs

from servers.remote import Remote

MB = 1024 * 1024
ROWS = 20000
MERGE = {"mode": "merge"}
# Far fewer pages than that many rows need.
FEW_PAGES = 30


@pytest.fixture
def source(postgres15: Remote, db: Database) -> Iterator[Remote]:
    postgres15.server.start()
    yield postgres15
    Syncs(db).clean()
    postgres15.execute("DROP VIEW IF EXISTS seen", "DROP TABLE IF EXISTS item CASCADE")


def explained_run(sync: Refreshed) -> tuple[dict[str, Any], int]:
    """One run that succeeds by a merge, and how many pages of temporary tables it changed."""
    plan = sync.database.value("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT cdb_sync_now(%s, true)", sync.id)[0]["Plan"]
    row = sync.database.value("SELECT to_jsonb(r) FROM connector.runs r WHERE sync_id = %s ORDER BY started_at DESC LIMIT 1", sync.id)
    assert (row["state"], row["mode"]) == ("success", "merge"), row
    return row, int(plan["Local Dirtied Blocks"])


def assert_one_pass(sync: Refreshed, *expected: int) -> None:
    row, pages = explained_run(sync)
    assert counts(row) == expected
    assert pages < FEW_PAGES


def assert_staged(sync: Refreshed, *expected: int) -> None:
    row, pages = explained_run(sync)
    assert counts(row) == expected
    assert pages > FEW_PAGES


def assert_same(db: Database, source: Remote, columns: str = "*") -> None:
    contents = f"SELECT md5(string_agg(i::text, ';' ORDER BY i::text)) FROM (SELECT {columns} FROM item) i"
    assert db.rows(contents) == source.rows(contents)


# Types of a key, and its value for the number n. The order is that of n only for the first ones.
KEYS = {
    "smallint": "n - 10000",
    "integer": "n - 10000",
    "bigint": "n::bigint * 1000000007",
    "numeric": "n / 8.0 - 100",
    "double precision": "n / 8.0 - 100",
    "date": "date '1000-01-01' + n",
    "timestamp": "timestamp '2000-01-01' - n * interval '1 s'",
    "timestamptz": "timestamptz '2000-01-01' + n * interval '1 ms'",
    "uuid": "md5(n::text)::uuid",
    "bytea": "sha256(n::text::bytea)",
    'text COLLATE "C"': "chr(200 + n % 1000) || n",
}


@pytest.mark.parametrize("kind", KEYS)
def test_kinds_of_keys(db: Database, source: Remote, kind: str) -> None:
    source.execute(f"CREATE TABLE item (id {kind} PRIMARY KEY, n int, word text)")
    source.execute(f"INSERT INTO item SELECT {KEYS[kind]}, n, repeat('word ', 8) || n FROM generate_series(1, {ROWS}) n ORDER BY md5(n::text)")
    sync = Refreshed(db, source.connector(table="item"), mode="merge")
    if "COLLATE" in kind:  # imports make columns of the database's own collation
        assert_staged(sync, 0, 0, 0)
        db.execute('ALTER TABLE item ALTER id TYPE text COLLATE "C"')
    assert_one_pass(sync, 0, 0, 0)
    source.execute("UPDATE item SET word = 'changed' WHERE n % 1000 = 1", "DELETE FROM item WHERE n % 1000 = 2 OR n = 1")
    db.execute(f"DELETE FROM item WHERE n % 1000 = 3 OR n = {ROWS}")
    assert_one_pass(sync, 21, 19, 21)
    assert_same(db, source)


@pytest.mark.parametrize(("definitions", "one_pass"), [("id int PRIMARY KEY", True), ("id varchar(40) PRIMARY KEY", False)])
def test_providers(db: Database, mysql_or_postgres: Remote, definitions: str, one_pass: bool) -> None:
    """MySQL has to sort texts in files of its own, and is not asked to."""
    remote = mysql_or_postgres
    words = ", ".join(f"({n if 'int' in definitions else repr(str(n))}, '{'word ' * 20}{n}')" for n in range(3000))
    remote.execute("DROP TABLE IF EXISTS passed", f"CREATE TABLE passed ({definitions}, word varchar(200))", f"INSERT INTO passed VALUES {words}")
    try:
        sync = Refreshed(db, remote.connector(table="passed"), mode="merge")
        db.execute('ALTER TABLE passed ALTER id TYPE varchar(40) COLLATE "C"' if "varchar" in definitions else "SELECT 1")
        remote.execute("UPDATE passed SET word = 'changed' WHERE id = '77'", "DELETE FROM passed WHERE id = '78'")
        (assert_one_pass if one_pass or remote.provider == "postgres" else assert_staged)(sync, 0, 1, 1)
        assert db.rows("SELECT word FROM passed WHERE id IN ('77', '78')") == [("changed",)]
    finally:
        Syncs(db).clean()
        remote.execute("DROP TABLE passed")


def filled(source: Remote, definitions: str = "id int PRIMARY KEY, part int, word text") -> None:
    source.execute(f"CREATE TABLE item ({definitions})", f"INSERT INTO item SELECT n, n % 7, repeat('word ', 8) || n FROM generate_series(1, {ROWS}) n")


def test_a_key_in_another_order_than_the_sources(db: Database, source: Remote) -> None:
    filled(source, "id int, part int, word text, PRIMARY KEY (part, id)")
    sync = Refreshed(db, source.connector(table="item"), mode="merge", key=["id", "part"])
    source.execute("UPDATE item SET part = part + 1 WHERE id % 1000 = 0")
    assert_one_pass(sync, 20, 0, 20)
    assert_same(db, source)


def test_a_key_that_is_not_the_sources(db: Database, source: Remote) -> None:
    """The source would have to sort."""
    filled(source, "id int NOT NULL, part int, word text")
    sync = Refreshed(db, source.connector(table="item"), mode="merge", key="id")
    db.execute("CREATE UNIQUE INDEX ON item (id)")
    assert_staged(sync, 0, 0, 0)


def test_a_query(db: Database, source: Remote) -> None:
    filled(source)
    sync = Refreshed(db, source.connector(sql_query="SELECT * FROM item", import_as="item"), mode="merge", key="id")
    db.execute("CREATE UNIQUE INDEX ON item (id)")
    assert_staged(sync, 0, 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE item ALTER id TYPE bigint",
        "ALTER TABLE item ALTER word TYPE varchar(90)",
        "ALTER TABLE item DROP CONSTRAINT item_pkey",
        'ALTER TABLE item ALTER word TYPE text COLLATE "C"',
    ],
)
def test_a_table_that_was_altered_here(db: Database, source: Remote, change: str) -> None:
    """Of another type than the remote's, values of the key may have another order; the others are compared as they are."""
    filled(source)
    sync = Refreshed(db, source.connector(table="item"), mode="merge", key="id")
    db.execute(change)
    source.execute("UPDATE item SET word = 'changed' WHERE id = 10", "DELETE FROM item WHERE id = 11")
    db.execute("DELETE FROM item WHERE id = 12")
    is_one_pass = "word" in change
    (assert_one_pass if is_one_pass else assert_staged)(sync, 1, 1, 1)
    assert_same(db, source)


def test_a_column_that_the_source_gets(db: Database, source: Remote) -> None:
    """The table is altered between reading and comparing, once."""
    filled(source)
    sync = Refreshed(db, source.connector(table="item"), mode="merge")
    source.execute("ALTER TABLE item ADD more int DEFAULT 5")
    assert_staged(sync, 0, ROWS, 0)
    assert_same(db, source)
    assert_one_pass(sync, 0, 0, 0)


def test_a_limit_of_rows(db: Database, source: Remote) -> None:
    """Rows that were not read stay; of those that were, none is missed."""
    filled(source)
    sync = Refreshed(db, source.connector(table="item", max_rows=ROWS), mode="merge")
    source.execute("DELETE FROM item WHERE id IN (1, 5)", "UPDATE item SET word = 'new' WHERE id = 6")
    source.execute(f"INSERT INTO item SELECT n, 0, 'behind' FROM generate_series({ROWS} + 1, {ROWS} + 5) n")
    row, pages = explained_run(sync)
    assert counts(row) == (2, 1, 0) and pages < FEW_PAGES
    assert db.value("SELECT count(*) FROM item") == ROWS + 2
    source.execute(f"DELETE FROM item WHERE id > {ROWS}")
    assert_one_pass(sync, 0, 0, 4)


def test_a_source_without_rows(db: Database, source: Remote) -> None:
    filled(source)
    sync = Refreshed(db, source.connector(table="item"), mode="merge")
    source.execute("CREATE TABLE kept AS TABLE item", "TRUNCATE item")
    assert counts(sync.run("merge")) == (0, 0, ROWS)
    source.execute("INSERT INTO item TABLE kept", "DROP TABLE kept")
    assert counts(sync.run("merge")) == (ROWS, 0, 0)
    assert_same(db, source)


def test_values_that_are_equal_but_not_the_same(db: Database, source: Remote) -> None:
    source.execute("CREATE TABLE item (id numeric PRIMARY KEY, amount numeric, ratio float8, data jsonb, label text)")
    source.execute("INSERT INTO item SELECT n, 1.0, '0', '1.0', repeat('x', n) FROM generate_series(1, 3000) n")
    sync = Refreshed(db, source.connector(table="item"), mode="merge")
    changes = ("amount = '1.00'", "ratio = '-0'", "data = '1.00'", "amount = 'NaN'", "ratio = 'NaN'", "data = NULL", "id = id + 0.00", "label = label || 'x'")
    for number, change in enumerate(changes, 1):
        source.execute(f"UPDATE item SET {change} WHERE id % 1000 = {number}")
        assert_one_pass(sync, 0, 3, 0)
        assert_one_pass(sync, 0, 0, 0)
    assert_same(db, source)


def test_numbers_without_a_sign(db: Database, source: Remote) -> None:
    """What PostgreSQL reads from a table as a negative number, and computes as a positive one."""
    source.execute("CREATE TABLE item (id oid PRIMARY KEY, other oid, sign \"char\", flag boolean, small smallint, ratio real)")
    source.execute("INSERT INTO item SELECT n * 1000000, n * 1000001, chr(1 + (n % 126)::int), n % 2 = 0, -n, -n / 3.0 FROM generate_series(1, 4000::bigint) n")
    sync = Refreshed(db, source.connector(table="item"), mode="merge")
    assert_one_pass(sync, 0, 0, 0)
    source.execute("UPDATE item SET other = 4000000001 WHERE id = 4000000000")
    assert_one_pass(sync, 0, 1, 0)
    assert_same(db, source)


def test_keys_that_come_twice(db: Database, source: Remote) -> None:
    """A child of the source's table has a key of its own."""
    filled(source)
    sync = Refreshed(db, source.connector(table="item"), mode="merge")
    source.execute("CREATE TABLE child () INHERITS (item)")
    for key, word in ((700, "'word'"), (ROWS, "'last'"), (ROWS + 1, "'new'")):
        source.execute(f"INSERT INTO child VALUES ({key}, 0, {word})")
        if key > ROWS:
            source.execute(f"INSERT INTO item VALUES ({key}, 0, {word})")
        sync.fail(2001, "the source has the same values twice in the key (id)", f"Key (id)=({key}).", 'Choose a "key" that tells all rows apart.')
        source.execute("TRUNCATE child")


def test_a_remote_that_does_not_keep_the_order(db: Database, source: Remote) -> None:
    """An index of the remote's that is not in order: the rows are read again, and none is lost."""
    filled(source)
    sync = Refreshed(db, source.connector(table="item"), mode="merge")
    assert_one_pass(sync, 0, 0, 0)
    source.execute("ANALYZE item", "UPDATE item SET word = 'changed' WHERE id % 1000 = 1", "DELETE FROM item WHERE id % 1000 = 2")
    source.execute("UPDATE pg_index SET indoption = '3' WHERE indexrelid = 'item_pkey'::regclass")
    assert source.rows("SELECT id FROM item ORDER BY id LIMIT 1") == [(ROWS,)]
    row, _pages = explained_run(sync)
    assert counts(row) == (0, 20, 20) and row["rows"] == ROWS - 20
    source.execute("UPDATE pg_index SET indoption = '0' WHERE indexrelid = 'item_pkey'::regclass")
    assert_same(db, source)
    assert_one_pass(sync, 0, 0, 0)


def test_a_run_that_is_cancelled_while_it_compares(db: Database, source: Remote) -> None:
    filled(source)
    sync = Refreshed(db, source.connector(table="item"), mode="merge")
    source.execute("UPDATE item SET word = 'changed'")
    with stalled_run(sync, source, 200_000, sync=MERGE) as (_proxy, job):
        assert db.value("SELECT count(*) FROM item WHERE word = 'changed'") == 0
        job.cancel()
        with pytest.raises(psycopg2.errors.QueryCanceled):
            job.result()
    assert_nothing_left(db)
    sync.syncs.call("cdb_sync_update", sync.id, None, source.connector(table="item", sync=MERGE))
    assert counts(sync.run("merge")) == (0, ROWS, 0)


def test_rows_that_others_change_meanwhile(db: Database, source: Remote) -> None:
    """While the source's rows come, the table can be read and written. Rows that differ from the source's are looked up again
    when all have come; others that were written are put right by the next run."""
    filled(source)
    sync = Refreshed(db, source.connector(table="item"), mode="merge")
    source.execute(
        "UPDATE item SET word = 'changed' WHERE id IN (15000, 15010)",
        "DELETE FROM item WHERE id IN (15020, 15030)",
        f"INSERT INTO item VALUES ({ROWS + 10}, 0, 'new')",
    )
    with stalled_run(sync, source, 200_000, sync=MERGE) as (proxy, job):
        with db.another() as other:
            other.execute(
                "UPDATE item SET word = 'mine' WHERE id IN (10, 15000); DELETE FROM item WHERE id IN (15001, 15010, 15020); "
                f"UPDATE item SET word = 'mine' WHERE id = 15030; INSERT INTO item VALUES (-5, 0, 'mine'), ({ROWS + 10}, 0, 'mine')"
            )
        proxy.resume()
        assert job.result()[0][0]["state"] == "success"
    ids = f"15000, 15010, 15020, 15030, {ROWS + 10}"
    assert db.rows(f"SELECT id, word FROM item WHERE id IN ({ids}) ORDER BY id") == [(15000, "changed"), (15010, "changed"), (ROWS + 10, "new")]
    sync.syncs.call("cdb_sync_update", sync.id, None, source.connector(table="item", sync=MERGE))
    assert counts(sync.run("merge")) == (1, 1, 1)
    assert_same(db, source)
    assert_one_pass(sync, 0, 0, 0)


TARGETS = {
    "a dropped column": "ALTER TABLE item ADD gone int DEFAULT 7; ALTER TABLE item DROP gone",
    "a generated column": "ALTER TABLE item ADD twice int GENERATED ALWAYS AS (id * 2) STORED",
    "a trigger": "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.part := NEW.part; RETURN NEW; END'; "
    "CREATE TRIGGER noted BEFORE INSERT OR UPDATE ON item FOR EACH ROW EXECUTE FUNCTION noted()",
    "values outside of the row": "ALTER TABLE item ALTER word SET STORAGE EXTERNAL; UPDATE item SET word = repeat(word, 500) WHERE id % 100 = 0",
    "an index on another column": "CREATE UNIQUE INDEX ON item (word)",
    "row security": "ALTER TABLE item ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY seen ON item USING (id > 0)",
}


@pytest.mark.parametrize("target", TARGETS)
def test_tables_of_many_kinds(db: Database, source: Remote, target: str) -> None:
    filled(source)
    sync = Refreshed(db, source.connector(table="item"), mode="merge")
    db.execute(TARGETS[target])
    source.execute(
        "UPDATE item SET word = 'changed ' || id WHERE id % 100 = 1",
        "UPDATE item a SET word = b.word FROM item b WHERE a.id IN (500, 502) AND b.id = 1002 - a.id",
        "UPDATE item SET id = id + 100000 WHERE id % 100 = 2",
        "DELETE FROM item WHERE id % 100 = 3",
        "INSERT INTO item SELECT -n, n, 'new ' || n FROM generate_series(1, 50) n",
    )
    try:
        run = sync.run("merge")
        assert run["inserted"] == 250 and run["deleted"] == 400
        assert_same(db, source, "id, part, word")
        assert_one_pass(sync, 0, 0, 0)
    finally:
        db.execute("DROP FUNCTION IF EXISTS noted CASCADE")


def test_memory_does_not_grow_with_the_rows(db: Database, source: Remote) -> None:
    source.execute('CREATE TABLE item (id text COLLATE "C" PRIMARY KEY, word text)')
    source.execute("INSERT INTO item SELECT lpad(n::text, 40, '0'), repeat('word', 250) FROM generate_series(1, 200000) n")
    sync = Refreshed(db, source.connector(table="item"), mode="merge")
    db.execute('ALTER TABLE item ALTER id TYPE text COLLATE "C"')
    assert_one_pass(sync, 0, 0, 0)
    with stalled_run(sync, source, 160 * MB, sync=MERGE) as (proxy, job):
        assert_grown_less(private_memory(job.pid), 64 * MB)
        proxy.resume()
        assert job.result()[0][0]["state"] == "success"
