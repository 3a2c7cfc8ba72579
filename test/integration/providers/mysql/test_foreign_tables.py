"""Foreign tables of MySQL and MariaDB: each trap of these servers gives the answers that the imported table gives, and
narrow statements arrive there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg2
import pytest
from harness.database import Database
from harness.foreign import create_foreign_table, create_server, literal, plan_of, remote_sql
from harness.thorough import VERSIONS_OF_MYSQL, by_turns

from servers.remote_mysql import MySqlRemote

pytestmark = by_turns("mysql", VERSIONS_OF_MYSQL)


@pytest.fixture
def live(db: Database, mysql: MySqlRemote) -> Iterator[Database]:
    """The foreign server `remote`; tables of the schema `there` are dropped at the end."""
    db.execute("CREATE SCHEMA there")
    create_server(db, mysql)
    yield db
    db.execute("DROP SERVER remote CASCADE; DROP SCHEMA there CASCADE; SELECT cdb_foreign_disconnect()")


def create(db: Database, mysql: MySqlRemote, definition: str, rows: Sequence[str], charset: str = "utf8mb4", **options: object) -> None:
    """The remote table `t` of an `id` and what is defined, the imported table `t` and the foreign table `there.t`."""
    mysql.drop("t")
    mysql.execute(f"CREATE TABLE t (id int PRIMARY KEY, {definition}) CHARACTER SET {charset}")
    for number, row in enumerate(rows):
        mysql.execute(f"INSERT IGNORE INTO t VALUES ({number}, {row})")
    copy(db, mysql, **options)


def copy(db: Database, mysql: MySqlRemote, **options: object) -> None:
    db.execute("DROP TABLE IF EXISTS t; DROP FOREIGN TABLE IF EXISTS there.t")
    source = {"table": "t"} if "query" not in options else {"sql_query": options["query"]}
    keys = {key: value for key, value in options.items() if key != "query"}
    db.import_table(mysql.connector(**source, import_as="t", **keys))
    place = {"table_name": "t"} if "query" not in options else {}
    create_foreign_table(db, "t", "there.t", **place, **{key: value for key, value in options.items() if key != "column_names"})


def ids(db: Database, table: str, condition: str) -> list[int]:
    return [number for (number,) in db.rows(f"SELECT id FROM {table} WHERE {condition} ORDER BY id")]


def check(db: Database, conditions: Sequence[str]) -> None:
    """Live rows are the imported ones, however much is sent."""
    different = []
    for pushdown in ("on", "exact", "off"):
        change = "SET" if "pushdown" in str(db.value("SELECT ftoptions::text FROM pg_foreign_table")) else "ADD"
        db.execute(f"ALTER FOREIGN TABLE there.t OPTIONS ({change} pushdown '{pushdown}')")
        for condition in conditions:
            wanted, found = ids(db, "t", condition), ids(db, "there.t", condition)
            if wanted != found:
                different.append((pushdown, condition, wanted, found))
    db.execute("ALTER FOREIGN TABLE there.t OPTIONS (SET pushdown 'on')")
    assert different == []


def is_exact(db: Database, condition: str) -> bool:
    """Whether the condition is the remote's alone."""
    plan = plan_of(db, f"SELECT id FROM there.t WHERE {condition}")
    return "Filter" not in plan and "WHERE" in plan


def conditions_on(column: str, constants: Sequence[str]) -> list[str]:
    """Each comparison with each constant, with all of them, and with parts of a list."""
    found = [f"{column} {sign} {one}" for one in constants for sign in ("=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM")]
    found += [f"{column} {word} ({constants[0]}, {one})" for one in constants for word in ("IN", "NOT IN")]
    return [*found, f"{column} IN ({', '.join(constants)})", f"{column} IS NULL", f"{column} IS NOT NULL"]


TEXTS = (
    "", "a", "A", "a ", "á", "é", "e\u0301", "ß", "ss", "😀", "😁", "?", "??", "a?", "it's", "back\\slash", "100%", "under_score",
    "tab\tbed", "tab", "ch", "c", "chleba", "'", "  ", "ﬁ", "fi", "i", "I", "İ", "ı", "\u200b", "日本", "a@b.c", "(1+2)",
)  # fmt: skip

