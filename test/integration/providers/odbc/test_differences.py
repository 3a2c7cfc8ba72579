"""What drivers give otherwise than it is there: told where it can be noticed, and as it comes where it can't."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails

from servers.remote import Remote
from servers.remote_odbc import OdbcRemote, SqliteRemote

pytestmark = pytest.mark.usefixtures("tidy")


@pytest.fixture(autouse=True)
def utc(db: Database) -> Iterator[None]:
    db.execute("SET TimeZone = UTC; SET extra_float_digits = 3")
    yield


def text_of(db: Database, remote: Remote, expression: str, **keys: object) -> str | None:
    """The one value of a query, as PostgreSQL prints it here."""
    db.import_table(remote.connector(sql_query=f"SELECT {expression} AS v", import_as="one_value", **keys))
    value = db.value("SELECT v::text FROM one_value")
    db.execute("DROP TABLE one_value")
    assert value is None or isinstance(value, str)
    return value


NOT_NOTICED_BY_PSQLODBC = {
    # psqlodbc has no infinity: it is the last second of the year 9999, as a real one would be. It is warned of.
    "timestamp 'infinity'": "9999-12-31 23:59:59",
    "timestamptz 'infinity'": "9999-12-31 23:59:59+00",
    # Minus infinity is a year that PostgreSQL does not have, so it is known.
    "timestamp '-infinity'": "-infinity",
    "timestamptz '-infinity'": "-infinity",
    # It drops the letters behind a date.
    "date '0044-03-15 BC'": "0044-03-15",
}


@pytest.mark.parametrize("expression", list(NOT_NOTICED_BY_PSQLODBC))
def test_dates_that_psqlodbc_changes(db: Database, odbc_postgres15: OdbcRemote, expression: str) -> None:
    assert text_of(db, odbc_postgres15, expression) == NOT_NOTICED_BY_PSQLODBC[expression]


def test_what_may_be_infinity_is_warned_of(db: Database, odbc_postgres15: OdbcRemote) -> None:
    query = "SELECT 'infinity'::timestamp AS v UNION ALL SELECT '9999-12-31 23:59:59' UNION ALL SELECT '2020-01-01'"
    result = db.import_table(odbc_postgres15.connector(sql_query=query, import_as="endless"))
    (warning,) = result["warnings"]["remote_warnings"]
    assert "infinity" in warning["message"] and warning["count"] == 2


@pytest.mark.parametrize("expression", ["date 'infinity'", "date '-infinity'", "timestamp '294276-12-31'", "timestamp '10000-01-01'", "date '5874897-12-31'", "date '10000-01-01'"])
def test_dates_that_psqlodbc_loses(db: Database, odbc_postgres15: OdbcRemote, expression: str) -> None:
    """Beyond the year 9999 something comes that is no date."""
    with fails("v.*(0000-00-00|-00-00)|(0000-00-00|-00-00)", number=2001):
        text_of(db, odbc_postgres15, expression)
    assert text_of(db, odbc_postgres15, expression, invalid_values="null") is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", "0000-00-00"),
        ("date", "2020-00-00"),
        ("datetime(6)", "0000-00-00 00:00:00"),
        ("datetime", "2020-02-00 12:00:00"),
        ("time(6)", "-838:59:59.5"),
        ("time", "24:00:01"),
        ("time", "838:59:59"),
    ],
)
def test_dates_and_times_that_only_mariadb_has(db: Database, odbc_mariadb: OdbcRemote, kind: str, value: str) -> None:
    """Invalid values, named as they are there; `columns` may ask for the text, or for an interval."""
    odbc_mariadb.drop("odd_dates")
    odbc_mariadb.execute(
        f"CREATE TABLE odd_dates (id int PRIMARY KEY, v {kind})",
        "SET sql_mode = 'ALLOW_INVALID_DATES'",
        f"INSERT INTO odd_dates VALUES (1, '{value}')",
    )
    assert odbc_mariadb.rows("SELECT CAST(v AS char) FROM odd_dates")[0][0].startswith(value)
    connector = odbc_mariadb.connector(table="odd_dates")
    with fails(value.split(".")[0], number=2001):
        db.import_table(connector)
    result = db.import_table(connector, invalid_values="null")
    assert result["warnings"]["invalid_values"] == {"v": 1}
    assert db.rows("SELECT v FROM odd_dates") == [(None,)]
    db.import_table(connector, columns={"v": "text"}, import_as="as_text")
    assert db.value("SELECT v FROM as_text").startswith(value)
    if kind.startswith("time"):
        db.import_table(connector, columns={"v": "interval"}, import_as="as_interval")
        assert db.value("SELECT v::text FROM as_interval") == value
    odbc_mariadb.drop("odd_dates")


def test_floats_of_mariadb(db: Database, odbc_mariadb: OdbcRemote) -> None:
    """In arrays of rows, where its driver puts them into wrong places."""
    odbc_mariadb.drop("floats")
    numbers = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 2500) SELECT i, i / 8 FROM n"
    odbc_mariadb.execute("CREATE TABLE floats (i int, f float)", "SET max_recursive_iterations = 5000", f"INSERT INTO floats {numbers}")
    db.import_table(odbc_mariadb.connector(table="floats"))
    assert db.columns("floats")[1][1] == "real"
    assert db.value("SELECT count(*) FROM floats WHERE f = i / 8.0::real") == 2500
    odbc_mariadb.drop("floats")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("CAST('2020-02-29 12:34:56.1234565' AS datetime2(7))", "2020-02-29 12:34:56.123457"),
        ("CAST('2019-12-31 23:59:59.9999999' AS datetime2(7))", "2020-01-01 00:00:00"),
        ("CAST('12:34:56.1234564' AS time(7))", "12:34:56.123456"),
        ("CAST('2020-02-29 12:34:56.1234565 +00:00' AS datetimeoffset(7))", "2020-02-29 12:34:56.123457+00"),
    ],
)
def test_sub_microseconds_are_rounded_and_counted(db: Database, odbc_tds: OdbcRemote, expression: str, expected: str) -> None:
    result = db.import_table(odbc_tds.connector(sql_query=f"SELECT {expression} AS v", import_as="rounded"))
    assert db.value("SELECT v::text FROM rounded") == expected
    assert "rounded_times" in result["warnings"]


SQLITE_VALUES = [
    # declared type, literal, what it is here; None: an invalid value
    ("integer", "'not a number'", None),
    ("integer", "9223372036854775807", "9223372036854775807"),
    ("smallint", "70000", "70000"),
    ("int", "5000000000", "5000000000"),
    ("integer", "9.223372036854775808e18", None),  # SQLite itself has made a double of it
    ("double", "0.30000000000000004", "0.3"),  # the driver gives 15 digits, unseen
    ("double", "1.7976931348623157e308", None),  # rounded so, it is no double any more
    ("bigint", "1.5", None),
    ("real", "'not a number'", None),
    ("boolean", "'maybe'", None),
    ("boolean", "2", None),
    ("date", "'not a date'", None),
    ("date", "'2024-02-30'", None),
    ("timestamp", "'25:61'", None),
    ("timestamp", "'2024-02-29 12:34:56.789123'", "2024-02-29 12:34:56.789123"),
    ("time", "'12:34:56.789'", "12:34:56.789"),
    ("varchar(3)", "'longer than three'", "longer than three"),
    ("text", "5", "5"),
    ("decimal(10,2)", "1.25", "1.25"),
    ("", "'anything'", "anything"),
    ("", "1.5", "1.5"),
]


@pytest.mark.parametrize(("declared", "literal", "expected"), SQLITE_VALUES)
def test_values_that_are_not_what_sqlite_was_told(db: Database, odbc_sqlite: SqliteRemote, declared: str, literal: str, expected: str | None) -> None:
    """A column of SQLite's holds any value: what does not fit the declared type is an invalid value, never another one."""
    odbc_sqlite.drop("loose")
    odbc_sqlite.execute(f"CREATE TABLE loose (id int, v {declared})", f"INSERT INTO loose VALUES (1, {literal})")
    connector = odbc_sqlite.connector(table="loose")
    if expected is None:
        with fails("", number=2001) as failure:
            db.import_table(connector)
        assert literal.strip("'")[:4] in failure.everything and '"v"' in failure.everything
        db.import_table(connector, invalid_values="null")
    else:
        db.import_table(connector)
    assert db.value("SELECT v::text FROM loose") == expected
    odbc_sqlite.drop("loose")


