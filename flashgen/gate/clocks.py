"""This worker's clock against the two others that matter: the storage's, and the store's.

Leases and orders go by the storage's time, which all gates share: a gate with a wrong clock ends nobody's lease, and
puts no attempt off. The sale's start and end go by this machine's clock; while that is wrong, the gate is not ready.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from flashgen.gate.storage.protocol import StorageLost
from flashgen.unlock.clock_offset import TOLERABLE_SECONDS, Offset

READINGS = 3
"""So many in a row change the verdict: one answer may come from a server that is wrong itself."""

STORE, STORAGE = "store", "storage"


@dataclass(slots=True)
class _Comparison:
    """How far another clock is from ours; `against` counts readings in a row that contradict the verdict."""

    offset: Offset = field(default_factory=Offset)
    is_off: bool = False
    against: int = 0

    def note(self, offset: Offset) -> bool:
        """Take a new reading. Whether the verdict changes."""
        self.offset = offset
        self.against = self.against + 1 if (offset.certain > TOLERABLE_SECONDS) is not self.is_off else 0
        if self.against < READINGS:
            return False
        self.is_off, self.against = not self.is_off, 0
        return True


class Clocks:
    """Compares clocks; threads may share it.

    `now` is this machine's clock in seconds since the Unix epoch, `monotonic` a monotonic one. `log` gets what is wrong
    when a clock begins to be off, and an empty text when it is right again.
    """

    def __init__(self, now: Callable[[], float], monotonic: Callable[[], float], log: Callable[[str], object]) -> None:
        self.now = now
        self._monotonic = monotonic
        self._log = log
        self._comparisons = {STORE: _Comparison(), STORAGE: _Comparison()}
        self._storage_read: tuple[float, float] | None = None
        self._lock = Lock()

    @property
    def trouble(self) -> str:
        """Why buyers should go elsewhere; empty while all clocks agree."""
        return next((_sentence(whose, one) for whose, one in self._comparisons.items() if one.is_off), "")

    def offsets(self) -> dict[str, float]:
        """How far each clock that was read is ahead of this machine's, in seconds."""
        read = {whose: one.offset for whose, one in self._comparisons.items()}
        return {whose: round(offset.seconds, 3) for whose, offset in read.items() if offset != Offset()}

    def storage_now(self) -> float:
        """The storage's time, in seconds since the Unix epoch: as it was read last, and what has passed since then.

        It is behind by at most a round trip, and never ahead, so that no lease is ended early. Raises StorageLost
        before it was read.
        """
        if self._storage_read is None:
            raise StorageLost("the storage's time is not known yet")
        seconds, read_at = self._storage_read
        return seconds + self._monotonic() - read_at

    def note_storage(self, sent: float, seconds: float) -> None:
        """The storage has just said that it is `seconds`; it was asked at `sent`, by this machine's clock."""
        self._storage_read = seconds, self._monotonic()
        self._note(STORAGE, lambda _, received: Offset(seconds - received, seconds - sent))

    def note_store(self, sent: float, date: float) -> None:
        """The store has just answered with this `Date`, to a request of `sent`, by this machine's clock."""
        self._note(STORE, lambda offset, received: offset.narrowed(sent, received, date))

    def _note(self, whose: str, measured: Callable[[Offset, float], Offset]) -> None:
        with self._lock:
            one = self._comparisons[whose]
            offset = measured(one.offset, self.now())
            if offset.low <= offset.high and one.note(offset):  # else this machine's clock was set in between
                self._log(_sentence(whose, one) if one.is_off else "")


def _sentence(whose: str, one: _Comparison) -> str:
    side = "behind" if one.offset.seconds > 0 else "ahead of"
    return (
        f"this machine's clock is {one.offset.certain:.0f} s {side} the {whose}'s:"
        " have both set by NTP (chrony or systemd-timesyncd)"
    )
