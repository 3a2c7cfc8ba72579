"""Foreign tables in all kinds of statements: whatever plan is chosen, the answer is that of a local copy."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.foreign import create_server, plan_of, remote_sql

from servers.process import wait_until
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote

COLUMNS = "id bigint, kind smallint, word varchar(20), code character(5), amount numeric(12,2), flag boolean"
ROWS = 600


@pytest.fixture
def items(db: Database, postgres15: PostgresRemote) -> Iterator[Database]:
    """The foreign table `items`, its copy `copied`, and the local table `keys`."""
    remote = postgres15
    remote.execute(
        "DROP TABLE IF EXISTS items",
        f"CREATE TABLE items ({COLUMNS}, PRIMARY KEY (id))",
        f"""INSERT INTO items SELECT i, i % 7, CASE i % 5 WHEN 0 THEN NULL ELSE 'word ' || i % 10 END, 'c' || i % 3, i / 4.0, i % 3 = 0
            FROM generate_series(1, {ROWS}) i""",
        "ANALYZE items",
    )
    create_server(db, remote)
    db.execute(f"CREATE FOREIGN TABLE items ({COLUMNS}) SERVER remote OPTIONS (table_name 'items')")
    db.execute("CREATE TABLE copied AS SELECT * FROM items; ANALYZE copied")
    db.execute("CREATE TABLE keys AS SELECT i * 10::bigint AS id, 'word ' || i AS word, i AS few FROM generate_series(1, 8) i; ANALYZE keys")
    yield db
    db.execute("RESET ALL; DROP SERVER remote CASCADE; DROP TABLE copied, keys; SELECT cdb_foreign_disconnect()")
    remote.execute("DROP TABLE items")


def same(db: Database, query: str) -> list[tuple[object, ...]]:
    """The rows of a query on `items`, which are those of the same query on `copied`, in any order."""
    rows = db.rows(query.format("items"))
    assert sorted(map(repr, rows)) == sorted(map(repr, db.rows(query.format("copied")))), plan_of(db, query.format("items"))
    return rows


LIMITED = [
    "SELECT id FROM {0} WHERE lower(word) = 'word 3' ORDER BY id LIMIT 3",
    "SELECT id FROM {0} i WHERE EXISTS (SELECT FROM keys k WHERE k.id = i.id) ORDER BY id LIMIT 3",
    "SELECT i.id FROM {0} i JOIN keys k ON k.id = i.id ORDER BY i.id LIMIT 3",
    "SELECT k.id, y.id FROM keys k, LATERAL (SELECT i.id FROM {0} i WHERE i.id > k.id ORDER BY i.id LIMIT k.few) y",
    "SELECT k.id, (SELECT i.id FROM {0} i WHERE i.id > k.id AND i.kind = 3 ORDER BY i.id LIMIT 1) FROM keys k",
    "SELECT kind FROM {0} ORDER BY kind FETCH FIRST 3 ROWS WITH TIES",
    "SELECT DISTINCT kind FROM {0} ORDER BY kind LIMIT 3",
    "SELECT kind, count(*) FROM {0} GROUP BY kind ORDER BY kind LIMIT 3",
    "SELECT count(*) FROM {0} LIMIT 1",
    "SELECT id, generate_series(1, 3) FROM {0} ORDER BY id LIMIT 5",
    "SELECT id, row_number() OVER (ORDER BY id DESC) FROM {0} ORDER BY id LIMIT 5",
    "(SELECT id FROM {0} ORDER BY id LIMIT 3) UNION ALL (SELECT id FROM {0} ORDER BY id DESC LIMIT 2)",
    "SELECT id FROM (SELECT id FROM {0} UNION ALL SELECT id FROM keys) u ORDER BY id LIMIT 7",
    "SELECT id FROM {0} ORDER BY id LIMIT (SELECT min(few) + 2 FROM keys) OFFSET 1",
    "SELECT min(id), max(id), min(word), max(word) FROM {0}",
]

JOINED = [
    "SELECT k.id, y.word FROM keys k LEFT JOIN LATERAL (SELECT i.id, k.word || i.word AS word FROM {0} i WHERE i.id = k.id) y ON y.word <> 'x'",
    "SELECT k.id, y.word FROM keys k LEFT JOIN LATERAL (SELECT i.id, k.word || i.word AS word FROM {0} i WHERE i.id = k.id OFFSET 0) y ON true",
    "SELECT k.id, i.word, i.kind IS NULL FROM keys k LEFT JOIN {0} i ON i.id = k.id AND i.kind = k.few",
    "SELECT k.id, i.id FROM {0} i FULL JOIN keys k ON k.id = i.id WHERE i.id IS NULL OR i.id < 30",
    "SELECT k.id, i.id FROM keys k LEFT JOIN {0} i ON i.id = k.id ORDER BY i.id NULLS FIRST, k.id LIMIT 4",
    "SELECT k.id, i.id FROM keys k JOIN {0} i ON i.word = k.word AND i.kind = k.few",
    "SELECT k.id, i.id FROM keys k JOIN {0} i ON i.id BETWEEN k.id AND k.id + k.few",
    "SELECT id FROM {0} WHERE id NOT IN (SELECT id FROM keys) AND id < 50",
    "SELECT a.id FROM {0} a WHERE a.amount > (SELECT avg(b.amount) FROM {0} b WHERE b.kind = a.kind)",
    "SELECT a.id FROM {0} a JOIN {0} b ON a.word = b.word AND a.code = b.code WHERE b.id < 5",
    "WITH RECURSIVE r (id) AS (SELECT 1::bigint UNION ALL SELECT i.id FROM r JOIN {0} i ON i.id = r.id * 2) SELECT id FROM r",
    "SELECT i.id, (SELECT count(*) FROM (SELECT FROM {0} j WHERE j.id < i.id LIMIT 5) few) FROM {0} i WHERE i.id < 8",
]

COMPARED = [
    "SELECT id FROM {0} WHERE code = 'c1  '::character(5)",
    "SELECT id FROM {0} WHERE code IN ('c1', 'c2  ')",
    "SELECT id FROM {0} WHERE code <> 'c1'",
    "SELECT id FROM {0} WHERE kind = 40000 OR kind < 2",
    "SELECT id FROM {0} WHERE kind <> ALL ('{{1,40000}}'::int[])",
    "SELECT id FROM {0} WHERE id = ANY ('{{1,2,NULL}}')",
    "SELECT id FROM {0} WHERE id <> ALL ('{{1,2,NULL}}')",
    "SELECT id FROM {0} WHERE id <> ALL ('{{}}')",
    "SELECT id FROM {0} WHERE flag IS NOT TRUE AND NOT (word IS DISTINCT FROM 'word 1')",
    "SELECT id FROM {0} WHERE (kind = 1 AND lower(word) = 'word 1') OR word IS NULL",
    "SELECT i FROM {0} i WHERE i IS NOT NULL AND id < 20",
    "SELECT id, tableoid = '{0}'::regclass FROM {0} WHERE id < 4",
    "SELECT id FROM {0} WHERE tableoid = '{0}'::regclass AND id < 4",
    "SELECT id FROM {0} WHERE id = ANY ((SELECT array_agg(i) FROM generate_series(1, 20000, 2) i)::bigint[])",
]

PLANS = {
    "chosen": "SELECT",
    "nested": "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off; SET enable_memoize = off",
    "merged": "SET enable_hashjoin = off; SET enable_nestloop = off",
    "sorted": "SET enable_sort = off; SET geqo_threshold = 2",
}


@pytest.mark.parametrize("plans", PLANS)
def test_answers(items: Database, plans: str) -> None:
    items.execute(PLANS[plans])
    for query in LIMITED + JOINED + COMPARED:
        same(items, query)


def test_a_limit_is_sent_only_where_it_counts_these_rows(items: Database) -> None:
    def limits(query: str) -> list[bool]:
        return ["LIMIT" in statement for statement in remote_sql(items, query.format("items"))]

    assert [query for query in LIMITED if any(limits(query))] == [LIMITED[4], LIMITED[11]]
    assert limits("SELECT * FROM {0} LIMIT 3 FOR UPDATE") == [False]


def test_rows_are_kept_for_a_lock_that_waits(items: Database) -> None:
    """While a local row is waited for, the foreign row that was joined stays as it was read."""
    items.execute("CREATE TABLE balance AS SELECT id, 0::numeric AS amount, few FROM keys")
    with items.another() as other:
        other.execute("BEGIN; UPDATE balance SET amount = 100 WHERE id = 30")
        done: list[object] = []
        statement = "UPDATE balance b SET amount = b.amount + i.amount FROM items i WHERE i.id = b.id AND i.kind IN (2, 3) AND length(i.code) > 1"
        worker = threading.Thread(target=lambda: done.append(items.execute(statement)))
        worker.start()
        pid = items.pid
        wait_until(lambda: bool(other.rows("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", pid)))
        other.execute("COMMIT")
        worker.join()
    assert done
    expected = items.rows("SELECT b.id, i.amount + CASE WHEN b.id = 30 THEN 100 ELSE 0 END FROM balance b JOIN copied i USING (id) WHERE i.kind IN (2, 3) AND length(i.code) > 1 ORDER BY 1")
    assert items.rows("SELECT id, amount FROM balance WHERE amount <> 0 ORDER BY id") == expected
    items.execute("DROP TABLE balance")


def test_other_statements_that_read(items: Database) -> None:
    items.execute("CREATE TABLE target AS SELECT id, word FROM copied WHERE id < 5")
    items.execute("MERGE INTO target t USING items i ON t.id = i.id WHEN MATCHED THEN UPDATE SET word = i.code WHEN NOT MATCHED AND i.id < 8 THEN INSERT VALUES (i.id, 'new')")
    assert items.rows("SELECT count(*), count(*) FILTER (WHERE word = 'new') FROM target") == [(7, 3)]
    items.execute("DELETE FROM target t USING items i WHERE t.id = i.id AND i.id > 3")
    assert items.value("SELECT count(*) FROM target") == 3
    items.execute("DROP TABLE target")


def test_cursors(items: Database) -> None:
    items.execute("BEGIN; DECLARE moved SCROLL CURSOR FOR SELECT id, word FROM items ORDER BY id")
    assert items.rows("FETCH 60 FROM moved") == items.rows("SELECT id, word FROM copied ORDER BY id LIMIT 60")
    assert items.rows("FETCH BACKWARD 2 FROM moved") == items.rows("SELECT id, word FROM copied WHERE id IN (58, 59) ORDER BY id DESC")
    items.execute("DECLARE held CURSOR WITH HOLD FOR SELECT id, word FROM items ORDER BY id")
    items.execute("COMMIT")
    assert items.rows("FETCH ALL FROM held") == items.rows("SELECT id, word FROM copied ORDER BY id")
    items.execute("CLOSE held")


def test_partitions(items: Database) -> None:
    items.execute(f"CREATE TABLE parted ({COLUMNS}) PARTITION BY RANGE (id)")
    items.execute("CREATE TABLE parted_local PARTITION OF parted FOR VALUES FROM (1000) TO (2000); INSERT INTO parted_local SELECT id + 1000, kind, word, code, amount, flag FROM copied")
    items.execute("CREATE FOREIGN TABLE parted_far (flag boolean, gone int, amount numeric(12,2), code character(5), word varchar(20), kind smallint, id bigint) SERVER remote OPTIONS (table_name 'items')")
    items.execute("ALTER FOREIGN TABLE parted_far DROP gone; ALTER TABLE parted ATTACH PARTITION parted_far FOR VALUES FROM (0) TO (1000)")
    items.execute("CREATE VIEW whole AS SELECT * FROM copied UNION ALL SELECT id + 1000, kind, word, code, amount, flag FROM copied")
    for query in [
        "SELECT * FROM {0} WHERE id < 20",
        "SELECT id FROM {0} ORDER BY id DESC LIMIT 5",
        "SELECT id, word FROM {0} ORDER BY id OFFSET 595 LIMIT 10",
        "SELECT k.id, p.word FROM keys k LEFT JOIN {0} p ON p.id = k.id",
        "SELECT a.id FROM {0} a JOIN {0} b ON a.id = b.id WHERE a.kind = 3",
        "SELECT p::text FROM {0} p WHERE id IN (3, 1003)",
    ]:
        assert sorted(map(repr, items.rows(query.format("parted")))) == sorted(map(repr, items.rows(query.format("whole")))), query
        items.execute("SET enable_partitionwise_join = on; SET enable_hashjoin = off; SET enable_mergejoin = off")
        assert sorted(map(repr, items.rows(query.format("parted")))) == sorted(map(repr, items.rows(query.format("whole")))), query
        items.execute("RESET enable_partitionwise_join; RESET enable_hashjoin; RESET enable_mergejoin")
    items.execute("ANALYZE parted")
    assert items.value("SELECT count(*) FROM pg_stats WHERE tablename = 'parted' AND inherited") == 6
    items.execute("DROP VIEW whole; DROP TABLE parted")


def test_columns_that_changed_here(items: Database) -> None:
    items.execute("PREPARE before AS SELECT i, id FROM items i WHERE kind = 3 AND id < 20 ORDER BY id; EXECUTE before")
    items.execute("ALTER FOREIGN TABLE items DROP COLUMN word; ALTER FOREIGN TABLE items RENAME code TO short; ALTER FOREIGN TABLE items ALTER short OPTIONS (ADD column_name 'code')")
    assert items.rows("EXECUTE before") == items.rows("SELECT ROW(id, kind, code, amount, flag), id FROM copied WHERE kind = 3 AND id < 20 ORDER BY id")
    items.execute("DEALLOCATE before")
    query = "SELECT ROW(i.*)::text, id FROM items i WHERE short = 'c1' AND id < 20"
    assert len(items.rows(query)) == items.value("SELECT count(*) FROM copied WHERE code = 'c1' AND id < 20")
    items.execute("CREATE FOREIGN TABLE none () SERVER remote OPTIONS (table_name 'items'); CREATE DOMAIN positive AS bigint CHECK (VALUE > 0)")
    assert items.value("SELECT count(*) FROM none") == ROWS
    items.execute("CREATE FOREIGN TABLE domains (id positive, kind smallint DEFAULT 4) SERVER remote OPTIONS (table_name 'items')")
    assert items.rows("SELECT id FROM domains WHERE id = 7 AND kind IS NOT NULL") == [(7,)]
    items.execute("DROP FOREIGN TABLE none, domains; DROP DOMAIN positive")


def test_columns_that_are_computed_here(items: Database) -> None:
    if items.connection.server_version < 180000:
        pytest.skip("PostgreSQL 18 is the first that computes columns when they are looked at")
    items.execute("CREATE FOREIGN TABLE computed (id bigint, twice bigint GENERATED ALWAYS AS (id * 2) VIRTUAL) SERVER remote OPTIONS (table_name 'items')")
    assert items.rows("SELECT id, twice FROM computed WHERE twice = 14") == [(7, 14)]
    assert items.rows("SELECT c::text FROM computed c WHERE id = 7") == [("(7,14)",)]
    items.execute("ANALYZE computed; DROP FOREIGN TABLE computed")


def test_values_outlive_their_batch(items: Database) -> None:
    """Whoever keeps rows has copied them: sorts, hashes, windows, sets, tuple stores, PL/pgSQL."""
    for query in [
        "SELECT a.word, b.code FROM {0} a CROSS JOIN (SELECT code FROM {0} WHERE id < 4) b ORDER BY a.word, b.code",
        "SELECT word, lag(word, 100) OVER (ORDER BY id), first_value(word) OVER (ORDER BY id) FROM {0}",
        "SELECT array_agg(word ORDER BY id DESC), string_agg(code, ',' ORDER BY id), max(word COLLATE \"C\") FROM {0}",
        "SELECT word FROM {0} INTERSECT SELECT word FROM {0} WHERE id > 300",
        "SELECT DISTINCT ON (kind) kind, word, i::text FROM {0} i ORDER BY kind, id",
        "SELECT mode() WITHIN GROUP (ORDER BY word), count(DISTINCT word) FROM {0}",
    ]:
        same(items, query)
    items.execute("""CREATE FUNCTION looped() RETURNS SETOF text LANGUAGE plpgsql AS $$
        DECLARE r record; s record; BEGIN
        FOR r IN SELECT id, word FROM items ORDER BY id LOOP
            BEGIN
                SELECT word INTO s FROM items WHERE id = r.id;
                IF s.word IS DISTINCT FROM r.word THEN RETURN NEXT r.id::text; END IF;
                IF r.id % 200 = 0 THEN RAISE 'undone'; END IF;
            EXCEPTION WHEN raise_exception THEN NULL;
            END;
        END LOOP; END $$""")
    assert items.rows("SELECT looped()") == []
    items.execute("DROP FUNCTION looped()")


def test_scans_that_begin_again_need_no_more_memory(db: Database, mariadb: MySqlRemote) -> None:
    """Also where every second value can't be asked for there, so that rows are looked at here."""
    mariadb.create_rows("often", 1)
    create_server(db, mariadb)
    db.execute("CREATE FOREIGN TABLE often (id bigint, amount numeric(12,2)) SERVER remote OPTIONS (table_name 'often')")
    wanted = "CASE WHEN n % 2 = 0 THEN n ELSE 'NaN'::numeric END"
    db.execute(
        f"""BEGIN; DECLARE many CURSOR FOR SELECT n, f.id FROM generate_series(1, 2000) n
        LEFT JOIN LATERAL (SELECT id FROM often WHERE amount >= {wanted} OFFSET 0) f ON true"""
    )
    used = "SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts WHERE name = 'connector scan'"
    assert len(db.rows("FETCH 100 FROM many")) == 100
    before = db.value(used)
    assert len(db.rows("FETCH ALL FROM many")) == 1900
    assert db.value(used) < before + 50_000
    db.execute("ROLLBACK; DROP SERVER remote CASCADE; SELECT cdb_foreign_disconnect()")
    mariadb.drop("often")


