"""Things that are fetched or built once and kept between runs."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """$CONNECTOR_TEST_CACHE, else connector-test in the user's cache folder."""
    named = os.environ.get("CONNECTOR_TEST_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "connector-test"


def cached(name: str, build: Callable[[Path], None]) -> Path:
    """The folder `name` in the cache; `build` fills it when it is not there.

    It is built beside its place and renamed, so an interrupted run leaves nothing that looks complete; a lock
    makes parallel runs wait for each other.
    """
    root = cache_folder()
    place = root / name
    if place.is_dir():
        return place
    root.mkdir(parents=True, exist_ok=True)
    with (root / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if place.is_dir():
            return place
        for left_over in root.glob(f".{name}.tmp-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        building = Path(tempfile.mkdtemp(prefix=f".{name}.tmp-", dir=root))
        try:
            building.chmod(0o755)
            build(building)
            building.rename(place)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
    return place


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Other workers of the same run wait, before they build in that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "alone.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def readable_by_all(path: Path) -> bool:
    """Whether another account can reach and read below `path`."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))
