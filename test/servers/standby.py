"""A hot standby of a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import process
from .postgres import Postgres
from .process import wait_until
from .workspace import Workspace


class Standby(Postgres):
    """Streams from `primary`, which runs; answers queries."""

    def __init__(self, workspace: Workspace, primary: Postgres, *, settings: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(workspace, settings=settings, **more)
        self.primary = primary
        self.settings["primary_conninfo"] = f"host={primary.folder} port={primary.port} user=postgres"

    def prepare(self) -> None:
        process.run_to_end(
            [
                self.program("pg_basebackup"),
                f"--pgdata={self.data}",
                "--checkpoint=fast",
                "--no-sync",
                f"--host={self.primary.folder}",
                f"--port={self.primary.port}",
                "--username=postgres",
            ],
            log=self.log,
            account=self.account,
            env=super().environment(),
        )
        signal_file = self.data / "standby.signal"
        signal_file.touch()
        self.account.give(signal_file)
        self.configure({})

    def catch_up(self) -> None:
        """Waits until all that the primary has written is replayed here."""
        with self.primary.connect() as primary, primary.cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_lsn()")
            (position,) = cursor.fetchone() or (None,)

        def replayed() -> bool:
            connection = self.connect()
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (position,))
                    return bool((cursor.fetchone() or (False,))[0])
            finally:
                connection.close()

        wait_until(replayed, limit=120, what="the standby to catch up")
