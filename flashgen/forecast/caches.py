"""How many requests pass a tier of caches, each of which asks for an object once while it is fresh."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import exp

_SHORT_SECONDS = 10.0
"""Objects that are fresh for at most so long are renewed so often that a tier is in balance with its requests."""


def misses(requests: Sequence[float], widths: Sequence[float], fresh_seconds: float, caches: float) -> list[float]:
    """How many of the `requests` in each step go on to the next tier. `widths` are the steps in seconds.

    Requests are spread evenly over equal caches, which is the worst case for the next tier. Simultaneous ones are
    collapsed into one. A cache with `rate` requests a second passes on rate / (1 + rate * fresh_seconds): it waits for
    the copy to age, then for the next request. With 0 seconds nothing is kept, and all go on.
    """
    if fresh_seconds <= 0:
        return list(requests)
    if fresh_seconds <= _SHORT_SECONDS:
        rates = (count / width / caches for count, width in zip(requests, widths, strict=True))
        return [caches * width * rate / (1 + rate * fresh_seconds) for rate, width in zip(rates, widths, strict=True)]
    return list(_filling(requests, widths, fresh_seconds, caches))


def _filling(requests: Sequence[float], widths: Sequence[float], fresh_seconds: float, caches: float) -> list[float]:
    """Cold caches fill with the first requests, and each copy is fetched again when it is too old."""
    passed, fresh, now = [], 0.0, 0.0
    filled: deque[tuple[float, float]] = deque()  # (when, what share of the caches)
    for count, width in zip(requests, widths, strict=True):
        while filled and filled[0][0] + fresh_seconds <= now:
            fresh -= filled.popleft()[1]
        share = (1 - max(0.0, fresh)) * (1 - exp(-count / caches))
        if share > 0:
            fresh += share
            filled.append((now, share))
        passed.append(share * caches)
        now += width
    return passed
