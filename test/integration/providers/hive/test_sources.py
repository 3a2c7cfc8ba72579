"""What can be read from Hive: partitions, views, many rows, joins, other databases, odd names; and queries that fail."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.faults import import_fails

from servers.remote_hive import TEXT_FILE, HiveRemote


@pytest.fixture(autouse=True)
def local_tables(db: Database) -> Iterator[None]:
    """None is left."""
    yield
    for (name,) in db.rows("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"):
        db.execute(f"DROP TABLE {name}")


def test_partitions(db: Database, hive: HiveRemote) -> None:
    """Partition columns come last, with their types; values that need escapes in a folder's name arrive."""
    hive.drop("parts")
    hive.execute(
        f"CREATE TABLE parts (id bigint) PARTITIONED BY (day date, kind string){TEXT_FILE}",
        "ALTER TABLE parts ADD PARTITION (day = '2024-02-29', kind = 'a/b=c d')",
        "ALTER TABLE parts ADD PARTITION (day = '2024-03-01', kind = 'plain')",
        "ALTER TABLE parts ADD PARTITION (day = '2024-03-02', kind = 'empty')",
    )
    hive.server.put("parts", b"1\n2\n", folder="day=2024-02-29/kind=a%2Fb%3Dc d")
    hive.server.put("parts", b"3\n", folder="day=2024-03-01/kind=plain")
    result = db.import_table(hive.connector(table="parts"))
    assert result["rows"] == 3
    assert [(name, kind) for name, kind, _ in db.columns("parts")] == [("id", "bigint"), ("day", "date"), ("kind", "text")]
    assert db.rows("SELECT id, day::text, kind FROM parts ORDER BY id") == [
        (1, "2024-02-29", "a/b=c d"),
        (2, "2024-02-29", "a/b=c d"),
        (3, "2024-03-01", "plain"),
    ]
    few = db.import_table(hive.connector(table="parts", columns=["kind"], import_as="few", max_rows=2))
    assert few["rows"] == 2 and [name for name, _, _ in db.columns("few")] == ["kind"]
    hive.drop("parts")


def test_view_and_listing(db: Database, hive: HiveRemote) -> None:
    hive.create_rows("seen", 5)
    hive.execute("DROP VIEW IF EXISTS seen_through", "CREATE VIEW seen_through AS SELECT id * 2 AS twice, word FROM seen")
    listed = db.rows(
        "SELECT schema, name, kind FROM cdb_connector_tables(%s) WHERE name LIKE 'seen%%' ORDER BY name", json.dumps(hive.connector())
    )
    assert listed == [("testdb", "seen", "table"), ("testdb", "seen_through", "view")]
    assert db.import_table(hive.connector(table="seen_through"))["rows"] == 5
    assert db.value("SELECT sum(twice) FROM seen_through") == 30
    assert len(db.rows("SELECT * FROM cdb_connector_tables(%s, 1)", json.dumps(hive.connector()))) == 1
    assert any("cut after 1 table" in notice for notice in db.notices)
    hive.execute("DROP VIEW seen_through")
    hive.drop("seen")


def test_comment_behind_the_last_semicolon(db: Database, hive: HiveRemote) -> None:
    for number, end in enumerate(("; -- done", ";\n/* done */", ";")):
        db.import_table(hive.connector(sql_query=f"SELECT 1 AS a, ';' AS b{end}", import_as=f"ended_{number}"))
        assert db.rows(f"SELECT a, b FROM ended_{number}") == [(1, ";")]


def test_a_million_rows(db: Database, hive: HiveRemote) -> None:
    """As many as are brought by default, and all of them."""
    hive.create_rows("million", 1_000_000)
    result = db.import_table(hive.connector(table="million"))
    assert (result["rows"], result["warnings"]) == (1_000_000, None)
    assert db.rows("SELECT count(DISTINCT id), sum(id), sum(amount), count(*) FILTER (WHERE word LIKE 'word ' || id || ' é%%') FROM million") == [
        (1_000_000, 500_000_500_000, 125_000_125_000, 1_000_000)
    ]
    hive.drop("million")


def test_join(db: Database, hive: HiveRemote) -> None:
    """A query that Hive runs as a job; its columns have no prefix, and one trailing semicolon does no harm."""
    hive.create_rows("left_side", 20)
    hive.create_rows("right_side", 10)
    query = (
        "SELECT a.id, b.word, count(*) AS n, sum(a.amount) AS total FROM left_side a JOIN right_side b ON a.id = b.id "
        "GROUP BY a.id, b.word;"
    )
    assert db.import_table(hive.connector(sql_query=query, import_as="joined"))["rows"] == 10
    assert [(name, kind) for name, kind, _ in db.columns("joined")] == [
        ("id", "bigint"),
        ("word", "character varying(20)"),
        ("n", "bigint"),
        ("total", "numeric(22,2)"),
    ]
    assert db.rows("SELECT sum(id), sum(n), sum(total) FROM joined") == [(55, 10, pytest.approx(13.75))]
    hive.drop("left_side")
    hive.drop("right_side")


def test_more_rows_than_asked_for(db: Database, hive: HiveRemote) -> None:
    """Hive sends all rows that come of one input row at once, however few it was asked for."""
    hive.create_rows("fertile", 4)
    query = "SELECT a.id, b.c FROM fertile a LATERAL VIEW posexplode(split(space(2999), ' ')) b AS c, d"
    assert db.import_table(hive.connector(sql_query=query, import_as="many"))["rows"] == 12_000
    assert db.rows("SELECT count(DISTINCT (id, c)), min(c), max(c) FROM many") == [(12_000, 0, 2999)]
    hive.drop("fertile")


