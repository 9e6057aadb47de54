"""What the public gets of a pointer: which revision, how old a copy, by whose clock."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

from flashgen.edge.local.target import public_path
from flashgen.edge.viewer import PublicResponse, Viewer
from flashgen.errors import NoAnswer, Refused
from flashgen.unlock.pointer import Forward, Pointer, parse
from flashgen.unlock.visibility import EdgePointer

TIMEOUT_SECONDS = 2.0
"""Whoever asks how a sale stands wants to hear of an edge that is silent, not to wait for it."""

_CACHE_FIELDS = ("x-cache", "x-cache-status", "cf-cache-status", "cache-status")
"""How caches tell of themselves: CloudFront and most others, nginx by custom, Cloudflare, and RFC 9211."""

_MILLISECOND, _DATE_AND_AGE_CUT = 0.001, 2.0


class EdgePointerReader:
    """Looks at pointers as the public does, below `url` of a target; a context manager. Threads may share one."""

    def __init__(self, url: str | None) -> None:
        self._viewer, self._problem = None, "this target has no `url`: nobody knows where the public looks"
        if url is not None:
            try:
                self._viewer = Viewer(url, TIMEOUT_SECONDS)
            except Refused as refused:
                self._problem = refused.message
        # What an edge that falls silent said last of its clock is still the best guess.
        self._clock_ahead = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._viewer:
            self._viewer.close()

    def look(self, key: str) -> EdgePointer:
        """Ask for a pointer as a page does. An edge that cannot be seen is a fact like any other."""
        if self._viewer is None:
            return EdgePointer(problem=self._problem)
        sight = look(self._viewer, key)
        if not sight.status:
            return replace(sight, clock_ahead=self._clock_ahead)
        self._clock_ahead = sight.clock_ahead
        return sight


def look(viewer: Viewer, key: str) -> EdgePointer:
    """Ask once, as a page does. Never raises: what there is instead of a pointer is the `problem`."""
    path = public_path(key)
    url, query = f"{viewer.base_url}{path}", secrets.token_hex(4)
    try:
        # As pages do: it defeats caches on the way, and is not in the edge's key.
        seen = viewer.get(f"{path}?{query}")
    except NoAnswer as silence:
        return EdgePointer(datetime.now(UTC), problem=silence.message.removeprefix(f"{url}?{query}: "), url=url)
    pointer, problem = _read(seen, key)
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


def _read(seen: PublicResponse, key: str) -> tuple[Pointer | None, str]:
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


def clock_ahead(seen: PublicResponse) -> float:
    """How far the answering clock is ahead of ours: the middle of what is possible, 0 if that is possible too."""
    told = seen.fields.get("x-now", "")
    if told.isascii() and told.isdigit() and len(told) <= 15:
        answered, cut = int(told) / 1000, _MILLISECOND
    elif date := _date(seen):
        answered, cut = date + (seen.age_seconds or 0), _DATE_AND_AGE_CUT
    else:
        return 0.0
    low, high = answered - seen.answered_at, answered + cut - seen.asked_at
    return 0.0 if low <= 0 <= high else (low + high) / 2


def _date(seen: PublicResponse) -> float | None:
    try:
        return parsedate_to_datetime(seen.fields.get("date", "")).timestamp()
    except ValueError:
        return None
