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
from flashgen.hint import Hint, command_line
from flashgen.unlock.state import EVERY_SKU, SaleState, State

RECORD_SOLD = "record-sold"
"""The gate's only verb, as its journal records have it."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A named transition of a state.

    With `decides` it is an operator's decision, and loses to another one in between. Other parties' changes are kept.
    With `refreshes`, other cache headers or order servers alone are reason enough to write. With `waits` it was asked
    for a later moment, and other decisions about something else are kept too: see `conflicts`.
    """

    name: str
    apply: Callable[[SaleState], SaleState]
    decides: bool = True
    refreshes: bool = False
    waits: bool = False


def go_live(opens_at: datetime | None, token_nonce: str, *, early: bool = False) -> Verb:
    """scheduled → live, under a new epoch. Pages and gate open at `opens_at` on the server's clock, or at the start.

    Refused where `opens_at` lies before the start, unless `early`: the sale may have been postponed since.
    """

    def apply(state: SaleState) -> SaleState:
        if state.state is State.LIVE:
            return state
        if state.state is State.PAUSED:
            raise Refused("the sale is paused, not scheduled", Hint("`", command_line("resume"), "` opens it again"))
        _require(state, "go-live", State.SCHEDULED)
        if opens_at and opens_at < state.starts_at and not early:
            raise Refused(
                f"the sale was postponed to {timestamps.to_text(state.starts_at)}, and this would open it at "
                f"{timestamps.to_text(opens_at)}; nothing public was changed",
                Hint("wait for it: `", command_line("go-live"), "` with --at start; or open before it: --early"),
            )
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


def reopen(skus: frozenset[str], all_skus: frozenset[str] | None) -> Verb:
    """Take back the operator's word on some SKUs. What the gate has sold stays sold.

    With `all_skus` unknown (None) it is unknown what would stay closed of a range that was closed as a whole.
    """

    def apply(state: SaleState) -> SaleState:
        _require(state, "resume --sku", State.SCHEDULED, State.LIVE, State.PAUSED)
        if state.closed == EVERY_SKU and all_skus is None:
            raise Refused(
                "every SKU is closed, and the YAML's products cannot be read: the others could not stay closed",
                Hint("mend the YAML, or open all of them: `", command_line("resume"), "` without --sku"),
            )
        closed = all_skus if all_skus and state.closed == EVERY_SKU else state.closed
        return replace(state, closed=closed - skus) if closed & skus else state

    return Verb("resume --sku", apply)


def end() -> Verb:
    """Any state → ended."""

    def apply(state: SaleState) -> SaleState:
        return replace(state, state=State.ENDED)

    return Verb("end", apply)


def rollback(earlier: SaleState, opens_at: datetime, token_nonce: str) -> Verb:
    """Restore the operator's facts of an earlier revision; into live under a new epoch, so that old tokens are void.

    A sale that is scheduled again has no opening time any more. Its epoch stays: the next one is to be higher.
    """

    def apply(state: SaleState) -> SaleState:
        if (state.state, state.closed) == (earlier.state, earlier.closed):
            return state
        if earlier.state is State.PAUSED and not state.epoch:
            raise Refused(
                "that revision was a pause, and this pointer was never live",
                Hint("`", command_line("go-live"), "` opens it"),
            )
        restored = replace(state, closed=earlier.closed)
        if earlier.state is State.LIVE and state.state is not State.LIVE:
            return _opened(restored, opens_at, token_nonce)
        was_to_open = state.opens_at or earlier.opens_at
        return replace(
            restored, state=earlier.state, opens_at=None if earlier.state is State.SCHEDULED else was_to_open
        )

    return Verb("rollback", apply)


def reschedule(starts_at: datetime, ends_at: datetime, now: datetime) -> Verb:
    """New times, cache headers and order servers from the YAML; open tabs follow. The state stays what it is.

    A pointer that was shipped with `--lead` opens no earlier than a start that is moved back before it has opened.
    """

    def apply(state: SaleState) -> SaleState:
        moved = replace(state, starts_at=starts_at, ends_at=ends_at)
        if state.opens_at and now < state.opens_at < starts_at and state.starts_at < starts_at:
            return replace(moved, opens_at=starts_at)
        return moved

    return Verb("reschedule", apply, decides=False, refreshes=True)


def record_sold(sold: frozenset[str], instead_of: frozenset[str] | None = None) -> Verb:
    """The gate's own write: the SKUs it has no unit left of. It never touches what the operator said.

    With `instead_of`, which was read before, only the difference is written: another gate's newer word stays.
    """

    def apply(state: SaleState) -> SaleState:
        before = state.sold if instead_of is None else instead_of
        return replace(state, sold=(state.sold - (before - sold)) | (sold - before))

    return Verb(RECORD_SOLD, apply, decides=False)


def _opened(state: SaleState, opens_at: datetime, token_nonce: str) -> SaleState:
    if opens_at >= state.ends_at:
        at = "at" if opens_at == state.ends_at else f"at {timestamps.to_text(opens_at)}, after"
        raise Refused(
            f"the sale would open {at} its end, {timestamps.to_text(state.ends_at)}",
            "move `ends_at` in the YAML and push, then try again",
        )
    return replace(state, state=State.LIVE, opens_at=opens_at, epoch=state.epoch + 1, token_nonce=token_nonce)


_ADVICE = {
    State.ENDED: Hint("`", command_line("rollback"), "` restores an earlier state"),
    State.SCHEDULED: Hint(
        "nothing is open yet; so that it does not open: stop an armed go-live with Ctrl-C, move ",
        "`starts_at` in the YAML and push, or `",
        command_line("end"),
        "`",
    ),
}


def _require(state: SaleState, verb: str, *allowed: State) -> None:
    if state.state not in allowed:
        names = " or ".join(one.value for one in allowed)
        raise Refused(
            f"`{verb}` needs a sale that is {names}; this one is {state.state.value}", _ADVICE.get(state.state, "")
        )
