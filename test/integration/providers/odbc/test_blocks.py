"""Rows that come in blocks, some values of which do not fit where they were expected: no row is lost, and none is told twice."""

from __future__ import annotations

import pytest
from harness.database import Database

from servers.remote import Remote

pytestmark = pytest.mark.usefixtures("tidy")

COUNT = 5000


@pytest.mark.parametrize("kind", ["odbc_postgres15", "odbc_mariadb", "odbc_sqlite"])
@pytest.mark.parametrize("longs", ["1", "1, 2, 3", "2500", "1, 1000, 1001, 2001, 5000"])
def test_long_values_among_short_ones(db: Database, request: pytest.FixtureRequest, kind: str, longs: str) -> None:
    remote: Remote = request.getfixturevalue(kind)
    remote.server.start()
    remote.create_rows("blocks", COUNT)
    name = remote.quote("blocks")
    long = {"odbc_sqlite": "replace(hex(zeroblob(2000)), '00', 'long')"}.get(kind, "repeat('long', 2000)")
    query = f"SELECT id, CASE WHEN id IN ({longs}) THEN {long} ELSE word END AS word FROM {name} ORDER BY id"
    result = db.import_table(remote.connector(sql_query=query, import_as="blocks"))
    assert result["rows"] == COUNT
    assert db.rows(
        f"SELECT count(DISTINCT id), min(id), max(id), count(*) FILTER (WHERE word = repeat('long', 2000)), "
        f"count(*) FILTER (WHERE word LIKE 'word ' || id || ' é%%') FROM blocks"
    ) == [(COUNT, 1, COUNT, longs.count(",") + 1, COUNT - longs.count(",") - 1)]
    remote.drop("blocks")
