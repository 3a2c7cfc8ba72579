"""Foreign tables beside those of another wrapper: a whole scan, lookups by key, the first rows, a join with local keys,
groups, two servers at once, a schema of many tables.

Each measurement is made by both in turn; the ratio is the other wrapper's time by ours. Of two servers at once it is the
time of both together by that of the slower one alone, for each wrapper.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

from .contenders import Arena, Contender
from .shapes import Column, Shape

_LOOKUPS = 2000
_TABLES = 500
_SECOND = "second"  # what the name of a second server, and of its schema, ends with
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
    _join_with_keys(arena, shape, tables, runs)
    _groups(arena, shape, tables, runs)
    _two_servers(arena, shape, tables, runs)
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


def _join_with_keys(arena: Arena, shape: Shape, tables: dict[str, str], runs: int) -> None:
    """A local table of keys that lie apart. Both wrappers know what ANALYZE found; each has its own plan."""
    step = max(shape.rows // _LOOKUPS, 1)
    arena.sql(
        "DROP TABLE IF EXISTS few_keys; "
        f"CREATE TABLE few_keys AS SELECT number::bigint * {step} AS id FROM generate_series(1, {_LOOKUPS}) AS number; ANALYZE few_keys"
    )
    for table in tables.values():
        arena.sql(f"ANALYZE {table}")
    query = f"SELECT count(*), sum(t.quantity) FROM few_keys k JOIN {{}} t ON t.{shape.key} = k.id"
    _same_answers(arena, query, tables)
    _in_turn(f"join with {_LOOKUPS} local keys", tables, runs, lambda table: arena.timed(query.format(table)))
    arena.sql("DROP TABLE few_keys")


def _groups(arena: Arena, shape: Shape, tables: dict[str, str], runs: int) -> None:
    """Of a number, and of a text."""
    for key in ("rating", "city"):
        query = f"SELECT {key}, count(*), sum(quantity) FROM {{}} GROUP BY {key}"
        _same_answers(arena, query, tables)
        _in_turn(f"count and sum by {key}", tables, runs, lambda table, query=query: arena.timed(query.format(table)))


def _same_answers(arena: Arena, query: str, tables: dict[str, str]) -> None:
    """What does not give the same is not worth a measurement."""
    ours, theirs = (sorted(map(str, arena.sql(query.format(table)))) for table in tables.values())
    assert ours == theirs, f"{query}: {ours[:3]} and {theirs[:3]}"


def _two_servers(arena: Arena, shape: Shape, tables: dict[str, str], runs: int) -> None:
    """One table through two servers of each wrapper, whose scans stand under one Append."""
    selects = {
        "few rows of much work": f"SELECT {shape.key} FROM {{}} WHERE note LIKE '%no such text%'",
        "groups": "SELECT quantity, count(*) FROM {} GROUP BY quantity",
        "all rows": "SELECT quantity FROM {}",
    }
    for name, table in tables.items():
        second = _second_table(arena, shape, "live" if name == "connector" else f"bench_{arena.source.provider}", table)
        for what, select in selects.items():
            one, other = select.format(table), select.format(second)
            ways = [one, other, f"({one}) UNION ALL ({other})"]
            times = [[arena.timed(f"EXPLAIN (ANALYZE, TIMING OFF) {way}") for way in ways] for _ in range(runs + 1)][1:]
            alone, alone_too, both = (statistics.median(found) for found in zip(*times, strict=True))
            slower = max(alone, alone_too)
            print(f"  two servers, {what}, {name}: {alone:.4f} and {alone_too:.4f} alone, together {both:.4f}: {both / slower:.2f} x the slower one")


def _second_table(arena: Arena, shape: Shape, server: str, table: str) -> str:
    """The same table through another server with the same options, which overlaps with the first one if it can be told to."""
    schema = table.partition(".")[0] + _SECOND
    options = {str(name): str(value) for name, value in _options_of(arena, "pg_foreign_server", "srvoptions", server)}
    login = {str(name): str(value) for name, value in _options_of(arena, "pg_user_mappings", "umoptions", server)}
    (wrapper,) = arena.sql("SELECT fdwname FROM pg_foreign_data_wrapper w JOIN pg_foreign_server s ON s.srvfdw = w.oid WHERE srvname = %s", server)[0]
    if wrapper == "postgres_fdw":
        arena.sql(f"ALTER SERVER {server} OPTIONS (ADD async_capable 'true')")
        options["async_capable"] = "true"
    arena.sql(
        f"DROP SERVER IF EXISTS {server}{_SECOND} CASCADE; DROP SCHEMA IF EXISTS {schema}; CREATE SCHEMA {schema}; "
        f"CREATE SERVER {server}{_SECOND} FOREIGN DATA WRAPPER {wrapper} OPTIONS ({_options(options)}); "
        f"CREATE USER MAPPING FOR CURRENT_USER SERVER {server}{_SECOND} OPTIONS ({_options(login)}); "
        f"IMPORT FOREIGN SCHEMA {_schema_name(arena)} LIMIT TO ({shape.name}) FROM SERVER {server}{_SECOND} INTO {schema}"
    )
    return f"{schema}.{shape.name}"


def _options_of(arena: Arena, catalog: str, column: str, server: str) -> list[tuple[str, str]]:
    return arena.sql(f"SELECT option_name, option_value FROM {catalog}, pg_options_to_table({column}) WHERE srvname = %s", server)


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
