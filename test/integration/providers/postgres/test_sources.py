"""What can be read from PostgreSQL: every kind of relation, queries of every kind, and what is kept of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import fails_cleanly
from harness.traces import no_remote_sessions, nothing_left_behind

from servers.process import wait_until
from servers.remote_postgres import PostgresRemote


@pytest.fixture(scope="module")
def source(postgres15: PostgresRemote) -> Iterator[PostgresRemote]:
    postgres15.execute("DROP SCHEMA IF EXISTS shapes CASCADE", "CREATE SCHEMA shapes", "GRANT USAGE ON SCHEMA shapes TO reader")
    postgres15.execute(
        "CREATE TABLE shapes.plain (b text NOT NULL, gone int, id bigint GENERATED ALWAYS AS IDENTITY, "
        "twice int GENERATED ALWAYS AS (length(b) * 2) STORED, a int, PRIMARY KEY (a, b))",
        "ALTER TABLE shapes.plain DROP COLUMN gone",
        "INSERT INTO shapes.plain (b, a) SELECT 'row ' || i, i FROM generate_series(1, 100) i",
        "COMMENT ON TABLE shapes.plain IS 'plain ''table'''",
        "COMMENT ON COLUMN shapes.plain.a IS 'column a'",
        "CREATE TABLE shapes.parts (k int, v text) PARTITION BY RANGE (k)",
        "CREATE TABLE shapes.parts_1 PARTITION OF shapes.parts FOR VALUES FROM (0) TO (50)",
        "CREATE TABLE shapes.parts_2 PARTITION OF shapes.parts FOR VALUES FROM (50) TO (1000)",
        "INSERT INTO shapes.parts SELECT i, 'x' FROM generate_series(1, 120) i",
        "CREATE TABLE shapes.parent (k int)",
        "CREATE TABLE shapes.child () INHERITS (shapes.parent)",
        "INSERT INTO shapes.parent VALUES (1)",
        "INSERT INTO shapes.child VALUES (2)",
        "CREATE VIEW shapes.seen AS SELECT a, upper(b) AS b FROM shapes.plain",
        "CREATE MATERIALIZED VIEW shapes.kept AS SELECT * FROM shapes.plain",
        "CREATE TABLE shapes.empty (a int)",
        "CREATE TABLE shapes.nothing ()",
        'CREATE TABLE shapes."Odd ""Name""" ("Odd ""Column""" int, "sélect" int)',
        "ALTER DEFAULT PRIVILEGES IN SCHEMA shapes GRANT SELECT ON TABLES TO reader",
        "GRANT SELECT ON ALL TABLES IN SCHEMA shapes TO reader",
        "CREATE TABLE shapes.hidden (a int)",
        "REVOKE ALL ON shapes.hidden FROM reader",
        "ANALYZE",
    )
    yield postgres15
    postgres15.execute("DROP SCHEMA shapes CASCADE")


def read(db: Database, remote: PostgresRemote, query: str, **keys: object) -> list[tuple[object, ...]]:
    """The rows of a query, imported."""
    db.execute("DROP TABLE IF EXISTS result")
    db.import_table(remote.connector(import_as="result", sql_query=query, **keys))
    return db.rows("SELECT * FROM result")


def test_table(db: Database, source: PostgresRemote) -> None:
    result = db.import_table(source.connector(schema="shapes", table="plain"))
    assert result["rows"] == 100
    assert db.columns("plain") == [
        ("b", "text", True), ("id", "bigint", True), ("twice", "integer", False), ("a", "integer", True)
    ]  # fmt: skip
    assert db.rows("SELECT * FROM plain ORDER BY a LIMIT 1") == [("row 1", 1, 10, 1)]
    assert db.value("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'plain'::regclass AND contype = 'p'") == (
        "PRIMARY KEY (a, b)"
    )
    assert db.value("SELECT obj_description('plain'::regclass)") == "plain 'table'"
    assert db.value("SELECT col_description('plain'::regclass, 4)") == "column a"


@pytest.mark.parametrize(
    ("table", "rows", "estimate"),
    [("parts", 120, 120), ("parent", 2, 2), ("seen", 100, None), ("kept", 100, 100), ("empty", 0, 0)],
)
def test_kinds_of_relations(db: Database, source: PostgresRemote, table: str, rows: int, estimate: int | None) -> None:
    connector = source.connector(schema="shapes", table=table)
    assert db.dry_run(connector)["estimated_rows"] == estimate
    assert db.import_table(connector)["rows"] == rows


