"""A driver that crashes, lies and leaks: an error of the statement that says what happened, and nothing else.

One session of one cluster meets all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.errors import Failure
from harness.faults import fails_cleanly
from harness.hostile import CRASHES, PASSWORD, TABLE, assert_rows, call_for, crashed_backends, request, request_for
from harness.readers import no_reader_left

from servers.postgres import Postgres

SECRETS = (PASSWORD,)


@pytest.fixture(scope="module")
def hdb(hostile: Postgres) -> Iterator[Database]:
    """The one session. No server process may crash meanwhile, the postmaster stays the same."""
    postmaster, position = hostile.pid, hostile.log_size()
    hostile.create_database("hostile", "connector")
    with Database(hostile, "hostile") as db:
        db.execute("SET connector.max_rows = 0; SET statement_timeout = '60s'")
        db.value("SELECT cdb_connectors()")  # the library is loaded before descriptors are counted
        assert db.import_table(request())["rows"] == 100
        assert_rows(db)
        backend = db.pid
        yield db
        assert db.value("SELECT pg_backend_pid()") == backend
    assert hostile.pid == postmaster and hostile.running()
    assert crashed_backends(hostile.log_since(position)) == []


def fails_at(db: Database, place: str, what: str, message: str = "", numbers: str = "1011|1012", **more: object) -> Failure:
    """The statement that leads to the place fails, cleanly."""
    with no_reader_left(db), fails_cleanly(db, None, message, secrets=SECRETS) as failure:
        db.execute(*call_for(place, request_for(place, what, **more)))
    assert re.search(rf"Connector error ({numbers})\.", failure.detail), failure.everything
    assert failure.sqlstate not in ("XX000", "53200"), failure.everything
    return failure


def lives_on(db: Database) -> None:
    """The next import, in the same session, is as ever."""
    with no_reader_left(db):
        assert db.import_table(request())["rows"] == 100
        assert_rows(db)


# The catalog is read once the table's columns are known. The end of a statement and of the connection come later.
REACHED = ("connect", "info", "prepare", "execute", "describe", "fetch", "getdata", "tables", "columns", "keys", "free")


@pytest.mark.parametrize("place", REACHED)
@pytest.mark.parametrize("what", CRASHES)
def test_crash(hdb: Database, place: str, what: str) -> None:
    failure = fails_at(hdb, place, what, "the reader process ended")
    assert re.search(CRASHES[what], failure.detail, re.DOTALL), failure.everything
    assert failure.hint


@pytest.mark.parametrize("what", CRASHES)
def test_crash_after_many_rows(hdb: Database, what: str) -> None:
    """Rows have been stored already: all of them are gone."""
    failure = fails_at(hdb, "fetch", what, "the reader process ended", rows=50_000, after=20)
    assert re.search(CRASHES[what], failure.detail, re.DOTALL), failure.everything
    lives_on(hdb)


@pytest.mark.parametrize("what", [*CRASHES, "hang", "spin", "stop", "error", "close_fds", "write_fds"])
def test_misdeed_at_the_end(hdb: Database, what: str) -> None:
    """All rows have come when the connection ends: what the driver does then is nobody's affair."""
    with no_reader_left(hdb):
        assert hdb.import_table(request_for("disconnect", what))["rows"] == 100
        assert_rows(hdb)


@pytest.mark.parametrize("place", ["connect", "execute", "fetch"])
def test_exception(hdb: Database, place: str) -> None:
    """It goes through the driver manager's frames, which are C."""
    failure = fails_at(hdb, place, "throw")
    assert "an exception of the hostile driver" in failure.everything


# What leaves the process whole.
@pytest.mark.parametrize("place", ["connect", "execute", "fetch"])
@pytest.mark.parametrize("what", ["thread", "stdout", "much_stderr", "stdin", "fork_child", "handlers"])
def test_harm_that_rows_survive(hdb: Database, place: str, what: str) -> None:
    with no_reader_left(hdb):
        assert hdb.import_table(request_for(place, what))["rows"] == 100
        assert_rows(hdb)


@pytest.mark.parametrize("place", ["connect", "execute", "fetch"])
def test_descriptors_run_out(hdb: Database, place: str) -> None:
    """What was opened before is enough."""
    with no_reader_left(hdb):
        assert hdb.import_table(request_for(place, "leak_fds"))["rows"] == 100
        assert_rows(hdb)


@pytest.mark.parametrize("place", ["connect", "execute", "fetch"])
def test_all_descriptors_are_closed(hdb: Database, place: str) -> None:
    fails_at(hdb, place, "close_fds", "the reader process ended")


@pytest.mark.parametrize("place", ["connect", "execute", "fetch"])
def test_garbage_into_all_descriptors(hdb: Database, place: str) -> None:
    """The protocol's socket is one of them."""
    fails_at(hdb, place, "write_fds", "the reader process (sent what it should not|ended)")


