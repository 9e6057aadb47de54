"""Buyers that a trusted proxy names, in a header field."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Sequence

from flashgen.gate.http.client_address import peer_of
from flashgen.gate.http.request import Scope, header_values

ORIGIN_SECRET = b"flashgen-origin-secret"
"""The header field by which the proxy proves that a request came through it: an address alone may be anybody's who uses
the same CDN."""

MAX_BUYER = 200


class HeaderBuyers:
    """See `Buyers`. `field` is the header field, `trusted_proxies` are networks.

    Without one of `origin_secrets` in ORIGIN_SECRET no request has a buyer; two are good while they change.
    """

    def __init__(self, field: str, trusted_proxies: Sequence[str], origin_secrets: Sequence[bytes]) -> None:
        self._secrets = tuple(origin_secrets)
        self._field = field.lower().encode()
        self.sign = (self._field, b"")
        self._proxies = tuple(ipaddress.ip_network(network) for network in trusted_proxies)

    def known(self, scope: Scope) -> str | None:
        """In UTF-8. A field that comes twice is nobody's: one of them may be the buyer's own invention."""
        values, peer = header_values(scope, self._field), peer_of(scope)
        if len(values) != 1 or peer is None or not any(peer in network for network in self._proxies):
            return None
        if not self._is_from_origin(scope):
            return None
        try:
            buyer = values[0].encode("latin-1").decode().strip()
        except UnicodeDecodeError:
            return None
        return buyer if 0 < len(buyer) <= MAX_BUYER and buyer.isprintable() else None

    def _is_from_origin(self, scope: Scope) -> bool:
        shown = [value.encode("latin-1") for value in header_values(scope, ORIGIN_SECRET)]
        matches = [hmac.compare_digest(shown[0], secret) for secret in self._secrets] if len(shown) == 1 else []
        return any(matches)

    def newcomer(self, new_id: Callable[[], str]) -> str | None:
        """Only the proxy says who somebody is."""

    def form_cookie(self, buyer: str, seconds: int) -> str | None:
        """The proxy names the buyer in each request."""
