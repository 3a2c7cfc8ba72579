"""Reasons to skip a test: what SKIP leaves out beyond its group of tests, and what a host does not have."""

from __future__ import annotations

import functools
import os
import re

import psycopg2
import pytest
from runner.context import names_in

from servers.hosts import chosen


def left_out(name: str) -> bool:
    """Whether SKIP leaves out this remote server in the tests that are made for each."""
    return name in names_in("SKIP")


def unwanted(remote: str) -> bool:
    """Whether SKIP leaves out this remote server, or CONNECTOR_TEST_REMOTES names others."""
    return left_out(remote) or remote not in (names_in("CONNECTOR_TEST_REMOTES") or {remote})


@functools.cache
def host_lacks(library: str) -> bool:
    """Whether PostgreSQL on this host was built without it: ICU or libxml."""
    return chosen().lacks(library)


needs_xml = pytest.mark.skipif(host_lacks("libxml"), reason="PostgreSQL on this host was built without libxml")
needs_icu = pytest.mark.skipif(host_lacks("ICU"), reason="PostgreSQL on this host was built without ICU")

# RollbackAndReleaseCurrentSubTransaction() does not expect to be called by a deferred trigger; without our extension, too.
no_assertions = pytest.mark.skipif(
    chosen().name == "assert", reason="an assertion of PostgreSQL 15 fails where a trigger's exception block ends during COMMIT"
)


# Extensions of others that the tests use and that are packaged for Debian's PostgreSQL only.
_DEBIANS_OWN = {"postgis", "pg_cron"}


def skip_where_missing(error: psycopg2.Error) -> None:
    """Skips the test if the statement failed because another host than the machine's own lacks such an extension."""
    host = os.environ.get("CONNECTOR_TEST_HOST")
    match = re.search(r'extension "(\w+)" is not available', str(error))
    if host and match and match[1] in _DEBIANS_OWN:
        pytest.skip(f"{match[1]} is not to be had for the host {host}")
