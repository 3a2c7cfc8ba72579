"""Certificates in the form that Java wants."""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path

from ..accounts import Account
from ..tls import Certificate


def keystore(certificate: Certificate, folder: Path, account: Account) -> tuple[Path, str]:
    """A PKCS 12 file with the certificate and its key, and its password."""
    path, password = folder / "server.p12", secrets.token_hex(8)
    result = subprocess.run(
        ["openssl", "pkcs12", "-export", "-in", str(certificate.certificate), "-inkey", str(certificate.key)]
        + ["-certfile", str(certificate.authority), "-out", str(path), "-passout", "stdin"],
        input=password,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise RuntimeError(f"openssl pkcs12 failed: {result.stderr}")
    path.chmod(0o600)
    account.give(path)
    return path, password
