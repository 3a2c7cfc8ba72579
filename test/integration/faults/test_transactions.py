"""Imports and transactions: rollback, savepoints, exception blocks, cursors, prepared statements, very many."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.faults import clean, import_count, resident, secrets_of
from harness.memory import assert_grown_less
from harness.scratch import drop_tables
from harness.stalls import TABLE
from harness.thorough import PROVIDERS, by_turns
from harness.traces import descriptors, no_remote_sessions

from servers.remote import Remote

pytestmark = by_turns("one_remote", *PROVIDERS)


@pytest.fixture(autouse=True)
def table(one_remote: Remote) -> Iterator[None]:
    one_remote.create_rows(TABLE, 30)
    yield
    one_remote.drop(TABLE)


@pytest.fixture
def session(db: Database) -> Iterator[Database]:
    with db.another() as session:
        yield session
        drop_tables(session)


def tables(session: Database) -> list[str]:
    return [row[0] for row in session.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]


def bad(remote: Remote) -> dict[str, object]:
    return remote.connector(table="no_such_table")


def test_rollback(session: Database, one_remote: Remote) -> None:
    with clean(session, one_remote):
        session.execute("BEGIN")
        result = session.import_table(one_remote.connector(table=TABLE))
        assert session.value("SELECT cdb_import_status(%s)", result["item_queue_id"])["rows"] == 30
        session.execute("ROLLBACK")
        with fails("no import with id"):
            session.value("SELECT cdb_import_status(%s)", result["item_queue_id"])


def test_invisible_until_commit(session: Database, one_remote: Remote) -> None:
    session.execute("BEGIN")
    session.import_table(one_remote.connector(table=TABLE))
    no_remote_sessions(one_remote)  # although the transaction is open
    with session.another() as other:
        before = import_count(other)
        assert tables(other) == []
        session.execute("COMMIT")
        assert tables(other) == [TABLE]
        assert import_count(other) == before + 1
        assert other.value(f"SELECT count(*) FROM {TABLE}") == 30


def test_old_snapshot_sees_no_frozen_rows(session: Database, one_remote: Remote) -> None:
    """The rows are frozen, but the table itself is younger than an old snapshot, which errs rather than shows it."""
    with session.another() as old:
        old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        old.value("SELECT 1")
        session.import_table(one_remote.connector(table=TABLE))
        assert tables(old) == []
        old.execute("ROLLBACK")


def test_savepoints(session: Database, one_remote: Remote) -> None:
    connector = one_remote.connector(table=TABLE)
    session.execute("BEGIN")
    session.import_table({**connector, "import_as": "first"})
    session.execute("SAVEPOINT a")
    session.import_table({**connector, "import_as": "second"})
    session.execute("ROLLBACK TO a")
    session.import_table({**connector, "import_as": "third"})
    session.execute("SAVEPOINT b")
    with fails("no_such_table", number=1011):
        session.import_table(bad(one_remote))
    session.execute("ROLLBACK TO b")
    session.import_table({**connector, "import_as": "fourth"})
    session.execute("RELEASE a")
    session.execute("COMMIT")
    assert tables(session) == ["first", "fourth", "third"]
    for name in tables(session):
        assert session.value(f"SELECT count(*) FROM {name}") == 30
    no_remote_sessions(one_remote)


def test_rolled_back_slot_is_free(session: Database, one_remote: Remote) -> None:
    """What ROLLBACK TO gives up no longer counts as a running import."""
    session.execute("SET connector.max_imports_per_role = 1")
    session.execute("BEGIN")
    session.execute("SAVEPOINT a")
    session.import_table(one_remote.connector(table=TABLE))
    session.execute("ROLLBACK TO a")
    with session.another() as other:
        other.execute("SET connector.max_imports_per_role = 1")
        assert other.import_table(one_remote.connector(table=TABLE))["rows"] == 30
    session.execute("ROLLBACK")


def test_exception_block(session: Database, one_remote: Remote) -> None:
    """PL/pgSQL catches a failed import by its SQLSTATE, reads its parts, and goes on."""
    good, wrong = (json.dumps(c) for c in (one_remote.connector(table=TABLE), bad(one_remote)))
    session.execute(
        "CREATE FUNCTION try_import(connector json, OUT state text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$ "
        "BEGIN PERFORM cdb_import_connector(connector); state = 'fine'; "
        "EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, "
        "detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT; END $$"
    )
    try:
        for _ in range(3):
            state, detail, hint = session.rows("SELECT * FROM try_import(%s)", wrong)[0]
            assert state == "HV00L" and "Connector error 1011." in detail and hint
        assert session.rows("SELECT state FROM try_import(%s)", good) == [("fine",)]
        assert session.value("SELECT array_agg(state) FROM (SELECT (try_import(c::json)).state FROM unnest(%s) c) x",
                             [wrong, good, wrong, good]) == ["HV00L", "fine", "HV00L", "fine"]
        assert len(tables(session)) == 3
        no_remote_sessions(one_remote)
    finally:
        session.execute("DROP FUNCTION try_import(json)")


def test_several_in_one_statement(session: Database, one_remote: Remote) -> None:
    """Each gets a name of its own; one failure undoes them all."""
    good, wrong = (json.dumps(c) for c in (one_remote.connector(table=TABLE), bad(one_remote)))
    names = session.rows("SELECT cdb_import_connector(%s)->>'table_name' FROM generate_series(1, 4)", good)
    assert [name for (name,) in names] == [TABLE, f"{TABLE}_1", f"{TABLE}_2", f"{TABLE}_3"]
    with clean(session, one_remote), fails("no_such_table"):
        session.rows("SELECT cdb_import_connector(c::json) FROM unnest(%s) c", [good, good, wrong, good])


def test_cursor(session: Database, one_remote: Remote) -> None:
    """An import for each FETCH; rows of the first are read while the second runs."""
    good = json.dumps(one_remote.connector(table=TABLE))
    session.execute("BEGIN")
    session.rows(
        "DECLARE c CURSOR FOR SELECT cdb_import_connector(%s)->>'table_name' FROM generate_series(1, 3)", good
    )
    assert session.rows("FETCH c") == [(TABLE,)]
    session.execute(f"DECLARE reading CURSOR FOR SELECT id FROM {TABLE} ORDER BY id")
    assert session.rows("FETCH 2 FROM reading") == [(1,), (2,)]
    assert session.rows("FETCH c") == [(f"{TABLE}_1",)]
    assert session.rows("FETCH 2 FROM reading") == [(3,), (4,)]
    session.execute("CLOSE c")
    session.execute("COMMIT")
    assert tables(session) == [TABLE, f"{TABLE}_1"]


def test_prepared_statement(session: Database, one_remote: Remote) -> None:
    """Custom and generic plans alike."""
    session.execute("PREPARE run(json) AS SELECT cdb_import_connector($1)->>'rows'")
    good, wrong = (json.dumps(c) for c in (one_remote.connector(table=TABLE), bad(one_remote)))
    for _ in range(8):
        assert session.rows("EXECUTE run(%s)", good) == [("30",)]
        with fails("no_such_table", secrets=secrets_of(one_remote.connector())):
            session.rows("EXECUTE run(%s)", wrong)
    assert len(tables(session)) == 8
    session.execute("DEALLOCATE run")


def test_read_only_transaction(session: Database, one_remote: Remote) -> None:
    session.execute("BEGIN READ ONLY")
    with fails("read-only transaction", sqlstate="25006"):
        session.import_table(one_remote.connector(table=TABLE))
    session.execute("ROLLBACK")
    session.execute("BEGIN READ ONLY")
    assert session.dry_run(one_remote.connector(table=TABLE))["columns"]
    session.execute("ROLLBACK")
    assert tables(session) == []


def test_prepared_transaction_is_refused_or_kept(session: Database, one_remote: Remote) -> None:
    """Where the cluster has none, the error is PostgreSQL's, and nothing stays."""
    with clean(session, one_remote):
        session.execute("BEGIN")
        session.import_table(one_remote.connector(table=TABLE))
        with fails("prepared transactions"):
            session.execute("PREPARE TRANSACTION 'import'")


