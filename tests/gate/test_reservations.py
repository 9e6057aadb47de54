"""Orders that wait to be paid: the shop's answers and reports, what the gate asks, and where it sends buyers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook
from support.clock import Clock
from support.operators import SALE, SECRET
from support.order_stand_in import Answer, Desk, OrderStandIn, order_stand_in, status
from support.running_gate import FORM_KEYS, PRIVATE, Browser, RunningGate, exchange, page_text, running_gate, scope_of
from support.visits import NOW, bought
from support.waiting import wait_until

from flashgen.addresses import SecretUrl
from flashgen.gate import forms
from flashgen.gate.http.app import Gate
from flashgen.gate.metrics import Count
from flashgen.gate.orders.forwarder import Forwarder
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.orders.order_subsystem import (
    ASK_AGAIN_SECONDS,
    ForwardResult,
    OrderSubsystemClient,
    is_checkout,
    signature,
)
from flashgen.gate.signatures import FORWARD, derived
from flashgen.gate.storage.sqlite.storage import SqliteStorage

CHECKOUT = "https://checkout.example.com"
KEY = b"k" * 32
ORDER = Order("o-1", SALE, "LAMP", "ada", "19.90", "EUR", NOW)


def says(code: int, **document: object) -> Answer:
    """Answers so, with JSON."""
    return lambda desk: desk.say(code, json.dumps(document).encode())


@pytest.fixture
def shop() -> Iterator[OrderStandIn]:
    """An order subsystem."""
    with order_stand_in() as shop:
        yield shop


def client(url: str, reservation: int | None = 900) -> OrderSubsystemClient:
    """As a gate has it."""
    return OrderSubsystemClient(
        SecretUrl(url), KEY, lambda: NOW, reservation_seconds=reservation, checkout_origins=(CHECKOUT,)
    )


def test_an_order_is_reserved_until_it_is_paid(shop: OrderStandIn) -> None:
    """At the checkout that the shop names; without `order.reservation` it is done, and may have a checkout, too."""
    shop.otherwise = says(201, checkout_url=f"{CHECKOUT}/c/1")
    assert ForwardResult(OrderState.RESERVED, "HTTP 201", f"{CHECKOUT}/c/1", 900) == client(shop.url).send(ORDER)
    assert ForwardResult(OrderState.DONE, "HTTP 201", f"{CHECKOUT}/c/1") == client(shop.url, None).send(ORDER)
    shop.otherwise = status(201)
    assert ForwardResult(OrderState.RESERVED, "HTTP 201", "", 900) == client(shop.url).send(ORDER)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/c/1",
        "http://checkout.example.com/c/1",
        "https://checkout.example.com.evil.example/",
        "https://checkout.example.com@evil.example/",
        "https://checkout.example.com:444/",
        "javascript:alert(1)",
        "//checkout.example.com/",
        "https://[",
        f"{CHECKOUT}/\r\nSet-Cookie: a=b",
        f"{CHECKOUT}/a b",
        f"{CHECKOUT}\\@evil.example",
        f"{CHECKOUT}/ü",
        f"{CHECKOUT}/{'a' * 2000}",
        7,
        {"url": CHECKOUT},
    ],
)
def test_a_checkout_elsewhere_is_not_followed(shop: OrderStandIn, url: object) -> None:
    """The order is taken all the same, and its note says so without the address."""
    shop.otherwise = says(201, checkout_url=url)
    result = client(shop.url).send(ORDER)
    assert (OrderState.RESERVED, "") == (result.state, result.checkout_url)
    assert "HTTP 201: its checkout_url is not followed: it is not at one of order.checkout_origins" == result.note


def test_a_checkout_may_be_anywhere_at_its_origin() -> None:
    """Hosts have no case; a path and a query have."""
    assert is_checkout("https://Checkout.Example.com/C?x=1#pay", (CHECKOUT,))


@pytest.mark.parametrize(
    ("answer", "state", "due_in"),
    [
        (says(200, result="paid"), OrderState.PAID, 0.0),
        (says(200, result="released"), OrderState.RELEASED, 0.0),
        (says(200, result="reserved"), OrderState.RESERVED, ASK_AGAIN_SECONDS),
        *((says(code, result="released"), OrderState.UNKNOWN, 0.0) for code in (302, 401, 404, 410, 422, 500)),
        (says(200, result="done"), OrderState.UNKNOWN, 0.0),
        (says(200, result=["released"]), OrderState.UNKNOWN, 0.0),
        (status(200), OrderState.UNKNOWN, 0.0),
        (lambda desk: desk.say(200, b"released"), OrderState.UNKNOWN, 0.0),
        (Desk.cut, OrderState.UNKNOWN, 0.0),
    ],
)
def test_only_the_shops_own_word_counts(shop: OrderStandIn, answer: Answer, state: OrderState, due_in: float) -> None:
    """Whatever else it answers to the question, the unit is held."""
    shop.otherwise = answer
    result = client(shop.url).ask(ORDER)
    assert (state, due_in) == (result.state, result.due_in)


def test_the_gate_asks_for_an_order_by_its_address(shop: OrderStandIn) -> None:
    """Its id is one more segment of the path, before the query; it is what is signed."""
    client(f"{shop.url}/?key=7").ask(ORDER)
    (asked,) = shop.received
    assert "/api/orders/o-1?key=7" == asked.path
    assert signature(KEY, int(NOW), b"o-1") == asked.fields["flashgen-signature"]


@pytest.mark.parametrize(
    ("answers", "state", "taken"),
    [
        ([says(200, result="paid")], OrderState.PAID, 1),
        ([says(200, result="released")], OrderState.RELEASED, 0),
        ([status(503), says(200, result="reserved"), Desk.cut, says(200, result="released")], OrderState.RELEASED, 0),
    ],
)
def test_when_its_time_is_over_the_shop_is_asked(
    tmp_path: Path, shop: OrderStandIn, answers: list[Answer], state: OrderState, taken: int
) -> None:
    """Not before; and again, until it says what the order is."""
    clock = Clock(NOW)
    storage = SqliteStorage(tmp_path / "gate.db", "sqlite:gate.db")
    storage.begin("night")
    bought(storage, "ada")
    storage.settle("order-ada", OrderState.RESERVED, NOW, NOW + 900, "HTTP 201")
    shop.answers = answers
    subsystem = client(shop.url)
    asker = Forwarder(
        "night",
        lambda: SqliteStorage(tmp_path / "gate.db", "sqlite:gate.db"),
        lambda: subsystem.ask,
        now=clock,
        monotonic=clock,
        random=lambda: 0.0,
        report=lambda order, result, state: None,
        log=lambda error: None,
        poll_seconds=0.01,
        reserved=True,
    )
    asker.start()
    try:
        clock.wait(899)
        held = dict(storage.tally("night", NOW).taken)
        assert ([], {"PHONE": 1}) == (shop.received, held)

        def is_over() -> bool:
            clock.wait(1)
            return bool(next(storage.orders("night")).state is state)

        wait_until(is_over)
    finally:
        asker.stop(5.0)
    assert taken == storage.tally("night", NOW).taken.get("PHONE", 0)
    assert [] == shop.answers
    storage.close()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[RunningGate]:
    """Of a sale whose orders wait to be paid."""
    with running_gate(tmp_path, checkout_origins=(CHECKOUT,), reservation_seconds=900) as gate:
        yield gate


def ordered(gate: RunningGate, sku: str = "LAMP") -> tuple[Browser, Order]:
    """A buyer, and their order."""
    browser = Browser(gate)
    browser.get(sku)
    browser.post(sku)
    return browser, gate.orders()[-1]


def test_a_buyer_is_led_to_the_checkout(gate: RunningGate) -> None:
    """The order's page asks again by itself until it is known where; when it is paid, it is the confirmation."""
    browser, order = ordered(gate)
    waiting = browser.get()
    assert ("order", "2") == (waiting.page, waiting.one("refresh"))
    assert f" {CHECKOUT};" in waiting.one("content-security-policy")
    gate.wait(61)
    assert "10" == browser.get().one("refresh")
    gate.storage.settle(order.id, OrderState.RESERVED, gate.clock(), gate.clock() + 900, "", f"{CHECKOUT}/c/1")
    sent = browser.get()
    assert (303, f"{CHECKOUT}/c/1", "no-referrer") == (sent.status, sent.one("location"), sent.one("referrer-policy"))
    gate.storage.settle(order.id, OrderState.PAID, gate.clock(), gate.clock(), "")
    paid = browser.get()
    assert (200, "order", "") == (paid.status, paid.page, paid.one("refresh"))


