"""The check of documents finds what it is there for."""

from __future__ import annotations

import pytest
from runner.documents import anchors, broken_links, machines

FILES = {"README.md", "docs/a.md", "docs/deep/b.md", "docs/picture.svg"}


def _broken(page: str, name: str = "docs/a.md", other: str = "# B\n\n## Two words\n") -> list[str]:
    return list(broken_links({name: page, "docs/deep/b.md": other}, FILES))


def test_links_that_lead_somewhere() -> None:
    page = "# A\n\n[b](deep/b.md#two-words) [up](../README.md) [folder](deep) ![p](picture.svg) [here](#a) [out](https://example.com/x)"
    assert _broken(page) == []


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("c.md", "there is no docs/c.md"),
        ("deep/b.md#three", "docs/deep/b.md has no such heading"),
        ("#nowhere", "docs/a.md has no such heading"),
        ("../../x.md", "there is no ../x.md"),
        ("picture.svg#part", "docs/picture.svg has no such heading"),
    ],
)
def test_a_broken_link(link: str, fault: str) -> None:
    (found,) = _broken(f"# A\n\n[text]({link})\n")
    assert found == f"docs/a.md: {link}: {fault}"


def test_what_is_code_is_no_link() -> None:
    assert _broken("# A\n\n`[a](nowhere.md)`\n\n```\n[a](nowhere.md)\n## Not a heading\n```\n") == []
    assert _broken("# A\n\n```\n## Not a heading\n```\n\n[a](#not-a-heading)\n") != []


def test_names_of_headings() -> None:
    page = "# What is sent, and why\n## `code` and _more_\n## Types\n## Types\n## [Linked](x.md) to\n## Año – nuevo\n"
    assert anchors(page) == {"what-is-sent-and-why", "code-and-_more_", "types", "types-1", "linked-to", "año--nuevo"}


@pytest.mark.parametrize("line", ["pip install -i https://pypi.org/simple x", "see /home/ana/notes", "cd /mnt/data", "FROM ghcr.io/x/y"])
def test_places_of_one_machine(line: str) -> None:
    assert len(list(machines({"a.md": f"# A\n\n{line}\n"}))) == 1


def test_places_that_all_machines_have() -> None:
    page = "/usr/lib/postgresql, https://example.com/home/ana, build/deb, /etc/default, ./work/x, apt.postgresql.org"
    assert list(machines({"a.md": page})) == []
