"""Trouble by choice: what befalls a rehearsal, from when to when, and a store that has some of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from enum import StrEnum

from flashgen.errors import StoreError
from flashgen.store.protocol import Store, Stored


class Trouble(StrEnum):
    """What may befall a sale."""

    ORIGIN_5XX = "origin-5xx"
    SLOW_ORIGIN = "slow-origin"
    ORIGIN_HANGS = "origin-hangs"
    GATE_KILLED = "gate-killed"
    SECOND_OPERATOR = "second-operator"
    LATE_GO_LIVE = "late-go-live"
    ORDER_SUBSYSTEM_DOWN = "order-subsystem-down"


FROM_SECONDS, UNTIL_SECONDS = -5.0, 5.0
"""When the origin is in trouble, after the start; the gate is killed, and the order subsystem down, from 2 s on."""

STRIKES_AFTER_SECONDS = 2.0
DOWN_SECONDS = 6.0
SLOW_SECONDS = 1.0
LATE_SECONDS = 6.0


class TroubledStore:
    """A store as the edge meets it: it fails, is slow or hangs around the start. `clock` is in seconds after that."""

    def __init__(self, store: Store, troubles: frozenset[Trouble], clock: Callable[[], float]) -> None:
        self._store, self._troubles, self._clock = store, troubles, clock

    @property
    def url(self) -> str:
        """The store's."""
        return self._store.url

    def get(self, key: str) -> Stored | None:
        """As the store, after its trouble."""
        now = self._clock()
        if FROM_SECONDS <= now < UNTIL_SECONDS:
            if Trouble.ORIGIN_5XX in self._troubles:
                raise StoreError("rehearsed: the origin answers 500")
            if Trouble.SLOW_ORIGIN in self._troubles:
                time.sleep(SLOW_SECONDS)
            if Trouble.ORIGIN_HANGS in self._troubles:
                time.sleep(UNTIL_SECONDS - now)
        return self._store.get(key)

    def list(self, prefix: str) -> Iterator[object]:
        """An edge lists nothing."""
        raise StoreError("an edge does not list")
