"""This machine's clock against a server's `Date`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashgen.unlock.clock_offset import Offset, measure


@dataclass
class Line:
    """A server whose clock is `offset` s ahead of ours, at the end of a line that takes some time each way."""

    offset: float
    there: float = 0.02
    back: float = 0.02
    now: float = 1_700_000_000.3
    jitter: float = 0.0
    random: Random = field(default_factory=lambda: Random(1))

    def clock(self) -> float:
        """Ours."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        assert 0 <= seconds <= 1
        self.now += seconds

    def date(self) -> float:
        """One request."""
        self.now += self.there + self.random.uniform(0, self.jitter)
        found = math.floor(self.now + self.offset)
        self.now += self.back + self.random.uniform(0, self.jitter)
        return found


offsets = st.floats(-5000, 5000)
trips = st.floats(0.0005, 0.3)


@given(offsets, trips, trips, st.floats(0, 0.2))
def test_the_truth_is_within_the_bounds(offset: float, there: float, back: float, jitter: float) -> None:
    """However lopsided the line is."""
    found = _measured(Line(offset, there, back, jitter=jitter))
    assert found.low - 1e-6 <= offset <= found.high + 1e-6


@given(offsets, st.floats(0.001, 0.1))
def test_seven_looks_find_it_to_a_round_trip(offset: float, trip: float) -> None:
    """`Date` alone would leave half a second."""
    line = Line(offset, trip / 2, trip / 2)
    assert _measured(line).error <= 1 / 128 + trip


def test_one_look_leaves_half_a_second() -> None:
    """And the time of the round trip."""
    line = Line(0.5)
    assert pytest.approx(0.52) == measure(line.date, line.clock, line.sleep, samples=1).error


def test_a_contradiction_starts_anew() -> None:
    """Another server answered under the same name: the last one is believed."""
    assert Offset(9.75, 11.0) == Offset(0.1, 0.2).narrowed(100.0, 100.25, 110.0)


def _measured(line: Line) -> Offset:
    return measure(line.date, line.clock, line.sleep)
