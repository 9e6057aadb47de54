"""The lease in a form: worth something to one buyer, for one thing."""

from __future__ import annotations

from typing import Any

import pytest
from support.gate_house import claims
from support.operators import SECRET

from flashgen.gate.lease import Offer, opened, sealed
from flashgen.gate.seal import LEASE, Seal

SEAL = Seal([SECRET], LEASE)
OFFER = Offer("LAMP", "19.90", "EUR")
VALUE = sealed(SEAL, claims(), OFFER, "ada", "id-1")


def test_it_is_opened_by_what_it_was_sealed_with() -> None:
    """Then it says which lease it is."""
    assert "id-1" == opened(SEAL, claims(), OFFER, "ada", VALUE)


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
def test_any_other_fact_opens_nothing(other: dict[str, Any]) -> None:
    """Each of them is sealed."""
    asked: dict[str, Any] = {"claims": claims(), "offer": OFFER, "buyer": "ada", "value": VALUE} | other
    assert None is opened(SEAL, **asked)
