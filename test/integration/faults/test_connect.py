"""Requests that fail on the way in: wrong host, port, password, database, table, column, privilege."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.dialects import Words, dialect_of
from harness.errors import Failure
from harness.faults import fails_cleanly, import_fails
from harness.stalls import unanswering
from harness.thorough import PROVIDERS, VERSIONS_OF_MYSQL, VERSIONS_OF_POSTGRES, by_turns

from servers.remote import Remote
from servers.workspace import free_port

pytestmark = [by_turns("one_remote", *PROVIDERS), by_turns("remote", VERSIONS_OF_MYSQL, VERSIONS_OF_POSTGRES)]


@pytest.fixture(autouse=True)
def table(remote: Remote) -> Iterator[None]:
    remote.create_rows("faulty", 3)
    yield
    remote.drop("faulty")


def expect(db: Database, remote: Remote, fault: str, connector: dict[str, object]) -> Failure:
    """Runs the import; it must fail in the words of the provider's table."""
    words: Words = dialect_of(remote).words[fault]
    failure = import_fails(
        db,
        remote,
        connector,
        words.message,
        number=words.number,
        detail=f"Provider {remote.provider}, phase ({words.phase})",
    )
    assert failure.sqlstate == sqlstate_of(db, words.number)
    return failure


def sqlstate_of(db: Database, number: int) -> str:
    return str(db.value("SELECT sqlstate FROM cdb_error_codes() WHERE error_code = %s", number))


def test_unresolvable_name(db: Database, remote: Remote) -> None:
    # A label may have 63 characters: no name server of this machine is asked.
    name = "x" * 64 + ".example"
    connection = remote.connection(server=name, connect_timeout=5)
    failure = expect(db, remote, "unresolvable", remote.connector(connection=connection, table="faulty"))
    assert name in failure.message
    assert failure.hint


def test_refused_port(db: Database, remote: Remote) -> None:
    port = free_port()
    failure = expect(db, remote, "refused", remote.connector(connection=remote.connection(port=port), table="faulty"))
    assert str(port) in failure.message and "127.0.0.1" in failure.message


def test_unanswered_connect(db: Database, remote: Remote) -> None:
    with unanswering() as port:
        connection = remote.connection(port=port, connect_timeout=1)
        failure = expect(db, remote, "silent", remote.connector(connection=connection, table="faulty"))
    assert "connect_timeout" in failure.hint


def test_silent_server(db: Database, remote: Remote) -> None:
    """It accepts, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = remote.connection(port=listener.getsockname()[1], connect_timeout=1)
        expect(db, remote, "silent", remote.connector(connection=connection, table="faulty"))


def test_wrong_password(db: Database, remote: Remote) -> None:
    connection = remote.connection(password="Wrong-and-secret-4711")
    expect(db, remote, "password", remote.connector(connection=connection, table="faulty"))


def test_wrong_user(db: Database, remote: Remote) -> None:
    connection = remote.connection(username="nobody-at-all")
    expect(db, remote, "password", remote.connector(connection=connection, table="faulty"))


def test_wrong_database(db: Database, remote: Remote) -> None:
    connection = remote.connection(database="no_such_database")
    failure = expect(db, remote, "database", remote.connector(connection=connection, table="faulty"))
    assert "no_such_database" in failure.message


def test_wrong_table(db: Database, remote: Remote) -> None:
    failure = expect(db, remote, "table", remote.connector(table="no_such_table"))
    assert "no_such_table" in failure.message


def test_wrong_schema(db: Database, remote: Remote) -> None:
    failure = expect(db, remote, "schema", remote.connector(table="faulty", schema="no_such_schema"))
    assert "no_such_schema" in failure.message


def test_wrong_column(db: Database, remote: Remote) -> None:
    failure = import_fails(db, remote, remote.connector(table="faulty", columns=["id", "no_such_column"]))
    assert "no_such_column" in failure.message
    assert "Connector error 15" in failure.detail or "Connector error 10" in failure.detail


@pytest.mark.parametrize(
    ("grants", "fault"),
    [([], "table"), (["SELECT ON testdb.other"], "table_privilege"), (["SELECT (id) ON testdb.faulty"], "column_privilege")],
    ids=["no database", "other table", "one column"],
)
def test_missing_privilege(db: Database, remote: Remote, grants: list[str], fault: str) -> None:
    dialect = dialect_of(remote)
    remote.execute("DROP TABLE IF EXISTS other", "CREATE TABLE other (a int)")
    dialect.account(remote, "limited", "limited-password-1", grants)
    connection = remote.connection(username="limited", password="limited-password-1")
    connector = remote.connector(connection=connection, table="faulty")
    try:
        words = dialect.words["database" if not grants else fault]
        import_fails(db, remote, connector, words.message, number=words.number, detail=f"phase ({words.phase})")
        if fault == "column_privilege":
            # the column that may be read can be had
            result = db.import_table({**connector, "columns": ["id"], "import_as": f"one_column_{remote.kind}"})
            assert (result["rows"], [name for name, _, _ in db.columns(result["table_name"])]) == (3, ["id"])
    finally:
        dialect.drop_account(remote, "limited")
        remote.drop("other")


def test_check_and_listing_fail_alike(db: Database, remote: Remote) -> None:
    """The other functions that connect word it as the import does."""
    words = dialect_of(remote).words["password"]
    connection = remote.connection(password="Wrong-and-secret-4712")
    for call in ("cdb_connector_check(%s)", "cdb_connector_tables(%s)", "cdb_connector_dry_run(%s)"):
        keys = {"table": "faulty"} if "dry_run" in call else {}
        connector = json.dumps(remote.connector(connection=connection, **keys))
        with fails_cleanly(db, remote, words.message, number=words.number, secrets=("Wrong-and-secret-4712",)):
            db.rows(f"SELECT {call}", connector)
