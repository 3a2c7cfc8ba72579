"""The ways to bring a remote table here, each timed from the statement to the end of its transaction.

This file has what every provider is measured against; its rivals are in peers_<provider>.py.
"""

from __future__ import annotations

import json
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import psycopg2.extensions

from servers.postgres import Postgres

from .shapes import Shape
from .sources import Source


class CannotRun(RuntimeError):
    """A contender is not installed, or failed."""


@dataclass
class Arena:
    """Both servers and a connection."""

    source: Source
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

    def timed_pipe(self, argv: Sequence[str], copy: str, environment: Mapping[str, str] | None = None) -> float:
        """A program's output into a COPY by psql."""
        started = time.perf_counter()
        with (
            subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE) as out,
            subprocess.Popen(
                ["psql", "-Xq", "-c", copy], env=self.local.client_environment("bench"), stdin=out.stdout
            ) as into,
        ):
            assert out.stdout is not None
            out.stdout.close()
            codes = (into.wait(), out.wait())
        taken = time.perf_counter() - started
        if codes != (0, 0):
            raise CannotRun(f"psql and {argv[0]} ended with {codes}")
        return taken

    def request(self, shape: Shape, local_name: str) -> str:
        connector = {
            "provider": self.source.provider,
            "connection": self.source.connection(),
            "table": shape.name,
            "import_as": local_name,
        }
        return json.dumps(connector)


class Contender(ABC):
    """One way. `run` gives seconds."""

    name: ClassVar[str]
    #: Brings the rows into a table without key and statistics.
    bare: ClassVar[bool] = False
    #: The speed limit of the driver: what its rows take when they are thrown away.
    raw: ClassVar[bool] = False

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

    name = "connector, key and ANALYZE too"

    def run(self, shape: Shape) -> float:
        return self.arena.timed("SELECT cdb_import_connector(%s)", self.arena.request(shape, self.target(shape)))


class Floor(Contender):
    """What PostgreSQL itself takes for the rows when they are already here."""

    name = "floor: CTAS of a local copy"
    bare = True

    def prepare(self, shape: Shape) -> None:
        self.arena.sql(f"DROP TABLE IF EXISTS {shape.name}_copy")
        self.arena.sql("SELECT cdb_import_connector(%s)", self.arena.request(shape, f"{shape.name}_copy"))

    def run(self, shape: Shape) -> float:
        return self.arena.timed(f"CREATE TABLE {self.target(shape)} AS SELECT * FROM {shape.name}_copy")


class KeyAndAnalyze(Contender):
    """What an import does besides bringing the rows: the difference is what the rows alone take. No key where the
    source has none.
    """

    name = "primary key and ANALYZE alone"

    def run(self, shape: Shape) -> float:
        table = self.target(shape)
        self.arena.sql(f"CREATE TABLE {table} AS SELECT * FROM {shape.name}_copy")
        key = self.arena.timed(f"ALTER TABLE {table} ADD PRIMARY KEY ({shape.key})") if self.arena.source.keys else 0.0
        return key + self.arena.timed(f"ANALYZE {table}")


COMMON: tuple[type[Contender], ...] = (Connector, Floor, KeyAndAnalyze)
