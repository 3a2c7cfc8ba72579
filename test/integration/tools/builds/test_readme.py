"""Every SQL example of README.md runs as it stands there, but for the remote's address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.pages import examples_of

from servers.postgres import Postgres
from servers.remote_mysql import MySqlRemote
from servers.staging import ROOT

HOST = "db.example.com"


def examples() -> list[str]:
    return [example.text for example in examples_of(ROOT / "README.md", "sql")]


def one_with(fragment: str) -> str:
    (example,) = [block for block in examples() if fragment in block]
    return example


@pytest.fixture(scope="module")
def shop(mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    """The remote that README.md speaks of."""
    sql = mariadb.server.sql
    sql("DROP DATABASE IF EXISTS shop", "CREATE DATABASE shop CHARACTER SET utf8mb4", database=None)
    sql("USE shop", one_with("CREATE TABLE orders").rstrip(";"))
    sql("INSERT INTO shop.orders (customer, state, price, ordered_at) VALUES ('ana', 'paid', 5, NOW())")
    sql("DROP USER IF EXISTS reader@'%'", "CREATE USER reader@'%' IDENTIFIED BY 'secret'", "GRANT SELECT ON shop.* TO reader@'%'")
    yield mariadb
    sql("DROP USER reader@'%'", "DROP DATABASE shop")


@pytest.fixture(scope="module")
def warehouse(pg: Postgres, shop: MySqlRemote) -> Iterator[Database]:
    """A database after the steps of the installation, with the named server."""
    pg.create_database("readme")
    database = Database(pg, "readme")
    database.execute("CREATE ROLE etl LOGIN")
    database.execute("ALTER ROLE etl SET connector.allow_local_addresses = on")
    database.execute("CREATE TABLE public.days (x int); CREATE MATERIALIZED VIEW public.orders_by_day AS SELECT 1 AS one")
    yield database
    database.execute("DROP OWNED BY etl CASCADE; DROP ROLE etl")
    database.close()


def local(example: str, shop: MySqlRemote) -> str:
    port = shop.server.port
    return example.replace(f'"server": "{HOST}"', f'"server": "127.0.0.1", "port": {port}').replace(
        f"server '{HOST}'", f"server '127.0.0.1', port '{port}'"
    )


def test_all_examples(warehouse: Database, shop: MySqlRemote) -> None:
    blocks = examples()
    assert len(blocks) > 12
    # In the order in which they make sense: installation, the named server, and all else as it comes.
    first = [one_with("CREATE EXTENSION connector"), one_with("CREATE SERVER shop")]
    for block in first:
        superuser, _, etl = local(block, shop).partition("-- as etl")
        warehouse.execute(superuser)
        if etl:
            with Database(warehouse.server, "readme", "etl") as role:
                assert role.value(etl)["rows"] == 1
    warehouse.execute("CREATE USER MAPPING FOR CURRENT_USER SERVER shop OPTIONS (username 'reader', password 'secret')")
    run = 0
    for block in blocks:
        if block in first or "CREATE TABLE orders" in block:
            continue
        if "cron.schedule" in block:
            continue  # the extension of that name is in another database; sync/test_cron.py has this call
        if "ALTER SYSTEM" in block:
            for statement in block.split(";"):
                if statement.strip():
                    warehouse.execute(statement)
            warehouse.execute("ALTER SYSTEM RESET connector.allow_local_addresses")
            run += 1
            continue
        statements = local(block, shop)
        if "role_limits" in block:  # which would forbid what follows
            statements = f"BEGIN; {statements}; ROLLBACK"
        warehouse.execute(statements)
        run += 1
    assert run >= 10
    assert warehouse.value("SELECT count(*) FROM paid_orders") == 1
    assert warehouse.value("SELECT count(*) FROM connector.syncs WHERE request -> 'sync' ->> 'on_success' IS NOT NULL") > 0
