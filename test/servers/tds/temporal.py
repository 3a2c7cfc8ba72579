"""Dates and times: T-SQL's text forms, rounding, ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from .errors import error
from .types import SqlType

DAY = 24 * 3600 * 10_000_000  # in units of 100 ns
_FIRST_DATETIME = date(1753, 1, 1).toordinal()
_FIRST_1900 = date(1900, 1, 1).toordinal()
_LAST_SMALL = date(2079, 6, 6).toordinal()
_LAST = date.max.toordinal()

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TEXT = re.compile(
    r"\s*(?:(?P<year>\d{4})(?:-(?P<month>\d\d?)-(?P<day>\d\d?)|(?P<short>\d{4})))?"
    r"(?:(?:(?<=\d)(?:T|\s+))?(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp][Mm])?)?"
    r"\s*(?P<zone>Z|[+-]\d\d:\d\d)?\s*"
)


@dataclass(frozen=True)
class Moment:
    """A point in time: local day (1 is 0001-01-01), 100 ns of the day, minutes of offset if it has one."""

    day: int
    ticks: int
    offset: int = 0

    def moved(self, minutes: int) -> Moment:
        """Another clock's reading, `minutes` later; the offset is kept."""
        days, ticks = divmod(self.ticks + minutes * 600_000_000, DAY)
        return Moment(self.day + days, ticks, self.offset)


