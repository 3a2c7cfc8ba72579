"""A Kerberos realm of our own: MIT's KDC of Debian on loopback, with its database, keytabs and tickets in the workspace."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from . import process
from .accounts import Account, own_account
from .server import Server, executable
from .workspace import Workspace

REALM = "CONNECTOR.TEST"


class Kdc(Server):
    """`config` is the krb5.conf for servers and clients, in KRB5_CONFIG."""

    kind: ClassVar[str] = "kdc"
    start_limit: ClassVar[float] = 30
    stop_steps: ClassVar[Sequence[tuple[int, float]]] = ((signal.SIGTERM, 10.0),)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace, own_account())
        self.shared = workspace.subfolder("kerberos", mode=0o755)  # what others read
        self.config = self.shared / "krb5.conf"

    def prepare(self) -> None:
        self._program = str(executable("krb5kdc"))
        tool = str(executable("kdb5_util"))
        self.write_config()
        # -W: weak randomness does, and does not block
        self._run([tool, "create", "-r", REALM, "-s", "-P", secrets.token_hex(16), "-W"])

    def write_config(self) -> None:
        """krb5.conf and kdc.conf for `port`."""
        self.config.write_text(
            f"[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n"
            " dns_canonicalize_hostname = false\n rdns = false\n udp_preference_limit = 1\n"
            f"[realms]\n {REALM} = {{\n  kdc = 127.0.0.1:{self.port}\n }}\n"
        )
        (self.folder / "kdc.conf").write_text(
            f"[kdcdefaults]\n kdc_listen = \"\"\n kdc_tcp_listen = 127.0.0.1:{self.port}\n"
            f"[realms]\n {REALM} = {{\n  database_name = {self.folder}/principal\n  key_stash_file = {self.folder}/stash\n"
            f"  acl_file = {self.folder}/acl\n  max_life = 10h\n }}\n"
            f"[logging]\n kdc = FILE:{self.log}\n"
        )

    def command(self) -> list[str]:
        self.write_config()  # the port may be another one at a second try
        return [self._program, "-n", "-r", REALM]

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "KRB5_CONFIG": str(self.config),
            "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf"),
        }

    def login(self) -> None:
        """Any answer will do: an AS-REQ that is none is answered with an error."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as peer:
            peer.sendall(struct.pack(">I", 2) + b"\x6a\x00")

    def keytab(self, principal: str, account: Account) -> Path:
        """A new principal's keys, in a file that only `account` can read."""
        path = self.shared / (principal.replace("/", "-") + ".keytab")
        admin = str(executable("kadmin.local"))
        self._run([admin, "-r", REALM, "addprinc", "-randkey", principal])
        self._run([admin, "-r", REALM, "ktadd", "-norandkey", "-k", str(path), principal])
        account.give(path)
        return path

    def ticket(self, principal: str, account: Account) -> Path:
        """Logs a new principal in; the credential cache, which only `account` can read, as for KRB5CCNAME."""
        path = self.shared / (principal + ".cache")
        keytab = self.keytab(principal, own_account())
        self._run([str(executable("kinit")), "-k", "-t", str(keytab), "-c", str(path), principal])
        path.chmod(0o600)
        account.give(path)
        return path

    def _run(self, argv: Sequence[str]) -> None:
        process.run_to_end(argv, log=self.log, account=self.account, env=os.environ | self.environment())
