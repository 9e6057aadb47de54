"""A verb that waits for its moment: the countdown, what others change before it, and Ctrl-C."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from flashgen.cli.runtime import now
from flashgen.cli.session import Session
from flashgen.cli.state_text import difference
from flashgen.cli.times import local, local_soon
from flashgen.cli.transition.countdown import Countdown
from flashgen.errors import FlashgenError, Refused, StoreError
from flashgen.hint import Hint, command_line
from flashgen.store.background import in_background
from flashgen.unlock import journal
from flashgen.unlock.arm import Moment, await_moment, fire
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.pointer_file import PointerFile, Rotated, StoredPointer
from flashgen.unlock.pointer_writer import PointerWriter
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.transition import Outcome

if TYPE_CHECKING:
    from flashgen.cli.transition.options import VerbRequest
    from flashgen.sale.model import Header


class RotatedWhileWaiting(Refused):
    """The version that a verb waited for is a forward now."""


def wait_and_write(
    session: Session, writer: PointerWriter, request: VerbRequest, moment: Moment, seen: StoredPointer
) -> Outcome:
    """Wait, then write. Raises RotatedWhileWaiting, and what `await_moment` and `fire` raise."""
    with _rotation_reported(request.header.id), _countdown(session, writer, request, moment, seen) as countdown:
        # What is in memory now stays. A later collection would go through all of boto3, perhaps just at T0.
        gc.collect()
        gc.freeze()
        attempt = await_moment(writer, request.verb, moment, countdown, seen)
        with note_if_interrupted(session, request.header.id), _hint_at_late_ok(request), countdown.writing():
            return fire(writer, request.verb, attempt)


def _countdown(
    session: Session, writer: PointerWriter, request: VerbRequest, moment: Moment, seen: StoredPointer
) -> Countdown:
    header, verb = request.header, request.verb

    def what(state: SaleState) -> str:
        due = local_soon(moment.due(state), header, now())
        return f"{header.id}: {difference(state, verb.apply(state))} at {due}"

    def is_over(state: SaleState) -> bool:
        return opens and now() >= state.ends_at

    opens = verb.apply(seen.pointer.state).state is State.LIVE
    news = PointerChanges(writer.file, header, seen.pointer).news
    return Countdown(session, what, news, is_over, late_ok=request.asked.late_ok)


@contextmanager
def _rotation_reported(sale: str) -> Iterator[None]:
    try:
        yield
    except Rotated as rotated:
        raise RotatedWhileWaiting(
            f"{sale} was rotated while this waited, and nothing public was changed", rotated.hint
        ) from rotated


@contextmanager
def _hint_at_late_ok(request: VerbRequest) -> Iterator[None]:
    """A write that failed at T0 can only be repeated after it: the hint says so."""
    try:
        yield
    except StoreError as error:
        if request.asked.late_ok:
            raise
        again = "after T0 the same command needs --late-ok"
        raise type(error)(error.message, Hint.joined(error.hint, again)) from error


@contextmanager
def note_if_interrupted(session: Session, sale: str) -> Iterator[None]:
    """Around the write. On Ctrl-C, say that it may have left already."""
    session.has_begun = True
    try:
        yield
    except KeyboardInterrupt:
        what = Hint(command_line(f"status {sale}"), " tells what stands; the same command again is safe")
        session.note(Hint("interrupted while writing: ", what))
        raise


Lines = tuple[str, ...]
Background = Callable[[Callable[[], Lines]], "Future[Lines]"]


class PointerChanges:
    """What others have changed since a pointer was read, with their names from the journal, read in the background."""

    def __init__(
        self, file: PointerFile, header: Header, pointer: Pointer, background: Background = in_background
    ) -> None:
        self._file, self._header, self._background = file, header, background
        self._last = pointer
        self._reading: deque[Future[Lines]] = deque()

    def news(self, pointer: Pointer) -> Iterator[str]:
        """What has become known since the last call. Never waits."""
        if pointer.nonce != self._last.nonce:
            file, header, before = self._file, self._header, self._last
            self._last = pointer
            self._reading.append(self._background(lambda: changes(file, header, before, pointer)))
        while self._reading and self._reading[0].done():
            yield from self._reading.popleft().result()


def changes(file: PointerFile, header: Header, before: Pointer, after: Pointer) -> Lines:
    """What has been done between two pointers, oldest first, but for what the gate sold."""
    lines: list[str] = []
    state = before.state
    for who, following in _steps(file, before, after):
        by = f", by {who}" if who else ""
        lines += [f"{change}{by}" for change in _in_words(header, state, following)]
        state = following
    return tuple(lines)


def _steps(file: PointerFile, before: Pointer, after: Pointer) -> tuple[tuple[str, SaleState], ...]:
    """Each state since, and who made it; without the journal, the last one and no name."""
    chain = islice(journal.history(file.store, file.sale, after.nonce), journal.HISTORY_READ)
    try:
        records = tuple(takewhile(lambda record: record.revision > before.revision, chain))
    except FlashgenError:
        records = ()
    if len(records) != after.revision - before.revision:
        return (("", after.state),)
    return tuple((record.who, record.state) for record in reversed(records))


def _in_words(header: Header, before: SaleState, after: SaleState) -> Iterator[str]:
    if before.starts_at != after.starts_at:
        yield f"the start was moved to {local(after.starts_at, header)}"
    if before.ends_at != after.ends_at:
        yield f"the end was moved to {local(after.ends_at, header)}"
    if change := difference(before, after):
        yield change
