"""What is handed out says one thing in all places: versions, packages that are needed, and META.json by PGXN's rules."""

from __future__ import annotations

import json
import re
import subprocess
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from releases.archive import packed, unpacked
from releases.dockerfile import Stage, parse
from releases.pgxn import faults
from runner.shell import clean_environment
from servers.staging import ROOT, staged
from servers.workspace import Workspace


def text(name: str) -> str:
    return (ROOT / name).read_text()


def found(pattern: str, name: str) -> str:
    match = re.search(pattern, text(name), re.MULTILINE)
    assert match is not None, f"{name} has no {pattern}"
    return match[1]


def meta(**changed: Any) -> dict[str, Any]:
    return json.loads(text("META.json")) | changed


# --- versions ---


def test_one_version() -> None:
    version = found(r"^default_version = '(.+)'", "connector.control")
    assert meta()["version"] == meta()["provides"]["connector"]["version"] == version
    assert found(r"^## (\S+)", "CHANGELOG.md") == version
    assert found(r"^postgresql-connector \(([^-]+)-", "debian/changelog") == version


def test_each_older_version_has_a_way_to_this_one() -> None:
    """Scripts in sql: PostgreSQL finds a way from each version to the newest by them."""
    newest = found(r"^default_version = '(.+)'", "connector.control")
    names = [path.stem.removeprefix("connector--") for path in (ROOT / "sql").glob("connector--*.sql")]
    steps = [tuple(name.split("--")) for name in names if "--" in name]
    reached = {newest}
    while more := {start for start, end in steps if end in reached} - reached:
        reached |= more
    assert {name for name in names if "--" not in name} <= reached
    assert newest not in names, "the script of this version is sql/connector.sql"


# --- PGXN ---


def test_meta() -> None:
    assert faults(meta()) == []
    provided = meta()["provides"]["connector"]
    assert (ROOT / provided["file"]).exists() and (ROOT / provided["docfile"]).exists()


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"version": "1.0"}, "version is no semantic version"),
        ({"version": "01.0.0"}, "version is no semantic version"),
        ({"maintainer": []}, "maintainer is missing"),
        ({"license": "our own"}, "license our own is not known"),
        ({"release_status": "done"}, "release_status is not known"),
        ({"home": "here"}, "home is not known"),
        ({"name": "a/b"}, "name is no term"),
        ({"tags": ["x"]}, "the tag x is no term"),
        ({"provides": {"connector": {"version": "1.0.0"}}}, "provides: connector has no file"),
        ({"provides": {"connector": {"file": "a", "version": "1"}}}, "provides: connector has no semantic version"),
        ({"prereqs": {"runtime": {"requires": {"PostgreSQL": "15"}}}}, "prereqs: PostgreSQL 15 is no version of something"),
        ({"prereqs": {"later": {}}}, "prereqs: the phase later is not known"),
        ({"meta-spec": {"version": "2.0.0"}}, "meta-spec has another version"),
    ],
)
def test_a_fault_of_meta_is_found(changed: dict[str, Any], complaint: str) -> None:
    assert faults(meta(**changed)) == [complaint]


def test_every_provider_is_named() -> None:
    words = {"mysql": "MySQL, MariaDB", "postgres": "PostgreSQL", "sqlserver": "SQL Server", "hive": "Hive", "odbc": "ODBC"}
    there = {path.name for path in (ROOT / "src" / "drivers").iterdir() if path.is_dir()}
    assert there <= set(words)
    for provider in there:
        assert words[provider] in meta()["description"].split(") through")[0]


