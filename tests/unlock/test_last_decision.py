"""Who decided, told in time or not at all."""

from __future__ import annotations

import pytest
from support.operators import KEY, SALE, bring, gate_sells, go_live, writer_of

from flashgen.errors import AccessDenied, FlashgenError
from flashgen.store import MemoryStore, Stored
from flashgen.unlock.journal import HISTORY_READ, last_decision, record_key
from flashgen.unlock.state import State
from flashgen.unlock.transition import transition


class Counting(MemoryStore):
    """Counts what is read, and may not let the journal be read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[str] = []
        self.refusal: FlashgenError | None = None

    def get(self, key: str) -> Stored | None:
        """A request."""
        self.reads.append(key)
        if self.refusal and key != KEY:
            raise self.refusal
        return super().get(key)


def _decider(store: MemoryStore) -> str | None:
    found = last_decision(store, SALE, writer_of(store).file.read().pointer.nonce)
    return found.who if found else None


def _gate_writes(store: MemoryStore, times: int) -> None:
    for number in range(times):
        gate_sells(store, "AB"[number % 2])


def test_it_is_found_behind_what_the_gate_wrote() -> None:
    """The decision and one record more are read: that one is of another."""
    store = MemoryStore()
    bring(store, State.LIVE)
    _gate_writes(store, HISTORY_READ - 2)
    assert "ops" == _decider(store)


def test_too_far_back_there_is_no_name_rather_than_a_wrong_one() -> None:
    """And a repeated command costs no more requests than that."""
    store = Counting()
    bring(store, State.LIVE)
    _gate_writes(store, HISTORY_READ)
    assert _decider(store) is None
    store.reads.clear()
    outcome = transition(writer_of(store), go_live())
    assert (False, "") == (outcome.changed, outcome.who)
    assert HISTORY_READ + 1 == len(store.reads)


def test_the_first_of_all_is_somebody() -> None:
    """Behind it there is nothing to read."""
    store = MemoryStore()
    bring(store)
    assert "ops" == _decider(store)


@pytest.mark.parametrize("is_damaged", [True, False])
def test_a_journal_that_cannot_be_read_fails_no_verb(is_damaged: bool) -> None:
    """What is asked for is so: that is the answer."""
    store = Counting()
    bring(store, State.LIVE)
    if is_damaged:
        record = record_key(SALE, writer_of(store).file.read().pointer.nonce)
        store.put(record, b"<html>", writer_of(store).headers)
    else:
        store.refusal = AccessDenied("no")
    outcome = transition(writer_of(store), go_live())
    assert (False, "", None) == (outcome.changed, outcome.who, outcome.when)
