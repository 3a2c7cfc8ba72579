"""Fixtures of the refreshes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.sums import snapshots
from harness.thorough import MYSQL_OR_POSTGRES, by_turns

from servers.remote import Remote
from servers.remote_sqlserver import SqlServerRemote


@pytest.fixture(scope="module")
def snapshots_of_sqlserver(tds: SqlServerRemote) -> Iterator[None]:
    """For modules that compare ranges."""
    tds.server.start()
    with snapshots(tds):
        yield
        tds.server.start()


@pytest.fixture(params=[pytest.param(kind, marks=by_turns("mysql_or_postgres", MYSQL_OR_POSTGRES)) for kind in MYSQL_OR_POSTGRES])
def mysql_or_postgres(request: pytest.FixtureRequest) -> Remote:
    """MariaDB or PostgreSQL by turns, and both with THOROUGH=1."""
    found: Remote = request.getfixturevalue(request.param)
    found.server.start()
    return found
