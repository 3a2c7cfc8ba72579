"""tinyint(1) as boolean, if the request says so."""

from __future__ import annotations

import pytest
from harness.database import Database
from harness.errors import fails
from harness.refreshing import Refreshed
from harness.sources import Read, parts_of

from servers.remote_mysql import MySqlRemote

pytestmark = pytest.mark.usefixtures("tidy")

VALUES = (0, 1, 2, -1, 127, -128)


def create(mysql: MySqlRemote, name: str, definition: str, *rows: str) -> None:
    mysql.drop(name)
    mysql.execute(f"CREATE TABLE {name} ({definition})", *(f"INSERT IGNORE INTO {name} VALUES ({row})" for row in rows))


def type_of(db: Database, table: str, column: str) -> object:
    return db.value("SELECT atttypid::regtype::text FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s", table, column)


def test_all_values(db: Database, mysql: MySqlRemote) -> None:
    """0 is false, all else is true, and what was not 1 is counted; a wider tinyint stays a number."""
    rows = [f"{number}, {value}, {value}" for number, value in enumerate(VALUES)]
    create(mysql, "flags", "id int PRIMARY KEY, flag tinyint(1), wide tinyint(3)", *rows, "100, NULL, NULL")
    result = db.import_table(mysql.connector(table="flags", tinyint1="boolean"))
    assert (type_of(db, "flags", "flag"), type_of(db, "flags", "wide")) == ("boolean", "smallint")
    read = db.rows("SELECT flag, wide FROM flags ORDER BY id")
    assert read == [*((value != 0, value) for value in VALUES), (None, None)]
    assert result["warnings"] == {"tinyint1": {"flag": 4}}


def test_a_number_unless_asked(db: Database, mysql: MySqlRemote) -> None:
    create(mysql, "flags", "flag tinyint(1), other boolean", "5, true")
    for keys in ({}, {"tinyint1": "smallint"}):
        result = db.import_table(mysql.connector(table="flags", collision_strategy="overwrite", **keys))
        assert (db.rows("SELECT flag, other FROM flags"), result["warnings"]) == ([(5, 1)], None)
    columns = {"columns": {"flag": "integer", "other": "boolean"}, "tinyint1": "boolean", "import_as": "chosen"}
    db.import_table(mysql.connector(table="flags", **columns))
    assert db.rows("SELECT flag, other FROM chosen") == [(5, True)]


def test_unsigned(db: Database, mysql: MySqlRemote) -> None:
    """MySQL 9 does not show in its catalog that it was declared with one digit, but tells it with a result."""
    create(mysql, "flags", "flag tinyint(1) unsigned", "0", "1", "255")
    result = db.import_table(mysql.connector(table="flags", tinyint1="boolean"))
    values = sorted(value for (value,) in db.rows("SELECT flag FROM flags"))
    assert (values, result["warnings"]) == ([False, True, True], {"tinyint1": {"flag": 1}})


def test_the_warning(db: Database, mysql: MySqlRemote) -> None:
    create(mysql, "flags", "flag tinyint(1)", "3")
    db.notices.clear()
    db.import_table(mysql.connector(table="flags", tinyint1="boolean"))
    assert any('1 tinyint(1) value in column "flag" became true, being neither 0 nor 1' in notice for notice in db.notices)


def test_a_query(db: Database, mysql: MySqlRemote) -> None:
    create(mysql, "flags", "id int PRIMARY KEY, flag tinyint(1), day date", "1, 0, '0000-00-00'", "2, 7, '2020-01-02'")
    query = "SELECT flag, day, flag + 1 AS sum FROM flags ORDER BY id"
    result = db.import_table(mysql.connector(sql_query=query, import_as="result", tinyint1="boolean"))
    assert [row[0] for row in db.rows("SELECT flag, sum FROM result ORDER BY sum")] == [False, True]
    assert [row[0] for row in db.rows("SELECT sum FROM result ORDER BY sum")] == [1, 8]
    assert result["warnings"] == {"tinyint1": {"flag": 1}, "zero_dates": {"day": 1}}


def test_a_merge_by_such_a_key(db: Database, mysql: MySqlRemote) -> None:
    """Neither the order nor a condition is left to the server, where these are numbers."""
    create(mysql, "flags", "a int NOT NULL, flag tinyint(1) NOT NULL, word varchar(9), PRIMARY KEY (flag, a)", "1, 0, 'x'", "1, 5, 'y'", "2, 1, 'z'")
    sync = Refreshed(db, mysql.connector(table="flags", tinyint1="boolean"), mode="merge")
    sync.run()
    assert db.rows("SELECT a, flag, word FROM flags ORDER BY 1, 2") == [(1, False, "x"), (1, True, "y"), (2, True, "z")]
    mysql.execute("DELETE FROM flags WHERE flag = 1", "UPDATE flags SET word = 'new' WHERE flag = 5")
    sync.run("merge")
    assert db.rows("SELECT a, flag, word FROM flags ORDER BY 1, 2") == [(1, False, "x"), (1, True, "new")]


def test_defaults(mysql: MySqlRemote, read: Read) -> None:
    create(mysql, "flags", "a tinyint(1) DEFAULT 0, b tinyint(1) DEFAULT 1, c tinyint(1) DEFAULT 5, d boolean DEFAULT true")
    expected = {"a": "false", "b": "true", "c": "true", "d": "true"}
    found = parts_of(read, mysql, "flags", tinyint1="boolean")["defaults"]
    assert found == {name: ["constant", value] for name, value in expected.items()}


def test_invalid_words(db: Database, mariadb: MySqlRemote) -> None:
    for word in ("bool", "BOOLEAN", "tinyint"):
        with fails(detail='Key "tinyint1" must be "smallint" or "boolean"'):
            db.import_table(mariadb.connector(table="flags", tinyint1=word))
