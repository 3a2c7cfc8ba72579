"""Dates and times that PostgreSQL has no value for: zero and partial dates, year 0, durations beyond a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import drop_tables
from harness.traces import nothing_left_behind

from servers.remote_mysql import MySqlRemote

NO_STRICT = "SET sql_mode = 'ALLOW_INVALID_DATES'"

# Column, values, and the text the error must show for each; None = a date that exists.
ZERO_DATES: dict[str, list[tuple[str, str | None]]] = {
    "date": [
        ("'2024-02-29'", None),
        ("'0000-00-00'", "0000-00-00"),
        ("'2024-00-10'", "2024-00-10"),
        ("'2024-10-00'", "2024-10-00"),
        ("'2200-00-08'", "2200-00-08"),
        ("NULL", None),
    ],
    "datetime": [
        ("'2024-02-29 01:02:03'", None),
        ("'0000-00-00 00:00:00'", "0000-00-00 00:00:00"),
        ("'2024-00-10 01:02:03'", "2024-00-10 01:02:03"),
        ("'2024-10-00 01:02:03'", "2024-10-00 01:02:03"),
        ("NULL", None),
    ],
    "datetime(6)": [
        ("'2024-02-29 01:02:03.000001'", None),
        ("'0000-00-00 00:00:00'", "0000-00-00 00:00:00"),
        ("'2024-10-00 01:02:03.5'", "2024-10-00 01:02:03.500000"),
    ],
    "timestamp NULL": [
        ("'2024-02-29 01:02:03'", None),
        ("'0000-00-00 00:00:00'", "0000-00-00 00:00:00"),
    ],
    "timestamp(3) NULL": [
        ("'2024-02-29 01:02:03'", None),
        ("'0000-00-00 00:00:00'", "0000-00-00 00:00:00"),
    ],
}


def make(remote: MySqlRemote, table: str, definition: str, values: list[str]) -> None:
    """A table (id, d) with a row per value, however wrong."""
    remote.drop(table)
    rows = ", ".join(f"({number}, {value})" for number, value in enumerate(values, 1))
    remote.execute(
        NO_STRICT,
        f"CREATE TABLE {table} (id int PRIMARY KEY, d {definition})",
        f"INSERT INTO {table} VALUES {rows}",
    )


@pytest.fixture
def table(db: Database, mysql: MySqlRemote) -> Iterator[str]:
    yield "odd_dates"
    mysql.drop("odd_dates")
    drop_tables(db)


@pytest.mark.parametrize("definition", ZERO_DATES)
def test_zero_dates_become_null(db: Database, mysql: MySqlRemote, table: str, definition: str) -> None:
    """The default; counted per column, and said with a WARNING."""
    make(mysql, table, definition, [value for value, _ in ZERO_DATES[definition]])
    zeros = sum(shown is not None for _, shown in ZERO_DATES[definition])
    for keys in ({}, {"zero_dates": "null"}):
        result = db.import_table(mysql.connector(table=table), collision_strategy="overwrite", **keys)
        assert result["warnings"] == {"zero_dates": {"d": zeros}}
        dates = "zero date" if zeros == 1 else "zero dates"
        assert [text for text in db.notices if f'{zeros} {dates} in column "d" became NULL' in text], db.notices
        here = [value for (value,) in db.rows(f"SELECT d FROM {table} ORDER BY id")]
        expected_null = [shown is not None or value == "NULL" for value, shown in ZERO_DATES[definition]]
        assert [value is None for value in here] == expected_null
    db.execute(f"DROP TABLE {table}")


@pytest.mark.parametrize(
    "definition, value, shown",
    [
        (definition, value, shown)
        for definition, values in ZERO_DATES.items()
        for value, shown in values
        if shown is not None
    ],
)
def test_zero_dates_as_error(
    db: Database, mysql: MySqlRemote, table: str, definition: str, value: str, shown: str
) -> None:
    """`zero_dates: error` names column, row and value, and leaves nothing. invalid_values has no say in it."""
    make(mysql, table, definition, ["NULL", value])
    for keys in ({}, {"invalid_values": "null"}):
        with (
            nothing_left_behind(db, mysql),
            fails(f'column "d", row 2: zero or partial date: "{shown}"$', sqlstate="22000", number=2001),
        ):
            db.import_table(mysql.connector(table=table), zero_dates="error", **keys)


@pytest.mark.parametrize("definition", ["date NOT NULL", "datetime NOT NULL", "timestamp NOT NULL DEFAULT '2000-01-01'"])
def test_zero_dates_in_not_null_columns(db: Database, mysql: MySqlRemote, table: str, definition: str) -> None:
    make(mysql, table, definition, ["'2024-02-29'", "'0000-00-00'"])
    result = db.import_table(mysql.connector(table=table))
    assert result["warnings"] == {"zero_dates": {"d": 1}}
    assert db.columns(table)[1][2] is False
    assert db.value(f"SELECT count(*) FILTER (WHERE d IS NULL) FROM {table}") == 1
    db.execute(f"DROP TABLE {table}")
    make(mysql, table, definition, ["'2024-02-29'"])
    # Where there are none, NOT NULL is kept, whatever the policy.
    for policy in ("error", "null"):
        db.import_table(mysql.connector(table=table), zero_dates=policy)
        assert db.columns(table)[1][2] is True
        db.execute(f"DROP TABLE {table}")


def test_zero_dates_in_a_key(db: Database, mysql: MySqlRemote, table: str) -> None:
    """The key can't hold a NULL: it is given up with a WARNING, and the rows are in."""
    mysql.drop(table)
    mysql.execute(
        NO_STRICT,
        f"CREATE TABLE {table} (d date NOT NULL, n int NOT NULL, PRIMARY KEY (d, n))",
        f"INSERT INTO {table} VALUES ('0000-00-00', 1), ('2024-01-01', 2)",
    )
    result = db.import_table(mysql.connector(table=table))
    assert (result["rows"], result["warnings"]) == (2, {"zero_dates": {"d": 1}})
    assert any("primary key is not kept" in text for text in db.notices)
    assert db.rows(f"SELECT 1 FROM pg_index WHERE indrelid = '{table}'::regclass") == []
    db.execute(f"DROP TABLE {table}")
    mysql.execute(f"DELETE FROM {table} WHERE n = 1")
    db.import_table(mysql.connector(table=table))
    [(key,)] = db.rows(f"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '{table}'::regclass AND contype = 'p'")
    assert key == "PRIMARY KEY (d, n)"
    db.execute(f"DROP TABLE {table}")


