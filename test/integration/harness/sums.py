"""Checksums of ranges through the interface of the drivers alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from servers.remote import Remote

from .sources import Read

TABLE = "sums"


@contextmanager
def snapshots(remote: Remote) -> Iterator[None]:
    """SQL Server's databases must allow what the others always do."""
    if remote.provider == "sqlserver":
        remote.execute("ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON")
    yield
    if remote.provider == "sqlserver":
        remote.execute("ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION OFF")


def step(kind: str, *, key: str = "id", **request: object) -> str:
    return f"{kind}:{json.dumps({'key': key, **request})}"


def sums_of(read: Read, remote: Remote, *requests: dict[str, Any], table: str = TABLE, **keys: object) -> list[list[list[Any]]]:
    """For each request a list of [rows, sums]: of its ranges, and of the rows whose key is NULL."""
    lines = read(remote.connector(table=table, **keys), *(step("sums", **request) for request in requests))
    assert len(lines) == len(requests)
    answers = []
    for line in lines:
        assert line.startswith("["), line
        answers.append(json.loads(line))
    return answers


def of_each_row(read: Read, remote: Remote, count: int, *columns: Sequence[str], table: str = TABLE) -> list[list[str]]:
    """The sums of the rows 0 to count - 1, each a range of its own, for each list of columns."""
    bounds = [str(number) for number in range(1, count)]
    answers = sums_of(read, remote, *({"columns": list(names), "bounds": bounds} for names in columns), table=table)
    for answer in answers:
        assert [rows for rows, _ in answer] == [1] * count + [0]
        assert answer[-1][1] == ""
    return [[sums for _, sums in answer[:-1]] for answer in answers]


def assert_as_different(sums: list[str], values: Sequence[object], what: str) -> None:
    """Sums are equal where values are, and nowhere else."""
    assert len(sums) == len(values)
    for one, (sum_of_one, value) in enumerate(zip(sums, values, strict=True)):
        for other in range(one):
            is_same = value == values[other]
            assert (sum_of_one == sums[other]) == is_same, f"{what}: {value!r:.100} and {values[other]!r:.100}"
