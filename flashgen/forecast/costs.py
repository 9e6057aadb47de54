"""What a sale costs with CloudFront, with each of its flat plans, and with other CDNs. US dollars of one month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flashgen.forecast.prices import FlatPlan, OtherCdn, Prices, Region, Step

MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Usage:
    """What is counted: requests at the edge, GB (10⁹ bytes) to viewers, requests to the store."""

    requests: float
    gb: float
    store_requests: float


@dataclass(frozen=True, slots=True)
class Cost:
    """An offer. `parts` are what and how much; `exceeded` says what of a flat plan is not enough, else it is empty."""

    name: str
    parts: tuple[tuple[str, float], ...]
    exceeded: str = ""

    @property
    def usd(self) -> float:
        """The sum."""
        return sum(amount for _, amount in self.parts)


def pay_as_you_go(usage: Usage, prices: Prices, viewers: Mapping[str, float]) -> Cost:
    """CloudFront by use, if nothing else uses the month's free amounts. `viewers` are shares by region, 1 in all."""
    free, front = prices.cloudfront.free, prices.cloudfront
    parts = [
        ("GB", sum(_region_gb(usage, front.regions[key], share, free.gb) for key, share in viewers.items())),
        ("requests", sum(_region_requests(usage, prices, key, share) for key, share in viewers.items())),
        ("edge functions", _above(usage.requests, free.function_calls) / MILLION * front.function_usd_per_million.usd),
        ("store", usage.store_requests / MILLION * prices.store.usd_per_million),
    ]
    return Cost("CloudFront by use", tuple(parts))


def rate_limit(usage: Usage, prices: Prices) -> float:
    """What the stack's rate limit adds: WAF looks at every request of a distribution."""
    return prices.waf.usd_per_month + usage.requests / MILLION * prices.waf.usd_per_million


def flat_plans(usage: Usage, prices: Prices) -> tuple[Cost, ...]:
    """Each of CloudFront's flat plans, the cheapest first."""
    return tuple(_flat(usage, plan) for plan in prices.cloudfront.plans)


def others(usage: Usage, prices: Prices) -> tuple[Cost, ...]:
    """Other CDNs, as the file has them."""
    return tuple(_other(usage, one, prices) for one in prices.others)


def stepped(gb: float, steps: Sequence[Step]) -> float:
    """The price of so many GB, each step's price for the GB within it."""
    total, below = 0.0, 0.0
    for step in steps:
        total += max(0.0, min(gb, step.to) - below) * step.usd
        below = step.to
    return total


def _region_gb(usage: Usage, region: Region, share: float, free_gb: float) -> float:
    """A month's free GB are the first of each region, in proportion."""
    return stepped(usage.gb * share, region.gb_steps) - stepped(min(usage.gb, free_gb) * share, region.gb_steps)


def _region_requests(usage: Usage, prices: Prices, key: str, share: float) -> float:
    paid = _above(usage.requests, prices.cloudfront.free.requests) * share
    return paid / 10_000 * prices.cloudfront.regions[key].request_usd_per_10000


def _above(amount: float, free: float) -> float:
    return max(0.0, amount - free)


def _flat(usage: Usage, plan: FlatPlan) -> Cost:
    exceeded = "requests" if usage.requests > plan.requests else "GB" if usage.gb > plan.gb else ""
    return Cost(f"CloudFront {plan.name}", (("month", plan.usd),), exceeded)


def _other(usage: Usage, one: OtherCdn, prices: Prices) -> Cost:
    store = prices.store.usd_per_million if one.store_usd_per_million is None else one.store_usd_per_million
    gb = stepped(usage.gb, one.gb_steps) - stepped(min(usage.gb, one.free_gb), one.gb_steps)
    requests = _above(usage.requests, one.free_requests) / 10_000 * one.request_usd_per_10000
    use = (("GB", gb), ("requests", requests), ("store", usage.store_requests / MILLION * store))
    least = max(0.0, one.least_usd_per_month - gb - requests)
    return Cost(one.name, (("month", one.usd_per_month + least), *use))
