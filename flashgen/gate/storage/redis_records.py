"""Orders as Redis keeps them: a line of JSON that never changes, and how far the order has come.

::

    {"id":"…","sale":"night","sku":"PHONE","buyer":"…","price":"19.90","currency":"EUR","accepted_at":1795370000.5}
    unknown 2 1795370061.25 timed out

The second line is state, attempts, when it is due, and a note of any length: scripts rewrite it without reading JSON,
and without a number that Lua would round.
"""

from __future__ import annotations

import json

from flashgen.gate.storage.protocol import Order, OrderState

_encode = json.JSONEncoder(separators=(",", ":")).encode


def record_of(order: Order) -> str:
    """What is kept of an order."""
    facts = {
        "id": order.id,
        "sale": order.sale,
        "sku": order.sku,
        "buyer": order.buyer,
        "price": order.price,
        "currency": order.currency,
        "accepted_at": order.accepted_at,
    }
    return f"{_encode(facts)}\n{order.state.value} {order.attempts} {order.due_at!r} {order.note}"


def order_of(record: str) -> Order:
    """The order. Raises ValueError or TypeError when nothing of ours wrote this."""
    facts, _, progress = record.partition("\n")
    state, attempts, due_at, note = progress.split(" ", 3)
    return Order(**json.loads(facts), state=OrderState(state), attempts=int(attempts), due_at=float(due_at), note=note)


def holder(sku: str, buyer: str) -> str:
    """A buyer of a SKU in one word; no two of them have the same. Scripts make it too."""
    return f"{len(sku.encode())}:{sku}{buyer}"
