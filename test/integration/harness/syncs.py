"""Syncs of one database, as one role calls the functions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness.database import Database, Job

from servers.process import wait_until
from servers.remote import Remote

NEVER = "00000000-0000-4000-8000-000000000000"  # no sync has this id


class Syncs:
    def __init__(self, database: Database) -> None:
        self.database = database

    def create(self, connector: Mapping[str, object], *, interval: str | None = None) -> dict[str, Any]:
        if interval is None:
            return self._object("SELECT cdb_sync_connector(%s)", json.dumps(connector))
        return self._object("SELECT cdb_sync_connector(%s, %s)", json.dumps(connector), interval)

    def status(self, id: str) -> dict[str, Any]:
        return self._object("SELECT cdb_sync_status(%s)", id)

    def state(self, id: str) -> str:
        state = self.status(id)["state"]
        assert isinstance(state, str)
        return state

    def now(self, id: str, *, wait: bool = False) -> dict[str, Any]:
        return self._object("SELECT cdb_sync_now(%s, %s)", id, wait)

    def call(self, function: str, id: str, *args: object) -> dict[str, Any]:
        """Any other function that answers with the sync; a mapping stands for its JSON."""
        values = [json.dumps(value) if isinstance(value, Mapping) else value for value in (id, *args)]
        return self._object(f"SELECT {function}({', '.join(['%s'] * len(values))})", *values)

    def run_count(self, id: str) -> int:
        count = self.database.value("SELECT count(*) FROM connector.runs WHERE sync_id = %s", id)
        assert isinstance(count, int)
        return count

    def make_due(self, id: str) -> None:
        """Time passes for this one (superuser only)."""
        self.database.execute("UPDATE connector.sync SET run_at = clock_timestamp() - interval '1 second' WHERE id = %s", id)

    def wait_for(self, id: str, *states: str, limit: float = 60) -> dict[str, Any]:
        wait_until(lambda: self.state(id) in states, limit=limit, what=f"state {' or '.join(states)} of a sync")
        return self.status(id)

    @staticmethod
    def wait_for_remote(remote: Remote, job: Job | None = None) -> None:
        """Until a session of ours runs a statement there."""
        wait_until(
            lambda: any(session.statement for session in remote.sessions()) or (job is not None and not job.running()),
            limit=60,
            what="a statement on the remote",
        )

    def clean(self) -> None:
        """Deletes all syncs and their tables (superuser only)."""
        for (relation,) in self.database.rows("SELECT relation::text FROM connector.sync WHERE relation IS NOT NULL"):
            self.database.execute(f"DROP TABLE IF EXISTS {relation} CASCADE" if not relation.isdigit() else "SELECT 1")
        self.database.execute("DELETE FROM connector.sync")
        self.database.execute("DELETE FROM connector.import; DELETE FROM connector.import_batch")
        for (name,) in self.database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            self.database.execute(f'DROP TABLE IF EXISTS public."{name}" CASCADE')  # a partition is gone with its table

    def _object(self, query: str, *args: object) -> dict[str, Any]:
        result = self.database.value(query, *args)
        assert isinstance(result, dict)
        return result


def wait_for_batch(database: Database, batch: str) -> None:
    """Until all that a call of cdb_import_tables() queued has ended, its foreign keys included (superuser only)."""
    wait_until(
        lambda: database.value("SELECT ended_at IS NOT NULL FROM connector.import_batch WHERE id = %s", batch),
        limit=120,
        what="the end of the batch",
    )


def processes(database: Database, kind: str) -> list[int]:
    """Process ids of the extension's processes that work on this database; the launcher has none."""
    return [
        pid
        for (pid,) in database.rows(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = %s AND datname IS NOT DISTINCT FROM "
            "CASE WHEN %s = 'connector launcher' THEN NULL ELSE current_database() END",
            f"connector {kind}",
            f"connector {kind}",
        )
    ]


def wait_for_process(database: Database, kind: str, count: int = 1) -> list[int]:
    wait_until(lambda: len(processes(database, kind)) == count, limit=60, what=f"{count} × connector {kind}")
    return processes(database, kind)


def person(db: Database, name: str) -> Iterator[Database]:
    """A plain role that may open connections, to loopback as well."""
    role = db.create_role(name)
    db.execute(f"ALTER ROLE {name} SET connector.allowed_hosts = '127.0.0.0/8'")
    yield role
    role.close()
    db.drop_role(name)
