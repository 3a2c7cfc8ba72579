"""The boundary between PostgreSQL's errors and C++ exceptions, both ways (src/pg)."""

from __future__ import annotations

import re

import psycopg2
import pytest
from harness.boundary import Cluster, is_clean, memory, needs_memory_limit
from harness.database import Database
from harness.errors import fails

from servers.staging import sanitized

# kind: SQLSTATE and a regular expression for the message
KINDS = {
    "postgres": ("23514", "^message 1 of the test$"),
    "callback": ("23514", "^message 1 of the test$"),
    "sql": ("23514", "^message 1 of the test$"),
    "sql_core": ("HV00N", "^could not connect$"),
    "syntax": ("42601", '^syntax error at or near "SELEC"$'),
    "nested": ("23514", "^message 1 of the test$"),
    "restored": ("23514", "^message 1 of the test$"),
    "through": ("XX000", "through the guard$"),
    "dangling": ("HV00L", "^context left behind$"),
    "deleted": ("23514", "^message 1 of the test$"),
    "subtransaction": ("23514", "^message 1 of the test$"),
    "result": ("23514", "^message 1 of the test$"),
    "lasting": ("23514", "^message 1 of the test$"),
    "lasting_core": ("HV00L", "^in a lasting context$"),
    "bad_alloc": ("53200", "^out of memory$"),
    "runtime_error": ("XX000", "words of the library$"),
    "not_utf8": ("XX000", r"broken \? text$"),
    "int": ("XX000", "not a std::exception$"),
    "core": ("HV00N", "^could not connect$"),
    "core_bare": ("HV00L", "^can't read: 100 % of 日$"),
    "interrupted": ("57014", "^canceling statement due to user request$"),
    "cancelled": ("57014", "^canceling statement due to user request$"),
    "timed_out": ("HYT00", "^the run took longer"),
    "tied": ("23514", "^message 1 of the test$"),
    "with_callback": ("23514", "^message 1 of the test$"),
    "with_failing_callback": ("23514", "^message 1 of the test$"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_becomes_an_error(session: Database, kind: str) -> None:
    sqlstate, message = KINDS[kind]
    session.value("SELECT boundary_probes()")
    with fails(message, sqlstate=sqlstate):
        session.execute("SELECT boundary_fail(%s)", kind)
    alive, made = session.value("SELECT boundary_probes()").split(" of ")
    assert alive == "0" and int(made) > 0
    is_clean(session)


@pytest.mark.parametrize("kind", KINDS)
def test_caught_by_plpgsql(session: Database, kind: str) -> None:
    sqlstate, message = KINDS[kind]
    session.execute("BEGIN")
    seen = session.value("SELECT boundary_seen(%s)", kind)
    assert seen[0] == sqlstate
    assert re.search(message, seen[1])
    if sqlstate == "23514":
        assert seen[2:4] + seen[5:] == ["The detail.", "The hint.", "the table"]
    assert "PL/pgSQL function boundary_seen(text) line 9 at PERFORM" in seen[4]
    session.execute("COMMIT")
    is_clean(session)


@pytest.mark.parametrize("kind", ["postgres", "callback", "sql", "result", "nested", "restored", "subtransaction", "deleted", "lasting"])
def test_all_fields_arrive(session: Database, kind: str) -> None:
    for query in ("SELECT boundary_fail(%s)", "SELECT boundary_caught_and_raised(%s)"):
        with pytest.raises(psycopg2.Error) as caught:
            session.execute(query, kind)
        diag = caught.value.diag
        assert diag.severity == "ERROR"
        assert diag.sqlstate == "23514"
        assert diag.message_primary == "message 1 of the test"
        assert diag.message_detail == "The detail."
        assert diag.message_hint == "The hint."
        assert diag.schema_name == "the schema"
        assert diag.table_name == "the table"
        assert diag.column_name == "the column"
        assert diag.datatype_name == "the type"
        assert diag.constraint_name == "the constraint"
        assert diag.source_file == "failing.cpp"
        assert diag.source_function == "raise_postgres_error"
        assert int(diag.source_line) > 0
        # SPI makes the position in the text of its query an internal one
        spi = "boundary_fail($1)" if kind == "sql" else "boundary_fail(kind)" if "raised" in query else None
        assert diag.internal_query == (f"SELECT {spi}" if spi else "SELECT inner")
        assert diag.internal_position == ("5" if spi else "8")
        assert diag.statement_position == (None if spi else "5")
        context = diag.context.splitlines()
        assert context[0] == "the context"
        assert context.count("the context") == 1
        assert context.count("callback") == (kind == "restored")
        assert any("PL/pgSQL function" in line for line in context) == ("raised" in query)


def test_the_log_has_all_fields(cluster: Cluster, session: Database) -> None:
    """What clients don't see: DETAIL for the log, the statement or its absence, a backtrace."""
    session.execute("SET backtrace_functions = 'raise_postgres_error'")
    position = cluster.server.log_size()
    with fails("message 1"):
        session.execute("SELECT boundary_fail('postgres') AS seen")
    with fails("hidden in the log"):
        session.execute("SELECT boundary_fail('hidden') AS unseen")
    session.execute("SET log_min_messages = panic")
    with fails("message 1"):
        session.execute("SELECT boundary_fail('postgres') AS unlogged")
    log = cluster.server.log_since(position)
    assert "DETAIL:  The detail for the log." in log
    assert "STATEMENT:  SELECT boundary_fail('postgres') AS seen" in log
    assert "BACKTRACE:" in log
    assert log.count("message 1 of the test") == 1, "logged once"
    assert log.count("hidden in the log") == 1
    assert "unseen" not in log and "hidden context" not in log


def test_own_errors_have_detail_hint_and_context(session: Database) -> None:
    with fails("^could not connect$", sqlstate="HV00N", detail="^The detail é.\nConnector error 1012.$", hint="^The hint.$"):
        session.execute("SELECT boundary_fail('core')")
    with fails("^can't read", hint="^$", detail="^Connector error 1011.$", number=1011):
        session.execute("SELECT boundary_fail('core_bare')")
    with fails("^out of memory$", detail="could not allocate") as failure:
        session.execute("DO $$ BEGIN PERFORM boundary_fail('bad_alloc'); END $$")
    assert "PL/pgSQL function inline_code_block" in failure.context
    with fails("^could not connect$") as failure:
        session.execute("SELECT boundary_fail('sql_core')")
    assert failure.context.splitlines()[0] == 'SQL statement "SELECT boundary_fail($1)"'


def test_context_of_skipped_frames_is_forgotten(session: Database) -> None:
    with fails("^context left behind$") as failure:
        session.execute("SELECT boundary_fail('dangling')")
    assert failure.context == ""
    with fails("through the guard$") as failure:
        session.execute("SELECT boundary_fail('through')")
    assert failure.context == ""


def test_a_huge_message_is_cut(session: Database) -> None:
    with fails("^x{1000}", sqlstate="HV00L") as failure:
        session.execute("SELECT boundary_fail('core_long')")
    assert len(failure.message) < 2 * 1024 * 1024
    is_clean(session)


@needs_memory_limit
def test_out_of_memory_while_describing(session: Database) -> None:
    pid = session.pid
    with fails("^out of memory$", sqlstate="53200"):
        session.execute("SELECT boundary_fail('exhausted')")
    session.execute("SELECT boundary_unlimit()")
    assert session.pid == pid
    is_clean(session)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("dangling", "lasting", "lasting_core")])