def test_zero_dates_are_counted_per_column(db: Database, mysql: MySqlRemote, table: str) -> None:
    """Over many batches, columns apart; a query likewise; local names in the result."""
    mysql.drop(table)
    mysql.execute(
        NO_STRICT,
        f"CREATE TABLE {table} (id int PRIMARY KEY AUTO_INCREMENT, `First Day` date, `last` datetime)",
        f"INSERT INTO {table} (`First Day`, `last`) VALUES ('0000-00-00', '2024-01-01'), ('2024-01-01', '2024-00-00')",
        *(f"INSERT INTO {table} (`First Day`, `last`) SELECT `First Day`, `last` FROM {table}",) * 11,
        f"UPDATE {table} SET `last` = '2024-01-01' WHERE id = 2",
    )
    expected = {"zero_dates": {"first_day": 2048, "last": 2047}}
    assert db.import_table(mysql.connector(table=table))["warnings"] == expected
    query = f"SELECT `First Day`, `last` FROM {table}"
    result = db.import_table(mysql.connector(sql_query=query, import_as="odd_dates_query"))
    assert result["warnings"] == expected
    db.execute(f"DROP TABLE {table}, odd_dates_query")


def test_dates_that_do_not_exist(db: Database, mysql: MySqlRemote, table: str) -> None:
    """February 31st, which ALLOW_INVALID_DATES lets in, is an invalid value, no zero date."""
    make(mysql, table, "date", ["'2024-02-29'", "'2024-02-31'", "'2023-02-29'"])
    with nothing_left_behind(db, mysql), fails('column "d", row 2: .*"2024-02-31"', sqlstate="22000", number=2001):
        db.import_table(mysql.connector(table=table))
    result = db.import_table(mysql.connector(table=table), invalid_values="null")
    assert result["warnings"] == {"invalid_values": {"d": 2}}
    db.execute(f"DROP TABLE {table}")


