"""Joins, groups and aggregates of one server are made there, and give what PostgreSQL gives on the imported tables."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.foreign import create_foreign_table, create_server, plan_of, remote_sql
from harness.thorough import PROVIDERS, by_turns

from servers.remote import Remote

pytestmark = by_turns("one_remote", *PROVIDERS)

TABLES = {
    "customers": ("id int, name varchar(20), region varchar(20)", ["1,'Anna','north'", "2,'Bo','south'", "3,'Cy',NULL", "4,'Dee','north'"]),
    "orders": (
        "id int, customer bigint, amount decimal(12,2)",
        ["1,1,10.50", "2,1,20", "3,2,5.25", "4,NULL,7", "5,3,NULL", "6,9,1"],
    ),
    "lines": ("orders int, quantity smallint", ["1,1", "1,2", "2,3", "3,NULL", "7,5"]),
}

# Each goes out as one statement.
JOINS = [
    "SELECT o.id, c.name FROM orders o JOIN customers c ON o.customer = c.id",
    "SELECT o.id, c.name FROM orders o LEFT JOIN customers c ON o.customer = c.id",
    "SELECT o.id, c.name FROM orders o RIGHT JOIN customers c ON o.customer = c.id",
    "SELECT o.id, c.id FROM orders o LEFT JOIN customers c ON o.customer = c.id AND c.id < 2",
    "SELECT o.id, c.id FROM orders o LEFT JOIN customers c ON o.customer = c.id AND o.id > 1 WHERE o.id < 6",
    "SELECT o.id FROM orders o LEFT JOIN customers c ON o.customer = c.id WHERE c.id IS NULL",
    "SELECT o.id FROM orders o LEFT JOIN customers c ON o.customer = c.id WHERE c.id > 1 OR c.id IS NULL",
    "SELECT o.id FROM orders o WHERE EXISTS (SELECT FROM customers c WHERE c.id = o.customer AND c.id < 3)",
    "SELECT o.id FROM orders o WHERE NOT EXISTS (SELECT FROM customers c WHERE c.id = o.customer)",
    "SELECT c.name FROM customers c WHERE c.id IN (SELECT customer FROM orders WHERE amount > 6)",
    "SELECT c.name, o.id, l.quantity FROM customers c JOIN orders o ON o.customer = c.id JOIN lines l ON l.orders = o.id",
    "SELECT c.name, o.id, l.quantity FROM customers c JOIN orders o ON o.customer = c.id LEFT JOIN lines l ON l.orders = o.id",
    "SELECT a.id, b.id FROM orders a JOIN orders b ON a.customer = b.customer AND a.id < b.id",
    "SELECT o.id + 1, upper(c.name), 7, CASE WHEN o.id > 2 THEN c.id END FROM orders o JOIN customers c ON o.customer = c.id",
    "SELECT o.id + 1, coalesce(c.name, 'none') FROM orders o LEFT JOIN customers c ON o.customer = c.id",
    "SELECT -o.id FROM orders o WHERE EXISTS (SELECT FROM customers c WHERE c.id = o.customer)",
    "SELECT -o.id FROM orders o WHERE NOT EXISTS (SELECT FROM customers c WHERE c.id = o.customer AND o.id < 3)",
    "SELECT c.id, l.quantity FROM customers c JOIN orders o ON o.customer = c.id JOIN lines l ON l.orders = o.id"
    " WHERE l.quantity < extract(year FROM now())::int",
    "SELECT o.id FROM orders o JOIN customers c ON o.customer = c.id AND o.id <> c.id",
    "SELECT 1 FROM orders o JOIN customers c ON o.customer = c.id",
    "SELECT 1 FROM orders o WHERE EXISTS (SELECT FROM customers c WHERE c.id = o.customer)",
    "SELECT o.id FROM orders o JOIN customers c ON o.customer IS NOT DISTINCT FROM c.id AND o.customer = c.id",
]
GROUPS = [
    "SELECT count(*) FROM orders",
    "SELECT count(*), count(customer), count(amount), sum(amount), avg(amount), min(amount), max(amount) FROM orders",
    "SELECT count(*), sum(amount), avg(id), max(id) FROM orders WHERE id > 100",
    "SELECT customer, count(*), sum(amount), avg(id), sum(id), avg(customer) FROM orders GROUP BY customer",
    "SELECT customer, count(*) + 1 FROM orders GROUP BY customer HAVING count(*) > 1 OR customer IS NULL",
    "SELECT count(*) FROM orders GROUP BY customer",
    "SELECT count(DISTINCT customer), sum(customer) FROM orders",
    "SELECT DISTINCT customer FROM orders",
    "SELECT DISTINCT customer, id FROM orders WHERE id < 5",
    "SELECT sum(quantity), avg(quantity), min(quantity) FROM lines",
    "SELECT c.id, count(*), sum(o.amount) FROM customers c JOIN orders o ON o.customer = c.id GROUP BY c.id",
    "SELECT c.id, count(o.id), max(o.amount) FROM customers c LEFT JOIN orders o ON o.customer = c.id GROUP BY c.id",
    "SELECT count(*) FROM customers c WHERE EXISTS (SELECT FROM orders o WHERE o.customer = c.id)",
]
# A part is done here.
HERE = [
    "SELECT customer + 1, count(*) FROM orders GROUP BY customer + 1",
    "SELECT count(*) FILTER (WHERE id > 2) FROM orders",
    "SELECT string_agg(id::text, ',' ORDER BY id) FROM orders",
    "SELECT customer, count(*) FROM orders GROUP BY ROLLUP (customer)",
    "SELECT sum(DISTINCT amount) FROM orders",
    "SELECT o, c.id FROM orders o JOIN customers c ON o.customer = c.id",
    "SELECT o.id, c.id FROM orders o FULL JOIN customers c ON o.customer = c.id",
    "SELECT o.id, x FROM orders o LEFT JOIN (SELECT id, coalesce(name, 'none') AS x FROM customers) c ON o.customer = c.id",
    "SELECT count(*) FROM orders WHERE id % 2 = 0",
    "SELECT o.id FROM orders o JOIN customers c ON o.customer = c.id AND length(c.name) > o.id",
    "SELECT o.id FROM orders o LEFT JOIN customers c ON o.customer = c.id AND length(c.name) > o.id",
    "SELECT o.customer + 1, count(*) FROM orders o JOIN customers c ON o.customer = c.id GROUP BY 1",
    "SELECT o.id FROM orders o LEFT JOIN customers c ON o.customer = c.id WHERE c.id IS NULL AND (c.name IS NULL OR c.region IS NULL)",
    "SELECT o.id, l.quantity FROM orders o LEFT JOIN (lines l JOIN customers c ON l.orders = c.id) ON l.orders = o.id",
    "SELECT (SELECT count(*) FROM orders o LEFT JOIN lines l ON l.orders = o.id WHERE o.customer = c.id) FROM customers c",
    "SELECT c.id, x.n FROM customers c, LATERAL (SELECT count(*) AS n FROM orders o WHERE o.customer = c.id) x",
    "SELECT o.id FROM orders o WHERE o.id NOT IN (SELECT orders FROM lines)",
    "SELECT o.id FROM orders o WHERE o.id NOT IN (SELECT customer FROM orders)",
    "SELECT row_number() OVER (ORDER BY customer), count(*) FROM orders GROUP BY customer",
]


@pytest.fixture
def shop(db: Database, one_remote: Remote) -> Iterator[Database]:
    """Foreign tables in the schema live, and imported ones of the same names in the schema copy."""
    create_server(db, one_remote)
    db.execute("CREATE SCHEMA live; CREATE SCHEMA copy")
    for table, (columns, rows) in TABLES.items():
        one_remote.drop(table)
        name = one_remote.quote(table)
        one_remote.execute(f"CREATE TABLE {name} ({columns})", f"INSERT INTO {name} VALUES {', '.join(f'({row})' for row in rows)}")
        db.import_table(one_remote.connector(table=table, import_as=table, target_schema="copy"))
        create_foreign_table(db, f"copy.{table}", f"live.{table}", table_name=table)
    yield db
    db.execute("RESET ALL; DROP SERVER remote CASCADE; DROP SCHEMA live, copy CASCADE; SELECT cdb_foreign_disconnect()")
    for table in TABLES:
        one_remote.drop(table)


def answers(db: Database, query: str) -> tuple[list[str], list[str]]:
    """The rows that a query has on the foreign tables and on the imported ones, in one order."""
    found = []
    for schema in ("live", "copy"):
        db.execute(f"SET search_path = {schema}, public")
        found.append(sorted(str(row) for row in db.rows(query)))
    db.execute("SET search_path = live, public")
    return found[0], found[1]


def test_answers(shop: Database, one_remote: Remote) -> None:
    # HiveServer2 takes seconds for each statement.
    for query in (JOINS + GROUPS)[::3] if one_remote.provider == "hive" else JOINS + GROUPS + HERE:
        there, here = answers(shop, query)
        assert there == here, f"{query}\n{plan_of(shop, query)}"


def sends_one_statement(db: Database, query: str, *fragments: str) -> None:
    sent = remote_sql(db, query)
    # A late value has a second way below.
    assert len(sent) == 1 or "now()" in query, plan_of(db, query)
    assert any(fragment in sent[0] for fragment in fragments), sent[0]


@pytest.mark.parametrize("kind", ["mariadb", "postgres15"])
def test_what_is_sent(db: Database, kind: str, request: pytest.FixtureRequest) -> None:
    remote: Remote = request.getfixturevalue(kind)
    remote.server.start()
    tables = shop.__wrapped__(db, remote)  # type: ignore[attr-defined]
    try:
        next(tables)
        db.execute("SET search_path = live, public; ANALYZE customers, orders, lines")
        for query in JOINS:
            sends_one_statement(db, query, " JOIN ", "EXISTS (")
        for query in GROUPS:
            if "id > 100" in query:
                continue  # so few rows may as well come here
            sends_one_statement(db, query, "COUNT(", "SUM(", "GROUP BY")
        assert "Relations: Aggregate on ((live.customers c) INNER JOIN (live.orders o))" in plan_of(db, GROUPS[-3], "COSTS OFF")
    finally:
        for _ in tables:
            pass


def test_order_and_limit_of_a_join(shop: Database) -> None:
    query = "SELECT o.id, c.name FROM orders o JOIN customers c ON o.customer = c.id ORDER BY o.id DESC LIMIT 2"
    there, here = answers(shop, query)
    assert there == here
    assert len(remote_sql(shop, query)) == 1


def test_values_that_cannot_be_sent(shop: Database) -> None:
    """In a generic plan they are known late: the rows are joined and grouped here then."""
    shop.execute("SET plan_cache_mode = force_generic_plan; SET search_path = live, public; ANALYZE customers, orders")
    shop.execute("PREPARE grouped (numeric) AS SELECT customer, count(*) FROM orders WHERE amount < $1 GROUP BY customer ORDER BY 1")
    shop.execute(
        "PREPARE joined (numeric) AS SELECT o.id FROM orders o JOIN customers c ON o.customer = c.id WHERE o.amount < $1 ORDER BY 1"
    )
    assert shop.rows("EXECUTE grouped (8)") == [(2, 1), (9, 1), (None, 1)]
    assert shop.rows("EXECUTE joined (15)") == [(1,), (3,)]
    for value in ("'NaN'", "1e60"):
        assert shop.rows(f"EXECUTE grouped ({value})") == [(1, 2), (2, 1), (9, 1), (None, 1)]
        assert shop.rows(f"EXECUTE joined ({value})") == [(1,), (2,), (3,)]
    assert shop.rows("EXECUTE grouped (8)") == [(2, 1), (9, 1), (None, 1)]
    assert shop.rows("EXECUTE grouped (NULL)") == []
    shop.execute("DEALLOCATE ALL")


def test_values_that_cannot_be_sent_in_turn_with_others(shop: Database) -> None:
    """Each value begins the scan again, there or here."""
    shop.execute("SET search_path = live, public; ANALYZE orders; SET plan_cache_mode = force_generic_plan")
    values = "(VALUES (1, 8::numeric), (2, 'NaN'), (3, NULL), (4, 'NaN'), (5, 15), (6, 'NaN')) v (n, value)"
    query = f"SELECT n, (SELECT count(*) FROM orders o WHERE o.amount < value) FROM {values} ORDER BY n"
    assert shop.rows(query) == [(1, 3), (2, 5), (3, 0), (4, 5), (5, 4), (6, 5)]


def test_a_value_that_cannot_be_sent_and_a_limit(shop: Database) -> None:
    """The rows that are joined here instead come in the order that the remote would have given them in."""
    shop.execute("SET plan_cache_mode = force_generic_plan; SET search_path = live, public; ANALYZE customers, orders")
    query = "SELECT o.id FROM orders o JOIN customers c ON o.customer = c.id WHERE o.amount < $1 ORDER BY o.id DESC LIMIT 2"
    shop.execute(f"PREPARE last (numeric) AS {query}")
    assert shop.rows("EXECUTE last (15)") == [(3,), (1,)]
    assert shop.rows("EXECUTE last ('NaN')") == [(3,), (2,)]
    shop.execute("DEALLOCATE last")


@pytest.mark.parametrize("setting", ["geqo_threshold = 2", "enable_partitionwise_join = on", "enable_hashjoin = off"])
def test_settings_of_the_planner(shop: Database, setting: str) -> None:
    shop.execute(f"SET {setting}")
    for query in JOINS[10:12] + GROUPS[-3:]:
        there, here = answers(shop, query)
        assert there == here, plan_of(shop, query)


def test_three_tables_and_a_late_value(shop: Database) -> None:
    """Only the last table has a condition whose value is known late."""
    shop.execute("SET plan_cache_mode = force_generic_plan; SET search_path = live, public; ANALYZE customers, orders, lines")
    tables = "customers c JOIN orders o ON o.customer = c.id JOIN lines l ON l.orders = o.id"
    shop.execute(f"PREPARE three (int) AS SELECT c.id, l.quantity FROM {tables} WHERE l.quantity < $1 ORDER BY 1, 2")
    assert shop.rows("EXECUTE three (3)") == [(1, 1), (1, 2)]
    assert shop.rows("EXECUTE three (NULL)") == []
    shop.execute("DEALLOCATE three")


def test_tables_that_treat_invalid_values_differently(shop: Database) -> None:
    """Each by its own rule: they are joined here."""
    shop.execute("ALTER FOREIGN TABLE live.customers OPTIONS (ADD invalid_values 'null')")
    there, here = answers(shop, JOINS[0])
    assert there == here
    assert not any(" JOIN " in sent for sent in remote_sql(shop, JOINS[0]))


def test_the_remote_changes_under_a_plan(shop: Database, one_remote: Remote) -> None:
    """The statement fails and says so, and the next one sees what is there."""
    if one_remote.provider == "hive":
        pytest.skip("its columns are declared where they are read")
    shop.execute("SET search_path = live, public; SET plan_cache_mode = force_generic_plan; ANALYZE orders")
    shop.execute("PREPARE grouped AS SELECT customer, count(*) FROM orders GROUP BY customer ORDER BY 1")
    assert len(shop.rows("EXECUTE grouped")) == 5
    name = one_remote.quote("orders")
    one_remote.drop("orders")
    one_remote.execute(
        f"CREATE TABLE {name} (id int, customer varchar(20), amount decimal(12,2))",
        f"INSERT INTO {name} VALUES (1, '1', 1), (2, ' 1', 1), (3, '1', 1)",
    )
    for _ in range(4):
        try:
            rows = shop.rows("EXECUTE grouped")
        except psycopg2.Error as error:
            assert "Try again" in str(error) or "changed" in str(error) or "text" in str(error) or "varchar" in str(error), error
            shop.execute("SET search_path = live, public")
        else:
            assert rows == [(1, 3)]  # as a bigint " 1" is 1
    shop.execute("DEALLOCATE grouped")


def test_pushdown_off(shop: Database) -> None:
    shop.execute("ALTER FOREIGN TABLE live.customers OPTIONS (ADD pushdown 'off')")
    for query in (JOINS[0], GROUPS[0].replace("orders", "customers")):
        there, here = answers(shop, query)
        assert there == here
        assert not any(" JOIN " in sent or "COUNT(" in sent for sent in remote_sql(shop, query))


def test_rows_that_are_locked_or_changed(shop: Database) -> None:
    shop.execute("CREATE TABLE public.marks (id int, mark text); INSERT INTO public.marks VALUES (1), (2), (6)")
    try:
        shop.execute("SET search_path = live, public")
        rows = shop.rows("SELECT o.id FROM orders o JOIN customers c ON o.customer = c.id ORDER BY o.id FOR UPDATE OF o")
        assert rows == [(1,), (2,), (3,), (5,)]
        shop.execute("UPDATE marks SET mark = c.name FROM orders o JOIN customers c ON o.customer = c.id WHERE marks.id = o.id")
        assert shop.rows("SELECT id, mark FROM marks ORDER BY id") == [(1, "Anna"), (2, "Anna"), (6, None)]
        shop.execute("INSERT INTO marks SELECT count(*), c.name FROM orders o JOIN customers c ON o.customer = c.id GROUP BY c.name")
        assert shop.value("SELECT count(*) FROM marks") == 6
    finally:
        shop.execute("DROP TABLE public.marks")
