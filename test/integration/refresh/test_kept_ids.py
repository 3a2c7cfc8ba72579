"""cartodb_id of a table with `default_columns` over its refreshes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.refreshing import Refreshed
from harness.scratch import drop_tables
from harness.syncs import Syncs

from servers.remote_mysql import MySqlRemote


@pytest.fixture
def source(mariadb: MySqlRemote, db: Database) -> Iterator[MySqlRemote]:
    mariadb.drop("item")
    mariadb.execute("CREATE TABLE item (id int PRIMARY KEY, word text)", "INSERT INTO item VALUES (10, 'a'), (20, 'b'), (30, 'c')")
    yield mariadb
    mariadb.drop("item")
    Syncs(db).clean()
    drop_tables(db)


def ids(db: Database) -> dict[int, int]:
    """cartodb_id by the source's key."""
    return dict(db.rows("SELECT id, cartodb_id FROM item"))


def start(db: Database, source: MySqlRemote, **options: object) -> Refreshed:
    return Refreshed(db, source.connector(table="item", default_columns=True), **options)


def test_rows_keep_their_number(db: Database, source: MySqlRemote) -> None:
    """New rows get new ones, beyond those given before, also to rows that are gone."""
    sync = start(db, source)
    assert ids(db) == {10: 1, 20: 2, 30: 3}
    db.execute("CREATE VIEW seen AS SELECT cartodb_id, word FROM item")
    source.execute("DELETE FROM item WHERE id = 30", "INSERT INTO item VALUES (5, 'd')", "UPDATE item SET word = 'x' WHERE id = 10")
    for _ in range(2):
        sync.run("swap")
        assert ids(db) == {5: 4, 10: 1, 20: 2}
    assert db.rows("SELECT word FROM seen WHERE cartodb_id = 1") == [("x",)]
    source.execute("INSERT INTO item VALUES (30, 'again')")
    sync.run("swap")
    assert ids(db) == {5: 4, 10: 1, 20: 2, 30: 5}
    assert [name for name, _, _ in db.columns("item")] == ["cartodb_id", "id", "word"]
    db.execute("DROP VIEW seen")


def test_number_of_the_users_own(db: Database, source: MySqlRemote) -> None:
    """Kept like others, and new ones do not run into it."""
    sync = start(db, source)
    db.execute("UPDATE item SET cartodb_id = 5 WHERE id = 20")
    source.execute("INSERT INTO item VALUES (40, 'd'), (50, 'e'), (60, 'f')")
    sync.run("swap")
    assert ids(db) == {10: 1, 20: 5, 30: 3, 40: 6, 50: 7, 60: 8}
    db.execute("UPDATE item SET cartodb_id = -5 WHERE id = 10")
    source.execute("DELETE FROM item WHERE id > 20", "INSERT INTO item VALUES (70, 'g')")
    sync.run("swap")
    assert ids(db) == {10: -5, 20: 5, 70: 9}, "the sequence does not go back"


def test_rows_that_changed_here(db: Database, source: MySqlRemote) -> None:
    """Former versions of rows are dead entries of the index, which the search passes over: in more than one batch."""
    source.execute("INSERT INTO item SELECT seq, 'w' FROM seq_1001_to_5000")
    sync = start(db, source)
    for _ in range(2):
        db.execute("UPDATE item SET cartodb_id = -cartodb_id")
        before = ids(db)
        source.execute("UPDATE item SET word = concat(word, 'x')")
        sync.run("swap")
        assert ids(db) == before


def test_always_generated(db: Database, source: MySqlRemote) -> None:
    sync = start(db, source)
    db.execute("ALTER TABLE item ALTER cartodb_id SET GENERATED ALWAYS, ALTER cartodb_id TYPE int")
    source.execute("DELETE FROM item WHERE id = 10", "INSERT INTO item VALUES (40, 'd')")
    sync.run("swap")
    assert ids(db) == {20: 2, 30: 3, 40: 4}


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE item ALTER cartodb_id DROP IDENTITY, ALTER cartodb_id SET DEFAULT 7, DROP CONSTRAINT item_pkey",
        "ALTER TABLE item ALTER cartodb_id DROP IDENTITY; ALTER TABLE item ALTER cartodb_id TYPE text USING 'x', "
        "DROP CONSTRAINT item_pkey, ALTER cartodb_id DROP NOT NULL",
        "ALTER TABLE item DROP cartodb_id",
        "ALTER TABLE item DROP CONSTRAINT item_id_key",
    ],
    ids=["own default", "own type", "dropped", "no unique key"],
)
def test_what_the_user_made_of_it(db: Database, source: MySqlRemote, change: str) -> None:
    """Nothing fails for a column that is no default column any more."""
    sync = start(db, source)
    db.execute(change)
    source.execute("INSERT INTO item VALUES (40, 'd')")
    sync.run("swap")
    assert db.rows("SELECT id FROM item ORDER BY id") == [(10,), (20,), (30,), (40,)]


def test_key_that_changes(db: Database, source: MySqlRemote) -> None:
    sync = start(db, source)
    source.execute("ALTER TABLE item MODIFY id bigint")
    sync.run("swap")
    assert len(set(ids(db).values())) == 3
    source.execute("ALTER TABLE item DROP PRIMARY KEY, MODIFY id bigint NULL")
    sync.run("swap")
    assert len(set(ids(db).values())) == 3


def test_key_of_several_columns(db: Database, source: MySqlRemote) -> None:
    """And one that is named in the request, of which the user has made a unique index."""
    source.execute("ALTER TABLE item DROP PRIMARY KEY, MODIFY word varchar(9)", "INSERT INTO item VALUES (10, 'b')")
    sync = start(db, source, key=["word", "id"])
    db.execute("CREATE UNIQUE INDEX ON item (id, word)")
    before = dict(db.rows("SELECT id || word, cartodb_id FROM item"))
    source.execute("DELETE FROM item WHERE id = 20", "INSERT INTO item VALUES (1, 'b'), (1, NULL), (2, NULL)")
    for _ in range(2):
        sync.run("swap")
        now = dict(db.rows("SELECT id || word, cartodb_id FROM item WHERE id > 2"))
        assert now == {key: before[key] for key in ("10a", "10b", "30c")}
        assert db.value("SELECT count(DISTINCT cartodb_id) FROM item") == 6


def test_other_ways(db: Database, source: MySqlRemote) -> None:
    """An overwrite, and a merge because of a trigger."""
    db.import_table(source.connector(table="item", default_columns=True))
    source.execute("DELETE FROM item WHERE id = 10", "INSERT INTO item VALUES (40, 'd')")
    db.import_table(source.connector(table="item", default_columns=True), collision_strategy="overwrite")
    assert ids(db) == {20: 2, 30: 3, 40: 4}
    db.execute(
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
        "CREATE TRIGGER t BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION nothing()"
    )
    source.execute("DELETE FROM item WHERE id = 20", "INSERT INTO item VALUES (50, 'e')")
    db.import_table(source.connector(table="item", default_columns=True), collision_strategy="overwrite")
    assert ids(db) == {30: 3, 40: 4, 50: 5}
    db.execute("DROP TABLE item; DROP FUNCTION nothing()")
