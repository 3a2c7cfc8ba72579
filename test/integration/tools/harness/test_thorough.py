"""What runs without THOROUGH=1 of tests that many servers can be asked in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from unittest.mock import Mock

import pytest
from harness import thorough

PAIR, THREE = ("a1", "a2"), ("b1", "b2", "b3")
TURNS = thorough.by_turns("server", PAIR, THREE)


@pytest.fixture(autouse=True)
def not_thorough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONNECTOR_TEST_THOROUGH", raising=False)


def collected(test: str, server: str, way: str, *marks: pytest.MarkDecorator) -> Mock:
    """As much of a test as is looked at."""

    def iter_markers(name: str) -> Iterator[pytest.Mark]:
        yield from (mark.mark for mark in marks if mark.name == name)

    identity = f"{server}-{way}"
    callspec = Mock(params={"server": server, "way": way}, id=identity)
    return Mock(nodeid=f"file.py::{test}[{identity}]", callspec=callspec, iter_markers=iter_markers)


def kept(items: Sequence[Mock], skipped: Sequence[str] = ()) -> list[Mock]:
    left_out = thorough.left_out(items, lambda _, server: server in skipped)
    return [item for item in items if item not in left_out]


def servers_of(items: Sequence[Mock]) -> list[str]:
    return [item.callspec.params["server"] for item in items]


def test_one_of_each_group_is_asked_in_each_test() -> None:
    for way in ("table", "query"):
        asked = servers_of(kept([collected("test", server, way, TURNS) for server in (*PAIR, *THREE, "other")]))
        assert len(asked) == 3 and asked[0] in PAIR and asked[1] in THREE and asked[2] == "other"


def test_all_are_asked_in_some_tests() -> None:
    items = [collected(f"test_{number}", server, "table", TURNS) for number in range(100) for server in (*PAIR, *THREE)]
    times = Counter(servers_of(kept(items)))
    assert times.keys() == {*PAIR, *THREE} and min(times.values()) > 10


def test_others_do_not_change_whose_turn_it_is() -> None:
    items = [collected(f"test_{number}", server, "table", TURNS) for number in range(9) for server in THREE]
    assert kept(items) == [item for some in (items[:12], items[12:]) for item in kept(some)]


def test_who_is_skipped_takes_nobodys_turn() -> None:
    items = [collected(f"test_{number}", server, "table", TURNS) for number in range(9) for server in THREE]
    asked = servers_of(kept(items, skipped=["b1", "b3"]))
    assert Counter(asked) == {"b1": 9, "b2": 9, "b3": 9}  # those that are skipped say why


def test_marked_as_thorough() -> None:
    of_one = pytest.mark.thorough("a1")
    items = [collected("one", "a1", "x", of_one), collected("one", "a2", "x", of_one), collected("two", "a1", "x", pytest.mark.thorough)]
    assert kept(items) == [items[1]]
    # Whoever is left out already takes nobody's turn either.
    items = [collected(f"test_{number}", server, "x", of_one, TURNS) for number in range(9) for server in PAIR]
    assert servers_of(kept(items)) == ["a2"] * 9


@pytest.mark.parametrize("value", ["1", "yes"])
def test_nothing_is_left_out(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CONNECTOR_TEST_THOROUGH", value)
    items = [collected("test", server, "table", TURNS) for server in PAIR] + [collected("two", "a1", "x", pytest.mark.thorough)]
    assert kept(items) == items
    monkeypatch.setenv("CONNECTOR_TEST_THOROUGH", "0")
    assert len(kept(items)) == 1
