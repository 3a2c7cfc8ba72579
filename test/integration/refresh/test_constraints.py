"""NOT NULL and keys: those that the source had and has no more go; those of the user stay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.refreshing import Refreshed, assert_nothing_left, check_integrity
from harness.syncs import Syncs

from servers.remote import Remote

TABLE = "loosened"
WAYS = ["swap", "merge", "delete and insert"]


@pytest.fixture(autouse=True)
def source(mysql_or_postgres: Remote, db: Database) -> Iterator[Remote]:
    remote = mysql_or_postgres
    remote.drop(TABLE)
    remote.execute(f"CREATE TABLE {TABLE} (id int NOT NULL PRIMARY KEY, word varchar(20) NOT NULL, n int NOT NULL)")
    remote.execute(f"INSERT INTO {TABLE} VALUES (1, 'a', 1), (2, 'b', 2)")
    yield remote
    db.execute("DROP PUBLICATION IF EXISTS p")
    Syncs(db).clean()
    remote.drop(TABLE)


def nullable(source: Remote, column: str, kind: str) -> None:
    source.execute(
        f"ALTER TABLE {TABLE} MODIFY {column} {kind} NULL" if source.provider == "mysql" else f"ALTER TABLE {TABLE} ALTER {column} DROP NOT NULL"
    )


def drop_key(source: Remote) -> None:
    source.execute(f"ALTER TABLE {TABLE} DROP PRIMARY KEY" if source.provider == "mysql" else f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_pkey")


def synced(db: Database, source: Remote, way: str, **more: object) -> Refreshed:
    options: dict[str, object] = {"mode": "merge", "key": "id"} if way == "merge" else {}
    sync = Refreshed(db, source.connector(table=TABLE), **options, **more)
    if way == "delete and insert":
        db.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_pkey; CREATE PUBLICATION p FOR TABLE {TABLE}; ALTER TABLE {TABLE} REPLICA IDENTITY FULL")
    return sync


def not_null(db: Database) -> dict[str, bool]:
    return {name: required for name, _, required in db.columns(TABLE)}


@pytest.mark.parametrize("way", WAYS)
def test_not_null_goes(db: Database, source: Remote, way: str) -> None:
    sync = synced(db, source, way)
    db.execute(f"ALTER TABLE {TABLE} ADD mine int NOT NULL DEFAULT 1")
    nullable(source, "word", "varchar(20)")
    source.execute(f"INSERT INTO {TABLE} VALUES (3, NULL, 3)")
    sync.run(way)
    assert not_null(db) == {"id": True, "word": False, "n": True, "mine": True}
    assert db.value(f"SELECT count(*) FROM {TABLE} WHERE word IS NULL") == 1
    check_integrity(db, TABLE)
    assert_nothing_left(db)
    sync.run(way)


def test_own_not_null_stays(db: Database, source: Remote) -> None:
    nullable(source, "word", "varchar(20)")
    sync = synced(db, source, "swap")
    db.execute(f"ALTER TABLE {TABLE} ALTER word SET NOT NULL")
    sync.run("swap")
    source.execute(f"INSERT INTO {TABLE} VALUES (3, NULL, 3)")
    sync.fail(2001, '"word"', "NOT NULL")


def test_error_policy_keeps_them(db: Database, source: Remote) -> None:
    sync = synced(db, source, "swap", on_schema_change="error")
    nullable(source, "word", "varchar(20)")
    drop_key(source)
    sync.run("swap")
    assert not_null(db)["word"]
    source.execute(f"INSERT INTO {TABLE} VALUES (3, NULL, 3)")
    sync.fail(2001, '"word"', "NOT NULL")


def test_checks_beside(db: Database, source: Remote) -> None:
    """The rules for rows are those of the table as it will be."""
    sync = synced(db, source, "swap")
    db.execute(f"ALTER TABLE {TABLE} ADD CHECK (n < 100)")
    nullable(source, "word", "varchar(20)")
    source.execute(f"INSERT INTO {TABLE} VALUES (3, NULL, 3)")
    sync.run()
    assert not_null(db)["word"] is False
    sync.run("swap")


@pytest.mark.parametrize("way", ["swap", "append"])
def test_key_goes(db: Database, source: Remote, way: str) -> None:
    options: dict[str, object] = {"mode": "append", "cursor": "n"} if way == "append" else {}
    sync = Refreshed(db, source.connector(table=TABLE), **options)
    db.execute(f"CREATE INDEX by_word ON {TABLE} (word)")
    drop_key(source)
    nullable(source, "id", "int")
    source.execute(f"INSERT INTO {TABLE} VALUES (1, 'again', 3), (NULL, 'none', 4)")
    sync.run(way)
    assert db.rows(f"SELECT id FROM {TABLE} ORDER BY n") == [(1,), (2,), (1,), (None,)]
    assert db.rows("SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %s::regclass", TABLE) == [("by_word",)]
    check_integrity(db, TABLE)
    assert_nothing_left(db)
    sync.run(way)


def test_key_that_grows(db: Database, source: Remote) -> None:
    sync = synced(db, source, "swap")
    drop_key(source)
    source.execute(f"ALTER TABLE {TABLE} ADD PRIMARY KEY (id, n)", f"INSERT INTO {TABLE} VALUES (1, 'again', 3)")
    sync.run("swap")
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 3


def test_key_that_others_refer_to_stays(db: Database, source: Remote) -> None:
    sync = synced(db, source, "swap")
    db.execute(f"CREATE TABLE notes (id int REFERENCES {TABLE}); INSERT INTO notes VALUES (1)")
    drop_key(source)
    sync.run()
    assert db.value("SELECT count(*) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'p'", TABLE) == 1
    assert db.value("SELECT count(*) FROM notes") == 1


def test_own_key_stays(db: Database, source: Remote) -> None:
    sync = synced(db, source, "swap")
    db.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_pkey, ADD PRIMARY KEY (n)")
    sync.run("swap")
    drop_key(source)
    sync.run("swap")
    assert db.value("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'p'", TABLE) == "PRIMARY KEY (n)"


def test_a_view_promises_nothing(db: Database, source: Remote) -> None:
    source.execute("DROP VIEW IF EXISTS loose_view", f"CREATE VIEW loose_view AS SELECT id, word FROM {TABLE}")
    try:
        sync = Refreshed(db, source.connector(table="loose_view"))
        assert [required for _, _, required in db.columns("loose_view")] == [False, False]
        nullable(source, "word", "varchar(20)")
        source.execute(f"INSERT INTO {TABLE} VALUES (3, NULL, 3)")
        sync.run("swap")
    finally:
        source.execute("DROP VIEW IF EXISTS loose_view")


@pytest.mark.parametrize("way", WAYS)
def test_required_columns_go(db: Database, source: Remote, way: str) -> None:
    """NOT NULL of a column that the source drops asks for no value any more, nor does its default."""
    sync = synced(db, source, way)
    db.execute(f"CREATE SEQUENCE used; ALTER TABLE {TABLE} ALTER n SET DEFAULT nextval('used')")
    source.execute(f"ALTER TABLE {TABLE} DROP COLUMN n", f"INSERT INTO {TABLE} VALUES (3, 'c')")
    sync.run(way)
    assert not_null(db) == {"id": True, "word": True}
    assert db.rows(f"SELECT * FROM {TABLE} ORDER BY id") == [(1, "a"), (2, "b"), (3, "c")]
    assert db.value("SELECT is_called FROM used") is False
    check_integrity(db, TABLE)
    assert_nothing_left(db)
    db.execute("DROP SEQUENCE used")


@pytest.mark.parametrize("children", [False, True])
@pytest.mark.parametrize("way", ["swap", "append"])
@pytest.mark.parametrize("columns", ["id", "id, n"])
def test_columns_of_the_key_go(db: Database, source: Remote, way: str, columns: str, children: bool) -> None:
    """The key goes with them, and NOT NULL where the source has it no more."""
    drop_key(source)
    source.execute(f"ALTER TABLE {TABLE} ADD PRIMARY KEY ({columns})")
    sync = Refreshed(db, source.connector(table=TABLE), **({"mode": "append", "cursor": "n"} if way == "append" else {}))
    if children:
        db.execute(f"CREATE TABLE kid () INHERITS ({TABLE}); INSERT INTO kid VALUES (9, 'kid', 9)")
    if columns != "id":
        drop_key(source)
    source.execute(f"ALTER TABLE {TABLE} DROP COLUMN id", f"INSERT INTO {TABLE} VALUES ('c', 3)")
    sync.run()
    assert [name for name, _, _ in db.columns(TABLE)] == ["word", "n"]
    assert db.rows(f"SELECT * FROM ONLY {TABLE} ORDER BY n") == [("a", 1), ("b", 2), ("c", 3)]
    if children:
        assert db.rows("SELECT id, word, n FROM kid") == [(9, "kid", 9)]
    assert db.rows("SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'p'", TABLE) == []
    sync.run()
    check_integrity(db, TABLE)
    assert_nothing_left(db)


def test_key_column_that_others_refer_to(db: Database, source: Remote) -> None:
    sync = Refreshed(db, source.connector(table=TABLE))
    db.execute(f"CREATE TABLE refers (id int REFERENCES {TABLE})")
    source.execute(f"ALTER TABLE {TABLE} DROP COLUMN id")
    sync.fail(2013, f"{TABLE}_pkey")
    db.execute("DROP TABLE refers")
    sync.run("swap")
