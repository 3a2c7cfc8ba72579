"""Saved servers by the Import API."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
from harness.database import Database
from harness.http_client import Answer, HttpClient
from harness.http_roles import BOB
from harness.import_api import finished_import

from servers.http import HttpServer
from servers.remote_mysql import MySqlRemote

PATH = "/api/v1/servers"
SECRET = "Geheim4711"
CONNECTION = {"server": "db.example.com", "port": 3307, "username": "ana", "password": SECRET}
SHOWN = {**CONNECTION, "password": "********"}


@pytest.fixture(autouse=True)
def nothing_left(api_database: Database) -> Iterator[None]:
    yield
    for (name,) in api_database.rows("SELECT srvname FROM pg_foreign_server"):
        api_database.execute(f"DROP SERVER {_quoted(name)} CASCADE")


@pytest.fixture
def bob(api: HttpServer) -> HttpClient:
    return HttpClient(api, "bob", BOB)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _at(name: str) -> str:
    return f"{PATH}/{urllib.parse.quote(name, safe='')}"


def _listed(client: HttpClient) -> list[dict[str, Any]]:
    answer = client.get(PATH)
    assert answer.status == 200, answer
    assert list(answer.json) == ["servers"] and SECRET not in answer.body.decode()
    found = answer.json["servers"]
    assert isinstance(found, list)
    return found


def _refused(answer: Answer, status: int, errors: str) -> dict[str, Any]:
    assert answer.status == status, answer
    assert errors in answer.json["errors"], answer.json
    assert SECRET not in answer.body.decode()
    found = answer.json
    assert isinstance(found, dict)
    return found


def test_it_is_saved_listed_changed_and_dropped(alice: HttpClient, bob: HttpClient) -> None:
    assert _listed(alice) == []
    made = alice.post(PATH, {"name": "shop", "provider": "mysql", "connection": CONNECTION})
    assert made.status == 201, made
    assert list(made.json) == ["name", "provider", "owner", "may_change", "connection", "used_by"]
    assert made.json == {
        "name": "shop", "provider": "mysql", "owner": "alice", "may_change": True, "connection": SHOWN, "used_by": 0
    }  # fmt: skip
    assert _listed(alice) == [made.json] and _listed(bob) == []
    # As it was shown.
    assert alice.put(_at("shop"), made.json).json == made.json
    changed = alice.put(_at("shop"), {"connection": {**CONNECTION, "server": "db2", "password": "new"}})
    assert (changed.status, changed.json["connection"]) == (200, {**SHOWN, "server": "db2"})
    refused = _refused(alice.put(_at("shop"), {"connection": SHOWN}), 400, "can't be kept")
    assert refused["error_code"] == 1502 and '"connection.server"' in refused["detail"]
    assert alice.put(_at("shop"), {"connection": {"server": "db3", "password": None}}).json["connection"] == {"server": "db3"}
    assert alice.delete(_at("shop")).status == 204
    assert _listed(alice) == []


def test_an_import_by_its_name(alice: HttpClient, mariadb: MySqlRemote) -> None:
    mariadb.create_rows("hotels", 3)
    saved = {"name": "Größe/ä?", "provider": "mysql", "connection": mariadb.connection()}
    assert alice.post(PATH, saved).status == 201
    connector = {"connection": saved["name"], "table": "hotels"}
    assert alice.post("/api/v1/connectors/mysql/connect", connector).json == {"connected": True}
    item = alice.post("/api/v1/imports", {"connector": connector}).json["item_queue_id"]
    assert finished_import(alice, item)["rows"] == 3
    sync = alice.post("/api/v1/synchronizations", {"connector": {**connector, "import_as": "synced"}, "interval": 86400}).json
    assert _listed(alice)[0]["used_by"] == 1
    refused = _refused(alice.delete(_at(saved["name"])), 400, "is used by 1 sync")
    assert (refused["error_code"], refused["sqlstate"]) == (2013, "2BP01")
    assert alice.delete(f"/api/v1/synchronizations/{sync['id']}").status == 204
    assert alice.delete(_at(saved["name"])).status == 204


def test_who_may_do_what(alice: HttpClient, bob: HttpClient, api_database: Database) -> None:
    body = {"name": "shop", "provider": "mysql", "connection": CONNECTION}
    assert alice.post(PATH, body).status == 201
    # What one may not use is not there, but its name is taken.
    assert bob.put(_at("shop"), {"connection": CONNECTION}).status == 404
    assert bob.delete(_at("shop")).status == 404
    _refused(bob.post(PATH, body), 403, "permission denied for foreign server shop")
    _refused(alice.post(PATH, body), 400, 'server "shop" already exists')
    api_database.execute("GRANT USAGE ON FOREIGN SERVER shop TO bob")
    (seen,) = _listed(bob)
    assert (seen["owner"], seen["may_change"], seen["connection"]) == ("alice", False, {"server": "db.example.com", "port": 3307})
    own = bob.put(_at("shop"), {"connection": {**seen["connection"], "username": "ben", "password": SECRET}})
    assert own.json["connection"] == {**SHOWN, "username": "ben"}
    elsewhere = bob.put(_at("shop"), {"connection": {**CONNECTION, "server": "evil"}})
    refused = _refused(elsewhere, 403, "must be owner of foreign server shop")
    assert "alice" in refused["detail"]
    _refused(bob.delete(_at("shop")), 403, "must be owner of foreign server shop")
    api_database.execute("REVOKE USAGE ON FOREIGN DATA WRAPPER connector FROM bob")
    try:
        _refused(bob.post(PATH, {**body, "name": "mine"}), 403, "permission denied for foreign-data wrapper connector")
    finally:
        api_database.execute("GRANT USAGE ON FOREIGN DATA WRAPPER connector TO bob")


def test_what_postgresql_knows_of_keeps_it(alice: HttpClient, api_database: Database) -> None:
    assert alice.post(PATH, {"name": "shop", "provider": "mysql", "connection": CONNECTION}).status == 201
    api_database.execute("CREATE FOREIGN TABLE far (a int) SERVER shop OPTIONS (table_name 'x')")
    refused = _refused(alice.delete(_at("shop")), 400, "cannot drop server shop because other objects depend on it")
    assert refused["sqlstate"] == "2BP01" and "far" in refused["detail"]
    assert len(_listed(alice)) == 1
    api_database.execute("DROP FOREIGN TABLE far")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"provider": "mysql", "connection": CONNECTION}, 'missing key "name"'),
        ({"name": 7, "provider": "mysql", "connection": CONNECTION}, 'key "name" must be a string'),
        ({"name": " ", "provider": "mysql", "connection": CONNECTION}, "must not be blank"),
        ({"name": "mysql://ana@db", "provider": "mysql", "connection": CONNECTION}, "must not be a URL"),
        ({"name": "x" * 64, "provider": "mysql", "connection": CONNECTION}, "too long"),
        ({"name": "a\0b", "provider": "mysql", "connection": CONNECTION}, "zero byte"),
        ({"name": "shop", "connection": CONNECTION}, '"provider"'),
        ({"name": "shop", "provider": "oracle", "connection": CONNECTION}, '"provider"'),
        ({"name": "shop", "provider": "mysql"}, '"connection"'),
        ({"name": "shop", "provider": "mysql", "connection": "other"}, '"connection"'),
        ({"name": "shop", "provider": "mysql", "connection": {"port": 1, "passwort": SECRET}}, '"connection.passwort"'),
        ({"name": "shop", "provider": "mysql", "connection": CONNECTION, "table": "t"}, "unknown member"),
    ],
)
def test_what_is_wrong_is_said(alice: HttpClient, body: dict[str, object], errors: str) -> None:
    _refused(alice.post(PATH, body), 400, errors)
    assert _listed(alice) == []


def test_what_is_not_there(alice: HttpClient, api_database: Database) -> None:
    api_database.execute("CREATE FOREIGN DATA WRAPPER other; CREATE SERVER theirs FOREIGN DATA WRAPPER other")
    try:
        for name in ("nowhere", "theirs"):
            assert alice.put(_at(name), {"connection": CONNECTION}).status == 404
            assert alice.delete(_at(name)).status == 404
        assert _listed(alice) == []
        _refused(alice.post(PATH, {"name": "theirs", "provider": "mysql", "connection": CONNECTION}), 400, "is not one of")
    finally:
        api_database.execute("DROP FOREIGN DATA WRAPPER other CASCADE")
