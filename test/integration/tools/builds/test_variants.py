"""Builds that leave a provider or a program out, and what is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from harness.database import Database
from harness.errors import fails
from harness.thorough import always

from servers.postgres import Postgres
from servers.staging import ROOT, sanitized, sanitizer_environment, staged
from servers.workspace import Workspace

# By the library that each brings into the extension's own; that of odbc is the reader program's.
PROVIDERS = {"mysql": "libmariadb", "postgres": "libpq", "sqlserver": "libsybdb", "hive": "libthrift", "odbc": None}


def _make(folder: Path, *arguments: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "GNUMAKE"))}
    done = subprocess.run(
        ["make", "-s", "-C", folder, f"-j{os.cpu_count()}", *arguments], env=kept, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def _copy(folder: Path) -> None:
    """The sources, and the objects. Times are kept, so make builds no more than it must."""
    build = f"build/{'sanitize' if sanitized() else 'release'}"
    for name in ("src", "sql", build):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("Makefile", "sources.txt", "connector.control", "connector-http.service"):
        shutil.copy2(ROOT / name, folder / name)


def _copy_without(folder: Path, left_out: str) -> None:
    """All but the provider's own objects and the list of providers, which are not the same in every build."""
    _copy(folder)
    objects = folder / "build" / ("sanitize" if sanitized() else "release") / "drivers"
    shutil.rmtree(objects / left_out)
    (objects.parent / "reader" / "providers.o").unlink()


def _variables() -> list[str]:
    """What make has to be told to build as the tests are built."""
    variables = ["SANITIZE=1"] if sanitized() else []
    if "PG_CONFIG" in os.environ:
        variables.append(f"PG_CONFIG={os.environ['PG_CONFIG']}")
    return variables


@pytest.mark.parametrize("left_out", always(["hive", "odbc"], PROVIDERS))
def test_without_a_provider(workspace: Workspace, pg: Postgres, left_out: str) -> None:
    """It builds without the provider's library, and says that the provider is not there."""
    folder = workspace.subfolder(f"without-{left_out}", mode=0o755)
    _copy_without(folder, left_out)
    stage = folder / "stage"
    _make(folder, *_variables(), f"WITH_{left_out.upper()}=0", "install", f"DESTDIR={stage}")
    subprocess.run(["chmod", "-R", "a+rX", stage], check=True)
    [library] = stage.rglob("connector.so")
    sections = subprocess.run(["readelf", "--section-headers", "--wide", library], capture_output=True, text=True, check=True).stdout
    assert (".debug_info" in sections) == sanitized(), "what is installed has no debug information"
    needed = subprocess.run(["ldd", library], capture_output=True, text=True, check=True).stdout
    for provider, name in PROVIDERS.items():
        if name is not None:
            assert (name in needed) == (provider != left_out), needed
    assert "libodbc" not in needed
    programs = list(stage.rglob("connector-reader"))
    assert len(programs) == (left_out != "odbc")
    for program in programs:
        assert program.parent == library.parent
        assert "libodbc" in subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    environment = sanitizer_environment(workspace) if sanitized() else {}
    with Postgres(workspace, stage=stage, environment=environment) as server:
        server.create_database("without", "connector")
        with Database(server, "without") as db:
            known = db.value("SELECT cdb_connectors()")
            for provider in PROVIDERS:
                here = provider != left_out
                assert known[provider]["enabled"] is here
                assert (known[provider]["version"] is not None) is here
            connection = {"server": "127.0.0.1", "database": "d", "username": "u", "password": "p"}
            with fails(f'provider "{left_out}"', number=1501):
                db.import_table({"provider": left_out, "connection": connection, "table": "t"})
            with fails(f'provider "{left_out}" was left out', number=1501):
                db.value("SELECT cdb_connector_info(%s)", left_out)


@pytest.mark.parametrize("how", always(["no Boost"], ["asked for", "no Boost"]))
def test_without_http(workspace: Workspace, how: str) -> None:
    """The program and its unit are left out, of a build without Boost.Beast as well, and nothing else is."""
    folder = workspace.subfolder(f"without-http-{len(how)}", mode=0o755)
    _copy(folder)
    shutil.rmtree(folder / "build" / ("sanitize" if sanitized() else "release") / "http")
    variables = [*_variables(), "WITH_HTTP=0"]
    if how == "no Boost":
        compiler = folder / "compiler"
        without = 'if [ "$1" = -E ]; then text=$(cat); case $text in *boost/beast*) exit 1 ;; esac; fi'
        compiler.write_text(f'#!/bin/sh\n{without}\necho "$text" | exec g++ "$@"\n')
        compiler.chmod(0o755)
        variables[-1] = f"CXX={compiler}"
    _make(folder, *variables, "install", f"DESTDIR={folder / 'stage'}")
    assert list((folder / "stage").rglob("connector.so")) and list((folder / "stage").rglob("connector-reader"))
    assert not list((folder / "stage").rglob("connector-http*"))
    assert not (folder / "build" / ("sanitize" if sanitized() else "release") / "http").exists()


def test_unit_for_systemd(workspace: Workspace) -> None:
    """It starts the program where that was installed, and systemd finds nothing wrong with it."""
    stage = staged(workspace)
    [program] = stage.rglob("connector-http")
    [unit] = stage.rglob("connector-http.service")
    text = unit.read_text()
    installed = Path("/") / program.relative_to(stage)
    [line] = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    assert line.startswith(f"ExecStart={installed} ") and "@" not in line
    if (tool := shutil.which("systemd-analyze")) is None:
        pytest.skip("systemd-analyze is not installed")
    # The program is not at its place: what is looked at is a unit that starts it from the stage.
    copy = workspace.subfolder("unit", mode=0o755) / unit.name
    copy.write_text(text.replace(str(installed), str(program)))
    done = subprocess.run([tool, "verify", "--man=no", "--recursive-errors=no", copy], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
