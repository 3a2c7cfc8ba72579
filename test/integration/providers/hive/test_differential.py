"""Every type behind coalesce, CASE, max, views and UNION arrives as the server itself prints it.

`make soak` does so with each expression in each way (test/soak/value_differential.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.differential import Case
from harness.hive_differential import HiveDifferential, some_cases
from harness.hive_types import STORED, create_every_type

from servers.remote_hive import HiveRemote

TABLE = "each_value"


@pytest.fixture(scope="module")
def table(db: Database, hive: HiveRemote) -> Iterator[HiveDifferential]:
    create_every_type(hive, TABLE)
    differential = HiveDifferential(db, hive, TABLE, [kind.declaration for kind in STORED])
    yield differential
    differential.close()
    hive.drop(TABLE)


@pytest.mark.parametrize("case", some_cases(), ids=str)
def test_values(table: HiveDifferential, case: Case) -> None:
    compared, wrong = table.check(case)
    assert compared > 10
    assert not wrong, "\n".join(wrong[:50])
