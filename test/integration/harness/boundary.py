"""The boundary's test module (test/boundary): built, loaded, looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.cache import alone
from servers.postgres import Postgres
from servers.process import run_to_end, wait_until
from servers.staging import ROOT, make, sanitized, sanitizer_environment
from servers.workspace import Workspace

from .database import Database

SOURCES = ROOT / "test" / "boundary"


def build(workspace: Workspace) -> Path:
    """Builds what is not built, and copies the module to where the server's account may read it."""
    kind = "-sanitize" if sanitized() else ""
    folder = ROOT / "build" / f"boundary{kind}-{os.environ.get('CONNECTOR_TEST_HOST') or 'own'}"
    variables = [f"BUILD={folder}", f"SANITIZE={int(sanitized())}"]
    variables += [f"{name}={os.environ[name]}" for name in ("PG_CONFIG", "CXX") if name in os.environ]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "GNUMAKE"))}
    jobs = len(os.sched_getaffinity(0))
    with alone(folder):
        run_to_end(
            [make(), "-C", str(SOURCES), f"-j{jobs}", *variables], log=workspace.folder / "boundary.log", env=kept, limit=1800
        )
    library = workspace.subfolder("boundary", mode=0o755) / "boundary.so"
    library.write_bytes((folder / "boundary.so").read_bytes())
    library.chmod(0o755)
    return library


class Cluster:
    """A cluster with databases that have the module's functions."""

    def __init__(self, server: Postgres, library: Path) -> None:
        self.server = server
        self.library = library
        self.script = (SOURCES / "boundary.sql").read_text().replace("MODULE", str(library))

    def create(self, name: str, encoding: str = "UTF8") -> Database:
        admin = Database(self.server, "postgres")
        admin.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
        # psycopg2 wants to know the client's encoding, and does not know all that databases may have
        admin.execute(f"ALTER DATABASE \"{name}\" SET client_encoding = '{'UTF8' if encoding == 'UTF8' else 'SQL_ASCII'}'")
        admin.close()
        database = Database(self.server, name)
        database.execute(self.script)
        return database

    def mark(self, name: str) -> Path:
        """A file for the line that a `Mark` leaves."""
        return self.server.folder / name


def marks(path: Path) -> int:
    """How many objects have left their line in the file."""
    return path.read_text().count("destroyed\n") if path.exists() else 0


def start_cluster(workspace: Workspace) -> Iterator[Cluster]:
    """A cluster without the extension, so that these tests stand when it doesn't build."""
    environment = sanitizer_environment(workspace) if sanitized() else {}
    library = build(workspace)
    with Postgres(workspace, environment=environment) as server:
        yield Cluster(server, library)


def is_clean(database: Database) -> None:
    """No C++ object is left, no interrupt is held or pending, and the session works."""
    alive, _, _ = database.value("SELECT boundary_probes()").partition(" of ")
    assert alive == "0", "objects whose destructors did not run"
    assert database.value("SELECT boundary_interrupts()") == "0 0 0 0"


def wait_until_waiting(cluster: Cluster, pid: int) -> None:
    """Waits until the backend is inside LatchWait::wait."""
    observer = Database(cluster.server, "postgres")
    try:
        wait_until(
            lambda: observer.value("SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Extension'", pid)
            == 1,
            what="a backend to wait",
        )
    finally:
        observer.close()


def wakeups(pid: int) -> int:
    """How often the process went to sleep."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("voluntary_ctxt_switches:")[1].split()[0])


def memory(database: Database) -> dict[str, int]:
    """Memory of the backend: contexts of PostgreSQL, malloc, and what the kernel counts. In bytes."""
    contexts = database.rows(
        "SELECT name, sum(total_bytes)::bigint FROM pg_backend_memory_contexts "
        "WHERE name IN ('TopMemoryContext', 'ErrorContext', 'TopTransactionContext', 'PortalMemory') GROUP BY name"
    )
    status = Path(f"/proc/{database.pid}/status").read_text()
    return dict(contexts) | {
        "contexts": database.value("SELECT count(*) FROM pg_backend_memory_contexts"),
        "malloc": database.value("SELECT boundary_allocated()"),
        "rss": int(status.split("RssAnon:")[1].split()[0]) * 1024,
        "fds": len(os.listdir(f"/proc/{database.pid}/fd")),
    }


needs_memory_limit = pytest.mark.skipif(sanitized(), reason="AddressSanitizer's shadow needs the address space")
