"""The remote databases that the benchmarks read."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from servers import odbc_drivers
from servers.hive.server import HiveServer
from servers.mariadb import MariaDb
from servers.postgres import Postgres
from servers.remote_hive import HiveRemote
from servers.remote_postgres import PostgresRemote
from servers.remote_sqlserver import RealSqlServer, SqlServerRemote
from servers.workspace import Workspace

from .shapes import Shape


class Source(ABC):
    """A running server with the shapes' tables."""

    provider: ClassVar[str]
    #: Its tables have a primary key.
    keys: ClassVar[bool] = True

    @abstractmethod
    def stop(self) -> None: ...

    @abstractmethod
    def version(self) -> str: ...

    @abstractmethod
    def connection(self) -> dict[str, object]:
        """The request's `connection`."""

    @abstractmethod
    def create(self, shape: Shape) -> None: ...

    @abstractmethod
    def change(self, shape: Shape, statement: str) -> None:
        """Runs a statement in which {table} stands for the shape's table."""


class MySqlSource(Source):
    """MariaDB, its tables in memory."""

    provider = "mysql"

    def __init__(self, workspace: Workspace, settings: dict[str, str]) -> None:
        self.server = MariaDb(workspace, options=["--innodb-buffer-pool-size=1G"]).start()

    def stop(self) -> None:
        self.server.stop()

    def version(self) -> str:
        return f"MariaDB {self.server.sql('SELECT version()')[0][0]}"

    def connection(self) -> dict[str, object]:
        return self.server.connection()

    def create(self, shape: Shape) -> None:
        self.server.sql(
            f"DROP TABLE IF EXISTS {shape.name}",
            f"CREATE TABLE {shape.name} ({shape.definitions('mysql')}) CHARACTER SET utf8mb4",
            f"INSERT INTO {shape.name} SELECT {shape.values('mysql')} "
            f"FROM (SELECT cast(seq AS signed) AS seq FROM seq_1_to_{shape.rows}) AS numbers",
            f"ANALYZE TABLE {shape.name}",
        )

    def change(self, shape: Shape, statement: str) -> None:
        self.server.sql(statement.format(table=shape.name))


class PostgresSource(Source):
    """A second cluster, set up like the local one, without TLS."""

    provider = "postgres"

    def __init__(self, workspace: Workspace, settings: dict[str, str]) -> None:
        self.server = Postgres(workspace, fast=False, settings=settings).start()
        self.remote = PostgresRemote(self.server)

    def stop(self) -> None:
        self.server.stop()

    def version(self) -> str:
        return f"PostgreSQL {self.remote.rows('SHOW server_version')[0][0]}"

    def connection(self) -> dict[str, object]:
        return self.remote.connection()

    def create(self, shape: Shape) -> None:
        self.remote.execute(
            f"DROP TABLE IF EXISTS {shape.name}",
            f"CREATE TABLE {shape.name} ({shape.definitions('postgres')})",
            f"INSERT INTO {shape.name} SELECT {shape.values('postgres')} FROM generate_series(1, {shape.rows}) AS seq",
            f"VACUUM (FREEZE, ANALYZE) {shape.name}",
            "CHECKPOINT",
        )

    def change(self, shape: Shape, statement: str) -> None:
        self.remote.execute(statement.format(table=shape.name))


class SqlServerSource(Source):
    """The server that CONNECTOR_TEST_SQLSERVER names: the test server measures nothing but itself."""

    provider = "sqlserver"

    def __init__(self, workspace: Workspace, settings: dict[str, str]) -> None:
        self.remote = SqlServerRemote(RealSqlServer.from_environment(), "benchdb")

    def stop(self) -> None:
        """It is not ours."""

    def version(self) -> str:
        return str(self.remote.rows("SELECT @@VERSION")[0][0]).splitlines()[0]

    def connection(self) -> dict[str, object]:
        return self.remote.connection()

    def create(self, shape: Shape) -> None:
        steps = ["DROP TABLE IF EXISTS numbers", "CREATE TABLE numbers (seq bigint)", "INSERT INTO numbers VALUES (1)"]
        done = 1
        while done < shape.rows:  # doubles what is there
            more = min(done, shape.rows - done)
            steps.append(f"INSERT INTO numbers SELECT seq + {done} FROM numbers WHERE seq <= {more}")
            done += more
        self.remote.execute(
            *steps,
            f"DROP TABLE IF EXISTS {shape.name}",
            f"CREATE TABLE {shape.name} ({shape.definitions('sqlserver')})",
            f"INSERT INTO {shape.name} SELECT {shape.values('sqlserver')} FROM numbers",
        )

    def change(self, shape: Shape, statement: str) -> None:
        self.remote.execute(statement.format(table=shape.name))


