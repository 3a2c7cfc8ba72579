"""connector-http, the Import API's program, before a cluster of the tests."""

from __future__ import annotations

import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from .accounts import server_account
from .postgres import Postgres
from .server import Server
from .staging import sanitized
from .workspace import Workspace


class HttpServer(Server):
    """The program as `make install` puts it into a stage, listening on loopback for one database of `postgres`.

    `own_role` is the role that the program itself logs in as, with its password; `options` are more of its options.
    """

    kind: ClassVar[str] = "connector-http"
    stop_steps = ((signal.SIGTERM, 20.0),)

    def __init__(
        self,
        workspace: Workspace,
        postgres: Postgres,
        stage: Path,
        database: str,
        *,
        own_role: tuple[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> None:
        super().__init__(workspace, server_account(["postgres"]))
        self._postgres = postgres
        self._stage = stage
        self._database = database
        self.own_role = own_role
        self.options = list(options)

    @property
    def program(self) -> Path:
        folder = Path(self._postgres.config("bindir"))
        if not folder.is_relative_to(self._stage):
            folder = Path(f"{self._stage}{folder}")
        return folder / "connector-http"

    @property
    def conninfo(self) -> str:
        own = ""
        if self.own_role is not None:
            passfile = self.folder / "passfile"
            own = f" user={self.own_role[0]} passfile={passfile}"
        # By TCP, as that is where the clusters of the tests ask for passwords.
        return f"host=127.0.0.1 port={self._postgres.port} dbname={self._database}{own}"

    def prepare(self) -> None:
        if self.own_role is not None:
            passfile = self.folder / "passfile"
            passfile.write_text(f"*:*:*:{self.own_role[0]}:{self.own_role[1]}\n")
            passfile.chmod(0o600)
            self.account.give(passfile)

    def command(self) -> list[str]:
        return [str(self.program), "--listen", f"127.0.0.1:{self.port}", *self.options, self.conninfo]

    def environment(self) -> dict[str, str]:
        return super().environment() | ({"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0"} if sanitized() else {})

    def login(self) -> None:
        socket.create_connection(("127.0.0.1", self.port), timeout=10).close()

    @property
    def exit_status(self) -> int | None:
        """Of a program that has ended."""
        return None if self._process is None else self._process.poll()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"
