"""Columns of the source that come, go, or change their type; and columns that the user changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.refreshing import Refreshed, assert_nothing_left, check_integrity, contents
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.remote_mysql import MySqlRemote

TABLE = "changing"
WAYS = ["swap", "merge", "delete and insert"]


@pytest.fixture(autouse=True)
def source(db: Database, mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    with remote_rows(mariadb, TABLE, 200):
        yield mariadb
        db.execute("DROP PUBLICATION IF EXISTS p")
        Syncs(db).clean()


def synced(db: Database, source: MySqlRemote, way: str, **sync: object) -> Refreshed:
    found = Refreshed(db, source.connector(table=TABLE), **sync)
    if way != "swap":
        db.execute(f"CREATE PUBLICATION p FOR TABLE {TABLE}")
    if way == "delete and insert":
        db.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_pkey, REPLICA IDENTITY FULL")
    return found


def columns(db: Database) -> list[tuple[str, str]]:
    return [(name, kind) for name, kind, _ in db.columns(TABLE)]


@pytest.mark.parametrize("way", WAYS)
def test_columns_follow(db: Database, source: MySqlRemote, way: str) -> None:
    sync = synced(db, source, way)
    db.execute(f"ALTER TABLE {TABLE} ADD COLUMN mine int DEFAULT 5")
    db.execute(f"CREATE INDEX by_word ON {TABLE} (word); CREATE INDEX by_number ON {TABLE} ((id * 2)) WHERE id > 3")
    db.execute(f"CREATE VIEW seen AS SELECT id, mine FROM {TABLE}")
    oid = sync.oid

    source.execute(f"ALTER TABLE {TABLE} ADD COLUMN extra datetime, ADD COLUMN large longtext")
    source.execute(f"UPDATE {TABLE} SET extra = '2024-01-01', large = repeat('x', 100000) WHERE id = 1")
    sync.run(way)
    assert columns(db)[4:] == [("extra", "timestamp(0) without time zone"), ("large", "text")]
    assert db.value(f"SELECT length(large) FROM {TABLE} WHERE extra = '2024-01-01'") == 100000
    check_integrity(db, TABLE)

    source.execute(f"ALTER TABLE {TABLE} DROP COLUMN amount, DROP COLUMN large")
    sync.run(way)
    assert [name for name, _ in columns(db)] == ["id", "word", "mine", "extra"]
    assert db.value(f"SELECT count(*) FROM {TABLE} WHERE mine = 5") == 200
    check_integrity(db, TABLE)

    source.execute(f"ALTER TABLE {TABLE} MODIFY word varchar(50), MODIFY extra date")
    sync.run(way)
    assert dict(columns(db))["word"] == "character varying(50)" and dict(columns(db))["extra"] == "date"
    check_integrity(db, TABLE)
    db.execute("SET enable_seqscan = off")
    assert db.value(f"SELECT id FROM {TABLE} WHERE word LIKE 'word 77 %%' AND word >= 'word 77' AND word < 'word 78'") == 77
    assert db.value(f"SELECT count(*) FROM {TABLE} WHERE id * 2 = 100 AND id > 3") == 1
    db.execute("RESET enable_seqscan")
    assert db.value("SELECT count(*) FROM seen") == 200
    assert db.value("SELECT %s::regclass::oid::int8", TABLE) == oid
    assert_nothing_left(db)
    assert db.rows("SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %s AND NOT indisvalid", oid) == []
    sync.run(way)


def test_key_that_grows(db: Database, source: MySqlRemote) -> None:
    """The type of an indexed column: the primary key, int to bigint."""
    source.execute(f"ALTER TABLE {TABLE} MODIFY id int NOT NULL")
    sync = Refreshed(db, source.connector(table=TABLE))
    assert columns(db)[0] == ("id", "integer")
    source.execute(f"ALTER TABLE {TABLE} MODIFY id bigint NOT NULL", f"INSERT INTO {TABLE} (id) VALUES (12345678901)")
    sync.run("swap")
    assert columns(db)[0] == ("id", "bigint")
    assert db.value(f"SELECT max(id) FROM {TABLE}") == 12345678901
    with pytest.raises(Exception, match="duplicate key"):
        db.execute(f"INSERT INTO {TABLE} (id) VALUES (12345678901)")
    check_integrity(db, TABLE)
    sync.run("swap")


def test_types_that_do_not_convert(db: Database, source: MySqlRemote) -> None:
    """A swap has no use for the old values."""
    sync = synced(db, source, "swap")
    source.execute(f"ALTER TABLE {TABLE} DROP COLUMN amount, ADD COLUMN amount datetime", f"UPDATE {TABLE} SET amount = '2024-01-01'")
    sync.run("swap")
    assert dict(columns(db))["amount"] == "timestamp(0) without time zone"
    assert db.value(f"SELECT count(*) FROM {TABLE} WHERE amount = '2024-01-01'") == 200


def test_error_policy(db: Database, source: MySqlRemote) -> None:
    sync = synced(db, source, "swap", on_schema_change="error")
    source.execute(f"ALTER TABLE {TABLE} ADD COLUMN extra int, MODIFY word varchar(30), DROP COLUMN amount")
    sync.fail(2012, '"extra" is new', '"word" is character varying(20) here', '"amount" is gone')
    source.execute(f"ALTER TABLE {TABLE} DROP COLUMN extra, MODIFY word varchar(20), ADD COLUMN amount decimal(12,2)")
    sync.run("swap")


@pytest.mark.parametrize("way", WAYS)
def test_dependents_in_the_way(db: Database, source: MySqlRemote, way: str) -> None:
    sync = synced(db, source, way)
    db.execute(f'CREATE VIEW "a view" AS SELECT word FROM {TABLE}')
    db.execute(f"ALTER TABLE {TABLE} ADD COLUMN twice numeric GENERATED ALWAYS AS (amount * 2) STORED")
    db.execute(f"CREATE INDEX by_amount ON {TABLE} (amount); CREATE STATISTICS st ON amount, word FROM {TABLE}")
    db.execute(f"CREATE POLICY few ON {TABLE} USING (amount > 0)")
    source.execute(f"ALTER TABLE {TABLE} MODIFY word varchar(40)")
    sync.fail(2013, 'view public."a view"', '"word"')
    source.execute(f"ALTER TABLE {TABLE} MODIFY word varchar(20), MODIFY amount decimal(13,2)")
    row = sync.fail(2013, "column twice", "policy few", '"amount"')
    assert "by_amount" not in row["error_detail"], "an index is no hindrance for another type"
    source.execute(f"ALTER TABLE {TABLE} DROP COLUMN amount")
    sync.fail(2013, "column twice", "policy few", "index public.by_amount", "public.st")
    db.execute(f"DROP POLICY few ON {TABLE}; ALTER TABLE {TABLE} DROP COLUMN twice; DROP INDEX by_amount; DROP STATISTICS st")
    sync.run(way)
    assert [name for name, _ in columns(db)] == ["id", "word"]


def test_own_types_stay(db: Database, source: MySqlRemote) -> None:
    """A type that the user altered, and the source did not."""
    sync = synced(db, source, "swap")
    db.execute(f"ALTER TABLE {TABLE} ALTER word TYPE text, ALTER amount TYPE double precision, ALTER id TYPE numeric")
    sync.run("swap")
    assert columns(db) == [("id", "numeric"), ("word", "text"), ("amount", "double precision")]
    assert db.value(f"SELECT amount FROM {TABLE} WHERE id = 3") == 0.75
    check_integrity(db, TABLE)


def test_renamed_column(db: Database, source: MySqlRemote) -> None:
    sync = synced(db, source, "swap")
    db.execute(f"ALTER TABLE {TABLE} RENAME word TO phrase")
    sync.fail(2012, '"word"', "not there any more")
    db.execute(f"ALTER TABLE {TABLE} RENAME phrase TO word")
    sync.run("swap")


@pytest.mark.parametrize("way", WAYS)
def test_column_renamed_there_and_here(db: Database, source: MySqlRemote, way: str) -> None:
    """So that what is made of it here can stay."""
    sync = synced(db, source, way)
    db.execute(f"CREATE VIEW words AS SELECT word FROM {TABLE}; ALTER TABLE {TABLE} RENAME word TO phrase")
    source.execute(f"ALTER TABLE {TABLE} CHANGE word phrase varchar(20)", f"UPDATE {TABLE} SET phrase = 'new' WHERE id = 3")
    sync.run(way)
    assert db.value(f"SELECT phrase FROM {TABLE} WHERE id = 3") == "new"
    assert db.value("SELECT count(*) FROM words WHERE word = 'new'") == 1
    check_integrity(db, TABLE)
    db.execute("DROP VIEW words")


def test_own_column_in_the_way(db: Database, source: MySqlRemote) -> None:
    """The source gets a column that the user generates here."""
    sync = synced(db, source, "swap")
    db.execute(f"ALTER TABLE {TABLE} ADD COLUMN total int GENERATED ALWAYS AS (1) STORED")
    source.execute(f"ALTER TABLE {TABLE} ADD COLUMN total int")
    sync.fail(2012, '"total"', "generated")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["text", "int DEFAULT 5"])
def test_own_column_that_the_source_gets(db: Database, source: MySqlRemote, way: str, kind: str) -> None:
    """What was written here is not overwritten because of a name, whatever the types are."""
    sync = synced(db, source, way)
    db.execute(f"ALTER TABLE {TABLE} ADD COLUMN note {kind}; UPDATE {TABLE} SET note = '7'")
    sync.run(way)
    before = contents(db, TABLE)
    source.execute(f"ALTER TABLE {TABLE} ADD COLUMN note longtext", f"UPDATE {TABLE} SET note = 'theirs'")
    sync.fail(2012, '"note"', "did not come from the source")
    assert contents(db, TABLE) == before
    db.execute(f"ALTER TABLE {TABLE} RENAME note TO mine")
    sync.run(way)
    # A merge leaves columns of the user's as they are, the others fill them with their default.
    mine = "7" if way == "merge" else "5" if "DEFAULT" in kind else None
    assert db.rows(f"SELECT DISTINCT mine::text, note FROM {TABLE}") == [(mine, "theirs")]
    check_integrity(db, TABLE)


def test_table_gone(db: Database, source: MySqlRemote) -> None:
    sync = synced(db, source, "swap")
    before = contents(db, TABLE)
    source.drop(TABLE)
    row = sync.attempt()
    assert row["state"] == "failure" and row["error_code"] == 1011
    assert contents(db, TABLE) == before


def test_default_columns(db: Database, source: MySqlRemote) -> None:
    db.execute("CREATE SCHEMA gis; CREATE EXTENSION postgis SCHEMA gis; SET search_path = public, gis")
    source.execute(f"ALTER TABLE {TABLE} ADD COLUMN the_geom geometry", f"UPDATE {TABLE} SET the_geom = ST_GeomFromText(concat('POINT(', id % 80, ' 2)'), 4326)")
    sync = Refreshed(db, source.connector(table=TABLE, default_columns=True))
    names = [name for name, _ in columns(db)]
    query = f"SELECT st_astext(the_geom), st_srid(the_geom_webmercator) FROM {TABLE} WHERE id = 7"
    assert db.rows(query) == [("POINT(7 2)", 3857)]
    source.execute(f"UPDATE {TABLE} SET the_geom = ST_GeomFromText('POINT(8 9)', 4326) WHERE id = 7")
    for _ in range(2):
        sync.run("swap")
        assert [name for name, _ in columns(db)] == names
        assert db.rows(query) == [("POINT(8 9)", 3857)]
        assert db.value(f"SELECT count(DISTINCT cartodb_id) FROM {TABLE} WHERE the_geom IS NOT NULL") == 200
        assert db.value("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = %s", TABLE) == 0
        check_integrity(db, TABLE)
    db.execute(f"CREATE PUBLICATION p FOR TABLE {TABLE}")
    source.execute(f"UPDATE {TABLE} SET the_geom = ST_GeomFromText('POINT(1 1)', 4326) WHERE id = 7")
    sync.run("merge")
    assert db.rows(query) == [("POINT(1 1)", 3857)]
    db.execute("DROP SCHEMA gis CASCADE; RESET search_path")
