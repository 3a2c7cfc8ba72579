"""As whom the code of a table's owner runs: for each way of a run, each place where code can be planted, and each clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from harness.database import Database
from harness.planted import COLUMNS, OF_TYPES, OWNER, TABLE, fired, forget, make_recorder, plant, seen
from harness.refreshing import assert_nothing_left
from harness.skipping import no_assertions
from harness.syncs import Syncs

from servers.postgres import Postgres
from servers.process import wait_until
from servers.remote_mysql import MySqlRemote

REMOTE = "identity_source"

# Who has a run done: the worker that logs in as the owner, the owner, a member of the owner's role, a superuser by name,
# a superuser who runs whatever is due.
CLOCKS = ("worker", "owner", "member", "superuser", "due")

_OF_ROWS = ("index expression", "index predicate", "constant of an index", "generated column", "default", "check constraint")
_OF_DML = ("policy", "row trigger", "statement trigger", "constraint trigger")

# What can be planted for each way; other things lead to another way.
WAYS = {
    "swap": _OF_ROWS,
    "merge": (*_OF_ROWS, *_OF_DML),
    "append": (*_OF_ROWS, *_OF_DML),
    "delete and insert": (*_OF_ROWS, *_OF_DML),
}


class Scene:
    """One database with the owner's planted code; `clock` says who has runs done."""

    def __init__(self, server: Postgres, source: MySqlRemote) -> None:
        server.create_database("identity", "connector")
        with Database(server, "postgres") as admin:
            admin.execute("ALTER DATABASE identity SET connector.allowed_hosts = '127.0.0.0/8'")
        self.server = server
        self.source = source
        self.db = Database(server, "identity")
        for role in (OWNER, "boss", "caller"):
            self.db.create_role(role).close()
        self.db.execute("GRANT alice TO boss, caller")
        self.syncs = Syncs(self.db)

    def close(self) -> None:
        self.db.execute("DROP SCHEMA IF EXISTS alice CASCADE; DELETE FROM connector.sync")
        for role in ("boss", "caller", OWNER):
            self.db.drop_role(role)
        self.db.close()
        with Database(self.server, "postgres") as server:
            server.execute("DROP DATABASE identity WITH (FORCE)")

    def request(self, way: str, *, all_columns: bool = False) -> dict[str, object]:
        keys: dict[str, Any] = {"import_as": "target", "target_schema": "alice"}
        if not all_columns:
            keys["columns"] = COLUMNS
        if way == "delete and insert":  # no key comes with a query
            return self.source.connector(sql_query=f"SELECT * FROM {REMOTE}", **keys)
        sync: Any = {"merge": {"mode": "merge", "key": ["id"]}, "append": {"mode": "append", "cursor": "id"}}.get(way)
        return self.source.connector(table=REMOTE, **keys, **({"sync": sync} if sync else {}))

    def register(self, way: str, *, all_columns: bool = False) -> str:
        """A sync of the owner's that has not run yet; where there is a scheduler, it does the first run at once."""
        self.db.execute("DELETE FROM connector.sync")  # the same request would be given the one that is there
        make_recorder(self.db)
        self.source.create_rows(REMOTE, 3)
        with Database(self.server, "identity", OWNER) as owner:
            id: str = Syncs(owner).create(self.request(way, all_columns=all_columns), interval="1 day")["id"]
        return id

    def create(self, way: str, *, all_columns: bool = False) -> str:
        """A sync of the owner's that has run once."""
        id = self.register(way, all_columns=all_columns)
        assert self.run(id, "first" if self.has_scheduler() else "owner") == "success", self.told(id)
        return id

    def has_scheduler(self) -> bool:
        return bool(self.db.rows("SELECT 1 FROM pg_stat_activity WHERE backend_type = 'connector launcher'"))

    def change_source(self) -> None:
        self.source.execute(
            f"INSERT INTO {REMOTE} VALUES (4, 'new', 4)",
            f"UPDATE {REMOTE} SET word = 'changed' WHERE id = 2",
            f"DELETE FROM {REMOTE} WHERE id = 1",
        )

    def run(self, id: str, clock: str) -> str:
        """One run; gives its state."""
        if clock == "first":
            self.syncs.wait_for(id, "success", "failure")
        elif clock == "worker":
            count = self.syncs.run_count(id)
            self.syncs.now(id)
            self.syncs.wait_for(id, "success", "failure")
            assert self.syncs.run_count(id) == count + 1
        elif clock == "due":
            self.syncs.make_due(id)
            self.db.execute("CALL cdb_run_due_syncs()")
        else:
            role = {"owner": OWNER, "member": "boss", "superuser": "postgres"}[clock]
            with Database(self.server, "identity", role) as session:
                Syncs(session).now(id, wait=True)
        return self.syncs.state(id)

    def last_run(self, id: str) -> dict[str, object]:
        row = self.db.value("SELECT to_jsonb(r) FROM connector.runs r WHERE sync_id = %s ORDER BY started_at DESC LIMIT 1", id)
        assert isinstance(row, dict)
        return row

    def told(self, id: str) -> str:
        run = self.last_run(id)
        return " | ".join(str(run[key]) for key in ("mode", "reason", "error_message", "error_detail"))


