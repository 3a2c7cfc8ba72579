"""The same driver against Spark's Thrift server, which is another implementation of the protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails

from servers.hive.spark import SparkServer
from servers.process import wait_until
from servers.server import Unavailable
from servers.workspace import Workspace

pytestmark = pytest.mark.usefixtures("tidy")


@pytest.fixture(scope="module")
def spark(workspace: Workspace) -> Iterator[SparkServer]:
    try:
        server = SparkServer(workspace).start()
    except Unavailable as reason:
        pytest.skip(str(reason))
    yield server
    server.stop()


def connector(spark: SparkServer, **keys: object) -> dict[str, object]:
    return {"provider": "hive", "connection": spark.connection(), **keys}


# A value in Spark's SQL, the local type, what PostgreSQL prints.
VALUES = {
    "true": ("boolean", "true"),
    "cast(-128 AS tinyint)": ("smallint", "-128"),
    "cast(32767 AS smallint)": ("smallint", "32767"),
    "-9223372036854775807L": ("bigint", "-9223372036854775807"),
    "cast(1.5 AS float)": ("real", "1.5"),
    "double('Infinity')": ("double precision", "Infinity"),
    "double('NaN')": ("double precision", "NaN"),
    "cast('12345678901234567890.123456789012345678' AS decimal(38,18))": ("numeric(38,18)", "12345678901234567890.123456789012345678"),
    "'Łódź\\n\\t雪 𝄞'": ("text", "Łódź\n\t雪 𝄞"),
    "unhex('780100FF')": ("bytea", "\\x780100ff"),
    "date '1901-02-03'": ("date", "1901-02-03"),
    "timestamp '2026-11-22 13:14:15.123456'": ("timestamp without time zone", "2026-11-22 13:14:15.123456"),
    "array(1, 2, null)": ("jsonb", "[1, 2, null]"),
    "map('k', 1.5)": ("jsonb", '{"k": 1.5}'),
    "named_struct('x', 1, 'y', 'z')": ("jsonb", '{"x": 1, "y": "z"}'),
    "interval '1 02:03:04.5' day to second": ("interval", "1 day 02:03:04.5"),
    "interval '3-4' year to month": ("interval", "3 years 4 mons"),
    "cast(null AS int)": ("integer", "NULL"),
}


def test_types(db: Database, spark: SparkServer) -> None:
    columns = ", ".join(f"{value} AS c{number}" for number, value in enumerate(VALUES))
    spark.sql("DROP TABLE IF EXISTS kinds", f"CREATE TABLE kinds USING parquet AS SELECT {columns}")
    for name, keys in {"by_table": {"table": "kinds"}, "by_query": {"sql_query": "SELECT * FROM kinds"}}.items():
        assert db.import_table(connector(spark, import_as=name, **keys))["rows"] == 1
        assert [kind for _, kind, _ in db.columns(name)] == [kind for kind, _ in VALUES.values()]
        printed = ", ".join(f"coalesce(c{number}::text, 'NULL')" for number in range(len(VALUES)))
        assert db.rows(f"SELECT {printed} FROM {name}") == [tuple(text for _, text in VALUES.values())]


def test_sources(db: Database, spark: SparkServer) -> None:
    """A table that is partitioned, an empty one, a view, a join, many rows, the list."""
    spark.sql(
        "DROP VIEW IF EXISTS seen",
        *[f"DROP TABLE IF EXISTS {name}" for name in ("parts", "nothing", "many")],
        "CREATE TABLE parts (a int, p string) USING parquet PARTITIONED BY (p)",
        "INSERT INTO parts VALUES (1, 'x'), (2, 'ü')",
        "CREATE TABLE nothing (a int, b string) USING parquet",
        "CREATE VIEW seen AS SELECT p, a + 1 AS b FROM parts",
        "CREATE TABLE many USING parquet AS SELECT id, concat('word ', id) AS word FROM range(300000)",
    )
    expected = {"parts": {(1, "x"), (2, "ü")}, "nothing": set(), "seen": {("x", 2), ("ü", 3)}}
    for name, rows in expected.items():
        db.import_table(connector(spark, table=name))
        assert set(db.rows(f"SELECT * FROM {name}")) == rows
    assert db.import_table(connector(spark, table="many"))["rows"] == 300_000
    assert db.rows("SELECT count(*), sum(id), count(DISTINCT word) FROM many") == [(300_000, 300_000 * 299_999 // 2, 300_000)]
    query = "SELECT m.word, p.p FROM many m JOIN parts p ON m.id = p.a"
    assert db.import_table(connector(spark, sql_query=query, import_as="joined"))["rows"] == 2
    listed = db.rows("SELECT name FROM cdb_connector_tables(%s)", json.dumps({"provider": "hive", "connection": spark.connection()}))
    assert {"parts", "nothing", "many"} <= {name for (name,) in listed}


def test_errors(db: Database, spark: SparkServer) -> None:
    """Spark's message without its stack; what to try where the way in is another."""
    with fails("Syntax error at or near 'SELEC'") as failure:
        db.import_table(connector(spark, sql_query="SELEC 1", import_as="wrong"))
    assert "\tat " not in failure.everything
    with fails("nothing_there.* cannot be found"):
        db.import_table(connector(spark, table="nothing_there"))
    with fails("is not true"):
        db.import_table(connector(spark, sql_query="SELECT assert_true(id < 10) FROM range(20)", import_as="wrong"))
    for way, hint in (({"auth": "nosasl"}, "expects SASL"), ({"transport": "http"}, "does not speak HTTP"), ({"sslmode": "require"}, "may not use TLS")):
        with fails("could not connect", hint=hint):
            db.import_table({"provider": "hive", "connection": spark.connection(**way), "table": "parts"})


def test_cancel(db: Database, spark: SparkServer) -> None:
    """The statement ends there, too."""
    query = "SELECT count(*) FROM range(3000000) a CROSS JOIN range(3000000) b WHERE a.id * b.id % 7 = 3"
    with db.import_in_background(connector(spark, sql_query=query, import_as="long")) as job:
        wait_until(lambda: "Running query" in spark.log.read_text() and query[:40] in spark.log.read_text(), what="the query's start")
        job.cancel()
        with fails("canceling statement due to user request"):
            job.result()
    wait_until(lambda: "ancel" in spark.log.read_text().split(query[:40])[-1], what="the query's end there")
