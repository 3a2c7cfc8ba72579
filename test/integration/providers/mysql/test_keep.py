"""`keep` from end to end: what MySQL and MariaDB have stands here, and works."""

from __future__ import annotations

import pymysql
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


# Strings are raw: the backslashes are MySQL's. Where a server refuses a definition, it is left out.
DEFINITIONS = r"""
varchar(9) DEFAULT 007
varchar(9) DEFAULT (-0)
varchar(9) DEFAULT (true)
varchar(9) DEFAULT 'a\\b'
varchar(9) DEFAULT ('a\\b')
varchar(9) DEFAULT ('a\nb')
varchar(9) DEFAULT ('a\'b')
varchar(9) DEFAULT ('a\%b\_')
varchar(30) DEFAULT 'current_timestamp()'
varchar(30) DEFAULT ('current_timestamp()')
varchar(30) DEFAULT "b'101'"
varchar(30) DEFAULT ('é')
varchar(30) CHARACTER SET latin1 DEFAULT 'é'
varchar(30) CHARACTER SET cp1251 DEFAULT 'ж'
char(5) DEFAULT 'ab  '
enum('a','1','2') DEFAULT '2'
enum('a','b') DEFAULT ('2')
set('a','b') DEFAULT ('b,a')
set('a','b') DEFAULT ('3')
int DEFAULT ('5abc')
int DEFAULT 1.7
int DEFAULT 0x10
int(5) zerofill DEFAULT 7
bigint unsigned DEFAULT 18446744073709551615
tinyint(1) DEFAULT 2
year DEFAULT 99
year DEFAULT (99)
year DEFAULT ('99')
year DEFAULT ('0')
decimal(5,2) DEFAULT (1.239)
float DEFAULT 1.1
float(5,2) DEFAULT (1.239)
double DEFAULT 1e100
bit(4) DEFAULT 5
bit(8) DEFAULT 'a'
date DEFAULT '20-1-2'
date DEFAULT ('01-02-03')
date DEFAULT ('10-11-12')
date DEFAULT ('200102')
time DEFAULT '10'
time DEFAULT ('1020')
time DEFAULT ('10:20:30.6')
time(3) DEFAULT '10:20:30.1234'
datetime DEFAULT '2020-01-02'
datetime DEFAULT ('01-02-03 04:05')
datetime DEFAULT ('2020-01-02 10:11:12.6')
datetime DEFAULT ('2020-01-02 10:11:12-05:00')
timestamp NULL DEFAULT '2020-07-02 03:04:05'
timestamp NULL DEFAULT ('2020-07-02 03:04:05')
json DEFAULT ('{"a": 1}')
binary(4) DEFAULT 'ab'
binary(4) DEFAULT 0x5c78ff00
varbinary(9) DEFAULT ('a\\b')
varbinary(9) DEFAULT (x'6100')
"""


@pytest.mark.parametrize(
    "settings",
    ["", "time_zone = '+05:00'", "sql_mode = 'NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,ANSI_QUOTES'"],
    ids=["", "time_zone", "sql_mode"],
)
def test_what_a_column_gets_here_is_what_it_gets_there(db: Database, mysql: MySqlRemote, settings: str) -> None:
    """Or its default is left out, and that is told. `settings` are those of the session that made the table."""
    session = [f"SET {settings}"] if settings else []
    columns: list[str] = []
    for definition in DEFINITIONS.strip().splitlines():
        mysql.drop("kept")
        column = f"c{len(columns)} {definition}"
        try:
            mysql.execute(*session, f"CREATE TABLE kept ({column})", "INSERT INTO kept VALUES ()")
        except pymysql.MySQLError:  # of an older version, or not for this type
            continue
        columns.append(column)
    assert len(columns) > 20
    mysql.drop("kept")
    mysql.execute(*session, f"CREATE TABLE kept (id int, {', '.join(columns)}) CHARACTER SET utf8mb4", "INSERT INTO kept (id) VALUES (1)")
    db.import_table(mysql.connector(table="kept", keep=["defaults"]))
    told = "".join(db.notices)
    db.execute("INSERT INTO kept (id) VALUES (2)")
    there, here = db.rows("SELECT * FROM kept ORDER BY id")
    differing = [
        (column, wanted, found)
        for column, wanted, found in zip(columns, there[1:], here[1:], strict=True)
        if wanted != found and f'column "{column.split()[0]}" is left out' not in told
    ]
    assert not differing
    mysql.drop("kept")
