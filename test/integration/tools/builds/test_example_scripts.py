"""The scripts of examples run as psql's user starts them, twice, with MariaDB and with PostgreSQL as the remote."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from harness.database import Database

from servers.postgres import Postgres
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote
from servers.staging import ROOT

EXAMPLES = ROOT / "examples"
# In the order of README.md there; the first and the last one are a superuser's.
ORDER = ("one_table", "whole_schema", "query", "keep_fresh", "after_a_run", "look_after", "loop", "live_tables")


@dataclass
class Shop:
    """Where a database with remote.sql is: the variables of server.sql."""

    variables: dict[str, str]


def _statements(script: str) -> list[str]:
    text = "".join(line for line in (EXAMPLES / script).read_text().splitlines(keepends=True) if not line.startswith("--"))
    return [statement for statement in text.split(";\n") if statement.strip()]


@pytest.fixture(params=["mysql", "postgres"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    if request.param == "mysql":
        mariadb: MySqlRemote = request.getfixturevalue("mariadb")
        sql = mariadb.server.sql
        sql("DROP DATABASE IF EXISTS shop", "CREATE DATABASE shop CHARACTER SET utf8mb4", "USE shop", *_statements("remote.sql"), database=None)
        sql("DROP USER IF EXISTS reader@'%'", "CREATE USER reader@'%' IDENTIFIED BY 'secret'", "GRANT SELECT ON shop.* TO reader@'%'")
        yield Shop({"provider": "mysql", "port": str(mariadb.server.port), "username": "reader", "password": "secret"})
        sql("DROP USER reader@'%'", "DROP DATABASE shop")
    else:
        cluster = request.getfixturevalue("postgres15").server
        remote = PostgresRemote(cluster, database="shop")
        remote.execute(*_statements("remote.sql"))
        yield Shop({"provider": "postgres", "port": str(cluster.port), "username": "reader", "password": cluster.password})
        with Database(cluster, "postgres") as server:
            server.execute("DROP DATABASE shop WITH (FORCE)")


@pytest.fixture
def local(pg: Postgres) -> Iterator[Database]:
    """A database with the extension, and the role etl."""
    pg.create_database("scripts", "connector")
    database = Database(pg, "scripts")
    database.execute("CREATE ROLE etl LOGIN; ALTER ROLE etl SET connector.allow_local_addresses = on")
    yield database
    database.close()
    with Database(pg, "postgres") as server:
        server.execute("DROP DATABASE scripts WITH (FORCE)")
        server.execute("DROP ROLE etl")


def _psql(local: Database, script: str, user: str, **variables: str) -> str:
    """What the script prints, errors and notices included."""
    argv = [local.server.program("psql"), "-X", "-f", EXAMPLES / f"{script}.sql"]
    for name, value in variables.items():
        argv += ["-v", f"{name}={value}"]
    environment = local.server.client_environment(local.name, user)
    done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=200)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_all_scripts_are_run() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.sql")} == {*ORDER, "remote", "server", "remove"}


def test_the_scripts(local: Database, shop: Shop) -> None:
    _psql(local, "server", "postgres", server="127.0.0.1", role="etl", **shop.variables)
    for _ in range(2):
        printed = {script: _psql(local, script, "etl") for script in ORDER}
        assert not [script for script, text in printed.items() if "ERROR" in text or "WARNING" in text], printed
        assert "(4 rows)" in printed["one_table"] and "Björn" in printed["query"]
        assert "customers: 3 rows" in printed["loop"] and "no_such_table: " in printed["loop"] and "Connector error" in printed["loop"]
        assert "Remote SQL" in printed["live_tables"] and "Chloé" in printed["live_tables"]
        assert local.rows("SELECT state, orders FROM shop.orders_by_state ORDER BY 1") == [("open", 1), ("paid", 2), ("shipped", 1)]
        assert local.rows("SELECT name, last_state FROM connector.syncs ORDER BY 1") == [
            ("fresh_customers", "success"),
            ("fresh_orders", "success"),
            ("order_log", "success"),
        ]
        assert local.value("SELECT count(*) FROM shop.order_log") == 4
    assert local.value("SELECT count(*) FROM connector.imports WHERE state = 'failure'") == 0
    assert local.value("SELECT count(*) FROM shop.customers") == 3
    _psql(local, "remove", "postgres")
    assert local.rows("SELECT 1 FROM connector.syncs UNION ALL SELECT 1 FROM pg_namespace WHERE nspname = 'shop'") == []
