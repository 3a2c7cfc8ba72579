"""Whatever is refused says what to do: each error has a hint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import drop_tables, remote_rows
from harness.thorough import PROVIDERS, by_turns

from servers.remote import Remote
from servers.remote_mysql import MySqlRemote

pytestmark = by_turns("one_remote", *PROVIDERS)

NOBODY = {"server": "127.0.0.1", "port": 1, "database": "d", "username": "u", "password": "~secret~"}
PROVIDERS = ("mysql", "postgres", "sqlserver", "hive")


def request(provider: str = "mysql", /, connection: dict[str, object] | None = None, **keys: object) -> dict[str, object]:
    return {"provider": provider, "connection": {**NOBODY, **(connection or {})}, "table": "t", **keys}


def without(key: str) -> dict[str, object]:
    return {name: value for name, value in request().items() if name != key}


def nested(depth: int) -> str:
    return '{"provider": "mysql", "table": ' + "[" * depth + "]" * depth + "}"


TEXTS = [
    "[]",
    "null",
    "42",
    '"x"',
    "true",
    "{}",
    nested(40),
    nested(10_000),
    json.dumps(request(columns=[f"c{i}" for i in range(20_000)])),
    json.dumps({**request(), **{f"unknown_{i}": i for i in range(1000)}}),
    json.dumps(request(table="x" * 5_000_000)),
    json.dumps(request(table="a\0b")),
    '{"provider": "mysql", "table": "\\ud800"}',
    '{"provider": "mysql", "max_rows": 1e999}',
    '{"connector": 5}',
    '{"connector": {}, "interval": []}',
    '{"connector": null}',
]
OBJECTS: list[dict[str, object]] = [
    without("provider"),
    without("connection"),
    without("table"),
    request("oracle"),
    request("MySQL"),
    request("mssql"),
    request("odbc"),
    request(""),
    {**request(), "provider": 5},
    {**request(), "connection": 5},
    {**request(), "connection": ""},
    {**request(), "connection": "nosuch"},
    {**request(), "connection": "mysql://u:~secret~@127.0.0.1/d"},
    {**request(), "connection": "host=127.0.0.1 password=~secret~"},
    {**request(), "connection": []},
    request(connection={"server": "127.0.0.1:3307"}),
    request(connection={"server": "http://127.0.0.1"}),
    request(connection={"server": "[::1]:3307"}),
    request(connection={"server": ""}),
    request(connection={"server": "a b"}),
    request(connection={"server": "no-such-host.invalid"}),
    request(connection={"server": "x" * 300}),
    request(connection={"port": 0}),
    request(connection={"port": "x"}),
    request(connection={"port": 70000}),
    request(connection={"host": "x"}),
    request(connection={"sslmode": "on"}),
    request(connection={"sslmode": "verify-full", "sslrootcert": "/nonexistent"}),
    request(connection={"sslcert": "/nonexistent"}),
    request(connection={"connect_timeout": -1}),
    request(connection={"compression": "maybe"}),
    request(connection={"username": ""}),
    request(connection={"password": "********"}),
    request(connection={"password": "x" * 5000}),
    request(columns=5),
    request(columns=[]),
    request(columns=[1]),
    request(columns={"a": 5}),
    request(columns={"a": "nosuchtype"}),
    request(columns="a nosuchtype"),
    request(columns="a numeric("),
    request(columns="a, a"),
    request(columns=","),
    request(max_rows=-1),
    request(max_rows="many"),
    request(encoding="klingon"),
    request(collision_strategy="maybe"),
    request(column_names="pretty"),
    request(default_columns="yes"),
    request(invalid_values="ignore"),
    request(zero_dates="keep"),
    request(target_schema="nosuch"),
    request(target_schema="pg_catalog"),
    request(schema=5),
    request(sync={"mode": "merge"}),
    request(interval=900),
    request(sql_query="  ;"),
    {**without("table"), "sql_query": "SELECT 1"},
    request("hive", {"auth": "magic"}),
    request("hive", {"session": []}),
    request("hive", {"session": {"a": []}}),
    request("sqlserver", {"server": "127.0.0.1:99999"}),
    request("sqlserver", {"server": "127.0.0.1:1434", "port": 1435}),
    request("sqlserver", {"server": "[::1"}),
    request("sqlserver", {"server": "[::1]x"}),
    request("sqlserver", {"server": "127.0.0.1\\"}),
    request("sqlserver", {"server": "ho/st"}),
    request("sqlserver", {"server": "https://u:~secret~@127.0.0.1"}),
    request("sqlserver", {"username": "x" * 200}),
    request("sqlserver", {"tds_version": "4.2"}),
    request("postgres", {"database": ""}),
    *(request(provider) for provider in PROVIDERS),
    *(request(provider, {"server": "127.0.0.1", "port": 1, "sslmode": "disable"}) for provider in PROVIDERS),
]
SYNCS: list[dict[str, object]] = [
    request(interval=900),
    request(sync=5),
    request(sync={"mode": "maybe"}),
    request(sync={"mode": "append", "cursor": 5}),
    request(sync={"mode": "append"}),
    request(sync={"cursor": "id"}),
    request(sync={"mode": "merge", "key": 5}),
    request(sync={"mode": "merge", "key": ["a", "a"]}),
    request(sync={"mode": "merge", "key": [5]}),
    request(columns=["a"], sync={"mode": "merge", "key": "b"}),
    {"connector": request(), "interval": 1},
    {"connector": request(), "interval": 0},
    {"connector": request(), "interval": -5},
    {"connector": request(), "interval": 900.5},
    {"connector": request(), "interval": "often"},
    {"connector": request(), "interval": "1000000 years"},
    {"connector": request(), "interval": 99999999999999999999},
    {"connector": request(), "interval": True},
    {"connector": request(), "intervall": 900},
    {"connector": request(), "table": "t"},
]


def refused(db: Database, call: str, *args: object) -> Any:
    with fails(secrets=("~secret~",)) as failure:
        db.rows(f"SELECT {call}", *args)
    return failure


def brief(text: str) -> str:
    return text if len(text) <= 200 else text[:200] + "..."


def expect_hints(db: Database, call: str, texts: list[str]) -> None:
    bare = []
    for text in texts:
        failure = refused(db, call, text)
        if not failure.hint:
            bare.append(f"{brief(text)}\n    {failure.message}\n    {failure.detail}")
    assert not bare, f"{call}: no hint for\n" + "\n".join(bare)


def test_each_refused_import_has_a_hint(db: Database, tidy: None) -> None:
    """JSON that PostgreSQL itself refuses never comes here."""
    expect_hints(db, "cdb_import_connector(%s)", TEXTS + [json.dumps(object) for object in OBJECTS])


def test_each_refused_sync_has_a_hint(db: Database) -> None:
    expect_hints(db, "cdb_sync_connector(%s)", [json.dumps(object) for object in SYNCS])


def test_other_functions(db: Database) -> None:
    nobody, good = "'00000000-0000-4000-8000-000000000000'", "'" + json.dumps(request()) + "'"
    calls = [
        f"cdb_sync_status({nobody})",
        f"cdb_sync_now({nobody})",
        f"cdb_sync_update({nobody}, '1 hour')",
        f"cdb_sync_delete({nobody})",
        f"cdb_import_status({nobody})",
        f"cdb_sync_connector({good}, '14 minutes')",
        f"cdb_sync_connector({good}, '-1 hour')",
        f"cdb_sync_connector({good}, '200 years')",
        f"cdb_connector_dry_run({good}, -1)",
        f"cdb_connector_tables({good}, -1)",
        "cdb_connector_info('mariadb')",
        "cdb_connector_info('oracle')",
        "cdb_connector_check('[]')",
    ]
    bare = [f"{call}: {failure.message}" for call in calls if not (failure := refused(db, call)).hint]
    assert not bare, "no hint for\n" + "\n".join(bare)


@pytest.fixture
def source(db: Database, one_remote: Remote) -> Iterator[Remote]:
    with remote_rows(one_remote, "orders", 3):
        yield one_remote
    drop_tables(db)


def test_what_the_remote_refuses(db: Database, source: Remote) -> None:
    """Each provider: a syntax error, two statements, no such table, column, schema, database, account; names that no
    database takes."""
    requests = [
        source.connector(sql_query="SELEC 1 FRM x", import_as="x"),
        source.connector(sql_query="SELECT 1 AS a; SELECT 2 AS b", import_as="x"),
        source.connector(sql_query="SELECT nosuch FROM orders", import_as="x"),
        source.connector(table="nosuch"),
        source.connector(table="orders", schema="nosuch"),
        source.connector(table="orders", columns=["nosuch"]),
        source.connector(table="orders", columns={"id": "nosuchtype"}),
        source.connector(table="public.nosuch"),
        source.connector(table="\U0001f600"),
        source.connector(table='a"b`c]d'),
        source.connector(table="x" * 1000),
        source.connector(connection=source.connection(database="nosuch"), table="orders"),
    ]
    if source.provider != "hive":  # which lets anybody in
        requests.append(source.connector(connection=source.connection(password="wrong"), table="orders"))
    expect_hints(db, "cdb_import_connector(%s)", [json.dumps(each) for each in requests])


def test_what_is_meant_otherwise_is_told(db: Database, source: Remote) -> None:
    """Schema and table in one name, a local name with a schema, an interval of an import."""
    with fails("nosuch", number=1011, hint='"schema": "public", "table": "nosuch"'):
        db.import_table(source.connector(table="public.nosuch"))
    db.import_table(source.connector(table="orders", import_as="raw.orders"))
    assert any('is named "raw_orders"' in notice and '"target_schema"' in notice for notice in db.notices), db.notices
    db.value("SELECT cdb_import_connector(%s)", json.dumps({"connector": source.connector(table="orders"), "interval": 900}))
    assert any("this is one import" in notice and "cdb_sync_connector()" in notice for notice in db.notices), db.notices


def test_a_name_that_mysql_cannot_have(db: Database, mysql: MySqlRemote) -> None:
    for keys in ({"table": "\U0001f600"}, {"table": "t", "schema": "\U0001f600"}):
        with fails("could not read table .*: the table does not exist", number=1011, hint="Check schema and table"):
            db.import_table(mysql.connector(**keys))
    listed = mysql.connector(schema="\U0001f600")
    assert db.rows("SELECT * FROM cdb_connector_tables(%s)", json.dumps(listed)) == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_nobody_listens(db: Database, provider: str) -> None:
    with fails("could not connect", number=1012, hint="Is the server running there"):
        db.rows("SELECT cdb_connector_check(%s)", json.dumps({"provider": provider, "connection": NOBODY}))
