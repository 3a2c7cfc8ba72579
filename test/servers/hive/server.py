"""Apache Hive's HiveServer2 in one process: Derby for the catalog, local files for the data, a port for each way in.

`port` is SASL PLAIN with passwords that are checked (hive.server2.authentication=CUSTOM, as LDAP). `doors` are the others.
"""

from __future__ import annotations

import shutil
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar
from xml.sax.saxutils import escape

from ..accounts import server_account
from ..cache import cached
from ..kerberos import REALM, Kdc
from ..mysql56 import usable
from ..server import Server, executable
from ..tls import Certificate
from ..workspace import Workspace, free_port
from . import artifacts
from .client import HiveClient
from .keystore import keystore

# What Hadoop, DataNucleus and Kryo reach into, and Java 17 no longer gives to everybody.
_OPENED = ("lang", "lang.reflect", "util", "util.concurrent", "util.concurrent.atomic", "util.regex", "io", "net", "nio", "text", "time")

OWNER = "owner"  # the tests' own user
READER = "reader"  # the connector's

PROTECTIONS = ("auth", "auth-int", "auth-conf")  # of a connection after Kerberos's handshake
_SERVICE = "hive/localhost"

_DOORS: Mapping[str, Mapping[str, str]] = {
    "nosasl": {"hive.server2.authentication": "NOSASL"},
    "none": {"hive.server2.authentication": "NONE"},
    "http": {
        "hive.server2.transport.mode": "http",
        "hive.server2.thrift.http.path": "cliservice",
        "hive.server2.authentication": "NONE",
    },
    "http_custom": {
        "hive.server2.transport.mode": "http",
        "hive.server2.thrift.http.path": "gateway/hive",
    },
}


def password_of(user: str) -> str:
    """The password at the doors that ask for one (TestHiveServer.Passwords)."""
    return user[::-1]


