"""Each call of each transition meets each fate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from support.faults import FATES, Faults
from support.invariants import World, drive
from support.operators import ENDS_AT, KEY, STARTS_AT, Clock, acting, bring, chain, go_live, writer_of

from flashgen.layout import journal_folder
from flashgen.store import MemoryStore
from flashgen.unlock import verbs
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.transition import transition
from flashgen.unlock.verbs import Verb

LAMP = frozenset({"LAMP"})
SCHEDULED = SaleState(State.SCHEDULED, STARTS_AT, ENDS_AT)
VERBS: dict[str, tuple[State, Verb]] = {
    "go-live": (State.SCHEDULED, go_live()),
    "pause": (State.LIVE, verbs.pause()),
    "resume": (State.PAUSED, verbs.resume()),
    "sold-out": (State.LIVE, verbs.close(LAMP)),
    "reopen": (State.LIVE, verbs.reopen(LAMP, LAMP)),
    "end": (State.LIVE, verbs.end()),
    "rollback": (State.LIVE, verbs.rollback(SCHEDULED, STARTS_AT, "t")),
    "reschedule": (State.LIVE, verbs.reschedule(STARTS_AT, ENDS_AT + timedelta(hours=1), STARTS_AT)),
    "what the gate sold": (State.LIVE, verbs.record_sold(LAMP)),
}
RECORDS = journal_folder("fair")


LATER = ENDS_AT + timedelta(hours=2)
POSTPONE = verbs.reschedule(STARTS_AT, LATER, STARTS_AT)
RIVALS = {"alone": None, "overtaken": 0, "built upon": 1}
"""A push postpones the end of the sale ahead of the call that meets its fate, or ahead of the next one."""


@dataclass(frozen=True)
class Deciding:
    """A verb, in a sale that is in `state`. LAMPs are closed where they are to be opened."""

    state: State
    verb: Verb
    rival: int | None

    def world(self) -> World:
        """Nobody has decided yet."""
        store = MemoryStore()
        ops = bring(store, self.state)
        if self.verb == VERBS["reopen"][1]:
            transition(ops, verbs.close(LAMP))
        return World(store, touches=lambda key: key == KEY or key.startswith(RECORDS)).begin()

    def run(self, world: World, faults: Faults) -> None:
        """The transition, on a clock of its own."""

        def postpone() -> None:
            if self.rival is not None and faults.fate and len(faults.calls) + 1 == faults.at + self.rival:
                transition(writer_of(world.store, "bob"), POSTPONE)
                world.kept["postponed"] = True

        faults.before = postpone
        clock = Clock(STARTS_AT)
        writer = writer_of(faults.store(world.store), "ann", clock)
        transition(acting(writer, now=faults.clock(clock.now)), self.verb)

    def outcome(self, world: World) -> Any:
        """The state, and how often we decided it. What another wrote is kept, whoever was first."""
        state = writer_of(world.store).file.read().pointer.state
        records = [record.who for record in chain(world.store)]
        if "postponed" in world.kept:
            assert (LATER, 1) == (state.ends_at, records.count("bob")), "invariant 5: what bob wrote is gone"
        return state.state, state.closed, state.sold, state.epoch, records.count("ann")


CASES = [
    (name, rival)
    for name in VERBS
    for rival in RIVALS
    if rival == "alone" or name not in ("end", "reschedule")  # nobody postpones what is over, and one of them does that
]


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize(("name", "rival"), CASES)
def test_every_call_of_a_transition(name: str, rival: str, fate: str) -> None:
    """One revision of ours and no more, one public object, and the journal agrees."""
    assert drive(Deciding(*VERBS[name], RIVALS[rival]), FATES[fate]) >= 3
