"""Constants for conditions: values of the column, values next to them, and values that no column has."""

from __future__ import annotations

import math
import random
import struct
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Context, Decimal, InvalidOperation

from .columns import Column
from .tables import WORDS

_EXACT = Context(prec=200)


@dataclass(frozen=True)
class Constant:
    """A value of a condition. Where the statement asks several times each round has its own text; None is NULL."""

    texts: tuple[str | None, ...]
    type: str
    form: str = "typed"  # or "untyped" (a literal without a type), or "subselect"


ROUNDS = 3


def constant(random: random.Random, column: Column, *, null: float = 0.03) -> Constant:
    """A constant to compare the column with."""
    kind = random.choice(_types_beside(column))
    form = random.choices(("typed", "untyped", "subselect"), (80, 12, 8))[0]
    texts: list[str | None] = []
    while len(texts) < ROUNDS:
        texts.append(None if random.random() < null else _fitting(random, column, kind))
    return Constant(tuple(texts), kind, form if kind == column.base else "typed")


def _fitting(random: random.Random, column: Column, kind: str) -> str:
    for _ in range(20):
        text = value(random, column)
        if fits(text, kind):
            return text
    return column.values[0] if column.values and fits(column.values[0], kind) else "0"


def value(random: random.Random, column: Column) -> str:
    """The text of a value."""
    own = random.choice(column.values) if column.values else "0"
    if random.random() < 0.5:
        return own
    near = _NEAR.get(column.family)
    return random.choice(near(own, column) or [own]) if near else own


def pattern(random: random.Random, column: Column) -> str:
    """A pattern of LIKE, which some of the values match."""
    own = random.choice(column.values) if column.values else ""
    masked = own.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    cut = random.randint(0, len(own))
    patterns = [
        *(own, own.swapcase(), masked, masked + "%", "%" + masked, "%" + masked + "%", own[:cut] + "%", "%" + own[cut:], "_" * len(own)),
        *(own[:cut] + "_" + own[cut + 1 :], "%", "", "_", "__", "%_%", "\\%%", "\\_%", "\\\\%", "%\\\\%", "a%", "A%", "%a", "_a%", "\\a%", "a\\%", "%é%"),
        *(own + "\\", "%\\", "a b%", "%'%", "%?%", "%[a]%", "[a]%", "%^%", "%\n%"),
    ]
    return random.choice(patterns)


def _types_beside(column: Column) -> list[str]:
    """Types that can be compared with the column; mostly its own."""
    own = {"bit": column.type, "character": "bpchar"}.get(column.base, column.base)
    other = {
        "integer": ["integer", "bigint", "numeric", "double precision"],
        "decimal": ["numeric", "integer", "double precision"],
        "float": ["real", "double precision", "numeric"],
        "text": ["text", "character varying"],
        "date": ["date", "timestamp without time zone", "timestamp with time zone"],
        "moment": ["date", "timestamp without time zone", "timestamp with time zone"],
    }.get(column.family, [own])
    return [own] * 6 + other


_RANGES = {"smallint": 15, "integer": 31, "bigint": 63}


def fits(text: str, kind: str) -> bool:
    """Whether the text is one of a value of the type; looks at numbers and times only."""
    if kind in _RANGES:
        try:
            return -(2 ** _RANGES[kind]) <= int(text) < 2 ** _RANGES[kind]
        except ValueError:
            return False
    if kind in ("real", "double precision"):
        try:
            number = float(text)
            size = _float4(number) if kind == "real" else number
        except (ValueError, OverflowError):
            return False
        written_as_zero = size == 0 and any(c in "123456789" for c in text.lower().split("e")[0])
        return not written_as_zero and (math.isfinite(size) or not any(c.isdigit() for c in text))
    if kind == "date":
        return ":" not in text
    if kind.startswith("timestamp"):
        return not text.startswith("5874897")
    return True


def _float4(number: float) -> float:
    found: float = struct.unpack("f", struct.pack("f", number))[0]
    return found


def _near_text(own: str, column: Column) -> list[str]:
    plain = "".join(c for c in unicodedata.normalize("NFD", own) if not unicodedata.combining(c))
    texts = [
        *(own.swapcase(), own.upper(), own.lower(), own + " ", own.rstrip(), " " + own, own + "\u200b", own + "x", own[:-1], plain),
        *(unicodedata.normalize("NFD", own), unicodedata.normalize("NFC", own), own.replace("ß", "ss"), own.replace("ss", "ß"), own + "%"),
        *(own + "\\", own.replace("\\", "\\\\"), own + "\n", own + "a", own * 2, own.strip() or "x", own[:1]),
        *WORDS[::3],
        *("x" * 300, "\U0010ffff", "\x01", "x\x7f"),
    ]
    return [text[:1] for text in texts if text] if column.base == '"char"' else texts


