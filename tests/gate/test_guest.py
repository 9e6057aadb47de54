"""A guest orders: the form asks for a contact, keeps it on a mistake, and it goes to the order subsystem alone."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from support.operators import SECRET
from support.running_gate import Browser, RunningGate, order_path

from flashgen.gate.contact import FIELDS, ContactSeal
from flashgen.gate.forms import CONTACT_FIELDS
from flashgen.gate.metrics import Count
from flashgen.unlock.state import State

ADA = {"email": "ada@example.com", "name": "Ada <b>", "address": "1 Loop\r\n99999 Town", "phone": "+49 30 123456"}


@pytest.fixture
def guest(running: RunningGate, browser: Browser) -> Browser:
    """One with a form that asks for everything."""
    running.push(contact=CONTACT_FIELDS)
    browser.get()
    return browser


def sent(guest: Browser, **changes: str) -> bytes:
    """The form, filled in."""
    return urlencode({"lease": guest.lease, **ADA, **changes}).encode()


def test_the_form_and_the_contact_have_the_same_fields() -> None:
    """Pages are rendered with the ones, forms are read with the others."""
    assert CONTACT_FIELDS == tuple(FIELDS)


def test_a_contact_is_sealed_with_its_order(running: RunningGate, guest: Browser, tmp_path: Path) -> None:
    """Neither a file of the gate nor its log has a word of it."""
    assert 303 == guest.ask("POST", order_path(), sent(guest)).status
    (order,) = running.orders()
    assert {**ADA, "address": "1 Loop\n99999 Town"} == ContactSeal([SECRET]).open(order.id, order.contact)
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert any(order.id.encode() in body for body in files)
    assert not any(b"ada@" in body for body in files)
    assert "ada@" not in str(running.events)
    assert "order" == guest.get().page


def test_a_mistake_shows_the_form_again(running: RunningGate, guest: Browser) -> None:
    """With what was typed, escaped; the place is kept, and nothing was ordered."""
    answer = guest.ask("POST", order_path(), sent(guest, email="ada", phone=" "))
    assert (422, "form") == (answer.status, answer.page)
    shown = {name: [unescape(answer.value(f"{what}_{name}")) for what in ("value", "fault")] for name in CONTACT_FIELDS}
    expected = {"email": ["ada", "true"], "name": [ADA["name"], ""], "address": ["1 Loop\n99999 Town", ""]}
    assert expected | {"phone": ["", "true"]} == shown
    assert ([], 1) == (running.orders(), running.count(Count.LEASES))
    assert 303 == guest.ask("POST", order_path(), sent(guest)).status
    assert 1 == len(running.orders())


def test_a_paused_sale_lets_guests_correct_themselves(running: RunningGate, guest: Browser) -> None:
    """As it lets all finish who have a form."""
    running.point(state=State.PAUSED)
    assert 422 == guest.ask("POST", order_path(), sent(guest, name="")).status
    assert 303 == guest.ask("POST", order_path(), sent(guest)).status


def test_a_sale_without_contact_takes_none(running: RunningGate, browser: Browser) -> None:
    """Whatever a form says."""
    browser.get()
    assert 303 == browser.ask("POST", order_path(), sent(browser)).status
    assert [""] == [order.contact for order in running.orders()]
