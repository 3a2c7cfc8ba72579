"""Every SQL example of the documents runs as it stands there, but for the remote's address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.database import Database
from harness.pages import Example, examples_of

from servers.postgres import Postgres
from servers.remote_mysql import MySqlRemote
from servers.staging import ROOT

HOST = "db.example.com"
# Pages whose examples other tests run, or that need what is not here.
ELSEWHERE = {
    "docs/http.md": "http/test_pages.py",
    "docs/howto/pg_cron.md": "sync/test_cron.py",
    "docs/tutorial.md": "tools/builds/test_tutorial.py",
    "docs/providers/odbc.md": "needs the vendors' drivers and servers",
}
# Roles as they were made by one page, which the next one makes again.
_ROLES = ("etl",)


def pages() -> list[str]:
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [str(page.relative_to(ROOT)) for page in found if examples_of(page, "sql") and str(page.relative_to(ROOT)) not in ELSEWHERE]


def test_there_are_examples() -> None:
    assert {"README.md", "docs/imports.md", "docs/syncs.md", "docs/install.md", "docs/roles-and-limits.md"} <= set(pages())
    assert sum(len(examples_of(ROOT / page, "sql")) for page in pages()) > 25
    assert all((ROOT / page).exists() for page in ELSEWHERE)


@pytest.fixture(scope="module")
def shop(mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    """The remote that the documents speak of."""
    sql = mariadb.server.sql
    (orders,) = [example.text for example in examples_of(ROOT / "docs" / "imports.md", "sql") if _is_of_the_remote(example)]
    sql("DROP DATABASE IF EXISTS shop", "CREATE DATABASE shop CHARACTER SET utf8mb4", database=None)
    sql("USE shop", orders.rstrip(";"))
    sql("INSERT INTO shop.orders (customer, state, price, ordered_at) VALUES ('ana', 'paid', 5, NOW())")
    sql("DROP USER IF EXISTS reader@'%'", "CREATE USER reader@'%' IDENTIFIED BY 'secret'", "GRANT SELECT ON shop.* TO reader@'%'")
    yield mariadb
    sql("DROP USER reader@'%'", "DROP DATABASE shop")


@pytest.fixture(scope="module")
def warehouse(pg: Postgres) -> Iterator[str]:
    """A database of the same cluster, as a postgres remote with a table orders."""
    pg.create_database("far_warehouse")
    with Database(pg, "far_warehouse") as database:
        database.execute("CREATE TABLE orders (id bigint PRIMARY KEY, total numeric); INSERT INTO orders VALUES (1, 5)")
    yield f"provider 'postgres', server '127.0.0.1', port '{pg.port}', database 'far_warehouse', sslmode 'disable'"
    with Database(pg, "postgres") as server:
        server.execute("DROP DATABASE far_warehouse WITH (FORCE)")


@pytest.fixture
def reader(pg: Postgres, shop: MySqlRemote, warehouse: str) -> Iterator[Database]:
    """A database that somebody has who reads a page from its beginning: with what the pages take for granted."""
    pg.create_database("examples", "connector")
    database = Database(pg, "examples")
    for role in _ROLES:
        database.execute(f"CREATE ROLE {role} LOGIN; ALTER ROLE {role} SET connector.allow_local_addresses = on")
    database.execute("CREATE TABLE public.days (x int); CREATE MATERIALIZED VIEW public.orders_by_day AS SELECT 1 AS one")
    database.execute("CREATE EXTENSION postgres_fdw; CREATE SERVER shard1 FOREIGN DATA WRAPPER postgres_fdw")
    database.execute(f"CREATE SERVER warehouse FOREIGN DATA WRAPPER connector OPTIONS ({warehouse})")
    database.execute(f"CREATE USER MAPPING FOR CURRENT_USER SERVER warehouse OPTIONS (username 'postgres', password '{pg.password}')")
    _make_shop(database, shop)
    yield database
    database.close()
    with Database(pg, "postgres") as server:
        server.execute("DROP DATABASE examples WITH (FORCE)")
        for role in _ROLES:
            server.execute(f"DROP ROLE {role}")


def _make_shop(database: Database, shop: MySqlRemote) -> None:
    database.execute(
        "CREATE SERVER shop FOREIGN DATA WRAPPER connector "
        f"OPTIONS (provider 'mysql', server '127.0.0.1', port '{shop.server.port}', database 'shop')"
    )
    database.execute("CREATE USER MAPPING FOR CURRENT_USER SERVER shop OPTIONS (username 'reader', password 'secret')")


def _is_of_the_remote(example: Example) -> bool:
    return "AUTO_INCREMENT" in example.text


def _local(example: str, shop: MySqlRemote) -> str:
    port = shop.server.port
    return example.replace(f'"server": "{HOST}"', f'"server": "127.0.0.1", "port": {port}').replace(
        f"server '{HOST}'", f"server '127.0.0.1', port '{port}'"
    )


@pytest.mark.parametrize("page", pages())
def test_the_examples_run(reader: Database, shop: MySqlRemote, page: str) -> None:
    run = 0
    for example in examples_of(ROOT / Path(page), "sql"):
        if example.not_run or _is_of_the_remote(example):
            continue
        _run(reader, shop, _local(example.text, shop))
        run += 1
    assert run > 0


def _run(reader: Database, shop: MySqlRemote, example: str) -> None:
    if "CREATE EXTENSION connector" in example:
        reader.execute("DROP EXTENSION connector CASCADE")
    if "CREATE SERVER shop" in example:
        reader.execute("DROP SERVER IF EXISTS shop CASCADE")
    superuser, _, etl = example.partition("-- as etl")
    if "ALTER SYSTEM" in superuser:  # which is refused in a transaction, and is not for the other tests
        for statement in filter(str.strip, re.sub(r"--.*", "", superuser).split(";")):
            reader.execute(statement)
        for setting in re.findall(r"ALTER SYSTEM SET (\S+)", superuser):
            reader.execute(f"ALTER SYSTEM RESET {setting}")
    elif "role_limits" in superuser:  # which would forbid what follows
        reader.execute(f"BEGIN; {superuser}; ROLLBACK")
    else:
        reader.execute(superuser)
    if etl:
        # What the page has said before: the schema is open to the role.
        reader.execute("GRANT USAGE, CREATE ON SCHEMA public TO etl")
        with Database(reader.server, reader.name, "etl") as role:
            role.execute(etl.partition("\n")[2])
    if "CREATE SERVER shop" in superuser and "FOR CURRENT_USER SERVER shop" not in superuser:
        reader.execute("CREATE USER MAPPING FOR CURRENT_USER SERVER shop OPTIONS (username 'reader', password 'secret')")
