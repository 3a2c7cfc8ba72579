"""Queries that fail late, are no queries, or would write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.dialects import DIALECTS, dialect_of
from harness.faults import import_fails
from harness.scratch import remote_rows
from harness.thorough import PROVIDERS, VERSIONS_OF_MYSQL, VERSIONS_OF_POSTGRES, by_turns

from servers.remote import Remote

pytestmark = [by_turns("one_remote", *PROVIDERS), by_turns("remote", VERSIONS_OF_MYSQL, VERSIONS_OF_POSTGRES)]

TABLE = "queried"


@pytest.fixture
def table(remote: Remote) -> Iterator[Remote]:
    with remote_rows(remote, TABLE, 3):
        yield remote


def contents(remote: Remote) -> list[tuple[object, ...]]:
    """All that a query might have changed."""
    tables = sorted(remote.rows(dialect_of(remote).table_names))
    return [*tables, *sorted(remote.rows(f"SELECT * FROM {remote.quote(TABLE)}"))]


def test_fails_after_many_rows(db: Database, one_remote: Remote) -> None:
    """The remote finds the error when it has sent 500,000 rows."""
    dialect = dialect_of(one_remote)
    one_remote.create_rows("late", 500_100)
    connector = one_remote.connector(sql_query=dialect.late_failure("late", 500_000), import_as="late")
    words = dialect.words["late_error"]
    failure = import_fails(db, one_remote, connector, words.message, number=words.number, detail=f"phase ({words.phase})")
    assert failure.sqlstate == "HV00L"
    # the query itself is good up to there
    good = one_remote.connector(sql_query=dialect.first_rows(dialect.late_failure("late", 500_000), 500_000), import_as="late")
    assert db.import_table(good)["rows"] == 500_000
    one_remote.drop("late")


@pytest.mark.parametrize("query", ["this is no query", "SELECT FROM WHERE", "SELECT * FROM", "'", "\\", "SELECT 1 FROM dual WHERE"])
def test_no_query(db: Database, table: Remote, query: str) -> None:
    words = dialect_of(table).words["no_query"]
    connector = table.connector(sql_query=query, import_as="none")
    import_fails(db, table, connector, words.message, number=words.number, detail=f"phase {words.phase}, (native error|SQLSTATE)")


def test_unknown_function(db: Database, table: Remote) -> None:
    connector = table.connector(sql_query="SELECT no_such_function(1)", import_as="none")
    assert "no_such_function" in import_fails(db, table, connector, number=1011).message


def test_several_statements(db: Database, table: Remote) -> None:
    dialect = dialect_of(table)
    words = dialect.words["several"]
    before = contents(table)
    connector = table.connector(sql_query=dialect.several_statements(TABLE), import_as="several")
    import_fails(db, table, connector, words.message, number=words.number)
    assert contents(table) == before


def test_placeholder(db: Database, table: Remote) -> None:
    dialect = dialect_of(table)
    words = dialect.words["placeholder"]
    connector = table.connector(sql_query=f"SELECT * FROM {TABLE} WHERE id = {dialect.placeholder}", import_as="none")
    import_fails(db, table, connector, words.message, number=words.number)
    quoted = table.connector(sql_query=f"SELECT '{dialect.placeholder}' AS mark", import_as=f"mark_{table.kind}")
    assert db.import_table(quoted)["rows"] == 1


WRITES = sorted({name for dialect in DIALECTS.values() for name in dialect.writes(TABLE)})


@pytest.mark.parametrize("name", WRITES)
def test_writes_are_refused(db: Database, table: Remote, name: str) -> None:
    statement = dialect_of(table).writes(TABLE).get(name)
    if statement is None:
        pytest.skip(f"{table.provider} has no such statement")
    before = contents(table)
    failure = import_fails(db, table, table.connector(sql_query=statement, import_as="written"))
    assert "Connector error 1011" in failure.detail or "Connector error 1502" in failure.detail
    assert contents(table) == before


def test_writes_through_functions_are_refused(db: Database, one_remote: Remote) -> None:
    """A SELECT that calls a function that writes: only the read-only transaction stops it."""
    dialect = dialect_of(one_remote)
    one_remote.create_rows(TABLE, 3)
    dialect.writing_function(one_remote, "writes_here", TABLE)
    before = contents(one_remote)
    words = dialect.words["read_only"]
    connector = one_remote.connector(sql_query="SELECT writes_here() AS x", import_as="written")
    import_fails(db, one_remote, connector, words.message, number=words.number)
    assert contents(one_remote) == before
    # and it would have written
    one_remote.rows("SELECT writes_here()")
    assert contents(one_remote) != before
    dialect.drop_function(one_remote, "writes_here")
    one_remote.drop(TABLE)


def test_queries_that_lock_or_write_files(db: Database, table: Remote) -> None:
    """INTO OUTFILE needs a privilege that the account lacks; the error is the server's."""
    for query in dialect_of(table).file_writes(TABLE):
        import_fails(db, table, table.connector(sql_query=query, import_as="none"))
