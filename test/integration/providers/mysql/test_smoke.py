"""A first look at each server of the MySQL family: connect, describe, import."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal

from harness.database import Database
from harness.errors import fails
from harness.traces import no_remote_sessions, nothing_left_behind

from servers.remote_mysql import MySqlRemote


def test_check(db: Database, mysql: MySqlRemote) -> None:
    assert db.value("SELECT cdb_connector_check(%s)", json.dumps(mysql.connector())) == {"connected": True}
    no_remote_sessions(mysql)


def test_import_table(db: Database, mysql: MySqlRemote) -> None:
    mysql.create_rows("smoke", 2500)
    result = db.import_table(mysql.connector(table="smoke", import_as=f"smoke_{mysql.kind}"))
    assert result["success"] is True
    assert result["state"] == "complete"
    assert (result["schema"], result["table_name"], result["rows"]) == ("public", f"smoke_{mysql.kind}", 2500)
    name = result["table_name"]
    assert db.columns(name) == [
        ("id", "bigint", True),
        ("word", "character varying(20)", False),
        ("amount", "numeric(12,2)", False),
    ]
    expected = mysql.rows("SELECT id, word, amount FROM smoke ORDER BY id")
    assert db.rows(f"SELECT id, word, amount FROM {name} ORDER BY id") == expected
    assert db.value(f"SELECT count(*) FROM pg_index WHERE indrelid = '{name}'::regclass AND indisprimary") == 1
    no_remote_sessions(mysql)
    mysql.drop("smoke")


def test_import_query(db: Database, mysql: MySqlRemote) -> None:
    query = (
        "SELECT 1 AS one, 'é' AS letter, cast('2024-02-29' AS date) AS day, "
        "cast('2024-02-29 12:34:56' AS datetime) AS moment, cast(1.50 AS decimal(5,2)) AS price, NULL AS nothing"
    )
    result = db.import_table(mysql.connector(sql_query=query, import_as=f"smoke_query_{mysql.kind}"))
    assert result["rows"] == 1
    row = db.rows(f"SELECT one, letter, day, moment, price, nothing FROM {result['table_name']}")[0]
    day, moment = datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 12, 34, 56)
    assert row == (1, "é", day, moment, Decimal("1.50"), None)


def test_rollback(db: Database, mysql: MySqlRemote) -> None:
    mysql.create_rows("smoke_rolled_back", 100)
    with nothing_left_behind(db, mysql):
        db.execute("BEGIN")
        db.import_table(mysql.connector(table="smoke_rolled_back"))
        db.execute("ROLLBACK")
    mysql.drop("smoke_rolled_back")


def test_failures_leave_nothing(db: Database, mysql: MySqlRemote) -> None:
    password = str(mysql.connection()["password"])
    with nothing_left_behind(db, mysql), fails("no_such_table", detail="mysql", secrets=(password,)):
        db.import_table(mysql.connector(table="no_such_table"))
    wrong = mysql.connection(password="wrong-password")
    with nothing_left_behind(db, mysql), fails(detail="authenticate", secrets=("wrong-password",)):
        db.import_table(mysql.connector(connection=wrong, table="smoke"))


def test_plain_role(db: Database, etl: Database, mysql: MySqlRemote) -> None:
    """A role with USAGE on the wrapper may import, but loopback is closed to it unless listed."""
    mysql.create_rows("smoke_role", 10)
    request = mysql.connector(table="smoke_role", import_as=f"smoke_role_{mysql.kind}")
    with nothing_left_behind(db, mysql), fails("loopback|allowed"):
        etl.import_table(request)
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.0/8'")
    etl.close()
    assert etl.import_table(request)["rows"] == 10
    assert etl.value("SELECT tableowner FROM pg_tables WHERE tablename = %s", request["import_as"]) == "etl"
    mysql.drop("smoke_role")
