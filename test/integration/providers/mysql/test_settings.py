"""Results are the query's, whatever the server's own settings are, and what it cuts all the same is no success."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from harness.database import Database
from harness.errors import fails
from harness.traces import nothing_left_behind

from servers.remote_mysql import MySqlRemote

pytestmark = pytest.mark.usefixtures("tidy")


@contextmanager
def setting(remote: MySqlRemote, name: str, value: str) -> Iterator[None]:
    """A global variable of the server, which new sessions begin with."""
    [(before,)] = remote.rows(f"SELECT @@global.{name}")
    remote.execute(f"SET GLOBAL {name} = {value}")
    try:
        yield
    finally:
        remote.execute(f"SET GLOBAL {name} = {'DEFAULT' if before == 'DEFAULT' else repr(before)}")


@contextmanager
def rows(remote: MySqlRemote, count: int) -> Iterator[str]:
    """A table of so many rows with an id from 1 on."""
    remote.create_rows("counted", count)
    yield "counted"
    remote.drop("counted")


def settings_of_the_session(db: Database, remote: MySqlRemote, *names: str) -> tuple[str, ...]:
    listed = ", ".join(f"CAST(@@session.{name} AS CHAR) AS v{number}" for number, name in enumerate(names))
    db.execute("DROP TABLE IF EXISTS settings")
    db.import_table(remote.connector(sql_query=f"SELECT {listed}", import_as="settings"))
    [row] = db.rows("SELECT * FROM settings")
    return row


def test_join_size_of_the_server_does_not_matter(db: Database, mysql: MySqlRemote) -> None:
    with rows(mysql, 500) as table, setting(mysql, "max_join_size", "10"):
        assert db.import_table(mysql.connector(table=table))["rows"] == 500
        query = f"SELECT a.id FROM {table} a JOIN {table} b ON b.amount >= a.amount"
        assert db.import_table(mysql.connector(sql_query=query, import_as="joined"))["rows"] == 125_250


def test_group_concat_is_not_cut(db: Database, mysql: MySqlRemote) -> None:
    with rows(mysql, 2000) as table, setting(mysql, "group_concat_max_len", "64"):
        query = f"SELECT GROUP_CONCAT(word ORDER BY id SEPARATOR '|') AS words FROM {table}"
        result = db.import_table(mysql.connector(sql_query=query, import_as="all_words"))
        assert result["warnings"] is None
        assert db.value("SELECT array_length(string_to_array(words, '|'), 1) FROM all_words") == 2000
        grouped = f"SELECT g, words FROM (SELECT id % 3 AS g, GROUP_CONCAT(word) AS words FROM {table} GROUP BY id % 3) q UNION SELECT 7, 'x'"
        db.import_table(mysql.connector(sql_query=grouped, import_as="groups"))
        assert db.value("SELECT sum(length(words)) FROM groups") > 2000 * 20


def test_recursion_is_not_cut(db: Database, mysql: MySqlRemote) -> None:
    if mysql.kind == "mysql56":
        pytest.skip("MySQL 5.6 has no WITH")
    name = "max_recursive_iterations" if mysql.kind == "mariadb" else "cte_max_recursion_depth"
    query = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5000) SELECT n FROM r"
    with setting(mysql, name, "100"):
        assert db.import_table(mysql.connector(sql_query=query, import_as="counted"))["rows"] == 5000


def test_cut_group_concat_is_an_error(db: Database, mysql: MySqlRemote) -> None:
    """A statement that lowers the limit for itself."""
    if mysql.kind == "mysql56":
        pytest.skip("no statement of MySQL 5.6 can")
    with rows(mysql, 200) as table:
        query = f"SELECT GROUP_CONCAT(word) AS words FROM {table}"
        if mysql.kind == "mariadb":
            query = f"SET STATEMENT group_concat_max_len = 10 FOR {query}"
        else:
            query = query.replace("SELECT", "SELECT /*+ SET_VAR(group_concat_max_len = 10) */")
        with nothing_left_behind(db, mysql), fails("cut by GROUP_CONCAT", number=1011, detail="native error 1260", hint="cut the result"):
            db.import_table(mysql.connector(sql_query=query, import_as="cut"))


def test_incomplete_rows_are_an_error(db: Database, mariadb: MySqlRemote) -> None:
    with rows(mariadb, 200) as table:
        query = f"SELECT id FROM {table} LIMIT ROWS EXAMINED 50"
        with nothing_left_behind(db, mariadb), fails("LIMIT ROWS EXAMINED", number=1011, detail="native error 1931"):
            db.import_table(mariadb.connector(sql_query=query, import_as="cut"))


def test_value_beyond_the_largest_packet_is_an_error(db: Database, mysql: MySqlRemote) -> None:
    query = "SELECT LENGTH(REPEAT('a', 2000000000)) AS n"
    with nothing_left_behind(db, mysql), fails("max_allowed_packet", number=1011, detail="native error 1301"):
        db.import_table(mysql.connector(sql_query=query, import_as="cut"))


def test_cut_result_that_ends_at_the_row_limit(db: Database, mariadb: MySqlRemote) -> None:
    """The rows end where the limit is: the server's warning comes behind them, and is heard."""
    with rows(mariadb, 200) as table:
        query = f"SELECT id FROM {table} LIMIT ROWS EXAMINED 50"
        found = len(mariadb.rows(query))
        assert 0 < found < 200
        with fails("LIMIT ROWS EXAMINED", number=1011):
            db.import_table(mariadb.connector(sql_query=query, import_as="cut", max_rows=found))


