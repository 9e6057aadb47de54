"""SKUs that are gone, told to the pages: one elected worker writes them into the pointer, and takes them out again.

It writes `sold` and nothing else, by the same protocol as operators: it crosses with what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from threading import Event, Thread

from flashgen.gate.settings import GateSettings, Item
from flashgen.gate.storage.protocol import Storage
from flashgen.unlock.control import Control
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.transition import transition
from flashgen.unlock.verbs import record_sold

LOOK_SECONDS = 1.0
"""Between two looks, and so at the least between two writes."""

WRITE_SECONDS = 2.0
"""At most one write in so long: each is a change that every page polls, and a record in the journal."""

QUIET_SECONDS = 10.0
"""A unit that came back reopens its SKU only after so long: rejected orders come in swarms, and a button that opens and
closes every second helps nobody."""

OFFICE_SECONDS = 6.0
"""For how long an elected worker is; it renews that with each look."""

STAND_DOWN_SECONDS = 2 * OFFICE_SECONDS
"""Who could not write leaves the office to others for so long: it may be this machine alone that cannot."""


def gone(items: Mapping[str, Item], taken: Mapping[str, int]) -> frozenset[str]:
    """SKUs of which every unit is taken."""
    return frozenset(sku for sku, one in items.items() if one.stock is not None and taken.get(sku, 0) >= one.stock)


class SoldTracker:
    """What the pointer should say is sold: what is gone, at once; what came back, after QUIET_SECONDS."""

    def __init__(self) -> None:
        self._back_since: dict[str, float] = {}

    def sold(self, said: Iterable[str], gone: frozenset[str], now: float) -> frozenset[str]:
        """Given what the pointer says and what is gone, at `now` (any clock that runs evenly, in seconds)."""
        back = frozenset(said) - gone
        self._back_since = {sku: self._back_since.get(sku, now) for sku in back}
        waiting = {sku for sku, since in self._back_since.items() if now - since < QUIET_SECONDS}
        return gone | waiting


class SoldWriter:
    """A thread of a worker that keeps a sale's `sold` as the storage has it, whenever it holds the office.

    `known` is what the sale's settings and pointer say now, None while nothing is known. `control` is a hand on its
    pointer. `who` names this worker among all. `now` is the clock of the storage, `even` one that runs evenly. `log`
    hears of writes and of trouble; nothing here stops the gate.
    """

    def __init__(
        self,
        sale: str,
        open_storage: Callable[[], Storage],
        known: Callable[[], tuple[GateSettings, SaleState] | None],
        control: Callable[[GateSettings], Control],
        *,
        who: str,
        now: Callable[[], float],
        even: Callable[[], float],
        log: Callable[[frozenset[str] | Exception], None],
    ) -> None:
        self._sale = sale
        self._open_storage = open_storage
        self._known = known
        self._control = control
        self._who = who
        self._now = now
        self._even = even
        self._log = log
        self._ledger = SoldTracker()
        self._written_at = self._failed_at = float("-inf")
        self._storage: Storage | None = None
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=f"sold {sale}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, limit_seconds: float) -> None:
        """End after what is under way."""
        self._stopping.set()
        self._thread.join(limit_seconds)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 -- a thread that died of a surprise would tell nothing more
                self._log(error)
                self._forget_storage()
        self._forget_storage()

    def _look(self) -> None:
        known = self._known()
        if known is None or self._even() - self._failed_at < STAND_DOWN_SECONDS:
            self._ledger = SoldTracker()
            return
        settings, state = known
        self._storage = self._storage or self._open_storage()
        now = self._now()
        if not self._storage.elect(f"sold:{self._sale}", self._who, now, now + OFFICE_SECONDS):
            self._ledger = SoldTracker()
            return
        taken = self._storage.tally(self._sale, now).taken
        unknown = state.sold - settings.items.keys()  # no longer for sale here, and pages of before may show them
        sold = self._ledger.sold(state.sold, gone(settings.items, taken) | unknown, self._even())
        if sold != state.sold and _is_open(state) and self._even() - self._written_at >= WRITE_SECONDS:
            self._write(self._control(settings), state.sold, sold)

    def _write(self, control: Control, said: frozenset[str], sold: frozenset[str]) -> None:
        self._written_at = self._even()
        try:
            transition(control, record_sold(sold, said))
        except Exception:
            self._failed_at = self._even()
            raise
        self._log(sold)

    def _forget_storage(self) -> None:
        storage, self._storage = self._storage, None
        if storage:
            with suppress(Exception):  # it is given up because it was in trouble
                storage.close()


def _is_open(state: SaleState) -> bool:
    """Before the start nothing is sold, and after the end nobody asks."""
    return state.state in (State.LIVE, State.PAUSED)
