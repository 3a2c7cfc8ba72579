"""The archive for PGXN."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

from runner.shell import clean_environment
from servers.staging import ROOT


def packed(folder: Path) -> Path:
    """`make dist` in a clone: the archive of what is committed."""
    subprocess.run(["git", "clone", "-q", "--shared", ROOT, folder / "clone"], check=True)
    subprocess.run(["make", "-s", "-C", folder / "clone", "dist"], env=clean_environment(), check=True)
    [archive] = (folder / "clone" / "dist").iterdir()
    archive = archive.rename(folder / archive.name)
    shutil.rmtree(folder / "clone")
    return archive


def unpacked(archive: Path) -> Path:
    """The folder in it, beside it. Python's own way of unpacking would lose the permissions."""
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            path = Path(opened.extract(member, archive.parent))
            if not member.is_dir():
                path.chmod(member.external_attr >> 16 & 0o777)
    return archive.with_suffix("")
