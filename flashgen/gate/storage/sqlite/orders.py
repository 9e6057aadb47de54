"""Orders as rows: written, found, and settled within a transaction of SQLite."""

from __future__ import annotations

import sqlite3

from flashgen.gate.orders.order import RETURNED, WAITING, Order, OrderState, settled


def _among(states: frozenset[OrderState]) -> str:
    return ", ".join(f"'{state.value}'" for state in sorted(states))


IS_WAITING = f"state IN ({_among(WAITING)})"
IS_RESERVED = "state = 'reserved'"
HOLDS_UNIT = f"state NOT IN ({_among(RETURNED)})"
"""As the indices in schema.py have them."""

COLUMNS = (
    "id, sale, sku, buyer, price, currency, accepted_at, state, attempts, due_at, note,"
    " coalesce((SELECT sealed FROM contact WHERE contact.id = purchase.id), ''), checkout_url"
)
"""As `Order` has its fields."""

Row = tuple[str, str, str, str, str, str, float, str, int, float, str, str, str]

_OF_BUYER = f"SELECT {COLUMNS} FROM purchase WHERE sale = ? AND sku = ? AND buyer = ? AND {HOLDS_UNIT}"  # noqa: S608
_COUNT = f"SELECT count(*) FROM purchase WHERE sale = ? AND buyer = ? AND {HOLDS_UNIT}"  # noqa: S608
_BY_ID = f"SELECT {COLUMNS} FROM purchase WHERE id = ?"  # noqa: S608


def order_of_buyer(connection: sqlite3.Connection, sale: str, sku: str, buyer: str) -> Order | None:
    """The buyer's one order of a SKU that holds its unit."""
    row = connection.execute(_OF_BUYER, (sale, sku, buyer)).fetchone()
    return order_of(row) if row else None


def find_order(connection: sqlite3.Connection, id: str) -> Order | None:
    """An order by its id."""
    row = connection.execute(_BY_ID, (id,)).fetchone()
    return order_of(row) if row else None


def units_of_buyer(connection: sqlite3.Connection, sale: str, buyer: str) -> int:
    """How many units the buyer's orders hold, in the whole sale."""
    (count,) = connection.execute(_COUNT, (sale, buyer)).fetchone()
    return int(count)


def insert_order(connection: sqlite3.Connection, order: Order) -> None:
    """Write a new order down. Raises IntegrityError when there is one of that id."""
    connection.execute(
        "INSERT INTO purchase VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order.id,
            order.sale,
            order.sku,
            order.buyer,
            order.price,
            order.currency,
            order.accepted_at,
            order.state.value,
            order.attempts,
            order.due_at,
            order.note,
            order.checkout_url,
        ),
    )
    if order.contact:
        connection.execute("INSERT INTO contact VALUES (?, ?)", (order.id, order.contact))


def order_of(row: Row) -> Order:
    """The order that a row of COLUMNS is."""
    return Order(*row[:7], OrderState(row[7]), *row[8:])


def settle_order(
    connection: sqlite3.Connection, id: str, result: OrderState, due_at: float, note: str, checkout_url: str
) -> tuple[Order, Order] | None:
    """Before and after what the order subsystem said of it, the same object if nothing changed; None if there is none.

    The unit that it holds no more is the caller's to return.
    """
    before = find_order(connection, id)
    if before is None:
        return None
    after = settled(before, result, due_at, note, checkout_url)
    if after is not before:
        connection.execute(
            "UPDATE purchase SET state = ?, attempts = ?, due_at = ?, note = ?, checkout_url = ? WHERE id = ?",
            (after.state.value, after.attempts, after.due_at, after.note, after.checkout_url, id),
        )
    return before, after
