"""Waiting for T0."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from support.armed import Watching, at_once
from support.operators import (
    ENDS_AT,
    HEADERS,
    KEY,
    SALE,
    STARTS_AT,
    Clock,
    acting,
    bring,
    chain,
    gate_sells,
    go_live,
    writer_of,
)

from flashgen.errors import AccessDenied, LostRace, NoAnswer, Refused, StoreError
from flashgen.store import Headers, MemoryStore, Stored
from flashgen.store.background import in_background
from flashgen.unlock import verbs
from flashgen.unlock.arm import SPIN, Background, Moment, Reread, await_moment, fire
from flashgen.unlock.journal import read_all, record_key
from flashgen.unlock.pointer_file import PointerLost
from flashgen.unlock.state import State
from flashgen.unlock.transition import Attempt, Outcome, transition
from flashgen.unlock.verbs import Verb

ARMED_AT = STARTS_AT - timedelta(seconds=60)


@dataclass
class Watched(MemoryStore):
    """Notes each request with its time, and lets things happen at theirs.

    It keeps silent between the instants of `silent`, and at the next `deaf_puts` puts; `refusal` is all it says while
    there is one, `instead` what it gives between those of `mistaken`. `dates` are when it was asked for its `Date`.
    """

    clock: Clock = field(default_factory=lambda: Clock(ARMED_AT))
    silent: tuple[datetime, datetime] = (ENDS_AT, ENDS_AT)
    mistaken: tuple[datetime, datetime] = (ENDS_AT, ENDS_AT)
    instead: Stored | None = None
    deaf_puts: int = 0
    refusal: StoreError | None = None
    dates: list[datetime] = field(default_factory=list)
    woke_at: datetime = ARMED_AT
    events: dict[datetime, Callable[[], object]] = field(default_factory=dict)
    requests: list[tuple[str, datetime]] = field(default_factory=list)
    _puts: bool = False

    def __post_init__(self) -> None:
        super().__init__()
        bring(self)
        self.requests.clear()

    def get(self, key: str) -> Stored | None:
        """A request, but for the look with which a put begins."""
        if not self._puts:
            self._note(f"GET {key}")
            if self.mistaken[0] <= self.clock.instant < self.mistaken[1]:
                return self.instead
        return super().get(key)

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """A request."""
        self._note(f"PUT {key}")
        if self.deaf_puts:
            self.deaf_puts -= 1
            raise NoAnswer("silent")
        self._puts = True
        try:
            return super().put(key, body, headers, if_match=if_match, if_absent=if_absent)
        finally:
            self._puts = False

    def date(self) -> float:
        """See `Dated`. This one has no clock to tell."""
        self.dates.append(self.clock.instant)
        raise NoAnswer("no date")

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
        if self.refusal:
            raise self.refusal


def _fire(
    store: Watched,
    watch: Watching | None = None,
    *,
    verb: Verb | None = None,
    moment: Moment | None = None,
    background: Background = at_once,
) -> Outcome:
    writer = acting(writer_of(store, clock=store.clock), sleep=store.sleep)
    verb, moment = verb or go_live(), moment or Moment(lambda _: STARTS_AT)
    return fire(writer, verb, await_moment(writer, verb, moment, watch or Watching(), writer.file.read(), background))


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
    """And tells the time left every second, close to whole ones."""
    store, watch = Watched(), Watching()
    _fire(store, watch)
    reads = [at for request, at in store.requests if request == f"GET {KEY}"][1:]
    gaps = {round((later - earlier).total_seconds(), 1) for earlier, later in pairwise(reads)}
    assert {2.0} == gaps
    assert timedelta(seconds=2) < STARTS_AT - reads[-1] < timedelta(seconds=4.1)
    told = [left.total_seconds() for left in watch.lefts]
    assert list(range(60, 0, -1)) == [math.ceil(left) for left in told]
    assert {None} == set(watch.troubles)


def test_looks_keep_the_connection_open_over_which_the_write_goes() -> None:
    """That of conditional writes; whether the store tells its date is no matter here."""
    store = Watched()
    _fire(store)
    reads = [at for request, at in store.requests if request == f"GET {KEY}"][1:]
    assert len(reads) == len(store.dates)
    assert STARTS_AT - store.dates[-1] < timedelta(seconds=4.1)


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


def test_a_write_while_armed_costs_one_record() -> None:
    """However many looks there are after it: each goes on from what the last one found."""
    store = Watched()
    store.events[_second(-50)] = lambda: gate_sells(store, "A")
    _fire(store)
    records = [who for who in (record.who for record in read_all(store, SALE)) if who == "ann"]
    assert 2 == len(records)


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
    store.events[_second(-30)] = lambda: transition(writer_of(store, "bob"), verbs.end())
    with pytest.raises(LostRace) as lost:
        _fire(store)
    assert "bob" == lost.value.winner
    assert store.clock.instant < _second(-27)


def test_of_two_armed_at_once_one_changes_it() -> None:
    """The other finds what it wanted, and says who did it."""
    store = Watched()
    store.events[_second(-0.5)] = lambda: transition(writer_of(store, "bob"), go_live())
    outcome = _fire(store)
    assert (False, "bob") == (outcome.changed, outcome.who)
    assert 1 == chain(store)[0].revision


def test_an_end_moved_before_t0_is_refused_while_waiting() -> None:
    """By a push."""
    store = Watched()
    moved = verbs.reschedule(STARTS_AT - timedelta(hours=2), STARTS_AT - timedelta(hours=1), STARTS_AT)
    store.events[_second(-30)] = lambda: transition(writer_of(store, "push"), moved)
    with pytest.raises(Refused, match=r"would open at .*, after its end"):
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


@pytest.mark.parametrize("page", [b"<html>maintenance</html>", b""], ids=["a page", "nothing"])
def test_what_is_no_pointer_is_trouble_while_it_lasts(page: bytes) -> None:
    """Something on the way may have answered in the store's place; at T0 it shows."""
    store, watch = Watched(), Watching()
    store.instead = Stored(page, HEADERS, '"somebody else"')
    store.mistaken = (_second(-30), _second(-20))
    assert _fire(store, watch).changed
    told = {math.ceil(left.total_seconds()): trouble for left, trouble in zip(watch.lefts, watch.troubles, strict=True)}
    assert (None, None) == (told[35], told[10])
    assert "is not a pointer" in str(told[25])


