"""The stand-in of an order subsystem."""

from __future__ import annotations

from urllib.request import Request, urlopen

from flashgen.rehearse.order_subsystem import StandInOrderSubsystem


def post(url: str, key: str) -> int:
    """Send an order; the status that comes back."""
    with urlopen(Request(url, b"{}", {"Idempotency-Key": key})) as response:
        return int(response.status)


def test_it_takes_each_order_once_and_notes_every_request() -> None:
    """By the key: what comes again is no other order."""
    with StandInOrderSubsystem() as shop:
        assert [201, 201, 200] == [post(shop.url, key) for key in ("a", "b", "a")]
    assert {"a": 2, "b": 1} == {key: len(times) for key, times in shop.received.items()}
    assert sorted(shop.received["a"]) == shop.received["a"]
