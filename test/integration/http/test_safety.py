"""What no honest client sends, what all answers have, and what is told of requests."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import socket
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.held_calls import ALICE, PATH, REQUEST, HeldCalls
from harness.http_client import HttpClient
from harness.raw_http import RawAnswer, RawConnection, asked

from servers.http import HttpServer
from servers.process import wait_until

HOST = "Host: h\r\n"
HEALTH = f"GET /healthz HTTP/1.1\r\n{HOST}\r\n"


def _errors(answer: RawAnswer) -> str:
    return str(json.loads(answer.body)["errors"])


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        # first lines
        (400, f"GET http://h/healthz HTTP/1.1\r\n{HOST}\r\n"),
        (400, f"CONNECT h:80 HTTP/1.1\r\n{HOST}\r\n"),
        (400, f"OPTIONS * HTTP/1.1\r\n{HOST}\r\n"),
        (400, f"GET  /healthz HTTP/1.1\r\n{HOST}\r\n"),
        (400, f"GET /health z HTTP/1.1\r\n{HOST}\r\n"),
        (400, "GET /healthz\r\n\r\n"),
        (400, "nonsense\r\n\r\n"),
        (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        (505, f"GET /healthz HTTP/2.0\r\n{HOST}\r\n"),
        (505, f"GET /healthz HTTP/1.2\r\n{HOST}\r\n"),
        # line ends
        (400, "GET /healthz HTTP/1.1\nHost: h\n\n"),
        (400, f"GET /healthz HTTP/1.1\r\n{HOST}X: a\rb\r\n\r\n"),
        (400, f"GET /healthz HTTP/1.1\r\n{HOST}X: a\nContent-Length: 5\r\n\r\n"),
        (400, f"GET /healthz HTTP/1.1\r\n{HOST}X: a\0b\r\n\r\n"),
        # fields
        (400, f"GET /healthz HTTP/1.1\r\n{HOST}X: a\r\n folded\r\n\r\n"),
        (400, f"GET /healthz HTTP/1.1\r\n{HOST}X : a\r\n\r\n"),
        (400, f"GET /healthz HTTP/1.1\r\n{HOST}no field\r\n\r\n"),
        (400, "GET /healthz HTTP/1.1\r\n\r\n"),
        (400, f"GET /healthz HTTP/1.1\r\n{HOST}{HOST}\r\n"),
        (400, "GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        # bodies
        (400, f"POST /healthz HTTP/1.1\r\n{HOST}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, f"POST /healthz HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n"),
        (400, f"POST /healthz HTTP/1.1\r\n{HOST}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{{}}"),
        (400, f"POST /healthz HTTP/1.1\r\n{HOST}Content-Length: 2, 2\r\n\r\n{{}}"),
        (400, f"POST /healthz HTTP/1.1\r\n{HOST}Content-Length: -2\r\n\r\n{{}}"),
        (400, f"POST /healthz HTTP/1.1\r\n{HOST}Content-Length: 18446744073709551618\r\n\r\n{{}}"),
        (400, "POST /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, f"POST /healthz HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\nxyz\r\n"),
        (400, f"POST /healthz HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n-1\r\n"),
        (400, f"POST /healthz HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}x\r\n0\r\n\r\n"),
        (400, f"POST /healthz HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n2;{'a' * 20000}"),
        (400, f"POST /healthz HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n0\r\nX: {'a' * 40000}"),
        (501, f"POST /healthz HTTP/1.1\r\n{HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        (501, f"POST /healthz HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        (415, f"POST /healthz HTTP/1.1\r\n{HOST}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{{}}"),
        (417, f"POST /healthz HTTP/1.1\r\n{HOST}Expect: magic\r\nContent-Length: 2\r\n\r\n{{}}"),
        (501, f"GET /healthz HTTP/1.1\r\n{HOST}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
        # sizes
        (413, f"POST /healthz HTTP/1.1\r\n{HOST}Content-Length: 1048577\r\n\r\n"),
        (413, f"POST /healthz HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n100001\r\n"),
        (431, f"GET /healthz HTTP/1.1\r\n{HOST}X: {'a' * 17000}\r\n\r\n"),
        (431, f"GET /{'a' * 17000}"),
    ],
)
def test_refused_and_closed(api: HttpServer, status: int, request_: str | bytes) -> None:
    """Nobody reads it in another way than the next program would: it is refused, and the connection ends."""
    answer, closed = asked(api, request_)
    assert (answer.status, closed) == (status, True), answer
    assert _errors(answer)


def test_no_request_is_smuggled(api: HttpServer) -> None:
    """Behind a refused request nothing is read as another one."""
    for head in (
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: x\r\n",
    ):
        with RawConnection(api) as connection:
            connection.send(f"POST /healthz HTTP/1.1\r\n{HOST}{head}\r\n0\r\n\r\n{HEALTH}")
            assert connection.answer().status >= 400
            assert connection.ended()


def test_trailers_do_not_count(api: HttpServer) -> None:
    """Fields behind the last chunk are not fields of the request."""
    request = f"GET /user/alice{PATH} HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n"
    with RawConnection(api) as connection:
        pair = base64.b64encode(b"alice:alice password").decode()
        assert connection.send(f"{request}Authorization: Basic {pair}\r\n\r\n").answer().status == 401
        assert connection.send(f"{request}Host: other\r\n\r\n").answer().status == 401


@pytest.mark.parametrize(
    ("status", "type_", "body", "words"),
    [
        (400, "application/x-www-form-urlencoded", "a=b", "JSON"),
        (400, "application/json", "[1]", "object"),
        (400, "application/json", '"text"', "object"),
        (400, "application/json", "{", "JSON"),
        (400, "application/json", '{"a": 1} x', "JSON"),
        (400, "application/json", '{"a": ' + "[" * 100 + "]" * 100 + "}", ""),
        (400, "application/json", '{"a": [' + "1," * 20000 + "1]}", ""),
        (400, "application/json", b'{"a": "\xff"}', ""),
        (415, "multipart/form-data; boundary=x", "--x\r\n\r\n--x--\r\n", "files"),
    ],
)
def test_bodies_that_are_no_object(api: HttpServer, status: int, type_: str, body: str | bytes, words: str) -> None:
    """They are refused with what is expected; the connection goes on."""
    data = body if isinstance(body, bytes) else body.encode()
    with RawConnection(api) as connection:
        connection.send(f"POST {ALICE} HTTP/1.1\r\n{HOST}Content-Type: {type_}\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
        answer = connection.answer()
        assert answer.status == status and words in _errors(answer)
        assert "Content-Type: application/json" in json.loads(answer.body)["hint"]
        assert connection.send(HEALTH).answer().status == 200


def test_curl_needs_no_content_type(alice: HttpClient) -> None:
    """What curl -d sends says that it is a form; JSON in it is taken."""
    answer = alice.request("GET", PATH, "{}", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 404


def test_jsonp(alice: HttpClient) -> None:
    answer = alice.get(PATH, callback="f")
    assert answer.status == 400 and "callback" in answer.json["errors"]


def test_expect(api: HttpServer) -> None:
    """A client that asks before it sends its body is told to go on, or why not."""
    with RawConnection(api) as connection:
        connection.send(f"GET {ALICE} HTTP/1.1\r\n{HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert connection.answer().status == 100
        assert connection.send("{}").answer().status == 404
        connection.send(f"GET {ALICE} HTTP/1.1\r\n{HOST}Expect: 100-continue\r\nContent-Length: 9999999\r\n\r\n")
        assert connection.answer().status == 413 and connection.ended()


def test_keep_alive_and_pipelining(api: HttpServer) -> None:
    with RawConnection(api) as connection:
        connection.send(HEALTH * 3 + f"HEAD /healthz HTTP/1.1\r\n{HOST}\r\n" + "\r\n" + HEALTH)
        assert [connection.answer().body for _ in range(3)] == [b"ok\n"] * 3
        assert connection.answer(head=True).names["content-length"] == "3"
        assert connection.answer().body == b"ok\n", "an empty line before a request does not matter"
        chunked = f"GET {ALICE} HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n1;x=y\r\n{{\r\n1\r\n}}\r\n0\r\n\r\n"
        for byte in (chunked + HEALTH).encode():
            connection.send(bytes([byte]))
        assert connection.answer().status == 404 and connection.answer().status == 200
        connection.send(f"GET /healthz HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n{HEALTH}")
        assert connection.answer().names["connection"] == "close" and connection.ended()


def test_pipelined_while_a_call_runs(api: HttpServer, api_database: Database) -> None:
    """What comes during a call is neither lost nor taken for an end of the client."""
    with HeldCalls(api_database) as held, RawConnection(api) as connection:
        connection.send(REQUEST)
        held.wait_for(1)
        connection.send(HEALTH * 2)
        held.release()
        assert [connection.answer().status for _ in range(3)] == [404, 200, 200]


def test_http_1_0(api: HttpServer) -> None:
    with RawConnection(api) as connection:
        answer = connection.send("GET /healthz HTTP/1.0\r\n\r\n").answer()
        assert answer.body == b"ok\n" and answer.names["connection"] == "close" and connection.ended()
    with RawConnection(api) as connection:
        for _ in range(2):
            answer = connection.send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").answer()
            assert answer.body == b"ok\n" and answer.names["connection"] == "keep-alive"


def test_methods(api: HttpServer) -> None:
    """Those that a path does not have are told those that it has; a path that is not there is 404 whatever the method."""
    for method in ("POST", "OPTIONS", "TRACE", "PATCH", "PROPFIND"):
        with RawConnection(api) as connection:
            answer = connection.send(f"{method} /healthz HTTP/1.1\r\n{HOST}\r\n").answer()
            assert answer.status == 405 and answer.names["allow"] == "GET, HEAD", method
            assert connection.send(f"{method} /nothing HTTP/1.1\r\n{HOST}\r\n").answer().status == 404


def test_headers_of_all_answers(api: HttpServer) -> None:
    requests = {
        200: HEALTH,
        400: f"GET /healthz?callback=f HTTP/1.1\r\n{HOST}\r\n",
        401: f"GET {PATH} HTTP/1.1\r\n{HOST}\r\n",
        404: f"GET {ALICE} HTTP/1.1\r\n{HOST}\r\n",
        405: f"PUT /healthz HTTP/1.1\r\n{HOST}\r\n",
        431: f"GET /healthz HTTP/1.1\r\n{HOST}X: {'a' * 17000}\r\n\r\n",
    }
    for status, request in requests.items():
        answer, _ = asked(api, request)
        assert answer.status == status
        names = answer.names
        assert names["cache-control"] == "no-store" and names["referrer-policy"] == "no-referrer"
        assert names["x-content-type-options"] == "nosniff"
        assert names["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert re.fullmatch(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", names["date"])
        assert int(names["content-length"]) == len(answer.body)
        assert not {"server", "set-cookie", "x-powered-by", "www-authenticate"} & set(names)
        assert not [name for name in names if name.startswith("access-control")]
        assert len(names) == len(answer.headers), "no header twice"


@pytest.mark.parametrize("how", ["close", "reset", "half"])
def test_statement_ends_when_the_client_leaves(api: HttpServer, api_database: Database, how: str) -> None:
    with HeldCalls(api_database) as held, RawConnection(api) as connection:
        connection.send(REQUEST)
        held.wait_for(1)
        if how == "half":
            connection.socket.shutdown(socket.SHUT_WR)
        elif how == "reset":
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()
        else:
            connection.close()
        held.wait_for(0)  # while the lock is there yet
    with RawConnection(api) as connection:
        assert connection.send(REQUEST).answer().status == 404


def test_client_leaves_while_it_waits_for_a_session(api: HttpServer, api_database: Database) -> None:
    """More calls than a role has sessions: those that wait for one leave without a trace."""
    with HeldCalls(api_database) as held, contextlib.ExitStack() as stack:
        connections = [stack.enter_context(RawConnection(api)) for _ in range(20)]
        for connection in connections:
            connection.send(REQUEST)
        held.wait_for(8)
        for connection in connections:
            connection.close()
        held.wait_for(0)
    with RawConnection(api) as connection:
        assert connection.send(REQUEST).answer().status == 404


@pytest.fixture
def many_secrets(api: HttpServer) -> Iterator[list[str]]:
    """Keys in each place, right and wrong."""
    right, wrong = "alice password", "S3cr3tThatIsWrong"
    yield [right, "alice%20password", "alice+password", base64.b64encode(b"alice:" + right.encode()).decode().rstrip("="), wrong]


def test_no_secret_in_logs_and_answers(api: HttpServer, many_secrets: list[str]) -> None:
    position = api.log_size()
    answers: list[RawAnswer] = []
    for key in ("alice password", "S3cr3tThatIsWrong"):
        quoted = key.replace(" ", "%20")
        pair = base64.b64encode(f"alice:{key}".encode()).decode()
        swapped = base64.b64encode(f"{key}:alice".encode()).decode()
        body = json.dumps({"api_key": key})
        for request in (
            f"GET /user/alice{PATH}?api_key={quoted} HTTP/1.1\r\n{HOST}\r\n",
            f"GET /user/alice{PATH}?api_key={quoted}%zz HTTP/1.1\r\n{HOST}\r\n",
            f"GET /user/alice{PATH}?api_key={quoted}&api_key=x HTTP/1.1\r\n{HOST}\r\n",
            f"GET /user/alice{PATH} HTTP/1.1\r\n{HOST}Authorization: Basic {pair}\r\n\r\n",
            f"GET /user/alice{PATH} HTTP/1.1\r\n{HOST}Authorization: Basic {swapped}\r\n\r\n",
            f"GET /user/alice{PATH} HTTP/1.1\r\n{HOST}Authorization: Bearer {key}\r\n\r\n",
            f"GET /user/alice{PATH} HTTP/1.1\r\n{HOST}Authorization: {key}\r\n\r\n",
            f"GET /user/alice{PATH} HTTP/1.1\r\n{HOST}Content-Length: {len(body)}\r\n\r\n{body}",
            f"GET /user/alice{PATH} HTTP/1.1\r\n{HOST}Content-Length: {len(body) + 1}\r\n\r\n{body}x",
            f"GET /user/{quoted}{PATH}?api_key=x HTTP/1.1\r\n{HOST}\r\n",
            f"GET /{quoted}/{quoted} HTTP/1.1\r\n{HOST}\r\n",
            f"{key.replace(' ', '')} /healthz HTTP/1.1\r\n{HOST}\r\n",
            f"GET /healthz HTTP/1.1\r\n{HOST}{key}\r\n\r\n",
            f"GET /healthz {key}\r\n\r\n",
            f"GET /healthz HTTP/1.1\r\n{HOST}X-Forwarded-For: {key}\r\n\r\n",
            f"GET /healthz HTTP/1.1\r\nHost: {key.replace(' ', '')}.localhost\r\n\r\n",
        ):
            answers.append(asked(api, request)[0])
    assert {answer.status for answer in answers} >= {200, 400, 401, 404, 405}
    log = api.log_since(position)
    assert len([line for line in log.splitlines() if "127.0.0.1" in line and " GET " in line]) >= 25
    for secret in [*many_secrets, "alicepassword"]:
        assert secret not in log
        assert not [answer for answer in answers if secret.encode() in answer.body]


def test_access_log(api: HttpServer, alice: HttpClient) -> None:
    """One line for each request, with the route's template."""
    position = api.log_size()
    assert alice.get(PATH).status == 404
    alice.get("/nothing/at/all")
    begin = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z 127\.0\.0\.1"
    for rest in (r" alice GET /api/v1/synchronizations/\{id\} 404 \d+ \d+", r" - GET - 404 \d+ \d+"):
        # Beside them may be what the log has of the requests before.
        wait_until(lambda rest=rest: any(re.fullmatch(begin + rest, line) for line in api.log_since(position).splitlines()), what=rest)
