"""Refreshes of random tables under random constraints, whose source changes at random.

After each run the table is equal to its source, or the run has failed and nothing has changed; rows of other tables are
as their foreign keys say. Whether a run may fail is decided without the extension: the source's rows are put into a copy
of the table, and its constraints added afterwards. Refusals of what that finds possible are counted by their reason, and
only reasons that the documentation tells are allowed.

SOAK_ROUNDS (10000) rounds; SOAK_SEED repeats a run.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions

ROWS = "id, u, v, p, r, w"
Row = tuple[Any, ...]

# What the documentation says can't be done although the rows would fit: how it is told.
REFUSALS = {
    "values can't be led past each other": "is checked when all rows have changed",
    "identity columns of rows that others refer to": "is generated always as identity",
    "rows can't be told apart": "rows of other tables go with its rows",
}


@dataclass
class Tally:
    """What came of the rounds."""

    outcomes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)

    @property
    def rounds(self) -> int:
        return self.outcomes.total()


class Connection:
    """One session, in autocommit mode."""

    def __init__(self, connection: psycopg2.extensions.connection) -> None:
        self.connection = connection
        connection.autocommit = True

    def rows(self, sql: str, *args: object) -> list[Row]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, args or None)
            return list(cursor.fetchall()) if cursor.description else []

    def value(self, sql: str, *args: object) -> Any:
        ((value,),) = self.rows(sql, *args)
        return value


class Case:
    """A table here and its source, with constraints that stay as they are while rows change."""

    def __init__(self, random: random.Random, owner: Connection, admin: Connection, remote: Connection, connector: dict[str, object]) -> None:
        self.random = random
        self.owner = owner
        self.admin = admin
        self.remote = remote
        self.way = random.choice(["swap", "merge", "merge", "merge", "append", "delete and insert", "overwrite"])
        self.keyed = self.way not in ("delete and insert",) and random.random() < 0.8
        self.by_key = self.keyed or self.way in ("merge", "append")
        self.next_cursor = 1
        self._make_source()
        self._make_target(connector)

    # the source
    def _make_source(self) -> None:
        self.remote.rows("DROP TABLE IF EXISTS t")
        key = " PRIMARY KEY" if self.keyed else ""
        self.remote.rows(f"CREATE TABLE t (id int{key}, u int, v text, p int, r int, w numeric, c int)")
        for id in range(1, 6):
            self._insert(id, u=id)

    def _insert(self, id: int, u: int | None) -> None:
        values = (id, u, self.random.choice("abc"), None, self.random.choice([None, 1, 2]), self.random.choice(["1.0", "1.00", "2"]), self._cursor())
        self.remote.rows("INSERT INTO t VALUES (%s, %s, %s, %s, %s, %s, %s)", *values)

    def _cursor(self) -> int:
        self.next_cursor += 1
        return self.next_cursor

    def change_source(self) -> None:
        for _ in range(self.random.choice([0, 1, 1, 2, 4, 8])):
            self._change()
        if self.self_reference and self.random.random() < 0.9:  # mostly no reference to what is gone
            self._update("p = NULL", "p IS NOT NULL AND p NOT IN (SELECT id FROM t)")

    def _update(self, assignments: str, where: str) -> None:
        self.remote.rows(f"UPDATE t SET {assignments}, c = {self._cursor()} WHERE {where}")

    def _change(self) -> None:
        pick = self.random
        ids = [id for (id,) in self.remote.rows("SELECT id FROM t ORDER BY id")]
        free = [id for id in range(1, 10) if id not in ids]
        kind = pick.choice(["insert", "insert", "delete", "delete", "swap", "swap", "turn", "shift", "value", "parent", "other", "text", "null"])
        if self.way == "append" and kind == "delete":
            return
        # An append, which reads what is new, can't know that a row it does not read has the same key.
        distinct = self.keyed or self.way == "append"
        if kind == "insert" and (free or not distinct):
            self._insert(pick.choice(free) if free and (distinct or pick.random() < 0.97) else pick.randint(1, 9), pick.choice([None, *range(1, 12)]))
        elif not ids:
            return
        elif kind == "delete":
            self.remote.rows("DELETE FROM t WHERE id = %s", pick.choice(ids))
        elif kind == "swap":
            a, b = pick.choice(ids), pick.choice(ids)
            self._update("u = (SELECT max(o.u) FROM t o WHERE o.id IN (%d, %d) AND o.id <> t.id)" % (a, b), f"id IN ({a}, {b}) AND {a} <> {b}")
        elif kind == "turn":  # all values go to the next row
            self._update("u = (SELECT n.u FROM (SELECT id, lag(u, 1, (SELECT u FROM t ORDER BY id DESC LIMIT 1)) OVER (ORDER BY id) AS u FROM t) n WHERE n.id = t.id LIMIT 1)", "true")
        elif kind == "shift":
            self._update(f"u = u + {pick.choice([-1, 1])}", "u BETWEEN 2 AND 20")
        elif kind == "value":
            self._update(f"u = {pick.randint(-1, 12)}", f"id = {pick.choice(ids)}")
        elif kind == "parent":
            self._update(f"p = {pick.choice([*ids, 'NULL'])}", f"id = {pick.choice(ids)}")
        elif kind == "other":
            self._update(f"r = {pick.choice([1, 2, 3, 'NULL'])}", f"id = {pick.choice(ids)}")
        elif kind == "text":
            self._update(f"v = '{pick.choice(['a', 'b', 'c', 'forbidden'])}', w = {pick.choice(['1.0', '1.00', '2'])}", f"id = {pick.choice(ids)}")
        elif kind == "null":
            self._update("u = NULL", f"id = {pick.choice(ids)}")

    def source(self) -> list[Row]:
        return self.remote.rows(f"SELECT {ROWS}, c FROM t ORDER BY id, c")

    # the table here
    def _make_target(self, connector: dict[str, object]) -> None:
        self.owner.rows("DROP TABLE IF EXISTS kid, kid_of_u, heir, t, other CASCADE")
        self.owner.rows("DELETE FROM log; SELECT cdb_sync_delete(id) FROM connector.syncs")
        options: dict[str, object] = {"mode": "replace"}
        if self.way == "merge":
            options = {"mode": "merge", "key": "id"}
        elif self.way == "append":
            options = {"mode": "append", "cursor": "c", "key": "id"}
        self.connector = {**connector, "table": "t"}
        if self.way == "overwrite":
            self.owner.rows("SELECT cdb_import_connector(%s)", json.dumps(self.connector))
            self.sync = None
        else:
            self.sync = self.owner.value("SELECT cdb_sync_connector(%s) ->> 'id'", json.dumps({**self.connector, "sync": options}))
            assert self._run() is None
        self.owner.rows("CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1), (2)")
        self.constraints = self._constraints()
        for constraint in self.constraints:
            self.owner.rows(constraint)
        if self.way != "swap":
            self._bystanders()

    def _constraints(self) -> list[str]:
        pick = self.random
        late = pick.choice(["", "", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"])
        self.unique_u = ""
        chosen = []
        if self.way != "overwrite":
            self.own = pick.random() < 0.7
            chosen += ["ALTER TABLE t ADD COLUMN own int DEFAULT 7"] if self.own else []
            chosen += ["ALTER TABLE t ADD COLUMN twice int GENERATED ALWAYS AS (u * 2) STORED"] if pick.random() < 0.3 else []
        else:
            self.own = False
        if pick.random() < 0.5:
            self.unique_u = f"ALTER TABLE t ADD UNIQUE (u){late}"
            chosen.append(self.unique_u)
        rare = [
            "ALTER TABLE t ADD UNIQUE (u, v)",
            "CREATE UNIQUE INDEX ON t (u) WHERE v = 'a'",
            "CREATE UNIQUE INDEX ON t ((u * 2))",
            "CREATE UNIQUE INDEX ON t (COALESCE(u, -5), v)",
            "ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (u)",
            f"ALTER TABLE t ADD EXCLUDE USING gist (int4range(u, u + 1) WITH &&){late}",
            "ALTER TABLE t ADD CHECK (u > 0)",
            "ALTER TABLE t ADD CHECK (u IS NOT NULL OR v <> 'c')",
            "ALTER TABLE t ALTER u SET NOT NULL",
            "ALTER TABLE t ALTER u SET NOT NULL, ALTER u ADD GENERATED ALWAYS AS IDENTITY",
        ]
        chosen += [constraint for constraint in rare if pick.random() < 0.12]
        self.self_reference = False
        if self.way not in ("swap", "delete and insert"):
            if self.keyed and pick.random() < 0.4:
                self.self_reference = True
                action = pick.choice(["", "ON DELETE CASCADE", "ON DELETE SET NULL", "ON DELETE RESTRICT"])
                chosen.append(f"ALTER TABLE t ADD FOREIGN KEY (p) REFERENCES t {action}{late}")
        if self.way != "swap" and pick.random() < 0.4:
            chosen.append(f"ALTER TABLE t ADD FOREIGN KEY (r) REFERENCES other{late}")
        return chosen

    def _bystanders(self) -> None:
        """Tables that refer to this one, triggers, policies."""
        pick = self.random
        self.kid_action = self.kid_of_u_action = None
        if self.keyed and pick.random() < 0.6:
            self.kid_action = pick.choice(["NO ACTION", "NO ACTION DEFERRABLE", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"])
            self.owner.rows(f"CREATE TABLE kid (k int, id int DEFAULT NULL REFERENCES t (id) ON DELETE {self.kid_action})")
            self.owner.rows("INSERT INTO kid SELECT k, (k %% 7) FROM generate_series(1, 9) k WHERE k %% 7 IN (SELECT id FROM t)".replace("%%", "%"))
        if self.keyed and self.unique_u and "DEFERRABLE" not in self.unique_u and pick.random() < 0.4:
            self.kid_of_u_action = pick.choice(["NO ACTION", "CASCADE"])
            self.owner.rows(f"CREATE TABLE kid_of_u (k int, u int REFERENCES t (u) ON DELETE {self.kid_of_u_action})")
            self.owner.rows("INSERT INTO kid_of_u SELECT k, u FROM generate_series(1, 2) k JOIN t ON u = k")
        if self.way == "delete and insert" or pick.random() < 0.3:
            self.owner.rows("CREATE TRIGGER noting AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note()")
        if pick.random() < 0.3:
            self.owner.rows("CREATE TRIGGER passing BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION pass()")
        self.heir = self.way != "overwrite" and pick.random() < 0.2
        if self.heir:
            self.owner.rows("CREATE TABLE heir (mine int DEFAULT 3) INHERITS (t)")
            identity = " OVERRIDING SYSTEM VALUE" if any("IDENTITY" in constraint for constraint in self.constraints) else ""
            self.owner.rows(f"INSERT INTO heir ({ROWS}, c){identity} VALUES (3, 3, 'a', NULL, NULL, 1.00, 0), (100, 100, 'b', 5, NULL, 2, 1000)")
            self.heirs = self.owner.rows("SELECT x::text FROM heir x ORDER BY 1")
        self.forbidding = pick.random() < 0.2
        if self.forbidding:
            self.owner.rows("ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
            self.owner.rows("CREATE POLICY p ON t USING (true) WITH CHECK (v <> 'forbidden')")

    kid_action: str | None = None
    kid_of_u_action: str | None = None
    forbidding = False
    heir = False
    heirs: list[Row]

    def change_here(self) -> None:
        """What the user keeps beside the source's columns."""
        if self.own and self.random.random() < 0.5:
            self.owner.rows("UPDATE ONLY t SET own = id * 100")

    def target(self) -> list[Row]:
        return self.owner.rows(f"SELECT {ROWS}, c FROM ONLY t ORDER BY id, c")

    def everything(self) -> list[list[Row]]:
        tables = ["t", "other", "log", *(["kid"] if self.kid_action else []), *(["kid_of_u"] if self.kid_of_u_action else [])]
        return [self.admin.rows(f"SELECT x::text FROM {table} x ORDER BY 1") for table in tables]

    def own_values(self) -> dict[Any, Any]:
        return dict(self.owner.rows("SELECT id, own FROM ONLY t")) if self.own else {}

    def _run(self) -> str | None:
        """Why the run failed."""
        if self.sync is None:
            try:
                self.owner.rows("SELECT cdb_import_connector(%s)", json.dumps({**self.connector, "collision_strategy": "overwrite"}))
            except psycopg2.Error as error:
                return str(error)
            return None
        try:
            state = self.owner.value("SELECT cdb_sync_now(%s, true) ->> 'state'", self.sync)
        except psycopg2.Error as error:
            return str(error)
        told: list[Row] = self.owner.rows(
            "SELECT state, mode, concat_ws(' ', error_message, error_detail, error_hint) FROM connector.runs "
            "WHERE sync_id = %s ORDER BY started_at DESC LIMIT 1",
            self.sync,
        )
        self.done = told[0][1]
        return None if state == "success" else str(told[0][2])

    done: str | None = None

    # what ought to come
    def hindrance(self, rows: Iterable[Row]) -> str | None:
        """Why these rows can't be the table's, whatever the way to them; decided without the extension."""
        new = list(rows)
        if self.by_key and len({row[0] for row in new}) < len(new):
            return "the same key twice"
        if self.forbidding and any(row[2] == "forbidden" for row in new):
            return "the policy"
        self.admin.rows("BEGIN; CREATE SCHEMA scratch; SET LOCAL search_path = scratch, public")
        try:
            self.admin.rows("CREATE TABLE scratch.t (LIKE public.t INCLUDING GENERATED)")
            if self.keyed:
                self.admin.rows("ALTER TABLE scratch.t ADD PRIMARY KEY (id)")
            self.admin.rows("CREATE TABLE scratch.other (id int PRIMARY KEY); INSERT INTO scratch.other VALUES (1), (2)")
            for row in new:
                self.admin.rows(f"INSERT INTO scratch.t ({ROWS}, c) VALUES (%s, %s, %s, %s, %s, %s, %s)", *row)
            for constraint in self.constraints:
                if " ADD COLUMN " not in constraint:
                    self.admin.rows(constraint)
            self.admin.rows("SET CONSTRAINTS ALL IMMEDIATE")
        except psycopg2.Error as error:
            return str(error)
        finally:
            self.admin.rows("ROLLBACK")
        return self._hindrance_of_others(new)

    def _hindrance_of_others(self, new: list[Row]) -> str | None:
        ids, us = {row[0] for row in new}, {row[1] for row in new}
        if self.kid_action and ("NO ACTION" in self.kid_action or self.kid_action == "RESTRICT"):
            if any(id is not None and id not in ids for (id,) in self.owner.rows("SELECT id FROM kid")):
                return "rows of kid need theirs"
        if self.kid_of_u_action:
            holders = dict(self.owner.rows("SELECT u, id FROM ONLY t"))
            for (u,) in self.owner.rows("SELECT u FROM kid_of_u"):
                if u not in us and (self.kid_of_u_action == "NO ACTION" or holders[u] in ids):
                    return "rows of kid_of_u need theirs"
        return None

    def check_others(self, new: list[Row], kids: list[Row], kids_of_u: list[Row], before: list[Row]) -> None:
        """Rows of other tables whose rows here stay are as they were; the others as their foreign keys say."""
        ids, us = {row[0] for row in new}, {row[1] for row in new}
        if self.heir:
            assert self.owner.rows("SELECT x::text FROM heir x ORDER BY 1") == self.heirs, "heir"
        if self.kid_action:
            expected = []
            for k, id in kids:
                if id is None or id in ids:
                    expected.append((k, id))
                elif self.kid_action != "CASCADE":
                    expected.append((k, None))
            assert self.owner.rows("SELECT k, id FROM kid ORDER BY k") == expected, "kid"
        if self.kid_of_u_action:
            holder = {row[1]: row[0] for row in before}
            left = self.owner.rows("SELECT k, u FROM kid_of_u ORDER BY k")
            for k, u in kids_of_u:
                gone = self.kid_of_u_action == "CASCADE" and holder[u] not in ids
                assert (k, u) in left or gone, "kid_of_u"
            assert all(u in us for _, u in left)

    def round(self, tally: Tally) -> None:
        self.change_source()
        self.change_here()
        new, old, own, before = self.source(), self.target(), self.own_values(), self.everything()
        kids = self.owner.rows("SELECT k, id FROM kid ORDER BY k") if self.kid_action else []
        kids_of_u = self.owner.rows("SELECT k, u FROM kid_of_u ORDER BY k") if self.kid_of_u_action else []
        hindrance = self.hindrance(new)
        failure = self._run()
        if failure is not None:
            after = self.everything()
            assert after == before, f"a run failed and changed something: {failure}"
            if hindrance is None:
                reasons = [reason for reason, words in REFUSALS.items() if words in failure]
                assert reasons, f"refused, although it is possible: {failure}"
                tally.refusals[reasons[0]] += 1
            tally.outcomes[f"{self.way}: refused" if hindrance is None else f"{self.way}: impossible"] += 1
            return
        follows = any("REFERENCES t ON DELETE CASCADE" in c or "REFERENCES t ON DELETE SET NULL" in c for c in self.constraints)
        if hindrance is not None:
            # Rows that refer to what is gone go with it, or are cut off from it, by the key's own will.
            assert follows and 'foreign key constraint "t_p_fkey"' in hindrance, f"a success, although {hindrance}"
            tally.outcomes[f"{self.way}: followed"] += 1
            return
        got = self.target()
        assert [tuple(map(str, row)) for row in got] == [tuple(map(str, row)) for row in new], f"{got} instead of {new}"
        if self.own and self.done in ("merge", "append"):
            stayed = {row[0] for row in old} & {row[0] for row in new}
            mine = self.own_values()
            assert all(mine[id] == own[id] for id in stayed), "the user's own values"
        self.check_others(new, kids, kids_of_u, old)
        tally.outcomes[f"{self.way}: {self.done or 'done'}"] += 1


