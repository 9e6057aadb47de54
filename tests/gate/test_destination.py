"""Where orders go: what gate.json says now."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.order_stand_in import order_stand_in
from support.running_gate import SETTINGS, RunningGate
from support.visits import NOW

from flashgen.addresses import SecretUrl
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.orders.order_subsystem import Destination, OrderSubsystemClient

ORDER = Order("order-1", "fair", "LAMP", "ada", "19.90", "EUR", NOW)


def test_nobody_gets_orders_before_somebody_is_named(running: RunningGate) -> None:
    """Nor before anything is known."""
    assert Destination(lambda: None, b"key", lambda: NOW)() is None
    assert Destination(lambda: running.reader.reading, b"key", lambda: NOW)() is None


def test_a_push_turns_orders_to_another_place(running: RunningGate) -> None:
    """And away from all."""
    to = Destination(lambda: running.reader.reading, b"key", lambda: NOW)
    with order_stand_in() as one, order_stand_in() as other:
        for place in (one, other):
            running.push(replace(SETTINGS, forward_to=SecretUrl(place.url)))
            send = to()
            assert send
            assert OrderState.DONE is send(ORDER).state
        assert [1, 1] == [len(one.received), len(other.received)]
    running.push(replace(SETTINGS, forward_to=None))
    assert to() is None


def test_the_way_to_the_place_of_before_is_closed(running: RunningGate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections to nobody would add up, push after push."""
    closed: list[str] = []
    monkeypatch.setattr(OrderSubsystemClient, "close", lambda self: closed.append(self.url.reveal()))
    to = Destination(lambda: running.reader.reading, b"key", lambda: NOW)
    for url in ("http://127.0.0.1:1/a", "http://127.0.0.1:1/b", None):
        running.push(replace(SETTINGS, forward_to=SecretUrl(url) if url else None))
        to()
    assert ["http://127.0.0.1:1/a", "http://127.0.0.1:1/b"] == closed


def test_as_long_as_the_place_is_the_same_so_is_the_way(running: RunningGate) -> None:
    """A forwarder forgets what it knows of a place when it is another."""
    running.push(replace(SETTINGS, forward_to=SecretUrl("http://127.0.0.1:1/a")))
    to = Destination(lambda: running.reader.reading, b"key", lambda: NOW)
    first = to()
    running.push(replace(SETTINGS, forward_to=SecretUrl("http://127.0.0.1:1/a"), slots_per_server=99))
    assert first == to()
    running.push(replace(SETTINGS, forward_to=SecretUrl("http://127.0.0.1:1/b")))
    assert first != to()
