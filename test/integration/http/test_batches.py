"""Many tables of a remote database by one request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from harness.database import Database
from harness.http_client import HttpClient
from harness.http_roles import BOB
from harness.import_api import finished_import, sync_in
from harness.syncs import Syncs, wait_for_batch

from servers.http import HttpServer
from servers.remote_mysql import MySqlRemote

PATH = "/api/v1/batches"
ROW = ["schema", "name", "table_name", "item_queue_id", "synchronization_id", "batch_id", "problem"]


@pytest.fixture(scope="module", autouse=True)
def tables(mariadb: MySqlRemote) -> None:
    for name in ("batch_rooms", "batch_guests", "batch_bills", "other_rooms"):
        mariadb.execute(f"CREATE OR REPLACE TABLE {name} (id int PRIMARY KEY)", f"INSERT INTO {name} VALUES (1), (2)")


@pytest.fixture(autouse=True)
def nothing_is_left(api_database: Database) -> Iterator[None]:
    yield
    Syncs(api_database).clean()


def made(client: HttpClient, body: dict[str, object]) -> dict[str, Any]:
    answer = client.post(PATH, body)
    assert answer.status == 200, (answer.status, answer.body)
    assert list(answer.json)[:2] == ["batch_id", "tables"] and isinstance(answer.json, dict)
    assert all(list(row) == ROW for row in answer.json["tables"])
    return answer.json


def test_imports(api_database: Database, alice: HttpClient, mariadb: MySqlRemote) -> None:
    told = made(alice, {"connector": mariadb.connector(), "tables": ["batch_*", "other_rooms", "!batch_bills", "gone"], "interval": None})
    rows = {row["name"]: row for row in told["tables"]}
    assert set(rows) == {"batch_rooms", "batch_guests", "other_rooms", "gone"}
    assert rows["gone"]["problem"] and rows["gone"]["item_queue_id"] is None and rows["gone"]["batch_id"] is None
    wait_for_batch(api_database, told["batch_id"])
    for name in ("batch_rooms", "batch_guests", "other_rooms"):
        assert rows[name]["batch_id"] == told["batch_id"] and rows[name]["problem"] is None
        assert rows[name]["synchronization_id"] is None
        assert finished_import(alice, rows[name]["item_queue_id"])["state"] == "complete"
        assert api_database.value(f"SELECT count(*) FROM public.{name}") == 2
    listed = alice.get("/api/v1/activity").json["imports"]
    assert {row["table_name"] for row in listed} == {"batch_rooms", "batch_guests", "other_rooms"}
    assert {row["batch_id"] for row in listed} == {told["batch_id"]}


def test_syncs(alice: HttpClient, mariadb: MySqlRemote) -> None:
    body = {"connector": mariadb.connector(), "tables": ["batch_*"], "interval": 7200}
    told = made(alice, body)
    assert {row["name"] for row in told["tables"]} == {"batch_rooms", "batch_guests", "batch_bills"}
    for row in told["tables"]:
        assert row["batch_id"] == told["batch_id"] and row["problem"] is None
        assert sync_in(alice, row["synchronization_id"], "success")["interval"] == 7200
    again = made(alice, body)  # those that there are stay as they are
    assert again["batch_id"] is None
    assert {row["synchronization_id"] for row in again["tables"]} == {row["synchronization_id"] for row in told["tables"]}


def test_all_tables(api_database: Database, alice: HttpClient, mariadb: MySqlRemote) -> None:
    names = {row["name"] for row in alice.post("/api/v1/connectors/mysql/tables", mariadb.connector()).json}
    for body in ({"tables": None}, {}):
        told = made(alice, {"connector": {**mariadb.connector(), "collision_strategy": "overwrite"}, **body})
        assert {row["name"] for row in told["tables"]} == names
        wait_for_batch(api_database, told["batch_id"])


def test_none_is_meant(alice: HttpClient, mariadb: MySqlRemote) -> None:
    told = made(alice, {"connector": mariadb.connector(), "tables": ["batch_x*"]})
    assert told["batch_id"] is None and told["tables"] == []
    assert told["notices"][0].startswith("no table or view of the remote is meant")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"tables": "a"}, '"tables" must be a list of texts'),
        ({"tables": ["a", 1]}, '"tables" must be a list of texts'),
        ({"tables": ["a", None]}, '"tables" must be a list of texts'),
        ({"tables": {"a": "b"}}, '"tables" must be a list of texts'),
        ({"interval": "soon"}, "interval"),
        ({"interval": True}, "interval"),
        ({"interval": -5}, "Invalid interval"),
        ({"tabels": ["a"]}, 'unknown member "tabels"'),
        ({"connector": None}, 'missing key "connector"'),
    ],
)
def test_wrong_requests(alice: HttpClient, mariadb: MySqlRemote, body: dict[str, object], word: str) -> None:
    answer = alice.post(PATH, {"connector": mariadb.connector()} | body)
    assert answer.status == 400 and word in answer.json["errors"], answer
    assert alice.get("/api/v1/activity").json["imports_total"] == 0


def test_wrong_connectors(alice: HttpClient, mariadb: MySqlRemote) -> None:
    answer = alice.post(PATH, {"connector": mariadb.connector(table="batch_rooms")})
    assert answer.status == 400 and answer.json["error_code"] == 1502 and "table" in answer.json["errors"] + answer.json["detail"]
    answer = alice.post(PATH, {"connector": mariadb.connector(connection=mariadb.connection(port=1))})
    assert answer.status == 400 and answer.json["error_code"] == 1012


def test_what_a_role_may_not(api_database: Database, api: HttpServer, mariadb: MySqlRemote) -> None:
    api_database.execute("CREATE ROLE visitor LOGIN PASSWORD 'visitor password'")
    try:
        answer = HttpClient(api, "visitor", "visitor password").post(PATH, {"connector": mariadb.connector()})
        assert answer.status == 403 and "permission" in answer.json["errors"]
    finally:
        api_database.execute("DROP ROLE visitor")


def test_too_many(api_database: Database, api: HttpServer, alice: HttpClient, mariadb: MySqlRemote) -> None:
    """More syncs than a role may have: none is made."""
    api_database.execute("ALTER ROLE bob SET connector.max_stored_syncs_per_role = 2")
    try:
        bob = HttpClient(api, "bob", BOB)
        answer = bob.post(PATH, {"connector": mariadb.connector(), "tables": ["batch_*"], "interval": 3600})
        assert answer.status == 429 and answer.json["error_code"] == 6669, answer
        assert answer.headers["Carto-Rate-Limit-Limit"] == "2" and int(answer.headers["Retry-After"]) > 0
        assert bob.get("/api/v1/activity").json["syncs_total"] == 0
    finally:
        api_database.execute("ALTER ROLE bob RESET connector.max_stored_syncs_per_role")
