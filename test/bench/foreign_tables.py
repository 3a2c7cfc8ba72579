"""Foreign tables beside those of another wrapper: a whole scan, lookups by key, the first rows, a schema of many tables.

Each measurement is made by both in turn; the ratio is the other wrapper's time by ours.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

from .contenders import Arena, Contender
from .shapes import Column, Shape

_LOOKUPS = 2000
_TABLES = 500
_SECRETS = ("username", "password")


def measure_foreign_tables(arena: Arena, shape: Shape, runs: int, fdw: type[Contender]) -> None:
    peer = fdw.name.split(",")[0]
    fdw(arena).prepare(shape)
    _create(arena, shape)
    print(f"\nforeign tables: {shape.rows} rows of {len(shape.columns)} columns, connector and {peer}, seconds")
    tables = {"connector": f"live.{shape.name}", peer: f"{peer}.{shape.name}"}
    _in_turn("whole scan", tables, runs, lambda table: arena.timed(f"EXPLAIN (ANALYZE, TIMING OFF) SELECT * FROM {table}"))
    _in_turn(f"{_LOOKUPS} lookups by key", tables, runs, lambda table: _lookups(arena, shape, table))
    _in_turn("first 10 rows", tables, runs, lambda table: arena.timed(f"SELECT * FROM {table} LIMIT 10"))
    _in_turn("first 10 rows by key", tables, runs, lambda table: arena.timed(f"SELECT * FROM {table} ORDER BY {shape.key} LIMIT 10"))
    _schema(arena, runs, peer)


def _create(arena: Arena, shape: Shape) -> None:
    connection = {key: str(value) for key, value in arena.source.connection().items()}
    login = {key: connection.pop(key) for key in _SECRETS if key in connection}
    arena.sql(
        "DROP SERVER IF EXISTS live CASCADE; DROP SCHEMA IF EXISTS live; CREATE SCHEMA live; "
        f"CREATE SERVER live FOREIGN DATA WRAPPER connector OPTIONS ({_options({'provider': arena.source.provider, **connection})}); "
        f"CREATE USER MAPPING FOR CURRENT_USER SERVER live OPTIONS ({_options(login)}); "
        f"IMPORT FOREIGN SCHEMA {_schema_name(arena)} LIMIT TO ({shape.name}) FROM SERVER live INTO live"
    )


def _options(options: dict[str, str]) -> str:
    return ", ".join(f"{name} '{value}'" for name, value in options.items())


def _schema_name(arena: Arena) -> str:
    """Where the remote's tables are."""
    return "public" if arena.source.provider == "postgres" else str(arena.source.connection()["database"])


def _lookups(arena: Arena, shape: Shape, table: str) -> float:
    """One statement for each, over keys that lie apart, with a plan that is made once."""
    step = max(shape.rows // _LOOKUPS, 1)
    return arena.timed(
        "DO $$ DECLARE found record; BEGIN "
        f"FOR number IN 1..{_LOOKUPS} LOOP SELECT * INTO found FROM {table} WHERE {shape.key} = number::bigint * {step}; END LOOP; END $$"
    )


def _schema(arena: Arena, runs: int, peer: str) -> None:
    """Tables of a few columns. What is imported is dropped outside of the time."""
    for number in range(_TABLES):
        columns = [Column("id int NOT NULL PRIMARY KEY", "seq"), Column("word varchar(20)", "'x'"), Column("day date", "NULL")]
        arena.source.create(Shape(f"many_{number}", 1, columns))
    servers = {"connector": "live", peer: f"bench_{arena.source.provider}"}

    def imported(server: str) -> float:
        arena.sql("CREATE SCHEMA many")
        names = ", ".join(f"many_{number}" for number in range(_TABLES))
        seconds = arena.timed(f"IMPORT FOREIGN SCHEMA {_schema_name(arena)} LIMIT TO ({names}) FROM SERVER {server} INTO many")
        found = arena.sql("SELECT count(*) FROM pg_class WHERE relnamespace = 'many'::regnamespace AND relkind = 'f'")[0][0]
        assert found == _TABLES, f"{server}: {found} tables"
        arena.sql("DROP SCHEMA many CASCADE")
        return seconds

    _in_turn(f"IMPORT FOREIGN SCHEMA, {_TABLES} tables", servers, min(runs, 3), imported)


def _in_turn(what: str, ways: dict[str, str], runs: int, measure: Callable[[str], float]) -> None:
    """Each way once for nothing, then all of them in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for name, way in ways.items():
        measure(way)
    for _ in range(runs):
        for name, way in ways.items():
            seconds[name].append(measure(way))
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    ours, theirs = medians.values()
    figures = ", ".join(f"{name} {median:.4f}" for name, median in medians.items())
    print(f"  {what}: {figures}: {theirs / ours:.2f} x")
