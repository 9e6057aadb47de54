"""Any number of hands on one pointer, in any order of their requests: invariants 5 and 8.

Operators, a gate that writes `sold` and a push that moves times are each stopped before every request, and one of them
at a time goes on to the next. Writes may lose their request or their answer, or meet a 409 for nothing.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from support.operators import ENDS_AT, KEY, STARTS_AT, bring, chain, control_of
from support.stepping_store import Hand

from flashgen.errors import LostRace, Refused
from flashgen.store import MemoryStore
from flashgen.unlock import journal, verbs
from flashgen.unlock.pointer import Pointer, parse
from flashgen.unlock.state import EVERY_SKU, SaleState, State
from flashgen.unlock.transition import Outcome, transition
from flashgen.unlock.verbs import Verb

A, B = frozenset({"A"}), frozenset({"B"})
HANDS_AT_MOST = 5
SCHEDULED = SaleState(State.SCHEDULED, STARTS_AT, ENDS_AT)
LIVE_WITHOUT_B = SaleState(State.LIVE, STARTS_AT, ENDS_AT, STARTS_AT, 1, "t", B)

operators_verbs = st.sampled_from(
    [
        verbs.go_live(STARTS_AT, "token-1"),
        verbs.pause(),
        verbs.resume(),
        verbs.close(A),
        verbs.close(B),
        verbs.close(EVERY_SKU),
        verbs.reopen(A, A | B),
        verbs.end(),
        verbs.rollback(SCHEDULED, STARTS_AT, "token-3"),
        verbs.rollback(LIVE_WITHOUT_B, STARTS_AT, "token-4"),
    ]
)


class Sale(RuleBasedStateMachine):
    """What may happen to a sale, and what must hold whatever happens."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        bring(self.store)
        self.at_work: list[Hand] = []
        self.finished: list[Hand] = []
        self.count = 0

    @rule(verb=operators_verbs)
    @precondition(lambda self: len(self.at_work) < HANDS_AT_MOST)
    def an_operator_begins(self, verb: Verb) -> None:
        """They have not read anything yet."""
        self._begin("operator", verb)

    @rule(sold=st.sets(st.sampled_from("AB")))
    @precondition(lambda self: len(self.at_work) < HANDS_AT_MOST)
    def the_gate_begins(self, sold: set[str]) -> None:
        """It writes what it has sold out."""
        self._begin("gate", verbs.record_sold(frozenset(sold)))

    @rule(hours=st.integers(0, 2))
    @precondition(lambda self: len(self.at_work) < HANDS_AT_MOST)
    def a_push_begins(self, hours: int) -> None:
        """It has new times."""
        later = timedelta(hours=hours)
        self._begin("push", verbs.reschedule(STARTS_AT + later, ENDS_AT + later))

    @rule(data=st.data(), fate=st.sampled_from(["", "", "", "lost answer", "lost request", "conflict"]))
    @precondition(lambda self: self.at_work)
    def one_goes_on(self, data: st.DataObject, fate: str) -> None:
        """By one request, if it has not come to its end."""
        hand = data.draw(st.sampled_from(self.at_work))
        hand.step(fate)
        self._put_away(hand)

    @rule(data=st.data())
    @precondition(lambda self: self.at_work)
    def one_writes_and_is_not_told(self, data: st.DataObject) -> None:
        """Others may build on it before it looks."""
        hand = data.draw(st.sampled_from(self.at_work))
        while not (hand.done or hand.written):
            hand.step("lost answer")
        self._put_away(hand)

    @rule(data=st.data())
    @precondition(lambda self: self.at_work)
    def one_runs_to_its_end(self, data: st.DataObject) -> None:
        """Nobody else moves meanwhile. What it did is done: the same verb again changes nothing."""
        hand = data.draw(st.sampled_from(self.at_work))
        hand.finish()
        self._put_away(hand)
        if isinstance(hand.outcome, Outcome) and self._pointer().nonce == hand.outcome.after.nonce:
            before = self.store.get(KEY)
            assert not transition(control_of(self.store, "again"), hand.verb).changed
            assert before == self.store.get(KEY)

    @invariant()
    def the_journal_is_one_chain(self) -> None:
        """From the pointer back to the first push, by one revision a step; `chain` looks."""
        chain(self.store)

    @invariant()
    def each_party_keeps_the_others_facts(self) -> None:
        """The gate's `sold`, the push's times, and all the rest, which is the operators'."""
        records = chain(self.store)
        for after, before in pairwise(records):
            changed = {
                "record-sold": after.state.sold != before.state.sold,
                "reschedule": _times(after) != _times(before),
                "operator": after.state.operators_part != before.state.operators_part,
            }
            party = after.verb if after.verb in changed else "operator"
            assert [party] == [name for name, is_changed in changed.items() if is_changed]

    def teardown(self) -> None:
        """Everybody comes to an end; each revision has exactly one winner, and all others have changed nothing."""
        for hand in list(self.at_work):
            hand.finish()
            self._put_away(hand)
        records = {record.nonce: record for record in chain(self.store)}
        won = [hand for hand in self.finished if isinstance(hand.outcome, Outcome) and hand.outcome.changed]
        assert len(records) - 1 == len(won) == len({hand.outcome.after.nonce for hand in won})  # type: ignore[union-attr]
        for hand in self.finished:
            assert hand.written == (hand in won)
        for hand in won:
            self._saw_what_it_changed(hand, records)

    def _saw_what_it_changed(self, hand: Hand, records: dict[str, journal.Record]) -> None:
        """No decision is made upon another one that its operator has not seen."""
        assert isinstance(hand.outcome, Outcome)
        assert hand.read is not None
        seen = parse(hand.read.body, KEY)
        parent = records[records[hand.outcome.after.nonce].parent or ""]
        assert isinstance(seen, Pointer)
        if hand.verb.decides:
            assert seen.state.operators_part == parent.state.operators_part

    def _begin(self, who: str, verb: Verb) -> None:
        self.count += 1
        self.at_work.append(Hand(self.store, f"{who}{self.count}", verb))

    def _put_away(self, hand: Hand) -> None:
        if hand.done:
            self.at_work.remove(hand)
            self.finished.append(hand)
            expected = (Outcome, LostRace, Refused) if hand.verb.decides else (Outcome,)  # facts of others just cross
            assert isinstance(hand.outcome, expected), hand.outcome

    def _pointer(self) -> Pointer:
        return control_of(self.store).read().pointer


def _times(record: journal.Record) -> object:
    return record.state.starts_at, record.state.ends_at


TestSale = Sale.TestCase
TestSale.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