class HiveServer(Server):
    """`doors` holds the ports by name: nosasl, none, http, http_custom; with a certificate, tls and https; with a KDC,
    which must run, kerberos_auth, kerberos_auth-int and kerberos_auth-conf, by the protection that they ask for.
    """

    kind: ClassVar[str] = "hive"
    start_limit: ClassVar[float] = 240
    stop_steps: ClassVar[Sequence[tuple[int, float]]] = ((signal.SIGTERM, 20.0),)
    heap: ClassVar[str] = "768m"

    def __init__(self, workspace: Workspace, *, tls: Certificate | None = None, kdc: Kdc | None = None) -> None:
        super().__init__(workspace, server_account([]))
        self.tls = tls
        self.kdc = kdc
        self.doors: dict[str, int] = {}
        self.control_port = 0

    # life
    def prepare(self) -> None:
        self._java = str(executable("java"))
        trees = (artifacts.classes(), artifacts.jars())
        self._classes, self._jars = (usable(tree, self.workspace, self.account) for tree in trees)
        for name in ("warehouse", "data", "conf", "tmp"):
            (self.folder / name).mkdir()
        self.prepare_catalog()
        if self.kdc is not None:
            shutil.copyfile(self.kdc.keytab(_SERVICE, self.account), self.folder / "conf" / "keytab")
        self.account.give_tree(self.folder)

    def prepare_catalog(self) -> None:
        """Making an empty catalog takes longer than the start with one, so it is made once and kept."""

        def make(folder: Path) -> None:
            with _CatalogMaker(self.workspace) as maker:
                maker.sql(*_USE_OF_THE_CATALOG)
            shutil.copytree(maker.folder / "metastore", folder, dirs_exist_ok=True)

        shutil.copytree(cached(f"hive-catalog-{self._jars.name.removeprefix('hive-jars-')}", make), self.folder / "metastore")

    def command(self) -> list[str]:
        doors = self.door_settings()
        self.doors = {name: self.doors.get(name) or free_port() for name in doors}
        self.control_port = self.control_port or free_port()
        lines = [f"control={self.control_port}"]
        for name, settings in doors.items():
            which = "http.port" if settings.get("hive.server2.transport.mode") == "http" else "port"
            own = {**settings, f"hive.server2.thrift.{which}": str(self.doors[name])}
            lines += [f"door.{name}.{key}={value}" for key, value in own.items()]
        properties = self._write("conf/doors.properties", "\n".join(lines) + "\n")
        self._write("conf/hive-site.xml", _xml(self.settings()))
        self._write("conf/log4j2.properties", _LOGGING)
        return [
            self._java,
            f"-Xmx{self.heap}",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            *[f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in _OPENED],
            "-Dderby.system.durability=test",
            f"-Dderby.stream.error.file={self.folder / 'derby.log'}",
            f"-Djava.io.tmpdir={self.folder / 'tmp'}",
            "-Duser.timezone=UTC",
            "-Dfile.encoding=UTF-8",
            *self.java_options(),
            "-cp",
            f"{self.folder / 'conf'}:{self._classes}:{self._jars}/*",
            artifacts.LAUNCHER,
            str(properties),
        ]

    def java_options(self) -> list[str]:
        return [] if self.kdc is None else [f"-Djava.security.krb5.conf={self.kdc.config}"]

    def door_settings(self) -> dict[str, Mapping[str, str]]:
        """In which settings each further door differs."""
        doors = dict(_DOORS)
        if self.tls is not None:
            store, password = keystore(self.tls, self.folder / "conf", self.account)
            tls = {
                "hive.server2.use.SSL": "true",
                "hive.server2.keystore.path": str(store),
                "hive.server2.keystore.password": password,
                "hive.server2.keystore.type": "PKCS12",
            }
            doors["tls"] = tls
            doors["https"] = {**doors["http_custom"], **tls}
        for protection in PROTECTIONS if self.kdc is not None else ():
            doors[f"kerberos_{protection}"] = {
                "hive.server2.authentication": "KERBEROS",
                "hive.server2.thrift.sasl.qop": protection,
            }
        return doors

    def settings(self) -> dict[str, str]:
        """hive-site.xml."""
        tmp = self.folder / "tmp"
        kerberos = {
            "hadoop.security.authentication": "kerberos",
            "hive.server2.authentication.kerberos.principal": f"{_SERVICE}@{REALM}",
            "hive.server2.authentication.kerberos.keytab": str(self.folder / "conf" / "keytab"),
        }
        return {
            **(kerberos if self.kdc is not None else {}),
            "hive.server2.thrift.port": str(self.port),
            "hive.server2.thrift.bind.host": "127.0.0.1",
            "hive.server2.authentication": "CUSTOM",
            "hive.server2.custom.authentication.class": "TestHiveServer$Passwords",
            "hive.server2.enable.doAs": "false",
            "hive.server2.webui.port": "-1",
            "hive.server2.logging.operation.enabled": "false",
            "hive.server2.tez.initialize.default.sessions": "false",
            "hive.server2.materializedviews.registry.impl": "DUMMY",
            "hive.server2.thrift.min.worker.threads": "1",
            "hive.notification.event.poll.interval": "-1s",
            # the catalog, in this process
            "javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={self.folder / 'metastore'};create=true",
            "datanucleus.schema.autoCreateAll": "true",
            "hive.metastore.schema.verification": "false",
            "hive.metastore.event.db.notification.api.auth": "false",
            "hive.metastore.warehouse.dir": f"file://{self.folder / 'warehouse'}",
            "hive.metastore.warehouse.external.dir": f"file://{self.folder / 'warehouse'}",
            # files
            "fs.defaultFS": "file:///",
            "hadoop.tmp.dir": str(tmp / "hadoop"),
            "hive.exec.scratchdir": f"file://{tmp / 'scratch'}",
            "hive.exec.local.scratchdir": str(tmp / "local"),
            "hive.downloaded.resources.dir": str(tmp / "resources"),
            "hive.querylog.location": str(tmp / "queries"),
            # queries run here and now
            "hive.query.results.cache.enabled": "false",
            "hive.execution.engine": "mr",
            "mapreduce.framework.name": "local",
            "hive.exec.submit.local.task.via.child": "false",
            "hive.exec.submitviachild": "false",
            "hive.fetch.task.conversion": "more",
            "hive.fetch.task.caching": "false",  # rows as they are fetched, not all of them beforehand
            "hive.stats.autogather": "false",
            "hive.support.concurrency": "false",
            "hive.txn.manager": "org.apache.hadoop.hive.ql.lockmgr.DummyTxnManager",
            "hive.create.as.external.legacy": "true",
        }

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        self.account.give(path)
        return path

    def login(self) -> None:
        self.control("sessions")  # its answer means that all doors are open

    def _start_once(self) -> None:
        began = time.monotonic()
        super()._start_once()
        self.workspace.tell(f"{self.kind} took {time.monotonic() - began:.1f} s to start")

    def first_start(self) -> None:
        self.sql(
            f"ALTER DATABASE default SET LOCATION 'file://{self.folder / 'warehouse'}'",
            "CREATE DATABASE testdb",
            "CREATE FUNCTION testdb.snooze AS 'TestHiveServer$Snooze'",
        )

    # use
    def client(self, database: str = "testdb") -> HiveClient:
        return HiveClient(self.port, OWNER, password_of(OWNER), database=database)

    def sql(self, *statements: str, database: str = "default") -> list[tuple[Any, ...]]:
        """Runs statements; gives the rows of the last."""
        with self.client(database) as client:
            rows: list[tuple[Any, ...]] = []
            for statement in statements:
                rows = client.run(statement)
            return rows

    def put(self, table: str, data: bytes, *, database: str = "testdb", folder: str = "", name: str = "data") -> None:
        """Makes a file of a table, or of the partition in `folder`."""
        place = self.folder / "warehouse" / f"{database}.db" / table.lower() / folder
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
        self.account.give_tree(place)

    def control(self, command: str) -> list[str]:
        """Asks the launcher: `sessions`, or `kill NUMBER`."""
        with socket.create_connection(("127.0.0.1", self.control_port), timeout=60) as peer:
            peer.sendall(command.encode() + b"\n")
            with peer.makefile(encoding="utf-8", newline="\n") as answer:
                return answer.read().splitlines()

    def connection(self, door: str = "", **more: object) -> dict[str, object]:
        """The `connection` object of a connector that reads from here; `door` leads it to another port."""
        return {
            "server": "127.0.0.1",
            "port": self.doors[door] if door else self.port,
            "database": "testdb",
            "username": READER,
            "password": password_of(READER),
            **more,
        }


