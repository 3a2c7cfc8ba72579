"""Builds the stages of the Dockerfile without Docker: each stage in a Debian of its own, step by step.

The official image of PostgreSQL can't be fetched here. Debian's package stands in for it, with what the Dockerfile knows of
the image: PG_MAJOR, the sample of postgresql.conf, the folder of scripts for the first start.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from servers.cache import cache_folder
from servers.staging import ROOT
from servers.workspace import Workspace

from .chroot import Chroot
from .dockerfile import Stage, context_ignored, parse, substituted

PG_MAJOR = "15"
_SAMPLE = "usr/share/postgresql/postgresql.conf.sample"
_COMPILED = "/var/cache/ccache"


class Image:
    """A built stage: its files, and the settings of the last instructions."""

    def __init__(self, stage: Stage, debian: Chroot) -> None:
        self.stage = stage
        self.debian = debian
        self.user = "root"
        self.folder = "/"
        self.environment: dict[str, str] = {}


class Builder:
    """Keeps what was built until the workspace ends."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stages = parse((ROOT / "Dockerfile").read_text(), {"PG_MAJOR": PG_MAJOR})
        self._images: dict[str, Image] = {}

    def build(self, name: str = "") -> Image:
        """The stage of that name, or the last, which is what `docker build` gives."""
        stage = next(stage for stage in reversed(self._stages) if not name or stage.name == name)
        if stage.name not in self._images:
            self._images[stage.name] = self._built(stage)
        return self._images[stage.name]

    def _built(self, stage: Stage) -> Image:
        # What other tests have compiled need not be compiled again: an image that is built for once has nothing of this.
        compiled = Path(os.environ.get("CCACHE_DIR") or cache_folder() / "ccache")
        compiled.mkdir(parents=True, exist_ok=True)
        debian = Chroot(self._workspace, f"image-{stage.name}", {compiled: _COMPILED}).__enter__()
        image = Image(stage, debian)
        if stage.base == f"postgres:{PG_MAJOR}-bookworm":
            _lay_postgres(image)
        elif stage.base != "debian:bookworm-slim":
            raise ValueError(f"there is no stand-in for {stage.base}")
        if any(one.name == "RUN" and "make " in one.text for one in stage.instructions):
            debian.install("ccache")
        for instruction in stage.instructions:
            match instruction.name:
                case "RUN":
                    variables = image.environment | {"CCACHE_DIR": _COMPILED, "CCACHE_NOHASHDIR": "1"}
                    debian.run(instruction.argv(), environment=variables, folder=image.folder, user=image.user, limit=7200)
                case "WORKDIR":
                    image.folder = instruction.text
                    debian.path(image.folder).mkdir(parents=True, exist_ok=True)
                case "COPY":
                    self._copy(image, instruction.words())
                case "USER":
                    image.user = instruction.text
                case "ENV":
                    key, _, value = instruction.text.partition("=")
                    image.environment[key] = substituted(value, image.environment)
                case _:
                    pass  # they say how a container is started
        return image

    def _copy(self, image: Image, words: list[str]) -> None:
        """COPY of one thing, as Docker does it: a folder's contents, or a file under a new name or into a folder."""
        origin = ROOT
        if words[0].startswith("--from="):
            origin = self.build(words.pop(0).removeprefix("--from=")).debian.root
        source, target = words
        place = image.debian.path(os.path.join(image.folder, target))
        if origin == ROOT and source == ".":
            _copy_context(place)
        elif (path := origin / source.lstrip("/")).is_dir():
            _merge(path, place)
        else:
            place = place / path.name if target.endswith("/") else place
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)


def _copy_context(place: Path) -> None:
    """What Docker is given: the tree without what .dockerignore names."""
    excluded = [f"--exclude=./{path}" for path in context_ignored(ROOT)]
    packed = subprocess.run(["tar", "-c", *excluded, "-C", ROOT, "."], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", place], input=packed, check=True)


def _merge(source: Path, target: Path) -> None:
    """Everything of a folder into another."""
    packed = subprocess.run(["tar", "-c", "-C", source, "."], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "--keep-directory-symlink", "-C", target], input=packed, check=True)


def _lay_postgres(image: Image) -> None:
    debian = image.debian
    # No cluster is made by the package there.
    folder = debian.path("/etc/postgresql-common/createcluster.d")
    folder.mkdir(parents=True)
    (folder / "no_cluster.conf").write_text("create_main_cluster = false\n")
    debian.install(f"postgresql-{PG_MAJOR}")
    image.environment = {
        "PG_MAJOR": PG_MAJOR,
        "PATH": f"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/{PG_MAJOR}/bin",
    }
    debian.path("/docker-entrypoint-initdb.d").mkdir()
    # The image moves the sample up and leaves a link where initdb reads it.
    below = debian.path(f"/usr/share/postgresql/{PG_MAJOR}/postgresql.conf.sample")
    below.rename(debian.root / _SAMPLE)
    below.symlink_to("../postgresql.conf.sample")
