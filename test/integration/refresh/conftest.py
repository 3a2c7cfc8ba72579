"""Fixtures of the refreshes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.sums import snapshots

from servers.remote import Remote
from servers.remote_sqlserver import SqlServerRemote


@pytest.fixture(scope="module")
def snapshots_of_sqlserver(tds: SqlServerRemote) -> Iterator[None]:
    """For modules that compare ranges."""
    tds.server.start()
    with snapshots(tds):
        yield
        tds.server.start()


@pytest.fixture(params=["mariadb", "postgres15"])
def mysql_or_postgres(request: pytest.FixtureRequest) -> Remote:
    """MariaDB and PostgreSQL in turn."""
    found: Remote = request.getfixturevalue(request.param)
    found.server.start()
    return found
