"""Sessions of the page: who gets one, from where, what they are good for, and when they end."""

from __future__ import annotations

import contextlib
import re
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from harness.database import Database
from harness.http_client import HttpClient
from harness.http_roles import ALICE, BOB, OWN_ROLE
from harness.page_session import PATH, PageSession
from harness.raw_http import RawConnection

from servers.http import HttpServer
from servers.postgres import Postgres
from servers.process import wait_until
from servers.staging import staged
from servers.tls import Authority
from servers.workspace import Workspace

CALL = "/api/v1/keys"
PLAIN = "connector_session"
BY_TLS = "__Host-connector_session"


@pytest.fixture
def page(api: HttpServer) -> PageSession:
    """Somebody who has not logged in yet."""
    return PageSession(api.port)


@pytest.fixture
def alice_there(page: PageSession) -> PageSession:
    """alice, logged in."""
    assert page.log_in("alice", ALICE).status == 200
    return page


@pytest.fixture
def carol(api_database: Database) -> Iterator[Database]:
    """A role carol that may change."""
    api_database.execute("CREATE ROLE carol LOGIN PASSWORD 'first'")
    yield api_database
    # The program may have a session left over, which would be the next carol's.
    running = "FROM pg_stat_activity WHERE usename = 'carol'"
    api_database.execute(f"SELECT pg_terminate_backend(pid) {running}")
    wait_until(lambda: api_database.value(f"SELECT count(*) {running}") == 0, what="carol's sessions to end")
    api_database.execute("DROP OWNED BY carol; DROP ROLE carol")


def test_logs_in(api: HttpServer, page: PageSession) -> None:
    position = api.log_size()
    answer = page.log_in("alice", ALICE)
    assert answer.status == 200 and set(answer.json) == {"user", "token", "ends_at"}
    assert answer.json["user"] == "alice" and answer.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(rf"{PLAIN}=[\w-]{{43}}; Path=/; HttpOnly; SameSite=Strict", answer.headers["Set-Cookie"])
    assert re.fullmatch(r"[\w-]{43}", answer.json["token"]) and answer.json["token"] != page.cookies[PLAIN]
    left = datetime.fromisoformat(answer.json["ends_at"]) - datetime.now(timezone.utc)
    assert timedelta(minutes=58) < left <= timedelta(hours=1)
    assert page.request("GET", CALL).status == 200
    wait_until(lambda: f" alice GET {CALL} 200 " in api.log_since(position), what="the lines of both calls")
    log = api.log_since(position)
    assert f" alice POST {PATH} 200 " in log
    assert not [secret for secret in (ALICE, page.cookies[PLAIN], page.token) if secret is None or secret in log]


def test_who_one_is(api_database: Database, alice_there: PageSession, alice: HttpClient) -> None:
    api_database.execute("CREATE SCHEMA of_alice AUTHORIZATION alice; CREATE SCHEMA of_nobody")
    try:
        told = alice_there.show().json
        end = told.pop("ends_at")
        now = told.pop("now")
        assert timedelta(minutes=58) < datetime.fromisoformat(end) - datetime.fromisoformat(now) <= timedelta(hours=1, seconds=2)
        assert told == {
            "user": "alice",
            "database": api_database.name,
            "version": api_database.value("SELECT extversion FROM pg_extension WHERE extname = 'connector'"),
            "superuser": False,
            "can_connect": True,
            "schemas": ["of_alice", "public"],
            "events": True,
            "scheduler": True,
            "max_retries": 10,
            "max_listed_tables": 500,
        }
        # By other credentials it is the same, without a session's end.
        by_key = alice.get(PATH).json
        by_key.pop("now")
        assert by_key == told
    finally:
        api_database.execute("DROP SCHEMA of_alice; DROP SCHEMA of_nobody")


def test_a_role_that_may_nothing(carol: Database, page: PageSession) -> None:
    assert page.log_in("carol", "first").status == 200
    told = page.show().json
    assert told["can_connect"] is False and told["schemas"] == []


