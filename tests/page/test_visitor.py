"""What depends on the visitor's device: the start in their zone, sharing, and a page without its script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from support.storefront import VERSION, Storefront, pointer
from support.visitor import Visitor

OWN = "time[data-own=starts_at]"
SHARE = "a[data-share]"


@pytest.fixture
def far_tab(chromium: Browser, front: Storefront) -> Iterator[Page]:
    """A product's page in New York."""
    context = chromium.new_context(locale="en", timezone_id="America/New_York")
    context.set_default_timeout(5000)
    page = context.new_page()
    page.goto(front.url("lamp/"))
    yield page
    context.close()


def test_the_start_is_named_in_both_zones(far_tab: Page) -> None:
    """The sale's as it was built, and the visitor's, each with the name of its zone."""
    expect(far_tab.locator(OWN)).to_have_text("Friday, November 27 at 3:00 AM Eastern Standard Time")
    expect(far_tab.locator("time[data-time=starts_at]")).to_contain_text("8:00\u202fAM (Coordinated Universal Time)")


def test_both_follow_a_postponement(visitor: Visitor, front: Storefront) -> None:
    """Without a reload."""
    visitor.open()
    front.pointers[VERSION] = pointer(rev=2, starts_at="2026-11-27T10:30:00Z")
    visitor.poll()
    for name in ("time[data-time=starts_at]", OWN):
        expect(visitor.tab.locator(name)).to_contain_text("10:30")


def test_a_page_is_shared_with_the_systems_own_dialog(far_tab: Page) -> None:
    """By its own address, whatever picture is shown."""
    far_tab.evaluate("navigator.share = (what) => { window.shared = what; return Promise.resolve(); }")
    far_tab.locator(SHARE).click()
    shared = far_tab.evaluate("window.shared")
    assert {"title": "Lamp – Autumn fair", "url": far_tab.url} == shared


def test_where_nothing_can_share_the_link_is_copied(far_tab: Page) -> None:
    """The link says so for a while."""
    far_tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    far_tab.evaluate("navigator.share = undefined")
    far_tab.locator(SHARE).click()
    expect(far_tab.locator(SHARE)).to_have_text("Link copied")
    assert far_tab.url == far_tab.evaluate("navigator.clipboard.readText()")
    expect(far_tab.locator(SHARE)).to_have_text("Share")


def test_without_javascript_the_link_leads_to_the_page(chromium: Browser, front: Storefront) -> None:
    """And no line waits for a time that never comes."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(front.url("lamp/"))
    href = page.locator(SHARE).evaluate("link => link.href")
    visible = page.locator(".own").is_visible()
    context.close()
    assert (front.url("lamp/"), False) == (href, visible)