@pytest.mark.parametrize("place", ["execute", "fetch"])
def test_crash_of_a_thread(hdb: Database, place: str) -> None:
    """It comes at any moment, while the driver waits for something."""
    failure = fails_at(hdb, f"{place},{place}", "thread_crash,hang", "the reader process ended")
    assert "signal 11" in failure.detail


@pytest.mark.parametrize("what", ["segfault", "exit1"])
def test_crash_beside_a_child(hdb: Database, what: str) -> None:
    """The child has all descriptors of the process that has ended, the socket among them."""
    failure = fails_at(hdb, "execute,execute", f"fork_child,{what}", "the reader process ended")
    assert re.search(CRASHES[what], failure.detail), failure.everything


@pytest.mark.parametrize("place", ["connect", "execute", "fetch", "free"])
def test_memory_leaks(hdb: Database, place: str) -> None:
    failure = fails_at(hdb, place, "leak_memory", "the reader process ended")
    assert "connector.reader_memory" in failure.detail, failure.everything


def test_memory_leaks_where_no_descriptor_is_left(hdb: Database) -> None:
    """The limit is looked at by a file."""
    failure = fails_at(hdb, "execute,execute", "leak_fds,leak_memory", "the reader process ended")
    assert "connector.reader_memory" in failure.detail, failure.everything


def test_shared_memory_is_rewritten(hdb: Database) -> None:
    """While rows come through it: they are rows, or there is an error, whatever stands in it at which moment."""
    outcomes = set()
    for _ in range(15):
        with no_reader_left(hdb):
            hdb.execute("BEGIN")
            try:
                hdb.import_table(request_for("fetch", "scribble_shared", rows=20_000))
                outcomes.add("rows")
            except psycopg2.Error as error:
                words = f"{error.diag.message_primary}\n{error.diag.message_detail}"
                assert re.search(r"Connector error (1011|2001|2006)\.", words), words
                assert error.pgcode not in ("XX000", "53200"), words
                assert "no shared mapping" not in words and "was truncated" not in words
                outcomes.add(str(error.diag.message_primary)[:60])
            hdb.execute("ROLLBACK")
    print(outcomes)
    lives_on(hdb)


# diagnostics
def test_error_as_any_other(hdb: Database) -> None:
    failure = fails_at(hdb, "execute", "error", "This is an error as any other")
    assert "42000" in failure.detail and "4711" in failure.detail


@pytest.mark.parametrize("place", ["connect", "execute", "fetch"])
@pytest.mark.parametrize("what", ["error_without_records", "invalid_handle", "still_executing", "need_data", "odd_code"])
def test_odd_answer(hdb: Database, place: str, what: str) -> None:
    failure = fails_at(hdb, place, what)
    assert "the reader process" not in failure.message, failure.everything


@pytest.mark.parametrize("place", ["connect", "execute", "fetch"])
def test_connection_string_in_an_error(hdb: Database, place: str) -> None:
    """The password is masked; `fails_at` looks at all parts and at the log."""
    failure = fails_at(hdb, place, "password_in_diagnostics", "can't use")
    assert "PWD=***" in failure.message, failure.everything


def test_password_of_special_characters_in_an_error(hdb: Database) -> None:
    """With what an unknown driver is told as it is."""
    connector = request(at="execute", what="password_in_diagnostics")
    connector["connection"]["password"] = "be st,kept=secret?"
    with no_reader_left(hdb), fails_cleanly(hdb, None, "can't use", secrets=("be st,kept=secret?", "kept=secret")):
        hdb.import_table(connector)


def test_message_of_directives(hdb: Database) -> None:
    failure = fails_at(hdb, "execute", "percent_in_diagnostics", "%s%n%d")
    assert "\x1b" not in failure.everything


@pytest.mark.parametrize("place", ["connect", "execute", "fetch"])
def test_garbage_for_a_message(hdb: Database, place: str) -> None:
    """No text, and no end of it: the driver manager itself may not survive that."""
    fails_at(hdb, place, "garbage_diagnostics")


@pytest.mark.parametrize("place", ["connect", "execute", "fetch"])
def test_messages_without_end(hdb: Database, place: str) -> None:
    """The driver manager collects them all, until it is stopped for its memory or for the time it takes."""
    hdb.execute("SET statement_timeout = '1s'; SET connector.reader_memory = '64MB'")
    try:
        with no_reader_left(hdb), fails_cleanly(hdb, None, "the reader process ended|due to statement timeout", secrets=SECRETS):
            hdb.import_table(request_for(place, "endless_diagnostics"))
    finally:
        hdb.execute("SET statement_timeout = '60s'; RESET connector.reader_memory")


