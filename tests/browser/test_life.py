"""A sale as shoppers see it: in a real browser, behind an edge, while operators work in other processes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

from browser.place import KEY, ORIGIN, Place, Sale
from browser.tab import Tab, tab
from playwright.sync_api import Browser, expect

from flashgen.unlock.token import Claims, TokenSigner

FAR = timedelta(days=1)
SOON = timedelta(seconds=15)
WITHOUT_JAVA_SCRIPT = (
    "The buy button needs JavaScript, which is off or blocked in your browser. Please turn it on and reload this page, "
    "or ask the shop's customer service."
)


def claims_of_order(lamp: Tab) -> Claims:
    """Press the button: what the token in the order URL says."""
    lamp.page.route(f"{ORIGIN}/**", lambda route: route.fulfill(body="an order form"))
    lamp.page.locator("button[data-sku]").click()
    lamp.page.wait_for_url(f"{ORIGIN}/**")
    url = urlsplit(lamp.page.url)
    assert "sku=LAMP" == url.query
    return TokenSigner([KEY.encode()]).read(unquote(url.path).removeprefix("/o/"))


def counts_down(shopper: Tab, sale: Sale) -> None:
    """The countdown is right, and it moves."""
    shopper.nudge_until(lambda: shopper.counts_to(sale.starts_at))
    assert shopper.counts_to(sale.starts_at)
    before = shopper.seconds_left()
    expect(shopper.page.locator("[data-unit=s]")).not_to_have_text(f"{before % 60:02}")
    assert before > shopper.seconds_left()


def hears_of_the_start(shopper: Tab) -> None:
    """It was moved near, so that from here on the page polls often enough by itself; or it has already opened."""
    shopper.nudge_until(lambda: "live" in shopper.looks() or shopper.seconds_left() <= SOON.total_seconds())


def test_a_life_as_shoppers_see_it(place: Place, chromium: Browser) -> None:
    """One looks at a lamp with a right clock, two at a lamp and a mug with clocks an hour wrong: they see the same."""
    sale = place.push("night", FAR)
    with tab(chromium) as lamp, tab(chromium, 1) as lamp_in_the_future, tab(chromium, -1) as mug_in_the_past:
        lamps, mugs = (lamp, lamp_in_the_future), (mug_in_the_past,)
        shoppers = lamps + mugs
        for shopper in shoppers:
            shopper.open(f"{sale.url}{'lamp' if shopper in lamps else 'mug'}/")
            assert ("scheduled", "Opens soon", False) == shopper.looks()
        for shopper in shoppers:
            counts_down(shopper, sale)

        sale = place.push("night", SOON)
        operator = sale.send_operator("go-live", "--at", "start")
        for shopper in shoppers:
            hears_of_the_start(shopper)
        opened_after = [shopper.opened_at() - sale.starts_at.timestamp() for shopper in shoppers]
        assert sale.await_answer(operator)["changed"]
        assert min(opened_after) >= 0

        sale.operate("sold-out", "--sku", "LAMP")
        see(lamps, "soldout")
        see(mugs, "live")
        sale.operate("resume", "--sku", "LAMP")
        see(shoppers, "live")
        for verb, state in (("pause", "paused"), ("resume", "live"), ("end", "ended")):
            sale.operate(verb)
            see(shoppers, state)
        assert [True] * 3 == [shopper.is_still_the_same_page() for shopper in shoppers]
        assert [[]] * 3 == [shopper.faults for shopper in shoppers]


def see(shoppers: tuple[Tab, ...], state: str) -> None:
    """All of them."""
    for shopper in shoppers:
        shopper.comes_to(state)


def test_a_sale_that_is_opened_at_once_takes_orders(place: Place, chromium: Browser) -> None:
    """An hour before its start; the button leads to the order URL, whose token verifies."""
    sale = place.push("dawn", timedelta(hours=1))
    with tab(chromium) as lamp:
        lamp.open(f"{sale.url}lamp/")
        assert ("scheduled", "Opens soon", False) == lamp.looks()
        sale.operate("go-live", "--early")
        lamp.comes_to("live")
        assert lamp.is_still_the_same_page()
        claims = claims_of_order(lamp)
        assert ("dawn", "", []) == (claims.sale, claims.refusal(datetime.now(UTC)), lamp.faults)


def test_without_javascript_the_page_says_what_to_do(place: Place, chromium: Browser) -> None:
    """And the button stays closed."""
    sale = place.push("noon", timedelta(days=1))
    with tab(chromium, java_script=False) as lamp:
        lamp.page.goto(f"{sale.url}lamp/")
        advice = lamp.page.locator("noscript p")
        assert (WITHOUT_JAVA_SCRIPT, True) == (advice.text_content(), advice.is_visible())
        expect(lamp.page.locator("button[data-sku]")).to_be_disabled()
