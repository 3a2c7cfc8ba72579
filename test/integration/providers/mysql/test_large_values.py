"""Values of 64 MB, empty ones beside NULL, and the backend's memory while they pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.database import Database
from harness.memory import assert_grown_less, private_memory

from servers.remote_mysql import MySqlRemote

pytestmark = pytest.mark.usefixtures("tidy")

MB = 1024 * 1024
SIZE = 64 * MB


@pytest.fixture
def large(mysql: MySqlRemote) -> Iterator[str]:
    """Rows: a blob and a text of 64 MB in one; empty ones; NULL; and one that ends in what is easily lost."""
    engine = "ENGINE = MyISAM" if mysql.kind == "mysql56" else ""  # whose InnoDB wants its log ten times larger
    mysql.drop("large")
    mysql.execute(
        f"CREATE TABLE large (id int PRIMARY KEY, b longblob, t longtext) CHARACTER SET utf8mb4 {engine}",
        f"INSERT INTO large VALUES (1, REPEAT(x'00ff', {SIZE // 2}), REPEAT('é', {SIZE // 2})), (2, '', ''), "
        f"(3, NULL, NULL), (4, REPEAT(x'00', {SIZE}), CONCAT(REPEAT(' ', {SIZE - 4}), '😀'))",
    )
    yield "large"
    mysql.drop("large")


def peak_memory(pid: int) -> int:
    """VmHWM: the highest it was; shared buffers included."""
    [kilobytes] = re.findall(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(kilobytes) * 1024


@pytest.mark.thorough("mysql9")
def test_large_values(db: Database, mysql: MySqlRemote, large: str) -> None:
    """Equal to the last byte; the backend holds a few copies of one row at most, and keeps none when it is done."""
    with fresh_session(db) as session:
        session.import_table(mysql.connector(table=large, max_rows=1), import_as="warm_up", columns=["id"])
        before, peak_before = private_memory(session.pid), peak_memory(session.pid)
        result = session.import_table(mysql.connector(table=large))
        row = 2 * SIZE
        assert_grown_less(peak_memory(session.pid) - peak_before, 4 * row + 128 * MB)
        assert_grown_less(private_memory(session.pid) - before, row // 2)
    assert (result["rows"], result["warnings"]) == (4, None)
    assert result["bytes"] >= 4 * SIZE
    there = mysql.rows(f"SELECT id, LENGTH(b), SHA2(b, 256), LENGTH(t), CHAR_LENGTH(t), SHA2(t, 256) FROM {large} ORDER BY id")
    assert [row[1] for row in there] == [SIZE, 0, None, SIZE]
    here = db.rows(
        "SELECT id, octet_length(b), encode(sha256(b), 'hex'), octet_length(t), char_length(t), "
        "encode(sha256(convert_to(t, 'UTF8')), 'hex') FROM large ORDER BY id"
    )
    assert here == there


def test_large_text_that_is_converted_here(db: Database, mariadb: MySqlRemote) -> None:
    """Text grows in the conversion; nothing adds up from import to import."""
    size = 16 * MB
    mariadb.drop("large")
    mariadb.execute(
        "CREATE TABLE large (t longtext) CHARACTER SET latin1",
        f"INSERT INTO large VALUES (REPEAT('é', {size})), (''), (CONCAT(REPEAT('x', {size - 1}), '€'))",
    )
    with fresh_session(db) as session:
        session.import_table(mariadb.connector(table="large", max_rows=1), encoding="LATIN1", import_as="warm_up")
        before = private_memory(session.pid)
        for _ in range(5):
            session.import_table(mariadb.connector(table="large"), encoding="LATIN1")
            assert_grown_less(private_memory(session.pid) - before, 3 * size)  # malloc keeps some for the next
    for table in ("large", "large_4"):
        assert db.rows(f"SELECT char_length(t), octet_length(t), right(t, 1) FROM {table}") == [
            (size, 2 * size, "é"),
            (0, 0, ""),
            (size, size + 2, "€"),
        ]
    mariadb.drop("large")


def test_memory_of_many_fat_rows(db: Database, mariadb: MySqlRemote) -> None:
    """256 MB in rows of 1 MB: the batch is bounded by bytes, not only by rows."""
    mariadb.drop("fat")
    mariadb.execute(
        "CREATE TABLE fat (id int PRIMARY KEY AUTO_INCREMENT, t longtext) CHARACTER SET utf8mb4",
        f"INSERT INTO fat (t) VALUES (REPEAT('x', {MB}))",
        *("INSERT INTO fat (t) SELECT t FROM fat",) * 8,
    )
    with fresh_session(db) as session:
        session.import_table(mariadb.connector(table="fat", max_rows=1), import_as="warm_up")
        before, peak_before = private_memory(session.pid), peak_memory(session.pid)
        result = session.import_table(mariadb.connector(table="fat"))
        assert result["rows"] == 256
        assert_grown_less(private_memory(session.pid) - before, 32 * MB)
        # Shared buffers that it touches count in the peak.
        buffers = int(session.value("SELECT setting::int * 8192 FROM pg_settings WHERE name = 'shared_buffers'"))
        assert_grown_less(peak_memory(session.pid) - peak_before, buffers + 32 * MB)
    assert db.value("SELECT count(*) FROM fat WHERE t = repeat('x', 1048576)") == 256
    mariadb.drop("fat")


class fresh_session:
    """A backend of its own, so that its memory is its own."""

    def __init__(self, db: Database) -> None:
        self.database = db.another()

    def __enter__(self) -> Database:
        return self.database

    def __exit__(self, *_: object) -> None:
        self.database.close()


@pytest.mark.parametrize("definition, local", [("text", "text"), ("blob", "bytea"), ("varchar(9)", "character varying(9)")])
def test_empty_is_not_null(db: Database, mysql: MySqlRemote, definition: str, local: str) -> None:
    mysql.drop("emptiness")
    mysql.execute(
        f"CREATE TABLE emptiness (id int, v {definition}, n {definition} NOT NULL)",
        "INSERT INTO emptiness VALUES (1, '', ''), (2, NULL, '')",
    )
    db.import_table(mysql.connector(table="emptiness"))
    assert db.columns("emptiness")[1:] == [("v", local, False), ("n", local, True)]
    assert db.rows("SELECT v IS NULL, octet_length(v), octet_length(n) FROM emptiness ORDER BY id") == [
        (False, 0, 0),
        (True, None, 0),
    ]
    mysql.drop("emptiness")


def test_row_beyond_the_declared_length(db: Database, mysql: MySqlRemote) -> None:
    """Nothing is allocated by what a column could hold: 150 columns that may hold 4 GB each."""
    names = [f"c{number}" for number in range(150)]
    mysql.drop("promises")
    mysql.execute(
        f"CREATE TABLE promises ({', '.join(name + ' longtext' for name in names)})",
        f"INSERT INTO promises (c0, c149) VALUES ('a', '{'z' * 100000}')",
    )
    with fresh_session(db) as session:
        session.import_table(mysql.connector(table="promises"), columns=["c0"], import_as="warm_up")
        before = peak_memory(session.pid)
        session.import_table(mysql.connector(table="promises"))
        assert_grown_less(peak_memory(session.pid) - before, 32 * MB)
    assert db.rows("SELECT c0, length(c149), c1 FROM promises") == [("a", 100000, None)]
    mysql.drop("promises")
