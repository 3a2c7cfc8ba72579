"""Packages of another Debian suite, unpacked into a folder with all they depend on.

apt resolves the dependencies against an empty system, so the tree holds its own loader and C library, and
programs in it run through that loader. Neither root nor a chroot is needed, and the machine is not changed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .process import die_with_parent
from .server import Unavailable

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def mirror() -> str:
    """The Debian mirror that this machine's apt uses."""
    answer = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(COMPONENT)|$(REPO_URI)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    for line in answer.stdout.splitlines():
        origin, component, uri = line.split("|", 2)
        if origin == "Debian" and component == "main" and "security" not in uri:
            return uri
    raise Unavailable("apt knows no Debian mirror (run 'apt-get update' as root)")


def unpack(suite: str, packages: Sequence[str], folder: Path) -> None:
    """Downloads `packages` of `suite` and what they need, and unpacks them into `folder`."""
    with _updated_apt(folder, f"deb [signed-by={KEYRING}] {mirror()} {suite} main\n") as (state, options):
        _run(["apt-get", *options, "-y", "--download-only", "install", *packages], state)
        for package in sorted((state / "cache" / "archives").glob("*.deb")):
            _run(["dpkg-deb", "-x", str(package), str(folder)], state)
    for useless in ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/perl", "usr/share/info"):
        shutil.rmtree(folder / useless, ignore_errors=True)


# Programs that find their files by their own path, and start each other by it, are replaced by a script that runs them
# with the loader and the libraries of their own suite.
_SCRIPT = """#!/bin/sh
root=${{0%/{inside}}}
libraries=$root/usr/lib/x86_64-linux-gnu
exec "$libraries/ld-linux-x86-64.so.2" --argv0 "$0" --library-path "$libraries" "$0.program" "$@"
"""


def run_by_own_loader(tree: Path, programs: Iterable[Path]) -> None:
    """Makes programs of an unpacked tree work where the tree lies."""
    for path in programs:
        program = path.with_name(f"{path.name}.program")
        path.rename(program)
        path.write_text(_SCRIPT.format(inside=path.relative_to(tree)))
        path.chmod(0o755)


def unpack_source(suite: str, package: str, folder: Path) -> None:
    """Downloads the source of a package and unpacks it into `folder`, with Debian's patches."""
    if shutil.which("dpkg-source") is None:
        raise Unavailable("sources of packages need dpkg-dev")
    with _updated_apt(folder, f"deb-src [signed-by={KEYRING}] {mirror()} {suite} main\n") as (state, options):
        _run(["apt-get", *options, "--download-only", "source", package], state, cwd=state)
        [description] = state.glob("*.dsc")
        _run(["dpkg-source", "--no-check", "-x", str(description), str(folder / "source")], state)


@contextmanager
def _updated_apt(folder: Path, source: str) -> Iterator[tuple[Path, list[str]]]:
    """A folder of its own for apt, and the options that make it use nothing else."""
    if shutil.which("apt-get") is None or not os.path.exists(KEYRING):
        raise Unavailable("packages of another Debian suite need apt and debian-archive-keyring")
    with tempfile.TemporaryDirectory(prefix="apt-", dir=folder) as name:
        state = Path(name)
        options = _private_apt(state, source)
        _run(["apt-get", *options, "update"], state)
        yield state, options


def _private_apt(state: Path, source: str) -> list[str]:
    """Options that keep apt away from the machine's own state; its proxy settings stay."""
    for sub in ("lists/partial", "cache/archives/partial"):
        (state / sub).mkdir(parents=True)
    (state / "status").touch()
    (state / "sources.list").write_text(source)
    settings = {
        "Dir::State": state,
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::State::extended_states": state / "extended_states",
        "Dir::Cache": state / "cache",
        "Dir::Cache::archives": state / "cache" / "archives",
        "Dir::Etc::SourceList": state / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::Log": state,
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        # A mirror that stands still is good enough: signatures are checked all the same.
        "Acquire::Check-Valid-Until": "false",
        "DPkg::Pre-Install-Pkgs": "",
        "Debug::NoLocking": "true",
    }
    return ["-q"] + [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]


def _run(argv: Sequence[str], state: Path, cwd: Path | None = None) -> None:
    with (state / "log").open("ab") as log:
        result = subprocess.run(
            list(argv),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=900,
            check=False,
            env=dict(os.environ) | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"},
            preexec_fn=die_with_parent(signal.SIGKILL, os.getpid()),
        )
    if result.returncode != 0:
        last = (state / "log").read_text(errors="replace").splitlines()[-3:]
        raise Unavailable(f"{argv[0]} failed: {' '.join(last)}")
