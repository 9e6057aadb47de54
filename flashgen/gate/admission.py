"""Who may come in: one order of questions, pure, without a look at the storage.

What the pointer says of SKUs that the gate has sold is not asked: the storage is the authority on that.
"""

from __future__ import annotations

from enum import Enum, auto

from flashgen.gate.reading import SaleSnapshot
from flashgen.unlock.state import EVERY_SKU, State
from flashgen.unlock.token import Claims


class AdmissionResult(Enum):
    """What follows for whoever has this token and wants this SKU now."""

    OPEN = auto()
    """There may be a slot."""
    PAUSED = auto()
    """No new slot; who has one may still order."""
    EARLY = auto()
    """The token is good and the moment has not come."""
    STALE = auto()
    """Nobody knows: the last reading is too old."""
    OTHER_EPOCH = auto()
    """The token is of a go-live that no longer holds."""
    OVER = auto()
    """The sale has ended, or is not open at all."""
    UNKNOWN_SKU = auto()
    CLOSED = auto()
    """The operator has closed this SKU."""


def judge(claims: Claims, reading: SaleSnapshot | None, sku: str | None, now: float, even: float) -> AdmissionResult:
    """`claims` are a good token's, of this sale; `now` is in seconds since the epoch, `even` as in `SaleSnapshot`.

    `sku` None is none that could ever be one.
    """
    if reading is None or not reading.is_fresh(even):
        return AdmissionResult.STALE
    state = reading.pointer.state
    if claims.epoch != state.epoch or claims.nonce != state.token_nonce:
        return AdmissionResult.OTHER_EPOCH
    if state.state not in (State.LIVE, State.PAUSED) or now >= reading.ends_at or now >= claims.expires:
        return AdmissionResult.OVER
    if now < reading.opens_at or now < claims.not_before:
        return AdmissionResult.EARLY
    if sku not in reading.settings.items:
        return AdmissionResult.UNKNOWN_SKU
    if sku in state.closed or state.closed == EVERY_SKU:
        return AdmissionResult.CLOSED
    return AdmissionResult.OPEN if state.state is State.LIVE else AdmissionResult.PAUSED


def opens_in(claims: Claims, reading: SaleSnapshot, now: float) -> float:
    """Seconds until an early buyer may come in."""
    return max(claims.not_before, reading.opens_at) - now
