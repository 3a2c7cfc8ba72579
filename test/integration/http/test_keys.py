"""Issued keys: who gets one, whom it lets in, and how it dies."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import psycopg2.errors
import pytest
from harness.database import Database
from harness.http_client import HttpClient
from harness.http_roles import ALICE, OWN_ROLE

from servers.http import HttpServer
from servers.postgres import Postgres
from servers.process import wait_until
from servers.staging import staged
from servers.workspace import Workspace

ME = "/api/v1/keys"


@pytest.fixture
def api(workspace: Workspace, preloaded: Postgres, api_database: Database) -> Iterator[HttpServer]:
    """A program for each test, as each has failed log-ins, of which only some a minute are answered."""
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, own_role=OWN_ROLE) as server:
        yield server
    api_database.execute("DELETE FROM connector.api_key")


@pytest.fixture
def carol(api_database: Database) -> Iterator[str]:
    """A role that is changed."""
    api_database.execute("CREATE ROLE carol LOGIN PASSWORD 'carol password'")
    yield "carol password"
    for name in ("carol", "caroline"):
        api_database.execute(f"DROP ROLE IF EXISTS {name}")


def issue(asker: HttpClient, /, **body: object) -> dict[str, Any]:
    answer = asker.post(ME, body)
    assert answer.status == 201, answer
    assert list(answer.json) == ["id", "api_key", "label", "expires_at"]
    made = answer.json
    assert isinstance(made, dict)
    return made


def status(api: HttpServer, key: str, user: str | None = None) -> int:
    return HttpClient(api, user, key).get(ME).status


def wait_for_sessions_to_end(db: Database, role: str) -> None:
    """Until no kept session of the role is left, so that the next request has to log in."""
    wait_until(lambda: db.value("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", role) == 0, what="sessions to end")


def test_a_key_lets_its_role_in(api: HttpServer, alice: HttpClient) -> None:
    made = issue(alice, label="für den Bericht")
    key = made["api_key"]
    assert key.startswith("ck_") and len(key) == 67 and ALICE not in key
    assert made["label"] == "für den Bericht"
    expires = datetime.fromisoformat(made["expires_at"]) - datetime.now(timezone.utc)
    assert timedelta(days=364) < expires < timedelta(days=366)
    nobody = HttpClient(api)

    def basic(user: str) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()}

    assert nobody.get(ME, api_key=key).status == 200
    assert nobody.request("GET", ME, headers={"Authorization": f"Bearer {key}"}).status == 200
    assert nobody.request("GET", ME, headers=basic("alice")).status == 200
    assert nobody.request("GET", ME, headers={"Host": "bob.localhost"}, api_key=key).status == 200
    assert status(api, key, "alice") == 200
    assert status(api, key, "bob") == 401
    assert nobody.request("GET", ME, headers=basic("bob")).status == 401
    listed = nobody.get(ME, api_key=key).json
    assert listed["total_entries"] == 1
    (row,) = listed["keys"]
    assert row["id"] == made["id"] and row["role_name"] == "alice" and row["label"] == "für den Bericht"
    assert row["last_used_at"] is not None and row["expires_at"] is not None
    assert key not in json.dumps(listed)


def test_an_issued_key_issues_none(api: HttpServer, alice: HttpClient) -> None:
    key = issue(alice)["api_key"]
    answer = HttpClient(api, None, key).post(ME, {})
    assert answer.status == 403 and "issued key" in answer.json["errors"] and answer.json["hint"]
    assert alice.get(ME).json["total_entries"] == 1


def test_what_a_key_may_be_asked_with(alice: HttpClient) -> None:
    assert issue(alice, expires=None)["expires_at"] is None
    assert issue(alice, expires="2099-01-31T12:00:00+02:00")["expires_at"] == "2099-01-31T10:00:00+00:00"
    assert issue(alice, expires="2099-01-31")["expires_at"] == "2099-01-31T00:00:00+00:00"
    assert issue(alice, expires=3600, client="cps-1.11.3")["label"] == ""
    assert issue(alice, expires="3600")["expires_at"] is not None
    for wrong in (0, -1, 1.5, 10**12, True, [], "tomorrow", "infinity", "2020-01-01T00:00:00Z", "2099-13-01", "2099-01-01T00:00:00 EST"):
        answer = alice.post(ME, {"expires": wrong})
        assert answer.status == 400 and answer.json["errors"], wrong
    for body in ({"label": 1}, {"label": "x" * 201}, {"label": "\0"}, {"labels": "x"}):
        assert alice.post(ME, body).status == 400, body
    assert issue(alice, label="ü" * 200)["label"] == "ü" * 200
    assert alice.get(ME).json["total_entries"] == 6


def test_a_revoked_key_is_dead_at_once(api: HttpServer, api_database: Database, alice: HttpClient) -> None:
    by_http, by_sql = issue(alice), issue(alice)
    for made in (by_http, by_sql):
        assert status(api, made["api_key"]) == 200
    bob = HttpClient(api, "bob", "bob password")
    assert bob.delete(f"{ME}/{by_http['id']}").status == 404
    assert bob.get(ME).json["total_entries"] == 0
    assert alice.delete(f"{ME}/nonsense").status == 404
    answer = alice.delete(f"{ME}/{by_http['id'].upper()}")
    assert (answer.status, answer.body) == (204, b"")
    assert status(api, by_http["api_key"]) == 401
    assert alice.delete(f"{ME}/{by_http['id']}").status == 404
    assert status(api, by_sql["api_key"]) == 200
    api_database.execute("SELECT cdb_api_key_revoke(%s)", by_sql["id"])
    wait_until(lambda: status(api, by_sql["api_key"]) == 401, pause=0.5, what="a revoked key to die")


def test_an_expired_key_is_dead(api: HttpServer, alice: HttpClient) -> None:
    key = issue(alice, expires=2)["api_key"]
    assert status(api, key) == 200
    wait_until(lambda: status(api, key) == 401, pause=0.5, what="the key to expire")


def test_a_changed_password_ends_keys(api: HttpServer, api_database: Database, carol: str) -> None:
    client = HttpClient(api, "carol", carol)
    key = issue(client)["api_key"]
    assert status(api, key) == 200
    api_database.execute("ALTER ROLE carol PASSWORD 'another password'")
    wait_for_sessions_to_end(api_database, "carol")
    assert status(api, key) == 401
    assert client.get(ME).status == 401
    assert HttpClient(api, "carol", "another password").get(ME).status == 200


def test_a_renamed_role_keeps_its_keys(api: HttpServer, api_database: Database, carol: str) -> None:
    key = issue(HttpClient(api, "carol", carol))["api_key"]
    assert status(api, key) == 200
    wait_for_sessions_to_end(api_database, "carol")
    assert status(api, key, "carol") == 200
    wait_for_sessions_to_end(api_database, "carol")
    api_database.execute("ALTER ROLE carol RENAME TO caroline")
    assert status(api, key) == 200
    assert status(api, key, "caroline") == 200
    wait_until(lambda: status(api, key, "carol") == 401, pause=0.5, what="the old name to be forgotten")


def test_a_dropped_role_has_no_keys(api: HttpServer, api_database: Database, carol: str) -> None:
    key = issue(HttpClient(api, "carol", carol))["api_key"]
    assert status(api, key) == 200
    wait_for_sessions_to_end(api_database, "carol")
    api_database.execute("DROP ROLE carol")
    assert status(api, key) == 401
    api_database.execute("CREATE ROLE carol LOGIN PASSWORD 'carol password'")
    assert status(api, key) == 401


def test_a_row_opens_nothing(api: HttpServer, api_database: Database, preloaded: Postgres, alice: HttpClient) -> None:
    first, second = issue(alice), issue(alice)
    rows = dict(api_database.rows("SELECT id::text, secret_hash || sealed FROM connector.api_key"))
    for made in (first, second):
        secret = base64.urlsafe_b64decode(made["api_key"][3:])[16:]
        stored = bytes(rows[made["id"]])
        assert secret not in stored and ALICE.encode() not in stored
    assert bytes(rows[first["id"]]) != bytes(rows[second["id"]])
    dump = subprocess.run(
        [f"{preloaded.config('bindir')}/pg_dump", "-h", str(preloaded.folder), "-p", str(preloaded.port), "-U", "postgres",
         api_database.name],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert ALICE.encode() not in dump and first["api_key"].encode() not in dump
    # One key's row is of no use to another key, and what was changed opens nothing.
    api_database.execute(
        "UPDATE connector.api_key k SET sealed = o.sealed FROM connector.api_key o WHERE k.id = %s AND o.id = %s",
        first["id"], second["id"],
    )  # fmt: skip
    assert status(api, first["api_key"]) == 401
    api_database.execute("UPDATE connector.api_key SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) WHERE id = %s", second["id"])
    assert status(api, second["api_key"]) == 401


def test_a_row_that_was_given_to_another_role(api: HttpServer, api_database: Database, alice: HttpClient) -> None:
    made = issue(alice)
    api_database.execute(
        "UPDATE connector.api_key SET owner = 'bob'::regrole, role_name = 'bob', password_digest = NULL WHERE id = %s", made["id"]
    )
    assert status(api, made["api_key"]) == 401


def test_passwords_are_not_in_the_memory_that_reads_rows(api: HttpServer, api_database: Database, alice: HttpClient) -> None:
    """Another key, and the program's memory of it, do not help: it has rows, and what they seal only while it is asked."""
    made = issue(alice)
    wrong = "ck_" + base64.urlsafe_b64encode(base64.urlsafe_b64decode(made["api_key"][3:])[:16] + bytes(32)).decode()
    assert status(api, made["api_key"]) == 200
    assert status(api, wrong) == 401
    assert status(api, wrong, "alice") == 401
    assert status(api, made["api_key"]) == 200


