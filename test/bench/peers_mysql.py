"""What brings tables of MySQL here, beside connector, and the speed limit of its driver."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import psycopg2

from servers.mysql_family import DATABASE

from .contenders import Arena, CannotRun, Contender
from .shapes import Shape
from .sources import MySqlSource


def _server(arena: Arena) -> MySqlSource:
    assert isinstance(arena.source, MySqlSource)
    return arena.source


class RawFetch(Contender):
    """What the driver takes when rows are thrown away."""

    name = "raw fetch, rows thrown away"
    raw = True

    def prepare(self, shape: Shape) -> None:
        self._program = self.arena.folder / "raw_fetch"
        if self._program.exists():
            return
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libmariadb"], capture_output=True, text=True, check=True)
        source = Path(__file__).with_name("raw_fetch.cpp")
        compiler = os.environ.get("CXX") or "g++"
        subprocess.run(
            [compiler, "-std=c++20", "-O2", str(source), "-o", str(self._program), *flags.stdout.split()], check=True
        )

    def run(self, shape: Shape) -> float:
        remote = _server(self.arena).server
        answer = subprocess.run(
            [self._program, "127.0.0.1", str(remote.port), remote.user, DATABASE, f"SELECT * FROM {shape.name}"],
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
    bare = True

    def prepare(self, shape: Shape) -> None:
        arena, remote = self.arena, _server(self.arena).server
        if not arena.sql("SELECT 1 FROM pg_available_extensions WHERE name = 'mysql_fdw'"):
            raise CannotRun("mysql_fdw is not installed")
        arena.sql("CREATE EXTENSION IF NOT EXISTS mysql_fdw")
        arena.sql(
            "DROP SERVER IF EXISTS bench_mysql CASCADE; CREATE SERVER bench_mysql FOREIGN DATA WRAPPER mysql_fdw "
            f"OPTIONS (host '127.0.0.1', port '{remote.port}', fetch_size '10000'); CREATE USER MAPPING FOR CURRENT_USER "
            f"SERVER bench_mysql OPTIONS (username '{remote.user}', password '{remote.password}'); "
            f"CREATE SCHEMA IF NOT EXISTS mysql_fdw; IMPORT FOREIGN SCHEMA {DATABASE} LIMIT TO ({shape.name}) "
            "FROM SERVER bench_mysql INTO mysql_fdw"
        )

    def run(self, shape: Shape) -> float:
        return self.arena.timed(f"CREATE TABLE {self.target(shape)} AS SELECT * FROM mysql_fdw.{shape.name}")


class PgLoader(Contender):
    """pgloader with its defaults: its own program, COPY, primary key; without ANALYZE of ours."""

    name = "pgloader"

    def target(self, shape: Shape) -> str:
        return f"{DATABASE}.{shape.name}"

    def prepare(self, shape: Shape) -> None:
        remote, local = _server(self.arena).server, self.arena.local
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


PEERS: tuple[type[Contender], ...] = (RawFetch, MysqlFdw, PgLoader)
