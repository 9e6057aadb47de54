"""A push that dies at any of its requests: what the public sees is whole, and the next push finishes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from support.aws_process import aws_process
from support.edges import Edges, MortalEdges
from support.operators import STARTS_AT
from support.push_process import BucketPlace, FolderPlace, Place, push_in_a_process
from support.recording_store import DEATHS, DyingStore, Killed, RecordingStore
from support.shop import Shop, check_whole, plan_for, public, push_of

from flashgen.errors import FlashgenError
from flashgen.page.site import Site
from flashgen.release.invalidation import paths_of
from flashgen.store import MemoryStore, Store

OLD = Shop(pages=("lamp", "mug"))
FIRST = OLD
UPDATE = replace(OLD, text="bye", pages=("lamp", "rug"), assets=("two", "three"))
POSTPONED = replace(UPDATE, starts_at=STARTS_AT + timedelta(hours=1))
ROTATED = replace(UPDATE, version="next")
SMALL = Shop(pages=("lamp",), assets=("one",))
PUSHES = {"first": (None, FIRST), "update": (OLD, UPDATE), "postponed": (OLD, POSTPONED), "rotated": (OLD, ROTATED)}


def _copy(store: MemoryStore) -> MemoryStore:
    copy = MemoryStore()
    for entry in store.list(""):
        stored = store.get(entry.key)
        assert stored is not None
        copy.put(entry.key, stored.body, stored.headers)
    return copy


def _start(old: Shop | None, folder: Path) -> MemoryStore:
    store = MemoryStore()
    if old:
        push_of(old.build(folder), store).run()
    return store


@dataclass(frozen=True)
class Death:
    """A store after a push in it died, and what stands before it: edges whose shoppers look at every moment."""

    store: MemoryStore
    edges: Edges

    def push(self, site: Site, who: str = "bob", *, take_over: bool = False) -> None:
        """Push again, while shoppers go on looking."""
        push_of(site, self.watched, who, cdn=self.edges).run(take_over=take_over)
        self.edges.look(self.store)

    @property
    def watched(self) -> Store:
        """The store, where shoppers look before each request."""
        self.edges.look(self.store)
        return RecordingStore(self.store, lambda *_: self.edges.look(self.store))


def _died(start: MemoryStore, site: Site, death: type[BaseException], written: bool) -> Iterator[Death]:
    """After dying at request 1, 2, …, until a push has come to its end; then at its word to the edges."""
    counting = RecordingStore(_copy(start))
    push_of(site, counting).run()
    for at in range(1, len(counting.requests) + 1):
        died = Death(_copy(start), Edges())
        dying = DyingStore(died.watched, at, death, written=written)
        with suppress(FlashgenError, Killed):
            push_of(site, dying, cdn=died.edges).run()
        yield died
    died = Death(_copy(start), Edges())
    mortal = MortalEdges(died.edges, lambda: death("dead"), told=written)
    with pytest.raises(death):
        push_of(site, died.watched, cdn=mortal).run()
    yield died


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("name", PUSHES)
def test_a_push_may_die_anywhere(name: str, death: str, tmp_path: Path) -> None:
    """Whole pages at every instant, nothing deleted; pushing again ends as if nothing had happened, edges included."""
    old, new = PUSHES[name]
    start, site = _start(old, tmp_path), new.build(tmp_path)
    clean = _copy(start)
    push_of(site, clean).run()
    for died in _died(start, site, *DEATHS[death]):
        check_whole(died.store)
        assert public(start).keys() <= public(died.store).keys()
        died.push(site)
        assert public(clean) == public(died.store)
        assert plan_for(site, died.store).is_noop
        died.edges.check_fresh(died.store)


def test_going_back_after_a_death_is_possible_too(tmp_path: Path) -> None:
    """Another target needs to take over; then the old pages are back, and nothing of the dead push is forgotten."""
    start, site = _start(OLD, tmp_path), UPDATE.build(tmp_path)
    for died in _died(start, site, Killed, True):
        died.push(OLD.build(tmp_path), take_over=True)
        check_whole(died.store)
        left = public(died.store)
        assert public(start).items() <= left.items()
        manifest = plan_for(OLD.build(tmp_path), died.store).base.manifest
        assert {key for key in left if "unlock" not in key} <= manifest.objects.keys() | manifest.dropped.keys()
        died.edges.check_fresh(died.store)


def test_two_dead_pushes_in_turn_leave_nothing_old_at_an_edge(tmp_path: Path) -> None:
    """The first site again, after another that came between: its invalidation must not be taken for the earlier one."""
    first, between = UPDATE.build(tmp_path), replace(UPDATE, text="between").build(tmp_path)
    died = Death(_start(OLD, tmp_path), Edges())
    for site in (first, first, between, first):
        mortal = MortalEdges(died.edges, lambda: Killed("dead"), told=True)
        with pytest.raises(Killed):
            push_of(site, died.watched, cdn=mortal).run(take_over=True)
    died.push(first)
    died.edges.check_fresh(died.store)


def test_the_checks_can_fail(tmp_path: Path) -> None:
    """A page without its asset is noticed, and an edge with an old page."""
    store, edges = _start(OLD, tmp_path), Edges()
    edges.look(store)
    push_of(UPDATE.build(tmp_path), store).run()
    with pytest.raises(AssertionError):
        edges.check_fresh(store)
    store.delete([key for key in public(store) if "/assets/" in key])
    with pytest.raises(AssertionError, match="is named by a page and missing"):
        check_whole(store)


@pytest.fixture(params=["folder", "bucket"])
def places(request: pytest.FixtureRequest, tmp_path: Path, aws_credentials: None) -> Iterator[Callable[[int], Place]]:
    """Stores with a CDN that outlive any process, by number; each is empty."""
    if request.param == "folder":
        yield lambda number: FolderPlace(tmp_path / f"store-{number}")
        return
    with aws_process() as aws:
        aws.empty_bucket()
        yield lambda number: BucketPlace(aws, f"sales-{number}")


def test_a_killed_push_is_finished_by_the_next(places: Callable[[int], Place], tmp_path: Path) -> None:
    """`kill -9` before each call to the store and to the CDN, in a real store."""
    old, new = SMALL.build(tmp_path), replace(SMALL, text="bye", assets=("two",)).build(tmp_path)
    for at in count(1):
        store, cdn = places(at).open()
        push_of(old, store).run()
        before = public(store)
        survived = push_in_a_process(places(at), new, kill_at=at)
        check_whole(store)
        assert before.keys() <= public(store).keys()
        if survived:
            break
        push_of(new, store, "bob", cdn=cdn).run()
        check_whole(store)
        assert plan_for(new, store).is_noop
        assert set(paths_of(key for key in before if key.endswith("fair/index.html"))) <= set(places(at).told()[-1])
    assert at > len(new.files) + len(("claim", "cdn", "manifest"))
    assert places(at).told()
