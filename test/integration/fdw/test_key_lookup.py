"""Joins with foreign tables whose keys are looked up by batches: answers, plans, what the remote is asked, and the ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import CANCELED
from harness.foreign import create_foreign_table, create_server, plan_of
from harness.lookups import FORCED, NODE, answers, forced, general_log, run
from harness.memory import assert_grown_less, private_memory

from servers.process import wait_until
from servers.remote import Remote
from servers.remote_mysql import MySqlRemote

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


def test_answers(parts: Database, one_remote: Remote) -> None:
    wrong = []
    # HiveServer2 takes seconds for each statement.
    for name, query in list(QUERIES.items())[:: 6 if one_remote.provider == "hive" else 1]:
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


# what the remote is asked
def test_statements(orders: Database, mariadb: MySqlRemote) -> None:
    """Batches grow; values are sent once, and NULLs not at all."""
    query = (
        "SELECT count(o.id), count(*) FROM (SELECT CASE WHEN n % 10 > 0 THEN n / 2 END k FROM generate_series(0, 3999) n) s "
        "LEFT JOIN orders o ON o.id = s.k"
    )
    orders.rows(query)  # describes the table
    with forced(orders), general_log(mariadb) as statements:
        answer = orders.rows(query)
    assert answer == orders.rows(query.replace("orders", "imported"))
    lists = [statement.split(" IN (")[1].split(")")[0].split(",") for statement in statements if " IN (" in statement]
    assert len(lists) == len(statements) == 4, statements
    assert [len(values) for values in lists][:3] == [50, 200, 800]
    batches = [[int(value) for value in values] for values in lists]
    assert all(len(values) == len(set(values)) for values in batches)
    assert len({value for values in batches for value in values}) == 2000


def test_limit_stops(orders: Database, mariadb: MySqlRemote) -> None:
    query = "SELECT o.id FROM generate_series(1, 3000) n JOIN orders o ON o.id = n LIMIT 5"
    with forced(orders):
        orders.rows(query)
        with general_log(mariadb) as statements:
            assert len(orders.rows(query)) == 5
        assert len(statements) == 1 and statements[0].count(",") < 60, statements
        # All keys are one.
        (lookup,) = run(orders, "SELECT o.id FROM generate_series(1, 100000) n JOIN orders o ON o.id = n % 2 + 7 LIMIT 5")
        assert lookup["Key Batches"] == 1 and lookup["Plans"][0]["Actual Rows"] < 1000, lookup


def test_nothing_is_asked_without_keys(orders: Database, mariadb: MySqlRemote) -> None:
    with forced(orders):
        for query in (
            "SELECT count(*) FROM generate_series(1, 10) n LEFT JOIN orders o ON o.id = nullif(n, n)",
            "SELECT count(*) FROM (SELECT n FROM generate_series(1, 10) n WHERE n > 10 OFFSET 0) s LEFT JOIN orders o ON o.id = n",
        ):
            assert NODE in plan_of(orders, query)
            with general_log(mariadb) as statements:
                orders.rows(query)
                orders.rows(f"EXPLAIN (VERBOSE) {query}")
                orders.rows("EXPLAIN SELECT o.id FROM generate_series(1, 3000) n JOIN orders o ON o.id = n")
            assert statements == []


def test_semi_and_anti_stop_with_the_last_row(orders: Database, mariadb: MySqlRemote) -> None:
    """What would come is not read on when all outer rows have met a row."""
    mariadb.execute(
        "DROP TABLE IF EXISTS repeated",
        "CREATE TABLE repeated (id bigint, KEY (id)) SELECT a.id % 3 AS id FROM orders a, orders b WHERE b.id <= 20",
    )
    orders.execute("CREATE FOREIGN TABLE repeated (id bigint) SERVER remote OPTIONS (table_name 'repeated')")
    with forced(orders):
        for word, found in (("", 2), ("NOT ", 1)):
            query = f"SELECT n FROM generate_series(1, 3) n WHERE {word}EXISTS (SELECT FROM repeated r WHERE r.id = n)"
            assert len(orders.rows(query)) == found
        (lookup,) = run(orders, "SELECT n FROM generate_series(1, 2) n WHERE EXISTS (SELECT FROM repeated r WHERE r.id = n)")
        assert lookup["Plans"][1]["Actual Rows"] < 30000, lookup
    assert orders.value("SELECT count(*) FROM orders") == 3000
    mariadb.drop("repeated")


def test_values_that_can_not_be_sent(orders: Database, mariadb: MySqlRemote) -> None:
    """Who has a text that is too long for a statement is looked for in one more scan, all others by keys. Nothing there is NaN or infinite."""
    mariadb.execute("DROP TABLE IF EXISTS numbers", "CREATE TABLE numbers (d double, t longtext, KEY (d)) CHARACTER SET utf8mb4")
    mariadb.execute("INSERT INTO numbers SELECT id / 4, IF(id = 5, repeat('x', 300000), concat('t', id)) FROM orders")
    orders.execute("CREATE FOREIGN TABLE numbers (d double precision, t text) SERVER remote OPTIONS (table_name 'numbers')")
    orders.execute(
        "CREATE TEMP TABLE asked AS SELECT n, CASE WHEN n % 500 = 0 THEN 'NaN' WHEN n % 777 = 0 THEN '-Infinity' ELSE n / 4.0 END::float8 d, "
        "CASE n WHEN 7 THEN repeat('x', 300000) WHEN 8 THEN repeat('y', 300000) ELSE 't' || n END t FROM generate_series(1, 2000) n; "
        "CREATE TEMP TABLE copy AS SELECT * FROM numbers"
    )
    with forced(orders):
        for query in (
            "SELECT n, x.d, md5(x.t) FROM asked a LEFT JOIN {0} x ON x.d = a.d",
            "SELECT n, x.d, md5(x.t) FROM asked a LEFT JOIN {0} x ON x.t = a.t",
            "SELECT n, x.d, md5(x.t) FROM asked a JOIN {0} x ON x.t = a.t AND (x.d = a.d OR a.n = 7)",
            "SELECT n FROM asked a WHERE NOT EXISTS (SELECT FROM {0} x WHERE x.d = a.d AND x.t = a.t)",
        ):
            assert answers(orders, query.format("numbers")) == answers(orders, query.format("copy"))
        (lookup,) = run(orders, "SELECT n FROM asked a JOIN numbers x ON x.d = a.d")
        assert "Outer Rows With Keys Not Sent" not in lookup and lookup["Plans"][1]["Remote Rows"] < 2010, lookup
        (lookup,) = run(orders, "SELECT n FROM asked a JOIN numbers x ON x.t = a.t")
        assert lookup["Outer Rows With Keys Not Sent"] == 2, lookup
        scan = lookup["Plans"][1]
        assert scan["Remote Statements"] == lookup["Key Batches"] == 4, lookup
    orders.execute("DROP TABLE asked, copy")
    mariadb.drop("numbers")


# plans
def test_choices(orders: Database, mariadb: MySqlRemote) -> None:
    mariadb.create_rows("many", 300000)
    mariadb.execute("ANALYZE TABLE many")
    orders.execute(
        "CREATE FOREIGN TABLE many (id bigint, word text, amount numeric(12,2)) SERVER remote OPTIONS (table_name 'many'); "
        "CREATE TEMP TABLE few AS SELECT n * 100 AS k FROM generate_series(1, 2000) n; "
        "CREATE TEMP TABLE as_many AS SELECT n AS k FROM generate_series(1, 300000) n; ANALYZE few; ANALYZE as_many"
    )
    plan = plan_of(orders, "SELECT * FROM few JOIN many ON id = k", "ANALYZE, VERBOSE")
    assert NODE in plan and "Key Batches: 4" in plan and "Keys Sent: 2000" in plan, plan
    plan = plan_of(orders, "SELECT * FROM few WHERE EXISTS (SELECT FROM many WHERE id = k)")
    assert NODE in plan, plan
    plan = plan_of(orders, "SELECT * FROM many WHERE id IN (SELECT k FROM few)")
    assert NODE in plan, plan
    plan = plan_of(orders, "SELECT * FROM as_many JOIN many ON id = k")
    assert "Hash Join" in plan or "Merge Join" in plan, plan
    # Without an index each batch would be a scan of the whole table.
    plan = plan_of(orders, "SELECT * FROM as_many JOIN many ON amount = k")
    assert NODE not in plan, plan
    plan = plan_of(orders, "SELECT * FROM few JOIN many ON id = k WHERE few.k = 100")
    assert "$" in plan or "100" in plan
    orders.execute("DROP TABLE few, as_many")
    mariadb.drop("many")


def test_where_there_is_no_lookup(orders: Database) -> None:
    orders.execute("CREATE TABLE keys (k bigint); INSERT INTO keys VALUES (1), (2)")
    with forced(orders):
        for query in (
            "SELECT * FROM keys JOIN orders o ON o.id = k FOR UPDATE OF keys",
            "UPDATE keys SET k = k FROM orders o WHERE o.id = k",
            "DELETE FROM keys USING orders o WHERE o.id = k",
            "SELECT * FROM keys JOIN orders o ON o.id = k + (random() * 0)::integer",
            "SELECT * FROM keys JOIN orders o ON o.id < k",
            "SELECT * FROM orders o LEFT JOIN keys ON o.id = k",
            "SELECT * FROM keys FULL JOIN orders o ON o.id = k",
            "SELECT * FROM keys JOIN orders o ON o.id + 0 = k",
        ):
            assert NODE not in plan_of(orders, query), query
            orders.execute(query)
        assert NODE in plan_of(orders, "INSERT INTO keys SELECT k FROM keys JOIN orders o ON o.id = k")
        orders.execute("ALTER FOREIGN TABLE orders OPTIONS (ADD pushdown 'off')")
        assert NODE not in plan_of(orders, "SELECT * FROM keys JOIN orders o ON o.id = k")
        orders.execute("ALTER FOREIGN TABLE orders OPTIONS (SET pushdown 'exact')")
        assert NODE in plan_of(orders, "SELECT * FROM keys JOIN orders o ON o.id = k")
    orders.execute("DROP TABLE keys")


def test_explain(orders: Database) -> None:
    query = "SELECT n, o.word FROM generate_series(2990, 3010) n LEFT JOIN orders o ON o.id = n AND length(o.word) > n - 2975"
    with forced(orders):
        plan = plan_of(orders, query, "ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF")
    for line in (
        NODE,
        "Join Type: Left",
        "Remote Keys: o.id",
        "Join Cond: ((o.id = n.n) AND (length((o.word)::text) > (n.n - 2975)))",
        "Key Batches: 1",
        "Keys Sent: 21",
        "Remote Rows Without Match: 6",
        "Rows Removed by Join Filter: 6",
        "Remote SQL: SELECT `id`, `word` FROM",
        "Narrowed By: (id = ANY ($0))",
    ):
        assert line in plan, f"{line}\n{plan}"


# how it begins and begins again
def test_cursors(orders: Database) -> None:
    with forced(orders):
        orders.execute("BEGIN; DECLARE c SCROLL CURSOR FOR SELECT n, o.id FROM generate_series(1, 500) n JOIN orders o ON o.id = n")
        assert len(orders.rows("FETCH 70 FROM c")) == 70
        back = orders.rows("FETCH BACKWARD 10 FROM c")
        assert orders.rows("MOVE BACKWARD ALL FROM c") == []
        assert back[0] in orders.rows("FETCH ALL FROM c")
        orders.execute("CLOSE c; DECLARE part CURSOR FOR SELECT n, o.id FROM generate_series(1, 500) n JOIN orders o ON o.id = n")
        assert len(orders.rows("FETCH 60 FROM part")) == 60
        orders.execute("COMMIT")


def test_prepared_and_plpgsql(orders: Database) -> None:
    query = "SELECT n, o.id FROM generate_series($1, $2) n LEFT JOIN {0} o ON o.id = n + $1 AND o.amount > $2 / 10"
    orders.execute(
        """CREATE FUNCTION looked_up(first integer, last integer) RETURNS bigint LANGUAGE plpgsql AS $$
        DECLARE total bigint := 0; found bigint;
        BEGIN
          FOR i IN 1..4 LOOP
            SELECT sum(o.id) INTO found FROM generate_series(first, last) n JOIN orders o ON o.id = n + i;
            total := total + found;
          END LOOP;
          RETURN total;
        END $$"""
    )
    with forced(orders):
        orders.execute("SET plan_cache_mode = force_generic_plan")
        for name, table in (("there", "orders"), ("here", "imported")):
            orders.execute(f"PREPARE {name} (integer, integer) AS {query.format(table)}")
        for first, last in ((1, 10), (50, 900), (2, 1)):
            assert answers(orders, f"EXECUTE there ({first}, {last})") == answers(orders, f"EXECUTE here ({first}, {last})")
        assert NODE in plan_of(orders, "EXECUTE there (1, 10)")
        assert orders.value("SELECT looked_up(1, 100)") == sum(n + i for n in range(1, 101) for i in range(1, 5))
        orders.execute("DEALLOCATE ALL; RESET plan_cache_mode; DROP FUNCTION looked_up")


def test_two_servers(orders: Database, mariadb: MySqlRemote) -> None:
    """The outer side is another server's foreign table."""
    create_server(orders, mariadb, "second")
    create_foreign_table(orders, "imported", "others", "second", table_name="orders")
    query = "SELECT a.id, b.word FROM {1} a LEFT JOIN {0} b ON b.id = a.id * 2 WHERE a.id < 2000"
    with forced(orders):
        assert NODE in plan_of(orders, query.format("orders", "others"))
        assert answers(orders, query.format("orders", "others")) == answers(orders, query.format("imported", "imported"))
    orders.execute("DROP SERVER second CASCADE")