class HiveSource(Source):
    """Apache Hive's HiveServer2, its tables text files."""

    provider = "hive"
    keys = False

    def __init__(self, workspace: Workspace, settings: dict[str, str]) -> None:
        self.server = HiveServer(workspace).start()
        self.remote = HiveRemote(self.server)

    def stop(self) -> None:
        self.server.stop()

    def version(self) -> str:
        return f"Hive {self.remote.rows('SELECT version()')[0][0]}"

    def connection(self) -> dict[str, object]:
        return self.remote.connection()

    def create(self, shape: Shape) -> None:
        definitions = re.sub(" NOT NULL| PRIMARY KEY", "", shape.definitions("hive"))
        self.remote.execute(
            f"DROP TABLE IF EXISTS {shape.name}",
            f"CREATE TABLE {shape.name} ({definitions}) STORED AS TEXTFILE",
            f"INSERT INTO {shape.name} SELECT {shape.values('hive')} FROM (SELECT cast(place + 1 AS bigint) AS seq "
            f"FROM (SELECT posexplode(split(space({shape.rows - 1}), ' ')) AS (place, nothing)) AS places) AS numbers",
        )

    def change(self, shape: Shape, statement: str) -> None:
        raise NotImplementedError  # Hive changes rows in transactional tables only


class OdbcSource(Source):
    """A database of another source, read by its ODBC driver."""

    provider = "odbc"
    source: ClassVar[type[Source]]
    driver: ClassVar[str]
    #: What connector gives this driver by itself, so that others who use it get the same.
    attributes: ClassVar[Mapping[str, object]] = {}

    def __init__(self, workspace: Workspace, settings: dict[str, str]) -> None:
        odbc_drivers.library_of(self.driver)
        self.environment = odbc_drivers.environment(workspace)
        self.behind = self.source(workspace, settings)

    def stop(self) -> None:
        self.behind.stop()

    def version(self) -> str:
        return f"{self.behind.version()} by {odbc_drivers.LIBRARIES[self.driver]}"

    def connection(self) -> dict[str, object]:
        places = ("server", "port", "database", "username", "password", "sslmode")
        known = {key: value for key, value in self.behind.connection().items() if key in places}
        return {"driver": self.driver, **known}

    def connection_string(self) -> str:
        """The same for programs that use unixODBC themselves."""
        named = {"username": "UID", "password": "PWD"}
        given = {named.get(key, key): value for key, value in self.connection().items()}
        return ";".join(f"{key}={value}" for key, value in (given | self.attributes).items())

    def create(self, shape: Shape) -> None:
        self.behind.create(shape)

    def change(self, shape: Shape, statement: str) -> None:
        self.behind.change(shape, statement)


class OdbcMariaDbSource(OdbcSource):
    """MariaDB by MariaDB Connector/ODBC."""

    source = MySqlSource
    driver = "MariaDB"
    attributes: ClassVar[Mapping[str, object]] = {"CHARSET": "utf8mb4"}


class OdbcPostgresSource(OdbcSource):
    """PostgreSQL by psqlodbc."""

    source = PostgresSource
    driver = "PostgreSQL"
    attributes: ClassVar[Mapping[str, object]] = {
        "UseDeclareFetch": 1,
        "Fetch": 1000,
        "BoolsAsChar": 0,
        "ByteaAsLongVarBinary": 1,
        "MaxVarcharSize": 255,
    }


SOURCES: tuple[type[Source], ...] = (
    MySqlSource,
    PostgresSource,
    SqlServerSource,
    HiveSource,
    OdbcMariaDbSource,
    OdbcPostgresSource,
)
