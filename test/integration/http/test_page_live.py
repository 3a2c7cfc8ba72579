"""What is on the screen is what is so: events, cut streams, two tabs, reloads, ended sessions, and nothing that stays behind."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, quote_plus

from harness.browser import Chromium, Visitor, expect
from harness.database import Database
from harness.http_roles import ALICE, OWN_ROLE
from harness.page_data import new_sync
from harness.page_steps import describe, heading, press, region, row

from servers.http import HttpServer
from servers.postgres import Postgres
from servers.proxy import Fault, Proxy
from servers.remote_mysql import MySqlRemote
from servers.staging import staged
from servers.workspace import Workspace


def queue(alice: Database, remote: MySqlRemote, name: str) -> None:
    connector = json.dumps(remote.connector(table="orders", import_as=name))
    alice.value("SELECT cdb_import_connector(%s, wait => false)", connector)


def test_what_ends_elsewhere_is_shown(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    page = alices.open()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    queue(alice_db, shop, "elsewhere")
    expect(row(page, "Imports", re.compile("^elsewhere"))).to_contain_text("Complete")


def test_without_events_it_looks_from_time_to_time(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    alices.allows("net::ERR_FAILED", "/api/v1/events")
    alices.context.route("**/api/v1/events", lambda route: route.abort())
    page = alices.open()
    expect(page.get_by_text("Looking every 3 s")).to_be_visible()
    queue(alice_db, shop, "elsewhere")
    expect(row(page, "Imports", re.compile("^elsewhere"))).to_contain_text("Complete")


def test_a_stream_that_is_cut_comes_back(chromium: Chromium, api: HttpServer, shop: MySqlRemote, alice_db: Database) -> None:
    with Proxy(api.port) as proxy, Visitor(chromium, f"http://127.0.0.1:{proxy.port}") as visitor:
        visitor.allows("net::ERR_", "/api/v1/")
        page = visitor.log_in("alice", ALICE)
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        proxy.cut(reset=True)
        queue(alice_db, shop, "elsewhere")
        expect(row(page, "Imports", re.compile("^elsewhere"))).to_contain_text("Complete")
        expect(page.get_by_text("Live", exact=True)).to_be_visible()


def test_an_address_leads_there_after_the_log_in_and_a_reload(alice_db: Database, visitor: Visitor, shop: MySqlRemote) -> None:
    id = new_sync(alice_db, shop)
    page = visitor.open(f"#/syncs/{id}")
    heading(page, "Log in")
    visitor.log_in("alice", ALICE)
    heading(page, "orders")
    page.reload()
    heading(page, "orders")
    assert page.url == f"{visitor.url}/#/syncs/{id}"
    page.get_by_role("link", name="Overview", exact=True).click()
    heading(page, "Imports and syncs")
    page.go_back()
    heading(page, "orders")


def test_two_tabs_begin_one_run(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    shop.create_rows("many", 50_000)
    with Proxy(shop.server.port) as proxy:
        id = new_sync(alice_db, shop, connection=shop.connection(port=proxy.port), table="many")
        first, second = alices.page, alices.context.new_page()
        for tab in (first, second):
            tab.goto(f"{alices.url}/#/syncs/{id}")
            heading(tab, "many")
        proxy.every(Fault(stall_after=400_000))
        press(first, "Run now")
        second.get_by_role("button", name="Run now").press("Enter")  # which may know already that it can't be pressed
        proxy.wait_until_stalled()
        for tab in (first, second):
            expect(region(tab, "Now")).to_contain_text("Loading")
        assert alice_db.value("SELECT count(*) FROM connector.runs WHERE sync_id = %s AND state = 'syncing'", id) == 1
        press(second, "Cancel run")
        for tab in (first, second):
            expect(region(tab, "Last finished")).to_contain_text("Cancelled")
        assert alice_db.value("SELECT count(*) FROM connector.runs WHERE sync_id = %s", id) == 2


def test_a_session_that_ends_in_one_tab_ends_in_all(visitor: Visitor) -> None:
    page = visitor.log_in("alice", ALICE)
    other = visitor.context.new_page()
    other.goto(f"{visitor.url}/#/connect")
    heading(other, "Connect")
    press(page, "Log out")
    heading(other, "Log in")


def test_a_server_that_is_away_and_comes_back(
    chromium: Chromium, workspace: Workspace, preloaded: Postgres, api_database: Database, shop: MySqlRemote, alice_db: Database
) -> None:
    with (
        HttpServer(workspace, preloaded, staged(workspace), api_database.name, own_role=OWN_ROLE) as server,
        Visitor(chromium, server.url) as visitor,
    ):
        id = new_sync(alice_db, shop)
        visitor.allows("net::ERR_", "/api/v1/")
        visitor.allows(401, "/api/v1/")
        visitor.open(f"#/syncs/{id}")
        page = visitor.log_in("alice", ALICE)
        heading(page, "orders")
        server.stop()
        expect(page.get_by_text(re.compile(r"^Offline since \d\d:\d\d, trying again"))).to_be_visible()
        heading(page, "orders")
        server.start()
        # Its sessions have ended with it; the place where one was has not.
        heading(page, "Log in")
        visitor.log_in("alice", ALICE)
        heading(page, "orders")


def test_no_secret_stays_behind(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    page = alices.page
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    alices.open("#/connect")
    describe(page, shop)
    press(page, "Test connection")
    expect(page.get_by_text(re.compile("^Connected"))).to_be_visible()
    press(page, "Next")
    page.get_by_role("checkbox", name=re.compile("^orders")).check()
    press(page, "Preview")
    press(page, "Import")
    expect(region(page, "Result")).to_contain_text("Complete")
    secret = shop.server.password
    kept = page.evaluate(
        "JSON.stringify([document.documentElement.outerHTML, {...localStorage}, {...sessionStorage}, history.state, location.href, "
        "document.cookie, [...document.querySelectorAll('input')].map((input) => input.value)])"
    )
    for place in (kept, *addresses):
        assert secret not in place and quote(secret) not in place and quote_plus(secret) not in place
    assert "connector_session" not in kept  # no script has the cookie
    for _ in range(3):
        page.go_back()
    heading(page, "Connect")
    assert page.evaluate("[...document.querySelectorAll('input[type=password]')].every((input) => input.value === '')")


def test_the_token_alone_opens_nothing(alices: Visitor) -> None:
    page = alices.open()
    heading(page, "Imports and syncs")
    token = page.evaluate("localStorage.getItem('connector-token')")
    with_cookie = "(token) => fetch('api/v1/synchronizations', {headers: token ? {'X-Connector-Token': token} : {}}).then((r) => r.status)"
    assert page.evaluate(with_cookie, token) == 200
    alices.allows(401, "/api/v1/")
    assert page.evaluate(with_cookie, "") == 401
    alices.context.clear_cookies()
    assert page.evaluate(with_cookie, token) == 401


def test_what_is_gone_says_so(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    id = new_sync(alice_db, shop)
    page = alices.open(f"#/syncs/{id}")
    heading(page, "orders")
    alices.allows(404, f"/api/v1/activity?id={id}")
    alice_db.execute("SELECT cdb_sync_delete(%s)", id)
    expect(page.get_by_text("This sync is gone")).to_be_visible()
