"""Which quotas a sale would pass, what to do about each, and how long before the sale."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10

from flashgen.forecast.first_visit import Kind
from flashgen.forecast.model import BITS, GIGA, Forecast
from flashgen.forecast.prices import Prices

MARGIN = 1.25
"""What to ask for, against the forecast."""

ASK_DAYS = 14
"""Advice: a quota is raised by people, who ask back."""

WARM_UP_HOURS = 1
"""S3 splits a prefix in 30 to 60 minutes under load."""

GATE_REQUESTS_A_CORE = 9_000
"""A core of the gate, new buyers, storage in Redis: docs/gate-speed.md."""


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """A quota against the forecast. `advice` and `days_ahead` say what to do if it `is_passed`."""

    name: str
    unit: str
    limit: float
    forecast: float
    advice: str
    days_ahead: float

    @property
    def share(self) -> float:
        """1 is all of it."""
        return self.forecast / self.limit

    @property
    def is_passed(self) -> bool:
        """Whether the sale needs more."""
        return self.forecast > self.limit


def quota_uses(forecast: Forecast, prices: Prices) -> tuple[QuotaUse, ...]:
    """Every quota, passed or not."""
    quotas = prices.quotas
    requests = forecast.peak(forecast.series(lambda one: one.requests))[0]
    gbit = forecast.peak(forecast.series(lambda one: one.edge_bytes))[0] * BITS / GIGA
    store = forecast.peak(forecast.series(lambda one: one.store))[0]
    return (
        QuotaUse(
            "CloudFront, a distribution",
            "requests/s",
            quotas.edge_requests_per_second.limit,
            requests,
            f"ask AWS for {wanted(requests):,.0f} requests/s a distribution (Service Quotas, or a support case), or"
            " take a flat plan, to which it does not apply",
            ASK_DAYS,
        ),
        QuotaUse(
            "CloudFront, a distribution",
            "Gbit/s",
            quotas.edge_gbit_per_second.limit,
            gbit,
            f"ask AWS for {wanted(gbit):,.0f} Gbit/s a distribution, with the other quota, or make pictures smaller",
            ASK_DAYS,
        ),
        QuotaUse(
            "S3, a prefix",
            "GET/s",
            quotas.store_requests_per_second.limit,
            store,
            _store_advice(forecast),
            ASK_DAYS if _is_uncached(forecast) else WARM_UP_HOURS / 24,
        ),
    )


def wanted(rate: float) -> float:
    """A rate with a margin, rounded up to two digits."""
    unit = 10.0 ** (floor(log10(rate)) - 1) if rate > 0 else 1.0
    return ceil(rate * MARGIN / unit) * unit


def gate_cores(requests_per_second: float) -> int:
    """How many cores of gates take such a peak."""
    return max(1, ceil(requests_per_second / GATE_REQUESTS_A_CORE))


def _is_uncached(forecast: Forecast) -> bool:
    return any(one.edge_seconds == 0 for one in forecast.scenario.objects if one.kind is Kind.POINTER)


def _store_advice(forecast: Forecast) -> str:
    if _is_uncached(forecast):
        return "set `unlock: {edge_ttl_seconds: 1}`: with 0 every poll reaches the store"
    return "raise the load step by step, S3 splits a prefix in 30 to 60 minutes; or have AWS split it before"
