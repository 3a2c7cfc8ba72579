"""What a process may grow by."""

from __future__ import annotations

import re
from pathlib import Path

from servers.staging import sanitized


def assert_grown_less(grown: int, limit: int, what: object = "") -> None:
    """In bytes. AddressSanitizer keeps what is freed for a while, so its processes tell nothing."""
    assert sanitized() or grown < limit, f"the backend grew by {grown} bytes, not less than {limit} {what}"


def private_memory(pid: int) -> int:
    """RssAnon: what the process has for itself alone."""
    status = Path(f"/proc/{pid}/status").read_text()
    [kilobytes] = re.findall(r"RssAnon:\s*(\d+) kB", status)
    return int(kilobytes) * 1024
