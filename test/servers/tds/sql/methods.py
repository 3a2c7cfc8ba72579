"""Methods and properties of the CLR types: geometry, geography, hierarchyid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .. import hierarchy, spatial
from ..errors import error
from ..types import BIT, INT, MAX, SqlType
from .bound import Bound, quoted

if TYPE_CHECKING:
    from .binder import ExpressionBinder

_TEXT = SqlType("nvarchar", MAX)
_BYTES = SqlType("varbinary", MAX)


def _shape(data: bytes, kind: str) -> spatial.Shape:
    return spatial.read(data, kind).shape


def _coordinate(data: bytes, kind: str, index: int) -> float | None:
    shape = _shape(data, kind)
    point = next(shape.points(), None)
    if shape.code != 1 or point is None or point[index] != point[index]:
        return None
    return point[index]


_SPATIAL_METHODS: dict[str, tuple[Callable[[bytes, str], Any], SqlType]] = {
    "STAsBinary": (lambda data, kind: spatial.to_wkb(_shape(data, kind)), _BYTES),
    "AsBinaryZM": (lambda data, kind: spatial.to_wkb(_shape(data, kind), with_zm=True), _BYTES),
    "STAsText": (lambda data, kind: spatial.to_wkt(spatial.read(data, kind), with_zm=False), _TEXT),
    "AsTextZM": (lambda data, kind: spatial.to_wkt(spatial.read(data, kind)), _TEXT),
    "ToString": (lambda data, kind: spatial.to_wkt(spatial.read(data, kind)), _TEXT),
    "STIsEmpty": (lambda data, kind: int(not any(True for _ in _shape(data, kind).points())), BIT),
    "STGeometryType": (lambda data, kind: spatial.type_name(_shape(data, kind)), _TEXT),
    "STNumPoints": (lambda data, kind: sum(1 for _ in _shape(data, kind).points()), INT),
}
_SPATIAL_PROPERTIES: dict[str, tuple[Callable[[bytes, str], Any], SqlType]] = {
    "STSrid": (lambda data, kind: spatial.read(data, kind).srid, INT),
    "STX": (lambda data, kind: _coordinate(data, kind, 0), SqlType("float")),
    "STY": (lambda data, kind: _coordinate(data, kind, 1), SqlType("float")),
    "Long": (lambda data, kind: _coordinate(data, kind, 0), SqlType("float")),
    "Lat": (lambda data, kind: _coordinate(data, kind, 1), SqlType("float")),
    "Z": (lambda data, kind: _coordinate(data, kind, 2), SqlType("float")),
    "M": (lambda data, kind: _coordinate(data, kind, 3), SqlType("float")),
    "HasZ": (lambda data, kind: int(any(point[2] == point[2] for point in _shape(data, kind).points())), BIT),
    "HasM": (lambda data, kind: int(any(point[3] == point[3] for point in _shape(data, kind).points())), BIT),
}
_HIERARCHY_METHODS: dict[str, tuple[Callable[[bytes, str], Any], SqlType]] = {
    "ToString": (lambda data, kind: hierarchy.to_text(data), SqlType("nvarchar", 4000)),
    "GetLevel": (lambda data, kind: hierarchy.level(data), SqlType("smallint")),
}


def bind_method(binder: ExpressionBinder, target: Bound, name: str, arguments: Sequence[Bound] | None) -> Bound:
    """`target.name(…)`, or the property `name` where there are no arguments at all."""
    kind = target.type.name
    is_call = arguments is not None
    found = _tables(kind, is_call).get(name)  # CLR names are case-sensitive
    if found is None or arguments:
        raise error(6506 if is_call else 6592, name, kind)
    return Bound(f"tsql_method({quoted(kind)}, {quoted(name)}, {int(is_call)}, {target.sql})", found[1])


def _tables(kind: str, is_call: bool) -> dict[str, tuple[Callable[[bytes, str], Any], SqlType]]:
    if kind in ("geometry", "geography"):
        only = {"geometry": ("Lat", "Long"), "geography": ("STX", "STY")}[kind]
        table = _SPATIAL_METHODS if is_call else _SPATIAL_PROPERTIES
        return {name: entry for name, entry in table.items() if name not in only}
    if kind == "hierarchyid":
        return _HIERARCHY_METHODS if is_call else {}
    return {}


def call_method(kind: str, name: str, is_call: int, data: bytes | None) -> Any:
    """What SQLite calls for tsql_method."""
    return None if data is None else _tables(kind, bool(is_call))[name][0](data, kind)


# `type::Name(…)`

_WKT = (
    "STGeomFromText",
    "STPointFromText",
    "STLineFromText",
    "STPolyFromText",
    "STMPointFromText",
    "STGeomCollFromText",
)


def bind_static(binder: ExpressionBinder, kind: str, name: str, arguments: Sequence[Bound] | None) -> Bound:
    target = SqlType(kind)
    count = None if arguments is None else len(arguments)
    if (kind in ("geometry", "geography", "hierarchyid") and name == "Null") and count is None:
        return binder.constant(None, target)
    if kind == "hierarchyid" and name == "GetRoot" and count == 0:
        return binder.constant(b"", target)
    assert arguments is not None or count is None
    if kind in ("geometry", "geography") and name in _WKT and count == 2:
        return _made(binder, kind, "wkt", arguments or ())
    if kind in ("geometry", "geography") and name == "STGeomFromWKB" and count == 2:
        return _made(binder, kind, "wkb", arguments or ())
    if kind in ("geometry", "geography") and name == "Point" and count == 3:
        return _made(binder, kind, "point", arguments or ())
    if name == "Parse" and count == 1 and kind in ("geometry", "geography", "hierarchyid"):
        return binder.converted(binder.converted((arguments or ())[0], _TEXT), target)
    raise error(6506, name, kind)


def _made(binder: ExpressionBinder, kind: str, how: str, arguments: Sequence[Bound]) -> Bound:
    wanted = {"wkt": (_TEXT, INT), "wkb": (_BYTES, INT), "point": (SqlType("float"), SqlType("float"), INT)}[how]
    texts = [binder.converted(bound, one).sql for bound, one in zip(arguments, wanted, strict=True)]
    return Bound(f"tsql_make_shape({quoted(kind)}, {quoted(how)}, {', '.join(texts)})", SqlType(kind))


def make_shape(kind: str, how: str, *arguments: Any) -> bytes | None:
    """What SQLite calls for tsql_make_shape."""
    if None in arguments:
        return None
    if how == "wkt":
        value = spatial.from_wkt(*arguments)
    elif how == "wkb":
        value = spatial.from_wkb(*arguments)
    else:
        first, second, srid = arguments
        x, y = (second, first) if kind == "geography" else (first, second)  # geography::Point(lat, long, srid)
        value = spatial.point(x, y, srid)
    return spatial.write(value, kind)