def test_without_a_checkout_it_is_a_confirmation(tmp_path: Path) -> None:
    """As it always was."""
    with running_gate(tmp_path) as gate:
        browser, _ = ordered(gate)
        shown = browser.get()
        assert ("order", "") == (shown.page, shown.one("refresh"))


def report(
    gate: RunningGate, order: str, result: object, key: bytes = SECRET, at: datetime | None = None, **changes: str
) -> tuple[int, dict[str, object]]:
    """What the gate answers to a report; `changes` are to its header fields."""
    at, body = at or datetime.now(UTC), json.dumps({"result": result})
    fields = {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(derived(key, FORWARD)).sign("msg-1", at, body),
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    scope = scope_of("POST", f"/orders/{order}", list(fields.items()))
    answer = gate.run(exchange(gate.gate, scope, body.encode()))
    return answer.status, json.loads(answer.body) if answer.body.startswith(b"{") else {}


def test_the_shop_reports_a_payment(gate: RunningGate) -> None:
    """As often as it likes; a unit that is paid never goes back."""
    _, order = ordered(gate)
    for _ in range(2):
        assert (200, {"result": "paid"}) == report(gate, order.id, "paid")
    assert (409, {"result": "paid"}) == report(gate, order.id, "released")
    assert {"LAMP": 1} == dict(gate.tally().taken)
    assert 1 == gate.count(Count.CONTRADICTED)


def test_a_released_unit_is_for_sale_and_a_late_payment_is_named(gate: RunningGate) -> None:
    """In the answer, the order's state, the log and to hooks; no unit is taken for it."""
    late: list[Order] = []
    gate.outside = replace(gate.outside, paid_late=late.append)
    gate.gate = Gate({SALE: lambda: gate.reader.reading}, gate.outside, 8091)
    browser, order = ordered(gate, "É 1")
    for _ in range(2):
        assert (200, {"result": "released"}) == report(gate, order.id, "released")
    assert {} == dict(gate.tally().taken)
    assert browser.get("É 1").page.startswith("form")
    for _ in range(2):
        assert (200, {"result": "paid", "late": True}) == report(gate, order.id, "paid")
    assert {} == dict(gate.tally().taken)
    assert {OrderState.PAID_LATE: 1} == {state: count for state, count in gate.tally().orders.items() if count}
    assert "order reported paid, and is paid-late here" in gate.logged()
    assert {order.id} == {one.id for one in late}


def test_a_report_that_the_shop_did_not_sign_changes_nothing(gate: RunningGate) -> None:
    """Another key, an old one, no signature, another's, or one that cannot be read."""
    _, order = ordered(gate)
    old = datetime.now(UTC) - timedelta(minutes=6)
    assert 401 == report(gate, order.id, "released", key=b"another key, as long as a real one")[0]
    assert 401 == report(gate, order.id, "released", at=old)[0]
    for signed in ("", "v1,", "v1", "v1,ü", "v1,!!", "nonsense", "v1,AAAA v1", "v2,AAAA"):
        assert 401 == report(gate, order.id, "released", webhook_signature=signed)[0]
    for moment in ("", "nan", "soon", "1e400"):
        assert 401 == report(gate, order.id, "released", webhook_timestamp=moment)[0]
    bad = exchange(gate.gate, scope_of("POST", f"/orders/{order.id}"), b"\xff\xfe")
    assert 401 == gate.run(bad).status
    assert [OrderState.ACCEPTED] == [one.state for one in gate.orders()]


def test_what_is_no_report_is_refused(gate: RunningGate) -> None:
    """Each with what is wrong."""
    _, order = ordered(gate)
    assert 404 == report(gate, "nobodys", "paid")[0]
    assert 404 == report(gate, "a/b", "paid")[0]
    for result in ("done", "paid-late", None, ["paid"]):
        assert 400 == report(gate, order.id, result)[0]
    assert 405 == gate.run(exchange(gate.gate, scope_of("GET", f"/orders/{order.id}"))).status
    on_admin = scope_of("POST", f"/orders/{order.id}", port=8091)
    assert 404 == gate.run(exchange(gate.gate, on_admin, b"{}")).status
    assert 413 == gate.run(exchange(gate.gate, scope_of("POST", f"/orders/{order.id}"), b"x" * 100_000)).status


def test_a_buyer_has_no_more_than_the_limit(tmp_path: Path) -> None:
    """A page says so; it is the sale's own."""
    key = f"_flashgen/{SALE}/gate/limit.0123456789.html"
    with running_gate(tmp_path, max_per_buyer=1) as gate:
        gate.store.put(key, page_text("limit").encode(), PRIVATE)
        gate.push(forms={**FORM_KEYS, forms.LIMIT: key})
        browser, order = ordered(gate)
        refused = browser.get("MUG")
        assert (403, "limit", 1) == (refused.status, refused.page, gate.count(Count.LIMIT))
        report(gate, order.id, "released")
        assert "form" in browser.get("MUG").page
