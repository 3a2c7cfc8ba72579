"""What `make check` leaves out for want of time, and `make check THOROUGH=1` runs."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Any

import pytest
from runner.context import thorough

from servers.catalog import MYSQL_KINDS

# Of servers that a test is run with, those that differ least are in one group: one of each group is asked, by turns.
VERSIONS_OF_MYSQL = tuple(MYSQL_KINDS)
VERSIONS_OF_POSTGRES = ("postgres93", "postgres13", "postgres15", "postgres17", "postgres18")
MYSQL_OR_POSTGRES = ("mariadb", "postgres15")
BY_ODBC = ("odbc_postgres15", "odbc_mariadb", "odbc_tds")
PROVIDERS = (MYSQL_OR_POSTGRES, ("tds", "hive", "odbc_postgres15"))


def always(chosen: Collection[Any], values: Iterable[Any]) -> list[Any]:
    """Parameters of a test: those that are chosen run always, the others by THOROUGH=1 only."""
    return [value if value in chosen else pytest.param(value, marks=pytest.mark.thorough) for value in values]


def by_turns(parameter: str, *groups: Collection[str]) -> pytest.MarkDecorator:
    """Of each group of values one is run for each combination of the other parameters, and values in no group always;
    all by THOROUGH=1. Which one it is depends on the names of the test and of the values alone."""
    return pytest.mark.by_turns(parameter, *groups)


def left_out(items: Iterable[pytest.Item], is_skipped: Callable[[pytest.Item, str], bool]) -> set[pytest.Item]:
    """The tests that this run leaves out. `is_skipped`: whether a test is skipped with a value, whose turn it never is then."""
    if thorough():
        return set()
    left_out: set[pytest.Item] = set()
    rivals: dict[tuple[str, ...], list[tuple[int, pytest.Item]]] = defaultdict(list)
    for item in items:
        values: dict[str, object] = item.callspec.params if hasattr(item, "callspec") else {}
        if any(not mark.args or any(value in mark.args for value in values.values()) for mark in item.iter_markers("thorough")):
            left_out.add(item)
            continue
        for mark in item.iter_markers("by_turns"):
            parameter, *groups = mark.args
            value = str(values.get(parameter))
            for group in groups:
                if value in group and not is_skipped(item, value):
                    others = "-".join(part for part in item.callspec.id.split("-") if part != value)  # type: ignore[attr-defined]
                    test = (item.nodeid.split("[")[0], others)
                    rivals[(*test, *group)].append((zlib.crc32(" ".join((*test, value)).encode()), item))
    for candidates in rivals.values():
        chosen = min(candidates, key=lambda candidate: candidate[0])
        left_out.update(item for _, item in candidates if item is not chosen[1])
    return left_out
