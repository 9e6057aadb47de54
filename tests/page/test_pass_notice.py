"""A sale for which buyers need a pass, in a real browser: what its page says before and after they have shown it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from support.storefront import ENDS_AT, ORIGIN, STARTS_AT, VERSION, Storefront, build_fair, serving

SIGN_IN = "https://shop.example.com/sign-in"
NEEDED, READY = "[data-pass=needed]", "[data-pass=ready]"
SALE = f"""\
sale: {{id: fair, title: Fair, starts_at: "{STARTS_AT.isoformat()}", ends_at: "{ENDS_AT.isoformat()}", currency: EUR,
  locale: en, theme: THEME}}
products: [{{sku: LAMP, name: Lamp, price: "19.90"}}, {{sku: MUG, name: Mug, price: "5.00"}}]
order: {{servers: [{ORIGIN}], buyer: pass, pass_url: "{SIGN_IN}"}}
unlock: {{version: {VERSION}}}
"""


@pytest.fixture(scope="module", params=["plain", "spotlight", "catalogue"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sale in each theme."""
    return build_fair(tmp_path_factory.mktemp("fair"), SALE.replace("THEME", request.param))


@pytest.fixture
def front(built: Path) -> Iterator[Storefront]:
    """That sale on a server."""
    storefront = Storefront(built)
    storefront.set_clock(600)
    with serving(storefront):
        yield storefront


def test_the_page_knows_who_has_shown_a_pass(chromium: Browser, front: Storefront) -> None:
    """In this tab and on all pages of the sale; another tab is asked to get one."""
    context = chromium.new_context(locale="en")
    tab = context.new_page()
    for page in ("", "lamp/"):
        tab.goto(front.url(page))
        expect(tab.locator(f"{NEEDED} a")).to_have_attribute("href", SIGN_IN)
        expect(tab.locator(READY)).to_be_hidden()
    tab.goto(front.url() + "#ready")
    tab.reload()
    for page in ("", "lamp/"):
        expect(tab.locator(READY)).to_be_visible()
        expect(tab.locator(NEEDED)).to_be_hidden()
        tab.goto(front.url(page))
    other = context.new_page()
    other.goto(front.url())
    expect(other.locator(NEEDED)).to_be_visible()
    context.close()


def test_without_javascript_the_page_says_how_to_get_one(chromium: Browser, front: Storefront) -> None:
    """It cannot know more."""
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(front.url() + "#ready")
    expect(tab.locator(NEEDED)).to_be_visible()
    expect(tab.locator(READY)).to_be_hidden()
    context.close()
