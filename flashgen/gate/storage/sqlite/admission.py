"""Who gets a slot and a unit, decided within one transaction of SQLite.

What a batch needs again and again (epochs, units) is read once, then kept up to date in memory.
"""

from __future__ import annotations

import sqlite3
import time

from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.storage.fence import Fence, FenceLimits, StorageVersion
from flashgen.gate.storage.protocol import (
    Answer,
    Ask,
    Buy,
    Enter,
    Find,
    NoPlace,
    Seen,
    ShopReport,
    StorageBehind,
    StorageLost,
    Touch,
    Visit,
)
from flashgen.gate.storage.sqlite.orders import find_order, insert_order, order_of_buyer, settle_order, units_of_buyer
from flashgen.gate.storage.sqlite.slots import Slots


class Decisions:
    """Answers to the questions of one transaction. `save` belongs before its end, `note` after it."""

    def __init__(self, connection: sqlite3.Connection, url: str, fence: Fence) -> None:
        self._execute = connection.execute
        self._connection = connection
        self._url = url
        self._fence = fence
        self._epochs: dict[str, int] = {}
        self._versions: dict[str, StorageVersion] = {}
        self._changes: dict[str, int] = {}
        self._slots = Slots(connection)
        self._taken: dict[tuple[str, str], int] = {}
        self._changed: set[tuple[str, str]] = set()

    def answer(self, ask: Ask) -> Answer:
        """One answer. Raises StorageLost when the sale was not begun here."""
        if isinstance(ask, Enter):
            return self._enter(ask.visit, ask.lease)
        if isinstance(ask, Buy):
            return self._buy(ask)
        self._epoch(ask.sale)
        if isinstance(ask, Find):
            return order_of_buyer(self._connection, ask.sale, ask.sku, ask.buyer)
        if isinstance(ask, Touch):
            return self._touch(ask)
        if isinstance(ask, ShopReport):
            return self._report(ask)
        if isinstance(ask, Seen):
            self._slots.see(ask)
        else:
            self._slots.leave(ask)
        return None

    def settle(self, id: str, result: OrderState, due_at: float, note: str, checkout_url: str = "") -> Order | None:
        """What the order subsystem said of an order: the order as it is then; None if there is none of that id."""
        found = settle_order(self._connection, id, result, due_at, note, checkout_url)
        if found is None:
            return None
        before, after = found
        if before is not after:
            self._epoch(after.sale)
            self._changes[after.sale] = self._changes.get(after.sale, 0) + 1
        if before.state.holds_unit and not after.state.holds_unit:
            self._take(after, -1)
        return after

    def save(self) -> None:
        """Write the counts that changed."""
        for key in self._changed:
            self._execute(
                "INSERT INTO unit VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET taken = excluded.taken",
                (*key, self._taken[key]),
            )
        for sale, count in self._changes.items():
            self._execute("UPDATE sale SET changes = changes + ? WHERE name = ?", (count, sale))

    def note(self) -> None:
        """What is durable now may be remembered."""
        for sale, count in self._changes.items():
            self._fence.note(sale, self._versions[sale].changes + count)

    def _enter(self, visit: Visit, lease: str) -> Answer:
        self._check(visit.sale)
        is_behind = self._is_behind(visit)
        order = order_of_buyer(self._connection, visit.sale, visit.sku, visit.buyer)
        if order:
            return order
        if is_behind:
            return NoPlace.FULL
        self._slots.expire(visit)
        if held := self._slots.renew(visit, lease):
            return held
        if reason := self._refused(visit):
            return reason
        return self._slots.let_in(visit, lease) if self._slots.make_room(visit) else NoPlace.FULL

    def _buy(self, ask: Buy) -> Answer:
        visit = ask.visit
        is_beyond = self._is_beyond(self._check(visit.sale), visit.sale)
        is_behind = self._is_behind(visit)
        order = order_of_buyer(self._connection, visit.sale, visit.sku, visit.buyer)
        if is_behind or (is_beyond and not order):
            return order or NoPlace.FULL
        self._slots.expire(visit)
        was_in = self._slots.end(visit)
        if order or (reason := self._refused(visit)):
            return order or reason
        if not was_in and not (ask.may_revive and self._slots.make_room(visit)):
            return NoPlace.FULL
        self._slots.order(visit)
        return self._sell(ask.order)

    def _report(self, ask: ShopReport) -> Order | None:
        known = find_order(self._connection, ask.order)
        if known is None or known.sale != ask.sale:
            return None
        return self.settle(ask.order, ask.result, ask.now, ask.note)

    def _touch(self, ask: Touch) -> float:
        """The file's clock is this machine's. What is written differs each time: SQLite skips what would not change."""
        now = time.time()
        bulk = repr(now).ljust(ask.bulk_bytes)
        self._execute("INSERT OR REPLACE INTO office VALUES (?, ?, ?)", (f"touch:{ask.sale}", bulk, now))
        return now

    def _is_behind(self, visit: Visit) -> bool:
        """Whether the storage knows a newer epoch. A newer one than the storage's voids all leases."""
        known = self._epoch(visit.sale)
        if visit.epoch > known:
            self._slots.void(visit.sale)
            self._execute("UPDATE sale SET epoch = ? WHERE name = ?", (visit.epoch, visit.sale))
            self._epochs[visit.sale] = visit.epoch
        return visit.epoch < known

    def _epoch(self, sale: str) -> int:
        if sale not in self._epochs:
            row = self._execute("SELECT epoch, id, changes FROM sale WHERE name = ?", (sale,)).fetchone()
            if row is None:
                raise StorageLost(f"{self._url} knows nothing of the sale `{sale}`", "is it the storage it began with?")
            self._epochs[sale], self._versions[sale] = row[0], StorageVersion(*row[1:])
        return self._epochs[sale]

    def _check(self, sale: str) -> FenceLimits | None:
        """Raises StorageBehind unless this is the storage that is expected."""
        self._epoch(sale)
        expected, found = self._fence.expected(sale), self._versions[sale]
        if expected and (found.id != expected.id or found.changes < expected.least):
            raise StorageBehind(f"{self._url} is not the storage in which the sale `{sale}` went on")
        return expected

    def _is_beyond(self, expected: FenceLimits | None, sale: str) -> bool:
        return expected is not None and self._versions[sale].changes + self._changes.get(sale, 0) >= expected.most

    def _refused(self, visit: Visit) -> NoPlace | None:
        """Why the buyer gets no unit, whatever slots there are."""
        if visit.stock is not None and self._units(visit.sale, visit.sku) >= visit.stock:
            return NoPlace.SOLD_OUT
        limit = visit.per_buyer
        is_at_limit = limit is not None and units_of_buyer(self._connection, visit.sale, visit.buyer) >= limit
        return NoPlace.LIMIT if is_at_limit else None

    def _sell(self, order: Order) -> Order:
        self._take(order, 1)
        self._changes[order.sale] = self._changes.get(order.sale, 0) + 1
        insert_order(self._connection, order)
        return order

    def _take(self, order: Order, units: int) -> None:
        key = (order.sale, order.sku)
        self._taken[key] = self._units(*key) + units
        self._changed.add(key)

    def _units(self, sale: str, sku: str) -> int:
        key = (sale, sku)
        if key not in self._taken:
            row = self._execute("SELECT taken FROM unit WHERE sale = ? AND sku = ?", key).fetchone()
            self._taken[key] = row[0] if row else 0
        return self._taken[key]