@pytest.fixture(scope="module")
def source(mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    """Any remote will do: this is about the local side."""
    mariadb.server.start()
    yield mariadb
    mariadb.drop(REMOTE)


@pytest.fixture(scope="module")
def by_session(pg: Postgres, source: MySqlRemote) -> Iterator[Scene]:
    scene = Scene(pg, source)
    yield scene
    scene.close()


@pytest.fixture(scope="module")
def by_worker(preloaded: Postgres, source: MySqlRemote) -> Iterator[Scene]:
    preloaded.start()
    scene = Scene(preloaded, source)
    yield scene
    scene.close()


@pytest.fixture
def scene(clock: str, request: pytest.FixtureRequest) -> Scene:
    found: Scene = request.getfixturevalue("by_worker" if clock == "worker" else "by_session")
    return found


@pytest.fixture(params=CLOCKS)
def clock(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def check_identity(db: Database, clock: str, kinds: tuple[str, ...]) -> None:
    """All of these were run, each as the owner, restricted where the session is somebody else's; and a planted event was
    refused, or fired as the owner."""
    found = seen(db)
    missing = set(kinds) - {kind for kind, *_ in found}
    assert not missing, f"never ran: {missing}"
    for kind, who, session, context, planted in found:
        assert who == OWNER, f"{kind} ran as {who}"
        if session != OWNER:
            assert context == "restricted", f"{kind} ran {context} in a session of {session}"
            assert "restricted" in planted, f"{kind} could plant an event: {planted}"
    assert {session for _, _, session, _, _ in found} == {
        {"worker": OWNER, "owner": OWNER, "member": "boss"}.get(clock, "postgres")
    }
    for who, session, _ in fired(db):
        assert who == OWNER and session == OWNER, f"a planted event fired as {who} in a session of {session}"


@pytest.mark.parametrize("way", WAYS)
def test_code_of_the_owner_runs_as_the_owner(scene: Scene, clock: str, way: str) -> None:
    id = scene.create(way)
    plant(scene.db, *WAYS[way])
    scene.change_source()
    assert scene.run(id, clock) == "success", scene.told(id)
    assert scene.last_run(id)["mode"] == way, scene.told(id)
    check_identity(scene.db, clock, (*WAYS[way], *OF_TYPES))
    assert scene.db.value(f"SELECT max(id) FROM {TABLE}") == 4
    assert_nothing_left(scene.db)


def test_expressions_of_statistics_run_as_the_owner(scene: Scene, clock: str) -> None:
    id = scene.create("swap")
    plant(scene.db, "statistics expression")
    scene.change_source()
    assert scene.run(id, clock) == "success", scene.told(id)
    check_identity(scene.db, clock, ("statistics expression",))


def test_first_run_is_of_the_creator(scene: Scene, clock: str) -> None:
    """The table is made by whoever created the sync: so is what the types of its columns do."""
    id = scene.register("swap")
    assert scene.run(id, "first" if clock == "worker" else clock) == "success", scene.told(id)
    check_identity(scene.db, clock, OF_TYPES)


# A table that is overwritten has no columns of its own.
_OF_CONSTRAINTS = ("index expression", "index predicate", "constant of an index", "check constraint")
OVERWRITES = {"swap": _OF_CONSTRAINTS, "merge": (*_OF_CONSTRAINTS, *_OF_DML)}


@pytest.mark.parametrize("way", OVERWRITES)
@pytest.mark.parametrize("clock", ["worker", "owner", "member", "superuser"], indirect=True)
def test_overwriting_runs_as_the_owner(scene: Scene, clock: str, way: str) -> None:
    scene.create("swap")
    plant(scene.db, *OVERWRITES[way])
    scene.change_source()
    request = json.dumps({**scene.request("swap"), "collision_strategy": "overwrite"})
    role = {"member": "boss", "superuser": "postgres"}.get(clock, OWNER)
    with Database(scene.server, "identity", role) as session:
        if clock == "worker":
            id = session.value("SELECT cdb_import_connector(%s, false)", request)["item_queue_id"]
            state = "SELECT cdb_import_status(%s) ->> 'state'"
            wait_until(lambda: session.value(state, id) in ("complete", "failure"), what="the import")
            assert session.value(state, id) == "complete", session.value("SELECT cdb_import_status(%s)", id)
        else:
            session.execute("SELECT cdb_import_connector(%s)", request)
    check_identity(scene.db, clock, (*OVERWRITES[way], *OF_TYPES))
    assert scene.db.value(f"SELECT max(id) FROM {TABLE}") == 4
    assert_nothing_left(scene.db)


@pytest.mark.parametrize("clock", ["worker", "owner"], indirect=True)
@pytest.mark.parametrize("default_columns", [False, True])
def test_an_import_is_of_its_caller(scene: Scene, clock: str, default_columns: bool) -> None:
    """In his own session nothing is restricted: the types are those that he named."""
    make_recorder(scene.db)
    scene.source.create_rows(REMOTE, 3)
    request = json.dumps({**scene.request("swap"), "default_columns": default_columns})
    with Database(scene.server, "identity", OWNER) as session:
        if clock == "worker":
            id = session.value("SELECT cdb_import_connector(%s, false)", request)["item_queue_id"]
            state = "SELECT cdb_import_status(%s) ->> 'state'"
            wait_until(lambda: session.value(state, id) in ("complete", "failure"), what="the import")
        else:
            session.execute("SELECT cdb_import_connector(%s)", request)
    check_identity(scene.db, clock, OF_TYPES)


def test_a_dry_run_is_of_its_caller(by_session: Scene) -> None:
    """What its types do happens as the caller, and nothing that hangs on the table of that name is run."""
    by_session.create("swap")
    plant(by_session.db, *WAYS["merge"])
    with Database(by_session.server, "identity", OWNER) as session:
        assert session.dry_run(by_session.request("swap"))["rows"]
    found = seen(by_session.db)
    assert {kind for kind, *_ in found} <= set(OF_TYPES)
    assert {(who, session) for _, who, session, *_ in found} <= {(OWNER, OWNER)}


def test_looking_at_a_remote_runs_no_code(by_session: Scene) -> None:
    by_session.create("swap")
    plant(by_session.db, *WAYS["merge"])
    connector = json.dumps(by_session.source.connector())
    with Database(by_session.server, "identity", OWNER) as session:
        session.execute("SELECT cdb_connector_check(%s)", connector)
        session.execute("SELECT * FROM cdb_connector_tables(%s)", connector)
        session.execute("SELECT * FROM connector.syncs, connector.runs, connector.imports, connector.progress")
    assert seen(by_session.db) == []


@pytest.mark.parametrize("way", WAYS)
def test_event_triggers_run_as_the_owner(scene: Scene, clock: str, way: str) -> None:
    """Only a superuser can make one; whatever command of ours fires it, the role is the owner. Restricted it is but for
    CREATE TEMPORARY TABLE, which PostgreSQL allows nowhere else."""
    id = scene.create(way, all_columns=True)  # a new one is followed
    scene.db.execute(
        "CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO alice.seen VALUES ('event trigger', current_user, session_user, alice.context(), tg_tag); END $$"
    )
    forget(scene.db)
    scene.change_source()
    scene.source.execute(f"ALTER TABLE {REMOTE} ADD COLUMN more int")
    scene.db.execute("CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION public.watch()")
    try:
        assert scene.run(id, clock) == "success", scene.told(id)
    finally:
        scene.db.execute("DROP EVENT TRIGGER watch; DROP FUNCTION public.watch()")
    found = [row for row in seen(scene.db) if row[0] == "event trigger"]
    assert found and {who for _, who, *_ in found} == {OWNER}, found
    free = {(session, tag) for _, _, session, context, tag in found if context != "restricted"}
    assert {tag for session, tag in free if session != OWNER} <= {"CREATE TABLE"}, free


@pytest.mark.parametrize("way", ["merge", "append", "delete and insert"])
def test_an_honest_deferred_key_works(scene: Scene, clock: str, way: str) -> None:
    """Deferrable constraints of the table, and of one that refers to it, are looked at inside the run, and stay deferrable."""
    id = scene.create(way)
    child = (
        f"CREATE TABLE alice.child (id bigint REFERENCES {TABLE} (id) DEFERRABLE INITIALLY DEFERRED); INSERT INTO alice.child VALUES (3); "
        if way != "delete and insert"  # which deletes all rows, those that others refer to as well
        else ""
    )
    scene.db.execute(
        f"SET ROLE alice; ALTER TABLE {TABLE} ADD UNIQUE (word) DEFERRABLE INITIALLY DEFERRED, ADD UNIQUE (id); "
        f"{child}CREATE TABLE alice.parent (word text PRIMARY KEY); INSERT INTO alice.parent SELECT word FROM {TABLE}; "
        "INSERT INTO alice.parent VALUES ('new'), ('changed'); "
        f"ALTER TABLE {TABLE} ADD FOREIGN KEY (word) REFERENCES alice.parent DEFERRABLE INITIALLY DEFERRED; RESET ROLE"
    )
    scene.change_source()
    assert scene.run(id, clock) == "success", scene.told(id)
    assert scene.last_run(id)["mode"] == way
    deferred = "SELECT count(*) FROM pg_constraint WHERE condeferrable AND condeferred AND connamespace = 'alice'::regnamespace AND contype IN ('u', 'f')"
    assert scene.db.value(deferred) == (3 if child else 2)
    # One that is broken is the run's failure, with the constraint's name, and the old rows stay.
    scene.source.execute(f"INSERT INTO {REMOTE} VALUES (5, 'no parent', 5)")
    before = scene.db.rows(f"SELECT id FROM {TABLE} ORDER BY 1")
    assert scene.run(id, clock) == "failure"
    assert "target_word_fkey" in str(scene.last_run(id)["error_message"]), scene.told(id)
    assert scene.db.rows(f"SELECT id FROM {TABLE} ORDER BY 1") == before


@no_assertions
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("role", ["owner", "member", "superuser"])
def test_the_callers_own_pending_trigger_fires_as_the_caller(by_session: Scene, way: str, role: str) -> None:
    """At his commit, not in the run: what was pending before is none of the run's affair."""
    id = by_session.create(way)
    plant(by_session.db, *WAYS[way])
    by_session.change_source()
    user = {"owner": OWNER, "member": "boss", "superuser": "postgres"}[role]
    by_session.db.execute(
        f"CREATE SCHEMA own AUTHORIZATION {user}; CREATE TABLE own.pending (x int); CREATE TABLE own.log (who name); "
        "CREATE FUNCTION own.fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO own.log VALUES (current_user); RETURN NULL; END'; "
        "CREATE CONSTRAINT TRIGGER own AFTER INSERT ON own.pending DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION own.fires(); "
        f"ALTER TABLE own.pending OWNER TO {user}; ALTER TABLE own.log OWNER TO {user}; ALTER FUNCTION own.fires() OWNER TO {user}"
    )
    try:
        with Database(by_session.server, "identity", user) as session:
            session.execute("BEGIN")
            session.execute("INSERT INTO own.pending VALUES (1)")
            assert Syncs(session).now(id, wait=True)["state"] == "success", by_session.told(id)
            assert session.rows("SELECT who FROM own.log") == []
            session.execute("COMMIT")
            assert session.rows("SELECT who FROM own.log") == [(user,)]
    finally:
        by_session.db.execute("DROP SCHEMA own CASCADE")


def test_rules_run_as_the_owner_or_are_refused(scene: Scene, clock: str) -> None:
    id = scene.create("append")
    scene.db.execute(f"SET ROLE alice; CREATE RULE also AS ON INSERT TO {TABLE} DO ALSO SELECT alice.note('rule'); RESET ROLE")
    forget(scene.db)
    scene.change_source()
    if scene.run(id, clock) == "success":
        check_identity(scene.db, clock, ("rule",))
    else:
        assert "rule" in str(scene.last_run(id)["error_message"]).lower(), scene.told(id)
        assert scene.db.value(f"SELECT max(id) FROM {TABLE}") == 3


def test_expressions_of_partitions_run_as_the_owner(scene: Scene, clock: str) -> None:
    id = scene.create("append")
    scene.db.execute(
        f"SET ROLE alice; ALTER TABLE {TABLE} RENAME TO part; ALTER TABLE alice.part DROP CONSTRAINT IF EXISTS target_pkey; "
        f"CREATE TABLE {TABLE} (LIKE alice.part) PARTITION BY RANGE (alice.code_partition(id)); "
        f"ALTER TABLE {TABLE} ATTACH PARTITION alice.part FOR VALUES FROM (-1000) TO (1000); RESET ROLE"
    )
    scene.db.execute("UPDATE connector.sync SET relation = %s::regclass WHERE id = %s", TABLE, id)
    forget(scene.db)
    scene.change_source()
    assert scene.run(id, clock) == "success", scene.told(id)
    check_identity(scene.db, clock, ("partition expression",))
    assert scene.db.value(f"SELECT max(id) FROM {TABLE}") == 4


@pytest.mark.parametrize("way", ["merge", "delete and insert"])
def test_code_of_a_table_that_refers_to_it_runs_as_the_owner(scene: Scene, clock: str, way: str) -> None:
    """Deleted rows take others along (ON DELETE CASCADE); the triggers there are of whoever has that table."""
    id = scene.create(way)
    scene.db.execute(
        f"SET ROLE alice; ALTER TABLE {TABLE} ADD UNIQUE (id); "
        f"CREATE TABLE alice.child (id bigint REFERENCES {TABLE} (id) ON DELETE CASCADE); INSERT INTO alice.child VALUES (1); "
        "CREATE TRIGGER c AFTER DELETE ON alice.child FOR EACH ROW EXECUTE FUNCTION alice.code_trigger('trigger of a child'); RESET ROLE"
    )
    forget(scene.db)
    scene.change_source()
    if scene.run(id, clock) == "success":
        check_identity(scene.db, clock, ("trigger of a child",))
        assert scene.db.rows("SELECT * FROM alice.child") == []
    else:  # which may refuse to delete what others refer to
        assert way == "delete and insert" and scene.db.value("SELECT count(*) FROM alice.child") == 1, scene.told(id)


def test_an_event_that_fires_in_a_worker_belongs_to_its_run(by_worker: Scene) -> None:
    """In a session of the owner's nothing keeps him from planting; what fires then fails the run, not the worker."""
    id = by_worker.create("append")
    plant(by_worker.db, "row trigger")
    by_worker.db.execute(
        "CREATE OR REPLACE FUNCTION alice.fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'it went off'; END $$"
    )
    by_worker.change_source()
    assert by_worker.run(id, "worker") == "failure"
    assert by_worker.last_run(id)["error_message"] == "it went off", by_worker.told(id)
    assert by_worker.db.value(f"SELECT max(id) FROM {TABLE}") == 3
