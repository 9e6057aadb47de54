"""Journal records that no election followed: of attempts that wait for their moment, that lost, or whose process died.

Between the journal record and the pointer's PUT a process may die. The record is then all that is left of it: no byte
of it is public, and the next verb builds on the pointer as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from heapq import nlargest

from flashgen.store import Entry, Store
from flashgen.store.settle import SENT_SECONDS
from flashgen.unlock import journal
from flashgen.unlock.journal import Record
from flashgen.unlock.pointer import Pointer

LOOKED_AT = 20
"""Records read at most, the newest: the gate may have written thousands since the sale opened."""

SETTLED = timedelta(seconds=SENT_SECONDS + 3)
"""A write that has come to nothing for so long is not tried any more; 3 s are for a late start and unequal clocks."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Fate(StrEnum):
    """What became of an attempt, as far as the store tells."""

    ARMED = "armed"
    """Its moment is still to come. Whether its process still waits, nobody can see from here."""
    UNDER_WAY = "under way"
    LOST = "lost"
    """Another write was first."""
    DIED = "died"
    """Its pointer is not there, and was not put by anybody else: killed, cut off, or interrupted before its moment."""


@dataclass(frozen=True, slots=True)
class PendingAttempt:
    """A record that is not in the chain from the pointer back; `written_at` is by the store's clock."""

    record: Record
    fate: Fate
    written_at: datetime


def unelected(
    store: Store, sale: str, pointer: Pointer, chain: Sequence[Record], now: datetime
) -> tuple[PendingAttempt, ...]:
    """The attempts since the record of `pointer`, newest first.

    `chain` is the newest part of the history. Costs one listing of the journal, and a GET for each of `LOOKED_AT`
    records at most. Raises StoreError, AccessDenied for one who may not list.
    """
    elected = {pointer.nonce, *(record.nonce for record in chain)}
    found = [
        PendingAttempt(record, fate, written_at)
        for record, written_at in _records(store, sale, pointer.nonce, elected)
        if (fate := _fate(record, max(record.when, written_at), pointer, chain, now))
    ]
    # Whoever arms anew after Ctrl-C, or rebases, leaves a record each time; the newest is enough to read. In S3's whole
    # seconds an older one may have been listed too: it has the lower revision.
    found.sort(key=lambda one: one.record.revision)
    latest = {(one.record.who, one.record.verb, one.record.when): one for one in found}
    return tuple(sorted(latest.values(), key=lambda one: one.record.when, reverse=True))


def _records(store: Store, sale: str, nonce: str, elected: set[str]) -> Iterator[tuple[Record, datetime]]:
    entries = {_nonce(entry): entry for entry in store.list(journal.record_key(sale, "").removesuffix(".json"))}
    # An attempt follows the record of the pointer that it read; in S3's whole seconds it may be of the same.
    since = entries[nonce].modified_at if nonce in entries else _LONG_AGO
    young = [entry for name, entry in entries.items() if name not in elected and entry.modified_at >= since]
    for entry in nlargest(LOOKED_AT, young, key=lambda entry: entry.modified_at):
        if record := journal.read(store, sale, _nonce(entry)):
            yield record, entry.modified_at


def _fate(record: Record, began_at: datetime, pointer: Pointer, chain: Sequence[Record], now: datetime) -> Fate | None:
    """None for an attempt that its own process made anew, and had elected then."""
    if record.parent == pointer.nonce:
        if record.when > now:
            return Fate.ARMED
        return Fate.UNDER_WAY if now - began_at < SETTLED else Fate.DIED
    acts = {(one.who, one.verb) for one in chain if one.revision >= record.revision}
    return None if (record.who, record.verb) in acts else Fate.LOST


def _nonce(entry: Entry) -> str:
    return entry.key.rpartition("/")[2].removesuffix(".json")
