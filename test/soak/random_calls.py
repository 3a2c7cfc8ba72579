"""Random calls of every function of the extension by several sessions at once, while others disturb them.

Four sessions of ordinary roles and two with more rights call all functions with random arguments, against real servers,
servers that misbehave and damaged connections, between DDL on the tables, in transactions, savepoints, cursors,
exception blocks; sessions and workers are cancelled and terminated at random, sources change, planted code meddles.
Nothing may crash, leak, or stay behind: see `_judge`. SOAK_SECONDS: how long (default 3600). The statements of a session
depend on the seed alone; when they meet is the operating system's.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
from harness.database import Database
from harness.fakes import FAKES
from harness.refreshing import assert_nothing_left, orphan_files

from servers.fake_server import FakeServer
from servers.mariadb import MariaDb
from servers.postgres import Postgres
from servers.process import wait_until
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote
from servers.staging import staged
from servers.workspace import Workspace

from .parts import victims
from .parts.damage import DamagingProxy
from .parts.requests import Place
from .parts.server_log import faults as log_faults
from .parts.statements import Statements

ORDINARY_SESSIONS = 4
PATIENCE = 60  # seconds in which a session must have answered a request to stop
MEMORY_LIMIT_MB = 400  # of a session's own memory

# Modes of fake servers that only cost time, theirs and ours.
_COSTLY = ("ENDLESS", "FLOOD", "HUGE")

# What the test's own statements may meet: locks, deadlocks, objects and syncs that have just gone.
_OTHERS_ARE_IN_THE_WAY = ("55P03", "57014", "40P01", "40001", "42P01", "42704", "2BP01", "HV024")


@dataclass
class Report:
    """What a run did, and what was wrong."""

    seed: int
    statements: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    stops: int = 0
    peak_mb: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def shown(self) -> str:
        errors = ", ".join(f"{state} {count}" for state, count in self.errors.most_common(12))
        return (
            f"seed {self.seed}: {self.statements} statements, {sum(self.errors.values())} errors ({errors}), {self.lost} lost connections, "
            f"{self.stops} cancels and terminates, sessions of at most {self.peak_mb} MB; {self.outcomes}"
        )


class _Session(threading.Thread):
    """One client; does what its Statements say, and connects again when it was cut off."""

    def __init__(
        self, number: int, server: Postgres, statements: Statements, role: str | None, stop: threading.Event, log: Path
    ) -> None:
        super().__init__(name=f"session {number}", daemon=True)
        self.number = number
        self.server = server
        self.statements = statements
        self.role = role
        self.stop = stop
        self.log = log
        self.count = 0
        self.lost = 0
        self.errors: Counter[str] = Counter()
        self.faults: list[str] = []
        self.peak_mb = 0
        self.current: tuple[int, float, str] | None = None  # process, since when, statement
        self.connection: psycopg2.extensions.connection | None = None

    def run(self) -> None:
        try:
            with self.log.open("w") as log:
                while not self.stop.is_set():
                    self._step(log)
        except Exception as error:  # of the harness
            self.faults.append(f"session {self.number} of the test failed: {type(error).__name__}: {error}")
        finally:
            if self.connection is not None:
                self.connection.close()

    def _step(self, log: object) -> None:
        connection = self._connected()
        if connection is None:
            return
        sql = self.statements.next()
        print(f"-- {self.count} {connection.info.user} {time.time():.3f}\n{sql};", file=log, flush=True)  # type: ignore[call-overload]
        self.count += 1
        self.current = (connection.get_backend_pid(), time.monotonic(), sql)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                if self.count % 50 == 0:
                    self._inspect(connection)
        except psycopg2.Error as error:
            self.errors[error.pgcode or type(error).__name__] += 1
        except (UnicodeError, ValueError, TypeError):
            self.errors["client"] += 1
        finally:
            self.current = None
        self._tidy(connection)

    def _connected(self) -> psycopg2.extensions.connection | None:
        if self.connection is not None and self.statements.leaves():
            self.connection.close()
        if self.connection is None or self.connection.closed:
            if self.connection is not None:
                self.lost += 1
            role = self.role or self.statements.role()
            try:
                self.connection = self.server.connect(victims.DATABASE, role, application_name="random calls")
            except psycopg2.Error:
                self.connection = None
                time.sleep(0.1)
        return self.connection

    def _tidy(self, connection: psycopg2.extensions.connection) -> None:
        """No transaction stays open for long: what it locks would keep all others from their work."""
        if (
            connection.closed
            or self.count % 12
            or connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_IDLE
        ):
            return
        try:
            with connection.cursor() as cursor:
                cursor.execute("rollback")
        except psycopg2.Error:
            pass

    def _inspect(self, connection: psycopg2.extensions.connection) -> None:
        """The session's own memory, and locks that it holds although it is in no transaction."""
        for line in Path(f"/proc/{connection.get_backend_pid()}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                self.peak_mb = max(self.peak_mb, int(line.split()[1]) // 1024)
        if connection.info.transaction_status != psycopg2.extensions.TRANSACTION_STATUS_IDLE:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "select locktype, classid, objid, mode from pg_catalog.pg_locks where pid = pg_catalog.pg_backend_pid() "
                # Serializable transactions leave theirs until all that they ran beside have ended.
                "and locktype not in ('relation', 'virtualxid') and mode <> 'SIReadLock'"
            )
            if held := cursor.fetchall():
                self.faults.append(f"session {self.number} holds locks outside of a transaction: {held}")


