"""Joins whose keys are looked up by batches: what becomes of many values, of long ones, and of those that a remote does not have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from harness.database import Database
from harness.foreign import create_server, plan_of
from harness.lookups import NODE, answers, forced, run

from servers.remote import Remote
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote



def insert(remote: Remote, table: str, rows: list[str], step: int = 500) -> None:
    """Rows, as they stand in VALUES."""
    for first in range(0, len(rows), step):
        remote.execute(f"INSERT INTO {remote.quote(table)} VALUES {', '.join(rows[first : first + step])}")


def rows_looked_at(remote: MySqlRemote) -> int:
    """By all statements of all sessions: entries of indexes and rows that were read because they come next."""
    names = "'Handler_read_next', 'Handler_read_rnd_next'"
    return sum(int(value) for _, value in remote.server.sql(f"SHOW GLOBAL STATUS WHERE Variable_name IN ({names})"))


@contextmanager
def server_of(db: Database, remote: Remote) -> Iterator[None]:
    """The server `remote`."""
    if not remote.server.running():
        remote.server.start()
    create_server(db, remote)
    try:
        yield
    finally:
        db.execute("DROP SERVER remote CASCADE; DROP TABLE IF EXISTS asked, copy; RESET ALL; SELECT cdb_foreign_disconnect()")


@pytest.fixture
def served(db: Database, one_remote: Remote) -> Iterator[Database]:
    with server_of(db, one_remote):
        yield db


def test_an_answer_that_nobody_reads_to_its_end(served: Database, one_remote: Remote) -> None:
    """The keys of the next batch are looked at while rows of the one before are still to come."""
    one_remote.drop("repeated")
    one_remote.execute(f"CREATE TABLE {one_remote.quote('repeated')} (id bigint, t varchar(100))")
    rows = [f"({n}, '{'x' * 90}')" for n in range(1, 201)]
    for _ in range(5):
        insert(one_remote, "repeated", rows)
    one_remote.execute(*[f"INSERT INTO {one_remote.quote('repeated')} SELECT a.id, a.t FROM {one_remote.quote('repeated')} a" for _ in range(4)])
    served.execute(
        "SET connector.batch_bytes = '16kB'; CREATE FOREIGN TABLE repeated (id bigint, t varchar(100)) SERVER remote OPTIONS (table_name 'repeated')"
    )
    with forced(served):
        for query, found in (
            ("SELECT n FROM generate_series(1, 210) n WHERE EXISTS (SELECT FROM repeated r WHERE r.id = n AND r.t <> n::text)", 200),
            ("SELECT n FROM generate_series(1, 210) n WHERE NOT EXISTS (SELECT FROM repeated r WHERE r.id = n AND r.t <> n::text)", 10),
        ):
            assert NODE in plan_of(served, query)
            assert len(served.rows(query)) == found
        query = "SELECT a, (SELECT r.id FROM generate_series(1, 100) n JOIN repeated r ON r.id = n WHERE r.t <> a::text LIMIT 1) FROM generate_series(1, 5) a"
        assert NODE in plan_of(served, query)
        assert all(1 <= key <= 100 for _, key in served.rows(query))
    # A plan without batches begins again as often.
    query = "SELECT a, (SELECT r.id FROM repeated r WHERE r.t <> a::text LIMIT 1) FROM generate_series(1, 5) a"
    assert NODE not in plan_of(served, query)
    assert len(served.rows(query)) == 5
    assert served.value("SELECT count(*) FROM repeated") == 16000
    one_remote.drop("repeated")


def test_more_values_than_a_batch_has(served: Database, one_remote: Remote) -> None:
    """What comes are the rows that match."""
    one_remote.drop("parts")
    one_remote.execute(f"CREATE TABLE {one_remote.quote('parts')} (id bigint, t varchar(40))")
    insert(one_remote, "parts", [f"({n}, 'part {n}')" for n in range(1, 7001)], 1000)
    served.execute("CREATE FOREIGN TABLE parts (id bigint, t varchar(40)) SERVER remote OPTIONS (table_name 'parts')")
    with forced(served):
        for query in (
            "SELECT p.t FROM generate_series(1, 2500) n JOIN parts p ON p.id = n * 2",
            "SELECT p.id FROM generate_series(1, 2500) n JOIN parts p ON p.t = 'part ' || n * 2",
        ):
            if one_remote.provider == "odbc" and "p.t =" in query and NODE not in plan_of(served, query):
                continue
            (lookup,) = run(served, query)
            assert lookup["Actual Rows"] == 2500, lookup
            assert lookup["Plans"][1]["Remote Rows"] < 2600, lookup
            assert lookup["Keys Sent"] == 2500 and "Outer Rows With Keys Not Sent" not in lookup, lookup
    assert answers(served, "SELECT min(id), max(id) FROM parts") == [(1, 7000)]
    one_remote.drop("parts")


def test_lists_that_are_too_long_in_one(db: Database, mariadb: MySqlRemote) -> None:
    """They go out in parts, as long as each value by itself is short enough."""
    with server_of(db, mariadb):
        mariadb.execute(
            "DROP TABLE IF EXISTS texts, numbers",
            "CREATE TABLE texts (id int, t longtext, KEY (t(20))) CHARACTER SET utf8mb4",
            "INSERT INTO texts SELECT seq, concat('t', seq, repeat('x', IF(seq % 200 = 190, 145000, 300))) FROM seq_1_to_1000",
            "CREATE TABLE numbers (id int, n decimal(65,0), KEY (n))",
            "INSERT INTO numbers SELECT seq, concat(seq, repeat('0', 40)) FROM seq_1_to_1000",
        )
        db.execute(
            "CREATE FOREIGN TABLE texts (id int, t text) SERVER remote OPTIONS (table_name 'texts'); "
            "CREATE FOREIGN TABLE numbers (id int, n numeric) SERVER remote OPTIONS (table_name 'numbers'); "
            "CREATE TEMP TABLE asked AS SELECT n, 't' || n || repeat('x', CASE WHEN n % 200 = 190 THEN 145000 ELSE 300 END) t, n * 1e40 v "
            "FROM generate_series(1, 400) n"
        )
        with forced(db):
            for query in ("SELECT n, id FROM asked JOIN texts USING (t)", "SELECT asked.n, id FROM asked JOIN numbers ON numbers.n = v"):
                assert answers(db, query) == sorted(((n, n) for n in range(1, 401)), key=repr)
                (lookup,) = run(db, query)
                assert "Outer Rows With Keys Not Sent" not in lookup and lookup["Keys Sent"] == 400, lookup
                assert lookup["Plans"][1]["Remote Rows"] < 410, lookup
            query = "SELECT n, id FROM asked LEFT JOIN texts ON texts.t = asked.t || CASE WHEN n = 3 THEN repeat('y', 300000) ELSE '' END"
            assert answers(db, query) == sorted(((n, None if n == 3 else n) for n in range(1, 401)), key=repr)
            (lookup,) = run(db, query)
            assert lookup["Outer Rows With Keys Not Sent"] == 1, lookup
    mariadb.execute("DROP TABLE texts, numbers")


def test_long_texts_of_short_numbers(db: Database, postgres15: PostgresRemote) -> None:
    """1e1000 takes few bytes here, and a thousand digits in a statement."""
    with server_of(db, postgres15):
        postgres15.execute("DROP TABLE IF EXISTS great", "CREATE TABLE great (n numeric)", "INSERT INTO great SELECT n * 1e1000 FROM generate_series(1, 3000) n")
        db.execute("CREATE FOREIGN TABLE great (n numeric) SERVER remote OPTIONS (table_name 'great')")
        with forced(db):
            (lookup,) = run(db, "SELECT g.n FROM generate_series(1, 1000) i JOIN great g ON g.n = i * 1e1000")
        assert lookup["Actual Rows"] == lookup["Keys Sent"] == lookup["Plans"][1]["Remote Rows"] == 1000, lookup
        assert 6 <= lookup["Key Batches"] < 20 and "Outer Rows With Keys Not Sent" not in lookup, lookup
    postgres15.drop("great")


def test_keys_of_one_index(db: Database, mysql: MySqlRemote) -> None:
    """A product of lists is bounded, so that the index serves: the server looks at few rows."""
    with server_of(db, mysql):
        mysql.create_rows("pairs", 60000)
        mysql.execute("ALTER TABLE pairs ADD a int, ADD b int", "UPDATE pairs SET a = id, b = id + 1", "ALTER TABLE pairs ADD KEY pair (a, b)", "ANALYZE TABLE pairs")
        db.execute("CREATE FOREIGN TABLE pairs (id bigint, a int, b int) SERVER remote OPTIONS (table_name 'pairs')")
        query = "SELECT p.id FROM generate_series(1, 3000) n JOIN pairs p ON p.a = n * 10 AND p.b = n * 10 + 1"
        with forced(db):
            before = rows_looked_at(mysql)
            (lookup,) = run(db, query)
            looked_at = rows_looked_at(mysql) - before
            assert lookup["Actual Rows"] == lookup["Plans"][1]["Remote Rows"] == 3000, lookup
            assert lookup["Keys Sent"] == 6000 and lookup["Key Batches"] == 60, lookup
            assert looked_at < 60000, looked_at
            # Columns that no index has together.
            (lookup,) = run(db, query.replace("p.b =", "p.id + 1 =").replace("p.id + 1 = n * 10 + 1", "p.id = n * 10"))
            assert lookup["Key Batches"] < 10, lookup
    mysql.drop("pairs")


@pytest.mark.parametrize("kind", ["mariadb", "mysql56", "mysql9", "tds"])
def test_values_that_the_remote_does_not_have(db: Database, kind: str, request: pytest.FixtureRequest) -> None:
    """Nothing there equals them: nobody looks for them there, and everything else goes out as ever."""
    remote: Remote = request.getfixturevalue(kind)
    if not remote.server.running():
        remote.server.start()
    is_sqlserver = remote.provider == "sqlserver"
    moment = "datetime2(3)" if is_sqlserver else "datetime(3)"
    with server_of(db, remote):
        remote.drop("spans")
        remote.execute(f"CREATE TABLE {remote.quote('spans')} (id int, d date, m {moment}, n decimal(10,2))")
        insert(remote, "spans", [f"({n}, '2020-01-{n % 28 + 1:02}', '2020-01-{n % 28 + 1:02} 10:20:30.125', {n}.25)" for n in range(1, 501)])
        columns = "(id int, d date, m timestamp, n numeric)"
        db.execute(f"CREATE FOREIGN TABLE spans {columns} SERVER remote OPTIONS (table_name 'spans'); CREATE TEMP TABLE copy AS SELECT * FROM spans")
        db.execute(
            "CREATE TEMP TABLE asked (k int, d date, m timestamp, n numeric); INSERT INTO asked VALUES "
            "(1, '2020-01-02', '2020-01-02 10:20:30.125', 1.25), (2, 'infinity', 'infinity', 'NaN'), (3, '-infinity', '-infinity', 'Infinity'), "
            "(4, '0044-03-15 BC', '0044-03-15 10:20:30 BC', 1e50), (5, '12345-01-01', '12345-01-01 10:20:30', 2.255), (6, NULL, NULL, NULL)"
        )
        with forced(db):
            for column in ("d", "m", "n"):
                for query in (
                    f"SELECT k, s.id FROM asked a JOIN {{0}} s ON s.{column} = a.{column}",
                    f"SELECT k, s.id FROM asked a LEFT JOIN {{0}} s ON s.{column} = a.{column}",
                    f"SELECT k FROM asked a WHERE NOT EXISTS (SELECT FROM {{0}} s WHERE s.{column} = a.{column})",
                ):
                    assert NODE in plan_of(db, query.format("spans"))
                    assert answers(db, query.format("spans")) == answers(db, query.format("copy"))
                    (lookup,) = run(db, query.format("spans"))
                    assert "Outer Rows With Keys Not Sent" not in lookup, lookup
                    assert 0 < lookup["Plans"][1]["Remote Rows"] < 30, lookup
        for word in ("infinity", "-infinity", "0044-03-15 BC", "12345-01-01"):
            for condition in (f"d = '{word}'", f"d <> '{word}'", f"d IN ('{word}', '2020-01-02')", f"d NOT IN ('{word}', '2020-01-02')", f"d IS DISTINCT FROM '{word}'"):
                assert answers(db, f"SELECT id FROM spans WHERE {condition}") == answers(db, f"SELECT id FROM copy WHERE {condition}"), condition
    remote.drop("spans")


COLUMNS = {
    "tds": {
        "datetime2(7)": ("timestamp", "timestamp '2020-01-01' + n * interval '1 hour'"),
        "datetime": ("timestamp", "timestamp '2020-01-01' + n * interval '1 hour'"),
        "float": ("double precision", "n::float8 / 4"),
        "uniqueidentifier": ("uuid", "lpad(n::text, 32, '0')::uuid"),
        "nvarchar(40)": ("varchar(40)", "'part ' || n"),
        "varbinary(40)": ("bytea", "decode(lpad(n::text, 8, '0'), 'hex')"),
    },
    "odbc_tds": {"datetime2(3)": ("timestamp(3)", "timestamp '2020-01-01' + n * interval '1 hour'")},
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_many_values_of_types_that_are_narrowed(db: Database, kind: str, request: pytest.FixtureRequest) -> None:
    """Whether they stand in IN or as alternatives, the remote understands the statement, and sends no others."""
    remote: Remote = request.getfixturevalue(kind)
    if not remote.server.running():
        remote.server.start()
    with server_of(db, remote):
        for type_there, (type_here, value) in COLUMNS[kind].items():
            remote.drop("narrowed")
            remote.execute(f"CREATE TABLE {remote.quote('narrowed')} (v {type_there})")
            written = "'0x' || encode(v, 'hex')" if type_here == "bytea" else "quote_literal(replace(v::text, ' ', 'T'))" if type_here.startswith("timestamp") else "quote_literal(v)"
            literals = [text for (text,) in db.rows(f"SELECT {written} FROM (SELECT {value} v FROM generate_series(1, 800) n) s")]
            insert(remote, "narrowed", [f"({text})" for text in literals])
            db.execute(f"CREATE FOREIGN TABLE narrowed (v {type_here}) SERVER remote OPTIONS (table_name 'narrowed')")
            query = f"SELECT s.v FROM (SELECT {value} v FROM generate_series(1, 600) n) s JOIN narrowed USING (v)"
            with forced(db):
                plan = plan_of(db, query)
                if NODE in plan:
                    (lookup,) = run(db, query)
                    assert lookup["Actual Rows"] == 600, (type_there, lookup)
                    assert lookup["Plans"][1]["Remote Rows"] < 700 and "Outer Rows With Keys Not Sent" not in lookup, (type_there, lookup)
                else:
                    assert kind != "tds", (type_there, plan)
            db.execute("DROP FOREIGN TABLE narrowed; SELECT cdb_foreign_disconnect()")
    remote.drop("narrowed")


def test_a_setting(db: Database, mariadb: MySqlRemote) -> None:
    mariadb.create_rows("orders", 10)
    with server_of(db, mariadb), forced(db):
        db.execute("CREATE FOREIGN TABLE orders (id bigint) SERVER remote OPTIONS (table_name 'orders')")
        query = "SELECT id FROM generate_series(1, 3) n JOIN orders ON id = n"
        assert NODE in plan_of(db, query)
        db.execute("SET connector.enable_key_lookup = off")
        assert NODE not in plan_of(db, query)
        assert answers(db, query) == [(1,), (2,), (3,)]
        assert "connector.enable_key_lookup = 'off'" in plan_of(db, query, "SETTINGS")
    mariadb.drop("orders")
