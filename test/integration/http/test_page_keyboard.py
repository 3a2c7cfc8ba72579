"""The page by the keyboard alone: from the log-in to a table, its sync, and the end of that sync."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.accessibility import tab_to
from harness.browser import Visitor, expect
from harness.database import Database
from harness.http_roles import ALICE
from harness.page_steps import field, heading, region

from servers.remote_mysql import MySqlRemote

if TYPE_CHECKING:
    from playwright.sync_api import Page


def _typed(page: Page, label: str, text: str) -> None:
    tab_to(page, field(page, label))
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def _pressed(page: Page, name: str) -> None:
    tab_to(page, page.get_by_role("button", name=name, exact=True))
    page.keyboard.press("Enter")


def _chosen(page: Page, label: str, option: str) -> None:
    """In a list of choices, by its first letters."""
    tab_to(page, field(page, label))
    page.keyboard.type(option)
    expect(field(page, label).locator("option:checked")).to_have_text(re.compile(option))


def test_the_story_by_keyboard(alice_db: Database, visitor: Visitor, shop: MySqlRemote) -> None:
    page = visitor.open()
    expect(field(page, "Role")).to_be_focused()
    page.keyboard.type("alice")
    page.keyboard.press("Tab")
    page.keyboard.type(ALICE)
    page.keyboard.press("Enter")
    heading(page, "Imports and syncs")
    expect(page.get_by_role("heading", level=1)).to_be_focused()

    page.evaluate("document.activeElement.blur()")
    tab_to(page, page.get_by_role("button", name="Skip to content"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()

    tab_to(page, page.get_by_role("main").get_by_role("link", name="Connect"))
    page.keyboard.press("Enter")
    heading(page, "Connect")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    _chosen(page, "Provider", "MySQL")
    connection = shop.connection()
    for key in ("server", "port", "database", "username", "password"):
        _typed(page, key.capitalize(), str(connection[key]))
    page.keyboard.press("Enter")
    heading(page, "Choose tables")

    box = page.get_by_role("checkbox", name=re.compile("^orders"))
    expect(box).to_be_visible()
    tab_to(page, box)
    page.keyboard.press("Space")
    expect(box).to_be_checked()
    _pressed(page, "Preview")
    heading(page, "Preview")
    expect(page.get_by_role("table", name="First rows")).to_contain_text("Brás")
    _chosen(page, "Repeat", "Every hour")
    _pressed(page, "Import")

    page.wait_for_url(re.compile("#/syncs/"))
    expect(region(page, "Last finished")).to_contain_text("Succeeded")
    _pressed(page, "Run now")
    expect(page.get_by_role("table", name="History").get_by_role("rowheader")).to_have_count(2)
    _pressed(page, "Pause")
    expect(region(page, "Now")).to_contain_text("Paused")
    expect(page.get_by_role("button", name="Resume")).to_be_focused()
    _pressed(page, "Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    # Focus stays within the question.
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Delete")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    tab_to(page, dialog.get_by_role("button", name="Delete"))
    page.keyboard.press("Enter")
    heading(page, "Imports and syncs")
    assert alice_db.value("SELECT count(*) FROM connector.syncs") == 0