def prepare(admin: Connection, role: str) -> None:
    """The role that owns the tables, and what its triggers call."""
    admin.rows(f"ALTER ROLE {role} SET connector.allowed_hosts = '127.0.0.1'; SET connector.allowed_hosts = '127.0.0.1'")
    admin.rows(f"CREATE TABLE IF NOT EXISTS log (what text); ALTER TABLE log OWNER TO {role}")
    admin.rows(
        "CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO public.log VALUES (TG_OP || ' ' || COALESCE(NEW.id, OLD.id)); RETURN NULL; END $$;"
        "CREATE OR REPLACE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )


def run_rounds(admin: Connection, owner: Connection, remote: Connection, connector: dict[str, object], seed: int, rounds: int) -> Tally:
    """So many rounds, ten for each table. An error names the seed of its table."""
    tally = Tally()
    while tally.rounds < rounds:
        number = seed * 1_000_003 + tally.rounds // 10
        case = Case(random.Random(number), owner, admin, remote, connector)
        for turn in range(10):
            try:
                case.round(tally)
            except AssertionError as error:
                told = "\n".join([f"table {number}, round {turn}, {case.way}: {error}", *case.constraints, f"kid {case.kid_action}, kid_of_u {case.kid_of_u_action}"])
                raise AssertionError(told) from error
    return tally


def main() -> int:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from servers.postgres import Postgres
    from servers.remote_postgres import PostgresRemote
    from servers.staging import staged
    from servers.workspace import Workspace

    rounds = int(os.environ.get("SOAK_ROUNDS") or 10_000)
    seed = int(os.environ.get("SOAK_SEED") or random.randrange(1_000_000))
    print(f"seed {seed}", flush=True)
    with Workspace() as workspace, Postgres(workspace, stage=staged(workspace)) as server:
        remote = PostgresRemote(Postgres(workspace).start())
        server.create_database("properties", "connector")
        admin = Connection(server.connect("properties"))
        admin.rows("CREATE ROLE owner LOGIN; GRANT CREATE ON SCHEMA public TO owner; GRANT USAGE ON FOREIGN DATA WRAPPER connector TO owner")
        prepare(admin, "owner")
        owner = Connection(server.connect("properties", "owner"))
        source = Connection(remote.server.connect(remote.database))
        source.rows("SET ROLE NONE")
        try:
            tally = run_rounds(admin, owner, source, remote.connector(), seed, rounds)
        except AssertionError as error:
            print(error)
            print("0 passed, 1 failed, 0 skipped")
            return 1
        finally:
            remote.server.stop()
    for outcome, count in sorted(tally.outcomes.items()):
        print(f"  {outcome:<28} {count}")
    for reason, count in sorted(tally.refusals.items()):
        print(f"  refused, although possible: {reason}: {count}")
    print(f"{tally.rounds} passed, 0 failed, 0 skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
