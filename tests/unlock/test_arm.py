"""Waiting for T0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from support.operators import ENDS_AT, KEY, SALE, STARTS_AT, Clock, bring, chain, control_of, gate_sells, go_live

from flashgen.errors import LostRace, NoAnswer, Refused
from flashgen.store import Headers, MemoryStore, Stored
from flashgen.unlock import verbs
from flashgen.unlock.arm import SPIN, fire_at
from flashgen.unlock.journal import record_key
from flashgen.unlock.state import State
from flashgen.unlock.transition import Outcome, transition

ARMED_AT = STARTS_AT - timedelta(seconds=60)


@dataclass
class Watched(MemoryStore):
    """Notes each request with its time, and lets things happen at theirs.

    It keeps silent between the instants of `silent`, and at the next `deaf_puts` puts.
    """

    clock: Clock = field(default_factory=lambda: Clock(ARMED_AT))
    silent: tuple[datetime, datetime] = (ENDS_AT, ENDS_AT)
    deaf_puts: int = 0
    woke_at: datetime = ARMED_AT
    events: dict[datetime, Callable[[], object]] = field(default_factory=dict)
    requests: list[tuple[str, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        bring(self)
        self.requests.clear()

    def get(self, key: str) -> Stored | None:
        """A request."""
        self._note(f"GET {key}")
        return super().get(key)

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """A request."""
        self._note(f"PUT {key}")
        if self.deaf_puts:
            self.deaf_puts -= 1
            raise NoAnswer("silent")
        return super().put(key, body, headers, if_match=if_match, if_absent=if_absent)

    def sleep(self, seconds: float) -> None:
        """Let time pass, and what is due happen."""
        self.clock.sleep(seconds)
        self.woke_at = self.clock.instant
        for at in [at for at in sorted(self.events) if at <= self.clock.instant]:
            self.events.pop(at)()

    def _note(self, request: str) -> None:
        now = self.clock.instant
        self.requests.append((request, now))
        if self.silent[0] <= now < self.silent[1]:
            raise NoAnswer("silent")


def _fire(store: Watched, lefts: list[timedelta] | None = None) -> Outcome:
    seen = lefts if lefts is not None else []
    control = replace(control_of(store, clock=store.clock), sleep=store.sleep)
    return fire_at(control, go_live(), lambda _: STARTS_AT, lambda left, _: seen.append(left), control.read())


def _second(number: float) -> datetime:
    return STARTS_AT + timedelta(seconds=number)


def test_at_t0_one_request_leaves() -> None:
    """Within a millisecond, and never before; everything else was done while waiting."""
    store = Watched()
    assert _fire(store).changed
    late = [(request, at - STARTS_AT) for request, at in store.requests if at > STARTS_AT - timedelta(seconds=1)]
    ((request, delay),) = late
    assert f"PUT {KEY}" == request
    assert timedelta(0) <= delay < timedelta(milliseconds=1)
    assert STARTS_AT - store.woke_at <= SPIN  # the processor is not kept busy for longer


def test_the_attempt_is_journaled_first() -> None:
    """The record says when it is to happen."""
    store = Watched()
    _fire(store)
    puts = [(request, at) for request, at in store.requests if request.startswith("PUT")]
    nonce = chain(store)[0].nonce
    assert [f"PUT {record_key(SALE, nonce)}", f"PUT {KEY}"] == [request for request, _ in puts]
    assert puts[0][1] < ARMED_AT + timedelta(seconds=1)
    assert STARTS_AT == chain(store)[0].when


def test_it_looks_again_every_2_s() -> None:
    """And tells how much time is left."""
    store, lefts = Watched(), list[timedelta]()
    _fire(store, lefts)
    reads = [at for request, at in store.requests if request == f"GET {KEY}"]
    gaps = {round((later - earlier).total_seconds(), 1) for earlier, later in pairwise(reads)}
    assert {2.0} == gaps
    assert STARTS_AT - reads[-1] < timedelta(seconds=4.1)
    assert lefts == sorted(lefts, reverse=True)
    assert 30 == len(lefts)


@pytest.mark.parametrize("left", [timedelta(0), SPIN, timedelta(milliseconds=20), timedelta(seconds=2)])
def test_a_short_wait_is_a_wait(left: timedelta) -> None:
    """Down to none."""
    store = Watched(clock=Clock(STARTS_AT - left))
    assert _fire(store).changed
    assert STARTS_AT <= store.requests[-1][1] <= STARTS_AT + timedelta(milliseconds=1)


def test_a_gates_write_while_armed_is_kept() -> None:
    """Seen within 2 s, so that at T0 there still is one request."""
    store = Watched()
    store.events[_second(-30)] = lambda: gate_sells(store, "A")
    outcome = _fire(store)
    assert (True, frozenset({"A"}), 2) == (outcome.changed, outcome.after.state.sold, outcome.after.revision)
    assert 1 == sum(at >= STARTS_AT for _, at in store.requests)
    assert ["go-live", "record-sold", "push"] == [record.verb for record in chain(store)]


def test_a_gates_write_in_the_last_second_costs_a_few_requests() -> None:
    """Nobody looks any more; the write itself finds out."""
    store = Watched()
    store.events[_second(-1)] = lambda: gate_sells(store, "A")
    outcome = _fire(store)
    assert (True, frozenset({"A"})) == (outcome.changed, outcome.after.state.sold)
    chain(store)


def test_another_operators_decision_is_reported_before_t0() -> None:
    """There is time to talk to them."""
    store = Watched()
    store.events[_second(-30)] = lambda: transition(control_of(store, "bob"), verbs.end())
    with pytest.raises(LostRace) as lost:
        _fire(store)
    assert "bob" == lost.value.winner
    assert store.clock.instant < _second(-27)


def test_of_two_armed_at_once_one_changes_it() -> None:
    """The other finds what it wanted, and says who did it."""
    store = Watched()
    store.events[_second(-0.5)] = lambda: transition(control_of(store, "bob"), go_live())
    outcome = _fire(store)
    assert (False, "bob") == (outcome.changed, outcome.who)
    assert 1 == chain(store)[0].revision


def test_an_end_moved_before_t0_is_refused_while_waiting() -> None:
    """By a push."""
    store = Watched()
    moved = verbs.reschedule(STARTS_AT - timedelta(hours=2), STARTS_AT - timedelta(hours=1))
    store.events[_second(-30)] = lambda: transition(control_of(store, "push"), moved)
    with pytest.raises(Refused, match="before it would open"):
        _fire(store)


@pytest.mark.parametrize(("start", "end"), [(-50, -20), (-20, 5)])
def test_a_store_may_be_silent_while_armed(start: int, end: int) -> None:
    """What was journaled still stands; at T0 it is tried until the store answers."""
    store = Watched(silent=(_second(start), _second(end)))
    outcome = _fire(store)
    assert (True, 1) == (outcome.changed, outcome.after.revision)


def test_a_store_may_fall_silent_while_rebasing() -> None:
    """The gate wrote, and the new attempt does not reach the journal: the next look tries again."""
    store = Watched()

    def gate_writes_and_silence() -> None:
        gate_sells(store, "A")
        store.deaf_puts = 1

    store.events[_second(-30)] = gate_writes_and_silence
    outcome = _fire(store)
    assert (True, frozenset({"A"})) == (outcome.changed, outcome.after.state.sold)
    assert 1 == sum(at >= STARTS_AT for _, at in store.requests)


def test_interrupted_while_armed_nothing_public_has_changed() -> None:
    """Ctrl-C leaves an attempt in the journal, and the state where it was."""
    store = Watched()

    def interrupt() -> None:
        raise KeyboardInterrupt

    store.events[_second(-30)] = interrupt
    with pytest.raises(KeyboardInterrupt):
        _fire(store)
    assert State.SCHEDULED is control_of(store).read().pointer.state.state
    assert transition(control_of(store, "bob"), go_live()).changed


def test_a_sale_postponed_while_armed_is_opened_at_its_new_start() -> None:
    """`--at start` follows what is pushed: open tabs do, too."""
    store, later = Watched(), STARTS_AT + timedelta(minutes=5)
    moved = verbs.reschedule(later, later + timedelta(hours=1))
    store.events[_second(-30)] = lambda: transition(control_of(store, "push"), moved)
    control = replace(control_of(store, clock=store.clock), sleep=store.sleep)
    verb = verbs.go_live(None, "token-1")
    outcome = fire_at(control, verb, lambda state: state.starts_at, lambda left, trouble: None, control.read())
    assert (True, later) == (outcome.changed, outcome.after.state.opens_at)
    assert later <= store.clock.instant
    assert later == chain(store)[0].when


def test_what_is_there_already_is_not_waited_for() -> None:
    """Somebody was earlier: say so now, not at T0."""
    store = Watched()
    transition(control_of(store, "bob"), go_live())
    outcome = _fire(store)
    assert (False, "bob") == (outcome.changed, outcome.who)
    assert store.clock.instant < _second(-50)
