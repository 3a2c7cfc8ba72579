"""Server-sent events: each role hears of what it may see, for as long as it may."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from harness.database import Database
from harness.event_stream import EventStream
from harness.http_client import HttpClient
from harness.http_roles import ALICE, BOB, OWN_ROLE

from servers.http import HttpServer
from servers.postgres import Postgres
from servers.process import wait_until
from servers.remote_mysql import MySqlRemote
from servers.staging import staged
from servers.workspace import Workspace


@pytest.fixture
def api(workspace: Workspace, preloaded: Postgres, api_database: Database) -> Iterator[HttpServer]:
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, own_role=OWN_ROLE) as server:
        listens(api_database)
        yield server
    api_database.execute("DELETE FROM connector.api_key")


@pytest.fixture
def rooms(mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    mariadb.execute("CREATE TABLE rooms (id int PRIMARY KEY)", "INSERT INTO rooms VALUES (1), (2), (3)")
    yield mariadb
    mariadb.execute("DROP TABLE rooms")


@pytest.fixture
def roles(api_database: Database) -> Iterator[dict[str, Database]]:
    """Sessions of both roles, and their tables dropped at the end."""
    found = {name: Database(api_database.server, api_database.name, name) for name in ("alice", "bob")}
    yield found
    for role in found.values():
        role.rows("SELECT cdb_sync_delete(id) FROM connector.syncs")
        for (name,) in role.rows("SELECT tablename FROM pg_tables WHERE tableowner = current_user"):
            role.execute(f'DROP TABLE "{name}"')
        role.close()


# The import that a caller waits for is told of by its answer alone.
def queue(role: Database, remote: MySqlRemote, name: str, table: str = "rooms") -> str:
    """Queues an import into a table of that name: its id."""
    connector = json.dumps(remote.connector(table=table, import_as=name))
    return str(role.value("SELECT cdb_import_connector(%s, wait => false) ->> 'item_queue_id'", connector))


def listens(database: Database) -> None:
    """Waits until the program has its session for notifications."""
    question = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND query = 'LISTEN connector' AND state = 'idle'"
    wait_until(lambda: database.value(question, OWN_ROLE[0]) == 1, what="the program to listen")


def notify_of_nothing(role: Database, count: int) -> None:
    """Notifications of imports that there are not."""
    payload = "json_build_object('kind', 'import', 'id', gen_random_uuid())::text"
    role.rows(f"SELECT pg_notify('connector', {payload}) FROM generate_series(1, %s)", count)


def ended(database: Database, id: str) -> bool:
    return bool(database.value("SELECT state IN ('complete', 'failure') FROM connector.imports WHERE item_queue_id = %s::uuid", id))


def sessions_of(database: Database, role: str) -> int:
    """Sessions that the program has for that role."""
    question = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND application_name = 'connector-http'"
    return int(database.value(question, role))


def test_imports_and_syncs(api: HttpServer, roles: dict[str, Database], rooms: MySqlRemote) -> None:
    with EventStream(api, "alice", ALICE) as stream:
        assert stream.answer.headers["Content-Type"] == "text/event-stream"
        done = queue(roles["alice"], rooms, "first")
        event = stream.until("import", state="complete")[-1]
        assert stream.retry == 3000
        assert event.data["id"] == done and event.data["state"] == "complete" and event.data["table_name"] == "first"
        failed = queue(roles["alice"], rooms, "second", "gone")
        last = stream.until("import", id=failed, state="failure")[-1]
        assert last.data["error_code"] is not None
        sync = roles["alice"].value("SELECT cdb_sync_connector(%s, '1 hour') ->> 'id'", json.dumps(rooms.connector(table="rooms")))
        roles["alice"].rows("SELECT cdb_sync_now(%s::uuid, wait => true)", sync)
        last = stream.until("sync", id=sync, state="success")[-1]
        assert last.data["table_name"] == "rooms" and last.id is not None and event.id is not None and int(last.id) > int(event.id)


def test_a_batch(api: HttpServer, roles: dict[str, Database], rooms: MySqlRemote) -> None:
    with EventStream(api, "alice", ALICE) as stream:
        id = roles["alice"].value("SELECT batch_id::text FROM cdb_import_tables(%s, ARRAY['rooms'])", json.dumps(rooms.connector()))
        last = stream.until("batch", id=id)[-1]
        assert last.data == {"id": id, "state": "complete", "imports": 1, "failures": 0}


def test_each_role_hears_of_its_own(api: HttpServer, roles: dict[str, Database], rooms: MySqlRemote, api_database: Database) -> None:
    api_database.execute("CREATE ROLE watcher LOGIN PASSWORD 'watcher password' IN ROLE pg_read_all_stats")
    try:
        with (
            EventStream(api, "alice", ALICE) as of_alice,
            EventStream(api, "alice", ALICE) as again,
            EventStream(api, "bob", BOB) as of_bob,
            EventStream(api, "watcher", "watcher password") as of_all,
        ):
            ids = {name: queue(role, rooms, f"of_{name}") for name, role in roles.items()}
            # In the order of their ends: whatever came for the one has come when the other's is there.
            wait_until(lambda: all(ended(api_database, id) for id in ids.values()), what="the first imports to end")
            ids["last"] = queue(roles["alice"], rooms, "last")
            last_of_bob = queue(roles["bob"], rooms, "last_of_bob")
            for stream in (of_alice, again):
                seen = {event.data["id"] for event in stream.until("import", id=ids["last"], state="complete")}
                assert seen == {ids["alice"], ids["last"]}
            assert {event.data["id"] for event in of_bob.until("import", id=last_of_bob, state="complete")} == {ids["bob"], last_of_bob}
            seen = {event.data["id"] for event in of_all.until("import", id=last_of_bob, state="complete")}
            assert seen >= {ids["alice"], ids["bob"], last_of_bob}
    finally:
        api_database.execute("DROP ROLE watcher")


def test_what_anybody_can_notify(api: HttpServer, api_database: Database, roles: dict[str, Database], rooms: MySqlRemote) -> None:
    """Made-up notifications tell nobody of another's objects, and nothing that is not true."""
    own = queue(roles["alice"], rooms, "own")
    wait_until(lambda: ended(api_database, own), what="the import to end")
    with EventStream(api, "alice", ALICE) as of_alice, EventStream(api, "bob", BOB) as of_bob:
        for payload in (
            {"kind": "import", "id": own, "state": "failure"},
            {"kind": "import", "id": str(uuid.uuid4()), "state": "complete"},
            {"kind": "import", "id": "'; DROP TABLE own; --", "state": "complete"},
            {"kind": "import\nevent: x", "id": own}, {"kind": "import", "id": own + "\n\nevent: x"}, {"kind": "import", "id": [own]},
            {"kind": "api_key", "id": own, "state": "revoked"}, {"id": own}, [], 1, None,
        ):  # fmt: skip
            roles["bob"].execute("SELECT pg_notify('connector', %s)", json.dumps(payload))
        roles["bob"].execute("SELECT pg_notify('connector', %s)", "no JSON {")
        roles["bob"].execute("NOTIFY connector")
        (event,) = of_alice.until("import")
        assert event.data["id"] == own and event.data["state"] == "complete"
        last = {name: queue(role, rooms, f"last_{name}") for name, role in roles.items()}
        assert {e.data["id"] for e in of_alice.until("import", id=last["alice"], state="complete")} <= {own, last["alice"]}
        assert {e.data["id"] for e in of_bob.until("import", id=last["bob"], state="complete")} == {last["bob"]}


