"""What a storage should say, as plainly as it can be written: lists, looked through from start to end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from flashgen.gate.networks import UNSEEN_SECONDS, Network, share
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.storage.protocol import (
    Answer,
    Ask,
    Buy,
    Enter,
    Find,
    Lease,
    NoPlace,
    Seen,
    ShopReport,
    Tally,
    Touch,
    Visit,
)

WAITING = (OrderState.ACCEPTED, OrderState.UNKNOWN)
RETURNED = (OrderState.REJECTED, OrderState.RELEASED, OrderState.PAID_LATE)
BECOMES = {
    **{(state, result): result for state in WAITING for result in OrderState},
    **{(state, OrderState.PAID): OrderState.PAID_LATE for state in RETURNED},
    (OrderState.RESERVED, OrderState.UNKNOWN): OrderState.RESERVED,
    (OrderState.RESERVED, OrderState.RESERVED): OrderState.RESERVED,
    (OrderState.RESERVED, OrderState.PAID): OrderState.PAID,
    (OrderState.RESERVED, OrderState.RELEASED): OrderState.RELEASED,
    (OrderState.DONE, OrderState.PAID): OrderState.PAID,
    (OrderState.DONE, OrderState.RELEASED): OrderState.RELEASED,
}
"""What an order becomes of which something is said; whatever is not here changes nothing."""


@dataclass(frozen=True)
class Slot:
    """A lease, and whose it is."""

    id: str
    server: str
    sku: str
    buyer: str
    networks: tuple[Network, ...]
    expires_at: float
    unseen_since: float | None


@dataclass
class ModelStorage:
    """One sale's."""

    epoch: int = 0
    slots: list[Slot] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)
    unused: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By server and network: forms that ran out since the last order from there."""

    def answer(self, ask: Ask) -> Answer:
        """The answer, and what follows from it."""
        if isinstance(ask, Find):
            return self.order_of(ask.sku, ask.buyer)
        if isinstance(ask, Enter):
            return self._enter(ask.visit, ask.lease)
        if isinstance(ask, Buy):
            return self._buy(ask)
        if isinstance(ask, Seen):
            found = [slot for slot in self.slots if (slot.server, slot.id) == (ask.server, ask.lease)]
            self._see(found)
            return None
        if isinstance(ask, ShopReport):
            return self.settle(ask.order, ask.result, ask.now, ask.note) if ask.order in self.orders else None
        if isinstance(ask, Touch):
            raise NotImplementedError("it has no clock")
        self.slots = [slot for slot in self.slots if (slot.server, slot.id) != (ask.server, ask.lease)]
        return None

    def settle(self, order: str, state: OrderState, due_at: float, note: str) -> Order:
        """An order after an attempt."""
        known = self.orders[order]
        after = BECOMES.get((known.state, state), known.state)
        if (known.state, state) in BECOMES and (after is not known.state or known.state not in RETURNED):
            attempts = known.attempts + (1 if state is OrderState.UNKNOWN else 0)
            if after is OrderState.RESERVED and known.state is not OrderState.RESERVED:
                attempts = 0
            known = replace(known, state=after, attempts=attempts, due_at=due_at, note=note)
            self.orders[order] = known
        return known

    def claim(self, now: float, until: float, *, reserved: bool = False) -> set[str]:
        """All that is due."""
        states = (OrderState.RESERVED,) if reserved else WAITING
        due = {order.id for order in self.orders.values() if order.state in states and order.due_at <= now}
        self.orders |= {order: replace(self.orders[order], due_at=until) for order in due}
        return due

    def tally(self, now: float) -> Tally:
        """Counts; of what there is none, there is no count."""
        orders = self.orders.values()
        live = [slot.server for slot in self.slots if slot.expires_at > now]
        skus = [order.sku for order in orders if order.state not in RETURNED]
        states = [order.state for order in orders]
        waiting = [order.accepted_at for order in orders if order.state in WAITING]
        return Tally(
            {sku: skus.count(sku) for sku in skus},
            {server: live.count(server) for server in live},
            {state: states.count(state) for state in states},
            min(waiting, default=None),
            sum(order.state is OrderState.RESERVED and order.attempts > 0 for order in orders),
        )

    def order_of(self, sku: str, buyer: str) -> Order | None:
        """The one that holds a unit."""
        mine = [order for order in self.orders.values() if (order.sku, order.buyer) == (sku, buyer)]
        return next((order for order in mine if order.state not in RETURNED), None)

    def _enter(self, visit: Visit, lease: str) -> Answer:
        is_behind = self._renew(visit)
        order = self.order_of(visit.sku, visit.buyer)
        if order or is_behind:
            return order or NoPlace.FULL
        self._expire(visit)
        if held := self._held(visit):
            self.slots[self.slots.index(held)] = replace(held, id=lease, unseen_since=None)
            return Lease(lease, held.expires_at, is_new=False)
        if refused := self._refused(visit):
            return refused
        if not self._make_room(visit):
            return NoPlace.FULL
        expires_at = visit.now + visit.lease_seconds
        self.slots.append(Slot(lease, visit.server, visit.sku, visit.buyer, visit.networks, expires_at, visit.now))
        return Lease(lease, expires_at, is_new=True)

    def _buy(self, ask: Buy) -> Answer:
        visit = ask.visit
        is_behind = self._renew(visit)
        order = self.order_of(visit.sku, visit.buyer)
        if is_behind:
            return order or NoPlace.FULL
        self._expire(visit)
        held = self._held(visit)
        refused = self._refused(visit)
        if not order and not refused:
            if not held and not (ask.may_revive and self._make_room(visit)):
                return NoPlace.FULL
            order = self.orders[ask.order.id] = ask.order
            for network in visit.networks:
                del self.unused[visit.server, network.name]
        self.slots = [slot for slot in self.slots if slot is not held]
        return order or refused or NoPlace.FULL

    def _renew(self, visit: Visit) -> bool:
        """Whether the visit is of an older epoch; a newer one's comes without leases."""
        if visit.epoch > self.epoch:
            self.epoch, self.slots, self.unused = visit.epoch, [], Counter()
        return visit.epoch < self.epoch

    def _live(self, visit: Visit) -> list[Slot]:
        return [slot for slot in self.slots if slot.server == visit.server and slot.expires_at > visit.now]

    def _held(self, visit: Visit) -> Slot | None:
        mine = [slot for slot in self._live(visit) if (slot.sku, slot.buyer) == (visit.sku, visit.buyer)]
        return mine[0] if mine else None

    def _see(self, found: list[Slot]) -> None:
        self.slots = [replace(slot, unseen_since=None) if slot in found else slot for slot in self.slots]

    def _expire(self, visit: Visit) -> None:
        self._run_out([slot for slot in self.slots if slot.server == visit.server and slot.expires_at <= visit.now])

    def _run_out(self, slots: list[Slot]) -> None:
        self.slots = [slot for slot in self.slots if slot not in slots]
        self.unused.update((slot.server, network.name) for slot in slots for network in slot.networks)

    def _make_room(self, visit: Visit) -> bool:
        live = self._live(visit)
        for network in visit.networks:
            held = sum(network.name in {one.name for one in slot.networks} for slot in live)
            if held >= share(network.slots, self.unused[visit.server, network.name]):
                return False
        unseen = [
            slot for slot in live if slot.unseen_since is not None and slot.unseen_since <= visit.now - UNSEEN_SECONDS
        ]
        if len(live) == visit.slots and unseen:
            self._run_out([min(unseen, key=lambda slot: (slot.unseen_since, slot.sku, slot.buyer))])
            return True
        return len(live) < visit.slots

    def _refused(self, visit: Visit) -> NoPlace | None:
        if visit.stock is not None and self.tally(visit.now).taken.get(visit.sku, 0) >= visit.stock:
            return NoPlace.SOLD_OUT
        held = [one for one in self.orders.values() if one.buyer == visit.buyer and one.state not in RETURNED]
        return NoPlace.LIMIT if visit.per_buyer is not None and len(held) >= visit.per_buyer else None
