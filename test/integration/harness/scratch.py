"""Tables that a test leaves, whether it passed or not."""

from __future__ import annotations

from .database import Database


def drop_tables(database: Database) -> None:
    """Drops all tables and what depends on them, but for those of extensions."""
    database.execute("ROLLBACK")
    for (name,) in database.rows(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE ALL ('{pg\\_%,information\\_schema}') AND NOT EXISTS "
        "(SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"
    ):
        database.execute(f"DROP TABLE IF EXISTS {name} CASCADE")
