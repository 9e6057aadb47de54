"""Deleting what left a site: what is due, what never goes, who wins, and dying on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest
from support.faults import FATES, Faults, Killed, dying
from support.operators import KEY, SALE, Clock, acting, actor_of
from support.recording_store import RecordingStore
from support.shop import Shop, check_whole, plan_for, public, push_of

from flashgen.errors import FlashgenError, LostRace, StoreError
from flashgen.layout import manifest_key
from flashgen.page.site import Role, Site
from flashgen.release.manifest import HEADERS as MANIFEST_HEADERS
from flashgen.release.manifest import Manifest, read_manifest, render_manifest
from flashgen.release.manifest_claim import LAST_REQUEST_SECONDS
from flashgen.release.prune import PrunePlan, plan_prune, prune
from flashgen.release.push import Push
from flashgen.store import Headers, MemoryStore, S3Store, Store

DAY, WEEK = timedelta(days=1), timedelta(days=7)
BEFORE = Shop(pages=("lamp", "mug"), assets=("one", "two"))
AFTER = Shop(pages=("lamp",), assets=("two", "three"), text="bye")
ONE, MUG, MUG_PAGE = f"{SALE}/assets/one.", "mug", f"{SALE}/mug/index.html"
MANIFEST = manifest_key(SALE)


@dataclass
class Edges:
    """A CDN that records its invalidations."""

    name: str = "edges"
    invalidations: list[tuple[tuple[str, ...], str]] = field(default_factory=list)

    def invalidate(self, paths: Sequence[str], reference: str) -> str:
        """See `Cdn.invalidate`."""
        self.invalidations.append((tuple(paths), reference))
        return "I1"

    def is_done(self, invalidation: str) -> bool:
        """At once."""
        return True


class BrokenEdges(Edges):
    """A CDN that fails to invalidate."""

    def invalidate(self, paths: Sequence[str], reference: str) -> str:
        """See `Cdn.invalidate`."""
        raise StoreError("edges: out of order")


@dataclass
class Place:
    """A store, and the one clock of everybody who works on it."""

    store: MemoryStore
    folder: Path
    clock: Clock = field(default_factory=Clock)

    def site(self, shop: Shop) -> Site:
        """Built."""
        return shop.build(self.folder)

    def pusher(self, shop: Shop, store: Store | None = None, who: str = "ann") -> Push:
        """A push that is ready to run."""
        push = push_of(self.site(shop), store or self.store, who)
        return replace(push, writer=acting(push.writer, now=self.clock.now, sleep=self.clock.sleep))

    def push(self, *shops: Shop) -> None:
        """One after the other."""
        for shop in shops:
            self.pusher(shop).run(take_over=True)

    def wait(self, time: timedelta) -> None:
        """Let it pass."""
        self.clock.sleep(time.total_seconds())

    def plan(self, older_than: timedelta = WEEK, store: Store | None = None) -> PrunePlan:
        """What is due now."""
        return plan_prune(store or self.store, SALE, older_than, self.clock.now())

    def prune(self, older_than: timedelta = WEEK, store: Store | None = None, cdn: Edges | None = None) -> Manifest:
        """Delete what is due now."""
        store = store or self.store
        return prune(self.plan(older_than, store), store, actor_of("pam", self.clock), cdn)

    def keys(self) -> set[str]:
        """What shoppers can get."""
        return set(public(self.store))

    def copy(self) -> Place:
        """Another store like this one, at the same time."""
        copy = MemoryStore()
        for entry in self.store.list(""):
            stored = self.store.get(entry.key)
            assert stored is not None
            copy.put(entry.key, stored.body, stored.headers)
        return Place(copy, self.folder, Clock(self.clock.instant))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A page and an asset have left the sale, eight days ago."""
    place = Place(MemoryStore(), tmp_path)
    place.push(BEFORE, AFTER)
    place.wait(8 * DAY)
    return place


def _names(keys: set[str]) -> set[str]:
    return {key.removeprefix(f"{SALE}/").split(".")[0] for key in keys}


def test_a_dropped_page_goes_first_and_the_assets_it_names_a_week_later(place: Place) -> None:
    """Until it goes it can be fetched, and then be cached for as long as any page."""
    before = place.keys()
    place.prune()
    assert {"mug/index"} == _names(before - place.keys())
    place.wait(6 * DAY)
    assert not place.plan().deletions
    place.wait(2 * DAY)
    place.prune()
    assert {"mug/index", "assets/one"} == _names(before - place.keys())
    check_whole(place.store)
    assert {} == read_manifest(place.store, SALE).manifest.dropped


def test_without_a_dropped_page_assets_wait_for_time_alone(tmp_path: Path) -> None:
    """The pages that named them were replaced when they were dropped."""
    place = Place(MemoryStore(), tmp_path)
    place.push(BEFORE, replace(BEFORE, assets=("two",)))
    place.wait(6 * DAY)
    assert not place.plan().deletions
    place.wait(DAY)
    assert ["assets/one"] == sorted(_names({one.key for one in place.plan().deletions}))