COLLATIONS = (
    ("utf8mb4", "utf8mb4_general_ci"),
    ("utf8mb4", "utf8mb4_unicode_ci"),
    ("utf8mb4", "utf8mb4_bin"),
    ("utf8mb4", "utf8mb4_czech_ci"),
    ("latin1", "latin1_swedish_ci"),
    ("utf16", "utf16_general_ci"),
    ("sjis", "sjis_japanese_ci"),
    ("armscii8", "armscii8_general_ci"),
)


def in_remote(text: str) -> str:
    return f"_utf8mb4 x'{text.encode().hex()}'" if text else "''"


@pytest.mark.parametrize("charset, collation", COLLATIONS, ids=lambda value: str(value))
def test_texts(live: Database, mysql: MySqlRemote, charset: str, collation: str) -> None:
    """Case, accents, trailing blanks, ligatures and what a character set does not have are as they are here."""
    rows = [*(in_remote(text) for text in TEXTS), "NULL"]
    create(live, mysql, f"v varchar(40) COLLATE {collation}, KEY (v)", rows, charset)
    constants = [literal(text) for text in TEXTS]
    conditions = [f"v {sign} {one}" for one in constants for sign in ("=", "<>", "IS DISTINCT FROM")]
    conditions += [f"v {word} ({constants[1]}, {one})" for one in constants for word in ("IN", "NOT IN")]
    patterns = ["%", "_", "__", "a%", "a_", "A%", "%a", "tab%", "c%", "ch%", "é%", "_%_", "100\\%", "under\\_%", "back\\\\%", "%😀%"]
    conditions += [f"v {word} '{pattern}'" for pattern in patterns for word in ("LIKE", "NOT LIKE")]
    conditions += [f'v COLLATE "C" {sign} {one}' for one in constants[:12] for sign in ("<", ">=")]
    check(live, conditions)
    assert is_exact(live, "v = 'é'") and is_exact(live, "v LIKE '_b%'") and is_exact(live, "v <> 'a'")
    query = 'SELECT id FROM {} WHERE v IS NOT NULL ORDER BY v COLLATE "C"{}'
    for tail in ("", " LIMIT 7", " DESC LIMIT 5 OFFSET 2"):
        assert live.rows(query.format("there.t", tail)) == live.rows(query.format("t", tail))


def test_a_pattern_that_ends_in_a_backslash_is_an_error(live: Database, mysql: MySqlRemote) -> None:
    create(live, mysql, "v varchar(10)", ["'a\\\\'"])
    with pytest.raises(psycopg2.Error, match="must not end with escape character"):
        live.rows("SELECT id FROM there.t WHERE v LIKE 'a\\'")


@dataclass(frozen=True)
class Case:
    """A type, values of it in the remote's words, and constants to compare with, in ours."""

    definition: str
    values: tuple[str, ...]
    constants: tuple[str, ...]
    exact: bool = True  # whether "=" is, with the first constant

    def __str__(self) -> str:
        return self.definition


