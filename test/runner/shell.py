"""Running tools: output to a log, ended together with us."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from servers.process import descendants, die_with_parent, tail

# Variables by which make talks to its own children; a make of ours would misunderstand them.
_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "GNUMAKEFLAGS")


def clean_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our environment without make's variables."""
    return {name: value for name, value in os.environ.items() if name not in _MAKE} | dict(more or {})


class Tool:
    """One running tool in a process group of its own, so that Ctrl-C reaches us first."""

    def __init__(self, argv: Sequence[str | Path], log: Path, *, cwd: Path, env: Mapping[str, str] | None = None) -> None:
        self.argv = [str(part) for part in argv]
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            output.write(f"$ {' '.join(self.argv)}\n".encode())
            output.flush()
            self._process = subprocess.Popen(
                self.argv,
                cwd=cwd,
                env=clean_environment(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM, os.getpid()),
            )

    def poll(self) -> int | None:
        return self._process.poll()

    def wait(self, limit: float) -> int:
        """The exit status; a tool that takes longer than the limit is ended, status 124."""
        try:
            return self._process.wait(limit)
        except subprocess.TimeoutExpired:
            with self.log.open("a") as log:
                log.write(f"\nended after {limit:.0f} s\n")
            self.end()
            return 124
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """SIGTERM, time to clean up, then SIGKILL for it and all below it."""
        below = descendants(self._process.pid)
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(120)
            except subprocess.TimeoutExpired:
                below += descendants(self._process.pid)
                self._process.kill()
                self._process.wait()
        time.sleep(0.05)
        for child in below:
            child.send(signal.SIGKILL)


def run(
    argv: Sequence[str | Path],
    log: Path,
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    limit: float = 1800,
) -> int:
    """Runs a tool to its end and gives its exit status."""
    return Tool(argv, log, cwd=cwd, env=env).wait(limit)


def wait_or_stop(tool: Tool, limit: float, stop: threading.Event) -> int:
    """Like Tool.wait(), but ends the tool when asked to stop, status 130. For threads, which no interrupt reaches."""
    until = time.monotonic() + limit
    while (status := tool.poll()) is None:
        if stop.wait(0.2):
            tool.end()
            return 130
        if time.monotonic() > until:
            tool.end()
            return 124
    return status


def show_tail(log: Path, lines: int = 40) -> None:
    """Prints the end of a log, indented."""
    print(f"    --- end of {log}")
    for line in tail(log, lines).splitlines():
        print(f"    {line}")
    print("    ---", flush=True)
