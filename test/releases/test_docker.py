"""The Dockerfile's steps, and what a container of each image does at its start."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from releases.image import PG_MAJOR, Builder, Image
from releases.test_build import version
from servers.workspace import Workspace, free_port

_DATA = "/var/lib/postgresql/data"


@pytest.fixture(scope="module")
def builder(workspace: Workspace) -> Builder:
    return Builder(workspace)


@contextmanager
def server(image: Image, port: int) -> Iterator[None]:
    """PostgreSQL as the image's CMD starts it."""
    control = ["pg_ctl", "-D", _DATA, "-o", f"-p {port} -k /tmp", "-l", "/tmp/log", "-w"]
    image.debian.run([*control, "start"], user="postgres", environment=image.environment)
    yield
    image.debian.run([*control, "stop"], user="postgres", environment=image.environment)


def sql(image: Image, port: int, statement: str) -> str:
    """What a statement answers in the container, as its superuser."""
    argv = ["psql", "-X", "-A", "-t", "-h", "/tmp", "-p", str(port), "-c", statement]
    return image.debian.run(argv, user="postgres", environment=image.environment).strip()


def test_postgres(builder: Builder) -> None:
    """First start: initdb, the scripts of docker-entrypoint-initdb.d, a restart; as the official entry point does them."""
    image = builder.build()
    debian, port = image.debian, free_port()
    debian.run(["install", "-d", "-o", "postgres", _DATA])
    debian.run(["initdb", "-D", _DATA], user="postgres", environment=image.environment)
    with server(image, port):
        scripts = sorted(debian.path("/docker-entrypoint-initdb.d").iterdir())
        assert [script.name for script in scripts] == ["10_connector.sql"]
        argv = ["psql", "-v", "ON_ERROR_STOP=1", "--no-psqlrc", "-h", "/tmp", "-p", str(port), "-f"]
        debian.run([*argv, f"/docker-entrypoint-initdb.d/{scripts[0].name}"], user="postgres", environment=image.environment)
    with server(image, port):
        assert sql(image, port, "SHOW shared_preload_libraries") == "connector"
        assert sql(image, port, "SELECT extversion FROM pg_extension WHERE extname = 'connector'") == version()
        assert '"odbc"' in sql(image, port, "SELECT cdb_connectors()")
    # The program for ODBC drivers finds its libraries, too.
    reader = f"/usr/lib/postgresql/{PG_MAJOR}/lib/connector-reader"
    assert "not found" not in debian.run(["ldd", reader])


def test_http(builder: Builder) -> None:
    """The image of the program: its own account, no shell in between, and its health check tells healthy from dead."""
    image = builder.build("connector-http")
    debian, stage = image.debian, image.stage
    assert image.user != "root"
    entry, command, check = stage.last("ENTRYPOINT"), stage.last("CMD"), stage.last("HEALTHCHECK")
    assert entry is not None and command is not None and check is not None
    assert check.text.startswith("CMD ")
    probe = type(check)("CMD", check.text.removeprefix("CMD ")).argv()
    with pytest.raises(AssertionError):
        debian.run(probe, user=image.user)
    debian.run(["install", "-d", "/run/secrets"])
    # Nobody is there: that is no matter of the program's health.
    debian.run(["/bin/sh", "-c", "echo 'host=127.0.0.1 port=1 dbname=warehouse' >/run/secrets/connector-http.conninfo"])
    debian.run(["chown", image.user, "/run/secrets/connector-http.conninfo"])
    with debian.running([*entry.words(), *command.words()], user=image.user) as program:
        until = time.monotonic() + 60
        while True:
            try:
                debian.run(probe, user=image.user)
                break
            except AssertionError:
                assert program.poll() is None and time.monotonic() < until, "never healthy"
                time.sleep(0.5)
