"""Tables of MySQL and MariaDB divided into parts, and several connections that read one state of them, through the driver
alone: each row is in one part, and no connection sees what another does not."""

from __future__ import annotations

import itertools
import json
import os
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pymysql
import pytest
from harness.pauses import opened
from harness.sources import Read
from harness.thorough import VERSIONS_OF_MYSQL, by_turns

from servers.mariadb import MariaDb
from servers.process import wait_until
from servers.remote_mysql import MySqlRemote
from servers.workspace import Workspace

pytestmark = by_turns("mysql", VERSIONS_OF_MYSQL)

ACCOUNTS = 100
AMOUNT = 1000

LOCKED = "the table could not be locked within a second, as others write to it or change it"


def divided(
    read: Read, mysql: MySqlRemote, table: str, wanted: int = 8, *, column: str = "n", pause: str = "", **more: object
) -> dict[str, Any]:
    """What three connections read of the parts: `rows`, the values of the column for each part; `own` is the sum that the
    first connection reads."""
    connector = mysql.connector(table=table, columns=[column], **more)
    request = {"wanted": str(wanted), "readers": "3"} | ({"pause": pause} if pause else {})
    (line,) = read(connector, "divided:" + json.dumps(request))
    found: dict[str, Any] = json.loads(line)
    return found


def parts(read: Read, connector: dict[str, object], wanted: int = 8) -> list[str]:
    (line,) = read(connector, f"divide:{wanted}")
    found: list[str] = json.loads(line)
    return found


def fill(mysql: MySqlRemote, table: str, definition: str, keys: Sequence[str], tail: str = "") -> None:
    """A table of `k` and `n`, the number of the row; keys are SQL."""
    mysql.drop(table)
    mysql.execute(f"CREATE TABLE {table} (k {definition}, n int NOT NULL) ENGINE = InnoDB {tail}")
    for start in range(0, len(keys), 2000):
        rows = ", ".join(f"({key}, {start + i})" for i, key in enumerate(keys[start : start + 2000]))
        mysql.execute("SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'", f"INSERT INTO {table} VALUES {rows}")
    mysql.execute(f"ANALYZE TABLE {table}")


def expect_each_row_once(found: dict[str, Any], rows: int) -> None:
    assert found["why_not"] == "", found
    assert sorted(itertools.chain(*found["rows"])) == list(range(rows)), found["parts"]
    assert found["whole"] == [sum(range(rows))] * 3


INTEGERS = {
    "tinyint": (-128, 127),
    "tinyint unsigned": (0, 255),
    "smallint": (-32768, 32767),
    "mediumint": (-8388608, 8388607),
    "int": (-2147483648, 2147483647),
    "int unsigned": (0, 4294967295),
    "bigint": (-9223372036854775808, 9223372036854775807),
    "bigint unsigned": (0, 18446744073709551615),
    "decimal(20,0)": (-(10**20) + 1, 10**20 - 1),
}


@pytest.mark.parametrize("kind", list(INTEGERS))
def test_integers_at_their_extremes(read: Read, mysql: MySqlRemote, kind: str) -> None:
    least, greatest = INTEGERS[kind]
    middle = (least + greatest) // 2
    keys = sorted({least, least + 1, greatest, greatest - 1, *range(middle - 40, middle + 40)})
    fill(mysql, "divided", f"{kind} NOT NULL PRIMARY KEY", [str(key) for key in keys])
    found = divided(read, mysql, "divided")
    expect_each_row_once(found, len(keys))
    assert len(found["parts"]) > 2


def date_keys() -> list[str]:
    days = [f"'20{year:02}-{month:02}-{day:02}'" for year in (19, 20) for month in range(1, 13) for day in (1, 15, 28)]
    return ["'0000-00-00'", "'2019-00-00'", "'2019-02-00'", "'2019-02-31'", "'1000-01-01'", "'9999-12-31'", *days]


