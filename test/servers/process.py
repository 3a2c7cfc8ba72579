"""Child processes that never outlive us: spawning, finding descendants, stopping by process id."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .accounts import Account

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(death_signal: int, parent: int) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends the child `death_signal` when the thread that started it ends."""

    def arm() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # it ended in between
            os._exit(1)

    return arm


def spawn(
    argv: Sequence[str],
    *,
    log: Path,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    death_signal: int = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Starts a server in a session of its own (Ctrl-C at the terminal reaches us only), output to `log`."""
    identity: dict[str, object] = {}
    if account is not None and os.geteuid() == 0:
        identity = {"user": account.uid, "group": account.gid, "extra_groups": [account.gid]}
    with log.open("ab") as output:
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=cwd or "/",
            start_new_session=True,
            # runs after the change of user, which would clear it
            preexec_fn=die_with_parent(death_signal, os.getpid()),
            **identity,  # type: ignore[arg-type]
        )


def run_to_end(
    argv: Sequence[str],
    *,
    log: Path,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    stdin: Path | None = None,
    cwd: Path | None = None,
    limit: float = 600,
) -> None:
    """Runs a set-up command; on failure raises with the end of its output."""
    identity: dict[str, object] = {}
    if account is not None and os.geteuid() == 0:
        identity = {"user": account.uid, "group": account.gid, "extra_groups": [account.gid]}
    with log.open("ab") as output, (stdin or Path(os.devnull)).open("rb") as source:
        result = subprocess.run(
            list(argv),
            stdin=source,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=cwd or "/",
            timeout=limit,
            preexec_fn=die_with_parent(signal.SIGKILL, os.getpid()),
            check=False,
            **identity,  # type: ignore[arg-type]
        )
    if result.returncode != 0:
        raise RuntimeError(f"{argv[0]} ended with status {result.returncode}:\n{tail(log)}")


def tail(log: Path, lines: int = 40) -> str:
    """The last lines of a log file."""
    try:
        text = log.read_text(errors="replace")
    except OSError as error:
        return f"(no log: {error})"
    return "\n".join(text.splitlines()[-lines:])


@dataclass(frozen=True)
class Pid:
    """A process id that can't be mistaken for a later process with the same number."""

    number: int
    started: int  # clock ticks after boot

    def alive(self) -> bool:
        return identify(self.number) == self

    def send(self, what: int) -> None:
        if self.alive():
            try:
                os.kill(self.number, what)
            except ProcessLookupError:
                pass


def _stat(number: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()


def identify(number: int) -> Pid | None:
    """The identity of a process, None if there is none (zombies count as none)."""
    fields = _stat(number)
    if fields is None or fields[0] in "ZX":
        return None
    return Pid(number, int(fields[19]))


def descendants(number: int) -> list[Pid]:
    """All processes below one, children before grandchildren."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat(int(entry))) is not None:
            children.setdefault(int(fields[1]), []).append(int(entry))
    found: list[Pid] = []
    waiting = [number]
    while waiting:
        for child in children.get(waiting.pop(0), []):
            waiting.append(child)
            if (identity := identify(child)) is not None:
                found.append(identity)
    return found


def stop(process: subprocess.Popen[bytes], steps: Sequence[tuple[int, float]]) -> None:
    """Ends a process: sends each signal in turn and waits as long as said, at last SIGKILL, to children as well."""
    below = descendants(process.pid)
    for what, limit in (*steps, (signal.SIGKILL, 30.0)):
        if process.poll() is not None:
            break
        process.send_signal(what)
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            below += [child for child in descendants(process.pid) if child not in below]
    give_up = time.monotonic() + 5
    while any(child.alive() for child in below) and time.monotonic() < give_up:
        time.sleep(0.02)
    for child in below:
        child.send(signal.SIGKILL)


def wait_until(condition: Callable[[], bool], *, limit: float = 120, what: str = "a condition", pause: float = 0.05) -> None:
    """Polls until the condition holds; the limit only guards against waiting for ever."""
    give_up = time.monotonic() + limit
    while not condition():
        if time.monotonic() > give_up:
            raise TimeoutError(f"gave up waiting for {what} after {limit:.0f} s")
        time.sleep(pause)
