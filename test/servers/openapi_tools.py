"""schemathesis, which asks an HTTP API whatever its document allows, and a validator of such documents: from PyPI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .cache import cached
from .server import Unavailable

_REQUIREMENTS = ("schemathesis==4.32.5", "openapi-spec-validator==0.9.0")


def openapi_environment() -> dict[str, str]:
    """The environment in which our Python finds both. Raises Unavailable where they can't be fetched."""
    name = "schemathesis-" + _REQUIREMENTS[0].partition("==")[2]
    try:
        folder = cached(name, _fetch)
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"pip could not fetch {_REQUIREMENTS[0]}: {error.stderr.strip()[-300:]}") from error
    return os.environ | {"PYTHONPATH": str(folder)}


def _fetch(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-input", "--target", str(folder)]
    subprocess.run([*pip, *_REQUIREMENTS], check=True, capture_output=True, text=True)
