"""A pointer that somebody deleted comes back as the journal has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.armed import Watching, at_once
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
    signed,
    writer_of,
)

from flashgen.errors import Refused
from flashgen.store import MemoryStore
from flashgen.unlock import journal, verbs
from flashgen.unlock.arm import Moment, await_moment
from flashgen.unlock.first_pointer import last_known, publish_first
from flashgen.unlock.journal import Record
from flashgen.unlock.pointer import Pointer, first_pointer, pointer_key
from flashgen.unlock.pointer_file import PointerLost
from flashgen.unlock.state import EVERY_SKU, SaleState, State
from flashgen.unlock.transition import prepare, transition
from flashgen.unlock.verbs import Verb

FIRST = first_pointer(SALE, VERSION, STARTS_AT, ENDS_AT)
A, B = frozenset({"A"}), frozenset({"B"})
NOW = STARTS_AT + timedelta(hours=1)

VERBS: dict[str, Callable[[], Verb]] = {
    "go-live": go_live,
    "pause": verbs.pause,
    "resume": verbs.resume,
    "close A": lambda: verbs.close(A),
    "reopen A": lambda: verbs.reopen(A, A | B),
    "close all": lambda: verbs.close(EVERY_SKU),
    "end": verbs.end,
    "sold B": lambda: verbs.record_sold(B),
    "none sold": lambda: verbs.record_sold(frozenset()),
    "back to the start": lambda: verbs.rollback(FIRST.state, STARTS_AT, "token-2"),
}


def lose(store: MemoryStore) -> Pointer:
    """Delete the pointer; what it was."""
    pointer = writer_of(store).file.read().pointer
    store.delete([KEY])
    return pointer


def found_again(store: MemoryStore) -> Pointer:
    """What a push makes of a sale without a pointer, after checking that its history is whole."""
    assert publish_first(writer_of(store), FIRST)
    chain(store)
    return writer_of(store).file.read().pointer


def attempt(store: MemoryStore, who: str, verb: Verb, clock: Clock | None = None) -> None:
    """Journaled, and never elected."""
    writer = writer_of(store, who, clock)
    prepare(writer, verb, writer.file.read())


def test_a_live_sale_comes_back_paused() -> None:
    """Under the next revision, which open tabs follow, and the old epoch, whose token buyers have."""
    store = MemoryStore()
    bring(store, State.LIVE)
    was = lose(store)
    pointer = found_again(store)
    assert replace(was.state, state=State.PAUSED) == pointer.state
    assert (was.revision + 1, None) == (pointer.revision, pointer.order)
    assert ["push", "go-live", "push"] == [record.verb for record in chain(store)]


def test_one_resume_opens_it_under_the_token_of_before() -> None:
    """Those on their way are not thrown out; the go-live after a rollback has a new epoch."""
    store = MemoryStore()
    bring(store, State.LIVE)
    was = lose(store)
    found_again(store)
    opened = transition(writer_of(store), verbs.resume()).after
    assert opened.order
    assert (State.LIVE, signed(was.state)) == (opened.state.state, opened.order.path)
    transition(writer_of(store), verbs.rollback(FIRST.state, STARTS_AT, "t"))
    assert 2 == transition(writer_of(store), go_live()).after.state.epoch


@pytest.mark.parametrize("state", [State.PAUSED, State.ENDED])
def test_what_was_shut_stays_shut(state: State) -> None:
    """As the operator left it."""
    store = MemoryStore()
    bring(store, state)
    was = lose(store)
    assert was.state == found_again(store).state


def test_what_was_closed_and_sold_stays_so() -> None:
    """The operator's word and the gate's."""
    store = MemoryStore()
    bring(store, State.LIVE)
    transition(writer_of(store), verbs.close(A))
    gate_sells(store, "B")
    lose(store)
    state = found_again(store).state
    assert (A, B) == (state.closed, state.sold)


def test_times_are_the_yamls() -> None:
    """As with any push."""
    store = MemoryStore()
    bring(store, State.LIVE)
    lose(store)
    later = ENDS_AT + timedelta(hours=1)
    publish_first(writer_of(store), first_pointer(SALE, VERSION, STARTS_AT, later))
    state = writer_of(store).file.read().pointer.state
    assert (STARTS_AT, later, STARTS_AT) == (state.starts_at, state.ends_at, state.opens_at)


@pytest.mark.parametrize("who", [None, "ann"])
def test_a_sale_nobody_touched_begins_anew(who: str | None) -> None:
    """Also where a first push died between its record and its write: a push makes revision 0 again."""
    store = MemoryStore()
    if who:
        writer_of(store, who).record("push", None, replace(FIRST, nonce="dead"))
    pointer = found_again(store)
    assert (0, FIRST.state) == (pointer.revision, pointer.state)


def test_an_attempt_that_waits_for_its_moment_was_not_elected() -> None:
    """A `go-live --at` of tonight does not shut a sale that is still to come."""
    store = MemoryStore()
    bring(store)
    transition(writer_of(store), verbs.close(A))
    attempt(store, "bob", go_live(), Clock(STARTS_AT))
    was = lose(store)
    pointer = found_again(store)
    assert (was.state, was.revision + 1) == (pointer.state, pointer.revision)


def test_what_others_built_on_was_elected_whatever_its_clock_said() -> None:
    """Of an operator whose clock is ahead."""
    store = MemoryStore()
    bring(store)
    transition(writer_of(store, "ahead", Clock(NOW)), go_live())
    transition(writer_of(store, "ahead", Clock(NOW)), verbs.pause())
    lose(store)
    pointer = last_known(store, SALE, STARTS_AT)
    assert pointer
    assert (1, State.LIVE) == (pointer.revision, pointer.state.state)


def test_of_attempts_at_once_the_most_cautious_counts() -> None:
    """Nobody can tell which of them was elected: nothing is opened that one of them has shut."""
    store = MemoryStore()
    bring(store, State.LIVE)
    attempt(store, "bob", verbs.record_sold(B))
    attempt(store, "ann", verbs.pause())
    transition(writer_of(store), verbs.close(A))
    lose(store)
    state = found_again(store).state
    assert (State.PAUSED, A, B, 1) == (state.state, state.closed, state.sold, state.epoch)


@pytest.mark.parametrize("others", [("ann", "zoe"), ("zoe", "ann")])
def test_what_one_of_them_has_ended_is_over(others: tuple[str, str]) -> None:
    """In any order and with any names: `rollback` leads back from there."""
    store = MemoryStore()
    bring(store)
    attempt(store, others[0], verbs.end())
    attempt(store, others[1], verbs.close(A))
    transition(writer_of(store), go_live())
    lose(store)
    state = found_again(store).state
    assert (State.ENDED, A, 1) == (state.state, state.closed, state.epoch)


def test_an_end_outweighs_a_pause() -> None:
    """Of two that both shut it."""
    store = MemoryStore()
    bring(store, State.LIVE)
    attempt(store, "ann", verbs.pause())
    attempt(store, "bob", verbs.end())
    lose(store)
    assert State.ENDED is found_again(store).state.state


def test_the_whole_range_closed_has_one_spelling() -> None:
    """However many SKUs another attempt names."""
    store = MemoryStore()
    bring(store, State.LIVE)
    attempt(store, "bob", verbs.close(A))
    transition(writer_of(store), verbs.close(EVERY_SKU))
    lose(store)
    assert EVERY_SKU == found_again(store).state.closed


def test_a_journal_that_lost_records_still_gives_the_highest_epoch() -> None:
    """So that no token of before becomes good again."""
    store = MemoryStore()
    state = SaleState(State.SCHEDULED, STARTS_AT, ENDS_AT)
    live = replace(state, state=State.LIVE, opens_at=STARTS_AT, epoch=3, token_nonce="t")
    journal.write(store, SALE, Record("n4", "n3", 4, "go-live", "ann", STARTS_AT, State.SCHEDULED, live))
    journal.write(store, SALE, Record("n6", "n5", 6, "rollback", "ann", STARTS_AT, State.LIVE, state))
    pointer = last_known(store, SALE, NOW)
    assert pointer
    assert (6, State.SCHEDULED, 3) == (pointer.revision, pointer.state.state, pointer.state.epoch)


@given(st.lists(st.sampled_from(sorted(VERBS)), max_size=12))
def test_whatever_was_done_is_found_again(names: list[str]) -> None:
    """All facts but `live`; the revision goes on, and the history stays one chain."""
    store = MemoryStore()
    bring(store)
    for name in names:
        try:
            transition(writer_of(store), VERBS[name]())
        except Refused:
            continue
    was = lose(store)
    pointer = found_again(store)
    paused = State.PAUSED if was.state.state is State.LIVE else was.state.state
    assert replace(was.state, state=paused) == pointer.state
    assert pointer.revision == (was.revision + 1 if was.revision else 0)


def test_of_two_who_put_it_again_one_wins() -> None:
    """By its conditional write, as the first time."""
    store = MemoryStore()
    bring(store, State.LIVE)
    lose(store)

    def bob_comes_between() -> str:
        assert publish_first(writer_of(store, "bob"), FIRST)
        return "ann-is-late"

    assert not publish_first(acting(writer_of(store), new_nonce=bob_comes_between), FIRST)
    assert ["bob", "ops", "ops"] == [record.who for record in chain(store)]


def test_a_lost_pointer_is_not_rotated_away_while_live() -> None:
    """Pages that are cached name it: it has to come back under its own name first."""
    store = MemoryStore()
    bring(store, State.LIVE)
    lose(store)
    before = list(store.list(""))
    with pytest.raises(Refused, match="fair, whose pointer is gone, is live: a version is rotated only") as refused:
        publish_first(writer_of(store, key=pointer_key(SALE, "next")), FIRST, KEY)
    assert refused.value.hint.endswith("back into the YAML, then flashgen push --refresh fair")
    assert before == list(store.list(""))


def test_a_pointer_that_is_there_costs_no_listing() -> None:
    """Only where one is missing is the journal looked through."""
    store = MemoryStore()
    bring(store, State.LIVE)

    class Unlisted(MemoryStore):
        get, put = store.get, store.put

    assert not publish_first(writer_of(Unlisted()), FIRST)


def test_an_operator_who_loses_it_on_the_way_is_told_what_happened() -> None:
    """It was there a moment ago: nobody says that it was never pushed."""
    store = MemoryStore()
    bring(store)
    writer = writer_of(store)
    seen = writer.file.read()
    store.delete([KEY])
    with pytest.raises(PointerLost, match=f"{KEY} is gone from memory:: somebody deleted it") as lost:
        transition(writer, go_live(), seen)
    assert lost.value.hint.startswith("flashgen push --refresh fair ")


def test_an_armed_operator_is_told_while_there_is_time() -> None:
    """Not at T0, and not that it was never pushed."""
    store, clock = MemoryStore(), Clock(STARTS_AT - timedelta(seconds=20))
    bring(store)

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        store.delete([KEY])

    writer = acting(writer_of(store, clock=clock), sleep=sleep)
    with pytest.raises(PointerLost):
        await_moment(writer, go_live(), Moment(lambda _: STARTS_AT), Watching(), writer.file.read(), at_once)
    assert clock.instant < STARTS_AT - timedelta(seconds=10)
