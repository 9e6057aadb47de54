"""Who may come in: checks in a fixed order, pure, without the storage.

The pointer's `sold` is not checked: the storage is the authority on that.
"""

from __future__ import annotations

from enum import Enum, auto

from flashgen.gate.sale_reader import SaleSnapshot
from flashgen.unlock.state import EVERY_SKU, State
from flashgen.unlock.token import Claims


class AdmissionResult(Enum):
    """What follows for a buyer who has this token and wants this SKU now."""

    OPEN = auto()
    """There may be a slot."""
    PAUSED = auto()
    """No new slot; a buyer who has one may still order."""
    EARLY = auto()
    """The token is good and the moment has not come."""
    STALE = auto()
    """Unknown: the last reading is too old, or the storage is not what it was."""
    OTHER_EPOCH = auto()
    """The token is of a go-live that no longer holds."""
    OVER = auto()
    """The sale has ended, or is not open at all."""
    UNKNOWN_SKU = auto()
    CLOSED = auto()
    """The operator has closed this SKU."""


def judge(
    claims: Claims, reading: SaleSnapshot | None, sku: str | None, now: float, monotonic: float
) -> AdmissionResult:
    """`claims` are a good token's, of this sale. `now` is in seconds since the epoch, `monotonic` as in `SaleSnapshot`.

    `sku` is None for a text that no SKU can be.
    """
    if reading is None or not reading.is_fresh(monotonic):
        return AdmissionResult.STALE
    state = reading.pointer.state
    if claims.epoch > state.epoch and now < claims.expires:
        return AdmissionResult.STALE  # the first buyers after a go-live come before the gate has read it
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
