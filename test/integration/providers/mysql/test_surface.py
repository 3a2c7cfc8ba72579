"""What the functions beside the import tell of a server of the MySQL family."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails

from servers.proxy import Proxy
from servers.remote_mysql import MySqlRemote

pytestmark = pytest.mark.usefixtures("tidy")


@pytest.fixture
def goods(mysql: MySqlRemote) -> Iterator[str]:
    mysql.execute("DROP VIEW IF EXISTS dear_goods")
    mysql.drop("Goods")
    mysql.execute(
        "CREATE TABLE `Goods` (`Item No` int unsigned NOT NULL, kind varchar(20) NOT NULL, price decimal(10,2), "
        "sold datetime(3), picture blob, PRIMARY KEY (kind, `Item No`)) CHARACTER SET utf8mb4 COMMENT 'what we sell'",
        "INSERT INTO `Goods` VALUES (1, 'tea', 1.50, '2024-02-29 12:00:00.125', x'00ff'), "
        "(4294967295, 'tea', NULL, NULL, NULL), (7, 'coffee', -2, '2024-02-29', '')",
        "ANALYZE TABLE `Goods`",
        "CREATE VIEW dear_goods AS SELECT kind, price FROM `Goods` WHERE price > 1",
    )
    yield "Goods"
    mysql.execute("DROP VIEW dear_goods")
    mysql.drop("Goods")


# cdb_connector_dry_run
COLUMNS = [
    ("Item No", "int unsigned", "item_no", "bigint", True),
    ("kind", "varchar(20)", "kind", "character varying(20)", True),
    ("price", "decimal(10,2)", "price", "numeric(10,2)", False),
    ("sold", "datetime(3)", "sold", "timestamp(3) without time zone", False),
    ("picture", "blob", "picture", "bytea", False),
]
ROWS = [
    {"item_no": "7", "kind": "coffee", "price": "-2.00", "sold": "2024-02-29 00:00:00", "picture": "\\x"},
    {"item_no": "1", "kind": "tea", "price": "1.50", "sold": "2024-02-29 12:00:00.125", "picture": "\\x00ff"},
    {"item_no": "4294967295", "kind": "tea", "price": None, "sold": None, "picture": None},
]


def test_dry_run_of_a_table(db: Database, mysql: MySqlRemote, goods: str) -> None:
    found = db.dry_run(mysql.connector(table=goods))
    assert {"table_name", "columns", "primary_key", "estimated_rows", "rows"} <= set(found)
    assert found["table_name"] == "goods"
    described = [
        (c["remote_name"], c["remote_type"].replace("int(10)", "int"), c["name"], c["type"], c["not_null"])
        for c in found["columns"]
    ]
    assert described == COLUMNS
    assert all("left_out" not in column for column in found["columns"])
    assert found["primary_key"] == ["kind", "item_no"]
    assert found["estimated_rows"] == 3
    assert sorted(found["rows"], key=str) == sorted(ROWS, key=str)
    # It tells what an import then does, and has done nothing itself.
    assert db.rows("SELECT to_regclass('goods')") == [(None,)]
    db.import_table(mysql.connector(table=goods))
    assert db.columns("goods") == [(name, kind, not_null) for _, _, name, kind, not_null in COLUMNS]


def test_dry_run_of_a_query(db: Database, mysql: MySqlRemote, goods: str) -> None:
    query = f"SELECT kind, SUM(price) AS total FROM `{goods}` GROUP BY kind ORDER BY kind"
    found = db.dry_run(mysql.connector(sql_query=query, import_as="Totals", columns={"total": "float8", "kind": None}))
    assert (found["table_name"], found["primary_key"], found["estimated_rows"]) == ("totals", [], None)
    assert [(c["remote_name"], c["name"], c["type"]) for c in found["columns"]][0] == ("total", "total", "double precision")
    assert found["rows"] == [{"total": "-2", "kind": "coffee"}, {"total": "1.5", "kind": "tea"}]


def test_dry_run_of_some_rows(db: Database, mysql: MySqlRemote, goods: str) -> None:
    mysql.create_rows("many", 2500)
    request = json.dumps(mysql.connector(table="many"))
    for wanted, expected in ((None, 10), (0, 0), (1, 1), (1000, 1000)):
        argument = "" if wanted is None else f", {wanted}"
        found = db.value(f"SELECT cdb_connector_dry_run(%s{argument})", request)
        assert len(found["rows"]) == expected
        assert 1000 < found["estimated_rows"] < 5000  # InnoDB's guess
    assert len(db.dry_run(mysql.connector(table="many", max_rows=3))["rows"]) == 3
    for wrong in (-1, 1001):
        with fails("must be between 0 and 1000", number=1502):
            db.value("SELECT cdb_connector_dry_run(%s, %s)", request, wrong)
    mysql.drop("many")


# cdb_connector_tables
def test_tables(db: Database, mysql: MySqlRemote, goods: str) -> None:
    listed = db.rows("SELECT * FROM cdb_connector_tables(%s)", json.dumps(mysql.connector()))
    ours = [row for row in listed if row[1] in (goods, "dear_goods")]
    # MySQL and MariaDB sort names of tables in their own ways.
    assert sorted(ours) == [("testdb", "Goods", "table", 3), ("testdb", "dear_goods", "view", None)]


def test_tables_without_a_database(db: Database, mysql: MySqlRemote, goods: str) -> None:
    """All that the account may see, but for the server's own."""
    mysql.server.sql(
        "DROP DATABASE IF EXISTS another", "CREATE DATABASE another", "CREATE TABLE another.thing (a int)",
        f"GRANT SELECT ON another.* TO '{mysql.server.user}'@'%'",
    )  # fmt: skip
    connection = mysql.connection()
    del connection["database"]
    request = json.dumps(mysql.connector(connection=connection))
    listed = db.rows("SELECT schema, name FROM cdb_connector_tables(%s)", request)
    assert {("another", "thing"), ("testdb", goods), ("testdb", "dear_goods")} <= set(listed)
    assert not {schema for schema, _ in listed} & {"mysql", "information_schema", "performance_schema", "sys"}
    assert [schema for schema, _ in listed] == sorted(schema for schema, _ in listed)
    assert db.rows("SELECT schema, name FROM cdb_connector_tables(%s, 1)", request) == [("another", "thing")]
    assert "cut after 1 tables" in db.notices[0]
    only = json.dumps({**mysql.connector(connection=connection), "schema": "another"})
    assert db.rows("SELECT * FROM cdb_connector_tables(%s)", only) == [("another", "thing", "table", 0)]
    # A table is found there, too.
    assert db.import_table(json.loads(only), table="thing")["rows"] == 0
    with fails("schema of table .* is not known", number=1502, hint='"schema"'):
        db.import_table(mysql.connector(connection=connection), table="thing")
    mysql.server.sql("DROP DATABASE another")