# lies
@pytest.mark.parametrize("lie", ["size_huge", "size_zero", "size_negative", "size_small", "truncated", "size_zero,truncated", "size_small,truncated"])
@pytest.mark.parametrize("getdata", [15, 11, 3, 0])
def test_no_value_is_cut(hdb: Database, lie: str, getdata: int) -> None:
    """Whatever the driver says of sizes, and whatever SQLGetData can do (the bits of SQL_GETDATA_EXTENSIONS)."""
    with no_reader_left(hdb):
        assert hdb.import_table(request(lie=lie, getdata=getdata, rows=300))["rows"] == 300
        assert_rows(hdb, 300)


@pytest.mark.parametrize("lie", ["indicator_at_exec", "indicator_negative", "indicator_huge", "indicator_larger", "no_total"])
@pytest.mark.parametrize("size", ["", "size_zero"])
def test_impossible_lengths(hdb: Database, lie: str, size: str) -> None:
    """An error of the reader, that names the column. A length of more than there is is met as a value that was cut, and comes
    whole."""
    if not size and lie in ("indicator_larger", "no_total"):
        size = "size_zero"
    failure = fails_at(hdb, "none", "none", numbers="1011|2001", lie=",".join(filter(None, (lie, size))))
    assert "the reader process ended" not in failure.message, failure.everything
    assert re.search(r'column "(id|word|amount|moment|bytes)"|too large|longer than', failure.everything), failure.everything


@pytest.mark.parametrize("lie", ["rows_many", "rows_huge"])
def test_more_rows_than_there_is_room_for(hdb: Database, lie: str) -> None:
    failure = fails_at(hdb, "none", "none", "the driver was asked for", lie=lie)
    assert "the reader process" not in failure.message


@pytest.mark.parametrize("lie", ["columns_many", "columns_negative", "columns_none", "long_name", "invalid_name", "same_name", "no_name"])
def test_lies_about_columns(hdb: Database, lie: str) -> None:
    """An error, or rows: 32,767 columns are more than a table can have."""
    for query in ("", f"SELECT * FROM {TABLE}"):
        outcome = outcome_of(hdb, request(lie=lie, query=query))
        assert outcome or lie in ("no_name", "long_name", "invalid_name", "same_name")


@pytest.mark.parametrize("lie", ["type", "digits", "bad_moments", "invalid_text", "only_nulls", "row_error", "indicator_smaller", "long_information"])
def test_lies_about_values(hdb: Database, lie: str) -> None:
    """An error that is ours, or rows, as far as they can be had."""
    for more in ("", ",size_zero", ",size_small"):
        outcome = outcome_of(hdb, request(lie=lie + more))
        # The states of rows are asked for with blocks of rows: of a single one the return value tells.
        may_succeed = lie in ("digits", "only_nulls", "indicator_smaller", "long_information") or (lie == "row_error" and more)
        assert outcome or may_succeed, lie + more


def outcome_of(db: Database, connector: dict[str, object]) -> str:
    """The error of an import that may succeed, empty if it does. The process survives either way."""
    with no_reader_left(db):
        db.execute("BEGIN")
        try:
            db.import_table(connector)
            return ""
        except psycopg2.Error as error:
            words = f"{error.diag.message_primary}\n{error.diag.message_detail}"
            print(words)
            assert re.search(r"Connector error (1011|1012|2001|2004|2005|2006|1502|1014)\.", words), words
            assert error.pgcode not in ("XX000", "53200"), words
            assert "reader process ended" not in words and PASSWORD not in words, words
            return words
        finally:
            db.execute("ROLLBACK")


# without end
def test_rows_without_end(hdb: Database) -> None:
    """The limit of rows ends them; the driver is asked to stop."""
    with no_reader_left(hdb):
        result = hdb.import_table(request(lie="endless_rows"), max_rows=5000)
    assert result["rows"] == 5000 and "max_rows_per_connection" in str(result)
    assert_rows(hdb, 5000)


@pytest.mark.parametrize("lie", ["endless_value", "endless_value,size_zero", "huge_value", "huge_value,size_zero"])
def test_value_without_end(hdb: Database, lie: str) -> None:
    """It is too large for a field, if not for the memory of the process."""
    failure = fails_at(hdb, "none", "none", numbers="1011|2001", lie=lie)
    assert re.search(r"is too large|connector\.reader_memory", failure.everything), failure.everything


@pytest.mark.parametrize("lie", ["stuck_value,size_zero", "empty_blocks"])
def test_nothing_without_end(hdb: Database, lie: str) -> None:
    """Calls that succeed and bring nothing: an error, or at last the statement's time is over."""
    hdb.execute("SET statement_timeout = '2s'")
    try:
        with no_reader_left(hdb), fails_cleanly(hdb, None, "", secrets=SECRETS) as failure:
            hdb.import_table(request(lie=lie))
        print(failure.everything)
        assert "reader process ended" not in failure.message or "connector.reader_memory" in failure.detail, failure.everything
    finally:
        hdb.execute("SET statement_timeout = '60s'")
