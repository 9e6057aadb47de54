"""What the public gets of a pointer: which revision, how old a copy, by whose clock."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

from flashgen.edge.target import public_path
from flashgen.edge.viewer import Seen, Viewer
from flashgen.errors import NoAnswer, Refused
from flashgen.unlock.pointer import Forward, parse

TIMEOUT_SECONDS = 2.0
"""Whoever asks how a sale stands wants to hear of an edge that is silent, not to wait for it."""

_MILLISECOND, _DATE_AND_AGE_CUT = 0.001, 2.0


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer of the edge, or why there is none (`problem`, else empty; `url` is where).

    `age` is in seconds, None where the edge says none. `clock_ahead` is by how many seconds the edge's clock, which
    pages go by, is ahead of this machine's; 0 unless its answer proves otherwise.
    """

    revision: int | None = None
    nonce: str = ""
    age: int | None = None
    x_cache: str = ""
    problem: str = ""
    url: str = ""
    clock_ahead: float = 0.0


class Onlooker:
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

    def look(self, key: str) -> Shown:
        """Ask for a pointer as a page does. Never raises: an edge that cannot be seen is a fact like any other."""
        if self._viewer is None:
            return Shown(problem=self._problem)
        url = f"{self._viewer.base_url}{public_path(key)}"
        query = secrets.token_hex(4)
        try:
            # As pages do: it defeats caches on the way, and is not in the edge's key.
            seen = self._viewer.get(f"{public_path(key)}?{query}")
        except NoAnswer as silence:
            problem = silence.message.removeprefix(f"{url}?{query}: ")
            return Shown(problem=problem, url=url, clock_ahead=self._clock_ahead)
        self._clock_ahead = clock_ahead(seen)
        x_cache = seen.fields.get("x-cache", "")
        about = Shown(age=seen.age_seconds, x_cache=x_cache, url=url, clock_ahead=self._clock_ahead)
        return _read(about, seen, key)


def _read(about: Shown, seen: Seen, key: str) -> Shown:
    if seen.status != 200:
        return replace(about, problem=f"answers {seen.status}")
    try:
        pointer = parse(seen.body, key)
    except Refused:
        return replace(about, problem="shows something else than a pointer")
    if isinstance(pointer, Forward):
        return replace(about, problem=f"shows a forward to {pointer.target}")
    return replace(about, revision=pointer.revision, nonce=pointer.nonce)


def clock_ahead(seen: Seen) -> float:
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


def _date(seen: Seen) -> float | None:
    try:
        return parsedate_to_datetime(seen.fields.get("date", "")).timestamp()
    except ValueError:
        return None
