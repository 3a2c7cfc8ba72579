"""The demo: a MariaDB with a small shop, a PostgreSQL with the extension; imports and a sync, everything shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from servers.http import HttpServer
from servers.mariadb import MariaDb
from servers.postgres import Postgres
from servers.process import wait_until
from servers.server import ServerError, Unavailable
from servers.staging import BuildError, install_into
from servers.workspace import Workspace

from .context import ROOT

_SHOP = (
    "DROP DATABASE IF EXISTS shop",
    "CREATE DATABASE shop CHARACTER SET utf8mb4",
    """CREATE TABLE shop.orders (
  id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'order number',
  customer varchar(60) NOT NULL,
  city varchar(40),
  state enum('open','paid','shipped') NOT NULL,
  price decimal(10,2) NOT NULL,
  gift tinyint(1) NOT NULL DEFAULT 0,
  ordered_at datetime(6) NOT NULL,
  deliver_on date,
  details json)""",
    """INSERT INTO shop.orders (customer, city, state, price, gift, ordered_at, deliver_on, details) VALUES
  ('Zoë Müller', 'Zürich', 'shipped', 129.90, 0, '2024-02-29 23:59:59.123456', '2024-03-04', '{"items": 3, "coupon": null}'),
  ('José Núñez', 'A Coruña', 'paid', 15.00, 1, '2024-03-01 08:30:00', NULL, '{"items": 1, "note": "¡feliz cumpleaños!"}'),
  ('Łukasz Wójcik', NULL, 'open', 99999999.99, 0, '2024-03-01 09:00:00.000001', NULL, NULL),
  ('O''Brien & Sons', 'Dublin', 'paid', 0.05, 0, '2024-03-02 17:45:12.5', '2024-03-09', '{"items": [1, 2, 3]}'),
  ('雪 Tanaka', '東京', 'open', 4200.00, 1, '2024-03-03 00:00:00', '0000-00-00', '{"emoji": "🎁"}')""",
    """CREATE TABLE shop.products (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name varchar(80) NOT NULL UNIQUE,
  price decimal(10,2) NOT NULL DEFAULT 1.00,
  added timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)""",
    """CREATE TABLE shop.order_lines (
  order_id bigint unsigned NOT NULL,
  line int NOT NULL,
  product_id int NOT NULL,
  quantity int NOT NULL DEFAULT 1,
  PRIMARY KEY (order_id, line),
  KEY by_product (product_id),
  FOREIGN KEY (order_id) REFERENCES shop.orders (id) ON DELETE CASCADE,
  FOREIGN KEY (product_id) REFERENCES shop.products (id))""",
    "INSERT INTO shop.products (name) VALUES ('lamp'), ('chair')",
    "INSERT INTO shop.order_lines VALUES (1, 1, 1, 2), (1, 2, 2, 1), (4, 1, 1, 1)",
)


class Screen:
    """What the newcomer sees; bold where the terminal can."""

    def __init__(self, server: Postgres, database: str) -> None:
        self._server = server
        self._database = database

    @staticmethod
    def say(words: str) -> None:
        bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
        print(f"\n{bold}-- {words}{plain}", flush=True)

    def psql(self, statement: str) -> None:
        """Shows a statement, as it can be pasted, and runs it in psql."""
        print(f"{self._database}=# {statement}", flush=True)
        subprocess.run(
            [self._server.program("psql"), "-X", "-v", "ON_ERROR_STOP=1", "-P", "pager=off", "-P", "null=∅"],
            input=statement + "\n",
            text=True,
            stderr=subprocess.STDOUT,
            env=self._server.client_environment(self._database) | {"LC_ALL": "C.UTF-8"},
            check=True,
        )


class Progress:
    """Tells in one line, rewritten, how many sources are compiled by now: a build takes minutes and says nothing."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        started = time.monotonic()
        while not self._ended.wait(15):
            done = sum(1 for path in (ROOT / "build" / "release").rglob("*.o"))
            print(f"  {time.monotonic() - started:.0f} s: {done} of {len((ROOT / 'sources.txt').read_text().split())} sources are compiled", flush=True)


