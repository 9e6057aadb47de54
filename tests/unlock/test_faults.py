"""Each verb under each fault: who won, how many revisions there are, and whether the journal agrees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from support.meddling_store import (
    MeddlingStore,
    Write,
    answer_lost,
    conflict_for_nothing,
    gone_10_s_after,
    gone_10_s_before,
    gone_for_good,
    request_lost,
)
from support.operators import ENDS_AT, STARTS_AT, Clock, bring, chain, gate_sells, go_live, writer_of

from flashgen.errors import AccessDenied, Conflict, LostRace, NoAnswer
from flashgen.store import MemoryStore
from flashgen.unlock import verbs
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.transition import transition
from flashgen.unlock.verbs import Verb

SCHEDULED = SaleState(State.SCHEDULED, STARTS_AT, ENDS_AT)
A, B = frozenset({"A"}), frozenset({"B"})

VERBS: dict[str, tuple[State, Verb, Verb]] = {
    "go-live": (State.SCHEDULED, go_live(), verbs.end()),
    "pause": (State.LIVE, verbs.pause(), verbs.end()),
    "resume": (State.PAUSED, verbs.resume(), verbs.end()),
    "sold-out": (State.LIVE, verbs.close(A), verbs.close(B)),
    "reopen": (State.LIVE, verbs.reopen(A, A | B), verbs.pause()),
    "end": (State.LIVE, verbs.end(), verbs.pause()),
    "rollback": (State.LIVE, verbs.rollback(SCHEDULED, STARTS_AT, "t"), verbs.pause()),
    "reschedule": (State.LIVE, verbs.reschedule(STARTS_AT, ENDS_AT + timedelta(hours=1), STARTS_AT), verbs.pause()),
    "record-sold": (State.LIVE, verbs.record_sold(A), verbs.pause()),
}
"""Where each starts, and what another operator may do from there."""


def _gate_before(store: MeddlingStore, write: Write) -> str:
    gate_sells(store.inner, "S")
    return write()


def _gate_after(store: MeddlingStore, write: Write) -> str:
    write()
    gate_sells(store.inner, "S")
    raise NoAnswer("lost")


def _gate_after_and_sent_twice(store: MeddlingStore, write: Write) -> str:
    write()
    gate_sells(store.inner, "S")
    raise Conflict("412")


def _gate_after_and_refused(store: MeddlingStore, write: Write) -> str:
    """What a proxy says, or a server that has seen the request twice."""
    write()
    gate_sells(store.inner, "S")
    raise AccessDenied("403")


FAULTS: dict[str, tuple[Callable[[MeddlingStore, Write], str], str, int]] = {
    "answer lost": (answer_lost, "changed", 1),
    "request lost": (request_lost, "changed", 1),
    "409 for nothing": (conflict_for_nothing, "changed", 1),
    "the gate before us": (_gate_before, "changed", 2),
    "the gate after us": (_gate_after, "changed", 2),
    "the gate after us, sent twice": (_gate_after_and_sent_twice, "changed", 2),
    "the gate after us, and refused": (_gate_after_and_refused, "changed", 2),
    "gone for 10 s, not written": (gone_10_s_before, "changed", 1),
    "gone for 10 s, written": (gone_10_s_after, "changed", 1),
    "gone for good": (gone_for_good, "no answer", 0),
}


def _run(
    name: str, meddle: Callable[[MeddlingStore, Write], str], closed: frozenset[str] = frozenset()
) -> tuple[MemoryStore, str, int]:
    """The store afterwards, how it ended for us, and how many revisions it took."""
    store, clock = MemoryStore(), Clock()
    start, verb, _ = VERBS[name]
    ops = bring(store, start)
    if name == "reopen":
        transition(ops, verbs.close(A | closed))
    before = writer_of(store).file.read().pointer.revision
    meddling = MeddlingStore(store, clock, meddle)
    try:
        outcome = transition(writer_of(meddling, clock=clock), verb)
        ending = "changed" if outcome.changed else f"unchanged since {outcome.who}"
    except LostRace as lost:
        ending = f"lost to {lost.winner}"
    except NoAnswer as silence:
        ending = "no answer" if "running the same command again is safe" in silence.hint else "no word"
    return store, ending, chain(store)[0].revision - before


@pytest.mark.parametrize("name", VERBS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_survived(name: str, fault: str) -> None:
    """One write of ours and no more, whatever was lost, and running the verb again changes nothing."""
    meddle, ending, revisions = FAULTS[fault]
    store, found, grown = _run(name, meddle)
    assert (ending, revisions) == (found, grown)
    assert (ending == "changed") == ("ann" in [record.who for record in chain(store)])
    again = transition(writer_of(store, "bob"), VERBS[name][1])
    overwritten = name == "record-sold" and fault.startswith("the gate after")
    assert (ending == "no answer" or overwritten) == again.changed


@pytest.mark.parametrize("name", VERBS)
def test_what_the_gate_wrote_meanwhile_is_kept(name: str) -> None:
    """And it keeps what we wrote."""
    if name != "record-sold":
        for fault in (_gate_before, _gate_after):
            store, _, _ = _run(name, fault)
            state = writer_of(store).file.read().pointer.state
            assert frozenset({"S"}) == state.sold
            assert state == VERBS[name][1].apply(state)


@pytest.mark.parametrize("name", VERBS)
def test_who_asks_for_what_another_just_did_changes_nothing(name: str) -> None:
    """Exit 0, and the other is named."""

    def another(store: MeddlingStore, write: Write) -> str:
        transition(writer_of(store.inner, "bob"), VERBS[name][1])
        return write()

    store, ending, grown = _run(name, another)
    decider = "bob" if VERBS[name][1].decides else "ops"
    assert (f"unchanged since {decider}", 1) == (ending, grown)
    assert "ann" not in [record.who for record in chain(store)]


@pytest.mark.parametrize("name", VERBS)
def test_another_decision_in_between_wins(name: str) -> None:
    """Exit 4, who it was is said, and ours changes nothing. The gate's and the push's writes cross with it."""

    def another(store: MeddlingStore, write: Write) -> str:
        transition(writer_of(store.inner, "bob"), VERBS[name][2])
        return write()

    store, ending, grown = _run(name, another)
    decides = VERBS[name][1].decides
    assert (("lost to bob", 1) if decides else ("changed", 2)) == (ending, grown)
    assert decides == ("ann" not in [record.who for record in chain(store)])


@pytest.mark.parametrize("name", VERBS)
def test_a_decision_upon_ours_does_not_undo_that_ours_was_made(name: str) -> None:
    """Our answer was lost, and another operator built on it: ours is an ancestor."""

    def another(store: MeddlingStore, write: Write) -> str:
        write()
        transition(writer_of(store.inner, "bob"), verbs.close(B))
        gate_sells(store.inner, "S")
        raise NoAnswer("lost")

    if name != "end":  # nothing is decided upon an end but a rollback
        store, ending, grown = _run(name, another)
        assert ("changed", 3) == (ending, grown)
        assert ["gate-S", "bob", "ann"] == [record.who for record in chain(store)[:3]]


def test_a_pause_and_a_resume_in_between_are_not_in_the_way() -> None:
    """The state is as we read it, but for the etag."""

    def another(store: MeddlingStore, write: Write) -> str:
        transition(writer_of(store.inner, "bob"), verbs.pause())
        transition(writer_of(store.inner, "bob2"), verbs.resume())
        return write()

    assert ("changed", 3) == _run("end", another)[1:]


def test_a_go_live_and_a_rollback_in_between_are() -> None:
    """Scheduled again, but somebody has thought better of it: the epoch tells."""

    def another(store: MeddlingStore, write: Write) -> str:
        transition(writer_of(store.inner, "bob"), go_live())
        transition(writer_of(store.inner, "carl"), verbs.rollback(SCHEDULED, STARTS_AT, "t"))
        return write()

    assert ("lost to carl", 2) == _run("go-live", another)[1:]


def test_the_network_may_fail_while_reading_back() -> None:
    """After a lost race too the message says what to do."""

    def another(store: MeddlingStore, write: Write) -> str:
        gate_sells(store.inner, "S")
        raise _ConflictThenSilence(store)

    assert ("no answer", 1) == _run("go-live", another)[1:]


class _ConflictThenSilence(Conflict):
    """A 412, and the network is gone right after."""

    def __init__(self, store: MeddlingStore) -> None:
        super().__init__("412")
        store.silence(3600)
