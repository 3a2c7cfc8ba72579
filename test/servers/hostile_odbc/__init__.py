"""A driver for unixODBC that means harm: what its connection string asks for goes wrong, where it says.

    at=fetch;what=segfault;after=3   the fourth SQLFetch crashes; lists with commas belong together member by member
    lie=size_zero,truncated          it does not tell the truth, all the time
    expects=x                        only with this password a connection comes about
    mark=/tmp/x                      a file that is made before a call that does not return

Without these it has one table, `things`, of `rows` rows (default 100). misdeeds.hpp names the places; all misdeeds are
in misdeeds.cpp and harm_process.cpp, all lies where lies() is called.
"""

from __future__ import annotations

import datetime
import decimal
import os
import subprocess
from pathlib import Path

from servers.workspace import Workspace

_FOLDER = Path(__file__).parent
NAME = "Hostile"
PREPARING_NAME = "Hostile prepared"  # by the name of a library for which statements are prepared before they are run
OTHER_NAME = "Hostile too"  # the same library, by a name that tests leave out of connector.odbc_drivers

Row = tuple[int, str | None, decimal.Decimal, datetime.datetime, bytes]


def build(workspace: Workspace) -> Path:
    """Builds the driver, once in a workspace; gives the folder with the odbcinst.ini that names it, for ODBCSYSINI."""
    folder = workspace.folder / "hostile-odbc"
    if (folder / "odbcinst.ini").exists():
        return folder
    folder.mkdir(mode=0o755)
    library = folder / "libhostile.so"
    sources = sorted(str(path) for path in _FOLDER.glob("*.cpp"))
    compiler = os.environ.get("CXX") or "g++"
    flags = ["-std=gnu++20", "-O1", "-g", "-Wall", "-Wextra", "-shared", "-fPIC", "-fvisibility=hidden", "-pthread"]
    # Its own functions are called by the names that the driver manager's have, too.
    subprocess.run([compiler, *flags, "-Wl,-Bsymbolic", "-o", str(library), *sources], check=True)
    known = folder / "libdb2hostile.so"
    known.symlink_to(library)
    names = {NAME: library, OTHER_NAME: library, PREPARING_NAME: known}
    entries = "".join(f"[{name}]\nDescription=Driver of the tests\nDriver={path}\n\n" for name, path in names.items())
    (folder / "odbcinst.ini").write_text(entries)
    for path in (library, folder / "odbcinst.ini"):
        path.chmod(0o755)  # whatever the umask: the server runs as another account
    return folder


def rows(count: int) -> list[Row]:
    """What the table holds."""
    start = datetime.datetime(2020, 1, 1, 0, 0, 0, 250_000)
    return [
        (
            number + 1,
            None if number % 7 == 6 else f"wörd {number + 1}",
            decimal.Decimal(f"{number + 1}.2500"),
            start + datetime.timedelta(seconds=number),
            bytes([number % 256]) * (number % 50),
        )
        for number in range(count)
    ]
