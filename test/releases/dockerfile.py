"""Reads a Dockerfile: the instructions of its stages, with ARG and ENV put in where Docker does so.

What our Dockerfile has no use for (ADD, SHELL, ONBUILD, here-documents, flags but --from) is refused, not skipped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_KNOWN = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN", "USER", "WORKDIR"}
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True)
class Instruction:
    """The instruction in capitals, and what follows it as one line."""

    name: str
    text: str

    def words(self) -> list[str]:
        """The words of the exec form, or of the line."""
        return list(json.loads(self.text)) if self.text.startswith("[") else self.text.split()

    def argv(self) -> list[str]:
        """What is run: the exec form as it is, the shell form by the shell."""
        return self.words() if self.text.startswith("[") else ["/bin/sh", "-c", self.text]


@dataclass
class Stage:
    """`base` is an image or the name of an earlier stage."""

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def last(self, name: str) -> Instruction | None:
        """The last instruction of that name, which is the one that counts."""
        return next((one for one in reversed(self.instructions) if one.name == name), None)


def parse(text: str, arguments: Mapping[str, str]) -> list[Stage]:
    """The stages. `arguments` are the values of ARG that the caller of `docker build` gives."""
    stages: list[Stage] = []
    outside: dict[str, str] = {}
    for instruction in _instructions(text):
        if instruction.name == "ARG" and not stages:
            name, _, default = instruction.text.partition("=")
            outside[name] = arguments.get(name, default)
        elif instruction.name == "FROM":
            match = re.fullmatch(r"(\S+)(?:\s+AS\s+(\S+))?", substituted(instruction.text, outside), re.IGNORECASE)
            if match is None:
                raise ValueError(f"FROM {instruction.text} is not understood")
            stages.append(Stage(match[1], match[2] or str(len(stages))))
        elif not stages:
            raise ValueError(f"{instruction.name} stands before FROM")
        else:
            stages[-1].instructions.append(instruction)
    return stages


def substituted(text: str, variables: Mapping[str, str]) -> str:
    """The text with its variables, which must be known."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in variables:
            raise ValueError(f"{name} has no value")
        return variables[name]

    return _VARIABLE.sub(value, text)


def _instructions(text: str) -> list[Instruction]:
    instructions: list[Instruction] = []
    # Lines that are comments are taken away first, also between the lines of an instruction.
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\s*\n", " ", kept).splitlines():
        if not line.strip():
            continue
        name, _, rest = line.strip().partition(" ")
        if name.upper() not in _KNOWN:
            raise ValueError(f"{name} is not understood")
        instructions.append(Instruction(name.upper(), rest.strip()))
    return instructions


def context_ignored(root: Path) -> list[str]:
    """What .dockerignore keeps from COPY: paths from the top, without wildcards."""
    lines = [line.strip() for line in (root / ".dockerignore").read_text().splitlines()]
    paths = [line for line in lines if line and not line.startswith("#")]
    if any(set(path) & set("*?!") for path in paths):
        raise ValueError(".dockerignore has wildcards, which are not understood")
    return [path.strip("/") for path in paths]
