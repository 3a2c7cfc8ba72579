"""Fixtures of the syncs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.syncs import Syncs, person


@pytest.fixture
def syncs(db: Database) -> Iterator[Syncs]:
    """The syncs of the module's database, which are deleted afterwards."""
    found = Syncs(db)
    yield found
    found.clean()


@pytest.fixture
def alice(db: Database) -> Iterator[Database]:
    yield from person(db, "alice")


@pytest.fixture
def bob(db: Database) -> Iterator[Database]:
    yield from person(db, "bob")
