"""A state and a time that a preview pretends. The two always fit, so that the page shows what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flashgen.errors import Refused
from flashgen.page.preview import ONE_SOLD_OUT, SOLD_OUT
from flashgen.unlock.state import State

BEFORE_START = timedelta(hours=1)
"""Where the clock stands for a scheduled sale whose start is past."""

JUST_AFTER = timedelta(seconds=5)
"""How long after the start, or the end, for a sale that is open, or over."""

_STAYS = (State.PAUSED, SOLD_OUT, ONE_SOLD_OUT)
"""The states of an open sale that a clock does not change."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is pretended since `set_at`, a time of this machine's clock; then it was `at` (both aware).

    `state` is one of page.preview.STATES, or ONE_SOLD_OUT with that `sku`; None is a sale that opens at its start and
    ends at its end.
    """

    at: datetime
    set_at: datetime
    state: str | None = None
    sku: str = ""

    def time(self, now: datetime) -> datetime:
        """The time that is pretended when this machine's clock is at `now`."""
        return self.at + (now - self.set_at)

    def opens_at(self, starts_at: datetime) -> datetime:
        """When the sale has opened: at its start, or earlier if it is to be open already."""
        return starts_at if self.state in (None, State.SCHEDULED) else min(starts_at, self.at)


def scene_in(
    state: str,
    at: datetime | None,
    sale: tuple[datetime, datetime],
    now: datetime,
    *,
    sku: str = "",
    shown: datetime | None = None,
) -> Scene:
    """A sale in `state`, `at` that time. Without one it is the time that is `shown`, if that fits, else one that does.

    `sale` is its start and its end. Raises Refused for an open or scheduled sale after its end.
    """
    starts_at, ends_at = sale
    if at and at >= ends_at and state != State.ENDED:
        raise Refused(
            f"--state {state} needs a time before the sale's end, found {at.isoformat()}",
            "from its end on, every page shows the sale as ended: choose an earlier --at, or leave it out",
        )
    return Scene(at or _fitting(state, starts_at, ends_at, shown or now), now, state, sku)


def scene_at(at: datetime, before: Scene | None, sale: tuple[datetime, datetime], now: datetime) -> Scene:
    """The clock moved to `at`. The state follows it; only a sale that is paused or sold out stays so while it is on."""
    starts_at, ends_at = sale
    if before and before.state in _STAYS and starts_at <= at < ends_at:
        return Scene(at, now, before.state, before.sku)
    return Scene(at, now)


def _fitting(state: str, starts_at: datetime, ends_at: datetime, now: datetime) -> datetime:
    if state == State.SCHEDULED:
        return now if now < starts_at else starts_at - BEFORE_START
    if state == State.ENDED:
        return max(now, ends_at + JUST_AFTER)
    return now if starts_at <= now < ends_at else min(starts_at + JUST_AFTER, ends_at - timedelta(seconds=1))
