"""How far this machine's clock is from a server's, by the server's `Date`, to well under the second that it counts in.

A reply whose `Date` is D was made while the server's clock read D to D+1, and between our sending and our receiving. So
each reply bounds the offset from both sides. Requests are timed so that the middle of what is still possible falls on
the turn of a second: each reply halves the rest, down to the length of a round trip.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

DATE_SECONDS = 1.0
"""The resolution of `Date` (RFC 9110, 5.6.7), which is cut, not rounded."""

GOOD_SECONDS, TOLERABLE_SECONDS = 0.1, 2.0
"""Certain differences: more than the first deserves a warning, more than the second is a clock plainly wrong."""

SAMPLES = 7
"""1 s halved six times is 16 ms; a sample waits for the turn of a second, half a second on average."""


@dataclass(frozen=True, slots=True)
class Offset:
    """The server's clock minus ours is between `low` and `high`, in seconds."""

    low: float = -math.inf
    high: float = math.inf

    @property
    def seconds(self) -> float:
        """The middle: the best guess."""
        return (self.low + self.high) / 2

    @property
    def error(self) -> float:
        """How far the truth can be from `seconds`."""
        return (self.high - self.low) / 2

    @property
    def certain(self) -> float:
        """The least that the two clocks can be apart, whichever is ahead."""
        return max(0.0, self.low, -self.high)

    def narrowed(self, sent: float, received: float, date: float) -> Offset:
        """What one more reply leaves possible; all three in seconds since the epoch, the first two by our clock.

        A reply that contradicts the earlier ones (another server of the same name, a clock that was set) starts over.
        """
        low, high = date - received, date + DATE_SECONDS - sent
        both = Offset(max(self.low, low), min(self.high, high))
        return both if both.low <= both.high else Offset(low, high)

    def wait(self, now: float, round_trip: float) -> float:
        """Seconds from `now` until a request should leave, to reach the server at the turn of one of its seconds."""
        arrives = now + round_trip / 2 + self.seconds
        return math.ceil(arrives) - arrives


def measure(
    date: Callable[[], float],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    samples: int = SAMPLES,
    until: float = math.inf,
) -> Offset:
    """Ask the server `samples` times, by `date`, and return what is left possible. Passes on what `date` raises.

    After the first, no sample is begun that would end after `until` by our clock, if it takes as long as the fastest.
    """
    offset, round_trip = Offset(), math.inf
    for sample in range(samples):
        if sample:
            wait = offset.wait(clock(), round_trip)
            if clock() + wait + round_trip > until:
                break
            sleep(wait)
        sent = clock()
        found = date()
        received = clock()
        round_trip = min(round_trip, received - sent)
        offset = offset.narrowed(sent, received, found)
    return offset
