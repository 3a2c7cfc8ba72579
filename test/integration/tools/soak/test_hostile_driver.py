"""A short run of what `make soak` does a thousand times: an ODBC driver that does harm at random."""

from __future__ import annotations

import os
import random

from servers.workspace import Workspace
from soak import hostile_driver


def test_a_session_survives_a_hostile_driver(workspace: Workspace) -> None:
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(1 << 31))
    report = hostile_driver.run(workspace, seed=seed, rounds=20)
    workspace.tell(f"hostile driver: {report.shown()}")
    assert not report.faults, f"SOAK_SEED={seed}\n" + "\n".join(report.faults[:20])
