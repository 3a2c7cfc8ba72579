"""What the groups of one run share."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from servers.postgres import Postgres
from servers.staging import install_into
from servers.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]


def names_in(variable: str) -> set[str]:
    """Names in an environment variable, separated by spaces or commas."""
    return {name for name in re.split(r"[\s,]+", os.environ.get(variable, "")) if name}


def group_keys(names: set[str]) -> set[str]:
    """Group names as they are compared: `fault` and `faults` are the same."""
    return {_key(name) for name in names}


def _key(group: str) -> str:
    return group.rstrip("s")


@dataclass
class Context:
    """Settings, folders, and the staged extension, made when first asked for. `only` and `skip` hold group keys.

    `host` is empty for the machine's own PostgreSQL; `files` says which files of tests are of interest, by
    their path in test/integration; `environment` has variables for its tests.
    """

    workspace: Workspace
    only: set[str]
    skip: set[str]
    sanitize: bool
    host: str = ""
    files: re.Pattern[str] = re.compile("")
    environment: dict[str, str] = field(default_factory=dict)
    _stage: Path | None = None

    @property
    def build(self) -> Path:
        return ROOT / "build" / "sanitize" if self.sanitize else ROOT / "build"

    @property
    def logs(self) -> Path:
        logs = self.build / "test-logs"
        return logs / f"host-{self.host}" if self.host else logs

    @property
    def label(self) -> str:
        """What names of groups end with."""
        return f" on {self.host}" if self.host else ""

    def wants(self, group: str) -> bool:
        return (not self.only or _key(group) in self.only) and _key(group) not in self.skip

    def of_interest(self, files: Iterable[PurePath]) -> list[PurePath]:
        return [path for path in files if self.files.match(str(path))]

    def stage(self) -> Path:
        """The DESTDIR with the extension, built if need be."""
        if self._stage is None:
            self._stage = install_into(self.workspace, self.logs / "build.log", sanitize=self.sanitize)
        return self._stage

    def postgres(self, **settings: str) -> Postgres:
        """A cluster for the staged extension; not started."""
        return Postgres(self.workspace, stage=self.stage(), settings=settings)


def cores() -> int:
    return len(os.sched_getaffinity(0))


def free_memory() -> int:
    """In bytes: what can be had without swapping."""
    figures = Path("/proc/meminfo").read_text(encoding="ascii")
    return int(re.search(r"^MemAvailable:\s+(\d+) kB$", figures, re.MULTILINE)[1]) * 1024  # type: ignore[index]


def thorough() -> bool:
    """Whether this run leaves nothing out (THOROUGH=1)."""
    return os.environ.get("CONNECTOR_TEST_THOROUGH", "") not in ("", "0")