def test_the_plan_says_what_goes_and_what_stays(place: Place) -> None:
    """With sizes, for a person who has to say yes."""
    plan = place.plan()
    (deletion,) = plan.deletions
    stored = place.store.get(MUG_PAGE)
    assert stored is not None
    assert (MUG_PAGE, len(stored.body)) == (deletion.key, deletion.body_bytes)
    assert (1, len(stored.body)) == (plan.kept, plan.body_bytes)


def test_what_is_gone_already_is_forgotten(place: Place) -> None:
    """It was deleted by hand before."""
    place.store.delete([MUG_PAGE])
    assert [None] == [one.body_bytes for one in place.plan().deletions]
    assert MUG_PAGE not in place.prune().dropped


def test_nothing_to_delete_is_one_request(tmp_path: Path) -> None:
    """It reads the manifest; nothing is claimed or written."""
    place = Place(MemoryStore(), tmp_path)
    place.push(BEFORE)
    recording = RecordingStore(place.store)
    place.prune(store=recording)
    assert [("get", MANIFEST)] == recording.requests


def test_a_second_prune_changes_nothing(place: Place) -> None:
    """Verbs are idempotent."""
    place.prune()
    before = list(place.store.list(""))
    place.prune()
    assert before == list(place.store.list(""))


STRANGE = (KEY, f"{SALE}/unlock.old.js", "other/index.html", f"{SALE}-2/index.html", MANIFEST, f"_flashgen/{SALE}/x")


def test_a_manifest_that_lies_deletes_nothing_it_must_not(place: Place) -> None:
    """Pointers, what is in the site, what is not the sale's: whatever `dropped` says."""
    for key in STRANGE:
        if place.store.get(key) is None:
            place.store.put(key, b"", Headers("text/html", ""))
    seen = read_manifest(place.store, SALE).manifest
    lies = dict.fromkeys([*STRANGE, *seen.objects], seen.dropped[MUG_PAGE])
    place.store.put(MANIFEST, render_manifest(replace(seen, dropped={**seen.dropped, **lies})), MANIFEST_HEADERS)
    assert [MUG_PAGE] == [one.key for one in place.plan().deletions]


def test_deleted_pages_are_invalidated(place: Place) -> None:
    """Under both their names; not of assets, which no page names any more. Then the manifest, not before."""
    edges = Edges()
    place.prune(cdn=edges)
    place.wait(8 * DAY)
    place.prune(cdn=edges)
    assert [("/fair/mug/", "/fair/mug/index.html")] == [paths for paths, _ in edges.invalidations]


def test_an_invalidation_that_failed_is_made_by_the_next_prune(place: Place) -> None:
    """Under the same reference; the claim stays until then."""
    with pytest.raises(StoreError, match="out of order"):
        place.prune(cdn=BrokenEdges())
    claim = read_manifest(place.store, SALE).manifest.claim
    assert (claim and claim.who, claim and claim.is_prune) == ("pam", True)
    first, second = Edges(), Edges()
    place.copy().prune(cdn=first)
    place.prune(cdn=second)
    assert first.invalidations == second.invalidations != []


def _died(start: Place, fate: str) -> Iterator[Place]:
    """After request 1, 2, … met its fate, until a prune has come to its end."""
    for at in count(1):
        place, faults = start.copy(), Faults(FATES[fate], at)
        with suppress(FlashgenError, Killed):
            place.prune(store=faults.store(place.store))
        if not faults.happened:
            return
        yield place


@pytest.mark.parametrize("fate", [name for name, fate in FATES.items() if fate.lasts])
def test_a_push_after_a_dead_prune_works(fate: str, place: Place) -> None:
    """What comes back is there, deleted or not; without --take-over the error says what to do."""
    for dead in _died(place, fate):
        push = dead.pusher(BEFORE)
        if read_manifest(dead.store, SALE).manifest.claim:
            with pytest.raises(LostRace, match="pam began to prune fair") as lost:
                push.run()
            assert "prune fair again, or push again with --take-over" in lost.value.hint
        push.run(take_over=True)
        check_whole(dead.store)
        site = dead.site(BEFORE)
        assert {file.key for file in site.files} <= dead.keys()
        assert plan_for(site, dead.store).is_noop


@pytest.mark.parametrize(
    ("minutes", "expected"), [(-15, [LAST_REQUEST_SECONDS]), (15, [LAST_REQUEST_SECONDS]), (17, [])]
)
def test_only_a_prune_that_may_be_alive_is_waited_for(minutes: int, expected: list[float], place: Place) -> None:
    """By clocks that differ by a quarter of an hour; one that is alive renews its claim every few seconds."""
    slept: list[float] = []
    with pytest.raises(Killed):
        place.prune(store=dying(place.store, 4))
    place.wait(timedelta(minutes=minutes))
    push = place.pusher(BEFORE)
    replace(push, writer=acting(push.writer, sleep=slept.append)).run(take_over=True)
    assert expected == slept


