"""When the public sees what was written: the pointer is read through its public URL until our revision shows.

An edge keeps the pointer for 1 or 2 s, so nothing has to be invalidated. One that still shows the old revision after
`INVALIDATE_AFTER` keeps it too long: it is told once to forget it, as a net, and given `GIVE_UP_AFTER` in all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from flashgen.errors import StoreError
from flashgen.unlock.pointer import Pointer

POLL_SECONDS = 0.2
INVALIDATE_AFTER = timedelta(seconds=5)
GIVE_UP_AFTER = timedelta(seconds=15)

FRESH_AGE_SECONDS = 2
"""The longest that any behaviour lets an edge keep a pointer."""

NOT_THE_EDGES = frozenset({407, 408, 429})
"""Said of the one who asks, or of a proxy on the way: not of the object."""


@dataclass(frozen=True, slots=True)
class EdgePointer:
    """One look at a pointer as the public gets it; an empty one if nobody has looked yet.

    `at` is when the answer was here; `status` is 0 where there was none. Without a `pointer` the `problem` says what
    there is instead. `age_seconds` is how long ago the edge asked the store, None where it does not tell. `x_cache` is
    what it says of its cache, or empty; `url` is where we looked. `clock_ahead` is by how many seconds the clock that
    pages go by, the edge's, is ahead of this machine's; 0 unless its answer proves otherwise.
    """

    at: datetime | None = None
    status: int = 0
    pointer: Pointer | None = None
    problem: str = ""
    age_seconds: int | None = None
    x_cache: str = ""
    url: str = ""
    clock_ahead: float = 0.0

    @property
    def revision(self) -> int | None:
        """What is shown; None where no pointer is."""
        return self.pointer.revision if self.pointer else None

    @property
    def nonce(self) -> str:
        """That of the revision; empty where no pointer is shown."""
        return self.pointer.nonce if self.pointer else ""

    @property
    def is_fresh(self) -> bool:
        """Whether the edge has certainly asked the store within the time it may keep a pointer.

        It says so itself; or there is no cache, or one that did not have it. A hit without an `Age`, as nginx answers,
        may be of any age.
        """
        if self.age_seconds is not None:
            return self.age_seconds <= FRESH_AGE_SECONDS
        told = self.x_cache.lower()
        return not told or ("miss" in told and "hit" not in told)


@dataclass(frozen=True, slots=True)
class Visibility:
    """What came of it. `sight` is the last look, with or without an answer.

    `invalidated` says that an edge was told to forget, `trouble` why it could not be told.
    """

    is_visible: bool = False
    sight: EdgePointer = field(default_factory=EdgePointer)
    invalidated: bool = False
    trouble: StoreError | None = None

    def is_fresh_and_wrong(self, revision: int, *, reached_before: bool) -> bool:
        """Whether the edge itself has answered, and what it said is certainly not the `revision` that was written.

        That is an older one which it has asked for within FRESH_AGE_SECONDS, long after the write: it reads another
        store. Or a 4xx of the edge (it tells of its cache), if the pointer was `reached_before` the write from
        here: else a proxy or a hotel's Wi-Fi may have spoken. Not a 5xx, which passes: what was written shows then.
        Never when the last look had no answer.
        """
        if self.is_visible:
            return False
        if self.sight.pointer:
            return self.sight.is_fresh and self.sight.pointer.revision < revision
        refused = 400 <= self.sight.status < 500 and self.sight.status not in NOT_THE_EDGES
        return refused and bool(self.sight.x_cache) and reached_before


def await_visible(
    look: Callable[[], EdgePointer],
    is_ours: Callable[[Pointer], bool],
    forget: Callable[[], None] | None,
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    tell: Callable[[EdgePointer, timedelta], None] = lambda sight, passed: None,
) -> Visibility:
    """Look every POLL_SECONDS until a pointer `is_ours`, or GIVE_UP_AFTER has passed.

    `forget` has the edge forget the pointer (None: there is nobody to tell); it is called once at most, and only if the
    edge answers, and may raise StoreError. `is_ours` may raise StoreError for a later revision whose ancestors cannot
    be read; it is asked again. `tell` hears about every look after which another one follows.
    """
    began, verdict = now(), Visibility()
    while True:
        verdict = _looked(look, is_ours, verdict)
        passed = now() - began
        if verdict.is_visible or passed >= GIVE_UP_AFTER:
            return verdict
        tell(verdict.sight, passed)
        if (
            forget
            and verdict.sight.status
            and passed >= INVALIDATE_AFTER
            and not (verdict.invalidated or verdict.trouble)
        ):
            verdict = _told(forget, verdict)
        sleep(POLL_SECONDS)


def _looked(look: Callable[[], EdgePointer], is_ours: Callable[[Pointer], bool], so_far: Visibility) -> Visibility:
    sight = look()
    try:
        is_visible = sight.pointer is not None and is_ours(sight.pointer)
    except StoreError:
        is_visible = False
    return replace(so_far, sight=sight, is_visible=is_visible)


def _told(forget: Callable[[], None], so_far: Visibility) -> Visibility:
    try:
        forget()
    except StoreError as trouble:
        return replace(so_far, trouble=trouble)
    return replace(so_far, invalidated=True)
