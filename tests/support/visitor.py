"""A tab in a real browser, looking at a storefront."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page, expect
from support.storefront import VERSION, Storefront

_WATCH_POLLS = """
const real = setTimeout;
window.pollDelays = [];
window.setTimeout = (run, delay) => {
  if (run.name === "poll") pollDelays.push(delay / 1000);
  return real(run, delay);
};
window.pollPlanned = (before) => new Promise((done) => {
  const look = () => (pollDelays.length > before ? done() : real(look, 5));
  look();
});
"""
"""page.js plans its next poll when it has dealt with the last one."""


@dataclass(frozen=True)
class Visitor:
    """A tab, and what it looks at."""

    tab: Page
    front: Storefront

    def __post_init__(self) -> None:
        self.tab.add_init_script(_WATCH_POLLS)

    def open(self, page: str = "lamp/") -> None:
        """Go to a page of the sale and wait until it has dealt with the pointer."""
        self.tab.goto(self.front.url(page))
        self.tab.evaluate("pollPlanned(0)")

    def poll(self) -> None:
        """Come back online, which polls at once."""
        self.tab.evaluate(
            "() => { const before = pollDelays.length; dispatchEvent(new Event('online')); return pollPlanned(before) }"
        )

    def sees(self, pointer: bytes) -> Page:
        """Change the pointer and let the page read it. Returns the tab."""
        self.front.pointers[VERSION] = pointer
        self.poll()
        return self.tab

    def shows(self, state: str) -> None:
        """Expect the page to get into a state."""
        expect(self.tab.locator("html")).to_have_attribute("data-state", state, timeout=3000)

    def poll_delays(self) -> list[float]:
        """How long the page waited, or waits, before each poll, in seconds."""
        delays: list[float] = self.tab.evaluate("pollDelays")
        return delays
