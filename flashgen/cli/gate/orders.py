"""The orders that a gate has taken, for people: listed, exported, hurried, decided by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flashgen import timestamps
from flashgen.cli.csv_text import csv_text
from flashgen.cli.session import Session
from flashgen.errors import Refused
from flashgen.files import replace_file
from flashgen.gate.contact import ContactSeal
from flashgen.gate.forms import CONTACT_FIELDS
from flashgen.gate.orders.contact_purge import DAY_SECONDS
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.settings import GateSettings, parse
from flashgen.gate.storage.opening import open_storage
from flashgen.gate.storage.protocol import Storage, Touch
from flashgen.hint import command_line
from flashgen.layout import settings_key

COLUMNS = ("order_id", "sale", "sku", "buyer", "price", "currency", "accepted_at", "state", "attempts", "note")

_WAITING = (OrderState.ACCEPTED, OrderState.UNKNOWN)
_NAME_IT = "name the gate's storage: --storage sqlite:PATH or redis://HOST:PORT/DB"


@contextmanager
def open_book(url: str, folder: Path, sale: str) -> Iterator[Storage]:
    """A storage that has taken orders of `sale`. Raises Refused where there is none: reading must not make one."""
    if url.startswith("sqlite:") and not (folder / url.removeprefix("sqlite:")).is_file():
        raise Refused(f"there is no {url}: no gate has run with it here", _NAME_IT)
    storage = open_storage(url, folder)
    try:
        if not storage.is_begun(sale):
            raise Refused(f"{storage.url} knows nothing of {sale}", _NAME_IT)
        yield storage
    finally:
        storage.close()


def pushed_settings(session: Session, sale: str) -> GateSettings:
    """What gates read of a sale. Raises Refused where it was not pushed."""
    key = settings_key(sale)
    stored = session.store.get(key)
    if stored is None:
        raise Refused(f"{key} is not in {session.store.url}", command_line(f"push {sale}"))
    return parse(stored.body, key)


def to_json(order: Order) -> dict[str, Any]:
    """An order as exported, by COLUMNS."""
    values = (
        *(order.id, order.sale, order.sku, order.buyer, order.price, order.currency),
        *(accepted_at(order), order.state.value, order.attempts, order.note),
    )
    return dict(zip(COLUMNS, values, strict=True))


def accepted_at(order: Order) -> str:
    """When its buyer was told, in UTC."""
    return timestamps.to_text(datetime.fromtimestamp(order.accepted_at, UTC))


def line(order: Order) -> str:
    """An order in a list. Who bought is in the export only."""
    attempts = f"{order.attempts}×" if order.attempts else ""
    return (
        f"{accepted_at(order)}  {order.id}  {order.sku:<12} {order.state.value:<9} {attempts:>4} {order.note}".rstrip()
    )


def with_contact(order: Order, keys: Sequence[bytes]) -> dict[str, Any]:
    """The same with what a guest typed, opened with one of `keys`; empty where there is none, or none that opens."""
    contact = ContactSeal(keys).open(order.id, order.contact) or {}
    return to_json(order) | {name: contact.get(name, "") for name in CONTACT_FIELDS}


def as_csv(rows: Iterable[Mapping[str, Any]], *, contacts: bool = False) -> str:
    """For spreadsheets: rows of `to_json`, or of `with_contact`."""
    return csv_text(COLUMNS + CONTACT_FIELDS if contacts else COLUMNS, (row.values() for row in rows))


def as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """An array, an order a line."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def write_private(path: Path, text: str) -> None:
    """Put a file in place at once, readable by its owner alone: buyers are in it. Raises OSError."""
    replace_file(path, text.encode(), mode=0o600)


def purge_contacts(storage: Storage, sale: str, days: int) -> int:
    """Delete the contacts of orders that were settled so many days ago. Returns how many."""
    return storage.purge_contacts(sale, storage_now(storage, sale) - days * DAY_SECONDS)


def retry_now(storage: Storage, sale: str, ids: tuple[str, ...]) -> int:
    """Have orders forwarded at once that wait for their next attempt: all, or those of `ids`. Returns how many."""
    at = storage_now(storage, sale)
    if not ids:
        return storage.retry(sale, at)
    orders = find(storage, sale, ids)
    for order in orders:
        if order.state not in _WAITING:
            raise Refused(f"order {order.id} is {order.state}: there is nothing to forward")
    return storage.retry(sale, at, ids)


def storage_now(storage: Storage, sale: str) -> float:
    """The storage's own time: this machine's clock may be another's, and an attempt would be put off by the difference.

    Raises StorageLost where nothing can be written.
    """
    (now,) = storage.decide([Touch(sale)])
    if not isinstance(now, float):
        raise RuntimeError(f"{storage.url} tells no time")
    return now


def may_be_on_its_way(storage: Storage, order: Order) -> bool:
    """Whether somebody may be forwarding it now; not certain, for an order that waits for its next attempt looks so."""
    return order.state in _WAITING and order.due_at > storage_now(storage, order.sale)


def reconcile(storage: Storage, order: Order, state: OrderState, who: str) -> bool:
    """Write down what a person found out about an order; False if it was so already.

    Raises Refused if it has been settled otherwise in the meantime.
    """
    at = storage_now(storage, order.sale)
    settled = storage.settle(order.id, state, at, at, f"by hand: {who}")
    if settled is None or settled.state is not state:
        raise Refused(f"order {order.id} is {settled.state if settled else 'gone'} by now: nothing was changed")
    return order.state is not state


def find(storage: Storage, sale: str, ids: tuple[str, ...]) -> tuple[Order, ...]:
    """Orders by their ids. Raises Refused for one that is not there."""
    found = {order.id: order for order in storage.orders(sale) if order.id in ids}
    for one in ids:
        if one not in found:
            raise Refused(f"{storage.url} has no order {one} of {sale}", command_line(f"gate orders list {sale}"))
    return tuple(found[one] for one in dict.fromkeys(ids))
