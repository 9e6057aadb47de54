"""A forecast with its costs and quotas, gathered for text and JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from flashgen.cli.forecast.periods import PeakRates, periods
from flashgen.forecast.costs import Cost, Usage, flat_plans, others, pay_as_you_go, rate_limit
from flashgen.forecast.first_visit import Kind
from flashgen.forecast.model import BITS, GIGA, Forecast
from flashgen.forecast.prices import Prices
from flashgen.forecast.quotas import QuotaUse, gate_cores, quota_uses
from flashgen.forecast.time_to_unlock import TimeToUnlock

GB = 1e9


@dataclass(frozen=True)
class Report:
    """What is shown of a forecast."""

    sale: str
    title: str
    forecast: Forecast
    prices: Prices
    viewers: dict[str, float]

    @property
    def usage(self) -> Usage:
        """What is paid for."""
        total = self.forecast.total
        return Usage(
            total(lambda one: one.requests), total(lambda one: one.edge_bytes) / GB, total(lambda one: one.store)
        )

    @property
    def by_use(self) -> Cost:
        """CloudFront by use."""
        return pay_as_you_go(self.usage, self.prices, self.viewers)

    @property
    def rate_limit_usd(self) -> float:
        """What the stack's rate limit would add."""
        return rate_limit(self.usage, self.prices)

    @property
    def plans(self) -> tuple[Cost, ...]:
        """CloudFront's flat plans."""
        return flat_plans(self.usage, self.prices)

    @property
    def others(self) -> tuple[Cost, ...]:
        """Other CDNs."""
        return others(self.usage, self.prices)

    @property
    def cheapest(self) -> Cost:
        """With CloudFront, of the offers that are enough."""
        return min((self.by_use, *(one for one in self.plans if not one.exceeded)), key=lambda one: one.usd)

    @property
    def quotas(self) -> tuple[QuotaUse, ...]:
        """Every quota."""
        return quota_uses(self.forecast, self.prices)

    @property
    def peak(self) -> tuple[float, float]:
        """Requests a second at the edge, and when, in seconds after the start."""
        return self.forecast.peak(self.forecast.series(lambda one: one.requests))

    @property
    def peak_gbit(self) -> float:
        """Gbit a second at the edge."""
        return self.forecast.peak(self.forecast.series(lambda one: one.edge_bytes))[0] * BITS / GIGA


def to_json(report: Report) -> dict[str, Any]:
    """Every number with its unit in its name."""
    forecast, scenario = report.forecast, report.forecast.scenario
    (requests, at), usage = report.peak, report.usage
    return {
        "sale": report.sale,
        "visitors": round(scenario.arrivals.visitors),
        "arrivals": scenario.arrivals.name,
        "stay_seconds": scenario.stay_seconds,
        "edge_locations": scenario.edges,
        "regional_caches": scenario.regional_caches,
        "waiting_at_start": round(forecast.waiting),
        "peak": {
            "at_seconds": at,
            "edge_requests_per_second": round(requests),
            "edge_gbit_per_second": round(report.peak_gbit, 3),
            "store_requests_per_second": round(forecast.peak(forecast.series(lambda one: one.store))[0], 1),
        },
        "total": {
            "edge_requests": round(usage.requests),
            "edge_gb": round(usage.gb, 3),
            "store_requests": round(usage.store_requests),
        },
        "kinds": [_kind(forecast, kind) for kind in forecast.traffic],
        "over_time": [_period(one) for one in periods(forecast)],
        "unlock": {
            "without_lead": _unlock(forecast.unlock),
            "lead_seconds": scenario.lead_seconds,
            "with_lead": _unlock(forecast.unlock_with_lead) if scenario.lead_seconds else None,
        },
        "gate": _gate(forecast),
        "quotas": [{**asdict(one), "share": round(one.share, 4), "is_passed": one.is_passed} for one in report.quotas],
        "costs": {
            "viewers": report.viewers,
            "cloudfront_by_use": _cost(report.by_use),
            "rate_limit_usd": round(report.rate_limit_usd, 2),
            "cloudfront_plans": [_cost(one) for one in report.plans],
            "other_cdns": [_cost(one) for one in report.others],
            "oldest_source": report.prices.oldest().date.isoformat(),
        },
    }


def _kind(forecast: Forecast, kind: Kind) -> dict[str, Any]:
    objects = [one for one in forecast.scenario.objects if one.kind is kind]
    traffic = forecast.traffic[kind]
    return {
        "kind": kind.value,
        "objects": len(objects),
        "response_bytes": sum(one.response_bytes for one in objects),
        "edge_requests": round(sum(traffic.requests)),
        "edge_gb": round(sum(traffic.edge_bytes) / GB, 3),
        "peak_requests_per_second": round(forecast.peak(traffic.requests)[0]),
        "store_requests": round(sum(traffic.store)),
    }


def _period(one: PeakRates) -> dict[str, Any]:
    return {
        "from_seconds": one.start,
        "to_seconds": one.end,
        "pages_open": round(one.pages_open),
        "edge_requests_per_second": round(one.edge_requests),
        "edge_requests_per_second_by_kind": {kind.value: round(rate) for kind, rate in one.by_kind.items()},
        "edge_gbit_per_second": round(one.edge_gbit, 3),
        "regional_requests_per_second": round(one.regional_requests, 1),
        "store_requests_per_second": round(one.store_requests, 1),
        "orders_per_second": round(one.orders, 2),
    }


def _unlock(one: TimeToUnlock) -> dict[str, float]:
    return asdict(one)


def _gate(forecast: Forecast) -> dict[str, Any] | None:
    setup, orders = forecast.scenario.gate, forecast.orders
    if setup is None or orders is None:
        return None
    requests, at = forecast.peak(orders.requests)
    return {
        **asdict(setup),
        "orders_per_second_max": round(setup.orders_per_second_max, 3),
        "peak_requests_per_second": round(requests),
        "peak_at_seconds": at,
        "cores": gate_cores(requests),
        "orders": round(orders.total),
        "sold_out_seconds": orders.sold_out_seconds,
        "slots_to_sell_out_in_a_minute": orders.slots_for_a_minute,
    }


def _cost(one: Cost) -> dict[str, Any]:
    parts = {what: round(amount, 2) for what, amount in one.parts}
    return {"name": one.name, "usd": round(one.usd, 2), "parts_usd": parts, "exceeded": one.exceeded or None}
