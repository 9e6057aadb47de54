"""Watching one sale: store and edge are polled in a thread each, so that neither delays the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from flashgen.cli.runtime import pointer_file
from flashgen.cli.status.model import SaleStatus, StatusDetails
from flashgen.cli.status.read import SETTLE_SECONDS, pointer_or_none, read_details, status_now, with_history
from flashgen.errors import FlashgenError, InvalidInput
from flashgen.sale.load import load_header
from flashgen.sale.model import Header
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.pointer_file import NotPushed, PointerFile
from flashgen.unlock.visibility import EdgePointer
from flashgen.verify.edge_pointer import EdgePointerReader

T = TypeVar("T")

POLL_EVERY_SECONDS = 2.0
"""Each poll is one GET of the pointer: at the store, and at the edge."""

SILENT_AFTER_SECONDS = 3 * POLL_EVERY_SECONDS
"""A missing answer is reported after three polls, because a store may take much longer to fail."""
NO_ANSWER = "no answer"

DETAILS_EVERY_SECONDS = 10.0
"""How often to read what changes without the pointer: an attempt that is armed, a push that begins."""
DETAILS_SHARE = 20
"""A manifest or a journal may be large: reading them takes at most a twentieth of the time."""


@dataclass(frozen=True, slots=True)
class WatchSnapshot:
    """What a watch knows at one moment. `status` is None before the first answer of the store.

    `trouble` says why the store has not answered for `silent_seconds`; both are empty while it answers.
    `edge_silent_seconds` is the same for the edge. `is_settling` says that the pointer has just changed: the edge may
    still show the former one. `mistake` is an error in the YAML; `status` then goes by the YAML before it.
    """

    sale: str
    status: SaleStatus | None = None
    trouble: str = ""
    silent_seconds: float = 0.0
    edge_silent_seconds: float = 0.0
    is_settling: bool = False
    mistake: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    file: PointerFile
    header: Header
    pointer: Pointer | NotPushed
    details: StatusDetails
    changed_at: float


class SaleWatch:
    """Polls between `start` and `stop`; `snapshot` is what is known at the moment.

    It polls store and edge every `poll_seconds`; after `silent_seconds` without an answer it reports that. For
    `settle_seconds` after a change the edge may be behind.
    """

    def __init__(
        self,
        file: PointerFile,
        header: Header,
        path: Path,
        edge_reader: EdgePointerReader,
        *,
        poll_seconds: float = POLL_EVERY_SECONDS,
        silent_seconds: float = SILENT_AFTER_SECONDS,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._file, self._header, self._path = file, header, path
        self._written_at, self._mistake = _written_at(path), ""
        self._found: _Found | None = None
        self._details_due, self._silent_seconds, self._settle_seconds = 0.0, silent_seconds, settle_seconds
        self._store = Poller(self._poll_store, poll_seconds)
        self._edge = Poller(lambda: edge_reader.read(self._file.key), poll_seconds)

    def start(self) -> None:
        """Poll now, and from now on."""
        self._store.start()
        self._edge.start()

    def stop(self) -> None:
        """Stop polling."""
        self._store.stop()
        self._edge.stop()

    def snapshot(self) -> WatchSnapshot:
        """What is known now. Raises the exception of a poll that failed by a bug."""
        store, at_edge, clock = self._store.latest, self._edge.latest, time.monotonic()
        trouble = store.trouble or (NO_ANSWER if self._is_silent(store, clock) else "")
        silent = clock - store.at if trouble else 0.0
        if store.value is None:
            return WatchSnapshot(self._header.id, None, trouble, silent, mistake=self._mistake)
        found, edge_silent = store.value, clock - at_edge.at if self._is_silent(at_edge, clock) else 0.0
        edge = at_edge.value or EdgePointer()
        if edge_silent:  # the answer is too old to be displayed; its clock is still the best guess
            edge = EdgePointer(problem=NO_ANSWER, url=edge.url, clock_ahead=edge.clock_ahead)
        status = status_now(found.file, found.header, found.pointer, found.details, edge)
        is_settling = clock - found.changed_at < self._settle_seconds
        return WatchSnapshot(found.header.id, status, trouble, silent, edge_silent, is_settling, self._mistake)

    def _is_silent(self, last: PollResult[_Found] | PollResult[EdgePointer], clock: float) -> bool:
        return clock - last.at > self._silent_seconds

    def _poll_store(self) -> _Found:
        self._follow_edits()
        pointer = pointer_or_none(self._file)
        last, clock = self._found, time.monotonic()
        if last and _nonce(last.pointer) == _nonce(pointer):
            changed_at, details = last.changed_at, last.details
        else:
            changed_at, details = clock, self._details_after_change(pointer)
        if clock >= self._details_due:
            details = self._in_depth(pointer, details)
        self._found = _Found(self._file, self._header, pointer, details, changed_at)
        return self._found

    def _details_after_change(self, pointer: Pointer | NotPushed) -> StatusDetails:
        """The history at once, because it says who changed the pointer. Attempts on the former pointer are outdated."""
        if isinstance(pointer, NotPushed):
            return StatusDetails()
        details = self._found.details if self._found else StatusDetails()
        return replace(with_history(self._file, pointer, details), pending_attempts=())

    def _in_depth(self, pointer: Pointer | NotPushed, details: StatusDetails) -> StatusDetails:
        if isinstance(pointer, NotPushed):
            return StatusDetails()
        began = time.monotonic()
        details = read_details(self._file, pointer, details, in_depth=True)
        ended = time.monotonic()
        self._details_due = ended + max(DETAILS_EVERY_SECONDS, DETAILS_SHARE * (ended - began))
        return details

    def _follow_edits(self) -> None:
        """The YAML may be rotated, postponed or pulled during the watch. While it is invalid, the former one counts."""
        written_at = _written_at(self._path)
        if written_at == self._written_at:
            return
        self._written_at = written_at
        try:
            self._header, self._mistake = load_header(self._path), ""
        except FlashgenError as error:
            self._mistake = _first_mistake(error)
        else:
            self._file = pointer_file(self._file.store, self._header)


def _first_mistake(error: FlashgenError) -> str:
    """The first problem in one line; `check` prints all."""
    if not isinstance(error, InvalidInput):
        return error.message
    first, *others = error.problems
    line = f"line {first.where.line}: " if first.where.line else ""
    return f"{line}{first.message}{f', and {len(others)} more' if others else ''}"


def _nonce(pointer: Pointer | NotPushed) -> str:
    return "" if isinstance(pointer, NotPushed) else pointer.nonce


def _written_at(path: Path) -> tuple[int, int] | None:
    """A value that changes with the file; None while there is no file, as when some editors save."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


