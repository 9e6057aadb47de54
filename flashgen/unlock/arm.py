"""Waiting for T0 with everything prepared, so that at T0 one request leaves and nothing else is to be done.

The pointer is read again beside the waiting, in another thread: a store that takes half a minute to fail must not hold
up the moment itself.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Thread
from typing import Protocol

from flashgen.errors import NoAnswer, StoreError
from flashgen.store.server_date import Dated
from flashgen.unlock.state import SaleState
from flashgen.unlock.transition import Attempt, Control, Outcome, Seen, finish, prepare, rebase
from flashgen.unlock.verbs import Verb

REREAD_EVERY = timedelta(seconds=2)
"""How often an armed process looks whether the gate or another operator has written meanwhile."""

TICK = timedelta(seconds=1)
"""How often the time left is told, and at the latest how soon after a look its finding counts."""

SPIN = timedelta(milliseconds=5)
"""A sleep overshoots by up to some milliseconds: the last of them are spent polling the clock."""

LATE = timedelta(seconds=2)
"""Who wakes later than this after T0 has slept through it: a laptop was shut, or a process stopped."""

SILENT_AFTER = timedelta(seconds=3)
"""A look that takes longer is told as trouble; the store's own time-outs come much later."""

Look = Callable[[], Attempt]
Background = Callable[[Look], "Future[Attempt]"]


@dataclass(frozen=True, slots=True)
class Moment:
    """When to fire. `of` is T0, given what the pointer says, so that a postponement takes us with it.

    The write leaves `lead` before T0.
    """

    of: Callable[[SaleState], datetime]
    lead: timedelta = timedelta()

    def due(self, state: SaleState) -> datetime:
        """When the write leaves."""
        return self.of(state) - self.lead


class Watch(Protocol):
    """Who sits beside it."""

    def tick(self, left: timedelta, trouble: StoreError | None) -> None:
        """Told about every second: the time until the write leaves, and why the store cannot be asked."""

    def late(self, by: timedelta, state: SaleState) -> None:
        """Told how long ago T0 was, when it was slept through. What is raised here keeps the write from leaving."""


def in_background(look: Look) -> Future[Attempt]:
    """In a thread that does not keep the process alive: nobody waits for its store once the sale is open."""
    future: Future[Attempt] = Future()

    def run() -> None:
        try:
            future.set_result(look())
        except BaseException as error:  # noqa: BLE001  it is raised where the result is asked for
            future.set_exception(error)

    Thread(target=run, name="look", daemon=True).start()
    return future


def await_moment(
    control: Control, verb: Verb, moment: Moment, watch: Watch, seen: Seen, background: Background = in_background
) -> Attempt:
    """Prepare `verb` on the pointer as it was `seen`, and return when it is to be fired.

    The attempt is journaled while waiting, and made anew on what others write meanwhile. What is there already is not
    waited for. Raises Refused and LostRace as `transition` does, and what `watch.late` raises; nothing public has been
    written then, nor when this is interrupted.
    """
    verb = _waiting(verb)
    attempt = prepare(_armed(control, moment, seen), verb, seen)
    looks = _Looks(control, lambda base: _look(control, verb, moment, base), background)
    while attempt.pointer != attempt.base.pointer:
        due = moment.due(attempt.base.pointer.state)
        left = due - control.now()
        if left <= SPIN:
            _spin(control, due)
            return _in_time(control, verb, moment, watch, attempt)
        watch.tick(left, looks.trouble)
        control.sleep(_until_next_tick(left).total_seconds())
        attempt = looks.newest(attempt, due - control.now())
    return attempt


def fire(control: Control, verb: Verb, attempt: Attempt) -> Outcome:
    """Have what was prepared elected: one request, if nobody has written since the last look."""
    return finish(control, _waiting(verb), attempt)


def _waiting(verb: Verb) -> Verb:
    return replace(verb, waits=True)


def _armed(control: Control, moment: Moment, seen: Seen) -> Control:
    """The journal says when it happened, not when it was written."""
    due = max(moment.due(seen.pointer.state), control.now())
    return replace(control, now=lambda: due)


def _until_next_tick(left: timedelta) -> timedelta:
    """So that what is told is close to whole seconds; the last sleep ends where spinning begins."""
    return min(left % TICK + timedelta(milliseconds=1), left - SPIN) if left > TICK else left - SPIN


def _spin(control: Control, due: datetime) -> None:
    while control.now() < due:
        pass


def _in_time(control: Control, verb: Verb, moment: Moment, watch: Watch, attempt: Attempt) -> Attempt:
    """The attempt; a new one if T0 was slept through and `watch` lets it pass: the journal is to tell the real time."""
    state = attempt.base.pointer.state
    by = control.now() - moment.of(state)
    if by <= LATE:
        return attempt
    watch.late(by, state)
    try:
        return prepare(control, verb, attempt.base)
    except StoreError:
        return attempt  # the network may take a while to wake; the write itself has more patience


def _look(control: Control, verb: Verb, moment: Moment, attempt: Attempt) -> Attempt:
    """`attempt`, or a new one on what stands there now. Keeps the connection open over which the write will go."""
    current = control.read_again()
    if isinstance(control.store, Dated):
        with suppress(StoreError):
            control.store.date()
    if current.etag == attempt.base.etag:
        return attempt
    return rebase(_armed(control, moment, current), verb, attempt.base, current)


class _Looks:
    """One look at a time, every REREAD_EVERY, none in the last seconds. `trouble` is why the last one failed."""

    def __init__(self, control: Control, look: Callable[[Attempt], Attempt], background: Background) -> None:
        self.trouble: StoreError | None = None
        self._control, self._look, self._background = control, look, background
        self._pending: Future[Attempt] | None = None
        self._began = control.now()

    def newest(self, attempt: Attempt, left: timedelta) -> Attempt:
        """What to fire, by what was found since. Raises what a look raised, but for a store that cannot be asked."""
        passed = self._control.now() - self._began
        if self._pending is None and left > REREAD_EVERY and passed > REREAD_EVERY - TICK / 2:
            self._began, passed = self._control.now(), timedelta()
            self._pending = self._background(lambda: self._look(attempt))
        if self._pending and not self._pending.done() and passed > SILENT_AFTER:
            self.trouble = NoAnswer(f"{self._control.store.url} does not answer", "check the network")
        return self._landed(attempt) if self._pending and self._pending.done() else attempt

    def _landed(self, attempt: Attempt) -> Attempt:
        """What was journaled stands while the store cannot be asked; whether that matters shows at T0 itself."""
        pending, self._pending = self._pending, None
        if pending is None:
            return attempt
        try:
            attempt, self.trouble = pending.result(), None
        except StoreError as error:
            self.trouble = error
        return attempt
