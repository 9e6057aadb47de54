"""Which address a request comes from, behind the proxies that a sale trusts."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from flashgen.gate.http.request import Scope, header_values
from flashgen.gate.networks import Address

CLIENTS = 10
"""So many clients behind one address are a proxy that nobody named. One client may invent them: it is but a warning."""

MAX_SENDERS = 64
"""Of so many addresses is counted whom they forward for."""

_OF_PROXIES = (b"x-forwarded-for", b"forwarded", b"via", b"x-real-ip")
"""A request with one of these came through a proxy."""

_HOST_AND_PORT = re.compile(r"\[(.+)\](?::\d+)?|([^:]+):\d+")


class ClientAddresses:
    """Those of a sale's clients. `trusted_proxies` are networks.

    `warn` gets the address of what looks like a proxy that is not trusted: all its buyers count as one.
    """

    def __init__(self, trusted_proxies: Sequence[str], warn: Callable[[str], object] = lambda _: None) -> None:
        self._proxies = tuple(ipaddress.ip_network(network) for network in trusted_proxies)
        self._warn = warn
        self._senders: dict[Address, set[str]] = {}

    def of(self, scope: Scope) -> Address | None:
        """Where a request comes from, None if nobody knows.

        The peer's; if that is a trusted proxy or this machine, the right-most of X-Forwarded-For that is neither.
        """
        peer = peer_of(scope)
        if peer is None:
            return None
        hops = [hop for value in header_values(scope, b"x-forwarded-for") for hop in value.split(",")]
        while self._is_trusted(peer) and hops:
            before = parsed(hops.pop().strip())
            if before is None:
                break
            peer = before
        if hops and not self._is_trusted(peer):
            self._note_sender(peer, hops[-1].strip()[:64])
        return peer

    def _note_sender(self, peer: Address, client: str) -> None:
        """An address that is not trusted says whom it forwards for."""
        if len(self._senders) >= MAX_SENDERS:
            self._senders.clear()
        clients = self._senders.setdefault(peer, set())
        if len(clients) < CLIENTS:
            clients.add(client)
            if len(clients) == CLIENTS:
                self._warn(str(peer))

    def _is_trusted(self, address: Address) -> bool:
        return address.is_loopback or any(address in network for network in self._proxies)


def is_neighbour(scope: Scope) -> bool:
    """Whether the client is on this machine or on a private network, with no proxy between."""
    peer = peer_of(scope)
    return bool(peer and peer.is_private and not any(header_values(scope, name) for name in _OF_PROXIES))


@lru_cache(maxsize=4096)
def parsed(text: str) -> Address | None:
    """An address as proxies write it, with or without a port; IPv4 in IPv6 is IPv4. None for anything else."""
    pair = _HOST_AND_PORT.fullmatch(text)
    try:
        address = ipaddress.ip_address((pair[1] or pair[2]) if pair else text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def peer_of(scope: Scope) -> Address | None:
    """The other end of the connection, None if nobody knows it any more."""
    client = scope.get("client")
    return parsed(client[0]) if client else None
