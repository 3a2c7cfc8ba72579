"""Which operating-system account a server runs as.

Database servers refuse to run as root, so root lends them the account that their package created.
Anyone else runs them as himself.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    """An ordinary account; `name` is for messages."""

    name: str
    uid: int
    gid: int

    def give(self, path: Path) -> None:
        """Makes the account the owner of a file or a folder (nothing to do unless we are root)."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)

    def give_tree(self, path: Path) -> None:
        """Like `give`, with everything below."""
        self.give(path)
        for folder, folders, files in os.walk(path):
            for name in folders + files:
                if os.geteuid() == 0:
                    os.lchown(os.path.join(folder, name), self.uid, self.gid)


def own_account() -> Account:
    """Ourselves."""
    return _account(pwd.getpwuid(os.geteuid()))


def server_account(preferred: Sequence[str]) -> Account:
    """The first of `preferred` that exists if we are root, else ourselves."""
    if os.geteuid() != 0:
        return own_account()
    for name in (*preferred, "nobody"):
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise RuntimeError(f"none of the accounts {', '.join(preferred)} exists to run a server as")


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
