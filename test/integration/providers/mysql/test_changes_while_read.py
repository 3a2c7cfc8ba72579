"""A remote table that changes between its description and its reading: an error, never a value beyond its local type."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import drop_tables
from harness.thorough import VERSIONS_OF_MYSQL, by_turns
from harness.traces import nothing_left_behind

from servers.process import wait_until
from servers.remote_mysql import MySqlRemote

pytestmark = by_turns("mysql", VERSIONS_OF_MYSQL)

_LOCK = 7_040_512


@pytest.fixture
def held(db: Database) -> Iterator[Database]:
    """Imports wait where they have just created the local table: behind the description, before the reading."""
    db.execute(
        f"CREATE FUNCTION hold() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock({_LOCK}); END'"
    )
    db.execute("CREATE EVENT TRIGGER hold ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION hold()")
    db.execute("SELECT pg_advisory_lock(%s)", _LOCK)
    yield db
    db.execute("SELECT pg_advisory_unlock_all()")
    db.execute("DROP EVENT TRIGGER hold")
    db.execute("DROP FUNCTION hold()")
    drop_tables(db)


def _waits(db: Database) -> bool:
    return bool(db.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))


# Type when described, type when read, a value of the latter, and whether it still fits.
CHANGES = (
    ("varchar(5)", "varchar(10)", "'1234567890'", False),
    ("varchar(5)", "text", "'1234567890'", False),
    ("varchar(5)", "varchar(4)", "'1234'", True),
    ("decimal(4,2)", "decimal(10,2)", "12345678.25", False),
    ("decimal(4,2)", "decimal(6,4)", "12.3456", False),
    ("decimal(4,2)", "decimal(3,2)", "1.25", True),
    ("datetime", "datetime(6)", "'2024-02-29 12:00:00.123456'", False),
    ("time", "time(3)", "'12:00:00.123'", False),
    ("int", "bigint", "7", True),
    ("int", "varchar(5)", "'7'", False),
    ("year", "smallint unsigned", "2024", True),
    ("bit(8)", "bit(9)", "b'1'", False),
)


@pytest.mark.parametrize("before, after, literal, fits", CHANGES, ids=lambda value: str(value))
@pytest.mark.parametrize("from_query", [False, True], ids=["table", "query"])
def test_change(
    held: Database, mysql: MySqlRemote, before: str, after: str, literal: str, fits: bool, from_query: bool
) -> None:
    mysql.drop("changing")
    mysql.execute(f"CREATE TABLE changing (v {before})")
    request = mysql.connector(import_as="changing", **({"sql_query": "SELECT v FROM changing"} if from_query else {"table": "changing"}))
    with held.import_in_background(request) as job:
        wait_until(lambda: _waits(held), limit=60, what="an import that has described its source")
        mysql.execute(f"ALTER TABLE changing MODIFY v {after}", f"INSERT INTO changing VALUES ({literal})")
        held.execute("SELECT pg_advisory_unlock(%s)", _LOCK)
        if fits:
            job.result()
            shown = held.value("SELECT v::text FROM changing")
            assert shown == literal.strip("'")
        else:
            with nothing_left_behind(held, mysql), fails("changed since it was described", number=1011, hint="Try again"):
                job.result()
    mysql.drop("changing")


def test_value_beyond_the_described_integer(held: Database, mysql: MySqlRemote) -> None:
    mysql.drop("changing")
    mysql.execute("CREATE TABLE changing (v int, y year)")
    for after, literal, column in (("v bigint", "(2147483648, 1)", "v"), ("y smallint unsigned", "(1, 65535)", "y")):
        mysql.execute("DROP TABLE changing", "CREATE TABLE changing (v int, y year)")
        with held.import_in_background(mysql.connector(table="changing")) as job:
            wait_until(lambda: _waits(held), limit=60, what="an import that has described its source")
            mysql.execute(f"ALTER TABLE changing MODIFY {after}", f"INSERT INTO changing VALUES {literal}")
            held.execute("SELECT pg_advisory_unlock(%s)", _LOCK)
            with fails(f'column "{column}", row 1: is out of range', number=2001):
                job.result()
        held.execute("SELECT pg_advisory_lock(%s)", _LOCK)
    mysql.drop("changing")
