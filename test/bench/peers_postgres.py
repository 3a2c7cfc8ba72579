"""What brings tables of another PostgreSQL here, beside connector."""

from __future__ import annotations

import subprocess
import time

from .contenders import Arena, CannotRun, Contender
from .shapes import Shape
from .sources import PostgresSource


def _source(arena: Arena) -> PostgresSource:
    assert isinstance(arena.source, PostgresSource)
    return arena.source


def _copy_out(arena: Arena, shape: Shape) -> tuple[list[str], dict[str, str]]:
    """psql that writes the table in binary form, and its environment; over TCP, as connector reads it."""
    source = _source(arena)
    environment = source.server.client_environment(source.remote.database) | {
        "PGHOST": "127.0.0.1",
        "PGPASSWORD": source.server.password,
        "PGSSLMODE": "disable",
    }
    return ["psql", "-XqAt", "-c", f"COPY {shape.name} TO STDOUT (FORMAT binary)"], environment


class RawCopy(Contender):
    """COPY in binary form, thrown away."""

    name = "COPY out, rows thrown away"
    raw = True

    def run(self, shape: Shape) -> float:
        argv, environment = _copy_out(self.arena, shape)
        started = time.perf_counter()
        answer = subprocess.run(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        took = time.perf_counter() - started
        if answer.returncode != 0:
            raise CannotRun(answer.stderr.strip())
        return took


class CopyPipe(Contender):
    """`psql … COPY TO | psql … COPY FROM`, both binary, into a bare table: without key and ANALYZE."""

    name = "psql COPY | psql COPY"
    bare = True

    def run(self, shape: Shape) -> float:
        target = self.target(shape)
        self.arena.sql(f"CREATE TABLE {target} (LIKE {shape.name}_copy)")
        argv, environment = _copy_out(self.arena, shape)
        return self.arena.timed_pipe(argv, f"COPY {target} FROM STDIN (FORMAT binary)", environment)


class PostgresFdw(Contender):
    """postgres_fdw, fetch_size 10000, CTAS: without key and ANALYZE."""

    name = "postgres_fdw, CTAS"
    bare = True

    def prepare(self, shape: Shape) -> None:
        source = _source(self.arena)
        connection = source.connection()
        self.arena.sql("CREATE EXTENSION IF NOT EXISTS postgres_fdw")
        self.arena.sql(
            "DROP SERVER IF EXISTS bench_postgres CASCADE; CREATE SERVER bench_postgres FOREIGN DATA WRAPPER postgres_fdw "
            f"OPTIONS (host '127.0.0.1', port '{source.server.port}', dbname '{source.remote.database}', "
            "fetch_size '10000', sslmode 'disable'); "
            f"CREATE USER MAPPING FOR CURRENT_USER SERVER bench_postgres OPTIONS (user '{connection['username']}', "
            f"password '{connection['password']}'); CREATE SCHEMA IF NOT EXISTS postgres_fdw; "
            f"IMPORT FOREIGN SCHEMA public LIMIT TO ({shape.name}) FROM SERVER bench_postgres INTO postgres_fdw"
        )

    def run(self, shape: Shape) -> float:
        return self.arena.timed(f"CREATE TABLE {self.target(shape)} AS SELECT * FROM postgres_fdw.{shape.name}")


PEERS: tuple[type[Contender], ...] = (RawCopy, CopyPipe, PostgresFdw)
