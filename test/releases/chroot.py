"""A fresh Debian 12 in a folder, with processes, mounts and temporary files of its own.

Its first process lives in a PID and a mount namespace: when that process ends, for whatever reason, the kernel ends all
others in there and takes the mounts away. So nothing has to be unmounted, and the machine never sees a mount of it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from servers.cache import cached
from servers.foreign_suite import KEYRING
from servers.process import descendants, die_with_parent, tail
from servers.server import Unavailable
from servers.workspace import Workspace

# mmdebstrap's own choice of packages: what is essential, and apt. What tests need besides comes with the packages.
_VARIANT = "apt"

_TOLD_BY_APT = "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(CODENAME)"

# PostgreSQL wants shared memory. The first process waits for ever, and reaps the processes whose parents are gone.
_FIRST = """
set -e
root=$1
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
shift
while [ $# -gt 0 ]; do
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  shift 2
done
exec chroot "$root" /bin/sh -c 'mkdir -m 1777 /run/lock; echo ready; while :; do sleep 1; done'
"""


def sources() -> str:
    """Lines for sources.list: the parts of Debian that this machine's apt uses, security included."""
    answer = subprocess.run(
        ["apt-get", "indextargets", "--format", _TOLD_BY_APT, "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = set()
    for line in answer.stdout.splitlines():
        origin, address, release, component, codename = line.split("|")
        if origin == "Debian" and codename.startswith("bookworm"):
            lines.add(f"deb [signed-by={KEYRING}] {address} {release or codename} {component}\n")
    if not lines:
        raise Unavailable("apt knows no mirror of Debian 12 (run 'apt-get update' as root)")
    return "".join(sorted(lines))


class Chroot:
    """A context manager: a new Debian. `bound` are folders of the machine that are seen in it, by their paths there."""

    def __init__(self, workspace: Workspace, name: str, bound: Mapping[Path, str] | None = None) -> None:
        if os.geteuid() != 0:
            raise Unavailable("only root can make a Debian to install packages into")
        self.root = workspace.subfolder(name, mode=0o755)
        self.log = workspace.folder / f"{self.root.name}.log"
        self._workspace = workspace
        self._bound = bound or {}
        self._first: subprocess.Popen[bytes] | None = None
        self._pid = 0

    def __enter__(self) -> Chroot:
        workspace = self._workspace
        base = cached("bookworm-base", _make_base) / "base.tar"
        subprocess.run(["tar", "-x", "-p", "--numeric-owner", "-f", base, "-C", self.root], check=True)
        shutil.copyfile("/etc/resolv.conf", self.root / "etc/resolv.conf")
        self._forbid_starting_services()
        # What is thrown away need not be safe on disk after each file; Debian's images for Docker do the same.
        (self.root / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")
        bound = [part for outside, inside in self._bound.items() for part in (str(outside), inside)]
        self._first = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "/bin/sh", "-c", _FIRST, "sh", str(self.root), *bound],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGKILL, os.getpid()),
        )
        workspace.at_close(self.end)
        assert self._first.stdout is not None
        if self._first.stdout.readline() != b"ready\n":
            raise Unavailable("namespaces or mounts are not allowed here")
        self._pid = descendants(self._first.pid)[0].number
        self.run(["apt-get", "-q", "update"])
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Ends all that runs in it. The folder goes with the workspace."""
        if self._first is not None:
            self._first.kill()
            self._first.wait()
            self._first = None
        self._workspace.keep_log(self.log, self.root.name)
        shutil.rmtree(self.root, ignore_errors=True)

    def _forbid_starting_services(self) -> None:
        """There is no systemd: what packages would start, tests start by themselves."""
        policy = self.root / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)

    def _argv(self, command: Sequence[str], user: str, environment: Mapping[str, str], folder: str) -> list[str]:
        enter = ["nsenter", f"--target={self._pid}", "--mount", "--pid", "--root", f"--wd=/proc/{self._pid}/root{folder}"]
        as_user = [] if user == "root" else ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        plain = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            "HOME": "/root" if user == "root" else "/",
        }
        variables = [f"{name}={value}" for name, value in (plain | dict(environment)).items()]
        return [*enter, "env", "-i", *variables, *as_user, *command]

    def run(
        self,
        command: Sequence[str],
        *,
        user: str = "root",
        environment: Mapping[str, str] | None = None,
        folder: str = "/",
        limit: float = 1800,
    ) -> str:
        """Runs a command to its end and gives what it printed; another status than 0 is an error with the end of the log."""
        with self.log.open("ab") as log:
            log.write(f"$ {' '.join(command)}\n".encode())
            log.flush()
            done = subprocess.run(
                self._argv(command, user, environment or {}, folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                timeout=limit,
                check=False,
            )
            log.write(done.stdout)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)[:300]} ended with status {done.returncode}:\n{tail(self.log, 40)}")
        return done.stdout.decode()

    @contextmanager
    def running(
        self, command: Sequence[str], *, user: str, environment: Mapping[str, str] | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A program that runs until the end of the block, where SIGTERM must end it in good order."""
        with self.log.open("ab") as log:
            log.write(f"$ {' '.join(command)} &\n".encode())
            log.flush()
            program = subprocess.Popen(
                self._argv(command, user, environment or {}, "/"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(signal.SIGKILL, os.getpid()),
            )
        try:
            yield program
            for process in descendants(program.pid):
                process.send(signal.SIGTERM)
            assert program.wait(60) == 0, tail(self.log, 20)
        finally:
            if program.poll() is None:
                program.kill()
                program.wait()

    def install(self, *packages: str) -> None:
        """By apt, with what they need and nothing more."""
        self.run(["apt-get", "-q", "-y", "--no-install-recommends", "install", *packages])

    def psql(self, statement: str, database: str = "postgres", user: str = "postgres") -> str:
        """What a statement answers, bare, as the superuser of the cluster."""
        return self.run(["psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement], user=user).strip()

    def path(self, inside: str) -> Path:
        """Where a file of it is for us."""
        return self.root / inside.lstrip("/")

    def files(self) -> set[str]:
        """The paths of all files and folders but data of clusters and what tells of the past: logs, caches, apt's and dpkg's own."""
        found: set[str] = set()
        for folder, folders, names in os.walk(self.root):
            inside = "/" + os.path.relpath(folder, self.root).removeprefix(".").lstrip("/")
            folders[:] = [name for name in folders if not _ELSEWHERE.match(os.path.join(inside, name))]
            paths = (os.path.join(inside, name) for name in (*folders, *names))
            found |= {path for path in paths if not _ELSEWHERE.match(path)}
        return found


_ELSEWHERE = re.compile(
    r"/(?:proc|dev|run|tmp|root)$|/var/(?:log|cache|backups)$|/var/lib/(?:apt|dpkg|postgresql)$|/etc/(?:ld\.so\.cache|mailcap)$"
    r"|/etc/(?:passwd|group|shadow|gshadow)-$"
)


def _make_base(folder: Path) -> None:
    if shutil.which("mmdebstrap") is None:
        raise Unavailable("mmdebstrap is not installed")
    log = folder / "log"
    with log.open("wb") as output:
        done = subprocess.run(
            [
                *("mmdebstrap", "--quiet", f"--variant={_VARIANT}", "--mode=root"),
                # A mirror that stands still is good enough: signatures are checked all the same.
                '--aptopt=Acquire::Check-Valid-Until "false"',
                "--include=debian-archive-keyring,ca-certificates",
                *("bookworm", str(folder / "base.tar"), "-"),
            ],
            input=sources().encode(),
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=1800,
            check=False,
            preexec_fn=die_with_parent(signal.SIGKILL, os.getpid()),
        )
    if done.returncode != 0:
        raise Unavailable(f"mmdebstrap failed: {tail(log, 5)}")
