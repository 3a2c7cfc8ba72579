"""The sample databases sakila, chinook and northwind, in schemas of their own on a remote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.remote import Remote
from servers.remote_mysql import MySqlRemote

FOLDER = Path(__file__).resolve().parent.parent / "samples"
NAMES = ("sakila", "chinook", "northwind")


def statements(name: str, dialect: str) -> list[str]:
    """Those of the file. A semicolon ends one where a line ends behind it."""
    text = (FOLDER / f"{name}.{dialect}.sql").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [part.strip() for part in re.split(r";\n", "\n".join(lines) + "\n") if part.strip()]


@contextmanager
def mysql_sample(remote: MySqlRemote, name: str) -> Iterator[str]:
    """Its schema there, which the reader's account may read."""
    schema = f"sample_{name}"
    user = remote.connection()["username"]
    remote.server.sql(f"DROP DATABASE IF EXISTS {schema}", f"CREATE DATABASE {schema} CHARACTER SET utf8mb4", database=None)
    remote.server.sql(
        f"USE {schema}", "SET time_zone = '+00:00'", *statements(name, "mysql"), f"GRANT SELECT, SHOW VIEW ON {schema}.* TO '{user}'@'%'"
    )
    try:
        yield schema
    finally:
        remote.server.sql(f"DROP DATABASE {schema}", database=None)


@contextmanager
def postgres_sample(remote: Remote, name: str) -> Iterator[str]:
    schema = f"sample_{name}"
    user = remote.connection()["username"]
    remote.execute(
        f"DROP SCHEMA IF EXISTS {schema} CASCADE",
        f"CREATE SCHEMA {schema}",
        "; ".join([f"SET search_path = {schema}, public", *statements(name, "postgres"), "RESET search_path"]),
        f"GRANT USAGE ON SCHEMA {schema} TO {user}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {user}",
    )
    try:
        yield schema
    finally:
        remote.execute(f"DROP SCHEMA {schema} CASCADE")
