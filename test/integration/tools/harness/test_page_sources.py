"""The check of the page's sources finds what it is there for."""

from __future__ import annotations

import pytest
from runner.page import elsewhere, inline, long_files, markup


@pytest.mark.parametrize(
    "line",
    [
        "element.innerHTML = text;",
        "element.outerHTML += text;",
        "element.insertAdjacentHTML('beforeend', text);",
        "document.write(text);",
        "eval(text);",
        "new Function(text);",
        "setTimeout('alert(1)', 5);",
        "element.onclick = () => {};",
        'element.setAttribute("onclick", text);',
        "link.href = `javascript:${text}`;",
        "new DOMParser().parseFromString(text, 'text/html');",
    ],
)
def test_texts_that_become_markup_or_code(line: str) -> None:
    assert list(markup({"a.js": f"// a module\n{line}\n"})) == [f"src/http/page/files/a.js:2: {line}"]


@pytest.mark.parametrize(
    "line",
    [
        "export function onSessionEnd(listener) {",
        "if (event.online === true) return;",
        'el("button", {on: {click: submit}}, "on time", "once");',
        "const onEvent = () => lookNow();",
        "setTimeout(() => fill(button, label), 2000);",
        "this.onState = onState;",
        "retrieval(text);",
    ],
)
def test_what_only_looks_like_it(line: str) -> None:
    assert not list(markup({"a.js": line}))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a.js", 'fetch("https://db.example.com/");'),
        ("a.js", 'import {a} from "//db.example.com/a.js";'),
        ("a.css", "@import 'other.css';"),
        ("a.css", "a { background: url(//db.example.com/a.png) }"),
        ("a.html", '<a href="http://db.example.com">'),
        ("a.svg", '<image href="http://db.example.com/a.png"/>'),
    ],
)
def test_addresses_of_other_hosts(name: str, line: str) -> None:
    assert list(elsewhere({name: line})) == [f"src/http/page/files/{name}:1: {line}"]


def test_what_is_no_address() -> None:
    assert not list(elsewhere({"a.js": "// db.example.com is a host\n", "a.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>'}))


@pytest.mark.parametrize("line", ["<style>a {}</style>", "<script>a()</script>", '<p style="color: red">', '<p onclick="a()">'])
def test_inline_scripts_and_styles(line: str) -> None:
    assert list(inline({"index.html": line})) == [f"src/http/page/files/index.html:1: {line}"]


def test_scripts_and_styles_by_address() -> None:
    assert not list(inline({"index.html": '<script type="module" src="main.js"></script><link rel="stylesheet" href="style.css">'}))


def test_long_files() -> None:
    assert list(long_files({"a.js": "\n" * 501, "b.js": "\n" * 500})) == ["a.js has 501 lines: which two duties has it?"]
