"""Tokens that open nothing: no slot, no order, no traceback."""

from __future__ import annotations

import base64
import json
import random
import string
from dataclasses import replace
from typing import Any

import pytest
from support.operators import SALE, SECRET, STARTS_AT
from support.running_gate import ADMIN_PORT, ENDED, Browser, RunningGate, order_path, token

from flashgen.gate.http.app import KNOWN_MAX, Gate
from flashgen.gate.metrics import Count

OTHER_KEY = b"a secret that is not the gate's, in 32"
OPENS = int(STARTS_AT.timestamp())


def check_nothing_opened(running: RunningGate) -> None:
    """Neither slot nor order nor bug."""
    assert (0, [], 0, 0) == (running.in_use(), running.orders(), running.count(Count.BUGS), running.count(Count.LEASES))


def forged() -> str:
    """The right claims, and a signature of zeros."""
    payload, _, signature = token().rpartition(".")
    return f"{payload}.{'A' * len(signature)}"


BAD = {
    "empty": "",
    "dot": ".",
    "forged": forged(),
    "other key": token(OTHER_KEY),
    "truncated": token()[:-1],
    "without its signature": token().rpartition(".")[0],
    "longer": token() + "A",
    "another spelling": token() + "=",
    "twice": f"{token()}/{token()}",
    "foreign sale": token(sale="other"),
    "not a sale's name": token(sale="../../etc"),
    "old epoch": token(epoch=0),
    "another nonce": token(nonce="token-2"),
    "expired": token(expires=OPENS + 1),
    "unsigned JSON": base64.urlsafe_b64encode(json.dumps({"sale": SALE}).encode()).decode(),
    "huge": "A" * 50_000,
    "path": "../../../etc/passwd",
    "unicode": "é日本",
    "NUL": "\0",
    "line break": "\r\nSet-Cookie: a=b",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_opens_nothing(running: RunningGate, name: str) -> None:
    """GET and POST lead to the sale's own page that says so, with a cookie or without."""
    browser = Browser(running)
    for answer in (
        browser.get(shown=BAD[name]),
        browser.post(shown=BAD[name], lease="x"),
        browser.get(shown=BAD[name]),
    ):
        assert (303, ENDED) == (answer.status, answer.one("location")) or (403, "nobody") == (
            answer.status,
            answer.page,
        )
    check_nothing_opened(running)


def test_a_token_of_a_go_live_that_the_gate_has_not_read_comes_again(running: RunningGate) -> None:
    """The first buyers are faster than the gate's reading; a page that says the sale is over would be untrue."""
    first, fresh = Browser(running), token(epoch=2, nonce="token-2")
    assert (503, "unavailable") == ((answer := first.get(shown=fresh)).status, answer.page)
    check_nothing_opened(running)
    running.point(epoch=2, token_nonce="token-2")
    assert 200 == first.get(shown=fresh).status


def test_an_early_token_waits(running: RunningGate) -> None:
    """It is good, and its time has not come."""
    early = token(not_before=int(running.clock()) + 30)
    assert (403, "early") == ((answer := Browser(running).get(shown=early)).status, answer.page)
    check_nothing_opened(running)


def test_a_token_of_odd_claims_opens_nothing(running: RunningGate) -> None:
    """Signed by us and not made by us: no type is taken for granted."""
    odd: list[dict[str, Any]] = [{"epoch": "1"}, {"epoch": None}, {"sale": 7}, {"sale": None}, {"nonce": []}]
    for changes in [*odd, {"sale": [SALE]}]:
        answer = Browser(running).get(shown=token(**changes))
        assert (303, ENDED) == (answer.status, answer.one("location"))
    check_nothing_opened(running)


def test_a_bad_token_belongs_to_the_sale_that_it_claims(running: RunningGate) -> None:
    """With several sales; to none of ours, to none."""
    running.gate = Gate({SALE: lambda: running.reader.reading, "other": lambda: None}, running.outside, ADMIN_PORT)
    browser = Browser(running)
    shown = [
        token(OTHER_KEY),
        token(OTHER_KEY, sale="other"),
        token(OTHER_KEY, sale="third"),
        "x",
        token(sale="third"),
        token(OTHER_KEY, sale=["a"]),
    ]
    answers = [browser.get(shown=one) for one in shown]
    assert [303, 303, 404, 404, 404, 404] == [answer.status for answer in answers]
    assert [ENDED, ENDED.replace(SALE, "other")] == [answer.one("location") for answer in answers[:2]]
    check_nothing_opened(running)


def test_ten_thousand_mutations(running: RunningGate) -> None:
    """Each differs from the good one, and opens nothing."""
    chosen = random.Random(6)
    good = token()
    browser = Browser(running)
    for _ in range(10_000):
        answer = browser.get(shown=_mutated(good, chosen))
        assert (303, ENDED) == (answer.status, answer.one("location"))
    check_nothing_opened(running)
    assert len(running.gate._known) <= 1


def test_mutations_at_a_gate_of_two_sales(running: RunningGate) -> None:
    """They belong to one of them by what they claim, or to none; they open neither."""
    running.gate = Gate({SALE: lambda: running.reader.reading, "other": lambda: None}, running.outside, ADMIN_PORT)
    chosen, good, browser = random.Random(7), token(), Browser(running)
    places = {(303, ENDED), (303, ENDED.replace(SALE, "other")), (404, "")}
    found = {
        (answer.status, answer.one("location"))
        for answer in (browser.get(shown=_mutated(good, chosen)) for _ in range(3000))
    }
    assert {(303, ENDED), (404, "")} <= found <= places
    check_nothing_opened(running)


@pytest.mark.parametrize("name", ["empty", "without its signature", "another spelling", "huge", "unicode", "NUL"])
def test_what_cannot_be_a_token_costs_no_signature(
    running: RunningGate, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """However long it is."""
    monkeypatch.setattr(running.gate._signer, "read", lambda _: pytest.fail("read"))
    assert 303 == Browser(running).get(shown=BAD[name]).status


def _mutated(good: str, chosen: random.Random) -> str:
    characters = string.ascii_letters + string.digits + "-_.=+/%~ \x00é"
    while True:
        text = list(good)
        for _ in range(chosen.choice((1, 1, 1, 2, 5))):
            place = chosen.randrange(len(text))
            change = chosen.randrange(4)
            text[place : place + change] = chosen.choices(characters, k=chosen.randrange(3))
        if "?" not in text and "".join(text) != good:
            return "".join(text)


def test_a_key_that_was_rotated_still_counts(running: RunningGate) -> None:
    """The pointer's token may be of the key before; of one that was thrown away it may not."""
    for keys, page in (((OTHER_KEY, SECRET), "form"), ((OTHER_KEY,), "")):
        running.gate = Gate({SALE: lambda: running.reader.reading}, replace(running.outside, keys=keys), ADMIN_PORT)
        assert page == Browser(running).get(shown=token(SECRET)).page


def test_what_is_remembered_is_bounded(running: RunningGate) -> None:
    """Many good tokens are forgotten again; bad ones are never remembered."""
    browser = Browser(running)
    for number in range(3 * KNOWN_MAX):
        browser.get(shown=token(nonce=f"token-{number}"))
        browser.get(shown=token(OTHER_KEY, nonce=f"token-{number}"))
    assert 0 < len(running.gate._known) <= KNOWN_MAX
    assert order_path().partition("?")[0]
