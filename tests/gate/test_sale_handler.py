"""What buyers meet at the gate, in the order of its questions."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.operators import ENDS_AT, SALE, SECRET, STARTS_AT
from support.running_gate import (
    ADMIN_PORT,
    CLIENT,
    ENDED,
    FOLDER,
    OPEN_SECONDS,
    ORIGIN_SECRET,
    WAITING,
    Answer,
    Browser,
    RunningGate,
    order_path,
    running_gate,
    token,
)

from flashgen.gate.http.app import Gate
from flashgen.gate.http.health import STEADY
from flashgen.gate.metrics import Count
from flashgen.gate.orders.order import OrderState
from flashgen.gate.signatures import COOKIE, Signer
from flashgen.gate.storage.protocol import StorageLost
from flashgen.unlock.state import EVERY_SKU, State

OPENS, ENDS = STARTS_AT.timestamp(), ENDS_AT.timestamp()


def is_ended(answer: Answer) -> bool:
    """Whether this is the way to the page that says why not; it is always there, never on another site."""
    return (303, ENDED, b"") == (answer.status, answer.one("location"), answer.body)


def is_waiting(answer: Answer, query: str = "sku=LAMP") -> bool:
    """Whether this is the way to the page that waits for a place, with what is wanted."""
    return (303, f"{WAITING}?{query}", b"") == (answer.status, answer.one("location"), answer.body)


def is_again(answer: Answer, query: str = "sku=LAMP") -> bool:
    """Whether this is the way to the same path."""
    return (303, f"?{query}") == (answer.status, answer.one("location"))


def set_clock(running: RunningGate, now: float) -> None:
    """Go to a moment of the sale."""
    running.clock.now = now
    running.reader.poll()


def test_a_buyer_gets_a_form_and_an_order(running: RunningGate, browser: Browser) -> None:
    """GET, POST, and the GET that it leads to; the slot is free again."""
    form = browser.get()
    assert (200, "form", 1) == (form.status, form.page, running.in_use())
    assert is_again(browser.post())
    shown = browser.get()
    (order,) = running.orders()
    assert (200, "order", order.id, 0) == (shown.status, shown.page, shown.value("order_id"), running.in_use())
    assert ("LAMP", "19.90", "EUR", OPEN_SECONDS, OrderState.ACCEPTED) == (
        order.sku, order.price, order.currency, order.accepted_at, order.state
    )  # fmt: skip
    assert order.buyer == browser.cookie.partition("=")[2].partition(".")[0]
    assert (["fair"], 1, 1) == (running.accepted, running.count(Count.LEASES), running.count(Count.ACCEPTED))


def test_the_form_shows_the_product(browser: Browser) -> None:
    """With its picture where it has one, and how long the place is kept."""
    lamp, mug = browser.get("LAMP"), Browser(browser.running).get("MUG")
    assert ("form", "form-pictured") == (lamp.page, mug.page)
    assert ("A &lt;lamp&gt;", "19,90 €", "lamp/") == tuple(lamp.value(name) for name in ("name", "price", "page"))
    assert ("assets/mug.jpg", FOLDER, "3:00") == tuple(mug.value(name) for name in ("image", "site", "remaining"))


def test_an_order_is_at_the_price_that_was_shown(running: RunningGate, browser: Browser) -> None:
    """Another price leads to another form; it keeps the place, and nothing is ordered before it was seen."""
    assert "19,90 €" == browser.get().value("price")
    dearer = replace(running.settings.items["LAMP"], price="29.90", price_text="29,90 €")
    running.push(items={**running.settings.items, "LAMP": dearer})
    assert is_again(browser.post())
    assert ([], 1, 1) == (running.orders(), running.count(Count.BAD_LEASE), running.in_use())
    assert "29,90 €" == browser.get().value("price")
    assert is_again(browser.post())
    assert ["29.90"] == [order.price for order in running.orders()]


def test_a_currency_is_part_of_the_price(running: RunningGate, browser: Browser) -> None:
    """19.90 of another one is another price."""
    browser.get()
    running.push(currency="USD")
    assert is_again(browser.post())
    assert [] == running.orders()


def test_an_order_shows_its_own_price(running: RunningGate, browser: Browser) -> None:
    """As the product had it then, whatever it costs today, and in the words of the sale where it still costs that."""
    browser.get()
    browser.post()
    assert "19,90 €" == browser.get().value("price")
    today = running.settings.items
    running.push(items={**today, "LAMP": replace(today["LAMP"], price="9.90", price_text="9,90 €")})
    assert ("A &lt;lamp&gt;", "19.90 EUR") == ((shown := browser.get()).value("name"), shown.value("price"))
    running.push(items=today, currency="USD")
    assert "19.90 EUR" == browser.get().value("price")
    running.push(items={"MUG": today["MUG"]})
    assert ("LAMP", "19.90 EUR") == ((shown := browser.get()).value("name"), shown.value("price"))


def test_odd_skus_find_their_way(browser: Browser) -> None:
    """Whatever characters they have."""
    assert "form" == browser.get("É 1").page
    assert is_again(browser.post("É 1"), "sku=%C3%89%201")
    assert "order" == browser.get("É 1").page


def test_every_answer_keeps_the_token_to_itself(running: RunningGate, browser: Browser) -> None:
    """No cache keeps it, no other site is told, and no page runs anything."""
    answers = [
        browser.get(),
        browser.post(),
        browser.get(),
        browser.get("NONE"),
        browser.get(shown="x"),
        browser.post(lease="x"),
    ]
    set_clock(running, OPENS - 60)
    answers += [Browser(running).get(), Browser(running).ask("GET", "/"), Browser(running).ask("PUT", order_path())]
    for answer in answers:
        assert ("no-store", "no-referrer", "nosniff") == tuple(
            answer.one(name) for name in ("cache-control", "referrer-policy", "x-content-type-options")
        )
        assert answer.one("content-length") == str(len(answer.body))
        if answer.one("content-type").startswith("text/html"):
            policy = answer.one("content-security-policy")
            assert policy.startswith("default-src 'none'; ")
            assert "script" not in policy
            assert "form-action 'self' https://sale.example.com" in policy


def test_two_tabs_share_a_place_and_an_order(running: RunningGate, browser: Browser) -> None:
    """Double clicks and back buttons come to the same."""
    tabs = [browser.get().value("lease") for _ in range(2)]
    assert 1 == running.in_use()
    assert [True, True] == [is_again(browser.post(lease=lease)) for lease in tabs]
    assert 1 == len(running.orders())
    assert "order" == browser.get().page


def test_double_clicks_at_the_same_moment(running: RunningGate, browser: Browser) -> None:
    """Ten posts at once: one order."""
    browser.get()
    body = f"lease={browser.lease}".encode()

    async def click() -> list[Answer]:
        return await asyncio.gather(*(browser.asking("POST", order_path(), body) for _ in range(10)))

    assert all(is_again(answer) for answer in running.run(click()))
    assert (1, 1) == (len(running.orders()), running.count(Count.ACCEPTED))


@pytest.mark.parametrize(
    "change",
    [
        lambda running: running.point(state=State.PAUSED),
        lambda running: running.point(state=State.ENDED),
        lambda running: running.point(state=State.SCHEDULED),
        lambda running: running.point(epoch=2, token_nonce="token-2"),
        lambda running: running.point(closed=EVERY_SKU),
        lambda running: set_clock(running, ENDS + 3600),
        lambda running: running.monotonic.wait(60),
        lambda running: running.push(items={"MUG": running.settings.items["MUG"]}),
    ],
    ids=["paused", "ended", "scheduled", "epoch", "closed", "over", "stale", "gone"],
)
def test_an_order_is_shown_again_whatever_has_happened(running: RunningGate, browser: Browser, change: Any) -> None:
    """Whoever has one is told so, and a second click leads there."""
    browser.get()
    browser.post()
    change(running)
    assert ("order", running.orders()[0].id) == (browser.get().page, browser.get().value("order_id"))
    assert is_again(browser.post())
    assert "form" not in Browser(running).get().page


def test_an_order_that_was_rejected_may_be_placed_again(running: RunningGate, browser: Browser) -> None:
    """Its unit is somebody's again, and that may be the same buyer."""
    browser.get()
    browser.post()
    running.storage.settle(running.orders()[0].id, OrderState.REJECTED, running.clock(), 0.0, "HTTP 422")
    assert "form" == browser.get().page
    browser.post()
    assert "order" == browser.get().page
    assert 2 == len(running.orders())


