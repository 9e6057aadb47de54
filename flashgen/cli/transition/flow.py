"""What the verbs of sale time have in common: what will happen, the question, the wait, the write, what came of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flashgen.cli.runtime import now, read_pointer
from flashgen.cli.session import Session
from flashgen.cli.slow_notice import SlowNotice
from flashgen.cli.times import moment, span
from flashgen.cli.transition.clock import compare_clocks
from flashgen.cli.transition.outcome import Undo, facts, say_outcome
from flashgen.cli.transition.preview import announce, say_clock
from flashgen.cli.transition.wait import RotatedMeanwhile, at_moment, said_if_interrupted, what_stands
from flashgen.errors import Refused
from flashgen.unlock.arm import Moment
from flashgen.unlock.control import Control, StoredPointer
from flashgen.unlock.state import SaleState
from flashgen.unlock.transition import Outcome, preview, transition

if TYPE_CHECKING:
    from flashgen.cli.transition.options import TransitionOptions
    from flashgen.cli.transition.public_check import PublicCheck
    from flashgen.sale.model import Header
    from flashgen.unlock.verbs import Verb


@dataclass(frozen=True)
class VerbRequest:
    """What an operator asked for: a verb, with which options, when (None: at once), a way back besides rollback."""

    header: Header
    verb: Verb
    asked: TransitionOptions
    moment: Moment | None = None
    undo: Undo | None = None


def moment_of(asked: TransitionOptions, header: Header) -> Moment | None:
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


def restart_after_rotation(
    session: Session, asked: TransitionOptions, begin: Callable[[TransitionOptions], dict[str, Any]]
) -> dict[str, Any]:
    """What `begin` returns. It reads the YAML, and does so again when what it waits for is rotated away meanwhile."""
    while True:
        try:
            return begin(asked)
        except RotatedMeanwhile as rotated:
            session.warn(f"{rotated.message}: reading the YAML again")
            asked = replace(asked, yes=True)  # it was asked before the wait


def look(session: Session, control: Control) -> StoredPointer:
    """The pointer, as `read_pointer` reads it, with a word to whoever waits for it."""
    with SlowNotice(session, control.store.url).for_an_answer():
        return read_pointer(control)


def carry_out(
    session: Session, control: Control, order: VerbRequest, seen: StoredPointer | None = None
) -> dict[str, Any]:
    """Show, ask, wait, do, look, report: on the pointer as it was `seen` and shown, however long somebody thinks.

    Returns the result for `--json`. Raises RotatedMeanwhile if there is nothing left to wait for: see
    `restart_after_rotation`.
    """
    asked = order.asked
    with _witness(session, control, asked) as witness:
        seen = seen or look(session, control)
        wanted = preview(control, order.verb, seen).state
        if wanted != seen.pointer.state:
            order = _in_time(session, order, seen.pointer.state)
            _present(session, control, order, seen.pointer.state, wanted)
            if asked.dry_run:
                session.note("dry run: nothing was changed")
                return facts(control, _unchanged(seen, wanted))
            session.confirm("go on?", asked.yes)
            order = _in_time(session, order, seen.pointer.state)  # somebody may have thought past T0
        return _reported(session, control, order, _act(session, control, order, seen), witness)


def _witness(
    session: Session, control: Control, asked: TransitionOptions
) -> AbstractContextManager[PublicCheck | None]:
    """Whoever does not ask for one does not wait for what it needs to be loaded."""
    if not asked.verify:
        return nullcontext()
    from flashgen.cli.transition.public_check import witness_of

    return witness_of(session, control)


def _in_time(session: Session, order: VerbRequest, state: SaleState) -> VerbRequest:
    """The order; to be done at once if its time has passed and that is no matter. Else Refused."""
    passed = order.moment and order.moment.missed_by(state, now())
    if not passed:
        return order
    if not order.asked.late_ok:
        raise Refused(f"that time passed {span(passed)} ago", "do it at once: the same command with --late-ok")
    session.note(f"that time passed {span(passed)} ago: at once, as --late-ok says")
    return replace(order, moment=None)


def _present(session: Session, control: Control, order: VerbRequest, before: SaleState, wanted: SaleState) -> None:
    announce(session, control, order.header, before, wanted, order.moment)
    if order.moment:
        left = order.moment.due(before) - now()
        say_clock(session, compare_clocks(session, control.store, left, order.asked.clock_ok))


def _unchanged(seen: StoredPointer, wanted: SaleState) -> Outcome:
    return Outcome(seen.pointer, replace(seen.pointer, state=wanted), False, "", None)


def _act(session: Session, control: Control, order: VerbRequest, seen: StoredPointer) -> Outcome:
    if order.moment:
        return at_moment(session, control, order, order.moment, seen)
    return _at_once(session, control, order, seen)


def _at_once(session: Session, control: Control, order: VerbRequest, seen: StoredPointer) -> Outcome:
    with (
        said_if_interrupted(session, "while writing", what_stands(control)),
        SlowNotice(session, control.store.url).for_an_answer(),
    ):
        return transition(control, order.verb, seen)


def _reported(
    session: Session, control: Control, order: VerbRequest, outcome: Outcome, witness: PublicCheck | None
) -> dict[str, Any]:
    say_outcome(session, order.header, outcome, order.moment, order.undo)
    result = facts(control, outcome)
    if witness is None:
        return result
    from flashgen.cli.transition.verifying import verify_shown

    return verify_shown(session, witness, outcome, result, roll_back=order.asked.rollback_on_failure)
