"""Who comes when: shapes that sales have had, or a file.

Times are seconds after the start, negative before it. A curve says how many visitors have come by a time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, inf, pi, sin

DAY_SECONDS = 86_400.0

PEAK_SECONDS = 26.0
RISE_SECONDS = 600.0
DECAY_SECONDS = 1_800.0
"""`synchronous`: Double 11 had its peak 26 s after midnight in 2020, and in 2019 a peak of 544,000 orders a second on a
day of 1.29 billion, 36 times the mean. With rates that rise by e in 10 minutes and fall by e in 30 the peak is
1 / (600 s + 1800 s) of all: 36 times the mean of a day of 86,400 s."""

SWING = 0.55
"""`shopping-day`: the busiest moment has 1.55 times the mean. Shopify's edge had 1.4 times on the weekend of Black
Friday 2024 (284 million requests a minute at the peak; 1.19 trillion in four days)."""

WAITING_SECONDS = 600.0
"""`waiting`: all have come when the sale starts, in the ten minutes before. Nothing is worse for the edge."""

RELOAD_SECONDS = 6.0
"""`reload-storm`: synchronous, and each visitor presses reload every 6 s, which makes two requests: with a stay of ten
minutes and the first visit about 250. The presale of the Eras tour in 2022 had 3.5 billion requests of 14 million.
"""

_LONGEST_BEFORE = 6 * RISE_SECONDS
_LONGEST_AFTER = 12 * DECAY_SECONDS
_FINE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Arrivals:
    """A curve: by `times[i]` there have come `come[i]` visitors, and evenly between. It begins with 0 visitors.

    With finite `reload_seconds` each visitor reloads the page so often.
    """

    name: str
    times: tuple[float, ...]
    come: tuple[float, ...]
    reload_seconds: float = inf

    @property
    def visitors(self) -> float:
        """All of them."""
        return self.come[-1]

    def by(self, seconds: float) -> float:
        """How many have come by then."""
        right = bisect_right(self.times, seconds)
        if right == 0:
            return 0.0
        if right == len(self.times):
            return self.come[-1]
        start, end = self.times[right - 1], self.times[right]
        share = (seconds - start) / (end - start)
        return self.come[right - 1] + share * (self.come[right] - self.come[right - 1])

    def scaled(self, visitors: float) -> Arrivals:
        """The same shape with so many visitors."""
        factor = visitors / self.visitors
        return Arrivals(self.name, self.times, tuple(factor * each for each in self.come), self.reload_seconds)


def shape(name: str, sale_seconds: float) -> Arrivals:
    """One of `SHAPES`, with a single visitor, for a sale that lasts so long. Raises KeyError for another name."""
    return SHAPES[name](sale_seconds)


def steps(first: float, last: float) -> tuple[float, ...]:
    """Times from `first` to `last`: every second within a quarter of an hour of the start, else 10 or 60 s apart."""
    times, at = [first], first
    while at < last:
        width = 1.0 if -_FINE_SECONDS <= at < _FINE_SECONDS else 10.0 if abs(at) <= 4 * 3600 else 60.0
        at = min(last, (at // width + 1) * width)
        times.append(at)
    return tuple(times)


def _sampled(name: str, times: Sequence[float], share: Callable[[float], float], reload_seconds: float) -> Arrivals:
    low, high = share(times[0]), share(times[-1])
    return Arrivals(name, tuple(times), tuple((share(at) - low) / (high - low) for at in times), reload_seconds)


def _synchronous(name: str, reload_seconds: float = inf) -> Arrivals:
    whole = RISE_SECONDS + DECAY_SECONDS

    def share(at: float) -> float:
        late = at - PEAK_SECONDS
        if late < 0:
            return RISE_SECONDS / whole * exp(late / RISE_SECONDS)
        return 1 - DECAY_SECONDS / whole * exp(-late / DECAY_SECONDS)

    return _sampled(name, steps(-_LONGEST_BEFORE, _LONGEST_AFTER), share, reload_seconds)


def _shopping_day(sale_seconds: float) -> Arrivals:
    """Even but for one wave: over the whole sale if that is shorter than a day, else over each day."""
    period = min(sale_seconds, DAY_SECONDS)

    def share(at: float) -> float:
        return at - SWING * period / (2 * pi) * sin(2 * pi * at / period)

    return _sampled("shopping-day", steps(0.0, sale_seconds), share, inf)


def peak_over_mean(arrivals: Arrivals, mean_seconds: float) -> float:
    """The busiest step of a curve against all visitors spread over `mean_seconds`."""
    pairs = list(zip(arrivals.times, arrivals.come, strict=True))
    rates = ((come - before) / (at - since) for (since, before), (at, come) in pairwise(pairs))
    return max(rates) * mean_seconds / arrivals.visitors


SHAPES: dict[str, Callable[[float], Arrivals]] = {
    "synchronous": lambda _: _synchronous("synchronous"),
    "waiting": lambda _: Arrivals("waiting", (-WAITING_SECONDS, 0.0), (0.0, 1.0)),
    "shopping-day": _shopping_day,
    "reload-storm": lambda _: _synchronous("reload-storm", RELOAD_SECONDS),
}
"""Name → the curve of one visitor, for a sale of so many seconds."""