def test_units_are_never_more_than_there_are(running: RunningGate) -> None:
    """The fourth of three is led away, with or without a form."""
    buyers = [Browser(running, client=(f"198.51.{number}.1", 1)) for number in range(5)]
    assert ["form"] * 5 == [buyer.get().page for buyer in buyers]
    assert [True] * 3 + [False] * 2 == [is_again(buyer.post()) for buyer in buyers]
    assert is_ended(Browser(running).get())
    assert {"LAMP": 3} == running.tally().taken


def test_sold_out_is_known_for_half_a_second(running: RunningGate) -> None:
    """Without a question to the storage; and units that come back are sold."""
    for number in range(3):
        buyer = Browser(running, client=(f"198.51.{number}.1", 1))
        buyer.get()
        buyer.post()
    assert is_ended(Browser(running).get())
    running.storage.settle(running.orders()[0].id, OrderState.REJECTED, running.clock(), 0.0, "HTTP 422")
    running.monotonic.wait(0.49)
    assert is_ended(Browser(running).get())
    assert "form-pictured" == Browser(running).get("MUG").page
    running.monotonic.wait(0.02)
    assert "form" == Browser(running).get().page


def test_a_push_may_raise_the_stock(running: RunningGate) -> None:
    """What was sold out before is asked for again at once."""
    buyer = Browser(running)
    buyer.get("É 1")
    buyer.post("É 1")
    assert is_ended(Browser(running).get("É 1"))
    running.push(items={**running.settings.items, "É 1": replace(running.settings.items["É 1"], stock=2)})
    assert "form" == Browser(running).get("É 1").page


