"""How many forms are open at a time, counted from the outside.

Only what is certain is counted: a form from when it has come until it is sent off, or its time may be over. What is
counted is at most what the gate has given away; so more than its slots is a fault of the gate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Holder:
    """A buyer at one server. `buyer` is as the gate calls them, `address` where they come from."""

    server: str
    address: str
    buyer: str


@dataclass
class OpenForms:
    """`even` is a clock that never goes back. `most` and `most_by_address` are the highest counts so far."""

    monotonic: Callable[[], float]
    most: Counter[str] = field(default_factory=Counter)
    most_by_address: Counter[str] = field(default_factory=Counter)
    handed_out: int = 0
    _open: dict[str, dict[Holder, float]] = field(default_factory=dict)
    _sent_at: dict[Holder, float] = field(default_factory=dict)
    _pending: Counter[Holder] = field(default_factory=Counter)

    def came(self, holder: Holder, asked_at: float, until: float) -> None:
        """A form came on what was asked at `asked_at`. Beside a form that is being sent off it may be void already."""
        if self._pending[holder] or self._sent_at.get(holder, float("-inf")) >= asked_at:
            return
        self.handed_out += 1
        place = self._live(holder.server)
        place[holder] = min(until, place.get(holder, until))
        self.most[holder.server] = max(self.most[holder.server], len(place))
        at_address = sum(other.address == holder.address for other in place)
        self.most_by_address[holder.address] = max(self.most_by_address[holder.address], at_address)

    def is_sent(self, holder: Holder) -> None:
        """From now on it may be over."""
        self._pending[holder] += 1
        self._live(holder.server).pop(holder, None)

    def is_answered(self, holder: Holder) -> None:
        """What was sent has come to something. Of what got no answer it is never known."""
        self._pending[holder] -= 1
        self._sent_at[holder] = self.monotonic()

    def _live(self, server: str) -> dict[Holder, float]:
        place = self._open.setdefault(server, {})
        now = self.monotonic()
        for holder in [holder for holder, until in place.items() if until <= now]:
            del place[holder]
        return place
