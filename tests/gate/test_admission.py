"""Who may come in, case by case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.operators import ENDS_AT, STARTS_AT
from support.running_gate import LIVE, OPEN_SECONDS, SETTINGS, claims

from flashgen.gate.http.sale.admission import AdmissionResult, judge, opens_in
from flashgen.gate.sale_reader import TRUST_SECONDS, SaleSnapshot
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.state import State

OPENS, ENDS = STARTS_AT.timestamp(), ENDS_AT.timestamp()


def reading(**state: Any) -> SaleSnapshot:
    """The live sale, but for what is said of its state; read at 100."""
    return SaleSnapshot(SETTINGS, {}, Pointer(5, "n5", replace(LIVE, **state)), taken_at=100.0)


SCHEDULED = {"state": State.SCHEDULED, "opens_at": None}

CASES: list[tuple[str, dict[str, Any], dict[str, Any], str | None, float, AdmissionResult]] = [
    ("live", {}, {}, "LAMP", OPEN_SECONDS, AdmissionResult.OPEN),
    ("the first moment", {}, {}, "LAMP", OPENS, AdmissionResult.OPEN),
    ("just before", {}, {}, "LAMP", OPENS - 0.001, AdmissionResult.EARLY),
    ("a token of later", {"not_before": int(OPENS) + 100}, {}, "LAMP", OPEN_SECONDS, AdmissionResult.EARLY),
    ("a pointer that was postponed", {}, {"opens_at": ENDS_AT}, "LAMP", OPEN_SECONDS, AdmissionResult.EARLY),
    ("the last moment", {}, {}, "LAMP", ENDS - 0.001, AdmissionResult.OPEN),
    ("the end", {}, {}, "LAMP", ENDS, AdmissionResult.OVER),
    ("a token that expired", {"expires": int(OPEN_SECONDS)}, {}, "LAMP", OPEN_SECONDS, AdmissionResult.OVER),
    ("an older epoch", {"epoch": 0}, {}, "LAMP", OPEN_SECONDS, AdmissionResult.OTHER_EPOCH),
    ("a go-live not yet read", {"epoch": 2}, {}, "LAMP", OPEN_SECONDS, AdmissionResult.STALE),
    ("one of a sale that is over", {"epoch": 2, "expires": int(ENDS)}, {}, "LAMP", ENDS, AdmissionResult.OTHER_EPOCH),
    ("another nonce", {"nonce": "token-2"}, {}, "LAMP", OPEN_SECONDS, AdmissionResult.OTHER_EPOCH),
    ("ended", {}, {"state": State.ENDED}, "LAMP", OPEN_SECONDS, AdmissionResult.OVER),
    ("scheduled again", {}, SCHEDULED, "LAMP", OPEN_SECONDS, AdmissionResult.OVER),
    ("paused", {}, {"state": State.PAUSED}, "LAMP", OPEN_SECONDS, AdmissionResult.PAUSED),
    ("paused before it opens", {}, {"state": State.PAUSED}, "LAMP", OPENS - 1, AdmissionResult.EARLY),
    ("paused after the end", {}, {"state": State.PAUSED}, "LAMP", ENDS, AdmissionResult.OVER),
    ("an unknown SKU", {}, {}, "lamp", OPEN_SECONDS, AdmissionResult.UNKNOWN_SKU),
    ("no SKU", {}, {}, None, OPEN_SECONDS, AdmissionResult.UNKNOWN_SKU),
    ("a closed SKU", {}, {"closed": frozenset({"LAMP"})}, "LAMP", OPEN_SECONDS, AdmissionResult.CLOSED),
    ("another closed SKU", {}, {"closed": frozenset({"MUG"})}, "LAMP", OPEN_SECONDS, AdmissionResult.OPEN),
    ("all closed", {}, {"closed": frozenset({"*"})}, "LAMP", OPEN_SECONDS, AdmissionResult.CLOSED),
    ("sold, as the pointer has it", {}, {"sold": frozenset({"LAMP"})}, "LAMP", OPEN_SECONDS, AdmissionResult.OPEN),
    ("early and closed", {}, {"closed": frozenset({"*"})}, "LAMP", OPENS - 1, AdmissionResult.EARLY),
    (
        "an older epoch, and ended",
        {"epoch": 0},
        {"state": State.ENDED},
        "LAMP",
        OPEN_SECONDS,
        AdmissionResult.OTHER_EPOCH,
    ),
]


@pytest.mark.parametrize(
    ("token", "state", "sku", "now", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_one_order_of_questions(
    token: dict[str, Any], state: dict[str, Any], sku: str | None, now: float, expected: AdmissionResult
) -> None:
    """Epoch, state, window, SKU: the first that says no decides."""
    assert expected is judge(claims(**token), reading(**state), sku, now, 100.0)


def test_no_reading_admits_nobody() -> None:
    """What nobody knows is not open."""
    assert AdmissionResult.STALE is judge(claims(), None, "LAMP", OPEN_SECONDS, 100.0)


def test_a_reading_is_trusted_for_ten_seconds() -> None:
    """After that the sale may have been paused meanwhile."""
    assert AdmissionResult.OPEN is judge(claims(), reading(), "LAMP", OPEN_SECONDS, 100.0 + TRUST_SECONDS)
    assert AdmissionResult.STALE is judge(claims(), reading(), "LAMP", OPEN_SECONDS, 100.1 + TRUST_SECONDS)


def test_an_early_buyer_waits_for_the_later_of_token_and_pointer() -> None:
    """Both have to let them in."""
    assert 30 == opens_in(claims(), reading(), OPENS - 30)
    assert 40 == opens_in(claims(not_before=int(OPENS) + 10), reading(), OPENS - 30)
