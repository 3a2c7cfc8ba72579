"""The page lets a role in by its password, and says what is wrong."""

from __future__ import annotations

import re

from harness.accessibility import check_with_axe
from harness.browser import Visitor, expect
from harness.http_roles import ALICE


def test_a_wrong_password(visitor: Visitor) -> None:
    page = visitor.open()
    expect(page.get_by_role("heading", name="Log in", level=1)).to_be_visible()
    visitor.allows(401, "/api/v1/session")
    visitor.fill_in("alice", "not the password")
    password = page.get_by_label("Password")
    expect(password).to_have_accessible_description(re.compile("The role or the password is wrong"))
    expect(password).to_be_focused()
    expect(password).to_have_value("")
    expect(page.get_by_label("Role")).to_have_value("alice")
    check_with_axe(page)


def test_what_was_not_filled_in(visitor: Visitor) -> None:
    page = visitor.open()
    visitor.fill_in("", "")
    expect(page.get_by_label("Role")).to_be_focused()
    expect(page.get_by_label("Role")).to_have_accessible_description(re.compile("Enter the name of a role"))
    expect(page.get_by_label("Password")).to_have_accessible_description(re.compile("Enter its password"))


def test_in_and_out(visitor: Visitor) -> None:
    page = visitor.log_in("alice", ALICE)
    expect(page.get_by_role("banner")).to_contain_text("alice")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in", level=1)).to_be_visible()
    assert page.evaluate("Object.entries(localStorage).length") == 0
    assert [cookie for cookie in visitor.context.cookies() if cookie["name"] == "connector_session"] == []
