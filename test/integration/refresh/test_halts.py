"""Runs of a sync that stand still somewhere: each process killed there, out of time, watched."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from harness import halts
from harness.database import Database
from harness.halts import Scene
from harness.refreshing import assert_nothing_left, check_integrity, orphan_files
from harness.syncs import Syncs, processes
from harness.versions import ROWS, TABLE, come_back, create_version, is_cut_off, next_version, version_of

from servers.postgres import Postgres
from servers.process import wait_until
from servers.proxy import Proxy
from servers.remote_mysql import MySqlRemote
from servers.staging import staged
from servers.workspace import Workspace

SETTINGS = {
    "shared_preload_libraries": "connector",
    "shared_buffers": "16MB",
    "max_connections": "20",
    "max_worker_processes": "8",
    "synchronous_commit": "on",
    "max_wal_senders": "2",
    "autovacuum": "off",
}


@pytest.fixture(scope="module")
def server(workspace: Workspace) -> Iterator[Postgres]:
    with Postgres(workspace, stage=staged(workspace), settings=SETTINGS) as server:
        yield server


@pytest.fixture(scope="module")
def source(mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    mariadb.server.start()
    create_version(mariadb)
    yield mariadb
    mariadb.server.start()
    mariadb.drop(TABLE)


@pytest.fixture(scope="module")
def proxy(source: MySqlRemote) -> Iterator[Proxy]:
    with Proxy(source.server.port) as proxy:
        yield proxy


def make_scene(server: Postgres, source: MySqlRemote, proxy: Proxy, name: str, **sync: object) -> Scene:
    server.create_database(name, "connector")
    db = Database(server, name)
    scene = Scene(db, source, proxy, **sync)
    if not sync:
        db.execute(f"CREATE INDEX by_word ON {TABLE} (word)")
        halts.create_pausing_indexes(db, 1, 2)
    return scene


@pytest.fixture(scope="module")
def swapping_scene(server: Postgres, source: MySqlRemote, proxy: Proxy) -> Scene:
    return make_scene(server, source, proxy, "swapping")


@pytest.fixture(scope="module")
def merging_scene(server: Postgres, source: MySqlRemote, proxy: Proxy) -> Scene:
    return make_scene(server, source, proxy, "merging", mode="merge", key=["id"])


@pytest.fixture
def swapping(swapping_scene: Scene) -> Scene:
    come_back(swapping_scene.db)
    return swapping_scene


@pytest.fixture
def merging(merging_scene: Scene) -> Scene:
    come_back(merging_scene.db)
    return merging_scene


def kill(scene: Scene, victim: str) -> None:
    """Kills it, and waits until the cluster has noticed."""
    server = scene.db.server
    if victim == "postmaster":
        server.kill()
        server.start()
        return
    if victim == "remote":
        scene.source.server.kill()
        scene.proxy.cut(reset=True)  # and what was on its way
        return
    (pid,) = processes(scene.db, victim)
    with Database(server, "postgres") as observer:
        observer.execute("SELECT 1")
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: is_cut_off(observer), limit=60, what="the restart of the cluster")


# What becomes of the run.
LOST = "lost"
NEVER_BEGUN = "never begun"
DONE = "done"

POINTS: dict[str, tuple[Callable[[Scene], None], str]] = {
    "begin": (halts.before_the_begin, NEVER_BEGUN),
    "connect": (halts.by_bytes(0), LOST),
    "login": (halts.by_bytes(0.00003), LOST),
    "weak lock": (halts.at_the_weak_lock, LOST),
    "describe": (halts.at_describe, LOST),
    "first rows": (halts.by_bytes(0.05), LOST),
    "half": (halts.by_bytes(0.5), LOST),
    "last rows": (halts.by_bytes(0.999), LOST),
    "first index": (halts.at_advisory_lock(1), LOST),
    "last index": (halts.at_advisory_lock(2), LOST),
    "analyze": (halts.at_advisory_lock(102), LOST),
    "strong lock": (halts.at_the_strong_lock, LOST),
    "before the exchange": (halts.at_catalog_row(f"'{TABLE}'::regclass"), LOST),
    "between heap and index": (halts.at_catalog_row(f"'{TABLE}_pkey'::regclass"), LOST),
    "between indexes": (halts.at_catalog_row("'paused_2'::regclass"), LOST),
    "old storage": (halts.at_catalog_row(f"SELECT reltoastrelid FROM pg_class WHERE oid = '{TABLE}'::regclass"), LOST),
    "record": (halts.at_table("connector.run"), LOST),
    "commit": (halts.in_the_commit, DONE),
    "settle": (halts.at_table("connector.sync"), DONE),
}

KILLS = [
    *((point, "worker") for point in POINTS),
    ("first rows", "remote"),
    ("describe", "remote"),
    ("half", "scheduler"),
    ("between indexes", "scheduler"),
    ("first rows", "launcher"),
    ("last index", "launcher"),
    ("last rows", "postmaster"),
    ("analyze", "postmaster"),
    ("old storage", "postmaster"),
    ("commit", "postmaster"),
    ("settle", "postmaster"),
]


@pytest.fixture(scope="module")
def versions() -> Iterator[int]:
    return iter(range(1, 1000))


def check(scene: Scene, expected: int, settled: dict[str, object], ends: str) -> None:
    """All is as it was, or as it was to be, and nothing else is left."""
    assert version_of(scene.db) == expected
    if ends == LOST:
        assert settled["state"] == "failure" and settled["error_code"] in (6671, 6667, 1011, 1012), settled
        assert settled["retried_times"] == 1 and settled["run_at"] is not None
    else:
        assert settled["state"] == "success" and settled["retried_times"] == 0 and settled["error_code"] is None, settled
    assert scene.db.value("SELECT count(*) FROM connector.runs WHERE state = 'syncing'") == 0
    assert_nothing_left(scene.db)
    # Files go just after the commit that others can see.
    wait_until(lambda: orphan_files(scene.db) == [], limit=30, what="no file without a relation")
    assert scene.db.value("SELECT count(*) FROM connector.new_storage") == 0
    check_integrity(scene.db, TABLE)
    assert scene.db.rows("SELECT * FROM verify_heapam('connector.new_storage')") == []


def strike(scene: Scene, halt: Callable[[Scene], None], victim: str, ends: str, versions: Iterator[int]) -> None:
    db, clock = scene.db, scene.clock
    before = version_of(db)
    version = next(versions)
    next_version(scene.source, version)
    try:
        halt(scene)
        kill(scene, victim)
    finally:
        scene.release()
    come_back(db)
    scene.source.server.start()
    settled = clock.wait_for(scene.id, "success", "failure")
    check(scene, before if ends == LOST else version, settled, ends)
    run_again(scene, versions)


def run_again(scene: Scene, versions: Iterator[int]) -> None:
    version = next(versions)
    next_version(scene.source, version)
    count = scene.clock.run_count(scene.id)
    scene.start()
    wait_until(lambda: scene.clock.run_count(scene.id) > count, what="the next run")
    assert scene.clock.wait_for(scene.id, "success", "failure")["state"] == "success", scene.clock.status(scene.id)
    assert version_of(scene.db) == version


@pytest.mark.parametrize(("point", "victim"), KILLS)
def test_kill(swapping: Scene, versions: Iterator[int], point: str, victim: str) -> None:
    halt, ends = POINTS[point]
    strike(swapping, halt, victim, ends, versions)


@pytest.mark.parametrize("victim", ["worker", "postmaster"])
def test_kill_in_a_merge(merging: Scene, versions: Iterator[int], victim: str) -> None:
    strike(merging, halts.at_a_row, victim, LOST, versions)


@pytest.mark.parametrize("halt", [halts.by_bytes(0.5), halts.at_the_strong_lock], ids=["network", "lock"])
def test_out_of_time(swapping: Scene, versions: Iterator[int], halt: Callable[[Scene], None]) -> None:
    """The network stalls, or somebody holds the table, for longer than a run may take."""
    before = version_of(swapping.db)
    next_version(swapping.source, next(versions))
    swapping.db.execute("ALTER ROLE postgres SET connector.statement_timeout = '3s'")
    try:
        halt(swapping)
        settled = swapping.clock.wait_for(swapping.id, "failure")
    finally:
        swapping.release()
        swapping.db.execute("ALTER ROLE postgres RESET connector.statement_timeout")
    assert settled["error_code"] == 6667
    check(swapping, before, settled, LOST)
    run_again(swapping, versions)


def watch(scene: Scene) -> dict[str, Any]:
    """The one live run, as the view shows it."""
    ((row,),) = scene.db.rows("SELECT to_jsonb(p) FROM connector.progress p")
    assert isinstance(row, dict)
    assert (row["kind"], row["id"], row["table_name"], row["pid"]) == ("sync", scene.id, TABLE, scene.worker())
    return row


def test_progress(swapping: Scene, versions: Iterator[int]) -> None:
    """Phase, rows, bytes, rate and what is left, while it goes on; the times of the phases when it has ended."""
    next_version(swapping.source, next(versions))
    seen: dict[str, dict[str, Any]] = {}
    for name, halt in (
        ("connecting", halts.by_bytes(0)),
        ("loading", halts.by_bytes(0.5)),
        ("building indexes", halts.at_advisory_lock(2)),
        ("waiting for lock", halts.at_the_strong_lock),
        ("exchanging", halts.at_catalog_row("'paused_2'::regclass")),
    ):
        try:
            halt(swapping)
            wait_until(lambda: watch(swapping)["rows"] > 0 or name == "connecting", limit=60, what="rows")
            seen[name] = watch(swapping)
        finally:
            swapping.release()
        assert swapping.clock.wait_for(swapping.id, "success", "failure")["state"] == "success"
        assert swapping.db.rows("SELECT 1 FROM connector.progress") == []
    assert [row["phase"] for row in seen.values()] == list(seen)
    assert seen["connecting"]["rows"] == 0 and seen["connecting"]["rows_per_second"] is None
    loading = seen["loading"]
    assert 0 < loading["rows"] < ROWS and loading["bytes"] > 10 * loading["rows"] and loading["rows_per_second"] > 0
    assert loading["expected_rows"] > loading["rows"] and loading["estimated_time_left"] is not None
    for name in ("building indexes", "waiting for lock", "exchanging"):
        assert seen[name]["rows"] == ROWS and seen[name]["rows_per_second"] > 1, "nobody else writes over it"
    times = swapping.db.value("SELECT phase_ms FROM connector.runs ORDER BY started_at DESC LIMIT 1")
    assert list(times) == [
        "connecting", "describing", "loading", "building indexes", "analyzing", "waiting for lock", "exchanging"
    ]  # fmt: skip
    assert all(spent > 0 for spent in times.values())
    whole = "SELECT extract(epoch FROM duration) * 1000 FROM connector.runs ORDER BY started_at DESC LIMIT 1"
    assert sum(times.values()) <= float(swapping.db.value(whole))


def test_kill_after_the_geometry_was_filled(server: Postgres, source: MySqlRemote) -> None:
    """Filling it writes the new storage once more: those files are found after a crash, too."""
    server.start()
    server.create_database("filling", "connector")
    db = Database(server, "filling")
    db.execute("CREATE EXTENSION postgis")
    clock = Syncs(db)
    query = f"SELECT id, 'POINT(1 2)' AS wkt FROM {TABLE}"
    connector = {**source.connector(sql_query=query, import_as="placed"), "default_columns": True}
    id = clock.create(connector, interval="1 day")["id"]
    assert clock.wait_for(id, "success", "failure")["state"] == "success"
    with db.another() as reader:
        reader.execute("BEGIN")
        reader.value("SELECT count(*) FROM placed")
        clock.now(id)
        wait_until(
            lambda: bool(db.rows("SELECT 1 FROM connector.progress WHERE phase = 'waiting for lock' AND rows = %s", ROWS)),
            limit=60,
            what="a refresh that has its rows",
        )
        (worker,) = processes(db, "worker")
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: is_cut_off(reader), limit=60, what="the restart of the cluster")
    come_back(db)
    assert clock.wait_for(id, "success", "failure")["error_code"] == 6671
    count = clock.run_count(id)
    clock.now(id)
    wait_until(lambda: clock.run_count(id) > count, what="the next run")
    assert clock.wait_for(id, "success", "failure")["state"] == "success"
    assert_nothing_left(db)
    wait_until(lambda: orphan_files(db) == [], limit=30, what="no file without a relation")
    db.close()
