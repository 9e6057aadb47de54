"""Questions to a storage, as short as a test wants them. Whatever it does not name is plain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flashgen.gate.networks import Network
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.storage.protocol import Answer, Ask, Buy, Enter, Find, Leave, Seen, ShopReport, Storage, Visit

NOW = 1_795_370_000.0
"""When all tests begin; they move from here in steps that a float holds without loss."""

LEASE_SECONDS = 300
EAST, WEST = "https://east.example", "https://west.example"

_PLAIN = Visit(
    sale="night",
    epoch=1,
    sku="PHONE",
    buyer="ada",
    server=EAST,
    slots=10,
    networks=(),
    lease_seconds=LEASE_SECONDS,
    stock=100,
    now=NOW,
)


def visit(buyer: str = "ada", **changes: Any) -> Visit:
    """A visit of `buyer` for a PHONE at EAST: 10 slots, 100 units, NOW.

    With `slots_per_address` from a network of that limit, called `address`.
    """
    limit, address = changes.pop("slots_per_address", None), changes.pop("address", "203.0.113.1/32")
    networks = () if limit is None else (Network(address, limit),)
    return replace(_PLAIN, **{"buyer": buyer, "networks": networks, **changes})


def report(order: str, result: OrderState = OrderState.PAID, *, sale: str = "night") -> ShopReport:
    """The shop says what became of an order."""
    return ShopReport(sale, order, result, "reported", NOW)


def find(buyer: str = "ada", *, sale: str = "night", sku: str = "PHONE") -> Find:
    """Which order has `buyer`?"""
    return Find(sale, sku, buyer)


def enter(buyer: str = "ada", *, lease: str | None = None, **changes: Any) -> Enter:
    """`buyer` wants a form; the lease is called `lease-<buyer>` unless said otherwise."""
    wish = visit(buyer, **changes)
    return Enter(wish, lease or _name("lease", wish))


def buy(
    buyer: str = "ada", *, lease: str | None = None, order: str | None = None, may_revive: bool = True, **changes: Any
) -> Buy:
    """`buyer` orders with `lease-<buyer>`; the order is called `order-<buyer>` unless said otherwise."""
    wish = visit(buyer, **changes)
    bought = Order(order or _name("order", wish), wish.sale, wish.sku, buyer, "19.90", "EUR", wish.now)
    return Buy(wish, lease or _name("lease", wish), bought, may_revive)


def leave(buyer: str = "ada", *, sale: str = "night", server: str = EAST, lease: str | None = None) -> Leave:
    """`buyer` gives `lease-<buyer>` back."""
    return Leave(sale, server, lease or f"lease-{buyer}")


def seen(buyer: str = "ada", *, sale: str = "night", server: str = EAST, lease: str | None = None) -> Seen:
    """The form of `lease-<buyer>` was shown."""
    return Seen(sale, server, lease or f"lease-{buyer}")


def ask(storage: Storage, question: Ask) -> Answer:
    """The answer to one question alone."""
    (answer,) = storage.decide([question])
    return answer


def bought(storage: Storage, *buyers: str, **changes: Any) -> tuple[Order, ...]:
    """Each of `buyers` enters and buys; `changes` are to their visits."""
    storage.decide([enter(buyer, **changes) for buyer in buyers])
    orders = storage.decide([buy(buyer, **changes) for buyer in buyers])
    assert [Order] * len(buyers) == [type(order) for order in orders]
    return tuple(order for order in orders if isinstance(order, Order))


def _name(kind: str, wish: Visit) -> str:
    """`lease-ada`; no two are the same."""
    return "-".join([kind, wish.buyer, *sorted({wish.sale, wish.sku} - {_PLAIN.sale, _PLAIN.sku})])
