"""CARTO's own Python client, `carto` on PyPI, and what it needs, in a folder of the cache."""

from __future__ import annotations

from pathlib import Path

from .registries import python_packages


def carto_client() -> Path:
    """A folder for PYTHONPATH."""
    # The last one; it imports pkg_resources, and its dependency pyrestcli does not name two packages that it imports.
    return python_packages("carto==1.11.3", "setuptools<81", "six", "python-dateutil<3")
