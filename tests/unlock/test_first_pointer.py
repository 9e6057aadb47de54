"""How pointers come, and how they hand over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.faults import FATES, Faults
from support.operators import (
    ENDS_AT,
    KEY,
    SALE,
    STARTS_AT,
    VERSION,
    Clock,
    acting,
    bring,
    chain,
    gate_sells,
    go_live,
    writer_of,
)

from flashgen.errors import LostRace, Refused
from flashgen.store import MemoryStore
from flashgen.unlock import journal, verbs
from flashgen.unlock.first_pointer import leave_forward, publish_first
from flashgen.unlock.pointer import Forward, Pointer, first_pointer, parse, pointer_key
from flashgen.unlock.pointer_writer import PointerWriter
from flashgen.unlock.state import State
from flashgen.unlock.transition import transition

NEXT = pointer_key(SALE, "next")
FIRST = first_pointer(SALE, VERSION, STARTS_AT, ENDS_AT)
SECOND = first_pointer(SALE, "next", STARTS_AT + timedelta(hours=1), ENDS_AT)


def _next(store: MemoryStore, who: str = "ann") -> PointerWriter:
    return writer_of(store, who, key=NEXT)


def test_the_first_pointer_is_revision_0() -> None:
    """Journaled like any other, with the name of who pushed it."""
    store = MemoryStore()
    assert publish_first(writer_of(store), FIRST)
    pointer = writer_of(store).file.read().pointer
    assert (0, FIRST.state) == (pointer.revision, pointer.state)
    assert [("push", "ann", None)] == [(record.verb, record.who, record.parent) for record in chain(store)]


def test_a_pointer_that_is_there_stays() -> None:
    """Whatever state it is in; and nothing is journaled."""
    store = MemoryStore()
    bring(store, State.LIVE)
    before = list(store.list(""))
    assert not publish_first(writer_of(store), FIRST)
    assert before == list(store.list(""))


@pytest.mark.parametrize("fate", ["silent", "done, but silent"])
def test_a_first_pointer_survives_a_lost_answer(fate: str) -> None:
    """The second put is the pointer's."""
    store, clock = MemoryStore(), Clock()
    assert publish_first(writer_of(Faults(FATES[fate], 2, only="put ").store(store), clock=clock), FIRST)
    assert ["push"] == [record.verb for record in chain(store)]


def test_of_two_first_pushes_at_once_one_wins() -> None:
    """Both found nothing; the journal keeps what the winner wrote, though the built pointers are the same."""
    store = MemoryStore()

    def bob_comes_between() -> str:
        assert publish_first(writer_of(store, "bob"), FIRST)
        return "ann-is-late"

    assert not publish_first(acting(writer_of(store), new_nonce=bob_comes_between), FIRST)
    assert ["bob"] == [record.who for record in chain(store)]


def test_a_rotated_pointer_continues_its_predecessor() -> None:
    """Its facts but for the times; the chain goes on."""
    store = MemoryStore()
    bring(store)
    transition(writer_of(store), verbs.close(frozenset({"A"})))
    gate_sells(store, "S")
    assert publish_first(_next(store), SECOND, KEY)
    pointer = _next(store).file.read().pointer
    records = list(journal.history(store, SALE, pointer.nonce))
    assert (SECOND.state.starts_at, frozenset({"A"}), frozenset({"S"}), 3) == (
        pointer.state.starts_at,
        pointer.state.closed,
        pointer.state.sold,
        pointer.revision,
    )
    assert ["rotate", "record-sold", "sold-out", "push"] == [record.verb for record in records]


def test_a_rotation_keeps_the_epoch() -> None:
    """Else the next go-live would make tokens of an earlier one good again."""
    store = MemoryStore()
    ops = bring(store, State.LIVE)
    transition(ops, verbs.rollback(FIRST.state, STARTS_AT, "t"))
    publish_first(_next(store), SECOND, KEY)
    assert 2 == transition(_next(store), verbs.go_live(None, "token-2")).after.state.epoch


