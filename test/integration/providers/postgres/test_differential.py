"""Every type behind coalesce, CASE, max, subselects, views and UNION arrives as the remote server prints it.

`make soak` does so with each expression in each way (test/soak/value_differential.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.differential import Case
from harness.postgres_differential import PostgresDifferential, some_cases
from harness.postgres_types import TYPES, USER_TYPES

from servers.remote_postgres import PostgresRemote


@pytest.fixture(scope="module", params=["postgres15", "postgres18"])
def table(request: pytest.FixtureRequest, db: Database) -> Iterator[PostgresDifferential]:
    remote: PostgresRemote = request.getfixturevalue(request.param)
    there = PostgresRemote(remote.server, remote.kind, "differential")
    for extension in ("hstore", "citext"):
        db.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    there.execute(*USER_TYPES)
    yield PostgresDifferential(db, there, {kind: [value for value in values if len(value) < 200] for kind, (_, values) in TYPES.items()})
    remote.execute("DROP DATABASE differential WITH (FORCE)")


@pytest.mark.parametrize("case", some_cases(), ids=str)
def test_values(table: PostgresDifferential, case: Case) -> None:
    compared, wrong = table.check(case)
    assert compared > 40
    assert not wrong, "\n".join(wrong[:50])
