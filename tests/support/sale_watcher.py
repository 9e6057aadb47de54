"""A watcher that reads a sale's storage and pointer all the time, from outside the gates."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event, Thread

from support.crowded_sale import SKU, STOCK, CrowdedSale

from flashgen.errors import FlashgenError
from flashgen.gate.orders.order import OrderState
from flashgen.gate.storage.protocol import Tally
from flashgen.unlock.pointer import Pointer, parse

POLL_SECONDS = 0.05


@dataclass
class SaleWatcher:
    """`most_in_use` by server and `most_taken` are the highest counts seen; `last` is the latest tally.

    `moved_at` is when orders were last seen to change, on the monotonic clock.
    """

    sale: CrowdedSale
    most_in_use: Counter[str] = field(default_factory=Counter)
    most_taken: int = 0
    polls: int = 0
    moved_at: float = field(default_factory=time.monotonic)
    last: Tally | None = None
    sold: frozenset[str] = frozenset()
    _stopping: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def __enter__(self) -> SaleWatcher:
        self._thread = Thread(target=self._run, name="sale watcher")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        assert self._thread
        self._thread.join()

    def is_all_sold(self) -> bool:
        """Whether every unit is in an order that the order subsystem has taken."""
        return self.last is not None and self.last.orders.get(OrderState.DONE, 0) >= STOCK and not self.waiting()

    def waiting(self) -> int:
        """Orders without a clear answer."""
        orders = self.last.orders if self.last else {}
        return orders.get(OrderState.ACCEPTED, 0) + orders.get(OrderState.UNKNOWN, 0)

    def slots_in_use(self) -> int:
        """At all servers, when last looked; -1 before the first look."""
        return sum(self.last.in_use.values()) if self.last else -1

    def _run(self) -> None:
        while not self._stopping.wait(POLL_SECONDS):
            try:
                with closing(self.sale.storage()) as storage:
                    while not self._stopping.wait(POLL_SECONDS):
                        self._note(storage.tally("night", time.time()))
                        self._read_pointer()
            except (FlashgenError, OSError):
                continue  # it was killed

    def _note(self, tally: Tally) -> None:
        self.polls += 1
        if self.last is None or tally.orders != self.last.orders:
            self.moved_at = time.monotonic()
        self.last = tally
        self.most_taken = max(self.most_taken, tally.taken.get(SKU, 0))
        for server, count in tally.in_use.items():
            self.most_in_use[server] = max(self.most_in_use[server], count)

    def _read_pointer(self) -> None:
        (path,) = (self.sale.root / "store" / "night").glob("unlock.*.js")
        found = parse(path.read_bytes(), path.name)
        assert isinstance(found, Pointer)
        self.sold = found.state.sold
