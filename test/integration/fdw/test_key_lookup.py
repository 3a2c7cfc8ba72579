"""Joins with foreign tables whose keys are looked up by batches: answers, plans, what the remote is asked, and the ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import CANCELED
from harness.foreign import create_foreign_table, create_server, plan_of, remote_sql

from servers.process import wait_until
from servers.remote import Remote
from servers.remote_mysql import MySqlRemote

NODE = "Custom Scan (Connector Key Lookup)"
FORCED = "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_nestloop = off"
FREE = "RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_nestloop"

# Of the remote table `parts`: texts that are equal there by many collations, NULLs, and keys that come more than once.
TEXTS = ("a", "A", "a ", "á", "ä", "ab", "a\\b", "it's", "", "%", None)

# Types and texts where they are others than the standard's.
TYPES = {"tds": "nvarchar(40)", "mariadb": "varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", "hive": "string"}

# On {0}, the foreign table or the imported one.
QUERIES = {
    "inner": "SELECT k.no, p.no, p.t FROM keys k JOIN {0} p ON p.id = k.k8",
    "inner, other type": "SELECT k.no, p.no FROM keys k JOIN {0} p ON p.id = k.k4",
    "inner, operands the other way round": "SELECT k.no, p.no FROM keys k JOIN {0} p ON k.k4 = p.id",
    "inner, an expression": "SELECT k.no, p.no FROM keys k JOIN {0} p ON p.id = k.k8 + 1",
    "inner, text": "SELECT k.no, p.no, p.t FROM keys k JOIN {0} p ON p.t = k.tx",
    "inner, varchar": "SELECT k.no, p.no, p.t FROM keys k JOIN {0} p ON p.t = k.vc",
    "two keys": "SELECT k.no, p.no FROM keys k JOIN {0} p ON p.id = k.k8 AND p.t = k.tx",
    "another condition": "SELECT k.no, p.no FROM keys k JOIN {0} p ON p.id = k.k8 AND p.no > k.no",
    "left": "SELECT k.no, k.k8, p.no, p.id, p.t FROM keys k LEFT JOIN {0} p ON p.id = k.k8",
    "left, two keys": "SELECT k.no, p.no, p.t FROM keys k LEFT JOIN {0} p ON p.id = k.k4 AND p.t = k.tx",
    "left, conditions in ON": "SELECT k.no, p.no FROM keys k LEFT JOIN {0} p ON p.id = k.k8 AND k.no > 5 AND p.no % 2 = 0",
    "left, conditions behind": "SELECT k.no, p.no FROM keys k LEFT JOIN {0} p ON p.id = k.k8 WHERE p.no IS NULL OR p.no > k.no",
    "left, a value that may not be NULL": "SELECT k.no, s.x FROM keys k LEFT JOIN (SELECT p.*, coalesce(p.t, 'none') x FROM {0} p) s ON s.id = k.k8",
    "left, below another": "SELECT k.no, p.no, o.no FROM keys k LEFT JOIN {0} p ON p.id = k.k8 LEFT JOIN keys o ON o.no = p.no + 1",
    "two lookups": "SELECT k.no, p.no, q.no FROM keys k LEFT JOIN {0} p ON p.id = k.k8 LEFT JOIN {0} q ON q.id = p.no",
    "semi": "SELECT k.no FROM keys k WHERE EXISTS (SELECT FROM {0} p WHERE p.id = k.k8)",
    "semi, text": "SELECT k.no FROM keys k WHERE k.tx IN (SELECT t FROM {0})",
    "semi, another condition": "SELECT k.no FROM keys k WHERE EXISTS (SELECT FROM {0} p WHERE p.id = k.k8 AND p.no > k.no)",
    "semi, the other way round": "SELECT p.no FROM {0} p WHERE p.id IN (SELECT k8 FROM keys)",
    "anti": "SELECT k.no FROM keys k WHERE NOT EXISTS (SELECT FROM {0} p WHERE p.id = k.k8)",
    "anti, text": "SELECT k.no FROM keys k WHERE NOT EXISTS (SELECT FROM {0} p WHERE p.t = k.tx)",
    "anti by LEFT JOIN": "SELECT k.no FROM keys k LEFT JOIN {0} p ON p.id = k.k8 WHERE p.id IS NULL",
    "nothing found": "SELECT k.no, p.no FROM keys k LEFT JOIN {0} p ON p.id = k.k8 + 100000",
    "no outer rows": "SELECT k.no, p.no FROM keys k LEFT JOIN {0} p ON p.id = k.k8 WHERE k.no < 0",
    "only NULL": "SELECT k.no, p.no FROM keys k LEFT JOIN {0} p ON p.id = k.k8 WHERE k.k8 IS NULL",
    "more keys than a batch": "SELECT n, p.no FROM generate_series(-1000, 3000) n LEFT JOIN {0} p ON p.id = n",
    "more keys than a batch, inner": "SELECT n, p.no FROM generate_series(-1000, 3000) n JOIN {0} p ON p.id = n",
    "more keys than a batch, anti": "SELECT n FROM generate_series(-1000, 3000) n WHERE NOT EXISTS (SELECT FROM {0} p WHERE p.id = n)",
    "more keys than a batch, semi": "SELECT n FROM generate_series(-1000, 3000) n WHERE EXISTS (SELECT FROM {0} p WHERE p.id = n)",
    "groups above": "SELECT p.t, count(*), sum(k.no) FROM keys k JOIN {0} p ON p.id = k.k8 GROUP BY p.t",
    "a CTE outside": "WITH c AS MATERIALIZED (SELECT * FROM keys) SELECT c.no, p.no FROM c JOIN {0} p ON p.id = c.k8",
    "in a CTE": "WITH c AS MATERIALIZED (SELECT k.no, p.id FROM keys k JOIN {0} p ON p.id = k.k8) SELECT a.no, b.id FROM c a, c b WHERE a.no = b.no + 1",
    "in a subquery that begins again": "SELECT a.no, (SELECT count(p.no) FROM keys k LEFT JOIN {0} p ON p.id = k.k8 WHERE k.no <= a.no) FROM keys a WHERE a.no < 6",
    "in a subquery, inner side": "SELECT a.no, (SELECT string_agg(p.t, ',' ORDER BY p.no) FROM keys k JOIN {0} p ON p.id = k.k8 WHERE p.no <> a.no) FROM keys a WHERE a.no < 6",
    "in EXISTS that stays": "SELECT a.no, EXISTS (SELECT FROM keys k JOIN {0} p ON p.id = k.k8 WHERE k.no = a.no OFFSET 0) FROM keys a",
    "partitions outside": "SELECT k.no, p.no FROM parted k JOIN {0} p ON p.id = k.k8",
    "a value of the whole row": "SELECT k.no, (p).t, p FROM keys k LEFT JOIN {0} p ON p.id = k.k8",
    "a subquery in the condition": "SELECT k.no, p.no FROM keys k LEFT JOIN {0} p ON p.id = k.k8 AND p.no > (SELECT min(no) FROM keys x WHERE x.k8 = k.k8)",
}


def escaped(remote: Remote, text: str) -> str:
    if remote.provider in ("mysql", "hive"):
        return text.replace("\\", "\\\\").replace("'", "\\'")
    return text.replace("'", "''")


def create_parts(remote: Remote) -> None:
    """The table `parts` (no int, id bigint, t text), 2,100 rows."""
    kind = TYPES.get("hive" if remote.provider == "hive" else "tds" if remote.provider == "sqlserver" else remote.kind, "varchar(40)")
    prefix = "N" if remote.provider == "sqlserver" else ""
    texts = ["NULL" if text is None else f"{prefix}'{escaped(remote, text)}'" for text in TEXTS]
    rows = [(no, no % 7 if no <= 100 else no, texts[no % len(texts)]) for no in range(1, 2101)]
    rows += [(9001, "NULL", texts[0]), (9002, "NULL", "NULL")]
    remote.drop("parts")
    remote.execute(f"CREATE TABLE {remote.quote('parts')} (no int, id bigint, t {kind})")
    step = 500
    for first in range(0, len(rows), step):
        values = ", ".join(f"({no}, {key}, {text})" for no, key, text in rows[first : first + step])
        remote.execute(f"INSERT INTO {remote.quote('parts')} VALUES {values}")


def create_keys(db: Database) -> None:
    db.execute(
        """CREATE TABLE keys (no integer, k8 bigint, k4 integer, tx text, vc varchar(20));
        INSERT INTO keys SELECT row_number() OVER (), k, k, t, t FROM
          (VALUES (1::bigint), (2), (2), (3), (6), (150), (151), (700), (2100), (2101), (-5), (NULL)) k (k),
          (VALUES ('a'), ('A'), ('a '), ('á'), ('zz'), ('a\\b'), ('it''s'), (''), (NULL)) t (t);
        CREATE TABLE parted (LIKE keys) PARTITION BY RANGE (k8);
        CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (MINVALUE) TO (100);
        CREATE TABLE parted_2 PARTITION OF parted DEFAULT;
        INSERT INTO parted SELECT * FROM keys; ANALYZE keys; ANALYZE parted"""
    )


@pytest.fixture
def parts(db: Database, one_remote: Remote) -> Iterator[Database]:
    """The foreign table `parts`, the imported table `imported` of the same rows, and `keys`."""
    create_parts(one_remote)
    create_server(db, one_remote)
    db.import_table(one_remote.connector(table="parts", import_as="imported"))
    create_foreign_table(db, "imported", "parts", table_name="parts")
    create_keys(db)
    yield db
    db.execute("DROP SERVER remote CASCADE; DROP TABLE imported, keys, parted; SELECT cdb_foreign_disconnect()")
    one_remote.drop("parts")


@pytest.fixture
def orders(db: Database, mariadb: MySqlRemote) -> Iterator[Database]:
    """The foreign table `orders` of MariaDB, with 3,000 rows and a primary key, and `imported`."""
    mariadb.server.start()
    mariadb.create_rows("orders", 3000)
    create_server(db, mariadb)
    db.import_table(mariadb.connector(table="orders", import_as="imported"))
    create_foreign_table(db, "imported", "orders", table_name="orders")
    yield db
    if db.connection.info.transaction_status:
        db.execute("ROLLBACK")
    db.execute("DROP SERVER IF EXISTS remote CASCADE; DROP TABLE imported; SELECT cdb_foreign_disconnect()")
    mariadb.drop("orders")


@contextmanager
def forced(db: Database) -> Iterator[None]:
    """No other joins."""
    db.execute(FORCED)
    yield
    db.execute(FREE)


def answers(db: Database, query: str) -> list[Any]:
    return sorted(db.rows(query), key=repr)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def run(db: Database, query: str) -> list[dict[str, Any]]:
    """The lookups of a query that was run, as EXPLAIN ANALYZE tells of them."""
    (explained,) = db.value(f"EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) {query}")
    return [node for node in nodes(explained["Plan"]) if node.get("Custom Plan Provider") == "Connector Key Lookup"]


def test_answers(parts: Database) -> None:
    wrong = []
    for name, query in QUERIES.items():
        expected = answers(parts, query.format("imported"))
        with forced(parts):
            plan = plan_of(parts, query.format("parts"))
            if NODE not in plan:
                wrong.append(f"{name}: no lookup\n{plan}")
            if answers(parts, query.format("parts")) != expected:
                wrong.append(f"{name}: other rows\n{plan}")
        if answers(parts, query.format("parts")) != expected:
            wrong.append(f"{name}: other rows with the plan that is chosen\n{plan_of(parts, query.format('parts'))}")
    assert not wrong, "\n\n".join(wrong)
