"""Refreshes: how long readers wait for one, what it costs beside an import, what a merge writes.

Readers are clients that take a reader's lock on the table (by a query that reads no row, so that nothing but the wait
is timed) or run a long query, again and again, while the table is refreshed. How long they waited for the lock is what
the server's log says (log_lock_waits); the longest statement, as the client saw it, has its own trouble in it.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import threading
import time
from abc import ABC, abstractmethod
from typing import ClassVar

import psycopg2

from .contenders import Arena, CannotRun, Contender
from .figures import append_figures
from .shapes import Shape

_INDEXES = ("quantity", "customer", "price, rating")


class Refresher(ABC):
    """A way to bring a table up to date."""

    name: ClassVar[str]
    table: ClassVar[str]
    times: ClassVar[int] = 5

    def __init__(self, arena: Arena, shape: Shape, fdw: type[Contender]) -> None:
        self.arena = arena
        self.shape = shape
        self.fdw = fdw

    @abstractmethod
    def prepare(self) -> None: ...

    @abstractmethod
    def refresh(self) -> None: ...

    def indexes(self, table: str) -> str:
        return "".join(f"; CREATE INDEX ON {table} ({columns})" for columns in _INDEXES)

    def foreign(self) -> str:
        """The foreign table that rivals read."""
        self.fdw(self.arena).prepare(self.shape)
        return f"{self.fdw.name.split(',')[0]}.{self.shape.name}"


class Sync(Refresher):
    name = "connector, replace"
    table = "r_sync"
    times = 20
    options: ClassVar[dict[str, object]] = {}
    mode: ClassVar[str] = "swap"

    def prepare(self) -> None:
        request = json.loads(self.arena.request(self.shape, self.table)) | {"sync": self.options}
        ((sync,),) = self.arena.sql("SELECT cdb_sync_connector(%s, '1 year')", json.dumps(request))
        self.id = sync["id"]
        self.refresh("import")
        self.arena.sql("SELECT 1" + self.indexes(self.table))

    def refresh(self, mode: str | None = None) -> None:
        ((answer,),) = self.arena.sql("SELECT cdb_sync_now(%s, true)", self.id)
        ((state, done, message),) = self.arena.sql(
            "SELECT state, mode, error_message FROM connector.runs WHERE sync_id = %s ORDER BY started_at DESC LIMIT 1", self.id
        )
        if state != "success" or done != (mode or self.mode):
            raise CannotRun(f"{answer['state']}: {done} {message}")


class Merge(Sync):
    name = "connector, merge, nothing changed"
    table = "r_merge"
    times = 5
    options: ClassVar[dict[str, object]] = {"mode": "merge", "key": "id"}
    mode = "merge"


class MaterializedView(Refresher):
    name = "REFRESH MATERIALIZED VIEW over {fdw}"
    table = "r_view"

    def prepare(self) -> None:
        self.arena.sql(
            f"CREATE MATERIALIZED VIEW {self.table} AS SELECT * FROM {self.foreign()}; "
            f"CREATE UNIQUE INDEX ON {self.table} ({self.shape.key})" + self.indexes(self.table)
        )

    def refresh(self) -> None:
        self.arena.sql(f"REFRESH MATERIALIZED VIEW {self.table}")


class DropAndRename(Refresher):
    """What outside tools do; even with everything ready before the old table is dropped."""

    name = "{fdw} into a new table, drop and rename"
    table = "r_renamed"

    def prepare(self) -> None:
        self._fill(self.table)

    def _fill(self, table: str) -> None:
        self.arena.sql(
            f"CREATE TABLE {table} AS SELECT * FROM {self.foreign()}; ALTER TABLE {table} ADD PRIMARY KEY ({self.shape.key})"
            + self.indexes(table)
            + f"; ANALYZE {table}"
        )

    def refresh(self) -> None:
        self._fill("r_next")
        self.arena.sql(f"BEGIN; DROP TABLE {self.table}; ALTER TABLE r_next RENAME TO {self.table}; COMMIT")


class Reader:
    """A client in a thread: keeps the longest time that a statement took, and counts errors."""

    def __init__(self, arena: Arena, statement: str) -> None:
        self.longest = 0.0
        self.rounds = 0
        self.errors: list[str] = []
        self._connection = arena.local.connect("bench")
        self._connection.autocommit = True
        with self._connection.cursor() as cursor:  # the server tells of each wait of more than 1 ms, and how long it was
            cursor.execute("SET deadlock_timeout = '1ms'; SET log_lock_waits = on")
        self._statement = statement
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        with self._connection.cursor() as cursor:
            while not self._stop.is_set():
                cursor.execute("BEGIN")
                started = time.perf_counter()
                try:
                    cursor.execute(self._statement)
                except psycopg2.Error as error:
                    self.errors.append(str(error).splitlines()[0])
                self.longest = max(self.longest, time.perf_counter() - started)
                self.rounds += 1
                cursor.execute("ROLLBACK")
                time.sleep(0.0005)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._connection.close()


def measure_refreshes(arena: Arena, shape: Shape, runs: int, fdw: type[Contender]) -> None:
    print(f"\nrefreshes of {shape.name}: {shape.rows:,} rows, four indexes, under readers")
    print("  the longest that a client waited for a reader's lock, of three that ask for it all the time, beside a")
    print("  fourth that counts all rows again and again; and the longest statement, with and without a refresh")
    sync: Sync | None = None
    for kind in (Sync, Merge, MaterializedView, DropAndRename):
        refresher = kind(arena, shape, fdw)
        name = kind.name.format(fdw=fdw.name.split(",")[0])
        try:
            refresher.prepare()
            print(f"  {name:<52} {_waits(arena, refresher)}")
        except Exception as error:
            print(f"  not measured: {name}: {str(error).splitlines()[0]}")
            continue
        sys.stdout.flush()
        if isinstance(refresher, Sync) and sync is None:
            sync = refresher
    if sync is not None:
        _cost(arena, sync, runs)
    _wal(arena, shape, fdw)
    _merge_join(arena, shape, runs, fdw)
    arena.sql("DROP TABLE IF EXISTS r_sync, r_merge, r_plain, r_renamed, r_import; DROP MATERIALIZED VIEW IF EXISTS r_view; DELETE FROM connector.sync")


def _waits(arena: Arena, refresher: Refresher) -> str:
    def under_readers(work: object) -> tuple[float, int, list[str]]:
        readers = [Reader(arena, f"SELECT FROM {refresher.table} LIMIT 0") for _ in range(3)]
        others = [Reader(arena, f"SELECT count(*) FROM {refresher.table}")]
        for reader in (*readers, *others):
            reader.__enter__()
        try:
            work()  # type: ignore[operator]
        finally:
            for reader in (*readers, *others):
                reader.__exit__()
        errors = [error for reader in (*readers, *others) for error in reader.errors]
        return max(reader.longest for reader in readers), sum(reader.rounds for reader in readers), errors

    started = time.perf_counter()

    def refresh() -> None:
        for _ in range(refresher.times):
            refresher.refresh()

    position = arena.local.log_size()
    longest, rounds, errors = under_readers(refresh)
    taken = time.perf_counter() - started
    waits = [
        float(wait)
        for wait in re.findall(r"acquired AccessShareLock on relation \d+ of database \d+ after ([\d.]+) ms", arena.local.log_since(position))
    ]
    noise, _, _ = under_readers(lambda: time.sleep(min(taken, 20)))
    failed = f", {len(errors)} errors ({errors[0]})" if errors else ", no errors"
    locks = ""
    if isinstance(refresher, Sync) and refresher.mode == "swap":
        ((most,),) = arena.sql("SELECT max(lock_ms) FROM connector.runs WHERE sync_id = %s", refresher.id)
        locks = f"; strong lock held {most:.1f} ms at most"
        _append_swap(arena, refresher, max(waits, default=None))
    wait = f"{max(waits):9.1f} ms, {len(waits)} waits" if waits else "     none above 1 ms"
    return (
        f"{wait}; longest statement {longest * 1000:.1f} ms, else {noise * 1000:.1f} ms; {refresher.times} refreshes of "
        f"{taken / refresher.times:.2f} s, {rounds} reads{failed}{locks}"
    )


def _append_swap(arena: Arena, sync: Sync, longest_wait: float | None) -> None:
    """The run of median length, for the picture of a swap; the longest wait is that of all runs."""
    runs = arena.sql("SELECT phase_ms, lock_ms FROM connector.runs WHERE sync_id = %s AND mode = 'swap'", sync.id)
    ((version, columns, indexes),) = arena.sql(
        "SELECT split_part(version(), ' ', 2), relnatts, (SELECT count(*) FROM pg_index WHERE indrelid = c.oid) "
        "FROM pg_class AS c WHERE oid = %s::regclass",
        sync.table,
    )
    phases, lock = sorted(runs, key=lambda run: sum(run[0].values()))[len(runs) // 2]
    append_figures(
        [
            {
                "remote": arena.source.version(),
                "host": f"PostgreSQL {version}",
                "rows": sync.shape.rows,
                "columns": columns,
                "indexes": indexes,
                "refreshes": len(runs),
                "phase_ms": phases,
                "lock_ms": lock,
                "longest_wait_ms": longest_wait,
            }
        ]
    )


def _cost(arena: Arena, sync: Sync, runs: int) -> None:
    """A refresh against an import of the same rows with the same indexes built."""
    refreshes: list[float] = []
    imports: list[float] = []
    for _ in range(runs):
        arena.sql("CHECKPOINT")
        started = time.perf_counter()
        sync.refresh()
        refreshes.append(time.perf_counter() - started)
        arena.sql("DROP TABLE IF EXISTS r_import")
        arena.sql("CHECKPOINT")
        started = time.perf_counter()
        arena.sql("SELECT cdb_import_connector(%s)", arena.request(sync.shape, "r_import"))
        arena.sql("SELECT 1" + sync.indexes("r_import"))
        imports.append(time.perf_counter() - started)
    ratio = statistics.median(refreshes) / statistics.median(imports)
    print(f"  refresh {statistics.median(refreshes):.3f} s, import and indexes {statistics.median(imports):.3f} s: {ratio:.2f} times")


def _wal(arena: Arena, shape: Shape, fdw: type[Contender]) -> None:
    """WAL of a merge: in all, and without the images of pages that are changed first after a checkpoint."""
    arena.sql("CREATE EXTENSION IF NOT EXISTS pg_walinspect; CHECKPOINT")
    merge = Merge(arena, shape, fdw)
    ((merge.id,),) = arena.sql("SELECT id FROM connector.syncs WHERE table_name = %s", merge.table)
    replace = Sync(arena, shape, fdw)
    ((replace.id,),) = arena.sql("SELECT id FROM connector.syncs WHERE table_name = %s", replace.table)
    nothing = "UPDATE {table} SET id = id WHERE false"
    block = "UPDATE {table} SET quantity = quantity + 1 WHERE id <= " + str(shape.rows // 100)
    spread = "UPDATE {table} SET quantity = quantity + 1 WHERE id % 100 = 7"
    for name, sync, change in (
        ("merge, nothing changed", merge, nothing),
        ("merge, 1 % changed, side by side", merge, block),
        ("merge, 1 % changed, all over", merge, spread),
        ("replace", replace, nothing),
    ):
        arena.source.change(shape, change)
        arena.sql("CHECKPOINT")
        ((before,),) = arena.sql("SELECT pg_current_wal_insert_lsn()")
        started = time.perf_counter()
        sync.refresh()
        taken = time.perf_counter() - started
        ((size, pretty, records),) = arena.sql(
            "SELECT sum(record_size)::int8, pg_size_pretty(sum(combined_size)), pg_size_pretty(sum(record_size)) "
            "FROM pg_get_wal_stats(%s, pg_current_wal_flush_lsn())",
            before,
        )
        ((rows,),) = arena.sql("SELECT inserted + updated + deleted FROM connector.runs WHERE sync_id = %s ORDER BY started_at DESC LIMIT 1", sync.id)
        each = f", {int(size) / int(rows):.0f} bytes a row" if rows else ""
        print(f"  WAL of a {name:<33} {pretty:>10}, {records} without full-page images, for {rows:,} rows{each}, {taken:.2f} s")


def _merge_join(arena: Arena, shape: Shape, runs: int, fdw: type[Contender]) -> None:
    """What a merge does once the rows are here, when few have changed, against a join that finds what has."""
    merge = Merge(arena, shape, fdw)
    ((merge.id,),) = arena.sql("SELECT id FROM connector.syncs WHERE table_name = %s", merge.table)
    arena.sql(f"CREATE UNLOGGED TABLE r_plain AS SELECT * FROM {merge.table}; ANALYZE r_plain; ANALYZE {merge.table}")
    join = f"SELECT count(*) FROM {merge.table} FULL JOIN r_plain USING ({shape.key})"
    joins: list[float] = []
    applied: list[float] = []
    for _ in range(runs):
        arena.source.change(shape, f"UPDATE {{table}} SET quantity = quantity + 1 WHERE {shape.key} % 1000 = 7")
        arena.sql("CHECKPOINT")
        started = time.perf_counter()
        arena.sql(join)
        joins.append(time.perf_counter() - started)
        merge.refresh()
        ((taken, rows),) = arena.sql(
            "SELECT phase_ms ->> 'applying', updated FROM connector.runs WHERE sync_id = %s ORDER BY started_at DESC LIMIT 1", merge.id
        )
        applied.append(float(taken) / 1000)
    ratio = statistics.median(applied) / statistics.median(joins)
    print(
        f"  merge of {shape.rows:,} rows with {rows:,} changed: found and applied in {statistics.median(applied):.3f} s, "
        f"a plain full outer join of two such tables by the key {statistics.median(joins):.3f} s: {ratio:.2f} times"
    )
