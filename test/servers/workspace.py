"""The temporary folder of one run, and everything that has to end with it."""

from __future__ import annotations

import atexit
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType

from .accounts import Account
from .process import Pid, identify

_PREFIX = "connector-test-"
_OWNER_FILE = "owner.json"
TOLD = "told.txt"


class Workspace:
    """A context manager. Leaving it, an interrupt, SIGTERM, SIGHUP or the end of the interpreter runs what was
    registered with `at_close`, newest first, and removes the folder.

    Should the process be killed outright, the kernel ends its servers, and the next workspace sweeps the folder.
    Use it and start servers from the main thread only: servers live as long as the thread that started them.
    """

    def __init__(self) -> None:
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self.folder.chmod(0o755)  # servers run as other accounts
        me = identify(os.getpid())
        assert me is not None
        owner = {"pid": me.number, "started": me.started, "namespace": _namespace()}
        (self.folder / _OWNER_FILE).write_text(json.dumps(owner))
        self._owner = os.getpid()
        self._closers: list[Callable[[], None]] = []
        self._handlers: dict[int, object] = {}
        self._closed = False

    def __enter__(self) -> Workspace:
        atexit.register(self.close)
        for number in (signal.SIGTERM, signal.SIGHUP):
            self._handlers[number] = signal.signal(number, _interrupt)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
        atexit.unregister(self.close)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def at_close(self, closer: Callable[[], None]) -> None:
        """Registers what must be stopped at the end."""
        self._closers.append(closer)

    def close(self) -> None:
        """Stops and removes everything; harmless when called again, or in a forked child."""
        if self._closed or os.getpid() != self._owner:
            return
        self._closed = True
        failures: list[Exception] = []
        while self._closers:
            try:
                self._closers.pop()()
            except Exception as error:  # go on: the others must be stopped too
                failures.append(error)
        shutil.rmtree(self.folder, ignore_errors=True)
        if failures:
            raise failures[0]

    def subfolder(self, name: str, account: Account | None = None, mode: int = 0o700) -> Path:
        """A new folder in the workspace (`name`, `name-2`, …), owned by `account`."""
        path = self.folder / name
        number = 1
        while path.exists():
            number += 1
            path = self.folder / f"{name}-{number}"
        path.mkdir()
        path.chmod(mode)
        if account is not None:
            account.give(path)
        return path

    def keep_log(self, log: Path, name: str) -> None:
        """Copies a log to the folder named by CONNECTOR_TEST_LOGS, where the runner keeps logs."""
        target = os.environ.get("CONNECTOR_TEST_LOGS")
        if target and log.exists():
            Path(target).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(log, Path(target) / f"{name}-{os.getpid()}.log")

    def tell(self, line: str) -> None:
        """Says something in the summary of the suite, in the folder where the runner keeps logs."""
        if target := os.environ.get("CONNECTOR_TEST_LOGS"):
            Path(target).mkdir(parents=True, exist_ok=True)
            with (Path(target) / TOLD).open("a") as file:
                file.write(line + "\n")


# Below the ports that the kernel gives to connections, which could take one before its server is started, or while it is
# stopped. Each worker of pytest has its own, as several start servers at once; another run may have begun with the same.
_FIRST_PORT, _PORTS_OF_A_WORKER, _WORKERS = 15_000, 1_500, 11
_turns = itertools.count(random.SystemRandom().randrange(_PORTS_OF_A_WORKER))


def free_port() -> int:
    """A TCP port on loopback that was free a moment ago. It does not come again soon."""
    worker = re.fullmatch(r"gw(\d+)", os.environ.get("PYTEST_XDIST_WORKER", ""))
    number = int(worker[1]) % (_WORKERS - 1) if worker else _WORKERS - 1
    for turn in itertools.islice(_turns, _PORTS_OF_A_WORKER):
        port = _FIRST_PORT + number * _PORTS_OF_A_WORKER + turn % _PORTS_OF_A_WORKER
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")


def _interrupt(number: int, frame: FrameType | None) -> None:
    # The way of Ctrl-C: every context manager is left, and pytest closes its session in good order.
    raise KeyboardInterrupt(signal.Signals(number).name)


def _namespace() -> str:
    return os.readlink("/proc/self/ns/pid")


def _sweep() -> None:
    """Removes the folders of runs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(_PREFIX + "*"):
        try:
            owner = json.loads((folder / _OWNER_FILE).read_text())
            mine = folder.stat().st_uid == os.geteuid() and owner["namespace"] == _namespace()
            if mine and not Pid(owner["pid"], owner["started"]).alive():
                shutil.rmtree(folder, ignore_errors=True)
        except (OSError, ValueError, KeyError):
            continue
