"""Any number of hands on one pointer, in any order of their requests: invariants 5 and 8.

Two to five of them at a time, operators at once or armed for the start, a gate that writes `sold`, a push that moves
times, are each stopped before every request, and one of them goes on to the next. Writes may lose their request or
their answer, arrive late, or meet a 409 for nothing; and a hand may be killed anywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.faults import Killed
from support.operators import ENDS_AT, KEY, STARTS_AT, bring, chain, writer_of
from support.stepping_store import Hand, Plan

from flashgen.errors import LostRace, NoAnswer, Refused
from flashgen.store import MemoryStore
from flashgen.store.conditional_write import RETRY_WAITS
from flashgen.unlock import journal, verbs
from flashgen.unlock.journal import Record
from flashgen.unlock.pointer import Pointer, parse
from flashgen.unlock.pointer_file import StoredPointer
from flashgen.unlock.pointer_writer import PointerWriter
from flashgen.unlock.state import EVERY_SKU, SaleState, State
from flashgen.unlock.transition import Outcome, transition
from flashgen.unlock.verbs import Verb

INTERLEAVINGS, STEPS = 1000, 30
A, B = frozenset({"A"}), frozenset({"B"})

operators_verbs = st.sampled_from(
    [
        verbs.go_live(STARTS_AT, "token-1"),
        verbs.go_live(None, "token-2"),
        verbs.pause(),
        verbs.resume(),
        verbs.close(A),
        verbs.close(B),
        verbs.close(EVERY_SKU),
        verbs.reopen(A, A | B),
        verbs.end(),
    ]
)


class Sale(RuleBasedStateMachine):
    """What may happen to a sale, and what must hold whatever happens."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.at_work: list[Hand] = []
        self.finished: list[Hand] = []
        self.at_most = self.count = 0

    @initialize(state=st.sampled_from(State), at_most=st.integers(2, 5))
    def it_is_pushed(self, state: State, at_most: int) -> None:
        """And taken somewhere; so many hands there will be at a time."""
        bring(self.store, state)
        self.pushed = len(chain(self.store))
        self.at_most = at_most

    @rule(verb=operators_verbs, armed=st.booleans())
    @precondition(lambda self: len(self.at_work) < self.at_most)
    def an_operator_begins(self, verb: Verb, armed: bool) -> None:
        """They have not read anything yet."""
        self._begin("operator", lambda writer, seen: verb, armed=armed)

    @rule(back=st.integers(1, 4), armed=st.booleans())
    @precondition(lambda self: len(self.at_work) < self.at_most)
    def an_operator_begins_to_go_back(self, back: int, armed: bool) -> None:
        """By so many revisions, from what they will see."""
        self._begin("operator", partial(_go_back, back), armed=armed)

    @rule(sold=st.sets(st.sampled_from("AB")))
    @precondition(lambda self: len(self.at_work) < self.at_most)
    def the_gate_begins(self, sold: set[str]) -> None:
        """It writes what it has sold out."""
        self._begin("gate", lambda writer, seen: verbs.record_sold(frozenset(sold)))

    @rule(seconds=st.integers(0, 4))
    @precondition(lambda self: len(self.at_work) < self.at_most)
    def a_push_begins(self, seconds: int) -> None:
        """It has new times."""
        later = timedelta(seconds=seconds)
        self._begin(
            "push", lambda writer, seen: verbs.reschedule(STARTS_AT + later, ENDS_AT + later, writer.actor.now())
        )

    @rule(data=st.data(), fate=st.sampled_from(["", "", "", "lost answer", "lost request", "late", "conflict"]))
    @precondition(lambda self: self.at_work)
    def one_goes_on(self, data: st.DataObject, fate: str) -> None:
        """By one request, if it has not come to its end."""
        hand = data.draw(st.sampled_from(self.at_work))
        hand.step(fate)
        self._put_away(hand)

    @rule(data=st.data(), fate=st.sampled_from(["lost answer", "late"]))
    @precondition(lambda self: self.at_work)
    def one_writes_and_is_not_told(self, data: st.DataObject, fate: str) -> None:
        """Others may build on it before it looks."""
        hand = data.draw(st.sampled_from(self.at_work))
        failed = hand.failed
        while not (hand.done or hand.failed > failed):
            hand.step(fate)
        self._put_away(hand)

    @rule(data=st.data())
    @precondition(lambda self: any(hand.late for hand in self._hands()))
    def a_late_write_arrives(self, data: st.DataObject) -> None:
        """Its sender has read the pointer since, or is gone."""
        data.draw(st.sampled_from([hand for hand in self._hands() if hand.late])).deliver()

    @rule(data=st.data())
    @precondition(lambda self: self.at_work)
    def one_is_killed(self, data: st.DataObject) -> None:
        """Before its next request."""
        hand = data.draw(st.sampled_from(self.at_work))
        hand.step("killed")
        self._put_away(hand)

    @rule(data=st.data())
    @precondition(lambda self: self.at_work)
    def one_runs_to_its_end(self, data: st.DataObject) -> None:
        """Nobody else acts until it ends. Then the same verb again changes nothing."""
        hand = data.draw(st.sampled_from(self.at_work))
        hand.finish()
        self._put_away(hand)
        if isinstance(hand.outcome, Outcome) and self._pointer().nonce == hand.outcome.after.nonce:
            before = self.store.get(KEY)
            assert hand.verb
            assert not transition(writer_of(self.store, "again"), hand.verb).changed
            assert before == self.store.get(KEY)

    @invariant()
    def the_journal_is_one_chain_of_each_partys_own_facts(self) -> None:
        """From the pointer back to the first push, by one revision a step; `chain` looks.

        The gate's `sold`, the push's times, and all the rest, which is the operators': each changes its own alone.
        """
        for after, before in pairwise(chain(self.store) if self.at_most else ()):
            changed = {
                "record-sold": after.state.sold != before.state.sold,
                "reschedule": _times(after) != _times(before),
                "operator": after.state.operators_part != before.state.operators_part,
            }
            party = after.verb if after.verb in changed else "operator"
            assert [party] == [name for name, is_changed in changed.items() if is_changed]

    def teardown(self) -> None:
        """Everybody comes to an end; each revision has exactly one winner, and all others have changed nothing."""
        if not self.at_most:
            return
        for hand in list(self.at_work):
            hand.finish()
            self._put_away(hand)
        for hand in self.finished:
            while hand.late:
                hand.deliver()
        records = chain(self.store)
        revisions = Counter(record.who for record in records[: len(records) - self.pushed])
        assert {hand.who: hand.written for hand in self.finished if hand.written} == revisions
        assert {1} >= set(revisions.values())
        for hand in self.finished:
            self._was_told_the_truth(hand, records)

    def _was_told_the_truth(self, hand: Hand, records: list[Record]) -> None:
        seen = _first_seen(hand)
        since = [record for record in records if seen and record.revision > seen.revision]
        match hand.outcome:
            case Outcome(changed=True) as outcome:
                assert hand.written
                _check_crossed(hand, [one for one in records if one.revision <= outcome.after.revision])
            case Outcome() as outcome:
                assert not hand.written
                assert hand.verb
                assert outcome.after.state == hand.verb.apply(outcome.after.state)
                assert outcome.after.nonce in {record.nonce for record in records}
            case LostRace() as lost:
                assert not hand.written
                assert lost.winner in {record.who for record in since if record.before is not None}
                assert lost.winner.startswith("operator")
                assert not hand.armed or _is_about_the_same(hand, since)
            case Refused():
                assert not hand.written
            case NoAnswer():
                assert hand.failed > len(RETRY_WAITS)
            case Killed():
                pass
            case other:
                raise AssertionError(other)

    def _begin(self, who: str, plan: Plan, *, armed: bool = False) -> None:
        self.count += 1
        self.at_work.append(Hand(self.store, f"{who}{self.count}", plan, armed=armed))

    def _put_away(self, hand: Hand) -> None:
        if hand.done:
            self.at_work.remove(hand)
            self.finished.append(hand)
            crosses = hand.verb and not hand.verb.decides
            assert not (crosses and isinstance(hand.outcome, LostRace | Refused)), hand.outcome

    def _hands(self) -> Iterable[Hand]:
        return (*self.at_work, *self.finished)

    def _pointer(self) -> Pointer:
        return writer_of(self.store).file.read().pointer


