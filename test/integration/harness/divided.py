"""Sources read in parts by test/probe/read_source, with a pause in between."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.unit import BUILD

from servers.workspace import Workspace

from .pauses import opened
from .sources import own_words


class Paused:
    """The program, which goes on when it is told to."""

    def __init__(self, probe: subprocess.Popen[str], pipe: int) -> None:
        self._probe = probe
        self._pipe: int | None = pipe

    def go_on(self) -> None:
        if self._pipe is not None:
            os.close(self._pipe)
        self._pipe = None

    def end(self) -> tuple[str, str]:
        """Goes on; what it has printed then, and its error."""
        self.go_on()
        assert self._probe.stdout is not None and self._probe.stderr is not None
        text = self._probe.stdout.read()
        error = own_words(self._probe.stderr.read())
        assert (self._probe.wait() == 0) == (error == ""), (self._probe.returncode, error)
        return text, error


@contextmanager
def paused(connector: dict[str, object], workspace: Workspace, at: str = "pause") -> Iterator[Paused]:
    """`at`: "pause" when the table is divided, "pause_reading" when half of its parts are read."""
    pipe: Path = workspace.subfolder("divided") / "pause"
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    step = "divided:" + json.dumps({"wanted": 8, "readers": 3, at: str(pipe)})
    program = [str(BUILD / "read_source"), step]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as probe:
        assert probe.stdin is not None
        probe.stdin.write(json.dumps(connector))
        probe.stdin.close()
        there = Paused(probe, opened(pipe, lambda: probe.poll() is None))
        try:
            yield there
        finally:
            there.go_on()
