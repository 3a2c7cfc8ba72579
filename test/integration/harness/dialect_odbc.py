"""What the tests of faults and limits must know of remotes that are read by ODBC: the words are the driver's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from servers.remote import Remote
from servers.remote_odbc import OdbcRemote

from .dialect import Words
from .dialect_postgres import PostgresDialect


def _behind(remote: Remote) -> Remote:
    assert isinstance(remote, OdbcRemote)
    return remote.behind


class OdbcDialect(PostgresDialect):
    """PostgreSQL by its driver psqlodbc, which stands for all drivers where their database makes no difference."""

    provider = "odbc"
    words: Mapping[str, Words] = {
        **PostgresDialect.words,
        "unresolvable": Words("could not connect.*translate host name", "connect", 1012),
    }

    def writing_function(self, remote: Remote, name: str, table: str) -> None:
        super().writing_function(_behind(remote), name, table)

    def create_schema(self, remote: Remote, name: str, tables: list[str]) -> str:
        return super().create_schema(_behind(remote), name, tables)

    def account(self, remote: Remote, name: str, password: str, grants: list[str]) -> None:
        super().account(_behind(remote), name, password, grants)

    @contextmanager
    def locked(self, remote: Remote, table: str) -> Iterator[None]:
        with super().locked(_behind(remote), table):
            yield
