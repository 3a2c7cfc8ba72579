"""The dialects by provider."""

from __future__ import annotations

from collections.abc import Mapping

from servers.remote import Remote

from .dialect import Dialect, Words
from .dialect_hive import HiveDialect
from .dialect_odbc import OdbcDialect
from .dialect_postgres import PostgresDialect
from .dialect_sqlserver import SqlServerDialect

__all__ = ["DIALECTS", "Dialect", "Words", "dialect_of"]

DIALECTS: Mapping[str, Dialect] = {
    dialect.provider: dialect for dialect in (Dialect(), PostgresDialect(), SqlServerDialect(), HiveDialect(), OdbcDialect())
}


def dialect_of(remote: Remote) -> Dialect:
    return DIALECTS[remote.provider]
