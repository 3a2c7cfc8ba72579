"""The servers by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from .hive.server import HiveServer
from .mariadb import MariaDb
from .mysql56 import MySql56
from .mysql9 import MySql9
from .mysql_family import MySqlFamily
from .postgres import Postgres
from .server import Server
from .sqlserver_double import SqlServerDouble
from .tls import Authority
from .workspace import Workspace

MYSQL_KINDS: Mapping[str, type[MySqlFamily]] = {"mariadb": MariaDb, "mysql56": MySql56, "mysql9": MySql9}
SERVERS = ("postgres", "tds", "hive", *MYSQL_KINDS)


def make(
    kind: str,
    workspace: Workspace,
    *,
    tls: bool = False,
    stage: Path | None = None,
    options: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
) -> Server:
    """A server that is not started yet."""
    if kind == "postgres":
        server = Postgres(workspace, stage=stage, settings=settings)
        if tls:
            server.use_tls(Authority(workspace).server(server.account))
        return server
    if kind == "tds":
        double = SqlServerDouble(workspace)
        if tls:
            double.tls = Authority(workspace).server(double.account)
        return double
    if kind == "hive":
        hive = HiveServer(workspace)
        if tls:
            hive.tls = Authority(workspace).server(hive.account)
        return hive
    made = MYSQL_KINDS[kind](workspace, options=options)
    if tls:
        made.tls = Authority(workspace).server(made.account)
    return made
