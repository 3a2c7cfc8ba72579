"""What the role has and what goes on, in one answer; progress; the history of a sync."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from harness.database import Database
from harness.http_client import HttpClient
from harness.http_roles import ALICE, BOB
from harness.import_api import NOBODYS, finished_import, sync_in
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.http import HttpServer
from servers.process import wait_until
from servers.proxy import Fault, Proxy
from servers.remote_mysql import MySqlRemote

ACTIVITY = "/api/v1/activity"
PROGRESS = "/api/v1/progress"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00"
# Of the views: times, and what is told in seconds.
TIMES = {"created_at", "updated_at", "run_at", "ran_at", "failing_since", "last_ended_at", "started_at", "ended_at", "last_row_at"}
SECONDS = {"interval", "duration", "last_duration", "estimated_time_left"}


@pytest.fixture(scope="module", autouse=True)
def hotels(mariadb: MySqlRemote) -> None:
    mariadb.execute(
        "CREATE OR REPLACE TABLE hotels (id int PRIMARY KEY, name varchar(20))",
        "INSERT INTO hotels VALUES (1, 'Ritz'), (2, 'Savoy')",
    )


@pytest.fixture(autouse=True)
def nothing_is_left(api_database: Database) -> Iterator[None]:
    yield
    Syncs(api_database).clean()


@pytest.fixture
def bob(api: HttpServer) -> HttpClient:
    return HttpClient(api, "bob", BOB)


def activity(client: HttpClient, **query: str) -> dict[str, Any]:
    answer = client.get(ACTIVITY, **query)
    assert answer.status == 200, (answer.status, answer.body)
    assert answer.headers["Content-Type"].startswith("application/json") and isinstance(answer.json, dict)
    return answer.json


def one_sync(client: HttpClient, id: str) -> dict[str, Any]:
    [row] = activity(client, id=id)["syncs"]
    assert isinstance(row, dict)
    return row


def runs(client: HttpClient, id: str, **query: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/synchronizations/{id}/runs", **query)
    assert answer.status == 200, (answer.status, answer.body)
    assert isinstance(answer.json, dict)
    return answer.json


def made_sync(client: HttpClient, connector: dict[str, object], *states: str) -> str:
    answer = client.post("/api/v1/synchronizations", {"connector": connector, "interval": 86400})
    assert answer.status == 200, (answer.status, answer.body)
    id = answer.json["id"]
    assert isinstance(id, str)
    sync_in(client, id, *(states or ("success",)))
    return id


def made_import(client: HttpClient, connector: dict[str, object]) -> str:
    answer = client.post("/api/v1/imports", {"connector": connector})
    assert answer.status == 200, (answer.status, answer.body)
    id = answer.json["item_queue_id"]
    assert isinstance(id, str)
    finished_import(client, id)
    return id


def columns(database: Database, view: str) -> list[str]:
    return [
        name
        for (name,) in database.rows(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum", view
        )
    ]


def is_row_of_view(database: Database, view: str, key: str, row: dict[str, Any]) -> None:
    """The row has each column of the view, and the same values, as a superuser sees them."""
    names = columns(database, view)
    assert set(names) <= set(row), set(names) - set(row)
    texts = ", ".join(
        f"to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS+00:00') AS {name}"
        if name in TIMES
        else f'extract(epoch FROM "{name}")::float8 AS "{name}"'
        if name in SECONDS
        else f'"{name}"'
        for name in names
    )
    told = database.value(f"SELECT row_to_json(r) FROM (SELECT {texts} FROM {view} WHERE {key} = %s) r", row[key])
    assert {name: row[name] for name in names} == told


def test_nothing_yet(alice: HttpClient) -> None:
    told = activity(alice)
    assert list(told) == ["now", "scheduler", "max_retries", "syncs", "syncs_total", "imports", "imports_total", "running"]
    assert re.fullmatch(TIME, told.pop("now"))
    assert told == {
        "scheduler": True,
        "max_retries": 10,
        "syncs": [],
        "syncs_total": 0,
        "imports": [],
        "imports_total": 0,
        "running": [],
    }
    assert alice.get(PROGRESS).json["running"] == []


def test_rows_are_those_of_the_views(api_database: Database, alice: HttpClient, mariadb: MySqlRemote) -> None:
    one = made_import(alice, mariadb.connector(table="hotels", import_as="inns"))
    failed = made_import(alice, mariadb.connector(table="not_there"))
    first = made_sync(alice, mariadb.connector(table="hotels", import_as="taverns"))
    second = made_sync(alice, mariadb.connector(table="hotels", import_as="motels"))
    told = activity(alice)
    assert [row["id"] for row in told["syncs"]] == [second, first] and told["syncs_total"] == 2
    # First runs of syncs are none of them.
    assert [row["item_queue_id"] for row in told["imports"]] == [failed, one] and told["imports_total"] == 2
    for row in told["syncs"]:
        whole = one_sync(alice, row["id"])
        is_row_of_view(api_database, "connector.syncs", "id", whole)
        # Requests may be long: they are in the answer for one.
        assert row == {name: value for name, value in whole.items() if name != "request"}
        assert row["may_change"] is True
        [run] = runs(alice, row["id"])["runs"]
        is_row_of_view(api_database, "connector.runs", "id", run)
        assert run["duration"] > 0 and set(run) == set(columns(api_database, "connector.runs"))
    for row in told["imports"]:
        [whole] = activity(alice, id=row["item_queue_id"])["imports"]
        is_row_of_view(api_database, "connector.imports", "item_queue_id", whole)
        assert row["may_change"] is True and whole["request"]["connection"]["password"] == "********"
        assert row == {name: value for name, value in whole.items() if name != "request"}
    assert told["imports"][0]["error_code"] == 2012 or "not_there" in told["imports"][0]["error_message"]
    assert [row["id"] for row in activity(alice, limit="1")["syncs"]] == [second]
    assert [row["item_queue_id"] for row in activity(alice, limit="1")["imports"]] == [failed]
    assert activity(alice, limit="1")["syncs_total"] == 2 and activity(alice, limit="1")["imports_total"] == 2


def test_one_by_its_id(alice: HttpClient, mariadb: MySqlRemote) -> None:
    item = made_import(alice, mariadb.connector(table="hotels", import_as="inns"))
    sync = made_sync(alice, mariadb.connector(table="hotels", import_as="taverns"))
    told = activity(alice, id=sync)
    assert [row["id"] for row in told["syncs"]] == [sync] and told["syncs_total"] == 1
    assert told["imports"] == [] and told["imports_total"] == 0
    first = told["first_import"]
    assert first["item_queue_id"] == told["syncs"][0]["item_queue_id"] and first["synchronization_id"] == sync
    assert first["state"] == "complete" and first["rows"] == 2
    told = activity(alice, id=item.upper())
    assert [row["item_queue_id"] for row in told["imports"]] == [item] and told["imports_total"] == 1
    assert told["syncs"] == [] and told["syncs_total"] == 0 and told["first_import"] is None
    told = activity(alice, id=first["item_queue_id"])  # a first run is found where it is asked for
    assert [row["item_queue_id"] for row in told["imports"]] == [first["item_queue_id"]]


@pytest.mark.parametrize(("query", "word"), [("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("id=x", "id")])
def test_wrong_parameters(alice: HttpClient, query: str, word: str) -> None:
    answer = alice.get(f"{ACTIVITY}?{query}")
    assert answer.status == 400 and f'"{word}" must be' in answer.json["errors"], answer


def test_search(alice: HttpClient, mariadb: MySqlRemote) -> None:
    """In name, table, schema, server, source and id; wherever the text stands, in either case, and nothing but that text."""
    mariadb.execute("CREATE OR REPLACE TABLE `50%_Off` (id int PRIMARY KEY)", "CREATE OR REPLACE TABLE `50xxOff` (id int PRIMARY KEY)")
    percent = made_import(alice, mariadb.connector(table="50%_Off", import_as="rebate"))
    plain = made_import(alice, mariadb.connector(table="50xxOff", import_as="rebates"))
    sync = made_sync(alice, mariadb.connector(table="50%_Off", import_as="Ähren_sync"))

    def found(text: str) -> tuple[set[str], set[str]]:
        told = activity(alice, search=text)
        assert told["syncs_total"] == len(told["syncs"]) and told["imports_total"] == len(told["imports"])
        return {row["id"] for row in told["syncs"]}, {row["item_queue_id"] for row in told["imports"]}

    everything = ({sync}, {percent, plain})
    assert found("") == everything and found("PUBLIC") == everything and found("127.0.0.1") == everything
    assert found("50%_off") == ({sync}, {percent}) and found("%") == ({sync}, {percent})
    assert found("REBATE") == (set(), {percent, plain}) and found("rebates") == (set(), {plain})
    assert found("hren_s") == ({sync}, set()) and found(sync[3:30]) == ({sync}, set()) and found(plain.upper()) == (set(), {plain})
    assert found("') OR true --") == (set(), set()) and found("\\") == (set(), set())
    assert found("x" * 200) == (set(), set()) and found("ä" * 200) == (set(), set())
    for text in ("x" * 201, "ä" * 201):
        answer = alice.get(ACTIVITY, search=text)
        assert answer.status == 400 and "200 characters" in answer.json["errors"]


def test_what_others_have(api_database: Database, api: HttpServer, alice: HttpClient, bob: HttpClient, mariadb: MySqlRemote) -> None:
    """It is not there. Members of pg_read_all_stats see it, and may not change it; members of the role may."""
    item = made_import(alice, mariadb.connector(table="hotels", import_as="inns"))
    sync = made_sync(alice, mariadb.connector(table="hotels", import_as="taverns"))
    told = activity(bob)
    assert (told["syncs"], told["syncs_total"], told["imports"], told["imports_total"], told["running"]) == ([], 0, [], 0, [])
    for id in (item, sync, NOBODYS):
        answer = bob.get(ACTIVITY, id=id)
        assert answer.status == 404 and answer.body == b""
    for id in (sync, NOBODYS, "nonsense"):
        answer = bob.get(f"/api/v1/synchronizations/{id}/runs")
        assert answer.status == 404 and answer.body == b""
    api_database.execute(
        "CREATE ROLE watcher LOGIN PASSWORD 'watcher password' IN ROLE pg_read_all_stats; "
        "CREATE ROLE member LOGIN PASSWORD 'member password' IN ROLE alice"
    )
    try:
        for name, may_change in (("watcher", False), ("member", True)):
            other = HttpClient(api, name, f"{name} password")
            told = activity(other)
            assert [(row["id"], row["role_name"], row["may_change"]) for row in told["syncs"]] == [(sync, "alice", may_change)]
            assert [(row["item_queue_id"], row["may_change"]) for row in told["imports"]] == [(item, may_change)]
            assert one_sync(other, sync).items() >= told["syncs"][0].items()
            assert runs(other, sync) == runs(alice, sync)
    finally:
        api_database.execute("DROP ROLE watcher; DROP ROLE member")


ODD_SETTINGS = {
    "TimeZone": "'Asia/Kathmandu'",
    "DateStyle": "'SQL, DMY'",
    "IntervalStyle": "'sql_standard'",
    "extra_float_digits": "-15",
    "standard_conforming_strings": "off",
    "search_path": "hers, pg_catalog, public",
}
# Each would be chosen where a name or an operator has no schema.
CAPTURING = """
CREATE SCHEMA hers AUTHORIZATION alice; SET ROLE alice;
CREATE FUNCTION hers.captured() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'captured'; END $$;
CREATE FUNCTION hers.eq(uuid, uuid) RETURNS boolean LANGUAGE sql AS 'SELECT hers.captured()';
CREATE OPERATOR hers.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = hers.eq);
CREATE FUNCTION hers.eq(name, name) RETURNS boolean LANGUAGE sql AS 'SELECT hers.captured()';
CREATE OPERATOR hers.= (LEFTARG = name, RIGHTARG = name, FUNCTION = hers.eq);
CREATE FUNCTION hers.more(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT hers.captured()';
CREATE OPERATOR hers.> (LEFTARG = int, RIGHTARG = int, FUNCTION = hers.more);
CREATE FUNCTION hers.more(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT hers.captured()';
CREATE OPERATOR hers.> (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = hers.more);
CREATE FUNCTION hers.less(timestamptz, timestamptz) RETURNS boolean LANGUAGE sql AS 'SELECT hers.captured()';
CREATE OPERATOR hers.< (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = hers.less);
CREATE FUNCTION hers.lower(text) RETURNS text LANGUAGE sql AS 'SELECT hers.captured()::text';
CREATE FUNCTION hers.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT hers.captured()::text::timestamptz';
CREATE DOMAIN hers.text AS pg_catalog.text CHECK (hers.captured());
CREATE DOMAIN hers.uuid AS pg_catalog.uuid CHECK (hers.captured());
CREATE VIEW hers.pg_roles AS SELECT hers.captured() AS oid, NULL::name AS rolname;
RESET ROLE
"""


def test_settings_of_a_role(api_database: Database, api: HttpServer, mariadb: MySqlRemote, alice: HttpClient) -> None:
    """Times, seconds and numbers are those of everybody, and nothing of its own is called."""
    item = made_import(alice, mariadb.connector(table="hotels", import_as="inns"))
    sync = made_sync(alice, mariadb.connector(table="hotels", import_as="taverns"))
    paths = [f"{ACTIVITY}?search=HOTELS", f"{ACTIVITY}?id={sync}", f"{ACTIVITY}?id={item}"]
    history = f"/api/v1/synchronizations/{sync}/runs"

    def told(client: HttpClient) -> list[Any]:
        answers = [client.get(path) for path in (*paths, PROGRESS, history, f"{history}?before={uuid.uuid4()}")]
        assert [answer.status for answer in answers] == [200] * len(answers), answers
        return [{name: value for name, value in answer.json.items() if name != "now"} for answer in answers]

    usual = told(alice)
    assert len(usual[0]["syncs"]) == len(usual[0]["imports"]) == 1
    key = alice.post("/api/v1/keys", {"label": "odd"}).json
    api_database.execute(CAPTURING)
    for name, value in ODD_SETTINGS.items():
        api_database.execute(f"ALTER ROLE alice SET {name} = {value}")
    try:
        odd = HttpClient(api, None, key["api_key"])  # a session of its own
        assert told(odd) == usual
        now = datetime.fromisoformat(activity(odd)["now"])
        assert now.utcoffset() == timedelta(0) and abs(datetime.now(UTC) - now) < timedelta(minutes=10)
        connector = mariadb.connector()
        answer = odd.post("/api/v1/batches", {"connector": connector, "tables": ["hotels"]})
        assert answer.status == 200 and answer.json["tables"][0]["name"] == "hotels", answer
        # Nothing of it may be under way when its schema is dropped.
        finished_import(odd, answer.json["tables"][0]["item_queue_id"])
    finally:
        for name in ODD_SETTINGS:
            api_database.execute(f"ALTER ROLE alice RESET {name}")
        api_database.execute("DROP SCHEMA hers CASCADE")
        alice.delete(f"/api/v1/keys/{key['id']}")


HOSTILE = ["<img src=x onerror=alert(1)>", "\u202eevil\u202c", "a\"b'c\\d", "</script>", "{{7*7}}", "näme\ttab"]


def test_hostile_names(alice: HttpClient, mariadb: MySqlRemote) -> None:
    """They come as they are, as texts of JSON."""
    for number, name in enumerate(HOSTILE):
        quoted = name.replace("`", "``")
        mariadb.execute(f"CREATE OR REPLACE TABLE `{quoted}` (id int PRIMARY KEY)")
        made_import(alice, mariadb.connector(table=name, import_as=f"hostile_{number}"))
    told = activity(alice)
    for row, name in zip(reversed(told["imports"]), HOSTILE, strict=True):
        [whole] = activity(alice, id=row["item_queue_id"])["imports"]
        assert row["state"] == "complete" and whole["request"]["table"] == name and name in row["source"], json.dumps(row)
    for name in HOSTILE:
        assert activity(alice, search=name)["imports_total"] == 1, name
        mariadb.drop(name)


def test_a_list_is_short(alice: HttpClient, api_database: Database, mariadb: MySqlRemote) -> None:
    """Of long texts it has the beginning, and those that fail are not cut off by newer ones that don't."""
    failing = made_sync(alice, mariadb.connector(sql_query=f"SELECT 1 FROM not_there /* {'x' * 50000} */", import_as="long"), "failure")
    api_database.execute(f"UPDATE connector.run SET error_message = repeat('é', 5000) WHERE sync_id = '{failing}'")
    newer = made_sync(alice, mariadb.connector(table="hotels", import_as="newer"))
    told = activity(alice)
    assert [row["id"] for row in told["syncs"]] == [newer, failing]
    assert told["syncs"][1]["last_error_message"] == "é" * 1000 and "request" not in told["syncs"][1]
    assert one_sync(alice, failing)["last_error_message"] == "é" * 5000
    assert [row["id"] for row in activity(alice, limit="1")["syncs"]] == [failing]


def test_a_retry_that_waits_and_a_sync_that_gave_up(alice: HttpClient, mariadb: MySqlRemote) -> None:
    waiting = made_sync(alice, mariadb.connector(table="hotels", connection=mariadb.connection(port=1)), "failure")
    hopeless = made_sync(alice, mariadb.connector(table="not_there"), "failure")
    row = one_sync(alice, waiting)
    # The second try, of ten, at that time.
    assert (row["retried_times"], row["gave_up"], row["last_state"], row["state"]) == (1, False, "failure", "failure")
    assert row["run_at"] > row["last_ended_at"] and row["failing_since"] == row["last_ended_at"]
    assert row["error_code"] == row["last_error_code"] == 1012 and row["error_message"] == row["last_error_message"]
    assert row["last_error_detail"] == row["error_detail"] and row["last_error_hint"] == row["error_hint"]
    row = one_sync(alice, hopeless)
    assert (row["retried_times"], row["gave_up"], row["run_at"], row["last_state"]) == (1, True, None, "failure")
    assert "not_there" in row["last_error_message"] and runs(alice, hopeless)["runs"][0]["permanent"] is True
    assert activity(alice, id=hopeless)["first_import"]["state"] == "failure"
    # Asked for, it is tried again: what the last run said stays while this one waits or goes on.
    assert alice.put(f"/api/v1/synchronizations/{hopeless}/sync_now").status == 200
    wait_until(lambda: len(runs(alice, hopeless)["runs"]) == 2 and one_sync(alice, hopeless)["gave_up"], what="another failure")


def test_the_last_run_and_the_one_that_goes_on(api_database: Database, alice: HttpClient, bob: HttpClient, mariadb: MySqlRemote) -> None:
    """A failure stays to be seen while the next run works; how far that is, and for how long nothing has come."""
    with remote_rows(mariadb, "many", 100_000), Proxy(mariadb.server.port) as proxy:
        proxy.every(Fault(refuse=True))
        sync = made_sync(alice, mariadb.connector(table="many", connection=mariadb.connection(port=proxy.port)), "failure")
        failed = one_sync(alice, sync)
        proxy.every(Fault(stall_after=1_000_000))
        assert alice.put(f"/api/v1/synchronizations/{sync}/sync_now").status == 200
        proxy.wait_until_stalled()
        wait_until(lambda: alice.get(PROGRESS).json["running"][0]["rows"] > 0, what="rows")
        told = activity(alice)
        [row] = told["syncs"]
        assert row["state"] == "syncing" and row["error_code"] is None and row["error_message"] is None
        last = [name for name in row if name.startswith("last_")]
        assert len(last) == 10 and {name: row[name] for name in last} == {name: failed[name] for name in last}
        assert row["last_state"] == "failure" and row["last_error_code"] in (1012, 1014) and row["last_error_message"]
        [running] = told["running"]
        assert set(columns(api_database, "connector.progress")) | {"seconds_since_last_row"} == set(running)
        assert (running["kind"], running["id"], running["role_name"]) == ("sync", sync, "alice") and running["blocked_by"] is None
        wait_until(lambda: alice.get(PROGRESS).json["running"][0]["seconds_since_last_row"] > 2, what="silence")
        [silent] = alice.get(PROGRESS).json["running"]
        assert silent["started_at"] == running["started_at"] and re.fullmatch(TIME, silent["last_row_at"])
        since = datetime.fromisoformat(silent["last_row_at"]) - datetime.fromisoformat(silent["started_at"])
        assert since >= timedelta(0)
        assert activity(alice, id=sync)["running"][0]["id"] == sync
        assert bob.get(PROGRESS).json["running"] == [] and activity(bob)["running"] == []
        [now, before] = runs(alice, sync)["runs"]
        assert (now["state"], now["ended_at"], now["duration"]) == ("syncing", None, None) and before["state"] == "failure"
        proxy.every(Fault())
        proxy.resume()
        done = sync_in(alice, sync, "success")
        assert done["error_code"] is None
        row = one_sync(alice, sync)
        assert (row["last_state"], row["last_rows"], row["last_error_code"]) == ("success", 100_000, None)
        assert row["last_ended_at"] == row["ran_at"] and row["last_duration"] > 0 and row["last_mode"]


def test_one_that_waits_for_a_lock(api_database: Database, alice: HttpClient, mariadb: MySqlRemote) -> None:
    sync = made_sync(alice, mariadb.connector(table="hotels", import_as="taverns"))
    with api_database.another() as reader:
        reader.execute("BEGIN")
        reader.value("SELECT count(*) FROM public.taverns")
        mariadb.execute("INSERT INTO hotels VALUES (3, 'Waldorf')")
        assert alice.put(f"/api/v1/synchronizations/{sync}/sync_now").status == 200

        def blocked() -> bool:
            running = alice.get(PROGRESS).json["running"]
            return bool(running and running[0]["phase"] == "waiting for lock" and running[0]["blocked_by"] == [reader.pid])

        wait_until(blocked, limit=60, what="a run that waits for the reader")
        reader.execute("ROLLBACK")
    sync_in(alice, sync, "success")
    mariadb.execute("DELETE FROM hotels WHERE id = 3")


def test_history_in_pages(api_database: Database, alice: HttpClient, bob: HttpClient, mariadb: MySqlRemote) -> None:
    sync = made_sync(alice, mariadb.connector(table="hotels", import_as="taverns"))
    for count in range(2, 6):
        assert alice.put(f"/api/v1/synchronizations/{sync}/sync_now").status == 200
        wait_until(lambda count=count: Syncs(api_database).run_count(sync) == count, what="another run")  # type: ignore[misc]
        sync_in(alice, sync, "success")
    told = runs(alice, sync)
    assert len(told["runs"]) == 5 and told["more"] is False
    ids = [run["id"] for run in told["runs"]]
    assert [run["started_at"] for run in told["runs"]] == sorted((run["started_at"] for run in told["runs"]), reverse=True)
    first = runs(alice, sync, limit="2")
    assert [run["id"] for run in first["runs"]] == ids[:2] and first["more"] is True
    second = runs(alice, sync, limit="2", before=ids[1])
    assert [run["id"] for run in second["runs"]] == ids[2:4] and second["more"] is True
    last = runs(alice, sync, limit="2", before=ids[3])
    assert [run["id"] for run in last["runs"]] == ids[4:] and last["more"] is False
    # Of one that is forgotten all older ones are, too.
    assert runs(alice, sync, before=str(uuid.uuid4())) == {"runs": [], "more": False}
    for query in ("limit=0", "limit=x", "before=x"):
        assert alice.get(f"/api/v1/synchronizations/{sync}/runs?{query}").status == 400
    assert bob.get(f"/api/v1/synchronizations/{sync}/runs", before=ids[1]).status == 404


def test_many(api_database: Database, alice: HttpClient) -> None:
    """Imports are counted up to 10001, and the newest come first, whatever number of first runs lies between them."""
    api_database.execute(
        "INSERT INTO connector.import (item_queue_id, owner, provider, request, state, schema_name, table_name, target_table, "
        "server, source, started_at, ended_at, synchronization_id) SELECT gen_random_uuid(), 'alice'::regrole, 'mysql', "
        "'{\"provider\": \"mysql\"}', 'complete', 'public', 't' || n, 't' || n, 'db.example.com', 'shop.t' || n, now(), now(), "
        "CASE WHEN n > 12000 THEN gen_random_uuid() END FROM generate_series(1, 15000) n"
    )
    told = activity(alice)
    assert told["imports_total"] == 10001 and len(told["imports"]) == 200
    assert {row["table_name"] for row in told["imports"]} == {f"t{n}" for n in range(11801, 12001)}
    told = activity(alice, search="SHOP.T1199", limit="5")
    assert told["imports_total"] == 11 and len(told["imports"]) == 5
    assert json.dumps(told["imports"]).count("db.example.com") == 5
    assert HttpClient(alice.server, "alice", ALICE).get(ACTIVITY, limit="1000").json["imports_total"] == 10001