def test_security(orders: Database, mariadb: MySqlRemote) -> None:
    """Rows that a policy or a barrier hides are not sent, and conditions that tell what they see are not looked at before."""
    reader = orders.create_role("reader")
    create_mapping = f"CREATE USER MAPPING FOR reader SERVER remote OPTIONS (username '{mariadb.server.user}', password '{mariadb.server.password}')"
    orders.execute(
        f"""GRANT USAGE ON FOREIGN SERVER remote TO reader; {create_mapping}; ALTER ROLE reader SET connector.allowed_hosts = '127.0.0.1';
        GRANT SELECT ON orders, imported TO reader;
        CREATE TABLE secrets (k bigint, hidden boolean); INSERT INTO secrets SELECT n, n % 2 = 0 FROM generate_series(1, 20) n;
        ALTER TABLE secrets ENABLE ROW LEVEL SECURITY; CREATE POLICY seen ON secrets USING (NOT hidden); GRANT SELECT ON secrets TO reader;
        CREATE FUNCTION tells(bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'told %', $1; RETURN true; END $$"""
    )
    query = "SELECT k, o.id FROM secrets JOIN {0} o ON o.id = k AND tells(k + o.id)"
    reader.execute(FORCED)
    assert NODE in plan_of(reader, query.format("orders"))
    with general_log(mariadb) as statements:
        found = answers(reader, query.format("orders"))
    assert found == [(k, k) for k in sorted(range(1, 21, 2), key=lambda k: repr((k, k)))]
    assert all(int(notice.split("told ")[1]) // 2 % 2 == 1 for notice in reader.notices if "told" in notice)
    (values,) = [statement.split(" IN (")[1].split(")")[0].split(",") for statement in statements]
    assert {int(value) for value in values} == set(range(1, 21, 2))
    reader.close()
    orders.execute("DROP TABLE secrets; DROP FUNCTION tells; DROP USER MAPPING FOR reader SERVER remote")
    orders.drop_role("reader")


# faults
def test_cancel(orders: Database, mariadb: MySqlRemote) -> None:
    orders.execute("CREATE FOREIGN TABLE slow (id bigint) SERVER remote OPTIONS (query 'SELECT id + sleep(id >= 40) AS id FROM orders WHERE id < 100')")
    orders.execute("CREATE TABLE numbers AS SELECT n FROM generate_series(1, 200) n; ANALYZE numbers")
    query = "SELECT count(*) FROM numbers JOIN slow ON id = n"
    with forced(orders):
        assert NODE in plan_of(orders, query)
    with orders.in_background(f"{FORCED}; {query}") as job:
        wait_until(lambda: bool(mariadb.statements("sleep(id")), limit=60, what="the remote's statement")
        job.cancel()
        with fails("canceling statement due to user request", sqlstate=CANCELED):
            job.result()
        wait_until(lambda: not mariadb.statements("sleep(id"), limit=60, what="the end of the remote's statement")
        assert job.database.value("SELECT count(*) FROM orders") == 3000
    orders.execute("DROP TABLE numbers")


def test_a_remote_that_fails_in_the_second_batch(orders: Database, mariadb: MySqlRemote) -> None:
    with forced(orders):
        orders.execute("BEGIN; DECLARE part CURSOR FOR SELECT n, o.word FROM generate_series(1, 3000) n JOIN orders o ON o.id = n")
        assert len(orders.rows("FETCH 50 FROM part")) == 50
        mariadb.execute("RENAME TABLE orders TO away")
        with fails("orders"):
            orders.rows("FETCH ALL FROM part")
        orders.execute("ROLLBACK")
        mariadb.execute("RENAME TABLE away TO orders")
        assert orders.value("SELECT count(*) FROM generate_series(1, 3000) n JOIN orders o ON o.id = n") == 3000


def test_memory(orders: Database) -> None:
    """A batch has no more rows than work_mem has room for, and what the remote answers is not kept."""
    query = "SELECT count(*), sum(length(t)) FROM (SELECT n, repeat('x', 100) t FROM generate_series(1, 400000) n OFFSET 0) s JOIN {0} o ON o.id = n % 3 + 1"
    with orders.another() as session:
        session.execute(FORCED + "; SET work_mem = '64kB'; SET hash_mem_multiplier = 1; SET jit = off")
        run(session, query.format("orders").replace("400000", "20000"))
        before = private_memory(session.pid)
        (lookup,) = run(session, query.format("orders"))
        assert_grown_less(private_memory(session.pid) - before, 2 << 20)
        assert lookup["Key Batches"] > 100, lookup
        assert session.rows(query.format("orders")) == orders.rows(query.format("imported"))
