"""The rules by which a PostgreSQL server lets clients in."""

from __future__ import annotations

from servers.postgres import Postgres


class HostRules:
    """The remote server's pg_hba.conf."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._path = server.data / "pg_hba.conf"
        self._original = self._path.read_text()

    def put_first(self, rule: str) -> None:
        self._write(f"{rule}\n{self._original}")

    def restore(self) -> None:
        self._write(self._original)

    def _write(self, text: str) -> None:
        self._path.write_text(text)
        connection = self._server.connect()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_reload_conf()")
        connection.close()
        self._server.connect().close()  # started after the signal