@pytest.mark.thorough("hive", "odbc_postgres15", "tds")
def test_many_failures_in_one_session(session: Database, one_remote: Remote) -> None:
    """1,000 failed imports, half of them caught inside one transaction, leave the backend as it was."""
    wrong, password = json.dumps(bad(one_remote)), secrets_of(bad(one_remote))
    block = (
        "DO $do$ BEGIN FOR i IN 1 .. 50 LOOP BEGIN PERFORM cdb_import_connector($json$" + wrong + "$json$); "
        "EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $do$"
    )
    for _ in range(50):  # caches fill, the library starts
        with fails("no_such_table", secrets=password):
            session.import_table(bad(one_remote))
    with clean(session, one_remote):
        size = resident(session.pid)
        for _ in range(10):
            session.execute(block)
        for _ in range(450):
            with fails("no_such_table", secrets=password):
                session.import_table(bad(one_remote))
        grown = resident(session.pid) - size
    assert_grown_less(grown, 1_000_000)


@pytest.mark.thorough("odbc_postgres15", "tds")
def test_many_imports_in_one_session(session: Database, one_remote: Remote) -> None:
    """200 good imports, too."""
    good = one_remote.connector(table=TABLE, import_as="again")

    def run() -> None:
        assert session.import_table(good)["rows"] == 30
        session.execute("DROP TABLE again")

    for _ in range(20):
        run()
    size, before = resident(session.pid), descriptors(session)
    for _ in range(200):
        run()
    grown = resident(session.pid) - size
    assert descriptors(session) == before
    assert_grown_less(grown, 2_000_000)
    no_remote_sessions(one_remote)