def test_after_a_restart_of_the_database(api: HttpServer, api_database: Database, preloaded: Postgres, alice: HttpClient) -> None:
    key = issue(alice)["api_key"]
    assert status(api, key) == 200
    api_database.close()
    preloaded.restart()
    assert status(api, key) == 200
    api_database.execute("DELETE FROM connector.api_key")
    wait_until(lambda: status(api, key) == 401, pause=0.5, what="the key to be forgotten")


def test_after_the_program_lost_its_sessions(api: HttpServer, api_database: Database, alice: HttpClient) -> None:
    """New ones work, whatever the numbers of their descriptors are."""
    key = issue(alice)["api_key"]
    for _ in range(5):
        assert status(api, key) == 200
        terminated = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename IN ('alice', %s)"
        assert api_database.rows(terminated, OWN_ROLE[0])
        assert status(api, key) == 200
        # What was read of a key counts for five seconds; then it is read by a new session.
        wait_until(lambda: status(api, key) == 200 and reads_keys(api_database), pause=0.5, what="a session that reads keys")


def reads_keys(db: Database) -> bool:
    return bool(db.rows("SELECT 1 FROM pg_stat_activity WHERE usename = %s AND query LIKE '%%sealed_api_key%%'", OWN_ROLE[0]))


def test_a_member_that_is_given_twice(alice: HttpClient) -> None:
    for body in ('{"label": "a", "label": "b"}', '{"expires": 60, "label": "a", "expires": null}'):
        answer = alice.request("POST", ME, body)
        assert answer.status == 400 and "twice" in answer.json["errors"], body
    assert alice.get(ME).json["total_entries"] == 0


