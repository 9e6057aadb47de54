"""What the verbs of sale time have in common: what will happen, the question, the wait, the write, what came of it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flashgen.cli.announcement import announce, say_clock
from flashgen.cli.clock_check import compare_clocks
from flashgen.cli.countdown import Countdown
from flashgen.cli.operating import now, read_pointer
from flashgen.cli.outcome import facts, say_outcome
from flashgen.cli.session import Session
from flashgen.cli.state_text import difference
from flashgen.cli.times import local_clock, moment, span
from flashgen.errors import Refused
from flashgen.unlock.arm import LATE, Moment, await_moment, fire
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.transition import Control, Outcome, Seen, outlook, transition

if TYPE_CHECKING:
    from flashgen.cli.transition_options import Asked
    from flashgen.cli.witness import Witness
    from flashgen.sale.model import Header
    from flashgen.unlock.verbs import Verb


@dataclass(frozen=True)
class Order:
    """What an operator asked for: a verb, with which options, when (None: at once), the way back if not rollback."""

    header: Header
    verb: Verb
    asked: Asked
    moment: Moment | None = None
    undo: str = ""


def moment_of(asked: Asked, header: Header) -> Moment | None:
    """When `--at` says, or None without it. Raises a usage error."""
    at = moment(asked.at, header)
    return scheduled(at, header) if at else None


def scheduled(at: datetime, header: Header, lead: timedelta = timedelta()) -> Moment:
    """`at`; where that is the sale's start or end, the pointer's own, so that a postponement takes us along."""
    if at == header.starts_at:
        return Moment(lambda state: state.starts_at, lead)
    if at == header.ends_at:
        return Moment(lambda state: state.ends_at, lead)
    return Moment(lambda _: at, lead)


def carry_out(session: Session, control: Control, order: Order, seen: Seen | None = None) -> dict[str, Any]:
    """Show, ask, wait, do, look, report: on the pointer as it was `seen` and shown, however long somebody thinks.

    Returns the result for `--json`.
    """
    asked = order.asked
    with _witness(session, control, asked) as witness:
        seen = seen or read_pointer(control)
        wanted = outlook(control, order.verb, seen).state
        if wanted != seen.pointer.state:
            order = _in_time(session, order, seen.pointer.state)
            _present(session, control, order, seen.pointer.state, wanted)
            if asked.dry_run:
                session.note("dry run: nothing was changed")
                return facts(control, _unchanged(seen, wanted))
            session.confirm("go on?", asked.yes)
            order = _in_time(session, order, seen.pointer.state)  # somebody may have thought past T0
        outcome = _act(session, control, order, seen, wanted)
        say_outcome(session, order.header, outcome, order.moment, order.undo)
        result = facts(control, outcome)
        if witness:
            from flashgen.cli.verifying import verify_shown

            result = verify_shown(session, witness, outcome, result, roll_back=asked.rollback_on_failure)
    return result


def _witness(session: Session, control: Control, asked: Asked) -> AbstractContextManager[Witness | None]:
    """Whoever does not ask for one does not wait for what it needs to be loaded."""
    if not asked.verify:
        return nullcontext()
    from flashgen.cli.witness import witness_of

    return witness_of(session, control)


def _in_time(session: Session, order: Order, state: SaleState) -> Order:
    """The order; to be done at once if its time has passed and that is no matter. Else Refused."""
    if order.moment is None or (passed := now() - order.moment.of(state)) <= LATE:
        return order
    if not order.asked.late_ok:
        raise Refused(f"that time passed {span(passed)} ago", "do it at once: the same command with --late-ok")
    session.note(f"that time passed {span(passed)} ago: at once, as --late-ok says")
    return replace(order, moment=None)


def _present(session: Session, control: Control, order: Order, before: SaleState, wanted: SaleState) -> None:
    announce(session, control, order.header, before, wanted, order.moment)
    if order.moment:
        left = order.moment.due(before) - now()
        say_clock(session, compare_clocks(session, control.store, left, order.asked.clock_ok))


def _unchanged(seen: Seen, wanted: SaleState) -> Outcome:
    return Outcome(seen.pointer, replace(seen.pointer, state=wanted), False, "", None)


def _act(session: Session, control: Control, order: Order, seen: Seen, wanted: SaleState) -> Outcome:
    if order.moment is None:
        with _said_if_interrupted(session, "while writing", _status(control)):
            return transition(control, order.verb, seen)
    with _countdown(session, order, seen.pointer.state, wanted) as countdown:
        # What is there now stays: later a collection would look through all of boto3, maybe just at T0.
        gc.collect()
        gc.freeze()
        with _said_if_interrupted(session, "before the write", "nothing public was changed", countdown):
            attempt = await_moment(control, order.verb, order.moment, countdown, seen)
        with _said_if_interrupted(session, "while writing", _status(control), countdown), countdown.writing():
            return fire(control, order.verb, attempt)


def _countdown(session: Session, order: Order, before: SaleState, wanted: SaleState) -> Countdown:
    if order.moment is None:
        raise ValueError("nothing to wait for")
    due = local_clock(order.moment.due(before), order.header)
    what = f"{order.header.id}: {difference(before, wanted)} at {due}"
    opens = wanted.state is State.LIVE
    return Countdown(session, what, order.asked.late_ok, lambda state: opens and now() >= state.ends_at)


@contextmanager
def _said_if_interrupted(session: Session, when: str, what: str, countdown: Countdown | None = None) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        if countdown:
            countdown.clear()
        session.note(f"interrupted {when}: {what}")
        raise


def _status(control: Control) -> str:
    return f"flashgen status {control.sale} tells what stands; the same command again is safe"
