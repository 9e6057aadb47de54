"""page.js in a real Chromium: which of several order servers a buyer is sent to, and how soon."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect
from support.storefront import VERSION, Storefront, build_fair, pointer
from support.visitor import Visitor

FIRST, SECOND, THIRD = SERVERS = tuple(f"https://{name}.example.com" for name in ("one", "two", "three"))
SALE = f"""\
sale:
  id: fair
  title: Fair
  starts_at: "2026-11-27T08:00:00Z"
  ends_at: "2026-11-27T20:00:00Z"
  currency: EUR
  theme: plain
products:
  - {{sku: LAMP, name: Lamp, price: "19.90"}}
order:
  servers: [{", ".join(SERVERS)}]
unlock:
  version: {VERSION}
"""
LAMP = 'button[data-sku="LAMP"]'
PROBE_SECONDS = 0.8
Answer = Callable[[Route], None]


@pytest.fixture(scope="module")
def built_fair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sale with three order servers."""
    return build_fair(tmp_path_factory.mktemp("servers"), SALE)


def ready(route: Route) -> None:
    """Answers at once that it is ready."""
    route.fulfill(body="ready", headers={"Access-Control-Allow-Origin": "*"})


def busy(route: Route) -> None:
    """Answers that it is not ready."""
    route.fulfill(status=503, headers={"Access-Control-Allow-Origin": "*"})


def down(route: Route) -> None:
    """Refuses the connection."""
    route.abort("connectionrefused")


def silent(route: Route) -> None:
    """Accepts the request and never answers."""


def form(route: Route) -> None:
    """The page of the order URL."""
    route.fulfill(body="an order form")


def go_live(visitor: Visitor, front: Storefront, answers: dict[str, Answer]) -> list[str]:
    """Open a live sale whose servers give these `answers`. Returns the list of requested URLs, which grows."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        url = route.request.url
        asked.append(url)
        server = url.partition("/readyz")[0]
        answers.get(server, form)(route)

    front.order_origins = SERVERS
    front.pointers[VERSION] = pointer("live", order={"path": "/o/token", "origins": list(answers)})
    visitor.tab.route("https://*.example.com/**", answer)
    visitor.open()
    expect(visitor.tab.locator(LAMP)).to_be_enabled()
    return asked


def buy(visitor: Visitor) -> str:
    """Click, and return the server it leads to."""
    visitor.tab.locator(LAMP).click()
    visitor.tab.wait_for_url("https://*.example.com/**")
    return visitor.tab.url.removesuffix("/o/token?sku=LAMP")


@pytest.mark.parametrize("fault", [busy, down, silent])
def test_the_server_that_is_ready_is_chosen(visitor: Visitor, front: Storefront, fault: Answer) -> None:
    """For any failure of the others, without waiting for them. Twice, because chance alone finds it once in three."""
    answers = {FIRST: fault, SECOND: fault, THIRD: ready}
    go_live(visitor, front, answers)
    chosen = [buy(visitor)]
    visitor.open()
    chosen.append(buy(visitor))
    assert [THIRD, THIRD] == chosen


@pytest.mark.parametrize("fault", [busy, silent])
def test_without_an_answer_any_server_is_chosen_soon(visitor: Visitor, front: Storefront, fault: Answer) -> None:
    """The probe is optional: a buyer never waits long for it."""
    go_live(visitor, front, dict.fromkeys(SERVERS, fault))
    started = time.monotonic()
    assert buy(visitor) in SERVERS
    assert time.monotonic() - started < PROBE_SECONDS + 1


def test_a_single_server_is_not_probed(visitor: Visitor, front: Storefront) -> None:
    """There is nothing to choose."""
    asked = go_live(visitor, front, {SECOND: busy})
    assert SECOND == buy(visitor)
    assert [f"{SECOND}/o/token?sku=LAMP"] == asked


def test_an_impatient_buyer_probes_once(visitor: Visitor, front: Storefront) -> None:
    """Clicks while the servers are asked are one click."""
    asked = go_live(visitor, front, dict.fromkeys(SERVERS, silent))
    for _ in range(3):
        visitor.tab.locator(LAMP).click(no_wait_after=True)
    visitor.tab.wait_for_url("https://*.example.com/**")
    assert sorted(f"{server}/readyz" for server in SERVERS) == sorted(asked[:-1])
