"""What a server remembers of its sales' storages, and the fence that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from flashgen.gate.mark.storage_mark import StopReason, StorageMark, advice
from flashgen.gate.shared_rows import SharedRows
from flashgen.gate.storage.fence import FenceLimits
from flashgen.gate.storage.protocol import StorageBehind


class HighWater:
    """The most changes that any worker of this server saw of each sale. Threads may share it."""

    def __init__(self, path: Path, sales: Sequence[str]) -> None:
        self._places = {sale: place for place, sale in enumerate(sales)}
        self._rows = SharedRows(path, len(self._places))
        self._lock = Lock()

    def seen(self, sale: str) -> int:
        """What the storage must have at least."""
        return max(self._rows.column(self._places[sale]))

    def note(self, sale: str, changes: int) -> None:
        """The storage has come so far."""
        place = self._places[sale]
        with self._lock:
            self._rows.mine[place] = max(self._rows.mine[place], changes)


@dataclass(frozen=True, slots=True)
class _Checked:
    """The mark with which the storage was compared last, and how far ahead of it the storage may be."""

    mark: StorageMark
    most_unmarked: int


class MarkFence:
    """A worker's Fence: nothing is sold before the first comparison, nor while it gave a reason to stop."""

    def __init__(self, high_water: HighWater) -> None:
        self.high_water = high_water
        self._checked: dict[str, _Checked] = {}
        self._stopped: dict[str, StopReason] = {}

    def reason(self, sale: str) -> StopReason | None:
        """Why nothing of the sale is sold now."""
        return self._stopped.get(sale) or (None if sale in self._checked else StopReason.UNCHECKED)

    def unmarked(self, sale: str) -> int:
        """How many changes the sale is ahead of its mark; 0 before the first comparison, and after one that failed."""
        checked = self._checked.get(sale)
        return max(0, self.high_water.seen(sale) - checked.mark.changes) if checked else 0

    def expected(self, sale: str) -> FenceLimits | None:
        """What the storage must be. Raises StorageBehind while the sale is stopped."""
        if reason := self.reason(sale):
            raise StorageBehind(*advice(reason, sale))
        checked = self._checked[sale]
        return FenceLimits(
            checked.mark.storage, self.high_water.seen(sale), checked.mark.changes + checked.most_unmarked
        )

    def note(self, sale: str, changes: int) -> None:
        """The storage has come so far."""
        self.high_water.note(sale, changes)

    def check(self, sale: str, mark: StorageMark, most_unmarked: int) -> None:
        """The storage is this mark's."""
        self._checked[sale] = _Checked(mark, most_unmarked)

    def stop(self, sale: str, reason: StopReason | None) -> None:
        """Sell nothing of it for this reason; None: go on."""
        if reason:
            self._stopped[sale] = reason
        else:
            self._stopped.pop(sale, None)
