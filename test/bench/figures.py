"""Figures as lines of JSON, in the file that the environment's FIGURES names; without it they are only printed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def append_figures(figures: Iterable[Mapping[str, Any]]) -> None:
    if path := os.environ.get("FIGURES"):
        with Path(path).open("a") as file:
            file.writelines(json.dumps(figure) + "\n" for figure in figures)