def test_foreign_table(db: Database, source: PostgresRemote) -> None:
    source.execute(
        "CREATE EXTENSION IF NOT EXISTS postgres_fdw",
        f"CREATE SERVER itself FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '{source.server.port}', "
        f"dbname '{source.database}')",
        f"CREATE USER MAPPING FOR reader SERVER itself OPTIONS (user 'reader', password '{source.server.password}')",
        "CREATE FOREIGN TABLE shapes.far (a int, b text) SERVER itself OPTIONS (schema_name 'shapes', table_name 'plain')",
    )
    try:
        assert db.import_table(source.connector(schema="shapes", table="far"))["rows"] == 100
    finally:
        source.execute("DROP SERVER itself CASCADE")


def test_odd_names(db: Database, source: PostgresRemote) -> None:
    table = 'Odd "Name"'
    db.import_table(source.connector(schema="shapes", table=table, import_as="odd", column_names="verbatim"))
    assert [name for name, _, _ in db.columns("odd")] == ['Odd "Column"', "sélect"]
    chosen = source.connector(schema="shapes", table=table, import_as="odd_one", columns=["sélect"])
    db.import_table(chosen)
    with fails('has no column "SÉLECT"', number=1502, hint="case"):
        db.import_table({**chosen, "columns": ["SÉLECT"]})


def test_table_without_columns(db: Database, source: PostgresRemote) -> None:
    with fails("no column that can be imported", number=1011):
        db.import_table(source.connector(schema="shapes", table="nothing"))


def test_missing_things(db: Database, source: PostgresRemote) -> None:
    with fails_cleanly(db, source, 'relation "shapes.nowhere" does not exist', detail="42P01", hint="case", number=1011):
        db.import_table(source.connector(schema="shapes", table="nowhere"))
    with fails_cleanly(db, source, "permission denied for table hidden", detail="42501", hint="SELECT", number=1011):
        db.import_table(source.connector(schema="shapes", table="hidden"))
    with fails_cleanly(db, source, 'permission denied for schema', number=1011):
        source.execute("CREATE SCHEMA secret", "CREATE TABLE secret.t (a int)")
        db.import_table(source.connector(schema="secret", table="t"))
    source.execute("DROP SCHEMA secret CASCADE")


def test_list(db: Database, source: PostgresRemote) -> None:
    connector = json.dumps({"provider": "postgres", "connection": source.connection(), "schema": "shapes"})
    listed = db.rows("SELECT name, kind, estimated_rows FROM cdb_connector_tables(%s)", connector)
    assert listed == [
        ('Odd "Name"', "table", 0), ("child", "table", 1), ("empty", "table", 0), ("kept", "materialized view", 100),
        ("nothing", "table", 0), ("parent", "table", 2), ("parts", "partitioned table", 120), ("parts_1", "table", 49),
        ("parts_2", "table", 71), ("plain", "table", 100), ("seen", "view", None),
    ]  # fmt: skip
    assert len(db.rows("SELECT * FROM cdb_connector_tables(%s, 3)", connector)) == 3


def test_dry_run_does_not_look_beyond_its_rows(db: Database, source: PostgresRemote) -> None:
    """The first row is there long before the second one, which can't be computed."""
    columns = "repeat('x', 20000) AS a, 1 / (2 - g) AS b, pg_sleep(CASE g WHEN 1 THEN 0 ELSE 0.5 END)::text AS c"
    query = f"SELECT {columns} FROM generate_series(1, 2) g"
    connector = json.dumps(source.connector(sql_query=query, import_as="beyond"))
    found = db.value("SELECT cdb_connector_dry_run(%s, 1)", connector)
    assert [row["b"] for row in found["rows"]] == ["1"]
    with pytest.raises(psycopg2.Error, match="division by zero"):
        db.value("SELECT cdb_connector_dry_run(%s, 2)", connector)


def test_limit_is_pushed_to_the_server(db: Database, source: PostgresRemote) -> None:
    position = source.server.log_size()
    result = db.import_table(source.connector(schema="shapes", table="plain", import_as="some", max_rows=7))
    assert (result["rows"], result["warnings"]) == (7, {"max_rows_per_connection": 7})
    exactly = db.import_table(source.connector(schema="shapes", table="plain", import_as="all_rows", max_rows=100))
    assert (exactly["rows"], exactly["warnings"]) == (100, None)
    assert "ERROR" not in source.server.log_since(position)  # nothing had to be cancelled


