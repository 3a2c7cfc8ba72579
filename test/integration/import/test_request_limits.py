"""Requests and dry runs are bounded in size, for every role and before anything else is done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness.database import Database
from harness.errors import fails
from harness.memory import assert_grown_less
from harness.syncs import NEVER

from servers.remote_postgres import PostgresRemote

FUNCTIONS = (
    "cdb_import_connector({})",
    "cdb_import_connector({}, false)",
    "cdb_sync_connector({})",
    f"cdb_sync_update('{NEVER}', NULL, {{}})",
    "cdb_connector_check({})",
    "cdb_connector_tables({})",
    "cdb_connector_dry_run({})",
)
MEGABYTE = 1024 * 1024
CONNECTION = '"connection": {"server": "127.0.0.1", "port": 1, "database": "d", "username": "u", "password": "z"}'


def peak(pid: int) -> int:
    """The most memory that a process has had at a time, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


@pytest.mark.parametrize("function", FUNCTIONS)
def test_requests_are_bounded_before_anything_else(guest: Database, function: str) -> None:
    """By length and by the number of values, whatever the caller's rights, and whatever is asked for."""
    with fails("the connector JSON is too long", number=1502) as failure:
        guest.rows("SELECT " + function.format("('{\"x\": \"' || repeat('y', 1048576) || '\"}')::json"))
    assert "1048576" in failure.detail
    keys = "(SELECT ('{' || string_agg(format('\"k%s\":\"\\n%s\"', g, g), ',') || '}')::json FROM generate_series(1, %s) g)"
    with fails("too many values", number=1502) as failure:
        guest.rows("SELECT " + function.format(keys.replace("%s)", "30000)")))
    assert "10000" in failure.detail
    with fails("too long", number=1502):
        guest.rows("SELECT " + function.format(keys.replace("%s)", "300000)")))


def test_a_refused_request_takes_no_memory(db: Database, guest: Database) -> None:
    """100 MB that a table keeps compressed are not unpacked, and 4 MB of numbers are not read, which once took 170
    times as much."""
    db.execute("CREATE TABLE large AS SELECT ('{\"x\": \"' || repeat('y', 100000000) || '\"}')::json AS j")
    db.execute("GRANT SELECT ON large TO guest")
    numbers = "(SELECT ('{\"x\":[' || repeat('0,', 2000000) || '0]}')::json AS j) n"
    for source, warm in (("large", "SELECT 1 FROM large"), (numbers, f"SELECT length(j::text) FROM {numbers}")):
        with guest.another() as session:
            session.rows("SELECT cdb_connectors()")
            session.rows(warm)  # PostgreSQL's own part
            before = peak(session.pid)
            with fails("too long", number=1502):
                session.rows(f"SELECT cdb_connector_check(j) FROM {source}")
            assert_grown_less(peak(session.pid) - before, 32 * MEGABYTE)
    db.execute("DROP TABLE large")


# As bad as the bounds allow: each of them once took seconds to hours, or answered no cancel.
WORST = {
    "keys": '{"provider": "postgres", ' + CONNECTION + "".join(f', "k{i}": "\\n{i}"' for i in range(9_900)) + "}",
    "options": '{"provider": "postgres", "connection": {"password": "z"' + "".join(f', "k{i}": "{i}"' for i in range(9_900)) + "}}",
    "same keys": '{"provider": "postgres", ' + CONNECTION + ', "table": "t"' * 9_900 + "}",
    "sync key": '{"provider": "postgres", ' + CONNECTION + ', "table": "t", "sync": {"mode": "merge", "key": ["c'
    + '", "c'.join(map(str, range(9_900))) + '"]}}',
    "columns": '{"provider": "postgres", ' + CONNECTION + ', "table": "t", "columns": ["' + '", "'.join(map(str, range(9_900))) + '"]}',
    "commas": '{"provider": "postgres", ' + CONNECTION + ', "table": "t", "columns": "' + "," * 1_000_000 + '"}',
    "quotes": '{"provider": "postgres", ' + CONNECTION + ', "table": "t", "columns": "' + "'" * 1_000_001 + '"}',
    "escapes": '{"provider": "postgres", ' + CONNECTION + ', "sql_query": "' + "\\u0001" * 170_000 + '"}',
    "password": '{"provider": "postgres", ' + CONNECTION.replace('"z"', '"' + "z" * 1_000_000 + '"') + "}",
    "nested": '{"provider": "postgres", ' + CONNECTION + ', "x": ' + "[" * 30 + "0" + ",0" * 9_000 + "]" * 30 + "}",
}


