"""Syncs by the Import API."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from harness.database import Database
from harness.http_client import Answer, HttpClient
from harness.http_roles import ALICE
from harness.import_api import IMPORT_MEMBERS, NOBODYS, SYNC_MEMBERS, finished_import, get_import, get_sync, sync_in
from harness.syncs import Syncs

from servers.http import HttpServer
from servers.process import wait_until
from servers.remote_mysql import MySqlRemote

PATH = "/api/v1/synchronizations"


@pytest.fixture(scope="module", autouse=True)
def hotels(mariadb: MySqlRemote) -> None:
    mariadb.execute(
        "CREATE OR REPLACE TABLE hotels (id int PRIMARY KEY, name varchar(20))",
        "INSERT INTO hotels VALUES (1, 'Ritz'), (2, 'Savoy')",
    )


@pytest.fixture(autouse=True)
def no_syncs(api_database: Database) -> Iterator[None]:
    """None is left."""
    yield
    Syncs(api_database).clean()


@pytest.fixture
def bob(api: HttpServer) -> HttpClient:
    return HttpClient(api, "bob", "bob password")


def _created(alice: HttpClient, mariadb: MySqlRemote, **keys: object) -> dict[str, Any]:
    """A sync that is made by a request, and whose first run has ended."""
    answer = alice.post(f"{PATH}/", {"connector": mariadb.connector(table="hotels", **keys), "interval": 86400})
    assert answer.status == 200, (answer.status, answer.body)
    return sync_in(alice, answer.json["id"], "success", "failure")


def _is_nothing(answer: Answer, status: int) -> bool:
    return answer.status == status and answer.body == b""


# making


def test_from_a_request_to_its_table(api_database: Database, alice: HttpClient, mariadb: MySqlRemote) -> None:
    answer = alice.post(PATH, {"connector": mariadb.connector(table="hotels", import_as="inns"), "interval": 2592000})
    assert answer.status == 200
    made = answer.json
    assert list(made)[: len(SYNC_MEMBERS)] == SYNC_MEMBERS
    assert list(made["data_import"]) == ["endpoint", "item_queue_id"]
    assert made["data_import"]["endpoint"] == "/api/v1/imports"
    assert made | {"interval": 2592000, "url": None, "user_id": "alice", "retried_times": 0, "service_name": "connector"} == made
    assert made["state"] in ("created", "queued")
    request = json.loads(made["service_item_id"])
    assert request["connection"]["password"] == "********" and request["table"] == "hotels"
    first = finished_import(alice, made["data_import"]["item_queue_id"])
    assert first["synchronization_id"] == made["id"] and first["table_name"] == "inns" and list(first)[:3] == IMPORT_MEMBERS[:3]
    assert alice.get(f"/api/v1/viz/{first['visualization_id']}").json["name"] == "inns"
    told = sync_in(alice, made["id"], "success")
    assert list(told) == list(made) and (told["name"], told["error_code"]) == ("inns", None)
    assert api_database.rows("SELECT id, name FROM public.inns ORDER BY id") == [(1, "Ritz"), (2, "Savoy")]


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({}, 3600),
        ({"interval": None}, 3600),
        ({"interval": "3600"}, 3600),
        ({"interval": 900}, 900),
        ({"interval": 1000.0}, 1000),
        ({"interval": "2 hours"}, 7200),
    ],
)
def test_intervals(alice: HttpClient, mariadb: MySqlRemote, body: dict[str, object], seconds: int) -> None:
    answer = alice.post(PATH, body | {"connector": mariadb.connector(table="hotels")})
    assert answer.status == 200 and answer.json["interval"] == seconds
    assert get_sync(alice, answer.json["id"])["interval"] == seconds


@pytest.mark.parametrize(("number", "seconds"), [("1e3", 1000), ("3.6E+3", 3600), ("900.0e0", 900), ("9007199254", None), ("1e400", None)])
def test_intervals_as_numbers_of_json(alice: HttpClient, mariadb: MySqlRemote, number: str, seconds: int | None) -> None:
    connector = json.dumps(mariadb.connector(table="hotels"))
    answer = alice.post(PATH, f'{{"connector": {connector}, "interval": {number}}}')
    assert answer.status == (400 if seconds is None else 200), answer.body
    assert answer.json.get("interval") == seconds


def test_an_interval_in_the_address(alice: HttpClient, mariadb: MySqlRemote) -> None:
    body = {"connector": mariadb.connector(table="hotels")}
    assert alice.post(PATH, body, interval="1800").json["interval"] == 1800


@pytest.mark.parametrize(
    ("setting", "least"), [("15min", "15 minutes"), ("60s", "1 minute"), ("90s", "90 seconds"), ("1d", "1440 minutes")]
)
def test_too_short_an_interval(api_database: Database, api: HttpServer, mariadb: MySqlRemote, setting: str, least: str) -> None:
    name = f"hasty_{setting}"
    api_database.execute(
        f"CREATE ROLE {name} LOGIN PASSWORD '{name} password'; GRANT USAGE ON FOREIGN DATA WRAPPER connector TO {name}; "
        f"GRANT CREATE ON SCHEMA public TO {name}; ALTER ROLE {name} SET connector.min_sync_interval = '{setting}'"
    )
    try:
        hasty = HttpClient(api, name, f"{name} password")
        body = {"connector": mariadb.connector(table="hotels")}
        for interval in (1, "1", -5):
            answer = hasty.post(PATH, body | {"interval": interval})
            assert answer.status == 400
            assert list(answer.json)[0] == "errors"
            assert answer.json["errors"] == f"Invalid interval: Sync interval must be at least {least}"
            assert answer.json["error_code"] == 1502 and "min_sync_interval" in answer.json["hint"]
        made = hasty.post(PATH, body | {"interval": 86400})
        assert made.status == 200
        changed = hasty.put(f"{PATH}/{made.json['id']}", {"interval": 1})
        assert changed.status == 400 and changed.json["errors"].endswith(f"must be at least {least}")
        assert get_sync(hasty, made.json["id"])["interval"] == 86400
    finally:
        Syncs(api_database).clean()
        api_database.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


@pytest.mark.parametrize("interval", ["soon", "", True, [900], {"seconds": 900}, "200 years", 1e30, 900.9])
def test_what_is_no_interval(alice: HttpClient, mariadb: MySqlRemote, interval: object) -> None:
    answer = alice.post(PATH, {"connector": mariadb.connector(table="hotels"), "interval": interval})
    assert answer.status == 400 and "interval" in answer.json["errors"], answer.body
    assert "Invalid interval" not in answer.json["errors"]
    assert alice.get(PATH).json["total_entries"] == 0


@pytest.mark.parametrize("body", [None, {}, {"interval": 900}, {"connector": None}, {"url": "https://public.url.to.file/sample_file"}])
def test_without_a_connector(alice: HttpClient, body: object) -> None:
    answer = alice.post(PATH, body)
    assert answer.status == 400 and answer.json["errors"] == 'missing key "connector"'
    assert "interval" in answer.json["hint"]


def test_an_invalid_connector(alice: HttpClient, mariadb: MySqlRemote) -> None:
    answer = alice.post(PATH, {"connector": {"provider": "mysql", "connection": {"server": "x"}}, "interval": 3600})
    assert answer.status == 400 and list(answer.json) == ["errors", "detail", "hint", "error_code", "sqlstate", "parameter"]
    assert "connection.username" in answer.json["detail"] and answer.json["error_code"] == 1502
    unknown = alice.post(PATH, {"connector": mariadb.connector(table="hotels"), "intervall": 3600})
    assert unknown.status == 400 and "intervall" in unknown.json["errors"]
    connector = json.dumps(mariadb.connector(table="hotels"))
    twice = alice.post(PATH, f'{{"connector": {connector}, "interval": 3600, "interval": 7200}}')
    assert twice.status == 400 and "interval" in twice.json["errors"]
    assert alice.get(PATH).json["total_entries"] == 0


def test_collision_strategy(alice: HttpClient, mariadb: MySqlRemote) -> None:
    connector = mariadb.connector(table="hotels")
    answer = alice.post(PATH, {"connector": connector, "collision_strategy": "overwrite"})
    assert json.loads(answer.json["service_item_id"])["collision_strategy"] == "overwrite"


def test_what_a_role_may_not(api_database: Database, api: HttpServer, mariadb: MySqlRemote) -> None:
    api_database.execute(
        "CREATE ROLE visitor LOGIN PASSWORD 'visitor password'; CREATE ROLE owner LOGIN PASSWORD 'owner password'; "
        "GRANT USAGE ON FOREIGN DATA WRAPPER connector TO owner; GRANT CREATE ON SCHEMA public TO owner; "
        "ALTER ROLE owner SET connector.max_stored_syncs_per_role = 1"
    )
    body = {"connector": mariadb.connector(table="hotels")}
    try:
        answer = HttpClient(api, "visitor", "visitor password").post(PATH, body)
        assert answer.status == 403 and "permission" in answer.json["errors"]
        owner = HttpClient(api, "owner", "owner password")
        assert owner.post(PATH, body).status == 200
        answer = owner.post(PATH, {"connector": mariadb.connector(table="hotels", import_as="more")})
        assert answer.status == 429 and answer.json["error_code"] == 6669 and "1 syncs" in answer.json["errors"]
        assert (answer.headers["Carto-Rate-Limit-Limit"], answer.headers["Carto-Rate-Limit-Remaining"]) == ("1", "0")
        assert int(answer.headers["Retry-After"]) > 0 and int(answer.headers["Carto-Rate-Limit-Reset"]) > 0
    finally:
        Syncs(api_database).clean()
        api_database.execute("DROP OWNED BY owner; DROP ROLE owner; DROP ROLE visitor")


def test_the_same_source_twice(alice: HttpClient, mariadb: MySqlRemote) -> None:
    """The sync that is there is the answer, which says so; another table is another sync."""
    connector = mariadb.connector(table="hotels", import_as="inns")
    first = alice.post(PATH, {"connector": connector, "interval": 3600})
    assert "notices" not in first.json
    made = sync_in(alice, first.json["id"], "success")
    answer = alice.post(PATH, {"connector": connector, "interval": 7200})
    assert answer.status == 200 and list(answer.json)[-1] == "notices"
    [notice] = answer.json["notices"]
    assert notice.startswith("this role has a sync of this source and table already\n") and made["id"] in notice
    assert {name: value for name, value in answer.json.items() if name != "notices"} == made
    other = alice.post(PATH, {"connector": connector | {"import_as": "taverns"}, "interval": 3600}).json
    assert other["id"] != made["id"] and "notices" not in other


# looking


def test_lists(alice: HttpClient, bob: HttpClient, mariadb: MySqlRemote) -> None:
    assert alice.get(PATH).json == {"synchronizations": [], "total_entries": 0}
    made = [_created(alice, mariadb, import_as=f"list_{number}") for number in range(3)]
    answer = alice.get(f"{PATH}/")
    assert list(answer.json) == ["synchronizations", "total_entries"] and answer.json["total_entries"] == 3
    assert answer.json["synchronizations"] == [get_sync(alice, sync["id"]) for sync in reversed(made)]
    assert list(answer.json["synchronizations"][0])[: len(SYNC_MEMBERS)] == SYNC_MEMBERS
    assert alice.get(PATH, page="7").json == answer.json
    assert bob.get(PATH).json == {"synchronizations": [], "total_entries": 0}


def test_one(alice: HttpClient, mariadb: MySqlRemote) -> None:
    made = _created(alice, mariadb)
    for slash in ("", "/"):
        assert get_sync(alice, f"{made['id']}{slash}") == made
        assert alice.get(f"{PATH}/{made['id']}/sync_now{slash}").body.replace(b" ", b"") == b'{"state":"success"}'
    assert alice.get(f"{PATH}/{made['id'].upper()}").json == made


CALLS = [
    ("GET", "", None),
    ("PUT", "", {"interval": 3600}),
    ("PUT", "", {"paused": True}),
    ("PUT", "", {"name": "x"}),
    ("PUT", "", None),
    ("DELETE", "", None),
    ("GET", "/sync_now", None),
    ("PUT", "/sync_now", None),
    ("POST", "/sync_now", None),
    ("POST", "/cancel", None),
]


@pytest.mark.parametrize(("method", "more", "body"), CALLS)
@pytest.mark.parametrize("id", [NOBODYS, "nonsense"])
def test_ids_of_nothing(alice: HttpClient, method: str, more: str, body: object, id: str) -> None:
    assert _is_nothing(alice.request(method, f"{PATH}/{id}{more}", body), 404)
    assert _is_nothing(alice.request(method, f"{PATH}/{id}{more}/", body), 404)


def test_syncs_of_others(api_database: Database, api: HttpServer, alice: HttpClient, bob: HttpClient, mariadb: MySqlRemote) -> None:
    """They are not there. Members of pg_read_all_stats see them, and can do nothing with them."""
    made = _created(alice, mariadb)
    wrong = HttpClient(api, "alice", "wrong", address="127.0.0.21")
    api_database.execute("CREATE ROLE watcher LOGIN PASSWORD 'watcher password' IN ROLE pg_read_all_stats")
    try:
        watcher = HttpClient(api, "watcher", "watcher password")
        for method, more, body in CALLS:
            path = f"{PATH}/{made['id']}{more}"
            assert _is_nothing(bob.request(method, path, body), 404), (method, more, body)
            assert _is_nothing(wrong.request(method, path, body), 401), (method, more, body)
            if method == "GET":
                assert watcher.get(path).json == alice.get(path).json
            else:
                assert _is_nothing(watcher.request(method, path, body), 404), (method, more, body)
        assert watcher.get(PATH).json == alice.get(PATH).json
    finally:
        api_database.execute("DROP ROLE watcher")
    assert get_sync(alice, made["id"]) == made


def test_syncs_of_a_role_that_one_is_a_member_of(api_database: Database, api: HttpServer, alice: HttpClient, mariadb: MySqlRemote) -> None:
    """A login role for each key, as the documentation advises."""
    made = _created(alice, mariadb)
    api_database.execute(
        "CREATE ROLE alice_api LOGIN PASSWORD 'alice_api password' IN ROLE alice; ALTER ROLE alice_api SET role = alice"
    )
    try:
        member = HttpClient(api, "alice_api", "alice_api password")
        assert get_sync(member, made["id"]) == made
        assert member.put(f"{PATH}/{made['id']}", {"interval": 7200}).json["interval"] == 7200
        connector = mariadb.connector(table="hotels", import_as="members")
        assert member.post(PATH, {"connector": connector}).json["user_id"] == "alice"
        assert _is_nothing(member.delete(f"{PATH}/{made['id']}"), 204)
    finally:
        api_database.execute("DROP ROLE alice_api")


# who asks


def _basic(user: str, key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()}


@pytest.mark.parametrize("way", ["query", "body", "basic", "bearer"])
@pytest.mark.parametrize("prefix", ["/user/alice", "/u/alice", ""])
def test_ways_to_say_who_asks(api: HttpServer, alice: HttpClient, mariadb: MySqlRemote, way: str, prefix: str) -> None:
    """Of those who make, change and run a sync: the role by the path or the host, the key wherever it may stand."""
    made = _created(alice, mariadb)
    client = HttpClient(api)
    headers = {"query": {}, "body": {}, "basic": _basic("alice", ALICE), "bearer": {"Authorization": f"Bearer {ALICE}"}}[way]
    if not prefix:
        headers = headers | {"Host": f"alice.localhost:{api.port}"}
    query = {"api_key": ALICE} if way == "query" else {}
    key = {"api_key": ALICE} if way == "body" else {}
    one = f"{prefix}{PATH}/{made['id']}"
    for path in (one, f"{one}/"):
        changed = client.request("PUT", path, {"interval": 7200} | key, headers=headers, **query)
        assert (changed.status, changed.json["interval"]) == (200, 7200)
    connector = mariadb.connector(table="hotels", import_as="by_way")
    assert client.request("POST", f"{prefix}{PATH}", {"connector": connector} | key, headers=headers, **query).status == 200
    look = client.request("POST", f"{prefix}/api/v1/connectors/mysql/connect", mariadb.connector() | key, headers=headers, **query)
    assert look.json == {"connected": True}
    # A body that has nothing but the key is an empty one.
    assert client.request("PUT", one, key or None, headers=headers, **query).json["id"] == made["id"]
    now = client.request("PUT", f"{one}/sync_now", key or None, headers=headers, **query)
    assert now.status == 200 and now.json["synchronization_id"] == made["id"]
    if way != "body":
        assert client.request("GET", f"{prefix}{PATH}", headers=headers, **query).json["total_entries"] == 2
        for path in ("/api/v1/connectors", "/api/v1/connectors/mysql"):
            assert client.request("GET", f"{prefix}{path}", headers=headers, **query).json == alice.get(path).json


# changing


def test_interval_and_connector(api_database: Database, alice: HttpClient, mariadb: MySqlRemote) -> None:
    made = _created(alice, mariadb)
    path = f"{PATH}/{made['id']}"
    answer = alice.put(path, {"interval": 7200})
    assert answer.status == 200 and answer.json == get_sync(alice, made["id"]) and answer.json["interval"] == 7200
    assert list(answer.json) == list(made)
    # From the last due time to the next is one interval, whichever it is.
    begin, first, then = (datetime.fromisoformat(text) for text in (made["created_at"], made["run_at"], answer.json["run_at"]))
    assert first - then == timedelta(seconds=86400 - 7200) and then > begin
    assert alice.put(f"{path}/", {"interval": "10800"}).json["interval"] == 10800
    # The mask of the password stands for the one that is stored.
    connector = json.loads(made["service_item_id"]) | {"columns": ["id"]}
    changed = alice.put(path, {"connector": connector, "interval": 14400}).json
    assert changed["interval"] == 14400 and json.loads(changed["service_item_id"])["columns"] == ["id"]
    assert alice.put(f"{path}/sync_now").json["enqueued"] is True
    wait_until(lambda: _columns(api_database, made["name"]) == ["id"], what="a run by the new request")
    sync_in(alice, made["id"], "success")
    assert alice.put(path, {"connector": {"provider": "mysql"}}).json["error_code"] == 1502


def _columns(database: Database, table: str) -> list[str]:
    return [name for name, _, _ in database.columns(table)]


def test_pausing(alice: HttpClient, mariadb: MySqlRemote) -> None:
    made = _created(alice, mariadb)
    path = f"{PATH}/{made['id']}"
    paused = alice.put(path, {"paused": True}).json
    assert paused["paused"] is True and get_sync(alice, made["id"]) == paused
    assert alice.put(path, {"paused": True}).json == paused
    both = alice.put(path, {"paused": False, "interval": 7200}).json
    assert (both["paused"], both["interval"]) == (False, 7200)
    assert alice.put(path, {"paused": False}).json == both
    assert alice.put(path, {"paused": "no"}).status == 400


def test_whole_objects_are_sent_back(alice: HttpClient, mariadb: MySqlRemote) -> None:
    """The original's clients do so; only what can be changed counts."""
    made = _created(alice, mariadb)
    path = f"{PATH}/{made['id']}"
    back = made | {"interval": 7200, "state": "failure", "user_id": "bob", "name": "elsewhere", "service_item_id": "{}"}
    changed = alice.put(path, back).json
    assert changed | {"interval": made["interval"], "run_at": made["run_at"], "updated_at": made["updated_at"]} == made
    unchanged = alice.put(path, {"name": "elsewhere", "url": None}).json
    assert unchanged == changed
    answer = alice.put(path, {"intervall": 900})
    assert answer.status == 400 and "intervall" in answer.json["errors"]


