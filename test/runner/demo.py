"""The demo: a MariaDB with a small shop, a PostgreSQL with the extension, one import, one sync, everything shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from servers.mariadb import MariaDb
from servers.postgres import Postgres
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

    def psql(self, statement: str, *, shown: str | None = None) -> None:
        """Shows a statement and runs it in psql."""
        print(f"{self._database}=# {shown or statement}", flush=True)
        subprocess.run(
            [self._server.program("psql"), "-X", "-v", "ON_ERROR_STOP=1", "-P", "pager=off", "-P", "null=∅"],
            input=statement + "\n",
            text=True,
            stderr=subprocess.STDOUT,
            env=self._server.client_environment(self._database) | {"LC_ALL": "C.UTF-8"},
            check=True,
        )


def main() -> int:
    os.chdir(ROOT)
    try:
        with Workspace() as workspace:
            print("building the extension, starting MariaDB and PostgreSQL …", flush=True)
            stage = install_into(workspace, ROOT / "build" / "demo.log")
            with MariaDb(workspace) as remote, Postgres(workspace, stage=stage) as local:
                _show(remote, local)
    except KeyboardInterrupt:
        return 130
    except (BuildError, ServerError, Unavailable) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode
    print("\n-- That was it: both servers are stopped, nothing was installed or left behind.")
    return 0


def _show(remote: MariaDb, local: Postgres) -> None:
    # Zero dates are what old MySQL data is full of; a strict server would not take one.
    remote.sql("SET SESSION sql_mode = ''", *_SHOP, f"GRANT SELECT ON shop.* TO '{remote.user}'@'%'", database=None)
    local.create_database("warehouse")
    screen = Screen(local, "warehouse")
    connection = {
        "server": "127.0.0.1",
        "port": remote.port,
        "database": "shop",
        "username": remote.user,
        "password": remote.password,
    }
    request = json.dumps({"provider": "mysql", "connection": connection, "table": "orders"}, indent=2)
    masked = request.replace(remote.password, "********")

    screen.say("A MariaDB on this machine has a table with orders:")
    print(f"MariaDB> SHOW CREATE TABLE shop.orders;\n{remote.sql('SHOW CREATE TABLE shop.orders')[0][1]}")

    screen.say("In PostgreSQL, create the extension once in a database:")
    screen.psql("CREATE EXTENSION connector;")

    screen.say("Look before you import: the columns, and what becomes of them.")
    screen.psql(
        "SELECT c ->> 'remote_name' AS remote_column, c ->> 'remote_type' AS remote_type,\n"
        "       c ->> 'name' AS local_column, c ->> 'type' AS local_type\n"
        f"FROM json_array_elements(cdb_connector_dry_run('{request}') -> 'columns') AS c;",
        shown="SELECT … FROM json_array_elements(cdb_connector_dry_run('{ the connector below }') -> 'columns') AS c;",
    )

    screen.say("Import it:")
    screen.psql(
        f"SELECT jsonb_pretty(cdb_import_connector('{request}')::jsonb) AS result;",
        shown=f"SELECT jsonb_pretty(cdb_import_connector('{masked}')::jsonb) AS result;",
    )

    screen.say("An ordinary table, with types, NOT NULL and the primary key:")
    screen.psql("\\d orders")
    screen.psql("SELECT id, customer, city, state, price, gift, ordered_at, deliver_on, details FROM orders ORDER BY id;")

    screen.say("What was imported is remembered, without the password:")
    screen.psql("SELECT role_name, provider, state, schema, table_name, rows, bytes, warnings FROM connector.imports;")

    live = json.dumps({"provider": "mysql", "connection": connection, "table": "orders", "import_as": "live_orders"})
    screen.say("Keep a table up to date: a sync (here without the scheduler, so that each step shows)")
    screen.psql(
        f"SELECT cdb_sync_connector('{live}', '15 minutes') ->> 'state' AS state;",
        shown=f"SELECT cdb_sync_connector('{live.replace(remote.password, '********')}', '15 minutes') ->> 'state' AS state;",
    )
    screen.psql("CALL cdb_run_due_syncs();")
    screen.psql("CREATE VIEW open_orders AS SELECT id, customer, price FROM live_orders WHERE state = 'open';\nSELECT * FROM open_orders ORDER BY id;")

    screen.say("The remote changes, the sync runs again; the view is still there:")
    change = "INSERT INTO shop.orders (customer, state, price, ordered_at) VALUES ('Grace Hopper', 'open', 19.06, NOW())"
    print(f"MariaDB> {change};")
    remote.sql(change)
    screen.psql("SELECT cdb_sync_now(id, wait => true) ->> 'state' AS state FROM connector.syncs;")
    screen.psql("SELECT * FROM open_orders ORDER BY id;")
    screen.psql("SELECT state, mode, rows, round(lock_ms::numeric, 1) AS lock_ms FROM connector.runs ORDER BY started_at;")
