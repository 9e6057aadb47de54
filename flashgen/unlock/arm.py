"""Waiting for T0 with everything prepared, so that at T0 one request leaves and nothing else is left to do.

While it waits, the pointer is read again in another thread: a store that takes half a minute to fail must not delay T0.
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
from flashgen.store.protocol import Dated
from flashgen.typed_json import Damaged
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.pointer_file import StoredPointer
from flashgen.unlock.pointer_writer import PointerWriter
from flashgen.unlock.state import SaleState
from flashgen.unlock.transition import Attempt, Outcome, finish, prepare, rebase
from flashgen.unlock.verbs import Verb

REREAD_EVERY = timedelta(seconds=2)
"""How often an armed process reads the pointer again, in case the gate or another operator has written it."""

TICK = timedelta(seconds=1)
"""How often the time left is reported, and the longest time until what was read is used."""

SPIN = timedelta(milliseconds=5)
"""A sleep overshoots by some milliseconds, so the last of them are spent polling the clock."""

LATE = timedelta(seconds=2)
"""A process that wakes later than this after T0 has slept through it: a laptop was shut, or the process was stopped."""

SILENT_AFTER = timedelta(seconds=3)
"""A read that takes longer is reported as trouble; the store's own time-outs come much later."""

Reread = Callable[[], Attempt]
Background = Callable[[Reread], "Future[Attempt]"]


@dataclass(frozen=True, slots=True)
class Moment:
    """When to write. `of` returns T0 for a state of the pointer, so that a postponement moves it.

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
    """Who is told how the wait goes: a terminal, or a log."""

    def tick(self, left: timedelta, pointer: Pointer, trouble: StoreError | None) -> None:
        """Called about every second with the time until the write leaves.

        `pointer` is the one it is based on, and `trouble` says why the pointer cannot be read at the moment.
        """

    def late(self, by: timedelta, state: SaleState, *, moved: bool) -> None:
        """Called with how long ago T0 was, if the process slept through it or a push has `moved` it into the past.

        What it raises keeps the write from leaving.
        """


def await_moment(
    writer: PointerWriter,
    verb: Verb,
    moment: Moment,
    watch: Watch,
    seen: StoredPointer,
    background: Background = in_background,
) -> Attempt:
    """Prepare `verb` on the pointer as it was `seen`, wait, and return the attempt when it is to be written.

    The attempt is in the journal while this waits, and is prepared again when others write the pointer. If the asked
    state is there already, this returns at once. Raises Refused and LostRace as `transition` does, and what
    `watch.late` raises. Nothing public has been written then, nor when this is interrupted.
    """
    verb = _waiting(verb)
    attempt = prepare(_dated_at_moment(writer, moment, seen), verb, seen)
    awaited = moment.of(seen.pointer.state)
    rereads = _Rereads(writer.file.store.url, lambda base: _reread(writer, verb, moment, base), background)
    while attempt.pointer != attempt.base.pointer:
        state = attempt.base.pointer.state
        due = moment.due(state)
        left = due - writer.actor.now()
        if left <= SPIN:
            while writer.actor.now() < due:
                pass
            if by := moment.missed_by(state, writer.actor.now()):
                watch.late(by, state, moved=moment.of(state) < awaited)
                return _dated_now(writer, verb, attempt)
            return attempt
        awaited = moment.of(state)
        watch.tick(left, attempt.base.pointer, rereads.trouble)
        pause = _until_next_tick(left)
        writer.actor.sleep(pause.total_seconds())
        attempt = rereads.newest(attempt, due - writer.actor.now(), pause)
    return attempt


def fire(writer: PointerWriter, verb: Verb, attempt: Attempt) -> Outcome:
    """Write what was prepared: one request, if nobody has written the pointer since it was last read."""
    return finish(writer, _waiting(verb), attempt)


def _waiting(verb: Verb) -> Verb:
    return replace(verb, waits=True)


def _dated_at_moment(writer: PointerWriter, moment: Moment, seen: StoredPointer) -> PointerWriter:
    """The journal says when the sale changed, not when the record was written."""
    due = max(moment.due(seen.pointer.state), writer.actor.now())
    return replace(writer, actor=replace(writer.actor, now=lambda: due))


def _until_next_tick(left: timedelta) -> timedelta:
    """Until a whole second is left; the last sleep ends where spinning begins."""
    return min(left % TICK + timedelta(milliseconds=1), left - SPIN) if left > TICK else left - SPIN


def _dated_now(writer: PointerWriter, verb: Verb, attempt: Attempt) -> Attempt:
    """A new attempt after T0 was missed, so that the journal has the real time."""
    try:
        return prepare(writer, verb, attempt.base)
    except StoreError:
        return attempt  # the network may take a while to wake; the write itself has more patience


def _reread(writer: PointerWriter, verb: Verb, moment: Moment, attempt: Attempt) -> Attempt:
    """`attempt`, or a new one on the pointer that is there now. Keeps the connection open for the write."""
    try:
        current = writer.file.read_again()
    except Damaged as damaged:
        raise StoreError(damaged.message, damaged.hint) from damaged  # a proxy may have answered, and be gone by T0
    if isinstance(writer.file.store, Dated):
        with suppress(StoreError):
            writer.file.store.date()
    if current.etag == attempt.base.etag:
        return attempt
    return rebase(_dated_at_moment(writer, moment, current), verb, attempt.base, current)


class _Rereads:
    """Reads the pointer every REREAD_EVERY, one read at a time, and not in the last seconds.

    `trouble` is why the last read failed, or that it has no answer yet.
    """

    def __init__(self, store_url: str, reread: Callable[[Attempt], Attempt], background: Background) -> None:
        self.trouble: StoreError | None = None
        self._store_url, self._reread, self._background = store_url, reread, background
        self._pending: Future[Attempt] | None = None
        self._passed = timedelta()

    def newest(self, attempt: Attempt, left: timedelta, slept: timedelta) -> Attempt:
        """The attempt to write, by what was read since. Raises what a read raised, except StoreError.

        Elapsed time is summed from sleeps, because the wall clock may be changed.
        """
        self._passed += slept
        if self._pending is None and left > REREAD_EVERY and self._passed > REREAD_EVERY - TICK / 2:
            self._passed = timedelta()
            self._pending = self._background(lambda: self._reread(attempt))
        if self._pending is None:
            return attempt
        if not self._pending.done():
            if self._passed > SILENT_AFTER:
                self.trouble = NoAnswer(f"{self._store_url} does not answer", "check the network")
            return attempt
        pending, self._pending = self._pending, None
        try:
            attempt, self.trouble = pending.result(), None
        except StoreError as error:
            self.trouble = error  # the attempt stays; if that matters, the write itself fails at T0
        return attempt