# cdb_import_status
STATUS = {
    "id", "user_id", "table_id", "data_type", "table_name", "state", "error_code", "queue_id", "tables_created_count",
    "synchronization_id", "type_guessing", "quoted_fields_guessing", "content_guessing", "create_visualization",
    "visualization_id", "user_defined_limits", "get_error_text", "display_name", "success", "warnings", "is_raster",
    "original_url",
}  # fmt: skip


def test_status(db: Database, mysql: MySqlRemote, goods: str) -> None:
    """Every attribute of the original's answer."""
    result = db.import_table(mysql.connector(table=goods), max_rows=2)
    status = db.value("SELECT cdb_import_status(%s)", result["item_queue_id"])
    assert set(status) - STATUS == {
        "schema", "skipped_columns", "rows", "bytes", "started_at", "ended_at", "item_queue_id",
        "error_message", "error_detail", "error_hint", "sqlstate",
    }  # fmt: skip
    assert STATUS <= set(status)
    expected = {
        "id": result["item_queue_id"],
        "queue_id": result["item_queue_id"],
        "display_name": result["item_queue_id"],
        "user_id": "postgres",
        "table_id": db.value("SELECT 'goods'::regclass::oid::bigint"),
        "table_name": "goods",
        "schema": "public",
        "data_type": "datasource",
        "state": "complete",
        "success": True,
        "error_code": None,
        "get_error_text": None,
        "tables_created_count": 1,
        "synchronization_id": None,
        "warnings": {"max_rows_per_connection": 2},
        "skipped_columns": [],
        "rows": 2,
        "bytes": result["bytes"],
        "is_raster": False,
        "create_visualization": False,
    }
    assert {key: status[key] for key in expected} == expected
    db.execute("DROP TABLE goods")
    status = db.value("SELECT cdb_import_status(%s)", result["item_queue_id"])
    assert (status["table_name"], status["table_id"]) == ("goods", None)


