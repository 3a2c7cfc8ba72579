"""One interface for the tests to every kind of remote database.

A provider's tests of faults, cancels and limits are written once against `Remote`; each kind of server says here
how its dialect does things.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .server import Server


@dataclass(frozen=True)
class Session:
    """A session of the connector's account on the remote; `statement` is empty when it is idle."""

    number: int
    statement: str


class Remote(ABC):
    """A remote database that connectors read from."""

    provider: ClassVar[str]  # the connector's provider
    server: Server

    @property
    def kind(self) -> str:
        """The kind of server, `mariadb`."""
        return self.server.kind

    # requests
    @abstractmethod
    def connection(self, **more: object) -> dict[str, object]:
        """The `connection` object; `port=proxy.port` leads it through a proxy."""

    def connector(self, *, connection: Mapping[str, object] | None = None, **keys: object) -> dict[str, object]:
        """A connector object: `table=…`, or `sql_query=…` with `import_as=…`, and any other key."""
        return {"provider": self.provider, "connection": connection or self.connection(), **keys}

    # data
    @abstractmethod
    def execute(self, *statements: str) -> None:
        """Runs statements as the owner of the test database."""

    @abstractmethod
    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""

    @abstractmethod
    def quote(self, name: str) -> str:
        """An identifier, quoted."""

    @abstractmethod
    def create_rows(self, table: str, count: int, *, width: int = 20) -> None:
        """A table (id bigint primary key from 1 to `count`, word text of `width` characters, amount decimal(12,2))."""

    def drop(self, table: str) -> None:
        self.execute(f"DROP TABLE IF EXISTS {self.quote(table)}")

    # behaviour in time
    @abstractmethod
    def slow_query(self, seconds: int) -> str:
        """A query that gives its one row after so many seconds."""

    @abstractmethod
    def endless_query(self, table: str) -> str:
        """A query whose rows, made from `table`'s, don't end in the life of a test."""

    @abstractmethod
    def sessions(self) -> list[Session]:
        """Sessions of the connector's account."""

    @abstractmethod
    def kill_session(self, number: int) -> None:
        """Ends a session from the outside, as an administrator would."""

    def statements(self, fragment: str) -> list[Session]:
        """Sessions that run a statement with this text in it."""
        return [session for session in self.sessions() if fragment in session.statement]
