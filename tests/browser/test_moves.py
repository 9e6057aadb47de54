"""What moves under open tabs: the pointer's name, the start, and a pointer that is there before its time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from browser.place import Place, Sale, local_edge
from browser.tab import PATIENCE_SECONDS, Tab, tab
from playwright.sync_api import Browser, Route

OPENS_WITHIN_MS = 100
"""On an idle machine. One that is busy may be late by as much as a timer of 50 ms is at the same time."""

_TELLING = """
let longest = 0, last = performance.now();
const measure = () => (longest = Math.max(longest, performance.now() - last));
setInterval(() => { measure(); last = performance.now(); }, 50);
globalThis.told = () => ({state: pointer?.state, now: serverNow(), opens: times().opens, longest: measure()});
new MutationObserver(() => { if (buttons[0].ariaDisabled === "false") globalThis.toldAtOpening ??= told(); })
  .observe(buttons[0], {attributes: true, attributeFilter: ["aria-disabled"]});
"""
"""Added to the page's script: it tells what it knows, and what it knew when the button opened."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Our own edge, which sends `x-now`."""
    with local_edge(tmp_path_factory.mktemp("moves")) as place:
        yield place


def named_pointer(shopper: Tab) -> str:
    """The pointer that the page was built with."""
    facts: dict[str, Any] = json.loads(shopper.page.locator("#flashgen").text_content() or "")
    return str(facts["pointer"])


def test_pages_of_before_a_rotation_follow_the_forward(place: Place, chromium: Browser) -> None:
    """A tab that was open by then, and one that gets the old page from a cache; both open when the new one does."""
    sale = place.push("dusk", timedelta(seconds=20))
    with tab(chromium) as early, tab(chromium) as late:
        early.open(f"{sale.url}lamp/")
        versions = sale.operate("rotate")
        sale.operate("push")
        late.open(f"{sale.url}lamp/")
        shoppers = early, late
        assert {f"../unlock.{versions['from']}.js"} == {named_pointer(shopper) for shopper in shoppers}
        with early.page.expect_response(f"**/unlock.{versions['to']}.js?*"):
            early.page.evaluate("dispatchEvent(new Event('online'))")
        assert {("scheduled", "Opens soon", False)} == {shopper.looks() for shopper in shoppers}

        sale.operate("go-live", "--early")
        for shopper in shoppers:
            shopper.comes_to("live")
        assert [True, True] == [shopper.is_still_the_same_page() for shopper in shoppers]
        assert [[], []] == [shopper.faults for shopper in shoppers]


def counts_to(shopper: Tab, sale: Sale) -> None:
    """Expect the tab to count down to the start as it was pushed last, soon after it looks again."""
    shopper.nudge_until(lambda: shopper.counts_to(sale.starts_at))
    assert shopper.counts_to(sale.starts_at), (shopper.seconds_left(), sale.starts_at)


def wait_until_armed(sale: Sale) -> None:
    """Until an operator waits for the start, as `status` tells."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    fates: list[str] = []
    while "armed" not in fates and time.monotonic() < deadline:
        (row,) = sale.await_answer(sale.place.start("status", sale.id, "--json"))["sales"]
        fates = [attempt["fate"] for attempt in row["attempts"]]
    assert ["armed"] == fates


def test_open_tabs_count_to_a_start_that_is_moved(place: Place, chromium: Browser) -> None:
    """Later, then earlier than it was; and who has armed go-live by then opens the sale at the new start."""
    sale = place.push("eve", timedelta(minutes=40))
    with tab(chromium) as lamp, tab(chromium) as mug:
        shoppers = lamp, mug
        lamp.open(f"{sale.url}lamp/")
        mug.open(f"{sale.url}mug/")
        for starts_in in (timedelta(hours=3), timedelta(minutes=25)):
            sale = place.push("eve", starts_in)
            for shopper in shoppers:
                counts_to(shopper, sale)
        operator = sale.send_operator("go-live", "--at", "start")
        wait_until_armed(sale)
        sale = place.push("eve", timedelta(seconds=20))
        for shopper in shoppers:
            counts_to(shopper, sale)
        for shopper in shoppers:
            shopper.opened_at()
        assert sale.await_answer(operator)["changed"]
        assert [True, True] == [shopper.is_still_the_same_page() for shopper in shoppers]
        assert [[], []] == [shopper.faults for shopper in shoppers]


def telling(shopper: Tab) -> None:
    """Have the page's script tell what it knows."""

    def add(route: Route) -> None:
        script = route.fetch()
        route.fulfill(response=script, body=script.text() + _TELLING)

    shopper.page.route("**/assets/page.*.js", add)


def knows_of(shopper: Tab, state: str) -> dict[str, Any]:
    """Wait until the page has a pointer of that state; what it tells then. Its CSP forbids to wait inside it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (told := shopper.page.evaluate("told()"))["state"] != state and time.monotonic() < deadline:
        shopper.page.wait_for_timeout(50)
    return dict(told)


def test_a_page_that_has_the_pointer_early_opens_at_the_start_by_its_own_clock(place: Place, chromium: Browser) -> None:
    """The estimate of the server's clock that it opens on, against the time that it was told."""
    sale = place.push("midnight", timedelta(seconds=25))
    with tab(chromium) as lamp:
        telling(lamp)
        lamp.open(f"{sale.url}lamp/")
        operator = sale.send_operator("go-live", "--at", "start", "--lead", "15s")
        early = knows_of(lamp, "live")
        assert ("scheduled", "Opens soon", False) == lamp.looks()
        assert early["now"] < early["opens"] == sale.starts_at.timestamp() * 1000
        lamp.opened_at()
        opening = lamp.page.evaluate("toldAtOpening")
        assert 0 <= opening["now"] - opening["opens"] <= OPENS_WITHIN_MS + opening["longest"]
        assert sale.await_answer(operator)["changed"]
        assert (True, []) == (lamp.is_still_the_same_page(), lamp.faults)
