"""What is told of attempts that never came into the pointer."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from support.operators import SALE, Clock, acting, bring, chain, gate_sells, go_live, writer_of
from support.recording_store import RecordingStore

from flashgen.errors import AccessDenied
from flashgen.store import MemoryStore, Store
from flashgen.typed_json import UnreadableObject
from flashgen.unlock import journal, verbs
from flashgen.unlock.pending_attempts import RECORDS_READ, SETTLED, pending_attempts
from flashgen.unlock.transition import finish, prepare, transition

LATER = timedelta(hours=3)


@pytest.fixture
def clock() -> Clock:
    """The one of store and operators alike."""
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    """With a scheduled sale in it."""
    store = MemoryStore(clock.now)
    bring(store)
    return store


def none_damaged(error: UnreadableObject) -> None:
    """What is told of damaged records where there are none."""
    raise AssertionError(error)


def told(store: Store, now: datetime) -> list[tuple[str, str, str]]:
    """Who, verb and fate of each, newest first."""
    pointer = writer_of(store).file.read().pointer
    found = pending_attempts(store, SALE, pointer, chain(store), now, none_damaged)
    return [(one.record.who, one.record.verb, one.status.value) for one in found]


def attempt(store: Store, who: str, clock: Clock) -> None:
    """Journal a go-live, and get no further."""
    writer = writer_of(store, who, clock)
    prepare(writer, go_live(), writer.file.read())


def test_there_is_nothing_to_tell_of_a_whole_chain(store: MemoryStore, clock: Clock) -> None:
    """Every record is in it."""
    transition(writer_of(store, "ann", clock), go_live())
    gate_sells(store, "LAMP")
    assert [] == told(store, clock.now() + LATER)


@pytest.mark.parametrize(
    ("after", "fate"),
    [(timedelta(minutes=-1), "armed"), (timedelta(), "under way"), (SETTLED, "died"), (LATER, "died")],
)
def test_an_attempt_on_top_of_the_pointer(store: MemoryStore, clock: Clock, after: timedelta, fate: str) -> None:
    """Its record bears the time of its moment: before that it is armed; some time after, nobody tries any more."""
    attempt(store, "ann", clock)
    assert [("ann", "go-live", fate)] == told(store, clock.now() + after)


def test_who_was_too_late_has_lost(store: MemoryStore, clock: Clock) -> None:
    """Bob's record is the younger one, and ann's write was the first."""
    ann = writer_of(store, "ann", clock)
    hers = prepare(ann, go_live(), ann.file.read())
    attempt(store, "bob", clock)
    finish(ann, go_live(), hers)
    assert [("bob", "go-live", "lost")] == told(store, clock.now() + LATER)


def test_what_was_rebased_and_elected_then_is_no_loss(clock: Clock) -> None:
    """Also where the store's times are too coarse to tell which record was the first, as S3's."""
    store = in_one_second()
    ann = writer_of(store, "ann", clock)
    hers = prepare(ann, go_live(), ann.file.read())
    gate_sells(store, "LAMP")
    finish(ann, go_live(), hers)
    assert [] == told(store, clock.now() + LATER)


def in_one_second() -> MemoryStore:
    """A store that tells whole seconds, as S3 does, in the same of which all happens."""
    store = MemoryStore(lambda: Clock().instant)
    bring(store)
    return store


def test_an_attempt_in_the_second_of_the_pointer_is_told(clock: Clock) -> None:
    """Its time does not say that it came later."""
    store = in_one_second()
    attempt(store, "ann", clock)
    assert [("ann", "go-live", "died")] == told(store, clock.now() + LATER)


def test_who_made_an_attempt_anew_and_won_has_not_lost(clock: Clock) -> None:
    """As one does who slept through T0: both are built on the same pointer."""
    store = in_one_second()
    ann = writer_of(store, "ann", clock)
    prepare(ann, go_live(), ann.file.read())
    finish(ann, go_live(), prepare(ann, go_live(), ann.file.read()))
    assert [] == told(store, clock.now() + LATER)


@pytest.mark.parametrize("nonces", [("first", "second"), ("second", "first")])
def test_of_an_armed_attempt_that_was_rebased_the_newest_is_told(clock: Clock, nonces: tuple[str, str]) -> None:
    """Also in one second, where a listing is in the order of the nonces."""
    store, moment, names = in_one_second(), clock.instant + LATER, iter(nonces)
    ann = acting(writer_of(store, "ann"), now=lambda: moment, new_nonce=lambda: next(names))
    for sku in ("LAMP", "MUG"):
        gate_sells(store, sku)
        prepare(ann, go_live(), ann.file.read())
    assert [("ann", "go-live", "armed")] == told(store, clock.now())


def test_the_newest_come_first(store: MemoryStore, clock: Clock) -> None:
    """By the moments they are for, however they were written."""
    for who, after in (("ann", 2), ("bob", 3), ("carl", 1)):
        attempt(store, who, Clock(clock.instant + timedelta(hours=after)))
    assert ["bob", "ann", "carl"] == [who for who, _, _ in told(store, clock.now())]


def test_a_record_that_was_long_on_its_way_is_under_way_when_it_has_arrived(store: MemoryStore, clock: Clock) -> None:
    """It tells when it was made; only then comes the write."""
    asleep = Clock(clock.instant - timedelta(minutes=1))
    attempt(store, "ann", asleep)
    assert [("ann", "go-live", "under way")] == told(store, clock.now())


def test_what_lies_behind_the_pointer_is_history(store: MemoryStore, clock: Clock) -> None:
    """A dead attempt is told of until somebody else has written."""
    attempt(store, "ann", clock)
    clock.sleep(60)
    transition(writer_of(store, "bob", clock), verbs.end())
    assert [] == told(store, clock.now() + LATER)


def test_who_arms_again_is_told_of_once(store: MemoryStore, clock: Clock) -> None:
    """Each time leaves a record; those for the same moment are one piece of news."""
    moment = clock.instant + LATER
    for _ in range(3):
        writer = writer_of(store, "ann", Clock(moment - timedelta(microseconds=100)))
        prepare(writer, go_live(), writer.file.read())
    assert [("ann", "go-live", "armed")] == told(store, clock.now())


def test_the_newest_are_read_and_no_more(store: MemoryStore, clock: Clock) -> None:
    """However many there are."""
    for number in range(RECORDS_READ + 10):
        attempt(store, f"operator-{number}", clock)
    pointer = writer_of(store).file.read().pointer
    watched = RecordingStore(store)
    found = pending_attempts(watched, SALE, pointer, (), clock.now(), none_damaged)
    assert ["list"] + ["get"] * RECORDS_READ == [verb for verb, _ in watched.requests]
    newest = [f"operator-{number}" for number in reversed(range(10, RECORDS_READ + 10))]
    assert newest == [one.record.who for one in found]


def test_who_may_not_list_is_told_so(store: MemoryStore, clock: Clock) -> None:
    """Nothing is made up instead."""

    def refuse(number: int, verb: str, key: str) -> None:
        if verb == "list":
            raise AccessDenied("no")

    with pytest.raises(AccessDenied):
        told(RecordingStore(store, refuse), clock.now())


def test_a_damaged_record_hides_no_attempt(store: MemoryStore, clock: Clock) -> None:
    """It is named, because it may be anybody's."""
    attempt(store, "ann", clock)
    key = journal.record_key(SALE, "x")
    store.put(key, b'{"revision": []}', journal.HEADERS)
    damaged: list[UnreadableObject] = []
    pointer = writer_of(store).file.read().pointer
    found = pending_attempts(store, SALE, pointer, chain(store), clock.now(), damaged.append)
    assert ["ann"] == [one.record.who for one in found]
    assert [True] == [one.message.startswith(key) for one in damaged]
