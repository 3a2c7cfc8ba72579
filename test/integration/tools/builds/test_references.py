"""What the documents show of the product is what it tells, and their pictures are drawn from the figures beside them."""

from __future__ import annotations

import pytest
from documents.pictures import PICTURES
from documents.references import with_parts
from documents.write import pages
from harness.database import Database

from servers.staging import ROOT

ADVICE = "`make docs` writes it anew"


@pytest.fixture
def told(db: Database) -> Database:
    """With all settings known to the session."""
    db.execute("LOAD 'connector'")
    return db


def test_references(told: Database) -> None:
    found = {str(page.relative_to(ROOT)): page.read_text() for page in pages()}
    assert {f"docs/reference/{name}.md" for name in ("functions", "connector-json", "settings", "errors", "views")} <= set(found)
    assert {f"docs/providers/{name}.md" for name in ("mysql", "postgres", "sqlserver", "hive", "odbc")} <= set(found)
    differ = [name for name, page in found.items() if with_parts(page, told.connection) != page]
    assert differ == [], ADVICE


def test_a_change_is_found(told: Database) -> None:
    """And a remark that people wrote stays."""
    page = (ROOT / "docs" / "reference" / "functions.md").read_text()
    told.execute("BEGIN")
    try:
        told.execute("COMMENT ON FUNCTION cdb_import_cancel(uuid) IS 'does something else'")
        changed = with_parts(page, told.connection)
    finally:
        told.execute("ROLLBACK")
    (line,) = set(changed.splitlines()) - set(page.splitlines())
    assert line == "| `cdb_import_cancel(item_queue_id uuid)` | json | does something else | [Cancel](../imports.md#cancel) |"


@pytest.mark.parametrize("name", PICTURES)
def test_pictures(name: str) -> None:
    assert (ROOT / "docs" / "pictures" / name).read_text() == PICTURES[name](), ADVICE
