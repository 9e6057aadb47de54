"""How long after the start buttons open: the age of the copies in two tiers, and the time to a page's next poll."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flashgen.unlock.polling import JITTER, wait_seconds

NETWORK_SECONDS = 0.1
"""The longest time that an answer, or with a lead the error of the page's clock, is assumed to add."""

_STEP = 0.02


@dataclass(frozen=True, slots=True)
class TimeToUnlock:
    """Seconds after the start by which half of the waiting pages, 95 % and all of them have opened."""

    p50_seconds: float
    p95_seconds: float
    last_seconds: float


def time_to_unlock(
    tiers: Sequence[tuple[float, float]], *, lead_seconds: float = 0.0, spread_seconds: float = 0.0
) -> TimeToUnlock:
    """For pages that wait at the start. `tiers` are (seconds that a copy is fresh, requests a second of one cache).

    The pointer is written `lead_seconds` before the start. In each tier a cache holds an old copy with probability
    rate * fresh / (1 + rate * fresh), and then for a time that is even in [0, fresh). `spread_seconds`: pages wait for
    a random time of up to so long, once they may open.
    """
    seen = _residual_wait(wait_seconds(0.0, is_open=False))
    for fresh, rate in tiers:
        busy = rate * fresh / (1 + rate * fresh) if fresh else 0.0
        seen = _sum(seen, [1 - busy + busy * each if not i else busy * each for i, each in enumerate(_even(fresh))])
    early = round(lead_seconds / _STEP)
    opened = [sum(seen[: early + 1]), *seen[early + 1 :]] if early else seen
    opened = _sum(opened, _even(NETWORK_SECONDS))
    opened = _sum(opened, _even(spread_seconds)) if spread_seconds else opened
    return TimeToUnlock(_quantile(opened, 0.5), _quantile(opened, 0.95), _quantile(opened, 1 - 1e-6))


def _residual_wait(mean: float) -> list[float]:
    """Of a moment that falls anywhere in a wait of `mean` seconds, 80 to 120 %: the time to its end, by step."""
    low, high = mean * (1 - JITTER), mean * (1 + JITTER)
    middles = [(i + 0.5) * _STEP for i in range(round(high / _STEP))]
    weights = [1.0 if at < low else (high - at) / (high - low) for at in middles]
    return [each / sum(weights) for each in weights]


def _even(length: float) -> list[float]:
    count = max(1, round(length / _STEP))
    return [1 / count] * count


def _sum(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """The distribution of the sum of two independent times. Steps are represented by their beginnings."""
    total = [0.0] * (len(one) + len(other) - 1)
    for i, left in enumerate(one):
        if left:
            for j, right in enumerate(other):
                total[i + j] += left * right
    return total


def _quantile(steps: Sequence[float], share: float) -> float:
    reached = 0.0
    for index, weight in enumerate(steps):
        reached += weight
        if reached >= share:
            return round((index + 1) * _STEP, 2)
    return round(len(steps) * _STEP, 2)
