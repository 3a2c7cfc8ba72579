"""Writes what the engine says as the tokens of one response."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import tokens as wire
from .packets import Response
from .tokens import Column, Notice, Tokens


class ResponseSink:
    """A response: the last DONE is held back until it is known whether more follows."""

    def __init__(
        self,
        response: Response,
        tokens: Tokens,
        *,
        in_transaction: Callable[[], bool],
        check: Callable[[], None],
        shown: Callable[[Sequence[Column]], Sequence[Column]] | None = None,
    ) -> None:
        self._shown = shown
        self._response = response
        self._tokens = tokens
        self._in_transaction = in_transaction
        self._check = check
        self._held: tuple[int, int | None, int, int] | None = None
        self._failed = False
        self._depth = 0
        self._row: Callable[[Sequence[object]], bytes] = lambda row: b""
        self.rows = 0

    # as the engine says it
    def columns(self, columns: Sequence[Column], order: Sequence[int]) -> None:
        if self._shown is not None:
            columns = self._shown(columns)
        self._write(self._tokens.columns(columns))
        if order and 0 not in order:
            self._write(self._tokens.order(order))
        self._row = self._tokens.row_writer(columns)

    def row(self, row: Sequence[object]) -> None:
        if self._response.write(self._row(row)):
            self._check()
        self.rows += 1

    def done(self, count: int | None, *, command: int = 0) -> None:
        self._release()
        status = wire.DONE_ERROR if self._failed else 0
        self._failed = False
        self._held = (wire.DONEINPROC if self._depth else wire.DONE, count, status, command)

    def message(self, notice: Notice) -> None:
        self._write(self._tokens.message(notice))
        self._failed |= notice.severity > 10

    def flush(self) -> None:
        self._release()
        self._response.flush()

    def database_changed(self, new: str, old: str) -> None:
        self._write(wire.env_change(wire.DATABASE, new, old))
        self.message(Notice(5701, f"Changed database context to '{new}'.", state=1))

    def language_changed(self, new: str, old: str) -> None:
        self._write(wire.env_change(wire.LANGUAGE, new, old))
        self.message(Notice(5703, f"Changed language setting to {new}."))

    def transaction(self, what: str, number: int) -> None:
        descriptor = number.to_bytes(8, "little")
        if what == "BEGIN":
            self._write(wire.env_change_bytes(wire.BEGIN_TRANSACTION, descriptor))
        else:
            kind = wire.COMMIT_TRANSACTION if what == "COMMIT" else wire.ROLLBACK_TRANSACTION
            self._write(wire.env_change_bytes(kind, b"", descriptor))

    def entered(self) -> None:
        """A procedure begins: what ends in it ends with DONEINPROC."""
        self._depth += 1

    def returned(self, status: int) -> None:
        self._depth -= 1
        self._write(self._tokens.return_status(status))
        self._held = (wire.DONEPROC, None, wire.DONE_ERROR if self._failed else 0, 0xE0)
        self._failed = False

    def abandoned(self) -> None:
        """A procedure ended with an error that ends the batch."""
        self._depth = 0

    def write(self, data: bytes) -> None:
        """Any other token."""
        self._write(data)

    def _write(self, data: bytes) -> None:
        self._release()
        self._response.write(data)

    def _release(self) -> None:
        """Sends the held DONE: something follows."""
        if self._held is not None:
            self._send_done(wire.DONE_MORE)
            self._held = None

    def _send_done(self, more: int) -> None:
        assert self._held is not None
        token, count, status, command = self._held
        status |= more | (wire.DONE_INXACT if self._in_transaction() else 0)
        self._response.write(self._tokens.done(status, count, command=command, token=token))

    # the end
    def end(self) -> None:
        """The end of the response."""
        if self._held is None:
            self.done(None)
        self._send_done(0)
        self._held = None
        self._response.end()

    def end_by_attention(self) -> None:
        """Acknowledges an attention [MS-TDS 2.2.1.7]: the client reads until this DONE."""
        self._held = None
        self._response.write(self._tokens.done(wire.DONE_ATTN))
        self._response.end()