def test_interrupts_held_by_the_caller(session: Database, kind: str) -> None:
    """They are held again behind a guard, and free again behind the statement, whose frames are gone."""
    sqlstate, message = KINDS[kind]
    with fails(message, sqlstate=sqlstate):
        session.execute("SELECT boundary_fail_held(%s)", kind)
    is_clean(session)


def test_a_pending_cancel_is_served_once(session: Database) -> None:
    with fails("user request", sqlstate="57014"):
        session.execute("SELECT boundary_fail('cancelled')")
    assert session.value("SELECT boundary_interrupts()") == "0 0 0 0"


# subtransactions
@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("", "returned"),
        ("many", "returned"),
        ("switched", "returned"),
        ("switched and failed", "std::exception: switched"),
        ("untidy", "PgError: untidy"),
        ("postgres", "PgError: message 1 of the test"),
        ("callback", "PgError: message 1 of the test"),
        ("sql", "PgError: message 1 of the test"),
        ("syntax", 'PgError: syntax error at or near "SELEC"'),
        ("subtransaction", "PgError: message 1 of the test"),
        ("result", "PgError: message 1 of the test"),
        ("lasting", "PgError: message 1 of the test"),
        ("lasting_core", "core::Error: in a lasting context"),
        ("closed", "returned"),
        ("open", "PgError: with all open"),
        ("open and thrown", "std::exception: with all open"),
        ("through", "std::exception: through the guard"),
        ("core", "core::Error: could not connect"),
        ("runtime_error", "std::exception: words of the library"),
        ("bad_alloc", "std::bad_alloc"),
        ("int", "int 42"),
        ("interrupted", "Interrupted"),
        ("timed_out", "core::Error: the run took longer than connector.statement_timeout allows"),
        ("tied", "PgError: message 1 of the test"),
        ("with_callback", "PgError: message 1 of the test"),
        ("with_failing_callback", "PgError: message 1 of the test"),
    ],
)
def test_subtransaction(session: Database, kind: str, outcome: str) -> None:
    session.execute("TRUNCATE boundary_words")
    session.execute("BEGIN")
    assert session.value("SELECT boundary_subtransaction(%s)", kind) == outcome
    assert session.notices == []
    session.execute("COMMIT")
    assert session.notices == []  # no leaked reference, lock or snapshot
    words = [word for (word,) in session.rows("SELECT word FROM boundary_words ORDER BY ctid")]
    assert words == ["before", *(["inside"] if outcome == "returned" else []), "after"]
    is_clean(session)


