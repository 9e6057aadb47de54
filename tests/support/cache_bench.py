"""A cache on an event loop, with a clock that is set and an origin that waits until it is let."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from support.clock import Clock

from flashgen import cache_control
from flashgen.edge.local.cache import Cache, CacheResult
from flashgen.edge.local.origin import OriginAnswer
from flashgen.edge.rules.behaviour import DEFAULT, Lifetime, lifetime


class Origin:
    """Answers with what is set, when it is let; counts how often it was asked."""

    def __init__(self, clock: Clock) -> None:
        self.asked = 0
        self.status, self.body, self.said = 200, b"one", "s-maxage=10"
        self.open = asyncio.Event()
        self.open.set()
        self._clock = clock

    async def fetch(self, key: str, known: OriginAnswer | None) -> OriginAnswer:
        """What was set at the time of asking."""
        self.asked += 1
        answer = OriginAnswer(self.status, 0, self.body, b"", "text/plain", self.said, f'"{self.body.decode()}"')
        await self.open.wait()
        return replace(answer, fetched_at=self._clock())


class Bench:
    """A cache, its origin and its clock."""

    def __init__(self, max_bytes: int = 1_000_000) -> None:
        self.clock = Clock()
        self.origin = Origin(self.clock)
        self.cache = Cache(self.origin.fetch, self._policy, self.clock, max_bytes)

    async def get(self, key: str = "k") -> tuple[bytes, CacheResult]:
        """One viewer."""
        found = await self.cache.get(key)
        return (found.answer.body if found.answer.status == 200 else str(found.answer.status).encode(), found.result)

    def start(self, viewers: int = 1) -> list[asyncio.Task[tuple[bytes, CacheResult]]]:
        """Viewers who come at the same time."""
        return [asyncio.create_task(self.get()) for _ in range(viewers)]

    async def turn(self) -> None:
        """Let everything go on that can."""
        for _ in range(10):
            await asyncio.sleep(0)

    def _policy(self, key: str, answer: OriginAnswer) -> Lifetime | None:
        return lifetime(DEFAULT, answer.status, cache_control.parse(answer.cache_control))


def play(story: Coroutine[Any, Any, None]) -> None:
    """Run it; what hangs fails."""
    asyncio.run(asyncio.wait_for(story, 10))
