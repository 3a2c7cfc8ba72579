"""Runs statements on a HiveServer2 that lets everybody in: `cd test && python3 -m servers.hive PORT STATEMENT…`."""

from __future__ import annotations

import sys

from .client import HiveClient

if __name__ == "__main__":
    with HiveClient(int(sys.argv[1]), database="testdb") as client:
        for statement in sys.argv[2:]:
            for row in client.run(statement):
                print(*row, sep="\t")
