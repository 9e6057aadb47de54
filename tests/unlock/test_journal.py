"""Who changed what."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from support.operators import ENDS_AT, SALE, STARTS_AT, bring, chain, gate_sells, writer_of

from flashgen.errors import Refused
from flashgen.store import MemoryStore
from flashgen.unlock import journal, verbs
from flashgen.unlock.journal import HEADERS, Record
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.transition import transition

STATE = SaleState(State.LIVE, STARTS_AT, ENDS_AT, STARTS_AT, 1, "t", frozenset({"A"}), frozenset({"S"}))
RECORD = Record("n2", "n1", 2, "go-live", "ann", STARTS_AT, State.SCHEDULED, STATE)
KEY = journal.record_key(SALE, "n2")


def test_what_is_written_is_read() -> None:
    """All of it, and nobody may keep a copy."""
    store = MemoryStore()
    journal.write(store, SALE, RECORD)
    stored = store.get(KEY)
    assert RECORD == journal.read(store, SALE, "n2")
    assert stored is not None
    assert "private, no-store" == stored.headers.cache_control


def test_it_is_private() -> None:
    """Below the prefix that no public origin serves, and named by its nonce."""
    assert "_flashgen/fair/journal/n2.json" == KEY


def test_a_record_can_be_read_by_people() -> None:
    """Who, when, from, to."""
    store = MemoryStore()
    journal.write(store, SALE, RECORD)
    facts = json.loads(store.get(KEY).body)  # type: ignore[union-attr]
    expected = {"who": "ann", "when": "2026-11-27T08:00:00Z", "from": "scheduled", "to": "live", "parent": "n1"}
    assert expected == {key: facts[key] for key in expected}


def test_there_may_be_no_record() -> None:
    """Then nobody knows, and that is no error."""
    assert journal.read(MemoryStore(), SALE, "n2") is None
    assert journal.decision(journal.history(MemoryStore(), SALE, "n2")) is None


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'"x"', b"\xff", b'{"nonce": "n2", "state": []}'])
def test_what_is_no_record_is_refused_by_name(body: bytes) -> None:
    """Somebody wrote over it."""
    store: Any = MemoryStore()
    store.put(KEY, body, HEADERS)
    with pytest.raises(Refused, match=KEY):
        journal.read(store, SALE, "n2")


def test_history_is_the_chain_back_from_the_pointer() -> None:
    """Attempts that lost are not on it, though their records are there."""
    store = MemoryStore()
    bring(store, State.PAUSED)
    journal.write(store, SALE, Record("lost", "ops-2", 2, "end", "bob", STARTS_AT, State.LIVE, STATE))
    assert ["pause", "go-live", "push"] == [record.verb for record in chain(store)]


def test_a_decision_is_the_oldest_record_of_the_facts_as_they_are() -> None:
    """The gate's and the push's writes since are not whom to name."""
    store = MemoryStore()
    bring(store, State.LIVE)
    gate_sells(store, "A")
    transition(writer_of(store, "push"), verbs.reschedule(STARTS_AT, ENDS_AT + timedelta(hours=1), STARTS_AT))
    made_it = journal.decision(iter(chain(store)))
    assert made_it is not None
    assert ("go-live", "ops", 1) == (made_it.verb, made_it.who, made_it.revision)


def test_a_damaged_chain_that_leads_in_a_circle_ends() -> None:
    """Revisions only fall; whatever claims otherwise is not history."""
    store = MemoryStore()
    journal.write(store, SALE, RECORD)
    journal.write(store, SALE, Record("n1", "n2", 1, "push", "ann", STARTS_AT, None, STATE))
    assert ["n2", "n1"] == [record.nonce for record in journal.history(store, SALE, "n2")]
