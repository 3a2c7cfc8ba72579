"""Requests to connector-http over all of its routes, with right and wrong input: neither its descriptors nor its memory grow.

SOAK_REQUESTS (100000); SOAK_SEED repeats a run. Runs alone: `python3 test/soak/http_requests.py`.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import sys
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

TEST = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TEST), str(TEST / "integration")]

from harness.database import Database  # noqa: E402
from harness.raw_http import RawConnection  # noqa: E402

from servers.http import HttpServer  # noqa: E402
from servers.postgres import Postgres  # noqa: E402
from servers.process import wait_until  # noqa: E402
from servers.staging import staged  # noqa: E402
from servers.workspace import Workspace  # noqa: E402

# What may come of it, whatever the number of requests: allocators keep what they had.
MOST_GROWTH_KB = 4096
_STREAM = "/api/v1/events"
_METHODS = ("get", "post", "put", "delete")
_CONNECTION = {"server": "127.0.0.1", "port": 1, "database": "d", "username": "u", "password": "p"}
_BODIES: list[object] = [
    None,
    {},
    [],
    "text",
    {"connector": {}},
    {"connector": {"provider": "mysql", "connection": _CONNECTION, "table": "t"}, "interval": 1},
    {"connector": {"provider": "nonsense"}},
    {"provider": "mysql", "connection": _CONNECTION, "table": "t"},
    {"interval": "3600", "connector": None},
    {"label": "x" * 1000, "expires": "never"},
    {"a": [[[[1]]]] * 100, "b": "é" * 1000},
]
_BROKEN = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET /" + b"a" * 20000,
    b"\x16\x03\x01\x00",
    b"POST /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n",
]


class Requests:
    """Random requests, one after the other."""

    def __init__(self, server: HttpServer, seed: int) -> None:
        self._server = server
        self._random = random.Random(seed)
        self.statuses: Counter[int] = Counter()
        with RawConnection(server) as connection:
            connection.send("GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n")
            paths: dict[str, dict[str, Any]] = json.loads(connection.answer().body)["paths"]
        self.calls = [(method.upper(), path) for path, methods in paths.items() for method in methods if method in _METHODS]
        self._connection: RawConnection | None = None

    def send(self, count: int) -> None:
        for _ in range(count):
            kind = self._random.random()
            if kind < 0.02:
                self._send_broken()
            elif kind < 0.04:
                self._leave()
            else:
                self._send_call()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _request(self) -> bytes:
        method, path = self._random.choice(self.calls)
        while path == _STREAM:  # an answer without an end: see _leave()
            method, path = self._random.choice(self.calls)
        path = path.replace("{id}", self._random.choice([str(uuid.uuid4()), "nonsense", "%00", "a%2Fb"]))
        path = path.replace("{provider}", self._random.choice(["mysql", "postgres", "nonsense"]))
        # Wrong keys are few, as each of them has to wait.
        key = self._random.choices(["alice%20password", "", "wrong"], [96, 3, 1])[0]
        query = f"?api_key={key}" + self._random.choice(["", "&limit=1", "&limit=x", "&before=y", "&callback=z", "&a=%"])
        body = self._random.choice(_BODIES)
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} /user/alice{path}{query} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data

    def _send_call(self) -> None:
        if self._connection is None:
            self._connection = RawConnection(self._server)
        answer = self._connection.send(self._request()).answer()
        self.statuses[answer.status] += 1
        if answer.names.get("connection") == "close" or self._random.random() < 0.02:
            self.close()

    def _send_broken(self) -> None:
        with RawConnection(self._server) as connection:
            self.statuses[connection.send(self._random.choice(_BROKEN)).answer().status] += 1

    def _leave(self) -> None:
        """Goes away before there is an answer, or at the first byte of one without an end."""
        with RawConnection(self._server) as connection:
            if self._random.random() < 0.5:
                connection.send(self._request())
                return
            connection.send(f"GET /user/alice{_STREAM}?api_key=alice%20password HTTP/1.1\r\nHost: h\r\n\r\n")
            try:
                self.statuses[connection.head().status] += 1
            except http.client.BadStatusLine:
                self.statuses[0] += 1


def descriptors(server: HttpServer) -> int:
    """How many there are. The folder is root's, since the process can't be dumped."""
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def memory(server: HttpServer) -> int:
    """What is resident, in kB."""
    [line] = [line for line in Path(f"/proc/{server.pid}/status").read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1])


def check_growth(server: HttpServer, requests: Requests, count: int) -> None:
    """Fails if the program has more descriptors or memory after `count` requests than after a fifth of them."""
    may_count = os.geteuid() == 0
    before = descriptors(server) if may_count else 0
    requests.send(count // 5)
    first = memory(server)
    requests.send(count - count // 5)
    last = memory(server)
    requests.close()
    print(f"{count} requests: {first} kB, then {last} kB; {dict(sorted(requests.statuses.items()))}", flush=True)
    assert last - first <= MOST_GROWTH_KB, f"memory has grown from {first} kB to {last} kB"
    assert not [status for status in requests.statuses if status == 0 or status == 500], requests.statuses
    # Sessions of the database are kept for some seconds.
    if may_count:
        wait_until(lambda: descriptors(server) <= before, what=f"no more than the {before} descriptors of the beginning")


def main() -> int:
    seed = int(os.environ.get("SOAK_SEED") or random.randrange(1_000_000))
    count = int(os.environ.get("SOAK_REQUESTS") or 100_000)
    print(f"seed {seed}", flush=True)
    with Workspace() as workspace, Postgres(workspace, stage=staged(workspace)) as local:
        local.create_database("requests", "connector")
        with Database(local, "requests") as database:
            database.execute("CREATE ROLE alice LOGIN PASSWORD 'alice password'; GRANT USAGE ON FOREIGN DATA WRAPPER connector TO alice")
        with HttpServer(workspace, local, staged(workspace), "requests", options=["--quiet"]) as server:
            try:
                check_growth(server, Requests(server, seed), count)
            except AssertionError as error:
                print(error)
                print("0 passed, 1 failed, 0 skipped")
                return 1
    print("1 passed, 0 failed, 0 skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
