"""The forecast of a sale: what visitors ask for, second by second, and what of it reaches which tier.

A visitor loads the page once. Who comes before the start waits for it, and stays for `stay_seconds` after it; others
stay as long from when they came. An open page polls as polling.py says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from flashgen.forecast.arrivals import Arrivals, steps
from flashgen.forecast.caches import misses
from flashgen.forecast.first_visit import HEADER_BYTES, Kind, LoadedObject
from flashgen.forecast.orders import GateSetup, Orders, forecast_orders
from flashgen.forecast.time_to_unlock import TimeToUnlock, time_to_unlock
from flashgen.unlock.polling import wait_seconds

BITS = 8
GIGA = 1e9


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is asked: who comes, what a visit loads, the network, and how the sale opens."""

    arrivals: Arrivals
    objects: tuple[LoadedObject, ...]
    stay_seconds: float
    edges: float
    regional_caches: float
    lead_seconds: float = 0.0
    spread_seconds: float = 0.0
    gate: GateSetup | None = None


@dataclass(frozen=True, slots=True)
class Traffic:
    """In each step requests and bytes at the edge, and the requests that go on to the regional caches and the store."""

    requests: tuple[float, ...]
    edge_bytes: tuple[float, ...]
    regional: tuple[float, ...]
    store: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """By steps between `edges`, in seconds after the start; `present` is how many pages are open in the middle of each.

    A rehearsal can be held against it: the rates at each tier, `unlock`, and the orders.
    """

    scenario: Scenario
    edges: tuple[float, ...]
    present: tuple[float, ...]
    traffic: dict[Kind, Traffic]
    unlock: TimeToUnlock
    unlock_with_lead: TimeToUnlock
    orders: Orders | None

    def series(self, of: Callable[[Traffic], Sequence[float]], kinds: Sequence[Kind] = tuple(Kind)) -> list[float]:
        """The sum of some kinds, by step."""
        columns = [of(self.traffic[kind]) for kind in kinds if kind in self.traffic]
        return [sum(row) for row in zip(*columns, strict=True)] if columns else [0.0] * len(self.present)

    def total(self, of: Callable[[Traffic], Sequence[float]], kinds: Sequence[Kind] = tuple(Kind)) -> float:
        """The same over all steps."""
        return sum(self.series(of, kinds))

    def peak(
        self, values: Sequence[float], start: float | None = None, end: float | None = None
    ) -> tuple[float, float]:
        """The highest rate a second of the steps from `start` to `end`, and when its step begins; zeros if none."""
        found = [
            (value / (self.edges[i + 1] - self.edges[i]), self.edges[i])
            for i, value in enumerate(values)
            if (start is None or self.edges[i] >= start) and (end is None or self.edges[i] < end)
        ]
        return max(found, key=lambda one: one[0], default=(0.0, 0.0))

    @property
    def waiting(self) -> float:
        """How many pages are open at the start."""
        return self.scenario.arrivals.by(0.0)


def make_forecast(scenario: Scenario) -> Forecast:
    """Reckon. The work depends on the length of the sale, not on the number of visitors."""
    first, last = scenario.arrivals.times[0], scenario.arrivals.times[-1]
    edges = steps(min(first, -1.0), max(last, 0.0) + scenario.stay_seconds)
    widths = [end - start for start, end in pairwise(edges)]
    came = [scenario.arrivals.by(end) - scenario.arrivals.by(start) for start, end in pairwise(edges)]
    middles = [(start + end) / 2 for start, end in pairwise(edges)]
    present = [_present(scenario, at) for at in middles]
    reloads = [count * width / scenario.arrivals.reload_seconds for count, width in zip(present, widths, strict=True)]
    polls = [
        count * width / min(wait_seconds(-at, is_open=at >= 0), scenario.arrivals.reload_seconds)
        for count, width, at in zip(present, widths, middles, strict=True)
    ]
    traffic = {
        kind: _traffic(scenario, [one for one in scenario.objects if one.kind is kind], came, reloads, polls, widths)
        for kind in Kind
        if any(one.kind is kind for one in scenario.objects)
    }
    tiers = _tiers_at_start(scenario, edges, traffic[Kind.POINTER])
    unlock = time_to_unlock(tiers, spread_seconds=scenario.spread_seconds)
    led = time_to_unlock(tiers, lead_seconds=scenario.lead_seconds, spread_seconds=scenario.spread_seconds)
    orders = None
    if scenario.gate:
        opening = led if scenario.lead_seconds else unlock
        pressing = [_pressing(scenario, start, end) for start, end in pairwise(edges)]
        orders = forecast_orders(scenario.gate, edges, pressing, opening.last_seconds, scenario.stay_seconds)
    return Forecast(scenario, edges, tuple(present), traffic, unlock, led, orders)


def _present(scenario: Scenario, at: float) -> float:
    here = scenario.arrivals.by(at)
    return here - scenario.arrivals.by(at - scenario.stay_seconds) if at >= scenario.stay_seconds else here


def _pressing(scenario: Scenario, start: float, end: float) -> float:
    """Who could press the button for the first time in a step: the whole waiting crowd in the first after the start."""
    if start < 0:
        return 0.0
    return scenario.arrivals.by(end) - (scenario.arrivals.by(start) if start else 0.0)


def _traffic(
    scenario: Scenario,
    objects: Sequence[LoadedObject],
    came: Sequence[float],
    reloads: Sequence[float],
    polls: Sequence[float],
    widths: Sequence[float],
) -> Traffic:
    """Of one kind. A page that is reloaded has not changed, and its answer is a header."""
    rows = []
    for one in objects:
        asked = polls if one.kind is Kind.POINTER else came
        sent = [count * one.response_bytes for count in asked]
        if one.kind is Kind.PAGE:
            asked = [count + again for count, again in zip(came, reloads, strict=True)]
            sent = [size + again * HEADER_BYTES for size, again in zip(sent, reloads, strict=True)]
        regional = misses(asked, widths, one.edge_seconds, scenario.edges)
        store = misses(regional, widths, one.edge_seconds, scenario.regional_caches)
        rows.append((asked, sent, regional, store))
    columns = [tuple(sum(values) for values in zip(*column, strict=True)) for column in zip(*rows, strict=True)]
    return Traffic(*columns)


def _tiers_at_start(scenario: Scenario, edges: Sequence[float], pointer: Traffic) -> list[tuple[float, float]]:
    """The pointer's tiers just before the start: (seconds that a copy is fresh, requests a second of one cache)."""
    fresh = next(one.edge_seconds for one in scenario.objects if one.kind is Kind.POINTER)
    index = next(i for i, edge in enumerate(edges) if edge >= 0) - 1
    width = edges[index + 1] - edges[index]
    tiers = ((pointer.requests[index], scenario.edges), (pointer.regional[index], scenario.regional_caches))
    return [(fresh, count / width / caches) for count, caches in tiers]
