"""Fixtures of the imports."""

from __future__ import annotations

import pytest

from servers.remote_mysql import MySqlRemote


@pytest.fixture(params=["mariadb"])
def one_mysql(request: pytest.FixtureRequest) -> MySqlRemote:
    """A server for what is the loader's business, whatever the server: one will do, but for tests with EVERY_MYSQL."""
    found: MySqlRemote = request.getfixturevalue(request.param)
    found.server.start()
    return found