def test_a_cookie_lasts_beyond_the_end(running: RunningGate, browser: Browser) -> None:
    """For 30 days: so long a buyer can come back to see their order."""
    seconds = int(ENDS - running.clock()) + 30 * 86400
    assert f"Max-Age={seconds}" in browser.get().one("set-cookie").split("; ")


def test_a_secret_is_rotated_under_way(running: RunningGate, browser: Browser) -> None:
    """Cookies and forms of the key before still count; new ones are of the newest."""
    browser.get()
    newest = b"the newest secret, of 32 bytes or more"
    running.outside = replace(running.outside, keys=(newest, SECRET))
    running.gate = Gate({SALE: lambda: running.reader.reading}, running.outside, ADMIN_PORT)
    assert is_again(browser.post())
    assert "order" == browser.get().page
    other = Browser(running)
    other.get()
    buyer, _, signature = other.cookie.partition("=")[2].partition(".")
    assert Signer([newest], COOKIE).is_good(buyer, signature)
    running.outside = replace(running.outside, keys=(newest,))
    running.gate = Gate({SALE: lambda: running.reader.reading}, running.outside, ADMIN_PORT)
    assert is_again(other.post(shown=token(newest)))
    assert [False, True] == [one.get(shown=token(newest)).page == "order" for one in (browser, other)]


def test_an_address_has_a_part_of_the_slots(running: RunningGate) -> None:
    """So that no machine takes them all; this one has no limit."""
    assert [True] * 2 + [False] == [Browser(running).get("MUG").page == "form-pictured" for _ in range(3)]
    local = [Browser(running, client=("127.0.0.1", 1)).get("MUG").page for _ in range(11)]
    assert ["form-pictured"] * 10 + [""] == local
    assert 12 == running.in_use()


