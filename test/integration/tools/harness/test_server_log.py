"""The harness itself: what the soak tests take for a fault in a server's log, and what not."""

from __future__ import annotations

import pytest
from soak.parts.server_log import entries, faults

PREFIX = "2026-11-28 03:11:18.123 UTC [123] alice@db "


def message(level: str, state: str, text: str, location: str) -> str:
    return f"{PREFIX}{level}:  {state}: {text}\n{PREFIX}LOCATION:  {location}\n{PREFIX}STATEMENT:  SELECT 1,\n\t2\n"


FAULTS = {
    "signal": message(
        "LOG", "00000", "server process (PID 5) was terminated by signal 11: Segmentation fault", "LogChildExit, postmaster.c:1"
    ),
    "exit": message("LOG", "00000", "background worker (PID 5) exited with exit code 3", "LogChildExit, postmaster.c:1"),
    "assertion": 'TRAP: FailedAssertion("x", File: "y.c", Line: 1)\n',
    "panic": message("PANIC", "XX000", "stuck", "s_lock_stuck, s_lock.c:1"),
    "internal error": message("ERROR", "XX000", "cache lookup failed for relation 5", "exchange_entries, exchange.cpp:1"),
    "lost file": message("ERROR", "58P01", 'could not open file "base/1/2"', "mdopenfork, md.c:1"),
    "lock": message("WARNING", "01000", "you don't own a lock of type ExclusiveLock", "LockRelease, lock.c:1"),
    "leak": message("WARNING", "01000", 'relcache reference leak: relation "x" not closed', "PrintRelCacheLeakWarning, relcache.c:1"),
}

ORDINARY = {
    "error": message("ERROR", "42601", "syntax error", "scanner_yyerror, scan.l:1"),
    "warning of ours": message("WARNING", "01000", "the import stopped at the limit of 5 rows", "emit, notice.cpp:1"),
    "raised": message("WARNING", "01000", "hello", "exec_stmt_raise, pl_exec.c:1"),
    "transaction": message("WARNING", "25P01", "there is no transaction in progress", "UserAbortTransactionBlock, xact.c:1"),
    "terminated": message("FATAL", "57P01", "terminating connection due to administrator command", "ProcessInterrupts, postgres.c:1"),
    "ended": message("LOG", "00000", "background worker (PID 5) exited with exit code 1", "LogChildExit, postmaster.c:1"),
    "catalog": message("ERROR", "XX000", "tuple concurrently updated", "simple_heap_update, heapam.c:1"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_among_ordinary_messages(name: str) -> None:
    (found,) = faults(("".join(ORDINARY.values()) + FAULTS[name] + "".join(ORDINARY.values())).splitlines())
    assert FAULTS[name].splitlines()[0][-5:] in found


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_message_is_none(name: str) -> None:
    assert faults(ORDINARY[name].splitlines()) == []


def test_a_kill_is_a_fault_only_where_nobody_kills() -> None:
    killed = message("LOG", "00000", "server process (PID 5) was terminated by signal 9: Killed", "LogChildExit, postmaster.c:1")
    assert faults(killed.splitlines()) and not faults(killed.splitlines(), kills=True)


def test_parts_of_a_message_are_kept_together() -> None:
    (entry,) = entries(ORDINARY["error"].splitlines())
    assert (entry.level, entry.state, entry.parts["STATEMENT"]) == ("ERROR", "42601", "SELECT 1,\n2")
