"""What a failed or cancelled import must not leave behind."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.process import wait_until
from servers.remote import Remote

from .database import Database


def relations(database: Database) -> dict[int, str]:
    """All relations by OID: tables, TOAST tables, indexes, sequences."""
    return dict(database.rows("SELECT oid::bigint, oid::regclass::text FROM pg_class"))


def relation_files(database: Database) -> set[str]:
    """Main files of the database's relations on disk, and temporary files."""
    database.execute("CHECKPOINT")  # removes files of dropped relations
    oid = database.value("SELECT oid::text FROM pg_database WHERE datname = current_database()")
    base = database.server.data / "base"
    files = {f"{oid}/{name}" for name in os.listdir(base / oid) if re.fullmatch(r"\d+|t\d+_\d+", name)}
    temporary = base / "pgsql_tmp"
    if temporary.is_dir():
        files |= {f"pgsql_tmp/{name}" for name in os.listdir(temporary)}
    return files


def descriptors(database: Database) -> Counter[str]:
    """Open file descriptors of the backend by kind; relation files, which PostgreSQL caches, don't count."""
    data = str(database.server.data)
    found: Counter[str] = Counter()
    for entry in Path(f"/proc/{database.pid}/fd").iterdir():
        try:
            target = os.readlink(entry)
        except OSError:
            continue
        if not target.startswith(data):
            found[re.sub(r"\[\d+\]", "[]", target)] += 1
    return found


@contextmanager
def nothing_left_behind(database: Database, remote: Remote | None = None) -> Iterator[None]:
    """Around something that fails: afterwards there are the same relations, files and descriptors of the backend as
    before, and no session on the remote. If the backend was replaced, its descriptors are not compared.
    """
    observer = Database(database.server, database.name)
    try:
        old_relations = relations(observer)
        old_files = relation_files(observer)
        pid, old_descriptors = database.pid, descriptors(database)
        yield
        new = {name for oid, name in relations(observer).items() if oid not in old_relations}
        assert not new, f"relations left behind: {sorted(new)}"
        known = {str(row[0]) for row in observer.rows("SELECT pg_relation_filenode(oid) FROM pg_class WHERE relfilenode > 0")}
        left = {name for name in relation_files(observer) - old_files if name.rpartition("/")[2] not in known}
        assert not left, f"files left behind: {sorted(left)}"
        if database.pid == pid:
            new_descriptors = descriptors(database)
            assert new_descriptors == old_descriptors, f"descriptors: {new_descriptors} instead of {old_descriptors}"
        if remote is not None:
            no_remote_sessions(remote)
    finally:
        observer.close()


def no_remote_sessions(remote: Remote, limit: float = 60) -> None:
    """Waits until the remote has no session of ours."""
    wait_until(lambda: not remote.sessions(), limit=limit, what="the end of our sessions on the remote")
