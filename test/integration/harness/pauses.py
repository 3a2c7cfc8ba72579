"""Pauses of test/probe/read_source: it waits for somebody to open a pipe, and goes on when that is closed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from servers.process import wait_until


def opened(pipe: Path, is_running: Callable[[], bool]) -> int:
    """The pipe, as soon as the program has opened its other end: it has come to its pause then."""
    found: list[int] = []

    def try_to_open() -> bool:
        assert is_running(), "the program ended before its pause"
        try:
            found.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True

    wait_until(try_to_open, what="the program to come to its pause")
    return found[0]
