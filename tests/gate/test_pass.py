"""A sale whose buyers have passes: who is let in, and that the crowd costs no question to the storage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.operators import SALE
from support.running_gate import (
    ADMIN_PORT,
    ENDED,
    FOLDER,
    FORM_KEYS,
    OPEN_SECONDS,
    PRIVATE,
    Browser,
    RunningGate,
    page_text,
    running_gate,
)

from flashgen.gate import forms
from flashgen.gate.http.app import Gate
from flashgen.gate.metrics import Count
from flashgen.gate.settings import parse, render
from flashgen.layout import passes_key
from flashgen.passes import Pass, PassKeys, Withdrawn
from flashgen.unlock.state import State

KEYS = PassKeys(["k" * 32])
NOW = int(OPEN_SECONDS)
ADA = Pass("ada@example.com", SALE, NOW - 60, 0, NOW + 600, "id-ada")
REFUSALS = {name: f"_flashgen/{SALE}/gate/{name}.0123456789.html" for name in forms.REFUSALS}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningGate]:
    """A gate of a sale that asks for passes."""
    with running_gate(tmp_path, buyer="pass") as gate:
        for name, key in REFUSALS.items():
            gate.store.put(key, page_text(name).encode(), PRIVATE)
        gate.push(forms={**FORM_KEYS, **REFUSALS})
        dependencies = replace(gate.outside, passes=KEYS)
        gate.gate = Gate({SALE: lambda: gate.reader.reading}, dependencies, ADMIN_PORT)
        yield gate


def invited(running: RunningGate, shown: Pass = ADA, **more: Any) -> Browser:
    """A browser that has shown a pass."""
    browser = Browser(running, **more)
    answer = browser.ask("GET", f"/pass?p={KEYS.issue(shown)}")
    assert (303, f"{FOLDER}#ready") == (answer.status, answer.one("location"))
    return browser


def test_a_pass_leads_to_the_sale_and_stays_secret(running: RunningGate) -> None:
    """Nothing of it is in the way on, stored, or logged; no slot is taken; the cookie is signed and for the gate."""
    browser = Browser(running)
    text = KEYS.issue(ADA)
    answer = browser.ask("GET", f"/pass?p={text}")
    assert (303, f"{FOLDER}#ready", "no-store", "no-referrer") == (
        *(answer.status, answer.one("location")), answer.one("cache-control"), answer.one("referrer-policy")
    )  # fmt: skip
    cookie = answer.one("set-cookie")
    assert cookie.startswith(f"flashgen_pass_{SALE}=")
    assert {"HttpOnly", "SameSite=Lax", "Secure", "Path=/"} <= set(cookie.split("; "))
    assert (0, {"reader"}, 1) == (running.in_use(), set(running.logged()), running.count(Count.PASS))


def test_the_subject_is_the_buyer(running: RunningGate) -> None:
    """As a proxy's header would be: the order subsystem hears who buys."""
    browser = invited(running)
    kept = browser.cookie
    assert "form" == browser.get().page
    assert f"flashgen_form_{SALE}=1" == browser.cookie
    browser.cookie = f"{kept}; {browser.cookie}"
    assert 303 == browser.post().status
    assert ["ada@example.com"] == [order.buyer for order in running.orders()]
    assert "order" == browser.get().page


def test_two_browsers_of_one_customer_share_an_order(running: RunningGate) -> None:
    """One of each product, whatever they open their link with."""
    first, second = invited(running), invited(running, replace(ADA, id="another"))
    for browser in (first, second):
        kept = browser.cookie
        page = browser.get().page
        browser.cookie = kept
        if page == "form":
            browser.post()
    assert 1 == len(running.orders())
    assert "order" == second.get().page


def test_nobody_orders_without_a_pass(running: RunningGate, monkeypatch: pytest.MonkeyPatch) -> None:
    """And asking costs the storage nothing, before, while and after the sale is open."""
    monkeypatch.setattr(running.storage, "decide", _never)
    stranger = Browser(running)
    assert [(403, "nobody")] * 2 == [(one.status, one.page) for one in (stranger.get(), stranger.post(lease="x"))]
    running.point(state=State.ENDED)
    assert (303, ENDED) == ((answer := stranger.get()).status, answer.one("location"))


