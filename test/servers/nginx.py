"""nginx with one configuration, as an account of its own on loopback."""

from __future__ import annotations

import shutil
import signal
import socket
from pathlib import Path
from typing import ClassVar

from .accounts import server_account
from .server import Server, Unavailable
from .workspace import Workspace


class Nginx(Server):
    """`servers` is what stands in its block `http`, with PORT for the port that it listens on and FOLDER for its folder."""

    kind: ClassVar[str] = "nginx"
    stop_steps = ((signal.SIGTERM, 20.0),)

    def __init__(self, workspace: Workspace, servers: str) -> None:
        super().__init__(workspace, server_account(["www-data"]))
        self._servers = servers
        found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if found is None:
            raise Unavailable("nginx is not installed")
        self._program = found

    @property
    def configuration(self) -> Path:
        return self.folder / "nginx.conf"

    def prepare(self) -> None:
        """The port is known at the start only: see command()."""

    def command(self) -> list[str]:
        servers = self._servers.replace("PORT", str(self.port)).replace("FOLDER", str(self.folder))
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "".join(f"    {kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        self.configuration.write_text(
            f"daemon off;\nworker_processes 1;\npid {self.folder}/nginx.pid;\n"
            f"events {{ worker_connections 256; }}\nhttp {{\n{places}{servers}\n}}\n"
        )
        self.account.give(self.configuration)
        return [self._program, "-p", str(self.folder), "-c", str(self.configuration), "-e", str(self.folder / "error.log")]

    def login(self) -> None:
        socket.create_connection(("127.0.0.1", self.port), timeout=10).close()
