"""SIGKILL at random moments of imports, swaps, merges, appends, deletes and inserts: sessions, workers, scheduler, launcher,
PostgreSQL's own processes, and the postmaster.

Each table has three indexes, a TOAST table and a constraint. After each kill every table must hold all of its old or all of
its new rows, heaps and indexes must be whole (amcheck), no file with contents may be without a relation, no hidden relation may be left,
and no sync or import may stay in a state that nobody ends. SOAK_KILLS: how many (default 1000). The first fifth is under
wal_level = minimal; the rest has a standby that follows.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg2
import psycopg2.extras
from harness.database import Database
from harness.refreshing import assert_nothing_left, check_integrity, orphan_files
from harness.syncs import Syncs
from harness.versions import come_back, is_cut_off

from servers.mariadb import MariaDb
from servers.postgres import Postgres
from servers.process import identify, wait_until
from servers.remote_mysql import MySqlRemote
from servers.staging import staged
from servers.standby import Standby
from servers.workspace import Workspace

from .parts.server_log import faults as log_faults

ROWS = 1500
APPENDED = 40  # rows that each version adds to the table of the append
IMPORTED = "imported"
SETTLE_LIMIT = 120
BTREE_MAGIC = 0x053162  # what a B-tree's metapage begins with

SETTINGS = {
    "shared_preload_libraries": "connector",
    "shared_buffers": "16MB",
    "max_connections": "30",
    "max_worker_processes": "16",
    "connector.max_workers": "6",
    "connector.max_syncs_per_role": "0",
    "connector.min_sync_interval": "1s",
    "synchronous_commit": "on",
}
MINIMAL = {"wal_level": "minimal", "max_wal_senders": "0"}
REPLICA = {"wal_level": "replica", "max_wal_senders": "4", "wal_keep_size": "8GB"}

# How often which process is killed, by its backend_type; the postmaster has none.
VICTIMS = {
    "connector worker": 45,
    "client backend": 15,
    "postmaster": 18,
    "connector scheduler": 7,
    "connector launcher": 5,
    "checkpointer": 4,
    "walwriter": 3,
    "background writer": 3,
}


@dataclass
class Report:
    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)  # of the runs that a kill met
    changed: Counter[str] = field(default_factory=Counter)  # by table: kills after which the new rows were there
    kept: Counter[str] = field(default_factory=Counter)
    import_files: int = 0
    empty_files: int = 0
    standby_checks: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.kills.values())

    def shown(self) -> str:
        def listed(counts: Counter[str]) -> str:
            return ", ".join(f"{name} {count}" for name, count in counts.most_common())

        return (
            f"seed {self.seed}: {self.total} kills ({listed(self.kills)}); they met runs at: {listed(self.phases)}; "
            f"new rows: {listed(self.changed)}; old rows: {listed(self.kept)}; {self.standby_checks} looks at the standby; "
            f"{self.import_files} files left by imports, as PostgreSQL leaves those of a crashed CREATE TABLE AS; "
            f"{self.empty_files} files without rows left by refreshes, that a kill met before they were on the list"
        )


class _Table:
    """One remote table and the local one that a sync keeps."""

    def __init__(self, name: str, mode: str) -> None:
        self.name = name
        self.mode = mode
        self.id = ""
        self.version = 0  # of the local rows

    def connector(self, source: MySqlRemote) -> dict[str, object]:
        sync: Any = {
            "merge": {"sync": {"mode": "merge", "key": ["id"]}},
            "append": {"sync": {"mode": "append", "cursor": "id"}},
        }.get(self.mode, {})
        if self.mode == "delete and insert":  # no key comes with a query, and the trigger hinders a swap
            return source.connector(sql_query=f"SELECT * FROM {self.name}", import_as=self.name)
        return source.connector(table=self.name, **sync)

    def create(self, source: MySqlRemote) -> None:
        source.create_rows(self.name, ROWS if self.mode != "append" else APPENDED)
        source.execute(f"ALTER TABLE {self.name} ADD COLUMN body longtext")
        self.next(source, 0)

    def next(self, source: MySqlRemote, version: int) -> None:
        body = f"CASE WHEN id % 300 = 0 THEN repeat('v{version}-', 5000) END"
        if self.mode == "append":
            first = version * APPENDED
            values = ", ".join(f"({first + i}, 'word {first + i}', {version}, NULL)" for i in range(1, APPENDED + 1))
            source.execute(
                f"DELETE FROM {self.name} WHERE id > {first}",
                f"INSERT INTO {self.name} (id, word, amount, body) VALUES {values}",
            )
            source.execute(f"UPDATE {self.name} SET body = {body}, amount = {version} WHERE id > {first}")
        else:
            source.execute(f"UPDATE {self.name} SET amount = {version}, body = {body}")

    def equip(self, db: Database) -> None:
        """Indexes and a constraint for what the first run has made."""
        if self.mode == "delete and insert":
            db.execute(
                f"CREATE TRIGGER quiet BEFORE UPDATE ON {self.name} FOR EACH STATEMENT EXECUTE FUNCTION nothing(); "
                f"CREATE UNIQUE INDEX {self.name}_id ON {self.name} (id)"
            )
        db.execute(
            f"CREATE INDEX {self.name}_amount ON {self.name} (amount); CREATE INDEX {self.name}_word ON {self.name} (lower(word)); "
            f"ALTER TABLE {self.name} ADD CHECK (amount >= 0 AND id > 0)"
        )

    def version_of(self, db: Database) -> int:
        """The one version that all rows are of, read in several ways; raises if they are a mixture."""
        table = self.name
        ((low, high, count, last),) = db.rows(f"SELECT min(amount), max(amount), count(*), max(id) FROM {table}")
        version = int(high)
        if self.mode == "append":
            assert count == last == (version + 1) * APPENDED, f"{table}: {count} rows up to {last}, version {version}"
            assert db.rows(f"SELECT 1 FROM {table} GROUP BY amount HAVING count(*) <> {APPENDED}") == [], (
                f"{table}: half of a batch"
            )
        else:
            assert low == high and count == ROWS, f"{table}: versions {low} to {high}, {count} rows"
            assert (
                db.rows(f"SELECT 1 FROM {table} WHERE body <> repeat('v{version}-', 5000) OR (body IS NULL) = (id % 300 = 0)")
                == []
            ), table
        db.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        by_index = db.value(f"SELECT count(*) FROM {table} WHERE amount = {version}")
        by_word = db.value(f"SELECT count(*) FROM {table} WHERE lower(word) LIKE 'word%%' AND lower(word) >= 'word'")
        db.execute("RESET enable_seqscan; RESET enable_bitmapscan")
        assert by_index == (APPENDED if self.mode == "append" else ROWS), f"{table}: {by_index} rows by index"
        assert by_word == count, f"{table}: {by_word} rows by the index of the expression"
        return version


class _Scene:
    """The cluster, its tables, and what is known of them."""

    def __init__(self, workspace: Workspace, server: Postgres, source: MySqlRemote, report: Report, rng: random.Random) -> None:
        self.workspace = workspace
        self.server = server
        self.source = source
        self.report = report
        self.rng = rng
        self.version = 0
        self.span = 1.0  # seconds that all runs take when nobody disturbs them
        self.standby: Standby | None = None
        self.last = ""  # the last kill
        self.empty_files: set[str] = set()
        self.tables = [
            _Table("swapped", "swap"),
            _Table("merged", "merge"),
            _Table("appended", "append"),
            _Table("rewritten", "delete and insert"),
        ]
        for table in self.tables:
            table.create(source)
        for name in ("kills", "imports"):
            server.create_database(name, "connector")
        self.db = Database(server, "kills")
        self.imports = Database(server, "imports")
        self.db.execute(
            "CREATE EXTENSION amcheck; CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        )
        clock = Syncs(self.db)
        for table in self.tables:
            table.id = clock.create(table.connector(source), interval="1 day")["id"]
            assert clock.wait_for(table.id, "success", "failure")["state"] == "success", clock.status(table.id)
            table.equip(self.db)
            # Only what is asked for runs: a run that is tried again by itself would change a table while it is looked at.
            clock.call("cdb_sync_pause", table.id)

    def begin_version(self) -> None:
        self.version += 1
        for table in self.tables:
            table.next(self.source, self.version)

    def ask(self) -> list[psycopg2.extensions.connection]:
        """Asks for runs; gives the sessions that run one themselves."""
        rng = self.rng
        asked = [table for table in self.tables if rng.random() < 0.6] or [rng.choice(self.tables)]
        inside = rng.choice(self.tables) if rng.random() < 0.5 else None
        sessions = []
        for table in asked:
            if table is not inside:
                self.db.execute("SELECT cdb_sync_now(%s)", table.id)
        if inside is not None:
            if inside.mode == "swap" and rng.random() < 0.3:
                sessions.append(self._start("SELECT cdb_import_connector(%s::json)", self._overwrite(inside)))
            else:
                sessions.append(self._start("SELECT cdb_sync_now(%s, true)", inside.id))
        if rng.random() < 0.5:
            self.imports.execute(f"DROP TABLE IF EXISTS {IMPORTED}")
            self.imports.execute(
                "SELECT cdb_import_connector(%s::json, false)",
                _json(self.source.connector(table="swapped", import_as=IMPORTED)),
            )
        return sessions

    def _overwrite(self, table: _Table) -> str:
        return _json({**self.source.connector(table=table.name), "collision_strategy": "overwrite"})

    def _start(self, query: str, argument: str) -> psycopg2.extensions.connection:
        """A session that was sent a statement; nobody waits for its end."""
        connection = psycopg2.connect(
            host=str(self.server.folder), port=self.server.port, dbname="kills", user="postgres", async_=1
        )
        psycopg2.extras.wait_select(connection)
        connection.cursor().execute(query, (argument,))
        return connection

    def strike(self) -> None:
        """One kill at a random moment, and the way back."""
        sessions = self.ask()
        with suppress(TimeoutError):
            wait_until(lambda: bool(self.db.rows("SELECT 1 FROM connector.progress")), limit=20, what="a run", pause=0.01)
        time.sleep(self.rng.random() * self.span * 0.4)
        victim = self.rng.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        observer = Database(self.server, "postgres")
        observer.execute("SELECT 1")
        met = [phase for (phase,) in self.db.rows("SELECT phase FROM connector.progress")]
        pids = self._pids(observer, victim, sessions)
        if not pids:
            victim = "postmaster"
        self.report.kills[victim] += 1
        self.report.phases.update(met or ["nothing"])
        self.last = f"{victim}, runs at {met}, wal_level {self.server.settings['wal_level']}"
        if victim == "postmaster":
            self.server.kill()
            self.server.start()
        else:
            pid = self.rng.choice(pids)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            if not _crashed(pid, observer):
                self.report.kills[victim] -= 1
                self.report.kills["too late"] += 1
        observer.close()
        for session in sessions:
            session.close()
        come_back(self.db)
        self.imports.close()

    def _pids(self, observer: Database, victim: str, sessions: list[psycopg2.extensions.connection]) -> list[int]:
        own = [session.get_backend_pid() for session in sessions]
        rows = observer.rows(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = %s AND (backend_type <> 'client backend' OR pid = ANY (%s))",
            victim,
            own,
        )
        return [pid for (pid,) in rows]

    def settle(self) -> None:
        """Runs that were lost are recorded, those that had not begun run now."""
        for db, query in (
            (self.db, "SELECT count(*) FROM connector.sync WHERE state IN ('queued', 'syncing')"),
            (self.imports, "SELECT count(*) FROM connector.import WHERE state IN ('enqueued', 'uploading')"),
            (self.db, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'connector worker'"),
            (self.db, "SELECT count(*) FROM connector.run WHERE state = 'syncing'"),
        ):
            _wait_for_none(db, query)
        self.db.execute("CALL cdb_run_due_syncs(0)")

    def check(self) -> None:
        """All old or all new, nothing in between, nothing left."""
        for table in self.tables:
            found = table.version_of(self.db)
            assert found in (table.version, self.version), (
                f"{table.name}: version {found}, neither {table.version} nor {self.version}"
            )
            (self.report.kept if found == table.version else self.report.changed)[table.name] += 1
            table.version = found
            check_integrity(self.db, table.name)
        assert_nothing_left(self.db)
        self._check_files()
        assert self.db.value("SELECT count(*) FROM connector.new_storage") == 0
        assert self.db.rows("SELECT * FROM verify_heapam('connector.new_storage')") == []
        assert (
            self.db.value(
                "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.backend_type LIKE 'connector%%' AND l.locktype <> 'virtualxid'"
            )
            == 0
        )
        if self.imports.value("SELECT to_regclass(%s) IS NOT NULL", IMPORTED):
            assert self.imports.value(f"SELECT count(*) FROM {IMPORTED}") == ROWS
        assert_nothing_left(self.imports)

    def _check_files(self) -> None:
        """No file without a relation, but for those without rows: a crash between the creation of a file and its entry on the
        list of new storage leaves one, as after every CREATE TABLE that a crash ends. It is empty, or the index of an empty
        TOAST table, which has its metapage at once."""
        try:
            wait_until(lambda: set(orphan_files(self.db)) <= self.empty_files, limit=10, what="no file without a relation")
        except TimeoutError as error:
            files = self.db.rows(
                "SELECT f, s.size, s.size = 8192 AND pg_read_binary_file(p.path, 24, 4) = %s FROM unnest(%s) f "
                "CROSS JOIN LATERAL (SELECT 'base/' || (SELECT oid FROM pg_database WHERE datname = current_database()) || '/' || f) AS p (path) "
                "CROSS JOIN LATERAL pg_stat_file(p.path) s",
                BTREE_MAGIC.to_bytes(4, sys.byteorder),
                orphan_files(self.db),
            )
            self.empty_files |= {name for name, size, is_empty_index in files if size == 0 or is_empty_index}
            if left := [(name, size) for name, size, _ in files if name not in self.empty_files]:
                raise AssertionError(
                    f"{error}: {left}; listed are {self.db.rows('SELECT * FROM connector.new_storage')}"
                ) from error
            self.report.empty_files = len(self.empty_files)

    def run_all(self) -> None:
        """Runs that nobody disturbs bring the newest rows everywhere."""
        self.begin_version()
        clock = Syncs(self.db)
        started = time.monotonic()
        for table in self.tables:
            clock.now(table.id)
        for table in self.tables:
            status = clock.wait_for(table.id, "success", "failure", limit=SETTLE_LIMIT)
            assert status["state"] == "success", status
        self.span = time.monotonic() - started
        for table in self.tables:
            table.version = table.version_of(self.db)
            assert table.version == self.version, table.name
            check_integrity(self.db, table.name)

    def change_level(self, settings: dict[str, str]) -> None:
        self.server.configure(settings)
        self.server.restart()
        come_back(self.db)
        self.imports.close()

    def follow(self) -> None:
        """A standby, from here on."""
        self.standby = Standby(
            self.workspace, self.server, stage=staged(self.workspace), settings={**SETTINGS, **REPLICA}
        ).start()

    def check_standby(self) -> None:
        """It has the primary's rows, and its indexes fit them."""
        if self.standby is None:
            return
        self.standby.catch_up()
        with Database(self.standby, "kills") as there:
            for table in self.tables:
                assert table.version_of(there) == table.version, f"{table.name} on the standby"
                there.execute(
                    "SELECT bt_index_check(indexrelid, true) FROM pg_index WHERE indrelid = %s::regclass AND indisvalid",
                    table.name,
                )
                assert there.rows("SELECT * FROM verify_heapam(%s::regclass)", table.name) == []
        self.report.standby_checks += 1

    def close(self) -> None:
        self.db.close()
        self.imports.close()
        if self.standby is not None:
            self.standby.stop()
        for table in self.tables:
            self.source.drop(table.name)


