"""Old PostgreSQL servers, down to 9.3: every statement that the driver sends, and every type that they have."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg2
import psycopg2.extras
import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import fails_cleanly
from harness.postgres_types import TYPES, USER_TYPES
from harness.sources import Read
from harness.sums import assert_as_different, of_each_row
from harness.traces import no_remote_sessions

from servers.postgres_maven import MavenPostgres, Postgres13, Postgres93, Postgres96
from servers.process import wait_until
from servers.remote_postgres import PostgresRemote
from servers.server import Unavailable
from servers.workspace import Workspace


@pytest.fixture(scope="module", params=[Postgres93, Postgres96, Postgres13], ids=lambda kind: kind.kind)
def source(request: pytest.FixtureRequest, workspace: Workspace) -> Iterator[PostgresRemote]:
    kind: type[MavenPostgres] = request.param
    try:
        server = kind(workspace).start()
    except Unavailable as reason:
        pytest.skip(str(reason))
    remote = PostgresRemote(server, kind.kind)
    remote.execute(
        "CREATE TABLE plain (gone int, b text NOT NULL, id serial, a int, PRIMARY KEY (a, b))",
        "ALTER TABLE plain DROP COLUMN gone",
        "INSERT INTO plain (b, a) SELECT 'row ' || i, i FROM generate_series(1, 100) i",
        "COMMENT ON TABLE plain IS 'plain ''table'''",
        "COMMENT ON COLUMN plain.a IS 'column a'",
        "CREATE VIEW seen AS SELECT a, upper(b) AS b FROM plain",
        "CREATE MATERIALIZED VIEW kept AS SELECT * FROM plain",
        "CREATE TABLE child () INHERITS (plain)",
        "INSERT INTO child (b, a) VALUES ('of the child', 1000)",
        "CREATE TABLE never_counted (a int)",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO reader",
        "ANALYZE plain",
        "ANALYZE child",
    )
    yield remote
    server.stop()


def rows_of(db: Database, remote: PostgresRemote, query: str) -> list[tuple[object, ...]]:
    db.execute("DROP TABLE IF EXISTS result")
    db.import_table(remote.connector(import_as="result", sql_query=query))
    return db.rows("SELECT * FROM result")


def test_check_and_list(db: Database, source: PostgresRemote) -> None:
    assert db.value("SELECT cdb_connector_check(%s)", json.dumps(source.connector())) == {"connected": True}
    listed = db.rows("SELECT name, kind, estimated_rows FROM cdb_connector_tables(%s)", json.dumps(source.connector()))
    assert {(name, kind) for name, kind, _ in listed} >= {
        ("plain", "table"),
        ("seen", "view"),
        ("kept", "materialized view"),
        ("never_counted", "table"),
    }
    assert {name: rows for name, _, rows in listed}["plain"] == 101


def test_table(db: Database, source: PostgresRemote) -> None:
    result = db.import_table(source.connector(table="plain", collision_strategy="overwrite"))
    assert result["rows"] == 101
    assert db.columns("plain") == [("b", "text", True), ("id", "integer", True), ("a", "integer", True)]
    assert db.value("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'plain'::regclass AND contype = 'p'") == (
        "PRIMARY KEY (a, b)"
    )
    assert db.value("SELECT obj_description('plain'::regclass)") == "plain 'table'"
    assert db.value("SELECT col_description('plain'::regclass, 3)") == "column a"
    db.execute("DROP TABLE plain")
    assert db.dry_run(source.connector(table="plain"))["estimated_rows"] == 101
    assert db.dry_run(source.connector(table="never_counted"))["estimated_rows"] is None
    for name, rows in (("seen", 101), ("kept", 100), ("never_counted", 0)):
        assert db.import_table(source.connector(table=name))["rows"] == rows
        db.execute(f"DROP TABLE {name}")


def test_queries(db: Database, source: PostgresRemote) -> None:
    assert rows_of(db, source, "WITH x AS (SELECT 1 AS a) SELECT a, 'é' AS b FROM x -- all") == [(1, "é")]
    assert rows_of(db, source, "SHOW server_encoding") == [("UTF8",)]
    assert "Result" in str(rows_of(db, source, "EXPLAIN SELECT 1")[0][0])
    assert rows_of(db, source, "SELECT current_setting('TimeZone'), current_setting('transaction_read_only')") == [("UTC", "on")]
    with fails_cleanly(db, source, "read-only", number=1011):
        rows_of(db, source, "SELECT nextval('plain_id_seq') FROM plain")
    with fails_cleanly(db, source, "multiple commands", number=1011):
        rows_of(db, source, "SELECT 1; SELECT 2")
    with fails_cleanly(db, source, "division by zero", detail="phase fetch, SQLSTATE 22012", number=1011):
        rows_of(db, source, "SELECT 1 / (50000 - i) AS a FROM generate_series(1, 100000) i")


def test_refusals(db: Database, source: PostgresRemote) -> None:
    with fails("no_such", number=1011, hint="schema and table"):
        db.import_table(source.connector(table="no_such"))
    with fails("password", number=1012, detail="phase authenticate, SQLSTATE 28P01"):
        db.import_table(source.connector(connection=source.connection(password="wrong"), table="plain"))
    with fails("SSL", number=1012, hint="sslmode"):
        db.import_table(source.connector(connection=source.connection(sslmode="require"), table="plain"))


@pytest.mark.parametrize("at", ["sleep", "rows", "lock"])
def test_cancel(db: Database, source: PostgresRemote, at: str) -> None:
    """The statement ends on the remote although it can't notice by itself, before version 14, that we are gone."""
    holder = source.server.connect(source.database)
    holder.cursor().execute("BEGIN; LOCK TABLE plain IN ACCESS EXCLUSIVE MODE")
    queries = {"sleep": source.slow_query(600), "rows": "SELECT i FROM generate_series(1, 1000000000) i"}
    connector = source.connector(sql_query=queries[at], import_as="never") if at in queries else source.connector(table="plain")
    try:
        job = db.import_in_background({**connector, "max_rows": 2_000_000_000})
        job.database.execute("SET connector.max_rows = 0")
        with job, fails("canceling statement due to user request"):
            wait_until(lambda: bool(source.statements("COPY" if at in queries else "plain")), what="the remote statement")
            job.cancel()
            job.result(limit=60)
        no_remote_sessions(source, limit=20)
    finally:
        holder.close()