class _Disturber(threading.Thread):
    """Cancels and terminates at random, ends what stands still, and keeps the database small."""

    def __init__(
        self,
        server: Postgres,
        rng: random.Random,
        sessions: list[_Session],
        fakes: list[FakeServer],
        places: list[Place],
        stop: threading.Event,
    ) -> None:
        super().__init__(name="disturber", daemon=True)
        self.places = places
        self.runs: dict[str, str] = {}  # those that succeeded, by id: in which way
        self.server = server
        self.rng = rng
        self.sessions = sessions
        self.fakes = fakes
        self.stop = stop
        self.stops = 0
        self.faults: list[str] = []
        self._ended: dict[int, float] = {}  # processes that were told to end, and when

    def run(self) -> None:
        with Database(self.server, victims.DATABASE) as db:
            turn = 0
            while not self.stop.wait(self.rng.random() * 0.3):
                turn += 1
                try:
                    self._strike(db)
                    if turn % 10 == 0:
                        self._watch(db)
                    if turn % 40 == 0:
                        self._clean(db)
                except psycopg2.Error as error:
                    if error.pgcode is None or error.pgcode.startswith("57P"):
                        self.faults.append(f"a session that nobody disturbs was cut off: {error}")
                        self.stop.set()  # all is left as it was found
                    elif error.pgcode not in _OTHERS_ARE_IN_THE_WAY:
                        self.faults.append(f"the test's own statement failed: {error}")
                for fake in self.fakes:
                    if self.rng.random() < 0.2:
                        fake.mode = self.rng.choice(
                            [mode for mode in type(fake.mode) if not any(word in mode.name for word in _COSTLY)]
                        )

    def _strike(self, db: Database) -> None:
        function = "pg_terminate_backend" if self.rng.random() < 0.06 else "pg_cancel_backend"
        kinds = ["connector worker"] if self.rng.random() < 0.25 else ["client backend"]
        if self.rng.random() < 0.01:
            function, kinds = "pg_terminate_backend", ["connector scheduler", "connector launcher"]
        pids = [
            pid
            for (pid,) in db.rows(
                "select pid from pg_stat_activity where backend_type = any (%s) and pid <> pg_backend_pid() and (state = 'active' or backend_type <> 'client backend')",
                kinds,
            )
        ]
        if pids:
            self.stops += 1
            db.execute(f"select {function}(%s)", self.rng.choice(pids))
        if self.rng.random() < 0.01:
            self.server.reload()

    def _watch(self, db: Database) -> None:
        """Who was told to end must end; prepared transactions hold locks, and go. Runs are counted before they are forgotten."""
        self.runs.update(db.rows("select id::text, mode from connector.run where state = 'success'"))
        now = time.monotonic()
        running = {session.current for session in self.sessions if session.current is not None}
        for pid, since, sql in running:
            if now - since > 25 and pid not in self._ended:
                self._ended[pid] = now
                db.execute("select pg_terminate_backend(%s)", pid)
            elif now - since > 25 and now - self._ended[pid] > PATIENCE:
                self.faults.append(f"process {pid} did not end within {PATIENCE} s after pg_terminate_backend(): {sql[:2000]}")
                self._ended[pid] = now
        self._ended = {pid: since for pid, since in self._ended.items() if any(pid == other for other, _, _ in running)}
        for (name,) in db.rows("select gid from pg_prepared_xacts where prepared < now() - interval '2 seconds'"):
            db.execute(f"{self.rng.choice(('commit', 'rollback'))} prepared '{name}'")

    def _clean(self, db: Database) -> None:
        if db.value("select count(*) from connector.sync where state = 'success' and not paused") < 6:
            with suppress(psycopg2.Error):  # what the roles may do changes all the time
                victims.create_syncs(self.server, self.places[:2])  # the others were deleted
        db.execute("select cdb_sync_delete(id) from connector.sync order by created_at offset 40")
        db.execute("delete from connector.role_limits")
        old = db.rows(
            "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') "
            "and n.nspname in ('alice', 'bob', 'shared', 'public') and c.relname <> 'pending' order by c.oid desc offset 60"
        )
        for (name,) in old:
            try:
                db.execute(f"set lock_timeout = '20ms'; drop table if exists {name} cascade")
            except psycopg2.Error:
                pass
        db.execute("reset lock_timeout")


