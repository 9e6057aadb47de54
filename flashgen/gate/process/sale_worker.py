"""The threads that serve one sale in a worker of the gate, put together; and what they log and count."""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Callable

from flashgen.errors import FlashgenError
from flashgen.gate.clocks import Clocks
from flashgen.gate.contact import ContactSeal
from flashgen.gate.log import JsonLines, order_fields, trouble_log
from flashgen.gate.mark.high_water import MarkFence
from flashgen.gate.mark.keeper import MarkKeeper
from flashgen.gate.mark.storage_mark import StopReason, advice
from flashgen.gate.metrics import Count
from flashgen.gate.orders.contact_purge import ContactPurge
from flashgen.gate.orders.forwarder import POLL_SECONDS, Forwarder
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.orders.order_subsystem import Destination, ForwardResult
from flashgen.gate.outward.hooks import GateHooks
from flashgen.gate.process.config import WorkerConfig
from flashgen.gate.sale_reader import SaleReader, SaleSnapshot
from flashgen.gate.settings import GateSettings
from flashgen.gate.signatures import FORWARD, derived
from flashgen.gate.sold_writer import SoldWriter
from flashgen.gate.storage.opening import check_storage
from flashgen.unlock.pointer import pointer_headers
from flashgen.unlock.pointer_file import PointerFile
from flashgen.unlock.pointer_writer import OrderUrls, PointerWriter
from flashgen.unlock.state import SaleState
from flashgen.unlock.transition import Outcome

ASK_POLL_SECONDS = 2.0
"""How often the storage is asked for orders whose reservation is over."""

_EVENTS = {
    OrderState.DONE: Count.DONE,
    OrderState.REJECTED: Count.REJECTED,
    OrderState.UNKNOWN: Count.UNKNOWN,
    OrderState.RESERVED: Count.RESERVED,
    OrderState.PAID: Count.PAID,
    OrderState.RELEASED: Count.RELEASED,
}


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
        self._clocks = clocks
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self._store = config.open_store()  # the sold-writer's own: it may wait long for an answer
        self._reader = self._new_reader()
        self.reading = lambda: self._reader.reading
        self.forwarder, self._asker = self._new_forwarder(), self._new_forwarder(reserved=True)
        self._keeper = self._new_keeper()
        self._sold = self._new_sold_writer()
        self._purge = ContactPurge(
            sale,
            config.open_storage,
            self._known_settings,
            worker=self._worker,
            now=clocks.storage_now,
            report=lambda count: log("contacts deleted", sale=sale, count=count),
            log=trouble_log(log, "contacts not deleted", sale),
        )

    def start(self) -> None:
        """Begin, and return when the sale has been read, or cannot be."""
        self.forwarder.start()
        self._asker.start()
        self._sold.start()
        self._keeper.start()
        self._purge.start()
        self._reader.poll()
        self._reader.start()

    def stop(self) -> None:
        """End within `settle_seconds`, and settle what the order subsystem answers by then. The reader just dies."""
        limit = self._config.settle_seconds
        until = time.monotonic() + limit
        self._keeper.request_stop()
        self._purge.request_stop()
        self._sold.stop(0.0)  # both end at the same time
        self._asker.stop(0.0)
        self.forwarder.stop(limit)
        self._asker.stop(max(0.0, until - time.monotonic()))
        self._sold.stop(min(1.0, max(0.0, until - time.monotonic())))

    def _new_reader(self) -> SaleReader:
        return SaleReader(
            self._config.open_store(),
            self._sale,
            time.monotonic,
            self._note_reading,
            check=lambda settings: check_storage([settings], self._config.storage.reveal()),
            clocks=self._clocks,
        )

    def _new_forwarder(self, *, reserved: bool = False) -> Forwarder:
        key = derived(self._config.keys[0], FORWARD)
        opened = ContactSeal(self._config.keys).open
        destination = Destination(self.reading, key, self._clocks.storage_now, opened, asks=reserved)
        return Forwarder(
            self._sale,
            self._config.open_storage,
            lambda: None if self._fence.reason(self._sale) else destination(),  # a stopped storage stays as it is
            now=self._clocks.storage_now,
            monotonic=time.monotonic,
            random=random.random,
            report=self._note_result,
            log=trouble_log(self._log, "forwarder in trouble", self._sale),
            poll_seconds=ASK_POLL_SECONDS if reserved else POLL_SECONDS,
            reserved=reserved,
        )

    def _new_keeper(self) -> MarkKeeper:
        return MarkKeeper(
            self._sale,
            self._config.open_storage,
            self._config.open_store(),
            self._fence,
            self._known_settings,
            worker=self._worker,
            now=self._clocks.storage_now,
            monotonic=time.monotonic,
            sleep=self._config.actor.sleep,
            report=self._note_stop,
            log=trouble_log(self._log, "storage not checked", self._sale),
        )

    def _new_sold_writer(self) -> SoldWriter:
        return SoldWriter(
            self._sale,
            self._config.open_storage,
            self._settings_and_state,
            self._writer,
            worker=self._worker,
            now=self._clocks.storage_now,
            monotonic=time.monotonic,
            written=self._note_sold,
            log=trouble_log(self._log, "sold-out SKUs not written", self._sale),
            poll_seconds=self._config.sold_poll_seconds,
        )

    def _known_settings(self) -> GateSettings | None:
        reading = self._fresh_reading()
        return reading.settings if reading else None

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
        is_clear = result.state is not OrderState.UNKNOWN
        if is_clear and (state is None or state.holds_unit != result.state.holds_unit):
            count, event = Count.CONTRADICTED, f"order answered {result.state}, and is {state or 'gone'} here"
        self._count(count)
        self._log(event, **order_fields(order), attempt=order.attempts + 1, met=result.note)
        if state is OrderState.PAID_LATE and result.state is OrderState.PAID:
            self._hooks.paid_late(order)

    def _note_sold(self, written: Outcome) -> None:
        self._log("sold out", sale=self._sale, skus=" ".join(sorted(written.after.state.sold)))
        reading = self._reader.reading
        self._hooks.sold(self._sale, written, reading.settings.items.keys() if reading else ())
