"""Starts one server by hand and keeps it until interrupted: `cd test && python3 -m servers mariadb`."""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
from pathlib import Path

from .catalog import SERVERS, make
from .hive.server import READER, HiveServer, password_of
from .mysql_family import MySqlFamily
from .postgres import Postgres
from .server import Server, ServerError, Unavailable
from .sqlserver_double import SqlServerDouble
from .workspace import Workspace


def describe(server: Server) -> str:
    """Shell variables and a command line that lead to the server."""
    lines = [f"kind={server.kind}", f"pid={server.pid}", f"port={server.port}", f"log={server.log}"]
    if isinstance(server, Postgres):
        lines += [
            f"socket_folder={server.folder}",
            f"password={server.password}",
            f"# psql -h {server.folder} -p {server.port} -U postgres",
        ]
    elif isinstance(server, MySqlFamily):
        connection = json.dumps(server.connection())
        lines += [
            f"socket={server.socket}",
            f"user={server.user}",
            f"password={server.password}",
            f"connection={shlex.quote(connection)}",
            f"# mysql --no-defaults -h 127.0.0.1 -P {server.port} -u {server.user} -p{server.password} testdb",
            f"# mysql --no-defaults -S {server.socket} -u root -p{server.password}",
        ]
    elif isinstance(server, SqlServerDouble):
        connection = json.dumps(server.connection())
        lines += [
            f"user={server.user}",
            f"password={server.password}",
            f"connection={shlex.quote(connection)}",
            f"# TDSVER=7.4 tsql -H 127.0.0.1 -p {server.port} -U {server.user} -P {server.password} -D testdb",
        ]
    elif isinstance(server, HiveServer):
        lines += [f"{door}_port={port}" for door, port in server.doors.items()]
        lines += [
            f"user={READER}",
            f"password={password_of(READER)}  # any will do at the doors none and http",
            f"control_port={server.control_port}  # say 'sessions' or 'kill NUMBER'",
            f"connection={shlex.quote(json.dumps(server.connection()))}",
            f"# /usr/bin/python3 -m servers.hive {server.doors['none']} 'SELECT 1'",
        ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m servers", description=__doc__)
    parser.add_argument("kind", choices=sorted(SERVERS))
    parser.add_argument("--tls", action="store_true", help="with a certificate for 127.0.0.1 (its CA is printed)")
    parser.add_argument("--stage", type=Path, help="postgres: DESTDIR of a staged `make install`")
    parser.add_argument("--option", action="append", default=[], help="mysql kinds: one more server option, as --option=--x=y")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="postgres: one more setting")
    arguments = parser.parse_args()
    try:
        with Workspace() as workspace:
            server = make(
                arguments.kind,
                workspace,
                tls=arguments.tls,
                stage=arguments.stage,
                options=arguments.option,
                settings=dict(entry.split("=", 1) for entry in arguments.set),
            )
            with server:
                print(describe(server), flush=True)
                signal.pause()
    except KeyboardInterrupt:
        return 0
    except (Unavailable, ServerError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
