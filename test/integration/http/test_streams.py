"""Answers without an end: how they are sent, and how they end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.held_calls import REQUEST, HeldCalls
from harness.raw_http import RawConnection

from servers.http import HttpServer
from servers.postgres import Postgres
from servers.process import wait_until
from servers.staging import staged
from servers.workspace import Workspace

from .conftest import OWN_ROLE

TARGET = "/user/alice/api/v1/events?api_key=alice%20password"
HEALTH = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"


def _stream(server: HttpServer) -> RawConnection:
    return RawConnection(server).send(f"GET {TARGET} HTTP/1.1\r\nHost: h\r\n\r\n")


def test_chunks(api: HttpServer) -> None:
    """What a client sends meanwhile is not answered, and does not end it."""
    with _stream(api) as connection:
        head = connection.head()
        assert head.status == 200 and head.names["content-type"] == "text/event-stream"
        assert head.names["transfer-encoding"] == "chunked" and "content-length" not in head.names
        assert head.names["connection"] == "close" and head.names["cache-control"] == "no-store"
        assert connection.chunk() == b"retry: 3000\n\n"
        connection.send(HEALTH * 2000)
        assert connection.chunk()


def test_http_1_0(api: HttpServer) -> None:
    """Without chunks: its end is that of the connection."""
    with RawConnection(api) as connection:
        head = connection.send(f"GET {TARGET} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").head()
        assert not {"transfer-encoding", "content-length"} & set(head.names) and head.names["connection"] == "close"
        assert connection.stream.read(13) == b"retry: 3000\n\n"


def test_head(api: HttpServer) -> None:
    with RawConnection(api) as connection:
        head = connection.send(f"HEAD {TARGET} HTTP/1.1\r\nHost: h\r\n\r\n").head()
        assert head.status == 200 and connection.ended()


@pytest.fixture
def own_server(workspace: Workspace, preloaded: Postgres, api_database: Database) -> Iterator[HttpServer]:
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, own_role=OWN_ROLE) as server:
        yield server


def test_the_program_ends(own_server: HttpServer, api_database: Database) -> None:
    """Streams end at once, while a call that runs is answered yet."""
    with _stream(own_server) as stream, RawConnection(own_server) as busy, HeldCalls(api_database) as held:
        assert stream.head().status == 200 and stream.chunk()
        busy.send(REQUEST)
        held.wait_for(1)
        os.kill(own_server.pid, signal.SIGTERM)
        stream.stream.read()
        held.release()
        assert busy.answer().status == 404
    wait_until(lambda: not own_server.running(), what="the program to end")
    assert own_server.exit_status == 0


def test_clients_leave(own_server: HttpServer) -> None:
    """The log has each when it is gone, and the places of those that left are free again."""
    for _ in range(300):
        with _stream(own_server) as stream:
            assert stream.head().status == 200
    wait_until(lambda: own_server.log.read_text().count(" alice GET /api/v1/events 200 ") == 300, what="300 lines")