@pytest.fixture(scope="module")
def accepted(source: PostgresRemote) -> dict[str, list[str]]:
    """The types that the server has, each with the values that it takes."""
    found: dict[str, list[str]] = {}
    connection = source.server.connect(source.database)
    with connection.cursor() as cursor:

        def takes(statement: str) -> bool:
            try:
                cursor.execute(statement)
                return True
            except psycopg2.Error:
                return False

        for statement in USER_TYPES:
            takes(statement)
        for kind, (_, texts) in TYPES.items():
            if takes(f"SELECT NULL::{kind}"):
                found[kind] = [text for text in texts if takes("SELECT '" + text.replace("'", "''") + f"'::{kind}")]
    connection.close()
    return found


def create_types(source: PostgresRemote, accepted: dict[str, list[str]]) -> int:
    """The table `types` with all values, and a last row of NULLs; gives the number of its rows."""
    columns = ", ".join(f"c{i} {kind}" for i, kind in enumerate(accepted))
    rows = max(map(len, accepted.values())) + 1
    source.execute("DROP TABLE IF EXISTS types", f"CREATE TABLE types (id int PRIMARY KEY, {columns})")
    for number in range(rows):
        values = ["'" + texts[number].replace("'", "''") + "'" if number < len(texts) else "NULL" for texts in accepted.values()]
        source.execute(f"INSERT INTO types VALUES ({number}, {', '.join(values)})")
    return rows


def test_checksums(source: PostgresRemote, accepted: dict[str, list[str]], read: Read) -> None:
    """Of each value another one, as the server prints it."""
    rows = create_types(source, accepted)
    found = of_each_row(read, source, rows, *([f"c{i}"] for i in range(len(accepted))), table="types")
    for i, (kind, sums) in enumerate(zip(accepted, found, strict=True)):
        printed = source.rows(f"SET extra_float_digits = 3; SELECT c{i}::text FROM types ORDER BY id")
        assert_as_different(sums, [text for (text,) in printed], kind)


def test_types(db: Database, source: PostgresRemote, accepted: dict[str, list[str]]) -> None:
    assert len(accepted) > 90
    rows = create_types(source, accepted)
    for extension in ("hstore", "citext"):
        db.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    result = db.import_table(source.connector(table="types"))
    assert (result["rows"], result["warnings"], result["skipped_columns"]) == (rows, None, [])
    types = [TYPES[kind][0] or kind for kind in accepted]
    assert [kind for _, kind, _ in db.columns("types")[1:]] == types
    # What the server prints, read by the local types, is what arrived. (Old servers print floats with all digits.)
    texts = ", ".join(f"c{i}::text" for i in range(len(accepted)))
    settings = "SET TimeZone = UTC; SET extra_float_digits = 3; "
    printed = source.rows(f"{settings}SELECT id, {texts} FROM types")
    db.execute(settings + "CREATE TABLE expected (LIKE types)")
    template = "(%s, " + ", ".join(f"%s::{kind}" for kind in types) + ")"
    with db.connection.cursor() as cursor:
        psycopg2.extras.execute_values(cursor, "INSERT INTO expected VALUES %s", printed, template=template)
    for i, kind in enumerate(accepted):
        pairs = f"SELECT a.c{i}::text, b.c{i}::text FROM types a FULL JOIN expected b USING (id)"
        assert db.rows(f"{pairs} WHERE a.c{i}::text IS DISTINCT FROM b.c{i}::text") == [], kind
    db.execute("DROP TABLE types")
    db.execute("DROP TABLE expected")
