"""What a remote calls its tables and has in its rows is text, whatever stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from harness.accessibility import check_that_it_fits, check_with_axe
from harness.browser import Visitor, expect
from harness.database import Database
from harness.page_data import new_sync
from harness.page_steps import describe, field, press, region, row

from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote

_TABLE = "<img src=x onerror=alert(1)>"
_COLUMN = '</script><script>alert("2")'
_VALUES = (
    "<svg onload=alert(3)>",
    "</td></tr></table><h1>Log in</h1>",
    "invoice_\u202egnp.exe",
    "nul \u0000 and bell \u0007",
    "line\nbreak\u2028and\u0085others",
    "🦉 e\u0301 \u200b|\ufeff|",
    "javascript:alert(4)",
    "{{constructor.constructor('alert(5)')()}}",
    "'; DROP TABLE orders; --",
    "long " * 200_000,
)
_LISTED = 10_000  # tables that the page asks for at first


@pytest.fixture(scope="module", autouse=True)
def long_lists(api_database: Database) -> None:
    """Before anybody logs in, whose session would know it too late."""
    api_database.execute(f'ALTER DATABASE "{api_database.name}" SET connector.max_listed_tables = {2 * _LISTED}')


@pytest.fixture
def hostile(shop: MySqlRemote) -> MySqlRemote:
    table, column = shop.quote(_TABLE), shop.quote(_COLUMN)
    shop.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, {column} longtext) CHARACTER SET utf8mb4")
    for number, value in enumerate(_VALUES, 1):
        # PostgreSQL's text holds no NUL: a column that has one is imported as bytea, or not at all.
        shop.execute(f"INSERT INTO {table} VALUES ({number}, x'{value.replace(chr(0), '').encode().hex()}')")
    return shop


def nothing_was_taken_for_markup(visitor: Visitor) -> None:
    """One heading, our scripts, no picture, and no dialog (which the visitor would have heard)."""
    page = visitor.page
    assert page.locator("h1").count() == 1
    assert page.locator("img, svg, iframe, object, embed").count() == 0
    assert page.locator("script").count() == 1
    assert visitor.heard() == []


def test_names_and_values(alices: Visitor, hostile: MySqlRemote, alice_db: Database) -> None:
    page = alices.open("#/connect")
    describe(page, hostile)
    press(page, "Next")
    box = page.get_by_role("checkbox", name=_TABLE)
    expect(box).to_be_visible()
    nothing_was_taken_for_markup(alices)
    box.check()
    press(page, "Preview")
    rows = page.get_by_role("table", name="First rows")
    expect(rows).to_contain_text("</td></tr></table><h1>Log in</h1>")
    expect(rows).to_contain_text("invoice_‹U+202E›gnp.exe")
    expect(rows).to_contain_text("‹U+0007›")
    expect(page.get_by_role("table", name="Columns")).to_contain_text(_COLUMN)
    nothing_was_taken_for_markup(alices)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 740})
        check_that_it_fits(page)
    check_with_axe(page)
    field(page, "Table name").fill("harmless")
    press(page, "Import")
    expect(region(page, "Result")).to_contain_text("Complete")
    nothing_was_taken_for_markup(alices)
    assert alice_db.value("SELECT count(*) FROM harmless") == len(_VALUES)


def test_where_they_are_watched(alices: Visitor, hostile: MySqlRemote, alice_db: Database) -> None:
    id = new_sync(alice_db, hostile, table=_TABLE, import_as="harmless")
    page = alices.open()
    expect(row(page, "Syncs", re.compile("^harmless"))).to_contain_text(_TABLE)
    nothing_was_taken_for_markup(alices)
    page.goto(f"{alices.url}/#/syncs/{id}")
    expect(page.get_by_role("main")).to_contain_text(_TABLE)
    hostile.drop(_TABLE)
    press(page, "Run now")
    expect(region(page, "Error")).to_contain_text(_TABLE)
    nothing_was_taken_for_markup(alices)
    check_with_axe(page)


def test_a_name_in_an_address(alices: Visitor) -> None:
    page = alices.open("#/servers/%3Cimg%20src=x%20onerror=alert(1)%3E")
    expect(page.get_by_role("main")).to_contain_text(re.compile("no such|<img", re.IGNORECASE))
    nothing_was_taken_for_markup(alices)
    page.goto(f"{alices.url}/#/%E0%A4%A/..%2F..")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    nothing_was_taken_for_markup(alices)


@pytest.mark.parametrize("quoting", ["on", "off"])
def test_names_in_copied_statements(alices: Visitor, alice_db: Database, quoting: str) -> None:
    """They mean what they are, and nothing in them is a key of a terminal."""
    page = alices.open("#/servers")
    literal_of = """(text) => import(document.scripts[0].src.replace("main.js", "base/commands.js"))
        .then(({sqlLiteral}) => sqlLiteral(text))"""
    alice_db.execute(f"SET standard_conforming_strings = {quoting}")
    names = ("plain", "it's", "$$ $q$ '", "ends in \\", "line\nbreak '\\!", "x\x03\n\\! true\n'", "\x1b[201~\r\\", "\t", "\u202e\u0085 $")
    for name in (*names, *_VALUES[:-1]):
        text = name.replace("\0", "")
        literal = page.evaluate(literal_of, text)
        assert alice_db.value(f"SELECT {literal}") == text
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", literal)


@pytest.fixture
def crowded(postgres15: PostgresRemote) -> Iterator[PostgresRemote]:
    """A database with more tables than are listed at first."""
    postgres15.server.start()
    remote = PostgresRemote(postgres15.server, database="crowded")
    creates = f"FOR i IN 1..{_LISTED + 100} LOOP EXECUTE format('CREATE TABLE t%s (a int)', to_char(i, 'FM00000')); "
    # Locks on all of them at once would not find room.
    remote.execute(f"DO $$ BEGIN {creates} IF i % 1000 = 0 THEN COMMIT; END IF; END LOOP; END $$")
    yield remote
    postgres15.execute("DROP DATABASE crowded WITH (FORCE)")


def test_a_list_that_was_cut_says_so(alices: Visitor, crowded: PostgresRemote) -> None:
    page = alices.open("#/connect")
    describe(page, crowded)
    page.get_by_text("More options").click()
    field(page, "TLS mode").select_option("disable")
    press(page, "Next")
    expect(page.get_by_text(re.compile("The list was cut after 10,000 tables"))).to_be_visible()
    page.get_by_role("searchbox", name="Search tables").fill("t0999")
    expect(page.get_by_role("checkbox", name=re.compile("^t0999"))).to_have_count(10)
    check_with_axe(page)
    # What the list does not have can be named, or asked for.
    field(page, "Name or pattern").fill("t10050")
    press(page, "Add")
    expect(page.get_by_text("1 chosen", exact=True)).to_be_visible()
    press(page, "List up to 20,000")
    expect(page.get_by_text(re.compile("The list was cut"))).to_have_count(0)
    page.get_by_role("searchbox", name="Search tables").fill("t10099")
    page.get_by_role("checkbox", name=re.compile("^t10099")).check()
    expect(page.get_by_text("2 chosen", exact=True)).to_be_visible()
    press(page, "Preview")
    # No request may be under way when its database is dropped.
    expect(page.get_by_role("table", name="Columns")).to_be_visible()
