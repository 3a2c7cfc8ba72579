"""Foreign tables of a remote, beside imported ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.database import Database

from servers.remote import Remote


def literal(value: object) -> str:
    """A text as an SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"


def options_of(options: Mapping[str, object]) -> str:
    """OPTIONS (…) of CREATE SERVER and the like; empty without any."""
    if not options:
        return ""
    return f"OPTIONS ({', '.join(f'{name} {literal(value)}' for name, value in options.items())})"


def create_server(db: Database, remote: Remote, name: str = "remote", role: str = "CURRENT_USER", **more: object) -> None:
    """A foreign server that leads to the remote, and a role's user mapping."""
    options = remote.connection()
    login = {key: options.pop(key) for key in ("username", "password") if key in options}
    options.pop("session", None)
    db.execute(f"CREATE SERVER {name} FOREIGN DATA WRAPPER connector {options_of({'provider': remote.provider, **options, **more})}")
    db.execute(f"CREATE USER MAPPING FOR {role} SERVER {name} {options_of(login)}")


def create_foreign_table(db: Database, imported: str, name: str, server: str = "remote", **options: object) -> None:
    """A foreign table whose columns have the types of a table that was imported."""
    columns = ", ".join(f'"{column}" {kind}' for column, kind, _ in db.columns(imported))
    db.execute(f"CREATE FOREIGN TABLE {name} ({columns}) SERVER {server} {options_of(options)}")


def remote_sql(db: Database, query: str) -> list[str]:
    """The statements that a query sends, as EXPLAIN shows them."""
    (plan,) = db.value(f"EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) {query}")
    return list(_statements(plan["Plan"]))


def _statements(node: Mapping[str, Any]) -> Iterator[str]:
    if "Remote SQL" in node:
        yield node["Remote SQL"]
    for child in node.get("Plans", []):
        yield from _statements(child)


def plan_of(db: Database, query: str, options: str = "VERBOSE, COSTS OFF") -> str:
    """A query's plan as EXPLAIN prints it."""
    return "\n".join(row[0] for row in db.rows(f"EXPLAIN ({options}) {query}"))
