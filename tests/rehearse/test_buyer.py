"""A simulated buyer at a gate that answers what a test says; `flashgen demo` has them at a real one."""

from __future__ import annotations

import threading

import pytest
from support.scripted_gate import (
    ENDED,
    FORM,
    ORDER,
    ORDER_ID,
    PLACED,
    TOKEN_PATH,
    WAITING,
    Asked,
    Scripted,
    ScriptedGate,
    scripted_gate,
)
from support.storefront import pointer

from flashgen.rehearse import buyer as module
from flashgen.rehearse.buyer import Buyer, BuyResult, Purchase
from flashgen.rehearse.crowd.threads import rush

SKU = "A/1"
URL = f"{TOKEN_PATH}?sku=A%2F1"
EARLY = Scripted(403, b"soon", {"Refresh": "3"})


def buyer_at(gate: ScriptedGate) -> Buyer:
    """One who decides at once."""
    return Buyer(gate.order_url, SKU, lambda: 0.5)


def bought(*answers: Scripted, says: bytes = b"") -> Purchase:
    """What came of these answers, with a pointer that says so."""
    with scripted_gate(*answers) as gate:
        gate.pointers = [says or pointer("live")]
        return buyer_at(gate).buy(threading.Event())


def test_an_order_is_placed_as_by_a_browser() -> None:
    """The cookie comes back, the form is sent as it was filled, and the redirect is followed."""
    with scripted_gate(FORM, PLACED, ORDER) as gate:
        assert Purchase(BuyResult.ORDERED, ORDER_ID) == buyer_at(gate).buy(threading.Event())
    post = Asked("POST", URL, "buyer=ann", b"lease=l%261")
    assert [Asked("GET", URL, "", b""), post, Asked("GET", URL, "buyer=ann", b"")] == gate.asked


def test_a_buyer_asks_in_the_language_of_the_page() -> None:
    """As the page's button does, in a sale of several."""
    with scripted_gate(ORDER) as gate:
        Buyer(gate.order_url, SKU, lambda: 0.5, query="&lang=de").buy(threading.Event())
    assert [f"{URL}&lang=de"] == [asked.path for asked in gate.asked]


def test_an_order_that_is_there_is_seen_again() -> None:
    """Without a form."""
    assert Purchase(BuyResult.ORDERED, ORDER_ID) == bought(ORDER)


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (pointer("live"), BuyResult.FULL),
        (pointer("live", sold=["B"]), BuyResult.FULL),
        (pointer("live", sold=[SKU]), BuyResult.SOLD_OUT),
        (pointer("live", closed=["*"]), BuyResult.SOLD_OUT),
        (pointer("paused"), BuyResult.PAUSED),
        (pointer("ended", sold=[SKU]), BuyResult.ENDED),
        (pointer("scheduled"), BuyResult.EARLY),
        (b"not a pointer", BuyResult.UNAVAILABLE),
    ],
)
def test_who_gets_no_place_reads_why(says: bytes, expected: BuyResult) -> None:
    """On the page that waits for a place, as that reads the pointer."""
    assert expected == bought(WAITING, says=says).result


def test_who_is_sent_to_the_ended_page_of_an_open_sale_was_too_late() -> None:
    """The gate knows it before the pointer says so."""
    assert BuyResult.SOLD_OUT == bought(ENDED, says=pointer("live")).result
    assert BuyResult.PAUSED == bought(ENDED, says=pointer("paused")).result


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([EARLY], Purchase(BuyResult.EARLY, again_seconds=3)),
        ([Scripted(403)], Purchase(BuyResult.NOBODY)),
        ([Scripted(503, fields={"Refresh": "5"})], Purchase(BuyResult.UNAVAILABLE, again_seconds=5)),
        ([Scripted(503, fields={"Refresh": "1; url=/"})], Purchase(BuyResult.UNAVAILABLE)),
        ([Scripted(404)], Purchase(BuyResult.UNAVAILABLE)),
        ([Scripted(200, b"hello")], Purchase(BuyResult.UNAVAILABLE)),
        ([Scripted(200, b"\xff")], Purchase(BuyResult.UNAVAILABLE)),
        ([FORM, WAITING], Purchase(BuyResult.FULL)),
        ([FORM, ENDED], Purchase(BuyResult.SOLD_OUT)),
        ([FORM, PLACED, FORM], Purchase(BuyResult.FULL)),
    ],
)
def test_other_answers(answers: list[Scripted], expected: Purchase) -> None:
    """A form that comes again means that the place had gone."""
    assert expected == bought(*answers)


def test_nobody_there() -> None:
    """As when the gate is restarted."""
    with scripted_gate(ORDER) as gate:
        pass
    assert Purchase(BuyResult.UNAVAILABLE) == buyer_at(gate).buy(threading.Event())


def test_a_buyer_insists_while_there_is_hope(monkeypatch: pytest.MonkeyPatch) -> None:
    """Early, unavailable, full; then the order."""
    monkeypatch.setattr(module, "jittered", lambda seconds, draw: 0.0)
    with scripted_gate(EARLY, Scripted(503), WAITING, WAITING, FORM, PLACED, ORDER) as gate:
        assert Purchase(BuyResult.ORDERED, ORDER_ID, tries=5) == buyer_at(gate).buy_patiently(threading.Event())


def test_a_buyer_who_reads_that_it_is_sold_out_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the first page that says so."""
    monkeypatch.setattr(module, "jittered", lambda seconds, draw: 0.0)
    with scripted_gate(WAITING) as gate:
        gate.pointers = [pointer("live"), pointer("live", sold=[SKU])]
        assert Purchase(BuyResult.SOLD_OUT, tries=2) == buyer_at(gate).buy_patiently(threading.Event())


def test_a_rush_ends_when_patience_does() -> None:
    """Each of them gives up, and the answers are in the buyers' order."""
    with scripted_gate(WAITING) as full, scripted_gate(ORDER) as kind:
        outcomes = rush([buyer_at(full), buyer_at(kind), buyer_at(full)], 0.2)
    assert [BuyResult.FULL, BuyResult.ORDERED, BuyResult.FULL] == [one.result for one in outcomes]
