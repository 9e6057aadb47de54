"""The pointer as the edge gives it to the public: which revision, how old a copy, by which clock.

Everything that watches a pointer through the edge reads it here: `status`, `--verify`, `verify` and `doctor`. Only the
simulated shoppers of `rehearse` read it for themselves, as the page's script does.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from flashgen.edge.rules.paths import public_path
from flashgen.errors import NoAnswer, Refused
from flashgen.store import Store, Stored
from flashgen.unlock.clock_offset import DATE_SECONDS, Offset
from flashgen.unlock.pointer import Forward, Pointer, parse
from flashgen.unlock.visibility import EdgePointer
from flashgen.verify.viewer import PublicResponse, Viewer

TIMEOUT_SECONDS = 2.0
"""A reader of `status` wants to hear that an edge is silent, not to wait for it."""

POLLS = 3
SETTLE_SECONDS = 3.0
"""An edge keeps a pointer for up to 2 s: a transition of just now may take so long to show."""
SETTLE_STEP_SECONDS = 0.25

ACCEPTS = {"accept-encoding": "gzip"}

_CACHE_FIELDS = ("x-cache", "x-cache-status", "cf-cache-status", "cache-status")
"""Where caches report a hit or a miss: CloudFront and most others, nginx by custom, Cloudflare, and RFC 9211."""

_X_NOW_DIGITS_MAX = 15
"""Milliseconds until long after the last sale; a longer text is not from our edge."""


class EdgePointerReader:
    """Reads pointers as the public does, below `url` of a target; a context manager. Threads may share one."""

    def __init__(self, url: str | None) -> None:
        self._viewer, self._problem = None, "this target has no `url`: nobody knows where the public looks"
        if url is not None:
            try:
                self._viewer = Viewer(url, TIMEOUT_SECONDS)
            except Refused as refused:
                self._problem = refused.message
        # While an edge is silent, the last offset of its clock is still the best guess.
        self._clock_ahead = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._viewer:
            self._viewer.close()

    def read(self, key: str) -> EdgePointer:
        """Ask for a pointer as a page does. Never raises: what there is instead of a pointer is the `problem`."""
        if self._viewer is None:
            return EdgePointer(problem=self._problem)
        found = read_edge_pointer(self._viewer, key)
        if not found.status:
            return replace(found, clock_ahead=self._clock_ahead)
        self._clock_ahead = found.clock_ahead
        return found


def read_edge_pointer(viewer: Viewer, key: str) -> EdgePointer:
    """Ask once, as a page does. Never raises: what there is instead of a pointer is the `problem`."""
    path = public_path(key)
    url, query = f"{viewer.base_url}{path}", secrets.token_hex(4)
    try:
        # As pages do: it defeats caches on the way, and is not in the edge's key.
        seen = viewer.get(f"{path}?{query}")
    except NoAnswer as silence:
        return EdgePointer(datetime.now(UTC), problem=silence.message.removeprefix(f"{url}?{query}: "), url=url)
    pointer, problem = _parsed(seen, key)
    return EdgePointer(
        datetime.fromtimestamp(seen.answered_at, UTC),
        seen.status,
        pointer,
        problem,
        seen.age_seconds,
        ", ".join(filter(None, map(seen.fields.get, _CACHE_FIELDS))),
        url,
        clock_ahead(seen),
    )


def _parsed(seen: PublicResponse, key: str) -> tuple[Pointer | None, str]:
    """The pointer, or what there is instead: `answers 403`."""
    if seen.status != 200:
        return None, f"answers {seen.status}"
    try:
        found = parse(seen.body, key)
    except Refused:
        return None, "shows something else than a pointer"
    if isinstance(found, Forward):
        return None, f"shows a forward to {found.target}"
    return found, ""


def clock_offset(seen: PublicResponse, sent: float, received: float) -> Offset | None:
    """The answering clock minus ours; None if the response has no time. `sent` and `received` are by our clock.

    `x-now` (milliseconds) counts first, then `Date` and `Age`, which are both cut to the second.
    """
    text = seen.fields.get("x-now", "")
    if text.isascii() and text.isdigit() and len(text) <= _X_NOW_DIGITS_MAX:
        return Offset(int(text) / 1000 - received, int(text) / 1000 - sent)
    try:
        date = parsedate_to_datetime(seen.fields.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        return None
    age = seen.age_seconds
    low, cut = date + (age or 0), DATE_SECONDS * (1 if age is None else 2)
    return Offset(low - received, low + cut - sent)


def clock_ahead(seen: PublicResponse) -> float:
    """How many seconds the answering clock is ahead of ours: the middle of what is possible, 0 if that is possible."""
    offset = clock_offset(seen, seen.asked_at, seen.answered_at)
    return offset.seconds if offset and offset.certain else 0.0


def poll_until_settled(
    viewer: Viewer, store: Store, key: str, *, new_query: Callable[[], str], sleep: Callable[[float], None]
) -> tuple[Stored | None, tuple[PublicResponse, ...]]:
    """Poll as pages do until edge and store agree, or `SETTLE_SECONDS` have passed.

    Returns what the store has, and the last `POLLS` responses. `new_query` gives a fresh random word for each poll.
    Raises NoAnswer, or StoreError.
    """
    waited = 0.0
    while True:
        polls = tuple(viewer.get(f"{public_path(key)}?{new_query()}", ACCEPTS) for _ in range(POLLS))
        stored = store.get(key)
        if stored is None or polls[-1].body == stored.body or waited >= SETTLE_SECONDS:
            return stored, polls
        sleep(SETTLE_STEP_SECONDS)
        waited += SETTLE_STEP_SECONDS
