"""Thrift's binary protocol, without a compiler: what the tests' client of HiveServer2 and the fake server speak.

Facts: "Thrift Binary protocol encoding" of the Apache Thrift specification. Structs are written from dictionaries of
tagged values, and read into dictionaries of plain ones, both by field number; texts are read as bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

BOOL, BYTE, DOUBLE, I16, I32, I64, STRING, STRUCT, MAP, SET, LIST = 2, 3, 4, 6, 8, 10, 11, 12, 13, 14, 15
CALL, REPLY, EXCEPTION = 1, 2, 3
_VERSION = 0x80010000

_NUMBERS = {BOOL: ">?", BYTE: ">b", DOUBLE: ">d", I16: ">h", I32: ">i", I64: ">q"}


class Value(NamedTuple):
    """A value that is ready to be written."""

    type: int
    data: bytes


def boolean(value: bool) -> Value:
    return Value(BOOL, struct.pack(">?", value))


def i16(value: int) -> Value:
    return Value(I16, struct.pack(">h", value))


def i32(value: int) -> Value:
    return Value(I32, struct.pack(">i", value))


def i64(value: int) -> Value:
    return Value(I64, struct.pack(">q", value))


def string(value: str | bytes) -> Value:
    data = value.encode() if isinstance(value, str) else value
    return Value(STRING, struct.pack(">I", len(data)) + data)


def structure(fields: Mapping[int, Value]) -> Value:
    parts = [struct.pack(">bh", value.type, number) + value.data for number, value in fields.items()]
    return Value(STRUCT, b"".join(parts) + b"\0")


def sequence(kind: int, items: Iterable[Value]) -> Value:
    listed = list(items)
    return Value(LIST, struct.pack(">bI", kind, len(listed)) + b"".join(item.data for item in listed))


def numbers(kind: int, values: Iterable[Any]) -> Value:
    """A list of plain numbers, or of texts."""
    if kind == STRING:
        return sequence(STRING, map(string, values))
    return sequence(kind, (Value(kind, struct.pack(_NUMBERS[kind], value)) for value in values))


def texts(values: Mapping[str, str]) -> Value:
    """A map of texts."""
    pairs = b"".join(string(key).data + string(value).data for key, value in values.items())
    return Value(MAP, struct.pack(">bbI", STRING, STRING, len(values)) + pairs)


def message(name: str, kind: int, number: int, body: Value) -> bytes:
    return struct.pack(">I", _VERSION | kind) + string(name).data + struct.pack(">i", number) + body.data


class Reader:
    """Reads values; `exactly` gives the next bytes, or raises EOFError."""

    def __init__(self, exactly: Callable[[int], bytes]) -> None:
        self._exactly = exactly

    def message(self) -> tuple[str, int, int, dict[int, Any]]:
        """Name, kind, number and body of a message in the strict form."""
        head = self._unpack(">I")
        if head & 0xFFFF0000 != _VERSION:
            raise ValueError(f"no message of Thrift's binary protocol: {head:#010x}")
        name = self._bytes().decode()
        number = self._unpack(">i")
        return name, head & 0xFF, number, self._value(STRUCT)

    def _unpack(self, form: str) -> Any:
        return struct.unpack(form, self._exactly(struct.calcsize(form)))[0]

    def _bytes(self) -> bytes:
        return self._exactly(self._unpack(">I"))

    def _value(self, kind: int) -> Any:
        if kind in _NUMBERS:
            return self._unpack(_NUMBERS[kind])
        if kind == STRING:
            return self._bytes()
        if kind == STRUCT:
            fields = {}
            while (inner := self._unpack(">b")) != 0:
                number = self._unpack(">h")
                fields[number] = self._value(inner)
            return fields
        if kind == MAP:
            key, value, count = self._unpack(">b"), self._unpack(">b"), self._unpack(">I")
            return {self._value(key): self._value(value) for _ in range(count)}
        if kind in (LIST, SET):
            inner, count = self._unpack(">b"), self._unpack(">I")
            if inner in _NUMBERS:
                form = _NUMBERS[inner]
                data = self._exactly(count * struct.calcsize(form))
                return [value for (value,) in struct.iter_unpack(form, data)]
            return [self._value(inner) for _ in range(count)]
        raise ValueError(f"unknown type {kind}")


class Bytes:
    """A source for `Reader` over bytes that are there already."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __call__(self, count: int) -> bytes:
        part = self._data[self._at : self._at + count]
        if len(part) < count:
            raise EOFError
        self._at += count
        return part
