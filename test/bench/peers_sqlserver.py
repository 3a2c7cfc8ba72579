"""What brings tables of SQL Server here, beside connector, and the speed limit of its driver."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from .contenders import Arena, CannotRun, Contender
from .shapes import Shape
from .sources import SqlServerSource


def _source(arena: Arena) -> SqlServerSource:
    assert isinstance(arena.source, SqlServerSource)
    return arena.source


class RawFetch(Contender):
    """What db-lib takes when rows are thrown away."""

    name = "raw fetch, rows thrown away"
    raw = True

    def prepare(self, shape: Shape) -> None:
        self._program = self.arena.folder / "raw_fetch_sqlserver"
        if self._program.exists():
            return
        source = Path(__file__).with_name("raw_fetch_sqlserver.cpp")
        compiler = os.environ.get("CXX") or "g++"
        subprocess.run([compiler, "-std=c++20", "-O2", str(source), "-o", str(self._program), "-lsybdb"], check=True)

    def run(self, shape: Shape) -> float:
        remote = _source(self.arena).remote
        server = f"{remote.server.host}:{remote.server.port}"
        answer = subprocess.run(
            [self._program, server, remote.server.user, remote.database, f"SELECT * FROM {shape.name}"],
            env=dict(os.environ) | {"RAW_FETCH_PASSWORD": remote.server.password, "TDSVER": "7.4"},
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            raise CannotRun(answer.stderr.strip())
        rows, seconds = answer.stdout.split()
        if int(rows) != shape.rows:
            raise CannotRun(f"{rows} rows instead of {shape.rows}")
        return float(seconds)


class OneRow(Contender):
    """What an import does before the first row: connect, describe, read the catalog."""

    name = "an import of one row"
    bare = True

    def run(self, shape: Shape) -> float:
        request = json.loads(self.arena.request(shape, self.target(shape))) | {"max_rows": 1}
        return self.arena.timed("SELECT cdb_import_connector(%s)", json.dumps(request))


class TdsFdw(Contender):
    """Debian's tds_fdw at TDS 7.2, beyond which it can't read dates; CTAS: without key and ANALYZE."""

    name = "tds_fdw, CTAS"
    bare = True

    def prepare(self, shape: Shape) -> None:
        arena, remote = self.arena, _source(self.arena).remote
        if not arena.sql("SELECT 1 FROM pg_available_extensions WHERE name = 'tds_fdw'"):
            raise CannotRun("tds_fdw is not installed")
        here = arena.sql(
            "SELECT string_agg(format('%%I %%s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum) "
            "FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
            f"{shape.name}_copy",
        )[0][0]
        arena.sql("CREATE EXTENSION IF NOT EXISTS tds_fdw")
        arena.sql(
            "DROP SERVER IF EXISTS bench_tds CASCADE; CREATE SERVER bench_tds FOREIGN DATA WRAPPER tds_fdw "
            f"OPTIONS (servername '{remote.server.host}', port '{remote.server.port}', database '{remote.database}', "
            "tds_version '7.2'); CREATE USER MAPPING FOR CURRENT_USER SERVER bench_tds "
            f"OPTIONS (username '{remote.server.user}', password '{remote.server.password}'); "
            f"CREATE SCHEMA IF NOT EXISTS tds_fdw; CREATE FOREIGN TABLE tds_fdw.{shape.name} ({here}) SERVER bench_tds "
            f"OPTIONS (query 'SELECT * FROM {shape.name}', row_estimate_method 'showplan_all')"
        )

    def run(self, shape: Shape) -> float:
        return self.arena.timed(f"CREATE TABLE {self.target(shape)} AS SELECT * FROM tds_fdw.{shape.name}")


PEERS: tuple[type[Contender], ...] = (RawFetch, OneRow, TdsFdw)