def test_a_form_says_that_it_was_shown(running: RunningGate, browser: Browser) -> None:
    """By a picture that no script has to ask for; who does not show it makes way when all places are taken."""
    running.push(slots_per_server=1)
    form, path = browser.get("MUG"), order_path().partition("?")[0]
    running.clock.wait(20)
    picture = browser.ask("GET", f"{path}?seen={form.value('lease')}")
    assert (200, "image/gif", b"GIF89a") == (picture.status, picture.one("content-type"), picture.body[:6])
    other = Browser(running, client=("198.51.100.1", 1))
    assert (303, 1) == (other.get("MUG").status, running.count(Count.SEEN))
    running.point(epoch=2, token_nonce="token-2")
    unseen = Browser(running)
    assert "form-pictured" == unseen.get("MUG", token(epoch=2, nonce="token-2")).page
    running.clock.wait(20)
    assert "form-pictured" == other.get("MUG", token(epoch=2, nonce="token-2")).page


@pytest.mark.parametrize("lease", ["", "x", "a.b&seen=c.d", "%FF", "é", "a" * 5000])
def test_odd_signs_of_life_are_no_orders(running: RunningGate, browser: Browser, lease: str) -> None:
    """A buyer gets a picture or a page; somebody without a cookie costs the storage nothing."""
    browser.get("MUG")
    path = order_path().partition("?")[0]
    asked = [browser.ask("GET", f"{path}?seen={lease}"), Browser(running).ask("GET", f"{path}?seen=x")]
    assert {answer.status for answer in asked} <= {200, 303}
    assert ([], 1) == (running.orders(), running.in_use())


def test_forms_are_as_many_as_slots(running: RunningGate) -> None:
    """Of 200 who come at once."""

    async def crowd() -> list[Answer]:
        browsers = [Browser(running, client=(f"198.51.{number}.1", 1)) for number in range(200)]
        return await asyncio.gather(*(browser.asking("GET", order_path("MUG")) for browser in browsers))

    pages = [answer.page for answer in running.run(crowd())]
    assert (12, 12) == (pages.count("form-pictured"), running.in_use())


def test_an_early_buyer_waits(running: RunningGate, browser: Browser) -> None:
    """On a page that comes back by itself; no slot is taken, and no cookie set."""
    set_clock(running, OPENS - 60)
    far = browser.get()
    set_clock(running, OPENS - 0.5)
    near = browser.get()
    assert [(403, "early", "2"), (403, "early", "1")] == [
        (one.status, one.page, one.one("refresh")) for one in (far, near)
    ]
    assert (0, "", "A &lt;lamp&gt;") == (running.in_use(), browser.cookie, far.value("name"))
    set_clock(running, OPENS)
    assert "form" == browser.get().page


NO_SKUS = [
    *("", "sku=", "sku=LAMP&sku=LAMP", "sku=LAMP&sku=MUG", "sku=lamp", "SKU=LAMP", "%", "sku=%FF", "sku=%00"),
    *("sku=LAMP%0d%0aX:%20y", "sku=//evil.example", "sku=%ED%A0%80", "sku=LAMP&" + "a=b&" * 50),
    *("sku=" + "A" * 60_000, "&" * 5000),
]


@pytest.mark.parametrize("query", NO_SKUS, ids=range(len(NO_SKUS)))
def test_no_sku_is_led_away(browser: Browser, query: str) -> None:
    """As one that is not on sale is."""
    assert is_ended(browser.ask("GET", order_path().partition("?")[0] + f"?{query}"))
    assert is_ended(browser.ask("POST", order_path().partition("?")[0] + f"?{query}", b"lease=x")) or not browser.cookie


