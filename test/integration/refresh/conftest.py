"""Fixtures of the refreshes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.sums import snapshots
from harness.thorough import by_turns

from servers.remote import Remote
from servers.remote_sqlserver import SqlServerRemote


@pytest.fixture(scope="module")
def snapshots_of_sqlserver(tds: SqlServerRemote) -> Iterator[None]:
    """For modules that compare ranges."""
    tds.server.start()
    with snapshots(tds):
        yield
        tds.server.start()


_EITHER = ("mariadb", "postgres15")


@pytest.fixture(params=[pytest.param(kind, marks=by_turns("mysql_or_postgres", _EITHER)) for kind in _EITHER])
def mysql_or_postgres(request: pytest.FixtureRequest) -> Remote:
    """MariaDB or PostgreSQL by turns, and both with THOROUGH=1."""
    found: Remote = request.getfixturevalue(request.param)
    found.server.start()
    return found