@pytest.mark.parametrize("unique_names", ["false", "true"])
def test_prefixes(db: Database, hive: HiveRemote, unique_names: str) -> None:
    """Names come without "table.", whatever a session's setting makes of them."""
    hive.create_rows("prefixed", 2)
    connection = hive.connection(session={"hive.resultset.use.unique.column.names": unique_names})
    for request in ({"table": "prefixed"}, {"sql_query": "SELECT * FROM prefixed", "import_as": "prefixed"}):
        result = db.import_table(hive.connector(connection=connection, **request))
        assert [name for name, _, _ in db.columns(result["table_name"])] == ["id", "word", "amount"]
    hive.drop("prefixed")


def test_other_database(db: Database, hive: HiveRemote) -> None:
    """By the key "schema", by the connection, or by neither; a name's underscore is no pattern."""
    hive.execute(
        *[f"DROP DATABASE IF EXISTS {name} CASCADE" for name in ("other_db", "otherxdb")],
        *[f"CREATE DATABASE {name}" for name in ("other_db", "otherxdb")],
        f"CREATE TABLE other_db.a_b (right_one int){TEXT_FILE}",
        f"CREATE TABLE other_db.axb (wrong_one int){TEXT_FILE}",
        f"CREATE TABLE otherxdb.a_b (wrong_too int){TEXT_FILE}",
    )
    hive.server.put("a_b", b"7\n", database="other_db")
    by_schema = hive.connector(table="a_b", schema="other_db")
    by_connection = hive.connector(connection=hive.connection(database="other_db"), table="a_b")
    for connector in (by_schema, by_connection):
        result = db.import_table(connector)
        assert [name for name, _, _ in db.columns(result["table_name"])] == ["right_one"]
        assert db.rows(f"SELECT * FROM {result['table_name']}") == [(7,)]
        listed = db.rows("SELECT schema, name FROM cdb_connector_tables(%s) ORDER BY name", json.dumps(connector))
        assert listed == [("other_db", "a_b"), ("other_db", "axb")]
    nowhere = hive.connection()
    del nowhere["database"]
    hive.execute("DROP TABLE IF EXISTS default.at_home", f"CREATE TABLE default.at_home (a int){TEXT_FILE}")
    assert db.import_table(hive.connector(connection=nowhere, table="at_home"))["rows"] == 0
    hive.execute("DROP TABLE default.at_home", "DROP DATABASE other_db CASCADE", "DROP DATABASE otherxdb CASCADE")


def test_odd_column_names(db: Database, hive: HiveRemote) -> None:
    names = ["a b", "select", "ж日", 'quo"te', "back`tick", "semi;colon", "it's", "100%", "a_b", "percent%s", "-- comment"]
    hive.drop("odd")
    hive.execute(f"CREATE TABLE odd ({', '.join(hive.quote(name) + ' int' for name in names)}){TEXT_FILE}")
    hive.server.put("odd", "\t".join(map(str, range(len(names)))).encode() + b"\n")
    db.import_table(hive.connector(table="odd", column_names="verbatim"))
    assert [name for name, _, _ in db.columns("odd")] == names
    assert db.rows("SELECT * FROM odd") == [tuple(range(len(names)))]
    chosen = names[::-2]
    db.import_table(hive.connector(table="odd", column_names="verbatim", columns=chosen, import_as="odd_chosen"))
    assert [name for name, _, _ in db.columns("odd_chosen")] == chosen
    hive.drop("odd")


def test_odd_table_names(db: Database, hive: HiveRemote) -> None:
    """Names are quoted and not matched as patterns; none of these exists."""
    for name in ("x`; DROP TABLE victim", "victi%", "victim --", "VICTIM`x", "testdb`.`victim"):
        import_fails(db, hive, hive.connector(table=name), number=1011)
    hive.create_rows("Victim", 1)  # Hive keeps no case
    assert db.import_table(hive.connector(table="VICTIM"))["rows"] == 1
    hive.drop("victim")


def test_fails_in_a_job(db: Database, hive: HiveRemote) -> None:
    """Hive finds out when the query runs."""
    hive.create_rows("doomed", 5)
    query = "SELECT word, sum(if(assert_true(id < 3) IS NULL, id, 0)) AS n FROM doomed GROUP BY word"
    failure = import_fails(db, hive, hive.connector(sql_query=query, import_as="doomed"), "return code 2", number=1011)
    assert "SQLSTATE 08S01" in failure.detail
    hive.drop("doomed")


def test_session_settings(db: Database, hive: HiveRemote) -> None:
    connection = hive.connection(session={"set:hivevar:colour": "blue'; --", "hive.fetch.task.conversion": "none"})
    query = "SELECT \"${hivevar:colour}\" AS colour"
    db.import_table(hive.connector(connection=connection, sql_query=query, import_as="coloured"))
    assert db.rows("SELECT colour FROM coloured") == [("blue'; --",)]


def test_preview(db: Database, hive: HiveRemote) -> None:
    """A dry run tells the types of both sides."""
    hive.drop("shown")
    hive.execute(f"CREATE TABLE shown (a decimal(38,10), b map<string,array<int>>, c varchar(7)){TEXT_FILE}")
    hive.server.put("shown", b"1.5\tk\x031\x042\tabc\n")
    told = db.dry_run(hive.connector(table="shown"))
    assert [(column["remote_name"], column["type"]) for column in told["columns"]] == [
        ("a", "numeric(38,10)"),
        ("b", "jsonb"),
        ("c", "character varying(7)"),
    ]
    assert told["columns"][0]["remote_type"] == "decimal(38,10)"
    hive.drop("shown")
