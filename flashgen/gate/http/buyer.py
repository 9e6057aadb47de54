"""Who asks: a buyer by a signed cookie, by a pass or by a proxy's header, and the address that they come from."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache

from flashgen.gate.http.pass_cookie import PassCookie
from flashgen.gate.http.request import Scope, header_values
from flashgen.gate.networks import Address
from flashgen.gate.settings import VOUCHED, GateSettings
from flashgen.gate.signatures import Signer
from flashgen.passes import NOTHING, Withdrawn

COOKIE_NAME = "flashgen_buyer"
COOKIE_SECONDS_AFTER = 30 * 86400
"""How long after the sale's end a buyer can still see their order."""

MAX_BUYER = 200

CLIENTS = 10
"""So many clients behind one address are a proxy that nobody named. One client may invent them: it is but a warning."""

MAX_SENDERS = 64
"""Of so many addresses is counted whom they forward for."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_OF_PROXIES = (b"x-forwarded-for", b"forwarded", b"via", b"x-real-ip")
"""A request with one of these came through a proxy."""

_COOKIE = re.compile(rf"(?:^|;)\s*{COOKIE_NAME}=([A-Za-z0-9_-]{{1,64}})\.([A-Za-z0-9_-]{{22}})\s*(?=;|$)")
_HOST_AND_PORT = re.compile(r"\[(.+)\](?::\d+)?|([^:]+):\d+")


class Buyers:
    """How a sale's buyers are known at the server whose origin is `server`.

    `sign` is a header field's name in lower case, and bytes that its value has if it may name a buyer: requests without
    them have no buyer yet, and skip parsing. `warn` gets the address of what looks like a proxy that is not
    trusted: all its buyers count as one.
    """

    def __init__(
        self,
        settings: GateSettings,
        server: str,
        signer: Signer,
        pass_signer: Signer,
        warn: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.is_by_cookie = settings.buyer == "cookie"
        self._attributes = _attributes(server, settings.shared_cookie_domain)
        self.pass_cookie: PassCookie | None = None
        self._header = settings.buyer.removeprefix("header:").lower().encode()
        self.sign = (b"cookie", f"{COOKIE_NAME}=".encode()) if self.is_by_cookie else (self._header, b"")
        self._proxies = tuple(ipaddress.ip_network(network) for network in settings.trusted_proxies)
        if settings.buyer == VOUCHED:
            self.pass_cookie = PassCookie(settings.sale, pass_signer, self._attributes)
            self.sign = self.pass_cookie.form_sign
        self._signer = signer
        self._warn = warn
        self._senders: dict[Address, set[str]] = {}

    def known(self, scope: Scope, withdrawn: Withdrawn = NOTHING) -> str | None:
        """The buyer that a request is of, if it says so in a way that can be believed."""
        if self.pass_cookie:
            return self.pass_cookie.subject(scope, withdrawn)
        return self._by_cookie(scope) if self.is_by_cookie else self._by_header(scope)

    def form_cookie(self, buyer: str, seconds: int) -> str | None:
        """The value of Set-Cookie that comes with a form of `buyer`, and lasts so many seconds; None without one."""
        if self.pass_cookie:
            return self.pass_cookie.form_shown(seconds)
        return self.cookie(buyer, seconds) if self.is_by_cookie else None

    def cookie(self, buyer: str, seconds: int) -> str:
        """The value of Set-Cookie that makes a browser `buyer`, for so many seconds."""
        return f"{COOKIE_NAME}={buyer}.{self._signer.sign(buyer)}; Max-Age={seconds}; {self._attributes}"

    def address(self, scope: Scope) -> Address | None:
        """Where a request comes from, None if nobody knows.

        The peer's; if that is a trusted proxy or this machine, the right-most of X-Forwarded-For that is neither.
        """
        peer = _peer(scope)
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

    def _by_cookie(self, scope: Scope) -> str | None:
        for value in header_values(scope, b"cookie"):
            for buyer, signature in _COOKIE.findall(value):
                if self._signer.is_good(buyer, signature):
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


def is_neighbour(scope: Scope) -> bool:
    """Whether the client is on this machine or on a private network, with no proxy between."""
    peer = _peer(scope)
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


def _peer(scope: Scope) -> Address | None:
    client = scope.get("client")
    return parsed(client[0]) if client else None


def _attributes(server: str, domain: str) -> str:
    attributes = ["Path=/", "HttpOnly", "SameSite=Lax"]
    if domain:
        attributes.append(f"Domain={domain}")
    if server.startswith("https:"):
        attributes.append("Secure")
    return "; ".join(attributes)
