"""The sale cut into the periods that a table can show."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from flashgen.forecast.first_visit import Kind
from flashgen.forecast.model import BITS, GIGA, Forecast

_CUTS = (-3600.0, -600.0, -60.0, -10.0, 0.0, 10.0, 60.0, 300.0, 600.0, 3600.0, 4 * 3600.0, 86_400.0)


@dataclass(frozen=True, slots=True)
class PeakRates:
    """The highest rates of a second between two times, in seconds after the start."""

    start: float
    end: float
    pages_open: float
    by_kind: dict[Kind, float]
    edge_requests: float
    edge_gbit: float
    regional_requests: float
    store_requests: float
    orders: float


def periods(forecast: Forecast) -> list[PeakRates]:
    """From the first visitor to the last."""
    first, last = forecast.edges[0], forecast.edges[-1]
    cuts = [first, *(cut for cut in _CUTS if first < cut < last), last]
    return [_period(forecast, start, end) for start, end in pairwise(cuts)]


def _period(forecast: Forecast, start: float, end: float) -> PeakRates:
    def peak(values: list[float]) -> float:
        return forecast.peak(values, start, end)[0]

    indexes = [i for i, edge in enumerate(forecast.edges[:-1]) if start <= edge < end]
    return PeakRates(
        *(start, end, max((forecast.present[i] for i in indexes), default=0.0)),
        {kind: peak(list(one.requests)) for kind, one in forecast.traffic.items()},
        peak(forecast.series(lambda one: one.requests)),
        peak(forecast.series(lambda one: one.edge_bytes)) * BITS / GIGA,
        peak(forecast.series(lambda one: one.regional)),
        peak(forecast.series(lambda one: one.store)),
        peak(list(forecast.orders.orders)) if forecast.orders else 0.0,
    )
