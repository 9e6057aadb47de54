"""Waiting for T0 with everything prepared, so that at T0 one request leaves and nothing else is to be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from flashgen.errors import StoreError
from flashgen.unlock.state import SaleState
from flashgen.unlock.transition import Attempt, Control, Outcome, Seen, finish, prepare, rebase
from flashgen.unlock.verbs import Verb

REREAD_EVERY = timedelta(seconds=2)
"""How often an armed process looks whether the gate or another operator has written meanwhile."""

SPIN = timedelta(milliseconds=5)
"""A sleep overshoots by up to some milliseconds: the last of them are spent polling the clock."""

Moment = Callable[[SaleState], datetime]
"""When to fire, given what the pointer says: a sale that is postponed while we wait takes us with it."""


Report = Callable[[timedelta, str], None]
"""Told the time left about every 2 s, and what the store said if it could not be asked (else an empty text)."""


def fire_at(control: Control, verb: Verb, at: Moment, report: Report, seen: Seen) -> Outcome:
    """Carry out `verb` at the moment `at`, on the pointer as it was `seen`.

    The attempt is journaled while waiting; it is public only once its PUT is elected. What is there already is not
    waited for. Raises as `transition` does, LostRace also before the moment.
    """
    attempt, trouble = prepare(_armed(control, at, seen), verb, seen), ""
    while attempt.pointer != attempt.base.pointer:
        due = at(attempt.base.pointer.state)
        left = due - control.now()
        if left <= SPIN:
            _spin(control, due)
            break
        report(left, trouble)
        control.sleep(min(left - SPIN, REREAD_EVERY).total_seconds())
        if due - control.now() > REREAD_EVERY:
            attempt, trouble = _refreshed(control, verb, at, attempt)
    return finish(control, verb, attempt)


def _armed(control: Control, at: Moment, seen: Seen) -> Control:
    """The journal says when it happened, not when it was written."""
    due = max(at(seen.pointer.state), control.now())
    return replace(control, now=lambda: due)


def _spin(control: Control, due: datetime) -> None:
    while control.now() < due:
        pass


def _refreshed(control: Control, verb: Verb, at: Moment, attempt: Attempt) -> tuple[Attempt, str]:
    """What is journaled stands while the store cannot be asked; whether that matters shows at the moment itself."""
    try:
        current = control.read()
        if current.etag == attempt.base.etag:
            return attempt, ""
        return rebase(_armed(control, at, current), verb, attempt.base, current), ""
    except StoreError as error:
        return attempt, error.message
