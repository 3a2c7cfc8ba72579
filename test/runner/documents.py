"""Documents, a part of the group `style`: their links lead somewhere, and they name no place that only one machine has."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from posixpath import normpath

from .context import ROOT
from .result import Result, failure

Pages = Mapping[str, str]  # texts by the names of files

_FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?)$", re.MULTILINE)
# Package registries and their mirrors, and folders of people and builds.
_MACHINES = re.compile(
    r"\b(?:[\w-]+\.)*(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|crates\.io|docker\.io|ghcr\.io|proxy\.golang\.org"
    r"|deb\.debian\.org|artifactory|nexus)\b|(?<![\w/.])/(?:work|root|home|Users|mnt|build)/[\w.-]+",
    re.IGNORECASE,
)


def run_documents() -> Result:
    """A test for each kind of fault."""
    files = _tracked()
    pages = {name: (ROOT / name).read_text() for name in files if name.endswith(".md")}
    if not pages:
        return failure("there are no documents")
    result = Result()
    for name, found in (("documents: links", broken_links(pages, files)), ("documents: places of one machine", machines(pages))):
        lines = list(found)
        for line in lines:
            print(line, file=sys.stderr)
        result += failure(name) if lines else Result(passed=1)
    return result


def _tracked() -> set[str]:
    """Files that are committed or will be."""
    argv = ["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    return {name for name in names if (ROOT / name).exists()}


def anchors(page: str) -> set[str]:
    """What GitHub calls the headings of a page: lower case, blanks as hyphens, no other signs, a number behind a name that comes again."""
    found: dict[str, int] = {}
    for heading in _HEADING.findall(_FENCE.sub("", page)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        name = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        times = found.get(name, -1) + 1
        found[name] = times
        if times:
            found[f"{name}-{times}"] = 0
    return set(found)


def broken_links(pages: Pages, files: set[str]) -> Iterator[str]:
    """Relative links to files that are not there, and to headings that their page does not have."""
    folders = {str(folder) for name in files for folder in PurePosixPath(name).parents}
    for name, page in pages.items():
        for link in _LINK.findall(_CODE.sub("", _FENCE.sub("", page))):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            target = normpath(PurePosixPath(name).parent / path) if path else name
            if target not in files and target not in folders:
                yield f"{name}: {link}: there is no {target}"
            elif anchor and anchor not in anchors(pages.get(target, "")):
                yield f"{name}: {link}: {target} has no such heading"


def machines(pages: Pages) -> Iterator[str]:
    """Lines that name a package registry's host or a folder of one machine."""
    for name, page in pages.items():
        for number, line in enumerate(page.splitlines(), 1):
            if match := _MACHINES.search(line):
                yield f"{name}, line {number}: {match[0]}"
