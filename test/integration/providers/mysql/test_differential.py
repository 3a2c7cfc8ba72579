"""Every type behind COALESCE, IF, MAX, subselects, views and UNION arrives as the server itself prints it.

`make soak` does so with each expression in each way (test/soak/value_differential.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.differential import Case
from harness.mysql_differential import MySqlDifferential, some_cases

from servers.remote_mysql import MySqlRemote


@pytest.fixture(scope="module")
def tables(db: Database) -> Iterator[dict[str, MySqlDifferential]]:
    made: dict[str, MySqlDifferential] = {}
    yield made
    for table in made.values():
        table.close()


@pytest.mark.parametrize("case", some_cases(), ids=str)
def test_values(db: Database, mysql: MySqlRemote, tables: dict[str, MySqlDifferential], case: Case) -> None:
    if mysql.kind not in tables:
        tables[mysql.kind] = MySqlDifferential(db, mysql)
    compared, wrong = tables[mysql.kind].check(case)
    assert compared > 40
    assert not wrong, "\n".join(wrong[:50])
