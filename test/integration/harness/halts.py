"""Places where the run of a sync in a worker stands still: one for each step on its way, reached by what others hold."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from servers.process import wait_until
from servers.proxy import NO_FAULT, Fault, Proxy
from servers.remote_mysql import MySqlRemote

from .database import Database
from .dialects import dialect_of
from .syncs import Syncs, processes
from .versions import ROWS, TABLE


class Scene:
    """A sync of the table, through a proxy, in a database whose scheduler runs; and who holds what."""

    def __init__(self, db: Database, source: MySqlRemote, proxy: Proxy, **sync: object) -> None:
        self.db = db
        self.clock = Syncs(db)
        self.source = source
        self.proxy = proxy
        self.holder = db.another()
        self.closer = db.another()
        before = proxy.from_server
        connector = source.connector(table=TABLE, connection=source.connection(port=proxy.port))
        self.id: str = self.clock.create({**connector, **({"sync": sync} if sync else {})}, interval="1 day")["id"]
        self.clock.wait_for(self.id, "success", "failure")
        self.bytes = proxy.from_server - before  # that a run reads
        self._held = ExitStack()

    def hold(self, what: AbstractContextManager[None]) -> None:
        self._held.enter_context(what)

    def start(self) -> None:
        for (sequence,) in self.db.rows("SELECT sequencename FROM pg_sequences WHERE sequencename LIKE 'calls%'"):
            self.db.execute(f"SELECT setval('{sequence}', 1, false)")
        self.clock.now(self.id)

    def worker(self) -> int:
        (pid,) = processes(self.db, "worker")
        return pid

    def waits(self, *events: str) -> bool:
        """Whether the worker waits for one of these."""
        return bool(
            self.db.rows(
                "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'connector worker' AND datname = current_database() "
                "AND wait_event = ANY (%s)",
                list(events),
            )
        )

    def wait_until_it_waits(self, *events: str) -> None:
        wait_until(lambda: self.waits(*events), limit=60, what=f"the worker to wait for {' or '.join(events)}")

    def release(self) -> None:
        """Nobody holds anything any more."""
        self._held.close()
        self.proxy.every(NO_FAULT)
        self.proxy.resume()
        for session in (self.holder, self.closer):
            session.close()
        if self.db.server.settings.get("synchronous_standby_names"):
            self.db.server.configure({"synchronous_standby_names": ""})
            self.db.server.reload()


def by_bytes(share: float) -> Callable[[Scene], None]:
    """The remote's bytes stop coming after this share of them."""

    def halt(scene: Scene) -> None:
        scene.proxy.every(Fault(stall_after=int(scene.bytes * share)))
        scene.start()
        scene.proxy.wait_until_stalled()

    return halt


def before_the_begin(scene: Scene) -> None:
    """The start can't be put on record."""
    scene.holder.execute("BEGIN; LOCK TABLE connector.run IN SHARE MODE")
    scene.start()
    scene.wait_until_it_waits("relation")


def at_the_weak_lock(scene: Scene) -> None:
    scene.holder.execute(f"BEGIN; LOCK TABLE {TABLE} IN SHARE UPDATE EXCLUSIVE MODE")
    scene.start()
    scene.wait_until_it_waits("relation")


def at_describe(scene: Scene) -> None:
    """The remote's table is locked."""
    scene.hold(dialect_of(scene.source).locked(scene.source, TABLE))
    scene.start()
    wait_until(lambda: bool(scene.source.statements(TABLE)), limit=60, what="a statement that waits")


def at_advisory_lock(key: int) -> Callable[[Scene], None]:
    """In the expression of an index (see `pausing_indexes`)."""

    def halt(scene: Scene) -> None:
        scene.holder.execute("SELECT pg_advisory_lock(%s)", key)
        scene.start()
        scene.wait_until_it_waits("advisory")

    return halt


def at_the_strong_lock(scene: Scene) -> None:
    """A reader has the table."""
    scene.holder.execute("BEGIN")
    scene.holder.value(f"SELECT count(*) FROM {TABLE}")
    scene.start()
    wait_until(
        lambda: bool(scene.db.rows("SELECT 1 FROM connector.progress WHERE phase = 'waiting for lock' AND rows = %s", ROWS)),
        limit=60,
        what="the wait for the strong lock",
    )


def at_catalog_row(which: str) -> Callable[[Scene], None]:
    """Under the strong lock: somebody has the pg_class row of that relation."""

    def halt(scene: Scene) -> None:
        at_the_strong_lock(scene)
        scene.closer.execute(f"BEGIN; SELECT 1 FROM pg_class WHERE oid = ({which}) FOR UPDATE")
        scene.holder.execute("COMMIT")
        scene.wait_until_it_waits("transactionid", "tuple")

    return halt


def at_table(table: str) -> Callable[[Scene], None]:
    """The table of the runs, or of the syncs, is locked against writes once the run is on its way. (Where only the row is
    locked, nobody waits for it.)"""

    def halt(scene: Scene) -> None:
        at_the_strong_lock(scene)
        scene.closer.execute(f"BEGIN; LOCK TABLE {table} IN SHARE MODE")
        scene.holder.execute("COMMIT")
        # Not for the strong lock, for which it may still wait.
        wait_until(
            lambda: bool(scene.db.rows("SELECT 1 FROM pg_locks WHERE relation = %s::regclass AND NOT granted", table)),
            limit=60,
            what=f"the wait for {table}",
        )

    return halt


def in_the_commit(scene: Scene) -> None:
    """The commit is written, and waits for a standby that never answers."""
    at_the_strong_lock(scene)
    scene.db.execute("SET synchronous_commit = local")
    scene.db.server.configure({"synchronous_standby_names": "nobody"})
    scene.db.server.reload()
    wait_until(lambda: scene.db.value("SHOW synchronous_standby_names") == "nobody", limit=60, what="the setting")
    scene.holder.execute("COMMIT")
    scene.wait_until_it_waits("SyncRep")


def at_a_row(scene: Scene) -> None:
    """A row that a merge wants to change is locked."""
    scene.holder.execute(f"BEGIN; SELECT 1 FROM {TABLE} WHERE id = 77 FOR UPDATE")
    scene.start()
    scene.wait_until_it_waits("transactionid")


def create_pausing_indexes(db: Database, *keys: int) -> None:
    """An index of the table for each key: its build waits for the advisory lock `key`, its ANALYZE for `key` + 100."""
    db.execute(
        "CREATE FUNCTION pause(word text, key int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN "
        "IF word LIKE 'word 77 %' THEN PERFORM pg_advisory_xact_lock_shared(key + "
        "CASE WHEN nextval('public.calls_' || key) % 2 = 1 THEN 0 ELSE 100 END); END IF; RETURN word; END $$"
    )
    for key in keys:
        db.execute(f"CREATE SEQUENCE calls_{key}; CREATE INDEX paused_{key} ON {TABLE} (pause(word, {key}))")
