"""The types of five databases by their drivers: each value at its extremes arrives as it is, or the difference is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from harness.database import Database
from harness.errors import fails
from harness.odbc_types import ACCESS, MARIADB, POSTGRES, SQLITE, SQLSERVER, Column

from servers.remote import Remote
from servers.remote_odbc import OdbcRemote, SqliteRemote

TABLE = "typed"
COLUMNS = {
    "odbc_postgres15": POSTGRES,
    "odbc_mariadb": MARIADB,
    "odbc_tds": SQLSERVER,
    "odbc_sqlite": SQLITE,
    "odbc_microsoft": SQLSERVER,
}


@dataclass
class Typed:
    """The table with a column of each type: there, and imported."""

    remote: Remote
    columns: list[Column]
    rows: int


@pytest.fixture(scope="module", params=list(COLUMNS))
def typed(request: pytest.FixtureRequest) -> Iterator[Typed]:
    remote: Remote = request.getfixturevalue(request.param)
    remote.server.start()
    columns = COLUMNS[request.param]
    count = max(len(column.values) for column in columns) + 1  # and a last row of NULLs
    remote.drop(TABLE)
    nullable = " NULL" if request.param in ("odbc_mariadb", "odbc_tds", "odbc_microsoft") else ""
    remote.execute(
        f"CREATE TABLE {TABLE} (id int NOT NULL PRIMARY KEY, "
        + ", ".join(f"c{number} {column.definition}{nullable}" for number, column in enumerate(columns))
        + ")",
        *(
            f"INSERT INTO {TABLE} VALUES ({row}, "
            + ", ".join(column.values[row][0] if row < len(column.values) else "NULL" for column in columns)
            + ")"
            for row in range(count)
        ),
    )
    yield Typed(remote, columns, count)
    remote.drop(TABLE)


@pytest.mark.parametrize("way", ["table", "query"])
def test_types_and_values(db: Database, typed: Typed, way: str) -> None:
    keys = {"table": TABLE} if way == "table" else {"sql_query": f"SELECT * FROM {TABLE}", "import_as": TABLE}
    result = db.import_table(typed.remote.connector(**keys))
    try:
        assert (result["rows"], result["skipped_columns"]) == (typed.rows, [])
        found_types = {name: kind for name, kind, _ in db.columns(TABLE)}
        wrong_types = {
            column.definition: (found_types[f"c{number}"], column.local)
            for number, column in enumerate(typed.columns)
            if found_types[f"c{number}"] != (column.local if way == "table" else column.in_queries or column.local)
        }
        db.execute("SET TimeZone = UTC; SET extra_float_digits = 3")
        wrong: dict[str, list[tuple[object, object]]] = {}
        for number, column in enumerate(typed.columns):
            expected = [text for _, text in column.values] + [None] * (typed.rows - len(column.values))
            found = [value for (value,) in db.rows(f"SELECT c{number}::text FROM {TABLE} ORDER BY id")]
            if different := [(f, e) for f, e in zip(found, expected, strict=True) if f != e]:
                wrong[column.definition] = [(str(f)[:80], str(e)[:80]) for f, e in different]
        assert not wrong, f"here, and what it is: {wrong}"
        assert not wrong_types, f"here, and as it should be: {wrong_types}"
    finally:
        db.execute(f"DROP TABLE {TABLE}")


def test_dry_run_tells_the_same_types(db: Database, typed: Typed) -> None:
    shown = {column["remote_name"]: column["type"] for column in db.dry_run(typed.remote.connector(table=TABLE))["columns"]}
    assert {name: shown[name] for name in shown if name != "id"} == {
        f"c{number}": column.local for number, column in enumerate(typed.columns)
    }


def test_access(db: Database, odbc_access: dict[str, object]) -> None:
    db.execute("SET TimeZone = UTC; SET extra_float_digits = 3")
    result = db.import_table({"provider": "odbc", "connection": odbc_access, "table": "types"})
    assert result["rows"] == 4
    assert {name: kind for name, kind, _ in db.columns("types")} == {name: kind for name, kind, _ in ACCESS}
    wrong = {}
    for name, _, expected in ACCESS:
        found = [value for (value,) in db.rows(f'SELECT "{name}"::text FROM types ORDER BY id')]
        if found != expected:
            wrong[name] = [(str(f)[:60], str(e)[:60]) for f, e in zip(found, expected, strict=True) if f != e]
    assert not wrong, f"here, and what it is: {wrong}"
    db.execute("DROP TABLE types")
