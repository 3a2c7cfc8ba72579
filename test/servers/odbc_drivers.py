"""Drivers of unixODBC under names of our own, in an odbcinst.ini of the run, whatever the machine's own file says.

Whoever has `environment()` in its environment sees these drivers and data sources, and no others.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from .cache import cached
from .process import die_with_parent
from .server import Unavailable
from .workspace import Workspace

# The libraries of Debian's packages odbc-postgresql, odbc-mariadb, libsqliteodbc, tdsodbc and odbc-mdbtools.
LIBRARIES: Mapping[str, str] = {
    "PostgreSQL": "psqlodbcw.so",
    "MariaDB": "libmaodbc.so",
    "SQLite": "libsqlite3odbc.so",
    "FreeTDS": "libtdsodbc.so",
    "MDBTools": "libmdbodbc.so",
}
MICROSOFT = "Microsoft"  # only with CONNECTOR_TEST_MSODBC=1: who sets it accepts Microsoft's licence
ALLOWED = (*LIBRARIES, MICROSOFT)
SETTINGS: Mapping[str, str] = {"connector.odbc_drivers": ", ".join(ALLOWED)}
_PACKAGE = "mssql-python-odbc==18.6.2.2"


def environment(workspace: Workspace) -> dict[str, str]:
    """What leads unixODBC to the files of the run."""
    folder = str(_folder(workspace))
    return {"ODBCSYSINI": folder, "ODBCINI": f"{folder}/no-odbc.ini"}


def library_of(driver: str) -> Path:
    """The library of a driver; Unavailable says which one is missing."""
    if driver == MICROSOFT:
        return _microsoft()
    for folder in sorted(Path("/usr/lib").glob("*/odbc")):
        if (path := folder / LIBRARIES[driver]).exists():
            return path
    raise Unavailable(f"{LIBRARIES[driver]} is not installed")


def add_data_source(workspace: Workspace, name: str, attributes: Mapping[str, object]) -> None:
    """Adds a data source to the odbc.ini of the run: `Driver` is one of the names here."""
    lines = [f"[{name}]", *(f"{key} = {value}" for key, value in attributes.items())]
    with (_folder(workspace) / "odbc.ini").open("a") as file:
        file.write("\n".join(lines) + "\n")


def _folder(workspace: Workspace) -> Path:
    folder = workspace.folder / "odbc"
    if not folder.exists():
        folder.mkdir()
        lines: list[str] = []
        for name in ALLOWED:
            if name == MICROSOFT and not microsoft_wanted():
                continue
            try:
                library = library_of(name)
            except Unavailable:
                continue  # tests with this driver say so
            if name == MICROSOFT:  # with its messages, to where every account may read
                library = shutil.copytree(library.parents[1], folder / "microsoft") / "lib" / library.name
            lines += [f"[{name}]", f"Driver = {library}", ""]
        for file, text in (("odbcinst.ini", "\n".join(lines)), ("odbc.ini", "")):
            (folder / file).write_text(text)
            (folder / file).chmod(0o644)
        folder.chmod(0o755)
    return folder


def microsoft_wanted() -> bool:
    return os.environ.get("CONNECTOR_TEST_MSODBC", "") not in ("", "0")


def _microsoft() -> Path:
    """Microsoft's library for Debian, out of a Python package."""

    def build(folder: Path) -> None:
        result = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "-d", str(folder), _PACKAGE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            preexec_fn=die_with_parent(9, os.getpid()),
        )
        wheels = list(folder.glob("*.whl"))
        if result.returncode != 0 or not wheels:
            raise Unavailable(f"pip could not fetch {_PACKAGE}: {result.stderr.strip()[-300:]}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            wheel.extractall(folder)
        wheels[0].unlink()

    found = sorted(cached("msodbc-" + _PACKAGE.partition("==")[2], build).glob("**/debian*/**/libmsodbcsql-*.so*"))
    if not found:
        raise Unavailable(f"{_PACKAGE} has no library for Debian")
    return found[0]
