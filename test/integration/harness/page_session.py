"""A session of the page, as a browser has one: the cookie that it was given, and the token."""

from __future__ import annotations

import http.client
import http.cookies
import json
import ssl
from collections.abc import Mapping
from typing import Any

from .http_client import Answer

PATH = "/api/v1/session"


class PageSession:
    """Requests to one port of loopback. `origin` is what the browser has in its address bar; `cookies` are kept as a browser does."""

    def __init__(self, port: int, *, origin: str | None = None, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> None:
        self.port = port
        self.tls = tls
        self.address = address
        self.origin = origin or f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        self.cookies: dict[str, str] = {}
        self.token: str | None = None

    def headers(self) -> dict[str, str]:
        """What a script of the page sends along."""
        sent = {"Host": self.origin.partition("://")[2], "Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.token is not None:
            sent["X-Connector-Token"] = self.token
        return sent

    def connection(self) -> http.client.HTTPConnection:
        source = (self.address, 0)
        if self.tls is not None:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=120, context=self.tls, source_address=source)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120, source_address=source)

    def request(self, method: str, path: str, body: object = None, /, **changed: str | None) -> Answer:
        """`changed` are headers in place of a browser's, their dashes as underscores; None: that one is not sent."""
        headers = self.headers()
        for name, value in changed.items():
            key = next((known for known in headers if known.lower() == name.replace("_", "-").lower()), name.replace("_", "-"))
            headers.pop(key, None)
            if value is not None:
                headers[key] = value
        connection = self.connection()
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            found = Answer(answer.status, dict(answer.headers), answer.read())
        finally:
            connection.close()
        self._keep(found.headers)
        return found

    def _keep(self, headers: Mapping[str, str]) -> None:
        if "Set-Cookie" in headers:
            for name, cookie in http.cookies.SimpleCookie(headers["Set-Cookie"]).items():
                if cookie["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = cookie.value

    def log_in(self, user: str, password: str, **changed: str | None) -> Answer:
        answer = self.request("POST", PATH, {"user": user, "password": password}, **changed)
        if answer.status == 200:
            self.token = answer.json["token"]
        return answer

    def show(self, **changed: str | None) -> Answer:
        return self.request("GET", PATH, **changed)

    def log_out(self, **changed: str | None) -> Answer:
        return self.request("DELETE", PATH, **changed)

    def events(self) -> Any:
        """The answer to a request for events, to be read line by line; its connection lives as long."""
        connection = self.connection()
        connection.request("GET", "/api/v1/events", None, self.headers())
        return connection.getresponse()
