"""What `make deb` builds, from the tree and from the archive for PGXN."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from releases.debian import build, contents, package, told
from servers.staging import ROOT

EXTENSION, PROGRAM = "postgresql-15-connector", "connector-http"


def version() -> str:
    match = re.search(r"^default_version = '(.+)'", (ROOT / "connector.control").read_text(), re.MULTILINE)
    assert match is not None
    return match[1]


def without_documents(path: Path) -> list[str]:
    return [name for name in contents(path) if not name.startswith("/usr/share/doc/")]


def test_files(packages: Path) -> None:
    extension = without_documents(package(packages, EXTENSION))
    scripts = [f"connector--{version()}.sql", *(path.name for path in (ROOT / "sql").glob("connector--*.sql"))]
    assert extension == sorted(
        [
            "/usr/lib/postgresql/15/lib/connector-reader",
            "/usr/lib/postgresql/15/lib/connector.so",
            "/usr/share/postgresql/15/extension/connector.control",
            *(f"/usr/share/postgresql/15/extension/{name}" for name in scripts),
        ]
    )
    assert without_documents(package(packages, PROGRAM)) == [
        "/etc/default/connector-http",
        "/lib/systemd/system/connector-http.service",
        "/usr/bin/connector-http",
        "/usr/share/man/man1/connector-http.1.gz",
    ]
    for name in (EXTENSION, PROGRAM):
        path = package(packages, name)
        documents = ("copyright", "changelog.gz", "changelog.Debian.gz")
        assert {f"/usr/share/doc/{name}/{document}" for document in documents} <= set(contents(path))
        assert told(path, "Version") == f"{version()}-1"
        assert any(file.endswith(".debug") for file in contents(package(packages, f"{name}-dbgsym")))


def test_documents(packages: Path) -> None:
    """They can be read, followed and used where they are: nothing that a link or a program is pointed at is compressed."""
    folder = f"/usr/share/doc/{EXTENSION}/"
    documents = {name.removeprefix(folder) for name in contents(package(packages, EXTENSION)) if name.startswith(folder)}
    tracked = subprocess.run(
        ["git", "ls-files", "README.md", "docs", "examples", "monitoring"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(tracked.stdout.split()) <= documents
    program = contents(package(packages, PROGRAM))
    assert {f"/usr/share/doc/{PROGRAM}/{name}.md" for name in ("http", "nginx", "coming-from-carto")} <= set(program)


def test_what_they_need(packages: Path) -> None:
    extension = told(package(packages, EXTENSION), "Depends")
    for wanted in ("postgresql-15", "libmariadb3", "libpq5", "libsybdb5", "libthrift", "libsasl2-2", "libodbc2", "libssl3"):
        assert wanted in extension
    program = told(package(packages, PROGRAM), "Depends")
    assert "libpq5" in program and "libssl3" in program
    assert not re.search(r"\bpostgresql|libmariadb|libodbc|libthrift", program), "the program may be on a machine of its own"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        (EXTENSION, "usr/lib/postgresql/15/lib/connector.so"),
        (EXTENSION, "usr/lib/postgresql/15/lib/connector-reader"),
        (PROGRAM, "usr/bin/connector-http"),
    ],
)
def test_hardening(packages: Path, tmp_path: Path, name: str, file: str) -> None:
    """Debian's flags have reached compiler and linker."""
    subprocess.run(["dpkg-deb", "-x", package(packages, name), tmp_path], check=True)
    argv = ["readelf", "-W", "-h", "-l", "-d", "-s", "-S", tmp_path / file]
    told_by = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert re.search(r"Type:\s+DYN", told_by), "not position independent"
    assert "BIND_NOW" in told_by or re.search(r"FLAGS_1.*NOW", told_by)
    assert "GNU_RELRO" in told_by
    assert "__stack_chk_fail" in told_by
    assert re.search(r"__\w+_chk@", told_by), "not fortified"
    assert ".debug_info" not in told_by and not re.search(r"Symbol table '\.symtab'", told_by)


def test_lintian(packages: Path) -> None:
    """No error and no warning."""
    [changes] = packages.glob("*.changes")
    done = subprocess.run(["lintian", "--allow-root", changes], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_control_is_what_pg_buildext_makes(tmp_path: Path) -> None:
    """debian/control is generated from control.in, here for Debian 12's own PostgreSQL."""
    subprocess.run(["cp", "-r", ROOT / "debian", tmp_path], check=True)
    environment = {"PATH": "/usr/bin:/bin", "PG_SUPPORTED_VERSIONS": "15"}
    subprocess.run(["pg_buildext", "updatecontrol"], cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "debian" / "control").read_text() == (ROOT / "debian" / "control").read_text()


def test_from_the_archive(archive: Path, packages: Path, tmp_path: Path) -> None:
    """What is unpacked from the archive builds the same packages."""
    built = build(archive, tmp_path / "log")
    for name in (EXTENSION, PROGRAM):
        assert contents(package(built, name)) == contents(package(packages, name))
