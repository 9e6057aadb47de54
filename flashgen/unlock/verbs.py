"""What can be done to a sale: pure functions from one state to the next.

A verb returns its argument unchanged when what it asks for is already so, and raises Refused when the arrow does not
exist from there. Nothing here reads a clock, a store or a secret.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from flashgen import timestamps
from flashgen.errors import Refused
from flashgen.unlock.state import EVERY_SKU, SaleState, State


@dataclass(frozen=True, slots=True)
class Verb:
    """A named transition of a state.

    With `decides` it is an operator's decision, and loses to another one in between; facts of other parties just cross.
    With `refreshes`, other cache headers or order servers alone are reason enough to write. With `waits` it was asked
    for a later moment, and decisions about something else cross too: see `crossing`.
    """

    name: str
    apply: Callable[[SaleState], SaleState]
    decides: bool = True
    refreshes: bool = False
    waits: bool = False


def go_live(opens_at: datetime | None, token_nonce: str) -> Verb:
    """scheduled → live, under a new epoch. Pages and gate open at `opens_at` on the server's clock, or at the start."""

    def apply(state: SaleState) -> SaleState:
        if state.state is State.LIVE:
            return state
        if state.state is State.PAUSED:
            raise Refused("the sale is paused, not scheduled", "`flashgen resume` opens it again")
        _require(state, "go-live", State.SCHEDULED)
        return _opened(state, opens_at or state.starts_at, token_nonce)

    return Verb("go-live", apply)


def pause() -> Verb:
    """live → paused. Buyers already on their way keep their token."""

    def apply(state: SaleState) -> SaleState:
        if state.state is State.PAUSED:
            return state
        _require(state, "pause", State.LIVE)
        return replace(state, state=State.PAUSED)

    return Verb("pause", apply)


def resume() -> Verb:
    """Open again what was shut as a whole: a paused sale, or one with every SKU closed.

    The token is the old one, so that it stays good for those who have it.
    """

    def apply(state: SaleState) -> SaleState:
        _require(state, "resume", State.SCHEDULED, State.PAUSED, State.LIVE)
        closed = frozenset() if state.closed == EVERY_SKU else state.closed
        opened = State.LIVE if state.state is State.PAUSED else state.state
        return replace(state, state=opened, closed=closed)

    return Verb("resume", apply)


def close(skus: frozenset[str]) -> Verb:
    """Close SKUs by the operator's word; `EVERY_SKU` closes the range."""

    def apply(state: SaleState) -> SaleState:
        _require(state, "sold-out", State.SCHEDULED, State.LIVE, State.PAUSED)
        everything = EVERY_SKU in (state.closed, skus)
        return replace(state, closed=EVERY_SKU if everything else state.closed | skus)

    return Verb("sold-out", apply)


def reopen(skus: frozenset[str], all_skus: frozenset[str]) -> Verb:
    """Take back the operator's word on some SKUs. What the gate has sold stays sold."""

    def apply(state: SaleState) -> SaleState:
        _require(state, "resume --sku", State.SCHEDULED, State.LIVE, State.PAUSED)
        closed = all_skus if state.closed == EVERY_SKU else state.closed
        return replace(state, closed=closed - skus) if closed & skus else state

    return Verb("resume --sku", apply)


def end() -> Verb:
    """Any state → ended."""

    def apply(state: SaleState) -> SaleState:
        return replace(state, state=State.ENDED)

    return Verb("end", apply)


def rollback(earlier: SaleState, opens_at: datetime, token_nonce: str) -> Verb:
    """Restore the operator's facts of an earlier revision; into live under a new epoch, so that old tokens are void."""

    def apply(state: SaleState) -> SaleState:
        if (state.state, state.closed) == (earlier.state, earlier.closed):
            return state
        if earlier.state is State.PAUSED and not state.epoch:
            raise Refused("that revision was a pause, and this pointer was never live", "`flashgen go-live` opens it")
        restored = replace(state, closed=earlier.closed)
        if earlier.state is State.LIVE and state.state is not State.LIVE:
            return _opened(restored, opens_at, token_nonce)
        return replace(restored, state=earlier.state)

    return Verb("rollback", apply)


def reschedule(starts_at: datetime, ends_at: datetime) -> Verb:
    """New times, cache headers and order servers from the YAML; open tabs follow. The state stays what it is."""

    def apply(state: SaleState) -> SaleState:
        return replace(state, starts_at=starts_at, ends_at=ends_at)

    return Verb("reschedule", apply, decides=False, refreshes=True)


def record_sold(sold: frozenset[str]) -> Verb:
    """The gate's own write: the SKUs it has no unit left of. It never touches what the operator said."""

    def apply(state: SaleState) -> SaleState:
        return replace(state, sold=sold)

    return Verb("record-sold", apply, decides=False)


def _opened(state: SaleState, opens_at: datetime, token_nonce: str) -> SaleState:
    if opens_at >= state.ends_at:
        raise Refused(
            f"the sale ended at {timestamps.to_text(state.ends_at)}, before it would open",
            "move `ends_at` in the YAML and push, then try again",
        )
    return replace(state, state=State.LIVE, opens_at=opens_at, epoch=state.epoch + 1, token_nonce=token_nonce)


def _require(state: SaleState, verb: str, *allowed: State) -> None:
    if state.state not in allowed:
        names = " or ".join(one.value for one in allowed)
        raise Refused(
            f"`{verb}` needs a sale that is {names}; this one is {state.state.value}",
            "`flashgen rollback` restores an earlier state" if state.state is State.ENDED else "",
        )
