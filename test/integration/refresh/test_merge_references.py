"""Merges of tables with foreign keys: they are checked when all rows have changed, and nobody else's rows are harmed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.refreshing import Refreshed, assert_nothing_left, counts
from harness.syncs import Syncs

from servers.remote import Remote


@pytest.fixture
def source(postgres15: Remote, db: Database) -> Iterator[Remote]:
    postgres15.server.start()
    yield postgres15
    Syncs(db).clean()
    for table in ("tree", "goods", "couple"):
        postgres15.execute(f"DROP VIEW IF EXISTS {table}_view", f"DROP TABLE IF EXISTS {table}")


def tree(db: Database, source: Remote, *rows: str, action: str = "") -> Refreshed:
    """A table of nodes whose parents are nodes, refreshed by merge; the reference is kept here only."""
    source.execute("CREATE TABLE tree (id int PRIMARY KEY, parent int, word text)")
    source.execute("INSERT INTO tree VALUES " + ", ".join(f"({row})" for row in rows))
    sync = Refreshed(db, source.connector(table="tree"), mode="merge", key="id")
    db.execute(f"ALTER TABLE tree ADD COLUMN own text, ADD FOREIGN KEY (parent) REFERENCES tree {action}; UPDATE tree SET own = 'mine ' || id")
    return sync


ACTIONS = ("", "ON DELETE CASCADE", "ON DELETE SET NULL", "ON DELETE SET DEFAULT", "ON DELETE RESTRICT", "DEFERRABLE", "ON DELETE CASCADE DEFERRABLE")


@pytest.mark.parametrize("action", ACTIONS)
def test_child_moves_from_a_deleted_parent(db: Database, source: Remote, action: str) -> None:
    """It stays the row that it was, with what the user keeps in it and what refers to it."""
    sync = tree(db, source, "1, NULL, 'a'", "2, NULL, 'b'", "3, 2, 'c'", "4, 3, 'd'", action=action)
    db.execute("CREATE TABLE notes (id int REFERENCES tree ON DELETE CASCADE); INSERT INTO notes VALUES (3), (4)")
    source.execute("UPDATE tree SET parent = 1 WHERE id = 3", "DELETE FROM tree WHERE id = 2")
    assert counts(sync.run("merge")) == (0, 1, 1)
    assert db.rows("SELECT id, parent, own FROM tree ORDER BY id") == [(1, None, "mine 1"), (3, 1, "mine 3"), (4, 3, "mine 4")]
    assert db.value("SELECT count(*) FROM notes") == 2
    assert_nothing_left(db)


@pytest.mark.parametrize("action", ["", "DEFERRABLE INITIALLY DEFERRED", "NOT VALID", "ON DELETE CASCADE ON UPDATE CASCADE"])
def test_row_that_is_there_refers_to_a_new_one(db: Database, source: Remote, action: str) -> None:
    sync = tree(db, source, "1, NULL, 'a'", "2, 1, 'b'", action=action)
    source.execute("INSERT INTO tree VALUES (9, 10, 'new'), (10, NULL, 'new')", "UPDATE tree SET parent = 9 WHERE id = 1")
    assert counts(sync.run("merge")) == (2, 1, 0)
    assert db.rows("SELECT id, parent FROM tree ORDER BY id") == [(1, 9), (2, 1), (9, 10), (10, None)]


def test_a_whole_branch_goes(db: Database, source: Remote) -> None:
    sync = tree(db, source, "1, NULL, 'a'", "2, 1, 'b'", "3, 2, 'c'", "4, 3, 'd'", action="ON DELETE RESTRICT")
    source.execute("DELETE FROM tree WHERE id > 1", "INSERT INTO tree VALUES (5, 1, 'e')")
    assert counts(sync.run("merge")) == (1, 0, 3)
    assert db.rows("SELECT id, parent FROM tree ORDER BY id") == [(1, None), (5, 1)]


@pytest.mark.parametrize("action", ["", "ON DELETE RESTRICT", "DEFERRABLE"])
def test_rows_that_others_need_stay(db: Database, source: Remote, action: str) -> None:
    """The source has deleted a row that rows of another table refer to: the run fails, and nothing changes."""
    sync = tree(db, source, "1, NULL, 'a'", "2, NULL, 'b'")
    db.execute(f"CREATE TABLE notes (id int REFERENCES tree {action}); INSERT INTO notes VALUES (2)")
    source.execute("DELETE FROM tree WHERE id = 2", "UPDATE tree SET word = 'new'")
    sync.fail(2001, "notes")
    db.execute("DELETE FROM notes")
    assert counts(sync.run("merge")) == (0, 1, 1)


def test_key_in_other_letters_is_followed_by_those_who_refer(db: Database, source: Remote) -> None:
    """The key is equal, but not the same: it is taken over, and foreign keys follow."""
    db.execute("CREATE EXTENSION IF NOT EXISTS citext")
    source.execute("CREATE TABLE goods (name text PRIMARY KEY, price int)", "INSERT INTO goods VALUES ('web1', 1), ('web2', 2)")
    sync = Refreshed(db, source.connector(table="goods", columns={"name": "public.citext", "price": None}), mode="merge", key="name")
    db.execute("CREATE TABLE notes (name citext REFERENCES goods ON UPDATE CASCADE ON DELETE CASCADE); INSERT INTO notes VALUES ('WEB1')")
    source.execute("UPDATE goods SET name = 'Web1' WHERE name = 'web1'")
    assert counts(sync.run("merge")) == (0, 1, 0)
    assert db.rows("SELECT name::text, price FROM goods ORDER BY price") == [("Web1", 1), ("web2", 2)]
    assert db.value("SELECT name::text FROM notes") in ("Web1", "WEB1")
    assert counts(sync.run("merge")) == (0, 0, 0)


def view_of_goods(db: Database, source: Remote) -> Refreshed:
    """A table without a key: it comes from a view."""
    source.execute("CREATE TABLE goods (id int, word text)", "INSERT INTO goods VALUES (1, 'a'), (2, 'b'), (3, NULL)")
    source.execute("CREATE VIEW goods_view AS SELECT * FROM goods")
    return Refreshed(db, source.connector(table="goods_view", import_as="goods"))


@pytest.mark.parametrize("action", ["ON DELETE CASCADE", "ON DELETE SET NULL", "ON DELETE RESTRICT", ""])
def test_what_refers_to_rows_that_stay_is_left_alone(db: Database, source: Remote, action: str) -> None:
    """The columns that a foreign key refers to tell rows apart, where there is no primary key."""
    sync = view_of_goods(db, source)
    db.execute("ALTER TABLE goods ADD COLUMN own text, ADD UNIQUE (id); UPDATE goods SET own = 'mine'")
    db.execute(f"CREATE TABLE notes (id int REFERENCES goods (id) {action}); INSERT INTO notes VALUES (1), (3)")
    assert counts(sync.run("merge")) == (0, 0, 0)
    source.execute("UPDATE goods SET word = 'new' WHERE id = 3", "DELETE FROM goods WHERE id = 2", "INSERT INTO goods VALUES (4, 'd')")
    assert counts(sync.run("merge")) == (1, 1, 1)
    assert db.rows("SELECT * FROM notes ORDER BY id") == [(1,), (3,)]
    assert db.value("SELECT count(*) FROM goods WHERE own = 'mine'") == 2
    source.execute("UPDATE goods SET id = NULL WHERE id = 4")
    sync.fail(2001, "NULL")


def test_overwrite_leaves_what_refers_to_rows_that_stay_alone(db: Database, source: Remote) -> None:
    view_of_goods(db, source)
    db.execute("DELETE FROM connector.sync; ALTER TABLE goods ADD UNIQUE (id)")
    db.execute("CREATE TABLE notes (id int REFERENCES goods (id) ON DELETE CASCADE); INSERT INTO notes VALUES (1), (3)")
    source.execute("DELETE FROM goods WHERE id = 2")
    db.import_table(source.connector(table="goods_view", import_as="goods"), collision_strategy="overwrite")
    assert db.rows("SELECT id FROM goods ORDER BY id") == [(1,), (3,)]
    assert db.value("SELECT count(*) FROM notes") == 2


@pytest.mark.parametrize("action", ["ON DELETE CASCADE", "ON DELETE SET NULL", "ON DELETE SET DEFAULT"])
def test_rows_that_cannot_be_told_apart_are_not_replaced_under_others(db: Database, source: Remote, action: str) -> None:
    """What others refer to does not come from the source, so all rows would be deleted, and theirs with them."""
    sync = view_of_goods(db, source)
    db.execute("ALTER TABLE goods ADD COLUMN own serial PRIMARY KEY")
    db.execute(f"CREATE TABLE notes (own int REFERENCES goods {action}); INSERT INTO notes VALUES (1)")
    sync.fail(2013, "notes", "NO ACTION")
    assert db.rows("SELECT own FROM notes") == [(1,)]
    db.execute("DROP TABLE notes")
    sync.run("swap")


def test_delete_and_insert_of_a_table_that_refers_to_itself(db: Database, source: Remote) -> None:
    """DELETE and INSERT are one statement, too."""
    source.execute("CREATE TABLE couple (id int, other int)", "INSERT INTO couple VALUES (1, 2), (2, 1), (2, 2)")
    sync = Refreshed(db, source.connector(table="couple"))
    db.execute("CREATE TABLE known (id int PRIMARY KEY); INSERT INTO known VALUES (1), (2); ALTER TABLE couple ADD FOREIGN KEY (other) REFERENCES known")
    assert counts(sync.run("delete and insert")) == (3, 0, 3)
    source.execute("INSERT INTO couple VALUES (3, 3)")
    sync.fail(2001, "couple_other_fkey")
    db.execute("INSERT INTO known VALUES (3)")
    assert counts(sync.run("delete and insert")) == (4, 0, 3)


def test_triggers_see_each_change_once(db: Database, source: Remote) -> None:
    """Row triggers, and transition tables of statement triggers, in the one statement."""
    sync = tree(db, source, "1, NULL, 'a'", "2, 1, 'b'", "3, 1, 'c'")
    db.execute("CREATE TABLE log (what text)")
    db.execute(
        "CREATE FUNCTION note_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO public.log VALUES (TG_OP || ' ' || COALESCE(NEW.id, OLD.id)); RETURN NULL; END $$;"
        "CREATE FUNCTION note_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO public.log SELECT TG_OP || ' all ' || count(*) FROM changed; RETURN NULL; END $$;"
        "CREATE TRIGGER r AFTER INSERT OR UPDATE OR DELETE ON tree FOR EACH ROW EXECUTE FUNCTION note_row();"
        "CREATE TRIGGER i AFTER INSERT ON tree REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_all();"
        "CREATE TRIGGER u AFTER UPDATE ON tree REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_all();"
        "CREATE TRIGGER d AFTER DELETE ON tree REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_all()"
    )
    source.execute("DELETE FROM tree WHERE id = 3", "UPDATE tree SET parent = 4", "INSERT INTO tree VALUES (4, NULL, 'd'), (5, 4, 'e')")
    assert counts(sync.run("merge")) == (2, 2, 1)
    assert sorted(what for (what,) in db.rows("SELECT what FROM log")) == [
        "DELETE 3", "DELETE all 1", "INSERT 4", "INSERT 5", "INSERT all 2", "UPDATE 1", "UPDATE 2", "UPDATE all 2",
    ]  # fmt: skip
    db.execute("DELETE FROM log")
    assert counts(sync.run("merge")) == (0, 0, 0)
    assert db.rows("SELECT * FROM log") == []
    db.execute("DROP FUNCTION note_row CASCADE; DROP FUNCTION note_all CASCADE")


def test_rules_have_their_say(db: Database, source: Remote) -> None:
    """They can't be in one statement with others."""
    sync = tree(db, source, "1, NULL, 'a'", "2, 1, 'b'", "3, 1, 'c'")
    db.execute("CREATE TABLE log (id int); CREATE RULE r AS ON UPDATE TO tree DO ALSO INSERT INTO log VALUES (NEW.id)")
    source.execute("DELETE FROM tree WHERE id = 3", "UPDATE tree SET word = 'x' WHERE id = 2", "INSERT INTO tree VALUES (4, 1, 'd')")
    sync.run("merge")
    assert db.rows("SELECT id, word FROM tree ORDER BY id") == [(1, "a"), (2, "x"), (4, "d")]