@pytest.mark.parametrize("state", [State.LIVE, State.PAUSED, State.ENDED])
@pytest.mark.parametrize("resumed", [False, True])
def test_only_a_scheduled_sale_is_rotated(state: State, resumed: bool) -> None:
    """Before a page moves; also when an earlier push has got as far as the new pointer."""
    store = MemoryStore()
    ops = bring(store)
    if resumed:
        publish_first(_next(store), SECOND, KEY)
    bring_on = {State.LIVE: (), State.PAUSED: (verbs.pause(),), State.ENDED: (verbs.end(),)}[state]
    for verb in (go_live(), *bring_on):
        transition(ops, verb)
    before = list(store.list(""))
    with pytest.raises(Refused, match=f"is {state.value}: a version is rotated only while") as refused:
        publish_first(_next(store), SECOND, KEY)
    assert f"put `version: {VERSION}` back into the YAML, then push" == refused.value.hint
    assert before == list(store.list(""))


def test_a_predecessor_that_never_was_leaves_a_sale_that_begins() -> None:
    """As with no predecessor at all."""
    store = MemoryStore()
    assert publish_first(_next(store), SECOND, KEY)
    pointer = _next(store).file.read().pointer
    (record,) = journal.history(store, SALE, pointer.nonce)
    assert (0, "push") == (pointer.revision, record.verb)


def test_a_predecessor_that_is_a_forward_is_continued_by_the_journal() -> None:
    """Of a push that died after it had rotated: what it led to is the sale's last revision."""
    store = MemoryStore()
    bring(store)
    transition(writer_of(store), verbs.close(frozenset({"A"})))
    publish_first(_next(store), SECOND, KEY)
    leave_forward(_next(store), KEY, "next")
    last = writer_of(store, key=pointer_key(SALE, "last"))
    assert publish_first(last, SECOND, KEY)
    pointer = last.file.read().pointer
    assert (3, frozenset({"A"})) == (pointer.revision, pointer.state.closed)


def test_the_old_pointer_leads_to_the_new() -> None:
    """Pages that are still cached follow it; done again it changes nothing."""
    store = MemoryStore()
    bring(store)
    publish_first(_next(store), SECOND, KEY)
    leave_forward(_next(store), KEY, "next")
    stored = store.get(KEY)
    assert stored is not None
    forward = parse(stored.body, KEY)
    assert isinstance(forward, Forward)
    assert ("unlock.next.js", 1) == (forward.target, forward.revision)
    leave_forward(_next(store), KEY, "next")
    assert stored == store.get(KEY)


def test_a_missing_predecessor_needs_no_forward() -> None:
    """Nothing names it."""
    store = MemoryStore()
    leave_forward(_next(store), KEY, "next")
    assert [] == list(store.list(""))


def test_a_sale_that_went_live_meanwhile_is_not_forwarded() -> None:
    """Somebody with the old YAML opened it between the waves: a person has to look."""
    store = MemoryStore()
    ops = bring(store)
    publish_first(_next(store), SECOND, KEY)
    transition(ops, go_live())
    with pytest.raises(LostRace, match="changed while it was rotated"):
        leave_forward(_next(store), KEY, "next")
    assert isinstance(parse(store.get(KEY).body, KEY), Pointer)  # type: ignore[union-attr]


def test_a_write_in_the_last_instant_is_not_forwarded_over() -> None:
    """The forward is written If-Match."""
    store = MemoryStore()
    ops = bring(store)
    publish_first(_next(store), SECOND, KEY)
    writer = _next(store)

    def nonce() -> str:
        transition(ops, go_live())
        return "late"

    with pytest.raises(LostRace):
        leave_forward(acting(writer, new_nonce=nonce), KEY, "next")
    assert State.LIVE is writer_of(store).file.read().pointer.state.state


def test_a_sku_closed_on_the_old_pointer_meanwhile_is_closed_on_the_new() -> None:
    """By an operator whose YAML still names the old version: what they did is not lost."""
    store = MemoryStore()
    bring(store)
    publish_first(_next(store), SECOND, KEY)
    transition(writer_of(store, "bob"), verbs.close(frozenset({"A"})))
    leave_forward(_next(store), KEY, "next")
    assert frozenset({"A"}) == _next(store).file.read().pointer.state.closed
    stored = store.get(KEY)
    assert stored
    assert isinstance(parse(stored.body, KEY), Forward)
