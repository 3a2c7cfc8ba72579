"""The disk is full: a small file system as tablespace."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.database import Database
from harness.dialects import dialect_of
from harness.faults import import_fails
from harness.refreshing import Refreshed
from harness.stalls import TABLE
from harness.syncs import Syncs
from harness.thorough import PROVIDERS, by_turns

from servers.remote import Remote
from servers.workspace import Workspace

pytestmark = by_turns("one_remote", *PROVIDERS)


@pytest.fixture(scope="module")
def small_disk(db: Database, workspace: Workspace) -> Iterator[str]:
    """A tablespace of 3 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    folder = workspace.subfolder("small-disk", mode=0o755)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m,mode=0755", "none", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")

    def unmount() -> None:
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)

    workspace.at_close(unmount)
    try:
        place = folder / "tablespace"
        place.mkdir()
        db.server.account.give(place)
        db.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        yield str(place)
        db.execute("DROP TABLESPACE small")
    finally:
        unmount()


@pytest.fixture(autouse=True)
def _room_again(db: Database, one_remote: Remote) -> Iterator[None]:
    """What a failed test leaves on the disk would fail the next one."""
    yield
    Syncs(db).clean()
    db.execute("CHECKPOINT")
    one_remote.drop(TABLE)


def files(place: str) -> set[str]:
    return {str(path) for path in Path(place).rglob("*") if path.is_file() and path.stat().st_size > 0}


@pytest.mark.parametrize("kind", ["heap", "toast"])
def test_disk_full(db: Database, one_remote: Remote, small_disk: str, kind: str) -> None:
    one_remote.create_rows(TABLE, 60_000, width=60)
    connector = one_remote.connector(table=TABLE)
    if kind == "toast":
        del connector["table"]
        connector |= {"sql_query": dialect_of(one_remote).incompressible(TABLE), "import_as": "fat"}
    before = files(small_disk)
    with db.another() as session:
        session.execute("SET default_tablespace = small")
        import_fails(session, one_remote, connector, "could not (extend|write)", sqlstate="53100")
        db.execute("CHECKPOINT")
        assert files(small_disk) == before
        # there is room again
        session.execute("BEGIN")
        assert session.import_table({**connector, "max_rows": 50})["rows"] == 50
        session.execute("ROLLBACK")


@pytest.mark.parametrize("rows", [12_000, 60_000])
def test_disk_full_in_a_refresh(db: Database, one_remote: Remote, small_disk: str, rows: int) -> None:
    """The old rows stay, the disk has the room again that the new ones took; for more indexes, or for the rows."""
    one_remote.create_rows(TABLE, 6000, width=60)
    connector = one_remote.connector(table=TABLE)
    sync = Refreshed(db, connector)
    # autovacuum would add a free space map to the files
    db.execute(f"ALTER TABLE {TABLE} SET (autovacuum_enabled = false), SET TABLESPACE small; CREATE INDEX ON {TABLE} (word) TABLESPACE small")
    db.execute("CHECKPOINT")
    before = files(small_disk)
    one_remote.create_rows(TABLE, rows, width=60)
    row = sync.fail(2001, "could not")
    assert row["sqlstate"] == "53100"
    db.execute("CHECKPOINT")
    assert files(small_disk) == before
    one_remote.create_rows(TABLE, 5000, width=60)
    sync.run("swap")
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 5000


def test_disk_full_while_indexing(db: Database, one_remote: Remote, small_disk: str) -> None:
    """The rows fit, the key does not."""
    one_remote.create_rows(TABLE, 28_000, width=40)
    with db.another() as session:
        session.execute("SET default_tablespace = small")
        connector = one_remote.connector(table=TABLE)
        failure = import_fails(session, one_remote, connector, "could not (extend|write)", sqlstate="53100")
        assert "PRIMARY KEY" in failure.context
