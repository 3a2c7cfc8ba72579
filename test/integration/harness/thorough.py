"""What `make check` leaves out for want of time, and `make check THOROUGH=1` runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def always(chosen: Collection[Any], values: Iterable[Any]) -> list[Any]:
    """Parameters of a test: those that are chosen run always, the others by THOROUGH=1 only."""
    return [value if value in chosen else pytest.param(value, marks=pytest.mark.thorough) for value in values]
