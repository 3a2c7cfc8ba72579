"""Sources seen through the interface of the drivers alone, by test/probe/read_source."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from servers.remote import Remote

Read = Callable[..., list[str]]

ALL_PARTS = ["indexes", "defaults", "foreign_keys"]


def own_words(errors: str) -> str:
    """What the program says, without what the sanitizer says of stacks of our own when it meets the first one."""
    return "".join(line for line in errors.splitlines(keepends=True) if "makecontext/swapcontext" not in line)


def reader(program: str, environment: Mapping[str, str]) -> Read:
    """Gives the lines that the program prints for a connector and its steps, with more in its environment."""

    def run(connector: dict[str, object], *steps: str) -> list[str]:
        done = subprocess.run([program, *steps], input=json.dumps(connector), capture_output=True, text=True, check=False, env=os.environ | environment)
        assert done.returncode == 0, own_words(done.stderr)
        return [line.strip() for line in done.stdout.splitlines()]

    return run


def parts_of(read: Read, remote: Remote, table: str, keep: list[str] | None = None, **more: object) -> dict[str, Any]:
    """What the driver tells of a table beside its columns: `defaults` by column, `indexes`, `foreign_keys`."""
    keys = {"keep": ALL_PARTS if keep is None else keep}
    (line,) = read(remote.connector(table=table, **keys, **more), "parts")
    found: dict[str, Any] = json.loads(line)
    return found


def with_words(parts: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Indexes or foreign keys by name, without what is false or empty, and without the method that most have."""
    return {
        part["name"]: {key: value for key, value in part.items() if value and key != "name" and value != "btree"}
        for part in parts
    }
