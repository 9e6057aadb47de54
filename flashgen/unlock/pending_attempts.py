"""Journal records whose pointer was not written: of attempts that wait for T0, that lost, or whose process died.

Between the journal record and the pointer's PUT a process may die. The record is then all that is left of it: no byte
of it is public, and the next verb builds on the pointer as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from heapq import nlargest

from flashgen.store import Entry, Store
from flashgen.store.conditional_write import SENT_SECONDS
from flashgen.typed_json import UnreadableObject
from flashgen.unlock import journal
from flashgen.unlock.journal import Record
from flashgen.unlock.pointer import Pointer

RECORDS_READ = 20
"""Records read at most, the newest: the gate may have written thousands since the sale opened."""

SETTLED = timedelta(seconds=SENT_SECONDS + 3)
"""A write is not retried for longer than this; 3 s are for a late start and unequal clocks."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class AttemptStatus(StrEnum):
    """What became of an attempt, as far as the store shows."""

    ARMED = "armed"
    """Its moment is still to come. Whether its process still waits cannot be seen from here."""
    UNDER_WAY = "under way"
    LOST = "lost"
    """Another write was first."""
    DIED = "died"
    """Nobody has written its pointer: the process was killed, cut off, or interrupted before its moment."""


@dataclass(frozen=True, slots=True)
class PendingAttempt:
    """A record that is not in the chain from the pointer back; `written_at` is by the store's clock."""

    record: Record
    status: AttemptStatus
    written_at: datetime


def pending_attempts(
    store: Store,
    sale: str,
    pointer: Pointer,
    chain: Sequence[Record],
    now: datetime,
    unreadable: Callable[[UnreadableObject], None],
) -> tuple[PendingAttempt, ...]:
    """The attempts since the record of `pointer`, newest first.

    `chain` is the newest part of the history. Costs one listing of the journal, and a GET for each of RECORDS_READ
    records at most. `unreadable` is told of records that cannot be read, which may be anybody's attempt. Raises
    StoreError, AccessDenied for credentials that may not list.
    """
    written = {pointer.nonce, *(record.nonce for record in chain)}
    found = [
        PendingAttempt(record, status, written_at)
        for record, written_at in _records(store, sale, pointer.nonce, written, unreadable)
        if (status := _status(record, max(record.when, written_at), pointer, chain, now))
    ]
    # An operator who arms again after Ctrl-C, or rebases, leaves a record each time; the newest is enough to report. In
    # S3's whole seconds an older one may be listed as well: it has the lower revision.
    found.sort(key=lambda one: one.record.revision)
    latest = {(one.record.who, one.record.verb, one.record.when): one for one in found}
    return tuple(sorted(latest.values(), key=lambda one: one.record.when, reverse=True))


def _records(
    store: Store, sale: str, nonce: str, written: set[str], unreadable: Callable[[UnreadableObject], None]
) -> Iterator[tuple[Record, datetime]]:
    entries = {_nonce(entry): entry for entry in store.list(journal.record_key(sale, "").removesuffix(".json"))}
    # An attempt follows the record of the pointer that it read; in S3's whole seconds it may be of the same second.
    since = entries[nonce].modified_at if nonce in entries else _LONG_AGO
    young = [entry for name, entry in entries.items() if name not in written and entry.modified_at >= since]
    for entry in nlargest(RECORDS_READ, young, key=lambda entry: entry.modified_at):
        try:
            record = journal.read(store, sale, _nonce(entry))
        except UnreadableObject as error:
            unreadable(error)
            continue
        if record:
            yield record, entry.modified_at


def _status(
    record: Record, began_at: datetime, pointer: Pointer, chain: Sequence[Record], now: datetime
) -> AttemptStatus | None:
    """None if the same process retried and won."""
    if record.parent == pointer.nonce:
        if record.when > now:
            return AttemptStatus.ARMED
        return AttemptStatus.UNDER_WAY if now - began_at < SETTLED else AttemptStatus.DIED
    acts = {(one.who, one.verb) for one in chain if one.revision >= record.revision}
    return None if (record.who, record.verb) in acts else AttemptStatus.LOST


def _nonce(entry: Entry) -> str:
    return entry.key.rpartition("/")[2].removesuffix(".json")
