"""What brings tables of Hive here, beside connector, and the speed limit of its Thrift client."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from servers.hive.artifacts import compiled, maven_jars
from servers.hive.artifacts import jars as server_jars
from servers.staging import release_objects

from .contenders import Arena, CannotRun, Contender
from .shapes import Shape
from .sources import HiveSource

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
_RELEASE = _ROOT / "build" / "release"  # the extension that is measured, built from the same sources


def _source(arena: Arena) -> HiveSource:
    assert isinstance(arena.source, HiveSource)
    return arena.source


class RawFetch(Contender):
    """The driver's own Thrift client, one piece after the other, when rows are thrown away."""

    name = "raw fetch, rows thrown away"
    raw = True

    def prepare(self, shape: Shape) -> None:
        self._program = self.arena.folder / "raw_fetch_hive"
        if self._program.exists():
            return
        objects = [*release_objects("core", "drivers/hive"), *_RELEASE.glob("generated/drivers/hive/rpc/*.o")]
        flags = ["-std=c++20", "-O2", f"-I{_ROOT / 'src'}", f"-isystem{_RELEASE / 'generated'}"]
        libraries = ["-lthrift", "-lsasl2", "-lssl", "-lcrypto", "-lcares"]
        compiler = os.environ.get("CXX") or "g++"
        source = _HERE / "raw_fetch_hive.cpp"
        subprocess.run([compiler, *flags, source, *objects, "-o", self._program, *libraries], check=True)

    def run(self, shape: Shape) -> float:
        server = _source(self.arena).server
        answer = subprocess.run(
            [self._program, str(server.doors["none"]), "testdb", f"SELECT * FROM {shape.name}"],
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


class JdbcCopy(Contender):
    """Hive's own JDBC driver, fetchSize 10000, writing what beeline's tsv2 is, into COPY: without key and ANALYZE.
    The start of its JVM, of about half a second, is in it, as it is in every such pipe.
    """

    name = "Hive JDBC | COPY"
    bare = True

    def prepare(self, shape: Shape) -> None:
        jars = maven_jars("hive-jdbc", _HERE / "jars_jdbc.txt")
        self._path = f"{compiled(_HERE / 'FetchTsv.java', jars)}:{jars}/*:{server_jars()}/*"

    def run(self, shape: Shape) -> float:
        table, server = self.target(shape), _source(self.arena).server
        self.arena.sql(f"CREATE TABLE {table} (LIKE {shape.name}_copy)")
        url = f"jdbc:hive2://127.0.0.1:{server.doors['none']}/testdb"
        java = ["java", "-cp", self._path, "FetchTsv", url, f"SELECT * FROM {shape.name}"]
        return self.arena.timed_pipe(java, f"COPY {table} FROM STDIN")


PEERS: tuple[type[Contender], ...] = (RawFetch, JdbcCopy)