def test_what_still_is_no_pointer_at_t0_is_told() -> None:
    """Nobody knows who has answered, and what stands there."""
    store = Watched()
    store.events[_second(-10)] = lambda: MemoryStore.put(store, KEY, b"damaged", HEADERS)
    with pytest.raises(NoAnswer, match=r"is not a pointer.*nobody knows yet"):
        _fire(store)


def test_a_pointer_that_was_deleted_is_told_before_t0() -> None:
    """By the store itself, which knows the name of what is missing."""
    store = Watched()
    store.events[_second(-30)] = lambda: store.delete([KEY])
    with pytest.raises(PointerLost):
        _fire(store)
    assert store.clock.instant < _second(-27)


def test_a_clock_that_is_set_back_does_not_stop_the_looks() -> None:
    """By ten minutes, for which nobody would have looked."""
    store = Watched()

    def set_back_and_end() -> None:
        store.clock.instant -= timedelta(minutes=10)
        transition(writer_of(store, "bob"), verbs.end())

    store.events[_second(-30)] = set_back_and_end
    with pytest.raises(LostRace):
        _fire(store)
    assert store.clock.instant < _second(-627)


def test_a_start_moved_into_the_past_was_not_slept_through() -> None:
    """The watch is told which it was."""
    store, watch = Watched(), Watching(stops=Refused("moved"))
    moved = verbs.reschedule(_second(-120), ENDS_AT, STARTS_AT)
    store.events[_second(-30)] = lambda: transition(writer_of(store, "push"), moved)
    with pytest.raises(Refused, match="moved"):
        _fire(store, watch, verb=verbs.go_live(None, "token-1"), moment=Moment(lambda state: state.starts_at))
    assert [True] == watch.moved
    assert store.clock.instant < _second(-27)


