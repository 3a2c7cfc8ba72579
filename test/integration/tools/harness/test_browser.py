"""The harness of the page's tests: it finds what a page does wrong, and nothing in one that does not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from harness.accessibility import ENLARGED, PHONE, check_contrast, check_that_it_fits, check_with_axe, tab_to
from harness.browser import ZONE, Chromium, Visitor

from servers.process import wait_until

# As strict as the page's own.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title><link rel="icon" href="icon.svg">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="style.css"><script type="module" src="main.js"></script></head>
<body><main><h1>A page</h1>{}</main></body></html>"""
_CLEAN = "<p><label for='a'>Role</label> <input id='a'></p><p><button type='button'>Go</button></p>"

Serve = Callable[..., str]


class _Handler(BaseHTTPRequestHandler):
    files: dict[str, tuple[str, str]] = {}

    def do_GET(self) -> None:
        kind, text = self.files.get(self.path, ("", ""))
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", _POLICY)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves a page with that content, script and style; gives its origin."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()

        def put(content: str = _CLEAN, script: str = "", style: str = "") -> str:
            _Handler.files = {
                "/": ("text/html", _PAGE.format(content)),
                "/main.js": ("text/javascript", script),
                "/style.css": ("text/css", style),
                "/icon.svg": ("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
            }
            return f"http://127.0.0.1:{server.server_port}"

        yield put
        server.shutdown()
        thread.join()


def test_nothing_is_found_in_a_page_that_is_right(chromium: Chromium, serve: Serve) -> None:
    with Visitor(chromium, serve(style="button:focus-visible { outline: 2px solid blue }")) as visitor:
        page = visitor.open()
        check_with_axe(page)
        check_that_it_fits(page)
        tab_to(page, page.get_by_role("button", name="Go"))
        assert page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") in (ZONE, "Asia/Calcutta")


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("console.error('wrong')", "console: error: wrong"),
        ("console.warn('doubtful')", "console: warning: doubtful"),
        ("throw new Error('nobody catches this')", "exception: Error: nobody catches this"),
        ("Promise.reject(new Error('nobody waits'))", "exception: Error: nobody waits"),
        ("document.body.innerHTML = '<b>x</b>'", "require-trusted-types-for"),
        ("document.body.setAttribute('style', 'color: red')", "style-src-attr"),
        ("new Function('return 1')()", "exception: EvalError"),
        ("fetch('missing')", "status of 404"),
        ("location.href = 'http://127.0.0.1:1/'", "a request to another origin: http://127.0.0.1:1/"),
        ("fetch('http://db.example.com/').catch(() => {})", "connect-src http://db.example.com"),
        ("document.body.append(Object.assign(new Image(), {src: 'https://db.example.com/a.png'}))", "img-src https://db.example.com"),
    ],
)
def test_what_a_page_does_wrong_is_heard(chromium: Chromium, serve: Serve, script: str, found: str) -> None:
    with pytest.raises(AssertionError, match=".") as raised, Visitor(chromium, serve(script=script)) as visitor:
        visitor.open()
        wait_until(lambda: any(found in complaint for complaint in visitor.heard()), what=found, limit=20)
    assert found in str(raised.value)


def test_failures_that_are_allowed_are_not_heard(chromium: Chromium, serve: Serve) -> None:
    with Visitor(chromium, serve(script="fetch('missing').then(() => { document.title = 'asked' })")) as visitor:
        visitor.allows(404, "/missing")
        page = visitor.open()
        page.wait_for_function("document.title === 'asked'")


def test_nothing_but_loopback_is_reached(chromium: Chromium, serve: Serve) -> None:
    with Visitor(chromium, serve()) as visitor:
        response = visitor.context.new_page().evaluate("fetch('http://example.com/').then(() => 'reached', (error) => String(error))")
        assert response == "TypeError: Failed to fetch"
        assert any("http://example.com/" in complaint and "ERR_NAME_NOT_RESOLVED" in complaint for complaint in visitor.heard())
        visitor.complaints.clear()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("<input>", "label"),
        ("<p class='pale'>Can't be read</p>", "color-contrast"),
        ("<div role='tab'>lost</div>", "aria-required-parent"),
        ("<h3>Too deep</h3>", "heading-order"),
    ],
)
def test_axe_finds_faults(chromium: Chromium, serve: Serve, content: str, found: str) -> None:
    with Visitor(chromium, serve(content, style=".pale { color: #ccc; background: #fff }")) as visitor:
        page = visitor.open()
        with pytest.raises(AssertionError, match=found):
            check_with_axe(page)
        with pytest.raises(AssertionError, match=found) if found == "color-contrast" else nullcontext():
            check_contrast(page)


@pytest.mark.parametrize(
    ("window", "style", "found"),
    [
        (PHONE, ".one { width: 500px }", "the document is 5"),
        (ENLARGED, ".one { width: 340px }", "the document is 3"),
        (PHONE, ".one { width: 100px; overflow: hidden; white-space: nowrap }", "is 100 wide and has"),
        (PHONE, ".one { width: 100px; white-space: nowrap }", "is 100 wide and has"),
        (PHONE, ".one { position: fixed; left: 100vw }", "ends at"),
    ],
)
def test_what_does_not_fit_is_found(chromium: Chromium, serve: Serve, window: dict[str, object], style: str, found: str) -> None:
    content = "<p class='one'>A line of words that is longer than that</p>"
    with Visitor(chromium, serve(content, style=style), **window) as visitor:
        page = visitor.open()
        with pytest.raises(AssertionError, match=found):
            check_that_it_fits(page)


def test_a_box_that_scrolls_may_hold_more(chromium: Chromium, serve: Serve) -> None:
    content = "<div class='box' tabindex='0'><p class='wide'>A line</p></div>"
    with Visitor(chromium, serve(content, style=".box { overflow-x: auto } .wide { width: 900px }"), **PHONE) as visitor:
        check_that_it_fits(visitor.open())


def test_focus_that_does_not_show_or_come_is_found(chromium: Chromium, serve: Serve) -> None:
    content = "<button type='button' class='dark'>Dark</button><button type='button' tabindex='-1'>Out of reach</button>"
    with Visitor(chromium, serve(content, style=".dark { outline: none !important }")) as visitor:
        page = visitor.open()
        with pytest.raises(AssertionError, match="focus does not show"):
            tab_to(page, page.get_by_role("button", name="Dark"))
        with pytest.raises(AssertionError, match="Tab did not come"):
            tab_to(page, page.get_by_role("button", name="Out of reach"), stops=6)
