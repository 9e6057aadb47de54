"""Whether the storage takes orders, by which a gate says that it is ready.

A storage that still answers may take nothing: a replica, a full memory, a full disk. So it is asked to write something
every POLL_SECONDS, and only that makes it well again; a request that it failed makes it unwell at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.metrics import Count
from flashgen.gate.orders.order import Order
from flashgen.gate.storage.protocol import Answer, Ask, Find, Leave, StorageBehind, StorageLost, Touch

POLL_SECONDS = 1.0
"""So a gate without requests notices that its storage is gone, or back: pages and proxies rely on `/readyz`."""

STEADY = 2
"""So many writes in a row have to succeed: one of little may still go where an order does not."""

BULK_BYTES = 65536
"""What a storage must have room for to be well again; more than a batch of orders writes."""


class Health:
    """Asks the storage on behalf of requests. Trouble is logged when it begins and when it ends, with its reason."""

    def __init__(self, dependencies: Dependencies) -> None:
        self.untrusted_proxy = ""
        self._lost = ""
        self._dependencies = dependencies
        self._lost_at = 0.0
        self._primary = ""
        self._steady = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def trouble(self) -> str:
        """Why the gate cannot take orders, or why its clock must not decide on them; empty if all is well."""
        return self._lost or self._dependencies.clocks.trouble

    @property
    def is_well(self) -> bool:
        """Whether the storage took what it was last asked to write, and clocks agree."""
        return not self.trouble

    async def decide(self, ask: Ask) -> Answer:
        """The storage's answer. Raises StorageLost."""
        try:
            return await self._dependencies.decide(ask)
        except StorageBehind:
            raise
        except StorageLost as lost:
            self._note_loss(lost.message)
            raise

    async def order_of(self, sale: str, sku: str, buyer: str) -> Order | None:
        """The order that a buyer has of a SKU. Raises StorageLost."""
        found = await self.decide(Find(sale, sku, buyer))
        return found if isinstance(found, Order) else None

    def give_back(self, lease: Leave) -> None:
        """Without waiting: who held the request may be cancelled already. A lost storage lets the lease expire."""
        task = asyncio.get_running_loop().create_task(self._leave(lease))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def note_proxy(self, peer: str) -> None:
        """An address that is not in `trusted_proxies` forwards for many buyers."""
        if peer != self.untrusted_proxy:
            self.untrusted_proxy = peer
            self._dependencies.log("untrusted proxy", peer=peer, setting="order.trusted_proxies")

    async def watch(self, sales: Sequence[str]) -> None:
        """Check every POLL_SECONDS, until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self.check(sales)

    async def check(self, sales: Sequence[str]) -> None:
        """Have the storage write something for each sale."""
        bulk_bytes = BULK_BYTES if self._lost else 0
        try:
            await asyncio.gather(*(self._touch(Touch(sale, bulk_bytes)) for sale in sales))
        except StorageLost as lost:
            self._note_loss(lost.message)
        except Exception as error:  # noqa: BLE001 -- a watch that died of a surprise would never see the storage again
            self._note_loss(type(error).__name__)
        else:
            self._note_write()

    async def drain(self) -> None:
        """Wait for what is still on its way to the storage."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _touch(self, touch: Touch) -> None:
        sent = self._dependencies.now()
        seconds = await self._dependencies.decide(touch)
        if isinstance(seconds, float):
            self._dependencies.clocks.note_storage(sent, seconds)

    async def _leave(self, lease: Leave) -> None:
        with suppress(StorageLost):
            await self.decide(lease)

    def _note_loss(self, message: str) -> None:
        self._dependencies.counters.add(Count.STORAGE_ERRORS)
        self._steady = 0
        if self._lost:
            return
        self._lost = message
        self._lost_at = self._dependencies.monotonic()
        self._dependencies.log("storage lost", error=message)

    def _note_write(self) -> None:
        self._note_primary()
        self._steady += 1
        if not self._lost or self._steady < STEADY:
            return
        seconds = round(self._dependencies.monotonic() - self._lost_at, 1)
        self._dependencies.log("storage back", seconds=seconds, error=self._lost)
        self._lost = ""

    def _note_primary(self) -> None:
        """After a failover another server answers."""
        before, self._primary = self._primary, self._dependencies.primary()
        if before and before != self._primary:
            self._dependencies.log("storage moved", primary=self._primary, before=before)
