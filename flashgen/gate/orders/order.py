"""An order: what was bought, at which price, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum


class OrderState(StrEnum):
    """How far an order has come; `holds_unit` says of each whether its unit is taken.

    ::

        accepted ─▶ unknown ─▶ done | rejected                      without `order.reservation`
        accepted ─▶ unknown ─▶ reserved ─▶ paid | released          with it
                                           released ─▶ paid-late
    """

    ACCEPTED = "accepted"
    """Durable, confirmed to the buyer, not answered yet by the order subsystem."""
    UNKNOWN = "unknown"
    """Forwarded at least once without a clear answer; forwarded again until there is one."""
    DONE = "done"
    REJECTED = "rejected"
    RESERVED = "reserved"
    """The order subsystem has it, and its buyer has not paid yet. It is asked when the time is over."""
    PAID = "paid"
    RELEASED = "released"
    """The order subsystem said that nobody will pay: the unit is for sale again."""
    PAID_LATE = "paid-late"
    """Paid after its unit had gone back: somebody must find another unit, or give the money back."""

    @property
    def holds_unit(self) -> bool:
        """Whether a unit is taken for it."""
        return self not in RETURNED


RETURNED = frozenset({OrderState.REJECTED, OrderState.RELEASED, OrderState.PAID_LATE})
"""States whose unit is for sale again."""

WAITING = frozenset({OrderState.ACCEPTED, OrderState.UNKNOWN})
"""States that wait to be forwarded."""

OPEN = WAITING | {OrderState.RESERVED}
"""States that wait for a word of the order subsystem: the outbox."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order. `id` is its idempotency key; `price` is plain digits (`19.90`).

    `attempts` counts forwards, then questions whether it is paid, without a clear answer. `due_at` is when the next is
    due: of a reserved order, when its time is over. `note` says how the last one ended, or who reconciled the order.
    `contact` is a guest's, sealed, until it is deleted; empty without one. `checkout_url` is where its buyer pays,
    empty if the order subsystem named no such page.
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
    checkout_url: str = ""


def settled(order: Order, result: OrderState, due_at: float, note: str, checkout_url: str = "") -> Order:
    """The order after the order subsystem, or a person, said `result` of it; the same object if that changes nothing.

    A paid unit never goes back, and what was returned is never taken again. `unknown` is no clear answer: one attempt
    more, due again at `due_at`. Raises ValueError for `accepted` and `paid-late`, which nobody says of an order.
    """
    state = _state_after(order.state, result)
    waits_on = state is order.state and state in OPEN and result in (state, OrderState.UNKNOWN)
    if state is order.state and not waits_on:
        return order
    attempts = order.attempts + 1 if result is OrderState.UNKNOWN else order.attempts
    if state is OrderState.RESERVED and order.state is not state:
        attempts = 0
    return replace(
        order,
        state=state,
        attempts=attempts,
        due_at=due_at,
        note=note,
        checkout_url=checkout_url or order.checkout_url,
    )


def _state_after(before: OrderState, result: OrderState) -> OrderState:
    match result:
        case OrderState.ACCEPTED | OrderState.PAID_LATE:
            raise ValueError(f"nobody says {result} of an order")
        case OrderState.PAID:
            return OrderState.PAID if before.holds_unit else OrderState.PAID_LATE
        case OrderState.RELEASED:
            is_final = before is OrderState.PAID or not before.holds_unit
            return before if is_final else OrderState.RELEASED
        case _:
            return result if before in WAITING else before


def nobody(order: Order) -> str:
    """The buyer of an order whose own is not known, or has another one."""
    return f"nobody-{order.id}"
