"""What a state may hold, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.operators import ENDS_AT, STARTS_AT

from flashgen.unlock.state import EVERY_SKU, SaleState, State

SCHEDULED = SaleState(State.SCHEDULED, STARTS_AT, ENDS_AT)
LIVE = replace(SCHEDULED, state=State.LIVE, opens_at=STARTS_AT, epoch=1, token_nonce="n")


@pytest.mark.parametrize("ends_at", [STARTS_AT, STARTS_AT - timedelta(seconds=1)])
def test_a_sale_ends_after_it_starts(ends_at: Any) -> None:
    """Anything else cannot be built."""
    with pytest.raises(ValueError, match="ends after it starts"):
        SaleState(State.SCHEDULED, STARTS_AT, ends_at)


@pytest.mark.parametrize("missing", [{"opens_at": None}, {"epoch": 0}, {"token_nonce": ""}])
def test_a_live_sale_has_all_that_a_token_needs(missing: dict[str, Any]) -> None:
    """Without one of them it cannot be built."""
    with pytest.raises(ValueError, match="a live sale has"):
        replace(LIVE, **missing)


@pytest.mark.parametrize(
    ("closed", "sold", "expected"),
    [
        (frozenset(), frozenset(), False),
        (frozenset({"A"}), frozenset(), False),
        (frozenset({"A"}), frozenset({"B"}), True),
        (frozenset(), frozenset({"A", "B", "C"}), True),
        (EVERY_SKU, frozenset(), True),
    ],
)
def test_sold_out_is_when_each_sku_is_closed_or_sold(
    closed: frozenset[str], sold: frozenset[str], expected: bool
) -> None:
    """Whether the operator or the gate said so of each."""
    assert expected == replace(LIVE, closed=closed, sold=sold).is_sold_out(["A", "B"])


@pytest.mark.parametrize(
    ("change", "is_decision"),
    [
        ({"state": State.PAUSED}, True),
        ({"closed": frozenset({"A"})}, True),
        ({"epoch": 2}, True),
        ({"sold": frozenset({"A"})}, False),
        ({"ends_at": ENDS_AT + timedelta(hours=1)}, False),
    ],
)
def test_the_operators_part_is_what_operators_decide(change: dict[str, Any], is_decision: bool) -> None:
    """Neither what the gate has sold, nor the times from the YAML."""
    assert is_decision == (LIVE.operators_part != replace(LIVE, **change).operators_part)
