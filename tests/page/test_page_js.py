"""page.js in a real Chromium: what opens a buy button and where it leads, and what must not."""

from __future__ import annotations

from playwright.sync_api import expect
from support.storefront import ORIGIN, VERSION, Storefront, call, pointer
from support.visitor import Visitor

LAMP = 'button[data-sku="LAMP"]'
MUG = 'button[data-sku="MUG+1"]'


def test_button_opens_after_the_pointer_changes(visitor: Visitor, front: Storefront) -> None:
    """Near the start the page asks every second, and opens by itself."""
    front.set_clock(-2)
    visitor.open()
    expect(visitor.tab.locator(LAMP)).to_be_disabled()
    front.pointers[VERSION] = pointer("live", rev=2)
    expect(visitor.tab.locator(LAMP)).to_be_enabled()
    expect(visitor.tab.locator(LAMP)).to_have_text("Buy now")
    expect(visitor.tab.locator("#announcement")).to_contain_text("The sale is open")


def test_click_goes_to_the_order_url_with_the_sku(visitor: Visitor, front: Storefront) -> None:
    """The token's path on the gate's origin, and the SKU escaped."""
    visitor.tab.route(f"{ORIGIN}/**", lambda route: route.fulfill(body="ordered"))
    front.pointers[VERSION] = pointer("live")
    visitor.open("")
    visitor.tab.locator(MUG).click()
    visitor.tab.wait_for_url(f"{ORIGIN}/**")
    assert f"{ORIGIN}/o/to.ken-_?sku=MUG%2B1" == visitor.tab.url


def test_click_on_a_button_that_should_be_closed_does_nothing(visitor: Visitor, front: Storefront) -> None:
    """However it came to be enabled, the pointer decides."""
    visitor.tab.route(f"{ORIGIN}/**", lambda route: route.fulfill(body="ordered"))
    visitor.open()
    visitor.tab.locator(LAMP).evaluate("button => { button.ariaDisabled = 'false'; button.click() }")
    visitor.tab.wait_for_timeout(100)
    assert front.url("lamp/") == visitor.tab.url


def test_foreign_order_url_is_refused(visitor: Visitor, front: Storefront) -> None:
    """A writer of the pointer cannot send buyers elsewhere: the button stays closed."""
    orders: tuple[object, ...] = (
        {"path": "/o/x", "origins": ["https://elsewhere.example"]},
        {"path": "/o/x", "origins": [f"{ORIGIN}.elsewhere.example"]},
        {"path": "/o/x", "origins": []},
        {"path": "@elsewhere.example/", "origins": [ORIGIN]},
        {"path": "/o/x?sku=RUG#", "origins": [ORIGIN]},
        {"path": "/o/x", "origins": ORIGIN},
        None,
    )
    visitor.open()
    enabled = [visitor.sees(pointer("live", order=order)).locator(LAMP).is_enabled() for order in orders]
    assert [False] * len(orders) == enabled
    visitor.shows("paused")


def test_own_origin_is_chosen_among_foreign_ones(visitor: Visitor, front: Storefront) -> None:
    """One foreign origin does not close the sale, and is never visited."""
    visitor.tab.route(f"{ORIGIN}/**", lambda route: route.fulfill(body="ordered"))
    origins = [f"https://{number}.elsewhere.example" for number in range(50)] + [ORIGIN]
    front.pointers[VERSION] = pointer("live", order={"path": "/o/x", "origins": origins})
    visitor.open()
    visitor.tab.locator(LAMP).click()
    visitor.tab.wait_for_url(f"{ORIGIN}/o/x?sku=LAMP")


def test_closed_and_sold_products_are_sold_out_one_by_one(visitor: Visitor, front: Storefront) -> None:
    """The operator's list and the gate's count the same; the rest stays open."""
    front.pointers[VERSION] = pointer("live", closed=["LAMP"], sold=["RUG"])
    visitor.open("")
    visitor.shows("live")
    assert ["Sold out", "Buy now", "Sold out"] == visitor.tab.locator("button").all_text_contents()
    assert [True, False, True] == [button.is_disabled() for button in visitor.tab.locator("button").all()]


def test_all_products_gone_is_sold_out(visitor: Visitor) -> None:
    """Every SKU, by name or at once."""
    visitor.open("")
    for gone in ({"closed": ["*"]}, {"closed": ["LAMP", "RUG"], "sold": ["MUG+1"]}):
        visitor.sees(pointer("live", sold=["LAMP"]))
        visitor.shows("live")
        visitor.sees(pointer("live", **gone))
        visitor.shows("soldout")
        assert 0 == visitor.tab.locator("button[aria-disabled='false']").count()


def test_returned_unit_opens_the_product_again(visitor: Visitor, front: Storefront) -> None:
    """Sold out is not for ever."""
    front.pointers[VERSION] = pointer("live", sold=["LAMP"])
    visitor.open()
    visitor.shows("soldout")
    front.pointers[VERSION] = pointer("live", rev=2)
    visitor.poll()
    expect(visitor.tab.locator(LAMP)).to_be_enabled()


