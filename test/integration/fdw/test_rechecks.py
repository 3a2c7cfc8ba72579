"""Foreign tables beside local rows that another transaction changes: PostgreSQL then looks at the row anew, together with
the rows of the other tables that it was joined with, and joins of foreign tables must give these once more."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.database import Database
from harness.foreign import create_foreign_table, create_server, plan_of

from servers.process import wait_until
from servers.remote import Remote

TABLES = {"parents": ("id int, k int, word varchar(10)", "(1, 10, 'a'), (2, 20, 'b'), (3, 30, NULL)"),
          "children": ("id int, parent int", "(7, 1), (8, 1), (9, 2)")}  # fmt: skip

# Each has one row for a row of `local` whose k is 10.
QUERIES = {
    "one table": "UPDATE local SET seen = seen + 1 FROM parents p WHERE p.k = local.k RETURNING local.k, p.id",
    "inner join": "UPDATE local SET seen = seen + 1 FROM parents p JOIN children c ON c.parent = p.id AND c.id < 8 "
    "WHERE p.k = local.k RETURNING local.k, p.id, c.id, p.word",
    "left join": "UPDATE local SET seen = seen + 1 FROM parents p LEFT JOIN children c ON c.parent = p.id AND c.id = 7 "
    "WHERE p.k = local.k RETURNING local.k, p.id, c.id",
    "left join without partner": "UPDATE local SET seen = seen + 1 FROM parents p LEFT JOIN children c ON c.parent = p.id AND c.id > 99 "
    "WHERE p.k = local.k RETURNING local.k, p.id, c.id, c IS NULL",
    "semi-join": "UPDATE local SET seen = seen + 1 FROM parents p WHERE p.k = local.k "
    "AND EXISTS (SELECT FROM children c WHERE c.parent = p.id) RETURNING local.k, p.id",
    "anti-join": "UPDATE local SET seen = seen + 1 FROM parents p WHERE p.k = local.k "
    "AND NOT EXISTS (SELECT FROM children c WHERE c.parent = p.id AND c.id > 8) RETURNING local.k, p.id",
    "groups": "UPDATE local SET seen = seen + g.n FROM (SELECT p.k, count(*) AS n FROM parents p GROUP BY p.k) g "
    "WHERE g.k = local.k RETURNING local.k, g.n",
    "delete": "DELETE FROM local USING parents p JOIN children c ON c.parent = p.id AND c.id < 8 WHERE p.k = local.k RETURNING local.k, c.id",
    "for update": "SELECT local.k, p.id, c.id FROM local JOIN parents p ON p.k = local.k JOIN children c ON c.parent = p.id AND c.id < 8 "
    "FOR UPDATE OF local",
    "for update of all": "SELECT local.k, p.id, c.id FROM local JOIN parents p ON p.k = local.k "
    "JOIN children c ON c.parent = p.id AND c.id < 8 FOR UPDATE",
    "outer side": "SELECT local.k, p.id FROM local LEFT JOIN parents p ON p.k = local.k WHERE local.id = 1 FOR UPDATE OF local",
    "exists": "SELECT local.k FROM local WHERE EXISTS (SELECT FROM parents p WHERE p.k = local.k) FOR UPDATE OF local",
}  # fmt: skip

# What happens to the row meanwhile.
CHANGES = {
    "still the same": "UPDATE local SET note = 'changed' WHERE id = 1",
    "another partner": "UPDATE local SET k = 20 WHERE id = 1",
    "no partner": "UPDATE local SET k = 11 WHERE id = 1",
    "NULL": "UPDATE local SET k = NULL WHERE id = 1",
    "gone": "DELETE FROM local WHERE id = 1",
}

# Ways in which PostgreSQL may join the local table: as it likes, and by asking for the rows of each key.
SETTINGS = {
    "any join": (),
    "keys": ("enable_hashjoin = off", "enable_mergejoin = off", "enable_nestloop = off"),
    "nested loop": ("enable_hashjoin = off", "enable_mergejoin = off"),
}


class Family:
    """Foreign tables in the schema live, imported ones in the schema copy, for each of them a local table, and sessions."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.changing = db.another()
        self.asking = {"copy": db.another(), "live": db.another()}
        for schema, session in self.asking.items():
            db.execute(f"CREATE TABLE {schema}.local (id int PRIMARY KEY, k int, seen int, note text)")
            session.execute(f"SET search_path = {schema}, public")

    def close(self) -> None:
        for session in (self.changing, *self.asking.values()):
            session.close()

    def changed_meanwhile(self, query: str, change: str) -> dict[str, tuple[list[str], list[tuple[object, ...]]]]:
        """What a statement gives that waits for the row of another transaction, and what is in the local table then."""
        found = {}
        self.changing.execute("TRUNCATE copy.local, live.local")
        self.changing.execute("INSERT INTO copy.local VALUES (1, 10, 0), (2, 99, 0); INSERT INTO live.local SELECT * FROM copy.local")
        self.changing.execute("BEGIN")
        for schema in self.asking:
            self.changing.execute(f"SET LOCAL search_path = {schema}; {change}")
        with ThreadPoolExecutor() as threads:
            try:
                answers = {schema: threads.submit(session.rows, query) for schema, session in self.asking.items()}
                pids = [session.pid for session in self.asking.values()]
                waiting = "SELECT count(DISTINCT pid) = 2 FROM pg_locks WHERE pid = ANY(%s) AND NOT granted"
                wait_until(lambda: bool(self.db.value(waiting, pids)), limit=60, what="statements that wait for a row", pause=0.01)
            finally:
                self.changing.execute("COMMIT")
            for schema, answer in answers.items():
                rows = sorted(map(str, answer.result()))
                found[schema] = (rows, self.db.rows(f"SELECT id, k, seen, note FROM {schema}.local ORDER BY id"))
        return found


@pytest.fixture(scope="module")
def family(db: Database, postgres15: Remote) -> Iterator[Family]:
    postgres15.server.start()
    create_server(db, postgres15)
    db.execute("CREATE SCHEMA live; CREATE SCHEMA copy")
    for table, (columns, rows) in TABLES.items():
        postgres15.drop(table)
        postgres15.execute(f"CREATE TABLE {table} ({columns})", f"INSERT INTO {table} VALUES {rows}")
        db.import_table(postgres15.connector(table=table, import_as=table, target_schema="copy"))
        create_foreign_table(db, f"copy.{table}", f"live.{table}", table_name=table)
    family = Family(db)
    yield family
    family.close()
    db.execute("DROP SERVER remote CASCADE; DROP SCHEMA live, copy CASCADE; SELECT cdb_foreign_disconnect()")
    for table in TABLES:
        postgres15.drop(table)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("query", QUERIES)
def test_row_is_looked_at_again(family: Family, query: str, settings: str) -> None:
    for session in family.asking.values():
        session.execute("RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_nestloop")
        for setting in SETTINGS[settings]:
            session.execute(f"SET {setting}")
    for change, statement in CHANGES.items():
        found = family.changed_meanwhile(QUERIES[query], statement)
        assert found["live"] == found["copy"], f"{change}: {plan_of(family.asking['live'], QUERIES[query])}"
