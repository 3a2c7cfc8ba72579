"""A SQL Server that misbehaves as told, and records all that clients send: the TDS test server, without locks on its door.

It logs everybody in. Statements with the trigger are described, and answered, with the columns `id` (bigint) and `word`
(nvarchar) and two rows, unless the mode has it otherwise.
"""

from __future__ import annotations

from .tds.faults import Mode
from .tds.login import Login
from .tds.server import TdsServer

__all__ = ["FakeSqlServer", "Mode"]


class FakeSqlServer(TdsServer):
    """A context manager."""

    serves_trigger = True

    def __init__(self, mode: Mode, *, trigger: str = "") -> None:
        super().__init__(mode, trigger=trigger)
        self.records = True

    def accepts(self, asked: Login) -> bool:
        return True

    def connection(self, **more: object) -> dict[str, object]:
        return super().connection(**{"username": "somebody", "password": "a-secret-password", **more})
