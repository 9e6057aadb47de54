"""Answers by key within a bound of memory: the least recently used go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from flashgen.edge.local.origin import OriginAnswer

#: About what an answer takes besides its bodies, so that errors, which have none, are bounded too.
OVERHEAD_BYTES = 1_000


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer and its deadlines, in seconds since the epoch.

    Until `asks_at` it is served unasked; until `stale_until` while it is asked for again; until `error_until` when
    that fails.
    """

    answer: OriginAnswer
    asks_at: float
    stale_until: float
    error_until: float

    @property
    def size_bytes(self) -> int:
        """What it counts against the bound."""
        return len(self.answer.body) + len(self.answer.gzip_body) + OVERHEAD_BYTES


class Lru:
    """A mapping of at most `max_bytes`. An answer above that is not kept at all."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self.size_bytes = 0

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._kept))

    def get(self, key: str) -> Kept | None:
        """What is kept under `key`, which is thereby the most recently used."""
        kept = self._kept.get(key)
        if kept:
            self._kept.move_to_end(key)
        return kept

    def put(self, key: str, kept: Kept) -> None:
        """Keep it in place of what was there, and drop others if need be."""
        self.drop(key)
        self._kept[key] = kept
        self.size_bytes += kept.size_bytes
        while self.size_bytes > self._max_bytes:
            self.drop(next(iter(self._kept)))

    def drop(self, key: str) -> None:
        """Forget it; a key that is not there is no error."""
        if kept := self._kept.pop(key, None):
            self.size_bytes -= kept.size_bytes
