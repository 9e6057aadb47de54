"""Somebody beside an armed verb, and looks that happen at once instead of in a thread: time is virtual there."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta

from flashgen.errors import StoreError
from flashgen.unlock.arm import Reread
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.state import SaleState
from flashgen.unlock.transition import Attempt


@dataclass
class Watching:
    """Notes what it is told. With `stops` a sleeper is not let go on: `late` raises that."""

    stops: Exception | None = None
    lefts: list[timedelta] = field(default_factory=list)
    troubles: list[StoreError | None] = field(default_factory=list)
    lates: list[timedelta] = field(default_factory=list)
    moved: list[bool] = field(default_factory=list)

    def tick(self, left: timedelta, pointer: Pointer, trouble: StoreError | None) -> None:
        """See `Watch.tick`."""
        self.lefts.append(left)
        self.troubles.append(trouble)

    def late(self, by: timedelta, state: SaleState, *, moved: bool) -> None:
        """See `Watch.late`."""
        self.lates.append(by)
        self.moved.append(moved)
        if self.stops:
            raise self.stops


def at_once(look: Reread) -> Future[Attempt]:
    """A `Background` without a thread."""
    future: Future[Attempt] = Future()
    try:
        future.set_result(look())
    except Exception as error:  # noqa: BLE001  it is raised where the result is asked for
        future.set_exception(error)
    return future