@pytest.mark.parametrize("body", [None, {}, {"client": "cps-1.11.3"}])
def test_an_empty_change_is_a_run(alice: HttpClient, mariadb: MySqlRemote, body: object) -> None:
    """So that force_sync() of the Python client, which leaves out /sync_now, does what it says."""
    made = _created(alice, mariadb)
    answer = alice.put(f"{PATH}/{made['id']}", body)
    assert answer.status == 200 and list(answer.json) == list(made) and answer.json["id"] == made["id"]
    wait_until(lambda: get_sync(alice, made["id"])["log_id"] != made["log_id"], what="another run")
    sync_in(alice, made["id"], "success")


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_sync_now(alice: HttpClient, mariadb: MySqlRemote, method: str) -> None:
    made = _created(alice, mariadb)
    answer = alice.request(method, f"{PATH}/{made['id']}/sync_now", b"", headers={"Content-Length": "0"})
    assert answer.status == 200 and list(answer.json) == ["enqueued", "synchronization_id"]
    assert answer.json == {"enqueued": True, "synchronization_id": made["id"]}
    wait_until(lambda: get_sync(alice, made["id"])["log_id"] != made["log_id"], what="another run")
    sync_in(alice, made["id"], "success")


def test_cancelling(alice: HttpClient, bob: HttpClient, mariadb: MySqlRemote) -> None:
    connector = mariadb.connector(sql_query=mariadb.slow_query(200), import_as="slow")
    made = alice.post(PATH, {"connector": connector}).json
    sync_in(alice, made["id"], "syncing")
    assert alice.get(f"{PATH}/{made['id']}/sync_now").json == {"state": "syncing"}
    again = alice.put(f"{PATH}/{made['id']}/sync_now").json
    assert again["enqueued"] is False and any("goes on already" in notice for notice in again["notices"])
    assert _is_nothing(bob.post(f"{PATH}/{made['id']}/cancel"), 404)
    answer = alice.post(f"{PATH}/{made['id']}/cancel/")
    assert answer.status == 200 and answer.json["cancelled"] is True and answer.json["synchronization_id"] == made["id"]
    assert sync_in(alice, made["id"], "failure")["error_code"] == 6672
    assert alice.post(f"{PATH}/{made['id']}/cancel").json["cancelled"] is False
    assert get_import(alice, made["data_import"]["item_queue_id"])["state"] == "failure"


def test_deleting(api_database: Database, alice: HttpClient, mariadb: MySqlRemote) -> None:
    made = _created(alice, mariadb)
    answer = alice.delete(f"{PATH}/{made['id']}")
    assert _is_nothing(answer, 204) and "Content-Type" not in answer.headers
    assert _is_nothing(alice.get(f"{PATH}/{made['id']}"), 404)
    assert _is_nothing(alice.delete(f"{PATH}/{made['id']}/"), 404)
    assert api_database.value(f"SELECT count(*) FROM public.{made['name']}") == 2
    assert alice.get(PATH).json["total_entries"] == 0


def test_methods(alice: HttpClient) -> None:
    assert alice.delete(PATH).headers["Allow"] == "GET, HEAD, POST"
    assert alice.post(f"{PATH}/{NOBODYS}").headers["Allow"] == "GET, HEAD, PUT, DELETE"
    assert alice.delete(f"{PATH}/{NOBODYS}/sync_now").headers["Allow"] == "GET, HEAD, PUT, POST"