def test_wrong_log_ins(api: HttpServer, page: PageSession, alice: HttpClient) -> None:
    key = alice.post(CALL, {"label": "no password"}).json
    position = api.log_size()
    for user, password in (("alice", "wrong"), ("nobody", ALICE), ("bob", ALICE), ("alice", key["api_key"]), ("alice", "x\ny"),
                           ("", ALICE), ("alice", ""), ("a" * 64, ALICE), ("postgres", api._postgres.password)):
        answer = page.log_in(user, password)
        assert answer.status == 401 and answer.body == b"" and "Set-Cookie" not in answer.headers, user
    log = api.log_since(position)
    assert "an issued key where a password is asked for" in log and "is a superuser" in log
    assert key["api_key"] not in log and ALICE not in log
    for body in (None, {}, {"user": "alice"}, {"password": ALICE}, {"user": "alice", "password": 1}, {"user": None, "password": ALICE},
                 {"user": "alice", "password": ALICE, "more": 1}, [ALICE]):
        answer = page.request("POST", PATH, body)
        assert answer.status == 400 and ALICE not in answer.body.decode(), body
    assert alice.delete(f"{CALL}/{key['id']}").status == 204


def test_the_body_alone_says_who_logs_in(page: PageSession) -> None:
    basic = {"authorization": "Basic Ym9iOndyb25n"}
    assert page.log_in("alice", ALICE, **basic).json["user"] == "alice"


