"""Somebody who uses the page: Debian's Chromium, driven by Playwright, and all that goes wrong in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from servers.browser_tools import chromium, import_playwright
from servers.server import Unavailable
from servers.workspace import Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Playwright, Request, WebError

# Nothing but loopback can be reached, whatever a page asks for.
_ARGUMENTS = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost",)
# The console has what the browser tells developers only: why a resource was refused stands in the event.
_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => console.error(
  `Content-Security-Policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample} ${event.sourceFile}:${event.lineNumber}`));
"""
ZONE = "Asia/Kolkata"  # half an hour beside all whole ones: a time in UTC can't be taken for one here
_NO_RESOURCE = "Failed to load resource"
_LIMIT = 30_000  # milliseconds; only guards against waiting for ever


class Chromium:
    """One browser for all tests of a worker: a context manager. Raises Unavailable where it can't be had."""

    def __init__(self, workspace: Workspace) -> None:
        self._folder = workspace.subfolder("chromium")

    def __enter__(self) -> Chromium:
        import_playwright()
        from playwright.sync_api import sync_playwright

        with _temporary_files(self._folder):
            self._playwright: Playwright = sync_playwright().start()
        try:
            self.browser = self._launch()
        except BaseException:
            self._playwright.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.browser.close()
        self._playwright.stop()

    def _launch(self) -> Browser:
        from playwright.sync_api import Error

        # Root has no sandbox, and neither has an ordinary user where the kernel gives him no namespaces.
        for sandbox in (True, False) if os.geteuid() != 0 else (False,):
            try:
                return self._playwright.chromium.launch(
                    executable_path=chromium(),
                    chromium_sandbox=sandbox,
                    args=_ARGUMENTS,
                    env=dict(os.environ) | {"HOME": str(self._folder)},
                )
            except Error as error:
                reason = error
        raise Unavailable(f"Chromium does not start: {reason}")


@contextmanager
def _temporary_files(folder: Path) -> Iterator[None]:
    """Playwright's driver puts profiles where its environment says when it starts."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before


def started(workspace: Workspace) -> Iterator[Chromium]:
    """For a fixture; where the browser can't be had its tests are skipped."""
    try:
        with Chromium(workspace) as found:
            yield found
    except Unavailable as reason:
        pytest.skip(str(reason))


class Visitor:
    """A context manager: somebody with cookies and storage of their own, on one page (or more) of one origin.

    At the end nothing may have gone wrong that the test did not allow: no error or warning in the console, no exception that
    nobody caught, no violation of the policy, no request that failed, and none that went to another origin.
    `options` are those of a browser's context: viewport, color_scheme, reduced_motion, forced_colors …
    """

    def __init__(self, chromium: Chromium, url: str, **options: Any) -> None:
        self.url = url
        self._chromium = chromium
        self._options: dict[str, Any] = {"locale": "en-GB", "timezone_id": ZONE, **options}
        self._allowed: list[tuple[str, str]] = []
        self.complaints: list[str] = []

    def __enter__(self) -> Visitor:
        self.context: BrowserContext = self._chromium.browser.new_context(**self._options)
        self.context.set_default_timeout(_LIMIT)
        self.context.grant_permissions(["clipboard-write"], origin=self.url)
        self.context.add_init_script(_TELL_VIOLATIONS)
        self.context.on("console", self._on_console)
        self.context.on("weberror", self._on_error)
        self.context.on("request", self._on_request)
        self.context.on("requestfailed", self._on_failure)
        self.context.on("dialog", self._on_dialog)
        self.page: Page = self.context.new_page()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        complaints = self.heard()
        self.context.close()
        if kind is None:
            assert not complaints, "\n".join(complaints)

    def allows(self, what: int | str, path: str) -> None:
        """From now on requests for addresses with `path` in them may fail with this status, or with this error of the network."""
        self._allowed.append((str(what), path))

    def heard(self) -> list[str]:
        """What has gone wrong so far."""
        for page in self.context.pages:
            page.evaluate("0")  # what happened before has been told when this has its answer
        return list(self.complaints)

    # on the page
    def open(self, fragment: str = "") -> Page:
        """Goes to a screen by its address: `#/connect`."""
        self.page.goto(f"{self.url}/{fragment}")
        return self.page

    def log_in(self, user: str, password: str) -> Page:
        """By the form, from whatever screen; ends where the page goes then."""
        page = self.page
        if page.url == "about:blank":
            self.open()
        self.fill_in(user, password)
        page.get_by_role("button", name="Log out").wait_for()
        return page

    def fill_in(self, user: str, password: str) -> None:
        """Sends the form of the log-in."""
        page = self.page
        page.get_by_label("Role").fill(user)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()

    def clipboard(self) -> str:
        """What was copied: it is pasted into a page of its own, as the policy of ours lets no script read it."""
        page = self.context.new_page()
        try:
            page.set_content("<textarea></textarea>")
            page.locator("textarea").focus()
            page.keyboard.press("Control+V")
            return page.locator("textarea").input_value()
        finally:
            page.close()

    # what is heard
    def _may_fail(self, text: str, address: str) -> bool:
        return any(what in text and path in address for what, path in self._allowed)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        address = message.location["url"]
        if not (message.text.startswith(_NO_RESOURCE) and self._may_fail(message.text, address)):
            self.complaints.append(f"console: {message.type}: {message.text} ({address}:{message.location['lineNumber']})")

    def _on_error(self, error: WebError) -> None:
        self.complaints.append(f"exception: {error.error.stack or error.error.message}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith(f"{self.url}/"):
            self.complaints.append(f"a request to another origin: {request.url}")

    def _on_dialog(self, dialog: Dialog) -> None:
        self.complaints.append(f"a dialog: {dialog.type}: {dialog.message}")
        dialog.dismiss()

    def _on_failure(self, request: Request) -> None:
        # The page itself ends requests that nobody waits for any more.
        if request.failure != "net::ERR_ABORTED" and not self._may_fail(request.failure or "", request.url):
            self.complaints.append(f"a request failed: {request.method} {request.url}: {request.failure}")


def expect(what: Any) -> Any:
    """Playwright's assertions, which wait until they hold."""
    from playwright.sync_api import expect as expect_it

    expect_it.set_options(timeout=_LIMIT)
    return expect_it(what)
