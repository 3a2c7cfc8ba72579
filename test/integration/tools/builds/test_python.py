"""The Python of the documents, run as one script: what it prints is what the page shows."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.pages import examples_of

from servers.postgres import Postgres
from servers.remote_mysql import MySqlRemote
from servers.staging import ROOT

PAGE = ROOT / "docs" / "howto" / "python.md"
DATABASE = "warehouse"


@pytest.fixture
def warehouse(pg: Postgres, mariadb: MySqlRemote) -> Iterator[Postgres]:
    """A database of this name whose server shop has one order."""
    sql = mariadb.server.sql
    sql("CREATE DATABASE shop", "CREATE TABLE shop.orders (id int PRIMARY KEY)", "INSERT INTO shop.orders VALUES (1)", database=None)
    sql("CREATE USER reader@'%' IDENTIFIED BY 'secret'", "GRANT SELECT ON shop.* TO reader@'%'")
    pg.create_database(DATABASE, "connector")
    with Database(pg, DATABASE) as database:
        database.execute(
            "CREATE SERVER shop FOREIGN DATA WRAPPER connector "
            f"OPTIONS (provider 'mysql', server '127.0.0.1', port '{mariadb.server.port}', database 'shop')"
        )
        database.execute("CREATE USER MAPPING FOR CURRENT_USER SERVER shop OPTIONS (username 'reader', password 'secret')")
    yield pg
    with Database(pg, "postgres") as server:
        server.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    sql("DROP USER reader@'%'", "DROP DATABASE shop")


def test_the_page(warehouse: Postgres) -> None:
    script = "\n".join(example.text for example in examples_of(PAGE, "python"))
    told = subprocess.run(
        [sys.executable, "-c", script],
        env=warehouse.client_environment(DATABASE),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert told.returncode == 0, told.stderr
    (shown,) = re.findall(r"this printed:\n\n```\n(.*?)^```$", PAGE.read_text(), re.S | re.M)
    assert told.stdout == shown
