"""A shared cache with the semantics of the CDN: who is served from memory, and who makes the origin work.

It runs on one event loop. Between two awaits nothing else happens, and that is all the locking there is.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from flashgen.edge.local.origin import Clock, OriginAnswer
from flashgen.edge.rules.behaviour import ERROR_TTL_SECONDS, Lifetime, matches

#: About what an answer takes without its bodies, so that errors, which have none, are bounded too.
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


#: Ask for a key; the answer that is known may come back with a new time.
Fetch = Callable[[str, OriginAnswer | None], Awaitable[OriginAnswer]]

#: How long an answer may be kept; None is "not at all".
Policy = Callable[[str, OriginAnswer], Lifetime | None]


class CacheResult(Enum):
    """Where an answer came from, in the words of `X-Cache`."""

    HIT = "Hit"
    MISS = "Miss"
    REFRESH_HIT = "RefreshHit"


@dataclass(frozen=True, slots=True)
class Found:
    """An answer for one viewer. `is_shared`: others may get it too."""

    answer: OriginAnswer
    result: CacheResult
    is_shared: bool = True


class Cache:
    """Answers of an origin, kept within `max_bytes`, each asked for once however many want it."""

    def __init__(self, fetch: Fetch, policy: Policy, clock: Clock, max_bytes: int) -> None:
        self._fetch, self._policy, self._clock = fetch, policy, clock
        self._kept = Lru(max_bytes)
        self._flights: dict[str, asyncio.Task[Found]] = {}
        self._running: set[asyncio.Task[Found]] = set()
        self._invalidations: deque[str] = deque()

    async def get(self, key: str) -> Found:
        """Serve from memory what is fresh, or stale and allowed so; ask the origin for the rest."""
        self._apply_invalidations()
        kept, now = self._kept.get(key), self._clock()
        if kept and now < kept.asks_at:
            return Found(kept.answer, CacheResult.HIT)
        if kept and now < kept.stale_until:
            self._flight(key)
            return Found(kept.answer, CacheResult.HIT)
        return await self._ask(key)

    def invalidate(self, pattern: str) -> None:
        """Forget the keys that a path pattern fits, before the next request is answered. Any thread may call."""
        self._invalidations.append(pattern)

    async def close(self) -> None:
        """Wait for the requests that are still on their way to the origin."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _ask(self, key: str) -> Found:
        """Collapse: the first sends a request, the others wait for its answer, if it turns out to be for all."""
        leads = key not in self._flights
        # Shielded: a viewer who leaves must not take the answer from those who wait.
        found = await asyncio.shield(self._flight(key))
        if leads:
            return found
        if found.is_shared:
            return replace(found, result=CacheResult.HIT)
        return Found(await self._fetch(key, None), CacheResult.MISS, is_shared=False)

    def _flight(self, key: str) -> asyncio.Task[Found]:
        """The request that is on its way for `key`; if there is none, a new one."""
        if flight := self._flights.get(key):
            return flight
        flight = self._flights[key] = asyncio.create_task(self._refresh(key))
        self._running.add(flight)
        flight.add_done_callback(lambda done: self._land(key, done))
        return flight

    def _land(self, key: str, flight: asyncio.Task[Found]) -> None:
        self._running.discard(flight)
        if self._flights.get(key) is flight:
            del self._flights[key]

    async def _refresh(self, key: str) -> Found:
        """Ask the origin, and keep what may be kept; on its failure what may be served instead."""
        old = self._kept.get(key)
        answer = await self._fetch(key, old.answer if old else None)
        is_current = self._flights.get(key) is asyncio.current_task()
        if old and is_current and answer.status >= 500 and self._clock() < old.error_until:
            # Do not ask again for a moment: more requests would not help an origin in trouble.
            self._kept.put(key, replace(old, asks_at=answer.fetched_at + ERROR_TTL_SECONDS))
            return Found(old.answer, CacheResult.HIT)
        is_known = old is not None and answer.status == old.answer.status == 200 and answer.etag == old.answer.etag
        lifetime = self._policy(key, answer)
        if is_current:
            self._keep(key, answer, lifetime)
        result = CacheResult.REFRESH_HIT if is_known else CacheResult.MISS
        return Found(answer, result, is_shared=lifetime is not None)

    def _keep(self, key: str, answer: OriginAnswer, lifetime: Lifetime | None) -> None:
        if lifetime is None:
            return self._kept.drop(key)
        stale_at = answer.fetched_at + lifetime.fresh_seconds
        stale_until = stale_at + lifetime.stale_while_revalidate_seconds
        error_until = max(stale_until, stale_at + lifetime.stale_if_error_seconds)
        self._kept.put(key, Kept(answer, stale_at, stale_until, error_until))

    def _apply_invalidations(self) -> None:
        while self._invalidations:
            pattern = self._invalidations.popleft()
            for key in (*self._kept, *self._flights):
                if matches(pattern, key):
                    self._kept.drop(key)
                    # Those who wait get the answer. It is not kept, since the request is older than the invalidation.
                    self._flights.pop(key, None)
