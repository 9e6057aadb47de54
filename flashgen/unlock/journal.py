"""The private record of who changed what. One immutable object an attempt, named by the nonce it put in the pointer.

History is the chain of parents from the pointer back. A record that is not on it is an attempt that lost a race, or
died before its write.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from flashgen import timestamps
from flashgen.errors import Refused
from flashgen.layout import journal_folder
from flashgen.store import Headers, Store
from flashgen.unlock.pointer import state_facts, state_from
from flashgen.unlock.state import SaleState, State

HEADERS = Headers("application/json", "private, no-store")

READS_AT_ONCE = 16


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
    facts = {
        "nonce": record.nonce,
        "parent": record.parent,
        "revision": record.revision,
        "verb": record.verb,
        "who": record.who,
        "when": timestamps.to_text(record.when),
        "from": record.before.value if record.before else None,
        "to": record.state.state.value,
        "state": state_facts(record.state),
    }
    store.put(record_key(sale, record.nonce), (json.dumps(facts, indent=1) + "\n").encode(), HEADERS)


def read(store: Store, sale: str, nonce: str) -> Record | None:
    """The record of `nonce`, or None. Raises Refused when what lies there is no record."""
    stored = store.get(record_key(sale, nonce))
    if stored is None:
        return None
    try:
        return _parse(stored.body)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused(
            f"{record_key(sale, nonce)} in the store is not a journal record ({error})",
            "somebody wrote over it; restore an older version of the object",
        ) from error


def read_all(store: Store, sale: str) -> tuple[Record, ...]:
    """Every record, elected or not, in no order that means anything. Costs a listing, and a GET for each.

    Raises Refused when one of them is no record.
    """
    nonces = [entry.key.rpartition("/")[2].removesuffix(".json") for entry in store.list(journal_folder(sale))]
    with ThreadPoolExecutor(READS_AT_ONCE) as pool:
        found = pool.map(lambda nonce: read(store, sale, nonce), nonces)
        return tuple(record for record in found if record)


def history(store: Store, sale: str, nonce: str) -> Iterator[Record]:
    """The chain of revisions that led to the pointer with `nonce`, newest first; it ends where a record is missing."""
    parent: str | None = nonce
    newer: int | None = None
    while parent is not None and (record := read(store, sale, parent)) is not None:
        if newer is not None and record.revision >= newer:
            return  # a damaged journal that leads in a circle
        yield record
        parent, newer = record.parent, record.revision


def decision(records: Iterator[Record]) -> Record | None:
    """The newest record that set the operator's facts as they are: who to name when somebody asks who did this."""
    made_it: Record | None = None
    for record in records:
        if made_it and record.state.operators_part != made_it.state.operators_part:
            break
        made_it = record
    return made_it


def _parse(body: bytes) -> Record:
    facts = json.loads(body)
    return Record(
        nonce=facts["nonce"],
        parent=facts["parent"],
        revision=facts["revision"],
        verb=facts["verb"],
        who=facts["who"],
        when=timestamps.from_text(facts["when"]),
        before=State(facts["from"]) if facts["from"] else None,
        state=state_from(facts["state"]),
    )
