"""The recipes of docs/howto/pg_cron.md: pg_cron as the clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.database import Database
from harness.pages import examples_of
from harness.syncs import Syncs

from servers.postgres import Postgres
from servers.process import wait_until
from servers.remote import Remote
from servers.staging import ROOT, staged
from servers.workspace import Workspace

TABLE = "tides"


@pytest.fixture
def cron(workspace: Workspace) -> Iterator[Postgres]:
    """pg_cron is preloaded, connector is not."""
    settings = {"shared_preload_libraries": "pg_cron", "cron.database_name": "tides", "cron.use_background_workers": "on"}
    server = Postgres(workspace, stage=staged(workspace), settings=settings)
    if not Path(server.config("pkglibdir"), "pg_cron.so").exists():
        pytest.skip("pg_cron is not installed")
    with server:
        yield server


def test_recipe(cron: Postgres, mariadb: Remote) -> None:
    mariadb.server.start()
    mariadb.create_rows(TABLE, 100)
    cron.create_database("tides", "pg_cron", "connector")
    db = Database(cron, "tides")
    syncs = Syncs(db)
    id = syncs.create(mariadb.connector(table=TABLE))["id"]
    assert any("by itself" in notice for notice in db.notices)
    for example in examples_of(ROOT / "docs" / "howto" / "pg_cron.md", "sql"):
        db.execute(example.text)
    wait_until(lambda: syncs.state(id) == "success", limit=150, what="pg_cron to run the sync")
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 100
    db.close()
    mariadb.drop(TABLE)
