"""A source is described once and read as often as wanted over the same connection, without PostgreSQL between."""

from __future__ import annotations

from harness.sources import Read
from harness.stalls import TABLE
from harness.thorough import PROVIDERS, by_turns

from servers.remote import Remote

pytestmark = by_turns("one_remote", *PROVIDERS)

def numbers(first: int, last: int) -> str:
    return " ".join(str(number) for number in range(first, last + 1))


def test_a_table(one_remote: Remote, read: Read) -> None:
    """All rows, the first ones, those from a value on, and all again."""
    one_remote.create_rows(TABLE, 9)
    lines = read(one_remote.connector(table=TABLE), "all", "first:3", "from:4", "all", "from:8")
    assert sorted(lines[0].split()) == sorted(numbers(1, 9).split())
    assert lines[1] == numbers(1, 3)
    assert [" ".join(sorted(line.split())) for line in (lines[2], lines[4])] == [numbers(4, 9), numbers(8, 9)]
    assert sorted(lines[3].split()) == sorted(numbers(1, 9).split())
    one_remote.drop(TABLE)


def test_a_query(one_remote: Remote, read: Read) -> None:
    """Conditions come to a query that can stand in another one; each reading runs it anew."""
    one_remote.create_rows(TABLE, 9)
    query = f"SELECT id FROM {one_remote.quote(TABLE)}"
    lines = read(one_remote.connector(sql_query=query, import_as="t"), "all", "from:4", "all", "all")
    for line in (lines[0], lines[2], lines[3]):
        assert sorted(line.split()) == sorted(numbers(1, 9).split())
    assert sorted(lines[1].split()) == sorted(numbers(4, 9).split())
    one_remote.drop(TABLE)


def test_limits_one_after_the_other(one_remote: Remote, read: Read) -> None:
    """What a limit cuts off is not on its way when the source is read again."""
    one_remote.create_rows(TABLE, 9)
    lines = read(one_remote.connector(table=TABLE), "first:1", "first:2", "all")
    assert [len(line.split()) for line in lines] == [1, 2, 9]
    one_remote.drop(TABLE)
