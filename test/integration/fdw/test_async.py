"""Scans under an Append that overlap: the rows of scans one after the other, and a stop, an error or an end of one is that of all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import CANCELED, backend_is_gone, resident
from harness.foreign import create_server, literal, plan_of
from harness.memory import assert_grown_less
from harness.thorough import PROVIDERS, by_turns
from harness.traces import descriptors, no_remote_sessions

from servers.process import wait_until
from servers.proxy import Fault, Proxy
from servers.remote import Remote
from servers.remote_postgres import READER, PostgresRemote

pytestmark = by_turns("one_remote", *PROVIDERS)

ROWS = 3000
TOTAL = ROWS * (ROWS + 1) // 2
FOR_EVER = 900  # seconds, longer than any test lives
AT_ONCE = 4  # scans of one server
PROVIDERS = ("mariadb", "postgres15", "tds", "hive", "odbc_postgres15")
ROW_TYPE = "(id bigint, word text, amount numeric(12,2))"
ASYNC = "Async Foreign Scan"


@pytest.fixture
def parts(db: Database, one_remote: Remote) -> Iterator[Database]:
    """The partitioned table `whole`, of the foreign tables `a` and `b` on one server and the local table `c`, of as many rows each.

    The partitions are by `part`, which the remotes' tables don't have in common with anything else: it is the table's number.
    """
    one_remote.create_rows("part_a", ROWS)
    one_remote.create_rows("part_b", ROWS)
    create_server(db, one_remote)
    db.execute(
        f"CREATE FOREIGN TABLE a {ROW_TYPE} SERVER remote OPTIONS (table_name 'part_a'); "
        f"CREATE FOREIGN TABLE b {ROW_TYPE} SERVER remote OPTIONS (table_name 'part_b'); "
        f"CREATE TABLE c {ROW_TYPE}; INSERT INTO c SELECT * FROM a; ANALYZE c; "
        "CREATE VIEW whole AS SELECT 1 AS part, * FROM a UNION ALL SELECT 2, * FROM b UNION ALL SELECT 3, * FROM c"
    )
    yield db
    if db.connection.info.transaction_status:
        db.execute("ROLLBACK")
    db.execute("DROP SERVER IF EXISTS remote CASCADE; DROP TABLE c CASCADE; SELECT cdb_foreign_disconnect()")
    no_remote_sessions(one_remote)
    for table in ("part_a", "part_b"):
        one_remote.drop(table)


def slow_table(db: Database, remote: Remote, name: str, server: str = "remote", seconds: int = FOR_EVER) -> None:
    """A foreign table whose one row takes its time."""
    query = literal(remote.slow_query(seconds))
    db.execute(f"CREATE FOREIGN TABLE {name} (slept text) SERVER {server} OPTIONS (query {query})")


def running(remote: Remote) -> int:
    """How many slow statements the remote has under way."""
    return len(remote.statements(remote.slow_query(FOR_EVER)))


def nothing_runs(session: Database, *remotes: Remote) -> None:
    """Neither there nor here."""
    for remote in remotes:
        wait_until(lambda remote=remote: running(remote) == 0, limit=60, what="the end of our statements on the remote")  # type: ignore[misc]
    assert session.value("SELECT count(*) FROM cdb_foreign_connections() WHERE in_use OR in_transaction") == 0


def same_rows(session: Database, query: str, *, overlaps: bool = True) -> int:
    """That both ways give the same rows; how many there are."""
    assert (ASYNC in plan_of(session, query)) == overlaps, plan_of(session, query)
    found = sorted(session.rows(query), key=repr)
    session.execute("SET enable_async_append = off")
    try:
        assert ASYNC not in plan_of(session, query)
        assert found == sorted(session.rows(query), key=repr)
    finally:
        session.execute("RESET enable_async_append")
    return len(found)


# the same rows
QUERIES = {
    "all": "SELECT * FROM whole",
    "conditions": "SELECT * FROM whole WHERE id % 7 = 3 AND word > 'a' AND amount < 1000",
    "no columns": "SELECT 1 FROM whole",
    "projected": "SELECT part, id + 1, upper(word) FROM whole WHERE id BETWEEN 40 AND 60",
    "nothing": "SELECT * FROM whole WHERE id < 0",
    "grouped here": "SELECT part, count(*), sum(id), min(word), sum(amount) FROM whole GROUP BY part",
    "joined here": "SELECT w.part, w.id, c.word FROM whole w JOIN c USING (id) WHERE id % 11 = 0",
    "a value of a subquery's own": "SELECT (SELECT count(*) FROM whole WHERE id < 400), (SELECT max(word) FROM whole)",
    "a value that is computed once": "SELECT part, id FROM whole WHERE id > (SELECT max(id) - 10 FROM c)",
    "two of them": "SELECT part, id FROM whole WHERE id < 500 UNION ALL SELECT -part, id FROM whole WHERE id > 2700",
    "a semi join": "SELECT id FROM c WHERE id < 20 AND EXISTS (SELECT FROM whole w WHERE w.id = c.id + 2995 AND part < 3)",
}
# For each row of another table they begin again with its values, one after the other.
BY_ROW = {
    "a subplan": "SELECT n, (SELECT count(*) FROM whole WHERE id < n) FROM generate_series(0, 400, 57) n",
    "a subplan of a table's rows": "SELECT id, (SELECT count(*) FROM whole w WHERE w.id = c.id + 2995 AND part < 3) FROM c WHERE id < 20",
    "a subquery's value for each row": "SELECT n, (SELECT count(*) FROM whole WHERE id < (SELECT max(c.id) FROM c WHERE c.id <= n)) FROM generate_series(1, 400, 57) n",
    "lateral": "SELECT n, x.id FROM generate_series(0, 90, 30) n, LATERAL (SELECT max(id) AS id FROM (SELECT id FROM whole WHERE id = n LIMIT 2) l) x",
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_the_same_rows(parts: Database, query: str) -> None:
    same_rows(parts, query)


@pytest.mark.parametrize("query", BY_ROW.values(), ids=BY_ROW.keys())
def test_the_same_rows_for_each_row(parts: Database, query: str) -> None:
    same_rows(parts, query, overlaps=False)


def test_nested_loops(parts: Database) -> None:
    """Each rescan gives the same rows, also where the scans before were not read to their end."""
    parts.execute("SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off; SET enable_memoize = off")
    try:
        same_rows(parts, "SELECT n, w.part, w.word FROM generate_series(1, 2990, 997) n JOIN whole w ON w.id % 3001 = n")
        for limit in (1, 3, 60, 3 * ROWS, 4 * ROWS):
            for rows in ("whole", "whole WHERE part < 3", "whole WHERE id > 2900 AND part < 3"):
                query = f"SELECT n, count(l.id) FROM generate_series(1, 3) n, LATERAL (SELECT id FROM {rows} LIMIT {limit}) l GROUP BY n"
                assert "Materialize" not in plan_of(parts, query)
                assert same_rows(parts, query) == 3
    finally:
        parts.execute("RESET ALL")


def test_prepared(parts: Database) -> None:
    parts.execute("SET plan_cache_mode = force_generic_plan; PREPARE q AS SELECT part, id FROM whole WHERE id <= $1 AND word <> $2")
    try:
        assert ASYNC in plan_of(parts, "EXECUTE q(1, 'none')")
        for most in (0, 1, 60, 1000, ROWS):
            found = parts.rows(f"EXECUTE q({most}, 'none')")
            assert len(found) == len(set(found)) == most * 3
    finally:
        parts.execute("DEALLOCATE q; RESET ALL")


def split_partitions(db: Database, remote: Remote) -> None:
    """The table `split`: `part_a` in so many partitions that they have to take turns, each with more rows than a first batch."""
    db.execute("CREATE TABLE split (id bigint, word text) PARTITION BY RANGE (id)")
    for number in range(3 * AT_ONCE):
        query = literal(f"SELECT id, word FROM {remote.quote('part_a')} WHERE id >= {number * 250} AND id < {number * 250 + 250}")
        db.execute(
            f"CREATE FOREIGN TABLE split{number} PARTITION OF split FOR VALUES FROM ({number * 250}) TO ({number * 250 + 250}) SERVER remote OPTIONS (query {query})"
        )


def test_partitions_that_are_chosen_when_the_query_runs(parts: Database, one_remote: Remote) -> None:
    split_partitions(parts, one_remote)
    parts.execute("SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off; SET enable_memoize = off")
    try:
        assert same_rows(parts, "SELECT * FROM split") == ROWS - 1
        query = "SELECT n, s.id FROM generate_series(100, 2500, 250) n, LATERAL (SELECT id FROM split WHERE id BETWEEN n AND n + 500 LIMIT 80) s"
        assert ASYNC not in plan_of(parts, query)
        assert len(parts.rows(query)) == 10 * 80
        query = "SELECT n, (SELECT id + n FROM split LIMIT 1) FROM generate_series(1, 20) n"
        assert ASYNC not in plan_of(parts, query)
        assert all(0 < value - n < ROWS for n, value in parts.rows(query))
        query = "SELECT n, count(l.id) FROM generate_series(1, 3) n, LATERAL (SELECT id FROM split LIMIT 300) l GROUP BY n"
        assert same_rows(parts, query) == 3
        parts.execute("SET plan_cache_mode = force_generic_plan; PREPARE q AS SELECT id FROM split WHERE id BETWEEN $1 AND $2")
        assert ASYNC in plan_of(parts, "EXECUTE q(1, 1)")
        for first, last in ((1, 1), (240, 260), (500, 2100), (5000, 6000)):
            assert len(parts.rows(f"EXECUTE q({first}, {last})")) == max(0, min(last, ROWS - 1) - first + 1)
    finally:
        parts.execute("DEALLOCATE ALL")
        parts.execute("RESET ALL; DROP TABLE split")


# joined and grouped there
@pytest.fixture
def pairs(parts: Database, one_remote: Remote) -> Iterator[Database]:
    """`a` and `b` as well as `a2` and `b2`, the same tables by way of another server."""
    if one_remote.kind not in ("mariadb", "postgres15"):
        pytest.skip("what other remotes join and group is another matter")
    create_server(parts, one_remote, "other")
    for name in ("a", "b"):
        parts.execute(f"CREATE FOREIGN TABLE {name}2 {ROW_TYPE} SERVER other OPTIONS (table_name 'part_{name}')")
    yield parts
    parts.execute("DROP SERVER other CASCADE")


COMBINED = {
    "groups": "SELECT count(*), sum(id), max(amount) FROM {a} WHERE {condition}",
    "groups of a column": "SELECT amount, count(*), max(id) FROM {a} WHERE {condition} GROUP BY amount",
    "joins": "SELECT a.id, b.word, b.amount FROM {a} a JOIN {b} b ON a.id = b.id WHERE a.{condition}",
}
COMBINED_HERE = ("->  Aggregate", "HashAggregate", "GroupAggregate", "Hash Join", "Nested Loop", "Merge Join")


def of_two_servers(query: str, condition: str) -> str:
    return " UNION ALL ".join(query.format(a=f"a{suffix}", b=f"b{suffix}", condition=condition) for suffix in ("", "2"))


@pytest.mark.parametrize("query", COMBINED.values(), ids=COMBINED.keys())
def test_joins_and_groups_of_two_servers(pairs: Database, query: str) -> None:
    for condition in ("amount > 500", "amount < 0"):
        union = of_two_servers(query, condition)
        plan = plan_of(pairs, union)
        assert plan.count(ASYNC) == 2 and not any(node in plan for node in COMBINED_HERE), plan
        same_rows(pairs, union)


@pytest.mark.parametrize("query", COMBINED.values(), ids=COMBINED.keys())
def test_joins_and_groups_that_cannot_be_sent(pairs: Database, query: str) -> None:
    """With a value that the remote may not know the plan below is run in their place, which has scans of its own."""
    expected = {value: sorted(pairs.rows(of_two_servers(query, f"amount <> '{value}'")), key=repr) for value in ("500", "NaN")}
    assert expected["NaN"]
    pairs.execute(f"SET plan_cache_mode = force_generic_plan; PREPARE q(numeric) AS {of_two_servers(query, 'amount <> $1')}")
    try:
        assert plan_of(pairs, "EXECUTE q('NaN')").count(ASYNC) == 2
        for value in ("500", "NaN", "NaN", "500"):
            assert sorted(pairs.rows(f"EXECUTE q('{value}')"), key=repr) == expected[value]
        assert pairs.value("SELECT count(*) FROM cdb_foreign_connections() WHERE in_use OR in_transaction") == 0
    finally:
        pairs.execute("DEALLOCATE q; RESET ALL")


def test_partitions_joined_each_by_itself(pairs: Database) -> None:
    tables = {"x": ("a", "a2"), "y": ("b", "b2")}
    for name, partitions in tables.items():
        pairs.execute(f"CREATE TABLE {name} {ROW_TYPE} PARTITION BY RANGE (id)")
        # Which rows they have is not looked at: they are the same in both.
        for partition, limits in zip(partitions, ("(MINVALUE) TO (0)", "(0) TO (MAXVALUE)"), strict=True):
            pairs.execute(f"ALTER TABLE {name} ATTACH PARTITION {partition} FOR VALUES FROM {limits}")
    query = "SELECT x.id, y.word FROM x JOIN y ON x.id = y.id"
    pairs.execute("SET enable_partitionwise_join = on")
    try:
        plan = plan_of(pairs, query)
        assert plan.count(ASYNC) == 2 and not any(node in plan for node in COMBINED_HERE), plan
        found = pairs.rows(query)
        assert len(found) == 2 * ROWS and len(set(found)) == ROWS
    finally:
        pairs.execute("RESET ALL")
        for name, partitions in tables.items():
            for partition in partitions:
                pairs.execute(f"ALTER TABLE {name} DETACH PARTITION {partition}")
            pairs.execute(f"DROP TABLE {name}")


def test_conditions_that_are_nested_deeply(parts: Database, one_remote: Remote) -> None:
    """The statement is written on the stack of the call."""
    if one_remote.kind != "postgres15":
        pytest.skip("which remote can read it is another matter")
    condition = "id > 2990"
    for level in range(1000):
        condition = f"(id > {level % 10} AND (id = {level + 5} OR {condition}))" if level % 2 else f"(id < 0 OR {condition})"
    same_rows(parts, f"SELECT part, id FROM whole WHERE {condition}")


def test_what_explain_counts(parts: Database) -> None:
    (plan,) = parts.value("EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) SELECT * FROM whole WHERE id % 2 = 0")
    append = plan["Plan"]
    scans = [node for node in append["Plans"] if node["Node Type"] == "Foreign Scan"]
    assert len(scans) == 2 and append["Actual Rows"] == 3 * ROWS // 2
    for scan in scans:
        assert scan["Async Capable"] and scan["Actual Loops"] == 1
        assert scan["Actual Rows"] == ROWS // 2
        assert scan["Remote Statements"] == 1
        assert scan["Remote Rows"] in (ROWS // 2, ROWS)
        assert scan["Remote Batches"] >= 3
        assert scan["First Remote Row After"] > 0


# that they overlap, and end together
@contextmanager
def two_slow_ones(db: Database, remote: Remote) -> Iterator[Database]:
    """The view `slow` of two foreign tables of one server, which never have a row."""
    create_server(db, remote)
    slow_table(db, remote, "slow1")
    slow_table(db, remote, "slow2")
    db.execute("CREATE VIEW slow AS SELECT * FROM slow1 UNION ALL SELECT * FROM slow2")
    try:
        yield db
    finally:
        db.execute("DROP SERVER remote CASCADE; SELECT cdb_foreign_disconnect()")
        no_remote_sessions(remote)


def test_two_tables_of_a_server_overlap_until_they_are_cancelled(db: Database, one_remote: Remote) -> None:
    with two_slow_ones(db, one_remote), db.in_background("SELECT * FROM slow") as job:
        wait_until(lambda: running(one_remote) == 2, limit=60, what="both statements on the remote")
        job.cancel()
        with fails("canceling statement due to user request", sqlstate=CANCELED):
            job.result()
        nothing_runs(job.database, one_remote)


def test_the_end_of_the_session_ends_all(db: Database, one_remote: Remote) -> None:
    with two_slow_ones(db, one_remote), db.in_background("SELECT * FROM slow") as job:
        wait_until(lambda: running(one_remote) == 2, limit=60, what="both statements on the remote")
        job.terminate()
        with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
            job.result()
        backend_is_gone(db, job.pid)
        no_remote_sessions(one_remote)


def test_a_limit_of_time_ends_all(db: Database, one_remote: Remote) -> None:
    with two_slow_ones(db, one_remote), db.another() as session:
        session.execute("SET statement_timeout = '3s'")
        with fails("canceling statement due to statement timeout", sqlstate=CANCELED):
            session.execute("SELECT * FROM slow")
        session.execute("RESET statement_timeout")
        nothing_runs(session, one_remote)


def test_servers_of_all_providers_overlap(db: Database, request: pytest.FixtureRequest) -> None:
    remotes: list[Remote] = [request.getfixturevalue(name) for name in PROVIDERS if not name.startswith("odbc")]
    names = [f"slow_{number}" for number in range(len(remotes))]
    union = " UNION ALL ".join(f"SELECT slept FROM {name}" for name in names)
    try:
        for name, remote in zip(names, remotes, strict=True):
            create_server(db, remote, name)
            slow_table(db, remote, name, name)
        with db.in_background(union) as job:
            wait_until(lambda: all(running(remote) == 1 for remote in remotes), limit=100, what="a statement on each of the remotes")
            job.cancel()
            with fails("canceling statement due to user request", sqlstate=CANCELED):
                job.result()
            nothing_runs(job.database, *remotes)
    finally:
        db.execute(f"DROP SERVER IF EXISTS {', '.join(names)} CASCADE")


def test_rows_of_all_providers(db: Database, request: pytest.FixtureRequest) -> None:
    remotes: list[Remote] = [request.getfixturevalue(name) for name in PROVIDERS]
    names = [f"server_{number}" for number in range(len(remotes))]
    union = " UNION ALL ".join(f"SELECT {number} AS part, * FROM {name}" for number, name in enumerate(names))
    try:
        for number, (name, remote) in enumerate(zip(names, remotes, strict=True)):
            remote.create_rows(name, 100 + 700 * number)
            create_server(db, remote, name)
            db.execute(f"CREATE FOREIGN TABLE {name} {ROW_TYPE} SERVER {name} OPTIONS (table_name '{name}')")
        assert same_rows(db, union) == sum(100 + 700 * number for number in range(len(remotes)))
        db.execute("BEGIN")
        for _ in range(3):
            assert same_rows(db, f"SELECT part, word FROM ({union}) u WHERE id > 90") == sum(10 + 700 * number for number in range(len(remotes)))
            assert len(db.rows(f"{union} LIMIT 150")) == 150
        db.execute("COMMIT")
    finally:
        if db.connection.info.transaction_status:
            db.execute("ROLLBACK")
        db.execute(f"DROP SERVER IF EXISTS {', '.join(names)} CASCADE")
        for name, remote in zip(names, remotes, strict=True):
            remote.drop(name)


def test_a_session_that_is_killed_ends_the_others(db: Database, one_remote: Remote) -> None:
    if one_remote.kind == "hive":
        pytest.skip("HiveServer2 closes no session under a statement")
    if one_remote.provider == "odbc":
        pytest.skip("psqlodbc crashes where the connection is cut under its cursor")
    with two_slow_ones(db, one_remote), db.in_background("SELECT * FROM slow") as job:
        wait_until(lambda: running(one_remote) == 2, limit=60, what="both statements on the remote")
        one_remote.kill_session(one_remote.statements(one_remote.slow_query(FOR_EVER))[0].number)
        with fails(detail="Connector error"):
            job.result()
        nothing_runs(job.database, one_remote)


def test_an_error_of_one_ends_the_other(parts: Database, one_remote: Remote) -> None:
    slow_table(parts, one_remote, "slow1")
    with parts.in_background("SELECT slept FROM slow1 UNION ALL SELECT (1 / (id - 2000))::text FROM a") as job:
        with fails("division by zero"):
            job.result()
        nothing_runs(job.database, one_remote)


def test_a_remote_that_falls_silent_ends_the_others(parts: Database, one_remote: Remote) -> None:
    one_remote.create_rows("many", 20_000, width=60)
    slow_table(parts, one_remote, "slow1")
    try:
        with Proxy(one_remote.server.port) as proxy, parts.another() as session:
            create_server(session, one_remote, "distant", port=proxy.port)
            session.execute(f"CREATE FOREIGN TABLE many {ROW_TYPE} SERVER distant OPTIONS (table_name 'many')")
            query = "SELECT word FROM many UNION ALL SELECT slept FROM slow1"
            assert ASYNC in plan_of(session, query)
            session.execute("SELECT cdb_foreign_disconnect(); SET connector.read_timeout = '2s'")
            proxy.every(Fault(stall_after=400_000))
            with fails("has sent nothing for 2 seconds", number=6673):
                session.execute(query)
            nothing_runs(session, one_remote)
            session.execute("DROP SERVER distant CASCADE")
    finally:
        one_remote.drop("many")


# some of the rows
def test_a_limit_ends_what_is_under_way(parts: Database, one_remote: Remote) -> None:
    slow_table(parts, one_remote, "slow1")
    parts.execute("BEGIN")
    for limit in (0, 1, 70, ROWS):
        query = f"SELECT slept FROM slow1 UNION ALL SELECT word FROM a LIMIT {limit}"
        assert len(parts.rows(query)) == limit
        assert parts.value("SELECT count(*) FROM cdb_foreign_connections() WHERE in_use") == 0
        assert parts.value("SELECT sum(id) FROM a") == TOTAL, "the transaction goes on"
    parts.execute("COMMIT")
    nothing_runs(parts, one_remote)


def test_cursors_that_are_left(parts: Database, one_remote: Remote) -> None:
    """Read by turns, left open, closed early, and by the ways in which a transaction ends."""
    one_remote.create_rows("many", 40_000, width=60)
    parts.execute(f"CREATE FOREIGN TABLE many {ROW_TYPE} SERVER remote OPTIONS (table_name 'many')")
    query = "SELECT id FROM a UNION ALL SELECT id FROM many UNION ALL SELECT id FROM b"
    total = 2 * ROWS + 40_000
    try:
        for end in ("ROLLBACK", "COMMIT", "CLOSE two; COMMIT", "ROLLBACK TO SAVEPOINT s; ROLLBACK"):
            parts.execute(f"BEGIN; DECLARE one CURSOR FOR {query}; SAVEPOINT s; DECLARE two CURSOR FOR {query}")
            counts = {"one": 0, "two": 0}
            for many in (1, 60, 700):
                for name in counts:
                    counts[name] += len(parts.rows(f"FETCH {many} FROM {name}"))
            assert set(counts.values()) == {761}
            assert parts.value("SELECT sum(id) FROM b") == TOTAL
            if end == "COMMIT":
                for name in counts:
                    counts[name] += len(parts.rows(f"FETCH ALL FROM {name}"))
                assert set(counts.values()) == {total}
            parts.execute(end)
            assert parts.value("SELECT count(*) FROM cdb_foreign_connections() WHERE in_use OR in_transaction") == 0
        with parts.another() as session:
            session.execute(f"BEGIN; DECLARE one CURSOR FOR {query}; FETCH 1 FROM one")
            pid = session.pid
        backend_is_gone(parts, pid)
        assert len(parts.rows(query)) == total
    finally:
        one_remote.drop("many")


def test_the_end_of_a_session_under_a_cursor_says_goodbye(parts: Database, postgres15: PostgresRemote, one_remote: Remote) -> None:
    """The connections of scans that are under way, too."""
    if one_remote.kind != "postgres15":
        pytest.skip("the log of others tells of statements that were left as well")
    lost = "unexpected EOF on client connection"
    # Outside of a transaction it is told to who wants to know all.
    postgres15.execute(f"ALTER ROLE {READER} SET log_min_messages = debug1")
    parts.execute("SELECT cdb_foreign_disconnect()")
    before = postgres15.server.log.read_text(errors="replace").count(lost)
    for query in ("SELECT id FROM a UNION ALL SELECT id FROM b", "SELECT id FROM a"):
        with parts.another() as session:
            session.execute(f"BEGIN; DECLARE one CURSOR FOR {query}; FETCH 1 FROM one")
            pid = session.pid
        backend_is_gone(parts, pid)
        parts.execute("SELECT cdb_foreign_disconnect()")
        no_remote_sessions(postgres15)
    postgres15.execute(f"ALTER ROLE {READER} RESET log_min_messages")
    assert postgres15.server.log.read_text(errors="replace").count(lost) == before


def test_a_cursor_with_hold(parts: Database) -> None:
    parts.execute("BEGIN; DECLARE held CURSOR WITH HOLD FOR SELECT id FROM whole")
    count = len(parts.rows("FETCH 10 FROM held"))
    parts.execute("COMMIT")
    assert count + len(parts.rows("FETCH ALL FROM held")) == 3 * ROWS
    parts.execute("CLOSE held")


def test_blocks_that_catch_errors(parts: Database, one_remote: Remote) -> None:
    slow_table(parts, one_remote, "slow1")
    parts.execute(
        """CREATE FUNCTION tries() RETURNS text LANGUAGE plpgsql AS $$
        DECLARE caught integer := 0; r record; n bigint;
        BEGIN
          FOR i IN 1..4 LOOP
            BEGIN
              PERFORM slept FROM slow1 UNION ALL SELECT (1 / (id - 1200))::text FROM a;
            EXCEPTION WHEN division_by_zero THEN caught := caught + 1;
            END;
            BEGIN
              FOR r IN SELECT id FROM whole LOOP
                IF r.id > 5 THEN RAISE EXCEPTION 'enough'; END IF;
              END LOOP;
            EXCEPTION WHEN raise_exception THEN caught := caught + 1;
            END;
            FOR r IN SELECT id FROM whole LOOP EXIT WHEN r.id > 5; END LOOP;
          END LOOP;
          SELECT sum(id) INTO n FROM whole;
          RETURN caught || ' ' || n;
        END $$"""
    )
    try:
        assert parts.value("SELECT tries()") == f"8 {3 * TOTAL}"
        nothing_runs(parts, one_remote)
    finally:
        parts.execute("DROP FUNCTION tries()")


# many
def hundred_partitions(db: Database, remote: Remote) -> None:
    db.execute(f"CREATE TABLE hundred {ROW_TYPE} PARTITION BY LIST (id)")
    for number in range(100):
        query = literal(f"SELECT id, word, amount FROM {remote.quote('part_a')} WHERE id = {number + 1}")
        db.execute(f"CREATE FOREIGN TABLE hundred{number} PARTITION OF hundred FOR VALUES IN ({number + 1}) SERVER remote OPTIONS (query {query})")


@pytest.mark.thorough("odbc_postgres15", "tds")
def test_a_hundred_partitions(parts: Database, one_remote: Remote) -> None:
    """Some of them at once, and the others in their place when they have come to their end: in a transaction every connection is kept."""
    if one_remote.kind == "hive":
        pytest.skip("hundreds of statements take HiveServer2 too long")
    hundred_partitions(parts, one_remote)
    try:
        assert plan_of(parts, "SELECT * FROM hundred").count(ASYNC) == 100
        parts.execute("SELECT cdb_foreign_disconnect(); BEGIN")
        assert sorted(parts.rows("SELECT id FROM hundred")) == [(number + 1,) for number in range(100)]
        assert parts.value("SELECT count(*) FROM cdb_foreign_connections()") == AT_ONCE
        for limit in (1, 50, 99):
            assert len(parts.rows(f"SELECT word FROM hundred LIMIT {limit}")) == limit
        # A cursor keeps its connections while another one is read: which has one beside them, and comes to its end.
        parts.execute("DECLARE one CURSOR FOR SELECT id FROM hundred; DECLARE two CURSOR FOR SELECT id FROM hundred")
        assert len(parts.rows("FETCH 1 FROM one")) == 1
        assert len(parts.rows("FETCH ALL FROM two")) == 100
        assert len(parts.rows("FETCH ALL FROM one")) == 99
        assert parts.value("SELECT count(*) FROM cdb_foreign_connections()") <= AT_ONCE + 1
        assert parts.rows("SELECT count(x.id), count(y.id) FROM hundred x JOIN hundred y ON x.id = y.id + 1") == [(99, 99)]
        parts.execute("COMMIT")
        assert parts.value("SELECT count(*) FROM cdb_foreign_connections()") <= AT_ONCE
    finally:
        if parts.connection.info.transaction_status:
            parts.execute("ROLLBACK")
        parts.execute("DROP TABLE hundred")


def test_scans_that_begin_again_keep_to_their_turns(parts: Database, one_remote: Remote) -> None:
    """An Append that begins again has all its pending requests answered first, which is no reason to ask for what nobody reads."""
    split_partitions(parts, one_remote)
    query = "SELECT n, (SELECT count(*) FROM (SELECT id FROM split LIMIT n) l) FROM generate_series(1, 3000, 700) n"
    try:
        assert ASYNC in plan_of(parts, query)
        parts.execute("SELECT cdb_foreign_disconnect(); BEGIN")
        for _ in range(2):
            assert parts.rows(query) == [(1, 1), (701, 701), (1401, 1401), (2101, 2101), (2801, 2801)]
            assert parts.value("SELECT count(*) FROM cdb_foreign_connections()") <= AT_ONCE
        parts.execute("COMMIT")
    finally:
        if parts.connection.info.transaction_status:
            parts.execute("ROLLBACK")
        parts.execute("DROP TABLE split")


def test_one_snapshot_for_all(db: Database, postgres15: PostgresRemote) -> None:
    """Rows that come in between are of no statement of the transaction, whichever connection it reads over."""
    for table in ("part_a", "part_b"):
        postgres15.create_rows(table, 100)
    create_server(db, postgres15)
    db.execute(
        f"CREATE FOREIGN TABLE a {ROW_TYPE} SERVER remote OPTIONS (table_name 'part_a'); "
        f"CREATE FOREIGN TABLE b {ROW_TYPE} SERVER remote OPTIONS (table_name 'part_b')"
    )
    query = "SELECT id FROM a UNION ALL SELECT id FROM b"
    try:
        db.execute("BEGIN")
        assert len(db.rows(f"{query} LIMIT 1")) == 1
        for table in ("part_a", "part_b"):
            postgres15.execute(f"INSERT INTO {table} VALUES (1000, 'new', 1)")
        for _ in range(2):
            assert len(db.rows(query)) == 200
        assert len(db.rows(f"{query} UNION ALL {query}")) == 400
        db.execute("COMMIT")
        assert len(db.rows(query)) == 202
    finally:
        if db.connection.info.transaction_status:
            db.execute("ROLLBACK")
        db.execute("DROP SERVER remote CASCADE")
        for table in ("part_a", "part_b"):
            postgres15.drop(table)


@pytest.mark.thorough("odbc_postgres15", "tds")
def test_what_a_session_keeps(parts: Database, one_remote: Remote) -> None:
    """Neither descriptors nor memory, however the scans end."""
    if one_remote.kind == "hive":
        pytest.skip("hundreds of statements take HiveServer2 too long")
    with parts.another() as session:
        session.execute(
            """CREATE PROCEDURE pg_temp.scans(many integer) LANGUAGE plpgsql AS $$
            DECLARE r record;
            BEGIN
              FOR i IN 1..many LOOP
                PERFORM id FROM whole WHERE id < i;
                PERFORM id FROM whole LIMIT 1;
                PERFORM (SELECT max(w.id) FROM whole w WHERE w.id < n) FROM generate_series(1, 3) n;
                BEGIN
                  PERFORM 1 / (id - 7) FROM whole;
                EXCEPTION WHEN division_by_zero THEN NULL;
                END;
                FOR r IN SELECT id FROM whole LOOP EXIT WHEN r.id > 5; END LOOP;
                IF i % 5 = 0 THEN COMMIT; END IF;
              END LOOP;
            END $$"""
        )
        session.execute("CALL pg_temp.scans(50)")
        before, files = resident(session.pid), descriptors(session)
        session.execute("CALL pg_temp.scans(200)")
        assert_grown_less(resident(session.pid) - before, 3_000_000, one_remote.kind)
        session.execute("SELECT cdb_foreign_disconnect()")
        assert sum(descriptors(session).values()) <= sum(files.values()), (descriptors(session), files)
        assert not any("eventpoll" in name or "timerfd" in name for name in descriptors(session) - files)
