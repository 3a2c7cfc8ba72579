"""What the tests of faults and limits must know of Hive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from servers.remote import Remote

from .dialect import Dialect, Words


class HiveDialect(Dialect):
    """HiveServer2. It has no rights of its own, no locks here, and keys that nobody keeps."""

    provider = "hive"
    has_keys = False
    starts_soon = False
    goodbye = 100  # at most: the answers to CloseOperation and CloseSession
    table_names = "SHOW TABLES"
    words: Mapping[str, Words] = {
        **Dialect.words,
        "password": Words("could not connect.*validating the login", "authenticate", 1012),
        "database": Words("could not connect.*[Dd]atabase.*not exist", "authenticate|connect", 1012),
        "table": Words("could not read table.*([Tt]able not found|does not exist)", "describe", 1011),
        "schema": Words("could not read table.*([Tt]able not found|[Dd]atabase .*not exist)", "describe", 1011),
        "late_error": Words("assertion failed", "fetch", 1011),
        "no_query": Words("ParseException", "execute", 1011),
        "several": Words("ParseException|missing EOF", "execute", 1011),
        "placeholder": Words("Cannot find ExprNodeEvaluator", "execute", 1011),
    }

    def empty(self, table: str) -> str:
        return f"TRUNCATE TABLE {table}"

    def ordered(self, table: str) -> str:
        return f"SELECT * FROM {table}"  # as they stand in the file: to sort them takes Hive a job

    def late_failure(self, table: str, rows: int) -> str:
        return f"SELECT id, assert_true(id <= {rows}) AS x FROM {table}"

    def writes(self, table: str) -> Mapping[str, str]:
        return {}  # it has no read-only sessions: what the account may write, a query writes

    def file_writes(self, table: str) -> list[str]:
        return []

    def writing_function(self, remote: Remote, name: str, table: str) -> None:
        pytest.skip("functions of HiveQL can't write")

    def commented_table(self, remote: Remote, name: str, columns: Mapping[str, str], comment: str) -> list[str]:
        pytest.skip("Hive takes no such names")

    def create_schema(self, remote: Remote, name: str, tables: list[str]) -> str:
        remote.execute(
            f"DROP DATABASE IF EXISTS {name} CASCADE",
            f"CREATE DATABASE {name}",
            *[f"CREATE TABLE {name}.{table} (a int)" for table in tables],
        )
        return name

    def drop_schema(self, remote: Remote, name: str) -> None:
        remote.execute(f"DROP DATABASE {name} CASCADE")

    def account(self, remote: Remote, name: str, password: str, grants: list[str]) -> None:
        pytest.skip("this HiveServer2 grants everything to everybody")

    def drop_account(self, remote: Remote, name: str) -> None:
        pass

    @contextmanager
    def locked(self, remote: Remote, table: str) -> Iterator[None]:
        pytest.skip("this HiveServer2 has no locks")
        yield