def moment_keys() -> list[str]:
    moments = [f"'2020-{month:02}-{day:02} 02:{minute:02}:59'" for month in (3, 10) for day in (28, 29) for minute in range(0, 60, 5)]
    return ["'0000-00-00 00:00:00'", "'2038-01-19 03:14:07'", *moments]


DATES = {
    "date": date_keys(),
    "datetime": [*moment_keys(), "'2019-00-00 00:00:00'", "'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'"],
    "datetime(6)": [*moment_keys(), "'1000-01-01 00:00:00.000001'", "'9999-12-31 23:59:59.999999'"],
    "timestamp": [*moment_keys(), "'1970-01-01 00:00:01'"],
    "timestamp(3)": [*moment_keys(), "'1970-01-01 00:00:01.001'"],
}


@pytest.mark.parametrize("may_be_null", [False, True], ids=["not null", "null"])
@pytest.mark.parametrize("kind", list(DATES))
def test_dates_that_are_none_and_null_keys(read: Read, mysql: MySqlRemote, kind: str, may_be_null: bool) -> None:
    # The server's IS NULL finds the zero dates of a column that is NOT NULL.
    keys = [*DATES[kind], *(["NULL"] * 5 if may_be_null else [])]
    null = "NULL" if may_be_null else "NOT NULL"
    fill(mysql, "divided", f"{kind} {null} DEFAULT {'NULL' if may_be_null else DATES[kind][-1]}, KEY (k)", keys)
    found = divided(read, mysql, "divided")
    expect_each_row_once(found, len(keys))
    assert len(found["parts"]) > 2
    if may_be_null:
        assert sorted(len(rows) for part, rows in zip(found["parts"], found["rows"], strict=True) if "NULL" in part) == [5]


def test_a_clock_that_goes_back_at_the_server(read: Read, mysql: MySqlRemote) -> None:
    # 01:30 to 02:30 there were twice: as moments they are told apart.
    moments = [f"FROM_UNIXTIME({1603576800 + 97 * i})" for i in range(200)]
    fill(mysql, "divided", "timestamp NOT NULL DEFAULT '2020-01-01 00:00:00', KEY (k)", moments)
    expect_each_row_once(divided(read, mysql, "divided"), len(moments))


def test_skewed_keys_and_outliers(read: Read, mysql: MySqlRemote) -> None:
    keys = [1, 2, *range(9_000_000, 9_020_000), 9223372036854775807]
    fill(mysql, "divided", "bigint NOT NULL PRIMARY KEY", [str(key) for key in keys])
    found = divided(read, mysql, "divided", 16)
    expect_each_row_once(found, len(keys))
    assert 8 <= len(found["parts"]) <= 40
    assert max(len(rows) for rows in found["rows"]) <= 4 * len(keys) / 16


def test_which_key_serves(read: Read, mysql: MySqlRemote) -> None:
    def of(definition: str) -> str:
        mysql.drop("divided")
        mysql.execute(
            f"CREATE TABLE divided (n int NOT NULL, a int NOT NULL, b int, c varchar(20) NOT NULL, d date NOT NULL, e double NOT NULL{definition})"
            " ENGINE = InnoDB",
            "INSERT INTO divided VALUES " + ", ".join(f"({i}, {i}, {i}, 'c{i}', '2020-01-01' + INTERVAL {i} DAY, {i})" for i in range(500)),
            "ANALYZE TABLE divided",
        )
        found = parts(read, mysql.connector(table="divided"))
        names = {part.split("`")[1] for part in found}
        assert len(names) <= 1, found
        return names.pop() if names else ""

    assert of("") == ""
    assert of(", PRIMARY KEY (a)") == "a"
    assert of(", PRIMARY KEY (a, c), KEY (b)") == "a"
    assert of(", PRIMARY KEY (d, a)") == "d"
    assert of(", UNIQUE (b), UNIQUE (a), KEY (d)") == "a"
    assert of(", PRIMARY KEY (c), KEY (b)") == "b"
    assert of(", PRIMARY KEY (c)") == ""
    assert of(", PRIMARY KEY (e)") == ""
    assert of(", KEY (c(5))") == ""


