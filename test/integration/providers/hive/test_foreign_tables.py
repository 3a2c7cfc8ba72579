"""Foreign tables of Hive beside imported ones: what its servers and files compare otherwise than PostgreSQL does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from harness.database import Database
from harness.errors import fails
from harness.foreign import create_foreign_table, create_server, literal, remote_sql
from harness.thorough import always

from servers.process import wait_until
from servers.remote_hive import HiveRemote


@pytest.fixture
def here(db: Database, hive: HiveRemote) -> Iterator[Database]:
    create_server(db, hive)
    yield db
    db.execute("DROP SERVER remote CASCADE; DROP TABLE IF EXISTS imported; SELECT cdb_foreign_disconnect()")


def make_table(hive: HiveRemote, name: str, columns: str, rows: Sequence[str], more: str = "STORED AS ORC") -> None:
    hive.drop(name)
    hive.execute(f"CREATE TABLE {name} ({columns}) {more}", f"INSERT INTO {name} {' UNION ALL '.join(f'SELECT {row}' for row in rows)}")


def make_both(db: Database, hive: HiveRemote, table: str, **keys: object) -> None:
    """The foreign table `live`, and the same source as the table `imported`."""
    db.execute("DROP FOREIGN TABLE IF EXISTS live; DROP TABLE IF EXISTS imported")
    source = {"sql_query": table} if " " in table else {"table": table}
    db.import_table(hive.connector(import_as="imported", **source, **keys))
    create_foreign_table(db, "imported", "live", **({"query": table} if " " in table else {"table_name": table}), **keys)


def check(db: Database, conditions: Sequence[str]) -> None:
    """Each condition keeps the same rows of both."""
    wrong = []
    for condition in conditions:
        live, imported = (sorted(db.rows(f"SELECT t::text FROM {name} t WHERE {condition}")) for name in ("live", "imported"))
        if live != imported:
            wrong.append(f"{condition}: {live} instead of {imported}; sent: {remote_sql(db, f'SELECT * FROM live WHERE {condition}')}")
    assert not wrong, "\n".join(wrong)


def sent(db: Database, condition: str) -> str:
    (statement,) = remote_sql(db, f"SELECT * FROM live WHERE {condition}")
    return statement


TEXTS = (
    *("a", "a ", "A", "á", "ß", "", "a'b", "a\\b", 'q"q', "`", "a--b", "a;b", "/*", "a_b", "a%b", "ab", "${system:java.version}"),
    *("\u4e2d", "\ud7ff", "\ue000x", "\uffff", "\U0001d11e", "\U0001f600", "__HIVE_DEFAULT_PARTITION__"),
)


def in_hex(text: str) -> str:
    return f"CAST(unhex('{text.encode().hex()}') AS STRING)"


@pytest.mark.parametrize("stored", always(["ORC"], ["TEXTFILE", "ORC", "PARQUET"]))
def test_texts(here: Database, hive: HiveRemote, stored: str) -> None:
    """Readers of ORC files miss rows by constants with characters from U+E000 on, which are not sent therefore."""
    columns = "id int, s string, v varchar(30), c char(30)"
    rows = [f"{number} AS id, {in_hex(text)} AS s, {in_hex(text)} AS v, {in_hex(text)} AS c" for number, text in enumerate(TEXTS)]
    make_table(hive, "texts", columns, rows, f"STORED AS {stored}")
    make_both(here, hive, "texts")
    operators = ("<>", "<", ">=")
    some = ("a ", "a\\b", "\ue000x", "\U0001d11e")
    check(here, [f"s = {literal(text)}" for text in TEXTS])
    check(here, [f'{column} COLLATE "C" {operator} {literal(text)}' for column in "sv" for operator in operators for text in some])
    check(here, [f"{column} = {literal(text)}" for column in "vc" for text in some])
    check(here, [f"{column} = ANY ({literal('{a,á,ß,ab}')})" for column in "svc"])
    patterns = ("a%", "%b", "a_b", "a\\_b", "a\\\\b", "%", "_", "%__HIVE%", "\\_%", "%\U0001d11e", "á", "", "%\\%%")
    check(here, [f"{column} {negation} LIKE {literal(pattern)}" for column, negation in (("s", ""), ("s", "NOT"), ("v", "")) for pattern in patterns[:: 1 if column == "s" else 3]])
    assert "= 'a'" in sent(here, "s = 'a'") and "WHERE" not in sent(here, "s = '\uffff'")
    query = 'SELECT s FROM {} ORDER BY s COLLATE "C", id'
    assert here.rows(query.format("live")) == here.rows(query.format("imported"))
    hive.drop("texts")


def test_partitions_without_a_value(here: Database, hive: HiveRemote) -> None:
    """Such a value is NULL where partitions are chosen, and a text or true where it is read."""
    hive.drop("parts")
    kinds = {"p": "string", "v": "varchar(5)", "h": "char(5)", "b": "boolean", "i": "int", "d": "date", "n": "decimal(10,2)"}
    parts = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
    nothing = ", ".join(f"CAST(NULL AS {kind})" for kind in kinds.values())
    something = "'x', 'x ', 'x', true, 5, CAST('2024-01-01' AS date), CAST('1.50' AS decimal(10,2))"
    hive.execute(
        f"CREATE TABLE parts (id int) PARTITIONED BY ({parts}) STORED AS ORC",
        "SET hive.exec.dynamic.partition.mode=nonstrict",
        *[f"INSERT INTO parts PARTITION ({', '.join(kinds)}) SELECT {number}, {row}" for number, row in enumerate((nothing, something))],
    )
    make_both(here, hive, "parts")
    constants = {"p": "x", "v": "x ", "h": "x", "b": "true", "i": "5", "d": "2024-01-01", "n": "1.5"}
    conditions = [f"{name} {test}" for name in kinds for test in ("IS NULL", "IS NOT NULL", "IS DISTINCT FROM NULL")]
    conditions += [f"{name} {operator} {literal(value)}" for name, value in constants.items() for operator in ("=", "<>", "IS DISTINCT FROM")]
    conditions += [f"{name} = {literal(value)}" for name in "pvh" for value in ("__HIVE_DEFAULT_PARTITION__", "__HIV", "_")]
    conditions += [f'{name} COLLATE "C" {operator} {literal(value)}' for name in "pv" for value in ("_", "__HIVE", "A") for operator in ("<", ">=")]
    conditions += [f"{name} LIKE {literal(pattern)}" for name in "pv" for pattern in ("%HIV", "%HIVE%", "x%", "\\_\\_HIV")]
    check(here, [*conditions, "b", "NOT b", "b IS TRUE", "b IS NOT TRUE", "p = 'x' OR b"])
    assert "`p` = 'x'" in sent(here, "p = 'x'") and "`i` IS NOT NULL" in sent(here, "i IS NOT NULL")
    hive.drop("parts")


def test_times(here: Database, hive: HiveRemote) -> None:
    """Nanoseconds there are microseconds here; ORC files have lists of milliseconds."""
    moments = (
        *("2024-03-01 00:00:00", "2024-03-01 00:00:00.000000499", "2024-03-01 00:00:00.0000005", "2024-03-01 00:00:00.000001"),
        *("2024-02-29 23:59:59.9999995", "2024-02-29 23:59:59.999999", "1969-12-31 12:00:00.25", "9999-12-31 23:59:59.999999"),
        *("1500-06-01 01:02:03", "0001-01-01 00:00:00", "1582-10-15 00:00:00", "1583-01-01 00:00:00"),
    )
    rows = [f"{i} AS id, CAST('{text}' AS timestamp) AS t, CAST('{text[:10]}' AS date) AS d" for i, text in enumerate(moments)]
    make_table(hive, "times", "id int, t timestamp, d date", [*rows, "-1, CAST(NULL AS timestamp), CAST(NULL AS date)"])
    make_both(here, hive, "times")
    constants = [*(text[:26] for text in moments), "infinity", "-infinity", "4000-01-01 BC", "20000-01-01"]
    check(here, [f"t {operator} {literal(text)}" for operator in ("=", "<>", "<", "<=", ">", ">=") for text in constants])
    check(here, [f"d {operator} {literal(text.split()[0])}" for operator in ("=", "<>", "<", ">=") for text in constants])
    check(here, ["t IS NULL", "t IS NOT NULL", "t BETWEEN '2024-02-29' AND '2024-03-01'", "t IN ('2024-03-01', '1969-12-31 12:00:00.25')"])
    assert "CAST('2024-02-29 20:59:59' AS TIMESTAMP)" in sent(here, "t >= '2024-03-01'")
    assert "ORDER BY" not in remote_sql(here, "SELECT * FROM live ORDER BY t, id LIMIT 3")[0]
    for query in ("SELECT id FROM {} ORDER BY t, id", "SELECT id FROM {} ORDER BY d DESC, id LIMIT 5"):
        assert here.rows(query.format("live")) == here.rows(query.format("imported"))
    hive.drop("times")


@pytest.mark.thorough
def test_numbers_and_bytes(here: Database, hive: HiveRemote) -> None:
    """Floats are compared here: beside NaN and -0 readers of ORC files miss rows."""
    rows = [
        f"{number} AS id, CAST('{f}' AS double) AS f, CAST('{n}' AS decimal(38,10)) AS n, CAST('{n}' AS decimal(5,2)) AS m, unhex('{b}') AS b"
        for number, (f, n, b) in enumerate(
            (("NaN", "1.5", ""), ("-0.0", "-1.5", "00"), ("0.0", "0", "7f"), ("3.25", "999.99", "80ff"), ("-Infinity", "1.01", "ff"))
        )
    ]
    make_table(hive, "numbers", "id int, f double, n decimal(38,10), m decimal(5,2), b binary", rows)
    make_both(here, hive, "numbers")
    numbers = ("1.5", "1.50", "1.005", "0", "-1.5", "1000", "NaN", "99999999999999999999999999999.5", "1.00000000001")
    check(here, [f"{c} {o} '{value}'" for c in "nm" for o in ("=", "<>", "<", ">=", "IS DISTINCT FROM") for value in numbers])
    check(here, [f"{c} {negation} IN ('1.5', '1.005', '0', '1000')" for c in "nm" for negation in ("", "NOT")])
    check(here, [f"f {o} '{value}'" for o in ("=", "<>", "<", ">=") for value in ("NaN", "0", "3.25", "-Infinity", "2")])
    check(here, [f"b {o} '{value}'" for o in ("=", "<>", "<", ">=") for value in ("\\x", "\\x00", "\\x80", "\\x80ff")])
    check(here, ["id = 2147483647", "id > -5000000000", "id <> 2", "id IN (1, NULL, 3)", "id NOT IN (1, 3)"])
    for column in "nmb":
        query = f"SELECT {column} FROM {{}} ORDER BY {column} DESC NULLS LAST, id LIMIT 3"
        assert here.rows(query.format("live")) == here.rows(query.format("imported"))
        assert "LIMIT 3" in remote_sql(here, query.format("live"))[0]
    hive.drop("numbers")


def test_a_query_is_not_run_to_be_described(here: Database, hive: HiveRemote) -> None:
    here.execute("SET statement_timeout = '60s'")
    create = "CREATE FOREIGN TABLE live (slept integer, n bigint) SERVER remote OPTIONS (query {})"
    here.execute(create.format(literal(hive.slow_query(600))))
    (statement,) = remote_sql(here, "SELECT n FROM live WHERE slept = 7 LIMIT 5")
    assert statement.startswith("SELECT `n`, `slept` FROM (") and "CAST('7' AS BIGINT)" in statement and statement.endswith("LIMIT 5")
    here.execute("RESET statement_timeout")


def test_queries(here: Database, hive: HiveRemote) -> None:
    make_table(hive, "numbered", "id int, word string", [f"{i} AS id, 'word {i}' AS word" for i in range(20)])
    make_both(here, hive, "SELECT id, concat(word, '!') AS said FROM numbered WHERE id > 2 -- some")
    check(here, ["id = 5", "said = 'word 7!'", "said LIKE 'word 1%' AND id <> 12", "id < 2"])
    assert len(here.rows("SELECT * FROM live LIMIT 3")) == 3
    # Its own order.
    make_both(here, hive, "SELECT id, word FROM numbered ORDER BY id DESC")
    assert here.rows("SELECT id FROM live LIMIT 3") == [(19,), (18,), (17,)]
    check(here, ["id = 5"])
    # Two columns of one name can't be told apart in another query, and SHOW stands in none.
    here.execute("DROP FOREIGN TABLE live; CREATE FOREIGN TABLE live (tab_name text) SERVER remote OPTIONS (query 'SHOW TABLES')")
    assert here.rows("SELECT tab_name FROM live WHERE tab_name = 'numbered'") == [("numbered",)]
    assert sent(here, "tab_name = 'numbered'") == "SHOW TABLES"
    assert here.rows("SELECT count(*) FROM live a JOIN live b USING (tab_name) WHERE tab_name = 'numbered'") == [(1,)]
    hive.drop("numbered")


def test_a_scan_left_early_keeps_its_session(here: Database, hive: HiveRemote) -> None:
    hive.create_rows("many", 50_000)
    here.execute("CREATE FOREIGN TABLE live (id bigint, word varchar(20), amount numeric(12,2)) SERVER remote OPTIONS (table_name 'many')")
    first = "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM live LOOP EXIT; END LOOP; END $$"

    def keeps_it() -> bool:
        here.execute(first)
        before = {session.number for session in hive.sessions()}
        for _ in range(3):
            here.execute(first)
            here.execute("BEGIN; DECLARE part CURSOR FOR SELECT * FROM live")
            assert len(here.rows("FETCH 200 FROM part")) == 200
            here.execute("CLOSE part; COMMIT")
        return len(before) == 1 and before == {session.number for session in hive.sessions()}

    # One in which the server does not stop at once, as it is busy, is given up.
    wait_until(keeps_it, what="a session that is kept")
    assert here.value("SELECT count(*) FROM live") == 50_000
    hive.drop("many")


def test_a_changed_column_is_noticed(here: Database, hive: HiveRemote) -> None:
    """Of one that is only in the condition, too."""
    make_table(hive, "changing", "id int, n int", ["1 AS id, 5 AS n"], "STORED AS TEXTFILE")
    make_both(here, hive, "changing")
    assert here.rows("SELECT id FROM live WHERE n = 5") == [(1,)]
    hive.execute("ALTER TABLE changing CHANGE n n string")
    with fails("columns have changed|Wrong arguments"):  # the server may compare no text with a number
        here.rows("SELECT id FROM live WHERE n = 5")
    assert here.rows("SELECT id FROM live WHERE n = 5") == [(1,)]
    hive.drop("changing")


def test_values_that_may_be_null_here(here: Database, hive: HiveRemote) -> None:
    columns = "id int, s string"
    make_table(hive, "broken", columns, ["1 AS id, 'a' AS s", "2, CAST(unhex('610062') AS STRING)", "3, CAST(NULL AS STRING)"])
    make_both(here, hive, "broken", invalid_values="null")
    check(here, ["s IS NULL", "s IS NOT NULL", "s = 'a'", "s <> 'a'", "s IS DISTINCT FROM 'a'", 's COLLATE "C" > \'A\'', "s LIKE '%a%'"])
    hive.drop("broken")
