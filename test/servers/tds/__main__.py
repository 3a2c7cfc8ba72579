"""Runs the server until it gets SIGTERM: `python3 -m servers.tds settings.json`.

The file holds an object: port, folder, passwords, databases, and perhaps certificate, key, encryption, mode, trigger,
default_database, product. A line `ready PORT` on standard output says that it listens.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

from .faults import Mode
from .prelogin import Encryption
from .server import TdsServer
from .sql.babelfish import Product


def _server(settings: dict[str, Any]) -> TdsServer:
    known = dict(settings)
    for name in ("folder", "certificate", "key"):
        if known.get(name):
            known[name] = Path(known[name])
    if known.get("encryption"):
        known["encryption"] = Encryption[known["encryption"]]
    known["product"] = Product[known.get("product", "SQL_SERVER")]
    known["mode"] = Mode[known.get("mode", "WELL_BEHAVED")]
    return TdsServer(**known)


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    with _server(json.loads(Path(sys.argv[1]).read_text())) as server:
        print(f"ready {server.port}", flush=True)
        signal.sigwait(stop)
        for problem in server.problems:
            print(problem, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
