"""How often a page polls the pointer, and how often a buyer who found no place asks the gate again.

The numbers are also in page.js and waiting.js, and tests compare them. Simulated shoppers and forecasts go by these.
"""

from __future__ import annotations

from math import inf

SCHEDULE = ((3600.0, 300.0), (600.0, 60.0), (60.0, 15.0), (10.0, 5.0), (-inf, 1.0))
"""(seconds to the opening, seconds between polls while there are more than that), until the sale is open."""

RUSH_SECONDS = 300.0
POLL_IN_RUSH_SECONDS = 10.0
POLL_LATER_SECONDS = 30.0
"""Once open: every 10 s for five minutes, then every 30 s."""

JITTER = 0.2
"""Each wait is drawn between 80 % and 120 % of the table's, so that a crowd that came at once spreads out."""

FIRST_RETRY_SECONDS = 10.0
LONGEST_RETRY_SECONDS = 30.0
RETRY_GROWTH = 1.5
"""The waits of a buyer for whom no place was free: each is 1.5 times the one before, up to the longest."""


def wait_seconds(seconds_to_opening: float, *, is_open: bool) -> float:
    """Seconds until the next poll, before jitter. `seconds_to_opening` is negative after it."""
    if not is_open:
        return next(wait for above, wait in SCHEDULE if seconds_to_opening > above)
    return POLL_IN_RUSH_SECONDS if -seconds_to_opening < RUSH_SECONDS else POLL_LATER_SECONDS


def jittered(seconds: float, draw: float) -> float:
    """A wait with its jitter; `draw` is uniform in [0, 1)."""
    return seconds * (1 - JITTER + 2 * JITTER * draw)
