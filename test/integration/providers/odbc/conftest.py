"""Fixtures of the tests with drivers of unixODBC."""

from __future__ import annotations

import pytest

from servers.remote import Remote

KINDS = ("odbc_postgres15", "odbc_mariadb", "odbc_tds", "odbc_sqlite")


@pytest.fixture(params=KINDS)
def odbc(request: pytest.FixtureRequest) -> Remote:
    """Each database that can be written to, by its driver, in turn."""
    found: Remote = request.getfixturevalue(request.param)
    found.server.start()
    return found