# queries

COPYABLE = {
    "select": ("SELECT 1 AS a, 'x' AS b", [(1, "x")]),
    "semicolon": ("SELECT 1 AS a;", [(1,)]),
    "comment behind": ("SELECT 1 AS a -- the end", [(1,)]),
    "semicolon and comment": ("SELECT ';' AS a; /* ; */ -- ;", [(";",)]),
    "comment before": ("-- SHOW\n/* EXPLAIN */ SELECT 1 AS a", [(1,)]),
    "with": ("WITH x AS (SELECT 1 AS a) SELECT * FROM x", [(1,)]),
    "values": ("VALUES (1, 2.5), (3, NULL)", [(1, 2.5), (3, None)]),
    "table": ("TABLE shapes.empty", []),
    "parentheses": ("((SELECT 1 AS a) UNION ALL (SELECT 2)) ORDER BY a DESC", [(2,), (1,)]),
    "order": ("SELECT i FROM generate_series(1, 5) i ORDER BY i DESC LIMIT 2", [(5,), (4,)]),
    "same names": ("SELECT 1 AS a, 2 AS a, 3, 4", [(1, 2, 3, 4)]),
    "casts needed": ("SELECT 'int4'::regtype AS a, 2 AS a, ROW(1, 'x')", [("integer", 2, "(1,x)")]),
    "no rows": ("SELECT 1 AS a WHERE false", []),
    "dollars": ("SELECT $$a;b$$ AS a", [("a;b",)]),
    "role's own path": ("SELECT current_schema()::text AS a", [("public",)]),
    "unknown type": ("SELECT NULL AS a", [(None,)]),
}


@pytest.mark.parametrize("name", COPYABLE)
def test_queries_that_are_copied(db: Database, source: PostgresRemote, name: str) -> None:
    query, rows = COPYABLE[name]
    assert [tuple(float(v) if hasattr(v, "as_tuple") else v for v in row) for row in read(db, source, query)] == rows


def test_queries_that_are_not_copied(db: Database, source: PostgresRemote) -> None:
    assert read(db, source, "SHOW server_encoding") == [("UTF8",)]
    assert "Result" in str(read(db, source, "EXPLAIN SELECT 1")[0][0])
    plan = read(db, source, "EXPLAIN (FORMAT JSON) SELECT 1")
    assert (db.columns("result")[0][1], plan[0][0][0]["Plan"]["Node Type"]) == ("json", "Result")
    assert read(db, source, "SHOW ALL", columns=["setting", "name"])[0][1] == "allow_in_place_tablespaces"


