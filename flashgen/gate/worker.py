"""A worker of the gate: one process with the app, and the threads that serve each sale.

This is where its parts are put together; `cli` only says of what. A worker's process is spawned, so a WorkerConfig is
pickled.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import socket
import time
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock

from flashgen.errors import FlashgenError
from flashgen.gate.clocks import Clocks
from flashgen.gate.forwarder import Forwarder
from flashgen.gate.http.app import Gate
from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.log import JsonLines, order_fields, standard_log, trouble_log
from flashgen.gate.mark.high_water import HighWater, MarkFence
from flashgen.gate.mark.keeper import MarkKeeper
from flashgen.gate.mark.storage_mark import StopReason, advice
from flashgen.gate.metrics import Count, Counters
from flashgen.gate.order_subsystem import Destination, ForwardResult
from flashgen.gate.outward.hooks import GateHooks
from flashgen.gate.sale_reader import SaleReader, SaleSnapshot
from flashgen.gate.settings import GateSettings
from flashgen.gate.signatures import FORWARD, derived
from flashgen.gate.sold_writer import POLL_SECONDS, SoldWriter
from flashgen.gate.storage.batch import Batcher
from flashgen.gate.storage.opening import LazyStorage, check_storage, open_storage
from flashgen.gate.storage.protocol import Fence, Order, OrderState, Storage, Tally
from flashgen.gate.storage.storage_url import SecretUrl
from flashgen.gate.supervisor import end_with_parent, log_libraries
from flashgen.hooks.receiver import Receiver
from flashgen.passes import PassKeys
from flashgen.store import Store
from flashgen.unlock.pointer import pointer_headers
from flashgen.unlock.pointer_file import PointerFile
from flashgen.unlock.pointer_writer import Actor, OrderUrls, PointerWriter
from flashgen.unlock.state import SaleState
from flashgen.unlock.transition import Outcome

FIRST_READ_SECONDS = 3.0
"""How long a worker waits for the store before it begins without: it answers 503 until it has read it."""
SETTLE_SECONDS = 6.0
"""How long a stop waits for the order subsystem. An order without an answer is sent again, under the same key."""

_EVENTS = {
    OrderState.DONE: Count.DONE,
    OrderState.REJECTED: Count.REJECTED,
    OrderState.UNKNOWN: Count.UNKNOWN,
}


@dataclass(frozen=True)
class WorkerConfig:
    """Everything a worker is made from, picklable.

    `open_store` opens a store for one thread's use. `folder` is what the path of a `sqlite:` `storage` is relative to.
    `actor` writes sold-out SKUs into pointers. The workers of a server count in the file `counts`, and answer for their
    numbers at `admin_port`. `hooks` are told of sales of `target`, a name in flashgen.yaml. `pass_keys` are as of
    PassKeys."""

    open_store: Callable[[], Store]
    folder: Path
    actor: Actor
    sales: tuple[str, ...]
    site: str
    server: str
    storage: SecretUrl
    keys: tuple[bytes, ...] = field(repr=False)
    counts: Path
    admin_port: int
    hooks: tuple[Receiver, ...] = ()
    target: str = ""
    pass_keys: tuple[str, ...] = field(default=(), repr=False)
    sold_poll_seconds: float = POLL_SECONDS
    settle_seconds: float = SETTLE_SECONDS

    def __call__(self) -> Gate:
        """A worker's app, in its own process."""
        return Worker(self).gate

    def open_storage(self, fence: Fence | None = None) -> Storage:
        """A storage for one thread's use. The one that sells is opened with a fence."""
        return open_storage(self.storage.reveal(), self.folder, fence)

    def fence(self) -> MarkFence:
        """What this worker knows of its storage, and the other workers of its server remember."""
        return MarkFence(HighWater(self.counts.with_name(f"{self.counts.name}-high-water"), self.sales))


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
        dependencies = Dependencies(
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
            passes=PassKeys(config.pass_keys) if config.pass_keys else None,
        )
        readings = {sale: one.reading for sale, one in self._sales.items()}
        self.gate = Gate(readings, dependencies, config.admin_port, on_start=self._start, on_stop=self._stop)

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


