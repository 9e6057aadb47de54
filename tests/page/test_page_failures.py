"""page.js in a real Chromium on a network that fails: what the page says, and what it must not promise."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from page.conftest import SALE
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from support.storefront import STARTS_AT, VERSION, Fault, Storefront, build_fair, pointer, serving
from support.visitor import Visitor

HOUR = 3600
LAMP = 'button[data-sku="LAMP"]'
IF_CLOSED = "If the button is still closed after the start, please reload this page."
PROMISE = "The button opens by itself at the start. No need to reload."
NO_ANSWER = re.compile(
    r"^No answer since (\d+:\d\d:\d\d [AP]M)\. This page keeps trying by itself\. Reload the page$".replace(" ", r"\s")
)
NO_PLACE = "You did not get a place this time."
FAULTS: tuple[Fault, ...] = ("forbidden", "portal", "silent", "cut")


@pytest.fixture(scope="module", params=["plain", "spotlight", "catalogue"])
def themed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sale in each theme."""
    return build_fair(tmp_path_factory.mktemp("themed"), SALE.replace("theme: plain", f"theme: {request.param}"))


@pytest.fixture
def any_front(themed: Path) -> Iterator[Storefront]:
    """That on a server."""
    with serving(Storefront(themed)) as front:
        yield front


def sentence(tab: Page) -> Locator:
    """What the page says about the sale: one sentence."""
    return tab.locator(".status > p").filter(visible=True)


def says(tab: Page, text: str | re.Pattern[str]) -> None:
    """Expect that sentence."""
    expect(sentence(tab)).to_have_text([text], timeout=15_000)


def set_watch(visitor: Visitor, seconds_after_start: float) -> None:
    """Set the visitor's own clock. A page has no other until its first answer."""
    now = (STARTS_AT.timestamp() + seconds_after_start) * 1000
    visitor.tab.add_init_script(f"Date.now = () => {now} + performance.now()")


def promises_nothing(tab: Page, url: str) -> None:
    """Expect that a page without its script shows when the sale starts, what to do then, and no dead digits."""
    tab.goto(url, wait_until="commit")
    says(tab, IF_CLOSED)
    expect(tab.locator("time").first).to_be_visible()
    expect(tab.locator("[data-unit]").filter(visible=True)).to_have_count(0)
    assert "itself" not in tab.locator("body").inner_text()
    tab.locator(LAMP).click(force=True)
    assert url == tab.url


@pytest.mark.parametrize("fault", FAULTS)
def test_a_page_whose_script_does_not_arrive_promises_nothing(
    context: BrowserContext, any_front: Storefront, fault: Fault
) -> None:
    """Although the browser runs scripts, so that `noscript` says nothing."""
    any_front.faults["page."] = fault
    tab = context.new_page()
    promises_nothing(tab, any_front.url())
    promises_nothing(tab, any_front.url("lamp/"))
    tab.goto(any_front.url("ended/"), wait_until="commit")
    says(tab, NO_PLACE)


def test_a_page_whose_script_is_blocked_promises_nothing(context: BrowserContext, any_front: Storefront) -> None:
    """By the policy of a proxy or an extension."""
    any_front.scripts_allowed = "'none'"
    promises_nothing(context.new_page(), any_front.url("lamp/"))


_FAILURES_BEFORE_NO_ANSWER = """
addEventListener("DOMContentLoaded", () => {
  const line = document.querySelector(".status [data-when=no-answer]");
  const look = () => { if (!line.hidden) window.failuresBefore ??= pollDelays.length; };
  new MutationObserver(look).observe(line, {attributes: true});
  look();
});
"""


@pytest.mark.parametrize("fault", FAULTS)
def test_past_the_start_without_an_answer_the_page_says_so(visitor: Visitor, front: Storefront, fault: Fault) -> None:
    """The digits are at zero, and the page says since when it tries. Its link reloads it."""
    front.faults["unlock."] = fault
    set_watch(visitor, 600)
    visitor.tab.add_init_script(_FAILURES_BEFORE_NO_ANSWER)
    visitor.tab.goto(front.url("lamp/"))
    says(visitor.tab, NO_ANSWER)
    assert 1 == visitor.tab.evaluate("failuresBefore")  # long before the start it takes three
    assert ["00"] * 4 == visitor.tab.locator("[data-unit]").all_text_contents()
    assert "8:10" in sentence(visitor.tab).inner_text()
    front.faults.clear()
    front.pointers[VERSION] = pointer("live")
    visitor.tab.evaluate("window.isTheOldPage = true")
    visitor.tab.get_by_role("link", name="Reload the page").click()
    expect(visitor.tab.locator(LAMP)).to_be_enabled()
    assert visitor.tab.evaluate("window.isTheOldPage") is None


