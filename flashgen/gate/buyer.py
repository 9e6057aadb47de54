"""Who asks: a buyer by a signed cookie or by a proxy's header, and the address that they come from."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from flashgen.gate.request import Scope, header_values
from flashgen.gate.seal import Seal
from flashgen.gate.settings import GateSettings

COOKIE_NAME = "flashgen_buyer"
COOKIE_SECONDS_AFTER = 30 * 86400
"""How long after the sale's end a buyer can still see their order."""

MAX_BUYER = 200
UNKNOWN_ADDRESS = "unknown"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_OF_PROXIES = (b"x-forwarded-for", b"forwarded", b"via", b"x-real-ip")
"""Where one of these is, a proxy stands between."""

_COOKIE = re.compile(rf"(?:^|;)\s*{COOKIE_NAME}=([A-Za-z0-9_-]{{1,64}})\.([A-Za-z0-9_-]{{22}})\s*(?=;|$)")
_HOST_AND_PORT = re.compile(r"\[(.+)\](?::\d+)?|([^:]+):\d+")


class Buyers:
    """How a sale's buyers are known at the server whose origin is `server`.

    `sign` is field's name in lower case, and bytes that its value has if it may name a buyer: whoever lacks that is
    nobody yet, at no cost.
    """

    def __init__(self, settings: GateSettings, server: str, seal: Seal) -> None:
        self.is_by_cookie = settings.buyer == "cookie"
        self._header = settings.buyer.removeprefix("header:").lower().encode()
        self.sign = (b"cookie", f"{COOKIE_NAME}=".encode()) if self.is_by_cookie else (self._header, b"")
        self._proxies = tuple(ipaddress.ip_network(network) for network in settings.trusted_proxies)
        self._attributes = _attributes(server, settings.servers)
        self._seal = seal

    def known(self, scope: Scope) -> str | None:
        """The buyer that a request is of, if it says so in a way that can be believed."""
        return self._by_cookie(scope) if self.is_by_cookie else self._by_header(scope)

    def cookie(self, buyer: str, seconds: int) -> str:
        """The value of Set-Cookie that makes a browser `buyer`, for so many seconds."""
        return f"{COOKIE_NAME}={buyer}.{self._seal.sign(buyer)}; Max-Age={seconds}; {self._attributes}"

    def address(self, scope: Scope) -> str:
        """Where a request comes from: an IPv4 address, or the /64 network of an IPv6 one.

        The peer's; if that is a trusted proxy or this machine, the right-most of X-Forwarded-For that is neither.
        """
        peer = _peer(scope)
        if peer is None:
            return UNKNOWN_ADDRESS
        hops = [hop for value in header_values(scope, b"x-forwarded-for") for hop in value.split(",")]
        while self._is_trusted(peer) and hops:
            before = parsed(hops.pop().strip())
            if before is None:
                break
            peer = before
        return _place(peer)

    def _by_cookie(self, scope: Scope) -> str | None:
        for value in header_values(scope, b"cookie"):
            for buyer, signature in _COOKIE.findall(value):
                if self._seal.is_good(buyer, signature):
                    return str(buyer)
        return None

    def _by_header(self, scope: Scope) -> str | None:
        """In UTF-8. A field that comes twice is nobody's: one of them may be the buyer's own invention."""
        values = header_values(scope, self._header)
        peer = _peer(scope)
        if len(values) != 1 or peer is None or not any(peer in network for network in self._proxies):
            return None
        try:
            buyer = values[0].encode("latin-1").decode().strip()
        except UnicodeDecodeError:
            return None
        return buyer if 0 < len(buyer) <= MAX_BUYER and buyer.isprintable() else None

    def _is_trusted(self, address: Address) -> bool:
        return address.is_loopback or any(address in network for network in self._proxies)


def is_loopback(address: str) -> bool:
    """Whether an address, as `Buyers.address` gives it, is this machine's."""
    return address in ("::/64",) or address.startswith("127.")


def is_neighbour(scope: Scope) -> bool:
    """Whether whoever asks is on this machine or on a private network, and no proxy stands between."""
    peer = _peer(scope)
    return bool(peer and peer.is_private and not any(header_values(scope, name) for name in _OF_PROXIES))


def cookie_domain(servers: Sequence[str]) -> str:
    """What all of several order servers share, of two labels or more; empty if nothing, or with one server."""
    hosts = [urlsplit(server).hostname or "" for server in servers]
    if len(set(hosts)) < 2 or any(parsed(host) for host in hosts):
        return ""
    shared: list[str] = []
    for labels in zip(*(reversed(host.split(".")) for host in hosts), strict=False):
        if len(set(labels)) > 1:
            break
        shared.insert(0, labels[0])
    return ".".join(shared) if len(shared) >= 2 else ""


@lru_cache(maxsize=4096)
def parsed(text: str) -> Address | None:
    """An address as proxies write it, with or without a port; IPv4 in IPv6 is IPv4. None for anything else."""
    pair = _HOST_AND_PORT.fullmatch(text)
    try:
        address = ipaddress.ip_address((pair[1] or pair[2]) if pair else text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _peer(scope: Scope) -> Address | None:
    client = scope.get("client")
    return parsed(client[0]) if client else None


def _place(address: Address) -> str:
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))


def _attributes(server: str, servers: Sequence[str]) -> str:
    attributes = ["Path=/", "HttpOnly", "SameSite=Lax"]
    if domain := cookie_domain(servers):
        attributes.append(f"Domain={domain}")
    if server.startswith("https:"):
        attributes.append("Secure")
    return "; ".join(attributes)
