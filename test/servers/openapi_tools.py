"""schemathesis, which asks an HTTP API whatever its document allows, and a validator of such documents: from PyPI."""

from __future__ import annotations

import os

from .registries import python_packages


def openapi_environment() -> dict[str, str]:
    """The environment in which our Python finds both. Raises Unavailable where they can't be fetched."""
    folder = python_packages("schemathesis==4.32.5", "openapi-spec-validator==0.9.0")
    return os.environ | {"PYTHONPATH": str(folder)}
