"""Joins whose keys are looked up by batches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.database import Database

from servers.remote_mysql import MySqlRemote

NODE = "Custom Scan (Connector Key Lookup)"
FORCED = "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_nestloop = off"
FREE = "RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_nestloop"


@contextmanager
def forced(db: Database) -> Iterator[None]:
    """No other joins."""
    db.execute(FORCED)
    try:
        yield
    finally:
        if not db.connection.info.transaction_status:
            db.execute(FREE)


def answers(db: Database, query: str) -> list[Any]:
    return sorted(db.rows(query), key=repr)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def run(db: Database, query: str) -> list[dict[str, Any]]:
    """The lookups of a query that was run, as EXPLAIN ANALYZE tells of them."""
    (explained,) = db.value(f"EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) {query}")
    return [node for node in nodes(explained["Plan"]) if node.get("Custom Plan Provider") == "Connector Key Lookup"]


@contextmanager
def general_log(remote: MySqlRemote) -> Iterator[list[str]]:
    """The statements on `orders` that MariaDB is sent meanwhile, when all is done."""
    remote.server.sql("SET GLOBAL log_output = 'TABLE'", "TRUNCATE mysql.general_log", "SET GLOBAL general_log = ON", database=None)
    statements: list[str] = []
    try:
        yield statements
    finally:
        logged = remote.server.sql(
            "SET GLOBAL general_log = OFF",
            "SELECT argument FROM mysql.general_log WHERE command_type IN ('Query', 'Execute') AND argument LIKE '%`orders`%' "
            "AND argument NOT LIKE '%general_log%' ORDER BY event_time",
            database=None,
        )
        statements += [text.decode() if isinstance(text, bytes) else text for (text,) in logged]
