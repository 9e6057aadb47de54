"""Resolves a host to addresses of the public internet, and refuses all others.

A feed is written by others: a URL in it must not reach what only this machine can reach, such as a cloud's metadata
service. The caller connects to the address that was checked; a second look-up could give another one (DNS rebinding).
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from flashgen.errors import FlashgenError

_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052
_METADATA = frozenset(map(IPv4Address, ("168.63.129.16", "192.0.0.192")))
"""Services of Azure and Oracle Cloud for their machines alone, at addresses that no registry calls private."""

_PRIVATE_DOMAINS = frozenset(("internal", "local", "localhost"))
"""Names that are never of the public internet: RFC 6761, RFC 6762, and ICANN's resolution 2024.07.29.06."""


class Unfetchable(FlashgenError):
    """Why a URL's picture was not brought in. The caller adds the line that names it."""


def public_addresses(host: str, port: int) -> tuple[str, ...]:
    """The addresses of a host, in the system's order. Raises Unfetchable if there is none, or one is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # a label may be too long for IDNA
        raise Unfetchable(f"the host {host} has no address", "correct the URL, or try again later") from None
    return _checked(host, found)


def check_name(host: str) -> None:
    """What can be said of a host that a proxy will look up. Raises Unfetchable for a private address or name.

    Every spelling of an address counts that the system takes for one: `127.1` and `0x7f000001` are loopback.
    """
    labels = host.rstrip(".").split(".")
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):  # a name
        if not labels[1:] or labels[-1].lower() in _PRIVATE_DOMAINS:
            raise _not_public(f"the host {host}") from None
    else:
        _checked(host, found)


def _checked(host: str, found: Sequence[tuple[Any, ...]]) -> tuple[str, ...]:
    """The addresses in what `getaddrinfo` returned."""
    addresses = tuple(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    for address in addresses:
        if not is_public(address):
            raise _not_public(f"the host {host} has the address {address}, which")
    return addresses


def _not_public(what: str) -> Unfetchable:
    hint = "put the file beside the YAML, and name it instead of the URL"
    return Unfetchable(f"{what} is not of the public internet", hint)


def is_public(address: str) -> bool:
    """Whether an IP address is of the public internet, also the IPv4 address that an IPv6 one leads to."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        inner = _inner(ip)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    return (
        ip.is_global
        and ip not in _METADATA
        and not (ip.is_multicast or ip.is_reserved or ip.is_loopback or ip.is_link_local)
    )


def _inner(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address inside of a mapped, a 6to4, a Teredo or a NAT64 address."""
    teredo = ip.teredo
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or (teredo[1] if teredo else None)
