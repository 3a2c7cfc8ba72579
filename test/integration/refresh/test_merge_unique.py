"""Merges of tables where values are unique: rows exchange them, and rows of others that refer to them are not harmed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.refreshing import Refreshed, assert_nothing_left, check_integrity, counts
from harness.syncs import Syncs

from servers.remote import Remote


@pytest.fixture
def source(postgres15: Remote, db: Database) -> Iterator[Remote]:
    postgres15.server.start()
    yield postgres15
    Syncs(db).clean()
    postgres15.execute("DROP TABLE IF EXISTS menu")


def menu(db: Database, source: Remote, kind: str = "int", values: tuple[str, ...] = ("1", "2", "3"), *, local: str = "ADD UNIQUE (pos)") -> Refreshed:
    """Rows 1, 2, 3 … with a value `pos` each, which is unique here."""
    source.execute(f"CREATE TABLE menu (id int PRIMARY KEY, pos {kind}, word text)")
    source.execute("INSERT INTO menu VALUES " + ", ".join(f"({i}, {value}, 'word {i}')" for i, value in enumerate(values, 1)))
    sync = Refreshed(db, source.connector(table="menu"), mode="merge", key="id")
    db.execute("ALTER TABLE menu ADD COLUMN own text; UPDATE menu SET own = 'mine ' || id")
    if local:
        db.execute(f"ALTER TABLE menu {local}")
    return sync


def expect(db: Database, source: Remote, sync: Refreshed, *expected: int) -> None:
    """The rows are the source's, and what the user keeps beside them stays."""
    before = dict(db.rows("SELECT id, own FROM menu"))
    assert counts(sync.run("merge")) == expected
    rows = "SELECT id, pos::text, word FROM menu ORDER BY id"
    assert db.rows(rows) == source.rows(rows)
    assert all(own == before.get(id) for id, own in db.rows("SELECT id, own FROM menu"))
    assert counts(sync.run("merge")) == (0, 0, 0)
    assert_nothing_left(db)
    check_integrity(db, "menu")


REFERENCES = ["none", "ON DELETE CASCADE ON UPDATE CASCADE", "ON DELETE SET NULL", "ON DELETE SET DEFAULT", "ON DELETE RESTRICT", ""]


@pytest.mark.parametrize("not_null", ["", ", ALTER pos SET NOT NULL"])
@pytest.mark.parametrize("action", REFERENCES)
def test_values_change_places(db: Database, source: Remote, action: str, not_null: str) -> None:
    """Whatever refers to the rows: it is the rows that stay, and their values that change."""
    sync = menu(db, source, local=f"ADD UNIQUE (pos){not_null}")
    if action != "none":
        db.execute(f"CREATE TABLE notes (id int REFERENCES menu {action}); INSERT INTO notes VALUES (1), (2), (3)")
    source.execute("UPDATE menu SET pos = 4 - pos")
    expect(db, source, sync, 0, 2, 0)
    if action != "none":
        assert db.rows("SELECT id FROM notes ORDER BY id") == [(1,), (2,), (3,)]