def test_both_parts_are_wanted(alice_there: PageSession, api: HttpServer) -> None:
    other = PageSession(api.port)
    assert other.log_in("bob", BOB).status == 200
    cookie = alice_there.headers()["Cookie"]
    wrong: list[dict[str, str | None]] = [
        {"x_connector_token": None},
        {"x_connector_token": ""},
        {"x_connector_token": other.token},
        {"x_connector_token": alice_there.cookies[PLAIN]},
        {"cookie": None},
        {"cookie": f"{PLAIN}="},
        {"cookie": f"{PLAIN}={alice_there.token}"},
        {"cookie": cookie.replace(PLAIN, BY_TLS)},
        {"cookie": f"{PLAIN}=x; {PLAIN}={other.cookies[PLAIN]}"},
    ]
    for changed in wrong:
        for method, path in (("GET", PATH), ("GET", CALL), ("POST", CALL), ("GET", "/api/v1/events"), ("DELETE", PATH)):
            answer = alice_there.request(method, path, **changed)
            assert answer.status == 401 and answer.body == b"", (method, path, changed)
    assert alice_there.show(cookie=f"another=1; {cookie}; x").status == 200
    # Another server of the machine can set a cookie of that name: it keeps nobody out.
    assert alice_there.show(cookie=f"{PLAIN}=planted; {cookie}; {PLAIN}={other.cookies[PLAIN]}").json["user"] == "alice"
    with RawConnection(api) as connection:
        connection.send(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\nCookie: a=b\r\n\r\n")
        assert connection.answer().status == 400


def test_the_role_of_the_path_is_the_sessions(alice_there: PageSession) -> None:
    assert alice_there.request("GET", f"/user/alice{CALL}").status == 200
    assert alice_there.request("GET", f"/user/bob{CALL}").status == 401
    assert alice_there.show().status == 200


def test_other_credentials_count_where_there_are_some(alice_there: PageSession, api: HttpServer) -> None:
    by_key = alice_there.show(authorization="Basic Ym9iOmJvYiBwYXNzd29yZA==", x_connector_token=None, origin="http://elsewhere")
    assert by_key.json["user"] == "bob"
    assert alice_there.show(authorization="Basic Ym9iOndyb25n").status == 401
    assert alice_there.request("GET", f"{PATH}?api_key=wrong").status == 401
    assert alice_there.show().status == 200


def test_other_origins(alice_there: PageSession, api: HttpServer) -> None:
    others: list[dict[str, str | None]] = [
        {"origin": f"http://127.0.0.1:{api.port + 1}"},
        {"origin": "http://127.0.0.1"},
        {"origin": f"https://127.0.0.1:{api.port}"},
        {"origin": f"http://localhost:{api.port}"},
        {"origin": "null"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site", "origin": None},
    ]
    for changed in others:
        for method, path, body in (("GET", CALL, None), ("POST", PATH, {"user": "alice", "password": ALICE}), ("DELETE", PATH, None)):
            answer = alice_there.request(method, path, body, **changed)
            assert answer.status == 403 and answer.json["errors"] == "the request comes from another origin", (changed, method)
            assert "Set-Cookie" not in answer.headers
    # No page asks: somebody at the address bar, or a program.
    assert alice_there.show(sec_fetch_site="none", origin=None).status == 200
    assert alice_there.show(sec_fetch_site=None, origin=None).status == 200


def test_names_that_lead_here(api: HttpServer) -> None:
    """A foreign name for this address would make a foreign page of the same origin."""
    for host in ("rebound.example.com", "localhost.example.com", "192.0.2.1"):
        page = PageSession(api.port, origin=f"http://{host}:{api.port}")
        answer = page.log_in("alice", ALICE)
        assert answer.status == 403 and answer.json["errors"] == "the page needs TLS" and answer.json["hint"]
    for host in ("localhost", "alice.localhost", "127.0.0.2", "[::1]"):
        page = PageSession(api.port, origin=f"http://{host}:{api.port}")
        assert page.log_in("alice", ALICE).status == 200, host
        assert page.show().status == 200
        assert page.show(host="rebound.example.com", origin=None).status == 403


def test_without_tls_elsewhere(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    """A program that can be reached from other machines says what the page needs, to clients of its own machine too."""

    class Everywhere(HttpServer):
        def command(self) -> list[str]:
            return [word.replace("127.0.0.1:", "0.0.0.0:") for word in super().command()]

    with Everywhere(workspace, preloaded, staged(workspace), api_database.name, options=["--without-tls"]) as server:
        assert PageSession(server.port).log_in("alice", ALICE).status == 403
        assert HttpClient(server).get("/").status == 200


def test_by_tls(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    authority = Authority(workspace, "page-authority")
    server = HttpServer(workspace, preloaded, staged(workspace), api_database.name)
    made = authority.server(server.account, ["127.0.0.1"], name="page")
    server.options += ["--tls-cert", str(made.certificate), "--tls-key", str(made.key)]
    with server:
        page = PageSession(server.port, tls=ssl.create_default_context(cafile=str(authority.certificate)))
        answer = page.log_in("alice", ALICE)
        assert answer.status == 200 and set(page.cookies) == {BY_TLS}
        assert re.fullmatch(rf"{BY_TLS}=[\w-]{{43}}; Path=/; HttpOnly; SameSite=Strict; Secure", answer.headers["Set-Cookie"])
        assert page.show().status == 200
        # The same cookie by the name that it has without TLS may have been planted there.
        assert page.show(cookie=f"{PLAIN}={page.cookies[BY_TLS]}").status == 401
        assert page.show(origin=f"http://127.0.0.1:{server.port}").status == 403
        answer = page.log_out()
        assert answer.status == 204 and not page.cookies
        assert answer.headers["Set-Cookie"] == f"{BY_TLS}=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0"


def test_behind_a_proxy(workspace: Workspace, preloaded: Postgres, api_database: Database, api: HttpServer) -> None:
    told = {"x_forwarded_for": "192.0.2.7", "x_forwarded_proto": "https"}
    options = ["--trusted-proxy", "127.0.0.1"]
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, options=options) as server:
        page = PageSession(server.port, origin="https://api.example.com")
        assert page.log_in("alice", ALICE, **told).status == 200 and set(page.cookies) == {BY_TLS}
        assert page.show(**told).status == 200
        # The proxy's client came without TLS, or the proxy does not say how.
        assert page.show(**{**told, "x_forwarded_proto": "https, http"}, origin=None).status == 401
        plain = PageSession(server.port, origin="http://api.example.com")
        for proto in ("http", None):
            assert plain.log_in("alice", ALICE, **{**told, "x_forwarded_proto": proto}).status == 403
        # It speaks for somebody on another machine, whatever name he gives.
        local = PageSession(server.port)
        assert local.log_in("alice", ALICE, x_forwarded_for="192.0.2.7").status == 403
        assert local.log_in("alice", ALICE, x_forwarded_for="127.0.0.1").status == 200
    # Others may say what they like.
    assert PageSession(api.port, origin="https://api.example.com").log_in("alice", ALICE, **told).status == 403


def test_logs_out(api: HttpServer, alice_there: PageSession) -> None:
    other = PageSession(api.port)
    assert other.log_in("alice", ALICE).status == 200
    before = alice_there.headers()["Cookie"]
    answer = alice_there.log_out()
    assert answer.status == 204 and answer.body == b"" and not alice_there.cookies
    assert answer.headers["Set-Cookie"] == f"{PLAIN}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
    assert alice_there.show(cookie=before).status == alice_there.log_out(cookie=before).status == 401
    assert other.show().status == 200


def test_logs_out_whatever_becomes_of_the_role(carol: Database, page: PageSession) -> None:
    assert page.log_in("carol", "first").status == 200
    carol.execute("ALTER ROLE carol NOLOGIN")
    assert page.log_out().status == 204


def test_events_end_with_the_session(alice_there: PageSession, api: HttpServer) -> None:
    other = PageSession(api.port)
    assert other.log_in("alice", ALICE).status == 200
    with contextlib.closing(alice_there.events()) as ended, contextlib.closing(other.events()) as stays:
        assert ended.status == stays.status == 200
        assert ended.readline().startswith(b"retry: ") and stays.readline().startswith(b"retry: ")
        assert alice_there.log_out().status == 204
        ended.read()  # to its end, long before anybody would look at all streams
        assert other.show().status == 200
        assert other.log_out().status == 204
        stays.read()


def test_a_changed_password_ends_it(carol: Database, page: PageSession) -> None:
    assert page.log_in("carol", "first").status == 200
    with contextlib.closing(page.events()) as stream:
        carol.execute("ALTER ROLE carol PASSWORD 'second'")
        wait_until(lambda: page.show().status == 401, limit=60, what="the old password to let nobody in")
        carol.execute("ALTER ROLE carol PASSWORD 'first'")
        assert page.show().status == 401, "it is forgotten, and does not come back"
        stream.read()
    assert page.log_in("carol", "first").status == 200


def test_it_has_the_password_and_may_issue_keys(alice_there: PageSession, api: HttpServer) -> None:
    made = alice_there.request("POST", CALL, {"label": "by the page"})
    assert made.status == 201
    assert HttpClient(api, "alice", made.json["api_key"]).get(CALL).status == 200
    assert alice_there.request("DELETE", f"{CALL}/{made.json['id']}").status == 204


def test_a_role_has_twenty(carol: Database, api: HttpServer, alice_there: PageSession) -> None:
    pages = [PageSession(api.port) for _ in range(21)]
    for page in pages:
        assert page.log_in("carol", "first").status == 200
    told = [page.show() for page in pages]
    assert [answer.status for answer in told] == [401] + [200] * 20, told[-1].body
    assert alice_there.show().status == 200


def test_too_many_failures(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    """Guesses cost the same as with any other call; a session that is there is not held up by them."""
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name) as server:
        there, guesses = PageSession(server.port), PageSession(server.port)
        assert there.log_in("alice", ALICE).status == 200
        # One more is allowed every six seconds, which a slow machine may take for a few of them.
        statuses = [guesses.log_in("alice", f"wrong {i}").status for i in range(10)]
        assert statuses == [401] * 10
        answer = next(found for i in range(60) if (found := guesses.log_in("alice", f"wrong too {i}")).status != 401)
        assert answer.status == 429 and int(answer.headers["Retry-After"]) > 0 and answer.json["errors"] == "too many failed log-ins"
        assert there.show().status == 200
        other_way = HttpClient(server, "alice", "wrong")
        assert next(found for _ in range(60) if (found := other_way.get(CALL)).status != 401).status == 429


def test_a_restart_ends_all(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name) as server:
        page = PageSession(server.port)
        assert page.log_in("alice", ALICE).status == page.show().status == 200
        server.stop()
        server.start()
        assert page.show().status == 401
        assert page.log_in("alice", ALICE).status == page.show().status == 200


def test_superusers(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    options = ["--allow-superuser"]
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, own_role=OWN_ROLE, options=options) as server:
        page = PageSession(server.port)
        assert page.log_in("postgres", preloaded.password).status == 200
        assert page.show().json["superuser"] is True


def test_metrics_count_them(workspace: Workspace, preloaded: Postgres, api_database: Database, carol: Database) -> None:
    carol.execute("GRANT pg_read_all_stats TO carol")
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name) as server:
        monitor = HttpClient(server, "carol", "first")
        page = PageSession(server.port)

        def of(metric: str) -> int:
            found = re.search(rf"^connector_http_{metric} (\d+)$", monitor.get("/metrics").body.decode(), re.MULTILINE)
            assert found is not None
            return int(found[1])

        assert of("page_sessions") == 0
        assert page.log_in("alice", ALICE).status == 200
        assert of("page_sessions") == 1
        assert page.show(x_connector_token="wrong").status == 401
        assert of(r'failed_logins_total{reason="no_session"}') == 1
        assert page.log_out().status == 204
        assert of("page_sessions") == 0
