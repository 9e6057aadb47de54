"""A verb that waits for its moment: what whoever waits is told, and what comes between."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flashgen.cli.runtime import now
from flashgen.cli.session import Session
from flashgen.cli.state_text import difference
from flashgen.cli.times import local_soon
from flashgen.cli.transition.countdown import Countdown
from flashgen.cli.transition.pointer_changes import PointerChanges
from flashgen.errors import Refused, StoreError
from flashgen.unlock.arm import Moment, await_moment, fire
from flashgen.unlock.control import Control, Rotated, StoredPointer
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.transition import Outcome

if TYPE_CHECKING:
    from flashgen.cli.transition.flow import VerbRequest


class RotatedMeanwhile(Refused):
    """The version that a verb waited for is a forward now."""


def at_moment(session: Session, control: Control, order: VerbRequest, moment: Moment, seen: StoredPointer) -> Outcome:
    """Wait, then write. Raises RotatedMeanwhile, and what `await_moment` and `fire` raise."""
    with _rotation_told(control), _countdown(session, control, order, moment, seen) as countdown:
        # What is there now stays: later a collection would look through all of boto3, maybe just at T0.
        gc.collect()
        gc.freeze()
        with said_if_interrupted(session, "before the write", "nothing public was changed", countdown):
            attempt = await_moment(control, order.verb, moment, countdown, seen)
        with (
            said_if_interrupted(session, "while writing", what_stands(control), countdown),
            _late_from_now_on(order),
            countdown.writing(),
        ):
            return fire(control, order.verb, attempt)


def _countdown(
    session: Session, control: Control, order: VerbRequest, moment: Moment, seen: StoredPointer
) -> Countdown:
    header, verb = order.header, order.verb

    def what(state: SaleState) -> str:
        due = local_soon(moment.due(state), header, now())
        return f"{header.id}: {difference(state, verb.apply(state))} at {due}"

    def is_over(state: SaleState) -> bool:
        return opens and now() >= state.ends_at

    opens = verb.apply(seen.pointer.state).state is State.LIVE
    news = PointerChanges(control, header, seen.pointer).news
    return Countdown(session, what, news, is_over, late_ok=order.asked.late_ok)


@contextmanager
def _rotation_told(control: Control) -> Iterator[None]:
    try:
        yield
    except Rotated as rotated:
        raise RotatedMeanwhile(
            f"{control.sale} was rotated while this waited, and nothing public was changed", rotated.hint
        ) from rotated


@contextmanager
def _late_from_now_on(order: VerbRequest) -> Iterator[None]:
    """What went wrong at T0 itself is tried again after it."""
    try:
        yield
    except StoreError as error:
        if order.asked.late_ok:
            raise
        again = "after T0 the same command needs --late-ok"
        raise type(error)(error.message, "; ".join(filter(None, (error.hint, again)))) from error


@contextmanager
def said_if_interrupted(session: Session, when: str, what: str, countdown: Countdown | None = None) -> Iterator[None]:
    """Say `what` holds for whoever presses Ctrl-C there."""
    try:
        yield
    except KeyboardInterrupt:
        if countdown:
            countdown.clear()
        session.note(f"interrupted {when}: {what}")
        raise


def what_stands(control: Control) -> str:
    """For whoever interrupts a write that may have left already."""
    return f"flashgen status {control.sale} tells what stands; the same command again is safe"
