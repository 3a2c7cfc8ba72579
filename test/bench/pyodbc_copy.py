"""Writes a query's rows, read by pyodbc, as the text that COPY takes: `PYODBC_CONNECTION=... pyodbc_copy.py QUERY`."""

from __future__ import annotations

import os
import sys

import pyodbc

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _field(value: object) -> str:
    if value is None:
        return "\\N"
    return value.translate(_ESCAPES) if isinstance(value, str) else str(value)


def main() -> None:
    cursor = pyodbc.connect(os.environ["PYODBC_CONNECTION"], autocommit=True).cursor()
    cursor.arraysize = 1000
    cursor.execute(sys.argv[1])
    out = open(sys.stdout.fileno(), "w", encoding="utf-8", newline="\n", closefd=False)
    while rows := cursor.fetchmany():
        out.writelines("\t".join(map(_field, row)) + "\n" for row in rows)
    out.flush()


if __name__ == "__main__":
    main()
