"""What the gate signs: buyers' cookies, leases in forms, orders as they are forwarded.

Each purpose has its own key, derived from the secret that signs order tokens: one derived key gives away no other.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import NamedTuple

from flashgen.unlock.token import Claims

COOKIE = "flashgen.gate.cookie.v1"
SUBJECT = "flashgen.gate.pass.v1"
LEASE = "flashgen.gate.signatures.v1"
FORWARD = "flashgen.gate.forward.v1"

LEASE_FIELD = "lease"
"""The form's field that carries a signed lease."""

_SIGNED_LEASE = re.compile(r"([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{22})")


def derived(key: bytes, purpose: str) -> bytes:
    """A key for one purpose: HMAC-SHA-256 of its name, 32 bytes (as NIST SP 800-108 has it, with one block)."""
    return hmac.digest(key, purpose.encode(), "sha256")


class Signer:
    """Signs for one purpose with the newest key, and accepts every key; `keys` are newest first."""

    def __init__(self, keys: Sequence[bytes], purpose: str) -> None:
        self._keys = tuple(derived(key, purpose) for key in keys)

    def sign(self, text: str) -> str:
        """The signature of `text`: 22 URL-safe characters, 128 bits."""
        return _signature(self._keys[0], text)

    def is_good(self, text: str, signature: str) -> bool:
        """Whether one of the keys made `signature`."""
        found = signature.encode(errors="replace")
        return any(hmac.compare_digest(_signature(key, text).encode(), found) for key in self._keys)


class Offer(NamedTuple):
    """What a form offers: one unit, at the price that it shows."""

    sku: str
    price: str
    currency: str


def sign_lease(signer: Signer, claims: Claims, offer: Offer, buyer: str, lease: str) -> str:
    """A lease's id, signed together with its buyer, offer and token, as the form carries it.

    So a made-up lease is refused without asking the storage, and another buyer's lease is worth nothing.
    """
    return f"{lease}.{signer.sign(_lease_text(claims, offer, buyer, lease))}"


def read_lease(signer: Signer, claims: Claims, offer: Offer, buyer: str, value: str | None) -> str | None:
    """The lease's id, if `sign_lease` made `value` for the same token, offer and buyer; else None."""
    found = _SIGNED_LEASE.fullmatch(value or "")
    if found and signer.is_good(_lease_text(claims, offer, buyer, found[1]), found[2]):
        return found[1]
    return None


def _lease_text(claims: Claims, offer: Offer, buyer: str, lease: str) -> str:
    """One value a line: none of them contains a line break."""
    return "\n".join((claims.sale, str(claims.epoch), claims.nonce, *offer, buyer, lease))


def _signature(key: bytes, text: str) -> str:
    return urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")[:16]).rstrip(b"=").decode()
