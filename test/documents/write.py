"""Writes what is made of the documents: `make docs`. Builds the extension and asks a database that has it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from servers.postgres import Postgres
from servers.server import ServerError, Unavailable
from servers.staging import ROOT, BuildError, install_into
from servers.workspace import Workspace

from .pictures import PICTURES
from .references import has_parts, with_parts


def pages() -> list[Path]:
    """Those that have parts which the extension tells."""
    return [page for page in sorted((ROOT / "docs").rglob("*.md")) if has_parts(page.read_text())]


def main() -> int:
    try:
        with Workspace() as workspace:
            named = os.environ.get("CONNECTOR_TEST_STAGE")
            stage = Path(named) if named else install_into(workspace, ROOT / "build" / "docs.log")
            with Postgres(workspace, stage=stage, settings={"shared_preload_libraries": "connector"}) as server:
                server.create_database("documents", "connector")
                connection = server.connect("documents")
                for page in pages():
                    _write(page, with_parts(page.read_text(), connection))
                connection.close()
    except (BuildError, ServerError, Unavailable) as error:
        print(error, file=sys.stderr)
        return 1
    for name, draw in PICTURES.items():
        _write(ROOT / "docs" / "pictures" / name, draw())
    return 0


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
        print(f"{path.relative_to(ROOT)} is written anew")
