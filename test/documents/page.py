"""Photographs the page of connector-http for README: `python3 -m documents.page` in `test`, after a change of how the page looks.

A small shop in a MariaDB, syncs of it of which one is paused, one runs and one fails, and somebody who looks at the overview.
"""

from __future__ import annotations

import os
from pathlib import Path

from servers.browser_tools import chromium, import_playwright
from servers.http import HttpServer
from servers.mariadb import MariaDb
from servers.postgres import Postgres
from servers.process import wait_until
from servers.staging import ROOT, install_into
from servers.workspace import Workspace

_OWN_ROLE = ("connector_http", "password of the program")
_PICTURE = ROOT / "docs" / "pictures" / "page-overview.png"
_ROWS = "WITH RECURSIVE i AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM i WHERE n < {}) SELECT n AS id, {} FROM i"
_SHOP = (
    "CREATE DATABASE shop CHARACTER SET utf8mb4",
    "USE shop",
    "SET SESSION max_recursive_iterations = 100000",
    *(
        f"CREATE TABLE {table} (PRIMARY KEY (id)) AS {_ROWS.format(rows, more)}"
        for table, rows, more in (
            ("orders", 48210, "n * 1.25 AS price, n % 3 AS state"),
            ("customers", 6120, "concat('customer ', n) AS name"),
            ("products", 312, "concat('product ', n) AS name"),
            ("returns", 940, "n * 2 AS order_id"),
            ("countries", 249, "concat('country ', n) AS name"),
        )
    ),
    # Rows that come slowly, so that somebody can look at the run.
    f"CREATE VIEW visits AS {_ROWS.format(100000, 'sleep(0.002) AS seconds')}",
)


def main() -> None:
    import_playwright()
    with Workspace() as workspace:
        named = os.environ.get("CONNECTOR_TEST_STAGE")
        stage = Path(named) if named else install_into(workspace, ROOT / "build" / "docs.log")
        settings = {"shared_preload_libraries": "connector", "max_worker_processes": "16"}
        with MariaDb(workspace) as remote, Postgres(workspace, stage=stage, settings=settings) as local:
            remote.sql(*_SHOP, f"GRANT SELECT ON shop.* TO '{remote.user}'@'%'", database=None)
            _make_syncs(remote, local)
            with HttpServer(workspace, local, stage, "warehouse", own_role=_OWN_ROLE) as server:
                _photograph(f"http://localhost:{server.port}")


def _make_syncs(remote: MariaDb, local: Postgres) -> None:
    local.create_database("warehouse", "connector")
    admin = local.connect("warehouse")
    with admin.cursor() as cursor:
        cursor.execute(
            f"CREATE ROLE {_OWN_ROLE[0]} LOGIN PASSWORD '{_OWN_ROLE[1]}';"
            f"GRANT EXECUTE ON FUNCTION connector.sealed_api_key(uuid) TO {_OWN_ROLE[0]};"
            "CREATE ROLE ana LOGIN PASSWORD 'secret'; ALTER ROLE ana SET connector.allow_local_addresses = on;"
            "CREATE SCHEMA sales AUTHORIZATION ana; ALTER ROLE ana SET search_path = sales, public;"
            "CREATE SERVER shop FOREIGN DATA WRAPPER connector "
            f"OPTIONS (provider 'mysql', server '127.0.0.1', port '{remote.port}', database 'shop');"
            f"CREATE USER MAPPING FOR ana SERVER shop OPTIONS (username '{remote.user}', password '{remote.password}');"
            "GRANT USAGE ON FOREIGN SERVER shop TO ana"
        )
    admin.close()
    connection = local.connect("warehouse", "ana")
    with connection.cursor() as cursor:

        def sync(table: str, interval: str) -> None:
            request = f'{{"connection": "shop", "table": "{table}"}}'
            cursor.execute("SELECT cdb_sync_connector(%s, %s::interval, name => %s)", (request, interval, table))

        def ended(*tables: str) -> bool:
            cursor.execute("SELECT count(*) FROM connector.syncs WHERE name = ANY (%s) AND last_state = 'success'", (list(tables),))
            return cursor.fetchone() == (len(tables),)

        for table, interval in (("orders", "15 minutes"), ("customers", "1 hour"), ("products", "1 day"), ("returns", "1 hour")):
            sync(table, interval)
        wait_until(lambda: ended("orders", "customers", "products", "returns"), limit=120, what="the first runs")
        cursor.execute("SELECT cdb_sync_pause('products')")
        remote.sql("DROP TABLE shop.returns", database=None)
        cursor.execute("SELECT cdb_sync_now('returns', wait => true)")
        cursor.execute("""SELECT cdb_import_connector('{"connection": "shop", "table": "countries"}')""")
        sync("visits", "1 day")

        def rows_come() -> bool:
            cursor.execute("SELECT 1 FROM connector.progress WHERE rows > 0")
            return cursor.fetchone() is not None

        wait_until(rows_come, limit=60, what="rows of a run")
    connection.close()


def _photograph(url: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), chromium_sandbox=os.geteuid() != 0)
        page = browser.new_page(viewport={"width": 1160, "height": 640}, locale="en-GB", color_scheme="light")
        page.goto(url)
        page.get_by_label("Role").fill("ana")
        page.get_by_label("Password").fill("secret")
        page.get_by_role("button", name="Log in").click()
        page.get_by_text("Live", exact=True).wait_for()
        page.get_by_text("Loading").wait_for()
        page.get_by_text("Paused").first.wait_for()
        page.screenshot(path=_PICTURE, full_page=True, animations="disabled")
        browser.close()


if __name__ == "__main__":
    main()
