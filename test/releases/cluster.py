"""What a Debian with the packages is used for: its cluster, an import, a sync, the service."""

from __future__ import annotations

import base64
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from servers.process import wait_until
from servers.workspace import free_port

from .chroot import Chroot

_UNIT = "/lib/systemd/system/connector-http.service"
_CREDENTIALS = "/run/credentials/connector-http"
# Whom the service runs as here: an account that Debian always has, and that owns nothing, in the place of DynamicUser's.
_ACCOUNT = "daemon"
SECRET = "of-the-test"


class Cluster:
    """Debian's cluster `main`, with a database `warehouse` for the extension and a remote one, `shop`, with three orders."""

    def __init__(self, debian: Chroot) -> None:
        self._debian = debian
        self.port = free_port()
        for name, value in (("port", str(self.port)), ("shared_preload_libraries", "connector")):
            debian.run(["pg_conftool", "15", "main", "set", name, value])
        self._shop = {"server": "127.0.0.1", "port": self.port, "database": "shop", "username": "reader", "password": SECRET}

    def start(self) -> None:
        self._debian.run(["pg_ctlcluster", "15", "main", "start"])

    def stop(self) -> None:
        self._debian.run(["pg_ctlcluster", "15", "main", "stop"])

    def sql(self, statement: str, database: str = "warehouse") -> str:
        return self._debian.psql(statement, database)

    def fill(self) -> None:
        self.sql(f"CREATE ROLE reader LOGIN PASSWORD '{SECRET}'", "postgres")
        for name in ("shop", "warehouse"):
            self.sql(f"CREATE DATABASE {name}", "postgres")
        self.sql("CREATE TABLE orders (id int PRIMARY KEY, note text)", "shop")
        self.sql("INSERT INTO orders VALUES (1, 'a'), (2, 'b'), (3, 'ü')", "shop")
        self.sql("GRANT SELECT ON orders TO reader", "shop")
        self.sql("CREATE EXTENSION connector")

    def request(self, table: str) -> str:
        """The connector that reads the orders into a table."""
        return json.dumps({"provider": "postgres", "connection": self._shop, "table": "orders", "import_as": table})

    def sync(self, name: str) -> None:
        self.sql(f"SELECT cdb_sync_connector('{self.request(name)}', '1 day', name => '{name}')")
        self.wait_for_run(name, 0)

    def runs(self, name: str) -> int:
        return int(self.sql(f"SELECT successes FROM connector.syncs WHERE name = '{name}'"))

    def wait_for_run(self, name: str, before: int) -> None:
        """The scheduler runs it, by itself."""
        wait_until(lambda: self.runs(name) > before, what="a run of the sync", pause=1)

    def version(self) -> str:
        return self.sql("SELECT extversion FROM pg_extension WHERE extname = 'connector'")


class Service:
    """connector-http as its unit starts it, for there is no systemd in a chroot: its ExecStart with its environment."""

    def __init__(self, debian: Chroot, cluster: Cluster) -> None:
        self._debian = debian
        self._port = free_port()
        cluster.sql(f"CREATE ROLE connector_http LOGIN PASSWORD '{SECRET}'")
        cluster.sql("GRANT EXECUTE ON FUNCTION connector.sealed_api_key(uuid) TO connector_http")
        cluster.sql(f"CREATE ROLE alice LOGIN PASSWORD '{SECRET}'")
        conninfo = debian.path("/etc/connector-http.conninfo")
        conninfo.touch(0o600)
        conninfo.write_text(f"host=127.0.0.1 port={cluster.port} dbname=warehouse user=connector_http password={SECRET}\n")
        options = debian.path("/etc/default/connector-http")
        text = options.read_text()
        assert text.endswith("CONNECTOR_HTTP_OPTIONS=\n")
        options.write_text(f"{text.rstrip()}--listen 127.0.0.1:{self._port}\n")

    @contextmanager
    def running(self) -> Iterator[None]:
        """As long as the block lasts; it answers /healthz when the block begins."""
        debian = self._debian
        unit = debian.path(_UNIT).read_text()
        debian.run(["install", "-d", f"--owner={_ACCOUNT}", "-m", "500", _CREDENTIALS])
        debian.run(["install", f"--owner={_ACCOUNT}", "-m", "400", "/etc/connector-http.conninfo", f"{_CREDENTIALS}/conninfo"])
        options = dict(re.findall(r"^(\w+)=(.*)$", debian.path("/etc/default/connector-http").read_text(), re.MULTILINE))
        match = re.search(r"^ExecStart=(.+)$", unit, re.MULTILINE)
        assert match is not None
        environment = options | {"CREDENTIALS_DIRECTORY": _CREDENTIALS}
        # Its braces and dollars mean to a shell what they mean to systemd.
        with debian.running(["/bin/sh", "-c", f"exec {match[1]}"], user=_ACCOUNT, environment=environment) as program:
            until = time.monotonic() + 60
            while self.answer("/healthz")[0] != 200:
                assert program.poll() is None and time.monotonic() < until, "the service does not answer"
                time.sleep(0.2)
            yield

    def answer(self, path: str, role: str = "") -> tuple[int, str]:
        """Status and body; status 0 if nobody listens."""
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}")
        if role:
            request.add_header("Authorization", "Basic " + base64.b64encode(f"{role}:{SECRET}".encode()).decode())
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""
