"""The ways to bring a remote table here, each timed from the statement to the end of its transaction."""

from __future__ import annotations

import json
import os
import subprocess
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import psycopg2.extensions

from servers.mariadb import MariaDb
from servers.mysql_family import DATABASE
from servers.postgres import Postgres

from .shapes import Shape


class CannotRun(RuntimeError):
    """A contender is not installed, or failed."""


@dataclass
class Arena:
    """Both servers and a connection."""

    remote: MariaDb
    local: Postgres
    connection: psycopg2.extensions.connection
    folder: Path

    def sql(self, statement: str, *args: object) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, args or None)
            return list(cursor.fetchall()) if cursor.description else []

    def timed(self, statement: str, *args: object) -> float:
        started = time.perf_counter()
        self.sql(statement, *args)
        return time.perf_counter() - started

    def request(self, shape: Shape, local_name: str) -> str:
        connector = {
            "provider": "mysql",
            "connection": self.remote.connection(),
            "table": shape.name,
            "import_as": local_name,
        }
        return json.dumps(connector)


class Contender(ABC):
    """One way. `run` gives seconds."""

    name: ClassVar[str]

    def __init__(self, arena: Arena) -> None:
        self.arena = arena

    def prepare(self, shape: Shape) -> None:
        """What is not timed."""

    @abstractmethod
    def run(self, shape: Shape) -> float: ...

    def target(self, shape: Shape) -> str:
        return f"{shape.name}_{type(self).__name__.lower()}"

    def clean(self, shape: Shape) -> None:
        self.arena.sql(f"DROP TABLE IF EXISTS {self.target(shape)}")


class Connector(Contender):
    """With primary key and ANALYZE, as it always does."""

    name = "connector"

    def run(self, shape: Shape) -> float:
        return self.arena.timed("SELECT cdb_import_connector(%s)", self.arena.request(shape, self.target(shape)))


class Floor(Contender):
    """What PostgreSQL itself takes for the rows when they are already here."""

    name = "floor: CTAS of a local copy"

    def prepare(self, shape: Shape) -> None:
        self.arena.sql(f"DROP TABLE IF EXISTS {shape.name}_copy")
        self.arena.sql("SELECT cdb_import_connector(%s)", self.arena.request(shape, f"{shape.name}_copy"))

    def run(self, shape: Shape) -> float:
        return self.arena.timed(f"CREATE TABLE {self.target(shape)} AS SELECT * FROM {shape.name}_copy")


class FloorWithKey(Floor):
    """The same with the key and ANALYZE that an import has."""

    name = "floor + primary key + ANALYZE"

    def prepare(self, shape: Shape) -> None:
        """Floor's copy serves both."""

    def run(self, shape: Shape) -> float:
        key = shape.columns[0][0].split()[0]
        table = self.target(shape)
        return (
            super().run(shape)
            + self.arena.timed(f"ALTER TABLE {table} ADD PRIMARY KEY ({key})")
            + self.arena.timed(f"ANALYZE {table}")
        )


class RawFetch(Contender):
    """What the driver takes when rows are thrown away."""

    name = "raw fetch, rows thrown away"

    def run(self, shape: Shape) -> float:
        remote = self.arena.remote
        answer = subprocess.run(
            [self.arena.folder / "raw_fetch", "127.0.0.1", str(remote.port), remote.user, DATABASE, f"SELECT * FROM {shape.name}"],
            env=dict(os.environ) | {"RAW_FETCH_PASSWORD": remote.password},
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            raise CannotRun(answer.stderr.strip())
        rows, _, seconds = answer.stdout.split()
        if int(rows) != shape.rows:
            raise CannotRun(f"{rows} rows instead of {shape.rows}")
        return float(seconds)


class MysqlFdw(Contender):
    """Debian's mysql_fdw, fetch_size 10000, CTAS: without key and ANALYZE."""

    name = "mysql_fdw, CTAS"

    def prepare(self, shape: Shape) -> None:
        arena, remote = self.arena, self.arena.remote
        if not arena.sql("SELECT 1 FROM pg_available_extensions WHERE name = 'mysql_fdw'"):
            raise CannotRun("mysql_fdw is not installed")
        arena.sql("CREATE EXTENSION IF NOT EXISTS mysql_fdw")
        arena.sql(
            "DROP SERVER IF EXISTS bench_mysql CASCADE; CREATE SERVER bench_mysql FOREIGN DATA WRAPPER mysql_fdw "
            f"OPTIONS (host '127.0.0.1', port '{remote.port}', fetch_size '10000'); CREATE USER MAPPING FOR CURRENT_USER "
            f"SERVER bench_mysql OPTIONS (username '{remote.user}', password '{remote.password}'); "
            f"CREATE SCHEMA IF NOT EXISTS fdw; IMPORT FOREIGN SCHEMA {DATABASE} LIMIT TO ({shape.name}) "
            "FROM SERVER bench_mysql INTO fdw"
        )

    def run(self, shape: Shape) -> float:
        return self.arena.timed(f"CREATE TABLE {self.target(shape)} AS SELECT * FROM fdw.{shape.name}")


class PgLoader(Contender):
    """pgloader with its defaults: its own program, COPY, primary key; without ANALYZE of ours."""

    name = "pgloader"

    def target(self, shape: Shape) -> str:
        return f"{DATABASE}.{shape.name}"

    def prepare(self, shape: Shape) -> None:
        remote, local = self.arena.remote, self.arena.local
        if subprocess.run(["which", "pgloader"], capture_output=True, check=False).returncode != 0:
            raise CannotRun("pgloader is not installed")
        source = f"mysql://{remote.user}:{remote.password}@127.0.0.1:{remote.port}/{DATABASE}"
        target = f"postgresql://postgres:{local.password}@127.0.0.1:{local.port}/bench"
        script = self.arena.folder / f"{shape.name}.load"
        script.write_text(
            f"LOAD DATABASE FROM {source} INTO {target}\n"
            "WITH include drop, create tables, create indexes, no foreign keys\n"
            f"INCLUDING ONLY TABLE NAMES MATCHING '{shape.name}';\n"
        )

    def run(self, shape: Shape) -> float:
        started = time.perf_counter()
        answer = subprocess.run(
            ["pgloader", "--root-dir", self.arena.folder / "pgloader", self.arena.folder / f"{shape.name}.load"],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.arena.folder,
            env=dict(os.environ) | {"HOME": str(self.arena.folder)},
        )
        took = time.perf_counter() - started
        try:
            rows = self.arena.sql(f"SELECT count(*) FROM {self.target(shape)}")[0][0]
        except psycopg2.Error:
            rows = 0
        if rows != shape.rows:
            said = " ".join((answer.stdout + answer.stderr).split())[:200]
            raise CannotRun(f"{rows} rows instead of {shape.rows}: {said}")
        return took


ALL = (Connector, Floor, FloorWithKey, RawFetch, MysqlFdw, PgLoader)