def test_a_burst_is_a_few_questions(api: HttpServer, roles: dict[str, Database], api_database: Database, rooms: MySqlRemote) -> None:
    own = queue(roles["alice"], rooms, "own")
    wait_until(lambda: ended(api_database, own), what="the import to end")
    with ExitStack() as streams:
        opened = [streams.enter_context(EventStream(api, "alice", ALICE)) for _ in range(5)]
        before = int(api_database.value("SELECT xact_commit FROM pg_stat_database WHERE datname = %s", api_database.name))
        notify_of_nothing(roles["bob"], 3000)
        roles["bob"].execute("SELECT pg_notify('connector', json_build_object('kind', 'import', 'id', %s)::text)", own)
        for stream in opened:
            assert {event.data["id"] for event in stream.until("import")} == {own}
        after = int(api_database.value("SELECT xact_commit FROM pg_stat_database WHERE datname = %s", api_database.name))
        assert after - before < 500, "thousands of questions"
        assert sessions_of(api_database, "alice") <= 2


def test_more_notifications_than_are_kept(api: HttpServer, roles: dict[str, Database]) -> None:
    with EventStream(api, "alice", ALICE) as stream:
        notify_of_nothing(roles["bob"], 30000)
        stream.until("reset")


def test_after_a_restart_of_the_database(
    api: HttpServer, preloaded: Postgres, api_database: Database, roles: dict[str, Database], rooms: MySqlRemote
) -> None:
    with EventStream(api, "alice", ALICE) as stream, EventStream(api, "bob", BOB) as other:
        preloaded.restart()
        for session in (api_database, *roles.values()):
            session.close()
        (event,) = stream.until("reset")
        assert event.data == {}
        other.until("reset")
        done = queue(roles["alice"], rooms, "after")
        stream.until("import", id=done)


