"""Sold-out SKUs in the pointer, which pages read: one worker at a time, by a lease, adds and removes them.

It writes `sold` and nothing else, by the protocol that operators use, so that it never undoes what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from flashgen.gate.background import StorageThread
from flashgen.gate.settings import GateSettings, Item
from flashgen.gate.storage.protocol import Storage
from flashgen.unlock.pointer_writer import PointerWriter
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.transition import Outcome, transition
from flashgen.unlock.verbs import record_sold

POLL_SECONDS = 1.0

WRITE_SECONDS = 2.0
"""At most one write in so long: each is a change that every page polls, and a record in the journal."""

QUIET_SECONDS = 10.0
"""A unit that came back reopens its SKU only after so long: rejected orders come in swarms, and a button that opens and
closes every second helps nobody."""

LEASE_SECONDS = 6.0
"""How long a worker may write without renewing its lease, which it does with each poll."""

STAND_DOWN_SECONDS = 2 * LEASE_SECONDS
"""A worker that failed to write leaves it to others for so long: perhaps only its machine cannot write."""


def gone(items: Mapping[str, Item], taken: Mapping[str, int]) -> frozenset[str]:
    """SKUs of which every unit is taken."""
    return frozenset(sku for sku, one in items.items() if one.stock is not None and taken.get(sku, 0) >= one.stock)


class SoldTracker:
    """What `sold` in the pointer should be: a SKU enters it at once, and leaves QUIET_SECONDS after units came back."""

    def __init__(self) -> None:
        self._back_since: dict[str, float] = {}

    def sold(self, before: Iterable[str], gone: frozenset[str], now: float) -> frozenset[str]:
        """The new `sold`, from the pointer's (`before`) and the SKUs gone at `now`, in seconds of a monotonic clock."""
        back = frozenset(before) - gone
        self._back_since = {sku: self._back_since.get(sku, now) for sku in back}
        waiting = {sku for sku, since in self._back_since.items() if now - since < QUIET_SECONDS}
        return gone | waiting


class SoldWriter:
    """A thread that keeps a sale's `sold` as the storage has it, while this worker holds the lease for that.

    `read_sale` returns the sale's settings and state, None while nothing is known. `writer` returns what changes its
    pointer. `worker` names this worker among all. `now` is the storage's clock in seconds, `monotonic` a monotonic one.
    `written` gets each transition that wrote a new `sold`, `log` exceptions.
    """

    def __init__(
        self,
        sale: str,
        open_storage: Callable[[], Storage],
        read_sale: Callable[[], tuple[GateSettings, SaleState] | None],
        writer: Callable[[GateSettings], PointerWriter],
        *,
        worker: str,
        now: Callable[[], float],
        monotonic: Callable[[], float],
        written: Callable[[Outcome], None],
        log: Callable[[Exception], None],
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._sale = sale
        self._read_sale = read_sale
        self._writer = writer
        self._worker = worker
        self._now = now
        self._monotonic = monotonic
        self._written = written
        self._tracker = SoldTracker()
        self._written_at = self._failed_at = float("-inf")
        self._poll_seconds = poll_seconds
        self._thread = StorageThread(f"sold {sale}", open_storage, self._run, log, poll_seconds)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, limit_seconds: float) -> None:
        """End after what is under way."""
        self._thread.request_stop()
        self._thread.join(limit_seconds)

    def _run(self, storage: Storage) -> None:
        while not self._thread.pause(self._poll_seconds):
            self._poll(storage)

    def _poll(self, storage: Storage) -> None:
        known = self._read_sale()
        if known is None or self._monotonic() - self._failed_at < STAND_DOWN_SECONDS:
            self._tracker = SoldTracker()
            return
        settings, state = known
        now = self._now()
        if not storage.acquire_lease(f"sold:{self._sale}", self._worker, now, now + LEASE_SECONDS):
            self._tracker = SoldTracker()
            return
        taken = storage.tally(self._sale, now).taken
        unknown = state.sold - settings.items.keys()  # no longer for sale here, and pages of before may show them
        sold = self._tracker.sold(state.sold, gone(settings.items, taken) | unknown, self._monotonic())
        if sold != state.sold and _is_open(state) and self._monotonic() - self._written_at >= WRITE_SECONDS:
            self._write(self._writer(settings), state.sold, sold)

    def _write(self, writer: PointerWriter, before: frozenset[str], sold: frozenset[str]) -> None:
        self._written_at = self._monotonic()
        try:
            outcome = transition(writer, record_sold(sold, before))
        except Exception:
            self._failed_at = self._monotonic()
            raise
        self._written(outcome)


def _is_open(state: SaleState) -> bool:
    """Before the start nothing is sold, and after the end nobody asks."""
    return state.state in (State.LIVE, State.PAUSED)
