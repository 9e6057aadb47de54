"""What lies in Redis: the names of keys, and orders as records.

All keys of a sale share a hash tag, so that a proxy keeps them on one of its servers. A record is a line of JSON that
never changes, and how far the order has come:

::

    {"id":"…","sale":"night","sku":"PHONE","buyer":"…","price":"19.90","currency":"EUR","accepted_at":1795370000.5}
    reserved 0 1795370061.25 HTTP 201
    https://pay.example.com/c/8f3k

The second line is state, attempts, when it is due, and a note of any length; the third, where its buyer pays, is there
if the order subsystem named such a page. Scripts rewrite both without reading JSON, and without a number that Lua would
round. What a guest gave lies beside the record, sealed, as `contact:ID`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import Field

from flashgen.gate.orders.order import Order, OrderState
from flashgen.typed_json import MAX_WHOLE, Damaged, JsonReader, Line, Price

SALES = "flashgen:sales"

_encode = json.JSONEncoder(separators=(",", ":")).encode


def worker_lease(name: str) -> str:
    """A hash: which worker has the lease `name`, and until when."""
    return f"flashgen:office:{name}"


@lru_cache(maxsize=64)
def of_sale(sale: str) -> tuple[str, ...]:
    """Its facts, then its orders by buyer, by id, by age, those that wait by age and by when they are due, those that
    are reserved by when they are due, and how many units a buyer has."""
    facts = f"flashgen:{{{sale}}}"
    names = ("buyers", "orders", "accepted", "waiting", "outbox", "reserved", "units")
    return facts, *(f"{facts}:{name}" for name in names)


@lru_cache(maxsize=256)
def of_server(sale: str, server: str) -> tuple[str, ...]:
    """Those of the sale, then the server's slots by when they expire, its leases, and who holds one without a sign of
    life, by since when."""
    facts, *rest = of_sale(sale)
    return facts, *rest, f"{facts}:slots:{server}", f"{facts}:leases:{server}", f"{facts}:unseen:{server}"


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
    lines = [_encode(facts), f"{order.state.value} {order.attempts} {order.due_at!r} {order.note}", order.checkout_url]
    return "\n".join(filter(None, lines))


def contact_of(order: str) -> str:
    """The field beside the order's record that has its contact."""
    return f"contact:{order}"


def order_of(record: str) -> Order:
    """The order. Raises Damaged when nothing of ours wrote this."""
    first, _, rest = record.partition("\n")
    facts = _FACTS.read(first.encode(), "the record", "")
    progress = _PROGRESS.fullmatch(rest)
    if progress is None:
        raise Damaged("what follows the record's first line is not an order's progress")
    return Order(
        *(facts.id, facts.sale, facts.sku, facts.buyer, facts.price, facts.currency, facts.accepted_at),
        state=OrderState(progress["state"]),
        attempts=int(progress["attempts"]),
        due_at=float(progress["due_at"]),
        note=progress["note"],
        checkout_url=progress["checkout_url"] or "",
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    id: Line
    sale: Line
    sku: Line
    buyer: Line
    price: Price
    currency: Line
    accepted_at: Annotated[float, Field(ge=0, le=MAX_WHOLE)]


_FACTS = JsonReader(_Facts, "an order", 64 * 1024)
_PROGRESS = re.compile(
    rf"(?P<state>{'|'.join(OrderState)}) (?P<attempts>[0-9]{{1,15}}) "
    r"(?P<due_at>[0-9]{1,15}(\.[0-9]{1,20})?) (?P<note>[^\n]*)(\n(?P<checkout_url>[!-~]+))?",
    re.ASCII,
)


def holder(sku: str, buyer: str) -> str:
    """A buyer of a SKU in one word; no two of them have the same. Scripts make it too."""
    return f"{len(sku.encode())}:{sku}{buyer}"
