"""What lies about the server's process (environment, option files) has no part in a connection."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.database import Database
from harness.errors import fails

from servers.postgres import Postgres
from servers.remote_mysql import MySqlRemote
from servers.staging import sanitized, sanitizer_environment, staged
from servers.workspace import Workspace

# Loaded by whoever takes plugins from where the environment says.
_PLUGIN = """
#include <fcntl.h>
#include <unistd.h>
__attribute__((constructor)) static void loaded(void) { close(open("%s", O_CREAT | O_WRONLY, 0666)); }
"""


@pytest.fixture(scope="module")
def marker(workspace: Workspace) -> Path:
    """A file that is there once the plugin was loaded, in a folder that the server may write to."""
    folder = workspace.subfolder("marker", mode=0o755)
    folder.chmod(0o777)
    return folder / "loaded"


@pytest.fixture(scope="module")
def tempting(workspace: Workspace, marker: Path, mariadb: MySqlRemote) -> Iterator[Database]:
    """A local server with all that libmariadb looks for in its environment and home folder."""
    home = workspace.subfolder("tempting-mysql-home", mode=0o755)
    options = f"[client]\npassword={mariadb.server.password}\nuser=root\nport=1\nplugin-dir={home}\nssl-verify-server-cert\n"
    for name in (".my.cnf", "my.cnf"):
        (home / name).write_text(options)
        (home / name).chmod(0o644)
    (home / "plugin.c").write_text(_PLUGIN % marker)
    for name in ("client_ed25519", "caching_sha2_password", "tempting"):
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", home / f"{name}.so", home / "plugin.c"], check=True)
        (home / f"{name}.so").chmod(0o755)
    environment = {
        "HOME": str(home),
        "MYSQL_HOME": str(home),
        "MARIADB_HOME": str(home),
        "MYSQL_PWD": mariadb.server.password,
        "MYSQL_TCP_PORT": "1",
        "MYSQL_UNIX_PORT": str(mariadb.server.socket),
        "MARIADB_UNIX_PORT": str(mariadb.server.socket),
        "MARIADB_PLUGIN_DIR": str(home),
        "LIBMYSQL_PLUGINS": "tempting",
        "MARIADB_TLS_DISABLE_PEER_VERIFICATION": "1",
    }
    sanitizers = sanitizer_environment(workspace) if sanitized() else {}
    server = Postgres(workspace, stage=staged(workspace), environment=sanitizers | environment)
    with server:
        server.create_database("tempting", "connector")
        database = Database(server, "tempting")
        yield database
        database.close()


def test_plugins_come_from_the_library_alone(tempting: Database, mariadb: MySqlRemote, marker: Path) -> None:
    """A login that needs a plugin gets the library's own, and no other code is loaded."""
    mariadb.server.create_user("eddy", "secret-ed25519", plugin="ed25519")
    connection = mariadb.connection(username="eddy", password="secret-ed25519")
    tempting.import_table(
        mariadb.connector(connection=connection, sql_query="SELECT CURRENT_USER() AS who", import_as="plugged")
    )
    assert tempting.rows("SELECT who FROM plugged") == [("eddy@%",)]
    assert not marker.exists()


def test_password_is_not_taken_from_the_environment(tempting: Database, mariadb: MySqlRemote) -> None:
    connection = mariadb.connection()
    del connection["password"]
    with fails("using password: NO", number=1012):
        tempting.import_table(mariadb.connector(connection=connection, table="any"))


def test_the_environment_is_whole_again(tempting: Database, mariadb: MySqlRemote) -> None:
    """For others in the same process (mysql_fdw, say)."""
    # COPY's program inherits the backend's environment.
    tempting.import_table(mariadb.connector(sql_query="SELECT 1 AS one", import_as="one"))
    tempting.execute("CREATE TEMP TABLE seen (line text)")
    tempting.execute("COPY seen FROM PROGRAM 'env'")
    names = {line.split("=")[0] for (line,) in tempting.rows("SELECT line FROM seen")}
    assert {"MYSQL_PWD", "MARIADB_PLUGIN_DIR", "LIBMYSQL_PLUGINS", "MYSQL_HOME"} <= names
