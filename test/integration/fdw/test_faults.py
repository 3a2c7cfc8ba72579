"""Scans that are interrupted, cut off, or find another remote than the one they were planned for."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.errors import fails
from harness.fakes import FAKES, Fake
from harness.faults import resident
from harness.foreign import create_server, options_of
from harness.memory import assert_grown_less
from harness.thorough import PROVIDERS, by_turns
from harness.traces import no_remote_sessions

from servers.fake_mysql import FakeMySql, Mode
from servers.process import wait_until
from servers.proxy import Proxy
from servers.remote import Remote
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote

pytestmark = by_turns("one_remote", *PROVIDERS)

ROWS = 3000
TOTAL = ROWS * (ROWS + 1) // 2


@pytest.fixture
def orders(db: Database, one_remote: Remote) -> Iterator[Database]:
    """The foreign table `orders` of so many rows that a scan takes several batches."""
    one_remote.create_rows("orders", ROWS)
    create_server(db, one_remote)
    db.execute("CREATE FOREIGN TABLE orders (id bigint, word text, amount numeric(12,2)) SERVER remote OPTIONS (table_name 'orders')")
    yield db
    if db.connection.info.transaction_status:
        db.execute("ROLLBACK")
    db.execute("DROP SERVER IF EXISTS remote CASCADE; SELECT cdb_foreign_disconnect()")
    one_remote.drop("orders")


def total(session: Database, table: str = "orders") -> int:
    return int(session.value(f"SELECT sum(id) FROM {table}"))


def reads_again(session: Database) -> bool:
    """Whether all rows are read. A session that was just killed may be gone before its connection is closed: then there is an error."""
    try:
        return total(session) == TOTAL
    except psycopg2.Error as error:
        assert "Connector error 1011." in (error.diag.message_detail or ""), error
        return False


# a scan left in the middle, in every way that SQL has
def test_a_failing_scan_in_a_savepoint(orders: Database) -> None:
    orders.execute("BEGIN")
    for _ in range(3):
        orders.execute("SAVEPOINT one")
        with fails("division by zero"):
            orders.execute("SELECT 1 / (id - 1500) FROM orders")
        orders.execute("ROLLBACK TO one")
        assert total(orders) == TOTAL
    orders.execute("COMMIT")
    assert orders.value("SELECT count(*) FROM cdb_foreign_connections() WHERE in_use") == 0


def test_blocks_that_catch_errors(orders: Database) -> None:
    orders.execute(
        """CREATE FUNCTION tries() RETURNS bigint LANGUAGE plpgsql AS $$
        DECLARE caught integer := 0; r record;
        BEGIN
          FOR i IN 1..5 LOOP
            BEGIN
              FOR r IN SELECT id, 1 / (id - 1200) FROM orders LOOP NULL; END LOOP;
            EXCEPTION WHEN division_by_zero THEN caught := caught + 1;
            END;
            BEGIN
              FOR r IN SELECT id FROM orders LOOP
                IF r.id > 5 THEN RAISE EXCEPTION 'enough'; END IF;
              END LOOP;
            EXCEPTION WHEN raise_exception THEN caught := caught + 1;
            END;
            FOR r IN SELECT id FROM orders LOOP EXIT WHEN r.id > 5; END LOOP;
          END LOOP;
          RETURN caught * 10000000 + (SELECT sum(id) FROM orders);
        END $$"""
    )
    assert orders.value("SELECT tries()") == 100_000_000 + TOTAL
    assert orders.value("SELECT count(*) FROM cdb_foreign_connections() WHERE in_use") == 0
    orders.execute("DROP FUNCTION tries()")


def test_cursors_over_the_end_of_a_savepoint(orders: Database) -> None:
    """One that was opened before the savepoint goes on; one from within is gone."""
    orders.execute("BEGIN; DECLARE before CURSOR FOR SELECT id FROM orders")
    count = len(orders.rows("FETCH 10 FROM before"))
    orders.execute("SAVEPOINT one; DECLARE within CURSOR FOR SELECT id FROM orders")
    count += len(orders.rows("FETCH 1200 FROM before"))
    assert len(orders.rows("FETCH 1200 FROM within")) == 1200
    orders.execute("ROLLBACK TO one")
    count += len(orders.rows("FETCH ALL FROM before"))
    assert count == ROWS
    with fails('cursor "within" does not exist'):
        orders.execute("FETCH within")
    orders.execute("ROLLBACK")
    assert total(orders) == TOTAL


def test_a_cursor_with_hold(orders: Database) -> None:
    orders.execute("BEGIN; DECLARE held CURSOR WITH HOLD FOR SELECT id FROM orders")
    count = len(orders.rows("FETCH 10 FROM held"))
    orders.execute("COMMIT")
    assert orders.value("SELECT count(*) FROM cdb_foreign_connections() WHERE in_use") == 0
    assert count + len(orders.rows("FETCH ALL FROM held")) == ROWS
    orders.execute("CLOSE held")


def test_a_scrolling_cursor(orders: Database) -> None:
    orders.execute("BEGIN; DECLARE back SCROLL CURSOR FOR SELECT id FROM orders ORDER BY id")
    assert len(orders.rows("FETCH 1500 FROM back")) == 1500
    assert orders.value("FETCH ABSOLUTE 7 FROM back") == 7
    assert orders.value("FETCH LAST FROM back") == ROWS
    orders.execute("ROLLBACK")


def test_a_transaction_in_two_phases(db: Database, orders: Database) -> None:
    """Reading keeps nothing that a prepared transaction would need."""
    if db.value("SHOW max_prepared_transactions") == "0":
        orders.execute("BEGIN; SELECT * FROM orders LIMIT 1")
        with fails("prepared transactions are disabled"):
            orders.execute("PREPARE TRANSACTION 'two'")
    else:
        orders.execute("BEGIN; SELECT * FROM orders LIMIT 1; PREPARE TRANSACTION 'two'")
        assert orders.value("SELECT count(*) FROM cdb_foreign_connections() WHERE in_use OR in_transaction") == 0
        orders.execute("COMMIT PREPARED 'two'")
    assert total(orders) == TOTAL


def test_copy_out(orders: Database) -> None:
    with orders.connection.cursor() as cursor, open("/dev/null", "w", encoding="utf-8") as nowhere:
        cursor.copy_expert("COPY (SELECT * FROM orders WHERE id <= 1700) TO STDOUT", nowhere)
        assert cursor.rowcount == 1700
        with fails("cannot copy from foreign table"):
            cursor.copy_expert("COPY orders TO STDOUT", nowhere)


def test_a_materialized_view_refreshed_beside_its_readers(orders: Database, one_remote: Remote) -> None:
    orders.execute("CREATE MATERIALIZED VIEW kept AS SELECT id FROM orders; CREATE UNIQUE INDEX ON kept (id)")
    orders.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY kept")
    assert total(orders, "kept") == TOTAL
    orders.execute("DROP MATERIALIZED VIEW kept")


def test_a_partition_beside_local_ones(orders: Database) -> None:
    orders.execute(
        "CREATE TABLE whole (id bigint, word text, amount numeric(12,2)) PARTITION BY RANGE (id); "
        "CREATE TABLE part_before PARTITION OF whole FOR VALUES FROM (-100) TO (1); "
        f"ALTER TABLE whole ATTACH PARTITION orders FOR VALUES FROM (1) TO ({ROWS + 1}); "
        f"CREATE TABLE part_behind PARTITION OF whole FOR VALUES FROM ({ROWS + 1}) TO (10000); "
        "INSERT INTO whole (id) VALUES (-5), (9000)"
    )
    try:
        assert total(orders, "whole") == TOTAL - 5 + 9000
        assert orders.rows("SELECT id FROM whole WHERE id IN (-5, 17, 9000) ORDER BY id") == [(-5,), (17,), (9000,)]
        assert orders.rows("SELECT id FROM whole ORDER BY id LIMIT 2 OFFSET 1") == [(1,), (2,)]
        assert orders.rows("SELECT tableoid::regclass::text FROM whole WHERE id = 17") == [("orders",)]
        orders.execute("ANALYZE whole")
        with fails("cannot insert into foreign table|cannot route inserted tuples to a foreign table"):
            orders.execute("INSERT INTO whole (id) VALUES (5)")
        assert orders.value("SELECT count(*) FROM whole") == ROWS + 2
    finally:
        orders.execute("ALTER TABLE whole DETACH PARTITION orders; DROP TABLE whole")


def test_triggers_and_policies_that_read(orders: Database) -> None:
    orders.execute(
        """CREATE TABLE entries (id bigint);
        CREATE FUNCTION known() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF NOT EXISTS (SELECT FROM orders WHERE id = NEW.id) THEN RAISE EXCEPTION 'no order %', NEW.id; END IF;
          RETURN NEW; END $$;
        CREATE TRIGGER known BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION known()"""
    )
    role = orders.create_role("etl")
    try:
        orders.execute("INSERT INTO entries SELECT generate_series(1, 20)")
        with fails("no order 9999"):
            orders.execute("INSERT INTO entries VALUES (3), (9999)")
        orders.execute(
            "ALTER TABLE entries ENABLE ROW LEVEL SECURITY; GRANT SELECT ON entries TO etl; "
            "CREATE POLICY few ON entries USING (EXISTS (SELECT FROM orders o WHERE o.id = entries.id AND o.id < 5))"
        )
        # A policy's own tables are read with the rights of who queries.
        with fails("permission denied for foreign table orders"):
            role.rows("SELECT count(*) FROM entries")
        orders.execute("GRANT SELECT ON orders TO etl; GRANT USAGE ON FOREIGN SERVER remote TO etl; CREATE USER MAPPING FOR etl SERVER remote")
        login = orders.value("SELECT umoptions FROM pg_user_mappings WHERE srvname = 'remote' AND usename = 'postgres'")
        added = ", ".join(f"ADD {name} '{value}'" for name, _, value in (option.partition("=") for option in login))
        orders.execute(f"ALTER USER MAPPING FOR etl SERVER remote OPTIONS ({added}); ALTER ROLE etl SET connector.allow_local_addresses = on")
        role.close()
        assert role.value("SELECT count(*) FROM entries") == 4
    finally:
        role.close()
        orders.execute("DROP TABLE entries; DROP FUNCTION known(); ALTER ROLE etl RESET ALL; DROP USER MAPPING IF EXISTS FOR etl SERVER remote")
        orders.drop_role("etl")


def test_many_servers_in_one_transaction(orders: Database, one_remote: Remote) -> None:
    names = [f"remote{number}" for number in range(6)]
    for number, name in enumerate(names):
        create_server(orders, one_remote, name)
        orders.execute(f"CREATE FOREIGN TABLE orders{number} (id bigint) SERVER {name} OPTIONS (table_name 'orders')")
    union = " UNION ALL ".join(f"SELECT id FROM orders{number}" for number in range(len(names)))
    orders.execute("BEGIN")
    assert orders.value(f"SELECT sum(id) FROM ({union}) all_of_them") == TOTAL * len(names)
    assert orders.value("SELECT sum(a.id) FROM orders0 a JOIN orders1 USING (id) JOIN orders2 USING (id)") == TOTAL
    orders.execute("COMMIT")
    assert orders.value("SELECT count(DISTINCT server) FROM cdb_foreign_connections()") >= len(names)
    orders.execute(f"DROP SERVER {', '.join(names)} CASCADE")
    assert orders.rows("SELECT * FROM cdb_foreign_connections() WHERE server LIKE 'remote_'") == []
    orders.execute("SELECT cdb_foreign_disconnect()")
    no_remote_sessions(one_remote)


# the remote ends, or the connection does
def test_a_remote_that_is_started_again(db: Database, mariadb: MySqlRemote, postgres15: PostgresRemote) -> None:
    for remote in (mariadb, postgres15):
        remote.create_rows("orders", 10)
        create_server(db, remote)
        db.execute("CREATE FOREIGN TABLE orders (id bigint) SERVER remote OPTIONS (table_name 'orders')")
        assert total(db) == 55
        remote.server.stop()
        with fails("could not connect", number=1012):
            total(db)
        remote.server.start()
        assert total(db) == 55
        db.execute("DROP SERVER remote CASCADE")
        remote.drop("orders")


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_connection_that_is_cut_while_it_is_idle(orders: Database, one_remote: Remote, reset: bool) -> None:
    with Proxy(one_remote.server.port) as proxy:
        orders.execute(f"ALTER SERVER remote OPTIONS (SET port '{proxy.port}')")
        for _ in range(3):
            assert total(orders) == TOTAL
            proxy.cut(reset=reset)
        assert total(orders) == TOTAL
        orders.execute("SELECT cdb_foreign_disconnect()")


def test_a_session_killed_under_a_cursor(orders: Database, one_remote: Remote) -> None:
    """An error at the next batch, never rows that are missing. The next transaction has a new connection."""
    one_remote.create_rows("many", 40_000, width=200)
    orders.execute("CREATE FOREIGN TABLE many (id bigint, word text) SERVER remote OPTIONS (table_name 'many')")
    try:
        orders.execute("BEGIN; DECLARE part CURSOR FOR SELECT * FROM many")
        count = len(orders.rows("FETCH 10 FROM part"))
        orders.execute("SELECT cdb_foreign_disconnect()")  # those that are not in use
        for session in one_remote.sessions():
            one_remote.kill_session(session.number)
        try:
            count += len(orders.rows("FETCH ALL FROM part"))
        except psycopg2.Error as error:
            assert "Connector error" in (error.diag.message_detail or ""), error
        else:
            assert count == 40_000
        orders.execute("ROLLBACK")
        wait_until(lambda: reads_again(orders), what="a connection in the place of the one that was killed")
    finally:
        one_remote.drop("many")


def test_a_connection_that_is_cut_in_a_transaction(orders: Database, one_remote: Remote) -> None:
    """Between two of its statements: the right rows, or an error, as where the transaction's snapshot has gone with it."""
    orders.execute("BEGIN")
    assert total(orders) == TOTAL
    for session in one_remote.sessions():
        one_remote.kill_session(session.number)
    no_remote_sessions(one_remote)
    try:
        assert total(orders) == TOTAL
    except psycopg2.Error as error:
        assert "Connector error 1011." in (error.diag.message_detail or ""), error
    orders.execute("ROLLBACK")
    assert total(orders) == TOTAL