def _go_back(back: int, writer: PointerWriter, seen: StoredPointer) -> Verb:
    history = list(journal.history(writer.file.store, writer.file.sale, seen.pointer.nonce))
    earlier = history[min(back, len(history) - 1)]
    return verbs.rollback(earlier.state, STARTS_AT, f"token-of-{writer.actor.who}")


def _first_seen(hand: Hand) -> Pointer | None:
    pointer = parse(hand.read.body, KEY) if hand.read else None
    assert pointer is None or isinstance(pointer, Pointer)
    return pointer


def _check_crossed(hand: Hand, records: list[Record]) -> None:
    """No decision is made upon another one that its operator has not seen, and that it would undo.

    At once: upon any. Armed: upon one about the same fact, but for an end, which is right after everything.
    """
    seen, (ours, parent) = _first_seen(hand), records[:2]
    assert seen
    assert hand.verb
    if not hand.verb.decides:
        return
    if not hand.armed:
        assert seen.state.operators_part == parent.state.operators_part
    elif ours.state.state is not State.ENDED:
        before, between, after = _facts(seen.state), _facts(parent.state), _facts(ours.state)
        assert all(before[fact] == between[fact] for fact in after if after[fact] != between[fact])


def _is_about_the_same(hand: Hand, since: list[Record]) -> bool:
    """Whether an armed hand had a reason to give up. Closing a SKU is none for who opens, pauses or ends a sale."""
    seen = _first_seen(hand)
    assert seen
    assert hand.verb
    if hand.verb.name not in ("go-live", "pause", "end"):
        return True
    whole = (seen.state.state, seen.state.epoch)
    return hand.verb.name != "end" and any(whole != (one.state.state, one.state.epoch) for one in since)


def _facts(state: SaleState) -> dict[str, object]:
    """The operators', one by one. A SKU of a range that is closed as a whole is closed."""
    closed = {sku: state.closed == EVERY_SKU or sku in state.closed for sku in "AB*"}
    return {"state": state.state, "epoch": state.epoch, **closed}


def _times(record: Record) -> object:
    return record.state.starts_at, record.state.ends_at


TestSale = Sale.TestCase
TestSale.settings = settings(max_examples=INTERLEAVINGS, stateful_step_count=STEPS, deadline=None)