def test_who_comes_back_reads_the_lists_again(api: HttpServer) -> None:
    with EventStream(api, "alice", ALICE, headers={"Last-Event-ID": "12"}) as stream:
        first = stream.next()
        assert first is not None and first.kind == "reset" and stream.retry == 3000


def test_a_revoked_key_ends_its_streams(api: HttpServer, api_database: Database) -> None:
    client = HttpClient(api, "alice", ALICE)
    by_http, by_sql, other = (client.post("/api/v1/keys", {}).json for _ in range(3))
    with (
        EventStream(api, None, by_http["api_key"]) as first,
        EventStream(api, None, by_sql["api_key"]) as second,
        EventStream(api, None, other["api_key"], headers={"Last-Event-ID": "1"}) as third,
    ):
        assert client.delete(f"/api/v1/keys/{by_http['id']}").status == 204
        assert first.ends() == []
        api_database.execute("SELECT cdb_api_key_revoke(%s)", by_sql["id"])
        assert second.ends() == []
        third.until("reset")
        assert EventStream(api, None, by_sql["api_key"]).refused == 401


def test_an_expired_key_ends_its_streams(api: HttpServer) -> None:
    made = HttpClient(api, "alice", ALICE).post("/api/v1/keys", {"expires": 3}).json
    with EventStream(api, None, made["api_key"]) as stream:
        assert stream.refused is None and stream.ends() == []


def test_a_changed_password_ends_streams(api: HttpServer, api_database: Database) -> None:
    api_database.execute("CREATE ROLE carol LOGIN PASSWORD 'carol password'")
    try:
        with EventStream(api, "carol", "carol password") as stream:
            api_database.execute("ALTER ROLE carol PASSWORD 'another password'")
            assert stream.ends() == []
            assert stream.comments >= 1
    finally:
        api_database.execute("DROP ROLE carol")


def test_a_stream_holds_no_session(api: HttpServer, api_database: Database) -> None:
    with ExitStack() as streams:
        for _ in range(10):
            assert streams.enter_context(EventStream(api, "alice", ALICE)).refused is None
        wait_until(lambda: sessions_of(api_database, "alice") == 0, what="sessions to be closed")
        too_many = streams.enter_context(EventStream(api, "alice", ALICE))
        assert too_many.refused == 503 and "too many" in json.loads(too_many.answer.read())["errors"]
        assert streams.enter_context(EventStream(api, "bob", BOB)).refused is None
        assert HttpClient(api, "alice", ALICE).get("/api/v1/keys").status == 200

    def joins() -> bool:
        with EventStream(api, "alice", ALICE) as stream:
            return stream.refused is None

    wait_until(joins, what="places of streams that were left")


def test_a_hundred_streams(api: HttpServer, api_database: Database) -> None:
    names = [f"listener_{i}" for i in range(11)]
    for name in names:
        api_database.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'a password'")
    try:
        with ExitStack() as streams, ThreadPoolExecutor(10) as threads:
            opened = list(threads.map(lambda i: EventStream(api, names[i // 10], "a password"), range(101)))
            for stream in opened:
                streams.enter_context(stream)
            assert sorted(stream.refused or 200 for stream in opened) == [200] * 100 + [503]
    finally:
        wait_until(lambda: all(sessions_of(api_database, name) == 0 for name in names), what="sessions to be closed")
        for name in names:
            api_database.execute(f"DROP ROLE {name}")


def test_without_a_role_of_its_own(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name) as server:
        with EventStream(server, "alice", ALICE) as stream:
            assert stream.refused == 503 and "user=" in json.loads(stream.answer.read())["hint"]


def test_who_may_listen(api: HttpServer) -> None:
    for user, key in (("alice", "wrong"), ("nobody", "x"), (None, "x")):
        with EventStream(api, user, key) as stream:
            assert stream.refused == 401 and stream.answer.read() == b""
