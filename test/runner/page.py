"""The page's sources, a part of the group `style`: types by JSDoc, nothing that reads markup or comes from elsewhere, small files."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from servers.browser_tools import type_checker
from servers.server import Unavailable

from .context import ROOT, Context
from .result import Result, failure
from .shell import run, show_tail

FILES = ROOT / "src" / "http" / "page" / "files"
# What the page may use is what browsers of 2023 have; modules name each other with their suffixes.
_OPTIONS = (
    *("--noEmit", "--checkJs", "--allowJs", "--strict", "--noUncheckedIndexedAccess", "--noImplicitReturns"),
    *("--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler", "--lib", "es2022,dom,dom.iterable"),
)
_LONGEST = 500  # lines

# Whatever makes elements, code or listeners of a text.
_MARKUP = re.compile(
    r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|createContextualFragment|DOMParser|srcdoc|document\.write(?:ln)?)\b"
    r"|\beval\s*\(|\bnew\s+Function\b|\bsetTimeout\s*\(\s*[\"'`]|\.on[a-z]+\s*=(?!=)|(?i:[\"'`]on[a-z]+[\"'`]\s*,|[\"'`]javascript:)"
)
_ELSEWHERE = re.compile(r"(?:https?:|wss?:|[\"'(=\s])//[\w.-]+\.[\w-]+|https?://|@import\b")
_NAMESPACE = "http://www.w3.org/2000/svg"
_INLINE = re.compile(r"<style\b|<script(?![^>]*\bsrc=)|\s(?:style|on[a-z]+)\s*=", re.IGNORECASE)

Files = dict[str, str]


def run_page(context: Context) -> Result:
    """A test for each kind of fault that is looked for, and one for the types."""
    files = read_files(FILES)
    if not files:
        return failure("the page has no files")
    result = Result()
    for name, found in (
        ("page: texts that become markup or code", markup(files)),
        ("page: addresses of other hosts", elsewhere(files)),
        ("page: inline scripts and styles", inline(files)),
        ("page: long files", long_files(files)),
    ):
        lines = list(found)
        for line in lines:
            print(line, file=sys.stderr)
        result += failure(name) if lines else Result(passed=1)
    (context.logs / "style-page-sizes.log").write_text("".join(f"{line}\n" for line in _sizes(files)))
    return result + _types(context.logs / "style-page-types.log", [FILES / name for name in files if name.endswith(".js")])


def read_files(folder: Path) -> Files:
    """The texts of all files by their names in the folder."""
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def markup(files: Files) -> Iterator[str]:
    return _found(files, ".js", lambda line: _MARKUP.search(line) is not None)


def elsewhere(files: Files) -> Iterator[str]:
    return _found(files, "", lambda line: _ELSEWHERE.search(line.replace(_NAMESPACE, "")) is not None)


def inline(files: Files) -> Iterator[str]:
    yield from _found(files, ".html", lambda line: _INLINE.search(line) is not None)
    yield from _found(files, ".svg", lambda line: _INLINE.search(line) is not None)


def long_files(files: Files) -> Iterator[str]:
    for name, text in files.items():
        if (lines := len(text.splitlines())) > _LONGEST:
            yield f"{name} has {lines} lines: which two duties has it?"


def _found(files: Files, suffix: str, is_wrong: Callable[[str], bool]) -> Iterator[str]:
    for name, text in files.items():
        if not name.endswith(suffix):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if is_wrong(line):
                yield f"src/http/page/files/{name}:{number}: {line.strip()[:160]}"


def _sizes(files: Files) -> Iterator[str]:
    for name, text in files.items():
        yield f"{name}: {len(text.splitlines())} lines, {len(text.encode())} bytes"
    yield f"{len(files)} files, {sum(len(text.encode()) for text in files.values())} bytes"


def _types(log: Path, modules: list[Path]) -> Result:
    log.unlink(missing_ok=True)
    try:
        compiler = type_checker()
    except Unavailable as reason:
        return Result(skipped=1, reasons=[f"page: {reason}"])
    if run([*compiler, *_OPTIONS, *modules], log, cwd=ROOT) == 0:
        return Result(passed=1)
    show_tail(log, 60)
    return failure("page: types")
