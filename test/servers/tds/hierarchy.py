"""hierarchyid: text and bytes [MS-SSCLRT 2.1.3]."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from .errors import SqlError, error


@dataclass(frozen=True)
class _Pattern:
    """Ordinals from `low` on: bits of fixed value, and `x` where the bits of (ordinal - low) go."""

    low: int
    bits: str

    @property
    def count(self) -> int:
        return 1 << self.bits.count("x")

    @property
    def prefix(self) -> str:
        return self.bits[: self.bits.index("x")]


# The last bit behind each is 1 at the end of a level (`/`), 0 before a dot.
_TAIL = "0xxx0x1xxx"
_PATTERNS = (
    _Pattern(-281479271682120, "000100" + "x" * 14 + "0" + "x" * 21 + "0xxxxxx" + _TAIL),
    _Pattern(-4294971464, "000101" + "x" * 19 + "0xxxxxx" + _TAIL),
    _Pattern(-4168, "000110" + "x" * 5 + _TAIL),
    _Pattern(-72, "0010xx0x1xxx"),
    _Pattern(-8, "00111xxx"),
    _Pattern(0, "01xx"),
    _Pattern(4, "100xx"),
    _Pattern(8, "101xxx"),
    _Pattern(16, "110xx0x1xxx"),
    _Pattern(80, "1110xxx" + _TAIL),
    _Pattern(1104, "11110xxxxx" + _TAIL),
    _Pattern(5200, "111110" + "x" * 19 + "0xxxxxx" + _TAIL),
    _Pattern(4294972496, "111111" + "x" * 14 + "0" + "x" * 21 + "0xxxxxx" + _TAIL),
)
_TEXT = re.compile(r"/(?:-?\d+(?:\.-?\d+)*/)*")


def _invalid(what: str) -> SqlError:
    return error(6522, "hierarchyid", f"Microsoft.SqlServer.Types.HierarchyIdException: 24001: {what}")


def _encode(ordinal: int) -> str:
    for pattern in _PATTERNS:
        if pattern.low <= ordinal < pattern.low + pattern.count:
            digits = iter(f"{ordinal - pattern.low:0{pattern.bits.count('x')}b}")
            return "".join(next(digits) if bit == "x" else bit for bit in pattern.bits)
    raise _invalid(f"the ordinal {ordinal} is out of range.")


@lru_cache(maxsize=4096)
def from_text(text: str) -> bytes:
    """`/1/2.5/` as bytes."""
    if not _TEXT.fullmatch(text):
        raise _invalid(f"SqlHierarchyId.Parse failed because the input string '{text}' is not a valid string.")
    bits = ""
    for level in text.split("/")[1:-1]:
        ordinals = [int(part) for part in level.split(".")]
        # before a dot stands the next ordinal: what is between 1 and 2 sorts behind 1 and before 2
        bits += "".join(_encode(ordinal + 1) + "0" for ordinal in ordinals[:-1]) + _encode(ordinals[-1]) + "1"
    return int(bits.ljust((len(bits) + 7) // 8 * 8, "0"), 2).to_bytes((len(bits) + 7) // 8, "big") if bits else b""


@lru_cache(maxsize=4096)
def to_text(data: bytes) -> str:
    """Bytes as text; raises if they are none of a hierarchyid."""
    bits = "".join(f"{byte:08b}" for byte in data)
    text = "/"
    while "1" in bits:
        pattern = next((one for one in _PATTERNS if bits.startswith(one.prefix)), None)
        if pattern is None or len(bits) <= len(pattern.bits):
            raise _invalid("the binary form is invalid.")
        digits = ""
        for wanted, bit in zip(pattern.bits, bits, strict=False):
            if wanted == "x":
                digits += bit
            elif wanted != bit:
                raise _invalid("the binary form is invalid.")
        ordinal = pattern.low + int(digits, 2)
        ends_level = bits[len(pattern.bits)] == "1"
        text += f"{ordinal}/" if ends_level else f"{ordinal - 1}."
        bits = bits[len(pattern.bits) + 1 :]
    return text


def level(data: bytes) -> int:
    return to_text(data).count("/") - 1
