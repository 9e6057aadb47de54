"""One sale under watch: its store and its edge, each looked at in a thread, so that neither holds up the other."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from flashgen.cli.gathering import SETTLE_SECONDS, background, history, of_header, pointer_or_none, standing_of
from flashgen.cli.repeated import Repeated
from flashgen.cli.shown import Onlooker, Shown
from flashgen.cli.standing import Background, Standing
from flashgen.sale.load import load_header
from flashgen.sale.model import Header
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.transition import Control, NotPushed

LOOK_EVERY_SECONDS = 2.0
"""One GET of the pointer in the store, and one at the edge."""

DEEP_EVERY_SECONDS = 10.0
"""What can change without the pointer is looked for so often: an attempt that is armed, a push that begins."""
DEEP_SHARE = 20
"""A manifest or a journal may be large: reading them takes a twentieth of the time at most."""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a watch knows at one moment. `standing` is None before the first answer of the store.

    `trouble` says why the store did not answer since, for `silent_seconds` now; both are empty while it answers.
    `is_settling` says that the pointer has just changed: an edge may lag behind for so long.
    """

    sale: str
    standing: Standing | None = None
    trouble: str = ""
    silent_seconds: float = 0.0
    is_settling: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    control: Control
    header: Header
    pointer: Pointer | NotPushed
    background: Background
    changed_at: float


class SaleWatch:
    """Keeps looking between `start` and `stop`; `glimpse` is what is known at any time."""

    def __init__(self, control: Control, header: Header, path: Path, onlooker: Onlooker) -> None:
        self._control, self._header, self._path = control, header, path
        self._written_at = _written_at(path)
        self._found: _Found | None = None
        self._deep_due = 0.0
        self._store = Repeated(self._ask, LOOK_EVERY_SECONDS)
        self._edge = Repeated(lambda: onlooker.look(self._control.key), LOOK_EVERY_SECONDS)

    def start(self) -> None:
        """Look for the first time, and from now on."""
        self._store.start()
        self._edge.start()

    def stop(self) -> None:
        """Look no more."""
        self._store.stop()
        self._edge.stop()

    def glimpse(self) -> Glimpse:
        """What is known now. Raises what was a bug in a look."""
        store, edge = self._store.latest, self._edge.latest.value or Shown()
        if store.value is None:
            return Glimpse(self._header.id, trouble=store.trouble)
        found, clock = store.value, time.monotonic()
        standing = standing_of(found.control, found.header, found.pointer, found.background, edge)
        silent = clock - store.at if store.trouble else 0.0
        return Glimpse(found.header.id, standing, store.trouble, silent, clock - found.changed_at < SETTLE_SECONDS)

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

    def _after_change(self, pointer: Pointer | NotPushed) -> Background:
        """Who it was is told at once. What was tried on the pointer before is old news."""
        if isinstance(pointer, NotPushed):
            return Background()
        behind = self._found.background if self._found else Background()
        return replace(behind, history=history(self._control, pointer, behind.history), unelected=())

    def _in_depth(self, pointer: Pointer | NotPushed, behind: Background) -> Background:
        if isinstance(pointer, NotPushed):
            return Background()
        began = time.monotonic()
        behind = background(self._control, pointer, behind.history, in_depth=True)
        ended = time.monotonic()
        self._deep_due = ended + max(DEEP_EVERY_SECONDS, DEEP_SHARE * (ended - began))
        return behind

    def _follow_edits(self) -> None:
        """The YAML may be rotated, postponed or pulled while somebody watches."""
        written_at = _written_at(self._path)
        if written_at != self._written_at:
            self._header = load_header(self._path)
            self._control = of_header(self._control, self._header)
            self._written_at = written_at


def _nonce(pointer: Pointer | NotPushed) -> str:
    return "" if isinstance(pointer, NotPushed) else pointer.nonce


def _written_at(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size
