"""LOGIN7 [MS-TDS 2.2.6.4]: who wants in, where to, and in which version of the protocol."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from .packets import ProtocolError

# Protocol versions as the client says them [MS-TDS 2.2.6.4 and 2.2.7.14]
TDS_70 = 0x70000000
TDS_71 = 0x71000000
TDS_71_1 = 0x71000001
TDS_72 = 0x72090002
TDS_73A = 0x730A0003
TDS_73B = 0x730B0003
TDS_74 = 0x74000004

# What LOGINACK says: the two oldest are written differently.
_ACKNOWLEDGED = {TDS_70: 0x07000000, TDS_71: 0x07010000}
KNOWN_VERSIONS = (TDS_74, TDS_73B, TDS_73A, TDS_72, TDS_71_1, TDS_71, TDS_70)

_FIXED = struct.Struct("<6I4BiI")
_READ_ONLY_INTENT = 0x20  # TypeFlags
_INTEGRATED_SECURITY = 0x80  # OptionFlags2
_EXTENSION = 0x10  # OptionFlags3
_FIELDS = ("host", "user", "password", "application", "server", "extension", "library", "language", "database")


@dataclass
class Login:
    """A client's login."""

    version: int
    packet_size: int
    read_only: bool
    integrated: bool
    host: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    application: str = ""
    server: str = ""
    library: str = ""
    language: str = ""
    database: str = ""
    features: dict[int, bytes] = field(default_factory=dict)


def agree_version(asked: int, newest: int = TDS_74) -> int:
    """The newest version known that is not above what was asked for."""
    for known in KNOWN_VERSIONS:
        if known <= min(asked, newest):
            return known
    raise ProtocolError(f"TDS version {asked:#010x}")


def acknowledged(version: int) -> int:
    """How LOGINACK writes a version."""
    return _ACKNOWLEDGED.get(version, version)


def scramble(password: str) -> bytes:
    """The password's disguise: nibbles swapped, then XOR 0xA5."""
    return bytes(((byte << 4 | byte >> 4) & 0xFF) ^ 0xA5 for byte in password.encode("utf-16-le"))


def unscramble(data: bytes) -> str:
    swapped = bytes(byte ^ 0xA5 for byte in data)
    return bytes((byte << 4 | byte >> 4) & 0xFF for byte in swapped).decode("utf-16-le")


def parse(data: bytes) -> Login:
    """Reads a LOGIN7 message."""
    try:
        return _parse(data)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ProtocolError(f"LOGIN7: {error}") from error


def _parse(data: bytes) -> Login:
    length, version, packet_size, _, _, _, _, options2, type_flags, options3, _, _ = _FIXED.unpack_from(data)
    if length > len(data):
        raise ProtocolError(f"LOGIN7 says {length} bytes and has {len(data)}")
    login = Login(
        version,
        packet_size,
        read_only=bool(type_flags & _READ_ONLY_INTENT),
        integrated=bool(options2 & _INTEGRATED_SECURITY),
    )
    for index, name in enumerate(_FIELDS):
        offset, count = struct.unpack_from("<HH", data, _FIXED.size + 4 * index)
        if name == "extension":
            if options3 & _EXTENSION and count:
                login.features = _features(data, struct.unpack_from("<I", data, offset)[0])
            continue
        raw = data[offset : offset + 2 * count]
        if len(raw) != 2 * count:
            raise ProtocolError(f"LOGIN7: {name} lies outside the message")
        setattr(login, name, unscramble(raw) if name == "password" else raw.decode("utf-16-le"))
    return login


def _features(data: bytes, position: int) -> dict[int, bytes]:
    """FeatureExt [MS-TDS 2.2.6.4]: id, length, data, until 0xFF."""
    found: dict[int, bytes] = {}
    while data[position] != 0xFF:
        (length,) = struct.unpack_from("<I", data, position + 1)
        found[data[position]] = data[position + 5 : position + 5 + length]
        position += 5 + length
    return found
