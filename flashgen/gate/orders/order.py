"""An order: what was bought, at which price, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class OrderState(StrEnum):
    """How far an order has come. All but `rejected` hold their unit."""

    ACCEPTED = "accepted"
    """Durable, confirmed to the buyer, not answered yet by the order subsystem."""
    UNKNOWN = "unknown"
    """Forwarded at least once without a clear answer; forwarded again until there is one."""
    DONE = "done"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Order:
    """An order. `id` is its idempotency key; `price` is plain digits (`19.90`).

    `attempts` counts forwards without a clear answer; `due_at` is when the next is due; `note` says how the last one
    ended, or who reconciled the order. `contact` is a guest's, sealed, until it is deleted; empty without one.
    """

    id: str
    sale: str
    sku: str
    buyer: str
    price: str
    currency: str
    accepted_at: float
    state: OrderState = OrderState.ACCEPTED
    attempts: int = 0
    due_at: float = 0.0
    note: str = ""
    contact: str = field(default="", repr=False)


def nobody(order: Order) -> str:
    """The buyer of an order whose own is not known, or has another one."""
    return f"nobody-{order.id}"
