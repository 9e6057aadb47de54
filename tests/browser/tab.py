"""A tab of a shopper, whose clock may be wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Page

LABELS = {
    "scheduled": "Opens soon",
    "live": "Buy now",
    "paused": "Paused",
    "soldout": "Sold out",
    "ended": "Ended",
}

_WRONG_CLOCK = """
const shift = %d;
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...args) { args.length ? super(...args) : super(RealDate.now() + shift); }
  static now() { return RealDate.now() + shift; }
};
"""

_LOOK_EVERY_MS = 20


@dataclass(frozen=True)
class Tab:
    """A page that is never reloaded once it is open; `faults` are what the browser found wrong with it."""

    page: Page
    faults: list[str]

    def open(self, url: str) -> None:
        """Go to a page of the sale and wait for its first look at the pointer."""
        with self.page.expect_response("**/unlock.*"):
            self.page.goto(url)
        self.page.evaluate("window.isStillTheSamePage = true")

    def is_still_the_same_page(self) -> bool:
        """Whether it was never reloaded since it was opened."""
        return bool(self.page.evaluate("window.isStillTheSamePage"))

    def looks(self) -> tuple[str, str, bool]:
        """The page's state, what the first button says, and whether it can be pressed."""
        button = self.page.locator("button[data-sku]").first
        state = self.page.locator("html").get_attribute("data-state") or ""
        return state, button.text_content() or "", button.is_enabled()

    def comes_to(self, state: str, within_seconds: float = 3) -> None:
        """Expect a state to show, of which the page hears as when it comes back online: it looks at once."""
        expected = (state, LABELS[state], state == "live")
        deadline = time.monotonic() + within_seconds
        while expected != self.looks() and time.monotonic() < deadline:
            self.page.evaluate("dispatchEvent(new Event('online'))")
            self.page.wait_for_timeout(200)
        assert expected == self.looks()

    def opened_at(self, timeout_seconds: float) -> float:
        """Wait until the button can be pressed; the time, in seconds since the epoch of this machine's clock."""
        deadline = time.monotonic() + timeout_seconds
        while self.looks() != (state := ("live", LABELS["live"], True)) and time.monotonic() < deadline:
            self.page.wait_for_timeout(_LOOK_EVERY_MS)
        assert state == self.looks()
        return time.time()

    def seconds_left(self) -> int:
        """What the countdown shows."""
        days, hours, minutes, seconds = map(int, self.page.locator("[data-unit]").all_text_contents())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


@contextmanager
def tab(browser: Browser, clock_ahead_hours: int = 0, java_script: bool = True) -> Iterator[Tab]:
    """A tab in a profile of its own."""
    context: BrowserContext = browser.new_context(locale="en", java_script_enabled=java_script)
    context.set_default_timeout(10_000)
    if clock_ahead_hours:
        context.add_init_script(_WRONG_CLOCK % (clock_ahead_hours * 3_600_000))
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text))
    yield Tab(page, faults)
    context.close()