def main() -> int:
    os.chdir(ROOT)
    try:
        with Workspace() as workspace:
            log = ROOT / "build" / "demo.log"
            print("building the extension: a few minutes the first time …", flush=True)
            with Progress(log):
                stage = install_into(workspace, log)
            print("starting MariaDB and PostgreSQL …", flush=True)
            with MariaDb(workspace) as remote, Postgres(workspace, stage=stage) as local:
                _show(remote, local)
                _show_http(workspace, stage, remote, local)
    except KeyboardInterrupt:
        return 130
    except (BuildError, ServerError, Unavailable) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode
    print(
        "\n-- That was it: all servers are stopped, and their data are gone. Packages that were installed, build/ and "
        "connector.so stay;\n-- docs/install.md says how to install the extension into a PostgreSQL of yours."
    )
    return 0


def _imports_have_ended(local: Postgres) -> bool:
    connection = local.connect("warehouse")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT NOT EXISTS (SELECT 1 FROM connector.import_batch WHERE ended_at IS NULL)")
            (ended,) = cursor.fetchone() or (False,)
            return bool(ended)
    finally:
        connection.close()


def _show(remote: MariaDb, local: Postgres) -> None:
    # Zero dates are what old MySQL data is full of; a strict server would not take one.
    remote.sql("SET SESSION sql_mode = ''", *_SHOP, f"GRANT SELECT ON shop.* TO '{remote.user}'@'%'", database=None)
    local.create_database("warehouse")
    screen = Screen(local, "warehouse")

    screen.say("A MariaDB on this machine has a table with orders:")
    print(f"MariaDB> SHOW CREATE TABLE shop.orders;\n{remote.sql('SHOW CREATE TABLE shop.orders')[0][1]}")

    screen.say("In PostgreSQL, create the extension once in a database, and say where the shop is:")
    screen.psql(
        "CREATE EXTENSION connector;\n"
        "CREATE SERVER shop FOREIGN DATA WRAPPER connector\n"
        f"  OPTIONS (provider 'mysql', server '127.0.0.1', port '{remote.port}', database 'shop');\n"
        f"CREATE USER MAPPING FOR CURRENT_USER SERVER shop OPTIONS (username '{remote.user}', password '{remote.password}');"
    )

    screen.say("Look before you import: the columns, and what becomes of them.")
    screen.psql(
        "SELECT c.remote_name, c.remote_type, c.name, c.type\n"
        """FROM cdb_connector_dry_run('{"connection": "shop", "table": "orders"}') AS dry_run,\n"""
        "     json_to_recordset(dry_run -> 'columns') AS c (remote_name text, remote_type text, name text, type text);"
    )

    screen.say("Import it:")
    screen.psql("""SELECT jsonb_pretty(cdb_import_connector('{"connection": "shop", "table": "orders"}')::jsonb) AS result;""")

    screen.say("An ordinary table, with types, NOT NULL and the primary key:")
    screen.psql("\\d orders")
    screen.psql("SELECT id, customer, city, state, price, gift, ordered_at, deliver_on, details FROM orders ORDER BY id;")

    screen.say("What was imported is remembered, without passwords:")
    screen.psql("SELECT role_name, provider, state, schema, table_name, rows, bytes, warnings FROM connector.imports;")

    screen.say("A whole database in one call, with indexes, defaults and foreign keys, into a schema of its own:")
    screen.psql(
        "CREATE SCHEMA shop;\n"
        "SELECT name, table_name, problem FROM cdb_import_tables('{\n"
        '  "connection": "shop", "target_schema": "shop", "keep": ["indexes", "defaults", "foreign_keys"]}\');'
    )
    wait_until(lambda: _imports_have_ended(local), limit=120, what="the imports")
    screen.psql("SELECT table_name, state, rows, problem FROM connector.imports WHERE batch_id IS NOT NULL ORDER BY table_name;")
    screen.psql("\\d shop.order_lines")

    screen.say("Keep a table up to date: a sync (here without the scheduler, so that each step shows)")
    screen.psql(
        """SELECT cdb_sync_connector('{"connection": "shop", "table": "orders", "import_as": "live_orders"}', '15 minutes') ->> 'state' AS state;"""
    )
    screen.psql("CALL cdb_run_due_syncs();")
    screen.psql("CREATE VIEW open_orders AS SELECT id, customer, price FROM live_orders WHERE state = 'open';\nSELECT * FROM open_orders ORDER BY id;")

    screen.say("The remote changes, the sync runs again; the view is still there:")
    change = "INSERT INTO shop.orders (customer, state, price, ordered_at) VALUES ('Grace Hopper', 'open', 19.06, NOW())"
    print(f"MariaDB> {change};")
    remote.sql(change)
    screen.psql("SELECT cdb_sync_now('public.live_orders', wait => true) ->> 'state' AS state;")
    screen.psql("SELECT * FROM open_orders ORDER BY id;")
    screen.psql("SELECT state, mode, rows, round(lock_ms::numeric, 1) AS lock_ms FROM connector.runs ORDER BY started_at;")


