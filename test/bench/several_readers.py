"""What an import gains that reads by several connections: on loopback, and where the network bounds what one connection brings."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping

from servers.proxy import Fault

from .contenders import Arena
from .figures import append_figures
from .networks import network
from .shapes import Shape

_READERS = (1, 2, 4)
_SLOW = Fault(delay=0.010, bytes_per_second=10_000_000)


def measure_several_readers(arena: Arena, shape: Shape, runs: int) -> None:
    """Prints a line for each number of readers; appends the figures to the file that FIGURES names. Key and ANALYZE are
    part of each import."""
    print(f"\nseveral readers: {shape.rows:,} rows, key and ANALYZE too")
    arena.source.create(shape)
    for where, fault in (("loopback", None), ("20 ms there and back, 10 MB/s for each connection", _SLOW)):
        with network(arena, fault) as (connection, _):
            print(f"  {where}")
            times: dict[int, list[float]] = {readers: [] for readers in _READERS}
            for _ in range(runs):
                for readers, taken in times.items():
                    taken.append(_import(arena, shape, connection, readers))
        medians = {readers: statistics.median(taken) for readers, taken in times.items()}
        for readers, seconds in medians.items():
            spread = f"({min(times[readers]):.3f} - {max(times[readers]):.3f})"
            of_one = statistics.median(one / several for one, several in zip(times[1], times[readers], strict=True))
            print(f"    {readers} readers  {seconds:8.3f} s {spread:<17} {shape.rows / seconds:>12,.0f} rows/s   {of_one:5.2f} x one reader")
        sys.stdout.flush()
        append_figures(
            {"provider": arena.source.provider, "network": where, "readers": readers, "rows": shape.rows, "seconds": seconds}
            for readers, seconds in medians.items()
        )


def _import(arena: Arena, shape: Shape, connection: Mapping[str, object], readers: int) -> float:
    request = json.loads(arena.request(shape, "several_readers")) | {"connection": connection, "readers": readers}
    arena.sql("CHECKPOINT")
    seconds = arena.timed("SELECT cdb_import_connector(%s)", json.dumps(request))
    arena.sql("DROP TABLE several_readers")
    return seconds
