"""Builds the extension and installs it into a folder of the run, where a test cluster finds it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from . import hosts, process
from .workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
_PASSED_ON = ("PG_CONFIG", "BUILD", "HOST_BUILD", "WITH_MYSQL", "WITH_POSTGRES", "WITH_SQLSERVER", "WITH_HIVE", "WITH_ODBC")


class BuildError(RuntimeError):
    """The extension could not be built; the message ends with the log's tail."""


def install_into(workspace: Workspace, log: Path, *, sanitize: bool = False) -> Path:
    """Installs for the chosen host into a new folder, building what is not built, and gives the folder.

    What the host needs in the environment of all that builds or starts something is put into ours.
    """
    laid = hosts.chosen().lay(workspace)
    os.environ.update(laid.environment)
    stage = laid.stage
    variables = laid.variables + [f"{name}={os.environ[name]}" for name in _PASSED_ON if name in os.environ]
    if sanitize:
        variables.append("SANITIZE=1")
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "GNUMAKE"))}
    jobs = len(os.sched_getaffinity(0))
    try:
        process.run_to_end(
            [make(), "-s", "-C", str(ROOT), f"-j{jobs}", "install", *variables],
            log=log,
            env=kept | {"LC_ALL": "C.UTF-8"},
            limit=1800,
        )
    except RuntimeError as error:
        raise BuildError(str(error)) from error
    for folder, folders, files in os.walk(stage):  # whatever the umask: the server runs as another account
        for name in folders + files:
            path = Path(folder) / name
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
    return stage


def make() -> str:
    """The program to build with."""
    return os.environ.get("CONNECTOR_TEST_MAKE", "make")


def staged(workspace: Workspace) -> Path:
    """The stage that the runner made, named by CONNECTOR_TEST_STAGE, else a new one."""
    named = os.environ.get("CONNECTOR_TEST_STAGE")
    if named:
        return Path(named)
    return install_into(workspace, workspace.folder / "build.log", sanitize=sanitized())


def release_objects(*folders: str) -> list[Path]:
    """The objects of the release build that were made of sources in these folders of src."""
    sources = [Path(name).relative_to("src") for name in (ROOT / "sources.txt").read_text().split()]
    wanted = [source for source in sources if any(source.is_relative_to(folder) for folder in folders)]
    return [ROOT / "build" / "release" / source.with_suffix(".o") for source in wanted]


def sanitized() -> bool:
    """Whether the extension under test is built with sanitizers."""
    return os.environ.get("SANITIZE", "") not in ("", "0")


def sanitizer_environment(workspace: Workspace) -> dict[str, str]:
    """What PostgreSQL, itself built without sanitizers, needs to load an extension that was built with them."""
    first = workspace.folder / "asan_first.so"
    if not first.exists():
        source = Path(__file__).with_name("asan_first.cpp")
        subprocess.run([_compiler(), "-shared", "-fPIC", "-Wl,-z,initfirst", "-o", str(first), str(source)], check=True)
        first.chmod(0o755)
    libraries = [_compiler_library("libasan.so"), _compiler_library("libubsan.so"), str(first)]
    return {
        "LD_PRELOAD": " ".join(libraries),
        # Leaks: PostgreSQL frees nothing at exit. Fake stacks would break its check of the stack's depth.
        "ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=1:handle_abort=0:"
        "allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    }


def _compiler() -> str:
    return os.environ.get("CXX") or "g++"


def _compiler_library(name: str) -> str:
    answer = subprocess.run([_compiler(), f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return os.path.realpath(answer.stdout.strip())
