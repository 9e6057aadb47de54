"""The page for buyers who found all places taken, in a real Chromium: it tries again by itself, while there is hope."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from support.storefront import VERSION, Storefront, build_fair, pointer
from support.visitor import Visitor

SERVER = "https://order.example.com"
ORDER_URL = f"{SERVER}/o/to.ken"
SALE = f"""\
sale:
  id: fair
  title: Fair
  starts_at: "2026-11-27T08:00:00Z"
  ends_at: "2026-11-27T20:00:00Z"
  currency: EUR
  theme: plain
products:
  - {{sku: "LAMP 1", name: Lamp, price: "19.90"}}
  - {{sku: MUG, name: Mug, price: "5.00"}}
order:
  servers: [{SERVER}]
  lease: 2m
unlock:
  version: {VERSION}
"""
BUTTON = "button[data-sku]"
PAGE = "waiting/?sku=LAMP%201"
LIVE = {"order": {"path": "/o/to.ken", "origins": [SERVER]}}
HASTE = """
const before = setTimeout;
window.setTimeout = (run, delay) => before(run, delay === 250 ? 2 : delay);
"""
"""The page counts its wait down in steps of 250 ms."""

SOME_MS = 1500
"""With that haste more than a wait of 30 s with all of its jitter."""


@pytest.fixture(scope="module")
def built_fair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sale with one order server."""
    return build_fair(tmp_path_factory.mktemp("waiting"), SALE)


class FullGate:
    """A gate without a free place, which sends buyers back. `asked` are the order URLs, `is_ready` its `/readyz`."""

    def __init__(self, tab: Page, front: Storefront) -> None:
        self.asked: list[str] = []
        self.is_ready = True
        self._back = front.url(PAGE)
        tab.route(f"{SERVER}/**", self._answer)

    def _answer(self, route: Route) -> None:
        if route.request.url.endswith("/readyz"):
            route.fulfill(status=200 if self.is_ready else 503, headers={"Access-Control-Allow-Origin": "*"})
        else:
            self.asked.append(route.request.url)
            route.fulfill(status=303, headers={"Location": self._back})


@pytest.fixture
def gate(visitor: Visitor, front: Storefront) -> FullGate:
    """The gate of a visitor whose page waits in haste, in a sale that is open."""
    front.order_origins = (SERVER,)
    front.pointers[VERSION] = pointer("live", **LIVE)
    visitor.tab.add_init_script(HASTE)
    return FullGate(visitor.tab, front)


def test_it_tries_again_by_itself(visitor: Visitor, gate: FullGate) -> None:
    """With what the buyer wanted. The address counts the tries, and the way back leads to where the buyer came from."""
    visitor.open("mug/")
    visitor.open(PAGE)
    entries = visitor.tab.evaluate("history.length")
    for number in (1, 2):
        visitor.tab.wait_for_url(re.compile(rf"/{re.escape(PAGE)}#{number}$"))
    assert {f"{ORDER_URL}?sku=LAMP%201"} == set(gate.asked)
    assert entries == visitor.tab.evaluate("history.length")


def test_its_button_tries_at_once(visitor: Visitor, gate: FullGate) -> None:
    """For those who would rather do it themselves."""
    visitor.open(PAGE)
    button = visitor.tab.locator(BUTTON)
    expect(button).to_have_text("Try again now")
    with visitor.tab.expect_request(f"{ORDER_URL}*"):
        button.click()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (pointer("live", sold=["LAMP 1"], **LIVE), "Sold out. Thank you for your interest!"),
        (pointer("ended", **LIVE), "The sale has ended."),
        (pointer("paused", **LIVE), "Orders are paused for a moment. This page goes on by itself."),
    ],
    ids=["sold out", "ended", "paused"],
)
def test_it_stops_when_there_is_nothing_to_wait_for(visitor: Visitor, gate: FullGate, body: bytes, text: str) -> None:
    """It says so, and asks the gate no more."""
    visitor.front.pointers[VERSION] = body
    visitor.open(PAGE)
    expect(visitor.tab.locator(".status p:visible")).to_have_text(text)
    expect(visitor.tab.locator(BUTTON)).to_be_hidden()
    visitor.tab.wait_for_timeout(SOME_MS)
    assert [] == gate.asked


def test_it_goes_on_after_a_pause(visitor: Visitor, gate: FullGate) -> None:
    """Without a reload."""
    visitor.front.pointers[VERSION] = pointer("paused", **LIVE)
    visitor.open(PAGE)
    visitor.shows("paused")
    visitor.front.pointers[VERSION] = pointer("live", rev=2, **LIVE)
    visitor.poll()
    visitor.tab.wait_for_url(re.compile("#1$"))
    assert gate.asked


def test_a_gate_that_is_not_ready_is_not_asked(visitor: Visitor, gate: FullGate) -> None:
    """An error page of the browser would not go on by itself."""
    gate.is_ready = False
    visitor.open(PAGE)
    visitor.tab.wait_for_timeout(SOME_MS)
    expect(visitor.tab).to_have_url(visitor.front.url(PAGE))
    assert [] == gate.asked


def test_it_says_how_long_a_place_lasts(visitor: Visitor, gate: FullGate) -> None:
    """And that there is stock."""
    visitor.open(PAGE)
    text = visitor.tab.locator("main").inner_text()
    for words in ("All places are taken right now.", "There is still stock.", "2 minutes", "tries again by itself"):
        assert words in text


def test_without_a_product_it_leads_back_to_the_sale(visitor: Visitor, gate: FullGate) -> None:
    """It does not know what to ask for."""
    visitor.open("waiting/")
    expect(visitor.tab.locator(BUTTON)).to_be_hidden()
    visitor.tab.wait_for_timeout(SOME_MS)
    assert [] == gate.asked
    visitor.tab.get_by_role("link", name="Back to the sale").click()
    expect(visitor.tab).to_have_url(visitor.front.url(""))


def test_without_javascript_the_browser_asks_the_gate_again(chromium: Browser, front: Storefront) -> None:
    """Which knows what was wanted: tests/gate/test_in_chromium.py buys so."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(front.url(PAGE))
    refresh = page.locator('meta[http-equiv="refresh"]').get_attribute("content")
    texts = page.locator("main p:visible").all_inner_texts()
    context.close()
    assert f"20; url={SERVER}/again" == refresh
    assert texts[0] == "All places are taken right now."
    assert "This page tries again by itself." in texts
