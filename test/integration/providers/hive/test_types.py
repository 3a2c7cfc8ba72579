"""Every type of Hive with its extremes, read as a table and by a query, as the server prints them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.hive_types import QUERIED, STORED, Kind, create_every_type

from servers.remote_hive import HiveRemote


@pytest.fixture(scope="module")
def every(hive: HiveRemote) -> Iterator[str]:
    create_every_type(hive, "every_type")
    yield "every_type"
    hive.drop("every_type")


@pytest.fixture(scope="module")
def imported(db: Database, hive: HiveRemote, every: str) -> dict[str, str]:
    """The table, imported; local types by column."""
    db.execute("SET TimeZone = 'UTC'")
    result = db.import_table(hive.connector(table=every))
    assert result["skipped_columns"] in (None, [])
    return {name: kind for name, kind, _ in db.columns(every)}


@pytest.mark.parametrize("number", range(len(STORED)), ids=[kind.declaration for kind in STORED])
def test_stored(db: Database, imported: dict[str, str], number: int) -> None:
    kind = STORED[number]
    assert imported[f"c{number}"] == kind.local
    cast = "::text" if kind.local != "character(5)" else "::varchar::text"
    found = [value for (value,) in db.rows(f"SELECT c{number}{cast} FROM every_type ORDER BY id")]
    expected: list[str | None] = [shown for _, shown in kind.values]
    assert found == expected + [None] * (len(found) - len(expected))
    assert found[-1] is None


@pytest.mark.parametrize("kind", QUERIED, ids=[kind.declaration for kind in QUERIED])
def test_queried(db: Database, hive: HiveRemote, kind: Kind) -> None:
    """Types that no table can have, or few."""
    listed = ", ".join(f"{value} AS c{number}" for number, (value, _) in enumerate(kind.values))
    db.import_table(hive.connector(sql_query=f"SELECT {listed}", import_as="queried"))
    try:
        assert {local for _, local, _ in db.columns("queried")} == {kind.local}
        shown = db.rows("SELECT " + ", ".join(f"coalesce(c{n}::text, '')" for n in range(len(kind.values))) + " FROM queried")
        assert list(shown[0]) == [text for _, text in kind.values]
    finally:
        db.execute("DROP TABLE queried")


def test_many_nulls(db: Database, hive: HiveRemote) -> None:
    """The bitmap of NULLs at the edges of its bytes and of the server's blocks."""
    hive.drop("gaps")
    hive.execute("CREATE TABLE gaps (id int, odd bigint, text string, flag boolean) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t'")
    lines = [
        f"{n}\t{n if n % 2 else chr(92) + 'N'}\t{'t' + str(n) if n % 8 else chr(92) + 'N'}\t{'true' if n % 3 else chr(92) + 'N'}\n"
        for n in range(5001)
    ]
    hive.server.put("gaps", "".join(lines).encode())
    db.import_table(hive.connector(table="gaps"))
    wrong = db.rows(
        "SELECT id FROM gaps WHERE odd IS DISTINCT FROM (CASE WHEN id % 2 = 1 THEN id END) "
        "OR text IS DISTINCT FROM (CASE WHEN id % 8 <> 0 THEN 't' || id END) "
        "OR flag IS DISTINCT FROM (CASE WHEN id % 3 <> 0 THEN true END)"
    )
    assert wrong == []
    assert db.value("SELECT count(*) FROM gaps") == 5001
    db.execute("DROP TABLE gaps")
    hive.drop("gaps")


def test_nanoseconds(db: Database, hive: HiveRemote) -> None:
    """PostgreSQL has microseconds: what is finer is rounded."""
    query = "SELECT CAST('2020-02-29 23:59:59.999999500' AS timestamp) AS t, CAST('2020-02-29 12:34:56.1234564' AS timestamp) AS u"
    db.import_table(hive.connector(sql_query=query, import_as="fine"))
    assert db.rows("SELECT t::text, u::text FROM fine") == [("2020-03-01 00:00:00", "2020-02-29 12:34:56.123456")]
    db.execute("DROP TABLE fine")


def test_chosen_types(db: Database, hive: HiveRemote) -> None:
    """`columns` asks for other local types, and complex values can be had as the server prints them."""
    query = "SELECT 5 AS a, array(1, 2) AS b, '2020-02-29' AS c, '1.50' AS d"
    db.import_table(
        hive.connector(sql_query=query, import_as="chosen", columns={"a": "text", "b": "text", "c": "date", "d": "numeric"})
    )
    assert [kind for _, kind, _ in db.columns("chosen")] == ["text", "text", "date", "numeric"]
    assert db.rows("SELECT a, b, c::text, d::text FROM chosen") == [("5", "[1,2]", "2020-02-29", "1.50")]
    db.execute("DROP TABLE chosen")


def test_invalid_values(db: Database, hive: HiveRemote) -> None:
    """A value that the local type can't hold stops the import and is named, or becomes NULL."""
    query = "SELECT 'no number' AS a"
    connector = hive.connector(sql_query=query, import_as="invalid", columns={"a": "integer"})
    with fails("no number", number=2001):
        db.import_table(connector)
    result = db.import_table({**connector, "invalid_values": "null"})
    assert result["rows"] == 1
    assert db.rows("SELECT a FROM invalid") == [(None,)]
    db.execute("DROP TABLE invalid")