def drop_extension(database: Database) -> None:
    """Its scheduler may be at its tables at that moment, and PostgreSQL may choose whichever to end."""
    for attempt in range(10):
        try:
            database.execute("DROP EXTENSION connector CASCADE")
            return
        except psycopg2.errors.DeadlockDetected:
            if attempt == 9:
                raise


def test_the_extension_made_anew(workspace: Workspace, preloaded: Postgres, api: HttpServer) -> None:
    """Sessions that are kept go on with it, in whatever schema it is; without it they say so."""
    preloaded.create_database("http_keys_anew", "connector")
    try:
        with (
            Database(preloaded, "http_keys_anew") as database,
            HttpServer(workspace, preloaded, staged(workspace), "http_keys_anew") as server,
        ):
            client = HttpClient(server, "alice", ALICE)
            for schema in ("public", "elsewhere", "public"):
                database.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}; GRANT USAGE ON SCHEMA {schema} TO PUBLIC")
                drop_extension(database)
                database.execute(f"CREATE EXTENSION connector SCHEMA {schema}")
                answer = client.get(ME)
                assert answer.status == 200 and answer.json["total_entries"] == 0, schema
            drop_extension(database)
            answer = client.get(ME)
            assert answer.status == 503 and "not installed" in answer.json["errors"]
    finally:
        with Database(preloaded, "postgres") as server:
            server.execute("DROP DATABASE http_keys_anew WITH (FORCE)")


def test_without_a_role_of_its_own(workspace: Workspace, preloaded: Postgres, api_database: Database, api: HttpServer, alice: HttpClient) -> None:
    made = issue(alice)
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name) as server:
        answer = HttpClient(server, "alice", ALICE).post(ME, {})
        assert answer.status == 503 and "user=" in answer.json["hint"]
        # Who has not logged in is told nothing of the program.
        answer = HttpClient(server, None, made["api_key"]).get(ME)
        assert (answer.status, answer.body) == (401, b"")
        assert "need a role of the program's own" in server.log_tail() and made["api_key"] not in server.log_tail(1000)
        assert HttpClient(server, "alice", ALICE).get(ME).json["total_entries"] == 1
        assert HttpClient(server, "alice", ALICE).delete(f"{ME}/{made['id']}").status == 204


def test_without_the_right_to_read_keys(api: HttpServer, api_database: Database, alice: HttpClient) -> None:
    key = issue(alice)["api_key"]
    api_database.execute(f"REVOKE EXECUTE ON FUNCTION connector.sealed_api_key(uuid) FROM {OWN_ROLE[0]}")
    try:
        answer = HttpClient(api, None, key).get(ME)
        assert (answer.status, answer.body) == (401, b"")
        assert "permission denied" in api.log_tail() and key not in api.log_tail(1000)
        # None is issued that nobody could ask with.
        answer = alice.post(ME, {})
        assert answer.status == 503 and "can't be read" in answer.json["errors"] and "sealed_api_key" in answer.json["hint"]
        assert alice.get(ME).json["total_entries"] == 1
    finally:
        api_database.execute(f"GRANT EXECUTE ON FUNCTION connector.sealed_api_key(uuid) TO {OWN_ROLE[0]}")
    assert status(api, key) == 200
