"""Random queries of foreign tables, whose answers are those of the imported tables, on every server that there is.

SOAK_SECONDS (3600), shared by the servers; SOAK_SEED repeats a run. Runs alone:
`python3 test/soak/foreign_answers.py [mariadb mysql56 mysql9 postgres15 postgres17 postgres18 tds hive]`.
"""

from __future__ import annotations

import itertools
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

TEST = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TEST), str(TEST / "integration")]

from harness.database import Database  # noqa: E402
from harness.queries.answers import Session  # noqa: E402
from harness.queries.rounds import Tally, ask_all, composition, drafted  # noqa: E402
from harness.queries.sources import collations_here, copies_of  # noqa: E402

from servers.catalog import MYSQL_KINDS  # noqa: E402
from servers.hive.server import HiveServer  # noqa: E402
from servers.postgres import Postgres  # noqa: E402
from servers.postgres_suite import Postgres17, Postgres18  # noqa: E402
from servers.remote import Remote  # noqa: E402
from servers.remote_hive import HiveRemote  # noqa: E402
from servers.remote_mysql import MySqlRemote  # noqa: E402
from servers.remote_postgres import PostgresRemote  # noqa: E402
from servers.remote_sqlserver import SqlServerRemote  # noqa: E402
from servers.server import Unavailable  # noqa: E402
from servers.sqlserver_double import SqlServerDouble  # noqa: E402
from servers.staging import staged  # noqa: E402
from servers.workspace import Workspace  # noqa: E402

POSTGRES_KINDS: dict[str, type[Postgres]] = {"postgres15": Postgres, "postgres17": Postgres17, "postgres18": Postgres18}
KINDS = (*MYSQL_KINDS, *POSTGRES_KINDS, "tds", "hive")


def started(kind: str, workspace: Workspace) -> Remote:
    if kind in MYSQL_KINDS:
        return MySqlRemote(MYSQL_KINDS[kind](workspace).start())
    if kind == "hive":
        return HiveRemote(HiveServer(workspace).start())
    if kind == "tds":
        return SqlServerRemote(SqlServerDouble(workspace).start())
    return PostgresRemote(POSTGRES_KINDS[kind](workspace).start(), kind)


def run(kind: str, workspace: Workspace, local: Postgres, seed: int, seconds: float) -> Tally | None:
    """Asks for so long; None if the server is not to be had."""
    try:
        remote = started(kind, workspace)
    except Unavailable as reason:
        print(f"{kind}: not to be had: {reason}", flush=True)
        return None
    local.create_database(f"answers_{kind}", "connector")
    with Database(local, f"answers_{kind}") as db:
        collations = collations_here(db)
        tally = Tally()
        with copies_of(db, remote, kind) as copies, db.another() as asking:
            session = Session(asking.connection)
            end = time.monotonic() + seconds
            for number in itertools.takewhile(lambda _: time.monotonic() < end, itertools.count()):
                for draw in (drafted, composition):
                    ask_all(session, copies, collations, [f"{seed}.{number}"], tally, draw)
    remote.server.stop()
    print(f"{kind}: " + "\n".join([*tally.lines(), *tally.differences]), flush=True)
    return tally


def main(kinds: Sequence[str]) -> int:
    seed = int(os.environ.get("SOAK_SEED") or random.randrange(1_000_000))
    chosen = list(kinds or KINDS)
    seconds = float(os.environ.get("SOAK_SECONDS") or 3600) / len(chosen)
    print(f"seed {seed}", flush=True)
    with Workspace() as workspace, Postgres(workspace, stage=staged(workspace)) as local:
        tallies = [run(kind, workspace, local, seed, seconds) for kind in chosen]
    failed = sum(tally is not None and bool(tally.differences) for tally in tallies)
    skipped = tallies.count(None)
    print(f"{len(tallies) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
