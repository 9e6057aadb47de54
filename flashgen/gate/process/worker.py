"""A worker of the gate: one process with the app, put together; `cli` only says of what."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from base64 import b32encode
from functools import partial
from threading import Lock

from flashgen.gate.clocks import Clocks
from flashgen.gate.http.app import Gate
from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.log import standard_log
from flashgen.gate.mark.high_water import MarkFence
from flashgen.gate.metrics import Count, Counters
from flashgen.gate.outward.hooks import GateHooks
from flashgen.gate.process.config import WorkerConfig
from flashgen.gate.process.sale_worker import SaleWorker
from flashgen.gate.process.supervisor import end_with_parent, log_libraries
from flashgen.gate.storage.batch import Batcher
from flashgen.gate.storage.opening import LazyStorage
from flashgen.gate.storage.protocol import Tally
from flashgen.passes import PassKeys

FIRST_READ_SECONDS = 3.0
"""How long a worker waits for the store before it begins without: it answers 503 until it has read it."""


def make_gate(config: WorkerConfig) -> Gate:
    """A worker's app, in its own process."""
    return Worker(config).gate


class Worker:
    """One process of a gate."""

    def __init__(self, config: WorkerConfig) -> None:
        self._log = standard_log()
        log_libraries(self._log)
        fence = config.fence()
        self._storage = LazyStorage(partial(config.open_storage, fence))
        self._batcher = Batcher(self._storage)
        self._counters = Counters(config.counts)
        self._counting = Lock()
        self._hooks = GateHooks(config.hooks, config.target, config.actor.who, self._log)
        self._clocks = Clocks(time.time, time.monotonic, self._note_clocks)
        self._sales = {
            sale: SaleWorker(sale, config, self._clocks, fence, self._count, self._hooks, self._log)
            for sale in config.sales
        }
        readings = {sale: one.reading for sale, one in self._sales.items()}
        dependencies = self._dependencies(config, fence)
        self.gate = Gate(readings, dependencies, config.admin_port, on_start=self._start, on_stop=self._stop)

    def _dependencies(self, config: WorkerConfig, fence: MarkFence) -> Dependencies:
        return Dependencies(
            server=config.server,
            site=config.site,
            keys=config.keys,
            decide=self._batcher.decide,
            tally=self._tally,
            accepted=lambda sale: self._sales[sale].forwarder.wake(),
            primary=lambda: self._storage.primary,
            stopped=fence.reason,
            unmarked=fence.unmarked,
            counters=self._counters,
            clocks=self._clocks,
            now=time.time,
            monotonic=time.monotonic,
            new_id=new_id,
            random=random.random,
            log=self._log,
            paid_late=self._hooks.paid_late,
            passes=PassKeys(config.pass_keys) if config.pass_keys else None,
            origin_secrets=config.origin_secrets,
        )

    async def _tally(self, sale: str) -> Tally:
        return await asyncio.to_thread(self._storage.tally, sale, self._clocks.storage_now())

    def _note_clocks(self, trouble: str) -> None:
        if trouble:
            self._log("clock off", error=trouble)
        else:
            self._log("clock right again")

    def _count(self, one: Count) -> None:
        """For threads: the forwarders of several sales count the same."""
        with self._counting:
            self._counters.add(one)

    async def _start(self) -> None:
        end_with_parent()
        starting = [asyncio.ensure_future(asyncio.to_thread(one.start)) for one in self._sales.values()]
        await asyncio.wait(starting, timeout=FIRST_READ_SECONDS)
        if self._counters.is_first:
            self._hooks.watch(self.gate.problems)
        self._log("ready", sales=" ".join(self._sales))

    async def _stop(self) -> None:
        stopping = [asyncio.to_thread(one.stop) for one in self._sales.values()]
        await asyncio.gather(self._batcher.close(), *stopping)
        await self._hooks.stop()
        self._storage.close()
        self._log("stopped")


def new_id() -> str:
    """An id of 120 random bits: 24 letters and digits, which nobody mistakes for a number or a formula."""
    return b32encode(secrets.token_bytes(15)).decode().lower()