def test_interrupted_while_armed_nothing_public_has_changed() -> None:
    """Ctrl-C leaves an attempt in the journal, and the state where it was."""
    store = Watched()

    def interrupt() -> None:
        raise KeyboardInterrupt

    store.events[_second(-30)] = interrupt
    with pytest.raises(KeyboardInterrupt):
        _fire(store)
    assert State.SCHEDULED is writer_of(store).file.read().pointer.state.state
    assert transition(writer_of(store, "bob"), go_live()).changed


def test_a_sale_postponed_while_armed_is_opened_at_its_new_start() -> None:
    """`--at start` follows what is pushed: open tabs do, too."""
    store, later = Watched(), STARTS_AT + timedelta(minutes=5)
    moved = verbs.reschedule(later, later + timedelta(hours=1), STARTS_AT)
    store.events[_second(-30)] = lambda: transition(writer_of(store, "push"), moved)
    verb = verbs.go_live(None, "token-1")
    outcome = _fire(store, verb=verb, moment=Moment(lambda state: state.starts_at))
    assert (True, later) == (outcome.changed, outcome.after.state.opens_at)
    assert later <= store.clock.instant
    assert later == chain(store)[0].when


def test_what_is_there_already_is_not_waited_for() -> None:
    """Somebody was earlier: say so now, not at T0."""
    store = Watched()
    transition(writer_of(store, "bob"), go_live())
    outcome = _fire(store)
    assert (False, "bob") == (outcome.changed, outcome.who)
    assert store.clock.instant < _second(-50)


def test_with_a_lead_the_write_leaves_that_much_before_t0() -> None:
    """And says when pages open."""
    store = Watched()
    outcome = _fire(store, moment=Moment(lambda _: STARTS_AT, timedelta(seconds=10)))
    assert STARTS_AT == outcome.after.state.opens_at
    assert timedelta(0) <= store.requests[-1][1] - _second(-10) < timedelta(milliseconds=1)


def test_a_lead_longer_than_the_time_left_is_no_lateness() -> None:
    """It is written at once: pages still open at T0."""
    store, watch = Watched(clock=Clock(_second(-4))), Watching()
    assert _fire(store, watch, moment=Moment(lambda _: STARTS_AT, timedelta(seconds=10))).changed
    assert ([], []) == (watch.lefts, watch.lates)
    assert store.clock.instant < _second(-3.9)
    assert _second(-4) <= chain(store)[0].when  # when it happened, not when it should have


def test_a_sku_closed_by_another_operator_while_armed_does_not_leave_the_sale_shut() -> None:
    """It is about something else; both hold."""
    store = Watched()
    store.events[_second(-30)] = lambda: transition(writer_of(store, "bob"), verbs.close(frozenset({"A"})))
    outcome = _fire(store)
    assert (True, State.LIVE, frozenset({"A"})) == (
        outcome.changed,
        outcome.after.state.state,
        outcome.after.state.closed,
    )
    assert 1 == sum(at >= STARTS_AT for _, at in store.requests)
    chain(store)


def test_nor_does_one_closed_in_the_last_second() -> None:
    """The write itself finds out, and is prepared again."""
    store = Watched()
    store.events[_second(-1)] = lambda: transition(writer_of(store, "bob"), verbs.close(frozenset({"A"})))
    outcome = _fire(store)
    assert (True, 2, frozenset({"A"})) == (outcome.changed, outcome.after.revision, outcome.after.state.closed)
    chain(store)


def test_an_armed_end_comes_after_whatever_was_before_it() -> None:
    """Armed in the morning, with a go-live, a pause and a resume in between."""
    store = Watched()
    store.events[_second(-40)] = lambda: transition(writer_of(store, "bob"), go_live())
    store.events[_second(-30)] = lambda: transition(writer_of(store, "bob"), verbs.pause())
    outcome = _fire(store, verb=verbs.end())
    assert (True, State.PAUSED, State.ENDED, 3) == (
        outcome.changed,
        store_state_before(store),
        outcome.after.state.state,
        outcome.after.revision,
    )


