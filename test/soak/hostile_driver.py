"""An ODBC driver that does harm at random: misdeeds, lies, cancels, and SIGKILL of its process, over one session.

After each round the backend and the cluster are the same ones, the backend has no process, descriptor or mapping more than
before, no message shows the password, and the next statement works. SOAK_ROUNDS: how many (default 1000).
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg2
from harness.database import Database
from harness.faults import CANCELED, TIMED_OUT
from harness.hostile import CRASHES, PASSWORD, PLACES, assert_rows, cluster, request, request_for
from harness.readers import no_reader_left, processes_of

from servers.postgres import Postgres
from servers.process import identify
from servers.workspace import Workspace

from .parts.server_log import faults as log_faults

STATEMENT_LIMIT = "4s"  # of one that hangs: nobody else ends it

# Those that return nothing or never come back, beside the crashes.
HARMS = (
    *("hang", "spin", "stop", "hang_until_cancel", "throw", "thread", "thread_crash", "handlers", "stdout", "much_stderr", "stdin"),
    *("close_fds", "write_fds", "leak_fds", "leak_memory", "fork_child", "scribble_shared"),
    *("error", "error_without_records", "invalid_handle", "still_executing", "need_data", "no_data", "odd_code"),
    *("password_in_diagnostics", "percent_in_diagnostics", "garbage_diagnostics", "endless_diagnostics", "env"),
)
LIES = (
    *("size_huge", "size_zero", "size_negative", "size_small", "type", "digits", "truncated", "no_total", "only_nulls", "bad_moments"),
    *("indicator_at_exec", "indicator_negative", "indicator_huge", "indicator_larger", "indicator_smaller", "invalid_text"),
    *("columns_many", "columns_negative", "columns_none", "long_name", "invalid_name", "same_name", "no_name", "long_information"),
    *("rows_many", "rows_huge", "row_error", "empty_blocks", "endless_value", "stuck_value", "huge_value"),
)
CALLS = (
    *(["SELECT cdb_import_connector(%s)"] * 4),
    "SELECT cdb_connector_dry_run(%s)",
    "SELECT cdb_connector_check(%s)",
    "SELECT count(*) FROM cdb_connector_tables(%s)",
)


@dataclass
class Report:
    seed: int
    rounds: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def shown(self) -> str:
        listed = ", ".join(f"{name} {count}" for name, count in self.outcomes.most_common())
        return f"seed {self.seed}: {self.rounds} rounds: {listed}"


@dataclass
class Round:
    """What is done in one."""

    call: str
    connector: dict[str, object]
    cancel_after: float | None  # seconds
    kill_after: float | None

    def shown(self) -> str:
        return f"{self.call} {json.dumps(self.connector)}, cancelled after {self.cancel_after}, killed after {self.kill_after}"


def draw(rng: random.Random) -> Round:
    count = rng.choice((0, 1, 1, 1, 2, 2, 3))
    harms = [(rng.choice(PLACES), rng.choice((*CRASHES, *HARMS))) for _ in range(count)]
    lies = rng.sample(LIES, rng.choice((0, 0, 1, 1, 2)))
    more: dict[str, object] = {"rows": rng.choice((0, 1, 100, 3000)), "getdata": rng.choice((0, 3, 11, 15)), "after": rng.choice((0, 0, 0, 1, 3))}
    if lies:
        more["lie"] = ",".join(lies)
    if count == 1:
        connector = request_for(*harms[0], **more)
    else:
        connector = request(at=",".join(place for place, _ in harms), what=",".join(what for _, what in harms), **more)  # type: ignore[arg-type]
    return Round(
        call=rng.choice(CALLS),
        connector=connector,
        cancel_after=rng.choice((None, None, None, rng.random() * 0.5)),
        kill_after=rng.choice((None, None, None, rng.random() * 0.3)),
    )


def _disturb(server: Postgres, backend: int, done: Round) -> list[threading.Timer]:
    def cancel() -> None:
        os.kill(backend, signal.SIGINT)  # what pg_cancel_backend() sends

    def kill() -> None:
        for reader in processes_of(backend):
            with suppress(ProcessLookupError):
                os.kill(reader, signal.SIGKILL)

    planned = ((done.cancel_after, cancel), (done.kill_after, kill))
    timers = [threading.Timer(after, act) for after, act in planned if after is not None]
    for timer in timers:
        timer.start()
    return timers


def _outcome(error: psycopg2.Error) -> str:
    """A word for how a statement ended; raises if that is not how one may end."""
    words = "\n".join(filter(None, (error.diag.message_primary, error.diag.message_detail, error.diag.message_hint, error.diag.context)))
    assert words, f"the session was lost: {error}"
    assert PASSWORD not in words, "a message shows the password"
    if error.pgcode in (CANCELED, TIMED_OUT):
        return "stopped"
    assert re.search(r"Connector error \d+\.", words), f"no error of ours: {error.pgcode} {words}"
    assert error.pgcode not in ("XX000", "53200", "58000"), f"an internal error: {words}"
    if "the reader process ended" in words:
        return "memory" if "connector.reader_memory" in words else "killed" if "signal 9" in words else "process ended"
    return "garbage from the process" if "what it should not" in words else "error"


def one_round(server: Postgres, db: Database, done: Round) -> str:
    with no_reader_left(db):
        timers = _disturb(server, db.pid, done)
        try:
            db.execute("BEGIN")
            db.execute(done.call, json.dumps(done.connector))
            return "success"
        except psycopg2.Error as error:
            return _outcome(error)
        finally:
            for timer in timers:
                timer.cancel()
                timer.join()
            # A cancel may come when the statement has ended already.
            for _ in range(2):
                with suppress(psycopg2.errors.QueryCanceled):
                    db.execute("ROLLBACK")


def run(workspace: Workspace, *, seed: int, rounds: int) -> Report:
    """So many rounds in a cluster of their own."""
    report, rng = Report(seed), random.Random(seed)
    with cluster(workspace, **{"connector.reader_memory": "128MB"}) as server:
        server.create_database("hostile", "connector")
        postmaster, position = identify(server.pid), server.log_size()
        with Database(server, "hostile") as db:
            db.execute(f"SET statement_timeout = '{STATEMENT_LIMIT}'")
            db.value("SELECT cdb_connectors()")
            for number in range(rounds):
                done = draw(rng)
                try:
                    report.outcomes[one_round(server, db, done)] += 1
                    if number % 20 == 0:
                        db.import_table(request())
                        assert_rows(db)
                except (AssertionError, psycopg2.Error, OSError, TimeoutError) as error:
                    report.faults.append(f"round {number}: {type(error).__name__}: {error}\n  {done.shown()}")
                    if len(report.faults) >= 10:
                        break
                report.rounds += 1
        if identify(server.pid) != postmaster:
            report.faults.append("the postmaster is another one")
        log = server.log_since(position)
        report.faults += log_faults(log.splitlines())
        report.faults += [f"the log shows the password: {line[:500]}" for line in log.splitlines() if PASSWORD in line][:3]
    if not report.outcomes["success"] or not report.outcomes["process ended"]:
        report.faults.append(f"nothing was tested: {report.shown()}")
    return report


def main() -> int:
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(1 << 31))
    rounds = int(os.environ.get("SOAK_ROUNDS") or 1000)
    with Workspace() as workspace:
        report = run(workspace, seed=seed, rounds=rounds)
    print(report.shown())
    for fault in report.faults[:40]:
        print(f"FAULT {fault[:4000]}")
    if report.faults:
        print(f"SOAK_SEED={seed} repeats the choices")
    print(f"{int(not report.faults)} passed, {int(bool(report.faults))} failed, 0 skipped")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