def test_what_is_not_divided(read: Read, mysql: MySqlRemote) -> None:
    mysql.drop("divided")
    mysql.drop("of_myisam")
    mysql.execute(
        "DROP VIEW IF EXISTS divided_view",
        "CREATE TABLE divided (n int NOT NULL PRIMARY KEY) ENGINE = InnoDB",
        "INSERT INTO divided VALUES (1), (2), (3)",
        "CREATE VIEW divided_view AS SELECT n FROM divided",
        "CREATE TABLE of_myisam (n int NOT NULL PRIMARY KEY) ENGINE = MyISAM",
        "INSERT INTO of_myisam VALUES (1), (2), (3)",
    )
    assert parts(read, mysql.connector(table="divided_view")) == []
    assert parts(read, mysql.connector(table="of_myisam")) == []
    assert parts(read, mysql.connector(sql_query="SELECT n FROM divided", import_as="divided")) == []
    assert divided(read, mysql, "of_myisam")["why_not"] == "only InnoDB keeps a state of a table's rows"
    assert len(parts(read, mysql.connector(table="divided"))) > 1
    mysql.execute("DELETE FROM divided")
    assert len(parts(read, mysql.connector(table="divided"))) == 1
    mysql.execute("DROP VIEW divided_view")


def test_the_key_need_not_be_read_nor_be_comparable(read: Read, mysql: MySqlRemote) -> None:
    keys = [str(key) for key in range(-64, 64)]
    fill(mysql, "divided", "tinyint(1) NOT NULL PRIMARY KEY", keys)
    expect_each_row_once(divided(read, mysql, "divided", tinyint1="boolean"), len(keys))
    assert len(parts(read, mysql.connector(table="divided", tinyint1="boolean"))) > 2
    assert len(parts(read, mysql.connector(table="divided", encoding="LATIN1"))) > 2


def account(mysql: MySqlRemote, *rights: str) -> dict[str, object]:
    """The connection of an account with these rights alone."""
    name, password = "limited", "limited-1"
    if mysql.rows(f"SELECT 1 FROM mysql.user WHERE user = '{name}'"):
        mysql.execute(f"DROP USER '{name}'@'%'")
    mysql.execute(f"CREATE USER '{name}'@'%' IDENTIFIED BY '{password}'", *(f"GRANT {right} TO '{name}'@'%'" for right in rights))
    return mysql.connection(username=name, password=password)


class Bank:
    """Accounts between which sessions move amounts, so that the sum is always the same."""

    def __init__(self, mysql: MySqlRemote) -> None:
        self.mysql = mysql
        self.failures: list[Exception] = []
        self.moved = 0
        mysql.drop("accounts")
        mysql.execute(
            "CREATE TABLE accounts (k int NOT NULL PRIMARY KEY, amount int NOT NULL) ENGINE = InnoDB",
            "INSERT INTO accounts VALUES " + ", ".join(f"({k}, {AMOUNT})" for k in range(ACCOUNTS)),
            "ANALYZE TABLE accounts",
        )

    def session(self, **more: Any) -> pymysql.connections.Connection[Any]:
        server = self.mysql.server
        return pymysql.connect(
            host="127.0.0.1", port=server.port, user=server.user, password=server.password, database="testdb", autocommit=False, **more
        )

    @contextmanager
    def busy(self, sessions: int, pause: float) -> Iterator[None]:
        """While sessions write, and pause between transactions."""
        stop = threading.Event()

        def move(seed: int) -> None:
            choose = random.Random(seed)
            try:
                with closing(self.session()) as session, session.cursor() as cursor:
                    while not stop.wait(pause):
                        one, other = sorted(choose.sample(range(2, ACCOUNTS), 2))
                        amount = choose.randint(-50, 50)
                        cursor.execute(f"UPDATE accounts SET amount = amount - {amount} WHERE k = {one}")
                        cursor.execute(f"UPDATE accounts SET amount = amount + {amount} WHERE k = {other}")
                        session.commit()
                        self.moved += 1
            except pymysql.err.MySQLError as error:
                self.failures.append(error)

        threads = [threading.Thread(target=move, args=(seed,)) for seed in range(sessions)]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: self.moved > 0 or bool(self.failures), what="amounts that move")
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert self.failures == []

    def wait_for_more_than(self, moved: int) -> None:
        wait_until(lambda: self.moved > moved or bool(self.failures), what="amounts that move on")

    def divided(self, read: Read, **more: object) -> dict[str, Any]:
        return divided(read, self.mysql, "accounts", column="amount", **more)


