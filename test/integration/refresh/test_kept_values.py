"""Columns that change at the source while rows stay here: of inheritance children, of earlier runs. No value is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.refreshing import Refreshed, check_integrity
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote

TABLE = "kept"


@pytest.fixture(autouse=True)
def cleaned(db: Database) -> Iterator[None]:
    yield
    db.execute("DROP PUBLICATION IF EXISTS p")
    Syncs(db).clean()


@pytest.fixture
def source(mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    with remote_rows(mariadb, TABLE, 50):
        yield mariadb


@pytest.fixture
def other(postgres15: PostgresRemote) -> Iterator[PostgresRemote]:
    postgres15.server.start()
    postgres15.drop(TABLE)
    yield postgres15
    postgres15.drop(TABLE)


WAYS = ["replace", "merge", "delete and insert"]


def synced(db: Database, source: MySqlRemote, way: str) -> Refreshed:
    options: dict[str, object] = {"mode": "merge", "key": "id"} if way == "merge" else {}
    sync = Refreshed(db, source.connector(table=TABLE), **options)
    if way == "delete and insert":
        db.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_pkey")
    return sync


@pytest.mark.parametrize("way", WAYS)
def test_children_keep_their_values(db: Database, source: MySqlRemote, way: str) -> None:
    sync = synced(db, source, way)
    db.execute(f"CREATE TABLE kid (own int DEFAULT 4) INHERITS ({TABLE}); INSERT INTO kid VALUES (100, 'a word', 1000.25), (101, NULL, NULL)")
    db.execute("CREATE TABLE grandkid () INHERITS (kid); INSERT INTO grandkid VALUES (200, 'w', 7.5)")
    source.execute(f"ALTER TABLE {TABLE} MODIFY amount decimal(20,4), MODIFY word varchar(30), MODIFY id int NOT NULL")
    sync.run()
    assert dict(row[:2] for row in db.columns("grandkid"))["amount"] == "numeric(20,4)"
    assert db.rows(f"SELECT id, word, amount::text, own FROM kid WHERE id < 200 ORDER BY id") == [
        (100, "a word", "1000.2500", 4),
        (101, None, None, 4),
    ]
    assert db.rows("SELECT id, word, amount::text FROM grandkid") == [(200, "w", "7.5000")]
    assert db.value(f"SELECT count(*) FROM ONLY {TABLE}") == 50
    check_integrity(db, TABLE)
    sync.run()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "change, column, told",
    [
        ("MODIFY word varchar(5)", "word", "a long old word"),
        ("MODIFY amount decimal(10,1)", "amount", "1000.25"),
        ("MODIFY amount bigint", "amount", "1000.25"),
        ("MODIFY word int", "word", "invalid input syntax"),
        ("MODIFY id tinyint", "id", "out of range"),
    ],
)
def test_children_in_the_way(db: Database, source: MySqlRemote, way: str, change: str, column: str, told: str) -> None:
    source.execute(f"UPDATE {TABLE} SET word = '1', amount = 1")
    sync = synced(db, source, way)
    db.execute(f"CREATE TABLE kid () INHERITS ({TABLE}); INSERT INTO kid VALUES (100000, 'a long old word', 1000.25)")
    source.execute(f"ALTER TABLE {TABLE} {change}")
    sync.fail(2012, f'column "{column}"', "do not convert", told)
    assert db.rows("SELECT * FROM kid")[0][:2] == (100000, "a long old word")
    db.execute("DROP TABLE kid")
    sync.run()


@pytest.mark.parametrize("way", WAYS)
def test_children_keep_columns_that_go(db: Database, source: MySqlRemote, way: str) -> None:
    """They become the children's own."""
    sync = synced(db, source, way)
    db.execute(f"CREATE TABLE kid () INHERITS ({TABLE}); INSERT INTO kid VALUES (100, 'mine', 1)")
    source.execute(f"ALTER TABLE {TABLE} DROP COLUMN word, ADD COLUMN extra int DEFAULT 3")
    sync.run()
    assert [name for name, _, _ in db.columns(TABLE)] == ["id", "amount", "extra"]
    assert db.rows("SELECT word, extra FROM kid") == [("mine", None)]
    assert db.value(f"SELECT count(*) FROM ONLY {TABLE} WHERE extra = 3") == 50
    sync.run()


def test_swap_goes_on_where_children_are_not_touched(db: Database, source: MySqlRemote) -> None:
    sync = synced(db, source, "replace")
    db.execute(f"CREATE TABLE kid () INHERITS ({TABLE}); INSERT INTO kid VALUES (100, 'mine', 1)")
    sync.run("swap")
    source.execute(f"ALTER TABLE {TABLE} ADD COLUMN extra int DEFAULT 3")
    sync.run("swap")
    assert db.rows(f"SELECT count(*), count(extra) FROM {TABLE}") == [(51, 50)]
    assert db.value("SELECT word FROM kid") == "mine"