def test_in_a_plan_with_parallel_workers(db: Database, postgres15: PostgresRemote) -> None:
    """No subtransaction can begin there: values are converted without one."""
    postgres15.execute("DROP TABLE IF EXISTS odd", "CREATE TABLE odd (id int, one \"char\")", "INSERT INTO odd VALUES (1, 'a'), (2, NULL)")
    create_server(db, postgres15)
    db.execute("CREATE TABLE local AS SELECT i AS id FROM generate_series(1, 1000) i; ANALYZE local")
    db.execute('CREATE FOREIGN TABLE odd (id int, one "char") SERVER remote OPTIONS (table_name \'odd\')')
    try:
        for name in ("min_parallel_table_scan_size", "parallel_setup_cost", "parallel_tuple_cost"):
            db.execute(f"SET {name} = 0")
        query = "SELECT l.id, o.one FROM local l JOIN odd o ON l.id + 0 = o.id ORDER BY 1"
        assert "Gather" in plan_of(db, query)
        db.execute("SELECT cdb_foreign_disconnect()")  # a connection is made there, too
        assert db.rows(query) == [(1, "a"), (2, None)]
    finally:
        db.execute("RESET ALL; DROP SERVER remote CASCADE; DROP TABLE local")
        postgres15.drop("odd")


def test_a_query_described_behind_a_table(db: Database, postgres15: PostgresRemote) -> None:
    """Both in one transaction there: the settings for the catalog's sake are not those of the query."""
    postgres15.execute("DROP TABLE IF EXISTS first", "CREATE TABLE first (id int)", "INSERT INTO first VALUES (1), (2)")
    create_server(db, postgres15)
    db.execute("CREATE FOREIGN TABLE first (id int) SERVER remote OPTIONS (table_name 'first')")
    db.execute("CREATE FOREIGN TABLE second (id int) SERVER remote OPTIONS (query 'SELECT * FROM first WHERE id < 2')")
    try:
        db.execute("SELECT cdb_foreign_disconnect()")
        assert db.rows("SELECT count(*) FROM first JOIN second USING (id)") == [(1,)]
    finally:
        db.execute("DROP SERVER remote CASCADE")
        postgres15.drop("first")
