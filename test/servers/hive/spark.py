"""Spark's Thrift server, the second implementation of HiveServer2's protocol. It comes with PyPI's pyspark (320 MB), so it
is there for whoever sets CONNECTOR_TEST_SPARK=1.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from ..accounts import server_account
from ..cache import cached
from ..mysql56 import usable
from ..server import Server, Unavailable, executable
from ..workspace import Workspace
from .client import HiveClient

_VERSION = "3.5.3"
# What Spark's own launcher opens to it of Java 17.
_OPENED = (
    *("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util"),
    *("java.util.concurrent", "java.util.concurrent.atomic", "sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar"),
)


class SparkServer(Server):
    """Lets everybody in by SASL PLAIN. Has the database `testdb`."""

    kind: ClassVar[str] = "spark"
    stop_steps: ClassVar[Sequence[tuple[int, float]]] = ((signal.SIGTERM, 20.0),)

    def __init__(self, workspace: Workspace) -> None:
        if os.environ.get("CONNECTOR_TEST_SPARK", "") in ("", "0"):
            raise Unavailable("CONNECTOR_TEST_SPARK=1 fetches Spark (320 MB) and runs its Thrift server")
        super().__init__(workspace, server_account([]))

    def prepare(self) -> None:
        self._jars = usable(cached(f"spark-{_VERSION}", _fetch), self.workspace, self.account)
        self._java = str(executable("java"))

    def command(self) -> list[str]:
        return [
            self._java,
            "-Xmx900m",
            *[f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED],
            f"-Dderby.system.home={self.folder}",
            f"-Djava.io.tmpdir={self.folder}",
            *["-cp", f"{self._jars}/*", "org.apache.spark.deploy.SparkSubmit", "--master", "local[1]"],
            *["--conf", "spark.ui.enabled=false", "--conf", "spark.sql.session.timeZone=UTC"],
            *["--conf", f"spark.sql.warehouse.dir={self.folder / 'warehouse'}", "--conf", f"spark.local.dir={self.folder}"],
            *["--conf", f"spark.hadoop.javax.jdo.option.ConnectionURL=jdbc:derby:;databaseName={self.folder / 'metastore'};create=true"],
            *["--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2", "spark-internal"],
            *["--hiveconf", f"hive.server2.thrift.port={self.port}", "--hiveconf", "hive.server2.thrift.bind.host=127.0.0.1"],
        ]

    def login(self) -> None:
        self.sql("SELECT 1", database="default")

    def first_start(self) -> None:
        self.sql("CREATE DATABASE testdb", database="default")

    def sql(self, *statements: str, database: str = "testdb") -> list[tuple[Any, ...]]:
        """Runs statements; gives the rows of the last."""
        with HiveClient(self.port, database=database) as client:
            rows: list[tuple[Any, ...]] = []
            for statement in statements:
                rows = client.run(statement)
            return rows

    def connection(self, **more: object) -> dict[str, object]:
        """The `connection` object of a connector that reads from here."""
        return {"server": "127.0.0.1", "port": self.port, "database": "testdb", "username": "reader", **more}


def _fetch(folder: Path) -> None:
    """The jars in pyspark's archive."""
    result = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-build-isolation", f"pyspark=={_VERSION}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    archives = list(folder.glob("pyspark-*.tar.gz"))
    if not archives:
        raise Unavailable(f"pip could not fetch pyspark: {result.stderr.strip()[-300:]}")
    for archive in archives:
        shutil.unpack_archive(archive, folder)
        archive.unlink()
    for jar in folder.glob("pyspark-*/deps/jars/*.jar"):
        jar.rename(folder / jar.name)
    for unpacked in folder.glob("pyspark-*"):
        shutil.rmtree(unpacked)
