"""When the public sees what was written: the pointer is read through its public URL until it is our revision.

An edge keeps the pointer for 1 or 2 s, so nothing has to be invalidated. An edge that still shows the old revision
after `INVALIDATE_AFTER` keeps it too long: it is invalidated once, to be safe. After `GIVE_UP_AFTER` polling ends.
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
"""These are about the client, or come from a proxy on the way: they say nothing about the object."""


@dataclass(frozen=True, slots=True)
class EdgePointer:
    """One answer to a poll of the pointer as the public gets it; empty before the first poll.

    `at` is when the answer was here; `status` is 0 where there was none. Without a `pointer` the `problem` says what
    there is instead. `age_seconds` is how long ago the edge asked the store, None where it does not say. `x_cache` is
    what it says of its cache, or empty; `url` is what was asked for. `clock_ahead` is how many seconds the edge's
    clock, which pages use, is ahead of this machine's; 0 unless its answer proves otherwise.
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
        """The pointer's; None where no pointer is."""
        return self.pointer.revision if self.pointer else None

    @property
    def nonce(self) -> str:
        """The pointer's; empty where no pointer is."""
        return self.pointer.nonce if self.pointer else ""

    @property
    def is_fresh(self) -> bool:
        """Whether the edge has certainly asked the store within the time it may keep a pointer.

        It says so itself; or there is no cache, or one that did not have it. A hit without an `Age`, as nginx answers,
        may be of any age.
        """
        if self.age_seconds is not None:
            return self.age_seconds <= FRESH_AGE_SECONDS
        cache = self.x_cache.lower()
        return not cache or ("miss" in cache and "hit" not in cache)


@dataclass(frozen=True, slots=True)
class Visibility:
    """The result of polling. `last` is the last poll, with or without an answer.

    `invalidated` says that an invalidation was made, `trouble` why it failed.
    """

    is_visible: bool = False
    last: EdgePointer = field(default_factory=EdgePointer)
    invalidated: bool = False
    trouble: StoreError | None = None

    def is_fresh_and_wrong(self, revision: int, *, reached_before: bool) -> bool:
        """Whether the edge itself has answered, and its answer is certainly not the `revision` that was written.

        That is an older revision which the edge fetched within FRESH_AGE_SECONDS, long after the write: it reads
        another store. Or a 4xx of the edge (with a cache header), if the pointer was `reached_before` the write from
        here: else it may come from a proxy or a hotel's Wi-Fi. Not a 5xx, which passes. Never without an answer.
        """
        if self.is_visible:
            return False
        if self.last.pointer:
            return self.last.is_fresh and self.last.pointer.revision < revision
        refused = 400 <= self.last.status < 500 and self.last.status not in NOT_THE_EDGES
        return refused and bool(self.last.x_cache) and reached_before


def await_visible(
    poll: Callable[[], EdgePointer],
    is_ours: Callable[[Pointer], bool],
    invalidate: Callable[[], None] | None,
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    on_poll: Callable[[EdgePointer, timedelta], None] = lambda seen, passed: None,
) -> Visibility:
    """Poll every POLL_SECONDS until a pointer `is_ours`, or GIVE_UP_AFTER has passed.

    `invalidate` (None without a CDN) is called once at most, only if the edge answers, and may raise StoreError.
    `is_ours` may raise StoreError for a later revision whose ancestors cannot be read; it is asked again. `on_poll` is
    called after each poll that another one follows.
    """
    began, visibility = now(), Visibility()
    while True:
        visibility = _polled(poll, is_ours, visibility)
        passed = now() - began
        if visibility.is_visible or passed >= GIVE_UP_AFTER:
            return visibility
        on_poll(visibility.last, passed)
        if (
            invalidate
            and visibility.last.status
            and passed >= INVALIDATE_AFTER
            and not (visibility.invalidated or visibility.trouble)
        ):
            visibility = _invalidated(invalidate, visibility)
        sleep(POLL_SECONDS)


def _polled(poll: Callable[[], EdgePointer], is_ours: Callable[[Pointer], bool], so_far: Visibility) -> Visibility:
    last = poll()
    try:
        is_visible = last.pointer is not None and is_ours(last.pointer)
    except StoreError:
        is_visible = False
    return replace(so_far, last=last, is_visible=is_visible)


def _invalidated(invalidate: Callable[[], None], so_far: Visibility) -> Visibility:
    try:
        invalidate()
    except StoreError as trouble:
        return replace(so_far, trouble=trouble)
    return replace(so_far, invalidated=True)
