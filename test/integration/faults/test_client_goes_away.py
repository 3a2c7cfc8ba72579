"""A client that goes away while a remote keeps its statement waiting: with client_connection_check_interval, which the program
connector-http sets, backend and remote statement end, whatever function it was. (For imports in each phase: test_cancel.py.)"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.faults import backend_is_gone, clean, secrets_of
from harness.stalls import ROWS, STALLS, TABLE, Stall
from harness.syncs import Syncs
from harness.thorough import PROVIDERS, by_turns
from harness.traces import no_remote_sessions

from servers.remote import Remote

pytestmark = by_turns("one_remote", *PROVIDERS)

CHECK_INTERVAL = "200"  # milliseconds

LOOKING = {
    "check": "SELECT cdb_connector_check(%s)",
    "tables": "SELECT * FROM cdb_connector_tables(%s)",
    "dry_run": "SELECT cdb_connector_dry_run(%s)",
    "import": "SELECT cdb_import_connector(%s)",
}


@pytest.fixture
def table(one_remote: Remote) -> Iterator[Remote]:
    one_remote.create_rows(TABLE, ROWS, width=60)
    yield one_remote
    one_remote.drop(TABLE)


def leave_in_the_middle(db: Database, remote: Remote, stall: Stall, query: str, *args: object) -> None:
    job = db.in_background(query, *args)
    # A statement that is stopped while it loads the library is logged as it is.
    job.database.value("SELECT cdb_connectors() IS NOT NULL")
    job.database.execute("SELECT set_config('client_connection_check_interval', %s, false)", CHECK_INTERVAL)
    with clean(job.database, remote, secrets_of(stall.connector)), job:
        stall.wait(job)
        with socket.socket(fileno=os.dup(job.database.connection.fileno())) as connection:
            connection.shutdown(socket.SHUT_RDWR)
        backend_is_gone(db, job.pid)
        no_remote_sessions(remote)


@pytest.mark.parametrize(
    ("function", "phase"), [*((function, "silence") for function in LOOKING), ("check", "connect"), ("check", "authenticate")]
)
def test_while_the_server_is_silent(db: Database, table: Remote, function: str, phase: str) -> None:
    with STALLS[phase](db, table) as stall:
        wanted = ("provider", "connection") if function in ("check", "tables") else stall.connector
        leave_in_the_middle(db, table, stall, LOOKING[function], json.dumps({key: stall.connector[key] for key in wanted}))


def test_while_a_dry_run_waits_for_rows(db: Database, table: Remote) -> None:
    with STALLS["execute"](db, table) as stall:
        leave_in_the_middle(db, table, stall, LOOKING["dry_run"], json.dumps(stall.connector))


@pytest.mark.parametrize("phase", ["silence", "lock", "execute"])
def test_in_the_run_of_a_sync(db: Database, table: Remote, phase: str) -> None:
    """cdb_sync_now(wait => true): the sync is as it was."""
    syncs = Syncs(db)
    try:
        with STALLS[phase](db, table) as stall:
            sync = syncs.create(stall.connector)
            leave_in_the_middle(db, table, stall, "SELECT cdb_sync_now(%s::uuid, wait => true)", sync["id"])
            assert syncs.status(sync["id"]) == sync and syncs.run_count(sync["id"]) == 0
    finally:
        syncs.clean()
