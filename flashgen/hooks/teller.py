"""Tells receivers of events in the background: whoever has something to tell never waits, and never fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from queue import Full, Queue
from threading import Lock, Thread

from flashgen.hooks.delivery import Delivery, deliver
from flashgen.hooks.event import HookEvent
from flashgen.hooks.receiver import Receiver

QUEUED_MAX = 100
"""Events that wait for one receiver; one more is dropped, and reported."""

Deliver = Callable[[Receiver, HookEvent], Delivery]


class Teller:
    """A daemon thread for each receiver, which gets its events one by one and in order.

    A receiver that hangs holds up no other one. `report` is called with each Delivery, from several threads.
    """

    def __init__(
        self, receivers: Iterable[Receiver], report: Callable[[Delivery], None], deliver: Deliver = deliver
    ) -> None:
        self._report = report
        self._deliver = deliver
        self._lines = [(receiver, Queue[HookEvent](QUEUED_MAX)) for receiver in receivers]
        self._open: list[tuple[Receiver, HookEvent]] = []
        self._opening = Lock()
        for receiver, queue in self._lines:
            Thread(target=self._serve, args=(receiver, queue), name=f"hook {receiver.name}", daemon=True).start()

    @property
    def has_receivers(self) -> bool:
        """Whether there is anybody to tell."""
        return bool(self._lines)

    def tell(self, events: Iterable[HookEvent]) -> None:
        """Send them when their turn comes. Returns at once."""
        for event in events:
            for receiver, queue in self._lines:
                if receiver.takes(event):
                    self._put(receiver, queue, event)

    def close(self, limit_seconds: float) -> tuple[Delivery, ...]:
        """Wait until all is sent, but no longer than `limit_seconds`. Returns what has no answer by then."""
        deadline = time.monotonic() + limit_seconds
        while self._open and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(0.02, left))
        with self._opening:
            return tuple(
                Delivery(receiver.name, event.type, False, "no answer yet, not waited for")
                for receiver, event in self._open
            )

    def _put(self, receiver: Receiver, queue: Queue[HookEvent], event: HookEvent) -> None:
        with self._opening:
            self._open.append((receiver, event))
        try:
            queue.put_nowait(event)
        except Full:
            self._done(receiver, event, Delivery(receiver.name, event.type, False, "dropped: too many wait"))

    def _serve(self, receiver: Receiver, queue: Queue[HookEvent]) -> None:
        while True:
            event = queue.get()
            try:
                delivery = self._deliver(receiver, event)
            except Exception as error:  # noqa: BLE001 -- a surprise must not end the thread
                delivery = Delivery(receiver.name, event.type, False, type(error).__name__)
            self._done(receiver, event, delivery)

    def _done(self, receiver: Receiver, event: HookEvent, delivery: Delivery) -> None:
        """Reported first: who waits for the end of `close` has all reports then."""
        self._report(delivery)
        with self._opening:
            self._open.remove((receiver, event))
