"""The database goes away, roles and passwords change, the program is killed: nothing sticks, nothing grows."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.held_calls import PATH, REQUEST, HeldCalls
from harness.http_client import HttpClient
from harness.raw_http import RawConnection
from soak.http_requests import Requests, check_growth

from servers.http import HttpServer
from servers.postgres import Postgres
from servers.process import wait_until
from servers.remote_mysql import MySqlRemote
from servers.staging import sanitized, staged
from servers.workspace import Workspace

# Longer than a session is kept that nobody uses: whoever asks so seldom logs in anew each time.
SELDOM = 7.0


def test_database_restarts(api: HttpServer, api_database: Database, alice: HttpClient) -> None:
    """503 as long as it is away, and no request fails afterwards: sessions that have ended are not used."""
    assert alice.get(PATH).status == 404
    api_database.close()
    api_database.server.stop()
    answer = alice.get(PATH)
    assert answer.status == 503 and "not available" in answer.json["errors"]
    assert alice.get("/healthz").status == 200
    api_database.server.start()
    for _ in range(20):
        assert alice.get(PATH).status == 404
    api_database.server.kill()
    assert alice.get(PATH).status == 503
    api_database.server.start()
    for _ in range(20):
        assert alice.get(PATH).status == 404


def test_database_is_killed_under_a_call(api: HttpServer, api_database: Database) -> None:
    with HeldCalls(api_database) as held, RawConnection(api) as connection:
        connection.send(REQUEST)
        held.wait_for(1)
        api_database.server.kill()
        assert connection.answer().status == 503
    api_database.close()
    api_database.server.start()
    with RawConnection(api) as connection:
        assert connection.send(REQUEST).answer().status == 404


def test_database_hangs(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    """Calls end with 504 in time, and the next ones are answered."""
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, options=["--call-timeout", "2"]) as server:
        alice = HttpClient(server, "alice", "alice password")
        with HeldCalls(api_database) as held:
            assert alice.get(PATH).status == 504
            assert alice.get("/healthz").status == 200
            held.release()
        wait_until(lambda: alice.get(PATH).status == 404, what="a call that is answered in time")


class _BeforeSilence(HttpServer):
    """The program before something that accepts connections and says nothing."""

    silence: socket.socket

    @property
    def conninfo(self) -> str:
        return f"host=127.0.0.1 port={self.silence.getsockname()[1]} dbname=d"


def test_client_leaves_during_the_login(workspace: Workspace, preloaded: Postgres) -> None:
    """Or its time is over: the login ends as well."""
    with socket.create_server(("127.0.0.1", 0)) as silence:
        silence.settimeout(120)
        server = _BeforeSilence(workspace, preloaded, staged(workspace), "d", options=["--call-timeout", "3"])
        server.silence = silence
        with server:
            for stays in (False, True):
                with RawConnection(server) as connection:
                    connection.send(REQUEST)
                    database, _ = silence.accept()
                    with database:
                        database.settimeout(120)
                        assert database.recv(4096), "it begins to log in"
                        if stays:
                            assert connection.answer().status == 504
                        else:
                            connection.close()
                        assert database.recv(4096) == b""


def test_clients_leave_when_their_time_is_over(workspace: Workspace, preloaded: Postgres, api_database: Database) -> None:
    """Calls that are stopped for two reasons at the same moment, while they wait for a session or for the database."""
    options = ["--call-timeout", "1"]
    with (
        HttpServer(workspace, preloaded, staged(workspace), api_database.name, options=options) as server,
        HeldCalls(api_database) as held,
    ):
        for _ in range(3):
            connections = [RawConnection(server).send(REQUEST) for _ in range(30)]
            time.sleep(0.8)
            for connection in connections:
                time.sleep(0.015)
                connection.close()
        held.wait_for(0)
        held.release()
        alice = HttpClient(server, "alice", "alice password")
        wait_until(lambda: alice.get(PATH).status == 404, what="a call that is answered in time")


def test_password_changes(api: HttpServer, api_database: Database, alice: HttpClient) -> None:
    """The old one is refused as soon as the sessions of it are gone, the new one is taken at once."""
    assert alice.get(PATH).status == 404
    api_database.execute("ALTER ROLE alice PASSWORD 'another'")
    try:
        assert HttpClient(api, "alice", "another").get(PATH).status == 404
        wait_until(lambda: alice.get(PATH).status == 401, what="the old password to be refused", pause=SELDOM)
    finally:
        api_database.execute("ALTER ROLE alice PASSWORD 'alice password'")
    assert alice.get(PATH).status == 404


def test_role_is_dropped(api: HttpServer, api_database: Database) -> None:
    api_database.execute("CREATE ROLE carol LOGIN PASSWORD 'carol'; GRANT USAGE ON FOREIGN DATA WRAPPER connector TO carol")
    carol = HttpClient(api, "carol", "carol")
    assert carol.get(PATH).status == 404
    api_database.execute("REVOKE USAGE ON FOREIGN DATA WRAPPER connector FROM carol; DROP ROLE carol")
    # Its session is kept for some seconds, and can do nothing any more.
    assert carol.get(PATH).status >= 400
    wait_until(lambda: carol.get(PATH).status == 401, what="the role to be refused", pause=SELDOM)


@pytest.fixture
def own_server(workspace: Workspace, preloaded: Postgres, api_database: Database) -> Iterator[HttpServer]:
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, options=["--quiet"]) as server:
        yield server


def test_program_is_killed_during_imports(own_server: HttpServer, api_database: Database, mariadb: MySqlRemote) -> None:
    """They run in the database, and come to an end without the program."""
    mariadb.execute("CREATE TABLE killed (id int PRIMARY KEY)", "INSERT INTO killed VALUES (1)")
    alice = HttpClient(own_server, "alice", "alice password")
    queued = []
    for i in range(3):
        answer = alice.post("/api/v1/imports", {"connector": dict(mariadb.connector(table="killed")) | {"import_as": f"killed_{i}"}})
        assert answer.status == 200, answer
        queued.append(answer.json["item_queue_id"])
    own_server.kill()
    own_server.start()
    for item in queued:
        wait_until(lambda item=item: alice.get(f"/api/v1/imports/{item}").json["state"] == "complete", what="the import to be complete")
    api_database.execute("DROP TABLE killed_0, killed_1, killed_2")
    mariadb.execute("DROP TABLE killed")


@pytest.mark.skipif(sanitized(), reason="AddressSanitizer keeps memory that was freed")
def test_nothing_grows(own_server: HttpServer) -> None:
    """Ten thousand requests over all routes; `make soak` sends ten times as many."""
    check_growth(own_server, Requests(own_server, 1), 10_000)
