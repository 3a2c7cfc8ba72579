"""Every screen in light and dark, in a wide window, on a phone and enlarged: axe-core finds nothing, and all fits."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from harness.accessibility import check_contrast, check_that_it_fits, check_with_axe
from harness.browser import Chromium, Visitor, expect
from harness.database import Database
from harness.http_roles import BOB
from harness.page_data import new_sync, orders, session_of
from harness.page_steps import describe, field, heading, press, region

from servers.http import HttpServer
from servers.proxy import Fault, Proxy
from servers.remote_mysql import MySqlRemote

if TYPE_CHECKING:
    from playwright.sync_api import Page

_WIDTHS = {"wide": (1280, 900), "phone": (360, 740), "enlarged": (320, 256)}
# Where pictures of all screens are put, if they are wanted.
_PICTURES = os.environ.get("CONNECTOR_TEST_PICTURES")


class Sights:
    """What there is to see: one of each kind."""

    def __init__(self, alice: Database, remote: MySqlRemote, proxy: Proxy) -> None:
        self.remote = remote
        remote.execute("CREATE TABLE customers (id int PRIMARY KEY, name varchar(40))", "INSERT INTO customers VALUES (1, 'Ada')")
        self.sync = new_sync(alice, remote)
        self.paused = new_sync(alice, remote, table="customers")
        alice.value("SELECT cdb_sync_pause(%s)", self.paused)
        remote.execute("CREATE TABLE leaving AS SELECT 1 AS a")
        self.failing = new_sync(alice, remote, table="leaving")
        remote.execute("DROP TABLE leaving")
        alice.value("SELECT cdb_sync_now(%s, wait => true)", self.failing)
        self.complete = str(alice.import_table(remote.connector(table="orders", import_as="orders_once"))["item_queue_id"])
        gone = json.dumps(remote.connector(table="gone"))
        self.failed = str(alice.value("SELECT cdb_import_connector(%s, wait => false) ->> 'item_queue_id'", gone))
        remote.create_rows("many", 50_000)
        slow = remote.connector(connection=remote.connection(port=proxy.port), table="many")
        self.running = new_sync(alice, remote, connection=slow["connection"], table="many")
        proxy.every(Fault(stall_after=400_000))
        alice.value("SELECT cdb_sync_now(%s)", self.running)
        proxy.wait_until_stalled()


@pytest.fixture(scope="module")
def sights(api_database: Database, mariadb: MySqlRemote) -> Iterator[Sights]:
    with ExitStack() as stack:
        remote = stack.enter_context(orders(mariadb))
        alice = stack.enter_context(session_of(api_database, "alice"))
        proxy = stack.enter_context(Proxy(remote.server.port))
        found = Sights(alice, remote, proxy)
        yield found


def _open(fragment: Callable[[Sights], str], *waits_for: str) -> Callable[[Visitor, Sights], None]:
    """A screen that is reached by its address, and a text that it ends up with."""

    def arrange(visitor: Visitor, sights: Sights) -> None:
        page = visitor.open(fragment(sights))
        for text in waits_for:
            expect(page.get_by_role("main")).to_contain_text(text)

    return arrange


def _provider(id: str) -> Callable[[Visitor, Sights], None]:
    def arrange(visitor: Visitor, sights: Sights) -> None:
        page = visitor.open("#/connect")
        page.get_by_label("Provider").select_option(id)
        page.get_by_text("More options").click()

    return arrange


def _choose(visitor: Visitor, sights: Sights) -> Page:
    page = visitor.open("#/connect")
    describe(page, sights.remote)
    press(page, "Next")
    expect(page.get_by_role("checkbox", name=re.compile("^orders"))).to_be_visible()
    return page


def _refused(visitor: Visitor, sights: Sights) -> None:
    visitor.allows(400, "/connect")
    page = visitor.open("#/connect")
    describe(page, sights.remote, password="another")
    press(page, "Test connection")
    expect(page.locator("[aria-invalid]")).to_have_count(1)


def _query(visitor: Visitor, sights: Sights) -> None:
    page = _choose(visitor, sights)
    page.get_by_role("radio", name="Query").check()
    press(page, "Preview")
    expect(page.locator("[aria-invalid]")).to_have_count(2)


def _preview(visitor: Visitor, sights: Sights) -> Page:
    page = _choose(visitor, sights)
    page.get_by_role("checkbox", name=re.compile("^orders")).check()
    press(page, "Preview")
    expect(page.get_by_role("table", name="First rows")).to_contain_text("Brás")
    return page


def _preview_of_a_sync(visitor: Visitor, sights: Sights) -> None:
    page = _preview(visitor, sights)
    field(page, "Repeat").select_option(label="Every day")


def _preview_of_many(visitor: Visitor, sights: Sights) -> None:
    page = _choose(visitor, sights)
    page.get_by_role("checkbox", name=re.compile("^orders")).check()
    page.get_by_role("checkbox", name=re.compile("^customers")).check()
    press(page, "Preview")
    expect(page.get_by_role("button", name="Import 2 tables")).to_be_visible()


def _question(visitor: Visitor, sights: Sights) -> None:
    page = visitor.open(f"#/syncs/{sights.sync}")
    press(page, "Delete")
    expect(page.get_by_role("dialog")).to_be_visible()


def _server(visitor: Visitor, sights: Sights) -> None:
    page = visitor.open("#/new-server")
    field(page, "Name").fill("shop")
    describe(page, sights.remote)
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith("/servers")):
        press(page, "Save")  # leaving before it is answered gives it up
    page.goto(f"{visitor.url}/#/servers/shop")
    heading(page, "shop")


def _nothing(visitor: Visitor, sights: Sights) -> None:
    visitor.allows(404, "/api/v1/activity?id=")
    _open(lambda sights: "#/syncs/11111111-1111-4111-8111-111111111111", "There is no such sync")(visitor, sights)


_SCREENS: dict[str, Callable[[Visitor, Sights], object]] = {
    "overview": _open(lambda sights: "#/", "orders", "customers", "leaving", "Loading"),
    "connect": _open(lambda sights: "#/connect", "Provider", "Password"),
    "connect-refused": _refused,
    **{f"connect-{id}": _provider(id) for id in ("mysql", "postgres", "sqlserver", "hive", "odbc")},
    "choose": _choose,
    "query": _query,
    "preview": _preview,
    "preview-sync": _preview_of_a_sync,
    "preview-many": _preview_of_many,
    "sync": _open(lambda sights: f"#/syncs/{sights.sync}", "Last finished", "Succeeded", "History"),
    "sync-failing": _open(lambda sights: f"#/syncs/{sights.failing}", "The last run failed"),
    "sync-paused": _open(lambda sights: f"#/syncs/{sights.paused}", "Paused"),
    "sync-running": _open(lambda sights: f"#/syncs/{sights.running}", "Loading"),
    "sync-edit": _open(lambda sights: f"#/syncs/{sights.sync}/edit", "Password"),
    "sync-delete": _question,
    "import": _open(lambda sights: f"#/imports/{sights.complete}", "Complete"),
    "import-failed": _open(lambda sights: f"#/imports/{sights.failed}", "Failed"),
    "server-new": _open(lambda sights: "#/new-server", "Password"),
    "server": _server,
    "servers": _open(lambda sights: "#/servers", "shop"),
    "no-such-sync": _nothing,
    "no-such-page": _open(lambda sights: "#/nothing", "Back to the overview"),
}


def _look(page: Page, name: str) -> None:
    check_with_axe(page)
    for size, (width, height) in _WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        check_that_it_fits(page)
        _picture(page, f"{name}-light-{size}")
    page.emulate_media(color_scheme="dark")
    for size, (width, height) in _WIDTHS.items() if _PICTURES else ():
        page.set_viewport_size({"width": width, "height": height})
        _picture(page, f"{name}-dark-{size}")
    page.set_viewport_size({"width": 1280, "height": 900})
    check_contrast(page)


def _picture(page: Page, name: str) -> None:
    if _PICTURES:
        page.screenshot(path=Path(_PICTURES) / f"{name}.png", full_page=True, animations="disabled")


@pytest.mark.parametrize("name", list(_SCREENS))
def test_every_screen(chromium: Chromium, api: HttpServer, alices_login: dict[str, object], sights: Sights, name: str) -> None:
    with Visitor(chromium, api.url, storage_state=alices_login) as visitor:
        _SCREENS[name](visitor, sights)
        _look(visitor.page, name)


def test_the_log_in(visitor: Visitor) -> None:
    page = visitor.open()
    heading(page, "Log in")
    _look(page, "log-in")


def test_an_overview_with_nothing_in_it(visitor: Visitor) -> None:
    page = visitor.log_in("bob", BOB)
    expect(page.get_by_role("main").get_by_role("link", name="Connect")).to_be_visible()
    _look(page, "overview-empty")


def test_nothing_moves_for_those_who_want_that(chromium: Chromium, api: HttpServer, alices_login: dict[str, object], sights: Sights) -> None:
    with Visitor(chromium, api.url, storage_state=alices_login, reduced_motion="reduce") as visitor:
        page = visitor.open(f"#/syncs/{sights.running}")
        expect(region(page, "Now")).to_contain_text("Loading")
        assert page.evaluate("document.getAnimations().length") == 0


def test_colours_of_the_reader(chromium: Chromium, api: HttpServer, alices_login: dict[str, object], sights: Sights) -> None:
    with Visitor(chromium, api.url, storage_state=alices_login, forced_colors="active") as visitor:
        page = visitor.open("#/")
        expect(page.get_by_role("table", name="Syncs")).to_contain_text("Loading")
        check_with_axe(page)
        _picture(page, "overview-forced")
