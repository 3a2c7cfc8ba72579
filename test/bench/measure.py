"""Runs the contenders in turn, A B C A B C …, and prints medians.

Environment: PROVIDERS (all) mysql, postgres, sqlserver, hive, odbc (MariaDB and PostgreSQL by their ODBC drivers); ROWS (1000000)
rows of the mixed and narrow tables, the others in proportion; RUNS (5); SHAPES (mixed,narrow,wide,fat); CONTENDERS, words of
the peers' names (all); BIG=1 measures memory at 3 x ROWS as well; REFRESH=0 leaves out refreshes, ROUTED=0 overwrites of
partitioned tables, FOREIGN=0 foreign tables, SHAPES=none imports, MEMORY=0 memory, and with odbc the start of a connection.
RANGES (10000000) rows of refreshes by ranges, 0 leaves them out; READERS=0 leaves out imports by several connections. HTTP (5)
seconds of each round of connector-http's requests, 0 leaves them out; PROVIDERS=none leaves only them. FIGURES names a file
that gets the figures of swaps, ranges, partitioned tables, several readers, odbc and requests, too; those of docs/pictures are
from there.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from servers import odbc_drivers
from servers.postgres import Postgres
from servers.server import Unavailable
from servers.staging import install_into
from servers.workspace import Workspace

from . import peers_hive, peers_mysql, peers_odbc, peers_postgres, peers_sqlserver, shapes
from .contenders import COMMON, Arena, Connector, Contender, Floor, KeyAndAnalyze
from .figures import append_figures
from .foreign_tables import measure_foreign_tables
from .http_requests import measure_http
from .memory import measure_memory
from .ranges import measure_ranges
from .readers import measure_readers
from .refreshes import measure_refreshes
from .routed import measure_routed
from .several_readers import measure_several_readers
from .shapes import Shape
from .sources import SOURCES, OdbcSource

_ROOT = Path(__file__).resolve().parents[2]
_SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "8GB", "checkpoint_timeout": "30min"}
_PEERS: dict[str, tuple[type[Contender], ...]] = {
    "mysql": peers_mysql.PEERS,
    "postgres": peers_postgres.PEERS,
    "sqlserver": peers_sqlserver.PEERS,
    "hive": peers_hive.PEERS,
    "odbc": peers_odbc.PEERS,
}
_NO_RANGES = ("hive", "odbc")
_SEVERAL_READERS = ("mysql", "postgres")


def main() -> int:
    rows = int(os.environ.get("ROWS") or 1_000_000)
    runs = int(os.environ.get("RUNS") or 5)
    all_shapes = [shapes.mixed(rows), shapes.narrow(rows), shapes.wide(max(rows // 10, 1)), shapes.fat(max(rows // 50, 1))]
    wanted = _words("SHAPES") or [shape.name for shape in all_shapes]
    providers = _words("PROVIDERS") or list(_PEERS)
    try:
        with Workspace() as workspace:
            stage = install_into(workspace, _ROOT / "build" / "bench.log")
            settings = _SETTINGS | odbc_drivers.SETTINGS
            environment = odbc_drivers.environment(workspace)
            with Postgres(workspace, stage=stage, fast=False, settings=settings, environment=environment) as local:
                folder = workspace.subfolder("bench")
                _introduce(local, runs)
                for kind in SOURCES:
                    if kind.provider not in providers:
                        continue
                    try:
                        source = kind(workspace, _SETTINGS)
                    except Unavailable as reason:
                        print(f"\n=== {kind.provider}: not measured: {reason}")
                        continue
                    local.create_database("bench", "connector")
                    arena = Arena(source, local, local.connect("bench"), folder)
                    print(f"\n=== {source.provider}: {source.version()} on loopback")
                    arena.sql("SET connector.max_rows = 0")
                    for shape in all_shapes:
                        if shape.name in wanted:
                            _measure(arena, shape, runs)
                    if _words("MEMORY") != ["0"]:
                        if source.provider == "odbc":
                            measure_readers(arena, rows)
                        else:
                            _memory(arena, rows)
                    if _words("FOREIGN") != ["0"]:
                        _beside_wrapper("foreign tables", arena, shapes.mixed(rows), runs, measure_foreign_tables)
                    if _words("REFRESH") != ["0"]:
                        _beside_wrapper("refreshes", arena, shapes.mixed(rows), runs, measure_refreshes)
                    if source.provider == "postgres" and _words("ROUTED") != ["0"]:
                        measure = partial(measure_routed, workspace)
                        for count in (rows * 3 // 10, rows):
                            _beside_wrapper("partitioned tables", arena, shapes.mixed(count), runs, measure)
                    if source.provider in _SEVERAL_READERS and _words("READERS") != ["0"]:
                        measure_several_readers(arena, shapes.mixed(rows), runs)
                    if source.provider not in _NO_RANGES and (count := int(os.environ.get("RANGES") or 10_000_000)):
                        measure_ranges(arena, shapes.mixed(count, "ranged"))
                    arena.connection.close()
                    source.stop()
                if seconds := int(os.environ.get("HTTP") or 5):
                    measure_http(workspace, local, stage, runs, seconds)
    except KeyboardInterrupt:
        return 130
    return 0


def _beside_wrapper(what: str, arena: Arena, shape: Shape, runs: int, measure: Callable[[Arena, Shape, int, type[Contender]], None]) -> None:
    """Measures beside another foreign data wrapper for the source, if there is one."""
    fdws = [kind for kind in _PEERS[arena.source.provider] if kind.name.split(",")[0].endswith("_fdw")]
    if not fdws:
        print(f"\n{what}: not measured: there is no foreign data wrapper to compare with")
        return
    arena.source.create(shape)
    measure(arena, shape, runs, fdws[0])


def _words(variable: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", os.environ.get(variable, "")) if word]


def _introduce(local: Postgres, runs: int) -> None:
    with local.connect().cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
    settings = ", ".join(f"{name} {value}" for name, value in _SETTINGS.items())
    print(f"PostgreSQL {version}: {settings}; all else, fsync too, at its default, the same for all.")
    print(f"{runs} runs of each in turn, CHECKPOINT before each; median (min - max).")


def _measure(arena: Arena, shape: Shape, runs: int) -> None:
    arena.source.create(shape)
    words = _words("CONTENDERS")
    contenders: list[Contender] = []
    excuses: list[str] = []
    for kind in (*COMMON, *_PEERS[arena.source.provider]):
        if words and kind not in COMMON and not any(word in kind.name for word in words):
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
    size = arena.sql("SELECT coalesce(pg_size_pretty(pg_total_relation_size(to_regclass(%s))), 'nothing')", f"{shape.name}_copy")[0][0]
    _report(arena, shape, size, times, excuses)
    for contender in contenders:
        contender.clean(shape)
    arena.sql(f"DROP TABLE IF EXISTS {shape.name}_copy")


def _report(arena: Arena, shape: Shape, size: str, times: dict[Contender, list[float]], excuses: list[str]) -> None:
    print(f"\n{shape.name}: {shape.rows:,} rows of {len(shape.columns)} columns, {size} here")
    medians = {type(contender): statistics.median(taken) for contender, taken in times.items() if taken}
    for contender, taken in times.items():
        if taken:
            kind = type(contender)
            spread = f"({min(taken):.3f} - {max(taken):.3f})"
            _line(kind.name, medians[kind], spread, shape, medians, kind.bare)
    if Connector in medians and KeyAndAnalyze in medians:
        _line("connector, the rows alone", medians[Connector] - medians[KeyAndAnalyze], "(the difference)", shape, medians)
    _append(arena, shape, medians)
    for excuse in excuses:
        print(f"  not measured: {excuse}")
    sys.stdout.flush()


def _line(
    name: str, seconds: float, spread: str, shape: Shape, medians: dict[type[Contender], float], bare: bool = False
) -> None:
    line = f"  {name:<32} {seconds:8.3f} s {spread:<17} {shape.rows / seconds:>12,.0f} rows/s"
    if Floor in medians:
        line += f"   {seconds / medians[Floor]:5.2f} x floor"
    if raw := [median for kind, median in medians.items() if kind.raw]:
        line += f"   {seconds / min(raw):5.2f} x raw"
    if Connector in medians:
        line += f"   {seconds / medians[Connector]:5.2f} x connector"
        if bare and KeyAndAnalyze in medians:
            line += f", {(seconds + medians[KeyAndAnalyze]) / medians[Connector]:5.2f} x with key and ANALYZE"
    print(line)


def _append(arena: Arena, shape: Shape, medians: Mapping[type[Contender], float]) -> None:
    """The figures of odbc; those of other providers are only printed."""
    if isinstance(arena.source, OdbcSource):
        where = {"provider": arena.source.provider, "behind": arena.source.behind.provider, "table": shape.name, "rows": shape.rows}
        append_figures(where | {"way": kind.name, "seconds": seconds} for kind, seconds in medians.items())


def _memory(arena: Arena, rows: int) -> None:
    sizes = [max(rows // 10, 1), rows] + ([rows * 3] if os.environ.get("BIG") else [])
    tables = [shapes.mixed(count, f"memory_{count}") for count in sizes]
    fat = shapes.fat(max(rows // 50, 1))
    for table in (*tables, fat):
        arena.source.create(table)
    measure_memory(arena, [*tables, fat])


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
