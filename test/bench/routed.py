"""Overwrites of a partitioned table, whose rows go through the executor: partitions here, and on two more clusters.

Beside them: the same with rows that are stored in a temporary table first, as they are where the table has a rule, and
INSERT … SELECT over the source's foreign data wrapper by hand.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from contextlib import ExitStack

from servers.postgres import Postgres
from servers.workspace import Workspace

from .contenders import Arena, Contender
from .figures import append_figures
from .shapes import Shape

_TABLE = "routed"
_PARTS = 2


def measure_routed(workspace: Workspace, arena: Arena, shape: Shape, runs: int, fdw: type[Contender]) -> None:
    """Prints a line for each way and place; appends the figures to the file that FIGURES names."""
    fdw(arena).prepare(shape)
    by_hand = f"{fdw.name.split(',')[0]}.{shape.name}"
    request = json.dumps({**json.loads(arena.request(shape, _TABLE)), "collision_strategy": "overwrite"})
    imported = "SELECT cdb_import_connector(%s)"
    with ExitStack() as stack:
        shards = [stack.enter_context(Postgres(workspace, fast=False, settings={"max_wal_size": "8GB"})) for _ in range(_PARTS)]
        for where, create in (("partitions here", _create_here), ("partitions on two more clusters", _create_there)):
            create(arena, shards, by_hand)
            ways: dict[str, Callable[[], float]] = {
                "connector": lambda: arena.timed(imported, request),
                "connector, stored first": lambda: _stored_first(arena, imported, request),
                f"INSERT over {fdw.name.split(',')[0]}": lambda: arena.timed(f"INSERT INTO {_TABLE} SELECT * FROM {by_hand}"),
            }
            times: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(runs):
                for name, way in ways.items():
                    arena.sql(f"TRUNCATE {_TABLE}")
                    arena.sql("CHECKPOINT")
                    times[name].append(way())
            _report(arena, shape, where, times)
            arena.sql(f"DROP TABLE {_TABLE}")
        arena.sql("DROP SERVER IF EXISTS part0 CASCADE; DROP SERVER IF EXISTS part1 CASCADE")


def _stored_first(arena: Arena, statement: str, request: str) -> float:
    """A rule might read rows more than once."""
    arena.sql(f"CREATE RULE nothing AS ON UPDATE TO {_TABLE} DO ALSO NOTHING")
    seconds = arena.timed(statement, request)
    arena.sql(f"DROP RULE nothing ON {_TABLE}")
    return seconds


def _create_here(arena: Arena, _shards: list[Postgres], like: str) -> None:
    arena.sql(f"DROP TABLE IF EXISTS {_TABLE}; CREATE TABLE {_TABLE} (LIKE {like}) PARTITION BY HASH (id)")
    for part in range(_PARTS):
        arena.sql(f"CREATE TABLE {_TABLE}_{part} PARTITION OF {_TABLE} FOR VALUES WITH (MODULUS {_PARTS}, REMAINDER {part})")


def _create_there(arena: Arena, shards: list[Postgres], like: str) -> None:
    arena.sql(f"DROP TABLE IF EXISTS {_TABLE}; CREATE TABLE {_TABLE} (LIKE {like}) PARTITION BY HASH (id)")
    ((definitions,),) = arena.sql(
        "SELECT string_agg(format('%%I %%s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum) FROM pg_attribute "
        "WHERE attrelid = %s::regclass AND attnum > 0",
        _TABLE,
    )
    for part, shard in enumerate(shards):
        with shard.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE part ({definitions})")
        connection.close()
        arena.sql(
            f"CREATE SERVER part{part} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{shard.folder}', port '{shard.port}', "
            f"dbname 'postgres', batch_size '1000'); CREATE USER MAPPING FOR postgres SERVER part{part} OPTIONS (user 'postgres'); "
            f"CREATE FOREIGN TABLE {_TABLE}_{part} PARTITION OF {_TABLE} FOR VALUES WITH (MODULUS {_PARTS}, REMAINDER {part}) "
            f"SERVER part{part} OPTIONS (table_name 'part')"
        )


def _report(arena: Arena, shape: Shape, where: str, times: dict[str, list[float]]) -> None:
    print(f"\n{where}: {shape.rows:,} rows of {len(shape.columns)} columns, without a key")
    ours = times["connector"]
    for name, taken in times.items():
        median = statistics.median(taken)
        ratio = statistics.median(theirs / own for theirs, own in zip(taken, ours, strict=True))
        print(
            f"  {name:<32} {median:8.3f} s ({min(taken):.3f} - {max(taken):.3f})   {shape.rows / median:>12,.0f} rows/s   "
            f"{ratio:5.2f} x connector"
        )
    sys.stdout.flush()
    append_figures(
        {"provider": arena.source.provider, "where": where, "way": name, "rows": shape.rows, "seconds": statistics.median(taken)}
        for name, taken in times.items()
    )