def test_the_storage_is_not_asked_for_what_is_no_sku(
    running: RunningGate, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even for a buyer whose orders it may have."""
    browser.get()
    running.point(state=State.ENDED)
    monkeypatch.setattr(running.storage, "decide", _lost)
    path = order_path().partition("?")[0]
    assert all(is_ended(browser.ask("GET", f"{path}?sku={sku}")) for sku in ("%00", "a%0Ab", "", "A" * 65))
    assert 503 == browser.get().status


def test_early_pages_are_kept_by_product(running: RunningGate, browser: Browser) -> None:
    """A crowd of invented SKUs shares one."""
    set_clock(running, OPENS - 0.5)
    assert {"early"} == {browser.get(f"SKU-{number}").page for number in range(100)}
    pages = running.gate._handlers["fair"].served.pages("")
    assert 1 == pages.early.cache_info().misses


def test_other_fields_of_the_query_are_ignored(browser: Browser) -> None:
    """Campaigns add them."""
    assert "form" == browser.ask("GET", order_path() + "&utm_source=mail&x=").page


def test_a_lease_that_expired_revives(running: RunningGate, browser: Browser) -> None:
    """While a slot is free."""
    browser.get()
    running.wait(181)
    assert 0 == running.in_use()
    assert is_again(browser.post())
    assert 1 == len(running.orders())


def test_an_expired_lease_of_a_full_house_is_none(running: RunningGate, browser: Browser) -> None:
    """Others hold the slots by now."""
    browser.get("MUG")
    running.wait(181)
    for number in range(12):
        Browser(running, client=(f"198.51.{number}.1", 1)).get("MUG")
    assert is_waiting(browser.post("MUG"), "sku=MUG")
    assert ([], 1) == (running.orders(), running.count(Count.FULL))


def test_all_places_taken_costs_one_question(running: RunningGate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page that waits is static, and waits at the CDN."""
    running.push(slots_per_server=1)
    Browser(running).get()
    asked: list[object] = []
    decide = running.storage.decide

    def counted(asks: Any) -> Any:
        asked.extend(asks)
        return decide(asks)

    monkeypatch.setattr(running.storage, "decide", counted)
    assert is_waiting(Browser(running).get())
    assert 1 == len(asked)


def test_paused_lets_holders_finish(running: RunningGate, browser: Browser) -> None:
    """Nobody else gets a form, and no lease comes back to life."""
    late = Browser(running)
    browser.get()
    late.get()
    running.point(state=State.PAUSED)
    assert is_ended(Browser(running).get())
    assert is_again(browser.post())
    running.wait(181)
    assert is_waiting(late.post())
    assert 1 == len(running.orders())


@pytest.mark.parametrize("state", [State.ENDED, State.SCHEDULED])
def test_after_the_end_leases_are_void(running: RunningGate, browser: Browser, state: State) -> None:
    """Also for who pressed a moment later."""
    browser.get()
    running.point(state=state)
    assert is_ended(browser.post())
    assert [] == running.orders()


def test_leases_of_an_older_epoch_are_void(running: RunningGate, browser: Browser) -> None:
    """After a rollback and another go-live."""
    browser.get()
    running.point(epoch=2, token_nonce="token-2")
    assert is_ended(browser.post())
    assert [] == running.orders()


@pytest.mark.parametrize(
    "lease", ["", "x", "id-2", "id-2.", "id-2.AAAAAAAAAAAAAAAAAAAAAA", "%00", "id-2.%C3%A9", "&lease=y", "a" * 3000]
)
def test_a_lease_that_is_none_leads_to_a_form(running: RunningGate, browser: Browser, lease: str) -> None:
    """There the buyer gets a good one, if there is a place."""
    browser.get()
    assert is_again(browser.post(lease=lease))
    assert ([], 1) == (running.orders(), running.count(Count.BAD_LEASE))


def test_another_buyers_lease_is_none(running: RunningGate, browser: Browser) -> None:
    """A site that makes a browser post a lease of its own makes no order: neither with the cookie nor without it."""
    victim = Browser(running)
    browser.get()
    victim.get()
    assert is_again(victim.post(lease=browser.lease))
    stranger = Browser(running)
    assert (403, "nobody") == ((answer := stranger.post(lease=browser.lease)).status, answer.page)
    assert [] == running.orders()


def test_a_lease_is_for_its_sku(running: RunningGate, browser: Browser) -> None:
    """The form of a cheap one buys no other."""
    browser.get("MUG")
    assert is_again(browser.post("LAMP"))
    assert [] == running.orders()


def test_a_cookie_that_was_tampered_with_is_a_new_buyer(running: RunningGate, browser: Browser) -> None:
    """They see nobody's order."""
    browser.get()
    browser.post()
    thief = Browser(running, cookie=browser.cookie[:-1] + "!")
    assert "form" == thief.get().page
    assert thief.cookie != browser.cookie


def test_a_proxy_names_buyers(tmp_path: Path) -> None:
    """No cookie is set; whoever it does not name is nobody, and takes no slot."""
    with running_gate(tmp_path, buyer="header:X-User-Id", trusted_proxies=("10.0.0.0/8",)) as running:
        proven = ("Flashgen-Origin-Secret", ORIGIN_SECRET)
        known = Browser(running, client=("10.0.0.7", 1), sends=(("X-User-Id", "ada"), proven))
        unknown = Browser(running, client=("10.0.0.7", 1), sends=(proven,))
        liar = Browser(running, sends=(("X-User-Id", "ada"),))
        assert [(403, "nobody")] * 2 == [(one.status, one.page) for one in (unknown.get(), liar.get())]
        assert 0 == running.in_use()
        assert ("form", "") == (known.get().page, known.cookie)
        assert is_again(known.post())
        assert [(403, "nobody")] * 2 == [(one.status, one.page) for one in (unknown.post(), liar.get())]
        assert ["ada"] == [order.buyer for order in running.orders()]


def test_a_stale_reading_admits_nobody(running: RunningGate, browser: Browser) -> None:
    """503, and the page asks again by itself."""
    browser.get()
    running.monotonic.wait(10.1)
    for answer in (browser.post(), Browser(running).get()):
        assert (503, "unavailable", "4", "4") == (
            answer.status, answer.page, answer.one("retry-after"), answer.one("refresh")
        )  # fmt: skip
    assert ([], 1) == (running.orders(), running.in_use())
    running.reader.poll()
    assert is_again(browser.post())


def test_a_lost_storage_admits_nobody(running: RunningGate, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 until it is back, which only a write can tell; the log says so once, and why."""
    browser.get()
    with monkeypatch.context() as broken:
        broken.setattr(running.storage, "decide", _lost)
        assert [503] * 3 == [answer.status for answer in (browser.get(), browser.post(), Browser(running).get())]
        assert (503, 3) == (browser.ask("GET", "/readyz").status, running.count(Count.STORAGE_ERRORS))
    assert is_again(browser.post())
    for _ in range(STEADY):
        assert 503 == browser.ask("GET", "/readyz").status
        running.run(running.gate._health.check([SALE]))
    assert 200 == browser.ask("GET", "/readyz").status
    told = [(name, fields["error"]) for name, fields in running.events if "storage" in name]
    assert [("storage lost", "gone"), ("storage back", "gone")] == told


def _lost(asks: object) -> None:
    raise StorageLost("gone")


def test_nothing_personal_is_logged(running: RunningGate, browser: Browser) -> None:
    """Neither buyer, nor address, nor token, nor cookie."""
    browser.get()
    browser.post()
    log = repr(running.events)
    assert running.orders()[0].id in log
    for secret in (browser.cookie, browser.lease, running.orders()[0].buyer + "'", CLIENT[0], order_path()[3:40]):
        assert secret not in log


def test_head_takes_no_place(running: RunningGate, browser: Browser) -> None:
    """Link checkers and previews use it."""
    answer = browser.ask("HEAD", order_path())
    assert (200, b"", 0, "") == (answer.status, answer.body, running.in_use(), browser.cookie)
    assert is_ended(browser.ask("HEAD", order_path("NONE")))


@pytest.mark.parametrize(
    ("method", "status", "paths"),
    [
        ("PUT", 405, ["/o/x", "/o/"]),
        ("OPTIONS", 405, ["/o/x", "/readyz"]),
        ("POST", 405, ["/readyz", "/healthz"]),
        ("GET", 404, ["/", "/metrics", "/stats", "/o", "//evil.example/o/x", "*", ""]),
        ("POST", 404, ["/", "/o"]),
    ],
)
def test_what_is_not_here(browser: Browser, method: str, status: int, paths: list[str]) -> None:
    """Other methods and other paths."""
    for path in paths:
        answer = browser.ask(method, path)
        assert status == answer.status
        assert ("GET, HEAD" in answer.one("allow")) == (status == 405)