CASES = (
    Case("char(3)", ("''", "'a'", "'a '", "'ab'", "'A'"), ("'a'", "'a '", "''", "'A'")),
    Case("enum('b','a','','2')", ("'a'", "'b'", "''", "'2'", "'wrong'"), ("'a'", "''", "'2'", "'1'", "'z'")),
    Case("set('b','a')", ("'a'", "'b'", "'a,b'", "''"), ("'b,a'", "'a,b'", "'a'", "''", "'1'")),
    Case("tinyint", ("-128", "0", "127"), ("0", "-128", "127", "128", "-129", "-9223372036854775808", "99999999999")),
    Case("int", ("-2147483648", "0", "1", "2147483647"), ("0", "2147483648", "-2147483649", "-9223372036854775808")),
    Case("bigint", ("-9223372036854775808", "0", "9223372036854775807"), ("0", "-9223372036854775808", "9223372036854775807")),
    Case("tinyint unsigned", ("0", "1", "255"), ("1", "-1", "256", "-129")),
    Case(
        "bigint unsigned",
        ("0", "1", "9223372036854775808", "18446744073709551615"),
        ("1", "1.5", "0.5", "-1", "18446744073709551615", "18446744073709551616", "-9223372036854775809", "'NaN'"),
    ),
    Case("year", ("0", "1901", "1999", "2005", "2155"), ("2005", "5", "99", "0", "50", "100", "1900", "2156", "-1", "3000", "70000")),
    Case(
        "decimal(10,2)",
        ("0", "1.10", "-1.10", "99999999.99", "1.11"),
        ("1.1", "1.100", "1.105", "0.0000000000000000000000000000000000000001", "9" * 66, "1" * 40 + ".5", "'NaN'", "-1.1"),
    ),
    Case("decimal(65,0)", ("0", "1", "9" * 65), ("1", "1.1", "0.5", "9" * 65, "9" * 66)),
    Case("double", ("0", "-0e0", "0.1e0", "1e308", "-1e308", "5e-324", "3.14e0"), ("0", "0.1", "'-0'", "5e-324", "1e308", "'NaN'", "'-Infinity'")),
    Case("float", ("3.14", "0.7", "0.3", "-0e0", "1.5", "3.4e38"), ("1.5", "3.14", "3.14::real", "0.7::real", "0.3", "'Infinity'")),
    Case("bit(1)", ("b'0'", "b'1'"), ("true", "false")),
    Case("bit(5)", ("b'0'", "b'1'", "b'11111'", "b'10000'"), ("B'10000'", "B'00001'", "B'11111'")),
    Case("bit(64)", ("0", "1", "9223372036854775808", "18446744073709551615"), ("B'" + "1" * 64 + "'", "B'" + "0" * 63 + "1'")),
    Case(
        "date",
        ("'2024-02-29'", "'0000-00-00'", "'2024-00-00'", "'1000-01-01'", "'9999-12-31'"),
        ("'2024-02-29'", "'2024-03-01'", "'9999-12-31'", "'infinity'", "'-infinity'", "'0044-03-15 BC'", "'10000-01-01'"),
    ),
    Case(
        "datetime",
        ("'1999-12-31 23:59:59'", "'2000-01-01'", "'0000-00-00'", "'2024-03-31 02:30:00'", "'9999-12-31 23:59:59'"),
        ("'2000-01-01'", "'1999-12-31 23:59:59.4'", "'1999-12-31 23:59:59.5'", "'9999-12-31 23:59:59.999999'", "'infinity'"),
    ),
    Case("datetime(3)", ("'2001-01-01 00:00:00.123'", "'2001-01-01 00:00:00.124'"), ("'2001-01-01 00:00:00.123'", "'2001-01-01 00:00:00.1235'")),
    Case(
        "timestamp NULL",
        ("'1970-01-01 00:00:01'", "'2024-03-31 02:30:00'", "'2038-01-19 03:14:07'", "'1999-12-31 23:59:59'", "0"),
        ("'2024-03-31 02:30:00+00'", "'1969-12-31 23:59:59+00'", "'2100-01-01+00'", "'1999-12-31 23:59:59.5+00'", "'1900-01-01+00'"),
    ),
    Case("time", ("'10:00:00'", "'00:00:00'", "'24:00:00'"), ("'10:00:00'", "'09:59:59.5'", "'24:00:00'", "'10:00:00.000001'")),
    Case("time(6)", ("'10:00:00.123456'", "'23:59:59.999999'"), ("'10:00:00.123456'", "'24:00:00'", "'10:00:00.123'")),
    Case("varbinary(9)", ("x''", "x'00'", "x'6100'", "x'61'", "x'ff'", "x'41'", "x'6120'"), ("'\\x61'", "'\\x'", "'\\x6100'", "'\\xff00'")),
    Case("binary(3)", ("x'61'", "x'616161'", "x'ffffff'"), ("'\\x610000'", "'\\x61'", "'\\x616161'")),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values(live: Database, mysql: MySqlRemote, case: Case) -> None:
    create(live, mysql, f"v {case.definition}, KEY (v)", [*case.values, "NULL"])
    check(live, conditions_on("v", case.constants))
    assert is_exact(live, f"v = {case.constants[0]}") == case.exact
    for order in ("v NULLS FIRST, id", "v DESC NULLS LAST, id", "v, id DESC"):
        query = f"SELECT id FROM {{}} ORDER BY {order} LIMIT 3"
        if not case.constants[0].startswith("'a"):  # texts are ordered there in C only
            assert live.rows(query.format("there.t")) == live.rows(query.format("t")), order


def test_uuid(live: Database, mysql: MySqlRemote) -> None:
    if mysql.kind != "mariadb":
        pytest.skip("uuid is a type of MariaDB's")
    uuids = [f"'{digit * 8}-0000-{other}000-8000-{digit * 12}'" for digit in "01f" for other in "14f"]
    create(live, mysql, "v uuid, KEY (v)", [*uuids, "NULL"])
    check(live, conditions_on("v", uuids))
    assert "WHERE" in remote_sql(live, f"SELECT id FROM there.t WHERE v = {uuids[0]}")[0]
    assert "WHERE" not in remote_sql(live, f"SELECT id FROM there.t WHERE v <> {uuids[0]}")[0]
    query = "SELECT v FROM {} ORDER BY v LIMIT 4"
    assert live.rows(query.format("there.t")) == live.rows(query.format("t"))


def test_zero_dates_of_columns_that_are_not_null(live: Database, mysql: MySqlRemote) -> None:
    """To the server they are NULL and not NULL."""
    create(live, mysql, "v date NOT NULL, KEY (v)", ["'0000-00-00'", "'2024-02-29'", "'2024-02-00'"])
    check(live, conditions_on("v", ["'2024-02-29'"]))
    create(live, mysql, "v date NOT NULL, KEY (v)", ["'2024-02-28'", "'2024-02-29'"], zero_dates="error")
    check(live, conditions_on("v", ["'2024-02-29'"]))


@pytest.mark.parametrize(
    "definition, values, constants, options",
    [
        ("tinyint(1)", ["0", "1", "2"], ["true", "false"], {"tinyint1": "boolean"}),
        ("varchar(9) CHARACTER SET latin1", ["'a'", "x'e9'", "x'f1'"], ["'a'", "'щ'", "'й'"], {"encoding": "WIN1251"}),
        ("time", ["'10:00:00'", "'-10:00:00'", "'30:00:00'"], ["'10:00:00'"], {"invalid_values": "null"}),
        ("varchar(9)", ["'a'", "'a\\0'", "'b'"], ["'a'", "'b'"], {"invalid_values": "null"}),
    ],
    ids=["tinyint1", "encoding", "time", "text"],
)
def test_what_an_import_substitutes(
    live: Database, mysql: MySqlRemote, definition: str, values: list[str], constants: list[str], options: dict[str, str]
) -> None:
    create(live, mysql, f"v {definition}", [*values, "NULL"], **options)
    check(live, conditions_on("v", constants))


QUERIES = (
    "SELECT id, v FROM t",
    "SELECT id, CONCAT(v, '') AS v FROM t",
    "SELECT id, v FROM t ORDER BY v DESC",
    "SELECT id, v FROM t LIMIT 4",
    "SELECT id, v FROM t UNION SELECT 99, 'x' -- a comment",
    "SELECT id, v, b, COALESCE(b, b'0') AS c, u FROM t",
)


@pytest.mark.parametrize("query", QUERIES)
def test_queries(live: Database, mysql: MySqlRemote, query: str) -> None:
    create(live, mysql, "v varchar(9), b bit(3), u bigint unsigned", ["'a', b'1', 1", "'A', b'0', 0", "'é', b'111', 5", "NULL, NULL, NULL"])
    copy(live, mysql, query=query)
    conditions = ["id = 1", "id > 1", "v = 'a'", "v LIKE '_'", "v IS NULL", "v <> 'a'", "id IN (1, 2, 300)", "id = 2 AND v = 'é'"]
    check(live, conditions + (["b = B'111'", "u >= 1"] if " AS c" in query else []))
    for tail in ("ORDER BY id LIMIT 2", "ORDER BY id DESC LIMIT 2"):
        assert live.rows(f"SELECT * FROM there.t {tail}") == live.rows(f"SELECT * FROM t {tail}")
    assert len(live.rows("SELECT * FROM there.t LIMIT 2")) == 2
    assert len(live.rows("SELECT * FROM there.t OFFSET 1 LIMIT 2")) == 2
    assert live.value("SELECT count(*) FROM there.t") == live.value("SELECT count(*) FROM t")


def test_show_is_a_query(live: Database, mysql: MySqlRemote) -> None:
    create(live, mysql, "v int", ["1"])
    copy(live, mysql, query="SHOW COLUMNS FROM t", column_names="verbatim")
    query = "SELECT \"Field\" FROM {} WHERE \"Field\" = 'v' OR \"Field\" = 'V'"
    assert live.rows(query.format("there.t")) == live.rows(query.format("t")) == [("v",)]
    assert len(live.rows("SELECT * FROM there.t LIMIT 1")) == 1


# What arrives


class Log:
    """What the server's general query log got."""

    def __init__(self, mysql: MySqlRemote) -> None:
        self._mysql = mysql

    def statements(self) -> list[str]:
        rows = self._mysql.rows(
            "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE command_type = 'Execute' ORDER BY event_time"
        )
        return [str(text) for (text,) in rows]

    def of(self, db: Database, query: str) -> list[str]:
        """The statements that a query had executed."""
        self._mysql.server.sql("TRUNCATE TABLE mysql.general_log")
        db.rows(query)
        return self.statements()


@pytest.fixture
def log(mysql: MySqlRemote) -> Iterator[Log]:
    (before,) = mysql.server.sql("SELECT @@log_output")[0]
    mysql.server.sql("SET GLOBAL log_output = 'TABLE'", "SET GLOBAL general_log = ON")
    yield Log(mysql)
    mysql.server.sql("SET GLOBAL general_log = OFF", f"SET GLOBAL log_output = '{before}'", "TRUNCATE TABLE mysql.general_log")


ACCESSES = ("const", "eq_ref", "ref", "ref_or_null", "range", "index", "ALL")


def access_of(mysql: MySqlRemote, statement: str) -> str:
    """How the server finds the rows: "const", "ref", "range", "ALL"."""
    mysql.server.sql("ANALYZE TABLE t")
    explain = "EXPLAIN FORMAT=TRADITIONAL" if mysql.kind == "mysql9" else "EXPLAIN"
    (plan,) = mysql.server.sql(f"{explain} {statement}")
    return next(str(value) for value in plan if value in ACCESSES)


KEYS = ("'word 7'", "'it''s'", "'é 7'")


@pytest.mark.parametrize("collation", ["utf8mb4_general_ci", "utf8mb4_bin", "latin1_swedish_ci"])
def test_an_index_serves_texts(live: Database, mysql: MySqlRemote, log: Log, collation: str) -> None:
    charset = collation.split("_", maxsplit=1)[0]
    words = [f"'word {number}'" for number in range(300)]
    create(live, mysql, f"v varchar(40) COLLATE {collation}, KEY (v)", [*words, "'it\\'s'", in_remote("é 7")], charset)
    served = KEYS if charset == "utf8mb4" else KEYS[:2]
    for key in served:
        (sent,) = log.of(live, f"SELECT id FROM there.t WHERE v = {key}")
        assert access_of(mysql, sent) == "ref", sent
    (sent,) = log.of(live, f"SELECT id FROM there.t WHERE v IN ({', '.join(served)})")
    assert access_of(mysql, sent) == "range", sent
    (sent,) = log.of(live, "SELECT id FROM there.t WHERE v LIKE 'word 29%'")
    assert (access_of(mysql, sent) == "range") == (collation == "utf8mb4_general_ci"), sent


@pytest.mark.parametrize(
    "definition, value, condition",
    [
        ("int", "id", "v = 7"),
        ("bigint unsigned", "id", "v = 7"),
        ("decimal(10,2)", "id", "v = 7.00"),
        ("datetime", "'2024-01-01' + INTERVAL id DAY", "v = '2024-01-08'"),
        ("date", "'2024-01-01' + INTERVAL id DAY", "v = '2024-01-08'"),
        ("binary(16)", "UNHEX(LPAD(HEX(id), 32, '0'))", "v = '\\x00000000000000000000000000000007'"),
        ("double", "id / 4", "v = 1.75"),
    ],
)
def test_an_index_serves(live: Database, mysql: MySqlRemote, log: Log, definition: str, value: str, condition: str) -> None:
    create(live, mysql, f"v {definition}, KEY (v)", ["NULL"] * 300)
    mysql.execute(f"UPDATE t SET v = {value}")
    (sent,) = log.of(live, f"SELECT id FROM there.t WHERE {condition}")
    assert access_of(mysql, sent) == "ref", sent
    assert live.rows(f"SELECT id FROM there.t WHERE {condition}") == [(7,)]


def test_a_value_that_the_column_can_not_have_costs_no_read(live: Database, mysql: MySqlRemote, log: Log) -> None:
    create(live, mysql, "v tinyint", ["1", "2"])
    for condition in ("v = 1000", "v IN (1000, 2000)"):
        (sent,) = log.of(live, f"SELECT id FROM there.t WHERE {condition}")
        assert sent.endswith("WHERE 1 = 0")


def test_limits_arrive(live: Database, mysql: MySqlRemote, log: Log) -> None:
    create(live, mysql, "v int NOT NULL, w int, KEY (v), KEY (w)", [f"{number}, NULL" for number in range(20)])
    (sent,) = log.of(live, "SELECT id FROM there.t LIMIT 3")
    assert sent.endswith("FROM `testdb`.`t` LIMIT 3")
    (sent,) = log.of(live, "SELECT id FROM there.t WHERE v > 4 ORDER BY v LIMIT 3 OFFSET 2")
    assert sent.endswith("WHERE `v` > 4 ORDER BY `v` LIMIT 5")
    (sent,) = log.of(live, "SELECT id FROM there.t ORDER BY w DESC NULLS LAST LIMIT 3")
    assert sent.endswith("ORDER BY `w` DESC LIMIT 3")
    (sent,) = log.of(live, "SELECT id FROM there.t ORDER BY w LIMIT 3")
    assert sent.endswith("ORDER BY `w` IS NULL, `w` LIMIT 3")


def test_a_query_gives_no_more_rows_than_its_limit(live: Database, mysql: MySqlRemote, log: Log) -> None:
    create(live, mysql, "v int", ["1"] * 20)
    query = "SELECT id, v, SLEEP(0.001) AS s FROM t ORDER BY id DESC"
    copy(live, mysql, query=query)
    assert live.rows("SELECT id FROM there.t LIMIT 3") == [(19,), (18,), (17,)]
    assert remote_sql(live, "SELECT id FROM there.t LIMIT 3") == [f"SET sql_select_limit = 3; {query}"]
    assert live.value("SELECT count(*) FROM there.t") == 20


def test_a_condition_on_a_query_asks_for_the_columns_that_are_needed(live: Database, mysql: MySqlRemote, log: Log) -> None:
    create(live, mysql, "v int, w varchar(9)", ["1, 'a'"])
    copy(live, mysql, query="SELECT id, v, w FROM t")
    (sent,) = log.of(live, "SELECT id FROM there.t WHERE w = 'a'")
    assert sent.startswith("SELECT `id` FROM (")


# What changes there


def changed(db: Database, query: str) -> None:
    with pytest.raises(psycopg2.Error, match="its columns have changed since it was described|has changed since the statement was"):
        db.rows(query)


@pytest.mark.parametrize(
    "before, after, condition",
    [
        ("int", "year", "v = 2005"),
        ("tinyint", "smallint", "v = 1000"),
        ("varchar(9)", "enum('a','b')", "v = 'a'"),
        ("datetime", "datetime(3)", "v = '2005-01-01'"),
        ("int", "varchar(9)", "v = 1"),
        ("date", "datetime", "v < '2005-01-01'"),
    ],
)
def test_a_changed_type_is_noticed(live: Database, mysql: MySqlRemote, before: str, after: str, condition: str) -> None:
    create(live, mysql, f"v {before}", ["NULL"])
    query = f"SELECT count(*) FROM there.t WHERE {condition}"
    live.rows(query)
    mysql.execute(f"ALTER TABLE t MODIFY v {after}")
    if before.startswith("varchar"):
        query = f"SELECT v FROM there.t WHERE {condition}"
    changed(live, query)
    live.rows(query)  # the next one looks again


def test_a_column_that_becomes_nullable_is_noticed_by_its_order(live: Database, mysql: MySqlRemote) -> None:
    create(live, mysql, "v int NOT NULL", ["1", "2"])
    query = "SELECT id FROM there.t ORDER BY v LIMIT 1"
    assert live.rows(query) == [(0,)]
    mysql.execute("ALTER TABLE t MODIFY v int", "INSERT INTO t VALUES (7, NULL)")
    changed(live, query)
    assert live.rows(query) == [(0,)]


@pytest.mark.parametrize("before, after", [("utf8mb4", "latin1"), ("latin1", "utf8mb4"), ("utf8mb4", "sjis"), ("latin1", "armscii8")])
def test_a_changed_character_set_loses_no_row(live: Database, mysql: MySqlRemote, before: str, after: str) -> None:
    """The comparison means the same in the new one, or the statement fails and the next one looks again."""
    create(live, mysql, "v varchar(20), KEY (v)", ["'plain'", "'it\\'s'", "'(1)'", "'a~b'"], before)
    conditions = ["v = 'plain'", "v = 'it''s'", "v = '(1)'", "v LIKE '(%'", "v LIKE 'pl%'", "v = 'é'"]
    check(live, conditions)
    mysql.execute(f"ALTER TABLE t CONVERT TO CHARACTER SET {after}")
    for condition in conditions:
        try:
            found = ids(live, "there.t", condition)
        except psycopg2.Error as error:
            assert "mix of collations" in str(error)
            found = ids(live, "there.t", condition)
        assert found == ids(live, "t", condition), condition
        live.execute("SELECT cdb_foreign_disconnect()")


def test_a_sample_is_taken_there(live: Database, mysql: MySqlRemote, log: Log) -> None:
    create(live, mysql, "v int, w varchar(200)", ["0, ''"])
    for step in range(17):
        mysql.execute(f"INSERT INTO t SELECT id + {2**step}, id, '' FROM t")
    mysql.server.sql("ANALYZE TABLE t")
    copy(live, mysql)
    live.execute("ALTER FOREIGN TABLE there.t ALTER v SET STATISTICS 10, ALTER w SET STATISTICS 10, ALTER id SET STATISTICS 10")
    (sent,) = log.of(live, "ANALYZE there.t")
    assert re.search(r"WHERE RAND\(\) < 0\.\d+$", sent), sent
    assert 50_000 < live.value("SELECT reltuples FROM pg_class WHERE oid = 'there.t'::regclass") < 300_000


def test_part_of_a_condition_on_a_tinyint1_that_is_a_boolean(live: Database, mysql: MySqlRemote) -> None:
    """The column is of a condition whose other parts are sent, and is as it was described."""
    create(live, mysql, "flag tinyint(1), small tinyint", ["NULL, 3", "0, 1", "1, 0", "2, -1", "NULL, NULL"], tinyint1="boolean")
    check(live, ["(flag IS NULL AND small > 2) OR small > 0", "small < 0 OR (NOT flag AND small <> 0)", "(flag AND small = 0) OR small IS NULL"])
