"""How the buyers of a sale are known: what every kind of buyer has, and which kind a sale has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from flashgen.gate.buyers.by_cookie import CookieBuyers
from flashgen.gate.buyers.by_header import HeaderBuyers
from flashgen.gate.buyers.by_pass import PassBuyers
from flashgen.gate.http.request import Scope
from flashgen.gate.settings import VOUCHED, GateSettings
from flashgen.passes import NOTHING, Withdrawn

COOKIE_SECONDS_AFTER = 30 * 86400
"""How long after the sale's end a buyer can still see their order."""


class Buyers(Protocol):
    """A sale's buyers, as requests say who they are."""

    @property
    def sign(self) -> tuple[bytes, bytes]:
        """A header field's name in lower case, and bytes that its value has if it may name a buyer.

        Requests without them have no buyer yet, and skip parsing.
        """

    def known(self, scope: Scope) -> str | None:
        """The buyer that a request is of, if it says so in a way that can be believed."""

    def newcomer(self, new_id: Callable[[], str]) -> str | None:
        """Whom a request without a buyer becomes; None if only others can say who somebody is."""

    def form_cookie(self, buyer: str, seconds: int) -> str | None:
        """The value of Set-Cookie that comes with a form of `buyer`, and lasts so many seconds; None without one."""


def buyers_of(
    settings: GateSettings,
    server: str,
    keys: Sequence[bytes],
    withdrawn: Callable[[], Withdrawn] = lambda: NOTHING,
    origin_secrets: Sequence[bytes] = (),
) -> Buyers:
    """The buyers of a sale, at the server whose origin is `server`.

    `keys` are the secret's, newest first. `withdrawn` says which passes are withdrawn by now.
    `origin_secrets` prove that a request came through the proxy that names buyers.
    """
    attributes = f"Path=/; {cookie_attributes(server, settings.shared_cookie_domain)}"
    if settings.buyer == VOUCHED:
        return PassBuyers(settings.sale, keys, attributes, withdrawn)
    if settings.buyer == "cookie":
        return CookieBuyers(keys, attributes)
    return HeaderBuyers(settings.buyer.removeprefix("header:"), settings.trusted_proxies, origin_secrets)


def cookie_attributes(server: str, domain: str) -> str:
    """Those of each Set-Cookie: scripts cannot read it, other sites cannot send it, and of https it stays there."""
    attributes = ["HttpOnly", "SameSite=Lax"]
    if domain:
        attributes.append(f"Domain={domain}")
    if server.startswith("https:"):
        attributes.append("Secure")
    return "; ".join(attributes)
