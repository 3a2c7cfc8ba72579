"""The fake servers, and what a test must know of their misdeeds.

A further provider adds an entry to FAKES; the tests stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from servers.fake_hive import FakeHive, HiveMode
from servers.fake_mysql import FakeMySql, Mode
from servers.fake_postgres import FakePostgres, PgMode
from servers.fake_server import FakeServer
from servers.fake_sqlserver import FakeSqlServer
from servers.fake_sqlserver import Mode as TdsMode

from .skipping import left_out


@dataclass(frozen=True)
class Fake:
    """A kind of fake server. Sets of modes: those that come before the login is done; that do no harm; that make the
    client wait, so that a test must let it run into a timeout, or that are long; and one for each halt of stalls.py."""

    make: Callable[..., FakeServer]
    modes: type[Enum]
    before_login: frozenset[Enum]
    harmless: frozenset[Enum]
    slow: frozenset[Enum]
    stalls: Mapping[str, Enum]
    tls: dict[str, object] = field(default_factory=dict)  # connection keys for modes that lie about TLS
    negotiates_tls: bool = True  # else "prefer" tries with TLS, and then without
    http: dict[str, object] = field(default_factory=dict)  # and for those that misbehave over HTTP

    @property
    def bad(self) -> list[Enum]:
        return [mode for mode in self.modes if mode.name != "WELL_BEHAVED" and mode not in self.harmless]

    def keys(self, mode: Enum) -> dict[str, Any]:
        return {"TLS": self.tls, "HTTP": self.http}.get(mode.name.split("_")[0], {})


FAKES: dict[str, Fake] = {
    "mysql": Fake(
        make=FakeMySql,
        modes=Mode,
        before_login=frozenset(
            {
                Mode.SILENT,
                Mode.CLOSES_AT_ONCE,
                Mode.GARBAGE_GREETING,
                Mode.HUGE_GREETING,
                Mode.TRUNCATED_GREETING,
                Mode.STALL_AFTER_GREETING,
                Mode.TLS_LIE,
                Mode.CLEAR_PASSWORD,
                Mode.UNKNOWN_PLUGIN,
                Mode.ERROR_GREETING,
                Mode.STALL_AFTER_AUTH,
            }
        ),
        # The client library does not mind, and need not: TCP keeps the order.
        harmless=frozenset({Mode.BAD_SEQUENCE}),
        slow=frozenset(
            {
                Mode.SILENT,
                Mode.HUGE_GREETING,
                Mode.STALL_AFTER_GREETING,
                Mode.STALL_AFTER_AUTH,
                Mode.STALL_ON_QUERY,
                Mode.STALL_AFTER_COLUMNS,
                Mode.STALL_MID_ROWS,
                Mode.HUGE_COLUMN_COUNT,
                Mode.TLS_LIE,
                Mode.LOCAL_INFILE,
                Mode.ENDLESS_ROW,
            }
        ),
        stalls={
            "authenticate": Mode.STALL_AFTER_GREETING,
            "describe": Mode.STALL_ON_QUERY,
            "columns": Mode.STALL_AFTER_COLUMNS,
        },
    ),
    "postgres": Fake(
        make=FakePostgres,
        modes=PgMode,
        before_login=frozenset(
            mode for mode in PgMode if PgMode.TLS_ERROR.value <= mode.value <= PgMode.ODD_VERSION.value
        )
        - {PgMode.SCRAM_UNPROVEN, PgMode.NO_KEY},
        harmless=frozenset(
            {
                PgMode.HUGE_NOTICE,
                PgMode.PARAMETER_CHANGE,
                PgMode.PIECES,
                PgMode.ONE_PIECE,
                PgMode.HEADER_EXTENSION,
                PgMode.NO_KEY,
                PgMode.DATA_BEHIND_DONE,
                PgMode.LONG_NAME,
                # libpq minds from version 16 on, if it is told to
                PgMode.SCRAM_UNPROVEN,
                PgMode.UNKNOWN_TYPE,
            }
        ),
        slow=frozenset(
            {
                PgMode.TLS_LIE,
                PgMode.TLS_STUFFED,
                PgMode.SILENT,
                PgMode.STALL_AFTER_GREETING,
                PgMode.TRUNCATED_GREETING,
                PgMode.OLD_ERROR_GREETING,
                PgMode.STALL_AFTER_AUTH,
                PgMode.PARAMETER_FLOOD,
                PgMode.NOTICE_FLOOD_AT_LOGIN,
                PgMode.STALL_ON_QUERY,
                PgMode.GARBAGE_ANSWER,
                PgMode.HUGE_MESSAGE,
                PgMode.STALL_AFTER_COLUMNS,
                PgMode.STALL_MID_ROWS,
                PgMode.GARBAGE_ROW,
                PgMode.ENDLESS_ROW,
                PgMode.ENDLESS_ROWS,
                PgMode.HUGE_PIECE,
                PgMode.NOTICE_FLOOD,
                PgMode.NOTIFICATION_FLOOD,
                PgMode.PARAMETER_FLOOD_MID_ROWS,
            }
        ),
        stalls={
            "authenticate": PgMode.STALL_AFTER_GREETING,
            "describe": PgMode.STALL_ON_QUERY,
            "columns": PgMode.STALL_AFTER_COLUMNS,
        },
        tls={"sslmode": "require"},
    ),
    "sqlserver": Fake(
        make=FakeSqlServer,
        modes=TdsMode,
        before_login=frozenset(mode for mode in TdsMode if mode.value <= TdsMode.STALL_AFTER_LOGIN.value),
        # The second stalls nothing but an attention.
        harmless=frozenset({TdsMode.ODD_LOGIN_VERSION, TdsMode.CLOSES_ON_ATTENTION}),
        slow=frozenset(
            mode for mode in TdsMode if "STALL" in mode.name or "HUGE" in mode.name or "ENDLESS" in mode.name
        )
        | {
            TdsMode.SILENT,
            TdsMode.TLS_LIE,
            TdsMode.GARBAGE_PRELOGIN,
            TdsMode.GARBAGE_LOGIN,
            TdsMode.IGNORES_ATTENTION,
        },
        stalls={
            "authenticate": TdsMode.STALL_ON_LOGIN,
            "describe": TdsMode.STALL_ON_QUERY,
            "columns": TdsMode.STALL_AFTER_COLUMNS,
        },
        tls={"sslmode": "require"},
    ),
    "hive": Fake(
        make=FakeHive,
        modes=HiveMode,
        before_login=frozenset(
            mode
            for mode in HiveMode
            if HiveMode.TLS_LIE.value <= mode.value <= HiveMode.SESSION_HUGE_FRAME.value or mode.name.startswith("HTTP_")
        ),
        harmless=frozenset(mode for mode in HiveMode if mode.value >= HiveMode.OLD_PROTOCOL.value),
        slow=frozenset(
            mode for mode in HiveMode if "STALL" in mode.name or "HUGE" in mode.name or "ENDLESS" in mode.name
        )
        | {
            HiveMode.TLS_LIE,
            HiveMode.SILENT,
            HiveMode.SASL_NEGATIVE,
            HiveMode.GARBAGE_GREETING,
            HiveMode.SESSION_GARBAGE,
            HiveMode.GARBAGE_ANSWER,
            HiveMode.NEGATIVE_FRAME,
            HiveMode.RUNS_FOR_EVER,
            HiveMode.STILL_EXECUTING,
            HiveMode.HTTP_SILENT,
            HiveMode.HTTP_GARBAGE,
        },
        stalls={
            "authenticate": HiveMode.STALL_AFTER_GREETING,
            "describe": HiveMode.STALL_ON_QUERY,
            "columns": HiveMode.STALL_AFTER_COLUMNS,
        },
        tls={"sslmode": "require"},
        negotiates_tls=False,
        http={"transport": "http"},
    ),
}
if left_out("hive"):
    del FAKES["hive"]
