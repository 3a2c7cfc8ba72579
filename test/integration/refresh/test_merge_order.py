"""A merge whose rows come in the key's order, nearly so, or in none: what it finds is the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.refreshing import Refreshed, counts
from harness.syncs import Syncs

from servers.remote import Remote

ROWS = 20000


@pytest.fixture
def source(postgres15: Remote, db: Database) -> Iterator[Remote]:
    postgres15.server.start()
    yield postgres15
    Syncs(db).clean()
    postgres15.execute("DROP TABLE IF EXISTS item, ordered")


def put_in_order(source: Remote, order: str, select: str = "TABLE ordered") -> None:
    """Makes the source's table anew, with its rows in this order."""
    source.execute("TRUNCATE item", f"INSERT INTO item SELECT o.* FROM ({select}) o ORDER BY {order}")


# The order of the rows in the source, as an expression of the number n of each, from 1 to 20,000.
ORDERS = {
    "ascending": "n",
    "descending": "-n",
    "none": "md5(n::text)",
    "one great key comes first": "CASE n WHEN 20000 THEN 0 ELSE n END",
    "one small key comes last": "CASE n WHEN 1 THEN 20001 ELSE n END",
    "many great keys in between": "CASE WHEN n % 100 = 0 THEN (n * 7919) % 20000 ELSE n END",
    "the last rows come first": "CASE WHEN n > 18500 THEN n - 20000 ELSE n END",
    "the first rows come last": "CASE WHEN n < 1500 THEN n + 20000 ELSE n END",
    "a block in between": "CASE WHEN n BETWEEN 3000 AND 4500 THEN n + 10000.5 ELSE n END",
    "two halves": "(n + 10000) % 20000",
    "two by turns": "n / 2 + n % 2 * 10000",
    "neighbours change places": "n / 2, -n",
    "some thousand at the end": "CASE WHEN n % 3 = 0 THEN n + 20000 ELSE n END",
    "order, then none": "CASE WHEN n < 15000 THEN n ELSE 15000 + hashint4(n)::numeric / 1e10 END",
}
KEYS = {
    "bigint": ("id bigint PRIMARY KEY", "n"),
    "text": ('id text COLLATE "C" PRIMARY KEY', "lpad(n::text, 6, '0')"),
    "two columns": ("id int, part text, PRIMARY KEY (id, part)", "n / 10, lpad((n % 10)::text, 2, 'x')"),
    "numeric": ("id numeric PRIMARY KEY", "n / 8.0"),
}


SOME_ORDERS = ["ascending", "none", "many great keys in between", "the last rows come first"]


@pytest.mark.parametrize(
    ("order", "kind"),
    [(order, "bigint") for order in ORDERS] + [(order, kind) for kind in KEYS if kind != "bigint" for order in SOME_ORDERS],
)
def test_rows_in_any_order(db: Database, source: Remote, order: str, kind: str) -> None:
    definition, key = KEYS[kind]
    for table in ("ordered", "item"):
        source.execute(f"CREATE TABLE {table} ({definition}, n int, word text)")
    source.execute(f"INSERT INTO ordered SELECT {key}, n, 'word ' || n FROM generate_series(1, {ROWS}) n")
    put_in_order(source, "n")
    names = ["id", "part"] if kind == "two columns" else "id"
    sync = Refreshed(db, source.connector(table="item"), mode="merge", key=names)
    put_in_order(source, ORDERS[order])
    assert counts(sync.run("merge")) == (0, 0, 0)

    source.execute("UPDATE ordered SET word = 'changed' WHERE n % 50 = 7", "DELETE FROM ordered WHERE n % 100 = 11 OR n BETWEEN 600 AND 699")
    put_in_order(source, ORDERS[order])
    db.execute("DELETE FROM item WHERE n % 200 = 13 OR n > 19990")
    gone_here = db.value(f"SELECT count(*) FROM generate_series(1, {ROWS}) n WHERE (n % 200 = 13 OR n > 19990)")
    in_both = "n % 100 <> 11 AND n NOT BETWEEN 600 AND 699"
    ((inserted, updated, deleted),) = db.rows(
        f"SELECT count(*) FILTER (WHERE (n % 200 = 13 OR n > 19990) AND {in_both}), "
        f"count(*) FILTER (WHERE n % 50 = 7 AND NOT (n % 200 = 13 OR n > 19990) AND {in_both}), "
        f"count(*) FILTER (WHERE NOT (n % 200 = 13 OR n > 19990) AND NOT ({in_both})) FROM generate_series(1, {ROWS}) n"
    )
    assert gone_here > inserted > 0 and updated > 0 and deleted > 0
    assert counts(sync.run("merge")) == (inserted, updated, deleted)
    contents = "SELECT md5(string_agg(i::text, ';' ORDER BY n)) FROM item i"
    assert db.rows(contents) == source.rows(contents)


