"""Runs the contenders in turn, A B C A B C …, and prints medians.

Environment: ROWS (1000000) rows of the mixed and narrow tables, the others in proportion; RUNS (5);
SHAPES (mixed,narrow,wide,fat); CONTENDERS, words of their names (all); BIG=1 measures memory at 3 x ROWS as well.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

from servers.mariadb import MariaDb
from servers.postgres import Postgres
from servers.staging import install_into
from servers.workspace import Workspace

from . import shapes
from .contenders import ALL, Arena, Connector, Contender, Floor
from .memory import measure_memory
from .shapes import Shape

_ROOT = Path(__file__).resolve().parents[2]
_SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "8GB", "checkpoint_timeout": "30min"}


def main() -> int:
    rows = int(os.environ.get("ROWS") or 1_000_000)
    runs = int(os.environ.get("RUNS") or 5)
    all_shapes = [shapes.mixed(rows), shapes.narrow(rows), shapes.wide(max(rows // 10, 1)), shapes.fat(max(rows // 50, 1))]
    wanted = _words("SHAPES") or [shape.name for shape in all_shapes]
    try:
        with Workspace() as workspace:
            stage = install_into(workspace, _ROOT / "build" / "bench.log")
            options = ["--innodb-buffer-pool-size=1G"]
            with (
                MariaDb(workspace, options=options) as remote,
                Postgres(workspace, stage=stage, fast=False, settings=_SETTINGS) as local,
            ):
                local.create_database("bench", "connector")
                folder = workspace.subfolder("bench")
                _compile(folder)
                arena = Arena(remote, local, local.connect("bench"), folder)
                arena.sql("SET connector.max_rows = 0")
                _introduce(arena, runs)
                for shape in all_shapes:
                    if shape.name in wanted:
                        _measure(arena, shape, runs)
                _memory(arena, rows)
    except KeyboardInterrupt:
        return 130
    return 0


def _words(variable: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", os.environ.get(variable, "")) if word]


def _compile(folder: Path) -> None:
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libmariadb"], capture_output=True, text=True, check=True)
    source = Path(__file__).with_name("raw_fetch.cpp")
    subprocess.run(
        [os.environ.get("CXX") or "g++", "-std=c++20", "-O2", str(source), "-o", str(folder / "raw_fetch"), *flags.stdout.split()],
        check=True,
    )


def _introduce(arena: Arena, runs: int) -> None:
    version = arena.sql("SHOW server_version")[0][0]
    remote = arena.remote.sql("SELECT version()")[0][0]
    settings = ", ".join(f"{name} {value}" for name, value in _SETTINGS.items())
    print(f"PostgreSQL {version}: {settings}; all else, fsync too, at its default, the same for all.")
    print(f"Remote: {remote} on loopback. {runs} runs of each in turn, CHECKPOINT before each; median (min - max).")


def _measure(arena: Arena, shape: Shape, runs: int) -> None:
    shape.create(arena.remote)
    words = _words("CONTENDERS")
    contenders: list[Contender] = []
    excuses: list[str] = []
    for kind in ALL:
        if words and kind not in (Connector, Floor) and not any(word in kind.name for word in words):
            continue
        contender = kind(arena)
        try:
            contender.clean(shape)
            contender.prepare(shape)
            contenders.append(contender)
        except Exception as error:  # another tool's trouble must not end the run
            excuses.append(f"{kind.name}: {_first_line(error)}")
    times: dict[Contender, list[float]] = {contender: [] for contender in contenders}
    for _ in range(runs):
        for contender in list(times):
            contender.clean(shape)
            arena.sql("CHECKPOINT")
            try:
                times[contender].append(contender.run(shape))
            except Exception as error:
                excuses.append(f"{contender.name}: {_first_line(error)}")
                del times[contender]
    size = arena.sql("SELECT pg_size_pretty(pg_total_relation_size(%s))", f"{shape.name}_copy")[0][0]
    _report(shape, size, times, excuses)
    for contender in contenders:
        contender.clean(shape)
    arena.sql(f"DROP TABLE {shape.name}_copy")


def _report(shape: Shape, size: str, times: dict[Contender, list[float]], excuses: list[str]) -> None:
    print(f"\n{shape.name}: {shape.rows:,} rows of {len(shape.columns)} columns, {size} here")
    medians = {contender.name: statistics.median(taken) for contender, taken in times.items() if taken}
    floor = medians.get(Floor.name)
    connector = medians.get(Connector.name)
    for contender, taken in times.items():
        if not taken:
            continue
        median = medians[contender.name]
        line = f"  {contender.name:<30} {median:8.3f} s ({min(taken):.3f} - {max(taken):.3f}) {shape.rows / median:>12,.0f} rows/s"
        if floor:
            line += f"   {median / floor:5.2f} x floor"
        if connector:
            line += f"   {median / connector:5.2f} x connector"
        print(line)
    for excuse in excuses:
        print(f"  not measured: {excuse}")
    sys.stdout.flush()


def _memory(arena: Arena, rows: int) -> None:
    sizes = [max(rows // 10, 1), rows] + ([rows * 3] if os.environ.get("BIG") else [])
    tables = [shapes.mixed(count, f"memory_{count}") for count in sizes]
    fat = shapes.fat(max(rows // 50, 1))
    for table in (*tables, fat):
        table.create(arena.remote)
    measure_memory(arena, [*tables, fat])


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
