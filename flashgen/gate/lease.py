"""The lease that a form carries: its id, sealed together with whose it is and for what.

So it needs no storing to be told from an invention, and who posts another buyer's lease has none.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from flashgen.gate.seal import Seal
from flashgen.unlock.token import Claims

FIELD = "lease"

_SEALED = re.compile(r"([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{22})")


class Offer(NamedTuple):
    """What a form offers: one unit, at the price that it shows."""

    sku: str
    price: str
    currency: str


def sealed(seal: Seal, claims: Claims, offer: Offer, buyer: str, lease: str) -> str:
    """The field's value, for a lease of `buyer` under a token's claims."""
    return f"{lease}.{seal.sign(_text(claims, offer, buyer, lease))}"


def opened(seal: Seal, claims: Claims, offer: Offer, buyer: str, value: str | None) -> str | None:
    """The lease's id, if `value` is what `sealed` made of the same facts; else None."""
    found = _SEALED.fullmatch(value or "")
    if found and seal.is_good(_text(claims, offer, buyer, found[1]), found[2]):
        return found[1]
    return None


def clock_text(seconds: float) -> str:
    """A span of time as `m:ss`, cut."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    return f"{minutes}:{rest:02}"


def _text(claims: Claims, offer: Offer, buyer: str, lease: str) -> str:
    """One line a fact: none of them has line breaks."""
    return "\n".join((claims.sale, str(claims.epoch), claims.nonce, *offer, buyer, lease))
