"""What a refresh costs that compares ranges of the key, beside one that compares rows, one that replaces all, and an import.

Each way is measured on loopback and behind a proxy that makes the network slow, after different changes of the source. Bytes
are those that came from the remote, as the proxy counted them, so there are none on loopback, where they would be the same.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from servers.proxy import Fault, Proxy

from .contenders import Arena, CannotRun
from .figures import append_figures
from .networks import network
from .shapes import Shape

_INDEXES = ("quantity", "customer", "price, rating")  # the key's is the fourth
_SLOW = Fault(delay=0.010, bytes_per_second=20_000_000)


@dataclass(frozen=True)
class Change:
    """What happens to the source before a refresh: a statement, or nothing."""

    name: str
    share: float  # of the rows
    statement: str | None

    @classmethod
    def of(cls, shape: Shape) -> list[Change]:
        key, update = shape.key, "UPDATE {table} SET quantity = quantity + 1 WHERE "
        return [
            cls("nothing", 0, None),
            cls("0.1 %, in one place", 0.001, f"{update}{key} > {shape.rows - shape.rows // 1000}"),
            cls("0.1 %, all over", 0.001, f"{update}{key} % 1000 = 7"),
            cls("10 %, in one place", 0.1, f"{update}{key} > {shape.rows - shape.rows // 10}"),
        ]


@dataclass(frozen=True)
class Figure:
    """One refresh."""

    provider: str
    network: str
    rows: int
    change: str
    share: float
    way: str
    seconds: float
    wal_bytes: int
    bytes_from_remote: int | None
    ranges_compared: int | None
    ranges_read: int | None

    def line(self) -> str:
        came = "" if self.bytes_from_remote is None else f"{self.bytes_from_remote / 1e6:12,.2f} MB from the remote"
        ranges = "" if self.ranges_compared is None else f", {self.ranges_read} of {self.ranges_compared} ranges read"
        return f"    {self.way:<24} {self.seconds:9.3f} s {self.wal_bytes / 1e6:10,.1f} MB of WAL{came}{ranges}"


class Way:
    """A sync that refreshes its table in one way."""

    name: ClassVar[str]
    table: ClassVar[str]
    options: ClassVar[Mapping[str, object]]

    def __init__(self, arena: Arena, shape: Shape) -> None:
        self.arena = arena
        self.shape = shape
        self.id = arena.sql("SELECT cdb_sync_connector(%s, '1 year') ->> 'id'", self._request(arena.source.connection()))[0][0]
        self.run()
        arena.sql("SELECT 1" + "".join(f"; CREATE INDEX ON {self.table} ({columns})" for columns in _INDEXES))

    def _request(self, connection: Mapping[str, object]) -> str:
        return json.dumps(json.loads(self.arena.request(self.shape, self.table)) | {"connection": connection, "sync": self.options})

    def lead(self, connection: Mapping[str, object]) -> None:
        """Over another way to the remote from now on; runs twice, so that what is kept of earlier runs is of that way."""
        self.arena.sql("SELECT cdb_sync_update(%s, NULL, %s)", self.id, self._request(connection))
        self.run()
        self.run()

    def run(self) -> Mapping[str, Any]:
        self.arena.sql("SELECT cdb_sync_now(%s, true)", self.id)
        ((row,),) = self.arena.sql("SELECT to_jsonb(r) FROM connector.runs r WHERE sync_id = %s ORDER BY started_at DESC LIMIT 1", self.id)
        if row["state"] != "success":
            raise CannotRun(str(row["error_message"]))
        assert isinstance(row, dict)
        return row


class ByRanges(Way):
    name = "merge by ranges"
    table = "g_ranges"
    options: ClassVar[Mapping[str, object]] = {"mode": "merge", "key": "id", "compare": "ranges"}


class ByRows(Way):
    name = "merge by rows"
    table = "g_rows"
    options: ClassVar[Mapping[str, object]] = {"mode": "merge", "key": "id"}


class Replace(Way):
    name = "replace"
    table = "g_replace"
    options: ClassVar[Mapping[str, object]] = {}


def measure_ranges(arena: Arena, shape: Shape) -> None:
    """Prints a line for each way after each change; appends the figures to the file that FIGURES names."""
    print(f"\nrefreshes by ranges: {shape.rows:,} rows, four indexes; one refresh of each after each change, CHECKPOINT before it")
    arena.source.create(shape)
    ways = [kind(arena, shape) for kind in (ByRanges, ByRows, Replace)]
    figures: list[Figure] = []
    for where, fault in (("loopback", None), ("20 ms there and back, 20 MB/s", _SLOW)):
        with network(arena, fault) as (connection, proxy):
            print(f"  {where}")
            print(f"    {'import and indexes':<24} {_import(arena, shape, connection):9.3f} s")
            for way in ways:
                way.lead(connection)
            for change in Change.of(shape):
                print(f"   changed: {change.name}")
                if change.statement is not None:
                    arena.source.change(shape, change.statement)
                for way in ways:
                    figures.append(_refresh(arena, way, change, where, proxy))
                    print(figures[-1].line())
                    sys.stdout.flush()
    arena.sql("DROP TABLE g_ranges, g_rows, g_replace; DELETE FROM connector.sync")
    append_figures(asdict(figure) for figure in figures)


def _import(arena: Arena, shape: Shape, connection: Mapping[str, object]) -> float:
    request = json.dumps(json.loads(arena.request(shape, "g_import")) | {"connection": connection})
    arena.sql("CHECKPOINT")
    started = time.perf_counter()
    arena.sql("SELECT cdb_import_connector(%s)", request)
    arena.sql("SELECT 1" + "".join(f"; CREATE INDEX ON g_import ({columns})" for columns in _INDEXES))
    taken = time.perf_counter() - started
    arena.sql("DROP TABLE g_import")
    return taken


def _refresh(arena: Arena, way: Way, change: Change, network: str, proxy: Proxy | None) -> Figure:
    arena.sql("CHECKPOINT")
    ((position,),) = arena.sql("SELECT pg_current_wal_insert_lsn()")
    before = proxy.from_server if proxy else 0
    started = time.perf_counter()
    row = way.run()
    taken = time.perf_counter() - started
    ((written,),) = arena.sql("SELECT (pg_current_wal_insert_lsn() - %s::pg_lsn)::int8", position)
    if row["reason"]:
        print(f"    ({row['reason']})")
    return Figure(
        provider=arena.source.provider,
        network=network,
        rows=way.shape.rows,
        change=change.name,
        share=change.share,
        way=way.name,
        seconds=taken,
        wal_bytes=written,
        bytes_from_remote=proxy.from_server - before if proxy else None,
        ranges_compared=row.get("ranges_compared"),
        ranges_read=row.get("ranges_read"),
    )
