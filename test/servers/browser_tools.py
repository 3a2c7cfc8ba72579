"""What the tests of the page are made with: Playwright from PyPI, which drives Debian's Chromium; axe-core and the TypeScript
compiler from npm."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from .registries import npm_package, python_packages
from .server import Unavailable, executable

# With a driver of its own, which runs on a Node.js that it brings. Its browsers are never fetched.
_PLAYWRIGHT = "playwright==1.65.2"
_AXE = ("axe-core", "4.14.1")
# The newest whose compiler is JavaScript by itself and runs on the Node.js of Debian 12; that of 7 is a program for each platform.
_TYPESCRIPT = ("typescript", "5.9.3")


def import_playwright() -> None:
    """Makes `playwright` importable. Raises Unavailable where it can't be fetched."""
    folder = str(python_packages(_PLAYWRIGHT))
    if folder not in sys.path:
        sys.path.append(folder)


def chromium() -> Path:
    """Debian's browser without its own windows, which take four times the processor time of the pages."""
    return executable("chromium-headless-shell")


def axe_script() -> str:
    """The source of axe-core, a script that defines `axe`."""
    return (npm_package(*_AXE) / "axe.min.js").read_text()


def type_checker() -> list[str]:
    """The command line of the TypeScript compiler."""
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None:
        raise Unavailable("Node.js, which runs the TypeScript compiler, is not installed")
    return [node, str(npm_package(*_TYPESCRIPT) / "lib" / "tsc.js")]
