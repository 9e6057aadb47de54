"""A tab of a shopper, whose clock may be wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

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

PATIENCE_SECONDS = 60
"""How long a busy machine may take. No test is about that: each says what comes before what."""

_LOOK_EVERY_MS = 20
_NUDGE_EVERY_SECONDS = 3


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

    def comes_to(self, state: str) -> None:
        """Expect a state to show, of which the page hears as when it comes back online: it looks at once."""
        expected = (state, LABELS[state], state == "live")
        self.nudge_until(lambda: expected == self.looks())
        assert expected == self.looks()

    def nudge_until(self, is_so: Callable[[], bool]) -> None:
        """Have the page look at the pointer, now and again, until something is so, or patience is at its end."""
        deadline, nudge_at = time.monotonic() + PATIENCE_SECONDS, 0.0
        while not is_so() and time.monotonic() < deadline:
            # Each nudge gives up the request of the one before, so a slow machine needs time between them.
            if time.monotonic() >= nudge_at:
                self.page.evaluate("dispatchEvent(new Event('online'))")
                nudge_at = time.monotonic() + _NUDGE_EVERY_SECONDS
            self.page.wait_for_timeout(_LOOK_EVERY_MS)

    def opened_at(self) -> float:
        """Wait until the button can be pressed; the time, in seconds since the epoch of this machine's clock."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.looks() != (state := ("live", LABELS["live"], True)) and time.monotonic() < deadline:
            self.page.wait_for_timeout(_LOOK_EVERY_MS)
        assert state == self.looks()
        return time.time()

    def counts_to(self, starts_at: datetime) -> bool:
        """Whether the digits are right, by a second or two either way (docs/clock.md: by one poll alone).

        Reading them takes time, too: it is right if it is so at some moment of the reading.
        """
        before = time.time()
        shown = self.seconds_left()
        return starts_at.timestamp() - time.time() - 1.2 <= shown <= starts_at.timestamp() - before + 3

    def seconds_left(self) -> int:
        """What the countdown shows."""
        days, hours, minutes, seconds = map(int, self.page.locator("[data-unit]").all_text_contents())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


@contextmanager
def tab(browser: Browser, clock_ahead_hours: int = 0, java_script: bool = True) -> Iterator[Tab]:
    """A tab in a profile of its own."""
    context: BrowserContext = browser.new_context(locale="en", java_script_enabled=java_script)
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    if clock_ahead_hours:
        context.add_init_script(_WRONG_CLOCK % (clock_ahead_hours * 3_600_000))
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text))
    yield Tab(page, faults)
    context.close()