def test_forward_is_followed_and_remembered(visitor: Visitor, front: Storefront) -> None:
    """A rotated pointer: later polls go straight to the new one, whose revisions start over."""
    front.pointers[VERSION] = pointer("scheduled", rev=9)
    visitor.open()
    front.pointers |= {VERSION: call({"rev": 10, "nonce": "", "forward": "unlock.next.js"}), "next": pointer("live")}
    visitor.poll()
    visitor.poll()
    assert [VERSION, VERSION, "next", "next"] == front.polls
    expect(visitor.tab.locator(LAMP)).to_be_enabled()


def test_forward_elsewhere_is_refused(visitor: Visitor, front: Storefront) -> None:
    """Only a pointer beside the old one."""
    front.pointers["next"] = pointer("live")
    visitor.open()
    for target in ("../other/unlock.next.js", "https://elsewhere.example/unlock.next.js", 7, ""):
        visitor.sees(call({"rev": 2, "nonce": "", "forward": target}))
    assert [VERSION] * 5 == front.polls
    expect(visitor.tab.locator(LAMP)).to_be_disabled()


def test_forwards_in_a_circle_are_given_up(visitor: Visitor, front: Storefront) -> None:
    """Five hops, then it is an error like any other."""
    front.pointers = {
        VERSION: call({"rev": 2, "nonce": "", "forward": "unlock.next.js"}),
        "next": call({"rev": 2, "nonce": "", "forward": f"unlock.{VERSION}.js"}),
    }
    visitor.open()
    assert 6 == len(front.polls)


def test_malformed_or_older_pointer_is_ignored(visitor: Visitor) -> None:
    """The page stays as it was, and believes the next good one."""
    bodies = (
        b"",
        b"<!doctype html><title>Welcome to our Wi-Fi</title>",
        b'flashgen({"rev":3,"state":"ended"',
        b"alert(1); " + pointer("ended", rev=3),
        call(None),
        call([]),
        pointer("ended", rev="3"),
        pointer("over", rev=3),
        pointer("ended", rev=3, ends_at="soon"),
        pointer("ended", rev=3, sold="LAMP"),
        pointer("ended", rev=1),
    )
    visitor.open()
    visitor.sees(pointer("live", rev=2))
    assert [True] * len(bodies) == [visitor.sees(body).locator(LAMP).is_enabled() for body in bodies]
    visitor.sees(pointer("paused", rev=3))
    visitor.shows("paused")


def test_page_from_the_back_forward_cache_is_painted_again(visitor: Visitor, front: Storefront) -> None:
    """A browser may bring a button back as it was when the visitor left."""
    visitor.open()
    visitor.tab.locator(LAMP).evaluate("button => button.ariaDisabled = 'false'")
    visitor.tab.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(visitor.tab.locator(LAMP)).to_be_disabled(timeout=500)


def test_going_live_is_announced_once(visitor: Visitor, front: Storefront) -> None:
    """By the one live region there is; neither the ticking digits nor further polls are read out."""
    visitor.open()
    assert 1 == visitor.tab.locator("[role=status], [role=timer], [role=alert], [aria-live]").count()
    visitor.tab.evaluate(
        "() => { window.said = []; const region = document.getElementById('announcement');"
        " new MutationObserver(() => said.push(region.textContent)).observe(region, {childList: true}) }"
    )
    visitor.sees(pointer("live", rev=2))
    visitor.sees(pointer("live", rev=3, sold=["RUG"]))
    visitor.tab.wait_for_timeout(1100)
    assert ["The sale is open. One of each product per customer."] == visitor.tab.evaluate("said")


def test_leading_zeros_of_the_countdown_are_marked(visitor: Visitor, front: Storefront) -> None:
    """So that a theme can show them weaker: two hours and five seconds have no days, but minutes."""
    front.set_clock(-2 * 3600 - 5)
    visitor.open()
    classes = visitor.tab.locator("[data-unit]").evaluate_all("units => units.map(unit => unit.className)")
    assert ["zero", "", "", ""] == classes


def test_button_that_a_script_adds_is_opened(visitor: Visitor, front: Storefront) -> None:
    """A theme that lists what was searched for announces its new buttons by an event."""
    visitor.tab.route(f"{ORIGIN}/**", lambda route: route.fulfill(body="ordered"))
    front.pointers[VERSION] = pointer("live", sold=["RUG"])
    visitor.open("")
    visitor.tab.evaluate(
        "for (const sku of ['RUG', 'NEW']) document.querySelector('main').insertAdjacentHTML("
        "'beforeend', `<p data-state><button data-sku=${sku} disabled></button></p>`);"
        "document.dispatchEvent(new Event('buttons'))"
    )
    expect(visitor.tab.locator("p [data-sku=RUG]")).to_have_text("Sold out", timeout=500)
    visitor.tab.locator("[data-sku=NEW]").click()
    visitor.tab.wait_for_url(f"{ORIGIN}/o/to.ken-_?sku=NEW")
