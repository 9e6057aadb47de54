"""The private record of who changed what. One immutable object an attempt, named by the nonce it put in the pointer.

History is the chain of parents from the pointer back. A record that is not on it is an attempt that lost a race, or
died before its write.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, takewhile
from typing import Annotated

from pydantic import Field

from flashgen import timestamps
from flashgen.errors import FlashgenError
from flashgen.layout import journal_folder
from flashgen.store import Headers, Store
from flashgen.typed_json import Damaged, Instant, JsonReader, Line, UnreadableObject, Whole
from flashgen.unlock.pointer import MAX_BYTES, StateDocument, state_to_json
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.verbs import RECORD_SOLD

HEADERS = Headers("application/json", "private, no-store")

FORMAT = 1
"""Increased when an older flashgen would misread what this one writes."""

READS_AT_ONCE = 16

HISTORY_READ = 60
"""Records of a history read at most: the gate may have written thousands since, and each is a request that waits for
the one before."""


@dataclass(frozen=True, slots=True)
class Record:
    """One attempt. `parent` is the nonce it was based on, None for the first; `before` the operator's state then."""

    nonce: str
    parent: str | None
    revision: int
    verb: str
    who: str
    when: datetime
    before: State | None
    state: SaleState


def record_key(sale: str, nonce: str) -> str:
    """Where the record of `nonce` lies in a store."""
    return f"{journal_folder(sale)}{nonce}.json"


def write(store: Store, sale: str, record: Record) -> None:
    """Put a record. Unconditional, so that a store may retry it: nonces are fresh, nothing is ever overwritten."""
    document = {
        "format": FORMAT,
        "nonce": record.nonce,
        "parent": record.parent,
        "revision": record.revision,
        "verb": record.verb,
        "who": record.who,
        "when": timestamps.to_text(record.when),
        "from": record.before.value if record.before else None,
        "to": record.state.state.value,
        "state": state_to_json(record.state),
    }
    store.put(record_key(sale, record.nonce), (json.dumps(document, indent=1) + "\n").encode(), HEADERS)


def read(store: Store, sale: str, nonce: str) -> Record | None:
    """The record of `nonce`, or None. Raises Damaged when what lies there is not it, Newer for a later format."""
    key = record_key(sale, nonce)
    stored = store.get(key)
    if stored is None:
        return None
    place, hint = f"{key} in the store", "somebody wrote over it; restore an older version of the object, or delete it"
    record = _READER.read(stored.body, place, hint).record()
    if record.nonce != nonce:
        raise Damaged(f"{place} is not a journal record of that name (it is another one's)", hint)
    return record


def read_all(store: Store, sale: str) -> tuple[Record, ...]:
    """Every record, whether its pointer was written or not, in any order. Costs a listing, and a GET for each.

    Raises Damaged when one of them is no record.
    """
    return _read_each(store, sale, lambda nonce: read(store, sale, nonce))


def read_readable(store: Store, sale: str, unreadable: Callable[[UnreadableObject], None]) -> tuple[Record, ...]:
    """As `read_all`, without what is no record: `unreadable` is called with each of those, from several threads."""

    def read_one(nonce: str) -> Record | None:
        try:
            return read(store, sale, nonce)
        except UnreadableObject as damaged:
            unreadable(damaged)
            return None

    return _read_each(store, sale, read_one)


def _read_each(store: Store, sale: str, read_one: Callable[[str], Record | None]) -> tuple[Record, ...]:
    nonces = [entry.key.rpartition("/")[2].removesuffix(".json") for entry in store.list(journal_folder(sale))]
    with ThreadPoolExecutor(READS_AT_ONCE) as pool:
        return tuple(record for record in pool.map(read_one, nonces) if record)


def history(store: Store, sale: str, nonce: str) -> Iterator[Record]:
    """The chain of revisions that led to the pointer with `nonce`, newest first; it ends where a record is missing.

    Raises Damaged where one is not what belongs there.
    """
    parent: str | None = nonce
    newer: int | None = None
    while parent is not None and (record := read(store, sale, parent)) is not None:
        if newer is not None and record.revision >= newer:
            return  # a damaged journal that leads in a circle
        yield record
        parent, newer = record.parent, record.revision


def last_decision(store: Store, sale: str, nonce: str) -> Record | None:
    """The record of the decision that made the pointer with `nonce` what it is.

    None if it is more than HISTORY_READ records back, or cannot be read: an operator's name is worth no failure, and no
    wrong name.
    """
    try:
        records = tuple(islice(history(store, sale, nonce), HISTORY_READ))
    except FlashgenError:
        return None
    return decision(records)


def decision(records: Iterable[Record]) -> Record | None:
    """The record of the decision that is in force: the oldest in a row with the operator's facts of the newest.

    None if it is not among `records`, the newest part of a history, newest first.
    """
    known = tuple(records)
    made_it = [*takewhile(lambda one: one.state.operators_part == known[0].state.operators_part, known)]
    if not made_it or (len(made_it) == len(known) and made_it[-1].parent):
        return None
    return made_it[-1]


@dataclass(frozen=True, slots=True)
class _RecordDocument:
    """As `write` has it. Without `to`, which is for people: it is the state's."""

    nonce: Line
    parent: Line | None
    revision: Whole
    verb: Line
    who: Line
    when: Instant
    before: Annotated[State | None, Field(alias="from")]
    state: StateDocument

    def __post_init__(self) -> None:
        if self.verb == RECORD_SOLD and self.before is not self.state.state:
            raise ValueError(f"`{RECORD_SOLD}` is the gate's, which changes no state")

    def record(self) -> Record:
        state = self.state.sale_state()
        return Record(self.nonce, self.parent, self.revision, self.verb, self.who, self.when, self.before, state)


_READER = JsonReader(_RecordDocument, "a journal record", MAX_BYTES, FORMAT)
