"""Who waits for whom: simultaneous requests, and invalidations that cross them."""

from __future__ import annotations

import asyncio

from support.cache_bench import Bench, play

from flashgen.edge.local.cache import CacheResult
from flashgen.edge.local.origin import OriginAnswer

HIT, MISS = CacheResult.HIT, CacheResult.MISS


def test_one_asks_and_the_others_wait() -> None:
    """A thousand viewers, one request."""

    async def story() -> None:
        bench = Bench()
        bench.origin.open.clear()
        viewers = bench.start(1000)
        await bench.turn()
        bench.origin.open.set()
        assert [(b"one", MISS)] + [(b"one", HIT)] * 999 == await asyncio.gather(*viewers)
        assert 1 == bench.origin.asked

    play(story())


def test_a_viewer_who_leaves_takes_nothing_along() -> None:
    """Also not the first, for whom the origin was asked."""

    async def story() -> None:
        bench = Bench()
        bench.origin.open.clear()
        first, second = bench.start(2)
        await bench.turn()
        first.cancel()
        await bench.turn()
        bench.origin.open.set()
        assert (b"one", HIT) == await second
        assert 1 == bench.origin.asked

    play(story())


def test_what_is_not_for_all_is_fetched_for_each() -> None:
    """Those who waited in vain ask for themselves, and get what is true then."""

    async def story() -> None:
        bench = Bench()
        bench.origin.said = "no-store"
        bench.origin.open.clear()
        viewers = bench.start(3)
        await bench.turn()
        bench.origin.body = b"two"
        bench.origin.open.set()
        assert [(b"one", MISS), (b"two", MISS), (b"two", MISS)] == await asyncio.gather(*viewers)
        assert 3 == bench.origin.asked

    play(story())


def test_invalidation_forgets_what_it_names() -> None:
    """And nothing else."""

    async def story() -> None:
        bench = Bench()
        await bench.get("sale/a")
        await bench.get("other/a")
        bench.cache.invalidate("/sale/*")
        bench.origin.body = b"two"
        assert (b"two", MISS) == await bench.get("sale/a")
        assert (b"one", HIT) == await bench.get("other/a")

    play(story())


def test_an_answer_from_before_an_invalidation_is_not_kept() -> None:
    """Who waits for it gets it; who comes later gets the new one."""

    async def story() -> None:
        bench = Bench()
        bench.origin.open.clear()
        (before,) = bench.start()
        await bench.turn()
        bench.cache.invalidate("*")
        bench.origin.body = b"two"
        (after,) = bench.start()
        await bench.turn()
        bench.origin.open.set()
        assert (b"one", b"two") == ((await before)[0], (await after)[0])
        assert (b"two", HIT) == await bench.get()

    play(story())


def test_an_invalidation_that_nobody_noticed_counts_too() -> None:
    """No request came between it and the answer."""

    async def story() -> None:
        bench = Bench()
        bench.origin.open.clear()
        (before,) = bench.start()
        await bench.turn()
        bench.cache.invalidate("*")
        bench.origin.body = b"two"
        bench.origin.open.set()
        await before
        assert (b"two", MISS) == await bench.get()

    play(story())


def test_closing_waits_for_the_background() -> None:
    """Nothing is left on the loop."""

    async def story() -> None:
        bench = Bench()
        bench.origin.said = "s-maxage=10, stale-while-revalidate=5"
        await bench.get()
        bench.clock.wait(10)
        bench.origin.open.clear()
        await bench.get()
        closing = asyncio.create_task(bench.cache.close())
        await bench.turn()
        assert not closing.done()
        bench.origin.open.set()
        await closing

    play(story())


def test_a_bug_in_the_origin_is_not_hidden() -> None:
    """All who wait hear of it, and the next may try again."""

    async def story() -> None:
        bench = Bench()
        good, bench.cache._fetch = bench.cache._fetch, _broken
        results = await asyncio.gather(*bench.start(2), return_exceptions=True)
        assert [ZeroDivisionError, ZeroDivisionError] == [type(result) for result in results]
        bench.cache._fetch = good
        assert (b"one", MISS) == await bench.get()

    play(story())


async def _broken(key: str, known: OriginAnswer | None) -> OriginAnswer:
    raise ZeroDivisionError
