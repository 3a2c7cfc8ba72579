"""Certificates for servers under test, made by openssl in the run's folder."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .accounts import Account
from .workspace import Workspace

_SHORT_LIVED = ["-days", "2"]


@dataclass(frozen=True)
class Certificate:
    """Files of one certificate and of the authority that signed it."""

    authority: Path
    certificate: Path
    key: Path


class Authority:
    """A certificate authority of our own."""

    def __init__(self, workspace: Workspace, name: str = "authority") -> None:
        self.folder = workspace.subfolder(name, mode=0o755)
        self.key = self.folder / "ca.key"
        self.certificate = self.folder / "ca.pem"
        _openssl(
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", *_SHORT_LIVED, "-subj", f"/CN=connector test {name}"]
            + ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
            + ["-keyout", str(self.key), "-out", str(self.certificate)]
        )

    def server(self, account: Account, hosts: Sequence[str] = ("127.0.0.1", "localhost"), name: str = "server") -> Certificate:
        """A server certificate for the given names and addresses; the key belongs to `account`."""
        names = ",".join(f"IP:{host}" if host.replace(".", "").isdigit() else f"DNS:{host}" for host in hosts)
        return self._issue(name, f"/CN={hosts[0]}", [f"subjectAltName={names}", "extendedKeyUsage=serverAuth"], account)

    def wrong_host(self, account: Account) -> Certificate:
        """A valid certificate for another host."""
        return self.server(account, ["elsewhere.invalid"], name="wrong-host")

    def client(self, user: str, account: Account | None = None) -> Certificate:
        """A client certificate for a user name."""
        return self._issue(f"client-{user}", f"/CN={user}", ["extendedKeyUsage=clientAuth"], account)

    def _issue(self, name: str, subject: str, extensions: Sequence[str], account: Account | None) -> Certificate:
        key, request, certificate = (self.folder / f"{name}.{suffix}" for suffix in ("key", "csr", "pem"))
        settings = self.folder / f"{name}.ext"
        settings.write_text("\n".join(extensions) + "\n")
        _openssl(["req", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", str(key), "-out", str(request)])
        _openssl(
            ["x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self.key)]
            + ["-CAcreateserial", *_SHORT_LIVED, "-extfile", str(settings), "-out", str(certificate)]
        )
        key.chmod(0o600)
        if account is not None:
            account.give(key)
        return Certificate(self.certificate, certificate, key)


def _openssl(arguments: Sequence[str]) -> None:
    result = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]} failed: {result.stderr}")