@dataclass(frozen=True, slots=True)
class PollResult(Generic[T]):
    """The last value, if there is one, and when its poll began (`time.monotonic`): the value may be as old as that.

    Before the first value, `at` is when polling began. `trouble` is why later polls failed; it is empty while a poll is
    still under way, however long that takes.
    """

    value: T | None = None
    at: float = 0.0
    trouble: str = ""


class Poller(Generic[T]):
    """Calls `poll` every `seconds` between `start` and `stop`.

    FlashgenError and OSError become `trouble`, until a poll succeeds. Every other exception is a bug: it ends the
    thread, and `latest` raises it. The thread does not keep the process alive, even if it hangs in a request.
    """

    def __init__(self, poll: Callable[[], T], seconds: float) -> None:
        self._poll, self._seconds = poll, seconds
        self._latest: PollResult[T] = PollResult()
        self._bug: Exception | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def latest(self) -> PollResult[T]:
        """What is known now."""
        if self._bug:
            raise self._bug
        return self._latest

    @property
    def is_alive(self) -> bool:
        """Whether the thread is still running."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Poll now, and from now on."""
        self._latest = PollResult(at=time.monotonic())
        self._thread.start()

    def stop(self) -> None:
        """Poll no more. Does not wait for a poll under way."""
        self._stopped.set()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopped.wait(max(0.0, due - time.monotonic())):
            began = time.monotonic()
            due = began + self._seconds
            try:
                self._latest = PollResult(self._poll(), began)
            except FlashgenError as error:
                self._latest = replace(self._latest, trouble=error.message)
            except OSError as error:
                self._latest = replace(self._latest, trouble=str(error))
            except Exception as bug:  # noqa: BLE001  `latest` raises it
                self._bug = bug
                return
