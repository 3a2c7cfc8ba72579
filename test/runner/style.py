"""Group `style`: clang-format, shellcheck, the scripts of pg_regress, the documents, pgspot, the rooms of src, the page's sources and clang-tidy.

clang-tidy takes seconds for each file, so the group has it look at the files that changed since the last tag (without
one: since _CLEAN). `make style` (STYLE=all) has it look at all.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .context import ROOT, Context, cores
from .documents import run_documents
from .page import run_page
from .pgspot import run_pgspot
from .result import Result, failure
from .rooms import run_rooms
from .scripts import run_scripts
from .shell import run, show_tail

# Up to this commit, all files have passed `make style`.
_CLEAN = "230925e"


def run_style(context: Context) -> Result:
    """One test for each tool that looks at everything in a moment, and one for each file that clang-tidy looks at."""
    result = Result()
    result += _tool(context, "clang-format", ["clang-format-14", "--dry-run", "-Werror", *_tracked("*.cpp", "*.hpp", "*.h")])
    result += _tool(context, "shellcheck", ["shellcheck", *_shell_scripts()])
    return result + run_scripts() + run_documents() + run_pgspot(context) + run_rooms(context) + run_page(context) + _tidy(context)


def _tool(context: Context, name: str, argv: Sequence[str | Path]) -> Result:
    log = context.logs / f"style-{name}.log"
    log.unlink(missing_ok=True)
    if run(argv, log, cwd=ROOT) == 0:
        return Result(passed=1)
    show_tail(log, 60)
    return failure(name)


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def _tracked(*patterns: str) -> list[str]:
    return [name for name in _git("ls-files", *patterns) if (ROOT / name).exists()]


def _shell_scripts() -> list[str]:
    def is_script(name: str) -> bool:
        with (ROOT / name).open("rb") as file:
            return re.match(rb"#!.*\b(ba|da)?sh\b", file.readline(100)) is not None

    return [name for name in _tracked() if is_script(name)]


def _tidy(context: Context) -> Result:
    build = ROOT / "build" / "tidy"
    log = context.logs / "style-build.log"
    log.unlink(missing_ok=True)
    for argv in (
        ["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DSANITIZE=OFF"],
        # Sources include what the thrift compiler makes.
        ["ninja", "-C", build, "generated/drivers/hive/rpc/TCLIService.h"],
    ):
        if run(argv, log, cwd=ROOT) != 0:
            show_tail(log)
            return failure("clang-tidy: preparation")
    commands = json.loads((build / "compile_commands.json").read_text())
    sources = sorted({str(Path(entry["file"]).relative_to(ROOT)) for entry in commands} & set(_tracked("src")))
    if os.environ.get("STYLE") != "all" and (changed := _changed()) is not None:
        sources = sorted({source for name in changed if (source := _of(name, sources)) is not None})
    result = Result()
    with ThreadPoolExecutor(cores()) as pool:
        for one in pool.map(lambda name: _tidy_one(context, build, name), sources):
            result += one
    return result


def _tidy_one(context: Context, build: Path, name: str) -> Result:
    log = context.logs / f"style-tidy-{name.replace('/', '-')}.log"
    log.unlink(missing_ok=True)
    if run(["clang-tidy-14", "--quiet", "-p", build, name], log, cwd=ROOT) == 0:
        log.unlink()
        return Result(passed=1)
    show_tail(log)
    return failure(f"clang-tidy: {name}")


def _changed() -> set[str] | None:
    """The files that changed since the last tag or _CLEAN; None if neither is to be had, as in an archive."""
    try:
        tags = _git("tag", "--merged", "HEAD", "--sort=-creatordate")
        since = tags[0] if tags else _CLEAN
        changed = {*_git("diff", "--name-only", since), *_git("ls-files", "--others", "--exclude-standard")}
    except subprocess.CalledProcessError:
        return None
    # Other rules are for all.
    return None if ".clang-tidy" in changed else changed


def _of(name: str, sources: Sequence[str]) -> str | None:
    """The source to look at for a changed file: itself, or for a header the source of that name, or one that includes it."""
    if name in sources:
        return name
    source = re.sub(r"\.(?:hpp|h)$", ".cpp", name)
    if source == name or not (ROOT / name).exists():
        return None
    if source in sources:
        return source
    line = f'#include "{name.removeprefix("src/")}"'
    return next((other for other in sources if line in (ROOT / other).read_text().splitlines()), None)
