"""Foreign tables beside local rows that another transaction changes: PostgreSQL then looks at the row anew, together with
the rows of the other tables that it was joined with, and joins of foreign tables must give these once more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.foreign import create_foreign_table, create_server, plan_of

from servers.remote import Remote

TABLES = {"parents": ("id int, k int, word varchar(10)", "(1, 10, 'a'), (2, 20, 'b'), (3, 30, NULL)"),
          "children": ("id int, parent int", "(7, 1), (8, 1), (9, 2)")}  # fmt: skip

# Each has one row for a row of `local` whose k is 10.
QUERIES = {
    "one table": "UPDATE local SET seen = seen + 1 FROM {s}.parents p WHERE p.k = local.k RETURNING local.k, p.id",
    "inner join": "UPDATE local SET seen = seen + 1 FROM {s}.parents p JOIN {s}.children c ON c.parent = p.id AND c.id < 8 "
    "WHERE p.k = local.k RETURNING local.k, p.id, c.id, p.word",
    "left join": "UPDATE local SET seen = seen + 1 FROM {s}.parents p LEFT JOIN {s}.children c ON c.parent = p.id AND c.id = 7 "
    "WHERE p.k = local.k RETURNING local.k, p.id, c.id",
    "left join without partner": "UPDATE local SET seen = seen + 1 FROM {s}.parents p LEFT JOIN {s}.children c ON c.parent = p.id AND c.id > 99 "
    "WHERE p.k = local.k RETURNING local.k, p.id, c.id, c IS NULL",
    "semi-join": "UPDATE local SET seen = seen + 1 FROM {s}.parents p WHERE p.k = local.k "
    "AND EXISTS (SELECT FROM {s}.children c WHERE c.parent = p.id) RETURNING local.k, p.id",
    "anti-join": "UPDATE local SET seen = seen + 1 FROM {s}.parents p WHERE p.k = local.k "
    "AND NOT EXISTS (SELECT FROM {s}.children c WHERE c.parent = p.id AND c.id > 8) RETURNING local.k, p.id",
    "groups": "UPDATE local SET seen = seen + g.n FROM (SELECT p.k, count(*) AS n FROM {s}.parents p GROUP BY p.k) g "
    "WHERE g.k = local.k RETURNING local.k, g.n",
    "delete": "DELETE FROM local USING {s}.parents p JOIN {s}.children c ON c.parent = p.id AND c.id < 8 WHERE p.k = local.k RETURNING local.k, c.id",
    "for update": "SELECT local.k, p.id, c.id FROM local JOIN {s}.parents p ON p.k = local.k JOIN {s}.children c ON c.parent = p.id AND c.id < 8 "
    "FOR UPDATE OF local",
    "for update of all": "SELECT local.k, p.id, c.id FROM local JOIN {s}.parents p ON p.k = local.k "
    "JOIN {s}.children c ON c.parent = p.id AND c.id < 8 FOR UPDATE",
    "outer side": "SELECT local.k, p.id FROM local LEFT JOIN {s}.parents p ON p.k = local.k WHERE local.id = 1 FOR UPDATE OF local",
    "exists": "SELECT local.k FROM local WHERE EXISTS (SELECT FROM {s}.parents p WHERE p.k = local.k) FOR UPDATE OF local",
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


@pytest.fixture(scope="module")
def family(db: Database, postgres15: Remote) -> Iterator[Database]:
    """Foreign tables in the schema live, imported ones in the schema copy."""
    create_server(db, postgres15)
    db.execute("CREATE SCHEMA live; CREATE SCHEMA copy")
    for table, (columns, rows) in TABLES.items():
        postgres15.drop(table)
        postgres15.execute(f"CREATE TABLE {table} ({columns})", f"INSERT INTO {table} VALUES {rows}")
        db.import_table(postgres15.connector(table=table, import_as=table, target_schema="copy"))
        create_foreign_table(db, f"copy.{table}", f"live.{table}", table_name=table)
    yield db
    db.execute("DROP SERVER remote CASCADE; DROP SCHEMA live, copy CASCADE; SELECT cdb_foreign_disconnect()")
    for table in TABLES:
        postgres15.drop(table)


def changed_meanwhile(db: Database, query: str, change: str, settings: tuple[str, ...]) -> tuple[object, object]:
    """What a statement gives that waits for the row of another transaction, and what is in the local table then."""
    db.execute("DROP TABLE IF EXISTS local; CREATE TABLE local (id int PRIMARY KEY, k int, seen int DEFAULT 0, note text)")
    db.execute("INSERT INTO local VALUES (1, 10), (2, 99)")
    with db.another() as first:
        first.execute("BEGIN")
        first.execute(change)
        job = db.in_background(query)
        for setting in settings:
            job.database.execute(f"SET {setting}")
        with job:
            job.wait_for_lock()
            first.execute("COMMIT")
            rows = job.result()
    return sorted(map(str, rows)), db.rows("SELECT id, k, seen, note FROM local ORDER BY id")


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("query", QUERIES)
def test_row_is_looked_at_again(family: Database, query: str, change: str, settings: str) -> None:
    found = {
        schema: changed_meanwhile(family, QUERIES[query].format(s=schema), CHANGES[change], SETTINGS[settings]) for schema in ("copy", "live")
    }
    assert found["live"] == found["copy"], plan_of(family, QUERIES[query].format(s="live"))