def _curl(*arguments: str, shown: str) -> str:
    """Shows a command, as it can be pasted, and its answer."""
    print(f"$ {shown}", flush=True)
    # curl takes every name below localhost for this machine.
    done = subprocess.run(["curl", "-sS", "--fail-with-body", *arguments], capture_output=True, text=True, check=False)
    print(done.stdout + done.stderr, flush=True)
    done.check_returncode()
    return done.stdout


def _show_http(workspace: Workspace, stage: Path, remote: MariaDb, local: Postgres) -> None:
    screen = Screen(local, "warehouse")
    screen.say("The same over HTTP: a role, whose password is its api_key, and the program connector-http before the database")
    screen.psql(
        "CREATE ROLE alice LOGIN PASSWORD 'alice-key';\n"
        "GRANT USAGE ON FOREIGN DATA WRAPPER connector TO alice;\n"
        "GRANT CREATE ON SCHEMA public TO alice;\n"
        "ALTER ROLE alice SET connector.allowed_hosts = '127.0.0.1';"
    )
    with HttpServer(workspace, local, stage, "warehouse") as server:
        print(f"$ connector-http --listen 127.0.0.1:{server.port} '{server.conninfo}'", flush=True)
        connection = {"server": "127.0.0.1", "port": remote.port, "database": "shop"}
        connection |= {"username": remote.user, "password": remote.password}
        body = json.dumps({"connector": {"provider": "mysql", "connection": connection, "table": "products"}}, indent=2)
        url = f"http://alice.localhost:{server.port}/api/v1/imports/"
        key = "?api_key=alice-key"
        json_type = "Content-Type: application/json"

        screen.say("An import, as the documentation of CARTO's Import API has it; only scheme, host and port are others:")
        answer = _curl("-H", json_type, "-d", body, url + key, shown=f"curl -H \"{json_type}\" -d '{body}' \"{url}{key}\"")
        of_import = url + json.loads(answer)["item_queue_id"] + key

        screen.say("It runs in the database. Ask until it is complete:")
        states: list[str] = []

        def has_ended() -> bool:
            states.append(json.loads(_curl(of_import, shown=f'curl "{of_import}"'))["state"])
            return states[-1] in ("complete", "failure")

        wait_until(has_ended, limit=120, what="the import over HTTP", pause=1)
        if states[-1] != "complete":
            raise ServerError(f"the import over HTTP ended as {states[-1]}")
    screen.psql("SELECT * FROM products;")
