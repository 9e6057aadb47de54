"""What a sale was when its pointer was lost, as far as the journal tells.

::

    push ◀── go-live ◀── sold-out ◀── pause       the record of a pointer that others built on was elected
                                 ◀── end          of the newest, one was, or none: their processes may have died

Nobody can tell which of the newest it was, so the new pointer goes on from the most cautious reading of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from flashgen.store import Store
from flashgen.unlock import journal
from flashgen.unlock.journal import Record
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.state import EVERY_SKU, SaleState, State

_MOST_CAUTIOUS_FIRST = (State.ENDED, State.PAUSED, State.LIVE, State.SCHEDULED)


def last_known(store: Store, sale: str, now: datetime) -> Pointer | None:
    """The newest pointer that the journal knows of, without its order URL; None if nobody ever changed the first one.

    Revision 0 holds what the YAML says and nothing else: it can be made anew. An attempt that waits for a moment
    after `now` was not elected. Costs one listing, and a GET for each record.
    """
    records = journal.read_all(store, sale)
    elected = {record.parent for record in records}
    due = [record for record in records if record.when <= now or record.nonce in elected]
    newest = max((record.revision for record in due), default=0)
    if newest == 0:
        return None
    candidates = [record for record in due if record.revision == newest]
    head = min(candidates, key=_caution)
    epoch = max(record.state.epoch for record in due)
    return Pointer(newest, head.nonce, replace(_nothing_reopened(head.state, candidates), epoch=epoch))


def _caution(record: Record) -> tuple[int, str]:
    return (_MOST_CAUTIOUS_FIRST.index(record.state.state), record.nonce)


def _nothing_reopened(state: SaleState, candidates: Iterable[Record]) -> SaleState:
    """What any of them has closed or sold stays so: to sell a unit twice is worse than to reopen it by hand."""
    states = [record.state for record in candidates]
    closed = frozenset[str]().union(*(one.closed for one in states))
    sold = frozenset[str]().union(*(one.sold for one in states))
    return replace(state, closed=EVERY_SKU if closed >= EVERY_SKU else closed, sold=sold)
