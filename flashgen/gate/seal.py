"""Signatures of the gate's own: buyers' cookies, leases in forms, orders as they are forwarded.

Each purpose has a key of its own, derived from the secret that signs order tokens: who knows one can make no other.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence

COOKIE = "flashgen.gate.cookie.v1"
LEASE = "flashgen.gate.lease.v1"
FORWARD = "flashgen.gate.forward.v1"


def derived(key: bytes, purpose: str) -> bytes:
    """A key for one purpose: HMAC-SHA-256 of its name, 32 bytes (as NIST SP 800-108 has it, with one block)."""
    return hmac.digest(key, purpose.encode(), "sha256")


class Seal:
    """Signs with the newest key and accepts all; `keys` are newest first."""

    def __init__(self, keys: Sequence[bytes], purpose: str) -> None:
        self._keys = tuple(derived(key, purpose) for key in keys)

    def sign(self, text: str) -> str:
        """The signature of `text`: 22 URL-safe characters, 128 bits."""
        return _signature(self._keys[0], text)

    def is_good(self, text: str, signature: str) -> bool:
        """Whether one of the keys made `signature`."""
        said = signature.encode(errors="replace")
        return any(hmac.compare_digest(_signature(key, text).encode(), said) for key in self._keys)


def _signature(key: bytes, text: str) -> str:
    return urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")[:16]).rstrip(b"=").decode()
