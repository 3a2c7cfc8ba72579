"""A cluster of Citus that is not ours: the coordinator that CONNECTOR_TEST_CITUS names.

It is a conninfo of a superuser, of a database that may be used up: the extensions citus and connector are (or can be)
installed there, the workers are known to it, and remotes on loopback can be reached. Roles of the tests log in to
the workers without a password, as pg_hba.conf's `trust` for loopback allows.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest
from harness.database import Database

SCHEMA = "connector_test"
WORDS = "CONNECTOR_TEST_CITUS names no coordinator of Citus"


class Coordinator:
    """What a Database wants of a server."""

    def connect(self, database: str, role: str = "postgres") -> psycopg2.extensions.connection:
        connection = psycopg2.connect(os.environ["CONNECTOR_TEST_CITUS"], **({} if role == "postgres" else {"user": role}))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"SET search_path = {SCHEMA}, public")
        return connection


class Citus(Database):
    """The database, seen by a superuser, with a schema for the tests' tables that is made anew."""

    def __init__(self) -> None:
        if not os.environ.get("CONNECTOR_TEST_CITUS"):
            pytest.skip(WORDS)
        super().__init__(Coordinator(), "")  # type: ignore[arg-type]
        self.execute("CREATE EXTENSION IF NOT EXISTS citus; CREATE EXTENSION IF NOT EXISTS connector SCHEMA public")
        assert self.value("SELECT count(*) FROM pg_dist_node WHERE noderole = 'primary' AND groupid > 0") >= 2
        self.execute("SET connector.allowed_hosts = '127.0.0.0/8'")
        self.clear()

    def clear(self) -> None:
        """No table, no sync and no import of the tests is there."""
        self.execute("DELETE FROM connector.sync; DELETE FROM connector.import")
        self.execute(f"SET client_min_messages = warning; DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
        self.execute("RESET client_min_messages")

    def distribution(self, table: str) -> tuple[str, str | None, int]:
        """Method, column and number of shards, as Citus has them in its catalogs."""
        (row,) = self.rows(
            "SELECT p.partmethod::text || p.repmodel::text, column_to_column_name(logicalrelid, partkey), "
            "(SELECT count(*) FROM pg_dist_shard s WHERE s.logicalrelid = p.logicalrelid) "
            "FROM pg_dist_partition p WHERE logicalrelid = %s::regclass",
            table,
        )
        return row

    def group(self, table: str) -> int:
        """The number of the group of tables that the table's shards lie beside."""
        found = self.value("SELECT colocationid FROM pg_dist_partition WHERE logicalrelid = %s::regclass", table)
        assert isinstance(found, int)
        return found

    def on_nodes(self, query: str) -> list[Any]:
        """The value of a query on each node, the coordinator included."""
        rows = self.rows("SELECT success, result FROM run_command_on_all_nodes(%s)", query)
        assert all(success for success, _ in rows), rows
        return [result for _, result in rows]

    def on_workers(self, query: str) -> list[Any]:
        """The same on the workers only."""
        return [result for _, result in self.rows("SELECT success, result FROM run_command_on_workers(%s)", query)]

    def assert_nothing_left(self) -> None:
        """No staging table, on no node and in no catalog of Citus; no prepared transaction."""
        left = self.on_nodes("SELECT count(*) FROM pg_class WHERE relname LIKE 'connector\\_staging%'")
        assert set(left) == {"0"}, left
        assert self.on_nodes("SELECT count(*) FROM pg_prepared_xacts WHERE gid LIKE 'citus%'") == ["0"] * len(left)
        for catalog in ("pg_dist_partition", "pg_dist_shard"):
            orphans = f"SELECT count(*) FROM {catalog} p WHERE NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = p.logicalrelid)"
            assert set(self.on_nodes(orphans)) == {"0"}, catalog


def by(column: str, **more: object) -> Mapping[str, object]:
    """`distribute` by a column."""
    return {"column": column, **more}