def test_archive(workspace: Workspace) -> None:
    """`make dist` packs what git tracks. Unpacked, where git knows nothing of it, `make` finds all that it needs; that it builds
    to the end is shown by `make check-packages`."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git repository")
    archive = packed(workspace.subfolder("archive", mode=0o755))
    name = f"connector-{meta()['version']}"
    assert archive.name == f"{name}.zip"
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        assert all(member.startswith(f"{name}/") for member in opened.namelist())
        files = {member.removeprefix(f"{name}/") for member in opened.namelist() if not member.endswith("/")}
    assert {"META.json", "README.md", "LICENSE", "Makefile", "connector.control", "sql/connector.sql", "debian/rules"} <= files
    assert set(text("sources.txt").split()) <= files
    assert not [file for file in files if file.endswith((".o", ".so", ".zip", ".deb"))]
    argv = ["make", "-n", "-C", unpacked(archive), "all"]
    steps = subprocess.run(argv, env=clean_environment(), capture_output=True, text=True, check=True).stdout
    words = steps.split()
    assert {source for source in text("sources.txt").split() if source.startswith("src/core/")} <= set(words)
    assert {"connector.so", "build/release/connector-reader", "build/release/connector-http"} <= set(words)


# --- packages that are needed, in each list of them ---


def build_packages() -> set[str]:
    """Those that `make packages` installs, without PostgreSQL and the most basic ones."""
    match = re.search(r"^build=\((.*?)\)$", text("test/install-packages"), re.MULTILINE | re.DOTALL)
    assert match is not None
    return {name for name in match[1].split() if "postgresql" not in name}


def stages(major: str = "17") -> dict[str, Stage]:
    return {stage.name: stage for stage in parse(text("Dockerfile"), {"PG_MAJOR": major})}


def installed_in(stage: Stage) -> set[str]:
    """What the stage installs with apt, without PostgreSQL."""
    names: set[str] = set()
    for instruction in stage.instructions:
        if instruction.name == "RUN" and (match := re.search(r"--no-install-recommends ([^;]+);", instruction.text)):
            names |= set(match[1].replace('"', "").split())
    return {name for name in names if not name.startswith("postgresql")}


def test_packages_to_build_with() -> None:
    wanted = build_packages()
    assert installed_in(stages()["build"]) == installed_in(stages()["build-http"]) == wanted
    depends = set(re.findall(r"^ ([a-z0-9][\w.+-]+)", found(r"^Build-Depends:\n((?: .+\n)+)", "debian/control.in"), re.MULTILINE))
    # Debian counts compiler and make as there; documents and packaging need more.
    assert depends - {"debhelper-compat", "help2man", "postgresql-server-dev-all"} == wanted - {"g++", "make"}


def linked_packages(*files: Path) -> set[str]:
    """The packages of the libraries that the files name, but for those that every Debian has."""
    needed: set[str] = set()
    for file in files:
        told = subprocess.run(["readelf", "-W", "-d", file], capture_output=True, text=True, check=True).stdout
        needed |= set(re.findall(r"\(NEEDED\).*\[(.+)\]", told))
    paths = [f"{folder}/{sysconfig.get_config_var('MULTIARCH')}/{name}" for name in needed for folder in ("/lib", "/usr/lib")]
    owners = subprocess.run(["dpkg-query", "-S", *paths], capture_output=True, text=True, check=False).stdout
    return {owner.split(":")[0] for owner in owners.splitlines()} - {"libc6", "libgcc-s1"}


def test_packages_to_run_with(workspace: Workspace) -> None:
    """The images install the libraries that the programs are linked with, under the names that Debian 12 has for them."""
    stage = staged(workspace)
    [library] = stage.rglob("connector.so")
    # Besides: SASL's PLAIN, and authorities for TLS.
    besides = {"libsasl2-modules", "ca-certificates"}
    postgres = list(stages().values())[-1]
    assert linked_packages(library, library.with_name("connector-reader")) == installed_in(postgres) - besides
    [program] = stage.rglob("connector-http")
    assert linked_packages(program) == installed_in(stages()["connector-http"])


@pytest.mark.parametrize("major", ["15", "16", "17", "18"])
def test_dockerfile(major: str) -> None:
    read = list(stages(major).values())
    assert read[-1].base == stages(major)["build"].base == f"postgres:{major}-bookworm"
    assert all(not one.text.startswith("root") for one in read[-1].instructions if one.name == "USER")
    # The official image's own way of starting stays as it is.
    assert not {"CMD", "ENTRYPOINT", "HEALTHCHECK"} & {one.name for one in read[-1].instructions}


def test_an_instruction_that_is_not_understood() -> None:
    with pytest.raises(ValueError, match="ADD is not understood"):
        parse("FROM scratch\nADD a b\n", {})


def test_compose() -> None:
    services = yaml.safe_load(text("examples/compose.yaml"))
    for service in services["services"].values():
        target = service["build"]["target"] if isinstance(service["build"], dict) else ""
        assert not target or target in stages()
        assert set(service["secrets"]) <= set(services["secrets"])
    [command] = [one for one in stages()["connector-http"].instructions if one.name == "CMD"]
    assert command.words()[-1] == "/run/secrets/" + services["services"]["connector-http"]["secrets"][0]


def test_debian_control() -> None:
    """debian/control is what control.in gives for Debian 12's own PostgreSQL."""
    assert text("debian/control") == text("debian/control.in").replace("PGVERSION", "15")
