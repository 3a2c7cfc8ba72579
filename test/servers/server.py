"""What all servers have in common: start, wait for a login, stop, kill, restart."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from . import process
from .accounts import Account
from .workspace import Workspace, free_port


class ServerError(RuntimeError):
    """A server did not start; the message ends with the tail of its log."""


class Unavailable(RuntimeError):
    """A server can't be had here; the message says why. Tests that need it are skipped."""


class Server(ABC):
    """A server process with its data in a workspace. A context manager; the workspace stops it as well."""

    kind: ClassVar[str] = "server"
    start_limit: ClassVar[float] = 180
    stop_steps: ClassVar[Sequence[tuple[int, float]]] = ((signal.SIGTERM, 60.0),)
    death_signal: ClassVar[int] = signal.SIGKILL

    def __init__(self, workspace: Workspace, account: Account) -> None:
        self.workspace = workspace
        self.account = account
        self.folder = workspace.subfolder(self.kind, account)
        self.log = self.folder / "server.log"
        self.log.touch()
        account.give(self.log)
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._prepared = False
        workspace.at_close(self._close)

    # what a kind of server says about itself
    @abstractmethod
    def prepare(self) -> None:
        """Creates the data folder; once, before the first start."""

    @abstractmethod
    def command(self) -> list[str]:
        """The command line for `self.port`."""

    @abstractmethod
    def login(self) -> None:
        """Logs in and out again; raises while the server is not ready."""

    def first_start(self) -> None:
        """Called once after the first successful start: accounts, databases."""

    def environment(self) -> dict[str, str]:
        """The environment of the server and its set-up commands."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "TMPDIR")}
        return kept | {"HOME": str(self.folder), "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    # life
    def start(self) -> Self:
        if self.running():
            return self
        first = not self._prepared
        if first:
            self.prepare()
            self._prepared = True
        for attempt in range(3 if first else 1):
            if first:
                self.port = free_port()
            try:
                self._start_once()
                break
            except ServerError:
                # Another program may have taken the port between the look and the bind.
                if attempt == 2 or not first or "ddress already in use" not in process.tail(self.log, 200):
                    raise
        if first:
            self.first_start()
        return self

    def _start_once(self) -> None:
        self._process = process.spawn(
            self.command(),
            log=self.log,
            account=self.account,
            env=self.environment(),
            death_signal=self.death_signal,
        )
        give_up = time.monotonic() + self.start_limit
        while True:
            if self._process.poll() is not None:
                raise ServerError(f"{self.kind} ended with status {self._process.returncode}:\n{self.log_tail()}")
            try:
                self.login()
                return
            except Exception as error:
                if time.monotonic() > give_up:
                    process.stop(self._process, ())
                    raise ServerError(f"{self.kind} accepted no login ({error}):\n{self.log_tail()}") from error
                time.sleep(0.05)

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError(f"{self.kind} was not started")
        return self._process.pid

    def stop(self) -> None:
        """Shuts down in good order, by force if it takes too long."""
        if self._process is not None:
            process.stop(self._process, self.stop_steps)

    def kill(self) -> None:
        """Pulls the plug: SIGKILL."""
        if self._process is not None:
            process.stop(self._process, ())

    def restart(self) -> Self:
        """Stops it if it runs, and starts it on the same port with the same data."""
        self.stop()
        return self.start()

    def freeze(self) -> None:
        """SIGSTOP: connections stay open, nothing answers. `thaw` ends it."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def log_tail(self, lines: int = 40) -> str:
        return process.tail(self.log, lines)

    def log_size(self) -> int:
        """A position in the log; `log_since` gives what came after it."""
        return self.log.stat().st_size

    def log_since(self, position: int) -> str:
        with self.log.open("rb") as log:
            log.seek(position)
            return log.read().decode(errors="replace")

    def _close(self) -> None:
        if self.running():
            self.thaw()
            self.stop()
        self.workspace.keep_log(self.log, self.folder.name)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def executable(*candidates: str | Path) -> Path:
    """The first of the candidates (paths or names on PATH and in the sbin folders) that can be run."""
    for candidate in candidates:
        if "/" in str(candidate):
            if os.access(candidate, os.X_OK):
                return Path(candidate)
            continue
        for folder in (*os.environ.get("PATH", "").split(":"), "/usr/sbin", "/sbin", "/usr/local/sbin"):
            if folder and os.access(path := Path(folder) / candidate, os.X_OK):
                return path
    raise Unavailable(f"{candidates[0]} is not installed")