def parse_text(text: str, kind: SqlType, *, source: str = "varchar") -> Moment:
    """A literal or any other text as a moment; language us_english, DATEFORMAT of no consequence for ISO forms."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise error(241)
    parts = match.groupdict()
    if parts["year"] is None and parts["hour"] is None and text.strip():
        raise error(241)
    try:
        if parts["year"] is None:
            day = _FIRST_1900
        elif parts["short"]:
            day = date(int(parts["year"]), int(parts["short"][:2]), int(parts["short"][2:])).toordinal()
        else:
            day = date(int(parts["year"]), int(parts["month"]), int(parts["day"])).toordinal()
    except ValueError:
        raise error(242, source, kind.name) if kind.name in ("datetime", "smalldatetime") else error(241) from None
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    if parts["half"]:
        if not 1 <= hour <= 12:
            raise error(241)
        hour = hour % 12 + (12 if parts["half"].lower() == "pm" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise error(242, source, kind.name) if kind.name in ("datetime", "smalldatetime") else error(241)
    fraction = parts["fraction"] or ""
    if kind.name in ("datetime", "smalldatetime") and len(fraction) > 3:
        raise error(241)
    ticks = (hour * 3600 + minute * 60 + second) * 10_000_000 + int((fraction + "0000000")[:7])
    if len(fraction) > 7 and fraction[7] >= "5":
        ticks += 1
    zone = parts["zone"]
    offset = 0 if zone in (None, "Z") else (int(zone[1:3]) * 60 + int(zone[4:6])) * (-1 if zone[0] == "-" else 1)
    if abs(offset) > 14 * 60:
        raise error(241)
    return Moment(day, ticks, offset)


def from_storage(value: str, kind: SqlType) -> Moment:
    """The moment of a value in storage form."""
    if kind.name == "time":
        return Moment(_FIRST_1900, _clock(value))
    day = date(int(value[:4]), int(value[5:7]), int(value[8:10])).toordinal()
    if kind.name == "date":
        return Moment(day, 0)
    if kind.name != "datetimeoffset":
        return Moment(day, _clock(value[11:], thirds=kind.name == "datetime"))
    clock, zone = value[11:].split(" ")
    minutes = (int(zone[1:3]) * 60 + int(zone[4:6])) * (-1 if zone[0] == "-" else 1)
    return Moment(day, _clock(clock), minutes).moved(minutes)


def _clock(text: str, *, thirds: bool = False) -> int:
    """`hh:mm:ss.f…` in units of 100 ns; datetime prints `thirds` of 10 ms as 3 and 7."""
    fraction = (text[9:] + "0000000")[:7]
    if thirds and fraction[2] in "37":
        fraction = fraction[:2] + {"3": "33333", "7": "66667"}[fraction[2]]
    return (int(text[:2]) * 3600 + int(text[3:5]) * 60 + int(text[6:8])) * 10_000_000 + int(fraction)


def to_storage(moment: Moment, kind: SqlType, *, source: str = "varchar") -> str:
    """A moment in the storage form of a type, rounded as SQL Server does."""
    name = kind.name
    if name == "date":
        return day_text(moment.day)
    if name in ("time", "datetime2", "datetimeoffset"):
        unit = 10 ** (7 - kind.scale)
        ticks = (moment.ticks + unit // 2) // unit * unit if unit > 1 else moment.ticks
        if name == "time":
            return clock_text(ticks % DAY, kind.scale)
        rounded = Moment(moment.day + ticks // DAY, ticks % DAY, moment.offset)
        if name == "datetimeoffset":
            rounded = rounded.moved(-moment.offset)
        if rounded.day > _LAST:  # rounding never leaves the calendar: the last fraction stays
            rounded = Moment(_LAST, DAY - unit, moment.offset)
        if rounded.day < 1:
            raise error(242, source, name)
        text = f"{day_text(rounded.day)} {clock_text(rounded.ticks, kind.scale)}"
        return f"{text} {offset_text(moment.offset)}" if name == "datetimeoffset" else text
    thirds = (moment.ticks * 3 + 50_000) // 100_000  # of 10 ms
    day, thirds = moment.day + thirds // (24 * 3600 * 300), thirds % (24 * 3600 * 300)
    if name == "datetime":
        if not _FIRST_DATETIME <= day <= _LAST:
            raise error(242, source, name)
        milliseconds = (thirds * 10 + 1) // 3  # 0, 3, 7
        seconds, rest = divmod(milliseconds, 1000)
        return f"{day_text(day)} {clock_text(seconds * 10_000_000, 0)}.{rest:03d}"
    minutes = (thirds + 30 * 300) // (60 * 300)
    day, minutes = day + minutes // 1440, minutes % 1440
    if not _FIRST_1900 <= day <= _LAST_SMALL:
        raise error(242, source, name)
    return f"{day_text(day)} {minutes // 60:02d}:{minutes % 60:02d}:00"


def day_text(day: int) -> str:
    return date.fromordinal(day).isoformat()


def clock_text(ticks: int, scale: int) -> str:
    seconds, fraction = divmod(ticks, 10_000_000)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{text}.{fraction // 10 ** (7 - scale):0{scale}d}" if scale else text


def offset_text(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def show(value: str, kind: SqlType, style: int) -> str:
    """A value as text in a style of CONVERT."""
    moment = from_storage(value, kind)
    day = date.fromordinal(moment.day)
    old = kind.name in ("datetime", "smalldatetime")
    if kind.name == "time":
        clock = value
    elif kind.name == "date":
        clock = ""
    else:
        clock = value[11:].split(" ")[0]
        if kind.name == "datetimeoffset":
            clock = clock_text(moment.ticks, kind.scale)
        if kind.name == "smalldatetime":
            clock += ".000"
    zone = f" {offset_text(moment.offset)}" if kind.name == "datetimeoffset" else ""
    if style == 0 and not old:
        style = 121
    if style in (0, 100):
        hour, minute = moment.ticks // 36_000_000_000, moment.ticks // 600_000_000 % 60
        half = f"{(hour + 11) % 12 + 1:2d}:{minute:02d}{'AM' if hour < 12 else 'PM'}"
        return half if kind.name == "time" else f"{_MONTHS[day.month - 1]} {day.day:2d} {day.year} {half}".rstrip()
    if style in (20, 120):
        return " ".join(part for part in ("" if kind.name == "time" else day.isoformat(), clock[:8]) if part) + zone
    if style in (21, 25, 121):
        if kind.name == "smalldatetime":
            return f"{day.isoformat()} {clock}"
        return " ".join(part for part in ("" if kind.name == "time" else day.isoformat(), clock) if part) + zone
    if style in (126, 127) and kind.name not in ("time",):
        if old and clock.endswith(".000"):
            clock = clock[:-4]
        return f"{day.isoformat()}T{clock}{zone.strip()}" if clock else day.isoformat()
    simple = {23: "%Y-%m-%d", 101: "%m/%d/%Y", 103: "%d/%m/%Y", 104: "%d.%m.%Y", 112: "%Y%m%d"}
    if style in simple and kind.name != "time":
        return day.strftime(simple[style]).zfill(8 if style == 112 else 10)
    raise error(281, style, kind.name)
