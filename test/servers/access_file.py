"""Files of Microsoft Access, written by Jackcess, which Maven fetches."""

from __future__ import annotations

from pathlib import Path

from .hive.artifacts import compiled, maven_jars
from .process import run_to_end
from .workspace import Workspace

_HERE = Path(__file__).resolve().parent / "access"


def write_access_file(workspace: Workspace) -> Path:
    """A file with the tables that access/WriteAccess.java tells, which every account may read. Unavailable without Maven."""
    jars = maven_jars("access", _HERE / "jars.txt")
    classes = compiled(_HERE / "WriteAccess.java", jars)
    folder = workspace.subfolder("access", mode=0o755)
    path = folder / "test.accdb"
    run_to_end(["java", "-cp", f"{classes}:{jars}/*", "WriteAccess", str(path)], log=folder / "java.log")
    path.chmod(0o644)
    return path
