"""The Import API before one cluster whose scheduler runs, and a role that uses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from harness.browser import Chromium, Visitor
from harness.database import Database
from harness.http_client import HttpClient
from harness.http_roles import ALICE, OWN_ROLE
from harness.page_data import orders, session_of

from servers.http import HttpServer
from servers.postgres import Postgres
from servers.remote_mysql import MySqlRemote
from servers.staging import staged
from servers.workspace import Workspace


@pytest.fixture(scope="module")
def api_database(preloaded: Postgres, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with the extension, the roles alice and bob, who may open connections, and the program's own role."""
    preloaded.start()
    name = "http_" + request.module.__name__.rpartition(".test_")[2]
    preloaded.create_database(name, "connector")
    database = Database(preloaded, name)
    database.execute(f"CREATE ROLE {OWN_ROLE[0]} LOGIN PASSWORD '{OWN_ROLE[1]}'")
    database.execute(f"GRANT EXECUTE ON FUNCTION connector.sealed_api_key(uuid) TO {OWN_ROLE[0]}")
    for role in ("alice", "bob"):
        database.execute(
            f"CREATE ROLE {role} LOGIN PASSWORD '{role} password'; GRANT USAGE ON FOREIGN DATA WRAPPER connector TO {role}; "
            f"GRANT CREATE ON SCHEMA public TO {role}; ALTER ROLE {role} SET connector.allowed_hosts = '127.0.0.1'"
        )
    yield database
    database.close()
    preloaded.start()
    with Database(preloaded, "postgres") as server:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        server.execute(f"DROP ROLE alice; DROP ROLE bob; DROP ROLE {OWN_ROLE[0]}")


@pytest.fixture(scope="module")
def api(workspace: Workspace, preloaded: Postgres, api_database: Database) -> Iterator[HttpServer]:
    """The program before that database."""
    with HttpServer(workspace, preloaded, staged(workspace), api_database.name, own_role=OWN_ROLE) as server:
        yield server


@pytest.fixture
def alice(api: HttpServer) -> HttpClient:
    """Requests as alice, by the path."""
    return HttpClient(api, "alice", ALICE)


@pytest.fixture
def visitor(chromium: Chromium, api: HttpServer) -> Iterator[Visitor]:
    """Somebody before the page, not logged in. Tests that make something as alice ask for `alice_db` first, so that it is
    there until this page is left."""
    with Visitor(chromium, api.url) as somebody:
        yield somebody


@pytest.fixture(scope="module")
def alices_login(chromium: Chromium, api: HttpServer) -> dict[str, Any]:
    """Cookies and storage of a browser in which alice has logged in."""
    with Visitor(chromium, api.url) as somebody:
        somebody.log_in("alice", ALICE)
        return dict(somebody.context.storage_state())


@pytest.fixture
def shop(mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    """A remote with a table `orders`."""
    with orders(mariadb) as remote:
        yield remote


@pytest.fixture
def alice_db(api_database: Database) -> Iterator[Database]:
    """alice's own session; what she has made is gone afterwards."""
    with session_of(api_database, "alice") as session:
        yield session


@pytest.fixture
def alices(chromium: Chromium, api: HttpServer, alices_login: dict[str, Any], alice_db: Database) -> Iterator[Visitor]:
    """alice before the page, logged in. She leaves before what she has made is gone."""
    with Visitor(chromium, api.url, storage_state=alices_login) as alice:
        yield alice
