"""Where a request comes from."""

from __future__ import annotations

import pytest
from support.running_gate import scope_of

from flashgen.gate.http.client_address import CLIENTS, ClientAddresses, is_neighbour
from flashgen.gate.http.request import Message

PROXY = "10.0.0.7"
ADDRESSES = ClientAddresses(("10.0.0.0/8", "fd00::/8"))


def come(*fields: tuple[str, str], peer: str = "203.0.113.9") -> Message:
    """A request with these header fields."""
    return scope_of("GET", "/o/x?sku=LAMP", fields, (peer, 1))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        (PROXY, ["198.51.100.1"], "198.51.100.1"),
        (PROXY, ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        (PROXY, ["6.6.6.6", "198.51.100.1, 10.0.0.8"], "198.51.100.1"),
        (PROXY, ["198.51.100.1:4711"], "198.51.100.1"),
        (PROXY, ["[2001:db8::7]:4711"], "2001:db8::7"),
        (PROXY, ["6.6.6.6, nonsense"], PROXY),
        (PROXY, ["10.0.0.8, 10.0.0.9"], "10.0.0.8"),
        (PROXY, [], PROXY),
        (PROXY, ["", ","], PROXY),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("::1", [], "::1"),
        ("2001:db8:0:1:aaaa::1", [], "2001:db8:0:1:aaaa::1"),
        ("::ffff:198.51.100.1", [], "198.51.100.1"),
        ("no-address", ["198.51.100.1"], "None"),
    ],
)
def test_where_a_request_comes_from(peer: str, forwarded: list[str], expected: str) -> None:
    """What a stranger says of it counts for nothing."""
    fields = [("x-forwarded-for", value) for value in forwarded]
    assert expected == str(ADDRESSES.of(come(*fields, peer=peer)))


def test_a_proxy_that_nobody_named_is_warned_of_once() -> None:
    """By its address; a trusted one, and a stranger who says it once, are not."""
    warned: list[str] = []
    one = ClientAddresses(("10.0.0.0/8",), warned.append)
    for number in range(2 * CLIENTS):
        client = ("x-forwarded-for", f"198.51.100.{number}")
        one.of(come(client, peer="10.0.0.7"))
        one.of(come(("x-forwarded-for", "6.6.6.6"), peer="203.0.113.9"))
        one.of(come(client, peer="192.0.2.1"))
    assert ["192.0.2.1"] == warned


def test_a_peer_without_an_address() -> None:
    """It has gone already, or never had one."""
    assert None is ADDRESSES.of(scope_of("GET", "/", (), None))


@pytest.mark.parametrize(
    ("peer", "fields", "expected"),
    [
        ("127.0.0.1", [], True),
        ("10.1.2.3", [], True),
        ("fd00::1", [], True),
        ("8.8.8.8", [], False),
        ("127.0.0.1", [("x-forwarded-for", "127.0.0.1")], False),
        ("127.0.0.1", [("forwarded", "for=8.8.8.8")], False),
        ("127.0.0.1", [("via", "1.1 nginx")], False),
        ("127.0.0.1", [("x-real-ip", "8.8.8.8")], False),
    ],
)
def test_neighbours(peer: str, fields: list[tuple[str, str]], expected: bool) -> None:
    """On this machine or a private network, and no proxy in between."""
    assert expected is is_neighbour(come(*fields, peer=peer))
