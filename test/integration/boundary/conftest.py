"""Fixtures of the tests of the boundary."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.boundary import Cluster, start_cluster
from harness.database import Database

from servers.workspace import Workspace


@pytest.fixture(scope="module")
def cluster(workspace: Workspace) -> Iterator[Cluster]:
    yield from start_cluster(workspace)


@pytest.fixture(scope="module")
def shared(cluster: Cluster) -> Iterator[Database]:
    """A database with the functions of the test module."""
    database = cluster.create("boundary")
    yield database
    database.close()


@pytest.fixture
def session(shared: Database) -> Iterator[Database]:
    """A session of the test's own there."""
    with shared.another() as database:
        yield database
