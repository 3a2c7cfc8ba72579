"""CARTO's own Python client, `carto` on PyPI, and what it needs, in a folder of the cache."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .cache import cached
from .server import Unavailable

# The last one; it imports pkg_resources, and its dependency pyrestcli does not name two packages that it imports.
_REQUIREMENTS = ("carto==1.11.3", "setuptools<81", "six", "python-dateutil<3")


def carto_client() -> Path:
    """A folder for PYTHONPATH."""
    return cached("carto-1.11.3", _install)


def _install(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-input", "--target", str(folder)]
    result = subprocess.run([*pip, *_REQUIREMENTS], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise Unavailable(f"carto could not be installed with pip: {result.stderr.strip()[-300:]}")
