"""The servers of the MySQL family, for tests that otherwise use one of them."""

from __future__ import annotations

import pytest

from servers.catalog import MYSQL_KINDS

EVERY_MYSQL = pytest.mark.parametrize("one_mysql", list(MYSQL_KINDS), indirect=True)
