"""The lease in a form: worth something to one buyer, for one thing."""

from __future__ import annotations

from typing import Any

import pytest
from support.operators import SECRET
from support.running_gate import claims

from flashgen.gate.signatures import LEASE, Offer, Signer, read_lease, sign_lease

SIGNER = Signer([SECRET], LEASE)
OFFER = Offer("LAMP", "19.90", "EUR")
VALUE = sign_lease(SIGNER, claims(), OFFER, "ada", "id-1")


def test_it_is_read_with_what_it_was_signed_with() -> None:
    """Then it says which lease it is."""
    assert "id-1" == read_lease(SIGNER, claims(), OFFER, "ada", VALUE)


@pytest.mark.parametrize(
    "other",
    [
        {"claims": claims(sale="other")},
        {"claims": claims(epoch=2)},
        {"claims": claims(nonce="token-2")},
        {"offer": OFFER._replace(sku="MUG")},
        {"offer": OFFER._replace(price="9.90")},
        {"offer": OFFER._replace(currency="USD")},
        {"buyer": "eve"},
        {"value": VALUE.replace("id-1", "id-2")},
        {"value": None},
    ],
    ids=str,
)
def test_any_other_value_reads_nothing(other: dict[str, Any]) -> None:
    """Each of them is signed."""
    asked: dict[str, Any] = {"claims": claims(), "offer": OFFER, "buyer": "ada", "value": VALUE} | other
    assert None is read_lease(SIGNER, **asked)
