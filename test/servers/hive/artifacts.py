"""What HiveServer2 is made of: Apache's jars from Maven Central, our launcher compiled against them, an empty catalog."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ..cache import cached
from ..process import die_with_parent
from ..server import Unavailable

HERE = Path(__file__).resolve().parent
LAUNCHER = "TestHiveServer"


def jars() -> Path:
    """The folder of the jars that jars.txt names, in the cache."""
    return maven_jars("hive", HERE / "jars.txt")


def classes() -> Path:
    """The folder of the launcher's classes, in the cache."""
    return compiled(HERE / f"{LAUNCHER}.java", jars())


def compiled(source: Path, libraries: Path) -> Path:
    """The folder of a Java file's classes, compiled with all jars of a folder, in the cache."""

    def build(folder: Path) -> None:
        if shutil.which("javac") is None:
            raise Unavailable(f"{source.name} is to be compiled, and there is no javac")
        _run(["javac", "-nowarn", "-cp", f"{libraries}/*", "-d", str(folder), str(source)], folder, f"javac could not compile {source.name}")

    return cached(f"hive-classes-{_digest(source, libraries.name)}", build)


def maven_jars(name: str, listed: Path) -> Path:
    """The jars that a file names, a line each as group:name:version: just those, whatever they say they depend on."""

    def build(folder: Path) -> None:
        if shutil.which("mvn") is None:
            raise Unavailable(f"{name} comes as Maven packages, and Maven is not installed")
        dependencies = "".join(map(_dependency, listed.read_text().split()))
        head = "<modelVersion>4.0.0</modelVersion><groupId>test</groupId><artifactId>jars</artifactId><version>1</version>"
        (folder / "pom.xml").write_text(f"<project>{head}<dependencies>{dependencies}</dependencies></project>")
        repository = folder / "fetched"
        _run(
            ["mvn", "-q", "-B", f"-Dmaven.repo.local={repository}", "dependency:copy-dependencies"]
            + [f"-DoutputDirectory={folder}"],
            folder,
            f"Maven could not fetch {name}",
        )
        shutil.rmtree(repository)

    return cached(f"{name}-jars-{_digest(listed)}", build)


def _dependency(coordinates: str) -> str:
    group, name, version = coordinates.split(":")
    alone = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"
    return (
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version>{alone}</dependency>"
    )


def _digest(file: Path, more: str = "") -> str:
    return hashlib.sha256(file.read_bytes() + more.encode()).hexdigest()[:12]


def _run(argv: Sequence[str], folder: Path, what: str) -> None:
    result = subprocess.run(
        list(argv),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=900,
        check=False,
        preexec_fn=die_with_parent(9, os.getpid()),
    )
    if result.returncode != 0:
        said = [line for line in (result.stdout + result.stderr).splitlines() if line.strip()]
        raise Unavailable(f"{what}: {' '.join(said[:2])}")
