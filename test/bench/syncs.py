"""The scheduler under load: many syncs, of which a lot fall due at once.

    python3 -m bench.syncs [SYNCS [DUE]]      (in test/; default 10000 500)

Prints how long jobs waited, how many ran at a time, what the scheduler's process cost, and whether any was lost or ran twice.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from servers.mariadb import MariaDb
from servers.postgres import Postgres
from servers.process import wait_until
from servers.staging import install_into
from servers.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 4


def cpu(pid: int) -> float:
    """Seconds of CPU time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(syncs: int, due: int) -> int:
    os.chdir(ROOT)
    with Workspace() as workspace:
        stage = install_into(workspace, ROOT / "build" / "bench-syncs.log")
        settings = {
            "shared_preload_libraries": "connector",
            "max_worker_processes": "20",
            "connector.max_workers": str(WORKERS),
            "connector.max_syncs_per_role": "0",
        }
        with MariaDb(workspace) as remote, Postgres(workspace, stage=stage, settings=settings) as local:
            return measure(remote, local, syncs, due)


def measure(remote: MariaDb, local: Postgres, syncs: int, due: int) -> int:
    remote.sql("CREATE TABLE testdb.one (id int PRIMARY KEY)", "INSERT INTO testdb.one VALUES (1)")
    local.create_database("many", "connector")
    connection = local.connect("many")
    cursor = connection.cursor()

    def value(query: str, *args: object) -> object:
        cursor.execute(query, args or None)
        return cursor.fetchone()[0]

    login = {"server": "127.0.0.1", "port": remote.port, "database": "testdb", "username": remote.user, "password": remote.password}
    connector = {"provider": "mysql", "connection": login, "table": "one", "import_as": "t_1"}
    # All of them exist and have run long ago; none is due.
    cursor.execute("SELECT cdb_sync_connector(%s, '1 day') ->> 'id'", (json.dumps(connector),))
    first = cursor.fetchone()[0]
    wait_until(lambda: value("SELECT state FROM connector.syncs WHERE id = %s", first) == "success", limit=60, what="a first run")
    cursor.execute(
        "INSERT INTO connector.sync SELECT (json_populate_record(s, json_build_object('id', gen_random_uuid(), "
        "'item_queue_id', gen_random_uuid(), 'relation', NULL, 'log_id', NULL, 'state', 'created', 'run_at', "
        "now() + interval '1 day', 'request', replace(s.request::text, '\"t_1\"', format('\"t_%%s\"', i))::json))).* "
        "FROM connector.sync s, generate_series(2, %s) i",
        (syncs,),
    )
    cursor.execute(
        "INSERT INTO connector.sync_secret SELECT s.id, x.secrets FROM connector.sync s, connector.sync_secret x WHERE s.id <> %s",
        (first,),
    )
    cursor.execute("UPDATE connector.sync SET paused = false")
    cursor.execute("ANALYZE connector.sync")
    pid = value("SELECT pid FROM pg_stat_activity WHERE backend_type = 'connector scheduler'")
    idle = cpu(pid)
    time.sleep(10)
    print(f"{syncs} syncs, none due: scheduler used {cpu(pid) - idle:.3f} s of CPU in 10 s")

    before, start = cpu(pid), time.monotonic()
    cursor.execute("DELETE FROM connector.run")
    cursor.execute(
        "UPDATE connector.sync SET run_at = clock_timestamp() WHERE id IN (SELECT id FROM connector.sync WHERE id <> %s LIMIT %s)",
        (first, due),
    )
    due_at = value("SELECT min(run_at) FROM connector.sync")
    cursor.execute("SELECT cdb_sync_now(%s)", (first,))  # whose commit wakes the scheduler
    wait_until(
        lambda: value("SELECT count(*) FROM connector.run WHERE state <> 'syncing'") >= due + 1, limit=1800, what="the end of all runs"
    )
    took = time.monotonic() - start
    cursor.execute(
        "SELECT count(*), count(DISTINCT sync_id), count(*) FILTER (WHERE state = 'failure'), "
        "min(started_at - %s), percentile_disc(0.5) WITHIN GROUP (ORDER BY started_at - %s), max(started_at - %s) FROM connector.run",
        (due_at, due_at, due_at),
    )
    runs, distinct, failed, shortest, median, longest = cursor.fetchone()
    most = value(
        "SELECT max(n) FROM (SELECT count(*) AS n FROM connector.run a JOIN connector.run b "
        "ON b.started_at <= a.started_at AND b.ended_at > a.started_at GROUP BY a.id) s"
    )
    print(f"{due} due at once: {runs} runs of {distinct} syncs, {failed} failed, {took:.1f} s, {runs / took:.1f} runs/s")
    print(f"at most {most} at a time (connector.max_workers = {WORKERS})")
    print(f"dispatch delay: first {shortest}, median {median}, last {longest}")
    print(f"scheduler: {cpu(pid) - before:.2f} s of CPU, {(cpu(pid) - before) / runs * 1000:.1f} ms for each run")
    connection.close()
    return 0 if runs == distinct == due + 1 and failed == 0 and most <= WORKERS else 1


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in (sys.argv[1:] + ["10000", "500"][len(sys.argv) - 1 :]))))
