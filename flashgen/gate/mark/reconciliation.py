"""What a storage lacks that the order subsystem has, or that a buyer was told of. Pure: what to do is decided here, and
done by who asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from flashgen.gate.orders.order import WAITING, Order, OrderState, nobody
from flashgen.gate.settings import GateSettings

_TAKEN = (OrderState.DONE, OrderState.RESERVED, OrderState.PAID)
"""States in which the order subsystem should have an order."""


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """An order as somebody else knows it: the order subsystem, or a gate's log. `buyer` may be empty; `accepted_at` is
    in seconds since the Unix epoch, None if it is not known."""

    id: str
    sku: str
    buyer: str = ""
    accepted_at: float | None = None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """All that differs, each sorted by when it was accepted.

    `missing` the order subsystem has and the storage lacks; `promised` were accepted by a gate's log, and neither has
    them. Both are to be taken in. `unconfirmed` the storage has as done, reserved or paid, and the order subsystem does
    not list; `waiting` it has not listed yet. `contradicted` gave their units back here, and are listed there.
    `oversold` are beyond the stock, the last ones that were accepted of each SKU.
    """

    missing: tuple[Order, ...]
    promised: tuple[Order, ...]
    waiting: tuple[Order, ...]
    unconfirmed: tuple[Order, ...]
    contradicted: tuple[Order, ...]
    oversold: tuple[Order, ...]


def reconciled(
    settings: GateSettings,
    stored: Iterable[Order],
    listed: Collection[KnownOrder],
    logged: Collection[KnownOrder],
    now: float,
) -> Reconciliation:
    """Compare. `logged` are those that were accepted and not rejected; `now` stands for a time that nobody knows."""
    here = {order.id: order for order in stored}
    there = {one.id: one for one in listed}
    times = {one.id: one.accepted_at for one in (*logged, *listed) if one.accepted_at is not None}
    missing = [_order(one, settings, times, OrderState.DONE, now) for one in there.values() if one.id not in here]
    promised = [
        _order(one, settings, times, OrderState.ACCEPTED, now)
        for one in logged
        if one.id not in here and one.id not in there
    ]
    elsewhere = [order for order in here.values() if order.id not in there]
    kept = [order for order in here.values() if order.state.holds_unit]
    return Reconciliation(
        missing=_sorted(missing),
        promised=_sorted(promised),
        waiting=_sorted(one for one in elsewhere if one.state in WAITING),
        unconfirmed=_sorted(one for one in elsewhere if one.state in _TAKEN),
        contradicted=_sorted(one for one in here.values() if not one.state.holds_unit and one.id in there),
        oversold=_oversold(settings, [*kept, *missing, *promised], {*times, *here}),
    )


def _order(one: KnownOrder, settings: GateSettings, times: Mapping[str, float], state: OrderState, now: float) -> Order:
    item = settings.items.get(one.sku)
    order = Order(
        id=one.id,
        sale=settings.sale,
        sku=one.sku,
        buyer=one.buyer,
        price=item.price if item else "0",
        currency=settings.currency,
        accepted_at=times.get(one.id, now),
        state=state,
        note="reconciled",
    )
    return order if one.buyer else replace(order, buyer=nobody(order))


def _oversold(settings: GateSettings, orders: Iterable[Order], dated: Collection[str]) -> tuple[Order, ...]:
    """Of each SKU the last ones. What has no time was lost, and so is older than what was sold afterwards."""
    by_sku = defaultdict(list)
    for order in sorted(orders, key=lambda one: (one.id in dated, one.accepted_at, one.id)):
        by_sku[order.sku].append(order)
    beyond: list[Order] = []
    for sku, theirs in by_sku.items():
        stock = settings.items[sku].stock if sku in settings.items else None
        beyond += theirs[stock:] if stock is not None else []
    return _sorted(beyond)


def _sorted(orders: Iterable[Order]) -> tuple[Order, ...]:
    return tuple(sorted(orders, key=lambda one: (one.accepted_at, one.id)))