def test_blobs_of_expressions_of_sqlite(db: Database, odbc_sqlite: SqliteRemote) -> None:
    """The driver tells an expression's type by nothing: all is text, and a blob is SQLite's literal for it."""
    assert text_of(db, odbc_sqlite, "x'00ff'") == "X'00FF'"
    assert text_of(db, odbc_sqlite, "1.5 + 1") == "2.5"
    assert text_of(db, odbc_sqlite, "replace(hex(zeroblob(5000)), '0', 'é')") == "é" * 10_000


def lost(db: Database, access: dict[str, object], column: str, **keys: object) -> str | None:
    db.import_table({"provider": "odbc", "connection": access, "table": "lost", "columns": [column], "import_as": "found", **keys})
    value = db.value(f"SELECT {column}::text FROM found")
    assert value is None or isinstance(value, str)
    return value


def test_what_mdbtools_loses_unseen(db: Database, odbc_access: dict[str, object]) -> None:
    """Characters beyond the first plane of Unicode; empty texts, which it has as NULL."""
    assert lost(db, odbc_access, "emoji") == "??"
    db.execute("DROP TABLE found")
    assert lost(db, odbc_access, "empty") is None


@pytest.mark.parametrize("column", ["early", "late"])
def test_dates_that_mdbtools_does_not_know(db: Database, odbc_access: dict[str, object], column: str) -> None:
    """Before 1899-12-30 and a million days after it: it gives a day 0, which is noticed."""
    with fails(column, number=2001):
        lost(db, odbc_access, column)
    assert lost(db, odbc_access, column, invalid_values="null") is None


def test_texts_that_mdbtools_cuts(db: Database, odbc_access: dict[str, object]) -> None:
    """It has 16,383 bytes for a text and cuts a longer one without a word: that so many came is noticed."""
    with fails("long_memo", number=2001):
        lost(db, odbc_access, "long_memo")


def test_bytes_that_mdbtools_has_as_text(db: Database, odbc_access: dict[str, object]) -> None:
    """It ends a binary value at its first zero: the column is left out."""
    result = db.import_table({"provider": "odbc", "connection": odbc_access, "table": "lost", "columns": ["id", "bytes"]})
    assert [name for name, _, _ in db.columns("lost")] == ["id"]
    assert "bytes" in str(result["skipped_columns"])
