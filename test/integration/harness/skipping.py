"""What SKIP leaves out beyond its group of tests: a remote server of the tests that are made for each."""

from __future__ import annotations

import os
import re


def left_out(name: str) -> bool:
    return name in re.split(r"[\s,]+", os.environ.get("SKIP", ""))
