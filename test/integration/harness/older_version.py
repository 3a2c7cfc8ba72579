"""A made-up older version of the extension, and the scripts that update it, derived from today's script.

The older version has no syncs and a table with a column less. So updating it takes what real updates take: new tables,
functions and views, and a changed table with rows in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.postgres import Postgres
from servers.staging import ROOT

OLDER = "0.0.1"
# The update to this version forgets a comment.
WRONG = "0.0.2"

_NEWER = re.compile(r"connector\.(?:role_limits\.max_syncs|sync|syncs|run|runs|progress|new_storage|sync_\w+|progress_\w+)\b|\bcdb_(?:sync|run)_\w+")
_TABLE_WITH_COLUMN = re.compile(r"(CREATE TABLE connector\.role_limits \(.*?),\n    ([^\n]+)\n\);", re.DOTALL)


def current_version() -> str:
    """The version that CREATE EXTENSION installs."""
    match = re.search(r"^default_version = '(.+)'", (ROOT / "connector.control").read_text(), re.MULTILINE)
    assert match is not None
    return match[1]


def real_versions() -> list[str]:
    """The versions that there are scripts of beside today's."""
    names = (path.stem.removeprefix("connector--") for path in (ROOT / "sql").glob("connector--*.sql"))
    return sorted(name for name in names if "--" not in name)


def scripts() -> dict[str, str]:
    """The text of each script by its file's name: those of the older version, and from it to the others."""
    blocks = re.split(r"\n\n+", (ROOT / "sql" / "connector.sql").read_text())
    comments = (ROOT / "sql" / "comments.sql").read_text()
    blocks += re.findall(r"^COMMENT ON .*?;$", comments, re.MULTILINE | re.DOTALL)
    newer = [block for block in blocks if _NEWER.search(_without_comments(block))]
    older = "\n\n".join(block for block in blocks if block not in newer)
    match = _TABLE_WITH_COLUMN.search(older)
    assert match is not None and len(newer) > 10, "today's script has no longer what the made-up one leaves out"
    column = match[2]
    older = older.replace(match[0], match[1] + "\n);")
    path = re.search(r"^SET LOCAL search_path = .*;$", older, re.MULTILINE)
    assert path is not None
    update = "\n\n".join([path[0], f"ALTER TABLE connector.role_limits ADD COLUMN {column};", *newer])
    wrong, removed = re.subn(r"COMMENT ON FUNCTION @extschema@\.cdb_sync_now\(uuid.*?;", "", update, flags=re.DOTALL)
    assert removed == 1
    return {
        f"connector--{OLDER}.sql": older,
        f"connector--{OLDER}--{current_version()}.sql": update,
        f"connector--{OLDER}--{WRONG}.sql": wrong,
    }


def _without_comments(block: str) -> str:
    return re.sub(r"--.*", "", block)


@contextmanager
def installed(server: Postgres) -> Iterator[None]:
    """The scripts are beside the extension's own as long as this lasts."""
    folder = server.extension_folder()
    paths: list[Path] = []
    try:
        for name, text in scripts().items():
            path = folder / name
            paths.append(path)
            path.write_text(text)
            path.chmod(0o644)
        yield
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