class _Changer(threading.Thread):
    """The sources change: rows, and now and then columns."""

    def __init__(self, sources: list[MySqlRemote | PostgresRemote], rng: random.Random, stop: threading.Event) -> None:
        super().__init__(name="changer", daemon=True)
        self.sources = sources
        self.rng = rng
        self.stop = stop

    def run(self) -> None:
        while not self.stop.wait(0.2 + self.rng.random()):
            source = self.rng.choice(self.sources)
            number = self.rng.randrange(1000)
            statement = self.rng.choice(
                (
                    f"UPDATE small SET amount = amount + {number} WHERE id % 7 = {number % 7}",
                    f"DELETE FROM small WHERE id = {number}",
                    f"INSERT INTO small (id, word, amount) VALUES ({1000 + number}, 'new', {number})",
                    f"UPDATE versioned SET amount = {number}",
                    "ALTER TABLE versioned ADD COLUMN more int",
                    "ALTER TABLE versioned DROP COLUMN more",
                )
            )
            try:
                source.execute(statement)
            except Exception:  # the row or column is there already, or gone, or locked by a reader
                continue


def _places(mariadb: MySqlRemote, postgres: PostgresRemote, ports: tuple[int, int], fakes: list[FakeServer]) -> list[Place]:
    return [
        Place("mysql", mariadb.connection(), 40),
        Place("postgres", postgres.connection(), 30),
        Place("mysql", mariadb.connection(port=ports[0]), 6),
        Place("postgres", postgres.connection(port=ports[1]), 6),
        *(Place(fake.provider, fake.connection(sslmode="disable"), 2) for fake in fakes),
        Place("mysql", mariadb.connection(port=1), 1),
    ]


def _prepare_source(source: MySqlRemote | PostgresRemote) -> None:
    source.create_rows("small", 100)
    source.create_rows("big", 5000, width=2000)
    source.create_rows("versioned", 500)