def expect_one_state(bank: Bank, read: Read, times: int) -> None:
    """So many times; writers may be quicker than whoever wants to lock their table, and he gives up then."""
    successes = 0
    for _ in range(10 * times):
        before = bank.moved
        found = bank.divided(read)
        assert found["why_not"] in ("", LOCKED)
        if found["why_not"] == "":
            assert len(found["parts"]) > 2
            assert found["whole"] == [ACCOUNTS * AMOUNT] * 3
            assert sum(itertools.chain(*found["rows"])) == ACCOUNTS * AMOUNT
            successes += 1
        # Nothing is left that would hold up who writes.
        bank.wait_for_more_than(before)
        if successes == times:
            return
    raise AssertionError(f"only {successes} times there was one state")


def test_one_state_under_writers_by_a_lock(read: Read, mysql: MySqlRemote) -> None:
    bank = Bank(mysql)
    with bank.busy(4, 0.02):
        expect_one_state(bank, read, 10)


@pytest.fixture(scope="module")
def logging(workspace: Workspace) -> Iterator[MySqlRemote]:
    with MariaDb(workspace, options=["--log-bin=log", "--server-id=7"]) as server:
        yield MySqlRemote(server)


def test_one_state_under_writers_by_the_binary_log(read: Read, logging: MySqlRemote) -> None:
    bank = Bank(logging)
    connection = account(logging, "SELECT ON testdb.*")
    with bank.busy(3, 0.05):
        for _ in range(10):
            found = bank.divided(read, connection=connection)
            # Without the privilege LOCK TABLES there is no other way where commits come too fast for this one.
            assert found["why_not"] in ("", "the account does not have the privilege LOCK TABLES")
            if found["why_not"] == "":
                assert found["whole"] == [ACCOUNTS * AMOUNT] * 3
                assert sum(itertools.chain(*found["rows"])) == ACCOUNTS * AMOUNT
    found = bank.divided(read, connection=connection)
    assert found["why_not"] == ""
    assert found["whole"] == [ACCOUNTS * AMOUNT] * 3


def test_a_lock_where_commits_come_too_fast_for_the_binary_log(read: Read, logging: MySqlRemote) -> None:
    bank = Bank(logging)
    with bank.busy(3, 0.001):
        expect_one_state(bank, read, 3)


def test_no_privilege_to_lock(read: Read, mysql: MySqlRemote) -> None:
    bank = Bank(mysql)
    found = bank.divided(read, connection=account(mysql, "SELECT ON testdb.*"))
    assert found["why_not"] == "the account does not have the privilege LOCK TABLES"
    assert found["own"] == ACCOUNTS * AMOUNT


def test_a_privilege_to_read_and_lock_is_enough(read: Read, mysql: MySqlRemote) -> None:
    # Foreign keys and triggers have the server lock more tables, of which the account has no rights.
    tables = ("divided_child", "divided_parent", "divided_audit")
    for table in tables:
        mysql.drop(table)
    mysql.execute(
        "CREATE TABLE divided_parent (k int NOT NULL PRIMARY KEY) ENGINE = InnoDB",
        "CREATE TABLE divided_audit (k int NOT NULL) ENGINE = InnoDB",
        "CREATE TABLE divided_child (k int NOT NULL PRIMARY KEY, n int NOT NULL, FOREIGN KEY (k) REFERENCES divided_parent (k) ON DELETE CASCADE)"
        " ENGINE = InnoDB",
        "CREATE TRIGGER divided_trigger AFTER UPDATE ON divided_child FOR EACH ROW INSERT INTO divided_audit VALUES (new.k)",
        "INSERT INTO divided_parent VALUES " + ", ".join(f"({i})" for i in range(50)),
        "INSERT INTO divided_child SELECT k, k FROM divided_parent",
    )
    connection = account(mysql, "LOCK TABLES ON testdb.*", "SELECT ON testdb.divided_child")
    found = divided(read, mysql, "divided_child", connection=connection)
    expect_each_row_once(found, 50)
    for table in tables:
        mysql.drop(table)


