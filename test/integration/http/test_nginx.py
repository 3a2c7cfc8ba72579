"""The configuration of docs/nginx.md, as it stands there but for names of files and ports, before the running program."""

from __future__ import annotations

import base64
import http.client
import json
import re
import ssl
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.http_client import HttpClient
from harness.http_roles import ALICE
from harness.page_session import PageSession
from harness.pages import examples_of

from servers.http import HttpServer
from servers.nginx import Nginx
from servers.postgres import Postgres
from servers.process import wait_until
from servers.server import Unavailable
from servers.staging import ROOT, staged
from servers.tls import Authority, Certificate
from servers.workspace import Workspace


@pytest.fixture(scope="module")
def proxied(workspace: Workspace, preloaded: Postgres, api: HttpServer, api_database: Database) -> Iterator[HttpServer]:
    """The program, started as the page says."""
    options = ["--trusted-proxy", "127.0.0.1"]
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, own_role=api.own_role, options=options) as server:
        yield server


@pytest.fixture(scope="module")
def authority(workspace: Workspace) -> Authority:
    return Authority(workspace, "nginx-authority")


@pytest.fixture(scope="module")
def nginx_text(proxied: HttpServer) -> str:
    """The page's configuration with the names and ports of here."""
    (example,) = examples_of(ROOT / "docs" / "nginx.md", "nginx")
    text = example.text
    for shown, here in (
        ("127.0.0.1:8080", f"127.0.0.1:{proxied.port}"),
        ("listen 443 ", "listen 127.0.0.1:PORT "),
        ("/var/log/nginx", "FOLDER"),
        ("/etc/nginx/api.example.com", "FOLDER/server"),
    ):
        assert shown in text
        text = text.replace(shown, here)
    return text


def _nginx(workspace: Workspace, text: str, authority: Authority) -> Nginx:
    try:
        server = Nginx(workspace, text)
    except Unavailable as reason:
        pytest.skip(str(reason))
    issued: Certificate = authority.server(server.account, ["127.0.0.1"], name=f"nginx-{server.folder.name}")
    for file, name in ((issued.certificate, "server.pem"), (issued.key, "server.key")):
        (server.folder / name).write_bytes(file.read_bytes())
        server.account.give(server.folder / name)
    return server


@pytest.fixture(scope="module")
def nginx(workspace: Workspace, nginx_text: str, authority: Authority) -> Iterator[Nginx]:
    with _nginx(workspace, nginx_text, authority) as server:
        yield server


@pytest.fixture(scope="module")
def trust(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.certificate))


def test_requests_go_through(nginx: Nginx, alice: HttpClient, trust: ssl.SSLContext) -> None:
    query = urllib.parse.urlencode({"api_key": alice.key})
    address = f"https://127.0.0.1:{nginx.port}/user/alice/api/v1/connectors?{query}"
    with urllib.request.urlopen(address, context=trust) as answer:
        assert "mysql" in json.loads(answer.read())
        assert answer.headers["Cache-Control"] == "no-store"
    line = re.compile(r'127\.0\.0\.1 \[[^]]+\] "GET HTTP/1\.1" 200 ')
    log = nginx.folder / "api.log"
    wait_until(lambda: line.search(log.read_text()) is not None, limit=20, what="a line in nginx's log")
    for path in nginx.folder.glob("*.log"):
        assert "api_key" not in path.read_text(), path
        assert "alice" not in path.read_text(), path


def _asked(nginx: Nginx, trust: ssl.SSLContext, path: str, source: str = "127.0.0.1", **headers: str) -> tuple[int, bytes]:
    """Status and body of a GET, from an address of loopback."""
    connection = http.client.HTTPSConnection("127.0.0.1", nginx.port, timeout=60, context=trust, source_address=(source, 0))
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_the_client_is_known_by_its_address(nginx: Nginx, proxied: HttpServer, trust: ssl.SSLContext) -> None:
    """It is the one that nginx sees; what a client says of itself is not what the program takes."""
    position = proxied.log_size()
    headers = {"X-Forwarded-For": "192.0.2.7"}
    assert _asked(nginx, trust, "/healthz", "127.0.0.2", **headers) == (200, b"ok\n")
    wait_until(lambda: "/healthz" in proxied.log_since(position), limit=20, what="a line in the program's log")
    assert "Z 127.0.0.2 - GET" in proxied.log_since(position)
    assert "192.0.2.7" not in proxied.log_since(position)


@pytest.fixture(scope="module")
def without_metrics(workspace: Workspace, nginx_text: str, authority: Authority) -> Iterator[Nginx]:
    """With the line by which metrics are kept inside."""
    [line] = re.findall(r"`(location ~ [^`]*/metrics[^`]*)`", (ROOT / "docs" / "nginx.md").read_text())
    before = "    location / {"
    assert before in nginx_text
    with _nginx(workspace, nginx_text.replace(before, f"    {line}\n{before}"), authority) as server:
        yield server


@pytest.mark.parametrize(
    "path",
    ["/metrics", "/metrics/", "/metrics?x=y", "/user/alice/metrics", "/u/a%2Fb/metrics/", "//metrics", "/%6detrics", "/x/../metrics"],
)
def test_metrics_are_kept_inside(
    without_metrics: Nginx, nginx: Nginx, alice: HttpClient, trust: ssl.SSLContext, path: str
) -> None:
    """In any way to write the path that the program would answer."""
    authorization = "Basic " + base64.b64encode(f"alice:{alice.key}".encode()).decode()
    assert _asked(nginx, trust, "/metrics", Authorization=authorization)[0] == 200
    status, body = _asked(without_metrics, trust, path, Authorization=authorization)
    assert status in (400, 404) and b"connector_" not in body
    assert _asked(without_metrics, trust, "/api/v1/connectors", Authorization=authorization)[0] == 200


def test_events_are_not_kept_back(nginx: Nginx, alice: HttpClient, trust: ssl.SSLContext, api_database: Database) -> None:
    """An event comes through as it happens, not when a buffer is full."""
    asked = urllib.request.Request(
        f"https://127.0.0.1:{nginx.port}/u/alice/api/v1/events", headers={"Authorization": f"Bearer {alice.key}"}
    )
    with urllib.request.urlopen(asked, context=trust, timeout=60) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert stream.readline().startswith(b"retry: ")
        with Database(api_database.server, api_database.name, "alice") as role:
            item = role.value("SELECT connector.import_without_source()")
            role.execute("SELECT pg_notify('connector', %s)", json.dumps({"kind": "import", "id": str(item), "state": "failure"}))
        while (line := stream.readline()) and not line.startswith(b"data: "):
            pass
        assert json.loads(line.removeprefix(b"data: "))["id"] == str(item)


def test_the_page_and_its_session(nginx: Nginx, trust: ssl.SSLContext) -> None:
    """The browser's connection to nginx is what counts: TLS, and the host with its port."""
    page = PageSession(nginx.port, tls=trust, address="127.0.0.2")
    assert b"<!doctype html>" in page.request("GET", "/").body
    answer = page.log_in("alice", ALICE)
    assert answer.status == 200 and set(page.cookies) == {"__Host-connector_session"}
    assert page.show().json["user"] == "alice"
    assert page.show(origin="https://127.0.0.1").status == 403
    assert page.show(x_connector_token=None).status == 401
    assert page.log_out().status == 204
