"""The examples of documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

# A comment in the line above says why a block is not run.
_BLOCK = re.compile(r"^(?:<!-- not run: (?P<reason>[^\n]+?) -->\n)?(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^ *```$", re.S | re.M)


@dataclass
class Example:
    """A block of code, without the indentation of a list."""

    language: str
    text: str
    not_run: str = ""  # the reason


def examples_of(page: Path, *languages: str) -> list[Example]:
    """The blocks of these languages, in their order."""
    return [
        Example(
            block["language"],
            "\n".join(line.removeprefix(block["indent"]) for line in block["text"].splitlines()),
            block["reason"] or "",
        )
        for block in _BLOCK.finditer(page.read_text())
        if block["language"] in languages
    ]
