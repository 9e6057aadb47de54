"""Whether the storage answered when it was last asked, by which a gate says that it is ready."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from flashgen.gate.dependencies import Dependencies
from flashgen.gate.metrics import Count
from flashgen.gate.storage.protocol import Answer, Ask, Find, Leave, Order, StorageLost

LOOK_SECONDS = 1.0
"""A gate that nobody asks learns in time that its storage is gone, or back: pages and proxies go by `/readyz`."""


class Health:
    """Asks the storage on behalf of requests. Trouble is logged when it begins and when it ends."""

    def __init__(self, outside: Dependencies) -> None:
        self.is_well = True
        self._outside = outside
        self._errands: set[asyncio.Task[None]] = set()

    async def decide(self, ask: Ask) -> Answer:
        """The storage's answer. Raises StorageLost."""
        try:
            answer = await self._outside.decide(ask)
        except StorageLost as lost:
            self._note_loss(lost)
            raise
        if not self.is_well:
            self.is_well = True
            self._outside.log("storage back")
        return answer

    async def order_of(self, sale: str, sku: str, buyer: str) -> Order | None:
        """The order that a buyer has of a SKU. Raises StorageLost."""
        found = await self.decide(Find(sale, sku, buyer))
        return found if isinstance(found, Order) else None

    def give_back(self, lease: Leave) -> None:
        """Without waiting: who held the request may be cancelled already. A lost storage lets the lease expire."""
        self._send_out(lease)

    async def watch(self, sale: str) -> None:
        """Ask the storage something every LOOK_SECONDS, until cancelled."""
        while True:
            await self._ask_quietly(Find(sale, "", ""))
            await asyncio.sleep(LOOK_SECONDS)

    async def rest(self) -> None:
        """Wait for what is still on its way to the storage."""
        while self._errands:
            await asyncio.wait(self._errands)

    def _send_out(self, ask: Ask) -> None:
        errand = asyncio.get_running_loop().create_task(self._ask_quietly(ask))
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    async def _ask_quietly(self, ask: Ask) -> None:
        with suppress(StorageLost):
            await self.decide(ask)

    def _note_loss(self, lost: StorageLost) -> None:
        self._outside.counters.add(Count.STORAGE_ERRORS)
        if self.is_well:
            self.is_well = False
            self._outside.log("storage lost", error=lost.message)