# servers that mean harm
HARMFUL = [
    pytest.param(kind, mode, id=f"{name}-{mode.name}")
    for name, kind in FAKES.items()
    for mode in kind.bad
    if mode not in kind.slow
]


@pytest.mark.parametrize(("kind", "mode"), HARMFUL)
def test_a_server_that_means_harm(db: Database, kind: Fake, mode: object) -> None:
    """Each statement that goes there ends with an error of ours, or at its limit of time, and so does the next one."""
    with kind.make(mode, trigger="misbehave") as fake, db.another() as session:
        connection = {**fake.connection(password="a-secret-password", connect_timeout=2), **kind.keys(mode)}  # type: ignore[arg-type]
        login = {key: connection.pop(key) for key in ("username", "password") if key in connection}
        session.execute(f"CREATE SERVER fake FOREIGN DATA WRAPPER connector {options_of({'provider': fake.provider, **connection})}")
        try:
            session.execute(f"SET statement_timeout = '2s'; CREATE USER MAPPING FOR CURRENT_USER SERVER fake {options_of(login)}")
            session.execute("CREATE FOREIGN TABLE harm (id bigint, word text) SERVER fake OPTIONS (query 'SELECT misbehave')")
            pid = session.pid
            for statement in ("SELECT * FROM harm", "SELECT * FROM harm WHERE id = 1 ORDER BY word LIMIT 1", "EXPLAIN SELECT * FROM harm", "ANALYZE harm"):
                try:
                    session.execute(statement)
                except psycopg2.errors.QueryCanceled:
                    pass  # a server that owes an answer, or sends nothings for ever, is waited for until the statement's own limit
                except psycopg2.Error as error:
                    assert re.search(r"Connector error \d+\.", error.diag.message_detail or ""), error
                    assert error.pgcode not in ("XX000", "53200"), error
                    assert "a-secret-password" not in str(error)
                else:
                    assert "EXPLAIN" in statement or kind.keys(mode), f"no error: {statement}"  # type: ignore[arg-type]
                assert session.value("SELECT pg_backend_pid()") == pid
            session.execute("SELECT cdb_foreign_disconnect()")
        finally:
            session.execute("DROP SERVER fake CASCADE")


