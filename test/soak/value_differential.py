"""Every type behind every expression in every way, on every server that there is: what arrives is what is printed there.

Runs alone: `python3 test/soak/value_differential.py [mariadb mysql56 mysql9 postgres15 postgres17 postgres18 hive]`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

TEST = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TEST), str(TEST / "integration")]

from harness import hive_differential, mysql_differential, postgres_differential  # noqa: E402
from harness.database import Database  # noqa: E402
from harness.differential import Case  # noqa: E402
from harness.hive_types import STORED, create_every_type  # noqa: E402
from harness.postgres_types import TYPES, USER_TYPES  # noqa: E402

from servers.catalog import MYSQL_KINDS  # noqa: E402
from servers.hive.server import HiveServer  # noqa: E402
from servers.postgres import Postgres  # noqa: E402
from servers.postgres_suite import Postgres17, Postgres18  # noqa: E402
from servers.remote_hive import HiveRemote  # noqa: E402
from servers.remote_mysql import MySqlRemote  # noqa: E402
from servers.remote_postgres import PostgresRemote  # noqa: E402
from servers.server import Unavailable  # noqa: E402
from servers.staging import staged  # noqa: E402
from servers.workspace import Workspace  # noqa: E402

POSTGRES_KINDS: dict[str, type[Postgres]] = {"postgres15": Postgres, "postgres17": Postgres17, "postgres18": Postgres18}


def compare(kind: str, check: Callable[[Case], tuple[int, list[str]]], cases: Sequence[Case]) -> list[str]:
    """Runs all cases on one server; prints what is wrong as it is found, and a line at the end."""
    compared, wrong = 0, []
    for case in cases:
        try:
            count, found = check(case)
        except Exception as error:  # one case must not hide the others
            count, found = 0, [f"{case}: {error}"]
        compared += count
        wrong += [f"{kind}: {text}" for text in found]
        for text in found:
            print(f"{kind}: {text}", flush=True)
    print(f"{kind}: {len(cases)} cases, {compared} columns compared, {len(wrong)} values differ", flush=True)
    return wrong


def run(kind: str, workspace: Workspace, local: Postgres) -> list[str] | None:
    """What is wrong; None if the server is not to be had."""
    local.create_database("differential", "connector", "hstore", "citext")
    db = Database(local, "differential")
    try:
        if kind in MYSQL_KINDS:
            mysql = mysql_differential.MySqlDifferential(db, MySqlRemote(MYSQL_KINDS[kind](workspace).start()))
            return compare(kind, mysql.check, mysql_differential.all_cases())
        if kind == "hive":
            there = HiveRemote(HiveServer(workspace).start())
            create_every_type(there, "each_value")
            hive = hive_differential.HiveDifferential(db, there, "each_value", [stored.declaration for stored in STORED])
            return compare(kind, hive.check, hive_differential.all_cases())
        remote = PostgresRemote(POSTGRES_KINDS[kind](workspace).start(), kind)
        remote.execute(*USER_TYPES)
        values = {name: texts for name, (_, texts) in TYPES.items()}
        postgres = postgres_differential.PostgresDifferential(db, remote, values)
        return compare(kind, postgres.check, postgres_differential.all_cases())
    except Unavailable as reason:
        print(f"{kind}: not to be had: {reason}", flush=True)
        return None
    finally:
        db.close()
        with Database(local, "postgres") as server:
            server.execute("DROP DATABASE differential WITH (FORCE)")


def main(kinds: Sequence[str]) -> int:
    results: list[list[str] | None] = []
    with Workspace() as workspace, Postgres(workspace, stage=staged(workspace)) as local:
        for kind in kinds or (*MYSQL_KINDS, *POSTGRES_KINDS, "hive"):
            results.append(run(kind, workspace, local))
    failed, skipped = sum(bool(wrong) for wrong in results), results.count(None)
    print(f"{len(results) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