@pytest.mark.parametrize("kind", WORST)
def test_the_worst_allowed_request_is_answered_at_once(guest: Database, kind: str) -> None:
    """With an error of the connector, not by the time limit, which is far more than it needs; in a statement that has
    the password 400,000 times more."""
    assert len(WORST[kind]) <= MEGABYTE
    guest.execute("SET statement_timeout = '30s'")
    with fails("", number=1502):
        guest.rows("SELECT cdb_sync_connector(%s) -- " + "z" * 400_000, WORST[kind])


def test_a_dry_run_of_large_values(db: Database, postgres15: PostgresRemote) -> None:
    """150 values of 8 MB, of which a preview needs the beginning: once 3.8 GB of memory and a misleading error."""
    postgres15.server.start()
    query = "SELECT repeat(chr(34), 8000000) AS x, g FROM generate_series(1, 150) g"
    connector = json.dumps(postgres15.connector(sql_query=query, import_as="large"))
    with db.another() as session:
        session.value("SELECT cdb_connector_dry_run(%s, 1)", connector)
        before = peak(session.pid)
        found = session.value("SELECT cdb_connector_dry_run(%s, 150)", connector)
        assert_grown_less(peak(session.pid) - before, 100 * MEGABYTE)
        assert any("1000 bytes" in notice for notice in session.notices)
    assert [row["g"] for row in found["rows"]] == [str(i) for i in range(1, 151)]
    assert {row["x"] for row in found["rows"]} == {'"' * 1000 + "..."}
    assert found["warnings"] == {"cut_values": {"x": 150}}


def test_a_dry_run_ends_after_some_megabytes(db: Database, postgres15: PostgresRemote) -> None:
    """1000 rows of large values; characters and bytes are cut whole."""
    postgres15.server.start()
    query = (
        "SELECT repeat('é', 20000) AS text, decode(repeat('abcd', 30000), 'hex') AS bytes, "
        "(SELECT jsonb_agg(i) FROM generate_series(1, 5000) i) AS json, array_fill(g, ARRAY[5000]) AS numbers, "
        "repeat('€', 333) || 'x' AS fits, repeat('€', 334)::varchar(400) AS cut, NULL::text AS none, g FROM generate_series(1, 1000) g"
    )
    connector = json.dumps(postgres15.connector(sql_query=query, import_as="large"))
    found = db.value("SELECT cdb_connector_dry_run(%s, 1000)", connector)
    rows = found["rows"]
    assert 500 < len(rows) < 1000
    assert [row["g"] for row in rows] == [str(i) for i in range(1, len(rows) + 1)]
    first = rows[0]
    assert first["text"] == "é" * 500 + "..."
    assert first["bytes"] == "\\x" + "abcd" * 249 + "ab..."
    assert first["json"].startswith("[1, 2, 3") and len(first["json"]) == 1003
    assert first["numbers"].startswith("{1,1,1") and len(first["numbers"]) == 1003
    assert first["fits"] == "€" * 333 + "x" and first["cut"] == "€" * 333 + "..." and first["none"] is None
    cut = dict.fromkeys(("text", "bytes", "json", "numbers", "cut"), len(rows))
    assert found["warnings"] == {"cut_values": cut, "preview_bytes": 4 * MEGABYTE}
    assert any(f"ends after {len(rows)} rows" in notice for notice in db.notices)
    assert len(json.dumps(rows, ensure_ascii=False).encode()) < 6 * MEGABYTE
    few = db.value("SELECT cdb_connector_dry_run(%s, 3)", json.dumps(postgres15.connector(sql_query="SELECT 1 AS a", import_as="few")))
    assert few["rows"] == [{"a": "1"}] and few["warnings"] is None
