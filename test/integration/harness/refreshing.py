"""A table that a sync keeps, as the tests of refreshes see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from servers.proxy import Fault, Proxy
from servers.remote import Remote

from .database import Database, Job
from .syncs import Syncs


class Refreshed:
    """Creates the sync and lets its first run make the table; `run()` refreshes it in the session."""

    def __init__(self, database: Database, connector: Mapping[str, object], **sync: object) -> None:
        self.database = database
        self.syncs = Syncs(database)
        self.id: str = self.syncs.create({**connector, **({"sync": sync} if sync else {})})["id"]
        self.first = self.run()
        assert self.first["mode"] == "import"
        self.table: str = self.syncs.status(self.id)["name"]
        self.oid: int = database.value("SELECT %s::regclass::oid::int8", self.table)

    def attempt(self) -> dict[str, Any]:
        """One run; gives its row of connector.runs, however it ended."""
        self.syncs.now(self.id, wait=True)
        with self.database.connection.cursor() as cursor:  # the notices of the run are still there
            cursor.execute("SELECT to_jsonb(r) FROM connector.runs r WHERE sync_id = %s ORDER BY started_at DESC LIMIT 1", (self.id,))
            (row,) = cursor.fetchone()
        assert isinstance(row, dict)
        return row

    def run(self, mode: str | None = None) -> dict[str, Any]:
        """One run that succeeds, if need be by the way `mode`."""
        row = self.attempt()
        assert row["state"] == "success", row
        assert mode is None or row["mode"] == mode, row
        return row

    def fail(self, number: int, *texts: str) -> dict[str, Any]:
        """One run that fails with the connector's error number and words about it; the old data stays."""
        before = contents(self.database, self.table)
        row = self.attempt()
        assert row["state"] == "failure" and row["error_code"] == number, row
        told = " ".join(str(row[part]) for part in ("error_message", "error_detail", "error_hint"))
        for text in texts:
            assert text in told, told
        assert contents(self.database, self.table) == before
        assert_nothing_left(self.database)
        return row


@contextmanager
def stalled_run(sync: Refreshed, source: Remote, after: int, /, **keys: object) -> Iterator[tuple[Proxy, Job]]:
    """A run in the background whose source is silent after so many bytes, until the proxy is told to resume. The sync goes
    through the proxy from now on, by a connector with these `keys`."""
    with Proxy(source.server.port) as proxy:
        connector = source.connector(table=sync.table, connection=source.connection(port=proxy.port), **keys)
        sync.syncs.call("cdb_sync_update", sync.id, None, connector)
        proxy.every(Fault(stall_after=after))
        with sync.database.in_background("SELECT cdb_sync_now(%s, true)", sync.id) as job:
            proxy.wait_until_stalled()
            yield proxy, job


def counts(run: Mapping[str, Any]) -> tuple[Any, ...]:
    """Rows that a run inserted, updated and deleted."""
    return run["inserted"], run["updated"], run["deleted"]


def contents(database: Database, table: str) -> Any:
    """A digest of all rows."""
    return database.value(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")


def assert_nothing_left(database: Database) -> None:
    """No hidden heap, no index of one, no staging table, no file without an owner."""
    left = database.rows(
        "SELECT relname FROM pg_class WHERE relname LIKE 'connector\\_staging%%' OR relrewrite <> 0 "
        "OR relnamespace = 'connector'::regnamespace AND relname LIKE 'refreshed%%'"
    )
    assert left == [], left
    assert_toast_names(database)


def assert_toast_names(database: Database) -> None:
    """Every TOAST table is named after its table, and belongs to it."""
    wrong = database.rows(
        "SELECT c.oid::regclass, t.relname FROM pg_class c JOIN pg_class t ON t.oid = c.reltoastrelid "
        "WHERE c.oid >= 16384 AND (t.relname <> 'pg_toast_' || c.oid OR NOT EXISTS (SELECT 1 FROM pg_depend d "
        "WHERE d.classid = 'pg_class'::regclass AND d.objid = t.oid AND d.refobjid = c.oid AND d.deptype = 'i'))"
    )
    assert wrong == [], wrong


def orphan_files(database: Database) -> list[str]:
    """Files of the database that no relation has (superuser only)."""
    database.execute("CHECKPOINT")  # what is dropped keeps an empty file until then
    return [
        name
        for (name,) in database.rows(
            "SELECT f FROM pg_ls_dir('base/' || (SELECT oid FROM pg_database WHERE datname = current_database())) f "
            "WHERE f ~ '^(t[0-9]+_)?[0-9]+' AND pg_filenode_relation(0, substring(f FROM '^(?:t[0-9]+_)?([0-9]+)')::oid) IS NULL"
        )
    ]


def check_integrity(database: Database, table: str) -> None:
    """amcheck of heap, TOAST and B-trees, and the same rows by an index as without one."""
    database.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
    assert database.rows("SELECT * FROM verify_heapam(%s::regclass)", table) == []
    toast = database.value("SELECT reltoastrelid::int8 FROM pg_class WHERE oid = %s::regclass", table)
    if toast:
        assert database.rows("SELECT * FROM verify_heapam(%s::oid::regclass)", toast) == []
    database.execute(
        "SELECT bt_index_parent_check(i.indexrelid, true, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "JOIN pg_am a ON a.oid = c.relam WHERE i.indrelid IN (%s::regclass, %s) AND a.amname = 'btree' AND i.indisvalid "
        "AND i.indisready AND c.relpersistence <> 't'",
        table,
        toast,
    )
    horizon = database.value(
        "SELECT age(relfrozenxid) >= 0 AND relfrozenxid <> '0'::xid AND relminmxid <> '0'::xid FROM pg_class WHERE oid = %s::regclass",
        table,
    )
    assert horizon
