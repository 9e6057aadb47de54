"""page.js in a real Chromium, for those who use a keyboard or a screen reader."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from support.storefront import ORIGIN, VERSION, Storefront, pointer
from support.visitor import Visitor

LAMP = 'button[data-sku="LAMP"]'

_LISTEN = """
addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("announcement");
  window.heard = [];
  new MutationObserver(() => heard.push(place.textContent)).observe(place, {childList: true});
});
"""


@pytest.mark.parametrize(
    ("seconds", "expected"),
    # A busy machine may skip a second. Then the announcement says how long it is really.
    [(600, r"(in 10 minutes)"), (60, r"(in 1 minute|in 5\d seconds)"), (10, r"(in 10 seconds|in \d seconds?)")],
)
def test_screen_readers_hear_how_long_it_is(visitor: Visitor, front: Storefront, seconds: int, expected: str) -> None:
    """Once, after what the page says when it has its first answer."""
    front.set_clock(-seconds - 8)
    visitor.tab.add_init_script(_LISTEN)
    visitor.open()
    expect(visitor.tab.locator("#announcement")).to_have_text(re.compile(f"^Start: {expected}$"), timeout=30_000)
    heard = visitor.tab.evaluate("heard")
    assert ["The button opens by itself at the start. No need to reload."] == heard[:-1]


def test_a_postponed_sale_is_announced_anew(visitor: Visitor, front: Storefront) -> None:
    """A page that has said ten minutes, and is then an hour from the start, says ten minutes again."""
    front.set_clock(-602)
    visitor.open()
    said = visitor.tab.locator("#announcement")
    expect(said).to_have_text("Start: in 10 minutes", timeout=30_000)
    front.pointers[VERSION] = pointer(rev=2, starts_at="2026-11-27T09:00:00Z")
    visitor.poll()
    said.evaluate("element => element.textContent = ''")
    front.set_clock(3600 - 602)
    visitor.poll()
    expect(said).to_have_text("Start: in 10 minutes", timeout=30_000)


def test_a_waiting_button_keeps_the_focus(visitor: Visitor, front: Storefront) -> None:
    """It can be reached and does nothing; when it opens, the same key orders, without a search for the button."""
    visitor.tab.route(f"{ORIGIN}/**", lambda route: route.fulfill(body="ordered"))
    front.set_clock(-3)
    visitor.open()
    button = visitor.tab.locator(LAMP)
    for _ in range(3):  # after the links to the content and to the sale
        visitor.tab.keyboard.press("Tab")
    expect(button).to_be_focused()
    visitor.tab.keyboard.press("Enter")
    visitor.tab.keyboard.press("Space")
    assert front.url("lamp/") == visitor.tab.url
    front.pointers[VERSION] = pointer("live", rev=2)
    expect(button).to_be_enabled(timeout=15_000)
    expect(button).to_be_focused()
    visitor.tab.keyboard.press("Enter")
    visitor.tab.wait_for_url(f"{ORIGIN}/o/to.ken-_?sku=LAMP")


def test_days_are_shown_only_if_there_are_any(visitor: Visitor, front: Storefront) -> None:
    """A sale of a few hours has three numbers."""
    for days, expected in ((0, ["hours", "minutes", "seconds"]), (2, ["days", "hours", "minutes", "seconds"])):
        front.set_clock(-days * 86400 - 7200)
        visitor.open()
        shown = visitor.tab.locator(".countdown li").filter(visible=True)
        expect(shown).to_contain_text(expected)
