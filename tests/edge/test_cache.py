"""What the cache serves from memory, and for how long."""

from __future__ import annotations

import pytest
from support.cache_bench import Bench, play

from flashgen.edge.local.cache import OVERHEAD_BYTES, CacheResult, Kept, Lru
from flashgen.edge.local.origin import OriginAnswer

HIT, MISS, REFRESH_HIT = CacheResult.HIT, CacheResult.MISS, CacheResult.REFRESH_HIT


def test_it_asks_again_at_the_very_second() -> None:
    """Fresh until s-maxage has passed, not a moment longer."""

    async def story() -> None:
        bench = Bench()
        assert (b"one", MISS) == await bench.get()
        bench.clock.wait(9.999)
        assert (b"one", HIT) == await bench.get()
        bench.clock.wait(0.001)
        bench.origin.body = b"two"
        assert (b"two", MISS) == await bench.get()
        assert (b"two", HIT) == await bench.get()

    play(story())


def test_an_unchanged_object_is_refreshed() -> None:
    """And fresh for its whole time again."""

    async def story() -> None:
        bench = Bench()
        await bench.get()
        bench.clock.wait(10)
        assert (b"one", REFRESH_HIT) == await bench.get()
        bench.clock.wait(9)
        assert (b"one", HIT) == await bench.get()

    play(story())


def test_what_becomes_private_is_forgotten() -> None:
    """The old answer is not served, not even stale, after the new one forbade keeping."""

    async def story() -> None:
        bench = Bench()
        bench.origin.said = "s-maxage=10, stale-while-revalidate=60"
        await bench.get()
        bench.clock.wait(10)
        bench.origin.said, bench.origin.body = "no-store", b"two"
        assert (b"one", HIT) == await bench.get()
        await bench.turn()
        assert (b"two", MISS) == await bench.get()

    play(story())


def test_stale_is_served_while_one_request_is_on_its_way() -> None:
    """Nobody waits, and nobody asks twice."""

    async def story() -> None:
        bench = Bench()
        bench.origin.said = "s-maxage=10, stale-while-revalidate=5"
        await bench.get()
        bench.clock.wait(14.9)
        bench.origin.body = b"two"
        bench.origin.open.clear()
        for _ in range(3):
            assert (b"one", HIT) == await bench.get()
            await bench.turn()
        bench.origin.open.set()
        await bench.turn()
        assert (b"two", HIT) == await bench.get()
        assert 2 == bench.origin.asked

    play(story())


def test_stale_has_an_end() -> None:
    """After it viewers wait; the request that is on its way already will do."""

    async def story() -> None:
        bench = Bench()
        bench.origin.said = "s-maxage=10, stale-while-revalidate=5"
        await bench.get()
        bench.clock.wait(14)
        bench.origin.body = b"two"
        bench.origin.open.clear()
        await bench.get()
        bench.clock.wait(1)
        (late,) = bench.start()
        await bench.turn()
        assert not late.done()
        bench.origin.open.set()
        assert (b"two", HIT) == await late
        assert 2 == bench.origin.asked

    play(story())


def test_an_origin_in_trouble_is_left_alone_for_a_second() -> None:
    """Stale-if-error, and one try a second."""

    async def story() -> None:
        bench = Bench()
        bench.origin.said = "s-maxage=10, stale-if-error=5"
        await bench.get()
        bench.clock.wait(10)
        bench.origin.status = 503
        assert (b"one", HIT) == await bench.get()
        bench.clock.wait(0.9)
        assert (b"one", HIT) == await bench.get()
        assert 2 == bench.origin.asked
        bench.clock.wait(0.1)
        assert (b"one", HIT) == await bench.get()
        assert 3 == bench.origin.asked
        bench.clock.wait(4)
        assert (b"503", MISS) == await bench.get()

    play(story())


def test_an_origin_that_recovers_is_heard() -> None:
    """A second after its last failure."""

    async def story() -> None:
        bench = Bench()
        bench.origin.said = "s-maxage=10, stale-if-error=50"
        await bench.get()
        bench.clock.wait(10)
        bench.origin.status = 502
        await bench.get()
        bench.origin.status, bench.origin.body = 200, b"two"
        bench.clock.wait(1)
        assert (b"two", MISS) == await bench.get()

    play(story())


def test_a_removed_object_is_not_an_error_of_the_origin() -> None:
    """Stale-if-error is for 5xx: what was deleted is gone."""

    async def story() -> None:
        bench = Bench()
        bench.origin.said = "s-maxage=10, stale-if-error=50"
        await bench.get()
        bench.clock.wait(10)
        bench.origin.status = 403
        assert (b"403", MISS) == await bench.get()

    play(story())


@pytest.mark.parametrize("status", [403, 502])
def test_errors_are_kept_for_a_second(status: int) -> None:
    """A crowd at a missing page is one request a second."""

    async def story() -> None:
        bench = Bench()
        bench.origin.status = status
        await bench.get()
        bench.clock.wait(0.9)
        await bench.get()
        assert 1 == bench.origin.asked
        bench.clock.wait(0.1)
        bench.origin.status = 200
        assert (b"one", MISS) == await bench.get()

    play(story())


def test_memory_is_bounded() -> None:
    """The least recently used page is asked for again."""

    async def story() -> None:
        bench = Bench(max_bytes=3_000)
        for key in ("a", "b", "c"):
            await bench.get(key)
        assert (b"one", MISS) == await bench.get("a")
        assert (b"one", HIT) == await bench.get("c")

    play(story())


def kept(body: bytes, gzip_body: bytes = b"") -> Kept:
    """An answer with these bodies."""
    return Kept(OriginAnswer(200, 0, body, gzip_body), 0, 0, 0)


def test_the_least_recently_used_goes_first() -> None:
    """Being asked for is being used."""
    lru = Lru(2 * (OVERHEAD_BYTES + 10))
    lru.put("a", kept(bytes(10)))
    lru.put("b", kept(bytes(10)))
    lru.get("a")
    lru.put("c", kept(bytes(10)))
    assert ["a", "c"] == list(lru)


def test_all_bodies_count() -> None:
    """The compressed one too, and something for what has none."""
    lru = Lru(10_000)
    lru.put("a", kept(bytes(7), bytes(3)))
    lru.put("b", kept(b""))
    assert 10 + 2 * OVERHEAD_BYTES == lru.size_bytes


def test_a_new_answer_takes_the_place_of_the_old() -> None:
    """In the sum too."""
    lru = Lru(10_000)
    lru.put("a", kept(bytes(1000)))
    lru.put("a", kept(bytes(10)))
    assert 10 + OVERHEAD_BYTES == lru.size_bytes


def test_what_is_too_large_is_not_kept() -> None:
    """It would push out everything else, and itself."""
    lru = Lru(5_000)
    lru.put("a", kept(bytes(5_000)))
    assert (0, None) == (lru.size_bytes, lru.get("a"))


def test_dropping_gives_the_memory_back() -> None:
    """And dropping what is not there does nothing."""
    lru = Lru(10_000)
    lru.put("a", kept(bytes(10)))
    lru.drop("a")
    lru.drop("a")
    assert (0, []) == (lru.size_bytes, list(lru))
