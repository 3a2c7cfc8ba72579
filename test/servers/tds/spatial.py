"""geometry and geography: WKT, WKB and the bytes of the CLR types [MS-SSCLRT 2.1.1, 2.1.2].

Points, line strings, polygons, the multi-forms and collections, with Z and M. Curves are refused.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from .errors import SqlError, error, refused

_NAMES = {
    1: "POINT",
    2: "LINESTRING",
    3: "POLYGON",
    4: "MULTIPOINT",
    5: "MULTILINESTRING",
    6: "MULTIPOLYGON",
    7: "GEOMETRYCOLLECTION",
}
_CODES = {name: code for code, name in _NAMES.items()}
_PARTS = {4: 1, 5: 2, 6: 3}  # what a multi-form is made of

# Properties
_HAS_Z, _HAS_M, _VALID, _SINGLE_POINT, _SINGLE_LINE = 0x01, 0x02, 0x04, 0x08, 0x10
# Figure attributes of version 1
_INTERIOR, _STROKE, _EXTERIOR = 0, 1, 2

Point = tuple[float, float, float, float]  # x, y, z, m; not a number where there is none


@dataclass(frozen=True)
class Shape:
    """A shape: rings of points (one, but for polygons), or parts."""

    code: int
    rings: tuple[tuple[Point, ...], ...] = ()
    parts: tuple[Shape, ...] = ()

    def points(self) -> Iterator[Point]:
        for ring in self.rings:
            yield from ring
        for part in self.parts:
            yield from part.points()


@dataclass(frozen=True)
class Spatial:
    """A value."""

    srid: int
    shape: Shape


def _invalid(what: str) -> SqlError:
    return error(6522, "geometry", f"System.FormatException: {what}")


# Bytes


@dataclass
class _Flat:
    points: list[Point] = field(default_factory=list)
    figures: list[tuple[int, int]] = field(default_factory=list)
    shapes: list[tuple[int, int, int]] = field(default_factory=list)

    def add(self, shape: Shape, parent: int) -> None:
        index = len(self.shapes)
        empty = not any(True for _ in shape.points()) and not shape.parts
        self.shapes.append((parent, -1 if empty else len(self.figures), shape.code))
        for number, ring in enumerate(shape.rings):
            if ring:
                attribute = _STROKE if shape.code != 3 else _INTERIOR if number else _EXTERIOR
                self.figures.append((attribute, len(self.points)))
                self.points += ring
        for part in shape.parts:
            self.add(part, index)


def _ordered(point: Point, kind: str) -> tuple[float, float]:
    """geography keeps the latitude first."""
    return (point[1], point[0]) if kind == "geography" else (point[0], point[1])


def write(value: Spatial, kind: str) -> bytes:
    """The bytes of a value."""
    flat = _Flat()
    flat.add(value.shape, -1)
    has_z = any(not math.isnan(point[2]) for point in flat.points)
    has_m = any(not math.isnan(point[3]) for point in flat.points)
    properties = _VALID | (_HAS_Z if has_z else 0) | (_HAS_M if has_m else 0)
    single_point = value.shape.code == 1 and len(flat.points) == 1
    single_line = value.shape.code == 2 and len(flat.points) == 2
    properties |= (_SINGLE_POINT if single_point else 0) | (_SINGLE_LINE if single_line else 0)
    body = b"".join(struct.pack("<dd", *_ordered(point, kind)) for point in flat.points)
    if has_z:
        body += b"".join(struct.pack("<d", point[2]) for point in flat.points)
    if has_m:
        body += b"".join(struct.pack("<d", point[3]) for point in flat.points)
    head = struct.pack("<iBB", value.srid, 1, properties)
    if single_point or single_line:
        return head + body
    figures = b"".join(struct.pack("<Bi", *figure) for figure in flat.figures)
    shapes = b"".join(struct.pack("<iiB", *shape) for shape in flat.shapes)
    counts = (struct.pack("<I", len(part)) for part in (flat.points, flat.figures, flat.shapes))
    return head + next(counts) + body + next(counts) + figures + next(counts) + shapes


def read(data: bytes, kind: str) -> Spatial:
    """The value in some bytes."""
    try:
        return _read(data, kind)
    except (struct.error, IndexError):
        raise _invalid("the binary form is invalid.") from None


def _read(data: bytes, kind: str) -> Spatial:
    srid, version, properties = struct.unpack_from("<iBB", data)
    position = 6
    if properties & _SINGLE_POINT:
        count = 1
    elif properties & _SINGLE_LINE:
        count = 2
    else:
        (count,) = struct.unpack_from("<I", data, position)
        position += 4
    pairs = [struct.unpack_from("<dd", data, position + 16 * index) for index in range(count)]
    position += 16 * count
    more = []
    for flag in (_HAS_Z, _HAS_M):
        present = properties & flag
        more.append(struct.unpack_from(f"<{count}d", data, position) if present else (math.nan,) * count)
        position += 8 * count if present else 0
    swap = kind == "geography"
    points = [
        (pair[1], pair[0], z, m) if swap else (pair[0], pair[1], z, m) for pair, z, m in zip(pairs, *more, strict=True)
    ]
    if properties & _SINGLE_POINT:
        return Spatial(srid, Shape(1, (tuple(points),)))
    if properties & _SINGLE_LINE:
        return Spatial(srid, Shape(2, (tuple(points),)))
    if version != 1:
        raise refused("version 2 of the bytes of spatial types (curves)")
    tables = []
    for form in ("<Bi", "<iiB"):
        (rows,) = struct.unpack_from("<I", data, position)
        size = struct.calcsize(form)
        tables.append([struct.unpack_from(form, data, position + 4 + size * index) for index in range(rows)])
        position += 4 + size * rows
    figures, shapes = tables
    return Spatial(srid, _shape(0, points, figures, shapes))


def _shape(index: int, points: list[Point], figures: list[tuple[int, ...]], shapes: list[tuple[int, ...]]) -> Shape:
    _, first, code = shapes[index]
    children = tuple(
        _shape(number, points, figures, shapes) for number, shape in enumerate(shapes) if shape[0] == index
    )
    if code not in _NAMES:
        raise refused("curves")
    if code >= 4:
        return Shape(code, parts=children)
    if first < 0:
        return Shape(code)
    last = next((shape[1] for shape in shapes[index + 1 :] if shape[1] >= 0), len(figures))
    starts = [figure[1] for figure in figures] + [len(points)]
    return Shape(code, tuple(tuple(points[starts[number] : starts[number + 1]]) for number in range(first, last)))


# WKB


def to_wkb(shape: Shape, *, with_zm: bool = False) -> bytes:
    """Little-endian WKB: in two dimensions as STAsBinary() gives it, or in all as AsBinaryZM(), whose type codes are
    those of OGC 06-103r4: 1000 more with Z, 2000 more with M."""
    has_z = with_zm and any(not math.isnan(point[2]) for point in shape.points())
    has_m = with_zm and any(not math.isnan(point[3]) for point in shape.points())
    return _wkb(shape, has_z, has_m)


def _wkb(shape: Shape, has_z: bool, has_m: bool) -> bytes:
    code = shape.code + (1000 if has_z else 0) + (2000 if has_m else 0)

    def numbers(points: tuple[Point, ...]) -> bytes:
        parts = [(*point[:2], *((point[2],) if has_z else ()), *((point[3],) if has_m else ())) for point in points]
        return b"".join(struct.pack(f"<{len(part)}d", *part) for part in parts)

    head = struct.pack("<BI", 1, code)
    if shape.code == 1:
        points = tuple(shape.points())
        # an empty point is an empty MULTIPOINT
        return head + numbers(points) if points else struct.pack("<BII", 1, code + 3, 0)
    if shape.code in (2, 3):
        lists = [struct.pack("<I", len(ring)) + numbers(ring) for ring in shape.rings or ((),)]
        if shape.code == 2:
            return head + lists[0]
        return head + struct.pack("<I", len(shape.rings)) + b"".join(lists[: len(shape.rings)])
    return head + struct.pack("<I", len(shape.parts)) + b"".join(_wkb(part, has_z, has_m) for part in shape.parts)


def from_wkb(data: bytes, srid: int) -> Spatial:
    """A value from two-dimensional WKB of either byte order."""
    try:
        shape, rest = _from_wkb(data)
    except (struct.error, IndexError):
        raise _invalid("24210: the WKB is invalid.") from None
    if rest:
        raise _invalid("24210: there is more than the WKB says.")
    return Spatial(srid, shape)


def _from_wkb(data: bytes) -> tuple[Shape, bytes]:
    order = "<" if data[0] else ">"
    code, count = struct.unpack_from(order + "II", data, 1)
    if code not in _NAMES:
        raise refused(f"type {code} in WKB")
    if code == 1:
        return Shape(1, ((_wkb_point(order, data, 5),),)), data[21:]
    rest = data[9:]
    if code == 2:
        return Shape(2, (tuple(_wkb_point(order, rest, 16 * index) for index in range(count)),)), rest[16 * count :]
    rings, parts = [], []
    for _ in range(count):
        if code == 3:
            (size,) = struct.unpack_from(order + "I", rest)
            rings.append(tuple(_wkb_point(order, rest, 4 + 16 * index) for index in range(size)))
            rest = rest[4 + 16 * size :]
        else:
            part, rest = _from_wkb(rest)
            parts.append(part)
    return Shape(code, tuple(rings), tuple(parts)), rest


def _wkb_point(order: str, data: bytes, position: int) -> Point:
    x, y = struct.unpack_from(order + "dd", data, position)
    return (x, y, math.nan, math.nan)


def point(x: float, y: float, srid: int) -> Spatial:
    return Spatial(srid, Shape(1, (((x, y, math.nan, math.nan),),)))


_TYPE_NAMES = ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection")


def type_name(shape: Shape) -> str:
    """As STGeometryType() gives it."""
    return _TYPE_NAMES[shape.code - 1]


# WKT

_TOKEN = re.compile(r"\s*([A-Za-z]+|[(),]|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")


def from_wkt(text: str, srid: int) -> Spatial:
    """A value from WKT; a third and fourth number are Z and M."""
    tokens: list[str] = []
    position = 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _invalid(f"24141: unexpected text at position {position} of the input.")
        tokens.append(match[1])
        position = match.end()
    tokens.reverse()  # a stack
    shape = _wkt_shape(tokens)
    if tokens:
        raise _invalid(f"24111: unexpected '{tokens[-1]}'.")
    return Spatial(srid, shape)


def _next(tokens: list[str], wanted: str = "") -> str:
    if not tokens or (wanted and tokens[-1] != wanted):
        raise _invalid(f"24142: expected '{wanted}' and found '{tokens[-1] if tokens else ''}'.")
    return tokens.pop()


def _empty(tokens: list[str]) -> bool:
    if tokens and tokens[-1].upper() == "EMPTY":
        tokens.pop()
        return True
    return False


def _wkt_shape(tokens: list[str]) -> Shape:
    code = _CODES.get(_next(tokens).upper(), 0)
    if not code:
        raise refused("that kind of shape in WKT")
    return _wkt_body(code, tokens)


def _wkt_body(code: int, tokens: list[str]) -> Shape:
    if _empty(tokens):
        return Shape(code)
    if code in (1, 2):
        return Shape(code, (_wkt_points(tokens),))
    _next(tokens, "(")
    items = []
    while True:
        if code == 3:
            items.append(_wkt_points(tokens))
        elif code == 7:
            items.append(_wkt_shape(tokens))
        elif code == 4 and tokens and tokens[-1] != "(" and tokens[-1].upper() != "EMPTY":
            items.append(Shape(1, ((_wkt_point(tokens),),)))
        else:
            items.append(_wkt_body(_PARTS[code], tokens))
        if _next(tokens) == ")":
            break
    return Shape(3, tuple(items)) if code == 3 else Shape(code, parts=tuple(items))


def _wkt_points(tokens: list[str]) -> tuple[Point, ...]:
    _next(tokens, "(")
    points = [_wkt_point(tokens)]
    while _next(tokens) == ",":
        points.append(_wkt_point(tokens))
    return tuple(points)


def _wkt_point(tokens: list[str]) -> Point:
    numbers = []
    while tokens and tokens[-1] not in ("(", ")", ","):
        word = tokens.pop()
        try:
            numbers.append(math.nan if word.upper() == "NULL" else float(word))
        except ValueError:
            raise _invalid(f"24141: a number is expected, not '{word}'.") from None
    if not 2 <= len(numbers) <= 4:
        raise _invalid("24141: a point has two to four numbers.")
    numbers += [math.nan] * (4 - len(numbers))
    return (numbers[0], numbers[1], numbers[2], numbers[3])


def to_wkt(value: Spatial, *, with_zm: bool = True) -> str:
    """WKT as ToString() gives it; STAsText() is without Z and M."""
    return _wkt(value.shape, with_zm, named=True)


def _wkt(shape: Shape, with_zm: bool, *, named: bool) -> str:
    name = f"{_NAMES[shape.code]} " if named else ""
    if not shape.rings and not shape.parts:
        return f"{name}EMPTY"
    if shape.code in (1, 2):
        return name + _wkt_ring(shape.rings[0], with_zm)
    if shape.code == 3:
        return f"{name}({', '.join(_wkt_ring(ring, with_zm) for ring in shape.rings)})"
    return f"{name}({', '.join(_wkt(part, with_zm, named=shape.code == 7) for part in shape.parts)})"


def _wkt_ring(points: tuple[Point, ...], with_zm: bool) -> str:
    return f"({', '.join(_wkt_numbers(point, with_zm) for point in points)})"


def _wkt_numbers(point: Point, with_zm: bool) -> str:
    shown = [_number(point[0]), _number(point[1])]
    if with_zm and not (math.isnan(point[2]) and math.isnan(point[3])):
        shown.append("NULL" if math.isnan(point[2]) else _number(point[2]))
        if not math.isnan(point[3]):
            shown.append(_number(point[3]))
    return " ".join(shown)


def _number(value: float) -> str:
    return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value).upper()
