"""Where orders go at the moment: what gate.json says now, which a push may change while the gate runs."""

from __future__ import annotations

from collections.abc import Callable

from flashgen.gate.forwarder import AT_ONCE, Send
from flashgen.gate.order_subsystem import OrderSubsystemClient
from flashgen.gate.reading import SaleSnapshot


class Destination:
    """Called, it returns how to send an order now, or None while nobody is named to get it.

    The same as before, as long as `forward_to` is. `key` signs orders; `now` is in seconds since the Unix epoch.
    """

    def __init__(self, reading: Callable[[], SaleSnapshot | None], key: bytes, now: Callable[[], float]) -> None:
        self._reading = reading
        self._key = key
        self._now = now
        self._subsystem: OrderSubsystemClient | None = None

    def __call__(self) -> Send | None:
        if reading := self._reading():
            self._turn_to(reading.settings.forward_to)
        return self._subsystem.send if self._subsystem else None

    def _turn_to(self, url: str | None) -> None:
        before = self._subsystem
        if url == (before.url if before else None):
            return
        self._subsystem = OrderSubsystemClient(url, self._key, self._now, AT_ONCE) if url else None
        if before:
            before.close()
