"""A PostgreSQL cluster that finds the extension in a staged installation."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import psycopg2
import psycopg2.extensions

from . import odbc_drivers, process
from .accounts import server_account
from .server import Server, Unavailable
from .staging import sanitized, sanitizer_environment
from .tls import Certificate
from .workspace import Workspace

_SPEED = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Server):
    """PostgreSQL as the program `pg_config` (else $PG_CONFIG, else that of the PATH) describes it.

    Superuser `postgres` comes in without a password through the socket (whose folder is private) and with
    `password` through TCP. `stage` is the DESTDIR of a `make install`; nothing is installed into the system. An
    extension that is built with sanitizers gets what it needs. Where the extension is, unixODBC finds the run's drivers.
    """

    kind: ClassVar[str] = "postgres"
    host_method: ClassVar[str] = "scram-sha-256"
    settings_file: ClassVar[str] = "postgresql.auto.conf"
    stop_steps = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 30.0))
    death_signal = signal.SIGQUIT

    def __init__(
        self,
        workspace: Workspace,
        *,
        stage: Path | None = None,
        settings: Mapping[str, str] | None = None,
        fast: bool = True,
        tls: Certificate | None = None,
        environment: Mapping[str, str] | None = None,
        pg_config: str | None = None,
    ) -> None:
        super().__init__(workspace, server_account(["postgres"]))
        self.password = secrets.token_hex(12)
        self.data = self.folder / "data"
        self._pg_config = pg_config or os.environ.get("PG_CONFIG") or "pg_config"
        self._stage = stage
        self._bin = Path(self.config("bindir"))
        self._extra_environment = dict(environment or {})
        if stage is not None:
            self._extra_environment = odbc_drivers.environment(workspace) | self._extra_environment
        if stage is not None and sanitized():
            self._extra_environment |= sanitizer_environment(workspace)
        self.settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "logging_collector": "off",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            "log_error_verbosity": "verbose",
            "timezone": "UTC",
            "max_connections": "50",
            **(_SPEED if fast else {}),
            **(_stage_settings(stage, self.config("sharedir"), self.config("pkglibdir"), self.major) if stage else {}),
            **(settings or {}),
        }
        if tls is not None:
            self.use_tls(tls)

    def config(self, what: str) -> str:
        """One answer of pg_config."""
        try:
            answer = subprocess.run([self._pg_config, f"--{what}"], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Unavailable(f"{self._pg_config} does not work: {error}") from error
        return answer.stdout.strip()

    def extension_folder(self) -> Path:
        """Where the scripts of the staged extension are."""
        sharedir = Path(self.config("sharedir"))
        if self._stage is not None and not sharedir.is_relative_to(self._stage):
            sharedir = Path(f"{self._stage}{sharedir}")
        return sharedir / "extension"

    @property
    def major(self) -> int:
        return int(self.config("version").split()[1].split(".")[0].split("devel")[0])

    def environment(self) -> dict[str, str]:
        return super().environment() | self._extra_environment

    def prepare(self) -> None:
        password_file = self.folder / "password"
        password_file.write_text(self.password + "\n")
        self.account.give(password_file)
        process.run_to_end(
            [
                str(self._bin / "initdb"),
                f"--pgdata={self.data}",
                "--username=postgres",
                f"--pwfile={password_file}",
                "--auth-local=trust",
                f"--auth-host={self.host_method}",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "-N",
            ],
            log=self.log,
            account=self.account,
            env=super().environment(),
        )
        password_file.unlink()
        self.configure({})

    def configure(self, settings: Mapping[str, str]) -> None:
        """Adds settings; `reload` or `restart` makes them count."""
        self.settings.update(settings)
        lines = [f"{name} = '{_quoted(value)}'\n" for name, value in self.settings.items()]
        path = self.data / self.settings_file
        path.write_text("".join(lines))
        self.account.give(path)

    def use_tls(self, tls: Certificate) -> None:
        """Switches TLS on at the next start."""
        self.settings |= {
            "ssl": "on",
            "ssl_ca_file": str(tls.authority),
            "ssl_cert_file": str(tls.certificate),
            "ssl_key_file": str(tls.key),
        }

    def reload(self) -> None:
        os.kill(self.pid, signal.SIGHUP)

    def command(self) -> list[str]:
        return [str(self._bin / "postgres"), "-D", str(self.data), "-p", str(self.port)]

    def login(self) -> None:
        self.connect().close()

    def connect(self, dbname: str = "postgres", user: str = "postgres", **more: Any) -> psycopg2.extensions.connection:
        """A psycopg2 connection through the socket, in autocommit mode."""
        connection = psycopg2.connect(
            host=str(self.folder), port=self.port, dbname=dbname, user=user, connect_timeout=60, **more
        )
        connection.autocommit = True
        return connection

    def client_environment(self, dbname: str = "postgres", user: str = "postgres") -> dict[str, str]:
        """Variables that lead libpq programs (psql, pg_regress, pg_dump) here, and nowhere else."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return kept | {
            "PGHOST": str(self.folder),
            "PGPORT": str(self.port),
            "PGUSER": user,
            "PGDATABASE": dbname,
            "PGCLIENTENCODING": "UTF8",
        }

    def program(self, name: str) -> str:
        """The path of a client program of this version."""
        return str(self._bin / name)

    def create_database(self, name: str, *extensions: str) -> None:
        """A fresh database, with extensions."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                cursor.execute(f'CREATE DATABASE "{name}"')
        finally:
            connection.close()
        if extensions:
            connection = self.connect(name)
            try:
                with connection.cursor() as cursor:
                    for extension in extensions:
                        cursor.execute(f'CREATE EXTENSION "{extension}" CASCADE')
            finally:
                connection.close()


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")


def _stage_settings(stage: Path, sharedir: str, pkglibdir: str, major: int) -> dict[str, str]:
    """Settings that make PostgreSQL look into a DESTDIR: Debian's own one up to 17, core's from 18 on. None are needed
    where the stage is an installation.

    dynamic_library_path serves libraries that are named without a folder: preloaded ones and those of workers.
    """
    if Path(sharedir).is_relative_to(stage):
        return {}
    libraries = {"dynamic_library_path": f"{stage}{pkglibdir}:$libdir"}
    if major >= 18:
        return libraries | {"extension_control_path": f"{stage}{sharedir}:$system"}
    return libraries | {"extension_destdir": str(stage)}
