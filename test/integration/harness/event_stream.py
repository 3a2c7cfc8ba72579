"""A client of server-sent events."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from servers.http import HttpServer


@dataclass
class Event:
    kind: str
    data: Any
    id: str | None


class EventStream:
    """GET /api/v1/events: a context manager. `refused` is the status of an answer that is no stream."""

    def __init__(self, server: HttpServer, user: str | None, key: str, *, headers: Mapping[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        prefix = f"/user/{urllib.parse.quote(user, safe='')}" if user is not None else ""
        self._connection.request("GET", f"{prefix}/api/v1/events?{urllib.parse.urlencode({'api_key': key})}", None, dict(headers or {}))
        self.answer = self._connection.getresponse()
        self.refused = self.answer.status if self.answer.status != 200 else None
        self.retry: int | None = None
        self.comments = 0

    def next(self) -> Event | None:
        """The next event; None at the stream's end. A silence of two minutes is a TimeoutError."""
        fields: dict[str, str] = {}
        while True:
            line = self.answer.readline().decode()
            if not line:
                return None
            line = line.rstrip("\n")
            if not line:
                if "event" in fields:
                    return Event(fields["event"], json.loads(fields["data"]), fields.get("id"))
                fields = {}
            elif line.startswith(":"):
                self.comments += 1
            else:
                name, _, value = line.partition(": ")
                assert name in ("event", "data", "id", "retry") and name not in fields, line
                fields[name] = value
                if name == "retry":
                    self.retry = int(value)

    def until(self, kind: str, **data: object) -> list[Event]:
        """Reads up to an event of that kind with these data: all that came, this one as the last."""
        found: list[Event] = []
        while True:
            event = self.next()
            assert event is not None, f"the stream ended after {found}"
            found.append(event)
            if event.kind == kind and all(event.data.get(name) == value for name, value in data.items()):
                return found

    def ends(self) -> list[Event]:
        """Reads to the end: all that came."""
        found: list[Event] = []
        while (event := self.next()) is not None:
            found.append(event)
        return found

    def close(self) -> None:
        self.answer.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