def test_a_loser_with_a_pass_costs_no_question(running: RunningGate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody has a pass there: only who got a form may have an order."""
    browser = invited(running)
    monkeypatch.setattr(running.storage, "decide", _never)
    running.point(closed=frozenset({"LAMP"}))
    assert (303, ENDED) == ((answer := browser.get()).status, answer.one("location"))


@pytest.mark.parametrize(
    ("shown", "page"),
    [
        (replace(ADA, expires_at=NOW), forms.EXPIRED),
        (replace(ADA, sale="day"), forms.OTHER_SALE),
        (replace(ADA, id="id-gone"), forms.WITHDRAWN),
        (replace(ADA, subject="eve"), forms.WITHDRAWN),
    ],
    ids=["expired", "other sale", "id", "subject"],
)
def test_a_refused_pass_says_why(running: RunningGate, shown: Pass, page: str) -> None:
    """And makes nobody a buyer."""
    withdraw(running, Withdrawn().adding(["eve"], ["id-gone"]))
    browser = Browser(running)
    answer = browser.ask("GET", f"/pass?p={KEYS.issue(shown)}")
    assert (403, page, "") == (answer.status, answer.page, browser.cookie)
    assert 1 == running.count(Count.NOBODY)


@pytest.mark.parametrize("query", ["", "p=", "p=a.b.c", "p=x&p=y", "p=%ff", "q=" + "x" * 5000, "p=" + "x" * 9000])
def test_what_is_no_pass_is_unreadable(running: RunningGate, query: str) -> None:
    """One that another key signed, too."""
    assert (403, forms.UNREADABLE) == ((one := Browser(running).ask("GET", f"/pass?{query}")).status, one.page)
    foreign = PassKeys(["x" * 32]).issue(ADA)
    assert forms.UNREADABLE == Browser(running).ask("GET", f"/pass?p={foreign}").page


def test_a_withdrawn_pass_takes_its_cookie_along(running: RunningGate) -> None:
    """From the next reading on; other buyers stay."""
    ada, bob = invited(running), invited(running, replace(ADA, subject="bob", id="id-bob"))
    withdraw(running, Withdrawn().adding(["ada@example.com"], []))
    assert ["nobody", "form"] == [ada.get().page, bob.get().page]


def test_a_cookie_is_for_its_sale_and_cannot_be_made(running: RunningGate) -> None:
    """Nor changed: no subject, no id, no other sale's."""
    name, _, value = invited(running).cookie.partition("=")
    subject, pass_id, signature = value.split(".")
    for forged in (f"Ym9i.{pass_id}.{signature}", f"{subject}..{signature}", f"{subject}.{pass_id}.{signature[:-1]}A"):
        if forged != value:
            assert "nobody" == Browser(running, cookie=f"{name}={forged}").get().page
    assert "nobody" == Browser(running, cookie=f"flashgen_buyer={value}").get().page


def test_the_longest_subject_fits_into_a_cookie(running: RunningGate) -> None:
    """200 characters of any script."""
    longest = invited(running, replace(ADA, subject="語" * 200, id="x" * 64))
    assert len(longest.cookie) < 4096
    assert "form" == longest.get().page


def test_only_get_shows_a_pass(running: RunningGate) -> None:
    """And never at the admin port."""
    path = f"/pass?p={KEYS.issue(ADA)}"
    assert [405, 405] == [Browser(running).ask(method, path).status for method in ("HEAD", "POST")]
    assert 404 == Browser(running, port=ADMIN_PORT).ask("GET", path).status


def test_a_stale_reading_accepts_no_pass(running: RunningGate) -> None:
    """It may have been withdrawn."""
    running.monotonic.wait(10.1)
    assert 503 == Browser(running).ask("GET", f"/pass?p={KEYS.issue(ADA)}").status


def test_damaged_withdrawals_let_nobody_in(running: RunningGate) -> None:
    """The last reading counts for ten seconds, as it does for gate.json; without the object nothing is withdrawn."""
    browser = invited(running)
    running.store.put(passes_key(SALE), b"junk", PRIVATE)
    running.wait(9)
    assert "form" == browser.get().page
    running.wait(2)
    assert 503 == Browser(running).ask("GET", f"/pass?p={KEYS.issue(ADA)}").status
    running.store.delete([passes_key(SALE)])
    running.wait(1)
    invited(running)


def test_other_sales_know_no_passes(tmp_path: Path) -> None:
    """There is no such path."""
    with running_gate(tmp_path) as gate:
        assert 404 == Browser(gate).ask("GET", f"/pass?p={KEYS.issue(ADA)}").status


def test_an_older_gate_refuses_such_a_sale(running: RunningGate) -> None:
    """It would take `pass` for the name of a header."""
    body = render(running.settings)
    assert b'"format": 5' in body
    assert running.settings == parse(body, "gate.json")


def withdraw(running: RunningGate, withdrawn: Withdrawn) -> None:
    """Put the object, and have the gate read it."""
    running.store.put(passes_key(SALE), withdrawn.render(), PRIVATE)
    running.reader.poll()


def _never(*_: object) -> Any:
    raise AssertionError("the storage was asked")