@pytest.mark.parametrize("order", ["n", "-n", "md5(n::text)"])
@pytest.mark.parametrize("twice", ["the same row", "a neighbour", "a row far away", "a row that is new", "the last row"])
def test_a_key_that_comes_twice(db: Database, source: Remote, twice: str, order: str) -> None:
    """Also where the rows that share it come in an order, and one of them is as it is here."""
    for table in ("ordered", "item"):
        source.execute(f"CREATE TABLE {table} (id int, n int, word text)")
    source.execute("INSERT INTO ordered SELECT n, n, 'word' FROM generate_series(1, 3000) n")
    put_in_order(source, "n")
    sync = Refreshed(db, source.connector(table="item"), mode="merge", key="id")
    db.execute("CREATE UNIQUE INDEX ON item (id)")
    change = {
        "the same row": "INSERT INTO ordered SELECT * FROM ordered WHERE n = 1500",
        "a neighbour": "UPDATE ordered SET id = 1500 WHERE n = 1501",
        "a row far away": "UPDATE ordered SET id = 1500 WHERE n = 7",
        "a row that is new": "INSERT INTO ordered VALUES (4000, 0, 'a'), (4000, 4000, 'b')",
        "the last row": "INSERT INTO ordered VALUES (3000, 1, 'c')",
    }
    source.execute(change[twice])
    put_in_order(source, order)
    sync.fail(2001, "the same values twice")
    assert db.value("SELECT count(*) FROM item WHERE word = 'word' AND id = n") == 3000


def test_values_that_are_equal_but_not_the_same(db: Database, source: Remote) -> None:
    """Found in rows that lie in order, and in those that do not."""
    source.execute("CREATE TABLE item (id int PRIMARY KEY, n int, amount numeric, ratio float8, data jsonb, day timestamptz)")
    source.execute("INSERT INTO item SELECT n, n, 1.0, '0', '1.0', 'infinity' FROM generate_series(1, 3000) n")
    sync = Refreshed(db, source.connector(table="item"), mode="merge", key="id")
    changed = ("amount = '1.00'", "ratio = '-0'", "data = '1.00'", "day = '-infinity'", "amount = 'NaN'", "ratio = 'NaN'", "data = NULL", "amount = NULL")
    for number, change in enumerate(changed, 1):
        source.execute(f"UPDATE item SET {change} WHERE id % 1000 = {number}")
        assert counts(sync.run("merge")) == (0, 3, 0), change
        assert counts(sync.run("merge")) == (0, 0, 0), change
    contents = "SELECT id, amount::text, ratio::text, data::text, day::text FROM item ORDER BY id"
    assert db.rows(contents) == source.rows(contents)


def test_long_values(db: Database, source: Remote) -> None:
    """Stored compressed, or outside of the row, here and there."""
    source.execute("CREATE TABLE item (id text PRIMARY KEY, body text, data bytea)")
    source.execute(
        "INSERT INTO item SELECT repeat(n::text, 300), repeat('a' || n, n * 50), (SELECT string_agg(sha256((n * 1000 + i)::text::bytea), '') "
        "FROM generate_series(1, n * 3) i) FROM generate_series(1, 100) n ORDER BY repeat(n::text, 300)"
    )
    sync = Refreshed(db, source.connector(table="item"), mode="merge", key="id")
    db.execute("ALTER TABLE item ALTER body SET STORAGE EXTERNAL, ALTER data SET STORAGE MAIN; UPDATE item SET body = body || '', data = data || ''")
    assert counts(sync.run("merge")) == (0, 0, 0)
    source.execute("UPDATE item SET body = overlay(body PLACING 'b' FROM 40) WHERE id LIKE '7%'", "UPDATE item SET data = data || '.' WHERE id LIKE '77%'")
    assert counts(sync.run("merge")) == (0, 11, 0)
    assert db.rows("SELECT * FROM item ORDER BY id") == source.rows("SELECT * FROM item ORDER BY id")


def test_rows_here_without_a_key(db: Database, source: Remote) -> None:
    """A unique index lets any number of NULLs through: nothing of the source is equal to them."""
    source.execute("CREATE TABLE item (id int, n int)", "INSERT INTO item SELECT n, n FROM generate_series(1, 100) n")
    sync = Refreshed(db, source.connector(table="item"), mode="merge", key=["id", "n"])
    db.execute("CREATE UNIQUE INDEX ON item (id, n); INSERT INTO item VALUES (NULL, 1), (NULL, 1), (5, NULL), (NULL, NULL), (1000, NULL)")
    assert counts(sync.run("merge")) == (0, 0, 5)
    assert db.rows("SELECT * FROM item ORDER BY id") == source.rows("SELECT * FROM item ORDER BY id")


def test_partitions_in_the_order_of_the_key(db: Database, source: Remote) -> None:
    source.execute("CREATE TABLE item (id int PRIMARY KEY, word text)", f"INSERT INTO item SELECT n, 'word' FROM generate_series(1, {ROWS}) n")
    sync = Refreshed(db, source.connector(table="item"), mode="merge", key="id")
    db.execute("ALTER TABLE item RENAME TO plain; CREATE TABLE item (id int PRIMARY KEY, word text) PARTITION BY RANGE (id)")
    for name, bounds in {"high": "FROM (10000) TO (MAXVALUE)", "low": "FROM (MINVALUE) TO (10000)"}.items():
        db.execute(f"CREATE TABLE {name} PARTITION OF item FOR VALUES {bounds}")
    db.execute("INSERT INTO item SELECT * FROM plain; UPDATE connector.sync SET relation = 'item'::regclass; DROP TABLE plain")
    source.execute("UPDATE item SET word = 'new' WHERE id % 1000 = 1", "DELETE FROM item WHERE id % 1000 = 2", "INSERT INTO item VALUES (0, 'zero')")
    assert counts(sync.run("merge")) == (1, 20, 20)
    assert db.value("SELECT count(*) FROM low WHERE id = 0 OR word = 'new'") == 11
    assert db.rows("SELECT * FROM item ORDER BY id") == source.rows("SELECT * FROM item ORDER BY id")
