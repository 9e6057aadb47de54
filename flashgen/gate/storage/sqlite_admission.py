"""Who gets a slot and a unit, decided within one transaction of SQLite.

What a batch asks again and again (epochs, free slots, units) is read once and then counted along.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from math import inf

from flashgen.gate.storage.protocol import (
    Answer,
    Ask,
    Buy,
    Enter,
    Find,
    Lease,
    Leave,
    NoPlace,
    Order,
    StorageLost,
    Visit,
)
from flashgen.gate.storage.sqlite_rows import insert_order, order_of_buyer

_OWN = "sale = ? AND server = ? AND sku = ? AND buyer = ?"
_HELD = f"SELECT expires_at FROM lease WHERE {_OWN} AND expires_at > ?"  # noqa: S608
_RENAME = f"UPDATE lease SET id = ? WHERE {_OWN}"  # noqa: S608
_END = f"DELETE FROM lease WHERE {_OWN} RETURNING address, expires_at"  # noqa: S608


@dataclass(slots=True)
class _ServerSlots:
    """The slots in use at one server, and when the first of them expires. Addresses are counted when asked for.

    Counting is the one thing here that takes longer with more slots, so only a visit that needs a new one has it done.
    """

    in_use: int
    next_expiry: float
    by_address: dict[str, int] = field(default_factory=dict)


class Decisions:
    """Answers to the questions of one transaction. `save` belongs before its end."""

    def __init__(self, connection: sqlite3.Connection, url: str) -> None:
        self._execute = connection.execute
        self._connection = connection
        self._url = url
        self._epochs: dict[str, int] = {}
        self._houses: dict[tuple[str, str], _ServerSlots] = {}
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
        self._leave(ask)
        return None

    def save(self) -> None:
        """Write down what was counted along."""
        for key in self._changed:
            self._execute(
                "INSERT INTO unit VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET taken = excluded.taken",
                (*key, self._taken[key]),
            )

    def _enter(self, visit: Visit, lease: str) -> Answer:
        is_behind = self._is_behind(visit)
        order = order_of_buyer(self._connection, visit.sale, visit.sku, visit.buyer)
        if order:
            return order
        if is_behind:
            return NoPlace.FULL
        held = self._execute(_HELD, (*_own(visit), visit.now)).fetchone()
        if held:
            self._execute(_RENAME, (lease, *_own(visit)))
            return Lease(lease, held[0], is_new=False)
        if self._is_sold_out(visit):
            return NoPlace.SOLD_OUT
        if not self._has_room(visit):
            return NoPlace.FULL
        return self._let_in(visit, lease)

    def _buy(self, ask: Buy) -> Answer:
        visit = ask.visit
        is_behind = self._is_behind(visit)
        order = order_of_buyer(self._connection, visit.sale, visit.sku, visit.buyer)
        if is_behind:
            return order or NoPlace.FULL
        was_in = self._end(visit)
        if order or self._is_sold_out(visit):
            return order or NoPlace.SOLD_OUT
        if not was_in and not (ask.may_revive and self._has_room(visit)):
            return NoPlace.FULL
        return self._sell(ask.order)

    def _leave(self, ask: Leave) -> None:
        left = self._execute(
            "DELETE FROM lease WHERE sale = ? AND server = ? AND id = ? RETURNING address",
            (ask.sale, ask.server, ask.lease),
        ).fetchall()
        for (address,) in left:
            self._count(ask.sale, ask.server, address, -1)

    def _is_behind(self, visit: Visit) -> bool:
        """Whether the storage knows a newer epoch. A newer one than the storage's voids all leases."""
        known = self._epoch(visit.sale)
        if visit.epoch > known:
            self._execute("DELETE FROM lease WHERE sale = ?", (visit.sale,))
            self._execute("UPDATE sale SET epoch = ? WHERE name = ?", (visit.epoch, visit.sale))
            self._epochs[visit.sale] = visit.epoch
            self._houses.clear()
        return visit.epoch < known

    def _epoch(self, sale: str) -> int:
        if sale not in self._epochs:
            row = self._execute("SELECT epoch FROM sale WHERE name = ?", (sale,)).fetchone()
            if row is None:
                raise StorageLost(f"{self._url} knows nothing of the sale `{sale}`", "is it the storage it began with?")
            self._epochs[sale] = row[0]
        return self._epochs[sale]

    def _house(self, visit: Visit) -> _ServerSlots:
        """The slots at this visit's server, without expired ones."""
        key = (visit.sale, visit.server)
        house = self._houses.get(key) or self._counted(key)
        if house.next_expiry <= visit.now:
            self._execute("DELETE FROM lease WHERE sale = ? AND server = ? AND expires_at <= ?", (*key, visit.now))
            house = self._counted(key)
        self._houses[key] = house
        return house

    def _counted(self, key: tuple[str, str]) -> _ServerSlots:
        in_use, next_expiry = self._execute(
            "SELECT count(*), min(expires_at) FROM lease WHERE sale = ? AND server = ?", key
        ).fetchone()
        return _ServerSlots(in_use, inf if next_expiry is None else next_expiry)

    def _has_room(self, visit: Visit) -> bool:
        house = self._house(visit)
        if house.in_use >= visit.slots:
            return False
        limit = visit.slots_per_address
        return limit is None or self._in_use_by_address(house, visit) < limit

    def _in_use_by_address(self, house: _ServerSlots, visit: Visit) -> int:
        if visit.address not in house.by_address:
            (house.by_address[visit.address],) = self._execute(
                "SELECT count(*) FROM lease WHERE sale = ? AND server = ? AND address = ?",
                (visit.sale, visit.server, visit.address),
            ).fetchone()
        return house.by_address[visit.address]

    def _let_in(self, visit: Visit, lease: str) -> Lease:
        """After `_has_room`, which has cleared away an expired lease of the same buyer."""
        house = self._house(visit)
        expires_at = visit.now + visit.lease_seconds
        self._execute(
            "INSERT INTO lease VALUES (?, ?, ?, ?, ?, ?, ?)", (*_own(visit), lease, visit.address, expires_at)
        )
        house.next_expiry = min(house.next_expiry, expires_at)
        self._count(visit.sale, visit.server, visit.address, 1)
        return Lease(lease, expires_at, is_new=True)

    def _end(self, visit: Visit) -> bool:
        """End the buyer's lease. Whether they had one that had not expired."""
        left = self._execute(_END, _own(visit)).fetchall()
        for address, _expires_at in left:
            self._count(visit.sale, visit.server, address, -1)
        return any(expires_at > visit.now for _address, expires_at in left)

    def _count(self, sale: str, server: str, address: str, change: int) -> None:
        """Keep up with what has been counted already."""
        house = self._houses.get((sale, server))
        if house:
            house.in_use += change
            if address in house.by_address:
                house.by_address[address] += change

    def _is_sold_out(self, visit: Visit) -> bool:
        return visit.stock is not None and self._units(visit.sale, visit.sku) >= visit.stock

    def _sell(self, order: Order) -> Order:
        key = (order.sale, order.sku)
        self._taken[key] = self._units(*key) + 1
        self._changed.add(key)
        insert_order(self._connection, order)
        return order

    def _units(self, sale: str, sku: str) -> int:
        key = (sale, sku)
        if key not in self._taken:
            row = self._execute("SELECT taken FROM unit WHERE sale = ? AND sku = ?", key).fetchone()
            self._taken[key] = row[0] if row else 0
        return self._taken[key]


def _own(visit: Visit) -> tuple[str, str, str, str]:
    return visit.sale, visit.server, visit.sku, visit.buyer
