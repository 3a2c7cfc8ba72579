"""Servers that give odd answers to what is asked of them in order to divide a table: the driver alone, with sanitizers,
ends with parts, without any, or with an error in words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from harness.sources import Read

from servers.fake_mysql import Answer, FakeMySql, Refusal

# What a table looks like that is divided, and whose state is told by the binary log.
ABOUT = ["testdb", "things"]
PLAN = [[str(id), "SIMPLE", "t", None, "range", "PRIMARY", "PRIMARY", "8", None, "1000", "100", ""] for id in range(1, 40)]
ANSWERS: dict[str, Answer] = {
    "ENGINE": [[*ABOUT, "InnoDB"]],
    "TABLE_TYPE, TABLE_COMMENT": [[*ABOUT, "BASE TABLE", "", "40000"]],
    "SEQ_IN_INDEX, NON_UNIQUE, NULLABLE, CARDINALITY": [[*ABOUT, "PRIMARY", "id", "1", "0", "", "40000", "1"]],
    "MIN(": [["1", "40000"]],
    "EXPLAIN": PLAN[:8],
    "Com_xa_commit": [["Com_xa_commit", "0"]],
    "log_slave_updates": [["log_slave_updates", "ON"]],
    "Binlog_snapshot_file": [["Binlog_snapshot_file", "log.1"], ["Binlog_snapshot_position", "4"]],
    "GET_LOCK": [["1"]],
    "RELEASE_LOCK": [["1"]],
    "AS one_row": [["fake:3306", "2020-01-02 03:04:05", "1"]],
    "AS not_locked": Refusal(1100, "Table 'not_locked' was not locked with LOCK TABLES"),
}


def connector(fake: FakeMySql) -> dict[str, object]:
    return {"provider": "mysql", "connection": fake.connection(sslmode="disable"), "table": "things", "columns": ["id"]}


def ask(read: Read, step: str, answers: Mapping[str, Answer]) -> Any:
    """What the program prints for it, or its error."""
    with FakeMySql(answers={**answers, **{text: rows for text, rows in ANSWERS.items() if text not in answers}}) as fake:
        try:
            (line,) = read(connector(fake), step)
        except AssertionError as error:
            return str(error)
        finally:
            fake.wait_until_left()
        return json.loads(line)


def test_well_behaved(read: Read) -> None:
    """The fake server is good enough to be divided, so what the tests below see is the odd answer's doing."""
    parts = ask(read, "divide:8", {})
    assert len(parts) == 9 and parts[-1] == "`id` IS NULL", parts
    found = ask(read, "divided:" + json.dumps({"wanted": "8", "readers": "2"}), {})
    assert isinstance(found, dict), found
    assert found["why_not"] == "" and found["whole"] == [3, 3]


TOO_FEW: Answer = [["1"]]
DIVIDE: dict[str, dict[str, Answer]] = {
    "an index of two columns": {"SEQ_IN_INDEX, NON_UNIQUE, NULLABLE, CARDINALITY": [ABOUT]},
    "an index of three columns": {"SEQ_IN_INDEX, NON_UNIQUE, NULLABLE, CARDINALITY": [[*ABOUT, "PRIMARY"]]},
    "an index of NULLs": {"SEQ_IN_INDEX, NON_UNIQUE, NULLABLE, CARDINALITY": [[*ABOUT, *[None] * 7]]},
    "one extreme": {"MIN(": TOO_FEW},
    "no extremes": {"MIN(": []},
    "extremes that are no numbers": {"MIN(": [["", "x"]]},
    "extremes the wrong way round": {"MIN(": [["9", "-9"]]},
    "extremes of many digits": {"MIN(": [["-" + "9" * 38, "9" * 38]]},
    "a plan of one column": {"EXPLAIN": TOO_FEW},
    "a plan of eight columns": {"EXPLAIN": [row[:8] for row in PLAN[:8]]},
    "a plan of NULLs": {"EXPLAIN": [[None] * 12] * 8},
    "a plan of other parts": {"EXPLAIN": [[str(number), *PLAN[0][1:]] for number in (0, -1, 9, 2**63 - 1, -(2**63))]},
    "a plan of very many rows": {"EXPLAIN": [[*row[:9], str(2**63 - 1), *row[10:]] for row in PLAN[:8]]},
    "a plan of fewer rows than none": {"EXPLAIN": [[*row[:9], str(-(2**63)), *row[10:]] for row in PLAN[:8]]},
    "no engine": {"ENGINE": [ABOUT]},
}


