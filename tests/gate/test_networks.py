"""Which part of a server's slots the buyers of a network may have."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from flashgen.gate.networks import Network, networks_of, share


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.9", {"203.0.113.9/32": 5, "203.0.113.0/24": 10}),
        ("2001:db8:1:2:3::4", {"2001:db8:1:2::/64": 5, "2001:db8:1::/56": 7, "2001:db8:1::/48": 10}),
        ("2001:db8:1:1ff::4", {"2001:db8:1:1ff::/64": 5, "2001:db8:1:100::/56": 7, "2001:db8:1::/48": 10}),
        ("127.0.0.1", {}),
        ("::1", {}),
    ],
)
def test_an_address_is_counted_in_its_networks(address: str, expected: dict[str, int]) -> None:
    """Of 40 slots. This machine is not limited."""
    found = networks_of(ip_address(address), 40)
    assert expected == {network.name: network.slots for network in found}


def test_nobody_knows_where_from() -> None:
    """All of them are one."""
    assert (Network("unknown", 5),) == networks_of(None, 40)


@pytest.mark.parametrize(("slots", "expected"), [(1, [1, 1]), (9, [2, 3]), (100, [13, 25])])
def test_parts_are_rounded_up(slots: int, expected: list[int]) -> None:
    """Nobody is shut out by a small server."""
    assert expected == [network.slots for network in networks_of(ip_address("203.0.113.9"), slots)]


@pytest.mark.parametrize(("slots", "unused", "expected"), [(5, 0, 5), (5, 3, 2), (5, 4, 1), (5, 99, 1), (0, 7, 0)])
def test_forms_that_ran_out_take_from_the_part(slots: int, unused: int, expected: int) -> None:
    """All but one."""
    assert expected == share(slots, unused)
