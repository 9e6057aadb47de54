"""No page that an edge may still have names an asset that is gone, whatever was pushed, dropped and pruned before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.faults import Killed
from support.operators import KEY, SALE, Clock, acting, actor_of
from support.recording_store import RecordingStore
from support.shop import Shop, push_of

from flashgen.errors import LostRace
from flashgen.layout import settings_key
from flashgen.page.site import Site
from flashgen.release.manifest import Manifest
from flashgen.release.prune import dropped_after_push, due_keys, next_due_at, plan_prune, prune
from flashgen.store import MemoryStore

LIFE = timedelta(hours=24)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
LAMP, ONE, TWO = f"{SALE}/lamp/index.html", f"{SALE}/assets/one.css", f"{SALE}/assets/two.css"


@dataclass
class CachedStore:
    """A store, its clock, and edges that keep each page for LIFE. They fetch before each request, and nothing is
    invalidated.

    So does a gate, which has to find the form that gate.json names.
    """

    store: MemoryStore = field(default_factory=MemoryStore)
    clock: Clock = field(default_factory=Clock)
    cached: dict[tuple[str, bytes], datetime] = field(default_factory=dict)

    def act(self, dies_at: int, work: Work) -> None:
        """Run a push or a prune, which may die at one of its requests."""

        def visit_and_die(number: int, verb: str, key: str) -> None:
            self.visit()
            if number == dies_at:
                raise Killed

        with suppress(Killed, LostRace):
            work(self, RecordingStore(self.store, visit_and_die))
        self.visit()

    def visit(self) -> None:
        """Shoppers ask for every page, at this instant; and have all that the pages they got name."""
        if for_gate := self.store.get(settings_key(SALE)):
            assert self.store.get(for_gate.body.decode().split()[0]), "gate.json names a form that is gone"
        for entry in self.store.list(f"{SALE}/"):
            stored = self.store.get(entry.key)
            if stored and entry.key.endswith(".html"):
                self.cached[entry.key, stored.body] = self.clock.instant
        there = {entry.key for entry in self.store.list(f"{SALE}/assets/")}
        for (key, body), asked_at in self.cached.items():
            if self.clock.instant - asked_at < LIFE:
                named = {name for name in body.decode().splitlines()[1].split() if name.endswith(".css")}
                assert named <= there, f"{key}, fetched {self.clock.instant - asked_at} ago, lacks {named - there}"


@dataclass(frozen=True)
class Wait:
    """Some hours pass."""

    hours: int

    def __call__(self, cached_store: CachedStore, store: RecordingStore) -> None:
        cached_store.clock.sleep(self.hours * 3600)


@dataclass(frozen=True)
class Pushing:
    """Any site, over whatever is there. `skew` is how wrong the clock of who pushes is, in minutes."""

    shop: Shop
    skew: int

    def __call__(self, cached_store: CachedStore, store: RecordingStore) -> None:
        push = push_of(built(self.shop), store)
        off = timedelta(minutes=self.skew)
        writer = acting(push.writer, now=lambda: cached_store.clock.now() + off, sleep=cached_store.clock.sleep)
        replace(push, writer=writer).run(take_over=True)


@dataclass(frozen=True)
class Pruning:
    """As soon as it is allowed."""

    def __call__(self, cached_store: CachedStore, store: RecordingStore) -> None:
        pruning = plan_prune(store, SALE, LIFE + timedelta(hours=1), cached_store.clock.now())
        prune(pruning, store, actor_of("pam", cached_store.clock), None)


Work = Wait | Pushing | Pruning
FOLDER = TemporaryDirectory(prefix="flashgen-shops-")


@pytest.fixture(scope="module", autouse=True)
def _shops() -> Iterator[None]:
    """Where sites are built, once each."""
    yield
    FOLDER.cleanup()


@cache
def built(shop: Shop) -> Site:
    """Its site."""
    return shop.build(Path(FOLDER.name))


shops = st.builds(
    Shop,
    pages=st.sampled_from([(), ("a",)]),
    assets=st.sampled_from([(), ("1",), ("1", "2")]),
    form=st.sampled_from(["", "x", "y"]),
)
works = st.one_of(
    st.builds(Wait, st.sampled_from([2, 13, 26, 26, 26])),
    st.builds(Pushing, shops, st.sampled_from([0, 0, 0, -50, 50])),
    st.just(Pruning()),
)
deaths = st.sampled_from([*[0] * 40, *range(1, 13)])


WITH, BARE = Shop(pages=("a",), assets=("1",)), Shop(pages=("a",), assets=())
PAGELESS, NONE = Shop(pages=(), assets=("1",)), Shop(pages=(), assets=())


def story(*works: Work | tuple[int, Work]) -> list[tuple[int, Work]]:
    """No step dies without a number."""
    return [work if isinstance(work, tuple) else (0, work) for work in works]


def pushing(shop: Shop, skew: int = 0) -> Pushing:
    """Shorter."""
    return Pushing(shop, skew)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(deaths, works), min_size=15, max_size=30))
@example(story(pushing(WITH), pushing(NONE), Wait(26), Pruning(), Pruning()))  # the page was cached as it was deleted
@example(story(pushing(WITH), pushing(NONE), Wait(26), pushing(BARE), Pruning()))  # … as another was put in its place
@example(story(pushing(WITH), pushing(NONE), Wait(26), (10, pushing(WITH)), pushing(NONE), Wait(13), Pruning()))
@example(story(pushing(WITH), pushing(PAGELESS, 50), pushing(NONE, -50), Wait(26), Pruning()))
@example(story(pushing(WITH), pushing(NONE, 50), pushing(NONE, -50), Wait(26), (4, Pruning()), Pruning(), Pruning()))
def test_a_cached_page_has_all_its_assets(story: list[tuple[int, Work]]) -> None:
    """Pushed, dropped, brought back, taken over, pruned, dead at any request, by clocks that go wrong."""
    cached_store = CachedStore()
    for dies_at, work in story:
        cached_store.act(dies_at, work)


def _manifest(**dropped_hours_ago: float) -> Manifest:
    keys = {"lamp": LAMP, "one": ONE, "two": TWO}
    return Manifest(SALE, dropped={keys[name]: NOW - timedelta(hours=ago) for name, ago in dropped_hours_ago.items()})


def test_a_page_that_comes_back_starts_the_clocks_of_its_assets() -> None:
    """The page that lay in the store may have been cached the moment before; what left earlier it never named."""
    before = _manifest(lamp=48, one=48, two=72)
    assert {ONE: NOW, TWO: before.dropped[TWO]} == dropped_after_push(before, {LAMP}, (), NOW)


def test_a_page_dropped_again_starts_them_too() -> None:
    """A push that died may have brought it back in between."""
    assert {LAMP: NOW, ONE: NOW} == dropped_after_push(_manifest(lamp=48, one=24), (), [LAMP], NOW)


def test_times_never_go_backwards() -> None:
    """The order of times says which page may name which asset: a slow clock must not reverse it."""
    before = _manifest(lamp=-1)
    assert {LAMP: before.dropped[LAMP], ONE: before.dropped[LAMP]} == dropped_after_push(before, (), [ONE], NOW)


@pytest.mark.parametrize(
    ("dropped", "expected"),
    [
        ({}, None),
        ({"lamp": 24, "one": 23}, 144),
        ({"lamp": 24, "one": 24}, 144),
        ({"lamp": 24, "one": 25}, 143),
    ],
)
def test_when_the_next_is_due(dropped: dict[str, float], expected: float | None) -> None:
    """In hours from now; an asset waits for the pages dropped before it, whose end is unknown."""
    due_at = next_due_at(_manifest(**dropped), timedelta(days=7))
    assert expected == (due_at and (due_at - NOW) / timedelta(hours=1))


def test_what_has_been_dropped_for_exactly_as_long_is_due() -> None:
    """The page may be cached up to that moment, and not in it."""
    manifest = _manifest(lamp=168)
    assert (LAMP,) == due_keys(manifest, NOW - timedelta(days=7))
    assert () == due_keys(manifest, NOW - timedelta(days=7, microseconds=1))


def test_a_pointer_among_the_dropped_keeps_nothing_waiting() -> None:
    """It is never deleted, so that nothing may wait for its end; and a push forgets that it was ever dropped."""
    before = replace(_manifest(one=24), dropped={**_manifest(one=24).dropped, KEY: NOW - timedelta(hours=48)})
    assert (ONE,) == due_keys(before, NOW)
    assert {ONE: before.dropped[ONE]} == dropped_after_push(before, {KEY}, (), NOW)
    assert {ONE: before.dropped[ONE]} == dropped_after_push(before, (), (), NOW)
