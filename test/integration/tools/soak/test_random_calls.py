"""A short run of what `make soak` does for an hour: random calls by several sessions at once."""

from __future__ import annotations

import os
import random
from pathlib import Path

from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote
from servers.workspace import Workspace
from soak import random_calls


def test_random_calls_neither_crash_nor_leak(
    workspace: Workspace, mariadb: MySqlRemote, postgres15: PostgresRemote, tmp_path: Path
) -> None:
    mariadb.server.start()
    postgres15.server.start()
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(1 << 31))
    logs = Path(os.environ.get("CONNECTOR_TEST_LOGS") or tmp_path)
    report = random_calls.run(workspace, mariadb, postgres15, seed=seed, seconds=15, logs=logs)
    workspace.tell(f"random calls: {report.shown()}")
    assert not report.faults, f"SOAK_SEED={seed}\n" + "\n".join(report.faults[:20])