def run(
    workspace: Workspace, mariadb: MySqlRemote, postgres: PostgresRemote, *, seed: int, seconds: float, logs: Path
) -> Report:
    """Runs for so many seconds, settles, and judges. Statements go to files in `logs`."""
    report = Report(seed)
    for source in (mariadb, postgres):
        _prepare_source(source)
    rng = random.Random(f"{seed} disturbances")
    with (
        Postgres(workspace, stage=staged(workspace), settings=victims.SETTINGS) as server,
        DamagingProxy(mariadb.server.port, rng) as damaged_mysql,
        DamagingProxy(postgres.server.port, rng) as damaged_postgres,
    ):
        victims.prepare(server)
        fakes = [fake.make(next(iter(fake.modes))) for fake in FAKES.values()]
        for fake in fakes:
            fake.__enter__()
        try:
            places = _places(mariadb, postgres, (damaged_mysql.port, damaged_postgres.port), fakes)
            _call(report, server, places, fakes, [mariadb, postgres], rng, seconds, logs)
        finally:
            for fake in fakes:
                fake.__exit__(None, None, None)
        _judge(report, server)
    for source in (mariadb, postgres):
        for table in ("small", "big", "versioned"):
            source.drop(table)
    return report


def _call(
    report: Report,
    server: Postgres,
    places: list[Place],
    fakes: list[FakeServer],
    sources: list[MySqlRemote | PostgresRemote],
    rng: random.Random,
    seconds: float,
    logs: Path,
) -> None:
    functions = victims.functions(server)
    victims.create_syncs(server, places[:2])
    stop = threading.Event()
    roles: list[str | None] = [None] * ORDINARY_SESSIONS + ["boss", "postgres"]
    sessions = [
        _Session(
            number,
            server,
            Statements(f"{report.seed} session {number}", functions, places, only_calls=role == "postgres"),
            role,
            stop,
            logs / f"random_calls-{report.seed}-{number}.sql",
        )
        for number, role in enumerate(roles)
    ]
    disturber = _Disturber(server, rng, sessions, fakes, places, stop)
    changer = _Changer(sources, random.Random(f"{report.seed} changes"), stop)
    threads = [*sessions, disturber, changer]
    for thread in threads:
        thread.start()
    try:
        stop.wait(seconds)
    finally:
        stop.set()
    with Database(server, "postgres") as db:
        db.execute("set statement_timeout = 0")
        for session in sessions:
            session.join(5)
            if session.is_alive() and (current := session.current) is not None:
                ended = db.value("select pg_terminate_backend(%s, %s)", current[0], PATIENCE * 1000)
                session.join(10)
                if not ended or session.is_alive():
                    report.faults.append(f"process {current[0]} did not end: {current[2][:2000]}")
    for thread in threads:
        thread.join(30)
    report.statements = sum(session.count for session in sessions)
    report.lost = sum(session.lost for session in sessions)
    report.peak_mb = max(session.peak_mb for session in sessions)
    report.stops = disturber.stops
    report.outcomes = dict(Counter(f"runs by {way}" for way in disturber.runs.values()))
    for session in sessions:
        report.errors += session.errors
        report.faults += session.faults
    report.faults += disturber.faults
    if report.peak_mb > MEMORY_LIMIT_MB:
        report.faults.append(f"a session took {report.peak_mb} MB")


def _settle(db: Database) -> None:
    """Everything that was asked for ends; nothing new begins."""
    for (name,) in db.rows("select gid from pg_prepared_xacts"):
        db.execute(f"rollback prepared '{name}'")
    db.execute("delete from connector.role_limits")
    db.execute("update connector.sync set paused = true")
    db.execute("call cdb_run_due_syncs()")
    unsettled = (
        "select 'sync', id::text, state, to_jsonb(s)::text from connector.sync s where state in ('queued', 'syncing') union all "
        "select 'import', item_queue_id::text, state, to_jsonb(i)::text from connector.import i where state in ('enqueued', 'uploading') "
        "and not exists (select from connector.sync s where s.id = i.synchronization_id and s.state = 'created') union all select backend_type, pid::text, wait_event, query from pg_stat_activity where backend_type = 'connector worker'"
    )
    try:
        wait_until(lambda: not db.rows(unsettled), limit=180, what="the end of all runs and imports")
    except TimeoutError as error:
        raise AssertionError(f"{error}: {db.rows(unsettled)}, {db.rows('select * from connector.progress')}") from error


