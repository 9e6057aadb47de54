"""One sale under watch: its store and its edge, each looked at in a thread, so that neither holds up the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from flashgen.cli.status.model import SaleStatus, StatusDetails
from flashgen.cli.status.read import SETTLE_SECONDS, background, history, of_header, pointer_or_none, standing_of
from flashgen.errors import FlashgenError, InvalidInput
from flashgen.sale.load import load_header
from flashgen.sale.model import Header
from flashgen.unlock.control import Control, NotPushed
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.visibility import EdgePointer
from flashgen.verify.edge_pointer import EdgePointerReader

T = TypeVar("T")

LOOK_EVERY_SECONDS = 2.0
"""One GET of the pointer in the store, and one at the edge."""

SILENT_AFTER_SECONDS = 3 * LOOK_EVERY_SECONDS
"""What is older than three looks is said to be: a store may take much longer to fail than to fall silent."""
NO_ANSWER = "no answer"

DEEP_EVERY_SECONDS = 10.0
"""What can change without the pointer is looked for so often: an attempt that is armed, a push that begins."""
DEEP_SHARE = 20
"""A manifest or a journal may be large: reading them takes a twentieth of the time at most."""


@dataclass(frozen=True, slots=True)
class WatchSnapshot:
    """What a watch knows at one moment. `standing` is None before the first answer of the store.

    `trouble` says why the store did not answer since, for `silent_seconds` now; both are empty while it answers. So are
    `edge_silent_seconds` while looks at the edge end. `is_settling` says that the pointer has just changed: an edge may
    lag behind for so long. `mistake` is what is wrong with the YAML; `standing` has it as it was before.
    """

    sale: str
    standing: SaleStatus | None = None
    trouble: str = ""
    silent_seconds: float = 0.0
    edge_silent_seconds: float = 0.0
    is_settling: bool = False
    mistake: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    control: Control
    header: Header
    pointer: Pointer | NotPushed
    background: StatusDetails
    changed_at: float


class SaleWatch:
    """Keeps looking between `start` and `stop`; `glimpse` is what is known at any time."""

    def __init__(self, control: Control, header: Header, path: Path, onlooker: EdgePointerReader) -> None:
        self._control, self._header, self._path = control, header, path
        self._written_at, self._mistake = _written_at(path), ""
        self._found: _Found | None = None
        self._deep_due = 0.0
        self._store = Poller(self._ask, LOOK_EVERY_SECONDS)
        self._edge = Poller(lambda: onlooker.look(self._control.key), LOOK_EVERY_SECONDS)

    def start(self) -> None:
        """Look for the first time, and from now on."""
        self._store.start()
        self._edge.start()

    def stop(self) -> None:
        """Look no more."""
        self._store.stop()
        self._edge.stop()

    def glimpse(self) -> WatchSnapshot:
        """What is known now. Raises what was a bug in a look."""
        store, edge, clock = self._store.latest, self._edge.latest, time.monotonic()
        trouble = store.trouble or (NO_ANSWER if _is_silent(store, clock) else "")
        silent = clock - store.at if trouble else 0.0
        if store.value is None:
            return WatchSnapshot(self._header.id, None, trouble, silent, mistake=self._mistake)
        found, edge_silent = store.value, clock - edge.at if _is_silent(edge, clock) else 0.0
        shown = _unseen(edge.value) if edge_silent else edge.value or EdgePointer()
        standing = standing_of(found.control, found.header, found.pointer, found.background, shown)
        is_settling = clock - found.changed_at < SETTLE_SECONDS
        return WatchSnapshot(found.header.id, standing, trouble, silent, edge_silent, is_settling, self._mistake)

    def _ask(self) -> _Found:
        self._follow_edits()
        pointer = pointer_or_none(self._control)
        last, clock = self._found, time.monotonic()
        if last and _nonce(last.pointer) == _nonce(pointer):
            changed_at, behind = last.changed_at, last.background
        else:
            changed_at, behind = clock, self._after_change(pointer)
        if clock >= self._deep_due:
            behind = self._in_depth(pointer, behind)
        self._found = _Found(self._control, self._header, pointer, behind, changed_at)
        return self._found

    def _after_change(self, pointer: Pointer | NotPushed) -> StatusDetails:
        """Who it was is told at once. What was tried on the pointer before is old news."""
        if isinstance(pointer, NotPushed):
            return StatusDetails()
        behind = self._found.background if self._found else StatusDetails()
        return replace(behind, history=history(self._control, pointer, behind.history), unelected=())

    def _in_depth(self, pointer: Pointer | NotPushed, behind: StatusDetails) -> StatusDetails:
        if isinstance(pointer, NotPushed):
            return StatusDetails()
        began = time.monotonic()
        behind = background(self._control, pointer, behind.history, in_depth=True)
        ended = time.monotonic()
        self._deep_due = ended + max(DEEP_EVERY_SECONDS, DEEP_SHARE * (ended - began))
        return behind

    def _follow_edits(self) -> None:
        """The YAML may be rotated, postponed or pulled while somebody watches. While it is broken, it is as it was."""
        written_at = _written_at(self._path)
        if written_at == self._written_at:
            return
        self._written_at = written_at
        try:
            self._header, self._mistake = load_header(self._path), ""
        except FlashgenError as error:
            self._mistake = _first_mistake(error)
        else:
            self._control = of_header(self._control, self._header)


def _is_silent(reading: PollResult[_Found] | PollResult[EdgePointer], clock: float) -> bool:
    return clock - reading.at > SILENT_AFTER_SECONDS


def _unseen(last: EdgePointer | None) -> EdgePointer:
    """No answer in place of the last one, which is too old to be shown; its clock is still the best guess."""
    last = last or EdgePointer()
    return EdgePointer(problem=NO_ANSWER, url=last.url, clock_ahead=last.clock_ahead)


def _first_mistake(error: FlashgenError) -> str:
    """In one line; `build` tells of all."""
    if not isinstance(error, InvalidInput):
        return error.message
    first, *others = error.problems
    line = f"line {first.where.line}: " if first.where.line else ""
    return f"{line}{first.message}{f', and {len(others)} more' if others else ''}"


def _nonce(pointer: Pointer | NotPushed) -> str:
    return "" if isinstance(pointer, NotPushed) else pointer.nonce


def _written_at(path: Path) -> tuple[int, int] | None:
    """Changes with the file; None while there is none, as in the middle of some editors' saving."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


