"""What brings tables here by an ODBC driver, beside connector, and the speed limit of the driver itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

from .contenders import Arena, CannotRun, Contender
from .shapes import Shape
from .sources import OdbcSource

_HERE = Path(__file__).resolve().parent


def _source(arena: Arena) -> OdbcSource:
    assert isinstance(arena.source, OdbcSource)
    return arena.source


def raw_fetch(arena: Arena, query: str, text: str) -> tuple[int, float, float]:
    """Rows, seconds for them, and seconds for connecting, of a program that throws the rows away."""
    program = arena.folder / "raw_fetch_odbc"
    if not program.exists():
        compiler = os.environ.get("CXX") or "g++"
        command = [compiler, "-std=c++20", "-O2", _HERE / "raw_fetch_odbc.cpp", "-o", program, "-lodbc"]
        subprocess.run(command, check=True)
    source = _source(arena)
    answer = subprocess.run(
        [program, text, query],
        env=dict(os.environ) | source.environment | {"RAW_FETCH_CONNECTION": source.connection_string()},
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise CannotRun(answer.stderr.strip())
    rows, _, seconds, connecting = answer.stdout.split()
    return int(rows), float(seconds), float(connecting)


class RawFetch(Contender):
    """A bare loop over blocks of 1000 rows, with the attributes that connector gives the driver,
    whose rows are thrown away. The faster of both is the limit."""

    name = "raw fetch, text as UTF-16"
    raw = True
    text: ClassVar[str] = "wide"

    def run(self, shape: Shape) -> float:
        rows, seconds, _ = raw_fetch(self.arena, f"SELECT * FROM {shape.name}", self.text)
        if rows != shape.rows:
            raise CannotRun(f"{rows} rows instead of {shape.rows}")
        return seconds


class RawFetchBytes(RawFetch):
    """The same, text and dates as the bytes that the driver has."""

    name = "raw fetch, text, dates as bytes"
    text = "bytes"


class PyodbcCopy(Contender):
    """Debian's python3-pyodbc, 1000 rows at a time, written as text into COPY: without key and ANALYZE."""

    name = "pyodbc | COPY"
    bare = True

    def prepare(self, shape: Shape) -> None:
        if subprocess.run([sys.executable, "-c", "import pyodbc"], capture_output=True, check=False).returncode != 0:
            raise CannotRun("pyodbc is not installed")

    def run(self, shape: Shape) -> float:
        table, source = self.target(shape), _source(self.arena)
        self.arena.sql(f"CREATE TABLE {table} (LIKE {shape.name}_copy)")
        environment = dict(os.environ) | source.environment | {"PYODBC_CONNECTION": source.connection_string()}
        python = [sys.executable, str(_HERE / "pyodbc_copy.py"), f"SELECT * FROM {shape.name}"]
        return self.arena.timed_pipe(python, f"COPY {table} FROM STDIN", environment)


PEERS: tuple[type[Contender], ...] = (RawFetch, RawFetchBytes, PyodbcCopy)
