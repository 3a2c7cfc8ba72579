"""Draws docs/pictures/refreshes.svg from the figures beside it: `python3 -m bench.pictures` in `test`.

The figures are lines of JSON, as `make bench` appends them to the file that FIGURES names.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

FIGURES = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "refreshes.jsonl"
PICTURE = FIGURES.with_suffix(".svg")

_WAYS = {"merge by ranges": "#0b6e4f", "merge by rows": "#c1572b", "replace": "#5b6aa8"}
_LINE_STYLES = {"merge by ranges": "", "merge by rows": ' stroke-dasharray="7 4"', "replace": ' stroke-dasharray="2 3"'}
_WIDTH, _HEIGHT = 330, 190  # of a panel's inside
_LEFT, _TOP, _APART_X, _APART_Y = 70, 95, 120, 110
_SIZE_CHANGE = "0.1 %, in one place"

Figure = Mapping[str, Any]


@dataclass(frozen=True)
class Panel:
    """One diagram: labels of its x-axis, and for each way the seconds above each label."""

    network: str
    title: str
    labels: Sequence[str]
    lines: Mapping[str, Sequence[float | None]]


def read(path: Path = FIGURES) -> list[Figure]:
    return [json.loads(line) for line in path.read_text().splitlines() if line]


def panels(figures: Iterable[Figure], provider: str = "postgres") -> list[Panel]:
    """Two for each network: cost against the size of the table, and cost against the change of the largest one."""
    chosen = [figure for figure in figures if figure["provider"] == provider]
    sizes = sorted({figure["rows"] for figure in chosen})
    changes = list(dict.fromkeys(figure["change"] for figure in chosen))
    found = []
    for network in dict.fromkeys(figure["network"] for figure in chosen):
        seconds = {(f["way"], f["rows"], f["change"]): f["seconds"] for f in chosen if f["network"] == network}
        by_size = {way: [seconds.get((way, size, _SIZE_CHANGE)) for size in sizes] for way in _WAYS}
        by_change = {way: [seconds.get((way, sizes[-1], change)) for change in changes] for way in _WAYS}
        found.append(Panel(network, "by the rows of the table; 0.1 % changed, in one place", [f"{size:,}" for size in sizes], by_size))
        found.append(Panel(network, f"by what changed of {sizes[-1]:,} rows", changes, by_change))
    return found


def draw(found: Sequence[Panel]) -> str:
    """The picture as SVG; seconds on a logarithmic axis, the same one in all panels."""
    values = [value for panel in found for line in panel.lines.values() for value in line if value is not None]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    width = _LEFT + 2 * _WIDTH + _APART_X + 55
    height = _TOP + (len(found) + 1) // 2 * (_HEIGHT + _APART_Y)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="11" fill="#222">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        '<title>Seconds of a refresh by its way, against the size of the table and against what changed</title>',
    ]
    for number, (way, colour) in enumerate(_WAYS.items()):
        x = _LEFT + number * 150
        parts.append(f'<path d="M{x} 22h30" stroke="{colour}" stroke-width="2.5"{_LINE_STYLES[way]}/>')
        parts.append(f'<text x="{x + 36}" y="26">{way}</text>')
    for number, panel in enumerate(found):
        column, row = number % 2, number // 2
        parts += _panel(panel, _LEFT + column * (_WIDTH + _APART_X), _TOP + row * (_HEIGHT + _APART_Y), low, high)
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, x: float, y: float, low: int, high: int) -> list[str]:
    def height_of(seconds: float) -> float:
        return y + _HEIGHT - (math.log10(seconds) - low) / (high - low) * _HEIGHT

    step = _WIDTH / max(len(panel.labels) - 1, 1)
    parts = [
        f'<text x="{x}" y="{y - 29}" font-weight="bold">{escape(panel.network)}</text>',
        f'<text x="{x}" y="{y - 14}">seconds, {escape(panel.title)}</text>',
    ]
    for power in range(low, high + 1):
        level = height_of(10**power)
        parts.append(f'<path d="M{x} {level:.1f}h{_WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="{x - 8}" y="{level + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>')
    for number, label in enumerate(panel.labels):
        for place, part in enumerate(label.split(", ")):
            parts.append(f'<text x="{x + number * step:.1f}" y="{y + _HEIGHT + 18 + place * 14}" text-anchor="middle">{escape(part)}</text>')
    for way, line in panel.lines.items():
        points = [(x + number * step, height_of(value)) for number, value in enumerate(line) if value is not None]
        path = "M" + "L".join(f"{across:.1f} {level:.1f}" for across, level in points)
        parts.append(f'<path d="{path}" fill="none" stroke="{_WAYS[way]}" stroke-width="2.5"{_LINE_STYLES[way]}/>')
        parts += [f'<circle cx="{across:.1f}" cy="{level:.1f}" r="3.5" fill="{_WAYS[way]}"/>' for across, level in points]
    return parts


if __name__ == "__main__":
    PICTURE.write_text(draw(panels(read())))
