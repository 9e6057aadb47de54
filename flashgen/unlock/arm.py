"""Waiting for T0 with everything prepared, so that at T0 one request leaves and nothing else is to be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from flashgen.errors import NoAnswer
from flashgen.unlock.transition import Attempt, Control, Outcome, finish, prepare, rebase
from flashgen.unlock.verbs import Verb

REREAD_EVERY = timedelta(seconds=2)
"""How often an armed process looks whether the gate or another operator has written meanwhile."""

SPIN = timedelta(milliseconds=5)
"""A sleep overshoots by up to some milliseconds: the last of them are spent polling the clock."""


def fire_at(control: Control, verb: Verb, at: datetime, report: Callable[[timedelta], None]) -> Outcome:
    """Carry out `verb` at `at`. `report` is told the time left about every 2 s.

    The attempt is journaled while waiting; it is public only once its PUT at `at` is elected. Raises as `transition`
    does, LostRace also before `at`.
    """
    armed = replace(control, now=lambda: at)  # the journal says when it happened, not when it was written
    attempt = prepare(armed, verb, control.read())
    while (left := at - control.now()) > SPIN:
        report(left)
        control.sleep(min(left - SPIN, REREAD_EVERY).total_seconds())
        if at - control.now() > REREAD_EVERY:
            attempt = _refreshed(armed, verb, attempt)
    while control.now() < at:
        pass
    return finish(control, verb, attempt)


def _refreshed(control: Control, verb: Verb, attempt: Attempt) -> Attempt:
    try:
        current = control.read()
        return attempt if current.etag == attempt.base.etag else rebase(control, verb, attempt.base, current)
    except NoAnswer:
        return attempt
