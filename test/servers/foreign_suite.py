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
from collections.abc import Sequence
from pathlib import Path

from .process import die_with_parent
from .server import Unavailable

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


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
    if shutil.which("apt-get") is None or not os.path.exists(_KEYRING):
        raise Unavailable("packages of another Debian suite need apt and debian-archive-keyring")
    with tempfile.TemporaryDirectory(prefix="apt-", dir=folder) as name:
        state = Path(name)
        options = _private_apt(state, f"deb [signed-by={_KEYRING}] {mirror()} {suite} main\n")
        _run(["apt-get", *options, "update"], state)
        _run(["apt-get", *options, "-y", "--download-only", "install", *packages], state)
        for package in sorted((state / "cache" / "archives").glob("*.deb")):
            _run(["dpkg-deb", "-x", str(package), str(folder)], state)
    for useless in ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/perl", "usr/share/info"):
        shutil.rmtree(folder / useless, ignore_errors=True)


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


def _run(argv: Sequence[str], state: Path) -> None:
    with (state / "log").open("ab") as log:
        result = subprocess.run(
            list(argv),
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
        raise Unavailable(f"{argv[0]} could not fetch packages of another suite: {' '.join(last)}")
