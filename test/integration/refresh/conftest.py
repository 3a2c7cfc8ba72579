"""Fixtures of the refreshes."""

from __future__ import annotations

import pytest

from servers.remote import Remote


@pytest.fixture(params=["mariadb", "postgres15"])
def mysql_or_postgres(request: pytest.FixtureRequest) -> Remote:
    """MariaDB and PostgreSQL in turn."""
    found: Remote = request.getfixturevalue(request.param)
    found.server.start()
    return found