def test_a_dead_prune_is_no_reason_to_push(place: Place) -> None:
    """It has put nothing: an unchanged site stays nothing to do."""
    with pytest.raises(Killed):
        place.prune(store=dying(place.store, 4))
    assert read_manifest(place.store, SALE).manifest.claim
    assert plan_for(place.site(AFTER), place.store).is_noop


def test_a_push_under_way_keeps_prune_out(place: Place) -> None:
    """At each of its requests from the claim on; or it loses, if prune was first."""
    met = 0

    def pam_tries(number: int, verb: str, key: str) -> None:
        nonlocal met
        if read_manifest(place.store, SALE).manifest.claim:
            met += 1
            with pytest.raises(LostRace, match="ann began to push fair") as lost:
                place.prune()
            assert "ann" == lost.value.winner

    place.pusher(BEFORE, RecordingStore(place.store, pam_tries)).run()
    assert met > 5
    check_whole(place.store)
    assert plan_for(place.site(BEFORE), place.store).is_noop


@pytest.mark.parametrize("at", range(1, 6))
def test_of_a_prune_and_a_push_that_brings_back_one_loses(at: int, place: Place) -> None:
    """The push runs as a whole at each request of the prune; then it has all it brought back, or has put nothing."""
    ran = 0

    def ann_pushes(number: int, verb: str, key: str) -> None:
        nonlocal ran
        if number == at:
            ran += 1
            push = place.pusher(BEFORE)
            if read_manifest(place.store, SALE).manifest.claim:
                with pytest.raises(LostRace):
                    push.run()
            else:
                push.run()

    with suppress(LostRace):
        place.prune(store=RecordingStore(place.store, ann_pushes))
    assert ran == 1
    check_whole(place.store)
    assert read_manifest(place.store, SALE).manifest.objects.keys() <= place.keys()


@pytest.mark.parametrize("at", range(1, 6))
def test_breaking_the_claim_of_a_living_prune_fails(at: int, place: Place) -> None:
    """Its last request to delete would meet what was brought back: who breaks it waits, and sees it live."""
    pruned, asleep, failures = Event(), Event(), []

    def sleep(seconds: float) -> None:
        assert LAST_REQUEST_SECONDS == seconds
        asleep.set()
        assert pruned.wait(10)

    def ann_breaks_it() -> None:
        push = place.pusher(BEFORE)
        try:
            replace(push, writer=acting(push.writer, sleep=sleep)).run(take_over=True)
        except LostRace as lost:
            failures.append(lost)
        asleep.set()

    ann = Thread(target=ann_breaks_it)

    def at_request(number: int, verb: str, key: str) -> None:
        if number == at:
            ann.start()
            assert asleep.wait(10)

    with suppress(LostRace):
        place.prune(store=RecordingStore(place.store, at_request))
    pruned.set()
    ann.join()
    check_whole(place.store)
    assert read_manifest(place.store, SALE).manifest.objects.keys() <= place.keys()
    assert at < 4 or failures


def test_two_prunes_at_once_end_as_one(place: Place) -> None:
    """A prune planned on the former manifest is refused."""
    stale = place.plan()
    place.prune()
    with pytest.raises(LostRace):
        prune(
            stale,
            place.store,
            actor_of("paul", place.clock),
            None,
        )


def test_2_500_objects_go_in_batches(bucket: S3Store, tmp_path: Path) -> None:
    """Listed in three pages, deleted 1,000 a request, the claim renewed before each but the first."""
    clock, assets = Clock(), tuple(f"a{number}" for number in range(2500))
    small = replace(BEFORE, assets=("one",))
    for shop in (replace(BEFORE, assets=assets), small):
        push = push_of(shop.build(tmp_path), bucket)
        replace(push, writer=acting(push.writer, now=clock.now)).run()
    clock.sleep(WEEK.total_seconds() + 1)
    recording = RecordingStore(bucket)
    plan = plan_prune(recording, SALE, WEEK, clock.now())
    assert (2500, 0) == (sum(one.body_bytes is not None for one in plan.deletions), plan.kept)
    prune(plan, recording, actor_of("pam", clock), None)
    verbs = [verb for verb, _ in recording.requests]
    assert ["get", "list", "put", "delete", "put", "delete", "put", "delete", "put"] == verbs
    site = small.build(tmp_path)
    assert {file.key for file in site.files} == {entry.key for entry in bucket.list(f"{SALE}/")}
    assert plan_for(site, bucket).is_noop
    assert 1 == len(site.having(Role.ASSET))
