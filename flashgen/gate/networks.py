"""How many of a server's slots the buyers of one network may have at a time: one customer's networks take a part.

A provider gives a customer one IPv4 address or a few in a row, and of IPv6 a /64, a /56 or a /48
(https://www.rfc-editor.org/rfc/rfc6177). Many honest buyers may share an address, behind a company's or a mobile
network's NAT.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network

Address = IPv4Address | IPv6Address

UNKNOWN = "unknown"

UNSEEN_SECONDS = 10.0
"""A lease without a sign of life for so long makes way in a full house: a form is shown within that, or never."""

_SHARES = {4: ((32, 8), (24, 4)), 6: ((64, 8), (56, 6), (48, 4))}
"""By version of IP: the length of a prefix, and which part of the slots it may have, as 1 in so many."""


@dataclass(frozen=True, slots=True)
class Network:
    """A network by its name, and how many slots its buyers may have together."""

    name: str
    slots: int


def networks_of(address: Address | None, slots: int) -> tuple[Network, ...]:
    """Those that an address is counted in, at a server that has so many `slots`. This machine is not limited."""
    if address is None:
        return (Network(UNKNOWN, _part(slots, 8)),)
    if address.is_loopback:
        return ()
    return tuple(
        Network(str(ip_network((address, prefix), strict=False)), _part(slots, parts))
        for prefix, parts in _SHARES[address.version]
    )


def share(slots: int, unused: int) -> int:
    """What is left of a network's `slots` after so many forms ran out `unused` since it ordered last: at least one.

    Redis has the same rule in `slots.lua`.
    """
    return min(slots, max(1, slots - unused))


def _part(slots: int, parts: int) -> int:
    return max(1, -(-slots // parts))
