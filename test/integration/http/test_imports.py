"""Imports by the Import API."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from harness.database import Database
from harness.http_client import Answer, HttpClient
from harness.import_api import IMPORT_MEMBERS, NOBODYS, finished_import, get_import

from servers.http import HttpServer
from servers.process import wait_until
from servers.remote_mysql import MySqlRemote

PATH = "/api/v1/imports"
KEY = "alice password"


@pytest.fixture(scope="module", autouse=True)
def hotels(mariadb: MySqlRemote) -> None:
    mariadb.execute(
        "CREATE OR REPLACE TABLE hotels (id int PRIMARY KEY, name varchar(20))",
        "INSERT INTO hotels VALUES (1, 'Ritz'), (2, 'Savoy')",
    )


@pytest.fixture
def bob(api: HttpServer) -> HttpClient:
    return HttpClient(api, "bob", "bob password")


@pytest.fixture
def slow(alice: HttpClient, mariadb: MySqlRemote) -> Iterator[str]:
    """An import that runs until it is cancelled."""
    connector = mariadb.connector(sql_query=mariadb.slow_query(200), import_as="slow")
    id = _created(alice.post(PATH, {"connector": connector}))
    wait_until(lambda: get_import(alice, id)["state"] == "uploading", what="the beginning of an import")
    yield id
    alice.post(f"{PATH}/{id}/cancel")


def _created(answer: Answer) -> str:
    assert answer.status == 200, (answer.status, answer.body)
    assert list(answer.json)[:2] == ["item_queue_id", "success"] and answer.json["success"] is True
    id = answer.json["item_queue_id"]
    assert isinstance(id, str)
    return id


def _refused(answer: Answer, status: int = 400) -> dict[str, Any]:
    """What is said of a refused import."""
    assert answer.status == status, (answer.status, answer.body)
    assert list(answer.json)[0] == "errors" and list(answer.json["errors"]) == ["imports"]
    assert isinstance(answer.json, dict)
    return answer.json


def _is_nothing(answer: Answer, status: int) -> bool:
    return answer.status == status and answer.body == b"" and "WWW-Authenticate" not in answer.headers


# from request to table


def test_from_a_request_to_its_table(api_database: Database, alice: HttpClient, mariadb: MySqlRemote) -> None:
    id = _created(alice.post(f"{PATH}/", {"connector": mariadb.connector(table="hotels", import_as="inns")}))
    told = finished_import(alice, id)
    assert list(told)[: len(IMPORT_MEMBERS)] == IMPORT_MEMBERS
    assert list(told)[len(IMPORT_MEMBERS) :][:2] == ["any_table_raster", "derived_visualization_id"]
    assert told | {
        "id": id,
        "user_id": "alice",
        "data_type": "datasource",
        "table_name": "inns",
        "state": "complete",
        "error_code": None,
        "queue_id": id,
        "tables_created_count": 1,
        "synchronization_id": None,
        "visualization_id": id,
        "get_error_text": None,
        "display_name": id,
        "success": True,
        "warnings": None,
        "any_table_raster": False,
        "derived_visualization_id": None,
        "rows": 2,
    } == told
    assert json.loads(told["user_defined_limits"]) == {}
    assert told["table_id"] == api_database.value("SELECT 'public.inns'::regclass::oid::bigint")
    assert api_database.rows("SELECT id, name FROM public.inns ORDER BY id") == [(1, "Ritz"), (2, "Savoy")]
    seen = alice.get(f"/api/v1/viz/{id}", type="table", exclude_shared="true", with_dependent_visualizations="1")
    assert seen.json == {"id": id, "name": "inns", "type": "table", "table": {"name": "inns"}}


def test_an_import_that_fails(alice: HttpClient, mariadb: MySqlRemote) -> None:
    id = _created(alice.post(PATH, {"connector": mariadb.connector(table="missing")}))
    told = finished_import(alice, id)
    assert list(told)[: len(IMPORT_MEMBERS)] == IMPORT_MEMBERS
    assert "any_table_raster" not in told and "derived_visualization_id" not in told
    assert (told["state"], told["success"], told["table_name"], told["visualization_id"]) == ("failure", False, None, None)
    assert told["error_code"] == 1011
    assert list(told["get_error_text"]) == ["title", "what_about", "source"]
    assert told["get_error_text"]["source"] == "remote"
    assert "missing" in told["error_message"]
    assert _is_nothing(alice.get(f"/api/v1/viz/{id}"), 404)


def test_an_import_under_way(alice: HttpClient, bob: HttpClient, slow: str, mariadb: MySqlRemote) -> None:
    told = get_import(alice, slow)
    assert "success" not in told and told["state"] == "uploading"
    assert list(told)[: len(IMPORT_MEMBERS) - 1] == [name for name in IMPORT_MEMBERS if name != "success"]
    connector = mariadb.connector(sql_query=mariadb.slow_query(200), import_as="slow")
    second = _created(alice.post(PATH, {"connector": connector}))
    assert alice.get(PATH).body == alice.get(f"{PATH}/").body
    assert alice.get(PATH).json == {"imports": [second, slow], "success": True}
    assert bob.get(PATH).json == {"imports": [], "success": True}
    for path in (f"/{slow}", f"/{slow}/"):
        assert _is_nothing(bob.get(PATH + path), 404)
    assert _is_nothing(bob.post(f"{PATH}/{slow}/cancel"), 404)
    assert _is_nothing(bob.get(f"/api/v1/viz/{slow}"), 404)
    answer = alice.post(f"{PATH}/{slow}/cancel")
    assert answer.status == 200 and answer.json | {"cancelled": True, "item_queue_id": slow, "state": "failure"} == answer.json
    assert alice.post(f"{PATH}/{second}/cancel/").json["cancelled"] is True
    assert finished_import(alice, slow)["error_code"] == 6672
    assert alice.get(PATH).json == {"imports": [], "success": True}
    answer = alice.post(f"{PATH}/{slow}/cancel")
    assert answer.status == 200 and answer.json["cancelled"] is False


@pytest.mark.parametrize("id", [NOBODYS, "nonsense", "{00000000-0000-4000-8000-000000000000}", "%27"])
def test_ids_of_nothing(alice: HttpClient, id: str) -> None:
    assert _is_nothing(alice.get(f"{PATH}/{id}"), 404)
    assert _is_nothing(alice.get(f"{PATH}/{id}/"), 404)
    assert _is_nothing(alice.post(f"{PATH}/{id}/cancel"), 404)
    assert _is_nothing(alice.get(f"/api/v1/viz/{id}"), 404)


def test_who_may_see_statistics(api_database: Database, api: HttpServer, alice: HttpClient, slow: str) -> None:
    """Members of pg_read_all_stats see the imports of others, and can do nothing with them."""
    api_database.execute("CREATE ROLE watcher LOGIN PASSWORD 'watcher password' IN ROLE pg_read_all_stats")
    try:
        watcher = HttpClient(api, "watcher", "watcher password")
        assert get_import(watcher, slow)["user_id"] == "alice"
        assert _is_nothing(watcher.post(f"{PATH}/{slow}/cancel"), 404)
        assert get_import(alice, slow)["state"] == "uploading"
        assert watcher.get(PATH).json["imports"] == [slow]
    finally:
        api_database.execute("DROP ROLE watcher")


# requests without a source, and what stands beside a connector


@pytest.mark.parametrize("body", [None, {}, {"connector": None}, {"client": "cps-1.11.3"}, {"privacy": "private"}, b"  "])
def test_a_request_without_a_source(alice: HttpClient, body: object) -> None:
    """It is accepted and fails, as with the original."""
    answer = alice.post(f"{PATH}/", body)
    assert list(answer.json) == ["item_queue_id", "success"]
    told = finished_import(alice, _created(answer))
    assert (told["state"], told["error_code"], told["success"]) == ("failure", 1502, False)
    assert told["get_error_text"]["title"] == "Invalid connector parameters"


def test_parameters_of_the_original_are_accepted(alice: HttpClient, mariadb: MySqlRemote) -> None:
    """Those that mean nothing here change nothing; the Python client sends what it knows of an import along."""
    body = {
        "interval": None,
        "create_vis": True,
        "privacy": "link",
        "type_guessing": False,
        "quoted_fields_guessing": "true",
        "content_guessing": False,
        "table_name": "elsewhere",
        "type": "table",
        "item_queue_id": NOBODYS,
        "success": True,
        "user_defined_limits": {"twitter_credits_limit": 0},
        "connector": mariadb.connector(table="hotels", import_as="along"),
    }
    assert finished_import(alice, _created(alice.post(PATH, body)))["table_name"] == "along"


def test_a_whole_import_can_be_sent_along(alice: HttpClient, mariadb: MySqlRemote) -> None:
    connector = mariadb.connector(table="hotels", import_as="whole")
    first = finished_import(alice, _created(alice.post(PATH, {"connector": connector})))
    del first["schema"], first["rows"], first["bytes"], first["skipped_columns"], first["sqlstate"]
    for name in ("error_message", "error_detail", "error_hint", "started_at", "ended_at"):
        del first[name]  # what the original has not
    assert finished_import(alice, _created(alice.post(PATH, first | {"connector": connector})))["table_name"] == "whole_1"


@pytest.mark.parametrize("where", ["body", "address"])
def test_collision_strategy(alice: HttpClient, mariadb: MySqlRemote, where: str) -> None:
    connector = mariadb.connector(table="hotels", import_as=f"taken_{where}")

    def imported(strategy: str | None) -> dict[str, Any]:
        body: dict[str, object] = {"connector": connector}
        if strategy is None:
            return finished_import(alice, _created(alice.post(PATH, body)))
        if where == "address":
            return finished_import(alice, _created(alice.post(PATH, body, collision_strategy=strategy)))
        return finished_import(alice, _created(alice.post(PATH, body | {"collision_strategy": strategy})))

    assert imported(None)["table_name"] == f"taken_{where}"
    assert imported("overwrite")["table_name"] == f"taken_{where}"
    skipped = imported("skip")
    assert (skipped["state"], skipped["success"], skipped["table_name"]) == ("complete", True, None)
    assert (skipped["error_code"], skipped["tables_created_count"], skipped["visualization_id"]) == (1022, 0, None)
    assert _is_nothing(alice.get(f"/api/v1/viz/{skipped['id']}"), 404)
    assert imported("rename")["table_name"] == f"taken_{where}_1"
    assert imported(None)["table_name"] == f"taken_{where}_2"


def test_collision_strategy_can_be_said_once(alice: HttpClient, mariadb: MySqlRemote) -> None:
    connector = mariadb.connector(table="hotels", collision_strategy="skip")
    told = _refused(alice.post(PATH, {"connector": connector, "collision_strategy": "overwrite"}))
    assert told["error_code"] == 1502 and "collision_strategy" in told["detail"]


# requests that are refused


def test_an_invalid_connector(alice: HttpClient) -> None:
    told = _refused(alice.post(PATH, {"connector": {"provider": "mysql", "connection": {"server": "x"}, "tabel": "t"}}))
    assert list(told) == ["errors", "detail", "hint", "error_code", "sqlstate", "parameter"]
    assert told["errors"]["imports"].startswith("invalid connector parameters: ")
    assert "tabel" in told["detail"] and "connection.username" in told["detail"]
    assert (told["error_code"], told["sqlstate"]) == (1502, "HV024")


@pytest.mark.parametrize("connector", ["mysql", 1, [], True])
def test_a_connector_that_is_no_object(alice: HttpClient, connector: object) -> None:
    assert _refused(alice.post(PATH, {"connector": connector}))["error_code"] == 1502


@pytest.mark.parametrize("source", ["url", "file", "sql", "table_copy", "filename", "remote_visualization_id"])
def test_only_connectors_are_imported(alice: HttpClient, source: str) -> None:
    told = _refused(alice.post(PATH, {source: "https://examplehost.com/sample.csv"}))
    assert told["errors"]["imports"] == f'only connectors are imported, not "{source}"' and "connector" in told["hint"]
    assert _refused(alice.post(PATH, **{source: "https://examplehost.com/sample.csv"})) == told


def test_unknown_members(alice: HttpClient, mariadb: MySqlRemote) -> None:
    answer = alice.post(PATH, {"connector": mariadb.connector(table="hotels"), "colision_strategy": "skip"})
    told = _refused(answer)
    assert "colision_strategy" in told["errors"]["imports"] and "collision_strategy" in told["hint"]
    # A connector that is not wrapped names no source, and is refused for its members.
    _refused(alice.post(PATH, mariadb.connector(table="hotels")))


def test_members_that_are_there_twice(alice: HttpClient, mariadb: MySqlRemote) -> None:
    connector = json.dumps(mariadb.connector(table="hotels"))
    answer = alice.post(PATH, f'{{"connector": {connector}, "connector": {connector}}}')
    assert "connector" in _refused(answer)["errors"]["imports"]
    twice = connector.replace('"table": "hotels"', '"table": "hotels", "table": "mytable"')
    assert twice != connector
    told = _refused(alice.post(PATH, f'{{"connector": {twice}}}'))
    assert told["error_code"] == 1502 and "table" in told["detail"]


@pytest.mark.parametrize("body", ["{", "[]", '"connector"', '{"connector": {}} x', '{"connector": {"port": 01}}', "\x00"])
def test_bodies_that_are_no_objects(alice: HttpClient, body: str) -> None:
    answer = alice.post(PATH, body)
    assert answer.status == 400 and isinstance(answer.json["errors"], str)
    assert "connector JSON" not in answer.json["errors"] and "body" in answer.json["errors"]


def test_where_a_body_is_wrong(alice: HttpClient) -> None:
    """The byte is told, and nothing of the text."""
    answer = alice.post(PATH, '{"connector": {"password": secret}}')
    assert answer.json["errors"] == "malformed JSON body" and "at byte 2" in answer.json["detail"]
    assert b"secret" not in answer.body
    assert alice.post(PATH, "[" + "1," * 10_001 + "1]").json["errors"] == "the JSON body has too many values"


def test_numbers_and_texts_stay_as_they_are(api_database: Database, alice: HttpClient, mariadb: MySqlRemote) -> None:
    connector = json.dumps(mariadb.connector(table="hotels", import_as='naïve "\\ \t\U0001f600'))
    for number in ("9007199254740993", "9223372036854775807"):
        body = connector[:-1] + f', "max_rows": {number}}}'
        id = _created(alice.post(PATH, f'{{"connector": {body}}}'))
        request = api_database.value("SELECT request::text FROM connector.imports WHERE item_queue_id = %s", id)
        assert f'"max_rows":{number}' in request.replace(" ", "")
        assert json.loads(request)["import_as"] == 'naïve "\\ \t\U0001f600'
        finished_import(alice, id)
    told = _refused(alice.post(PATH, f'{{"connector": {connector[:-1]}, "max_rows": 1.50}}}}'))
    assert "max_rows" in told["detail"]


def test_what_a_role_may_not(api_database: Database, api: HttpServer, mariadb: MySqlRemote) -> None:
    api_database.execute("CREATE ROLE guest LOGIN PASSWORD 'guest password'")
    try:
        guest = HttpClient(api, "guest", "guest password")
        told = _refused(guest.post(PATH, {"connector": mariadb.connector(table="hotels")}), 403)
        assert "permission" in told["errors"]["imports"] and told["sqlstate"] == "42501"
        _refused(guest.post(PATH), 403)
    finally:
        api_database.execute("DROP ROLE guest")


def test_too_many(api_database: Database, api: HttpServer, mariadb: MySqlRemote) -> None:
    """A role that may run one import at a time, and let one wait."""
    api_database.execute(
        "CREATE ROLE busy LOGIN PASSWORD 'busy password'; GRANT USAGE ON FOREIGN DATA WRAPPER connector TO busy; "
        "GRANT CREATE ON SCHEMA public TO busy; ALTER ROLE busy SET connector.max_imports_per_role = 1; "
        "ALTER ROLE busy SET connector.max_queued_imports_per_role = 1; ALTER ROLE busy SET connector.allowed_hosts = '127.0.0.1'"
    )
    busy = HttpClient(api, "busy", "busy password")
    body = {"connector": mariadb.connector(sql_query=mariadb.slow_query(200), import_as="slow")}
    try:
        running = _created(busy.post(PATH, body))
        wait_until(lambda: get_import(busy, running)["state"] == "uploading", what="the beginning of an import")
        _created(busy.post(PATH, body))
        answer = busy.post(PATH, body)
        told = _refused(answer, 429)
        assert told["errors"]["imports"] == "We're sorry but you're already using your allowed 1 import slots"
        assert told["error_code"] == 6669 and "max_queued_imports_per_role" in told["hint"]
        assert answer.headers["Carto-Rate-Limit-Limit"] == "1" and answer.headers["Carto-Rate-Limit-Remaining"] == "0"
        assert int(answer.headers["Retry-After"]) >= 0 and int(answer.headers["Carto-Rate-Limit-Reset"]) >= 0
        assert len(busy.get(PATH).json["imports"]) == 2
    finally:
        for id in busy.get(PATH).json["imports"]:
            busy.post(f"{PATH}/{id}/cancel")
        wait_until(lambda: busy.get(PATH).json["imports"] == [], what="the end of the imports")
        api_database.execute("DROP OWNED BY busy; DROP ROLE busy")


def test_a_transaction_that_may_not_write(api_database: Database, api: HttpServer, mariadb: MySqlRemote) -> None:
    """As on a standby."""
    api_database.execute(
        "CREATE ROLE reader LOGIN PASSWORD 'reader password'; GRANT USAGE ON FOREIGN DATA WRAPPER connector TO reader; "
        "ALTER ROLE reader SET default_transaction_read_only = on"
    )
    try:
        reader = HttpClient(api, "reader", "reader password")
        told = _refused(reader.post(PATH, {"connector": mariadb.connector(table="hotels")}), 403)
        assert told["sqlstate"] == "25006"
        assert reader.get(PATH).json == {"imports": [], "success": True}
    finally:
        api_database.execute("DROP OWNED BY reader; DROP ROLE reader")


# who asks


def _basic(user: str, key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()}


BEARER = {"Authorization": f"Bearer {KEY}"}


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("prefix", ["/user/alice", "/u/alice", ""])
@pytest.mark.parametrize("way", ["query", "body", "basic", "bearer"])
def test_ways_to_say_who_asks(api: HttpServer, alice: HttpClient, mariadb: MySqlRemote, way: str, prefix: str, slash: str) -> None:
    """The role by the path or the host, the key wherever a request may have it; never is it part of the request."""
    client = HttpClient(api)
    headers = {"query": {}, "body": {}, "basic": _basic("alice", KEY), "bearer": BEARER}[way]
    if not prefix:
        headers = headers | {"Host": f"alice.localhost:{api.port}"}
    query = {"api_key": KEY} if way == "query" else {}
    body: dict[str, object] = {"connector": mariadb.connector(table="missing"), "client": "cps-1.11.3"}
    if way == "body":
        body["api_key"] = KEY
    id = _created(client.request("POST", f"{prefix}{PATH}{slash}", body, headers=headers, **query))
    assert get_import(alice, id)["user_id"] == "alice"
    if way != "body":
        answer = client.request("GET", f"{prefix}{PATH}/{id}{slash}", headers=headers, **query)
        assert answer.status == 200 and answer.json["id"] == id
        head = client.request("HEAD", f"{prefix}{PATH}/{id}{slash}", headers=headers, **query)
        assert head.status == 200 and head.body == b""
    finished_import(alice, id)


def test_basic_names_the_user(api: HttpServer) -> None:
    """An address has none."""
    assert HttpClient(api).request("GET", PATH, headers=_basic("alice", KEY)).status == 200


NOBODY: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("/user/alice", {}, {}),
    ("/user/alice", {}, {"api_key": ""}),
    ("/user/alice", {}, {"api_key": "wrong"}),
    ("/user/bob", {}, {"api_key": KEY}),
    ("/user/nobody", {}, {"api_key": KEY}),
    ("", {}, {"api_key": KEY}),
    ("/user/alice", _basic("alice", "wrong"), {}),
    ("/user/alice", _basic("bob", KEY), {}),
    ("/user/bob", _basic("alice", KEY), {}),
    ("/user/alice", {"Authorization": "Bearer wrong"}, {}),
    ("/user/alice", {"Authorization": "Basic alice"}, {"api_key": KEY}),
    ("/user/alice", {"Authorization": "Digest alice"}, {"api_key": KEY}),
]


@pytest.mark.parametrize("number", range(len(NOBODY)))
def test_who_is_not_let_in(api: HttpServer, number: int) -> None:
    prefix, headers, query = NOBODY[number]
    client = HttpClient(api, address=f"127.0.0.{100 + number}")
    for path in (PATH, f"{PATH}/{NOBODYS}", "/api/v1/synchronizations", "/api/v1/connectors", f"/api/v1/viz/{NOBODYS}"):
        assert _is_nothing(client.request("GET", prefix + path, headers=headers, **query), 401)
    assert _is_nothing(client.request("POST", prefix + PATH, {"connector": {}}, headers=headers, **query), 401)


def test_two_keys(api: HttpServer, mariadb: MySqlRemote) -> None:
    client = HttpClient(api)
    path = f"/user/alice{PATH}"
    assert client.request("GET", path, headers=BEARER, api_key=KEY).status == 200
    assert client.request("GET", path, headers=BEARER, api_key="another").status == 400
    assert client.request("GET", f"{path}?api_key=alice+password&api_key=another").status == 400
    body = {"connector": mariadb.connector(table="hotels"), "api_key": "another"}
    assert client.request("POST", path, body, api_key=KEY).status == 400
    assert client.request("GET", path, headers=_basic("alice", KEY), api_key="another").status == 400


def test_paths_and_methods(alice: HttpClient) -> None:
    assert alice.get("/api/v1/imports/x/y").status == 404
    assert alice.get("/api/v1/viz").status == 404
    answer = alice.put(PATH)
    assert answer.status == 405 and answer.headers["Allow"] == "GET, HEAD, POST"
    assert alice.delete(f"{PATH}/{NOBODYS}").status == 405
