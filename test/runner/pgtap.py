"""Group `pgtap`: test/pgtap by pg_prove, as an administrator runs it after installing.

Once with the library preloaded and everything in the schema public, once without and with schemas of their own.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from servers.postgres import Postgres

from .context import ROOT, Context
from .result import Result, read_tap
from .shell import run, show_tail

_DATABASE = "pgtap"
_SYSTEMS = Path("/usr/share/postgresql")


@dataclass(frozen=True)
class _Installation:
    """A way to install the extension."""

    name: str
    schemas: dict[str, str]  # of extensions
    settings: dict[str, str] = field(default_factory=dict)


_INSTALLATIONS = (
    _Installation("plain", {"pgtap": "tap", "connector": "cdb"}),
    _Installation(
        "preloaded",
        {"pgtap": "public", "connector": "public"},
        {"shared_preload_libraries": "connector", "max_worker_processes": "20"},
    ),
)


def run_pgtap(context: Context) -> Result:
    result = Result()
    for installation in _INSTALLATIONS:
        with context.postgres(**installation.settings) as server:
            _install(server, installation)
            result += _prove(context, server, installation.name)
    return result


def _install(server: Postgres, installation: _Installation) -> None:
    _lend_pgtap(server)
    server.create_database(_DATABASE)
    connection = server.connect(_DATABASE)
    try:
        with connection.cursor() as cursor:
            for extension, schema in installation.schemas.items():
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}; CREATE EXTENSION {extension} SCHEMA {schema}")
    finally:
        connection.close()


def _lend_pgtap(server: Postgres) -> None:
    """A host that is not the machine's own has no pgTAP: the machine's, which is nothing but SQL, serves it as well."""
    if not (Path(server.config("sharedir")) / "extension" / "pgtap.control").exists():
        for file in sorted(_SYSTEMS.glob("*/extension/pgtap*")):
            shutil.copy(file, server.extension_folder())


def _prove(context: Context, server: Postgres, name: str) -> Result:
    """Runs all files, and counts each test by the TAP that the harness keeps."""
    scripts = sorted((ROOT / "test" / "pgtap").glob("*.sql"))
    log = context.logs / f"pgtap-{name}.log"
    log.unlink(missing_ok=True)
    kept = context.logs / f"pgtap-{name}"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    environment = server.client_environment(_DATABASE) | {"PERL_TEST_HARNESS_DUMP_TAP": str(kept)}
    argv = ["pg_prove", f"--psql-bin={server.program('psql')}", *(script.name for script in scripts)]
    status = run(argv, log, cwd=scripts[0].parent, env=environment, limit=600)
    result = Result()
    for script in scripts:
        answer = kept / script.name
        result += read_tap(f"{name}: {script.stem}", answer.read_text(errors="replace") if answer.exists() else "")
    if status != 0 and not result.failed:
        result.one_failed(f"{name}: pg_prove ended with status {status}")
    if result.failed:
        show_tail(log, 60)
    return result
