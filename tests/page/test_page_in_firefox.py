"""page.js in a real Firefox: what it does not do as Chromium does, above all with pages and buttons of before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from support.firefox import FirefoxTab, firefox
from support.storefront import VERSION, Storefront, pointer

BUTTON = "document.querySelector('button[data-sku=LAMP]')"
SEEN = f"[document.documentElement.dataset.state, {BUTTON}.textContent, {BUTTON}.ariaDisabled]"
SCHEDULED = ["scheduled", "Opens soon", "true"]
LIVE = ["live", "Buy now", "false"]
SOLD_OUT = ["soldout", "Sold out", "true"]


@pytest.fixture(scope="module")
def running() -> Iterator[FirefoxTab]:
    """One Firefox for all tests."""
    with firefox() as tab:
        yield tab


@pytest.fixture
def tab(running: FirefoxTab, front: Storefront) -> Iterator[FirefoxTab]:
    """Its tab. It leaves the sale before the server does."""
    with ExitStack() as after:
        after.callback(running.open, "about:blank")
        yield running


def poll(tab: FirefoxTab) -> None:
    """Come back online, which polls at once."""
    tab.value("dispatchEvent(new Event('online'))")


def test_opens_pauses_and_sells_out(tab: FirefoxTab, front: Storefront) -> None:
    """Each as the pointer says, without a reload; the button keeps the focus."""
    front.set_clock(-3)
    tab.open(front.url("lamp/"))
    tab.comes_to(SEEN, SCHEDULED)
    tab.value(f"(window.isTheSamePage = true, {BUTTON}.focus())")
    tab.press("\ue007")
    front.pointers[VERSION] = pointer("live", rev=2)
    tab.comes_to(SEEN, LIVE)
    assert [True, True] == tab.value(f"[isTheSamePage, document.activeElement === {BUTTON}]")
    front.pointers[VERSION] = pointer("paused", rev=3)
    poll(tab)
    tab.comes_to(SEEN, ["paused", "Paused", "true"])
    front.pointers[VERSION] = pointer("live", rev=4, sold=["LAMP"])
    poll(tab)
    tab.comes_to(SEEN, SOLD_OUT)
    front.pointers[VERSION] = pointer("live", rev=5)
    poll(tab)
    tab.comes_to(SEEN, LIVE)
    assert tab.value("isTheSamePage")


@pytest.mark.parametrize(("before", "after"), [(SCHEDULED, LIVE), (LIVE, SOLD_OUT), (SOLD_OUT, LIVE)])
def test_a_reload_restores_no_old_button(
    tab: FirefoxTab, front: Storefront, before: list[str], after: list[str]
) -> None:
    """Firefox restores the state of form controls on a reload."""
    pointers = {"scheduled": pointer(), "live": pointer("live"), "soldout": pointer("live", sold=["LAMP"])}
    front.pointers[VERSION] = pointers[before[0]]
    tab.open(front.url("lamp/"))
    tab.comes_to(SEEN, before)
    front.pointers[VERSION] = pointers[after[0]]
    tab.reload()
    tab.comes_to(SEEN, after)
    assert not tab.value(f"{BUTTON}.matches(':disabled')")


def test_the_page_of_before_is_brought_up_to_date(tab: FirefoxTab, front: Storefront) -> None:
    """From the back-forward cache, with everything in it as it was left."""
    front.pointers[VERSION] = pointer("live")
    tab.open(front.url("lamp/"))
    tab.comes_to(SEEN, LIVE)
    tab.value("window.isTheSamePage = true")
    tab.open(front.url("rug/"))
    front.pointers[VERSION] = pointer("live", rev=2, sold=["LAMP"])
    tab.back()
    tab.comes_to("location.pathname", "/fair/lamp/")
    tab.comes_to(SEEN, SOLD_OUT)
    assert tab.value("window.isTheSamePage")


def test_a_page_without_an_answer_says_so(tab: FirefoxTab, front: Storefront) -> None:
    """Until there is one."""
    sentence = "document.querySelector('.status > :not([hidden])').innerText.split(/[.:]| since/)[0]"
    tab.open(front.url("lamp/"))
    tab.comes_to(sentence, "The sale has not opened yet")
    front.faults["unlock."] = "portal"
    poll(tab)
    tab.comes_to(sentence, "No answer")
    front.faults.clear()
    front.pointers[VERSION] = pointer("live", rev=2)
    poll(tab)
    tab.comes_to(sentence, "The sale is open")
