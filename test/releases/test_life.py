"""The packages in a fresh Debian 12: installed and used, upgraded, removed, purged."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from releases.chroot import Chroot
from releases.cluster import Cluster, Service
from releases.debian import OLD_VERSION, package
from releases.test_build import EXTENSION, PROGRAM, version
from servers.staging import ROOT
from servers.workspace import Workspace


@pytest.fixture
def debian(workspace: Workspace) -> Iterator[Chroot]:
    """A Debian with PostgreSQL, pgTAP, a driver for ODBC, and systemd to read units."""
    with Chroot(workspace, "debian") as debian:
        debian.install("postgresql-15", "postgresql-15-pgtap", "libtap-parser-sourcehandler-pgtap-perl", "libsqliteodbc", "systemd")
        yield debian


def install(debian: Chroot, folder: Path) -> None:
    """As an administrator does it: files, which apt completes from the archive."""
    names = []
    for name in (EXTENSION, PROGRAM):
        path = package(folder, name)
        debian.path(f"/tmp/{path.name}").write_bytes(path.read_bytes())
        names.append(f"/tmp/{path.name}")
    debian.install(*names)


def import_from_sqlite(debian: Chroot, cluster: Cluster) -> None:
    """By the driver, which the program connector-reader loads."""
    file = "/srv/stations.db"
    with sqlite3.connect(debian.path(file)) as remote:
        remote.executescript("CREATE TABLE stations (id integer PRIMARY KEY, name text); INSERT INTO stations VALUES (1, 'Zürich')")
    cluster.sql("ALTER DATABASE warehouse SET connector.odbc_drivers = 'SQLite3'", "postgres")
    connection = {"driver": "SQLite3", "database": file}
    request = json.dumps({"provider": "odbc", "connection": connection, "table": "stations"})
    cluster.sql(f"SELECT cdb_import_connector('{request}')")
    assert cluster.sql("SELECT name FROM stations") == "Zürich"
    debian.path(file).unlink()


def prove(debian: Chroot, cluster: Cluster) -> None:
    """The contract in test/pgtap, as an administrator looks at an installation."""
    folder = debian.path("/srv/pgtap")
    shutil.copytree(ROOT / "test" / "pgtap", folder)
    cluster.sql("CREATE DATABASE contract", "postgres")
    cluster.sql("CREATE EXTENSION pgtap; CREATE EXTENSION connector", "contract")
    scripts = sorted(path.name for path in folder.glob("*.sql"))
    told = debian.run(["pg_prove", "--dbname=contract", *scripts], user="postgres", folder="/srv/pgtap")
    assert scripts and "Result: PASS" in told
    cluster.sql("DROP DATABASE contract WITH (FORCE)", "postgres")
    shutil.rmtree(folder)


def test_installed_used_removed_and_purged(debian: Chroot, packages: Path) -> None:
    before = debian.files()
    accounts = debian.path("/etc/passwd").read_text()
    install(debian, packages)
    debian.run(["systemd-analyze", "verify", "--man=no", "/lib/systemd/system/connector-http.service"])
    enabled = debian.path("/etc/systemd/system/multi-user.target.wants/connector-http.service")
    assert not enabled.is_symlink(), "not before it is configured"

    cluster = Cluster(debian)
    cluster.start()
    cluster.fill()
    assert cluster.version() == version()
    cluster.sql(f"SELECT cdb_import_connector('{cluster.request('imported')}')")
    assert cluster.sql("SELECT note FROM imported ORDER BY id") == "a\nb\nü"
    cluster.sync("synced")
    import_from_sqlite(debian, cluster)
    prove(debian, cluster)
    service = Service(debian, cluster)
    with service.running():
        assert service.answer("/healthz")[0] == 200
        status, body = service.answer("/api/v1/connectors", role="alice")
        assert status == 200 and "postgres" in json.dumps(json.loads(body))
        assert service.answer("/api/v1/connectors")[0] == 401

    cluster.sql("DROP EXTENSION connector CASCADE")
    cluster.stop()
    debian.run(["apt-get", "-q", "-y", "remove", EXTENSION, PROGRAM])
    left = {name for name in debian.files() if "connector" in name}
    # Configuration stays until it is purged, and so does what Debian notes of the unit.
    noted = "/var/lib/systemd/deb-systemd-helper-enabled/connector-http.service.dsh-also"
    assert left == {"/etc/default/connector-http", "/etc/connector-http.conninfo", noted}, left
    # The other has left nothing that apt could know it by.
    debian.run(["apt-get", "-q", "-y", "purge", PROGRAM])
    debian.run(["apt-get", "-q", "-y", "autoremove", "--purge"])
    more = debian.files() - before
    assert not more, more
    assert debian.path("/etc/passwd").read_text() == accounts


def test_upgraded(debian: Chroot, old_packages: Path, packages: Path) -> None:
    """An installation of the older version goes on: data, syncs, what was configured."""
    install(debian, old_packages)
    cluster = Cluster(debian)
    cluster.start()
    cluster.fill()
    assert cluster.version() == OLD_VERSION
    cluster.sync("kept")
    service = Service(debian, cluster)
    options = debian.path("/etc/default/connector-http").read_text()
    with service.running():
        assert service.answer("/api/v1/connectors", role="alice")[0] == 200

    install(debian, packages)
    # The library is new with the next start, the catalog with the update.
    cluster.stop()
    cluster.start()
    assert cluster.version() == OLD_VERSION
    cluster.sql("ALTER EXTENSION connector UPDATE")
    assert cluster.version() == version()
    assert cluster.runs("kept") == 1 and cluster.sql("SELECT count(*) FROM kept") == "3"
    cluster.sql("INSERT INTO orders VALUES (4, 'new')", "shop")
    cluster.sql("SELECT cdb_sync_now('kept')")
    cluster.wait_for_run("kept", 1)
    assert cluster.sql("SELECT note FROM kept WHERE id = 4") == "new"
    assert debian.path("/etc/default/connector-http").read_text() == options
    with service.running():
        assert service.answer("/api/v1/connectors", role="alice")[0] == 200
    assert version() in debian.run(["connector-http", "--version"])
    cluster.stop()
