"""FreeTDS of other suites: its calls into the C library are redirected there as well, and a login goes through them."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from servers.cache import cached
from servers.foreign_suite import unpack
from servers.staging import ROOT, release_objects, sanitized
from servers.tds.server import DATABASE, PASSWORD, USER, TdsServer
from servers.workspace import Workspace

# What the library must call, and be redirected; of poll() it has one form.
_CALLS = {"recv", "getaddrinfo", "getenv", "__assert_fail", "iconv", "iconv_open", "iconv_close"}
_POLLS = {"poll", "__poll_chk"}
# Also what the program itself is linked with, apart from the library that is tested.
_PACKAGES = ("libsybdb5", "libcares2", "libstdc++6")


@pytest.fixture(scope="module")
def program(workspace: Workspace) -> Path:
    """Of the objects that the extension is built of."""
    objects = release_objects("core", "drivers/sqlserver")
    program = workspace.folder / "redirected_calls"
    compiler = shlex.split(os.environ.get("CXX") or "g++")
    source = ROOT / "test" / "probe" / "redirected_calls.cpp"
    subprocess.run(
        [*compiler, "-std=gnu++20", "-I", ROOT / "src", source, *objects, "-lsybdb", "-lcares", "-o", program], check=True
    )
    return program


def loader(suite: str) -> list[str]:
    """How a program is run with a suite's libraries."""
    if suite == "own":
        return []
    tree = cached(f"{suite}-freetds", lambda folder: unpack(suite, _PACKAGES, folder))
    libraries = tree / "usr/lib/x86_64-linux-gnu"
    return [str(libraries / "ld-linux-x86-64.so.2"), "--library-path", str(libraries)]


@pytest.mark.skipif(sanitized(), reason="the sanitizers don't run by another suite's loader")
@pytest.mark.parametrize(("suite", "version"), [("own", "1."), ("trixie", "1.3"), ("sid", "1.")])
def test_calls_are_redirected(workspace: Workspace, program: Path, suite: str, version: str) -> None:
    dump = workspace.folder / f"tds-dump-{suite}"
    with TdsServer() as server:
        connection = server.connection()
        done = subprocess.run(
            [*loader(suite), program, "localhost", str(connection["port"]), DATABASE, USER, PASSWORD],
            env=dict(os.environ) | {"TDSDUMP": str(dump), "TDSPORT": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    name, *lines = done.stdout.splitlines()
    assert name.startswith(f"freetds v{version}")
    found = {call for call, count in (line.split() for line in lines) if count not in ("0", "no")}
    assert found - _POLLS == _CALLS | {"waits"}
    assert len(found & _POLLS) >= 1
    assert not dump.exists()  # getenv() is ours: the environment counts for nothing