def test_subtransaction_releases_locks(session: Database) -> None:
    session.execute("BEGIN")
    session.execute("SELECT boundary_subtransaction('untidy')")
    held = session.rows("SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'pg_class'::regclass")
    session.execute("COMMIT")
    # pg_locks and regclass themselves may take it, once
    assert len(held) <= 1


@pytest.mark.parametrize(("kind", "inner"), [("postgres", "PgError: message 1 of the test"), ("int", "int 42")])
def test_nested_subtransactions(session: Database, kind: str, inner: str) -> None:
    session.execute("TRUNCATE boundary_words")
    assert session.value("SELECT boundary_nested_subtransactions(%s)", kind) == f"{inner}, returned"
    assert session.rows("SELECT word FROM boundary_words ORDER BY ctid") == [("outer",), ("behind inner",)]
    is_clean(session)


def test_a_failed_transaction_takes_the_subtransactions_with_it(session: Database) -> None:
    session.execute("TRUNCATE boundary_words")
    session.execute("BEGIN")
    session.execute("SELECT boundary_subtransaction('postgres')")
    with fails("message 1"):
        session.execute("SELECT boundary_fail('postgres')")
    with fails(sqlstate="25P02"):
        session.execute("SELECT boundary_fail('postgres')")
    session.execute("ROLLBACK")
    assert session.rows("SELECT word FROM boundary_words") == []
    is_clean(session)


# many failures
@pytest.mark.parametrize("way", ["statements", "plpgsql"])
@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_failures(session: Database, kind: str, way: str) -> None:
    """Nothing grows: measured from behind the first thousand."""
    sqlstate, _ = KINDS[kind]
    session.execute("SET log_min_messages = panic")

    def fail(times: int) -> None:
        if way == "plpgsql":
            assert session.value("SELECT boundary_repeat(%s, %s)", kind, times) == times
            return
        with session.connection.cursor() as cursor:
            for _ in range(times):
                try:
                    cursor.execute("SELECT boundary_fail(%s)", (kind,))
                    pytest.fail("it did not fail")
                except psycopg2.Error as error:
                    assert error.pgcode == sqlstate

    memory(session)  # loads what the measuring itself needs
    fail(1000)
    before = memory(session)
    fail(9000)
    after = memory(session)
    growth = {name: after[name] - before[name] for name in before if after[name] != before[name]}
    # malloc's count sees 4 bytes a failure; caches of PostgreSQL may grow a little.
    allowed = {"malloc": 32 * 1024, "rss": 1024 * 1024}
    if sanitized():
        allowed["rss"] = 2**40  # freed memory stays in AddressSanitizer's quarantine
    assert {name: size for name, size in growth.items() if size > allowed.get(name, 0)} == {}
    is_clean(session)