def test_status_of_a_skipped_import(db: Database, mysql: MySqlRemote, goods: str) -> None:
    db.execute("CREATE TABLE goods ()")
    result = db.import_table(mysql.connector(table=goods), collision_strategy="skip")
    status = db.value("SELECT cdb_import_status(%s)", result["item_queue_id"])
    assert (status["table_name"], status["table_id"], status["tables_created_count"]) == (None, None, 0)
    assert status["error_code"] == 1022
    assert set(status["get_error_text"]) == {"title", "what_about", "source"}
    assert status["get_error_text"]["title"] == "Table was skipped"
    with fails("there is no import with id", number=1502):
        db.value("SELECT cdb_import_status(%s)", str(uuid.uuid4()))


# A query runs once
def test_query_is_executed_once(db: Database, mysql: MySqlRemote) -> None:
    """As the server's own log of statements counts."""
    marker = f"once {uuid.uuid4()}"
    request = mysql.connector(sql_query=f"SELECT id, word /* {marker} */ FROM few", import_as="few")
    mysql.create_rows("few", 25)
    mysql.server.sql("SET GLOBAL log_output = 'TABLE'", "SET GLOBAL general_log = ON")
    try:
        for call, executions in ((db.import_table, 1), (db.dry_run, 1)):
            mysql.server.sql("TRUNCATE TABLE mysql.general_log")
            call(request)
            counted = dict(
                mysql.rows(
                    "SELECT CONVERT(command_type USING utf8mb4), COUNT(*) FROM mysql.general_log "
                    f"WHERE command_type <> 'Quit' AND CONVERT(argument USING utf8mb4) LIKE '%{marker}%' "
                    f"AND CONVERT(argument USING utf8mb4) NOT LIKE '%general_log%' GROUP BY 1"
                )
            )
            assert counted == {"Prepare": 1, "Execute": executions}
        mysql.server.sql("TRUNCATE TABLE mysql.general_log")
        db.value("SELECT cdb_connector_dry_run(%s, 0)", json.dumps(request))
        assert not mysql.rows(
            f"SELECT 1 FROM mysql.general_log WHERE command_type = 'Execute' AND CONVERT(argument USING utf8mb4) LIKE '%{marker}%'"
        )
    finally:
        mysql.server.sql("SET GLOBAL general_log = OFF", "SET GLOBAL log_output = DEFAULT")
        mysql.drop("few")


# Compression
@pytest.mark.parametrize("compression", ["true", "false"])
def test_compression(db: Database, mysql: MySqlRemote, compression: str) -> None:
    """As the server sees it, and as the bytes on the wire tell."""
    mysql.create_rows("compressible", 2000, width=500)
    size = 2000 * 500
    with Proxy(mysql.server.port) as proxy:
        connection = mysql.connection(port=proxy.port, compression=compression)
        db.import_table(mysql.connector(connection=connection, table="compressible"))
        received = proxy.from_server
        query = "SHOW SESSION STATUS LIKE 'Compression'"
        db.import_table(mysql.connector(connection=connection, sql_query=query, import_as="told"))
    assert received < size / 4 if compression == "true" else received > size
    told = db.rows("SELECT * FROM told")
    assert told == [("Compression", "ON" if compression == "true" else "OFF")]
    assert db.rows("SELECT count(*), sum(length(word)) FROM compressible") == [(2000, size)]
    mysql.drop("compressible")


# Reserved words
def test_reserved_words(db: Database, mariadb: MySqlRemote) -> None:
    """All that the running server reserves, as names of columns and of tables, and none that it does not."""
    words = dict(db.rows("SELECT word, catcode::text FROM pg_get_keywords()"))
    reserved = {word for word, code in words.items() if code in ("R", "T")}
    assert len(reserved) > 90
    ours = {"action", "between", "controller", "format", "new", "off", "old"}  # the original's
    names = sorted(words)
    found: dict[str, str] = {}
    for part in (names[:250], names[250:]):  # at most 256 columns
        query = "SELECT " + ", ".join(f"1 AS `{name}`" for name in part)
        columns = db.dry_run(mariadb.connector(sql_query=query, import_as="words"))["columns"]
        found |= {column["remote_name"]: column["name"] for column in columns}
    avoided = (reserved | ours) & set(names)
    assert found == {name: f"_{name}" if name in avoided else name for name in names}
    db.execute(f"CREATE TABLE unquoted ({', '.join(f'{local} int' for local in found.values())})")
    query = "SELECT 1 AS a"
    for name in sorted(reserved):
        request = json.dumps(mariadb.connector(sql_query=query, import_as=name))
        assert db.value("SELECT cdb_connector_dry_run(%s, 0) ->> 'table_name'", request) == f"{name}_t"
