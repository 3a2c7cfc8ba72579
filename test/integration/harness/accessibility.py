"""Whether a page can be used by all: axe-core's findings, whether it fits into a width, and what the keyboard reaches."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from servers.browser_tools import axe_script
from servers.server import Unavailable

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
# A window of 1280 by 1024 whose page is enlarged to 400 per cent.
ENLARGED: dict[str, Any] = {"viewport": {"width": 320, "height": 256}, "device_scale_factor": 4}

_ALL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Elements beyond the right edge, or whose text is cut off or runs over what stands beside it. Boxes that can be scrolled by
# themselves may hold what is wider; what is for screen readers only is a pixel wide.
_SURPLUS = """() => {
  const found = [];
  const wide = document.scrollingElement.scrollWidth;
  const room = document.documentElement.clientWidth;  // innerWidth grows with what is too wide for a phone
  if (wide > room) found.push(`the document is ${wide} wide, the window ${room}`);
  const scrolls = (style) => /auto|scroll/.test(style.overflowX);
  for (const element of document.querySelectorAll("body *")) {
    if (!element.checkVisibility() || element.clientWidth === 1) continue;
    const style = getComputedStyle(element);
    const name = `${element.tagName.toLowerCase()} ${JSON.stringify((element.innerText ?? "").slice(0, 60))}`;
    let within = element.parentElement;
    while (within && !scrolls(getComputedStyle(within))) within = within.parentElement;
    const right = element.getBoundingClientRect().right;
    if (!within && right > room + 1) found.push(`${name} ends at ${Math.round(right)}`);
    if (!/^(?:INPUT|TEXTAREA|SELECT|OPTION|PROGRESS)$/.test(element.tagName) && style.display !== "inline" && !scrolls(style) &&
        element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1 && element.innerText) {
      found.push(`${name} is ${element.clientWidth} wide and has ${element.scrollWidth}`);
    }
  }
  return found;
}"""


@functools.cache
def _axe() -> str:
    return axe_script()


def check_with_axe(page: Page) -> None:
    """axe-core finds nothing, by WCAG 2.2 A and AA and by its best practices."""
    _run_axe(page, {"type": "tag", "values": _ALL})


def check_contrast(page: Page) -> None:
    """The same for what another colour scheme can change."""
    _run_axe(page, {"type": "rule", "values": ["color-contrast"]})


def _run_axe(page: Page, only: dict[str, Any]) -> None:
    try:
        script = _axe()
    except Unavailable as reason:
        pytest.skip(str(reason))
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(script)
    found = page.evaluate("(only) => axe.run(document, {runOnly: only, resultTypes: ['violations']})", only)
    assert not found["violations"], f"at {page.url}:\n" + "\n".join(_told(violation) for violation in found["violations"])


def _told(violation: dict[str, Any]) -> str:
    nodes = [
        f"    {' '.join(map(str, node['target']))}: {node['html'][:200]}\n      " + node["failureSummary"].replace("\n", "\n      ")
        for node in violation["nodes"]
    ]
    return "\n".join([f"  {violation['id']} ({violation['impact']}): {violation['help']}", *nodes])


def check_that_it_fits(page: Page) -> None:
    """No scroll bar at the bottom of the window, nothing beyond its edge, no text that is cut off."""
    found = page.evaluate(_SURPLUS)
    assert not found, f"at {page.url}:\n" + "\n".join(found)


def tab_to(page: Page, target: Locator, *, stops: int = 100) -> None:
    """Presses Tab until focus is on the target, and shows there."""
    for _ in range(stops):
        page.keyboard.press("Tab")
        if target.evaluate("(element) => element === document.activeElement"):
            shown = target.evaluate(
                "(element) => { const style = getComputedStyle(element); "
                "return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0; }"
            )
            assert shown, "focus does not show there"
            return
    raise AssertionError(f"Tab did not come to {target} in {stops} stops")