REFUSED = {
    "several": ("SELECT 1; SELECT 2", "multiple commands"),
    "several, the second hidden": ("SELECT 1 /* ; */; DROP TABLE shapes.plain", "multiple commands"),
    "out of the parentheses": ("SELECT 1) TO PROGRAM 'true' --", "syntax error"),
    "into another statement": ("SELECT 1) AS q; DROP TABLE shapes.plain; --", "syntax error"),
    "data-modifying WITH": ("WITH x AS (DELETE FROM shapes.plain RETURNING 1) SELECT * FROM x", "data-modifying|read-only"),
    "insert": ("INSERT INTO shapes.empty VALUES (1) RETURNING a", "permission|read-only"),
    "into": ("SELECT 1 AS a INTO shapes.new", "no rows|INTO"),
    "create": ("CREATE TABLE shapes.new (a int)", "no rows"),
    "copy": ("COPY shapes.plain TO STDOUT", "no rows"),
    "listen": ("LISTEN x", "no rows"),
    "commit": ("COMMIT", "no rows"),
    "placeholder": ("SELECT $1::int", "placeholder"),
    "lock": ("SELECT * FROM shapes.plain FOR UPDATE", "permission|read-only"),
    "empty": ("-- nothing", "no rows"),
    "sequence": ("SELECT nextval('shapes.plain_id_seq')", "permission|read-only"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_queries_that_are_refused(db: Database, source: PostgresRemote, name: str) -> None:
    query, reason = REFUSED[name]
    source.execute("GRANT ALL ON ALL TABLES IN SCHEMA shapes TO reader", "GRANT ALL ON ALL SEQUENCES IN SCHEMA shapes TO reader")
    try:
        with fails_cleanly(db, source, reason):
            db.import_table(source.connector(import_as="refused", sql_query=query))
        assert source.rows("SELECT count(*) FROM shapes.plain") == [(100,)]
        assert source.rows("SELECT to_regclass('shapes.new')") == [(None,)]
    finally:
        source.execute("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA shapes FROM reader")


def test_a_query_runs_once(db: Database, source: PostgresRemote) -> None:
    """Seen by a function that logs: a read-only transaction can't count."""
    source.execute(
        "CREATE FUNCTION shapes.note() RETURNS int LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE LOG 'the query runs'; RETURN 1; END $$"
    )
    position = source.server.log_size()
    read(db, source, "SELECT shapes.note() AS a")
    wait_until(lambda: "the query runs" in source.server.log_since(position))
    assert source.server.log_since(position).count("LOG:  00000: the query runs") == 1


def test_error_in_the_middle(db: Database, source: PostgresRemote) -> None:
    with fails_cleanly(db, source, "division by zero", detail="phase fetch, SQLSTATE 22012", number=1011):
        read(db, source, "SELECT 1 / (50000 - i) AS a FROM generate_series(1, 100000) i")


def test_remote_detail_and_hint_are_told(db: Database, source: PostgresRemote) -> None:
    source.execute(
        "CREATE OR REPLACE FUNCTION shapes.fail() RETURNS int LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'main words' USING DETAIL = 'more words', HINT = 'good words', ERRCODE = 'AB123'; END $$"
    )
    with fails("main words", detail="SQLSTATE AB123.*Remote detail: more words\nRemote hint: good words") as failure:
        read(db, source, "SELECT shapes.fail()")
    assert "Remote context: PL/pgSQL function" in failure.detail


# time


@pytest.mark.parametrize("query", ["sleep", "sort", "rows", "locked"])
def test_cancel(db: Database, source: PostgresRemote, query: str) -> None:
    """By statement_timeout, wherever the remote server is at the moment; it stops too."""
    source.create_rows("big", 3000)
    queries = {
        "sleep": source.slow_query(600),
        "sort": "SELECT count(*) FROM big a, big b, big c",
        "rows": source.endless_query("big"),
        "locked": "SELECT pg_advisory_lock(815)::text",
    }
    holder = source.server.connect(source.database)
    holder.cursor().execute("SELECT pg_advisory_lock(815)")
    try:
        with nothing_left_behind(db, source):
            job = db.import_in_background(source.connector(import_as="never", sql_query=queries[query], max_rows=0))
            with job, fails("canceling statement due to user request"):
                wait_until(lambda: bool(source.statements("COPY")), what="the remote statement")
                job.cancel()
                job.result(limit=30)
        no_remote_sessions(source)
    finally:
        holder.close()


def test_terminate(db: Database, source: PostgresRemote) -> None:
    with db.import_in_background(source.connector(import_as="never", sql_query=source.slow_query(600))) as job:
        wait_until(lambda: bool(source.statements("COPY")), what="the remote statement")
        job.terminate()
        with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
            job.result(limit=30)
    no_remote_sessions(source)


def test_killed_by_the_other_side(db: Database, source: PostgresRemote) -> None:
    with db.import_in_background(source.connector(import_as="never", sql_query=source.slow_query(600))) as job:
        wait_until(lambda: bool(source.statements("COPY")), what="the remote statement")
        source.kill_session(source.statements("COPY")[0].number)
        with fails("terminating connection due to administrator command", detail="57P01", hint="closed", number=1011):
            job.result(limit=30)
    assert db.value("SELECT 1") == 1


def test_role_with_one_connection(db: Database, source: PostgresRemote) -> None:
    """The cancel can't have a connection of its own then; closing ours must do."""
    source.execute("ALTER ROLE reader CONNECTION LIMIT 1")
    try:
        job = db.import_in_background(source.connector(import_as="never", sql_query="SELECT pg_sleep(600)::text"))
        with job, fails("canceling statement"):
            wait_until(lambda: bool(source.statements("COPY")), what="the remote statement")
            job.cancel()
            job.result(limit=30)
        no_remote_sessions(source)
    finally:
        source.execute("ALTER ROLE reader CONNECTION LIMIT -1")