def test_year_zero(db: Database, mysql: MySqlRemote, table: str) -> None:
    """MySQL's year 0 is the year before 1: 1 BC."""
    make(mysql, table, "datetime", ["'0000-01-01 00:00:00'", "'0000-12-31 23:59:59'"])
    assert mysql.rows(f"SELECT YEAR(d), TO_DAYS(d) FROM {table} ORDER BY id") == [(0, 1), (0, 365)]
    db.import_table(mysql.connector(table=table))
    here = db.rows(f"SELECT d::text FROM {table} ORDER BY id")
    assert here == [("0001-01-01 00:00:00 BC",), ("0001-12-31 23:59:59 BC",)]
    db.execute(f"DROP TABLE {table}")


def test_zero_year_of_type_year(db: Database, mysql: MySqlRemote, table: str) -> None:
    make(mysql, table, "year", ["'0000'", "'1901'"])
    db.import_table(mysql.connector(table=table))
    assert db.rows(f"SELECT d FROM {table} ORDER BY id") == [(0,), (1901,)]
    db.execute(f"DROP TABLE {table}")


# TIME, which is a duration: value and what it is as an interval.
DURATIONS = {
    "'838:59:59'": timedelta(hours=838, minutes=59, seconds=59),
    "'-838:59:59'": -timedelta(hours=838, minutes=59, seconds=59),
    "'24:00:01'": timedelta(days=1, seconds=1),
    "'-00:00:01'": timedelta(seconds=-1),
    "'-12:34:56.789'": -timedelta(hours=12, minutes=34, seconds=56, milliseconds=789),
    "'99:00:00.000001'": timedelta(hours=99, microseconds=1),
}


@pytest.mark.parametrize("value", DURATIONS)
def test_times_beyond_a_day(db: Database, mysql: MySqlRemote, table: str, value: str) -> None:
    make(mysql, table, "time(6)", ["'12:00:00'", value, "NULL"])
    [(shown,)] = mysql.rows(f"SELECT CAST(d AS CHAR) FROM {table} WHERE id = 2")
    shown = shown.removesuffix(".000000").replace(".", r"\.")
    request = mysql.connector(table=table)
    with nothing_left_behind(db, mysql), fails(f'column "d", row 2: .*"{shown}"', sqlstate="22000", number=2001):
        db.import_table(request)
    result = db.import_table(request, invalid_values="null")
    assert result["warnings"] == {"invalid_values": {"d": 1}}
    assert db.rows(f"SELECT d::text FROM {table} ORDER BY id") == [("12:00:00",), (None,), (None,)]
    db.execute(f"DROP TABLE {table}")


@pytest.mark.parametrize("form", [{"id": None, "d": "interval"}, "id, d interval"])
def test_times_as_intervals(db: Database, mysql: MySqlRemote, table: str, form: object) -> None:
    make(mysql, table, "time(6)", [*DURATIONS, "'12:34:56.5'", "NULL", "'00:00:00'"])
    result = db.import_table(mysql.connector(table=table), columns=form)
    assert result["warnings"] is None
    expected = [*DURATIONS.values(), timedelta(hours=12, minutes=34, seconds=56.5), None, timedelta(0)]
    assert [value for (value,) in db.rows(f"SELECT d FROM {table} ORDER BY id")] == expected
    db.execute(f"DROP TABLE {table}")


def test_zero_dates_of_expressions(db: Database, mysql: MySqlRemote) -> None:
    """A zero date that a query makes."""
    query = "SELECT CAST('0000-00-00' AS date) AS a, CAST('0000-00-00 00:00:00' AS datetime) AS b"
    result = db.import_table(mysql.connector(sql_query=query, import_as="made_dates"))
    assert result["warnings"] == {"zero_dates": {"a": 1, "b": 1}}
    assert db.rows("SELECT a, b FROM made_dates") == [(None, None)]
    db.execute("DROP TABLE made_dates")