def store_state_before(store: Watched) -> State:
    """What the newest write was built on."""
    before = chain(store)[0].before
    assert before
    return before


def test_a_sleeper_is_stopped_and_has_changed_nothing() -> None:
    """The laptop was shut before T0 and opened after it."""
    store, watch = Watched(), Watching(stops=Refused("asleep"))
    store.events[_second(-30)] = lambda: store.clock.sleep(90)
    with pytest.raises(Refused, match="asleep"):
        _fire(store, watch)
    assert State.SCHEDULED is writer_of(store).file.read().pointer.state.state
    (by,) = watch.lates
    assert [False] == watch.moved
    assert timedelta(seconds=59) < by < timedelta(seconds=62)


def test_a_sleeper_who_may_goes_on_at_once_and_the_journal_tells_when() -> None:
    """Pages open at once: T0 stays where it was."""
    store, watch = Watched(), Watching()
    store.events[_second(-30)] = lambda: store.clock.sleep(90)
    outcome = _fire(store, watch)
    assert (True, STARTS_AT) == (outcome.changed, outcome.after.state.opens_at)
    assert 1 == len(watch.lates)
    assert _second(59) < chain(store)[0].when < _second(63)


def test_a_sleeper_without_a_network_still_has_what_was_journaled() -> None:
    """The write has more patience than the record."""
    store = Watched()

    def sleep_and_lose_the_network() -> None:
        store.clock.sleep(90)
        store.silent = (store.clock.instant, store.clock.instant + timedelta(seconds=5))

    store.events[_second(-30)] = sleep_and_lose_the_network
    outcome = _fire(store)
    assert (True, 1) == (outcome.changed, outcome.after.revision)


def test_two_seconds_late_is_in_time() -> None:
    """Nobody slept; the machine was busy."""
    store, watch = Watched(), Watching(stops=Refused("asleep"))
    store.events[_second(-1)] = lambda: store.clock.sleep(2.5)
    assert _fire(store, watch).changed
    assert [] == watch.lates


def test_trouble_is_told_while_it_lasts_and_is_not_fatal() -> None:
    """With the store's own words and the fix."""
    store, watch = Watched(silent=(_second(-50), _second(-20))), Watching()
    assert _fire(store, watch).changed
    told = {math.ceil(left.total_seconds()): trouble for left, trouble in zip(watch.lefts, watch.troubles, strict=True)}
    assert (None, "silent", None) == (told[55], str(told[30]), told[10])


def test_credentials_that_expire_while_armed_are_told_and_fail_at_t0() -> None:
    """Nothing was changed, and the fix is said again."""
    store, watch = Watched(), Watching()

    def expire() -> None:
        store.refusal = AccessDenied("expired", "sign in")

    store.events[_second(-30)] = expire
    with pytest.raises(AccessDenied) as failed:
        _fire(store, watch)
    assert "expired; nothing public was changed: fair is scheduled as before" == failed.value.message
    assert "sign in" == failed.value.hint
    assert store.refusal is watch.troubles[-1]
    store.refusal = None
    assert State.SCHEDULED is writer_of(store).file.read().pointer.state.state


def test_a_look_that_hangs_does_not_hold_up_t0() -> None:
    """A store's own time-outs are longer than the time left."""
    store, watch = Watched(), Watching()

    def never(look: Reread) -> Future[Attempt]:
        return Future()

    assert _fire(store, watch, background=never).changed
    assert timedelta(0) <= store.requests[-1][1] - STARTS_AT < timedelta(milliseconds=1)
    assert "does not answer" in str(watch.troubles[-1])


def test_looks_happen_beside_the_waiting() -> None:
    """In a thread, of which what it finds and what it raises come back."""
    store = Watched()
    writer = writer_of(store)
    attempt = Attempt(writer.file.read(), writer.file.read().pointer)
    assert attempt is in_background(lambda: attempt).result(10)

    def fails() -> Attempt:
        raise LostRace("bob was first")

    with pytest.raises(LostRace):
        in_background(fails).result(10)