def _xml(settings: Mapping[str, str]) -> str:
    entries = [f"<property><name>{key}</name><value>{escape(value)}</value></property>\n" for key, value in settings.items()]
    return f"<configuration>\n{''.join(entries)}</configuration>\n"


class _CatalogMaker(HiveServer):
    kind: ClassVar[str] = "hive-catalog"

    def prepare_catalog(self) -> None:
        pass  # the server makes the tables it misses

    def first_start(self) -> None:
        pass


# DataNucleus makes the catalog's tables as they are needed.
_USE_OF_THE_CATALOG = (
    "CREATE DATABASE first",
    "CREATE TABLE first.t (a int) PARTITIONED BY (b string)",
    "ALTER TABLE first.t ADD PARTITION (b = 'x')",
    "CREATE VIEW first.v AS SELECT * FROM first.t",
    "CREATE FUNCTION first.f AS 'TestHiveServer$Snooze'",
    "SELECT * FROM first.v",
    "DROP FUNCTION first.f",
    "DROP DATABASE first CASCADE",
)

_LOGGING = """\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{HH:mm:ss.SSS} %-5p %c{1}: %m%n%ex{8}
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.functions.name = org.apache.hadoop.hive.ql.exec.FunctionRegistry
logger.functions.level = error
logger.jdo.name = DataNucleus
logger.jdo.level = error
"""
