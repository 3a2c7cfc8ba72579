"""Tables in parts by ranges of a key, and several connections that read one state, as far as a server here can show it."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from harness.divided import paused
from harness.sources import Read
from harness.sums import snapshots

from servers.remote_sqlserver import SqlServerRemote
from servers.workspace import Workspace

TABLE = "divided"
ROWS = 2000


@pytest.fixture(scope="module", params=["tds", *(["real_sqlserver"] if os.environ.get("CONNECTOR_TEST_SQLSERVER") else [])])
def server(request: pytest.FixtureRequest) -> SqlServerRemote:
    found: SqlServerRemote = request.getfixturevalue(request.param)
    return found


@pytest.fixture(autouse=True)
def no_table(server: SqlServerRemote) -> None:
    server.drop(TABLE)


def create(server: SqlServerRemote, kind: str, values: list[str]) -> None:
    server.execute(f"CREATE TABLE {TABLE} (id int NOT NULL, k {kind} NOT NULL PRIMARY KEY)")
    for begin in range(0, len(values), 500):
        rows = ", ".join(f"({number}, {value})" for number, value in enumerate(values[begin : begin + 500], begin))
        server.execute(f"INSERT INTO {TABLE} VALUES {rows}")


def parts_of(read: Read, server: SqlServerRemote, **keys: object) -> list[str]:
    (line,) = read(server.connector(**({"table": TABLE} | keys)), "divide:8")
    parts: list[str] = json.loads(line)
    return parts


def divided(read: Read, server: SqlServerRemote, **more: object) -> dict[str, Any]:
    connector = server.connector(connection=server.connection(**more), table=TABLE)
    (line,) = read(connector, 'divided:{"wanted": 8, "readers": 3}')
    answer: dict[str, Any] = json.loads(line)
    return answer


KEYS = {
    "int": ([str(number * 3 - 3000) for number in range(ROWS)], ["-2147483648", "2147483647"]),
    "bigint": ([str(number * 1000) for number in range(ROWS)], ["-9223372036854775808", "9223372036854775807"]),
    "smallint": ([str(number) for number in range(ROWS)], ["-32768", "32767"]),
    "decimal(20,0)": ([str(number * 10**12) for number in range(ROWS)], ["-99999999999999999999", "99999999999999999999"]),
    "date": ([f"'20{number // 100:02}-{number % 12 + 1:02}-{number % 28 + 1:02}'" for number in range(ROWS)], ["'0001-01-01'", "'9999-12-31'"]),
    "datetime2(6)": (
        [f"'2020-01-01 {number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.999999'" for number in range(ROWS)],
        ["'0001-01-01'", "'9999-12-31 23:59:59.999999'"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("has_extremes", [False, True], ids=["ordinary", "extremes"])
def test_keys(server: SqlServerRemote, read: Read, kind: str, has_extremes: bool) -> None:
    """Each row is in exactly one of the parts, as the server itself counts them."""
    values, extremes = KEYS[kind]
    create(server, kind, sorted(set(values) | set(extremes if has_extremes else [])))
    parts = parts_of(read, server)
    if not has_extremes:
        assert len(parts) >= 4
    counts = [server.rows(f"SELECT COUNT(*) FROM {TABLE} WHERE ({part})")[0][0] for part in parts]
    assert sum(counts) == server.rows(f"SELECT COUNT(*) FROM {TABLE}")[0][0]
    numbers = [number for part in parts for (number,) in server.rows(f"SELECT id FROM {TABLE} WHERE ({part})")]
    assert len(numbers) == len(set(numbers))


def test_what_is_not_divided(server: SqlServerRemote, read: Read) -> None:
    """uniqueidentifier has an order of its own, texts have no places, and without a primary key there is nothing to go by."""
    for kind, value in (("uniqueidentifier", "NEWID()"), ("nvarchar(20)", "N'a'"), ("datetime2(7)", "'2020-01-01'")):
        server.drop(TABLE)
        create(server, kind, [value])
        assert parts_of(read, server) == []
    server.drop(TABLE)
    server.execute(f"CREATE TABLE {TABLE} (id int NOT NULL)", f"INSERT INTO {TABLE} VALUES (1), (2)")
    assert parts_of(read, server) == []
    (line,) = read(server.connector(sql_query=f"SELECT * FROM {TABLE}", import_as="t"), "divide:8")
    assert line == "[]"


def test_one_reader_unless_asked(server: SqlServerRemote, read: Read) -> None:
    create(server, "int", [str(number) for number in range(ROWS)])
    answer = divided(read, server)
    assert len(answer["parts"]) == 8
    assert answer["why_not"].startswith('the connection has no "snapshot_readers"')
    assert answer["own"] == sum(range(ROWS))


def test_several_readers(server: SqlServerRemote, read: Read, workspace: Workspace) -> None:
    """The statements of an offer, and of those who join it. That writers are kept away meanwhile is not shown by a server without such locks."""
    create(server, "int", [str(number) for number in range(ROWS)])
    with snapshots(server):
        answer = divided(read, server, snapshot_readers=True)
        assert answer["why_not"] == ""
        assert sorted(number for part in answer["rows"] for number in part) == list(range(ROWS))
        assert answer["whole"] == [sum(range(ROWS))] * 3
        assert answer["own"] == sum(range(ROWS))
        # Somebody who writes there is not waited for longer than a second.
        connector = server.connector(connection=server.connection(snapshot_readers=True), table=TABLE)
        with paused(connector, workspace) as probe, server.connect() as writer, writer.cursor() as cursor:
            cursor.execute(f"BEGIN TRANSACTION; UPDATE {TABLE} SET id = id WHERE k = 1")
            text, error = probe.end()
            cursor.execute("ROLLBACK TRANSACTION")
        assert error == ""
        assert "Lock request time out" in json.loads(text)["why_not"]
        assert json.loads(text)["own"] == sum(range(ROWS))
    assert "ALLOW_SNAPSHOT_ISOLATION" in divided(read, server, snapshot_readers=True)["why_not"]
