"""A short run of what `make soak` does a thousand times: SIGKILL at random moments."""

from __future__ import annotations

import os
import random

from servers.remote_mysql import MySqlRemote
from servers.workspace import Workspace
from soak import kills


def test_data_is_whole_after_kills_at_random_moments(workspace: Workspace, mariadb: MySqlRemote) -> None:
    mariadb.server.start()
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(1 << 31))
    report = kills.run(workspace, mariadb, seed=seed, kills=10, with_standby=False)
    workspace.tell(f"kills: {report.shown()}")
    assert not report.faults, f"SOAK_SEED={seed}\n" + "\n".join(report.faults[:20])