def run(workspace: Workspace, source: MySqlRemote, *, seed: int, kills: int, with_standby: bool) -> Report:
    """So many kills. Stops at the first fault, with all as it was found."""
    report = Report(seed)
    rng = random.Random(seed)
    with Postgres(workspace, stage=staged(workspace), settings={**SETTINGS, **MINIMAL}) as server:
        scene = _Scene(workspace, server, source, report, rng)
        try:
            scene.run_all()
            for number in range(kills):
                if number == kills // 5:
                    scene.change_level(REPLICA)
                    if with_standby:
                        scene.follow()
                scene.begin_version()
                scene.strike()
                scene.settle()
                scene.check()
                if number % 20 == 19:
                    scene.run_all()
                    scene.check_standby()
                if number % 50 == 49:
                    print(report.shown(), flush=True)
            scene.run_all()
            scene.check_standby()
            report.import_files = len(orphan_files(scene.imports))
        except (AssertionError, TimeoutError, psycopg2.Error) as error:
            report.faults.append(f"kill {report.total} ({scene.last}): {type(error).__name__}: {error}")
        finally:
            scene.close()
        with server.log.open(errors="replace") as log:
            report.faults += log_faults(log, kills=True)
    return report


def _crashed(pid: int, observer: Database) -> bool:
    """Whether the cluster restarts since this process was killed; False if it had ended by itself just before."""
    gone = 0.0
    while not is_cut_off(observer):
        if identify(pid) is None:
            gone = gone or time.monotonic()
            if time.monotonic() - gone > 10:
                return False
        time.sleep(0.05)
    return True


def _wait_for_none(db: Database, query: str) -> None:
    wait_until(lambda: db.value(query) == 0, limit=SETTLE_LIMIT, what=f"0 as the answer to {query}")


def _json(connector: dict[str, object]) -> str:
    return json.dumps(connector)


def main() -> int:
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(1 << 31))
    kills = int(os.environ.get("SOAK_KILLS") or 1000)
    with Workspace() as workspace, MariaDb(workspace) as mariadb:
        report = run(workspace, MySqlRemote(mariadb), seed=seed, kills=kills, with_standby=True)
    print(f"kills, {report.shown()}")
    for fault in report.faults[:40]:
        print(f"FAULT {fault[:4000]}")
    if report.faults:
        print(f"SOAK_SEED={seed} repeats the choices")
    print(f"{int(not report.faults)} passed, {int(bool(report.faults))} failed, 0 skipped")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
