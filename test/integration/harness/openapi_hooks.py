"""Loaded by schemathesis: some of the ids that it makes up become ones that are there, and so do providers."""

from __future__ import annotations

import json
import os
from typing import Any

import schemathesis

# {"imports": [id, …], …}: by the word in the path.
_KNOWN: dict[str, list[str]] = json.loads(os.environ["CONNECTOR_TEST_KNOWN"])


def _one_of(known: list[str], made_up: object) -> object:
    """Two of three times one that is there; the same each time for the same text."""
    number = sum(str(made_up).encode())
    return made_up if number % 3 == 0 or not known else known[number % len(known)]


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    for name, value in (path_parameters or {}).items():
        word = next((word for word in _KNOWN if f"/{word}/" in context.operation.path), None)
        if word is not None and path_parameters is not None:
            path_parameters[name] = _one_of(_KNOWN[word], value)
    return path_parameters
