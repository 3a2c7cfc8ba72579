"""Who gets in, and what failures cost: those who fail, and nobody else."""

from __future__ import annotations

import base64
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import pytest
from harness.database import Database
from harness.held_calls import PATH, HeldCalls
from harness.http_client import Answer, HttpClient
from harness.http_roles import ALICE, BOB, OWN_ROLE

from servers.http import HttpServer
from servers.postgres import Postgres
from servers.process import wait_until
from servers.staging import staged
from servers.workspace import Workspace

CALL = "/api/v1/keys"
RATE_HEADERS = {"Retry-After", "Carto-Rate-Limit-Limit", "Carto-Rate-Limit-Remaining", "Carto-Rate-Limit-Reset"}


@pytest.fixture
def api(workspace: Workspace, preloaded: Postgres, api_database: Database) -> Iterator[HttpServer]:
    """A program for each test, as only some failures a minute are answered."""
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, own_role=OWN_ROLE) as server:
        yield server


@pytest.fixture
def role(api_database: Database) -> Iterator[Database]:
    """Roles carol and those that a test makes beside are dropped at the end."""
    before = {name for (name,) in api_database.rows("SELECT rolname FROM pg_roles")}
    api_database.execute("CREATE ROLE carol LOGIN PASSWORD 'carol password'")
    yield api_database
    for (name,) in api_database.rows("SELECT rolname FROM pg_roles ORDER BY oid DESC"):
        if name not in before:
            api_database.execute(f'DROP ROLE "{name}"')


def ask(server: HttpServer, user: str | None, key: str | None) -> Answer:
    return HttpClient(server, user, key).get(CALL)


