"""What a worker of the gate is made of: the app, and the threads that serve each sale."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import socket
import sys
import time
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock

from flashgen.cli.gate.start import check_storage
from flashgen.cli.runtime import new_nonce, now
from flashgen.errors import FlashgenError
from flashgen.gate.app import Gate
from flashgen.gate.dependencies import Dependencies
from flashgen.gate.destination import Destination
from flashgen.gate.forwarder import Forwarder
from flashgen.gate.log import JsonLines, LogThrottle
from flashgen.gate.metrics import Count, Counters
from flashgen.gate.order_subsystem import ForwardResult
from flashgen.gate.reading import SaleReader
from flashgen.gate.seal import FORWARD, derived
from flashgen.gate.serving import end_with_parent, log_libraries
from flashgen.gate.settings import GateSettings
from flashgen.gate.sold import SoldWriter
from flashgen.gate.storage.batch import Batcher
from flashgen.gate.storage.lazy_storage import LazyStorage
from flashgen.gate.storage.opening import open_storage
from flashgen.gate.storage.protocol import Order, OrderState, Storage, Tally
from flashgen.project import Project
from flashgen.unlock.control import Control
from flashgen.unlock.pointer import pointer_headers
from flashgen.unlock.state import SaleState

FIRST_LOOK_SECONDS = 3.0
"""How long a worker waits for the store before it begins without: it says 503 then, until it has read it."""

SETTLE_SECONDS = 6.0
"""How long a stop waits for answers of the order subsystem. What has none by then is sent again, under the same key."""

_EVENTS = {
    OrderState.DONE: Count.DONE,
    OrderState.REJECTED: Count.REJECTED,
    OrderState.UNKNOWN: Count.UNKNOWN,
}


@dataclass(frozen=True)
class WorkerConfig:
    """Everything a worker is made from, picklable. `counts` is the file that the workers of a server count in."""

    project: Project
    target: str | None
    sales: tuple[str, ...]
    site: str
    server: str
    storage: str = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)
    counts: Path

    def __call__(self) -> Gate:
        """A worker's app, in its own process."""
        return Worker(self).gate

    def open_storage(self) -> Storage:
        """A storage for one thread's use."""
        return open_storage(self.storage, self.project.root)


class Worker:
    """One process of a gate."""

    def __init__(self, recipe: WorkerConfig) -> None:
        self._log = standard_log()
        log_libraries(self._log)
        self._storage = LazyStorage(recipe.open_storage)
        self._batcher = Batcher(self._storage)
        self._counters = Counters(recipe.counts)
        self._counting = Lock()
        self._attendants = {sale: SaleWorker(sale, recipe, self._count, self._log) for sale in recipe.sales}
        outside = Dependencies(
            server=recipe.server,
            site=recipe.site,
            keys=recipe.keys,
            decide=self._batcher.decide,
            tally=self._tally,
            accepted=lambda sale: self._attendants[sale].forwarder.wake(),
            counters=self._counters,
            now=time.time,
            even=time.monotonic,
            new_id=new_id,
            chance=random.random,
            log=self._log,
        )
        readings = {sale: one.reading for sale, one in self._attendants.items()}
        self.gate = Gate(readings, outside, on_start=self._start, on_stop=self._stop)

    async def _tally(self, sale: str) -> Tally:
        return await asyncio.to_thread(self._storage.tally, sale, time.time())

    def _count(self, one: Count) -> None:
        """For threads: the forwarders of several sales count the same."""
        with self._counting:
            self._counters.add(one)

    async def _start(self) -> None:
        end_with_parent()
        starting = [asyncio.ensure_future(asyncio.to_thread(one.start)) for one in self._attendants.values()]
        await asyncio.wait(starting, timeout=FIRST_LOOK_SECONDS)
        self._log("ready", sales=" ".join(self._attendants))

    async def _stop(self) -> None:
        stopping = [asyncio.to_thread(one.stop) for one in self._attendants.values()]
        await asyncio.gather(self._batcher.close(), *stopping)
        self._storage.close()
        self._log("stopped")