def test_a_writer_that_has_not_committed(read: Read, mysql: MySqlRemote) -> None:
    bank = Bank(mysql)
    with closing(bank.session()) as session, session.cursor() as cursor:
        cursor.execute("UPDATE accounts SET amount = amount - 10 WHERE k = 0")
        with bank.busy(2, 0.01):
            before = bank.moved
            found = bank.divided(read)
            assert found["why_not"] == LOCKED
            assert found["own"] == ACCOUNTS * AMOUNT
            bank.wait_for_more_than(before)
        cursor.execute("UPDATE accounts SET amount = amount + 10 WHERE k = 1")
        session.commit()
    found = bank.divided(read)
    assert found["why_not"] == ""
    assert found["whole"] == [ACCOUNTS * AMOUNT] * 3


def test_long_readers_do_not_matter(read: Read, mysql: MySqlRemote) -> None:
    bank = Bank(mysql)
    with closing(bank.session()) as session, session.cursor() as cursor:
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        cursor.execute("SELECT sum(amount) FROM accounts")
        assert bank.divided(read)["why_not"] == ""


def test_the_definition_changes_meanwhile(read: Read, mysql: MySqlRemote, workspace: Workspace) -> None:
    """Whoever changes it waits for a reader, and the lock would wait for him."""
    bank = Bank(mysql)
    pipe = workspace.subfolder("divide") / "pause"
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    answers: list[dict[str, Any]] = []
    probe = threading.Thread(target=lambda: answers.append(divided(read, mysql, "accounts", column="amount", pause=str(pipe))))
    change = threading.Thread(target=mysql.execute, args=("ALTER TABLE accounts ADD COLUMN more int",))
    with closing(bank.session()) as session, session.cursor() as cursor:
        cursor.execute("SELECT sum(amount) FROM accounts")
        probe.start()
        writer = opened(pipe, probe.is_alive)
        change.start()
        wait_until(lambda: waits_for_definition(mysql, "ALTER"), what="a change that waits")
        os.close(writer)
        # The lock was refused by now, and the first connection reads alone.
        wait_until(lambda: waits_for_definition(mysql, "SELECT"), what="a reader behind the change")
        session.rollback()
        probe.join()
        change.join()
    assert answers[0]["why_not"] == LOCKED
    assert answers[0]["own"] == ACCOUNTS * AMOUNT


def waits_for_definition(mysql: MySqlRemote, verb: str) -> bool:
    query = "SELECT 1 FROM information_schema.processlist WHERE state LIKE '%metadata lock%' AND info LIKE "
    return bool(mysql.rows(query + f"'{verb} %accounts%'"))


def test_xa_transactions_are_not_told_apart_by_the_binary_log(read: Read, logging: MySqlRemote) -> None:
    """The last one with this server: it counts them."""
    bank = Bank(logging)
    assert bank.divided(read, connection=account(logging, "SELECT ON testdb.*"))["why_not"] == ""
    logging.execute(
        "XA START 'one'", "UPDATE accounts SET amount = amount + 1 WHERE k = 0", "XA END 'one'", "XA PREPARE 'one'", "XA COMMIT 'one'"
    )
    refused = bank.divided(read, connection=account(logging, "SELECT ON testdb.*"))
    assert refused["why_not"] == "the account does not have the privilege LOCK TABLES"
    found = bank.divided(read)
    assert found["why_not"] == ""
    assert found["whole"] == [ACCOUNTS * AMOUNT + 1] * 3
