"""Who made a sale what it is, as far as that can be told without keeping anybody waiting."""

from __future__ import annotations

from itertools import islice

from flashgen.errors import FlashgenError
from flashgen.store import Store
from flashgen.unlock import journal
from flashgen.unlock.journal import Record

HISTORY_READ = 60
"""Records read at most: the gate may have written thousands since, and each is a request that waits for the last."""


def decider(store: Store, sale: str, nonce: str) -> Record | None:
    """The record of the decision that rules the pointer with `nonce`.

    None if it lies too far back, or cannot be read: a name is worth no failure, and no wrong name.
    """
    try:
        chain = tuple(islice(journal.history(store, sale, nonce), HISTORY_READ))
    except FlashgenError:
        return None
    found = journal.decision(iter(chain))
    return None if found and found is chain[-1] and found.parent else found
