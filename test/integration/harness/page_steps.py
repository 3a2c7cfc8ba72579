"""What people do on the page again and again, by the roles and names that a screen reader has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from servers.remote import Remote

from .browser import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

_NO_SECRET = ("server", "port", "database", "username")


def heading(page: Page, text: str | re.Pattern[str]) -> None:
    """Waits for the screen with that heading."""
    expect(page.get_by_role("heading", level=1, name=text)).to_be_visible()


def field(page: Page | Locator, label: str) -> Locator:
    """The input with exactly that label, whether it is required or not."""
    return page.get_by_label(re.compile(rf"^{re.escape(label)}(?: \(required\))?$"))


def region(page: Page, name: str) -> Locator:
    """A part of a screen by its heading."""
    return page.get_by_role("region", name=name, exact=True)


def press(page: Page | Locator, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def describe(page: Page, remote: Remote, **changes: object) -> None:
    """Fills in the first step of #/connect for that remote; `changes` are other values of the connection."""
    page.get_by_label("Provider").select_option(remote.provider)
    # Of others there is nothing in the form that has to be known.
    connection = {key: value for key, value in remote.connection(**changes).items() if key in (*_NO_SECRET, "password")}
    for key, value in connection.items():
        field(page, key.capitalize()).fill(str(value))


def list_tables(page: Page, remote: Remote) -> None:
    """From the overview to the list of the remote's tables."""
    page.get_by_role("link", name="Connect", exact=True).first.click()
    heading(page, "Connect")
    describe(page, remote)
    press(page, "Next")
    heading(page, "Choose tables")


def row(page: Page, table: str, text: str | re.Pattern[str]) -> Locator:
    """A row of a table, known by the text in the cell that names it."""
    return page.get_by_role("table", name=table).get_by_role("row").filter(has=page.get_by_role("rowheader", name=text))