def _judge(report: Report, server: Postgres) -> None:
    """No crash, PANIC or assertion; no internal error; no WARNING of PostgreSQL about its own affairs; nothing left:
    no hidden relation, no file without one, no lock, no run without a process; nobody gained a right; indexes whole."""
    try:
        with Database(server, victims.DATABASE) as db:
            db.execute("set statement_timeout = 0")
            _settle(db)
            report.outcomes |= {
                "imports": db.value("select count(*) from connector.import where state = 'complete'"),
                "failed runs": db.value("select count(*) from connector.run where state = 'failure'"),
            }
            if not report.outcomes["imports"]:
                report.faults.append("no import succeeded: nothing was tested")
            superusers = [name for (name,) in db.rows("select rolname from pg_roles where rolsuper")]
            if superusers != ["postgres"]:
                report.faults.append(f"superusers are {superusers}")
            locks = db.rows(
                "select l.locktype, l.mode, l.pid from pg_locks l join pg_stat_activity a using (pid) "
                "where a.backend_type in ('client backend', 'connector scheduler', 'connector launcher') and l.pid <> pg_backend_pid() "
                "and l.locktype <> 'virtualxid' and l.mode <> 'SIReadLock'"
            )
            if locks:
                report.faults.append(f"locks are left: {locks}")
            assert_nothing_left(db)
            wait_until(lambda: orphan_files(db) == [], limit=60, what=f"no file without a relation ({orphan_files(db)})")
            _check_tables(report, db)
    except (AssertionError, TimeoutError, psycopg2.Error) as error:
        report.faults.append(f"afterwards: {type(error).__name__}: {error}")
    with server.log.open(errors="replace") as log:
        report.faults = log_faults(log) + report.faults


def _check_tables(report: Report, db: Database) -> None:
    tables = db.rows(
        "select c.oid::bigint, c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where c.relkind in ('r', 'm', 't') and c.relpersistence <> 't' and (n.nspname in ('alice', 'bob', 'shared', 'public', 'connector') "
        "or n.nspname = 'pg_toast' and c.oid > 16384)"
    )
    for oid, name in tables:
        if wrong := db.rows("select * from verify_heapam(%s::oid::regclass)", oid):
            report.faults.append(f"heap of {name}: {wrong[:3]}")
    indexes = db.rows(
        "select i.indexrelid::bigint, i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indexrelid "
        "join pg_am a on a.oid = c.relam where a.amname = 'btree' and i.indisvalid and i.indisready and c.relkind = 'i' and c.relpersistence = 'p'"
    )
    for oid, name in indexes:
        try:
            db.execute("select bt_index_check(%s::oid::regclass, true)", oid)
        except psycopg2.Error as error:
            report.faults.append(f"index {name}: {error}")


def main() -> int:
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(1 << 31))
    seconds = float(os.environ.get("SOAK_SECONDS") or 3600)
    logs = Path(os.environ.get("CONNECTOR_TEST_LOGS") or ".")
    with Workspace() as workspace, MariaDb(workspace) as mariadb, Postgres(workspace) as postgres:
        report = run(workspace, MySqlRemote(mariadb), PostgresRemote(postgres), seed=seed, seconds=seconds, logs=logs)
    print(f"random calls, {seconds:.0f} s, {report.shown()}")
    for fault in report.faults[:40]:
        print(f"FAULT {fault[:4000]}")
    if report.faults:
        print(
            f"{len(report.faults)} faults; SOAK_SEED={seed} repeats the statements, which are in {logs}/random_calls-{seed}-*.sql"
        )
    print(f"{int(not report.faults)} passed, {int(bool(report.faults))} failed, 0 skipped")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