def memory(server: HttpServer) -> int:
    """Resident bytes of the program."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


def test_all_refusals_look_alike(api: HttpServer, role: Database) -> None:
    role.execute("CREATE ROLE nologin PASSWORD 'a password'; CREATE ROLE expired LOGIN PASSWORD 'a password' VALID UNTIL '2020-01-01'")
    role.execute("CREATE ROLE without LOGIN")
    key = "ck_" + base64.urlsafe_b64encode(bytes(48)).decode()
    assert ask(api, "alice", ALICE).status == 200
    answers = {
        "wrong password": ask(api, "alice", "wrong"),
        "no such role": ask(api, "nobody", "wrong"),
        "no right to log in": ask(api, "nologin", "a password"),
        "an old password": ask(api, "expired", "a password"),
        "no password": ask(api, "without", "a password"),
        "superuser": ask(api, "postgres", api._postgres.password),
        "superuser, wrong password": ask(api, "postgres", "wrong"),
        "unknown key": ask(api, None, key),
        "unknown key beside a user": ask(api, "alice", key),
        "a long name": ask(api, "a" * 64, "wrong"),
        "a long password": ask(api, "alice", "x" * 1001),
        "a control character": ask(api, "alice", "x\ny"),
        "no key": ask(api, "alice", None),
        "an empty key": ask(api, "alice", ""),
        "no user": ask(api, None, "wrong"),
    }
    shapes = {(answer.status, answer.body, tuple(sorted(set(answer.headers) - {"Date"}))) for answer in answers.values()}
    assert len(shapes) == 1, {name: (answer.status, answer.body, answer.headers) for name, answer in answers.items()}
    assert answers["no key"].status == 401 and answers["no key"].body == b""
    log = api.log_tail(1000)
    assert 'login failed: 127.0.0.1 as role "alice"' in log and "28P01" in log
    assert 'login failed: 127.0.0.1 as role "postgres": ' in log and "is a superuser" in log
    # A name that nobody logged in by may be a key in the wrong place.
    assert "as an unknown role of 6 bytes" in log and "nobody" not in log
    assert key not in log and api._postgres.password not in log and "x" * 100 not in log


def test_names_that_postgresql_would_cut(api: HttpServer, role: Database) -> None:
    name = "n" * 63
    role.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'a password'")
    assert ask(api, name, "a password").status == 200
    assert ask(api, name + "n", "a password").status == 401
    assert ask(api, name + " and more", "a password").status == 401


def test_passwords_as_they_are(api: HttpServer, role: Database) -> None:
    for password in ("'; DROP ROLE alice; --", "über 50 € \\x00 %s", "x" * 1000, " blank ", "ck_short"):
        role.rows("SELECT set_config('test.password', %s, false)", password)
        role.execute("DO $$BEGIN EXECUTE format('ALTER ROLE carol PASSWORD %L', current_setting('test.password')); END$$")
        assert ask(api, "carol", password).status == 200, password
    assert ask(api, "carol", " blank").status == 401
    assert ask(api, "carol", "x" * 999).status == 401


def test_a_thousand_wrong_keys(api: HttpServer, api_database: Database) -> None:
    healthy = HttpClient(api, "alice", ALICE)
    assert healthy.get(CALL).status == 200
    healthy_answers: Counter[int] = Counter()
    done = threading.Event()

    def keep_asking() -> None:
        while not done.is_set():
            healthy_answers[healthy.get(CALL).status] += 1

    def attempt(i: int) -> Answer:
        kind = i % 4
        if kind == 0:
            return ask(api, "alice", f"wrong {i}")
        if kind == 1:
            return ask(api, f"nobody {i}", "wrong")
        if kind == 2:
            return ask(api, None, "ck_" + base64.urlsafe_b64encode(i.to_bytes(48, "big")).decode())
        return ask(api, "bob", "always the same")

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(attempt, range(100)))  # whatever grows once
        before = memory(api)
        asking = threading.Thread(target=keep_asking)
        asking.start()
        try:
            answers = list(threads.map(attempt, range(100, 1100)))
        finally:
            done.set()
            asking.join()
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) <= {401, 429} and statuses[429] > 500, statuses
    for answer in answers:
        if answer.status == 429:
            assert set(answer.headers) >= RATE_HEADERS and int(answer.headers["Retry-After"]) >= 1
        else:
            assert answer.body == b""
    assert set(healthy_answers) == {200} and healthy_answers[200] > 5, healthy_answers
    assert memory(api) - before < 20 * 1024 * 1024
    log = api.log_tail(100_000)
    assert log.count("login failed") < 200 and "always the same" not in log
    assert api_database.value("SELECT count(*) FROM pg_stat_activity WHERE usename IN ('alice', 'bob')") <= 10


def test_who_is_not_known_waits_after_ten_failures(api: HttpServer) -> None:
    assert ask(api, "alice", ALICE).status == 200
    for _ in range(10):
        assert ask(api, "bob", "wrong").status == 401
    limited = ask(api, "bob", BOB)
    assert limited.status == 429 and set(limited.headers) >= RATE_HEADERS and limited.json["errors"]
    assert limited.headers["Carto-Rate-Limit-Limit"] == "10" and limited.headers["Carto-Rate-Limit-Remaining"] == "0"
    assert ask(api, "alice", ALICE).status == 200  # another user from the same address, who is known


def test_many_at_once_with_the_right_key(api: HttpServer) -> None:
    with ThreadPoolExecutor(30) as threads:
        answers = list(threads.map(lambda _: ask(api, "alice", ALICE).status, range(60)))
    assert set(answers) == {200}


def sessions(db: Database) -> int:
    return int(db.value("SELECT count(*) FROM pg_stat_activity WHERE usename IN ('alice', 'bob')"))


def test_sessions_in_all(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    """Calls beyond --max-sessions wait for one, whoever asks; kept sessions make room."""
    wait_until(lambda: sessions(api_database) == 0, what="sessions of others to end")
    with (
        HttpServer(workspace, preloaded, staged(workspace), api_database.name, options=["--max-sessions", "3"]) as server,
        ThreadPoolExecutor(20) as threads,
    ):
        for user, key in (("alice", ALICE), ("bob", BOB), ("alice", ALICE)):
            assert ask(server, user, key).status == 200
        with HeldCalls(api_database) as held:
            answers = [threads.submit(HttpClient(server, "alice", ALICE).get, PATH) for _ in range(10)]
            held.wait_for(3)
            waiting = threads.submit(ask, server, "bob", BOB)
            assert sessions(api_database) == 3 and not waiting.done()
            held.release()
            assert {answer.result().status for answer in answers} == {404}
            assert waiting.result().status == 200
        assert sessions(api_database) <= 3


def test_sessions_of_a_role(api: HttpServer, api_database: Database) -> None:
    """They are eight, whatever the keys."""
    wait_until(lambda: sessions(api_database) == 0, what="sessions of others to end")
    alice = HttpClient(api, "alice", ALICE)
    keys = [alice.post(CALL, {}).json["api_key"] for _ in range(3)]
    with HeldCalls(api_database) as held, ThreadPoolExecutor(30) as threads:
        answers = [threads.submit(HttpClient(api, None, key).get, PATH) for key in keys * 8]
        held.wait_for(8)
        assert ask(api, "bob", BOB).status == 200
        assert held.waiting() == 8 and sessions(api_database) <= 9
        held.release()
        assert {answer.result().status for answer in answers} == {404}
    api_database.execute("DELETE FROM connector.api_key")


def test_superusers(workspace: Workspace, preloaded: Postgres, role: Database) -> None:
    role.execute("CREATE ROLE chief SUPERUSER LOGIN PASSWORD 'chief password'; GRANT chief TO carol; ALTER ROLE carol SET role = chief")
    with HttpServer(workspace, preloaded, staged(workspace), role.name) as server:
        assert ask(server, "chief", "chief password").status == 401
        assert ask(server, "carol", "carol password").status == 401
        role.execute("ALTER ROLE carol RESET role")
        assert ask(server, "carol", "carol password").status == 200
    role.execute("ALTER ROLE carol SET role = chief")
    with HttpServer(workspace, preloaded, staged(workspace), role.name, options=["--allow-superuser"]) as server:
        assert ask(server, "chief", "chief password").status == 200
        assert ask(server, "carol", "carol password").status == 200
        assert ask(server, "chief", "wrong").status == 401


def test_a_role_that_becomes_another_one(api: HttpServer, role: Database) -> None:
    """One role for each key is what the documents advise: it asks as the other one."""
    role.execute("CREATE ROLE alice_api LOGIN IN ROLE alice PASSWORD 'api password'; ALTER ROLE alice_api SET role = alice")
    assert ask(api, "alice_api", "api password").status == 200


def test_requests_per_second(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, options=["--max-requests-per-second", "3"]) as server:
        with ThreadPoolExecutor(10) as threads:
            answers = list(threads.map(lambda _: ask(server, "alice", ALICE), range(60)))
        statuses = Counter(answer.status for answer in answers)
        assert set(statuses) == {200, 429}, statuses
        limited = next(answer for answer in answers if answer.status == 429)
        assert set(limited.headers) >= RATE_HEADERS and limited.headers["Carto-Rate-Limit-Limit"] == "3"
        assert ask(server, "bob", BOB).status == 200


class TrustingPostgres(Postgres):
    """Lets anybody in who says his name."""

    host_method: ClassVar[str] = "trust"


def test_a_server_that_asks_for_no_password(workspace: Workspace) -> None:
    stage = staged(workspace)
    with TrustingPostgres(workspace, stage=stage) as trusting:
        trusting.create_database("open", "connector")
        with Database(trusting, "open") as database:
            database.execute("CREATE ROLE alice LOGIN PASSWORD 'alice password'")
        with HttpServer(workspace, trusting, stage, "open", options=["--allow-superuser"]) as server:
            for user, key in (("alice", ALICE), ("alice", "wrong"), ("postgres", "x"), ("postgres", trusting.password)):
                answer = ask(server, user, key)
                assert (answer.status, answer.body) == (401, b"")
            assert "did not ask for a password" in server.log_tail()
        trusting.stop()


class MisledHttpServer(HttpServer):
    """Has in its environment, and in its home, what lets libpq in as alice."""

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "PGPASSWORD": ALICE,
            "PGUSER": "alice",
            "PGPASSFILE": str(self.folder / ".pgpass"),
            "PGSERVICE": "alice",
            "PGSERVICEFILE": str(self.folder / "services"),
            "PGOPTIONS": "-c role=alice",
        }

    def prepare(self) -> None:
        super().prepare()
        for name, text in ((".pgpass", f"*:*:*:*:{ALICE}\n"), ("services", f"[alice]\nuser=alice\npassword={ALICE}\n")):
            path = self.folder / name
            path.write_text(text)
            path.chmod(0o600)
            self.account.give(path)


def test_what_libpq_would_find_elsewhere(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    with MisledHttpServer(workspace, preloaded, staged(workspace), api_database.name) as server:
        assert ask(server, "alice", ALICE).status == 200
        assert ask(server, "bob", BOB).status == 200
        for user, key in (("alice", ""), ("alice", None), ("alice", "wrong"), (None, "wrong"), (None, ALICE), ("bob", ALICE)):
            answer = ask(server, user, key)
            assert (answer.status, answer.body) == (401, b""), (user, key)
        assert HttpClient(server, None, ALICE).post(CALL, {}).status == 401
