"""Requests to connector-http."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from servers.http import HttpServer


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class HttpClient:
    """Requests of one user with one key, a connection each. The user is named in the path, the key in the query.

    `address` is where they come from, one of loopback: failed log-ins of a test that has many count there, and hold up no other.
    """

    def __init__(self, server: HttpServer, user: str | None = None, key: str | None = None, *, address: str = "127.0.0.1") -> None:
        self.server = server
        self.user = user
        self.key = key
        self.address = address

    def request(self, method: str, path: str, body: object = None, /, *, headers: Mapping[str, str] | None = None, **query: str) -> Answer:
        """`path` begins with a slash; what stands in `body` is sent as JSON, text and bytes as they are."""
        if self.user is not None:
            path = f"/user/{urllib.parse.quote(self.user, safe='')}{path}"
        parameters = dict(query) | ({"api_key": self.key} if self.key is not None else {})
        if parameters:
            path += ("&" if "?" in path else "?") + urllib.parse.urlencode(parameters)
        sent = dict(headers or {})
        if body is not None and not isinstance(body, str | bytes):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120, source_address=(self.address, 0))
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers), answer.read())
        finally:
            connection.close()

    def get(self, path: str, **query: str) -> Answer:
        return self.request("GET", path, **query)

    def post(self, path: str, body: object = None, **query: str) -> Answer:
        return self.request("POST", path, body, **query)

    def put(self, path: str, body: object = None, **query: str) -> Answer:
        return self.request("PUT", path, body, **query)

    def delete(self, path: str, **query: str) -> Answer:
        return self.request("DELETE", path, **query)