def test_other_warnings_are_counted(db: Database, mysql: MySqlRemote) -> None:
    with rows(mysql, 3) as table:
        query = f"SELECT id, word + 0 AS n FROM {table}"
        result = db.import_table(mysql.connector(sql_query=query, import_as="numbers"))
    [warning] = result["warnings"]["remote_warnings"]
    assert (warning["code"], warning["count"]) == (1292, 3)
    assert "Truncated incorrect DOUBLE value" in warning["message"]
    assert any("the remote server warned 3 times: Truncated incorrect DOUBLE value" in notice for notice in db.notices)


def test_no_rows_of_other_transactions_that_are_not_committed(db: Database, mysql: MySqlRemote) -> None:
    name = "transaction_isolation" if mysql.kind == "mysql9" else "tx_isolation"
    with rows(mysql, 2) as table, setting(mysql, name, "'READ-UNCOMMITTED'"):
        other = mysql.server.connect("testdb")
        try:
            with other.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute(f"INSERT INTO {table} VALUES (3, 'never', 0)")
            assert db.import_table(mysql.connector(table=table))["rows"] == 2
        finally:
            other.close()


def test_settings_of_a_session(db: Database, mysql: MySqlRemote) -> None:
    """Also where the account's init_connect sets others."""
    spoiled = "SET sql_big_selects = 0, sql_auto_is_null = 1, sql_select_limit = 1, sql_mode = 'PAD_CHAR_TO_FULL_LENGTH,ANSI_QUOTES'"
    names = ["sql_big_selects", "sql_auto_is_null", "sql_mode", "group_concat_max_len"]
    values = ["", "1073741823"]
    if mysql.kind != "mysql9":  # an administrator's there
        spoiled += ", max_error_count = 0"
        names.append("max_error_count")
        values.append("8192")
    with setting(mysql, "init_connect", f'"{spoiled}"'):
        on, off, *others = settings_of_the_session(db, mysql, *names)
        assert on in ("1", "ON") and off in ("0", "OFF") and others == values


def test_history_of_versioned_tables_is_not_read(db: Database, mariadb: MySqlRemote) -> None:
    """Where the server's sessions see tables as they were, unless they say otherwise."""
    mariadb.execute("DROP TABLE IF EXISTS versioned", "CREATE TABLE versioned (id int PRIMARY KEY) WITH SYSTEM VERSIONING")
    mariadb.execute("SET @@timestamp = UNIX_TIMESTAMP() - 3600", "INSERT INTO versioned VALUES (1)")
    mariadb.execute("DELETE FROM versioned", "INSERT INTO versioned VALUES (2), (3)")
    with setting(mariadb, "system_versioning_asof", "'2001-01-01 00:00:00'"):
        assert db.import_table(mariadb.connector(table="versioned"))["rows"] == 2
    mariadb.drop("versioned")
