"""Foreign tables are read live: which statement goes out, and how a scan begins, ends and begins again."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.foreign import create_foreign_table, create_server, plan_of, remote_sql
from harness.thorough import PROVIDERS, by_turns

from servers.remote import Remote

pytestmark = by_turns("one_remote", *PROVIDERS)

ROWS = 3000


@pytest.fixture
def orders(db: Database, one_remote: Remote) -> Iterator[Database]:
    """The foreign table `orders` and the imported table `imported`, of the same rows."""
    one_remote.create_rows("orders", ROWS)
    create_server(db, one_remote)
    db.import_table(one_remote.connector(table="orders", import_as="imported"))
    create_foreign_table(db, "imported", "orders", table_name="orders")
    yield db
    db.execute("DROP SERVER remote CASCADE; DROP TABLE imported; SELECT cdb_foreign_disconnect()")
    one_remote.drop("orders")


def test_all_rows(orders: Database) -> None:
    assert orders.rows("SELECT * FROM orders ORDER BY id") == orders.rows("SELECT * FROM imported ORDER BY id")
    assert orders.value("SELECT count(*) FROM orders") == ROWS


def test_a_key_is_looked_up_there(orders: Database) -> None:
    assert orders.rows("SELECT id FROM orders WHERE id = 77") == [(77,)]
    (sent,) = remote_sql(orders, "SELECT id FROM orders WHERE id = 77")
    assert "77" in sent and "word" not in sent


def test_limit(orders: Database) -> None:
    assert len(orders.rows("SELECT * FROM orders LIMIT 5")) == 5
    assert orders.rows("SELECT id FROM orders ORDER BY id LIMIT 3 OFFSET 2") == [(3,), (4,), (5,)]
    assert orders.rows("SELECT id FROM orders ORDER BY id DESC LIMIT 2") == [(ROWS,), (ROWS - 1,)]


def test_parameters_of_a_generic_plan(orders: Database) -> None:
    orders.execute("SET plan_cache_mode = force_generic_plan; PREPARE by_id (bigint) AS SELECT id FROM orders WHERE id = $1")
    assert [orders.rows(f"EXECUTE by_id ({number})") for number in (5, 6)] == [[(5,)], [(6,)]]
    assert orders.rows("EXECUTE by_id (NULL)") == []
    orders.execute("DEALLOCATE by_id; RESET plan_cache_mode")


def test_a_nested_loop_looks_rows_up(orders: Database) -> None:
    orders.execute("CREATE TEMP TABLE keys AS SELECT * FROM (VALUES (10::bigint), (20), (NULL)) k (k); ANALYZE keys")
    query = "SELECT o.id FROM keys JOIN orders o ON o.id = k ORDER BY 1"
    assert orders.rows(query) == [(10,), (20,)]
    orders.execute("SET enable_hashjoin = off; SET enable_mergejoin = off")
    assert orders.rows(query) == [(10,), (20,)]
    assert "$1" in remote_sql(orders, query)[0], plan_of(orders, query)
    orders.execute("RESET enable_hashjoin; RESET enable_mergejoin; DROP TABLE keys")


def test_two_scans_at_once(orders: Database) -> None:
    query = "SELECT count(*) FROM {0} a JOIN {0} b ON a.word = b.word AND a.id <= b.id"
    assert orders.rows(query.format("orders")) == orders.rows(query.format("imported"))


def test_a_cursor_left_in_the_middle(orders: Database) -> None:
    for _ in range(3):
        orders.execute("BEGIN; DECLARE part CURSOR FOR SELECT id FROM orders")
        assert len(orders.rows("FETCH 10 FROM part")) == 10
        orders.execute("ROLLBACK")
    orders.execute("BEGIN; DECLARE part CURSOR FOR SELECT id FROM orders")
    assert len(orders.rows("FETCH 10 FROM part")) == 10
    orders.execute("CLOSE part; COMMIT")
    assert orders.value("SELECT count(*) FROM orders") == ROWS


def test_analyze(orders: Database) -> None:
    orders.execute("ANALYZE orders")
    assert orders.value("SELECT reltuples FROM pg_class WHERE relname = 'orders'") > 0
    assert orders.rows("SELECT attname FROM pg_stats WHERE tablename = 'orders' ORDER BY 1") == [("amount",), ("id",), ("word",)]


def test_explain(orders: Database) -> None:
    plan = plan_of(orders, "SELECT id FROM orders", "ANALYZE, VERBOSE")
    assert f"Remote Rows: {ROWS}" in plan and "Remote SQL" in plan and "First Remote Row After" in plan


def test_as_a_source(orders: Database) -> None:
    orders.execute("CREATE TABLE copy AS SELECT * FROM orders; CREATE MATERIALIZED VIEW seen AS SELECT id FROM orders WHERE id < 10")
    assert orders.value("SELECT count(*) FROM copy") == ROWS
    assert orders.value("SELECT count(*) FROM seen") == 9
    orders.execute("REFRESH MATERIALIZED VIEW seen; DROP TABLE copy; DROP MATERIALIZED VIEW seen")


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO orders (id) VALUES (1)", "UPDATE orders SET id = 1", "DELETE FROM orders", "TRUNCATE orders"],
)
def test_writing_is_refused(orders: Database, statement: str) -> None:
    with pytest.raises(psycopg2.Error, match="foreign table|\"orders\""):
        orders.execute(statement)


def test_connections_are_kept(orders: Database) -> None:
    orders.execute("SELECT cdb_foreign_disconnect()")
    orders.rows("SELECT * FROM orders LIMIT 1")
    assert orders.rows("SELECT server, in_use FROM cdb_foreign_connections()") == [("remote", False)]
    assert orders.value("SELECT cdb_foreign_disconnect('remote')") == 1
    assert orders.rows("SELECT server FROM cdb_foreign_connections()") == []
