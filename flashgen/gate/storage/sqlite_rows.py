"""Orders as rows of the table `purchase`, and back."""

from __future__ import annotations

import sqlite3

from flashgen.gate.storage.protocol import Order, OrderState

COLUMNS = "id, sale, sku, buyer, price, currency, accepted_at, state, attempts, due_at, note"
"""As `Order` has its fields."""

Row = tuple[str, str, str, str, str, str, float, str, int, float, str]

_OF_BUYER = f"SELECT {COLUMNS} FROM purchase WHERE sale = ? AND sku = ? AND buyer = ? AND state <> 'rejected'"  # noqa: S608


def order_of_buyer(connection: sqlite3.Connection, sale: str, sku: str, buyer: str) -> Order | None:
    """The buyer's one order of a SKU that is not rejected."""
    row = connection.execute(_OF_BUYER, (sale, sku, buyer)).fetchone()
    return order_of(row) if row else None


def insert_order(connection: sqlite3.Connection, order: Order) -> None:
    """Write a new order down. Raises IntegrityError when there is one of that id."""
    connection.execute(
        "INSERT INTO purchase VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        ),
    )


def order_of(row: Row) -> Order:
    """The order that a row of COLUMNS is."""
    return Order(*row[:7], OrderState(row[7]), *row[8:])
