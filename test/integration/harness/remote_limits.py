"""Tests of `one_remote` that some of its servers are of no use for, and why."""

from __future__ import annotations

import pytest
from runner.context import names_in

# Tests that are not run on HiveServer2, which takes its time for each of many statements or knows no such thing.
_NOT_ON_HIVE = {
    "test_many_imports_in_one_session": "hundreds of imports take HiveServer2 too long",
    "test_table_name_with_quotes": "Hive takes no such names",
    "test_a_session_killed_under_a_cursor": "HiveServer2 closes no session under a statement",
    "test_a_connection_that_is_cut_in_a_transaction": "a transaction of Hive's is none",
    "test_an_answer_that_nobody_reads_to_its_end": "HiveServer2 takes minutes to make so many rows",
    "test_more_values_than_a_batch_has": "HiveServer2 takes minutes to make so many rows",
    "test_disk_full": "not tried with HiveServer2",
    "test_disk_full_in_a_refresh": "not tried with HiveServer2",
    "test_disk_full_while_indexing": "tables of Hive have no keys",
}


_PLAIN_ROLE = "a plain role gives no connection of odbc in a request; providers/odbc/test_rights.py has what it may do"
# Tests that are not run by ODBC, and why.
_NOT_BY_ODBC = {
    "test_connection_is_cut": "psqlodbc crashes where the connection is cut under its cursor: providers/odbc/test_faults.py",
    "test_cut_before_the_end_is_no_short_table": "psqlodbc hangs or crashes where the connection is cut under its cursor",
    "test_a_connection_that_is_cut_while_it_is_idle": "psqlodbc does not tell that an idle connection is lost",
    "test_hostile_search_path": "psqlodbc tells no lengths of texts, and a plain role gives no connection",
    **dict.fromkeys(
        (
            "test_a_sync_is_changed_by_its_own_view",
            "test_it_goes_nowhere_else",
            "test_another_owner_keeps_nothing",
            "test_the_owner_of_an_overwritten_table_keeps_nothing",
            "test_roles",
            "test_rights_are_checked_at_each_run",
            "test_imports_at_once_are_counted_by_role",
            "test_keep_runs",
            "test_limits_that_change_during_the_wait_count",
            "test_who_sees_imports",
            "test_no_right_on_schema",
            "test_overwriting_needs_ownership",
        ),
        _PLAIN_ROLE,
    ),
}


def _not_by_odbc(node: pytest.Item) -> str | None:
    name, parameters = node.originalname, node.callspec.params  # type: ignore[attr-defined]
    if node.path.name == "test_hosts.py":
        return "its drivers dial by themselves"
    if node.path.name in ("test_stops.py", "test_cancel.py", "test_client_goes_away.py") and parameters.get("phase") in ("authenticate", "describe", "columns"):
        return "at which step psqlodbc is can't be told from here; providers/odbc/test_reader_stops.py has each"
    reason: str | None = _NOT_BY_ODBC.get(name)
    return reason


# Of the tests of foreign tables, those that HiveServer2 is always asked: a statement takes it a second. The others only
# where CONNECTOR_TEST_REMOTES names it; what its driver sends and reads is in providers/hive.
_OF_HIVES_FOREIGN_TABLES = ("test_scans.py", "test_answers.py", "test_rights.py")


def _not_on_hive(node: pytest.Item) -> str | None:
    asked = "hive" in names_in("CONNECTOR_TEST_REMOTES")
    if node.path.parent.name == "fdw" and node.path.name not in _OF_HIVES_FOREIGN_TABLES and not asked:
        return "HiveServer2 is asked for where CONNECTOR_TEST_REMOTES names it: it takes a second for each statement"
    return _NOT_ON_HIVE.get(node.originalname)  # type: ignore[attr-defined]


def of_no_use(node: pytest.Item) -> str | None:
    """Why a test is not run with the server that it gets as `one_remote`."""
    remote = str(node.callspec.params.get("one_remote")) if hasattr(node, "callspec") else ""
    if remote == "hive":
        return _not_on_hive(node)
    return _not_by_odbc(node) if remote.startswith("odbc") else None


def not_on_babelfish(node: pytest.Item) -> str | None:
    """Why Babelfish can't stand a test of `one_remote`."""
    name, parameters = node.originalname, node.callspec.params  # type: ignore[attr-defined]
    if parameters.get("phase") == "execute":
        return "Babelfish has no WAITFOR"
    if parameters.get("phase") == "lock":
        return "Babelfish heeds no attention while it waits for a lock"
    return {
        ("test_disk_full", "toast"): "Babelfish makes no text of bytes that are zero",
        ("test_connection_is_cut", "describe"): "with TLS the login takes more bytes than that",
        ("test_many_failures_in_one_session", None): "Babelfish takes too long for some hundred logins",
    }.get((name, parameters.get("kind", parameters.get("after"))))
