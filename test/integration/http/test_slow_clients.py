"""Clients that take their time, and many of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.held_calls import REQUEST, HeldCalls
from harness.http_client import HttpClient
from harness.raw_http import RawConnection

from servers.http import HttpServer
from servers.postgres import Postgres
from servers.staging import staged
from servers.workspace import Workspace

HEALTH = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"


@pytest.fixture(scope="module")
def hasty(workspace: Workspace, preloaded: Postgres, api_database: Database) -> Iterator[HttpServer]:
    """A program that waits a second for its clients."""
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, options=["--client-timeout", "1"]) as server:
        yield server


@pytest.mark.parametrize(
    "begin",
    [
        "G",
        "GET /healthz HTTP/1.1\r\n",
        "GET /healthz HTTP/1.1\r\nHost: h\r\nX: ",
        "POST /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n{",
        "POST /healthz HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /healthz HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        "POST /healthz HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n",
    ],
)
def test_half_a_request(hasty: HttpServer, begin: str) -> None:
    """It is answered with 408 when its time is over, and the connection ends."""
    with RawConnection(hasty) as connection:
        answer = connection.send(begin).answer()
        if answer.status == 100:
            answer = connection.answer()
        assert answer.status == 408 and connection.ended()


def test_a_byte_now_and_then(hasty: HttpServer) -> None:
    """The time is that of the whole header, however often something comes."""
    with RawConnection(hasty) as connection:
        connection.socket.settimeout(0.1)
        connection.send("GET /healthz HTTP/1.1\r\n")
        sent = 0
        while True:
            try:
                connection.send("X")
                sent += 1
                begin = connection.socket.recv(4096)
                break
            except TimeoutError:
                assert sent < 1000
        assert begin.startswith(b"HTTP/1.1 408 ")


def test_an_idle_connection_ends_without_a_word(hasty: HttpServer) -> None:
    with RawConnection(hasty) as never:
        assert never.ended()
    with RawConnection(hasty) as idle:
        assert idle.send(HEALTH).answer().status == 200
        assert idle.ended()


def test_a_client_that_does_not_read(hasty: HttpServer) -> None:
    """It asks and asks and takes no answer: its connection ends, and it costs no memory beyond that."""
    with RawConnection(hasty, buffer=4096) as connection:
        with contextlib.suppress(ConnectionError):
            connection.socket.settimeout(60)
            while True:
                connection.send(HEALTH * 100)
    with RawConnection(hasty) as other:
        assert other.send(HEALTH).answer().status == 200


def test_many_slow_clients(api: HttpServer, alice: HttpClient) -> None:
    """Half-sent requests of 500 connections keep nobody out: those that wait longest leave."""
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(RawConnection(api)).send("GET /healthz HT") for _ in range(500)]
        for _ in range(20):
            assert alice.get("/healthz").status == 200
            assert alice.get("/api/v1/synchronizations/nonsense").status == 404
        # The oldest have left; the newest have not, and are served when they have asked.
        assert slow[0].ended()
        assert slow[-1].send("TP/1.1\r\nHost: h\r\n\r\n").answer().status == 200


def test_busy_connections_are_not_ended(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    """Where all connections wait for the database a new one gets 503."""
    options = ["--max-connections", "4"]
    with (
        HttpServer(workspace, preloaded, staged(workspace), api_database.name, options=options) as server,
        HeldCalls(api_database) as held,
        contextlib.ExitStack() as stack,
    ):
        # One of each address, as one address may have a quarter.
        busy = [stack.enter_context(RawConnection(server, source=f"127.0.0.{i + 1}")).send(REQUEST) for i in range(4)]
        held.wait_for(4)
        for address in ("127.0.0.1", "127.0.0.9"):
            with RawConnection(server, source=address) as one_more:
                assert one_more.answer().status == 503 and one_more.ended()
        held.release()
        assert [connection.answer().status for connection in busy] == [404] * 4
