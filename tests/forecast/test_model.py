"""The forecast against figures that people can reckon themselves: those of docs/forecast.md."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flashgen.forecast.arrivals import SHAPES, Arrivals, peak_over_mean, shape
from flashgen.forecast.caches import misses
from flashgen.forecast.first_visit import Kind, LoadedObject
from flashgen.forecast.model import Forecast, Scenario, make_forecast
from flashgen.forecast.orders import GateSetup
from flashgen.forecast.time_to_unlock import time_to_unlock

DAY = 86_400
OBJECTS = (
    LoadedObject("night/index.html", Kind.PAGE, 3_400, 60),
    *(LoadedObject(f"night/assets/{number}.css", Kind.CSS, 5_000, 31_536_000) for number in range(10)),
    LoadedObject("night/unlock.x.js", Kind.POINTER, 900, 1),
)


def at_once(visitors: float, seconds: float) -> Arrivals:
    """All come within a second."""
    return Arrivals("test", (seconds, seconds + 1), (0, visitors))


def forecast(arrivals: Arrivals, stay_seconds: float = 300, **more: object) -> Forecast:
    """With 600 edge locations and 13 regional caches."""
    return make_forecast(replace(Scenario(arrivals, OBJECTS, stay_seconds, 600, 13), **more))  # type: ignore[arg-type]


def test_a_shopper_from_ten_minutes_before_to_five_after_polls_86_times() -> None:
    """540/15 + 50/5 + 10 before, 300/10 after."""
    polls = forecast(at_once(100_000, -600)).total(lambda one: one.requests, [Kind.POINTER])
    assert polls == pytest.approx(8_600_000, rel=0.001)


def test_250_000_who_wait_fill_the_default_quota_in_the_last_ten_seconds() -> None:
    """One poll a second each, and not before."""
    waiting = forecast(at_once(250_000, -600))
    polls = waiting.series(lambda one: one.requests, [Kind.POINTER])
    assert (250_000, -10) == waiting.peak(polls)
    assert 50_000 == pytest.approx(waiting.peak(polls, -60, -10)[0])


def test_the_synchronous_shape_is_double_11() -> None:
    """The peak 26 s after the start, 36 times the mean of a day."""
    arrivals = shape("synchronous", DAY)
    assert peak_over_mean(arrivals, DAY) == pytest.approx(36, rel=0.01)
    rates = [(arrivals.by(at + 1) - arrivals.by(at), at) for at in range(-900, 900)]
    assert max(rates)[1] in (25, 26)


@pytest.mark.parametrize("hours", [4, 24, 72])
def test_a_shopping_day_has_one_and_a_half_times_its_mean(hours: int) -> None:
    """Between 1.4 and 1.7, however long the sale is."""
    assert 1.4 < peak_over_mean(shape("shopping-day", hours * 3600), hours * 3600) < 1.7


def test_a_reload_storm_makes_about_250_requests_a_visitor() -> None:
    """As the presale of the Eras tour."""
    storm = forecast(shape("reload-storm", 4 * 3600).scaled(1e6), stay_seconds=600)
    assert storm.total(lambda one: one.requests) / 1e6 == pytest.approx(250, rel=0.1)


@pytest.mark.parametrize("name", SHAPES)
def test_everybody_comes_and_loads_the_page_once(name: str) -> None:
    """No shape loses visitors, however many they are."""
    one = forecast(shape(name, 4 * 3600).scaled(1e8))
    assert one.total(lambda each: each.requests, [Kind.CSS]) == pytest.approx(10 * 1e8)


def test_two_tiers_pass_on_one_request_a_second_and_cache() -> None:
    """600 edge locations ask 13 regional caches 600 times a second; those ask the store 13 times."""
    regional = misses([2.5e6], [1.0], 1, 600)
    store = misses(regional, [1.0], 1, 13)
    assert regional[0] == pytest.approx(600, rel=0.01)
    assert store[0] == pytest.approx(13, rel=0.03)


def test_what_is_kept_for_long_is_fetched_once_by_each_cache() -> None:
    """And a page of 60 s again after 60 s."""
    assert sum(misses([1e6] * 100, [1.0] * 100, 31_536_000, 600)) == pytest.approx(600)
    assert sum(misses([1e6] * 119, [1.0] * 119, 60, 600)) == pytest.approx(1200)


def test_a_pointer_that_is_not_kept_sends_every_poll_to_the_store() -> None:
    """`edge_ttl_seconds: 0`."""
    uncached = (*OBJECTS[:-1], replace(OBJECTS[-1], edge_seconds=0.0))
    one = forecast(at_once(250_000, -600), objects=uncached)
    assert 250_000 == one.peak(one.series(lambda each: each.store, [Kind.POINTER]))[0]


def test_time_to_unlock_is_that_of_two_tiers_and_a_poll() -> None:
    """Simulated: half after 1.5 s, 95 % after 2.4 s, the last after 3.1 s. One tier: 1.0, 1.7 and 2.2 s."""
    two, one = time_to_unlock([(1, 4000), (1, 46)]), time_to_unlock([(1, 4000)])
    assert (two.p50_seconds, two.p95_seconds, two.last_seconds) == pytest.approx((1.5, 2.4, 3.2), abs=0.1)
    assert (one.p50_seconds, one.p95_seconds, one.last_seconds) == pytest.approx((1.0, 1.7, 2.2), abs=0.12)


def test_a_lead_hides_the_copies_and_a_spread_adds_its_length() -> None:
    """With a lead longer than the last page needs; a shorter one leaves the rest."""
    tiers = [(1.0, 4000.0), (1.0, 46.0)]
    assert time_to_unlock(tiers, lead_seconds=10).last_seconds <= 0.1
    assert 1.1 < time_to_unlock(tiers, lead_seconds=2).last_seconds < 1.4
    assert time_to_unlock(tiers, lead_seconds=10, spread_seconds=30).p50_seconds == pytest.approx(15, abs=0.2)


def test_slots_say_how_long_the_stock_lasts() -> None:
    """10 slots of 20 s, and one in ten buyers who leaves a lease of 180 s behind: 10 / 40 s is 0.25 orders a second."""
    gate = GateSetup(1, 10, 180, 750, 0.3, 20, 0.1)
    one = forecast(at_once(100_000, -600), stay_seconds=3600, gate=gate)
    assert one.orders
    assert (0.25, 500) == (gate.orders_per_second_max, one.orders.slots_for_a_minute)
    assert one.orders.sold_out_seconds == pytest.approx(3000, abs=60)


def test_nobody_sells_more_than_there_are_buyers() -> None:
    """A thousand slots, and ten who want to buy."""
    one = forecast(at_once(100, -600), gate=GateSetup(1, 1000, 180, 750, 0.1, 20, 0.1))
    assert one.orders
    assert one.orders.total == pytest.approx(10, rel=0.1)
    assert one.orders.sold_out_seconds is None
