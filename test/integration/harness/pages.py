"""The examples of documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Example:
    """A block of code, without the indentation of a list."""

    language: str
    text: str


def examples_of(page: Path, *languages: str) -> list[Example]:
    """The blocks of these languages, in their order."""
    found = re.findall(r"^( *)```(\w+)\n(.*?)^ *```$", page.read_text(), flags=re.S | re.M)
    return [
        Example(language, "\n".join(line.removeprefix(indent) for line in block.splitlines()))
        for indent, language, block in found
        if language in languages
    ]
