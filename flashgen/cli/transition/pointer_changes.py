"""What others change about a sale while a verb waits for its moment, by name."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from flashgen.cli.state_text import difference
from flashgen.cli.times import local
from flashgen.errors import FlashgenError
from flashgen.store.background import in_background
from flashgen.unlock import journal
from flashgen.unlock.control import Control
from flashgen.unlock.decider import HISTORY_READ
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.state import SaleState

if TYPE_CHECKING:
    from flashgen.sale.model import Header

Lines = tuple[str, ...]
Background = Callable[[Callable[[], Lines]], "Future[Lines]"]


class PointerChanges:
    """Whoever looks again at a pointer asks here what is new. Names are in the journal, which is read on the side."""

    def __init__(
        self, control: Control, header: Header, pointer: Pointer, background: Background = in_background
    ) -> None:
        self._control, self._header, self._background = control, header, background
        self._last = pointer
        self._reading: deque[Future[Lines]] = deque()

    def news(self, pointer: Pointer) -> Iterator[str]:
        """What has become known since the last call. Never waits."""
        if pointer.nonce != self._last.nonce:
            control, header, before = self._control, self._header, self._last
            self._last = pointer
            self._reading.append(self._background(lambda: changes(control, header, before, pointer)))
        while self._reading and self._reading[0].done():
            yield from self._reading.popleft().result()


def changes(control: Control, header: Header, before: Pointer, after: Pointer) -> Lines:
    """What has been done between two pointers, oldest first, but for what the gate sold."""
    lines: list[str] = []
    state = before.state
    for who, following in _steps(control, before, after):
        by = f", by {who}" if who else ""
        lines += [f"{change}{by}" for change in _told(header, state, following)]
        state = following
    return tuple(lines)


def _steps(control: Control, before: Pointer, after: Pointer) -> tuple[tuple[str, SaleState], ...]:
    """Each state since, and who made it; if the journal does not tell, the last one and nobody."""
    chain = islice(journal.history(control.store, control.sale, after.nonce), HISTORY_READ)
    try:
        records = tuple(takewhile(lambda record: record.revision > before.revision, chain))
    except FlashgenError:
        records = ()
    if len(records) != after.revision - before.revision:
        return (("", after.state),)
    return tuple((record.who, record.state) for record in reversed(records))


def _told(header: Header, before: SaleState, after: SaleState) -> Iterator[str]:
    if before.starts_at != after.starts_at:
        yield f"the start was moved to {local(after.starts_at, header)}"
    if before.ends_at != after.ends_at:
        yield f"the end was moved to {local(after.ends_at, header)}"
    if change := difference(before, after):
        yield change
