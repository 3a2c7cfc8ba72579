"""What `make` says where something is missing, and what `make install` installs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from servers.staging import ROOT, sanitized


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "GNUMAKE"))}
    return subprocess.run(["make", "-C", ROOT, *arguments], env=kept, capture_output=True, text=True, check=False)


def test_no_pg_config(tmp_path: Path) -> None:
    done = make("-n", "PG_CONFIG=/nowhere/pg_config")
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if "***" in line]
    assert "/nowhere/pg_config was not found" in line and "make packages" in line and "postgresql-server-dev" in line


def test_a_pg_config_of_libpq_only(tmp_path: Path) -> None:
    """Debian's libpq-dev has one, without the files for extensions."""
    program = tmp_path / "pg_config"
    program.write_text("#!/bin/sh\necho 'You need to install postgresql-server-dev-15' >&2\necho /nowhere/pgxs.mk\n")
    program.chmod(0o755)
    done = make("-n", f"PG_CONFIG={program}")
    assert done.returncode != 0 and "files for building extensions are not" in done.stderr


@pytest.mark.parametrize(
    ("variables", "packages"),
    [
        (["CXX=no-compiler"], ["g++"]),
        (["PKG_CONFIG=no-pkg-config"], ["pkg-config"]),
        (["PKG_CONFIG=env PKG_CONFIG_LIBDIR=/nowhere pkg-config"], ["libc-ares-dev", "libmariadb-dev", "libpq-dev", "libthrift-dev"]),
    ],
)
def test_missing_packages(variables: list[str], packages: list[str]) -> None:
    """One message, before anything is compiled."""
    done = make("-n", *variables)
    assert done.returncode != 0 and not done.stdout.count("-c -o")
    (line,) = [line for line in done.stderr.splitlines() if "***" in line]
    assert all(package in line for package in packages) and "make packages" in line and "WITH_HIVE=0" in line
    assert "was not found in the pkg-config search path" not in done.stderr


def test_a_provider_that_is_left_out_needs_nothing() -> None:
    done = make("-n", "PKG_CONFIG=env PKG_CONFIG_LIBDIR=/nowhere pkg-config", "WITH_HIVE=0", "WITH_MYSQL=0", "WITH_POSTGRES=0")
    (line,) = [line for line in done.stderr.splitlines() if "***" in line]
    assert "libc-ares-dev" in line and "libmariadb" not in line and "thrift" not in line


@pytest.mark.parametrize("goal", ["demo", "check", "packages", "clean"])
def test_goals_that_need_no_postgres(goal: str) -> None:
    assert make("-n", goal, "PG_CONFIG=/nowhere/pg_config").returncode == 0


def test_help() -> None:
    """The lines at the top of the Makefile, and nothing below them."""
    shown = make("-s", "help", "PG_CONFIG=/nowhere/pg_config").stdout
    assert "make packages" in shown and "WITH_MYSQL=0" in shown and "EXTENSION" not in shown


@pytest.mark.skipif(sanitized(), reason="a build with sanitizers keeps its debug information")
def test_debug_information_has_a_file_of_its_own(tmp_path: Path) -> None:
    variables = [f"DESTDIR={tmp_path}"]
    if "PG_CONFIG" in os.environ:
        variables.append(f"PG_CONFIG={os.environ['PG_CONFIG']}")
    assert make("-s", "install", *variables).returncode == 0
    [library] = tmp_path.rglob("connector.so")
    assert not list(tmp_path.rglob("connector.so.debug"))
    linked = subprocess.run(["readelf", "--string-dump=.gnu_debuglink", library], capture_output=True, check=True).stdout
    assert b"connector.so.debug" in linked
    assert make("-s", "install-debug", *variables).returncode == 0
    [debug] = tmp_path.rglob("connector.so.debug")
    assert debug.parent == library.parent
    sections = subprocess.run(["readelf", "--section-headers", "--wide", debug], capture_output=True, text=True, check=True).stdout
    assert ".debug_info" in sections
    assert make("-s", "uninstall", *variables).returncode == 0
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