@pytest.mark.parametrize("odd", list(DIVIDE))
def test_odd_answers_about_the_parts(read: Read, odd: str) -> None:
    found = ask(read, "divide:8", DIVIDE[odd])
    if isinstance(found, str):
        assert re.search(r"Connector error (1011|6667)\.", found), found
    else:
        assert len(found) <= 600


STATE: dict[str, dict[str, Answer]] = {
    "no lock": {"GET_LOCK": []},
    "a lock that is NULL": {"GET_LOCK": [[None]]},
    "a position of one column": {"Binlog_snapshot_file": TOO_FEW},
    "settings of one column": {"log_slave_updates": TOO_FEW},
    "status of one column": {"Com_xa_commit": TOO_FEW},
    "no engine": {"ENGINE": [ABOUT]},
}


@pytest.mark.parametrize("odd", list(STATE))
def test_odd_answers_about_the_state(read: Read, odd: str) -> None:
    found = ask(read, "divided:" + json.dumps({"wanted": "8", "readers": "2"}), STATE[odd])
    if isinstance(found, str):
        assert re.search(r"Connector error (1011|6667)\.", found), found
    else:
        # Without positions in the log there is the way of the lock.
        assert (found["why_not"] == "") == (odd in ("no lock", "a lock that is NULL"))


CANNOT_JOIN = "could not read the state of the table that another connection reads: "

# Without a log there is the way of the lock.
LOCK: dict[str, Answer] = {"Binlog_snapshot_file": []}
PROXIES: dict[str, tuple[dict[str, Answer], str]] = {
    "none": ({}, ""),
    "reads elsewhere": ({"AS not_locked": []}, "statements that read are led to another server than those that lock"),
    "transactions elsewhere": (
        {"in transaction: SELECT CONCAT_WS": [["replica:3306", "2020-01-02 03:04:05", "1"]]},
        CANNOT_JOIN + "the connections lead to different servers, or the table is another one by now",
    ),
    "another table by that name": (
        {"in transaction: SELECT CONCAT_WS": [["fake:3306", "2020-01-02 03:04:06", "1"]]},
        CANNOT_JOIN + "the connections lead to different servers, or the table is another one by now",
    ),
    "a definition that has changed": (
        {"in transaction: SELECT CONCAT_WS": Refusal(1412, "Table definition has changed, please retry transaction")},
        CANNOT_JOIN + "Table definition has changed, please retry transaction",
    ),
}


@pytest.mark.parametrize("proxy", list(PROXIES))
def test_a_proxy_leads_statements_to_different_servers(read: Read, proxy: str) -> None:
    answers, why_not = PROXIES[proxy]
    found = ask(read, "divided:" + json.dumps({"wanted": "8", "readers": "2"}), {**answers, **LOCK})
    # The readers' part of it comes when they describe the table: the program ends then.
    told = found.splitlines()[0] if isinstance(found, str) else found["why_not"]
    assert told == why_not


def test_while_the_table_is_locked_readers_do_nothing_but_begin(read: Read) -> None:
    """Each answer that they wait for keeps others from writing."""
    with FakeMySql(answers={**LOCK, **{text: answer for text, answer in ANSWERS.items() if text not in LOCK}}) as fake:
        read(connector(fake), "divided:" + json.dumps({"wanted": "8", "readers": "2"}))
        statements = [statement.split(" FROM ")[0] for statement in fake.statements]
    begin = next(i for i, text in enumerate(statements) if text.startswith("LOCK TABLES")) + 1
    locked = statements[begin : statements.index("UNLOCK TABLES")]
    begun = ["START TRANSACTION WITH CONSISTENT SNAPSHOT"] * 2
    assert [text.split(",")[0] for text in locked] == ["SELECT 1", "SELECT CONCAT_WS(':'", *begun]
