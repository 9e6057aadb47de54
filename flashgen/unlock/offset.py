"""How far this machine's clock is from a server's, by the server's `Date`, to well under the second that it counts in.

A reply whose `Date` is D was made while the server's clock read D to D+1, and between our sending and our receiving. So
each look bounds the offset from both sides. Looks are timed so that the middle of what is still possible falls on the
turn of a second: each halves the rest, down to the length of a round trip.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

DATE_SECONDS = 1.0
"""The resolution of `Date` (RFC 9110, 5.6.7), which is cut, not rounded."""

GOOD_SECONDS, TOLERABLE_SECONDS = 0.1, 2.0
"""Certain differences: more than the first is worth a word, more than the second is a clock that is plainly wrong."""

LOOKS = 7
"""1 s halved six times is 16 ms; a look waits for the turn of a second, half a second on the average."""


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

        A reply that contradicts the earlier ones (another server of the same name, a clock that was set) starts anew.
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
    looks: int = LOOKS,
    until: float = math.inf,
) -> Offset:
    """Look `looks` times and say what is left. `date` asks the server; what it raises is passed on.

    After the first look there is none that would last until after `until`, by our clock, if it is as quick as another.
    """
    offset, round_trip = Offset(), math.inf
    for look in range(looks):
        if look:
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
