"""Draws the pictures of the documents, in the colours of a light or a dark page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from bench import pictures as refreshes

_FIGURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"

_STYLE = """<style>
text { font-family: sans-serif; font-size: 12px; fill: #24292f }
.small { font-size: 11px; fill: #57606a }
.title { font-weight: bold }
.box { fill: #f6f8fa; stroke: #8c959f }
.ours { fill: #ddf4e4; stroke: #0b6e4f }
.way { fill: none; stroke: #57606a; stroke-width: 1.5 }
.tip { fill: #57606a }
.bar { fill: #afb8c1 }
.own { fill: #0b6e4f }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.small { fill: #9198a1 }
.box { fill: #161b22; stroke: #6e7681 }
.ours { fill: #12301f; stroke: #3fb68b }
.way { stroke: #9198a1 }
.tip { fill: #9198a1 }
.bar { fill: #484f58 }
.own { fill: #3fb68b }
}
</style>"""


def _svg(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
    return "\n".join([head, f"<title>{escape(title)}</title>", _STYLE, *parts, "</svg>", ""])


def _text(x: float, y: float, text: str, style: str = "", anchor: str = "start") -> str:
    named = f' class="{style}"' if style else ""
    return f'<text x="{x:g}" y="{y:g}"{named} text-anchor="{anchor}">{escape(text)}</text>'


def _box(x: int, y: int, width: int, height: int, lines: Sequence[str], style: str = "box") -> list[str]:
    """A box with a title and lines below it."""
    parts = [f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" class="{style}"/>']
    for number, line in enumerate(lines):
        parts.append(_text(x + width / 2, y + 20 + 16 * number, line, "small" if number else "title", "middle"))
    return parts


def _arrow(x: int, y: int, end_x: int, end_y: int) -> list[str]:
    """Across or down."""
    across = y == end_y
    tip = f"M{end_x} {end_y}l-7 -4v8z" if across else f"M{end_x} {end_y}l-4 -7h8z"
    return [f'<path d="M{x} {y}L{end_x - 6 * across} {end_y - 6 * (not across)}" class="way"/>', f'<path d="{tip}" class="tip"/>']


def way_of_a_row() -> str:
    """From the remote to the local table, once and again."""
    parts = [
        '<rect x="190" y="64" width="664" height="196" rx="8" class="way" stroke-dasharray="5 4"/>',
        _text(202, 82, "PostgreSQL: the session that asks, or a background worker", "small"),
        *_box(10, 106, 150, 112, ["Remote", "MySQL, MariaDB", "PostgreSQL", "SQL Server", "Hive, Spark", "any ODBC driver"]),
        *_arrow(160, 162, 212, 162),
        *_box(212, 112, 132, 100, ["Provider", "native driver,", "binary form;", "checks address", "and TLS"], "ours"),
        *_arrow(344, 162, 370, 162),
        *_box(370, 112, 132, 100, ["Batch", "up to 1000 rows,", "decoded once;", "types, encoding,", "faults told"], "ours"),
        *_arrow(502, 162, 528, 162),
        *_box(528, 112, 132, 100, ["New storage", "written in bulk,", "then key, indexes,", "ANALYZE; or only", "what differs"], "ours"),
        *_arrow(660, 162, 706, 162),
        _text(683, 152, "commit", "small", "middle"),
        *_box(706, 106, 138, 112, ["Your table", "views, grants,", "indexes, triggers", "stay; readers see", "the old rows", "until then"]),
        *_box(212, 8, 290, 36, ["SELECT cdb_import_connector(…)"]),
        *_arrow(357, 44, 357, 64),
        *_box(528, 8, 290, 36, ["scheduler: every 15 minutes, or at 02:00"]),
        *_arrow(673, 44, 673, 64),
        _text(202, 250, "one transaction: all of it, or nothing", "small"),
    ]
    return _svg(864, 270, "The way of a row from a remote table into a local one", parts)


def _figures(name: str) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in (_FIGURES / name).read_text().splitlines() if line]


def _phases(phases: Mapping[str, float], left: float, y: float, width: float, digits: int) -> list[str]:
    """Boxes side by side, as wide as each takes; milliseconds with so many digits, where there is room for them."""
    parts = []
    for name, taken in phases.items():
        length = taken / sum(phases.values()) * width
        style = "ours" if name == "exchanging" else "box"
        parts.append(f'<rect x="{left:.1f}" y="{y}" width="{max(length, 1):.1f}" height="28" class="{style}"/>')
        if length > 80:
            parts.append(_text(left + length / 2, y + 18, f"{name} {taken:,.{digits}f} ms", "small", "middle"))
        left += length
    return parts


def swap() -> str:
    """The phases of a refresh that exchanges the table's storage, by their milliseconds, and what readers see meanwhile."""
    (figure,) = _figures("swap.jsonl")
    phases: Mapping[str, float] = figure["phase_ms"]
    whole = sum(phases.values())
    left, width, y = 110, 700, 48
    parts = [
        _text(left, 20, f"One refresh of {figure['rows']:,} rows, {figure['columns']} columns and {figure['indexes']} indexes", "title"),
        _text(left, 36, f"{whole:,.0f} ms; from {figure['remote'].partition('-')[0]} into {figure['host']}", "small"),
        _text(left - 10, y + 18, "the run", "title", "end"),
    ]
    parts += _phases(phases, left, y, width, 0)
    # What readers see: the old rows, until the exchange.
    y += 40
    parts += [
        _text(left - 10, y + 18, "readers", "title", "end"),
        f'<rect x="{left}" y="{y}" width="{width}" height="28" class="box"/>',
        _text(left + width / 2, y + 18, "read the old rows", "small", "middle"),
        f'<rect x="{left + width}" y="{y}" width="44" height="28" class="ours"/>',
        _text(left + width + 22, y + 18, "new", "small", "middle"),
    ]
    # The end of the run, enlarged: its last phases are too short for the scale above.
    lock, longest = figure["lock_ms"], figure["longest_wait_ms"]
    last = {"waiting for lock": phases["waiting for lock"], "exchanging": phases["exchanging"]}
    shown = sum(last.values())
    y += 72
    parts += [
        f'<path d="M{left + width - 3} {y - 42}L{left} {y}M{left + width} {y - 42}L{left + width} {y}" class="way" stroke-dasharray="3 3"/>',
        _text(left - 10, y + 18, f"last {shown:.1f} ms", "title", "end"),
    ]
    parts += _phases(last, left, y, width, 1)
    told = [
        f"The table is locked against readers for {lock:.1f} ms of it, when a moment has come in which nobody uses it. Four clients read it",
        f"all the time, on the same two cores; in {figure['refreshes']} such refreshes none waited for more than {longest or 1:.1f} ms.",
    ]
    parts += [_text(left, y + 48 + 16 * number, line, "small") for number, line in enumerate(told)]
    return _svg(left + width + 54, y + 76, "The timeline of a refresh: what the run does, and what readers see", parts)


def imports() -> str:
    """Bars of what an import takes, beside other ways."""
    remotes: dict[str, list[tuple[str, float]]] = {}
    for figure in _figures("imports.jsonl"):
        remotes.setdefault(f"{figure['rows']:,} rows from {figure['remote']}", []).append((figure["way"], figure["seconds"]))
    return _bars("Seconds of an import, beside other ways", remotes)


def _bars(title: str, groups: Mapping[str, Sequence[tuple[str, float]]]) -> str:
    left, width, step = 430, 380, 22
    longest = max(value for bars in groups.values() for _, value in bars)
    parts: list[str] = []
    y = 8
    for group, bars in groups.items():
        parts.append(_text(left, y + 14, f"{group}, seconds", "title"))
        y += 24
        for label, value in bars:
            own = label.startswith("connector")
            length = value / longest * width
            parts.append(_text(left - 8, y + 13, label, "title" if own else "", "end"))
            parts.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="17" class="{"own" if own else "bar"}"/>')
            parts.append(_text(left + length + 6, y + 13, f"{value:.2f}"))
            y += step
        y += 14
    return _svg(left + width + 55, y, title, parts)


# By the names of their files in docs/pictures.
PICTURES: Mapping[str, Callable[[], str]] = {
    "way-of-a-row.svg": way_of_a_row,
    "imports.svg": imports,
    "swap.svg": swap,
    "refreshes.svg": lambda: refreshes.draw(refreshes.panels(refreshes.read())),
}