class SaleWorker:
    """The threads that serve one sale in a worker: they read it, forward its orders and tell what is sold out."""

    def __init__(self, sale: str, recipe: WorkerConfig, count: Callable[[Count], None], log: JsonLines) -> None:
        self._sale = sale
        self._recipe = recipe
        self._count = count
        self._log = log
        self._reader = SaleReader(
            recipe.project.store(recipe.target),
            sale,
            time.monotonic,
            self._note_reading,
            check=lambda settings: check_storage([settings], recipe.storage),
        )
        self.reading = lambda: self._reader.reading
        self.forwarder = Forwarder(
            sale,
            recipe.open_storage,
            Destination(self.reading, derived(recipe.keys[0], FORWARD), time.time),
            now=time.time,
            even=time.monotonic,
            chance=random.random,
            told=self._note_result,
            log=self._trouble("forwarder in trouble"),
        )
        self._store = recipe.project.store(recipe.target)  # the sold-writer's own: it may wait long for an answer
        self._sold_trouble = self._trouble("sold-out SKUs not written")
        self._sold = SoldWriter(
            sale,
            recipe.open_storage,
            self._known,
            self._control,
            who=f"{socket.gethostname()}:{os.getpid()}",
            now=time.time,
            even=time.monotonic,
            log=self._note_sold,
        )

    def start(self) -> None:
        """Begin, and return when the sale has been read, or cannot be."""
        self.forwarder.start()
        self._sold.start()
        self._reader.look()
        self._reader.start()

    def stop(self) -> None:
        """End, with what the order subsystem still answers, in SETTLE_SECONDS. Readers need no end."""
        until = time.monotonic() + SETTLE_SECONDS
        self._sold.stop(0.0)  # both end side by side
        self.forwarder.stop(SETTLE_SECONDS)
        self._sold.stop(min(1.0, max(0.0, until - time.monotonic())))

    def _known(self) -> tuple[GateSettings, SaleState] | None:
        reading = self._reader.reading
        is_known = reading and reading.is_fresh(time.monotonic())
        return (reading.settings, reading.pointer.state) if reading and is_known else None

    def _control(self, settings: GateSettings) -> Control:
        return Control(
            store=self._store,
            sale=self._sale,
            key=settings.pointer,
            headers=pointer_headers(settings.edge_ttl_seconds),
            who=f"gate {self._recipe.server}",
            now=now,
            new_nonce=new_nonce,
            sleep=time.sleep,
            origins=settings.servers,
        )

    def _note_reading(self, error: FlashgenError | None) -> None:
        if error:
            self._log("sale not read", sale=self._sale, error=error.message)
        else:
            self._log("sale read again", sale=self._sale)

    def _note_result(self, order: Order, verdict: ForwardResult, state: OrderState | None) -> None:
        count, event = _EVENTS[verdict.state], f"order {verdict.state}"
        if verdict.state not in (state, OrderState.UNKNOWN):
            count, event = Count.CONTRADICTED, f"order answered {verdict.state}, and is {state or 'gone'} here"
        self._count(count)
        attempt = order.attempts + 1
        self._log(event, sale=order.sale, order=order.id, sku=order.sku, attempt=attempt, met=verdict.note)

    def _note_sold(self, said: frozenset[str] | Exception) -> None:
        if isinstance(said, Exception):
            self._sold_trouble(said)
        else:
            self._log("sold out", sale=self._sale, skus=" ".join(sorted(said)))

    def _trouble(self, event: str) -> Callable[[Exception], None]:
        """Of a surprise only its kind is told: its text may hold anything."""
        sparing = LogThrottle(time.monotonic)

        def tell(error: Exception) -> None:
            message = error.message if isinstance(error, FlashgenError) else type(error).__name__
            if sparing.lets(message):
                self._log(event, sale=self._sale, error=message)

        return tell


def standard_log() -> JsonLines:
    """The log of this process, on stderr."""
    return JsonLines(partial(_write, sys.stderr.fileno()), time.time, pid=os.getpid())


def new_id() -> str:
    """An id of 120 random bits: 24 letters and digits, which nobody mistakes for a number or a formula."""
    return b32encode(secrets.token_bytes(15)).decode().lower()


def _write(stream: int, line: str) -> None:
    """In one step: lines of several processes and threads do not mix."""
    os.write(stream, line.encode(errors="replace"))
