"""Values of 64 MB by ODBC come whole, and those of columns whose size the driver does not know or tells wrongly."""

from __future__ import annotations

import pytest
from harness.database import Database

from servers.remote import Remote

pytestmark = pytest.mark.usefixtures("tidy")

SIZE = 64 * 1024 * 1024


def columns_and_rows(remote: Remote) -> list[str]:
    """Bytes, and a text whose characters have two bytes, beside small and empty ones and NULL."""
    if remote.kind == "odbc_postgres15":
        return [
            "CREATE TABLE large (id int PRIMARY KEY, b bytea, t text)",
            f"INSERT INTO large VALUES (1, decode(repeat('00ff', {SIZE // 2}), 'hex'), 'small'), (2, '', repeat('é', {SIZE // 2})), "
            "(3, NULL, NULL), (4, '\\x00', '')",
        ]
    if remote.kind == "odbc_mariadb":
        return [
            "CREATE TABLE large (id int PRIMARY KEY, b longblob, t longtext) CHARACTER SET utf8mb4",
            f"INSERT INTO large VALUES (1, repeat(x'00ff', {SIZE // 2}), 'small'), (2, '', repeat('é', {SIZE // 2})), "
            "(3, NULL, NULL), (4, x'00', '')",
        ]
    return [
        "CREATE TABLE large (id int PRIMARY KEY, b blob, t text)",
        f"INSERT INTO large VALUES (1, zeroblob({SIZE}), 'small'), (2, x'', replace(hex(zeroblob({SIZE // 4})), '0', 'é')), "
        "(3, NULL, NULL), (4, x'00', '')",
    ]


@pytest.mark.parametrize("kind", ["odbc_postgres15", "odbc_mariadb", "odbc_sqlite"])
def test_values_of_64_megabytes(db: Database, request: pytest.FixtureRequest, kind: str) -> None:
    remote: Remote = request.getfixturevalue(kind)
    remote.server.start()
    remote.drop("large")
    remote.execute(*columns_and_rows(remote))
    result = db.import_table(remote.connector(table="large"))
    assert result["rows"] == 4
    here = db.rows("SELECT id, octet_length(b), octet_length(t), char_length(t) FROM large ORDER BY id")
    assert here == [(1, SIZE, 5, 5), (2, 0, SIZE, SIZE // 2), (3, None, None, None), (4, 1, 0, 0)]
    part, times = ("00", SIZE) if kind == "odbc_sqlite" else ("00ff", SIZE // 2)
    assert db.value(f"SELECT b = decode(repeat('{part}', {times}), 'hex') FROM large WHERE id = 1") is True
    assert db.value(f"SELECT t = repeat('é', {SIZE // 2}) FROM large WHERE id = 2") is True
    remote.drop("large")


def test_large_values_of_a_query(db: Database, odbc_postgres15: Remote) -> None:
    """psqlodbc declares expressions with 255 characters or 8190, whatever comes."""
    query = "SELECT i AS id, repeat('é', i) AS word, to_jsonb(repeat('j', i)) AS j FROM generate_series(0, 20000, 1111) i"
    db.import_table(odbc_postgres15.connector(sql_query=query, import_as="grown"))
    assert db.value("SELECT count(*) FROM grown WHERE word = repeat('é', id) AND j = to_jsonb(repeat('j', id))::text") == 19


def test_large_values_by_freetds(db: Database, odbc_tds: Remote) -> None:
    """(max) types, whose declared size is 0."""
    size = 4 * 1024 * 1024
    odbc_tds.drop("large")
    odbc_tds.execute(
        "CREATE TABLE large (id int NOT NULL PRIMARY KEY, b varbinary(max), t nvarchar(max))",
        f"INSERT INTO large VALUES (1, CAST(REPLICATE(CAST('a' AS varchar(max)), {size}) AS varbinary(max)), REPLICATE(CAST(N'ж' AS nvarchar(max)), {size}))",
        "INSERT INTO large VALUES (2, 0x, N''), (3, NULL, NULL)",
    )
    db.import_table(odbc_tds.connector(table="large"))
    assert db.rows("SELECT octet_length(b), char_length(t) FROM large ORDER BY id") == [(size, size), (0, 0), (None, None)]
    assert db.value(f"SELECT t = repeat('ж', {size}) AND b = convert_to(repeat('a', {size}), 'UTF8') FROM large WHERE id = 1") is True
    odbc_tds.drop("large")