@dataclass(frozen=True, slots=True)
class PollResult(Generic[T]):
    """What was found last, if anything, and when the look at it began (`time.monotonic`): it may be as old as that.

    Before anything was found, `at` is when looking began. `trouble` is why nothing was found since; empty while a look
    is still under way, however long.
    """

    value: T | None = None
    at: float = 0.0
    trouble: str = ""


class Poller(Generic[T]):
    """Calls `look` every `seconds` once it is started, until it is stopped.

    FlashgenError and OSError become trouble, and the next look may mend it. Everything else is a bug: it ends the
    thread, and `latest` raises it. The thread never keeps the process alive: what hangs in a request is left behind.
    """

    def __init__(self, look: Callable[[], T], seconds: float) -> None:
        self._look, self._seconds = look, seconds
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
        """Whether it is still looking."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Look for the first time, and from now on."""
        self._latest = PollResult(at=time.monotonic())
        self._thread.start()

    def stop(self) -> None:
        """Not once more; does not wait for a look that is under way."""
        self._stopped.set()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopped.wait(max(0.0, due - time.monotonic())):
            began = time.monotonic()
            due = began + self._seconds
            try:
                self._latest = PollResult(self._look(), began)
            except FlashgenError as error:
                self._latest = replace(self._latest, trouble=error.message)
            except OSError as error:
                self._latest = replace(self._latest, trouble=str(error))
            except Exception as bug:  # noqa: BLE001  it is raised where somebody is listening
                self._bug = bug
                return
