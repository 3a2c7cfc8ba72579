"""Collations by name: their five bytes on the wire [MS-TDS 2.2.5.1.2], their code page, how they compare.

A documented subset of Windows collations (any combination of version and sensitivity suffixes over the designators
below) and of SQL collations.
"""

from __future__ import annotations

import codecs
import re
import struct
import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

DEFAULT = "SQL_Latin1_General_CP1_CI_AS"

# Windows designators: LCID and Python codec of the code page.
WINDOWS = {
    "arabic": (0x0401, "cp1256"),
    "chinese_prc": (0x0804, "cp936"),
    "chinese_taiwan_stroke": (0x0404, "cp950"),
    "croatian": (0x041A, "cp1250"),
    "cyrillic_general": (0x0419, "cp1251"),
    "czech": (0x0405, "cp1250"),
    "finnish_swedish": (0x040B, "cp1252"),
    "french": (0x040C, "cp1252"),
    "greek": (0x0408, "cp1253"),
    "hebrew": (0x040D, "cp1255"),
    "japanese": (0x0411, "cp932"),
    "japanese_xjis": (0x0411, "cp932"),
    "korean_wansung": (0x0412, "cp949"),
    "latin1_general": (0x0409, "cp1252"),
    "modern_spanish": (0x0C0A, "cp1252"),
    "polish": (0x0415, "cp1250"),
    "thai": (0x041E, "cp874"),
    "turkish": (0x041F, "cp1254"),
    "ukrainian": (0x0422, "cp1251"),
    "vietnamese": (0x042A, "cp1258"),
}
# SQL collations: LCID, codec, sort id.
_SQL = {
    "sql_latin1_general_cp1_ci_as": (0x0409, "cp1252", 52),
    "sql_latin1_general_cp1_cs_as": (0x0409, "cp1252", 51),
    "sql_latin1_general_cp1250_ci_as": (0x0405, "cp1250", 82),
    "sql_latin1_general_cp1251_ci_as": (0x0419, "cp1251", 106),
}
_VERSIONS = {"": 0, "80": 0, "90": 1, "100": 2, "140": 3}
_NAME = re.compile(
    r"(?P<base>[a-z0-9_]+?)(?:_(?P<version>80|90|100|140))?"
    r"(?:(?P<bin>_bin2?)|_(?P<case>ci|cs)_(?P<accent>ai|as)(?P<kana>_ks)?(?P<width>_ws)?(?:_sc)?(?:_vss)?)(?P<utf8>_utf8)?"
)

_IGNORE_CASE, _IGNORE_ACCENT, _IGNORE_KANA, _IGNORE_WIDTH = 1 << 20, 1 << 21, 1 << 22, 1 << 23
_BINARY, _BINARY2, _UTF8 = 1 << 24, 1 << 25, 1 << 26




def _as_windows(error: UnicodeError) -> tuple[str | bytes, int]:
    """Bytes that a code page leaves free are control characters, below 0xa0 (Unicode's "Windows best fit" tables)."""
    if isinstance(error, UnicodeDecodeError):
        byte = error.object[error.start]
        return (chr(byte) if byte < 0xA0 else "\ufffd"), error.start + 1
    assert isinstance(error, UnicodeEncodeError)
    character = ord(error.object[error.start])
    return (bytes([character]) if 0x80 <= character < 0xA0 else b"?"), error.start + 1


codecs.register_error("windows", _as_windows)
_MULTIBYTE = ("cp932", "cp936", "cp949", "cp950", "utf-8")


@dataclass(frozen=True)
class Collation:
    """One collation. `sqlite` names the comparison of the same kind that the engine knows."""

    name: str
    wire: bytes
    codec: str
    sqlite: str

    def encode(self, text: str) -> bytes:
        """Text in the collation's code page; what has no place there becomes a question mark, as in SQL Server."""
        return text.encode(self.codec, self._errors)

    def decode(self, data: bytes) -> str:
        return data.decode(self.codec, self._errors)

    def cut(self, text: str, size: int) -> str:
        """The whole characters of the first `size` bytes."""
        errors = "ignore" if self.codec in _MULTIBYTE else self._errors
        return self.encode(text)[:size].decode(self.codec, errors)

    @property
    def _errors(self) -> str:
        return "replace" if self.codec in _MULTIBYTE else "windows"


class UnknownCollation(ValueError):
    pass


@lru_cache(maxsize=256)
def collation(name: str) -> Collation:
    """The collation of a name, in any case."""
    key = name.lower()
    if key in _SQL:
        lcid, codec, sort_id = _SQL[key]
        case = 0 if "_cs_" in key else _IGNORE_CASE
        bits = lcid | case | _IGNORE_KANA | _IGNORE_WIDTH
        return Collation(name, struct.pack("<IB", bits, sort_id), codec, "tsql_ci" if case else "tsql_cs")
    match = _NAME.fullmatch(key)
    if match is None or match["base"] not in WINDOWS:
        raise UnknownCollation(name)
    lcid, codec = WINDOWS[match["base"]]
    bits = lcid | _VERSIONS[match["version"] or ""] << 28
    if match["utf8"]:
        bits |= _UTF8
        codec = "utf-8"
    if match["bin"]:
        bits |= _BINARY2 if match["bin"] == "_bin2" else _BINARY
        return Collation(name, struct.pack("<IB", bits, 0), codec, "tsql_bin")
    folds_case, folds_accents = match["case"] == "ci", match["accent"] == "ai"
    bits |= (_IGNORE_CASE if folds_case else 0) | (_IGNORE_ACCENT if folds_accents else 0)
    bits |= (0 if match["kana"] else _IGNORE_KANA) | (0 if match["width"] else _IGNORE_WIDTH)
    kind = "tsql_" + ("ci" if folds_case else "cs") + ("_ai" if folds_accents else "")
    return Collation(name, struct.pack("<IB", bits, 0), codec, kind)


def _plain(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))


# Trailing spaces never count. Ties of a case-insensitive order are equal.
_KEYS: dict[str, Callable[[str], Any]] = {
    "tsql_ci": lambda text: text.rstrip(" ").casefold(),
    "tsql_ci_ai": lambda text: _plain(text.rstrip(" ")).casefold(),
    "tsql_cs": lambda text: (text := text.rstrip(" ")).casefold() + "\0" + text.swapcase(),
    "tsql_cs_ai": lambda text: (text := _plain(text.rstrip(" "))).casefold() + "\0" + text.swapcase(),
    "tsql_bin": lambda text: text.rstrip(" "),
}


def _guid_key(text: str) -> bytes:
    """A uniqueidentifier by its groups of bytes, the last one first; within each as they are stored."""
    stored = uuid.UUID(text).bytes_le
    return stored[10:] + stored[8:10] + stored[6:8] + stored[4:6] + stored[:4]


# A datetimeoffset in storage form is compared without its offset: in UTC.
_KEYS |= {"tsql_guid": _guid_key, "tsql_moment": lambda text: text[: -len(" +00:00")]}


def compare(kind: str, left: str, right: str) -> int:
    """-1, 0 or 1: the engine's comparison of that name."""
    key = _KEYS[kind]
    a, b = key(left), key(right)
    return (a > b) - (a < b)


SQLITE_COLLATIONS = tuple(_KEYS)
