"""How a transition ended: the line to read across the room, and the result for `--json`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from flashgen import timestamps
from flashgen.cli.runtime import now
from flashgen.cli.session import Session
from flashgen.cli.state_text import difference, headline, situation
from flashgen.cli.times import local, local_clock, local_soon, span
from flashgen.errors import Refused
from flashgen.hint import Hint, command_line
from flashgen.unlock.arm import Moment
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.transition import Outcome

if TYPE_CHECKING:
    from flashgen.sale.model import Header
    from flashgen.unlock.verbs import Verb


@dataclass(frozen=True, slots=True)
class Undo:
    """A command that may take a transition back, and its verb: where that leads elsewhere, rollback is the way."""

    command: str
    verb: Verb

    def is_exact(self, before: SaleState, after: SaleState) -> bool:
        """Whether it makes `before` of `after`, as far as operators decide."""
        try:
            back = self.verb.apply(after)
        except Refused:
            return False
        return (back.state, back.closed) == (before.state, before.closed)


def report_outcome(
    session: Session, header: Header, outcome: Outcome, moment: Moment | None, undo: Undo | None
) -> None:
    """What it is now, since when, and the way back."""
    if outcome.changed:
        _report_change(session, header, outcome, moment)
    else:
        _report_no_change(session, header, outcome)
    _warn_if_over(session, header, outcome.after.state)
    if outcome.changed and not session.as_json:
        way_back: str = command_line(f"rollback {header.id} --to {outcome.before.revision}")
        if undo and undo.is_exact(outcome.before.state, outcome.after.state):
            way_back = undo.command
        session.note(click.style(f"undo: {session.aimed(way_back)}", dim=True))


def _report_change(session: Session, header: Header, outcome: Outcome, moment: Moment | None) -> None:
    before, after, revision = outcome.before.state, outcome.after.state, outcome.after.revision
    change = f"{difference(before, after)}, " if before.state is not after.state else ""
    session.say(f"{headline(header.id, before, after)} ({change}revision {revision})")
    details = list(_opening(header, after))
    if moment and outcome.when:
        due = moment.due(after)
        details.insert(0, f"confirmed {_delay(outcome.when - due)} after {local_clock(due, header)}")
    if details:
        session.say(f"  {'; '.join(details)}")


def _report_no_change(session: Session, header: Header, outcome: Outcome) -> None:
    after = outcome.after
    since = f" since {timestamps.to_text(outcome.when)}, by {outcome.who}" if outcome.when else ""
    session.say(f"{header.id}: {situation(after.state)} already{since} (revision {after.revision}); nothing changed")
    for opening in _opening(header, after.state):
        session.say(f"  {opening}")


def _warn_if_over(session: Session, header: Header, state: SaleState) -> None:
    if state.state is not State.ENDED and state.ends_at <= now():
        session.warn(
            f"the end of {header.id}, {local(state.ends_at, header)}, has passed: for the public it is over",
            Hint("move `ends_at` in the YAML and push, or ", command_line(f"end {header.id}")),
        )


def to_json(sale: str, outcome: Outcome) -> dict[str, Any]:
    """The result of a transition for `--json`; `visible_at` is filled in by `--verify`."""
    return {
        "sale": sale,
        "from": outcome.before.state.state,
        "to": outcome.after.state.state,
        "revision": outcome.after.revision,
        "changed": outcome.changed,
        "who": outcome.who,
        "written_at": timestamps.to_text(outcome.when) if outcome.when else None,
        "visible_at": None,
    }


def _opening(header: Header, state: SaleState) -> Iterator[str]:
    if state.state is State.LIVE and state.opens_at and state.opens_at > (at := now()):
        yield f"pages open at {local_soon(state.opens_at, header, at)}"


def _delay(length: timedelta) -> str:
    milliseconds = length / timedelta(milliseconds=1)
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else span(length)
