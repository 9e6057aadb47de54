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
from typing import Protocol

from flashgen.errors import NoAnswer, StoreError
from flashgen.store.background import in_background
from flashgen.store.server_date import Dated
from flashgen.unlock.control import Control, StoredPointer
from flashgen.unlock.pointer import Damaged, Pointer
from flashgen.unlock.state import SaleState
from flashgen.unlock.transition import Attempt, Outcome, finish, prepare, rebase
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

    def missed_by(self, state: SaleState, now: datetime) -> timedelta | None:
        """How long ago T0 was, if that is more than LATE."""
        by = now - self.of(state)
        return by if by > LATE else None


class Watch(Protocol):
    """Who sits beside it."""

    def tick(self, left: timedelta, pointer: Pointer, trouble: StoreError | None) -> None:
        """Told about every second: the time until the write leaves, on what `pointer`, and why it cannot be read."""

    def late(self, by: timedelta, state: SaleState, *, moved: bool) -> None:
        """Told how long ago T0 was, when it was slept through, or `moved` into the past by a push.

        What is raised here keeps the write from leaving.
        """


def await_moment(
    control: Control,
    verb: Verb,
    moment: Moment,
    watch: Watch,
    seen: StoredPointer,
    background: Background = in_background,
) -> Attempt:
    """Prepare `verb` on the pointer as it was `seen`, and return when it is to be fired.

    The attempt is journaled while waiting, and made anew on what others write meanwhile. What is there already is not
    waited for. Raises Refused and LostRace as `transition` does, and what `watch.late` raises; nothing public has been
    written then, nor when this is interrupted.
    """
    verb = _waiting(verb)
    attempt = prepare(_armed(control, moment, seen), verb, seen)
    awaited = moment.of(seen.pointer.state)
    looks = _Looks(control, lambda base: _look(control, verb, moment, base), background)
    while attempt.pointer != attempt.base.pointer:
        state = attempt.base.pointer.state
        due = moment.due(state)
        left = due - control.now()
        if left <= SPIN:
            _spin(control, due)
            if by := moment.missed_by(state, control.now()):
                watch.late(by, state, moved=moment.of(state) < awaited)
                return _dated_now(control, verb, attempt)
            return attempt
        awaited = moment.of(state)
        watch.tick(left, attempt.base.pointer, looks.trouble)
        pause = _until_next_tick(left)
        control.sleep(pause.total_seconds())
        attempt = looks.newest(attempt, due - control.now(), pause)
    return attempt


def fire(control: Control, verb: Verb, attempt: Attempt) -> Outcome:
    """Have what was prepared elected: one request, if nobody has written since the last look."""
    return finish(control, _waiting(verb), attempt)


def _waiting(verb: Verb) -> Verb:
    return replace(verb, waits=True)


def _armed(control: Control, moment: Moment, seen: StoredPointer) -> Control:
    """The journal says when it happened, not when it was written."""
    due = max(moment.due(seen.pointer.state), control.now())
    return replace(control, now=lambda: due)


def _until_next_tick(left: timedelta) -> timedelta:
    """So that what is told is close to whole seconds; the last sleep ends where spinning begins."""
    return min(left % TICK + timedelta(milliseconds=1), left - SPIN) if left > TICK else left - SPIN


def _spin(control: Control, due: datetime) -> None:
    while control.now() < due:
        pass


def _dated_now(control: Control, verb: Verb, attempt: Attempt) -> Attempt:
    """A new attempt after T0 was missed: the journal is to tell the real time."""
    try:
        return prepare(control, verb, attempt.base)
    except StoreError:
        return attempt  # the network may take a while to wake; the write itself has more patience


def _look(control: Control, verb: Verb, moment: Moment, attempt: Attempt) -> Attempt:
    """`attempt`, or a new one on what stands there now. Keeps the connection open over which the write will go."""
    try:
        current = control.read_again()
    except Damaged as damaged:
        raise StoreError(damaged.message, damaged.hint) from damaged  # whoever answered so may be gone by T0
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
        self._passed = timedelta()

    def newest(self, attempt: Attempt, left: timedelta, slept: timedelta) -> Attempt:
        """What to fire, by what was found since. Raises what a look raised, but for a store that cannot be asked.

        What was `slept` since it was asked last tells how much time has passed: this machine's clock may be set.
        """
        self._passed += slept
        if self._pending is None and left > REREAD_EVERY and self._passed > REREAD_EVERY - TICK / 2:
            self._passed = timedelta()
            self._pending = self._background(lambda: self._look(attempt))
        if self._pending and not self._pending.done() and self._passed > SILENT_AFTER:
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
