"""How a transition ended: the line to read across the room, and the facts for `--json`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from flashgen import timestamps
from flashgen.cli.operating import now
from flashgen.cli.session import Session
from flashgen.cli.state_text import difference, headline, situation
from flashgen.cli.times import local_clock, span
from flashgen.unlock.arm import Moment
from flashgen.unlock.transition import Control, Outcome

if TYPE_CHECKING:
    from flashgen.sale.model import Header


def say_outcome(session: Session, header: Header, outcome: Outcome, moment: Moment | None, undo: str) -> None:
    """What it is now, since when, and the way back."""
    before, after, revision = outcome.before.state, outcome.after.state, outcome.after.revision
    if not outcome.changed:
        since = f" since {timestamps.to_text(outcome.when)}, by {outcome.who}" if outcome.when else ""
        session.say(f"{header.id}: {situation(after)} already{since} (revision {revision}); nothing changed")
        return
    change = f"{difference(before, after)}, " if before.state is not after.state else ""
    session.say(f"{headline(header.id, before, after)} ({change}revision {revision})")
    if timing := _timing(header, outcome, moment):
        session.say(f"  {timing}")
    if not session.as_json:
        session.note(click.style(f"undo: {session.aimed(undo or _rollback(header, outcome))}", dim=True))


def facts(control: Control, outcome: Outcome) -> dict[str, Any]:
    """The result of a transition for `--json`; `visible_at` is for a witness to fill in."""
    return {
        "sale": control.sale,
        "from": outcome.before.state.state,
        "to": outcome.after.state.state,
        "revision": outcome.after.revision,
        "changed": outcome.changed,
        "who": outcome.who,
        "written_at": timestamps.to_text(outcome.when) if outcome.when else None,
        "visible_at": None,
    }


def _timing(header: Header, outcome: Outcome, moment: Moment | None) -> str:
    if moment is None or outcome.when is None:
        return ""
    due, opens_at = moment.due(outcome.after.state), outcome.after.state.opens_at
    text = f"confirmed {_delay(outcome.when - due)} after {local_clock(due, header)}"
    if moment.lead and opens_at and opens_at > now():
        text += f"; pages open at {local_clock(opens_at, header)}"
    return text


def _delay(length: timedelta) -> str:
    milliseconds = length / timedelta(milliseconds=1)
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else span(length)


def _rollback(header: Header, outcome: Outcome) -> str:
    return f"flashgen rollback {header.id} --to {outcome.before.revision}"