# another table than the one that was planned for
CHANGES = {
    "a dropped column": ("id bigint, amount decimal(12,2)", "1, 1"),
    "a renamed column": ("id bigint, words varchar(20), amount decimal(12,2)", "1, 'one', 1"),
    "another type": ("id int, word varchar(70), amount decimal(12,2)", "{id}, {word}, 1"),
    "text instead of numbers": ("id varchar(10), word varchar(20), amount decimal(12,2)", "'{id}', {word}, 1"),
    "another order": ("amount decimal(12,2), word varchar(20), id bigint", "1, {word}, {id}"),
}


@pytest.mark.parametrize("prepared", [False, True], ids=["anew", "prepared"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_remote_table_that_changes(orders: Database, one_remote: Remote, change: str, prepared: bool) -> None:
    """Behind a kept description: the right rows or an error, and after an error the right rows if there are any."""
    columns, row = CHANGES[change]
    query = "SELECT word FROM orders WHERE id > 1 AND id < 23 ORDER BY id"
    if prepared:
        orders.execute(f"SET plan_cache_mode = force_generic_plan; PREPARE q AS {query}")
        query = "EXECUTE q"
    try:
        assert len(orders.rows(query)) == 21
        rows = [row.format(id=id, word=word) for id, word in ((1, "'one'"), (22, "'two'"), (100, "'much'"))]
        one_remote.execute("DROP TABLE orders", f"CREATE TABLE orders ({columns})", *(f"INSERT INTO orders VALUES ({row})" for row in rows))
        if "{word}" not in row:
            for _ in range(2):
                with fails("word|columns have changed", detail="Connector error"):
                    orders.rows(query)
            return
        try:
            assert orders.rows(query) == [("two",)]
        except psycopg2.Error as error:
            assert "Connector error" in (error.diag.message_detail or ""), error
            assert orders.rows(query) == [("two",)]
    finally:
        if prepared:
            orders.execute("DEALLOCATE q; RESET plan_cache_mode")


def test_a_view_in_the_place_of_a_table(orders: Database, one_remote: Remote) -> None:
    assert total(orders) == TOTAL
    one_remote.create_rows("others", 4)
    one_remote.execute("DROP TABLE orders", "CREATE VIEW orders AS SELECT id, word, amount FROM others")
    try:
        try:
            assert total(orders) == 10
        except psycopg2.Error:
            assert total(orders) == 10
    finally:
        one_remote.execute("DROP VIEW orders")
        one_remote.drop("others")


# what a session keeps
def test_ten_thousand_scans_keep_nothing(db: Database, mariadb: MySqlRemote, postgres15: PostgresRemote) -> None:
    """That are read to the end, left early, or fail."""
    for remote in (mariadb, postgres15):
        remote.create_rows("orders", 30)
        create_server(db, remote)
        db.execute("CREATE FOREIGN TABLE orders (id bigint, word text) SERVER remote OPTIONS (table_name 'orders')")
        with db.another() as session:
            session.execute(
                """CREATE OR REPLACE PROCEDURE pg_temp.scans(many integer) LANGUAGE plpgsql AS $$
                BEGIN
                  FOR i IN 1..many LOOP
                    PERFORM count(*) FROM orders WHERE id < i % 30;
                    EXECUTE format('SELECT word FROM orders WHERE id > %s LIMIT 1', i);
                    PERFORM word FROM orders ORDER BY word LIMIT 1;
                    BEGIN
                      PERFORM sum(1 / (id - 7)) FROM orders;
                    EXCEPTION WHEN division_by_zero THEN NULL;
                    END;
                    IF i % 50 = 0 THEN COMMIT; END IF;
                  END LOOP;
                END $$"""
            )
            session.execute("CALL pg_temp.scans(500)")
            before = resident(session.pid)
            session.execute("CALL pg_temp.scans(2000)")
            assert_grown_less(resident(session.pid) - before, 3_000_000, remote.kind)
            assert session.value("SELECT count(*) FROM cdb_foreign_connections()") <= 2
        db.execute("DROP SERVER remote CASCADE")
        remote.drop("orders")


@pytest.mark.parametrize("columns", ["id bigint", "id bigint, word text, more int"])
def test_a_server_that_describes_other_columns(db: Database, columns: str) -> None:
    """More of them than it was asked for, or fewer; in one table and in two joined ones."""
    with FakeMySql(Mode.WELL_BEHAVED) as fake:
        connection: dict[str, object] = fake.connection(password="a-secret-password")
        login = {key: connection.pop(key) for key in ("username", "password")}
        db.execute(f"CREATE SERVER fake FOREIGN DATA WRAPPER connector {options_of({'provider': fake.provider, **connection})}")
        db.execute(f"CREATE USER MAPPING FOR CURRENT_USER SERVER fake {options_of(login)}")
        for name in ("a", "b"):
            db.execute(f"CREATE FOREIGN TABLE {name} ({columns}) SERVER fake OPTIONS (table_name '{name}')")
        try:
            for query in ("SELECT * FROM a", "SELECT count(*) FROM a", "SELECT a.id FROM a JOIN b USING (id)") * 2:
                with pytest.raises(psycopg2.Error, match="describes other columns than it was asked for"):
                    db.rows(query)
        finally:
            db.execute("DROP SERVER fake CASCADE")
