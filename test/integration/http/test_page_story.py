"""The page from the first connection to the last: what is done, what goes wrong, and what is told of it."""

from __future__ import annotations

import json
import re

from harness.accessibility import check_with_axe
from harness.browser import Chromium, Visitor, expect
from harness.database import Database
from harness.http_roles import ALICE, BOB
from harness.page_data import new_sync
from harness.page_steps import describe, field, heading, list_tables, press, region, row
from harness.stalls import unanswering

from servers.http import HttpServer
from servers.process import wait_until
from servers.proxy import Fault, Proxy
from servers.remote_mysql import MySqlRemote
from servers.workspace import free_port


def test_what_is_wrong_with_a_connection_stands_at_its_field(alices: Visitor, shop: MySqlRemote) -> None:
    page = alices.open("#/connect")
    heading(page, "Connect")
    alices.allows(400, "/connect")
    for label, changes, words in (
        ("Password", {"password": "not the password"}, "Access denied for user"),
        ("Username", {"username": "nobody_there"}, "Access denied for user"),
        ("Database", {"database": "no_such_database"}, "no_such_database"),
        ("Port", {"port": free_port()}, "refused"),
        ("Server", {"server": "10.0.0.1"}, "not allowed"),
    ):
        describe(page, shop, **changes)
        press(page, "Test connection")
        faulty = field(page, "Password" if label == "Username" else label)
        expect(faulty).to_have_accessible_description(re.compile(words))
        expect(faulty).to_be_focused()
        expect(faulty).to_have_attribute("aria-invalid", "true")
    check_with_axe(page)
    describe(page, shop)
    press(page, "Test connection")
    expect(page.get_by_text(re.compile("^Connected to MySQL at 127.0.0.1 in "))).to_be_visible()
    expect(page.locator("[aria-invalid]")).to_have_count(0)


def test_a_server_that_does_not_answer_can_be_left(alices: Visitor, shop: MySqlRemote) -> None:
    page = alices.open("#/connect")
    with unanswering() as port:
        describe(page, shop, port=port)
        page.get_by_text("More options").click()
        field(page, "Connect timeout").fill("300")  # long enough to be looked at
        press(page, "Test connection")
        expect(page.get_by_text(re.compile(r"Connecting: \d+ s, at most \d+ s"))).to_be_visible()
        check_with_axe(page)
        press(page, "Cancel")
        expect(page.get_by_text("The test was cancelled.")).to_be_visible()
        expect(page.get_by_role("button", name="Test connection")).to_be_enabled()
        expect(field(page, "Port")).to_have_value(str(port))


