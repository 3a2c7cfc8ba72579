"""Work that is done early, beside tests that mostly wait."""

from __future__ import annotations

import threading

from servers.hosts import Relocatable
from servers.server import Unavailable

from .context import ROOT, Context
from .shell import Tool, wait_or_stop


def compile_objects(context: Context, host: Relocatable, stop: threading.Event) -> None:
    """Compiles for another host. What goes wrong here goes wrong again, and is told, when that host's turn comes."""
    try:
        argv = ["nice", "-n", "19", "make", "-s", "-C", ROOT, "objects", *host.for_objects()]
    except Unavailable:
        return
    wait_or_stop(Tool(argv, context.logs / f"objects-{host.name}.log", cwd=ROOT), 3600, stop)
