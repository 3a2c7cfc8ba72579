"""Expecting errors of PostgreSQL, part by part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2
import pytest


@dataclass
class Failure:
    """The parts of an error, filled when the block of `fails` is left."""

    sqlstate: str = ""
    message: str = ""
    detail: str = ""
    hint: str = ""
    context: str = ""

    @property
    def everything(self) -> str:
        return "\n".join((self.message, self.detail, self.hint, self.context))


@contextmanager
def fails(
    message: str = "",
    *,
    sqlstate: str | None = None,
    detail: str = "",
    hint: str = "",
    number: int | None = None,
    secrets: tuple[str, ...] = (),
) -> Iterator[Failure]:
    """Expects an error: regular expressions for message, detail and hint, SQLSTATE, connector error number.

    None of `secrets` may stand anywhere in it.
    """
    failure = Failure()
    with pytest.raises(psycopg2.Error) as caught:
        yield failure
    diag = caught.value.diag
    failure.sqlstate = caught.value.pgcode or ""
    failure.message = diag.message_primary or str(caught.value)
    failure.detail = diag.message_detail or ""
    failure.hint = diag.message_hint or ""
    failure.context = diag.context or ""
    for pattern, part in ((message, failure.message), (detail, failure.detail), (hint, failure.hint)):
        assert re.search(pattern, part, re.DOTALL), f"{pattern!r} not found in:\n{failure.everything}"
    if sqlstate is not None:
        assert failure.sqlstate == sqlstate, f"SQLSTATE {failure.sqlstate}:\n{failure.everything}"
    if number is not None:
        assert f"Connector error {number}." in failure.detail, f"another number than {number}:\n{failure.everything}"
    for secret in secrets:
        assert secret not in failure.everything, "the error shows a secret"