def test_one_table(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    page = alices.open()
    expect(page.get_by_text("There are no imports and no syncs yet.")).to_be_visible()
    list_tables(page, shop)
    page.get_by_role("checkbox", name=re.compile("^orders")).check()
    press(page, "Preview")
    heading(page, "Preview")
    columns = page.get_by_role("table", name="Columns")
    expect(columns.get_by_role("row", name=re.compile("customer.*varchar"))).to_be_visible()
    expect(page.get_by_role("table", name="First rows")).to_contain_text("Brás")
    field(page, "Table name").fill("orders_here")
    press(page, "Import")
    page.wait_for_url(re.compile("#/imports/"))
    result = region(page, "Result")
    expect(result).to_contain_text("Complete")
    expect(result).to_contain_text("3 rows")
    assert alice_db.rows("SELECT id, customer, paid FROM orders_here ORDER BY id") == [
        (1, "Ada", True),
        (2, "Brás", False),
        (3, None, None),
    ]
    page.reload()
    expect(region(page, "Result")).to_contain_text("Complete")


def test_a_query(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    page = alices.open("#/connect")
    describe(page, shop)
    press(page, "Next")
    page.get_by_role("radio", name="Query").check()
    field(page, "SQL query").fill("SELECT id, customer FROM orders WHERE id < 3")
    field(page, "Name of the new table").fill("two_orders")
    press(page, "Preview")
    expect(page.get_by_role("table", name="First rows")).to_contain_text("Ada")
    press(page, "Import")
    expect(region(page, "Result")).to_contain_text("2 rows")
    assert alice_db.value("SELECT count(*) FROM two_orders") == 2


def test_thirty_tables(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    shop.execute(*[f"CREATE TABLE part_{i:02} AS SELECT {i} AS number" for i in range(1, 31)])
    page = alices.open("#/connect")
    describe(page, shop)
    press(page, "Next")
    page.get_by_role("searchbox", name="Search tables").fill("part_")
    page.get_by_role("checkbox", name="All", exact=False).first.check()
    expect(page.get_by_text("30 chosen", exact=True)).to_be_visible()
    press(page, "Preview")
    press(page, "Import 30 tables")
    heading(page, "What became of the tables")
    imported = "SELECT count(*) FROM connector.imports WHERE state = 'complete'"
    wait_until(lambda: alice_db.value(imported) == 30, what="thirty imports")
    assert alice_db.value("SELECT number FROM part_30") == 30
    page.get_by_role("link", name="Overview", exact=True).click()
    expect(page.get_by_role("table", name="Imports").get_by_role("rowheader")).to_have_count(30)


def test_a_sync(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    page = alices.open("#/connect")
    describe(page, shop)
    press(page, "Next")
    page.get_by_role("checkbox", name=re.compile("^orders")).check()
    press(page, "Preview")
    field(page, "Repeat").select_option(label="Every hour")
    press(page, "Import")
    page.wait_for_url(re.compile("#/syncs/"))
    expect(region(page, "Last finished")).to_contain_text("Succeeded")
    schedule = region(page, "Schedule")
    expect(schedule).to_contain_text("every hour")
    due = alice_db.value("SELECT to_char(run_at AT TIME ZONE 'Asia/Kolkata', 'HH24:MI') FROM connector.syncs")
    expect(schedule).to_contain_text(due)
    expect(page.get_by_role("table", name="History").get_by_role("rowheader")).to_have_count(1)
    shop.execute("INSERT INTO orders (id) VALUES (4)")
    press(page, "Run now")
    expect(page.get_by_role("table", name="History").get_by_role("rowheader")).to_have_count(2)
    expect(region(page, "Last finished")).to_contain_text("4 rows")
    assert alice_db.value("SELECT count(*) FROM orders") == 4


def test_what_breaks_is_read_repaired_and_runs(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    id = new_sync(alice_db, shop)
    shop.execute("RENAME TABLE orders TO orders_away")
    page = alices.open(f"#/syncs/{id}")
    heading(page, "orders")
    press(page, "Run now")
    error = region(page, "Error")
    expect(error).to_contain_text("The last run failed")
    failure = alice_db.rows(
        "SELECT last_error_message, last_error_detail, last_error_hint, last_sqlstate FROM connector.syncs WHERE id = %s", id
    )[0]
    assert failure[0] and failure[1] and failure[2]
    for text in failure:
        expect(error).to_contain_text(text)
    press(error, "Copy error")
    expect(error.get_by_role("button", name="Copied")).to_be_visible()
    assert alices.clipboard() == f"ERROR:  {failure[3]}: {failure[0]}\nDETAIL:  {failure[1]}\nHINT:  {failure[2]}"
    expect(region(page, "Last finished")).to_contain_text("Failed")
    # What no time heals is not tried again.
    expect(region(page, "Schedule")).to_contain_text("gave up after 1 try")
    check_with_axe(page)

    page.get_by_role("link", name="Overview", exact=True).click()
    line = row(page, "Syncs", re.compile("^orders"))
    expect(line).to_contain_text("Failed")
    expect(line).to_contain_text(failure[0].splitlines()[0][:80])
    page.get_by_role("button", name=re.compile("^Failing")).click()
    line.get_by_role("link", name="Details").click()

    shop.execute("RENAME TABLE orders_away TO orders")
    heading(page, "orders")
    press(page, "Run now")
    expect(region(page, "Last finished")).to_contain_text("Succeeded")
    expect(region(page, "Error")).to_be_hidden()


def test_what_may_pass_is_tried_again(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    with Proxy(shop.server.port) as proxy:
        id = new_sync(alice_db, shop, connection=shop.connection(port=proxy.port))
        proxy.every(Fault(refuse=True))
        page = alices.open(f"#/syncs/{id}")
        press(page, "Run now")
        expect(region(page, "Last finished")).to_contain_text("Failed")
        due = alice_db.value("SELECT to_char(run_at AT TIME ZONE 'Asia/Kolkata', 'HH24:MI') FROM connector.syncs")
        expect(region(page, "Schedule")).to_contain_text(re.compile(f"try 2 of 10 at .*{due}"))


def test_a_changed_password_is_given_anew(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    shop.execute("CREATE USER mover@'%' IDENTIFIED BY 'first password'", "GRANT SELECT ON *.* TO mover@'%'")
    try:
        connection = shop.connection(username="mover", password="first password")
        id = new_sync(alice_db, shop, connection=connection)
        shop.execute("ALTER USER mover@'%' IDENTIFIED BY 'second password'")
        page = alices.open(f"#/syncs/{id}")
        press(page, "Run now")
        expect(region(page, "Error")).to_contain_text("Access denied for user")
        press(page, "Edit")
        page.wait_for_url(re.compile("/edit$"))
        password = field(page, "Password")
        expect(password).to_have_value("")
        expect(password).to_have_accessible_description(re.compile("[Ll]eave empty to keep"))
        password.fill("second password")
        press(page, "Save")
        page.wait_for_url(re.compile(f"{id}$"))
        expect(region(page, "Last finished")).to_contain_text("Succeeded")
        # Saved without a password, it keeps the one that it has.
        press(page, "Edit")
        field(page, "Every").fill("2")
        press(page, "Save")
        page.wait_for_url(re.compile(f"{id}$"))
        expect(region(page, "Schedule")).to_contain_text("every 2 hours")
        shop.execute("INSERT INTO orders (id) VALUES (5)")
        press(page, "Run now")
        expect(region(page, "Last finished")).to_contain_text("4 rows")
    finally:
        shop.execute("DROP USER mover@'%'")


def test_a_run_is_watched_and_cancelled(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    shop.create_rows("orders_many", 50_000)
    with Proxy(shop.server.port) as proxy:
        connector = shop.connector(connection=shop.connection(port=proxy.port), table="orders_many")
        id = str(alice_db.value("SELECT cdb_sync_connector(%s, '1 hour') ->> 'id'", json.dumps(connector)))
        page = alices.open(f"#/syncs/{id}")
        expect(region(page, "Last finished")).to_contain_text("Succeeded")
        proxy.every(Fault(stall_after=400_000))
        press(page, "Run now")
        proxy.wait_until_stalled()
        now = region(page, "Now")
        expect(now).to_contain_text(re.compile(r"[\d,]+ of about 50,000 rows"))
        # How the last one ended does not change while the next goes on.
        expect(region(page, "Last finished")).to_contain_text("Succeeded")
        expect(now).to_contain_text(re.compile("[Nn]o row for"))
        check_with_axe(page)

        # No other is begun beside it.
        runs = "SELECT count(*) FROM connector.runs WHERE sync_id = %s"
        before = alice_db.value(runs, id)
        page.get_by_role("button", name="Run now").press("Enter")
        expect(page.get_by_text("A run goes on already.")).to_be_visible()

        press(now, "Cancel run")
        expect(region(page, "Last finished")).to_contain_text("Cancelled")
        expect(now.get_by_role("button", name="Cancel run")).to_be_hidden()
        assert alice_db.value(runs, id) == before


def test_pause_and_resume(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    id = new_sync(alice_db, shop)
    page = alices.open(f"#/syncs/{id}")
    press(page, "Pause")
    expect(region(page, "Now")).to_contain_text("Paused")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert alice_db.value("SELECT paused FROM connector.syncs WHERE id = %s", id) is True
    press(page, "Resume")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert alice_db.value("SELECT paused FROM connector.syncs WHERE id = %s", id) is False


def test_delete_asks_first(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    id = new_sync(alice_db, shop)
    page = alices.open(f"#/syncs/{id}")
    press(page, "Delete")
    dialog = page.get_by_role("dialog", name="Delete the sync of orders?")
    expect(dialog).to_be_visible()
    check_with_axe(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Delete")).to_be_focused()
    press(page, "Delete")
    press(dialog, "Delete")
    heading(page, "Imports and syncs")
    assert alice_db.value("SELECT count(*) FROM connector.syncs") == 0
    assert alice_db.value("SELECT count(*) FROM orders") == 3
    alices.allows(404, "/api/v1/activity?id=")
    page.goto(f"{alices.url}/#/syncs/{id}")
    expect(page.get_by_text("There is no such sync")).to_be_visible()


def test_commands_that_do_the_same(alices: Visitor, api: HttpServer, shop: MySqlRemote, alice_db: Database) -> None:
    id = new_sync(alice_db, shop)
    page = alices.open(f"#/syncs/{id}")
    request = region(page, "Request")
    press(request, "Copy as SQL")
    expect(request.get_by_role("button", name="Copied")).to_be_visible()
    sql = alices.clipboard()
    assert sql.startswith("SELECT cdb_sync_connector(") and shop.server.password not in sql
    press(request, "Copy as curl")
    wait_until(lambda: alices.clipboard().startswith("curl "), what="the other command")
    assert f"{api.url}/api/v1/synchronizations" in alices.clipboard()
    page.get_by_role("link", name="Overview", exact=True).click()
    heading(page, "Imports and syncs")
    alice_db.execute("SELECT cdb_sync_delete(%s)", id)
    again = alice_db.rows(sql.replace("********", shop.server.password))
    assert again[0][0]["name"] == "orders"


def test_another_role_sees_none_of_it(chromium: Chromium, api: HttpServer, shop: MySqlRemote, alice_db: Database) -> None:
    id = new_sync(alice_db, shop)
    with Visitor(chromium, api.url) as bobs:
        page = bobs.log_in("bob", BOB)
        expect(page.get_by_text("There are no imports and no syncs yet.")).to_be_visible()
        bobs.allows(404, "/api/v1/activity?id=")
        page.goto(f"{api.url}/#/syncs/{id}")
        expect(page.get_by_text("There is no such sync")).to_be_visible()
        expect(page.get_by_text("orders")).to_have_count(0)
        press(page, "Log out")
        # Whoever comes next at the same computer sees what is theirs.
        bobs.log_in("alice", ALICE)
        page.get_by_role("link", name="Overview", exact=True).click()
        expect(row(page, "Syncs", re.compile("^orders"))).to_be_visible()


def test_a_saved_server_keeps_its_password(alices: Visitor, shop: MySqlRemote, alice_db: Database) -> None:
    page = alices.open("#/servers")
    expect(page.get_by_role("link", name="New server").first).to_be_visible()
    page.get_by_role("link", name="New server").first.click()
    heading(page, "New server")
    field(page, "Name").fill("shop")
    describe(page, shop)
    press(page, "Save")
    heading(page, "Servers")  # it is saved: leaving earlier gives it up
    page.goto(f"{alices.url}/#/servers/shop")
    heading(page, "shop")
    password = field(page, "Password")
    expect(password).to_have_value("")
    expect(password).to_have_accessible_description(re.compile("[Ll]eave empty to keep"))
    press(page, "Test connection")
    expect(page.get_by_text(re.compile("^Connected"))).to_be_visible()
    press(page, "Save")
    expect(page.get_by_text("Saved", exact=True).first).to_be_visible()
    page.get_by_role("link", name="Connect with this server").click()
    press(page, "Next")
    expect(page.get_by_role("checkbox", name=re.compile("^orders"))).to_be_visible()
    page.goto(f"{alices.url}/#/servers/shop")
    press(page, "Delete")
    press(page.get_by_role("dialog"), "Delete")
    heading(page, "Servers")
    assert alice_db.value("SELECT count(*) FROM pg_foreign_server WHERE srvname = 'shop'") == 0
