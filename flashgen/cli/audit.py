"""A sale's journal as a table: when, who, which verb, from what to what, and the SKUs that it was about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Any

from flashgen import timestamps
from flashgen.cli.csv_text import csv_text
from flashgen.cli.state_text import difference
from flashgen.unlock.journal import Record
from flashgen.unlock.state import SaleState

if TYPE_CHECKING:
    from flashgen.sale.model import Header


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One record. `local_time` is in the sale's zone, with its offset; `from_state` is empty for the first push.

    `change` says in words what it did to the record that it was based on, `skus` which SKUs it closed, opened, sold or
    took back. `written` is whether its revision became public, None if that is not known.
    """

    time: str
    local_time: str
    revision: int
    verb: str
    who: str
    from_state: str
    to_state: str
    change: str
    skus: tuple[str, ...]
    written: bool | None
    nonce: str
    parent: str


COLUMNS = tuple(field.name.removesuffix("_state") for field in fields(AuditRow))


def rows(records: Sequence[Record], head: str | None, header: Header) -> tuple[AuditRow, ...]:
    """Oldest first. `head` is the nonce of the pointer, None if that could not be read."""
    by_nonce = {record.nonce: record for record in records}
    written = None if head is None else frozenset(_chain(by_nonce, head))
    ordered = sorted(records, key=lambda one: (one.when, one.revision, one.nonce))
    return tuple(_row(one, by_nonce.get(one.parent or ""), written, header) for one in ordered)


def documents(table: Iterable[AuditRow]) -> list[dict[str, Any]]:
    """Plain JSON, by COLUMNS."""
    return [dict(zip(COLUMNS, astuple(row), strict=True)) for row in table]


def as_csv(table: Iterable[AuditRow]) -> str:
    """For spreadsheets."""
    return csv_text(COLUMNS, ((_cell(value) for value in astuple(row)) for row in table))


def as_json(table: Iterable[AuditRow]) -> str:
    """An array, a record a line."""
    lines = ",\n".join(json.dumps(document, ensure_ascii=False) for document in documents(table))
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def _chain(by_nonce: dict[str, Record], head: str) -> Iterator[str]:
    """The nonces from the pointer back, until a record is missing."""
    nonce: str | None = head
    seen: set[str] = set()
    while nonce in by_nonce and nonce not in seen:
        seen.add(nonce)
        yield nonce
        nonce = by_nonce[nonce].parent


def _row(record: Record, parent: Record | None, written: frozenset[str] | None, header: Header) -> AuditRow:
    before, after = parent.state if parent else None, record.state
    return AuditRow(
        time=timestamps.to_text(record.when),
        local_time=record.when.astimezone(header.zone).isoformat(timespec="seconds"),
        revision=record.revision,
        verb=record.verb,
        who=record.who,
        from_state=record.before.value if record.before else "",
        to_state=after.state.value,
        change="; ".join(_changes(before, after, header)) if before else "",
        skus=tuple(sorted((before.closed ^ after.closed) | (before.sold ^ after.sold))) if before else (),
        written=None if written is None else record.nonce in written,
        nonce=record.nonce,
        parent=record.parent or "",
    )


def _changes(before: SaleState, after: SaleState, header: Header) -> Iterator[str]:
    if before.starts_at != after.starts_at:
        yield f"start moved to {after.starts_at.astimezone(header.zone).isoformat()}"
    if before.ends_at != after.ends_at:
        yield f"end moved to {after.ends_at.astimezone(header.zone).isoformat()}"
    if change := difference(before, after):
        yield change
    if gone := after.sold - before.sold:
        yield f"{', '.join(sorted(gone))} sold out"
    if back := before.sold - after.sold:
        yield f"{', '.join(sorted(back))} on sale again"


def _cell(value: object) -> object:
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case tuple():
            return " ".join(value)
    return value