# Type at first, a value, type then, and whether the value is the same in that.
CONVERSIONS = (
    ("varchar(20)", "'a long old message'", "varchar(5)", False),
    ("varchar(20)", "'short'", "varchar(5)", True),
    ("varchar(20)", "'7'", "integer", True),
    ("varchar(20)", "'007'", "integer", False),
    ("varchar(20)", "'x'", "integer", False),
    ("text", "'ab  '", "char(2)", False),
    ("text", "'2024-02-29'", "date", True),
    ("numeric(10,2)", "1.25", "numeric(10,1)", False),
    ("numeric(10,2)", "1.50", "numeric(10,1)", True),
    ("numeric(10,2)", "1.50", "numeric(10,4)", True),
    ("numeric", "1e40", "double precision", True),
    ("numeric", "0.12345678901234567890", "double precision", False),
    ("bigint", "9007199254740993", "double precision", False),
    ("bigint", "123456789012", "integer", False),
    ("integer", "7", "bigint", True),
    ("integer", "5", "boolean", False),
    ("integer", "1", "boolean", True),
    ("double precision", "0.1", "real", False),
    ("real", "16777216", "numeric", False),
    ("real", "0.5", "numeric", True),
    ("timestamp", "'2024-01-01 10:11:12'", "date", False),
    ("timestamp", "'2024-01-01'", "date", True),
    ("timestamp", "'2024-01-01 10:11:12.123456'", "timestamp(3)", False),
    ("timestamptz", "'2024-01-01 10:11:12+05'", "timestamp", True),
    ("time", "'10:11:12.5'", "time(0)", False),
    ("interval", "'1 mon 2 days 3.5 s'", "interval(0)", False),
    ("bit(8)", "b'10101010'", "bit(4)", False),
    ("varbit", "b'1010'", "bit(4)", True),
    ("json", "'{\"b\": 1, \"a\": 2, \"a\": 3}'", "jsonb", False),
    ("jsonb", "'{\"a\": 1.50}'", "json", True),
    ("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "text", True),
    ("inet", "'10.1.2.3/8'", "cidr", False),
    ("bytea", "'\\x00ff'", "text", True),
    ("date", "'2024-01-01'", "integer", False),
    ("numeric(10,2)[]", "'{1.25}'", "numeric(10,1)[]", False),
    ("int[]", "'{1,2}'", "bigint[]", True),
)


@pytest.mark.parametrize("before, literal, after, same", CONVERSIONS, ids=lambda value: str(value)[:24])
def test_rows_of_earlier_runs(
    db: Database, other: PostgresRemote, before: str, literal: str, after: str, same: bool
) -> None:
    """An append has a row that is gone from the source; the column gets another type there."""
    other.execute(f"CREATE TABLE {TABLE} (id int, v {before})", f"INSERT INTO {TABLE} VALUES (1, {literal}), (2, NULL)")
    sync = Refreshed(db, other.connector(table=TABLE), mode="append", cursor="id")
    db.execute("SET timezone = 'UTC'")
    was = db.value(f"SELECT v::text FROM {TABLE} WHERE id = 1")
    other.execute(
        f"DELETE FROM {TABLE} WHERE id = 1", f"ALTER TABLE {TABLE} ALTER v TYPE {after} USING NULL", f"INSERT INTO {TABLE} VALUES (3, NULL)"
    )
    db.execute("SET datestyle = 'German, DMY'; SET intervalstyle = 'sql_standard'; SET extra_float_digits = -10; SET bytea_output = 'escape'")
    db.execute("SET timezone = 'Asia/Kolkata'")
    try:
        if same:
            sync.run("append")
            assert db.columns(TABLE)[1][1] != before
            db.execute("RESET ALL; SET timezone = 'UTC'")
            now = db.value(f"SELECT (v::{before})::text FROM {TABLE} WHERE id = 1")
            assert now.rstrip("0").rstrip(".") == was.rstrip("0").rstrip(".")
        else:
            sync.fail(2012, 'column "v"', "do not convert")
    finally:
        db.execute("RESET ALL")


def test_merge_of_types_that_change_wholly(db: Database, source: MySqlRemote) -> None:
    """Every row is replaced by the source's, but PostgreSQL can't convert the old ones."""
    sync = synced(db, source, "merge")
    source.execute(f"UPDATE {TABLE} SET word = id", f"ALTER TABLE {TABLE} MODIFY word int")
    sync.fail(2012, 'column "word"', "character varying(20) to integer", "invalid input syntax")
    db.execute(f"UPDATE {TABLE} SET word = '0'")
    sync.run("merge")
    assert db.value(f"SELECT count(*) FROM {TABLE} WHERE word = id") == 50


def test_default_that_does_not_convert(db: Database, source: MySqlRemote) -> None:
    sync = synced(db, source, "merge")
    db.execute(f"ALTER TABLE {TABLE} ALTER word SET DEFAULT 'none'; UPDATE {TABLE} SET word = '1'")
    source.execute(f"UPDATE {TABLE} SET word = id", f"ALTER TABLE {TABLE} MODIFY word int")
    sync.fail(2012, "default for column", "word")


def test_merge_overwrites_what_would_be_cut(db: Database, source: MySqlRemote) -> None:
    """Rows that the source still has are the source's; rows beyond a limit are kept, or nothing is done."""
    sync = synced(db, source, "merge")
    source.execute(f"UPDATE {TABLE} SET word = 'w'", f"ALTER TABLE {TABLE} MODIFY word varchar(3)")
    sync.run("merge")
    assert db.rows(f"SELECT DISTINCT word FROM {TABLE}") == [("w",)]


KEEPERS = {
    "trigger": f"CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN OLD.id > 100 THEN NULL ELSE OLD END; END $$;"
    f"CREATE TRIGGER keep BEFORE DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION keep()",
    "rule": f"CREATE RULE keep AS ON DELETE TO {TABLE} WHERE OLD.id > 100 DO INSTEAD NOTHING",
}


@pytest.mark.parametrize("keeper", list(KEEPERS))
@pytest.mark.parametrize("way", ["merge", "delete and insert"])
def test_rows_that_triggers_and_rules_keep(db: Database, other: PostgresRemote, way: str, keeper: str) -> None:
    """They are asked like those of earlier runs whether their values convert."""
    other.execute(f"CREATE TABLE {TABLE} (id int PRIMARY KEY, n int, word varchar(20))", f"INSERT INTO {TABLE} VALUES (1, 1, 'a')")
    sync = synced(db, other, way)  # type: ignore[arg-type]
    db.execute(f"INSERT INTO {TABLE} VALUES (200, 7, 'a long word'); {KEEPERS[keeper]}")
    other.execute(f"ALTER TABLE {TABLE} ALTER word TYPE varchar(5)")
    sync.fail(2012, "character varying(5)" if way == "delete and insert" else "keeps rows")
    other.execute(f"ALTER TABLE {TABLE} ALTER word TYPE varchar(30), ALTER n TYPE bigint", f"INSERT INTO {TABLE} VALUES (2, 5000000000, 'b')")
    if way == "delete and insert":
        sync.run("delete and insert")
        assert db.rows(f"SELECT * FROM {TABLE} ORDER BY id") == [(1, 1, "a"), (2, 5_000_000_000, "b"), (200, 7, "a long word")]
    else:
        sync.fail(2012, "keeps rows")
    db.execute("DROP FUNCTION IF EXISTS keep CASCADE")


@pytest.mark.parametrize("mode", [{"mode": "append", "cursor": "id"}, {"mode": "merge", "key": "id"}, {}], ids=["append", "merge", "replace"])
def test_rows_that_policies_hide(db: Database, other: PostgresRemote, mode: dict[str, object]) -> None:
    """Their owner can't look at them, ALTER TABLE changes them even so."""
    other.execute(f"CREATE TABLE {TABLE} (id int PRIMARY KEY, word varchar(20))", f"INSERT INTO {TABLE} VALUES (1, 'a'), (200, 'b')")
    owner = db.create_role("hides")
    db.execute("ALTER ROLE hides SET connector.allowed_hosts = '127.0.0.0/8'")
    sync = Refreshed(owner, other.connector(table=TABLE), **mode)
    db.execute(
        f"INSERT INTO {TABLE} VALUES (-5, 'a long old word'); ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY; "
        f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY; CREATE POLICY p ON {TABLE} USING (id > 0) WITH CHECK (true)"
    )
    other.execute(f"ALTER TABLE {TABLE} ALTER word TYPE varchar(5)")
    run = sync.attempt()
    assert (run["state"], run["error_code"]) == ("failure", 2012) and "row security" in str(run["error_detail"]), run
    assert db.value(f"SELECT word FROM {TABLE} WHERE id = -5") == "a long old word"
    owner.close()
    Syncs(db).clean()
    db.drop_role("hides")
