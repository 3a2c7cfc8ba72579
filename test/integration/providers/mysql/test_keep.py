"""`keep` from end to end: what MySQL and MariaDB have stands here, and works."""

from __future__ import annotations

import pytest
from harness.database import Database

from servers.remote_mysql import MySqlRemote

pytestmark = pytest.mark.usefixtures("tidy")


def test_a_table_with_its_parts(db: Database, mysql: MySqlRemote) -> None:
    mysql.drop("kept")
    mysql.execute(
        "CREATE TABLE kept (id int PRIMARY KEY, word varchar(30) DEFAULT 'it''s; --', flag tinyint(1) DEFAULT 1, amount decimal(8,2) "
        "DEFAULT -1.50, added datetime DEFAULT CURRENT_TIMESTAMP, bits bit(4) DEFAULT b'101', a int, UNIQUE two (a, id), "
        "INDEX begin (word(5)), INDEX `i;' DROP -- é` (a))",
        "INSERT INTO kept (id) VALUES (1)",
    )
    db.notices.clear()
    db.import_table(mysql.connector(table="kept", keep=["indexes", "defaults"], tinyint1="boolean"))
    assert any('index "begin" is left out: it covers only the beginning of column "word"' in notice for notice in db.notices)
    db.execute("INSERT INTO kept (id) VALUES (2)")
    first, second = db.rows("SELECT word, flag, amount, bits FROM kept ORDER BY id")
    assert first == second == ("it's; --", True, pytest.approx(-1.5), "0101")
    assert db.value("SELECT added = localtimestamp(0) OR added > localtimestamp - interval '1 hour' FROM kept WHERE id = 2")
    indexes = db.rows("SELECT indexrelid::regclass::text, indisunique FROM pg_index WHERE indrelid = 'kept'::regclass AND NOT indisprimary")
    assert sorted(unique for _, unique in indexes) == [False, True]
    mysql.drop("kept")


def test_what_nothing_stands_for(db: Database, mysql: MySqlRemote) -> None:
    mysql.drop("kept")
    mysql.execute("CREATE TABLE kept (id int AUTO_INCREMENT PRIMARY KEY)")
    db.notices.clear()
    db.import_table(mysql.connector(table="kept", keep=["defaults"]))
    assert any('default of column "id" is left out: nothing here stands for AUTO_INCREMENT' in notice for notice in db.notices)
    mysql.drop("kept")