class SaleWorker:
    """The threads that serve one sale in a worker: they read it, forward its orders, write what is sold out, and watch
    that its storage is the one that it was."""

    def __init__(
        self,
        sale: str,
        config: WorkerConfig,
        clocks: Clocks,
        fence: MarkFence,
        count: Callable[[Count], None],
        hooks: GateHooks,
        log: JsonLines,
    ) -> None:
        self._sale = sale
        self._hooks = hooks
        self._fence = fence
        self._config = config
        self._count = count
        self._log = log
        self._reader = SaleReader(
            config.open_store(),
            sale,
            time.monotonic,
            self._note_reading,
            check=lambda settings: check_storage([settings], config.storage.reveal()),
            clocks=clocks,
        )
        self.reading = lambda: self._reader.reading
        destination = Destination(self.reading, derived(config.keys[0], FORWARD), clocks.storage_now)
        self.forwarder = Forwarder(
            sale,
            config.open_storage,
            lambda: None if fence.reason(sale) else destination(),  # a stopped storage stays as it is
            now=clocks.storage_now,
            monotonic=time.monotonic,
            random=random.random,
            report=self._note_result,
            log=trouble_log(log, "forwarder in trouble", sale),
        )
        worker = f"{socket.gethostname()}:{os.getpid()}"
        self._keeper = MarkKeeper(
            sale,
            config.open_storage,
            config.open_store(),
            fence,
            lambda: reading.settings if (reading := self._fresh_reading()) else None,
            worker=worker,
            now=clocks.storage_now,
            monotonic=time.monotonic,
            sleep=config.actor.sleep,
            report=self._note_stop,
            log=trouble_log(log, "storage not checked", sale),
        )
        self._store = config.open_store()  # the sold-writer's own: it may wait long for an answer
        self._sold = SoldWriter(
            sale,
            config.open_storage,
            self._settings_and_state,
            self._writer,
            worker=worker,
            now=clocks.storage_now,
            monotonic=time.monotonic,
            written=self._note_sold,
            log=trouble_log(log, "sold-out SKUs not written", sale),
            poll_seconds=config.sold_poll_seconds,
        )

    def start(self) -> None:
        """Begin, and return when the sale has been read, or cannot be."""
        self.forwarder.start()
        self._sold.start()
        self._keeper.start()
        self._reader.poll()
        self._reader.start()

    def stop(self) -> None:
        """End within `settle_seconds`, and settle what the order subsystem answers by then. The reader just dies."""
        limit = self._config.settle_seconds
        until = time.monotonic() + limit
        self._keeper.request_stop()
        self._sold.stop(0.0)  # both end at the same time
        self.forwarder.stop(limit)
        self._sold.stop(min(1.0, max(0.0, until - time.monotonic())))

    def _settings_and_state(self) -> tuple[GateSettings, SaleState] | None:
        reading = None if self._fence.reason(self._sale) else self._fresh_reading()
        return (reading.settings, reading.pointer.state) if reading else None

    def _fresh_reading(self) -> SaleSnapshot | None:
        reading = self._reader.reading
        return reading if reading and reading.is_fresh(time.monotonic()) else None

    def _writer(self, settings: GateSettings) -> PointerWriter:
        return PointerWriter(
            PointerFile(self._store, self._sale, settings.pointer),
            self._config.actor,
            pointer_headers(settings.edge_ttl_seconds),
            OrderUrls(settings.servers),
        )

    def _note_reading(self, error: FlashgenError | None) -> None:
        if error:
            self._log("sale not read", sale=self._sale, error=error.message)
        else:
            self._log("sale read again", sale=self._sale)

    def _note_stop(self, reason: StopReason | None) -> None:
        if reason:
            message, hint = advice(reason, self._sale)
            self._log("sale stopped", sale=self._sale, reason=reason, error=message, hint=hint)
        else:
            self._log("sale goes on", sale=self._sale)

    def _note_result(self, order: Order, result: ForwardResult, state: OrderState | None) -> None:
        count, event = _EVENTS[result.state], f"order {result.state}"
        if result.state not in (state, OrderState.UNKNOWN):
            count, event = Count.CONTRADICTED, f"order answered {result.state}, and is {state or 'gone'} here"
        self._count(count)
        self._log(event, **order_fields(order), attempt=order.attempts + 1, met=result.note)

    def _note_sold(self, written: Outcome) -> None:
        self._log("sold out", sale=self._sale, skus=" ".join(sorted(written.after.state.sold)))
        reading = self._reader.reading
        self._hooks.sold(self._sale, written, reading.settings.items.keys() if reading else ())


def new_id() -> str:
    """An id of 120 random bits: 24 letters and digits, which nobody mistakes for a number or a formula."""
    return b32encode(secrets.token_bytes(15)).decode().lower()
