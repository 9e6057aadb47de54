"""The forecast of a rehearsal's own crowd: the same model as `flashgen forecast`, with one edge and no second tier."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from flashgen.cli.rehearse.options import RehearsalOptions
from flashgen.forecast.arrivals import Arrivals
from flashgen.forecast.first_visit import first_visit
from flashgen.forecast.model import Forecast, Scenario, make_forecast
from flashgen.page.site import Site
from flashgen.rehearse.recording import ExpectedLoad


def expect(site: Site, options: RehearsalOptions) -> ExpectedLoad:
    """What the edge and its store should get. Visitors come evenly, and all leave at the end."""
    times = (-options.arrive_before, options.arrive_after)
    arrivals = Arrivals("rehearsal", times, (0.0, float(options.visitors)))
    scenario = Scenario(arrivals, first_visit(site), options.lasts, 1, 1, options.lead)
    forecast = make_forecast(scenario)
    edge = forecast.series(lambda one: one.requests)
    origin = forecast.series(lambda one: one.regional)
    end = options.lasts
    return ExpectedLoad(
        _total(forecast, edge, end),
        _total(forecast, origin, end),
        forecast.unlock.last_seconds,
        _by_second(forecast, edge, end),
        _by_second(forecast, origin, end),
    )


def _total(forecast: Forecast, values: Sequence[float], end: float) -> float:
    return sum(count for _, count in _by_second(forecast, values, end))


def _by_second(forecast: Forecast, values: Sequence[float], end: float) -> tuple[tuple[int, float], ...]:
    steps = zip(pairwise(forecast.edges), values, strict=True)
    return tuple((int(start), round(value, 1)) for (start, _), value in steps if start < end)
