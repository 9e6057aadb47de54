"""What is kept when not everything fits."""

from __future__ import annotations

from flashgen.edge.local.lru import OVERHEAD_BYTES, Kept, Lru
from flashgen.edge.local.origin import OriginAnswer


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