@pytest.mark.parametrize("fault", FAULTS)
def test_the_ended_page_has_a_line_of_its_own_without_an_answer(
    visitor: Visitor, front: Storefront, fault: Fault
) -> None:
    """Before and after the polls have failed."""
    front.faults["unlock."] = fault
    set_watch(visitor, 600)
    visitor.tab.goto(front.url("ended/"))
    says(visitor.tab, NO_PLACE)
    visitor.tab.evaluate("pollPlanned(0)")
    says(visitor.tab, NO_PLACE)


def test_the_promise_follows_the_first_answer(visitor: Visitor, front: Storefront) -> None:
    """Long before the start, and by three failures it is taken back."""
    set_watch(visitor, -2 * HOUR)
    front.set_clock(-2 * HOUR)
    front.faults["unlock."] = "forbidden"
    visitor.open()
    says(visitor.tab, IF_CLOSED)
    front.faults.clear()
    visitor.poll()
    says(visitor.tab, PROMISE)
    front.faults["unlock."] = "portal"
    before = front.now()
    for expected in (PROMISE, PROMISE, NO_ANSWER):
        visitor.poll()
        says(visitor.tab, expected)
    found = NO_ANSWER.match(sentence(visitor.tab).inner_text())
    assert found
    since = datetime.strptime(found[1].replace("\u202f", " "), "%I:%M:%S %p").time()
    possible = datetime.fromtimestamp(before, UTC), datetime.fromtimestamp(front.now(), UTC)
    assert (possible[0] - timedelta(seconds=1)).time() <= since <= possible[1].time()
    expect(visitor.tab.locator("#announcement")).to_have_text(NO_ANSWER)
    front.faults.clear()
    visitor.poll()
    says(visitor.tab, PROMISE)


def test_an_open_sale_stays_open_while_polls_fail(visitor: Visitor, front: Storefront) -> None:
    """The gate decides; but the page says that it may be behind. What is sold out says nothing of it."""
    for state, gone, expected in (("live", [], NO_ANSWER), ("live", ["LAMP"], re.compile("^Sold out"))):
        front.faults.clear()
        front.pointers[VERSION] = pointer(state, sold=gone)
        visitor.open()
        front.faults["unlock."] = "cut"
        for _ in range(3):
            visitor.poll()
        says(visitor.tab, expected)
        assert bool(gone) is visitor.tab.locator(LAMP).is_disabled()


def test_offline_and_back(visitor: Visitor, front: Storefront) -> None:
    """It is said at once, without a link to reload, which would lose the page; and unsaid at once."""
    front.set_clock(-2 * HOUR)
    visitor.open()
    says(visitor.tab, PROMISE)
    visitor.tab.context.set_offline(True)
    says(visitor.tab, "You are offline. This page goes on by itself once you are connected again.")
    expect(visitor.tab.get_by_role("link", name="Reload the page")).to_have_count(0)
    polls = len(front.polls)
    visitor.tab.context.set_offline(False)
    says(visitor.tab, PROMISE)
    polls_again(visitor, polls)


def test_a_sale_that_opens_late_says_so(visitor: Visitor, front: Storefront) -> None:
    """Not in its first seconds, which a poll may take."""
    front.set_clock(-1)
    visitor.open()
    says(visitor.tab, PROMISE)
    says(visitor.tab, "The sale has not opened yet. The button opens by itself as soon as it does.")
    assert front.now() - STARTS_AT.timestamp() >= 5
    front.pointers[VERSION] = pointer("live", rev=2)
    says(visitor.tab, "The sale is open. One of each product per customer.")


def polls_again(visitor: Visitor, polls: int) -> None:
    """Expect one more than `polls` polls, minutes before the next planned one."""
    deadline = time.monotonic() + 30
    while polls == len(visitor.front.polls) and time.monotonic() < deadline:
        visitor.tab.wait_for_timeout(50)
    assert polls < len(visitor.front.polls)


def test_a_device_that_slept_polls_at_once(visitor: Visitor, front: Storefront, chromium: Browser) -> None:
    """It slept with its page in sight, so no event tells of it: the page's process stands still, the clocks do not."""
    front.set_clock(-2 * HOUR)
    visitor.open()
    processes = chromium.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    polls = len(front.polls)
    renderers = [process["id"] for process in processes if process["type"] == "renderer"]
    for renderer in renderers:
        os.kill(renderer, signal.SIGSTOP)
    time.sleep(5)
    for renderer in renderers:
        os.kill(renderer, signal.SIGCONT)
    polls_again(visitor, polls)


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_set_moves_nothing_and_polls_at_once(visitor: Visitor, front: Storefront, hours: int) -> None:
    """The visitor's clock is not the page's; but that it moved may mean that the device slept."""
    visitor.tab.add_init_script("const real = Date.now; window.setBy = 0; Date.now = () => real() + setBy")
    front.set_clock(-2.5 * HOUR - 30)
    visitor.open()
    polls = len(front.polls)
    visitor.tab.evaluate(f"setBy = {hours * HOUR * 1000}")
    polls_again(visitor, polls)
    assert ["00", "02", "30"] == visitor.tab.locator("[data-unit]").all_text_contents()[:3]
    says(visitor.tab, PROMISE)