def _near_integer(own: str, column: Column) -> list[str]:
    number = int(own)
    edges = (0, 1, -1, 2**7, 2**8, 2**15, 2**16, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), -(2**63) - 1, 10**40)
    return [str(n) for n in (number - 1, number + 1, -number, *edges)] + [f"{number}.5", f"{number}.0", f"{number}e0", "NaN", "Infinity", "-Infinity", "1e300"]


def _near_decimal(own: str, column: Column) -> list[str]:
    wild = ["0", "-0", "0.0", "NaN", "Infinity", "-Infinity", "9" * 70, "-" + "9" * 70, "0." + "0" * 40 + "1", "1e300", "1e-300", "1e20", "9" * 39, "9" * 38, "0.10", "1.0"]
    number = Decimal(own)
    if not number.is_finite():
        return wild
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    last = Decimal(1).scaleb(exponent)
    try:
        near = [_EXACT.add(number, last), _EXACT.subtract(number, last), -number, _EXACT.add(number, last / 10), _EXACT.multiply(number, Decimal(10))]
    except InvalidOperation:
        near = []
    whole = str(int(number)) if abs(exponent) < 100 else "7"
    return [f"{n:f}" for n in near] + [own + ("0" if "." in own else ".0"), whole] + wild


def _near_float(own: str, column: Column) -> list[str]:
    number = float(own)
    wild = ["0", "-0", "NaN", "Infinity", "-Infinity", "1e308", "5e-324", "-5e-324", "1e-40", "3.14", "0.1", "3.4028235e38", "3.4028236e38", "16777217", "0.30000000000000004", "1"]
    if not math.isfinite(number):
        return wild
    near = [math.nextafter(number, math.inf), math.nextafter(number, -math.inf), -number, number + 1]
    if abs(number) < 3e38:
        bits = struct.unpack("i", struct.pack("f", number))[0]
        near += [_float4(number), struct.unpack("f", struct.pack("i", bits + 1))[0]]
    return [repr(n) for n in near if math.isfinite(n)] + [f"{number:.6g}", f"{number:.15g}"] + wild


_DATES = ["infinity", "-infinity", "4713-01-01 BC", "0001-12-31 BC", "0001-01-01", "9999-12-31", "10000-01-01", "1970-01-01", "2024-02-29", "294276-12-31"]


def _near_date(own: str, column: Column) -> list[str]:
    try:
        day = date.fromisoformat(own[:10] if "BC" not in own else "")
        near = [str(day + timedelta(days=days)) for days in (-1, 1)]
    except (ValueError, OverflowError):
        near = []
    return near + [own + " 00:00:00", own + " 00:00:01"] * (own[0].isdigit() and "BC" not in own) + _DATES


def _near_moment(own: str, column: Column) -> list[str]:
    zone = "+00" if "with time zone" in column.type else ""
    wild = [*_DATES, "2024-03-31 02:30:00", "2024-03-31 02:30:00+02", "2024-10-27 02:30:00+01", "2024-02-29 12:34:56.1234565", "9999-12-31 23:59:59.999999", "2038-01-19 03:14:08"]
    try:
        moment = datetime.fromisoformat(own.removesuffix("+00")[:26].ljust(26, "0") if "." in own else own.removesuffix("+00"))
        near = [str(moment + timedelta(microseconds=step)) + zone for step in (-1, 1, 1_000_000)]
        near += [str(moment.replace(microsecond=0)) + zone, str(moment.date()), own + " ", f"{moment.date()} 00:00:00"]
    except (ValueError, OverflowError):
        near = []
    return near + wild


def _near_clock(own: str, column: Column) -> list[str]:
    near = [own[:8] + ".000001", own[:8] + ".9999999"] if own < "24" else []
    return [*near, own[:8], "00:00", "24:00", "23:59:59.999999", "12:34:56.123456", "12:34"]


def _near_bytes(own: str, column: Column) -> list[str]:
    return [own + "00", own + "20", own[:-2] if len(own) > 2 else own, own.removesuffix("00"), own + "ff", "\\x", "\\x00", "\\x41", "\\x61", "\\x6100000000"]


def _near_bits(own: str, column: Column) -> list[str]:
    return [own[:-1] + ("1" if own[-1:] == "0" else "0"), "0" * len(own), "1" * len(own)] if own else ["0"]


def _near_uuid(own: str, column: Column) -> list[str]:
    return [own.upper(), own[:-1] + ("0" if own[-1] != "0" else "1"), ("0" if own[0] != "0" else "1") + own[1:]]


_NEAR = {
    "text": _near_text,
    "integer": _near_integer,
    "decimal": _near_decimal,
    "float": _near_float,
    "date": _near_date,
    "moment": _near_moment,
    "clock": _near_clock,
    "bytes": _near_bytes,
    "bits": _near_bits,
    "uuid": _near_uuid,
}
