"""What a process may grow by."""

from __future__ import annotations

from servers.staging import sanitized


def assert_grown_less(grown: int, limit: int, what: object = "") -> None:
    """In bytes. AddressSanitizer keeps what is freed for a while, so its processes tell nothing."""
    assert sanitized() or grown < limit, f"the backend grew by {grown} bytes, not less than {limit} {what}"