KINDS = {
    "smallint": ("-32768", "0", "32767"),
    "bigint": ("1", "2", "9223372036854775807"),
    "numeric(3,1)": ("1.5", "2.5", "3.5"),
    "double precision": ("1.5", "2.5", "-3e100"),
    "varchar(12)": ("'a'", "'b'", "'c'"),
    "text": ("'a'", "'b'", "'c'"),
    "char(10)": ("'a'", "'b'", "'c'"),
    "date": ("'2024-01-01'", "'2024-01-02'", "'2024-01-03'"),
    "timestamp": ("'2024-01-01'", "'2024-01-02'", "'2024-01-03'"),
    "timestamptz": ("'2024-01-01'", "'2024-01-02'", "'2024-01-03'"),
    "uuid": tuple(f"'00000000-0000-0000-0000-00000000000{i}'" for i in range(3)),
    "bytea": ("'a'", "'b'", "'c'"),
    "inet": ("'10.0.0.1'", "'10.0.0.2'", "'10.0.0.3'"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_values_that_may_not_be_null_go_round_in_a_circle(db: Database, source: Remote, kind: str) -> None:
    """a takes b's, b takes c's, c takes a's: each has to go somewhere else meanwhile, or be inserted anew."""
    values = KINDS[kind]
    sync = menu(db, source, kind, values, local="ADD UNIQUE (pos), ALTER pos SET NOT NULL")
    for_row = f"CASE id WHEN 1 THEN {values[1]} WHEN 2 THEN {values[2]} ELSE {values[0]} END"
    source.execute(f"UPDATE menu SET pos = CAST({for_row} AS {kind})")
    expect(db, source, sync, 0, 3, 0)


def test_values_move_along(db: Database, source: Remote) -> None:
    """A new row takes what a changed one gives up, changed ones what others and a deleted one give up."""
    sync = menu(db, source, values=("1", "2", "3", "4", "5"))
    source.execute("DELETE FROM menu WHERE id = 5", "UPDATE menu SET pos = pos + 1 WHERE id < 5", "INSERT INTO menu VALUES (6, 1, 'new')")
    expect(db, source, sync, 1, 4, 1)


@pytest.mark.parametrize(
    "local",
    [
        "ADD UNIQUE (pos) DEFERRABLE",
        "ADD UNIQUE (pos, word)",
        "ADD UNIQUE (pos), ADD UNIQUE (word)",
        "ADD EXCLUDE USING gist (int4range(pos, pos + 1) WITH &&)",
        "ADD UNIQUE (pos), ADD CHECK (pos IS NOT NULL)",
        "ADD UNIQUE (pos), ADD CHECK (pos > 0)",
        "ADD UNIQUE (pos), ADD CHECK (pos < 4), ALTER pos SET NOT NULL",
    ],
)
def test_constraints(db: Database, source: Remote, local: str) -> None:
    sync = menu(db, source, local=local)
    source.execute("UPDATE menu SET pos = 4 - pos, word = 'word ' || 4 - id")
    expect(db, source, sync, 0, 2, 0)


@pytest.mark.parametrize(
    "index", ["((pos * 2))", "(pos) WHERE word IS NOT NULL", "(pos, lower(word)) WHERE pos > 0", "(COALESCE(pos, 1))", "(pos) INCLUDE (word)"]
)
def test_indexes_of_expressions_and_parts(db: Database, source: Remote, index: str) -> None:
    sync = menu(db, source, local="")
    db.execute(f"CREATE UNIQUE INDEX ON menu {index}")
    source.execute("UPDATE menu SET pos = 4 - pos, word = 'word ' || 4 - id")
    expect(db, source, sync, 0, 2, 0)


@pytest.mark.parametrize("action", ["", "ON UPDATE CASCADE"])
def test_others_refer_to_the_values_themselves(db: Database, source: Remote, action: str) -> None:
    """They can't be led past each other. Where it does no harm the rows are inserted anew, and each value is there."""
    sync = menu(db, source)
    db.execute(f"CREATE TABLE notes (pos int REFERENCES menu (pos) {action}); INSERT INTO notes VALUES (1), (2)")
    source.execute("UPDATE menu SET pos = 4 - pos")
    expect(db, source, sync, 0, 2, 0)
    assert db.rows("SELECT pos FROM notes ORDER BY pos") == [(1,), (2,)]


def test_refused_where_rows_would_be_harmed(db: Database, source: Remote) -> None:
    """No value to spare, and rows that would be deleted with them."""
    sync = menu(db, source)
    db.execute("CREATE TABLE notes (pos int REFERENCES menu (pos) ON DELETE CASCADE); INSERT INTO notes VALUES (1), (2)")
    source.execute("UPDATE menu SET pos = 4 - pos")
    sync.fail(2001, "menu_pos_key", "DEFERRABLE")
    assert db.value("SELECT count(*) FROM notes") == 2


def test_the_same_value_twice(db: Database, source: Remote) -> None:
    """What the source really has twice can't be unique here."""
    sync = menu(db, source)
    source.execute("UPDATE menu SET pos = 1")
    sync.fail(2001, "menu_pos_key", "sql_query")
    source.execute("UPDATE menu SET pos = id")
    db.execute("ALTER TABLE menu ADD UNIQUE NULLS NOT DISTINCT (word)")
    source.execute("UPDATE menu SET word = NULL")
    sync.fail(2001, "menu_word_key")


def test_triggers_may_refuse(db: Database, source: Remote) -> None:
    """An error of a trigger is the run's."""
    sync = menu(db, source)
    db.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not here'; END $$;"
        "CREATE TRIGGER t BEFORE UPDATE ON menu FOR EACH ROW WHEN (NEW.pos = 3) EXECUTE FUNCTION refuse()"
    )
    source.execute("UPDATE menu SET pos = 4 - pos")
    sync.fail(2001, "not here")
    db.execute("DROP FUNCTION refuse CASCADE")


def test_partitions(db: Database, source: Remote) -> None:
    """Rows change places between partitions."""
    sync = menu(db, source, local="")
    db.execute("ALTER TABLE menu RENAME TO plain; CREATE TABLE menu (id int, pos int, word text, own text, PRIMARY KEY (id, pos), UNIQUE (pos)) PARTITION BY LIST (pos)")
    db.execute("CREATE TABLE low PARTITION OF menu FOR VALUES IN (1, 2); CREATE TABLE high PARTITION OF menu DEFAULT; INSERT INTO menu SELECT * FROM plain")
    db.execute("UPDATE connector.sync SET relation = 'menu'::regclass; DROP TABLE plain")
    source.execute("UPDATE menu SET pos = 4 - pos")
    assert counts(sync.run("merge")) == (0, 2, 0)
    assert db.rows("SELECT id, pos, own FROM menu ORDER BY id") == [(1, 3, "mine 1"), (2, 2, "mine 2"), (3, 1, "mine 3")]
    assert db.rows("SELECT id FROM low ORDER BY id") == [(2,), (3,)]


@pytest.mark.parametrize("referenced", [False, True])
def test_identity_columns(db: Database, source: Remote, referenced: bool) -> None:
    """A column that is always generated takes the source's values, for rows that are there only by being inserted anew."""
    sync = menu(db, source, local="ADD UNIQUE (pos), ALTER pos SET NOT NULL, ALTER pos ADD GENERATED ALWAYS AS IDENTITY")
    source.execute("UPDATE menu SET word = 'new' WHERE id = 1", "INSERT INTO menu VALUES (4, 40, 'four')")
    expect(db, source, sync, 1, 1, 0)
    source.execute("UPDATE menu SET pos = 4 - pos WHERE id < 4")
    if referenced:
        for action in ("CASCADE", "RESTRICT"):
            db.execute(f"DROP TABLE IF EXISTS notes; CREATE TABLE notes (id int REFERENCES menu ON DELETE {action})")
            sync.fail(2001, '"pos"', "identity", "SET GENERATED BY DEFAULT", "notes")
        db.execute("ALTER TABLE menu ALTER pos SET GENERATED BY DEFAULT")
    expect(db, source, sync, 0, 2, 0)
