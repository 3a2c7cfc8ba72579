"""SET options."""

from __future__ import annotations

from ..errors import SqlError, refused
from . import nodes
from .environment import Environment

# Taken in either state: they change nothing that this server does otherwise.
_HARMLESS = frozenset(
    """ANSI_DEFAULTS ANSI_NULL_DFLT_ON ANSI_NULL_DFLT_OFF ANSI_PADDING ANSI_WARNINGS ARITHABORT ARITHIGNORE
    CURSOR_CLOSE_ON_COMMIT NUMERIC_ROUNDABORT XACT_ABORT DEADLOCK_PRIORITY""".split()
)
_ONLY = {"ANSI_NULLS": "ON", "CONCAT_NULL_YIELDS_NULL": "ON", "IMPLICIT_TRANSACTIONS": "OFF", "FMTONLY": "OFF"}
_ONLY |= {"NOEXEC": "OFF", "PARSEONLY": "OFF", "SHOWPLAN_ALL": "OFF", "DATEFIRST": "7"}
_ISOLATION_LEVELS = {"READ UNCOMMITTED": 1, "READ COMMITTED": 2, "REPEATABLE READ": 3, "SERIALIZABLE": 4, "SNAPSHOT": 5}
_LARGEST_TEXT_SIZE = 2147483647


def set_option(environment: Environment, node: nodes.SetOption) -> None:
    """Runs a SET statement."""
    for option in node.option.split(","):
        _set_one(environment, option, node.words)


def _set_one(environment: Environment, option: str, words: tuple[str, ...]) -> None:
    value = words[0].upper()
    if option == "TRANSACTION ISOLATION LEVEL":
        environment.isolation = _ISOLATION_LEVELS[" ".join(words)]
        return
    if option == "IDENTITY_INSERT":
        environment.identity_insert = words[-1].lower() if value == "ON" else None
    elif option == "TEXTSIZE":
        number = _number(option, value)
        # 0 stands for the old default, -1 for no limit
        environment.text_size = 4096 if number == 0 else _LARGEST_TEXT_SIZE if number < 0 else number
    elif option == "ROWCOUNT":
        environment.row_limit = _number(option, value)
    elif option == "LOCK_TIMEOUT":
        environment.lock_timeout = _number(option, value)
    elif option == "NOCOUNT":
        environment.no_count = value == "ON"
    elif option == "QUOTED_IDENTIFIER":
        environment.quoted_identifier = value == "ON"
    elif option == "DATEFORMAT":
        if value not in ("MDY", "YMD"):
            raise refused(f"SET DATEFORMAT {value}")
        environment.date_format = value.lower()
    elif option == "LANGUAGE":
        if value not in ("US_ENGLISH", "ENGLISH"):
            raise refused(f"SET LANGUAGE {value}")
        environment.language = "us_english"
    elif option not in _HARMLESS and _ONLY.get(option) != value:
        raise refused(f"SET {option} {value}")


def _number(option: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise SqlError(102, f"Incorrect syntax near '{value}'.", severity=15) from None
